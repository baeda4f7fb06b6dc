//! The desk: who waits, the bill, the ways to pay.

use super::{CollectForm, minted, money};
use crate::approval::{Matter, Step};
use crate::charge::{self, Group};
use crate::desk;
use crate::ledger::Position;
use crate::store::approvals::Approval;
use crate::store::bank::{Code, OwnAccount};
use crate::store::bills::{Line, Payer, Waiting};
use crate::store::receipts::{Payment, Receipt};
use crate::store::shifts::{Shift, Takings};
use crate::store::{approvals, bank, bills, receipts, shifts};
use askama::Template;
use base::ask::TransferRequest;
use base::{Age, EncounterId, Problem, Problems, Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("1", "1–4 cách trả"), ("F3", "Người kế"), ("F4", "Tạm ứng"), ("F8", "Xác nhận"), ("F9", "In")];

/// The banner's facts about the person; the desk sees nothing clinical.
pub struct Who {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
}

impl Who {
    fn of(payer: &Payer, today: NaiveDate) -> Who {
        let sex = match payer.sex.as_str() {
            "male" => "Nam · ",
            "female" => "Nữ · ",
            _ => "",
        };
        let tail: String = payer.cccd.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        Who {
            spine: payer.person_id.as_bytes().iter().fold(0u8, |sum, b| sum.wrapping_add(*b)) % 8,
            ticket: payer.ticket.map(|t| t.to_string()).unwrap_or_default(),
            name: payer.name.clone(),
            facts: format!("{sex}{}", Age::on(payer.birth_date, today)),
            birth: if payer.birth_year_only { payer.birth_date.format("%Y").to_string() } else { show_date(payer.birth_date) },
            record_no: payer.record_no.clone(),
            id_tail: if tail.is_empty() { tail } else { format!("…{tail}") },
            phone: payer.phone.clone(),
            commune: payer.address_text.clone(),
        }
    }
}

/// The bill of one visit, ready to be shown.
pub struct Bill {
    pub payer: Payer,
    pub lines: Vec<Line>,
    pub position: Position,
    pub receipts: Vec<Receipt>,
    pub payments: Vec<Payment>,
    pub approvals: Vec<Approval>,
    pub may_refund: bool,
    pub may_collect: bool,
    pub draft: String,
    pub now: DateTime<Utc>,
}

impl Bill {
    async fn load(ctx: &Ctx, tx: &mut Tx, encounter: EncounterId) -> Result<Bill, Failure> {
        let payer = bills::get_payer(tx, encounter).await?;
        Ok(Bill {
            draft: crate::receipt::draft_code(payer.day, payer.encounter_id),
            lines: bills::list_lines(tx, encounter).await?,
            position: bills::position(tx, encounter).await?,
            receipts: receipts::list_of_encounter(tx, encounter).await?,
            payments: receipts::payments_of_encounter(tx, encounter).await?,
            approvals: approvals::list_of_encounter(tx, encounter).await?,
            may_refund: ctx.may("cashier.refund"),
            may_collect: ctx.may("cashier.collect"),
            now: ctx.now,
            payer,
        })
    }
    /// The lines that count, block by block in the order of the bill.
    fn groups(&self) -> Vec<(Group, Vec<&Line>)> {
        let mut groups: BTreeMap<Group, Vec<&Line>> = BTreeMap::new();
        for line in self.lines.iter().filter(|l| !l.is_reversed()) {
            groups.entry(line.group()).or_default().push(line);
        }
        groups.into_iter().collect()
    }
    fn taken_back(&self) -> Vec<&Line> {
        self.lines.iter().filter(|l| l.is_reversed()).collect()
    }
    /// Money in force: void papers and refunds already subtracted.
    fn money_in(&self) -> Vec<&Payment> {
        self.payments.iter().filter(|p| p.kind == "payment" && p.amount_vnd > p.returned_vnd).collect()
    }
    fn kept(&self, payment: &Payment) -> Vnd {
        Vnd(payment.amount_vnd - payment.returned_vnd)
    }
    fn waiting_approvals(&self) -> Vec<&Approval> {
        self.approvals.iter().filter(|a| a.step() == Step::Waiting || (a.step() == Step::Approved && a.matter() == Matter::Refund)).collect()
    }
    fn has_unpriced(&self) -> bool {
        self.lines.iter().any(|l| l.is_open() && l.is_unpriced())
    }
    fn quantity(&self, line: &Line) -> String {
        charge::show_quantity(line.quantity_milli)
    }
    fn print_first(&self) -> Option<&Receipt> {
        self.receipts.iter().find(|r| !r.is_void())
    }
    fn clock(&self, at: &DateTime<Utc>) -> String {
        if base::local_date(*at) == base::local_date(self.now) { show_time(*at) } else { format!("{} {}", show_date(base::local_date(*at)), show_time(*at)) }
    }
    fn price_day(&self, line: &Line) -> String {
        line.price_valid_from.map(show_date).unwrap_or_default()
    }
    fn service_day(&self) -> String {
        show_date(self.payer.day)
    }
}

/// The code on the screen and how its transfer stands.
pub struct Shown {
    pub code: Code,
    pub svg: String,
    pub payload: String,
    pub holder: String,
    pub bank_name: String,
    pub minutes_left: i64,
    pub is_over: bool,
}

/// The column where money changes hands.
pub struct Pay {
    pub way: String,
    pub form: CollectForm,
    pub problems: Problems,
    pub due: Vnd,
    pub credit: Vnd,
    pub id: Uuid,
    pub shift_open: bool,
    pub account_set: bool,
    pub shown: Option<Shown>,
    pub done: Option<Receipt>,
    pub change: Vnd,
    pub sandbox: bool,
    pub open_lines: usize,
}

impl Pay {
    async fn load(ctx: &Ctx, tx: &mut Tx, bill: &Bill, asked: &AskedPay) -> Result<Pay, Failure> {
        let own = bank::own_account(tx).await?;
        let due = bill.position.due();
        let mut way = asked.way.clone();
        if !["cash", "transfer", "card", "mixed", "deposit"].contains(&way.as_str()) {
            way = "cash".into();
        }
        let done = asked.done.parse::<Uuid>().ok().and_then(|id| bill.receipts.iter().find(|r| r.receipt_id == id).cloned());
        let change = done
            .as_ref()
            .map(|r| bill.payments.iter().filter(|p| p.receipt_id == r.receipt_id && p.given_vnd > p.amount_vnd).map(|p| Vnd(p.given_vnd - p.amount_vnd)).sum())
            .unwrap_or_default();
        let shown = match way.as_str() {
            "transfer" | "mixed" => last_shown(ctx, tx, bill.payer.encounter(), &own).await?,
            _ => None,
        };
        // A code answered on this screen turns the column into the receipt by itself.
        let done = done.or_else(|| {
            let answered = shown.as_ref().filter(|s| matches!(s.code.answer.as_str(), "settled"))?;
            bill.receipts.iter().find(|r| r.kind == "receipt" && !r.is_void() && r.issued_at >= answered.code.shown_at).cloned()
        });
        Ok(Pay {
            way,
            form: CollectForm { due: due.0.to_string(), ..CollectForm::default() },
            problems: Problems::none(),
            due,
            credit: bill.position.credit(),
            id: Uuid::now_v7(),
            shift_open: shifts::find_mine(tx).await?.is_some(),
            account_set: own.is_set(),
            shown,
            done,
            change,
            sandbox: ctx.app.config.sandbox,
            open_lines: bill.lines.iter().filter(|l| l.is_open()).count(),
        })
    }
    fn is_way(&self, way: &str) -> bool {
        self.way == way
    }
    fn can_confirm(&self) -> bool {
        self.shift_open && (self.due > Vnd::ZERO || self.open_lines > 0)
    }
    /// A code that still waits for exactly what is owed (or for the part that was asked for).
    fn awaited(&self) -> Option<&Shown> {
        self.shown.as_ref().filter(|_| self.done.is_none() && (self.is_way("transfer") || self.is_way("mixed"))).filter(|s| s.code.answer.is_empty() && !s.is_over && s.code.amount_vnd <= self.due.0)
    }
    /// What came instead of the expected money.
    fn stray(&self) -> Option<String> {
        self.shown.as_ref().filter(|s| s.code.answer == "unmatched").map(|s| crate::transfer::Reason::title(&s.code.answer_reason).to_owned())
    }
    /// Amounts people usually hand over for what is due: exact, then the next round notes.
    fn usual_notes(&self) -> Vec<Vnd> {
        let due = self.due.0;
        let mut sums: Vec<i64> = [1_000, 10_000, 50_000, 100_000, 200_000, 500_000].iter().map(|note| (due + note - 1) / note * note).filter(|s| *s > 0).collect();
        sums.dedup();
        sums.into_iter().take(5).map(Vnd).collect()
    }
}

async fn last_shown(ctx: &Ctx, tx: &mut Tx, encounter: EncounterId, own: &OwnAccount) -> Result<Option<Shown>, Failure> {
    let Some(code) = bank::find_last_code(tx, encounter).await? else { return Ok(None) };
    let request = TransferRequest {
        bank_bin: code.bank_bin.clone(),
        account_no: code.account_no.clone(),
        amount_vnd: code.amount_vnd,
        reference: code.reference.clone(),
    };
    let payload = ctx.app.bank_qr().payload(&request).map_err(Problem::of)?;
    let svg = ctx.app.bank_qr().svg(&payload).map_err(Problem::of)?;
    let left = code.expires_at - ctx.now;
    Ok(Some(Shown {
        svg,
        payload,
        holder: own.bank_holder.clone(),
        bank_name: format!("{} · {}", code.bank_bin, code.account_no),
        minutes_left: (left.num_seconds() + 59) / 60,
        is_over: left.num_seconds() <= 0,
        code,
    }))
}

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
        self.at == Some(who.encounter_id)
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
        if who.payer == "insurance" { "BHYT" } else { "Tự trả" }
    }
    fn taken(&self, method: &str) -> Vnd {
        self.takings.iter().find(|t| t.method == method).map_or(Vnd::ZERO, |t| Vnd(t.received_vnd))
    }
    fn returned(&self) -> Vnd {
        -self.takings.iter().map(|t| Vnd(t.returned_vnd)).sum::<Vnd>()
    }
    fn next(&self) -> Option<&Waiting> {
        self.waiting.iter().find(|w| Some(w.encounter_id) != self.at && w.owed_vnd > 0)
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

#[derive(Clone, Debug, Default, Deserialize)]
pub struct AskedPay {
    #[serde(default)]
    pub way: String,
    #[serde(default)]
    pub done: String,
}

/// The desk without a bill: straight to whoever waits longest, or a calm empty page.
pub async fn desk(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let desk = Desk::load(&ctx, &mut tx, None).await?;
    if let Some(next) = desk.next() {
        return web::redirect(format!("/app/cashier/{}", next.encounter_id));
    }
    let shell = ctx.shell("Thu ngân", KEYS);
    web::html(Page { csrf: shell.csrf.clone(), shell, who: None, desk, bill: None, pay: None })
}

/// One bill at the desk.
pub async fn show(ctx: Ctx, Path(encounter): Path<EncounterId>, Query(asked): Query<AskedPay>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, encounter).await?;
    let pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    tx.audit("read", "bill", encounter, Some(bill.payer.patient()), serde_json::Value::Null);
    let page = page(&ctx, &mut tx, bill, pay).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, bill: Bill, pay: Pay) -> Result<Page, Failure> {
    let desk = Desk::load(ctx, tx, Some(bill.payer.encounter_id)).await?;
    let mut shell = ctx.shell("Thu ngân", KEYS);
    shell.sandbox = shell.sandbox || (pay.sandbox && pay.shown.is_some());
    Ok(Page { csrf: shell.csrf.clone(), who: Some(Who::of(&bill.payer, ctx.today())), shell, desk, bill: Some(bill), pay: Some(pay) })
}

/// The pay column alone, for a change of the way to pay and for live changes.
pub async fn pay_piece(ctx: Ctx, Path(encounter): Path<EncounterId>, Query(asked): Query<AskedPay>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, encounter).await?;
    let pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    web::html(PayPiece { csrf: ctx.shell("", &[]).csrf, bill, pay })
}

/// The lines alone, for live changes.
pub async fn bill_piece(ctx: Ctx, Path(encounter): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, encounter).await?;
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
pub async fn collect(ctx: Ctx, Path(encounter): Path<EncounterId>, Form(form): Form<CollectForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, encounter).await?;
    let id = minted(&form.id)?;
    let outcome = match form.read() {
        Ok(typed) if form.way == "deposit" => desk::take_deposit(&mut tx, encounter, id, &typed).await,
        Ok(typed) => desk::collect(&mut tx, encounter, id, &typed).await,
        Err(problems) => Err(Failure::Refused(problems)),
    };
    match outcome {
        Ok(receipt) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{encounter}?done={receipt}"))
        }
        Err(Failure::Refused(problems)) => refuse(&ctx, payer.encounter(), form, id, problems).await,
        Err(other) => Err(other),
    }
}

/// The same page with what is wrong beside the fields and everything typed still there.
async fn refuse(ctx: &Ctx, encounter: EncounterId, form: CollectForm, id: Uuid, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(ctx, &mut tx, encounter).await?;
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
pub async fn show_code(ctx: Ctx, Path(encounter): Path<EncounterId>, Form(form): Form<CodeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, encounter).await?;
    let way = if form.way == "mixed" { "mixed" } else { "transfer" };
    let shown = make_code(&ctx, &mut tx, encounter, &form).await;
    let problems = match shown {
        Ok(()) => {
            tx.commit().await?;
            Problems::none()
        }
        Err(Failure::Refused(problems)) => problems,
        Err(other) => return Err(other),
    };
    if problems.is_empty() && !ctx.htmx {
        return web::redirect(format!("/app/cashier/{encounter}?way={way}"));
    }
    let mut tx = ctx.begin().await?;
    let bill = Bill::load(&ctx, &mut tx, encounter).await?;
    let asked = AskedPay { way: way.into(), done: String::new() };
    let mut pay = Pay::load(&ctx, &mut tx, &bill, &asked).await?;
    pay.form.transfer = form.transfer;
    pay.problems = problems;
    let refused = !pay.problems.is_empty();
    let piece = PayPiece { csrf: ctx.shell("", &[]).csrf, bill, pay };
    if refused { web::refused(piece) } else { web::html(piece) }
}

async fn make_code(ctx: &Ctx, tx: &mut Tx, encounter: EncounterId, form: &CodeForm) -> Result<(), Failure> {
    let position = bills::lock(tx, encounter).await?;
    let own = bank::own_account(tx).await?;
    let mut problems = Problems::none();
    problems.add_if(!own.is_set(), "", "Chưa khai tài khoản nhận tiền. Người quản trị nhập ở “Thông tin cơ sở”.");
    let asked = money(&form.transfer, "transfer", &mut problems);
    let amount = if asked == Vnd::ZERO { position.due() } else { asked };
    problems.add_if(position.due() == Vnd::ZERO, "", "Lượt khám này không còn khoản phải thu.");
    problems.add_if(amount > position.due() && position.due() > Vnd::ZERO, "transfer", format!("Chỉ còn phải thu {} đ.", position.due()));
    problems.add_if(amount < Vnd::ZERO, "transfer", "Số tiền không được âm.");
    problems.or(())?;
    let shift = desk::my_shift(tx).await?;
    if let Some(code) = bank::find_last_code(tx, encounter).await?
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
    bank::insert_code(tx, Uuid::now_v7(), encounter, amount, &own, Some(shift.shift_id)).await?;
    tx.audit("show", "transfer_code", encounter, None, serde_json::json!({ "amount_vnd": amount.0 }));
    Ok(())
}

/// A drug the patient does not take.
pub async fn decline(ctx: Ctx, Path((encounter, charge)): Path<(EncounterId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, encounter).await?;
    desk::decline_drug(&mut tx, encounter, charge).await?;
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{encounter}"))
}

/// Takes the price of a line that had none.
pub async fn price_again(ctx: Ctx, Path((encounter, charge)): Path<(EncounterId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, encounter).await?;
    desk::price_again(&mut tx, encounter, charge).await?;
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{encounter}"))
}
