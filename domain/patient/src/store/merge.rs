//! Merging two records and taking it back, with the log that holds both as they were.

use crate::merge::{self, Side};
use crate::store::register::rebuild_search;
use base::{PatientId, Problem};
use serde_json::{Map, Value, json};
use sqlx::Row;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Failure, Tx, sql};

/// Both records with the rows that hang on them, locked for the merge.
pub struct Pair {
    pub kept: Map<String, Value>,
    pub gone: Map<String, Value>,
    /// Rows of the gone record that will change their owner, by kind: `[{kind, id, text}]`.
    pub rows: Vec<MovingRow>,
}

/// A row that moves with a merge, in words for the preview.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct MovingRow {
    pub kind: String,
    pub id: Uuid,
    pub text: String,
    /// The kept record already has the same: this row stays where it is.
    pub stays: bool,
}

impl MovingRow {
    pub fn label(&self) -> &'static str {
        match self.kind.as_str() {
            "identifier" => "Giấy tờ",
            "address" => "Địa chỉ",
            "coverage" => "Thẻ BHYT",
            "contact" => "Người liên hệ",
            "allergy" => "Dị ứng",
            _ => "Lưu ý",
        }
    }
}

/// Reads both records; `RowNotFound` when either belongs to another facility.
pub async fn get_pair(tx: &mut Tx, kept: PatientId, gone: PatientId) -> Result<Pair, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT patient_id, to_jsonb(p) AS row FROM patient_patient p
         WHERE facility_id = $1 AND patient_id = ANY($2) ORDER BY patient_id FOR UPDATE"
    ))
    .bind(tx.facility().0)
    .bind(vec![kept.0, gone.0])
    .fetch_all(tx.conn())
    .await?;
    let pick = |id: PatientId| {
        rows.iter()
            .find(|r| r.get::<Uuid, _>("patient_id") == id.0)
            .and_then(|r| r.get::<Value, _>("row").as_object().cloned())
            .ok_or(sqlx::Error::RowNotFound)
    };
    let (kept_row, gone_row) = (pick(kept)?, pick(gone)?);
    let moving = sqlx::query(sql!(
        "SELECT 'identifier' AS kind, identifier_id AS id, value AS text, false AS stays FROM patient_identifier WHERE facility_id = $1 AND patient_id = $3
         UNION ALL SELECT 'address', address_id, text, false FROM patient_address WHERE facility_id = $1 AND patient_id = $3
         UNION ALL SELECT 'coverage', c.coverage_id, c.card_no, c.ended_at IS NULL AND EXISTS (SELECT 1 FROM patient_coverage k
             WHERE k.facility_id = $1 AND k.patient_id = $2 AND k.card_no = c.card_no AND k.ended_at IS NULL
             AND k.valid_from IS NOT DISTINCT FROM c.valid_from)
           FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = $3
         UNION ALL SELECT 'contact', contact_id, name, false FROM patient_contact WHERE facility_id = $1 AND patient_id = $3
         UNION ALL SELECT 'allergy', a.allergy_id, a.substance, a.ended_at IS NULL AND EXISTS (SELECT 1 FROM patient_allergy k
             WHERE k.facility_id = $1 AND k.patient_id = $2 AND k.substance_folded = a.substance_folded AND k.ended_at IS NULL)
           FROM patient_allergy a WHERE a.facility_id = $1 AND a.patient_id = $3
         UNION ALL SELECT 'flag', flag_id, coalesce(nullif(text, ''), kind), false FROM patient_flag WHERE facility_id = $1 AND patient_id = $3"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .bind(gone.0)
    .fetch_all(tx.conn())
    .await?;
    let rows = moving
        .iter()
        .map(|r| MovingRow { kind: r.get("kind"), id: r.get("id"), text: r.get("text"), stays: r.get("stays") })
        .collect();
    Ok(Pair { kept: kept_row, gone: gone_row, rows })
}

/// Merges `gone` into `kept`. The rule refuses contradictions; nothing is deleted. Needs the purpose `person-index`.
pub async fn merge(
    tx: &mut Tx,
    merge_id: Uuid,
    kept: PatientId,
    gone: PatientId,
    chosen: &BTreeMap<String, Side>,
    reason: &str,
) -> Result<(), Failure> {
    if log_entry(tx, merge_id).await?.is_some() {
        return Ok(());
    }
    let pair = get_pair(tx, kept, gone).await?;
    merge::may_merge(&pair.kept, &pair.gone)?;
    let after = merge::merged(&pair.kept, &pair.gone, chosen);
    let moved: Vec<&MovingRow> = pair.rows.iter().filter(|r| !r.stays).collect();
    sqlx::query(sql!(
        "INSERT INTO patient_merge (facility_id, merge_id, kept_id, gone_id, before, moved, chosen, reason, merged_at, merged_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind(tx.facility().0)
    .bind(merge_id)
    .bind(kept.0)
    .bind(gone.0)
    .bind(json!({ "kept": pair.kept, "gone": pair.gone, "after": after }))
    .bind(json!(moved))
    .bind(json!(chosen))
    .bind(reason)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    move_rows(tx, &moved.iter().map(|r| r.id).collect::<Vec<_>>(), kept).await?;
    write_row(tx, kept, &after).await?;
    set_gone(tx, gone, Some(kept)).await?;
    link_persons(tx, person(&pair.gone), Some(person(&pair.kept))).await?;
    rebuild_search(tx, gone).await?;
    rebuild_search(tx, kept).await?;
    Ok(())
}

/// A living entry of the merge log.
pub struct LogEntry {
    pub kept: PatientId,
    pub gone: PatientId,
    before: Value,
    moved: Vec<MovingRow>,
    is_undone: bool,
}

/// The log entry of a merge, locked.
pub async fn log_entry(tx: &mut Tx, merge_id: Uuid) -> Result<Option<LogEntry>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT kept_id, gone_id, before, moved, undone_at IS NOT NULL AS is_undone FROM patient_merge
         WHERE facility_id = $1 AND merge_id = $2 FOR UPDATE"
    ))
    .bind(tx.facility().0)
    .bind(merge_id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| LogEntry {
        kept: PatientId(row.get("kept_id")),
        gone: PatientId(row.get("gone_id")),
        before: row.get("before"),
        moved: row.get::<sqlx::types::Json<Vec<MovingRow>>, _>("moved").0,
        is_undone: row.get("is_undone"),
    }))
}

/// The living merge that made `gone` disappear into another record.
pub async fn find_merge_of(tx: &mut Tx, gone: PatientId) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT merge_id FROM patient_merge WHERE facility_id = $1 AND gone_id = $2 AND undone_at IS NULL"
    ))
    .bind(tx.facility().0)
    .bind(gone.0)
    .fetch_optional(tx.conn())
    .await
}

/// Records that were merged into this one and can be taken back: merge, record number, name.
pub async fn list_absorbed(tx: &mut Tx, kept: PatientId) -> Result<Vec<(Uuid, String, String)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT m.merge_id, p.record_no, p.name FROM patient_merge m
         JOIN patient_patient p ON p.facility_id = m.facility_id AND p.patient_id = m.gone_id
         WHERE m.facility_id = $1 AND m.kept_id = $2 AND m.undone_at IS NULL ORDER BY m.merged_at DESC LIMIT 20"
    ))
    .bind(tx.facility().0)
    .bind(kept.0)
    .fetch_all(tx.conn())
    .await
}

/// Takes a merge back: rows go to their first owner, both records become what they were, later corrections stay.
/// Gives (kept, restored, whether it was done now). Refuses while the kept record itself is merged into a third one,
/// or while a later merge into it still stands.
pub async fn unmerge(tx: &mut Tx, merge_id: Uuid) -> Result<(PatientId, PatientId, bool), Failure> {
    let Some(entry) = log_entry(tx, merge_id).await? else { return Err(Failure::NotFound) };
    if entry.is_undone {
        return Ok((entry.kept, entry.gone, false));
    }
    let pair = get_pair(tx, entry.kept, entry.gone).await?;
    if !pair.kept["merged_into"].is_null() {
        return Err(Problem::of("Hồ sơ này sau đó đã được gộp tiếp vào hồ sơ khác. Hoàn tác lần gộp sau trước.").into());
    }
    let later: bool = sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT 1 FROM patient_merge m, patient_merge this WHERE this.facility_id = $1 AND this.merge_id = $2
         AND m.facility_id = $1 AND m.kept_id = this.kept_id AND m.undone_at IS NULL AND m.merge_id <> this.merge_id
         AND (m.merged_at, m.merge_id) > (this.merged_at, this.merge_id))"
    ))
    .bind(tx.facility().0)
    .bind(merge_id)
    .fetch_one(tx.conn())
    .await?;
    if later {
        return Err(Problem::of("Sau lần gộp này còn một lần gộp nữa vào cùng hồ sơ. Hoàn tác lần gộp sau trước.").into());
    }
    let row = |side: &str| entry.before[side].as_object().cloned().unwrap_or_default();
    let restored = merge::unmerged(&row("kept"), &row("after"), &pair.kept);
    move_rows(tx, &entry.moved.iter().map(|r| r.id).collect::<Vec<_>>(), entry.gone).await?;
    write_row(tx, entry.kept, &restored).await?;
    set_gone(tx, entry.gone, None).await?;
    link_persons(tx, person(&pair.gone), None).await?;
    sqlx::query(sql!(
        "UPDATE patient_merge SET undone_at = $3, undone_by = $4 WHERE facility_id = $1 AND merge_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(merge_id)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    rebuild_search(tx, entry.kept).await?;
    rebuild_search(tx, entry.gone).await?;
    Ok((entry.kept, entry.gone, true))
}

fn person(row: &Map<String, Value>) -> Uuid {
    row.get("person_id").and_then(Value::as_str).and_then(|t| t.parse().ok()).unwrap_or_default()
}

/// Changes only the owner of the rows; ids are unique over all tables, so each statement takes its own.
async fn move_rows(tx: &mut Tx, ids: &[Uuid], to: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH a AS (UPDATE patient_identifier SET patient_id = $3 WHERE facility_id = $1 AND identifier_id = ANY($2)),
              b AS (UPDATE patient_address SET patient_id = $3 WHERE facility_id = $1 AND address_id = ANY($2)),
              c AS (UPDATE patient_coverage SET patient_id = $3 WHERE facility_id = $1 AND coverage_id = ANY($2)),
              d AS (UPDATE patient_contact SET patient_id = $3 WHERE facility_id = $1 AND contact_id = ANY($2)),
              e AS (UPDATE patient_allergy SET patient_id = $3 WHERE facility_id = $1 AND allergy_id = ANY($2))
         UPDATE patient_flag SET patient_id = $3 WHERE facility_id = $1 AND flag_id = ANY($2)"
    ))
    .bind(tx.facility().0)
    .bind(ids)
    .bind(to.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the columns that a merge may change, exactly as the JSON row has them.
async fn write_row(tx: &mut Tx, id: PatientId, row: &Map<String, Value>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE patient_patient p SET name = a.name, name_folded = a.name_folded, birth_date = a.birth_date,
             birth_year_only = a.birth_year_only, sex = a.sex, phone = a.phone, cccd = a.cccd,
             cccd_issued_on = a.cccd_issued_on, identity_verified_at = a.identity_verified_at, ethnic_code = a.ethnic_code,
             occupation = a.occupation, address_line = a.address_line, commune_code = a.commune_code,
             address_text = a.address_text, allergy_state = a.allergy_state, allergy_asked_at = a.allergy_asked_at,
             allergy_asked_by = a.allergy_asked_by
         FROM jsonb_populate_record(NULL::patient_patient, $3) a WHERE p.facility_id = $1 AND p.patient_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(Value::Object(row.clone()))
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn set_gone(tx: &mut Tx, gone: PatientId, into: Option<PatientId>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE patient_patient SET merged_into = $3 WHERE facility_id = $1 AND patient_id = $2"))
        .bind(tx.facility().0)
        .bind(gone.0)
        .bind(into.map(|p| p.0))
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn link_persons(tx: &mut Tx, gone: Uuid, same_as: Option<Uuid>) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("UPDATE patient_person SET same_as = $2 WHERE person_id = $1 AND $2 IS DISTINCT FROM person_id"))
        .bind(gone)
        .bind(same_as)
        .execute(tx.conn())
        .await?;
    Ok(())
}
