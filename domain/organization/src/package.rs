//! What a clinic buys: the packages with their features, prices and terms as dated data, and how a clinic stands on a
//! day by the rows it bought. The one reader of packages: the guard, the menus, the customer's own page and the
//! operator's desk all ask here.
//!
//! Start reading at [`standing_on`].

mod offer;
mod store;

pub use offer::*;
pub use store::*;

use base::show_date;
use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

/// How a stretch of use came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Trial,
    Paid,
    Contract,
    /// The clinic left: its data stay, the use ends.
    Closed,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::Trial => "trial",
            Kind::Paid => "paid",
            Kind::Contract => "contract",
            Kind::Closed => "closed",
        }
    }
    pub fn from_key(key: &str) -> Kind {
        match key {
            "trial" => Kind::Trial,
            "paid" => Kind::Paid,
            "closed" => Kind::Closed,
            _ => Kind::Contract,
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Kind::Trial => "Dùng thử",
            Kind::Paid => "Đã trả tiền",
            Kind::Contract => "Theo hợp đồng",
            Kind::Closed => "Đã ngừng",
        }
    }
}

/// One row of what was bought: from `from` on it is `package`, until `to` (the last day) or until a later row begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub seq: i32,
    pub package: String,
    pub kind: Kind,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub reason: String,
}

/// Where a clinic is in its life as a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Trial,
    Active,
    /// The last days of what was bought.
    Warning,
    /// Run out, everything still works.
    Grace,
    /// Everything can be read and taken along, nothing written.
    ReadOnly,
    Closed,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Trial => "Đang dùng thử",
            State::Active => "Đang dùng",
            State::Warning => "Sắp hết hạn",
            State::Grace => "Quá hạn, còn dùng được",
            State::ReadOnly => "Chỉ xem",
            State::Closed => "Đã ngừng",
        }
    }
    /// Kind and icon of its badge.
    pub fn look(self) -> (&'static str, &'static str) {
        match self {
            State::Trial => ("info", "info-circle"),
            State::Active => ("done", "circle-check"),
            State::Warning => ("warning", "clock-hour-4"),
            State::Grace => ("warning", "alert-triangle"),
            State::ReadOnly => ("critical", "lock"),
            State::Closed => ("neutral", "lock"),
        }
    }
}

/// How a clinic stands on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// The package whose features it has; empty when it never bought one.
    pub package: String,
    pub kind: Kind,
    /// Since when this package holds.
    pub since: Option<NaiveDate>,
    /// The last day that was bought; `None` is open-ended.
    pub last_day: Option<NaiveDate>,
    /// The last day on which things can be written.
    pub writes_until: Option<NaiveDate>,
}

impl Standing {
    /// Whether anything may be written besides what the law demands.
    pub fn may_write(&self) -> bool {
        !matches!(self.state, State::ReadOnly | State::Closed)
    }

    /// The sentence for the strip above the work; `None` when there is nothing to tell.
    pub fn notice(&self, today: NaiveDate) -> Option<String> {
        let name = name_of(&self.package);
        let last = self.last_day.map(show_date).unwrap_or_default();
        match self.state {
            State::Active | State::Trial => None,
            State::Warning => {
                let left = self.last_day.map_or(0, |day| (day - today).num_days());
                let what = if self.kind == Kind::Trial { "Thời gian dùng thử" } else { "Gói" };
                Some(match left {
                    0 => format!("{what} {name} hết hạn sau hôm nay."),
                    left => format!("{what} {name} dùng đến hết ngày {last}, còn {left} ngày."),
                })
            }
            State::Grace => {
                let until = self.writes_until.map(show_date).unwrap_or_default();
                Some(format!("Gói {name} đã hết hạn ngày {last}. Gia hạn trước hết ngày {until}, sau đó chỉ còn xem được."))
            }
            State::ReadOnly => Some(format!("Gói {name} đã hết hạn ngày {last}: chỉ xem và tải dữ liệu về được.")),
            State::Closed => Some("Cơ sở đã ngừng dùng: chỉ xem gói và tải dữ liệu về được.".into()),
        }
    }
}

/// The row that holds on a day: the newest of those that have begun.
pub fn period_on(periods: &[Period], day: NaiveDate) -> Option<&Period> {
    periods.iter().filter(|p| p.from <= day).max_by_key(|p| p.seq)
}

/// How a clinic with these rows stands on a day (Vietnam's calendar). A function of rows and day alone, so that a past
/// day asked again gives the same answer. A clinic without a row that has begun is closed.
pub fn standing_on(periods: &[Period], day: NaiveDate) -> Standing {
    let Some(row) = period_on(periods, day) else {
        return Standing { state: State::Closed, package: String::new(), kind: Kind::Closed, since: None, last_day: None, writes_until: None };
    };
    let writes_until = row.to.map(|last| last + TimeDelta::days(term("grace_days", last)));
    let state = match (row.kind, row.to, writes_until) {
        (Kind::Closed, _, _) => State::Closed,
        (_, Some(last), Some(until)) if day > last => {
            if day <= until { State::Grace } else { State::ReadOnly }
        }
        (_, Some(last), _) if (last - day).num_days() < term("warning_days", day) => State::Warning,
        (Kind::Trial, _, _) => State::Trial,
        _ => State::Active,
    };
    Standing { state, package: row.package.clone(), kind: row.kind, since: Some(row.from), last_day: row.to, writes_until }
}

/// The last day that is bought already, however many rows it takes: where a renewal begins. `None` when open-ended.
pub fn bought_until(periods: &[Period]) -> Option<NaiveDate> {
    let newest = periods.iter().max_by_key(|p| p.seq)?;
    newest.to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(seq: i32, package: &str, kind: Kind, from: &str, to: &str) -> Period {
        Period { seq, package: package.into(), kind, from: day(from), to: (!to.is_empty()).then(|| day(to)), reason: String::new() }
    }

    #[test]
    fn a_paid_month_goes_from_active_to_read_only_by_the_calendar() {
        let month = [row(1, "BASIC", Kind::Paid, "2026-01-31", "2026-02-28")];
        for (on, state) in [
            ("2026-01-30", State::Closed),
            ("2026-01-31", State::Active),
            ("2026-02-21", State::Active),
            ("2026-02-22", State::Warning),
            ("2026-02-28", State::Warning),
            ("2026-03-01", State::Grace),
            ("2026-03-07", State::Grace),
            ("2026-03-08", State::ReadOnly),
            ("2027-03-08", State::ReadOnly),
        ] {
            assert_eq!(standing_on(&month, day(on)).state, state, "{on}");
        }
    }

    #[test]
    fn a_trial_tells_itself_and_warns_like_any_other_period() {
        let trial = [row(1, "STANDARD", Kind::Trial, "2026-11-24", "2026-12-07")];
        assert_eq!(standing_on(&trial, day("2026-11-30")).state, State::Trial);
        assert_eq!(standing_on(&trial, day("2026-12-01")).state, State::Warning);
        let last = standing_on(&trial, day("2026-12-07"));
        assert_eq!(last.notice(day("2026-12-07")).unwrap(), "Thời gian dùng thử STANDARD hết hạn sau hôm nay.");
        assert!(last.may_write());
        assert_eq!(last.writes_until, Some(day("2026-12-14")));
    }

    #[test]
    fn later_rows_take_over_from_their_first_day() {
        let life = [
            row(1, "BASIC", Kind::Trial, "2026-11-01", "2026-11-14"),
            row(2, "BASIC", Kind::Paid, "2026-11-15", "2026-12-14"),
            row(3, "STANDARD", Kind::Paid, "2026-11-20", "2026-12-14"),
        ];
        assert_eq!(standing_on(&life, day("2026-11-14")).package, "BASIC");
        assert_eq!(standing_on(&life, day("2026-11-19")).package, "BASIC");
        assert_eq!(standing_on(&life, day("2026-11-20")).package, "STANDARD");
        assert_eq!(bought_until(&life), Some(day("2026-12-14")));
        // Renewed late: the gap stays what it was.
        let late = [row(1, "BASIC", Kind::Paid, "2026-01-01", "2026-01-31"), row(2, "BASIC", Kind::Paid, "2026-03-01", "2026-03-31")];
        assert_eq!(standing_on(&late, day("2026-02-20")).state, State::ReadOnly);
        assert_eq!(standing_on(&late, day("2026-03-01")).state, State::Active);
    }

    #[test]
    fn a_contract_without_an_end_never_warns_and_a_closed_clinic_keeps_only_duties() {
        let open = [row(1, "PREMIUM2", Kind::Contract, "2026-01-01", "")];
        assert_eq!(standing_on(&open, day("2036-01-01")).state, State::Active);
        let closed = [open[0].clone(), row(2, "PREMIUM2", Kind::Closed, "2026-06-01", "")];
        let standing = standing_on(&closed, day("2026-06-01"));
        assert_eq!(standing.state, State::Closed);
        assert_eq!(features_on(&standing), duties());
        assert!(!standing.may_write());
    }

    #[test]
    fn the_day_turns_at_midnight_in_vietnam() {
        let month = [row(1, "BASIC", Kind::Paid, "2026-11-01", "2026-11-30")];
        let on = |at: &str| standing_on(&month, base::local_date(at.parse().unwrap())).state;
        assert_eq!(on("2026-11-30T16:59:59Z"), State::Warning);
        assert_eq!(on("2026-11-30T17:00:00Z"), State::Grace);
        assert_eq!(on("2026-12-07T16:59:59Z"), State::Grace);
        assert_eq!(on("2026-12-07T17:00:00Z"), State::ReadOnly);
    }
}
