//! Copies and extracts: written into the book first, then given as one archive with every file as it is kept.

use super::list::{Typed, again};
use crate::archive::status::Status;
use crate::archive::store::{self, Copy};
use crate::complete::store as covers;
use crate::sign::store::documents;
use axum::response::IntoResponse;
use base::{PatientId, Problems};
use serde_json::json;
use std::io::Write;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path};

/// `POST /app/archive/{record}/copies`: who asked, in which capacity, for what; all documents or the chosen ones.
pub async fn give(ctx: Ctx, Path(record): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::get(&mut tx, record).await?;
    let papers = documents::list_of_record(&mut tx, record).await?;
    let chosen: Vec<Uuid> = papers.iter().map(|p| p.document_id).filter(|id| typed.doc.iter().any(|d| *d == id.to_string())).collect();
    let mut problems = Problems::none();
    for (field, text, what) in [
        ("asked_by", &typed.asked_by, "Ghi ai yêu cầu"),
        ("capacity", &typed.capacity, "Ghi tư cách của người yêu cầu"),
        ("purpose", &typed.purpose, "Ghi dùng để làm gì"),
    ] {
        let length = text.trim().chars().count();
        problems.add_if(length == 0 || length > 200, field, format!("{what} (tối đa 200 ký tự)."));
    }
    problems.add_if(chosen.is_empty(), "doc", "Chọn ít nhất một giấy.");
    problems.add_if(cover.status() == Status::Destroyed, "", "Hồ sơ đã hủy nên không còn gì để sao.");
    let id: Option<Uuid> = typed.id.parse().ok();
    problems.add_if(id.is_none(), "", "Trang đã cũ. Tải lại trang.");
    let (Some(id), true) = (id, problems.is_empty()) else {
        drop(tx);
        return again(&ctx, record, "copy", typed, problems).await;
    };
    let copy = Copy {
        copy_id: id,
        kind: if chosen.len() == papers.len() { "copy" } else { "extract" }.to_owned(),
        asked_by: typed.asked_by.trim().to_owned(),
        capacity: typed.capacity.trim().to_owned(),
        purpose: typed.purpose.trim().to_owned(),
        documents: chosen,
        given_at: ctx.now,
        given_by: ctx.actor.name.to_string(),
    };
    store::insert_copy(&mut tx, record, &copy).await?;
    tx.audit("copy", "record", record, Some(PatientId(cover.patient_id)), json!({ "copy": id, "documents": copy.documents.len() }));
    tx.commit().await?;
    web::redirect(format!("/app/archive/{record}"))
}

/// `GET /app/archive/{record}/copies/{copy}/zip`: byte for byte as kept, with a list of hashes.
pub async fn zip(ctx: Ctx, Path((record, copy)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::get(&mut tx, record).await?;
    let copy = store::copies(&mut tx, record).await?.into_iter().find(|c| c.copy_id == copy).ok_or(Failure::NotFound)?;
    if cover.status() == Status::Destroyed {
        return Err(Failure::NotFound);
    }
    let mut papers = documents::list(&mut tx, &copy.documents).await?;
    papers.retain(|p| p.record_id == record);
    tx.audit("export", "record", record, Some(PatientId(cover.patient_id)), json!({ "copy": copy.copy_id, "documents": papers.len() }));
    tx.commit().await?;
    let mut parts = Vec::new();
    let mut index = String::from("\u{feff}Giấy,Bản,SHA-256,Tệp\r\n");
    for (nth, paper) in papers.iter().enumerate() {
        let ending = match paper.media_type.as_str() {
            "application/pdf" => "pdf",
            "application/xml" | "text/xml" => "xml",
            "image/jpeg" => "jpg",
            "image/png" => "png",
            "application/fhir+json" | "application/json" => "json",
            _ => "txt",
        };
        let name = format!("{:03}-{}.{ending}", nth + 1, base::fold(&paper.title).replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        index.push_str(&format!("\"{}\",{},{},{name}\r\n", paper.title.replace('"', "'"), paper.version, paper.sha256));
        parts.push((name, ctx.app.files().fetch(ctx.facility(), &paper.sha256).await?));
    }
    parts.push(("danh-muc.csv".to_owned(), index.into_bytes()));
    let bytes = tokio::task::spawn_blocking(move || pack(parts)).await.map_err(|e| Failure::Fault(e.into()))??;
    let number: String = base::fold(&cover.archive_no).replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"ho-so-{number}.zip\"");
    Ok((
        [
            (http::header::CONTENT_TYPE, "application/zip".to_owned()),
            (http::header::CONTENT_DISPOSITION, disposition),
            (http::header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        bytes,
    )
        .into_response())
}

fn pack(parts: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>, Failure> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in parts {
        out.start_file(name, options).map_err(|e| Failure::Fault(e.into()))?;
        out.write_all(&content).map_err(|e| Failure::Fault(e.into()))?;
    }
    Ok(out.finish().map_err(|e| Failure::Fault(e.into()))?.into_inner())
}
