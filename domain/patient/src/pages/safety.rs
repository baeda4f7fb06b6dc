//! Recording allergies and alerts.

use crate::pages::record;
use crate::safety::{AllergyEntry, FlagEntry, TypedAllergy, TypedFlag};
use crate::store::safety as store;
use base::{PatientId, Problem};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path};

/// Adds an allergy; the page minted its id, so a second click lands on the same row.
pub async fn add_allergy(ctx: Ctx, Path(patient): Path<PatientId>, Form(typed): Form<TypedAllergy>) -> Answer {
    let mut tx = ctx.begin().await?;
    let entry = match AllergyEntry::check(&typed) {
        Ok(entry) => entry,
        Err(problems) => return record::refused(&ctx, tx, patient, problems, Some(typed)).await,
    };
    let id: Uuid = typed.id.parse().unwrap_or_else(|_| ctx.minted_id());
    match store::insert_allergy(&mut tx, patient, id, &entry).await {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => {
            drop(tx);
            return record::refused(&ctx, ctx.begin().await?, patient, problems, Some(typed)).await;
        }
        Err(other) => return Err(other),
    }
    tx.audit("record", "allergy", id, Some(patient), Value::Null);
    tx.notify(format!("patient/{patient}"));
    tx.commit().await?;
    back(&typed.back, patient)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Ending {
    reason: String,
    back: String,
}

/// Ends an allergy, as passed or as entered by mistake.
pub async fn end_allergy(ctx: Ctx, Path((patient, id)): Path<(PatientId, Uuid)>, Form(form): Form<Ending>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::record::get_summary(&mut tx, patient).await?;
    if !matches!(form.reason.as_str(), "resolved" | "entered_in_error") {
        return Err(Problem::at("reason", "Chưa chọn lý do. Chọn “đã hết” hoặc “ghi nhầm”.").into());
    }
    if store::end_allergy(&mut tx, patient, id, &form.reason).await? {
        tx.audit("end", "allergy", id, Some(patient), serde_json::json!({ "reason": form.reason }));
        tx.notify(format!("patient/{patient}"));
    }
    tx.commit().await?;
    back(&form.back, patient)
}

/// Notes that the person was asked and knows of no allergy.
pub async fn none_known(ctx: Ctx, Path(patient): Path<PatientId>, Form(form): Form<Ending>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::record::get_summary(&mut tx, patient).await?;
    store::mark_none_known(&mut tx, patient).await?;
    tx.audit("record", "allergy", patient, Some(patient), serde_json::json!({ "state": "none_known" }));
    tx.notify(format!("patient/{patient}"));
    tx.commit().await?;
    back(&form.back, patient)
}

/// Adds an alert or a priority mark.
pub async fn add_flag(ctx: Ctx, Path(patient): Path<PatientId>, Form(typed): Form<TypedFlag>) -> Answer {
    let mut tx = ctx.begin().await?;
    let entry = match FlagEntry::check(&typed, ctx.today()) {
        Ok(entry) => entry,
        Err(problems) => return record::refused(&ctx, tx, patient, problems, None).await,
    };
    let id: Uuid = typed.id.parse().unwrap_or_else(|_| ctx.minted_id());
    store::insert_flag(&mut tx, patient, id, &entry).await?;
    tx.audit("record", "flag", id, Some(patient), serde_json::json!({ "kind": entry.kind }));
    tx.commit().await?;
    back("", patient)
}

/// Ends an alert.
pub async fn end_flag(ctx: Ctx, Path((patient, id)): Path<(PatientId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    crate::store::record::get_summary(&mut tx, patient).await?;
    if store::end_flag(&mut tx, patient, id).await? {
        tx.audit("end", "flag", id, Some(patient), Value::Null);
    }
    tx.commit().await?;
    back("", patient)
}

/// Back to where the person came from, if that is one of our own pages.
fn back(to: &str, patient: PatientId) -> Answer {
    if to.starts_with("/app/") && !to.contains("//") {
        return web::redirect(to);
    }
    web::redirect(format!("/app/patients/{patient}"))
}
