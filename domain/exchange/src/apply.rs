//! Doing what a message says: all of it or nothing, inside the transaction that also keeps the message.

use crate::command::{Admit, Coded, Command, Content, Diagnosis, Discharge, Document, Report, State, Transfer, Undo};
use crate::partner::Partner;
use crate::person::{self, Known, Match, Told};
use crate::store::{look::Seen, people, results, unmapped};
use base::{DocumentId, EncounterId, Event, PatientId, PersonId, PractitionerId, Problem, RoomId};
use chrono::{DateTime, Utc};
use db::Tx;
use encounter::{outside, stay};
use patient::store::register::{Source, insert_patient, person_for, update_demographics};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::ask::Incoming;
use web::{App, Failure};

/// What surrounds one message while it is applied.
pub struct Work<'a> {
    pub app: &'a App,
    pub partner: &'a Partner,
    pub message: Uuid,
    pub control_id: &'a str,
    pub kind: &'a str,
    pub sent_at: DateTime<Utc>,
}

/// What a clerk said about a doubtful person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    Patient(PatientId),
    New,
}

/// What came of it.
pub enum Outcome {
    Done(Done),
    Wait { state: State, words: String, words_en: &'static str },
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub patient: Option<PatientId>,
    pub encounter: Option<EncounterId>,
    pub documents: Vec<DocumentId>,
    /// What was left out or could not be translated, for whoever looks at the message.
    pub notes: Vec<String>,
}

/// An id that follows from the sender's own numbers: the same thing told twice is the same row.
pub fn derived(partner: &Partner, thing: &str, parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in [partner.facility.to_string().as_str(), partner.id.to_string().as_str(), thing].into_iter().chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The visit that a partner's visit number means.
pub fn visit_id(partner: &Partner, visit: &str) -> EncounterId {
    EncounterId(derived(partner, "visit", &[visit]))
}

/// The first visit that a message speaks of; "" when it is only about the person.
pub fn visit_of(content: &Content) -> &str {
    content.commands.iter().map(Command::visit).find(|v| !v.is_empty()).unwrap_or("")
}

/// Applies a message. Refuses with words for people; whoever calls rolls everything back then.
pub async fn perform(tx: &mut Tx, work: &Work<'_>, content: &Content, seen: &Seen, chosen: Option<Chosen>) -> Result<Outcome, Failure> {
    if let Some(wait) = too_early(work, content, seen) {
        return Ok(wait);
    }
    let mut done = Done::default();
    let (patient, person) = match who(tx, work, content, seen, chosen, &mut done).await? {
        Ok(found) => found,
        Err(wait) => return Ok(wait),
    };
    done.patient = Some(patient);
    let mut on = On { patient, person, encounter: None, seen };
    for command in &content.commands {
        match command {
            Command::Person => {}
            Command::Admit(admit) => begin(tx, work, &mut on, admit, &mut done).await?,
            Command::Transfer(transfer) => move_on(tx, work, &mut on, transfer).await?,
            Command::Discharge(discharge) => end(tx, work, &mut on, discharge, &mut done).await?,
            Command::Undo(undo) => return Err(take_back(undo).into()),
            Command::Document(document) => file(tx, work, &mut on, document, &mut done).await?,
            Command::Report(report) => keep_report(tx, work, &mut on, report, &mut done).await?,
            Command::Diagnosis(diagnosis) => keep_diagnosis(tx, work, &mut on, diagnosis).await?,
        }
    }
    done.encounter = on.encounter;
    Ok(Outcome::Done(done))
}

/// What is known while the commands of one message run.
struct On<'a> {
    patient: PatientId,
    person: PersonId,
    encounter: Option<EncounterId>,
    seen: &'a Seen,
}

/// A message about a visit that nobody has told us of yet waits for it, a bounded time.
fn too_early(work: &Work<'_>, content: &Content, seen: &Seen) -> Option<Outcome> {
    let visit = visit_of(content);
    let begins = content.commands.iter().any(|c| matches!(c, Command::Admit(_)));
    let needs = content.commands.iter().any(|c| !matches!(c, Command::Person | Command::Admit(_)));
    if visit.is_empty() || begins || !needs || seen.visit.is_some() {
        return None;
    }
    Some(Outcome::Wait {
        state: State::Early,
        words: format!(
            "Chưa có thông điệp nhập viện của số lượt {visit}. Thông điệp chờ {} phút; nhập viện đến thì tự ghi.",
            work.partner.wait_minutes
        ),
        words_en: "Accepted; waits for the admission of this visit",
    })
}

type WhoOrWait = Result<(PatientId, PersonId), Outcome>;

/// The person, linked or registered; or the doubt that a clerk has to end.
async fn who(
    tx: &mut Tx,
    work: &Work<'_>,
    content: &Content,
    seen: &Seen,
    chosen: Option<Chosen>,
    done: &mut Done,
) -> Result<WhoOrWait, Failure> {
    let subject = &content.subject;
    let key = person::key_of(subject);
    let told = person::read(subject, base::local_date(tx.now));
    let doubt = |words: String| Outcome::Wait { state: State::Clerk, words, words_en: "Accepted; a clerk must confirm the patient's identity" };
    if let Some(chosen) = chosen {
        return match chosen {
            Chosen::Patient(patient) => {
                let known = people::get_known(tx, patient).await?;
                people::remember(tx, work.partner.id, &key, known.patient, "clerk").await?;
                Ok(Ok((known.patient, known.person)))
            }
            Chosen::New => {
                let told = told?;
                Ok(Ok(register(tx, work, &key, told, "clerk", done).await?))
            }
        };
    }
    if let Some(known) = &seen.known {
        if let Ok(told) = told {
            if known.is_somebody_else(&told.who) {
                return Ok(Err(doubt(format!(
                    "Mã người bệnh {key} bên gửi trước đây là {}, nay gửi là {}. Xác định đúng người rồi mới ghi.",
                    known.name, told.who.name
                ))));
            }
            if content.commands.iter().any(|c| matches!(c, Command::Person | Command::Admit(_))) {
                compare(tx, work, known, told, done).await?;
            }
        }
        return Ok(Ok((known.patient, known.person)));
    }
    let told = told?;
    // A message of a visit that is here already speaks of the visit's patient, if it is the same name.
    if let Some(visit) = &seen.visit {
        let known = people::get_known(tx, visit.patient).await?;
        if !known.is_somebody_else(&told.who) {
            if !key.is_empty() {
                people::remember(tx, work.partner.id, &key, known.patient, "number").await?;
            }
            return Ok(Ok((known.patient, known.person)));
        }
    }
    match person::search(tx, &told.who).await? {
        Match::Sure(patient) => {
            let known = people::get_known(tx, patient).await?;
            people::remember(tx, work.partner.id, &key, patient, "number").await?;
            compare(tx, work, &known, told, done).await?;
            Ok(Ok((known.patient, known.person)))
        }
        Match::Nobody => Ok(Ok(register(tx, work, &key, told, "new", done).await?)),
        Match::Doubtful(candidates) => Ok(Err(doubt(format!(
            "{} hồ sơ tại cơ sở giống người này ({} %). Chọn đúng hồ sơ, hoặc lập hồ sơ mới.",
            candidates.len(),
            candidates.first().map_or(0, |c| c.score.percent)
        )))),
    }
}

async fn register(tx: &mut Tx, work: &Work<'_>, key: &str, told: Told, how: &str, done: &mut Done) -> Result<(PatientId, PersonId), Failure> {
    let id = PatientId(derived(work.partner, "patient", &[key, work.control_id]));
    let person = person_for(tx, &told.who.cccd).await?;
    let made = insert_patient(tx, id, person, &told.who, Source::Api).await?;
    if made.is_new {
        tx.emit(Event::PatientRegistered { patient: id });
        tx.audit("register", "patient", id, Some(id), serde_json::json!({ "partner": work.partner.id }));
    }
    if !key.is_empty() {
        people::remember(tx, work.partner.id, key, id, how).await?;
    }
    done.notes.extend(told.left_out.0.into_iter().map(|p| p.text.into_owned()));
    Ok((id, made.person))
}

/// Telephone, address and card follow the sender where the partner may; name, birth, sex and citizen number wait for a
/// clerk, side by side.
async fn compare(tx: &mut Tx, work: &Work<'_>, known: &Known, told: Told, done: &mut Done) -> Result<(), Failure> {
    let (asked, by_rule) = person::differences(known, &told.who);
    if !by_rule.is_empty() && work.partner.takes_contact {
        let summary = patient::get_summary(tx, known.patient).await?;
        let fields: Vec<&str> = by_rule.iter().map(|l| l.field.as_str()).collect();
        let mut form = person::take(&summary.typed(), &by_rule, &fields);
        let who = person::checked(&mut form, base::local_date(tx.now))?.who;
        let changed = update_demographics(tx, known.patient, summary.version, &who, Source::Api, &work.partner.name).await?;
        tx.audit("update", "patient", known.patient, Some(known.patient), serde_json::json!({ "fields": changed, "partner": work.partner.id }));
    }
    if !asked.is_empty() {
        people::note_difference(tx, work.message, known.patient, &asked).await?;
        tx.notify("exchange");
    }
    done.notes.extend(told.left_out.0.into_iter().map(|p| p.text.into_owned()));
    Ok(())
}

/// The visit of a command, and that it is this patient's. Without a number it is the patient's newest open one.
async fn visit(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, number: &str) -> Result<EncounterId, Failure> {
    let (id, owner) = if number.is_empty() {
        match (on.encounter, people::find_open_visit(tx, on.patient).await?) {
            (Some(id), _) | (None, Some(id)) => (id, on.patient),
            (None, None) => {
                return Err(Problem::of("Thông điệp không ghi số lượt điều trị (PV1-19) và người bệnh không có lượt nào đang mở.").into());
            }
        }
    } else {
        let id = visit_id(work.partner, number);
        match &on.seen.visit {
            _ if on.encounter == Some(id) => (id, on.patient),
            Some(seen) if seen.encounter == id => (id, seen.patient),
            _ => match people::find_visit_owner(tx, id).await? {
                Some(owner) => (id, owner),
                None => return Err(Problem::of(format!("Chưa có lượt điều trị số {number}. Gửi thông điệp nhập viện trước.")).into()),
            },
        }
    };
    if owner != on.patient {
        return Err(Problem::of(format!("Lượt điều trị số {number} là của người bệnh khác. Kiểm tra mã người bệnh và số lượt ở bên gửi.")).into());
    }
    on.encounter = Some(id);
    Ok(id)
}

/// The room that a code of the sender means: a translation, or one of our own codes.
async fn room(tx: &mut Tx, work: &Work<'_>, code: &Coded) -> Result<RoomId, Failure> {
    if code.code.is_empty() {
        return Err(Problem::at("ward", "Thông điệp không ghi khoa, phòng (PV1-3).").into());
    }
    if let Some(target) = work.partner.meaning("ward", &code.code, base::local_date(tx.now))
        && let Ok(room) = target.parse()
    {
        return Ok(room);
    }
    if let Some(room) = people::find_room(tx, &code.code).await? {
        return Ok(room);
    }
    Err(Problem::at(format!("unmapped:ward:{}", code.code), format!("Mã khoa “{}” của bên gửi chưa ứng với khoa nào ở đây. Khai báo mã ở trang đơn vị gửi rồi bấm Ghi lại.", code.code)).into())
}

async fn doctor(tx: &mut Tx, work: &Work<'_>, code: &Coded) -> Result<Option<PractitionerId>, Failure> {
    if code.code.is_empty() {
        return Ok(None);
    }
    if let Some(target) = work.partner.meaning("doctor", &code.code, base::local_date(tx.now)) {
        return Ok(target.parse().ok());
    }
    unmapped::note(tx, work.partner.id, "doctor", code).await?;
    Ok(None)
}

fn class_of(work: &Work<'_>, code: &str, at: DateTime<Utc>) -> Option<&'static str> {
    match work.partner.meaning("class", code, base::local_date(at)).unwrap_or(code) {
        "I" | "IMP" | "ACUTE" | "NONAC" => Some("IMP"),
        "E" | "EMER" => Some("EMER"),
        "O" | "R" | "P" | "AMB" | "SS" | "VR" | "HH" => Some("AMB"),
        _ => None,
    }
}

async fn begin(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, admit: &Admit, done: &mut Done) -> Result<(), Failure> {
    if admit.visit.is_empty() {
        return Err(Problem::of("Thông điệp nhập viện không ghi số lượt điều trị (PV1-19).").into());
    }
    let id = visit_id(work.partner, &admit.visit);
    if on.seen.visit.as_ref().is_some_and(|v| v.encounter == id) {
        visit(tx, work, on, &admit.visit).await?;
        return Ok(());
    }
    let at = admit.at.unwrap_or(work.sent_at).min(tx.now);
    let Some(class) = class_of(work, &admit.class, at) else {
        return Err(Problem::at(format!("unmapped:class:{}", admit.class), format!("Loại lượt “{}” của bên gửi chưa rõ là nội trú, ngoại trú hay cấp cứu. Khai báo mã ở trang đơn vị gửi rồi bấm Ghi lại.", admit.class)).into());
    };
    let ward = room(tx, work, &admit.ward).await?;
    let practitioner = doctor(tx, work, &admit.doctor).await?;
    let reason: String = admit.reason.chars().take(500).collect();
    let (encounter, patient, person) = (id, on.patient, on.person);
    if class == "IMP" {
        let opening = stay::Opening {
            encounter, patient, person, ward, practitioner, reason: &reason, payer: "self", coverage: None, from: None, origin: "his", at,
        };
        stay::open(tx, &opening).await?;
    } else {
        outside::open(tx, &outside::Told { encounter, patient, person, room: ward, practitioner, class, reason: &reason, at }).await?;
    }
    if practitioner.is_none() && !admit.doctor.code.is_empty() {
        done.notes.push(format!("Mã bác sĩ “{}” chưa khai báo nên để trống.", admit.doctor.code));
    }
    on.encounter = Some(id);
    Ok(())
}

async fn move_on(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, transfer: &Transfer) -> Result<(), Failure> {
    let id = visit(tx, work, on, &transfer.visit).await?;
    let to = room(tx, work, &transfer.ward).await?;
    let at = transfer.at.unwrap_or(work.sent_at).min(tx.now);
    let mut stay = stay_of(tx, id).await?;
    stay::move_ward(tx, &mut stay, to, at).await
}

async fn end(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, discharge: &Discharge, done: &mut Done) -> Result<(), Failure> {
    let id = visit(tx, work, on, &discharge.visit).await?;
    let at = discharge.at.unwrap_or(work.sent_at).min(tx.now);
    // A visit that this very delivery opened was not there when we looked, so the row itself says whether it is one.
    if outside::finish(tx, id, at).await? || on.seen.visit.as_ref().is_some_and(|v| v.encounter == id && v.class != "IMP") {
        return Ok(());
    }
    let code = discharge.disposition.code.as_str();
    let meaning = work.partner.meaning("disposition", code, base::local_date(tx.now)).map(str::to_owned);
    let (outcome, way) = match meaning.as_deref().or_else(|| usual_disposition(code)) {
        Some(target) => target.split_once(' ').unwrap_or(("", target)),
        None => ("", "discharged"),
    };
    if meaning.is_none() && !code.is_empty() && usual_disposition(code).is_none() {
        unmapped::note(tx, work.partner.id, "disposition", &discharge.disposition).await?;
        done.notes.push(format!("Mã ra viện “{code}” chưa khai báo: kết quả điều trị để trống."));
    }
    let mut stay = stay_of(tx, id).await?;
    stay::close(tx, &mut stay, outcome, way, at).await?;
    Ok(())
}

/// Dispositions of HL7 table 0112 and of FHIR that say no more than how the patient left: outcome (may be empty) and way.
fn usual_disposition(code: &str) -> Option<&'static str> {
    match code {
        "01" | "home" => Some(" discharged"),
        "02" | "03" | "04" | "05" | "other-hcf" | "hosp" => Some(" transferred"),
        "07" | "aadvice" => Some(" left"),
        "20" | "exp" => Some("died discharged"),
        _ => None,
    }
}

async fn stay_of(tx: &mut Tx, id: EncounterId) -> Result<stay::Stay, Failure> {
    stay::lock(tx, id).await.map_err(|error| match error {
        sqlx::Error::RowNotFound => Problem::of("Lượt này không phải đợt điều trị nội trú nên không chuyển khoa được.").into(),
        other => other.into(),
    })
}

fn take_back(undo: &Undo) -> Problem {
    let what = if undo.what == "discharge" { "hủy ra viện" } else { "hủy nhập viện" };
    Problem::of(format!("Bên gửi {what} lượt {}. Việc này không tự làm: mở đợt điều trị, xem lại rồi sửa tại đó, sau đó bỏ thông điệp kèm lý do.", undo.visit))
}

async fn file(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, paper: &Document, done: &mut Done) -> Result<(), Failure> {
    let encounter = visit(tx, work, on, &paper.visit).await?;
    let form = work.partner.meaning("document", &paper.kind.code, base::local_date(tx.now)).map(str::to_owned);
    if form.is_none() && !paper.kind.code.is_empty() {
        unmapped::note(tx, work.partner.id, "document", &paper.kind).await?;
    }
    let number = if paper.number.is_empty() { work.control_id } else { &paper.number };
    let id = DocumentId(derived(work.partner, "paper", &[number, &hex::encode(Sha256::digest(&paper.content))]));
    let title = [paper.title.as_str(), &paper.kind.text, &paper.kind.code].into_iter().find(|t| !t.is_empty()).unwrap_or("Tài liệu từ hệ thống khác");
    let incoming = Incoming {
        document: id,
        encounter,
        form: form.as_deref(),
        title,
        media_type: &paper.media_type,
        content: paper.content.clone(),
        source: &format!("{} / {} {number}", work.partner.name, work.kind),
        author: &paper.author,
        made_at: paper.at.unwrap_or(work.sent_at).min(tx.now),
        sensitivity: paper.sensitivity,
    };
    work.app.records().file(tx, &incoming).await?;
    done.documents.push(id);
    Ok(())
}

async fn keep_report(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, report: &Report, done: &mut Done) -> Result<(), Failure> {
    let encounter = visit(tx, work, on, &report.visit).await?;
    let number = if report.number.is_empty() { work.control_id } else { &report.number };
    let at = report.at.unwrap_or(work.sent_at).min(tx.now);
    let day = base::local_date(at);
    let mut rows = Vec::with_capacity(report.values.len());
    for value in &report.values {
        let loinc = if value.code.is_loinc() {
            value.code.code.clone()
        } else {
            match work.partner.meaning("result", &value.code.code, day) {
                Some(loinc) => loinc.to_owned(),
                None => {
                    unmapped::note(tx, work.partner.id, "result", &value.code).await?;
                    String::new()
                }
            }
        };
        let observed_at = value.at.unwrap_or(at).min(tx.now);
        let seconds = observed_at.timestamp().to_string();
        let id = derived(work.partner, "result", &[number, &value.code.code, &value.sub, &value.value, &value.unit, &value.status, &seconds]);
        rows.push(results::Row { id, value, loinc, observed_at });
    }
    let text = results::as_text(report, at);
    let document = DocumentId(derived(work.partner, "report", &[number, &hex::encode(Sha256::digest(text.as_bytes()))]));
    let service = [report.service.text.as_str(), &report.service.code].into_iter().find(|t| !t.is_empty()).unwrap_or("Kết quả");
    let incoming = Incoming {
        document,
        encounter,
        form: None,
        title: service,
        media_type: "text/plain",
        content: text.into_bytes(),
        source: &format!("{} / {} {number}", work.partner.name, work.kind),
        author: &report.author,
        made_at: at,
        sensitivity: Default::default(),
    };
    work.app.records().file(tx, &incoming).await?;
    let place = results::Place { message: work.message, patient: on.patient, encounter, document, report_no: number, service };
    results::insert(tx, &place, &rows).await?;
    done.documents.push(document);
    Ok(())
}

async fn keep_diagnosis(tx: &mut Tx, work: &Work<'_>, on: &mut On<'_>, diagnosis: &Diagnosis) -> Result<(), Failure> {
    let encounter = visit(tx, work, on, &diagnosis.visit).await?;
    let visit = encounter.to_string();
    let id = derived(work.partner, "diagnosis", &[&visit, &diagnosis.code.code, if diagnosis.is_main { "main" } else { "other" }]);
    let place = results::DiagnosisPlace { id, message: work.message, patient: on.patient, encounter, at: diagnosis.at.unwrap_or(work.sent_at) };
    results::insert_diagnosis(tx, &place, diagnosis).await?;
    Ok(())
}
