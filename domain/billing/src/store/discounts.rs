//! Discount rules and the acts of giving.

use crate::discount::{Basis, Wanted};
use base::{BillId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// A rule of the house.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Rule {
    pub rule_id: Uuid,
    pub name: String,
    pub basis: String,
    pub value: i64,
    pub scope: String,
    pub group_key: Option<String>,
    pub service_id: Option<Uuid>,
    pub service_name: Option<String>,
    pub age_from: Option<i32>,
    pub age_to: Option<i32>,
    pub visits_from: Option<i32>,
    pub needs_proof: bool,
    pub for_managers: bool,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub by_name: String,
}

impl Rule {
    pub fn basis(&self) -> Basis {
        Basis::of(&self.basis, self.value)
    }
    pub fn wanted(&self) -> Wanted {
        Wanted { age_from: self.age_from, age_to: self.age_to, visits_from: self.visits_from }
    }
    /// "Khám bệnh", a service's name, or the whole bill.
    pub fn about(&self) -> String {
        match self.scope.as_str() {
            "group" => self.group_key.as_deref().map_or("", |g| crate::charge::Group::of_service(g).title()).to_owned(),
            "service" => self.service_name.clone().unwrap_or_default(),
            _ => "Cả phiếu".to_owned(),
        }
    }
}

macro_rules! rules_where {
    ($rest:expr) => {
        concat!(
            "SELECT r.rule_id, r.name, r.basis, r.value, r.scope, r.group_key, r.service_id, s.name AS service_name, r.age_from, r.age_to, r.visits_from,
                r.needs_proof, r.for_managers, r.valid_from, r.valid_to, r.by_name
             FROM billing_discount_rule r
             LEFT JOIN organization_service s ON s.facility_id = $1 AND s.service_id = r.service_id
             WHERE r.facility_id = $1 AND ",
            $rest
        )
    };
}

/// The rules in force on a day.
pub async fn rules_on(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Rule>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(rules_where!("r.valid_from <= $2 AND (r.valid_to IS NULL OR r.valid_to >= $2) ORDER BY r.name")))
        .bind(facility)
        .bind(day)
        .fetch_all(tx.conn())
        .await
}

/// Every rule, those in force first.
pub async fn list_rules(tx: &mut Tx) -> Result<Vec<Rule>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(rules_where!("true ORDER BY r.valid_to IS NOT NULL, r.name, r.valid_from DESC LIMIT 200")))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

pub async fn find_rule(tx: &mut Tx, id: Uuid) -> Result<Option<Rule>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(rules_where!("r.rule_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// A rule to be written.
#[derive(Clone, Debug)]
pub struct NewRule {
    pub id: Uuid,
    pub name: String,
    pub basis: Basis,
    pub scope: String,
    pub group: Option<String>,
    pub service: Option<Uuid>,
    pub wanted: Wanted,
    pub needs_proof: bool,
    pub for_managers: bool,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

pub async fn insert_rule(tx: &mut Tx, new: &NewRule) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_discount_rule (facility_id, rule_id, name, basis, value, scope, group_key, service_id, age_from, age_to, visits_from,
             needs_proof, for_managers, valid_from, valid_to, made_at, made_by, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(&new.name)
    .bind(new.basis.key())
    .bind(new.basis.value())
    .bind(&new.scope)
    .bind(&new.group)
    .bind(new.service)
    .bind(new.wanted.age_from)
    .bind(new.wanted.age_to)
    .bind(new.wanted.visits_from)
    .bind(new.needs_proof)
    .bind(new.for_managers)
    .bind(new.from)
    .bind(new.to)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a rule with a day that is not before its first.
pub async fn end_rule(tx: &mut Tx, id: Uuid, last: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE billing_discount_rule SET valid_to = greatest($3, valid_from) WHERE facility_id = $1 AND rule_id = $2
         AND (valid_to IS NULL OR valid_to > $3)"
    ))
    .bind(facility)
    .bind(id)
    .bind(last)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A discount that somebody gave, or asks for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Discount {
    pub discount_id: Uuid,
    pub bill_id: Uuid,
    pub rule_id: Option<Uuid>,
    pub name: String,
    pub basis: String,
    pub value: i64,
    pub scope: String,
    pub group_key: Option<String>,
    pub target_id: Option<Uuid>,
    pub amount_vnd: i64,
    pub reason: String,
    pub step: String,
    pub given_at: DateTime<Utc>,
    pub by_account: Uuid,
    pub by_name: String,
    pub ended_by: String,
    pub ended_reason: String,
}

impl Discount {
    pub fn amount(&self) -> Vnd {
        Vnd(self.amount_vnd)
    }
    pub fn is_applied(&self) -> bool {
        self.step == "applied"
    }
    pub fn is_waiting(&self) -> bool {
        self.step == "waiting"
    }
    pub fn show(&self) -> String {
        Basis::of(&self.basis, self.value).show()
    }
}

macro_rules! discounts_where {
    ($rest:expr) => {
        concat!(
            "SELECT d.discount_id, d.bill_id, d.rule_id, d.name, d.basis, d.value, d.scope, d.group_key, d.target_id, d.amount_vnd, d.reason, d.step,
                d.given_at, d.by_account, d.by_name, d.ended_by, d.ended_reason
             FROM billing_discount d WHERE d.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Discount>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(discounts_where!("d.discount_id = $2"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

/// The discounts of a bill, first come first.
pub async fn list_of_bill(tx: &mut Tx, bill: BillId) -> Result<Vec<Discount>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(discounts_where!("d.bill_id = $2 ORDER BY d.given_at, d.discount_id"))).bind(facility).bind(bill.0).fetch_all(tx.conn()).await
}

/// A discount to be written.
#[derive(Clone, Debug)]
pub struct NewDiscount {
    pub id: Uuid,
    pub bill: BillId,
    pub rule: Option<Uuid>,
    pub name: String,
    pub basis: Basis,
    pub scope: &'static str,
    pub group: Option<String>,
    pub target: Option<Uuid>,
    pub amount: Vnd,
    pub reason: String,
    pub waits: bool,
}

pub async fn insert(tx: &mut Tx, new: &NewDiscount) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_discount (facility_id, discount_id, bill_id, rule_id, name, basis, value, scope, group_key, target_id, amount_vnd, reason,
             step, given_at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.bill.0)
    .bind(new.rule)
    .bind(&new.name)
    .bind(new.basis.key())
    .bind(new.basis.value())
    .bind(new.scope)
    .bind(&new.group)
    .bind(new.target)
    .bind(new.amount.0)
    .bind(&new.reason)
    .bind(if new.waits { "waiting" } else { "applied" })
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a discount on, once; gives whether it stood at `from`.
pub async fn step(tx: &mut Tx, id: Uuid, from: &'static str, to: &'static str, reason: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, by_name) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "UPDATE billing_discount SET step = $4, ended_at = $5, ended_by = $6, ended_reason = $7
         WHERE facility_id = $1 AND discount_id = $2 AND step = $3"
    ))
    .bind(facility)
    .bind(id)
    .bind(from)
    .bind(to)
    .bind(now)
    .bind(by_name)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes the rows of a discount back, each by a row of its own; rows of lines that went away before are back already.
pub async fn reverse_rows(tx: &mut Tx, id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, source_paper, revision, service_id, drug_id, group_key,
             name, unit, quantity_milli, unit_price_vnd, price_valid_from, amount_vnd, day, reverses, reason, posted_at, by_account, by_name,
             discount_of, discount_id)
         SELECT facility_id, gen_random_uuid(), bill_id, source, source_id, source_paper, revision, service_id, drug_id, group_key,
                name, unit, quantity_milli, unit_price_vnd, price_valid_from, -amount_vnd, $3, charge_id, $4, $5, $6, $7, discount_of, discount_id
         FROM billing_charge WHERE facility_id = $1 AND discount_id = $2 AND source = 'discount' AND reverses IS NULL
         ON CONFLICT (facility_id, reverses) WHERE reverses IS NOT NULL DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(base::local_date(now))
    .bind(reason)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How often a person was here in the year before a visit's day, that visit not counted.
pub async fn visits_before(tx: &mut Tx, patient: Uuid, day: NaiveDate) -> Result<i64, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "SELECT count(*) FROM encounter_encounter WHERE facility_id = $1 AND patient_id = $2 AND status <> 'cancelled'
         AND day BETWEEN $3::date - 365 AND $3::date - 1"
    ))
    .bind(facility)
    .bind(patient)
    .bind(day)
    .fetch_one(tx.conn())
    .await
}
