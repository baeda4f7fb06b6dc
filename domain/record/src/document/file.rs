//! The kept file of a document: the newest version, or an old one, byte for byte.

use super::overview::found_broken;
use super::store::{row, version};
use super::viewer::Viewer;
use super::{forms, paper};
use base::{DocumentId, PatientId, Problem};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Path, Query, Response};

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    version: String,
    #[serde(default)]
    download: String,
}

/// A file with the name of its kind.
pub struct Kept {
    pub media_type: String,
    pub sha256: String,
    pub version: i32,
}

/// Which file stands for a version: the one that its last signature left, otherwise the version's own. `None` when there
/// is no such version.
pub async fn kept(tx: &mut Tx, id: DocumentId, wanted: i32) -> Result<Option<Kept>, Failure> {
    let versions = version::list(tx, id).await?;
    let Some(found) = versions.into_iter().find(|v| v.version == wanted) else { return Ok(None) };
    let signatures = version::list_signatures(tx, id).await?;
    let signed = signatures.into_iter().filter(|s| s.version == wanted).max_by_key(|s| s.place);
    let sha256 = signed.map_or(found.sha256, |s| s.sha256);
    Ok(Some(Kept { media_type: found.media_type, sha256, version: wanted }))
}

/// `GET /app/documents/{document}/file?version=&download=`. A paper that waits to be drawn is drawn first. A file that is no
/// longer what was kept is not shown: the finding is written down and the alarm raised.
pub async fn show(ctx: Ctx, Path(id): Path<DocumentId>, Query(wanted): Query<Wanted>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let newest = if row.kind == "paper" { paper::freeze(&ctx.app, &mut tx, id).await? } else { row.version };
    let asked = if wanted.version.is_empty() { newest } else { wanted.version.parse().map_err(|_| Failure::NotFound)? };
    let kept = kept(&mut tx, id, asked).await?.ok_or(Failure::NotFound)?;
    let patient = Some(PatientId(row.patient_id));
    match ctx.app.files().fetch(ctx.facility(), &kept.sha256).await {
        Ok(content) => {
            let is_download = wanted.download == "1";
            tx.audit(if is_download { "download" } else { "read" }, "document", id, patient, json!({ "version": kept.version, "sha256": kept.sha256 }));
            tx.commit().await?;
            answer(content, &kept.media_type, &row.title, is_download)
        }
        Err(error) => {
            tracing::error!(document = %id, version = kept.version, %error, "a kept file is broken");
            found_broken(&mut tx, id, kept.version).await?;
            tx.commit().await?;
            Err(Problem::of("Tệp đã lưu không còn nguyên vẹn nên không mở. Báo quản trị: bản gốc còn trong bản sao lưu.").into())
        }
    }
}

fn answer(content: Vec<u8>, media_type: &str, title: &str, is_download: bool) -> Answer {
    // What others sent is never run as a page of ours: text stays text.
    let shown = match media_type {
        "application/pdf" | "image/jpeg" | "image/png" => media_type,
        _ => "text/plain; charset=utf-8",
    };
    let ending = match media_type {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "application/xml" => "xml",
        "application/fhir+json" => "json",
        _ => "txt",
    };
    let name: String = base::fold(&forms::readable(title)).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let way = if is_download { "attachment" } else { "inline" };
    Response::builder()
        .header("content-type", shown)
        .header("content-disposition", format!("{way}; filename=\"{name}.{ending}\""))
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
        .body(content.into())
        .map_err(|error| Failure::Fault(anyhow::anyhow!(error)))
}
