//! Typing the password again before a dangerous act.

use crate::pages::sign_in::{Code, check_code};
use crate::sign_in as rule;
use crate::{password, store};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use web::{Answer, Ctx, Form, Query, Shell};

#[derive(Template)]
#[template(path = "prove.html")]
struct ProvePage {
    shell: Shell,
    next: String,
    ask_code: bool,
    problems: Problems,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ProveForm {
    password: String,
    code: String,
    next: String,
}

/// Asks for the password (and the code where there is a second factor).
pub async fn show(ctx: Ctx, Query(form): Query<ProveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let account = store::get_account(tx.conn(), ctx.facility(), ctx.actor.account).await?;
    web::html(page(&ctx, &form, account.totp_secret.is_some(), Problems::none()))
}

fn page(ctx: &Ctx, form: &ProveForm, ask_code: bool, problems: Problems) -> ProvePage {
    ProvePage { shell: ctx.shell("Nhập lại mật khẩu", &[]), next: form.next.clone(), ask_code, problems }
}

/// Notes the proof in this session and goes back.
pub async fn submit(ctx: Ctx, Form(form): Form<ProveForm>) -> Answer {
    let mut tx = ctx.begin_for("sign-in").await?;
    let account = store::get_account(tx.conn(), ctx.facility(), ctx.actor.account).await?;
    let ask_code = account.totp_secret.is_some();
    // A stolen, still open session must not be a place to guess the password at leisure.
    let bucket = format!("prove:{}", ctx.actor.account);
    if let Some(seconds) = rule::must_wait(store::blocked_until(tx.conn(), &bucket).await?, ctx.now) {
        let mut problems = Problems::none();
        problems.add("password", format!("Sai quá nhiều lần. Thử lại sau {seconds} giây."));
        return web::refused(page(&ctx, &form, ask_code, problems));
    }
    let fits = password::matches(&form.password, Some(&account.password_hash)).await?;
    let code = check_code(&ctx.app, &account, &form.code, ctx.now)?;
    let (true, Code::Fine(step)) = (fits, code) else {
        let failures = store::count_failure(tx.conn(), &bucket, ctx.now).await?;
        if let Some(pause) = rule::pause_after(failures) {
            store::block_bucket(tx.conn(), &bucket, ctx.now + pause).await?;
        }
        tx.commit().await?;
        let mut problems = Problems::none();
        problems.add("password", if ask_code { "Mật khẩu hoặc mã xác thực không đúng." } else { "Mật khẩu không đúng." });
        return web::refused(page(&ctx, &form, ask_code, problems));
    };
    store::clear_bucket(tx.conn(), &bucket).await?;
    store::note_proof(&mut tx, ctx.signed_in.session, step).await?;
    tx.audit("prove", "session", ctx.signed_in.session, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect(rule::safe_next(&form.next))
}
