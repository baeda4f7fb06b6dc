//! What staff see: the desk's list, one booking with its check-in, booking for somebody, the plan of the week.

pub mod appointment;
pub mod check_in;
pub mod closure;
pub mod desk;
pub mod new;
pub mod offer;
pub mod times;
pub mod week;

use crate::{ARRIVE, Appointment, Channel, FEATURE, MANAGE, PLAN, READ, Status};
use chrono::{DateTime, NaiveDate, Utc};
use web::{Route, get, post};

/// Their addresses.
pub fn routes() -> Vec<Route> {
    vec![
        get("/app/appointments", desk::list).right(READ).feature(FEATURE),
        get("/app/appointments/new", new::show).right(MANAGE).feature(FEATURE),
        get("/app/appointments/times", times::show).right(MANAGE).feature(FEATURE),
        post("/app/appointments", new::save).right(MANAGE).feature(FEATURE),
        get("/app/appointments/{id}", appointment::show).right(READ).feature(FEATURE),
        post("/app/appointments/{id}/arrival", check_in::arrive).right(ARRIVE).feature(FEATURE),
        post("/app/appointments/{id}/confirmation", appointment::confirm).right(MANAGE).feature(FEATURE),
        post("/app/appointments/{id}/cancellation", appointment::cancel).right(MANAGE).feature(FEATURE),
        post("/app/appointments/{id}/absence", appointment::miss).right(MANAGE).feature(FEATURE),
        post("/app/appointments/{id}/move", appointment::reschedule).right(MANAGE).feature(FEATURE),
        get("/app/schedule", week::show).right(PLAN).feature(FEATURE),
        post("/app/schedule/closures", week::close).right(PLAN).feature(FEATURE),
        get("/app/schedule/closures/{id}", closure::show).right(PLAN).feature(FEATURE),
        post("/app/schedule/closures/{id}/decisions", closure::decide).right(PLAN).feature(FEATURE),
        post("/app/schedule/closures/{id}/end", closure::reopen).right(PLAN).feature(FEATURE),
        get("/app/schedule/offers/new", offer::blank).right(PLAN).feature(FEATURE),
        post("/app/schedule/offers", offer::add).right(PLAN).feature(FEATURE),
        get("/app/schedule/offers/{id}", offer::show).right(PLAN).feature(FEATURE),
        post("/app/schedule/offers/{id}", offer::save).right(PLAN).feature(FEATURE),
        post("/app/schedule/offers/{id}/rules", offer::add_rule).right(PLAN).feature(FEATURE),
        post("/app/schedule/offers/{id}/rules/{rule}/end", offer::end_rule).right(PLAN).feature(FEATURE),
    ]
}

/// Colour and shape of a status, for a badge.
pub fn look(status: &Status) -> (&'static str, &'static str) {
    match *status {
        Status::Held => ("neutral", "hourglass"),
        Status::Pending => ("waiting", "phone-call"),
        Status::Confirmed => ("info", "calendar-event"),
        Status::Arrived => ("done", "door-enter"),
        Status::Fulfilled => ("done", "circle-check"),
        Status::Cancelled | Status::Refused | Status::Expired => ("neutral", "calendar-x"),
        Status::NoShow => ("warning", "user-off"),
        Status::Moved => ("neutral", "calendar-time"),
    }
}

/// The shape of a channel.
pub fn channel_icon(channel: &Channel) -> &'static str {
    match *channel {
        Channel::App => "device-mobile",
        Channel::Web | Channel::Partner => "world",
        Channel::Call => "phone",
        Channel::Sms => "message",
        Channel::Chat => "message-2",
        Channel::Kiosk => "device-desktop",
        Channel::WalkIn => "walk",
        Channel::FollowUp => "refresh",
        Channel::Desk => "calendar-plus",
    }
}

/// `Nữ · 10 tháng tuổi`; what is unknown is left out.
pub fn facts(a: &Appointment, today: &NaiveDate) -> String {
    let sex = patient::Sex::from_key(&a.sex).filter(|s| *s != patient::Sex::Unknown).map(|s| s.label().to_owned());
    let age = a.birth_date.map(|date| patient::Birth { date, year_only: a.birth_year_only }.age_on(*today).to_string());
    [sex, age].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The day of an address, today when it names none.
pub fn day_of(typed: &str, today: NaiveDate) -> NaiveDate {
    typed.parse().ok().or_else(|| base::parse_date_vi(typed)).unwrap_or(today)
}

/// `08:20`.
pub fn clock(at: &DateTime<Utc>) -> String {
    base::dates::show_time(*at)
}

/// `25/11/2026`.
pub fn date(day: &NaiveDate) -> String {
    base::show_date(*day)
}

/// `Thứ tư, 25/11/2026`.
pub fn date_long(day: &NaiveDate) -> String {
    base::dates::show_date_long(*day)
}

/// The day of a moment in Vietnam.
pub fn date_of(at: &DateTime<Utc>) -> String {
    base::show_date(base::local_date(*at))
}
