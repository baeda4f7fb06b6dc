//! With whom records are exchanged: houses on other servers by their certificate, and the group of satellites.

use crate::store::partners::{self, Member, Neighbour, Partner};
use askama::Template;
use base::{Problem, Problems};
use base64::Engine;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartnerForm {
    id: String,
    code: String,
    name: String,
    address: String,
    certificate: String,
}

#[derive(Template)]
#[template(path = "sharing_partners.html")]
struct Page {
    shell: Shell,
    partners: Vec<Partner>,
    group: Vec<Member>,
    neighbours: Vec<Neighbour>,
    /// The certificate that partners are given; empty where this server answers no other one.
    ours: String,
    form: PartnerForm,
    problems: Problems,
}

impl Page {
    async fn load(ctx: &Ctx, form: PartnerForm, problems: Problems) -> Result<Page, Failure> {
        let mut tx = ctx.begin().await?;
        Ok(Page {
            shell: ctx.shell("Cơ sở liên thông", &[("F8", "Lưu")]),
            partners: partners::list_on(&mut tx, ctx.today()).await?,
            group: partners::list_group(&mut tx, ctx.today()).await?,
            neighbours: partners::list_neighbours(&mut tx).await?,
            ours: std::fs::read_to_string(ctx.app.config.data_dir.join("link/certificate.pem")).unwrap_or_default(),
            form: PartnerForm { id: Uuid::now_v7().to_string(), ..form },
            problems,
        })
    }
    fn short<'a>(&self, fingerprint: &'a str) -> &'a str {
        fingerprint.get(..16).unwrap_or(fingerprint)
    }
    /// Houses that are not in the group yet.
    fn outside(&self) -> Vec<(String, String)> {
        let known = |code: &str| self.group.iter().any(|m| m.code == code);
        let here = self.neighbours.iter().map(|n| (n.code.clone(), n.name.clone()));
        let abroad = self.partners.iter().map(|p| (p.code.clone(), p.name.clone()));
        here.chain(abroad).filter(|(code, _)| !known(code)).map(|(code, name)| (code.clone(), format!("{code} · {name}"))).collect()
    }
}

/// `GET /app/sharing/partners`.
pub async fn list(ctx: Ctx) -> Answer {
    web::html(Page::load(&ctx, PartnerForm::default(), Problems::none()).await?)
}

/// SHA-256 of the certificate in a PEM text, hexadecimal; refuses what is no certificate.
pub fn fingerprint(pem: &str) -> Result<String, Problem> {
    let wrong = || Problem::at("certificate", "Dán chứng thư của cơ sở bạn, bắt đầu bằng -----BEGIN CERTIFICATE-----.");
    let body = pem
        .split_once("-----BEGIN CERTIFICATE-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"))
        .map(|(body, _)| body.split_whitespace().collect::<String>())
        .ok_or_else(wrong)?;
    let der = base64::engine::general_purpose::STANDARD.decode(body).map_err(|_| wrong())?;
    // A certificate is an ASN.1 SEQUENCE of some length; the TLS layer reads the rest.
    if der.len() < 200 || der[0] != 0x30 {
        return Err(wrong());
    }
    Ok(hex::encode(Sha256::digest(&der)))
}

/// `POST /app/sharing/partners`.
pub async fn keep(ctx: Ctx, Form(form): Form<PartnerForm>) -> Answer {
    let mut problems = Problems::none();
    let code = form.code.trim().to_uppercase();
    let (name, address) = (base::tidy_name(&form.name), form.address.trim().trim_end_matches('/').to_owned());
    problems.add_if(code.len() != 5 || !code.bytes().all(|b| b.is_ascii_alphanumeric()), "code", "Mã cơ sở có 5 ký tự.");
    problems.add_if(name.is_empty() || name.chars().count() > 200, "name", "Ghi tên cơ sở.");
    problems.add_if(!address.starts_with("https://") || address.len() > 200 || address.contains(char::is_whitespace), "address", "Địa chỉ bắt đầu bằng https:// và không có dấu cách.");
    let fingerprint = fingerprint(&form.certificate).map_err(|p| problems.add(p.field, p.text)).ok();
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Tải lại trang.".into()))?;
    let Some(fingerprint) = fingerprint.filter(|_| problems.is_empty()) else { return web::refused(Page::load(&ctx, form, problems).await?) };
    let mut tx = ctx.begin().await?;
    let partner = Partner { partner_id: id, code, name, address, certificate: form.certificate, fingerprint, active_from: ctx.today(), active_to: None };
    partners::keep(&mut tx, &partner).await?;
    tx.commit().await?;
    web::redirect("/app/sharing/partners")
}

/// `POST /app/sharing/partners/{id}/end`.
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    partners::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let yesterday = ctx.today().pred_opt().unwrap_or(ctx.today());
    partners::end(&mut tx, id, yesterday).await?;
    tx.commit().await?;
    web::redirect("/app/sharing/partners")
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MemberForm {
    member: String,
}

/// `POST /app/sharing/group`: a house joins the group of satellites.
pub async fn join(ctx: Ctx, Form(form): Form<MemberForm>) -> Answer {
    let page = Page::load(&ctx, PartnerForm::default(), Problems::none()).await?;
    let Some((code, _)) = page.outside().into_iter().find(|(code, _)| *code == form.member) else {
        return web::refused(Page { problems: Problem::at("member", "Chọn cơ sở trong danh sách.").into(), ..page });
    };
    let name = page.neighbours.iter().find(|n| n.code == code).map(|n| n.name.clone());
    let name = name.or_else(|| page.partners.iter().find(|p| p.code == code).map(|p| p.name.clone())).unwrap_or_default();
    let mut tx = ctx.begin().await?;
    partners::join_group(&mut tx, &code, &name, ctx.today()).await?;
    tx.commit().await?;
    web::redirect("/app/sharing/partners")
}

/// `POST /app/sharing/group/end`: a house leaves it.
pub async fn leave(ctx: Ctx, Form(form): Form<MemberForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !partners::leave_group(&mut tx, &form.member, ctx.today()).await? {
        return Err(Failure::NotFound);
    }
    tx.commit().await?;
    web::redirect("/app/sharing/partners")
}
