//! Suppliers: one list, one form beside it.

use crate::store::suppliers::{self, Supplier};
use crate::supplier::SupplierForm;
use askama::Template;
use base::Problems;
use db::Tx;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

const HOME: &str = "/app/stock/suppliers";

#[derive(Template)]
#[template(path = "suppliers.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    rows: Vec<Supplier>,
    form: SupplierForm,
    is_new: bool,
    problems: Problems,
    may_write: bool,
}

async fn page(ctx: &Ctx, tx: &mut Tx, form: SupplierForm, is_new: bool, problems: Problems) -> Result<Page, Failure> {
    Ok(Page {
        shell: ctx.shell("Nhà cung cấp", &[("F8", "Lưu")]),
        here: "suppliers",
        rows: suppliers::list(tx).await?,
        form,
        is_new,
        problems,
        may_write: ctx.may("stock.write"),
    })
}

fn blank() -> SupplierForm {
    SupplierForm { id: Uuid::now_v7().to_string(), ..SupplierForm::default() }
}

/// `GET /app/stock/suppliers`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, blank(), true, Problems::none()).await?)
}

/// `GET /app/stock/suppliers/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = suppliers::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    web::html(page(&ctx, &mut tx, SupplierForm::of(&known), false, Problems::none()).await?)
}

/// `POST /app/stock/suppliers`: a new one; the page made its id.
pub async fn create(ctx: Ctx, Form(form): Form<SupplierForm>) -> Answer {
    let id = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Mở lại trang rồi thử lại.".into()))?;
    let mut tx = ctx.begin().await?;
    save(&ctx, &mut tx, id, None, form).await?.finish(tx).await
}

/// `POST /app/stock/suppliers/{id}`.
pub async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<SupplierForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = suppliers::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    save(&ctx, &mut tx, id, Some(known), form).await?.finish(tx).await
}

/// What saving came to.
enum Saved {
    Done,
    Refused(Box<Page>),
}

impl Saved {
    async fn finish(self, tx: Tx) -> Answer {
        match self {
            Saved::Done => {
                tx.commit().await?;
                web::redirect(HOME)
            }
            Saved::Refused(page) => web::refused(*page),
        }
    }
}

async fn save(ctx: &Ctx, tx: &mut Tx, id: Uuid, known: Option<Supplier>, form: SupplierForm) -> Result<Saved, Failure> {
    let problems = match form.check(id, known.as_ref(), ctx.now) {
        Err(problems) => problems,
        Ok(supplier) => {
            if !suppliers::save(tx, &supplier).await? {
                tx.audit("save", "supplier", id, None, serde_json::json!({ "code": supplier.code }));
                return Ok(Saved::Done);
            }
            base::Problem::at("code", format!("Mã {} đã có nhà cung cấp khác dùng.", supplier.code)).into()
        }
    };
    Ok(Saved::Refused(Box::new(page(ctx, tx, form, known.is_none(), problems).await?)))
}
