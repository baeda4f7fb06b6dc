//! The clinic whose door these tests go through, and the phones that do.

use base::SlotId;
use chrono::NaiveDate;
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;

pub const AN: &str = "0900000001";

/// Wednesday 25 November 2026, the day after every test begins.
pub fn tomorrow() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
}

pub async fn world() -> World {
    let world = World::with(vec![patient::module(), encounter::module(), scheduling::module(), portal::module()]).await;
    for code in ["84101", "84102"] {
        let mut tx = world.tx(code).await;
        scheduling::seed::write_days(&mut tx, code, tomorrow().pred_opt().unwrap(), 8).await.unwrap();
        tx.commit().await.unwrap();
    }
    world
}

pub fn offer(code: &str, name: &str) -> Uuid {
    demo_id(code, "offer", name)
}

/// The address of an offer's times.
pub fn door(name: &str) -> String {
    format!("/booking/84101/{}", offer("84101", name))
}

/// Free times of an offer tomorrow, in order.
pub async fn times(world: &World, name: &str) -> Vec<SlotId> {
    let mut tx = world.tx("84101").await;
    let day = scheduling::store::openings::list_day(&mut tx, offer("84101", name), tomorrow(), "web").await.unwrap();
    day.iter().filter(|o| o.free > 0).map(|o| o.slot).collect()
}

/// Touches a time; gives the answer of the house.
pub async fn touch(phone: &mut Client, name: &str, slot: SlotId) -> Page {
    let page = phone.get(&format!("{}?day={}", door(name), tomorrow())).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let id = page.input("id").expect("an id minted by the page");
    phone.post(&format!("{}/hold", door(name)), &[("id", &id), ("slot", &slot.to_string()), ("day", "2026-11-25")]).await
}

/// The form for little Khuê, as her father fills it.
pub fn khue() -> Vec<(&'static str, &'static str)> {
    vec![
        ("relation", "child"),
        ("booker", "Nguyễn Văn An"),
        ("name", "nguyễn minh khuê"),
        ("birth", "10/01/2026"),
        ("sex", "female"),
        ("phone", "0900 000 001"),
        ("reason", "sốt 3 ngày"),
        ("bhyt", "1"),
        ("danger", "no"),
    ]
}

/// The fields with one of them changed or added.
pub fn with(mut fields: Vec<(&'static str, &'static str)>, name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    fields.retain(|(n, _)| *n != name);
    fields.push((name, value));
    fields
}

/// The whole way: a time, the form, the code. Gives the address of the booking.
pub async fn book(world: &World, phone: &mut Client, name: &str, slot: SlotId, fields: &[(&str, &str)]) -> String {
    let held = touch(phone, name, slot).await;
    assert_eq!(held.status, 303, "{}", held.text);
    let link = held.location().to_owned();
    let asked = phone.post(&format!("{link}/details"), fields).await;
    if asked.status == 303 {
        return asked.location().to_owned();
    }
    assert!(asked.status == 200 && asked.contains("Mã 6 số"), "{}", asked.text);
    let number = fields.iter().find(|(n, _)| *n == "phone").unwrap().1.replace(' ', "");
    let code = world.letters.value(&number, "code").expect("a code");
    let mut all = fields.to_vec();
    all.push(("code", &code));
    let done = phone.post(&format!("{link}/code"), &all).await;
    assert_eq!(done.status, 303, "{}", done.text);
    done.location().to_owned()
}

/// The booking behind an address.
pub async fn behind(world: &World, link: &str) -> scheduling::Appointment {
    let pass = scheduling::pass::check(&world.app.config.secret, scheduling::pass::Purpose::Manage, link.trim_start_matches("/b/"), world.clock.now()).expect("a pass");
    let mut tx = world.db.begin_system(pass.facility, world.clock.now()).await.unwrap();
    scheduling::get(&mut tx, pass.appointment).await.unwrap()
}
