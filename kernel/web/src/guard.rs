//! The guard in front of every handler: who is it, may they, did the facility buy it, does the form come from us.

use crate::app::App;
use crate::csrf;
use crate::ctx::{Ctx, Inside};
use crate::failure::Failure;
use crate::idempotency;
use crate::module::{Access, RouteMeta};
use crate::session::{COOKIE, Credential, LANG_COOKIE, Lang, SignedIn};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::Via;
use chrono::TimeDelta;
use http::{HeaderMap, Method, header};
use std::sync::Arc;

/// How long a typed password stands for dangerous acts.
pub const PROOF_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A cookie of the request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    })
}

/// The language chosen on this browser.
pub fn lang_of(headers: &HeaderMap) -> Lang {
    if cookie(headers, LANG_COOKIE) == Some("en") { Lang::En } else { Lang::Vi }
}

/// Runs before the handler of the route that `meta` describes.
pub(crate) async fn guard(State((app, meta)): State<(App, Arc<RouteMeta>)>, request: Request, next: Next) -> Response {
    match admit(&app, &meta, request).await {
        Ok(Admitted::Go(request)) => next.run(request).await,
        Ok(Admitted::Once(request, ctx)) => idempotency::run_once(&ctx, request, next).await,
        Err(failure) => failure.into_response(),
    }
}

enum Admitted {
    Go(Request),
    /// A creating API call with an `Idempotency-Key`.
    Once(Request, Ctx),
}

async fn admit(app: &App, meta: &RouteMeta, request: Request) -> Result<Admitted, Failure> {
    let (mut parts, body) = request.into_parts();
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let by_cookie = cookie(&parts.headers, COOKIE);
    let credential = match (bearer, by_cookie) {
        (Some(token), _) => Some(Credential::Bearer(token)),
        (None, Some(token)) => Some(Credential::Cookie(token)),
        (None, None) => None,
    };
    let now = app.clock.now();
    let signed_in = match credential {
        Some(credential) => app.wiring.authenticator.who(credential, now).await?,
        None => None,
    };
    let Some(signed_in) = signed_in else {
        return match meta.access {
            Access::Public => Ok(Admitted::Go(Request::from_parts(parts, body))),
            _ => Err(Failure::SignInNeeded),
        };
    };
    let mut body = body;
    if signed_in.actor.via == Via::Web && meta.access != Access::Public {
        body = prove_origin(app, &parts.method, &parts.headers, &signed_in, body).await?;
    }
    check_access(meta, &signed_in)?;
    if meta.fresh && now - signed_in.proved_at > PROOF_LASTS {
        return Err(Failure::ProofNeeded);
    }
    let idempotency_key = idempotency::key(&parts.headers)?;
    let once = idempotency_key.is_some() && parts.method == Method::POST && meta.path.starts_with("/api/");
    let ctx = Ctx(Arc::new(Inside {
        app: app.clone(),
        actor: signed_in.actor.clone(),
        signed_in,
        clock: app.clock.clone(),
        now,
        lang: lang_of(&parts.headers),
        path: parts.uri.path_and_query().map(|p| p.to_string()).unwrap_or_default(),
        idempotency_key,
        htmx: parts.headers.contains_key("hx-request"),
        shared: Default::default(),
    }));
    parts.extensions.insert(ctx.clone());
    let request = Request::from_parts(parts, body);
    Ok(if once { Admitted::Once(request, ctx) } else { Admitted::Go(request) })
}

/// Right, package and subscription; the same rule decides for web, API and every later door.
pub fn check_access(meta: &RouteMeta, signed_in: &SignedIn) -> Result<(), Failure> {
    if let Access::Right(right) = meta.access
        && !signed_in.actor.may(right)
    {
        return Err(Failure::Forbidden(
            "Tài khoản này chưa được phân quyền cho thao tác vừa chọn. Người quản trị của cơ sở có thể cấp thêm.".into(),
        ));
    }
    if let Some(feature) = meta.feature
        && !signed_in.features.contains(feature)
    {
        return Err(Failure::FeatureNotInPackage(feature));
    }
    if let Some(duties) = &signed_in.standing.read_only {
        let reads = meta.method == Method::GET || meta.access == Access::Public;
        let is_duty = meta.feature.is_some_and(|feature| duties.contains(feature));
        if !reads && !meta.stays_open && !is_duty {
            return Err(Failure::SubscriptionReadOnly);
        }
    }
    Ok(())
}

async fn prove_origin(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    signed_in: &SignedIn,
    body: Body,
) -> Result<Body, Failure> {
    match csrf::origin(method, headers) {
        csrf::Origin::Ours => return Ok(body),
        csrf::Origin::Foreign => return Err(Failure::ForeignForm),
        csrf::Origin::Unknown => {}
    }
    let expected = csrf::token(&app.config.secret, signed_in.session);
    if let Some(given) = headers.get("x-csrf-token").and_then(|v| v.to_str().ok()) {
        return if csrf::matches(&expected, given) { Ok(body) } else { Err(Failure::ForeignForm) };
    }
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Failure::ForeignForm);
    }
    let bytes = axum::body::to_bytes(body, crate::module::BODY_LIMIT).await.map_err(|_| Failure::TooLarge)?;
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(&bytes).unwrap_or_default();
    let given = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
    if given.is_some_and(|given| csrf::matches(&expected, given)) {
        Ok(Body::from(bytes))
    } else {
        Err(Failure::ForeignForm)
    }
}
