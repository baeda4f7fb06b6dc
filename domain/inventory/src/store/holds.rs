//! Holds: placed, made firm, used up, let go. Every change may be asked for twice and in any order.

use base::PrescriptionId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Whether this facility keeps anything in stock at all; one that prescribes from a list has no holds.
pub async fn keeps_stock(tx: &mut Tx) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT FROM inventory_item WHERE facility_id = $1)"))
        .bind(facility)
        .fetch_one(tx.conn())
        .await
}

/// Keeps lines `(line, item, thousandths)` aside, until `firm` when the paper is paid already and until `soft`
/// otherwise; nothing when it was let go before, or for drugs that are not kept in stock.
pub async fn place(
    tx: &mut Tx,
    prescription: PrescriptionId,
    lines: &[(Uuid, Uuid, i64)],
    soft: DateTime<Utc>,
    firm: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let ids: Vec<Uuid> = lines.iter().map(|l| l.0).collect();
    let items: Vec<Uuid> = lines.iter().map(|l| l.1).collect();
    let quantities: Vec<i64> = lines.iter().map(|l| l.2).collect();
    sqlx::query(sql!(
        "WITH paper AS (
             INSERT INTO inventory_hold_paper AS p (facility_id, prescription_id) VALUES ($1, $2)
             ON CONFLICT (facility_id, prescription_id) DO UPDATE SET freed_at = p.freed_at
             RETURNING paid_at, freed_at)
         INSERT INTO inventory_hold (facility_id, prescription_id, line_id, item_id, quantity_milli, open_milli, until, placed_at)
         SELECT $1, $2, l.line, l.item, l.quantity, l.quantity, CASE WHEN p.paid_at IS NULL THEN $6::timestamptz ELSE $7 END, $8
         FROM paper p, unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS l(line, item, quantity)
         JOIN inventory_item i ON i.facility_id = $1 AND i.item_id = l.item
         WHERE p.freed_at IS NULL
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(&ids)
    .bind(&items)
    .bind(&quantities)
    .bind(soft)
    .bind(firm)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The paper is paid: what is still aside stays until `firm`.
pub async fn make_firm(tx: &mut Tx, prescription: PrescriptionId, firm: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO inventory_hold_paper AS p (facility_id, prescription_id, paid_at) VALUES ($1, $2, $3)
         ON CONFLICT (facility_id, prescription_id) DO UPDATE SET paid_at = coalesce(p.paid_at, excluded.paid_at)"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "UPDATE inventory_hold SET until = greatest(until, $3) WHERE facility_id = $1 AND prescription_id = $2 AND open_milli > 0"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(firm)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The paper is void: nothing stays aside for it.
pub async fn free(tx: &mut Tx, prescription: PrescriptionId) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "INSERT INTO inventory_hold_paper AS p (facility_id, prescription_id, freed_at) VALUES ($1, $2, $3)
         ON CONFLICT (facility_id, prescription_id) DO UPDATE SET freed_at = coalesce(p.freed_at, excluded.freed_at)"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!("UPDATE inventory_hold SET open_milli = 0 WHERE facility_id = $1 AND prescription_id = $2 AND open_milli > 0"))
        .bind(facility)
        .bind(prescription.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Nothing of these lines is kept aside any more.
pub async fn let_go(tx: &mut Tx, prescription: PrescriptionId, lines: &[Uuid]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE inventory_hold SET open_milli = 0 WHERE facility_id = $1 AND prescription_id = $2 AND line_id = ANY($3) AND open_milli > 0"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(lines)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was given uses up what was aside for this paper: by item, line after line; a line that got another drug in
/// place of its own lets go of its own.
pub async fn use_up(tx: &mut Tx, prescription: PrescriptionId, lines: &[Uuid], items: &[Uuid], quantities: &[i64]) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "WITH given AS (SELECT item, sum(quantity)::bigint AS quantity FROM unnest($4::uuid[], $5::bigint[]) AS g(item, quantity) GROUP BY item),
              aside AS (
                  SELECT h.line_id, h.item_id, h.open_milli,
                         sum(h.open_milli) OVER (PARTITION BY h.item_id ORDER BY h.line_id) - h.open_milli AS before
                  FROM inventory_hold h WHERE h.facility_id = $1 AND h.prescription_id = $2 AND h.open_milli > 0)
         UPDATE inventory_hold h
         SET open_milli = CASE WHEN g.item IS NULL THEN 0
                               ELSE a.open_milli - least(a.open_milli, greatest(0, g.quantity - a.before))::bigint END
         FROM aside a LEFT JOIN given g ON g.item = a.item_id
         WHERE h.facility_id = $1 AND h.prescription_id = $2 AND h.line_id = a.line_id AND (g.item IS NOT NULL OR a.line_id = ANY($3))"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(lines)
    .bind(items)
    .bind(quantities)
    .execute(tx.conn())
    .await?;
    Ok(())
}
