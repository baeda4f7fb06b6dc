//! The page of the archive: one line to type, filters beside, results with the words marked, a glance at the right.

use super::question::{self, Asked, KINDS, STATES};
use super::snippet::{self, Piece};
use super::store::{self, Filter, Found, MOST, Seeker};
use crate::document::viewer::Viewer;
use askama::Template;
use base::{Age, PatientId, PersonId, Problem};
use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::{Format, Workbook};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

/// Results on one page.
const PAGE: usize = 30;

/// One result, ready to be shown.
pub struct Hit {
    pub f: Found,
    pub name: Vec<Piece>,
    pub snippet: Vec<Piece>,
}

/// A filter with how often it fits.
pub struct Choice {
    pub key: String,
    pub name: String,
    pub count: usize,
    pub ticked: bool,
}

#[derive(Template)]
#[template(path = "find.html")]
struct Page {
    shell: Shell,
    asked: Asked,
    hits: Vec<Hit>,
    /// How many fit, up to the limit of looking.
    count: usize,
    more: bool,
    next: String,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    rooms: Vec<Choice>,
    filters: Vec<Filter>,
    query: String,
    filter_id: Uuid,
    took_ms: u128,
    today: NaiveDate,
    asked_anything: bool,
    may_export: bool,
}

impl Page {
    fn facts(&self, f: &Found) -> String {
        facts(f, self.today)
    }
    fn day(&self, at: &DateTime<Utc>) -> String {
        base::show_date(base::local_date(*at))
    }
    fn spine(&self, f: &Found) -> u8 {
        PersonId(f.person_id).spine()
    }
    fn state(&self, f: &Found) -> (&'static str, &'static str, &'static str) {
        state(f)
    }
    fn icon(&self, f: &Found) -> &'static str {
        match (f.kind.as_str(), f.origin.as_str()) {
            ("scan", _) => "scan",
            (_, "report") => "test-pipe",
            (_, "prescription") => "pill",
            ("incoming", _) => "file-text",
            _ if f.form.ends_with("/BV1") => "clipboard-heart",
            _ => "file-text",
        }
    }
    /// The same question in the other order.
    fn ordered(&self, order: &str) -> String {
        address(&Asked { order: order.to_owned(), after: String::new(), ..self.asked.clone() })
    }
    fn seconds(&self) -> String {
        format!("{:.2}", self.took_ms as f64 / 1000.0).replace('.', ",")
    }
}

fn facts(f: &Found, today: NaiveDate) -> String {
    let sex = match f.sex.as_str() {
        "male" => "Nam ",
        "female" => "Nữ ",
        _ => "",
    };
    format!("{sex}{}", Age::on(f.birth_date, today))
}

fn state(f: &Found) -> (&'static str, &'static str, &'static str) {
    match (f.record_status.as_str(), f.status.as_str()) {
        ("archived", _) => ("done", "archive", "Đã lưu trữ"),
        ("destroyed", _) => ("neutral", "trash", "Đã hủy"),
        (_, "done" | "signing") => ("warning", "alert-triangle", "Thiếu chữ ký"),
        ("open", _) => ("waiting", "clock-hour-4", "Đang điều trị"),
        _ => ("info", "clipboard-check", "Chờ hoàn thiện"),
    }
}

/// The address of the same question from another place.
fn address(asked: &Asked) -> String {
    serde_html_form::to_string(asked).unwrap_or_default()
}

fn read_after(text: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (at, id) = text.split_once('.')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
}

async fn seek(ctx: &Ctx, tx: &mut db::Tx, asked: &Asked, limit: i64) -> Result<(question::Question, Vec<Found>), Failure> {
    let viewer = Viewer::of(tx).await?;
    let q = question::read(asked, ctx.facility().0);
    let seeker = Seeker { viewer: &viewer, all: ctx.may(super::FIND_ALL) };
    let found = store::find(tx, &seeker, asked, &q, read_after(&asked.after), limit).await?;
    Ok((q, found))
}

/// `GET /app/find-records`: what fits, the newest first. Asking is written down; opening a result is a reading of its own.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let began = std::time::Instant::now();
    let mut tx = ctx.begin().await?;
    let asked_anything = asked != Asked::default();
    let (q, mut found) = if asked_anything { seek(&ctx, &mut tx, &asked, MOST + 1).await? } else { (question::read(&asked, 0), Vec::new()) };
    let more = found.len() as i64 > MOST;
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let count = found.len();
    let (kinds, states, rooms) = choices(&asked, &found);
    let next = found.get(PAGE - 1).filter(|_| count > PAGE).map(|last| {
        let after = format!("{}.{}", last.made_at.timestamp_micros(), last.document_id);
        address(&Asked { after, ..asked.clone() })
    });
    if asked_anything {
        tx.audit("find", "record", "", None, json!({ "words": q.marks.len(), "found": count }));
    }
    let filters = store::filters(&mut tx).await?;
    tx.commit().await?;
    let took_ms = began.elapsed().as_millis();
    found.truncate(PAGE);
    let hits = found.into_iter().map(|f| hit(f, &q.marks)).collect();
    web::html(Page {
        shell: ctx.shell("Tìm hồ sơ", &[("F2", "Ô tìm"), ("↑ ↓", "Chọn"), ("Enter", "Mở")]),
        query: address(&Asked { after: String::new(), ..asked.clone() }),
        asked,
        hits,
        count,
        more,
        next: next.unwrap_or_default(),
        kinds,
        states,
        rooms,
        filters,
        filter_id: Uuid::now_v7(),
        took_ms,
        today: ctx.today(),
        asked_anything,
        may_export: ctx.may(super::FIND_ALL),
    })
}

fn hit(f: Found, marks: &[String]) -> Hit {
    Hit { name: snippet::around(&f.name, marks, 100), snippet: snippet::around(&f.excerpt, marks, 160), f }
}

/// The filters with how many of the found documents each would keep.
fn choices(asked: &Asked, found: &[Found]) -> (Vec<Choice>, Vec<Choice>, Vec<Choice>) {
    let fits_kind = |f: &Found, key: &str| match key {
        "benh_an" => f.form.ends_with("/BV1"),
        "ra_vien" => matches!(f.form.as_str(), "giay_ra_vien" | "tom_tat_hsba" | "giay_chuyen_co_so" | "giay_bao_tu"),
        "ket_qua" => f.origin == "report" || f.kind == "incoming",
        "don_thuoc" => f.origin == "prescription",
        "scan" => f.kind == "scan",
        _ => f.kind == "form" && !f.form.ends_with("/BV1") && !matches!(f.form.as_str(), "giay_ra_vien" | "tom_tat_hsba" | "giay_chuyen_co_so" | "giay_bao_tu"),
    };
    let fits_state = |f: &Found, key: &str| match key {
        "archived" => f.record_status == "archived",
        "open" => f.record_status == "open",
        "unsigned" => matches!(f.status.as_str(), "done" | "signing"),
        _ => matches!(f.record_status.as_str(), "completing" | "submitted" | "returned" | "reopened"),
    };
    let list = |all: &[(&str, &str)], ticked: &[String], fits: &dyn Fn(&Found, &str) -> bool| -> Vec<Choice> {
        let choice = |(key, name): &(&str, &str)| Choice {
            key: key.to_string(),
            name: name.to_string(),
            count: found.iter().filter(|f| fits(f, key)).count(),
            ticked: ticked.iter().any(|t| t == key),
        };
        all.iter().map(choice).collect()
    };
    let mut rooms: BTreeMap<String, (Uuid, usize)> = BTreeMap::new();
    for f in found {
        if let Some(id) = f.room_id {
            rooms.entry(f.room.clone()).or_insert((id, 0)).1 += 1;
        }
    }
    let rooms = rooms.into_iter().map(|(name, (id, count))| Choice { key: id.to_string(), name, count, ticked: asked.room.contains(&id) }).collect();
    (list(&KINDS, &asked.kind, &fits_kind), list(&STATES, &asked.state, &fits_state), rooms)
}

#[derive(Template)]
#[template(path = "find-glance.html")]
struct Glance {
    f: Found,
    facts: String,
    state: (&'static str, &'static str, &'static str),
    made: String,
}

/// `GET /app/find-records/{document}/glance`: the facts of one result without opening it.
pub async fn glance(ctx: Ctx, Path(document): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let seeker = Seeker { viewer: &viewer, all: ctx.may(super::FIND_ALL) };
    let f = store::find_one(&mut tx, &seeker, document).await?.ok_or(Failure::NotFound)?;
    tx.audit("read", "record-glance", document, Some(PatientId(f.patient_id)), serde_json::Value::Null);
    tx.commit().await?;
    web::html(Glance { facts: facts(&f, ctx.today()), state: state(&f), made: base::show_date(base::local_date(f.made_at)), f })
}

/// `GET /app/find-records.xlsx`: the list as a sheet, at most the 200 that were looked at.
pub async fn sheet(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (_, found) = seek(&ctx, &mut tx, &Asked { after: String::new(), ..asked }, MOST).await?;
    tx.audit("export", "record-list", "", None, json!({ "rows": found.len() }));
    tx.commit().await?;
    let bytes = write_sheet(&found).map_err(|e| Failure::Fault(anyhow::anyhow!("the sheet cannot be written: {e}")))?;
    web::xlsx(bytes, "ho-so.xlsx")
}

fn write_sheet(found: &[Found]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, title) in ["Mã NB", "Họ tên", "Ngày sinh", "Giấy", "Ngày lập", "Khoa, phòng", "Người lập", "Tình trạng", "Số lưu trữ"].iter().enumerate() {
        sheet.write_with_format(0, u16::try_from(column).unwrap_or(0), *title, &bold)?;
    }
    for (line, f) in (1u32..).zip(found) {
        let cells = [
            f.record_no.clone(),
            f.name.clone(),
            base::show_date(f.birth_date),
            f.title.clone(),
            base::show_date(base::local_date(f.made_at)),
            f.room.clone(),
            f.author_name.clone(),
            state(f).2.to_owned(),
            f.archive_no.clone(),
        ];
        for (column, text) in (0u16..).zip(cells) {
            // Always as text: a name that begins with = is a name.
            sheet.write_string(line, column, text)?;
        }
    }
    sheet.autofit();
    book.save_to_buffer()
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FilterForm {
    id: String,
    name: String,
    query: String,
}

/// `POST /app/find-records/filters`: keeps the question under a name.
pub async fn keep_filter(ctx: Ctx, Form(form): Form<FilterForm>) -> Answer {
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Tải lại trang.".into()))?;
    let name = base::tidy_name(&form.name);
    if name.is_empty() || name.chars().count() > 60 || form.query.chars().count() > 1000 {
        return Err(Problem::at("name", "Đặt tên bộ lọc, tối đa 60 chữ.").into());
    }
    // Only a question of this page is kept: it is read and written again.
    let asked: Asked = serde_html_form::from_str(&form.query).map_err(|_| Failure::BadRequest("Bộ lọc không đọc được. Tải lại trang.".into()))?;
    let mut tx = ctx.begin().await?;
    store::keep_filter(&mut tx, id, &name, &address(&asked)).await?;
    tx.commit().await?;
    web::redirect(format!("/app/find-records?{}", address(&asked)))
}

/// `POST /app/find-records/filters/{id}/end`.
pub async fn end_filter(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !store::end_filter(&mut tx, id).await? {
        return Err(Failure::NotFound);
    }
    tx.commit().await?;
    web::redirect("/app/find-records")
}
