//! The package the facility bought and what the others would add. Buying is on the customer's own page.

use crate::package::{self, FEATURES, Offer, Standing};
use askama::Template;
use base::{Vnd, show_date};
use web::{Answer, Ctx, Shell};

struct Card {
    name: &'static str,
    for_whom: &'static str,
    /// For a month; `None` is by contract.
    price: Option<Vnd>,
    /// The package before it, all of which it contains.
    contains: &'static str,
    adds: Vec<&'static str>,
    is_ours: bool,
}

#[derive(Template)]
#[template(path = "package.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    standing: Standing,
    name: &'static str,
    since: String,
    until: Option<String>,
    cards: Vec<Card>,
    by_law: Vec<&'static str>,
}

/// `GET /app/catalogue/package`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let periods = package::periods(tx.conn(), ctx.facility()).await?;
    let standing = package::standing_on(&periods, ctx.today());
    web::html(Page {
        shell: ctx.shell("Gói sử dụng", &[]),
        here: "package",
        name: package::name_of(&standing.package),
        since: standing.since.map(show_date).unwrap_or_default(),
        until: standing.last_day.map(show_date),
        cards: cards(package::offers_on(ctx.today()), &standing.package),
        by_law: FEATURES.iter().filter(|f| f.required_by_law).map(|f| f.name).collect(),
        standing,
    })
}

fn cards(offers: Vec<Offer>, ours: &str) -> Vec<Card> {
    let mut before: Option<(&str, &'static str)> = None;
    offers
        .into_iter()
        .map(|offer| {
            let adds = package::adds(offer.key, before.map_or("", |(key, _)| key));
            let contains = before.map_or("", |(_, name)| name);
            before = Some((offer.key, offer.name));
            Card { name: offer.name, for_whom: offer.for_whom, price: offer.price, contains, adds, is_ours: offer.key == ours }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_card_tells_only_what_it_adds() {
        let cards = cards(package::offers_on("2026-11-24".parse().unwrap()), "STANDARD");
        assert!(cards[0].adds.contains(&"Khám bệnh") && !cards[0].adds.contains(&"Quản lý kho dược"));
        assert!(cards[1].adds.contains(&"Quản lý kho dược") && !cards[1].adds.contains(&"Khám bệnh"));
        assert!(cards.iter().all(|c| !c.adds.contains(&"Ký bệnh án điện tử")));
        assert!(cards[1].is_ours && cards[1].contains == "BASIC");
    }
}
