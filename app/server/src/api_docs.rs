//! What the API offers, for programs (`/api/openapi.json`) and for people (`/api/docs`).

use askama::Template;
use web::{Answer, IntoResponse, Module, Visitor};

/// The two addresses.
pub fn module() -> Module {
    Module {
        name: "api-docs",
        routes: vec![
            web::get("/api/openapi.json", description).public(),
            web::get("/api/docs", page).public(),
        ],
        ..Module::default()
    }
}

async fn description() -> Answer {
    let text = crate::modules::openapi().to_json().map_err(|e| web::Failure::Fault(e.into()))?;
    Ok(([(http::header::CONTENT_TYPE, "application/json")], text).into_response())
}

#[derive(Template)]
#[template(path = "api_docs.html")]
struct DocsPage {
    lang: &'static str,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
}

async fn page(visitor: Visitor) -> Answer {
    let description = serde_json::to_value(crate::modules::openapi()).map_err(|e| web::Failure::Fault(e.into()))?;
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let text = |key: &str| operation[key].as_str().unwrap_or("").to_owned();
            let summary = if text("summary").is_empty() { text("description") } else { text("summary") };
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), summary });
        }
    }
    let lang = if visitor.lang == web::Lang::En { "en" } else { "vi" };
    web::html(DocsPage { lang, operations })
}
