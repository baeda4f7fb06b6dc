//! A box of pills from the shelf to the patient and back, with the real stock and the real cashier.

use base::{LotId, StoreId, Vnd};
use inventory::ledger::{Kind, Movement, Signer};
use inventory::lot::NewLot;
use inventory::store::stores::StoreFacts;
use inventory::store::{items, lots, stores};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;

struct Day {
    world: World,
    store: StoreId,
    a1: LotId,
    b2: LotId,
}

/// The clinic with ten amoxicilin in lot A1 and a hundred in lot B2 at its counter.
async fn morning() -> Day {
    let world = World::with_stock(server::modules::modules(), Arc::new(inventory::StockDesk)).await;
    let mut tx = world.tx("84101").await;
    let store = StoreId::new();
    let facts = StoreFacts {
        code: "QT".into(),
        name: "Quầy thuốc".into(),
        kind: "counter".into(),
        serves_patients: true,
        room: None,
        active_from: "2026-01-01".parse().expect("a date"),
        active_to: None,
    };
    stores::save(&mut tx, store, &facts).await.expect("a counter");
    let drug = demo_id("84101", "drug", "T001");
    items::keep(&mut tx, drug).await.expect("kept in stock");
    let second = Some(Signer { account: Uuid::from_u128(2), name: "DS. Nguyễn Hoài Thương".into() });
    let mut made = Vec::new();
    for (lot_no, expires, units) in [("A1", "2027-01-31", 10), ("B2", "2027-06-30", 100)] {
        let new = NewLot { item: drug, lot_no: lot_no.into(), expires: expires.parse().expect("a date"), cost: Vnd(500_000), cost_milli: 1_000_000, supplier: None };
        let lot = lots::find_or_insert(&mut tx, &new).await.expect("a lot");
        let receipt = Movement { second: second.clone(), ..Movement::new(Kind::Receipt, store, drug, lot, units * 1000, Uuid::now_v7(), Uuid::now_v7()) };
        inventory::ledger::post(&mut tx, &[receipt]).await.expect("received");
        made.push(lot);
    }
    tx.commit().await.expect("kept");
    Day { store, a1: made[0], b2: made[1], world }
}

impl Day {
    async fn left(&self, lot: LotId) -> i64 {
        let mut tx = self.world.tx("84101").await;
        sqlx::query_scalar("SELECT coalesce(sum(quantity_milli), 0)::bigint / 1000 FROM inventory_balance WHERE store_id = $1 AND lot_id = $2")
            .bind(self.store.0)
            .bind(lot.0)
            .fetch_one(tx.conn())
            .await
            .expect("a balance")
    }

    /// Somebody new comes with a sore throat and gets fourteen capsules prescribed: visit and prescription.
    async fn prescribed(&self, name: &str) -> (String, String) {
        let mut his = self.world.machine().await;
        let person = json!({ "name": name, "birth": "20/08/1979", "sex": "male", "phone": "0390000001" });
        let person = posted(&mut his, "/api/v1/patients", person).await;
        let visit = json!({ "patient_id": person["id"], "room_id": demo_id("84101", "room", "NOI1"), "reason": "Đau họng" });
        let visit = posted(&mut his, "/api/v1/encounters", visit).await["id"].as_str().expect("an id").to_owned();
        let mut doctor = self.world.sign_in_as("bacsi.84101").await;
        assert_eq!(doctor.post(&format!("/app/encounters/{visit}/diagnoses"), &[("code", "J02.9")]).await.status, 303);
        let body = json!({ "lines": [{ "sentence": "T001 s1 c1 7n" }], "issue": true });
        let issued = posted(&mut his, &format!("/api/v1/encounters/{visit}/prescriptions"), body).await;
        self.world.drain().await;
        (visit, issued["id"].as_str().expect("an id").to_owned())
    }

    /// What the visit's bill charges for medicines.
    async fn charged(&self, visit: &str) -> i64 {
        let mut tx = self.world.tx("84101").await;
        sqlx::query_scalar("SELECT coalesce(sum(amount_vnd), 0)::bigint FROM billing_charge WHERE bill_id = $1 AND group_key = 'drug'")
            .bind(visit.parse::<Uuid>().expect("an id"))
            .fetch_one(tx.conn())
            .await
            .expect("charges")
    }
}

async fn posted(client: &mut Client, path: &str, body: Value) -> Value {
    let page = client.post_json(path, &body).await;
    assert_eq!(page.status, 201, "{path}: {}", page.text);
    page.json()
}

/// Opens the prescription at the counter and gives so many of its one line.
async fn give(pharmacist: &mut Client, prescription: &str, dispense: Uuid, quantity: &str, more: &[(&str, &str)]) -> Page {
    let page = pharmacist.get(&format!("/app/pharmacy/prescriptions/{prescription}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let (version, line) = (page.input("version").expect("a version"), page.input("line").expect("an open line"));
    let id = dispense.to_string();
    let mut fields = vec![("id", id.as_str()), ("version", &version), ("line", &line), ("quantity", quantity)];
    fields.extend_from_slice(more);
    pharmacist.post(&format!("/app/pharmacy/prescriptions/{prescription}/dispenses"), &fields).await
}

#[tokio::test]
async fn a_box_of_pills_from_the_shelf_to_the_patient_and_back() {
    let day = morning().await;
    let (visit, prescription) = day.prescribed("Phạm Văn Họng").await;
    assert_eq!(day.charged(&visit).await, 14 * 850);
    let mut pharmacist = day.world.sign_in_as("duocsi.84101").await;
    assert!(pharmacist.get("/app/pharmacy").await.contains("Phạm Văn Họng"));
    let dispense = Uuid::now_v7();
    let done = give(&mut pharmacist, &prescription, dispense, "14", &[]).await;
    assert_eq!(done.location(), format!("/app/pharmacy/dispenses/{dispense}?print=1"), "{}", done.text);
    assert_eq!((day.left(day.a1).await, day.left(day.b2).await), (0, 96));
    day.world.drain().await;
    assert_eq!(day.charged(&visit).await, 14 * 850, "what was prescribed was given");

    let page = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await;
    let line = page.input("line").expect("a line");
    let (id, lot) = (Uuid::now_v7().to_string(), day.b2.to_string());
    let back = [("id", id.as_str()), ("line", &line), ("lot", &lot), ("quantity", "4"), ("reason", "đổi thuốc theo bác sĩ")];
    let returned = pharmacist.post(&format!("/app/pharmacy/dispenses/{dispense}/returns"), &back).await;
    assert_eq!(returned.status, 303, "{}", returned.text);
    assert_eq!(day.left(day.b2).await, 100);
    day.world.drain().await;
    assert_eq!(day.charged(&visit).await, 10 * 850, "four are taken off the bill");
    assert_eq!(day.world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn part_now_and_no_more_is_charged_as_part() {
    let day = morning().await;
    let (visit, prescription) = day.prescribed("Phạm Văn Nửa").await;
    let mut pharmacist = day.world.sign_in_as("duocsi.84101").await;
    assert_eq!(give(&mut pharmacist, &prescription, Uuid::now_v7(), "6", &[]).await.status, 303);
    day.world.drain().await;
    assert_eq!(day.charged(&visit).await, 14 * 850, "the rest is still to come");
    let page = pharmacist.get(&format!("/app/pharmacy/prescriptions/{prescription}")).await;
    let line = page.input("line").expect("a line");
    assert_eq!(give(&mut pharmacist, &prescription, Uuid::now_v7(), "0", &[("closed", &line)]).await.status, 303);
    day.world.drain().await;
    assert_eq!(day.charged(&visit).await, 6 * 850);
    assert_eq!(day.world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn where_money_comes_first_the_counter_waits_for_it() {
    let day = morning().await;
    let mut owner = day.world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    let (visit, prescription) = day.prescribed("Phạm Văn Tiền").await;
    let mut pharmacist = day.world.sign_in_as("duocsi.84101").await;
    let page = pharmacist.get(&format!("/app/pharmacy/prescriptions/{prescription}")).await;
    assert!(page.contains("chưa thanh toán"), "{}", page.text);
    let mut cashier = day.world.sign_in_as("thungan.84101").await;
    let shift = Uuid::now_v7().to_string();
    assert_eq!(cashier.post("/app/cashier/shift", &[("id", &shift), ("float", "1.000.000")]).await.status, 303);
    let desk = cashier.get(&format!("/app/cashier/{visit}")).await;
    let (id, due) = (desk.input("id").expect("a receipt"), desk.input("due").expect("what is due"));
    let form = [("id", id.as_str()), ("way", "cash"), ("due", &due), ("cash", &due), ("cash_given", &due)];
    let paid = cashier.post(&format!("/app/cashier/{visit}/receipts"), &form).await;
    assert_eq!(paid.status, 303, "{}", paid.text);
    day.world.drain().await;
    assert!(pharmacist.get("/app/pharmacy").await.contains("Đã thanh toán"));
    assert_eq!(give(&mut pharmacist, &prescription, Uuid::now_v7(), "14", &[]).await.status, 303);
}

#[tokio::test]
async fn a_sale_over_the_counter_is_a_bill_of_its_own() {
    let day = morning().await;
    let drug = demo_id("84101", "drug", "T001");
    let mut pharmacist = day.world.sign_in_as("duocsi.84101").await;
    assert_eq!(pharmacist.post(&format!("/app/pharmacy/over-counter/{drug}"), &[("allowed", "1")]).await.status, 303);
    let bill = pharmacist.get("/app/pharmacy/sale").await.input("bill").expect("a bill");
    for typed in ["T001", "12"] {
        let scanned = pharmacist.post("/app/pharmacy/sale/scans", &[("bill", &bill), ("code", typed)]).await;
        assert_eq!(scanned.status, 303, "{typed}: {}", scanned.text);
    }
    let sold = pharmacist.post("/app/pharmacy/sale", &[("bill", &bill)]).await;
    assert_eq!(sold.location(), format!("/app/pharmacy/dispenses/{bill}"), "{}", sold.text);
    assert_eq!((day.left(day.a1).await, day.left(day.b2).await), (0, 98));
    day.world.drain().await;
    assert_eq!(day.charged(&bill).await, 12 * 850);
    let mut cashier = day.world.sign_in_as("thungan.84101").await;
    let page = cashier.get(&format!("/app/cashier/{bill}")).await;
    assert!(page.status == 200 && page.contains("10.200"), "{}", page.text);
    assert_eq!(day.world.failed_jobs("84101").await, Vec::<String>::new());
}

/// N1 of the pharmacy journey, through the counter's own pages: many prescriptions, one short shelf.
#[tokio::test]
async fn many_counters_never_give_more_than_the_shelf_has() {
    let day = morning().await;
    let mut waiting = Vec::new();
    for n in 0..10 {
        waiting.push(day.prescribed(&format!("Phạm Văn {}", ["Một", "Hai", "Ba", "Bốn", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười"][n])).await.1);
    }
    let gives = waiting.iter().map(|prescription| {
        let world = &day.world;
        async move {
            let mut pharmacist = world.sign_in_as("duocsi.84101").await;
            give(&mut pharmacist, prescription, Uuid::now_v7(), "14", &[]).await.status
        }
    });
    let statuses: Vec<u16> = futures_of(gives).await;
    let given = statuses.iter().filter(|s| **s == 303).count() as i64;
    assert_eq!(day.left(day.a1).await + day.left(day.b2).await, 110 - 14 * given, "{statuses:?}");
    assert!(statuses.iter().all(|s| matches!(s, 303 | 422)) && given <= 7, "{statuses:?}");
}

/// All at once; the answers in order.
async fn futures_of<F: Future<Output = u16>>(all: impl Iterator<Item = F>) -> Vec<u16> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut answers: Vec<Option<u16>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, answer) in waiting.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let std::task::Poll::Ready(status) = future.as_mut().poll(cx)
            {
                *answer = Some(status);
            }
        }
        if answers.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}
