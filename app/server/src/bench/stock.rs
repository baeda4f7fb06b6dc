//! The pharmacy: medicines handed over by sixteen counters at once, and the stock card of an item that moved a hundred
//! thousand times.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use uuid::Uuid;

const COUNTERS: usize = 16;
const LASTS: Duration = Duration::from_secs(8);
const MOVEMENTS: i64 = 100_000;
const BATCH: i64 = 1_000;

/// A prescription with its lines: line, drug, thousandths.
type Prescribed = (Uuid, Vec<(Uuid, Uuid, i64)>);

/// Prescription after prescription, each with its two or three drugs: right and page read, checks, lots by expiry,
/// ledger, charges, audit, event, one durable commit, and the billing that follows.
pub async fn dispense(running: &Running, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    fill_the_counter(&mut owner).await?;
    hand_over(running, &mut owner, "dispense, everybody's drugs", report).await?;
    set_apart(&mut owner).await?;
    hand_over(running, &mut owner, "dispense, distinct items", report).await
}

async fn hand_over(running: &Running, owner: &mut PgConnection, name: &str, report: &mut Report) -> Result<()> {
    let waiting = waiting(owner).await?;
    if waiting.len() < COUNTERS {
        bail!("only {} prescriptions wait; invent more people", waiting.len());
    }
    let (server_before, database_before) = running.cpu();
    let begun = Instant::now();
    let until = begun + LASTS;
    let mut counters = tokio::task::JoinSet::new();
    for n in 0..COUNTERS {
        let mine: Vec<Prescribed> = waiting.iter().skip(n).step_by(COUNTERS).cloned().collect();
        let (client, base) = (running.sign_in("duocsi.84101").await?, running.base.clone());
        counters.spawn(async move {
            let (mut times, mut refused, mut lines) = (Vec::new(), 0u32, 0usize);
            for (prescription, prescribed) in mine {
                if Instant::now() >= until {
                    break;
                }
                let mut form = vec![("id", Uuid::now_v7().to_string()), ("version", "0".to_owned())];
                for (line, drug, milli) in &prescribed {
                    form.extend([("line", line.to_string()), ("drug", drug.to_string()), ("quantity", quantity(*milli))]);
                }
                let begun = Instant::now();
                let url = format!("{base}/app/pharmacy/prescriptions/{prescription}/dispenses");
                let response = client.post(url).header("sec-fetch-site", "same-origin").form(&form).send().await?;
                match response.status().as_u16() {
                    303 => {
                        times.push(begun.elapsed());
                        lines += prescribed.len();
                    }
                    // An allergy or a contraindication, which asks the pharmacist for a reason.
                    422 => refused += 1,
                    status => bail!("dispense: {status} {}", response.text().await?),
                }
            }
            Ok((times, refused, lines))
        });
    }
    let (mut times, mut refused, mut lines) = (Vec::new(), 0, 0);
    while let Some(counter) = counters.join_next().await {
        let (more, no, given) = counter??;
        times.extend(more);
        refused += no;
        lines += given;
    }
    // A small world may run out of prescriptions before the time is over.
    let lasted = begun.elapsed().as_secs_f64();
    // The charges that follow belong to the price of a dispense.
    while sqlx::query_scalar::<_, i64>("SELECT count(*) FROM db_job WHERE last_error IS NULL").fetch_one(&mut *owner).await? > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (server, database) = running.cpu();
    let count = times.len() as f64;
    report.add(
        name,
        vec![
            ("rate", count / lasted, "/s at 16 connections"),
            ("lines each", lines as f64 / count, ""),
            ("refused for an allergy or the like", f64::from(refused), ""),
            ("p50", percentile(&mut times, 50.0), "ms"),
            ("p95", percentile(&mut times, 95.0), "ms"),
            ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
            ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
        ],
    );
    Ok(())
}

/// A quantity as the counter types it.
fn quantity(milli: i64) -> String {
    let part = format!("{:03}", milli % 1000);
    let part = part.trim_end_matches('0');
    if part.is_empty() { (milli / 1000).to_string() } else { format!("{},{part}", milli / 1000) }
}

/// Puts more of every drug on the counter's shelf than the measurement can take.
async fn fill_the_counter(owner: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "WITH lots AS (
             INSERT INTO inventory_lot (facility_id, lot_id, item_id, lot_no, expires, cost_vnd, cost_milli, label_no, created_by, created_at)
             SELECT 1, gen_random_uuid(), item_id, 'DO-LUONG', current_date + 900, 1000, 1000,
                    9000000 + row_number() OVER (ORDER BY item_id), item_id, now()
             FROM inventory_item WHERE facility_id = 1 RETURNING lot_id, item_id)
         INSERT INTO inventory_movement (facility_id, movement_id, store_id, item_id, lot_id, quantity_milli, kind, document_id, line_id,
             at, by_account, by_name, second_account, second_name)
         SELECT 1, gen_random_uuid(), s.store_id, l.item_id, l.lot_id, 100000000000, 'opening', gen_random_uuid(), gen_random_uuid(),
                now(), l.item_id, 'Đo lường', l.lot_id, 'Đo lường'
         FROM lots l, inventory_store s WHERE s.facility_id = 1 AND s.code = 'QT' ORDER BY l.item_id",
    )
    .execute(owner)
    .await
    .context("the counter of An Tâm")?;
    Ok(())
}

/// Gives every sixteenth prescription drugs of its own, so that no two counters reach for one shelf. The order is the
/// one in which [`waiting`] deals them out.
async fn set_apart(owner: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "ALTER TABLE medication_line DISABLE TRIGGER medication_line_kept;
         WITH drugs AS (
                  SELECT drug_id, row_number() OVER (ORDER BY code) - 1 AS n FROM organization_drug
                  WHERE facility_id = 1 AND controlled_class = 'none'),
              dealt AS (
                  SELECT prescription_id, (row_number() OVER (ORDER BY prescription_id DESC) - 1) % 16 AS counter
                  FROM (SELECT p.prescription_id FROM medication_prescription p
                        JOIN medication_line l ON l.facility_id = 1 AND l.prescription_id = p.prescription_id
                        WHERE p.facility_id = 1 AND p.status = 'issued' AND p.supply = 'waiting'
                        GROUP BY 1 HAVING bool_and(l.drug_id IS NOT NULL AND l.quantity_milli > 0) AND count(*) <= 3) w),
              lines AS (
                  SELECT l.line_id, d.counter * 3 + row_number() OVER (PARTITION BY l.prescription_id ORDER BY l.place) - 1 AS n
                  FROM dealt d JOIN medication_line l ON l.facility_id = 1 AND l.prescription_id = d.prescription_id)
         UPDATE medication_line l SET drug_id = g.drug_id FROM lines s JOIN drugs g ON g.n = s.n
         WHERE l.facility_id = 1 AND l.line_id = s.line_id;
         ALTER TABLE medication_line ENABLE TRIGGER medication_line_kept",
    )
    .execute(owner)
    .await?;
    Ok(())
}

/// Invented prescriptions as if they had been issued and paid this morning.
async fn waiting(owner: &mut PgConnection) -> Result<Vec<Prescribed>> {
    sqlx::raw_sql(
        "UPDATE medication_prescription SET paid_at = now(), valid_until = current_date + 5
         WHERE facility_id = 1 AND status = 'issued' AND supply = 'waiting'",
    )
    .execute(&mut *owner)
    .await?;
    let rows: Vec<(Uuid, Vec<Uuid>, Vec<Uuid>, Vec<i64>)> = sqlx::query_as(
        "SELECT p.prescription_id, array_agg(l.line_id ORDER BY l.place), array_agg(l.drug_id ORDER BY l.place),
                array_agg(l.quantity_milli ORDER BY l.place)
         FROM medication_prescription p
         JOIN medication_line l ON l.facility_id = 1 AND l.prescription_id = p.prescription_id
         WHERE p.facility_id = 1 AND p.status = 'issued' AND p.supply = 'waiting'
         GROUP BY p.prescription_id HAVING bool_and(l.drug_id IS NOT NULL AND l.quantity_milli > 0) AND count(*) <= 3
         ORDER BY p.prescription_id DESC",
    )
    .fetch_all(owner)
    .await?;
    let lines = |(id, lines, drugs, milli): (Uuid, Vec<Uuid>, Vec<Uuid>, Vec<i64>)| {
        (id, lines.into_iter().zip(drugs).zip(milli).map(|((line, drug), milli)| (line, drug, milli)).collect())
    };
    Ok(rows.into_iter().map(lines).collect())
}

/// The card of one item: the newest rows, rows from the middle, and the rows up to a day.
pub async fn card(running: &Running, report: &mut Report) -> Result<()> {
    let mut owner = PgConnection::connect_with(&running.database()).await?;
    let begun = Instant::now();
    let (item, store): (Uuid, Uuid) = sqlx::query_as(
        "SELECT b.item_id, b.store_id FROM inventory_balance b
         JOIN inventory_store s ON s.facility_id = b.facility_id AND s.store_id = b.store_id AND s.code = 'KC'
         JOIN organization_drug d ON d.facility_id = b.facility_id AND d.drug_id = b.item_id AND d.controlled_class = 'none'
         WHERE b.facility_id = 1 ORDER BY d.code LIMIT 1",
    )
    .fetch_one(&mut owner)
    .await
    .context("an item in the main store of An Tâm")?;
    // A hundred documents of a thousand lines: within one transaction every line would walk the traces of those before.
    for batch in 0..MOVEMENTS / BATCH {
        sqlx::query(
            "INSERT INTO inventory_movement (facility_id, movement_id, store_id, item_id, lot_id, quantity_milli, kind, document_id, line_id,
                 document_no, at, by_account, by_name)
             SELECT 1, gen_random_uuid(), $1, $2, l.lot_id, CASE WHEN n % 2 = 1 THEN 10000 ELSE -10000 END,
                    CASE WHEN n % 2 = 1 THEN 'receipt' ELSE 'issue' END, gen_random_uuid(), gen_random_uuid(),
                    'PN26/' || n, now() - interval '300 days' + n * interval '4 minutes', $2, 'Đo lường'
             FROM generate_series($3::bigint + 1, $3 + $4) n,
                  (SELECT lot_id FROM inventory_balance b JOIN inventory_lot USING (facility_id, lot_id)
                   WHERE b.facility_id = 1 AND b.store_id = $1 AND b.item_id = $2 ORDER BY expires DESC LIMIT 1) l ORDER BY n",
        )
        .bind(store)
        .bind(item)
        .bind(batch * BATCH)
        .bind(BATCH)
        .execute(&mut owner)
        .await?;
    }
    report.add("booking, a thousand at a time", vec![("movements", MOVEMENTS as f64, ""), ("each", begun.elapsed().as_secs_f64() * 1e6 / MOVEMENTS as f64, "µs")]);
    let client = running.sign_in("duocsi.84101").await?;
    let base = format!("{}/app/stock/items/{item}/card/{store}", running.base);
    let day = "01/06/2026";
    for (name, path) in [("newest", base.clone()), ("from the middle", format!("{base}?before=50000")), ("up to a day", format!("{base}?until={day}"))] {
        let mut times = Vec::new();
        let (server_before, database_before) = running.cpu();
        for round in 0..100 {
            let begun = Instant::now();
            let response = client.get(&path).send().await?;
            if !response.status().is_success() {
                bail!("stock card: {}", response.status());
            }
            response.bytes().await?;
            if round > 2 {
                times.push(begun.elapsed());
            }
        }
        let (server, database) = running.cpu();
        report.add(
            format!("stock card, {name}"),
            vec![
                ("p50", percentile(&mut times, 50.0), "ms"),
                ("p95", percentile(&mut times, 95.0), "ms"),
                ("server CPU", (server - server_before) * 10.0, "ms"),
                ("database CPU", (database - database_before) * 10.0, "ms"),
            ],
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn quantities_are_typed_with_a_comma() {
        assert_eq!([14_000, 2_500, 125].map(super::quantity), ["14", "2,5", "0,125"]);
    }
}
