//! What a scanned code is: a citizen card, an insurance card, a ticket, a record number. The answer says where to go.

use crate::store::reception;
use axum::response::IntoResponse;
use base::Problem;
use chrono::NaiveDate;
use patient::bhyt::{BhytQr, looks_like_bhyt};
use patient::cccd::{CccdQr, looks_like_cccd};
use patient::store::find;
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Form, Query};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Scanned {
    code: String,
}

/// A scan typed into the address.
pub async fn get(ctx: Ctx, Query(scanned): Query<Scanned>) -> Answer {
    web::redirect(resolve(&ctx, &scanned.code).await?)
}

/// A scan sent by the page: JSON `{"go": "/app/…"}`, or a problem with a sentence for the person at the desk.
pub async fn post(ctx: Ctx, Form(scanned): Form<Scanned>) -> Answer {
    match resolve(&ctx, &scanned.code).await {
        Ok(go) => Ok(axum::Json(serde_json::json!({ "go": go })).into_response()),
        Err(Failure::Refused(problems)) => {
            let text = problems.0.first().map(|p| p.text.to_string()).unwrap_or_default();
            let body = serde_json::json!({ "detail": text });
            Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, axum::Json(body)).into_response())
        }
        Err(other) => Err(other),
    }
}

/// Where a code leads. A card of somebody known leads to old and new side by side, of somebody new to the form filled
/// from the card, a ticket to its visit, a record number to the record.
async fn resolve(ctx: &Ctx, code: &str) -> Result<String, Failure> {
    let code = code.trim();
    if code.len() > 8_000 {
        return Err(Problem::at("scan", "Đoạn vừa dán quá dài, không phải một mã. Quét lại thẻ hoặc phiếu.").into());
    }
    let number = if looks_like_bhyt(code) {
        BhytQr::parse(code, ctx.today())?.number.plain()
    } else if looks_like_cccd(code) || code.contains('|') || code.starts_with("000201") || code.starts_with("http") {
        CccdQr::parse(code, ctx.today())?.number
    } else {
        return plain(ctx, code).await;
    };
    let mut tx = ctx.begin().await?;
    let known = find::find_by_number(&mut tx, &number).await?;
    let card = encode(code);
    Ok(match known {
        Some(patient) => format!("/app/reception/new?patient={patient}&card={card}"),
        None => format!("/app/reception/new?card={card}"),
    })
}

/// A ticket, a record number, or any number somebody carries.
async fn plain(ctx: &Ctx, code: &str) -> Result<String, Failure> {
    let mut tx = ctx.begin().await?;
    if let Some((day, room, number)) = ticket_code(code)
        && let Some(encounter) = reception::find_by_ticket_code(&mut tx, day, &room, number).await?
    {
        let place = if ctx.may("chart.read") { "/app/encounters/" } else { "/app/reception?visit=" };
        return Ok(format!("{place}{encounter}"));
    }
    for scan in ctx.app.scans.iter().filter(|s| ctx.may(s.right) && s.feature.is_none_or(|f| ctx.has_feature(f))) {
        if let Some(go) = (scan.find)(ctx, &mut tx, code).await? {
            return Ok(go);
        }
    }
    match find::find_by_number(&mut tx, code).await? {
        Some(patient) => Ok(format!("/app/patients/{patient}")),
        None => Err(Problem::at("scan", "Không có người bệnh hay phiếu nào mang mã này. Quét lại, hoặc tìm theo tên.").into()),
    }
}

/// `T261124-N1-7` → day, room code, number.
fn ticket_code(code: &str) -> Option<(NaiveDate, String, i32)> {
    let rest = code.strip_prefix(['T', 't'])?;
    let (day, rest) = rest.split_at_checked(6)?;
    let (room, number) = rest.strip_prefix('-')?.rsplit_once('-')?;
    let day = NaiveDate::parse_from_str(day, "%y%m%d").ok()?;
    Some((day, room.to_owned(), number.parse().ok()?))
}

/// The code printed on a ticket; [`ticket_code`] reads it.
pub fn code_of(day: NaiveDate, room_code: &str, number: i32) -> String {
    format!("T{}-{room_code}-{number}", day.format("%y%m%d"))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_ticket_is_read_back() {
        let day: NaiveDate = "2026-11-24".parse().unwrap();
        assert_eq!(ticket_code(&code_of(day, "NOI-1", 7)), Some((day, "NOI-1".into(), 7)));
        for noise in ["", "T", "T261124", "T269924-N1-7", "T261124-N1-x", "TÝ6112"] {
            assert_eq!(ticket_code(noise), None, "{noise}");
        }
    }
}
