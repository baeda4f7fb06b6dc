//! The stock card (thẻ kho) of an item in a store: what came, what went, what then lay there; newest first.

use super::quantity;
use crate::item::Item;
use crate::ledger::Kind;
use crate::store::card::{self, CardRow};
use crate::store::{items, stores};
use askama::Template;
use base::StoreId;
use base::dates::start_of_day;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query, Shell};

#[derive(Template)]
#[template(path = "card.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    item: Item,
    store: stores::Store,
    shelves: Vec<(Uuid, String, i64)>,
    rows: Vec<CardRow>,
    until: String,
    more: Option<String>,
    may_see_dispenses: bool,
}

impl Page {
    /// The page of the paper behind a row: a paper of the pharmacy, or what was handed to a patient.
    fn document(&self, row: &CardRow) -> Option<String> {
        match (row.document_no.is_empty(), row.kind.as_str()) {
            (false, _) => Some(format!("/app/stock/documents/{}", row.document_id)),
            (true, "dispense" | "return") if self.may_see_dispenses => {
                Some(format!("/app/pharmacy/dispenses/{}", row.returns_of.unwrap_or(row.document_id)))
            }
            _ => None,
        }
    }
    fn document_name(&self, row: &CardRow) -> String {
        if row.document_no.is_empty() { "Phiếu phát".to_owned() } else { row.document_no.clone() }
    }
    fn kind(&self, row: &CardRow) -> &'static str {
        Kind::from_key(&row.kind).map_or("", Kind::name)
    }
    fn came(&self, row: &CardRow) -> String {
        if row.quantity_milli > 0 { quantity(&row.quantity_milli) } else { String::new() }
    }
    fn went(&self, row: &CardRow) -> String {
        if row.quantity_milli < 0 { quantity(&-row.quantity_milli) } else { String::new() }
    }
    fn lies(&self) -> String {
        quantity(&self.shelves.iter().find(|(id, _, _)| *id == self.store.store_id).map_or(0, |(_, _, milli)| *milli))
    }
    /// Who booked it, and who signed with them.
    fn signers(&self, row: &CardRow) -> String {
        if row.second_name.is_empty() { row.by_name.clone() } else { format!("{} · {}", row.by_name, row.second_name) }
    }
}

#[derive(Deserialize)]
pub struct Asked {
    /// The last day to show.
    #[serde(default)]
    until: String,
    /// Continue before this place.
    #[serde(default)]
    before: String,
}

/// `GET /app/stock/items/{item}/card/{store}`.
pub async fn show(ctx: Ctx, Path((item, store)): Path<(Uuid, StoreId)>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let item = items::find(&mut tx, item).await?.ok_or(Failure::NotFound)?;
    let store = stores::find(&mut tx, store).await?.ok_or(Failure::NotFound)?;
    let until = base::parse_date_vi(&asked.until);
    let before = match (asked.before.parse::<i64>(), until.and_then(|day| day.succ_opt())) {
        (Ok(before), _) => before,
        (_, Some(next_day)) => card::place_at(&mut tx, store.id(), item.item_id, start_of_day(next_day)).await?,
        _ => i64::MAX,
    };
    let mut rows = card::card(&mut tx, store.id(), item.item_id, before).await?;
    let more = (rows.len() > card::SCREEN as usize).then(|| rows.truncate(card::SCREEN as usize));
    let more = more
        .and_then(|()| rows.last())
        .map(|last| format!("/app/stock/items/{}/card/{}?before={}", item.item_id, store.store_id, last.seq));
    let shelves = card::shelves_of_item(&mut tx, item.item_id).await?;
    web::html(Page {
        shell: ctx.shell(&format!("Thẻ kho {}", item.name), &[("F2", "Tìm / quét"), ("Esc", "Về thuốc")]),
        here: "balance",
        item,
        store,
        shelves,
        rows,
        until: asked.until,
        more,
        may_see_dispenses: ctx.may("dispense.read"),
    })
}
