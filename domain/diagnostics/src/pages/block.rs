//! What the basket's block shows: drafts, what was sent, slips, favourites, sets, and the checks beside it.

use super::basket::PlaceForm;
use super::summary::{Checks, checks_of, look};
use crate::basket;
use crate::order::{self, Status};
use crate::repeat::Repeat;
use crate::store::{self, Order, OrderSet, Visit};
use askama::Template;
use base::{EncounterId, OrderId, Problems, Vnd};
use organization::parameter::{self, BySubject};
use organization::service;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Ctx, Failure, Tx};

/// How many of the clinician's own services stand ready for one click.
const FAVOURITES: usize = 6;
/// Fewer once something lies in the basket, so that the basket itself stays in sight.
const FAVOURITES_BESIDE_A_BASKET: usize = 3;

/// A service that can be added with one click, and the id of the order it would become.
pub struct Quick {
    pub order: OrderId,
    pub service: Uuid,
    pub name: String,
    pub price: Vnd,
}

/// A set that can be added.
pub struct SetLine {
    pub set: OrderSet,
    pub order: Uuid,
    pub what: String,
}

/// One slip as it will be, or was, printed.
pub struct SlipView {
    pub number: usize,
    pub room: String,
    pub icon: &'static str,
    pub names: Vec<String>,
    pub preparation: String,
    pub note: String,
    pub waiting: i64,
    /// The code once it was sent.
    pub code: Option<String>,
}

/// A line and what the clinician should notice about it.
pub struct Line {
    pub order: Order,
    pub repeat: Option<Repeat>,
    /// Colour and shape of its status.
    pub look: (&'static str, &'static str),
}

/// The block `encounter.orders`.
#[derive(Template)]
#[template(path = "orders.html")]
pub struct Block {
    pub encounter: EncounterId,
    pub csrf: String,
    pub is_open: bool,
    pub may_write: bool,
    pub may_cancel: bool,
    pub next: OrderId,
    pub fresh: Uuid,
    pub favourites: Vec<Quick>,
    pub sets: Vec<SetLine>,
    pub drafts: Vec<Line>,
    pub sent: Vec<Line>,
    pub slips: Vec<SlipView>,
    pub draft_total: Vnd,
    pub sent_total: Vnd,
    pub pay_first: bool,
    pub form: PlaceForm,
    pub problems: Problems,
    pub has_suggested_set: bool,
    /// The checks of the right column, to be swapped beside the block after an act.
    pub checks: Option<Checks>,
    /// An answer to an act rather than a part of the whole page.
    pub is_piece: bool,
    /// The basket was just sent, or was refused: the note's form is answered too.
    pub is_sending: bool,
}

/// What the block is an answer to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    WholePage,
    Piece,
    Sending,
}

/// Everything the block shows.
pub(crate) async fn block(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    answered: Answered,
    form: PlaceForm,
    problems: Problems,
) -> Result<Block, Failure> {
    let facility = ctx.facility();
    let orders = store::list_of_visit(tx.conn(), facility, visit.encounter).await?;
    let here: Vec<Uuid> = orders.iter().filter(|o| o.status != Status::Cancelled).map(|o| o.service).collect();
    let repeats = repeats_of(ctx, tx, visit, &orders).await?;
    let is_piece = answered != Answered::WholePage;
    let checks = is_piece.then(|| checks_of(visit.encounter, &orders, &repeats));
    // Some of them lie in the basket already or have ended: ask for a few more.
    let own = store::favourites(tx, 20).await?;
    let shown = if orders.is_empty() { FAVOURITES } else { FAVOURITES_BESIDE_A_BASKET };
    let favourites = service::by_ids(tx.conn(), facility, &own, visit.day).await?;
    let sets = store::list_sets(tx.conn(), facility, ctx.actor.practitioner, visit.encounter).await?;
    let pay_first = organization::facility::get(tx.conn(), facility).await?.settings.pay_first;
    let waiting: HashMap<Option<Uuid>, i64> =
        store::count_waiting(tx.conn(), facility, pay_first).await?.into_iter().collect();
    let slips = slips(&orders, &waiting);
    let (drafts, sent): (Vec<Line>, Vec<Line>) = orders
        .into_iter()
        .map(|order| Line { repeat: repeats.get(&order.id).cloned(), look: look(order.status), order })
        .partition(|line| line.order.status == Status::Draft);
    let standing = sent.iter().map(|line| &line.order).filter(|order| order.status != Status::Cancelled);
    Ok(Block {
        encounter: visit.encounter,
        csrf: ctx.shell("", &[]).csrf,
        is_open: visit.is_open,
        may_write: ctx.may("order.write"),
        may_cancel: ctx.may("order.cancel"),
        next: OrderId::new(),
        fresh: Uuid::now_v7(),
        favourites: favourites
            .into_iter()
            .filter(|service| basket::may_order(service, visit.day).is_ok())
            .filter(|service| !here.contains(&service.id))
            .take(shown)
            .map(|service| Quick {
                order: OrderId::new(),
                service: service.id,
                name: service.facts.name,
                price: service.price.unwrap_or_default(),
            })
            .collect(),
        has_suggested_set: sets.iter().any(|set| set.is_suggested),
        sets: sets
            .into_iter()
            .map(|set| SetLine { what: set.services.join(", "), order: Uuid::now_v7(), set })
            .collect(),
        draft_total: basket::total(drafts.iter().map(|line| &line.order)),
        sent_total: basket::total(standing),
        drafts,
        sent,
        slips,
        pay_first,
        form,
        problems,
        checks,
        is_piece,
        is_sending: answered == Answered::Sending,
    })
}

/// What the drafts repeat, with the days the facility decided.
pub(crate) async fn repeats_of(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    orders: &[Order],
) -> Result<HashMap<OrderId, Repeat>, Failure> {
    let services: Vec<Uuid> = orders.iter().filter(|o| o.status == Status::Draft).map(|o| o.service).collect();
    if services.is_empty() {
        return Ok(HashMap::new());
    }
    let earlier = store::earlier(tx.conn(), ctx.facility(), visit, &services).await?;
    let days = match parameter::known("order.duplicate_days") {
        Some(known) => parameter::numbers_on(tx.conn(), ctx.facility(), known, visit.day).await?,
        None => BySubject { general: 0, own: HashMap::new() },
    };
    Ok(basket::repeats(orders, &earlier, &days, visit.day))
}

/// The slips that were sent, then those the drafts will make.
fn slips(orders: &[Order], waiting: &HashMap<Option<Uuid>, i64>) -> Vec<SlipView> {
    let standing = |order: &&Order| order.status != Status::Cancelled;
    let mut groups: Vec<(Option<String>, Vec<&Order>)> = Vec::new();
    for order in orders.iter().filter(standing).filter(|order| order.slip_code.is_some()) {
        match groups.iter_mut().find(|(code, _)| *code == order.slip_code) {
            Some((_, group)) => group.push(order),
            None => groups.push((order.slip_code.clone(), vec![order])),
        }
    }
    let drafts = orders.iter().filter(|order| order.status == Status::Draft).map(|order| (order.room, order));
    groups.extend(order::by_room(drafts).into_iter().map(|(_, group)| (None, group)));
    groups
        .into_iter()
        .enumerate()
        .map(|(at, (code, group))| {
            let first = group[0];
            let mut preparation: Vec<&str> =
                group.iter().map(|order| order.preparation.as_str()).filter(|text| !text.is_empty()).collect();
            preparation.dedup();
            SlipView {
                number: at + 1,
                room: if first.room_name.is_empty() { first.kind.name().into() } else { first.room_name.clone() },
                icon: first.kind.icon(),
                names: group.iter().map(|order| order.name.clone()).collect(),
                preparation: preparation.join(". "),
                note: first.note.clone(),
                waiting: waiting.get(&first.room.map(|room| room.0)).copied().unwrap_or(0),
                code,
            }
        })
        .collect()
}
