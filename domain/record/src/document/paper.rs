//! Papers that another module makes. A paper is drawn when somebody first opens, prints or signs it; then it is a version
//! with a file like any other, and what was drawn is never drawn again.

use super::store::row::Row;
use super::store::version::{self, NewVersion};
use super::store::{draft, origin, record};
use base::DocumentId;
use db::Tx;
use serde_json::json;
use web::{App, Failure};

/// Draws what waits to be drawn of this document, in the order in which it came, and gives the newest version; 0 when
/// the thing is gone from its own module. Two who open it at once draw it once.
pub async fn freeze(app: &App, tx: &mut Tx, id: DocumentId) -> Result<i32, Failure> {
    let held = draft::hold(tx, id).await?;
    let mut newest = held.version;
    let record = record::hold(tx, held.record()).await?;
    if matches!(record.status.as_str(), "archived" | "destroyed") {
        return Ok(newest);
    }
    let waiting = origin::list_undrawn(tx, id).await?;
    for (at, paper) in waiting.iter().enumerate() {
        // A sheet that was amended before anybody looked can only be drawn as it is now.
        if waiting[at + 1..].iter().any(|later| later.origin_id == paper.origin_id) {
            continue;
        }
        let Some(made) = app.paper_of(tx, &paper.origin, paper.origin_id).await? else { continue };
        let size = made.pdf.len() as i64;
        let sha256 = app.files().keep(tx.facility(), made.pdf).await?;
        let reason = match (newest, paper.reason.as_str()) {
            (0, _) => "",
            (_, "") => "Bản sửa của nơi lập",
            (_, reason) => reason,
        };
        newest += 1;
        let (by, now) = (tx.actor.name.to_string(), tx.now);
        let new = NewVersion {
            document: id,
            version: newest,
            form_version: 0,
            data: &made.data,
            sha256: &sha256,
            media_type: "application/pdf",
            size_bytes: size,
            reason,
            made_by_name: &by,
            made_at: now,
            status: "done",
        };
        version::insert(tx, &new).await?;
        origin::set_version(tx, paper, newest).await?;
        origin::set_title(tx, id, &made.title).await?;
        tx.audit("draw", "document", id, Some(base::PatientId(held.patient_id)), json!({ "version": newest, "origin": paper.origin }));
    }
    Ok(newest)
}

/// Draws what waits of this person's own papers, so that they can be signed; a dozen at once, the oldest first.
pub async fn freeze_mine(app: &App, tx: &mut Tx) -> Result<(), Failure> {
    let (facility, practitioner) = (tx.facility().0, tx.actor.practitioner.map(|p| p.0));
    let waiting: Vec<uuid::Uuid> = sqlx::query_scalar(db::sql!(
        "SELECT d.document_id FROM record_document d JOIN record_record r USING (facility_id, record_id)
         WHERE d.facility_id = $1 AND d.practitioner_id = $2 AND d.kind = 'paper' AND d.status = 'done' AND d.version = 0
           AND r.status NOT IN ('archived', 'destroyed')
         ORDER BY d.changed_at LIMIT 12"
    ))
    .bind(facility)
    .bind(practitioner)
    .fetch_all(tx.conn())
    .await?;
    for id in waiting {
        freeze(app, tx, DocumentId(id)).await?;
    }
    Ok(())
}

/// Whether something waits to be drawn.
pub fn is_waiting(row: &Row) -> bool {
    row.kind == "paper" && row.version == 0
}
