//! The counter: first expiry first, fifty hands at one shelf, goods that come back, midnight.

use crate::goods::{CLINIC, assert_books_hold, balance, drug, open_store, receive, world};
use base::{DispenseId, LotId, StoreId};
use chrono::TimeDelta;
use db::Tx;
use inventory::StockDesk;
use testkit::World;
use uuid::Uuid;
use web::Failure;
use web::ask::{Pick, PutBack, Stock, Take, Want};

fn want(drug: Uuid, units: i64) -> Want {
    Want { line: Uuid::now_v7(), drug, quantity_milli: units * 1000 }
}

async fn take(tx: &mut Tx, store: StoreId, dispense: DispenseId, picks: &[Pick]) -> Result<(), Failure> {
    StockDesk.take(tx, &Take { dispense, store, holder: None, patient: None, picks }).await
}

/// Proposes and takes in a transaction of its own, as a counter does.
async fn give(world: &World, store: StoreId, drug: Uuid, units: i64) -> Result<Vec<Pick>, Failure> {
    let mut tx = world.tx(CLINIC).await;
    let picks = StockDesk.propose(&mut tx, store, None, &[want(drug, units)]).await?;
    take(&mut tx, store, DispenseId::new(), &picks).await?;
    tx.commit().await?;
    Ok(picks)
}

fn texts(result: Result<impl Sized, Failure>) -> String {
    match result {
        Err(Failure::Refused(problems)) => problems.0.into_iter().map(|p| p.text.into_owned()).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => String::new(),
    }
}

fn short(picks: &[Pick]) -> Vec<(String, i64)> {
    picks.iter().map(|p| (p.lot_no.clone(), p.quantity_milli / 1000)).collect()
}

#[tokio::test]
async fn fourteen_capsules_come_from_the_lot_that_expires_first_and_the_rest_from_the_next() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    let amoxicillin = drug("T001");
    let b2 = receive(&mut tx, store, amoxicillin, "B2", "2027-06-30", 100).await;
    let a1 = receive(&mut tx, store, amoxicillin, "A1", "2027-01-31", 10).await;
    let wants = [want(amoxicillin, 14)];
    let picks = StockDesk.propose(&mut tx, store, None, &wants).await.unwrap();
    assert_eq!(short(&picks), [("A1".to_owned(), 10), ("B2".to_owned(), 4)]);

    let only_b2 = [Pick { quantity_milli: 14_000, ..picks[1].clone() }];
    let refused = texts(take(&mut tx, store, DispenseId::new(), &only_b2).await);
    assert!(refused.contains("Lô A1 hết hạn sớm hơn (31/01/2027) còn 10"), "{refused}");

    let dispense = DispenseId::new();
    take(&mut tx, store, dispense, &picks).await.unwrap();
    take(&mut tx, store, dispense, &picks).await.expect("the second click changes nothing");
    tx.commit().await.unwrap();
    assert_eq!((balance(&world, store, a1).await, balance(&world, store, b2).await), (0, 96_000));

    let mut tx = world.tx(CLINIC).await;
    let back_id = Uuid::now_v7();
    let four = [Pick { quantity_milli: 4_000, ..picks[1].clone() }];
    let back = PutBack { id: back_id, dispense, store, picks: &four, reason: "Còn nguyên vỉ" };
    StockDesk.put_back(&mut tx, &back).await.unwrap();
    StockDesk.put_back(&mut tx, &back).await.expect("the second click changes nothing");
    let more = StockDesk.put_back(&mut tx, &PutBack { id: Uuid::now_v7(), ..back.clone() }).await;
    assert!(texts(more).contains("chỉ còn 0 đã cấp"), "no more comes back than went out");
    let unknown = StockDesk.put_back(&mut tx, &PutBack { id: Uuid::now_v7(), dispense: DispenseId::new(), ..back }).await;
    assert!(matches!(unknown, Err(Failure::NotFound)));
    tx.commit().await.unwrap();
    assert_eq!(balance(&world, store, b2).await, 100_000);
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn a_later_lot_may_be_taken_with_a_reason() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 10).await;
    let later = receive(&mut tx, store, drug("T001"), "B2", "2027-06-30", 10).await;
    let pick = Pick {
        line: Uuid::now_v7(),
        drug: drug("T001"),
        lot: later,
        lot_no: "B2".into(),
        expires: "2027-06-30".parse().unwrap(),
        quantity_milli: 5_000,
        reason: "Hộp A1 bị ướt, chờ hủy".into(),
    };
    take(&mut tx, store, DispenseId::new(), &[pick]).await.unwrap();
}

#[tokio::test]
async fn fifty_hands_reach_for_three_of_a_hundred_and_one_is_left() {
    let world = std::sync::Arc::new(world().await);
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    let lot = receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 100).await;
    tx.commit().await.unwrap();
    let mut hands = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let world = world.clone();
        hands.spawn(async move {
            let mut tx = world.tx(CLINIC).await;
            let pick = Pick {
                line: Uuid::now_v7(),
                drug: drug("T001"),
                lot,
                lot_no: "A1".into(),
                expires: "2027-01-31".parse().unwrap(),
                quantity_milli: 3_000,
                reason: String::new(),
            };
            let result = take(&mut tx, store, DispenseId::new(), &[pick]).await;
            if result.is_ok() {
                tx.commit().await.unwrap();
            }
            texts(result)
        });
    }
    let answers = hands.join_all().await;
    let refused: Vec<&String> = answers.iter().filter(|text| !text.is_empty()).collect();
    assert_eq!((answers.len() - refused.len(), refused.len()), (33, 17));
    assert!(refused.iter().all(|text| text.contains("không đủ: lô A1 còn 1 viên, cần 3")), "{refused:?}");
    assert_eq!(balance(&world, store, lot).await, 1_000);
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn a_lot_may_be_given_on_its_last_day_and_not_after_midnight_in_vietnam() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    receive(&mut tx, store, drug("T001"), "A1", "2026-11-24", 10).await;
    tx.commit().await.unwrap();
    // 08:00 in the morning it begins; 23:59 is still the same day, although it is long past midnight elsewhere.
    world.clock.advance(TimeDelta::hours(15) + TimeDelta::minutes(59));
    let picks = give(&world, store, drug("T001"), 1).await.unwrap();
    assert_eq!(short(&picks), [("A1".to_owned(), 1)]);
    world.clock.advance(TimeDelta::minutes(1));
    let mut tx = world.tx(CLINIC).await;
    let proposed = StockDesk.propose(&mut tx, store, None, &[want(drug("T001"), 1)]).await.unwrap();
    assert_eq!(proposed, [], "nothing is proposed");
    let refused = texts(take(&mut tx, store, DispenseId::new(), &picks).await);
    assert!(refused.contains("đã hết hạn ngày 24/11/2026"), "{refused}");
    let level = StockDesk.levels(&mut tx, &[drug("T001"), drug("T002")], None).await.unwrap();
    assert_eq!(level.len(), 1, "a drug that is not kept in stock is left out");
    assert_eq!((level[0].free_milli, level[0].on_hand_milli, level[0].unusable_milli, level[0].next_expiry), (0, 0, 9_000, None));
}

#[tokio::test]
async fn scanned_codes_name_packs_and_lots() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    let lot = receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 10).await;
    inventory::store::items::learn_barcode(&mut tx, "08934567890120", drug("T001"), 100).await.unwrap();
    let label = inventory::store::lots::find(&mut tx, lot).await.unwrap().expect("the lot").label();
    for (code, expected_lot, milli) in [
        (label.as_str(), Some(lot), 1_000),
        ("8934567890120", None, 100_000),
        ("]d201089345678901201727013110A1", Some(lot), 100_000),
        ("]d201089345678901201727013110A2", None, 100_000),
    ] {
        let pack = StockDesk.pack(&mut tx, code).await.unwrap().expect(code);
        assert_eq!((pack.drug, pack.lot, pack.quantity_milli), (drug("T001"), expected_lot, milli), "{code}");
    }
    for nothing in ["LO999999", "8934567890137", "không phải mã", ""] {
        assert_eq!(StockDesk.pack(&mut tx, nothing).await.unwrap(), None, "{nothing}");
    }
    let elsewhere = world.tx("84103").await;
    let mut elsewhere = elsewhere;
    assert_eq!(StockDesk.pack(&mut elsewhere, &label).await.unwrap(), None, "another facility's label names nothing here");
    assert_eq!(StockDesk.counters(&mut elsewhere).await.unwrap(), []);
    let _: LotId = lot;
}
