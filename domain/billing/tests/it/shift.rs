//! Cash shifts: one per cashier, counted blind, closed with the difference explained.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use uuid::Uuid;

#[tokio::test]
async fn a_drawer_is_counted_blind_and_closed_with_its_difference() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    open_shift(&mut thoa, "500.000").await;
    open_shift_again(&mut thoa).await;
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_shift").await, 1, "one open shift per cashier");
    pay_cash(&mut thoa, &an, "50.000").await;
    let page = thoa.get("/app/cashier/shift").await;
    assert!(!page.contains("536.500"), "the expected sum is not shown before the count");
    let shift: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT shift_id FROM billing_shift").fetch_one(tx.conn()).await.unwrap()
    };
    let closing = format!("/app/cashier/shift/{shift}/closing");
    assert_eq!(thoa.post(&closing, &[]).await.status, 422, "no count yet");

    // 500.000 + 20.000 + 10.000 + 5.000 + 1.000 = 536.000: five hundred short.
    let id = page.input("id").unwrap();
    let mut form = vec![("id", id.as_str())];
    form.extend(["1", "0", "", "", "1", "1", "1", "", "1", "", ""].map(|n| ("pieces", n)));
    let counts = format!("/app/cashier/shift/{shift}/counts");
    assert_eq!(thoa.post(&counts, &form).await.status, 303);
    let page = thoa.get("/app/cashier/shift").await;
    assert!(page.contains("536.500") && page.contains("−500 đ"), "{}", page.text);

    // Cash after the count makes the count worthless.
    let binh = walk_in(&world, "84101", "Trần Thanh Bình", "NOI1", "KNOI").await;
    pay_cash(&mut thoa, &binh, "").await;
    let page = thoa.post(&closing, &[("reason", "Thối nhầm")]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Đếm lại rồi kết ca"), "{}", page.text);

    // 572.500 counted against 573.000.
    let id = Uuid::now_v7().to_string();
    let mut form = vec![("id", id.as_str())];
    form.extend(["1", "0", "", "1", "1", "", "", "1", "", "1", ""].map(|n| ("pieces", n)));
    assert_eq!(thoa.post(&counts, &form).await.status, 303);
    let page = thoa.post(&closing, &[]).await;
    assert!(page.status == 422 && page.contains("Lệch −500 đ. Ghi lý do lệch."), "{}", page.text);
    let form = [("reason", "Thối nhầm 500"), ("handed_over", "500.000"), ("handed_to", "Lâm Thế Vinh")];
    assert_eq!(thoa.post(&closing, &form).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT counted_vnd - expected_vnd FROM billing_shift").await, -500);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_shift_count").await, 2, "both counts are kept");
    let paper = thoa.get(&format!("/app/cashier/shift/{shift}/pdf")).await;
    assert!(paper.contains("cash-shift") && paper.contains("CT26-000001") && paper.contains("Thối nhầm 500"), "{}", paper.text);

    // A closed shift takes no more money, and its receipts can only be refunded.
    let chi = walk_in(&world, "84101", "Lê Thị Chi", "NOI1", "KNOI").await;
    let page = thoa.get(&chi.path()).await;
    assert!(page.contains("Chưa mở ca thu"));
    assert!(thoa.get(&format!("{}/requests", an.path())).await.contains("Không có phiếu hủy được"));
}

async fn open_shift_again(person: &mut testkit::Client) {
    let id = Uuid::now_v7().to_string();
    assert_eq!(person.post("/app/cashier/shift", &[("id", &id), ("float", "1")]).await.status, 303);
}

#[tokio::test]
async fn nobody_counts_or_reads_the_drawer_of_another() {
    let world = clinic().await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut chau = world.sign_in_as("thungan2.84101").await;
    let mut sen = world.sign_in_as("thungan.84102").await;
    open_shift(&mut thoa, "1").await;
    let shift: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT shift_id FROM billing_shift").fetch_one(tx.conn()).await.unwrap()
    };
    for (path, id) in [("counts", "x"), ("closing", "x")] {
        assert_eq!(chau.post(&format!("/app/cashier/shift/{shift}/{path}"), &[("id", id)]).await.status, 403, "{path}");
        assert_eq!(sen.post(&format!("/app/cashier/shift/{shift}/{path}"), &[("id", id)]).await.status, 404, "{path}");
    }
    assert_eq!(chau.get(&format!("/app/cashier/shift/{shift}/pdf")).await.status, 403);
    assert_eq!(sen.get(&format!("/app/cashier/shift/{shift}/pdf")).await.status, 404);
}
