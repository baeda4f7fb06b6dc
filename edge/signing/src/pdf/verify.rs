//! Reading the signatures of a PDF: what each covers, and whether anything was slipped in behind it.

use super::changes;
use super::dss;
use super::field::around;
use super::file::Pdf;
use crate::judge::Sighted;
use crate::revocation::Evidence;
use crate::{signed_data, timestamp};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use lopdf::Dictionary;

/// All signatures of a document in the order of their making, with the evidence it carries.
pub struct Reading {
    pub signatures: Vec<Sighted>,
    pub evidence: Evidence,
    /// Nothing but evidence follows the last signature.
    pub covers_whole: bool,
}

const UNREADABLE: &str = "Chữ ký không đọc được.";
const BAD_RANGE: &str = "Chữ ký không bao trùm tài liệu đúng cách.";
const ADDED: &str = "Có nội dung được thêm hoặc sửa sau chữ ký này.";

/// A signature's place in the file.
struct Spot {
    field: String,
    sub_filter: String,
    claimed: Option<DateTime<Utc>>,
    contents: Vec<u8>,
    /// Start and end of the place, and the end of the revision.
    range: Option<(usize, usize, usize)>,
}

/// Reads a document; refuses what is no PDF or broken, in Vietnamese.
pub fn read(bytes: Vec<u8>) -> Result<Reading, String> {
    let pdf = Pdf::read(bytes).map_err(|fault| fault.to_string())?;
    let mut spots = spots(&pdf);
    spots.sort_by_key(|spot| spot.range.map_or(usize::MAX, |r| r.2));
    let stamps = document_stamps(&pdf, &spots);
    let mut signatures = Vec::new();
    let mut covers_whole = !spots.is_empty();
    for spot in &spots {
        let is_stamp = spot.sub_filter == "ETSI.RFC3161";
        let grew_well = spot.range.is_some_and(|(_, _, end)| followed_well(&pdf, end));
        let mut seen = if is_stamp { stamp(&pdf, spot) } else { signature(&pdf, spot) };
        if seen.problem.is_empty() && !grew_well {
            seen.problem = ADDED.into();
        }
        covers_whole &= grew_well;
        if is_stamp {
            // A sound document timestamp is nobody's signature; a broken one is everybody's business.
            if !seen.problem.is_empty() {
                signatures.push(seen);
            }
            continue;
        }
        let end = spot.range.map_or(usize::MAX, |r| r.2);
        seen.covered_at = stamps.iter().filter(|(stamp_end, _)| *stamp_end > end).map(|(_, at)| *at).min();
        signatures.push(seen);
    }
    Ok(Reading { signatures, evidence: dss::read(&pdf), covers_whole })
}

fn signature(pdf: &Pdf, spot: &Spot) -> Sighted {
    let mut seen = Sighted { field: spot.field.clone(), claimed: spot.claimed, ..Sighted::default() };
    let Some((from, to, end)) = spot.range else {
        seen.problem = BAD_RANGE.into();
        return seen;
    };
    let Some(signed) = signed_data::read(&spot.contents) else {
        seen.problem = UNREADABLE.into();
        return seen;
    };
    seen.pool = signed.certificates.clone();
    if let Err(problem) = signed.check(&around(&pdf.bytes[..end], from, to - from)) {
        seen.problem = problem.into();
    }
    if let Some(der) = &signed.timestamp {
        match timestamp::read(der).filter(|token| token.stamps(&signed.signature)) {
            Some(token) => seen.timestamp = Some(token),
            None if seen.problem.is_empty() => seen.problem = "Dấu thời gian không thuộc về chữ ký này.".into(),
            None => {}
        }
    }
    seen.signer = Some(signed.signer);
    seen
}

fn stamp(pdf: &Pdf, spot: &Spot) -> Sighted {
    let mut seen = Sighted { field: spot.field.clone(), ..Sighted::default() };
    let token = timestamp::read(&spot.contents);
    let holds = match (&token, spot.range) {
        (Some(token), Some((from, to, end))) => token.stamps(&around(&pdf.bytes[..end], from, to - from)),
        _ => false,
    };
    if !holds {
        seen.problem = "Dấu thời gian của tài liệu không còn đúng: nội dung đã bị thay đổi.".into();
    }
    seen.signer = token.map(|t| t.signed.signer);
    seen
}

/// Where sound document timestamps end, and their times.
fn document_stamps(pdf: &Pdf, spots: &[Spot]) -> Vec<(usize, DateTime<Utc>)> {
    let mut found = Vec::new();
    for spot in spots.iter().filter(|s| s.sub_filter == "ETSI.RFC3161") {
        let Some((from, to, end)) = spot.range else { continue };
        if let Some(token) = timestamp::read(&spot.contents).filter(|t| t.stamps(&around(&pdf.bytes[..end], from, to - from))) {
            found.push((end, token.at));
        }
    }
    found
}

/// Is what follows this revision only further signatures and evidence?
fn followed_well(pdf: &Pdf, end: usize) -> bool {
    if pdf.bytes[end..].iter().all(u8::is_ascii_whitespace) {
        return true;
    }
    Pdf::read(pdf.bytes[..end].to_vec()).is_ok_and(|old| changes::are_harmless(&old, pdf))
}

fn spots(pdf: &Pdf) -> Vec<Spot> {
    let mut found = Vec::new();
    for (_, dict) in pdf.fields() {
        walk(pdf, dict, "", 0, &mut found);
    }
    found
}

fn walk(pdf: &Pdf, dict: &Dictionary, parent: &str, depth: usize, found: &mut Vec<Spot>) {
    let own = dict.get(b"T").ok().and_then(|t| lopdf::decode_text_string(t).ok()).unwrap_or_default();
    let name = if parent.is_empty() || own.is_empty() { format!("{parent}{own}") } else { format!("{parent}.{own}") };
    if let Some(value) = pdf.dict(dict, b"V").filter(|v| v.has(b"ByteRange")) {
        found.push(spot(pdf, name.clone(), value));
    }
    let kids = pdf.value(dict, b"Kids").and_then(|k| k.as_array().ok());
    if depth < 8 {
        for kid in kids.into_iter().flatten().filter_map(|k| pdf.doc.dereference(k).ok()?.1.as_dict().ok()) {
            walk(pdf, kid, &name, depth + 1, found);
        }
    }
}

fn spot(pdf: &Pdf, field: String, value: &Dictionary) -> Spot {
    let contents = pdf.value(value, b"Contents").and_then(|c| c.as_str().ok()).unwrap_or_default().to_vec();
    let sub_filter = pdf.value(value, b"SubFilter").and_then(|s| s.as_name().ok()).unwrap_or_default();
    let claimed = pdf.value(value, b"M").and_then(|m| m.as_str().ok()).and_then(|m| time(std::str::from_utf8(m).ok()?));
    Spot { field, sub_filter: String::from_utf8_lossy(sub_filter).into_owned(), claimed, range: range(pdf, value, &contents), contents }
}

/// The ByteRange, if it covers everything from the first byte but exactly the digits of `/Contents`.
fn range(pdf: &Pdf, value: &Dictionary, contents: &[u8]) -> Option<(usize, usize, usize)> {
    let listed = pdf.value(value, b"ByteRange")?.as_array().ok()?;
    let numbers: Vec<usize> = listed.iter().filter_map(|n| usize::try_from(n.as_i64().ok()?).ok()).collect();
    let [0, before, after, length] = numbers.as_slice() else { return None };
    let end = after.checked_add(*length)?;
    if end > pdf.bytes.len() || *after <= before + 2 || pdf.bytes[*before] != b'<' || pdf.bytes[after - 1] != b'>' {
        return None;
    }
    let digits = &pdf.bytes[before + 1..after - 1];
    let same = hex::decode(digits).is_ok_and(|found| found == contents);
    same.then_some((before + 1, after - 1, end))
}

/// `D:20261125093000+07'00'`.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let digits = text.strip_prefix("D:")?;
    let naive = NaiveDateTime::parse_from_str(digits.get(..14)?, "%Y%m%d%H%M%S").ok()?;
    let zone = digits.get(14..).unwrap_or_default();
    let number = |from: usize| zone.get(from..from + 2).and_then(|d| d.parse::<i64>().ok()).unwrap_or(0);
    let shift = TimeDelta::hours(number(1)) + TimeDelta::minutes(number(4));
    let utc = match zone.as_bytes().first() {
        Some(b'+') => naive - shift,
        Some(b'-') => naive + shift,
        _ => naive,
    };
    Some(utc.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_zone() {
        let utc = |text: &str| time(text).map(|t| t.to_rfc3339());
        assert_eq!(utc("D:20261125093000+07'00'").as_deref(), Some("2026-11-25T02:30:00+00:00"));
        assert_eq!(utc("D:20261125093000-01'30'").as_deref(), Some("2026-11-25T11:00:00+00:00"));
        assert_eq!(utc("D:20261125093000Z").as_deref(), Some("2026-11-25T09:30:00+00:00"));
        assert_eq!(utc("20261125093000"), None);
        assert_eq!(utc("D:2026"), None);
    }
}
