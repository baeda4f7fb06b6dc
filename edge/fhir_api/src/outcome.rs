//! What goes wrong, in FHIR's words: a status and an `OperationOutcome` that says what, where and how to repair it.

use crate::answer;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use web::Failure;

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub severity: &'static str,
    /// A word of FHIR's issue-type list.
    pub code: &'static str,
    /// For people, in Vietnamese.
    pub text: String,
    /// Where, as a FHIRPath of the request; empty when it is not about one place.
    pub expression: String,
}

impl Issue {
    pub fn error(code: &'static str, text: impl Into<String>) -> Issue {
        Issue { severity: "error", code, text: text.into(), expression: String::new() }
    }
    pub fn information(text: impl Into<String>) -> Issue {
        Issue { severity: "information", ..Issue::error("informational", text) }
    }
    pub fn at(mut self, expression: impl Into<String>) -> Issue {
        self.expression = expression.into();
        self
    }
}

/// A refused request.
#[derive(Debug)]
pub enum Refused {
    With(StatusCode, Vec<Issue>),
    /// The kernel words it (fault with an incident number, package, sign-in).
    Kernel(Failure),
}

impl Refused {
    pub fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Refused {
        Refused::With(status, vec![Issue::error(code, text)])
    }
    pub fn not_found() -> Refused {
        Refused::new(StatusCode::NOT_FOUND, "not-found", "Không có tài nguyên này ở cơ sở, hoặc tài nguyên không được chia sẻ.")
    }
    pub fn invalid(text: impl Into<String>) -> Refused {
        Refused::new(StatusCode::BAD_REQUEST, "invalid", text)
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Refused {
        Refused::Kernel(error.into())
    }
}
impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        match failure {
            Failure::NotFound => Refused::not_found(),
            other => Refused::Kernel(other),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::With(status, issues) => answer::json(status, &outcome(&issues)),
            Refused::Kernel(failure) => failure.into_response(),
        }
    }
}

/// The resource that carries issues.
pub fn outcome(issues: &[Issue]) -> Value {
    let issues: Vec<Value> = issues
        .iter()
        .map(|i| {
            let mut issue = json!({ "severity": i.severity, "code": i.code, "diagnostics": i.text });
            if !i.expression.is_empty() {
                issue["expression"] = json!([i.expression]);
            }
            issue
        })
        .collect();
    json!({ "resourceType": "OperationOutcome", "issue": issues })
}
