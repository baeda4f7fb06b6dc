//! Revenue and takings equal the ledger to the đồng, and yesterday stays yesterday.

use crate::clinic::{Clinic, world};
use base::Vnd;
use calamine::{Data, Reader, Xlsx};
use reporting::period::Period;
use reporting::revenue::{Breakdown, report};
use std::io::Cursor;

#[tokio::test]
async fn every_breakdown_adds_up_to_the_ledger() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let (today, yesterday) = (clinic.today, clinic.today.pred_opt().unwrap());
    for (period, earned, taken) in [
        (Period::day(yesterday), 199_700, 199_700),
        (Period::day(today), 273_101 - 49_700, 223_101 - 49_700),
        (Period { from: yesterday, to: today }, 423_101, 373_101),
    ] {
        for by in Breakdown::ALL {
            let mut tx = world.tx("84101").await;
            let report = report(&mut tx, by, period).await.unwrap();
            let expected = Vnd(if by.is_taken() { taken } else { earned });
            assert_eq!(report.sum.net(), expected, "{by:?} {}", period.shown());
            assert!(report.agrees(), "{by:?} {}", period.shown());
        }
    }
}

#[tokio::test]
async fn the_lines_say_who_and_what() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let period = Period { from: clinic.today.pred_opt().unwrap(), to: clinic.today };
    for (by, expected) in [
        (Breakdown::Doctor, vec![("BS. Lê Hoàng Phúc", "2", 300_000), ("BS. Nguyễn Thị Lan", "1", 123_101)]),
        (Breakdown::Cashier, vec![("thungan", "3", 250_000), ("thungan2", "1", 123_101)]),
        (Breakdown::Method, vec![("Tiền mặt", "2", 150_000), ("Chuyển khoản", "1", 123_101), ("Thẻ", "1", 100_000)]),
        (
            Breakdown::Service,
            vec![("Khám Nội", "2", 300_000), ("Khám Nhi", "1", 120_000), ("Tổng phân tích tế bào máu", "0", 0), ("Paracetamol 500 mg", "1", 3_101)],
        ),
    ] {
        let mut tx = world.tx("84101").await;
        let report = report(&mut tx, by, period).await.unwrap();
        let lines: Vec<_> = report.lines.iter().map(|l| (report.label(l).to_owned(), l.count(), l.net().0)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(l, c, a)| (l.to_owned(), c.to_owned(), a)).collect();
        assert_eq!(lines, expected, "{by:?}");
    }
}

#[tokio::test]
async fn a_past_day_stays_as_it_was() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let day = clinic.today;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let address = format!("/app/reports/revenue?from={day}&to={day}&by=service");
    let before = owner.get(&address).await;
    assert!(before.contains("223.401"), "{}", before.text);
    // A week later money of that visit is given back and the report of the day is asked for again.
    world.clock.advance(chrono::TimeDelta::days(7));
    let mut later = Clinic::of(&world, "84101").await;
    let seen = later.visit("Trần Thị Diễm", "bacsi", 0, 0).await;
    later.charge(seen, "exam", "Khám Nội", 999_000).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let again = owner.get(&address).await;
    let table = |text: &str| text.split("<table").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
    assert_eq!(table(&before.text), table(&again.text));
}

#[tokio::test]
async fn the_sheet_says_what_the_screen_says() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let (to, from) = (clinic.today, clinic.today.pred_opt().unwrap());
    let mut owner = world.sign_in_as("quantri.84101").await;
    for (by, total) in [("day", 423_101.0), ("doctor", 423_101.0), ("service", 423_101.0), ("cashier", 373_101.0), ("method", 373_101.0)] {
        let page = owner.get(&format!("/app/reports/revenue?from={from}&to={to}&by={by}")).await;
        assert!(page.contains(&Vnd(total as i64).digits()) && page.contains("Khớp sổ cái"), "{by}: {}", page.text);
        let file = owner.get(&format!("/app/reports/revenue.xlsx?from={from}&to={to}&by={by}")).await;
        assert_eq!(file.status, 200, "{by}");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).expect("a workbook");
        let sheet = book.worksheet_range_at(0).expect("a sheet").expect("cells");
        let sum = sheet.rows().find(|row| row[0] == Data::String("Cộng".into())).expect("a sum");
        assert_eq!(sum.iter().rev().find(|cell| !cell.to_string().is_empty()), Some(&Data::Float(total)), "{by}");
    }
}

#[tokio::test]
async fn the_owner_sees_the_day_at_a_glance() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/reports").await;
    assert_eq!(page.status, 200);
    for expected in ["223.401 đ", "173.401 đ", "BS. Lê Hoàng Phúc", "phút chờ khám", "<b>15</b>", "Khớp sổ cái", "lượt khám"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
}

#[tokio::test]
async fn another_clinic_and_people_without_the_right_see_nothing() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let mut other = world.sign_in_as("quantri.84102").await;
    let page = other.get("/app/reports/revenue?by=doctor").await;
    assert!(!page.contains("Lê Hoàng Phúc") && page.contains("Chưa có số liệu"), "{}", page.text);
    let mut cashier = world.sign_in_as("thungan.84101").await;
    for path in ["/app/reports", "/app/reports/revenue", "/app/reports/visits", "/app/reports/revenue.xlsx", "/app/reports/visits.xlsx"] {
        assert_eq!(cashier.get(path).await.status, 403, "{path}");
    }
    let mut insurance = world.sign_in_as("bhyt.84101").await;
    assert_eq!(insurance.get("/app/reports/visits").await.status, 200);
    assert_eq!(insurance.get("/app/reports/visits.xlsx").await.status, 403);
}

#[tokio::test]
async fn an_impossible_period_is_told_beside_the_field() {
    let world = world().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    for (query, text) in [
        ("from=31/02/2026", "Ngày này không có"),
        ("from=2026-11-24&to=2026-11-20", "Đến ngày phải từ 24/11/2026"),
        ("from=2020-01-01&to=2026-11-20", "tối đa một năm"),
        ("from=2099-01-01&to=2099-01-02", "chưa tới"),
    ] {
        for path in ["/app/reports/revenue", "/app/reports/visits", "/app/reports/revenue.xlsx", "/app/reports/visits.xlsx"] {
            let page = owner.get(&format!("{path}?{query}")).await;
            assert_eq!(page.status, 422, "{path} {query}");
            assert!(page.contains(text), "{path} {query}: {}", page.text);
        }
    }
    for query in ["by=nonsense", "doctor=x&room=y&status=z&after=w", "from=&to="] {
        assert_eq!(owner.get(&format!("/app/reports/revenue?{query}")).await.status, 200, "{query}");
        assert_eq!(owner.get(&format!("/app/reports/visits?{query}")).await.status, 200, "{query}");
    }
}
