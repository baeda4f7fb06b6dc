//! Life as a customer: trial, paying, upgrade to the đồng, running out, coming back, going down, branches, allowances.

use crate::clinic::{arrive, back, days_later, money, newest_invoice, on_trial, open};
use organization::package::{self, State};
use subscription::arrival::Taken;
use subscription::message::{Message, send_for_clinic};
use testkit::{Client, World};
use uuid::Uuid;

async fn order(owner: &mut Client, what: &str, fields: &[(&str, &str)]) -> testkit::Page {
    let id = Uuid::now_v7().to_string();
    let mut all = vec![("id", id.as_str())];
    all.extend_from_slice(fields);
    owner.post(&format!("/app/subscription/{what}"), &all).await
}

/// Pays the newest invoice.
async fn pay(world: &World, number: &str) -> i64 {
    let (words, amount) = newest_invoice(world).await;
    assert_eq!(arrive(world, &money(world, number, &words, amount)).await.unwrap(), Taken::Paid);
    amount
}

async fn state(world: &World, code: &str) -> (State, String) {
    let mut owner = world.database.owner().await;
    let facility: i32 = sqlx::query_scalar("SELECT facility_id FROM organization_facility WHERE code = $1").bind(code).fetch_one(&mut owner).await.unwrap();
    let periods = package::periods(&mut owner, base::FacilityId(facility)).await.unwrap();
    let standing = package::standing_on(&periods, world.clock.today());
    (standing.state, standing.package)
}

#[tokio::test]
async fn a_year_of_a_small_clinic() {
    let world = open().await;
    let mut owner = on_trial(&world, "0912345678", "84555", "BASIC").await;
    // Inside the trial a bigger package costs nothing, and going back neither.
    assert!(owner.get("/app/subscription").await.contains("Chuyển sang STANDARD"));
    assert_eq!(order(&mut owner, "upgrades", &[("package", "STANDARD")]).await.location(), "/app/subscription");
    assert_eq!(state(&world, "84555").await, (State::Trial, "STANDARD".into()));
    // The next renewal is wished smaller; nothing changes before.
    assert_eq!(order(&mut owner, "next", &[("package", "BASIC")]).await.status, 303);
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("Sẽ ẩn, không xóa") && page.contains("Lần gia hạn tới chuyển sang"), "{}", page.text);
    // 24/11 is the first day of fourteen: the eighth is the first that warns.
    days_later(&world, 7);
    let mut owner = back(&world, "84555").await;
    assert!(owner.get("/app/subscription").await.contains("dùng đến hết ngày 07/12/2026, còn 6 ngày"));
    assert_eq!(order(&mut owner, "renewals", &[("months", "1")]).await.status, 303);
    assert_eq!(pay(&world, "GL1").await, 350_000);
    // The trial keeps its days; the paid month follows, smaller as wished.
    assert_eq!(state(&world, "84555").await, (State::Warning, "STANDARD".into()));
    days_later(&world, 7);
    assert_eq!(state(&world, "84555").await, (State::Active, "BASIC".into()));
    // Half of the month later the bigger one is bought: 08/12–07/01 are 31 days, 16 are left.
    days_later(&world, 15);
    let mut owner = back(&world, "84555").await;
    let invoice = order(&mut owner, "upgrades", &[("package", "STANDARD")]).await;
    let shown = owner.get(invoice.location()).await;
    assert!(shown.contains("Nâng gói BASIC lên STANDARD") && shown.contains("154.839 đ"), "{}", shown.text);
    assert_eq!(pay(&world, "GL2").await, 154_839);
    assert_eq!(state(&world, "84555").await, (State::Active, "STANDARD".into()));
    assert!(owner.get("/app/subscription").await.contains("07/01/2027"), "an upgrade moves no day");
    assert!(owner.get(invoice.location()).await.contains("Đã nhận tiền"));
    let paper = owner.get(&format!("{}/paper.pdf", invoice.location())).await;
    assert!(paper.contains("PHIẾU THU PHÍ SỬ DỤNG PHẦN MỀM") && paper.contains("154839"), "{}", paper.text);
}

#[tokio::test]
async fn what_runs_out_can_be_read_and_comes_back_whole() {
    let world = open().await;
    let mut owner = on_trial(&world, "0912345678", "84555", "STANDARD").await;
    let room = owner.get("/app/catalogue/rooms").await.input("id").unwrap();
    assert!(room.len() > 30);
    days_later(&world, 14);
    let mut owner = back(&world, "84555").await;
    assert_eq!(state(&world, "84555").await.0, State::Grace);
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("Gia hạn trước hết ngày 14/12/2026"), "{}", page.text);
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303, "grace is no punishment");
    days_later(&world, 7);
    let mut owner = back(&world, "84555").await;
    assert_eq!(state(&world, "84555").await.0, State::ReadOnly);
    let refused = owner.post("/app/catalogue/facility/settings", &[]).await;
    assert!(refused.status == 403 && refused.contains("Chỉ còn xem được"), "{}", refused.text);
    // Reading, the own account and being a customer stay open.
    assert!(owner.get("/app/catalogue/services").await.contains("Khám Nội"));
    assert!(owner.get("/app/catalogue/services").await.contains("chỉ xem và tải dữ liệu về được"));
    assert_eq!(owner.post("/account/password", &[]).await.status, 422);
    assert_eq!(order(&mut owner, "exports", &[]).await.status, 303);
    assert_eq!(order(&mut owner, "upgrades", &[("package", "STANDARD")]).await.status, 422);
    let invoice = order(&mut owner, "renewals", &[("months", "12")]).await;
    assert_eq!(invoice.status, 303);
    assert_eq!(pay(&world, "GL1").await, 12 * 650_000);
    // Open with the next click, from the day of the money, with the month on top.
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[]).await.status, 303);
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("14/01/2028"), "{}", page.text);
}

#[tokio::test]
async fn an_upgrade_must_be_paid_on_its_day() {
    let world = open().await;
    let mut owner = on_trial(&world, "0912345678", "84555", "BASIC").await;
    order(&mut owner, "renewals", &[("months", "1")]).await;
    pay(&world, "GL1").await;
    days_later(&world, 14);
    let mut owner = back(&world, "84555").await;
    let id = Uuid::now_v7().to_string();
    for _ in 0..2 {
        assert_eq!(owner.post("/app/subscription/upgrades", &[("id", &id), ("package", "STANDARD")]).await.status, 303);
    }
    assert_eq!(crate::clinic::count(&world, "SELECT count(*) FROM subscription_invoice WHERE kind = 'upgrade'").await, 1);
    let (words, amount) = newest_invoice(&world).await;
    days_later(&world, 1);
    assert_eq!(arrive(&world, &money(&world, "GL2", &words, amount)).await.unwrap(), Taken::Unmatched("late"));
    assert_eq!(state(&world, "84555").await.1, "BASIC");
}

#[tokio::test]
async fn another_clinics_invoice_is_not_found() {
    let world = open().await;
    let mut owner = on_trial(&world, "0912345678", "84555", "BASIC").await;
    let invoice = order(&mut owner, "renewals", &[("months", "1")]).await.location().to_owned();
    let mut other = world.sign_in_as("quantri.84102").await;
    assert_eq!(other.get(&invoice).await.status, 404);
    assert_eq!(other.get(&format!("{invoice}/paper.pdf")).await.status, 404);
    let mut doctor = world.sign_in_as("bacsi.84102").await;
    assert_eq!(doctor.get("/app/subscription").await.status, 403);
    assert_eq!(owner.get(&invoice).await.status, 200);
}

#[tokio::test]
async fn an_owner_of_two_clinics_goes_from_one_to_the_other() {
    let world = open().await;
    on_trial(&world, "0912345678", "84555", "BASIC").await;
    world.clock.advance(chrono::TimeDelta::minutes(2));
    let mut owner = on_trial(&world, "0912345678", "84556", "STANDARD").await;
    let page = owner.get("/app/subscription/branches").await;
    assert!(page.contains("84555") && page.contains("84556"), "{}", page.text);
    assert_eq!(owner.post("/app/subscription/branches/84101", &[]).await.status, 404);
    assert_eq!(owner.post("/app/subscription/branches/84555", &[]).await.location(), "/app");
    assert!(owner.get("/app/catalogue/facility").await.contains("84555"));
    // Staff of a branch, even its second administrator, own nothing.
    let mut stranger = world.sign_in_as("quantri.84101").await;
    assert!(stranger.get("/app/subscription/branches").await.contains("chưa đứng tên cơ sở nào"));
    assert_eq!(stranger.post("/app/subscription/branches/84555", &[]).await.status, 404);
}

#[tokio::test]
async fn messages_stop_at_the_allowance_of_the_month() {
    let world = open().await;
    let sms = |text: &str| Message { id: Uuid::now_v7(), kind: "sms".into(), to: "0900000001".into(), subject: String::new(), text: text.into() };
    let mut tx = world.tx("84102").await;
    for _ in 0..20 {
        send_for_clinic(&mut tx, &sms(&"a".repeat(1530))).await.unwrap();
    }
    let twice = sms("Nhac tai kham");
    let refused = send_for_clinic(&mut tx, &twice).await.unwrap_err();
    assert!(format!("{refused:?}").contains("200/200 tin nhắn"), "{refused:?}");
    tx.commit().await.unwrap();
    days_later(&world, 7);
    let mut tx = world.tx("84102").await;
    send_for_clinic(&mut tx, &twice).await.unwrap();
    send_for_clinic(&mut tx, &twice).await.unwrap();
    assert_eq!(subscription::message::sms_used(&mut tx, world.clock.today()).await.unwrap(), 1, "the same message counts once");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_daily_round_keeps_each_day_once_and_tells_when_a_state_turns() {
    let world = open().await;
    on_trial(&world, "0912345678", "84555", "BASIC").await;
    let folder = world.database.files_folder();
    let round = || subscription::usage::daily_round(&world.db, world.clock.now(), &folder);
    assert_eq!(round().await.unwrap(), 7);
    assert_eq!(round().await.unwrap(), 0);
    days_later(&world, 14);
    assert_eq!(round().await.unwrap(), 7);
    let turned = "SELECT count(*) FROM db_event WHERE kind = 'SubscriptionChanged' AND at > '2026-12-01'";
    assert_eq!(crate::clinic::count(&world, turned).await, 1);
}
