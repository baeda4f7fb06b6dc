//! Service packages: what is offered, a person's packages with the sale, and one bought package with its history.

use super::{minted, money};
use crate::package::Offer;
use crate::package_desk::{self, Ending};
use crate::store::offers::{self, Version};
use crate::store::packages::{self, Sale, SaleItem, Use};
use crate::store::{approvals, bills, receipts};
use askama::Template;
use base::{BillId, PatientId, Problems, Vnd, show_date};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct OfferForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub price: String,
    #[serde(default)]
    pub validity_days: String,
    #[serde(default)]
    pub valid_from: String,
    /// Services and pieces, row by row; rows without a service are empty.
    #[serde(default)]
    pub service: Vec<String>,
    #[serde(default)]
    pub pieces: Vec<String>,
}

impl OfferForm {
    fn read(&self) -> Result<(Offer, NaiveDate), Problems> {
        let mut problems = Problems::none();
        let price = money(&self.price, "price", &mut problems);
        let mut items = Vec::new();
        for (service, pieces) in self.service.iter().zip(&self.pieces).filter(|(s, _)| !s.trim().is_empty()) {
            match (service.trim().parse::<Uuid>(), pieces.trim().parse::<i64>()) {
                (Ok(id), Ok(n)) => items.push((id, n)),
                _ => problems.add("items", "Số lần phải là số nguyên, ví dụ 10."),
            }
        }
        let from = base::parse_date_vi(&self.valid_from);
        problems.add_if(from.is_none(), "valid_from", "Nhập ngày áp dụng, ví dụ 01/12/2026.");
        let offer = Offer {
            code: self.code.trim().to_uppercase(),
            name: self.name.trim().to_owned(),
            price,
            validity_days: self.validity_days.trim().parse().unwrap_or(0),
            items,
        };
        problems.or((offer, from.unwrap_or_default()))
    }
}

/// How many rows the form of a package has.
const ROWS: usize = 8;

#[derive(Template)]
#[template(path = "packages.html")]
struct OffersPage {
    shell: Shell,
    versions: Vec<Version>,
    sold: Vec<Sale>,
    services: Vec<(Uuid, String, String)>,
    may_manage: bool,
    id: Uuid,
    today: NaiveDate,
    form: OfferForm,
    problems: Problems,
    more: Option<String>,
}

impl OffersPage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, before: DateTime<Utc>) -> Result<OffersPage, Failure> {
        let sold = packages::list_sold(tx, before).await?;
        let more = (sold.len() == 50).then(|| sold.last().map(|s| s.sold_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())).flatten();
        Ok(OffersPage {
            shell: ctx.shell("Gói dịch vụ", &[("F8", "Lưu")]),
            versions: offers::list_all(tx, ctx.today()).await?,
            sold,
            services: offers::list_services(tx).await?,
            may_manage: ctx.may("package.manage"),
            id: Uuid::now_v7(),
            today: ctx.today(),
            form: OfferForm { valid_from: show_date(ctx.today()), validity_days: "180".into(), ..OfferForm::default() },
            problems: Problems::none(),
            more,
        })
    }
    fn rows(&self) -> Vec<(String, String)> {
        (0..ROWS).map(|i| (self.form.service.get(i).cloned().unwrap_or_default(), self.form.pieces.get(i).cloned().unwrap_or_default())).collect()
    }
    fn state(&self, v: &Version) -> &'static str {
        match v.valid_to {
            Some(last) if last < self.today => "past",
            _ if v.valid_from > self.today => "next",
            _ => "now",
        }
    }
    fn days(&self, v: &Version) -> String {
        match v.valid_to {
            Some(last) => format!("{} – {}", show_date(v.valid_from), show_date(last)),
            None => show_date(v.valid_from),
        }
    }
}

#[derive(Deserialize)]
pub struct AskedOffers {
    #[serde(default)]
    before: String,
    /// A package whose next version is written.
    #[serde(default)]
    next: String,
}

/// What is offered, what was sold last.
pub async fn list(ctx: Ctx, Query(asked): Query<AskedOffers>) -> Answer {
    let mut tx = ctx.begin().await?;
    let before = asked.before.parse().unwrap_or(ctx.now + chrono::TimeDelta::seconds(1));
    let mut page = OffersPage::load(&ctx, &mut tx, before).await?;
    if let Ok(next) = asked.next.parse::<Uuid>()
        && let Some(last) = page.versions.iter().find(|v| v.package_id == next).cloned()
    {
        let items = offers::items(&mut tx, next, last.version).await?;
        page.id = next;
        page.form = OfferForm {
            code: last.code,
            name: last.name,
            price: Vnd(last.price_vnd).digits(),
            validity_days: last.validity_days.to_string(),
            valid_from: show_date(ctx.today().succ_opt().unwrap_or(ctx.today())),
            service: items.iter().map(|(id, _)| id.to_string()).collect(),
            pieces: items.iter().map(|(_, n)| n.to_string()).collect(),
            ..OfferForm::default()
        };
    }
    web::html(page)
}

/// Writes a package, or its next version.
pub async fn write(ctx: Ctx, Form(form): Form<OfferForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = minted(&form.id)?;
    let outcome = match form.read() {
        Ok((offer, from)) => package_desk::write(&mut tx, id, &offer, from).await,
        Err(problems) => Err(Failure::Refused(problems)),
    };
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            web::redirect("/app/packages")
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = OffersPage::load(&ctx, &mut tx, ctx.now + chrono::TimeDelta::seconds(1)).await?;
            web::refused(OffersPage { form, problems, id, ..page })
        }
        Err(other) => Err(other),
    }
}

/// Sells no more of a package after today.
pub async fn end_offer(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !offers::exists(&mut tx, id).await? {
        return Err(Failure::NotFound);
    }
    offers::end(&mut tx, id, ctx.today()).await?;
    tx.audit("end", "package", id, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/packages")
}

#[derive(Template)]
#[template(path = "package_sale.html")]
struct SalePage {
    shell: Shell,
    patient: PatientId,
    name: String,
    record_no: String,
    offers: Vec<Version>,
    sales: Vec<Sale>,
    id: Uuid,
    today: NaiveDate,
    may_sell: bool,
    problems: Problems,
}

impl SalePage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, patient: PatientId) -> Result<SalePage, Failure> {
        let (name, record_no) = offers::find_patient(tx, patient).await?.ok_or(Failure::NotFound)?;
        Ok(SalePage {
            shell: ctx.shell("Gói của người bệnh", &[]),
            patient,
            name,
            record_no,
            offers: offers::list_on(tx, ctx.today()).await?,
            sales: packages::list_of_patient(tx, patient).await?,
            id: Uuid::now_v7(),
            today: ctx.today(),
            may_sell: ctx.may("package.sell"),
            problems: Problems::none(),
        })
    }
    fn saves(&self, v: &Version) -> Option<Vnd> {
        v.list_vnd.filter(|list| *list > v.price_vnd).map(|list| Vnd(list - v.price_vnd))
    }
}

/// A person's packages, and what may be sold to them today.
pub async fn of_patient(ctx: Ctx, Path(patient): Path<PatientId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = SalePage::load(&ctx, &mut tx, patient).await?;
    tx.audit("read", "package", patient, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

#[derive(Deserialize)]
pub struct SellForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    package: String,
}

/// Sells a package: its bill is then collected like any other.
pub async fn sell(ctx: Ctx, Path(patient): Path<PatientId>, Form(form): Form<SellForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    offers::find_patient(&mut tx, patient).await?.ok_or(Failure::NotFound)?;
    let bill = BillId(minted(&form.id)?);
    let outcome = match form.package.parse() {
        Ok(package) => package_desk::sell(&mut tx, bill, patient, package).await,
        Err(_) => Err(base::Problem::at("package", "Chọn một gói.").into()),
    };
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(if ctx.may("billing.read") { format!("/app/cashier/{bill}") } else { format!("/app/packages/of/{patient}") })
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = SalePage::load(&ctx, &mut tx, patient).await?;
            web::refused(SalePage { problems, ..page })
        }
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "package.html")]
struct OnePage {
    shell: Shell,
    sale: Sale,
    items: Vec<SaleItem>,
    uses: Vec<Use>,
    ending: Option<Ending>,
    is_asked: bool,
    id: Uuid,
    today: NaiveDate,
    may_refund: bool,
    reason: String,
    problems: Problems,
}

impl OnePage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, bill: BillId) -> Result<OnePage, Failure> {
        let sale = packages::find(tx, bill).await?.ok_or(Failure::NotFound)?;
        let items = packages::items(tx, bill).await?;
        let position = bills::position(tx, bill).await?;
        let is_asked = approvals::list_of_bill(tx, bill).await?.iter().any(|a| a.matter == "package_end" && a.step == "waiting");
        let ending = if sale.end_kind.is_none() { Some(package_desk::ending(tx, position, &items).await?) } else { None };
        Ok(OnePage {
            shell: ctx.shell(&sale.show_number(), &[("F9", "In"), ("Esc", "Về phiếu")]),
            uses: packages::uses(tx, bill).await?,
            items,
            ending,
            is_asked,
            id: Uuid::now_v7(),
            today: ctx.today(),
            may_refund: ctx.may("cashier.refund"),
            reason: String::new(),
            problems: Problems::none(),
            sale,
        })
    }
    fn word(&self, u: &Use) -> &'static str {
        match (u.kind.as_str(), u.quantity < 0) {
            ("expired", _) => "Hết hạn",
            ("ended", _) => "Kết thúc gói",
            (_, true) => "Trả lại gói",
            _ => "Đã dùng",
        }
    }
}

/// One bought package: what is left, every use.
pub async fn show(ctx: Ctx, Path(bill): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = OnePage::load(&ctx, &mut tx, bill).await?;
    tx.audit("read", "package", bill, Some(PatientId(page.sale.patient_id)), serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

#[derive(Deserialize)]
pub struct EndForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    reason: String,
}

/// Asks for a package's end before its time.
pub async fn ask_end(ctx: Ctx, Path(bill): Path<BillId>, Form(form): Form<EndForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    packages::find(&mut tx, bill).await?.ok_or(Failure::NotFound)?;
    match package_desk::ask_end(&mut tx, bill, minted(&form.id)?, &form.reason).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/packages/sold/{bill}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = OnePage::load(&ctx, &mut tx, bill).await?;
            web::refused(OnePage { problems, reason: form.reason, ..page })
        }
        Err(other) => Err(other),
    }
}

/// The contract: what was bought, for how much, until when, and how the unused is given back.
pub async fn contract(ctx: Ctx, Path(bill): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let sale = packages::find(&mut tx, bill).await?.ok_or(Failure::NotFound)?;
    let payer = bills::get_payer(&mut tx, bill).await?;
    let items = packages::items(&mut tx, bill).await?;
    let charged = Vnd(sale.charged_vnd);
    let by_list = crate::discount_desk::number(&mut tx, "package.refund_by_list").await? == 1;
    let data = json!({
        "head": receipts::paper_head(&mut tx).await?,
        "number": sale.show_number(),
        "name": sale.name,
        "sold_at": sale.sold_at,
        "valid_from_date": sale.sold_on,
        "valid_to_date": sale.valid_to,
        "cancelled": sale.end_kind.as_deref() == Some("ended"),
        "patient": { "name": payer.name, "record_no": payer.record_no, "sex": payer.sex, "birth_date": payer.birth_date,
                     "address": payer.address_text, "phone": payer.phone },
        "items": items.iter().map(|i| json!({
            "name": i.name, "quantity": i.quantity, "used": i.used, "left": i.left(),
            "list_vnd": i.list_vnd, "sum_vnd": i.list_vnd * i.quantity,
        })).collect::<Vec<_>>(),
        "list_vnd": items.iter().map(|i| i.list_vnd * i.quantity).sum::<i64>(),
        "price_vnd": charged.0,
        "price_words": charged.in_words(),
        "paid_vnd": sale.paid_vnd,
        "due_vnd": sale.due().0,
        "terms": if by_list {
            "Kết thúc trước hạn: hoàn số tiền đã trả trừ phần đã dùng tính theo giá lẻ ngày mua; không hoàn khi phần đã dùng vượt số đã trả."
        } else {
            "Kết thúc trước hạn: hoàn số tiền đã trả trừ phần đã dùng tính theo tỷ lệ trong giá gói."
        },
        "seller": sale.by_name,
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    });
    tx.audit("print", "package", bill, payer.patient(), serde_json::Value::Null);
    let bytes = ctx.app.papers().render("package-contract", data).await.map_err(|e| anyhow::anyhow!("the contract cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("{}.pdf", sale.show_number()))
}

#[derive(Template)]
#[template(path = "package_panel.html")]
struct Balance {
    sales: Vec<(Sale, Vec<SaleItem>)>,
    patient: PatientId,
    may_sell: bool,
}

/// What is left of a person's packages, for the chart and the record; empty when they have none.
pub async fn panel(ctx: &Ctx, tx: &mut db::Tx, about: &web::PanelFor) -> Result<String, Failure> {
    let patient = match (about.patient, about.encounter) {
        (Some(patient), _) => patient,
        (None, Some(encounter)) => match bills::get_payer(tx, crate::bill::of_visit(encounter)).await?.patient() {
            Some(patient) => patient,
            None => return Ok(String::new()),
        },
        _ => return Ok(String::new()),
    };
    let today = ctx.today();
    let mut sales = Vec::new();
    for sale in packages::list_of_patient(tx, patient).await?.into_iter().filter(|s| !s.is_over(&today) && s.left() > 0).take(5) {
        let items = packages::items(tx, sale.bill()).await?;
        sales.push((sale, items));
    }
    if sales.is_empty() {
        return Ok(String::new());
    }
    Ok(Balance { sales, patient, may_sell: ctx.may("package.sell") }.render()?)
}
