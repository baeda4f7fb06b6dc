//! Pages for citizens.

pub mod app;
pub mod booking;
pub mod enter;
pub mod family;
pub mod manage;
pub mod mine;
pub mod search;
pub mod times;

use crate::{proof, store};
use base::FacilityId;
use chrono::{DateTime, NaiveDate, Utc};
use http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;
use web::{Answer, Failure, Tx, Visitor};

/// What every page shows of the house.
pub struct House {
    pub name: String,
    pub address: String,
    pub phone: String,
}

/// The house of a transaction.
pub async fn house(tx: &mut Tx) -> Result<House, Failure> {
    let here = tx.facility();
    let facts = organization::facility::get(tx.conn(), here).await?.facts;
    Ok(House { name: facts.name, address: facts.address, phone: facts.phone })
}

/// The house behind a public code.
pub async fn find_house(visitor: &Visitor, code: &str) -> Result<FacilityId, Failure> {
    let houses = crate::store::houses(&visitor.app.db).await?;
    houses.into_iter().find(|h| h.code == code).map(|h| FacilityId(h.facility_id)).ok_or(Failure::NotFound)
}

/// The phone that this browser proved.
pub async fn me(visitor: &Visitor, headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(visit) = visit(visitor, headers) else { return Ok(None) };
    let mut tx = visitor.begin_for("portal").await?;
    Ok(store::phone_of_visit(&mut tx, visit, visitor.now - proof::REMEMBERED).await?)
}

/// The visit that this browser's cookie names.
pub fn visit(visitor: &Visitor, headers: &HeaderMap) -> Option<Uuid> {
    proof::remembered(&visitor.app.config.secret, web::guard::cookie(headers, proof::COOKIE))
}

/// The answer with the browser remembering a visit; forgetting it when there is none.
pub fn with_visit(visitor: &Visitor, answer: web::Response, visit: Option<Uuid>) -> Answer {
    match visit {
        Some(visit) => with_cookie(visitor, answer, proof::COOKIE, &proof::remember(&visitor.app.config.secret, visit), proof::REMEMBERED.num_seconds()),
        None => with_cookie(visitor, answer, proof::COOKIE, "", 0),
    }
}

/// The answer with a cookie of these pages.
pub fn with_cookie(visitor: &Visitor, mut answer: web::Response, name: &str, value: &str, seconds: i64) -> Answer {
    let secure = if visitor.app.config.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|e| Failure::Fault(e.into()))?);
    Ok(answer)
}

/// A POST must come from our own page: the cookie of these pages is not the session's.
pub fn ours(headers: &HeaderMap) -> Result<(), Failure> {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    if site.is_some_and(|s| s == "cross-site") { Err(Failure::ForeignForm) } else { Ok(()) }
}

/// `…0001`.
pub fn tail(phone: &str) -> String {
    phone.len().checked_sub(4).and_then(|at| phone.get(at..)).map_or(String::new(), |last| format!("…{last}"))
}

pub fn clock(at: &DateTime<Utc>) -> String {
    base::show_time(*at)
}

pub fn date(day: &NaiveDate) -> String {
    base::show_date(*day)
}

/// `T5`.
pub fn weekday(day: &NaiveDate) -> String {
    use chrono::Datelike;
    match day.weekday().number_from_monday() {
        7 => "CN".into(),
        n => format!("T{}", n + 1),
    }
}

pub fn day_no(day: &NaiveDate) -> u32 {
    chrono::Datelike::day(day)
}

pub(crate) fn lang(visitor: &Visitor) -> &'static str {
    if visitor.lang == web::Lang::En { "en" } else { "vi" }
}
