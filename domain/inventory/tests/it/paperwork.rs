//! What the pharmacists of these tests do with papers, click by click.

use crate::goods::{CLINIC, drug, open_store, world};
use base::StoreId;
use testkit::{Client, Page, World};
use uuid::Uuid;

/// A clinic with a main store and a counter, and its two pharmacists.
pub struct Pharmacy {
    pub world: World,
    pub main: StoreId,
    pub counter: StoreId,
    pub bao: Client,
    pub thuong: Client,
}

pub async fn pharmacy() -> Pharmacy {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let (main, counter) = (open_store(&mut tx, "KC", "main").await, open_store(&mut tx, "QT", "counter").await);
    for code in ["T001", "T010"] {
        assert!(inventory::store::items::keep(&mut tx, drug(code)).await.unwrap());
        inventory::store::items::set_packs(&mut tx, drug(code), &[("vỉ".into(), 10), ("hộp".into(), 100)]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let bao = world.sign_in_as("duocsi.84101").await;
    let thuong = world.sign_in_as("duocsi2.84101").await;
    Pharmacy { world, main, counter, bao, thuong }
}

/// One number out of the clinic's database.
pub async fn ask(world: &World, sql: &'static str) -> i64 {
    let mut tx = world.tx(CLINIC).await;
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect(sql)
}

pub fn path(id: &str) -> String {
    format!("/app/stock/documents/{id}")
}

pub async fn supplier(who: &mut Client, code: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let name = format!("Công ty Dược {code}");
    let page = who.post("/app/stock/suppliers", &[("id", &id), ("code", code), ("name", &name), ("tax_code", "1800156801")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    id
}

pub async fn begin(who: &mut Client, kind: &str, store: StoreId) -> String {
    let id = Uuid::now_v7().to_string();
    let page = who.post("/app/stock/documents", &[("id", &id), ("kind", kind), ("store", &store.to_string())]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(page.location(), path(&id));
    id
}

/// A line of goods that arrive, in the order in which the grid asks.
pub async fn arriving(who: &mut Client, id: &str, item: Uuid, typed: [&str; 5]) -> Page {
    let [lot_no, expires, quantity, unit, price] = typed;
    let (line, pick) = (Uuid::now_v7().to_string(), item.to_string());
    let form = [
        ("id", line.as_str()), ("pick", &pick), ("lot_no", lot_no), ("expires", expires), ("quantity", quantity), ("unit", unit), ("price", price), ("vat", "5"),
    ];
    who.post(&format!("{}/lines", path(id)), &form).await
}

/// A line of goods that leave.
pub async fn leaving(who: &mut Client, id: &str, lot: Uuid, quantity: &str) -> Page {
    let (line, pick) = (Uuid::now_v7().to_string(), lot.to_string());
    who.post(&format!("{}/lines", path(id)), &[("id", line.as_str()), ("pick", &pick), ("quantity", quantity)]).await
}

pub async fn submit(who: &mut Client, id: &str, head: &[(&str, &str)]) -> Page {
    who.post(&format!("{}/submission", path(id)), head).await
}

pub async fn approve(who: &mut Client, id: &str) -> Page {
    who.post(&format!("{}/decision", path(id)), &[("decision", "approve")]).await
}

/// Receives goods from invoice to shelf: Bảo writes, Thương approves.
pub async fn receive(p: &mut Pharmacy, item: Uuid, invoice: &str, typed: [&str; 5]) -> String {
    let supplier = supplier(&mut p.bao, &format!("NCC{invoice}")).await;
    let id = begin(&mut p.bao, "receipt", p.main).await;
    let page = arriving(&mut p.bao, &id, item, typed).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let page = submit(&mut p.bao, &id, &[("supplier", &supplier), ("invoice_no", invoice), ("invoice_date", "23/11/2026")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let page = approve(&mut p.thuong, &id).await;
    assert_eq!(page.status, 303, "{}", page.text);
    id
}

/// The lot of this number.
pub async fn lot(world: &World, lot_no: &'static str) -> Uuid {
    let mut tx = world.tx(CLINIC).await;
    sqlx::query_scalar("SELECT lot_id FROM inventory_lot WHERE lot_no = $1").bind(lot_no).fetch_one(tx.conn()).await.expect(lot_no)
}
