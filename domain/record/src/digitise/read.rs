//! The way of a file: taken page by page, straightened, kept, read; then parted where our sheets lie between the papers.
//! A reader that stops half way is followed by another one that goes on where it stopped.

use super::intake::{self, Source};
use super::picture;
use super::reader::{self, Reading};
use super::store::{self, Batch, Cover, NewPaper, Page};
use super::{cover, kind};
use anyhow::Context;
use base::FacilityId;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use web::App;

/// Reads everything of a facility that waits, one file after the other; gives how many were read.
pub async fn read_waiting(app: &App, facility: FacilityId) -> anyhow::Result<usize> {
    let mut read = 0;
    loop {
        let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
        let Some(batch) = store::claim_batch(&mut tx).await? else { return Ok(read) };
        tx.commit().await?;
        if let Err(fault) = read_batch(app, facility, &batch).await {
            tracing::error!(error = format!("{fault:#}"), batch = %batch.batch_id, "a scanned file could not be read");
            let told = fault.downcast_ref::<Told>().map_or("Chưa đọc được tệp này. Quét lại; nếu vẫn lỗi, báo bộ phận hỗ trợ.", |told| told.0.as_str());
            let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
            store::set_progress(&mut tx, batch.batch_id, "failed", batch.pages, batch.done, told).await?;
            tx.notify("digitise");
            tx.commit().await?;
        }
        read += 1;
    }
}

/// Reads in the background; the pages show how far it is.
pub fn begin(app: App, facility: FacilityId) {
    tokio::spawn(async move {
        if let Err(fault) = read_waiting(&app, facility).await {
            tracing::error!(error = format!("{fault:#}"), facility = facility.0, "scans wait unread");
        }
    });
}

/// Words for the one who scanned.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(String);

async fn read_batch(app: &App, facility: FacilityId, batch: &Batch) -> anyhow::Result<()> {
    let bytes = app.files().fetch(facility, &batch.sha256).await?;
    let source = tokio::task::spawn_blocking(move || intake::open(bytes)).await?.map_err(Told)?;
    let source = Arc::new(source);
    let count = source.len() as i32;
    let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
    let known = store::list_pages(&mut tx, batch.batch_id).await?.len() as i32;
    store::set_progress(&mut tx, batch.batch_id, "reading", count, known, "").await?;
    tx.commit().await?;
    for place in known..count {
        let page = one_page(app, facility, source.clone(), batch.batch_id, place).await?;
        let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
        store::insert_page(&mut tx, &page).await?;
        store::set_progress(&mut tx, batch.batch_id, "reading", count, place + 1, "").await?;
        tx.notify("digitise");
        tx.commit().await?;
    }
    part(app, facility, batch, count).await
}

/// One page, as it is kept.
async fn one_page(app: &App, facility: FacilityId, source: Arc<Source>, batch: Uuid, place: i32) -> anyhow::Result<Page> {
    let worked = tokio::task::spawn_blocking(move || -> Result<_, String> {
        let page = source.page(place as usize)?;
        let code = cover::on(&page).unwrap_or_default();
        let straight = picture::straighten(page);
        let jpeg = picture::jpeg(&straight.picture);
        let reading = if code.is_empty() && !straight.is_empty { reader::read(&jpeg) } else { Reading::default() };
        Ok((code, straight, jpeg, reading))
    });
    let (code, straight, jpeg, reading) = worked.await?.map_err(|told| Told(format!("Trang {}: {told}", place + 1)))?;
    let sha256 = app.files().keep(facility, jpeg).await?;
    Ok(Page {
        page_id: Uuid::now_v7(),
        batch_id: batch,
        place,
        paper_id: None,
        sha256,
        width: straight.picture.width() as i32,
        height: straight.picture.height() as i32,
        turned_tenth: straight.turned_tenth,
        is_left_out: straight.is_empty || !code.is_empty(),
        cover_code: code,
        text: reading.text,
        words: json!(reading.words),
    })
}

/// The papers of a file, as its pages were parted.
#[derive(Debug, PartialEq, Eq)]
pub struct Parted {
    /// The code of the sheet that lay before; empty for pages before the first sheet.
    pub code: String,
    /// Positions of the pages.
    pub pages: Vec<usize>,
}

/// Parts pages (code of a sheet or "", left out or not) at the sheets. A sheet without pages behind it makes no paper.
pub fn split<'a>(pages: impl Iterator<Item = (&'a str, bool)>) -> Vec<Parted> {
    let mut out = vec![Parted { code: String::new(), pages: Vec::new() }];
    for (at, (code, left_out)) in pages.enumerate() {
        if !code.is_empty() {
            out.push(Parted { code: code.to_owned(), pages: Vec::new() });
        } else if !left_out && let Some(paper) = out.last_mut() {
            paper.pages.push(at);
        }
    }
    out.retain(|paper| !paper.pages.is_empty());
    out
}

async fn part(app: &App, facility: FacilityId, batch: &Batch, count: i32) -> anyhow::Result<()> {
    let mut tx = app.db.begin_system(facility, app.clock.now()).await?;
    let pages = store::list_pages(&mut tx, batch.batch_id).await?;
    let by = (batch.scanned_by, batch.scanned_by_name.as_str());
    store::insert_step(&mut tx, batch.batch_id, None, "read", &read_words(&pages), by).await?;
    let parted = split(pages.iter().map(|page| (page.cover_code.as_str(), page.is_left_out)));
    let mut note = String::new();
    if let Some(paper) = batch.replaces {
        let fresh: Vec<Uuid> = parted.iter().flat_map(|paper| paper.pages.iter().map(|at| pages[*at].page_id)).collect();
        if fresh.is_empty() {
            return Err(Told("Tệp quét lại chỉ có trang trắng hoặc tờ ngăn. Quét lại các trang của giấy.".into()).into());
        }
        store::replace_pages(&mut tx, paper, &fresh).await?;
        store::insert_step(&mut tx, batch.batch_id, Some(paper), "rescanned", &format!("{} trang", fresh.len()), by).await?;
    } else {
        let codes: Vec<String> = parted.iter().map(|paper| paper.code.clone()).filter(|code| !code.is_empty()).collect();
        let covers: HashMap<String, Cover> = store::list_covers(&mut tx, &codes).await?.into_iter().map(|cover| (cover.code.clone(), cover)).collect();
        for (place, paper) in parted.iter().enumerate() {
            let ids: Vec<Uuid> = paper.pages.iter().map(|at| pages[*at].page_id).collect();
            let first = paper.pages.first().map_or("", |at| pages[*at].text.as_str());
            let new = paper_of(batch, place as i32 + 1, covers.get(&paper.code), first, &ids);
            store::insert_paper(&mut tx, &new).await?;
            let detail = format!("Giấy {}: {} trang, {}", place + 1, ids.len(), if new.title.is_empty() { "chưa rõ loại" } else { new.title });
            store::insert_step(&mut tx, batch.batch_id, Some(new.id), "split", &detail, by).await?;
        }
        let strange = codes.iter().filter(|code| !covers.contains_key(*code)).count();
        if strange > 0 {
            note = format!("{strange} tờ ngăn không phải của cơ sở này hoặc đã bị hủy.");
        }
        if parted.is_empty() {
            note = "Không có trang nào có chữ: chỉ có trang trắng hoặc tờ ngăn.".into();
        }
    }
    store::set_progress(&mut tx, batch.batch_id, "ready", count, count, &note).await?;
    tx.notify("digitise");
    tx.commit().await.context("the papers of a scan could not be kept")?;
    Ok(())
}

/// The sheet's word counts; otherwise what the first page is called.
fn paper_of<'a>(batch: &Batch, place: i32, cover: Option<&'a Cover>, first: &str, pages: &'a [Uuid]) -> NewPaper<'a> {
    let guessed = kind::guess(first);
    let (kind, title, known_by) = match (cover, guessed) {
        (Some(cover), _) => (cover.kind.as_str(), cover.title.as_str(), "cover"),
        (None, Some(kind)) => (kind.key, kind.title, "words"),
        (None, None) => ("", "", ""),
    };
    NewPaper {
        id: Uuid::now_v7(),
        batch: batch.batch_id,
        place,
        record: cover.map(|cover| cover.record_id),
        kind,
        title,
        paper_date: cover.and_then(|cover| cover.paper_date),
        known_by,
        pages,
    }
}

fn read_words(pages: &[Page]) -> String {
    let sheets = pages.iter().filter(|page| !page.cover_code.is_empty()).count();
    let empty = pages.iter().filter(|page| page.is_left_out && page.cover_code.is_empty()).count();
    let turned = pages.iter().filter(|page| page.turned_tenth != 0).count();
    let read = pages.iter().filter(|page| !page.text.is_empty()).count();
    format!("{} trang: {sheets} tờ ngăn, {empty} trang trắng, nắn thẳng {turned}, nhận dạng chữ {read}", pages.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_is_parted_at_its_sheets() {
        let a = |code, left_out| (code, left_out);
        let pages = [a("", false), a("YBS-A", true), a("", false), a("", true), a("", false), a("YBS-B", true), a("YBS-C", true), a("", false)];
        let parted = split(pages.into_iter());
        let told: Vec<(&str, Vec<usize>)> = parted.iter().map(|paper| (paper.code.as_str(), paper.pages.clone())).collect();
        assert_eq!(told, [("", vec![0]), ("YBS-A", vec![2, 4]), ("YBS-C", vec![7])]);
        assert!(split([("", true), ("YBS-A", true)].into_iter()).is_empty());
    }
}
