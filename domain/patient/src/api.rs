//! People for programs: search, read, register. Problems come as problem+json.

use crate::demographics::{Demographics, Typed};
use crate::search::Query as Asked;
use crate::store::{find, record, register};
use base::PatientId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use web::{Answer, Ctx, IntoResponse, Json, Path, Query};

/// The part of `/api/openapi.json` that describes this module.
#[derive(OpenApi)]
#[openapi(paths(search, create, read), components(schemas(PatientView, NewPatient)))]
pub struct ApiDoc;

/// A person as this facility knows them.
#[derive(Serialize, ToSchema)]
pub struct PatientView {
    pub id: uuid::Uuid,
    pub record_no: String,
    pub name: String,
    /// ISO date; 1 January when only the year is known.
    pub birth_date: chrono::NaiveDate,
    pub birth_year_only: bool,
    /// `male`, `female` or `unknown`.
    pub sex: String,
    pub phone: String,
    pub cccd: String,
    pub address: String,
}

/// A registration. Dates as `dd/mm/yyyy` or ISO.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPatient {
    pub name: String,
    pub birth: String,
    pub sex: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub cccd: String,
    #[serde(default)]
    pub address_line: String,
    #[serde(default)]
    pub commune_code: String,
    #[serde(default)]
    pub card_no: String,
    #[serde(default)]
    pub contact_name: String,
    #[serde(default)]
    pub contact_relation: String,
}

#[derive(Deserialize, IntoParams)]
pub struct SearchParams {
    /// Name without accents in any order, year, phone, last four digits, citizen number, card, record number.
    #[serde(default)]
    pub q: String,
}

/// Finds people.
#[utoipa::path(get, path = "/api/v1/patients", params(SearchParams), responses((status = 200, body = [PatientView])), tag = "patients")]
pub async fn search(ctx: Ctx, Query(params): Query<SearchParams>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = find::search(&mut tx, &Asked::parse(&params.q, ctx.today()), 50).await?;
    let list: Vec<PatientView> = found
        .into_iter()
        .map(|p| PatientView {
            id: p.patient.0,
            record_no: p.record_no,
            name: p.name,
            birth_date: p.birth.date,
            birth_year_only: p.birth.year_only,
            sex: p.sex.key().to_owned(),
            phone: p.phone,
            cccd: p.cccd,
            address: p.address,
        })
        .collect();
    Ok(axum::Json(list).into_response())
}

/// One person.
#[utoipa::path(get, path = "/api/v1/patients/{id}", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = PatientView), (status = 404)), tag = "patients")]
pub async fn read(ctx: Ctx, Path(id): Path<PatientId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let p = record::get_summary(&mut tx, id).await?;
    tx.audit("read", "patient", id, Some(id), serde_json::Value::Null);
    tx.commit().await?;
    let view = PatientView {
        id: id.0,
        record_no: p.record_no,
        name: p.name,
        birth_date: p.birth.date,
        birth_year_only: p.birth.year_only,
        sex: p.sex.key().to_owned(),
        phone: p.phone,
        cccd: p.cccd,
        address: p.address,
    };
    Ok(axum::Json(view).into_response())
}

/// Registers a person; the same `Idempotency-Key` registers once.
#[utoipa::path(post, path = "/api/v1/patients", request_body = NewPatient, responses((status = 201, body = PatientView), (status = 422)), tag = "patients")]
pub async fn create(ctx: Ctx, Json(new): Json<NewPatient>) -> Answer {
    let id = PatientId(ctx.minted_id());
    let mut tx = ctx.begin_for("person-index").await?;
    let mut typed = Typed {
        name: new.name,
        birth: new.birth,
        sex: new.sex,
        phone: new.phone,
        cccd: new.cccd,
        address_line: new.address_line,
        commune_code: new.commune_code,
        card_no: new.card_no,
        contact_name: new.contact_name,
        contact_relation: new.contact_relation,
        ..Typed::default()
    };
    if !typed.commune_code.is_empty() {
        let Some(commune) = codes::place::find_commune(tx.conn(), &typed.commune_code).await? else {
            let text = "Mã xã/phường không có trong danh mục từ 01/07/2025. Tra lại mã.";
            return Err(base::Problem::at("commune_code", text).into());
        };
        typed.commune_name = format!("{}, {}", commune.full_name, commune.province);
    }
    let who = Demographics::check(&typed, ctx.today())?;
    let made = register_new(&mut tx, id, &who, register::Source::Api).await?;
    tx.commit().await?;
    let view = PatientView {
        id: id.0,
        record_no: made.record_no,
        name: who.name,
        birth_date: who.birth.date,
        birth_year_only: who.birth.year_only,
        sex: who.sex.key().to_owned(),
        phone: who.phone,
        cccd: who.cccd,
        address: who.address_text,
    };
    Ok((http::StatusCode::CREATED, axum::Json(view)).into_response())
}

/// Registers in an open transaction: person, record, event and audit. Needs the purpose `person-index`.
pub async fn register_new(
    tx: &mut web::Tx,
    id: PatientId,
    who: &Demographics,
    source: register::Source,
) -> Result<register::Registered, web::Failure> {
    let person = register::person_for(tx, &who.cccd).await?;
    let made = register::insert_patient(tx, id, person, who, source).await?;
    if made.is_new {
        tx.emit(base::Event::PatientRegistered { patient: id });
        tx.audit("register", "patient", id, Some(id), serde_json::json!({ "record_no": made.record_no }));
    }
    Ok(made)
}
