//! The times of an offer: a strip of days, morning and afternoon with the places left, and the list of a full day.

use super::{House, find_house, house, lang, me, ours};
use crate::{store, wait as waiting};
use askama::Template;
use base::AppointmentId;
use chrono::{Days, NaiveDate, TimeDelta};
use http::HeaderMap;
use scheduling::store::openings::{self, Offer};
use scheduling::{Channel, Opening};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, Path, Query, Tx, Visitor};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    day: String,
}

#[derive(Template)]
#[template(path = "portal_times.html")]
pub(super) struct TimesPage {
    pub lang: &'static str,
    pub house: House,
    pub offer: Offer,
    pub doctors: Vec<String>,
    pub day: NaiveDate,
    pub days: Vec<NaiveDate>,
    pub earlier: Option<NaiveDate>,
    pub later: NaiveDate,
    pub morning: Vec<Opening>,
    pub afternoon: Vec<Opening>,
    pub rating: Option<(i64, i64)>,
    /// Where the day strip and the chosen time go.
    pub here: String,
    pub action: String,
    /// The id of the booking to be: a second touch makes no second one.
    pub id: AppointmentId,
    pub version: i32,
    pub problem: String,
    pub now: chrono::DateTime<chrono::Utc>,
    /// Where one asks to be told of a free place; empty where that makes no sense.
    pub wait: String,
    pub is_waiting: bool,
    pub wait_id: Uuid,
}

impl TimesPage {
    /// The page of an offer around a day, never before today and not in a year nobody plans for.
    pub async fn load(visitor: &Visitor, tx: &mut Tx, offer: Uuid, day: &str, here: String, action: String, problem: &str) -> Result<TimesPage, Failure> {
        let today = base::local_date(visitor.now);
        let day = day.parse().ok().or_else(|| base::parse_date_vi(day)).unwrap_or(today).clamp(today, today + Days::new(400));
        let offer = openings::get_offer(tx, offer).await?;
        let times = openings::list_day(tx, offer.offer_id, day, Channel::Web.key()).await?;
        let mut doctors: Vec<String> = times.iter().map(|t| t.doctor.clone()).filter(|d| !d.is_empty()).collect();
        doctors.dedup();
        let is_morning = |t: &Opening| base::dates::local_time(t.starts_at).format("%H").to_string().as_str() < "12";
        let (morning, afternoon) = times.into_iter().partition(is_morning);
        let first = (day - Days::new(2)).max(today);
        Ok(TimesPage {
            lang: lang(visitor),
            house: house(tx).await?,
            doctors,
            days: (0..6).map(|n| first + Days::new(n)).collect(),
            earlier: (first > today).then(|| (first - Days::new(4)).max(today)),
            later: first + Days::new(8),
            day,
            morning,
            afternoon,
            rating: store::rating_of(tx, offer.offer_id).await?,
            offer,
            here,
            action,
            id: AppointmentId::new(),
            version: 0,
            problem: problem.to_owned(),
            now: visitor.now,
            wait: String::new(),
            is_waiting: false,
            wait_id: Uuid::now_v7(),
        })
    }

    /// Full, over, or too soon to be booked from afar.
    fn is_gone(&self, t: &Opening) -> bool {
        t.free == 0 || t.starts_at <= self.now + TimeDelta::minutes(self.offer.notice_minutes.into())
    }

    /// Times there are, but none that can still be had.
    fn is_full(&self) -> bool {
        let mut all = self.morning.iter().chain(&self.afternoon).peekable();
        all.peek().is_some() && all.all(|t| self.is_gone(t)) && self.morning.iter().chain(&self.afternoon).any(|t| t.starts_at > self.now)
    }

    fn stars(&self, tenths: &i64) -> String {
        format!("{},{}", tenths / 10, tenths % 10)
    }
}

/// `GET /booking/{code}/{offer}`.
pub async fn show(visitor: Visitor, headers: HeaderMap, Path((code, offer)): Path<(String, Uuid)>, Query(asked): Query<Asked>) -> Answer {
    let known = me(&visitor, &headers).await?;
    let mut tx = visitor.begin_at(find_house(&visitor, &code).await?).await?;
    let here = format!("/booking/{code}/{offer}");
    let page = TimesPage::load(&visitor, &mut tx, offer, &asked.day, here.clone(), format!("{here}/hold"), "").await?;
    let is_waiting = match &known {
        Some(phone) => waiting::is_waiting(&mut tx, offer, page.day, phone).await?,
        None => false,
    };
    web::html(TimesPage { wait: format!("{here}/wait"), is_waiting, ..page })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WaitForm {
    id: Option<Uuid>,
    day: String,
}

/// `POST /booking/{code}/{offer}/wait`: to be told when a full day has a place again. Only a proved phone is told.
pub async fn wait(visitor: Visitor, headers: HeaderMap, Path((code, offer)): Path<(String, Uuid)>, Form(form): Form<WaitForm>) -> Answer {
    ours(&headers)?;
    let known = me(&visitor, &headers).await?;
    let mut tx = visitor.begin_at(find_house(&visitor, &code).await?).await?;
    let offer = openings::get_offer(&mut tx, offer).await?;
    let today = base::local_date(visitor.now);
    let last = today + Days::new(u64::try_from(offer.horizon_days).unwrap_or(0));
    let here = format!("/booking/{code}/{}", offer.offer_id);
    let Some(day) = form.day.parse::<NaiveDate>().ok().filter(|d| (today..=last).contains(d)) else { return web::redirect(here) };
    let Some(phone) = known else { return web::redirect(format!("/me/enter?house={code}&next={here}%3Fday%3D{day}")) };
    waiting::join(&mut tx, form.id.unwrap_or_else(Uuid::now_v7), offer.offer_id, day, &phone).await?;
    tx.commit().await?;
    web::redirect(format!("{here}?day={day}"))
}
