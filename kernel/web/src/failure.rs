//! What can go wrong, in three kinds that never mix: a refusal (the person repairs it), a fault (we log it once and
//! give an incident number), and the plain answers of the web (not found, no right, sign in first).

use askama::Template;
use axum::response::{IntoResponse, Response};
use base::{Problem, Problems};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

/// Why a handler gives no page.
#[derive(Debug)]
pub enum Failure {
    /// There is no such thing, or it belongs to another facility: nobody can tell which.
    NotFound,
    /// The rules refuse: all reasons at once.
    Refused(Problems),
    /// Somebody else changed it meanwhile, or it is being done already.
    Conflict(String),
    /// The right is missing. The text says which act.
    Forbidden(String),
    /// The facility's package lacks this feature.
    FeatureNotInPackage(&'static str),
    /// The subscription has run out: everything can be read, nothing written.
    SubscriptionReadOnly,
    SignInNeeded,
    /// The password must be typed again.
    ProofNeeded,
    /// The request did not come from one of our own pages.
    ForeignForm,
    TooLarge,
    TooMany { retry_after_s: u64 },
    /// The request cannot be read.
    BadRequest(String),
    /// Our fault.
    Fault(anyhow::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        match error {
            sqlx::Error::RowNotFound => Failure::NotFound,
            other => Failure::Fault(other.into()),
        }
    }
}
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Fault(error)
    }
}
impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Refused(problems)
    }
}
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Refused(problem.into())
    }
}
impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Failure {
        Failure::Fault(error.into())
    }
}

/// What the outer layer needs to word the failure for the one who asked (page, htmx piece or program).
#[derive(Clone, Debug)]
pub struct Told {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: String,
    pub text: String,
    pub problems: Problems,
    pub incident: Option<Uuid>,
}

impl Failure {
    fn tell(self) -> Told {
        let told = |status: StatusCode, code, title: &str, text: &str| Told {
            status,
            code,
            title: title.to_owned(),
            text: text.to_owned(),
            problems: Problems::none(),
            incident: None,
        };
        match self {
            Failure::NotFound => told(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                "Không tìm thấy",
                "Địa chỉ này không có, hoặc hồ sơ không thuộc cơ sở đang làm việc. Hãy tìm lại bằng ô tìm kiếm.",
            ),
            Failure::Refused(problems) => {
                let text = problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ");
                Told { problems, ..told(StatusCode::UNPROCESSABLE_ENTITY, "REFUSED", "Chưa thực hiện được", &text) }
            }
            Failure::Conflict(text) => told(StatusCode::CONFLICT, "CONFLICT", "Có người vừa sửa", &text),
            Failure::Forbidden(text) => told(StatusCode::FORBIDDEN, "FORBIDDEN", "Chưa được phân quyền", &text),
            Failure::FeatureNotInPackage(feature) => told(
                StatusCode::FORBIDDEN,
                "FEATURE_NOT_IN_PACKAGE",
                "Chưa có trong gói dịch vụ",
                &format!("Chức năng «{feature}» chưa có trong gói dịch vụ của cơ sở. Người quản trị có thể nâng gói."),
            ),
            Failure::SubscriptionReadOnly => told(
                StatusCode::FORBIDDEN,
                "SUBSCRIPTION_READ_ONLY",
                "Chỉ còn xem được",
                "Gói sử dụng của cơ sở đã hết hạn nên chỉ xem và tải dữ liệu về được. Người quản trị gia hạn ở trang Gói sử dụng, mọi thứ mở lại ngay.",
            ),
            Failure::SignInNeeded => {
                told(StatusCode::UNAUTHORIZED, "SIGN_IN_NEEDED", "Cần đăng nhập", "Phiên làm việc đã hết hoặc chưa đăng nhập.")
            }
            Failure::ProofNeeded => told(
                StatusCode::UNAUTHORIZED,
                "PROOF_NEEDED",
                "Cần nhập lại mật khẩu",
                "Thao tác này cần xác nhận lại mật khẩu.",
            ),
            Failure::ForeignForm => told(
                StatusCode::FORBIDDEN,
                "FOREIGN_FORM",
                "Yêu cầu không đến từ trang của hệ thống",
                "Hãy mở lại trang rồi thao tác lần nữa.",
            ),
            Failure::TooLarge => told(
                StatusCode::PAYLOAD_TOO_LARGE,
                "TOO_LARGE",
                "Nội dung quá lớn",
                "Nội dung gửi lên vượt giới hạn. Hãy rút ngắn rồi gửi lại.",
            ),
            Failure::TooMany { retry_after_s } => told(
                StatusCode::TOO_MANY_REQUESTS,
                "TOO_MANY",
                "Thử quá nhiều lần",
                &format!("Hãy thử lại sau {retry_after_s} giây."),
            ),
            Failure::BadRequest(text) => told(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Không đọc được yêu cầu", &text),
            Failure::Fault(error) => {
                let incident = Uuid::now_v7();
                tracing::error!(%incident, error = format!("{error:#}"), "a fault");
                Told {
                    incident: Some(incident),
                    ..told(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "FAULT",
                        "Hệ thống gặp sự cố",
                        "Sự cố đã được ghi lại. Những gì đã lưu vẫn còn nguyên; hãy thử lại, nếu vẫn lỗi thì báo mã sự cố cho bộ phận hỗ trợ.",
                    )
                }
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let retry = match &self {
            Failure::TooMany { retry_after_s } => Some(*retry_after_s),
            _ => None,
        };
        let told = self.tell();
        let mut response = told.status.into_response();
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(told);
        response
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    told: &'a Told,
    incident: String,
    lang: &'static str,
}

#[derive(Template)]
#[template(path = "failure_piece.html")]
struct FailurePiece<'a> {
    told: &'a Told,
    incident: String,
}

/// Words a failure for the one who asked.
pub(crate) fn word(told: &Told, path: &str, htmx: bool) -> Response {
    let incident = told.incident.map(|id| id.to_string()).unwrap_or_default();
    if path.starts_with("/api/") || path.starts_with("/oauth/") {
        let mut body = json!({
            "type": format!("https://yba.example/problems/{}", told.code.to_lowercase().replace('_', "-")),
            "title": told.title,
            "status": told.status.as_u16(),
            "detail": told.text,
            "code": told.code,
            "instance": path,
        });
        if !told.problems.is_empty() {
            body["errors"] = json!(told.problems.0);
        }
        if !incident.is_empty() {
            body["incident"] = json!(incident);
        }
        return (told.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
    }
    if path.starts_with("/fhir/") {
        let body = json!({
            "resourceType": "OperationOutcome",
            "issue": [{
                "severity": if told.status.is_server_error() { "fatal" } else { "error" },
                "code": issue_code(told.status),
                "details": { "coding": [{ "system": "https://yba.example/problems", "code": told.code }], "text": told.title },
                "diagnostics": format!("{} {incident}", told.text).trim(),
            }],
        });
        return (told.status, [(header::CONTENT_TYPE, "application/fhir+json; charset=utf-8")], body.to_string()).into_response();
    }
    let page = if htmx {
        FailurePiece { told, incident }.render()
    } else {
        FailurePage { told, incident, lang: "vi" }.render()
    };
    let text = page.unwrap_or_else(|_| told.text.clone());
    (told.status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// The word of FHIR's issue-type list for a status.
fn issue_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "login",
        403 => "forbidden",
        404 => "not-found",
        409 => "conflict",
        413 => "too-long",
        422 => "processing",
        429 => "throttled",
        400..=499 => "invalid",
        _ => "exception",
    }
}
