//! The screens: stores and items are set up, balances found, the card read page by page, codes scanned.

use crate::goods::{CLINIC, drug, lot_of, open_store, receive, world};
use base::Vnd;
use inventory::ledger::{Kind, Movement, post};
use inventory::store::items;
use uuid::Uuid;

#[tokio::test]
async fn a_pharmacist_sets_up_a_counter_and_its_medicines() {
    let world = world().await;
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let empty = pharmacist.get("/app/stock").await;
    assert!(empty.contains("Chưa quản lý tồn kho thuốc nào"), "{}", empty.text);
    let form = pharmacist.get("/app/stock/stores").await;
    let id = form.input("id").expect("the page mints the id");
    let wrong = [("id", id.as_str()), ("code", "kho 1"), ("name", ""), ("kind", ""), ("active_from", "31/02/2026")];
    let refused = pharmacist.post("/app/stock/stores", &wrong).await;
    assert_eq!(refused.status, 422);
    for text in ["Mã kho gồm 1 đến 12", "Nhập tên kho", "Chọn loại kho", "Nhập ngày bắt đầu"] {
        assert!(refused.contains(text), "{text}");
    }
    let right = [("id", id.as_str()), ("code", "QT"), ("name", "Quầy thuốc"), ("kind", "counter"), ("serves_patients", "1"), ("active_from", "24/11/2026")];
    assert_eq!(pharmacist.post("/app/stock/stores", &right).await.status, 303);
    assert_eq!(pharmacist.post("/app/stock/stores", &right).await.status, 303, "the second click lands on the same store");
    let other = Uuid::now_v7().to_string();
    let twin = [("id", other.as_str()), ("code", "QT"), ("name", "Quầy khác"), ("kind", "counter"), ("active_from", "24/11/2026")];
    assert!(pharmacist.post("/app/stock/stores", &twin).await.contains("Mã QT là của kho khác"));

    let candidates = pharmacist.get("/app/stock/new-items?q=amoxicilin%20500").await;
    assert!(candidates.contains("Amoxicilin 500 mg"));
    let amoxicillin = drug("T001").to_string();
    assert_eq!(pharmacist.post("/app/stock/items", &[("drug", amoxicillin.as_str())]).await.location(), format!("/app/stock/items/{amoxicillin}"));
    let settings = [("min", "100"), ("max", "1.000"), ("kept", "1"), ("pack_name", "vỉ"), ("pack_holds", "10"), ("pack_name", "hộp"), ("pack_holds", "10")];
    let path = format!("/app/stock/items/{amoxicillin}");
    assert_eq!(pharmacist.post(&path, &settings).await.status, 303);
    let learned = [("barcode", "8934567890120"), ("factor", "100")];
    assert_eq!(pharmacist.post(&format!("{path}/barcodes"), &learned).await.status, 303);
    let page = pharmacist.get(&path).await;
    assert!(page.contains("08934567890120") && page.contains("hộp (100 viên)"), "{}", page.text);
    let scanned = pharmacist.get("/app/scan?code=8934567890120").await;
    assert_eq!((scanned.status, scanned.location()), (303, path.as_str()), "{}", scanned.text);
    let odd = [("barcode", "8934567890120"), ("factor", "7")];
    assert_eq!(pharmacist.post(&format!("{path}/barcodes"), &odd).await.status, 422);
    let low = pharmacist.get("/app/stock/alerts").await;
    assert!(low.contains("Thuốc cần mua") && low.contains("1.000"), "{}", low.text);
}

#[tokio::test]
async fn a_store_with_goods_is_not_closed() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    receive(&mut tx, store, drug("T001"), "A1", "2027-01-31", 10).await;
    tx.commit().await.unwrap();
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let close = [("code", "QT"), ("name", "Kho QT"), ("kind", "counter"), ("active_from", "01/01/2026"), ("active_to", "23/11/2026")];
    let refused = pharmacist.post(&format!("/app/stock/stores/{store}"), &close).await;
    assert!(refused.status == 422 && refused.contains("Kho còn hàng"), "{}", refused.text);
}

#[tokio::test]
async fn balances_are_found_without_accents_and_near_expiry_is_seen() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let (counter, cabinet) = (open_store(&mut tx, "QT", "counter").await, open_store(&mut tx, "TT", "cabinet").await);
    receive(&mut tx, counter, drug("T001"), "A1", "2027-01-31", 110).await;
    receive(&mut tx, cabinet, drug("T010"), "P1", "2028-02-28", 40).await;
    tx.commit().await.unwrap();
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let all = nurse.get("/app/stock").await;
    assert!(all.contains("Amoxicilin 500 mg") && all.contains("Paracetamol 500") && all.contains("Còn 68 ngày"), "{}", all.text);
    let found = nurse.get("/app/stock?q=amoxi").await;
    assert!(found.contains("Amoxicilin 500 mg") && !found.contains("Paracetamol 500"));
    let in_cabinet = nurse.get(&format!("/app/stock?store={cabinet}")).await;
    assert!(!in_cabinet.contains("Amoxicilin 500 mg") && in_cabinet.contains("Paracetamol 500"));
    assert!(nurse.get("/app/stock?q=khong%20co").await.contains("Không có thuốc nào khớp"));
    let alerts = nurse.get("/app/stock/alerts").await;
    assert!(alerts.contains("Lô sắp hết hạn") && alerts.contains("A1"), "{}", alerts.text);
    assert_eq!(nurse.post("/app/stock/items", &[("drug", drug("T002").to_string().as_str())]).await.status, 403);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.get("/app/stock").await.status, 403);
}

#[tokio::test]
async fn the_card_tells_every_movement_page_by_page() {
    let world = world().await;
    let item = drug("T001");
    let mut tx = world.tx(CLINIC).await;
    let store = open_store(&mut tx, "QT", "counter").await;
    let lot = lot_of(&mut tx, item, "A1", "2027-01-31").await;
    for n in 0..70 {
        let milli = if n % 2 == 0 { 10_000 } else { -4_000 };
        let kind = if n % 2 == 0 { Kind::Receipt } else { Kind::Issue };
        post(&mut tx, &[Movement::new(kind, store, item, lot, milli, Uuid::now_v7(), Uuid::now_v7())]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    let path = format!("/app/stock/items/{item}/card/{store}");
    let first = nurse.get(&path).await;
    assert!(first.contains("id=\"line-70\"") && first.contains("id=\"line-21\"") && !first.contains("id=\"line-20\""));
    assert!(first.contains("<b>210</b>"), "35 × 10 − 35 × 4");
    let second = nurse.get(&format!("{path}?before=21")).await;
    assert!(second.contains("id=\"line-20\"") && second.contains("id=\"line-1\"") && !second.contains("Xem các dòng trước"));
    let before = nurse.get(&format!("{path}?until=23/11/2026")).await;
    assert!(before.contains("Chưa có phát sinh"), "nothing moved before today");
    assert_eq!(nurse.get(&format!("/app/stock/items/{item}/card/{}", Uuid::now_v7())).await.status, 404);
    let mut elsewhere = world.sign_in_as("duocsi.84103").await;
    assert_eq!(elsewhere.get(&path).await.status, 404);

    let mut machine = world.machine().await;
    let api = machine.get(&format!("/api/v1/stock/movements?store={store}&drug={item}")).await.json();
    assert_eq!((api["movements"][0]["balance_milli"].as_i64(), api["next_before"].as_i64()), (Some(210_000), Some(21)));
    let levels = machine.get(&format!("/api/v1/stock/levels?drugs={item},{}", drug("T002"))).await.json();
    assert_eq!((levels.as_array().map(Vec::len), levels[0]["free_milli"].as_i64()), (Some(1), Some(210_000)));
    assert_eq!(machine.get("/api/v1/stock/levels?drugs=abc").await.status, 400);
}

#[tokio::test]
async fn packs_are_ended_not_edited_and_lots_are_priced_exactly() {
    let world = world().await;
    let mut tx = world.tx(CLINIC).await;
    let item = drug("T001");
    lot_of(&mut tx, item, "A1", "2027-01-31").await;
    items::set_packs(&mut tx, item, &[("vỉ".into(), 10), ("hộp".into(), 100)]).await.unwrap();
    items::set_packs(&mut tx, item, &[("vỉ".into(), 10), ("hộp".into(), 120)]).await.unwrap();
    let packs = items::list_packs(&mut tx, &[item]).await.unwrap();
    assert_eq!(packs.iter().map(|p| (p.name.as_str(), p.factor)).collect::<Vec<_>>(), [("vỉ", 10), ("hộp", 120)]);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM inventory_pack WHERE item_id = $1").bind(item).fetch_one(tx.conn()).await.unwrap();
    assert_eq!(kept, 3, "the old box is on record");
    let new = |cost, cost_milli| inventory::lot::NewLot { item, lot_no: "C3".into(), expires: "2027-01-31".parse().unwrap(), cost: Vnd(cost), cost_milli, supplier: None };
    let first = inventory::store::lots::find_or_insert(&mut tx, &new(150_000, 100_000)).await.unwrap();
    assert_eq!(inventory::store::lots::find_or_insert(&mut tx, &new(300_000, 200_000)).await.unwrap(), first, "the same price");
    assert_ne!(inventory::store::lots::find_or_insert(&mut tx, &new(160_000, 100_000)).await.unwrap(), first, "another price is another lot");
}

#[tokio::test]
async fn the_demo_pharmacy_shows_every_warning_and_its_books_hold() {
    let world = world().await;
    for _ in 0..2 {
        let mut tx = world.tx(CLINIC).await;
        inventory::seed::write(&mut tx, CLINIC, "2026-01-01".parse().unwrap()).await.expect("the shelves are filled, once");
        tx.commit().await.unwrap();
    }
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let alerts = pharmacist.get("/app/stock/alerts").await;
    for text in ["Lô đang khóa còn trên kệ", "Lô hết hạn còn trên kệ", "Lô sắp hết hạn", "Thuốc cần mua", "P18", "H0226"] {
        assert!(alerts.contains(text), "{text}");
    }
    let page = pharmacist.get("/app/stock").await;
    assert!(page.contains("Xem thêm"), "more than one screen");
    let more = page.text.split("href=\"/app/stock?q=").nth(1).and_then(|rest| rest.split('"').next()).expect("the next screen").replace("&#38;", "&").replace("&amp;", "&");
    let next = pharmacist.get(&format!("/app/stock?q={more}")).await;
    assert!(next.status == 200 && !next.contains("Không có thuốc nào khớp"));
    crate::goods::assert_books_hold(&world).await;
}
