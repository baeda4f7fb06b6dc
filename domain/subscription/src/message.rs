//! Messages on their way out. The platform's own (sign-up codes) go without counting; a clinic's count against the
//! monthly allowance of its package, and beyond it nothing is sent. Whoever carries them listens to [`JOB`].

use base::{Problem, local_date, show_date};
use chrono::Datelike;
use db::{Tx, sql};
use organization::package;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::Failure;

/// The name of the job that carries one message.
pub const JOB: &str = "notify.send";

/// One message as it lies in the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: Uuid,
    /// `sms` or `email`.
    pub kind: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// How many parts a text takes on the wire: 70 characters with Vietnamese marks, 160 without, a little less when it
/// takes several (GSM 03.38, 03.40).
pub fn sms_parts(text: &str) -> i32 {
    let plain = text.is_ascii();
    let units = if plain { text.len() } else { text.encode_utf16().count() };
    let (one, each) = if plain { (160, 153) } else { (70, 67) };
    i32::try_from(if units <= one { 1 } else { units.div_ceil(each) }).unwrap_or(i32::MAX)
}

/// Sends for the platform itself.
pub async fn send_for_platform(tx: &mut Tx, message: &Message) -> Result<(), sqlx::Error> {
    let now = tx.now;
    db::job::enqueue(tx, JOB, &serde_json::to_value(message).expect("plain data"), now).await
}

/// Sends for the clinic of the transaction. Refuses when the month's allowance does not hold it any more.
pub async fn send_for_clinic(tx: &mut Tx, message: &Message) -> Result<(), Failure> {
    let day = local_date(tx.now);
    let parts = if message.kind == "sms" { sms_parts(&message.text) } else { 0 };
    if parts > 0 {
        // Two who send at once count one after the other.
        package::lock(tx).await?;
        let facility = tx.facility();
        let standing = package::standing_on(&package::periods(tx.conn(), facility).await?, day);
        let allowed = package::offer_on(&standing.package, day).map_or(0, |offer| offer.sms_per_month);
        let used = sms_used(tx, day).await?;
        if used + i64::from(parts) > allowed {
            let next = day.with_day(1).and_then(|d| d.checked_add_months(chrono::Months::new(1))).unwrap_or(day);
            let text = format!("Đã dùng {used}/{allowed} tin nhắn của tháng nên tin này chưa gửi. Nâng gói, hoặc gửi lại từ {}.", show_date(next));
            return Err(Problem::of(text).into());
        }
    }
    let (facility, now) = (tx.facility().0, tx.now);
    let tail: String = message.to.chars().rev().take(3).collect::<Vec<_>>().into_iter().rev().collect();
    let new = sqlx::query(sql!(
        "INSERT INTO subscription_message (facility_id, message_id, kind, tail, parts, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(message.id)
    .bind(&message.kind)
    .bind(tail)
    .bind(parts.min(20))
    .bind(now)
    .execute(tx.conn())
    .await?;
    if new.rows_affected() == 1 {
        send_for_platform(tx, message).await?;
    }
    Ok(())
}

/// SMS parts the clinic sent in the month of `day`.
pub async fn sms_used(tx: &mut Tx, day: chrono::NaiveDate) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    let first = day.with_day(1).unwrap_or(day);
    sqlx::query_scalar(sql!("SELECT coalesce(sum(parts), 0)::bigint FROM subscription_message WHERE facility_id = $1 AND at >= $2"))
        .bind(facility)
        .bind(base::dates::start_of_day(first))
        .fetch_one(tx.conn())
        .await
}

#[cfg(test)]
mod tests {
    use super::sms_parts;

    #[test]
    fn a_text_with_marks_takes_more_parts() {
        for (text, parts) in [("", 1), ("Ma 123456", 1), (&"a".repeat(160), 1), (&"a".repeat(161), 2), (&"ă".repeat(70), 1), (&"ă".repeat(71), 2), (&"ă".repeat(135), 3)] {
            assert_eq!(sms_parts(text), parts, "{} characters", text.chars().count());
        }
    }
}
