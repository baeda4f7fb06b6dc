//! Prescriptions for programs: read those of a visit, write and issue one.

use crate::desk::{self, derived};
use crate::entry::understand;
use crate::line::Line;
use crate::prescription::Status;
use crate::safety::{Finding, Severity};
use crate::store::{self, Prescription, Visit};
use axum::response::IntoResponse;
use base::{EncounterId, Problem, Problems};
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
    /// No other brand may take a line's place at the pharmacy.
    no_substitution: bool,
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
    let understood = understand_all(&ctx, &mut tx, &visit, &new).await;
    let first = derived(minted, 0);
    let (details, lines) = match understood {
        Ok(understood) => understood,
        // What was written once stays written, whatever the list says today.
        Err(refused) => return if store::line_exists(tx.conn(), ctx.facility(), first).await? { repeated(&ctx, tx, &visit, first).await } else { Err(refused) },
    };
    let begun = desk::begin(&mut tx, &visit, &details, first).await?;
    if begun.has_line {
        drop(tx);
        return repeated(&ctx, ctx.begin().await?, &visit, first).await;
    }
    let lines: Vec<(Uuid, Line)> = lines.into_iter().enumerate().map(|(n, line)| (derived(minted, n), line)).collect();
    store::insert_lines(&mut tx, begun.id, &lines.iter().map(|(id, line)| (*id, line)).collect::<Vec<_>>()).await?;
    let mut written = if begun.is_new {
        Prescription::begun(&visit, begun.id, &details, lines, ctx.today())
    } else {
        store::save_details(&mut tx, begun.id, begun.version, &details).await?;
        store::find(tx.conn(), ctx.facility(), begun.id).await?.ok_or(Failure::NotFound)?
    };
    let findings = if new.issue {
        if let Some(issued) = desk::issue(&ctx, &mut tx, &visit, &written, begun.standing.as_ref()).await?? {
            written = issued;
        }
        Vec::new()
    } else {
        desk::findings(&ctx, &mut tx, &visit, Some(&written), None).await?
    };
    tx.notify(format!("encounter/{id}"));
    tx.commit().await?;
    json(StatusCode::CREATED, &out(&written, findings))
}

/// The answer to a call that was answered before.
async fn repeated(ctx: &Ctx, mut tx: Tx, visit: &Visit, first: Uuid) -> Answer {
    let written = outs(ctx, &mut tx, visit).await?;
    let out = written.into_iter().find(|p| p.lines.iter().any(|l| l.id == first)).ok_or(Failure::NotFound)?;
    json(StatusCode::CREATED, &out)
}

async fn understand_all(ctx: &Ctx, tx: &mut Tx, visit: &Visit, new: &NewPrescription) -> Result<(store::Details, Vec<Line>), Failure> {
    if new.lines.is_empty() || new.lines.len() > 50 {
        return Err(Problem::at("lines", "Một đơn có từ 1 đến 50 thuốc.").into());
    }
    let weight = new.weight_g.map(desk::kilograms).unwrap_or_default();
    let follow_up = new.follow_up_on.map(base::show_date).unwrap_or_default();
    let details = desk::details(&new.advice, &follow_up, &weight, &new.escort)?;
    let mut problems = Problems::none();
    let mut lines = Vec::with_capacity(new.lines.len());
    for (n, line) in new.lines.iter().enumerate() {
        let chosen = line.drug_id.map(|d| d.to_string()).unwrap_or_default();
        let understood = understand(tx.conn(), ctx.facility(), visit.day, &line.sentence, &chosen, &[]).await?;
        let meant = understood.chosen.map(|at| understood.offered[at].id);
        if line.drug_id.is_some() && meant != line.drug_id {
            problems.add(format!("lines[{n}].drug_id"), "Thuốc này không khớp câu liều hoặc không còn trong danh mục của cơ sở.");
            continue;
        }
        match understood.line(line.free_text) {
            Ok(line) => lines.push(line),
            Err(refused) => {
                for problem in refused.0 {
                    problems.add(format!("lines[{n}].sentence"), problem.text);
                }
            }
        }
    }
    problems.or(())?;
    Ok((store::Details { no_substitution: new.no_substitution, ..details }, lines))
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
