//! Invented visits written as if they had been lived, day by day, so that every list and every sum agrees; and what
//! the screens derive from them afterwards.

use super::care::Practice;
use super::chance::Chance;
use super::clinic::Clinic;
use super::day_book::DayBook;
use super::people::Place;
use super::person::{Crowd, Person};
use super::visit;
use super::{Plan, Progress};
use anyhow::Result;
use base::local_date;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// More than this a doctor cannot see in a day; more visits reach further back.
const MOST_PER_ROOM: u64 = 48;

/// The working days that hold the visits, oldest first, and how many visits on each. The last day is yesterday.
pub fn calendar(plan: &Plan, clinic: &Clinic) -> Vec<(NaiveDate, u64)> {
    let per_day = (clinic.rooms.len() as u64 * MOST_PER_ROOM).max(1);
    let earliest = clinic.first_day().unwrap_or(NaiveDate::MIN);
    let mut days = Vec::new();
    let mut day = local_date(plan.now);
    let mut room_for = 0;
    while room_for < plan.visits {
        let Some(before) = day.checked_sub_days(Days::new(1)).filter(|d| *d >= earliest) else { break };
        day = before;
        if day.weekday() != Weekday::Sun {
            days.push(day);
            room_for += per_day;
        }
    }
    days.reverse();
    let count = days.len() as u64;
    // What did not fit before the first price is spread over the days there are.
    days.into_iter()
        .enumerate()
        .map(|(i, day)| (day, plan.visits * (i as u64 + 1) / count - plan.visits * i as u64 / count))
        .filter(|(_, visits)| *visits > 0)
        .collect()
}

/// Writes all visits of the calendar and gives how many there were.
pub async fn write(
    conn: &mut PgConnection,
    plan: &Plan,
    place: &Place,
    crowd: &Crowd,
    clinic: &Clinic,
    practice: &Practice<'_>,
    progress: Progress<'_>,
) -> Result<u64> {
    let mut numbers = Numbers::read(conn, clinic).await?;
    let seed = plan.seed_from(place.first_record) ^ 0x5649_5349_5453;
    let mut done = 0;
    for (day, count) in calendar(plan, clinic) {
        progress("visits", done, plan.visits);
        let mut book = DayBook::open(seed, clinic, day, &mut numbers);
        let known = crowd.known_at(base::dates::start_of_day(day));
        let mut seen = HashSet::new();
        for turn in 0..count {
            let mut chance = Chance::of(seed, (u64::from(day.num_days_from_ce() as u32) << 20) + turn);
            let who = somebody(&mut chance, crowd, known, &mut seen);
            let visit = visit::invent(&mut chance, practice, clinic, &who, day, (turn, count));
            book.write(&mut chance, &who, &visit, &mut numbers);
        }
        let mut tx = conn.begin().await?;
        book.send(&mut tx, place.straight).await?;
        tx.commit().await?;
        done += count;
    }
    progress("visits", done, plan.visits);
    finish(conn, clinic, &numbers).await?;
    Ok(done)
}

/// One of those who had been registered by then; people with a long illness come more often, nobody twice a day while
/// there are others.
fn somebody(chance: &mut Chance, crowd: &Crowd, known: u64, seen: &mut HashSet<u64>) -> Person {
    let mut index = chance.below(known.max(1));
    let mut who = crowd.person(index);
    for throw in 0..12 {
        if !seen.contains(&index) && (who.is_chronic || throw >= 2) {
            break;
        }
        index = chance.below(known.max(1));
        who = crowd.person(index);
    }
    seen.insert(index);
    who
}

/// The running numbers of receipts and shifts, by year, and of tickets, by room and day.
pub struct Numbers {
    pub receipts: BTreeMap<i32, i64>,
    pub shifts: BTreeMap<i32, i64>,
    /// Highest ticket already given, for a facility that has lived before.
    pub tickets: HashMap<(Uuid, NaiveDate), i64>,
    /// The seven random characters of every prescription code so far: among a quarter of a million two are often alike.
    codes: HashSet<String>,
}

impl Numbers {
    async fn read(conn: &mut PgConnection, clinic: &Clinic) -> Result<Numbers> {
        let of = clinic.facility.0;
        let rows: Vec<(String, i32, i64)> = sqlx::query_as(db::sql!(
            "SELECT series, period, last_number FROM billing_number WHERE facility_id = $1 AND series IN ('PT', 'CT')"
        ))
        .bind(of)
        .fetch_all(&mut *conn)
        .await?;
        let series = |wanted: &str| rows.iter().filter(|r| r.0 == wanted).map(|r| (r.1, r.2)).collect();
        let tickets: Vec<(Uuid, NaiveDate, i32)> = sqlx::query_as(db::sql!(
            "SELECT room_id, day, last_number FROM encounter_ticket_sequence WHERE facility_id = $1"
        ))
        .bind(of)
        .fetch_all(&mut *conn)
        .await?;
        let codes: Vec<String> = sqlx::query_scalar(db::sql!(
            "SELECT substr(code, 6, 7) FROM medication_prescription WHERE facility_id = $1 AND code IS NOT NULL"
        ))
        .bind(of)
        .fetch_all(conn)
        .await?;
        Ok(Numbers {
            receipts: series("PT"),
            shifts: series("CT"),
            tickets: tickets.into_iter().map(|(room, day, last)| ((room, day), last.into())).collect(),
            codes: codes.into_iter().collect(),
        })
    }

    /// Seven characters that no prescription of the facility carries yet.
    pub fn fresh_code(&mut self, chance: &mut Chance) -> String {
        loop {
            let code: String = (0..7).map(|_| *chance.pick(b"0123456789abcdefghijklmnopqrstuvwxyz") as char).collect();
            if self.codes.insert(code.clone()) {
                return code;
            }
        }
    }

    /// The next number of a run.
    pub fn next(run: &mut BTreeMap<i32, i64>, year: i32) -> i64 {
        let last = run.entry(year).or_insert(0);
        *last += 1;
        *last
    }
}

/// What the screens derive from the visits: who was here last, each doctor's usual codes and services, the next numbers.
async fn finish(conn: &mut PgConnection, clinic: &Clinic, numbers: &Numbers) -> Result<()> {
    let of = clinic.facility.0;
    sqlx::query(db::sql!(
        "UPDATE patient_seen s SET seen_at = v.last
         FROM (SELECT patient_id, max(opened_at) AS last FROM encounter_encounter WHERE facility_id = $1 GROUP BY patient_id) v
         WHERE s.facility_id = $1 AND s.patient_id = v.patient_id AND s.seen_at < v.last"
    ))
    .bind(of)
    .execute(&mut *conn)
    .await?;
    sqlx::query(db::sql!(
        "INSERT INTO encounter_favourite_code (facility_id, practitioner_id, code, uses, last_used_at)
         SELECT $1, e.practitioner_id, d.code, count(*), max(d.recorded_at)
         FROM encounter_diagnosis d JOIN encounter_encounter e ON e.facility_id = $1 AND e.encounter_id = d.encounter_id
         WHERE d.facility_id = $1 AND d.ended_at IS NULL AND e.practitioner_id IS NOT NULL
         GROUP BY e.practitioner_id, d.code
         ON CONFLICT (facility_id, practitioner_id, code)
         DO UPDATE SET uses = excluded.uses, last_used_at = excluded.last_used_at"
    ))
    .bind(of)
    .execute(&mut *conn)
    .await?;
    sqlx::query(db::sql!(
        "INSERT INTO diagnostics_favourite (facility_id, account_id, service_id, uses, last_used_at)
         SELECT $1, ordered_by, service_id, count(*), max(ordered_at) FROM diagnostics_order
         WHERE facility_id = $1 AND ordered_by IS NOT NULL GROUP BY ordered_by, service_id
         ON CONFLICT (facility_id, account_id, service_id)
         DO UPDATE SET uses = excluded.uses, last_used_at = excluded.last_used_at"
    ))
    .bind(of)
    .execute(&mut *conn)
    .await?;
    sqlx::query(db::sql!(
        "INSERT INTO medication_favourite (facility_id, practitioner_id, icd, drug_id, dose, uses, last_used_at)
         SELECT $1, p.practitioner_id, d.code, l.drug_id, min(l.instruction), count(*), max(p.issued_at)
         FROM medication_prescription p
         JOIN medication_line l ON l.facility_id = $1 AND l.prescription_id = p.prescription_id
         JOIN encounter_diagnosis d ON d.facility_id = $1 AND d.encounter_id = p.encounter_id AND d.place = 0
         WHERE p.facility_id = $1 AND p.status = 'issued' AND p.practitioner_id IS NOT NULL AND l.drug_id IS NOT NULL
           AND d.ended_at IS NULL
         GROUP BY p.practitioner_id, d.code, l.drug_id
         ON CONFLICT (facility_id, practitioner_id, icd, drug_id)
         DO UPDATE SET uses = excluded.uses, last_used_at = excluded.last_used_at"
    ))
    .bind(of)
    .execute(&mut *conn)
    .await?;
    for (series, run) in [("PT", &numbers.receipts), ("CT", &numbers.shifts)] {
        let (years, lasts): (Vec<i32>, Vec<i64>) = run.iter().map(|(year, last)| (*year, *last)).unzip();
        sqlx::query(db::sql!(
            "INSERT INTO billing_number (facility_id, series, period, last_number)
             SELECT $1, $2, n.year, n.last FROM unnest($3::int[], $4::bigint[]) AS n(year, last)
             ON CONFLICT (facility_id, series, period)
             DO UPDATE SET last_number = greatest(billing_number.last_number, excluded.last_number)"
        ))
        .bind(of)
        .bind(series)
        .bind(&years)
        .bind(&lasts)
        .execute(&mut *conn)
        .await?;
    }
    sqlx::raw_sql(AssertSqlSafe(
        "ANALYZE encounter_encounter, encounter_ticket, encounter_note, encounter_diagnosis, encounter_vitals, \
         diagnostics_order, medication_prescription, medication_line, billing_charge, billing_payment, billing_account, billing_receipt"
            .to_owned(),
    ))
    .execute(conn)
    .await?;
    Ok(())
}
