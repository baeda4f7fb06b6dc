//! Who waits for which room, since when, and what was finished today.

use crate::imaging::report_template;
use crate::order::{self, Status, Step};
use crate::store::{self, imaging, imaging::Awaiting};
use askama::Template;
use base::{Age, OrderId, RoomId, Vnd, show_time};
use organization::{room, service};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query, Shell, Tx};

const MOST: i64 = 200;
const KEYS: &[(&str, &str)] = &[("F3", "Người kế tiếp"), ("Enter", "Mở")];

/// Which room; "" = the room this person works in, "all" = every room.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Where {
    room: String,
}

struct Row {
    line: Awaiting,
    age: String,
    at: String,
    since: String,
    done_at: String,
    is_urgent: bool,
    is_done: bool,
    icon: &'static str,
}

struct Place {
    href: String,
    name: String,
    waiting: i64,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "imaging-worklist.html")]
struct Page {
    shell: Shell,
    here: String,
    places: Vec<Place>,
    rows: Vec<Row>,
    waiting: usize,
    pay_first: bool,
    may_write: bool,
}

/// `GET /app/imaging?room=`.
pub async fn list(ctx: Ctx, Query(place): Query<Where>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let mut rooms = room::list(tx.conn(), facility, ctx.today(), None).await?;
    rooms.retain(|room| matches!(room.kind, room::Kind::Imaging | room::Kind::Procedure));
    let chosen = match place.room.as_str() {
        "" => ctx.room().filter(|here| rooms.iter().any(|room| room.id == *here)),
        "all" => None,
        typed => Some(typed.parse::<RoomId>().map_err(|_| Failure::NotFound)?),
    };
    if chosen.is_some_and(|id| !rooms.iter().any(|room| room.id == id)) {
        return Err(Failure::NotFound);
    }
    let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
    let morning = base::dates::start_of_day(ctx.today());
    let found = imaging::list_awaiting(tx.conn(), facility, chosen, pay_first, morning, MOST).await?;
    let counts: HashMap<Option<Uuid>, i64> = imaging::count_awaiting(tx.conn(), facility, pay_first).await?.into_iter().collect();
    let mut places = vec![Place {
        href: "/app/imaging?room=all".into(),
        name: "Mọi phòng".into(),
        waiting: counts.values().sum(),
        is_here: chosen.is_none(),
    }];
    places.extend(rooms.iter().map(|room| Place {
        href: format!("/app/imaging?room={}", room.id),
        name: room.short_name.clone(),
        waiting: counts.get(&Some(room.id.0)).copied().unwrap_or(0),
        is_here: chosen == Some(room.id),
    }));
    let rows: Vec<Row> = found.into_iter().map(|line| row(&ctx, line)).collect();
    web::html(Page {
        shell: ctx.shell("Siêu âm, nội soi", KEYS),
        here: chosen.map_or_else(|| "all".into(), |id| id.to_string()),
        places,
        waiting: rows.iter().filter(|row| !row.is_done).count(),
        rows,
        pay_first,
        may_write: ctx.may("imaging.write"),
    })
}

fn row(ctx: &Ctx, line: Awaiting) -> Row {
    Row {
        age: Age::on(line.birth_date, ctx.today()).to_string(),
        at: show_time(line.ordered_at),
        since: line.ready_at.to_rfc3339(),
        done_at: line.released_at.map(show_time).unwrap_or_default(),
        is_urgent: line.priority == "urgent",
        is_done: line.status == "done",
        icon: service::Kind::from_key(&line.kind).unwrap_or(service::Kind::Other).icon(),
        line,
    }
}

/// `POST /app/imaging/orders/{order}/study`: the person comes in. Begins the study, or leads to the one that was begun.
pub async fn open(ctx: Ctx, Path(id): Path<OrderId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let order = store::order_to_change(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    if let Some(study) = imaging::study_of_order(tx.conn(), facility, id).await? {
        return web::redirect(format!("/app/imaging/studies/{study}"));
    }
    if !matches!(order.kind, service::Kind::Imaging | service::Kind::Procedure) {
        return Err(Failure::NotFound);
    }
    if order.status != Status::Collected {
        let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
        let is_paid = order.is_paid || order.price == Some(Vnd::ZERO);
        let to = order::after(order.status, &Step::Collect { is_paid, pay_first })?;
        store::step(&mut tx, id, to, "").await?;
    }
    let template = report_template::for_service(&order.name);
    let study = imaging::insert_study(&mut tx, id, &template.modality, ctx.today()).await?;
    tx.audit("begin", "imaging-study", study, Some(order.patient), json!({ "order": id }));
    tx.notify("orders");
    tx.notify(format!("encounter/{}", order.encounter));
    tx.commit().await?;
    web::redirect(format!("/app/imaging/studies/{study}"))
}

/// Where a scanned code leads: an accession number (`261124-0001`) to its study, a slip with imaging on it to its study
/// or to the room's list.
pub async fn scanned(ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    let is_accession = code.split_once('-').is_some_and(|(day, number)| {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        day.len() == 6 && (4..=6).contains(&number.len()) && digits(day) && digits(number)
    });
    if is_accession {
        let study = imaging::study_by_accession(tx.conn(), ctx.facility(), code).await?;
        return Ok(study.map(|id| format!("/app/imaging/studies/{id}")));
    }
    if !(code.starts_with("CD") && code.len() == 15) {
        return Ok(None);
    }
    Ok(imaging::place_of_slip(tx.conn(), ctx.facility(), code).await?.map(|(room, study)| match (study, room) {
        (Some(study), _) => format!("/app/imaging/studies/{study}"),
        (None, Some(room)) => format!("/app/imaging?room={room}"),
        (None, None) => "/app/imaging?room=all".to_owned(),
    }))
}
