//! The visit register: every visit once, in the order of arrival, page after page.

use crate::clinic::{Clinic, world};
use calamine::{Data, Reader, Xlsx};
use std::io::Cursor;

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    for i in 0..205 {
        clinic.visit(&format!("Người thứ {i:03}"), "bacsi", i / 100, (i % 100) as i64 / 2).await;
    }
    let mut owner = world.sign_in_as("quantri.84101").await;
    let (to, from) = (clinic.today, clinic.today - chrono::Days::new(5));
    let mut address = format!("/app/reports/visits?from={from}&to={to}");
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = owner.get(&address).await;
        assert_eq!(page.status, 200);
        assert!(page.contains("<b>205</b>lượt khám"), "{address}");
        seen.extend(page.text.split("Người thứ ").skip(1).map(|rest| rest[..3].parse::<u32>().unwrap()));
        pages += 1;
        let links = page.text.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
        let Some(more) = links.into_iter().find(|link| link.contains("after=2026")) else { break };
        address = more.replace("&amp;", "&");
    }
    assert_eq!((pages, seen.len()), (3, 205));
    seen.sort_unstable();
    assert!(seen.iter().copied().eq(0..205));
}

#[tokio::test]
async fn the_sheet_holds_the_whole_period_as_text_that_excel_does_not_run() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let (to, from) = (clinic.today, clinic.today.pred_opt().unwrap());
    let mut owner = world.sign_in_as("quantri.84101").await;
    let file = owner.get(&format!("/app/reports/visits.xlsx?from={from}&to={to}")).await;
    assert_eq!(file.status, 200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).expect("a workbook");
    let sheet = book.worksheet_range("Sổ khám bệnh").expect("the register");
    let names: Vec<String> = sheet.rows().skip(5).map(|row| row[5].to_string()).collect();
    assert_eq!(names, ["Nguyễn Văn An", "Võ Thanh Liêm", "Lê Thị Út"]);
    assert_eq!(sheet.get((5, 13)), Some(&Data::String("J02.9 =Viêm họng cấp tính, không xác định".into())));
    assert!(book.worksheet_formula("Sổ khám bệnh").unwrap().used_cells().next().is_none());
}

#[tokio::test]
async fn filters_narrow_and_reading_is_remembered() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let doctor = testkit::demo_id("84101", "staff", "bacsi.lan");
    let page = owner.get(&format!("/app/reports/visits?doctor={doctor}")).await;
    assert!(page.contains("Võ Thanh Liêm") && !page.contains("Lê Thị Út"), "{}", page.text);
    assert!(page.contains("J02.9"));
    world.drain().await;
    let mut tx = world.tx("84101").await;
    let reads: i64 = sqlx::query_scalar("SELECT count(*) FROM db_audit WHERE entity = 'visit_register'")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(reads, 1);
}
