//! One's own account: password, second factor, the devices that are signed in.

use crate::pages::sign_in::{Code, check_code};
use crate::store::{self, SessionRow};
use crate::{password, second_factor};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    login: String,
    has_totp: bool,
    new_secret: String,
    new_secret_qr: String,
    problems: Problems,
    saved: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PasswordForm {
    current: String,
    password: String,
    repeated: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FactorForm {
    /// "on" or "off".
    act: String,
    secret: String,
    code: String,
    factor_current: String,
}

async fn page(ctx: &Ctx, account: &store::Account, problems: Problems, saved: &'static str) -> Result<AccountPage, Failure> {
    let new_secret = second_factor::new_secret();
    let url = second_factor::enrolment_url(&new_secret, &account.login)?;
    let code = qrcode::QrCode::new(url.as_bytes()).map_err(|e| Failure::Fault(e.into()))?;
    let new_secret_qr = code.render::<qrcode::render::svg::Color>().min_dimensions(180, 180).build();
    Ok(AccountPage {
        shell: ctx.shell("Tài khoản của tôi", &[]),
        login: account.login.clone(),
        has_totp: account.totp_secret.is_some(),
        new_secret,
        new_secret_qr: new_secret_qr.replace("<?xml version=\"1.0\" standalone=\"yes\"?>", ""),
        problems,
        saved,
    })
}

pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let account = store::get_account(tx.conn(), ctx.facility(), ctx.actor.account).await?;
    web::html(page(&ctx, &account, Problems::none(), "").await?)
}

/// Changes the password and ends all other sessions.
pub async fn change_password(ctx: Ctx, Form(form): Form<PasswordForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let account = store::get_account(tx.conn(), ctx.facility(), ctx.actor.account).await?;
    let mut problems = password::check_new(&account.login, &form.password, &form.repeated);
    if !password::matches(&form.current, Some(&account.password_hash)).await? {
        problems.add("current", "Mật khẩu hiện tại không đúng.");
    }
    if !problems.is_empty() {
        return web::refused(page(&ctx, &account, problems, "").await?);
    }
    let hash = password::hash(&form.password).await?;
    store::update_password(&mut tx, ctx.actor.account, &hash).await?;
    store::revoke_other_sessions(&mut tx, ctx.actor.account, Some(ctx.signed_in.session)).await?;
    tx.audit("change-password", "account", ctx.actor.account, None, serde_json::Value::Null);
    tx.commit().await?;
    web::html(page(&ctx, &account, Problems::none(), "Đã đổi mật khẩu. Các thiết bị khác đã được đăng xuất.").await?)
}

/// Sets the second factor up (the app must show that it has the secret) or takes it away (password and code).
pub async fn second_factor(ctx: Ctx, Form(form): Form<FactorForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut account = store::get_account(tx.conn(), ctx.facility(), ctx.actor.account).await?;
    let mut problems = Problems::none();
    if !password::matches(&form.factor_current, Some(&account.password_hash)).await? {
        problems.add("factor_current", "Mật khẩu hiện tại không đúng.");
    }
    if form.act == "off" {
        if !matches!(check_code(&ctx.app, &account, &form.code, ctx.now)?, Code::Fine(_)) {
            problems.add("code", "Mã xác thực không đúng.");
        }
        if !problems.is_empty() {
            return web::refused(page(&ctx, &account, problems, "").await?);
        }
        store::update_totp(&mut tx, ctx.actor.account, None, None).await?;
        account.totp_secret = None;
    } else {
        let secret: String = form.secret.chars().filter(|c| c.is_ascii_alphanumeric()).take(64).collect();
        let step = second_factor::accept(&secret, &account.login, &form.code, None, ctx.now).unwrap_or(None);
        problems.add_if(step.is_none(), "code", "Mã chưa đúng. Quét lại hình rồi nhập mã mới hiện trên điện thoại.");
        if !problems.is_empty() {
            return web::refused(page(&ctx, &account, problems, "").await?);
        }
        store::update_totp(&mut tx, ctx.actor.account, Some(&secret), step).await?;
        account.totp_secret = Some(secret);
    }
    tx.audit("change-second-factor", "account", ctx.actor.account, None, serde_json::json!({ "act": form.act == "off" }));
    tx.commit().await?;
    web::html(page(&ctx, &account, Problems::none(), "Đã lưu xác thực hai lớp.").await?)
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    shell: Shell,
    sessions: Vec<Device>,
}

struct Device {
    id: Uuid,
    what: String,
    remote: String,
    since: String,
    last: String,
    here: bool,
}

impl Device {
    fn of(row: &SessionRow, here: Uuid) -> Device {
        let shown = |at| format!("{} {}", base::show_time(at), base::show_date(base::local_date(at)));
        Device {
            id: row.session_id,
            what: device_name(&row.user_agent),
            remote: row.remote.clone(),
            since: shown(row.created_at),
            last: shown(row.last_seen_at),
            here: row.session_id == here,
        }
    }
}

/// "Chrome trên Windows": what a person recognises in a browser's long name for itself.
fn device_name(user_agent: &str) -> String {
    let find = |pairs: &[(&str, &str)]| pairs.iter().find(|(key, _)| user_agent.contains(key)).map(|(_, name)| (*name).to_owned());
    let browser = find(&[("Edg/", "Edge"), ("CocCoc", "Cốc Cốc"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = find(&[("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} trên {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Thiết bị khác".to_owned(),
    }
}

/// The devices that are signed in to this account.
pub async fn devices(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = store::list_sessions(&mut tx, ctx.actor.account).await?;
    let sessions = rows.iter().map(|r| Device::of(r, ctx.signed_in.session)).collect();
    web::html(DevicesPage { shell: ctx.shell("Thiết bị đang đăng nhập", &[]), sessions })
}

/// Ends one of one's own sessions.
pub async fn end_session(ctx: Ctx, Path(session): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !store::revoke_session(&mut tx, ctx.actor.account, session).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end-session", "session", session, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/account/devices")
}

/// Ends all sessions but this one.
pub async fn end_others(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    store::revoke_other_sessions(&mut tx, ctx.actor.account, Some(ctx.signed_in.session)).await?;
    tx.audit("end-other-sessions", "account", ctx.actor.account, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/account/devices")
}

/// Another person takes this computer: the session of the one who leaves ends when the next one has signed in.
pub async fn switch(_ctx: Ctx) -> Answer {
    web::redirect("/sign-in?switch=1")
}

#[cfg(test)]
mod tests {
    use super::device_name;

    #[test]
    fn people_recognise_their_devices() {
        assert_eq!(device_name("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36"), "Chrome trên Windows");
        assert_eq!(device_name("curl/8"), "Thiết bị khác");
    }
}
