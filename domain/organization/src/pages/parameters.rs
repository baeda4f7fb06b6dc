//! What the facility decided for itself, with the day from which it holds.

use super::day;
use crate::parameter::{self, Dated, KNOWN, Known};
use crate::service;
use askama::Template;
use base::{Problem, Problems, show_date};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Shell, Tx};

/// One parameter on the page.
struct Row {
    known: &'static Known,
    now: i64,
    history: Vec<Past>,
    value: String,
    valid_from: String,
    problems: Problems,
}

struct Past {
    value: String,
    days: String,
    whose: String,
    holds: bool,
}

#[derive(Template)]
#[template(path = "parameters.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<Row>,
    /// The one service that a value is being set for, when the address names one.
    service: Option<(Uuid, String)>,
}

/// For which service, if for one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct About {
    service: String,
}

/// A new value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ValueForm {
    key: String,
    service: String,
    value: String,
    valid_from: String,
}

/// `GET /app/catalogue/parameters`.
pub async fn show(ctx: Ctx, Query(about): Query<About>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, &about.service, None).await?)
}

/// `POST /app/catalogue/parameters`.
pub async fn set(ctx: Ctx, Form(form): Form<ValueForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = parameter::known(&form.key).ok_or(Failure::NotFound)?;
    let about = named_service(&ctx, &mut tx, &form.service).await?;
    let subject = about.map_or_else(String::new, |(id, _)| id.to_string());
    let checked = if !subject.is_empty() && !known.per_service {
        Err(Problem::at("value", "Quy định này đặt chung cho cơ sở, không đặt riêng từng dịch vụ."))
    } else {
        let from = if form.valid_from.is_empty() { Ok(ctx.today()) } else { day("valid_from", &form.valid_from) };
        from.and_then(|from| Ok((parameter::check(known, &form.value, from, ctx.today())?, from)))
    };
    match checked {
        Ok((value, from)) => {
            parameter::set(&mut tx, known, &subject, value, from).await?;
            tx.audit("decide", "parameter", known.key, None, json!({ "value": value, "from": from, "service": subject }));
            tx.commit().await?;
            web::redirect(if subject.is_empty() {
                "/app/catalogue/parameters".to_owned()
            } else {
                format!("/app/catalogue/parameters?service={subject}")
            })
        }
        Err(problem) => web::refused(page(&ctx, &mut tx, &form.service, Some((&form, problem))).await?),
    }
}

/// The service of that id; `None` when none is named, not found when the facility has no such service.
async fn named_service(ctx: &Ctx, tx: &mut Tx, typed: &str) -> Result<Option<(Uuid, String)>, Failure> {
    if typed.is_empty() {
        return Ok(None);
    }
    let id = typed.parse().map_err(|_| Failure::NotFound)?;
    let found = service::find(tx.conn(), ctx.facility(), id, ctx.today()).await?.ok_or(Failure::NotFound)?;
    Ok(Some((id, found.facts.name)))
}

async fn page(
    ctx: &Ctx,
    tx: &mut Tx,
    about: &str,
    refused: Option<(&ValueForm, Problem)>,
) -> Result<Page, Failure> {
    let today = ctx.today();
    let service = named_service(ctx, tx, about).await?;
    let all = parameter::list(tx.conn(), ctx.facility()).await?;
    let rows = KNOWN
        .iter()
        .filter(|known| service.is_none() || known.per_service)
        .map(|known| {
            let of_key: Vec<&Dated> = all.iter().filter(|d| d.key == known.key).collect();
            let general = of_key.iter().find(|d| d.subject.is_empty() && holds(d, today));
            let own = service.as_ref().and_then(|(id, _)| {
                of_key.iter().find(|d| d.subject == id.to_string() && holds(d, today))
            });
            let mine = refused.as_ref().filter(|(form, _)| form.key == known.key);
            Row {
                known,
                now: parameter::number(known, own.or(general).map(|d| &d.value)),
                history: of_key.iter().map(|d| past(d, today)).collect(),
                value: mine.map_or_else(String::new, |(form, _)| form.value.clone()),
                valid_from: mine.map_or_else(|| show_date(today), |(form, _)| form.valid_from.clone()),
                problems: mine.map_or_else(Problems::none, |(_, problem)| problem.clone().into()),
            }
        })
        .collect();
    Ok(Page { shell: ctx.shell("Quy định riêng của cơ sở", &[("Esc", "Quay lại")]), here: "parameters", rows, service })
}

fn holds(dated: &Dated, day: NaiveDate) -> bool {
    dated.valid_from <= day && dated.valid_to.is_none_or(|last| day <= last)
}

fn past(dated: &Dated, today: NaiveDate) -> Past {
    Past {
        value: dated.value.to_string(),
        days: match dated.valid_to {
            Some(last) => format!("{} – {}", show_date(dated.valid_from), show_date(last)),
            None => format!("từ {}", show_date(dated.valid_from)),
        },
        whose: dated.subject_name.clone().unwrap_or_default(),
        holds: holds(dated, today),
    }
}
