//! One invented person, whole and always the same for the same number.

use super::Plan;
use super::address::{Address, Addresses};
use super::chance::{Chance, Weighted};
use super::names::Names;
use anyhow::Result;
use base::Age;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use codes::CatalogueFiles;
use uuid::Uuid;

/// Shares of five-year age groups in percent, youngest first, near those of the census of 2019 carried to 2026.
const AGE_GROUPS: [f64; 18] =
    [7.6, 8.0, 7.9, 7.0, 6.7, 7.4, 8.3, 8.0, 7.2, 6.5, 5.8, 5.4, 4.7, 3.8, 2.6, 1.5, 0.9, 0.7];

/// Codes that no province of birth registration has: real citizen numbers never begin with them.
const UNGIVEN_PROVINCES: [u64; 12] = [97, 98, 99, 3, 5, 7, 9, 13, 16, 18, 21, 23];

/// Drugs that people say they react to.
const ALLERGENS: [(&str, &str, &str); 8] = [
    ("Penicilin", "drug_class", "penicillin"),
    ("Amoxicilin", "drug", ""),
    ("Sulfamethoxazol", "drug", ""),
    ("Aspirin", "drug", ""),
    ("Diclofenac", "drug", ""),
    ("Hải sản", "food", ""),
    ("Đậu phộng", "food", ""),
    ("Cefuroxim", "drug", ""),
];
const REACTIONS: [&str; 5] = ["Nổi mề đay", "Ngứa, đỏ da", "Phù mặt", "Khó thở", "Buồn nôn"];

/// An allergy that the person reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allergy {
    pub substance: &'static str,
    pub kind: &'static str,
    pub class_code: &'static str,
    pub reaction: &'static str,
    pub severity: &'static str,
}

/// Somebody who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub record_seq: u64,
    pub name: String,
    pub birth: NaiveDate,
    pub female: bool,
    /// "" when the person has none.
    pub phone: String,
    pub cccd: String,
    pub ethnic_code: &'static str,
    pub occupation: &'static str,
    pub address: Address,
    /// Fifteen characters, or "" without insurance.
    pub card_no: String,
    pub guardian: Option<String>,
    pub allergy: Option<Allergy>,
    /// Has an illness that brings them back every month.
    pub is_chronic: bool,
    pub registered_at: DateTime<Utc>,
}

impl Person {
    pub fn sex(&self) -> &'static str {
        if self.female { "female" } else { "male" }
    }

    pub fn age(&self, on: NaiveDate) -> Age {
        Age::on(self.birth, on)
    }
}

/// Everybody of one run: person number 0 to `count`, registered one after the other.
pub struct Crowd {
    names: Names,
    addresses: Addresses,
    ages: Weighted<i64>,
    seed: u64,
    facility: u64,
    first_record: u64,
    pub count: u64,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Crowd {
    pub fn new(files: &CatalogueFiles, plan: &Plan, first_record: u64, from: DateTime<Utc>) -> Result<Crowd> {
        Ok(Crowd {
            names: Names::read(files)?,
            addresses: Addresses::read(files)?,
            ages: Weighted::new(AGE_GROUPS.iter().enumerate().map(|(i, share)| (i as i64 * 5, *share))),
            seed: plan.seed_from(first_record),
            facility: plan.facility.0.unsigned_abs().into(),
            first_record,
            count: plan.people,
            from,
            to: plan.now - TimeDelta::hours(12),
        })
    }

    /// When person number `index` first came.
    pub fn registered_at(&self, index: u64) -> DateTime<Utc> {
        let span = (self.to - self.from).num_milliseconds();
        self.from + TimeDelta::milliseconds((span as i128 * index as i128 / self.count.max(1) as i128) as i64)
    }

    /// How many had been registered at an instant.
    pub fn known_at(&self, at: DateTime<Utc>) -> u64 {
        let span = (self.to - self.from).num_milliseconds().max(1);
        let passed = (at - self.from).num_milliseconds().clamp(0, span);
        (passed as u128 * self.count as u128 / span as u128) as u64
    }

    pub fn person(&self, index: u64) -> Person {
        // Record numbers go on from run to run, so a second run invents other people.
        let record_seq = self.first_record + index;
        let mut chance = Chance::of(self.seed, record_seq);
        let registered_at = self.registered_at(index);
        let at_ms = registered_at.timestamp_millis();
        let female = chance.percent(52);
        let age_days = (self.ages.pick(&mut chance) * 365 + chance.between(3, 1_825)) as u64;
        let birth = registered_at.date_naive().checked_sub_days(Days::new(age_days)).unwrap_or(NaiveDate::MIN);
        let years = (age_days / 365) as i64;
        let name = self.names.name(&mut chance, female, birth.year());
        let has_phone = years >= 15 || chance.percent(70);
        let phone = if has_phone { format!("057{:07}", chance.below(10_000_000)) } else { String::new() };
        let ethnic_code = match chance.below(100) {
            0..88 => "01",
            88..98 => "05",
            _ => "04",
        };
        let guardian = (years < 15)
            .then(|| self.names.relative(&mut chance, &name, chance_of_mother(record_seq), birth.year() - 28));
        Person {
            patient_id: chance.id(at_ms),
            person_id: chance.id(at_ms),
            record_seq,
            cccd: if years >= 14 || chance.percent(20) { self.citizen_number(record_seq, birth, female) } else { String::new() },
            card_no: if chance.percent(88) { card_number(&mut chance, years, record_seq) } else { String::new() },
            occupation: occupation(&mut chance, years),
            address: self.addresses.address(&mut chance),
            allergy: chance.percent(5).then(|| allergy(&mut chance)),
            is_chronic: years >= 40 && chance.percent((years as u64).min(70)),
            name,
            birth,
            female,
            phone,
            ethnic_code,
            guardian,
            registered_at,
        }
    }

    /// Twelve digits built as the real ones are, under a province that was never given out. Unique per facility for
    /// the first million records of each such province.
    fn citizen_number(&self, record_seq: u64, birth: NaiveDate, female: bool) -> String {
        let million = record_seq / 1_000_000;
        let province = UNGIVEN_PROVINCES[((self.facility + million * 5) % UNGIVEN_PROVINCES.len() as u64) as usize];
        let century = ((birth.year() - 1900) / 100).clamp(0, 4) * 2 + i32::from(female);
        format!("{province:03}{century}{:02}{:06}", birth.year().rem_euclid(100), record_seq % 1_000_000)
    }
}

/// Mothers bring children more often than fathers.
fn chance_of_mother(record_seq: u64) -> bool {
    !record_seq.is_multiple_of(4)
}

/// Group and benefit by age, a province digit pair that no card has, and a social-insurance number of our own.
fn card_number(chance: &mut Chance, years: i64, record_seq: u64) -> String {
    let group = match years {
        0..6 => "TE1",
        6..18 => "HS4",
        60.. if chance.percent(40) => "HT3",
        80.. => "BT2",
        _ => match chance.below(10) {
            0..5 => "GD4",
            5..8 => "DN4",
            8 => "HN2",
            _ => "CN3",
        },
    };
    format!("{group}00{:010}", 9_000_000_000 + record_seq % 1_000_000_000)
}

fn occupation(chance: &mut Chance, years: i64) -> &'static str {
    let usual: &[&str] = match years {
        0..6 => &["Trẻ em"],
        6..18 => &["Học sinh"],
        18..23 if chance.percent(60) => &["Sinh viên"],
        60.. => &["Hưu trí", "Nông dân", "Hết tuổi lao động", "Nội trợ"],
        _ => &[
            "Nông dân", "Công nhân", "Nội trợ", "Buôn bán", "Giáo viên", "Nhân viên văn phòng", "Tài xế", "Thợ hồ",
            "Thợ may", "Lao động tự do",
        ],
    };
    chance.word(usual)
}

fn allergy(chance: &mut Chance) -> Allergy {
    let (substance, kind, class_code) = *chance.pick(&ALLERGENS);
    Allergy {
        substance,
        kind,
        class_code,
        reaction: chance.word(&REACTIONS),
        severity: chance.word(&["mild", "mild", "moderate", "severe"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::FacilityId;
    use std::collections::HashSet;

    fn crowd(count: u64) -> Crowd {
        let now: DateTime<Utc> = "2026-11-24T02:00:00Z".parse().unwrap();
        let plan = Plan { facility: FacilityId(1), people: count, visits: 0, seed: 42, now };
        Crowd::new(&CatalogueFiles::Embedded, &plan, 1, now - Days::new(1095)).unwrap()
    }

    #[test]
    fn the_same_number_is_the_same_person() {
        let crowd = crowd(1_000);
        assert_eq!(crowd.person(77), crowd.person(77));
        assert_ne!(crowd.person(77).name, crowd.person(78).name);
    }

    #[test]
    fn people_look_like_people() {
        let crowd = crowd(5_000);
        let everybody: Vec<Person> = (0..5_000).map(|i| crowd.person(i)).collect();
        let today = crowd.to.date_naive();
        let children = everybody.iter().filter(|p| p.age(today).years < 15).count();
        assert!((900..1_400).contains(&children), "{children}");
        assert!(everybody.iter().all(|p| p.birth < p.registered_at.date_naive() && p.age(today).years < 100));
        assert!(everybody.iter().all(|p| p.age(p.registered_at.date_naive()).years >= 6 || p.guardian.is_some()));
        let numbers: Vec<&str> = everybody.iter().map(|p| p.cccd.as_str()).filter(|n| !n.is_empty()).collect();
        assert!(numbers.iter().all(|n| n.len() == 12 && n.starts_with("098")), "{numbers:?}");
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        assert!(everybody.iter().all(|p| p.card_no.is_empty() || p.card_no.len() == 15));
        let ids: HashSet<Uuid> = everybody.iter().flat_map(|p| [p.patient_id, p.person_id]).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn people_come_one_after_the_other() {
        let crowd = crowd(100);
        assert!((1..100).all(|i| crowd.registered_at(i) > crowd.registered_at(i - 1)));
        assert_eq!(crowd.known_at(crowd.from), 0);
        assert_eq!(crowd.known_at(crowd.to), 100);
        assert_eq!(crowd.known_at(crowd.registered_at(50)), 50);
    }
}
