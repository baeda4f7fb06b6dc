//! Shares: rules, who had a part, the sums of a month, statements.

use crate::payout::{NewRule, Share, last_day};
use base::{BillId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// What one person's month comes to, closed or as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sum {
    pub person_id: Uuid,
    pub person_name: String,
    pub rows: i64,
    pub base_vnd: i64,
    pub share_vnd: i64,
}

/// The rows of a month that have a rule, with their shares; `$1` facility, `$2` first day, `$3` last day. The most particular rule wins: a
/// service before a group before everything, a person before everybody. What takes back a row that was shared takes back that share.
macro_rules! shared {
    ($rest:expr) => {
        concat!(
            "WITH shared AS (
                 SELECT s.row_id, s.role, s.person_id, s.day, s.name, s.amount_vnd AS base_vnd, coalesce(before.rule_id, rule.rule_id) AS rule_id,
                        CASE WHEN before.rule_id IS NOT NULL THEN -before.share_vnd
                             WHEN rule.percent_bp IS NOT NULL THEN round(s.amount_vnd::numeric * rule.percent_bp / 10000)::bigint
                             ELSE round(rule.fixed_vnd::numeric * s.quantity_milli / 1000)::bigint END AS share_vnd
                 FROM billing_shared s
                 LEFT JOIN billing_statement_line before ON before.facility_id = $1 AND before.row_id = s.reverses AND before.role = s.role
                 LEFT JOIN LATERAL (
                     SELECT r.rule_id, r.percent_bp, r.fixed_vnd FROM billing_share_rule r
                     WHERE r.facility_id = $1 AND r.role = s.role AND r.valid_from <= s.rule_day AND (r.valid_to IS NULL OR r.valid_to >= s.rule_day)
                       AND (r.person_id IS NULL OR r.person_id = s.person_id) AND (r.group_key IS NULL OR r.group_key = s.group_key)
                       AND (r.service_id IS NULL OR r.service_id = s.service_id)
                     ORDER BY r.service_id IS NULL, r.group_key IS NULL, r.person_id IS NULL LIMIT 1) rule ON true
                 WHERE s.facility_id = $1 AND s.posted_day BETWEEN $2 AND $3 AND coalesce(before.rule_id, rule.rule_id) IS NOT NULL),
             person AS (
                 SELECT d.practitioner_id AS person_id, concat_ws(' ', nullif(d.title, ''), d.name) AS person_name
                 FROM practitioner_practitioner d WHERE d.facility_id = $1
                 UNION ALL SELECT r.referrer_id, r.name FROM billing_referrer r WHERE r.facility_id = $1) ",
            $rest
        )
    };
}

/// What the month comes to for everybody, or for one person, as the ledger stands.
pub async fn sums(tx: &mut Tx, month: NaiveDate, only: Option<Uuid>) -> Result<Vec<Sum>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(shared!(
        "SELECT s.person_id, p.person_name, count(*) AS rows, sum(s.base_vnd)::bigint AS base_vnd, sum(s.share_vnd)::bigint AS share_vnd
         FROM shared s JOIN person p ON p.person_id = s.person_id WHERE $4::uuid IS NULL OR s.person_id = $4
         GROUP BY s.person_id, p.person_name ORDER BY share_vnd DESC, p.person_name"
    )))
    .bind(facility)
    .bind(month)
    .bind(last_day(month))
    .bind(only)
    .fetch_all(tx.conn())
    .await
}

/// Closes a month: a statement with its lines for everybody who has a share. Whoever has one already keeps it; gives the number of new ones.
/// The caller has looked whether the month is over.
pub async fn close(tx: &mut Tx, month: NaiveDate) -> Result<u64, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    // Two people who close at once stand in one queue.
    crate::store::next_number(tx, "TL", crate::receipt::year_of(month)).await?;
    let done = sqlx::query(sql!(shared!(
        ", made AS (
             INSERT INTO billing_statement (facility_id, statement_id, month, person_id, person_name, total_vnd, closed_at, closed_by, closed_name)
             SELECT $1, gen_random_uuid(), $2, s.person_id, p.person_name, sum(s.share_vnd)::bigint, $4, $5, $6
             FROM shared s JOIN person p ON p.person_id = s.person_id
             GROUP BY s.person_id, p.person_name
             ON CONFLICT (facility_id, month, person_id) DO NOTHING
             RETURNING statement_id, person_id)
         , told AS (
             INSERT INTO billing_statement_line (facility_id, statement_id, row_id, role, rule_id, day, name, base_vnd, share_vnd)
             SELECT $1, m.statement_id, s.row_id, s.role, s.rule_id, s.day, s.name, s.base_vnd, s.share_vnd
             FROM shared s JOIN made m ON m.person_id = s.person_id)
         SELECT statement_id FROM made"
    )))
    .bind(facility)
    .bind(month)
    .bind(last_day(month))
    .bind(now)
    .bind(by)
    .bind(by_name)
    .fetch_all(tx.conn())
    .await?;
    Ok(done.len() as u64)
}

/// A closed month of one person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Statement {
    pub statement_id: Uuid,
    pub month: NaiveDate,
    pub person_id: Uuid,
    pub person_name: String,
    pub total_vnd: i64,
    pub step: String,
    pub closed_by: Uuid,
    pub closed_name: String,
    pub approved_name: String,
}

impl Statement {
    pub fn is_approved(&self) -> bool {
        self.step == "approved"
    }
    pub fn total(&self) -> Vnd {
        Vnd(self.total_vnd)
    }
    /// `11/2026`.
    pub fn month_shown(&self) -> String {
        self.month.format("%m/%Y").to_string()
    }
}

macro_rules! statements_where {
    ($rest:expr) => {
        concat!(
            "SELECT statement_id, month, person_id, person_name, total_vnd, step, closed_by, closed_name, approved_name
             FROM billing_statement WHERE facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn find_statement(tx: &mut Tx, id: Uuid) -> Result<Option<Statement>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(statements_where!("statement_id = $2 FOR UPDATE"))).bind(facility).bind(id).fetch_optional(tx.conn()).await
}

pub async fn list_of_month(tx: &mut Tx, month: NaiveDate) -> Result<Vec<Statement>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(statements_where!("month = $2 ORDER BY total_vnd DESC, person_name"))).bind(facility).bind(month).fetch_all(tx.conn()).await
}

/// The last five years of one person, newest first.
pub async fn list_of_person(tx: &mut Tx, person: Uuid) -> Result<Vec<Statement>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(statements_where!("person_id = $2 ORDER BY month DESC LIMIT 60"))).bind(facility).bind(person).fetch_all(tx.conn()).await
}

/// Approves a statement. The database refuses the one who closed it.
pub async fn approve(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "UPDATE billing_statement SET step = 'approved', approved_at = $3, approved_by = $4, approved_name = $5
         WHERE facility_id = $1 AND statement_id = $2 AND step = 'closed'"
    ))
    .bind(facility)
    .bind(id)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The first day after the last closed month; rules may begin from there.
pub async fn open_from(tx: &mut Tx) -> Result<NaiveDate, sqlx::Error> {
    let facility = tx.facility().0;
    let last: Option<NaiveDate> =
        sqlx::query_scalar(sql!("SELECT max(month) FROM billing_statement WHERE facility_id = $1")).bind(facility).fetch_one(tx.conn()).await?;
    Ok(last.and_then(|month| last_day(month).succ_opt()).unwrap_or(NaiveDate::MIN))
}

/// A rule as the list shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Rule {
    pub rule_id: Uuid,
    pub role: String,
    pub person: Option<String>,
    pub group_key: Option<String>,
    pub service: Option<String>,
    pub percent_bp: Option<i32>,
    pub fixed_vnd: Option<i64>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub by_name: String,
}

impl Rule {
    pub fn share(&self) -> Share {
        match (self.percent_bp, self.fixed_vnd) {
            (Some(bp), _) => Share::Percent(bp),
            (None, fixed) => Share::Fixed(Vnd(fixed.unwrap_or_default())),
        }
    }
    pub fn role(&self) -> &'static str {
        crate::payout::Role::from_key(&self.role).map_or("", |r| r.title())
    }
    /// What it is about.
    pub fn what(&self) -> String {
        match (&self.service, &self.group_key) {
            (Some(service), _) => service.clone(),
            (None, Some(group)) => crate::charge::Group::of_service(group).title().into(),
            (None, None) => "Mọi khoản".into(),
        }
    }
}

pub async fn list_rules(tx: &mut Tx) -> Result<Vec<Rule>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT r.rule_id, r.role, coalesce(nullif(concat_ws(' ', nullif(d.title, ''), d.name), ''), f.name) AS person, r.group_key, s.name AS service,
                r.percent_bp, r.fixed_vnd, r.valid_from, r.valid_to, r.by_name
         FROM billing_share_rule r
         LEFT JOIN practitioner_practitioner d ON d.facility_id = $1 AND d.practitioner_id = r.person_id
         LEFT JOIN billing_referrer f ON f.facility_id = $1 AND f.referrer_id = r.person_id
         LEFT JOIN organization_service s ON s.facility_id = $1 AND s.service_id = r.service_id
         WHERE r.facility_id = $1 ORDER BY r.valid_to IS NOT NULL, r.role, r.valid_from DESC, r.rule_id LIMIT 500"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// Writes a rule; the same id twice changes nothing. The database refuses a second one for the same thing on the same day.
pub async fn insert_rule(tx: &mut Tx, id: Uuid, rule: &NewRule) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    let (percent, fixed) = match rule.share {
        Share::Percent(bp) => (Some(bp), None),
        Share::Fixed(amount) => (None, Some(amount.0)),
    };
    sqlx::query(sql!(
        "INSERT INTO billing_share_rule (facility_id, rule_id, role, person_id, group_key, service_id, percent_bp, fixed_vnd, valid_from, valid_to,
             made_at, by_account, by_name)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         WHERE NOT EXISTS (SELECT FROM billing_share_rule WHERE facility_id = $1 AND rule_id = $2)"
    ))
    .bind(facility)
    .bind(id)
    .bind(rule.role.key())
    .bind(rule.person)
    .bind(rule.group.as_deref())
    .bind(rule.service)
    .bind(percent)
    .bind(fixed)
    .bind(rule.from)
    .bind(rule.to)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a rule on a day, unless it ends before. No row: no such rule here.
pub async fn end_rule(tx: &mut Tx, id: Uuid, last: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar::<_, Uuid>(sql!(
        "UPDATE billing_share_rule SET valid_to = least(coalesce(valid_to, 'infinity'), greatest($3, valid_from))
         WHERE facility_id = $1 AND rule_id = $2 RETURNING rule_id"
    ))
    .bind(facility)
    .bind(id)
    .bind(last)
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

pub async fn insert_referrer(tx: &mut Tx, id: Uuid, name: &str, phone: &str) -> Result<(), sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO billing_referrer (facility_id, referrer_id, name, phone, active_from, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(name)
    .bind(phone)
    .bind(base::local_date(now))
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everybody who can have a share: `(id, name)`, staff first, then referrers.
pub async fn list_people(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT id, name FROM (
             SELECT practitioner_id AS id, concat_ws(' ', nullif(title, ''), name) AS name, 0 AS place FROM practitioner_practitioner WHERE facility_id = $1
             UNION ALL SELECT referrer_id, name || ' (giới thiệu)', 1 FROM billing_referrer WHERE facility_id = $1 AND active_to IS NULL) x
         ORDER BY place, name"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// The services a rule can be about: `(id, name)`.
pub async fn list_services(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT service_id, name FROM organization_service WHERE facility_id = $1 AND active_to IS NULL ORDER BY kind, name LIMIT 2000"))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// Who has which part in a bill now: `(charge, role, person)`.
pub async fn involved(tx: &mut Tx, bill: BillId) -> Result<Vec<(Option<Uuid>, String, Option<Uuid>)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT DISTINCT ON (charge_id, role) charge_id, role, person_id FROM billing_involved
         WHERE facility_id = $1 AND bill_id = $2 ORDER BY charge_id, role, at DESC, involved_id DESC"
    ))
    .bind(facility)
    .bind(bill.0)
    .fetch_all(tx.conn())
    .await
}

pub async fn involve(tx: &mut Tx, bill: BillId, charge: Option<Uuid>, person: Option<Uuid>) -> Result<(), sqlx::Error> {
    let (facility, now): (i32, DateTime<Utc>) = (tx.facility().0, tx.now);
    let (by, by_name) = (tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO billing_involved (facility_id, involved_id, bill_id, charge_id, role, person_id, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, CASE WHEN $4::uuid IS NULL THEN 'referrer' ELSE 'performer' END, $5, $6, $7, $8)"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(bill.0)
    .bind(charge)
    .bind(person)
    .bind(now)
    .bind(by)
    .bind(by_name)
    .execute(tx.conn())
    .await?;
    Ok(())
}
