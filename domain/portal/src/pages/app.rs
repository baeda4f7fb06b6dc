//! What makes the pages an app on the phone: manifest, service worker, and the small script that starts it.

use http::header;
use web::{Answer, IntoResponse, Visitor};

fn file(kind: &'static str, text: String) -> Answer {
    // Asked for again each time, so that a new worker is noticed.
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response())
}

/// `GET /booking.webmanifest`.
pub async fn manifest(_: Visitor) -> Answer {
    file("application/manifest+json", include_str!("../../assets/booking.webmanifest").replace("MARK", &web::assets::url("mark.svg")))
}

/// `GET /booking-sw.js`.
pub async fn worker(_: Visitor) -> Answer {
    let mut answer = file("text/javascript; charset=utf-8", include_str!("../../assets/booking-sw.js").to_owned())?;
    answer.headers_mut().insert("service-worker-allowed", http::HeaderValue::from_static("/"));
    Ok(answer)
}

/// `GET /booking-app.js`.
pub async fn script(_: Visitor) -> Answer {
    file("text/javascript; charset=utf-8", include_str!("../../assets/booking-app.js").to_owned())
}
