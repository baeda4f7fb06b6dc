//! Labels for boxes and blisters, and the sheet that goes home with them. Printed again without a question; every
//! print stands in the audit.

use crate::dose::Milli;
use crate::store::{self, Dispense};
use base::DispenseId;
use serde_json::{Value, json};
use web::{Answer, Ctx, Failure, Path};

/// `GET /app/pharmacy/dispenses/{dispense}/labels`: one label of 50 × 30 mm a line.
pub async fn labels(ctx: Ctx, Path(id): Path<DispenseId>) -> Answer {
    print(ctx, id, "drug-labels", "nhan-thuoc").await
}

/// `GET /app/pharmacy/dispenses/{dispense}/instructions`: one A5 sheet, what to take and how.
pub async fn instructions(ctx: Ctx, Path(id): Path<DispenseId>) -> Answer {
    print(ctx, id, "drug-instructions", "huong-dan-dung-thuoc").await
}

async fn print(ctx: Ctx, id: DispenseId, template: &'static str, file: &str) -> Answer {
    let mut tx = ctx.begin().await?;
    let dispense = store::find_dispense(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let ours = organization::facility::get(tx.conn(), ctx.facility()).await?;
    let advice = match dispense.prescription {
        Some(of) => store::find(tx.conn(), ctx.facility(), of).await?.map(|p| (p.advice, p.on_paper)),
        None => None,
    };
    tx.audit("print", "dispense", id, dispense.patient, json!({ "paper": template }));
    tx.commit().await?;
    let (advice, on_paper) = advice.unwrap_or_default();
    let data = paper(&dispense, ours.paper_head(None), &advice, &on_paper["patient"], &ctx.actor.name, ctx.now);
    let bytes = ctx.app.papers().render(template, data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("{file}-{}.pdf", if dispense.code.is_empty() { id.to_string() } else { dispense.code.clone() }))
}

/// The facts under the names of both papers.
fn paper(dispense: &Dispense, head: Value, advice: &str, patient: &Value, by: &str, now: chrono::DateTime<chrono::Utc>) -> Value {
    let lines = dispense.lines.iter().filter(|l| l.quantity_milli > 0).map(|line| {
        let lots: Vec<_> = dispense.lots.iter().filter(|l| l.id == line.id).collect();
        json!({
            "name": line.name,
            "quantity": Milli(line.quantity_milli).to_string(),
            "unit": line.unit,
            "instruction": line.instruction,
            "substituted": line.substituted,
            "lots": lots.iter().map(|l| json!({ "lot_no": l.lot_no, "expires_date": l.expires, "quantity": Milli(l.quantity_milli).to_string() })).collect::<Vec<_>>(),
        })
    });
    json!({
        "head": head,
        "code": dispense.code,
        "patient": if patient.is_object() { patient.clone() } else { json!({ "name": dispense.patient_name }) },
        "lines": lines.collect::<Vec<_>>(),
        "advice": advice,
        "given_at": dispense.at,
        "given_by": dispense.by_name,
        "printed": { "copy": 1, "by": by, "printed_at": now },
    })
}
