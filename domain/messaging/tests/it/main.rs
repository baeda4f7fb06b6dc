//! What people are told of their bookings, and what they answer.

use async_trait::async_trait;
use base::AppointmentId;
use chrono::{NaiveDate, TimeDelta};
use messaging::{Carrier, Link, NotCarried, Post};
use scheduling::{Booker, Channel, Goal, NewBooking, Status, TypedWho, Who};
use std::sync::{Arc, LazyLock, Mutex};
use testkit::{World, demo_id};
use uuid::Uuid;
use web::ask::{Letter, Messages};

const KEY: &str = "a key of the carrier";

/// A carrier that remembers; a number that ends in 0001 is none, in 0003 it is away until told otherwise.
#[derive(Default)]
struct Van {
    carried: Mutex<Vec<(Uuid, String, String)>>,
    is_back: Mutex<bool>,
}

#[async_trait]
impl Carrier for Van {
    async fn carry(&self, id: Uuid, to: &str, text: &str) -> Result<String, NotCarried> {
        if to.ends_with("0001") {
            return Err(NotCarried::Never("no such number".into()));
        }
        if to.ends_with("0003") && !*self.is_back.lock().unwrap() {
            return Err(NotCarried::Later("away".into()));
        }
        let mut carried = self.carried.lock().unwrap();
        if !carried.iter().any(|(known, _, _)| *known == id) {
            carried.push((id, to.to_owned(), text.to_owned()));
        }
        Ok(format!("N{}", carried.len()))
    }
}

static VAN: LazyLock<Arc<Van>> = LazyLock::new(Arc::default);

/// The texts that reached a phone, oldest first.
fn texts(phone: &str) -> Vec<String> {
    VAN.carried.lock().unwrap().iter().filter(|(_, to, _)| to == phone).map(|(_, _, text)| text.clone()).collect()
}

async fn world() -> World {
    messaging::connect(Link { carrier: VAN.clone(), public_url: "https://yba.example".into(), secret: [42; 32], hook_key: KEY.into() });
    let world = World::with(vec![patient::module(), encounter::module(), scheduling::module(), messaging::module()]).await;
    let mut tx = world.tx("84101").await;
    scheduling::seed::write_days(&mut tx, "84101", today(), 8).await.unwrap();
    tx.commit().await.unwrap();
    world
}

/// Tuesday 24 November 2026, eight in the morning, when every test begins.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

async fn booked(world: &World, phone: &str, days: u64, goal: Goal) -> scheduling::Appointment {
    let mut tx = world.tx("84101").await;
    let day = today() + chrono::Days::new(days);
    let times = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NOI"), day, "web").await.unwrap();
    let slot = times.iter().find(|t| t.free > 0 && t.starts_at > tx.now + TimeDelta::hours(4)).unwrap().slot;
    let typed = TypedWho { name: "Lê Văn Sáu".into(), birth: "12/03/1960".into(), phone: phone.into(), sex: "male".into(), ..TypedWho::default() };
    let who = Who::read(&typed, today()).unwrap();
    let booker = Booker { name: "Lê Văn Sáu".into(), phone: phone.into(), relation: "self".into(), ..Booker::default() };
    let made = scheduling::book(&mut tx, &NewBooking::new(AppointmentId::new(), slot, Channel::Web, goal, who, booker)).await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    made
}

async fn write(world: &World, id: &str, from: &str, text: &str) -> u16 {
    let body = serde_json::json!({ "id": id, "from": from, "text": text }).to_string();
    let status = hook(world, "/hook/sms/inbound", &body, &messaging::hook::sign(KEY, body.as_bytes())).await;
    world.drain().await;
    status
}

async fn hook(world: &World, path: &str, body: &str, signature: &str) -> u16 {
    let mut carrier = world.stranger();
    carrier.set_header("x-signature", signature);
    carrier.send(http::Method::POST, path, Some("application/json"), body.as_bytes().to_vec()).await.status
}

async fn now(world: &World, id: AppointmentId) -> scheduling::Appointment {
    let mut tx = world.tx("84101").await;
    scheduling::get(&mut tx, id).await.unwrap()
}

#[tokio::test]
async fn a_booking_is_told_once_and_reminded_in_time() {
    let world = world().await;
    let phone = "0912000111";
    let made = booked(&world, phone, 2, Goal::Confirm).await;
    world.drain().await;
    let told = texts(phone);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&format!("STT {}", made.queue_no.unwrap())) && told[0].contains(&scheduling::code::shown(&made.code)), "{told:?}");
    assert!(told[0].contains("https://yba.example/b/") && told[0].is_ascii());
    assert!(!told[0].contains("Noi") || !told[0].contains("Kham Noi"), "nothing clinical: {}", told[0]);

    // Nine in the morning of the day before; two hours before.
    world.clock.advance(TimeDelta::days(1));
    world.drain().await;
    assert_eq!(texts(phone).len(), 1, "eight is too early");
    world.clock.advance(TimeDelta::hours(1));
    world.drain().await;
    assert!(texts(phone)[1].contains("Tra loi 1"), "{:?}", texts(phone));
    // Half past five would wake people: seven it is.
    world.clock.advance(made.starts_at - TimeDelta::minutes(31) - world.clock.now());
    world.drain().await;
    assert_eq!(texts(phone).len(), 2);
    world.clock.advance(TimeDelta::minutes(1));
    world.drain().await;
    world.drain().await;
    assert_eq!(texts(phone).len(), 3);
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_changed_is_not_reminded_of() {
    let world = world().await;
    let phone = "0912000222";
    let made = booked(&world, phone, 2, Goal::Confirm).await;
    let mut tx = world.tx("84101").await;
    scheduling::change::cancel(&mut tx, made.id, made.version, scheduling::By::Facility, "Bác sĩ nghỉ đột xuất").await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    assert!(texts(phone)[1].contains("Bac si nghi dot xuat"), "{:?}", texts(phone));
    world.clock.advance(TimeDelta::days(3));
    world.drain().await;
    assert_eq!(texts(phone).len(), 2);
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    assert!(desk.get("/app/messages?phone=0912000222&show=dropped").await.contains("Lịch đã đổi"));
    assert!(!world.sign_in_as("tiepnhan.84102").await.get("/app/messages?phone=0912000222").await.contains("Bac si nghi"));
}

#[tokio::test]
async fn one_confirms_two_cancels_and_too_late_is_told() {
    let world = world().await;
    let phone = "0912000333";
    let made = booked(&world, phone, 2, Goal::Confirm).await;
    assert_eq!(write(&world, "in-1", phone, "1").await, 200);
    assert_eq!(now(&world, made.id).await.status, Status::Confirmed);
    assert_eq!(write(&world, "in-2", "+84 912 000 333", "Hủy").await, 200);
    assert_eq!(now(&world, made.id).await.status, Status::Cancelled);
    // Told twice by the carrier it is heard once.
    let before = texts(phone).len();
    assert_eq!(write(&world, "in-2", phone, "Hủy").await, 200);
    assert_eq!(texts(phone).len(), before);

    let late = booked(&world, phone, 1, Goal::Confirm).await;
    world.clock.advance(late.starts_at - TimeDelta::minutes(60) - world.clock.now());
    world.drain().await;
    assert_eq!(write(&world, "in-3", phone, "2").await, 200);
    assert_eq!(now(&world, late.id).await.status, Status::Confirmed);
    assert!(texts(phone).last().unwrap().contains("da qua gio huy"), "{:?}", texts(phone));
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    assert!(desk.get("/app/messages").await.contains("Hủy lịch"));
}

#[tokio::test]
async fn a_booking_is_written_by_message_and_a_full_time_is_answered_with_others() {
    let world = world().await;
    let phone = "0912000444";
    assert_eq!(write(&world, "b-1", phone, "KHAM 84101 NHI 26/11 8h30 Nguyen Minh Khue 10/01/2026").await, 200);
    let mut tx = world.tx("84101").await;
    let made = scheduling::list_of_phone(&mut tx, phone).await.unwrap();
    drop(tx);
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].status, made[0].channel, base::show_time(made[0].starts_at).as_str()), (Status::Pending, Channel::Sms, "08:30"));
    assert!(texts(phone)[0].contains("da nhan dat lich"), "{:?}", texts(phone));
    // The carrier repeats itself: one booking. A time that does not exist is answered with three that do.
    assert_eq!(write(&world, "b-1", phone, "KHAM 84101 NHI 26/11 8h30 Nguyen Minh Khue 10/01/2026").await, 200);
    assert_eq!(write(&world, "b-2", phone, "kham nhi 26/11 8h25 Nguyễn Minh Khuê 10/01/2026").await, 200);
    assert!(texts(phone).last().unwrap().contains("Con trong: "), "{:?}", texts(phone));
    assert_eq!(write(&world, "b-3", phone, &"KHAM ".repeat(400)).await, 200);
    assert!(texts(phone).last().unwrap().contains("Tin thieu"), "{:?}", texts(phone));
    let mut tx = world.tx("84101").await;
    assert_eq!(scheduling::list_of_phone(&mut tx, phone).await.unwrap().len(), 1);
}

#[tokio::test]
async fn forged_receipts_are_refused_and_late_ones_take_nothing_back() {
    let world = world().await;
    let phone = "0912000555";
    booked(&world, phone, 2, Goal::Confirm).await;
    let id = VAN.carried.lock().unwrap().iter().find(|(_, to, _)| to == phone).unwrap().0;
    let receipt = |status: &str| serde_json::json!({ "id": id, "status": status, "reason": "thuê bao tắt máy" }).to_string();
    assert_eq!(hook(&world, "/hook/sms/receipts", &receipt("delivered"), "sha256=00").await, 401);
    assert_eq!(hook(&world, "/hook/sms/receipts", &receipt("delivered"), &messaging::hook::sign("another", receipt("delivered").as_bytes())).await, 401);
    for (status, shown) in [("failed", "Không tới"), ("delivered", "Đã nhận"), ("failed", "Đã nhận")] {
        let body = receipt(status);
        assert_eq!(hook(&world, "/hook/sms/receipts", &body, &messaging::hook::sign(KEY, body.as_bytes())).await, 200);
        let page = world.sign_in_as("tiepnhan.84101").await.get(&format!("/app/messages?phone={phone}")).await;
        assert!(page.text.split("<tbody>").nth(1).unwrap().contains(shown), "{status}: {}", page.text);
    }
    let foreign = serde_json::json!({ "id": Uuid::now_v7(), "status": "delivered" }).to_string();
    assert_eq!(hook(&world, "/hook/sms/receipts", &foreign, &messaging::hook::sign(KEY, foreign.as_bytes())).await, 200);
}

#[tokio::test]
async fn a_carrier_that_was_away_carries_later_and_a_number_that_is_none_is_shown() {
    let world = world().await;
    let away = "0912900003";
    booked(&world, away, 2, Goal::Confirm).await;
    assert!(texts(away).is_empty());
    *VAN.is_back.lock().unwrap() = true;
    world.clock.advance(TimeDelta::minutes(30));
    world.drain().await;
    assert_eq!(texts(away).len(), 1);
    let mut tx = world.tx("84101").await;
    let letter = Letter { key: "code/1".into(), template: "account.code", to: "0912900001", values: vec![("code", "407123".into())], appointment: None, at: None, is_urgent: true };
    for _ in 0..2 {
        Post.send(&mut tx, &letter).await.unwrap();
    }
    assert!(Post.send(&mut tx, &Letter { template: "no.such", key: "x".into(), ..letter.clone() }).await.is_err());
    assert!(Post.send(&mut tx, &Letter { to: "113", key: "y".into(), ..letter.clone() }).await.is_err());
    tx.commit().await.unwrap();
    world.drain().await;
    let mut admin = world.sign_in_as("quantri.84101").await;
    let failed = admin.get("/app/messages?show=failed").await;
    assert!(failed.contains("0912900001") && !failed.contains("407123"), "a code is never read over a shoulder");
    assert_eq!(failed.text.matches("0912900001").count(), 1);
}

#[tokio::test]
async fn reminders_stop_for_who_wants_none_and_when_the_money_is_spent() {
    let world = world().await;
    let (quiet, poor) = ("0912000666", "0912000777");
    booked(&world, quiet, 2, Goal::Confirm).await;
    assert_eq!(write(&world, "s-1", quiet, "Từ chối").await, 200);
    let after = texts(quiet).len();
    let mut admin = world.sign_in_as("quantri.84101").await;
    let wrong = admin.post("/app/messages/settings", &[("price", "nhiều"), ("cap", "1000"), ("day_before", "1")]).await;
    assert!(wrong.status == 422 && wrong.input("price").as_deref() == Some("nhiều"));
    assert_eq!(admin.post("/app/messages/settings", &[("price", "850"), ("cap", "0"), ("day_before", "1"), ("hours_before", "1")]).await.status, 303);
    booked(&world, poor, 2, Goal::Confirm).await;
    assert_eq!(texts(poor).len(), 1, "what answers somebody still goes out");
    world.clock.advance(TimeDelta::hours(25));
    world.drain().await;
    assert_eq!((texts(quiet).len(), texts(poor).len()), (after, 1));
    let mut admin = world.sign_in_as("quantri.84101").await;
    let held = admin.get("/app/messages?show=held").await;
    assert!(held.contains(poor) && held.contains("Đã hết tiền"), "{}", held.text);
    assert_eq!(admin.post("/app/messages/settings", &[("price", "850"), ("day_before", "1")]).await.status, 303);
    let again = held.text.split("action=\"").find(|t| t.contains("/again\"")).and_then(|t| t.split('"').next()).unwrap();
    assert_eq!(world.sign_in_as("quantri.84102").await.post(again, &[]).await.status, 404);
    assert_eq!(admin.post(again, &[]).await.status, 303);
    world.drain().await;
    assert_eq!(texts(poor).len(), 2);

    let marked = admin.post("/app/messages/wordings/appointment.reminder", &[("words", "Nhắc lịch {when}")]).await;
    assert!(marked.status == 422 && marked.contains("Viết không dấu"));
    assert_eq!(admin.post("/app/messages/wordings/appointment.reminder", &[("words", "Nhac lich {when} {diagnosis}")]).await.status, 422);
    assert_eq!(admin.post("/app/messages/wordings/appointment.confirmed", &[("words", "Hen gap {when} STT {number}")]).await.status, 303);
    let new = "0912000888";
    booked(&world, new, 4, Goal::Confirm).await;
    assert!(texts(new)[0].starts_with("Hen gap "), "{:?}", texts(new));
}
