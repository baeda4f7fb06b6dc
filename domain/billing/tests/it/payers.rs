//! Prices by payer: the price of the bill's payer on the day of service; another payer prices the unpaid lines again.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use chrono::TimeDelta;
use testkit::{Client, demo_id};
use uuid::Uuid;

async fn add_payer(owner: &mut Client, code: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let page = owner.post("/app/payers", &[("id", &id), ("code", code), ("name", "Bảo hiểm An Bình"), ("kind", "insurer"), ("contract_no", "12/HĐ")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    id
}

async fn set_price(owner: &mut Client, payer: &str, item: Uuid, price: &str, from: &str) -> u16 {
    owner.post(&format!("/app/payers/{payer}/prices"), &[("item", &item.to_string()), ("price", price), ("from", from)]).await.status
}

#[tokio::test]
async fn another_payer_prices_the_unpaid_lines_again() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let payer = add_payer(&mut owner, "an-binh").await;
    assert_eq!(set_price(&mut owner, &payer, demo_id("84101", "service", "KNOI"), "30.000", "24/11/2026").await, 303);
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let path = format!("{}/payer", an.path());
    assert_eq!(cashier.post(&path, &[("payer", &payer)]).await.status, 303);
    assert_eq!(an.account(&world).await, (30_000, 0));
    assert_eq!(cashier.post(&path, &[("payer", &payer)]).await.status, 303, "the second click changes nothing");
    // The old line is there, taken back by a row of its own; what comes later takes the payer's price or the usual one.
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_charge").await, 3);
    an.order(&world, &["XN01"]).await;
    assert_eq!(an.account(&world).await, (79_700, 0));
    // What was paid stays as it was paid.
    open_shift(&mut cashier, "200.000").await;
    pay_cash(&mut cashier, &an, "").await;
    assert_eq!(cashier.post(&path, &[("payer", "")]).await.status, 303);
    assert_eq!(an.account(&world).await, (79_700, 79_700));
}

#[tokio::test]
async fn prices_hold_from_their_day_and_never_before() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let payer = add_payer(&mut owner, "CTY").await;
    let exam = demo_id("84101", "service", "KNOI");
    assert_eq!(set_price(&mut owner, &payer, exam, "30.000", "23/11/2026").await, 422, "a day that has passed");
    assert_eq!(set_price(&mut owner, &payer, exam, "30.000", "24/11/2026").await, 303);
    assert_eq!(set_price(&mut owner, &payer, exam, "25.000", "26/11/2026").await, 303);
    assert_eq!(set_price(&mut owner, &payer, exam, "28.000", "25/11/2026").await, 303);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    for expected in [30_000, 28_000, 25_000, 25_000] {
        let visit = walk_in(&world, "84101", "Trần Thị Diễm", "NOI1", "KNOI").await;
        if world.clock.today().to_string() != "2026-11-24" {
            cashier = world.sign_in_as("thungan.84101").await;
        }
        cashier.post(&format!("{}/payer", visit.path()), &[("payer", &payer)]).await;
        assert_eq!(visit.account(&world).await, (expected, 0), "{}", world.clock.today());
        world.clock.advance(TimeDelta::days(1));
    }
}

#[tokio::test]
async fn a_sheet_is_shown_before_it_is_applied_and_applied_once() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let payer = add_payer(&mut owner, "CTY").await;
    let sheet = |rows: &[(&str, &str)]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet();
        for (row, (code, price)) in [("Mã", "Giá")].iter().chain(rows).enumerate() {
            page.write(row as u32, 0, *code).unwrap();
            page.write(row as u32, 1, *price).unwrap();
        }
        book.save_to_buffer().unwrap()
    };
    let upload = format!("/app/payers/{payer}/imports");
    let id = Uuid::now_v7().to_string();
    let page = owner.upload(&upload, &[("id", &id), ("from", "24/11/2026")], ("file", "gia.xlsx", &sheet(&[("KNOI", "30.000"), ("LA", "1"), ("KNOI", "2")]))).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let page = owner.get(&format!("/app/payers/imports/{id}")).await;
    assert!(page.contains("không có trong danh mục") && page.contains("đã có ở dòng trên") && !page.contains("Áp dụng 1 giá"), "{}", page.text);
    assert_eq!(owner.post(&format!("/app/payers/imports/{id}/application"), &[]).await.status, 422);
    let id = Uuid::now_v7().to_string();
    owner.upload(&upload, &[("id", &id), ("from", "24/11/2026")], ("file", "gia.xlsx", &sheet(&[("KNOI", "30.000"), ("XN01", "45000")]))).await;
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_payer_price").await, 0, "shown, not set");
    for _ in 0..2 {
        assert_eq!(owner.post(&format!("/app/payers/imports/{id}/application"), &[]).await.status, 303);
    }
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_payer_price").await, 2);
    let broken = owner.upload(&upload, &[("id", &Uuid::now_v7().to_string()), ("from", "")], ("file", "gia.xlsx", b"not a workbook")).await;
    assert_eq!(broken.status, 422);
    assert!(broken.contains("không phải Excel"), "{}", broken.text);
    let mut other = world.sign_in_as("quantri.84102").await;
    for path in [format!("/app/payers/{payer}"), format!("/app/payers/imports/{id}")] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
}
