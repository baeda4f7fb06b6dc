//! The first day: a sheet with the stock, checked first, written whole, approved by somebody else; and what a period
//! came to, asked twice.

use crate::goods::{assert_books_hold, drug};
use crate::paperwork::{Pharmacy, approve, ask, path, pharmacy, receive};
use calamine::{Data, Reader, Xlsx};
use chrono::TimeDelta;
use rust_xlsxwriter::Workbook;
use std::io::Cursor;
use testkit::{Client, Page};
use uuid::Uuid;

fn file(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (r, row) in (0u32..).zip(rows) {
        for (c, cell) in (0u16..).zip(*row) {
            sheet.write_string(r, c, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

const HEAD: &[&str] = &["Mã thuốc", "Số lô", "Hạn dùng", "Số lượng", "Đơn vị", "Giá nhập"];

async fn upload(who: &mut Client, store: base::StoreId, bytes: &[u8]) -> Page {
    let (id, store) = (Uuid::now_v7().to_string(), store.to_string());
    who.upload("/app/stock/opening", &[("id", &id), ("store", &store)], ("file", "ton.xlsx", bytes)).await
}

#[tokio::test]
async fn a_sheet_is_checked_confirmed_and_approved() {
    let mut p = pharmacy().await;
    let bytes = file(&[HEAD, &["T001", "A1", "31/01/2027", "2", "hộp", "85.000"], &["T010", "C9", "12/2026", "30", "", ""]]);
    let page = upload(&mut p.bao, p.main, &bytes).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let check = page.location().to_owned();
    let page = p.bao.get(&check).await;
    assert!(page.contains("170.000 đ") && page.contains("Lập phiếu, gửi duyệt"), "{}", page.text);
    let sha = page.input("sha256").expect("the file that was checked");
    assert_eq!(ask(&p.world, "SELECT count(*) FROM inventory_document").await, 0, "looking writes nothing");
    assert_eq!(p.bao.post(&format!("{check}/applied"), &[("sha256", "khác")]).await.status, 422);
    let done = p.bao.post(&format!("{check}/applied"), &[("sha256", &sha)]).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let id = done.location().rsplit('/').next().expect("an id").to_owned();
    assert_eq!(p.bao.post(&format!("{check}/applied"), &[("sha256", &sha)]).await.location(), path(&id), "the second click finds the same paper");
    assert_eq!(approve(&mut p.bao, &id).await.status, 422);
    assert_eq!(approve(&mut p.thuong, &id).await.status, 303);
    assert_eq!(ask(&p.world, "SELECT sum(quantity_milli)::bigint FROM inventory_balance").await, 230_000);
    // The same file again would double the stock.
    let again = upload(&mut p.bao, p.main, &bytes).await.location().to_owned();
    let page = p.bao.post(&format!("{again}/applied"), &[("sha256", &sha)]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("đã được nhập cho kho này"), "{}", page.text);
    let mut other = p.world.sign_in_as("duocsi.84103").await;
    assert_eq!(other.get(&check).await.status, 404);
    assert_eq!(other.post(&format!("{check}/applied"), &[]).await.status, 404);
    assert_books_hold(&p.world).await;
}

#[tokio::test]
async fn a_wrong_sheet_writes_nothing_at_all() {
    let mut p = pharmacy().await;
    let page = upload(&mut p.bao, p.main, b"not a workbook").await;
    assert_eq!(page.status, 422);
    assert!(page.contains("không phải Excel"), "{}", page.text);
    let page = upload(&mut p.bao, p.main, &file(&[&["Tên", "Ghi chú"], &["Amoxicilin", "x"]])).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Không thấy dòng tiêu đề"), "{}", page.text);
    let doubled = file(&[HEAD, &["T001", "A1", "31/01/2027", "2", "", ""], &["T001", "a1", "31/01/2027", "3", "", ""], &["T404", "B", "x", "-1", "", ""]]);
    let check = upload(&mut p.bao, p.main, &doubled).await.location().to_owned();
    let page = p.bao.get(&check).await;
    assert!(page.contains("đã có ở dòng 2") && page.contains("không có trong danh mục") && !page.contains("Lập phiếu, gửi duyệt"), "{}", page.text);
    let sha = { let mut tx = p.world.tx("84101").await; sqlx::query_scalar::<_, String>("SELECT file_sha256 FROM inventory_opening").fetch_one(tx.conn()).await.unwrap() };
    assert_eq!(p.bao.post(&format!("{check}/applied"), &[("sha256", &sha)]).await.status, 422);
    assert_eq!(ask(&p.world, "SELECT (SELECT count(*) FROM inventory_document) + (SELECT count(*) FROM inventory_lot)").await, 0);
    // The template that is handed out passes its own check.
    let template = p.bao.get("/app/stock/opening/template").await;
    let check = upload(&mut p.bao, p.main, &template.bytes).await;
    assert_eq!(check.status, 303, "{}", check.text);
}

/// The rows of the sheet as text and numbers.
async fn turnover(who: &mut Client, from: &str, to: &str) -> Vec<Vec<String>> {
    let page = who.get(&format!("/app/stock/turnover/sheet?from={from}&to={to}")).await;
    assert_eq!(page.status, 200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(page.bytes)).expect("a workbook");
    let range = book.worksheet_range("Nhập xuất tồn").expect("the sheet");
    range.rows().skip(5).map(|row| row.iter().map(|c| match c { Data::Float(n) => format!("{n}"), other => other.to_string() }).collect()).collect()
}

/// Sessions do not outlive the days that the clock jumps.
async fn sign_in_again(p: &mut Pharmacy) {
    p.bao = p.world.sign_in_as("duocsi.84101").await;
    p.thuong = p.world.sign_in_as("duocsi2.84101").await;
}

#[tokio::test]
async fn a_month_asked_again_gives_the_same_across_its_midnight() {
    let mut p = pharmacy().await;
    receive(&mut p, drug("T001"), "1", ["A1", "31/01/2027", "100", "", "1.000"]).await;
    // 30/11 at 23:59 in Vietnam is November, two minutes later is December.
    p.world.clock.advance(TimeDelta::days(6) + TimeDelta::hours(15) + TimeDelta::minutes(59));
    sign_in_again(&mut p).await;
    receive(&mut p, drug("T001"), "2", ["A2", "31/01/2027", "10", "", "1.000"]).await;
    let november = turnover(&mut p.bao, "01/11/2026", "30/11/2026").await;
    p.world.clock.advance(TimeDelta::minutes(2));
    receive(&mut p, drug("T001"), "3", ["A3", "31/01/2027", "1", "", "1.000"]).await;
    assert_eq!(turnover(&mut p.bao, "01/11/2026", "30/11/2026").await, november, "December changes nothing in November");
    let told: Vec<(&str, &str, &str)> = november.iter().map(|r| (r[4].as_str(), r[8].as_str(), r[12].as_str())).collect();
    assert_eq!(told[..2], [("A1", "100", "100"), ("A2", "10", "10")], "{november:?}");
    let december = turnover(&mut p.bao, "01/12/2026", "31/12/2026").await;
    let told: Vec<(&str, &str, &str, &str)> = december.iter().take(3).map(|r| (r[4].as_str(), r[6].as_str(), r[8].as_str(), r[12].as_str())).collect();
    assert_eq!(told, [("A1", "100", "0", "100"), ("A2", "10", "0", "10"), ("A3", "0", "1", "1")]);
}
