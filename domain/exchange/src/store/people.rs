//! Whom the senders' numbers mean, and what they know otherwise than we do.

use crate::person::{Known, Line};
use base::{EncounterId, PatientId, RoomId};
use db::Tx;
use patient::store::find::Found;
use patient::{Birth, Sex};
use sqlx::Row;
use uuid::Uuid;
use web::sql;

/// A patient of this facility as the comparison needs it; the kept record where it was merged. `RowNotFound` for another
/// facility's id.
pub async fn get_known(tx: &mut Tx, patient: PatientId) -> Result<Known, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT p.patient_id, p.person_id, p.name, p.birth_date, p.birth_year_only, p.sex, p.phone, p.cccd, p.address_line,
                coalesce((SELECT card_no FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = p.patient_id
                          AND c.ended_at IS NULL ORDER BY recorded_at DESC LIMIT 1), '') AS card_no
         FROM patient_patient own
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = coalesce(own.merged_into, own.patient_id)
         WHERE own.facility_id = $1 AND own.patient_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .fetch_one(tx.conn())
    .await?;
    super::look::known(&row)
}

/// From now on this number of the partner means this patient; what it meant before is ended, not lost.
pub async fn remember(tx: &mut Tx, partner: Uuid, value: &str, patient: PatientId, how: &str) -> Result<(), sqlx::Error> {
    if value.is_empty() {
        return Ok(());
    }
    sqlx::query(sql!(
        "UPDATE exchange_identifier SET ended_at = $5
         WHERE facility_id = $1 AND partner_id = $2 AND value = $3 AND ended_at IS NULL AND patient_id <> $4"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(value)
    .bind(patient.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO exchange_identifier (facility_id, identifier_id, partner_id, value, patient_id, how, since, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (facility_id, partner_id, value) WHERE ended_at IS NULL DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(Uuid::now_v7())
    .bind(partner)
    .bind(value)
    .bind(patient.0)
    .bind(how)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what a clerk has to compare.
pub async fn note_difference(tx: &mut Tx, message: Uuid, patient: PatientId, lines: &[Line]) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO exchange_difference (facility_id, message_id, patient_id, lines, noted_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (facility_id, message_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(message)
    .bind(patient.0)
    .bind(sqlx::types::Json(lines))
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The patient's newest visit that is going on.
pub async fn find_open_visit(tx: &mut Tx, patient: PatientId) -> Result<Option<EncounterId>, sqlx::Error> {
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT encounter_id FROM encounter_encounter WHERE facility_id = $1 AND patient_id = $2 AND status = 'in_progress'
         ORDER BY class = 'IMP' DESC, opened_at DESC LIMIT 1"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(EncounterId))
}

/// Whose visit it is; `None` where there is no such visit.
pub async fn find_visit_owner(tx: &mut Tx, id: EncounterId) -> Result<Option<PatientId>, sqlx::Error> {
    let owner: Option<Uuid> =
        sqlx::query_scalar(sql!("SELECT patient_id FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2"))
            .bind(tx.facility().0)
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(owner.map(PatientId))
}

/// The room that carries this code of ours today.
pub async fn find_room(tx: &mut Tx, code: &str) -> Result<Option<RoomId>, sqlx::Error> {
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT room_id FROM organization_room WHERE facility_id = $1 AND code = $2 AND active_from <= $3 AND (active_to IS NULL OR active_to >= $3)"
    ))
    .bind(tx.facility().0)
    .bind(code)
    .bind(base::local_date(tx.now))
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(RoomId))
}

/// The patient whom a partner's number means now, as lists of candidates show people.
pub async fn find_meant(tx: &mut Tx, partner: Uuid, value: &str) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT p.patient_id, p.record_no, p.name, p.birth_date, p.birth_year_only, p.sex, p.cccd, p.phone, p.address_text, p.commune_code
         FROM exchange_identifier i
         JOIN patient_patient own ON own.facility_id = $1 AND own.patient_id = i.patient_id
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = coalesce(own.merged_into, own.patient_id)
         WHERE i.facility_id = $1 AND i.partner_id = $2 AND i.value = $3 AND i.ended_at IS NULL"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(value)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        patient: PatientId(row.try_get("patient_id")?),
        record_no: row.try_get("record_no")?,
        name: row.try_get("name")?,
        birth: Birth { date: row.try_get("birth_date")?, year_only: row.try_get("birth_year_only")? },
        sex: Sex::from_key(row.try_get("sex")?).unwrap_or(Sex::Unknown),
        cccd: row.try_get("cccd")?,
        phone: row.try_get("phone")?,
        address: row.try_get("address_text")?,
        commune_code: row.try_get("commune_code")?,
        bhxh_no: String::new(),
        seen_at: None,
    }))
}
