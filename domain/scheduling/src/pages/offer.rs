//! One thing that can be booked: its rules of booking, and its weekly times.

use crate::rules::{self, OfferFacts, RuleFacts, TypedOffer, TypedRule};
use crate::store::openings::{self, Offer};
use crate::store::sessions::{self, Rule};
use crate::{Channel, specialty};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Tx};

#[derive(Template)]
#[template(path = "scheduling_offer.html")]
struct OfferPage {
    shell: web::Shell,
    id: Uuid,
    is_new: bool,
    form: TypedOffer,
    rules: Vec<Rule>,
    rule: TypedRule,
    rule_id: Uuid,
    specialties: Vec<(String, String)>,
    modes: Vec<(String, String)>,
    services: Vec<(String, String)>,
    doctors: Vec<(Uuid, String)>,
    rooms: Vec<(String, String)>,
    problems: Problems,
}

const WEEKDAYS: [(&str, &str); 7] = [("1", "T2"), ("2", "T3"), ("3", "T4"), ("4", "T5"), ("5", "T6"), ("6", "T7"), ("7", "CN")];

impl OfferPage {
    fn holds_on(&self, weekday: &str) -> bool {
        self.rule.weekdays.iter().any(|d| d == weekday)
    }

    /// Channels that can have a share, as the field takes them.
    fn channels(&self) -> String {
        [Channel::App, Channel::Web, Channel::Call, Channel::Sms, Channel::Chat, Channel::Partner].map(|c| format!("{} = {}", c.key(), c.shown())).join(", ")
    }
}

fn typed(o: &Offer) -> TypedOffer {
    let tick = |on: bool| if on { "1".to_owned() } else { String::new() };
    TypedOffer {
        name: o.name.clone(),
        specialty: o.specialty.clone(),
        mode: o.mode.clone(),
        service: o.service_id.map(|s| s.to_string()).unwrap_or_default(),
        bhyt: tick(o.takes_bhyt),
        screened: tick(o.is_screened),
        notice_minutes: o.notice_minutes.to_string(),
        cutoff_minutes: o.cutoff_minutes.to_string(),
        horizon_days: o.horizon_days.to_string(),
        hold_minutes: o.hold_minutes.to_string(),
        screening_hours: o.screening_hours.to_string(),
        preparation: o.preparation.clone(),
    }
}

/// What is shown around the forms. `id` is `None` on the page of a new offer.
async fn load(ctx: &Ctx, tx: &mut Tx, id: Option<Uuid>, form: Option<TypedOffer>, rule: TypedRule, problems: Problems) -> Result<OfferPage, Failure> {
    let today = ctx.today();
    let known = match id {
        Some(id) => Some(openings::get_offer(tx, id).await?),
        None => None,
    };
    let services = encounter::store::reception::list_services(tx, today).await?;
    Ok(OfferPage {
        shell: ctx.shell("Dịch vụ nhận đặt lịch", &[("F8", "Lưu"), ("Esc", "Về lịch làm việc")]),
        form: form.or(known.as_ref().map(typed)).unwrap_or_else(|| TypedOffer { mode: "in_person".into(), bhyt: "1".into(), screened: "1".into(), ..TypedOffer::default() }),
        rules: match &known {
            Some(o) => sessions::list_rules(tx, o.offer_id, today).await?,
            None => Vec::new(),
        },
        id: known.as_ref().map_or_else(Uuid::now_v7, |o| o.offer_id),
        is_new: known.is_none(),
        rule,
        rule_id: Uuid::now_v7(),
        specialties: specialty::list().map(|s| (s.key.to_owned(), s.name.to_owned())).collect(),
        modes: vec![("in_person".into(), "Tại cơ sở".into()), ("video".into(), "Qua video".into())],
        services: services.into_iter().map(|s| (s.service_id.to_string(), s.name)).collect(),
        doctors: sessions::list_doctors(tx).await?,
        rooms: super::week::rooms(tx, today).await?,
        problems,
    })
}

/// `GET /app/schedule/offers/new`.
pub async fn blank(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(load(&ctx, &mut tx, None, None, TypedRule::default(), Problems::none()).await?)
}

/// `GET /app/schedule/offers/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(load(&ctx, &mut tx, Some(id), None, TypedRule::default(), Problems::none()).await?)
}

/// The form of a new offer: the page mints its id.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewOffer {
    id: String,
    #[serde(flatten)]
    offer: TypedOffer,
}

/// `POST /app/schedule/offers`.
pub async fn add(ctx: Ctx, Form(form): Form<NewOffer>) -> Answer {
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Tải lại trang.".into()))?;
    save_as(ctx, id, None, form.offer).await
}

/// `POST /app/schedule/offers/{id}`.
pub async fn save(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<TypedOffer>) -> Answer {
    let mut tx = ctx.begin().await?;
    openings::get_offer(&mut tx, id).await?;
    drop(tx);
    save_as(ctx, id, Some(id), form).await
}

async fn save_as(ctx: Ctx, id: Uuid, known: Option<Uuid>, form: TypedOffer) -> Answer {
    let mut tx = ctx.begin().await?;
    let problems = match OfferFacts::check(&form) {
        Ok(facts) => match rules::save_offer(&mut tx, id, &facts).await {
            Ok(()) => {
                tx.commit().await?;
                return web::redirect(format!("/app/schedule/offers/{id}"));
            }
            Err(Failure::Refused(problems)) => problems,
            Err(other) => return Err(other),
        },
        Err(problems) => problems,
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    web::refused(load(&ctx, &mut tx, known, Some(form), TypedRule::default(), problems).await?)
}

/// `POST /app/schedule/offers/{id}/rules`.
pub async fn add_rule(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<TypedRule>) -> Answer {
    let mut tx = ctx.begin().await?;
    openings::get_offer(&mut tx, id).await?;
    let rule: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Tải lại trang.".into()))?;
    let problems = match RuleFacts::check(&form, ctx.today()) {
        Ok(facts) => match rules::add_rule(&mut tx, id, rule, &facts).await {
            Ok(_) => {
                tx.commit().await?;
                return web::redirect(format!("/app/schedule/offers/{id}"));
            }
            Err(Failure::Refused(problems)) => problems,
            Err(other) => return Err(other),
        },
        Err(problems) => problems,
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    web::refused(load(&ctx, &mut tx, Some(id), None, form, problems).await?)
}

/// `POST /app/schedule/offers/{id}/rules/{rule}/end`.
pub async fn end_rule(ctx: Ctx, Path((id, rule)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    rules::end_rule(&mut tx, id, rule).await?;
    tx.commit().await?;
    web::redirect(format!("/app/schedule/offers/{id}"))
}
