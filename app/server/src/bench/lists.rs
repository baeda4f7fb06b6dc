//! Lists by keyset over ten million rows: the first page, pages in the middle, the last ones.

use crate::house::Running;
use crate::measure::{Report, percentile};
use crate::report::fill;
use anyhow::{Result, bail};
use chrono::{Days, NaiveDate};
use reqwest::Client;
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// Over so many days the rows are spread: a busy house over a year.
const SPREAD_DAYS: u64 = 360;

/// How many pages of each list are turned.
const PAGES: usize = 60;

/// Turns pages from an address on by following the link to the next one.
async fn turn(running: &Running, client: &Client, first: &str, marker: &str) -> Result<(usize, Vec<Duration>)> {
    let (mut times, mut address, mut pages) = (Vec::new(), first.to_owned(), 0);
    while pages < PAGES {
        let begun = Instant::now();
        let response = client.get(format!("{}{address}", running.base)).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("{address}: {status}");
        }
        // The first page fills the caches.
        if pages > 0 {
            times.push(begun.elapsed());
        }
        pages += 1;
        let next = text.split("href=\"").skip(1).filter_map(|part| part.split('"').next()).find(|link| link.contains(marker));
        let Some(next) = next else { break };
        address = next.replace("&amp;", "&").replace('+', "%2B");
    }
    Ok((pages, times))
}

/// `lists`: receipts of a day, the visit register of a year, electronic invoices.
pub async fn lists(running: &Running, rows: i64, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    let today = base::Clock::system().today();
    // In pieces, so that no single statement needs room for all of them. They are numbered away from those of other measurements.
    const START: i64 = 1 << 32;
    let piece = 1_000_000.min(rows);
    for at in (0..rows).step_by(piece as usize) {
        fill(&mut owner, START + at, piece.min(rows - at), today, SPREAD_DAYS).await?;
    }
    invoices(&mut owner, rows / 10, today).await?;
    let cashier = running.sign_in("thungan.84101").await?;
    let manager = running.sign_in("quantri.84101").await?;
    let middle = today.checked_sub_days(Days::new(SPREAD_DAYS / 2)).unwrap_or(today);
    let begin = today.checked_sub_days(Days::new(SPREAD_DAYS)).unwrap_or(today);
    for (name, client, first, marker) in [
        ("receipts of a day", &cashier, format!("/app/cashier/receipts?day={middle}"), "before="),
        ("visit register of a day", &manager, format!("/app/reports/visits?from={middle}&to={middle}"), "after="),
        ("visit register of a month", &manager, format!("/app/reports/visits?from={}&to={middle}", middle.checked_sub_days(Days::new(30)).unwrap_or(begin)), "after="),
        ("electronic invoices", &cashier, "/app/cashier/einvoices".to_owned(), "after="),
        ("debts", &manager, "/app/reports/debts".to_owned(), "after="),
        ("waiting at the desk", &cashier, "/app/cashier/waiting".to_owned(), "after="),
    ] {
        // A list of one page is asked for again and again instead.
        let (mut pages, mut times) = turn(running, client, &first, marker).await?;
        while times.len() < 20 {
            let (more, again) = turn(running, client, &first, marker).await?;
            if more < 2 {
                let begun = Instant::now();
                client.get(format!("{}{first}", running.base)).send().await?.bytes().await?;
                times.push(begun.elapsed());
            }
            pages += more;
            times.extend(again);
        }
        report.add(
            format!("{name} at {rows} visits and receipts"),
            vec![("pages", pages as f64, ""), ("p50", percentile(&mut times, 50.0), "ms"), ("p95", percentile(&mut times, 95.0), "ms")],
        );
    }
    Ok(())
}

/// Issued invoices, newest first in the list.
async fn invoices(owner: &mut PgConnection, count: i64, today: NaiveDate) -> Result<()> {
    let sql = format!(
        "SET session_replication_role = replica;
         INSERT INTO billing_einvoice (facility_id, einvoice_id, kind, basis, day, status, buyer_name, vat_vnd, total_vnd, attempts, serial, number, lookup_code,
             authority_code, issued_at, provider, made_at, by_account, by_name)
         SELECT 1, gen_random_uuid(), 'original', 'day', DATE '{today}' - (n % 360)::int, 'issued', 'Người mua đo lường', 0, 186200, 1, 'C26DLG', n, 'DL', 'DL', now(), 'sandbox',
                now() - n * interval '3 seconds', '00000000-0000-7000-8000-000000000001', 'Máy'
         FROM generate_series(1, {count}) AS n;
         SET session_replication_role = DEFAULT;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *owner).await?;
    sqlx::raw_sql("VACUUM ANALYZE billing_einvoice").execute(&mut *owner).await?;
    Ok(())
}
