//! Released results for programs, and the door where machines hand in what they measured.

use super::analyser::{Protocol, RawDoor, RawMessage};
use crate::store::lab::door::TableDoor;
use crate::store::lab::report::{self, Of, Value as Released};
use crate::store;
use axum::body::Bytes;
use axum::response::IntoResponse;
use base::{EncounterId, PatientId, Problem, ReportId};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query};

/// The part of `/api/openapi.json` that describes the laboratory.
#[derive(OpenApi)]
#[openapi(paths(of_encounter, of_report, message), components(schemas(ResultOut, ReportOut, MessageOut)))]
pub struct ApiDoc;

/// A released value.
#[derive(Serialize, ToSchema)]
pub struct ResultOut {
    result_id: Uuid,
    report_id: Uuid,
    order_id: Uuid,
    specimen_code: String,
    code: String,
    name: String,
    loinc: String,
    /// "<", ">" or empty.
    comparator: String,
    /// A decimal number as text; null where the result is a word.
    value: Option<String>,
    /// As printed.
    shown: String,
    unit: String,
    /// HL7 table 0078: L, H, LL, HH, A or empty.
    flag: &'static str,
    low: Option<String>,
    high: Option<String>,
    normal_text: String,
    method: String,
    collected_at: DateTime<Utc>,
    released_at: DateTime<Utc>,
    /// What an earlier report said, when this one corrects it.
    corrected_from: Option<String>,
    correction_reason: Option<String>,
    /// Whether a later report changed this value.
    superseded: bool,
}

impl From<Released> for ResultOut {
    fn from(v: Released) -> ResultOut {
        let is_correction = !v.was.is_empty();
        ResultOut {
            result_id: v.result,
            report_id: v.report,
            order_id: v.order,
            specimen_code: v.specimen_code,
            code: v.code,
            name: v.name,
            loinc: v.loinc,
            comparator: v.comparator,
            value: v.value.map(|n| n.to_string()),
            shown: v.shown,
            unit: v.unit,
            flag: v.flag.key(),
            low: v.limits.low.map(|n| n.to_string()),
            high: v.limits.high.map(|n| n.to_string()),
            normal_text: v.limits.normal_text,
            method: v.method,
            collected_at: v.collected_at,
            released_at: v.released_at,
            corrected_from: is_correction.then_some(v.was),
            correction_reason: is_correction.then_some(v.reason),
            superseded: v.is_replaced,
        }
    }
}

/// The released results of a visit, every version.
#[utoipa::path(get, path = "/api/v1/encounters/{id}/lab-results", params(("id" = Uuid, Path)), tag = "laboratory",
    responses((status = 200, description = "Released results", body = [ResultOut]), (status = 404, description = "No such visit")))]
pub async fn of_encounter(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let values = report::list_values(tx.conn(), ctx.facility(), Of::Encounter(id), 1000).await?;
    tx.audit("read", "lab-result", id, Some(visit.patient), serde_json::Value::Null);
    tx.commit().await?;
    Ok(axum::Json(values.into_iter().map(ResultOut::from).collect::<Vec<_>>()).into_response())
}

/// A report with its values.
#[derive(Serialize, ToSchema)]
pub struct ReportOut {
    id: Uuid,
    encounter_id: Uuid,
    patient_id: Uuid,
    order_ids: Vec<Uuid>,
    corrects: Option<Uuid>,
    corrected_by: Option<Uuid>,
    correction_reason: String,
    abnormal: bool,
    critical: bool,
    technical_validator: String,
    medical_validator: String,
    released_at: DateTime<Utc>,
    results: Vec<ResultOut>,
}

/// One report.
#[utoipa::path(get, path = "/api/v1/lab/reports/{id}", params(("id" = Uuid, Path)), tag = "laboratory",
    responses((status = 200, description = "The report", body = ReportOut), (status = 404, description = "No such report")))]
pub async fn of_report(ctx: Ctx, Path(id): Path<ReportId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let head = report::find_report(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let values = report::list_values(tx.conn(), ctx.facility(), Of::Report(id), 1000).await?;
    tx.audit("read", "lab-report", id, Some(PatientId(head.patient_id)), serde_json::Value::Null);
    tx.commit().await?;
    Ok(axum::Json(ReportOut {
        id: head.report_id,
        encounter_id: head.encounter_id,
        patient_id: head.patient_id,
        order_ids: head.order_ids,
        corrects: head.corrects,
        corrected_by: head.corrected_by,
        correction_reason: head.reason,
        abnormal: head.abnormal,
        critical: head.critical,
        technical_validator: head.technical_name,
        medical_validator: head.released_name,
        released_at: head.released_at,
        results: values.into_iter().map(ResultOut::from).collect(),
    })
    .into_response())
}

/// What the gateway knows of a message.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// The machine, e.g. "XN-350".
    source: String,
    /// hl7v2, astm or other; guessed from the bytes when absent.
    protocol: String,
    /// The code on the tube, when the gateway read it.
    sample_code: String,
}

/// What became of a message.
#[derive(Serialize, ToSchema)]
pub struct MessageOut {
    id: Uuid,
    /// The sample it belongs to; null when nobody knows yet.
    specimen_id: Option<Uuid>,
    /// Whether the same bytes had come before.
    repeated: bool,
}

/// Keeps what a machine sent, byte by byte, once however often it is sent. Nothing is read out of it here.
#[utoipa::path(post, path = "/api/v1/lab/messages", params(MessageQuery), tag = "laboratory",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "Kept", body = MessageOut), (status = 422, description = "Refused")))]
pub async fn message(ctx: Ctx, Query(query): Query<MessageQuery>, body: Bytes) -> Answer {
    let protocol = match query.protocol.as_str() {
        "" => Protocol::guess(&body),
        key => Protocol::from_key(key).ok_or_else(|| Problem::at("protocol", "Dùng hl7v2, astm hoặc other."))?,
    };
    let raw = RawMessage { source: &query.source, protocol, content: &body, sample_code: &query.sample_code };
    let mut tx = ctx.begin().await?;
    let kept = TableDoor.keep(&mut tx, &raw).await?;
    tx.audit("keep", "raw-message", kept.message, None, serde_json::json!({ "bytes": body.len(), "source": query.source.trim() }));
    tx.notify("lab");
    tx.commit().await?;
    let out = MessageOut { id: kept.message, specimen_id: kept.specimen, repeated: kept.is_repeated };
    Ok((StatusCode::CREATED, axum::Json(out)).into_response())
}
