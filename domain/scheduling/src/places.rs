//! The place that a walk-in takes: people at the desk use the same places as everybody who booked.

use async_trait::async_trait;
use db::{Tx, sql};
use web::Failure;
use web::ask::{Places, WalkIn};

/// Answers the desk's question.
pub struct PlaceDesk;

#[async_trait]
impl Places for PlaceDesk {
    async fn walk_in(&self, tx: &mut Tx, walk_in: &WalkIn) -> Result<(), Failure> {
        let (facility, now) = (tx.facility().0, tx.now);
        // The time that runs now, otherwise the next one of the day that still has a place.
        let slot: Option<uuid::Uuid> = sqlx::query_scalar(sql!(
            "SELECT l.slot_id FROM scheduling_session s JOIN scheduling_slot l ON l.facility_id = s.facility_id AND l.session_id = s.session_id
             WHERE s.facility_id = $1 AND s.room_id = $2 AND s.day = $3 AND s.status = 'open' AND l.is_open AND l.ends_at > $4 AND l.taken < l.capacity
             ORDER BY l.starts_at LIMIT 1"
        ))
        .bind(facility)
        .bind(walk_in.room.0)
        .bind(walk_in.day)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
        // A desk never sends somebody away because a session is full: the line of the room has no such limit.
        let Some(slot) = slot else { return Ok(()) };
        let who = crate::book::who_of_patient(tx, walk_in.patient).await?;
        crate::book::take_walk_in(tx, base::SlotId(slot), walk_in, &who).await
    }
}
