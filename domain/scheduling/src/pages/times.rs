//! Free times of an offer on a day, to be chosen from: a part of several pages.

use crate::store::openings::{self, Offer, Opening};
use crate::Channel;
use askama::Template;
use base::SlotId;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Query, Tx};

/// The times of one doctor.
pub struct Line {
    pub doctor: String,
    pub room: String,
    pub times: Vec<Opening>,
}

/// What a page shows where a time is chosen.
#[derive(Template)]
#[template(path = "scheduling_times.html")]
pub struct Times {
    pub offers: Vec<Offer>,
    pub offer: Option<Uuid>,
    pub day: NaiveDate,
    pub today: NaiveDate,
    pub days: Vec<NaiveDate>,
    pub lines: Vec<Line>,
    pub slot: Option<SlotId>,
    pub now: DateTime<Utc>,
    pub problem: String,
}

/// The question for times.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub offer: Option<Uuid>,
    pub day: String,
    pub slot: Option<SlotId>,
}

impl Times {
    /// Loads the times of an offer (the first one when none is named) around a day, as staff see them.
    pub async fn load(tx: &mut Tx, asked: &Asked, today: NaiveDate, problem: &str) -> Result<Times, Failure> {
        let offers = openings::list_offers(tx, today).await?;
        let offer = asked.offer.filter(|id| offers.iter().any(|o| o.offer_id == *id)).or(offers.first().map(|o| o.offer_id));
        let day = super::day_of(&asked.day, today).max(today);
        let mut lines: Vec<Line> = Vec::new();
        if let Some(offer) = offer {
            for opening in openings::list_day(tx, offer, day, Channel::Desk.key()).await? {
                match lines.last_mut().filter(|l| l.doctor == opening.doctor && l.room == opening.room_name) {
                    Some(line) => line.times.push(opening),
                    None => lines.push(Line { doctor: opening.doctor.clone(), room: opening.room_name.clone(), times: vec![opening] }),
                }
            }
        }
        // The chosen day with its neighbours, never before today.
        let first = (day - Days::new(2)).max(today);
        let days = (0..7).map(|n| first + Days::new(n)).collect();
        Ok(Times { offers, offer, day, today, days, lines, slot: asked.slot, now: tx.now, problem: problem.to_owned() })
    }

}

impl Times {
    /// Staff may fill a time that has begun, never one that is over.
    fn is_over(&self, opening: &Opening) -> bool {
        opening.ends_at <= self.now
    }

    fn is_chosen(&self, opening: &Opening) -> bool {
        self.slot == Some(opening.slot)
    }
}

/// Whether an offer is the one that was asked for.
pub fn is_same(asked: &Option<Uuid>, offer: &Uuid) -> bool {
    asked.as_ref() == Some(offer)
}

/// `Thứ hai 23/11` → `T2 23/11`.
pub fn short_day(day: &NaiveDate) -> String {
    use chrono::Datelike;
    let weekday = match day.weekday().number_from_monday() {
        7 => "CN".to_owned(),
        n => format!("T{}", n + 1),
    };
    format!("{weekday} {:02}/{:02}", day.day(), day.month())
}

/// `GET /app/appointments/times`: the part alone, for a page that changes offer or day.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Times::load(&mut tx, &asked, ctx.today(), "").await?)
}
