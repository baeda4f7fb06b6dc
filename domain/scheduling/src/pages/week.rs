//! The plan of a week: who works when, and how full it is; closures; the ways to change it.

use crate::closing::{self, ClosureFacts, TypedClosure};
use crate::store::openings::{self, Offer};
use crate::store::sessions::{self, Closure, Session};
use askama::Template;
use base::Problems;
use chrono::{Datelike, Days, NaiveDate};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Tx};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    week: String,
}

#[derive(Template)]
#[template(path = "scheduling_week.html")]
struct WeekPage {
    shell: web::Shell,
    monday: NaiveDate,
    before: NaiveDate,
    next: NaiveDate,
    today: NaiveDate,
    days: Vec<(NaiveDate, Vec<Session>)>,
    offers: Vec<Offer>,
    closures: Vec<Closure>,
    doctors: Vec<(Uuid, String)>,
    rooms: Vec<(String, String)>,
    form: TypedClosure,
    problems: Problems,
}

/// `GET /app/schedule`.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let day = super::day_of(&asked.week, ctx.today());
    web::html(load(&ctx, &mut tx, day, TypedClosure::default(), Problems::none()).await?)
}

async fn load(ctx: &Ctx, tx: &mut Tx, day: NaiveDate, mut form: TypedClosure, problems: Problems) -> Result<WeekPage, Failure> {
    let monday = day - Days::new(day.weekday().num_days_from_monday().into());
    let mut of_week = sessions::list(tx, monday, monday + Days::new(7)).await?.into_iter().peekable();
    let days = (0..7)
        .map(|n| monday + Days::new(n))
        .map(|day| {
            let mut here = Vec::new();
            while let Some(session) = of_week.next_if(|s| s.day == day) {
                here.push(session);
            }
            (day, here)
        })
        .collect();
    if form.id.is_empty() {
        form.id = Uuid::now_v7().to_string();
    }
    Ok(WeekPage {
        shell: ctx.shell("Lịch làm việc", &[("Tab", "Chọn"), ("Enter", "Mở")]),
        monday,
        before: monday - Days::new(7),
        next: monday + Days::new(7),
        today: ctx.today(),
        days,
        offers: openings::list_offers(tx, ctx.today()).await?,
        closures: sessions::list_closures(tx).await?,
        doctors: sessions::list_doctors(tx).await?,
        rooms: rooms(tx, ctx.today()).await?,
        form,
        problems,
    })
}

/// Rooms where people are examined, for a choice.
pub(super) async fn rooms(tx: &mut Tx, today: NaiveDate) -> Result<Vec<(String, String)>, Failure> {
    let facility = tx.facility();
    let rooms = organization::room::list(tx.conn(), facility, today, None).await?;
    Ok(rooms.into_iter().map(|r| (r.id.to_string(), r.name)).collect())
}

/// `POST /app/schedule/closures`: closes the times, then shows whom it hits.
pub async fn close(ctx: Ctx, Form(form): Form<TypedClosure>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = form.id.parse::<Uuid>();
    let facts = ClosureFacts::check(&form, ctx.now);
    let problems = match (id, facts) {
        (Ok(id), Ok(facts)) => {
            closing::close(&mut tx, id, &facts).await?;
            tx.commit().await?;
            return web::redirect(format!("/app/schedule/closures/{id}"));
        }
        (_, Err(problems)) => problems,
        (Err(_), _) => base::Problem::of("Biểu mẫu thiếu mã. Tải lại trang.").into(),
    };
    let day = super::day_of(&form.from_day, ctx.today());
    web::refused(load(&ctx, &mut tx, day, form, problems).await?)
}
