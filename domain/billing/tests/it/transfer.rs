//! Money from the bank, without the door: what becomes of it once it is believed. The door itself is tested in `edge/payment`.

use crate::day::{ask, clinic, open_shift, walk_in};
use base::Vnd;
use billing::arrival::{self, Taken};
use billing::store::bank::Arrival;
use chrono::TimeDelta;
use testkit::World;

fn told(world: &World, id: &str, amount: i64, content: &str) -> Arrival {
    Arrival {
        bank_tx_id: id.into(),
        account_no: "0841010000101".into(),
        amount: Vnd(amount),
        content: content.into(),
        paid_at: world.clock.now(),
    }
}

async fn take(world: &World, arrival: &Arrival) -> Taken {
    let mut tx = world.tx("84101").await;
    let taken = arrival::take(&mut tx, arrival).await.expect("never a fault");
    tx.commit().await.unwrap();
    taken
}

#[tokio::test]
async fn an_exact_transfer_settles_once_and_the_screen_shows_it() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let path = format!("{}/transfer-codes", an.path());
    assert_eq!(cashier.post(&path, &[("way", "transfer")]).await.status, 303);
    assert_eq!(cashier.post(&path, &[("way", "transfer")]).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_transfer_code").await, 1, "a living code stays");
    let page = cashier.get(&format!("{}?way=transfer", an.path())).await;
    assert!(page.contains("YBA 261124 0001") && page.contains("Ngân hàng giả lập") && page.contains("Đang chờ ngân hàng báo có"));
    let arrival = told(&world, "FT1", 36_500, "MBVCB.yba2611240001.CT tu NGUYEN VAN AN");
    assert_eq!(take(&world, &arrival).await, Taken::Settled);
    assert_eq!(take(&world, &arrival).await, Taken::Again);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_receipt").await, 1);
    assert_eq!(an.account(&world).await, (36_500, 36_500));
    let page = cashier.get(&format!("{}/pay?way=transfer", an.path())).await;
    assert!(page.contains("Đã thu") && page.contains("PT26-000001"), "{}", page.text);
    // The bank never tells one movement with two amounts.
    let mut tx = world.tx("84101").await;
    assert!(arrival::take(&mut tx, &told(&world, "FT1", 1, "")).await.is_err());
}

#[tokio::test]
async fn what_does_not_fit_waits_on_the_desk_and_is_never_lost() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    assert_eq!(cashier.post(&format!("{}/transfer-codes", an.path()), &[("way", "transfer")]).await.status, 303);
    let wrong = told(&world, "FT1", 36_000, "YBA 261124 0001");
    assert_eq!(take(&world, &wrong).await, Taken::Unmatched("wrong_amount"));
    assert_eq!(take(&world, &told(&world, "FT2", 5_000, "tien kham")).await, Taken::Unmatched("unknown_reference"));
    let other = Arrival { account_no: "999".into(), ..told(&world, "FT3", 36_500, "YBA 261124 0001") };
    assert_eq!(take(&world, &other).await, Taken::Unmatched("other_account"));
    world.clock.advance(TimeDelta::minutes(16));
    assert_eq!(take(&world, &told(&world, "FT4", 36_500, "YBA 261124 0001")).await, Taken::Unmatched("late"));
    let in_time = Arrival { paid_at: world.clock.now() - TimeDelta::minutes(10), ..told(&world, "FT5", 36_500, "YBA 261124 0001") };
    assert_eq!(take(&world, &in_time).await, Taken::Settled, "told late, paid in time");
    assert_eq!(take(&world, &told(&world, "FT6", 36_500, "YBA 261124 0001")).await, Taken::Unmatched("already_paid"));
    assert_eq!(ask(&world, "84101", "SELECT sum(amount_vnd)::bigint FROM billing_bank_transfer").await, 36_000 + 5_000 + 4 * 36_500);

    let desk = cashier.get("/app/cashier/unmatched").await;
    for reason in ["Sai số tiền", "Không tìm thấy nội dung chuyển khoản", "Vào tài khoản khác", "Chuyển sau khi mã hết hạn", "Phiếu đã thu đủ hoặc đã giảm"] {
        assert!(desk.contains(reason), "{reason}");
    }
    let id: uuid::Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT transfer_id FROM billing_bank_transfer WHERE bank_tx_id = 'FT1'").fetch_one(tx.conn()).await.unwrap()
    };
    let path = format!("/app/cashier/unmatched/{id}");
    assert_eq!(cashier.post(&path, &[("how", "noted")]).await.status, 422, "a note must say something");
    let encounter = an.encounter.to_string();
    assert_eq!(cashier.post(&path, &[("how", "deposit"), ("bill", &encounter)]).await.status, 303);
    assert_eq!(cashier.post(&path, &[("how", "deposit"), ("bill", &encounter)]).await.status, 422, "placed once");
    assert_eq!(an.account(&world).await, (36_500, 72_500), "the rest is the patient's to have back");
    let mut sen = world.sign_in_as("thungan.84102").await;
    assert_eq!(sen.post(&path, &[("how", "noted"), ("note", "x")]).await.status, 404);
}

#[tokio::test]
async fn a_bill_that_grew_keeps_the_transfer_as_a_deposit() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    assert_eq!(cashier.post(&format!("{}/transfer-codes", an.path()), &[("way", "transfer")]).await.status, 303);
    an.order(&world, &["XN01"]).await;
    assert_eq!(take(&world, &told(&world, "FT1", 36_500, "YBA 261124 0001")).await, Taken::Deposit);
    assert_eq!(an.account(&world).await, (86_200, 36_500));
}

#[tokio::test]
async fn two_messages_at_once_settle_once() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    assert_eq!(cashier.post(&format!("{}/transfer-codes", an.path()), &[("way", "transfer")]).await.status, 303);
    let arrival = told(&world, "FT1", 36_500, "YBA 261124 0001");
    let (a, b, c) = tokio::join!(take(&world, &arrival), take(&world, &arrival), take(&world, &arrival));
    let settled = [a, b, c].into_iter().filter(|t| *t == Taken::Settled).count();
    assert_eq!(settled, 1);
    assert_eq!(an.account(&world).await, (36_500, 36_500));
}

#[tokio::test]
async fn a_part_by_transfer_and_the_rest_in_cash() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "").await;
    let path = format!("{}/transfer-codes", an.path());
    assert_eq!(cashier.post(&path, &[("way", "mixed"), ("transfer", "40.000")]).await.status, 422, "more than is owed");
    assert_eq!(cashier.post(&path, &[("way", "mixed"), ("transfer", "20.000")]).await.status, 303);
    assert_eq!(take(&world, &told(&world, "FT1", 20_000, "YBA 261124 0001")).await, Taken::Deposit);
    crate::day::pay_cash(&mut cashier, &an, "").await;
    assert_eq!(an.account(&world).await, (36_500, 36_500));
    assert_eq!(ask(&world, "84101", "SELECT amount_vnd FROM billing_receipt WHERE kind = 'receipt'").await, 16_500);
}
