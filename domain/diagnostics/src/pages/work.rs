//! What waits to be carried out, room by room: begin ("lấy mẫu", "nhận người bệnh") and done. Results come later.

use crate::order::{self, Priority, Status, Step};
use crate::store::{self, Waiting};
use askama::Template;
use base::{Age, OrderId, Problem, RoomId, show_time};
use organization::{room, service};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

const MOST: i64 = 200;

/// Which room; "" = the room this person works in, "all" = every room.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Where {
    room: String,
}

struct Row {
    line: Waiting,
    age: String,
    at: String,
    since: String,
    status: Status,
    is_urgent: bool,
    icon: &'static str,
    /// Whether it opens a new person's group.
    is_first: bool,
}

struct Place {
    href: String,
    name: String,
    waiting: i64,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "work.html")]
struct Page {
    shell: Shell,
    here: String,
    places: Vec<Place>,
    rows: Vec<Row>,
    pay_first: bool,
    /// Whether samples have a desk of their own.
    has_lab: bool,
}

/// `GET /app/orders?room=`.
pub async fn list(ctx: Ctx, Query(place): Query<Where>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let rooms = room::list(tx.conn(), facility, ctx.today(), None).await?;
    let does_orders = |id: &RoomId| {
        rooms.iter().any(|r| r.id == *id && matches!(r.kind, room::Kind::Lab | room::Kind::Imaging | room::Kind::Procedure))
    };
    let chosen = match place.room.as_str() {
        "" => ctx.room().filter(does_orders),
        "all" => None,
        typed => Some(typed.parse::<RoomId>().map_err(|_| Failure::NotFound)?),
    };
    if chosen.is_some_and(|id| !rooms.iter().any(|room| room.id == id)) {
        return Err(Failure::NotFound);
    }
    let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
    let waiting = store::list_waiting(tx.conn(), facility, chosen, pay_first, MOST).await?;
    let counts: HashMap<Option<Uuid>, i64> =
        store::count_waiting(tx.conn(), facility, pay_first).await?.into_iter().collect();
    let mut places = vec![Place {
        href: "/app/orders?room=all".into(),
        name: "Mọi nơi".into(),
        waiting: counts.values().sum(),
        is_here: chosen.is_none(),
    }];
    places.extend(rooms.iter().filter(|room| does_orders(&room.id)).map(|room| Place {
        href: format!("/app/orders?room={}", room.id),
        name: room.short_name.clone(),
        waiting: counts.get(&Some(room.id.0)).copied().unwrap_or(0),
        is_here: chosen == Some(room.id),
    }));
    let today = ctx.today();
    let mut before: Option<Uuid> = None;
    let rows = waiting
        .into_iter()
        .map(|line| {
            let is_first = before.replace(line.encounter_id) != Some(line.encounter_id);
            Row {
                age: Age::on(line.birth_date, today).to_string(),
                at: show_time(line.ordered_at),
                since: line.ordered_at.to_rfc3339(),
                status: Status::from_key(&line.status).unwrap_or(Status::Placed),
                is_urgent: line.priority == Priority::Urgent.key(),
                icon: service::Kind::from_key(&line.kind).unwrap_or(service::Kind::Other).icon(),
                is_first,
                line,
            }
        })
        .collect();
    web::html(Page {
        shell: ctx.shell("Chỉ định chờ làm", &[("Enter", "Bắt đầu, xong")]),
        here: chosen.map_or_else(|| "all".into(), |id| id.to_string()),
        places,
        rows,
        pay_first,
        has_lab: ctx.has_feature("lab.manual") && ctx.may("lab.collect"),
    })
}

/// `POST /app/orders/{order}/collected`: the sample is taken, or the person is being examined.
pub async fn collect(ctx: Ctx, Path(id): Path<OrderId>) -> Answer {
    step(ctx, id, false).await
}

/// `POST /app/orders/{order}/done`.
pub async fn finish(ctx: Ctx, Path(id): Path<OrderId>) -> Answer {
    step(ctx, id, true).await
}

/// Takes the step, or leaves it when it was taken before.
async fn step(ctx: Ctx, id: OrderId, finishes: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = store::order_to_change(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let goal = if finishes { Status::Done } else { Status::Collected };
    if known.status != goal {
        let pay_first = organization::facility::get(tx.conn(), ctx.facility()).await?.settings.pay_first;
        let is_paid = known.is_paid || known.price == Some(base::Vnd::ZERO);
        let step = if finishes { Step::Finish } else { Step::Collect { is_paid, pay_first } };
        let to = order::after(known.status, &step)?;
        // What lies in a tube is done when its results are released, never by a click on a list.
        if finishes && crate::store::lab::collect::has_specimen(tx.conn(), ctx.facility(), known.encounter, id.0).await? {
            return Err(Problem::of("Mẫu của chỉ định này đang ở phòng xét nghiệm. Chỉ định tự xong khi kết quả được duyệt trả.").into());
        }
        store::step(&mut tx, id, to, "").await?;
        tx.audit(if finishes { "finish" } else { "collect" }, "order", id, Some(known.patient), json!({}));
        tx.notify("orders");
        tx.notify(format!("encounter/{}", known.encounter));
        tx.commit().await?;
    }
    web::redirect(match known.room {
        Some(room) => format!("/app/orders?room={room}"),
        None => "/app/orders?room=all".to_owned(),
    })
}
