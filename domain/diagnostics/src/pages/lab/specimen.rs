//! One sample whole: where it is, its cells down the page, calls, and what may be done with it.

use super::{CellView, Step, steps, who};
use crate::lab::range::Flag;
use crate::lab::specimen::REJECT_REASONS;
use crate::lab::typing::judge;
use crate::lab::validation::Status;
use crate::lab::{critical, result};
use crate::store::lab::bench::{self, Work};
use crate::store::lab::collect::{self, Specimen, Which};
use crate::store::lab::release::{self, CallRow};
use askama::Template;
use base::{Problem, Problems, SpecimenId, show_time};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

struct Row {
    view: CellView,
    status: (&'static str, &'static str),
    calls: Vec<Called>,
    /// The id that a call or correction typed now would have.
    call_id: Uuid,
}

struct Called {
    row: CallRow,
    at: String,
}

#[derive(Template)]
#[template(path = "lab-specimen.html")]
struct Page {
    shell: Shell,
    steps: Vec<Step>,
    specimen: Specimen,
    who: String,
    at: String,
    received: String,
    rows: Vec<Row>,
    reasons: &'static [&'static str],
    may_type: bool,
    problems: Problems,
    /// What was typed into the form that was refused, and to which result it belongs.
    refused: Uuid,
    form: critical::CallForm,
    ordered_name: String,
}

/// `GET /app/lab/specimens/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<SpecimenId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, Problems::none(), None, critical::CallForm::default()).await?;
    tx.audit("read", "specimen", id, Some(page.specimen.patient), Value::Null);
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: SpecimenId, problems: Problems, refused: Option<Uuid>, form: critical::CallForm) -> Result<Page, Failure> {
    let facility = ctx.facility();
    let specimen = collect::list_specimens(tx.conn(), facility, Which::Id(id)).await?.into_iter().next().ok_or(Failure::NotFound)?;
    let sample = bench::list_samples(tx.conn(), facility, Work::One(id), 1).await?.into_iter().next();
    let (steps, _) = steps(ctx, tx, "").await?;
    let ordered_name = sample.as_ref().map(|s| s.ordered_name.clone()).unwrap_or_default();
    let may_type = ctx.may("lab.technical") && specimen.received_at.is_some();
    let mut rows = Vec::new();
    for cell in sample.into_iter().flat_map(|sample| sample.cells) {
        let calls = if cell.flag.is_critical() { release::list_calls(tx, cell.id).await? } else { Vec::new() };
        rows.push(Row {
            status: match cell.status {
                Status::Pending => ("neutral", "Chờ kết quả"),
                Status::Typed => ("info", "Chờ duyệt kỹ thuật"),
                Status::Technical if !cell.correct_reason.is_empty() => ("warning", "Sửa, chờ duyệt trả"),
                Status::Technical => ("waiting", "Chờ duyệt trả"),
                Status::Released => ("done", "Đã trả"),
                Status::Cancelled => ("neutral", "Đã hủy"),
            },
            calls: calls.into_iter().map(|row| Called { at: show_time(row.called_at), row }).collect(),
            call_id: Uuid::now_v7(),
            view: CellView { column: "one".into(), ..CellView::new(cell, may_type) },
        });
    }
    Ok(Page {
        shell: ctx.shell("Mẫu xét nghiệm", &[("Enter", "Xuống dòng"), ("F9", "In tem")]),
        steps,
        who: who(&specimen.sex, specimen.birth_date, ctx.today()),
        at: show_time(specimen.collected_at),
        received: specimen.received_at.map(show_time).unwrap_or_default(),
        specimen,
        rows,
        reasons: &REJECT_REASONS,
        may_type,
        problems,
        refused: refused.unwrap_or_default(),
        form,
        ordered_name,
    })
}

/// `POST /app/lab/results/{id}/calls`: a call about a critical value, under the id that the page made.
pub async fn call(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<critical::CallForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (sample, _) = bench::sample_to_type(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let cell = sample.cells.iter().find(|cell| cell.id == id).ok_or(Failure::NotFound)?;
    let call_id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    let checked = if cell.flag.is_critical() {
        critical::check(&form, ctx.now)
    } else {
        Err(Problem::of("Giá trị này không ở ngưỡng nguy kịch nên không cần ghi cuộc gọi.").into())
    };
    match checked {
        Ok(call) => {
            let patient = sample.patient;
            release::insert_call(&mut tx, call_id, id, &cell.entered.shown, &call).await?;
            tx.audit("call-critical", "lab-result", id, Some(patient), json!({}));
            tx.notify("lab");
            tx.commit().await?;
            web::redirect(format!("/app/lab/specimens/{}", sample.specimen))
        }
        Err(problems) => web::refused(page(&ctx, &mut tx, sample.specimen, problems, Some(id), form).await?),
    }
}

/// A released value and what it should have been.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CorrectionForm {
    pub value: String,
    pub reason: String,
}

/// `POST /app/lab/results/{id}/correction`: a released value gets a new one that waits for the second look; what was
/// released stays readable.
pub async fn correct(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CorrectionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (sample, _) = bench::sample_to_type(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let cell = sample.cells.iter().find(|cell| cell.id == id).ok_or(Failure::NotFound)?;
    let reason: String = form.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut problems = Problems::none();
    problems.add_if(cell.status != Status::Released, "", "Chỉ sửa kiểu này khi kết quả đã trả. Kết quả chưa trả thì nhập lại vào ô.");
    problems.add_if(
        !(5..=300).contains(&reason.chars().count()),
        "reason",
        "Ghi lý do sửa từ 5 đến 300 ký tự, ví dụ “Nhập nhầm dòng”; bác sĩ sẽ đọc lý do này.",
    );
    let entered = match result::read(&form.value, &cell.spec) {
        Ok(Some(entered)) => Some(entered),
        Ok(None) => {
            problems.add("value", "Chưa có giá trị mới. Gõ - nếu thực ra không làm được xét nghiệm này.");
            None
        }
        Err(problem) => {
            problems.0.push(problem);
            None
        }
    };
    problems.add_if(
        entered.as_ref().is_some_and(|e| e.shown == cell.entered.shown),
        "value",
        "Giá trị mới giống giá trị đã trả nên không có gì để sửa.",
    );
    if !problems.is_empty() {
        return web::refused(page(&ctx, &mut tx, sample.specimen, problems, Some(id), critical::CallForm::default()).await?);
    }
    let change = judge(cell, entered, sample.collected_at, false);
    debug_assert!(change.flag == Flag::Normal || change.entered.is_some());
    release::reopen(&mut tx, &change, &reason).await?;
    tx.audit("correct", "lab-result", id, Some(sample.patient), json!({}));
    tx.notify("lab");
    tx.commit().await?;
    web::redirect(format!("/app/lab/specimens/{}", sample.specimen))
}
