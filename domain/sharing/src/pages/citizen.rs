//! The patient's side, on a phone: who asks, for what, which papers, until when; yes or no; who has looked since. The
//! link comes by SMS; a code to the same phone opens it.

use super::{moment, requests, short};
use crate::holder;
use crate::proof;
use crate::store::consents::{self, Consent, Proposal};
use crate::store::held::{self, Request, Seen};
use crate::store::partners;
use askama::Template;
use base::{FacilityId, Problem, Problems};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Failure, Form, Path, Response, Tx, Visitor};

/// The cookie of a phone that proved itself.
const COOKIE: &str = "yba_consent";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CitizenForm {
    code: String,
    answer: String,
    documents: Vec<Uuid>,
}

#[derive(Template)]
#[template(path = "sharing_citizen.html")]
struct Page {
    lang: &'static str,
    token: String,
    house: String,
    request: Request,
    consent: Consent,
    /// Whether this phone proved itself; without it nothing of the record is named.
    proved: bool,
    seen: Vec<Seen>,
    open: bool,
    problems: Problems,
    sandbox: bool,
}

impl Page {
    fn masked(&self) -> String {
        base::masked_name(&self.request.patient_name)
    }
    fn tail(&self) -> String {
        proof::tail(&self.consent.phone)
    }
    fn until(&self) -> String {
        moment(&self.consent.proposal.valid_until)
    }
    fn day(&self, at: &DateTime<Utc>) -> String {
        base::show_date(base::local_date(*at))
    }
    fn at(&self, at: &DateTime<Utc>) -> String {
        short(at)
    }
    fn code_was_sent(&self) -> bool {
        self.consent.code_hash.is_some()
    }
}

fn ours(headers: &HeaderMap) -> Result<(), Failure> {
    match web::csrf::origin(&http::Method::POST, headers) {
        web::csrf::Origin::Foreign => Err(Failure::ForeignForm),
        _ => Ok(()),
    }
}

/// The question behind a link, locked, in the transaction of the house that asks it. A link that names nothing, or one
/// that is older than a week and was never answered, is not found: nobody learns whether it ever was one.
async fn behind(visitor: &Visitor, token: &str) -> Result<(Tx, Consent, Request), Failure> {
    if token.len() != 48 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Failure::NotFound);
    }
    let mut tx = visitor.begin_for("sharing-link").await?;
    let found: Option<(i32, Uuid)> = sqlx::query_as(db::sql!("SELECT facility_id, consent_id FROM sharing_house_of_link($1)"))
        .bind(proof::link_hash(token))
        .fetch_optional(tx.conn())
        .await?;
    drop(tx);
    let (facility, id) = found.ok_or(Failure::NotFound)?;
    let mut tx = visitor.begin_at(FacilityId(facility)).await?;
    // The request first, as the clerk's side locks: two who act at once wait for each other in one order.
    let request_id: Uuid = sqlx::query_scalar(db::sql!("SELECT request_id FROM sharing_consent WHERE facility_id = $1 AND consent_id = $2"))
        .bind(facility)
        .bind(id)
        .fetch_one(tx.conn())
        .await?;
    let request = held::lock(&mut tx, request_id).await?;
    let consent = consents::lock(&mut tx, id).await?;
    if visitor.now > consent.made_at + proof::LINK && consent.answer.is_empty() {
        return Err(Failure::NotFound);
    }
    Ok((tx, consent, request))
}

async fn page(visitor: &Visitor, headers: &HeaderMap, token: &str, problems: Problems) -> Result<Page, Failure> {
    let (mut tx, consent, request) = behind(visitor, token).await?;
    let proved = proof::visits(&visitor.app.config.secret, &consent, web::guard::cookie(headers, COOKIE), visitor.now);
    let (_, house) = partners::ourselves(&mut tx).await?;
    let seen = if proved { held::list_seen(&mut tx, consent.patient(), 50).await? } else { Vec::new() };
    let open = request.is_open_at(visitor.now);
    if consent.opened_at.is_none() {
        consents::mark_opened(&mut tx, consent.consent_id).await?;
        tx.notify("sharing");
    }
    tx.commit().await?;
    let lang = if visitor.lang == web::Lang::En { "en" } else { "vi" };
    Ok(Page { lang, token: token.to_owned(), house, request, consent, proved, seen, open, problems, sandbox: visitor.app.config.sandbox })
}

/// `GET /consent/{token}`.
pub async fn show(visitor: Visitor, headers: HeaderMap, Path(token): Path<String>) -> Answer {
    private(web::html(page(&visitor, &headers, &token, Problems::none()).await?)?)
}

/// Nobody's search engine, nobody's referrer.
fn private(mut answer: Response) -> Answer {
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(answer)
}

fn back(token: &str) -> Answer {
    web::redirect(format!("/consent/{token}"))
}

/// `POST …/code`: a code to the phone on file.
pub async fn send_code(visitor: Visitor, headers: HeaderMap, Path(token): Path<String>) -> Answer {
    ours(&headers)?;
    let (mut tx, consent, _) = behind(&visitor, &token).await?;
    if let Err(problem) = requests::code_to(&visitor.app, &mut tx, &consent, visitor.now).await? {
        drop(tx);
        return private(web::refused(page(&visitor, &headers, &token, problem.into()).await?)?);
    }
    tx.commit().await?;
    back(&token)
}

/// `POST …/proof`: the code; right, and this phone may see and answer for half an hour.
pub async fn prove(visitor: Visitor, headers: HeaderMap, Path(token): Path<String>, Form(form): Form<CitizenForm>) -> Answer {
    ours(&headers)?;
    let (mut tx, consent, _) = behind(&visitor, &token).await?;
    let secret = &visitor.app.config.secret;
    if let Err((problem, counts)) = proof::judge(&consent, secret, &form.code, visitor.now) {
        if counts {
            consents::count_guess(&mut tx, consent.consent_id).await?;
            tx.commit().await?;
        } else {
            drop(tx);
        }
        return private(web::refused(page(&visitor, &headers, &token, problem.into()).await?)?);
    }
    consents::mark_proved(&mut tx, consent.consent_id).await?;
    tx.audit("prove", "sharing", consent.request_id, Some(consent.patient()), json!({ "phone": proof::tail(&consent.phone) }));
    let proved_at = visitor.now;
    tx.commit().await?;
    let mut answer = back(&token)?;
    let seal = proof::visit_seal(secret, consent.consent_id, proved_at);
    let secure = if visitor.app.config.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={seal}; Path=/consent/{token}; HttpOnly; SameSite=Lax; Max-Age=1800{secure}");
    answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|e| Failure::Fault(e.into()))?);
    Ok(answer)
}

/// The question, for a phone that proved itself; anybody else is asked for the code again.
async fn proved(visitor: &Visitor, headers: &HeaderMap, token: &str) -> Result<(Tx, Consent, Request), Failure> {
    ours(headers)?;
    let (tx, consent, request) = behind(visitor, token).await?;
    if !proof::visits(&visitor.app.config.secret, &consent, web::guard::cookie(headers, COOKIE), visitor.now) {
        return Err(Failure::Forbidden("Cần nhập mã gửi tới điện thoại của bạn trước khi trả lời. Mở lại đường dẫn trong tin nhắn.".into()));
    }
    Ok((tx, consent, request))
}

/// `POST …/answer`: yes to the ticked papers, or no.
pub async fn answer(visitor: Visitor, headers: HeaderMap, Path(token): Path<String>, Form(form): Form<CitizenForm>) -> Answer {
    let (mut tx, consent, request) = proved(&visitor, &headers, &token).await?;
    // The second click of the same answer.
    if !consent.answer.is_empty() {
        return back(&token);
    }
    if form.answer == "no" {
        consents::answer(&mut tx, consent.consent_id, "refused").await?;
        request.status().step(crate::request::Status::Refused)?;
        held::set_status(&mut tx, request.request_id, crate::request::Status::Refused, "Người bệnh không đồng ý.", "Người bệnh").await?;
        tx.audit("refuse", "sharing", request.request_id, Some(consent.patient()), json!({ "by": "patient" }));
        tx.commit().await?;
        return back(&token);
    }
    // Fewer papers than proposed, never others.
    let documents: Vec<_> = consent.proposal.documents.iter().filter(|d| form.documents.contains(&d.document_id)).cloned().collect();
    if form.answer != "yes" || documents.is_empty() {
        drop(tx);
        let problem = Problem::at("documents", "Chọn ít nhất một giấy, hoặc bấm “Không đồng ý”.");
        return private(web::refused(page(&visitor, &headers, &token, problem.into()).await?)?);
    }
    let proposal = Proposal { documents, ..consent.proposal.0.clone() };
    let evidence = json!({ "consent": consent.consent_id, "phone": proof::tail(&consent.phone), "remote": visitor.remote, "user_agent": visitor.user_agent.chars().take(200).collect::<String>() });
    requests::agree(&mut tx, &request, &consent, &proposal, "phone", evidence, "Người bệnh").await?;
    tx.commit().await?;
    back(&token)
}

/// `POST …/revocation`: what was agreed ends now.
pub async fn revoke(visitor: Visitor, headers: HeaderMap, Path(token): Path<String>) -> Answer {
    let (mut tx, consent, request) = proved(&visitor, &headers, &token).await?;
    held::revoke(&mut tx, request.request_id, consent.patient(), "Người bệnh", "Người bệnh thu hồi").await?;
    holder::tell(&mut tx, consent.patient(), &format!("Bạn đã thu hồi quyền xem hồ sơ của {}.", request.asker_name)).await?;
    tx.commit().await?;
    back(&token)
}
