//! Who acts: an account of a person or machine, at a facility, with rights.

use crate::id::{AccountId, FacilityId, PractitionerId};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How the actor came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Web,
    Api,
    /// A job of the system itself, such as a listener or a nightly check.
    System,
}

/// The signed-in actor of a request.
#[derive(Clone, Debug)]
pub struct Actor {
    pub account: AccountId,
    pub facility: FacilityId,
    /// The member of staff behind the account; `None` for machines and the system.
    pub practitioner: Option<PractitionerId>,
    /// Shown name, e.g. "BS. Lê Hoàng Phúc".
    pub name: Arc<str>,
    /// Role keys, e.g. "doctor".
    pub roles: Arc<[String]>,
    /// Rights keys, e.g. "note.write".
    pub rights: Arc<BTreeSet<String>>,
    pub via: Via,
}

impl Actor {
    /// The system itself acting for a facility (jobs, listeners).
    pub fn system(facility: FacilityId) -> Self {
        Self {
            account: AccountId(uuid::Uuid::nil()),
            facility,
            practitioner: None,
            name: "Hệ thống".into(),
            roles: Arc::from([]),
            rights: Arc::default(),
            via: Via::System,
        }
    }

    pub fn may(&self, right: &str) -> bool {
        self.via == Via::System || self.rights.contains(right)
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }
}
