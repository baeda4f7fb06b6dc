//! What was handed over: labels, the sheet for home, what came back, every state with who and why.

use crate::dispensing::Status;
use crate::dose::Milli;
use crate::line::amount;
use crate::pages::entry::stale;
use crate::pharmacy::{self, Back};
use crate::store::{self, Dispense};
use askama::Template;
use base::{DispenseId, Problems, Vnd, show_date, show_time};
use chrono::TimeDelta;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("F9", "In nhãn"), ("F6", "Nhận trả lại"), ("F3", "Về hàng chờ")];

/// A lot of a line, with what may still come back of it.
pub struct LotView {
    pub lot: String,
    pub lot_no: String,
    pub expires: String,
    pub quantity: String,
    pub reason: String,
    pub returned: String,
    pub left: String,
    pub may_return: bool,
    pub typed: String,
    pub problem: String,
}

pub struct LineView {
    pub id: Uuid,
    pub name: String,
    pub instruction: String,
    pub is_substituted: bool,
    pub closes: bool,
    pub gives: bool,
    pub amount: Option<Vnd>,
    pub lots: Vec<LotView>,
}

/// One state the dispense went through.
pub struct VersionView {
    pub word: &'static str,
    pub reason: String,
    pub at: String,
    pub by: String,
}

#[derive(Template)]
#[template(path = "pharmacy_given.html")]
struct Page {
    shell: Shell,
    dispense: Dispense,
    look: (&'static str, &'static str),
    at: String,
    lines: Vec<LineView>,
    total: Vnd,
    versions: Vec<VersionView>,
    may_return: bool,
    /// Just handed over: the labels print by themselves.
    prints: bool,
    may_bill: bool,
    fresh: Uuid,
    reason: String,
    reopens: bool,
    problems: Problems,
}

/// `?print=1`: straight from the counter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GivenQuery {
    pub print: String,
}

/// Opened again later, the page prints nothing by itself.
const JUST_NOW: TimeDelta = TimeDelta::minutes(1);

/// `GET /app/pharmacy/dispenses/{dispense}`.
pub async fn show(ctx: Ctx, Path(id): Path<DispenseId>, Query(query): Query<GivenQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let dispense = store::find_dispense(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let patient = dispense.patient;
    let prints = query.print == "1" && ctx.now - dispense.at < JUST_NOW;
    let page = Page { prints, ..page(&ctx, &mut tx, dispense, None, Problems::none()).await? };
    tx.audit("read", "dispense", id, patient, serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// What comes back, lot by lot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackForm {
    pub id: String,
    pub line: Vec<String>,
    pub lot: Vec<String>,
    pub quantity: Vec<String>,
    pub reason: String,
    /// "1": the same line may be supplied anew.
    pub reopens: String,
}

/// `POST /app/pharmacy/dispenses/{dispense}/returns`.
pub async fn put_back(ctx: Ctx, Path(id): Path<DispenseId>, Form(form): Form<BackForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::find_dispense(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let at = |list: &[String], n: usize| list.get(n).cloned().unwrap_or_default();
    let back = Back {
        id: form.id.parse().map_err(|_| stale())?,
        lots: (0..form.line.len()).map(|n| (at(&form.line, n), at(&form.lot, n), at(&form.quantity, n))).collect(),
        reason: form.reason.clone(),
        reopens: form.reopens == "1",
    };
    let problems = match pharmacy::put_back(&ctx, &mut tx, id, &back).await {
        Ok(Ok(())) => {
            tx.commit().await?;
            return web::redirect(format!("/app/pharmacy/dispenses/{id}"));
        }
        Ok(Err(problems)) | Err(Failure::Refused(problems)) => problems,
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let dispense = store::find_dispense(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    web::refused(page(&ctx, &mut tx, dispense, Some(&form), problems).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, dispense: Dispense, typed: Option<&BackForm>, problems: Problems) -> Result<Page, Failure> {
    let versions = store::list_versions(tx.conn(), ctx.facility(), dispense.id).await?;
    let lines: Vec<LineView> = dispense.lines.iter().map(|line| line_view(&dispense, line, typed, &problems)).collect();
    Ok(Page {
        shell: ctx.shell("Thuốc đã phát", KEYS),
        look: look(dispense.status),
        at: moment(dispense.at),
        total: lines.iter().filter_map(|l| l.amount).sum(),
        may_return: ctx.may("dispense.return") && lines.iter().any(|l| l.lots.iter().any(|lot| lot.may_return)),
        lines,
        versions: versions
            .into_iter()
            .map(|(status, reason, at, by)| VersionView { word: Status::from_key(&status).map_or("", Status::name), reason, at: moment(at), by })
            .collect(),
        prints: false,
        may_bill: ctx.may("billing.read"),
        fresh: typed.and_then(|t| t.id.parse().ok()).unwrap_or_else(Uuid::now_v7),
        reason: typed.map_or(String::new(), |t| t.reason.clone()),
        reopens: typed.is_some_and(|t| t.reopens == "1"),
        problems,
        dispense,
    })
}

fn look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Completed => ("done", "circle-check"),
        Status::Declined => ("neutral", "x"),
        Status::PartlyReturned | Status::Returned => ("warning", "arrow-back-up"),
    }
}

fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{} {}", show_date(base::local_date(at)), show_time(at))
}

fn line_view(dispense: &Dispense, line: &store::GivenLine, typed: Option<&BackForm>, problems: &Problems) -> LineView {
    let lots = dispense.lots.iter().filter(|l| l.id == line.id).map(|lot| {
        let left = lot.quantity_milli - lot.returned_milli;
        let id = lot.lot_id.to_string();
        let at = typed.and_then(|t| (0..t.lot.len()).find(|n| t.lot[*n] == id && t.line.get(*n) == Some(&line.id.to_string())));
        LotView {
            lot_no: lot.lot_no.clone(),
            expires: show_date(lot.expires),
            quantity: Milli(lot.quantity_milli).to_string(),
            reason: lot.reason.clone(),
            returned: if lot.returned_milli > 0 { Milli(lot.returned_milli).to_string() } else { String::new() },
            left: Milli(left).to_string(),
            may_return: left > 0,
            typed: at.and_then(|n| typed?.quantity.get(n).cloned()).unwrap_or_default(),
            problem: problems.at(&format!("back-{}-{id}", line.id)).to_owned(),
            lot: id,
        }
    });
    LineView {
        id: line.id,
        name: line.name.clone(),
        instruction: line.instruction.clone(),
        is_substituted: line.substituted,
        closes: line.closes_line,
        gives: line.quantity_milli > 0,
        amount: amount(line.price_vnd.map(Vnd), Milli(line.quantity_milli)).filter(|_| dispense.prescription.is_none()),
        lots: lots.collect(),
    }
}
