//! Asking the sources: by id, by search, everything.

use crate::dialect::is_special;
use crate::kind::Kind;
use crate::row::Row;
use crate::search::Asked;
use crate::source;
use db::Tx;
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use web::sql;

fn read(row: &PgRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        id: row.try_get("id")?,
        part: row.try_get("part")?,
        patient: row.try_get("patient_id")?,
        encounter: row.try_get("encounter_id")?,
        updated: row.try_get("updated")?,
        codes: row.try_get::<Option<Vec<Option<String>>>, _>("codes")?.unwrap_or_default().into_iter().flatten().collect(),
        status: row.try_get("status")?,
        facts: row.try_get("row")?,
    })
}

/// Whether a row may leave the house without being asked for by hand (invariant I20).
fn may_leave(row: &Row) -> bool {
    !row.codes.iter().any(|code| is_special(code))
}

/// The rows with these ids; ids of other facilities, and what is kept apart, are simply missing.
pub async fn by_ids(tx: &mut Tx, kind: Kind, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query(source::by_id(kind)).bind(tx.facility().0).bind(ids).fetch_all(tx.conn()).await?;
    let rows: Vec<Row> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter(may_leave).collect())
}

/// The facility itself, as a row.
pub async fn house(tx: &mut Tx) -> Result<Row, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT jsonb_build_object('code', code, 'name', name, 'licence', licence_no, 'phone', phone, 'address', address) AS row, changed_at AS updated
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(tx.facility().0)
    .fetch_one(tx.conn())
    .await?;
    Ok(Row {
        id: Uuid::nil(),
        part: String::new(),
        patient: None,
        encounter: None,
        updated: row.try_get("updated")?,
        codes: Vec::new(),
        status: String::new(),
        facts: row.try_get("row")?,
    })
}

/// A page of a search, newest first, and whether there is more.
pub async fn search(tx: &mut Tx, kind: Kind, asked: &Asked) -> Result<(Vec<Row>, Option<Row>), sqlx::Error> {
    let (at, id, part) = match &asked.after {
        Some((at, id, part)) => (Some(*at), Some(*id), part.as_str()),
        None => (None, None, ""),
    };
    // Planned anew each time: which of the conditions count decides the way.
    let rows = sqlx::query(source::by_search(kind))
        .persistent(false)
        .bind(tx.facility().0)
        .bind(&asked.ids)
        .bind(&asked.patients)
        .bind(&asked.encounters)
        .bind(&asked.codes)
        .bind(&asked.categories)
        .bind(&asked.statuses)
        .bind(&asked.numbers)
        .bind(&asked.words)
        .bind(asked.at.from)
        .bind(asked.at.to)
        .bind(asked.updated.from)
        .bind(asked.updated.to)
        .bind(at)
        .bind(id)
        .bind(part)
        .bind(asked.count as i64 + 1)
        .fetch_all(tx.conn())
        .await?;
    let mut rows: Vec<Row> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let more = rows.len() > asked.count;
    rows.truncate(asked.count);
    let last = if more { rows.last().cloned() } else { None };
    Ok((rows.into_iter().filter(may_leave).collect(), last))
}

/// What is about a patient (or an encounter), in one statement; the flag says that it was too much to be told at once.
pub async fn everything(tx: &mut Tx, of: Kind, id: Uuid) -> Result<(Vec<(Kind, Row)>, bool), sqlx::Error> {
    let text = if of == Kind::Patient { source::everything_of_patient() } else { source::everything_of_encounter() };
    let found = sqlx::query(text).bind(tx.facility().0).bind(id).fetch_all(tx.conn()).await?;
    let is_cut = found.len() > 5000;
    let mut out = Vec::with_capacity(found.len());
    for row in found.iter().take(5000) {
        let kind = Kind::from_name(row.try_get("kind")?).unwrap_or(Kind::Patient);
        let read = read(row)?;
        if !may_leave(&read) {
            continue;
        }
        if kind == Kind::DocumentReference && read.facts["kind"] == "form" {
            out.push((Kind::Composition, read.clone()));
        }
        out.push((kind, read));
    }
    Ok((out, is_cut))
}

/// A patient with all records that were merged into it or that it was merged into: a search for one finds all.
pub async fn merged_with(tx: &mut Tx, patients: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "WITH RECURSIVE same AS (
             SELECT unnest($2::uuid[]) AS id
             UNION SELECT p.merged_into FROM same s JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = s.id WHERE p.merged_into IS NOT NULL)
         SELECT id FROM same"
    ))
    .bind(tx.facility().0)
    .bind(patients)
    .fetch_all(tx.conn())
    .await
}

/// The patients with one of these numbers: `kinds[n]` (`""` for any kind) and `values[n]`.
pub async fn patients_with(tx: &mut Tx, kinds: &[String], values: &[String]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "WITH asked AS (SELECT * FROM unnest($2::text[], $3::text[]) AS a(kind, value))
         SELECT i.patient_id FROM asked a JOIN patient_identifier i ON i.facility_id = $1 AND i.kind = ANY(CASE a.kind WHEN '' THEN ARRAY['cccd', 'cmnd', 'passport', 'bhxh'] ELSE ARRAY[a.kind] END)
             AND i.value = a.value AND i.ended_at IS NULL
         UNION SELECT p.patient_id FROM asked a JOIN patient_patient p ON p.facility_id = $1 AND p.record_no = regexp_replace(a.value, '^[0-9A-Z]{5}\\.', '') WHERE a.kind IN ('', 'record')
         UNION SELECT p.patient_id FROM asked a JOIN patient_patient p ON p.facility_id = $1 AND p.cccd = a.value WHERE a.kind IN ('', 'cccd') AND a.value ~ '^[0-9]{12}$'
         UNION SELECT c.patient_id FROM asked a JOIN patient_coverage c ON c.facility_id = $1 AND c.card_no = a.value AND c.ended_at IS NULL WHERE a.kind IN ('', 'bhyt')"
    ))
    .bind(tx.facility().0)
    .bind(kinds)
    .bind(values)
    .fetch_all(tx.conn())
    .await
}

/// Writes down that these rows were read or found, one line per resource about a person.
pub fn audit(tx: &mut Tx, action: &'static str, kind: Kind, rows: &[Row]) {
    if !kind.is_about_a_person() {
        return;
    }
    for row in rows {
        tx.audit(action, kind.name(), row.fhir_id(), row.patient.map(Into::into), Value::Null);
    }
}

/// Writes down one line per patient whose data were found, with how many resources.
pub fn audit_found(tx: &mut Tx, action: &'static str, kind: Kind, rows: &[Row]) {
    if !kind.is_about_a_person() {
        return;
    }
    let mut counts: Vec<(Uuid, usize)> = Vec::new();
    for patient in rows.iter().filter_map(|r| r.patient) {
        match counts.iter_mut().find(|(id, _)| *id == patient) {
            Some((_, n)) => *n += 1,
            None => counts.push((patient, 1)),
        }
    }
    for (patient, n) in counts {
        tx.audit(action, kind.name(), "", Some(patient.into()), json!({ "count": n }));
    }
}
