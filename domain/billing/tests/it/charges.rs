//! Charges arise by themselves, at the price of the day of service.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use base::Event;
use chrono::TimeDelta;

#[tokio::test]
async fn a_visit_charges_exam_orders_and_drugs_once() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    assert_eq!(an.account(&world).await, (36_500, 0));
    an.order(&world, &["XN01"]).await;
    assert_eq!(an.account(&world).await, (86_200, 0));
    an.prescribe(&world, &[("T001", 14_000)], None).await;
    assert_eq!(an.account(&world).await, (98_100, 0));
    // The same events told again add nothing.
    let mut tx = world.tx("84101").await;
    sqlx::query(
        "INSERT INTO db_job (facility_id, job_id, name, payload, run_at, created_at)
         SELECT e.facility_id, gen_random_uuid(), n.name, e.payload, now() - interval '10 years', now() FROM db_event e
         JOIN (VALUES ('EncounterOpened', 'billing.charge_exam'), ('OrdersPlaced', 'billing.charge_orders'),
                      ('PrescriptionIssued', 'billing.charge_drugs')) AS n(kind, name) ON n.kind = e.kind",
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(an.account(&world).await, (98_100, 0));
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_price_tomorrow_leaves_todays_charge() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut tx = world.tx("84101").await;
    for sql in [
        "UPDATE organization_service_price SET valid_to = '2026-11-24' WHERE service_id = $1",
        "INSERT INTO organization_service_price (facility_id, service_id, valid_from, price_vnd) VALUES (1, $1, '2026-11-25', 50000)",
    ] {
        sqlx::query(sql).bind(testkit::demo_id("84101", "service", "KNOI")).execute(tx.conn()).await.unwrap();
    }
    tx.commit().await.unwrap();
    world.clock.advance(TimeDelta::days(1));
    let binh = walk_in(&world, "84101", "Trần Thanh Bình", "NOI1", "KNOI").await;
    assert_eq!(an.account(&world).await, (36_500, 0));
    assert_eq!(binh.account(&world).await, (50_000, 0));
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let page = cashier.get(&binh.path()).await;
    assert!(page.contains("25/11/2026"), "the bill shows since when the price holds");
}

#[tokio::test]
async fn what_goes_away_unpaid_is_taken_back_and_what_was_paid_waits_for_a_second_person() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let orders = an.order(&world, &["XN01", "XN02"]).await;
    an.tell(&world, Event::OrderCancelled { encounter: an.encounter, order: orders[0] }).await;
    assert_eq!(an.account(&world).await, (58_900, 0));
    let first = an.prescribe(&world, &[("T001", 14_000)], None).await;
    an.prescribe(&world, &[("T001", 10_000)], Some(first)).await;
    assert_eq!(an.account(&world).await, (67_400, 0));
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "0").await;
    pay_cash(&mut cashier, &an, "").await;
    an.tell(&world, Event::OrderCancelled { encounter: an.encounter, order: orders[1] }).await;
    assert_eq!(an.account(&world).await, (67_400, 67_400), "nothing moves before somebody approves");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_approval WHERE step = 'waiting'").await, 1);
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cancellation_that_overtakes_its_order_leaves_no_charge() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.tell(&world, Event::EncounterCancelled { encounter: an.encounter }).await;
    an.order(&world, &["XN01"]).await;
    assert_eq!(an.account(&world).await, (0, 0));
}

#[tokio::test]
async fn the_other_clinic_sees_nothing() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut hoa_sen = world.sign_in_as("thungan.84102").await;
    for path in ["", "/pay", "/bill", "/requests"] {
        assert_eq!(hoa_sen.get(&format!("{}{path}", an.path())).await.status, 404, "{path}");
    }
    for (path, form) in [("/receipts", "id"), ("/transfer-codes", "id"), ("/requests", "id")] {
        assert_eq!(hoa_sen.post(&format!("{}{path}", an.path()), &[(form, "x")]).await.status, 404, "{path}");
    }
    assert_eq!(ask(&world, "84102", "SELECT count(*) FROM billing_charge").await, 0);
}
