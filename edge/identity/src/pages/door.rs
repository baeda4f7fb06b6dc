//! The door: to the provider, and back with its word.

use crate::provider::{self, Agreement, Person, Trouble};
use crate::{seal, store};
use askama::Template;
use base::{AccountId, Actor, FacilityId};
use db::Scope;
use http::{HeaderMap, HeaderValue, header};
use practitioner::store::Account;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use web::{Answer, Failure, Path, Query, Response, Visitor};

/// Ties an attempt to the browser that began it.
const BROWSER_COOKIE: &str = "yba_sso";

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    lang: &'static str,
    problem: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Next {
    next: String,
}

/// What the provider sends the browser back with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Back {
    code: String,
    state: String,
    error: String,
}

/// An own page that says what went wrong and leads back to the sign-in.
pub(crate) fn trouble(visitor: &Visitor, problem: impl ToString) -> Answer {
    let lang = if visitor.lang == web::Lang::En { "en" } else { "vi" };
    web::refused(TroublePage { lang, problem: problem.to_string() })
}

pub(crate) fn return_address(visitor: &Visitor) -> String {
    format!("{}/sign-in/sso/return", visitor.app.config.public_url.trim_end_matches('/'))
}

/// Unguessable, and short enough for a cookie.
pub(crate) fn random_token() -> Result<String, Failure> {
    use base64::Engine;
    let mut bytes = [0u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Failure::Fault(anyhow::anyhow!("no randomness")))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Sends the browser to the facility's provider. 404 where there is no active one.
pub async fn begin(visitor: Visitor, Path(code): Path<String>, Query(q): Query<Next>) -> Answer {
    let facility = store::find_facility(visitor.begin_for("sign-in").await?.conn(), &code).await?.ok_or(Failure::NotFound)?;
    let mut tx = visitor.begin_at(facility).await?;
    let settings = store::find_provider(&mut tx).await?.filter(|p| p.is_active).ok_or(Failure::NotFound)?;
    // Nobody waits in a transaction for another house.
    tx.commit().await?;
    let agreement = Agreement { issuer: &settings.issuer, client_id: &settings.client_id, client_secret: "", return_to: &return_address(&visitor) };
    let begun = match provider::begin(&agreement).await {
        Ok(begun) => begun,
        Err(problem) => return trouble(&visitor, problem),
    };
    let browser = random_token()?;
    let mut tx = visitor.begin_at(facility).await?;
    let attempt = store::NewAttempt {
        state_hash: &hash(&begun.state),
        browser_hash: &hash(&browser),
        nonce: &begun.nonce,
        verifier: &begun.verifier,
        next: practitioner::sign_in::safe_next(&q.next),
    };
    store::begin_attempt(&mut tx, &attempt).await?;
    tx.commit().await?;
    let mut response = web::redirect(&begun.url)?;
    set_cookie(&visitor, &mut response, &browser, 600)?;
    Ok(response)
}

/// Takes the provider's word and opens a session. Refuses an attempt that was not begun here, a second use, and a person
/// who has no account.
pub async fn back(visitor: Visitor, headers: HeaderMap, Query(back): Query<Back>) -> Answer {
    let browser = web::guard::cookie(&headers, BROWSER_COOKIE).unwrap_or_default();
    let mut tx = visitor.begin_for("sign-in").await?;
    let attempt = store::use_attempt(tx.conn(), &hash(&back.state), &hash(browser), visitor.now).await?;
    tx.commit().await?;
    let Some(attempt) = attempt else {
        return trouble(&visitor, "Lượt đăng nhập này đã dùng, đã quá mười phút, hoặc bắt đầu từ máy khác. Bắt đầu lại từ trang đăng nhập.");
    };
    if !back.error.is_empty() || back.code.is_empty() {
        return trouble(&visitor, Trouble::Refused);
    }
    let facility = FacilityId(attempt.facility_id);
    let mut tx = visitor.begin_at(facility).await?;
    let settings = store::find_provider(&mut tx).await?.filter(|p| p.is_active).ok_or(Failure::NotFound)?;
    tx.commit().await?;
    let secret = seal::open(&visitor.app.config.secret, facility, &settings.client_secret)?;
    let agreement = Agreement { issuer: &settings.issuer, client_id: &settings.client_id, client_secret: &secret, return_to: &return_address(&visitor) };
    let person = match provider::come_back(&agreement, &back.code, &attempt.nonce, &attempt.verifier, visitor.now).await {
        Ok(person) => person,
        Err(problem) => return trouble(&visitor, problem),
    };
    let Some(account) = account_of(&visitor, facility, &settings.claim, &person).await? else {
        return trouble(&visitor, "Bệnh viện đã xác nhận bạn, nhưng ở đây chưa có tài khoản tương ứng đang mở. Nhờ người quản trị tạo hoặc mở tài khoản.");
    };
    let bye = random_token()?;
    let (mut response, session) =
        practitioner::pages::sign_in::let_in_by_other_door(&visitor, &account, &attempt.next, &format!("/sign-in/sso/bye/{bye}")).await?;
    let mut tx = visitor.begin_at(facility).await?;
    let noted = store::NewSession { session, issuer: &person.issuer, subject: &person.subject, sid: &person.sid, id_token: &person.id_token, bye_hash: &hash(&bye) };
    store::note_session(&mut tx, &noted).await?;
    tx.audit("sso", "session", session, None, serde_json::json!({ "issuer": person.issuer, "subject": person.subject }));
    tx.commit().await?;
    set_cookie(&visitor, &mut response, "", 0)?;
    Ok(response)
}

/// The account of a person: the one bound before, otherwise the one that the agreed claim names, which is bound now.
async fn account_of(visitor: &Visitor, facility: FacilityId, claim: &str, person: &Person) -> Result<Option<Account>, Failure> {
    let mut tx = visitor.app.db.begin(Scope::FacilityFor(facility, "sign-in"), Actor::system(facility), visitor.now).await?;
    if let Some(bound) = store::find_bound(&mut tx, &person.issuer, &person.subject).await? {
        return match practitioner::store::get_account(tx.conn(), facility, AccountId(bound)).await {
            Ok(account) => Ok(Some(account)),
            Err(sqlx::Error::RowNotFound) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    let named = if claim == "email" { &person.email } else { &person.username };
    let Some(named) = named.as_ref().map(|n| n.trim().to_lowercase()).filter(|n| !n.is_empty()) else { return Ok(None) };
    let code = store::code_of(tx.conn(), facility).await?;
    for login in logins(&named, &code) {
        let found = practitioner::store::find_account(tx.conn(), &login).await?;
        if let Some(account) = found.filter(|a| a.facility_id == facility.0 && a.kind == "staff") {
            let is_theirs = store::bind(&mut tx, &person.issuer, &person.subject, account.account_id).await?;
            tx.audit("bind", "account", account.account_id, None, serde_json::json!({ "issuer": person.issuer, "subject": person.subject }));
            tx.commit().await?;
            return Ok(is_theirs.then_some(account));
        }
    }
    Ok(None)
}

/// The logins that a name over there may stand for: the name itself, and the name with our ending.
fn logins(named: &str, code: &str) -> Vec<String> {
    let local = named.split('@').next().unwrap_or(named);
    vec![named.to_owned(), format!("{local}.{code}")]
}

fn set_cookie(visitor: &Visitor, response: &mut Response, value: &str, seconds: i64) -> Result<(), Failure> {
    let secure = if visitor.app.config.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{BROWSER_COOKIE}={value}; Path=/sign-in/sso; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let value = HeaderValue::from_str(&cookie).map_err(|e| Failure::Fault(e.into()))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_stands_for_a_login_of_its_own_house_only() {
        assert_eq!(super::logins("bacsi", "84001"), ["bacsi", "bacsi.84001"]);
        assert_eq!(super::logins("bacsi.noi@bv.vn", "84001"), ["bacsi.noi@bv.vn", "bacsi.noi.84001"]);
    }
}
