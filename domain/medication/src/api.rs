//! Prescriptions for programs: read those of a visit, write and issue one.

use crate::desk::{self, derived};
use crate::entry::understand;
use crate::prescription::Status;
use crate::safety::{Finding, Severity};
use crate::store::{self, Prescription, Visit};
use axum::response::IntoResponse;
use base::{EncounterId, PrescriptionId, Problem, Problems};
use chrono::{DateTime, NaiveDate, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Json, Path, Tx};

/// The part of `/api/openapi.json` that describes this module.
#[derive(OpenApi)]
#[openapi(paths(list, create), components(schemas(PrescriptionOut, LineOut, FindingOut, NewPrescription, NewLine, ListOut)))]
pub struct ApiDoc;

/// One drug of a prescription.
#[derive(Serialize, ToSchema)]
pub struct LineOut {
    id: Uuid,
    drug_id: Option<Uuid>,
    name: String,
    strength: String,
    form: String,
    /// The full Vietnamese instruction.
    instruction: String,
    /// Thousandths of the dispensing unit.
    quantity_milli: i64,
    unit: String,
    /// How the quantity came about.
    arithmetic: String,
    days: Option<u16>,
    price_vnd: Option<i64>,
    amount_vnd: Option<i64>,
}

/// What a check found.
#[derive(Serialize, ToSchema)]
pub struct FindingOut {
    key: String,
    /// blocks, warns or informs.
    severity: &'static str,
    claim: String,
    fact: String,
    source: String,
    /// false: unverified data, informs only.
    verified: bool,
    overruled: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PrescriptionOut {
    id: Uuid,
    encounter_id: Uuid,
    patient_id: Uuid,
    /// draft, issued, replaced or cancelled.
    status: &'static str,
    code: Option<String>,
    day: NaiveDate,
    advice: String,
    follow_up_on: Option<NaiveDate>,
    issued_at: Option<DateTime<Utc>>,
    valid_until: Option<NaiveDate>,
    replaces: Option<Uuid>,
    lines: Vec<LineOut>,
    total_vnd: i64,
    /// Of a draft only.
    findings: Vec<FindingOut>,
}

#[derive(Serialize, ToSchema)]
pub struct ListOut {
    items: Vec<PrescriptionOut>,
}

/// One line to write.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewLine {
    /// Drug and dose, e.g. `amox 500 s1 c1 5n`.
    sentence: String,
    /// The facility's drug, when the words alone could mean several.
    drug_id: Option<Uuid>,
    /// The drug is not in the facility's list and is written as text.
    free_text: bool,
}

/// A prescription to write.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewPrescription {
    lines: Vec<NewLine>,
    advice: String,
    follow_up_on: Option<NaiveDate>,
    weight_g: Option<i32>,
    /// Who brought the child.
    escort: String,
    /// Issue it at once; it stays a draft otherwise.
    issue: bool,
}

/// The prescriptions of a visit: the draft first, then the newest.
#[utoipa::path(get, path = "/api/v1/encounters/{id}/prescriptions", params(("id" = Uuid, Path)), tag = "prescriptions",
    responses((status = 200, description = "Prescriptions", body = ListOut), (status = 404, description = "No such visit")))]
pub async fn list(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let items = outs(&ctx, &mut tx, &visit).await?;
    tx.audit("read", "prescription", id, Some(visit.patient), serde_json::Value::Null);
    tx.commit().await?;
    json(StatusCode::OK, &ListOut { items })
}

/// Writes a prescription into the visit's draft and, if asked, issues it. All lines are understood or none is saved.
#[utoipa::path(post, path = "/api/v1/encounters/{id}/prescriptions", params(("id" = Uuid, Path)), request_body = NewPrescription,
    tag = "prescriptions", responses((status = 201, description = "Written", body = PrescriptionOut),
    (status = 404, description = "No such visit"), (status = 422, description = "Refused, with every reason")))]
pub async fn create(ctx: Ctx, Path(id): Path<EncounterId>, Json(new): Json<NewPrescription>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let minted = ctx.minted_id();
    let repeated = store::line_exists(tx.conn(), ctx.facility(), derived(minted, 0)).await?;
    let draft = if repeated { None } else { Some(write(&ctx, &mut tx, &visit, minted, &new).await?) };
    if let Some(draft) = draft.filter(|_| new.issue) {
        desk::issue(&ctx, &mut tx, &visit, draft).await??;
    }
    let written = outs(&ctx, &mut tx, &visit).await?;
    let holds = |p: &PrescriptionOut| p.lines.iter().any(|l| l.id == derived(minted, 0));
    let out = written.into_iter().find(holds).ok_or(Failure::NotFound)?;
    tx.notify(format!("encounter/{id}"));
    tx.commit().await?;
    json(StatusCode::CREATED, &out)
}

async fn write(ctx: &Ctx, tx: &mut Tx, visit: &Visit, minted: Uuid, new: &NewPrescription) -> Result<PrescriptionId, Failure> {
    if new.lines.is_empty() || new.lines.len() > 50 {
        return Err(Problem::at("lines", "Một đơn có từ 1 đến 50 thuốc.").into());
    }
    let weight = new.weight_g.map(desk::kilograms).unwrap_or_default();
    let follow_up = new.follow_up_on.map(base::show_date).unwrap_or_default();
    let details = desk::details(&new.advice, &follow_up, &weight, &new.escort)?;
    let draft = desk::open_draft(ctx, tx, visit).await?;
    let mut problems = Problems::none();
    for (n, line) in new.lines.iter().enumerate() {
        let chosen = line.drug_id.map(|d| d.to_string()).unwrap_or_default();
        let understood = understand(tx.conn(), ctx.facility(), visit.day, &line.sentence, &chosen, &[]).await?;
        let meant = understood.chosen.map(|at| understood.offered[at].id);
        if line.drug_id.is_some() && meant != line.drug_id {
            problems.add(format!("lines[{n}].drug_id"), "Thuốc này không khớp câu liều hoặc không còn trong danh mục của cơ sở.");
            continue;
        }
        match understood.line(line.free_text) {
            Ok(line) => store::save_line(tx, draft, derived(minted, n), &line, true).await?,
            Err(refused) => {
                for problem in refused.0 {
                    problems.add(format!("lines[{n}].sentence"), problem.text);
                }
            }
        }
    }
    problems.or(())?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    store::save_details(tx, draft, known.version, &details).await?;
    Ok(draft)
}

async fn outs(ctx: &Ctx, tx: &mut Tx, visit: &Visit) -> Result<Vec<PrescriptionOut>, Failure> {
    let all = store::list_of_visit(tx.conn(), ctx.facility(), visit.encounter).await?;
    let mut outs = Vec::with_capacity(all.len());
    for prescription in &all {
        let findings = if prescription.status == Status::Draft {
            desk::findings(ctx, tx, visit, Some(prescription), None).await?
        } else {
            Vec::new()
        };
        outs.push(out(prescription, findings));
    }
    Ok(outs)
}

fn out(p: &Prescription, findings: Vec<Finding>) -> PrescriptionOut {
    PrescriptionOut {
        id: p.id.0,
        encounter_id: p.encounter.0,
        patient_id: p.patient.0,
        status: p.status.key(),
        code: (!p.code.is_empty()).then(|| p.code.clone()),
        day: p.day,
        advice: p.advice.clone(),
        follow_up_on: p.follow_up_on,
        issued_at: p.issued_at,
        valid_until: p.valid_until,
        replaces: p.replaces.map(|r| r.0),
        lines: p
            .lines
            .iter()
            .map(|(id, line)| LineOut {
                id: *id,
                drug_id: line.drug.id,
                name: line.drug.prescribed_name(),
                strength: line.drug.strength.clone(),
                form: line.drug.form.clone(),
                instruction: line.instruction.clone(),
                quantity_milli: line.quantity.amount.0,
                unit: line.drug.packaging.unit.clone(),
                arithmetic: line.quantity.arithmetic.clone(),
                days: line.dose.total_days(),
                price_vnd: line.drug.price.map(|p| p.0),
                amount_vnd: line.amount().map(|a| a.0),
            })
            .collect(),
        total_vnd: p.total().0,
        findings: findings
            .into_iter()
            .map(|f| FindingOut {
                key: f.key,
                severity: match f.severity {
                    Severity::Blocks => "blocks",
                    Severity::Warns => "warns",
                    Severity::Informs => "informs",
                },
                claim: f.claim,
                fact: f.fact,
                source: f.source,
                verified: f.is_verified,
                overruled: f.overruled,
            })
            .collect(),
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let text = serde_json::to_string(body).map_err(|e| Failure::Fault(e.into()))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}
