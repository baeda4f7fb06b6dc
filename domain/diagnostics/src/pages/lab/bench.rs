//! The bench: samples in rows, analytes in columns, typed down the column, each cell kept as it is left.

use super::{CellView, KEYS, Step, steps, who};
use crate::lab::panel::{BENCHES, bench_name};
use crate::lab::typing;
use crate::lab::validation::{self, Status};
use crate::store::lab::bench::{self, Sample, Work};
use crate::store::lab::{catalogue, quality, release};
use askama::Template;
use axum::response::IntoResponse;
use base::{Problems, show_time};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

/// The most samples one grid shows.
const MOST: i64 = 100;

struct Column {
    code: String,
    name: String,
    unit: String,
}

struct Row {
    sample: Sample,
    who: String,
    at: String,
    /// One per column; `None` where this sample has no such analyte.
    cells: Vec<Option<CellView>>,
    state: (&'static str, &'static str, &'static str),
    /// Whether everything of it is typed and nothing is validated yet.
    is_ready: bool,
}

struct Place {
    key: &'static str,
    name: &'static str,
    count: i64,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "lab-bench.html")]
struct Page {
    shell: Shell,
    steps: Vec<Step>,
    places: Vec<Place>,
    here: &'static str,
    title: &'static str,
    columns: Vec<Column>,
    rows: Vec<Row>,
    ready: usize,
    /// Critical values nobody has called about: the sample and the words.
    critical: Vec<(base::SpecimenId, String)>,
    qc: Qc,
    problems: Problems,
    toast: String,
}

/// The controls of the bench today.
struct Qc {
    runs: i64,
    rejected: i64,
    at: String,
    blocks: bool,
}

/// How many samples passed, for the toast.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// `GET /app/lab/bench`: the bench with most to do.
pub async fn first(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let counts = bench::bench_counts(tx.conn(), ctx.facility()).await?;
    let busiest = counts.iter().max_by_key(|(_, pending, typed)| pending + typed).map(|(bench, ..)| bench.as_str());
    let key = busiest.and_then(|key| BENCHES.iter().find(|(known, _)| *known == key)).map_or(BENCHES[0].0, |(key, _)| *key);
    web::redirect(format!("/app/lab/bench/{key}"))
}

/// `GET /app/lab/bench/{bench}`.
pub async fn show(ctx: Ctx, Path(key): Path<String>, Query(query): Query<Done>) -> Answer {
    let (key, _) = known(&key)?;
    let mut tx = ctx.begin().await?;
    let toast = match query.done.parse::<u32>() {
        Ok(count) => format!("Đã duyệt kỹ thuật {count} mẫu"),
        Err(_) => String::new(),
    };
    let page = page(&ctx, &mut tx, key, Problems::none(), toast).await?;
    for row in &page.rows {
        tx.audit("read", "lab-bench", row.sample.specimen, Some(row.sample.patient), Value::Null);
    }
    tx.commit().await?;
    web::html(page)
}

fn known(key: &str) -> Result<(&'static str, &'static str), Failure> {
    BENCHES.iter().find(|(known, _)| *known == key).copied().ok_or(Failure::NotFound)
}

async fn page(ctx: &Ctx, tx: &mut Tx, key: &'static str, problems: Problems, toast: String) -> Result<Page, Failure> {
    let facility = ctx.facility();
    let samples = bench::list_samples(tx.conn(), facility, Work::Bench(Some(key)), MOST).await?;
    let counts = bench::bench_counts(tx.conn(), facility).await?;
    let (runs, rejected, at) = quality::day_state(tx.conn(), facility, Some(key), ctx.today()).await?;
    let settings = catalogue::settings(tx.conn(), facility).await?;
    let (steps, _) = steps(ctx, tx, "/app/lab/bench").await?;
    let mut columns: BTreeMap<(i32, String), Column> = BTreeMap::new();
    for cell in samples.iter().flat_map(|sample| &sample.cells) {
        columns.entry((cell.place, cell.code.clone())).or_insert_with(|| Column {
            code: cell.code.clone(),
            name: cell.name.clone(),
            unit: cell.unit.clone(),
        });
    }
    let columns: Vec<Column> = columns.into_values().collect();
    let critical = samples
        .iter()
        .flat_map(|sample| sample.cells.iter().map(move |cell| (sample, cell)))
        .filter(|(_, cell)| cell.flag.is_critical() && !cell.is_called)
        .map(|(sample, cell)| (sample.specimen, format!("{} · {}", cell.in_words(), sample.patient_name)))
        .collect();
    let rows: Vec<Row> = samples.into_iter().map(|sample| row(sample, &columns, ctx)).collect();
    Ok(Page {
        shell: ctx.shell("Bàn xét nghiệm", KEYS),
        steps,
        places: BENCHES
            .iter()
            .map(|(place, name)| Place {
                key: place,
                name,
                count: counts.iter().find(|(known, ..)| known == place).map_or(0, |(_, pending, typed)| pending.max(typed).to_owned()),
                is_here: *place == key,
            })
            .filter(|place| place.count > 0 || place.is_here)
            .collect(),
        here: key,
        title: bench_name(key).unwrap_or(""),
        ready: rows.iter().filter(|row| row.is_ready).count(),
        columns,
        rows,
        critical,
        qc: Qc {
            runs,
            rejected,
            at: at.map(show_time).unwrap_or_default(),
            blocks: settings.qc_rule == validation::QcRule::Block,
        },
        problems,
        toast,
    })
}

fn row(mut sample: Sample, columns: &[Column], ctx: &Ctx) -> Row {
    let cells = std::mem::take(&mut sample.cells);
    let has = |status: Status| cells.iter().any(|cell| cell.status == status);
    let is_critical = cells.iter().any(|cell| cell.flag.is_critical() && !cell.is_called);
    let is_abnormal = cells.iter().any(|cell| cell.flag.is_abnormal() || cell.is_delta);
    let state = if is_critical {
        ("critical solid", "alert-octagon", "Nguy kịch: gọi bác sĩ")
    } else if has(Status::Pending) {
        ("info", "loader", "Đang làm")
    } else if has(Status::Typed) && is_abnormal {
        ("warning", "alert-triangle", "Cần xem")
    } else if has(Status::Typed) {
        ("done", "circle-check", "Đủ, chờ duyệt")
    } else {
        ("waiting", "shield-check", "Chờ duyệt trả")
    };
    let is_ready = has(Status::Typed) && !has(Status::Pending);
    let mut left: Vec<Option<bench::Cell>> = cells.into_iter().map(Some).collect();
    let cells = columns
        .iter()
        .map(|column| {
            let at = left.iter().position(|cell| cell.as_ref().is_some_and(|cell| cell.code == column.code))?;
            left[at].take().map(|cell| CellView::new(cell, ctx.may("lab.technical")))
        })
        .collect();
    Row { who: who(&sample.sex, sample.birth_date, ctx.today()), at: show_time(sample.collected_at), cells, state, is_ready, sample }
}

/// One cell as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CellForm {
    pub value: String,
    /// The count of changes that whoever typed had read.
    pub version: String,
}

/// `PUT /app/lab/results/{id}`: keeps a cell as a draft of the bench. JSON: the cell as it stands, and the cells that
/// follow from it. 422 when it cannot be a value, 409 when somebody else typed meanwhile.
pub async fn type_cell(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CellForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (sample, is_received) = bench::sample_to_type(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let cell = sample.cells.iter().find(|cell| cell.id == id).ok_or(Failure::NotFound)?;
    if !is_received {
        return refused("Mẫu chưa nhận vào phòng xét nghiệm. Quét nhãn ở “Chờ nhận mẫu” trước.");
    }
    if matches!(cell.status, Status::Released | Status::Cancelled) || !cell.correct_reason.is_empty() {
        return refused("Kết quả này đã trả hoặc đã hủy. Muốn đổi, mở mẫu rồi sửa kết quả kèm lý do.");
    }
    if form.version.parse() != Ok(cell.version) {
        let same = typing::typed(&sample, id, &form.value).ok().and_then(|all| all.into_iter().next()?.entered);
        // The other person typed the same value: nothing to argue about.
        if same.as_ref().map(|e| e.shown.as_str()) != Some(cell.entered.shown.as_str()) {
            let by = if cell.typed_name.is_empty() { "Người khác" } else { cell.typed_name.as_str() };
            let text = format!("{by} vừa nhập “{}” vào ô này. Xem lại rồi nhập lần nữa nếu vẫn muốn đổi.", cell.entered.shown);
            let body = json!({ "problem": text, "cell": shown(cell) });
            return Ok((StatusCode::CONFLICT, axum::Json(body)).into_response());
        }
        return Ok(axum::Json(json!({ "cells": [shown(cell)] })).into_response());
    }
    let changes = match typing::typed(&sample, id, &form.value) {
        Ok(changes) => changes,
        Err(problem) => return refused(problem.text),
    };
    bench::write_cells(&mut tx, &changes).await?;
    tx.audit("type", "lab-result", id, Some(sample.patient), json!({ "cells": changes.len() }));
    let after = bench::list_samples(tx.conn(), ctx.facility(), Work::One(sample.specimen), 1).await?;
    tx.notify("lab");
    tx.commit().await?;
    let changed: Vec<Value> = after
        .iter()
        .flat_map(|sample| &sample.cells)
        .filter(|cell| changes.iter().any(|change| change.result == cell.id))
        .map(shown)
        .collect();
    Ok(axum::Json(json!({ "cells": changed })).into_response())
}

fn refused(text: impl Into<String>) -> Answer {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, axum::Json(json!({ "problem": text.into() }))).into_response())
}

/// A cell as the page's script paints it.
fn shown(cell: &bench::Cell) -> Value {
    json!({
        "id": cell.id,
        "version": cell.version,
        "shown": cell.entered.shown,
        "mark": cell.flag.mark(),
        "flag": cell.flag.name(),
        "class": super::class_of(cell),
        "delta": cell.is_delta,
        "calculated": cell.is_calculated,
    })
}

/// The samples that the technician passes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SamplesForm {
    pub specimen: Vec<Uuid>,
}

/// `POST /app/lab/bench/{bench}/technical`: the technician's look at everything that is typed in these samples.
pub async fn technical(ctx: Ctx, Path(key): Path<String>, Form(form): Form<SamplesForm>) -> Answer {
    let (key, _) = known(&key)?;
    let mut tx = ctx.begin().await?;
    let samples = bench::list_samples(tx.conn(), ctx.facility(), Work::Bench(Some(key)), MOST).await?;
    let settings = catalogue::settings(tx.conn(), ctx.facility()).await?;
    let rejected = release::qc_rejected(&mut tx, ctx.today()).await?;
    let mut problems = Problems::none();
    let mut passing: Vec<Uuid> = Vec::new();
    for cell in samples.iter().filter(|s| form.specimen.contains(&s.specimen.0)).flat_map(|s| &s.cells) {
        if cell.status != Status::Typed {
            continue;
        }
        match validation::technical(&cell.name, rejected.contains(&cell.analyte), settings) {
            Ok(()) => passing.push(cell.id),
            Err(problem) => {
                if !problems.0.contains(&problem) {
                    problems.0.push(problem);
                }
            }
        }
    }
    problems.add_if(
        passing.is_empty() && problems.is_empty(),
        "",
        "Chưa có kết quả nào để duyệt trong các mẫu đã chọn. Nhập kết quả rồi chọn mẫu cần duyệt.",
    );
    if passing.is_empty() {
        return web::refused(page(&ctx, &mut tx, key, problems, String::new()).await?);
    }
    let passed = bench::technical(&mut tx, &passing).await?;
    let of: Vec<&Sample> = samples.iter().filter(|s| s.cells.iter().any(|cell| passed.contains(&cell.id))).collect();
    for sample in &of {
        tx.audit("validate-technical", "specimen", sample.specimen, Some(sample.patient), json!({}));
    }
    tx.notify("lab");
    let count = of.len();
    if problems.is_empty() {
        tx.commit().await?;
        return web::redirect(format!("/app/lab/bench/{key}?done={count}"));
    }
    let page = page(&ctx, &mut tx, key, problems, format!("Đã duyệt kỹ thuật {count} mẫu")).await?;
    tx.commit().await?;
    web::html(page)
}
