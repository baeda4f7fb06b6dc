//! Taking a drug or a service from the national catalogues: found there, opened as a filled form, priced by the owner.

use super::encoded;
use crate::drug::DrugForm;
use crate::service::ServiceForm;
use askama::Template;
use base::Vnd;
use db::sql;
use serde::Deserialize;
use std::collections::HashSet;
use web::{Answer, Ctx, Failure, Query, Shell, Tx};

const MOST: i64 = 60;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    q: String,
}

struct Row {
    code: String,
    name: String,
    detail: String,
    extra: String,
    example_price: Option<Vnd>,
    is_taken: bool,
    take: String,
}

#[derive(Template)]
#[template(path = "national.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    title: &'static str,
    source: &'static str,
    home: &'static str,
    q: String,
    rows: Vec<Row>,
}

/// `GET /app/catalogue/drugs/national?q=`.
pub async fn drugs(ctx: Ctx, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = if find.q.trim().is_empty() {
        Vec::new()
    } else {
        codes::drug::search(tx.conn(), &find.q, MOST).await?
    };
    let numbers: Vec<String> = found.iter().map(|d| d.code.clone()).collect();
    let taken: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT registration_no FROM organization_drug WHERE facility_id = $1 AND registration_no = ANY($2)"
    ))
    .bind(ctx.facility().0)
    .bind(&numbers)
    .fetch_all(tx.conn())
    .await?;
    let taken: HashSet<String> = taken.into_iter().collect();
    let rows = found
        .into_iter()
        .map(|d| Row {
            is_taken: taken.contains(&d.code),
            take: format!("/app/catalogue/drugs/new?from={}", encoded(&d.code)),
            name: d.brand,
            detail: [d.ingredients, d.strength.unwrap_or_default()].join(" · "),
            extra: [d.form, d.packaging, d.manufacturer].into_iter().flatten().collect::<Vec<_>>().join(" · "),
            example_price: d.example_price_vnd.map(Vnd),
            code: d.code,
        })
        .collect();
    web::html(Page {
        shell: ctx.shell("Danh mục thuốc quốc gia", &[("Esc", "Quay lại")]),
        here: "drugs",
        title: "Lấy thuốc từ danh mục quốc gia",
        source: "Thuốc đã cấp số đăng ký lưu hành",
        home: "/app/catalogue/drugs",
        q: find.q,
        rows,
    })
}

/// `GET /app/catalogue/services/national?q=`.
pub async fn services(ctx: Ctx, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = if find.q.trim().is_empty() {
        Vec::new()
    } else {
        codes::service::search(tx.conn(), &find.q, None, MOST).await?
    };
    let numbers: Vec<String> = found.iter().map(|s| s.code.clone()).collect();
    let taken: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT national_code FROM organization_service WHERE facility_id = $1 AND national_code = ANY($2)"
    ))
    .bind(ctx.facility().0)
    .bind(&numbers)
    .fetch_all(tx.conn())
    .await?;
    let taken: HashSet<String> = taken.into_iter().collect();
    let rows = found
        .into_iter()
        .map(|s| Row {
            is_taken: taken.contains(&s.code),
            take: format!("/app/catalogue/services/new?from={}", encoded(&s.code)),
            name: s.name,
            detail: s.specialty,
            extra: s.surgery_class.unwrap_or_default(),
            example_price: s.example_price_vnd.map(Vnd),
            code: s.code,
        })
        .collect();
    web::html(Page {
        shell: ctx.shell("Danh mục dịch vụ kỹ thuật", &[("Esc", "Quay lại")]),
        here: "services",
        title: "Lấy dịch vụ từ danh mục của Bộ Y tế",
        source: "Danh mục mã tương đương, QĐ 7603/QĐ-BYT",
        home: "/app/catalogue/services",
        q: find.q,
        rows,
    })
}

/// The form of a new drug filled from the national catalogue; not found when there is no such registration number.
pub(super) async fn drug_form(tx: &mut Tx, code: &str) -> Result<DrugForm, Failure> {
    let drug = codes::drug::find(tx.conn(), code).await?.ok_or(Failure::NotFound)?;
    Ok(DrugForm {
        code: plain_code(&drug.code),
        ingredient: drug.ingredients,
        name: drug.brand,
        strength: drug.strength.unwrap_or_default(),
        form: drug.form.unwrap_or_default(),
        unit: drug.unit.unwrap_or_default().to_lowercase(),
        route: drug.route.unwrap_or_default(),
        registration_no: drug.code,
        national_ingredient_code: drug.bhyt_code.unwrap_or_default(),
        ..DrugForm::default()
    })
}

/// The form of a new service filled from the Ministry's list.
pub(super) async fn service_form(tx: &mut Tx, code: &str) -> Result<ServiceForm, Failure> {
    let service = codes::service::list(tx.conn(), &[code]).await?.pop().ok_or(Failure::NotFound)?;
    Ok(ServiceForm {
        code: plain_code(&service.code),
        name: service.name,
        kind: service.kind,
        national_code: service.code,
        ..ServiceForm::default()
    })
}

/// A national number as a first proposal for the owner's own code.
fn plain_code(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/')).take(30).collect()
}
