//! Who looks: special documents are there only for the people who care for this patient. For everybody else they are
//! not in lists, not in counts and not at their address.

use db::Tx;
use uuid::Uuid;

/// What the question "may this be seen" needs to know of the one who asks.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Nil for the system itself.
    pub account: Uuid,
    pub practitioner: Option<Uuid>,
    /// The wards where this person works now; empty for people who give no care.
    pub wards: Vec<Uuid>,
}

/// Roles that care for patients; others see special documents only when they wrote them.
const CARE: [&str; 3] = ["doctor", "nurse", "department_head"];

impl Viewer {
    /// The actor of this transaction. Where somebody works is the room of their latest session.
    pub async fn of(tx: &mut Tx) -> Result<Viewer, sqlx::Error> {
        let (facility, account) = (tx.facility().0, tx.actor.account.0);
        let practitioner = tx.actor.practitioner.map(|p| p.0);
        let wards = if CARE.iter().any(|role| tx.actor.has_role(role)) {
            sqlx::query_scalar(db::sql!(
                "SELECT room_id FROM practitioner_session WHERE facility_id = $1 AND account_id = $2 AND room_id IS NOT NULL
                 ORDER BY last_seen_at DESC LIMIT 1"
            ))
            .bind(facility)
            .bind(account)
            .fetch_all(tx.conn())
            .await?
        } else {
            Vec::new()
        };
        Ok(Viewer { account, practitioner, wards })
    }
}
