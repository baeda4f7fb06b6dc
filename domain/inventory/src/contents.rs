//! The part of the table of contents that is about papers: receipts, transfers, counts and their like.

use crate::document;
use crate::pages::{controlled, document as one, documents, openings, paper, stocktake, suppliers, turnover};
use crate::{FEATURE, READ, WRITE};
use db::Tx;
use web::{Ctx, Failure, Migration, RailEntry, Route, Scan, get, post};

const APPROVE: &str = "stock.approve";
const SIGN: &str = "narcotic.sign";

/// Addresses of papers, suppliers, counts, the first day's stock and the controlled books.
pub(crate) fn routes() -> Vec<Route> {
    let right = |route: Route, right: &'static str| route.right(right).feature(FEATURE);
    vec![
        right(get("/app/stock/suppliers", suppliers::list), READ),
        right(post("/app/stock/suppliers", suppliers::create), WRITE),
        right(get("/app/stock/suppliers/{id}", suppliers::show), READ),
        right(post("/app/stock/suppliers/{id}", suppliers::update), WRITE),
        right(get("/app/stock/documents", documents::list), READ),
        right(post("/app/stock/documents", documents::create), WRITE),
        right(get("/app/stock/documents/{id}", one::show), READ),
        right(get("/app/stock/documents/{id}/pdf", paper::print), READ),
        right(get("/app/stock/documents/{id}/goods", one::goods), READ),
        right(post("/app/stock/documents/{id}/head", one::head), WRITE),
        right(post("/app/stock/documents/{id}/lines", one::put_line), WRITE),
        right(post("/app/stock/documents/{id}/lines/{line}/removal", one::remove_line), WRITE),
        right(post("/app/stock/documents/{id}/submission", one::submit), WRITE),
        right(post("/app/stock/documents/{id}/decision", one::decide), APPROVE),
        right(post("/app/stock/documents/{id}/withdrawal", one::withdraw), WRITE),
        right(post("/app/stock/documents/{id}/arrival", one::arrive), WRITE),
        right(post("/app/stock/documents/{id}/reversal", one::reverse), WRITE),
        right(post("/app/stock/documents/{id}/counts", stocktake::write), WRITE),
        right(post("/app/stock/documents/{id}/found", stocktake::found), WRITE),
        right(get("/app/stock/opening", openings::show), WRITE),
        right(get("/app/stock/opening/template", openings::template), WRITE),
        right(post("/app/stock/opening", openings::upload).upload(6 * 1024 * 1024), WRITE),
        right(get("/app/stock/opening/{id}", openings::check), WRITE),
        right(post("/app/stock/opening/{id}/applied", openings::apply), WRITE),
        right(get("/app/stock/turnover", turnover::show), READ),
        right(get("/app/stock/turnover/sheet", turnover::sheet), READ),
        right(get("/app/stock/controlled", controlled::list), READ),
        right(get("/app/stock/controlled/{item}", controlled::book), READ),
        right(get("/app/stock/controlled/{item}/pdf", controlled::print), READ),
        right(post("/app/stock/controlled/signatures/{movement}", controlled::sign), SIGN),
    ]
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "2026-11-25-0010-documents", sql: include_str!("../migrations/2026-11-25-0010-documents.sql") },
        Migration { name: "2026-11-25-0011-stocktake", sql: include_str!("../migrations/2026-11-25-0011-stocktake.sql") },
        Migration { name: "2026-11-25-0012-opening", sql: include_str!("../migrations/2026-11-25-0012-opening.sql") },
        Migration { name: "2026-11-25-0013-report-views", sql: include_str!("../migrations/2026-11-25-0013-report-views.sql") },
        Migration { name: "2026-11-25-0083-movements-by-day", sql: include_str!("../migrations/2026-11-25-0083-movements-by-day.sql") },
    ]
}

pub(crate) fn rail() -> Vec<RailEntry> {
    let entry = |href, icon, label, order| RailEntry { href, icon, label, right: READ, feature: Some(FEATURE), order };
    vec![
        entry("/app/stock/documents", "truck", "Nhập xuất", 47),
        entry("/app/stock/documents?kind=stocktake", "clipboard-check", "Kiểm kê", 48),
    ]
}

pub(crate) fn scans() -> Vec<Scan> {
    vec![Scan { name: "stock document", right: READ, feature: Some(FEATURE), find: |ctx, tx, code| Box::pin(find(ctx, tx, code)) }]
}

/// The number that is printed on every paper, with or without its slash.
async fn find(_ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    let Some((kind, year, number)) = document::read_number(code) else { return Ok(None) };
    let id = crate::store::documents::find_by_number(tx, kind, year, number).await?;
    Ok(id.map(|id| format!("/app/stock/documents/{id}")))
}
