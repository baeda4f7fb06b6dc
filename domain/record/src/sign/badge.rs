//! What a signature is worth when the document is opened: the hash of the kept bytes is compared every time, the
//! signatures themselves are judged once a day. Whoever finds a broken one raises the alarm.

use super::act::kind_of;
use super::order::Orders;
use super::store::checks;
use super::store::documents::{self, Paper};
use super::{flow, role};
use base::sign::{Kind, Verdict};
use base::{DocumentId, Event};
use db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{App, Failure};

/// How far the trust in a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Nobody has signed, or nobody need.
    Unsigned,
    /// Signatures hold; some are still to come.
    Partly,
    /// All signatures are there and hold.
    Whole,
    /// A byte changed, the file is gone, or a signature does not hold.
    Broken,
}

/// One signature, for people.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Line {
    /// The word for the place: "Trưởng khoa".
    pub role: String,
    pub holder: String,
    pub issuer: String,
    /// Ready words, Vietnam time.
    pub at: String,
    /// "confirmation" for a patient's.
    pub method: String,
    pub has_timestamp: bool,
    pub is_long_term: bool,
    /// Why it does not hold; empty when it does.
    pub problem: String,
}

/// The answer for a page.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Badge {
    pub trust: Trust,
    pub lines: Vec<Line>,
    /// The words for the places that are still to sign.
    pub missing: Vec<String>,
    /// Why it is broken; empty otherwise.
    pub problem: String,
    pub sha256: String,
}

impl Badge {
    /// The look of `c::badge`.
    pub fn look(&self) -> &'static str {
        match self.trust {
            Trust::Unsigned => "neutral",
            Trust::Partly => "waiting",
            Trust::Whole => "done",
            Trust::Broken => "critical solid",
        }
    }
    pub fn icon(&self) -> &'static str {
        match self.trust {
            Trust::Unsigned => "signature",
            Trust::Partly => "clock-hour-4",
            Trust::Whole => "shield-check",
            Trust::Broken => "alert-octagon",
        }
    }
    pub fn word(&self) -> String {
        let there = self.lines.len();
        match self.trust {
            Trust::Unsigned if self.missing.is_empty() => "Không cần ký".into(),
            Trust::Unsigned => "Chưa ký".into(),
            Trust::Partly => format!("Đã ký {there}/{}", there + self.missing.len()),
            Trust::Whole => "Chữ ký hợp lệ".into(),
            Trust::Broken => "Chữ ký không hợp lệ".into(),
        }
    }
}

/// The badge of a document's newest version; `None` when there is no finished version here. Writes an audit row and
/// tells [`Event::SignatureBroken`] when something is wrong: the caller commits.
pub async fn badge(app: &App, tx: &mut Tx, document: DocumentId) -> Result<Option<Badge>, Failure> {
    match documents::find(tx, document.0).await? {
        Some(paper) => Ok(Some(of_paper(app, tx, &paper).await?)),
        None => Ok(None),
    }
}

/// The badge of a document that is at hand.
pub async fn of_paper(app: &App, tx: &mut Tx, paper: &Paper) -> Result<Badge, Failure> {
    let order = Orders::default().of(tx, paper).await?;
    let signed = paper.signed();
    let missing: Vec<String> = flow::missing(&order, &signed).into_iter().map(role::label).collect();
    let mut badge = Badge {
        trust: if signed.is_empty() { Trust::Unsigned } else if missing.is_empty() { Trust::Whole } else { Trust::Partly },
        lines: Vec::new(),
        missing,
        problem: String::new(),
        sha256: paper.sha256.clone(),
    };
    let content = match app.files().fetch(tx.facility(), &paper.sha256).await {
        Ok(content) => content,
        Err(_) => {
            badge.problem = "Nội dung lưu trữ không còn như lúc ký (mã băm khác hoặc thiếu tệp).".into();
            badge.lines = paper.signatures.iter().filter(|s| s.role != flow::ARCHIVE).map(|s| line_of(s, "Nội dung đã bị thay đổi sau khi ký.")).collect();
            return broken(tx, paper, badge);
        }
    };
    if signed.is_empty() {
        return Ok(badge);
    }
    let verdict = verdict(app, tx, paper, &content, kind_of(paper).unwrap_or(Kind::Pdf)).await?;
    for signature in paper.signatures.iter().filter(|s| s.role != flow::ARCHIVE) {
        let found = verdict.iter().find(|l| l.role == signature.role);
        let line = match found {
            Some(found) => Line { role: role::label(&signature.role), method: signature.method.clone(), holder: signature.holder.clone(), ..found.clone() },
            None => line_of(signature, "Không tìm thấy chữ ký này trong tệp."),
        };
        if badge.problem.is_empty() {
            badge.problem = line.problem.clone();
        }
        badge.lines.push(line);
    }
    if let Some(stranger) = verdict.iter().find(|l| l.role.is_empty()) {
        badge.problem = stranger.problem.clone();
    }
    if badge.problem.is_empty() { Ok(badge) } else { broken(tx, paper, badge) }
}

fn line_of(signature: &documents::Signature, problem: &str) -> Line {
    Line {
        role: role::label(&signature.role),
        holder: signature.holder.clone(),
        issuer: signature.issuer.clone(),
        at: when(signature.signed_at),
        method: signature.method.clone(),
        has_timestamp: false,
        is_long_term: false,
        problem: problem.to_owned(),
    }
}

pub(crate) fn when(at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{} {}", base::show_time(at), base::show_date(base::local_date(at)))
}

fn broken(tx: &mut Tx, paper: &Paper, mut badge: Badge) -> Result<Badge, Failure> {
    badge.trust = Trust::Broken;
    tx.audit("alarm", "record_document", paper.document_id, Some(paper.patient()), json!({ "version": paper.version, "sha256": paper.sha256 }));
    tx.emit(Event::SignatureBroken { document: paper.id(), version: paper.version, at: tx.now });
    Ok(badge)
}

/// The verdict of today about these bytes: one line per signature in the file, by the key of its place; a line without a
/// place says what is wrong with the whole.
async fn verdict(app: &App, tx: &mut Tx, paper: &Paper, content: &[u8], kind: Kind) -> Result<Vec<Line>, Failure> {
    let day = base::local_date(tx.now);
    if let Some(kept) = checks::find_verdict(tx, &paper.sha256, day).await?
        && let Ok(lines) = serde_json::from_value(kept)
    {
        return Ok(lines);
    }
    let lines = lines(&app.signing().verify(content, kind, tx.now).await);
    checks::keep_verdict(tx, &paper.sha256, day, &json!(lines)).await?;
    Ok(lines)
}

/// A verdict in lines.
pub fn lines(verdict: &Verdict) -> Vec<Line> {
    let mut lines: Vec<Line> = verdict
        .signatures
        .iter()
        .map(|s| Line {
            role: s.field.clone(),
            holder: s.holder.clone(),
            issuer: s.issuer.clone(),
            at: s.signed_at.map(when).unwrap_or_default(),
            method: "certificate".into(),
            has_timestamp: s.has_timestamp,
            is_long_term: s.is_long_term,
            problem: s.problem.clone(),
        })
        .collect();
    let whole = if !verdict.unreadable.is_empty() {
        verdict.unreadable.clone()
    } else if !verdict.covers_whole && !verdict.signatures.is_empty() {
        "Có nội dung được thêm vào sau chữ ký cuối cùng.".into()
    } else {
        String::new()
    };
    if !whole.is_empty() {
        lines.push(Line {
            role: String::new(),
            holder: String::new(),
            issuer: String::new(),
            at: String::new(),
            method: String::new(),
            has_timestamp: false,
            is_long_term: false,
            problem: whole,
        });
    }
    lines
}
