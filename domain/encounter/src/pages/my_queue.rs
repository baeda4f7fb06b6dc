//! The doctor's day: who is inside, who waits in the order of the rule, who is done. One key calls the next.

use super::banner::sex_word;
use crate::store::chart::{self, Queued};
use crate::store::line;
use askama::Template;
use base::{Age, RoomId, show_time};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Shell};

/// One visit of the day as a row.
struct RowView {
    id: Uuid,
    number: String,
    name: String,
    facts: String,
    record_no: String,
    reason: String,
    /// Colour, icon and word of where it stands.
    state: (&'static str, &'static str, String),
    priority: (&'static str, &'static str),
    score: String,
    is_alarm: bool,
    waited: String,
    code: String,
    is_draft: bool,
}

#[derive(Template)]
#[template(path = "my_queue.html")]
struct QueuePage {
    shell: Shell,
    room: String,
    has_room: bool,
    inside: Vec<RowView>,
    waiting: Vec<RowView>,
    skipped: Vec<RowView>,
    done: Vec<RowView>,
    next: String,
}

#[derive(Template)]
#[template(path = "my_queue_rows.html")]
struct Rows {
    inside: Vec<RowView>,
    waiting: Vec<RowView>,
    skipped: Vec<RowView>,
    done: Vec<RowView>,
}

/// `GET /app/encounters`: the day of the room this person works in. htmx gets the rows alone.
pub async fn show(ctx: Ctx) -> Answer {
    let shell = ctx.shell("Khám bệnh", &[("F2", "Tìm người bệnh"), ("F3", "Gọi số kế"), ("Enter", "Mở lượt khám")]);
    let Some(room) = ctx.room() else {
        let nobody = Vec::new;
        return web::html(QueuePage {
            shell,
            room: String::new(),
            has_room: false,
            inside: nobody(),
            waiting: nobody(),
            skipped: nobody(),
            done: nobody(),
            next: String::new(),
        });
    };
    let rows = rows(&ctx, room).await?;
    if ctx.htmx {
        return web::html(rows);
    }
    let Rows { inside, waiting, skipped, done } = rows;
    let next = waiting.first().map(|r| format!("{} · {}", r.number, r.name)).unwrap_or_default();
    web::html(QueuePage { room: shell.room_name.clone(), shell, has_room: true, inside, waiting, skipped, done, next })
}

async fn rows(ctx: &Ctx, room: RoomId) -> Result<Rows, web::Failure> {
    let mut tx = ctx.begin().await?;
    let all = chart::list_room_day(&mut tx, room, ctx.today()).await?;
    let line = line::get_line(&mut tx, room, ctx.today()).await?;
    let place: BTreeMap<Uuid, usize> = line.waiting.iter().enumerate().map(|(i, t)| (t.encounter_id, i)).collect();
    let skipped_ones: Vec<Uuid> = line.skipped.iter().map(|t| t.encounter_id).collect();
    let mut rows = Rows { inside: Vec::new(), waiting: Vec::new(), skipped: Vec::new(), done: Vec::new() };
    let mut waiting = Vec::new();
    for row in all {
        let id = row.encounter_id;
        if row.status == "finished" {
            rows.done.push(view(ctx, row));
        } else if row.status == "in_progress" || line.inside.iter().any(|t| t.encounter_id == id) {
            rows.inside.push(view(ctx, row));
        } else if skipped_ones.contains(&id) {
            rows.skipped.push(view(ctx, row));
        } else {
            waiting.push((place.get(&id).copied().unwrap_or(usize::MAX), view(ctx, row)));
        }
    }
    waiting.sort_by_key(|(place, _)| *place);
    rows.waiting = waiting.into_iter().map(|(_, row)| row).collect();
    Ok(rows)
}

fn view(ctx: &Ctx, row: Queued) -> RowView {
    let age = Age::on(row.birth_date, ctx.today());
    let since = row.queued_at.unwrap_or(row.opened_at);
    let state = match (row.status.as_str(), row.ticket_status.as_deref()) {
        ("finished", _) => ("done", "circle-check", "Xong".to_string()),
        ("in_progress", _) => ("info", "stethoscope", "Đang khám".to_string()),
        (_, Some("called")) => {
            let at = row.called_at.map(show_time).unwrap_or_default();
            ("info", "speakerphone", format!("Đã gọi {at}"))
        }
        ("triaged", _) => ("waiting", "activity-heartbeat", "Đã đo sinh hiệu".to_string()),
        _ => ("waiting", "clock-hour-4", "Chờ khám".to_string()),
    };
    RowView {
        id: row.encounter_id,
        number: row.number.map(|n| n.to_string()).unwrap_or_default(),
        facts: format!("{} {age}", sex_word(&row.sex)).trim().to_string(),
        name: row.name,
        record_no: row.record_no,
        reason: row.reason,
        state,
        priority: match row.priority_class.as_str() {
            "emergency" => ("critical", "Cấp cứu"),
            "none" | "" => ("", ""),
            _ => ("warning", "Ưu tiên"),
        },
        score: match (row.score_name, row.score_total) {
            (Some(name), Some(total)) if !name.is_empty() => format!("{name} {total}"),
            _ => String::new(),
        },
        is_alarm: row.is_alarm.unwrap_or(false),
        waited: format!("{} phút", (ctx.now - since).num_minutes().max(0)),
        code: row.code.unwrap_or_default(),
        is_draft: row.is_draft,
    }
}

/// `POST /app/encounters/called`: calls the next of this room and opens the chart. Back to the list when nobody waits.
pub async fn call_next(ctx: Ctx) -> Answer {
    let room = line::room_or_refuse(ctx.room())?;
    let mut tx = ctx.begin().await?;
    match line::call_next(&mut tx, room, ctx.today()).await? {
        Some(called) => {
            tx.commit().await?;
            web::redirect(format!("/app/encounters/{}", called.encounter))
        }
        None => web::redirect("/app/encounters?nobody=1"),
    }
}
