//! The desk: who waits, the bill, the ways to pay.

use super::bill::{Bill, Who};
use super::pay::{AskedPay, Pay};
use super::{CollectForm, minted, money};
use crate::bill::Kind;
use crate::desk;
use crate::store::bills::Waiting;
use crate::store::shifts::{Shift, Takings};
use crate::store::{bank, bills, shifts};
use askama::Template;
use base::ask::TransferRequest;
use base::{BillId, Problem, Problems, Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("1", "1–4 cách trả"), ("F3", "Người kế"), ("F4", "Tạm ứng"), ("F8", "Xác nhận"), ("F9", "In")];

/// The left column.
pub struct Desk {
    pub waiting: Vec<Waiting>,
    pub at: Option<Uuid>,
    pub shift: Option<Shift>,
    pub takings: Vec<Takings>,
    pub unmatched: i64,
    pub now: DateTime<Utc>,
    pub today: NaiveDate,
    pub may_shift: bool,
}

impl Desk {
    async fn load(ctx: &Ctx, tx: &mut Tx, at: Option<Uuid>) -> Result<Desk, Failure> {
        let shift = shifts::find_mine(tx).await?;
        let takings = match &shift {
            Some(shift) => shifts::takings(tx, shift.shift_id).await?,
            None => Vec::new(),
        };
        Ok(Desk {
            waiting: bills::list_waiting(tx, ctx.today()).await?,
            at,
            shift,
            takings,
            unmatched: bank::count_unmatched(tx).await?,
            now: ctx.now,
            today: ctx.today(),
            may_shift: ctx.may("shift.manage"),
        })
    }
    fn is_at(&self, who: &Waiting) -> bool {
        self.at == Some(who.bill_id)
    }
    fn minutes(&self, who: &Waiting) -> i64 {
        (self.now - who.since).num_minutes().max(0)
    }
    fn since(&self, who: &Waiting) -> String {
        match self.minutes(who) {
            _ if who.day != self.today => show_date(who.day),
            m if m < 60 => format!("{m} phút"),
            m => format!("{} giờ", m / 60),
        }
    }
    fn is_late(&self, who: &Waiting) -> bool {
        who.day == self.today && self.minutes(who) >= 15
    }
    fn owed(&self, who: &Waiting) -> Vnd {
        Vnd(who.owed_vnd)
    }
    fn pays(&self, who: &Waiting) -> &'static str {
        if let Some(kind) = Kind::from_key(&who.kind).filter(|k| *k != Kind::Visit) {
            return kind.title();
        }
        if who.payer == "insurance" { "BHYT" } else { "Tự trả" }
    }
    fn taken(&self, method: &str) -> Vnd {
        self.takings.iter().find(|t| t.method == method).map_or(Vnd::ZERO, |t| Vnd(t.received_vnd))
    }
    fn returned(&self) -> Vnd {
        -self.takings.iter().map(|t| Vnd(t.returned_vnd)).sum::<Vnd>()
    }
    fn next(&self) -> Option<&Waiting> {
        self.waiting.iter().find(|w| Some(w.bill_id) != self.at && w.owed_vnd > 0)
    }
    fn opened(&self) -> String {
        self.shift.as_ref().map(|s| show_time(s.opened_at)).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "cashier.html")]
struct Page {
    shell: Shell,
    csrf: String,
    who: Option<Who>,
    desk: Desk,
    bill: Option<Bill>,
    pay: Option<Pay>,
}

#[derive(Template)]
#[template(path = "cashier_pay.html")]
struct PayPiece {
    csrf: String,
    bill: Bill,
    pay: Pay,
}

#[derive(Template)]
#[template(path = "cashier_bill.html")]
struct BillPiece {
    csrf: String,
    bill: Bill,
}

#[derive(Template)]
#[template(path = "cashier_waiting.html")]
struct WaitingPiece {
    desk: Desk,
}

/// The desk without a bill: straight to whoever waits longest, or a calm empty page.
pub async fn desk(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let desk = Desk::load(&ctx, &mut tx, None).await?;
    if let Some(next) = desk.next() {
        return web::redirect(format!("/app/cashier/{}", next.bill_id));
    }
    let shell = ctx.shell("Thu ngân", KEYS);
    web::html(Page { csrf: shell.csrf.clone(), shell, who: None, desk, bill: None, pay: None })
}

/// One bill at the desk.
pub async fn show(ctx: Ctx, Path(of): Path<BillId>, Query(asked): Query<AskedPay>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, of).await?;
    let pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    tx.audit("read", "bill", of, bill.payer.patient(), serde_json::Value::Null);
    let page = page(&ctx, &mut tx, bill, pay).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, bill: Bill, pay: Pay) -> Result<Page, Failure> {
    let desk = Desk::load(ctx, tx, Some(bill.payer.bill_id)).await?;
    let mut shell = ctx.shell("Thu ngân", KEYS);
    shell.sandbox = shell.sandbox || (pay.sandbox && pay.shown.is_some());
    Ok(Page { csrf: shell.csrf.clone(), who: Some(Who::of(&bill.payer, ctx.today())), shell, desk, bill: Some(bill), pay: Some(pay) })
}

/// The pay column alone, for a change of the way to pay and for live changes.
pub async fn pay_piece(ctx: Ctx, Path(of): Path<BillId>, Query(asked): Query<AskedPay>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, of).await?;
    let pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    web::html(PayPiece { csrf: ctx.shell("", &[]).csrf, bill, pay })
}

/// The lines alone, for live changes.
pub async fn bill_piece(ctx: Ctx, Path(of): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, of).await?;
    web::html(BillPiece { csrf: ctx.shell("", &[]).csrf, bill })
}

#[derive(Deserialize)]
pub struct At {
    #[serde(default)]
    at: String,
}

/// The waiting list alone, for live changes.
pub async fn waiting_piece(ctx: Ctx, Query(at): Query<At>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(WaitingPiece { desk: Desk::load(&ctx, &mut tx, at.at.parse().ok()).await? })
}

/// Collects what is owed, or takes a deposit.
pub async fn collect(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<CollectForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, of).await?;
    let id = minted(&form.id)?;
    let outcome = match form.read() {
        Ok(typed) if form.way == "deposit" => desk::take_deposit(&mut tx, of, id, &typed).await,
        Ok(typed) => desk::collect(&mut tx, of, id, &typed).await,
        Err(problems) => Err(Failure::Refused(problems)),
    };
    match outcome {
        Ok(receipt) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}?done={receipt}"))
        }
        Err(Failure::Refused(problems)) => refuse(&ctx, payer.bill(), form, id, problems).await,
        Err(other) => Err(other),
    }
}

/// The same page with what is wrong beside the fields and everything typed still there.
async fn refuse(ctx: &Ctx, of: BillId, form: CollectForm, id: Uuid, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(ctx, &mut tx, of).await?;
    let asked = AskedPay { way: form.way.clone(), done: String::new() };
    let pay = Pay::load(ctx, &mut tx, &bill, &asked).await?;
    // The amount due is shown anew: confirming again then confirms the true figure.
    let form = CollectForm { due: pay.due.0.to_string(), ..form };
    let pay = Pay { form, problems, id, ..pay };
    web::refused(page(ctx, &mut tx, bill, pay).await?)
}

#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    way: String,
    /// A part of what is owed; empty for all of it.
    #[serde(default)]
    transfer: String,
}

/// Shows a transfer code for what is owed, or for a part of it. A code that still waits for the same amount stays.
pub async fn show_code(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<CodeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    let way = if form.way == "mixed" { "mixed" } else { "transfer" };
    let shown = make_code(&ctx, &mut tx, of, &form).await;
    let problems = match shown {
        Ok(()) => {
            tx.commit().await?;
            Problems::none()
        }
        Err(Failure::Refused(problems)) => problems,
        Err(other) => return Err(other),
    };
    if problems.is_empty() && !ctx.htmx {
        return web::redirect(format!("/app/cashier/{of}?way={way}"));
    }
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, of).await?;
    let asked = AskedPay { way: way.into(), done: String::new() };
    let mut pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    pay.form.transfer = form.transfer;
    pay.problems = problems;
    let refused = !pay.problems.is_empty();
    let piece = PayPiece { csrf: ctx.shell("", &[]).csrf, bill, pay };
    if refused { web::refused(piece) } else { web::html(piece) }
}

async fn make_code(ctx: &Ctx, tx: &mut Tx, of: BillId, form: &CodeForm) -> Result<(), Failure> {
    let position = bills::lock(tx, of).await?;
    let own = bank::own_account(tx).await?;
    let mut problems = Problems::none();
    problems.add_if(!own.is_set(), "", "Chưa khai tài khoản nhận tiền. Người quản trị nhập ở “Thông tin cơ sở”.");
    let asked = money(&form.transfer, "transfer", &mut problems);
    let amount = if asked == Vnd::ZERO { position.due() } else { asked };
    problems.add_if(position.due() == Vnd::ZERO, "", "Phiếu này không còn khoản phải thu.");
    problems.add_if(amount > position.due() && position.due() > Vnd::ZERO, "transfer", format!("Chỉ còn phải thu {} đ.", position.due()));
    problems.add_if(amount < Vnd::ZERO, "transfer", "Số tiền không được âm.");
    problems.or(())?;
    let shift = desk::my_shift(tx).await?;
    if let Some(code) = bank::find_last_code(tx, of).await?
        && code.answer.is_empty()
        && code.amount_vnd == amount.0
        && code.expires_at > ctx.now + chrono::TimeDelta::minutes(1)
        && code.account_no == own.bank_account
    {
        return Ok(());
    }
    // Tried before it is kept, so that an account number no bank accepts is told at once.
    let trial = TransferRequest {
        bank_bin: own.bank_bin.clone(),
        account_no: own.bank_account.clone(),
        amount_vnd: amount.0,
        reference: "YBA 000000 0000".into(),
    };
    ctx.app.bank_qr().payload(&trial).map_err(Problem::of)?;
    bank::insert_code(tx, Uuid::now_v7(), of, amount, &own, Some(shift.shift_id)).await?;
    tx.audit("show", "transfer_code", of, None, serde_json::json!({ "amount_vnd": amount.0 }));
    Ok(())
}

#[derive(Deserialize)]
pub struct BuyerForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
}

/// Names whoever buys without a visit, so that the paper does.
pub async fn name_buyer(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<BuyerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    let (name, phone) = (form.name.trim(), form.phone.trim());
    if name.chars().count() > 100 || phone.chars().count() > 20 {
        return Err(Problem::at("name", "Tên người mua tối đa 100 ký tự, số điện thoại tối đa 20 ký tự.").into());
    }
    if !bills::name_buyer(&mut tx, of, name, phone).await? {
        return Err(Problem::of("Chỉ phiếu bán lẻ cho khách chưa có hồ sơ mới ghi tên người mua.").into());
    }
    tx.audit("name", "bill", of, None, serde_json::Value::Null);
    desk::tell_pages(&mut tx, of);
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{of}"))
}

/// A drug the patient does not take.
pub async fn decline(ctx: Ctx, Path((of, charge)): Path<(BillId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    desk::decline_drug(&mut tx, of, charge).await?;
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{of}"))
}

/// Takes the price of a line that had none.
pub async fn price_again(ctx: Ctx, Path((of, charge)): Path<(BillId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    desk::price_again(&mut tx, of, charge).await?;
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{of}"))
}
