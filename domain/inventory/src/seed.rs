//! The shelves of the demo world: a main store, a counter and a ward cabinet with invented lots of the drugs in
//! `catalogues/demo/drugs.tsv`. One drug has run out, one lot is recalled, one has expired, some soon will: so that
//! every warning can be seen. For demonstrations and tests, never for a real server.

mod papers;

use crate::ledger::{self, Kind, Movement, Signer};
use crate::lot::NewLot;
use crate::recall::{self, Decision};
use crate::store::stores::StoreFacts;
use crate::store::{items, lots, stores};
use base::{LotId, StoreId, Vnd, local_date};
use chrono::{Days, NaiveDate};
use db::Tx;
use organization::seed::{demo_id, rows};
use uuid::Uuid;
use web::Failure;

/// The drug that has run out in the demo world: the first paper of a pharmacist's day buys it.
const RUN_OUT: &str = "T001";
/// Drugs with a lot that is recalled, and one that has expired.
const RECALLED: &str = "T010";
const EXPIRED: &str = "T013";

/// Code, name, kind, whether patients are served there.
const STORES: [(&str, &str, &str, bool); 3] =
    [("KC", "Kho chẵn", "main", false), ("QT", "Quầy thuốc ngoại trú", "counter", true), ("TT", "Tủ trực cấp cứu", "cabinet", false)];

/// Opens the stores of a facility of the demo world and fills them. Running it again changes nothing.
pub async fn write(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), Failure> {
    let ids = STORES.map(|(store, ..)| StoreId(demo_id(code, "store", store)));
    if stores::find(tx, ids[0]).await?.is_some() {
        return Ok(());
    }
    for (id, (store, name, kind, serves_patients)) in ids.iter().zip(STORES) {
        let facts = StoreFacts { code: store.into(), name: name.into(), kind: kind.into(), serves_patients, room: None, active_from: from, active_to: None };
        stores::save(tx, *id, &facts).await?;
    }
    let today = local_date(tx.now);
    let second = Signer { account: demo_id(code, "account", "duocsi2"), name: "DS. Kho dược".into() };
    let mut movements = Vec::new();
    for (n, r) in rows(include_str!("../../../catalogues/demo/drugs.tsv")).enumerate() {
        let (drug, n) = (demo_id(code, "drug", r["code"]), n as u64);
        if !items::keep(tx, drug).await? {
            continue;
        }
        items::update(tx, drug, Some(60_000), Some(2_000_000), true).await?;
        let is_counted = matches!(r["unit"], "viên" | "gói" | "ống");
        if is_counted {
            items::set_packs(tx, drug, &[("vỉ".into(), 10), ("hộp".into(), 100)]).await?;
        }
        if r["code"] == RUN_OUT {
            continue;
        }
        let price: i64 = r["price_vnd"].parse().unwrap_or(0);
        let scale = if is_counted { 10 } else { 1 };
        for (lot_no, days, main, counter, cabinet) in [("A", 40 + n * 17 % 260, 6, 4, 1), ("B", 420 + n * 23 % 300, 30, 8, 0)] {
            let lot = put_on_books(tx, drug, &format!("{lot_no}{}{:02}", r["code"].trim_start_matches('T'), n % 12 + 1), today + Days::new(days), price).await?;
            for (store, units) in ids.iter().zip([main, counter, cabinet]).filter(|(_, units)| *units > 0) {
                movements.push(opening(*store, drug, lot, units * scale * (1 + n as i64 % 5) * 1000, &second));
            }
        }
        if r["code"] == EXPIRED {
            let lot = put_on_books(tx, drug, "H0226", today - Days::new(12), price).await?;
            movements.push(opening(ids[1], drug, lot, 24_000, &second));
        }
        if r["code"] == RECALLED {
            let lot = put_on_books(tx, drug, "P18", today + Days::new(300), price).await?;
            movements.push(opening(ids[1], drug, lot, 180_000, &second));
        }
    }
    ledger::post(tx, &movements).await?;
    let recalled = lots::find_by_number(tx, demo_id(code, "drug", RECALLED), "P18", None).await?;
    if let Some(lot) = lots::find(tx, LotId(recalled.unwrap_or_default())).await? {
        let decision = Decision::read(true, "recall", "Không đạt chỉ tiêu độ hòa tan", "CV 1182/QLD-CL")?;
        recall::decide(tx, &lot, &decision).await?;
    }
    papers::write(tx, code).await?;
    Ok(())
}

/// A lot bought at three quarters of what it is sold for.
async fn put_on_books(tx: &mut Tx, item: Uuid, lot_no: &str, expires: NaiveDate, price_vnd: i64) -> Result<LotId, sqlx::Error> {
    let new = NewLot { item, lot_no: lot_no.to_owned(), expires, cost: Vnd(price_vnd * 3), cost_milli: 4_000, supplier: None };
    lots::find_or_insert(tx, &new).await
}

fn opening(store: StoreId, item: Uuid, lot: LotId, quantity_milli: i64, second: &Signer) -> Movement {
    Movement {
        second: Some(second.clone()),
        ..Movement::new(Kind::Opening, store, item, lot, quantity_milli, demo_id(&store.to_string(), "stock", "opening"), lot.0)
    }
}
