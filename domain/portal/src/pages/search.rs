//! Looking for a free time in the whole province: by specialty, commune or the name of a house, soonest first.

use super::{lang, me};
use crate::store::{self, House};
use askama::Template;
use http::HeaderMap;
use scheduling::{NextFree, specialty};
use serde::Deserialize;
use std::collections::HashMap;
use web::{Answer, Query, Visitor};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    mode: String,
    bhyt: String,
}

struct Card {
    free: NextFree,
    house: House,
    specialty: &'static str,
}

impl Card {
    /// `hôm nay 08:20`, `mai 08:20`, `T5 26/11 08:20`.
    fn when(&self, today: &chrono::NaiveDate) -> String {
        let day = base::local_date(self.free.starts_at);
        let time = base::show_time(self.free.starts_at);
        match (day - *today).num_days() {
            0 => format!("hôm nay {time}"),
            1 => format!("mai {time}"),
            _ => format!("{} {} {time}", super::weekday(&day), &base::show_date(day)[..5]),
        }
    }
}

#[derive(Template)]
#[template(path = "portal_search.html")]
struct SearchPage {
    lang: &'static str,
    asked: Asked,
    cards: Vec<Card>,
    specialties: Vec<(&'static str, &'static str)>,
    today: chrono::NaiveDate,
    me: Option<String>,
    sandbox: bool,
}

/// `GET /booking`.
pub async fn show(visitor: Visitor, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let asked = Asked { q: asked.q.chars().take(60).collect(), ..asked };
    let meant = specialty::find(&asked.q);
    let mode = if asked.mode == "video" { "video" } else { "" };
    let mut tx = visitor.begin_for("availability").await?;
    let free = scheduling::next_free(&mut tx, meant.map_or("", |s| s.key), mode, 100).await?;
    drop(tx);
    let houses: HashMap<i32, House> = store::houses(&visitor.app.db).await?.into_iter().map(|h| (h.facility_id, h)).collect();
    let words = base::fold(&asked.q);
    let fits = |card: &Card| {
        let text = base::fold(&format!("{} {} {} {} {}", card.house.name, card.house.address, card.free.offer, card.free.doctor, card.house.code));
        (meant.is_some() || words.split(' ').all(|w| text.contains(w))) && (asked.bhyt != "1" || card.free.takes_bhyt)
    };
    let cards = free
        .into_iter()
        .filter_map(|free| {
            let house = houses.get(&free.facility_id)?.clone();
            let specialty = specialty::list().find(|s| s.key == free.specialty).map_or("", |s| s.name);
            Some(Card { free, house, specialty })
        })
        .filter(fits)
        .take(40)
        .collect();
    web::html(SearchPage {
        lang: lang(&visitor),
        cards,
        specialties: specialty::list().map(|s| (s.key, s.name)).collect(),
        today: base::local_date(visitor.now),
        me: me(&visitor, &headers).await?,
        asked,
        sandbox: visitor.app.config.sandbox,
    })
}
