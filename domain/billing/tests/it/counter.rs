//! Taking money at the counter.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use base::Event;
use uuid::Uuid;

#[tokio::test]
async fn nobody_collects_before_opening_a_shift() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let page = cashier.get(&an.path()).await;
    assert!(page.contains("Chưa mở ca thu"));
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("way", "cash"), ("due", "36500"), ("cash", "36500")];
    let page = cashier.post(&format!("{}/receipts", an.path()), &form).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Mở ca và nhập tiền đầu ca"), "{}", page.text);
    assert_eq!(an.account(&world).await, (36_500, 0));
}

#[tokio::test]
async fn a_double_click_pays_once_and_numbers_leave_no_gap() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "500.000").await;
    let page = cashier.get(&an.path()).await;
    let (id, due) = (page.input("id").unwrap(), page.input("due").unwrap());
    let form = [("id", id.as_str()), ("way", "cash"), ("due", &due), ("cash", &due), ("cash_given", "100.000")];
    let path = format!("{}/receipts", an.path());
    let (mut first, mut second) = (cashier.clone(), cashier.clone());
    let (a, b) = tokio::join!(first.post(&path, &form), second.post(&path, &form));
    assert_eq!((a.status, b.status), (303, 303), "{} {}", a.text, b.text);
    assert_eq!(a.location(), b.location());
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_payment").await, 1);
    assert_eq!(an.account(&world).await, (36_500, 36_500));
    let done = cashier.get(a.location()).await;
    assert!(done.contains("PT26-000001") && done.contains("63.500 đ"), "number and change are shown");
    // A refused collection takes no number.
    let binh = walk_in(&world, "84101", "Trần Thanh Bình", "NOI1", "KNOI").await;
    let id = Uuid::now_v7().to_string();
    let wrong = [("id", id.as_str()), ("way", "cash"), ("due", "1"), ("cash", "1")];
    assert_eq!(cashier.post(&format!("{}/receipts", binh.path()), &wrong).await.status, 422);
    pay_cash(&mut cashier, &binh, "").await;
    assert_eq!(ask(&world, "84101", "SELECT max(number) FROM billing_receipt").await, 2);
}

#[tokio::test]
async fn mixed_payments_make_one_receipt() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01"]).await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let id = Uuid::now_v7().to_string();
    let path = format!("{}/receipts", an.path());
    let short = [("id", id.as_str()), ("way", "mixed"), ("due", "86200"), ("cash", "36.200"), ("card", "40.000")];
    let page = cashier.post(&path, &short).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Còn thiếu 10.000 đ") && page.contains("máy thẻ (tối đa"), "{}", page.text);
    assert!(page.contains("value=\"36.200\""), "what was typed is still there");
    let whole = [("id", id.as_str()), ("way", "mixed"), ("due", "86200"), ("cash", "36.200"), ("card", "50.000"), ("card_slip", "004512")];
    assert_eq!(cashier.post(&path, &whole).await.status, 303);
    assert_eq!(an.account(&world).await, (86_200, 86_200));
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_payment").await, 2);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_receipt").await, 1);
    let paper = cashier.get(&format!("/app/cashier/receipts/{id}/pdf")).await;
    assert!(paper.contains("PHIẾU THU") && paper.contains("\"copy\": 1"), "{}", paper.text);
    let again = cashier.get(&format!("/app/cashier/receipts/{id}/pdf")).await;
    assert!(again.contains("\"copy\": 2"));
}

#[tokio::test]
async fn a_deposit_releases_the_oldest_orders_and_is_subtracted_from_the_bill() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let orders = an.order(&world, &["XN01", "XN03"]).await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("way", "deposit"), ("due", "191500"), ("cash", "100.000")];
    assert_eq!(cashier.post(&format!("{}/receipts", an.path()), &form).await.status, 303);
    world.drain().await;
    let mut tx = world.tx("84101").await;
    let told: serde_json::Value =
        sqlx::query_scalar("SELECT payload FROM db_event WHERE kind = 'OrdersPaid'").fetch_one(tx.conn()).await.unwrap();
    let told: Event = serde_json::from_value(told).unwrap();
    assert_eq!(told, Event::OrdersPaid { encounter: an.encounter, orders: vec![orders[0]] });
    drop(tx);
    let page = cashier.get(&an.path()).await;
    assert!(page.contains("91.500 đ") && page.contains("−100.000"), "the deposit is subtracted visibly");
    pay_cash(&mut cashier, &an, "").await;
    assert_eq!(an.account(&world).await, (191_500, 191_500));
    assert_eq!(ask(&world, "84101", "SELECT deposit_vnd FROM billing_receipt WHERE kind = 'receipt'").await, 100_000);
}

#[tokio::test]
async fn a_bill_that_grew_meanwhile_is_shown_before_money_changes_hands() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let page = cashier.get(&an.path()).await;
    let (id, due) = (page.input("id").unwrap(), page.input("due").unwrap());
    an.order(&world, &["XN01"]).await;
    let form = [("id", id.as_str()), ("way", "cash"), ("due", &due), ("cash", &due)];
    let page = cashier.post(&format!("{}/receipts", an.path()), &form).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("36.500 đ thành 86.200 đ"), "{}", page.text);
}

#[tokio::test]
async fn nonsense_is_answered_beside_the_field() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let long = "9".repeat(100_000);
    for bad in ["-5", "1e9", "abc", long.as_str(), "99999999999999999"] {
        let id = Uuid::now_v7().to_string();
        let form = [("id", id.as_str()), ("way", "mixed"), ("due", "36500"), ("cash", bad)];
        assert_eq!(cashier.post(&format!("{}/receipts", an.path()), &form).await.status, 422, "{}", &bad[..bad.len().min(20)]);
    }
    assert_eq!(cashier.post(&format!("{}/receipts", an.path()), &[("id", "không phải mã")]).await.status, 400);
    assert_eq!(an.account(&world).await, (36_500, 0));
}

#[tokio::test]
async fn a_drug_not_taken_leaves_the_bill_with_a_reason() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.prescribe(&world, &[("T001", 14_000)], None).await;
    let mut tx = world.tx("84101").await;
    let charge: Uuid = sqlx::query_scalar("SELECT charge_id FROM billing_charge WHERE source = 'drug'").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.post(&format!("{}/charges/{charge}/decline", an.path()), &[]).await.status, 303);
    assert_eq!(an.account(&world).await, (36_500, 0));
    assert!(cashier.get(&an.path()).await.contains("Người bệnh không lấy thuốc"));
}
