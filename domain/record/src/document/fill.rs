//! Filling a form: the page of two panes, what was typed a moment ago, who else has it open, what the last stay says.

use super::draft::{Conflict, MAX_CHARS};
use super::entry::{self, Entry};
use super::fields::{self, Known, SectionView};
use super::store::draft::{self as drafts, Held, Stored};
use super::store::record::{self, Cover};
use super::store::row::{self, Row};
use super::viewer::Viewer;
use super::{begin, forms, overview};
use crate::form::definition::Form;
use askama::Template;
use base::{DocumentId, Problem, Problems, show_date, show_time};
use encounter::pages::banner::Banner;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use web::ask::Finding;
use web::{Answer, Ctx, Failure, PanelFor, Path, Query, Response, Shell, Tx};

/// What a form sent, as it came.
pub type Pairs = Vec<(String, String)>;

/// The text of a field that was sent, or "".
pub fn field<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(field, _)| field == name).map_or("", |(_, text)| text.as_str())
}

/// A result that can be put into a field.
pub struct Beside {
    pub look: &'static str,
    pub icon: &'static str,
    pub name: String,
    pub text: String,
    pub line: String,
}

#[derive(Template)]
#[template(path = "document-fill.html")]
pub struct FillPage {
    shell: Shell,
    who: Banner,
    cover: Cover,
    id: DocumentId,
    title: String,
    number: String,
    reason: String,
    revision: i32,
    version: i32,
    sections: Vec<SectionView>,
    done: usize,
    counted: usize,
    problems: Problems,
    others: String,
    previous_day: String,
    copyable: usize,
    beside: Vec<Beside>,
    panels: Vec<String>,
    ticks: String,
    sensitivity: String,
    sensitivities: Vec<(&'static str, &'static str)>,
    signs: usize,
}

const KEYS: &[(&str, &str)] = &[
    ("Tab", "Ô kế"),
    ("Alt+↓", "Mục kế"),
    ("F7", "Chỗ thiếu kế"),
    ("F4", "Lấy lại lần trước"),
    ("Alt+0", "Bình thường"),
    ("F8", "Xong"),
    ("F9", "Xem bản in"),
];

/// A document with its form and draft, as one who may write needs them. `NotFound` where there is no such document or
/// the viewer may not see it.
pub struct Open {
    pub row: Row,
    pub cover: Cover,
    pub form: Arc<Form>,
    pub stored: Stored,
}

impl Open {
    pub async fn load(tx: &mut Tx, viewer: &Viewer, id: DocumentId) -> Result<Open, Failure> {
        let row = row::find(tx, viewer, id).await?.ok_or(Failure::NotFound)?;
        let cover = record::get(tx, viewer, base::RecordId(row.record_id)).await?;
        let form = forms::version(tx, &row.form, row.form_version).await?.ok_or(Failure::NotFound)?;
        let stored = drafts::find(tx, id).await?.ok_or(Failure::NotFound)?;
        Ok(Open { row, cover, form, stored })
    }
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

/// `GET /app/documents/{document}`: the form to be filled. A finished document without a draft is shown in its record.
pub async fn show(ctx: Ctx, Path(id): Path<DocumentId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let cover = record::get(&mut tx, &viewer, base::RecordId(row.record_id)).await?;
    if row.draft_reason.is_none() || cover.refusal().is_some() || !ctx.may("record.write") {
        return web::redirect(format!("/app/records/{}?document={id}", row.record_id));
    }
    let page = page(&ctx, &mut tx, &viewer, id, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// The page with these problems beside their fields. The reading is in the audit; the caller commits.
pub async fn page(ctx: &Ctx, tx: &mut Tx, viewer: &Viewer, id: DocumentId, problems: Problems) -> Result<FillPage, Failure> {
    let open = Open::load(tx, viewer, id).await?;
    let (visit, front, _) = encounter::store::chart::get(tx, open.cover.encounter()).await?;
    let before = begin::previous(tx, viewer, &open.row, &open.form).await?;
    let (previous, previous_day) = match before {
        Some((texts, at)) => (texts, show_date(base::local_date(at))),
        None => (BTreeMap::new(), String::new()),
    };
    let entry = entry::read(&open.form, &open.stored.draft, ctx.today());
    let known = Known {
        form: &open.form,
        draft: &open.stored.draft,
        computed: &entry.computed,
        hidden: &entry.hidden,
        previous: &previous,
        problems: &problems,
    };
    let sections = fields::sections(&known);
    drafts::note_open(tx, id, &open.stored.open).await?;
    tx.notify(format!("document/{id}"));
    let found = ctx.app.findings().of_encounter(tx, open.cover.encounter()).await?;
    let about = PanelFor { encounter: Some(open.cover.encounter()), patient: Some(open.cover.patient()) };
    let who = Banner::load(ctx, tx, &visit, &front).await?;
    ctx.share("record.chosen", open.row.clone());
    let panels = ctx.panels("record.beside", tx, &about).await?;
    tx.audit("read", "document", id, Some(open.cover.patient()), json!({ "draft": open.stored.draft.revision }));
    let counted = sections.iter().filter(|s| s.required > 0).count();
    Ok(FillPage {
        shell: ctx.shell(&open.row.title, KEYS),
        who,
        id,
        number: if open.row.form.contains('/') { format!("Mẫu {}", open.row.form) } else { String::new() },
        reason: open.stored.reason.clone(),
        revision: open.stored.draft.revision,
        version: open.row.version,
        done: sections.iter().filter(|s| s.required > 0 && s.missing == 0).count(),
        counted,
        others: others(ctx, &open.stored),
        copyable: previous.iter().filter(|(name, text)| !text.is_empty() && open.stored.draft.text(name).is_empty()).count(),
        previous_day,
        beside: found.into_iter().rev().map(beside).collect(),
        panels,
        ticks: ticks(&sections),
        sensitivity: open.row.sensitivity.clone(),
        sensitivities: overview::SENSITIVITIES.to_vec(),
        signs: open.form.sign_flow.len(),
        title: open.row.title,
        cover: open.cover,
        sections,
        problems,
    })
}

/// Boxes and choices on the page: one that is not sent was taken off.
fn ticks(sections: &[SectionView]) -> String {
    let mut names: Vec<&str> = Vec::new();
    let fields = sections.iter().flat_map(|s| &s.fields);
    for field in fields {
        let cells = field.rows.iter().flat_map(|row| &row.cells);
        for one in std::iter::once(field).chain(cells) {
            match one.shape {
                "tick" | "radio" => names.push(&one.name),
                "ticks" => names.extend(one.choices.iter().map(|choice| choice.name.as_str())),
                _ => {}
            }
        }
    }
    names.join("\n")
}

fn beside(found: Finding) -> Beside {
    Beside {
        look: if found.abnormal { "warning" } else { "neutral" },
        icon: if found.kind == "imaging" { "photo" } else { "test-pipe" },
        line: format!("{}: {} ({})", found.name, found.text, show_date(base::local_date(found.at))),
        name: found.name,
        text: found.text,
    }
}

/// Who else has it open or wrote last, in one sentence; "" when nobody.
fn others(ctx: &Ctx, stored: &Stored) -> String {
    let now = ctx.now.timestamp();
    let open: Vec<&str> = stored
        .open
        .iter()
        .filter(|(account, (_, at))| **account != ctx.actor.account.0 && now - at < 600)
        .map(|(_, (name, _))| name.as_str())
        .collect();
    let wrote = stored.by != ctx.actor.account.0 && now - stored.at.timestamp() < 600;
    match (open.is_empty(), wrote) {
        (_, true) => format!("{} vừa ghi lúc {}.", stored.by_name, show_time(stored.at)),
        (false, _) => format!("{} cũng đang mở giấy này.", open.join(", ")),
        _ => String::new(),
    }
}

#[derive(Template)]
#[template(path = "document-others.html")]
struct Others {
    id: DocumentId,
    others: String,
}

/// `GET /app/documents/{document}/others`: who else is at it, asked again when something changed.
pub async fn present(ctx: Ctx, Path(id): Path<DocumentId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let stored = drafts::find(&mut tx, id).await?;
    web::html(Others { id, others: stored.map(|s| others(&ctx, &s)).unwrap_or_default() })
}

/// A document held for writing with its draft. Refuses a locked record and a document that nobody is writing.
pub struct Writing {
    pub held: Held,
    pub record: record::Locked,
    pub form: Arc<Form>,
    pub stored: Stored,
}

impl Writing {
    /// Locks in the order record, document. `NotFound` comes before every refusal.
    pub async fn hold(tx: &mut Tx, id: DocumentId) -> Result<Writing, Failure> {
        let viewer = Viewer::of(tx).await?;
        let row = row::find(tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
        let record = record::hold(tx, base::RecordId(row.record_id)).await?;
        let held = drafts::hold(tx, id).await?;
        let form = forms::version(tx, &held.form, held.form_version).await?.ok_or(Failure::NotFound)?;
        record.refuse_locked()?;
        let stored = drafts::find(tx, id).await?;
        let stored = stored.ok_or_else(|| Problem::of("Giấy này đã xong, không còn bản nháp. Muốn sửa, mở giấy trong hồ sơ và chọn Sửa."))?;
        Ok(Writing { held, record, form, stored })
    }

    /// Takes in what was sent. Gives the conflicts, whether anything changed, and refusals beside fields.
    pub fn take(&mut self, pairs: &Pairs, by: &str) -> (bool, Vec<Conflict>, Problems) {
        let mut problems = Problems::none();
        let mut edits: Vec<(String, String)> = Vec::new();
        for (name, text) in pairs.iter().filter(|(name, _)| fields::allows(&self.form, name)) {
            if text.chars().count() > MAX_CHARS {
                problems.add(name.clone(), "Dài quá 20.000 ký tự nên chưa lưu. Rút gọn phần vừa dán vào.");
                continue;
            }
            edits.push((name.clone(), text.replace("\r\n", "\n")));
        }
        for name in field(pairs, "ticks").lines() {
            if fields::allows(&self.form, name) && !pairs.iter().any(|(sent, _)| sent == name) {
                edits.push((name.to_owned(), String::new()));
            }
        }
        let read_at = field(pairs, "version").parse().unwrap_or(0);
        let (changed, conflicts) = self.stored.draft.save(&edits, read_at, by);
        (changed, conflicts, problems)
    }

    /// Writes the draft. Audited when it is begun and when another hand takes over, not at every keystroke: the
    /// versions tell the rest.
    pub async fn keep(&self, ctx: &Ctx, tx: &mut Tx) -> Result<(), Failure> {
        drafts::save(tx, self.held.id(), &self.stored.draft, &self.stored.reason).await?;
        if self.stored.by != ctx.actor.account.0 {
            let revision = self.stored.draft.revision;
            tx.audit("write", "document", self.held.id(), Some(base::PatientId(self.held.patient_id)), json!({ "draft": revision }));
        }
        tx.notify(format!("document/{}", self.held.id()));
        Ok(())
    }
}

/// `PUT /app/documents/{document}`: what was typed a moment ago. 200 with the new count, calculations and what is asked
/// now; 409 with both texts when somebody else changed the same field since; 422 when a text was refused.
pub async fn autosave(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut writing = Writing::hold(&mut tx, id).await?;
    let (before_by, before_at) = (writing.stored.by_name.clone(), show_time(writing.stored.at));
    let (changed, conflicts, problems) = writing.take(&pairs, &ctx.actor.name);
    if changed {
        writing.keep(&ctx, &mut tx).await?;
        tx.commit().await?;
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let revision = writing.stored.draft.revision;
    if !conflicts.is_empty() {
        // Their side of every field of this page, so that the page can merge.
        let mut all: BTreeMap<&str, &str> = pairs.iter().filter(|(n, _)| fields::allows(&writing.form, n)).map(|(n, _)| (n.as_str(), "")).collect();
        all.extend(field(&pairs, "ticks").lines().map(|name| (name, "")));
        all.extend(writing.stored.draft.fields().iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let told = json!({ "version": revision, "fields": all, "conflicts": conflicts, "by": before_by, "at": before_at });
        return json_answer(409, &told);
    }
    let entry = entry::read(&writing.form, &writing.stored.draft, ctx.today());
    json_answer(200, &told(revision, &entry))
}

fn told(revision: i32, entry: &Entry) -> Value {
    let wrong: BTreeMap<&str, &str> = entry.problems.0.iter().map(|p| (p.field.as_ref(), p.text.as_ref())).collect();
    json!({ "version": revision, "computed": entry.computed, "hidden": entry.hidden, "wrong": wrong })
}

fn json_answer(status: u16, value: &Value) -> Answer {
    let built = Response::builder().status(status).header("content-type", "application/json").body(value.to_string().into());
    built.map_err(|error| Failure::Fault(anyhow::anyhow!(error)))
}

/// `POST /app/documents/{document}/reviewed` (`field`): "I read it, it still holds" of a copied field.
pub async fn review(ctx: Ctx, Path(id): Path<DocumentId>, web::Form(pairs): web::Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut writing = Writing::hold(&mut tx, id).await?;
    writing.stored.draft.mark_read(field(&pairs, "field"));
    writing.keep(&ctx, &mut tx).await?;
    tx.commit().await?;
    web::redirect(format!("/app/documents/{id}"))
}

/// `POST /app/documents/{document}/copied`: takes what the same form said last time into every field that is still empty,
/// each marked until touched.
pub async fn copy(ctx: Ctx, Path(id): Path<DocumentId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let mut writing = Writing::hold(&mut tx, id).await?;
    let row = row::find(&mut tx, &viewer, id).await?.ok_or(Failure::NotFound)?;
    let Some((texts, at)) = begin::previous(&mut tx, &viewer, &row, &writing.form).await? else {
        return Err(Problem::of("Người bệnh chưa có giấy cùng mẫu nào trước đây để lấy lại.").into());
    };
    let empty: BTreeMap<String, String> =
        texts.into_iter().filter(|(name, text)| !text.is_empty() && writing.stored.draft.text(name).is_empty()).collect();
    let from = super::known::copied_from(at);
    if writing.stored.draft.put(&empty, &ctx.actor.name, &from) {
        writing.keep(&ctx, &mut tx).await?;
        tx.audit("copy", "document", id, Some(base::PatientId(writing.held.patient_id)), json!({ "from": at, "fields": empty.len() }));
        tx.commit().await?;
    }
    web::redirect(format!("/app/documents/{id}"))
}

/// `GET /app/documents/codes?q=`: ICD-10 by code, words or abbreviation, the writer's own first.
pub async fn codes(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = encounter::store::diagnosis::search(&mut tx, &asked.q, 10).await?;
    let list: Vec<Value> = found.into_iter().map(|(code, _)| json!({ "value": code.name, "label": code.code, "text": code.name })).collect();
    json_answer(200, &Value::Array(list))
}

/// `GET /app/documents/staff?q=`: members of staff by name.
pub async fn staff(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (facility, today, words) = (ctx.facility().0, ctx.today(), base::fold(asked.q.trim()));
    let found: Vec<(String, String)> = sqlx::query_as(db::sql!(
        "SELECT concat_ws(' ', nullif(title, ''), name), position FROM practitioner_practitioner
         WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2) AND name_folded LIKE '%' || $3 || '%'
         ORDER BY name_folded LIMIT 10"
    ))
    .bind(facility)
    .bind(today)
    .bind(words)
    .fetch_all(tx.conn())
    .await?;
    let list: Vec<Value> = found.into_iter().map(|(name, position)| json!({ "value": name, "label": name, "text": name, "side": position })).collect();
    json_answer(200, &Value::Array(list))
}
