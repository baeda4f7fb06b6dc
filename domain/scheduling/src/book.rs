//! Booking: one path for every channel. The rule says whether the time may be booked at all; whether a place is left is
//! decided by the database in the same statement that writes the booking, so that nobody is told twice the same place.

use crate::store::appointments;
use crate::{Appointment, Booker, Channel, Status, Who, code};
use base::{AppointmentId, EncounterId, Event, PatientId, Problem, RoomId, SlotId};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{Tx, sql};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;
use web::Failure;

/// How far a booking goes with the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A place is kept while the form is filled.
    Hold,
    /// Asked for: screened first where the offer wants that, confirmed at once where it does not.
    Ask,
    /// Confirmed at once: staff asked all questions already.
    Confirm,
}

/// A booking to be made.
#[derive(Clone, Debug)]
pub struct NewBooking {
    /// Minted by whoever books; the same id with the same wish gives the same booking.
    pub id: AppointmentId,
    pub slot: SlotId,
    pub channel: Channel,
    pub goal: Goal,
    pub who: Who,
    pub booker: Booker,
    pub reason: String,
    pub wants_bhyt: bool,
    /// Answers given already, by question key, and whether a sign of danger is among them.
    pub answers: serde_json::Value,
    pub has_red_flag: bool,
    pub note: String,
    /// One place more than there are; only for staff channels.
    pub is_extra: bool,
    pub group: Option<Uuid>,
    pub follows: Option<EncounterId>,
    pub moved_from: Option<AppointmentId>,
}

impl NewBooking {
    /// A plain wish: everything else at rest.
    pub fn new(id: AppointmentId, slot: SlotId, channel: Channel, goal: Goal, who: Who, booker: Booker) -> NewBooking {
        NewBooking {
            id,
            slot,
            channel,
            goal,
            who,
            booker,
            reason: String::new(),
            wants_bhyt: false,
            answers: serde_json::json!({}),
            has_red_flag: false,
            note: String::new(),
            is_extra: false,
            group: None,
            follows: None,
            moved_from: None,
        }
    }

    /// What makes two wishes the same wish; a repeated id with another hash is refused.
    pub fn hash(&self) -> String {
        let text = format!("{}|{:?}|{}|{:?}|{}|{}|{}", self.slot, self.channel, self.goal as u8, self.who, self.booker.phone, self.reason, self.wants_bhyt);
        hex::encode(&Sha256::digest(text.as_bytes())[..16])
    }
}

/// What the rule knows of a time.
#[derive(Clone, Debug, FromRow)]
pub struct Place {
    pub session_id: Uuid,
    pub offer_id: Uuid,
    pub practitioner_id: Option<Uuid>,
    pub room_id: Uuid,
    pub mode: String,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub is_open: bool,
    pub is_screened: bool,
    pub notice_minutes: i32,
    pub horizon_days: i32,
    pub hold_minutes: i32,
    pub screening_hours: i32,
}

/// Whether this time may be booked by this channel at `now`: not in the past, not too soon, not too far, open.
pub fn may_book(place: &Place, channel: Channel, is_extra: bool, now: DateTime<Utc>) -> Result<(), Problem> {
    let notice = if channel.is_staff() { TimeDelta::zero() } else { TimeDelta::minutes(place.notice_minutes.into()) };
    // Staff may still fill a time that has begun; nobody books one that is over.
    let last = if channel.is_staff() { place.ends_at } else { place.starts_at - notice };
    if !place.is_open {
        return Err(Problem::at("slot", "Buổi khám này đã đóng. Chọn giờ khác."));
    }
    if now >= last {
        let text = if now >= place.starts_at { "Giờ này đã qua. Chọn giờ khác." } else { "Giờ này quá gấp để đặt từ xa. Chọn giờ muộn hơn, hoặc gọi tổng đài." };
        return Err(Problem::at("slot", text));
    }
    if place.starts_at > now + TimeDelta::days(place.horizon_days.into()) {
        return Err(Problem::at("slot", format!("Chỉ nhận đặt trước {} ngày. Chọn ngày gần hơn.", place.horizon_days)));
    }
    if is_extra && !channel.is_staff() {
        return Err(Problem::at("slot", "Chỉ nhân viên được thêm chỗ ngoài số đã mở."));
    }
    Ok(())
}

/// The status a booking begins with, and until when its place is kept in that status.
pub fn first_status(place: &Place, goal: Goal, now: DateTime<Utc>) -> (Status, Option<DateTime<Utc>>) {
    match goal {
        Goal::Hold => (Status::Held, Some(now + TimeDelta::minutes(place.hold_minutes.into()))),
        Goal::Ask if place.is_screened => (Status::Pending, Some(screened_by(place, now))),
        Goal::Ask | Goal::Confirm => (Status::Confirmed, None),
    }
}

/// The latest moment for the screening call: some hours, but always before the visit.
pub fn screened_by(place: &Place, now: DateTime<Utc>) -> DateTime<Utc> {
    let before_visit = (place.starts_at - TimeDelta::minutes(30)).max(now + TimeDelta::minutes(10));
    (now + TimeDelta::hours(place.screening_hours.into())).min(before_visit)
}

/// The words for a place that is gone; answered as 409, with other times beside it.
pub const TAKEN: &str = "Chỗ này vừa có người đặt. Chọn giờ khác còn trống.";

/// What is known of a time; `RowNotFound` when the facility has no such time.
pub async fn place(tx: &mut Tx, slot: SlotId) -> Result<Place, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.session_id, l.offer_id, l.practitioner_id, s.room_id, o.mode, s.day, l.starts_at, l.ends_at,
                l.is_open AND s.status = 'open' AS is_open, o.is_screened, o.notice_minutes, o.horizon_days, o.hold_minutes, o.screening_hours
         FROM scheduling_slot l
         JOIN scheduling_session s ON s.facility_id = l.facility_id AND s.session_id = l.session_id
         JOIN scheduling_offer o ON o.facility_id = l.facility_id AND o.offer_id = l.offer_id
         WHERE l.facility_id = $1 AND l.slot_id = $2"
    ))
    .bind(facility)
    .bind(slot.0)
    .fetch_one(tx.conn())
    .await
}

/// Ends what was held for this time and ran out. The counter gives the places back.
pub async fn expire(tx: &mut Tx, slot: SlotId) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let ended: Vec<(Uuid, i32, String, String)> = sqlx::query_as(sql!(
        "UPDATE scheduling_appointment a SET status = 'expired', version = a.version + 1, changed_at = $3, ended_by = 'system', held_until = NULL
         FROM (SELECT appointment_id, status FROM scheduling_appointment WHERE facility_id = $1 AND slot_id = $2 AND status IN ('held', 'pending')
               AND held_until <= $3 ORDER BY appointment_id FOR UPDATE SKIP LOCKED) old
         WHERE a.facility_id = $1 AND a.appointment_id = old.appointment_id
         RETURNING a.appointment_id, a.version, old.status, a.channel"
    ))
    .bind(facility)
    .bind(slot.0)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    for (id, version, from, channel) in ended {
        note_step(tx, AppointmentId(id), version, &from, "expired", "").await?;
        tell(tx, AppointmentId(id), version, &from, "expired", &channel);
    }
    Ok(())
}

/// Books. Gives the booking as it now stands; the same id with the same wish gives the one that was made before.
///
/// Refuses a time that is closed, over, too soon or too far ([`may_book`]); answers `Conflict` with [`TAKEN`] when no place
/// is left, and another `Conflict` when the person has another booking at that time. After any refusal by the database the
/// transaction is over: begin another to offer other times.
pub async fn book(tx: &mut Tx, new: &NewBooking) -> Result<Appointment, Failure> {
    new.booker.check()?;
    let place = place(tx, new.slot).await?;
    may_book(&place, new.channel, new.is_extra, tx.now)?;
    expire(tx, new.slot).await?;
    let (status, held_until) = first_status(&place, new.goal, tx.now);
    let queue_no = match status {
        Status::Confirmed => Some(encounter::store::reception::reserve_number(tx, RoomId(place.room_id), place.day).await?),
        _ => None,
    };
    let code = if status == Status::Held { String::new() } else { code::fresh() };
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let by_name = tx.actor.name.clone();
    let written = sqlx::query(sql!(
        "WITH booking AS (
             INSERT INTO scheduling_appointment (facility_id, appointment_id, status, channel, offer_id, session_id, slot_id, practitioner_id,
                 room_id, mode, day, starts_at, ends_at, is_extra, group_id, follows, moved_from, account_id, partner_id, booker_name, booker_phone,
                 relation, patient_id, person_key, name, name_folded, birth_date, birth_year_only, sex, phone, cccd, card_no, wants_bhyt, reason,
                 answers, has_red_flag, note, held_until, queue_no, code, request_hash, made_by, made_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,
                 $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $43)
             ON CONFLICT (facility_id, appointment_id) DO NOTHING RETURNING appointment_id)
         INSERT INTO scheduling_step (facility_id, appointment_id, version, from_status, to_status, at, by_account, by_name)
         SELECT $1, appointment_id, 1, '', $3, $43, $42, $44 FROM booking"
    ))
    .bind(facility)
    .bind(new.id.0)
    .bind(status.key())
    .bind(new.channel.key())
    .bind(place.offer_id)
    .bind(place.session_id)
    .bind(new.slot.0)
    .bind(place.practitioner_id)
    .bind(place.room_id)
    .bind(&place.mode)
    .bind(place.day)
    .bind(place.starts_at)
    .bind(place.ends_at)
    .bind(new.is_extra)
    .bind(new.group)
    .bind(new.follows.map(|e| e.0))
    .bind(new.moved_from.map(|a| a.0))
    .bind(new.booker.account)
    .bind(new.booker.partner)
    .bind(&new.booker.name)
    .bind(&new.booker.phone)
    .bind(&new.booker.relation)
    .bind(new.who.patient.map(|p| p.0))
    .bind(new.who.key(new.id.0))
    .bind(&new.who.name)
    .bind(base::fold(&new.who.name))
    .bind(new.who.birth.map(|b| b.date))
    .bind(new.who.birth.is_some_and(|b| b.year_only))
    .bind(new.who.sex.key())
    .bind(&new.who.phone)
    .bind(&new.who.cccd)
    .bind(&new.who.card_no)
    .bind(new.wants_bhyt)
    .bind(&new.reason)
    .bind(&new.answers)
    .bind(new.has_red_flag)
    .bind(&new.note)
    .bind(held_until)
    .bind(queue_no)
    .bind(&code)
    .bind(new.hash())
    .bind(account)
    .bind(now)
    .bind(by_name)
    .execute(tx.conn())
    .await
    .map_err(refusal)?;
    let made = appointments::get(tx, new.id).await?;
    if written.rows_affected() == 0 {
        // The same wish arrived before, or somebody else's wish under this id.
        return match made.request_hash == new.hash() {
            true => Ok(made),
            false => Err(Failure::Refused(Problem::of("Yêu cầu này đã được dùng cho một lịch khác. Tải lại trang rồi đặt lại.").into())),
        };
    }
    tx.audit("book", "appointment", new.id, new.who.patient, serde_json::json!({ "channel": new.channel.key(), "status": status.key() }));
    tell(tx, new.id, 1, "", status.key(), new.channel.key());
    if status == Status::Confirmed {
        ready(tx, &made);
    }
    Ok(made)
}

/// Says to the other modules, and to open pages, that a booking moved.
pub(crate) fn tell(tx: &mut Tx, appointment: AppointmentId, version: i32, from: &str, to: &str, channel: &str) {
    let at = tx.now;
    tx.emit(Event::AppointmentMoved { appointment, version, from: from.into(), to: to.into(), channel: channel.into(), at });
    tx.notify("appointments");
}

/// Says that the patient may be told, unless another system still has to answer.
pub(crate) fn ready(tx: &mut Tx, appointment: &Appointment) {
    if appointment.his_state != "waiting" {
        let at = tx.now;
        tx.emit(Event::AppointmentReady { appointment: appointment.id, version: appointment.version, at });
    }
}

pub(crate) async fn note_step(tx: &mut Tx, id: AppointmentId, version: i32, from: &str, to: &str, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let by_name = tx.actor.name.clone();
    sqlx::query(sql!(
        "INSERT INTO scheduling_step (facility_id, appointment_id, version, from_status, to_status, at, by_account, by_name, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(version)
    .bind(from)
    .bind(to)
    .bind(now)
    .bind(account)
    .bind(by_name)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Turns what the database refuses into words; everything else stays a fault.
pub(crate) fn refusal(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("scheduling_slot_places" | "scheduling_slot_extra") => Failure::Conflict(TAKEN.into()),
        Some("scheduling_quota_places") => {
            Failure::Conflict("Buổi này đã hết chỗ dành cho cách đặt này. Chọn buổi khác, hoặc gọi tổng đài.".into())
        }
        Some("scheduling_slot_open") => Failure::Conflict("Buổi khám này vừa đóng. Chọn giờ khác.".into()),
        Some("scheduling_claim_once") => {
            Failure::Conflict("Người khám đã có lịch khác trùng giờ này. Hủy hoặc đổi lịch đó trước.".into())
        }
        _ => error.into(),
    }
}

/// A booking for somebody of the house's own list.
pub async fn who_of_patient(tx: &mut Tx, id: PatientId) -> Result<Who, Failure> {
    let known = patient::get_summary(tx, id).await?;
    Ok(Who {
        patient: Some(known.patient),
        name: known.name.clone(),
        birth: Some(known.birth),
        sex: known.sex,
        phone: known.phone.clone(),
        cccd: known.cccd.clone(),
        card_no: known.cover_on(base::local_date(tx.now)).map(|c| c.card_no.clone()).unwrap_or_default(),
    })
}

/// Writes the booking of somebody who stands at the desk: arrived, with the number the line gave.
pub(crate) async fn take_walk_in(tx: &mut Tx, slot: SlotId, walk_in: &web::ask::WalkIn, who: &Who) -> Result<(), Failure> {
    let place = place(tx, slot).await?;
    let (facility, now, account) = (tx.facility().0, tx.now, tx.actor.account.0);
    let (id, by_name) = (AppointmentId::new(), tx.actor.name.clone());
    sqlx::query(sql!(
        "WITH booking AS (
             INSERT INTO scheduling_appointment (facility_id, appointment_id, status, channel, offer_id, session_id, slot_id, practitioner_id, room_id,
                 mode, day, starts_at, ends_at, patient_id, person_key, name, name_folded, birth_date, birth_year_only, sex, phone, cccd,
                 queue_no, encounter_id, arrived_at, made_by, made_at, changed_at)
             VALUES ($1, $2, 'arrived', 'walk_in', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $23, $23)
             RETURNING appointment_id)
         INSERT INTO scheduling_step (facility_id, appointment_id, version, from_status, to_status, at, by_account, by_name)
         SELECT $1, appointment_id, 1, '', 'arrived', $23, $24, $25 FROM booking"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(place.offer_id)
    .bind(place.session_id)
    .bind(slot.0)
    .bind(place.practitioner_id)
    .bind(place.room_id)
    .bind(&place.mode)
    .bind(place.day)
    .bind(place.starts_at)
    .bind(place.ends_at)
    .bind(walk_in.patient.0)
    .bind(who.key(id.0))
    .bind(&who.name)
    .bind(base::fold(&who.name))
    .bind(who.birth.map(|b| b.date))
    .bind(who.birth.is_some_and(|b| b.year_only))
    .bind(who.sex.key())
    .bind(&who.phone)
    .bind(&who.cccd)
    .bind(walk_in.number)
    .bind(walk_in.encounter.0)
    .bind(now)
    .bind(account)
    .bind(by_name)
    .execute(tx.conn())
    .await
    .map_err(refusal)?;
    tell(tx, id, 1, "", "arrived", "walk_in");
    Ok(())
}
