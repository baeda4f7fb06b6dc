//! One line of the day's orders: what, how much, at which hours, for how many days; and the times that follow from it.

use base::{Problems, dates::vietnam};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use uuid::Uuid;

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Drug,
    Infusion,
    /// Something to measure or watch.
    Watch,
    /// Something to do for the patient.
    Care,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Drug, Kind::Infusion, Kind::Watch, Kind::Care];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Drug => "drug",
            Kind::Infusion => "infusion",
            Kind::Watch => "watch",
            Kind::Care => "care",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Kind::Drug => "Thuốc",
            Kind::Infusion => "Truyền dịch",
            Kind::Watch => "Theo dõi",
            Kind::Care => "Chăm sóc, thủ thuật",
        }
    }
    pub fn icon(self) -> &'static str {
        match self {
            Kind::Drug => "pill",
            Kind::Infusion => "droplet",
            Kind::Watch => "activity-heartbeat",
            Kind::Care => "bandage",
        }
    }
    /// Needs the wristband at the bedside, because the wrong patient would be harmed.
    pub fn needs_wristband(self) -> bool {
        matches!(self, Kind::Drug | Kind::Infusion)
    }
}

/// One line as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub id: String,
    pub kind: String,
    pub drug: String,
    pub name: String,
    pub dose: String,
    pub route: String,
    pub quantity: String,
    pub hours: String,
    pub days: String,
    pub note: String,
}

/// One line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: Uuid,
    pub kind: Kind,
    pub drug: Option<Uuid>,
    pub name: String,
    pub dose: String,
    pub route: String,
    /// Dispensing units of one time, in thousandths.
    pub quantity_milli: i64,
    pub unit: String,
    pub note: String,
    /// Minutes after midnight in Vietnam, ascending.
    pub hours: Vec<i32>,
    pub days: u32,
}

/// Reads hours as wards write them: `8, 14, 20`, `8h 20h30`, `6:00 18:00`, `mỗi 6 giờ` (0, 6, 12, 18). Ascending, each
/// once. `None` when something is no hour of the day, or nothing is there.
pub fn read_hours(typed: &str) -> Option<Vec<i32>> {
    let typed = typed.trim().to_lowercase();
    let every = base::fold(&typed);
    if let Some(rest) = every.strip_prefix("moi ") {
        let step: i32 = rest.trim_end_matches("gio").trim_end_matches('h').trim().parse().ok()?;
        return ((1..=24).contains(&step) && 24 % step == 0).then(|| (0..24 / step).map(|n| n * step * 60).collect());
    }
    let mut hours = Vec::new();
    for word in typed.split([',', ';', ' ', '-']).filter(|word| !word.is_empty()) {
        let (hour, minute) = word.split_once(['h', ':', 'g']).unwrap_or((word, ""));
        let hour: i32 = hour.parse().ok()?;
        let minute: i32 = if minute.is_empty() { 0 } else { minute.parse().ok()? };
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
            return None;
        }
        hours.push(hour * 60 + minute);
    }
    hours.sort_unstable();
    hours.dedup();
    (1..=24).contains(&hours.len()).then_some(hours)
}

/// `8h, 20h30`.
pub fn show_hours(hours: &[i32]) -> String {
    let words = hours.iter().map(|m| if m % 60 == 0 { format!("{}h", m / 60) } else { format!("{}h{:02}", m / 60, m % 60) });
    words.collect::<Vec<_>>().join(", ")
}

/// Reads a quantity of dispensing units: `1`, `0,5`, `2.5`; thousandths. `None` for anything else.
pub fn read_quantity(typed: &str) -> Option<i64> {
    let typed = typed.trim().replace('.', ",");
    let (whole, part) = typed.split_once(',').unwrap_or((&typed, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 4 || part.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<3}").parse().ok()
}

/// `2500` → `2,5`.
pub fn show_quantity(milli: i64) -> String {
    let (whole, part) = (milli / 1000, milli % 1000);
    if part == 0 { whole.to_string() } else { format!("{whole},{}", format!("{part:03}").trim_end_matches('0')) }
}

/// The name and unit of a drug of the facility, where the line names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrugName {
    pub id: Uuid,
    pub name: String,
    pub unit: String,
    pub route: String,
}

/// Reads one line of the sheet. `n` is its number, for the names of the fields; `drug` what the facility's list says of
/// the chosen medicine. Refuses a line without a name, hours that are none, a medicine without dose or quantity.
pub fn check(typed: &Typed, n: usize, drug: Option<&DrugName>, problems: &mut Problems) -> Option<Line> {
    let before = problems.0.len();
    let at = |field: &str| format!("line.{n}.{field}");
    let kind = Kind::from_key(&typed.kind).unwrap_or(Kind::Drug);
    let name = drug.map_or_else(|| typed.name.trim().to_owned(), |d| d.name.clone());
    problems.add_if(name.is_empty(), at("name"), "Chưa ghi y lệnh. Gõ tên thuốc hoặc việc cần làm.");
    problems.add_if(name.chars().count() > 300, at("name"), "Y lệnh tối đa 300 ký tự.");
    let is_drug = kind.needs_wristband();
    problems.add_if(is_drug && drug.is_none() && typed.drug.trim() != "", at("name"), "Thuốc này không còn trong danh mục. Chọn lại.");
    problems.add_if(is_drug && typed.dose.trim().is_empty(), at("dose"), "Chưa ghi liều một lần, ví dụ 1 g.");
    problems.add_if(typed.dose.chars().count() > 100, at("dose"), "Liều tối đa 100 ký tự.");
    problems.add_if(typed.note.chars().count() > 500, at("note"), "Ghi chú tối đa 500 ký tự.");
    let hours = read_hours(&typed.hours);
    problems.add_if(hours.is_none(), at("hours"), "Ghi giờ dùng, ví dụ 8h, 20h hoặc mỗi 6 giờ.");
    let days: u32 = if typed.days.trim().is_empty() { 1 } else { typed.days.trim().parse().unwrap_or(0) };
    problems.add_if(!(1..=14).contains(&days), at("days"), "Số ngày từ 1 đến 14. Dùng lâu hơn thì ra y lệnh lại.");
    let quantity = match (drug, typed.quantity.trim()) {
        (None, _) => Some(0),
        (Some(_), "") => Some(1000),
        (Some(_), typed) => read_quantity(typed).filter(|milli| *milli > 0),
    };
    problems.add_if(quantity.is_none(), at("quantity"), "Số lượng một lần là số lớn hơn 0, ví dụ 1 hoặc 0,5.");
    let (Some(hours), Some(quantity_milli)) = (hours, quantity) else { return None };
    (problems.0.len() == before).then(|| Line {
        id: typed.id.parse().unwrap_or_else(|_| Uuid::now_v7()),
        kind,
        drug: drug.map(|d| d.id),
        name,
        dose: typed.dose.trim().into(),
        route: if typed.route.trim().is_empty() { drug.map(|d| d.route.clone()).unwrap_or_default() } else { typed.route.trim().into() },
        quantity_milli,
        unit: drug.map(|d| d.unit.clone()).unwrap_or_default(),
        note: typed.note.trim().into(),
        hours,
        days,
    })
}

/// How long after its hour a time of today still counts as to be done when it is ordered: an order written at 8:20 for 8
/// o'clock is meant for now.
const GRACE: TimeDelta = TimeDelta::minutes(60);

/// The instants at which something is due, from the day of the order on. What lies more than an hour before the order is
/// left out; an order whose hours have all passed today begins tomorrow.
pub fn due_times(hours: &[i32], from_day: NaiveDate, days: u32, ordered_at: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let at = |day: NaiveDate, minutes: i32| {
        let time = day.and_hms_opt(minutes as u32 / 60, minutes as u32 % 60, 0)?;
        time.and_local_timezone(vietnam()).single().map(|local| local.with_timezone(&Utc))
    };
    let begins = |day: NaiveDate| hours.iter().filter_map(|m| at(day, *m)).any(|t| t + GRACE >= ordered_at);
    let first = if begins(from_day) { from_day } else { from_day + Days::new(1) };
    (0..u64::from(days))
        .filter_map(|n| first.checked_add_days(Days::new(n)))
        .flat_map(|day| hours.iter().filter_map(move |m| at(day, *m)).collect::<Vec<_>>())
        .filter(|due| *due + GRACE >= ordered_at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hours_as_wards_write_them() {
        for (typed, read) in [
            ("8, 14, 20", Some(vec![480, 840, 1200])),
            ("20h30 8h", Some(vec![480, 1230])),
            ("6:00 18:00", Some(vec![360, 1080])),
            ("mỗi 6 giờ", Some(vec![0, 360, 720, 1080])),
            ("Mỗi 8h", Some(vec![0, 480, 960])),
            ("8h, 8h", Some(vec![480])),
            ("24h", None),
            ("mỗi 7 giờ", None),
            ("sáng", None),
            ("", None),
        ] {
            assert_eq!(read_hours(typed), read, "{typed}");
        }
        assert_eq!(show_hours(&[480, 1230]), "8h, 20h30");
    }

    #[test]
    fn what_has_passed_today_is_not_asked_for() {
        let day: NaiveDate = "2026-11-24".parse().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 09:30 in Vietnam: the 8 o'clock is gone, 20 o'clock follows.
        assert_eq!(due_times(&[480, 1200], day, 1, at("2026-11-24T02:30:00Z")), [at("2026-11-24T13:00:00Z")]);
        // 08:20: meant for now.
        assert_eq!(due_times(&[480], day, 1, at("2026-11-24T01:20:00Z")), [at("2026-11-24T01:00:00Z")]);
        // 23:30: the order for 8 o'clock begins tomorrow, across midnight.
        assert_eq!(due_times(&[480], day, 2, at("2026-11-24T16:30:00Z")), [at("2026-11-25T01:00:00Z"), at("2026-11-26T01:00:00Z")]);
    }

    proptest! {
        #[test]
        fn every_time_is_later_than_an_hour_before_the_order(
            hours in proptest::collection::btree_set(0i32..1440, 1..6),
            days in 1u32..=14,
            minute in 0i64..1440,
        ) {
            let day: NaiveDate = "2026-11-24".parse().unwrap();
            let ordered = base::dates::start_of_day(day) + TimeDelta::minutes(minute);
            let hours: Vec<i32> = hours.into_iter().collect();
            let due = due_times(&hours, day, days, ordered);
            prop_assert!(due.iter().all(|t| *t + GRACE >= ordered));
            prop_assert!(due.len() <= hours.len() * days as usize);
            prop_assert!(!due.is_empty());
            prop_assert!(due.windows(2).all(|w| w[0] < w[1]));
        }

        #[test]
        fn quantities_read_as_they_are_shown(milli in 0i64..9_999_999) {
            prop_assert_eq!(read_quantity(&show_quantity(milli)), Some(milli));
        }
    }
}
