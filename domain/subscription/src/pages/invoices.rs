//! One invoice of the platform: the code to pay it with, and its paper.

use super::pay::{Code, code_of};
use crate::invoice::Invoice;
use crate::platform::{self, Platform};
use crate::store::invoices;
use askama::Template;
use base::{Vnd, show_date};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Shell};

#[derive(Template)]
#[template(path = "invoice.html")]
struct Page {
    shell: Shell,
    invoice: Invoice,
    package_name: &'static str,
    code: Option<Code>,
    until: String,
    is_late: bool,
    paid: String,
}

impl Page {
    fn vnd(&self, amount: &i64) -> Vnd {
        Vnd(*amount)
    }
}

/// `GET /app/subscription/invoices/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let invoice = invoices::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let own = platform::find(&mut tx).await?;
    let code = if invoice.paid_at.is_none() { code_of(&ctx.app, own.as_ref(), &invoice) } else { None };
    web::html(Page {
        shell: ctx.shell("Hóa đơn gói sử dụng", &[]),
        package_name: organization::package::name_of(&invoice.package),
        code,
        until: format!("{} {}", base::show_time(invoice.pay_before), show_date(base::local_date(invoice.pay_before))),
        is_late: ctx.now > invoice.pay_before,
        paid: invoice.paid_at.map(|at| format!("{} {}", base::show_time(at), show_date(base::local_date(at)))).unwrap_or_default(),
        invoice,
    })
}

/// `GET /app/subscription/invoices/{id}/paper.pdf`: the invoice, or once paid the receipt.
pub async fn paper(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let invoice = invoices::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let own = platform::find(&mut tx).await?.unwrap_or_default();
    let code = if invoice.paid_at.is_none() { code_of(&ctx.app, Some(&own), &invoice) } else { None };
    let bytes = ctx.app.papers().render("invoice", paper_of(&invoice, &own, code.as_ref(), ctx.app.config.sandbox)).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("{}.pdf", invoice.number))
}

fn paper_of(invoice: &Invoice, own: &Platform, code: Option<&Code>, sandbox: bool) -> serde_json::Value {
    let lines: Vec<_> = invoice
        .lines
        .iter()
        .map(|l| serde_json::json!({ "name": l.name, "quantity": l.quantity, "price_vnd": l.price_vnd, "amount_vnd": l.amount_vnd }))
        .collect();
    let title = if invoice.paid_at.is_some() { "PHIẾU THU PHÍ SỬ DỤNG PHẦN MỀM" } else { "GIẤY BÁO PHÍ SỬ DỤNG PHẦN MỀM" };
    serde_json::json!({
        "title": title,
        "head": { "name": own.name, "address": own.address, "phone": own.phone, "tax_code": own.tax_code },
        "number": invoice.number,
        "issued_at": invoice.created_at,
        "issued_at_words": base::dates::show_date_in_words(base::local_date(invoice.created_at)),
        "payer": { "name": invoice.buyer.name, "tax_code": invoice.buyer.tax_code, "address": invoice.buyer.address },
        "lines": lines,
        "payable_vnd": invoice.amount.0,
        "payable_label": "Tổng cộng, chưa gồm VAT",
        "qr": code.map(|c| c.payload.clone()),
        "payments": invoice.paid_at.map(|at| vec![serde_json::json!({ "method": "Chuyển khoản", "amount_vnd": invoice.amount.0, "paid_at": at })]).unwrap_or_default(),
        "sandbox": sandbox,
    })
}
