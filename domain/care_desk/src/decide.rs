//! How a call ends: what was answered is kept with the booking, then the booking moves, the call leaves the list or comes
//! back later, and the contact is written down, all in one transaction.

use crate::hook;
use crate::question::{About, Answers};
use crate::store::contacts::{self, NewContact};
use crate::store::tasks::{self, Task};
use crate::task::{self, Act, Kind, Outcome};
use base::{AppointmentId, Problem, Problems, SlotId};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use db::Tx;
use scheduling::{Appointment, By, Channel, Status, change};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Ctx, Failure};

/// What the page of a call sends. Answers are fields named `q.<key>`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub outcome: String,
    pub version: String,
    pub note: String,
    pub priority: String,
    pub offer: Option<Uuid>,
    pub day: String,
    pub slot: Option<SlotId>,
    pub new: Option<AppointmentId>,
    pub call_day: String,
    pub call_time: String,
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

/// What became of the attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// A sign of danger was answered: it is kept, and only emergency advice is left.
    Danger,
}

/// Concludes a call. The caller commits either answer; after a refusal nothing happened.
pub async fn conclude(ctx: &Ctx, tx: &mut Tx, id: Uuid, typed: &Typed) -> Result<Ended, Failure> {
    let task = tasks::lock(tx, id).await?;
    task.held().after(Act::Finish, ctx.actor.account.0, ctx.now)?;
    let outcome = Outcome::from_key(typed.outcome.trim_end_matches("_next")).ok_or_else(|| Problem::of("Chưa chọn kết luận cuộc gọi."))?;
    if typed.note.chars().count() > 1000 {
        return Err(Problem::at("note", "Ghi chú tối đa 1000 ký tự, hãy rút gọn.").into());
    }
    let booking = match (task.kind(), task.appointment()) {
        (Kind::Screening, Some(id)) => Some(scheduling::lock(tx, id).await?),
        _ => None,
    };
    if let Some(a) = booking {
        if screen(ctx, tx, &task, &a, outcome, typed).await? == Ended::Danger {
            return Ok(Ended::Danger);
        }
    } else {
        speak(ctx, tx, &task, outcome, typed).await?;
    }
    let contact = NewContact { task: Some(task.task_id), appointment: task.appointment(), phone: &task.phone, outcome: outcome.key(), note: typed.note.trim(), ..NewContact::default() };
    contacts::write(tx, &contact).await?;
    Ok(Ended::Done)
}

/// A call about a booking that waits for screening.
async fn screen(ctx: &Ctx, tx: &mut Tx, task: &Task, a: &Appointment, outcome: Outcome, typed: &Typed) -> Result<Ended, Failure> {
    let mut version: i32 = typed.version.parse().map_err(|_| Problem::of("Biểu mẫu thiếu số phiên bản. Tải lại trang."))?;
    if a.version != version || a.status != Status::Pending {
        return Err(Failure::Conflict(change::CHANGED.into()));
    }
    let answers = match outcome.is_spoken() {
        true => Answers::read(&typed.more, &About::of(a, ctx.today()))?,
        false => Answers::default(),
    };
    if outcome.is_spoken() && (!answers.given.is_empty() || !typed.note.trim().is_empty()) {
        let priority = if typed.priority.is_empty() { &a.priority_class } else { &typed.priority };
        let priority = encounter::priority::Class::from_key(priority).key();
        version = change::screen(tx, a.id, version, &answers.to_keep(&a.answers), answers.is_red(), typed.note.trim(), priority).await?.version;
    }
    let is_red = if answers.given.is_empty() { a.has_red_flag } else { answers.is_red() };
    if is_red && outcome.is_spoken() && outcome != Outcome::Emergency {
        return Ok(Ended::Danger);
    }
    match outcome {
        Outcome::Confirmed => {
            all_asked(&answers)?;
            change::confirm(tx, a.id, version).await?;
            tasks::finish(tx, task, outcome).await?;
        }
        Outcome::Moved => {
            all_asked(&answers)?;
            let (Some(slot), Some(new)) = (typed.slot, typed.new) else { return Err(Problem::at("slot", "Chưa chọn giờ mới ở mục Chỗ trống.").into()) };
            let made = change::reschedule(tx, a.id, version, slot, new, a.channel.staff_or(Channel::Call), By::Facility).await?;
            if made.status == Status::Pending {
                change::confirm(tx, made.id, made.version).await?;
            }
            tasks::finish(tx, task, outcome).await?;
        }
        Outcome::NoAnswer | Outcome::Busy => not_reached(ctx, tx, task, Some((a, version)), outcome).await?,
        Outcome::CallBack => {
            let at = call_at(typed, ctx.now)?;
            if a.held_until.is_some_and(|until| at >= until) {
                let until = a.held_until.map(base::show_time).unwrap_or_default();
                return Err(Problem::at("call_time", format!("Chỗ này chỉ giữ tới {until}. Hẹn gọi trước giờ đó, hoặc đổi sang giờ khác.")).into());
            }
            tasks::postpone(tx, task, at, at, task.tries, outcome).await?;
        }
        Outcome::Emergency if !is_red && typed.note.trim().is_empty() => {
            return Err(Problem::at("note", "Chọn dấu hiệu nguy hiểm, hoặc ghi dấu hiệu đã nghe vào ghi chú.").into());
        }
        Outcome::WrongNumber | Outcome::Declined | Outcome::OtherSpecialty | Outcome::Advised | Outcome::Emergency => {
            change::refuse(tx, a.id, version, &reason(outcome, &answers)).await?;
            tasks::finish(tx, task, outcome).await?;
        }
        Outcome::Talked | Outcome::Booked => return Err(Problem::of("Lịch đang chờ sàng lọc: xác nhận, đổi giờ, hoặc ghi lý do không nhận.").into()),
    }
    Ok(Ended::Done)
}

/// The words that a booking is refused with; signs of danger are named, so that the house knows later why.
fn reason(outcome: Outcome, answers: &Answers) -> String {
    let words = outcome.refusal().unwrap_or_default();
    match (outcome, &answers.red[..]) {
        (Outcome::Emergency, [_, ..]) => format!("{words}: {}", answers.red.iter().map(|q| q.text).collect::<Vec<_>>().join(", ")).chars().take(500).collect(),
        _ => words.to_owned(),
    }
}

/// A call with nothing to screen: a missed call, somebody who did not come, a return that is due.
async fn speak(ctx: &Ctx, tx: &mut Tx, task: &Task, outcome: Outcome, typed: &Typed) -> Result<(), Failure> {
    match outcome {
        Outcome::NoAnswer | Outcome::Busy => not_reached(ctx, tx, task, None, outcome).await,
        Outcome::CallBack => {
            let at = call_at(typed, ctx.now)?;
            tasks::postpone(tx, task, at, at, task.tries, outcome).await
        }
        Outcome::Confirmed | Outcome::Moved => Err(Problem::of("Việc này không có lịch chờ xác nhận. Bấm “Đặt hộ” nếu người gọi muốn đặt lịch.").into()),
        _ => tasks::finish(tx, task, outcome).await,
    }
}

/// Nobody was reached: again in a while, and after the fourth time the place is given back.
async fn not_reached(ctx: &Ctx, tx: &mut Tx, task: &Task, booking: Option<(&Appointment, i32)>, outcome: Outcome) -> Result<(), Failure> {
    if outcome == Outcome::Busy {
        return tasks::postpone(tx, task, ctx.now + task::BUSY, task.due_at, task.tries, outcome).await;
    }
    let tries = task.tries + 1;
    if tries == 1 {
        hook::say_we_called(&ctx.app, tx, &task.phone, &format!("care-desk/{}", task.task_id)).await?;
    }
    match task::retry_after(tries) {
        Some(pause) => tasks::postpone(tx, task, ctx.now + pause, task.due_at, tries, outcome).await,
        None => {
            if let Some((a, version)) = booking {
                change::refuse(tx, a.id, version, "Đã gọi 4 lần, không liên lạc được").await?;
            }
            tasks::finish(tx, task, outcome).await
        }
    }
}

/// Nobody is confirmed before every sign of danger was asked about.
pub fn all_asked(answers: &Answers) -> Result<(), Problems> {
    if answers.unasked.is_empty() {
        return Ok(());
    }
    let left: Vec<&str> = answers.unasked.iter().map(|q| q.text).collect();
    Err(Problem::at("danger", format!("Chưa hỏi hết dấu hiệu nguy hiểm: {}.", left.join("; "))).into())
}

/// When somebody wants to be called again: a time, today unless a day is named.
fn call_at(typed: &Typed, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let time = NaiveTime::parse_from_str(&typed.call_time.trim().replace(['h', 'g'], ":"), "%H:%M")
        .map_err(|_| Problem::at("call_time", "Ghi giờ gọi lại, ví dụ 14:30."))?;
    let day = match typed.call_day.trim() {
        "" => base::local_date(now),
        typed => base::parse_date_vi(typed).ok_or_else(|| Problem::at("call_day", "Ghi ngày/tháng/năm."))?,
    };
    let at = base::dates::start_of_day(day) + (time - NaiveTime::MIN);
    if at <= now {
        return Err(Problem::at("call_time", "Giờ này đã qua. Chọn giờ sau bây giờ."));
    }
    if at > now + TimeDelta::days(30) {
        return Err(Problem::at("call_day", "Hẹn gọi lại trong vòng 30 ngày."));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_call_lies_ahead() {
        let now: DateTime<Utc> = "2026-11-24T02:00:00Z".parse().unwrap();
        let at = |time: &str, day: &str| call_at(&Typed { call_time: time.into(), call_day: day.into(), ..Typed::default() }, now);
        assert_eq!(at("14:30", "").unwrap().to_rfc3339(), "2026-11-24T07:30:00+00:00");
        assert_eq!(at("8h15", "25/11/2026").unwrap().to_rfc3339(), "2026-11-25T01:15:00+00:00");
        for (time, day, field) in [("08:59", "", "call_time"), ("trưa", "", "call_time"), ("10:00", "mai", "call_day"), ("10:00", "24/01/2027", "call_day")] {
            assert_eq!(at(time, day).unwrap_err().field, field, "{time} {day}");
        }
    }
}
