//! The report of a month over a million visits, with and without the months before it.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use chrono::{Datelike, Days, NaiveDate};
use reqwest::Client;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::time::Instant;

/// Days over which the visits are spread: two years.
const SPREAD_DAYS: u64 = 730;

/// The last whole month before `today`.
fn last_month(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = today.with_day(1).unwrap_or(today);
    let last = first.pred_opt().unwrap_or(first);
    (last.with_day(1).unwrap_or(last), last)
}

/// Finished visits of An Tâm with two charges, a receipt and a payment each, numbered from `from` on and spread evenly over the days before
/// `last`. Triggers and keys are not asked: the rows are what they would have let through.
pub async fn fill(owner: &mut PgConnection, from: i64, count: i64, last: NaiveDate, days: u64) -> Result<()> {
    let sql = format!(
        "SET session_replication_role = replica;
         CREATE TEMP TABLE filled AS
         SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id, p.patient_id, p.person_id, r.room_id, d.practitioner_id, a.account_id, s.service_id, d.name,
                DATE '{last}' - (n % {days})::int AS day,
                (DATE '{last}' - (n % {days})::int + interval '1 hour' + (n / {days} % 36000) * interval '1 second')::timestamptz AS at
         FROM generate_series({from}::bigint, {from} + {count} - 1) AS n
         JOIN (SELECT row_number() OVER () - 1 AS i, count(*) OVER () AS of, patient_id, person_id FROM patient_patient WHERE facility_id = 1) p ON p.i = n % p.of
         JOIN (SELECT row_number() OVER () - 1 AS i, count(*) OVER () AS of, practitioner_id, name FROM practitioner_practitioner WHERE facility_id = 1) d ON d.i = n % d.of
         JOIN (SELECT row_number() OVER () - 1 AS i, count(*) OVER () AS of, service_id FROM organization_service WHERE facility_id = 1) s ON s.i = n % s.of
         CROSS JOIN (SELECT room_id FROM organization_room WHERE facility_id = 1 AND kind = 'exam' LIMIT 1) r
         CROSS JOIN (SELECT account_id FROM practitioner_account LIMIT 1) a;
         INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, reason, status, day, opened_at, called_at,
             started_at, finished_at, opened_by)
         SELECT 1, id, patient_id, person_id, room_id, practitioner_id, 'Đo lường', 'finished', day, at, at + interval '15 min', at + interval '15 min', at + interval '30 min', account_id
         FROM filled;
         INSERT INTO billing_account (facility_id, bill_id, encounter_id, day, opened_at, charged_vnd, paid_vnd, movements)
         SELECT 1, id, id, day, at, 186200, 186200, 3 FROM filled;
         INSERT INTO billing_charge (facility_id, charge_id, bill_id, source, source_id, service_id, group_key, name, quantity_milli, unit_price_vnd, amount_vnd,
             day, posted_at, by_account, by_name)
         SELECT 1, gen_random_uuid(), f.id, x.source, gen_random_uuid(), f.service_id, x.grp, 'Dịch vụ đo lường', 1000, x.vnd, x.vnd, f.day, f.at, f.account_id, 'Máy'
         FROM filled f CROSS JOIN (VALUES ('exam', 'exam', 36500), ('order', 'lab', 149700)) AS x(source, grp, vnd);
         INSERT INTO billing_receipt (facility_id, receipt_id, bill_id, kind, series, year, number, total_vnd, amount_vnd, issued_at, day, by_account, by_name)
         SELECT 1, id, id, 'receipt', 'DL', extract(year FROM day)::int, n + 1, 186200, 186200, at, day, account_id, 'Thu ngân đo lường' FROM filled;
         INSERT INTO billing_payment (facility_id, payment_id, bill_id, receipt_id, kind, method, amount_vnd, shift_id, proof, at, day, by_account, by_name)
         SELECT 1, id, id, id, 'payment', CASE n % 3 WHEN 0 THEN 'transfer' ELSE 'card' END, 186200, NULL, id::text, at, day, account_id, 'Thu ngân đo lường' FROM filled;
         DROP TABLE filled;
         SET session_replication_role = DEFAULT;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *owner).await.context("the visits of two years")?;
    for table in ["encounter_encounter", "billing_account", "billing_charge", "billing_receipt", "billing_payment"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).execute(&mut *owner).await?;
    }
    Ok(())
}

/// The slowest of the month's reports, in milliseconds at the 95th percentile over their questions, and the slowest one's name.
async fn ask(running: &Running, client: &Client, from: NaiveDate, to: NaiveDate) -> Result<(f64, &'static str)> {
    let mut slowest = (0.0, "");
    for (name, path) in [
        ("by day", "/app/reports/revenue?by=day"),
        ("by doctor", "/app/reports/revenue?by=doctor"),
        ("by service", "/app/reports/revenue?by=service"),
        ("by cashier", "/app/reports/revenue?by=cashier"),
        ("by method", "/app/reports/revenue?by=method"),
        ("visits", "/app/reports/visits?"),
    ] {
        let mut times = Vec::new();
        for round in 0..6 {
            let begun = Instant::now();
            let response = client.get(format!("{}{path}&from={from}&to={to}", running.base)).send().await?;
            let status = response.status();
            let text = response.text().await?;
            if !status.is_success() || text.contains("Không khớp sổ cái") {
                bail!("{name}: {status}");
            }
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
        let p95 = percentile(&mut times, 95.0);
        if p95 > slowest.0 {
            slowest = (p95, name);
        }
    }
    Ok(slowest)
}

/// Refuses a plan that reads a whole ledger for one month.
async fn look_at_the_plan(owner: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Result<f64> {
    let mut rows = 0.0;
    for view in ["billing_report_revenue", "billing_report_payment", "billing_report_ledger", "encounter_report_visit"] {
        let column = if view == "encounter_report_visit" { "count(*)" } else { "count(DISTINCT encounter_id)" };
        let sql = format!("EXPLAIN (ANALYZE, FORMAT JSON) SELECT {column} FROM {view} WHERE facility_id = 1 AND day BETWEEN '{from}' AND '{to}'");
        let (plan,): (Value,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *owner).await?;
        walk(&plan[0]["Plan"], &mut |node| {
            let (kind, relation) = (node["Node Type"].as_str().unwrap_or(""), node["Relation Name"].as_str().unwrap_or(""));
            if kind.contains("Seq Scan") && ["billing_charge", "billing_payment"].contains(&relation) {
                bail!("{view} reads all of {relation}");
            }
            if ["billing_charge", "billing_payment"].contains(&relation) {
                rows += node["Actual Rows"].as_f64().unwrap_or(0.0) * node["Actual Loops"].as_f64().unwrap_or(1.0);
            }
            Ok(())
        })?;
    }
    Ok(rows)
}

fn walk(node: &Value, look: &mut dyn FnMut(&Value) -> Result<()>) -> Result<()> {
    look(node)?;
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, look)?;
    }
    Ok(())
}

/// `month-report`: first with the visits of that month alone, then with a million visits over two years.
pub async fn month(running: &Running, visits: i64, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    let today = base::Clock::system().today();
    let (from, to) = last_month(today);
    let days = u64::from(to.day());
    let a_month = visits * days as i64 / SPREAD_DAYS as i64;
    fill(&mut owner, 0, a_month, to, days).await?;
    let client = running.sign_in("quantri.84101").await?;
    let (alone, _) = ask(running, &client, from, to).await?;
    let before = from.checked_sub_days(Days::new(1)).unwrap_or(from);
    fill(&mut owner, a_month, visits - a_month, before, SPREAD_DAYS - days).await?;
    let (with_all, which) = ask(running, &client, from, to).await?;
    let rows = look_at_the_plan(&mut owner, from, to).await?;
    report.add(
        format!("month report over {visits} visits (slowest: {which})"),
        vec![
            ("visits of the month", a_month as f64, ""),
            ("p95", with_all, "ms"),
            ("p95 without the older months", alone, "ms"),
            ("ledger rows read by the four views", rows, ""),
        ],
    );
    Ok(())
}
