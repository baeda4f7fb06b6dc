//! The wristband: printed at admission, read at the bedside, opens the stay wherever it is scanned.

use crate::stay::looks_like_wristband;
use crate::store::stay;
use base::{Age, EncounterId, local_date};
use serde_json::json;
use web::{Answer, Ctx, Failure, Path, Tx};

/// `GET /app/stays/{encounter}/wristband.pdf`.
pub async fn print(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::get(&mut tx, id).await?;
    let ours = organization::facility::get(tx.conn(), ctx.facility()).await?;
    let (allergies, blood): (Vec<String>, String) = sqlx::query_as(db::sql!(
        "SELECT coalesce(array_agg(a.substance ORDER BY a.recorded_at), '{}'), '' FROM patient_allergy a
         WHERE a.facility_id = $1 AND a.patient_id = $2 AND a.ended_at IS NULL"
    ))
    .bind(tx.facility().0)
    .bind(stay.patient_id)
    .fetch_one(tx.conn())
    .await?;
    tx.audit("print", "wristband", stay.encounter_id, Some(stay.patient()), serde_json::Value::Null);
    tx.commit().await?;
    let label = json!({
        "code": stay.wristband,
        "name": stay.name,
        "record_no": stay.record_no,
        "sex": stay.sex,
        "birth_date": stay.birth_date,
        "age": Age::on(stay.birth_date, ctx.today()).to_string(),
        "ward": stay.ward_name,
        "admitted_date": local_date(stay.admitted_at),
        "allergies": allergies.join(", "),
        "blood": blood,
    });
    let data = json!({ "head": { "name": ours.facts.short_name }, "labels": [label] });
    let bytes = ctx.app.papers().render("wristband", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("vong-tay-{}.pdf", stay.wristband))
}

/// Where a scanned wristband leads: to what is to be done for this patient, or to the sheet for who may not do it.
pub async fn scanned(ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    let code = code.trim().to_ascii_uppercase();
    if !looks_like_wristband(&code) {
        return Ok(None);
    }
    let found = stay::of_wristband(tx, &code).await?;
    Ok(found.map(|id| if ctx.may("ward.nurse") { format!("/app/stays/{id}/tasks?code={code}") } else { format!("/app/stays/{id}") }))
}
