//! Order sets: the facility's and each clinician's own.

use base::{EncounterId, FacilityId, PractitionerId, fold};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// A set as it is offered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OrderSet {
    pub set_id: Uuid,
    pub name: String,
    /// Whether it is this clinician's own.
    pub is_own: bool,
    pub icd_codes: Vec<String>,
    /// Whether a diagnosis of the visit begins with one of its codes.
    pub is_suggested: bool,
    /// Names of its services, for the list.
    pub services: Vec<String>,
}

/// The sets this clinician may use: those that fit a diagnosis of the visit first, then own, then the facility's.
pub async fn list_sets(
    conn: &mut PgConnection,
    facility: FacilityId,
    practitioner: Option<PractitionerId>,
    encounter: EncounterId,
) -> Result<Vec<OrderSet>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT t.set_id, t.name, t.practitioner_id IS NOT NULL AS is_own, t.icd_codes,
                EXISTS (SELECT 1 FROM encounter_diagnosis d, unnest(t.icd_codes) AS wanted
                        WHERE d.facility_id = t.facility_id AND d.encounter_id = $3 AND d.ended_at IS NULL
                          AND d.code LIKE wanted || '%') AS is_suggested,
                coalesce(array_agg(s.name ORDER BY l.position) FILTER (WHERE s.name IS NOT NULL), '{}') AS services
         FROM diagnostics_order_set t
         LEFT JOIN diagnostics_order_set_line l ON l.facility_id = t.facility_id AND l.set_id = t.set_id
         LEFT JOIN organization_service s ON s.facility_id = l.facility_id AND s.service_id = l.service_id
         WHERE t.facility_id = $1 AND t.ended_at IS NULL AND (t.practitioner_id IS NULL OR t.practitioner_id = $2)
         GROUP BY t.facility_id, t.set_id, t.name, t.name_folded, t.practitioner_id, t.icd_codes
         ORDER BY is_suggested DESC, t.practitioner_id IS NULL, t.name_folded"
    ))
    .bind(facility.0)
    .bind(practitioner.map(|p| p.0))
    .bind(encounter.0)
    .fetch_all(conn)
    .await
}

/// The services of a set this clinician may use; `None` when there is no such set.
pub async fn set_lines(
    conn: &mut PgConnection,
    facility: FacilityId,
    practitioner: Option<PractitionerId>,
    set: Uuid,
) -> Result<Option<Vec<(Uuid, i32)>>, sqlx::Error> {
    let rows: Vec<(Option<Uuid>, Option<i32>)> = sqlx::query_as(sql!(
        "SELECT l.service_id, l.quantity
         FROM diagnostics_order_set t
         LEFT JOIN diagnostics_order_set_line l ON l.facility_id = t.facility_id AND l.set_id = t.set_id
         WHERE t.facility_id = $1 AND t.set_id = $3 AND t.ended_at IS NULL
           AND (t.practitioner_id IS NULL OR t.practitioner_id = $2)
         ORDER BY l.position"
    ))
    .bind(facility.0)
    .bind(practitioner.map(|p| p.0))
    .bind(set)
    .fetch_all(conn)
    .await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().filter_map(|(service, quantity)| service.zip(quantity)).collect()))
}

/// Keeps the services of a visit (sent or not) as a set under an id that the page made; a second time changes nothing.
pub async fn insert_set_from_visit(
    tx: &mut Tx,
    id: Uuid,
    encounter: EncounterId,
    owner: Option<PractitionerId>,
    name: &str,
    icd_codes: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH kept AS (
             INSERT INTO diagnostics_order_set
                 (facility_id, set_id, practitioner_id, name, name_folded, icd_codes, created_by, created_at)
             VALUES ($1, $2, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING set_id)
         INSERT INTO diagnostics_order_set_line (facility_id, set_id, service_id, position, quantity)
         SELECT $1, kept.set_id, o.service_id, row_number() OVER (ORDER BY min(o.drafted_at))::int, max(o.quantity)
         FROM kept, diagnostics_order o
         WHERE o.facility_id = $1 AND o.encounter_id = $3 AND o.status <> 'cancelled'
         GROUP BY kept.set_id, o.service_id"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(encounter.0)
    .bind(owner.map(|p| p.0))
    .bind(name)
    .bind(fold(name))
    .bind(icd_codes)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a set out of use. The facility's sets only with `may_end_shared`.
pub async fn end_set(tx: &mut Tx, set: Uuid, may_end_shared: bool) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE diagnostics_order_set SET ended_at = $3
         WHERE facility_id = $1 AND set_id = $2 AND ended_at IS NULL AND (practitioner_id = $4 OR (practitioner_id IS NULL AND $5))"
    ))
    .bind(tx.facility().0)
    .bind(set)
    .bind(tx.now)
    .bind(tx.actor.practitioner.map(|p| p.0))
    .bind(may_end_shared)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A set in the book.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SetHead {
    pub set_id: Uuid,
    pub name: String,
    /// Whether it is this clinician's own.
    pub is_own: bool,
    pub icd_codes: Vec<String>,
    pub services: Vec<String>,
}

/// The sets this clinician may use, own ones first.
pub async fn list_set_book(
    conn: &mut PgConnection,
    facility: FacilityId,
    practitioner: Option<PractitionerId>,
) -> Result<Vec<SetHead>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT t.set_id, t.name, t.practitioner_id IS NOT NULL AS is_own, t.icd_codes,
                coalesce(array_agg(s.name ORDER BY l.position) FILTER (WHERE s.name IS NOT NULL), '{}') AS services
         FROM diagnostics_order_set t
         LEFT JOIN diagnostics_order_set_line l ON l.facility_id = t.facility_id AND l.set_id = t.set_id
         LEFT JOIN organization_service s ON s.facility_id = l.facility_id AND s.service_id = l.service_id
         WHERE t.facility_id = $1 AND t.ended_at IS NULL AND (t.practitioner_id IS NULL OR t.practitioner_id = $2)
         GROUP BY t.facility_id, t.set_id, t.name, t.name_folded, t.practitioner_id, t.icd_codes
         ORDER BY t.practitioner_id IS NULL, t.name_folded LIMIT 500"
    ))
    .bind(facility.0)
    .bind(practitioner.map(|p| p.0))
    .fetch_all(conn)
    .await
}

/// One set this clinician may use; `None` when there is no such.
pub async fn find_set(
    conn: &mut PgConnection,
    facility: FacilityId,
    practitioner: Option<PractitionerId>,
    set: Uuid,
) -> Result<Option<SetHead>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT set_id, name, practitioner_id IS NOT NULL AS is_own, icd_codes, '{}'::text[] AS services
         FROM diagnostics_order_set
         WHERE facility_id = $1 AND set_id = $3 AND ended_at IS NULL AND (practitioner_id IS NULL OR practitioner_id = $2)"
    ))
    .bind(facility.0)
    .bind(practitioner.map(|p| p.0))
    .bind(set)
    .fetch_optional(conn)
    .await
}

/// A service of a set.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SetService {
    pub service_id: Uuid,
    pub code: String,
    pub name: String,
    pub quantity: i32,
    /// Whether the service has ended and is left out when the set is used.
    pub is_over: bool,
}

/// The services of a set in their order.
pub async fn list_set_services(conn: &mut PgConnection, facility: FacilityId, set: Uuid) -> Result<Vec<SetService>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.service_id, s.code, s.name, l.quantity, s.active_to IS NOT NULL AS is_over
         FROM diagnostics_order_set_line l
         JOIN organization_service s ON s.facility_id = l.facility_id AND s.service_id = l.service_id
         WHERE l.facility_id = $1 AND l.set_id = $2 ORDER BY l.position, s.code"
    ))
    .bind(facility.0)
    .bind(set)
    .fetch_all(conn)
    .await
}

/// Writes a set as it is now: its name, codes and services. What was ordered with it before is not touched.
pub async fn write_set(
    tx: &mut Tx,
    set: Uuid,
    owner: Option<PractitionerId>,
    name: &str,
    icd_codes: &[String],
    services: &[(Uuid, i32)],
) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO diagnostics_order_set (facility_id, set_id, practitioner_id, name, name_folded, icd_codes, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (facility_id, set_id) DO UPDATE
         SET name = excluded.name, name_folded = excluded.name_folded, icd_codes = excluded.icd_codes"
    ))
    .bind(tx.facility().0)
    .bind(set)
    .bind(owner.map(|p| p.0))
    .bind(name)
    .bind(fold(name))
    .bind(icd_codes)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    let ids: Vec<Uuid> = services.iter().map(|(id, _)| *id).collect();
    let quantities: Vec<i32> = services.iter().map(|(_, quantity)| *quantity).collect();
    let positions: Vec<i32> = (1..).take(services.len()).collect();
    sqlx::query(sql!("DELETE FROM diagnostics_order_set_line WHERE facility_id = $1 AND set_id = $2 AND NOT (service_id = ANY($3))"))
        .bind(tx.facility().0)
        .bind(set)
        .bind(&ids)
        .execute(tx.conn())
        .await?;
    sqlx::query(sql!(
        "INSERT INTO diagnostics_order_set_line (facility_id, set_id, service_id, position, quantity)
         SELECT $1, $2, l.service, l.position, l.quantity FROM unnest($3::uuid[], $4::int[], $5::int[]) AS l(service, position, quantity)
         ON CONFLICT (facility_id, set_id, service_id) DO UPDATE SET position = excluded.position, quantity = excluded.quantity"
    ))
    .bind(tx.facility().0)
    .bind(set)
    .bind(ids)
    .bind(positions)
    .bind(quantities)
    .execute(tx.conn())
    .await?;
    Ok(())
}
