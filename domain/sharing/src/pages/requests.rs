//! The clerk's side: what other houses ask, which papers are offered to the patient, how the patient agrees, and the end
//! of a permission. Picture: three columns, what — for whom — the patient's word.

use super::{facts, short};
use crate::holder;
use crate::proof;
use crate::request::{self, Status};
use crate::store::consents::{self, Consent, Proposal};
use crate::store::held::{self, NewGrant, Request, Seen};
use crate::store::partners;
use askama::Template;
use base::{PatientId, PersonId, Problem, Problems};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::ask::DocumentLine;
use web::{Answer, Ctx, Failure, Form, Multipart, PanelFor, Path, Query, Shell};

/// The largest scanned consent in bytes.
pub const PAPER: usize = 10 * 1024 * 1024;

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    show: String,
    #[serde(default)]
    before: Option<DateTime<Utc>>,
}

#[derive(Template)]
#[template(path = "sharing_requests.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Request>,
    show: String,
    asked: i64,
    consenting: i64,
    emergencies: i64,
    older: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    may_audit: bool,
    may_partner: bool,
}

impl ListPage {
    fn state(&self, r: &Request) -> (&'static str, &'static str, String) {
        match r.status() {
            Status::Granted if r.revoked_at.is_some() => ("neutral", "shield-x", "Đã thu hồi".into()),
            Status::Granted if r.is_open_at(self.now) => ("done", "circle-check", format!("Đang mở tới {}", r.valid_until.as_ref().map(short).unwrap_or_default())),
            Status::Granted => ("neutral", "clock-hour-4", "Hết hạn".into()),
            Status::Asked => ("waiting", "clock-hour-4", Status::Asked.name().into()),
            Status::Consenting => ("info", "device-mobile", Status::Consenting.name().into()),
            Status::Refused => ("critical", "shield-x", Status::Refused.name().into()),
            Status::Withdrawn => ("neutral", "arrow-back-up", Status::Withdrawn.name().into()),
        }
    }
}

/// `GET /app/sharing`: what others ask, what still has to be done first.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    list_of(ctx, asked, "open").await
}

/// `GET /app/sharing/emergencies`: every opening without a word of the patient, and what was found about it.
pub async fn emergencies(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    list_of(ctx, Asked { show: "emergency".into(), ..asked }, "emergency").await
}

async fn list_of(ctx: Ctx, asked: Asked, usual: &str) -> Answer {
    let mut tx = ctx.begin().await?;
    let show = if matches!(asked.show.as_str(), "granted" | "emergency" | "all" | "open") { asked.show } else { usual.to_owned() };
    // A moment that nothing lies after stands for "from the newest on".
    let rows = held::list(&mut tx, &show, asked.before.unwrap_or(ctx.now + chrono::TimeDelta::days(1))).await?;
    let (waiting, consenting, emergencies) = held::counts(&mut tx).await?;
    web::html(ListPage {
        shell: ctx.shell("Chia sẻ hồ sơ", &[("↑ ↓", "Chọn"), ("Enter", "Mở")]),
        older: (rows.len() == 100).then(|| rows[99].asked_at),
        rows,
        show,
        asked: waiting,
        consenting,
        emergencies,
        now: ctx.now,
        may_audit: ctx.may(crate::AUDIT),
        may_partner: ctx.may(crate::PARTNERS),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProposalForm {
    documents: Vec<Uuid>,
    days: String,
    last_day: String,
    download: String,
    tell: String,
    /// `"link"` (to the phone) or `"desk"`.
    by: String,
    code: String,
    reason: String,
    patient: String,
    verdict: String,
    note: String,
}

#[derive(Template)]
#[template(path = "sharing_request.html")]
struct Page {
    shell: Shell,
    request: Request,
    lines: Vec<DocumentLine>,
    special: bool,
    candidates: Vec<Candidate>,
    consent: Option<Consent>,
    grant: Option<crate::permission::Grant>,
    seen: Vec<Seen>,
    form: ProposalForm,
    problems: Problems,
    today: NaiveDate,
    now: DateTime<Utc>,
}

/// Somebody of ours who may be meant.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Candidate {
    patient_id: Uuid,
    name: String,
    record_no: String,
    birth_date: NaiveDate,
    cccd: String,
}

impl Page {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, id: Uuid) -> Result<Page, Failure> {
        let request = held::find(tx, id).await?.ok_or(Failure::NotFound)?;
        let (mut lines, mut seen, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
        match (request.patient(), request.person_id) {
            (Some(patient), Some(person)) => {
                lines = holder::shareable(&ctx.app, tx, PersonId(person)).await?;
                seen = held::list_seen(tx, patient, 20).await?;
            }
            _ => candidates = list_candidates(tx, &request.whom.name).await?,
        }
        let consent = consents::newest(tx, id).await?;
        let grant = held::grant_of(tx, id).await?.map(|(grant, _)| grant);
        let mut form = ProposalForm { days: "7".into(), tell: "1".into(), ..ProposalForm::default() };
        if let Some(asked) = &consent {
            form.documents = asked.proposal.documents.iter().map(|d| d.document_id).collect();
            form.download = if asked.proposal.may_download { "1".into() } else { String::new() };
            form.tell = if asked.proposal.tell_patient { "1".into() } else { String::new() };
        }
        Ok(Page {
            shell: ctx.shell("Chia sẻ hồ sơ", &[("Space", "Chọn giấy"), ("Tab", "Ô kế"), ("Esc", "Quay lại")]),
            request,
            lines,
            special: true,
            candidates,
            consent,
            grant,
            seen,
            form,
            problems: Problems::none(),
            today: ctx.today(),
            now: ctx.now,
        })
    }

    fn is_chosen(&self, line: &DocumentLine) -> bool {
        match &self.grant {
            Some(grant) => grant.documents.iter().any(|d| d.document_id == line.document.0),
            None => self.form.documents.contains(&line.document.0),
        }
    }
    fn is_open(&self) -> bool {
        matches!(self.request.status(), Status::Asked | Status::Consenting)
    }
    fn who(&self) -> String {
        facts(&self.request.sex, self.request.birth_date.or(self.request.whom.birth_date), self.today)
    }
    fn signed(&self, line: &DocumentLine) -> &'static str {
        if line.status == "signed" { "đã ký đủ" } else { "chưa ký đủ" }
    }
    /// The question the patient has not answered yet.
    fn question(&self) -> Option<&Consent> {
        self.consent.as_ref().filter(|c| c.answer.is_empty() && self.request.status() == Status::Consenting)
    }
    fn guesses_left(&self, c: &Consent) -> i32 {
        proof::ATTEMPTS - c.attempts
    }
    fn is_revocable(&self) -> bool {
        self.request.is_open_at(self.now)
    }
    fn day(&self, at: DateTime<Utc>) -> String {
        base::show_date(base::local_date(at))
    }
}

async fn list_candidates(tx: &mut db::Tx, name: &str) -> Result<Vec<Candidate>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT patient_id, name, record_no, birth_date, cccd FROM patient_patient
         WHERE facility_id = $1 AND name_folded = $2 AND merged_into IS NULL ORDER BY birth_date LIMIT 20"
    ))
    .bind(facility)
    .bind(base::fold(name))
    .fetch_all(tx.conn())
    .await
}

/// `GET /app/sharing/requests/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = Page::load(&ctx, &mut tx, id).await?;
    tx.audit("read", "sharing", id, page.request.patient(), serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// Shows the page again with what was typed and why it was refused.
async fn again(ctx: &Ctx, id: Uuid, form: ProposalForm, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = Page::load(ctx, &mut tx, id).await?;
    let form = if form.documents.is_empty() && form.days.is_empty() { ProposalForm { code: form.code, reason: form.reason, ..page.form.clone() } } else { form };
    web::refused(Page { form, problems, ..page })
}

fn back(id: Uuid) -> Answer {
    web::redirect(format!("/app/sharing/requests/{id}"))
}

/// `POST …/proposal`: these papers, until then; the patient is asked.
pub async fn propose(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let mut problems = Problems::none();
    let until = request::until(&form.days, &form.last_day, ctx.now).map_err(|p| problems.add(p.field, p.text)).ok();
    problems.add_if(form.documents.is_empty(), "documents", "Chọn ít nhất một giấy để chia sẻ.");
    problems.add_if(form.documents.len() > 100, "documents", "Mỗi lần chia sẻ tối đa 100 giấy.");
    if let Err(problem) = asked.status().step(Status::Consenting) {
        problems.add(problem.field, problem.text);
    }
    let (Some(patient), Some(person)) = (asked.patient(), asked.person_id.map(PersonId)) else {
        return again(&ctx, id, form, Problem::at("patient", "Xác định người bệnh trước khi chọn giấy.").into()).await;
    };
    let Some(valid_until) = until.filter(|_| problems.is_empty()) else { return again(&ctx, id, form, problems).await };
    let documents = holder::fix(&ctx.app, &mut tx, person, &form.documents).await?;
    let proposal = Proposal { documents, valid_until, may_download: form.download == "1", tell_patient: form.tell == "1" };
    holder::ask_patient(&ctx.app, &mut tx, &asked, patient, &proposal, form.by != "desk").await?;
    tx.commit().await?;
    back(id)
}

/// `POST …/code`: a code to the patient's phone, to be read out at the desk or on the telephone.
pub async fn send_code(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    held::lock(&mut tx, id).await?;
    let Some(question) = consents::newest(&mut tx, id).await?.filter(|c| c.answer.is_empty()) else {
        return again(&ctx, id, form, Problem::at("code", "Chọn giấy và lưu đề nghị trước khi gửi mã.").into()).await;
    };
    let question = consents::lock(&mut tx, question.consent_id).await?;
    if let Err(problem) = code_to(&ctx.app, &mut tx, &question, ctx.now).await? {
        return again(&ctx, id, form, problem.into()).await;
    }
    tx.commit().await?;
    back(id)
}

/// Sends a code where one may be sent now.
pub(crate) async fn code_to(app: &web::App, tx: &mut db::Tx, question: &Consent, now: DateTime<Utc>) -> Result<Result<(), Problem>, Failure> {
    if let Err(problem) = proof::may_send(question, now) {
        return Ok(Err(problem));
    }
    let code = proof::new_code();
    consents::set_code(tx, question.consent_id, &proof::code_hash(&app.config.secret, question.consent_id, &code)).await?;
    let (_, ours) = partners::ourselves(tx).await?;
    holder::message(tx, &question.phone, &format!("{ours}: mã đồng ý chia sẻ hồ sơ là {code}, dùng trong 10 phút. Không đọc mã này cho người lạ.")).await?;
    Ok(Ok(()))
}

/// `POST …/proof`: the code that the patient reads out; right, and the papers are shared.
pub async fn prove(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let Some(question) = consents::newest(&mut tx, id).await?.filter(|c| c.answer.is_empty()) else {
        return again(&ctx, id, form, Problem::at("code", "Yêu cầu này không còn chờ mã. Tải lại trang.").into()).await;
    };
    let question = consents::lock(&mut tx, question.consent_id).await?;
    if let Err((problem, counts)) = proof::judge(&question, &ctx.app.config.secret, &form.code, ctx.now) {
        if counts {
            consents::count_guess(&mut tx, question.consent_id).await?;
            tx.commit().await?;
        } else {
            drop(tx);
        }
        return again(&ctx, id, form, problem.into()).await;
    }
    consents::mark_proved(&mut tx, question.consent_id).await?;
    let evidence = json!({ "consent": question.consent_id, "phone": proof::tail(&question.phone), "read_out_to": &*ctx.actor.name });
    agree(&mut tx, &asked, &question, &question.proposal.0, "code", evidence, &ctx.actor.name).await?;
    tx.commit().await?;
    back(id)
}

/// The patient agreed: the question is answered, the permission written.
pub(crate) async fn agree(tx: &mut db::Tx, asked: &Request, question: &Consent, proposal: &Proposal, basis: &'static str, evidence: serde_json::Value, by: &str) -> Result<(), Failure> {
    asked.status().step(Status::Granted)?;
    let (Some(patient), Some(person)) = (asked.patient(), asked.person_id.map(PersonId)) else { return Err(Failure::NotFound) };
    if proposal.valid_until <= tx.now {
        return Err(Problem::of("Thời hạn đã đề nghị nay đã qua. Chọn lại thời hạn rồi hỏi người bệnh.").into());
    }
    if !consents::answer(tx, question.consent_id, "agreed").await? {
        return Err(Failure::Conflict("Người bệnh đã trả lời yêu cầu này.".into()));
    }
    let new = NewGrant {
        request: asked,
        patient,
        person,
        basis,
        evidence,
        may_download: proposal.may_download,
        tell_patient: proposal.tell_patient,
        valid_until: proposal.valid_until,
        by,
        documents: &proposal.documents,
    };
    held::grant(tx, &new).await?;
    Ok(())
}

/// `POST …/paper`: a consent signed on paper, scanned; the papers are shared.
pub async fn paper(ctx: Ctx, Path(id): Path<Uuid>, mut parts: Multipart) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let mut scan = Vec::new();
    let mut signer = String::new();
    while let Some(part) = parts.next_field().await.map_err(|_| Failure::BadRequest("Tệp tải lên bị đứt giữa chừng. Chọn lại tệp.".into()))? {
        match part.name() {
            Some("paper") => scan = part.bytes().await.map_err(|_| Failure::TooLarge)?.to_vec(),
            Some("signer") => signer = part.text().await.unwrap_or_default().trim().chars().take(100).collect(),
            _ => {}
        }
    }
    let mut problems = Problems::none();
    let kind = match scan.as_slice() {
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        _ => "",
    };
    problems.add_if(kind.is_empty(), "paper", "Chọn bản quét giấy đồng ý: tệp PDF, JPEG hoặc PNG, tối đa 10 MB.");
    problems.add_if(signer.is_empty(), "signer", "Ghi tên người đã ký: người bệnh hoặc người giám hộ.");
    let question = consents::newest(&mut tx, id).await?.filter(|c| c.answer.is_empty());
    problems.add_if(question.is_none(), "documents", "Chọn giấy và lưu đề nghị trước.");
    let Some(question) = question.filter(|_| problems.is_empty()) else { return again(&ctx, id, ProposalForm::default(), problems).await };
    let question = consents::lock(&mut tx, question.consent_id).await?;
    let sha256 = ctx.app.files().keep(ctx.facility(), scan).await?;
    let evidence = json!({ "consent": question.consent_id, "sha256": sha256, "media_type": kind, "signer": signer, "taken_by": &*ctx.actor.name });
    agree(&mut tx, &asked, &question, &question.proposal.0, "paper", evidence, &ctx.actor.name).await?;
    tx.commit().await?;
    back(id)
}

/// `POST …/refusal`: no, with the reason that the asker reads.
pub async fn refuse(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let reason = form.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 300 {
        return again(&ctx, id, form, Problem::at("reason", "Ghi lý do từ chối để bên xin biết, tối đa 300 chữ.").into()).await;
    }
    asked.status().step(Status::Refused)?;
    held::set_status(&mut tx, id, Status::Refused, &reason, &ctx.actor.name).await?;
    tx.audit("refuse", "sharing", id, asked.patient(), serde_json::Value::Null);
    tx.commit().await?;
    back(id)
}

/// `POST …/revocation`: the permission ends now.
pub async fn revoke(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let reason = form.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 300 {
        return again(&ctx, id, form, Problem::at("reason", "Ghi lý do thu hồi, tối đa 300 chữ.").into()).await;
    }
    let Some(patient) = asked.patient() else { return Err(Failure::NotFound) };
    held::revoke(&mut tx, id, patient, &ctx.actor.name, &reason).await?;
    tx.commit().await?;
    back(id)
}

/// `POST …/patient`: the clerk found out who is meant.
pub async fn name_patient(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    held::lock(&mut tx, id).await?;
    let chosen = form.patient.parse().map(PatientId).ok();
    let Some(patient) = chosen else { return again(&ctx, id, form, Problem::at("patient", "Chọn người bệnh trong danh sách.").into()).await };
    crate::store::asked::about(&mut tx, patient).await?;
    held::set_patient(&mut tx, id, patient).await?;
    tx.audit("match", "sharing", id, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    back(id)
}

/// `POST …/review`: what was found about an emergency opening.
pub async fn review(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ProposalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let asked = held::lock(&mut tx, id).await?;
    let verdict = if form.verdict == "questioned" { "questioned" } else { "justified" };
    if !asked.emergency {
        return Err(Failure::NotFound);
    }
    let note: String = form.note.trim().chars().take(500).collect();
    if verdict == "questioned" && note.is_empty() {
        return Err(Problem::at("note", "Ghi điều cần làm rõ.").into());
    }
    held::review(&mut tx, id, verdict, &note).await?;
    tx.commit().await?;
    web::redirect("/app/sharing/emergencies")
}

#[derive(Template)]
#[template(source = r#"{% import "components.html" as c %}<a class="btn btn-s" href="/app/sharing?show=all">{{ c::icon("share") }} Chia sẻ</a>"#, ext = "html")]
struct Button;

/// The way from a record to its sharing.
pub async fn panel(_ctx: &Ctx, _tx: &mut db::Tx, _about: &PanelFor) -> Result<String, Failure> {
    Ok(Button.render()?)
}
