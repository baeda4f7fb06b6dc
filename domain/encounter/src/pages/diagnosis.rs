//! Choosing diagnoses: the type-ahead with the doctor's own codes first, and the list of the visit.

use super::note::{Pairs, field, keep, open};
use crate::diagnosis::{self, CodeFacts, Diagnosis, Place, Whom};
use crate::store::diagnosis as store;
use crate::store::visit;
use askama::Template;
use base::{EncounterId, Problem, Problems};
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Form, Path, Query, Tx};

/// How many answers are shown; nine can be taken by a digit.
const SHOWN: usize = 12;

/// One line of the answer.
struct OptionView {
    code: String,
    name: String,
    /// `92 lần`, "" for codes the doctor has not used.
    uses: i32,
    /// Why it cannot be taken, short; "" when it can.
    why_not: String,
    caution: String,
    /// First of its group.
    heads: &'static str,
    /// The digit that takes it, 0 when none does.
    digit: usize,
}

#[derive(Template)]
#[template(path = "diagnosis_options.html")]
struct Options {
    options: Vec<OptionView>,
    typed: String,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

/// `GET /app/encounters/{id}/diagnoses/options?q=`: codes by code, words or abbreviation; what cannot be taken says why.
pub async fn options(ctx: Ctx, Path(id): Path<EncounterId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit::get(&mut tx, id).await?;
    let found = store::search(&mut tx, &asked.q, SHOWN).await?;
    let place = if has_main(&mut tx, id).await? { Place::Other } else { Place::Main };
    let (mut group, mut digit) = ("", 0);
    let options = found
        .into_iter()
        .map(|(row, uses)| {
            // The search only finds what is in force.
            let facts = CodeFacts::of(&row, true);
            let why_not = short_refusal(&facts, place, visit.whom());
            let of = if uses > 0 { "Bác sĩ hay dùng" } else { "Danh mục TT 06/2026" };
            let heads = if of == group { "" } else { of };
            group = of;
            if why_not.is_empty() {
                digit += 1;
            }
            OptionView {
                caution: diagnosis::caution(&facts, place, visit.whom()).unwrap_or_default(),
                digit: if why_not.is_empty() && digit <= 9 { digit } else { 0 },
                code: row.code,
                name: row.name,
                uses,
                why_not,
                heads,
            }
        })
        .collect();
    web::html(Options { options, typed: asked.q })
}

/// The refusal in the few words that fit into a line.
fn short_refusal(facts: &CodeFacts, place: Place, whom: Whom<'_>) -> String {
    let Some(problem) = diagnosis::refusal(facts, place, whom) else { return String::new() };
    if facts.has_more_specific {
        "Phải chọn mã chi tiết hơn".into()
    } else if place == Place::Main && facts.not_main {
        "Không làm bệnh chính".into()
    } else if facts.death_only {
        "Chỉ dùng khi tử vong".into()
    } else {
        problem.text.split('.').next().unwrap_or_default().trim_start_matches(&facts.code).trim().to_string()
    }
}

async fn has_main(tx: &mut Tx, id: EncounterId) -> Result<bool, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(db::sql!(
        "SELECT coalesce((SELECT jsonb_array_length(diagnoses) > 0 FROM encounter_note_draft
                          WHERE facility_id = $1 AND encounter_id = $2), false)"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// The block of the chart that holds the list; htmx swaps it.
#[derive(Template)]
#[template(path = "diagnoses.html")]
pub struct Block {
    pub id: EncounterId,
    pub list: Vec<Diagnosis>,
    pub problem: String,
    pub cautions: Vec<String>,
    pub may_write: bool,
}

impl Block {
    pub fn new(id: EncounterId, list: Vec<Diagnosis>, problems: &Problems, may_write: bool) -> Block {
        Block { id, list, problem: problems.at("diagnosis").to_string(), cautions: Vec::new(), may_write }
    }
}

/// `POST /app/encounters/{id}/diagnoses` (`code`, `place` = main or other): adds a code. Without `place` the first code
/// becomes the main one. A misfit is refused beside the field (422) and nothing changes.
pub async fn add(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let code = field(&pairs, "code").trim().to_uppercase();
    let place = match (field(&pairs, "place"), field(&pairs, "code").is_empty()) {
        ("main", _) => Some(Place::Main),
        ("other", _) => Some(Place::Other),
        _ => None,
    };
    change(
        ctx,
        id,
        move |list, facts, whom| {
            let place = place.unwrap_or(if list.is_empty() { Place::Main } else { Place::Other });
            diagnosis::add(list, facts, place, whom)?;
            Ok(diagnosis::caution(facts, place, whom).into_iter().collect())
        },
        &code,
    )
    .await
}

/// `POST /app/encounters/{id}/diagnoses/{code}/main`: the former main diagnosis moves behind it.
pub async fn make_main(ctx: Ctx, Path((id, code)): Path<(EncounterId, String)>) -> Answer {
    change(
        ctx,
        id,
        |list, facts, whom| {
            diagnosis::add(list, facts, Place::Main, whom)?;
            Ok(Vec::new())
        },
        &code,
    )
    .await
}

/// `POST /app/encounters/{id}/diagnoses/{code}/removed`: takes a code off the list; a second time changes nothing.
pub async fn remove(ctx: Ctx, Path((id, code)): Path<(EncounterId, String)>) -> Answer {
    let code_gone = code.clone();
    change(
        ctx,
        id,
        move |list, _, _| {
            list.retain(|d| d.code != code_gone);
            Ok(Vec::new())
        },
        &code,
    )
    .await
}

/// `POST /app/encounters/{id}/diagnoses/{code}/remark`: the doctor's own words behind the name.
pub async fn remark(ctx: Ctx, Path((id, code)): Path<(EncounterId, String)>, Form(pairs): Form<Pairs>) -> Answer {
    // Named with the code, because the whole form of the visit comes along.
    let text: String = field(&pairs, &format!("remark.{code}")).trim().chars().filter(|c| !c.is_control()).collect();
    let about = code.clone();
    change(
        ctx,
        id,
        move |list, _, _| {
            if text.chars().count() > 200 {
                return Err(Problem::at("diagnosis", "Ghi thêm tối đa 200 ký tự, hãy rút gọn.").into());
            }
            if let Some(diagnosis) = list.iter_mut().find(|d| d.code == about) {
                diagnosis.remark = text;
            }
            Ok(Vec::new())
        },
        &code,
    )
    .await
}

/// Changes the list under the visit's lock. While the visit is open the rows that other modules read follow at once;
/// during an amendment they follow when it is finished.
async fn change(
    ctx: Ctx,
    id: EncounterId,
    rule: impl FnOnce(&mut Vec<Diagnosis>, &CodeFacts, Whom<'_>) -> Result<Vec<String>, Problems> + Send,
    code: &str,
) -> Answer {
    let mut tx = ctx.begin().await?;
    let (mut visit, mut draft) = open(&mut tx, id).await?;
    let facts = store::facts_of(&mut tx, &[code], visit.day).await?;
    let unknown = CodeFacts::default();
    let facts = facts.values().next();
    let whom = Whom { died: draft.note.text("go.kind") == "died", ..visit.whom() };
    let known = draft.diagnoses.iter().any(|d| d.code == code);
    let before = draft.diagnoses.clone();
    let outcome = match facts {
        Some(facts) => rule(&mut draft.diagnoses, facts, whom),
        // A code that left the catalogue can still be taken off the list.
        None if known => rule(&mut draft.diagnoses, &unknown, whom),
        None => {
            Err(Problem::at("diagnosis", format!("Không có mã {code} trong danh mục ICD-10. Gõ tên bệnh để tìm."))
                .into())
        }
    };
    let (cautions, problems) = match outcome {
        Ok(cautions) => (cautions, Problems::none()),
        Err(problems) => (Vec::new(), problems),
    };
    if problems.is_empty() && draft.diagnoses != before {
        keep(&ctx, &mut tx, &mut visit, &mut draft).await?;
        if draft.amends.is_none() {
            store::write_list(&mut tx, &visit, &draft.diagnoses).await?;
        }
        let codes: Vec<&str> = draft.diagnoses.iter().map(|d| d.code.as_str()).collect();
        tx.audit("write", "diagnosis", id, Some(visit.patient()), json!({ "count": codes.len() }));
        tx.notify(format!("encounter/{id}"));
        tx.commit().await?;
    }
    let block = Block { cautions, ..Block::new(id, draft.diagnoses, &problems, true) };
    match (problems.is_empty(), ctx.htmx) {
        (true, true) => web::html(block),
        (false, true) => web::refused(block),
        (true, false) => web::redirect(format!("/app/encounters/{id}?tab=2")),
        (false, false) => Err(Failure::Refused(problems)),
    }
}
