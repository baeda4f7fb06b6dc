//! Prescriptions on their way to the counter: who waits, what is owed, whose money came.

use super::draft::{Prescription, prescription};
use crate::dispensing::{Owed, Supply};
use base::{EncounterId, FacilityId, PrescriptionId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A prescription with everything that decides whether its medicines may be handed over.
pub struct ToSupply {
    pub prescription: Prescription,
    pub version: i32,
    pub paid_at: Option<DateTime<Utc>>,
    /// The facility lets nobody take medicines that are not paid.
    pub pay_first: bool,
    pub owed: Vec<Owed>,
}

#[derive(Deserialize)]
struct Given {
    line_id: Uuid,
    given_milli: i64,
    closed: bool,
}

macro_rules! to_supply {
    ($lock:literal) => {
        sql!(concat!(
            "SELECT p.*, o.code AS replaces_code,
                    coalesce((SELECT jsonb_agg(to_jsonb(l) ORDER BY l.place, l.line_id) FROM medication_line l
                              WHERE l.facility_id = $1 AND l.prescription_id = p.prescription_id), '[]') AS lines,
                    coalesce((SELECT jsonb_agg(jsonb_build_object('line_id', u.line_id, 'given_milli', u.given_milli,
                                  'closed', u.closed_at IS NOT NULL)) FROM medication_fulfilment u
                              WHERE u.facility_id = $1 AND u.prescription_id = p.prescription_id), '[]') AS given,
                    coalesce((f.settings->>'pay_first')::boolean, false) AS pay_first
             FROM medication_prescription p
             JOIN organization_facility f ON f.facility_id = p.facility_id
             LEFT JOIN medication_prescription o ON o.facility_id = p.facility_id AND o.prescription_id = p.replaces
             WHERE p.facility_id = $1 AND p.prescription_id = $2 AND p.code IS NOT NULL ",
            $lock
        ))
    };
}

/// An issued prescription (also one that ended since); `None` when the facility has none with this id. With `lock` it
/// stays as read until the transaction ends: `version` is that of the moment in which the lock was won, so that a
/// page that read the same version has seen everything that was given.
pub async fn find_to_supply(conn: &mut PgConnection, facility: FacilityId, id: PrescriptionId, lock: bool) -> Result<Option<ToSupply>, sqlx::Error> {
    let row = sqlx::query(if lock { to_supply!("FOR NO KEY UPDATE OF p") } else { to_supply!("") })
        .bind(facility.0)
        .bind(id.0)
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let prescription = prescription(&row)?;
    let given: HashMap<Uuid, Given> =
        row.try_get::<Json<Vec<Given>>, _>("given")?.0.into_iter().map(|g| (g.line_id, g)).collect();
    Ok(Some(ToSupply {
        owed: prescription.lines.iter().map(|(id, line)| owed(*id, line, given.get(id))).collect(),
        version: row.try_get("supply_version")?,
        paid_at: row.try_get("paid_at")?,
        pay_first: row.try_get("pay_first")?,
        prescription,
    }))
}

fn owed(id: Uuid, line: &crate::line::Line, given: Option<&Given>) -> Owed {
    let drug = &line.drug;
    Owed {
        line: id,
        drug: drug.id,
        name: drug.short_name(),
        ingredient: drug.ingredient.clone(),
        strength: drug.strength.clone(),
        form: drug.form.clone(),
        unit: drug.packaging.unit.clone(),
        prescribed_milli: line.quantity.amount.0,
        given_milli: given.map_or(0, |g| g.given_milli),
        is_closed: given.is_some_and(|g| g.closed),
    }
}

/// One row of the pharmacist's queue.
#[derive(Clone, Debug)]
pub struct Queued {
    pub id: PrescriptionId,
    pub encounter: EncounterId,
    pub code: String,
    pub supply: Supply,
    pub paid_at: Option<DateTime<Utc>>,
    pub issued_at: DateTime<Utc>,
    pub ticket: Option<i32>,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub record_no: String,
    pub prescriber: String,
    pub lines: i64,
    pub price_vnd: i64,
}

/// What the queue shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Issued since `since` and not fully supplied.
    Open,
    /// Something is still owed, and the prescription still holds on `day`.
    Partial,
}

/// Prescriptions that wait at the counter, the longest first; at most 200.
pub async fn list_queue(conn: &mut PgConnection, facility: FacilityId, which: Which, since: DateTime<Utc>, day: NaiveDate) -> Result<Vec<Queued>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT p.prescription_id, p.encounter_id, p.code, p.supply, p.paid_at, p.issued_at, pt.name, pt.sex, pt.birth_date, pt.record_no,
                concat_ws(' ', p.prescriber->>'title', p.prescriber->>'name') AS prescriber, s.lines, s.price_vnd,
                (SELECT t.number FROM encounter_ticket t WHERE t.facility_id = $1 AND t.encounter_id = p.encounter_id
                 ORDER BY t.issued_at DESC LIMIT 1) AS ticket
         FROM medication_prescription p
         JOIN patient_patient pt ON pt.facility_id = p.facility_id AND pt.patient_id = p.patient_id
         CROSS JOIN LATERAL (SELECT count(*) AS lines, coalesce(sum((l.price_vnd * l.quantity_milli + 500) / 1000), 0)::bigint AS price_vnd
                             FROM medication_line l WHERE l.facility_id = $1 AND l.prescription_id = p.prescription_id) s
         WHERE p.facility_id = $1 AND p.code IS NOT NULL AND p.status = 'issued' AND p.supply <> 'done' AND p.issued_at >= $2
           AND (NOT $3 OR p.supply = 'partial') AND (p.valid_until IS NULL OR p.valid_until >= $4)
         ORDER BY p.issued_at LIMIT 200"
    ))
    .bind(facility.0)
    .bind(since)
    .bind(which == Which::Partial)
    .bind(day)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Queued {
                id: PrescriptionId(row.try_get("prescription_id")?),
                encounter: EncounterId(row.try_get("encounter_id")?),
                code: row.try_get("code")?,
                supply: Supply::from_key(row.try_get("supply")?),
                paid_at: row.try_get("paid_at")?,
                issued_at: row.try_get("issued_at")?,
                ticket: row.try_get("ticket")?,
                name: row.try_get("name")?,
                sex: row.try_get("sex")?,
                birth_date: row.try_get("birth_date")?,
                record_no: row.try_get("record_no")?,
                prescriber: row.try_get("prescriber")?,
                lines: row.try_get("lines")?,
                price_vnd: row.try_get("price_vnd")?,
            })
        })
        .collect()
}

/// The prescription with this code, in whatever case it was scanned.
pub async fn find_by_code(conn: &mut PgConnection, facility: FacilityId, code: &str) -> Result<Option<PrescriptionId>, sqlx::Error> {
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT prescription_id FROM medication_prescription WHERE facility_id = $1 AND code = ANY ($2)"
    ))
    .bind(facility.0)
    .bind(&[code.trim().to_owned(), spelled(code)][..])
    .fetch_optional(conn)
    .await?;
    Ok(id.map(PrescriptionId))
}

/// Readers with Caps Lock on send the random part in capitals.
fn spelled(code: &str) -> String {
    let code = code.trim();
    match code.char_indices().nth(5) {
        Some((at, _)) => format!("{}{}", code[..at].to_uppercase(), code[at..].to_lowercase()),
        None => code.to_owned(),
    }
}

/// The cashier's desk owes nothing any more for this prescription. A second time changes nothing.
pub async fn mark_paid(tx: &mut Tx, id: PrescriptionId) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE medication_prescription SET paid_at = $3 WHERE facility_id = $1 AND prescription_id = $2 AND paid_at IS NULL"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the person holds of this prescription, returns subtracted; the prescription is locked on the way.
pub async fn given_of(tx: &mut Tx, id: PrescriptionId) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("SELECT 1 FROM medication_prescription WHERE facility_id = $1 AND prescription_id = $2 FOR NO KEY UPDATE"))
        .bind(facility)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    sqlx::query_scalar(sql!(
        "SELECT coalesce(sum(given_milli), 0)::bigint FROM medication_fulfilment WHERE facility_id = $1 AND prescription_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// Drugs of the list that may stand in for these: the same ingredient, strength and form as written, in use on `day`.
/// Spellings that only the rule knows to be one are found too, because the first word of the ingredient decides here.
pub async fn list_alternatives(conn: &mut PgConnection, facility: FacilityId, drugs: &[Uuid], day: NaiveDate) -> Result<Vec<(Uuid, Owed)>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT d.drug_id AS for_drug, a.drug_id, a.name, a.ingredient, a.strength, a.form, a.unit
         FROM organization_drug d
         JOIN organization_drug a ON a.facility_id = d.facility_id AND a.drug_id <> d.drug_id
              AND left(a.ingredient_folded, 4) = left(d.ingredient_folded, 4)
              AND replace(lower(a.strength), ' ', '') = replace(lower(d.strength), ' ', '')
              AND a.active_from <= $3 AND (a.active_to IS NULL OR a.active_to >= $3)
         WHERE d.facility_id = $1 AND d.drug_id = ANY ($2)
         ORDER BY a.name_folded LIMIT 100"
    ))
    .bind(facility.0)
    .bind(drugs)
    .bind(day)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get("name")?;
            let owed = Owed {
                drug: Some(row.try_get("drug_id")?),
                name,
                ingredient: row.try_get("ingredient")?,
                strength: row.try_get("strength")?,
                form: row.try_get("form")?,
                unit: row.try_get("unit")?,
                ..Owed::default()
            };
            Ok((row.try_get("for_drug")?, owed))
        })
        .collect()
}
