//! A pharmacy with something on its shelves: what most tests begin with.

use base::{LotId, StoreId, Vnd};
use chrono::NaiveDate;
use db::Tx;
use inventory::ledger::{Kind, Movement, Posted, Signer};
use inventory::lot::NewLot;
use inventory::store::stores::StoreFacts;
use inventory::store::{items, lots, stores};
use std::sync::Arc;
use testkit::{World, demo_id};
use uuid::Uuid;

pub const CLINIC: &str = "84101";

pub async fn world() -> World {
    World::with_stock(vec![patient::module(), encounter::module(), inventory::module()], Arc::new(inventory::StockDesk)).await
}

/// The id of a drug of the clinic, by its code in the demo list.
pub fn drug(code: &str) -> Uuid {
    demo_id(CLINIC, "drug", code)
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Opens a store of this kind; counters serve patients.
pub async fn open_store(tx: &mut Tx, code: &str, kind: &str) -> StoreId {
    let id = StoreId::new();
    let facts = StoreFacts {
        code: code.into(),
        name: format!("Kho {code}"),
        kind: kind.into(),
        serves_patients: kind == "counter",
        room: None,
        active_from: day("2026-01-01"),
        active_to: None,
    };
    assert!(!stores::save(tx, id, &facts).await.expect("a store"), "the code is free");
    id
}

/// A lot on the books, nothing of it anywhere yet; 1.500 đ for three units.
pub async fn lot_of(tx: &mut Tx, item: Uuid, lot_no: &str, expires: &str) -> LotId {
    assert!(items::keep(tx, item).await.expect("the item is kept"));
    let new = NewLot { item, lot_no: lot_no.into(), expires: day(expires), cost: Vnd(1_000), cost_milli: 3_000, supplier: None };
    lots::find_or_insert(tx, &new).await.expect("a lot")
}

/// Receives whole units of a new lot into a store.
pub async fn receive(tx: &mut Tx, store: StoreId, item: Uuid, lot_no: &str, expires: &str, units: i64) -> LotId {
    let lot = lot_of(tx, item, lot_no, expires).await;
    let second = Some(Signer { account: Uuid::from_u128(2), name: "DS. Nguyễn Hoài Thương".into() });
    let movement = Movement { second, ..Movement::new(Kind::Receipt, store, item, lot, units * 1000, Uuid::now_v7(), Uuid::now_v7()) };
    assert_eq!(inventory::ledger::post(tx, &[movement]).await.expect("received"), Posted::Now);
    lot
}

/// What lies of a lot in a store, in thousandths.
pub async fn balance(world: &World, store: StoreId, lot: LotId) -> i64 {
    let mut tx = world.tx(CLINIC).await;
    sqlx::query_scalar("SELECT coalesce(sum(quantity_milli), 0)::bigint FROM inventory_balance WHERE store_id = $1 AND lot_id = $2")
        .bind(store.0)
        .bind(lot.0)
        .fetch_one(tx.conn())
        .await
        .expect("a balance")
}

/// Everything the ledger promises, checked by SQL alone over the whole facility.
pub async fn assert_books_hold(world: &World) {
    let mut tx = world.tx(CLINIC).await;
    for (promise, sql) in [
        (
            "the balance of a lot is the sum of its movements",
            "SELECT count(*) FROM inventory_balance b FULL JOIN (
                 SELECT store_id, lot_id, sum(quantity_milli) AS q FROM inventory_movement GROUP BY 1, 2) m USING (store_id, lot_id)
             WHERE coalesce(b.quantity_milli, 0) <> coalesce(m.q, 0)",
        ),
        (
            "a shelf is the sum of its lots",
            "SELECT count(*) FROM inventory_shelf s WHERE s.quantity_milli <> coalesce((SELECT sum(quantity_milli) FROM inventory_balance b
                 WHERE b.store_id = s.store_id AND b.item_id = s.item_id), 0)",
        ),
        (
            "running balances of shelf and lot are right on every row, and rows are numbered without gaps",
            "SELECT count(*) FROM (SELECT seq, shelf_milli, lot_milli,
                 sum(quantity_milli) OVER (PARTITION BY store_id, item_id ORDER BY seq) AS shelf,
                 sum(quantity_milli) OVER (PARTITION BY store_id, item_id, lot_id ORDER BY seq) AS lot,
                 row_number() OVER (PARTITION BY store_id, item_id ORDER BY seq) AS n FROM inventory_movement) x
             WHERE shelf <> shelf_milli OR lot <> lot_milli OR n <> seq",
        ),
        ("nothing was ever negative", "SELECT count(*) FROM inventory_movement WHERE shelf_milli < 0 OR lot_milli < 0"),
        (
            "nothing expired went to anybody",
            "SELECT count(*) FROM inventory_movement m JOIN inventory_lot l USING (facility_id, lot_id)
             WHERE m.kind IN ('dispense', 'issue', 'transfer_out') AND l.expires < (m.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date",
        ),
        (
            "nothing blocked went to anybody between block and release",
            "SELECT count(*) FROM inventory_lot_block b
             JOIN inventory_movement m ON m.lot_id = b.lot_id AND m.kind IN ('dispense', 'issue', 'transfer_out')
             LEFT JOIN inventory_lot_block_place p ON p.block_id = b.block_id AND p.lot_id = b.lot_id AND p.store_id = m.store_id
             LEFT JOIN LATERAL (SELECT r.block_id FROM inventory_lot_block r
                 WHERE r.lot_id = b.lot_id AND NOT r.blocked AND r.block_id > b.block_id ORDER BY r.block_id LIMIT 1) f ON true
             LEFT JOIN inventory_lot_block_place q ON q.block_id = f.block_id AND q.lot_id = b.lot_id AND q.store_id = m.store_id
             WHERE b.blocked AND m.seq > coalesce(p.after_seq, 0) AND (f.block_id IS NULL OR m.seq <= coalesce(q.after_seq, 0))",
        ),
        (
            "what is left of a lot is worth its cost, to the đồng",
            "SELECT count(*) FROM (SELECT b.quantity_milli, l.cost_vnd, l.cost_milli, sum(m.cost_vnd) AS value FROM inventory_balance b
                 JOIN inventory_lot l USING (facility_id, lot_id) JOIN inventory_movement m USING (facility_id, store_id, lot_id)
                 GROUP BY b.store_id, b.lot_id, b.quantity_milli, l.cost_vnd, l.cost_milli) x
             WHERE value <> round(quantity_milli::numeric * cost_vnd / cost_milli)",
        ),
    ] {
        let broken: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(tx.conn()).await.expect(promise);
        assert_eq!(broken, 0, "{promise}");
    }
}
