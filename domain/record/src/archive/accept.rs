//! Accepting a record: locked, numbered without a gap, with the day until which it must be kept.

use super::sealing;
use super::status::{self, Status};
use crate::complete::count;
use crate::complete::store::{self, Cover};
use crate::form::setting::number::Places;
use crate::form::setting::{self, Class};
use base::{EncounterId, Event, PatientId, Problem, Problems};
use chrono::{Datelike, NaiveDate};
use db::{Tx, sql};
use serde::Deserialize;
use serde_json::json;
use std::sync::LazyLock;
use uuid::Uuid;
use web::Failure;

/// What the planner chose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Accepting {
    /// A retention class; empty takes the suggested one.
    pub class: String,
}

struct Range {
    class: Class,
    from: &'static str,
    to: &'static str,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

static RANGES: LazyLock<Vec<Range>> = LazyLock::new(|| {
    include_str!("classes.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Some(Range {
                class: Class::from_key(cells.first()?)?,
                from: cells.get(1)?,
                to: cells.get(2)?,
                valid_from: cells.get(3)?.parse().ok()?,
                valid_to: cells.get(4).and_then(|to| to.parse().ok()),
            })
        })
        .collect()
});

/// The class that the facts suggest, the longest-kept where several fit; the planner may choose another.
pub fn class_of(outcome: &str, sensitivity: &str, codes: &[String], ended_on: NaiveDate) -> Class {
    if outcome == "died" {
        return Class::Death;
    }
    let by_code = RANGES.iter().filter(|r| r.valid_from <= ended_on && r.valid_to.is_none_or(|to| ended_on <= to)).filter(|r| {
        codes.iter().any(|code| {
            let head: String = code.chars().take(3).collect();
            r.from <= head.as_str() && head.as_str() <= r.to
        })
    });
    let mental = (sensitivity == "mental").then_some(Class::Mental);
    by_code.map(|r| r.class).chain(mental).max().unwrap_or(Class::Ordinary)
}

/// The suggestion for a record, from its outcome and the diagnoses of its stay.
pub async fn suggest(tx: &mut Tx, cover: &Cover) -> Result<Class, Failure> {
    let facility = tx.facility().0;
    let codes: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT code FROM encounter_diagnosis WHERE facility_id = $1 AND encounter_id = $2 AND ended_at IS NULL"
    ))
    .bind(facility)
    .bind(cover.encounter_id)
    .fetch_all(tx.conn())
    .await?;
    Ok(class_of(&cover.outcome, &cover.sensitivity, &codes, cover.ended_on()))
}

/// The last day on which a record must be there: years are counted from the end of the year in which it ended
/// (TT 33/2025/TT-BYT, art. 1).
pub fn kept_until(ended_on: NaiveDate, years: u32) -> NaiveDate {
    let year = ended_on.year().saturating_add(i32::try_from(years).unwrap_or(i32::MAX));
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// The next number of a series. The row stays locked until the commit, so that no number is given twice or left out.
async fn next_number(tx: &mut Tx, year: i32, ward: &str) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "INSERT INTO record_archive_counter (facility_id, year, ward, last) VALUES ($1, $2, $3, 1)
         ON CONFLICT (facility_id, year, ward) DO UPDATE SET last = record_archive_counter.last + 1 RETURNING last"
    ))
    .bind(facility)
    .bind(year)
    .bind(ward)
    .fetch_one(tx.conn())
    .await
}

/// Accepts a record that was handed in. Accepted before, it changes nothing. Refuses while something is missing; a record
/// that was opened again keeps its number.
pub async fn accept(tx: &mut Tx, record: Uuid, form: &Accepting) -> Result<(), Failure> {
    let cover = store::lock(tx, record).await?;
    if cover.status() == Status::Archived {
        return Ok(());
    }
    let mut problems = Problems::none();
    problems.add_if(cover.status() != Status::Submitted, "", "Hồ sơ không còn chờ duyệt. Tải lại trang.");
    let list = count::list(tx, &cover).await?;
    problems.add_if(!list.gaps.is_empty(), "", format!("Còn {} chỗ thiếu nên chưa nhận được. Trả lại khoa để bổ sung.", list.gaps.len()));
    problems.add_if(list.total == 0, "", "Hồ sơ không có giấy nào. Trả lại khoa.");
    let suggested = suggest(tx, &cover).await?;
    let class = if form.class.is_empty() { Some(suggested) } else { Class::from_key(&form.class) };
    problems.add_if(class.is_none(), "class", "Chọn nhóm thời hạn lưu trữ.");
    // A death is a fact, not a choice.
    problems.add_if(suggested == Class::Death && class.is_some_and(|c| c != Class::Death), "class", "Người bệnh tử vong: hồ sơ thuộc nhóm tử vong.");
    problems.or(())?;
    let class = class.unwrap_or(suggested);
    let today = base::local_date(tx.now);
    let years = setting::retention(tx, class, cover.ended_on()).await?.years;
    let until = kept_until(cover.ended_on(), years);
    let number = if cover.archive_no.is_empty() { number(tx, &cover, today).await? } else { cover.archive_no.clone() };
    status::note(tx, record, Status::Submitted, Status::Archived, &number).await?;
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE record_record SET status = 'archived', archive_no = $3, archived_at = $4, retention_class = $5, retention_until = $6, version = version + 1
         WHERE facility_id = $1 AND record_id = $2"
    ))
    .bind(facility)
    .bind(record)
    .bind(&number)
    .bind(now)
    .bind(class.key())
    .bind(until)
    .execute(tx.conn())
    .await?;
    let patient = PatientId(cover.patient_id);
    tx.emit(Event::RecordArchived { encounter: EncounterId(cover.encounter_id), patient, record: cover.id(), archive_no: number.clone(), at: now });
    db::job::enqueue(tx, sealing::JOB, &json!({ "record": record }), now).await?;
    tx.audit("archive", "record", record, Some(patient), json!({ "archive_no": number, "class": class.key(), "until": until }));
    tx.notify("completion");
    tx.notify("archive");
    Ok(())
}

async fn number(tx: &mut Tx, cover: &Cover, today: NaiveDate) -> Result<String, Failure> {
    let pattern = setting::archive_number_pattern(tx, today).await?;
    let facility = tx.facility();
    let code = organization::facility::code_on(tx.conn(), facility, "kcb", today).await?.unwrap_or_default();
    let province = setting::text(tx, "form.province", today).await?;
    let ward = cover.room_code.clone().unwrap_or_default();
    let year = if pattern.starts_again_each_year() { today.year() } else { 0 };
    for _ in 0..1000 {
        let number = next_number(tx, year, if pattern.counts_by_ward() { &ward } else { "" }).await?;
        let text = pattern.write(&Places { number, year: today.year(), ward: &ward, province: &province, facility: &code });
        // A pattern that was changed back may lead to numbers given before: those are passed over.
        let is_taken: bool = sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM record_record WHERE facility_id = $1 AND archive_no = $2)"))
            .bind(facility.0)
            .bind(&text)
            .fetch_one(tx.conn())
            .await?;
        if !is_taken {
            return Ok(text);
        }
    }
    Err(Problem::of("Mẫu số lưu trữ tạo ra số đã cấp. Người quản trị sửa mẫu số ở trang thiết lập.").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_class_comes_from_what_happened() {
        for (outcome, sensitivity, codes, class) in [
            ("improved", "ordinary", vec!["J18.9"], Class::Ordinary),
            ("died", "ordinary", vec!["J18.9"], Class::Death),
            ("died", "mental", vec!["F20.0"], Class::Death),
            ("improved", "ordinary", vec!["S72.0", "V23.4"], Class::Accident),
            ("improved", "ordinary", vec!["F32"], Class::Mental),
            ("improved", "mental", vec![], Class::Mental),
            ("improved", "ordinary", vec!["V01.1", "F10.0"], Class::Mental),
        ] {
            let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
            assert_eq!(class_of(outcome, sensitivity, &codes, day("2026-11-25")), class, "{outcome} {sensitivity} {codes:?}");
        }
        assert_eq!(class_of("improved", "ordinary", &["F20".into()], day("2025-06-30")), Class::Ordinary, "before the rule");
    }

    #[test]
    fn years_are_counted_from_the_end_of_the_year() {
        for (ended, years, until) in [("2026-01-01", 10, "2036-12-31"), ("2026-12-31", 10, "2036-12-31"), ("2026-11-25", 30, "2056-12-31")] {
            assert_eq!(kept_until(day(ended), years), day(until));
        }
    }
}
