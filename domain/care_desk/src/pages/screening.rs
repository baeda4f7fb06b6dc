//! What was asked before the visit, for the doctor who sees the patient.

use crate::question::{self, About};
use askama::Template;
use web::{Ctx, Failure, PanelFor, Tx};

#[derive(Template)]
#[template(path = "care_desk_screening.html")]
struct Screening {
    reason: String,
    note: String,
    channel: &'static str,
    when: String,
    answers: Vec<(String, String, bool)>,
}

/// `chart.summary`: reason, answers and note of the booking that led to this visit. Nothing for a visit without one.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let Some(a) = scheduling::of_encounter(tx, encounter).await? else { return Ok(String::new()) };
    let answers = question::in_words(&a.answers, &About::of(&a, ctx.today()));
    if a.reason.is_empty() && a.note.is_empty() && answers.is_empty() {
        return Ok(String::new());
    }
    tx.audit("read", "screening", a.id, a.patient, serde_json::Value::Null);
    Ok(Screening { channel: a.channel.shown(), when: a.when(), reason: a.reason, note: a.note, answers }.render()?)
}
