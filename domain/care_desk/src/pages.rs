//! What the desk sees: the list of calls with one open call, booking for somebody, the line, figures, the doctor's panel.

pub mod calls;
pub mod desk;
pub mod figures;
pub mod new;
pub mod screening;
pub mod settings;

use crate::store::tasks::Task;
use chrono::{DateTime, TimeDelta, Utc};
pub use scheduling::pages::{clock, date, date_of, facts};

/// How urgent a call is at `now`: colour, shape, words. Under a quarter of an hour it warns, over the time it alarms.
pub fn urgency(task: &Task, now: &DateTime<Utc>) -> (&'static str, &'static str, String) {
    if task.ready_at > *now {
        return ("neutral", "clock", format!("gọi lúc {}", moment(&task.ready_at, now)));
    }
    let left = task.due_at - *now;
    match left {
        left if left < TimeDelta::zero() => ("critical", "alert-octagon", format!("quá {}", length(-left))),
        left if left < TimeDelta::minutes(15) => ("warning", "alert-triangle", format!("còn {}", length(left))),
        left if left < TimeDelta::hours(1) => ("waiting", "clock-hour-4", format!("còn {}", length(left))),
        left if left < TimeDelta::hours(12) => ("neutral", "clock", format!("còn {}", length(left))),
        _ => ("neutral", "clock", format!("tới {}", moment(&task.due_at, now))),
    }
}

/// `6 phút`, `2 giờ 05`, `3 ngày`.
fn length(span: TimeDelta) -> String {
    match span.num_minutes() {
        minutes @ ..60 => format!("{} phút", minutes.max(1)),
        minutes @ 60..1440 => format!("{} giờ {:02}", minutes / 60, minutes % 60),
        minutes => format!("{} ngày", minutes / 1440),
    }
}

/// `09:15` today, `09:15 25/11` on another day.
pub fn moment(at: &DateTime<Utc>, now: &DateTime<Utc>) -> String {
    let (day, today) = (base::local_date(*at), base::local_date(*now));
    if day == today { base::show_time(*at) } else { format!("{} {}", base::show_time(*at), &base::show_date(day)[..5]) }
}

/// `0900 000 001`.
pub fn phone(number: &str) -> String {
    match (number.get(..4), number.get(4..7), number.get(7..)) {
        (Some(a), Some(b), Some(c)) => format!("{a} {b} {c}"),
        _ => number.to_owned(),
    }
}

/// `25/11`.
pub fn date_short(day: &chrono::NaiveDate) -> String {
    base::show_date(*day)[..5].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_numbers_are_read_at_a_glance() {
        assert_eq!([30, 360, 7500, 200_000].map(|s| length(TimeDelta::seconds(s))), ["1 phút", "6 phút", "2 giờ 05", "2 ngày"]);
        assert_eq!(phone("0900000001"), "0900 000 001");
        let now: DateTime<Utc> = "2026-11-24T02:00:00Z".parse().unwrap();
        assert_eq!(moment(&(now + TimeDelta::minutes(15)), &now), "09:15");
        assert_eq!(moment(&(now + TimeDelta::days(1)), &now), "09:00 25/11");
    }
}
