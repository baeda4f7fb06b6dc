//! Signing in and out.

use crate::sign_in as rule;
use crate::store::{self, Account, NewSession};
use crate::{password, second_factor};
use askama::Template;
use base::{AccountId, Actor, FacilityId, Problems, Via};
use db::Scope;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, App, Ctx, Failure, Form, Query, Response, Visitor};

/// The cookie that tells a known browser from a stranger's.
pub const DEVICE_COOKIE: &str = "yba_device";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    lang: &'static str,
    demo: bool,
    login: String,
    next: String,
    ask_code: bool,
    problems: Problems,
    doors: Vec<store::Door>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Next {
    next: String,
    login: String,
    /// Anything: somebody else takes this computer.
    switch: String,
}

/// What was typed at the door.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SignInForm {
    login: String,
    password: String,
    code: String,
    next: String,
}

fn page(visitor: &Visitor, form: &SignInForm, ask_code: bool, problems: Problems) -> SignInPage {
    SignInPage {
        lang: if visitor.lang == web::Lang::En { "en" } else { "vi" },
        demo: visitor.app.config.demo,
        login: form.login.clone(),
        next: form.next.clone(),
        ask_code: ask_code || visitor.app.config.demo,
        problems,
        doors: Vec::new(),
    }
}

/// The sign-in page; somebody who is signed in already goes on.
pub async fn show(visitor: Visitor, Query(q): Query<Next>) -> Answer {
    if visitor.ctx.is_some() && q.login.is_empty() && q.switch.is_empty() {
        return web::redirect(rule::safe_next(&q.next));
    }
    let form = SignInForm { login: q.login, next: q.next, ..SignInForm::default() };
    let doors = store::list_doors(visitor.begin_for("sign-in").await?.conn()).await?;
    web::html(SignInPage { doors, ..page(&visitor, &form, false, Problems::none()) })
}

/// Checks login, password and code; opens a session.
pub async fn submit(visitor: Visitor, headers: HeaderMap, Form(form): Form<SignInForm>) -> Answer {
    let app = &visitor.app;
    if web::csrf::origin(&http::Method::POST, &headers) == web::csrf::Origin::Foreign {
        return Err(Failure::ForeignForm);
    }
    let login = form.login.trim().to_lowercase();
    if login.is_empty() || form.password.is_empty() {
        let mut problems = Problems::none();
        problems.add_if(login.is_empty(), "login", "Chưa nhập tên đăng nhập.");
        problems.add_if(form.password.is_empty(), "password", "Chưa nhập mật khẩu.");
        return web::refused(page(&visitor, &form, false, problems));
    }
    if login.len() > 60 || form.password.len() > 1000 {
        return web::refused(page(&visitor, &form, false, wrong()));
    }
    let device = web::guard::cookie(&headers, DEVICE_COOKIE);
    let bucket = rule::bucket(&login, &visitor.remote, device, &app.config.secret);
    let mut tx = visitor.begin_for("sign-in").await?;
    if let Some(seconds) = rule::must_wait(store::blocked_until(tx.conn(), &bucket).await?, visitor.now) {
        let mut problems = Problems::none();
        problems.add("", format!("Sai quá nhiều lần trên máy này. Thử lại sau {seconds} giây."));
        return web::refused(page(&visitor, &form, false, problems));
    }
    let account = store::find_account(tx.conn(), &login).await?.filter(|a| a.kind == "staff" && (app.config.demo || !a.demo));
    // The password takes a fifth of a second: no transaction waits for it.
    tx.commit().await?;
    let fits = password::matches(&form.password, account.as_ref().map(|a| a.password_hash.as_str())).await?;
    let Some(account) = account.filter(|_| fits) else {
        return fail(&visitor, &form, &bucket, wrong(), false).await;
    };
    let step = match check_code(app, &account, &form.code, visitor.now)? {
        Code::Fine(step) => step,
        Code::Missing => {
            let mut problems = Problems::none();
            problems.add("code", "Nhập mã 6 số trong ứng dụng xác thực.");
            return web::refused(page(&visitor, &form, true, problems));
        }
        Code::Wrong => {
            let mut problems = Problems::none();
            problems.add("code", "Mã không đúng hoặc đã dùng. Chờ mã mới rồi nhập lại.");
            return fail(&visitor, &form, &bucket, problems, true).await;
        }
    };
    open_session(&visitor, &account, step, &bucket, rule::safe_next(&form.next), "").await.map(|(response, _)| response)
}

fn wrong() -> Problems {
    let mut problems = Problems::none();
    problems.add("", "Tên đăng nhập hoặc mật khẩu không đúng.");
    problems
}

/// How the second factor stands.
pub(crate) enum Code {
    Fine(Option<i64>),
    Missing,
    Wrong,
}

/// Judges the code of an account; accounts without a second factor need none.
pub(crate) fn check_code(app: &App, account: &Account, code: &str, now: chrono::DateTime<chrono::Utc>) -> anyhow::Result<Code> {
    let Some(secret) = &account.totp_secret else { return Ok(Code::Fine(None)) };
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.is_empty() {
        return Ok(Code::Missing);
    }
    if app.config.demo && account.demo && code == "000000" {
        return Ok(Code::Fine(None));
    }
    Ok(match second_factor::accept(secret, &account.login, &code, account.totp_last_step, now)? {
        Some(step) => Code::Fine(Some(step)),
        None => Code::Wrong,
    })
}

async fn fail(visitor: &Visitor, form: &SignInForm, bucket: &str, problems: Problems, ask_code: bool) -> Answer {
    let mut tx = visitor.begin_for("sign-in").await?;
    let failures = store::count_failure(tx.conn(), bucket, visitor.now).await?;
    if let Some(pause) = rule::pause_after(failures) {
        store::block_bucket(tx.conn(), bucket, visitor.now + pause).await?;
    }
    tx.commit().await?;
    web::refused(page(visitor, form, ask_code, problems))
}

/// Signs somebody in who has proved in another way who they are: the owner who just made the clinic, or who goes from
/// one branch to another.
pub async fn let_in(visitor: &Visitor, account: &Account, next: &str) -> Answer {
    let bucket = format!("strange:{}:{}", account.login, visitor.remote);
    open_session(visitor, account, None, &bucket, next, "").await.map(|(response, _)| response)
}

/// The same for somebody whom another house vouches for. Gives the session too; `farewell` is the path to which signing
/// out of it leads, so that the other house hears of it.
pub async fn let_in_by_other_door(visitor: &Visitor, account: &Account, next: &str, farewell: &str) -> Result<(Response, Uuid), Failure> {
    let bucket = format!("strange:{}:{}", account.login, visitor.remote);
    open_session(visitor, account, None, &bucket, rule::safe_next(next), farewell).await
}

async fn open_session(
    visitor: &Visitor,
    account: &Account,
    step: Option<i64>,
    bucket: &str,
    next: &str,
    farewell: &str,
) -> Result<(Response, Uuid), Failure> {
    let app = &visitor.app;
    let (token, token_hash) = rule::new_token();
    let actor = actor_of(account);
    let scope = Scope::FacilityFor(actor.facility, "sign-in");
    let mut tx = app.db.begin(scope, actor, visitor.now).await?;
    let session = Uuid::now_v7();
    store::insert_session(
        tx.conn(),
        &NewSession {
            facility: account.facility_id,
            session,
            account: account.account_id,
            token_hash: &token_hash,
            now: visitor.now,
            expires_at: visitor.now + rule::ABSOLUTE,
            idle_seconds: rule::IDLE.num_seconds() as i32,
            user_agent: &visitor.user_agent,
            remote: &visitor.remote,
            totp_step: step,
        },
    )
    .await?;
    if !farewell.is_empty() {
        store::set_farewell(&mut tx, session, farewell).await?;
    }
    store::clear_bucket(tx.conn(), bucket).await?;
    // Somebody else's session on this browser ends with this one's beginning.
    if let Some(before) = &visitor.ctx {
        store::end_session(tx.conn(), before.signed_in.session, visitor.now).await?;
    }
    tx.audit("sign-in", "session", session, None, serde_json::Value::Null);
    tx.commit().await?;
    let mut response = web::redirect(next)?;
    set_cookie(&mut response, app, web::session::COOKIE, &token, None)?;
    let device = rule::device_cookie(&account.login, &app.config.secret);
    set_cookie(&mut response, app, DEVICE_COOKIE, &device, Some(400 * 24 * 3600))?;
    Ok((response, session))
}

/// The account as an actor of its facility.
pub(crate) fn actor_of(account: &Account) -> Actor {
    Actor {
        account: AccountId(account.account_id),
        facility: FacilityId(account.facility_id),
        practitioner: account.practitioner_id.map(Into::into),
        name: account.display_name.as_str().into(),
        roles: account.roles.clone().into(),
        rights: crate::role::rights_of(&account.roles),
        via: if account.kind == "machine" { Via::Api } else { Via::Web },
    }
}

fn set_cookie(response: &mut Response, app: &App, name: &str, value: &str, max_age_s: Option<i64>) -> Result<(), Failure> {
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(seconds) = max_age_s {
        cookie.push_str(&format!("; Max-Age={seconds}"));
    }
    if app.config.secure_cookies {
        cookie.push_str("; Secure");
    }
    let value = HeaderValue::from_str(&cookie).map_err(|e| Failure::Fault(e.into()))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

/// Ends this session.
pub async fn sign_out(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    store::revoke_session(&mut tx, ctx.actor.account, ctx.signed_in.session).await?;
    let farewell = store::farewell_of(&mut tx, ctx.signed_in.session).await?;
    tx.audit("sign-out", "session", ctx.signed_in.session, None, serde_json::Value::Null);
    tx.commit().await?;
    let mut response = web::redirect(if farewell.is_empty() { "/sign-in" } else { &farewell })?;
    set_cookie(&mut response, &ctx.app, web::session::COOKIE, "", Some(0))?;
    Ok(response)
}
