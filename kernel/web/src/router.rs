//! Puts the modules together: one router, the guard on every route, and the layers around all of them.

use crate::app::{App, Config, Inner, Wiring};
use crate::failure::{self, Told};
use crate::guard::{guard, lang_of};
use crate::live::{self, Live};
use crate::module::{Access, Module, Panel, RailEntry, Route, RouteMeta, get, put};
use crate::session::Lang;
use crate::{assets, draft, i18n};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base::Clock;
use db::{Db, Listener, Migration};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// The routes every facility has: live changes, drafts.
pub fn own_module() -> Module {
    Module {
        name: "web",
        routes: vec![
            get("/app/live", live_changes).signed_in(),
            get("/app/drafts/{form}", draft::read).signed_in(),
            put("/app/drafts/{form}", draft::keep).signed_in(),
            crate::module::delete("/app/drafts/{form}", draft::discard).signed_in(),
            get("/ping", || async { StatusCode::NO_CONTENT }).public(),
            crate::module::post("/language", choose_language).public(),
        ],
        ..Module::default()
    }
}

#[derive(serde::Deserialize)]
struct Language {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    back: String,
}

/// Keeps the language on this browser for a year and goes back to where the person was.
async fn choose_language(crate::Form(form): crate::Form<Language>) -> crate::Answer {
    let lang = if form.lang == "en" { "en" } else { "vi" };
    // Only addresses of our own: never "//elsewhere" or "https:…".
    let back = if form.back.starts_with('/') && !form.back.starts_with("//") { form.back.as_str() } else { "/" };
    let mut response = crate::redirect(back)?;
    let cookie = format!("{}={lang}; Path=/; Max-Age=31536000; SameSite=Lax", crate::session::LANG_COOKIE);
    response.headers_mut().append(
        header::SET_COOKIE,
        HeaderValue::from_str(&cookie).map_err(|e| crate::Failure::Fault(e.into()))?,
    );
    Ok(response)
}

#[derive(serde::Deserialize)]
struct Topics {
    #[serde(default)]
    topics: String,
}

async fn live_changes(ctx: crate::Ctx, crate::Query(q): crate::Query<Topics>) -> impl IntoResponse {
    let topics = q.topics.split(',').take(20).map(str::to_owned).collect();
    live::sse(ctx.app.live.subscribe(ctx.facility(), topics))
}

/// The listeners of all modules; the database needs them before the application exists.
pub fn listeners(modules: &[Module]) -> Vec<Listener> {
    modules.iter().flat_map(|m| m.listeners.iter().cloned()).collect()
}

/// The migrations of all modules and of the kernel.
pub fn migrations(modules: &[Module]) -> Vec<Migration> {
    db::MIGRATIONS.iter().copied().chain(modules.iter().flat_map(|m| m.migrations.iter().copied())).collect()
}

/// Builds the application and its router. Fails when a route does not say who may use it.
pub fn assemble(db: Db, clock: Clock, config: Config, wiring: Wiring, modules: Vec<Module>) -> (App, Router) {
    let migrations = migrations(&modules);
    let mut routes: Vec<Route> = Vec::new();
    let mut panels: Vec<Panel> = Vec::new();
    let mut rail: Vec<RailEntry> = Vec::new();
    let mut scans = Vec::new();
    let mut papers = Vec::new();
    for module in std::iter::once(own_module()).chain(modules) {
        panels.extend(module.panels);
        rail.extend(module.rail);
        scans.extend(module.scans);
        papers.extend(module.papers);
        routes.extend(module.routes.into_iter().map(|mut route| {
            route.meta.module = module.name;
            assert!(route.meta.access != Access::Unset, "{} {} does not say who may use it", route.meta.method, route.meta.path);
            route
        }));
    }
    panels.sort_by_key(|p| p.order);
    rail.sort_by_key(|e| e.order);
    let app = App(Arc::new(Inner {
        db,
        clock,
        config,
        live: Live::default(),
        wiring,
        panels,
        rail,
        scans,
        papers,
        migrations,
        routes: routes.iter().map(|r| r.meta.clone()).collect::<Vec<RouteMeta>>(),
    }));
    let mut router: Router<App> = Router::new();
    for route in routes {
        let limit = route.meta.body_limit;
        let meta = Arc::new(route.meta);
        let handler = route
            .handler
            .layer(DefaultBodyLimit::max(limit))
            .layer(from_fn_with_state((app.clone(), meta.clone()), guard));
        router = router.route(meta.path, handler);
    }
    let router = router
        .route("/assets/{hash}/{*name}", axum::routing::get(assets::serve))
        .route("/healthz", axum::routing::get(|| async { "ok" }))
        .route("/readyz", axum::routing::get(ready))
        .fallback(|| async { failure::Failure::NotFound.into_response() })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .layer(axum::middleware::from_fn(around))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/pdf"))),
        )
        .with_state(app.clone());
    (app, router)
}

async fn ready(State(app): State<App>) -> Response {
    let current = async {
        let mut conn = app.db.pool().acquire().await?;
        db::migrate::is_current(&mut conn, &app.migrations).await
    };
    match current.await {
        Ok(true) => "ready".into_response(),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "migrations are missing").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached").into_response(),
    }
}

const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; frame-src 'self' blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Words failures, sends people to the sign-in, switches the language, sets the security headers, counts.
async fn around(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let full = request.uri().path_and_query().map(|p| p.to_string()).unwrap_or_default();
    let is_get = request.method() == http::Method::GET;
    let htmx = request.headers().contains_key("hx-request");
    let lang = lang_of(request.headers());
    if header_size(request.headers()) > 32 * 1024 {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    let started = std::time::Instant::now();
    let mut response = next.run(request).await;
    if let Some(told) = response.extensions_mut().remove::<Told>() {
        response = word(&told, &path, &full, is_get, htmx, response);
    } else if response.status() == StatusCode::BAD_REQUEST && response.headers().get(header::CONTENT_TYPE).is_none_or(|v| v.as_bytes().starts_with(b"text/plain")) {
        // An address whose id is not an id: nothing can be there.
        let failure = failure::Failure::NotFound.into_response();
        if let Some(told) = failure.extensions().get::<Told>() {
            response = failure::word(told, &path, htmx);
        }
    }
    if lang == Lang::En && is_html(&response) {
        response = in_english(response).await;
    }
    let headers = response.headers_mut();
    let set: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(self), geolocation=()"),
    ];
    for (name, value) in set {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    metrics::counter!("yba_requests_total", "status" => response.status().as_u16().to_string()).increment(1);
    metrics::histogram!("yba_request_seconds").record(started.elapsed().as_secs_f64());
    response
}

fn header_size(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(k, v)| k.as_str().len() + v.len()).sum()
}

fn word(told: &Told, path: &str, full: &str, is_get: bool, htmx: bool, old: Response) -> Response {
    let program = path.starts_with("/api/") || path.starts_with("/oauth/") || path.starts_with("/fhir/");
    let door = match told.code {
        "SIGN_IN_NEEDED" if !program => Some("/sign-in"),
        "PROOF_NEEDED" if !program => Some("/app/prove"),
        _ => None,
    };
    if let Some(door) = door {
        let back: String = if is_get && !htmx { encode(full) } else { String::new() };
        let to = format!("{door}?next={back}");
        if htmx {
            // htmx follows this header with a full page load, so the form that was being filled is not overwritten
            // by a sign-in page inside it.
            return (told.status, [("hx-redirect", to)]).into_response();
        }
        if is_get || told.code == "PROOF_NEEDED" {
            return (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
        }
    }
    let retry = old.headers().get(header::RETRY_AFTER).cloned();
    let mut response = failure::word(told, path, htmx);
    if let Some(retry) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, retry);
    }
    response
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.') {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

fn is_html(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"))
}

async fn in_english(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    match axum::body::to_bytes(body, 16 * 1024 * 1024).await {
        Ok(bytes) => {
            let text = i18n::to_english(&String::from_utf8_lossy(&bytes));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(text))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
