//! An item: what lies where, its packs and barcodes, when to warn; and how a drug of the list begins to be kept in stock.

use super::{Badge, expiry_badge};
use crate::gs1;
use crate::item::{self, Item, MOST_MILLI, Pack, show_in_packs};
use crate::store::card::{self, LotRow};
use crate::store::items;
use crate::{alert, store};
use askama::Template;
use base::{Problem, Problems};
use chrono::NaiveDate;
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

/// What the settings of an item look like on the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemForm {
    pub min: String,
    pub max: String,
    /// `1` while the item is kept in stock.
    pub kept: String,
    /// Packs from the smallest: a name and how many of the one before it holds.
    pub pack_name: Vec<String>,
    pub pack_holds: Vec<String>,
}

/// A pack as it stands on the form: its name, how many it holds, and of what.
struct PackLine {
    name: String,
    holds: String,
    of: String,
}

#[derive(Template)]
#[template(path = "item.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    item: Item,
    lots: Vec<LotRow>,
    shelves: Vec<(Uuid, String, i64)>,
    packs: Vec<Pack>,
    barcodes: Vec<(String, i64)>,
    form: ItemForm,
    problems: Problems,
    may_write: bool,
    today: NaiveDate,
    near_days: i64,
}

impl Page {
    fn badge(&self, lot: &LotRow) -> Option<Badge> {
        expiry_badge(lot.expires, lot.blocked, self.today, self.near_days)
    }
    fn in_packs(&self, milli: &i64) -> String {
        show_in_packs(*milli, &self.item.unit, &self.packs)
    }
    /// Three lines: vỉ, hộp, thùng.
    fn pack_lines(&self) -> Vec<PackLine> {
        let part = |list: &[String], i: usize| list.get(i).cloned().unwrap_or_default();
        let mut of = self.item.unit.clone();
        (0..3)
            .map(|i| {
                let line = PackLine { name: part(&self.form.pack_name, i), holds: part(&self.form.pack_holds, i), of: of.clone() };
                if !line.name.trim().is_empty() {
                    of = line.name.trim().to_owned();
                }
                line
            })
            .collect()
    }
    /// Names for what a barcode stands on: the unit itself and its packs.
    fn factors(&self) -> Vec<(String, String)> {
        let unit = std::iter::once((1, self.item.unit.as_str()));
        unit.chain(self.packs.iter().map(|p| (p.factor, p.name.as_str())))
            .map(|(factor, name)| (factor.to_string(), if factor == 1 { name.to_owned() } else { format!("{name} ({factor} {})", self.item.unit) }))
            .collect()
    }
}

fn form_of(item: &Item, packs: &[Pack]) -> ItemForm {
    let typed = |milli: Option<i64>| milli.map(|m| item::show_quantity(&m)).unwrap_or_default();
    let mut below = 1;
    let holds = packs.iter().map(|p| {
        let holds = p.factor / below.max(1);
        below = p.factor;
        holds.to_string()
    });
    ItemForm {
        pack_holds: holds.collect(),
        pack_name: packs.iter().map(|p| p.name.clone()).collect(),
        min: typed(item.min_milli),
        max: typed(item.max_milli),
        kept: if item.kept_to.is_none() { "1".into() } else { String::new() },
    }
}

async fn page(ctx: &Ctx, tx: &mut Tx, item: Item, form: Option<ItemForm>, problems: Problems) -> Result<Page, Failure> {
    let packs = items::list_packs(tx, &[item.item_id]).await?;
    Ok(Page {
        shell: ctx.shell(&item.name, &[("F2", "Tìm / quét"), ("Esc", "Về tồn kho")]),
        here: "balance",
        lots: card::lots_of_item(tx, item.item_id).await?,
        shelves: card::shelves_of_item(tx, item.item_id).await?,
        barcodes: items::list_barcodes(tx, item.item_id).await?,
        near_days: alert::near_days(tx).await?,
        form: form.unwrap_or_else(|| form_of(&item, &packs)),
        packs,
        problems,
        may_write: ctx.may("stock.write"),
        today: ctx.today(),
        item,
    })
}

/// `GET /app/stock/items/{item}`.
pub async fn show(ctx: Ctx, Path(item): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = items::find(&mut tx, item).await?.ok_or(Failure::NotFound)?;
    web::html(page(&ctx, &mut tx, item, None, Problems::none()).await?)
}

/// What the form says, all problems at once: the warnings and the packs with their dispensing units.
fn read(form: &ItemForm, unit: &str) -> Result<(Option<i64>, Option<i64>, Vec<(String, i64)>), Problems> {
    let mut problems = Problems::none();
    let mut limit = |typed: &str, field: &'static str| {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        item::read_quantity(typed, 1, field).map_err(|p| problems.0.push(p)).ok()
    };
    let (min, max) = (limit(&form.min, "min"), limit(&form.max, "max"));
    if let (Some(min), Some(max)) = (min, max) {
        problems.add_if(max <= min, "max", "Mức tối đa phải lớn hơn mức tối thiểu.");
    }
    let mut steps = Vec::new();
    for (name, holds) in form.pack_name.iter().zip(&form.pack_holds) {
        if name.trim().is_empty() && holds.trim().is_empty() {
            continue;
        }
        match holds.trim().parse::<i64>() {
            Ok(holds) if holds.unsigned_abs() < MOST_MILLI.unsigned_abs() => steps.push((name.clone(), holds)),
            _ => problems.add("packs", format!("Số {unit} trong một {} phải là số nguyên.", name.trim())),
        }
    }
    let packs = item::chain(unit, &steps).map_err(|p| problems.0.push(p)).unwrap_or_default();
    problems.or((min, max, packs))
}

/// `POST /app/stock/items/{item}`: warnings, packs, kept or not.
pub async fn save(ctx: Ctx, Path(item): Path<Uuid>, Form(form): Form<ItemForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = items::find(&mut tx, item).await?.ok_or(Failure::NotFound)?;
    match read(&form, &item.unit) {
        Ok((min, max, packs)) => {
            items::update(&mut tx, item.item_id, min, max, form.kept == "1").await?;
            items::set_packs(&mut tx, item.item_id, &packs).await?;
            tx.audit("change", "item", item.item_id, None, json!({ "min": min, "max": max, "packs": packs.len(), "kept": form.kept == "1" }));
            tx.commit().await?;
            web::redirect(format!("/app/stock/items/{}", item.item_id))
        }
        Err(problems) => web::refused(page(&ctx, &mut tx, item, Some(form), problems).await?),
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BarcodeForm {
    pub barcode: String,
    pub factor: String,
}

/// `POST /app/stock/items/{item}/barcodes`: learns what a maker's barcode stands on.
pub async fn learn(ctx: Ctx, Path(item): Path<Uuid>, Form(form): Form<BarcodeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = items::find(&mut tx, item).await?.ok_or(Failure::NotFound)?;
    let packs = items::list_packs(&mut tx, &[item.item_id]).await?;
    let factor = form.factor.parse::<i64>().unwrap_or(1);
    let read = gs1::read(&form.barcode);
    let known = match &read {
        Some(read) => items::find_by_barcode(&mut tx, &read.article).await?,
        None => None,
    };
    let problem = match &read {
        None => Some("Mã vạch không đọc được. Quét lại, hoặc gõ dãy số in dưới mã."),
        Some(_) if crate::lot::read_label(&form.barcode).is_some() => Some("Đây là nhãn lô của cơ sở, không phải mã vạch của nhà sản xuất."),
        Some(_) if factor != 1 && !packs.iter().any(|p| p.factor == factor) => Some("Chọn mã in trên đơn vị nào: đơn vị cấp phát hay một quy cách đã khai."),
        Some(_) if known.is_some_and(|(other, _)| other != item.item_id) => Some("Mã này đã khai cho thuốc khác. Kiểm tra lại hộp thuốc."),
        Some(_) => None,
    };
    match (problem, read) {
        (None, Some(read)) => {
            items::learn_barcode(&mut tx, &read.article, item.item_id, factor).await?;
            tx.audit("learn", "barcode", &read.article, None, json!({ "item": item.item_id, "factor": factor }));
            tx.commit().await?;
            web::redirect(format!("/app/stock/items/{}", item.item_id))
        }
        (text, _) => {
            let problems = Problem::at("barcode", text.unwrap_or_default()).into();
            web::refused(page(&ctx, &mut tx, item, None, problems).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "new_items.html")]
struct NewPage {
    shell: Shell,
    here: &'static str,
    q: String,
    rows: Vec<store::items::Candidate>,
}

#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    q: String,
}

/// `GET /app/stock/new-items`: drugs of the list that are not kept in stock yet.
pub async fn candidates(ctx: Ctx, Query(typed): Query<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = items::list_candidates(&mut tx, &typed.q).await?;
    web::html(NewPage { shell: ctx.shell("Thêm thuốc vào kho", &[("F8", "Quản lý tồn"), ("Esc", "Về tồn kho")]), here: "balance", q: typed.q, rows })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeepForm {
    pub drug: Vec<String>,
}

/// `POST /app/stock/items`: begins keeping the ticked drugs in stock.
pub async fn keep(ctx: Ctx, Form(form): Form<KeepForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let drugs: Vec<Uuid> = form.drug.iter().filter_map(|id| id.parse().ok()).collect();
    if drugs.is_empty() {
        return Err(Problem::of("Chưa chọn thuốc nào. Đánh dấu ít nhất một thuốc.").into());
    }
    for drug in &drugs {
        if !items::keep(&mut tx, *drug).await? {
            return Err(Failure::NotFound);
        }
        tx.audit("keep", "item", drug, None, json!({}));
    }
    tx.commit().await?;
    web::redirect(if let [one] = drugs.as_slice() { format!("/app/stock/items/{one}") } else { "/app/stock".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_read_with_all_its_problems() {
        let text = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let good = ItemForm { min: "100".into(), max: "1.000".into(), kept: "1".into(), pack_name: text(&["vỉ", "hộp", ""]), pack_holds: text(&["10", "10", ""]) };
        assert_eq!(read(&good, "viên"), Ok((Some(100_000), Some(1_000_000), vec![("vỉ".into(), 10), ("hộp".into(), 100)])));
        let bad = ItemForm { min: "-1".into(), max: "x".into(), pack_name: text(&["vỉ"]), pack_holds: text(&["2,5"]), ..good.clone() };
        let problems = read(&bad, "viên").expect_err("refused");
        assert!(["min", "max", "packs"].iter().all(|field| !problems.at(field).is_empty()), "{problems:?}");
        let crossed = ItemForm { min: "10".into(), max: "5".into(), ..good };
        assert_ne!(read(&crossed, "viên").expect_err("refused").at("max"), "");
    }
}
