//! The desk of electronic invoices: the list with what is stuck, one invoice with what may be done about it.

use super::minted;
use crate::einvoice::{self, Buyer, Kind, Line, NO_BUYER, Status};
use crate::store::bills;
use crate::store::einvoices::{self as store, Einvoice, New};
use crate::store::receipts;
use askama::Template;
use base::{BillId, Problem, Problems, Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

/// How many invoices stand on one page.
const PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "einvoices.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Einvoice>,
    status: Option<Status>,
    more: Option<String>,
    today: NaiveDate,
    id: Uuid,
    may_issue: bool,
    problems: Problems,
}

impl ListPage {
    fn made(&self, row: &Einvoice) -> String {
        moment(row.made_at)
    }
    fn day_text(&self) -> String {
        show_date(self.today)
    }
    fn shows(&self, status: &Status) -> bool {
        self.status == Some(*status)
    }
}

fn moment(at: DateTime<Utc>) -> String {
    format!("{} {}", show_time(at), show_date(base::local_date(at)))
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    status: String,
    #[serde(default)]
    after: String,
}

fn place(key: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (at, id) = key.split_once('.')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
}

/// `GET /app/cashier/einvoices?status=&after=`.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = list_page(&ctx, &mut tx, Status::from_key(&asked.status), place(&asked.after), Problems::none()).await?;
    web::html(page)
}

async fn list_page(
    ctx: &Ctx,
    tx: &mut Tx,
    status: Option<Status>,
    after: Option<(DateTime<Utc>, Uuid)>,
    problems: Problems,
) -> Result<ListPage, Failure> {
    let mut rows = store::list(tx, status, after, PAGE + 1).await?;
    let has_more = rows.len() as i64 > PAGE;
    rows.truncate(PAGE as usize);
    let more = rows.last().filter(|_| has_more).map(|last| format!("{}.{}", last.made_at.timestamp_micros(), last.einvoice_id.simple()));
    Ok(ListPage {
        shell: ctx.shell("Hóa đơn điện tử", &[("F2", "Tìm"), ("F5", "Hóa đơn cuối ngày"), ("↑↓", "Chọn"), ("Enter", "Mở")]),
        rows,
        status,
        more,
        today: ctx.today(),
        id: Uuid::now_v7(),
        may_issue: ctx.may("einvoice.issue"),
        problems,
    })
}

#[derive(Template)]
#[template(path = "einvoice.html")]
struct OnePage {
    shell: Shell,
    e: Einvoice,
    lines: Vec<Line>,
    about: Option<Einvoice>,
    corrections: Vec<Einvoice>,
    may_issue: bool,
    id: Uuid,
    buyer: Buyer,
    reason: String,
    problems: Problems,
}

impl OnePage {
    fn made(&self) -> String {
        moment(self.e.made_at)
    }
    fn issued(&self) -> String {
        self.e.issued_at.map(moment).unwrap_or_default()
    }
    fn next_try(&self) -> String {
        self.e.next_try_at.map(show_time).unwrap_or_default()
    }
    fn words(&self) -> String {
        Vnd(self.e.total_vnd.abs()).in_words()
    }
    fn net(&self) -> Vnd {
        Vnd(self.e.total_vnd - self.e.vat_vnd)
    }
    fn day_text(&self) -> String {
        show_date(self.e.day)
    }
    fn waits(&self) -> bool {
        matches!(self.e.status(), Status::Draft | Status::Failed)
    }
    fn may(&self, kind: Kind) -> bool {
        einvoice::may_correct(kind, store::history(&self.e, &self.corrections)).is_ok()
    }
    fn may_adjust(&self) -> bool {
        self.may(Kind::Adjust)
    }
    fn may_replace(&self) -> bool {
        self.may(Kind::Replace)
    }
    fn may_drop(&self) -> bool {
        self.e.status() == Status::Draft && self.e.attempts == 0
    }
}

async fn one_page(ctx: &Ctx, tx: &mut Tx, e: Einvoice, typed: Option<(Buyer, String)>, problems: Problems) -> Result<OnePage, Failure> {
    let lines = store::lines(tx, e.einvoice_id).await?;
    let corrections = store::list_about(tx, e.einvoice_id).await?;
    let about = match e.about_id {
        Some(about) => store::find(tx, about).await?,
        None => None,
    };
    let (buyer, reason) = typed.unwrap_or_else(|| (e.buyer.clone(), String::new()));
    Ok(OnePage {
        shell: ctx.shell("Hóa đơn điện tử", &[("F8", "Gửi"), ("Esc", "Về danh sách")]),
        lines,
        about,
        corrections,
        may_issue: ctx.may("einvoice.issue"),
        id: Uuid::now_v7(),
        buyer,
        reason,
        problems,
        e,
    })
}

/// One invoice.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let e = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    web::html(one_page(&ctx, &mut tx, e, None, Problems::none()).await?)
}

#[derive(Template)]
#[template(path = "einvoice_state.html")]
struct StatePiece {
    e: Einvoice,
    next_try: String,
}

/// How it stands now: the piece that looks again while the courier is on the way.
pub async fn state_piece(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let e = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    web::html(StatePiece { next_try: e.next_try_at.map(show_time).unwrap_or_default(), e })
}

#[derive(Deserialize)]
pub struct MakeForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    day: String,
}

/// Drafts the invoice of one receipt, for whoever paid it. A receipt that has one leads there.
pub async fn make(ctx: Ctx, Path(receipt): Path<Uuid>, Form(form): Form<MakeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = receipts::find(&mut tx, receipt).await?.ok_or(Failure::NotFound)?;
    let id = minted(&form.id)?;
    // Two desks at one receipt stand in the queue of its bill.
    bills::lock(&mut tx, BillId(paper.bill_id)).await?;
    if let Some(there) = store::of_receipt(&mut tx, receipt).await? {
        return web::redirect(format!("/app/cashier/einvoices/{there}"));
    }
    if paper.is_void() || paper.kind() != crate::receipt::Kind::Receipt {
        return Err(Problem::of("Chỉ phiếu thu còn hiệu lực mới xuất hóa đơn. Tạm ứng và phiếu hoàn không xuất.").into());
    }
    let lines = store::facts(&mut tx, &[receipt]).await?;
    if lines.is_empty() {
        return Err(Problem::of("Phiếu này không còn khoản nào phải trả nên không có gì để xuất hóa đơn.").into());
    }
    let payer = bills::get_payer(&mut tx, BillId(paper.bill_id)).await?;
    let buyer = Buyer { name: payer.name.clone(), address: payer.address_text.clone(), ..Buyer::default() };
    let new = New {
        id,
        kind: Kind::Original,
        about: None,
        basis: "receipt",
        bill: Some(paper.bill_id),
        day: base::local_date(paper.issued_at),
        buyer: &buyer,
        reason: "",
        lines: &lines,
        send: false,
    };
    if store::insert(&mut tx, &new).await? {
        store::take_receipts(&mut tx, id, &[receipt]).await?;
        tx.audit("draft", "einvoice", id, payer.patient(), json!({ "receipt": paper.show_number() }));
    }
    tx.commit().await?;
    web::redirect(format!("/app/cashier/einvoices/{id}"))
}

/// One invoice for everybody who paid on a day and asked for none; it goes out at once.
pub async fn make_day(ctx: Ctx, Form(form): Form<MakeForm>) -> Answer {
    let id = minted(&form.id)?;
    let today = ctx.today();
    let mut tx = ctx.begin().await?;
    if store::find(&mut tx, id).await?.is_some() {
        return web::redirect(format!("/app/cashier/einvoices/{id}"));
    }
    let day = base::parse_date_vi(&form.day).filter(|day| *day <= today);
    // The facility's own number row is the queue in which two such requests stand.
    crate::store::next_number(&mut tx, "HDN", day.map_or(0, crate::receipt::year_of)).await?;
    let receipts = match day {
        Some(day) => store::receipts_without(&mut tx, day).await?,
        None => Vec::new(),
    };
    let lines = sum_by_item(store::facts(&mut tx, &receipts).await?);
    let Some(day) = day.filter(|_| !lines.is_empty()) else {
        let problem = if day.is_none() { "Ngày này không có hoặc chưa tới. Gõ ngày/tháng/năm, ví dụ 24/11/2026." } else { "Ngày này không còn phiếu thu nào chưa có hóa đơn." };
        let mut problems = Problems::none();
        problems.add("day", problem);
        let mut tx = ctx.begin().await?;
        return web::refused(list_page(&ctx, &mut tx, None, None, problems).await?);
    };
    let buyer = Buyer { name: NO_BUYER.into(), ..Buyer::default() };
    let new = New { id, kind: Kind::Original, about: None, basis: "day", bill: None, day, buyer: &buyer, reason: "", lines: &lines, send: true };
    if store::insert(&mut tx, &new).await? {
        store::take_receipts(&mut tx, id, &receipts).await?;
        tx.audit("send", "einvoice", id, None, json!({ "day": day, "receipts": receipts.len() }));
    }
    tx.commit().await?;
    web::redirect(format!("/app/cashier/einvoices/{id}"))
}

/// Lines of the same item as one: a day's invoice names what was sold, not to whom.
fn sum_by_item(lines: Vec<Line>) -> Vec<Line> {
    let mut summed: Vec<Line> = Vec::new();
    for line in lines {
        let same = |s: &&mut Line| s.group_key == line.group_key && s.name == line.name && s.treatment == line.treatment;
        match summed.iter_mut().find(same) {
            Some(there) => {
                there.quantity_milli += line.quantity_milli;
                there.amount_vnd += line.amount_vnd;
                there.vat_vnd = einvoice::vat_inside(Vnd(there.amount_vnd), there.rate_permille).0;
            }
            None => summed.push(Line { charge_id: None, place: summed.len() as i32 + 1, ..line }),
        }
    }
    summed
}

/// What the form beside an invoice sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SendForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    reason: String,
    #[serde(flatten)]
    buyer: Buyer,
}

/// Hands a draft, or one that failed, to the courier. Pressed twice it is sent once.
pub async fn send(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<SendForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let e = store::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if !matches!(e.status(), Status::Draft | Status::Failed) {
        return web::redirect(format!("/app/cashier/einvoices/{id}"));
    }
    let buyer = match form.buyer.clone().read() {
        // The same key must always tell the same: once a provider may know it, the buyer stays.
        Ok(buyer) if e.attempts > 0 && e.last_error.starts_with(LOST) => if buyer == e.buyer { buyer } else { e.buyer.clone() },
        Ok(buyer) => buyer,
        Err(problems) => return web::refused(one_page(&ctx, &mut tx, e, Some((form.buyer, form.reason)), problems).await?),
    };
    store::queue(&mut tx, id, &buyer).await?;
    tx.audit("send", "einvoice", id, None, json!({ "kind": e.kind, "total_vnd": e.total_vnd, "after": e.attempts }));
    tx.commit().await?;
    web::redirect(format!("/app/cashier/einvoices/{id}"))
}

/// How an error begins after which nobody knows whether the provider has the invoice.
pub const LOST: &str = "Chưa rõ";

/// Adjusts or replaces an issued invoice by what the ledger says now and the buyer as typed; it goes out at once.
pub async fn correct(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<SendForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let e = store::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let new_id = minted(&form.id)?;
    if store::find(&mut tx, new_id).await?.is_some() {
        return web::redirect(format!("/app/cashier/einvoices/{new_id}"));
    }
    let kind = Kind::from_key(&form.kind).unwrap_or(Kind::Original);
    let about = store::list_about(&mut tx, id).await?;
    let mut problems = Problems::none();
    if let Err(problem) = einvoice::may_correct(kind, store::history(&e, &about)) {
        problems.add("", problem.text);
    }
    let reason = form.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    problems.add_if(reason.is_empty(), "reason", "Nhập lý do: sai gì, vì sao. Lý do đi kèm hóa đơn gửi cơ quan thuế.");
    problems.add_if(reason.chars().count() > 300, "reason", "Lý do tối đa 300 ký tự. Rút ngắn lại.");
    let buyer = match form.buyer.clone().read() {
        Ok(buyer) => buyer,
        Err(more) => {
            more.0.into_iter().for_each(|p| problems.add(p.field, p.text));
            form.buyer.clone()
        }
    };
    let lines = lines_of_correction(&mut tx, &e, kind).await?;
    problems.add_if(lines.is_empty() && kind == Kind::Replace, "", "Các khoản đã ghi giảm hết nên không còn gì để thay thế. Chọn điều chỉnh để giảm về 0.");
    problems.add_if(lines.is_empty() && kind == Kind::Adjust && buyer == e.buyer, "", "Sổ sách và người mua vẫn như trên hóa đơn, không có gì để điều chỉnh.");
    if !problems.is_empty() {
        return web::refused(one_page(&ctx, &mut tx, e, Some((form.buyer, form.reason)), problems).await?);
    }
    let new = New {
        id: new_id,
        kind,
        about: Some(id),
        basis: if e.is_of_day() { "day" } else { "receipt" },
        bill: e.bill_id,
        day: ctx.today(),
        buyer: &buyer,
        reason: &reason,
        lines: &lines,
        send: true,
    };
    store::insert(&mut tx, &new).await?;
    tx.audit("correct", "einvoice", new_id, None, json!({ "kind": kind.key(), "about": e.show_number(), "reason": reason }));
    tx.commit().await?;
    web::redirect(format!("/app/cashier/einvoices/{new_id}"))
}

/// What a correction tells: everything as it is now, or the difference to what was told.
async fn lines_of_correction(tx: &mut Tx, e: &Einvoice, kind: Kind) -> Result<Vec<Line>, Failure> {
    let mut first = e.clone();
    // A replacement tells of the receipts of the invoice at the beginning of the chain.
    while let Some(before) = first.about_id {
        first = store::find(tx, before).await?.ok_or(Failure::NotFound)?;
    }
    let receipts = store::receipts_of(tx, first.einvoice_id).await?;
    let mut now = store::facts(tx, &receipts).await?;
    if e.is_of_day() {
        now = sum_by_item(now);
    }
    if kind == Kind::Replace {
        return Ok(now);
    }
    Ok(einvoice::difference(&now, &store::told(tx, e.einvoice_id).await?))
}

/// Gives up a draft.
pub async fn drop_draft(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let e = store::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if e.status() != Status::Dropped && !store::drop_draft(&mut tx, id).await? {
        return Err(Problem::of("Hóa đơn đã gửi đi nên không bỏ được. Chờ cấp số rồi điều chỉnh hoặc thay thế.").into());
    }
    tx.audit("drop", "einvoice", id, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/cashier/einvoices")
}
