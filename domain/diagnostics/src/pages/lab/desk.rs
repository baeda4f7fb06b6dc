//! The desk: who waits for a sample, which tubes to take, which tubes have arrived, and which must be taken again.

use super::{KEYS, Step, steps, who};
use crate::lab::specimen::{self, REJECT_REASONS};
use crate::store::lab::collect::{self, NewTube, Specimen, ToCollect, Which};
use askama::Template;
use base::{EncounterId, Problem, Problems, SpecimenId, show_time};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

const MOST: i64 = 100;

struct Waiting {
    line: ToCollect,
    who: String,
    at: String,
    since: String,
}

#[derive(Template)]
#[template(path = "lab-desk.html")]
struct Page {
    shell: Shell,
    steps: Vec<Step>,
    waiting: Vec<Waiting>,
    rejected: Vec<SpecimenLine>,
    may_collect: bool,
    pay_first: bool,
}

/// A sample as lists show it.
pub(crate) struct SpecimenLine {
    pub specimen: Specimen,
    pub who: String,
    pub at: String,
    pub since: String,
}

impl SpecimenLine {
    pub(crate) fn new(specimen: Specimen, ctx: &Ctx) -> SpecimenLine {
        SpecimenLine {
            who: who(&specimen.sex, specimen.birth_date, ctx.today()),
            at: show_time(specimen.collected_at),
            since: specimen.collected_at.to_rfc3339(),
            specimen,
        }
    }
}

/// `GET /app/lab`: visits that wait for their samples, and samples of today that were rejected.
pub async fn collecting(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
    let waiting = collect::list_to_collect(tx.conn(), facility, pay_first, MOST).await?;
    let since = ctx.now - TimeDelta::hours(24);
    let rejected = collect::list_specimens(tx.conn(), facility, Which::RejectedSince(since)).await?;
    let (steps, _) = steps(&ctx, &mut tx, "/app/lab").await?;
    let today = ctx.today();
    web::html(Page {
        shell: ctx.shell("Lấy mẫu", KEYS),
        steps,
        waiting: waiting
            .into_iter()
            .map(|line| Waiting {
                who: who(&line.sex, line.birth_date, today),
                at: show_time(line.ordered_at),
                since: line.ordered_at.to_rfc3339(),
                line,
            })
            .collect(),
        rejected: rejected.into_iter().map(|specimen| SpecimenLine::new(specimen, &ctx)).collect(),
        may_collect: ctx.may("lab.collect"),
        pay_first,
    })
}

/// The orders whose samples are taken now.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CollectForm {
    pub order: Vec<String>,
}

/// `POST /app/lab/encounters/{id}/specimens`: one tube of a kind for all these orders. A second click takes nothing more.
pub async fn collect(ctx: Ctx, Path(encounter): Path<EncounterId>, Form(form): Form<CollectForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let today = ctx.today();
    let donor = collect::find_donor(tx.conn(), facility, encounter, today).await?.ok_or(Failure::NotFound)?;
    let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
    let asked: Vec<Uuid> = form.order.iter().filter_map(|typed| typed.parse().ok()).collect();
    let open = collect::orders_to_collect(tx.conn(), facility, encounter).await?;
    let open: Vec<_> = open.into_iter().filter(|order| asked.is_empty() || asked.contains(&order.order_id)).collect();
    let mut problems = Problems::none();
    for unpaid in open.iter().filter(|order| pay_first && !order.is_paid && order.status == "placed") {
        problems.add("", format!("{}: chưa thanh toán. Mời người bệnh qua quầy thu ngân trước.", unpaid.service_name));
    }
    problems.or(())?;
    let orders: Vec<Uuid> = open.iter().map(|order| order.order_id).collect();
    let services: Vec<Uuid> = open.iter().map(|order| order.service_id).collect();
    crate::store::lab::catalogue::link_from_catalogue(&mut tx, &services, today).await?;
    let wanted = collect::wanted(&mut tx, &orders, today).await?;
    // A calculation made for adults leaves no empty cell with a child.
    let years = base::Age::on(donor.birth_date, today).years;
    let wanted = wanted
        .into_iter()
        .filter(|w| crate::lab::formula::find(&w.facts.formula).is_none_or(|formula| years >= formula.least_age_years))
        .collect();
    let tubes = specimen::tubes(wanted);
    if tubes.is_empty() {
        if orders.is_empty() {
            return Err(Problem::of("Lượt khám này không còn xét nghiệm nào chờ lấy mẫu. Tải lại trang.").into());
        }
        return web::redirect(format!("/app/lab/encounters/{encounter}"));
    }
    let analytes: Vec<Uuid> = tubes.iter().flat_map(|(_, all)| all.iter().map(|(a, _)| a.id)).collect();
    let ranges = crate::store::lab::catalogue::ranges_on(tx.conn(), facility, &analytes, today).await?;
    let previous = collect::previous(&mut tx, donor.patient, &analytes, ctx.now).await?;
    let replaced: HashMap<String, Uuid> = collect::rejected_before(&mut tx, encounter).await?;
    let count = i32::try_from(tubes.len()).unwrap_or(1);
    let first = collect::take_numbers(&mut tx, today, count).await?;
    for (number, (tube, all)) in (first..).zip(&tubes) {
        let new = NewTube {
            id: SpecimenId::new(),
            encounter,
            donor: &donor,
            tube: *tube,
            is_urgent: open.iter().any(|o| o.is_urgent && all.iter().any(|(_, of)| of.contains(&o.order_id))),
            replaces: replaced.get(tube.key()).copied(),
            day: today,
            analytes: all,
        };
        collect::insert_tube(&mut tx, &new, number, &ranges, &previous).await?;
    }
    collect::mark_orders(&mut tx, &orders, true).await?;
    tx.audit("collect", "specimen", encounter, Some(donor.patient), json!({ "tubes": count, "orders": orders.len() }));
    tell(&mut tx, encounter);
    tx.commit().await?;
    web::redirect(format!("/app/lab/encounters/{encounter}"))
}

/// Tells the pages that show the laboratory's work and the visit's.
pub(crate) fn tell(tx: &mut Tx, encounter: EncounterId) {
    tx.notify("lab");
    tx.notify("orders");
    tx.notify(format!("encounter/{encounter}"));
}

#[derive(Template)]
#[template(path = "lab-tubes.html")]
struct Tubes {
    shell: Shell,
    steps: Vec<Step>,
    encounter: EncounterId,
    tubes: Vec<SpecimenLine>,
}

/// `GET /app/lab/encounters/{id}`: the tubes of a visit with their labels.
pub async fn tubes(ctx: Ctx, Path(encounter): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let tubes = collect::list_specimens(tx.conn(), ctx.facility(), Which::Encounter(encounter)).await?;
    let Some(first) = tubes.first() else { return Err(Failure::NotFound) };
    let patient = first.patient;
    let (steps, _) = steps(&ctx, &mut tx, "/app/lab").await?;
    tx.audit("read", "specimen", encounter, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    web::html(Tubes {
        shell: ctx.shell("Ống mẫu", &[("F9", "In tem")]),
        steps,
        encounter,
        tubes: tubes.into_iter().map(|specimen| SpecimenLine::new(specimen, &ctx)).collect(),
    })
}

#[derive(Template)]
#[template(path = "lab-reception.html")]
struct Reception {
    shell: Shell,
    steps: Vec<Step>,
    lines: Vec<SpecimenLine>,
    reasons: &'static [&'static str],
    received: String,
    code: String,
    problems: Problems,
    may_receive: bool,
}

/// What was received last, for the toast.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Received {
    received: String,
}

/// `GET /app/lab/reception`: samples on their way, and the field for the reader.
pub async fn reception(ctx: Ctx, Query(query): Query<Received>) -> Answer {
    let mut tx = ctx.begin().await?;
    let received = if specimen::looks_like_code(&query.received) { query.received } else { String::new() };
    web::html(reception_page(&ctx, &mut tx, received, String::new(), Problems::none()).await?)
}

async fn reception_page(ctx: &Ctx, tx: &mut Tx, received: String, code: String, problems: Problems) -> Result<Reception, Failure> {
    let lines = collect::list_specimens(tx.conn(), ctx.facility(), Which::Collected).await?;
    let (steps, _) = steps(ctx, tx, "/app/lab/reception").await?;
    Ok(Reception {
        shell: ctx.shell("Nhận mẫu", KEYS),
        steps,
        lines: lines.into_iter().map(|specimen| SpecimenLine::new(specimen, ctx)).collect(),
        reasons: &REJECT_REASONS,
        received,
        code,
        problems,
        may_receive: ctx.may("lab.technical"),
    })
}

/// A code as the reader gave it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    pub code: String,
}

/// `POST /app/lab/received`: a tube is scanned at the laboratory's door.
pub async fn receive_scanned(ctx: Ctx, Form(form): Form<CodeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let code = form.code.trim().to_owned();
    let found = if specimen::looks_like_code(&code) {
        collect::list_specimens(tx.conn(), ctx.facility(), Which::Code(&code)).await?.into_iter().next()
    } else {
        None
    };
    let Some(known) = found else {
        let text = format!("Không có mẫu mang mã “{}”. Quét lại nhãn trên ống.", code.chars().take(20).collect::<String>());
        let page = reception_page(&ctx, &mut tx, String::new(), code, Problem::at("code", text).into()).await?;
        return web::refused(page);
    };
    match take_in(&ctx, &mut tx, known.id).await? {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/lab/reception?received={code}"))
        }
        Err(problem) => {
            let problem = Problem::at("code", problem.text);
            web::refused(reception_page(&ctx, &mut tx, String::new(), code, problem.into()).await?)
        }
    }
}

/// `POST /app/lab/specimens/{id}/received`: the same by a click.
pub async fn receive(ctx: Ctx, Path(id): Path<SpecimenId>) -> Answer {
    let mut tx = ctx.begin().await?;
    take_in(&ctx, &mut tx, id).await??;
    tx.commit().await?;
    web::redirect("/app/lab/reception")
}

async fn take_in(_ctx: &Ctx, tx: &mut Tx, id: SpecimenId) -> Result<Result<(), Problem>, Failure> {
    let known = collect::specimen_to_change(tx, id).await?.ok_or(Failure::NotFound)?;
    if let Err(problem) = specimen::receive(known.status) {
        return Ok(Err(problem));
    }
    if known.status == specimen::Status::Collected {
        collect::receive(tx, id).await?;
        tx.audit("receive", "specimen", id, Some(known.patient), json!({}));
        tx.notify("lab");
    }
    Ok(Ok(()))
}

/// Why a sample is unfit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RejectForm {
    pub reason: String,
    /// One of the usual reasons; the typed one comes first.
    pub usual: String,
}

/// `POST /app/lab/specimens/{id}/rejected`: the collector is told and the orders wait for a new sample.
pub async fn reject(ctx: Ctx, Path(id): Path<SpecimenId>, Form(form): Form<RejectForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = collect::specimen_to_change(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if known.status == specimen::Status::Rejected {
        return web::redirect("/app/lab/reception");
    }
    let typed = if form.reason.trim().is_empty() { &form.usual } else { &form.reason };
    let reason = specimen::reject(known.status, known.has_released, typed)?;
    let orders = collect::reject(&mut tx, id, &reason).await?;
    collect::mark_orders(&mut tx, &orders, false).await?;
    tx.audit("reject", "specimen", id, Some(known.patient), json!({ "orders": orders.len() }));
    tell(&mut tx, known.encounter);
    tx.commit().await?;
    web::redirect("/app/lab/reception")
}
