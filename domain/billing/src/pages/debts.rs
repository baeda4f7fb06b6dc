//! Leaving with a debt, the list of those who owe, reminders, and the paper to sign.

use super::minted;
use crate::debt_desk::{self, Bracket};
use crate::ledger::Position;
use crate::store::bills::{self, Payer};
use crate::store::debts::{self, Debt};
use crate::store::receipts;
use askama::Template;
use base::{BillId, Problems, Vnd, show_date};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct DebtForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub promised_on: String,
    #[serde(default)]
    pub phone: String,
}

#[derive(Template)]
#[template(path = "debt.html")]
struct Page {
    shell: Shell,
    payer: Payer,
    position: Position,
    debt: Option<Debt>,
    id: Uuid,
    form: DebtForm,
    problems: Problems,
}

impl Page {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, of: BillId) -> Result<Page, Failure> {
        let payer = bills::get_payer(tx, of).await?;
        Ok(Page {
            shell: ctx.shell("Cho nợ", &[("F8", "Ghi nợ"), ("Esc", "Về phiếu")]),
            position: bills::position(tx, of).await?,
            debt: debts::find_of_bill(tx, of).await?,
            id: Uuid::now_v7(),
            form: DebtForm { phone: payer.phone.clone(), ..DebtForm::default() },
            problems: Problems::none(),
            payer,
        })
    }
}

/// The form of a debt.
pub async fn show(ctx: Ctx, Path(of): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Page::load(&ctx, &mut tx, of).await?)
}

/// Writes a debt down; above the limit it waits for a second person.
pub async fn note(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<DebtForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    let id = minted(&form.id)?;
    match debt_desk::note(&mut tx, of, id, &form.reason, base::parse_date_vi(&form.promised_on), &form.phone).await {
        Ok(_) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = Page::load(&ctx, &mut tx, of).await?;
            web::refused(Page { form, problems, ..page })
        }
        Err(other) => Err(other),
    }
}

/// The paper that the debtor signs.
pub async fn print(ctx: Ctx, Path(of): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, of).await?;
    let debt = debts::find_of_bill(&mut tx, of).await?.ok_or(Failure::NotFound)?;
    let position = bills::position(&mut tx, of).await?;
    let data = json!({
        "head": receipts::paper_head(&mut tx).await?,
        "draft": debt.step == "waiting",
        "number": crate::receipt::draft_code(payer.day, payer.bill_id),
        "patient": { "name": payer.name, "record_no": payer.record_no, "sex": payer.sex, "birth_date": payer.birth_date,
                     "address": payer.address_text, "phone": debt.phone },
        "charged_vnd": position.charged.0,
        "paid_vnd": position.paid.0,
        "amount_vnd": position.due().0,
        "amount_words": position.due().in_words(),
        "promised_date": debt.promised_on,
        "reason": debt.reason,
        "noted_at": debt.noted_at,
        "cashier": debt.by_name,
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    });
    tx.audit("print", "debt", debt.debt_id, payer.patient(), serde_json::Value::Null);
    let bytes = ctx.app.papers().render("debt-note", data).await.map_err(|e| anyhow::anyhow!("the debt note cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, "giay-no.pdf")
}

#[derive(Deserialize)]
pub struct AskedList {
    /// "remind": only those to be reminded now.
    #[serde(default)]
    show: String,
}

#[derive(Template)]
#[template(path = "debts.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Debt>,
    sums: Vec<(Bracket, i64, Vnd)>,
    total: Vnd,
    only_reminders: bool,
    today: NaiveDate,
    may_collect: bool,
}

impl ListPage {
    fn days(&self, d: &Debt) -> i64 {
        (self.today - base::local_date(d.since)).num_days().max(0)
    }
    fn is_over(&self, d: &Debt) -> bool {
        d.promised_on < self.today
    }
    fn mint(&self) -> Uuid {
        Uuid::now_v7()
    }
    fn reminded(&self, d: &Debt) -> String {
        d.reminded_at.map(|at| show_date(base::local_date(at))).unwrap_or_default()
    }
}

/// Who owes what since when, and whom to remind.
pub async fn list(ctx: Ctx, Query(asked): Query<AskedList>) -> Answer {
    let mut tx = ctx.begin().await?;
    let all = debts::list_open(&mut tx).await?;
    let today = ctx.today();
    let age = |d: &Debt| Bracket::of((today - base::local_date(d.since)).num_days());
    let sums = Bracket::ALL
        .iter()
        .map(|b| {
            let of = || all.iter().filter(|d| age(d) == *b);
            (*b, i64::try_from(of().count()).unwrap_or_default(), of().map(|d| d.owed()).sum())
        })
        .collect();
    let total = all.iter().map(|d| d.owed()).sum();
    let only_reminders = asked.show == "remind";
    let rows = all.into_iter().filter(|d| !only_reminders || debt_desk::is_due_soon(d.promised_on, today)).collect();
    web::html(ListPage { shell: ctx.shell("Công nợ", &[]), rows, sums, total, only_reminders, today, may_collect: ctx.may("cashier.collect") })
}

#[derive(Deserialize)]
pub struct RemindForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    note: String,
}

/// Keeps that somebody was reminded and what they said.
pub async fn remind(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<RemindForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, of).await?;
    debts::find_of_bill(&mut tx, of).await?.ok_or(Failure::NotFound)?;
    let note = form.note.trim();
    if note.is_empty() || note.chars().count() > 300 {
        return Err(base::Problem::at("note", "Ghi đã nhắc thế nào (tối đa 300 ký tự).").into());
    }
    debts::insert_reminder(&mut tx, minted(&form.id)?, of, note).await?;
    tx.audit("remind", "bill", of, payer.patient(), serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/cashier/debts")
}
