//! Shares at the end of the month: by rule, after discounts, net of what was taken back; one's own statement and nobody else's.

use crate::day::{Visit, ask, clinic, walk_in};
use billing::payout::month_of;
use billing::store::payouts as store;
use chrono::TimeDelta;
use testkit::{Client, World, demo_id};
use uuid::Uuid;

/// A visit of a doctor's.
async fn seen_by(world: &World, name: &str, doctor: &str) -> Visit {
    let visit = walk_in(world, "84101", name, "NOI1", "KNOI").await;
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE encounter_encounter SET practitioner_id = $2 WHERE encounter_id = $1")
        .bind(visit.encounter.0)
        .bind(demo_id("84101", "staff", doctor))
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    visit
}

async fn add_rule(owner: &mut Client, fields: &[(&str, &str)]) -> u16 {
    let id = Uuid::now_v7().to_string();
    let mut form = vec![("id", id.as_str()), ("from", "01/11/2026")];
    form.extend_from_slice(fields);
    owner.post("/app/payouts/rules", &form).await.status
}

/// What a person's share of a month is, as the ledger stands.
async fn share(world: &World, month: &str, doctor: &str) -> i64 {
    let mut tx = world.tx("84101").await;
    let month = month_of(month, world.clock.today());
    let sums = store::sums(&mut tx, month, Some(demo_id("84101", "staff", doctor))).await.unwrap();
    sums.first().map_or(0, |s| s.share_vnd)
}

async fn close(world: &World, month: &str) -> u64 {
    let mut tx = world.tx("84101").await;
    let month = month_of(month, world.clock.today());
    let made = store::close(&mut tx, month).await.unwrap();
    tx.commit().await.unwrap();
    made
}

#[tokio::test]
async fn the_most_particular_rule_wins() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let an = seen_by(&world, "Nguyễn Văn An", "bacsi").await;
    an.order(&world, &["XN01"]).await;
    // 36.500 examination, 49.700 blood count.
    assert_eq!(add_rule(&mut owner, &[("role", "doctor"), ("how", "percent"), ("share", "10")]).await, 303);
    assert_eq!(share(&world, "11/2026", "bacsi").await, 8_620);
    assert_eq!(add_rule(&mut owner, &[("role", "doctor"), ("what", "group:exam"), ("how", "percent"), ("share", "40")]).await, 303);
    assert_eq!(share(&world, "11/2026", "bacsi").await, 14_600 + 4_970);
    let service = format!("service:{}", demo_id("84101", "service", "KNOI"));
    assert_eq!(add_rule(&mut owner, &[("role", "doctor"), ("what", &service), ("how", "fixed"), ("share", "20.000")]).await, 303);
    assert_eq!(share(&world, "11/2026", "bacsi").await, 20_000 + 4_970);
    // The same rule for the same days is refused; the other doctor has seen nobody.
    assert_eq!(add_rule(&mut owner, &[("role", "doctor"), ("how", "percent"), ("share", "12")]).await, 422);
    assert_eq!(share(&world, "11/2026", "bacsi.lan").await, 0);
}

#[tokio::test]
async fn a_month_closes_once_and_what_is_taken_back_later_stands_in_the_next() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    add_rule(&mut owner, &[("role", "doctor"), ("how", "percent"), ("share", "12,5")]).await;
    let an = seen_by(&world, "Nguyễn Văn An", "bacsi").await;
    let orders = an.order(&world, &["XN01"]).await;
    seen_by(&world, "Trần Thị Diễm", "bacsi.lan").await;
    // The month is not over.
    assert_eq!(owner.post("/app/payouts/closing", &[("month", "11/2026")]).await.status, 422);
    world.clock.advance(TimeDelta::days(7));
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/payouts/closing", &[("month", "11/2026")]).await.status, 303);
    assert_eq!(close(&world, "11/2026").await, 0, "closed again nothing is made");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_statement").await, 2);
    // 12,5 % of 36.500 and of 49.700: 4.563 (half rounds up) and 6.213.
    let of_phuc = "SELECT total_vnd FROM billing_statement WHERE person_name LIKE '%Phúc' AND month = '2026-11-01'";
    assert_eq!(ask(&world, "84101", of_phuc).await, 10_776);
    // In December the blood count is taken back: November stays, December carries it, to the đồng.
    an.tell(&world, base::Event::OrderCancelled { encounter: an.encounter, order: orders[0] }).await;
    assert_eq!(ask(&world, "84101", of_phuc).await, 10_776);
    assert_eq!(share(&world, "12/2026", "bacsi").await, -6_213);
    // A new rule cannot reach into the closed month, and a changed one does not change what was shared.
    assert_eq!(add_rule(&mut owner, &[("role", "doctor"), ("what", "group:lab"), ("how", "percent"), ("share", "50")]).await, 422);
    assert_eq!(share(&world, "12/2026", "bacsi").await, -6_213);
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(close(&world, "12/2026").await, 1);
    assert_eq!(ask(&world, "84101", "SELECT sum(share_vnd)::bigint FROM billing_statement_line l JOIN billing_statement s USING (facility_id, statement_id) WHERE person_name LIKE '%Phúc'").await, 4_563);
}

#[tokio::test]
async fn whoever_closed_does_not_approve_and_a_document_stays() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    add_rule(&mut owner, &[("role", "doctor"), ("how", "percent"), ("share", "10")]).await;
    seen_by(&world, "Nguyễn Văn An", "bacsi").await;
    world.clock.advance(TimeDelta::days(10));
    let mut owner = world.sign_in_as("quantri.84101").await;
    owner.post("/app/payouts/closing", &[("month", "11/2026")]).await;
    let mut tx = world.tx("84101").await;
    let id: Uuid = sqlx::query_scalar("SELECT statement_id FROM billing_statement").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let approval = format!("/app/payouts/{id}/approval");
    let refused = owner.post(&approval, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Người chốt không tự duyệt"), "{}", refused.text);
    // Somebody else approves; after that nothing changes it.
    let mut tx = world.tx("84101").await;
    assert!(store::approve(&mut tx, id).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = world.tx("84101").await;
    assert!(sqlx::query("UPDATE billing_statement SET step = 'closed', approved_by = NULL").execute(tx.conn()).await.is_err());
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let page = doctor.get("/app/payouts/mine").await;
    assert!(page.contains("11/2026") && page.contains("Đã duyệt") && page.contains("3.650"), "{}", page.text);
    assert_eq!(doctor.get("/app/payouts").await.status, 403);
    assert_eq!(world.sign_in_as("quantri.84102").await.post(&approval, &[]).await.status, 404);
}

#[tokio::test]
async fn who_sent_somebody_and_who_did_the_work_have_their_part() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let referrer = Uuid::now_v7().to_string();
    assert_eq!(owner.post("/app/payouts/referrers", &[("id", &referrer), ("name", "Nhà thuốc Bình An"), ("phone", "0900000009")]).await.status, 303);
    add_rule(&mut owner, &[("role", "referrer"), ("how", "percent"), ("share", "5")]).await;
    add_rule(&mut owner, &[("role", "performer"), ("what", "group:lab"), ("how", "fixed"), ("share", "5.000")]).await;
    let an = seen_by(&world, "Nguyễn Văn An", "bacsi").await;
    an.order(&world, &["XN01"]).await;
    let mut tx = world.tx("84101").await;
    let charge: Uuid = sqlx::query_scalar("SELECT charge_id FROM billing_charge WHERE source = 'order'").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let path = format!("{}/people", an.path());
    assert!(cashier.get(&path).await.contains("Nhà thuốc Bình An"));
    let technician = demo_id("84101", "staff", "xetnghiem").to_string();
    let field = format!("performer-{charge}");
    let form = [("referrer", referrer.as_str()), (field.as_str(), technician.as_str())];
    assert_eq!(cashier.post(&path, &form).await.status, 303);
    assert_eq!(cashier.post(&path, &form).await.status, 303, "the second click writes nothing");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_involved").await, 2);
    assert_eq!(share(&world, "11/2026", "xetnghiem").await, 5_000);
    let page = owner.get("/app/payouts?month=11/2026").await;
    assert!(page.contains("Nhà thuốc Bình An") && page.contains("4.310") && page.contains("Tạm tính"), "{}", page.text);
    let stranger = Uuid::now_v7().to_string();
    assert_eq!(cashier.post(&path, &[("referrer", &stranger)]).await.status, 422);
}
