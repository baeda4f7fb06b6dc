//! Visits for programs: open one with its ticket, read where it stands.

use crate::desk::{Arrival, TypedVisit};
use crate::store::reception::{self, Opening};
use crate::store::visit;
use axum::http::StatusCode;
use base::{EncounterId, PatientId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, IntoResponse, Json, Path};

/// A visit to open. `room_id` is an examination room of the facility.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEncounter {
    pub patient_id: Uuid,
    pub room_id: Uuid,
    #[serde(default)]
    pub service_id: Option<Uuid>,
    #[serde(default)]
    pub reason: String,
    /// Code of the kind of care, "01" when absent.
    #[serde(default)]
    pub visit_type: String,
    /// A priority group known at the desk, e.g. `emergency`.
    #[serde(default)]
    pub priority: String,
}

/// A visit.
#[derive(Serialize, ToSchema)]
pub struct EncounterView {
    pub id: Uuid,
    pub patient_id: Uuid,
    /// planned, arrived, triaged, in_progress, finished or cancelled.
    pub status: String,
    pub day: NaiveDate,
    pub reason: String,
    /// Number in the queue of its room; null for a visit without a ticket.
    pub ticket_number: Option<i32>,
}

/// Opens a visit and gives its ticket number; the same `Idempotency-Key` opens once.
#[utoipa::path(post, path = "/api/v1/encounters", request_body = NewEncounter, responses((status = 201, body = EncounterView), (status = 404), (status = 422)), tag = "encounters")]
pub async fn create(ctx: Ctx, Json(new): Json<NewEncounter>) -> Answer {
    let typed = TypedVisit {
        room: new.room_id.to_string(),
        service: new.service_id.map(|s| s.to_string()).unwrap_or_default(),
        visit_type: new.visit_type,
        reason: new.reason,
        payer: String::new(),
        priority: new.priority,
    };
    let mut tx = ctx.begin().await?;
    let known = patient::get_summary(&mut tx, PatientId(new.patient_id)).await?;
    let rooms = reception::list_rooms(&mut tx, ctx.today()).await?;
    let services = reception::list_services(&mut tx, ctx.today()).await?;
    let arrival = Arrival::check(&typed, &rooms, &services)?;
    let opening = Opening {
        encounter: EncounterId(ctx.minted_id()),
        patient: known.patient,
        person: known.person,
        name: known.name.clone(),
        room: arrival.room,
        service: arrival.service,
        visit_type: arrival.visit_type.clone(),
        reason: arrival.reason.clone(),
        payer: "self",
        coverage: None,
        class: arrival.class(known.birth.date, Some(&known), ctx.today()),
        day: ctx.today(),
        source: "walk_in",
        number: None,
    };
    let ticket = match reception::open(&mut tx, &opening).await {
        Ok(ticket) => {
            ctx.app.places().walk_in(&mut tx, &opening.walk_in(ticket.number)).await?;
            patient::store::register::mark_seen(&mut tx, known.patient).await?;
            tx.commit().await?;
            ticket
        }
        Err(Failure::Conflict(_)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            reception::find_ticket(&mut tx, opening.encounter).await?.ok_or(Failure::NotFound)?
        }
        Err(other) => return Err(other),
    };
    let view = EncounterView {
        id: opening.encounter.0,
        patient_id: known.patient.0,
        status: "arrived".into(),
        day: opening.day,
        reason: opening.reason,
        ticket_number: Some(ticket.number),
    };
    Ok((StatusCode::CREATED, axum::Json(view)).into_response())
}

/// One visit.
#[utoipa::path(get, path = "/api/v1/encounters/{id}", params(("id" = Uuid, Path)), responses((status = 200, body = EncounterView), (status = 404)), tag = "encounters")]
pub async fn read(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit::get(&mut tx, id).await?;
    let ticket = reception::find_ticket(&mut tx, id).await?;
    tx.audit("read", "encounter", id, Some(visit.patient()), serde_json::Value::Null);
    tx.commit().await?;
    let view = EncounterView {
        id: id.0,
        patient_id: visit.patient_id,
        status: visit.status.clone(),
        day: visit.day,
        reason: visit.reason.clone(),
        ticket_number: ticket.map(|t| t.number),
    };
    Ok(axum::Json(view).into_response())
}
