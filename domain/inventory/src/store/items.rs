//! Items: which drugs are kept in stock, their packs and barcodes.

use crate::item::{Item, Pack};
use db::{Tx, sql};
use uuid::Uuid;

/// Begins keeping a drug in stock, or keeps it again; nothing changes when it is kept already. Gives whether the
/// facility has such a drug.
pub async fn keep(tx: &mut Tx, drug: Uuid) -> Result<bool, sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let today = base::local_date(now);
    let known: Option<Uuid> = sqlx::query_scalar(sql!(
        "INSERT INTO inventory_item AS i (facility_id, item_id, kept_from, changed_by, changed_at)
         SELECT $1, drug_id, $3, $4, $5 FROM organization_drug WHERE facility_id = $1 AND drug_id = $2
         ON CONFLICT (facility_id, item_id) DO UPDATE SET kept_to = NULL RETURNING item_id"
    ))
    .bind(facility)
    .bind(drug)
    .bind(today)
    .bind(me)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(known.is_some())
}

/// An item by its id.
pub async fn find(tx: &mut Tx, item: Uuid) -> Result<Option<Item>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT i.item_id, d.code, d.name, d.ingredient, d.strength, d.unit, d.controlled_class, i.min_milli, i.max_milli, i.kept_from, i.kept_to
         FROM inventory_item i JOIN organization_drug d ON d.facility_id = i.facility_id AND d.drug_id = i.item_id
         WHERE i.facility_id = $1 AND i.item_id = $2"
    ))
    .bind(facility)
    .bind(item)
    .fetch_optional(tx.conn())
    .await
}

/// Sets the warnings of an item and until when it is kept.
pub async fn update(tx: &mut Tx, item: Uuid, min_milli: Option<i64>, max_milli: Option<i64>, kept: bool) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "UPDATE inventory_item SET min_milli = $3, max_milli = $4, changed_by = $6, changed_at = $7,
             kept_to = CASE WHEN $5 THEN NULL ELSE greatest(kept_from, coalesce(kept_to, $8)) END
         WHERE facility_id = $1 AND item_id = $2"
    ))
    .bind(facility)
    .bind(item)
    .bind(min_milli)
    .bind(max_milli)
    .bind(kept)
    .bind(me)
    .bind(now)
    .bind(base::local_date(now))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The packs of these items in use, smallest first.
pub async fn list_packs(tx: &mut Tx, items: &[Uuid]) -> Result<Vec<Pack>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT pack_id, item_id, name, factor FROM inventory_pack
         WHERE facility_id = $1 AND item_id = ANY($2) AND ended_at IS NULL ORDER BY item_id, factor, name"
    ))
    .bind(facility)
    .bind(items)
    .fetch_all(tx.conn())
    .await
}

/// Puts these packs `(name, dispensing units)` in place of the present ones; those that stay the same stay.
pub async fn set_packs(tx: &mut Tx, item: Uuid, packs: &[(String, i64)]) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    let names: Vec<&str> = packs.iter().map(|p| p.0.as_str()).collect();
    let factors: Vec<i64> = packs.iter().map(|p| p.1).collect();
    let ids: Vec<Uuid> = packs.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query(sql!(
        "UPDATE inventory_pack p SET ended_at = $5, changed_by = $6, changed_at = $5
         WHERE facility_id = $1 AND item_id = $2 AND ended_at IS NULL
           AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::bigint[]) AS n(name, factor) WHERE n.name = p.name AND n.factor = p.factor)"
    ))
    .bind(facility)
    .bind(item)
    .bind(&names)
    .bind(&factors)
    .bind(now)
    .bind(me)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO inventory_pack (facility_id, pack_id, item_id, name, factor, changed_by, changed_at)
         SELECT $1, n.id, $2, n.name, n.factor, $6, $7 FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS n(id, name, factor)
         ON CONFLICT (facility_id, item_id, name) WHERE ended_at IS NULL DO NOTHING"
    ))
    .bind(facility)
    .bind(item)
    .bind(&ids)
    .bind(&names)
    .bind(&factors)
    .bind(me)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The item and the number of dispensing units that a maker's barcode names.
pub async fn find_by_barcode(tx: &mut Tx, barcode: &str) -> Result<Option<(Uuid, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT item_id, factor FROM inventory_barcode WHERE facility_id = $1 AND barcode = $2"))
        .bind(facility)
        .bind(barcode)
        .fetch_optional(tx.conn())
        .await
}

/// Learns what a maker's barcode stands on; a code that was learned otherwise is corrected.
pub async fn learn_barcode(tx: &mut Tx, barcode: &str, item: Uuid, factor: i64) -> Result<(), sqlx::Error> {
    let (facility, now, me) = (tx.facility().0, tx.now, tx.actor.account.0);
    sqlx::query(sql!(
        "INSERT INTO inventory_barcode (facility_id, barcode, item_id, factor, learned_by, learned_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (facility_id, barcode) DO UPDATE SET item_id = excluded.item_id, factor = excluded.factor,
             learned_by = excluded.learned_by, learned_at = excluded.learned_at"
    ))
    .bind(facility)
    .bind(barcode)
    .bind(item)
    .bind(factor)
    .bind(me)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The barcodes of an item with the dispensing units each stands for.
pub async fn list_barcodes(tx: &mut Tx, item: Uuid) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT barcode, factor FROM inventory_barcode WHERE facility_id = $1 AND item_id = $2 ORDER BY factor, barcode"))
        .bind(facility)
        .bind(item)
        .fetch_all(tx.conn())
        .await
}

/// A drug of the list that could be kept in stock.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    pub drug_id: Uuid,
    pub code: String,
    pub name: String,
    pub ingredient: String,
    pub strength: String,
    pub unit: String,
}

/// Drugs in use today that are not kept in stock, whose code, name or ingredient holds all words of `typed`.
pub async fn list_candidates(tx: &mut Tx, typed: &str) -> Result<Vec<Candidate>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query_as(sql!(
        "SELECT d.drug_id, d.code, d.name, d.ingredient, d.strength, d.unit FROM organization_drug d
         WHERE d.facility_id = $1 AND d.active_from <= $2 AND coalesce(d.active_to, 'infinity') >= $2 AND d.search_folded LIKE ALL ($3)
           AND NOT EXISTS (SELECT FROM inventory_item i WHERE i.facility_id = $1 AND i.item_id = d.drug_id AND i.kept_to IS NULL)
         ORDER BY d.name_folded, d.drug_id LIMIT 200"
    ))
    .bind(facility)
    .bind(today)
    .bind(organization::search::patterns(typed))
    .fetch_all(tx.conn())
    .await
}
