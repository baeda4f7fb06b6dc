//! The administrator's page: which provider, and what it is called on the sign-in page.

use crate::{provider, seal, store};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use web::{Answer, Ctx, Form, Shell};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    form: SettingsForm,
    return_to: String,
    logout_to: String,
    is_known: bool,
    problems: Problems,
}

/// What was typed.
#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub struct SettingsForm {
    issuer: String,
    client_id: String,
    client_secret: String,
    claim: String,
    label: String,
    active: String,
}

async fn page(ctx: &Ctx, form: SettingsForm, is_known: bool, problems: Problems) -> Result<SettingsPage, web::Failure> {
    let code = store::code_of(ctx.begin().await?.conn(), ctx.facility()).await?;
    let public = ctx.app.config.public_url.trim_end_matches('/');
    Ok(SettingsPage {
        shell: ctx.shell("Đăng nhập một lần", &[("F8", "Lưu")]),
        form,
        return_to: format!("{public}/sign-in/sso/return"),
        logout_to: format!("{public}/sign-in/sso/{code}/logout"),
        is_known,
        problems,
    })
}

pub async fn show(ctx: Ctx) -> Answer {
    let known = store::find_provider(&mut ctx.begin().await?).await?;
    let is_known = known.is_some();
    let form = match known {
        Some(p) => SettingsForm {
            issuer: p.issuer,
            client_id: p.client_id,
            client_secret: String::new(),
            claim: p.claim,
            label: p.label,
            active: if p.is_active { "on".into() } else { String::new() },
        },
        None => SettingsForm { claim: "preferred_username".into(), active: "on".into(), ..SettingsForm::default() },
    };
    web::html(page(&ctx, form, is_known, Problems::none()).await?)
}

/// Keeps the settings after asking the provider who it is; refuses one that does not answer to its name.
pub async fn save(ctx: Ctx, Form(form): Form<SettingsForm>) -> Answer {
    let known = store::find_provider(&mut ctx.begin().await?).await?;
    let mut problems = check(&form, known.is_some(), ctx.app.config.secure_cookies);
    if problems.is_empty() && provider::discover(form.issuer.trim()).await.is_err() {
        problems.add("issuer", "Cổng này không trả lời đúng tên của nó. Kiểm tra địa chỉ, đúng như cổng tự khai (kể cả dấu / cuối).");
    }
    if !problems.is_empty() {
        return web::refused(page(&ctx, form, known.is_some(), problems).await?);
    }
    let client_secret = match known {
        Some(known) if form.client_secret.is_empty() => known.client_secret,
        _ => seal::seal(&ctx.app.config.secret, ctx.facility(), &form.client_secret)?,
    };
    let settings = store::Provider {
        issuer: form.issuer.trim().to_owned(),
        client_id: form.client_id.trim().to_owned(),
        client_secret,
        claim: form.claim,
        label: form.label.trim().to_owned(),
        is_active: form.active == "on",
    };
    let mut tx = ctx.begin().await?;
    store::save_provider(&mut tx, &settings).await?;
    let code = store::code_of(tx.conn(), ctx.facility()).await?;
    let door = practitioner::store::Door { label: settings.label.clone(), href: format!("/sign-in/sso/{code}") };
    practitioner::store::set_door(&mut tx, settings.is_active.then_some(&door)).await?;
    let told = serde_json::json!({ "issuer": settings.issuer, "client_id": settings.client_id, "active": settings.is_active });
    tx.audit("change", "identity-provider", ctx.facility().0, None, told);
    tx.commit().await?;
    web::redirect("/app/staff/sso")
}

/// All problems of a form at once. A server that people reach by TLS speaks to no provider without it.
fn check(form: &SettingsForm, has_secret: bool, by_tls: bool) -> Problems {
    let mut problems = Problems::none();
    let issuer = form.issuer.trim();
    let is_address = issuer.starts_with("https://") || (!by_tls && issuer.starts_with("http://"));
    problems.add_if(!is_address, "issuer", "Nhập địa chỉ bắt đầu bằng https://, đúng như cổng đăng nhập tự khai.");
    problems.add_if(issuer.contains(['?', '#', ' ']) || issuer.len() > 300, "issuer", "Địa chỉ không có dấu ?, # hoặc khoảng trắng.");
    problems.add_if(form.client_id.trim().is_empty(), "client_id", "Nhập mã ứng dụng mà cổng đăng nhập đã cấp.");
    problems.add_if(form.client_secret.is_empty() && !has_secret, "client_secret", "Nhập khóa bí mật mà cổng đăng nhập đã cấp.");
    problems.add_if(!["preferred_username", "email"].contains(&form.claim.as_str()), "claim", "Chọn thông tin dùng để nhận ra tài khoản.");
    problems.add_if(form.label.trim().is_empty() || form.label.chars().count() > 60, "label", "Đặt tên nút dưới 60 chữ, ví dụ Tài khoản bệnh viện.");
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = check(&SettingsForm::default(), false, true);
        for field in ["issuer", "client_id", "client_secret", "claim", "label"] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
        let form = SettingsForm { issuer: "http://a".into(), client_id: "a".into(), claim: "email".into(), label: "A".into(), ..SettingsForm::default() };
        assert!(!check(&form, true, true).at("issuer").is_empty(), "a server with TLS wants TLS");
        assert!(check(&form, true, false).is_empty());
    }
}
