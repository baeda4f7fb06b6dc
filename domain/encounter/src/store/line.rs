//! The line of a room in the database: who waits, calling the next, calling again, skipping, coming back.

use crate::priority::Class;
use crate::queue::{self, TicketAct, TicketStatus, Waiting};
use base::{EncounterId, PatientId, Problem, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use sqlx::Row;
use uuid::Uuid;
use web::Failure;

/// A ticket of today's line.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LineTicket {
    pub ticket_id: Uuid,
    pub encounter_id: Uuid,
    pub number: i32,
    pub priority_class: String,
    pub masked_name: String,
    pub status: String,
    pub issued_at: DateTime<Utc>,
    pub queued_at: DateTime<Utc>,
    pub called_at: Option<DateTime<Utc>>,
    pub call_count: i32,
    pub patient_id: Uuid,
    pub visit_status: String,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
}

impl LineTicket {
    pub fn class(&self) -> Class {
        Class::from_key(&self.priority_class)
    }
    pub fn status(&self) -> TicketStatus {
        TicketStatus::from_key(&self.status).unwrap_or(TicketStatus::Cancelled)
    }
}

/// The line of a room on a day: who is inside, who waits in the order of the rule, who was skipped.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub inside: Vec<LineTicket>,
    pub waiting: Vec<LineTicket>,
    pub skipped: Vec<LineTicket>,
    /// How many priority calls follow each other here before one ordinary call.
    pub priority_turns: usize,
}

/// Reads the line of a room.
pub async fn get_line(tx: &mut Tx, room: RoomId, day: NaiveDate) -> Result<Line, sqlx::Error> {
    let tickets: Vec<LineTicket> = sqlx::query_as(db::sql!(
        "SELECT t.ticket_id, t.encounter_id, t.number, t.priority_class, t.masked_name, t.status, t.issued_at, t.queued_at,
                t.called_at, t.call_count, e.patient_id, e.status AS visit_status, p.name, p.sex, p.birth_date
         FROM encounter_ticket t
         JOIN encounter_encounter e ON e.facility_id = t.facility_id AND e.encounter_id = t.encounter_id
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         WHERE t.facility_id = $1 AND t.room_id = $2 AND t.day = $3
           AND (t.status IN ('waiting', 'called', 'serving', 'skipped') OR t.called_at IS NOT NULL)
         ORDER BY t.called_at NULLS LAST, t.queued_at, t.number"
    ))
    .bind(tx.facility().0)
    .bind(room.0)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    let known = organization::parameter::known(queue::PRIORITY_TURNS).expect("a parameter of the house");
    let facility = tx.facility();
    let turns = organization::parameter::number_on(tx.conn(), facility, known, day).await?;
    Ok(arrange(tickets, usize::try_from(turns).unwrap_or(1)))
}

/// Puts tickets into the order of the rule. `tickets` come by the time they were called.
fn arrange(tickets: Vec<LineTicket>, priority_turns: usize) -> Line {
    let called: Vec<Class> = tickets.iter().filter(|t| t.called_at.is_some()).map(LineTicket::class).collect();
    let run = queue::priority_run(&called);
    let (mut line, mut waiting) = (Line { priority_turns, ..Line::default() }, Vec::new());
    for ticket in tickets {
        match ticket.status() {
            TicketStatus::Called | TicketStatus::Serving => line.inside.push(ticket),
            TicketStatus::Waiting => waiting.push(ticket),
            TicketStatus::Skipped => line.skipped.push(ticket),
            _ => {}
        }
    }
    let shape: Vec<Waiting> =
        waiting.iter().map(|t| Waiting { number: t.number, class: t.class(), queued_at: t.queued_at }).collect();
    let order = queue::order(&shape, run, priority_turns);
    line.waiting = order.into_iter().map(|i| waiting[i].clone()).collect();
    line
}

/// Somebody was called.
#[derive(Clone, Debug)]
pub struct Called {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub number: i32,
    pub masked_name: String,
}

/// Calls the next person of a room. `None` when nobody waits. Two doctors of one room who press at once get two people:
/// the room's line is held for the moment of the choice.
pub async fn call_next(tx: &mut Tx, room: RoomId, day: NaiveDate) -> Result<Option<Called>, Failure> {
    sqlx::query(db::sql!(
        "SELECT 1 FROM encounter_ticket_sequence WHERE facility_id = $1 AND room_id = $2 AND day = $3 FOR UPDATE"
    ))
    .bind(tx.facility().0)
    .bind(room.0)
    .bind(day)
    .fetch_optional(tx.conn())
    .await?;
    let line = get_line(tx, room, day).await?;
    match line.waiting.first() {
        Some(next) => Ok(Some(act(tx, next.ticket_id, TicketAct::Call).await?)),
        None => Ok(None),
    }
}

/// Does something with a ticket: call (again), skip, bring back into the line. Refuses what cannot happen to it;
/// `NotFound` for another facility's ticket.
pub async fn act(tx: &mut Tx, ticket: Uuid, act: TicketAct) -> Result<Called, Failure> {
    let row = sqlx::query(db::sql!(
        "SELECT t.encounter_id, t.room_id, t.day, t.number, t.masked_name, t.status, t.priority_class, e.patient_id
         FROM encounter_ticket t JOIN encounter_encounter e ON e.facility_id = t.facility_id AND e.encounter_id = t.encounter_id
         WHERE t.facility_id = $1 AND t.ticket_id = $2 FOR UPDATE OF t"
    ))
    .bind(tx.facility().0)
    .bind(ticket)
    .fetch_one(tx.conn())
    .await?;
    let status = TicketStatus::from_key(row.get("status")).unwrap_or(TicketStatus::Cancelled);
    let to = status.after(act)?;
    let room = RoomId(row.get("room_id"));
    let called = Called {
        encounter: EncounterId(row.get("encounter_id")),
        patient: PatientId(row.get("patient_id")),
        number: row.get("number"),
        masked_name: row.get("masked_name"),
    };
    let queued_at = match act {
        TicketAct::Return => {
            let line = get_line(tx, room, row.get("day")).await?;
            let class = Class::from_key(row.get("priority_class"));
            let same: Vec<DateTime<Utc>> = line
                .waiting
                .iter()
                .filter(|t| (t.class() == Class::None) == (class == Class::None))
                .map(|t| t.queued_at)
                .collect();
            Some(queue::place_after_return(&same, tx.now))
        }
        _ => None,
    };
    sqlx::query(db::sql!(
        "WITH visit AS (
             UPDATE encounter_encounter SET called_at = coalesce(called_at, $4), practitioner_id = coalesce(practitioner_id, $6)
             WHERE facility_id = $1 AND encounter_id = $7 AND $3 = 'called')
         UPDATE encounter_ticket SET status = $3, queued_at = coalesce($5, queued_at),
             called_at = CASE $3 WHEN 'called' THEN $4 WHEN 'waiting' THEN NULL ELSE called_at END,
             call_count = call_count + CASE WHEN $3 = 'called' THEN 1 ELSE 0 END, called_by = $8
         WHERE facility_id = $1 AND ticket_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(ticket)
    .bind(to.key())
    .bind(tx.now)
    .bind(queued_at)
    // Who calls from the desk is not the doctor of the visit.
    .bind(tx.actor.practitioner.filter(|_| tx.actor.may("note.write")).map(|p| p.0))
    .bind(called.encounter.0)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    if to == TicketStatus::Called {
        tx.emit(base::Event::TicketCalled { encounter: called.encounter, room });
    }
    let verb = match act {
        TicketAct::Call => "call",
        TicketAct::Skip => "skip",
        TicketAct::Return => "requeue",
        _ => "change",
    };
    tx.audit(verb, "ticket", ticket, Some(called.patient), serde_json::json!({ "number": called.number }));
    tx.notify("queue");
    Ok(called)
}

/// What the public board shows of one room.
#[derive(Clone, Debug)]
pub struct BoardRoom {
    pub room: Uuid,
    pub name: String,
    pub practitioner: String,
    pub now: Option<LineTicket>,
    pub next: Vec<i32>,
    pub waiting: usize,
    pub mean_minutes: Option<f64>,
}

/// The lines of the facility's examination rooms that have tickets today, or of one room.
pub async fn list_board(tx: &mut Tx, room: Option<RoomId>, day: NaiveDate) -> Result<Vec<BoardRoom>, sqlx::Error> {
    let rooms = sqlx::query(db::sql!(
        "SELECT r.room_id, r.name,
                (SELECT concat_ws(' ', nullif(pr.title, ''), pr.name) FROM encounter_encounter e
                 JOIN practitioner_practitioner pr ON pr.facility_id = $1 AND pr.practitioner_id = e.practitioner_id
                 WHERE e.facility_id = $1 AND e.room_id = r.room_id AND e.day = $3 AND e.called_at IS NOT NULL
                 ORDER BY e.called_at DESC LIMIT 1) AS practitioner,
                (SELECT (avg(extract(epoch FROM t.closed_at - t.called_at)) / 60)::float8 FROM encounter_ticket t
                 WHERE t.facility_id = $1 AND t.room_id = r.room_id AND t.day = $3 AND t.status = 'done') AS mean_minutes
         FROM organization_room r
         WHERE r.facility_id = $1 AND ($2::uuid IS NULL AND r.kind = 'exam' OR r.room_id = $2)
           AND r.active_from <= $3 AND (r.active_to IS NULL OR r.active_to >= $3) ORDER BY r.code LIMIT 6"
    ))
    .bind(tx.facility().0)
    .bind(room.map(|r| r.0))
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    let mut board = Vec::with_capacity(rooms.len());
    for row in rooms {
        let id: Uuid = row.get("room_id");
        let line = get_line(tx, RoomId(id), day).await?;
        let now = line.inside.iter().max_by_key(|t| t.called_at).cloned();
        board.push(BoardRoom {
            room: id,
            name: row.get("name"),
            practitioner: row.get::<Option<String>, _>("practitioner").unwrap_or_default(),
            now,
            next: line.waiting.iter().take(4).map(|t| t.number).collect(),
            waiting: line.waiting.len(),
            mean_minutes: row.get("mean_minutes"),
        });
    }
    Ok(board)
}

/// The facility of a room and their names, for the board, which knows only the room.
pub async fn facility_of_room(tx: &mut Tx, room: RoomId) -> Result<base::FacilityId, sqlx::Error> {
    sqlx::query_scalar(db::sql!("SELECT facility_id FROM organization_room WHERE room_id = $1"))
        .bind(room.0)
        .fetch_one(tx.conn())
        .await
        .map(base::FacilityId)
}

/// Refuses calling without a room to call into.
pub fn room_or_refuse(room: Option<RoomId>) -> Result<RoomId, Problem> {
    room.ok_or_else(|| Problem::of("Chưa chọn phòng làm việc. Chọn phòng ở góc trên bên trái rồi gọi."))
}
