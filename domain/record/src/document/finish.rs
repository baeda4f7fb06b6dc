//! From draft to version: everything is checked, the paper is drawn and kept, the version is laid into the chain. And the
//! ways back: amending with a reason, giving an amendment up, marking what was written by mistake.

use super::draft::Draft;
use super::fill::{self, Pairs, Writing, field};
use super::store::row;
use super::store::version::{self, NewVersion};
use super::store::{draft as drafts, record};
use super::viewer::Viewer;
use super::{entry, forms};
use crate::form::check;
use crate::form::definition::Form;
use crate::print::{self, ToPrint};
use crate::sign::code;
use base::{DocumentId, PatientId, Problem, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::{Value, json};
use web::ask::Sensitivity;
use web::{Answer, Ctx, Failure, Path};

/// The longest reason.
const REASON_CHARS: usize = 500;

/// `POST /app/documents/{document}/finished`: what is on the page is taken in, checked whole, drawn and kept as the next
/// version. 422 with every problem beside its field. A second click finds the version and makes no other.
pub async fn finish(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let there = format!("/app/records/{}?document={id}", row.record_id);
    let mut writing = match Writing::hold(&mut tx, id).await {
        Ok(writing) => writing,
        // Finished by the first of two clicks, or by the other one of two people.
        Err(Failure::Refused(_)) if row.version > 0 && row.draft_reason.is_none() => return web::redirect(there),
        Err(failure) => return Err(failure),
    };
    let (changed, conflicts, mut problems) = writing.take(&pairs, &ctx.actor.name);
    if changed {
        writing.keep(&ctx, &mut tx).await?;
    }
    for conflict in &conflicts {
        let text = format!("{} vừa ghi ô này là “{}”. Xem lại rồi hoàn thành.", conflict.by, brief(&conflict.theirs));
        problems.add(conflict.field.clone(), text);
    }
    let mut entry = entry::read(&writing.form, &writing.stored.draft, ctx.today());
    problems.0.append(&mut entry.problems.0);
    for problem in check::finished(&writing.form, &entry.values).0 {
        if problems.at(&problem.field).is_empty() {
            problems.0.push(problem);
        }
    }
    problems.0.extend(check::codes(tx.conn(), &writing.form, &entry.values).await?.0);
    let unread: Vec<&String> = writing.stored.draft.marks.iter().filter(|(name, mark)| !mark.from.is_empty() && !writing.stored.draft.text(name).is_empty()).map(|(name, _)| name).collect();
    for name in unread {
        problems.add(name.clone(), "Chép từ lần trước, chưa ai xem lại. Sửa hoặc bấm Vẫn đúng.");
    }
    if !problems.is_empty() {
        let page = fill::page(&ctx, &mut tx, &viewer, id, problems).await?;
        tx.commit().await?;
        return web::refused(page);
    }
    let values = Value::Object(entry.values);
    lay(&ctx, &mut tx, &writing, &values).await?;
    tx.commit().await?;
    web::redirect(there)
}

fn brief(text: &str) -> String {
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text.to_owned() }
}

/// Draws and keeps the version, and throws the draft away.
async fn lay(ctx: &Ctx, tx: &mut Tx, writing: &Writing, values: &Value) -> Result<(), Failure> {
    let id = writing.held.id();
    let version = writing.held.version + 1;
    let code = code::of(tx, id).await?;
    let link = code::link(&ctx.app.config.public_url, &code);
    let pdf = draw(&ctx.app, tx, &writing.form, values, &About { code, link, version, made_at: Some(ctx.now) }).await?;
    let size = pdf.len() as i64;
    let sha256 = ctx.app.files().keep(ctx.facility(), pdf).await?;
    let new = NewVersion {
        document: id,
        version,
        form_version: writing.held.form_version,
        data: values,
        sha256: &sha256,
        media_type: "application/pdf",
        size_bytes: size,
        reason: &writing.stored.reason,
        made_by_name: &ctx.actor.name,
        made_at: ctx.now,
        status: "done",
    };
    version::insert(tx, &new).await?;
    drafts::delete(tx, id).await?;
    let detail = json!({ "version": version, "sha256": sha256 });
    tx.audit("finish", "document", id, Some(PatientId(writing.held.patient_id)), detail);
    tx.notify(format!("document/{id}"));
    tx.notify(format!("record/{}", writing.held.record_id));
    Ok(())
}

/// What the foot of a paper says of its version; no time while it is a draft.
struct About {
    code: String,
    link: String,
    version: i32,
    made_at: Option<DateTime<Utc>>,
}

async fn draw(app: &web::App, tx: &mut Tx, form: &Form, values: &Value, about: &About) -> Result<Vec<u8>, Failure> {
    let head = crate::form::setting::paper_head(tx, base::local_date(tx.now)).await?;
    let paper = ToPrint {
        form,
        values,
        head,
        code: about.code.clone(),
        link: about.link.clone(),
        version: about.version,
        draft: about.made_at.is_none(),
        signed: Vec::new(),
        made_at: about.made_at,
    };
    print::pdf(app, &paper).await
}

/// `GET /app/documents/{document}/preview.pdf`: how the paper would look now, marked as a draft.
pub async fn preview(ctx: Ctx, Path(id): Path<DocumentId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let open = fill::Open::load(&mut tx, &viewer, id).await?;
    let entry = entry::read(&open.form, &open.stored.draft, ctx.today());
    let about = About { code: String::new(), link: String::new(), version: 0, made_at: None };
    let pdf = draw(&ctx.app, &mut tx, &open.form, &Value::Object(entry.values), &about).await?;
    tx.audit("read", "document", id, Some(open.cover.patient()), json!({ "preview": true }));
    tx.commit().await?;
    web::pdf(pdf, &format!("{}.pdf", open.row.title))
}

/// A reason as it may be kept, or the refusal beside its field.
fn reason_of(pairs: &Pairs) -> Result<String, Problem> {
    let reason = field(pairs, "reason").trim().to_owned();
    match reason.chars().count() {
        0..=4 => Err(Problem::at("reason", "Ghi lý do, ít nhất vài chữ để người đọc sau hiểu.")),
        n if n > REASON_CHARS => Err(Problem::at("reason", "Lý do dài quá 500 ký tự. Rút gọn lại.")),
        _ => Ok(reason),
    }
}

/// `POST /app/documents/{document}/amendment` (`reason`): a draft from the newest version, with the version of the form
/// that it was written with. The finished version stands and opens as before until the new one is finished.
pub async fn amend(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let record = record::hold(&mut tx, RecordId(row.record_id)).await?;
    let held = drafts::hold(&mut tx, id).await?;
    record.refuse_locked()?;
    if held.kind != "form" || held.version == 0 {
        return Err(Problem::of("Chỉ sửa được giấy ghi theo mẫu và đã hoàn thành. Giấy do nơi khác lập thì nơi đó sửa.").into());
    }
    if held.status == "entered_in_error" {
        return Err(Problem::of("Giấy đã đánh dấu ghi nhầm, không sửa nữa. Lập giấy mới.").into());
    }
    if drafts::find(&mut tx, id).await?.is_none() {
        let reason = reason_of(&pairs)?;
        let form = forms::version(&mut tx, &held.form, held.form_version).await?.ok_or(Failure::NotFound)?;
        let data = version::data_of(&mut tx, id, held.version).await?;
        let texts = data.as_object().map(|values| entry::texts(&form, values)).unwrap_or_default();
        let mut draft = Draft { revision: 1, ..Draft::default() };
        draft.put(&texts, &ctx.actor.name, "");
        drafts::save(&mut tx, id, &draft, &reason).await?;
        tx.audit("amend", "document", id, Some(PatientId(held.patient_id)), json!({ "of": held.version, "reason": reason }));
        tx.notify(format!("record/{}", held.record_id));
        tx.commit().await?;
    }
    web::redirect(format!("/app/documents/{id}"))
}

/// `POST /app/documents/{document}/draft-discarded`: gives an amendment up; the finished version stands. A first draft is
/// not thrown away but marked as written by mistake.
pub async fn discard(ctx: Ctx, Path(id): Path<DocumentId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let record = record::hold(&mut tx, RecordId(row.record_id)).await?;
    let held = drafts::hold(&mut tx, id).await?;
    record.refuse_locked()?;
    if held.version == 0 {
        return Err(Problem::of("Giấy này chưa có bản nào hoàn thành. Nếu lập nhầm, chọn Ghi nhầm và nêu lý do.").into());
    }
    if drafts::find(&mut tx, id).await?.is_some() {
        drafts::delete(&mut tx, id).await?;
        tx.audit("discard", "document", id, Some(PatientId(held.patient_id)), Value::Null);
        tx.notify(format!("record/{}", held.record_id));
        tx.commit().await?;
    }
    web::redirect(format!("/app/records/{}?document={id}", row.record_id))
}

/// `POST /app/documents/{document}/entered-in-error` (`reason`): it stays readable, struck through, and counts no more. Of a
/// finished one only with the right to amend; a first draft may be taken back by whoever began it.
pub async fn void(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let record = record::hold(&mut tx, RecordId(row.record_id)).await?;
    let held = drafts::hold(&mut tx, id).await?;
    let is_own = held.author_account == ctx.actor.account.0 && held.version == 0;
    if !ctx.may("record.amend") && !is_own {
        return Err(Failure::Forbidden("đánh dấu ghi nhầm giấy của người khác".into()));
    }
    record.refuse_locked()?;
    if held.status != "entered_in_error" {
        let reason = reason_of(&pairs)?;
        row::mark_error(&mut tx, id, &reason).await?;
        tx.audit("void", "document", id, Some(PatientId(held.patient_id)), json!({ "reason": reason, "version": held.version }));
        tx.notify(format!("record/{}", held.record_id));
        tx.commit().await?;
    }
    web::redirect(format!("/app/records/{}?document={id}", row.record_id))
}

/// `POST /app/documents/{document}/sensitivity` (`sensitivity`): who may see it. Only its care team gets here at all; taking
/// a protection off is audited with what it was.
pub async fn protect(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let record = record::hold(&mut tx, RecordId(row.record_id)).await?;
    record.refuse_locked()?;
    let wanted = Sensitivity::from_key(field(&pairs, "sensitivity"));
    let wanted = wanted.ok_or_else(|| Problem::at("sensitivity", "Chọn mức bảo vệ trong danh sách."))?;
    let is_doctor_of_it = record.practitioner_id.is_some() && record.practitioner_id == viewer.practitioner;
    if wanted < Sensitivity::from_key(&row.sensitivity).unwrap_or_default() && row.author_account != viewer.account && !is_doctor_of_it {
        return Err(Failure::Forbidden("bỏ bảo vệ giấy của người khác".into()));
    }
    if wanted.key() != row.sensitivity {
        row::set_sensitivity(&mut tx, id, wanted.key()).await?;
        let detail = json!({ "from": row.sensitivity, "to": wanted.key() });
        tx.audit("protect", "document", id, Some(PatientId(row.patient_id)), detail);
        tx.notify(format!("record/{}", row.record_id));
        tx.commit().await?;
    }
    web::redirect(format!("/app/records/{}?document={id}", row.record_id))
}
