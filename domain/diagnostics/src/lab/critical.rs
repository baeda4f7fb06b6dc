//! The call about a critical value: who called, whom, that it was read back, and when. Without it nothing is released.

use base::Problems;
use base::dates::start_of_day;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

/// What was typed about the call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallForm {
    /// The id that the page made.
    pub id: String,
    /// Who was told, e.g. "BS. Lê Hoàng Phúc".
    pub told: String,
    /// "1" when the other side read the value back.
    pub read_back: String,
    /// `09:41`; empty = now.
    pub time: String,
    pub note: String,
}

/// A call as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub told: String,
    pub called_at: DateTime<Utc>,
    pub note: String,
}

/// Reads the form. Refuses a missing name, a value that was not read back, and a time that is to come or longer ago
/// than a day. A time later than now is one of yesterday evening when the clock has just passed midnight.
pub fn check(form: &CallForm, now: DateTime<Utc>) -> Result<Call, Problems> {
    let mut problems = Problems::none();
    let line = |typed: &str| typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let (told, note) = (line(&form.told), line(&form.note));
    problems.add_if(told.chars().count() < 2, "told", "Ghi tên người nghe, ví dụ “BS. Lê Hoàng Phúc”.");
    problems.add_if(told.chars().count() > 120, "told", "Tên người nghe dài quá 120 ký tự.");
    problems.add_if(note.chars().count() > 300, "note", "Ghi chú dài quá 300 ký tự.");
    problems.add_if(
        form.read_back != "1",
        "read_back",
        "Người nghe phải đọc lại tên người bệnh và giá trị; đánh dấu khi đã nghe đọc lại đúng.",
    );
    let called_at = match form.time.trim() {
        "" => Some(now),
        typed => NaiveTime::parse_from_str(typed, "%H:%M").ok().and_then(|time| {
            let since_midnight = time.signed_duration_since(NaiveTime::MIN);
            let today = start_of_day(base::local_date(now)) + since_midnight;
            // A minute of grace: two clocks are never the same.
            let grace = now + TimeDelta::minutes(1);
            [today, today - TimeDelta::days(1)].into_iter().find(|at| *at <= grace && now.signed_duration_since(*at) <= TimeDelta::hours(12))
        }),
    };
    problems.add_if(
        called_at.is_none(),
        "time",
        "Giờ gọi ghi như 09:41, trong 12 giờ qua và không ở tương lai.",
    );
    problems.or(Call { told, called_at: called_at.unwrap_or(now), note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_the_listener_and_was_read_back() {
        // 00:10 in Vietnam on 25 November.
        let now: DateTime<Utc> = "2026-11-24T17:10:00Z".parse().unwrap();
        let form = |told: &str, read_back: &str, time: &str| CallForm {
            told: told.into(),
            read_back: read_back.into(),
            time: time.into(),
            ..CallForm::default()
        };
        assert_eq!(check(&form(" BS.  Phúc", "1", ""), now).unwrap(), Call { told: "BS. Phúc".into(), called_at: now, note: String::new() });
        let before_midnight = check(&form("BS. Phúc", "1", "23:55"), now).unwrap();
        assert_eq!(before_midnight.called_at, "2026-11-24T16:55:00Z".parse::<DateTime<Utc>>().unwrap());
        for (told, read_back, time, field) in [
            ("", "1", "", "told"),
            ("BS. Phúc", "", "", "read_back"),
            ("BS. Phúc", "1", "25:00", "time"),
            ("BS. Phúc", "1", "09:00", "time"),
            ("BS. Phúc", "1", "x", "time"),
        ] {
            assert!(!check(&form(told, read_back, time), now).unwrap_err().at(field).is_empty(), "{told} {time}");
        }
    }
}
