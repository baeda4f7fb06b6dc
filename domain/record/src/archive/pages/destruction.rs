//! Records past their time: a list, minutes, two agreements; then the files are forgotten. Cover, minutes and the book of
//! steps stay (Luật Lưu trữ 33/2024/QH15, art. 16; TT 33/2025/TT-BYT).

use crate::archive::approval;
use crate::archive::status::{self, Status};
use crate::archive::store::destructions::{self, Batch, Item};
use crate::archive::store::{self};
use crate::complete::store::Cover;
use crate::form::setting::Class;
use askama::Template;
use base::{Problem, Problems, show_date};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposal {
    pub id: String,
    pub council: String,
    pub decision: String,
    pub record: Vec<String>,
}

#[derive(Template)]
#[template(path = "archive-destructions.html")]
struct ListPage {
    shell: Shell,
    batches: Vec<Batch>,
    due: Vec<Cover>,
    may_manage: bool,
    mint: Uuid,
    typed: Proposal,
    problems: Problems,
}

impl ListPage {
    async fn load(ctx: &Ctx, tx: &mut Tx) -> Result<ListPage, Failure> {
        Ok(ListPage {
            shell: ctx.shell("Hủy hồ sơ hết thời hạn", &[("F8", "Lập đề nghị"), ("Esc", "Về kho")]),
            batches: destructions::list(tx).await?,
            due: store::list_due(tx, ctx.today(), 200).await?,
            may_manage: ctx.may("archive.manage"),
            mint: Uuid::now_v7(),
            typed: Proposal::default(),
            problems: Problems::none(),
        })
    }
    fn class(&self, key: &str) -> &'static str {
        Class::from_key(key).map_or("", Class::title)
    }
    fn date(&self, day: &Option<NaiveDate>) -> String {
        day.map(show_date).unwrap_or_default()
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        show_date(base::local_date(*at))
    }
    fn is_chosen(&self, cover: &Cover) -> bool {
        self.typed.record.iter().any(|r| *r == cover.record_id.to_string())
    }
}

/// `GET /app/archive/destructions`
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = ListPage::load(&ctx, &mut tx).await?;
    tx.audit("read", "record_destruction", "", None, json!({ "due": page.due.len() }));
    tx.commit().await?;
    web::html(page)
}

/// Most records of one batch.
const MOST: usize = 200;

/// `POST /app/archive/destructions`: proposes a batch. Refuses records whose time is not over, and held or lent ones.
pub async fn propose(ctx: Ctx, Form(typed): Form<Proposal>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id: Uuid = typed.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    if destructions::find(&mut tx, id).await?.is_some() {
        return web::redirect(format!("/app/archive/destructions/{id}"));
    }
    let wanted: Vec<Uuid> = typed.record.iter().filter_map(|r| r.parse().ok()).collect();
    let mut problems = Problems::none();
    let (council, decision) = (typed.council.trim(), typed.decision.trim());
    problems.add_if(council.is_empty() || council.chars().count() > 500, "council", "Ghi thành phần Hội đồng xét hủy (tối đa 500 ký tự).");
    problems.add_if(decision.is_empty() || decision.chars().count() > 120, "decision", "Ghi số quyết định thành lập Hội đồng (tối đa 120 ký tự).");
    problems.add_if(wanted.is_empty(), "record", "Chọn ít nhất một hồ sơ.");
    problems.add_if(wanted.len() > MOST, "record", format!("Mỗi đợt tối đa {MOST} hồ sơ."));
    store::lock_all(&mut tx, &wanted).await?;
    let due = store::list_due(&mut tx, ctx.today(), 10_000).await?;
    let covers: Vec<Cover> = due.into_iter().filter(|c| wanted.contains(&c.record_id)).collect();
    problems.add_if(covers.len() < wanted.len(), "record", "Có hồ sơ chưa hết thời hạn, đang giữ lại, đang cho mượn hoặc đã nằm trong đợt khác. Tải lại danh sách.");
    if !problems.is_empty() {
        drop(tx);
        let mut tx = ctx.begin().await?;
        let page = ListPage::load(&ctx, &mut tx).await?;
        return web::refused(ListPage { typed, problems, ..page });
    }
    destructions::insert(&mut tx, id, council, decision, &covers).await?;
    tx.audit("propose", "record_destruction", id, None, json!({ "records": covers.len() }));
    tx.commit().await?;
    web::redirect(format!("/app/archive/destructions/{id}"))
}

#[derive(Template)]
#[template(path = "archive-destruction.html")]
struct BatchPage {
    shell: Shell,
    batch: Batch,
    items: Vec<Item>,
    asks_me: bool,
    problems: Problems,
}

impl BatchPage {
    async fn load(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<BatchPage, Failure> {
        let batch = destructions::find(tx, id).await?.ok_or(Failure::NotFound)?;
        let asks_me = ctx.may("archive.approve") && approval::side_of(&batch.agreed(), &ctx.actor).is_ok();
        let shell = ctx.shell("Đợt hủy hồ sơ", &[("F9", "In biên bản"), ("Esc", "Về danh sách")]);
        Ok(BatchPage { shell, items: destructions::items(tx, id).await?, asks_me, batch, problems: Problems::none() })
    }
    fn date(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn ended(&self, item: &Item) -> String {
        item.ended_on.map(show_date).unwrap_or_default()
    }
    fn when(&self, at: &Option<DateTime<Utc>>) -> String {
        at.map(crate::sign::badge::when).unwrap_or_default()
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        crate::sign::badge::when(*at)
    }
}

/// `GET /app/archive/destructions/{destruction}`
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = BatchPage::load(&ctx, &mut tx, id).await?;
    tx.audit("read", "record_destruction", id, None, Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// The minutes as paper.
async fn paper(ctx: &Ctx, tx: &mut Tx, batch: &Batch) -> Result<Vec<u8>, Failure> {
    let facility = tx.facility().0;
    let head: Value = sqlx::query_scalar(sql!(
        "SELECT jsonb_build_object('name', coalesce(nullif(legal_name, ''), name), 'parent', nullif(governing_body, ''), 'address', address, 'phone', phone)
         FROM organization_facility WHERE facility_id = $1"
    ))
    .bind(facility)
    .fetch_one(tx.conn())
    .await?;
    let items = destructions::items(tx, batch.destruction_id).await?;
    let agreed = |name: &str, at: &Option<DateTime<Utc>>| at.map(|at| format!("{name}, {}", crate::sign::badge::when(at))).unwrap_or_else(|| "chưa duyệt".into());
    let figure = |label: &str, value: String| json!({ "label": label, "value": value });
    let data = json!({
        "head": head,
        "title": "Biên bản hủy hồ sơ bệnh án hết thời hạn lưu trữ",
        "about": batch.show_number(),
        "figures": [
            figure("Quyết định thành lập Hội đồng", batch.decision.clone()),
            figure("Hội đồng", batch.council.clone()),
            figure("Người lập", agreed(&batch.proposed_name, &Some(batch.proposed_at))),
            figure("Phòng Kế hoạch tổng hợp", agreed(&batch.planner_name, &batch.planner_at)),
            figure("Lãnh đạo", agreed(&batch.director_name, &batch.director_at)),
            figure("Số hồ sơ", items.len().to_string()),
        ],
        "tables": [{
            "title": "Danh mục hồ sơ",
            "columns": [
                { "title": "TT", "number": true }, { "title": "Số lưu trữ", "width": "16" }, { "title": "Người bệnh", "width": "26" }, { "title": "Mã người bệnh", "width": "16" },
                { "title": "Kết thúc", "width": "14" }, { "title": "Lưu đến", "width": "14" }, { "title": "Số giấy", "number": true },
            ],
            "rows": items.iter().enumerate().map(|(n, i)| json!({ "cells": [
                (n + 1).to_string(), i.archive_no, i.patient_name, i.patient_record_no, i.ended_on.map(show_date).unwrap_or_default(), show_date(i.retention_until), i.documents.to_string(),
            ] })).collect::<Vec<_>>(),
        }],
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
        "draft": batch.is_open() && !batch.agreed().is_complete(),
    });
    ctx.app.papers().render("report", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!("the minutes cannot be drawn: {e}")))
}

/// `GET /app/archive/destructions/{destruction}/pdf`: the minutes, as kept once it is done.
pub async fn minutes(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let batch = destructions::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let content = if batch.minutes_sha256.is_empty() {
        paper(&ctx, &mut tx, &batch).await?
    } else {
        ctx.app.files().fetch(ctx.facility(), &batch.minutes_sha256).await?
    };
    tx.audit("print", "record_destruction", id, None, Value::Null);
    tx.commit().await?;
    web::pdf(content, &format!("{}.pdf", batch.show_number()))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decision {
    pub decision: String,
    pub reason: String,
}

/// `POST /app/archive/destructions/{destruction}/decision`: the second agreement destroys.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Decision>) -> Answer {
    let mut tx = ctx.begin().await?;
    let batch = destructions::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let outcome = if form.decision == "refuse" { refuse(&mut tx, &batch, form.reason.trim()).await } else { agree(&ctx, &mut tx, &batch).await };
    match outcome {
        Ok(files) => {
            tx.commit().await?;
            // Only now: a transaction that failed must find its files still there.
            for file in files {
                ctx.app.files().forget(ctx.facility(), &file).await?;
            }
            web::redirect(format!("/app/archive/destructions/{id}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = BatchPage::load(&ctx, &mut tx, id).await?;
            web::refused(BatchPage { problems, ..page })
        }
        Err(other) => Err(other),
    }
}

async fn refuse(tx: &mut Tx, batch: &Batch, why: &str) -> Result<Vec<String>, Failure> {
    if !batch.is_open() {
        return Err(Problem::of("Việc này đã quyết định xong. Tải lại trang.").into());
    }
    if why.is_empty() || why.chars().count() > 300 {
        return Err(Problem::at("reason", "Không duyệt thì ghi lý do (tối đa 300 ký tự).").into());
    }
    destructions::refuse(tx, batch.destruction_id, why).await?;
    tx.audit("refuse", "record_destruction", batch.destruction_id, None, Value::Null);
    Ok(Vec::new())
}

/// One agreement; with the second the records are destroyed. Gives the files to forget after the commit.
async fn agree(ctx: &Ctx, tx: &mut Tx, batch: &Batch) -> Result<Vec<String>, Failure> {
    let side = approval::side_of(&batch.agreed(), &ctx.actor)?;
    destructions::agree(tx, batch.destruction_id, side).await?;
    tx.audit("approve", "record_destruction", batch.destruction_id, None, json!({ "side": format!("{side:?}") }));
    let Some(now) = destructions::find(tx, batch.destruction_id).await? else { return Err(Failure::NotFound) };
    if !now.agreed().is_complete() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = destructions::items(tx, batch.destruction_id).await?.into_iter().map(|i| i.record_id).collect();
    let covers = store::lock_all(tx, &ids).await?;
    let today = ctx.today();
    let changed = covers.iter().find(|c| c.status() != Status::Archived || !c.hold_reason.is_empty() || c.retention_until.is_none_or(|until| until >= today));
    if let Some(cover) = changed {
        return Err(Problem::of(format!("Hồ sơ {} vừa được giữ lại, mở lại hoặc đổi thời hạn nên chưa hủy được cả đợt. Lập đợt khác.", cover.archive_no)).into());
    }
    let minutes = ctx.app.files().keep(ctx.facility(), paper(ctx, tx, &now).await?).await?;
    for cover in &covers {
        status::note(tx, cover.record_id, Status::Archived, Status::Destroyed, &batch.show_number()).await?;
        tx.audit("destroy", "record", cover.record_id, Some(base::PatientId(cover.patient_id)), json!({ "minutes": minutes, "archive_no": cover.archive_no }));
    }
    let files = destructions::destroy(tx, &ids).await?;
    destructions::set_done(tx, batch.destruction_id, &minutes).await?;
    Ok(files)
}
