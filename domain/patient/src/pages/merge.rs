//! Merging two records of one person: a preview of every value and row, and the way back.

use crate::duplicate::{self, Likeness, Score};
use crate::merge::{CHOICES, Side, first_choice};
use crate::store::find::{self, Found};
use crate::store::merge as store;
use crate::store::merge::MovingRow;
use crate::store::record::{self, Summary};
use askama::Template;
use base::{Event, PatientId, Problems};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Query};

/// One value to choose.
struct Line {
    key: &'static str,
    label: &'static str,
    kept: String,
    gone: String,
    differs: bool,
    take_gone: bool,
}

/// Somebody who looks alike, with the score.
pub struct Alike {
    pub found: Found,
    pub score: Score,
}

#[derive(Template)]
#[template(path = "merge.html")]
struct MergePage {
    shell: web::Shell,
    kept: Summary,
    gone: Option<Summary>,
    alike: Vec<Alike>,
    lines: Vec<Line>,
    rows: Vec<MovingRow>,
    visits: Vec<String>,
    problems: Problems,
    merge_id: Uuid,
    /// Attributes of the search field, which needs this record's address.
    finder: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct With {
    with: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MergeForm {
    id: String,
    gone: String,
    reason: String,
    #[serde(flatten)]
    chosen: BTreeMap<String, String>,
}

const KEYS: &[(&str, &str)] = &[("F8", "Gộp hồ sơ"), ("↑ ↓", "Chọn hồ sơ"), ("Esc", "Quay lại")];

/// People alike to somebody, best first, from [`duplicate::SHOW`] on.
pub async fn list_alike(tx: &mut web::Tx, p: &Summary) -> Result<Vec<Alike>, sqlx::Error> {
    let card = p.coverages.first().map(|c| c.card_no.clone()).unwrap_or_default();
    let numbers = [p.cccd.as_str(), p.phone.as_str(), card.as_str()];
    let found = find::list_alike(tx, &p.name, p.birth.date, &numbers, Some(p.patient)).await?;
    let bhxh = card.get(card.len().saturating_sub(10)..).unwrap_or_default();
    let own = Likeness {
        name: &p.name,
        birth: p.birth,
        sex: p.sex,
        cccd: &p.cccd,
        phone: &p.phone,
        bhxh_no: bhxh,
        commune_code: &p.commune_code,
        address: &p.address,
    };
    Ok(score_all(&own, found))
}

/// Scores candidates against somebody and keeps those worth showing, best first.
pub fn score_all(own: &Likeness<'_>, found: Vec<Found>) -> Vec<Alike> {
    let mut alike: Vec<Alike> = found
        .into_iter()
        .map(|found| {
            let other = Likeness {
                name: &found.name,
                birth: found.birth,
                sex: found.sex,
                cccd: &found.cccd,
                phone: &found.phone,
                bhxh_no: &found.bhxh_no,
                commune_code: &found.commune_code,
                address: &found.address,
            };
            let score = duplicate::score(own, &other);
            Alike { found, score }
        })
        .filter(|a| a.score.percent >= duplicate::SHOW)
        .collect();
    alike.sort_by_key(|a| std::cmp::Reverse(a.score.percent));
    alike.truncate(6);
    alike
}

/// Whom this record might be merged with, and, when one is chosen, what would happen.
pub async fn preview(ctx: Ctx, Path(kept): Path<PatientId>, Query(with): Query<With>) -> Answer {
    let page = load(&ctx, kept, with.with.parse().ok(), Problems::none()).await?;
    web::html(page)
}

async fn load(ctx: &Ctx, kept: PatientId, gone: Option<PatientId>, problems: Problems) -> Result<MergePage, Failure> {
    let mut tx = ctx.begin().await?;
    let summary = record::get_summary(&mut tx, kept).await?;
    let alike = list_alike(&mut tx, &summary).await?;
    let (mut lines, mut rows, mut visits, mut other) = (Vec::new(), Vec::new(), Vec::new(), None);
    if let Some(gone) = gone.filter(|g| *g != kept) {
        let pair = store::get_pair(&mut tx, kept, gone).await?;
        let second = record::get_summary(&mut tx, gone).await?;
        for choice in &CHOICES {
            let (a, b) = (shown(&summary, choice.key), shown(&second, choice.key));
            let take_gone = first_choice(choice, &pair.kept, &pair.gone) == Side::Gone;
            lines.push(Line { key: choice.key, label: choice.label, differs: a != b, kept: a, gone: b, take_gone });
        }
        rows = pair.rows;
        visits = ctx.panels("patient.visits", &mut tx, &PanelFor { patient: Some(gone), encounter: None }).await?;
        other = Some(second);
        tx.audit("read", "patient", gone, Some(gone), serde_json::Value::Null);
    }
    tx.audit("read", "patient", kept, Some(kept), serde_json::Value::Null);
    tx.commit().await?;
    Ok(MergePage {
        shell: ctx.shell("Gộp hồ sơ trùng", KEYS),
        kept: summary,
        gone: other,
        alike,
        lines,
        rows,
        visits,
        problems,
        merge_id: Uuid::now_v7(),
        finder: format!("data-typeahead=/app/patients/{kept}/merge/options data-pick=go"),
    })
}

fn shown(p: &Summary, key: &str) -> String {
    match key {
        "name" => p.name.clone(),
        "birth" => p.birth.to_string(),
        "sex" => p.sex.label().to_owned(),
        "cccd" => p.cccd.clone(),
        "phone" => p.phone.clone(),
        "address" => p.address.clone(),
        "ethnic" => p.ethnic_code.clone(),
        _ => p.occupation.clone(),
    }
}

/// Merges. The same form twice merges once.
pub async fn merge(ctx: Ctx, Path(kept): Path<PatientId>, Form(form): Form<MergeForm>) -> Answer {
    let gone: PatientId = form.gone.parse().map_err(|_| Failure::NotFound)?;
    let merge_id: Uuid = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    let chosen: BTreeMap<String, Side> = CHOICES
        .iter()
        .filter_map(|c| form.chosen.get(c.key).map(|v| (c.key.to_owned(), if v == "gone" { Side::Gone } else { Side::Kept })))
        .collect();
    let reason: String = form.reason.chars().take(300).collect();
    let mut tx = ctx.begin_for("person-index").await?;
    match store::merge(&mut tx, merge_id, kept, gone, &chosen, &reason).await {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => {
            drop(tx);
            return web::refused(load(&ctx, kept, Some(gone), problems).await?);
        }
        Err(other) => return Err(other),
    }
    tx.emit(Event::PatientsMerged { kept, gone });
    tx.audit("merge", "patient", merge_id, Some(kept), serde_json::json!({ "kept": kept, "gone": gone }));
    tx.commit().await?;
    web::redirect(format!("/app/patients/{kept}"))
}

/// Takes a merge back; pressing twice does it once.
pub async fn undo(ctx: Ctx, Path(merge_id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin_for("person-index").await?;
    let (kept, restored, is_new) = store::unmerge(&mut tx, merge_id).await?;
    if is_new {
        tx.emit(Event::PatientsUnmerged { kept, restored });
        tx.audit("unmerge", "patient", merge_id, Some(kept), serde_json::json!({ "kept": kept, "restored": restored }));
    }
    tx.commit().await?;
    web::redirect(format!("/app/patients/{restored}"))
}
