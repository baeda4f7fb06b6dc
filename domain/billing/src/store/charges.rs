//! Charges: priced when they are written, taken back by a row of their own.

use crate::charge::{self, Group, NewCharge, Price, Source};
use crate::store::bills::Line;
use anyhow::Context;
use base::{BillId, Vnd};
use chrono::NaiveDate;
use db::{PgConnection, Tx, sql};
use std::collections::HashMap;
use uuid::Uuid;

/// What a service or drug is called and costs on a day.
#[derive(Clone, Debug)]
pub struct Priced {
    pub name: String,
    pub unit: String,
    pub group: Group,
    pub price: Option<Price>,
}

#[derive(sqlx::FromRow)]
struct PricedRow {
    id: Uuid,
    name: String,
    unit: String,
    kind: String,
    valid_from: Option<NaiveDate>,
    price_vnd: Option<i64>,
}

impl PricedRow {
    fn split(self) -> (Uuid, Priced) {
        let price = self.valid_from.zip(self.price_vnd).map(|(valid_from, vnd)| Price { amount: Vnd(vnd), valid_from });
        (self.id, Priced { name: self.name, unit: self.unit, group: Group::of_service(&self.kind), price })
    }
}

/// The price of a service for self-payers on a day, in đồng; `None` when no price row was in force.
pub async fn price_on(tx: &mut Tx, service: Uuid, day: NaiveDate) -> Result<Option<Price>, sqlx::Error> {
    Ok(services_on(tx, &[service], day).await?.remove(&service).and_then(|p| p.price))
}

/// Names and prices of services on a day.
pub async fn services_on(tx: &mut Tx, ids: &[Uuid], day: NaiveDate) -> Result<HashMap<Uuid, Priced>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<PricedRow> = sqlx::query_as(sql!(
        "SELECT s.service_id AS id, s.name, s.unit, s.kind, p.valid_from, p.price_vnd
         FROM organization_service s
         LEFT JOIN organization_service_price p ON p.facility_id = s.facility_id AND p.service_id = s.service_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE s.facility_id = $1 AND s.service_id = ANY($2)"
    ))
    .bind(facility)
    .bind(ids)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PricedRow::split).collect())
}

/// Names and prices of drugs on a day, per dispensing unit.
pub async fn drugs_on(tx: &mut Tx, ids: &[Uuid], day: NaiveDate) -> Result<HashMap<Uuid, Priced>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<PricedRow> = sqlx::query_as(sql!(
        "SELECT d.drug_id AS id, d.unit,
                -- Many lists write the strength into the name already: \"Amoxicilin 500 mg\", \"Cefixim 200\".
                CASE WHEN d.strength = '' OR d.name LIKE '%' || split_part(d.strength, ' ', 1) || '%' THEN d.name
                     ELSE d.name || ' ' || d.strength END AS name, 'drug' AS kind,
                p.valid_from, p.price_vnd
         FROM organization_drug d
         LEFT JOIN organization_drug_price p ON p.facility_id = d.facility_id AND p.drug_id = d.drug_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         WHERE d.facility_id = $1 AND d.drug_id = ANY($2)"
    ))
    .bind(facility)
    .bind(ids)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PricedRow::split).collect())
}

/// Writes charges at the prices of their day and gives how many were new. A service without a price is charged with
/// nothing and marked, so that the desk sees it; a drug without a price is not sold here and is left out. A document
/// that was withdrawn before its charge arrived, or that was charged before, adds nothing.
pub async fn charge(
    tx: &mut Tx,
    bill: BillId,
    paper: Option<Uuid>,
    new: &[NewCharge],
    day: NaiveDate,
) -> anyhow::Result<u64> {
    let services: Vec<Uuid> = new.iter().filter_map(|c| c.service).collect();
    let drugs: Vec<Uuid> = new.iter().filter_map(|c| c.drug).collect();
    let mut priced = if services.is_empty() { HashMap::new() } else { services_on(tx, &services, day).await? };
    if !drugs.is_empty() {
        priced.extend(drugs_on(tx, &drugs, day).await?);
    }
    super::payers::overlay(tx, bill, &mut priced, day).await?;
    let mut written = 0;
    for c in new {
        let item = c.service.or(c.drug).context("a charge names a service or a drug")?;
        let priced = priced.get(&item).with_context(|| format!("{item} is not in the facility's list"))?;
        if priced.price.is_none() && c.source == Source::Drug {
            continue;
        }
        let line = Written { paper, revision: 1, withdrawable: true };
        if let Some(charged) = insert(tx, bill, c, priced, &line).await? {
            written += 1;
            super::packages::cover(tx, bill, c, &charged).await?;
        }
    }
    Ok(written)
}

/// Prices an unpriced, taken-back charge's document again. The revision grows, so the old row stays beside it.
pub async fn charge_again(tx: &mut Tx, bill: BillId, line: &Line, priced: &Priced) -> anyhow::Result<u64> {
    let again = NewCharge {
        source: line.source(),
        source_id: line.source_id,
        service: line.service_id,
        drug: line.drug_id,
        quantity_milli: line.quantity_milli,
        day: line.day,
    };
    let written = Written { paper: line.source_paper, revision: line.revision + 1, withdrawable: true };
    let charged = insert(tx, bill, &again, priced, &written).await?;
    if let Some(charged) = &charged {
        super::packages::cover(tx, bill, &again, charged).await?;
    }
    Ok(charged.is_some().into())
}

/// A medicine that is charged at what was really handed over.
#[derive(Clone, Debug)]
pub struct Again {
    pub source: Source,
    pub source_id: Uuid,
    pub paper: Option<Uuid>,
    pub drug: Uuid,
    pub quantity_milli: i64,
    pub day: NaiveDate,
    pub revision: i32,
}

/// Charges a medicine that was handed over: at the unit price of its former charge, else at the price of its day. A drug
/// without a price is not sold here. A withdrawn prescription does not hold it back, for the patient has the medicine.
/// Discounts of the former charge stay in proportion, rounded down.
pub async fn charge_given(tx: &mut Tx, bill: BillId, again: &Again, former: Option<&Line>, adjustments: &[&Line]) -> anyhow::Result<()> {
    let priced = match former {
        Some(line) => Priced {
            name: line.name.clone(),
            unit: line.unit.clone(),
            group: line.group(),
            price: line.price_valid_from.map(|valid_from| Price { amount: Vnd(line.unit_price_vnd), valid_from }),
        },
        None => match drugs_on(tx, &[again.drug], again.day).await?.remove(&again.drug) {
            Some(priced) if priced.price.is_some() => priced,
            _ => return Ok(()),
        },
    };
    let new = NewCharge {
        source: again.source,
        source_id: again.source_id,
        service: None,
        drug: Some(again.drug),
        quantity_milli: again.quantity_milli,
        day: again.day,
    };
    let written = Written { paper: again.paper, revision: again.revision, withdrawable: false };
    let Some(charged) = insert(tx, bill, &new, &priced, &written).await? else { return Ok(()) };
    let before = former.map_or(0, |l| l.amount_vnd);
    for row in adjustments.iter().filter(|_| before > 0) {
        let kept = i128::from(-row.amount_vnd) * i128::from(charged.amount.0) / i128::from(before);
        let kept = Vnd(i64::try_from(kept).unwrap_or_default()).min(charged.amount);
        if kept > Vnd::ZERO {
            lower(tx, &Lowered { charge: charged.id, by: kept, source: "discount", name: &row.name, discount: row.discount_id }).await?;
        }
    }
    Ok(())
}

/// Charges a bought package on its own bill.
pub async fn charge_package(tx: &mut Tx, bill: BillId, name: &str, amount: Vnd, valid_from: NaiveDate, revision: i32) -> anyhow::Result<()> {
    let day = base::local_date(tx.now);
    let new = NewCharge { source: Source::Package, source_id: bill.0, service: None, drug: None, quantity_milli: 1000, day };
    let priced = Priced { name: name.to_owned(), unit: "gói".into(), group: Group::Package, price: Some(Price { amount, valid_from }) };
    insert(tx, bill, &new, &priced, &Written { paper: None, revision, withdrawable: false }).await?;
    Ok(())
}

/// A row under a line that lowers it.
#[derive(Clone, Debug)]
pub struct Lowered<'a> {
    pub charge: Uuid,
    pub by: Vnd,
    /// "discount", or "cover" when a bought package pays for it.
    pub source: &'static str,
    pub name: &'a str,
    pub discount: Option<Uuid>,
}

/// Lowers a living charge by a row of its own. The database refuses to go below nothing.
pub async fn lower(tx: &mut Tx, row: &Lowered<'_>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, source_paper, revision, service_id, drug_id,
             group_key, name, unit, quantity_milli, unit_price_vnd, price_valid_from, amount_vnd, day, posted_at, by_account, by_name,
             discount_of, discount_id)
         SELECT facility_id, $3, bill_id, $4, $3, source_paper, 1, service_id, drug_id, group_key, $5, '', 1000, $6::bigint, $7, -$6::bigint, $7, $8, $9, $10,
                charge_id, $11
         FROM billing_charge WHERE facility_id = $1 AND charge_id = $2 AND reverses IS NULL
         ON CONFLICT (facility_id, discount_id, discount_of) WHERE reverses IS NULL AND discount_id IS NOT NULL DO NOTHING"
    ))
    .bind(facility)
    .bind(row.charge)
    .bind(Uuid::now_v7())
    .bind(row.source)
    .bind(row.name)
    .bind(row.by.0)
    .bind(base::local_date(now))
    .bind(now)
    .bind(by)
    .bind(by_name)
    .bind(row.discount)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How a charge is written: under which paper, for the how-manieth time, and whether a withdrawn document holds it back.
struct Written {
    paper: Option<Uuid>,
    revision: i32,
    withdrawable: bool,
}

/// A charge that was just written.
#[derive(Clone, Copy, Debug)]
pub struct Charged {
    pub id: Uuid,
    pub amount: Vnd,
    pub unit_price: Vnd,
}

async fn insert(tx: &mut Tx, bill: BillId, c: &NewCharge, priced: &Priced, written: &Written) -> anyhow::Result<Option<Charged>> {
    let id = Uuid::now_v7();
    let unit_price = priced.price.map_or(Vnd::ZERO, |p| p.amount);
    let amount = charge::amount(unit_price, c.quantity_milli).map_err(|p| anyhow::anyhow!("{}", p.text))?;
    let group = if c.source == Source::Exam { Group::Exam } else { priced.group };
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, source_paper, revision,
             service_id, drug_id, group_key, name, unit, quantity_milli, unit_price_vnd, price_valid_from, amount_vnd,
             day, posted_at, by_account, by_name)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
         WHERE NOT $21 OR NOT EXISTS (SELECT FROM billing_withdrawn w WHERE w.facility_id = $1 AND w.document_id IN ($3, $6, $5))
         ON CONFLICT (facility_id, source, source_id, revision) WHERE reverses IS NULL DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(bill.0)
    .bind(c.source.key())
    .bind(c.source_id)
    .bind(written.paper)
    .bind(written.revision)
    .bind(c.service)
    .bind(c.drug)
    .bind(group.key())
    .bind(&priced.name)
    .bind(&priced.unit)
    .bind(c.quantity_milli)
    .bind(unit_price.0)
    .bind(priced.price.map(|p| p.valid_from))
    .bind(amount.0)
    .bind(c.day)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .bind(written.withdrawable)
    .execute(tx.conn())
    .await?;
    Ok((done.rows_affected() > 0).then_some(Charged { id, amount, unit_price }))
}

/// Takes a charge back in full, once, with everything that lowered it and the use of the package that covered it. The rows
/// carry today's date, so that the revenue of a past day never changes.
pub async fn reverse(tx: &mut Tx, charge: Uuid, reason: &str, approval: Option<Uuid>) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, source_paper, revision,
             service_id, drug_id, group_key, name, unit, quantity_milli, unit_price_vnd, price_valid_from, amount_vnd,
             day, reverses, reason, approval_id, posted_at, by_account, by_name, discount_of, discount_id)
         SELECT facility_id, gen_random_uuid(), bill_id, source, source_id, source_paper, revision, service_id, drug_id, group_key,
                name, unit, quantity_milli, unit_price_vnd, price_valid_from, -amount_vnd, $3, charge_id, $4, $5, $6, $7, $8,
                discount_of, discount_id
         FROM billing_charge WHERE facility_id = $1 AND (charge_id = $2 OR discount_of = $2) AND reverses IS NULL
         ON CONFLICT (facility_id, reverses) WHERE reverses IS NOT NULL DO NOTHING"
    ))
    .bind(facility)
    .bind(charge)
    .bind(base::local_date(now))
    .bind(reason)
    .bind(approval)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    super::packages::give_back(tx, charge, reason).await?;
    Ok(done.rows_affected() > 0)
}

/// Remembers that a document (order, prescription, visit) was withdrawn, so that a late charge for it adds nothing:
/// events may arrive in any order.
pub async fn mark_withdrawn(tx: &mut Tx, document: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO billing_withdrawn (facility_id, document_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(document)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The practitioner-independent key of the facility's "pay first" switch: orders wait until they are paid.
pub async fn pays_first(conn: &mut PgConnection, facility: i32) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT coalesce((settings->>'pay_first')::boolean, false) FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility)
    .fetch_optional(conn)
    .await
    .map(|found| found.unwrap_or(false))
}
