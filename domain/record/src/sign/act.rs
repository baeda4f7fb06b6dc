//! The act of signing: many documents, one unlocking of the key. What can be refused is refused before the key is
//! touched; the finished files are kept first, then all signature rows are written in one commit. Whoever came second
//! is told, and nothing is left half signed.

use super::order::Orders;
use super::store::documents::{self, NewSignature, Paper};
use super::store::keys;
use super::{code, flow, role, rule, stamp};
use base::sign::{Certificate, Key, Kind, Prepared, SignFault, Signing, Work};
use base::{Event, FacilityId, Problem};
use chrono::{DateTime, Utc};
use db::{Files, Tx};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;
use web::{App, Ctx, Failure};

/// At most so many documents in one go.
pub const MOST: usize = 50;

/// A document that somebody chose, and the hash that they saw beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub document: Uuid,
    pub sha256: String,
}

impl Asked {
    /// `document.sha256`, as the boxes of the tray send it.
    pub fn read(text: &str) -> Option<Asked> {
        let (document, sha256) = text.split_once('.')?;
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        Some(Asked { document: document.parse().ok().filter(|_| is_hash)?, sha256: sha256.to_owned() })
    }
}

/// What became of one document.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub document: Uuid,
    pub title: String,
    pub patient: String,
    pub role: String,
    /// The hash of the signed file, or why it was not signed.
    pub result: Result<String, String>,
}

/// A document that passed every check of ours.
pub struct Ready {
    pub paper: Paper,
    pub flow: Vec<String>,
    /// The place that is to be signed.
    pub place: String,
    pub code: String,
}

/// Looks at what was chosen: those that may be signed, and why the others may not. Answers keep the order of choosing.
pub async fn look(tx: &mut Tx, asked: &[Asked]) -> Result<(Vec<Ready>, Vec<Outcome>), Failure> {
    let ids: Vec<Uuid> = asked.iter().map(|a| a.document).collect();
    let mut papers: HashMap<Uuid, Paper> = documents::list(tx, &ids).await?.into_iter().map(|p| (p.document_id, p)).collect();
    let signer = keys::signer(tx).await?;
    let today = base::local_date(tx.now);
    let mut orders = Orders::default();
    let (mut ready, mut refused) = (Vec::new(), Vec::new());
    for one in asked {
        let Some(paper) = papers.remove(&one.document) else {
            refused.push(Outcome {
                document: one.document,
                title: "Giấy không có ở cơ sở này".into(),
                patient: String::new(),
                role: String::new(),
                result: Err("Không tìm thấy giấy. Tải lại khay ký.".into()),
            });
            continue;
        };
        let order = orders.of(tx, &paper).await?;
        let facts = paper.facts(order.clone());
        let signed = paper.signed();
        // The first place still open at which this person stands, so that "not yet" is said and not "not you".
        let mine = flow::missing(&order, &signed).into_iter().find(|place| role::find(place).is_some_and(|r| rule::stands_at(r, place, &facts, &signer)));
        let place = mine.or(flow::next(&order, &signed)).unwrap_or("").to_owned();
        let problem = if paper.sha256 != one.sha256 {
            "Giấy vừa có người ký hoặc có bản mới. Tải lại khay, xem lại rồi ký.".to_owned()
        } else if paper.status == "entered_in_error" || paper.status == "draft" {
            "Giấy không còn ở bước ký.".to_owned()
        } else if kind_of(&paper).is_none() {
            "Loại tệp này không mang được chữ ký số.".to_owned()
        } else {
            said(&rule::refuse(&place, &facts, &signer, today))
        };
        if problem.is_empty() {
            ready.push(Ready { paper, flow: order, place, code: String::new() });
        } else {
            refused.push(outcome(&paper, &place, Err(problem)));
        }
    }
    for one in &mut ready {
        one.code = code::of(tx, one.paper.id()).await?;
    }
    Ok((ready, refused))
}

fn said(problems: &base::Problems) -> String {
    problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ")
}

fn outcome(paper: &Paper, place: &str, result: Result<String, String>) -> Outcome {
    let role = if place.is_empty() { String::new() } else { role::label(place) };
    Outcome { document: paper.document_id, title: paper.title.clone(), patient: paper.patient_name.clone(), role, result }
}

/// How a document carries a signature; `None` for pictures and plain text.
pub fn kind_of(paper: &Paper) -> Option<Kind> {
    match paper.media_type.as_str() {
        "application/pdf" => Some(Kind::Pdf),
        "application/xml" | "text/xml" => Some(Kind::Xml),
        _ => None,
    }
}

/// Signs what was chosen with one of the actor's keys. Gives one outcome for each; refuses as a whole only when the key
/// does not open (wrong PIN, resting key).
pub async fn sign(ctx: &Ctx, key_id: Uuid, pin: &str, otp: &str, asked: &[Asked]) -> Result<Vec<Outcome>, Failure> {
    let mut tx = ctx.begin().await?;
    let row = keys::get_usable(&mut tx, key_id).await?;
    let (ready, mut outcomes) = look(&mut tx, asked).await?;
    let (ready, misplaced): (Vec<Ready>, Vec<Ready>) = ready.into_iter().partition(|one| (one.place == flow::SEAL) == (row.purpose == "seal"));
    for one in misplaced {
        let why = if one.place == flow::SEAL { "Chỗ này đóng dấu của cơ sở: chọn khóa con dấu." } else { "Chỗ này cần chữ ký của người, không phải con dấu." };
        outcomes.push(outcome(&one.paper, &one.place, Err(why.into())));
    }
    if let Some(until) = row.blocked_until.filter(|until| *until > ctx.now) {
        return Err(Problem::at("pin", format!("Nhập sai PIN nhiều lần nên khóa nghỉ đến {}. Thử lại sau.", base::show_time(until))).into());
    }
    let key = super::key::unseal(&ctx.app.config.secret, row.key_id, &row.sealed)?
        .open(pin, otp)
        .ok_or_else(|| Failure::from(Problem::at("key", "Khóa này nằm ở bàn làm việc: ký bằng chương trình ký trên máy đó.")))?;
    // Codes that were made just now are kept even when the PIN is wrong.
    tx.commit().await?;

    let certificate = open(ctx, &row, &key).await?;
    let bench = Bench::of(&ctx.app, ctx.facility(), ctx.now, &ctx.actor.name);
    let prepared = prepare_all(&bench, &certificate, ready, &mut outcomes).await;
    let digests: Vec<Vec<u8>> = prepared.iter().map(|(_, p)| p.digest.clone()).collect();
    let signatures = if digests.is_empty() { Vec::new() } else { told(ctx, row.key_id, ctx.app.signing().sign(&key, &digests).await).await? };
    let signed = prepared.into_iter().zip(signatures).map(|((one, prepared), signature)| (one, prepared, signature)).collect();
    let finished = finish_all(&bench, signed, &mut outcomes).await;
    let mut tx = ctx.begin().await?;
    outcomes.extend(write(&mut tx, &certificate, "certificate", &finished, &json!({ "key": row.key_id, "key_kind": row.kind })).await?);
    if !finished.is_empty() {
        keys::note_pin(&mut tx, row.key_id, true).await?;
    }
    tx.commit().await?;
    tell_broken(ctx, &outcomes).await?;
    let order: HashMap<Uuid, usize> = asked.iter().enumerate().map(|(n, a)| (a.document, n)).collect();
    outcomes.sort_by_key(|o| order.get(&o.document).copied());
    Ok(outcomes)
}

/// Opens a key and compares it with its row; counts wrong PINs.
async fn open(ctx: &Ctx, row: &keys::KeyRow, key: &Key) -> Result<Certificate, Failure> {
    let certificate = told(ctx, row.key_id, ctx.app.signing().certificate(key).await).await?;
    if certificate.serial != row.serial || certificate.holder != row.holder {
        return Err(Problem::at("key", "Khóa vừa mở không phải khóa đã đăng ký. Đăng ký lại khóa ở trang Khóa ký.").into());
    }
    Ok(certificate)
}

/// What the key answered; a wrong PIN is counted, a right one forgets the wrong ones.
async fn told<T>(ctx: &Ctx, key: Uuid, answer: Result<T, SignFault>) -> Result<T, Failure> {
    let is_right = match &answer {
        Ok(_) => Some(true),
        Err(SignFault::WrongPin | SignFault::WrongOtp) => Some(false),
        Err(_) => None,
    };
    if is_right == Some(false) {
        let mut tx = ctx.begin().await?;
        keys::note_pin(&mut tx, key, false).await?;
        tx.audit("refuse", "record_key", key, None, json!({ "why": "wrong pin" }));
        tx.commit().await?;
    }
    answer.map_err(|fault| {
        let field = match fault {
            SignFault::WrongPin => "pin",
            SignFault::WrongOtp => "otp",
            _ => "key",
        };
        Problem::at(field, fault.to_string()).into()
    })
}

/// What making a signature needs besides the document.
#[derive(Clone)]
pub struct Bench {
    pub signing: Arc<dyn Signing>,
    pub files: Files,
    pub facility: FacilityId,
    pub now: DateTime<Utc>,
    /// The signer's name with title, as the stamp shows it.
    pub name: String,
}

impl Bench {
    pub fn of(app: &App, facility: FacilityId, now: DateTime<Utc>, name: &str) -> Bench {
        Bench { signing: app.wiring.signing.clone(), files: app.files().clone(), facility, now, name: name.to_owned() }
    }

    /// Lays the place for a signature into the kept file of a document, or says why not.
    pub async fn prepare(&self, certificate: &Certificate, one: &Ready, look: Look) -> Result<Prepared, String> {
        let content = self
            .files
            .fetch(self.facility, &one.paper.sha256)
            .await
            .map_err(|_| "Tệp đã lưu không còn nguyên vẹn nên không ký được. Đã báo phòng Kế hoạch tổng hợp.".to_owned())?;
        let kind = kind_of(&one.paper).ok_or("Loại tệp này không mang được chữ ký số.")?;
        let stamp = (kind == Kind::Pdf).then(|| {
            let shown = stamp::Shown {
                role: &one.place,
                place: one.paper.next_place(),
                name: if look.name.is_empty() { &self.name } else { &look.name },
                at: self.now,
                code: &one.code,
                drawing: look.drawing,
                how: look.how,
            };
            stamp::stamp(&content, &shown)
        });
        let work = Work {
            content,
            kind,
            // A new version is a new file, so the place is unique within it.
            field: one.place.clone(),
            reason: format!("{} ký {}", role::label(&one.place), one.paper.title),
            place: String::new(),
            stamp,
        };
        self.signing.prepare(certificate, &work, self.now).await.map_err(|fault| fault.to_string())
    }

    /// Puts a signature in and keeps the finished file; gives its hash.
    pub async fn finish(&self, prepared: Prepared, signature: Vec<u8>) -> Result<String, String> {
        let content = self.signing.finish(prepared, signature).await.map_err(|fault| fault.to_string())?;
        self.files.keep(self.facility, content).await.map_err(|fault| {
            tracing::error!(error = format!("{fault:#}"), "a signed file could not be kept");
            "Chưa lưu được tệp đã ký. Thử lại.".to_owned()
        })
    }
}

/// How a signature is shown.
#[derive(Clone, Default)]
pub struct Look {
    /// "Ký bởi", "Xác nhận bởi", "Đóng dấu bởi".
    pub how: &'static str,
    /// Another name than the signer's own: the patient's.
    pub name: String,
    /// A drawn signature (PNG).
    pub drawing: Option<Vec<u8>>,
}

/// Prepares all, several at a time; what cannot be prepared becomes an outcome.
pub async fn prepare_all(bench: &Bench, certificate: &Certificate, ready: Vec<Ready>, outcomes: &mut Vec<Outcome>) -> Vec<(Ready, Prepared)> {
    let certificate = Arc::new(certificate.clone());
    let mut work = JoinSet::new();
    for (nth, one) in ready.into_iter().enumerate() {
        let (bench, certificate) = (bench.clone(), certificate.clone());
        work.spawn(async move {
            let how = if one.place == flow::SEAL { "Đóng dấu bởi" } else { "Ký bởi" };
            // The seal shows whose it is, not who set it.
            let name = if one.place == flow::SEAL { certificate.holder.clone() } else { String::new() };
            let done = bench.prepare(&certificate, &one, Look { how, name, drawing: None }).await;
            (nth, one, done)
        });
    }
    let mut all = work.join_all().await;
    all.sort_by_key(|(nth, _, _)| *nth);
    let mut out = Vec::new();
    for (_, one, done) in all {
        match done {
            Ok(prepared) => out.push((one, prepared)),
            Err(why) => outcomes.push(outcome(&one.paper, &one.place, Err(why))),
        }
    }
    out
}

/// Finishes all, several at a time (each asks for its timestamp); gives the hash of each kept file.
pub async fn finish_all(bench: &Bench, signed: Vec<(Ready, Prepared, Vec<u8>)>, outcomes: &mut Vec<Outcome>) -> Vec<(Ready, String)> {
    let mut work = JoinSet::new();
    for (nth, (one, prepared, signature)) in signed.into_iter().enumerate() {
        let bench = bench.clone();
        work.spawn(async move {
            let done = bench.finish(prepared, signature).await;
            (nth, one, done)
        });
    }
    let mut all = work.join_all().await;
    all.sort_by_key(|(nth, _, _)| *nth);
    let mut out = Vec::new();
    for (_, one, done) in all {
        match done {
            Ok(sha256) => out.push((one, sha256)),
            Err(why) => outcomes.push(outcome(&one.paper, &one.place, Err(why))),
        }
    }
    out
}

/// Writes the signature rows of finished files in one commit, for those documents that nobody touched meanwhile.
pub async fn write(tx: &mut Tx, certificate: &Certificate, method: &str, finished: &[(Ready, String)], evidence: &serde_json::Value) -> Result<Vec<Outcome>, Failure> {
    let ids: Vec<Uuid> = finished.iter().map(|(one, _)| one.paper.document_id).collect();
    documents::lock(tx, &ids).await?;
    let now: HashMap<Uuid, Paper> = documents::list(tx, &ids).await?.into_iter().map(|p| (p.document_id, p)).collect();
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    let mut outcomes = Vec::new();
    for (one, sha256) in finished {
        let result = match now.get(&one.paper.document_id) {
            Some(found) if is_unchanged(found, &one.paper) => {
                let new = NewSignature {
                    paper: found,
                    place: found.next_place(),
                    role: &one.place,
                    method,
                    practitioner: practitioner.filter(|_| method == "certificate" && one.place != flow::SEAL),
                    holder: &certificate.holder,
                    holder_id: certificate.holder_id.as_deref().unwrap_or(""),
                    issuer: &certificate.issuer,
                    serial: &certificate.serial,
                    evidence: evidence.clone(),
                    sha256,
                    flow: &one.flow,
                };
                documents::insert(tx, &new).await?;
                Ok(sha256.clone())
            }
            Some(found) if matches!(found.record_status.as_str(), "archived" | "destroyed") => Err("Hồ sơ vừa được lưu trữ nên không ký thêm được.".to_owned()),
            _ => Err("Người khác vừa ký hoặc sửa giấy này trước. Tải lại khay, xem lại rồi ký.".to_owned()),
        };
        outcomes.push(outcome(&one.paper, &one.place, result));
    }
    Ok(outcomes)
}

fn is_unchanged(found: &Paper, seen: &Paper) -> bool {
    found.version == seen.version
        && found.sha256 == seen.sha256
        && matches!(found.status.as_str(), "done" | "signing")
        && !matches!(found.record_status.as_str(), "archived" | "destroyed")
}

/// Notes those whose kept file is no longer what it was; the alert reaches the planning department.
pub async fn tell_broken(ctx: &Ctx, outcomes: &[Outcome]) -> Result<(), Failure> {
    let broken: Vec<Uuid> = outcomes.iter().filter(|o| matches!(&o.result, Err(why) if why.starts_with("Tệp đã lưu"))).map(|o| o.document).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.begin().await?;
    for paper in documents::list(&mut tx, &broken).await? {
        tx.emit(Event::SignatureBroken { document: paper.id(), version: paper.version, at: ctx.now });
        tx.audit("refuse", "record_document", paper.document_id, Some(paper.patient()), json!({ "why": "content changed" }));
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn a_box_of_the_tray_names_document_and_hash() {
        let (id, hash) = (uuid::Uuid::now_v7(), "ab".repeat(32));
        assert_eq!(Asked::read(&format!("{id}.{hash}")).unwrap().document, id);
        for bad in [String::new(), id.to_string(), format!("{id}."), format!("{id}.{}", "zz".repeat(32)), format!("x.{hash}")] {
            assert_eq!(Asked::read(&bad), None, "{bad}");
        }
    }
}
