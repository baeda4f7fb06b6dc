//! The package the facility bought and what the others would add; read-only, because buying comes with sign-up.

use crate::facility::{self, Facility, Feature};
use askama::Template;
use base::show_date;
use web::{Answer, Ctx, Shell};

/// A package as it is shown: its key, its name, who it is for, its price a month ("" = ask).
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    ("BASIC", "BASIC", "Phòng khám bác sĩ gia đình, một bác sĩ", "350.000 đ"),
    ("STANDARD", "STANDARD", "Phòng khám chuyên khoa có kho và hình ảnh", "650.000 đ"),
    ("PREMIUM1", "PREMIUM 1", "Phòng khám đa khoa có máy xét nghiệm, BHYT", ""),
    ("PREMIUM2", "PREMIUM 2", "Bệnh mạn tính, y học cổ truyền, nhiều báo cáo", ""),
];

struct Card {
    name: &'static str,
    for_whom: &'static str,
    price: &'static str,
    /// The package before it, all of which it contains.
    contains: &'static str,
    adds: Vec<String>,
    is_ours: bool,
}

#[derive(Template)]
#[template(path = "package.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    facility: Facility,
    since: String,
    until: Option<String>,
    has_run_out: bool,
    cards: Vec<Card>,
    by_law: Vec<String>,
}

/// `GET /app/catalogue/package`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let ours = facility::get(tx.conn(), ctx.facility()).await?;
    let features = facility::features(tx.conn()).await?;
    web::html(Page {
        shell: ctx.shell("Gói sử dụng", &[]),
        here: "package",
        since: show_date(ours.package_from),
        until: ours.package_to.map(show_date),
        has_run_out: ours.package_to.is_some_and(|last| last < ctx.today()),
        cards: cards(&features, &ours.package),
        by_law: features.iter().filter(|f| f.required_by_law).map(|f| f.name.clone()).collect(),
        facility: ours,
    })
}

fn cards(features: &[Feature], ours: &str) -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    let mut before: Option<&str> = None;
    for (key, name, for_whom, price) in PACKAGES {
        let adds = features
            .iter()
            .filter(|f| !f.required_by_law && f.is_in(key) && !before.is_some_and(|smaller| f.is_in(smaller)))
            .map(|f| f.name.clone())
            .collect();
        let contains = cards.last().map_or("", |card| card.name);
        cards.push(Card { name, for_whom, price, contains, adds, is_ours: key == ours });
        before = Some(key);
    }
    cards
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_card_tells_only_what_it_adds() {
        let feature = |name: &str, from: u8, required_by_law| Feature {
            feature: name.into(),
            name: name.into(),
            basic: from <= 1,
            standard: from <= 2,
            premium1: from <= 3,
            premium2: from <= 4,
            required_by_law,
        };
        let cards = cards(
            &[feature("exam", 1, false), feature("stock", 2, false), feature("emr.sign", 1, true), feature("yhct", 4, false)],
            "STANDARD",
        );
        let adds: Vec<Vec<String>> = cards.iter().map(|c| c.adds.clone()).collect();
        assert_eq!(adds, [vec!["exam".to_owned()], vec!["stock".to_owned()], vec![], vec!["yhct".to_owned()]]);
        assert!(cards[1].is_ours && cards[1].contains == "BASIC");
    }
}
