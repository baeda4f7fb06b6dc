//! The label on the tube: barcode, person, tube, time, collector.

use crate::store::lab::collect::{self, Specimen, Which};
use base::{Age, EncounterId, SpecimenId};
use chrono::NaiveDate;
use serde_json::{Value, json};
use web::{Answer, Ctx, Failure, Path};

/// `GET /app/lab/specimens/{id}/label`: one label.
pub async fn one(ctx: Ctx, Path(id): Path<SpecimenId>) -> Answer {
    print(ctx, Which::Id(id)).await
}

/// `GET /app/lab/encounters/{id}/labels`: all tubes of a visit that still stand.
pub async fn of_visit(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    print(ctx, Which::Encounter(id)).await
}

async fn print(ctx: Ctx, which: Which<'_>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut specimens = collect::list_specimens(tx.conn(), ctx.facility(), which).await?;
    if matches!(which, Which::Encounter(_)) {
        specimens.retain(|s| s.status != crate::lab::specimen::Status::Rejected);
    }
    let Some(first) = specimens.first() else { return Err(Failure::NotFound) };
    let ours = organization::facility::get(tx.conn(), ctx.facility()).await?;
    tx.audit("print", "specimen-label", &first.code, Some(first.patient), json!({ "count": specimens.len() }));
    let name = format!("tem-{}.pdf", first.code);
    let labels: Vec<Value> = specimens.iter().map(|s| label(s, ctx.today())).collect();
    tx.commit().await?;
    let data = json!({ "head": { "name": ours.facts.short_name }, "labels": labels });
    let bytes = ctx.app.papers().render("lab-label", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &name)
}

/// One label's facts under the names of the paper.
fn label(specimen: &Specimen, today: NaiveDate) -> Value {
    json!({
        "code": specimen.code,
        "name": specimen.patient_name,
        "record_no": specimen.record_no,
        "sex": specimen.sex,
        "birth_date": specimen.birth_date,
        "age": Age::on(specimen.birth_date, today).to_string(),
        "tube": specimen.tube.name(),
        "urgent": specimen.is_urgent,
        "collected_at": specimen.collected_at,
        "collector": specimen.collected_name,
        "tests": specimen.analytes.join(" "),
    })
}
