//! The telephone line: its key, where wishes to dial go, and who has which apparatus.

use crate::store::line::{self, Line};
use askama::Template;
use base::{Problem, Problems};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Tx};

/// Somebody who may have an apparatus.
struct Person {
    account: Uuid,
    name: String,
    position: String,
    extension: String,
}

#[derive(Template)]
#[template(path = "care_desk_settings.html")]
struct Page {
    shell: web::Shell,
    line: Option<Line>,
    address: String,
    /// Shown this once.
    new_key: String,
    pbx_url: String,
    people: Vec<Person>,
    problems: Problems,
}

/// What the page sends; fields named `ext.<account>` are the apparatus.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    pbx_url: String,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

async fn load(ctx: &Ctx, tx: &mut Tx, form: Option<&SettingsForm>, new_key: String, problems: Problems) -> Result<Page, Failure> {
    let line = line::find(tx).await?;
    let kept: BTreeMap<Uuid, String> = line::list_extensions(tx).await?.into_iter().collect();
    let staff = practitioner::store::list_staff(tx).await?;
    let people = staff
        .into_iter()
        .filter(|s| s.disabled_at.is_none() && s.active_to.is_none_or(|to| to >= ctx.today()))
        .filter_map(|s| {
            let account = s.account_id?;
            let typed = form.and_then(|f| f.more.get(&format!("ext.{account}")).cloned());
            let extension = typed.or_else(|| kept.get(&account).cloned()).unwrap_or_default();
            Some(Person { account, name: [s.title.as_str(), s.name.as_str()].join(" ").trim().to_owned(), position: s.position, extension })
        })
        .collect();
    Ok(Page {
        shell: ctx.shell("Cài đặt tổng đài", &[("F8", "Lưu"), ("Esc", "Về tổng đài")]),
        address: format!("{}/hook/telephone/{}", ctx.app.config.public_url, ctx.signed_in.facility_code),
        pbx_url: form.map(|f| f.pbx_url.clone()).or(line.as_ref().map(|l| l.pbx_url.clone())).unwrap_or_default(),
        line,
        new_key,
        people,
        problems,
    })
}

/// `GET /app/care-desk/settings`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(load(&ctx, &mut tx, None, String::new(), Problems::none()).await?)
}

/// `POST /app/care-desk/settings`: the address and the apparatus.
pub async fn save(ctx: Ctx, Form(form): Form<SettingsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let checked = check(&ctx, &mut tx, &form).await?;
    let extensions = match checked {
        Ok(extensions) => extensions,
        Err(problems) => return web::refused(load(&ctx, &mut tx, Some(&form), String::new(), problems).await?),
    };
    line::set_extensions(&mut tx, &extensions).await?;
    if line::find(&mut tx).await?.is_some() {
        line::set_address(&mut tx, form.pbx_url.trim()).await?;
    }
    tx.commit().await?;
    web::redirect("/app/care-desk/settings")
}

/// `POST /app/care-desk/settings/key`: a new key, shown once; the old one stops at once.
pub async fn new_key(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let key = hex::encode(rand::random::<[u8; 24]>());
    let address = line::find(&mut tx).await?.map(|l| l.pbx_url).unwrap_or_default();
    line::keep(&mut tx, &address, Some(&key)).await?;
    let page = load(&ctx, &mut tx, None, key, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn check(ctx: &Ctx, tx: &mut Tx, form: &SettingsForm) -> Result<Result<Vec<(Uuid, String)>, Problems>, Failure> {
    let mut problems = Problems::none();
    let address = form.pbx_url.trim();
    if !address.is_empty() && let Err(problem) = may_post_to(address, ctx.app.config.sandbox) {
        problems.0.push(problem);
    }
    problems.add_if(!address.is_empty() && line::find(tx).await?.is_none(), "pbx_url", "Tạo khóa trước, rồi mới ghi địa chỉ tổng đài.");
    let own: BTreeSet<Uuid> = practitioner::store::list_staff(tx).await?.into_iter().filter_map(|s| s.account_id).collect();
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (field, extension) in &form.more {
        let Some(account) = field.strip_prefix("ext.").and_then(|id| id.parse::<Uuid>().ok()).filter(|id| own.contains(id)) else { continue };
        let extension = extension.trim().to_owned();
        if extension.is_empty() {
            continue;
        }
        problems.add_if(!(2..=8).contains(&extension.len()) || !extension.bytes().all(|b| b.is_ascii_digit()), field.clone(), "Số máy nhánh có 2 đến 8 chữ số.");
        problems.add_if(!seen.insert(extension.clone()), field.clone(), format!("Máy nhánh {extension} đã giao cho người khác."));
        all.push((account, extension));
    }
    Ok(problems.or(all))
}

/// Whether wishes to dial may be posted there: never to this machine or its own network, except in a demonstration.
fn may_post_to(address: &str, is_sandbox: bool) -> Result<(), Problem> {
    let problem = |text: &'static str| Err(Problem::at("pbx_url", text));
    let Ok(url) = address.parse::<http::Uri>() else { return problem("Địa chỉ không đúng dạng. Ví dụ https://tongdai.vn/goi.") };
    let host = url.host().unwrap_or("").trim_matches(['[', ']']).to_ascii_lowercase();
    if host.is_empty() || !["http", "https"].contains(&url.scheme_str().unwrap_or("")) || address.chars().count() > 300 || address.contains('@') {
        return problem("Địa chỉ không đúng dạng. Ví dụ https://tongdai.vn/goi.");
    }
    if is_sandbox {
        return Ok(());
    }
    if url.scheme_str() != Some("https") {
        return problem("Địa chỉ tổng đài phải bắt đầu bằng https://.");
    }
    // A name may still lead anywhere, a bare number or a local name never leads to a telephone system.
    if host.parse::<std::net::IpAddr>().is_ok() || host.ends_with("localhost") || host.ends_with(".local") || host.ends_with(".internal") || !host.contains('.') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return problem("Ghi tên miền của tổng đài, không ghi địa chỉ máy nội bộ.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_go_to_telephone_systems_only() {
        assert!(may_post_to("https://tongdai.vn/goi", false).is_ok());
        assert!(may_post_to("http://127.0.0.1:8090/telephone/dial", true).is_ok());
        for bad in ["http://tongdai.vn", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://2130706433/", "https://localhost/", "https://a@b.vn/", "ftp://tongdai.vn", "tongdai"] {
            assert!(may_post_to(bad, false).is_err(), "{bad}");
        }
    }
}
