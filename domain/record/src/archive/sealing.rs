//! After a record is archived each signed PDF gets a document timestamp (PAdES B-LTA), so that it outlives the
//! certificates in it. That is a job: the timestamp authority may be away, the acceptance must not wait for it.

use crate::sign::act::kind_of;
use crate::sign::flow;
use crate::sign::store::documents;
use base::sign::{Kind, Signing};
use db::{Files, Tx, sql};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use uuid::Uuid;

/// The name of the job.
pub const JOB: &str = "record.seal_archived";

/// The engine and the files that the job works with.
#[derive(Clone)]
pub struct Engine {
    pub signing: Arc<dyn Signing>,
    pub files: Files,
}

static ENGINE: RwLock<Option<Engine>> = RwLock::new(None);

/// Says what the job works with from now on; the server does it once at start.
pub fn connect(engine: Engine) {
    if let Ok(mut place) = ENGINE.write() {
        *place = Some(engine);
    }
}

#[derive(Deserialize)]
struct Asked {
    record: Uuid,
}

/// Carries the job out; safe to repeat.
pub async fn run(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Asked { record } = serde_json::from_value(payload)?;
    let engine = ENGINE.read().ok().and_then(|place| place.clone());
    let Some(engine) = engine else { anyhow::bail!("no engine of signatures is connected") };
    seal(tx, &engine, record).await
}

/// Seals what is signed and not sealed yet; gives up at the first document whose authority does not answer, and the next
/// try goes on from there.
pub async fn seal(tx: &mut Tx, engine: &Engine, record: Uuid) -> anyhow::Result<()> {
    for paper in documents::list_of_record(tx, record).await? {
        let is_sealed = paper.signatures.iter().any(|s| s.role == flow::ARCHIVE);
        if paper.record_status != "archived" || paper.signatures.is_empty() || is_sealed || kind_of(&paper) != Some(Kind::Pdf) {
            continue;
        }
        // A broken file is not made to look better; the alarm is raised where it is opened.
        let Ok(content) = engine.files.fetch(tx.facility(), &paper.sha256).await else { continue };
        let sealed = engine.signing.seal_for_archive(&content, tx.now).await?;
        let sha256 = engine.files.keep(tx.facility(), sealed).await?;
        let (facility, now) = (tx.facility().0, tx.now);
        sqlx::query(sql!(
            "INSERT INTO record_signature (facility_id, document_id, version, place, role, method, holder, evidence, sha256, signed_by, signed_at)
             VALUES ($1, $2, $3, $4, 'luu_tru', 'certificate', 'Dấu thời gian lưu trữ', $5, $6, $7, $8) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(paper.document_id)
        .bind(paper.version)
        .bind(paper.next_place())
        .bind(json!({ "before": paper.sha256 }))
        .bind(&sha256)
        .bind(Uuid::nil())
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
