//! The books of controlled medicines: which there are, one book over a period, its second signatures, its print.

use super::paper::head_of;
use crate::controlled::{self as rule, SignForm};
use crate::item::{Item, show_quantity};
use crate::store::controlled::{self as store, Book, Entry};
use crate::store::items;
use askama::Template;
use base::{Problems, show_date};
use chrono::{Datelike, NaiveDate};
use db::Tx;
use organization::drug::Controlled;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

fn class_name(key: &str) -> &'static str {
    Controlled::from_key(key).map_or("", |c| c.name())
}

#[derive(Template)]
#[template(path = "controlled.html")]
struct ListPage {
    shell: Shell,
    here: &'static str,
    rows: Vec<Book>,
}

impl ListPage {
    fn class(&self, b: &Book) -> &'static str {
        class_name(&b.controlled_class)
    }
}

/// `GET /app/stock/controlled`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = store::list(&mut tx).await?;
    web::html(ListPage { shell: ctx.shell("Thuốc kiểm soát đặc biệt", &[]), here: "controlled", rows })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
}

impl Asked {
    fn period(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let from = base::parse_date_vi(&self.from).unwrap_or_else(|| today.with_day(1).unwrap_or(today));
        (from, base::parse_date_vi(&self.to).unwrap_or(today).max(from))
    }
}

#[derive(Template)]
#[template(path = "controlled_book.html")]
struct BookPage {
    shell: Shell,
    here: &'static str,
    item: Item,
    rows: Vec<Entry>,
    from: String,
    to: String,
    may_sign: bool,
    /// The line that was refused, with its problems and the login typed.
    refused: Uuid,
    login: String,
    problems: Problems,
}

impl BookPage {
    fn class(&self) -> &'static str {
        class_name(&self.item.controlled_class)
    }
    fn came(&self, e: &Entry) -> String {
        if e.quantity_milli > 0 { show_quantity(&e.quantity_milli) } else { String::new() }
    }
    fn went(&self, e: &Entry) -> String {
        if e.quantity_milli < 0 { show_quantity(&-e.quantity_milli) } else { String::new() }
    }
    fn is_refused(&self, e: &Entry) -> bool {
        self.refused == e.movement_id
    }
    fn unsigned(&self) -> usize {
        self.rows.iter().filter(|e| !e.is_signed()).count()
    }
}

/// A controlled medicine; others have no book.
async fn controlled_item(tx: &mut Tx, item: Uuid) -> Result<Item, Failure> {
    items::find(tx, item).await?.filter(Item::is_controlled).ok_or(Failure::NotFound)
}

async fn book_page(ctx: &Ctx, tx: &mut Tx, item: Item, asked: &Asked) -> Result<BookPage, Failure> {
    let (from, to) = asked.period(ctx.today());
    let rows = store::entries(tx, item.item_id, from, to).await?;
    // The book names people.
    tx.audit("read", "controlled-book", item.item_id, None, json!({ "from": from, "to": to }));
    Ok(BookPage {
        shell: ctx.shell("Sổ theo dõi", &[("F9", "In sổ"), ("Esc", "Về danh sách")]),
        here: "controlled",
        item,
        rows,
        from: show_date(from),
        to: show_date(to),
        may_sign: ctx.may(rule::SIGN),
        refused: Uuid::nil(),
        login: String::new(),
        problems: Problems::none(),
    })
}

/// `GET /app/stock/controlled/{item}`.
pub async fn book(ctx: Ctx, Path(item): Path<Uuid>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = controlled_item(&mut tx, item).await?;
    let shown = book_page(&ctx, &mut tx, item, &asked).await?;
    tx.commit().await?;
    web::html(shown)
}

/// `POST /app/stock/controlled/signatures/{movement}`: the second person signs with an own password.
pub async fn sign(ctx: Ctx, Path(movement): Path<Uuid>, Form(form): Form<SignForm>) -> Answer {
    let mut tx = ctx.begin_for("sign-in").await?;
    let row = store::find(&mut tx, movement).await?.ok_or(Failure::NotFound)?;
    let signed = rule::sign(&mut tx, &row, &form).await?;
    tx.commit().await?;
    let home = format!("/app/stock/controlled/{}", row.item_id);
    let Err(problem) = signed else { return web::redirect(home) };
    let mut tx = ctx.begin().await?;
    let item = controlled_item(&mut tx, row.item_id).await?;
    let shown = book_page(&ctx, &mut tx, item, &Asked::default()).await?;
    tx.commit().await?;
    web::refused(BookPage { refused: movement, login: form.login, problems: problem.into(), ..shown })
}

/// `GET /app/stock/controlled/{item}/pdf`: the book as the inspector reads it.
pub async fn print(ctx: Ctx, Path(item): Path<Uuid>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = controlled_item(&mut tx, item).await?;
    let (from, to) = asked.period(ctx.today());
    let rows = store::entries(&mut tx, item.item_id, from, to).await?;
    tx.audit("print", "controlled-book", item.item_id, None, json!({ "from": from, "to": to }));
    let lines: Vec<Value> = rows
        .iter()
        .map(|e| {
            let amount = show_quantity(&e.quantity_milli.abs());
            let about = e.patient_name.clone().unwrap_or_else(|| e.reason.clone());
            json!({
                "posted_at": e.at, "store": e.store_name, "what": e.kind_name(), "number": e.document_no, "name": about, "lot_no": e.lot_no,
                "expires_date": e.expires, "came": if e.quantity_milli > 0 { amount.as_str() } else { "" }, "went": if e.quantity_milli < 0 { amount.as_str() } else { "" },
                "left": show_quantity(&e.shelf_milli), "by": e.by_name, "second": e.second_name,
            })
        })
        .collect();
    let data = json!({
        "head": head_of(&ctx, &mut tx).await?,
        "class": class_name(&item.controlled_class), "drug": item.name, "strength": item.strength, "unit": item.unit, "code": item.code,
        "from_date": from, "to_date": to, "lines": lines,
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    });
    let bytes = ctx.app.papers().render("controlled-book", data).await.map_err(|e| anyhow::anyhow!("the book cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("so-theo-doi-{}.pdf", item.code))
}
