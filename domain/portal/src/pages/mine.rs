//! Finding a booking again: by its code and phone, or everything of the phone that this browser proved.

use super::{lang, me, ours, tail, visit, with_visit};
use crate::family::{self, Profile};
use crate::store;
use askama::Template;
use base::{FacilityId, Problem, Problems};
use chrono::TimeDelta;
use http::HeaderMap;
use scheduling::pass::{self, Purpose};
use scheduling::{Appointment, code};
use serde::Deserialize;
use std::collections::HashMap;
use web::{Answer, Failure, Form, IntoResponse, Visitor};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    code: String,
    phone: String,
}

#[derive(Template)]
#[template(path = "portal_find.html")]
struct FindPage {
    lang: &'static str,
    form: Asked,
    problems: Problems,
}

/// `GET /booking/find`.
pub async fn find(visitor: Visitor) -> Answer {
    web::html(FindPage { lang: lang(&visitor), form: Asked::default(), problems: Problems::none() })
}

/// Wrong tries of one address or one code before an hour's rest.
const TRIES: i32 = 10;
/// The same words whatever was wrong, so that nobody learns which.
const NOTHING: &str = "Không có lịch hẹn nào với mã và số điện thoại này. Xem lại tin nhắn xác nhận.";

/// `POST /booking/find`: the code of the message and the phone that booked.
pub async fn look_up(visitor: Visitor, headers: HeaderMap, Form(form): Form<Asked>) -> Answer {
    ours(&headers)?;
    let problem = match (code::read(&form.code), scheduling::read_phone(&form.phone)) {
        (Some(code), Some(phone)) => match open(&visitor, &code, &phone).await {
            Ok(pass) => return web::redirect(format!("/b/{pass}")),
            Err(Failure::Refused(problems)) => problems,
            Err(other) => return Err(other),
        },
        (None, _) => Problem::at("code", "Mã gồm 9 ký tự, ví dụ K7M2-P4QX-9. Xem lại từng ký tự.").into(),
        (_, None) => Problem::at("phone", scheduling::who::phone_problem(&form.phone)).into(),
    };
    web::refused(FindPage { lang: lang(&visitor), form, problems: problem })
}

async fn open(visitor: &Visitor, code: &str, phone: &str) -> Result<String, Failure> {
    let buckets = [format!("find {}", visitor.remote), format!("find {code}"), format!("find {phone}")];
    let mut tx = visitor.begin_for("portal").await?;
    for bucket in &buckets {
        if store::count_try(&mut tx, bucket, TimeDelta::hours(1)).await? > TRIES {
            tx.commit().await?;
            return Err(Problem::of("Có quá nhiều lần thử. Đợi một giờ, hoặc gọi cơ sở đã đặt.").into());
        }
    }
    tx.commit().await?;
    let mut tx = visitor.begin_for("booking").await?;
    let found = scheduling::find_code(&mut tx, code).await?;
    drop(tx);
    let Some((facility, id)) = found else { return Err(Problem::of(NOTHING).into()) };
    let mut tx = visitor.begin_at(facility).await?;
    let a = scheduling::get(&mut tx, id).await?;
    if a.reach() != phone && a.phone != phone {
        return Err(Problem::of(NOTHING).into());
    }
    drop(tx);
    // Only wrong tries count.
    let mut tx = visitor.begin_for("portal").await?;
    for bucket in &buckets {
        store::forgive_try(&mut tx, bucket).await?;
    }
    tx.commit().await?;
    Ok(pass::mint(&visitor.app.config.secret, Purpose::Manage, facility, id, a.ends_at.max(visitor.now) + TimeDelta::days(7)))
}

struct Mine {
    a: Appointment,
    house: String,
    pass: String,
}

#[derive(Template)]
#[template(path = "portal_mine.html")]
struct MinePage {
    lang: &'static str,
    me: Option<String>,
    coming: Vec<Mine>,
    past: Vec<Mine>,
    family: Vec<Profile>,
}

impl MinePage {
    fn tail(&self) -> String {
        self.me.as_deref().map(tail).unwrap_or_default()
    }
}

/// `GET /me`: the bookings of the phone that this browser proved, over all houses.
pub async fn list(visitor: Visitor, headers: HeaderMap) -> Answer {
    let known = me(&visitor, &headers).await?;
    let (mut mine, mut people) = (Vec::new(), Vec::new());
    if let Some(phone) = &known {
        let mut tx = visitor.begin_for("portal").await?;
        let rows = store::of_phone(&mut tx, phone).await?;
        people = family::list(&mut tx, phone).await?;
        drop(tx);
        let names: HashMap<i32, String> = store::houses(&visitor.app.db).await?.into_iter().map(|h| (h.facility_id, h.name)).collect();
        let mut by_house: HashMap<FacilityId, Vec<base::AppointmentId>> = HashMap::new();
        for (facility, id) in rows {
            by_house.entry(facility).or_default().push(id);
        }
        for (facility, ids) in by_house {
            let mut tx = visitor.begin_at(facility).await?;
            for a in scheduling::list(&mut tx, &ids).await? {
                tx.audit("read", "appointment", a.id, a.patient, serde_json::json!({ "by": "phone" }));
                let pass = pass::mint(&visitor.app.config.secret, Purpose::Manage, facility, a.id, a.ends_at.max(visitor.now) + TimeDelta::days(7));
                mine.push(Mine { house: names.get(&facility.0).cloned().unwrap_or_default(), a, pass });
            }
            tx.commit().await?;
        }
        mine.sort_by_key(|m| m.a.starts_at);
    }
    let (coming, mut past): (Vec<Mine>, Vec<Mine>) = mine.into_iter().partition(|m| m.a.status.is_live() && m.a.ends_at > visitor.now);
    past.reverse();
    web::html(MinePage { lang: lang(&visitor), me: known, coming, past, family: people })
}

/// `POST /me/sign-out`: this browser forgets the phone.
pub async fn sign_out(visitor: Visitor, headers: HeaderMap) -> Answer {
    ours(&headers)?;
    if let Some(visit) = visit(&visitor, &headers) {
        let mut tx = visitor.begin_for("portal").await?;
        store::end_visit(&mut tx, visit).await?;
        tx.commit().await?;
    }
    let to = web::redirect("/booking")?.into_response();
    with_visit(&visitor, to, None)
}
