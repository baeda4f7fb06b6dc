//! What the facility is called and prints, where transfers go, and its switches.

use crate::facility::{self, Facility, FacilityForm, Settings};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, Shell, Tx};

const HOME: &str = "/app/catalogue/facility";

#[derive(Template)]
#[template(path = "facility.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    /// As it stands, for the preview.
    saved: Facility,
    /// As it is typed.
    form: FacilityForm,
    problems: Problems,
}

/// `GET /app/catalogue/facility`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let saved = facility::get(tx.conn(), ctx.facility()).await?;
    let form = as_form(&saved);
    web::html(page(&ctx, saved, form, Problems::none()))
}

/// `POST /app/catalogue/facility`.
pub async fn update(ctx: Ctx, Form(form): Form<FacilityForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    match facility::check(&form) {
        Ok(facts) => {
            facility::update(&mut tx, &facts).await?;
            tx.audit("change", "facility", ctx.facility(), None, json!({}));
            tx.commit().await?;
            web::redirect(HOME)
        }
        Err(problems) => {
            let saved = facility::get(tx.conn(), ctx.facility()).await?;
            web::refused(page(&ctx, saved, form, problems))
        }
    }
}

/// The switches as ticks: present means on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    pay_first: String,
}

/// `POST /app/catalogue/facility/settings`.
pub async fn set(ctx: Ctx, Form(form): Form<SettingsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let settings = Settings { pay_first: form.pay_first == "1" };
    facility::update_settings(&mut tx, &settings).await?;
    tx.audit("change", "facility-settings", ctx.facility(), None, json!({ "pay_first": settings.pay_first }));
    tx.commit().await?;
    web::redirect(HOME)
}

/// `GET /app/catalogue/facility/preview.pdf`: a paper with invented people in the header as it is saved.
pub async fn preview(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let head = head(&ctx, &mut tx).await?;
    let data = json!({
        "head": head,
        "draft": true,
        "code": "CD000000MAUGIAY",
        "kind": "Xét nghiệm",
        "room": { "name": "Phòng lấy máu" },
        "patient": { "name": "Người Bệnh Mẫu", "record_no": "MAU-0001", "sex": "female", "birth_date": "1985-03-15", "age": "41 tuổi" },
        "lines": [{ "code": "XN-01", "name": "Tổng phân tích tế bào máu", "quantity": 1, "unit": "lần", "price_vnd": 60000, "amount_vnd": 60000 }],
        "total_vnd": 60000,
        "preparation": "Dòng dặn dò mẫu.",
        "ordered_at": ctx.now,
        "doctor": { "name": "Bác Sĩ Mẫu", "title": "BS." },
    });
    let bytes = ctx.app.papers().render("order-slip", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, "mau-giay.pdf")
}

async fn head(ctx: &Ctx, tx: &mut Tx) -> Result<serde_json::Value, Failure> {
    let facility = facility::get(tx.conn(), ctx.facility()).await?;
    let code = facility::code_on(tx.conn(), ctx.facility(), "kcb", ctx.today()).await?;
    Ok(facility.paper_head(code.as_deref()))
}

fn as_form(saved: &Facility) -> FacilityForm {
    let f = saved.facts.clone();
    FacilityForm {
        name: f.name,
        short_name: f.short_name,
        legal_name: f.legal_name,
        governing_body: f.governing_body,
        address: f.address,
        phone: f.phone,
        email: f.email,
        licence_no: f.licence_no,
        head_name: f.head_name,
        tax_code: f.tax_code,
        bank_bin: f.bank_bin,
        bank_account: f.bank_account,
        bank_holder: f.bank_holder,
        slogan: f.print.slogan,
        hours: f.print.hours,
        footer: f.print.footer,
    }
}

fn page(ctx: &Ctx, saved: Facility, form: FacilityForm, problems: Problems) -> Page {
    Page {
        shell: ctx.shell("Cơ sở và giấy in", &[("F8", "Lưu"), ("F9", "Xem giấy mẫu")]),
        here: "facility",
        saved,
        form,
        problems,
    }
}
