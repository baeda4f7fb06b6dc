//! The ledger itself: it adds up, it is never edited, a second click changes nothing.

use crate::goods::{CLINIC, assert_books_hold, balance, drug, lot_of, open_store, receive, world};
use base::LotId;
use inventory::ledger::{Kind, Movement, Posted, Signer, post, reverse};
use inventory::store::ledger as book;
use uuid::Uuid;
use web::Failure;

fn refusal(result: Result<Posted, Failure>) -> String {
    match result {
        Err(Failure::Refused(problems)) => problems.0.into_iter().map(|p| p.text.into_owned()).collect::<Vec<_>>().join(" "),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_box_comes_in_goes_to_the_counter_and_is_used() {
    let world = world().await;
    let item = drug("T001");
    let mut tx = world.tx(CLINIC).await;
    let (main, counter) = (open_store(&mut tx, "KC", "main").await, open_store(&mut tx, "QT", "counter").await);
    let lot = receive(&mut tx, main, item, "A1", "2027-01-31", 110).await;
    let document = Uuid::now_v7();
    let line = Uuid::now_v7();
    let transfer = [
        Movement::new(Kind::TransferOut, main, item, lot, -50_000, document, line),
        Movement::new(Kind::TransferIn, counter, item, lot, 50_000, document, line),
    ];
    assert_eq!(post(&mut tx, &transfer).await.unwrap(), Posted::Now);
    assert_eq!(post(&mut tx, &transfer).await.unwrap(), Posted::Before, "a second click changes nothing");
    let other = [Movement { quantity_milli: -40_000, ..transfer[0].clone() }];
    assert!(matches!(post(&mut tx, &other).await, Err(Failure::Conflict(_))), "the same line with another quantity");
    tx.commit().await.unwrap();
    assert_eq!((balance(&world, main, lot).await, balance(&world, counter, lot).await), (60_000, 50_000));
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn every_impossible_movement_is_refused_with_its_reason() {
    let world = world().await;
    let item = drug("T001");
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "KC", "main").await;
    let lot = receive(&mut tx, store, item, "A1", "2027-01-31", 10).await;
    let expired = lot_of(&mut tx, item, "OLD", "2026-11-23").await;
    let one = |kind, lot, milli| [Movement::new(kind, store, item, lot, milli, Uuid::now_v7(), Uuid::now_v7())];
    assert!(refusal(post(&mut tx, &one(Kind::Issue, lot, -11_000)).await).contains("không đủ: lô A1 còn 10 viên, cần 11"));
    assert!(refusal(post(&mut tx, &one(Kind::Issue, lot, 0)).await).contains("lớn hơn 0"));
    assert!(refusal(post(&mut tx, &one(Kind::Issue, lot, 1_000)).await).contains("lớn hơn 0"), "goods used up do not come in");
    assert!(refusal(post(&mut tx, &one(Kind::Receipt, lot, i64::MAX)).await).contains("1.000.000.000"));
    assert!(refusal(post(&mut tx, &one(Kind::Receipt, lot, i64::MIN)).await).contains("1.000.000.000"));
    assert!(refusal(post(&mut tx, &one(Kind::Issue, LotId::new(), -1_000)).await).contains("Không tìm thấy lô"));
    assert!(refusal(post(&mut tx, &[]).await).contains("chưa có dòng nào"));
    post(&mut tx, &one(Kind::Opening, expired, 5_000)).await.expect("old goods are on the books when the books are opened");
    assert!(refusal(post(&mut tx, &one(Kind::TransferOut, expired, -1_000)).await).contains("đã hết hạn ngày 23/11/2026"));
    post(&mut tx, &one(Kind::Disposal, expired, -5_000)).await.expect("expired goods are disposed of");
    let twice = [one(Kind::Issue, lot, -6_000), one(Kind::Issue, lot, -6_000)].concat();
    assert!(refusal(post(&mut tx, &twice).await).contains("không đủ: lô A1 còn 4"), "lines on one lot count together");
    tx.commit().await.unwrap();
    assert_eq!(balance(&world, store, lot).await, 10_000);
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn a_mistake_is_taken_back_by_a_reversal_once() {
    let world = world().await;
    let item = drug("T001");
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "KC", "main").await;
    let lot = lot_of(&mut tx, item, "A1", "2027-01-31").await;
    let receipt = Uuid::now_v7();
    post(&mut tx, &[Movement::new(Kind::Receipt, store, item, lot, 7_000, receipt, Uuid::now_v7())]).await.unwrap();
    let booked: Vec<Uuid> = book::list_of_document(&mut tx, &[receipt]).await.unwrap().iter().map(|m| m.movement_id).collect();
    let back = Uuid::now_v7();
    assert_eq!(reverse(&mut tx, &booked, back, "PD26/000001", "Nhập nhầm số lô", None).await.unwrap(), Posted::Now);
    assert_eq!(reverse(&mut tx, &booked, back, "PD26/000001", "Nhập nhầm số lô", None).await.unwrap(), Posted::Before);
    let again = reverse(&mut tx, &booked, Uuid::now_v7(), "PD26/000002", "Lần nữa", None).await;
    assert!(matches!(again, Err(Failure::Conflict(text)) if text.contains("PD26/000001")));
    let card = book::list_of_document(&mut tx, &[receipt, back]).await.unwrap();
    assert_eq!(card.iter().map(|m| (m.seq, m.quantity_milli, m.shelf_milli, m.cost_vnd)).collect::<Vec<_>>(), [(1, 7_000, 7_000, 2_333), (2, -7_000, 0, -2_333)]);
    tx.commit().await.unwrap();
    assert_books_hold(&world).await;
}

#[tokio::test]
async fn neither_the_application_nor_the_owner_edits_the_ledger() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "KC", "main").await;
    receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 10).await;
    tx.commit().await.unwrap();
    for forbidden in [
        "UPDATE inventory_balance SET quantity_milli = 99",
        "UPDATE inventory_shelf SET quantity_milli = 99",
        "INSERT INTO inventory_balance SELECT * FROM inventory_balance",
        "UPDATE inventory_movement SET quantity_milli = 99",
        "DELETE FROM inventory_movement",
        "UPDATE inventory_lot SET expires = '2030-01-01'",
    ] {
        let mut tx = world.tx(CLINIC).await;
        let error = sqlx::query(sqlx::AssertSqlSafe(forbidden)).execute(tx.conn()).await.expect_err(forbidden);
        assert!(error.to_string().contains("permission denied"), "{forbidden}: {error}");
    }
    let mut owner = world.database.owner().await;
    let error = sqlx::query("DELETE FROM inventory_movement").execute(&mut owner).await.expect_err("append-only");
    assert!(error.to_string().contains("append-only"), "{error}");
}

#[tokio::test]
async fn the_table_itself_refuses_what_a_program_forgot_to_ask() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "KC", "main").await;
    let good = receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 10).await;
    let old = lot_of(&mut tx, drug("T001"), "OLD", "2026-11-23").await;
    post(&mut tx, &[Movement::new(Kind::Opening, store, drug("T001"), old, 5_000, Uuid::now_v7(), Uuid::now_v7())]).await.unwrap();
    tx.commit().await.unwrap();
    for (wall, lot, quantity) in [("inventory_shelf_not_negative", good, -16_000), ("inventory_balance_not_negative", good, -11_000), ("inventory_lot_usable", old, -1_000)] {
        let mut tx = world.tx(CLINIC).await;
        let bare = [Movement::new(Kind::Dispense, store, drug("T001"), lot, quantity, Uuid::now_v7(), Uuid::now_v7())];
        let error = book::insert(&mut tx, &bare).await.expect_err(wall);
        assert_eq!(error.as_database_error().and_then(|e| e.constraint()), Some(wall), "{error}");
    }
}

#[tokio::test]
async fn a_controlled_drug_moves_by_two_people() {
    let world = world().await;
    let controlled = organization::seed::rows(include_str!("../../../../catalogues/demo/drugs.tsv")).find(|r| r["controlled"] != "none");
    let item = drug(controlled.expect("the demo list has a controlled drug")["code"]);
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "KC", "main").await;
    let lot = lot_of(&mut tx, item, "N1", "2027-01-31").await;
    let me = tx.actor.account.0;
    let alone = Movement::new(Kind::Receipt, store, item, lot, 10_000, Uuid::now_v7(), Uuid::now_v7());
    assert!(refusal(post(&mut tx, std::slice::from_ref(&alone)).await).contains("người thứ hai"));
    let with_myself = Movement { second: Some(Signer { account: me, name: "Tôi".into() }), ..alone.clone() };
    assert!(refusal(post(&mut tx, &[with_myself]).await).contains("người thứ hai"));
    let together = Movement { second: Some(Signer { account: Uuid::from_u128(2), name: "DS. Nguyễn Hoài Thương".into() }), ..alone.clone() };
    assert_eq!(post(&mut tx, &[together]).await.unwrap(), Posted::Now);
}
