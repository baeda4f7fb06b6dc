//! The answers of this slice to the questions of others (`web::ask::Records`).

use crate::document::begin::{self, Begin};
use crate::document::group::Group;
use crate::document::store::record;
use crate::document::store::row::{self, NewDocument, Row};
use crate::document::store::version::{self, NewVersion};
use crate::document::viewer::Viewer;
use crate::document::{file, forms, paper};
use crate::complete;
use async_trait::async_trait;
use base::{DocumentId, EncounterId, PatientId, Problem, RecordId};
use db::{Files, Tx};
use serde_json::{Map, Value, json};
use web::Failure;
use web::ask::{DocumentContent, DocumentLine, FormStart, Incoming, Records, RecordsOf, Sensitivity};

/// Answers for the records of a facility. Contents lie in `files`.
pub struct RecordDesk {
    files: Files,
}

/// The largest document that is taken in from elsewhere.
pub const MAX_BYTES: usize = 25 * 1024 * 1024;

impl RecordDesk {
    pub fn new(files: Files) -> RecordDesk {
        RecordDesk { files }
    }
}

#[async_trait]
impl Records for RecordDesk {
    async fn of_encounter(&self, tx: &mut Tx, encounter: EncounterId) -> Result<RecordId, Failure> {
        record::of_encounter(tx, encounter).await
    }

    async fn write_form(&self, tx: &mut Tx, form: &FormStart<'_>) -> Result<(), Failure> {
        let record = record::of_encounter(tx, form.encounter).await?;
        let held = record::hold(tx, record).await?;
        let empty = Map::new();
        let data = form.data.as_object().unwrap_or(&empty);
        let what = Begin { id: form.document, form: form.form, data, sensitivity: Sensitivity::Ordinary };
        begin::begin(None, tx, &held, &what).await?;
        Ok(())
    }

    async fn file(&self, tx: &mut Tx, incoming: &Incoming<'_>) -> Result<(), Failure> {
        let record = record::of_encounter(tx, incoming.encounter).await?;
        let held = record::hold(tx, record).await?;
        let viewer = system(tx);
        if let Some(known) = row::find(tx, &viewer, incoming.document).await? {
            // Sent again after a lost acknowledgement: the same letter, not a second one.
            return if known.record_id == record.0 { Ok(()) } else { Err(Failure::Conflict("Mã tài liệu đã dùng cho hồ sơ khác.".into())) };
        }
        held.refuse_locked()?;
        honest(incoming.media_type, &incoming.content)?;
        let title = incoming.title.trim();
        let known_form = match incoming.form {
            Some(form) => forms::in_force(tx, form, held.room_id, base::local_date(incoming.made_at)).await?,
            None => None,
        };
        let new = NewDocument {
            id: incoming.document,
            record,
            form: known_form.as_ref().map_or("", |form| &form.form),
            form_version: known_form.as_ref().map_or(0, |form| form.version),
            title: if title.is_empty() { "Tài liệu từ hệ thống khác" } else { title },
            kind: "incoming",
            origin: "",
            origin_id: None,
            source: incoming.source,
            sensitivity: incoming.sensitivity.key(),
            status: "done",
            author_name: incoming.author,
            made_at: incoming.made_at,
        };
        if !row::insert(tx, &new).await? {
            // Another delivery of the same message was faster.
            return Ok(());
        }
        let size = incoming.content.len() as i64;
        let sha256 = self.files.keep(tx.facility(), incoming.content.clone()).await?;
        let first = NewVersion {
            document: incoming.document,
            version: 1,
            form_version: new.form_version,
            data: &Value::Null,
            sha256: &sha256,
            media_type: incoming.media_type,
            size_bytes: size,
            reason: "",
            made_by_name: incoming.author,
            made_at: incoming.made_at,
            status: "done",
        };
        version::insert(tx, &first).await?;
        let detail = json!({ "source": incoming.source, "sha256": sha256 });
        tx.audit("file", "document", incoming.document, Some(PatientId(held.patient_id)), detail);
        tx.notify(format!("record/{record}"));
        Ok(())
    }

    async fn list(&self, tx: &mut Tx, of: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        let viewer = Viewer::of(tx).await?;
        let mut rows = row::list(tx, &viewer, of).await?;
        rows.sort_by_key(|row| (row.record_id, Group::of(&row.form, &row.origin), row.made_at, row.document_id));
        Ok(rows.iter().map(line).collect())
    }

    async fn content(&self, tx: &mut Tx, document: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        let viewer = Viewer::of(tx).await?;
        let Some(row) = row::find(tx, &viewer, document).await? else { return Ok(None) };
        if row.status == "entered_in_error" {
            return Ok(None);
        }
        let wanted = match row.kind.as_str() {
            "form" => forms::version(tx, &row.form, row.form_version).await?.map_or(0, |form| form.sign_flow.len()),
            _ => 0,
        };
        let Some(newest) = valid_version(tx, &row, wanted).await? else { return Ok(None) };
        let Some(kept) = file::kept(tx, document, newest).await? else { return Ok(None) };
        let content = self.files.fetch(tx.facility(), &kept.sha256).await?;
        let data = version::data_of(tx, document, newest).await?;
        let line = DocumentLine { version: newest, sha256: kept.sha256, ..line(&row) };
        Ok(Some(DocumentContent { line, media_type: kept.media_type, content, data }))
    }

    async fn gaps(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<String>, Failure> {
        complete::pages::gaps(tx, encounter.0).await
    }
}

/// Looks that are not a person's: whether something is there must not hang on who asks.
fn system(_tx: &Tx) -> Viewer {
    Viewer { account: uuid::Uuid::nil(), practitioner: None, wards: Vec::new() }
}

/// The version that counts outside: the newest under which all wanted signatures stand.
async fn valid_version(tx: &mut Tx, row: &Row, wanted: usize) -> Result<Option<i32>, Failure> {
    if wanted == 0 || row.status == "signed" {
        return Ok((row.version > 0).then_some(row.version));
    }
    let signatures = version::list_signatures(tx, row.id()).await?;
    let count = |version: i32| signatures.iter().filter(|s| s.version == version).count();
    Ok((1..=row.version).rev().find(|version| count(*version) >= wanted))
}

fn line(row: &Row) -> DocumentLine {
    DocumentLine {
        document: row.id(),
        record: RecordId(row.record_id),
        encounter: EncounterId(row.encounter_id),
        patient: PatientId(row.patient_id),
        form: row.form.clone(),
        title: row.title.clone(),
        version: row.version,
        status: row.status.clone(),
        sensitivity: Sensitivity::from_key(&row.sensitivity).unwrap_or_default(),
        author: row.author_name.clone(),
        at: row.made_at,
        sha256: row.sha256.clone().unwrap_or_default(),
    }
}

/// Refuses contents that are not what they claim to be, that are too big, or that would act when opened.
fn honest(media_type: &str, content: &[u8]) -> Result<(), Problem> {
    let refuse = |text: &str| Err(Problem::at("content", text.to_owned()));
    if content.is_empty() {
        return refuse("Tài liệu rỗng. Gửi lại kèm nội dung.");
    }
    if content.len() > MAX_BYTES {
        return refuse("Tài liệu lớn hơn 25 MB. Giảm độ phân giải hoặc tách ra rồi gửi lại.");
    }
    let has = |needle: &[u8]| content.windows(needle.len()).any(|window| window == needle);
    let text = || std::str::from_utf8(content).ok();
    let fits = match media_type {
        "application/pdf" => content[..content.len().min(1024)].windows(5).any(|w| w == b"%PDF-") && has(b"%%EOF"),
        "image/jpeg" => content.starts_with(&[0xff, 0xd8, 0xff]),
        "text/plain" => text().is_some_and(|text| !text.contains('\0')),
        "application/fhir+json" => serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok(),
        "application/xml" => text().is_some_and(|text| text.trim_start_matches('\u{feff}').trim_start().starts_with('<')),
        _ => return refuse("Loại tài liệu này không nhận. Gửi PDF, JPEG, XML, FHIR JSON hoặc văn bản."),
    };
    if !fits {
        return refuse("Nội dung không đúng loại tài liệu đã khai. Kiểm tra tệp ở nơi gửi.");
    }
    if media_type == "application/pdf" && [&b"/JavaScript"[..], b"/Launch", b"/EmbeddedFile", b"/RichMedia"].iter().any(|act| has(act)) {
        return refuse("Tệp PDF có mã lệnh hoặc tệp đính kèm nên không nhận. Xuất lại thành PDF/A rồi gửi.");
    }
    if media_type == "application/xml" && has(b"<!DOCTYPE") {
        return refuse("Tệp XML có khai báo DOCTYPE nên không nhận. Bỏ phần đó rồi gửi lại.");
    }
    Ok(())
}

/// Draws what waits, so that it can be signed, sent or locked away.
pub async fn settle_papers(app: &web::App, tx: &mut Tx, record: RecordId) -> Result<(), Failure> {
    let viewer = system(tx);
    for row in row::list_of_record(tx, &viewer, record).await?.iter().filter(|row| paper::is_waiting(row) && row.status != "entered_in_error") {
        paper::freeze(app, tx, row.id()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_what_they_claim_to_be() {
        let pdf = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF".to_vec();
        let mut acting = pdf.clone();
        acting.extend_from_slice(b"/OpenAction <</S /JavaScript>>");
        for (media_type, content, is_fine) in [
            ("application/pdf", pdf.clone(), true),
            ("application/pdf", acting, false),
            ("application/pdf", b"%PDF-1.7 cut".to_vec(), false),
            ("image/jpeg", pdf, false),
            ("text/plain", "Bệnh sử".as_bytes().to_vec(), true),
            ("text/plain", vec![0xff, 0xfe, 0x41], false),
            ("application/xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>".to_vec(), false),
            ("application/fhir+json", b"{\"resourceType\":\"Bundle\"}".to_vec(), true),
            ("application/fhir+json", b"{".to_vec(), false),
            ("application/zip", b"PK".to_vec(), false),
            ("text/plain", Vec::new(), false),
        ] {
            assert_eq!(honest(media_type, &content).is_ok(), is_fine, "{media_type}");
        }
    }
}
