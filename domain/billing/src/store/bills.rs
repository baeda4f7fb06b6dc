//! The bill: who, which lines, how the account stands; and the list of those who wait at the desk.

use crate::bill::Kind;
use crate::charge::{Group, Source};
use crate::ledger::Position;
use base::{BillId, PatientId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// What the cashier may know about whoever pays: enough to call and to bill, nothing clinical. Of a sale at the counter
/// there may be no more than "Khách lẻ".
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Payer {
    pub bill_id: Uuid,
    pub kind: String,
    pub encounter_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub day: NaiveDate,
    pub status: String,
    pub payer: String,
    pub finished_at: Option<DateTime<Utc>>,
    pub person_id: Option<Uuid>,
    pub name: String,
    pub buyer_name: String,
    pub record_no: String,
    pub birth_date: Option<NaiveDate>,
    pub birth_year_only: bool,
    pub sex: String,
    pub phone: String,
    pub cccd: String,
    pub address_text: String,
    pub room_name: String,
    pub doctor: Option<String>,
    pub ticket: Option<i32>,
}

impl Payer {
    pub fn bill(&self) -> BillId {
        BillId(self.bill_id)
    }
    pub fn kind(&self) -> Kind {
        Kind::from_key(&self.kind).unwrap_or(Kind::Visit)
    }
    pub fn is_visit(&self) -> bool {
        self.kind() == Kind::Visit
    }
    pub fn patient(&self) -> Option<PatientId> {
        self.patient_id.map(PatientId)
    }
}

/// Whose bill it is; no row when it is another facility's. A visit has a bill from its first minute.
pub async fn get_payer(tx: &mut Tx, bill: BillId) -> Result<Payer, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT b.bill_id, b.kind, b.encounter_id, p.patient_id, b.day, coalesce(e.status, '') AS status, coalesce(e.payer, 'self') AS payer,
                e.finished_at, p.person_id, coalesce(p.name, nullif(b.buyer_name, ''), 'Khách lẻ') AS name, b.buyer_name,
                coalesce(p.record_no, '') AS record_no, p.birth_date, coalesce(p.birth_year_only, false) AS birth_year_only,
                coalesce(p.sex, '') AS sex, coalesce(p.phone, b.buyer_phone) AS phone, coalesce(p.cccd, '') AS cccd,
                coalesce(p.address_text, '') AS address_text, coalesce(r.name, '') AS room_name,
                concat_ws(' ', nullif(d.title, ''), d.name) AS doctor,
                (SELECT t.number FROM encounter_ticket t WHERE t.facility_id = $1 AND t.encounter_id = b.encounter_id
                 ORDER BY t.issued_at DESC LIMIT 1) AS ticket
         FROM (SELECT bill_id, kind, encounter_id, patient_id, day, buyer_name, buyer_phone FROM billing_account
               WHERE facility_id = $1 AND bill_id = $2
               UNION ALL
               SELECT encounter_id, 'visit', encounter_id, NULL, day, '', '' FROM encounter_encounter
               WHERE facility_id = $1 AND encounter_id = $2
                 AND NOT EXISTS (SELECT FROM billing_account WHERE facility_id = $1 AND bill_id = $2)) b
         LEFT JOIN encounter_encounter e ON e.facility_id = $1 AND e.encounter_id = b.encounter_id
         LEFT JOIN patient_patient own ON own.facility_id = $1 AND own.patient_id = coalesce(e.patient_id, b.patient_id)
         -- A record that was merged into another is billed under the one that was kept.
         LEFT JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = coalesce(own.merged_into, own.patient_id)
         LEFT JOIN organization_room r ON r.facility_id = $1 AND r.room_id = e.room_id
         LEFT JOIN practitioner_practitioner d ON d.facility_id = $1 AND d.practitioner_id = e.practitioner_id"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_one(tx.conn())
    .await
}

/// Opens a bill that is not a visit's, once. `patient` may stay unknown at a sale.
pub async fn open(tx: &mut Tx, bill: BillId, kind: Kind, patient: Option<PatientId>, day: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO billing_account (facility_id, bill_id, kind, patient_id, day, opened_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(kind.key())
    .bind(patient.map(|p| p.0))
    .bind(day)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opens the bill of a sale at the counter, unless it is a visit's or stands already; who buys may become known later.
pub async fn open_sale(tx: &mut Tx, bill: BillId, patient: Option<PatientId>, day: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO billing_account AS a (facility_id, bill_id, kind, patient_id, day, opened_at)
         SELECT $1, $2, 'sale', $3, $4, $5
         WHERE NOT EXISTS (SELECT FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2)
         ON CONFLICT (facility_id, bill_id) DO UPDATE SET patient_id = coalesce(a.patient_id, excluded.patient_id) WHERE a.kind = 'sale'"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(patient.map(|p| p.0))
    .bind(day)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down who buys at the counter. Only a sale has a buyer of its own; everybody else is known by their record.
pub async fn name_buyer(tx: &mut Tx, bill: BillId, name: &str, phone: &str) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    let done = sqlx::query(sql!(
        "UPDATE billing_account SET buyer_name = $3, buyer_phone = $4
         WHERE facility_id = $1 AND bill_id = $2 AND kind = 'sale' AND patient_id IS NULL"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(name)
    .bind(phone)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// One line of the bill and everything that happened to it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub charge_id: Uuid,
    pub source: String,
    pub source_id: Uuid,
    pub source_paper: Option<Uuid>,
    pub revision: i32,
    pub service_id: Option<Uuid>,
    pub drug_id: Option<Uuid>,
    pub group_key: String,
    pub name: String,
    pub unit: String,
    pub quantity_milli: i64,
    pub unit_price_vnd: i64,
    pub price_valid_from: Option<NaiveDate>,
    pub amount_vnd: i64,
    pub day: NaiveDate,
    pub reversal_reason: Option<String>,
    /// The receipt in force that names the line.
    pub receipt_id: Option<Uuid>,
    pub receipt_no: Option<String>,
    pub void_asked: bool,
    /// The line that this row lowers.
    pub discount_of: Option<Uuid>,
    pub discount_id: Option<Uuid>,
    /// Sum of the living rows that lower this line; never above zero.
    pub lowered_vnd: i64,
}

impl Line {
    pub fn source(&self) -> Source {
        match self.source.as_str() {
            "exam" => Source::Exam,
            "order" => Source::Order,
            "dispense" => Source::Dispense,
            "package" => Source::Package,
            "rendered" => Source::Rendered,
            _ => Source::Drug,
        }
    }
    pub fn group(&self) -> Group {
        Group::of_service(&self.group_key)
    }
    pub fn amount(&self) -> Vnd {
        Vnd(self.amount_vnd)
    }
    /// What is owed for the line once everything that lowers it is taken off.
    pub fn net(&self) -> Vnd {
        Vnd(self.amount_vnd + self.lowered_vnd)
    }
    /// A discount, or the cover by a package: it stands under another line.
    pub fn is_adjustment(&self) -> bool {
        self.discount_of.is_some()
    }
    pub fn is_reversed(&self) -> bool {
        self.reversal_reason.is_some()
    }
    /// Counts, and no receipt names it yet.
    pub fn is_open(&self) -> bool {
        !self.is_reversed() && self.receipt_id.is_none()
    }
    pub fn is_unpriced(&self) -> bool {
        self.price_valid_from.is_none()
    }
}

/// The rows of a bill, oldest first: lines, and under other rows' ids what lowers them.
pub async fn list_lines(tx: &mut Tx, bill: BillId) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT c.charge_id, c.source, c.source_id, c.source_paper, c.revision, c.service_id, c.drug_id, c.group_key, c.name,
                c.unit, c.quantity_milli, c.unit_price_vnd, c.price_valid_from, c.amount_vnd, c.day,
                back.reason AS reversal_reason, paper.receipt_id, paper.receipt_no,
                EXISTS (SELECT FROM billing_approval a WHERE a.facility_id = $1 AND a.matter = 'charge_void'
                        AND a.target_id = c.charge_id AND a.step = 'waiting') AS void_asked,
                c.discount_of, c.discount_id,
                coalesce((SELECT sum(x.amount_vnd) FROM billing_charge x WHERE x.facility_id = $1 AND x.discount_of = c.charge_id), 0)::bigint
                    AS lowered_vnd
         FROM billing_charge c
         LEFT JOIN billing_charge back ON back.facility_id = $1 AND back.reverses = c.charge_id
         LEFT JOIN LATERAL (
             SELECT r.receipt_id, r.series || lpad((r.year % 100)::text, 2, '0') || '-' || lpad(r.number::text, 6, '0') AS receipt_no
             FROM billing_receipt_line l
             JOIN billing_receipt r ON r.facility_id = $1 AND r.receipt_id = l.receipt_id
             WHERE l.facility_id = $1 AND l.charge_id = c.charge_id
               AND NOT EXISTS (SELECT FROM billing_receipt_void v WHERE v.facility_id = $1 AND v.receipt_id = l.receipt_id)
             LIMIT 1) paper ON true
         WHERE c.facility_id = $1 AND c.bill_id = $2 AND c.reverses IS NULL
         ORDER BY c.posted_at, c.charge_id"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

/// How a bill stands; all zero before its first movement.
pub async fn position(tx: &mut Tx, bill: BillId) -> Result<Position, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<(i64, i64)> = sqlx::query_as(sql!(
        "SELECT charged_vnd, paid_vnd FROM billing_account WHERE facility_id = $1 AND bill_id = $2"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map_or_else(Position::default, |(charged, paid)| Position { charged: Vnd(charged), paid: Vnd(paid) }))
}

/// What the bill is about; `None` before its first movement.
pub async fn kind_of(tx: &mut Tx, bill: BillId) -> Result<Option<Kind>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<String> = sqlx::query_scalar(sql!("SELECT kind FROM billing_account WHERE facility_id = $1 AND bill_id = $2"))
        .bind(facility)
        .bind(bill.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.as_deref().and_then(Kind::from_key))
}

/// How a bill stands, and nobody else moves its money until the transaction ends. No row: no such bill here.
pub async fn lock(tx: &mut Tx, bill: BillId) -> Result<Position, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO billing_account (facility_id, bill_id, encounter_id, day, opened_at)
         SELECT facility_id, encounter_id, encounter_id, day, $3 FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let (charged, paid): (i64, i64) = sqlx::query_as(sql!(
        "SELECT charged_vnd, paid_vnd FROM billing_account WHERE facility_id = $1 AND bill_id = $2 FOR UPDATE"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(Position { charged: Vnd(charged), paid: Vnd(paid) })
}

/// Somebody in the waiting list of the desk.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    pub bill_id: Uuid,
    pub kind: String,
    pub day: NaiveDate,
    pub ticket: Option<i32>,
    pub name: String,
    pub payer: String,
    pub lines: i64,
    pub owed_vnd: i64,
    pub since: DateTime<Utc>,
}

/// Bills that owe money, today's first come first; older ones of the last 30 days after them. At most 100.
pub async fn list_waiting(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Waiting>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT a.bill_id, a.kind, a.day, a.name, a.payer, a.charged_vnd - a.paid_vnd AS owed_vnd,
                (SELECT t.number FROM encounter_ticket t WHERE t.facility_id = $1 AND t.encounter_id = a.encounter_id
                 ORDER BY t.issued_at DESC LIMIT 1) AS ticket,
                open.lines, coalesce(open.since, a.opened_at) AS since
         FROM billing_bill a
         CROSS JOIN LATERAL (
             SELECT count(*) AS lines, max(c.posted_at) AS since FROM billing_charge c
             WHERE c.facility_id = $1 AND c.bill_id = a.bill_id AND c.reverses IS NULL AND c.discount_of IS NULL
               AND NOT EXISTS (SELECT FROM billing_charge b WHERE b.facility_id = $1 AND b.reverses = c.charge_id)) open
         WHERE a.facility_id = $1 AND a.charged_vnd <> a.paid_vnd AND a.day BETWEEN $2::date - 30 AND $2::date
           -- Who left with a debt is on the list of debts, until something more is owed than was promised.
           AND NOT EXISTS (SELECT FROM billing_debt d WHERE d.facility_id = $1 AND d.bill_id = a.bill_id AND d.step = 'granted'
                           AND d.amount_vnd >= a.charged_vnd - a.paid_vnd AND a.charged_vnd > a.paid_vnd)
         ORDER BY a.charged_vnd < a.paid_vnd, a.day DESC, since LIMIT 100"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}
