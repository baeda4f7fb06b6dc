//! Voids and refunds: never alone, never more than was paid.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use testkit::{Client, World};
use uuid::Uuid;

async fn one(world: &World, sql: &'static str) -> String {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar::<_, Uuid>(sql).fetch_one(tx.conn()).await.unwrap().to_string()
}

async fn ask_for(person: &mut Client, path: &str, matter: &str, target: &str, amount: &str) -> (u16, String, String) {
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("matter", matter), ("target", target), ("amount", amount), ("reason", "Thu nhầm")];
    let page = person.post(&format!("{path}/requests"), &form).await;
    (page.status, page.text, id)
}

#[tokio::test]
async fn a_void_needs_another_person_and_a_refund_a_third_hand() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01"]).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    open_shift(&mut thoa, "200.000").await;
    pay_cash(&mut thoa, &an, "").await;
    let payment = one(&world, "SELECT payment_id FROM billing_payment").await;

    // Nothing to give back while every charge stands.
    let (status, text, _) = ask_for(&mut thoa, &an.path(), "refund", &payment, "10.000").await;
    assert_eq!(status, 422);
    assert!(text.contains("Người bệnh chỉ dư 0 đ"), "{text}");

    let charge = one(&world, "SELECT charge_id FROM billing_charge WHERE source = 'order'").await;
    let (status, text, void) = ask_for(&mut thoa, &an.path(), "charge_void", &charge, "").await;
    assert_eq!(status, 303, "{text}");
    // The cashier has no right to decide; the owner has, but never about an own request.
    let decision = format!("/app/cashier/approvals/{void}/decision");
    assert_eq!(thoa.post(&decision, &[("decision", "approve")]).await.status, 403);
    assert_eq!(owner.post(&decision, &[("decision", "approve")]).await.status, 303);
    assert_eq!(an.account(&world).await, (36_500, 86_200));
    assert_eq!(owner.post(&decision, &[("decision", "approve")]).await.status, 422, "decided once");

    let (status, text, _) = ask_for(&mut thoa, &an.path(), "refund", &payment, "49.701").await;
    assert_eq!(status, 422, "more than the credit: {text}");
    let (status, _, refund) = ask_for(&mut thoa, &an.path(), "refund", &payment, "49.700").await;
    assert_eq!(status, 303);
    let (status, text, _) = ask_for(&mut thoa, &an.path(), "refund", &payment, "1").await;
    assert_eq!(status, 422, "promised money cannot be promised twice: {text}");
    let payout = format!("/app/cashier/approvals/{refund}/payout");
    assert_eq!(thoa.post(&payout, &[]).await.status, 422, "not approved yet");
    assert_eq!(owner.post(&format!("/app/cashier/approvals/{refund}/decision"), &[("decision", "approve")]).await.status, 303);
    open_shift(&mut owner, "1.000.000").await;
    assert_eq!(owner.post(&payout, &[]).await.status, 422, "whoever approved does not pay out");
    assert_eq!(thoa.post(&payout, &[]).await.status, 303);
    assert_eq!(thoa.post(&payout, &[]).await.status, 303, "the second click finds the same paper");
    assert_eq!(an.account(&world).await, (36_500, 36_500));
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_payment WHERE kind = 'refund'").await, 1);
    let paper = thoa.get(&format!("/app/cashier/receipts/{refund}/pdf")).await;
    assert!(paper.contains("PHIẾU HOÀN TIỀN") && paper.contains("HT26-000001") && paper.contains("PT26-000001"), "{}", paper.text);
}

#[tokio::test]
async fn the_owner_cannot_approve_an_own_request() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let charge = one(&world, "SELECT charge_id FROM billing_charge").await;
    let (status, _, id) = ask_for(&mut owner, &an.path(), "charge_void", &charge, "").await;
    assert_eq!(status, 303);
    let page = owner.post(&format!("/app/cashier/approvals/{id}/decision"), &[("decision", "approve")]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Người đề nghị không tự duyệt"), "{}", page.text);
    assert_eq!(an.account(&world).await, (36_500, 0));
}

#[tokio::test]
async fn a_voided_receipt_keeps_its_number_and_the_bill_is_open_again() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    open_shift(&mut thoa, "").await;
    let receipt = pay_cash(&mut thoa, &an, "").await;
    let (status, text, id) = ask_for(&mut thoa, &an.path(), "receipt_void", &receipt, "").await;
    assert_eq!(status, 303, "{text}");
    assert_eq!(owner.post(&format!("/app/cashier/approvals/{id}/decision"), &[("decision", "approve")]).await.status, 303);
    assert_eq!(an.account(&world).await, (36_500, 0));
    assert!(thoa.get(&format!("/app/cashier/receipts/{receipt}")).await.contains("Phiếu đã hủy"));
    assert!(thoa.get(&format!("/app/cashier/receipts/{receipt}/pdf")).await.contains("\"cancelled\": true"));
    pay_cash(&mut thoa, &an, "").await;
    assert_eq!(ask(&world, "84101", "SELECT max(number) FROM billing_receipt WHERE kind = 'receipt'").await, 2);
    assert_eq!(an.account(&world).await, (36_500, 36_500));
}

#[tokio::test]
async fn the_ledger_cannot_be_changed_even_by_hand() {
    let world = clinic().await;
    walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    for sql in ["UPDATE billing_charge SET amount_vnd = 1", "DELETE FROM billing_charge", "UPDATE billing_payment SET amount_vnd = 1"] {
        let mut tx = world.tx("84101").await;
        assert!(sqlx::query(sql).execute(tx.conn()).await.is_err(), "{sql}");
    }
}
