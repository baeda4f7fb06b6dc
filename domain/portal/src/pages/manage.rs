//! The page behind the link in the message: where the booking stands, and what its holder may still do.

use super::booking::{Chosen, Details, FormPage};
use super::times::TimesPage;
use super::{House, house, lang, me, ours};
use crate::{calendar as ics, family, store};
use askama::Template;
use base::{Problem, Problems};
use chrono::TimeDelta;
use encounter::store::reception;
use http::{HeaderMap, header};
use scheduling::pass::{self, Purpose};
use scheduling::{Appointment, By, Channel, Status, change};
use serde::Deserialize;
use web::{Answer, Failure, Form, IntoResponse, Path, Query, Tx, Visitor};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    version: i32,
    reason: String,
    stars: String,
    words: String,
}

/// Where somebody stands in the line today.
struct Line {
    before: i64,
    wait: i64,
}

#[derive(Template)]
#[template(path = "portal_booking.html")]
struct BookingPage {
    lang: &'static str,
    house: House,
    a: Appointment,
    pass: String,
    qr: String,
    line: Option<Line>,
    may_change: bool,
    may_rate: bool,
    is_rated: bool,
    search: String,
    map: String,
    form: ActForm,
    problems: Problems,
    sandbox: bool,
}

impl BookingPage {
    /// The steps with how far the booking is: word, done, now.
    fn steps(&self) -> [(&'static str, bool, bool); 4] {
        let at = match self.a.status {
            Status::Held => 0,
            Status::Pending => 1,
            Status::Confirmed => 2,
            Status::Arrived => 3,
            _ => 4,
        };
        [("Đã gửi", at > 0, at == 0), ("Gọi xác nhận", at > 1, at == 1), ("Chờ ngày khám", at > 2, at == 2), ("Đến khám", at > 3, at == 3)]
    }

    fn is_over(&self) -> bool {
        matches!(self.a.status, Status::Cancelled | Status::Refused | Status::Expired | Status::Moved | Status::NoShow)
    }
}

/// The booking behind a pass, in its own house.
async fn behind(visitor: &Visitor, text: &str) -> Result<(Tx, Appointment), Failure> {
    let pass = pass::check(&visitor.app.config.secret, Purpose::Manage, text, visitor.now).ok_or(Failure::NotFound)?;
    let mut tx = visitor.begin_at(pass.facility).await?;
    let a = scheduling::get(&mut tx, pass.appointment).await?;
    Ok((tx, a))
}

async fn load(visitor: &Visitor, tx: &mut Tx, a: Appointment, pass: &str, form: ActForm, problems: Problems) -> Result<BookingPage, Failure> {
    let house = house(tx).await?;
    // A hold that ran out is over, swept or not.
    let a = if a.status.is_live() && !a.is_kept(visitor.now) { Appointment { status: Status::Expired, ..a } } else { a };
    let line = match (a.encounter, a.status) {
        (Some(visit), Status::Arrived) => {
            let paper = reception::ticket_paper(tx, visit).await?;
            let before = paper.before.max(0);
            Some(Line { before, wait: encounter::queue::wait_minutes(usize::try_from(before).unwrap_or(0), None) })
        }
        _ => None,
    };
    let qr = if a.code.is_empty() || !a.status.is_live() { String::new() } else { visitor.app.bank_qr().svg(&a.code).unwrap_or_default() };
    let code = organization::facility::get(tx.conn(), a.facility).await?.code;
    tx.audit("read", "appointment", a.id, a.patient, serde_json::json!({ "by": "pass" }));
    Ok(BookingPage {
        lang: lang(visitor),
        map: format!("https://www.google.com/maps/search/?api=1&query={}", percent(&format!("{} {}", house.name, house.address))),
        house,
        qr,
        line,
        may_change: matches!(a.status, Status::Pending | Status::Confirmed) && visitor.now <= a.cutoff(),
        is_rated: store::is_rated(tx, a.id).await?,
        may_rate: a.status == Status::Fulfilled,
        search: format!("/booking/{code}/{}", a.offer),
        pass: pass.to_owned(),
        a,
        form,
        problems,
        sandbox: visitor.app.config.sandbox,
    })
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ForWhom {
    who: Option<uuid::Uuid>,
}

/// `GET /b/{pass}`: the form while a place is held, afterwards the booking.
pub async fn show(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Query(asked): Query<ForWhom>) -> Answer {
    let known = me(&visitor, &headers).await?;
    let (mut tx, a) = behind(&visitor, &text).await?;
    if a.status == Status::Held && a.is_kept(visitor.now) {
        let house = house(&mut tx).await?;
        let people = match &known {
            Some(phone) => family::list(&mut tx, phone).await?,
            None => Vec::new(),
        };
        return web::html(FormPage::new(&visitor, house, a, &text, Details::default(), "form", known).with_family(people, asked.who));
    }
    let page = load(&visitor, &mut tx, a, &text, ActForm::default(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// `POST /b/{pass}/cancellation`: until the hour that the house allows.
pub async fn cancel(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Form(form): Form<ActForm>) -> Answer {
    ours(&headers)?;
    let (mut tx, a) = behind(&visitor, &text).await?;
    let done = match visitor.now > a.cutoff() && a.status != Status::Held {
        true => Err(late(&mut tx).await?),
        false => {
            let reason = if form.reason.trim().is_empty() { "Người đặt hủy" } else { form.reason.as_str() };
            change::cancel(&mut tx, a.id, form.version, By::Patient, reason).await
        }
    };
    answer(&visitor, tx, a, &text, form, done).await
}

async fn late(tx: &mut Tx) -> Result<Failure, Failure> {
    let house = house(tx).await?;
    Ok(Problem::of(format!("Đã qua giờ tự đổi hoặc hủy. Gọi {} để được giúp.", house.phone)).into())
}

async fn answer(visitor: &Visitor, tx: Tx, a: Appointment, text: &str, form: ActForm, done: Result<Appointment, Failure>) -> Answer {
    let problems = match done {
        Ok(_) => {
            tx.commit().await?;
            return web::redirect(format!("/b/{text}"));
        }
        Err(Failure::Refused(problems)) => problems,
        Err(Failure::Conflict(why)) => Problem::of(why).into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = visitor.begin_at(a.facility).await?;
    let a = scheduling::get(&mut tx, a.id).await?;
    let page = load(visitor, &mut tx, a, text, form, problems).await?;
    tx.commit().await?;
    web::refused(page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Day {
    day: String,
}

/// `GET /b/{pass}/move`: other times of the same offer.
pub async fn times(visitor: Visitor, Path(text): Path<String>, Query(asked): Query<Day>) -> Answer {
    let (mut tx, a) = behind(&visitor, &text).await?;
    web::html(other_times(&visitor, &mut tx, &a, &text, &asked.day, "").await?)
}

async fn other_times(visitor: &Visitor, tx: &mut Tx, a: &Appointment, text: &str, day: &str, problem: &str) -> Result<TimesPage, Failure> {
    let day = if day.is_empty() { a.day.to_string() } else { day.to_owned() };
    let page = TimesPage::load(visitor, tx, a.offer, &day, format!("/b/{text}/move"), format!("/b/{text}/move"), problem).await?;
    Ok(TimesPage { version: a.version, ..page })
}

/// `POST /b/{pass}/move`: the new time stands before the old one goes; the link in the new message leads to it.
pub async fn reschedule(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Form(form): Form<Chosen>) -> Answer {
    ours(&headers)?;
    let (mut tx, a) = behind(&visitor, &text).await?;
    let done = match (form.slot, form.id) {
        _ if visitor.now > a.cutoff() => Err(late(&mut tx).await?),
        (Some(slot), Some(new)) => change::reschedule(&mut tx, a.id, form.version, slot, new, Channel::Web, By::Patient).await,
        _ => Err(Problem::of("Chưa chọn giờ khám.").into()),
    };
    let problem = match done {
        Ok(made) => {
            tx.commit().await?;
            let until = made.ends_at + TimeDelta::days(7);
            return web::redirect(format!("/b/{}", pass::mint(&visitor.app.config.secret, Purpose::Manage, a.facility, made.id, until)));
        }
        Err(Failure::Refused(problems)) => problems.0.first().map(|p| p.text.to_string()).unwrap_or_default(),
        Err(Failure::Conflict(why)) => why,
        Err(Failure::NotFound) => "Giờ này không còn. Chọn giờ khác.".into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = visitor.begin_at(a.facility).await?;
    let a = scheduling::get(&mut tx, a.id).await?;
    web::refused(other_times(&visitor, &mut tx, &a, &text, &form.day, &problem).await?)
}

/// `POST /b/{pass}/rating`: once, after the visit.
pub async fn rate(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Form(form): Form<ActForm>) -> Answer {
    ours(&headers)?;
    let (mut tx, a) = behind(&visitor, &text).await?;
    let stars = form.stars.parse().ok().filter(|s| (1..=5).contains(s));
    let mut problems = Problems::none();
    problems.add_if(a.status != Status::Fulfilled, "stars", "Chỉ nhận ý kiến sau khi khám xong.");
    problems.add_if(stars.is_none(), "stars", "Chọn từ 1 đến 5 sao.");
    problems.add_if(form.words.chars().count() > 500, "words", "Ý kiến tối đa 500 ký tự, hãy rút gọn.");
    let done = match (problems.is_empty(), stars) {
        (true, Some(stars)) => {
            store::insert_rating(&mut tx, &a, stars, form.words.trim()).await?;
            tx.audit("rate", "appointment", a.id, a.patient, serde_json::Value::Null);
            Ok(a.clone())
        }
        _ => Err(problems.into()),
    };
    answer(&visitor, tx, a, &text, form, done).await
}

/// `GET /b/{pass}/calendar.ics`.
pub async fn calendar(visitor: Visitor, Path(text): Path<String>) -> Answer {
    let (mut tx, a) = behind(&visitor, &text).await?;
    let house = house(&mut tx).await?;
    let link = format!("{}/b/{text}", visitor.app.config.public_url);
    let entry = ics::entry(&a, &house.name, &house.address, &link, visitor.now);
    let headers = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"lich-kham.ics\"")];
    Ok((headers, entry).into_response())
}
