//! Signed-in people and machines, as the kernel sees them. `domain/practitioner` answers who they are.

use base::{Actor, RoomId};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// The name of the session cookie.
pub const COOKIE: &str = "yba_session";
/// The name of the language cookie.
pub const LANG_COOKIE: &str = "yba_lang";

/// The language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    Vi,
    En,
}

/// What a request brought to prove who it is.
#[derive(Clone, Debug)]
pub enum Credential<'a> {
    Cookie(&'a str),
    Bearer(&'a str),
}

/// Somebody signed in, with what every page needs to know.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub actor: Actor,
    pub session: Uuid,
    pub facility_code: Arc<str>,
    pub facility_name: Arc<str>,
    pub facility_short_name: Arc<str>,
    /// "BS.", "Thu ngân": what stands under the name.
    pub role_label: Arc<str>,
    /// The room or counter this person works in today.
    pub room: Option<(RoomId, Arc<str>)>,
    /// Feature keys of the package that the facility bought.
    pub features: Arc<BTreeSet<String>>,
    /// When the password was last typed in this session.
    pub proved_at: DateTime<Utc>,
    /// What the facility may still do as a customer.
    pub standing: Standing,
}

/// How the facility stands as a customer.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// `None` while the subscription runs. Afterwards everything can still be read and nothing written, except through
    /// routes that stay open and routes of these features, which the law demands of everybody.
    pub read_only: Option<Arc<BTreeSet<String>>>,
    /// What has to be told: to those who can do something about it, and to everybody once nothing can be written.
    pub notice: Option<Arc<str>>,
}

/// Tells who a credential belongs to. `None` for an unknown, expired or revoked one.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    async fn who(&self, credential: Credential<'_>, now: DateTime<Utc>) -> anyhow::Result<Option<SignedIn>>;
}
