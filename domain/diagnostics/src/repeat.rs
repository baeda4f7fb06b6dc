//! The same service again: a reminder of when it was last done for this person, never a refusal.

use crate::order::Status;
use base::show_date;
use chrono::NaiveDate;

/// The last time the same service was ordered for the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub day: NaiveDate,
    pub status: Status,
    /// Whether it stands in the basket of this very visit.
    pub is_this_visit: bool,
}

/// How a repetition is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// A badge, e.g. "Đã làm 03/11".
    pub badge: String,
    /// A sentence for the check card.
    pub sentence: String,
}

/// Whether ordering `service` on `day` repeats something within `days` days (0 turns the reminder off). What was
/// cancelled does not count; what is in this visit already always does.
pub fn of(service: &str, day: NaiveDate, days: i64, earlier: Option<&Earlier>) -> Option<Repeat> {
    let earlier = earlier.filter(|e| e.status != Status::Cancelled)?;
    if earlier.is_this_visit {
        return Some(Repeat {
            badge: "Đã có trong lượt này".into(),
            sentence: format!("{service} đã có trong lượt khám này. Bỏ một dòng nếu bấm nhầm."),
        });
    }
    let passed = (day - earlier.day).num_days();
    if days <= 0 || passed < 0 || passed > days {
        return None;
    }
    let when = match passed {
        0 => "hôm nay".to_owned(),
        1 => "hôm qua".to_owned(),
        n => format!("{n} ngày trước"),
    };
    let (verb, advice) = match earlier.status {
        Status::Done => ("đã làm", "Xem kết quả cũ trước khi làm lại."),
        _ => ("đã chỉ định", "Lần trước chưa có kết quả."),
    };
    let short = earlier.day.format("%d/%m");
    Some(Repeat {
        badge: format!("{} {short}", if earlier.status == Status::Done { "Đã làm" } else { "Đã chỉ định" }),
        sentence: format!("{service} {verb} ngày {} ({when}). {advice}", show_date(earlier.day)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_repetition_is_told_within_its_days() {
        let today = day("2026-11-24");
        for (last, status, days, badge) in [
            ("2026-11-20", Status::Done, 7, Some("Đã làm 20/11")),
            ("2026-11-17", Status::Done, 7, Some("Đã làm 17/11")),
            ("2026-11-16", Status::Done, 7, None),
            ("2026-11-24", Status::Placed, 7, Some("Đã chỉ định 24/11")),
            ("2026-11-20", Status::Cancelled, 7, None),
            ("2026-11-24", Status::Done, 0, None),
        ] {
            let earlier = Earlier { day: day(last), status, is_this_visit: false };
            let told = of("Đường huyết", today, days, Some(&earlier));
            assert_eq!(told.as_ref().map(|r| r.badge.as_str()), badge, "{last} {status:?} {days}");
        }
        assert_eq!(of("Đường huyết", today, 7, None), None);
    }

    #[test]
    fn twice_in_one_visit_is_always_told() {
        let today = day("2026-11-24");
        let earlier = Earlier { day: today, status: Status::Draft, is_this_visit: true };
        assert!(of("Siêu âm ổ bụng", today, 0, Some(&earlier)).unwrap().sentence.contains("lượt khám này"));
    }
}
