//! Payers, their prices, and who pays a bill.

use crate::charge::Price;
use crate::payer::{Change, Item, PayerForm, RowProblem};
use crate::store::bills::{self, Line};
use crate::store::charges::{self, Priced};
use base::{BillId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Payer {
    pub payer_id: Uuid,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub contract_no: String,
    pub tax_code: String,
    pub address: String,
    pub active_to: Option<NaiveDate>,
    pub prices: i64,
}

impl Payer {
    pub fn kind_title(&self) -> &'static str {
        crate::payer::KINDS.iter().find(|(key, _)| *key == self.kind).map_or("", |(_, title)| title)
    }
}

macro_rules! payers_where {
    ($rest:expr) => {
        concat!(
            "SELECT p.payer_id, p.code, p.name, p.kind, p.contract_no, p.tax_code, p.address, p.active_to,
                (SELECT count(DISTINCT x.item_id) FROM billing_payer_price x WHERE x.facility_id = $1 AND x.payer_id = p.payer_id) AS prices
             FROM billing_payer p WHERE p.facility_id = $1 ",
            $rest
        )
    };
}

pub async fn list(tx: &mut Tx) -> Result<Vec<Payer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(payers_where!("ORDER BY p.active_to IS NOT NULL, p.name LIMIT 1000"))).bind(facility).fetch_all(tx.conn()).await
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Payer>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(payers_where!("AND p.payer_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// Writes a payer; the same id twice changes nothing.
pub async fn insert(tx: &mut Tx, id: Uuid, form: &PayerForm) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO billing_payer (facility_id, payer_id, code, name, kind, contract_no, tax_code, address, active_from, made_at, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (facility_id, payer_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(&form.code)
    .bind(&form.name)
    .bind(&form.kind)
    .bind(&form.contract_no)
    .bind(&form.tax_code)
    .bind(&form.address)
    .bind(base::local_date(now))
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody can be billed to it from tomorrow on; what was billed stays.
pub async fn end(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query(sql!("UPDATE billing_payer SET active_to = $3 WHERE facility_id = $1 AND payer_id = $2 AND active_to IS NULL"))
        .bind(facility)
        .bind(id)
        .bind(today)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Everything that can have a price, with the self-payer's and this payer's price on a day; services first.
pub async fn items(tx: &mut Tx, payer: Uuid, day: NaiveDate) -> Result<Vec<Item>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT i.item_id, i.code, i.name, i.self_vnd, p.price_vnd FROM (
             SELECT s.service_id AS item_id, s.code, s.name, x.price_vnd AS self_vnd, 0 AS place FROM organization_service s
             LEFT JOIN organization_service_price x ON x.facility_id = $1 AND x.service_id = s.service_id
                  AND x.valid_from <= $3 AND (x.valid_to IS NULL OR x.valid_to >= $3)
             WHERE s.facility_id = $1 AND (s.active_to IS NULL OR s.active_to >= $3)
             UNION ALL
             SELECT d.drug_id, d.code, d.name, x.price_vnd, 1 FROM organization_drug d
             LEFT JOIN organization_drug_price x ON x.facility_id = $1 AND x.drug_id = d.drug_id
                  AND x.valid_from <= $3 AND (x.valid_to IS NULL OR x.valid_to >= $3)
             WHERE d.facility_id = $1 AND (d.active_to IS NULL OR d.active_to >= $3)) i
         LEFT JOIN billing_payer_price p ON p.facility_id = $1 AND p.payer_id = $2 AND p.item_id = i.item_id
              AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to >= $3)
         ORDER BY p.price_vnd IS NULL, i.place, i.name"
    ))
    .bind(facility)
    .bind(payer)
    .bind(day)
    .fetch_all(tx.conn())
    .await
}

/// Sets prices from a day on: the row before ends the day before, a row that begins later stays and ends the new one.
pub async fn set_prices(tx: &mut Tx, payer: Uuid, prices: &[(Uuid, i64)], from: NaiveDate) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let (items, amounts): (Vec<Uuid>, Vec<i64>) = prices.iter().copied().unzip();
    sqlx::query(sql!(
        "UPDATE billing_payer_price SET valid_to = $4::date - 1
         WHERE facility_id = $1 AND payer_id = $2 AND item_id = ANY($3) AND valid_from < $4 AND (valid_to IS NULL OR valid_to >= $4)"
    ))
    .bind(facility)
    .bind(payer)
    .bind(&items)
    .bind(from)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO billing_payer_price (facility_id, payer_id, item_id, valid_from, valid_to, price_vnd, set_at, by_account)
         SELECT $1, $2, u.item, $5, (SELECT min(l.valid_from) - 1 FROM billing_payer_price l
                                     WHERE l.facility_id = $1 AND l.payer_id = $2 AND l.item_id = u.item AND l.valid_from > $5), u.price, $6, $7
         FROM unnest($3::uuid[], $4::bigint[]) AS u(item, price)
         ON CONFLICT (facility_id, payer_id, item_id, valid_from) DO UPDATE SET price_vnd = excluded.price_vnd, set_at = excluded.set_at, by_account = excluded.by_account"
    ))
    .bind(facility)
    .bind(payer)
    .bind(&items)
    .bind(&amounts)
    .bind(from)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A sheet that was read.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Import {
    pub import_id: Uuid,
    pub payer_id: Uuid,
    pub file_name: String,
    pub effective_from: NaiveDate,
    pub prices: Json<Vec<Change>>,
    pub problems: Json<Vec<RowProblem>>,
    pub applied_at: Option<DateTime<Utc>>,
}

pub async fn insert_import(tx: &mut Tx, import: &Import) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO billing_payer_import (facility_id, import_id, payer_id, file_name, effective_from, prices, problems, made_at, by_account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(import.import_id)
    .bind(import.payer_id)
    .bind(&import.file_name)
    .bind(import.effective_from)
    .bind(&import.prices)
    .bind(&import.problems)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody else applies it until the transaction ends.
pub async fn lock_import(tx: &mut Tx, id: Uuid) -> Result<Option<Import>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT import_id, payer_id, file_name, effective_from, prices, problems, applied_at FROM billing_payer_import
         WHERE facility_id = $1 AND import_id = $2 FOR UPDATE"
    ))
    .bind(facility)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

pub async fn mark_applied(tx: &mut Tx, id: Uuid) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!("UPDATE billing_payer_import SET applied_at = $3 WHERE facility_id = $1 AND import_id = $2"))
        .bind(facility)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Who pays a bill besides the person; `None` is the person alone.
pub async fn of_bill(tx: &mut Tx, bill: BillId) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<Option<Uuid>> = sqlx::query_scalar(sql!(
        "SELECT payer_id FROM billing_bill_payer WHERE facility_id = $1 AND bill_id = $2 ORDER BY at DESC, choice_id DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.flatten())
}

/// Lays the prices of the bill's payer over those of self-payers, for the day of service. Where the payer has no price of its own, the
/// self-payer's stays.
pub async fn overlay(tx: &mut Tx, bill: BillId, priced: &mut HashMap<Uuid, Priced>, day: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    let items: Vec<Uuid> = priced.keys().copied().collect();
    let own: Vec<(Uuid, NaiveDate, i64)> = sqlx::query_as(sql!(
        "SELECT p.item_id, p.valid_from, p.price_vnd
         FROM (SELECT payer_id FROM billing_bill_payer WHERE facility_id = $1 AND bill_id = $2 ORDER BY at DESC, choice_id DESC LIMIT 1) b
         JOIN billing_payer_price p ON p.facility_id = $1 AND p.payer_id = b.payer_id AND p.item_id = ANY($3)
              AND p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to >= $4)"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(&items)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    for (item, valid_from, price_vnd) in own {
        if let Some(there) = priced.get_mut(&item) {
            there.price = Some(Price { amount: Vnd(price_vnd), valid_from });
        }
    }
    Ok(())
}

/// Chooses who pays and charges every line again that no receipt names and whose price is another under this payer. Gives how many. The caller
/// holds the bill's lock.
pub async fn choose(tx: &mut Tx, bill: BillId, payer: Option<Uuid>) -> anyhow::Result<usize> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_bill_payer (facility_id, choice_id, bill_id, payer_id, at, by_account, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(bill.0)
    .bind(payer)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    let lines: Vec<Line> = bills::list_lines(tx, bill).await?;
    let open: Vec<&Line> = lines.iter().filter(|l| l.is_open() && !l.is_adjustment() && !l.void_asked && l.source != "package").collect();
    let mut again = 0;
    for day in days_of(&open) {
        let of_day = || open.iter().filter(|l| l.day == day);
        let services: Vec<Uuid> = of_day().filter_map(|l| l.service_id).collect();
        let drugs: Vec<Uuid> = of_day().filter_map(|l| l.drug_id).collect();
        let mut priced = charges::services_on(tx, &services, day).await?;
        priced.extend(charges::drugs_on(tx, &drugs, day).await?);
        overlay(tx, bill, &mut priced, day).await?;
        for line in of_day() {
            let Some(now_priced) = line.service_id.or(line.drug_id).and_then(|item| priced.get(&item)) else { continue };
            let price = now_priced.price.map(|p| p.amount.0);
            if price.is_none() || price == Some(line.unit_price_vnd) {
                continue;
            }
            if charges::reverse(tx, line.charge_id, "Đổi đối tượng thanh toán", None).await? {
                charges::charge_again(tx, bill, line, now_priced).await?;
                again += 1;
            }
        }
    }
    Ok(again)
}

fn days_of(lines: &[&Line]) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = lines.iter().map(|l| l.day).collect();
    days.sort_unstable();
    days.dedup();
    days
}
