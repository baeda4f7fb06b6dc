//! The shapes an answer takes.

use crate::failure::Failure;
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// What every handler gives.
pub type Answer = Result<Response, Failure>;

/// A page or a piece of one.
pub fn html(template: impl Template) -> Answer {
    page(StatusCode::OK, template)
}

/// The same page again with its problems beside the fields and everything typed still there (422).
pub fn refused(template: impl Template) -> Answer {
    page(StatusCode::UNPROCESSABLE_ENTITY, template)
}

fn page(status: StatusCode, template: impl Template) -> Answer {
    let text = template.render()?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response())
}

/// Go and look there (303): the answer to every form that changed something.
pub fn redirect(to: impl AsRef<str>) -> Answer {
    let to = HeaderValue::from_str(to.as_ref()).map_err(|e| Failure::Fault(e.into()))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}

/// A paper, shown in the browser. `file_name` without path, e.g. `"don-thuoc.pdf"`.
pub fn pdf(bytes: Vec<u8>, file_name: &str) -> Answer {
    file(bytes, "application/pdf", "inline", file_name)
}

/// A sheet, downloaded.
pub fn xlsx(bytes: Vec<u8>, file_name: &str) -> Answer {
    file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment", file_name)
}

fn file(bytes: Vec<u8>, kind: &'static str, disposition: &str, file_name: &str) -> Answer {
    let plain: String = base::fold(file_name.trim_end_matches(".pdf").trim_end_matches(".xlsx")).replace(' ', "-");
    let ending = if kind.ends_with("pdf") { "pdf" } else { "xlsx" };
    let disposition = HeaderValue::from_str(&format!("{disposition}; filename=\"{plain}.{ending}\""))
        .map_err(|e| Failure::Fault(e.into()))?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        bytes,
    )
        .into_response())
}
