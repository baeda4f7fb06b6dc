//! Facts about medicines, told once or many times, kept once.

use base::event::{DrugDispensed, DrugIssued, DrugReturned};
use base::{BillId, PrescriptionId};
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A medicine that was handed over, with what came back of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Dispensed {
    pub dispensed_id: Uuid,
    pub prescription_id: Option<Uuid>,
    pub line_id: Option<Uuid>,
    pub drug_id: Uuid,
    pub quantity_milli: i64,
    pub returned_milli: i64,
    pub substituted: bool,
    pub closes_line: bool,
    pub day: NaiveDate,
}

impl Dispensed {
    /// What the patient kept.
    pub fn kept(&self) -> i64 {
        (self.quantity_milli - self.returned_milli).max(0)
    }
}

/// A prescription line of the facility's own list; `withdrawn` when its prescription or visit went away.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Prescribed {
    pub line_id: Uuid,
    pub prescription_id: Uuid,
    pub drug_id: Uuid,
    pub quantity_milli: i64,
    pub day: NaiveDate,
    pub withdrawn: bool,
}

/// Everything handed over on a bill, first come first.
pub async fn list_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Dispensed>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT d.dispensed_id, d.prescription_id, d.line_id, d.drug_id, d.quantity_milli, d.substituted, d.closes_line, d.day,
                coalesce((SELECT sum(r.quantity_milli) FROM billing_returned r
                          WHERE r.facility_id = $1 AND r.dispensed_id = d.dispensed_id), 0)::bigint AS returned_milli
         FROM billing_dispensed d WHERE d.facility_id = $1 AND d.bill_id = $2 ORDER BY d.dispensed_id"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

pub async fn prescribed_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Prescribed>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT p.line_id, p.prescription_id, p.drug_id, p.quantity_milli, p.day,
                EXISTS (SELECT FROM billing_withdrawn w WHERE w.facility_id = $1 AND w.document_id IN (p.prescription_id, p.bill_id)) AS withdrawn
         FROM billing_prescribed p WHERE p.facility_id = $1 AND p.bill_id = $2"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

/// Keeps what a prescription asks for.
pub async fn keep_prescribed(tx: &mut Tx, bill: BillId, prescription: PrescriptionId, lines: &[DrugIssued], day: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    for line in lines.iter().filter(|l| l.quantity_milli > 0) {
        let Some(drug) = line.drug else { continue };
        sqlx::query(sql!(
            "INSERT INTO billing_prescribed (facility_id, line_id, bill_id, prescription_id, drug_id, quantity_milli, day)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(line.line)
        .bind(bill.0)
        .bind(prescription.0)
        .bind(drug)
        .bind(line.quantity_milli)
        .bind(day)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Keeps what was handed over.
pub async fn keep_dispensed(
    tx: &mut Tx,
    bill: BillId,
    prescription: Option<PrescriptionId>,
    lines: &[DrugDispensed],
    day: NaiveDate,
) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    for line in lines {
        sqlx::query(sql!(
            "INSERT INTO billing_dispensed (facility_id, dispensed_id, bill_id, prescription_id, line_id, drug_id, quantity_milli,
                 substituted, closes_line, day)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(line.id)
        .bind(bill.0)
        .bind(prescription.map(|p| p.0))
        .bind(line.line)
        .bind(line.drug)
        .bind(line.quantity_milli)
        .bind(line.substituted)
        .bind(line.closes_line)
        .bind(day)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Keeps what came back.
pub async fn keep_returned(tx: &mut Tx, bill: BillId, lines: &[DrugReturned], day: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    for line in lines.iter().filter(|l| l.quantity_milli > 0) {
        sqlx::query(sql!(
            "INSERT INTO billing_returned (facility_id, returned_id, dispensed_id, bill_id, quantity_milli, day)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(line.id)
        .bind(line.dispensed)
        .bind(bill.0)
        .bind(line.quantity_milli)
        .bind(day)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
