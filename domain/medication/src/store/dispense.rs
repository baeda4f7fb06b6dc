//! What was handed over and what came back.

use crate::dispensing::{Status, Supply};
use base::{BillId, DispenseId, EncounterId, FacilityId, LotId, PatientId, PrescriptionId, StoreId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// One line of a dispense.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GivenLine {
    pub id: Uuid,
    pub place: i32,
    pub line_id: Option<Uuid>,
    pub drug_id: Uuid,
    pub name: String,
    pub unit: String,
    pub instruction: String,
    pub quantity_milli: i64,
    pub substituted: bool,
    pub closes_line: bool,
    pub price_vnd: Option<i64>,
}

/// From which lot of a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GivenLot {
    pub id: Uuid,
    pub lot_id: LotId,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub quantity_milli: i64,
    pub reason: String,
    /// What came back of it so far.
    #[serde(default)]
    pub returned_milli: i64,
}

/// One handing over.
#[derive(Clone, Debug)]
pub struct Dispense {
    pub id: DispenseId,
    pub prescription: Option<PrescriptionId>,
    pub code: String,
    pub encounter: Option<EncounterId>,
    pub patient: Option<PatientId>,
    pub patient_name: String,
    pub bill: BillId,
    pub store: StoreId,
    pub status: Status,
    pub warning_reason: String,
    pub warnings: Vec<String>,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    pub by_name: String,
    pub lines: Vec<GivenLine>,
    pub lots: Vec<GivenLot>,
}

/// A dispense to be written.
pub struct NewDispense<'a> {
    pub id: DispenseId,
    pub prescription: Option<PrescriptionId>,
    pub encounter: Option<EncounterId>,
    pub patient: Option<PatientId>,
    pub bill: BillId,
    pub store: StoreId,
    pub status: Status,
    pub warning_reason: &'a str,
    pub warnings: &'a [String],
    pub day: NaiveDate,
    pub lines: &'a [GivenLine],
    pub lots: &'a [GivenLot],
    /// What was prescribed, beside each line that fulfils one.
    pub prescribed: &'a [(Uuid, i64)],
    /// How far the prescription is supplied afterwards.
    pub supply: Supply,
}

/// Writes a dispense with lines, lots and first version, and carries the sums of the prescription: one statement.
/// `false`: that dispense was written before, nothing changed.
pub async fn insert_dispense(tx: &mut Tx, new: &NewDispense<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, by, by_name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.clone());
    let (lines, prescribed): (Vec<Uuid>, Vec<i64>) = new.prescribed.iter().copied().unzip();
    sqlx::query_scalar(sql!(
        "WITH given AS (
             INSERT INTO medication_dispense (facility_id, dispense_id, prescription_id, encounter_id, patient_id, bill_id, store_id, status,
                 warning_reason, warnings, day, at, by_account, by_name)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING RETURNING dispense_id),
         line AS (SELECT l.* FROM given, jsonb_to_recordset($15) AS l(id uuid, place int, line_id uuid, drug_id uuid, name text, unit text,
                      instruction text, quantity_milli bigint, substituted boolean, closes_line boolean, price_vnd bigint)),
         lines AS (
             INSERT INTO medication_dispense_line (facility_id, id, dispense_id, place, line_id, drug_id, name, unit, instruction,
                 quantity_milli, substituted, closes_line, price_vnd)
             SELECT $1, id, $2, place, line_id, drug_id, name, unit, instruction, quantity_milli, substituted, closes_line, price_vnd FROM line),
         lots AS (
             INSERT INTO medication_dispense_lot (facility_id, id, lot_id, lot_no, expires, quantity_milli, reason)
             SELECT $1, t.id, t.lot_id, t.lot_no, t.expires, t.quantity_milli, t.reason
             FROM given, jsonb_to_recordset($16) AS t(id uuid, lot_id uuid, lot_no text, expires date, quantity_milli bigint, reason text)),
         versions AS (
             INSERT INTO medication_dispense_version (facility_id, dispense_id, version, status, at, by_account, by_name)
             SELECT $1, $2, 1, $8, $12, $13, $14 FROM given),
         sums AS (
             INSERT INTO medication_fulfilment AS f (facility_id, line_id, prescription_id, prescribed_milli, given_milli, closed_at)
             SELECT $1, l.line_id, $3, u.prescribed, l.quantity_milli, CASE WHEN l.closes_line THEN $12::timestamptz END
             FROM line l JOIN unnest($17::uuid[], $18::bigint[]) AS u(line_id, prescribed) ON u.line_id = l.line_id
             ON CONFLICT (facility_id, line_id) DO UPDATE
                SET given_milli = f.given_milli + excluded.given_milli, closed_at = coalesce(f.closed_at, excluded.closed_at)),
         supplied AS (
             UPDATE medication_prescription SET supply = $19, supply_version = supply_version + 1
             FROM given WHERE facility_id = $1 AND prescription_id = $3)
         SELECT EXISTS (SELECT 1 FROM given)"
    ))
    .bind(facility)
    .bind(new.id.0)
    .bind(new.prescription.map(|p| p.0))
    .bind(new.encounter.map(|e| e.0))
    .bind(new.patient.map(|p| p.0))
    .bind(new.bill.0)
    .bind(new.store.0)
    .bind(new.status.key())
    .bind(new.warning_reason.trim())
    .bind(Json(new.warnings))
    .bind(new.day)
    .bind(now)
    .bind(by)
    .bind(&*by_name)
    .bind(Json(new.lines))
    .bind(Json(new.lots))
    .bind(&lines)
    .bind(&prescribed)
    .bind(new.supply.key())
    .fetch_one(tx.conn())
    .await
}

/// Whether this dispense was written already: a repeated click then gets the same answer.
pub async fn dispense_exists(conn: &mut PgConnection, facility: FacilityId, id: DispenseId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM medication_dispense WHERE facility_id = $1 AND dispense_id = $2)"))
        .bind(facility.0)
        .bind(id.0)
        .fetch_one(conn)
        .await
}

/// One dispense with lines, lots and what came back; `None` when the facility has none with this id.
pub async fn find_dispense(conn: &mut PgConnection, facility: FacilityId, id: DispenseId) -> Result<Option<Dispense>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT d.*, coalesce(p.code, '') AS code, coalesce(pt.name, '') AS patient_name,
                coalesce((SELECT jsonb_agg(to_jsonb(l) ORDER BY l.place) FROM medication_dispense_line l
                          WHERE l.facility_id = $1 AND l.dispense_id = d.dispense_id), '[]') AS lines,
                coalesce((SELECT jsonb_agg(to_jsonb(t) || jsonb_build_object('returned_milli', coalesce((
                              SELECT sum(r.quantity_milli) FROM medication_return_lot r
                              WHERE r.facility_id = $1 AND r.id = t.id AND r.lot_id = t.lot_id), 0)) ORDER BY t.expires, t.lot_no)
                          FROM medication_dispense_lot t
                          JOIN medication_dispense_line l ON l.facility_id = t.facility_id AND l.id = t.id
                          WHERE l.facility_id = $1 AND l.dispense_id = d.dispense_id), '[]') AS lots
         FROM medication_dispense d
         LEFT JOIN medication_prescription p ON p.facility_id = d.facility_id AND p.prescription_id = d.prescription_id
         LEFT JOIN patient_patient pt ON pt.facility_id = d.facility_id AND pt.patient_id = d.patient_id
         WHERE d.facility_id = $1 AND d.dispense_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Dispense {
        id,
        prescription: row.try_get::<Option<Uuid>, _>("prescription_id")?.map(PrescriptionId),
        code: row.try_get("code")?,
        encounter: row.try_get::<Option<Uuid>, _>("encounter_id")?.map(EncounterId),
        patient: row.try_get::<Option<Uuid>, _>("patient_id")?.map(PatientId),
        patient_name: row.try_get("patient_name")?,
        bill: BillId(row.try_get("bill_id")?),
        store: StoreId(row.try_get("store_id")?),
        status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Completed),
        warning_reason: row.try_get("warning_reason")?,
        warnings: row.try_get::<Json<Vec<String>>, _>("warnings")?.0,
        day: row.try_get("day")?,
        at: row.try_get("at")?,
        by_name: row.try_get("by_name")?,
        lines: row.try_get::<Json<Vec<GivenLine>>, _>("lines")?.0,
        lots: row.try_get::<Json<Vec<GivenLot>>, _>("lots")?.0,
    }))
}

/// Every state of a dispense: state, reason, when, who; the newest first.
pub async fn list_versions(conn: &mut PgConnection, facility: FacilityId, id: DispenseId) -> Result<Vec<(String, String, DateTime<Utc>, String)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT status, reason, at, by_name FROM medication_dispense_version WHERE facility_id = $1 AND dispense_id = $2 ORDER BY version DESC"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_all(conn)
    .await
}

/// A row of what was handed over.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Handed {
    pub dispense_id: Uuid,
    pub status: String,
    pub at: DateTime<Utc>,
    pub by_name: String,
    /// "" for a sale at the counter.
    pub code: String,
    pub patient_name: String,
    pub medicines: String,
}

/// What was handed over, newest first, 50 a page; of one prescription, or of the house before a moment.
pub async fn list_handed(conn: &mut PgConnection, facility: FacilityId, of: Option<PrescriptionId>, before: Option<DateTime<Utc>>) -> Result<Vec<Handed>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT d.dispense_id, d.status, d.at, d.by_name, coalesce(p.code, '') AS code, coalesce(pt.name, '') AS patient_name,
                coalesce((SELECT string_agg(l.name || ' ' || trim_scale(l.quantity_milli::numeric / 1000) || ' ' || l.unit, ', ' ORDER BY l.place)
                          FROM medication_dispense_line l
                          WHERE l.facility_id = $1 AND l.dispense_id = d.dispense_id AND l.quantity_milli > 0), '') AS medicines
         FROM medication_dispense d
         LEFT JOIN medication_prescription p ON p.facility_id = d.facility_id AND p.prescription_id = d.prescription_id
         LEFT JOIN patient_patient pt ON pt.facility_id = d.facility_id AND pt.patient_id = d.patient_id
         WHERE d.facility_id = $1 AND ($2::uuid IS NULL OR d.prescription_id = $2) AND ($3::timestamptz IS NULL OR d.at < $3)
         ORDER BY d.at DESC LIMIT 50"
    ))
    .bind(facility.0)
    .bind(of.map(|p| p.0))
    .bind(before)
    .fetch_all(conn)
    .await
}

/// Locks a dispense; what is read of it afterwards holds until the transaction ends.
pub async fn lock_dispense(tx: &mut Tx, id: DispenseId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("SELECT 1 FROM medication_dispense WHERE facility_id = $1 AND dispense_id = $2 FOR NO KEY UPDATE"))
        .bind(tx.facility().0)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A return to be written.
pub struct NewReturn<'a> {
    pub id: Uuid,
    pub dispense: &'a Dispense,
    pub status: Status,
    pub reason: &'a str,
    pub reopens: bool,
    pub day: NaiveDate,
    /// Line of the dispense, lot, quantity.
    pub lots: &'a [(Uuid, LotId, i64)],
}

/// Writes a return: its lots, the new state of the dispense, the sums of the prescription's lines. One statement.
pub async fn insert_return(tx: &mut Tx, new: &NewReturn<'_>) -> Result<(), sqlx::Error> {
    let (facility, now, by, by_name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.clone());
    let ids: Vec<Uuid> = new.lots.iter().map(|l| l.0).collect();
    let lots: Vec<Uuid> = new.lots.iter().map(|l| l.1.0).collect();
    let quantities: Vec<i64> = new.lots.iter().map(|l| l.2).collect();
    sqlx::query(sql!(
        "WITH back AS (
             INSERT INTO medication_return (facility_id, return_id, dispense_id, reason, reopens, day, at, by_account, by_name)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING return_id),
         piece AS (SELECT u.* FROM back, unnest($10::uuid[], $11::uuid[], $12::bigint[]) AS u(id, lot_id, quantity_milli)),
         lots AS (INSERT INTO medication_return_lot (facility_id, return_id, id, lot_id, quantity_milli)
                  SELECT $1, $2, id, lot_id, quantity_milli FROM piece),
         state AS (UPDATE medication_dispense SET status = $13 FROM back WHERE facility_id = $1 AND dispense_id = $3),
         versions AS (
             INSERT INTO medication_dispense_version (facility_id, dispense_id, version, status, reason, at, by_account, by_name)
             SELECT $1, $3, max(v.version) + 1, $13, $4, $7, $8, $9 FROM medication_dispense_version v, back
             WHERE v.facility_id = $1 AND v.dispense_id = $3 HAVING count(*) > 0)
         UPDATE medication_fulfilment f
         SET given_milli = f.given_milli - s.back, closed_at = CASE WHEN $5 THEN NULL ELSE coalesce(f.closed_at, $7) END
         FROM (SELECT l.line_id, sum(piece.quantity_milli)::bigint AS back FROM piece
               JOIN medication_dispense_line l ON l.facility_id = $1 AND l.id = piece.id
               WHERE l.line_id IS NOT NULL GROUP BY l.line_id) s
         WHERE f.facility_id = $1 AND f.line_id = s.line_id"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.dispense.id.0)
    .bind(new.reason.trim())
    .bind(new.reopens)
    .bind(new.day)
    .bind(now)
    .bind(by)
    .bind(&*by_name)
    .bind(&ids)
    .bind(&lots)
    .bind(&quantities)
    .bind(new.status.key())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether this return was written already.
pub async fn return_exists(conn: &mut PgConnection, facility: FacilityId, id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM medication_return WHERE facility_id = $1 AND return_id = $2)"))
        .bind(facility.0)
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Writes how far a prescription is supplied, after a return changed its sums.
pub async fn set_supply(tx: &mut Tx, id: PrescriptionId, supply: Supply) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE medication_prescription SET supply = $3, supply_version = supply_version + 1 WHERE facility_id = $1 AND prescription_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(supply.key())
    .execute(tx.conn())
    .await?;
    Ok(())
}
