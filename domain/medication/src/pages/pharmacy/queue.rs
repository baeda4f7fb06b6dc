//! Who waits for medicines, and what was handed over today.

use crate::dispensing::{Status, Supply};
use crate::store::{self, Handed, Queued, Which};
use askama::Template;
use base::{Age, PrescriptionId, Vnd, show_date, show_time};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Query, Shell, Tx};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("F3", "Người kế"), ("F5", "Bán lẻ"), ("Enter", "Mở đơn")];
/// A night shift still sees the evening's prescriptions after midnight.
const EVENING: TimeDelta = TimeDelta::hours(12);

/// Prescriptions older than this are not valid any more, whatever figure the circular has.
const OWED: TimeDelta = TimeDelta::days(15);

/// One who waits.
pub struct Row {
    pub queued: Queued,
    pub about: String,
    pub since: String,
    pub is_late: bool,
    pub at: String,
}

impl Row {
    fn of(queued: Queued, ctx: &Ctx) -> Row {
        let sex = match queued.sex.as_str() {
            "male" => "Nam ",
            "female" => "Nữ ",
            _ => "",
        };
        let minutes = (ctx.now - queued.issued_at).num_minutes().max(0);
        let day = base::local_date(queued.issued_at);
        Row {
            about: format!("{sex}{}", Age::on(queued.birth_date, ctx.today())),
            since: match minutes {
                _ if minutes >= 24 * 60 => show_date(day),
                m if m < 60 => format!("{m} phút"),
                m => format!("{} giờ {} phút", m / 60, m % 60),
            },
            is_late: minutes >= 20,
            at: if day == ctx.today() { show_time(queued.issued_at) } else { format!("{} {}", show_date(day), show_time(queued.issued_at)) },
            queued,
        }
    }
    pub fn price(&self) -> Vnd {
        Vnd(self.queued.price_vnd)
    }
    /// Colour, icon and word of the money side.
    pub fn money(&self) -> (&'static str, &'static str, &'static str) {
        match (self.queued.paid_at, self.queued.price_vnd) {
            (Some(_), _) => ("done", "circle-check", "Đã thanh toán"),
            (None, 0) => ("neutral", "cash", "Không thu tiền"),
            (None, _) => ("waiting", "clock-hour-4", "Chưa thanh toán"),
        }
    }
    pub fn is_partial(&self) -> bool {
        self.queued.supply == Supply::Partial
    }
}

/// The open queue, the longest wait first.
pub async fn open_rows(ctx: &Ctx, tx: &mut Tx, which: Which) -> Result<Vec<Row>, Failure> {
    let since = match which {
        Which::Open => base::dates::start_of_day(ctx.today()).min(ctx.now - EVENING),
        Which::Partial => ctx.now - OWED,
    };
    let queued = store::list_queue(tx.conn(), ctx.facility(), which, since, ctx.today()).await?;
    Ok(queued.into_iter().map(|q| Row::of(q, ctx)).collect())
}

/// The left column beside a prescription.
pub struct Line {
    pub rows: Vec<Row>,
    pub at: Option<PrescriptionId>,
}

impl Line {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, at: Option<PrescriptionId>) -> Result<Line, Failure> {
        Ok(Line { rows: open_rows(ctx, tx, Which::Open).await?, at })
    }
    pub fn is_at(&self, row: &Row) -> bool {
        self.at == Some(row.queued.id)
    }
    /// Whoever waits longest and may be served.
    pub fn next(&self) -> Option<&Row> {
        self.rows.iter().find(|r| !self.is_at(r) && r.money().0 != "waiting").or(self.rows.iter().find(|r| !self.is_at(r)))
    }
}

/// A row of what was handed over.
pub struct HandedRow {
    pub handed: Handed,
    pub at: String,
    pub look: (&'static str, &'static str),
    pub word: &'static str,
}

impl HandedRow {
    pub fn of(handed: Handed) -> HandedRow {
        let status = Status::from_key(&handed.status).unwrap_or(Status::Completed);
        let look = match status {
            Status::Completed => ("done", "circle-check"),
            Status::Declined => ("neutral", "x"),
            Status::PartlyReturned | Status::Returned => ("warning", "arrow-back-up"),
        };
        HandedRow { at: format!("{} {}", show_date(base::local_date(handed.at)), show_time(handed.at)), look, word: status.name(), handed }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueQuery {
    /// `open`, `partial`, `handed`; anything else is `open`.
    pub show: String,
    pub q: String,
    pub before: String,
}

/// A prescription that a search found, open or not.
pub struct Found {
    pub id: PrescriptionId,
    pub code: String,
    pub name: String,
    pub at: String,
    pub word: &'static str,
}

#[derive(Template)]
#[template(path = "pharmacy_queue.html")]
struct Page {
    shell: Shell,
    show: &'static str,
    typed: String,
    rows: Vec<Row>,
    handed: Vec<HandedRow>,
    more: Option<String>,
    found: Vec<Found>,
    may_sell: bool,
}

/// `GET /app/pharmacy`. A code that was typed or scanned goes straight to its prescription.
pub async fn show(ctx: Ctx, Query(query): Query<QueueQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let typed = query.q.trim().to_owned();
    if crate::code::is_code(&typed.to_lowercase())
        && let Some(id) = store::find_by_code(tx.conn(), facility, &typed).await?
    {
        return web::redirect(format!("/app/pharmacy/prescriptions/{id}"));
    }
    let show = match query.show.as_str() {
        "partial" => "partial",
        "handed" => "handed",
        _ => "open",
    };
    let mut page = Page {
        shell: ctx.shell("Phát thuốc", KEYS),
        show,
        rows: Vec::new(),
        handed: Vec::new(),
        more: None,
        found: Vec::new(),
        may_sell: ctx.may("dispense.write"),
        typed,
    };
    if !page.typed.is_empty() {
        let issued = store::list_issued(tx.conn(), facility, &page.typed, None).await?;
        page.found = issued
            .into_iter()
            .map(|p| Found {
                id: p.id,
                at: format!("{} {}", show_date(base::local_date(p.issued_at)), show_time(p.issued_at)),
                word: p.status.name(),
                code: p.code,
                name: p.patient_name,
            })
            .collect();
    } else if show == "handed" {
        let before: Option<DateTime<Utc>> = query.before.parse().ok();
        let handed = store::list_handed(tx.conn(), facility, None, before).await?;
        page.more = handed.last().filter(|_| handed.len() == 50).map(|last| last.at.to_rfc3339());
        page.handed = handed.into_iter().map(HandedRow::of).collect();
    } else {
        page.rows = open_rows(&ctx, &mut tx, if show == "partial" { Which::Partial } else { Which::Open }).await?;
    }
    tx.audit("list", "pharmacy", show, None, serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}
