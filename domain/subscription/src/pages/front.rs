//! The public site: what Yba is, what it costs, and how to be called back.

use crate::lead::{self, LeadForm};
use crate::platform;
use crate::store::leads;
use askama::Template;
use base::{Problems, Vnd};
use organization::package::{self, FEATURES};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, Query, Visitor};

pub(crate) fn lang(visitor: &Visitor) -> &'static str {
    if visitor.lang == web::Lang::En { "en" } else { "vi" }
}

/// A package as the table of prices shows it.
pub struct Card {
    pub key: &'static str,
    pub name: &'static str,
    pub for_whom: &'static str,
    pub price: Option<Vnd>,
    pub contains: &'static str,
    pub adds: Vec<&'static str>,
    pub sms: i64,
    /// The one most clinics choose.
    pub is_usual: bool,
}

pub(crate) fn cards(day: chrono::NaiveDate) -> Vec<Card> {
    let mut before: Option<(&str, &'static str)> = None;
    package::offers_on(day)
        .into_iter()
        .map(|offer| {
            let card = Card {
                adds: package::adds(offer.key, before.map_or("", |(key, _)| key)),
                contains: before.map_or("", |(_, name)| name),
                key: offer.key,
                name: offer.name,
                for_whom: offer.for_whom,
                price: offer.price,
                sms: offer.sms_per_month,
                is_usual: offer.key == "STANDARD",
            };
            before = Some((offer.key, offer.name));
            card
        })
        .collect()
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front {
    lang: &'static str,
    here: &'static str,
    signed_in: bool,
    cards: Vec<Card>,
    by_law: Vec<&'static str>,
    trial_days: i64,
    grace_days: i64,
    free_months: i64,
}

/// `GET /`: staff go to work, everybody else learns what this is.
pub async fn home(visitor: Visitor) -> Answer {
    if visitor.ctx.is_some() { web::redirect("/app") } else { show(&visitor, "home") }
}

/// `GET /pricing`: the same site at its prices, for those who are signed in as well.
pub async fn pricing(visitor: Visitor) -> Answer {
    show(&visitor, "pricing")
}

fn show(visitor: &Visitor, here: &'static str) -> Answer {
    let day = base::local_date(visitor.now);
    web::html(Front {
        lang: lang(visitor),
        here,
        signed_in: visitor.ctx.is_some(),
        cards: cards(day),
        by_law: FEATURES.iter().filter(|f| f.required_by_law).map(|f| f.name).collect(),
        trial_days: package::term("trial_days", day),
        grace_days: package::term("grace_days", day),
        free_months: package::term("year_free_months", day),
    })
}

#[derive(Template)]
#[template(path = "lead.html")]
struct LeadPage {
    lang: &'static str,
    signed_in: bool,
    id: String,
    form: LeadForm,
    packages: Vec<(String, String)>,
    problems: Problems,
    done: bool,
}

fn lead_page(visitor: &Visitor, form: LeadForm, problems: Problems, done: bool) -> LeadPage {
    let contracts = package::offers_on(base::local_date(visitor.now)).into_iter().filter(|o| o.price.is_none());
    LeadPage {
        lang: lang(visitor),
        signed_in: visitor.ctx.is_some(),
        id: if form.id.is_empty() { Uuid::now_v7().to_string() } else { form.id.clone() },
        packages: contracts.map(|o| (o.key.to_owned(), o.name.to_owned())).collect(),
        form,
        problems,
        done,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    package: String,
    done: String,
}

/// `GET /contact`: the form for those who want to be called.
pub async fn ask(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let mut form = LeadForm { package: asked.package, ..LeadForm::default() };
    if let Some(ctx) = &visitor.ctx {
        form.clinic = ctx.signed_in.facility_name.to_string();
        form.person = ctx.actor.name.to_string();
    }
    web::html(lead_page(&visitor, form, Problems::none(), asked.done == "1"))
}

/// `POST /contact`: keeps the lead once; an address that sends many is asked to wait.
pub async fn keep(visitor: Visitor, headers: http::HeaderMap, Form(form): Form<LeadForm>) -> Answer {
    super::sign_up::ours(&headers)?;
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Hãy mở lại trang.".into()))?;
    let checked = match lead::check(&form) {
        Ok(lead) => lead,
        Err(problems) => return web::refused(lead_page(&visitor, form, problems, false)),
    };
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    if leads::recent(&mut tx, &visitor.remote).await? >= 10 {
        return Err(Failure::TooMany { retry_after_s: 3600 });
    }
    let facility = visitor.ctx.as_ref().map(|ctx| ctx.facility().0);
    leads::insert(&mut tx, id, &checked, facility, &visitor.remote).await?;
    tx.audit("ask", "lead", id, None, serde_json::json!({ "package": checked.package }));
    tx.commit().await?;
    web::redirect("/contact?done=1")
}
