//! The stores themselves: opened, renamed, closed when empty; never deleted, because the ledger points at them.

use crate::store::stores::{self, Store, StoreFacts, kind_name};
use askama::Template;
use base::{Problems, StoreId, show_date};
use chrono::NaiveDate;
use db::Tx;
use organization::room;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

const HOME: &str = "/app/stock/stores";
const KINDS: [&str; 3] = ["main", "counter", "cabinet"];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StoreForm {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub serves_patients: String,
    pub room: String,
    pub active_from: String,
    pub active_to: String,
}

#[derive(Template)]
#[template(path = "stores.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<Store>,
    rooms: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    form: StoreForm,
    is_new: bool,
    problems: Problems,
    may_write: bool,
    today: NaiveDate,
}

impl Page {
    fn is_closed(&self, row: &Store) -> bool {
        !row.is_open_on(self.today)
    }
    fn is_open(&self, row: &Store) -> bool {
        !self.is_new && self.form.id == row.store_id.to_string()
    }
    fn days(&self, row: &Store) -> String {
        match row.active_to {
            Some(to) => format!("{} – {}", show_date(row.active_from), show_date(to)),
            None => format!("từ {}", show_date(row.active_from)),
        }
    }
}

async fn page(ctx: &Ctx, tx: &mut Tx, form: StoreForm, is_new: bool, problems: Problems) -> Result<Page, Failure> {
    let rooms = room::list(tx.conn(), ctx.facility(), ctx.today(), None).await?;
    Ok(Page {
        shell: ctx.shell("Kho và tủ", &[("F8", "Lưu")]),
        here: "stores",
        rows: stores::list(tx).await?,
        rooms: rooms.into_iter().map(|r| (r.id.to_string(), r.name)).collect(),
        kinds: KINDS.map(|kind| (kind.to_owned(), kind_name(kind).to_owned())).to_vec(),
        form,
        is_new,
        problems,
        may_write: ctx.may("stock.write"),
        today: ctx.today(),
    })
}

/// `GET /app/stock/stores`: the list, and the form of a new store beside it.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = StoreForm { id: StoreId::new().to_string(), active_from: show_date(ctx.today()), ..StoreForm::default() };
    web::html(page(&ctx, &mut tx, form, true, Problems::none()).await?)
}

/// `GET /app/stock/stores/{store}`.
pub async fn show(ctx: Ctx, Path(store): Path<StoreId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = stores::find(&mut tx, store).await?.ok_or(Failure::NotFound)?;
    let form = StoreForm {
        id: known.store_id.to_string(),
        code: known.code,
        name: known.name,
        kind: known.kind,
        serves_patients: if known.serves_patients { "1".into() } else { String::new() },
        room: known.room_id.map(|r| r.to_string()).unwrap_or_default(),
        active_from: show_date(known.active_from),
        active_to: known.active_to.map(show_date).unwrap_or_default(),
    };
    web::html(page(&ctx, &mut tx, form, false, Problems::none()).await?)
}

/// What the form says; every problem at once.
fn read(form: &StoreForm) -> Result<StoreFacts, Problems> {
    let mut problems = Problems::none();
    let code = form.code.trim().to_uppercase();
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let written = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    problems.add_if(!(1..=12).contains(&code.len()) || !code.chars().all(written), "code", "Mã kho gồm 1 đến 12 chữ không dấu, chữ số hoặc gạch nối.");
    problems.add_if(!(1..=80).contains(&name.chars().count()), "name", "Nhập tên kho, tối đa 80 ký tự.");
    problems.add_if(!KINDS.contains(&form.kind.as_str()), "kind", "Chọn loại kho.");
    let from = base::parse_date_vi(&form.active_from);
    problems.add_if(from.is_none(), "active_from", "Nhập ngày bắt đầu, ví dụ 24/11/2026.");
    let to = base::parse_date_vi(&form.active_to);
    problems.add_if(to.is_none() && !form.active_to.trim().is_empty(), "active_to", "Nhập ngày cuối, ví dụ 31/12/2026, hoặc để trống.");
    problems.add_if(matches!((from, to), (Some(from), Some(to)) if to < from), "active_to", "Ngày cuối không được trước ngày bắt đầu.");
    problems.or(StoreFacts {
        code,
        name,
        kind: form.kind.clone(),
        serves_patients: form.serves_patients == "1",
        room: form.room.parse().ok(),
        active_from: from.unwrap_or_default(),
        active_to: to,
    })
}

/// `POST /app/stock/stores`: a new store; the page minted its id.
pub async fn create(ctx: Ctx, Form(form): Form<StoreForm>) -> Answer {
    let id: StoreId = form.id.parse().map_err(|_| Failure::BadRequest("Thiếu mã biểu mẫu. Tải lại trang.".into()))?;
    save(ctx, id, form, true).await
}

/// `POST /app/stock/stores/{store}`.
pub async fn update(ctx: Ctx, Path(store): Path<StoreId>, Form(mut form): Form<StoreForm>) -> Answer {
    form.id = store.to_string();
    save(ctx, store, form, false).await
}

async fn save(ctx: Ctx, id: StoreId, form: StoreForm, is_new: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    if !is_new {
        stores::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    }
    let mut problems = match read(&form) {
        Ok(facts) => {
            let mut problems = Problems::none();
            let closes = facts.active_to.is_some_and(|to| to < ctx.today());
            let full = closes && !stores::is_empty(&mut tx, id).await?;
            problems.add_if(full, "active_to", "Kho còn hàng. Chuyển hết hàng sang kho khác rồi mới đóng.");
            if let Some(room) = facts.room {
                let known = room::find(tx.conn(), ctx.facility(), base::RoomId(room)).await?;
                problems.add_if(known.is_none(), "room", "Không có phòng này. Chọn lại phòng.");
            }
            if problems.is_empty() && !stores::save(&mut tx, id, &facts).await? {
                tx.audit(if is_new { "create" } else { "change" }, "store", id, None, json!({ "code": facts.code }));
                tx.commit().await?;
                return web::redirect(HOME);
            }
            if problems.is_empty() {
                problems.add("code", format!("Mã {} là của kho khác. Dùng mã khác.", facts.code));
            }
            problems
        }
        Err(problems) => problems,
    };
    problems.0.dedup();
    web::refused(page(&ctx, &mut tx, form, is_new, problems).await?)
}
