//! Figures of the desk by day and by channel.

use crate::store::figures::{self, Day, OfChannel};
use askama::Template;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use web::{Answer, Ctx, Query};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The last day.
    to: String,
}

#[derive(Template)]
#[template(path = "care_desk_figures.html")]
struct Page {
    shell: web::Shell,
    days: Vec<Day>,
    total: Day,
    channels: Vec<OfChannel>,
    from: NaiveDate,
    to: NaiveDate,
    earlier: NaiveDate,
    later: Option<NaiveDate>,
}

impl Page {
    fn median(&self, day: &Day) -> String {
        day.median_minutes.map(|m| format!("{} phút", m.round() as i64)).unwrap_or_default()
    }
}

/// `GET /app/care-desk/figures`: two weeks up to a day.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let to = scheduling::pages::day_of(&asked.to, ctx.today()).min(ctx.today()).max(ctx.today() - Days::new(3660));
    let from = to - Days::new(13);
    let mut tx = ctx.begin().await?;
    let days = figures::list_days(&mut tx, from, to + Days::new(1)).await?;
    let channels = figures::list_channels(&mut tx, from, to + Days::new(1)).await?;
    let later = Some(to + Days::new(14)).filter(|_| to < ctx.today());
    let total = Day::sum(&days, to);
    web::html(Page { shell: ctx.shell("Số liệu tổng đài", &[("Esc", "Về tổng đài")]), total, days, channels, from, to, earlier: from - Days::new(1), later })
}
