//! The papers: list of a day, one paper with what may be done about it, and its print.

use crate::charge::{self, Group};
use crate::receipt;
use crate::store::bank;
use crate::store::bills::{self, Payer};
use crate::store::receipts::{self, PaperLine, Payment, Receipt};
use askama::Template;
use base::{Age, BillId, Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

#[derive(Template)]
#[template(path = "receipts.html")]
struct DayPage {
    shell: Shell,
    rows: Vec<Receipt>,
    day: NaiveDate,
    received: Vnd,
    returned: Vnd,
    more: Option<String>,
}

impl DayPage {
    fn day_text(&self) -> String {
        show_date(self.day)
    }
    fn time(&self, row: &Receipt) -> String {
        show_time(row.issued_at)
    }
    fn methods(&self, row: &Receipt) -> String {
        row.methods.split(',').filter_map(crate::ledger::Method::from_key).map(|m| m.title()).collect::<Vec<_>>().join(", ")
    }
    fn amount(&self, row: &Receipt) -> Vnd {
        Vnd(if row.kind == "refund" { -row.amount_vnd } else { row.amount_vnd })
    }
}

#[derive(Deserialize)]
pub struct AskedDay {
    #[serde(default)]
    day: String,
    #[serde(default)]
    before: String,
}

/// The papers of a day, newest first.
pub async fn list(ctx: Ctx, Query(asked): Query<AskedDay>) -> Answer {
    let day = base::parse_date_vi(&asked.day).unwrap_or_else(|| ctx.today());
    let before = asked.before.parse::<DateTime<Utc>>().unwrap_or_else(|_| ctx.now + chrono::TimeDelta::seconds(1));
    let mut tx = ctx.begin().await?;
    let rows = receipts::list_of_day(&mut tx, day, before).await?;
    let in_force = || rows.iter().filter(|r| !r.is_void());
    let received = in_force().filter(|r| r.kind != "refund").map(|r| Vnd(r.amount_vnd)).sum();
    let returned = in_force().filter(|r| r.kind == "refund").map(|r| Vnd(r.amount_vnd)).sum();
    let more = (rows.len() == 200).then(|| rows.last().map(|r| r.issued_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())).flatten();
    web::html(DayPage { shell: ctx.shell("Phiếu thu", &[("F2", "Tìm / quét")]), rows, day, received, returned, more })
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct OnePage {
    shell: Shell,
    receipt: Receipt,
    payer: Payer,
    payments: Vec<Payment>,
    lines: Vec<PaperLine>,
    may_refund: bool,
    may_invoice: bool,
    /// For the electronic invoice that may be drafted from here.
    invoice_id: Uuid,
}

impl OnePage {
    fn quantity(&self, milli: &i64) -> String {
        charge::show_quantity(*milli)
    }
    fn words(&self) -> String {
        Vnd(self.receipt.amount_vnd).in_words()
    }
    fn issued(&self) -> String {
        format!("{} {}", show_time(self.receipt.issued_at), show_date(base::local_date(self.receipt.issued_at)))
    }
}

/// One paper.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let receipt = receipts::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let payer = bills::get_payer(&mut tx, BillId(receipt.bill_id)).await?;
    let payments = receipts::payments_of_receipt(&mut tx, id).await?;
    let lines = receipts::charges_of(&mut tx, id).await?;
    let title = receipt.show_number();
    web::html(OnePage { shell: ctx.shell(&title, &[("F9", "In")]), receipt, payer, payments, lines, may_refund: ctx.may("cashier.refund"), may_invoice: ctx.may("einvoice.issue"), invoice_id: Uuid::now_v7() })
}

/// The paper as PDF; every print is counted, and the second says that it is the second.
pub async fn print(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let receipt = receipts::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let data = paper(&ctx, &mut tx, &receipt).await?;
    let bytes = ctx.app.papers().render("invoice", data).await.map_err(|e| anyhow::anyhow!("the receipt cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("{}.pdf", receipt.show_number()))
}

/// What `edge/documents` needs for an `invoice`; counts the print.
async fn paper(ctx: &Ctx, tx: &mut Tx, receipt: &Receipt) -> Result<Value, Failure> {
    let payer = bills::get_payer(tx, BillId(receipt.bill_id)).await?;
    let payments = receipts::payments_of_receipt(tx, receipt.receipt_id).await?;
    let lines = receipts::charges_of(tx, receipt.receipt_id).await?;
    let copy = receipts::count_print(tx, receipt.receipt_id).await?;
    tx.audit("print", "receipt", receipt.receipt_id, payer.patient(), json!({ "copy": copy }));
    let own = bank::own_account(tx).await?;
    let taken: Vec<&Payment> = payments.iter().filter(|p| p.kind != "reversal").collect();
    let given: Vnd = taken.iter().filter(|p| p.method == "cash").map(|p| Vnd(p.given_vnd)).sum();
    let cash: Vnd = taken.iter().filter(|p| p.method == "cash" && p.amount_vnd > 0).map(|p| Vnd(p.amount_vnd)).sum();
    // The transfer came from a stand-in bank: the paper says so.
    let sandbox = ctx.app.config.sandbox && own.is_set() && taken.iter().any(|p| p.method == "transfer");
    Ok(json!({
        "head": receipts::paper_head(tx).await?,
        "title": receipt.kind().title(),
        "number": receipt.show_number(),
        "issued_at": receipt.issued_at,
        "cancelled": receipt.is_void(),
        "sandbox": sandbox,
        "printed": { "copy": copy, "by": &*ctx.actor.name, "printed_at": ctx.now },
        "visit_code": receipt::draft_code(payer.day, payer.bill_id),
        "patient": {
            "name": payer.name, "record_no": payer.record_no, "sex": payer.sex, "birth_date": payer.birth_date,
            "age": payer.birth_date.map(|born| Age::on(born, payer.day).to_string()), "address": payer.address_text, "phone": payer.phone,
        },
        "lines": lines.iter().map(|l| json!({
            "group": Group::of_service(&l.group_key).title(),
            "name": if l.discount.is_empty() { l.name.clone() } else { format!("{} ({})", l.name, l.discount) }, "unit": l.unit,
            "quantity": charge::show_quantity(l.quantity_milli), "price_vnd": l.unit_price_vnd,
            "discount_vnd": (l.discount_vnd > 0).then_some(l.discount_vnd), "amount_vnd": l.amount_vnd,
        })).collect::<Vec<_>>(),
        "total_vnd": receipt.total_vnd,
        "deposit_vnd": (receipt.deposit_vnd > 0).then_some(receipt.deposit_vnd),
        "payable_vnd": receipt.amount_vnd,
        "payments": taken.iter().map(|p| json!({
            "method": p.method_title(), "amount_vnd": p.amount_vnd.abs(), "paid_at": p.at, "reference": p.proof,
        })).collect::<Vec<_>>(),
        "tendered_vnd": (given > cash).then_some(given.0),
        "change_vnd": (given > cash).then_some((given - cash).0),
        "reason": receipt.void_reason.clone().or_else(|| (!receipt.reason.is_empty()).then(|| receipt.reason.clone())),
        "refers_to": refers_to(tx, receipt, &payments).await?,
        "cashier": receipt.by_name,
    }))
}

/// The number of the paper that a refund gives money back from.
async fn refers_to(tx: &mut Tx, receipt: &Receipt, payments: &[Payment]) -> Result<Option<String>, Failure> {
    if receipt.kind != "refund" {
        return Ok(None);
    }
    let Some(refund) = payments.first() else { return Ok(None) };
    Ok(receipts::original_no(tx, refund.payment_id).await?)
}
