//! Proving a phone without booking: for the own list, and for whoever wants to be told of a free place.

use super::{find_house, lang, ours, tail, with_visit};
use crate::{proof, store};
use askama::Template;
use base::{FacilityId, Problem, Problems};
use http::HeaderMap;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, IntoResponse, Query, Visitor};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct EnterForm {
    phone: String,
    code: String,
    /// Where to go on, and the house in whose name the code is sent.
    next: String,
    house: String,
}

#[derive(Template)]
#[template(path = "portal_enter.html")]
struct EnterPage {
    lang: &'static str,
    form: EnterForm,
    is_sent: bool,
    problems: Problems,
    sandbox: bool,
}

impl EnterPage {
    fn tail(&self) -> String {
        scheduling::read_phone(&self.form.phone).map(|p| tail(&p)).unwrap_or_default()
    }
}

fn page(visitor: &Visitor, form: EnterForm, is_sent: bool, problems: Problems) -> EnterPage {
    EnterPage { lang: lang(visitor), form, is_sent, problems, sandbox: visitor.app.config.sandbox }
}

/// `GET /me/enter`.
pub async fn show(visitor: Visitor, Query(form): Query<EnterForm>) -> Answer {
    web::html(page(&visitor, EnterForm { phone: String::new(), code: String::new(), ..form }, false, Problems::none()))
}

/// The house that sends: the one whose page led here, otherwise the first.
async fn sender(visitor: &Visitor, code: &str) -> Result<FacilityId, Failure> {
    if !code.is_empty() {
        return find_house(visitor, code).await;
    }
    let all = store::houses(&visitor.app.db).await?;
    all.iter().map(|h| FacilityId(h.facility_id)).find(|f| f.0 > 0).ok_or(Failure::NotFound)
}

/// `POST /me/code`: the same answer whoever the phone belongs to.
pub async fn send(visitor: Visitor, headers: HeaderMap, Form(form): Form<EnterForm>) -> Answer {
    ours(&headers)?;
    let Some(phone) = scheduling::read_phone(&form.phone) else {
        let problem = Problem::at("phone", scheduling::who::phone_problem(&form.phone));
        return web::refused(page(&visitor, form, false, problem.into()));
    };
    let mut tx = visitor.begin_at(sender(&visitor, &form.house).await?).await?;
    match super::booking::send_code(&visitor, &mut tx, &phone, None).await {
        Ok(()) => {
            tx.commit().await?;
            web::html(page(&visitor, form, true, Problems::none()))
        }
        Err(problem) => {
            let is_sent = problem.field == "code";
            web::refused(page(&visitor, form, is_sent, problem.into()))
        }
    }
}

/// `POST /me/proof`: the six digits; right, and this browser is remembered.
pub async fn prove(visitor: Visitor, headers: HeaderMap, Form(form): Form<EnterForm>) -> Answer {
    ours(&headers)?;
    let phone = scheduling::read_phone(&form.phone).unwrap_or_default();
    let mut tx = visitor.begin_for("portal").await?;
    let kept = store::lock_code(&mut tx, &phone).await?;
    if let Err((problem, counts)) = proof::judge(kept.as_ref(), &visitor.app.config.secret, &phone, &form.code, visitor.now) {
        if counts {
            store::count_guess(&mut tx, &phone).await?;
            tx.commit().await?;
        }
        return web::refused(page(&visitor, form, true, problem.into()));
    }
    let visit = Uuid::new_v4();
    store::spend_code(&mut tx, &phone).await?;
    store::begin_visit(&mut tx, visit, &phone, &visitor.user_agent).await?;
    tx.commit().await?;
    // Nobody is led to a strange place.
    let is_ours = form.next.starts_with("/booking/") && form.next.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-?=".contains(&b));
    let to = web::redirect(if is_ours { form.next.as_str() } else { "/me" })?.into_response();
    with_visit(&visitor, to, Some(visit))
}
