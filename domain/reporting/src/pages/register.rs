//! The visit register on screen, a hundred visits at a time, and as a sheet.

use super::{Filter, Tab, books, heading, period_of, tabs};
use crate::period::Period;
use crate::register::{After, LONGEST_SHEET, PAGE, Tally, Visit, Wanted, list_choices, list_visits, tally};
use crate::revenue::one_moment;
use crate::{EXPORT, sheet};
use askama::Template;
use base::{Problem, Problems};
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Query, Shell};

/// The states that the filter offers.
const STATES: [(&str, &str); 3] = [("finished", "Đã khám xong"), ("in_progress", "Đang khám"), ("cancelled", "Đã hủy")];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
    doctor: String,
    room: String,
    status: String,
    after: String,
    /// The counts of the first page, carried along.
    seen: String,
}

impl Asked {
    fn wanted(&self) -> Wanted {
        Wanted {
            doctor: self.doctor.parse().ok(),
            room: self.room.parse().ok(),
            status: STATES.iter().find(|(key, _)| *key == self.status).map(|(key, _)| (*key).to_owned()),
        }
    }
}

#[derive(Template)]
#[template(path = "register.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    here: &'static str,
    filter: Filter,
    problems: Problems,
    asked: Asked,
    doctors: Vec<(String, String)>,
    rooms: Vec<(String, String)>,
    states: Vec<(String, String)>,
    tally: Tally,
    visits: Vec<Visit>,
    more: Option<String>,
    may_export: bool,
    may_read_charts: bool,
}

impl Page {
    /// A new day begins at this visit.
    fn opens_day(&self, index: &usize) -> bool {
        *index == 0 || self.visits[*index].day != self.visits[*index - 1].day
    }
}

/// `GET /app/reports/visits?from=&to=&doctor=&room=&status=&after=`. The register holds diagnoses, so reading it is
/// written into the audit log.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let (period, filter, problems) = period_of(&ctx, &asked.from, &asked.to);
    let wanted = asked.wanted();
    let mut tx = ctx.begin().await?;
    let after = After::read(&asked.after);
    let tally = match Tally::read(&asked.seen).filter(|_| after.is_some()) {
        Some(seen) => seen,
        None => tally(&mut tx, period, &wanted).await?,
    };
    let mut visits = list_visits(&mut tx, period, &wanted, after, PAGE + 1).await?;
    let choices = list_choices(&mut tx, period).await?;
    let more = if visits.len() as i64 > PAGE {
        visits.truncate(PAGE as usize);
        visits.last().map(|last| After::of(last).key())
    } else {
        None
    };
    tx.audit("read", "visit_register", period.shown(), None, json!({ "rows": visits.len() }));
    tx.commit().await?;
    let of_kind = |kind: &str| {
        choices.iter().filter(|(k, _, _)| k == kind).map(|(_, id, name)| (id.to_string(), name.clone())).collect()
    };
    let refused = !problems.is_empty();
    let page = Page {
        shell: ctx.shell("Sổ khám bệnh", &[("F2", "Tìm"), ("↑↓", "Chọn"), ("Enter", "Mở")]),
        tabs: tabs(&ctx),
        here: "visits",
        filter,
        problems,
        doctors: of_kind("doctor"),
        rooms: of_kind("room"),
        states: STATES.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect(),
        asked,
        tally,
        visits,
        more,
        may_export: ctx.may(EXPORT),
        may_read_charts: ctx.may("chart.read"),
    };
    if refused { web::refused(page) } else { web::html(page) }
}

/// `GET /app/reports/visits.xlsx`: the whole period. Refuses more than fits a sheet that people can still open.
pub async fn export(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = Period::read(&asked.from, &asked.to, ctx.today())?;
    let wanted = asked.wanted();
    let mut tx = ctx.begin().await?;
    one_moment(&mut tx).await?;
    let visits = list_visits(&mut tx, period, &wanted, None, LONGEST_SHEET + 1).await?;
    if visits.len() as i64 > LONGEST_SHEET {
        return Err(Problem::at("to", "Hơn 50.000 lượt khám, quá dài cho một tệp Excel. Chọn khoảng ngày ngắn hơn.").into());
    }
    tx.audit("export", "visit_register", period.shown(), None, json!({ "rows": visits.len() }));
    tx.commit().await?;
    let heading = heading(&ctx, "Sổ khám bệnh".into(), period.shown());
    let bytes = tokio::task::spawn_blocking(move || sheet::register(&heading, &visits))
        .await
        .map_err(|fault| Failure::Fault(fault.into()))?
        .map_err(|fault| Failure::Fault(fault.into()))?;
    web::xlsx(bytes, &format!("so-kham-benh-{}-{}.xlsx", period.from, period.to))
}

/// `GET /app/reports/visits/pdf`: the register on paper.
pub async fn print(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let period = Period::read(&asked.from, &asked.to, ctx.today())?;
    let mut tx = ctx.begin().await?;
    one_moment(&mut tx).await?;
    let visits = list_visits(&mut tx, period, &asked.wanted(), None, books::ON_PAPER as i64 + 1).await?;
    books::as_paper(ctx, tx, "visit_register", crate::register::book(&visits, period), period, "so-kham-benh").await
}
