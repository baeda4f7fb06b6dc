//! Where a working day begins: the home of the role, and the room one works in.

use crate::{role, store};
use askama::Template;
use base::RoomId;
use serde::Deserialize;
use web::{Answer, Ctx, Form, Query, Shell};

/// Sends everybody to the page their role begins with, if their package has it; otherwise to the first place in the
/// rail.
pub async fn go(ctx: Ctx) -> Answer {
    let home = ctx.actor.roles.first().and_then(|r| role::find(r)).map_or("/account", |r| r.home);
    let open = ctx.app.routes.iter().any(|meta| {
        meta.path == home && meta.method == http::Method::GET && web::guard::check_access(meta, &ctx.signed_in).is_ok()
    });
    if open {
        return web::redirect(home);
    }
    let shell = ctx.shell("", &[]);
    web::redirect(shell.rail.first().map_or("/account", |item| item.href))
}

#[derive(Template)]
#[template(path = "rooms.html")]
struct RoomsPage {
    shell: Shell,
    rooms: Vec<store::RoomChoice>,
    current: String,
    next: String,
}

impl RoomsPage {
    fn icon_of(&self, room: &store::RoomChoice) -> &'static str {
        match room.kind.as_str() {
            "exam" => "stethoscope",
            "lab" => "test-pipe",
            "imaging" => "photo-scan",
            "cashier" => "cash",
            "pharmacy" => "pill",
            _ => "id",
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RoomForm {
    room: String,
    next: String,
}

/// The rooms of the facility to choose from.
pub async fn rooms(ctx: Ctx, Query(q): Query<RoomForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let rooms = store::list_rooms(&mut tx, ctx.today()).await?;
    web::html(RoomsPage {
        current: ctx.room().map(|r| r.to_string()).unwrap_or_default(),
        shell: ctx.shell("Chọn phòng làm việc", &[]),
        rooms,
        next: q.next,
    })
}

/// Remembers the room for this session.
pub async fn choose_room(ctx: Ctx, Form(form): Form<RoomForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let chosen = match form.room.parse::<RoomId>() {
        Ok(room) => store::choose_room(&mut tx, ctx.signed_in.session, room).await?,
        Err(_) => false,
    };
    if !chosen {
        return Err(web::Failure::NotFound);
    }
    tx.commit().await?;
    web::redirect(crate::sign_in::safe_next(&form.next))
}
