//! What is kept aside: softly for two hours, firmly after payment, and let go by itself.

use crate::goods::{CLINIC, drug, open_store, receive, world};
use base::event::DrugIssued;
use base::{DispenseId, EncounterId, Event, PatientId, PrescriptionId, StoreId};
use chrono::TimeDelta;
use inventory::StockDesk;
use testkit::World;
use uuid::Uuid;
use web::Failure;
use web::ask::{Pick, Stock, Take, Want};

async fn tell(world: &World, event: Event) {
    let mut tx = world.tx(CLINIC).await;
    tx.emit(event);
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(world.failed_jobs(CLINIC).await, Vec::<String>::new());
}

fn issued(prescription: PrescriptionId, replaces: Option<PrescriptionId>, line: Uuid, drug: Uuid, units: i64) -> Event {
    Event::PrescriptionIssued {
        encounter: EncounterId::new(),
        patient: PatientId::new(),
        prescription,
        replaces,
        lines: vec![
            DrugIssued { line, drug: Some(drug), quantity_milli: units * 1000 },
            DrugIssued { line: Uuid::now_v7(), drug: None, quantity_milli: 5_000 },
        ],
        day: "2026-11-24".parse().unwrap(),
    }
}

fn paid(prescription: PrescriptionId) -> Event {
    Event::PrescriptionPaid { encounter: EncounterId::new(), prescription }
}

/// What is free for somebody without a hold, in whole units.
async fn free(world: &World, holder: Option<PrescriptionId>) -> i64 {
    let mut tx = world.tx(CLINIC).await;
    StockDesk.levels(&mut tx, &[drug("T001")], holder).await.unwrap()[0].free_milli / 1000
}

async fn counter_with(world: &World, units: i64) -> StoreId {
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", units).await;
    tx.commit().await.unwrap();
    store
}

async fn sell(world: &World, store: StoreId, holder: Option<PrescriptionId>, line: Uuid, units: i64) -> Result<Vec<Pick>, Failure> {
    let mut tx = world.tx(CLINIC).await;
    let wants = [Want { line, drug: drug("T001"), quantity_milli: units * 1000 }];
    let picks = StockDesk.propose(&mut tx, store, holder, &wants).await?;
    let take = Take { dispense: DispenseId::new(), store, holder, patient: None, picks: &picks };
    StockDesk.take(&mut tx, &take).await?;
    tx.commit().await?;
    Ok(picks)
}

#[tokio::test]
async fn an_unpaid_prescription_keeps_its_medicines_for_two_hours() {
    let world = world().await;
    counter_with(&world, 100).await;
    let mine = PrescriptionId::new();
    let event = issued(mine, None, Uuid::now_v7(), drug("T001"), 30);
    tell(&world, event.clone()).await;
    tell(&world, event).await;
    assert_eq!((free(&world, None).await, free(&world, Some(mine)).await), (70, 100), "delivered twice, held once");
    world.clock.advance(TimeDelta::minutes(119));
    assert_eq!(free(&world, None).await, 70);
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(free(&world, None).await, 100, "the two hours are over");
}

#[tokio::test]
async fn a_paid_one_keeps_them_until_midnight_whatever_order_the_news_came_in() {
    let world = world().await;
    counter_with(&world, 100).await;
    let (early, late) = (PrescriptionId::new(), PrescriptionId::new());
    tell(&world, issued(early, None, Uuid::now_v7(), drug("T001"), 30)).await;
    tell(&world, paid(early)).await;
    tell(&world, paid(late)).await;
    tell(&world, issued(late, None, Uuid::now_v7(), drug("T001"), 20)).await;
    world.clock.advance(TimeDelta::hours(15));
    assert_eq!(free(&world, None).await, 50, "23:00");
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(free(&world, None).await, 100, "midnight");
}

#[tokio::test]
async fn a_cancelled_or_replaced_prescription_lets_go() {
    let world = world().await;
    counter_with(&world, 100).await;
    let (first, second, gone) = (PrescriptionId::new(), PrescriptionId::new(), PrescriptionId::new());
    tell(&world, issued(first, None, Uuid::now_v7(), drug("T001"), 30)).await;
    tell(&world, issued(second, Some(first), Uuid::now_v7(), drug("T001"), 10)).await;
    assert_eq!(free(&world, None).await, 90);
    tell(&world, Event::PrescriptionCancelled { encounter: EncounterId::new(), prescription: second }).await;
    assert_eq!(free(&world, None).await, 100);
    tell(&world, Event::PrescriptionCancelled { encounter: EncounterId::new(), prescription: gone }).await;
    tell(&world, issued(gone, None, Uuid::now_v7(), drug("T001"), 30)).await;
    assert_eq!(free(&world, None).await, 100, "the cancellation came first");
}

#[tokio::test]
async fn others_cannot_take_what_is_held_and_the_holder_uses_it_up() {
    let world = world().await;
    let store = counter_with(&world, 10).await;
    let (mine, line) = (PrescriptionId::new(), Uuid::now_v7());
    tell(&world, issued(mine, None, line, drug("T001"), 8)).await;

    let picks = sell(&world, store, None, Uuid::now_v7(), 5).await.unwrap();
    assert_eq!(picks[0].quantity_milli, 2_000, "a walk-in gets what is free");
    let mut tx = world.tx(CLINIC).await;
    let greedy = [Pick { quantity_milli: 3_000, line: Uuid::now_v7(), ..picks[0].clone() }];
    let refused = StockDesk.take(&mut tx, &Take { dispense: DispenseId::new(), store, holder: None, patient: None, picks: &greedy }).await;
    let Err(Failure::Refused(problems)) = refused else { panic!("{refused:?}") };
    assert!(problems.0[0].text.contains("không đủ: còn 8 viên, trong đó 8 đang giữ cho đơn khác"), "{problems:?}");
    drop(tx);

    sell(&world, store, Some(mine), line, 5).await.unwrap();
    assert_eq!((free(&world, None).await, free(&world, Some(mine)).await), (0, 3), "a part is given, the rest stays aside");
    sell(&world, store, Some(mine), line, 3).await.unwrap();
    assert_eq!((free(&world, None).await, free(&world, Some(mine)).await), (0, 0));
}

#[tokio::test]
async fn whoever_takes_no_more_of_a_line_lets_go_of_the_rest() {
    let world = world().await;
    let store = counter_with(&world, 10).await;
    let (mine, line) = (PrescriptionId::new(), Uuid::now_v7());
    tell(&world, issued(mine, None, line, drug("T001"), 8)).await;
    sell(&world, store, Some(mine), line, 5).await.unwrap();
    assert_eq!(free(&world, None).await, 2);
    let given = base::event::DrugDispensed { id: Uuid::now_v7(), line: Some(line), drug: drug("T001"), substituted: false, quantity_milli: 5_000, closes_line: true };
    let event = Event::DrugsDispensed {
        dispense: DispenseId::new(),
        bill: base::BillId::new(),
        encounter: None,
        patient: None,
        prescription: Some(mine),
        lines: vec![given],
        day: "2026-11-24".parse().unwrap(),
    };
    tell(&world, event).await;
    assert_eq!(free(&world, None).await, 5);
}

#[tokio::test]
async fn a_facility_without_stock_holds_nothing() {
    let world = world().await;
    tell(&world, issued(PrescriptionId::new(), None, Uuid::now_v7(), drug("T001"), 30)).await;
    let mut tx = world.tx(CLINIC).await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM inventory_hold_paper").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(rows, 0);
}
