//! What happens to a booking after it was made. Every step is a comparison and a change in one: whoever read an older
//! version is told so and decides again.

use crate::book::{Goal, NewBooking, book, note_step, ready, tell};
use crate::status::Act;
use crate::store::appointments;
use crate::{Appointment, Booker, Channel, Status, Who, code};
use base::{AppointmentId, EncounterId, PatientId, Problem, SlotId};
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use serde_json::Value;
use web::Failure;

/// Who ends a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Patient,
    Facility,
    System,
    Partner,
}

impl By {
    pub fn key(self) -> &'static str {
        match self {
            By::Patient => "patient",
            By::Facility => "facility",
            By::System => "system",
            By::Partner => "partner",
        }
    }
}

/// The words for somebody who decided on an older version.
pub const CHANGED: &str = "Lịch này vừa được đổi ở nơi khác. Xem lại rồi làm tiếp.";

/// The booking, locked, at the version its reader saw; `Conflict` otherwise. A hold that ran out is over, swept or not.
async fn at_version(tx: &mut Tx, id: AppointmentId, version: i32, act: Act) -> Result<(Appointment, Status), Failure> {
    let known = appointments::lock(tx, id).await?;
    if known.version != version {
        return Err(Failure::Conflict(CHANGED.into()));
    }
    if known.status.is_live() && !known.is_kept(tx.now) && act != Act::Expire {
        return Err(Problem::of("Lịch này đã quá hạn giữ chỗ. Chọn lại giờ khám.").into());
    }
    let next = known.status.after(act)?;
    Ok((known, next))
}

/// Writes the step of a booking that is locked already.
async fn step(tx: &mut Tx, known: &Appointment, next: Status, by: Option<By>, reason: &str) -> Result<(), Failure> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE scheduling_appointment SET status = $3, version = version + 1, changed_at = $4, ended_by = $5, end_reason = $6,
             held_until = CASE WHEN $3 IN ('held', 'pending') THEN held_until END
         WHERE facility_id = $1 AND appointment_id = $2"
    ))
    .bind(facility)
    .bind(known.id.0)
    .bind(next.key())
    .bind(now)
    .bind(by.map_or("", By::key))
    .bind(reason)
    .execute(tx.conn())
    .await
    .map_err(crate::book::refusal)?;
    note_step(tx, known.id, known.version + 1, known.status.key(), next.key(), reason).await?;
    tx.audit("move", "appointment", known.id, known.patient, serde_json::json!({ "from": known.status.key(), "to": next.key() }));
    tell(tx, known.id, known.version + 1, known.status.key(), next.key(), known.channel.key());
    Ok(())
}

/// The form of a held place is complete: it is asked for, and confirmed at once where the offer wants no screening.
#[allow(clippy::too_many_arguments)]
pub async fn submit(tx: &mut Tx, id: AppointmentId, version: i32, who: &Who, booker: &Booker, reason: &str, wants_bhyt: bool, answers: &Value, has_red_flag: bool) -> Result<Appointment, Failure> {
    booker.check()?;
    let (known, _) = at_version(tx, id, version, Act::Submit).await?;
    let place = crate::book::place(tx, known.slot).await?;
    let (next, held_until) = crate::book::first_status(&place, Goal::Ask, tx.now);
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE scheduling_appointment SET status = $3, version = version + 1, changed_at = $4, held_until = $5, patient_id = $6, person_key = $7,
             name = $8, name_folded = $9, birth_date = $10, birth_year_only = $11, sex = $12, phone = $13, cccd = $14, card_no = $15, booker_name = $16,
             booker_phone = $17, relation = $18, reason = $19, wants_bhyt = $20, answers = $21, has_red_flag = $22, code = $23, account_id = $24
         WHERE facility_id = $1 AND appointment_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(next.key())
    .bind(now)
    .bind(held_until)
    .bind(who.patient.map(|p| p.0))
    .bind(who.key(id.0))
    .bind(&who.name)
    .bind(base::fold(&who.name))
    .bind(who.birth.map(|b| b.date))
    .bind(who.birth.is_some_and(|b| b.year_only))
    .bind(who.sex.key())
    .bind(&who.phone)
    .bind(&who.cccd)
    .bind(&who.card_no)
    .bind(&booker.name)
    .bind(&booker.phone)
    .bind(&booker.relation)
    .bind(reason)
    .bind(wants_bhyt)
    .bind(answers)
    .bind(has_red_flag)
    .bind(code::fresh())
    .bind(booker.account)
    .execute(tx.conn())
    .await
    .map_err(crate::book::refusal)?;
    note_step(tx, id, version + 1, known.status.key(), next.key(), "").await?;
    tx.audit("submit", "appointment", id, who.patient, Value::Null);
    tell(tx, id, version + 1, known.status.key(), next.key(), known.channel.key());
    if next == Status::Confirmed {
        number(tx, &known).await?;
    }
    let made = appointments::get(tx, id).await?;
    if next == Status::Confirmed {
        ready(tx, &made);
    }
    Ok(made)
}

/// Gives a booking its number in the line of its room and day, once.
async fn number(tx: &mut Tx, known: &Appointment) -> Result<(), Failure> {
    if known.queue_no.is_some() {
        return Ok(());
    }
    let no = encounter::store::reception::reserve_number(tx, known.room, known.day).await?;
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE scheduling_appointment SET queue_no = $3 WHERE facility_id = $1 AND appointment_id = $2"))
        .bind(facility)
        .bind(known.id.0)
        .bind(no)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes what the screening found; the status stays. Each answer set takes the place of the one before.
pub async fn screen(tx: &mut Tx, id: AppointmentId, version: i32, answers: &Value, has_red_flag: bool, note: &str, priority: &str) -> Result<Appointment, Failure> {
    let known = appointments::lock(tx, id).await?;
    if known.version != version {
        return Err(Failure::Conflict(CHANGED.into()));
    }
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE scheduling_appointment SET answers = $3, has_red_flag = $4, note = $5, priority_class = $6, version = version + 1, changed_at = $7
         WHERE facility_id = $1 AND appointment_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(answers)
    .bind(has_red_flag)
    .bind(note)
    .bind(priority)
    .bind(now)
    .execute(tx.conn())
    .await?;
    note_step(tx, id, version + 1, known.status.key(), known.status.key(), "screening").await?;
    tx.audit("screen", "appointment", id, known.patient, Value::Null);
    tx.notify("appointments");
    Ok(appointments::get(tx, id).await?)
}

/// Confirms: the booking gets its number; the code it has already. Refuses a booking with a sign of danger, which belongs
/// to emergency care, and an older version.
pub async fn confirm(tx: &mut Tx, id: AppointmentId, version: i32) -> Result<Appointment, Failure> {
    let (known, next) = at_version(tx, id, version, Act::Confirm).await?;
    if known.has_red_flag {
        return Err(Problem::of("Có dấu hiệu nguy hiểm: hướng dẫn đi cấp cứu ngay, không xếp lịch khám thường.").into());
    }
    if known.name.is_empty() {
        return Err(Problem::of("Lịch chưa có thông tin người khám. Điền họ tên và ngày sinh trước khi xác nhận.").into());
    }
    step(tx, &known, next, None, "").await?;
    number(tx, &known).await?;
    let made = appointments::get(tx, id).await?;
    ready(tx, &made);
    Ok(made)
}

/// Does not take a booking at screening.
pub async fn refuse(tx: &mut Tx, id: AppointmentId, version: i32, reason: &str) -> Result<Appointment, Failure> {
    end(tx, id, version, Act::Refuse, By::Facility, reason).await
}

/// Gives a booking up. The patient's own limit in time is the caller's to ask ([`Appointment::cutoff`]): staff are exempt.
pub async fn cancel(tx: &mut Tx, id: AppointmentId, version: i32, by: By, reason: &str) -> Result<Appointment, Failure> {
    end(tx, id, version, Act::Cancel, by, reason).await
}

/// Notes that the person did not come.
pub async fn miss(tx: &mut Tx, id: AppointmentId, version: i32) -> Result<Appointment, Failure> {
    end(tx, id, version, Act::Miss, By::System, "").await
}

async fn end(tx: &mut Tx, id: AppointmentId, version: i32, act: Act, by: By, reason: &str) -> Result<Appointment, Failure> {
    let reason = reason.trim();
    if matches!(act, Act::Refuse | Act::Cancel) && by != By::System && reason.is_empty() {
        return Err(Problem::at("reason", "Ghi lý do.").into());
    }
    if reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Lý do tối đa 500 ký tự, hãy rút gọn.").into());
    }
    let (known, next) = at_version(tx, id, version, act).await?;
    step(tx, &known, next, Some(by), reason).await?;
    Ok(appointments::get(tx, id).await?)
}

/// Books the new time first and lets the old one go after, in one transaction: who changes never ends with neither. Both
/// times are locked in the order of their ids, so that two who swap do not wait for each other.
pub async fn reschedule(tx: &mut Tx, id: AppointmentId, version: i32, to: SlotId, new: AppointmentId, channel: Channel, by: By) -> Result<Appointment, Failure> {
    let known = appointments::get(tx, id).await?;
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM scheduling_slot WHERE facility_id = $1 AND slot_id IN ($2, $3) ORDER BY slot_id FOR UPDATE"))
        .bind(facility)
        .bind(known.slot.0)
        .bind(to.0)
        .execute(tx.conn())
        .await?;
    if let Ok(made) = appointments::get(tx, new).await {
        // The same change arrived before.
        return if made.moved_from == Some(id) { Ok(made) } else { Err(Failure::Conflict(CHANGED.into())) };
    }
    let (known, next) = at_version(tx, id, version, Act::Move).await?;
    let was_confirmed = known.status == Status::Confirmed;
    // The old time is let go first only in the order of statements; both count or neither, because they are one transaction.
    step(tx, &known, next, Some(by), "").await?;
    let who = Who {
        patient: known.patient,
        name: known.name.clone(),
        birth: known.birth_date.map(|date| patient::Birth { date, year_only: known.birth_year_only }),
        sex: patient::Sex::from_key(&known.sex).unwrap_or(patient::Sex::Unknown),
        phone: known.phone.clone(),
        cccd: known.cccd.clone(),
        card_no: known.card_no.clone(),
    };
    let booker = Booker { account: known.account, partner: known.partner, name: known.booker_name.clone(), phone: known.booker_phone.clone(), relation: known.relation.clone() };
    let booking = NewBooking {
        reason: known.reason.clone(),
        wants_bhyt: known.wants_bhyt,
        answers: known.answers.clone(),
        has_red_flag: known.has_red_flag,
        note: known.note.clone(),
        group: known.group,
        follows: known.follows,
        moved_from: Some(id),
        // Who was screened for one time is screened for the other.
        ..NewBooking::new(new, to, channel, if was_confirmed { Goal::Confirm } else { Goal::Ask }, who, booker)
    };
    let made = book(tx, &booking).await?;
    sqlx::query(sql!("UPDATE scheduling_appointment SET moved_to = $3 WHERE facility_id = $1 AND appointment_id = $2"))
        .bind(facility)
        .bind(id.0)
        .bind(new.0)
        .execute(tx.conn())
        .await?;
    Ok(made)
}

/// Ties a booking to the visit it became.
pub async fn arrive(tx: &mut Tx, id: AppointmentId, version: i32, patient: PatientId, encounter: EncounterId, at: DateTime<Utc>) -> Result<Appointment, Failure> {
    let (known, next) = at_version(tx, id, version, Act::Arrive).await?;
    step(tx, &known, next, None, "").await?;
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE scheduling_appointment SET patient_id = $3, encounter_id = $4, arrived_at = $5 WHERE facility_id = $1 AND appointment_id = $2"))
        .bind(facility)
        .bind(id.0)
        .bind(patient.0)
        .bind(encounter.0)
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(appointments::get(tx, id).await?)
}

/// The visit of a booking ended.
pub async fn fulfil(tx: &mut Tx, encounter: EncounterId) -> Result<(), Failure> {
    let Some(known) = appointments::of_encounter(tx, encounter).await? else { return Ok(()) };
    if known.status == Status::Arrived {
        step(tx, &known, Status::Fulfilled, None, "").await?;
    }
    Ok(())
}
