//! Orders for programs: what can be ordered, what was ordered in a visit, and ordering itself.

use crate::basket;
use crate::pages::basket as block;
use crate::store::{self, Order};
use axum::response::IntoResponse;
use base::{EncounterId, OrderId, Problems};
use http::{StatusCode, header};
use organization::service::{self, Kind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Json, Path, Query};

/// The part of `/api/openapi.json` that describes this module.
#[derive(OpenApi)]
#[openapi(paths(services, list, create), components(schemas(ServiceOut, OrderOut, NewOrders, NewOrder)))]
pub struct ApiDoc;

/// A service that can be ordered, with its price of today.
#[derive(Serialize, ToSchema)]
pub struct ServiceOut {
    id: Uuid,
    code: String,
    name: String,
    /// exam, lab, imaging, procedure or other.
    kind: &'static str,
    room_id: Option<Uuid>,
    national_code: String,
    /// In đồng; null when no price holds today.
    price_vnd: Option<i64>,
}

/// What to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    /// Words in any order, without accents, or a code.
    q: String,
    /// exam, lab, imaging, procedure or other.
    kind: String,
}

/// Services of the facility's list, best match first, at most 50.
#[utoipa::path(get, path = "/api/v1/services", params(ServiceQuery), tag = "orders",
    responses((status = 200, description = "Services", body = [ServiceOut]), (status = 422, description = "Unknown kind")))]
pub async fn services(ctx: Ctx, Query(query): Query<ServiceQuery>) -> Answer {
    let kinds = match query.kind.as_str() {
        "" => Vec::new(),
        key => vec![Kind::from_key(key).ok_or_else(|| {
            base::Problem::at("kind", "Loại không có. Dùng exam, lab, imaging, procedure hoặc other.")
        })?],
    };
    let mut tx = ctx.begin().await?;
    let found = service::search(tx.conn(), ctx.facility(), &query.q, &kinds, ctx.today(), 50).await?;
    let out: Vec<ServiceOut> = found
        .into_iter()
        .map(|service| ServiceOut {
            id: service.id,
            kind: service.facts.kind.key(),
            room_id: service.facts.room.map(|room| room.0),
            code: service.facts.code,
            name: service.facts.name,
            national_code: service.facts.national_code,
            price_vnd: service.price.map(|price| price.0),
        })
        .collect();
    Ok(axum::Json(out).into_response())
}

/// An order.
#[derive(Serialize, ToSchema)]
pub struct OrderOut {
    id: Uuid,
    encounter_id: Uuid,
    service_id: Uuid,
    code: String,
    name: String,
    kind: &'static str,
    quantity: i32,
    /// draft, placed, collected, done or cancelled.
    status: &'static str,
    /// routine or urgent.
    priority: &'static str,
    note: String,
    room_id: Option<Uuid>,
    slip_code: Option<String>,
    price_vnd: Option<i64>,
    ordered_at: Option<chrono::DateTime<chrono::Utc>>,
    paid: bool,
}

impl From<Order> for OrderOut {
    fn from(order: Order) -> OrderOut {
        OrderOut {
            id: order.id.0,
            encounter_id: order.encounter.0,
            service_id: order.service,
            code: order.code,
            name: order.name,
            kind: order.kind.key(),
            quantity: order.quantity,
            status: order.status.key(),
            priority: order.priority.key(),
            note: order.note,
            room_id: order.room.map(|room| room.0),
            slip_code: order.slip_code,
            price_vnd: order.price.map(|price| price.0),
            ordered_at: order.ordered_at,
            paid: order.is_paid,
        }
    }
}

/// The orders of a visit, drafts included.
#[utoipa::path(get, path = "/api/v1/encounters/{id}/orders", params(("id" = Uuid, Path)), tag = "orders",
    responses((status = 200, description = "Orders", body = [OrderOut]), (status = 404, description = "No such visit")))]
pub async fn list(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let orders = store::list_of_visit(tx.conn(), ctx.facility(), id).await?;
    tx.audit("read", "order", id, Some(visit.patient), serde_json::Value::Null);
    tx.commit().await?;
    Ok(axum::Json(orders.into_iter().map(OrderOut::from).collect::<Vec<_>>()).into_response())
}

/// Services to order in one go.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewOrders {
    /// Between 1 and 60 lines.
    #[serde(default)]
    lines: Vec<NewOrder>,
    /// For those who carry it out, at most 500 characters.
    #[serde(default)]
    note: String,
    /// routine (default) or urgent.
    #[serde(default)]
    priority: String,
}

/// One service to order.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewOrder {
    service_id: Uuid,
    /// 1 to 99; 1 when absent.
    #[serde(default = "once")]
    quantity: i32,
}

fn once() -> i32 {
    1
}

/// Orders services in a visit: all of them in one commit, or none. With an `Idempotency-Key` the same call made twice
/// orders once.
#[utoipa::path(post, path = "/api/v1/encounters/{id}/orders", params(("id" = Uuid, Path)), request_body = NewOrders,
    tag = "orders",
    responses((status = 201, description = "Ordered", body = [OrderOut]), (status = 404, description = "No such visit or service"),
              (status = 422, description = "Refused, with reasons")))]
pub async fn create(ctx: Ctx, Path(id): Path<EncounterId>, Json(body): Json<NewOrders>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::visit_to_order(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let mut problems = Problems::none();
    problems.add_if(body.lines.is_empty(), "lines", "Chưa có dịch vụ nào. Gửi ít nhất một dòng.");
    problems.add_if(body.lines.len() > 60, "lines", "Nhiều nhất 60 dòng một lần.");
    problems.add_if(
        body.lines.iter().any(|line| !(1..=basket::MOST_TIMES).contains(&line.quantity)),
        "lines.quantity",
        format!("Số lượng từ 1 đến {}.", basket::MOST_TIMES),
    );
    problems.or(())?;
    let minted = ctx.minted_id();
    let ids: Vec<Uuid> = body.lines.iter().map(|line| line.service_id).collect();
    let found = service::by_ids(tx.conn(), ctx.facility(), &ids, visit.day).await?;
    let mut lines = Vec::with_capacity(body.lines.len());
    for (at, line) in body.lines.iter().enumerate() {
        let service = found.iter().find(|service| service.id == line.service_id).ok_or(Failure::NotFound)?;
        // The same service on two lines is two orders.
        let place = Uuid::from_u128(line.service_id.as_u128() ^ at as u128);
        lines.push((basket::line_id(minted, place), service.clone(), line.quantity));
    }
    let refused = block::put(&ctx, &mut tx, &visit, &lines, false).await?;
    refused.or(())?;
    let orders: Vec<OrderId> = lines.iter().map(|(order, ..)| *order).collect();
    block::send(&ctx, &mut tx, &visit, &orders, &body.note, &body.priority).await??;
    let all = store::list_of_visit(tx.conn(), ctx.facility(), id).await?;
    tx.notify(format!("encounter/{id}"));
    tx.commit().await?;
    let out: Vec<OrderOut> = all.into_iter().filter(|order| orders.contains(&order.id)).map(OrderOut::from).collect();
    let place = format!("/api/v1/encounters/{id}/orders");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], axum::Json(out)).into_response())
}
