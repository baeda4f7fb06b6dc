//! Rooms and counters: opened, renamed, closed; never deleted, because tickets and slips point at them.

use crate::room::{self, Kind, Room, RoomForm};
use askama::Template;
use base::{Problem, Problems, RoomId, show_date};
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

const HOME: &str = "/app/catalogue/rooms";

struct Row {
    room: Room,
    ended: Option<String>,
    is_open: bool,
}

struct Open {
    id: RoomId,
    is_new: bool,
    form: RoomForm,
    ended: Option<String>,
}

#[derive(Template)]
#[template(path = "rooms.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<Row>,
    kinds: Vec<(String, String)>,
    open: Open,
    problems: Problems,
}

/// `GET /app/catalogue/rooms`: the list, and the form of a new room beside it.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open { id: RoomId::new(), is_new: true, form: RoomForm::default(), ended: None };
    web::html(page(&ctx, &mut tx, open, Problems::none()).await?)
}

/// `GET /app/catalogue/rooms/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<RoomId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = known(&ctx, &mut tx, id).await?;
    web::html(page(&ctx, &mut tx, open, Problems::none()).await?)
}

/// The form of a new room.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    id: String,
    #[serde(flatten)]
    facts: RoomForm,
}

/// `POST /app/catalogue/rooms`.
pub async fn create(ctx: Ctx, Form(form): Form<NewForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id: RoomId = form.id.parse().map_err(|_| Failure::BadRequest("Thiếu mã biểu mẫu. Tải lại trang.".into()))?;
    let problems = match room::check(&form.facts) {
        Ok(facts) => {
            if room::insert(&mut tx, id, &facts, ctx.today()).await? {
                tx.audit("create", "room", id, None, json!({ "code": facts.code }));
                tx.commit().await?;
                return web::redirect(HOME);
            }
            taken(&facts.code)
        }
        Err(problems) => problems,
    };
    let open = Open { id, is_new: true, form: form.facts, ended: None };
    web::refused(page(&ctx, &mut tx, open, problems).await?)
}

/// `POST /app/catalogue/rooms/{id}`.
pub async fn update(ctx: Ctx, Path(id): Path<RoomId>, Form(form): Form<RoomForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut open = known(&ctx, &mut tx, id).await?;
    let problems = match room::check(&form) {
        Ok(facts) => match room::code_owner(tx.conn(), ctx.facility(), &facts.code).await? {
            Some(owner) if owner != id.0 => taken(&facts.code),
            _ => {
                room::update(&mut tx, id, &facts).await?;
                tx.audit("change", "room", id, None, json!({ "code": facts.code }));
                tx.commit().await?;
                return web::redirect(HOME);
            }
        },
        Err(problems) => problems,
    };
    open.form = form;
    web::refused(page(&ctx, &mut tx, open, problems).await?)
}

/// `POST /app/catalogue/rooms/{id}/end`: closed from now on.
pub async fn end(ctx: Ctx, Path(id): Path<RoomId>) -> Answer {
    last_day(ctx, id, true).await
}

/// `POST /app/catalogue/rooms/{id}/reopen`.
pub async fn reopen(ctx: Ctx, Path(id): Path<RoomId>) -> Answer {
    last_day(ctx, id, false).await
}

async fn last_day(ctx: Ctx, id: RoomId, ends: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&ctx, &mut tx, id).await?;
    let last = if ends { ctx.today().pred_opt() } else { None };
    room::set_last_day(&mut tx, id, last).await?;
    tx.audit(if ends { "end" } else { "reopen" }, "room", id, None, json!({}));
    tx.commit().await?;
    web::redirect(format!("{HOME}/{id}"))
}

fn taken(code: &str) -> Problems {
    Problem::at("code", format!("Mã {code} là của phòng khác. Dùng mã khác.")).into()
}

async fn known(ctx: &Ctx, tx: &mut Tx, id: RoomId) -> Result<Open, Failure> {
    let room = room::find(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    Ok(Open {
        id,
        is_new: false,
        ended: room.active_to.map(show_date),
        form: RoomForm {
            code: room.code,
            name: room.name,
            short_name: room.short_name,
            kind: room.kind.key().into(),
            department: room.department,
        },
    })
}

async fn page(ctx: &Ctx, tx: &mut Tx, open: Open, problems: Problems) -> Result<Page, Failure> {
    let rooms = room::list_all(tx.conn(), ctx.facility()).await?;
    Ok(Page {
        shell: ctx.shell("Phòng", &[("F8", "Lưu"), ("Esc", "Quay lại")]),
        here: "rooms",
        rows: rooms
            .into_iter()
            .map(|room| Row {
                ended: room.active_to.map(show_date),
                is_open: !open.is_new && room.id == open.id,
                room,
            })
            .collect(),
        kinds: Kind::ALL.into_iter().map(|kind| (kind.key().into(), kind.name().into())).collect(),
        open,
        problems,
    })
}
