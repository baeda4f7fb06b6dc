//! The bank's door through real HTTP: signed, told twice, wrong, late, garbage; never a fault.

use base::EncounterId;
use billing::seed::{SANDBOX_SECRET, connect_sandbox_bank};
use chrono::TimeDelta;
use http::Method;
use payment::notice::sign;
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;

/// The tables of the spine without its pages.
fn spine() -> web::Module {
    web::Module {
        name: "spine",
        migrations: vec![
            web::Migration { name: "2026-11-24-2040-person", sql: include_str!("../../../../domain/patient/migrations/2026-11-24-2040-person.sql") },
            web::Migration { name: "2026-11-24-2041-patient", sql: include_str!("../../../../domain/patient/migrations/2026-11-24-2041-patient.sql") },
            web::Migration { name: "2026-11-24-2045-encounter", sql: include_str!("../../../../domain/encounter/migrations/2026-11-24-2045-encounter.sql") },
            web::Migration { name: "2026-11-24-2046-ticket", sql: include_str!("../../../../domain/encounter/migrations/2026-11-24-2046-ticket.sql") },
        ],
        ..web::Module::default()
    }
}

/// A clinic whose bank is connected, with one visit that owes 36,500 đ and its code on the screen.
async fn waiting_for_the_bank() -> (World, EncounterId, String) {
    let world = World::with(vec![spine(), billing::module(), payment::module()]).await;
    let mut tx = world.tx("84101").await;
    connect_sandbox_bank(&mut tx).await.unwrap();
    let (encounter, person) = (Uuid::now_v7(), Uuid::now_v7());
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $2, 1, 'AT-0000001', 'Nguyễn Văn An', 'nguyen van an', '1985-03-15', 'male', $3, $2)",
    )
    .bind(facility)
    .bind(person)
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $3)",
    )
    .bind(facility)
    .bind(encounter)
    .bind(person)
    .bind(demo_id("84101", "room", "NOI1"))
    .bind(world.clock.today())
    .bind(now)
    .execute(tx.conn())
    .await
    .unwrap();
    let encounter = EncounterId(encounter);
    tx.emit(base::Event::EncounterOpened {
        encounter,
        patient: person.into(),
        room: demo_id("84101", "room", "NOI1").into(),
        service: Some(demo_id("84101", "service", "KNOI")),
        day: world.clock.today(),
    });
    tx.commit().await.unwrap();
    world.drain().await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let id = Uuid::now_v7().to_string();
    assert_eq!(cashier.post("/app/cashier/shift", &[("id", &id), ("float", "0")]).await.status, 303);
    assert_eq!(cashier.post(&format!("/app/cashier/{encounter}/transfer-codes"), &[("way", "transfer")]).await.status, 303);
    let mut tx = world.tx("84101").await;
    let reference = sqlx::query_scalar("SELECT reference FROM billing_transfer_code").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    (world, encounter, reference)
}

fn body(world: &World, id: &str, amount: i64, content: &str) -> Vec<u8> {
    format!(
        r#"{{"transaction_id":"{id}","account_no":"0841010000101","amount":{amount},"content":"{content}","paid_at":"{}"}}"#,
        world.clock.now().to_rfc3339()
    )
    .into_bytes()
}

async fn tell_with(world: &World, facility: &str, secret: &str, at: i64, body: Vec<u8>) -> Page {
    let mut bank: Client = world.stranger();
    bank.set_header("sec-fetch-site", "cross-site");
    bank.set_header("x-bank-timestamp", &at.to_string());
    bank.set_header("x-bank-signature", &sign(secret.as_bytes(), at, &body));
    bank.send(Method::POST, &format!("/api/bank/webhook/{facility}"), Some("application/json"), body).await
}

async fn tell(world: &World, body: Vec<u8>) -> Page {
    tell_with(world, "84101", SANDBOX_SECRET, world.clock.now().timestamp(), body).await
}

async fn count(world: &World, facility: &str, sql: &'static str) -> i64 {
    let mut tx = world.tx(facility).await;
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn told_twice_means_one_receipt() {
    let (world, _, reference) = waiting_for_the_bank().await;
    let first = tell(&world, body(&world, "FT1", 36_500, &reference)).await;
    assert_eq!((first.status, first.json()["result"].as_str()), (200, Some("settled")), "{}", first.text);
    world.clock.advance(TimeDelta::hours(1));
    let again = tell(&world, body(&world, "FT1", 36_500, &reference)).await;
    assert_eq!((again.status, again.json()["result"].as_str()), (200, Some("duplicate")));
    let other = tell(&world, body(&world, "FT1", 99, &reference)).await;
    assert_eq!(other.status, 409);
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_receipt").await, 1);
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_payment").await, 1);
}

#[tokio::test]
async fn a_wrong_amount_waits_for_a_person() {
    let (world, encounter, reference) = waiting_for_the_bank().await;
    let page = tell(&world, body(&world, "FT1", 36_000, &reference)).await;
    assert_eq!((page.status, page.json()["result"].as_str()), (200, Some("unmatched")));
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_receipt").await, 0);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert!(cashier.get("/app/cashier/unmatched").await.contains("Sai số tiền"));
    assert!(cashier.get(&format!("/app/cashier/{encounter}?way=transfer")).await.contains("Có tiền về nhưng chưa khớp"));
}

#[tokio::test]
async fn strangers_and_stale_messages_learn_nothing() {
    let (world, _, reference) = waiting_for_the_bank().await;
    let now = world.clock.now().timestamp();
    let good = || body(&world, "FT1", 36_500, &reference);
    assert_eq!(tell_with(&world, "84101", "another key that is long enough too", now, good()).await.status, 401);
    assert_eq!(tell_with(&world, "84101", SANDBOX_SECRET, now - 301, good()).await.status, 401, "too old");
    assert_eq!(tell_with(&world, "84102", SANDBOX_SECRET, now, good()).await.status, 401, "a facility without a bank");
    assert_eq!(tell_with(&world, "nowhere", "", now, good()).await.status, 401, "an empty key opens nothing");
    let mut bare = world.stranger();
    let page = bare.send(Method::POST, "/api/bank/webhook/84101", Some("application/json"), good()).await;
    assert_eq!(page.status, 401);
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_bank_transfer").await, 0);
}

#[tokio::test]
async fn signed_garbage_is_a_bad_request_and_never_a_fault() {
    let (world, _, _) = waiting_for_the_bank().await;
    for garbage in [
        b"".to_vec(),
        b"{}".to_vec(),
        b"[1,2".to_vec(),
        vec![0xff, 0xfe, 0x00],
        br#"{"transaction_id":"A","account_no":"1","amount":"36500","content":"","paid_at":"2026-11-24T01:00:00Z"}"#.to_vec(),
        br#"{"transaction_id":"A","account_no":"1","amount":99999999999999999999,"content":"","paid_at":"2026-11-24T01:00:00Z"}"#.to_vec(),
        br#"{"transaction_id":"\u0000","account_no":"1","amount":1,"content":"","paid_at":"2026-11-24T01:00:00Z"}"#.to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&garbage).into_owned();
        assert_eq!(tell(&world, garbage).await.status, 400, "{shown}");
    }
    assert_eq!(tell(&world, vec![b' '; 20_000]).await.status, 413);
    for address in ["/api/bank/webhook/%00", "/api/bank/webhook/%F0%9F", "/api/bank/webhook/'--"] {
        let mut bank = world.stranger();
        let page = bank.send(Method::POST, address, Some("application/json"), b"{}".to_vec()).await;
        assert!((400..500).contains(&page.status), "{address}: {}", page.status);
    }
}

#[tokio::test]
async fn the_money_of_one_clinic_never_lands_in_another() {
    let (world, _, reference) = waiting_for_the_bank().await;
    let mut tx = world.tx("84102").await;
    connect_sandbox_bank(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let now = world.clock.now().timestamp();
    let page = tell_with(&world, "84102", SANDBOX_SECRET, now, body(&world, "FT1", 36_500, &reference)).await;
    assert_eq!(page.json()["result"], "unmatched");
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_payment").await, 0);
    assert_eq!(count(&world, "84102", "SELECT count(*) FROM billing_bank_transfer").await, 1);
    assert_eq!(count(&world, "84101", "SELECT count(*) FROM billing_bank_transfer").await, 0);
}
