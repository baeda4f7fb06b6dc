//! Control materials and their runs.

use super::number;
use crate::lab::qc::{Lot, Point};
use crate::lab::westgard::{self, Rule};
use base::FacilityId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A control lot with how it stands today.
#[derive(Clone, Debug)]
pub struct LotRow {
    pub id: Uuid,
    pub analyte: Uuid,
    pub analyte_code: String,
    pub analyte_name: String,
    pub unit: String,
    pub decimals: u32,
    pub level: i32,
    pub material: String,
    pub lot_no: String,
    pub mean: Decimal,
    pub sd: Decimal,
    pub expires_on: NaiveDate,
    pub is_ended: bool,
    /// The newest run of the day: value, rules broken, rejected.
    pub today: Option<(Decimal, Vec<String>, bool)>,
}

fn lot(row: &PgRow) -> Result<LotRow, sqlx::Error> {
    let value = number(row, "today_value")?;
    let broken: Option<Vec<String>> = row.try_get("today_broken")?;
    let rejected: Option<bool> = row.try_get("today_rejected")?;
    Ok(LotRow {
        id: row.try_get("lot_id")?,
        analyte: row.try_get("analyte_id")?,
        analyte_code: row.try_get("code")?,
        analyte_name: row.try_get("name")?,
        unit: row.try_get("unit")?,
        decimals: u32::try_from(row.try_get::<i32, _>("decimals")?).unwrap_or(0),
        level: row.try_get("level")?,
        material: row.try_get("material")?,
        lot_no: row.try_get("lot_no")?,
        mean: number(row, "mean")?.unwrap_or_default(),
        sd: number(row, "sd")?.unwrap_or(Decimal::ONE),
        expires_on: row.try_get("expires_on")?,
        is_ended: row.try_get("is_ended")?,
        today: value.map(|value| (value, broken.unwrap_or_default(), rejected.unwrap_or(false))),
    })
}

/// The lots in use (or one lot, also when it ended), with the newest run of a day.
pub async fn list_lots(conn: &mut PgConnection, facility: FacilityId, one: Option<Uuid>, day: NaiveDate) -> Result<Vec<LotRow>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT l.lot_id, l.analyte_id, a.code, a.name, a.unit, a.decimals, l.level, l.material, l.lot_no, l.mean::text, l.sd::text,
                l.expires_on, l.ended_at IS NOT NULL AS is_ended, t.value::text AS today_value, t.broken AS today_broken,
                t.is_rejected AS today_rejected
         FROM diagnostics_qc_lot l
         JOIN diagnostics_analyte a ON a.facility_id = l.facility_id AND a.analyte_id = l.analyte_id
         LEFT JOIN LATERAL (SELECT u.value, u.broken, u.is_rejected FROM diagnostics_qc_run u
                            WHERE u.facility_id = $1 AND u.lot_id = l.lot_id AND u.day = $3 ORDER BY u.run_at DESC, u.run_id DESC LIMIT 1) t ON true
         WHERE l.facility_id = $1 AND CASE WHEN $2::uuid IS NULL THEN l.ended_at IS NULL ELSE l.lot_id = $2 END
         ORDER BY a.bench, a.place, l.level"
    ))
    .bind(facility.0)
    .bind(one)
    .bind(day)
    .fetch_all(conn)
    .await?
    .iter()
    .map(lot)
    .collect()
}

/// Begins a lot under an id that the page made; the lot of that level that was in use ends.
pub async fn insert_lot(tx: &mut Tx, id: Uuid, analyte: Uuid, lot: &Lot, today: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_qc_lot SET ended_at = $5
         WHERE facility_id = $1 AND analyte_id = $2 AND level = $3 AND ended_at IS NULL AND lot_id <> $4
           AND NOT EXISTS (SELECT 1 FROM diagnostics_qc_lot k WHERE k.facility_id = $1 AND k.lot_id = $4)"
    ))
    .bind(tx.facility().0)
    .bind(analyte)
    .bind(lot.level)
    .bind(id)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO diagnostics_qc_lot (facility_id, lot_id, analyte_id, level, material, lot_no, mean, sd, valid_from, expires_on, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7::numeric, $8::numeric, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(analyte)
    .bind(lot.level)
    .bind(&lot.material)
    .bind(&lot.lot_no)
    .bind(lot.mean.to_string())
    .bind(lot.sd.to_string())
    .bind(today)
    .bind(lot.expires_on)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The last runs of a lot, oldest first, for the chart.
pub async fn list_runs(conn: &mut PgConnection, facility: FacilityId, lot: Uuid, most: i64) -> Result<Vec<(Point, String, String)>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT value::text, run_at, broken, is_rejected, run_name, note FROM (
             SELECT value, run_at, run_id, broken, is_rejected, run_name, note FROM diagnostics_qc_run
             WHERE facility_id = $1 AND lot_id = $2 ORDER BY run_at DESC, run_id DESC LIMIT $3) AS newest
         ORDER BY run_at, run_id"
    ))
    .bind(facility.0)
    .bind(lot)
    .bind(most)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let point = Point {
                run_at: row.try_get("run_at")?,
                value: number(row, "value")?.unwrap_or_default(),
                is_rejected: row.try_get("is_rejected")?,
                broken: row.try_get("broken")?,
            };
            Ok((point, row.try_get("run_name")?, row.try_get("note")?))
        })
        .collect()
}

/// A run of one level.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub id: Uuid,
    pub lot: Uuid,
    pub value: Decimal,
    pub note: String,
}

/// Keeps the runs of one analyte that were made together and says which rules each broke; runs that are there already
/// are left as they are.
pub async fn insert_runs(tx: &mut Tx, runs: &[NewRun], day: NaiveDate) -> Result<Vec<(Uuid, Vec<Rule>)>, sqlx::Error> {
    let facility = tx.facility();
    let known: Vec<Uuid> = sqlx::query_scalar(sql!("SELECT run_id FROM diagnostics_qc_run WHERE facility_id = $1 AND run_id = ANY($2)"))
        .bind(facility.0)
        .bind(runs.iter().map(|r| r.id).collect::<Vec<_>>())
        .fetch_all(tx.conn())
        .await?;
    let fresh: Vec<&NewRun> = runs.iter().filter(|run| !known.contains(&run.id)).collect();
    let mut lines: Vec<(&NewRun, Uuid, Vec<Decimal>)> = Vec::with_capacity(fresh.len());
    for run in fresh {
        let Some(lot) = list_lots(tx.conn(), facility, Some(run.lot), day).await?.into_iter().next() else { continue };
        let mut z: Vec<Decimal> = list_runs(tx.conn(), facility, run.lot, 10)
            .await?
            .iter()
            .filter_map(|(point, ..)| westgard::z(point.value, lot.mean, lot.sd))
            .collect();
        z.extend(westgard::z(run.value, lot.mean, lot.sd));
        lines.push((run, lot.analyte, z));
    }
    let name = tx.actor.name.to_string();
    let mut judged = Vec::with_capacity(lines.len());
    for (at, (run, analyte, own)) in lines.iter().enumerate() {
        // Only levels of the same analyte are judged together.
        let others: Vec<&[Decimal]> =
            lines.iter().enumerate().filter(|(i, (_, other, _))| *i != at && other == analyte).map(|(_, (.., z))| z.as_slice()).collect();
        let broken = westgard::judge(own, &others);
        sqlx::query(sql!(
            "INSERT INTO diagnostics_qc_run (facility_id, run_id, lot_id, run_at, day, value, broken, is_rejected, note, run_by, run_name)
             VALUES ($1, $2, $3, $4, $5, $6::numeric, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING"
        ))
        .bind(facility.0)
        .bind(run.id)
        .bind(run.lot)
        .bind(tx.now)
        .bind(day)
        .bind(run.value.to_string())
        .bind(broken.iter().map(|r| r.key()).collect::<Vec<_>>())
        .bind(broken.iter().any(|r| r.rejects()))
        .bind(&run.note)
        .bind(tx.actor.account.0)
        .bind(&name)
        .execute(tx.conn())
        .await?;
        judged.push((run.lot, broken));
    }
    Ok(judged)
}

/// When the newest run of a day was made, for the bench's head.
pub async fn day_state(conn: &mut PgConnection, facility: FacilityId, bench: Option<&str>, day: NaiveDate) -> Result<(i64, i64, Option<DateTime<Utc>>), sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT count(*), count(*) FILTER (WHERE is_rejected), max(run_at) FROM (
             SELECT DISTINCT ON (u.lot_id) u.is_rejected, u.run_at
             FROM diagnostics_qc_run u
             JOIN diagnostics_qc_lot l ON l.facility_id = u.facility_id AND l.lot_id = u.lot_id AND l.ended_at IS NULL
             JOIN diagnostics_analyte a ON a.facility_id = l.facility_id AND a.analyte_id = l.analyte_id
             WHERE u.facility_id = $1 AND u.day = $3 AND ($2::text IS NULL OR a.bench = $2)
             ORDER BY u.lot_id, u.run_at DESC, u.run_id DESC) AS newest"
    ))
    .bind(facility.0)
    .bind(bench)
    .bind(day)
    .fetch_one(conn)
    .await
}
