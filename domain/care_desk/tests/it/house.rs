//! A clinic with bookings that wait for a call.

use base::{AppointmentId, SlotId};
use care_desk::store::tasks::{self, Task};
use chrono::NaiveDate;
use scheduling::{Appointment, Booker, Channel, Goal, NewBooking, TypedWho, Who};
use testkit::{Client, World, demo_id};

/// Wednesday 25 November 2026, the day after every test begins.
pub fn tomorrow() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
}

pub async fn world() -> World {
    let world = World::with(vec![patient::module(), encounter::module(), scheduling::module(), care_desk::module()]).await;
    let mut tx = world.tx("84101").await;
    scheduling::seed::write_days(&mut tx, "84101", tomorrow().pred_opt().unwrap(), 8).await.unwrap();
    tx.commit().await.unwrap();
    world
}

/// Free times of the children's doctor tomorrow.
pub async fn free_times(world: &World) -> Vec<SlotId> {
    let mut tx = world.tx("84101").await;
    let day = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NHI"), tomorrow(), "app").await.unwrap();
    day.iter().filter(|o| o.free > 0).map(|o| o.slot).collect()
}

/// An asks in the app for his child, born on `birth`; the call is on the list.
pub async fn ask(world: &World, name: &str, birth: &str) -> Appointment {
    let slot = free_times(world).await[0];
    let typed = TypedWho { name: name.into(), birth: birth.into(), phone: "0900000001".into(), sex: "female".into(), ..TypedWho::default() };
    let booker = Booker { name: "Nguyễn Văn An".into(), phone: "0900000001".into(), relation: "child".into(), ..Booker::default() };
    let wish = NewBooking { reason: "sốt 3 ngày".into(), ..NewBooking::new(AppointmentId::new(), slot, Channel::App, Goal::Ask, Who::read(&typed, tomorrow()).unwrap(), booker) };
    let mut tx = world.tx("84101").await;
    let made = scheduling::book(&mut tx, &wish).await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
    made
}

pub async fn khue(world: &World) -> Appointment {
    ask(world, "Nguyễn Minh Khuê", "10/01/2026").await
}

pub async fn booking(world: &World, id: AppointmentId) -> Appointment {
    let mut tx = world.tx("84101").await;
    scheduling::get(&mut tx, id).await.unwrap()
}

/// All that is to be called.
pub async fn due(world: &World) -> Vec<Task> {
    let mut tx = world.tx("84101").await;
    tasks::list_due(&mut tx).await.unwrap()
}

/// Every sign of danger of a child, asked and denied.
pub const FINE: &[(&str, &str)] =
    &[("q.breath", "no"), ("q.seizure", "no"), ("q.bleeding", "no"), ("q.drowsy", "no"), ("q.refuses_feed", "no"), ("q.fever", "yes"), ("q.days", "3")];

/// Takes the next call and gives its address.
pub async fn next(person: &mut Client) -> String {
    let page = person.post("/app/care-desk/next", &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().to_owned()
}

/// Ends a call as its page would: with the version and the new id that it holds, the answers, and an outcome.
pub async fn conclude(person: &mut Client, address: &str, outcome: &str, more: &[(&str, &str)]) -> testkit::Page {
    let page = person.get(address).await;
    let kept: Vec<(&str, String)> = ["version", "new"].into_iter().filter_map(|name| Some((name, page.input(name)?))).collect();
    let mut fields: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("outcome", outcome));
    fields.extend_from_slice(more);
    person.post(&format!("{address}/outcome"), &fields).await
}
