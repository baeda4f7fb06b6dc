//! The one search box for everything that can be ordered.

use crate::basket::{self, ORDERED};
use crate::repeat;
use crate::store;
use askama::Template;
use base::{EncounterId, Vnd};
use organization::parameter;
use organization::service::{self, Kind, Service};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query};

const MOST: i64 = 12;

/// What was typed, and of which kind ("" = all).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    pub q: String,
    pub kind: String,
}

struct Choice {
    service: Service,
    price: Option<Vnd>,
    room: String,
    waiting: i64,
    repeat: Option<String>,
    /// Why it cannot be taken.
    reason: Option<String>,
    is_own: bool,
}

#[derive(Template)]
#[template(path = "order_suggestions.html")]
struct Suggestions {
    options: Vec<Choice>,
}

/// `GET /app/encounters/{id}/orders/suggestions?q=&kind=`: own favourites first, then by name.
pub async fn suggest(ctx: Ctx, Path(id): Path<EncounterId>, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let visit = store::find_visit(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    let kinds = Kind::from_key(&find.kind).filter(|kind| ORDERED.contains(kind)).map_or(ORDERED.to_vec(), |k| vec![k]);
    let mut found = service::search(tx.conn(), facility, &find.q, &kinds, visit.day, MOST).await?;
    let own = store::favourites(&mut tx, 50).await?;
    found.sort_by_key(|service| own.iter().position(|id| *id == service.id).unwrap_or(usize::MAX));
    let ids: Vec<Uuid> = found.iter().map(|service| service.id).collect();
    let earlier = store::earlier(tx.conn(), facility, &visit, &ids).await?;
    let days = match parameter::known("order.duplicate_days") {
        Some(known) => Some(parameter::numbers_on(tx.conn(), facility, known, visit.day).await?),
        None => None,
    };
    let waiting: HashMap<Option<Uuid>, i64> =
        store::count_waiting(tx.conn(), facility, false).await?.into_iter().collect();
    let options = found
        .into_iter()
        .map(|service| Choice {
            repeat: days.as_ref().and_then(|days| {
                let name = &service.facts.name;
                repeat::of(name, visit.day, days.of(service.id), earlier.get(&service.id)).map(|r| r.badge)
            }),
            reason: basket::may_order(&service, visit.day).err().map(|problem| problem.text.into_owned()),
            price: service.price,
            room: service.room_name.clone().unwrap_or_default(),
            waiting: waiting.get(&service.facts.room.map(|room| room.0)).copied().unwrap_or(0),
            is_own: own.contains(&service.id),
            service,
        })
        .collect();
    web::html(Suggestions { options })
}
