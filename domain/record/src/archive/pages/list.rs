//! The shelf, and one record on it.

use crate::archive::approval;
use crate::archive::status::Status;
use crate::archive::store::loans::{self, Loan};
use crate::archive::store::reopenings::{self, Reopening};
use crate::archive::store::{self, Copy, Filter};
use crate::complete::store as covers;
use crate::complete::store::Cover;
use crate::form::setting::{self, Class};
use crate::sign::flow;
use crate::sign::store::documents::{self, Paper};
use askama::Template;
use base::{Problem, Problems, show_date};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub q: String,
    pub year: String,
    pub class: String,
    pub state: String,
    /// Where the page before ended.
    pub after: String,
}

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "archive-list.html")]
struct ListPage {
    shell: Shell,
    asked: Asked,
    rows: Vec<Cover>,
    next: String,
    tally: (i64, i64, i64, i64),
    waiting: Vec<(Uuid, Uuid, String, String, String)>,
    years: Vec<(String, String)>,
    classes: Vec<(String, String)>,
    today: NaiveDate,
}

impl ListPage {
    fn class(&self, key: &str) -> &'static str {
        Class::from_key(key).map_or("", Class::title)
    }
    fn day(&self, at: &Option<DateTime<Utc>>) -> String {
        at.map(|at| show_date(base::local_date(at))).unwrap_or_default()
    }
    fn date(&self, day: &Option<NaiveDate>) -> String {
        day.map(show_date).unwrap_or_default()
    }
    fn is_due(&self, cover: &Cover) -> bool {
        cover.status == "archived" && cover.retention_until.is_some_and(|until| until < self.today)
    }
    /// The address of the same list in another state.
    fn with_state(&self, state: &str) -> String {
        format!("/app/archive?state={state}&year={}&class={}", self.asked.year, self.asked.class)
    }
    fn next_href(&self) -> String {
        format!("{}&after={}", self.with_state(&self.asked.state), self.next)
    }
}

/// `GET /app/archive`
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let filter = Filter {
        text: base::fold(asked.q.trim()).chars().filter(|c| !matches!(c, '%' | '_' | '\\')).collect(),
        year: asked.year.parse().ok(),
        class: asked.class.clone(),
        state: asked.state.clone(),
    };
    let after = asked.after.split_once('.').and_then(|(at, id)| Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?)));
    let mut rows = store::list(&mut tx, &filter, after, PAGE + 1).await?;
    let has_next = rows.len() as i64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(50));
    let next = rows.last().filter(|_| has_next).and_then(|c| Some(format!("{}.{}", c.archived_at?.timestamp_micros(), c.record_id))).unwrap_or_default();
    let today = ctx.today();
    let page = ListPage {
        shell: ctx.shell("Lưu trữ hồ sơ", &[("Enter", "Mở hồ sơ"), ("M", "Đang cho mượn"), ("H", "Đề nghị hủy")]),
        tally: store::tally(&mut tx).await?,
        waiting: if ctx.may("archive.approve") { reopenings::list_waiting(&mut tx).await? } else { Vec::new() },
        years: (0..12).map(|n| (today.year() - n).to_string()).map(|y| (y.clone(), y)).collect(),
        classes: Class::ALL.iter().map(|c| (c.key().to_owned(), c.title().to_owned())).collect(),
        asked,
        rows,
        next,
        today,
    };
    tx.audit("read", "record_archive", "", None, json!({ "records": page.rows.len() }));
    tx.commit().await?;
    web::html(page)
}

/// What was typed into one of the forms beside a record.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub id: String,
    pub borrower: String,
    pub purpose: String,
    pub due: String,
    pub asked_by: String,
    pub capacity: String,
    pub doc: Vec<String>,
    pub reason: String,
    pub decision: String,
}

#[derive(Template)]
#[template(path = "archive-record.html")]
pub struct RecordPage {
    shell: Shell,
    cover: Cover,
    papers: Vec<Paper>,
    loans: Vec<Loan>,
    copies: Vec<Copy>,
    reopenings: Vec<Reopening>,
    steps: Vec<(String, String, DateTime<Utc>, String, String)>,
    mint: Uuid,
    may_manage: bool,
    may_reopen: bool,
    may_approve: bool,
    me: base::Actor,
    typed: Typed,
    about: &'static str,
    today: NaiveDate,
    problems: Problems,
}

impl RecordPage {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, record: Uuid) -> Result<RecordPage, Failure> {
        let cover = covers::get(tx, record).await?;
        if !matches!(cover.status(), Status::Archived | Status::Reopened | Status::Destroyed) && cover.archive_no.is_empty() {
            return Err(Failure::NotFound);
        }
        let days = setting::loan_days(tx, ctx.today()).await?;
        let due = ctx.today() + Days::new(u64::try_from(days).unwrap_or(7));
        Ok(RecordPage {
            shell: ctx.shell("Hồ sơ lưu trữ", &[("M", "Cho mượn"), ("S", "Cấp bản sao"), ("Esc", "Về kho")]),
            papers: documents::list_of_record(tx, record).await?,
            loans: loans::of_record(tx, record).await?,
            copies: store::copies(tx, record).await?,
            reopenings: reopenings::of_record(tx, record).await?,
            steps: covers::steps(tx, record).await?,
            mint: Uuid::now_v7(),
            may_manage: ctx.may("archive.manage"),
            may_reopen: ctx.may("archive.reopen"),
            may_approve: ctx.may("archive.approve"),
            me: ctx.actor.clone(),
            typed: Typed { due: show_date(due), ..Typed::default() },
            about: "",
            today: ctx.today(),
            problems: Problems::none(),
            cover,
        })
    }
    /// The same page with what was typed into one of its forms.
    pub fn refused(self, about: &'static str, typed: Typed, problems: Problems) -> RecordPage {
        RecordPage { about, typed, problems, ..self }
    }
    fn problem(&self, about: &str, field: &str) -> &str {
        if self.about == about { self.problems.at(field) } else { "" }
    }
    fn of<'a>(&self, about: &str, text: &'a str) -> &'a str {
        if self.about == about || self.about.is_empty() { text } else { "" }
    }
    fn class(&self) -> &'static str {
        Class::from_key(&self.cover.retention_class).map_or("", Class::title)
    }
    fn until(&self) -> String {
        self.cover.retention_until.map(show_date).unwrap_or_default()
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        crate::sign::badge::when(*at)
    }
    fn when(&self, at: &Option<DateTime<Utc>>) -> String {
        at.map(crate::sign::badge::when).unwrap_or_default()
    }
    fn date(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn title(&self, status: &str) -> &'static str {
        Status::from_key(status).map_or("", Status::title)
    }
    fn is_archived(&self) -> bool {
        self.cover.status() == Status::Archived
    }
    fn is_gone(&self) -> bool {
        self.cover.status() == Status::Destroyed
    }
    fn is_out(&self) -> bool {
        self.loans.iter().any(Loan::is_out)
    }
    fn is_overdue(&self, loan: &Loan) -> bool {
        loan.is_overdue(self.today)
    }
    /// Sealed for decades.
    fn is_sealed(&self, paper: &Paper) -> bool {
        paper.signatures.iter().any(|s| s.role == flow::ARCHIVE)
    }
    fn asks_me(&self, reopening: &Reopening) -> bool {
        self.may_approve && approval::side_of(&reopening.agreed(), &self.me).is_ok()
    }
    fn is_chosen(&self, paper: &Paper) -> bool {
        self.about != "copy" || self.typed.doc.iter().any(|d| *d == paper.document_id.to_string())
    }
    fn wish_is_open(&self) -> bool {
        self.reopenings.iter().any(Reopening::is_open)
    }
}

/// `GET /app/archive/{record}`
pub async fn show(ctx: Ctx, Path(record): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = RecordPage::load(&ctx, &mut tx, record).await?;
    tx.audit("read", "record", record, Some(base::PatientId(page.cover.patient_id)), Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// Shows the record again with what one of its forms refused.
pub async fn again(ctx: &Ctx, record: Uuid, about: &'static str, typed: Typed, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    web::refused(RecordPage::load(ctx, &mut tx, record).await?.refused(about, typed, problems))
}

/// `POST /app/archive/{record}/hold`: must not be destroyed, and why; an empty reason lifts it.
pub async fn hold(ctx: Ctx, Path(record): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::lock(&mut tx, record).await?;
    if cover.status() == Status::Destroyed {
        drop(tx);
        return again(&ctx, record, "hold", typed, Problem::of("Hồ sơ đã hủy.").into()).await;
    }
    let reason = typed.reason.trim().to_owned();
    if reason.chars().count() > 200 {
        drop(tx);
        return again(&ctx, record, "hold", typed, Problem::at("reason", "Lý do tối đa 200 ký tự.").into()).await;
    }
    store::set_hold(&mut tx, record, &reason).await?;
    tx.audit("hold", "record", record, Some(base::PatientId(cover.patient_id)), json!({ "held": !reason.is_empty() }));
    tx.commit().await?;
    web::redirect(format!("/app/archive/{record}"))
}
