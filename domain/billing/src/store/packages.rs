//! Bought packages: what is left, every use and its taking back, and the end.

use crate::charge::NewCharge;
use crate::package::{self, Item};
use crate::store::bills;
use crate::store::charges::{self, Charged, Lowered};
use base::{BillId, PatientId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A bought package as lists and panels show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sale {
    pub bill_id: Uuid,
    pub package_id: Uuid,
    pub patient_id: Uuid,
    pub patient_name: String,
    pub number: i64,
    pub year: i32,
    pub name: String,
    pub price_vnd: i64,
    pub sold_on: NaiveDate,
    pub valid_to: NaiveDate,
    pub sold_at: DateTime<Utc>,
    pub by_name: String,
    /// Owed for it now, discounts taken off.
    pub charged_vnd: i64,
    pub paid_vnd: i64,
    pub earned_vnd: i64,
    /// "expired" or "ended" once it is over.
    pub end_kind: Option<String>,
    pub pieces: i64,
    pub used: i64,
}

impl Sale {
    pub fn bill(&self) -> BillId {
        BillId(self.bill_id)
    }
    pub fn show_number(&self) -> String {
        crate::receipt::show_number("GDV", self.year, self.number)
    }
    pub fn left(&self) -> i64 {
        self.pieces - self.used
    }
    pub fn due(&self) -> Vnd {
        Vnd((self.charged_vnd - self.paid_vnd).max(0))
    }
    /// Money that was charged and not earned yet.
    pub fn unearned(&self) -> Vnd {
        Vnd(self.charged_vnd - self.earned_vnd)
    }
    pub fn is_over(&self, today: &NaiveDate) -> bool {
        self.end_kind.is_some() || self.valid_to < *today
    }
}

macro_rules! sales_where {
    ($rest:expr) => {
        concat!(
            "SELECT s.bill_id, s.package_id, s.patient_id, b.name AS patient_name, s.number, s.year, s.name, s.price_vnd, s.sold_on, s.valid_to,
                s.sold_at, s.by_name, b.charged_vnd, b.paid_vnd,
                coalesce((SELECT sum(u.earned_vnd) FROM billing_package_use u WHERE u.facility_id = $1 AND u.bill_id = s.bill_id), 0)::bigint AS earned_vnd,
                (SELECT u.kind FROM billing_package_use u WHERE u.facility_id = $1 AND u.bill_id = s.bill_id AND u.kind <> 'use') AS end_kind,
                (SELECT sum(i.quantity) FROM billing_package_sale_item i WHERE i.facility_id = $1 AND i.bill_id = s.bill_id)::bigint AS pieces,
                coalesce((SELECT sum(u.quantity) FROM billing_package_use u WHERE u.facility_id = $1 AND u.bill_id = s.bill_id), 0)::bigint AS used
             FROM billing_package_sale s
             JOIN billing_bill b ON b.facility_id = $1 AND b.bill_id = s.bill_id
             WHERE s.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, bill: BillId) -> Result<Option<Sale>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(sales_where!("s.bill_id = $2"))).bind(facility).bind(bill.0).fetch_optional(tx.conn()).await
}

/// A person's packages, those bought under a record that was merged into this one too; newest first.
pub async fn list_of_patient(tx: &mut Tx, patient: PatientId) -> Result<Vec<Sale>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(sales_where!("s.patient_id IN (SELECT r.patient_id FROM patient_patient r WHERE r.facility_id = $1
            AND (r.patient_id = $2 OR r.merged_into = $2)) ORDER BY s.sold_at DESC LIMIT 50")))
        .bind(facility)
        .bind(patient.0)
        .fetch_all(tx.conn())
        .await
}

/// Bought packages, newest first, before a moment; 50 at most.
pub async fn list_sold(tx: &mut Tx, before: DateTime<Utc>) -> Result<Vec<Sale>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(sales_where!("s.sold_at < $2 ORDER BY s.sold_at DESC LIMIT 50")))
        .bind(facility)
        .bind(before)
        .fetch_all(tx.conn())
        .await
}

/// One service of a bought package.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SaleItem {
    pub service_id: Uuid,
    pub name: String,
    pub quantity: i64,
    pub used: i64,
    pub list_vnd: i64,
}

impl SaleItem {
    pub fn item(&self) -> Item {
        Item { quantity: self.quantity, used: self.used, list: Vnd(self.list_vnd) }
    }
    pub fn left(&self) -> i64 {
        self.item().left()
    }
}

/// What a bought package holds and how much of it was used.
pub async fn items(tx: &mut Tx, bill: BillId) -> Result<Vec<SaleItem>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT i.service_id, i.name, i.quantity::bigint AS quantity, i.list_vnd,
                coalesce((SELECT sum(u.quantity) FROM billing_package_use u
                          WHERE u.facility_id = $1 AND u.bill_id = i.bill_id AND u.service_id = i.service_id), 0)::bigint AS used
         FROM billing_package_sale_item i WHERE i.facility_id = $1 AND i.bill_id = $2 ORDER BY i.name"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

/// One row of a package's history.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Use {
    pub use_id: Uuid,
    pub kind: String,
    pub name: String,
    pub quantity: i32,
    pub earned_vnd: i64,
    pub on_bill: Option<Uuid>,
    pub reason: String,
    pub day: NaiveDate,
    pub by_name: String,
}

pub async fn uses(tx: &mut Tx, bill: BillId) -> Result<Vec<Use>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT use_id, kind, name, quantity, earned_vnd, on_bill, reason, day, by_name FROM billing_package_use
         WHERE facility_id = $1 AND bill_id = $2 ORDER BY posted_at, use_id"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

/// The package that covers a service for the person of a bill on a day: paid for (or owed with leave), not over, something left.
/// The one that ends first is used first.
async fn find_usable(tx: &mut Tx, bill: BillId, service: Uuid, day: NaiveDate) -> Result<Option<BillId>, sqlx::Error> {
    let facility = tx.facility().0;
    let found: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT s.bill_id FROM encounter_encounter e
         JOIN patient_patient own ON own.facility_id = $1 AND own.patient_id = e.patient_id
         JOIN patient_patient r ON r.facility_id = $1
              AND (r.patient_id = coalesce(own.merged_into, own.patient_id) OR r.merged_into = coalesce(own.merged_into, own.patient_id))
         JOIN billing_package_sale s ON s.facility_id = $1 AND s.patient_id = r.patient_id
         JOIN billing_account a ON a.facility_id = $1 AND a.bill_id = s.bill_id
         JOIN billing_package_sale_item i ON i.facility_id = $1 AND i.bill_id = s.bill_id AND i.service_id = $3
         WHERE e.facility_id = $1 AND e.encounter_id = $2 AND $4 BETWEEN s.sold_on AND s.valid_to
           AND (a.charged_vnd <= a.paid_vnd
                OR EXISTS (SELECT FROM billing_debt d WHERE d.facility_id = $1 AND d.bill_id = s.bill_id AND d.step = 'granted'))
           AND NOT EXISTS (SELECT FROM billing_package_use u WHERE u.facility_id = $1 AND u.bill_id = s.bill_id AND u.kind <> 'use')
           AND i.quantity > coalesce((SELECT sum(u.quantity) FROM billing_package_use u
                                      WHERE u.facility_id = $1 AND u.bill_id = s.bill_id AND u.service_id = i.service_id), 0)
         ORDER BY s.valid_to, s.sold_at LIMIT 1"
    ))
    .bind(facility)
    .bind(bill.0)
    .bind(service)
    .bind(day)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(BillId))
}

/// Lets the person's packages pay for a charge that was just written: a row under it lowers it by the covered pieces, and a use
/// earns its part of the package's price. Does nothing where no package covers the service.
pub async fn cover(tx: &mut Tx, bill: BillId, c: &NewCharge, charged: &Charged) -> anyhow::Result<()> {
    let Some(service) = c.service.filter(|_| charged.amount > Vnd::ZERO) else { return Ok(()) };
    let mut wanted = c.quantity_milli / 1000;
    while wanted > 0 {
        let Some(package) = find_usable(tx, bill, service, c.day).await? else { return Ok(()) };
        // The visit's bill first, the package's after it, always: two visits at once wait for each other here.
        let position = bills::lock(tx, package).await?;
        let mut held = items(tx, package).await?;
        let Some(item) = held.iter_mut().find(|i| i.service_id == service && i.left() > 0) else { continue };
        let pieces = wanted.min(item.left());
        item.used += pieces;
        let (name, list) = (item.name.clone(), item.list_vnd);
        let booked = booked(tx, package).await?;
        let now_earned = package::earned(position.charged, &held.iter().map(SaleItem::item).collect::<Vec<_>>());
        insert_use(tx, package, bill, charged.id, &name, service, pieces, list * pieces, now_earned - booked).await?;
        let title = find(tx, package).await?.map_or_else(String::new, |s| format!("{} · {}", s.name, s.show_number()));
        let row = Lowered { charge: charged.id, by: charged.unit_price * pieces, source: "cover", name: &title, discount: Some(package.0) };
        charges::lower(tx, &row).await?;
        tx.notify(format!("bill/{package}"));
        wanted -= pieces;
    }
    Ok(())
}

/// What a package has earned so far.
pub async fn booked(tx: &mut Tx, package: BillId) -> Result<Vnd, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT coalesce(sum(earned_vnd), 0)::bigint FROM billing_package_use WHERE facility_id = $1 AND bill_id = $2"
    ))
    .bind(facility)
    .bind(package.0)
    .fetch_one(tx.conn())
    .await
    .map(Vnd)
}

#[allow(clippy::too_many_arguments)]
async fn insert_use(
    tx: &mut Tx,
    package: BillId,
    on: BillId,
    charge: Uuid,
    name: &str,
    service: Uuid,
    pieces: i64,
    list_vnd: i64,
    earned: Vnd,
) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_package_use (facility_id, use_id, bill_id, kind, service_id, group_key, name, quantity, list_vnd, earned_vnd,
             charge_id, on_bill, day, posted_at, by_account, by_name)
         SELECT $1, $2, $3, 'use', $4, c.group_key, $5, $6, $7, $8, c.charge_id, $9, $10, $11, $12, $13
         FROM billing_charge c WHERE c.facility_id = $1 AND c.charge_id = $14"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(package.0)
    .bind(service)
    .bind(name)
    .bind(i32::try_from(pieces).unwrap_or(i32::MAX))
    .bind(list_vnd)
    .bind(earned.0)
    .bind(on.0)
    .bind(base::local_date(now))
    .bind(now)
    .bind(by)
    .bind(by_name)
    .bind(charge)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the pieces that covered a charge back to their package, as the charge is taken back. A package that is over keeps its books.
pub async fn give_back(tx: &mut Tx, charge: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let packages: Vec<Uuid> = sqlx::query_scalar(sql!(
        "SELECT DISTINCT u.bill_id FROM billing_package_use u WHERE u.facility_id = $1 AND u.charge_id = $2 AND u.reverses IS NULL
           AND NOT EXISTS (SELECT FROM billing_package_use b WHERE b.facility_id = $1 AND b.reverses = u.use_id)
         ORDER BY 1"
    ))
    .bind(facility)
    .bind(charge)
    .fetch_all(tx.conn())
    .await?;
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    for package in packages {
        bills::lock(tx, BillId(package)).await?;
        sqlx::query(sql!(
            "INSERT INTO billing_package_use (facility_id, use_id, bill_id, kind, service_id, group_key, name, quantity, list_vnd, earned_vnd,
                 charge_id, on_bill, reverses, reason, day, posted_at, by_account, by_name)
             SELECT u.facility_id, gen_random_uuid(), u.bill_id, 'use', u.service_id, u.group_key, u.name, -u.quantity, -u.list_vnd, -u.earned_vnd,
                    u.charge_id, u.on_bill, u.use_id, $4, $5, $6, $7, $8
             FROM billing_package_use u
             WHERE u.facility_id = $1 AND u.bill_id = $2 AND u.charge_id = $3 AND u.reverses IS NULL
               AND NOT EXISTS (SELECT FROM billing_package_use o WHERE o.facility_id = $1 AND o.bill_id = $2 AND o.kind <> 'use')
             ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(package)
        .bind(charge)
        .bind(reason)
        .bind(base::local_date(now))
        .bind(now)
        .bind(by)
        .bind(&by_name)
        .execute(tx.conn())
        .await?;
        tx.notify(format!("bill/{package}"));
    }
    Ok(())
}

/// Closes a package: its last row earns what is still to be earned. `false`: it was over already.
pub async fn close(tx: &mut Tx, package: BillId, kind: &str, name: &str, earned: Vnd, reason: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO billing_package_use (facility_id, use_id, bill_id, kind, name, quantity, list_vnd, earned_vnd, reason, day, posted_at,
             by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(package.0)
    .bind(kind)
    .bind(name)
    .bind(earned.0)
    .bind(reason)
    .bind(base::local_date(now))
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
