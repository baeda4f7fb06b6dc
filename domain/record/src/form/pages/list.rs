//! All forms: what they are, how sure their wording is, where they were made the house's own.

use super::slug;
use crate::document::forms::readable;
use crate::form::catalogue::national;
use crate::form::definition::{Certainty, Form, Kind};
use crate::form::store;
use askama::Template;
use base::{fold, show_date};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use web::{Answer, Ctx, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    /// A kind of form, `changed`, or empty for all.
    #[serde(default)]
    kind: String,
}

struct Line {
    slug: String,
    number: String,
    title: String,
    kind: &'static str,
    law: String,
    certainty: (&'static str, &'static str, &'static str),
    fields: usize,
    /// Where the house changed it: "Bản 1003 · từ 25/11/2026", "KNOI: bản 1004".
    changed: Vec<String>,
    has_draft: bool,
    is_ended: bool,
}

#[derive(Template)]
#[template(path = "form-list.html")]
struct Page {
    shell: Shell,
    asked: Asked,
    kinds: Vec<(&'static str, &'static str, usize)>,
    lines: Vec<Line>,
    total: usize,
}

/// `GET /app/forms`
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut changed: HashMap<String, Vec<String>> = HashMap::new();
    for row in store::list_changed(&mut tx).await? {
        let place = if row.place.is_empty() { "Toàn cơ sở".to_owned() } else { row.place };
        changed.entry(row.form).or_default().push(format!("{place}: bản {} từ {}", row.version, show_date(row.valid_from)));
    }
    let drafts: Vec<String> = store::list_drafts(&mut tx).await?.into_iter().map(|(form, _)| form).collect();
    let all: Vec<&Arc<Form>> = national().list().collect();
    let wanted = fold(&asked.q);
    let words: Vec<&str> = wanted.split(' ').filter(|word| !word.is_empty()).collect();
    let is_changed = |form: &Form| changed.contains_key(&form.form) || drafts.contains(&form.form);
    let is_found = |form: &Form| {
        let text = fold(&format!("{} {} {}", form.form, form.title, form.law));
        // "01 bv1" finds 01/BV1, "noi khoa" finds Bệnh án nội khoa.
        words.iter().all(|word| text.split(' ').any(|w| w.starts_with(word)))
    };
    let kinds = vec![
        ("", "Tất cả", all.len()),
        ("benh_an", "Bệnh án", count(&all, Kind::BenhAn)),
        ("phieu", "Phiếu", count(&all, Kind::Phieu)),
        ("giay", "Giấy", count(&all, Kind::Giay)),
        ("bien_ban", "Biên bản", count(&all, Kind::BienBan)),
        ("cam_ket", "Cam kết", count(&all, Kind::CamKet)),
        ("changed", "Đã sửa", all.iter().filter(|f| is_changed(f)).count()),
    ];
    let lines: Vec<Line> = all
        .iter()
        .filter(|f| match asked.kind.as_str() {
            "" => true,
            "changed" => is_changed(f),
            kind => key(f.kind) == kind,
        })
        .filter(|f| is_found(f))
        .map(|f| line(f, &changed, &drafts, ctx.today()))
        .collect();
    let shell = ctx.shell("Mẫu hồ sơ", &[("/", "Tìm mẫu"), ("Enter", "Mở mẫu")]);
    web::html(Page { shell, asked, kinds, lines, total: all.len() })
}

fn count(all: &[&Arc<Form>], kind: Kind) -> usize {
    all.iter().filter(|f| f.kind == kind).count()
}

/// As in the files.
pub fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::BenhAn => "benh_an",
        Kind::Phieu => "phieu",
        Kind::Giay => "giay",
        Kind::BienBan => "bien_ban",
        Kind::CamKet => "cam_ket",
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::BenhAn => "Bệnh án",
        Kind::Phieu => "Phiếu",
        Kind::Giay => "Giấy",
        Kind::BienBan => "Biên bản",
        Kind::CamKet => "Cam kết",
    }
}

/// Look, icon and word of how sure the wording is.
pub fn certainty(of: Certainty) -> (&'static str, &'static str, &'static str) {
    match of {
        Certainty::Seen => ("done", "circle-check", "Đối chiếu bản in"),
        Certainty::Partly => ("info", "info-circle", "Đối chiếu một phần"),
        Certainty::Memory => ("warning", "alert-triangle", "Chưa đối chiếu"),
    }
}

fn line(form: &Form, changed: &HashMap<String, Vec<String>>, drafts: &[String], today: NaiveDate) -> Line {
    Line {
        slug: slug(&form.form),
        number: if form.form.contains('/') { form.form.clone() } else { String::new() },
        title: readable(&form.title),
        kind: word(form.kind),
        law: form.law.clone(),
        certainty: certainty(form.certainty),
        fields: form.fields().count(),
        changed: changed.get(&form.form).cloned().unwrap_or_default(),
        has_draft: drafts.contains(&form.form),
        is_ended: national().in_force(&form.form, today).is_none(),
    }
}
