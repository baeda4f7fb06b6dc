//! My keys, the seal of the house, and who leads which ward.

use crate::sign::key::{self, Kept};
use crate::sign::store::keys::{self, KeyRow, NewKey};
use askama::Template;
use base::sign::Certificate;
use base::{Problem, Problems};
use chrono::{DateTime, Utc};
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Multipart, Path, Shell};

/// A token or a trust provider that whoever runs the machine connected. People choose one by name; nobody types a path
/// or an address, which the server would follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    pub name: String,
    /// The library of a token, the address of a provider.
    pub at: String,
    /// The token's label, the provider's word for us.
    pub more: String,
}

/// `Tên|/usr/lib/…so|nhãn;Tên khác|…` as the environment names them.
fn connected(text: &str) -> Vec<Connected> {
    text.split(';')
        .filter_map(|one| {
            let mut parts = one.split('|').map(|part| part.trim().to_owned());
            let (name, at) = (parts.next()?, parts.next()?);
            (!name.is_empty() && !at.is_empty()).then(|| Connected { name, at, more: parts.next().unwrap_or_default() })
        })
        .collect()
}

/// Tokens and HSMs of this machine (`YBA_PKCS11`).
pub fn tokens() -> Vec<Connected> {
    connected(&std::env::var("YBA_PKCS11").unwrap_or_default())
}

/// Trust providers that sign from afar (`YBA_CSC`); the stand-in of a demonstration.
pub fn providers(ctx: &Ctx) -> Vec<Connected> {
    let named = connected(&std::env::var("YBA_CSC").unwrap_or_default());
    if named.is_empty() && ctx.app.config.sandbox {
        let sandbox = std::env::var("YBA_SANDBOX_URL").unwrap_or_else(|_| "http://127.0.0.1:8090".into());
        return vec![Connected { name: "Ký từ xa (CA giả lập)".into(), at: format!("{sandbox}/trust/csc/v2"), more: "yba-remote".into() }];
    }
    named
}

#[derive(Template)]
#[template(path = "sign-keys.html")]
struct KeysPage {
    shell: Shell,
    mine: Vec<KeyRow>,
    seal: Option<KeyRow>,
    tokens: Vec<(String, String)>,
    providers: Vec<(String, String)>,
    heads: Vec<(Uuid, String, Option<Uuid>, Option<String>)>,
    candidates: Vec<(String, String)>,
    may_seal: bool,
    may_head: bool,
    id: Uuid,
    name: String,
    typed: HashMap<String, String>,
    now: DateTime<Utc>,
    sandbox: bool,
    problems: Problems,
}

impl KeysPage {
    async fn load(ctx: &Ctx, tx: &mut Tx) -> Result<KeysPage, Failure> {
        let may_head = ctx.may("record.accept");
        let named = |all: Vec<Connected>| all.into_iter().map(|c| (c.name.clone(), c.name)).collect();
        Ok(KeysPage {
            shell: ctx.shell("Khóa ký", &[("F8", "Đăng ký khóa"), ("Esc", "Về khay ký")]),
            mine: keys::list_mine(tx).await?,
            seal: keys::find_seal(tx).await?,
            tokens: named(tokens()),
            providers: named(providers(ctx)),
            heads: if may_head { keys::list_heads(tx).await? } else { Vec::new() },
            candidates: if may_head { keys::list_head_candidates(tx).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect() } else { Vec::new() },
            may_seal: may_seal(ctx),
            may_head,
            id: Uuid::now_v7(),
            name: keys::signer(tx).await?.name,
            typed: HashMap::new(),
            now: ctx.now,
            sandbox: ctx.app.config.sandbox,
            problems: Problems::none(),
        })
    }
    fn day(&self, at: &DateTime<Utc>) -> String {
        base::show_date(base::local_date(*at))
    }
    fn of(&self, field: &str) -> &str {
        self.typed.get(field).map_or("", String::as_str)
    }
    fn ways(&self) -> Vec<(String, String)> {
        let mut ways = vec![("pkcs12".to_owned(), "Tệp .p12".to_owned())];
        if !self.tokens.is_empty() {
            ways.push(("token".into(), "Token, HSM".into()));
        }
        if !self.providers.is_empty() {
            ways.push(("remote".into(), "Ký từ xa".into()));
        }
        ways
    }
    fn way(&self) -> &str {
        if self.of("way").is_empty() { "pkcs12" } else { self.of("way") }
    }
    fn days_left(&self, key: &KeyRow) -> i64 {
        (key.not_after - self.now).num_days()
    }
    fn leads(&self, id: &Option<Uuid>) -> String {
        id.map(|id| id.to_string()).unwrap_or_default()
    }
}

fn may_seal(ctx: &Ctx) -> bool {
    ctx.actor.has_role("director") || ctx.actor.has_role("admin")
}

/// `GET /app/sign/keys`
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(KeysPage::load(&ctx, &mut tx).await?)
}

/// `POST /app/sign/keys`: opens the key once, reads its certificate, and keeps the key when it is this person's.
pub async fn register(ctx: Ctx, parts: Multipart) -> Answer {
    let (typed, file) = read(parts).await?;
    match keep(&ctx, &typed, &file).await {
        Ok(()) => web::redirect("/app/sign/keys"),
        Err(Failure::Refused(problems)) => {
            let mut tx = ctx.begin().await?;
            let page = KeysPage::load(&ctx, &mut tx).await?;
            web::refused(KeysPage { typed, problems, ..page })
        }
        Err(other) => Err(other),
    }
}

async fn read(mut parts: Multipart) -> Result<(HashMap<String, String>, Vec<u8>), Failure> {
    let broken = |_| Failure::BadRequest("Tệp gửi lên bị đứt giữa chừng. Gửi lại.".into());
    let (mut typed, mut file) = (HashMap::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or("").to_owned();
        if name == "file" {
            file = part.bytes().await.map_err(broken)?.to_vec();
        } else {
            typed.insert(name, part.text().await.map_err(broken)?.chars().take(300).collect());
        }
    }
    Ok((typed, file))
}

/// The key that was described, not yet opened.
fn described(ctx: &Ctx, typed: &HashMap<String, String>, file: &[u8]) -> Result<Kept, Problems> {
    let of = |field: &str| typed.get(field).map_or("", |t| t.trim());
    let find = |all: Vec<Connected>, name: &str| all.into_iter().find(|c| c.name == name);
    match of("way") {
        "token" => {
            let token = find(tokens(), of("token")).ok_or_else(|| Problems::from(Problem::at("token", "Chọn thiết bị ký.")))?;
            if of("label").is_empty() {
                return Err(Problem::at("label", "Nhập nhãn của khóa trong thiết bị.").into());
            }
            Ok(Kept::Token { library: token.at, token: token.more, label: of("label").into(), pin: String::new() })
        }
        "remote" => {
            let provider = find(providers(ctx), of("provider")).ok_or_else(|| Problems::from(Problem::at("provider", "Chọn nhà cung cấp ký từ xa.")))?;
            if of("credential").is_empty() {
                return Err(Problem::at("credential", "Nhập mã chứng thư do nhà cung cấp cấp (credential ID).").into());
            }
            Ok(Kept::Remote { address: provider.at, credential: of("credential").into(), client_token: provider.more, pin: String::new() })
        }
        _ if file.is_empty() => Err(Problem::at("file", "Chọn tệp khóa .p12 hoặc .pfx.").into()),
        _ if file.len() > 64 * 1024 => Err(Problem::at("file", "Tệp lớn hơn 64 kB nên không phải tệp khóa.").into()),
        _ => Ok(Kept::pkcs12(file)),
    }
}

async fn keep(ctx: &Ctx, typed: &HashMap<String, String>, file: &[u8]) -> Result<(), Failure> {
    let of = |field: &str| typed.get(field).map_or("", String::as_str);
    let is_seal = of("purpose") == "seal";
    if is_seal && !may_seal(ctx) {
        return Err(Failure::Forbidden("Lãnh đạo hoặc quản trị mới đăng ký được con dấu của cơ sở.".into()));
    }
    let id: Uuid = of("id").parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    let kept = described(ctx, typed, file)?;
    let opened = kept.open(of("pin"), of("otp").trim()).ok_or_else(|| anyhow::anyhow!("a desk key is not registered here"))?;
    let certificate = ctx.app.signing().certificate(&opened).await.map_err(|fault| {
        let field = if fault == base::sign::SignFault::WrongPin { "pin" } else { "file" };
        Failure::from(Problem::at(field, fault.to_string()))
    })?;
    let mut tx = ctx.begin().await?;
    let practitioner = if is_seal { None } else { Some(own(ctx, &mut tx, &certificate).await?) };
    if is_seal {
        key::seals(&certificate, ctx.now).or(())?;
    }
    // Only the seal keeps its PIN, and only when asked: it is set at the bedside, where its keeper is not.
    let kept = if is_seal && of("keep_pin") == "1" { kept.with_pin(of("pin")) } else { kept };
    store(ctx, &mut tx, id, if is_seal { "seal" } else { "person" }, practitioner, &kept, &certificate).await?;
    tx.commit().await?;
    Ok(())
}

/// Whose certificate it is: the actor's own, by name and personal number, or nobody's.
async fn own(ctx: &Ctx, tx: &mut Tx, certificate: &Certificate) -> Result<Uuid, Failure> {
    let signer = keys::signer(tx).await?;
    let Some(practitioner) = signer.practitioner else {
        return Err(Problem::of("Tài khoản này không gắn với một nhân viên nên không có khóa ký riêng.").into());
    };
    let known = keys::personal_id(tx, practitioner).await?;
    key::belongs(certificate, &signer.name, known.as_deref(), ctx.now).or(())?;
    let learnt = keys::learn_personal_id(tx, practitioner, certificate.holder_id.as_deref().unwrap_or("")).await?;
    if !learnt {
        return Err(Problem::at("file", "Số định danh trong chứng thư đã gắn với nhân viên khác.").into());
    }
    Ok(practitioner)
}

/// Seals the key under its row's id and keeps it.
pub async fn store(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Uuid,
    purpose: &str,
    practitioner: Option<Uuid>,
    kept: &Kept,
    certificate: &Certificate,
) -> Result<(), Failure> {
    let sealed = key::seal(&ctx.app.config.secret, id, kept)?;
    let new = NewKey { id, purpose, kind: kept.kind(), practitioner, sealed: &sealed, certificate };
    if keys::insert(tx, &new).await? {
        tx.audit("register", "record_key", id, None, json!({ "purpose": purpose, "kind": kept.kind(), "serial": certificate.serial }));
    }
    Ok(())
}

/// `POST /app/sign/keys/{key}/end`
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !keys::end(&mut tx, id, may_seal(&ctx)).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end", "record_key", id, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/sign/keys")
}

#[derive(Deserialize)]
pub struct HeadForm {
    #[serde(default)]
    practitioner: String,
}

/// `POST /app/sign/heads/{room}`: who signs as head of this ward.
pub async fn name_head(ctx: Ctx, Path(room): Path<Uuid>, Form(form): Form<HeadForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    keys::set_head(&mut tx, room, form.practitioner.parse().ok()).await?;
    tx.audit("name", "record_head", room, None, json!({ "practitioner": form.practitioner }));
    tx.commit().await?;
    web::redirect("/app/sign/keys")
}

#[cfg(test)]
mod tests {
    use super::connected;

    #[test]
    fn what_the_environment_connects() {
        assert!(connected("").is_empty() && connected("chỉ tên").is_empty());
        let two = connected("HSM chính|/usr/lib/softhsm.so|yba; Token|/opt/t.so");
        assert_eq!((two.len(), two[0].more.as_str(), two[1].name.as_str()), (2, "yba", "Token"));
    }
}
