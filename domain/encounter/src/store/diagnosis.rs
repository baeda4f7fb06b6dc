//! Codes: what the catalogue says on a day, the list of a visit, and what each doctor uses most.

use super::visit::Visit;
use crate::diagnosis::{CodeFacts, Diagnosis};
use chrono::NaiveDate;
use codes::icd10::{self, Icd10};
use db::Tx;
use sqlx::FromRow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the catalogue says of these codes on that day, by code. Unknown codes are missing.
pub async fn facts_of(tx: &mut Tx, list: &[&str], day: NaiveDate) -> Result<BTreeMap<String, CodeFacts>, sqlx::Error> {
    if list.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = icd10::list(tx.conn(), list).await?;
    let found: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let in_force: Vec<String> = sqlx::query_scalar(db::sql!(
        "SELECT code FROM codes_icd10 WHERE code = ANY($1) AND valid_from <= $2 AND coalesce(valid_to, $2) >= $2"
    ))
    .bind(&found)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.iter().map(|row| (row.code.clone(), CodeFacts::of(row, in_force.contains(&row.code)))).collect())
}

/// Makes the visit's rows equal to `list`: what left it is ended, what is new is added, places and remarks follow.
pub async fn write_list(tx: &mut Tx, visit: &Visit, list: &[Diagnosis]) -> Result<(), sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    let codes: Vec<&str> = list.iter().map(|d| d.code.as_str()).collect();
    sqlx::query(db::sql!(
        "UPDATE encounter_diagnosis SET ended_at = $4, ended_by = $5
         WHERE facility_id = $1 AND encounter_id = $2 AND ended_at IS NULL AND code <> ALL($3)"
    ))
    .bind(facility)
    .bind(visit.encounter_id)
    .bind(&codes)
    .bind(now)
    .bind(account)
    .execute(tx.conn())
    .await?;
    if list.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = list.iter().map(|_| Uuid::now_v7()).collect();
    let names: Vec<&str> = list.iter().map(|d| d.name.as_str()).collect();
    let remarks: Vec<&str> = list.iter().map(|d| d.remark.as_str()).collect();
    sqlx::query(db::sql!(
        "INSERT INTO encounter_diagnosis (facility_id, diagnosis_id, encounter_id, patient_id, code, name, remark, place,
             recorded_at, recorded_by)
         SELECT $1, l.id, $2, $3, l.code, l.name, l.remark, l.place - 1, $8, $9
         FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY AS l(id, code, name, remark, place)
         ON CONFLICT (facility_id, encounter_id, code) WHERE ended_at IS NULL
         DO UPDATE SET place = excluded.place, remark = excluded.remark
             WHERE encounter_diagnosis.place <> excluded.place OR encounter_diagnosis.remark <> excluded.remark"
    ))
    .bind(facility)
    .bind(visit.encounter_id)
    .bind(visit.patient_id)
    .bind(&ids)
    .bind(&codes)
    .bind(&names)
    .bind(&remarks)
    .bind(now)
    .bind(account)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The doctor finished a visit with these codes.
pub async fn count_uses(tx: &mut Tx, list: &[Diagnosis]) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let Some(practitioner) = tx.actor.practitioner else { return Ok(()) };
    let codes: Vec<&str> = list.iter().map(|d| d.code.as_str()).collect();
    sqlx::query(db::sql!(
        "INSERT INTO encounter_favourite_code (facility_id, practitioner_id, code, uses, last_used_at)
         SELECT $1, $2, code, 1, $4 FROM unnest($3::text[]) AS code
         ON CONFLICT (facility_id, practitioner_id, code)
         DO UPDATE SET uses = encounter_favourite_code.uses + 1, last_used_at = excluded.last_used_at"
    ))
    .bind(facility)
    .bind(practitioner.0)
    .bind(&codes)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A code that a doctor uses, and how often.
#[derive(Clone, Debug, FromRow)]
pub struct Favourite {
    pub code: String,
    pub uses: i32,
}

/// How often this doctor used codes, most used first; at most `limit`.
pub async fn list_favourites(tx: &mut Tx, limit: i64) -> Result<Vec<Favourite>, sqlx::Error> {
    let facility = tx.facility().0;
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    sqlx::query_as(db::sql!(
        "SELECT code, uses FROM encounter_favourite_code
         WHERE facility_id = $1 AND practitioner_id = $2 ORDER BY uses DESC, last_used_at DESC LIMIT $3"
    ))
    .bind(facility)
    .bind(practitioner)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// The catalogue's answer to what was typed, with how often this doctor used each: own favourites first.
pub async fn search(tx: &mut Tx, typed: &str, limit: usize) -> Result<Vec<(Icd10, i32)>, sqlx::Error> {
    let found = icd10::search(tx.conn(), typed, 40).await?;
    let uses: BTreeMap<String, i32> = list_favourites(tx, 500).await?.into_iter().map(|f| (f.code, f.uses)).collect();
    let mut ranked: Vec<(Icd10, i32)> =
        found.into_iter().map(|row| (uses.get(&row.code).copied().unwrap_or(0), row)).map(|(n, r)| (r, n)).collect();
    // A stable sort keeps the catalogue's own order among codes the doctor never used.
    ranked.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
    ranked.truncate(limit);
    Ok(ranked)
}
