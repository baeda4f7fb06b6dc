//! A file comes from the scanner.

use super::list;
use crate::digitise::store::{self, NewBatch};
use crate::digitise::{intake, read};
use base::Problems;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Multipart};

/// What was given.
#[derive(Default)]
struct Given {
    id: String,
    /// The paper whose pages are scanned again.
    paper: String,
    name: String,
    bytes: Vec<u8>,
}

/// `POST /app/digitise/batches` (`id`, `file`, `paper`): takes a file in and reads it in the background. The same file a
/// second time leads to where it already is. `paper` names one that was sent back and gets these pages instead.
pub async fn upload(ctx: Ctx, parts: Multipart) -> Answer {
    let given = read_parts(parts).await?;
    let replaces = match given.paper.as_str() {
        "" => None,
        typed => Some(typed.parse::<Uuid>().map_err(|_| Failure::NotFound)?),
    };
    if let Some(paper) = replaces {
        let mut tx = ctx.begin().await?;
        let found = store::find_paper(&mut tx, paper).await?.ok_or(Failure::NotFound)?;
        if found.status != "returned" {
            return Err(Failure::Conflict("Giấy này không bị trả lại nên không quét lại được.".into()));
        }
    }
    let bytes = given.bytes;
    let size = bytes.len() as i64;
    let media_type = intake::media_type(&bytes).unwrap_or_default();
    // Opened once before it is kept, so that the one at the scanner is told while the paper is still in hand.
    let opened = tokio::task::spawn_blocking(move || intake::open(bytes.clone()).map(|source| (bytes, source.len()))).await;
    let (bytes, pages) = match opened.map_err(|fault| Failure::Fault(fault.into()))? {
        Ok(opened) => opened,
        Err(says) => {
            let mut problems = Problems::none();
            problems.add("file", says);
            return list::page(&ctx, problems).await;
        }
    };
    let sha256 = ctx.app.files().keep(ctx.facility(), bytes).await?;
    let mut tx = ctx.begin().await?;
    let new = NewBatch {
        id: given.id.parse().unwrap_or_else(|_| Uuid::now_v7()),
        source: "upload",
        name: if given.name.is_empty() { "Tệp quét" } else { &given.name },
        sha256: &sha256,
        media_type,
        size_bytes: size,
        replaces,
    };
    let (batch, is_new) = store::insert_batch(&mut tx, &new).await?;
    if is_new {
        let name = tx.actor.name.to_string();
        let by = (tx.actor.account.0, name.as_str());
        store::insert_step(&mut tx, batch, replaces, "scanned", &format!("{} ({pages} trang)", new.name), by).await?;
        tx.audit("scan", "scan-batch", batch, None, json!({ "sha256": sha256, "pages": pages }));
        tx.notify("digitise");
    }
    tx.commit().await?;
    read::begin(ctx.app.clone(), ctx.facility());
    web::redirect(format!("/app/digitise/batches/{batch}"))
}

async fn read_parts(mut parts: Multipart) -> Result<Given, Failure> {
    let broken = |_| Failure::BadRequest("Tệp gửi lên bị đứt giữa chừng. Gửi lại.".into());
    let mut given = Given::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or("") {
            "file" => {
                given.name = part.file_name().unwrap_or("").chars().filter(|c| !c.is_control()).take(120).collect();
                given.bytes = part.bytes().await.map_err(broken)?.to_vec();
            }
            "id" => given.id = part.text().await.map_err(broken)?,
            "paper" => given.paper = part.text().await.map_err(broken)?,
            _ => {}
        }
    }
    Ok(given)
}
