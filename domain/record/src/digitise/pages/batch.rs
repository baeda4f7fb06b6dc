//! One file from the scanner: its papers side by side with their pages, and the word of the second person.

use crate::digitise::check::{self, ToCheck};
use crate::digitise::store::{self, BatchLine, Page, Paper, Step};
use crate::digitise::{cover, read, reader};
use crate::document::store::record;
use crate::document::store::row::{self, NewDocument};
use crate::document::store::version::{self, NewVersion};
use askama::Template;
use base::dates::{show_date, show_time};
use base::{DocumentId, PatientId, Problem, Problems, RecordId, local_date};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

/// "25/11/2026 08:30".
pub fn moment(at: DateTime<Utc>) -> String {
    format!("{} {}", show_date(local_date(at)), show_time(at))
}

#[derive(Template)]
#[template(path = "digitise-batch.html")]
struct BatchPage {
    shell: Shell,
    line: BatchLine,
    papers: Vec<(Paper, Vec<Page>)>,
    loose: Vec<Page>,
    steps: Vec<Step>,
    problems: Problems,
    /// Which paper the problems are about.
    about: Option<Uuid>,
    minted: Uuid,
    me: Uuid,
    may_scan: bool,
    may_check: bool,
    can_read: bool,
}

impl BatchPage {
    fn is_about(&self, paper: &Paper) -> bool {
        self.about == Some(paper.paper_id)
    }
    fn is_mine(&self) -> bool {
        self.line.batch.scanned_by == self.me
    }
    fn is_busy(&self) -> bool {
        matches!(self.line.batch.status.as_str(), "waiting" | "reading")
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        moment(*at)
    }
    fn state(&self, paper: &Paper) -> (&'static str, &'static str, &'static str) {
        match paper.status.as_str() {
            "filed" => ("done", "circle-check", "Đã vào hồ sơ"),
            "returned" => ("warning", "arrow-back-up", "Trả lại, chờ quét lại"),
            _ => ("info", "eye", "Chờ kiểm tra"),
        }
    }
    fn known_by(&self, paper: &Paper) -> &'static str {
        match paper.known_by.as_str() {
            "cover" => "theo tờ ngăn",
            "words" => "theo chữ trên giấy",
            "person" => "do người nhập",
            _ => "",
        }
    }
    fn what(&self, step: &Step) -> &'static str {
        match step.what.as_str() {
            "scanned" => "Quét",
            "read" => "Đọc",
            "split" => "Tách giấy",
            "assigned" => "Gán hồ sơ",
            "returned" => "Trả lại",
            "rescanned" => "Quét lại",
            _ => "Vào hồ sơ",
        }
    }
    fn excerpt(&self, pages: &[Page]) -> String {
        pages.iter().map(|page| page.text.as_str()).find(|text| !text.is_empty()).unwrap_or_default().chars().take(360).collect()
    }
    fn turned(&self, page: &Page) -> String {
        format!("{}{},{}°", if page.turned_tenth < 0 { "−" } else { "" }, page.turned_tenth.abs() / 10, page.turned_tenth.abs() % 10)
    }
    fn day(&self, day: &chrono::NaiveDate) -> String {
        show_date(*day)
    }
}

/// `GET /app/digitise/batches/{batch}`
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    page(&ctx, id, None, Problems::none()).await
}

async fn page(ctx: &Ctx, id: Uuid, about: Option<Uuid>, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let line = store::find_batch(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    // A file that was scanned again shows the paper it belongs to.
    if let (Some(paper), None, true) = (line.batch.replaces, about, line.batch.status == "ready") {
        let home = store::find_paper(&mut tx, paper).await?.ok_or(Failure::NotFound)?;
        return web::redirect(format!("/app/digitise/batches/{}", home.batch_id));
    }
    if store::has_waiting(&mut tx).await? {
        read::begin(ctx.app.clone(), ctx.facility());
    }
    let mut papers = Vec::new();
    for paper in store::list_papers(&mut tx, id).await? {
        let pages = store::list_paper_pages(&mut tx, paper.paper_id).await?;
        if let Some(patient) = paper.patient_id {
            tx.audit("read", "scan-paper", paper.paper_id, Some(PatientId(patient)), Value::Null);
        }
        papers.push((paper, pages));
    }
    let loose = store::list_pages(&mut tx, id).await?.into_iter().filter(|page| page.is_left_out).collect();
    let steps = store::list_steps(&mut tx, id).await?;
    tx.commit().await?;
    let refused = !problems.is_empty();
    let page = BatchPage {
        shell: ctx.shell("Kiểm tra giấy đã quét", &[("F8", "Đạt, cho vào hồ sơ")]),
        line,
        papers,
        loose,
        steps,
        problems,
        about,
        minted: Uuid::now_v7(),
        me: ctx.actor.account.0,
        may_scan: ctx.may("digitise.scan"),
        may_check: ctx.may("digitise.check"),
        can_read: reader::is_there(),
    };
    if refused { web::refused(page) } else { web::html(page) }
}

/// `GET /app/digitise/pages/{page}/picture`: the page as it is kept.
pub async fn picture(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (sha256, patient) = store::find_picture(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    tx.audit("read", "scan-page", id, patient.map(PatientId), Value::Null);
    tx.commit().await?;
    let jpeg = ctx.app.files().fetch(ctx.facility(), &sha256).await?;
    Ok(axum::response::IntoResponse::into_response(([("content-type", "image/jpeg"), ("cache-control", "private, max-age=600")], jpeg)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AssignForm {
    cover: String,
}

/// `POST /app/digitise/papers/{paper}/assigned` (`cover`): says by the code of a sheet where a paper goes that lay behind
/// none, or behind the wrong one.
pub async fn assign(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<AssignForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = store::lock_paper(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let mut problems = Problems::none();
    problems.add_if(paper.status == "filed", "", "Giấy này đã vào hồ sơ nên không đổi được nữa.");
    let code = cover::parse(&form.cover);
    let found = match &code {
        Some(code) => store::list_covers(&mut tx, std::slice::from_ref(code)).await?.pop(),
        None => None,
    };
    let Some(cover) = found.filter(|_| problems.is_empty()) else {
        if problems.is_empty() {
            problems.add("cover", "Không có tờ ngăn mang mã này. Quét hoặc gõ lại mã in dưới ô vuông, dạng YBS- và 12 ký tự.");
        }
        drop(tx);
        return page(&ctx, paper.batch_id, Some(id), problems).await;
    };
    store::assign_paper(&mut tx, id, &cover).await?;
    let name = tx.actor.name.to_string();
    let by = (tx.actor.account.0, name.as_str());
    store::insert_step(&mut tx, paper.batch_id, Some(id), "assigned", &format!("{} · {}", cover.title, cover.patient_record_no), by).await?;
    tx.audit("assign", "scan-paper", id, None, json!({ "record": cover.record_id, "kind": cover.kind }));
    tx.notify("digitise");
    tx.commit().await?;
    web::redirect(format!("/app/digitise/batches/{}", paper.batch_id))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReturnForm {
    reason: String,
}

/// `POST /app/digitise/papers/{paper}/returned` (`reason`): a second person sends a paper back to the scanner.
pub async fn send_back(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ReturnForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = store::lock_paper(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let to_check = ToCheck { scanned_by: paper.scanned_by, status: &paper.status, has_record: paper.record_id.is_some(), pages: 1 };
    if let Err(problems) = check::may_return(&to_check, tx.actor.account.0, &form.reason) {
        drop(tx);
        return page(&ctx, paper.batch_id, Some(id), problems).await;
    }
    if paper.status != "returned" {
        let reason: String = form.reason.trim().chars().take(500).collect();
        store::set_checked(&mut tx, id, "returned", &reason, None).await?;
        let name = tx.actor.name.to_string();
        let by = (tx.actor.account.0, name.as_str());
        store::insert_step(&mut tx, paper.batch_id, Some(id), "returned", &reason, by).await?;
        tx.audit("return", "scan-paper", id, paper.patient_id.map(PatientId), json!({ "reason": reason }));
        tx.notify("digitise");
        tx.commit().await?;
    }
    web::redirect(format!("/app/digitise/batches/{}", paper.batch_id))
}

/// `POST /app/digitise/papers/{paper}/filed`: a second person found the paper good; it becomes a document of its record and
/// waits for the seal that makes it a certified copy. A second click finds it filed.
pub async fn file(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = store::find_paper(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let batch = format!("/app/digitise/batches/{}", paper.batch_id);
    if paper.status == "filed" {
        return web::redirect(batch);
    }
    let pages = store::list_paper_pages(&mut tx, id).await?;
    let refused = |paper: &Paper| {
        let to_check = ToCheck { scanned_by: paper.scanned_by, status: &paper.status, has_record: paper.record_id.is_some(), pages: pages.len() };
        check::may_file(&to_check, ctx.actor.account.0).err()
    };
    if let Some(problems) = refused(&paper) {
        drop(tx);
        return page(&ctx, paper.batch_id, Some(id), problems).await;
    }
    let title = if paper.title.is_empty() { "Giấy tờ khác" } else { &paper.title };
    let title = format!("{title} (bản số hóa)");
    let pdf = bind(&ctx, &mut tx, &paper, &title, &pages).await?;
    let size = pdf.len() as i64;
    let sha256 = ctx.app.files().keep(ctx.facility(), pdf).await?;

    // Record before paper, as all writers do; then look again, for somebody else may have been faster.
    let record = RecordId(paper.record_id.ok_or(Failure::NotFound)?);
    let held = record::hold(&mut tx, record).await?;
    held.refuse_locked()?;
    let now_paper = store::lock_paper(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if now_paper.status == "filed" {
        return web::redirect(batch);
    }
    if let Some(problems) = refused(&now_paper) {
        drop(tx);
        return page(&ctx, paper.batch_id, Some(id), problems).await;
    }
    if now_paper.record_id != paper.record_id {
        return Err(Problem::of("Giấy vừa được gán sang hồ sơ khác. Tải lại trang rồi kiểm tra lại.").into());
    }
    let document = DocumentId(id);
    let made_at = paper.paper_date.map(|day| (day.and_time(NaiveTime::MIN) - TimeDelta::hours(7)).and_utc()).unwrap_or(tx.now);
    let source = format!("scan:{}", paper.batch_id);
    let scanner = paper.scanned_by_name.clone();
    let new = NewDocument {
        id: document,
        record,
        form: "",
        form_version: 0,
        title: &title,
        kind: "scan",
        origin: "",
        origin_id: None,
        source: &source,
        sensitivity: "ordinary",
        status: "done",
        author_name: &scanner,
        made_at,
    };
    row::insert(&mut tx, &new).await?;
    let data = json!({ "kind": paper.kind, "pages": pages.len(), "checked_by": tx.actor.name.to_string() });
    let checker = tx.actor.name.to_string();
    let first = NewVersion {
        document,
        version: 1,
        form_version: 0,
        data: &data,
        sha256: &sha256,
        media_type: "application/pdf",
        size_bytes: size,
        reason: "",
        made_by_name: &checker,
        made_at: tx.now,
        status: "done",
    };
    version::insert(&mut tx, &first).await?;
    let text = pages.iter().map(|page| page.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    store::insert_text(&mut tx, document, 1, &text).await?;
    store::set_checked(&mut tx, id, "filed", "", Some(document)).await?;
    let by = (tx.actor.account.0, checker.as_str());
    store::insert_step(&mut tx, paper.batch_id, Some(id), "filed", &format!("{} trang, chờ đóng dấu sao y", pages.len()), by).await?;
    tx.audit("file", "document", document, Some(PatientId(held.patient_id)), json!({ "scan": paper.batch_id, "sha256": sha256 }));
    tx.notify("digitise");
    tx.notify(format!("record/{record}"));
    tx.commit().await?;
    web::redirect(batch)
}

/// The pages as one PDF/A: pictures with the words that were read lying invisibly over them, and the mark of the conversion.
async fn bind(ctx: &Ctx, tx: &mut web::Tx, paper: &Paper, title: &str, pages: &[Page]) -> Result<Vec<u8>, Failure> {
    let facility = ctx.facility();
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let mut sheets = Vec::new();
    for page in pages {
        let jpeg = ctx.app.files().fetch(facility, &page.sha256).await?;
        sheets.push(sheet(page, &jpeg));
    }
    let data = json!({
        "head": ours.paper_head(None),
        "title": title,
        "issued_at": ctx.now,
        "mark": "BẢN SAO Y ĐIỆN TỬ CHUYỂN ĐỔI TỪ BẢN GIẤY (Nghị định 137/2024/NĐ-CP)",
        "mark_lines": [
            format!("{} · chuyển đổi ngày {}", ours.facts.name, show_date(ctx.today())),
            format!("Người quét: {} · Người kiểm tra: {} · {} trang", paper.scanned_by_name, ctx.actor.name, pages.len()),
        ],
        "pictures": sheets,
    });
    ctx.app.papers().render("scan-pdf", data).await.map_err(|fault| Failure::Fault(anyhow::anyhow!(fault)))
}

/// A page on its sheet of paper: as wide as A4 (or as tall, when it lies across), in its own shape.
fn sheet(page: &Page, jpeg: &[u8]) -> Value {
    let (width, height) = (f64::from(page.width.max(1)), f64::from(page.height.max(1)));
    let mm = if width > height { 297.0 / width } else { 210.0 / width };
    let millimetres = |pixels: f64| format!("{:.2}", pixels * mm);
    let words: Vec<Value> = page.words.as_array().into_iter().flatten().map(|word| {
        let at = |key: &str| millimetres(word[key].as_f64().unwrap_or_default());
        json!({ "x": at("x"), "y": at("y"), "h": at("h"), "t": word["t"] })
    }).collect();
    json!({ "jpeg": STANDARD.encode(jpeg), "width_mm": millimetres(width), "height_mm": millimetres(height), "words": words })
}
