//! Mornings at the screen in the hall.

use base::{AppointmentId, EncounterId};
use chrono::{NaiveDate, TimeDelta};
use scheduling::{Booker, Channel, Goal, NewBooking, Status, TypedWho, Who};
use testkit::{Page, World, demo_id};

const CARD: &str = "084185012345||Trần Thị Bông|05091985|Nữ|Ấp 3, Phường Long Châu, Vĩnh Long|01012022";

async fn world() -> World {
    let world = World::with(vec![patient::module(), encounter::module(), scheduling::module(), kiosk::module()]).await;
    let mut tx = world.tx("84101").await;
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    scheduling::seed::write_days(&mut tx, "84101", today, 3).await.unwrap();
    tx.commit().await.unwrap();
    world
}

/// The address of a new screen, as staff see it once.
async fn screen(world: &World) -> String {
    let mut admin = world.sign_in_as("quantri.84101").await;
    let page = admin.post("/app/kiosks", &[("name", "Sảnh tầng 1")]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let at = page.text.find("/kiosk/").unwrap();
    page.text[at..].split(['<', '"']).next().unwrap().to_owned()
}

async fn booked(world: &World, cccd: &str, phone: &str, birth: &str) -> scheduling::Appointment {
    let mut tx = world.tx("84101").await;
    let today = base::local_date(tx.now);
    let times = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NOI"), today, "web").await.unwrap();
    let slot = times.iter().find(|t| t.free > 0 && t.starts_at > tx.now + TimeDelta::minutes(70)).unwrap().slot;
    let typed = TypedWho { name: "Lê Văn Sáu".into(), birth: birth.into(), sex: "male".into(), phone: phone.into(), cccd: cccd.into(), ..TypedWho::default() };
    let who = Who::read(&typed, today).unwrap();
    let booker = Booker { name: "Lê Văn Sáu".into(), phone: phone.into(), relation: "self".into(), ..Booker::default() };
    let made = scheduling::book(&mut tx, &NewBooking::new(AppointmentId::new(), slot, Channel::Web, Goal::Confirm, who, booker)).await.unwrap();
    tx.commit().await.unwrap();
    made
}

fn number(page: &Page) -> &str {
    page.text.split("class=\"k-number\" data-no-translate>").nth(1).and_then(|t| t.split('<').next()).unwrap_or("")
}

#[tokio::test]
async fn who_booked_keeps_the_number_by_code_and_by_phone_and_a_second_touch_changes_nothing() {
    let world = world().await;
    let place = screen(&world).await;
    let made = booked(&world, "", "0900000066", "12/03/1960").await;
    let mut hall = world.stranger();
    assert!(hall.get(&place).await.contains("Mời bà con lấy số"));
    let id = hall.get(&format!("{place}/code")).await.input("id").unwrap();
    let shown = scheduling::code::shown(&made.code).to_lowercase();
    let page = hall.post(&format!("{place}/scan"), &[("id", &id), ("from", "code"), ("code", &shown)]).await;
    assert_eq!((page.status, number(&page)), (200, made.queue_no.unwrap().to_string().as_str()), "{}", page.text);
    assert!(!page.contains("Lê Văn Sáu"), "the hall reads no names");
    let again = hall.post(&format!("{place}/phone"), &[("phone", "0900000066"), ("year", "1960")]).await;
    assert_eq!(number(&again), number(&page));
    let mut tx = world.tx("84101").await;
    let arrived = scheduling::get(&mut tx, made.id).await.unwrap();
    assert_eq!((arrived.status, arrived.encounter), (Status::Arrived, Some(id.parse::<EncounterId>().unwrap())));
}

#[tokio::test]
async fn a_card_without_a_booking_chooses_a_room_once() {
    let world = world().await;
    let place = screen(&world).await;
    let mut hall = world.stranger();
    let rooms = hall.post(&format!("{place}/scan"), &[("from", "card"), ("code", CARD)]).await;
    assert!(rooms.contains("Khám ở phòng nào?"), "{}", rooms.text);
    let (id, room) = (rooms.input("id").unwrap(), demo_id("84101", "room", "NOI1").to_string());
    let form = [("id", id.as_str()), ("card", CARD), ("room", &room)];
    let page = hall.post(&format!("{place}/number"), &form).await;
    assert_eq!((page.status, number(&page)), (200, "1"), "{}", page.text);
    // A second number in the same line is not given; the room of another house is not known.
    let twice = hall.post(&format!("{place}/number"), &[("card", CARD), ("room", &room)]).await;
    assert_eq!(twice.status, 422);
    let foreign = demo_id("84102", "room", "GD1").to_string();
    assert_eq!(hall.post(&format!("{place}/number"), &[("card", CARD), ("room", &foreign)]).await.status, 404);
}

#[tokio::test]
async fn guesses_end_and_a_screen_that_was_closed_opens_nothing() {
    let world = world().await;
    let place = screen(&world).await;
    booked(&world, "", "0900000066", "12/03/1960").await;
    let mut hall = world.stranger();
    for bad in ["abc", "12"] {
        assert_eq!(hall.post(&format!("{place}/phone"), &[("phone", bad), ("year", "1960")]).await.status, 422);
    }
    for year in 1961..1971 {
        let page = hall.post(&format!("{place}/phone"), &[("phone", "0900000066"), ("year", &year.to_string())]).await;
        assert!(page.status == 422 && page.contains("Không có lịch hẹn nào hôm nay"));
    }
    let locked = hall.post(&format!("{place}/phone"), &[("phone", "0900000066"), ("year", "1960")]).await;
    assert!(locked.status == 422 && locked.contains("tạm ngừng"), "{}", locked.text);
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(hall.post(&format!("{place}/phone"), &[("phone", "0900000066"), ("year", "1960")]).await.status, 200);
    let mut admin = world.sign_in_as("quantri.84101").await;
    let list = admin.get("/app/kiosks").await;
    let end = list.text.split("action=\"").find(|t| t.contains("/end\"")).and_then(|t| t.split('"').next()).unwrap().to_owned();
    let mut other = world.sign_in_as("quantri.84102").await;
    assert_eq!(other.post(&end, &[]).await.status, 404);
    assert_eq!(admin.post(&end, &[]).await.status, 303);
    assert_eq!(hall.get(&place).await.status, 404);
    assert_eq!(hall.get("/kiosk/doan-mo").await.status, 404);
}

#[tokio::test]
async fn who_needs_help_is_seen_at_the_desk_until_somebody_goes() {
    let world = world().await;
    let place = screen(&world).await;
    let mut hall = world.stranger();
    let id = hall.get(&place).await.input("id").unwrap();
    for _ in 0..2 {
        assert!(hall.post(&format!("{place}/help"), &[("id", &id)]).await.contains("Nhân viên đang tới"));
    }
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let today = desk.get("/app/reception").await;
    assert_eq!(today.text.matches("Có người cần giúp ở kiosk").count(), 1, "{}", today.text);
    assert_eq!(desk.post(&format!("/app/kiosks/help/{id}/answer"), &[]).await.status, 303);
    assert!(!desk.get("/app/reception").await.contains("Có người cần giúp"));
    assert_eq!(world.sign_in_as("tiepnhan.84102").await.post(&format!("/app/kiosks/help/{id}/answer"), &[]).await.status, 404);
}
