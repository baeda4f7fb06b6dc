//! The second look: what the technician passed, sample by sample, released together in one request.

use super::{CellView, Step, steps, who};
use crate::lab::validation::{self, Candidate, QcRule, Status};
use crate::store::lab::bench::{self, Work};
use crate::store::lab::release::{self, NewReport, Row};
use crate::store::lab::catalogue;
use askama::Template;
use base::{Event, OrderId, Problem, Problems, ReportId, show_time};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Shell, Tx};

/// The most samples one page shows and one request releases.
const MOST: i64 = 100;

struct Card {
    specimen: base::SpecimenId,
    code: String,
    tube: &'static str,
    patient_name: String,
    who: String,
    at: String,
    room: String,
    ordered_name: String,
    technical: String,
    is_urgent: bool,
    is_abnormal: bool,
    uncalled: bool,
    is_own: bool,
    correction: String,
    qc: bool,
    pending: usize,
    cells: Vec<CellView>,
}

#[derive(Template)]
#[template(path = "lab-review.html")]
struct Page {
    shell: Shell,
    steps: Vec<Step>,
    cards: Vec<Card>,
    ready: usize,
    problems: Problems,
    toast: String,
}

/// How many reports left, for the toast.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// `GET /app/lab/validation`.
pub async fn show(ctx: Ctx, Query(query): Query<Done>) -> Answer {
    let mut tx = ctx.begin().await?;
    let toast = query.done.parse::<u32>().map(|count| format!("Đã trả {count} phiếu kết quả")).unwrap_or_default();
    let page = page(&ctx, &mut tx, Problems::none(), toast).await?;
    tx.audit("read", "lab-validation", ctx.facility(), None, json!({ "samples": page.cards.len() }));
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, problems: Problems, toast: String) -> Result<Page, Failure> {
    let facility = ctx.facility();
    let samples = bench::list_samples(tx.conn(), facility, Work::Medical, MOST).await?;
    let settings = catalogue::settings(tx.conn(), facility).await?;
    let rejected = release::qc_rejected(tx, ctx.today()).await?;
    let (steps, _) = steps(ctx, tx, "/app/lab/validation").await?;
    let me = ctx.actor.account;
    let cards: Vec<Card> = samples
        .into_iter()
        .map(|sample| {
            let pending = sample.cells.iter().filter(|c| matches!(c.status, Status::Pending | Status::Typed)).count();
            let cells: Vec<_> = sample.cells.into_iter().filter(|cell| cell.status == Status::Technical).collect();
            Card {
                specimen: sample.specimen,
                code: sample.code,
                tube: sample.tube.short(),
                who: who(&sample.sex, sample.birth_date, ctx.today()),
                patient_name: sample.patient_name,
                at: show_time(sample.collected_at),
                room: sample.room_name,
                ordered_name: sample.ordered_name,
                technical: cells.first().map(|c| c.technical_name.clone()).unwrap_or_default(),
                is_urgent: sample.is_urgent,
                is_abnormal: cells.iter().any(|c| c.flag.is_abnormal() || c.is_delta),
                uncalled: cells.iter().any(|c| c.flag.is_critical() && !c.is_called),
                is_own: !settings.is_one_person && cells.iter().any(|c| c.technical_by == Some(me)),
                correction: cells.iter().map(|c| c.correct_reason.as_str()).find(|r| !r.is_empty()).unwrap_or("").to_owned(),
                qc: settings.qc_rule != QcRule::Off && cells.iter().any(|c| rejected.contains(&c.analyte)),
                pending,
                cells: cells.into_iter().map(|cell| CellView::new(cell, false)).collect(),
            }
        })
        .collect();
    Ok(Page {
        shell: ctx.shell("Duyệt trả kết quả", &[("F8", "Trả kết quả")]),
        steps,
        ready: cards.iter().filter(|card| !card.uncalled && !card.is_own).count(),
        cards,
        problems,
        toast,
    })
}

/// The samples whose results leave.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SamplesForm {
    pub specimen: Vec<Uuid>,
}

/// `POST /app/lab/validation`: releases everything of these samples that may leave; a sample of which something may not
/// stays whole, and is named with the reason.
pub async fn release(ctx: Ctx, Form(form): Form<SamplesForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let chosen: Vec<Uuid> = form.specimen.iter().copied().take(usize::try_from(MOST).unwrap_or(100)).collect();
    let rows = release::rows_to_release(&mut tx, &chosen).await?;
    let settings = catalogue::settings(tx.conn(), ctx.facility()).await?;
    let rejected = release::qc_rejected(&mut tx, ctx.today()).await?;
    let mut problems = Problems::none();
    let mut held: HashSet<Uuid> = HashSet::new();
    for row in &rows {
        let candidate = Candidate {
            name: &row.words,
            status: row.status,
            flag: row.flag,
            technical_by: row.technical_by,
            is_called: row.is_called,
            is_qc_rejected: rejected.contains(&row.analyte),
        };
        if let Err(problem) = validation::release(&candidate, ctx.actor.account, settings) {
            // One sentence per sample is enough to know what to do.
            if held.insert(row.specimen) {
                problems.0.push(Problem::of(format!("{} · {}", row.patient_name, problem.text)));
            }
        }
    }
    let leaving: Vec<&Row> = rows.iter().filter(|row| !held.contains(&row.specimen)).collect();
    problems.add_if(
        leaving.is_empty() && problems.is_empty(),
        "",
        "Chưa chọn mẫu nào, hoặc các mẫu này vừa được người khác trả. Tải lại trang.",
    );
    if leaving.is_empty() {
        return web::refused(page(&ctx, &mut tx, problems, String::new()).await?);
    }
    let reports = reports(&leaving, ctx.now);
    release::release(&mut tx, &reports).await?;
    for report in &reports {
        tx.audit("release", "lab-report", report.id, Some(report.patient), json!({ "values": report.results.len() }));
        tx.emit(Event::ReportReleased {
            encounter: report.encounter,
            patient: report.patient,
            report: report.id,
            orders: report.orders.clone(),
            abnormal: report.abnormal,
            critical: report.critical,
            corrects: report.corrects,
            at: ctx.now,
        });
        tx.notify(format!("encounter/{}", report.encounter));
    }
    for topic in ["lab", "orders", "results"] {
        tx.notify(topic);
    }
    let count = reports.len();
    if problems.is_empty() {
        tx.commit().await?;
        return web::redirect(format!("/app/lab/validation?done={count}"));
    }
    let page = page(&ctx, &mut tx, problems, format!("Đã trả {count} phiếu kết quả")).await?;
    tx.commit().await?;
    web::html(page)
}

/// One report per visit for what is new, and one for each report that is corrected.
fn reports(rows: &[&Row], now: chrono::DateTime<chrono::Utc>) -> Vec<NewReport> {
    let mut groups: BTreeMap<(Uuid, Option<Uuid>), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.encounter.0, row.report)).or_default().push(row);
    }
    groups
        .into_values()
        .map(|group| {
            let first = group[0];
            let mut orders: Vec<OrderId> = group.iter().flat_map(|row| row.orders.iter().copied()).collect();
            orders.sort();
            orders.dedup();
            let latest = group.iter().max_by_key(|row| row.technical_at).copied().unwrap_or(first);
            let mut reasons: Vec<&str> = group.iter().map(|row| row.reason.as_str()).filter(|r| !r.is_empty()).collect();
            reasons.dedup();
            NewReport {
                id: ReportId::new(),
                encounter: first.encounter,
                patient: first.patient,
                orders,
                results: group.iter().map(|row| row.result).collect(),
                corrects: first.report.map(ReportId),
                reason: reasons.join("; "),
                abnormal: group.iter().any(|row| row.flag.is_abnormal()),
                critical: group.iter().any(|row| row.flag.is_critical()),
                technical_name: latest.technical_name.clone(),
                technical_at: latest.technical_at.unwrap_or(now),
            }
        })
        .collect()
}
