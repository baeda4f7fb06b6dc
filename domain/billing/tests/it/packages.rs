//! Ten sessions bought in November: used by orders, earned as used, given back at list price, over when their time is.

use crate::day::{Visit, ask, clinic, open_shift, walk_in};
use base::Event;
use chrono::TimeDelta;
use testkit::{Client, World, demo_id};
use uuid::Uuid;

/// An offer of five glucose tests and one blood count, 22.400 × 5 + 49.700 = 161.700 at list price.
async fn offer(owner: &mut Client, code: &str, price: &str, from: &str) -> (u16, String, String) {
    let id = Uuid::now_v7().to_string();
    let (glucose, blood) = (demo_id("84101", "service", "XN02").to_string(), demo_id("84101", "service", "XN01").to_string());
    let form = [
        ("id", id.as_str()), ("code", code), ("name", "Theo dõi đường huyết"), ("price", price), ("validity_days", "90"), ("valid_from", from),
        ("service", &glucose), ("pieces", "5"), ("service", &blood), ("pieces", "1"),
    ];
    let page = owner.post("/app/packages", &form).await;
    (page.status, page.text, id)
}

async fn sell(person: &mut Client, visit: &Visit, package: &str) -> String {
    let bill = Uuid::now_v7().to_string();
    let form = [("id", bill.as_str()), ("package", package)];
    for _ in 0..2 {
        let page = person.post(&format!("/app/packages/of/{}", visit.patient), &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    bill
}

async fn pay(person: &mut Client, bill: &str) {
    let page = person.get(&format!("/app/cashier/{bill}")).await;
    let (id, due) = (page.input("id").expect("id"), page.input("due").expect("due"));
    let form = [("id", id.as_str()), ("way", "cash"), ("due", &due), ("cash", &due)];
    let page = person.post(&format!("/app/cashier/{bill}/receipts"), &form).await;
    assert_eq!(page.status, 303, "{}", page.text);
}

/// Earned by day's book, and what the ledger still holds as paid ahead.
async fn books(world: &World) -> (i64, i64) {
    (
        ask(world, "84101", "SELECT sum(package_vnd)::bigint FROM billing_report_daily_revenue").await,
        ask(world, "84101", "SELECT sum(credit_vnd - debit_vnd)::bigint FROM billing_report_ledger WHERE account = 'prepaid'").await,
    )
}

#[tokio::test]
async fn bought_used_taken_back_and_ended_to_the_dong() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let (status, text, package) = offer(&mut owner, "DH5", "120.001", "24/11/2026").await;
    assert_eq!(status, 303, "{text}");
    open_shift(&mut thoa, "1.000.000").await;
    let bill = sell(&mut thoa, &an, &package).await;
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_package_sale").await, 1, "a second click buys nothing");
    // Not paid for yet: it covers nothing.
    an.order(&world, &["XN02"]).await;
    assert_eq!(an.account(&world).await.0, 36_500 + 22_400);
    pay(&mut thoa, &bill).await;
    assert_eq!(books(&world).await, (0, 120_001), "owed and paid, but nothing earned");

    let orders = an.order(&world, &["XN02"]).await;
    assert_eq!(an.account(&world).await.0, 36_500 + 22_400, "the package pays");
    assert!(thoa.get(&an.path()).await.contains("Gói trả:"));
    // 120.001 × 22.400 / 161.700 = 16.623,5…
    assert_eq!(books(&world).await, (16_624, 103_377));
    an.tell(&world, Event::OrderCancelled { encounter: an.encounter, order: orders[0] }).await;
    assert_eq!(books(&world).await, (0, 120_001), "given back to the package");
    an.order(&world, &["XN02", "XN01"]).await;
    let (earned, left) = books(&world).await;
    assert_eq!(earned + left, 120_001);
    let page = thoa.get(&format!("/app/packages/sold/{bill}")).await;
    assert!(page.contains("4/6") && page.contains("Theo dõi đường huyết"), "{}", page.text);
    assert!(thoa.get(&format!("/app/packages/sold/{bill}/pdf")).await.contains("package-contract"));

    // Ended: 120.001 less 22.400 + 49.700 at list price.
    let ending = format!("/app/packages/sold/{bill}/ending");
    let id = Uuid::now_v7().to_string();
    assert_eq!(thoa.post(&ending, &[("id", &id), ("reason", "")]).await.status, 422);
    assert_eq!(thoa.post(&ending, &[("id", &id), ("reason", "Chuyển nơi ở")]).await.status, 303);
    let decision = format!("/app/cashier/approvals/{id}/decision");
    assert_eq!(owner.post(&decision, &[("decision", "approve")]).await.status, 303);
    assert_eq!(books(&world).await, (72_100, 0));
    assert_eq!(ask(&world, "84101", "SELECT (charged_vnd - paid_vnd) FROM billing_account WHERE kind = 'package'").await, -47_901);
    let refund: Uuid = {
        let mut tx = world.tx("84101").await;
        sqlx::query_scalar("SELECT approval_id FROM billing_approval WHERE matter = 'refund' AND step = 'approved'").fetch_one(tx.conn()).await.unwrap()
    };
    assert_eq!(thoa.post(&format!("/app/cashier/approvals/{refund}/payout"), &[]).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT charged_vnd - paid_vnd FROM billing_account WHERE kind = 'package'").await, 0);
    // Over: an order is charged in full again.
    let before = an.account(&world).await.0;
    an.order(&world, &["XN02"]).await;
    assert_eq!(an.account(&world).await.0, before + 22_400);
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
    for (what, sql) in [
        ("debits equal credits", "SELECT (sum(debit_vnd) - sum(credit_vnd))::bigint FROM billing_report_ledger"),
        (
            "revenue of the report is the ledger's",
            "SELECT ((SELECT sum(amount_vnd) FROM billing_report_revenue)
                  - (SELECT sum(credit_vnd - debit_vnd) FROM billing_report_ledger WHERE account = 'revenue'))::bigint",
        ),
    ] {
        assert_eq!(ask(&world, "84101", sql).await, 0, "{what}");
    }
}

#[tokio::test]
async fn what_is_left_at_the_end_of_its_time_is_earned_that_day() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let (_, _, package) = offer(&mut owner, "DH5", "100.000", "24/11/2026").await;
    open_shift(&mut thoa, "").await;
    let bill = sell(&mut thoa, &an, &package).await;
    pay(&mut thoa, &bill).await;
    an.order(&world, &["XN01"]).await;
    let day_one = ask(&world, "84101", "SELECT sum(earned_vnd)::bigint FROM billing_report_daily_revenue WHERE day = '2026-11-24'").await;
    world.clock.advance(TimeDelta::days(92));
    world.drain().await;
    assert_eq!(books(&world).await, (100_000, 0));
    assert_eq!(
        ask(&world, "84101", "SELECT sum(earned_vnd)::bigint FROM billing_report_daily_revenue WHERE day = '2026-11-24'").await,
        day_one,
        "a past day read again says the same"
    );
    let thi = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    thi.order(&world, &["XN02"]).await;
    assert_eq!(thi.account(&world).await.0, 36_500 + 22_400);
}

#[tokio::test]
async fn the_last_session_is_used_once_by_two_visits_at_once() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let (_, _, package) = offer(&mut owner, "DH5", "100.000", "24/11/2026").await;
    open_shift(&mut thoa, "").await;
    let bill = sell(&mut thoa, &an, &package).await;
    pay(&mut thoa, &bill).await;
    // One blood count is left; two orders for it are charged at the same moment on two visits of the person.
    let second = crate::day::again(&world, &an, "NOI1", "KNOI").await;
    let charge = |visit: &Visit| {
        let (encounter, patient, day) = (visit.encounter, visit.patient, world.clock.today());
        let order = base::event::OrderPlaced { order: base::OrderId::new(), service: demo_id("84101", "service", "XN01"), quantity: 1 };
        let event = serde_json::to_value(Event::OrdersPlaced { encounter, patient, orders: vec![order], day }).unwrap();
        let world = &world;
        async move {
            let mut tx = world.tx("84101").await;
            billing::listen::orders_placed(&mut tx, event).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    tokio::join!(charge(&an), charge(&second));
    let sums = an.account(&world).await.0 + second.account(&world).await.0;
    assert_eq!(sums, 2 * 36_500 + 49_700, "covered once");
    assert_eq!(ask(&world, "84101", "SELECT sum(quantity)::bigint FROM billing_package_use").await, 1);
}

#[tokio::test]
async fn a_new_version_leaves_what_was_bought_and_strangers_see_nothing() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let (_, _, package) = offer(&mut owner, "DH5", "100.000", "24/11/2026").await;
    let bill = sell(&mut thoa, &an, &package).await;
    let (status, text, _) = offer(&mut owner, "DH5", "110.000", "25/11/2026").await;
    assert!(status == 422 && text.contains("Mã gói đã dùng"), "another package with the same code: {text}");
    let glucose = demo_id("84101", "service", "XN02").to_string();
    let next = [
        ("id", package.as_str()), ("code", "DH5"), ("name", "Theo dõi đường huyết"), ("price", "110.000"), ("validity_days", "60"),
        ("valid_from", "25/11/2026"), ("service", &glucose), ("pieces", "4"),
    ];
    assert_eq!(owner.post("/app/packages", &next).await.status, 303);
    assert_eq!(ask(&world, "84101", "SELECT charged_vnd FROM billing_account WHERE kind = 'package'").await, 100_000);
    world.clock.advance(TimeDelta::days(1));
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    sell(&mut thoa, &an, &package).await;
    assert_eq!(ask(&world, "84101", "SELECT max(charged_vnd) FROM billing_account WHERE kind = 'package'").await, 110_000);
    assert_eq!(thoa.post("/app/packages", &next).await.status, 403, "cashiers do not make packages");
    assert_eq!(owner.post(&format!("/app/packages/{package}/end"), &[]).await.status, 303);
    // Another facility that bought the same feature.
    let mut tx = world.tx("84102").await;
    drop(sqlx::query("UPDATE organization_facility SET package = 'PREMIUM2' WHERE code = '84102'").execute(tx.conn()).await);
    tx.commit().await.unwrap();
    let mut other = world.sign_in_as("thungan.84102").await;
    for path in [format!("/app/packages/sold/{bill}"), format!("/app/packages/of/{}", an.patient), format!("/app/packages/sold/{bill}/pdf")] {
        let status = other.get(&path).await.status;
        assert!(status == 404 || status == 403, "{path}: {status}");
    }
}

#[tokio::test]
async fn a_discounted_package_earns_what_was_really_owed() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    let (_, _, package) = offer(&mut owner, "DH5", "99.999", "24/11/2026").await;
    open_shift(&mut thoa, "").await;
    let bill = sell(&mut thoa, &an, &package).await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("value", "3%"), ("reason", "Khách cũ")];
    assert_eq!(thoa.post(&format!("/app/cashier/{bill}/discounts"), &form).await.status, 303);
    pay(&mut thoa, &bill).await;
    for _ in 0..5 {
        an.order(&world, &["XN02"]).await;
    }
    // Once used, its price is fixed: no further discount.
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("value", "1%"), ("reason", "nữa")];
    assert_eq!(thoa.post(&format!("/app/cashier/{bill}/discounts"), &form).await.status, 422);
    an.order(&world, &["XN01"]).await;
    assert_eq!(an.account(&world).await.0, 36_500, "everything ordered was covered");
    assert_eq!(books(&world).await, (96_999, 0), "99.999 less 3.000 by three percent, to the đồng");
    an.order(&world, &["XN02"]).await;
    assert_eq!(an.account(&world).await.0, 36_500 + 22_400, "the sixth test is not in it");
}
