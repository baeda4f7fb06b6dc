//! What orders add to a person's page: what was ordered lately, at the left, and what to notice before sending, at
//! the right.

use crate::basket;
use crate::order::Status;
use crate::repeat::Repeat;
use crate::store::{self, Order, Recent};
use askama::Template;
use base::{EncounterId, OrderId, PatientId, Vnd, show_date};
use std::collections::HashMap;
use web::{Ctx, Failure, PanelFor, Tx};

struct Row {
    name: String,
    day: String,
    status: Status,
    kind: &'static str,
    icon: &'static str,
}

#[derive(Template)]
#[template(path = "recent_orders.html")]
struct RecentOrders {
    rows: Vec<Row>,
}

/// `chart.summary`: the last orders and where they stand. Nothing when there never was one.
pub async fn recent(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(patient) = patient_of(ctx, tx, about).await? else { return Ok(String::new()) };
    let rows: Vec<Row> =
        store::list_recent(tx.conn(), ctx.facility(), patient, 8).await?.into_iter().map(row).collect();
    if rows.is_empty() { Ok(String::new()) } else { Ok(RecentOrders { rows }.render()?) }
}

async fn patient_of(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<Option<PatientId>, Failure> {
    match (about.patient, about.encounter) {
        (Some(patient), _) => Ok(Some(patient)),
        (None, Some(encounter)) => {
            Ok(store::find_visit(tx.conn(), ctx.facility(), encounter).await?.map(|visit| visit.patient))
        }
        (None, None) => Ok(None),
    }
}

fn row(recent: Recent) -> Row {
    let (kind, icon) = look(recent.status);
    Row { name: recent.name, day: show_date(recent.day), status: recent.status, kind, icon }
}

/// Colour and shape of a status.
pub fn look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Draft => ("draft", "pencil"),
        Status::Placed => ("waiting", "clock-hour-4"),
        Status::Collected => ("info", "progress-check"),
        Status::Done => ("done", "circle-check"),
        Status::Cancelled => ("neutral", "circle-x"),
    }
}

struct Notice {
    order: OrderId,
    badge: String,
    sentence: String,
}

#[derive(Template)]
#[template(path = "order_checks.html")]
pub struct Checks {
    encounter: EncounterId,
    notices: Vec<Notice>,
    unsent: usize,
    unsent_total: Vnd,
}

/// `encounter.checks`: repetitions, and drafts that nobody has sent.
pub async fn checks(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let visit = store::find_visit(tx.conn(), ctx.facility(), encounter).await?.ok_or(Failure::NotFound)?;
    let orders = store::list_of_visit(tx.conn(), ctx.facility(), encounter).await?;
    let repeats = super::block::repeats_of(ctx, tx, &visit, &orders).await?;
    Ok(checks_of(encounter, &orders, &repeats).render()?)
}

/// The checks of a basket that is already in hand.
pub fn checks_of(encounter: EncounterId, orders: &[Order], repeats: &HashMap<OrderId, Repeat>) -> Checks {
    let drafts: Vec<&Order> = orders.iter().filter(|order| order.status == Status::Draft).collect();
    let notices = drafts
        .iter()
        .filter_map(|order| {
            let repeat = repeats.get(&order.id)?;
            Some(Notice { order: order.id, badge: repeat.badge.clone(), sentence: repeat.sentence.clone() })
        })
        .collect();
    let unsent_total = basket::total(drafts.iter().copied());
    Checks { encounter, notices, unsent: drafts.len(), unsent_total }
}
