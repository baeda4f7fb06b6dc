//! The operator's desk: who asked, who is a customer, what they bought and how much they use, money without a home,
//! and the activation of contracts. Nothing here comes from a medical table.

use crate::invoice::Reason;
use crate::lead;
use crate::platform::{self, Platform};
use crate::store::customers::{self, Customer};
use crate::store::invoices::{self, Unmatched};
use crate::store::leads::{self, LeadRow};
use crate::store::sign_ups::{self, SignUp};
use askama::Template;
use base::{FacilityId, Problem, Problems, Vnd, parse_date_vi, show_date};
use chrono::NaiveDate;
use organization::package::{self, Kind, Standing};
use organization::written;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

/// The transaction of the desk. Only the platform's own facility has one: a clinic that gives somebody the role of
/// operator gives nothing with it.
async fn desk(ctx: &Ctx) -> Result<(Tx, Platform), Failure> {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    match platform::find(&mut tx).await? {
        Some(own) if own.facility_id == ctx.facility().0 => Ok((tx, own)),
        _ => Err(Failure::NotFound),
    }
}

struct Row {
    customer: Customer,
    standing: Standing,
}

#[derive(Template)]
#[template(path = "operator.html")]
struct Page {
    shell: Shell,
    leads: Vec<LeadRow>,
    rows: Vec<Row>,
    unmatched: Vec<Unmatched>,
    stuck: Vec<SignUp>,
    q: String,
}

impl Page {
    fn when(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        format!("{} {}", base::show_time(*at), show_date(base::local_date(*at)))
    }
    fn vnd(&self, amount: &i64) -> Vnd {
        Vnd(*amount)
    }
    fn reason(&self, key: &str) -> &'static str {
        Reason::title(key)
    }
    fn package(&self, key: &str) -> &'static str {
        package::name_of(key)
    }
    fn until(&self, standing: &Standing) -> String {
        standing.last_day.map_or_else(|| "không thời hạn".into(), show_date)
    }
    fn megabytes(&self, bytes: &Option<i64>) -> String {
        bytes.map_or_else(|| "–".into(), |b| format!("{} MB", (b + 999_999) / 1_000_000))
    }
    fn count(&self, n: &Option<i32>) -> String {
        n.map_or_else(|| "–".into(), |n| n.to_string())
    }
    fn states(&self) -> [(&'static str, &'static str); 4] {
        lead::STATES
    }
    fn is_open(&self, lead: &LeadRow) -> bool {
        matches!(lead.state.as_str(), "new" | "talking")
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

/// `GET /app/operator`.
pub async fn show(ctx: Ctx, Query(search): Query<Search>) -> Answer {
    let (mut tx, own) = desk(&ctx).await?;
    let q: String = search.q.trim().chars().take(60).collect();
    let mut rows = Vec::new();
    for customer in customers::list(&mut tx, &q).await? {
        if customer.facility_id == own.facility_id {
            continue;
        }
        let periods = package::periods(tx.conn(), FacilityId(customer.facility_id)).await?;
        rows.push(Row { standing: package::standing_on(&periods, ctx.today()), customer });
    }
    web::html(Page {
        shell: ctx.shell("Vận hành", &[]),
        leads: leads::list(&mut tx).await?,
        unmatched: invoices::list_unmatched(&mut tx).await?,
        stuck: sign_ups::list_stuck(&mut tx).await?,
        rows,
        q,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LeadChange {
    state: String,
    note: String,
}

/// `POST /app/operator/leads/{id}`.
pub async fn move_lead(ctx: Ctx, Path(id): Path<Uuid>, Form(change): Form<LeadChange>) -> Answer {
    let (mut tx, _) = desk(&ctx).await?;
    let known = lead::STATES.iter().any(|(key, _)| *key == change.state);
    let state = if known { change.state.as_str() } else { "talking" };
    let note: String = written::line(&change.note).chars().take(500).collect();
    if !leads::update(&mut tx, id, state, &note).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("move", "lead", id, None, serde_json::json!({ "state": state }));
    tx.commit().await?;
    web::redirect("/app/operator")
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Note {
    note: String,
}

/// `POST /app/operator/payments/{id}/note`: what was done about money without a home.
pub async fn note_payment(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Note>) -> Answer {
    let (mut tx, _) = desk(&ctx).await?;
    let note = written::line(&form.note);
    if !invoices::list_unmatched(&mut tx).await?.iter().any(|p| p.payment_id == id) {
        return Err(Failure::NotFound);
    }
    if note.is_empty() {
        return Err(Problem::at("note", "Ghi rõ đã trả lại hay đã đối chiếu thế nào.").into());
    }
    if !invoices::note_payment(&mut tx, id, &note).await? {
        return Err(Failure::Conflict("Khoản này vừa được người khác xử lý.".into()));
    }
    tx.audit("note", "subscription_payment", id, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/operator")
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContractForm {
    package: String,
    number: String,
    from: String,
    /// Empty: open-ended.
    to: String,
    /// `contract` or `closed`.
    kind: String,
}

#[derive(Template)]
#[template(path = "contract.html")]
struct ContractPage {
    shell: Shell,
    code: String,
    name: String,
    standing: Standing,
    periods: Vec<package::Period>,
    packages: Vec<(String, String)>,
    form: ContractForm,
    problems: Problems,
}

impl ContractPage {
    fn day(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn end(&self, day: &Option<NaiveDate>) -> String {
        day.map_or_else(|| "không thời hạn".into(), show_date)
    }
    fn package(&self, key: &str) -> &'static str {
        package::name_of(key)
    }
}

async fn contract_page(ctx: &Ctx, tx: &mut Tx, code: &str, form: ContractForm, problems: Problems) -> Result<ContractPage, Failure> {
    let (facility, name) = customers::find(tx, code).await?.ok_or(Failure::NotFound)?;
    let periods = package::periods(tx.conn(), FacilityId(facility)).await?;
    Ok(ContractPage {
        shell: ctx.shell("Hợp đồng", &[("F8", "Kích hoạt")]),
        code: code.to_owned(),
        name,
        standing: package::standing_on(&periods, ctx.today()),
        periods: periods.into_iter().rev().collect(),
        packages: package::PACKAGES.iter().map(|key| ((*key).to_owned(), package::name_of(key).to_owned())).collect(),
        form,
        problems,
    })
}

/// `GET /app/operator/customers/{code}`.
pub async fn customer(ctx: Ctx, Path(code): Path<String>) -> Answer {
    let (mut tx, _) = desk(&ctx).await?;
    let form = ContractForm { from: show_date(ctx.today()), kind: "contract".into(), ..ContractForm::default() };
    web::html(contract_page(&ctx, &mut tx, &code, form, Problems::none()).await?)
}

/// `POST /app/operator/customers/{code}/contract`: what was signed holds from its day on; a clinic that left is closed.
pub async fn sign(ctx: Ctx, Path(code): Path<String>, Form(form): Form<ContractForm>) -> Answer {
    let (mut tx, own) = desk(&ctx).await?;
    let (facility, _) = customers::find(&mut tx, &code).await?.filter(|(id, _)| *id != own.facility_id).ok_or(Failure::NotFound)?;
    let mut problems = Problems::none();
    let closes = form.kind == "closed";
    problems.add_if(!package::PACKAGES.contains(&form.package.as_str()), "package", "Chọn gói ghi trong hợp đồng.");
    let number = written::required(&mut problems, "number", if closes { "lý do ngừng" } else { "số hợp đồng" }, &form.number, 80);
    let from = parse_date_vi(&form.from);
    problems.add_if(from.is_none(), "from", "Ngày viết dạng 15/03/2026.");
    let to = if form.to.trim().is_empty() || closes { None } else { parse_date_vi(&form.to) };
    problems.add_if(!form.to.trim().is_empty() && !closes && to.is_none(), "to", "Ngày viết dạng 15/03/2026.");
    if let (Some(from), Some(to)) = (from, to) {
        problems.add_if(to < from, "to", "Ngày kết thúc phải sau ngày bắt đầu.");
    }
    let (Some(from), true) = (from, problems.is_empty()) else {
        return web::refused(contract_page(&ctx, &mut tx, &code, form, problems).await?);
    };
    drop(tx);
    let mut tx = platform::begin_at(&ctx.app.db, FacilityId(facility), &ctx.actor, ctx.now).await?;
    package::lock(&mut tx).await?;
    let kind = if closes { Kind::Closed } else { Kind::Contract };
    let periods = package::periods(tx.conn(), FacilityId(facility)).await?;
    let again = periods.iter().max_by_key(|p| p.seq).is_some_and(|p| p.package == form.package && p.kind == kind && p.from == from && p.to == to && p.reason == number);
    if !again {
        package::append(&mut tx, &form.package, kind, from, to, &number).await?;
        tx.commit().await?;
    }
    web::redirect(format!("/app/operator/customers/{code}"))
}
