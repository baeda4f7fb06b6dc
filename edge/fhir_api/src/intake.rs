//! `POST /fhir/r4`: a hospital system sends what happened to one patient, in whole or not at all, exactly once.

use crate::answer::{json as answer, negotiated};
use crate::bundle::{self, Entry};
use crate::outcome::{Issue, Refused, outcome};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use exchange::command::{Delivery, Door, Receipt, State};
use exchange::inbox::{self, Unreadable};
use exchange::partner::{self, Partner};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use uuid::Uuid;
use web::{Ctx, sql};

/// Takes a transaction bundle.
pub async fn take(ctx: Ctx, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    match take_inner(&ctx, &headers, body).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn take_inner(ctx: &Ctx, headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Response, Refused> {
    negotiated(headers, None)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !matches!(kind.split(';').next().unwrap_or("").trim(), "application/fhir+json" | "application/json") {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", "Chỉ nhận application/fhir+json."));
    }
    let body = body.map_err(|_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "Nội dung tối đa 1 MiB. Gửi tài liệu lớn thành nhiều Bundle."))?;
    let partner = sender(ctx).await?;
    let bundle: Value = match serde_json::from_slice(&body) {
        Ok(bundle) => bundle,
        Err(error) => {
            let text = format!("Không phải JSON đọc được: {error}.");
            keep_unreadable(ctx, &partner, headers, &body, &text).await?;
            return Err(Refused::invalid(text));
        }
    };
    let read = match bundle::read(&bundle) {
        Ok(read) => read,
        Err(issues) => {
            let text = issues.iter().map(|i| format!("{} ({})", i.text, i.expression)).collect::<Vec<_>>().join(" ");
            keep_unreadable(ctx, &partner, headers, &body, &text).await?;
            return Err(Refused::With(StatusCode::UNPROCESSABLE_ENTITY, issues));
        }
    };
    allow_all(ctx, &read.entries)?;
    let delivery = Delivery {
        partner: partner.id,
        door: Door::Fhir,
        kind: "Bundle/transaction".into(),
        control_id: number(&read.number, headers, &body),
        raw: body.to_vec(),
        sent_at: read.sent_at,
        content: read.content,
    };
    let receipt = inbox::take(&ctx.app, &partner, delivery, ctx.now).await?;
    match receipt.state {
        State::Applied => applied(ctx, &read.entries, &read.notes, &receipt).await,
        // Kept; a person or an earlier message comes first. To be sent again: no.
        State::Clerk | State::Behind | State::Early => {
            let text = format!("{} ({})", receipt.words, receipt.words_en);
            Ok(answer(StatusCode::ACCEPTED, &outcome(&[Issue::information(text)])))
        }
        State::Dead | State::Discarded => Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "business-rule", receipt.words)),
    }
}

/// Each kind of the bundle needs its own scope to be created.
fn allow_all(ctx: &Ctx, entries: &[Entry]) -> Result<(), Refused> {
    for entry in entries {
        if !practitioner::scope::allows(&ctx.actor.rights, &entry.kind, 'c') && bundle::TAKEN.contains(&entry.kind.as_str()) {
            let text = format!("Token này không có quyền system/{}.c.", entry.kind);
            return Err(Refused::new(StatusCode::FORBIDDEN, "forbidden", text));
        }
    }
    Ok(())
}

/// The number under which the bundle is taken once: its own, the caller's key, or what it says.
fn number(own: &str, headers: &HeaderMap, body: &[u8]) -> String {
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or("");
    let given = [own, key].into_iter().find(|n| !n.is_empty());
    match given {
        Some(given) if given.chars().count() <= 200 && !given.chars().any(char::is_control) => given.to_owned(),
        // Longer than a message number may be: what it says, shortened so that it stays one and the same.
        Some(given) => format!("sha256:{}", hex::encode(Sha256::digest(given))),
        None => format!("body:{}", hex::encode(Sha256::digest(body))),
    }
}

async fn keep_unreadable(ctx: &Ctx, partner: &Arc<Partner>, headers: &HeaderMap, body: &[u8], words: &str) -> Result<(), Refused> {
    let number = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or("");
    let bad = Unreadable { door: Door::Fhir, control_id: number, kind: "Bundle", raw: body, words, words_en: "The bundle could not be read" };
    inbox::refuse(&ctx.app, ctx.facility(), Some(partner), &bad, ctx.now).await?;
    Ok(())
}

/// The names of accounts, which never change.
static LOGINS: LazyLock<RwLock<HashMap<Uuid, String>>> = LazyLock::new(RwLock::default);

/// The partner behind this token: a system declared at the facility under the client id of its account.
async fn sender(ctx: &Ctx) -> Result<Arc<Partner>, Refused> {
    let account = ctx.actor.account.0;
    let known = LOGINS.read().unwrap_or_else(PoisonError::into_inner).get(&account).cloned();
    let login = match known {
        Some(login) => login,
        None => {
            let mut tx = ctx.begin().await?;
            let login: String = sqlx::query_scalar(sql!("SELECT login FROM practitioner_account WHERE facility_id = $1 AND account_id = $2"))
                .bind(ctx.facility().0)
                .bind(account)
                .fetch_one(tx.conn())
                .await?;
            LOGINS.write().unwrap_or_else(PoisonError::into_inner).insert(account, login.clone());
            login
        }
    };
    let found = partner::find(&ctx.app, Door::Fhir, &login, "", &ctx.signed_in.facility_code).await?;
    found.filter(|p| p.facility == ctx.facility()).ok_or_else(|| {
        let text = format!("Bên gửi “{login}” chưa được khai báo cho FHIR. Quản trị khai báo ở trang Đơn vị gửi rồi gửi lại.");
        Refused::new(StatusCode::FORBIDDEN, "forbidden", text)
    })
}

/// What became of each entry, in the order of the request.
async fn applied(ctx: &Ctx, entries: &[Entry], notes: &[Issue], receipt: &Receipt) -> Result<Response, Refused> {
    let made = made(ctx, receipt).await?;
    let is_new_patient = made.is_new_patient && !receipt.is_repeat;
    let mut papers = made.papers.clone();
    let responses: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let (place, is_new) = match entry.kind.as_str() {
                "Patient" => (receipt.patient.map(|id| format!("Patient/{id}")), is_new_patient),
                "Encounter" => (receipt.encounter.map(|id| format!("Encounter/{id}")), !receipt.is_repeat),
                "Condition" => (made.diagnoses.get(&entry.key).map(|id| format!("Condition/{id}")), !receipt.is_repeat),
                "Observation" => (made.results.get(&entry.key).map(|id| format!("Observation/{id}")), !receipt.is_repeat),
                "DiagnosticReport" => (made.reports.get(&entry.key).map(|id| format!("DiagnosticReport/{id}")), !receipt.is_repeat),
                "DocumentReference" | "Composition" => {
                    let found = papers.iter().position(|(number, _)| *number == entry.key).map(|n| papers.remove(n).1);
                    (found.map(|id| format!("DocumentReference/{id}")), !receipt.is_repeat)
                }
                // Read to be pointed at; not kept as such.
                _ => (None, false),
            };
            let status = if is_new && place.is_some() { "201 Created" } else { "200 OK" };
            let mut response = json!({ "status": status, "lastModified": crate::row::at_vietnam(ctx.now) });
            if let Some(place) = place {
                response["location"] = json!(place);
            }
            json!({ "response": response })
        })
        .collect();
    let mut bundle = json!({ "resourceType": "Bundle", "id": receipt.message, "type": "transaction-response", "entry": responses });
    let mut said: Vec<Issue> = notes.to_vec();
    if !receipt.words.is_empty() {
        said.push(Issue::information(receipt.words.clone()));
    }
    if !said.is_empty() {
        bundle["entry"][0]["response"]["outcome"] = outcome(&said);
    }
    Ok(answer(StatusCode::OK, &bundle))
}

/// Where the parts of a message lie now.
#[derive(Default)]
struct Made {
    is_new_patient: bool,
    diagnoses: HashMap<String, Uuid>,
    results: HashMap<String, Uuid>,
    reports: HashMap<String, Uuid>,
    /// Number and document, as far as the source line names it.
    papers: Vec<(String, Uuid)>,
}

async fn made(ctx: &Ctx, receipt: &Receipt) -> Result<Made, Refused> {
    let documents: Vec<Uuid> = receipt.documents.iter().map(|d| d.0).collect();
    let mut tx = ctx.begin().await?;
    let rows = sqlx::query(sql!(
        "SELECT 'diagnosis' AS what, d.code AS key, d.diagnosis_id AS id FROM exchange_diagnosis d WHERE d.facility_id = $1 AND d.encounter_id = $2
         UNION ALL SELECT 'report', x.report_no, x.document_id FROM exchange_result x WHERE x.facility_id = $1 AND x.encounter_id = $2 AND x.document_id = ANY($3)
         UNION ALL SELECT 'result', x.report_no || '/' || x.code, x.result_id FROM exchange_result x WHERE x.facility_id = $1 AND x.encounter_id = $2 AND x.document_id = ANY($3)
         UNION ALL SELECT 'paper', regexp_replace(d.source, '^.* / Bundle/transaction ', ''), d.document_id FROM record_document d WHERE d.facility_id = $1 AND d.document_id = ANY($3)
         UNION ALL SELECT 'patient', '', p.patient_id FROM patient_patient p JOIN exchange_message m ON m.facility_id = p.facility_id AND m.message_id = $4
             WHERE p.facility_id = $1 AND p.patient_id = $5 AND p.created_at = m.received_at"
    ))
    .bind(ctx.facility().0)
    .bind(receipt.encounter.map(|e| e.0))
    .bind(&documents)
    .bind(receipt.message)
    .bind(receipt.patient.map(|p| p.0))
    .fetch_all(tx.conn())
    .await?;
    let mut made = Made::default();
    for row in rows {
        let (what, key, id): (&str, String, Uuid) = (row.try_get("what")?, row.try_get("key")?, row.try_get("id")?);
        match what {
            "diagnosis" => drop(made.diagnoses.insert(key, id)),
            "report" => drop(made.reports.insert(key, id)),
            "result" => drop(made.results.insert(key, id)),
            "paper" => made.papers.push((key, id)),
            _ => made.is_new_patient = true,
        }
    }
    Ok(made)
}
