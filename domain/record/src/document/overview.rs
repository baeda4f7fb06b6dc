//! A record on one screen: who it is about, every paper in its drawer, the paper that is open, and what happened to it.

use super::group::Group;
use super::state::{self, State};
use super::store::record::{self, Cover};
use super::store::row::{self, Row};
use super::store::{draft, version};
use super::viewer::Viewer;
use super::{forms, read};
use crate::sign::badge::{self, Trust};
use crate::sign::role;
use askama::Template;
use base::{DocumentId, Event, RecordId, show_date, show_time};
use chrono::{DateTime, Utc};
use encounter::pages::banner::Banner;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, PanelFor, Path, Query, Shell, Tx};

/// A document in its drawer.
pub struct Entry {
    pub id: Uuid,
    pub title: String,
    pub when: String,
    pub who: String,
    pub state: State,
    pub is_open: bool,
    pub is_special: bool,
    pub is_void: bool,
}

/// A drawer with what lies in it.
pub struct Drawer {
    pub title: &'static str,
    pub entries: Vec<Entry>,
}

/// One thing that happened to the open document.
pub struct Happening {
    pub at: String,
    pub what: String,
    pub who: String,
    pub more: String,
    /// The version to look at; 0 where there is nothing to open.
    pub version: i32,
    pub is_open: bool,
}

/// The document in the middle.
pub struct Chosen {
    pub id: Uuid,
    pub title: String,
    pub number: String,
    pub state: State,
    pub has_draft: bool,
    pub is_first_draft: bool,
    pub may_write: bool,
    pub may_amend: bool,
    pub may_void: bool,
    pub reason: String,
    pub error_reason: String,
    pub sensitivity: String,
    pub source: String,
    /// What the frame shows; "" while there is nothing but a draft.
    pub frame: String,
    pub is_picture: bool,
    pub old_version: i32,
    pub newest: i32,
    /// What is typed so far, where there is no paper yet.
    pub sections: Vec<read::Section>,
    pub history: Vec<Happening>,
    pub panels: Vec<String>,
}

#[derive(Template)]
#[template(path = "record-overview.html")]
struct OverviewPage {
    shell: Shell,
    who: Banner,
    cover: Cover,
    heading: String,
    dates: String,
    status: (&'static str, &'static str, &'static str),
    refusal: String,
    drawers: Vec<Drawer>,
    total: usize,
    chosen: Option<Chosen>,
    may_start: bool,
    may_export: bool,
    sensitivities: Vec<(&'static str, &'static str)>,
    fresh_id: Uuid,
    top: Vec<String>,
    side: Vec<String>,
    actions: Vec<String>,
}

#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    document: String,
    #[serde(default)]
    version: String,
}

/// What a special document is called on screen.
pub const SENSITIVITIES: [(&str, &str); 4] = [
    ("ordinary", "Thông thường"),
    ("mental", "Bảo vệ: sức khỏe tâm thần"),
    ("reproductive", "Bảo vệ: sức khỏe sinh sản"),
    ("hiv", "Bảo vệ: HIV"),
];

const KEYS: &[(&str, &str)] =
    &[("F2", "Tìm người bệnh"), ("F5", "Thêm giấy"), ("F4", "Ghi tiếp"), ("F9", "In"), ("F7", "Chỗ thiếu kế"), ("↑+↓", "Chọn giấy")];

/// `GET /app/records/{record}?document=&version=`. Every look is audited.
pub async fn show(ctx: Ctx, Path(id): Path<RecordId>, Query(shown): Query<Shown>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let cover = record::get(&mut tx, &viewer, id).await?;
    let rows = row::list_of_record(&mut tx, &viewer, id).await?;
    let (visit, front, _) = encounter::store::chart::get(&mut tx, cover.encounter()).await?;
    let wanted = forms::signatures_wanted(&mut tx, &rows).await?;

    let asked: Option<Uuid> = shown.document.parse().ok();
    let open = match asked {
        Some(asked) => Some(rows.iter().find(|row| row.document_id == asked).ok_or(Failure::NotFound)?.clone()),
        None => first(&rows).cloned(),
    };
    let about = PanelFor { encounter: Some(cover.encounter()), patient: Some(cover.patient()) };
    let chosen = match open {
        Some(row) => Some(choose(&ctx, &mut tx, &cover, row, shown.version.parse().unwrap_or(0), &wanted, &about).await?),
        None => None,
    };
    let who = Banner::load(&ctx, &mut tx, &visit, &front).await?;
    let top = ctx.panels("record.top", &mut tx, &about).await?;
    let side = ctx.panels("record.side", &mut tx, &about).await?;
    let actions = ctx.panels("record.actions", &mut tx, &about).await?;
    let open_id = chosen.as_ref().map(|c| c.id);
    tx.audit("read", "record", id, Some(cover.patient()), json!({ "document": open_id, "documents": rows.len() }));
    tx.commit().await?;

    let refusal = cover.refusal();
    let name = forms::title(&cover.form);
    web::html(OverviewPage {
        shell: ctx.shell(&front.name, KEYS),
        heading: if name.is_empty() { kind_word(&cover.kind).to_owned() } else { name },
        dates: dates(&cover),
        status: status_badge(&cover.status, cover.ended_at),
        drawers: drawers(&rows, &wanted, open_id),
        total: rows.len(),
        chosen,
        may_start: ctx.may("record.write") && refusal.is_none(),
        may_export: ctx.may("record.export"),
        sensitivities: SENSITIVITIES.to_vec(),
        fresh_id: Uuid::now_v7(),
        refusal: refusal.map(|p| p.text.into_owned()).unwrap_or_default(),
        who,
        cover,
        top,
        side,
        actions,
    })
}

/// What is shown when nothing was asked for: the bệnh án, otherwise what was written last.
fn first(rows: &[Row]) -> Option<&Row> {
    let counts = |row: &&Row| row.status != "entered_in_error";
    let front = rows.iter().filter(counts).find(|row| Group::of(&row.form, &row.origin) == Group::Front);
    front.or_else(|| rows.iter().filter(counts).max_by_key(|row| row.changed_at))
}

fn drawers(rows: &[Row], wanted: &HashMap<(String, i32), usize>, open: Option<Uuid>) -> Vec<Drawer> {
    let mut sorted: Vec<(Group, &Row)> = rows.iter().map(|row| (Group::of(&row.form, &row.origin), row)).collect();
    sorted.sort_by_key(|(group, row)| (*group, row.made_at, row.document_id));
    let mut drawers: Vec<(Group, Drawer)> = Vec::new();
    for (group, row) in sorted {
        let entry = Entry {
            id: row.document_id,
            title: row.title.clone(),
            when: moment(row.made_at),
            who: row.author_name.clone(),
            state: state::of(row, *wanted.get(&(row.form.clone(), row.form_version)).unwrap_or(&0)),
            is_open: open == Some(row.document_id),
            is_special: row.sensitivity != "ordinary",
            is_void: row.status == "entered_in_error",
        };
        match drawers.last_mut() {
            Some((last, drawer)) if *last == group => drawer.entries.push(entry),
            _ => drawers.push((group, Drawer { title: group.title(), entries: vec![entry] })),
        }
    }
    drawers.into_iter().map(|(_, drawer)| drawer).collect()
}

/// The document in the middle with its history. A file that is no longer what was kept is found here.
async fn choose(
    ctx: &Ctx,
    tx: &mut Tx,
    cover: &Cover,
    mut row: Row,
    old: i32,
    wanted: &HashMap<(String, i32), usize>,
    about: &PanelFor,
) -> Result<Chosen, Failure> {
    let id = row.id();
    let versions = version::list(tx, id).await?;
    let signatures = version::list_signatures(tx, id).await?;
    judge(ctx, tx, &mut row).await?;
    let old = versions.iter().find(|v| v.version == old && old != row.version);
    let has_draft = row.draft_reason.is_some();
    let is_void = row.status == "entered_in_error";
    let sections = match (row.version, has_draft) {
        (0, true) => {
            let stored = draft::find(tx, id).await?;
            let data = stored.map(|s| s.draft.data()).unwrap_or_default();
            let form = forms::version(tx, &row.form, row.form_version).await?;
            form.map(|form| read::sections(&form, &data)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let media = old.map(|v| v.media_type.as_str()).or(row.media_type.as_deref()).unwrap_or("application/pdf");
    let frame = match (row.version, row.kind.as_str(), old) {
        (0, "paper", _) => format!("/app/documents/{id}/file"),
        (0, ..) => String::new(),
        (newest, _, None) => format!("/app/documents/{id}/file?version={newest}"),
        (.., Some(old)) => format!("/app/documents/{id}/file?version={}", old.version),
    };
    let is_open = cover.refusal().is_none() && !is_void;
    let is_own = row.author_account == ctx.actor.account.0 || row.practitioner_id.is_some() && row.practitioner_id == ctx.actor.practitioner.map(|p| p.0);
    ctx.share("record.chosen", row.clone());
    let panels = ctx.panels("document.actions", tx, about).await?;
    Ok(Chosen {
        id: row.document_id,
        number: number(&row),
        state: state::of(&row, *wanted.get(&(row.form.clone(), row.form_version)).unwrap_or(&0)),
        has_draft,
        is_first_draft: row.version == 0 && row.kind == "form",
        may_write: is_open && ctx.may("record.write") && has_draft,
        may_amend: is_open && ctx.may("record.amend") && row.kind == "form" && row.version > 0 && !has_draft,
        may_void: is_open && (ctx.may("record.amend") || ctx.may("record.write") && is_own && row.version == 0),
        reason: row.draft_reason.clone().unwrap_or_default(),
        error_reason: row.error_reason.clone(),
        is_picture: media.starts_with("image/"),
        frame,
        old_version: old.map_or(0, |v| v.version),
        newest: row.version,
        sections,
        history: history(&row, &versions, &signatures, old.map_or(row.version, |v| v.version)),
        panels,
        sensitivity: row.sensitivity,
        source: row.source,
        title: row.title,
    })
}

/// Looks whether what is kept is still what was finished and signed. A finding is written down, so that lists show it too;
/// one that has gone (the file came back from the copies) is taken off.
async fn judge(ctx: &Ctx, tx: &mut Tx, row: &mut Row) -> Result<(), Failure> {
    let Some(sha256) = row.sha256.clone() else { return Ok(()) };
    if row.is_broken {
        if ctx.app.files().fetch(ctx.facility(), &sha256).await.is_ok() && row::forget_broken(tx, row.id(), row.version, CHANGED).await? {
            row.is_broken = false;
        }
        return Ok(());
    }
    // The badge raises the alarm by itself.
    if let Some(badge) = badge::badge(&ctx.app, tx, row.id()).await?
        && badge.trust == Trust::Broken
    {
        let is_file = ctx.app.files().fetch(ctx.facility(), &sha256).await.is_err();
        row::mark_broken(tx, row.id(), row.version, if is_file { CHANGED } else { &badge.problem }).await?;
        row.is_broken = true;
    }
    Ok(())
}

/// The finding of a file whose bytes are no longer those that were kept.
const CHANGED: &str = "Tệp đã lưu không còn nguyên vẹn";

/// Writes the finding down once and raises the alarm.
pub async fn found_broken(tx: &mut Tx, id: DocumentId, version: i32) -> Result<(), Failure> {
    if row::mark_broken(tx, id, version, CHANGED).await? {
        let at = tx.now;
        tx.emit(Event::SignatureBroken { document: id, version, at });
        tx.audit("broken", "document", id, None, json!({ "version": version }));
    }
    Ok(())
}

fn number(row: &Row) -> String {
    match (row.form.as_str(), row.kind.as_str()) {
        ("", "incoming") => "từ hệ thống khác".to_owned(),
        ("", "scan") => "bản quét".to_owned(),
        (form, _) if form.contains('/') => format!("Mẫu {form}"),
        _ => String::new(),
    }
}

/// Versions and signatures in one line of time, newest first.
fn history(row: &Row, versions: &[version::Version], signatures: &[version::Signature], open: i32) -> Vec<Happening> {
    let mut all: Vec<(DateTime<Utc>, Happening)> = Vec::new();
    for v in versions {
        let what = if v.version == 1 { "Hoàn thành bản 1".to_owned() } else { format!("Sửa thành bản {}", v.version) };
        let happening = Happening {
            at: moment(v.made_at),
            what,
            who: v.made_by_name.clone(),
            more: v.reason.clone(),
            version: v.version,
            is_open: v.version == open,
        };
        all.push((v.made_at, happening));
    }
    for s in signatures {
        let what = match s.method.as_str() {
            "confirmation" => format!("Xác nhận · {}", role::label(&s.role)),
            _ => format!("Ký số · {}", role::label(&s.role)),
        };
        let more = if s.issuer.is_empty() { String::new() } else { format!("bản {} · {}", s.version, s.issuer) };
        all.push((s.signed_at, Happening { at: moment(s.signed_at), what, who: s.holder.clone(), more, version: 0, is_open: false }));
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut out: Vec<Happening> = all.into_iter().map(|(_, happening)| happening).collect();
    let begun = if row.source.is_empty() { row.author_name.clone() } else { format!("{} · {}", row.author_name, row.source) };
    out.push(Happening { at: moment(row.made_at), what: "Bắt đầu".into(), who: begun, more: String::new(), version: 0, is_open: false });
    out
}

/// `10:24 25/11`; the year where it is not this record's own is never needed, the record has its dates.
pub fn moment(at: DateTime<Utc>) -> String {
    format!("{} {}", show_time(at), base::local_date(at).format("%d/%m/%Y"))
}

pub fn kind_word(kind: &str) -> &'static str {
    match kind {
        "inpatient" => "Hồ sơ nội trú",
        "digitised" => "Hồ sơ số hóa",
        _ => "Hồ sơ ngoại trú",
    }
}

fn dates(cover: &Cover) -> String {
    let begun = moment(cover.opened_at);
    match cover.ended_at {
        Some(ended) => format!("{begun} – {}", moment(ended)),
        None if cover.kind == "inpatient" => format!("vào viện {begun}"),
        None => show_date(base::local_date(cover.opened_at)),
    }
}

/// Look, icon and word of a record's status.
pub fn status_badge(status: &str, ended: Option<DateTime<Utc>>) -> (&'static str, &'static str, &'static str) {
    match (status, ended) {
        ("open", None) => ("info", "clock-hour-4", "Đang điều trị"),
        ("open", Some(_)) => ("neutral", "circle-check", "Đã kết thúc"),
        ("completing", _) => ("warning", "clipboard-heart", "Đang hoàn thiện"),
        ("submitted", _) => ("waiting", "clock-hour-4", "Chờ duyệt"),
        ("returned", _) => ("critical", "arrow-back-up", "Bị trả lại"),
        ("archived", _) => ("done", "lock", "Đã lưu trữ"),
        ("reopened", _) => ("warning", "lock-open", "Mở lại"),
        ("destroyed", _) => ("neutral", "file-off", "Đã hủy"),
        _ => ("neutral", "folder", "Hồ sơ"),
    }
}
