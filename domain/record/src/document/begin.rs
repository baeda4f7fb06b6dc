//! Beginning a form: the chooser, and the draft that is filled with what is known before anybody types.

use super::draft::Draft;
use super::store::record::{self, Locked};
use super::store::row::{self, NewDocument};
use super::store::{draft as drafts, version};
use super::viewer::Viewer;
use super::{entry, forms, known};
use crate::form::definition::{Form, Kind};
use askama::Template;
use base::{DocumentId, PatientId, Problem, RecordId};
use db::Tx;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use web::ask::Sensitivity;
use web::{Answer, App, Ctx, Failure, Path, Query};

/// What is begun.
pub struct Begin<'a> {
    pub id: DocumentId,
    pub form: &'a str,
    /// Field id → value, above what is known.
    pub data: &'a Map<String, Value>,
    pub sensitivity: Sensitivity,
}

/// Begins a form in a record that is held, or adds `data` to the draft of this very document. Refuses a form that is not
/// in force today and a locked record. Gives true when it is new.
pub async fn begin(app: Option<&App>, tx: &mut Tx, held: &Locked, begin: &Begin<'_>) -> Result<bool, Failure> {
    held.refuse_locked()?;
    let today = base::local_date(tx.now);
    let by = tx.actor.name.to_string();
    let form = forms::in_force(tx, begin.form, held.room_id, today).await?;
    let form = form.ok_or_else(|| Problem::at("form", format!("Mẫu {} không có hoặc chưa có hiệu lực. Chọn mẫu khác.", begin.form)))?;
    let title = forms::readable(&form.title);
    let special = begin.sensitivity.max(form.sensitivity);
    let new = NewDocument {
        id: begin.id,
        record: RecordId(held.record_id),
        form: &form.form,
        form_version: form.version,
        title: &title,
        kind: "form",
        origin: "",
        origin_id: None,
        source: "",
        sensitivity: special.key(),
        status: "draft",
        author_name: &by,
        made_at: tx.now,
    };
    if !row::insert(tx, &new).await? {
        return add(tx, held, begin).await;
    }
    let answers = known::answers(app, tx, RecordId(held.record_id), &form).await?;
    let mut draft = Draft { revision: 1, ..Draft::default() };
    draft.put(&entry::prefilled(&form, &answers), &by, "");
    draft.put(&entry::texts(&form, begin.data), &by, "");
    drafts::save(tx, begin.id, &draft, "").await?;
    if form.kind == Kind::BenhAn {
        // The bệnh án that is begun heads the record.
        record::set_form(tx, RecordId(held.record_id), &form.form).await?;
    }
    tx.audit("begin", "document", begin.id, Some(PatientId(held.patient_id)), json!({ "form": form.form, "form_version": form.version }));
    tx.notify(format!("record/{}", held.record_id));
    Ok(true)
}

/// The document exists: what came now is laid over its draft. A finished one is left as it is.
async fn add(tx: &mut Tx, held: &Locked, begin: &Begin<'_>) -> Result<bool, Failure> {
    let document = drafts::hold(tx, begin.id).await?;
    if document.record_id != held.record_id || document.form != begin.form {
        return Err(Failure::Conflict("Giấy này đã có với nội dung khác. Tải lại trang rồi thử lại.".into()));
    }
    let Some(mut stored) = drafts::find(tx, begin.id).await? else { return Ok(false) };
    let Some(form) = forms::version(tx, &document.form, document.form_version).await? else { return Ok(false) };
    let by = tx.actor.name.to_string();
    if stored.draft.put(&entry::texts(&form, begin.data), &by, "") {
        drafts::save(tx, begin.id, &stored.draft, &stored.reason).await?;
        tx.notify(format!("document/{}", begin.id));
    }
    Ok(false)
}

#[derive(Deserialize)]
pub struct BeginForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    form: String,
    #[serde(default)]
    sensitivity: String,
}

/// `POST /app/records/{record}/documents` (`id`, `form`, `sensitivity`): begins a form and opens it. The page mints the
/// id, so that a second click opens the same document.
pub async fn start(ctx: Ctx, Path(id): Path<RecordId>, web::Form(form): web::Form<BeginForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    record::get(&mut tx, &viewer, id).await?;
    let document = form.id.parse().unwrap_or_else(|_| DocumentId::new());
    let held = record::hold(&mut tx, id).await?;
    let sensitivity = Sensitivity::from_key(&form.sensitivity).unwrap_or_default();
    let data = Map::new();
    let what = Begin { id: document, form: form.form.trim(), data: &data, sensitivity };
    begin(Some(&ctx.app), &mut tx, &held, &what).await?;
    tx.commit().await?;
    web::redirect(format!("/app/documents/{document}"))
}

/// A form in the chooser.
pub struct Choice {
    pub form: String,
    pub title: String,
    pub hint: String,
    pub is_group: &'static str,
}

#[derive(Template)]
#[template(path = "record-chooser.html")]
struct Chooser {
    choices: Vec<Choice>,
    typed: String,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

/// How many forms are offered at once.
const OFFERED: usize = 14;

/// `GET /app/records/{record}/forms?q=`: forms by number or words, accents or not. Without words: what this record still
/// needs, then what the ward uses most, then the bệnh án of the ward.
pub async fn options(ctx: Ctx, Path(id): Path<RecordId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let cover = record::get(&mut tx, &viewer, id).await?;
    let all = forms::list(&mut tx, cover.room_id, ctx.today()).await?;
    let there: Vec<String> = row::list_of_record(&mut tx, &viewer, id).await?.into_iter().filter(|r| r.status != "entered_in_error").map(|r| r.form).collect();
    let often = row::list_often(&mut tx, cover.room_id).await?;
    let words = base::fold(asked.q.trim());
    let mut choices: Vec<Choice> = Vec::new();
    let mut offer = |form: &Arc<Form>, group: &'static str| {
        if choices.len() >= OFFERED || choices.iter().any(|c| c.form == form.form) {
            return;
        }
        let is_group = if choices.iter().any(|c| c.is_group == group) { "" } else { group };
        let hint = if form.closing.deadline.is_empty() { String::new() } else { form.closing.deadline.clone() };
        choices.push(Choice { form: form.form.clone(), title: forms::readable(&form.title), hint, is_group });
    };
    if words.is_empty() {
        for form in all.iter().filter(|form| needs(form, &cover) && !there.contains(&form.form)) {
            offer(form, "Hồ sơ này cần");
        }
        for often in &often {
            if let Some(form) = all.iter().find(|form| form.form == *often) {
                offer(form, "Khoa hay dùng");
            }
        }
        for form in all.iter().filter(|form| form.kind != Kind::BenhAn) {
            offer(form, "Các mẫu khác");
        }
    } else {
        let fits = |form: &&Arc<Form>| {
            let text = format!("{} {}", base::fold(&form.title), form.form.to_lowercase());
            words.split(' ').all(|word| text.contains(word))
        };
        for form in all.iter().filter(fits) {
            offer(form, "Mẫu");
        }
    }
    web::html(Chooser { choices, typed: asked.q })
}

/// What happened in this record so far asks for this form.
fn needs(form: &Form, cover: &record::Cover) -> bool {
    if form.kind == Kind::BenhAn {
        return form.form == cover.form;
    }
    let happened: &[&str] = match (cover.kind.as_str(), cover.ended_at.is_some(), cover.outcome.as_str()) {
        ("inpatient", true, "died") => &["nhap_vien", "tu_vong"],
        ("inpatient", true, _) => &["nhap_vien", "ra_vien"],
        ("inpatient", false, _) => &["nhap_vien"],
        _ => &["dieu_tri_ngoai_tru"],
    };
    form.closing.required_for.iter().any(|h| happened.contains(&h.key()))
}

/// What the same form said last time, as texts by field, with the day.
pub async fn previous(
    tx: &mut Tx,
    viewer: &Viewer,
    about: &row::Row,
    form: &Form,
) -> Result<Option<(std::collections::BTreeMap<String, String>, chrono::DateTime<chrono::Utc>)>, Failure> {
    let found = version::find_previous(tx, viewer, about).await?;
    Ok(found.and_then(|(data, at)| Some((entry::texts(form, data.as_object()?), at))))
}

