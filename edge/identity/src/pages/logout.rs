//! Signing out of everything: from here to the provider, and from the provider to here.

use crate::pages::door::hash;
use crate::{provider, store};
use askama::Template;
use base::{Actor, FacilityId};
use db::Scope;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use web::{Answer, Failure, Form, Path, Visitor};

#[derive(Template)]
#[template(path = "bye.html")]
struct ByePage {
    lang: &'static str,
    url: String,
}

/// After our own sign-out: a page that goes on to the provider by itself. (A form may not lead to another house, a page
/// may.) Used a second time it leads to the sign-in page.
pub async fn bye(visitor: Visitor, Path(token): Path<String>) -> Answer {
    let mut tx = visitor.begin_for("sign-in").await?;
    let leaving = store::take_leave(tx.conn(), &hash(&token), visitor.now).await?;
    tx.commit().await?;
    let Some(leaving) = leaving else { return web::redirect("/sign-in") };
    let mut tx = visitor.begin_at(FacilityId(leaving.facility_id)).await?;
    let Some(settings) = store::find_provider(&mut tx).await? else { return web::redirect("/sign-in") };
    tx.commit().await?;
    let back_to = format!("{}/sign-in", visitor.app.config.public_url.trim_end_matches('/'));
    let Some(url) = provider::way_out(&settings.issuer, &settings.client_id, &leaving.id_token, &back_to).await else {
        return web::redirect("/sign-in");
    };
    let lang = if visitor.lang == web::Lang::En { "en" } else { "vi" };
    let refresh = HeaderValue::from_str(&format!("0; url={url}")).map_err(|e| Failure::Fault(e.into()))?;
    let mut response = web::html(ByePage { lang, url })?;
    response.headers_mut().insert(header::REFRESH, refresh);
    Ok(response)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Told {
    logout_token: String,
}

/// The provider tells us, from server to server, that somebody signed out there. 400 when its word does not count.
pub async fn back_channel(visitor: Visitor, Path(code): Path<String>, Form(told): Form<Told>) -> Answer {
    let facility = store::find_facility(visitor.begin_for("sign-in").await?.conn(), &code).await?.ok_or(Failure::NotFound)?;
    let mut tx = visitor.begin_at(facility).await?;
    let settings = store::find_provider(&mut tx).await?.ok_or(Failure::NotFound)?;
    tx.commit().await?;
    let gone = match provider::gone(&settings.issuer, &settings.client_id, &told.logout_token, visitor.now).await {
        Ok(gone) => gone,
        Err(problem) => {
            tracing::warn!(%problem, "a word of sign-out did not count");
            return Ok(answer(StatusCode::BAD_REQUEST));
        }
    };
    let mut tx = visitor.app.db.begin(Scope::FacilityFor(facility, "sign-in"), Actor::system(facility), visitor.now).await?;
    let issuer = settings.issuer;
    for session in store::end_of(&mut tx, &issuer, &gone.subject, &gone.sid).await? {
        practitioner::store::end_session(tx.conn(), session, visitor.now).await?;
        tx.audit("sign-out", "session", session, None, serde_json::json!({ "by": issuer }));
    }
    tx.commit().await?;
    Ok(answer(StatusCode::OK))
}

/// In JSON, as the specification of the back channel has it.
fn answer(status: StatusCode) -> web::Response {
    let body = if status == StatusCode::OK { "{}" } else { r#"{"error":"invalid_request"}"# };
    let mut response = web::Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
