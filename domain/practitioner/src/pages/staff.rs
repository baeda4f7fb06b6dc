//! The owner's desk for staff: list, licence, account, roles.

use crate::staff::{self as rule, Staff, StaffForm};
use crate::store::{self, StaffRow};
use crate::{password, role};
use askama::Template;
use base::{PractitionerId, Problems, fold, show_date};
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
    new_id: Uuid,
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
    web::html(StaffList { shell: ctx.shell("Nhân sự và phân quyền", &[("F5", "Thêm người")]), rows, today: ctx.today(), new_id: Uuid::now_v7() })
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(show_date).unwrap_or_default()
}

fn edit_page(ctx: &Ctx, id: Uuid, is_new: bool, form: StaffForm, problems: Problems) -> StaffEdit {
    let title = if is_new { "Thêm nhân sự" } else { "Sửa nhân sự" };
    StaffEdit { shell: ctx.shell(title, &[("F8", "Lưu")]), id, form, ending: format!(".{}", ctx.signed_in.facility_code), problems }
}

/// One member of staff, or an empty form for the new one whose id the list minted.
pub async fn edit(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (is_new, form) = match store::get_staff(&mut tx, PractitionerId(id)).await {
        Ok(row) => (false, StaffForm {
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
        }),
        // Only a fresh id, made within the last day, opens the empty form: another facility's id is not found.
        Err(sqlx::Error::RowNotFound) if is_fresh(id) => (true, StaffForm::default()),
        Err(other) => return Err(other.into()),
    };
    web::html(edit_page(&ctx, id, is_new, form, Problems::none()))
}

/// Compares with another id made now, because the clock that made the first is the machine's too.
fn is_fresh(id: Uuid) -> bool {
    let made = |id: Uuid| id.get_timestamp().map(|at| at.to_unix().0);
    match (made(id), made(Uuid::now_v7())) {
        (Some(then), Some(now)) => now.abs_diff(then) < 24 * 3600,
        _ => false,
    }
}

/// Saves a member of staff and the account, ending all sessions of an account that lost something.
pub async fn save(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<StaffForm>) -> Answer {
    let mut tx = ctx.begin_for("sign-in").await?;
    let known = match store::get_staff(&mut tx, PractitionerId(id)).await {
        Ok(row) => Some(row),
        Err(sqlx::Error::RowNotFound) if is_fresh(id) => None,
        Err(other) => return Err(other.into()),
    };
    let has_account = known.as_ref().is_some_and(|k| k.account_id.is_some());
    let staff = match rule::check(&form, &ctx.signed_in.facility_code, has_account) {
        Ok(staff) => staff,
        Err(problems) => return web::refused(edit_page(&ctx, id, known.is_none(), form, problems)),
    };
    let own_account = known.as_ref().and_then(|k| k.account_id) == Some(ctx.actor.account.0);
    if own_account && (staff.disabled || !staff.roles.iter().any(|r| r == "admin")) {
        let mut problems = Problems::none();
        problems.add("roles", "Không tự khóa hoặc tự bỏ vai trò Quản trị của chính mình; hãy nhờ một quản trị khác.");
        return web::refused(edit_page(&ctx, id, known.is_none(), form, problems));
    }
    if let Some(login) = &staff.login
        && let Some(taken) = store::find_account(tx.conn(), login).await?
        && taken.practitioner_id != Some(id)
    {
        let mut problems = Problems::none();
        problems.add("login", "Tên đăng nhập này đã có người dùng.");
        return web::refused(edit_page(&ctx, id, known.is_none(), form, problems));
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
