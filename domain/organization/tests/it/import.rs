//! A price list comes in by a sheet: wrong rows are told, nothing is half-written, exactly the checked file is applied.

use base::Vnd;
use organization::service;
use rust_xlsxwriter::Workbook;
use testkit::{Client, Page, World, demo_id, facility};
use uuid::Uuid;

const HEAD: &[&str] = &["Mã dịch vụ *", "Tên dịch vụ", "Loại", "Đơn giá", "Phòng thực hiện"];

fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    for (r, row) in (0u32..).zip(rows) {
        for (c, cell) in (0u16..).zip(*row) {
            page.write_string(r, c, *cell).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

async fn upload(owner: &mut Client, bytes: &[u8], from: &str) -> Page {
    let id = Uuid::now_v7().to_string();
    let fields = [("id", id.as_str()), ("effective_from", from)];
    owner.upload("/app/catalogue/services/import", &fields, ("file", "bang-gia.xlsx", bytes)).await
}

async fn count_services(world: &World) -> i64 {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar("SELECT count(*) FROM organization_service").fetch_one(tx.conn()).await.expect("a count")
}

#[tokio::test]
async fn wrong_rows_are_told_one_by_one_and_nothing_is_written() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let before = count_services(&world).await;
    let bytes = sheet(&[
        HEAD,
        &["DV-1", "Đo loãng xương", "Hình ảnh", "120.000", ""],
        &["DV-2", "", "Hình", "150.5", "Phòng 99"],
        &["DV-1", "Trùng", "Khám", "1", ""],
    ]);
    let sent = upload(&mut owner, &bytes, "24/11/2026").await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let check = owner.get(sent.location()).await;
    for told in ["5 chỗ cần sửa, chưa ghi gì", "Chưa có tên dịch vụ", "Loại “Hình” không có", "Không đọc được giá “150.5”", "Không có phòng “Phòng 99”", "đã có ở dòng 2"] {
        assert!(check.contains(told), "{told}: {}", check.text);
    }
    // Confirming anyway, by hand, writes nothing.
    let forced = owner.post(&format!("{}/applied", sent.location()), &[("sha256", ""), ("fingerprint", "")]).await;
    assert_eq!(forced.status, 422);
    assert_eq!(count_services(&world).await, before);
}

#[tokio::test]
async fn a_checked_sheet_is_applied_once_and_whole() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let before = count_services(&world).await;
    let bytes = sheet(&[
        HEAD,
        &["DV-1", "Đo loãng xương", "Hình ảnh", "120.000", ""],
        &["KNOI", "", "", "40000", ""],
        &["KNHI", "Khám Nhi", "Khám", "36500", ""],
    ]);
    let sent = upload(&mut owner, &bytes, "01/12/2026").await;
    let check = owner.get(sent.location()).await;
    assert!(check.contains("36.500 → 40.000") && check.contains("Đo loãng xương"), "{}", check.text);
    let (sha256, fingerprint) = (check.input("sha256").expect("the file"), check.input("fingerprint").expect("the plan"));
    let confirm = [("sha256", sha256.as_str()), ("fingerprint", fingerprint.as_str())];
    let path = format!("{}/applied", sent.location());
    for _ in 0..2 {
        let applied = owner.post(&path, &confirm).await;
        assert_eq!((applied.status, applied.location()), (303, sent.location()), "{}", applied.text);
    }
    assert!(owner.get(sent.location()).await.contains("Đã ghi vào danh mục"));
    assert_eq!(count_services(&world).await, before + 1);
    let mut tx = world.tx("84101").await;
    let id = demo_id("84101", "service", "KNOI");
    for (on, price) in [("2026-11-30", 36_500), ("2026-12-01", 40_000)] {
        let found = service::price_on(tx.conn(), facility("84101"), id, on.parse().expect("a day")).await;
        assert_eq!(found.expect("a price"), Some(Vnd(price)), "{on}");
    }
}

#[tokio::test]
async fn what_was_shown_must_still_be_true_when_it_is_confirmed() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let sent = upload(&mut owner, &sheet(&[HEAD, &["KNOI", "", "", "40000", ""]]), "24/11/2026").await;
    let check = owner.get(sent.location()).await;
    let (sha256, fingerprint) = (check.input("sha256").expect("the file"), check.input("fingerprint").expect("the plan"));
    // Meanwhile somebody else sets the price.
    let id = demo_id("84101", "service", "KNOI");
    let other = owner.post(&format!("/app/catalogue/services/{id}/prices"), &[("price", "38000"), ("valid_from", "24/11/2026")]).await;
    assert_eq!(other.status, 303);
    let path = format!("{}/applied", sent.location());
    let refused = owner.post(&path, &[("sha256", &sha256), ("fingerprint", &fingerprint)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("vừa được sửa ở nơi khác") && refused.contains("38.000 → 40.000"), "{}", refused.text);
    let foreign_file = owner.post(&path, &[("sha256", "0"), ("fingerprint", &fingerprint)]).await;
    assert!(foreign_file.contains("không phải tệp đã kiểm tra"));
}

#[tokio::test]
async fn what_is_no_price_list_is_refused_on_the_spot() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let wrong_columns = sheet(&[&["Họ tên", "Ngày sinh"], &["An", "1985"]]);
    let big = vec![7u8; 10 * 1024 * 1024];
    for (bytes, says) in [
        (b"".as_slice(), "Chưa chọn tệp"),
        (b"PK\x03\x04 not really".as_slice(), "không phải Excel"),
        (wrong_columns.as_slice(), "Cần các cột"),
        (big.as_slice(), "tối đa 5 MB"),
    ] {
        let page = upload(&mut owner, bytes, "24/11/2026").await;
        assert_eq!(page.status, 422, "{says}");
        assert!(page.contains(says), "{says}: {}", page.text);
    }
    let yesterday = upload(&mut owner, &sheet(&[HEAD, &["A", "B", "Khám", "1", ""]]), "23/11/2026").await;
    assert!(yesterday.status == 422 && yesterday.contains("từ hôm nay"));
    let huge = upload(&mut owner, &vec![7u8; 13 * 1024 * 1024], "24/11/2026").await;
    assert!((400..500).contains(&huge.status), "{}", huge.status);
}

#[tokio::test]
async fn the_downloaded_list_goes_in_again_without_a_change() {
    let world = World::with(vec![]).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    for (list, path) in [("services", "/app/catalogue/services"), ("drugs", "/app/catalogue/drugs")] {
        let filled = owner.get(&format!("{path}.xlsx?filled=1")).await;
        assert_eq!(filled.status, 200);
        let id = Uuid::now_v7().to_string();
        let fields = [("id", id.as_str()), ("effective_from", "24/11/2026")];
        let sent = owner.upload(&format!("{path}/import"), &fields, ("file", "danh-muc.xlsx", &filled.bytes)).await;
        assert_eq!(sent.status, 303, "{list}: {}", sent.text);
        let check = owner.get(sent.location()).await;
        assert!(check.contains("Không có gì thay đổi"), "{list}: {}", check.text);
        assert_eq!(owner.get(&format!("{path}.xlsx")).await.status, 200);
        let mut stranger = world.sign_in_as("quantri.84102").await;
        assert_eq!(stranger.get(sent.location()).await.status, 404);
        assert_eq!(stranger.post(&format!("{}/applied", sent.location()), &[]).await.status, 404);
    }
}
