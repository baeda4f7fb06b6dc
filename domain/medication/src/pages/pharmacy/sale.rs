//! Sale at the counter: the focus stays in one box; every scan adds one pack.

use crate::dose::Milli;
use crate::pages::entry::stale;
use crate::pharmacy;
use crate::sale::{self, Sale, Typed};
use crate::store::{self, InBasket};
use askama::Template;
use base::{BillId, LotId, Problem, Problems, Vnd};
use organization::drug;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Shell, Tx};

const KEYS: &[(&str, &str)] = &[("F2", "Ô quét"), ("0–9", "Số lượng"), ("F8", "Bán"), ("Esc", "Về hàng chờ")];
/// Most drugs offered for a typed name.
const OFFERED: i64 = 8;
/// One dispensing unit.
const ONE: i64 = 1000;

pub struct LineView {
    pub drug: Uuid,
    pub lot: String,
    pub name: String,
    pub about: String,
    pub quantity: String,
    pub unit: String,
    pub price: Option<Vnd>,
    pub amount: Option<Vnd>,
    pub is_last: bool,
}

/// A drug that a typed name may mean.
pub struct Offer {
    pub drug: Uuid,
    pub name: String,
    pub about: String,
    pub refusal: String,
}

/// The basket with its box.
#[derive(Template)]
#[template(path = "pharmacy_basket.html")]
pub struct Basket {
    csrf: String,
    bill: BillId,
    lines: Vec<LineView>,
    total: Vnd,
    offers: Vec<Offer>,
    reason: String,
    asks_reason: bool,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "pharmacy_sale.html")]
struct Page {
    shell: Shell,
    basket: Basket,
}

/// What a basket says beside its lines.
#[derive(Default)]
struct Say {
    problems: Problems,
    offers: Vec<Offer>,
    reason: String,
}

/// `GET /app/pharmacy/sale`: the open basket of this account, or an empty one.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let (bill, lines) = store::find_basket(&mut tx).await?.unwrap_or_else(|| (BillId::new(), Vec::new()));
    let basket = basket(&ctx, &mut tx, bill, lines, Say::default()).await?;
    tx.commit().await?;
    web::html(Page { shell: ctx.shell("Bán lẻ", KEYS), basket })
}

/// What the box sends, and the buttons of a line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SaleForm {
    pub bill: String,
    pub code: String,
    pub drug: String,
    pub lot: String,
    pub quantity: String,
    pub reason: String,
}

/// The basket of this account, or the one that the page minted.
async fn mine(tx: &mut Tx, form: &SaleForm) -> Result<(BillId, Vec<InBasket>), Failure> {
    if let Some(known) = store::find_basket(tx).await? {
        return Ok(known);
    }
    Ok((form.bill.parse().map_err(|_| stale())?, Vec::new()))
}

/// `POST /app/pharmacy/sale/scans`: a code, a name, a quantity.
pub async fn scan(ctx: Ctx, Form(form): Form<SaleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (bill, mut lines) = mine(&mut tx, &form).await?;
    let mut say = Say::default();
    let last = lines.last().cloned();
    let done = match (sale::read(&form.code), last) {
        (Typed::Text(text), _) if text.is_empty() => Ok(()),
        (Typed::Text(text), _) => named(&ctx, &mut tx, &mut lines, &text, &mut say).await?,
        (_, None) => Err(Problem::at("code", "Quét thuốc trước, rồi gõ số lượng.")),
        (Typed::Quantity(quantity), Some(last)) => {
            sale::set(&mut lines, last.drug, last.lot, quantity);
            Ok(())
        }
        (Typed::OneMore, Some(last)) => sale::add(&mut lines, last.drug, last.lot, ONE),
        (Typed::OneLess, Some(last)) => {
            sale::set(&mut lines, last.drug, last.lot, last.quantity_milli - ONE);
            Ok(())
        }
    };
    if let Err(problem) = done {
        say.problems.add("code", problem.text);
    }
    answer(&ctx, tx, bill, lines, say).await
}

/// A pack by its code, else a drug by its words: one alone is taken, several are offered.
async fn named(ctx: &Ctx, tx: &mut Tx, lines: &mut Vec<InBasket>, text: &str, say: &mut Say) -> Result<Result<(), Problem>, Failure> {
    let (facility, today) = (ctx.facility(), ctx.today());
    if let Some(pack) = ctx.app.stock().pack(tx, text).await? {
        let known = drug::find(tx.conn(), facility, pack.drug, today).await?.ok_or(Failure::NotFound)?;
        let allowed = store::list_over_counter(tx.conn(), facility, &[known.id], today).await?;
        return Ok(match sale::refusal(&known, !allowed.is_empty()) {
            Some(why) => Err(Problem::of(why)),
            None => sale::add(lines, known.id, pack.lot, pack.quantity_milli.max(1)),
        });
    }
    let found = drug::search(tx.conn(), facility, text, today, OFFERED).await?;
    let ids: Vec<Uuid> = found.iter().map(|d| d.id).collect();
    let allowed = store::list_over_counter(tx.conn(), facility, &ids, today).await?;
    match found.as_slice() {
        [] => Ok(Err(Problem::of(format!("Không có thuốc nào với mã hay tên “{text}”. Quét lại hoặc gõ tên thuốc.")))),
        [one] => Ok(match sale::refusal(one, allowed.contains(&one.id)) {
            Some(why) => Err(Problem::of(why)),
            None => sale::add(lines, one.id, None, ONE),
        }),
        several => {
            say.offers = several
                .iter()
                .map(|d| Offer {
                    drug: d.id,
                    name: d.facts.name.clone(),
                    about: [d.facts.form.clone(), d.price.map_or(String::new(), |p| format!("{p} đ/{}", d.facts.unit))].join(" · "),
                    refusal: sale::refusal(d, allowed.contains(&d.id)).unwrap_or_default(),
                })
                .collect();
            Ok(Ok(()))
        }
    }
}

/// `POST /app/pharmacy/sale/lines`: an offered drug, or another quantity of a line; nothing takes it out.
pub async fn line(ctx: Ctx, Form(form): Form<SaleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (bill, mut lines) = mine(&mut tx, &form).await?;
    let drug_id: Uuid = form.drug.parse().map_err(|_| stale())?;
    let known = drug::find(tx.conn(), ctx.facility(), drug_id, ctx.today()).await?.ok_or(Failure::NotFound)?;
    let lot: Option<LotId> = form.lot.parse().ok();
    let mut say = Say::default();
    let in_basket = lines.iter().any(|l| l.drug == drug_id && l.lot == lot);
    match (Milli::parse(&form.quantity), in_basket) {
        (Some(quantity), true) if quantity.is_whole() => sale::set(&mut lines, drug_id, lot, quantity.0),
        (None, false) | (Some(_), false) => {
            let allowed = store::list_over_counter(tx.conn(), ctx.facility(), &[drug_id], ctx.today()).await?;
            match sale::refusal(&known, !allowed.is_empty()) {
                Some(why) => say.problems.add("code", why),
                None => sale::add(&mut lines, drug_id, None, ONE)?,
            }
        }
        _ => say.problems.add("code", format!("{}: ghi số nguyên {}, 0 là bỏ khỏi giỏ.", known.facts.name, known.facts.unit)),
    }
    answer(&ctx, tx, bill, lines, say).await
}

/// Where the sale goes on: to the money for who may take it, else to what was handed over.
fn onward(ctx: &Ctx, bill: BillId) -> Answer {
    let place = if ctx.may("billing.read") { "cashier" } else { "pharmacy/dispenses" };
    web::redirect(format!("/app/{place}/{bill}"))
}

/// `POST /app/pharmacy/sale`: F8. On to the cashier's page of the new bill.
pub async fn finish(ctx: Ctx, Form(form): Form<SaleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let minted: BillId = form.bill.parse().map_err(|_| stale())?;
    if store::dispense_exists(tx.conn(), ctx.facility(), base::DispenseId(minted.0)).await? {
        return onward(&ctx, minted);
    }
    let (bill, lines) = mine(&mut tx, &form).await?;
    let sale = load(&ctx, &mut tx, bill, lines.clone()).await?;
    let problems = match pharmacy::sell(&ctx, &mut tx, &sale, &form.reason).await {
        Ok(Ok(())) => {
            tx.commit().await?;
            return onward(&ctx, bill);
        }
        Ok(Err(problems)) | Err(Failure::Refused(problems)) => problems,
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let say = Say { problems, reason: form.reason, ..Say::default() };
    let basket = basket(&ctx, &mut tx, bill, lines, say).await?;
    if ctx.htmx { web::refused(basket) } else { web::refused(Page { shell: ctx.shell("Bán lẻ", KEYS), basket }) }
}

async fn answer(ctx: &Ctx, mut tx: Tx, bill: BillId, lines: Vec<InBasket>, say: Say) -> Answer {
    let is_refused = !say.problems.is_empty();
    store::save_basket(&mut tx, bill, &lines).await?;
    let basket = basket(ctx, &mut tx, bill, lines, say).await?;
    tx.commit().await?;
    match (ctx.htmx, is_refused) {
        (true, false) => web::html(basket),
        (true, true) => web::refused(basket),
        (false, false) if basket.offers.is_empty() => web::redirect("/app/pharmacy/sale"),
        (false, false) => web::html(Page { shell: ctx.shell("Bán lẻ", KEYS), basket }),
        (false, true) => web::refused(Page { shell: ctx.shell("Bán lẻ", KEYS), basket }),
    }
}

async fn load(ctx: &Ctx, tx: &mut Tx, bill: BillId, basket: Vec<InBasket>) -> Result<Sale, Failure> {
    let ids: Vec<Uuid> = basket.iter().map(|l| l.drug).collect();
    if ids.is_empty() {
        return Ok(Sale { bill, basket, drugs: Vec::new(), over_counter: Vec::new() });
    }
    let mut drugs = drug::by_ids(tx.conn(), ctx.facility(), &ids, ctx.today()).await?;
    drugs.dedup_by_key(|d| d.id);
    let over_counter = store::list_over_counter(tx.conn(), ctx.facility(), &ids, ctx.today()).await?;
    Ok(Sale { bill, basket, drugs, over_counter })
}

async fn basket(ctx: &Ctx, tx: &mut Tx, bill: BillId, lines: Vec<InBasket>, say: Say) -> Result<Basket, Failure> {
    let sale = load(ctx, tx, bill, lines).await?;
    let last = sale.basket.len().saturating_sub(1);
    let views = sale.basket.iter().enumerate().filter_map(|(n, line)| {
        let drug = sale.drug(line.drug)?;
        Some(LineView {
            drug: drug.id,
            lot: line.lot.map_or(String::new(), |l| l.to_string()),
            name: drug.facts.name.clone(),
            about: [drug.facts.form.as_str(), drug.facts.usage_note.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
            quantity: Milli(line.quantity_milli).to_string(),
            unit: drug.facts.unit.clone(),
            price: drug.price,
            amount: sale.amount(line),
            is_last: n == last,
        })
    });
    Ok(Basket {
        csrf: ctx.shell("", &[]).csrf,
        bill,
        lines: views.collect(),
        total: sale.total(),
        offers: say.offers,
        asks_reason: !say.reason.is_empty() || say.problems.0.iter().any(|p| p.text.contains("lý do đổi lô")),
        reason: say.reason,
        problems: say.problems,
    })
}
