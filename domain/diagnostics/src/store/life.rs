//! What happens to an order after the basket: sent, paid, begun, done, cancelled.

use super::basket::{Order, order};
use crate::order::{Priority, Status};
use base::{EncounterId, FacilityId, OrderId, PatientId};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// One order of the facility, held until the transaction ends.
pub async fn order_to_change(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: OrderId,
) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT o.order_id, o.encounter_id, o.patient_id, o.service_id, o.service_code, o.service_name, o.kind, o.quantity,
                o.room_id, r.name AS room_name, r.short_name AS room_short, o.price_vnd, o.day, o.priority, o.note, o.status, o.slip_code,
                o.ordered_at, o.ordered_name, o.paid_at, o.cancel_reason, s.preparation, s.specimen
         FROM diagnostics_order o
         JOIN organization_service s ON s.facility_id = o.facility_id AND s.service_id = o.service_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         WHERE o.facility_id = $1 AND o.order_id = $2 FOR UPDATE OF o"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(order)
    .transpose()
}

/// One draft on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placing {
    pub order: OrderId,
    pub slip_code: String,
}

/// Sends drafts of a visit: only those that are still drafts change, and their ids come back.
pub async fn place(
    tx: &mut Tx,
    encounter: EncounterId,
    placing: &[Placing],
    priority: Priority,
    note: &str,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = placing.iter().map(|p| p.order.0).collect();
    let codes: Vec<&str> = placing.iter().map(|p| p.slip_code.as_str()).collect();
    let name = tx.actor.name.to_string();
    // The clinician's own count rises in the same statement: one round trip, nothing counted twice.
    sqlx::query_scalar(sql!(
        "WITH placed AS (
             UPDATE diagnostics_order o
             SET status = 'placed', slip_code = p.code, priority = $5, note = $6,
                 ordered_by = $7, ordered_name = $8, ordered_at = $9
             FROM unnest($3::uuid[], $4::text[]) AS p(id, code)
             WHERE o.facility_id = $1 AND o.encounter_id = $2 AND o.order_id = p.id AND o.status = 'draft'
             RETURNING o.order_id, o.service_id),
         counted AS (
             INSERT INTO diagnostics_favourite AS f (facility_id, account_id, service_id, uses, last_used_at)
             SELECT DISTINCT $1, $7::uuid, service_id, 1, $9::timestamptz FROM placed
             ON CONFLICT (facility_id, account_id, service_id)
             DO UPDATE SET uses = f.uses + 1, last_used_at = excluded.last_used_at)
         SELECT order_id FROM placed"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(ids)
    .bind(codes)
    .bind(priority.key())
    .bind(note)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .fetch_all(tx.conn())
    .await
}

/// Writes a step that the rule allowed.
pub async fn step(tx: &mut Tx, id: OrderId, to: Status, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order
         SET status = $3,
             collected_at = CASE WHEN $3 = 'collected' THEN $4 ELSE collected_at END,
             collected_by = CASE WHEN $3 = 'collected' THEN $5 ELSE collected_by END,
             done_at = CASE WHEN $3 = 'done' THEN $4 ELSE done_at END,
             done_by = CASE WHEN $3 = 'done' THEN $5 ELSE done_by END,
             cancelled_at = CASE WHEN $3 = 'cancelled' THEN $4 ELSE cancelled_at END,
             cancelled_by = CASE WHEN $3 = 'cancelled' THEN $5 ELSE cancelled_by END,
             cancel_reason = CASE WHEN $3 = 'cancelled' THEN $6 ELSE cancel_reason END
         WHERE facility_id = $1 AND order_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(to.key())
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks orders as paid; those marked before keep their time.
pub async fn mark_paid(tx: &mut Tx, encounter: EncounterId, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order SET paid_at = coalesce(paid_at, $4)
         WHERE facility_id = $1 AND encounter_id = $2 AND order_id = ANY($3) AND status <> 'draft'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(ids)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Empties the basket of a visit that was called off and gives the sent orders that nobody has begun.
pub async fn drop_drafts(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query(sql!(
        "DELETE FROM diagnostics_order WHERE facility_id = $1 AND encounter_id = $2 AND status = 'draft'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .execute(tx.conn())
    .await?;
    sqlx::query_scalar(sql!(
        "SELECT order_id FROM diagnostics_order WHERE facility_id = $1 AND encounter_id = $2 AND status = 'placed'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

/// The orders of one slip that still stand.
pub async fn list_of_slip(
    conn: &mut PgConnection,
    facility: FacilityId,
    encounter: EncounterId,
    slip_code: &str,
) -> Result<Vec<Order>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT o.order_id, o.encounter_id, o.patient_id, o.service_id, o.service_code, o.service_name, o.kind, o.quantity,
                o.room_id, r.name AS room_name, r.short_name AS room_short, o.price_vnd, o.day, o.priority, o.note, o.status, o.slip_code,
                o.ordered_at, o.ordered_name, o.paid_at, o.cancel_reason, s.preparation, s.specimen
         FROM diagnostics_order o
         JOIN organization_service s ON s.facility_id = o.facility_id AND s.service_id = o.service_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         WHERE o.facility_id = $1 AND o.slip_code = $3 AND o.encounter_id = $2 AND o.status <> 'cancelled'
         ORDER BY o.drafted_at, o.order_id"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .bind(slip_code)
    .fetch_all(conn)
    .await?
    .iter()
    .map(order)
    .collect()
}

/// Moves the orders of a merged record to the one that was kept. A second delivery finds nothing to move.
pub async fn follow_merge(tx: &mut Tx, kept: PatientId, gone: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order SET patient_id = $2, moved_from = moved_from || $3::uuid
         WHERE facility_id = $1 AND patient_id = $3"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(gone.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the orders that came from a record back to it when the merge is undone.
pub async fn follow_unmerge(tx: &mut Tx, kept: PatientId, restored: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order SET patient_id = $3, moved_from = trim_array(moved_from, 1)
         WHERE facility_id = $1 AND patient_id = $2 AND moved_from[cardinality(moved_from)] = $3"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(restored.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}
