//! What a house that holds a record does when another one asks: keep the request, say how it stands, show a paper, and
//! let the patient know. The page of a neighbour on this server and the wire from another server both end here, so that
//! there is one rule and one list of who has seen what.

use crate::permission::{self, Closed, Granted};
use crate::proof;
use crate::request::{EMERGENCY, Purpose, Status};
use crate::store::consents::{self, Proposal};
use crate::store::held::{self, Ask, NewGrant, Request};
use crate::store::partners;
use base::{DocumentId, FacilityId, PatientId, PersonId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::ask::{DocumentLine, RecordsOf};
use web::{App, Failure};

/// How a request stands, as the asker may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// `"asked"`, `"consenting"`, `"granted"`, `"refused"`, `"withdrawn"`, `"revoked"`, `"expired"`.
    pub status: String,
    pub reason: String,
    pub valid_until: Option<DateTime<Utc>>,
    pub may_download: bool,
    pub documents: Vec<Granted>,
}

/// A paper, shown once.
#[derive(Clone, Debug)]
pub struct Opened {
    pub granted: Granted,
    pub media_type: String,
    pub content: Vec<u8>,
    pub may_download: bool,
}

/// Keeps a request. The same request again changes nothing and gives the same answer. An emergency about a patient we
/// know is granted at once for four hours and everything ordinary; the patient and whoever audits are told. Inside the
/// group of satellites the newest discharge papers are proposed to the patient without a clerk.
pub async fn receive(app: &App, facility: FacilityId, ask: &Ask, now: DateTime<Utc>) -> Result<State, Failure> {
    let mut tx = app.db.begin_system(facility, now).await?;
    let patient = held::find_patient(&mut tx, &ask.whom).await?;
    if held::insert(&mut tx, ask, patient).await? {
        tx.audit("receive", "sharing", ask.request, patient.map(|p| p.0), json!({ "from": ask.asker_code, "emergency": ask.emergency }));
        tx.notify("sharing");
        let request = held::lock(&mut tx, ask.request).await?;
        if let Some((patient, person)) = patient {
            if ask.emergency {
                open_in_emergency(app, &mut tx, &request, patient, person).await?;
            } else if in_group(&mut tx, &ask.asker_code).await? {
                propose_usual(app, &mut tx, &request, patient).await?;
            }
        }
    }
    let state = state_in(&mut tx, ask.request, &ask.asker_code).await?;
    tx.commit().await?;
    Ok(state)
}

async fn in_group(tx: &mut Tx, code: &str) -> Result<bool, Failure> {
    let day = base::local_date(tx.now);
    Ok(partners::list_group(tx, day).await?.iter().any(|member| member.code == code))
}

/// The papers of a patient that could be shared, newest first: finished, and not specially protected.
pub async fn shareable(app: &App, tx: &mut Tx, person: PersonId) -> Result<Vec<DocumentLine>, Failure> {
    let mut lines = app.records().list(tx, RecordsOf::Person(person)).await?;
    lines.retain(|line| !line.sensitivity.is_special() && matches!(line.status.as_str(), "done" | "signing" | "signed"));
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    Ok(lines)
}

/// Fixes the very bytes of the chosen papers. Refuses a paper that is not this person's, specially protected or unfinished.
pub async fn fix(app: &App, tx: &mut Tx, person: PersonId, chosen: &[Uuid]) -> Result<Vec<Granted>, Failure> {
    let lines = shareable(app, tx, person).await?;
    let mut out = Vec::with_capacity(chosen.len());
    for id in chosen {
        let line = lines.iter().find(|line| line.document.0 == *id).ok_or(Failure::NotFound)?;
        // A paper that another module owns has no fixed bytes until somebody needs them.
        let sha256 = if line.sha256.is_empty() {
            match app.records().content(tx, line.document).await? {
                Some(content) => hex::encode(Sha256::digest(&content.content)),
                None => return Err(Failure::NotFound),
            }
        } else {
            line.sha256.clone()
        };
        out.push(Granted { document_id: *id, version: line.version, form: line.form.clone(), title: line.title.clone(), made_at: line.at, sha256 });
    }
    Ok(out)
}

async fn open_in_emergency(app: &App, tx: &mut Tx, request: &Request, patient: PatientId, person: PersonId) -> Result<(), Failure> {
    let all: Vec<Uuid> = shareable(app, tx, person).await?.iter().take(200).map(|line| line.document.0).collect();
    let documents = fix(app, tx, person, &all).await?;
    let new = NewGrant {
        request,
        patient,
        person,
        basis: "emergency",
        evidence: json!({ "reason": request.note, "doctor": request.doctor, "house": request.asker_code }),
        may_download: false,
        tell_patient: true,
        valid_until: tx.now + EMERGENCY,
        by: &request.doctor,
        documents: &documents,
    };
    held::grant(tx, &new).await?;
    let text = format!("{} đã mở hồ sơ của bạn để cấp cứu lúc {}. Có thắc mắc, xin gọi nơi giữ hồ sơ.", request.asker_name, base::show_time(tx.now));
    tell(tx, patient, &text).await
}

/// Discharge papers and summaries: what a satellite needs to go on.
async fn propose_usual(app: &App, tx: &mut Tx, request: &Request, patient: PatientId) -> Result<(), Failure> {
    let Some(person) = request.person_id.map(PersonId) else { return Ok(()) };
    let usual: Vec<Uuid> = shareable(app, tx, person)
        .await?
        .iter()
        .filter(|line| matches!(line.form.as_str(), "giay_ra_vien" | "tom_tat_hsba" | "giay_chuyen_co_so") && line.status == "signed")
        .take(6)
        .map(|line| line.document.0)
        .collect();
    if usual.is_empty() {
        return Ok(());
    }
    let proposal = Proposal {
        documents: fix(app, tx, person, &usual).await?,
        valid_until: tx.now + chrono::TimeDelta::days(7),
        may_download: false,
        tell_patient: true,
    };
    ask_patient(app, tx, request, patient, &proposal, true).await.map(|_| ())
}

/// Asks the patient by a link to their phone (`send`), or only keeps the question for a code or a paper at the desk.
/// Gives the question's id.
pub async fn ask_patient(app: &App, tx: &mut Tx, request: &Request, patient: PatientId, proposal: &Proposal, send: bool) -> Result<Uuid, Failure> {
    request.status().step(Status::Consenting)?;
    let (id, (token, hash)) = (Uuid::now_v7(), proof::new_link());
    let phone = proof::mobile(&request.phone);
    consents::insert(tx, id, request.request_id, patient, &hash, &phone, proposal).await?;
    held::set_status(tx, request.request_id, Status::Consenting, "", "").await?;
    tx.audit("ask_consent", "sharing", request.request_id, Some(patient), json!({ "documents": proposal.documents.len(), "link": send }));
    if send && !phone.is_empty() {
        let (_, ours) = partners::ourselves(tx).await?;
        let text = format!(
            "{ours}: {} xin xem hồ sơ của bạn. Xem và trả lời tại {}/consent/{token} trong 7 ngày.",
            request.asker_name, app.config.public_url
        );
        message(tx, &phone, &text).await?;
    }
    Ok(id)
}

/// Lets the patient know; says nothing of illness. A patient without a number is not told this way.
pub async fn tell(tx: &mut Tx, patient: PatientId, text: &str) -> Result<(), Failure> {
    let facility = tx.facility().0;
    let phone: Option<String> = sqlx::query_scalar(db::sql!("SELECT phone FROM patient_patient WHERE facility_id = $1 AND patient_id = $2"))
        .bind(facility)
        .bind(patient.0)
        .fetch_optional(tx.conn())
        .await?;
    let phone = proof::mobile(&phone.unwrap_or_default());
    if phone.is_empty() {
        return Ok(());
    }
    message(tx, &phone, text).await
}

/// A text message on its way (`notify` carries it).
pub async fn message(tx: &mut Tx, phone: &str, text: &str) -> Result<(), Failure> {
    let now = tx.now;
    let letter = json!({ "id": Uuid::now_v7(), "kind": "sms", "to": phone, "subject": "", "text": text });
    db::job::enqueue(tx, "notify.send", &letter, now).await?;
    Ok(())
}

/// How a request stands, for the house that asked. Another house's request is not found.
pub async fn state(app: &App, facility: FacilityId, request: Uuid, house: &str, now: DateTime<Utc>) -> Result<State, Failure> {
    let mut tx = app.db.begin_system(facility, now).await?;
    state_in(&mut tx, request, house).await
}

async fn state_in(tx: &mut Tx, id: Uuid, house: &str) -> Result<State, Failure> {
    let request = held::find(tx, id).await?.filter(|r| r.asker_code == house).ok_or(Failure::NotFound)?;
    let mut state = State { status: request.status.clone(), reason: request.reason.clone(), valid_until: None, may_download: false, documents: Vec::new() };
    if let Some((grant, _)) = held::grant_of(tx, id).await? {
        state.valid_until = Some(grant.valid_until);
        state.may_download = grant.may_download;
        state.status = match () {
            _ if grant.revoked_at.is_some() => "revoked".into(),
            _ if tx.now >= grant.valid_until => "expired".into(),
            _ => state.status,
        };
        if state.status == "granted" {
            state.documents = grant.documents;
        }
    }
    Ok(state)
}

/// Shows one paper to one person of the asking house, and writes down that it was shown. Whatever is not open is told
/// by its reason; bytes that are no longer those that were agreed to are not shown to anybody.
pub async fn open(app: &App, facility: FacilityId, request: Uuid, house: &str, document: Uuid, who: &str, now: DateTime<Utc>) -> Result<Result<Opened, Closed>, Failure> {
    let mut tx = app.db.begin_system(facility, now).await?;
    let asked = held::find(&mut tx, request).await?.filter(|r| r.asker_code == house).ok_or(Failure::NotFound)?;
    let found = held::grant_of(&mut tx, request).await?;
    let granted = match permission::decide(found.as_ref().map(|f| &f.0), house, document, now) {
        Ok(granted) => granted.clone(),
        Err(closed) => return Ok(Err(closed)),
    };
    let (Some((grant, tell_patient)), Some(patient)) = (found, asked.patient()) else { return Ok(Err(Closed::NotGranted)) };
    let Some(content) = app.records().content(&mut tx, DocumentId(document)).await? else { return Ok(Err(Closed::OtherDocument)) };
    if hex::encode(Sha256::digest(&content.content)) != granted.sha256 {
        tx.audit("changed", "document", document, Some(patient), json!({ "agreed": granted.sha256, "request": request }));
        tx.commit().await?;
        return Ok(Err(Closed::Changed));
    }
    let basis = if asked.emergency { "emergency" } else { "consent" };
    let first = held::disclose(&mut tx, grant.grant_id, patient, &granted, who, &asked.asker_name, basis).await?;
    if first && tell_patient && !asked.emergency {
        tell(&mut tx, patient, &format!("{} vừa xem một giấy trong hồ sơ của bạn lúc {}.", asked.asker_name, base::show_time(now))).await?;
    }
    tx.commit().await?;
    Ok(Ok(Opened { granted, media_type: content.media_type, content: content.content, may_download: grant.may_download }))
}

/// Takes a request back before it is decided, or gives a permission up.
pub async fn withdraw(app: &App, facility: FacilityId, request: Uuid, house: &str, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut tx = app.db.begin_system(facility, now).await?;
    let asked = held::lock(&mut tx, request).await?;
    if asked.asker_code != house {
        return Err(Failure::NotFound);
    }
    if let (Status::Granted, Some(patient)) = (asked.status(), asked.patient()) {
        held::revoke(&mut tx, request, patient, &asked.asker_name, "Bên xin không cần nữa").await?;
    } else if asked.status().may_become(Status::Withdrawn) {
        held::set_status(&mut tx, request, Status::Withdrawn, "", &asked.asker_name).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The purpose of an emergency, which no form may choose.
pub fn purpose_of(emergency: bool, typed: &str) -> Option<Purpose> {
    if emergency { Some(Purpose::Emergency) } else { Purpose::from_key(typed).filter(|p| *p != Purpose::Emergency) }
}
