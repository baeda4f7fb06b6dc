//! The counter and the plan as staff use them, in their own pages.

use crate::booking::{first_time, khue, tomorrow, world};
use base::{AppointmentId, EncounterId, PatientId};
use chrono::TimeDelta;
use scheduling::{Appointment, Channel, Goal, NewBooking, Status};
use testkit::{Page, World, demo_id};

async fn booked(world: &World, goal: Goal) -> Appointment {
    let slot = first_time(world, "NHI").await;
    let (who, booker) = khue();
    let mut tx = world.tx("84101").await;
    let made = scheduling::book(&mut tx, &NewBooking::new(AppointmentId::new(), slot, Channel::Web, goal, who, booker)).await.unwrap();
    tx.commit().await.unwrap();
    made
}

fn typed(page: &Page, field: &str) -> String {
    page.input(field).unwrap_or_default()
}

async fn now(world: &World, id: AppointmentId) -> Appointment {
    let mut tx = world.tx("84101").await;
    scheduling::get(&mut tx, id).await.unwrap()
}

#[tokio::test]
async fn who_booked_is_found_by_code_phone_or_unaccented_name_and_taken_in_at_the_kept_number() {
    let world = world().await;
    let asked = booked(&world, Goal::Ask).await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let path = format!("/app/appointments/{}", asked.id);
    assert_eq!(desk.post(&format!("{path}/confirmation"), &[("version", "1")]).await.status, 303);
    let confirmed = now(&world, asked.id).await;
    assert_eq!((confirmed.status, confirmed.queue_no), (Status::Confirmed, Some(1)));

    world.clock.advance(TimeDelta::days(1));
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    for q in ["0900000001", "minh khue"] {
        assert!(desk.get(&format!("/app/appointments?q={}", q.replace(' ', "+"))).await.contains("Nguyễn Minh Khuê"), "{q}");
    }
    assert_eq!(desk.get(&format!("/app/appointments?q={}", scheduling::code::shown(&asked.code).to_lowercase())).await.location(), path);
    assert!(desk.post("/app/scan", &[("code", &asked.code)]).await.text.contains(&path));

    let page = desk.get(&path).await;
    assert!(page.contains("Nhận vào khám"));
    let (encounter, patient) = (typed(&page, "encounter"), typed(&page, "new_patient"));
    let form = [("version", "2"), ("encounter", encounter.as_str()), ("new_patient", patient.as_str()), ("patient", "new"), ("name", "Nguyễn Minh Khuê"), ("birth", "10/01/2026"), ("sex", "female"), ("phone", "0900000001")];
    // A child under six needs whoever brings it; nothing typed is lost.
    let refused = desk.post(&format!("{path}/arrival"), &form).await;
    assert_eq!(refused.status, 422);
    assert_eq!((typed(&refused, "name").as_str(), typed(&refused, "encounter").as_str()), ("Nguyễn Minh Khuê", encounter.as_str()));
    let whole: Vec<(&str, &str)> = form.iter().copied().chain([("contact_name", "Nguyễn Văn An"), ("contact_relation", "father")]).collect();
    assert_eq!(desk.post(&format!("{path}/arrival"), &whole).await.status, 303);
    // A second click, and a second counter with an older page, end at the same visit.
    assert_eq!(desk.post(&format!("{path}/arrival"), &whole).await.status, 303);
    let arrived = now(&world, asked.id).await;
    assert_eq!((arrived.status, arrived.encounter.map(|e| e.to_string())), (Status::Arrived, Some(encounter.clone())));
    let mut tx = world.tx("84101").await;
    let ticket = encounter::store::reception::find_ticket(&mut tx, encounter.parse::<EncounterId>().unwrap()).await.unwrap().unwrap();
    assert_eq!(ticket.number, 1);
    assert!(patient::get_summary(&mut tx, patient.parse::<PatientId>().unwrap()).await.unwrap().name.contains("Khuê"));
    drop(tx);

    // Another house knows nothing of it, and who may only look cannot act.
    let mut other = world.sign_in_as("tiepnhan.84102").await;
    assert_eq!(other.get(&path).await.status, 404);
    assert!(!other.get("/app/appointments?q=0900000001").await.contains("Khuê"));
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get(&path).await.status, 200);
    assert_eq!(nurse.post(&format!("{path}/cancellation"), &[("version", "3"), ("reason", "thử")]).await.status, 403);
}

#[tokio::test]
async fn a_booking_is_made_moved_and_cancelled_at_the_desk_and_every_step_is_kept() {
    let world = world().await;
    let mut desk = world.sign_in_as("tiepnhan.84101").await;
    let slot = first_time(&world, "NOI").await.to_string();
    let offer = demo_id("84101", "offer", "NOI").to_string();
    let page = desk.get(&format!("/app/appointments/new?offer={offer}&day={}", tomorrow())).await;
    assert!(page.contains("07:30"), "{}", page.text);
    let id = typed(&page, "id");
    let half = [("id", id.as_str()), ("offer", &offer), ("day", "25/11/2026"), ("slot", &slot), ("name", "Lê Văn Tám"), ("phone", "0900 000 077")];
    let refused = desk.post("/app/appointments", &half).await;
    assert_eq!((refused.status, typed(&refused, "name").as_str()), (422, "Lê Văn Tám"));
    let whole: Vec<(&str, &str)> = half.iter().copied().chain([("birth", "1970"), ("sex", "male")]).collect();
    let made = desk.post("/app/appointments", &whole).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let first: AppointmentId = id.parse().unwrap();
    assert_eq!(now(&world, first).await.status, Status::Confirmed);

    let page = desk.get(&format!("/app/appointments/{id}?act=move&day=2026-11-26")).await;
    let (new, other) = (typed(&page, "new"), page.text.split("name=\"slot\" value=\"").nth(1).and_then(|t| t.split('"').next()).unwrap().to_owned());
    assert_eq!(desk.post(&format!("/app/appointments/{id}/move"), &[("version", "1"), ("new", &new), ("slot", &other)]).await.location(), format!("/app/appointments/{new}"));
    assert_eq!(now(&world, first).await.status, Status::Moved);
    // Who decides on what is no longer so is told.
    let late = desk.post(&format!("/app/appointments/{id}/cancellation"), &[("version", "1"), ("reason", "bận")]).await;
    assert_eq!(late.status, 422);
    assert!(late.contains("vừa được đổi"), "{}", late.text);
    let bare = desk.post(&format!("/app/appointments/{new}/cancellation"), &[("version", "1")]).await;
    assert!(bare.status == 422 && bare.contains("Ghi lý do."));
    assert_eq!(desk.post(&format!("/app/appointments/{new}/cancellation"), &[("version", "1"), ("reason", "bận việc nhà")]).await.status, 303);
    let shown = desk.get(&format!("/app/appointments/{new}")).await;
    assert!(shown.contains("Đã hủy") && shown.contains("bận việc nhà") && shown.contains("Huỳnh Ngọc Hân"));
    assert_eq!(desk.post(&format!("/app/appointments/{new}/absence"), &[("version", "2")]).await.status, 422);
}

#[tokio::test]
async fn a_day_off_closes_its_times_and_everybody_gets_another() {
    let world = world().await;
    let made = booked(&world, Goal::Confirm).await;
    let mut planner = world.sign_in_as("quantri.84101").await;
    let page = planner.get("/app/schedule").await;
    assert!(page.contains("Khám Nhi"));
    let lan = demo_id("84101", "staff", "bacsi.lan").to_string();
    let closed = planner.post("/app/schedule/closures", &[("id", &typed(&page, "id")), ("from_day", "25/11/2026"), ("doctor", &lan), ("reason", "Bác sĩ đi học")]).await;
    assert_eq!(closed.status, 303, "{}", closed.text);
    let place = closed.location().to_owned();
    let affected = planner.get(&place).await;
    assert!(affected.contains("Nguyễn Minh Khuê") && affected.contains("26/11/2026"), "{}", affected.text);
    // Nobody books into it, not even by the id of a time seen before.
    let (who, booker) = khue();
    let mut tx = world.tx("84101").await;
    let refused = scheduling::book(&mut tx, &NewBooking::new(AppointmentId::new(), made.slot, Channel::Desk, Goal::Confirm, who, booker)).await;
    assert!(refused.is_err());
    drop(tx);
    let line = affected.text.split("<option value=\"").nth(1).and_then(|t| t.split('"').next()).unwrap().to_owned();
    assert_eq!(planner.post(&format!("{place}/decisions"), &[("line", &line)]).await.status, 303);
    let old = now(&world, made.id).await;
    assert_eq!(old.status, Status::Moved);
    let new = now(&world, old.moved_to.unwrap()).await;
    assert_eq!((new.status, new.day), (Status::Confirmed, tomorrow().succ_opt().unwrap()));
    assert!(planner.get(&place).await.contains("Không còn ai vướng lịch"));
    // Taken back, the day can be booked again.
    assert_eq!(planner.post(&format!("{place}/end"), &[]).await.status, 303);
    assert_eq!(first_time(&world, "NHI").await, made.slot);
    let mut other = world.sign_in_as("quantri.84102").await;
    assert_eq!(other.get(&place).await.status, 404);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get("/app/schedule").await.status, 403);
}

#[tokio::test]
async fn an_offer_with_a_weekly_time_can_be_booked_at_once_and_ends_from_tomorrow() {
    let world = world().await;
    let mut planner = world.sign_in_as("quantri.84101").await;
    let page = planner.get("/app/schedule/offers/new").await;
    let id = typed(&page, "id");
    let refused = planner.post("/app/schedule/offers", &[("id", &id), ("name", "Khám Mắt"), ("mode", "in_person")]).await;
    assert_eq!((refused.status, typed(&refused, "name").as_str()), (422, "Khám Mắt"));
    assert_eq!(planner.post("/app/schedule/offers", &[("id", &id), ("name", "Khám Mắt"), ("mode", "in_person"), ("specialty", "eye")]).await.status, 303);
    let place = format!("/app/schedule/offers/{id}");
    let rule = planner.get(&place).await.text.split("/rules\"").nth(1).and_then(|t| t.split("name=\"id\" value=\"").nth(1)?.split('"').next()).unwrap().to_owned();
    let room = demo_id("84101", "room", "TMH").to_string();
    let form = [("id", rule.as_str()), ("weekdays", "4"), ("weekdays", "5"), ("starts", "13:00"), ("ends", "15:00"), ("slot_minutes", "30"), ("capacity", "2"), ("room", &room)];
    assert_eq!(planner.post(&format!("{place}/rules"), &form).await.status, 303);
    assert_eq!(planner.post(&format!("{place}/rules"), &form).await.status, 303);
    let mut tx = world.tx("84101").await;
    let offer = id.parse().unwrap();
    let thursday = tomorrow().succ_opt().unwrap();
    let times = scheduling::store::openings::list_day(&mut tx, offer, thursday, "web").await.unwrap();
    assert_eq!((times.len(), times.iter().map(|t| t.free).sum::<i32>()), (4, 8));
    drop(tx);
    let shown = planner.get(&place).await;
    let end = shown.text.split("action=\"").find(|t| t.contains("/end\"")).and_then(|t| t.split('"').next()).unwrap().to_owned();
    assert_eq!(planner.post(&end, &[]).await.status, 303);
    let mut tx = world.tx("84101").await;
    assert!(scheduling::store::openings::list_day(&mut tx, offer, thursday, "web").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_clock_ends_holds_and_notes_who_did_not_come() {
    let world = world().await;
    let held = booked(&world, Goal::Hold).await;
    world.clock.advance(TimeDelta::minutes(11));
    let done = scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap();
    assert_eq!((done.expired, done.missed), (1, 0));
    assert_eq!(now(&world, held.id).await.status, Status::Expired);
    let awaited = booked(&world, Goal::Confirm).await;
    world.clock.advance(awaited.ends_at - world.clock.now() + TimeDelta::minutes(29));
    assert_eq!(scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap().missed, 0, "late is not missing");
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap().missed, 1);
    assert_eq!(scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap().missed, 0);
    assert_eq!(now(&world, awaited.id).await.status, Status::NoShow);
    // Who comes late after all is still taken in.
    assert_eq!(Status::NoShow.after(scheduling::status::Act::Arrive), Ok(Status::Arrived));
    assert!(scheduling::round::plan_ahead(&world.db, world.clock.now()).await.unwrap() > 0);
    assert_eq!(scheduling::round::plan_ahead(&world.db, world.clock.now()).await.unwrap(), 0);
}
