//! The desk: opening a visit with its ticket in one statement, the list of a day, moving and cancelling.

use crate::priority::Class;
use crate::queue::{TicketAct, TicketStatus};
use crate::status::Status;
use base::{EncounterId, PatientId, PersonId, Problem, RoomId, TicketId};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use sqlx::Row;
use uuid::Uuid;
use web::Failure;

/// What the desk decided about a visit.
#[derive(Clone, Debug)]
pub struct Opening {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub person: PersonId,
    /// The full name; the ticket keeps only its masked form.
    pub name: String,
    pub room: RoomId,
    pub service: Option<Uuid>,
    pub visit_type: String,
    pub reason: String,
    pub payer: &'static str,
    pub coverage: Option<Uuid>,
    pub class: Class,
    pub day: NaiveDate,
    /// `walk_in`, `booked`, `call_center` or `app`.
    pub source: &'static str,
    /// A number of the room's line that was kept for this person with [`reserve_number`]; `None` takes the next one.
    pub number: Option<i32>,
}

impl Opening {
    /// What is asked of the places of the day once the visit has its number.
    pub fn walk_in(&self, number: i32) -> web::ask::WalkIn {
        web::ask::WalkIn { encounter: self.encounter, patient: self.patient, room: self.room, day: self.day, number }
    }
}

/// The ticket somebody holds.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub encounter: EncounterId,
    pub number: i32,
    /// False when the same form arrived before and the ticket existed.
    pub is_new: bool,
}

/// Opens the visit and gives the next number of room and day, in one statement: the number is gapless, because a
/// refused or broken opening rolls its number back. Refuses a second active ticket of one person for a room and day
/// (invariant I6) and a room or service that the facility does not have.
pub async fn open(tx: &mut Tx, o: &Opening) -> Result<Ticket, Failure> {
    let row = sqlx::query(db::sql!(
        "WITH taken AS (
             INSERT INTO encounter_ticket_sequence AS s (facility_id, room_id, day, last_number)
             SELECT $1, $6, $13, 1 WHERE $17::int IS NULL
             ON CONFLICT (facility_id, room_id, day) DO UPDATE SET last_number = s.last_number + 1
             RETURNING last_number),
         number AS (SELECT coalesce($17::int, (SELECT last_number FROM taken)) AS last_number),
         visit AS (
             INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, service_id, visit_type,
                 reason, payer, coverage_id, status, priority_class, day, opened_at, opened_by, source)
             VALUES ($1, $2, $4, $5, $6, $7, $8, $9, $10, $11, 'arrived', $12, $13, $14, $15, $18)
             RETURNING encounter_id),
         step AS (
             INSERT INTO encounter_status (facility_id, encounter_id, step, to_status, room_id, at, by_account)
             SELECT $1, encounter_id, 1, 'arrived', $6, $14, $15 FROM visit)
         INSERT INTO encounter_ticket (facility_id, ticket_id, encounter_id, person_id, room_id, day, number, priority_class,
             masked_name, issued_at, queued_at)
         SELECT $1, $3, encounter_id, $5, $6, $13, last_number, $12, $16, $14, $14 FROM visit, number
         RETURNING number"
    ))
    .bind(tx.facility().0)
    .bind(o.encounter.0)
    .bind(TicketId::new().0)
    .bind(o.patient.0)
    .bind(o.person.0)
    .bind(o.room.0)
    .bind(o.service)
    .bind(&o.visit_type)
    .bind(&o.reason)
    .bind(o.payer)
    .bind(o.coverage)
    .bind(o.class.key())
    .bind(o.day)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(base::names::masked_name(&o.name))
    .bind(o.number)
    .bind(o.source)
    .fetch_one(tx.conn())
    .await
    .map_err(refusal)?;
    tx.emit(base::Event::EncounterOpened {
        encounter: o.encounter,
        patient: o.patient,
        room: o.room,
        service: o.service,
        day: o.day,
    });
    tx.audit("open", "encounter", o.encounter, Some(o.patient), serde_json::json!({ "room": o.room }));
    tx.notify("queue");
    Ok(Ticket { encounter: o.encounter, number: row.get(0), is_new: true })
}

/// Keeps the next number of a room's line of a day for somebody who will come, in the same row of numbers as those who
/// walk in, so that nobody gets it twice. A number that was kept and not used stays unused.
pub async fn reserve_number(tx: &mut Tx, room: RoomId, day: NaiveDate) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(db::sql!(
        "INSERT INTO encounter_ticket_sequence AS s (facility_id, room_id, day, last_number) VALUES ($1, $2, $3, 1)
         ON CONFLICT (facility_id, room_id, day) DO UPDATE SET last_number = s.last_number + 1 RETURNING last_number"
    ))
    .bind(tx.facility().0)
    .bind(room.0)
    .bind(day)
    .fetch_one(tx.conn())
    .await
}

/// Turns what the database refuses into words; everything else stays a fault.
fn refusal(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("encounter_ticket_one_active") => {
            Problem::at("room", "Người bệnh đang có số chờ ở phòng này hôm nay. Dùng số đó, hoặc chọn phòng khác.").into()
        }
        Some("encounter_encounter_room_fk" | "encounter_ticket_room_fk") => {
            Problem::at("room", "Phòng này không còn trong danh mục. Tải lại trang và chọn phòng khác.").into()
        }
        Some("encounter_encounter_service_fk") => {
            Problem::at("service", "Dịch vụ khám này không còn trong danh mục. Tải lại trang và chọn lại.").into()
        }
        Some("encounter_encounter_patient_fk") => Failure::NotFound,
        Some("encounter_encounter_pkey") => Failure::Conflict(ALREADY_OPENED.into()),
        _ => error.into(),
    }
}

/// The text of the conflict by which [`open`] says that this very visit exists; the caller reads it with
/// [`find_ticket`] in a new transaction.
pub const ALREADY_OPENED: &str = "Lượt khám này đã được mở.";

/// The newest ticket of a visit, for answering a repeated form like the first.
pub async fn find_ticket(tx: &mut Tx, encounter: EncounterId) -> Result<Option<Ticket>, sqlx::Error> {
    let number: Option<i32> = sqlx::query_scalar(db::sql!(
        "SELECT number FROM encounter_ticket WHERE facility_id = $1 AND encounter_id = $2 ORDER BY issued_at DESC LIMIT 1"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(number.map(|number| Ticket { encounter, number, is_new: false }))
}

/// A room as the desk sees it: how many wait, what number comes next, how long a visit takes today.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RoomLine {
    pub room_id: Uuid,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub waiting: i64,
    pub next_number: i32,
    pub mean_minutes: Option<f64>,
}

impl RoomLine {
    /// Minutes a person who takes a number now will wait.
    pub fn wait(&self) -> i64 {
        crate::queue::wait_minutes(self.waiting.max(0) as usize, self.mean_minutes)
    }

    /// `Nội 1 · số 7 · 6 người chờ, ~40 phút`, as the room is offered.
    pub fn offer(&self) -> String {
        match self.waiting {
            ..=0 => format!("{} · số {} · chưa ai chờ", self.short_name, self.next_number),
            people => format!("{} · số {} · {people} người chờ, ~{} phút", self.short_name, self.next_number, self.wait()),
        }
    }
}

/// Examination rooms open on the day, with their lines.
pub async fn list_rooms(tx: &mut Tx, day: NaiveDate) -> Result<Vec<RoomLine>, sqlx::Error> {
    sqlx::query_as(db::sql!(
        "SELECT r.room_id, r.code, r.name, r.short_name,
                count(t.ticket_id) FILTER (WHERE t.status IN ('waiting', 'called')) AS waiting,
                coalesce(max(s.last_number), 0) + 1 AS next_number,
                (avg(extract(epoch FROM t.closed_at - t.called_at) / 60) FILTER (WHERE t.status = 'done'))::float8 AS mean_minutes
         FROM organization_room r
         LEFT JOIN encounter_ticket t ON t.facility_id = $1 AND t.room_id = r.room_id AND t.day = $2
         LEFT JOIN encounter_ticket_sequence s ON s.facility_id = $1 AND s.room_id = r.room_id AND s.day = $2
         WHERE r.facility_id = $1 AND r.kind = 'exam' AND r.active_from <= $2 AND (r.active_to IS NULL OR r.active_to >= $2)
         GROUP BY r.room_id, r.code, r.name, r.short_name ORDER BY r.code"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// An examination service on offer, with the price of the day.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ServiceOffer {
    pub service_id: Uuid,
    pub name: String,
    pub room_id: Option<Uuid>,
    pub price_vnd: Option<i64>,
}

/// Examination services of the day, those of a room first by name.
pub async fn list_services(tx: &mut Tx, day: NaiveDate) -> Result<Vec<ServiceOffer>, sqlx::Error> {
    sqlx::query_as(db::sql!(
        "SELECT s.service_id, s.name, s.room_id, p.price_vnd FROM organization_service s
         LEFT JOIN organization_service_price p ON p.facility_id = s.facility_id AND p.service_id = s.service_id
              AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to >= $2)
         WHERE s.facility_id = $1 AND s.kind = 'exam' AND s.active_from <= $2 AND (s.active_to IS NULL OR s.active_to >= $2)
         ORDER BY s.name LIMIT 200"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// A line of the day's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DayLine {
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub room_id: Uuid,
    pub room: String,
    pub number: Option<i32>,
    pub ticket_status: Option<String>,
    pub status: String,
    pub source: String,
    pub payer: String,
    pub priority_class: String,
    pub benefit_percent: Option<i16>,
    pub opened_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub cccd: String,
    pub record_no: String,
}

impl DayLine {
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Cancelled)
    }
    pub fn class(&self) -> Class {
        Class::from_key(&self.priority_class)
    }
}

/// The visits of a day in the order of arrival; of one room when given. At most 200, after `after` (keyset).
pub async fn list_day(
    tx: &mut Tx,
    day: NaiveDate,
    room: Option<RoomId>,
    statuses: &[&str],
    after: Option<DateTime<Utc>>,
) -> Result<Vec<DayLine>, sqlx::Error> {
    sqlx::query_as(db::sql!(
        "SELECT e.encounter_id, e.patient_id, e.room_id, r.short_name AS room, t.number, t.status AS ticket_status, e.status,
                e.source, e.payer, e.priority_class, c.benefit_percent, e.opened_at, e.started_at,
                p.name, p.sex, p.birth_date, p.cccd, p.record_no
         FROM encounter_encounter e
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         JOIN organization_room r ON r.facility_id = e.facility_id AND r.room_id = e.room_id
         LEFT JOIN encounter_ticket t ON t.facility_id = e.facility_id AND t.encounter_id = e.encounter_id AND t.room_id = e.room_id
              AND t.status <> 'moved'
         LEFT JOIN patient_coverage c ON c.facility_id = e.facility_id AND c.coverage_id = e.coverage_id
         WHERE e.facility_id = $1 AND e.day = $2 AND ($3::uuid IS NULL OR e.room_id = $3) AND e.status = ANY($4)
           AND ($5::timestamptz IS NULL OR e.opened_at > $5)
         ORDER BY e.opened_at, t.number LIMIT 200"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .bind(room.map(|r| r.0))
    .bind(statuses)
    .bind(after)
    .fetch_all(tx.conn())
    .await
}

/// How many visits of the day stand where.
pub async fn count_day(tx: &mut Tx, day: NaiveDate) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(db::sql!(
        "SELECT status, count(*) FROM encounter_encounter WHERE facility_id = $1 AND day = $2 GROUP BY status"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// A visit at the desk, locked, with its active ticket.
pub struct AtDesk {
    pub patient: PatientId,
    pub person: PersonId,
    pub name: String,
    pub room: RoomId,
    pub room_name: String,
    pub status: Status,
    pub class: Class,
    pub day: NaiveDate,
    pub ticket: Option<(Uuid, TicketStatus)>,
}

/// `RowNotFound` for another facility's visit.
pub async fn lock_visit(tx: &mut Tx, id: EncounterId) -> Result<AtDesk, sqlx::Error> {
    let row = sqlx::query(db::sql!(
        "SELECT e.patient_id, e.person_id, p.name, e.room_id, r.short_name, e.status, e.priority_class, e.day,
                t.ticket_id, t.status AS ticket_status
         FROM encounter_encounter e
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         JOIN organization_room r ON r.facility_id = e.facility_id AND r.room_id = e.room_id
         LEFT JOIN encounter_ticket t ON t.facility_id = e.facility_id AND t.encounter_id = e.encounter_id
              AND t.status IN ('waiting', 'called', 'serving', 'skipped')
         WHERE e.facility_id = $1 AND e.encounter_id = $2 FOR UPDATE OF e"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    let ticket_status: Option<String> = row.get("ticket_status");
    Ok(AtDesk {
        patient: PatientId(row.get("patient_id")),
        person: PersonId(row.get("person_id")),
        name: row.get("name"),
        room: RoomId(row.get("room_id")),
        room_name: row.get("short_name"),
        status: Status::from_key(row.get("status")).unwrap_or(Status::Cancelled),
        class: Class::from_key(row.get("priority_class")),
        day: row.get("day"),
        ticket: row.get::<Option<Uuid>, _>("ticket_id").zip(ticket_status.as_deref().and_then(TicketStatus::from_key)),
    })
}

/// Sends a waiting visit to another room: the old number is closed, the new room gives its next one. Gives the number.
pub async fn move_room(tx: &mut Tx, id: EncounterId, visit: &AtDesk, to: RoomId) -> Result<i32, Failure> {
    if visit.status.is_closed() || visit.status == Status::InProgress {
        visit.status.step(Status::Cancelled)?;
    }
    if to == visit.room {
        return Err(Problem::at("room", "Người bệnh đang ở hàng chờ của phòng này. Chọn phòng khác.").into());
    }
    let old = visit.ticket.map(|(ticket, status)| status.after(TicketAct::Move).map(|_| ticket)).transpose()?;
    let row = sqlx::query(db::sql!(
        "WITH closed AS (
             UPDATE encounter_ticket SET status = 'moved', closed_at = $6 WHERE facility_id = $1 AND ticket_id = $3),
         number AS (
             INSERT INTO encounter_ticket_sequence AS s (facility_id, room_id, day, last_number) VALUES ($1, $4, $5, 1)
             ON CONFLICT (facility_id, room_id, day) DO UPDATE SET last_number = s.last_number + 1 RETURNING last_number),
         visit AS (
             UPDATE encounter_encounter SET room_id = $4, practitioner_id = NULL, version = version + 1
             WHERE facility_id = $1 AND encounter_id = $2 RETURNING status),
         step AS (
             INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account)
             SELECT $1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                    status, status, $4, $6, $7 FROM visit)
         INSERT INTO encounter_ticket (facility_id, ticket_id, encounter_id, person_id, room_id, day, number, priority_class,
             masked_name, issued_at, queued_at)
         SELECT $1, $8, $2, $9, $4, $5, last_number, $10, $11, $6, $6 FROM number, visit RETURNING number"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(old)
    .bind(to.0)
    .bind(visit.day)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .bind(TicketId::new().0)
    .bind(visit.person.0)
    .bind(visit.class.key())
    .bind(base::names::masked_name(&visit.name))
    .fetch_one(tx.conn())
    .await
    .map_err(refusal)?;
    tx.audit("move", "encounter", id, Some(visit.patient), serde_json::json!({ "from": visit.room, "to": to }));
    tx.notify("queue");
    Ok(row.get(0))
}

/// Calls off a visit that the doctor has not begun, with the reason.
pub async fn cancel(tx: &mut Tx, id: EncounterId, visit: &AtDesk, reason: &str) -> Result<(), Failure> {
    visit.status.step(Status::Cancelled)?;
    if let Some((_, status)) = visit.ticket {
        status.after(TicketAct::Cancel)?;
    }
    sqlx::query(db::sql!(
        "WITH visit AS (
             UPDATE encounter_encounter SET status = 'cancelled', cancelled_at = $3, cancel_reason = $4, version = version + 1
             WHERE facility_id = $1 AND encounter_id = $2),
         ticket AS (
             UPDATE encounter_ticket SET status = 'cancelled', closed_at = $3
             WHERE facility_id = $1 AND encounter_id = $2 AND status IN ('waiting', 'called', 'skipped'))
         INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, at, by_account, reason)
         VALUES ($1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                 $5, 'cancelled', $3, $6, $4)"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(tx.now)
    .bind(reason)
    .bind(visit.status.key())
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    tx.emit(base::Event::EncounterCancelled { encounter: id });
    tx.audit("cancel", "encounter", id, Some(visit.patient), serde_json::Value::Null);
    tx.notify("queue");
    Ok(())
}

/// What the printed ticket needs.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TicketPaper {
    pub number: i32,
    pub room: String,
    pub room_code: String,
    pub priority_class: String,
    pub issued_at: DateTime<Utc>,
    pub day: NaiveDate,
    pub service: Option<String>,
    pub name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub patient_id: Uuid,
    pub before: i64,
}

/// The newest ticket of a visit for printing.
pub async fn ticket_paper(tx: &mut Tx, id: EncounterId) -> Result<TicketPaper, sqlx::Error> {
    sqlx::query_as(db::sql!(
        "SELECT t.number, r.name AS room, r.code AS room_code, t.priority_class, t.issued_at, t.day, s.name AS service, p.name, p.record_no, p.sex,
                p.birth_date, p.patient_id,
                (SELECT count(*) FROM encounter_ticket o WHERE o.facility_id = $1 AND o.room_id = t.room_id AND o.day = t.day
                 AND o.status IN ('waiting', 'called') AND o.queued_at < t.queued_at) AS before
         FROM encounter_ticket t
         JOIN encounter_encounter e ON e.facility_id = t.facility_id AND e.encounter_id = t.encounter_id
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         JOIN organization_room r ON r.facility_id = t.facility_id AND r.room_id = t.room_id
         LEFT JOIN organization_service s ON s.facility_id = e.facility_id AND s.service_id = e.service_id
         WHERE t.facility_id = $1 AND t.encounter_id = $2 ORDER BY t.issued_at DESC LIMIT 1"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// The visit behind a scanned ticket code (`T261124-N1-7`: day, room, number).
pub async fn find_by_ticket_code(tx: &mut Tx, day: NaiveDate, room: &str, number: i32) -> Result<Option<EncounterId>, sqlx::Error> {
    let id: Option<Uuid> = sqlx::query_scalar(db::sql!(
        "SELECT t.encounter_id FROM encounter_ticket t
         JOIN organization_room r ON r.facility_id = t.facility_id AND r.room_id = t.room_id
         WHERE t.facility_id = $1 AND t.day = $2 AND upper(r.code) = upper($3) AND t.number = $4"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .bind(room)
    .bind(number)
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(EncounterId))
}

/// The clinic's head for papers, as `edge/documents` names its fields.
pub async fn paper_head(tx: &mut Tx) -> Result<serde_json::Value, sqlx::Error> {
    sqlx::query_scalar(db::sql!(
        "SELECT jsonb_build_object('name', name, 'parent', governing_body, 'address', address, 'phone', phone,
                'licence_no', licence_no) FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(tx.facility().0)
    .fetch_one(tx.conn())
    .await
}

/// The facility's short name, for the board.
pub async fn facility_name(tx: &mut Tx) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(db::sql!("SELECT short_name FROM organization_facility WHERE facility_id = $1"))
        .bind(tx.facility().0)
        .fetch_one(tx.conn())
        .await
}
