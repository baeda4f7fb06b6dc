//! The line of a room at the desk or at the nurse's: call, call again, skip, bring back.

use crate::priority::{Class, short_label};
use crate::queue::TicketAct;
use crate::store::line::{self, LineTicket};
use crate::store::reception::{self, RoomLine};
use askama::Template;
use base::{Age, RoomId, show_time};
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Form, Path, Query};

struct Row {
    ticket: Uuid,
    number: i32,
    name: String,
    facts: String,
    since: String,
    priority: &'static str,
    times: i32,
    is_serving: bool,
}

#[derive(Template)]
#[template(path = "line.html")]
struct LinePage {
    shell: web::Shell,
    rooms: Vec<RoomLine>,
    room: String,
    room_name: String,
    inside: Vec<Row>,
    waiting: Vec<Row>,
    skipped: Vec<Row>,
    may_call: bool,
    rule: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    room: String,
}

/// `GET /app/queue`: the line of a room; without one the room this person works in, else the first.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let day = ctx.today();
    let mut tx = ctx.begin().await?;
    let rooms = reception::list_rooms(&mut tx, day).await?;
    let wanted = asked.room.parse::<RoomId>().ok().or(ctx.room());
    let room = rooms.iter().find(|r| Some(r.room_id) == wanted.map(|w| w.0)).or(rooms.first());
    let line = match room {
        Some(room) => line::get_line(&mut tx, RoomId(room.room_id), day).await?,
        None => line::Line::default(),
    };
    let rows = |tickets: &[LineTicket]| tickets.iter().map(|t| row(t, day)).collect::<Vec<_>>();
    web::html(LinePage {
        shell: ctx.shell("Hàng chờ", &[("F3", "Gọi số kế"), ("F2", "Tìm, quét"), ("↑ ↓", "Chọn dòng")]),
        room: room.map(|r| r.room_id.to_string()).unwrap_or_default(),
        room_name: room.map(|r| r.name.clone()).unwrap_or_default(),
        inside: rows(&line.inside),
        waiting: rows(&line.waiting),
        skipped: rows(&line.skipped),
        rooms,
        may_call: ctx.may("queue.call"),
        rule: line.priority_turns,
    })
}

fn row(t: &LineTicket, day: NaiveDate) -> Row {
    let sex = patient::Sex::from_key(&t.sex).unwrap_or(patient::Sex::Unknown).label();
    Row {
        ticket: t.ticket_id,
        number: t.number,
        name: t.name.clone(),
        facts: format!("{sex} {}", Age::on(t.birth_date, day)),
        since: show_time(t.called_at.unwrap_or(t.issued_at)),
        priority: if t.class() == Class::None { "" } else { short_label(t.class(), day) },
        times: t.call_count,
        is_serving: t.status == "serving",
    }
}

/// Calls the next person into a room.
pub async fn call_next(ctx: Ctx, Form(asked): Form<Asked>) -> Answer {
    let room = line::room_or_refuse(asked.room.parse().ok().or(ctx.room()))?;
    let mut tx = ctx.begin().await?;
    line::call_next(&mut tx, room, ctx.today()).await?;
    tx.commit().await?;
    web::redirect(format!("/app/queue?room={room}"))
}

/// Calls again, skips or brings back one ticket.
pub async fn act(ctx: Ctx, Path((ticket, verb)): Path<(Uuid, String)>, Form(asked): Form<Asked>) -> Answer {
    let act = match verb.as_str() {
        "call" => TicketAct::Call,
        "skip" => TicketAct::Skip,
        "return" => TicketAct::Return,
        _ => return Err(web::Failure::NotFound),
    };
    let mut tx = ctx.begin().await?;
    line::act(&mut tx, ticket, act).await?;
    tx.commit().await?;
    web::redirect(format!("/app/queue?room={}", asked.room.parse::<Uuid>().map(|r| r.to_string()).unwrap_or_default()))
}
