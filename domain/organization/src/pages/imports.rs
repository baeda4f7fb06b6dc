//! Bringing in a sheet: upload, read what would happen or what is wrong row by row, then apply exactly that file.

use super::day;
use crate::drug;
use crate::import::drugs::Drugs;
use crate::import::services::Services;
use crate::import::store::{self, Applied, Upload};
use crate::import::{Item, Plan, RowProblem, plan, titles};
use crate::room;
use crate::service;
use crate::sheet;
use askama::Template;
use base::{Problem, Problems, show_date, show_time};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Multipart, Path, Shell, Tx};

/// How many lines of mistakes and of changes the page shows.
const MOST_SHOWN: usize = 200;

/// Services or drugs: what differs on the pages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Services,
    Drugs,
}

impl What {
    fn key(self) -> &'static str {
        match self {
            What::Services => "services",
            What::Drugs => "drugs",
        }
    }
    fn words(self) -> &'static str {
        match self {
            What::Services => "dịch vụ",
            What::Drugs => "thuốc",
        }
    }
}

#[derive(Template)]
#[template(path = "import_upload.html")]
struct UploadPage {
    shell: Shell,
    here: &'static str,
    words: &'static str,
    id: Uuid,
    effective_from: String,
    columns: Vec<(&'static str, bool, &'static str)>,
    problems: Problems,
}

/// One line of what would change.
struct Change {
    row: u32,
    code: String,
    name: String,
    is_new: bool,
    facts: Vec<String>,
    price: String,
}

#[derive(Template)]
#[template(path = "import_check.html")]
struct CheckPage {
    shell: Shell,
    here: &'static str,
    words: &'static str,
    id: Uuid,
    file_name: String,
    sha256: String,
    effective_from: String,
    sheet_name: String,
    rows_read: usize,
    problems: Vec<RowProblem>,
    more_problems: usize,
    changes: Vec<Change>,
    more_changes: usize,
    unchanged: usize,
    ignored_columns: Vec<String>,
    summary: Applied,
    fingerprint: String,
    applied_at: Option<String>,
    /// Why the confirmation was not taken.
    refused: String,
}

/// `GET /app/catalogue/services/import`.
pub async fn services(ctx: Ctx) -> Answer {
    upload_page(&ctx, What::Services, Uuid::now_v7(), show_date(ctx.today()), Problems::none(), false)
}

/// `GET /app/catalogue/drugs/import`.
pub async fn drugs(ctx: Ctx) -> Answer {
    upload_page(&ctx, What::Drugs, Uuid::now_v7(), show_date(ctx.today()), Problems::none(), false)
}

/// `POST /app/catalogue/services/import`.
pub async fn upload_services(ctx: Ctx, form: Multipart) -> Answer {
    upload(ctx, form, What::Services).await
}

/// `POST /app/catalogue/drugs/import`.
pub async fn upload_drugs(ctx: Ctx, form: Multipart) -> Answer {
    upload(ctx, form, What::Drugs).await
}

/// The fields of the upload.
#[derive(Default)]
struct Parts {
    id: Option<Uuid>,
    effective_from: String,
    file_name: String,
    file: Vec<u8>,
}

async fn upload(ctx: Ctx, form: Multipart, what: What) -> Answer {
    let parts = read_parts(form).await?;
    let id = parts.id.unwrap_or_else(Uuid::now_v7);
    let mut problems = Problems::none();
    let from = day("effective_from", &parts.effective_from).map_err(|p| problems.0.push(p)).ok();
    problems.add_if(
        from.is_some_and(|from| from < ctx.today()),
        "effective_from",
        format!("Giá mới chỉ áp dụng từ hôm nay ({}) trở đi.", show_date(ctx.today())),
    );
    // Whether it is a sheet at all is told here; what its rows say is told on the next page.
    let titles = match what {
        What::Services => titles::<Services<'_>>(),
        What::Drugs => titles::<Drugs>(),
    };
    if let Err(text) = read_sheet(parts.file.clone(), titles).await? {
        problems.add("file", text);
    }
    let (Some(from), true) = (from, problems.is_empty()) else {
        return upload_page(&ctx, what, id, parts.effective_from, problems, true);
    };
    let sha256 = hex::encode(Sha256::digest(&parts.file));
    let mut tx = ctx.begin().await?;
    store::insert(&mut tx, id, what.key(), &parts.file_name, &sha256, &parts.file, from).await?;
    tx.audit("upload", "catalogue-sheet", id, None, json!({ "kind": what.key(), "sha256": sha256 }));
    tx.commit().await?;
    web::redirect(format!("/app/catalogue/imports/{id}"))
}

async fn read_parts(mut form: Multipart) -> Result<Parts, Failure> {
    let broken = |_| Failure::BadRequest("Không nhận đủ tệp gửi lên. Gửi lại, hoặc chia tệp nhỏ hơn.".into());
    let mut parts = Parts::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or("") {
            "id" => parts.id = field.text().await.map_err(broken)?.parse().ok(),
            "effective_from" => parts.effective_from = field.text().await.map_err(broken)?.chars().take(20).collect(),
            "file" => {
                parts.file_name = crate::written::line(field.file_name().unwrap_or("")).chars().take(120).collect();
                parts.file = field.bytes().await.map_err(broken)?.to_vec();
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// Reads the sheet on a thread of its own: a large one takes longer than a request may hold the others up.
async fn read_sheet(file: Vec<u8>, titles: Vec<&'static str>) -> Result<Result<sheet::Sheet, String>, Failure> {
    tokio::task::spawn_blocking(move || sheet::read(&file, &titles)).await.map_err(|e| Failure::Fault(e.into()))
}

/// `GET /app/catalogue/imports/{id}`: what the sheet would do, or what is wrong with it.
pub async fn check(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let upload = store::find_to_apply(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let checked = Checked::of(&ctx, &mut tx, &upload).await?;
    web::html(check_page(&ctx, id, &upload, &checked, ""))
}

/// The confirmation: the file and the changes the owner saw.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    sha256: String,
    fingerprint: String,
}

/// `POST /app/catalogue/imports/{id}/applied`: writes all of it in one transaction, or nothing.
pub async fn apply(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ConfirmForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let upload = store::find_to_apply(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    if upload.applied_at.is_some() {
        return web::redirect(format!("/app/catalogue/imports/{id}"));
    }
    let checked = Checked::of(&ctx, &mut tx, &upload).await?;
    let refused = if form.sha256 != upload.file_sha256 {
        "Tệp xác nhận không phải tệp đã kiểm tra. Xem lại các thay đổi dưới đây rồi xác nhận."
    } else if !checked.is_applicable() {
        "Tệp còn lỗi hoặc không có gì thay đổi, nên chưa ghi gì. Sửa tệp rồi gửi lại."
    } else if form.fingerprint != checked.fingerprint() {
        "Danh mục vừa được sửa ở nơi khác. Xem lại các thay đổi dưới đây rồi xác nhận lần nữa."
    } else {
        ""
    };
    if !refused.is_empty() {
        return web::refused(check_page(&ctx, id, &upload, &checked, refused));
    }
    let applied = checked.summary();
    match &checked {
        Checked::Services(plan) => store::write_services(&mut tx, plan, ctx.today()).await?,
        Checked::Drugs(plan) => store::write_drugs(&mut tx, plan, ctx.today()).await?,
    }
    store::mark_applied(&mut tx, id, applied).await?;
    tx.audit("import", "catalogue-sheet", id, None, json!({ "kind": upload.kind, "applied": applied }));
    tx.commit().await?;
    web::redirect(format!("/app/catalogue/imports/{id}"))
}

/// A sheet checked against what the list holds now.
enum Checked {
    Services(Plan<service::ServiceFacts>),
    Drugs(Plan<drug::DrugFacts>),
}

impl Checked {
    async fn of(ctx: &Ctx, tx: &mut Tx, upload: &Upload) -> Result<Checked, Failure> {
        let (facility, today) = (ctx.facility(), ctx.today());
        let refuse = |text: String| Failure::from(Problem::at("file", text));
        // A sheet that was uploaded yesterday for yesterday's prices is not too late: it begins today.
        let from = upload.effective_from.max(today);
        if upload.kind == What::Drugs.key() {
            let sheet = read_sheet(upload.file.clone(), titles::<Drugs>()).await?.map_err(refuse)?;
            let current = drug::all_to_import(tx.conn(), facility, today).await?;
            Ok(Checked::Drugs(plan(&Drugs, &sheet, &current, from, today)))
        } else {
            let rooms = room::list_all(tx.conn(), facility).await?;
            let sheet = read_sheet(upload.file.clone(), titles::<Services<'_>>()).await?.map_err(refuse)?;
            let current = service::all_to_import(tx.conn(), facility, today).await?;
            Ok(Checked::Services(plan(&Services { rooms: &rooms }, &sheet, &current, from, today)))
        }
    }

    fn what(&self) -> What {
        match self {
            Checked::Services(_) => What::Services,
            Checked::Drugs(_) => What::Drugs,
        }
    }
    fn is_applicable(&self) -> bool {
        match self {
            Checked::Services(plan) => plan.is_applicable(),
            Checked::Drugs(plan) => plan.is_applicable(),
        }
    }
    fn fingerprint(&self) -> String {
        match self {
            Checked::Services(plan) => plan.fingerprint(),
            Checked::Drugs(plan) => plan.fingerprint(),
        }
    }
    fn summary(&self) -> Applied {
        match self {
            Checked::Services(plan) => store::summary(plan),
            Checked::Drugs(plan) => store::summary(plan),
        }
    }
}

fn upload_page(ctx: &Ctx, what: What, id: Uuid, effective_from: String, problems: Problems, is_refused: bool) -> Answer {
    use crate::import::List;
    let columns = match what {
        What::Services => Services::COLUMNS,
        What::Drugs => Drugs::COLUMNS,
    };
    let page = UploadPage {
        shell: ctx.shell("Nhập từ Excel", &[("F8", "Kiểm tra tệp"), ("Esc", "Quay lại")]),
        here: what.key(),
        words: what.words(),
        id,
        effective_from,
        columns: columns.iter().map(|c| (c.title, c.required, c.hint)).collect(),
        problems,
    };
    if is_refused { web::refused(page) } else { web::html(page) }
}

fn change<F>(item: &Item<F>) -> Change {
    Change {
        row: item.row,
        code: item.code.clone(),
        name: item.name.clone(),
        is_new: item.is_new(),
        facts: item
            .differences
            .iter()
            .map(|d| format!("{}: {} → {}", d.title, or_dash(&d.before), or_dash(&d.after)))
            .collect(),
        price: item.price.map_or_else(String::new, |p| match p.before {
            Some(before) => format!("{before} → {}", p.after),
            None => p.after.digits(),
        }),
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "(trống)" } else { text }
}

fn check_page(ctx: &Ctx, id: Uuid, upload: &Upload, checked: &Checked, refused: &str) -> CheckPage {
    let what = checked.what();
    let (sheet_name, rows_read, problems, changes, unchanged, ignored) = match checked {
        Checked::Services(p) => shown(p),
        Checked::Drugs(p) => shown(p),
    };
    CheckPage {
        shell: ctx.shell("Kiểm tra tệp nhập", &[("F8", "Xác nhận"), ("Esc", "Chọn tệp khác")]),
        here: what.key(),
        words: what.words(),
        id,
        file_name: upload.file_name.clone(),
        sha256: upload.file_sha256.clone(),
        effective_from: show_date(upload.effective_from.max(ctx.today())),
        sheet_name,
        rows_read,
        more_problems: problems.len().saturating_sub(MOST_SHOWN),
        problems: problems.into_iter().take(MOST_SHOWN).collect(),
        more_changes: changes.len().saturating_sub(MOST_SHOWN),
        changes: changes.into_iter().take(MOST_SHOWN).collect(),
        unchanged,
        ignored_columns: ignored,
        summary: if upload.applied_at.is_some() { upload.summary.0 } else { checked.summary() },
        fingerprint: checked.fingerprint(),
        applied_at: upload.applied_at.map(|at| format!("{} {}", show_time(at), show_date(base::local_date(at)))),
        refused: refused.to_owned(),
    }
}

type Shown = (String, usize, Vec<RowProblem>, Vec<Change>, usize, Vec<String>);

fn shown<F>(plan: &Plan<F>) -> Shown {
    (
        plan.sheet_name.clone(),
        plan.rows_read,
        plan.problems.clone(),
        plan.items.iter().map(change).collect(),
        plan.unchanged,
        plan.ignored_columns.clone(),
    )
}
