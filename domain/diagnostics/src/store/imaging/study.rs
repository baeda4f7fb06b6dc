//! Studies: what waits for a room, opening one, and the facts every page of a study needs.

use base::{EncounterId, FacilityId, OrderId, PatientId, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// A line of the worklist: an order and, once it was begun, its study.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Awaiting {
    pub order_id: Uuid,
    pub encounter_id: Uuid,
    pub study_id: Option<Uuid>,
    pub accession: Option<String>,
    pub service_name: String,
    pub kind: String,
    pub priority: String,
    pub note: String,
    pub preparation: String,
    pub status: String,
    pub ordered_at: DateTime<Utc>,
    /// When the room may begin: the order itself, or its payment where that comes first.
    pub ready_at: DateTime<Utc>,
    pub ordered_name: String,
    pub room_name: Option<String>,
    pub started_name: Option<String>,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub pictures: i64,
    pub released_at: Option<DateTime<Utc>>,
}

/// What waits in one room or anywhere, urgent first, then who is ready longest; then what was released since `since`.
///
/// With `pay_first` only what is paid or costs nothing is shown, as on the rooms' list of orders.
pub async fn list_awaiting(
    conn: &mut PgConnection,
    facility: FacilityId,
    room: Option<RoomId>,
    pay_first: bool,
    since: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Awaiting>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT o.order_id, o.encounter_id, s.study_id, s.accession, o.service_name, o.kind, o.priority, o.note, v.preparation,
                o.status, o.ordered_at, greatest(o.ordered_at, CASE WHEN $3 THEN o.paid_at END) AS ready_at,
                o.ordered_name, r.short_name AS room_name, s.started_name, p.name AS patient_name, p.record_no, p.sex,
                p.birth_date,
                (SELECT count(*) FROM diagnostics_picture x
                 WHERE x.facility_id = s.facility_id AND x.study_id = s.study_id AND x.removed_at IS NULL) AS pictures,
                (SELECT max(x.released_at) FROM diagnostics_imaging_report x
                 WHERE x.facility_id = s.facility_id AND x.study_id = s.study_id) AS released_at
         FROM diagnostics_order o
         JOIN organization_service v ON v.facility_id = o.facility_id AND v.service_id = o.service_id
         JOIN patient_patient p ON p.facility_id = o.facility_id AND p.patient_id = o.patient_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         LEFT JOIN diagnostics_study s ON s.facility_id = o.facility_id AND s.order_id = o.order_id
         WHERE o.facility_id = $1 AND o.kind IN ('imaging', 'procedure') AND ($2::uuid IS NULL OR o.room_id = $2)
           AND ((o.status IN ('placed', 'collected') AND (NOT $3 OR o.paid_at IS NOT NULL OR o.price_vnd = 0))
                OR (o.status = 'done' AND o.done_at >= $4 AND s.study_id IS NOT NULL))
         ORDER BY o.status = 'done', CASE WHEN o.status <> 'done' THEN o.priority = 'urgent' END DESC, ready_at, o.slip_code,
                  o.drafted_at
         LIMIT $5"
    ))
    .bind(facility.0)
    .bind(room.map(|room| room.0))
    .bind(pay_first)
    .bind(since)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// How many orders wait in each room.
pub async fn count_awaiting(
    conn: &mut PgConnection,
    facility: FacilityId,
    pay_first: bool,
) -> Result<Vec<(Option<Uuid>, i64)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT room_id, count(*) FROM diagnostics_order
         WHERE facility_id = $1 AND kind IN ('imaging', 'procedure') AND status IN ('placed', 'collected')
           AND (NOT $2 OR paid_at IS NOT NULL OR price_vnd = 0)
         GROUP BY room_id"
    ))
    .bind(facility.0)
    .bind(pay_first)
    .fetch_all(conn)
    .await
}

/// A study with its order, visit and person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Study {
    pub study_id: Uuid,
    pub order_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub accession: String,
    pub modality: String,
    pub started_at: DateTime<Utc>,
    pub started_name: String,
    pub order_status: String,
    pub service_name: String,
    pub kind: String,
    pub priority: String,
    pub note: String,
    pub ordered_name: String,
    pub ordered_at: DateTime<Utc>,
    pub is_paid: bool,
    pub room_name: Option<String>,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub person_id: Uuid,
    pub phone: String,
    pub address_text: String,
    /// The newest released version, 0 before the first.
    pub version: i32,
    pub released_at: Option<DateTime<Utc>>,
    pub released_by: Option<Uuid>,
}

impl Study {
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    pub fn encounter(&self) -> EncounterId {
        EncounterId(self.encounter_id)
    }
    pub fn order(&self) -> OrderId {
        OrderId(self.order_id)
    }
    /// Once a report is out, pictures stay and texts change only by correction.
    pub fn is_final(&self) -> bool {
        self.version > 0
    }
}

/// A study of this facility, or none.
pub async fn find_study(conn: &mut PgConnection, facility: FacilityId, id: Uuid) -> Result<Option<Study>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.study_id, s.order_id, o.encounter_id, o.patient_id, s.accession, s.modality, s.started_at, s.started_name,
                o.status AS order_status, o.service_name, o.kind, o.priority, o.note, o.ordered_name, o.ordered_at,
                o.paid_at IS NOT NULL AS is_paid, r.name AS room_name, p.name AS patient_name, p.record_no, p.sex,
                p.birth_date, p.person_id, p.phone, p.address_text,
                coalesce(l.version, 0) AS version, l.released_at, l.released_by
         FROM diagnostics_study s
         JOIN diagnostics_order o ON o.facility_id = s.facility_id AND o.order_id = s.order_id
         JOIN patient_patient p ON p.facility_id = o.facility_id AND p.patient_id = o.patient_id
         LEFT JOIN organization_room r ON r.facility_id = o.facility_id AND r.room_id = o.room_id
         LEFT JOIN LATERAL (
             SELECT version, released_at, released_by FROM diagnostics_imaging_report x
             WHERE x.facility_id = s.facility_id AND x.study_id = s.study_id ORDER BY version DESC LIMIT 1) l ON true
         WHERE s.facility_id = $1 AND s.study_id = $2"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Holds a study until the transaction ends: whoever releases, removes a picture or keeps one waits for the others.
pub async fn hold_study(conn: &mut PgConnection, facility: FacilityId, id: Uuid) -> Result<bool, sqlx::Error> {
    let held: Option<i32> = sqlx::query_scalar(sql!(
        "SELECT 1 FROM diagnostics_study WHERE facility_id = $1 AND study_id = $2 FOR UPDATE"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// The study of an order, if one was begun.
pub async fn study_of_order(
    conn: &mut PgConnection,
    facility: FacilityId,
    order: OrderId,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT study_id FROM diagnostics_study WHERE facility_id = $1 AND order_id = $2"))
        .bind(facility.0)
        .bind(order.0)
        .fetch_optional(conn)
        .await
}

/// Begins a study under the next accession number of the day. The caller holds the order, so there is only one.
pub async fn insert_study(tx: &mut Tx, order: OrderId, modality: &str, day: NaiveDate) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query(sql!(
        "WITH number AS (
             INSERT INTO diagnostics_accession AS a (facility_id, day, last) VALUES ($1, $4, 1)
             ON CONFLICT (facility_id, day) DO UPDATE SET last = a.last + 1 RETURNING last)
         INSERT INTO diagnostics_study (facility_id, study_id, order_id, accession, modality, started_at, started_by, started_name)
         SELECT $1, $2, $3, to_char($4::date, 'YYMMDD') || '-' || lpad(last::text, greatest(4, length(last::text)), '0'), $5, $6, $7, $8
         FROM number"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(order.0)
    .bind(day)
    .bind(modality)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(tx.actor.name.to_string())
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// The study that an accession number names.
pub async fn study_by_accession(
    conn: &mut PgConnection,
    facility: FacilityId,
    accession: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT study_id FROM diagnostics_study WHERE facility_id = $1 AND accession = $2"))
        .bind(facility.0)
        .bind(accession)
        .fetch_optional(conn)
        .await
}

/// Where the first imaging order of a slip stands: its room, and its study once begun.
pub async fn place_of_slip(
    conn: &mut PgConnection,
    facility: FacilityId,
    slip: &str,
) -> Result<Option<(Option<Uuid>, Option<Uuid>)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT o.room_id, s.study_id FROM diagnostics_order o
         LEFT JOIN diagnostics_study s ON s.facility_id = o.facility_id AND s.order_id = o.order_id
         WHERE o.facility_id = $1 AND o.slip_code = $2 AND o.kind IN ('imaging', 'procedure') AND o.status <> 'cancelled'
         ORDER BY o.drafted_at LIMIT 1"
    ))
    .bind(facility.0)
    .bind(slip)
    .fetch_optional(conn)
    .await
}
