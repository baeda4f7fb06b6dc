//! Bringing in the stock of the first day: upload, read what would be written or what is wrong row by row, confirm.

use crate::document::Kind;
use crate::opening::{self, Plan};
use crate::paperwork;
use crate::store::{documents, goods, items, openings as store, stores};
use askama::Template;
use base::{Problem, Problems, StoreId};
use db::Tx;
use organization::import::RowProblem;
use organization::sheet;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Multipart, Path, Shell};

#[derive(Template)]
#[template(path = "opening_upload.html")]
struct UploadPage {
    shell: Shell,
    here: &'static str,
    id: Uuid,
    stores: Vec<(String, String)>,
    store: String,
    columns: Vec<(&'static str, bool, &'static str)>,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "opening_check.html")]
struct CheckPage {
    shell: Shell,
    here: &'static str,
    upload: store::Upload,
    plan: Plan,
    refused: String,
}

impl CheckPage {
    fn problems(&self) -> Vec<&RowProblem> {
        self.plan.problems.iter().take(200).collect()
    }
    fn total(&self) -> base::Vnd {
        base::Vnd(self.plan.lines.iter().map(|l| l.line.cost_vnd).sum())
    }
    fn quantity(&self, l: &opening::PlannedLine) -> String {
        format!("{} {}", crate::item::show_quantity(&(l.line.quantity_milli / l.line.factor)), l.line.unit)
    }
    fn expired(&self) -> usize {
        self.plan.lines.iter().filter(|l| l.is_expired).count()
    }
}

async fn upload_page(ctx: &Ctx, tx: &mut Tx, store: String, problems: Problems) -> Result<UploadPage, Failure> {
    let today = ctx.today();
    let open: Vec<_> = stores::list(tx).await?.into_iter().filter(|s| s.is_open_on(today)).collect();
    Ok(UploadPage {
        shell: ctx.shell("Tồn đầu kỳ từ Excel", &[("F8", "Kiểm tra tệp"), ("Esc", "Quay lại")]),
        here: "documents",
        id: Uuid::now_v7(),
        store: if store.is_empty() { open.first().map(|s| s.store_id.to_string()).unwrap_or_default() } else { store },
        stores: open.into_iter().map(|s| (s.store_id.to_string(), s.name)).collect(),
        columns: opening::COLUMNS.iter().map(|c| (c.title, c.required, c.hint)).collect(),
        problems,
    })
}

/// `GET /app/stock/opening`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(upload_page(&ctx, &mut tx, String::new(), Problems::none()).await?)
}

/// `GET /app/stock/opening/template`: the sheet to fill.
pub async fn template(_ctx: Ctx) -> Answer {
    let bytes = blank_sheet().map_err(|e| Failure::Fault(e.into()))?;
    web::xlsx(bytes, "ton-dau-ky.xlsx")
}

/// A sheet with the right titles and one example row.
pub fn blank_sheet() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_background_color("#DFF0F1");
    let sheet = book.add_worksheet().set_name("Tồn đầu kỳ")?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0u16..).zip(opening::COLUMNS) {
        sheet.write_with_format(0, at, format!("{}{}", column.title, if column.required { " *" } else { "" }), &head)?;
        sheet.set_column_width(at, 18)?;
        match column.example.parse::<u32>() {
            Ok(number) => sheet.write(1, at, number)?,
            Err(_) => sheet.write_string(1, at, column.example)?,
        };
    }
    book.save_to_buffer()
}

#[derive(Default)]
struct Parts {
    id: Option<Uuid>,
    store: String,
    file_name: String,
    file: Vec<u8>,
}

async fn read_parts(mut form: Multipart) -> Result<Parts, Failure> {
    let broken = |_| Failure::BadRequest("Không nhận đủ tệp gửi lên. Gửi lại, hoặc chia tệp nhỏ hơn.".into());
    let mut parts = Parts::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or("") {
            "id" => parts.id = field.text().await.map_err(broken)?.parse().ok(),
            "store" => parts.store = field.text().await.map_err(broken)?.chars().take(40).collect(),
            "file" => {
                parts.file_name = field.file_name().unwrap_or("").chars().filter(|c| !c.is_control()).take(120).collect();
                parts.file = field.bytes().await.map_err(broken)?.to_vec();
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// Reads the sheet on a thread of its own.
async fn read_sheet(file: Vec<u8>) -> Result<Result<sheet::Sheet, String>, Failure> {
    tokio::task::spawn_blocking(move || sheet::read(&file, &opening::titles())).await.map_err(|e| Failure::Fault(e.into()))
}

/// `POST /app/stock/opening`.
pub async fn upload(ctx: Ctx, form: Multipart) -> Answer {
    let parts = read_parts(form).await?;
    let mut tx = ctx.begin().await?;
    let at = StoreId(parts.store.parse().unwrap_or_default());
    let today = ctx.today();
    let mut problems = Problems::none();
    let open = stores::find(&mut tx, at).await?.is_some_and(|s| s.is_open_on(today));
    problems.add_if(!open, "store", "Chọn kho đang hoạt động.");
    if let Err(text) = read_sheet(parts.file.clone()).await? {
        problems.add("file", text);
    }
    if !problems.is_empty() {
        return web::refused(upload_page(&ctx, &mut tx, parts.store, problems).await?);
    }
    let id = parts.id.unwrap_or_else(Uuid::now_v7);
    let sha256 = hex::encode(Sha256::digest(&parts.file));
    store::insert(&mut tx, id, at, &parts.file_name, &sha256, &parts.file).await?;
    tx.audit("upload", "opening-stock", id, None, json!({ "sha256": sha256 }));
    tx.commit().await?;
    web::redirect(format!("/app/stock/opening/{id}"))
}

async fn plan_of(ctx: &Ctx, tx: &mut Tx, upload: &store::Upload) -> Result<Plan, Failure> {
    let sheet = read_sheet(upload.file.clone()).await?.map_err(|text| Failure::from(Problem::at("file", text)))?;
    let drugs = goods::find_drugs_by_code(tx, &opening::codes(&sheet)).await?;
    let ids: Vec<Uuid> = drugs.iter().map(|d| d.drug_id).collect();
    let packs = items::list_packs(tx, &ids).await?;
    Ok(opening::plan(&sheet, &drugs, &packs, ctx.today()))
}

fn check_page(ctx: &Ctx, upload: store::Upload, plan: Plan, refused: String) -> CheckPage {
    CheckPage { shell: ctx.shell("Kiểm tra tồn đầu kỳ", &[("F8", "Xác nhận"), ("Esc", "Chọn tệp khác")]), here: "documents", upload, plan, refused }
}

/// `GET /app/stock/opening/{id}`: what the sheet would write, or what is wrong with it.
pub async fn check(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let upload = store::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if let Some(document) = upload.document_id {
        return web::redirect(format!("/app/stock/documents/{document}"));
    }
    let plan = plan_of(&ctx, &mut tx, &upload).await?;
    web::html(check_page(&ctx, upload, plan, String::new()))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    sha256: String,
}

/// `POST /app/stock/opening/{id}/applied`: the whole sheet becomes one paper that waits for approval, or nothing does.
pub async fn apply(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ConfirmForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let upload = store::lock(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if let Some(document) = upload.document_id {
        return web::redirect(format!("/app/stock/documents/{document}"));
    }
    let plan = plan_of(&ctx, &mut tx, &upload).await?;
    if form.sha256 != upload.file_sha256 || !plan.is_applicable() {
        let text = "Tệp còn lỗi hoặc không phải tệp đã kiểm tra, nên chưa ghi gì. Sửa tệp rồi gửi lại.";
        return web::refused(check_page(&ctx, upload, plan, text.into()));
    }
    if store::find_same_file(&mut tx, &upload).await?.is_some() {
        let text = "Chính tệp này đã được nhập cho kho này trước đó. Xem lại trong danh sách chứng từ.";
        return web::refused(check_page(&ctx, upload, plan, text.into()));
    }
    // One sheet, one paper: the paper carries the sheet's id, so that two clicks write one.
    paperwork::begin(&mut tx, id, Kind::Opening, StoreId(upload.store_id)).await?;
    let lines: Vec<_> = plan.lines.into_iter().map(|l| l.line).collect();
    documents::put_lines(&mut tx, id, &lines).await?;
    paperwork::submit(&mut tx, id).await?;
    store::mark_applied(&mut tx, id, id).await?;
    tx.audit("import", "opening-stock", id, None, json!({ "lines": lines.len() }));
    tx.commit().await?;
    web::redirect(format!("/app/stock/documents/{id}"))
}
