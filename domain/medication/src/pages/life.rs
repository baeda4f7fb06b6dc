//! The life of a prescription: details saved while they are typed, reasons, issuing, replacing, cancelling.

use crate::desk;
use crate::pages::block::{Say, Typed, answer, visit};
use crate::pages::entry::stale;
use crate::prescription::{Status, check_override};
use crate::store::{self, Override, Prescription, Visit};
use base::{EncounterId, PrescriptionId, Problem, Problems, show_date, show_time};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, IntoResponse, Path, Tx};

/// What stands beside the lines, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DetailsForm {
    pub version: String,
    /// The draft that is issued.
    pub prescription: String,
    pub advice: String,
    pub follow_up: String,
    pub weight: String,
    pub escort: String,
    /// "1": no other brand may take a line's place.
    pub no_substitution: String,
}

impl DetailsForm {
    fn read(&self) -> Result<store::Details, Problems> {
        let details = desk::details(&self.advice, &self.follow_up, &self.weight, &self.escort)?;
        Ok(store::Details { no_substitution: self.no_substitution == "1", ..details })
    }

    fn typed(&self) -> Typed {
        Typed {
            sentence: String::new(),
            advice: Some(self.advice.clone()),
            follow_up: Some(self.follow_up.clone()),
            weight: Some(self.weight.clone()),
            escort: Some(self.escort.clone()),
        }
    }
}

/// `PUT /app/encounters/{id}/prescription/details`: advice, date, weight and escort, a moment after they were typed.
/// Answers the new version, or 409 with what somebody else saved meanwhile.
pub async fn keep_details(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<DetailsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let details = form.read()?;
    let draft = desk::open_draft(&mut tx, &visit).await?;
    let read: i32 = form.version.parse().unwrap_or(1);
    match store::save_details(&mut tx, draft, read, &details).await? {
        Some(version) => {
            tx.commit().await?;
            answer_json(StatusCode::OK, json!({ "version": version }))
        }
        None => {
            let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
            let fields = json!({
                "advice": known.advice,
                "follow_up": known.follow_up_on.map(show_date).unwrap_or_default(),
                "weight": known.weight_g.map(desk::kilograms).unwrap_or_default(),
                "escort": known.escort,
                "no_substitution": if known.no_substitution { "1" } else { "" },
            });
            let body = json!({ "version": known.version, "fields": fields, "by": "Người khác", "at": show_time(ctx.now) });
            answer_json(StatusCode::CONFLICT, body)
        }
    }
}

fn answer_json(status: StatusCode, body: serde_json::Value) -> Answer {
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response())
}

/// `POST /app/encounters/{id}/prescription/issued`: F8.
pub async fn issue(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<DetailsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let prescription: PrescriptionId = form.prescription.parse().map_err(|_| stale())?;
    let problems = match form.read() {
        Ok(details) => {
            let all = store::list_of_visit(tx.conn(), ctx.facility(), id).await?;
            let standing = desk::standing(&all);
            let known = all.into_iter().find(|p| p.id == prescription).ok_or(Failure::NotFound)?;
            let draft = if known.status == Status::Draft { known.with(details) } else { known };
            desk::issue(&ctx, &mut tx, &visit, &draft, standing.as_ref()).await?.err().unwrap_or_default()
        }
        Err(problems) => problems,
    };
    if problems.is_empty() {
        return answer(&ctx, tx, &visit, Say::default()).await;
    }
    let typed = form.typed();
    answer(&ctx, tx, &visit, Say { problems, typed, ..Say::default() }).await
}

/// A reason for keeping what a check speaks against.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OverrideForm {
    pub id: String,
    pub finding: String,
    pub reason_code: String,
    pub reason: String,
    /// Words that go into the advice as well, e.g. that a medicine at home is paused.
    pub advice: String,
}

/// `POST /app/encounters/{id}/prescription/overrides`.
pub async fn overrule(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<OverrideForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let override_id: Uuid = form.id.parse().map_err(|_| stale())?;
    let draft = desk::open_draft(&mut tx, &visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    let findings = desk::findings(&ctx, &mut tx, &visit, Some(&known), None).await?;
    let Some(finding) = findings.iter().find(|f| f.key == form.finding) else {
        let problems = Problem::of("Cảnh báo này không còn trong đơn. Xem lại danh sách kiểm tra.").into();
        return answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await;
    };
    if let Err(problems) = check_override(&form.reason_code, &form.reason) {
        let text = problems.0.first().map_or(String::new(), |p| p.text.to_string());
        let problems: Problems = Problem::of(format!("{}: {text}", finding.claim)).into();
        return answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await;
    }
    let row = Override {
        id: override_id,
        prescription: draft,
        patient: visit.patient,
        finding: &finding.key,
        claim: &finding.claim,
        source: &finding.source,
        reason_code: &form.reason_code,
        reason: &form.reason,
        by: ctx.actor.account.0,
        by_name: &ctx.actor.name,
        at: ctx.now,
    };
    store::insert_override(&mut tx, &row).await?;
    if !form.advice.trim().is_empty() {
        store::append_advice(&mut tx, draft, form.advice.trim()).await?;
    }
    tx.audit("override", "prescription", draft, Some(visit.patient), json!({ "finding": finding.key, "reason_code": form.reason_code }));
    answer(&ctx, tx, &visit, Say::default()).await
}

/// Why a prescription ends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReasonForm {
    pub reason: String,
}

/// The prescription of a visit, or not found.
async fn of_visit(ctx: &Ctx, tx: &mut Tx, id: EncounterId, prescription: PrescriptionId) -> Result<(Visit, Prescription), Failure> {
    let visit = visit(ctx, tx, id).await?;
    let known = store::find(tx.conn(), ctx.facility(), prescription).await?.filter(|p| p.encounter == id);
    Ok((visit, known.ok_or(Failure::NotFound)?))
}

/// `POST /app/encounters/{id}/prescriptions/{prescription}/replaced`: begins the prescription that takes its place.
pub async fn replace(ctx: Ctx, Path((id, prescription)): Path<(EncounterId, PrescriptionId)>, Form(form): Form<ReasonForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, known) = of_visit(&ctx, &mut tx, id, prescription).await?;
    let problems = desk::begin_replacing(&ctx, &mut tx, &visit, &known, &form.reason).await?.err().unwrap_or_default();
    answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
}

/// `POST /app/encounters/{id}/prescriptions/{prescription}/cancelled`.
pub async fn cancel(ctx: Ctx, Path((id, prescription)): Path<(EncounterId, PrescriptionId)>, Form(form): Form<ReasonForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (visit, known) = of_visit(&ctx, &mut tx, id, prescription).await?;
    let problems = desk::cancel(&ctx, &mut tx, &visit, &known, &form.reason).await?.err().unwrap_or_default();
    answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
}
