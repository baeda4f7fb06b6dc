//! Sealed goods come back.

use crate::dispense::{counter, hand, lines, prescribed};
use crate::shelf::{clinic, left, lot};
use crate::world::*;
use base::LotId;
use testkit::{Client, Page};
use uuid::Uuid;

#[expect(clippy::too_many_arguments, reason = "what stands on the form")]
async fn back(client: &mut Client, dispense: Uuid, id: Uuid, line: &str, lot: LotId, quantity: &str, reason: &str, reopens: &str) -> Page {
    let (id, lot) = (id.to_string(), lot.to_string());
    let fields = [("id", id.as_str()), ("line", line), ("lot", lot.as_str()), ("quantity", quantity), ("reason", reason), ("reopens", reopens)];
    client.post(&format!("/app/pharmacy/dispenses/{dispense}/returns"), &fields).await
}

#[tokio::test]
async fn four_sealed_capsules_come_back_once_and_no_more_than_were_given() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 10).await;
    let b2 = lot(&world, "84101", "T001", "B2", "2027-06-30", 100).await;
    let (_, _, id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (_, version) = counter(&mut pharmacist, &id).await;
    let dispense = Uuid::now_v7();
    hand(&mut pharmacist, &id, dispense, &version, &[("line", &line), ("quantity", "14")]).await;
    let given = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await.input("line").expect("a line");

    let why = "đổi thuốc theo bác sĩ";
    for (quantity, reason) in [("5", why), ("-1", why), ("4", ""), ("", why)] {
        assert_eq!(back(&mut pharmacist, dispense, Uuid::now_v7(), &given, b2, quantity, reason, "").await.status, 422, "{quantity} {reason}");
    }
    let once = Uuid::now_v7();
    for _ in 0..2 {
        let done = back(&mut pharmacist, dispense, once, &given, b2, "4", why, "").await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    assert_eq!((left(&world, a1).await, left(&world, b2).await), (0, 100));
    let told = events(&world, "84101", "DrugsReturned").await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0]["lines"][0]["quantity_milli"].as_i64(), told[0]["lines"][0]["dispensed"].as_str()), (Some(4_000), Some(given.as_str())));
    let page = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await;
    assert!(page.contains("Đã trả lại một phần") && page.contains(why));
    assert!(!pharmacist.get("/app/pharmacy?show=partial").await.contains("Nguyễn Văn An"), "what came back is not owed again");
    assert_eq!(back(&mut pharmacist, dispense, Uuid::now_v7(), &given, b2, "1", why, "").await.status, 422);

    assert_eq!(back(&mut pharmacist, dispense, Uuid::now_v7(), &given, a1, "10", why, "").await.status, 303);
    assert!(pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await.contains("Đã trả lại hết"));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get(&format!("/app/pharmacy/dispenses/{dispense}")).await.status, 200);
    assert_eq!(back(&mut doctor, dispense, Uuid::now_v7(), &given, a1, "1", why, "").await.status, 403);
}

#[tokio::test]
async fn the_wrong_box_comes_back_and_the_right_one_goes_out() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (_, _, id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (_, version) = counter(&mut pharmacist, &id).await;
    let dispense = Uuid::now_v7();
    hand(&mut pharmacist, &id, dispense, &version, &[("line", &line), ("quantity", "14")]).await;
    let given = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await.input("line").expect("a line");
    assert_eq!(back(&mut pharmacist, dispense, Uuid::now_v7(), &given, a1, "14", "phát nhầm hộp", "1").await.status, 303);
    let (_, version) = counter(&mut pharmacist, &id).await;
    let again = hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "14")]).await;
    assert_eq!(again.status, 303, "{}", again.text);
    assert_eq!(left(&world, a1).await, 86);
    let (_, version) = counter(&mut pharmacist, &id).await;
    assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "1")]).await.status, 422);
}
