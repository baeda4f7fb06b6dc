//! The owner's desk for staff: list, licence, account, roles.

use crate::staff::{self as rule, Staff, StaffForm};
use crate::store::{self, StaffRow};
use crate::{password, role};
use askama::Template;
use base::{PractitionerId, Problem, Problems, fold, show_date};
use chrono::NaiveDate;
use db::Tx;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, sql};

#[derive(Template)]
#[template(path = "staff_list.html")]
struct StaffList {
    shell: Shell,
    rows: Vec<StaffRow>,
    today: NaiveDate,
}

impl StaffList {
    fn role_names(&self, row: &StaffRow) -> String {
        let roles = row.roles.as_deref().unwrap_or_default();
        roles.iter().filter_map(|r| role::find(r)).map(|r| r.label).collect::<Vec<_>>().join(", ")
    }
    fn licence_ended(&self, row: &StaffRow) -> bool {
        row.licence_to.is_some_and(|to| to < self.today)
    }
    fn gone(&self, row: &StaffRow) -> bool {
        row.active_to.is_some_and(|to| to < self.today)
    }
}

#[derive(Template)]
#[template(path = "staff_edit.html")]
struct StaffEdit {
    shell: Shell,
    id: Uuid,
    /// Where the form goes: the list for a new person, the person otherwise.
    action: String,
    form: StaffForm,
    ending: String,
    problems: Problems,
}

impl StaffEdit {
    fn roles(&self) -> &'static [role::Role] {
        &role::ROLES
    }
    fn has_role(&self, key: &str) -> bool {
        self.form.roles.iter().any(|r| r == key)
    }
}

/// All staff.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = store::list_staff(&mut tx).await?;
    web::html(StaffList { shell: ctx.shell("Nhân sự và phân quyền", &[("F5", "Thêm người")]), rows, today: ctx.today() })
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(show_date).unwrap_or_default()
}

fn edit_page(ctx: &Ctx, id: Uuid, is_new: bool, form: StaffForm, problems: Problems) -> StaffEdit {
    let title = if is_new { "Thêm nhân sự" } else { "Sửa nhân sự" };
    let action = if is_new { "/app/staff".to_owned() } else { format!("/app/staff/{id}") };
    StaffEdit { shell: ctx.shell(title, &[("F8", "Lưu")]), id, action, form, ending: format!(".{}", ctx.signed_in.facility_code), problems }
}

/// An empty form; the page mints the id, so that sending it twice makes one person.
pub async fn new(ctx: Ctx) -> Answer {
    web::html(edit_page(&ctx, Uuid::now_v7(), true, StaffForm::default(), Problems::none()))
}

/// One member of staff.
pub async fn edit(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let row = store::get_staff(&mut tx, PractitionerId(id)).await?;
    let form = StaffForm {
        id: String::new(),
        name: row.name,
        title: row.title,
        position: row.position,
        phone: row.phone,
        licence_no: row.licence_no,
        licence_scope: row.licence_scope,
        licence_from: day(row.licence_from),
        licence_to: day(row.licence_to),
        national_code: row.national_code,
        login: row.login.unwrap_or_default(),
        password: String::new(),
        roles: row.roles.unwrap_or_default(),
        disabled: if row.disabled_at.is_some() { "on".into() } else { String::new() },
        active_to: day(row.active_to),
    };
    web::html(edit_page(&ctx, id, false, form, Problems::none()))
}

/// Makes a member of staff under the id that the page minted.
pub async fn create(ctx: Ctx, Form(form): Form<StaffForm>) -> Answer {
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Hãy mở lại trang.".into()))?;
    let mut tx = ctx.begin_for("sign-in").await?;
    let known = store::find_staff(&mut tx, PractitionerId(id)).await?;
    save(ctx, tx, id, form, known).await
}

/// Changes a member of staff.
pub async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<StaffForm>) -> Answer {
    let mut tx = ctx.begin_for("sign-in").await?;
    let known = store::get_staff(&mut tx, PractitionerId(id)).await?;
    save(ctx, tx, id, form, Some(known)).await
}

/// Saves a member of staff and the account, ending all sessions of an account that lost something.
async fn save(ctx: Ctx, mut tx: Tx, id: Uuid, form: StaffForm, known: Option<StaffRow>) -> Answer {
    let has_account = known.as_ref().is_some_and(|k| k.account_id.is_some());
    let refuse = |problems| web::refused(edit_page(&ctx, id, known.is_none(), form.clone(), problems));
    let staff = match rule::check(&form, &ctx.signed_in.facility_code, has_account) {
        Ok(staff) => staff,
        Err(problems) => return refuse(problems),
    };
    let own_account = known.as_ref().and_then(|k| k.account_id) == Some(ctx.actor.account.0);
    if own_account && (staff.disabled || !staff.roles.iter().any(|r| r == "admin")) {
        let text = "Không tự khóa hoặc tự bỏ vai trò Quản trị của chính mình; hãy nhờ một quản trị khác.";
        return refuse(Problem::at("roles", text).into());
    }
    if let Some(login) = &staff.login
        && let Some(taken) = store::find_account(tx.conn(), login).await?
        && taken.practitioner_id != Some(id)
    {
        return refuse(Problem::at("login", "Tên đăng nhập này đã có người dùng.").into());
    }
    save_staff(&ctx, &mut tx, id, &staff, known.as_ref()).await?;
    tx.audit("save", "practitioner", id, None, serde_json::json!({ "roles": staff.roles, "disabled": staff.disabled }));
    tx.commit().await?;
    web::redirect("/app/staff")
}

async fn save_staff(ctx: &Ctx, tx: &mut Tx, id: Uuid, staff: &Staff, known: Option<&StaffRow>) -> Result<(), Failure> {
    sqlx::query(sql!(
        "INSERT INTO practitioner_practitioner (facility_id, practitioner_id, name, name_folded, title, position, phone,
             licence_no, licence_scope, licence_from, licence_to, national_code, active_from, active_to, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (facility_id, practitioner_id) DO UPDATE SET name = $3, name_folded = $4, title = $5, position = $6,
             phone = $7, licence_no = $8, licence_scope = $9, licence_from = $10, licence_to = $11, national_code = $12,
             active_to = $14, changed_by = $15, changed_at = $16"
    ))
    .bind(ctx.facility().0)
    .bind(id)
    .bind(&staff.name)
    .bind(fold(&staff.name))
    .bind(&staff.title)
    .bind(&staff.position)
    .bind(&staff.phone)
    .bind(&staff.licence_no)
    .bind(&staff.licence_scope)
    .bind(staff.licence_from)
    .bind(staff.licence_to)
    .bind(&staff.national_code)
    .bind(ctx.today())
    .bind(staff.active_to)
    .bind(ctx.actor.account.0)
    .bind(ctx.now)
    .execute(tx.conn())
    .await?;
    let Some(login) = &staff.login else { return Ok(()) };
    let hash = match &staff.password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let account = known.and_then(|k| k.account_id).unwrap_or_else(Uuid::now_v7);
    sqlx::query(sql!(
        "INSERT INTO practitioner_account (facility_id, account_id, login, practitioner_id, display_name, password_hash,
             password_changed_at, roles, disabled_at, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, coalesce($6, ''), $7, $8, $9, $10, $7)
         ON CONFLICT (facility_id, account_id) DO UPDATE SET login = $3, display_name = $5,
             password_hash = coalesce($6, practitioner_account.password_hash), roles = $8, disabled_at = $9,
             changed_by = $10, changed_at = $7"
    ))
    .bind(ctx.facility().0)
    .bind(account)
    .bind(login)
    .bind(id)
    .bind(format!("{} {}", staff.title, staff.name).trim())
    .bind(&hash)
    .bind(ctx.now)
    .bind(&staff.roles)
    .bind(staff.disabled.then_some(ctx.now))
    .bind(ctx.actor.account.0)
    .execute(tx.conn())
    .await?;
    let lost_rights = known.and_then(|k| k.roles.as_ref()).is_some_and(|old| old.iter().any(|r| !staff.roles.contains(r)));
    if staff.disabled || hash.is_some() || lost_rights {
        let keep = (account == ctx.actor.account.0).then_some(ctx.signed_in.session);
        store::revoke_other_sessions(tx, account.into(), keep).await?;
    }
    Ok(())
}
