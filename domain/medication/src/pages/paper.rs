//! The prescription on paper, A5, numbered from the second print on. A draft is only looked at, never counted.

use crate::pages::block::visit;
use crate::prescription::Status;
use crate::store::{self, Prescription};
use base::{EncounterId, PrescriptionId, Problem};
use serde_json::{Value, json};
use web::{Answer, App, Ctx, Failure, MadePaper, Path, Tx};

/// `GET /app/encounters/{id}/prescriptions/{prescription}/paper`.
pub async fn show(ctx: Ctx, Path((id, prescription)): Path<(EncounterId, PrescriptionId)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let known = store::find(tx.conn(), ctx.facility(), prescription).await?.filter(|p| p.encounter == id);
    let known = known.ok_or(Failure::NotFound)?;
    if known.status == Status::Draft {
        return Err(Problem::of("Đơn nháp không in được. Phát hành đơn (F8) rồi in.").into());
    }
    let copy = store::count_print(&mut tx, prescription, ctx.actor.account.0, &ctx.actor.name, ctx.now).await?;
    tx.audit("print", "prescription", prescription, Some(visit.patient), json!({ "copy": copy }));
    tx.commit().await?;
    let data = paper(&known, copy, &ctx.actor.name, ctx.now);
    let bytes = ctx.app.papers().render("prescription", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("don-thuoc-{}.pdf", known.code))
}

/// The facts under the names of the paper; person and diagnoses as they stood when it was issued. Poisons come first
/// (Circular 26/2025 art. 6(6)).
fn paper(known: &Prescription, copy: i32, by: &str, now: chrono::DateTime<chrono::Utc>) -> Value {
    let mut lines: Vec<_> = known.lines.iter().collect();
    lines.sort_by_key(|(_, line)| line.drug.controlled != "toxic");
    json!({
        "head": known.on_paper["head"],
        "form": "C",
        "code": known.code,
        "patient": known.on_paper["patient"],
        "diagnoses": known.on_paper["diagnoses"],
        "lines": lines.iter().map(|(_, line)| {
            let drug = &line.drug;
            let name = drug.prescribed_name();
            let (name, brand) = match name.split_once(" (") {
                Some((name, brand)) => (name.to_owned(), brand.trim_end_matches(')').to_owned()),
                None => (name, String::new()),
            };
            let whole = line.quantity.amount.is_whole();
            json!({
                "name": name,
                "brand": brand,
                "strength": drug.strength,
                "form": drug.form.to_lowercase(),
                "quantity": if whole { json!(line.quantity.amount.0 / 1000) } else { json!(line.quantity.amount.to_string()) },
                "unit": drug.packaging.unit,
                "route": drug.route,
                "instruction": line.instruction,
            })
        }).collect::<Vec<_>>(),
        "advice": known.advice,
        "follow_up_date": known.follow_up_on,
        "prescribed_at": known.issued_at,
        "valid_until_date": known.valid_until,
        "prescriber": known.prescriber,
        "replaces_code": known.replaces_code,
        "cancelled": matches!(known.status, Status::Cancelled | Status::Replaced),
        "printed": { "copy": copy, "by": by, "printed_at": now },
    })
}

/// The prescription for the medical record: the first copy, as it was issued. `None` for a draft or an unknown one.
pub async fn for_record(app: &App, tx: &mut Tx, id: PrescriptionId) -> Result<Option<MadePaper>, Failure> {
    let facility = tx.facility();
    let Some(known) = store::find(tx.conn(), facility, id).await?.filter(|known| known.status != Status::Draft) else { return Ok(None) };
    let data = paper(&known, 1, &tx.actor.name, tx.now);
    let pdf = app.papers().render("prescription", data.clone()).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    Ok(Some(MadePaper { title: format!("Đơn thuốc {}", known.code), pdf, data }))
}
