//! Money from one drawer to the next, counted by whoever receives it.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use testkit::{Client, World};
use uuid::Uuid;

/// Counts 536.500 and closes, handing half a million to a colleague.
async fn close_towards(world: &World, thoa: &mut Client, receiver: &str) -> testkit::Page {
    let shift: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT shift_id FROM billing_shift WHERE closed_at IS NULL").fetch_one(tx.conn()).await.unwrap()
    };
    let id = Uuid::now_v7().to_string();
    let mut form = vec![("id", id.as_str())];
    form.extend(["1", "", "", "", "1", "1", "1", "", "1", "1", ""].map(|n| ("pieces", n)));
    assert_eq!(thoa.post(&format!("/app/cashier/shift/{shift}/counts"), &form).await.status, 303);
    let form = [("handed_over", "500.000"), ("receiver", receiver)];
    thoa.post(&format!("/app/cashier/shift/{shift}/closing"), &form).await
}

async fn account(world: &World, login: &'static str) -> String {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar::<_, Uuid>("SELECT account_id FROM practitioner_account WHERE login = $1").bind(login).fetch_one(tx.conn()).await.unwrap().to_string()
}

#[tokio::test]
async fn the_next_cashier_counts_and_accepts_under_their_own_name() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut chau = world.sign_in_as("thungan2.84101").await;
    open_shift(&mut thoa, "500.000").await;
    pay_cash(&mut thoa, &an, "").await;
    let page = close_towards(&world, &mut thoa, &Uuid::now_v7().to_string()).await;
    assert_eq!(page.status, 422, "nobody by that name");
    let page = close_towards(&world, &mut thoa, &account(&world, "thungan2.84101").await).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let id: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT handover_id FROM billing_handover").fetch_one(tx.conn()).await.unwrap()
    };
    let path = format!("/app/cashier/handovers/{id}");
    let shift = Uuid::now_v7().to_string();
    assert_eq!(thoa.post(&path, &[("counted", "500.000"), ("id", &shift)]).await.status, 403, "not by the giver");
    let mut sen = world.sign_in_as("thungan.84102").await;
    assert_eq!(sen.post(&path, &[("counted", "500.000")]).await.status, 404);
    assert!(chau.get("/app/cashier/shift").await.contains("Nhận bàn giao từ"));
    let page = chau.post(&path, &[("counted", "480.000"), ("id", &shift), ("decision", "accept")]).await;
    assert!(page.status == 422 && page.contains("Đếm được 480.000 đ, bàn giao 500.000 đ"), "{}", page.text);
    assert_eq!(chau.post(&path, &[("counted", "500.000"), ("id", &shift), ("decision", "accept")]).await.status, 303);
    assert_eq!(chau.post(&path, &[("counted", "500.000"), ("id", &shift), ("decision", "accept")]).await.status, 303, "the second click");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_shift WHERE closed_at IS NULL").await, 1);
    let mut tx = world.tx("84101").await;
    let opened: Uuid = sqlx::query_scalar("SELECT shift_id FROM billing_shift WHERE closed_at IS NULL").fetch_one(tx.conn()).await.unwrap();
    let mine = billing::store::shifts::find(&mut tx, opened).await.unwrap().unwrap();
    assert_eq!(mine.expected(), base::Vnd(500_000), "it lies in the receiver's drawer");
    drop(tx);
    assert!(chau.get(&format!("{path}/pdf")).await.contains("cash-handover"));
    assert!(thoa.get("/app/cashier/shift").await.contains("Đã nhận"));
}

#[tokio::test]
async fn another_sum_is_declined_with_what_was_counted() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut chau = world.sign_in_as("thungan2.84101").await;
    open_shift(&mut thoa, "500.000").await;
    pay_cash(&mut thoa, &an, "").await;
    let to = account(&world, "thungan2.84101").await;
    assert_eq!(close_towards(&world, &mut thoa, &to).await.status, 303);
    let id: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT handover_id FROM billing_handover").fetch_one(tx.conn()).await.unwrap()
    };
    let path = format!("/app/cashier/handovers/{id}");
    assert_eq!(chau.post(&path, &[("counted", "480.000"), ("decision", "decline")]).await.status, 422, "why?");
    assert_eq!(chau.post(&path, &[("counted", "480.000"), ("decision", "decline"), ("note", "Thiếu một tờ 20.000")]).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_shift WHERE closed_at IS NULL").await, 0);
    assert!(thoa.get("/app/cashier/shift").await.contains("Thiếu một tờ 20.000"));
}
