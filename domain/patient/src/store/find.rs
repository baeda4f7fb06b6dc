//! Finding people: the one search box, exact numbers from scanners, and candidates for a duplicate.

use crate::birth::{Birth, Sex};
use crate::search::Query;
use base::PatientId;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use web::{Tx, sql};

/// One found person, with what a list line shows.
#[derive(Clone, Debug)]
pub struct Found {
    pub patient: PatientId,
    pub record_no: String,
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    pub cccd: String,
    pub phone: String,
    pub address: String,
    pub commune_code: String,
    /// Social-insurance number of a living card, or "".
    pub bhxh_no: String,
    pub seen_at: Option<DateTime<Utc>>,
}

impl Found {
    fn from_row(row: &PgRow) -> Found {
        Found {
            patient: PatientId(row.get("patient_id")),
            record_no: row.get("record_no"),
            name: row.get("name"),
            birth: Birth { date: row.get("birth_date"), year_only: row.get("birth_year_only") },
            sex: Sex::from_key(row.get("sex")).unwrap_or(Sex::Unknown),
            cccd: row.get("cccd"),
            phone: row.get("phone"),
            address: row.get("address_text"),
            commune_code: row.get("commune_code"),
            bhxh_no: row.get("bhxh_no"),
            seen_at: row.get("seen_at"),
        }
    }

    /// The day of the last visit, or "".
    pub fn seen_on(&self) -> String {
        self.seen_at.map(|at| base::show_date(base::local_date(at))).unwrap_or_default()
    }

    /// `…2345`, or "" without a citizen number.
    pub fn id_tail(&self) -> String {
        tail(&self.cccd)
    }
}

/// The last four digits behind an ellipsis; "" for a shorter number.
pub fn tail(number: &str) -> String {
    number.len().checked_sub(4).and_then(|i| number.get(i..)).map_or(String::new(), |last| format!("…{last}"))
}

/// People found under what was typed, those seen here recently first, then by name; at most `limit` (and 50).
///
/// The cost does not follow the number of people: every range that is looked through is cut off. A frequent word
/// alone (Nguyễn) answers from the people seen last and from the beginning of its range, and the list asks for more.
pub async fn search(tx: &mut Tx, query: &Query, limit: i64) -> Result<Vec<Found>, sqlx::Error> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let prefixes = query.prefixes();
    // The range of a prefix in "C" order ends before the same text with the highest character behind it.
    let ends: Vec<String> = prefixes.iter().map(|p| format!("{p}\u{10ffff}")).collect();
    let words: &[String] = &query.words;
    let word_ends: Vec<String> = words.iter().map(|w| format!("{w}\u{10ffff}")).collect();
    let rows = sqlx::query(sql!(
        "WITH candidate AS (
             SELECT c.patient_id FROM unnest($2::text[], $3::text[]) AS p(low, high)
             CROSS JOIN LATERAL (
                 SELECT s.patient_id FROM (
                     SELECT s.patient_id, s.birth_year FROM patient_search s
                     WHERE s.facility_id = $1 AND s.key >= p.low AND s.key < p.high ORDER BY s.key LIMIT 2000) s
                 WHERE $6::smallint IS NULL OR s.birth_year = $6 LIMIT 60) c
             UNION
             SELECT c.patient_id FROM unnest($4::text[], $5::text[]) AS w(low, high)
             CROSS JOIN LATERAL (
                 SELECT s.patient_id FROM (
                     SELECT s.patient_id, s.key, s.birth_year FROM patient_search s
                     WHERE s.facility_id = $1 AND s.key >= w.low AND s.key < w.high ORDER BY s.key LIMIT 800) s
                 WHERE ($6::smallint IS NULL OR s.birth_year = $6) AND ' ' || s.key LIKE ALL ($7::text[]) LIMIT 60) c
             UNION
             SELECT r.patient_id FROM (
                 SELECT r.patient_id FROM (
                     SELECT patient_id, name_folded, birth_year FROM patient_seen
                     WHERE facility_id = $1 AND $8 ORDER BY seen_at DESC LIMIT 1000) r
                 WHERE ' ' || r.name_folded LIKE ALL ($7::text[]) AND ($6::smallint IS NULL OR r.birth_year = $6) LIMIT 60) r
             UNION
             SELECT coalesce(merged_into, patient_id) FROM patient_patient WHERE facility_id = $1 AND record_seq = $10)
         SELECT p.patient_id, p.record_no, p.name, p.birth_date, p.birth_year_only, p.sex, p.cccd, p.phone, p.address_text,
                p.commune_code, v.seen_at, '' AS bhxh_no
         FROM candidate c
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = c.patient_id AND p.merged_into IS NULL
         LEFT JOIN patient_seen v ON v.facility_id = $1 AND v.patient_id = c.patient_id
         ORDER BY v.seen_at DESC NULLS LAST, p.name_folded, p.record_no LIMIT $9"
    ))
    .bind(tx.facility().0)
    .bind(&prefixes)
    .bind(&ends)
    .bind(words)
    .bind(&word_ends)
    .bind(query.birth_year)
    .bind(query.patterns())
    .bind(!words.is_empty())
    .bind(limit.clamp(1, 50))
    .bind(query.record_seq())
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.iter().map(Found::from_row).collect())
}

/// The record that carries a whole number: citizen number, insurance number, card, record number.
pub async fn find_by_number(tx: &mut Tx, number: &str) -> Result<Option<PatientId>, sqlx::Error> {
    let tidy: String = base::fold(number).chars().filter(|c| c.is_alphanumeric()).take(40).collect();
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "(SELECT patient_id FROM patient_search WHERE facility_id = $1 AND key = '#' || $2 LIMIT 1)
         UNION ALL
         (SELECT coalesce(merged_into, patient_id) FROM patient_patient
          WHERE facility_id = $1 AND record_seq = $3 AND $2 IN (record_seq::text, lower(replace(record_no, '-', '')),
                regexp_replace(record_no, '[^0-9]', '', 'g')))
         LIMIT 1"
    ))
    .bind(tx.facility().0)
    .bind(&tidy)
    .bind(crate::search::record_seq(&tidy))
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(PatientId))
}

/// Who might be the same person: same number, same phone, or the same folded name in any order with the birth year
/// next to it. The pure score decides afterwards. At most 60 candidates.
pub async fn list_alike(
    tx: &mut Tx,
    name: &str,
    birth: NaiveDate,
    numbers: &[&str],
    except: Option<PatientId>,
) -> Result<Vec<Found>, sqlx::Error> {
    let folded = base::fold(name);
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).collect();
    let mut keys: Vec<String> = numbers
        .iter()
        .map(|n| base::fold(n).chars().filter(|c| c.is_alphanumeric()).collect::<String>())
        .filter(|n| !n.is_empty())
        .map(|n| format!("#{n}"))
        .collect();
    keys.push(folded.clone());
    if words.len() > 1 {
        let mut reversed = words.clone();
        reversed.reverse();
        keys.push(reversed.join(" "));
    }
    // Family name with given name, whatever stands between: catches a forgotten or misspelt middle name.
    let around = match words[..] {
        [first, .., last] => format!("{last} {first}"),
        _ => String::from("\u{1}"),
    };
    let rows = sqlx::query(sql!(
        "WITH candidate AS (
             (SELECT patient_id FROM patient_search WHERE facility_id = $1 AND key = ANY($2) AND key LIKE '#%' LIMIT 30)
             UNION
             (SELECT patient_id FROM patient_search
              WHERE facility_id = $1 AND key = ANY($2) AND birth_year BETWEEN $4::smallint - 1 AND $4::smallint + 1 LIMIT 40)
             UNION
             (SELECT s.patient_id FROM (
                  SELECT patient_id, birth_year FROM patient_search
                  WHERE facility_id = $1 AND key >= $3 AND key < $3 || chr(1114111) ORDER BY key LIMIT 1500) s
              WHERE s.birth_year = $4::smallint LIMIT 40))
         SELECT p.patient_id, p.record_no, p.name, p.birth_date, p.birth_year_only, p.sex, p.cccd, p.phone, p.address_text,
                p.commune_code, v.seen_at,
                coalesce((SELECT right(card_no, 10) FROM patient_coverage c WHERE c.facility_id = $1
                          AND c.patient_id = p.patient_id AND c.ended_at IS NULL ORDER BY recorded_at DESC LIMIT 1), '') AS bhxh_no
         FROM candidate c
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = c.patient_id AND p.merged_into IS NULL
         LEFT JOIN patient_seen v ON v.facility_id = $1 AND v.patient_id = c.patient_id
         WHERE $5::uuid IS NULL OR p.patient_id <> $5 LIMIT 60"
    ))
    .bind(tx.facility().0)
    .bind(&keys)
    .bind(&around)
    .bind(chrono::Datelike::year(&birth) as i16)
    .bind(except.map(|p| p.0))
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.iter().map(Found::from_row).collect())
}
