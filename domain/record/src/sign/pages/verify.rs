//! The public page: is this paper genuine? Whoever has the code from its foot, or the file itself, learns who signed and
//! whether it is unchanged, and nothing of what it says.

use crate::sign::badge::{self, Badge, Line, Trust};
use crate::sign::code;
use crate::sign::store::checks;
use crate::sign::store::documents::{self, Paper};
use askama::Template;
use base::{FacilityId, Problem, Problems, masked_name};
use base::sign::Kind;
use chrono::{DateTime, TimeDelta, Utc};
use db::sql;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use web::{Answer, Failure, Multipart, Path, Query, Visitor};

/// So many questions of one address in a minute.
const MOST: u32 = 30;

static ASKED: LazyLock<Mutex<HashMap<String, (DateTime<Utc>, u32)>>> = LazyLock::new(Mutex::default);

/// Refuses whoever asks too often, so that nobody tries all codes.
fn limit(visitor: &Visitor) -> Result<(), Failure> {
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let now = visitor.now;
    if asked.len() > 10_000 {
        asked.retain(|_, (since, _)| now - *since < TimeDelta::minutes(1));
    }
    let entry = asked.entry(visitor.remote.clone()).or_insert((now, 0));
    if now - entry.0 >= TimeDelta::minutes(1) || now < entry.0 {
        *entry = (now, 0);
    }
    entry.1 += 1;
    if entry.1 > MOST {
        return Err(Failure::TooMany { retry_after_s: u64::try_from(60 - (now - entry.0).num_seconds()).unwrap_or(60).max(1) });
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "verify-page.html")]
struct VerifyPage {
    lang: &'static str,
    typed: String,
    found: Option<Found>,
    uploaded: Option<Uploaded>,
    sandbox: bool,
    problems: Problems,
}

/// What anybody may know of a document.
struct Found {
    code: String,
    title: String,
    facility: String,
    patient: String,
    version: i32,
    made_at: String,
    badge: Badge,
}

/// What an uploaded file says.
struct Uploaded {
    name: String,
    lines: Vec<Line>,
    /// It is exactly what the house kept under the code.
    is_kept: bool,
    sha256: String,
}

impl Uploaded {
    fn is_valid(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|l| l.problem.is_empty())
    }
}

impl Found {
    fn is_broken(&self) -> bool {
        self.badge.trust == Trust::Broken
    }
    fn is_unsigned(&self) -> bool {
        self.badge.trust == Trust::Unsigned
    }
}

fn page(visitor: &Visitor) -> VerifyPage {
    VerifyPage {
        lang: if visitor.lang == web::Lang::En { "en" } else { "vi" },
        typed: String::new(),
        found: None,
        uploaded: None,
        sandbox: visitor.app.config.sandbox,
        problems: Problems::none(),
    }
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    code: String,
}

/// `GET /v`: asks for the code or the file.
pub async fn ask(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    if asked.code.trim().is_empty() {
        return web::html(page(&visitor));
    }
    match code::read(&asked.code) {
        Some(code) => web::redirect(format!("/v/{code}")),
        None => web::refused(VerifyPage {
            typed: asked.code.chars().take(40).collect(),
            problems: Problem::at("code", "Mã gồm 10 ký tự chữ và số, in ở chân giấy.").into(),
            ..page(&visitor)
        }),
    }
}

/// `GET /v/{code}`: the verdict of this moment about the kept bytes.
pub async fn show(visitor: Visitor, Path(typed): Path<String>) -> Answer {
    limit(&visitor)?;
    let code = code::read(&typed).ok_or(Failure::NotFound)?;
    let (facility, paper) = whose(&visitor, &code).await?.ok_or(Failure::NotFound)?;
    web::html(VerifyPage { typed: code.clone(), found: Some(found(&visitor, facility, &paper, code).await?), ..page(&visitor) })
}

async fn whose(visitor: &Visitor, code: &str) -> Result<Option<(FacilityId, Paper)>, Failure> {
    let mut tx = visitor.begin_for("record-verify").await?;
    let Some((facility, document)) = checks::whose_code(&mut tx, code).await? else { return Ok(None) };
    drop(tx);
    let facility = FacilityId(facility);
    let mut tx = visitor.begin_at(facility).await?;
    let paper = documents::find(&mut tx, document).await?;
    // A destroyed record is gone for everybody.
    Ok(paper.filter(|p| p.status != "entered_in_error" && p.record_status != "destroyed").map(|p| (facility, p)))
}

async fn found(visitor: &Visitor, facility: FacilityId, paper: &Paper, code: String) -> Result<Found, Failure> {
    let mut tx = visitor.begin_at(facility).await?;
    let badge = badge::of_paper(&visitor.app, &mut tx, paper).await?;
    let name: String = sqlx::query_scalar(sql!("SELECT coalesce(nullif(legal_name, ''), name) FROM organization_facility WHERE facility_id = $1"))
        .bind(facility.0)
        .fetch_one(tx.conn())
        .await?;
    tx.audit("verify", "record_document", paper.document_id, Some(paper.patient()), Value::Null);
    tx.commit().await?;
    Ok(Found {
        code,
        // What a special paper is called would already say too much.
        title: if paper.sensitivity == "ordinary" { paper.title.clone() } else { "Giấy tờ y tế".into() },
        facility: name,
        patient: masked_name(&paper.patient_name),
        version: paper.version,
        made_at: badge::when(paper.made_at),
        badge,
    })
}

/// `POST /v`: the file itself. Nothing of it is kept.
pub async fn upload(visitor: Visitor, mut parts: Multipart) -> Answer {
    limit(&visitor)?;
    let broken = |_| Failure::BadRequest("Tệp gửi lên bị đứt giữa chừng. Gửi lại.".into());
    let (mut name, mut content, mut typed) = (String::new(), Vec::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or("") {
            "file" => {
                name = part.file_name().unwrap_or("").chars().take(120).collect();
                content = part.bytes().await.map_err(broken)?.to_vec();
            }
            "code" => typed = part.text().await.map_err(broken)?.chars().take(40).collect(),
            _ => {}
        }
    }
    let kind = if content.starts_with(b"%PDF") {
        Kind::Pdf
    } else if content.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<') || content.starts_with(b"\xef\xbb\xbf<") {
        Kind::Xml
    } else {
        let problem = Problem::at("file", "Chọn tệp PDF hoặc XML đã ký (tối đa 30 MB).");
        return web::refused(VerifyPage { typed, problems: problem.into(), ..page(&visitor) });
    };
    let sha256 = hex::encode(Sha256::digest(&content));
    let mut is_kept = false;
    if let Some(code) = code::read(&typed)
        && let Some((facility, paper)) = whose(&visitor, &code).await?
    {
        let mut tx = visitor.begin_at(facility).await?;
        is_kept = checks::find_by_content(&mut tx, paper.document_id, &sha256).await?.is_some();
    }
    let lines = badge::lines(&visitor.app.signing().verify(&content, kind, visitor.now).await);
    web::html(VerifyPage { typed, uploaded: Some(Uploaded { name, lines, is_kept, sha256 }), ..page(&visitor) })
}
