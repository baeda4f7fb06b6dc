//! Leaving with a debt, being reminded, paying in another shift.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use chrono::TimeDelta;
use uuid::Uuid;

#[tokio::test]
async fn a_small_debt_goes_by_word_and_is_paid_in_another_shift() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let path = format!("{}/debt", an.path());
    let id = Uuid::now_v7().to_string();
    assert_eq!(thoa.post(&path, &[("id", &id), ("reason", "Quên ví"), ("promised_on", "20/11/2026")]).await.status, 422, "yesterday is no promise");
    let form = [("id", id.as_str()), ("reason", "Quên ví"), ("promised_on", "26/11/2026"), ("phone", "0900 000 001")];
    assert_eq!(thoa.post(&path, &form).await.status, 303);
    assert_eq!(thoa.post(&path, &form).await.status, 303, "the second click");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_debt").await, 1);
    assert!(!thoa.get("/app/cashier/waiting").await.contains("Nguyễn Văn An"), "nobody waits at the desk for it");
    let list = thoa.get("/app/cashier/debts").await;
    assert!(list.contains("Nguyễn Văn An") && list.contains("36.500") && list.contains("26/11/2026"), "{}", list.text);
    assert!(thoa.get("/app/cashier/debts?show=remind").await.contains("Nguyễn Văn An"), "two days before");
    let note = Uuid::now_v7().to_string();
    let reminder = [("id", note.as_str()), ("note", "Gọi, hẹn thứ năm")];
    assert_eq!(thoa.post(&format!("{}/reminders", an.path()), &reminder).await.status, 303);
    assert_eq!(thoa.post(&format!("{}/reminders", an.path()), &reminder).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_debt_reminder").await, 1);
    assert!(thoa.get(&format!("{path}/pdf")).await.contains("debt-note"));

    world.clock.advance(TimeDelta::days(10));
    let mut chau = world.sign_in_as("thungan2.84101").await;
    let list = chau.get("/app/cashier/debts").await;
    assert!(list.contains("Quá hẹn") && list.contains("8–30 ngày"), "{}", list.text);
    open_shift(&mut chau, "0").await;
    pay_cash(&mut chau, &an, "").await;
    assert_eq!(an.account(&world).await, (36_500, 36_500));
    assert!(chau.get("/app/cashier/debts").await.contains("Không ai còn nợ"));
    assert_eq!(ask(&world, "84101", "SELECT sum(received_vnd)::bigint FROM billing_report_daily_takings WHERE is_late").await, 36_500);
    assert_eq!(chau.post(&path, &form).await.status, 303, "an old form finds its own debt");
    let id = Uuid::now_v7().to_string();
    assert_eq!(chau.post(&path, &[("id", &id), ("reason", "x"), ("promised_on", "31/12/2026")]).await.status, 422, "nothing is owed");
    let mut sen = world.sign_in_as("thungan.84102").await;
    for path in ["/debt", "/reminders"] {
        assert_eq!(sen.post(&format!("{}{path}", an.path()), &[("note", "x")]).await.status, 404);
    }
}

#[tokio::test]
async fn a_large_debt_needs_a_second_person() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["SA05", "SA05", "SA05"]).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("reason", "Chờ lương"), ("promised_on", "30/11/2026")];
    assert_eq!(thoa.post(&format!("{}/debt", an.path()), &form).await.status, 303);
    assert!(thoa.get(&an.path()).await.contains("Chờ duyệt cho nợ"));
    assert!(!thoa.get("/app/cashier/debts").await.contains("Nguyễn Văn An"));
    let asked: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT approval_id FROM billing_approval WHERE matter = 'debt'").fetch_one(tx.conn()).await.unwrap()
    };
    assert_eq!(owner.post(&format!("/app/cashier/approvals/{asked}/decision"), &[("decision", "approve")]).await.status, 303);
    assert!(thoa.get("/app/cashier/debts").await.contains("Nguyễn Văn An"));
}
