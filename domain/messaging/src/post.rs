//! Putting a message on its way inside the asker's own transaction, and the moment when it leaves.

use crate::carrier::{self, NotCarried};
use crate::store::{self, NewMessage, Status};
use crate::wording::{self, Hours};
use async_trait::async_trait;
use base::AppointmentId;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use web::Failure;
use web::ask::{Letter, Messages};

/// The job that lets one message go.
pub const SEND: &str = "messaging.send";

#[derive(Serialize, Deserialize)]
struct Due {
    message: Uuid,
}

/// Answers the modules' question for messages.
pub struct Post;

#[async_trait]
impl Messages for Post {
    async fn send(&self, tx: &mut Tx, letter: &Letter<'_>) -> Result<(), Failure> {
        post(tx, letter, None).await
    }
}

/// Nobody is woken: what need not be at once waits from nine in the evening until seven.
pub fn may_arrive(hours: Hours, is_urgent: bool, at: DateTime<Utc>) -> DateTime<Utc> {
    if hours == Hours::Any || is_urgent {
        return at;
    }
    let (day, time) = (base::local_date(at), base::dates::local_time(at).time());
    let seven = NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default();
    let nine = NaiveTime::from_hms_opt(21, 0, 0).unwrap_or_default();
    let morning = |day| base::dates::start_of_day(day) + TimeDelta::hours(7);
    match time {
        t if t < seven => morning(day),
        t if t >= nine => day.succ_opt().map_or(at, morning),
        _ => at,
    }
}

/// Writes the message and the job that sends it. `starts_at` ties a reminder to the time of the booking it speaks of.
pub async fn post(tx: &mut Tx, letter: &Letter<'_>, starts_at: Option<DateTime<Utc>>) -> Result<(), Failure> {
    let wording = wording::find(letter.template).ok_or_else(|| anyhow::anyhow!("no wording {}", letter.template))?;
    let to = scheduling::read_phone(letter.to).ok_or_else(|| base::Problem::at("phone", scheduling::who::phone_problem(letter.to)))?;
    let own = store::own_words(tx, wording.key).await?;
    let words = wording::fill(own.as_deref().unwrap_or(wording.words), &wording.places, &letter.values).map_err(|why| anyhow::anyhow!("{}: {why}", letter.template))?;
    let words: String = words.chars().take(1000).collect();
    let due_at = may_arrive(wording.hours, letter.is_urgent, letter.at.unwrap_or(tx.now));
    let new = NewMessage {
        key: &letter.key,
        template: wording.key,
        to: &to,
        parts: wording::parts(&words),
        words: &words,
        appointment: letter.appointment.map(|a| a.0),
        starts_at,
        due_at,
    };
    if let Some(message) = store::insert(tx, &new).await? {
        let due = serde_json::to_value(Due { message }).map_err(anyhow::Error::from)?;
        db::job::enqueue(tx, SEND, &due, due_at).await?;
        tx.notify("messages");
    }
    Ok(())
}

/// Sends a message whose hour has come. What it spoke of may be over, the receiver may want no reminders, the month's
/// money may be spent; otherwise the carrier takes it. An error lets the job come back later with the same id.
pub async fn send(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let due: Due = serde_json::from_value(payload)?;
    let message = store::lock(tx, due.message).await?;
    if message.state() != Status::Queued {
        return Ok(());
    }
    let wording = wording::find(&message.template).ok_or_else(|| anyhow::anyhow!("no wording {}", message.template))?;
    let is_reminder = wording.hours == Hours::Day;
    if is_reminder {
        if let (Some(appointment), Some(starts_at)) = (message.appointment_id, message.starts_at)
            && matches!(message.template.as_str(), "appointment.reminder" | "appointment.soon")
        {
            let booking = scheduling::get(tx, AppointmentId(appointment)).await?;
            if booking.status != scheduling::Status::Confirmed || booking.starts_at != starts_at || starts_at <= tx.now {
                store::step(tx, &message, Status::Dropped, "", "Lịch đã đổi").await?;
                return Ok(());
            }
        }
        if store::refuses(tx, &message.to_phone).await? {
            store::step(tx, &message, Status::Dropped, "", "Người nhận không muốn nhận tin nhắc").await?;
            return Ok(());
        }
        let setting = store::setting(tx).await?;
        if let Some(cap) = setting.cap_vnd {
            let spent = store::parts_of_month(tx, base::local_date(tx.now)).await? * setting.price_vnd;
            if spent + i64::from(message.parts) * setting.price_vnd > cap {
                store::step(tx, &message, Status::Held, "", "Đã hết tiền tin nhắn của tháng").await?;
                return Ok(());
            }
        }
    }
    let link = carrier::link().ok_or_else(|| anyhow::anyhow!("nobody carries messages"))?;
    store::remember_route(tx, message.message_id, &message.to_phone).await?;
    match link.carrier.carry(message.message_id, &message.to_phone, &message.words).await {
        Ok(number) => store::step(tx, &message, Status::Sent, &number, "").await?,
        Err(NotCarried::Never(why)) => store::step(tx, &message, Status::Failed, "", &why).await?,
        Err(NotCarried::Later(why)) => anyhow::bail!("the carrier of messages: {why}"),
    };
    Ok(())
}

/// Puts a message that failed or was held on its way again.
pub async fn again(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let message = store::lock(tx, id).await?;
    if !store::step(tx, &message, Status::Queued, "", "").await? {
        return Err(base::Problem::of("Chỉ gửi lại được tin không tới hoặc bị giữ.").into());
    }
    let now = tx.now;
    db::job::enqueue(tx, SEND, &serde_json::to_value(Due { message: id }).map_err(anyhow::Error::from)?, now).await?;
    tx.audit("resend", "message", id, None, Value::Null);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_woken_and_codes_do_not_wait() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 21:08 in Vietnam.
        let evening = at("2026-11-25T14:08:00Z");
        assert_eq!(may_arrive(Hours::Any, false, evening), evening);
        assert_eq!(may_arrive(Hours::Day, true, evening), evening);
        assert_eq!(may_arrive(Hours::Day, false, evening), at("2026-11-26T00:00:00Z"));
        assert_eq!(may_arrive(Hours::Day, false, at("2026-11-25T22:30:00Z")), at("2026-11-26T00:00:00Z"), "half past five");
        assert_eq!(may_arrive(Hours::Day, false, at("2026-11-26T00:00:00Z")), at("2026-11-26T00:00:00Z"));
        assert_eq!(may_arrive(Hours::Day, false, at("2026-11-25T13:59:00Z")), at("2026-11-25T13:59:00Z"));
    }
}
