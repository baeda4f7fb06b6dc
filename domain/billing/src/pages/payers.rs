//! Payers and their price lists; a sheet of prices first shown, then applied; who pays a bill.

use super::minted;
use crate::payer::{self, Item, KINDS, PayerForm, TITLES};
use crate::store::bills;
use crate::store::payers::{self as store, Import, Payer};
use askama::Template;
use base::{BillId, Problem, Problems, Vnd, show_date};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Multipart, Path, Shell};

#[derive(Template)]
#[template(path = "payers.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Payer>,
    kinds: Vec<(String, String)>,
    form: PayerForm,
    id: Uuid,
    problems: Problems,
}

async fn list_page(ctx: &Ctx, tx: &mut Tx, form: PayerForm, problems: Problems) -> Result<ListPage, Failure> {
    Ok(ListPage {
        shell: ctx.shell("Giá theo đối tượng", &[("↑↓", "Chọn"), ("Enter", "Mở"), ("F8", "Thêm đối tượng")]),
        rows: store::list(tx).await?,
        kinds: KINDS.map(|(key, title)| (key.to_owned(), title.to_owned())).into(),
        form,
        id: Uuid::now_v7(),
        problems,
    })
}

pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(list_page(&ctx, &mut tx, PayerForm::default(), Problems::none()).await?)
}

/// Adds a payer. A code that is taken is refused.
pub async fn add(ctx: Ctx, Form(form): Form<PayerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = match form.read() {
        Ok(payer) => payer,
        Err(problems) => return web::refused(list_page(&ctx, &mut tx, form, problems).await?),
    };
    let id = minted(&form.id)?;
    match store::insert(&mut tx, id, &payer).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            let mut tx = ctx.begin().await?;
            let problems = Problem::at("code", "Mã này đã có. Chọn mã khác.").into();
            return web::refused(list_page(&ctx, &mut tx, form, problems).await?);
        }
        other => other?,
    }
    tx.audit("add", "payer", id, None, json!({ "code": payer.code }));
    tx.commit().await?;
    web::redirect(format!("/app/payers/{id}"))
}

#[derive(Template)]
#[template(path = "payer.html")]
struct OnePage {
    shell: Shell,
    payer: Payer,
    items: Vec<Item>,
    choices: Vec<(String, String)>,
    form: PriceForm,
    id: Uuid,
    problems: Problems,
}

impl OnePage {
    fn own(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|i| i.price_vnd.is_some())
    }
    fn has_own(&self) -> bool {
        self.own().next().is_some()
    }
}

fn amount(value: &Option<i64>) -> String {
    value.map_or("–".into(), |v| Vnd(v).digits())
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PriceForm {
    item: String,
    price: String,
    from: String,
}

async fn one_page(ctx: &Ctx, tx: &mut Tx, payer: Payer, form: PriceForm, problems: Problems) -> Result<OnePage, Failure> {
    let items = store::items(tx, payer.payer_id, ctx.today()).await?;
    Ok(OnePage {
        shell: ctx.shell(&payer.name, &[("F8", "Đặt giá"), ("Esc", "Về danh sách")]),
        choices: items.iter().map(|i| (i.item_id.to_string(), format!("{} · {}", i.code, i.name))).collect(),
        items,
        payer,
        form,
        id: Uuid::now_v7(),
        problems,
    })
}

pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let form = PriceForm { from: show_date(ctx.today()), ..PriceForm::default() };
    web::html(one_page(&ctx, &mut tx, payer, form, Problems::none()).await?)
}

/// Sets one price from a day on.
pub async fn set_price(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<PriceForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let mut problems = Problems::none();
    let from = payer::read_start(&form.from, ctx.today()).unwrap_or_else(|wrong| {
        problems.add("from", wrong.at("from").to_owned());
        ctx.today()
    });
    let price = Vnd::parse(&form.price).filter(|p| (0..=1_000_000_000).contains(&p.0));
    problems.add_if(price.is_none(), "price", "Nhập giá bằng số đồng, ví dụ 120.000.");
    let item: Option<Uuid> = form.item.parse().ok();
    let known = store::items(&mut tx, id, ctx.today()).await?;
    let item = item.filter(|item| known.iter().any(|k| k.item_id == *item));
    problems.add_if(item.is_none(), "item", "Chọn dịch vụ hoặc thuốc trong danh sách.");
    let (Some(price), Some(item), true) = (price, item, problems.is_empty()) else {
        return web::refused(one_page(&ctx, &mut tx, payer, form, problems).await?);
    };
    store::set_prices(&mut tx, id, &[(item, price.0)], from).await?;
    tx.audit("price", "payer", id, None, json!({ "item": item, "price_vnd": price.0, "from": from }));
    tx.commit().await?;
    web::redirect(format!("/app/payers/{id}"))
}

/// Ends a payer today.
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    store::end(&mut tx, id).await?;
    tx.audit("end", "payer", id, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/payers")
}

/// Reads a sheet of prices and shows what it would do; nothing is set yet.
pub async fn upload(ctx: Ctx, Path(id): Path<Uuid>, mut parts: Multipart) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let broken = |_| Failure::BadRequest("Tệp gửi lên bị đứt giữa chừng. Gửi lại.".into());
    let (mut bytes, mut file_name, mut typed, mut minted_id) = (Vec::new(), String::new(), String::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or("") {
            "file" => {
                file_name = part.file_name().unwrap_or("").chars().take(200).collect();
                bytes = part.bytes().await.map_err(broken)?.to_vec();
            }
            "from" => typed = part.text().await.map_err(broken)?,
            "id" => minted_id = part.text().await.map_err(broken)?,
            _ => {}
        }
    }
    let import_id = minted(&minted_id)?;
    let today = ctx.today();
    let read = tokio::task::spawn_blocking(move || organization::sheet::read(&bytes, &TITLES)).await.map_err(|e| Failure::Fault(e.into()))?;
    let (sheet, from) = match (read, payer::read_start(&typed, today)) {
        (Ok(sheet), Ok(from)) => (sheet, from),
        (read, from) => {
            let mut problems = from.err().unwrap_or_else(Problems::none);
            if let Err(text) = read {
                problems.add("file", text);
            }
            let form = PriceForm { from: typed, ..PriceForm::default() };
            return web::refused(one_page(&ctx, &mut tx, payer, form, problems).await?);
        }
    };
    let plan = payer::plan(&sheet, &store::items(&mut tx, id, from).await?);
    let import = Import {
        import_id,
        payer_id: id,
        file_name,
        effective_from: from,
        prices: Json(plan.changes),
        problems: Json(plan.problems),
        applied_at: None,
    };
    store::insert_import(&mut tx, &import).await?;
    tx.commit().await?;
    web::redirect(format!("/app/payers/imports/{import_id}"))
}

#[derive(Template)]
#[template(path = "payer_import.html")]
struct ImportPage {
    shell: Shell,
    import: Import,
    payer: Payer,
}

impl ImportPage {
    fn from(&self) -> String {
        show_date(self.import.effective_from)
    }
    fn may_apply(&self) -> bool {
        self.import.applied_at.is_none() && self.import.problems.is_empty() && !self.import.prices.is_empty()
    }
}

pub async fn show_import(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let import = store::lock_import(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let payer = store::find(&mut tx, import.payer_id).await?.ok_or(Failure::NotFound)?;
    web::html(ImportPage { shell: ctx.shell("Nhập giá từ Excel", &[("F8", "Áp dụng"), ("Esc", "Về bảng giá")]), import, payer })
}

/// Applies a sheet exactly as it was shown; whole or not at all, once.
pub async fn apply_import(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let import = store::lock_import(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let back = format!("/app/payers/{}", import.payer_id);
    if import.applied_at.is_some() {
        return web::redirect(back);
    }
    if !import.problems.is_empty() {
        return Err(Problem::of("Tệp còn dòng sai. Sửa các dòng được chỉ ra rồi gửi lại tệp.").into());
    }
    // Shown yesterday, applied today: no price of a day that has passed is changed.
    if import.effective_from < ctx.today() {
        return Err(Problem::of("Ngày áp dụng đã qua. Gửi lại tệp với ngày từ hôm nay trở đi.").into());
    }
    let prices: Vec<(Uuid, i64)> = import.prices.iter().map(|c| (c.item, c.after)).collect();
    store::set_prices(&mut tx, import.payer_id, &prices, import.effective_from).await?;
    store::mark_applied(&mut tx, id).await?;
    tx.audit("import", "payer", import.payer_id, None, json!({ "prices": prices.len(), "from": import.effective_from, "file": import.file_name }));
    tx.commit().await?;
    web::redirect(back)
}

#[derive(Template)]
#[template(path = "bill_payer.html")]
struct BillPage {
    shell: Shell,
    payer: bills::Payer,
    choices: Vec<(String, String)>,
    chosen: String,
}

/// Who pays a bill.
pub async fn of_bill(ctx: Ctx, Path(bill): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, bill).await?;
    let chosen = store::of_bill(&mut tx, bill).await?;
    let all = store::list(&mut tx).await?.into_iter().filter(|p| p.active_to.is_none() || Some(p.payer_id) == chosen);
    web::html(BillPage {
        shell: ctx.shell("Đối tượng thanh toán", &[("F8", "Đổi và tính lại giá"), ("Esc", "Về phiếu tính tiền")]),
        payer,
        choices: all.map(|p| (p.payer_id.to_string(), p.name)).collect(),
        chosen: chosen.map(|id| id.to_string()).unwrap_or_default(),
    })
}

#[derive(Deserialize)]
pub struct ChooseForm {
    #[serde(default)]
    payer: String,
}

/// Chooses the payer and prices the unpaid lines again. The same choice again changes nothing.
pub async fn choose(ctx: Ctx, Path(bill): Path<BillId>, Form(form): Form<ChooseForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, bill).await?;
    bills::lock(&mut tx, bill).await?;
    let wanted: Option<Uuid> = form.payer.parse().ok();
    if let Some(id) = wanted
        && store::find(&mut tx, id).await?.is_none_or(|p| p.active_to.is_some_and(|last| last < ctx.today()))
    {
        return Err(Problem::at("payer", "Đối tượng này không còn dùng. Chọn đối tượng khác.").into());
    }
    if store::of_bill(&mut tx, bill).await? != wanted {
        let again = store::choose(&mut tx, bill, wanted).await?;
        tx.audit("payer", "bill", bill.0, payer.patient(), json!({ "payer": wanted, "lines": again }));
        crate::desk::tell_pages(&mut tx, bill);
        tx.commit().await?;
    }
    web::redirect(format!("/app/cashier/{}", bill.0))
}
