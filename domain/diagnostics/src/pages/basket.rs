//! The basket: the third part of a visit's page. Every act answers with the whole block, so that what is shown is
//! what is kept.

use crate::basket;
use crate::order::{self, Priority, Status, Step};
use crate::pages::block::{Answered, block};
use crate::store::{self, Order, Placing, Visit};
use askama::Template;
use base::event::OrderPlaced;
use base::{EncounterId, Event, OrderId, Problem, Problems};
use organization::parameter;
use organization::service::{self, Service};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Tx};

/// The basket as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlaceForm {
    /// The drafts that were on the page.
    pub order: Vec<String>,
    pub note: String,
    pub priority: String,
}

/// The block as a panel of the visit's page.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let visit = store::find_visit(tx.conn(), ctx.facility(), encounter).await?.ok_or(Failure::NotFound)?;
    Ok(block(ctx, tx, &visit, Answered::WholePage, PlaceForm::default(), Problems::none()).await?.render()?)
}

/// `GET /app/encounters/{id}/orders`: the block alone.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    if !ctx.htmx {
        return web::redirect(chart(id));
    }
    web::html(block(&ctx, &mut tx, &visit, Answered::Piece, PlaceForm::default(), Problems::none()).await?)
}

/// A service for the basket, under the id that the page made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddForm {
    pub id: String,
    pub service: String,
}

/// `POST /app/encounters/{id}/orders/drafts`.
pub async fn add(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<AddForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let order: OrderId = form.id.parse().map_err(|_| stale())?;
    let Ok(wanted) = form.service.parse::<Uuid>() else {
        return answer(ctx, tx, &visit, Problem::of("Chưa chọn dịch vụ. Gõ vài chữ rồi chọn trong danh sách.").into()).await;
    };
    let service = service::find(tx.conn(), ctx.facility(), wanted, visit.day).await?.ok_or(Failure::NotFound)?;
    let problems = put(&ctx, &mut tx, &visit, &[(order, service, 1)], false).await?;
    answer(ctx, tx, &visit, problems).await
}

/// `POST /app/encounters/{id}/orders/sets/{set}`: all services of a set.
pub async fn add_set(
    ctx: Ctx,
    Path((id, set)): Path<(EncounterId, Uuid)>,
    Form(form): Form<AddForm>,
) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let minted: Uuid = form.id.parse().map_err(|_| stale())?;
    let lines = store::set_lines(tx.conn(), ctx.facility(), ctx.actor.practitioner, set).await?;
    let lines = lines.ok_or(Failure::NotFound)?;
    let problems = put_many(&ctx, &mut tx, &visit, minted, &lines).await?;
    answer(ctx, tx, &visit, problems).await
}

/// `POST /app/encounters/{id}/orders/repeated`: what was ordered in the person's last visit with orders.
pub async fn repeat_last(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<AddForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let minted: Uuid = form.id.parse().map_err(|_| stale())?;
    let lines = store::last_ordered(tx.conn(), ctx.facility(), &visit).await?;
    let problems = if lines.is_empty() {
        Problem::of("Các lần khám trước chưa có chỉ định nào để lấy lại.").into()
    } else {
        put_many(&ctx, &mut tx, &visit, minted, &lines).await?
    };
    answer(ctx, tx, &visit, problems).await
}

/// A quantity as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuantityForm {
    pub quantity: String,
}

/// `POST /app/encounters/{id}/orders/drafts/{order}/quantity`.
pub async fn set_quantity(
    ctx: Ctx,
    Path((id, order)): Path<(EncounterId, OrderId)>,
    Form(form): Form<QuantityForm>,
) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = own_visit(&ctx, &mut tx, id, order).await?;
    let problems = match basket::quantity(&form.quantity) {
        Ok(quantity) => {
            store::set_quantity(&mut tx, id, order, quantity).await?;
            Problems::none()
        }
        Err(problem) => Problem::of(problem.text).into(),
    };
    answer(ctx, tx, &visit, problems).await
}

/// `POST /app/encounters/{id}/orders/drafts/{order}/removed`. A second time changes nothing.
pub async fn remove(ctx: Ctx, Path((id, order)): Path<(EncounterId, OrderId)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    store::delete_draft(&mut tx, id, order).await?;
    answer(ctx, tx, &visit, Problems::none()).await
}

/// `POST /app/encounters/{id}/orders/placed`: sends the drafts that were on the page.
pub async fn place(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<PlaceForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let ids: Vec<OrderId> = form.order.iter().filter_map(|typed| typed.parse().ok()).collect();
    let problems = match send(&ctx, &mut tx, &visit, &ids, &form.note, &form.priority).await? {
        Ok(_) => Problems::none(),
        Err(problems) => problems,
    };
    if !ctx.htmx {
        return answer(ctx, tx, &visit, problems).await;
    }
    let is_refused = !problems.is_empty();
    let form = if is_refused { form } else { PlaceForm::default() };
    let block = block(&ctx, &mut tx, &visit, Answered::Sending, form, problems).await?;
    if is_refused {
        return web::refused(block);
    }
    tx.notify(format!("encounter/{id}"));
    tx.commit().await?;
    web::html(block)
}

/// Why an order is cancelled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CancelForm {
    pub reason: String,
}

/// `POST /app/encounters/{id}/orders/{order}/cancelled`. A second time changes nothing.
pub async fn cancel(
    ctx: Ctx,
    Path((id, order)): Path<(EncounterId, OrderId)>,
    Form(form): Form<CancelForm>,
) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let known = store::order_to_change(tx.conn(), ctx.facility(), order).await?.filter(|o| o.encounter == id);
    let known = known.ok_or(Failure::NotFound)?;
    let reason: String = form.reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect();
    let problems = match order::after(known.status, &Step::Cancel { reason: &reason }) {
        _ if known.status == Status::Cancelled => Problems::none(),
        Ok(_) if known.status == Status::Draft => {
            store::delete_draft(&mut tx, id, order).await?;
            Problems::none()
        }
        Ok(to) => {
            store::step(&mut tx, order, to, &reason).await?;
            tx.audit("cancel", "order", order, Some(visit.patient), json!({ "was": known.status.key() }));
            tx.emit(Event::OrderCancelled { encounter: id, order });
            tx.notify("orders");
            Problems::none()
        }
        Err(problem) => Problem::of(format!("{}: {}", known.name, problem.text)).into(),
    };
    answer(ctx, tx, &visit, problems).await
}

/// Sends drafts: slips, event and audit in one commit. Gives the ids that were sent now; ids sent before are left as
/// they are. Refuses a visit that is over, an unknown priority, a note that is too long, and an empty basket.
pub(crate) async fn send(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    ids: &[OrderId],
    note: &str,
    priority: &str,
) -> Result<Result<Vec<OrderId>, Problems>, Failure> {
    let orders = store::list_of_visit(tx.conn(), ctx.facility(), visit.encounter).await?;
    let wanted: Vec<&Order> = orders.iter().filter(|order| ids.contains(&order.id)).collect();
    let drafts: Vec<&Order> = wanted.iter().copied().filter(|order| order.status == Status::Draft).collect();
    if drafts.is_empty() && !wanted.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let mut problems = Problems::none();
    problems.add_if(drafts.is_empty(), "", "Giỏ chỉ định đang trống. Chọn ít nhất một dịch vụ rồi gửi.");
    problems.add_if(!visit.is_open, "", CLOSED);
    let note = basket::note(note).unwrap_or_else(|refused| {
        problems.0.extend(refused.0);
        String::new()
    });
    let priority = if priority.is_empty() { Some(Priority::Routine) } else { Priority::from_key(priority) };
    problems.add_if(priority.is_none(), "priority", "Chưa chọn mức ưu tiên. Chọn Thường hoặc Khẩn.");
    let (Some(priority), true) = (priority, problems.is_empty()) else { return Ok(Err(problems)) };
    let mut placing = Vec::with_capacity(drafts.len());
    for (_, group) in order::by_room(drafts.iter().map(|order| (order.room, *order))) {
        let code = order::slip_code(group[0].id.0, ctx.now);
        placing.extend(group.iter().map(|order| Placing { order: order.id, slip_code: code.clone() }));
    }
    web::draft::forget(tx, &format!("orders-{}", visit.encounter)).await?;
    let placed = store::place(tx, visit.encounter, &placing, priority, &note).await?;
    let told: Vec<OrderPlaced> = drafts
        .iter()
        .filter(|order| placed.contains(&order.id.0))
        .map(|order| OrderPlaced { order: order.id, service: order.service, quantity: order.quantity })
        .collect();
    let sent = told.iter().map(|order| order.order).collect();
    tx.audit("place", "order", visit.encounter, Some(visit.patient), json!({ "count": told.len() }));
    tx.emit(Event::OrdersPlaced { encounter: visit.encounter, patient: visit.patient, orders: told, day: visit.day });
    tx.notify("orders");
    Ok(Ok(sent))
}

const CLOSED: &str = "Lượt khám đã kết thúc nên không thêm chỉ định được. Mở lượt khám mới, hoặc bổ sung bằng bản sửa có lý do.";

fn stale() -> Failure {
    Failure::BadRequest("Trang đã cũ. Tải lại trang rồi chọn lại.".into())
}

fn chart(id: EncounterId) -> String {
    format!("/app/encounters/{id}?tab=3")
}

/// The visit of an order that lies in it; not found otherwise.
async fn own_visit(ctx: &Ctx, tx: &mut Tx, id: EncounterId, order: OrderId) -> Result<Visit, Failure> {
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let known = store::order_to_change(tx.conn(), ctx.facility(), order).await?;
    known.filter(|order| order.encounter == id).ok_or(Failure::NotFound)?;
    Ok(visit)
}

/// Puts services into the basket. With `skips` those that cannot be ordered any more are left out and named; without,
/// one such service refuses the act.
pub(crate) async fn put(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    lines: &[(OrderId, Service, i32)],
    skips: bool,
) -> Result<Problems, Failure> {
    if !visit.is_open {
        return Ok(Problem::of(CLOSED).into());
    }
    let mut problems = Problems::none();
    let mut good: Vec<(OrderId, &Service, i32)> = Vec::with_capacity(lines.len());
    for (id, service, quantity) in lines {
        match basket::may_order(service, visit.day) {
            Ok(()) => good.push((*id, service, *quantity)),
            Err(problem) => problems.0.push(problem),
        }
    }
    if !problems.is_empty() && !skips {
        return Ok(problems);
    }
    let orders = store::list_of_visit(tx.conn(), ctx.facility(), visit.encounter).await?;
    good.retain(|(id, ..)| !orders.iter().any(|order| order.id == *id));
    if let Some(known) = parameter::known("order.most_per_visit") {
        let most = parameter::number_on(tx.conn(), ctx.facility(), known, visit.day).await?;
        if let Err(problem) = basket::has_room(&orders, good.len(), most) {
            return Ok(problem.into());
        }
    }
    if !good.is_empty() {
        store::insert_drafts(tx, visit, &good).await?;
    }
    Ok(problems)
}

async fn put_many(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    minted: Uuid,
    lines: &[(Uuid, i32)],
) -> Result<Problems, Failure> {
    let ids: Vec<Uuid> = lines.iter().map(|(service, _)| *service).collect();
    let services = service::by_ids(tx.conn(), ctx.facility(), &ids, visit.day).await?;
    let quantities: HashMap<Uuid, i32> = lines.iter().copied().collect();
    let lines: Vec<(OrderId, Service, i32)> = services
        .into_iter()
        .map(|service| {
            let quantity = quantities.get(&service.id).copied().unwrap_or(1);
            (basket::line_id(minted, service.id), service, quantity)
        })
        .collect();
    put(ctx, tx, visit, &lines, true).await
}

/// Answers an act: the block as it stands now, committed; with problems as 422. Without htmx the visit's page.
async fn answer(ctx: Ctx, mut tx: Tx, visit: &Visit, problems: Problems) -> Answer {
    tx.notify(format!("encounter/{}", visit.encounter));
    let is_refused = !problems.is_empty();
    if !ctx.htmx {
        if is_refused {
            return Err(problems.into());
        }
        tx.commit().await?;
        return web::redirect(chart(visit.encounter));
    }
    let block = block(&ctx, &mut tx, visit, Answered::Piece, PlaceForm::default(), problems).await?;
    tx.commit().await?;
    if is_refused { web::refused(block) } else { web::html(block) }
}
