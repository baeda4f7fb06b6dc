//! What a typed or scanned word in the grid of a paper names: a drug of the list, or a lot that lies in the store.

use base::StoreId;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A drug with the packs it comes in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Goods {
    pub drug_id: Uuid,
    pub code: String,
    pub name: String,
    pub strength: String,
    pub unit: String,
    pub controlled_class: String,
    /// `vỉ 10 · hộp 100`.
    pub packs: String,
}

macro_rules! goods_where {
    ($rest:expr) => {
        concat!(
            "SELECT d.drug_id, d.code, d.name, d.strength, d.unit, d.controlled_class,
                    coalesce((SELECT string_agg(p.name || ' ' || p.factor, ' · ' ORDER BY p.factor) FROM inventory_pack p
                              WHERE p.facility_id = d.facility_id AND p.item_id = d.drug_id AND p.ended_at IS NULL), '') AS packs
             FROM organization_drug d WHERE d.facility_id = $1 AND coalesce(d.active_to, 'infinity') >= $2 AND ",
            $rest
        )
    };
}

/// Text for LIKE: folded, its own wildcards taken literally.
fn like(q: &str) -> String {
    format!("%{}%", base::fold(q).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Drugs of the list whose name, code or ingredient contains the words.
pub async fn search_drugs(tx: &mut Tx, q: &str) -> Result<Vec<Goods>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query_as(sql!(goods_where!("d.search_folded LIKE $3 ORDER BY d.name_folded LIMIT 12")))
        .bind(facility)
        .bind(today)
        .bind(like(q))
        .fetch_all(tx.conn())
        .await
}

pub async fn find_drug(tx: &mut Tx, id: Uuid) -> Result<Option<Goods>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query_as(sql!(goods_where!("d.drug_id = $3"))).bind(facility).bind(today).bind(id).fetch_optional(tx.conn()).await
}

/// Drugs by their codes in the facility's list, for a whole sheet at once.
pub async fn find_drugs_by_code(tx: &mut Tx, codes: &[String]) -> Result<Vec<Goods>, sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query_as(sql!(goods_where!("upper(d.code) = ANY($3)"))).bind(facility).bind(today).bind(codes).fetch_all(tx.conn()).await
}

/// A lot that lies in a store.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LotThere {
    pub lot_id: Uuid,
    pub item_id: Uuid,
    pub name: String,
    pub strength: String,
    pub unit: String,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub blocked: bool,
    pub quantity_milli: i64,
    pub cost_vnd: i64,
    pub cost_milli: i64,
}

impl LotThere {
    pub fn title(&self) -> String {
        crate::item::with_strength(&self.name, &self.strength)
    }
}

macro_rules! lots_where {
    ($rest:expr) => {
        concat!(
            "SELECT l.lot_id, l.item_id, d.name, d.strength, d.unit, l.lot_no, l.expires, l.blocked, coalesce(b.quantity_milli, 0) AS quantity_milli,
                    l.cost_vnd, l.cost_milli
             FROM inventory_lot l
             JOIN organization_drug d ON d.facility_id = l.facility_id AND d.drug_id = l.item_id
             LEFT JOIN inventory_balance b ON b.facility_id = l.facility_id AND b.store_id = $2 AND b.item_id = l.item_id AND b.lot_id = l.lot_id
             WHERE l.facility_id = $1 AND ",
            $rest
        )
    };
}

/// Lots in a store by drug or batch number, first expiry first. `all` also gives lots of which nothing lies there.
pub async fn search_lots(tx: &mut Tx, store: StoreId, q: &str, all: bool) -> Result<Vec<LotThere>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(lots_where!(
        "(b.quantity_milli > 0 OR $4) AND (d.search_folded LIKE $3 OR lower(l.lot_no) LIKE $3 OR 'lo' || lpad(l.label_no::text, 6, '0') LIKE $3)
         ORDER BY d.name_folded, l.expires, l.lot_id LIMIT 15"
    )))
    .bind(facility)
    .bind(store.0)
    .bind(like(q))
    .bind(all)
    .fetch_all(tx.conn())
    .await
}

/// A lot with what of it lies in the store.
pub async fn find_lot(tx: &mut Tx, store: StoreId, lot: Uuid) -> Result<Option<LotThere>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(lots_where!("l.lot_id = $3"))).bind(facility).bind(store.0).bind(lot).fetch_optional(tx.conn()).await
}
