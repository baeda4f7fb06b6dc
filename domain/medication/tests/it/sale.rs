//! Somebody without a prescription stands at the counter.

use crate::shelf::{clinic, left, lot};
use crate::world::events;
use testkit::{Client, Page, World};
use uuid::Uuid;

fn drug(code: &str) -> String {
    testkit::demo_id("84101", "drug", code).to_string()
}

async fn over_counter(pharmacist: &mut Client, code: &str) -> Page {
    pharmacist.post(&format!("/app/pharmacy/over-counter/{}", drug(code)), &[("allowed", "1")]).await
}

async fn scan(client: &mut Client, bill: &str, code: &str) -> Page {
    client.post("/app/pharmacy/sale/scans", &[("bill", bill), ("code", code)]).await
}

async fn bill(client: &mut Client) -> String {
    client.get("/app/pharmacy/sale").await.input("bill").expect("a bill")
}

async fn drugstore() -> (World, base::LotId) {
    let world = clinic().await;
    let p1 = lot(&world, "84101", "T010", "P1", "2027-01-31", 100).await;
    lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    lot(&world, "84101", "T059", "D1", "2027-01-31", 100).await;
    (world, p1)
}

#[tokio::test]
async fn each_scan_is_a_pack_and_the_sale_is_a_bill_of_its_own() {
    let (world, p1) = drugstore().await;
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    assert_eq!(over_counter(&mut pharmacist, "T010").await.status, 303);
    let bill = bill(&mut pharmacist).await;
    for _ in 0..2 {
        assert_eq!(scan(&mut pharmacist, &bill, "893T0100001").await.status, 303);
    }
    let page = pharmacist.get("/app/pharmacy/sale").await;
    assert!(page.contains("value=\"20\"") && page.contains("6.200"), "two packs of ten at 310: {}", page.text);
    for (typed, shown) in [("12", "value=\"12\""), ("+", "value=\"13\""), ("-", "value=\"12\"")] {
        assert_eq!(scan(&mut pharmacist, &bill, typed).await.status, 303);
        assert!(pharmacist.get("/app/pharmacy/sale").await.contains(shown), "{typed}");
    }
    for _ in 0..2 {
        let sold = pharmacist.post("/app/pharmacy/sale", &[("bill", &bill)]).await;
        assert_eq!(sold.location(), format!("/app/pharmacy/dispenses/{bill}"), "the pharmacist takes no money here: {}", sold.text);
    }
    assert_eq!(left(&world, p1).await, 88);
    let told = events(&world, "84101", "DrugsDispensed").await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0]["bill"].as_str(), told[0]["encounter"].is_null(), told[0]["lines"][0]["quantity_milli"].as_i64()), (Some(bill.as_str()), true, Some(12_000)));
    let page = pharmacist.get("/app/pharmacy/sale").await;
    assert!(page.contains("Giỏ chưa có thuốc") && page.input("bill") != Some(bill.clone()));
    assert!(pharmacist.get(&format!("/app/pharmacy/dispenses/{bill}")).await.contains("3.720"));
}

#[tokio::test]
async fn what_needs_a_prescription_stays_on_the_shelf() {
    let (world, _) = drugstore().await;
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let bill = bill(&mut pharmacist).await;
    let refused = scan(&mut pharmacist, &bill, "893T0010001").await;
    assert!(refused.status == 422 && refused.contains("là thuốc kê đơn"), "{}", refused.text);
    let refused = scan(&mut pharmacist, &bill, "seduxen").await;
    assert!(refused.status == 422 && refused.contains("Chỉ phát theo đơn"), "{}", refused.text);
    assert_eq!(over_counter(&mut pharmacist, "T059").await.status, 422, "a controlled drug always needs a prescription");
    assert!(scan(&mut pharmacist, &bill, "5").await.contains("Quét thuốc trước"));
    assert!(scan(&mut pharmacist, &bill, "999999999999").await.contains("Không có thuốc nào"));
    assert_eq!(pharmacist.post("/app/pharmacy/sale", &[("bill", &bill)]).await.status, 422, "an empty basket");

    // A basket filled while it was allowed is refused when it is not any more.
    over_counter(&mut pharmacist, "T001").await;
    assert_eq!(scan(&mut pharmacist, &bill, "893T0010001").await.status, 303);
    pharmacist.post(&format!("/app/pharmacy/over-counter/{}", drug("T001")), &[("allowed", "0")]).await;
    assert!(pharmacist.post("/app/pharmacy/sale", &[("bill", &bill)]).await.contains("là thuốc kê đơn"));
    assert!(events(&world, "84101", "DrugsDispensed").await.is_empty());
}

#[tokio::test]
async fn more_than_there_is_and_a_later_lot_are_refused() {
    let (world, p1) = drugstore().await;
    let p2 = lot(&world, "84101", "T010", "P2", "2027-09-30", 50).await;
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    over_counter(&mut pharmacist, "T010").await;
    let bill = bill(&mut pharmacist).await;
    scan(&mut pharmacist, &bill, &p2.to_string()).await;
    let refused = pharmacist.post("/app/pharmacy/sale", &[("bill", &bill)]).await;
    assert!(refused.status == 422 && refused.contains("lý do đổi lô"), "{}", refused.text);
    assert_eq!(pharmacist.post("/app/pharmacy/sale", &[("bill", &bill), ("reason", "khách chọn vỉ này")]).await.status, 303);
    assert_eq!((left(&world, p1).await, left(&world, p2).await), (100, 40));

    let next = self::bill(&mut pharmacist).await;
    scan(&mut pharmacist, &next, "893T0100001").await;
    scan(&mut pharmacist, &next, "500").await;
    let refused = pharmacist.post("/app/pharmacy/sale", &[("bill", &next)]).await;
    assert!(refused.contains("quầy chỉ còn 140"), "{}", refused.text);
    let line = [("bill", next.as_str()), ("drug", &drug("T010")), ("lot", ""), ("quantity", "0")];
    assert_eq!(pharmacist.post("/app/pharmacy/sale/lines", &line).await.status, 303);
    assert!(pharmacist.get("/app/pharmacy/sale").await.contains("Giỏ chưa có thuốc"));
    let mut other = world.sign_in_as("duocsi.84103").await;
    assert_eq!(other.post(&format!("/app/pharmacy/over-counter/{}", drug("T010")), &[("allowed", "1")]).await.status, 404);
    assert_eq!(other.post("/app/pharmacy/sale/lines", &[("bill", &Uuid::now_v7().to_string()), ("drug", &drug("T010"))]).await.status, 404);
}
