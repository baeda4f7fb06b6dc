//! What there is: one line for each item, found without accents, by store.

use super::{Badge, expiry_badge};
use crate::alert;
use crate::store::card::{self, After, BalanceRow};
use crate::store::stores::{self, Store};
use askama::Template;
use base::StoreId;
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Query, Shell};

#[derive(Template)]
#[template(path = "balance.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<BalanceRow>,
    stores: Vec<Store>,
    store: Option<Uuid>,
    q: String,
    /// The address of the next screen.
    more: Option<String>,
    may_write: bool,
    today: NaiveDate,
    near_days: i64,
    /// Nothing is kept in stock yet: the page says how to begin.
    is_new: bool,
}

impl Page {
    fn expiry(&self, row: &BalanceRow) -> Option<Badge> {
        expiry_badge(row.next_expiry?, false, self.today, self.near_days)
    }
    fn is_chosen(&self, store: &Store) -> bool {
        self.store == Some(store.store_id)
    }
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    store: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    after_id: String,
}

/// `GET /app/stock`: balances in the order of names.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stores = stores::list(&mut tx).await?;
    let store = asked.store.parse().ok().filter(|id: &Uuid| stores.iter().any(|s| s.store_id == *id));
    let after = After { name: asked.after.clone(), id: asked.after_id.parse().unwrap_or_default() };
    let mut rows = card::balances(&mut tx, store.map(StoreId), &asked.q, &after).await?;
    let is_new = rows.is_empty() && asked.q.is_empty() && store.is_none() && asked.after.is_empty();
    let more = (rows.len() > card::SCREEN as usize).then(|| rows.truncate(card::SCREEN as usize));
    let more = more.and_then(|()| rows.last()).map(|last| {
        let query = [("q", asked.q.as_str()), ("store", asked.store.as_str()), ("after", last.name_folded.as_str()), ("after_id", &last.item_id.to_string())]
            .map(|(key, value)| format!("{key}={}", encode(value)));
        format!("/app/stock?{}", query.join("&"))
    });
    let near_days = alert::near_days(&mut tx).await?;
    web::html(Page {
        shell: ctx.shell("Tồn kho", &[("F2", "Tìm / quét"), ("F5", "Thêm thuốc vào kho")]),
        here: "balance",
        rows,
        stores,
        store,
        q: asked.q,
        more,
        may_write: ctx.may("stock.write"),
        today: ctx.today(),
        near_days,
        is_new,
    })
}

/// A value as it stands in an address.
fn encode(value: &str) -> String {
    value.bytes().map(|b| if b.is_ascii_alphanumeric() || b == b'-' { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_carries_any_text() {
        assert_eq!(super::encode("a b&ú"), "a%20b%26%C3%BA");
    }
}
