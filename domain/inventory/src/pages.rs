//! What people see of the stores: balances, an item, its card, a lot and its recall, warnings, the stores themselves.

pub mod alerts;
pub mod balance;
pub mod card;
pub mod controlled;
pub mod document;
pub mod documents;
pub mod item;
pub mod lot;
pub mod openings;
pub mod paper;
pub mod scan;
pub mod stocktake;
pub mod stores;
pub mod suppliers;
pub mod turnover;

use base::{Vnd, local_date, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};

/// A quantity of a row, for templates.
pub(crate) fn quantity(milli: &i64) -> String {
    crate::item::show_quantity(milli)
}

/// A day of a row, for templates.
pub(crate) fn day(day: &NaiveDate) -> String {
    show_date(*day)
}

/// `09:41 22/11/2026`, for templates.
pub(crate) fn moment(at: &DateTime<Utc>) -> String {
    format!("{} {}", show_time(*at), show_date(local_date(*at)))
}

/// An amount of a row, for templates.
pub(crate) fn vnd(amount: &i64) -> Vnd {
    Vnd(*amount)
}

/// A coloured word beside an expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub kind: &'static str,
    pub icon: &'static str,
    pub word: String,
}

/// How urgent an expiry is; nothing while there is time.
pub(crate) fn expiry_badge(expires: NaiveDate, blocked: bool, today: NaiveDate, near_days: i64) -> Option<Badge> {
    let days = (expires - today).num_days();
    let (kind, icon, word) = match () {
        () if blocked => ("critical", "lock", "Đang khóa".to_owned()),
        () if days < 0 => ("critical", "alert-octagon", "Hết hạn".to_owned()),
        () if days == 0 => ("warning", "alert-triangle", "Hết hạn hôm nay".to_owned()),
        () if days <= near_days => ("warning", "alert-triangle", format!("Còn {days} ngày")),
        () => return None,
    };
    Some(Badge { kind, icon, word })
}

#[cfg(test)]
mod tests {
    use super::expiry_badge;

    #[test]
    fn the_badge_says_what_is_most_urgent() {
        let today = "2026-11-24".parse().unwrap();
        let word = |expires: &str, blocked| expiry_badge(expires.parse().unwrap(), blocked, today, 90).map(|b| b.word);
        assert_eq!(word("2026-11-23", true).as_deref(), Some("Đang khóa"));
        assert_eq!(word("2026-11-23", false).as_deref(), Some("Hết hạn"));
        assert_eq!(word("2026-11-24", false).as_deref(), Some("Hết hạn hôm nay"));
        assert_eq!(word("2027-01-31", false).as_deref(), Some("Còn 68 ngày"));
        assert_eq!(word("2027-06-30", false), None);
    }
}
