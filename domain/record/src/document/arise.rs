//! Records that arise by themselves: a visit or a stay opens one, its end closes it, and what laboratory, pharmacy and
//! doctor release is filed in it. Everything may be delivered twice and is filed once.

use super::store::origin::{self, Paper};
use super::store::record;
use super::store::row::{self, NewDocument};
use anyhow::{Result, anyhow};
use base::{DocumentId, EncounterId, Event, PatientId, RecordId};
use db::Tx;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Failure, Listener};

/// What this part listens to.
pub fn listeners() -> Vec<Listener> {
    macro_rules! on {
        ($($event:literal, $name:literal, $run:ident;)+) => {
            vec![$(Listener { event: $event, name: $name, run: |tx, payload| Box::pin($run(tx, payload)) }),+]
        };
    }
    on! {
        "EncounterOpened", "record.open_for_visit", visit_opened;
        "EncounterCancelled", "record.close_cancelled", visit_cancelled;
        "EncounterFinished", "record.end_visit", visit_finished;
        "EncounterAmended", "record.file_amended_sheet", visit_amended;
        "StayOpened", "record.open_for_stay", stay_opened;
        "WardChanged", "record.follow_ward", ward_changed;
        "StayClosed", "record.end_stay", stay_closed;
        "ReportReleased", "record.file_report", report_released;
        "PrescriptionIssued", "record.file_prescription", prescription_issued;
        "PrescriptionCancelled", "record.void_prescription", prescription_cancelled;
        "RecordReopened", "record.file_late_papers", reopened;
        "PatientsMerged", "record.follow_merge", people_changed;
        "PatientsUnmerged", "record.follow_unmerge", people_changed;
    }
}

fn fault(failure: Failure) -> anyhow::Error {
    anyhow!("{failure:?}")
}

fn read(payload: Value) -> Result<Event> {
    Ok(serde_json::from_value(payload)?)
}

async fn visit_opened(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::EncounterOpened { encounter, .. } = read(payload)? else { return Ok(()) };
    record::of_encounter(tx, encounter).await.map_err(fault)?;
    Ok(())
}

async fn visit_cancelled(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::EncounterCancelled { encounter } = read(payload)? else { return Ok(()) };
    end(tx, encounter, "cancelled", tx.now, false).await
}

async fn visit_finished(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::EncounterFinished { encounter, at, .. } = read(payload)? else { return Ok(()) };
    record::of_encounter(tx, encounter).await.map_err(fault)?;
    let outcome: Option<String> = sqlx::query_scalar(db::sql!(
        "SELECT kind FROM encounter_disposition WHERE facility_id = $1 AND encounter_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .fetch_optional(tx.conn())
    .await?;
    end(tx, encounter, outcome.as_deref().unwrap_or(""), at, false).await?;
    file(tx, Thing::new(encounter, "exam-sheet", encounter.0, "Phiếu khám bệnh")).await
}

async fn visit_amended(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::EncounterAmended { encounter, version, .. } = read(payload)? else { return Ok(()) };
    let sheet = Thing::new(encounter, "exam-sheet", encounter.0, "Phiếu khám bệnh");
    file(tx, Thing { edition: version, ..sheet.instead_of(Some(encounter.0), "Bác sĩ sửa hồ sơ lượt khám") }).await
}

async fn stay_opened(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::StayOpened { encounter, .. } = read(payload)? else { return Ok(()) };
    record::of_encounter(tx, encounter).await.map_err(fault)?;
    Ok(())
}

async fn ward_changed(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::WardChanged { encounter, .. } = read(payload)? else { return Ok(()) };
    record::of_encounter(tx, encounter).await.map_err(fault)?;
    // Where the patient lies now stands in the encounter: two moves delivered in the wrong order end in the same ward.
    sqlx::query(db::sql!(
        "UPDATE record_record r SET room_id = e.room_id, version = r.version + 1 FROM encounter_encounter e
         WHERE r.facility_id = $1 AND r.encounter_id = $2 AND e.facility_id = r.facility_id AND e.encounter_id = r.encounter_id
           AND r.room_id IS DISTINCT FROM e.room_id AND r.status NOT IN ('archived', 'destroyed')"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .execute(tx.conn())
    .await?;
    tx.notify("records");
    Ok(())
}

async fn stay_closed(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::StayClosed { encounter, outcome, at, .. } = read(payload)? else { return Ok(()) };
    record::of_encounter(tx, encounter).await.map_err(fault)?;
    end(tx, encounter, &outcome, at, true).await
}

/// The visit or stay is over: the record keeps when and how; one that is to be completed becomes so. Who answered for
/// the patient at the end answers for the record.
async fn end(tx: &mut Tx, encounter: EncounterId, outcome: &str, at: chrono::DateTime<chrono::Utc>, completes: bool) -> Result<()> {
    sqlx::query(db::sql!(
        "UPDATE record_record r SET ended_at = $3, outcome = $4, version = r.version + 1,
                status = CASE WHEN r.status = 'open' AND ($5 OR r.form <> '' AND $4 <> 'cancelled') THEN 'completing' ELSE r.status END,
                practitioner_id = coalesce(e.practitioner_id, r.practitioner_id)
         FROM encounter_encounter e
         WHERE r.facility_id = $1 AND r.encounter_id = $2 AND e.facility_id = r.facility_id AND e.encounter_id = r.encounter_id
           AND r.ended_at IS NULL AND r.status NOT IN ('archived', 'destroyed')"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(at)
    .bind(outcome)
    .bind(completes)
    .execute(tx.conn())
    .await?;
    tx.notify("records");
    Ok(())
}

async fn report_released(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::ReportReleased { encounter, report, corrects, .. } = read(payload)? else { return Ok(()) };
    let title: Option<String> =
        sqlx::query_scalar(db::sql!("SELECT title FROM diagnostics_report_title WHERE facility_id = $1 AND report_id = $2 LIMIT 1"))
            .bind(tx.facility().0)
            .bind(report.0)
            .fetch_optional(tx.conn())
            .await?;
    let title = title.unwrap_or_else(|| "Phiếu kết quả".to_owned());
    let thing = Thing::new(encounter, "report", report.0, &title);
    file(tx, thing.instead_of(corrects.map(|r| r.0), "Nơi thực hiện sửa kết quả")).await
}

async fn prescription_issued(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::PrescriptionIssued { encounter, prescription, replaces, .. } = read(payload)? else { return Ok(()) };
    let thing = Thing::new(encounter, "prescription", prescription.0, "Đơn thuốc");
    file(tx, thing.instead_of(replaces.map(|p| p.0), "Bác sĩ thay đơn")).await
}

async fn prescription_cancelled(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::PrescriptionCancelled { prescription, .. } = read(payload)? else { return Ok(()) };
    let Some((document, _)) = origin::find_document(tx, "prescription", prescription.0).await? else { return Ok(()) };
    // An order that was replaced meanwhile lives on in its successor.
    sqlx::query(db::sql!(
        "UPDATE record_document SET status = 'entered_in_error', error_reason = 'Đơn đã hủy', changed_at = $4
         WHERE facility_id = $1 AND document_id = $2 AND origin_id = $3 AND status <> 'entered_in_error'
           AND NOT EXISTS (SELECT 1 FROM record_record r WHERE r.facility_id = $1 AND r.record_id = record_document.record_id
                             AND r.status IN ('archived', 'destroyed'))"
    ))
    .bind(tx.facility().0)
    .bind(document.0)
    .bind(prescription.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records stay with their visit, whoever it belongs to after two people proved to be one, or not.
async fn people_changed(tx: &mut Tx, payload: Value) -> Result<()> {
    let (one, other) = match read(payload)? {
        Event::PatientsMerged { kept, gone } => (kept, gone),
        Event::PatientsUnmerged { kept, restored } => (kept, restored),
        _ => return Ok(()),
    };
    sqlx::query(db::sql!(
        "WITH moved AS (
             UPDATE record_record r SET patient_id = e.patient_id, person_id = e.person_id
             FROM encounter_encounter e
             WHERE r.facility_id = $1 AND r.patient_id IN ($2, $3) AND e.facility_id = r.facility_id AND e.encounter_id = r.encounter_id
               AND (r.patient_id, r.person_id) IS DISTINCT FROM (e.patient_id, e.person_id)
             RETURNING r.record_id, r.patient_id, r.person_id)
         UPDATE record_document d SET patient_id = moved.patient_id, person_id = moved.person_id FROM moved
         WHERE d.facility_id = $1 AND d.record_id = moved.record_id"
    ))
    .bind(tx.facility().0)
    .bind(one.0)
    .bind(other.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A thing of another module that goes into a record.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Thing {
    encounter_id: Uuid,
    origin: String,
    origin_id: Uuid,
    edition: i32,
    title: String,
    /// The thing whose paper it becomes the next version of.
    instead_of: Option<Uuid>,
    reason: String,
}

impl Thing {
    fn new(encounter: EncounterId, origin: &str, id: Uuid, title: &str) -> Thing {
        let (origin, title) = (origin.to_owned(), title.to_owned());
        Thing { encounter_id: encounter.0, origin, origin_id: id, edition: 1, title, instead_of: None, reason: String::new() }
    }
    fn instead_of(mut self, old: Option<Uuid>, why: &str) -> Thing {
        self.instead_of = old;
        self.reason = why.to_owned();
        self
    }
}

/// Files a thing in the record of its visit: as a new paper, or as the next version of the paper that it takes the place
/// of. The paper itself is drawn when somebody first looks at it. For an archived record it waits.
async fn file(tx: &mut Tx, thing: Thing) -> Result<()> {
    let encounter = EncounterId(thing.encounter_id);
    let record: RecordId = record::of_encounter(tx, encounter).await.map_err(fault)?;
    let held = record::hold(tx, record).await?;
    if matches!(held.status.as_str(), "archived" | "destroyed") {
        return wait(tx, &thing).await;
    }
    let before = match thing.instead_of {
        Some(old) => origin::find_document(tx, &thing.origin, old).await?,
        None => None,
    };
    let paper = Paper {
        origin: thing.origin.clone(),
        origin_id: thing.origin_id,
        edition: thing.edition,
        reason: if before.is_some() { thing.reason.clone() } else { String::new() },
        version: None,
    };
    let detail = json!({ "origin": thing.origin, "id": thing.origin_id, "instead_of": thing.instead_of });
    if let Some((document, _)) = before {
        if origin::insert(tx, document, &paper).await? {
            origin::point_at(tx, document, thing.origin_id).await?;
            tx.audit("file", "document", document, Some(PatientId(held.patient_id)), detail);
            tx.notify(format!("record/{record}"));
        }
        return Ok(());
    }
    if origin::find_document(tx, &thing.origin, thing.origin_id).await?.is_some() {
        return Ok(());
    }
    let document = DocumentId::new();
    let new = NewDocument {
        id: document,
        record,
        form: "",
        form_version: 0,
        title: &thing.title,
        kind: "paper",
        origin: &thing.origin,
        origin_id: Some(thing.origin_id),
        source: "",
        sensitivity: special_words(&thing.title),
        status: "done",
        author_name: &author(tx, encounter).await?,
        made_at: tx.now,
    };
    if row::insert(tx, &new).await? {
        origin::insert(tx, document, &paper).await?;
        tx.audit("file", "document", document, Some(PatientId(held.patient_id)), detail);
        tx.notify(format!("record/{record}"));
    }
    Ok(())
}

/// Keeps what came too late until the record is opened again.
async fn wait(tx: &mut Tx, thing: &Thing) -> Result<()> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(db::sql!(
        "INSERT INTO record_late_paper (facility_id, origin, origin_id, edition, encounter_id, title, instead_of, reason, came_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(&thing.origin)
    .bind(thing.origin_id)
    .bind(thing.edition)
    .bind(thing.encounter_id)
    .bind(&thing.title)
    .bind(thing.instead_of)
    .bind(&thing.reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn reopened(tx: &mut Tx, payload: Value) -> Result<()> {
    let Event::RecordReopened { record, .. } = read(payload)? else { return Ok(()) };
    let facility = tx.facility().0;
    let waiting: Vec<Thing> = sqlx::query_as(db::sql!(
        "WITH taken AS (
             DELETE FROM record_late_paper l USING record_record r
             WHERE r.facility_id = $1 AND r.record_id = $2 AND l.facility_id = r.facility_id AND l.encounter_id = r.encounter_id
             RETURNING l.*)
         SELECT encounter_id, origin, origin_id, edition, title, instead_of, reason FROM taken ORDER BY came_at, origin_id"
    ))
    .bind(facility)
    .bind(record.0)
    .fetch_all(tx.conn())
    .await?;
    for thing in waiting {
        file(tx, thing).await?;
    }
    Ok(())
}

/// A result that names HIV is protected by its name alone (Law 64/2006/QH11 as amended 2020, article 8).
fn special_words(title: &str) -> &'static str {
    let folded = base::fold(title);
    if folded.split(|c: char| !c.is_alphanumeric()).any(|word| word == "hiv") { "hiv" } else { "ordinary" }
}

/// The doctor of the visit, as whose paper it is shown.
async fn author(tx: &mut Tx, encounter: EncounterId) -> Result<String> {
    let facility = tx.facility().0;
    let name: Option<String> = sqlx::query_scalar(db::sql!(
        "SELECT concat_ws(' ', nullif(w.title, ''), w.name) FROM encounter_encounter e
         JOIN practitioner_practitioner w USING (facility_id, practitioner_id) WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(name.unwrap_or_else(|| "Hệ thống".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_names_hiv_is_protected() {
        assert_eq!(special_words("HIV Ab test nhanh"), "hiv");
        assert_eq!(special_words("Công thức máu (CHIV)"), "ordinary");
    }
}
