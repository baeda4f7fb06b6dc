//! How many bed days a stay has, from the hours it lasted: a rule with dates in `bed_day_rules.tsv`, because the ministry
//! and the price lists change it.

use base::dates::start_of_day;
use base::local_date;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The rule in force from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub valid_from: NaiveDate,
    /// Shorter stays have no bed day.
    pub min_minutes: i64,
    /// Up to this a stay that crosses midnight is one day.
    pub one_day_minutes: i64,
    /// The day of leaving counts when the patient got worse, died or was sent on.
    pub counts_last_day: bool,
    /// A bed of a day with more than two wards counts only from this on.
    pub part_minutes: i64,
}

const RULES: &str = include_str!("bed_day_rules.tsv");

/// The rule of a day. The first rule holds for all days before it.
pub fn rule_on(day: NaiveDate) -> Rule {
    let rules: Vec<Rule> = organization::seed::rows(RULES).filter_map(|row| {
        let number = |name: &str| row.get(name)?.parse::<i64>().ok();
        Some(Rule {
            valid_from: row.get("valid_from")?.parse().ok()?,
            min_minutes: number("min_minutes")?,
            one_day_minutes: number("one_day_minutes")?,
            counts_last_day: row.get("counts_last_day") == Some(&"yes"),
            part_minutes: number("part_minutes")?,
        })
    }).collect();
    rules.iter().rev().find(|r| r.valid_from <= day).or(rules.first()).copied().unwrap_or(Rule {
        valid_from: NaiveDate::MIN,
        min_minutes: 240,
        one_day_minutes: 1440,
        counts_last_day: true,
        part_minutes: 240,
    })
}

/// A time in one bed; open ends are cut by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lying {
    pub bed: Uuid,
    pub ward: Uuid,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A part of a day in one bed, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BedDay {
    pub day: NaiveDate,
    pub bed: Uuid,
    pub milli: i64,
}

/// The bed days from admission to leaving. `is_hard_end`: the patient died, got worse, was sent to another hospital or
/// taken home to die, so that the last day counts. Days in no bed (waiting in a corridor) have none. Gaps and overlaps of
/// `places` do not matter; each day sums to exactly one or is absent.
pub fn count(places: &[Lying], admitted: DateTime<Utc>, left: DateTime<Utc>, is_hard_end: bool, rule: &Rule) -> Vec<BedDay> {
    let minutes = (left - admitted).num_minutes();
    if minutes < rule.min_minutes || places.is_empty() {
        return Vec::new();
    }
    let (first, last) = (local_date(admitted), local_date(left));
    if first == last || minutes <= rule.one_day_minutes {
        return share(places, admitted, left, first, rule);
    }
    let mut days = Vec::new();
    let mut day = first;
    while day < last {
        days.extend(share(places, start_of_day(day), start_of_day(next(day)), day, rule));
        day = next(day);
    }
    if is_hard_end && rule.counts_last_day {
        days.extend(share(places, start_of_day(last), left, last, rule));
    }
    days
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// One day shared among the wards in which the patient lay between two instants: two wards have half each, of more than
/// two only those with enough time; in each ward the bed that was used longest stands for it.
fn share(places: &[Lying], from: DateTime<Utc>, to: DateTime<Utc>, day: NaiveDate, rule: &Rule) -> Vec<BedDay> {
    // Ward → (minutes in all, minutes by bed); a map by id keeps the same answer for the same places.
    let mut wards: BTreeMap<Uuid, BTreeMap<Uuid, i64>> = BTreeMap::new();
    for place in places {
        let seconds = (place.to.min(to) - place.from.max(from)).num_seconds();
        if seconds > 0 {
            *wards.entry(place.ward).or_default().entry(place.bed).or_default() += seconds;
        }
    }
    let mut parts: Vec<(i64, Uuid)> = wards
        .values()
        .filter_map(|beds| beds.iter().max_by_key(|(bed, seconds)| (**seconds, **bed)).map(|(bed, _)| (beds.values().sum(), *bed)))
        .collect();
    parts.sort_by_key(|(seconds, bed)| (std::cmp::Reverse(*seconds), *bed));
    if parts.len() > 2 {
        let enough = TimeDelta::minutes(rule.part_minutes).num_seconds();
        let kept = parts.iter().filter(|(seconds, _)| *seconds >= enough).count().max(1);
        parts.truncate(kept);
    }
    let n = parts.len() as i64;
    parts
        .into_iter()
        .enumerate()
        .map(|(place, (_, bed))| BedDay { day, bed, milli: 1000 / n + if place == 0 { 1000 % n } else { 0 } })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+07:00").parse().unwrap()
    }
    fn bed(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }
    fn lying(ward: u128, from: &str, to: &str) -> Lying {
        Lying { bed: bed(100 + ward), ward: bed(ward), from: at(from), to: at(to) }
    }
    fn sum(places: &[Lying], hard: bool) -> i64 {
        let (from, to) = (places[0].from, places.last().unwrap().to);
        count(places, from, to, hard, &rule_on("2026-11-24".parse().unwrap())).iter().map(|d| d.milli).sum()
    }

    #[test]
    fn days_as_the_rule_counts_them() {
        for (from, to, hard, milli, why) in [
            ("2026-11-24T08:00:00", "2026-11-24T11:59:00", false, 0, "under four hours"),
            ("2026-11-24T08:00:00", "2026-11-24T12:00:00", false, 1000, "four hours on one day"),
            ("2026-11-24T22:00:00", "2026-11-25T01:00:00", false, 0, "three hours across midnight"),
            ("2026-11-24T22:00:00", "2026-11-25T09:00:00", false, 1000, "a night is one day, not two"),
            ("2026-11-24T20:00:00", "2026-11-26T10:00:00", false, 2000, "leaving day not counted"),
            ("2026-11-24T20:00:00", "2026-11-26T10:00:00", true, 3000, "died: leaving day counted"),
            ("2026-10-31T08:00:00", "2026-11-03T08:00:00", false, 3000, "across a month"),
        ] {
            assert_eq!(sum(&[lying(1, from, to)], hard), milli, "{why}");
        }
    }

    #[test]
    fn two_wards_in_a_day_have_half_each() {
        let places = [lying(1, "2026-11-24T08:00:00", "2026-11-25T15:00:00"), lying(2, "2026-11-25T15:00:00", "2026-11-26T09:00:00")];
        let days = count(&places, places[0].from, places[1].to, false, &rule_on("2026-11-24".parse().unwrap()));
        assert_eq!(days, [
            BedDay { day: "2026-11-24".parse().unwrap(), bed: bed(101), milli: 1000 },
            BedDay { day: "2026-11-25".parse().unwrap(), bed: bed(101), milli: 500 },
            BedDay { day: "2026-11-25".parse().unwrap(), bed: bed(102), milli: 500 },
        ]);
    }

    #[test]
    fn of_three_wards_only_those_with_four_hours_count() {
        let places = [
            lying(1, "2026-11-24T00:00:00", "2026-11-25T02:00:00"),
            lying(2, "2026-11-25T02:00:00", "2026-11-25T12:00:00"),
            lying(3, "2026-11-25T12:00:00", "2026-11-26T09:00:00"),
        ];
        let days = count(&places, places[0].from, places[2].to, false, &rule_on("2026-11-24".parse().unwrap()));
        let second: Vec<(Uuid, i64)> = days.iter().filter(|d| d.day == "2026-11-25".parse().unwrap()).map(|d| (d.bed, d.milli)).collect();
        assert_eq!(second, [(bed(103), 500), (bed(102), 500)]);
    }

    proptest! {
        #[test]
        fn every_day_sums_to_one(cuts in proptest::collection::btree_set(1i64..14_400, 1..8), hard in any::<bool>()) {
            let start = at("2026-11-24T00:00:00");
            let cuts: Vec<i64> = cuts.into_iter().collect();
            let mut from = start;
            let places: Vec<Lying> = cuts.iter().enumerate().map(|(n, cut)| {
                let to = start + TimeDelta::minutes(*cut);
                let lying = Lying { bed: bed(n as u128 + 1), ward: bed(n as u128 % 4), from, to };
                from = to;
                lying
            }).collect();
            let days = count(&places, start, from, hard, &rule_on("2026-11-24".parse().unwrap()));
            let mut sums: BTreeMap<NaiveDate, i64> = BTreeMap::new();
            for day in &days { *sums.entry(day.day).or_default() += day.milli; prop_assert!(day.milli > 0); }
            prop_assert!(sums.values().all(|milli| *milli == 1000));
            let nights = (local_date(from) - local_date(start)).num_days();
            prop_assert!(sums.len() as i64 <= nights + 1);
        }
    }
}
