//! `yba verify FILE`: is this paper as it was signed, by whom, when? Offline: only what the paper carries and whom the
//! reader trusts count.

use anyhow::{Context, Result};
use base::sign::{Kind, SignatureVerdict, Signing, Verdict};
use chrono::{DateTime, Utc};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What the command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Valid = 0,
    Invalid = 1,
    Unreadable = 2,
}

/// Judges a file at `now`, and gives the lines to print. `trust` are files or folders of root certificates; without
/// any, `YBA_TRUST` is asked.
pub async fn verify(file: &Path, trust: &[PathBuf], now: DateTime<Utc>) -> Result<(Outcome, String)> {
    let mut settings = signing::Settings::from_environment()?;
    if !trust.is_empty() {
        settings.roots.clear();
        for place in trust {
            settings.roots.extend(signing::read_roots(place)?);
        }
    }
    settings.may_ask = false;
    let is_trusting = !settings.roots.is_empty();
    let content = std::fs::read(file).with_context(|| format!("không đọc được {}", file.display()))?;
    let kind = if content.starts_with(b"%PDF-") { Kind::Pdf } else { Kind::Xml };
    let verdict = signing::Engine::new(settings).verify(&content, kind, now).await;
    let mut lines = told(&verdict);
    if !is_trusting {
        lines.push_str("Chưa khai báo gốc chứng thực nào. Thêm --trust TỆP.pem hoặc đặt YBA_TRUST.\n");
    }
    Ok((outcome(&verdict), lines))
}

fn outcome(verdict: &Verdict) -> Outcome {
    if !verdict.unreadable.is_empty() {
        Outcome::Unreadable
    } else if verdict.is_valid() {
        Outcome::Valid
    } else {
        Outcome::Invalid
    }
}

/// The verdict, line by line: first the whole, then each signature.
fn told(verdict: &Verdict) -> String {
    let mut text = String::new();
    let head = if !verdict.unreadable.is_empty() {
        format!("KHÔNG ĐỌC ĐƯỢC: {}", verdict.unreadable.trim_start_matches("Tệp không đọc được: "))
    } else if verdict.signatures.is_empty() {
        "CHƯA KÝ: tài liệu không có chữ ký số nào.".into()
    } else if verdict.is_valid() {
        format!("HỢP LỆ: {} chữ ký, nội dung nguyên vẹn từ khi ký.", verdict.signatures.len())
    } else {
        "KHÔNG HỢP LỆ: đừng tin nội dung này.".into()
    };
    let _ = writeln!(text, "{head}");
    for (number, signature) in verdict.signatures.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", number + 1, line(signature));
    }
    if verdict.unreadable.is_empty() && !verdict.signatures.is_empty() && !verdict.covers_whole {
        let _ = writeln!(text, "Có nội dung nằm ngoài các chữ ký.");
    }
    text
}

fn line(signature: &SignatureVerdict) -> String {
    let mut line = if signature.holder.is_empty() { format!("Ô {}", signature.field) } else { signature.holder.clone() };
    if let Some(id) = &signature.holder_id {
        let _ = write!(line, " ({id})");
    }
    if let Some(at) = signature.signed_at {
        let by = if signature.has_timestamp { "theo dấu thời gian" } else { "theo lời người ký" };
        let _ = write!(line, ", ký {} {} {by}", base::show_date(base::local_date(at)), base::show_time(at));
    }
    if !signature.issuer.is_empty() {
        let _ = write!(line, ", chứng thư {} do {} cấp", signature.serial, signature.issuer);
    }
    if signature.problem.is_empty() {
        let kept = if signature.is_long_term { ", đủ bằng chứng lưu dài hạn" } else { "" };
        let _ = write!(line, ": đúng{kept}.");
    } else {
        let _ = write!(line, ": SAI. {}", signature.problem);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(problem: &str) -> SignatureVerdict {
        SignatureVerdict {
            field: "bac_si".into(),
            holder: "Nguyễn Văn An".into(),
            holder_id: Some("084085012345".into()),
            issuer: "CA".into(),
            serial: "0A".into(),
            signed_at: "2026-11-25T02:30:00Z".parse().ok(),
            has_timestamp: true,
            is_long_term: true,
            problem: problem.into(),
        }
    }

    #[test]
    fn a_verdict_is_told_in_whole_sentences() {
        let of = |problem: &str| Verdict { signatures: vec![signature(problem)], covers_whole: problem.is_empty(), unreadable: String::new() };
        let fine = told(&of(""));
        assert!(fine.starts_with("HỢP LỆ: 1 chữ ký") && fine.contains("Nguyễn Văn An (084085012345), ký 25/11/2026 09:30 theo dấu thời gian"), "{fine}");
        let touched = told(&of("Nội dung đã bị thay đổi sau khi ký."));
        assert!(touched.starts_with("KHÔNG HỢP LỆ") && touched.contains("SAI. Nội dung đã bị thay đổi") && touched.contains("nằm ngoài"), "{touched}");
        assert_eq!(outcome(&of("")), Outcome::Valid);
        assert_eq!(outcome(&of("x")), Outcome::Invalid);
        assert_eq!(outcome(&Verdict::default()), Outcome::Invalid, "nobody signed");
        assert_eq!(outcome(&Verdict { unreadable: "x".into(), ..Verdict::default() }), Outcome::Unreadable);
    }
}
