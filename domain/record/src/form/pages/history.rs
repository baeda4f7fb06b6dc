//! Every version of a form that the facility published, with what it changed in words.

use super::{of_slug, slug};
use crate::document::forms::readable;
use crate::form::definition::Form;
use crate::form::{catalogue::national, store, words};
use askama::Template;
use crate::document::overview::moment;
use base::show_date;
use std::sync::Arc;
use web::{Answer, Ctx, Path, Shell};

struct Entry {
    version: i32,
    place: String,
    valid_from: String,
    by: String,
    at: String,
    note: String,
    lines: Vec<String>,
    is_newest: bool,
    inherits: bool,
}

#[derive(Template)]
#[template(path = "form-history.html")]
struct Page {
    shell: Shell,
    slug: String,
    title: String,
    entries: Vec<Entry>,
    ministry: Arc<Form>,
    ministry_from: String,
}

/// `GET /app/forms/{form}/history`
pub async fn show(ctx: Ctx, Path(form): Path<String>) -> Answer {
    let ministry = of_slug(&form)?;
    let mut tx = ctx.begin().await?;
    let versions = store::history(&mut tx, &ministry.form).await?;
    let wanted: Vec<(&str, i32)> = versions.iter().map(|v| (v.form.as_str(), v.version)).collect();
    let forms = store::of_versions(&mut tx, &wanted).await?;
    let form_of = |version: i32| match version {
        version if version <= 500 => national().version(&ministry.form, version),
        version => forms.get(&(ministry.form.clone(), version)).cloned(),
    };
    let mut entries = Vec::new();
    for (at, v) in versions.iter().enumerate() {
        // Compared with the version of the same scope before it, or with what it was built on.
        let before = versions[at + 1..].iter().find(|o| o.room_id == v.room_id).map_or(v.base_version, |o| o.version);
        let lines = match (form_of(before), form_of(v.version)) {
            (Some(old), Some(new)) => words::between(&old, &new),
            _ => Vec::new(),
        };
        entries.push(Entry {
            version: v.version,
            place: v.room_name.clone().unwrap_or_else(|| "Toàn cơ sở".to_owned()),
            valid_from: show_date(v.valid_from),
            by: v.published_by_name.clone(),
            at: moment(v.published_at),
            note: v.note.clone(),
            lines,
            is_newest: !versions[..at].iter().any(|o| o.room_id == v.room_id),
            inherits: v.inherits,
        });
    }
    let shell = ctx.shell("Lịch sử mẫu", &[("Esc", "Về mẫu")]);
    let ministry_from = show_date(ministry.valid_from);
    web::html(Page { shell, slug: slug(&ministry.form), title: readable(&ministry.title), entries, ministry, ministry_from })
}
