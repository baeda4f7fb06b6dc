//! The desk's list of one day: who is awaited, who came, who still has to be called. Picture: one line a booking, the
//! number large, everything else beside it.

use crate::store::appointments;
use crate::{Appointment, code, who};
use askama::Template;
use base::AppointmentId;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Query, Tx};

/// What can be asked of the list. Everything may be absent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    day: String,
    show: String,
    q: String,
    after: Option<AppointmentId>,
}

/// A cut through the list: its key, its word, its statuses.
struct Cut {
    key: &'static str,
    word: &'static str,
    statuses: &'static [&'static str],
}

const CUTS: [Cut; 6] = [
    Cut { key: "awaited", word: "Sắp đến", statuses: &["confirmed"] },
    Cut { key: "pending", word: "Chờ sàng lọc", statuses: &["pending"] },
    Cut { key: "arrived", word: "Đã đến", statuses: &["arrived"] },
    Cut { key: "done", word: "Đã khám", statuses: &["fulfilled"] },
    Cut { key: "missed", word: "Không đến", statuses: &["noshow"] },
    Cut { key: "ended", word: "Đã hủy", statuses: &["cancelled", "refused", "expired", "moved"] },
];

#[derive(Template)]
#[template(path = "scheduling_desk.html")]
struct DeskPage {
    shell: web::Shell,
    rows: Vec<Appointment>,
    day: NaiveDate,
    before: NaiveDate,
    next: NaiveDate,
    today: NaiveDate,
    show: &'static str,
    /// The count of each cut.
    cuts: Vec<(&'static str, &'static str, i64)>,
    q: String,
    after: Option<AppointmentId>,
    may_manage: bool,
    may_plan: bool,
}

/// `GET /app/appointments`.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let today = ctx.today();
    let day = super::day_of(&asked.day, today);
    let q = asked.q.trim().to_owned();
    if let Some(id) = by_code(&mut tx, &q).await? {
        return web::redirect(format!("/app/appointments/{id}"));
    }
    let cut = CUTS.iter().find(|c| c.key == asked.show).unwrap_or(&CUTS[0]);
    let mut rows = match q.is_empty() {
        true => appointments::list_desk(&mut tx, day, cut.statuses, asked.after).await?,
        false => {
            let phone = who::read_phone(&q).unwrap_or_default();
            let name = if q.chars().any(char::is_alphabetic) { base::fold(&q) } else { String::new() };
            appointments::search(&mut tx, &phone, &name.chars().take(60).collect::<String>(), today - Days::new(7)).await?
        }
    };
    let after = (q.is_empty() && rows.len() > 100).then(|| rows[99].id);
    rows.truncate(100);
    let counts = appointments::count_day(&mut tx, day).await?;
    let count = |statuses: &[&str]| counts.iter().filter(|(s, _)| statuses.contains(&s.as_str())).map(|(_, n)| n).sum();
    if !rows.is_empty() {
        tx.audit("list", "appointment", day, None, serde_json::json!({ "count": rows.len(), "searched": !q.is_empty() }));
        tx.commit().await?;
    }
    web::html(DeskPage {
        shell: ctx.shell("Lịch hẹn", &[("F2", "Tìm, quét"), ("↑ ↓", "Chọn"), ("Enter", "Mở"), ("F3", "Đặt lịch")]),
        day,
        before: day - Days::new(1),
        next: day + Days::new(1),
        today,
        show: cut.key,
        cuts: CUTS.iter().map(|c| (c.key, c.word, count(c.statuses))).collect(),
        q,
        after,
        rows,
        may_manage: ctx.may(crate::MANAGE),
        may_plan: ctx.may(crate::PLAN),
    })
}

/// The booking of this facility that a typed or scanned code names.
async fn by_code(tx: &mut Tx, typed: &str) -> Result<Option<AppointmentId>, Failure> {
    let Some(code) = code::read(typed) else { return Ok(None) };
    let here = tx.facility();
    Ok(appointments::find_code(tx, &code).await?.filter(|(facility, _)| *facility == here).map(|(_, id)| id))
}

/// Where a scanned registration code leads.
pub async fn scan(tx: &mut Tx, typed: &str) -> Result<Option<String>, Failure> {
    Ok(by_code(tx, typed).await?.map(|id| format!("/app/appointments/{id}")))
}
