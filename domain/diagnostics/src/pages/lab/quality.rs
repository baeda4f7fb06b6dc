//! Internal quality control: today's runs of all controls, and the Levey-Jennings chart of each.

use crate::lab::qc::{self, LotForm, RUNS_SHOWN};
use crate::lab::result::{decimal, show, show_limit};
use crate::lab::westgard::Rule;
use crate::store::lab::catalogue::{self, Analyte};
use crate::store::lab::quality::{self, LotRow, NewRun};
use askama::Template;
use base::{Problem, Problems, show_date, show_time};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

struct Line {
    lot: LotRow,
    /// The id that a run typed now would have.
    run: Uuid,
    target: String,
    today: String,
    state: (&'static str, &'static str, String),
    typed: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "lab-qc.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    analytes: Vec<(String, String)>,
    form: LotForm,
    analyte: String,
    fresh: Uuid,
    problems: Problems,
    may_manage: bool,
}

/// `GET /app/lab/qc`.
pub async fn show_all(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, Problems::none(), &RunsForm::default(), NewLotForm::default()).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, problems: Problems, runs: &RunsForm, new: NewLotForm) -> Result<Page, Failure> {
    let lots = quality::list_lots(tx.conn(), ctx.facility(), None, ctx.today()).await?;
    let analytes: Vec<Analyte> = catalogue::list_analytes(tx.conn(), ctx.facility()).await?;
    Ok(Page {
        shell: ctx.shell("Nội kiểm", &[("Enter", "Xuống dòng"), ("F8", "Lưu")]),
        lines: lots
            .into_iter()
            .map(|lot| {
                let at = runs.lot.iter().position(|id| *id == lot.id);
                let field = format!("value-{}", lot.id);
                Line {
                    run: at.and_then(|at| runs.run.get(at).copied()).unwrap_or_else(Uuid::now_v7),
                    typed: at.and_then(|at| runs.value.get(at).cloned()).unwrap_or_default(),
                    problem: problems.at(&field).to_owned(),
                    target: format!("{} ± {}", show_limit(lot.mean), show_limit(lot.sd)),
                    today: lot.today.as_ref().map(|(value, ..)| show(*value, lot.decimals)).unwrap_or_default(),
                    state: state(lot.today.as_ref()),
                    lot,
                }
            })
            .collect(),
        analytes: analytes
            .into_iter()
            .filter(|a| a.spec.kind == crate::lab::result::Kind::Number && a.formula.is_empty())
            .map(|a| (a.id.to_string(), format!("{} · {}", a.code, a.name)))
            .collect(),
        form: new.lot(),
        analyte: new.analyte,
        fresh: Uuid::now_v7(),
        problems,
        may_manage: ctx.may("lab.technical"),
    })
}

fn state(today: Option<&(rust_decimal::Decimal, Vec<String>, bool)>) -> (&'static str, &'static str, String) {
    match today {
        None => ("neutral", "clock", "Chưa chạy hôm nay".into()),
        Some((_, broken, true)) => ("critical", "alert-octagon", format!("Không đạt: {}", broken.join(", "))),
        Some((_, broken, false)) if !broken.is_empty() => ("warning", "alert-triangle", format!("Cảnh báo: {}", broken.join(", "))),
        Some(_) => ("done", "circle-check", "Đạt".into()),
    }
}

/// Today's values, one per control; empty ones are left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunsForm {
    pub run: Vec<Uuid>,
    pub lot: Vec<Uuid>,
    pub value: Vec<String>,
    pub note: String,
}

/// `POST /app/lab/qc/runs`: what was typed, all levels of an analyte judged together. A second time changes nothing.
pub async fn add_runs(ctx: Ctx, Form(form): Form<RunsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lots = quality::list_lots(tx.conn(), ctx.facility(), None, ctx.today()).await?;
    let note: String = form.note.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    let mut problems = Problems::none();
    let mut runs = Vec::new();
    for ((run, lot), typed) in form.run.iter().zip(&form.lot).zip(&form.value).filter(|(_, typed)| !typed.trim().is_empty()) {
        let Some(known) = lots.iter().find(|known| known.id == *lot) else { return Err(Failure::NotFound) };
        let field = format!("value-{lot}");
        match decimal(typed) {
            _ if known.expires_on < ctx.today() => problems.add(
                field,
                format!("Lô {} đã hết hạn ngày {}. Khai báo lô mới.", known.lot_no, show_date(known.expires_on)),
            ),
            Some(value) => runs.push(NewRun { id: *run, lot: *lot, value, note: note.clone() }),
            None => problems.add(field, format!("“{}” không phải số. Nhập như 4,1.", typed.chars().take(20).collect::<String>())),
        }
    }
    problems.add_if(runs.is_empty() && problems.is_empty(), "", "Chưa có giá trị nào. Nhập kết quả chạy mẫu nội kiểm rồi lưu.");
    if !problems.is_empty() {
        return web::refused(page(&ctx, &mut tx, problems, &form, NewLotForm::default()).await?);
    }
    let judged = quality::insert_runs(&mut tx, &runs, ctx.today()).await?;
    let rejected = judged.iter().filter(|(_, broken)| broken.iter().any(|rule| rule.rejects())).count();
    tx.audit("run", "qc", ctx.facility(), None, json!({ "runs": judged.len(), "rejected": rejected }));
    tx.notify("lab");
    tx.commit().await?;
    web::redirect("/app/lab/qc")
}

/// A new lot and the analyte it controls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewLotForm {
    pub analyte: String,
    pub id: String,
    pub level: String,
    pub material: String,
    pub lot_no: String,
    pub mean: String,
    pub sd: String,
    pub expires_on: String,
}

impl NewLotForm {
    fn lot(&self) -> LotForm {
        LotForm {
            id: self.id.clone(),
            level: self.level.clone(),
            material: self.material.clone(),
            lot_no: self.lot_no.clone(),
            mean: self.mean.clone(),
            sd: self.sd.clone(),
            expires_on: self.expires_on.clone(),
        }
    }
}

/// `POST /app/lab/qc/lots`: a new lot, or a new target for a level; the one before ends and keeps its chart.
pub async fn add_lot(ctx: Ctx, Form(form): Form<NewLotForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let analyte = match form.analyte.parse::<Uuid>() {
        Ok(id) => Some(catalogue::find_analyte(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?),
        Err(_) => None,
    };
    let checked = qc::check_lot(&form.lot(), ctx.today());
    let (Some(analyte), Ok(lot), Ok(id)) = (&analyte, &checked, form.id.parse::<Uuid>()) else {
        let mut problems = checked.err().unwrap_or_default();
        if analyte.is_none() {
            problems.0.push(Problem::at("analyte", "Chọn chỉ số mà mẫu nội kiểm này kiểm tra."));
        }
        return web::refused(page(&ctx, &mut tx, problems, &RunsForm::default(), form).await?);
    };
    quality::insert_lot(&mut tx, id, analyte.id, lot, ctx.today()).await?;
    tx.audit("create", "qc-lot", id, None, json!({ "analyte": analyte.code, "level": lot.level }));
    tx.commit().await?;
    web::redirect(format!("/app/lab/qc/lots/{id}"))
}

struct RunLine {
    at: String,
    value: String,
    by: String,
    note: String,
    state: (&'static str, &'static str, String),
    meaning: &'static str,
}

#[derive(Template)]
#[template(path = "lab-qc-lot.html")]
struct LotPage {
    shell: Shell,
    lot: LotRow,
    target: String,
    chart: String,
    runs: Vec<RunLine>,
}

/// `GET /app/lab/qc/lots/{id}`: the chart of one control.
pub async fn show_lot(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let lot = quality::list_lots(tx.conn(), ctx.facility(), Some(id), ctx.today()).await?.into_iter().next().ok_or(Failure::NotFound)?;
    let runs = quality::list_runs(tx.conn(), ctx.facility(), id, i64::try_from(RUNS_SHOWN).unwrap_or(30)).await?;
    let points: Vec<qc::Point> = runs.iter().map(|(point, ..)| point.clone()).collect();
    let label = format!("Biểu đồ Levey-Jennings {} mức {}, lô {}", lot.analyte_name, lot.level, lot.lot_no);
    web::html(LotPage {
        shell: ctx.shell("Biểu đồ nội kiểm", &[]),
        chart: qc::levey_jennings(lot.mean, lot.sd, &points, &label),
        target: format!("{} ± {} {}", show_limit(lot.mean), show_limit(lot.sd), lot.unit),
        runs: runs
            .into_iter()
            .rev()
            .map(|(point, by, note)| RunLine {
                at: format!("{} {}", show_date(base::local_date(point.run_at)), show_time(point.run_at)),
                value: show(point.value, lot.decimals),
                meaning: point.broken.iter().filter_map(|key| Rule::from_key(key)).max().map_or("", Rule::meaning),
                state: state(Some(&(point.value, point.broken, point.is_rejected))),
                by,
                note,
            })
            .collect(),
        lot,
    })
}
