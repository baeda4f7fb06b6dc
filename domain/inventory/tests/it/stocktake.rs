//! Counting a store while it goes on selling.

use crate::goods::{CLINIC, assert_books_hold, balance, drug};
use crate::paperwork::{Pharmacy, approve, ask, begin, lot, path, pharmacy, receive, submit};
use base::LotId;
use inventory::ledger::{Kind, Movement, post};
use testkit::{Client, Page};
use uuid::Uuid;

/// Types the same count into every line, or one for each, in the order of the sheet.
async fn count(who: &mut Client, id: &str, counted: &[&str], reason: &str) -> Page {
    let page = who.get(&path(id)).await;
    let lines: Vec<String> =
        page.text.split("name=\"line\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    assert_eq!(lines.len(), counted.len(), "{}", page.text);
    let mut form = Vec::new();
    for (line, n) in lines.iter().zip(counted) {
        form.extend([("line", line.as_str()), ("counted", n), ("reason", reason)]);
    }
    who.post(&format!("{}/counts", path(id)), &form).await
}

async fn with_two_lots() -> (Pharmacy, LotId, LotId) {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "1", ["A1", "31/01/2027", "100", "", "850"]).await;
    receive(&mut p, drug("T001"), "2", ["B2", "30/06/2027", "50", "", "850"]).await;
    let (a1, b2) = (LotId(lot(&p.world, "A1").await), LotId(lot(&p.world, "B2").await));
    (p, a1, b2)
}

/// Some tablets go to a patient.
async fn sell(p: &Pharmacy, lot: LotId, units: i64) {
    let mut tx = p.world.tx(CLINIC).await;
    post(&mut tx, &[Movement::new(Kind::Dispense, p.main, drug("T001"), lot, -units * 1000, Uuid::now_v7(), Uuid::now_v7())]).await.expect("sold");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn two_people_count_and_a_third_approves_while_selling_goes_on() {
    let (mut p, a1, b2) = with_two_lots().await;
    let mut owner = p.world.sign_in_as("quantri.84101").await;
    let id = begin(&mut p.bao, "stocktake", p.main).await;
    // A second count of the same store is refused, of another store not.
    let again = p.thuong.post("/app/stock/documents", &[("id", &Uuid::now_v7().to_string()), ("kind", "stocktake"), ("store", &p.main.to_string())]).await;
    assert_eq!(again.status, 422);
    assert!(again.contains("đang có phiếu kiểm kê chưa xong"), "{}", again.text);
    let counter = p.counter;
    begin(&mut p.thuong, "stocktake", counter).await;

    // Bảo counts blind: the books are not shown before every line is counted.
    let page = p.bao.get(&path(&id)).await;
    assert!(page.contains("Đếm không nhìn sổ") && !page.contains("Sổ lúc chốt"), "{}", page.text);
    assert_eq!(count(&mut p.bao, &id, &["97", "-1"], "").await.status, 422, "what cannot be read is told, the rest is kept");
    assert_eq!(count(&mut p.bao, &id, &["97", "52"], "").await.status, 303);
    // Ten are sold between the two counts; both find three missing.
    sell(&p, a1, 10).await;
    assert_eq!(submit(&mut p.bao, &id, &[]).await.status, 422, "one count is not enough");
    assert_eq!(count(&mut p.thuong, &id, &["88", "52"], "").await.status, 303);
    let page = submit(&mut p.bao, &id, &[]).await;
    assert!(page.contains("Còn 1 dòng hai người đếm khác nhau"), "{}", page.text);
    assert_eq!(count(&mut p.thuong, &id, &["87", "52"], "").await.status, 303);
    let page = submit(&mut p.bao, &id, &[]).await;
    assert_eq!(page.status, 422, "a difference wants a reason");
    assert!(page.contains("Ghi lý do chênh lệch"), "{}", page.text);
    assert_eq!(count(&mut p.bao, &id, &["97", "52"], "Đếm nhầm lúc nhập").await.status, 303);
    assert_eq!(submit(&mut p.bao, &id, &[("committee", "DS. Bảo\nDS. Thương")]).await.status, 303);
    // Five more are sold before the approval, and the difference is still right.
    sell(&p, a1, 5).await;
    for counter in [&mut p.bao, &mut p.thuong] {
        assert_eq!(approve(counter, &id).await.status, 422, "whoever counted does not approve");
    }
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_movement WHERE kind = 'stocktake'").await, 0);
    assert_eq!(approve(&mut owner, &id).await.status, 303);
    assert_eq!((balance(&p.world, p.main, a1).await, balance(&p.world, p.main, b2).await), (82_000, 52_000));
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_count").await, 5, "every count stays on record; the same number again is no new count");
    let paper = owner.get(&format!("{}/pdf", path(&id))).await;
    assert!(paper.contains("stocktake") && paper.contains("KK26/000001") && paper.contains("Đếm nhầm lúc nhập") && paper.contains("\"−3\""), "{}", paper.text);
    // Now the store may be counted again.
    begin(&mut p.bao, "stocktake", p.main).await;
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn a_lot_that_the_books_do_not_know_there_is_counted_too() {
    let (mut p, a1, _) = with_two_lots().await;
    let mut owner = p.world.sign_in_as("quantri.84101").await;
    let id = begin(&mut p.bao, "stocktake", p.counter).await;
    let found = format!("{}/found", path(&id));
    let (line, lot) = (Uuid::now_v7().to_string(), a1.0.to_string());
    assert_eq!(p.bao.post(&found, &[("id", &line), ("goods", "không có lô này")]).await.status, 422);
    for _ in 0..2 {
        assert_eq!(p.bao.post(&found, &[("id", &line), ("lot", &lot)]).await.status, 303);
    }
    assert_eq!(count(&mut p.bao, &id, &["4"], "Để quên từ lần chuyển trước").await.status, 303);
    assert_eq!(count(&mut p.thuong, &id, &["4"], "Để quên từ lần chuyển trước").await.status, 303);
    assert_eq!(submit(&mut p.bao, &id, &[]).await.status, 303);
    assert_eq!(approve(&mut owner, &id).await.status, 303);
    assert_eq!(balance(&p.world, p.counter, a1).await, 4_000);
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn two_people_beginning_at_once_begin_one_count() {
    let (mut p, ..) = with_two_lots().await;
    let store = p.main.to_string();
    let (one, two) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let (first, second) = ([("id", one.as_str()), ("kind", "stocktake"), ("store", &store)], [("id", two.as_str()), ("kind", "stocktake"), ("store", &store)]);
    let (a, b) = tokio::join!(p.bao.post("/app/stock/documents", &first), p.thuong.post("/app/stock/documents", &second));
    let mut answers = [a.status, b.status];
    answers.sort();
    assert_eq!(answers, [303, 422]);
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_document WHERE kind = 'stocktake'").await, 1);
}
