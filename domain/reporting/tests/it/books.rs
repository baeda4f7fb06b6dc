//! The books: a day that stays as it was, debts, follow-ups, medicines and their lots, a statement of shares, the owner's hand.

use crate::clinic::{Clinic, world};
use calamine::{Data, Reader, Xlsx};
use chrono::{Days, TimeDelta};
use std::io::Cursor;
use testkit::{World, demo_id};
use uuid::Uuid;

fn tables(text: &str) -> Vec<String> {
    text.split("<table").skip(1).map(|t| t.split("</table>").next().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn the_book_of_a_day_agrees_with_the_ledger_and_never_changes_again() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let today = clinic.today;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let address = format!("/app/reports/daily?from={today}");
    let before = owner.get(&address).await;
    assert_eq!(before.status, 200);
    for expected in ["Khớp sổ cái", "Theo thu ngân", "Theo hình thức", "Theo nhóm dịch vụ", "Theo bác sĩ", "Ca thu", "223.401", "173.401"] {
        assert!(before.contains(expected), "{expected} in {}", before.text);
    }
    // At half past midnight, and a week later, the day is asked for again: charges written meanwhile stand on their own day.
    for hours in [17, 7 * 24] {
        world.clock.advance(TimeDelta::hours(hours));
        let mut later = Clinic::of(&world, "84101").await;
        let seen = later.visit("Trần Thị Diễm", "bacsi", 0, 0).await;
        later.charge(seen, "exam", "Khám Nội", 999_000).await;
        let mut owner = world.sign_in_as("quantri.84101").await;
        let (then, now) = (tables(&before.text), tables(&owner.get(&address).await.text));
        // The open drawers of the day are not in a day that has passed: they belong to the day they are counted on.
        assert_eq!(then[..4], now[..4], "after {hours} hours");
    }
}

#[tokio::test]
async fn sheet_and_paper_say_what_the_screen_says() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let today = clinic.today;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let file = owner.get(&format!("/app/reports/daily.xlsx?from={today}")).await;
    assert_eq!(file.status, 200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).expect("a workbook");
    for (sheet, total) in [("Theo thu ngân", 173_401.0), ("Theo hình thức", 173_401.0), ("Theo nhóm dịch vụ", 223_401.0), ("Theo bác sĩ", 223_401.0)] {
        let sheet = book.worksheet_range(sheet).expect(sheet);
        let sum = sheet.rows().find(|row| row[0] == Data::String("Cộng".into())).expect("a sum");
        assert_eq!(sum.iter().rev().find(|cell| !cell.to_string().is_empty()), Some(&Data::Float(total)));
    }
    for path in ["daily", "debts", "follow-ups", "drugs", "lots", "revenue", "visits"] {
        let paper = owner.get(&format!("/app/reports/{path}/pdf?from={today}&to={today}")).await;
        assert_eq!(paper.status, 200, "{path}");
        assert!(paper.text.starts_with("%PDF-plain report"), "{path}: {}", paper.text);
        let sheet = owner.get(&format!("/app/reports/{path}.xlsx?from={today}&to={today}")).await;
        assert_eq!(sheet.status, 200, "{path}");
    }
    let paper = owner.get(&format!("/app/reports/daily/pdf?from={today}")).await;
    assert!(paper.contains("223.401") && paper.contains("Khớp sổ cái từng đồng"), "{}", paper.text);
}

#[tokio::test]
async fn who_owes_and_since_when() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    for (name, days_ago) in [("Nguyễn Văn An", 40), ("Võ Thanh Liêm", 10), ("Lê Thị Út", 1), ("Trần Thị Diễm", 0)] {
        let seen = clinic.visit(name, "bacsi", days_ago, 0).await;
        clinic.charge(seen, "exam", "Khám Nội", 150_000).await;
        clinic.pay(seen, "cash", 50_000, "thungan").await;
    }
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/reports/debts").await;
    for expected in ["Trên 30 ngày", "8–30 ngày", "Trong 7 ngày", "300.000 đ", "Nguyễn Văn An", "Võ Thanh Liêm", "Lê Thị Út"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
    assert!(!page.contains("Trần Thị Diễm"), "who is still in the house owes nothing yet");
    let mut other = world.sign_in_as("quantri.84102").await;
    assert!(other.get("/app/reports/debts").await.contains("Không ai còn nợ"));
}

#[tokio::test]
async fn who_was_asked_to_come_again_and_who_did() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    let an = clinic.visit("Nguyễn Văn An", "bacsi", 7, 0).await;
    let ut = clinic.visit("Lê Thị Út", "bacsi.lan", 7, 30).await;
    let today = clinic.today;
    clinic.asked_again(an, today + Days::new(1)).await;
    clinic.asked_again(ut, today).await;
    clinic.comes_back(ut).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/reports/follow-ups").await;
    let [waiting, came] = &tables(&page.text)[..] else { panic!("two tables in {}", page.text) };
    assert!(waiting.contains("Nguyễn Văn An") && !waiting.contains("Lê Thị Út"), "{waiting}");
    assert!(came.contains("Lê Thị Út"), "{came}");
    let tomorrow = today + Days::new(1);
    let page = owner.get(&format!("/app/reports/follow-ups?from={tomorrow}&to={tomorrow}")).await;
    assert!(page.contains("Nguyễn Văn An") && !page.contains("Lê Thị Út"), "{}", page.text);
    world.drain().await;
    let mut tx = world.tx("84101").await;
    let reads: i64 = sqlx::query_scalar("SELECT count(*) FROM db_audit WHERE entity = 'follow-ups'").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(reads, 2, "looking at names and diagnoses is remembered");
}

#[tokio::test]
async fn a_lot_earns_its_part_of_the_line() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    let an = clinic.visit("Nguyễn Văn An", "bacsi", 0, 0).await;
    // 14 tablets for 11.900 đ: ten of lot A1 that cost 5.000 đ, four of lot B2 that cost 2.400 đ.
    let line = clinic.sell_drug(an, "T001", 14_000, 11_900).await;
    clinic.take_lot("T001", "A1", line, 10_000, 5_000).await;
    clinic.take_lot("T001", "B2", line, 4_000, 2_400).await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/reports/lots").await;
    for expected in ["A1", "B2", "8.500", "3.500", "3.400", "1.000", "7.400", "4.500 đ"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
    let page = owner.get("/app/reports/drugs").await;
    for expected in ["11.900", "7.400", "4.500"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
    // A clinic that bought no stock has no such page, however it asks.
    let mut basic = world.sign_in_as("quantri.84102").await;
    for path in ["drugs", "lots", "drugs.xlsx", "lots/pdf", "daily", "daily.xlsx", "daily/pdf"] {
        assert_eq!(basic.get(&format!("/app/reports/{path}")).await.status, 403, "{path}");
    }
}

/// A closed statement of a doctor's November.
async fn statement(world: &World, doctor: &str) -> Uuid {
    let mut tx = world.tx("84101").await;
    let (id, rule) = (Uuid::now_v7(), Uuid::now_v7());
    for (sql, name) in [
        ("INSERT INTO billing_share_rule (facility_id, rule_id, role, percent_bp, valid_from, made_at, by_account, by_name) VALUES (1, $2, 'doctor', 4000, '2026-11-01', now(), $1, $3::text)", "x"),
        ("INSERT INTO billing_statement (facility_id, statement_id, month, person_id, person_name, total_vnd, closed_at, closed_by, closed_name) VALUES (1, $1, '2026-11-01', $2, $3, 60000, now(), $1, 'Kế toán')", doctor),
        ("INSERT INTO billing_statement_line (facility_id, statement_id, row_id, role, rule_id, day, name, base_vnd, share_vnd) VALUES (1, $1, gen_random_uuid(), 'doctor', $2, '2026-11-24', $3, 150000, 60000)", "Khám Nội"),
    ] {
        let second = if sql.contains("billing_statement (") { demo_id("84101", "staff", doctor) } else { rule };
        sqlx::query(sql).bind(id).bind(second).bind(name).execute(tx.conn()).await.unwrap();
    }
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_doctor_sees_the_own_statement_and_no_other() {
    let world = world().await;
    let id = statement(&world, "bacsi").await;
    let mut own = world.sign_in_as("bacsi.84101").await;
    let page = own.get(&format!("/app/reports/payouts/{id}")).await;
    assert!(page.contains("60.000") && page.contains("40 %") && page.contains("Khám Nội"), "{}", page.text);
    let mut colleague = world.sign_in_as("bacsi.lan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let mut elsewhere = world.sign_in_as("quantri.84102").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    for ending in ["", "/xlsx", "/pdf"] {
        let path = format!("/app/reports/payouts/{id}{ending}");
        assert_eq!(colleague.get(&path).await.status, 404, "{path}");
        assert_eq!(elsewhere.get(&path).await.status, 404, "{path}");
        assert_eq!(cashier.get(&path).await.status, 403, "{path}");
        assert_eq!(owner.get(&path).await.status, 200, "{path}");
        assert_eq!(own.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_owner_holds_the_day_in_one_hand() {
    let world = world().await;
    let mut clinic = Clinic::of(&world, "84101").await;
    clinic.two_days().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    let page = owner.get("/app/owner").await;
    assert_eq!(page.status, 200);
    for expected in ["223.401 đ", "173.401 đ", "BS. Lê Hoàng Phúc", "Chia thù lao tháng 11", "Không có việc nào đang chờ"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
    assert_eq!(world.sign_in_as("dieuduong.84101").await.get("/app/owner").await.status, 403);
}
