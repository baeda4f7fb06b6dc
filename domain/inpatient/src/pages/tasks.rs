//! What the nurse does: the times of one stay by hour, done only by doing, at the bedside, with the wristband read.

use super::frame::Frame;
use super::{Pairs, field};
use crate::paper;
use crate::store::order::{self, Task};
use crate::store::stay;
use crate::task::{self, Act, Status};
use askama::Template;
use base::{EncounterId, Problem, Problems, local_date, show_date_long};
use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

/// The times of one hour.
pub(super) struct Hour {
    pub title: String,
    pub tasks: Vec<Line>,
}

/// A time as the list shows it.
pub(super) struct Line {
    pub task: Task,
    pub icon: &'static str,
    pub due: String,
    pub done: String,
    pub is_late: bool,
    pub may_do: bool,
    pub needs_wristband: bool,
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    title: String,
    before: String,
    after: String,
    hours: Vec<Hour>,
    open: usize,
    done: usize,
    code: String,
    problems: Problems,
}

/// The day that is looked at, and the wristband that was read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    day: String,
    code: String,
}

/// `GET /app/stays/{encounter}/tasks?day=`: the day by the hour.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &asked, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, asked: &Asked, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "tasks").await?;
    let day = asked.day.parse::<NaiveDate>().unwrap_or_else(|_| ctx.today());
    let morning = base::dates::start_of_day(day);
    let tasks = order::list_tasks(tx, id, morning, morning + TimeDelta::days(1)).await?;
    let step = |n: i64| day.checked_add_signed(TimeDelta::days(n)).unwrap_or(day);
    let code = if asked.code == frame.stay.wristband { asked.code.clone() } else { String::new() };
    Ok(Page {
        shell: ctx.shell("Thực hiện y lệnh", &[("F9", "In vòng tay"), ("B", "Sơ đồ giường")]),
        title: show_date_long(day),
        before: step(-1).to_string(),
        after: step(1).to_string(),
        open: tasks.iter().filter(|t| t.status().is_open()).count(),
        done: tasks.iter().filter(|t| t.status() == Status::Done).count(),
        hours: by_hour(ctx, tasks),
        frame,
        code,
        problems,
    })
}

/// The times under the hour at which they are due.
pub(super) fn by_hour(ctx: &Ctx, tasks: Vec<Task>) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    let may = ctx.may("ward.nurse");
    for task in tasks {
        let local = base::local_time(task.due_at);
        let title = if local_date(task.due_at) == ctx.today() { local.format("%H giờ").to_string() } else { local.format("%H giờ %d/%m").to_string() };
        let status = task.status();
        let line = Line {
            icon: task.kind().icon(),
            due: base::show_time(task.due_at),
            done: task.at.map(|at| if local_date(at) == local_date(task.due_at) { base::show_time(at) } else { super::show_moment(at) }).unwrap_or_default(),
            is_late: status == Status::Due && task.due_at + TimeDelta::minutes(30) < ctx.now,
            may_do: may && status.is_open() && task::not_too_early(task.due_at, ctx.now).is_ok(),
            needs_wristband: task.kind().needs_wristband(),
            task,
        };
        match hours.last_mut() {
            Some(hour) if hour.title == title => hour.tasks.push(line),
            _ => hours.push(Hour { title, tasks: vec![line] }),
        }
    }
    hours
}

/// `POST /app/tasks/{task}` (`act`, `code`, `reason`, `back`): what happened at this time. A medicine needs the wristband
/// that belongs to the patient, or a reason why it could not be read. Of two people at once the second is told.
pub async fn act(ctx: Ctx, Path(id): Path<Uuid>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let task = order::lock_task(&mut tx, id).await?;
    let back = back(&task, field(&pairs, "back"));
    match apply(&ctx, &mut tx, &task, &pairs).await {
        Ok(false) => web::redirect(back),
        Ok(true) => {
            tx.commit().await?;
            web::redirect(back)
        }
        Err(failure) => {
            let problems = super::told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            let asked = Asked { day: local_date(task.due_at).to_string(), code: field(&pairs, "code").to_owned() };
            let page = page(&ctx, &mut tx, EncounterId(task.encounter_id), &asked, problems).await?;
            tx.commit().await?;
            web::refused(page)
        }
    }
}

/// Back to where the nurse came from: the round of the ward, or the sheet of the stay.
fn back(task: &Task, asked: &str) -> String {
    if asked.starts_with("/app/wards/") { asked.to_owned() } else { format!("/app/stays/{}/tasks?day={}", task.encounter_id, local_date(task.due_at)) }
}

async fn apply(ctx: &Ctx, tx: &mut Tx, task: &Task, pairs: &Pairs) -> Result<bool, Failure> {
    let stay = stay::get(tx, EncounterId(task.encounter_id)).await?;
    stay.must_be_open()?;
    let act = Act::from_key(field(pairs, "act")).ok_or_else(|| Problem::of("Chưa chọn việc. Bấm Đã làm, Tạm hoãn hoặc Từ chối."))?;
    let (reason, code) = (field(pairs, "reason"), field(pairs, "code"));
    if reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Lý do tối đa 500 ký tự.").into());
    }
    let to = task::after(task.status(), act, reason)?;
    let is_scanned = !code.is_empty() && code == task.wristband;
    if act == Act::Do {
        task::not_too_early(task.due_at, ctx.now)?;
        if !code.is_empty() && !is_scanned {
            return Err(Problem::at("code", format!("Vòng tay vừa quét không phải của {}. Kiểm tra lại đúng người bệnh.", task.patient_name)).into());
        }
        if task.kind().needs_wristband() && !is_scanned && reason.chars().count() < 3 {
            return Err(Problem::at("code", "Quét vòng tay người bệnh trước khi dùng thuốc, hoặc ghi lý do không quét được.").into());
        }
    }
    order::set_task(tx, task, to, reason, is_scanned).await?;
    if to == Status::Wrong {
        order::reopen_task(tx, task).await?;
    }
    tx.audit("execute", "ward-task", task.task_id, Some(stay.patient()), json!({ "status": to.key(), "scanned": is_scanned }));
    if task.kind() == crate::order::Kind::Infusion && to == Status::Done {
        write_infusions(ctx, tx, &stay).await?;
    }
    stay::tell(tx, &stay);
    Ok(true)
}

/// The infusion sheet 07/BV2 of the day, from what was really hung.
async fn write_infusions(ctx: &Ctx, tx: &mut Tx, stay: &crate::store::stay::Stay) -> Result<(), Failure> {
    let morning = base::dates::start_of_day(ctx.today());
    let tasks = order::list_tasks(tx, stay.encounter(), morning, morning + TimeDelta::days(1)).await?;
    let rows: Vec<serde_json::Value> = tasks
        .iter()
        .filter(|t| t.kind() == crate::order::Kind::Infusion && t.status() == Status::Done)
        .map(|t| {
            json!({
                "ngay_thang": local_date(t.due_at).to_string(),
                "ten_dich_truyen_ham_luong": t.name,
                "so_luong": volume(&t.dose),
                "thoi_gian_bat_dau": t.at.map(paper::clock).unwrap_or_default(),
                "yt_thuc_hien": t.by_name,
            })
        })
        .collect();
    paper::write(ctx, tx, stay, "07/BV2", &ctx.today().to_string(), paper::joined(paper::head(stay), json!({ "bang_truyen_dich": rows }))).await
}

/// Millilitres where the dose says so: `500 ml` → 500.
fn volume(dose: &str) -> Option<i64> {
    let digits: String = dose.chars().take_while(char::is_ascii_digit).collect();
    dose.to_lowercase().contains("ml").then(|| digits.parse().ok()).flatten()
}
