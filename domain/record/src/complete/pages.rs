//! The list of records on their way to the archive, and one record with each gap and the key that leads there.

use super::rule::{Checklist, Gap, Why};
use super::store::{self, Cover, Return, Scope};
use super::count;
use crate::archive::accept::{self, Accepting};
use crate::archive::status::{self, Status};
use crate::form::setting::Class;
use crate::sign::pages::tray::waited;
use askama::Template;
use base::{Problem, Problems};
use chrono::{DateTime, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

/// Whose records the actor sees: the planning department all, others their own and their ward's.
pub async fn scope(ctx: &Ctx, tx: &mut Tx) -> Result<Scope, Failure> {
    Ok(Scope {
        all: ctx.may("record.accept"),
        practitioner: ctx.actor.practitioner.map(|p| p.0),
        account: ctx.actor.account.0,
        rooms: store::my_rooms(tx, ctx.room().map(|r| r.0)).await?,
    })
}

#[derive(Deserialize)]
pub struct Filter {
    #[serde(default)]
    step: String,
}

/// A record with its count.
pub struct Row {
    pub cover: Cover,
    pub list: Checklist,
}

impl Row {
    fn late(&self, now: &DateTime<Utc>) -> usize {
        self.list.gaps.iter().filter(|g| g.is_late(*now)).count()
    }
    /// The width of the bar, of 100.
    fn share(&self) -> usize {
        if self.list.total == 0 { 100 } else { self.list.done * 100 / self.list.total }
    }
}

#[derive(Template)]
#[template(path = "complete-list.html")]
struct ListPage {
    shell: Shell,
    step: String,
    rows: Vec<Row>,
    now: DateTime<Utc>,
}

impl ListPage {
    fn ago(&self, at: &Option<DateTime<Utc>>) -> String {
        at.map(|at| waited(self.now - at)).unwrap_or_else(|| "đang điều trị".into())
    }
    fn late(&self) -> usize {
        self.rows.iter().filter(|r| r.late(&self.now) > 0).count()
    }
}

const LISTED: i64 = 100;

/// `GET /app/completion`
pub async fn list(ctx: Ctx, Query(filter): Query<Filter>) -> Answer {
    let mut tx = ctx.begin().await?;
    let is_planner = ctx.may("record.accept");
    let step = match filter.step.as_str() {
        "submitted" | "completing" => filter.step,
        _ if is_planner => "submitted".to_owned(),
        _ => "completing".to_owned(),
    };
    let statuses: &[&str] = if step == "submitted" { &["submitted"] } else { &["completing", "returned", "reopened"] };
    let scope = scope(&ctx, &mut tx).await?;
    let covers = store::list(&mut tx, statuses, &scope, LISTED).await?;
    let mut lists = count::lists(&mut tx, &covers).await?;
    let mut rows: Vec<Row> = covers.into_iter().map(|cover| Row { list: lists.remove(&cover.record_id).unwrap_or_default(), cover }).collect();
    rows.sort_by_key(|r| (std::cmp::Reverse(r.late(&ctx.now)), r.cover.ended_at));
    tx.audit("read", "record_completion", "", None, json!({ "records": rows.len() }));
    tx.commit().await?;
    let shell = ctx.shell("Hoàn thiện hồ sơ", &[("Enter", "Mở hồ sơ")]);
    web::html(ListPage { shell, step, rows, now: ctx.now })
}

#[derive(Template)]
#[template(path = "complete-record.html")]
struct RecordPage {
    shell: Shell,
    cover: Cover,
    list: Checklist,
    returns: Vec<Return>,
    steps: Vec<(String, String, DateTime<Utc>, String, String)>,
    is_mine: bool,
    may_submit: bool,
    may_accept: bool,
    classes: Vec<(String, String)>,
    class: String,
    typed: ReturnForm,
    now: DateTime<Utc>,
    problems: Problems,
}

impl RecordPage {
    async fn load(ctx: &Ctx, tx: &mut Tx, record: Uuid) -> Result<RecordPage, Failure> {
        let cover = store::get(tx, record).await?;
        let scope = scope(ctx, tx).await?;
        let is_mine = store::is_in_scope(tx, record, &scope).await?;
        // Another doctor's special record is not there for those who do not care for the patient.
        if !is_mine && cover.sensitivity != "ordinary" {
            return Err(Failure::NotFound);
        }
        let list = count::list(tx, &cover).await?;
        let suggested = accept::suggest(tx, &cover).await?;
        let status = cover.status();
        Ok(RecordPage {
            shell: ctx.shell("Hoàn thiện hồ sơ", &[("1", "Tới chỗ thiếu đầu tiên"), ("F8", "Nộp hoặc nhận"), ("Esc", "Về danh sách")]),
            returns: store::returns(tx, &[record]).await?,
            steps: store::steps(tx, record).await?,
            may_submit: ctx.may("record.complete") && is_mine && matches!(status, Status::Completing | Status::Returned | Status::Reopened),
            may_accept: ctx.may("record.accept") && status == Status::Submitted,
            classes: Class::ALL.iter().map(|c| (c.key().to_owned(), c.title().to_owned())).collect(),
            class: suggested.key().to_owned(),
            typed: ReturnForm::default(),
            now: ctx.now,
            problems: Problems::none(),
            is_mine,
            list,
            cover,
        })
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        crate::sign::badge::when(*at)
    }
    fn day(&self, at: &Option<DateTime<Utc>>) -> String {
        at.map(|at| crate::sign::badge::when(at)).unwrap_or_default()
    }
    fn title(&self, status: &str) -> &'static str {
        Status::from_key(status).map_or("", Status::title)
    }
    /// "còn 3 giờ" or "trễ 2 ngày"; the words of the form where there is no hour.
    fn term(&self, gap: &Gap) -> String {
        match gap.due {
            Some(due) if due < self.now => format!("trễ {}", waited(self.now - due)),
            Some(due) => format!("còn {}", waited(due - self.now)),
            None => gap.deadline.clone(),
        }
    }
    fn age(&self, gap: &Gap) -> String {
        waited(self.now - gap.since)
    }
    fn is_late(&self, gap: &Gap) -> bool {
        gap.is_late(self.now)
    }
    /// Where a gap is closed.
    fn href(&self, gap: &Gap) -> String {
        match gap.document {
            None => format!("/app/records/{}/forms?form={}", self.cover.record_id, gap.form.replace('/', "%2F")),
            Some(document) if gap.why == Why::Unsigned && gap.is_for_patient() => format!("/app/sign/confirm/{document}"),
            Some(document) => format!("/app/documents/{document}"),
        }
    }
    fn look(&self, gap: &Gap) -> (&'static str, &'static str, &'static str) {
        match gap.why {
            Why::Returned => ("warning", "arrow-back-up", "Bị trả lại"),
            Why::Missing => ("critical", "file-off", "Chưa có"),
            Why::Draft => ("draft", "edit", "Chưa xong"),
            Why::Unsigned => ("waiting", "signature", "Thiếu chữ ký"),
        }
    }
    /// Returns that concern the record as a whole.
    fn general(&self) -> Vec<&Return> {
        self.returns.iter().filter(|r| r.document_id.is_none()).collect()
    }
    fn return_of(&self, document: &Option<Uuid>) -> Option<&Return> {
        self.returns.iter().find(|r| r.document_id.is_some() && r.document_id == *document)
    }
    /// Nothing is missing, and nothing that was sent back is open.
    fn is_ready(&self) -> bool {
        self.list.gaps.is_empty() && self.general().is_empty()
    }
    /// What the planner may send back: every paper of the record.
    fn papers(&self) -> Vec<(Uuid, String)> {
        let open = self.list.gaps.iter().filter_map(|g| Some((g.document?, g.title.clone())));
        self.list.complete.iter().cloned().chain(open).collect()
    }
    fn reason(&self, document: &Uuid) -> &str {
        self.typed.reasons.get(document).map_or("", String::as_str)
    }
    fn outcome(&self) -> &'static str {
        match self.cover.outcome.as_str() {
            "recovered" => "Khỏi",
            "improved" => "Đỡ, giảm",
            "unchanged" => "Không thay đổi",
            "worse" => "Nặng hơn",
            "died" => "Tử vong",
            _ => "",
        }
    }
}

/// `GET /app/completion/{record}`
pub async fn show(ctx: Ctx, Path(record): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = RecordPage::load(&ctx, &mut tx, record).await?;
    tx.audit("read", "record", record, Some(base::PatientId(page.cover.patient_id)), Value::Null);
    tx.commit().await?;
    web::html(page)
}

async fn again(ctx: &Ctx, record: Uuid, typed: ReturnForm, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = RecordPage::load(ctx, &mut tx, record).await?;
    web::refused(RecordPage { typed, problems, ..page })
}

/// `POST /app/completion/{record}/submission`: hands the record in. Refuses while anything is missing.
pub async fn submit(ctx: Ctx, Path(record): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = store::lock(&mut tx, record).await?;
    let scope = scope(&ctx, &mut tx).await?;
    if !store::is_in_scope(&mut tx, record, &scope).await? {
        return Err(if cover.sensitivity == "ordinary" {
            Failure::Forbidden("Bác sĩ điều trị hoặc khoa giữ hồ sơ mới nộp được.".into())
        } else {
            Failure::NotFound
        });
    }
    let status = cover.status();
    if status == Status::Submitted {
        return web::redirect(format!("/app/completion/{record}"));
    }
    store::close_answered(&mut tx, record).await?;
    let list = count::list(&mut tx, &cover).await?;
    let open = store::returns(&mut tx, &[record]).await?;
    let mut problems = Problems::none();
    if let Some(gap) = list.gaps.first() {
        let more = list.gaps.len() - 1;
        let rest = if more > 0 { format!(" và {more} chỗ nữa") } else { String::new() };
        problems.add("", format!("Chưa nộp được: {} ({}){rest}. Bổ sung rồi nộp.", gap.title, gap.said.to_lowercase()));
    }
    problems.add_if(list.gaps.is_empty() && !open.is_empty(), "", "Còn yêu cầu của phòng Kế hoạch tổng hợp chưa trả lời.");
    problems.add_if(cover.ended_at.is_none(), "", "Đợt điều trị chưa kết thúc.");
    if !problems.is_empty() {
        drop(tx);
        return again(&ctx, record, ReturnForm::default(), problems).await;
    }
    // What other modules released is drawn now: an archived record takes nothing any more.
    crate::desk::settle_papers(&ctx.app, &mut tx, base::RecordId(record)).await?;
    status::note(&mut tx, record, status, Status::Submitted, "").await?;
    store::set_status(&mut tx, record, Status::Submitted).await?;
    tx.audit("submit", "record", record, Some(base::PatientId(cover.patient_id)), json!({ "documents": list.total }));
    tx.notify("completion");
    tx.commit().await?;
    web::redirect(format!("/app/completion/{record}"))
}

#[derive(Deserialize)]
pub struct AnswerForm {
    #[serde(default)]
    note: String,
}

/// `POST /app/completion/{record}/answers/{item}`: answers what was sent back without a new version.
pub async fn answer(ctx: Ctx, Path((record, item)): Path<(Uuid, Uuid)>, Form(form): Form<AnswerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = store::get(&mut tx, record).await?;
    let open = store::returns(&mut tx, &[record]).await?;
    if !open.iter().any(|r| r.return_id == item) {
        // Answered a moment ago by the same click, or of another record.
        return if cover.status() == Status::Returned { web::redirect(format!("/app/completion/{record}")) } else { Err(Failure::NotFound) };
    }
    let scope = scope(&ctx, &mut tx).await?;
    if !store::is_in_scope(&mut tx, record, &scope).await? {
        return Err(Failure::Forbidden("Bác sĩ điều trị hoặc khoa giữ hồ sơ mới trả lời được.".into()));
    }
    let note = form.note.trim();
    if note.is_empty() || note.chars().count() > 300 {
        return again(&ctx, record, ReturnForm::default(), Problem::of("Ghi đã xử lý thế nào (tối đa 300 ký tự).").into()).await;
    }
    store::answer_return(&mut tx, record, item, note).await?;
    tx.audit("answer", "record", record, Some(base::PatientId(cover.patient_id)), json!({ "return": item }));
    tx.commit().await?;
    web::redirect(format!("/app/completion/{record}"))
}

/// What the planner typed: a reason beside each paper that goes back, and one for the whole.
#[derive(Clone, Debug, Default)]
pub struct ReturnForm {
    pub whole: String,
    pub reasons: HashMap<Uuid, String>,
}

/// `POST /app/completion/{record}/return`
pub async fn send_back(ctx: Ctx, Path(record): Path<Uuid>, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = store::lock(&mut tx, record).await?;
    let mut form = ReturnForm::default();
    for (name, text) in pairs {
        let text: String = text.trim().to_owned();
        if text.is_empty() {
            continue;
        }
        if name == "whole" {
            form.whole = text;
        } else if let Some(id) = name.strip_prefix("reason.").and_then(|id| id.parse().ok()) {
            form.reasons.insert(id, text);
        }
    }
    let papers = crate::sign::store::documents::list_of_record(&mut tx, record).await?;
    form.reasons.retain(|id, _| papers.iter().any(|p| p.document_id == *id));
    if cover.status() == Status::Returned {
        return web::redirect("/app/completion");
    }
    let mut problems = Problems::none();
    problems.add_if(form.whole.is_empty() && form.reasons.is_empty(), "whole", "Ghi lý do bên giấy cần sửa, hoặc lý do chung.");
    let is_long = form.reasons.values().chain([&form.whole]).any(|t| t.chars().count() > 300);
    problems.add_if(is_long, "whole", "Mỗi lý do tối đa 300 ký tự.");
    problems.add_if(cover.status() != Status::Submitted, "", "Hồ sơ không còn chờ duyệt. Tải lại trang.");
    if !problems.is_empty() {
        drop(tx);
        return again(&ctx, record, form, problems).await;
    }
    let mut ids: Vec<&Uuid> = form.reasons.keys().collect();
    ids.sort_unstable();
    for id in ids {
        store::insert_return(&mut tx, record, Some(*id), &form.reasons[id]).await?;
    }
    if !form.whole.is_empty() {
        store::insert_return(&mut tx, record, None, &form.whole).await?;
    }
    status::note(&mut tx, record, Status::Submitted, Status::Returned, &form.whole).await?;
    store::set_status(&mut tx, record, Status::Returned).await?;
    tx.audit("return", "record", record, Some(base::PatientId(cover.patient_id)), json!({ "documents": form.reasons.len() }));
    tx.notify("completion");
    tx.commit().await?;
    web::redirect("/app/completion")
}

/// `POST /app/completion/{record}/acceptance`: into the archive.
pub async fn accept(ctx: Ctx, Path(record): Path<Uuid>, Form(form): Form<Accepting>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::get(&mut tx, record).await?;
    match accept::accept(&mut tx, record, &form).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/archive/{record}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            again(&ctx, record, ReturnForm::default(), problems).await
        }
        Err(other) => Err(other),
    }
}

/// What still stands in the way of ending a stay: for `web::ask::Records::gaps`.
pub async fn gaps(tx: &mut Tx, encounter: Uuid) -> Result<Vec<String>, Failure> {
    let Some(cover) = store::of_encounter(tx, encounter).await? else { return Ok(Vec::new()) };
    let list = count::list(tx, &cover).await?;
    Ok(list.gaps.into_iter().map(|g| format!("{}: {}", g.title, g.said.to_lowercase())).collect())
}
