//! What we answer a partner who calls. The certificate says who calls; the address says which of our houses is meant.

use crate::bundle;
use crate::tls::Caller;
use axum::Json;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base::FacilityId;
use db::Scope;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use sharing::holder;
use sharing::store::held::Ask;
use sharing::store::partners::{self, Partner};
use uuid::Uuid;
use web::{App, Failure};

/// The largest question in bytes.
const QUESTION: usize = 64 * 1024;

/// The routes for partners.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/link/v1/{house}/requests", post(ask))
        .route("/link/v1/{house}/requests/{id}", get(state))
        .route("/link/v1/{house}/requests/{id}/withdrawal", post(withdraw))
        .route("/link/v1/{house}/requests/{id}/documents/{document}", get(document))
        .layer(DefaultBodyLimit::max(QUESTION))
        .with_state(app)
}

/// A house of ours, and the partner who is known there by this certificate. Strangers and unknown houses are one answer.
async fn known(app: &App, caller: &Caller, house: &str) -> Result<(FacilityId, Partner), Response> {
    let find = async {
        let mut tx = app.db.begin(Scope::Purpose("record-link"), base::Actor::system(FacilityId(0)), app.clock.now()).await?;
        partners::known_by(&mut tx, &caller.fingerprint, house, app.clock.today()).await
    };
    match find.await {
        Ok(Some((facility, partner))) => Ok((FacilityId(facility), partner)),
        Ok(None) => Err(no(StatusCode::NOT_FOUND, "unknown_partner", "this certificate is not known here")),
        Err(error) => Err(fault(error.into())),
    }
}

fn no(status: StatusCode, code: &str, detail: &str) -> Response {
    (status, Json(json!({ "code": code, "detail": detail }))).into_response()
}

fn fault(failure: Failure) -> Response {
    match failure {
        Failure::NotFound => no(StatusCode::NOT_FOUND, "not_found", "no such request"),
        other => {
            tracing::error!(failure = ?other, "a partner could not be answered");
            no(StatusCode::INTERNAL_SERVER_ERROR, "fault", "try again later")
        }
    }
}

/// A question. Whatever it says about itself, it comes from the house that the certificate names.
async fn ask(State(app): State<App>, ConnectInfo(caller): ConnectInfo<Caller>, Path(house): Path<String>, Json(asked): Json<Ask>) -> Response {
    let (facility, partner) = match known(&app, &caller, &house).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    let too_long = asked.note.chars().count() > 500 || asked.doctor.chars().count() > 200 || asked.whom.name.chars().count() > 100 || asked.whom.cccd.len() > 12;
    if too_long {
        return no(StatusCode::UNPROCESSABLE_ENTITY, "too_long", "a field is longer than it may be");
    }
    if asked.emergency && asked.note.trim().chars().count() < 10 {
        return no(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", "an emergency needs a reason");
    }
    let mut whom = asked.whom;
    whom.person = None;
    let asked = Ask { asker_code: partner.code, asker_name: partner.name, asker_facility: None, partner: Some(partner.partner_id), whom, ..asked };
    match holder::receive(&app, facility, &asked, app.clock.now()).await {
        Ok(state) => Json(state).into_response(),
        Err(failure) => fault(failure),
    }
}

async fn state(State(app): State<App>, ConnectInfo(caller): ConnectInfo<Caller>, Path((house, id)): Path<(String, Uuid)>) -> Response {
    let (facility, partner) = match known(&app, &caller, &house).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    match holder::state(&app, facility, id, &partner.code, app.clock.now()).await {
        Ok(state) => Json(state).into_response(),
        Err(failure) => fault(failure),
    }
}

async fn withdraw(State(app): State<App>, ConnectInfo(caller): ConnectInfo<Caller>, Path((house, id)): Path<(String, Uuid)>) -> Response {
    let (facility, partner) = match known(&app, &caller, &house).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    match holder::withdraw(&app, facility, id, &partner.code, app.clock.now()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => fault(failure),
    }
}

#[derive(Deserialize)]
struct Who {
    who: String,
}

/// A paper as a FHIR document bundle; 403 with the reason when it is closed.
async fn document(State(app): State<App>, ConnectInfo(caller): ConnectInfo<Caller>, Path((house, id, document)): Path<(String, Uuid, Uuid)>, Query(who): Query<Who>) -> Response {
    let (facility, partner) = match known(&app, &caller, &house).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    let who: String = who.who.chars().filter(|c| !c.is_control()).take(200).collect();
    if who.trim().is_empty() {
        return no(StatusCode::UNPROCESSABLE_ENTITY, "nobody", "say who reads");
    }
    let now = app.clock.now();
    let ours = async {
        let mut tx = app.db.begin_system(facility, now).await?;
        partners::ourselves(&mut tx).await
    };
    let (code, name) = match ours.await {
        Ok(ours) => ours,
        Err(error) => return fault(error.into()),
    };
    match holder::open(&app, facility, id, &partner.code, document, &who, now).await {
        Ok(Ok(opened)) => {
            let body = bundle::write(&opened, &code, &name, now).to_string();
            ([(http::header::CONTENT_TYPE, "application/fhir+json")], body).into_response()
        }
        Ok(Err(closed)) => (StatusCode::FORBIDDEN, Json(json!({ "code": "closed", "closed": closed, "detail": closed.text() }))).into_response(),
        Err(failure) => fault(failure),
    }
}
