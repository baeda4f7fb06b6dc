//! A batch is recalled: nothing of it leaves any more, and the clinic knows whom to call.

use crate::goods::{CLINIC, assert_books_hold, drug, open_store, receive, world};
use base::{DispenseId, LotId, PatientId, StoreId};
use inventory::StockDesk;
use inventory::ledger::{Kind, Movement, post};
use inventory::recall::{Decision, decide};
use inventory::store::lots;
use testkit::World;
use uuid::Uuid;
use web::Failure;
use web::ask::{Pick, Stock, Take, Want};

fn block() -> Decision {
    Decision::read(true, "recall", "Không đạt độ hòa tan", "CV 123/QLD-CL").expect("a decision")
}

fn pick(lot: LotId, lot_no: &str, units: i64) -> Pick {
    Pick {
        line: Uuid::now_v7(),
        drug: drug("T001"),
        lot,
        lot_no: lot_no.into(),
        expires: "2027-06-30".parse().unwrap(),
        quantity_milli: units * 1000,
        reason: String::new(),
    }
}

async fn counter(world: &World) -> (StoreId, LotId) {
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    let lot = receive(&mut tx, store, drug("T001"), "B2", "2027-06-30", 100).await;
    tx.commit().await.unwrap();
    (store, lot)
}

#[tokio::test]
async fn a_recalled_batch_goes_to_nobody_by_any_route_and_comes_back_when_released() {
    let world = world().await;
    let (store, lot) = counter(&world).await;
    let mut tx = world.tx(CLINIC).await;
    let cabinet = open_store(&mut tx, "TT", "cabinet").await;
    let known = lots::find(&mut tx, lot).await.unwrap().unwrap();
    assert_eq!(decide(&mut tx, &known, &block()).await.unwrap(), 1);
    assert_eq!(decide(&mut tx, &known, &block()).await.unwrap(), 0, "the second click changes nothing");
    tx.commit().await.unwrap();

    let mut tx = world.tx(CLINIC).await;
    let wants = [Want { line: Uuid::now_v7(), drug: drug("T001"), quantity_milli: 1_000 }];
    assert_eq!(StockDesk.propose(&mut tx, store, None, &wants).await.unwrap(), []);
    let one = [pick(lot, "B2", 1)];
    let take = Take { dispense: DispenseId::new(), store, holder: None, patient: None, picks: &one };
    let Err(Failure::Refused(problems)) = StockDesk.take(&mut tx, &take).await else { panic!("refused") };
    assert!(problems.0[0].text.contains("Lô B2 của Amoxicilin 500 mg đang bị khóa"), "{problems:?}");
    for (kind, refused) in [(Kind::Issue, true), (Kind::TransferOut, true), (Kind::SupplierReturn, false), (Kind::Disposal, false)] {
        let result = post(&mut tx, &[Movement::new(kind, store, drug("T001"), lot, -1_000, Uuid::now_v7(), Uuid::now_v7())]).await;
        assert_eq!(result.is_err(), refused, "{kind:?}");
    }
    let _ = cabinet;
    let again = receive(&mut tx, store, drug("T001"), "B2", "2027-06-30", 10).await;
    assert_eq!(again, lot, "the same batch at the same price is the same lot");
    let level = StockDesk.levels(&mut tx, &[drug("T001")], None).await.unwrap();
    assert_eq!((level[0].free_milli, level[0].unusable_milli), (0, 108_000));

    let release = Decision::read(false, "", "Kiểm nghiệm lại đạt", "").unwrap();
    let known = lots::find(&mut tx, lot).await.unwrap().unwrap();
    assert_eq!(decide(&mut tx, &known, &release).await.unwrap(), 1);
    StockDesk.take(&mut tx, &take).await.expect("given again");
    tx.commit().await.unwrap();
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn whoever_dispenses_while_the_recall_comes_either_finished_before_or_is_refused() {
    let world = std::sync::Arc::new(world().await);
    let (store, lot) = counter(&world).await;
    let mut hands = tokio::task::JoinSet::new();
    for n in 0..40 {
        let world = world.clone();
        hands.spawn(async move {
            let mut tx = world.tx(CLINIC).await;
            let done = if n == 20 {
                let known = lots::find(&mut tx, lot).await.unwrap().unwrap();
                decide(&mut tx, &known, &block()).await.map(|_| ())
            } else {
                let picks = [pick(lot, "B2", 1)];
                StockDesk.take(&mut tx, &Take { dispense: DispenseId::new(), store, holder: None, patient: None, picks: &picks }).await
            };
            match done {
                Ok(()) => tx.commit().await.unwrap(),
                Err(Failure::Refused(problems)) => assert!(problems.0[0].text.contains("đang bị khóa"), "{problems:?}"),
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    hands.join_all().await;
    let mut tx = world.tx(CLINIC).await;
    let blocked: bool = sqlx::query_scalar("SELECT blocked FROM inventory_lot WHERE lot_id = $1").bind(lot.0).fetch_one(tx.conn()).await.unwrap();
    assert!(blocked);
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn the_pharmacist_recalls_a_batch_on_its_page_and_sees_whom_to_call() {
    let world = world().await;
    let (store, lot) = counter(&world).await;
    let mut reception = world.sign_in_as("tiepnhan.84101").await;
    let patient = register(&world, &mut reception).await;
    let mut tx = world.tx(CLINIC).await;
    for (who, units) in [(Some(patient), 4), (None, 2)] {
        let picks = [pick(lot, "B2", units)];
        StockDesk.take(&mut tx, &Take { dispense: DispenseId::new(), store, holder: None, patient: who, picks: &picks }).await.unwrap();
    }
    tx.commit().await.unwrap();

    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let path = format!("/app/stock/lots/{lot}");
    let page = nurse.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(!page.contains("Khóa lô"), "a nurse reads only");
    let form = [("act", "block"), ("cause", "recall"), ("paper", "CV 123/QLD-CL"), ("reason", "Không đạt độ hòa tan")];
    assert_eq!(nurse.post(&format!("{path}/decisions"), &form).await.status, 403);

    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let refused = pharmacist.post(&format!("{path}/decisions"), &[("act", "block"), ("cause", "recall"), ("reason", "Không đạt độ hòa tan")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Ghi số công văn thu hồi") && refused.contains("Không đạt độ hòa tan"), "what was typed is still there");
    assert_eq!(pharmacist.post(&format!("{path}/decisions"), &form).await.status, 303);
    let page = pharmacist.get(&path).await;
    assert!(page.contains("Lô đang bị khóa") && page.contains("CV 123/QLD-CL") && page.contains("Cho dùng lại"), "{}", page.text);
    let label = pharmacist.get(&format!("{path}/label")).await;
    assert_eq!(label.status, 200, "the label is printed");
    let people = pharmacist.get(&format!("{path}/recipients")).await;
    assert!(people.contains("Lê Thị Út") && people.contains("Đã bán 2 viên cho người mua không để lại tên"), "{}", people.text);
    let mut tx = world.tx(CLINIC).await;
    let looks: i64 = sqlx::query_scalar("SELECT count(*) FROM db_audit WHERE entity = 'lot-recipient' AND patient_id = $1")
        .bind(patient.0)
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(looks, 1, "the look at the person is on record");

    let mut elsewhere = world.sign_in_as("duocsi.84103").await;
    assert_eq!(elsewhere.get(&path).await.status, 404);
    assert_eq!(elsewhere.post(&format!("{path}/decisions"), &form).await.status, 404);
    let mut basic = world.sign_in_as("quantri.84102").await;
    let page = basic.get("/app/stock").await;
    assert_eq!(page.status, 403);
    assert!(page.contains("gói dịch vụ"), "the package has no stock: {}", page.text);
}

/// Somebody known to the clinic.
async fn register(world: &World, _reception: &mut testkit::Client) -> PatientId {
    let mut machine = world.machine().await;
    let person = serde_json::json!({ "name": "Lê Thị Út", "birth": "12/05/1984", "sex": "female", "phone": "0900000002" });
    let page = machine.post_json("/api/v1/patients", &person).await;
    assert!(page.status < 300, "{}", page.text);
    let body = page.json();
    let id = body["id"].as_str().or(body["patient"].as_str()).or(body["patient_id"].as_str()).expect("an id");
    id.parse().expect("a patient's id")
}
