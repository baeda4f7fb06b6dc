//! Booking for somebody on the phone.

use crate::house::{FINE, free_times, next, tomorrow, world};
use base::AppointmentId;
use care_desk::store::tasks::{self, NewTask};
use care_desk::task::Kind;
use scheduling::{Booker, Channel, Goal, NewBooking, Status, TypedWho, Who};
use testkit::demo_id;

#[tokio::test]
async fn somebody_books_by_phone_and_a_second_click_books_nothing_more() {
    let world = world().await;
    let mut tx = world.tx("84101").await;
    let now = tx.now;
    tasks::add(&mut tx, &NewTask::to("0900000009", "", Kind::MissedCall, now, now)).await.unwrap();
    tx.commit().await.unwrap();
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let task = next(&mut han).await.rsplit('/').next().unwrap().to_owned();
    let page = han.get(&format!("/app/care-desk/new?task={task}&caller_phone=0900000009")).await;
    assert!(page.status == 200 && page.contains("chưa từng liên lạc"), "{}", page.text);
    let (id, slot, offer) = (page.input("id").unwrap(), free_times(&world).await[0].to_string(), demo_id("84101", "offer", "NHI").to_string());
    let mut fields = vec![("id", id.as_str()), ("task", &task), ("caller_phone", "0900000009"), ("booker_name", "lê thị hoa"), ("relation", "child"), ("offer", &offer), ("slot", &slot), ("name", "Lê Minh Anh"), ("birth", "02/02/2024"), ("sex", "female"), ("reason", "ho")];
    let unasked = han.post("/app/care-desk/bookings", &fields).await;
    assert!(unasked.status == 422 && unasked.contains("Chưa hỏi hết") && unasked.contains("Lê Minh Anh"), "{}", unasked.text);
    fields.extend_from_slice(FINE);
    for _ in 0..2 {
        let done = han.post("/app/care-desk/bookings", &fields).await;
        assert_eq!((done.status, done.location()), (303, format!("/app/appointments/{id}").as_str()), "{}", done.text);
    }
    let mut tx = world.tx("84101").await;
    let made = scheduling::list_of_phone(&mut tx, "0900000009").await.unwrap();
    assert_eq!((made.len(), made[0].status, made[0].channel, made[0].booker_name.as_str()), (1, Status::Confirmed, Channel::Call, "Lê Thị Hoa"));
    assert_eq!(tasks::list_due(&mut tx).await.unwrap(), []);
    let known = han.get("/app/care-desk/new?caller_phone=0900+000+009").await;
    assert!(known.contains("Lê Minh Anh") && known.contains("Đã đặt lịch"), "{}", known.text);
}

#[tokio::test]
async fn a_full_time_offers_others_and_keeps_what_was_typed() {
    let world = world().await;
    let times = free_times(&world).await;
    let slot = times[0];
    let mut tx = world.tx("84101").await;
    let mut n = 0;
    while scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NHI"), tomorrow(), "call").await.unwrap().iter().any(|o| o.slot == slot && o.free > 0) {
        n += 1;
        let typed = TypedWho { name: "Người Khác".into(), birth: "01/01/2020".into(), phone: format!("09000002{n:02}"), ..TypedWho::default() };
        let booker = Booker { relation: "self".into(), ..Booker::default() };
        scheduling::book(&mut tx, &NewBooking::new(AppointmentId::new(), slot, Channel::Desk, Goal::Confirm, Who::read(&typed, tomorrow()).unwrap(), booker)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let (id, slot, offer) = (AppointmentId::new().to_string(), slot.to_string(), demo_id("84101", "offer", "NHI").to_string());
    let mut fields = vec![("id", id.as_str()), ("caller_phone", "0900000009"), ("relation", "self"), ("offer", &offer), ("slot", &slot), ("day", "25/11/2026"), ("name", "Lê Minh Anh"), ("birth", "02/02/2024"), ("reason", "ho đã năm ngày")];
    fields.extend_from_slice(FINE);
    let full = han.post("/app/care-desk/bookings", &fields).await;
    assert!(full.status == 422 && full.contains(scheduling::book::TAKEN) && full.contains("ho đã năm ngày") && full.contains("Giờ gần nhất còn chỗ"), "{}", full.text);
    let other = times[1].to_string();
    assert!(full.contains(&other));
    fields[4] = ("slot", &other);
    assert_eq!(han.post("/app/care-desk/bookings", &fields).await.status, 303);
}

#[tokio::test]
async fn danger_on_the_phone_books_nothing() {
    let world = world().await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let (id, slot, offer) = (AppointmentId::new().to_string(), free_times(&world).await[0].to_string(), demo_id("84101", "offer", "NHI").to_string());
    let mut fields = vec![("id", id.as_str()), ("caller_phone", "0900000009"), ("relation", "self"), ("offer", &offer), ("slot", &slot), ("name", "Lê Minh Anh"), ("birth", "02/02/2024")];
    fields.extend_from_slice(FINE);
    fields.push(("q.pregnant", "no"));
    let red = fields.iter().map(|(k, v)| (*k, if *k == "q.breath" { "yes" } else { *v })).collect::<Vec<_>>();
    let refused = han.post("/app/care-desk/bookings", &red).await;
    assert!(refused.status == 422 && refused.contains("Gọi 115 ngay") && refused.contains("không đặt lịch khám thường"), "{}", refused.text);
    let mut tx = world.tx("84101").await;
    assert_eq!(scheduling::list_of_phone(&mut tx, "0900000009").await.unwrap(), []);
}

#[tokio::test]
async fn the_questions_follow_age_and_specialty_while_the_form_is_filled() {
    let world = world().await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let offer = demo_id("84101", "offer", "NHI").to_string();
    let baby = han.post("/app/care-desk/new", &[("caller_phone", "0900000009"), ("offer", &offer), ("birth", "10/10/2026"), ("name", "Bé Na"), ("q.fever", "yes")]).await;
    assert!(baby.status == 200 && baby.contains("Bỏ bú") && baby.contains("Bé dưới 3 tháng bị sốt") && !baby.contains("<html"), "{}", baby.text);
    let adult = han.post("/app/care-desk/new", &[("offer", &offer), ("birth", "10/10/1980"), ("q.fever", "yes")]).await;
    assert!(adult.contains("Đau ngực") && !adult.contains("Bỏ bú") && !adult.contains("Gọi 115 ngay"), "{}", adult.text);
}
