//! Asking for a second person, and the desk where that person decides.

use super::{minted, money};
use crate::approval::{Matter, RefundFacts, Step};
use crate::desk;
use crate::ledger::Position;
use crate::receipt;
use crate::store::approvals::{self, Approval};
use crate::store::bills::{self, Line, Payer};
use crate::store::receipts::{self, Payment, Receipt};
use askama::Template;
use base::{BillId, Problems, Vnd, show_date, show_time};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct AskForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub matter: String,
    #[serde(default)]
    pub target: String,
    #[serde(default)]
    pub amount: String,
    #[serde(default)]
    pub reason: String,
}

#[derive(Template)]
#[template(path = "requests.html")]
struct AskPage {
    shell: Shell,
    payer: Payer,
    position: Position,
    lines: Vec<Line>,
    receipts: Vec<Receipt>,
    payments: Vec<Payment>,
    asked: Vec<Approval>,
    promised: Vnd,
    id: Uuid,
    form: AskForm,
    problems: Problems,
}

impl AskPage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, of: BillId) -> Result<AskPage, Failure> {
        Ok(AskPage {
            shell: ctx.shell("Hoàn tiền, hủy khoản", &[("Esc", "Về lượt khám")]),
            payer: bills::get_payer(tx, of).await?,
            position: bills::position(tx, of).await?,
            lines: bills::list_lines(tx, of).await?,
            receipts: receipts::list_of_bill(tx, of).await?,
            payments: receipts::payments_of_bill(tx, of).await?,
            asked: approvals::list_of_bill(tx, of).await?,
            promised: approvals::promised(tx, of).await?,
            id: Uuid::now_v7(),
            form: AskForm::default(),
            problems: Problems::none(),
        })
    }
    fn charges(&self) -> Vec<&Line> {
        self.lines.iter().filter(|l| !l.is_reversed() && !l.void_asked && !l.is_adjustment() && l.source != "package").collect()
    }
    /// Papers that may be voided now.
    fn voidable(&self) -> Vec<&Receipt> {
        self.receipts.iter().filter(|r| receipt::may_void(&r.void_facts()).is_ok()).collect()
    }
    /// Payments that still hold money to give back.
    fn refundable(&self) -> Vec<(&Payment, Vnd)> {
        self.payments
            .iter()
            .filter(|p| p.kind == "payment")
            .map(|p| {
                let facts = RefundFacts {
                    original: Vnd(p.amount_vnd),
                    taken_from_original: Vnd(p.returned_vnd + p.promised_vnd),
                    credit: self.position.credit(),
                    promised: self.promised,
                };
                (p, facts.at_most())
            })
            .filter(|(_, most)| *most > Vnd::ZERO)
            .collect()
    }
    fn is_of(&self, matter: &str) -> bool {
        self.form.matter == matter
    }
    fn problem(&self, matter: &str, field: &str) -> String {
        if self.is_of(matter) { self.problems.at(field).to_owned() } else { String::new() }
    }
}

/// What may be asked for on this visit.
pub async fn ask_page(ctx: Ctx, Path(of): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(AskPage::load(&ctx, &mut tx, of).await?)
}

/// Puts a request on the approval desk.
pub async fn ask(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<AskForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    let id = minted(&form.id)?;
    let mut problems = Problems::none();
    let amount = money(&form.amount, "amount", &mut problems);
    let matter = Matter::from_key(&form.matter);
    let target = form.target.parse::<Uuid>();
    problems.add_if(matter.is_none() || target.is_err(), "target", "Chọn khoản hoặc phiếu cần xử lý.");
    let outcome = match (matter, target, problems.is_empty()) {
        (Some(matter), Ok(target), true) => {
            let amount = (!form.amount.trim().is_empty()).then_some(amount);
            desk::ask(&mut tx, of, id, matter, target, amount, &form.reason).await
        }
        _ => Err(Failure::Refused(problems)),
    };
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = AskPage::load(&ctx, &mut tx, of).await?;
            web::refused(AskPage { form, problems, ..page })
        }
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct DeskPage {
    shell: Shell,
    open: Vec<Approval>,
    decided: Vec<Approval>,
    me: Uuid,
    may_approve: bool,
    may_refund: bool,
    problems: Problems,
}

impl DeskPage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx) -> Result<DeskPage, Failure> {
        Ok(DeskPage {
            shell: ctx.shell("Bàn duyệt thu ngân", &[]),
            open: approvals::list_open(tx).await?,
            decided: approvals::list_decided(tx).await?,
            me: ctx.actor.account.0,
            may_approve: ctx.may("cashier.approve"),
            may_refund: ctx.may("cashier.refund"),
            problems: Problems::none(),
        })
    }
    fn at(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        format!("{} {}", show_time(*at), show_date(base::local_date(*at)))
    }
    fn decided_at(&self, a: &Approval) -> String {
        a.decided_at.map(|at| self.at(&at)).unwrap_or_default()
    }
    fn is_waiting(&self, a: &Approval) -> bool {
        a.step() == Step::Waiting
    }
    fn is_mine(&self, a: &Approval) -> bool {
        a.requested_by == self.me
    }
    fn i_decided(&self, a: &Approval) -> bool {
        a.decided_by == Some(self.me)
    }
    fn outcome(&self, a: &Approval) -> &'static str {
        match a.step() {
            Step::Refused => "Không duyệt",
            Step::PaidOut => "Đã chi",
            _ => "Đã duyệt",
        }
    }
}

/// Everything that waits for a second person.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(DeskPage::load(&ctx, &mut tx).await?)
}

#[derive(Deserialize)]
pub struct DecisionForm {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    note: String,
}

/// Approves or refuses a request.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecisionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    match desk::decide(&mut tx, id, form.decision == "approve", &form.note).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect("/app/cashier/approvals")
        }
        Err(failure) => told(&ctx, failure).await,
    }
}

#[derive(Deserialize)]
pub struct PayoutForm {
    #[serde(default)]
    bank_ref: String,
}

/// Hands out an approved refund.
pub async fn pay_out(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<PayoutForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    match desk::pay_out(&mut tx, id, &form.bank_ref).await {
        Ok(receipt) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/receipts/{receipt}"))
        }
        Err(failure) => told(&ctx, failure).await,
    }
}

async fn told(ctx: &Ctx, failure: Failure) -> Answer {
    let Failure::Refused(problems) = failure else { return Err(failure) };
    let mut tx = ctx.begin().await?;
    let page = DeskPage::load(ctx, &mut tx).await?;
    // On this page several rows stand side by side; the sentence is told above them.
    let text = problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ");
    web::refused(DeskPage { problems: base::Problem::of(text).into(), ..page })
}
