//! One invented visit: why the person came, what was measured, found, ordered and prescribed, and what it cost.

use super::chance::{Chance, Weighted};
use super::clinic::{Clinic, Drug, Service, price_on};
use super::names::rows;
use super::person::Person;
use anyhow::Result;
use base::local_time;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use codes::CatalogueFiles;
use medication::dose::sentence;
use medication::line::{self, Line};
use std::collections::HashMap;
use uuid::Uuid;

/// An illness that brings people to a clinic.
#[derive(Clone, Debug)]
struct Illness {
    code: String,
    name: String,
    sex: String,
    ages: std::ops::RangeInclusive<i32>,
    symptoms: Vec<String>,
}

/// What is usually done about illnesses whose code begins so.
#[derive(Clone, Debug)]
struct Care {
    prefix: String,
    exam: String,
    plan: String,
    follow_up_days: Option<i64>,
    services: Vec<String>,
    drugs: Vec<Dose>,
    child_drugs: Vec<Dose>,
}

/// An ingredient and its dose as doctors type it: `s1 t1 5n`.
#[derive(Clone, Debug)]
struct Dose {
    ingredient: String,
    sentence: String,
}

/// A drug of the facility with a dose, put together by the prescriber's own rules.
pub struct Written<'c> {
    pub drug: &'c Drug,
    pub line: Line,
}

/// How illnesses, examinations and treatments go together.
pub struct Practice<'c> {
    illnesses: Weighted<Illness>,
    chronic: Weighted<Illness>,
    care: Vec<Care>,
    /// By ingredient, sentence, and whether it is for a child; what the facility does not have is missing.
    written: HashMap<(String, String, bool), Written<'c>>,
}

/// Illnesses that bring somebody back every month.
const CHRONIC: [&str; 6] = ["I10", "E11.9", "E78.5", "I25.9", "M17.9", "J44.9"];

impl<'c> Practice<'c> {
    pub fn read(files: &CatalogueFiles, clinic: &'c Clinic) -> Result<Practice<'c>> {
        let list_text = files.text("icd10_2026.tsv")?;
        let names: HashMap<&str, &str> = rows(&list_text).map(|r| (r[0], r[1])).collect();
        let mix_text = files.text("outpatient_mix.tsv")?;
        let weighted: Vec<(Illness, f64)> = rows(&mix_text)
            .map(|r| {
                let illness = Illness {
                    code: r[0].to_owned(),
                    name: names.get(r[0]).copied().unwrap_or_default().to_owned(),
                    sex: r[2].to_owned(),
                    ages: r[3].parse().unwrap_or(0)..=r[4].parse().unwrap_or(120),
                    symptoms: r[5].split(';').map(|s| s.trim().to_owned()).collect(),
                };
                (illness, r[1].parse().unwrap_or(0.0))
            })
            .collect();
        let chronic = weighted.iter().filter(|(i, _)| CHRONIC.contains(&i.code.as_str())).cloned();
        let care_text = files.text("outpatient_care.tsv")?;
        let care: Vec<Care> = rows(&care_text).map(|r| Care::read(&r)).collect();
        let mut written = HashMap::new();
        for (dose, for_child) in
            care.iter().flat_map(|c| c.drugs.iter().map(|d| (d, false)).chain(c.child_drugs.iter().map(|d| (d, true))))
        {
            if let Some(w) = Written::of(clinic, dose, for_child) {
                written.insert((dose.ingredient.clone(), dose.sentence.clone(), for_child), w);
            }
        }
        Ok(Practice { chronic: Weighted::new(chronic), illnesses: Weighted::new(weighted.clone()), care, written })
    }

    /// An illness that fits somebody's age and sex; the last one thrown when ten did not.
    fn illness(&self, chance: &mut Chance, who: &Person, day: NaiveDate, regular: bool) -> &Illness {
        let age = who.age(day).years;
        let from = if regular && who.is_chronic { &self.chronic } else { &self.illnesses };
        let mut illness = from.pick(chance);
        for _ in 0..40 {
            if illness.ages.contains(&age) && (illness.sex.is_empty() || illness.sex == who.sex()) {
                break;
            }
            illness = self.illnesses.pick(chance);
        }
        illness
    }

    fn care(&self, code: &str) -> Option<&Care> {
        self.care.iter().filter(|c| code.starts_with(&c.prefix)).max_by_key(|c| c.prefix.len())
    }
}

impl Care {
    fn read(r: &[&str]) -> Care {
        let list = |cell: &str| cell.split(';').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let doses = |cell: &str| list(cell).iter().filter_map(|d| Dose::read(d)).collect();
        Care {
            prefix: r[0].to_owned(),
            exam: r[1].to_owned(),
            plan: r[2].to_owned(),
            follow_up_days: r[3].parse().ok(),
            services: list(r[4]),
            drugs: doses(r[5]),
            child_drugs: doses(r[6]),
        }
    }
}

impl Dose {
    /// `Amlodipin: s1 30n`.
    fn read(text: &str) -> Option<Dose> {
        let (ingredient, sentence) = text.split_once(':')?;
        Some(Dose { ingredient: ingredient.trim().to_owned(), sentence: sentence.trim().to_owned() })
    }
}

impl<'c> Written<'c> {
    fn of(clinic: &'c Clinic, dose: &Dose, for_child: bool) -> Option<Written<'c>> {
        let drug = clinic.drug(&dose.ingredient, for_child)?;
        let reading = sentence::read_dose(&dose.sentence);
        let line = line::write(reading, &dose.sentence, drug.on_line.clone()).ok()?;
        Some(Written { drug, line })
    }
}

/// An ordered service.
pub struct Ordered<'c> {
    pub id: Uuid,
    pub service: &'c Service,
}

/// A prescribed drug.
pub struct Prescribed<'c> {
    pub id: Uuid,
    pub written: &'c Written<'c>,
}

/// Vital signs in the units of the table.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub systolic: Option<i64>,
    pub diastolic: Option<i64>,
    pub pulse: i64,
    pub temperature_tenths: i64,
    pub spo2: i64,
    pub breaths: i64,
    pub weight_g: i64,
    pub height_mm: i64,
}

/// A visit as it went.
pub struct Visit<'c> {
    pub id: Uuid,
    pub room: usize,
    pub exam: Option<&'c Service>,
    pub reason: String,
    pub opened_at: DateTime<Utc>,
    pub triaged_at: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub paid_at: DateTime<Utc>,
    pub is_cancelled: bool,
    pub measured: Measured,
    pub code: String,
    pub diagnosis: String,
    pub history: String,
    pub exam_text: String,
    pub plan: String,
    pub follow_up_on: Option<NaiveDate>,
    pub orders: Vec<Ordered<'c>>,
    pub drugs: Vec<Prescribed<'c>>,
    pub prescription: Uuid,
    pub priority: &'static str,
    /// `cash`, `transfer` or `card`.
    pub method: &'static str,
}

/// A visit of somebody on a day. `place_in_day` of `of_day` orders the arrivals between 7:00 and 16:30.
pub fn invent<'c>(
    chance: &mut Chance,
    practice: &'c Practice<'c>,
    clinic: &'c Clinic,
    who: &Person,
    day: NaiveDate,
    place_in_day: (u64, u64),
) -> Visit<'c> {
    let opened_at = arrival(chance, day, place_in_day);
    let minutes = |chance: &mut Chance, low: i64, high: i64| TimeDelta::seconds(chance.between(low * 60, high * 60));
    let triaged_at = opened_at + minutes(chance, 3, 9);
    let started_at = triaged_at + minutes(chance, 4, 35);
    let finished_at = started_at + minutes(chance, 5, 18);
    let paid_at = finished_at + minutes(chance, 2, 9);
    let at_ms = opened_at.timestamp_millis();

    let regular = chance.percent(70);
    let illness = practice.illness(chance, who, day, regular);
    let care = practice.care(&illness.code);
    let age = who.age(day);
    let is_child = age.years < 15;
    let specialty = match illness.code.as_bytes()[0] {
        _ if is_child => "nhi",
        b'O' => "san",
        b'Z' if illness.code.starts_with("Z34") => "san",
        b'N' if illness.code.starts_with("N7") || illness.code.starts_with("N9") => "san",
        b'J' if illness.code.starts_with("J0") || illness.code.starts_with("J3") => "tai mui hong",
        b'H' if illness.code.starts_with("H6") || illness.code.starts_with("H8") => "tai mui hong",
        _ => "",
    };
    let (room, exam) = clinic.exam_for(specialty, chance.next(), day);

    let mut orders = Vec::new();
    for begins in care.iter().flat_map(|c| &c.services) {
        if chance.percent(45)
            && let Some(service) = clinic.service(begins, day)
        {
            orders.push(Ordered { id: chance.id(started_at.timestamp_millis()), service });
        }
    }
    let mut drugs: Vec<Prescribed> = Vec::new();
    let doses = care.map_or(&[][..], |c| if is_child { &c.child_drugs } else { &c.drugs });
    for dose in doses {
        let key = (dose.ingredient.clone(), dose.sentence.clone(), is_child);
        if let Some(written) = practice.written.get(&key)
            && price_on(&written.drug.prices, day).is_some()
            && !drugs.iter().any(|d| d.written.drug.id == written.drug.id)
        {
            drugs.push(Prescribed { id: chance.id(finished_at.timestamp_millis()), written });
        }
    }
    let onset = chance.between(1, 6);
    let symptoms = illness.symptoms.join(", ");
    let follow_up_on = care
        .and_then(|c| c.follow_up_days)
        .filter(|_| chance.percent(80))
        .map(|days| day + TimeDelta::days(days));
    Visit {
        id: chance.id(at_ms),
        room,
        exam,
        reason: capitalised(&symptoms),
        opened_at,
        triaged_at,
        started_at,
        finished_at,
        paid_at,
        is_cancelled: chance.percent(2),
        measured: measure(chance, who, day, &illness.code, symptoms.contains("sốt")),
        code: illness.code.clone(),
        diagnosis: illness.name.clone(),
        history: format!("Bệnh {onset} ngày với {symptoms}. Chưa điều trị ở đâu."),
        exam_text: care.map_or_else(|| "Toàn trạng ổn".to_owned(), |c| c.exam.clone()),
        plan: care.map_or_else(|| "Điều trị triệu chứng".to_owned(), |c| c.plan.clone()),
        follow_up_on,
        orders,
        drugs,
        prescription: chance.id(finished_at.timestamp_millis()),
        priority: match age.years {
            0..6 => "child_under",
            75.. => "elderly",
            _ if illness.code.starts_with("Z34") => "pregnant",
            _ => "none",
        },
        method: match chance.below(20) {
            0..14 => "cash",
            14..19 => "transfer",
            _ => "card",
        },
    }
}

/// Mornings are fuller than afternoons; nobody arrives at noon.
fn arrival(chance: &mut Chance, day: NaiveDate, (place, of): (u64, u64)) -> DateTime<Utc> {
    let minutes = 60 * 8;
    let share = (place * minutes / of.max(1)) as i64;
    let minute = if share < 290 { 7 * 60 + share * 255 / 290 } else { 13 * 60 + (share - 290) * 210 / 190 };
    base::dates::start_of_day(day) + TimeDelta::minutes(minute) + TimeDelta::seconds(chance.between(0, 50))
}

fn measure(chance: &mut Chance, who: &Person, day: NaiveDate, code: &str, has_fever: bool) -> Measured {
    let age = who.age(day);
    let years = f64::from(age.months) / 12.0;
    let (height, weight) = match age.years {
        0..2 => (520.0 + years * 170.0, 3_600.0 + years * 4_300.0),
        2..18 => {
            let height = 860.0 + (years - 2.0) * if who.female { 47.0 } else { 52.0 };
            (height.min(1_720.0), (12_000.0 + (years - 2.0) * 2_700.0).min(62_000.0))
        }
        _ if who.female => (1_545.0, 53_500.0),
        _ => (1_655.0, 63_000.0),
    };
    // A body keeps its height: the same person throws the same.
    let mut body = Chance::of(who.record_seq, 0);
    let height_mm = body.around(height, height * 0.03).round() as i64 / 10 * 10;
    let weight_g = body.around(weight, weight * 0.1).round() as i64 / 100 * 100;
    let (pulse, breaths) = match age.years {
        0 => (130.0, 36.0),
        1..6 => (108.0, 26.0),
        6..15 => (88.0, 20.0),
        _ => (78.0, 18.0),
    };
    let is_hypertensive = code.starts_with("I1");
    let systolic = (age.years >= 6).then(|| {
        let mean = if is_hypertensive { 148.0 } else { 104.0 + f64::from(age.years.min(70)) * 0.35 };
        chance.around(mean, 8.0) as i64
    });
    Measured {
        systolic,
        diastolic: systolic.map(|s| (s * 62 / 100) + chance.between(-4, 6)),
        pulse: chance.around(pulse, pulse * 0.08) as i64,
        temperature_tenths: if has_fever { chance.between(376, 393) } else { chance.between(365, 371) },
        spo2: if code.starts_with("J4") || code.starts_with("J1") { chance.between(93, 97) } else { chance.between(96, 99) },
        breaths: chance.around(breaths, breaths * 0.08) as i64,
        weight_g,
        height_mm,
    }
}

/// The charges of a visit: what, at which dated price, how many thousandths, and in all.
pub struct Charge<'c> {
    pub source: &'static str,
    pub source_id: Uuid,
    pub service: Option<&'c Service>,
    pub drug: Option<&'c Drug>,
    pub quantity_milli: i64,
    pub price_from: NaiveDate,
    pub unit_price: i64,
    pub amount: i64,
}

impl<'c> Visit<'c> {
    /// Examination, orders and drugs at the price of the day.
    pub fn charges(&self, day: NaiveDate) -> Vec<Charge<'c>> {
        let mut charges = Vec::new();
        let mut add = |source, source_id, service: Option<&'c Service>, drug: Option<&'c Drug>, quantity_milli: i64| {
            let prices = service.map(|s| &s.prices).or(drug.map(|d| &d.prices));
            if let Some(price) = prices.and_then(|p| price_on(p, day)) {
                // Half a đồng rounds up, as the cashier's rule does.
                let amount = (price.vnd * quantity_milli + 500) / 1_000;
                charges.push(Charge {
                    source,
                    source_id,
                    service,
                    drug,
                    quantity_milli,
                    price_from: price.from,
                    unit_price: price.vnd,
                    amount,
                });
            }
        };
        add("exam", self.id, self.exam, None, 1_000);
        for order in &self.orders {
            add("order", order.id, Some(order.service), None, 1_000);
        }
        for drug in &self.drugs {
            add("drug", drug.id, None, Some(drug.written.drug), drug.written.line.quantity.amount.0);
        }
        charges
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The local day and time as they enter barcodes and bank references: `261124`.
pub fn stamp(at: DateTime<Utc>) -> String {
    local_time(at).format("%y%m%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_care_table_reads_whole_and_its_doses_are_clear() {
        let text = CatalogueFiles::Embedded.text("outpatient_care.tsv").unwrap();
        for r in rows(&text) {
            let care = Care::read(&r);
            let written = r[5..7].iter().flat_map(|c| c.split(';')).filter(|c| !c.trim().is_empty()).count();
            assert_eq!(care.drugs.len() + care.child_drugs.len(), written, "{r:?}");
            for dose in care.drugs.iter().chain(&care.child_drugs) {
                let mut reading = sentence::read_dose(&dose.sentence);
                reading.settle_spread();
                assert!(reading.is_clear(), "{dose:?}: {reading:?}");
            }
        }
    }

    #[test]
    fn people_arrive_in_order_and_not_at_noon() {
        use chrono::Timelike;
        let day: NaiveDate = "2026-11-23".parse().unwrap();
        let mut before = base::dates::start_of_day(day);
        for place in 0..200 {
            let at = arrival(&mut Chance::of(1, place), day, (place, 200));
            assert!(at >= before - TimeDelta::minutes(2));
            let hour = local_time(at).hour();
            assert!((7..17).contains(&hour) && hour != 12, "{at}");
            before = at;
        }
    }
}
