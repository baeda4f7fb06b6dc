//! One invented visit: why the person came, what was measured, found, ordered and prescribed, and what it cost.

use super::care::{Practice, Written};
use super::chance::Chance;
use super::clinic::{Clinic, Drug, Service, price_on};
use super::person::Person;
use base::local_time;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

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
        if let Some(written) = practice.written(dose, is_child)
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
