//! A lot: where it lies, whether it may be given, its recall, and who got something of it.

use super::{Badge, expiry_badge};
use crate::alert;
use crate::item::{Item, show_quantity};
use crate::lot::{Block, Lot};
use crate::recall::{self, CAUSES, Decision};
use crate::store::blocks::{self, Recipient};
use crate::store::card::{self, LotRow};
use crate::store::{items, lots};
use askama::Template;
use base::{LotId, PatientId, Problems, Vnd, local_date, show_date};
use chrono::NaiveDate;
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecisionForm {
    /// `block` or `release`.
    pub act: String,
    pub cause: String,
    pub paper: String,
    pub reason: String,
}

#[derive(Template)]
#[template(path = "lot.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    item: Item,
    lot: Lot,
    places: Vec<LotRow>,
    history: Vec<Block>,
    form: DecisionForm,
    problems: Problems,
    causes: Vec<(String, String)>,
    may_recall: bool,
    today: NaiveDate,
    near_days: i64,
}

impl Page {
    fn badge(&self) -> Option<Badge> {
        expiry_badge(self.lot.expires, self.lot.blocked, self.today, self.near_days)
    }
    fn cause(&self, block: &Block) -> &'static str {
        recall::cause_name(&block.cause)
    }
    fn total(&self) -> String {
        show_quantity(&self.places.iter().map(|p| p.quantity_milli).sum())
    }
    fn value(&self) -> Vnd {
        self.places.iter().map(|p| Vnd(p.value_vnd)).sum()
    }
    /// What one dispensing unit cost, to a tenth of a đồng; the exact price is kept as a fraction.
    fn unit_cost(&self) -> String {
        let tenths = i128::from(self.lot.cost_vnd) * 10_000 / i128::from(self.lot.cost_milli);
        show_quantity(&i64::try_from(tenths * 100).unwrap_or(i64::MAX))
    }
}

async fn page(ctx: &Ctx, tx: &mut Tx, lot: Lot, form: DecisionForm, problems: Problems) -> Result<Page, Failure> {
    let item = items::find(tx, lot.item_id).await?.ok_or(Failure::NotFound)?;
    Ok(Page {
        shell: ctx.shell(&format!("Lô {}", lot.lot_no), &[("F2", "Tìm / quét"), ("F9", "In nhãn"), ("Esc", "Về thuốc")]),
        here: "balance",
        places: card::places_of_lot(tx, lot.lot_id).await?,
        history: blocks::list(tx, lot.id()).await?,
        near_days: alert::near_days(tx).await?,
        causes: CAUSES.map(|(key, name)| (key.to_owned(), name.to_owned())).to_vec(),
        may_recall: ctx.may("stock.recall"),
        today: ctx.today(),
        item,
        lot,
        form,
        problems,
    })
}

/// `GET /app/stock/lots/{lot}`.
pub async fn show(ctx: Ctx, Path(lot): Path<LotId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lot = lots::find(&mut tx, lot).await?.ok_or(Failure::NotFound)?;
    web::html(page(&ctx, &mut tx, lot, DecisionForm::default(), Problems::none()).await?)
}

/// `POST /app/stock/lots/{lot}/decisions`: blocks or releases the batch.
pub async fn decide(ctx: Ctx, Path(lot): Path<LotId>, Form(form): Form<DecisionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lot = lots::find(&mut tx, lot).await?.ok_or(Failure::NotFound)?;
    match Decision::read(form.act == "block", &form.cause, &form.reason, &form.paper) {
        Ok(decision) => {
            recall::decide(&mut tx, &lot, &decision).await?;
            tx.commit().await?;
            web::redirect(format!("/app/stock/lots/{}", lot.lot_id))
        }
        Err(problems) => web::refused(page(&ctx, &mut tx, lot, form, problems).await?),
    }
}

/// `GET /app/stock/lots/{lot}/label`: a label of 50 × 30 mm for the box or the shelf. Printed again without a question.
pub async fn label(ctx: Ctx, Path(lot): Path<LotId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lot = lots::find(&mut tx, lot).await?.ok_or(Failure::NotFound)?;
    let item = items::find(&mut tx, lot.item_id).await?.ok_or(Failure::NotFound)?;
    tx.audit("print", "lot", lot.lot_id, None, json!({ "label": lot.label() }));
    tx.commit().await?;
    let labels = [json!({ "code": lot.label(), "name": item.name, "lot_no": lot.lot_no, "expires_date": lot.expires })];
    let bytes = ctx.app.papers().render("lot-label", json!({ "labels": labels })).await.map_err(|e| anyhow::anyhow!("a lot label cannot be drawn: {e}"))?;
    web::pdf(bytes, &format!("nhan-lo-{}.pdf", lot.label()))
}

#[derive(Template)]
#[template(path = "recipients.html")]
struct RecipientsPage {
    shell: Shell,
    here: &'static str,
    item: Item,
    lot: Lot,
    people: Vec<Recipient>,
    nameless_milli: i64,
    used_milli: i64,
}

impl RecipientsPage {
    fn birth(&self, person: &Recipient) -> String {
        if person.birth_year_only { person.birth_date.format("%Y").to_string() } else { show_date(person.birth_date) }
    }
    fn last_day(&self, person: &Recipient) -> String {
        show_date(local_date(person.last_at))
    }
}

/// `GET /app/stock/lots/{lot}/recipients`: everybody who still holds something of the batch; each look is on record.
pub async fn recipients(ctx: Ctx, Path(lot): Path<LotId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lot = lots::find(&mut tx, lot).await?.ok_or(Failure::NotFound)?;
    let item = items::find(&mut tx, lot.item_id).await?.ok_or(Failure::NotFound)?;
    let people = blocks::list_recipients(&mut tx, lot.item_id, &lot.lot_no).await?;
    let (nameless_milli, used_milli) = blocks::nameless(&mut tx, lot.item_id, &lot.lot_no).await?;
    for person in &people {
        tx.audit("read", "lot-recipient", lot.lot_id, Some(PatientId(person.patient_id)), json!({ "lot": lot.label() }));
    }
    tx.commit().await?;
    let shell = ctx.shell(&format!("Người nhận lô {}", lot.lot_no), &[("Esc", "Về lô")]);
    web::html(RecipientsPage { shell, here: "balance", item, lot, people, nameless_milli, used_milli })
}
