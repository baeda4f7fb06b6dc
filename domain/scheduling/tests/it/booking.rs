//! A booking from the first hold to the visit, as each channel makes it.

use base::{AppointmentId, EncounterId, SlotId};
use chrono::NaiveDate;
use scheduling::{Booker, By, Channel, Goal, NewBooking, Status, TypedWho, Who};
use testkit::{World, demo_id};
use web::Failure;

/// Wednesday 25 November 2026, the day after every test begins.
pub fn tomorrow() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
}

pub async fn world() -> World {
    let world = World::with(vec![patient::module(), encounter::module(), scheduling::module()]).await;
    let mut tx = world.tx("84101").await;
    scheduling::seed::write_days(&mut tx, "84101", tomorrow().pred_opt().unwrap(), 8).await.unwrap();
    tx.commit().await.unwrap();
    world
}

pub fn khue() -> (Who, Booker) {
    let typed = TypedWho { name: "Nguyễn Minh Khuê".into(), birth: "10/01/2026".into(), phone: "0900000001".into(), sex: "female".into(), ..TypedWho::default() };
    let booker = Booker { name: "Nguyễn Văn An".into(), phone: "0900000001".into(), relation: "child".into(), ..Booker::default() };
    (Who::read(&typed, tomorrow()).unwrap(), booker)
}

/// The first free time of an offer tomorrow.
pub async fn first_time(world: &World, offer: &str) -> SlotId {
    let mut tx = world.tx("84101").await;
    let day = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", offer), tomorrow(), "app").await.unwrap();
    day.iter().find(|o| o.free > 0).expect("a free time").slot
}

#[tokio::test]
async fn a_booking_is_held_asked_for_confirmed_and_becomes_a_visit_with_its_own_number() {
    let world = world().await;
    let slot = first_time(&world, "NHI").await;
    let (who, booker) = khue();
    let id = AppointmentId::new();
    let mut tx = world.tx("84101").await;
    let held = scheduling::book(&mut tx, &NewBooking::new(id, slot, Channel::App, Goal::Hold, Who::nobody(""), Booker { relation: "self".into(), ..Booker::default() })).await.unwrap();
    assert_eq!((held.status, held.code.as_str()), (Status::Held, ""));
    let asked = scheduling::change::submit(&mut tx, id, 1, &who, &booker, "sốt 3 ngày", true, &serde_json::json!({}), false).await.unwrap();
    assert_eq!(asked.status, Status::Pending);
    assert_eq!(asked.code.len(), 9);
    tx.commit().await.unwrap();

    let mut tx = world.tx("84101").await;
    assert_eq!(scheduling::find_code(&mut tx, &asked.code).await.unwrap().map(|f| f.1), Some(id));
    let old = scheduling::change::confirm(&mut tx, id, 1).await;
    assert!(matches!(old, Err(Failure::Conflict(_))), "{old:?}");
    let confirmed = scheduling::change::confirm(&mut tx, id, 2).await.unwrap();
    assert_eq!((confirmed.status, confirmed.queue_no), (Status::Confirmed, Some(1)));
    tx.commit().await.unwrap();

    world.clock.advance(chrono::TimeDelta::days(1));
    let mut reception = world.sign_in_as("tiepnhan.84101").await;
    assert_eq!(reception.get("/app/reception").await.status, 200);
    let mut tx = world.tx("84101").await;
    let typed = patient::demographics::Typed { name: who.name.clone(), birth: "10/01/2026".into(), sex: "female".into(), contact_name: "Nguyễn Văn An".into(), contact_relation: "father".into(), contact_phone: "0900000001".into(), ..Default::default() };
    let who = patient::demographics::Demographics::check(&typed, tomorrow()).unwrap();
    tx.purpose("person-index").await.unwrap();
    let made = patient::api::register_new(&mut tx, base::PatientId::new(), &who, patient::store::register::Source::Typed).await.unwrap();
    let visit = EncounterId::new();
    let arrived = scheduling::arrival::check_in(&mut tx, id, confirmed.version, made.patient, visit).await.unwrap();
    assert_eq!((arrived.status, arrived.encounter), (Status::Arrived, Some(visit)));
    let ticket = encounter::store::reception::find_ticket(&mut tx, visit).await.unwrap().unwrap();
    assert_eq!(Some(ticket.number), confirmed.queue_no);
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_last_place_is_sold_once_and_given_back_once() {
    let world = world().await;
    let slot = first_time(&world, "TMH").await;
    let (who, booker) = khue();
    let wish = NewBooking::new(AppointmentId::new(), slot, Channel::Web, Goal::Ask, who.clone(), booker.clone());
    let mut tx = world.tx("84101").await;
    let made = scheduling::book(&mut tx, &wish).await.unwrap();
    tx.commit().await.unwrap();
    // The same wish again is the same booking; another person finds the place taken.
    let mut tx = world.tx("84101").await;
    assert_eq!(scheduling::book(&mut tx, &wish).await.unwrap().id, made.id);
    let other = Who { name: "Trần Thị Lành".into(), cccd: "084158012346".into(), ..who };
    let late = NewBooking::new(AppointmentId::new(), slot, Channel::Call, Goal::Confirm, other, booker);
    let refused = scheduling::book(&mut tx, &late).await;
    assert!(matches!(&refused, Err(Failure::Conflict(text)) if text == scheduling::book::TAKEN), "{refused:?}");
    drop(tx);
    let mut tx = world.tx("84101").await;
    scheduling::change::cancel(&mut tx, made.id, made.version, By::Patient, "bận việc").await.unwrap();
    scheduling::book(&mut tx, &late).await.unwrap();
    tx.commit().await.unwrap();
}
