//! Stills and clips: kept as they come, shown, thrown away while nothing is released.

use super::study::{Open, hold};
use crate::imaging::picture;
use crate::store::imaging::{self, NewPicture};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Query};

/// How many stills and clips one study may hold; far more than anybody takes, and an end to a pedal that got stuck.
const MOST_OF_STUDY: usize = 200;

/// When the picture was taken, by the clock of the browser: it may come in much later.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taken {
    at: String,
}

/// `PUT /app/imaging/studies/{id}/pictures/{picture}`: one still (`image/jpeg`) or clip (`video/webm`), the content as
/// the body, under an id that the browser minted. Sent again it changes nothing, so the browser may repeat it until it
/// hears an answer. 201; 422 with the reason as JSON when it is no picture or too large.
pub async fn keep(
    ctx: Ctx,
    Path((id, picture)): Path<(Uuid, Uuid)>,
    Query(taken): Query<Taken>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let study = imaging::find_study(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    let known = imaging::find_picture(tx.conn(), facility, id, picture).await?;
    // No row is held while a large picture is being looked at.
    drop(tx);
    if let Some((_, is_removed)) = known {
        return Ok(kept(picture, is_removed));
    }
    if study.order_status == "cancelled" {
        return Ok(told(&Problem::of("Chỉ định này đã hủy nên không nhận thêm hình.")));
    }
    let content = match body {
        Ok(body) => body.to_vec(),
        Err(_) => return Ok(told(&picture::too_large())),
    };
    let is_clip = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("video/"));
    let bytes = i32::try_from(content.len()).unwrap_or(i32::MAX);
    let checked = tokio_blocking(move || {
        if is_clip {
            picture::check_clip(&content).map(|ms| (content, None, Some(ms)))
        } else {
            picture::check_still(&content).map(|still| (content, Some(still), None))
        }
    })
    .await?;
    let (content, still, duration) = match checked {
        Ok(checked) => checked,
        Err(problem) => return Ok(told(&problem)),
    };
    let files = ctx.app.files();
    let file = files.keep(facility, content).await?;
    let size = still.as_ref().map(|still| (still.width, still.height));
    let (mut small_file, mut paper_file) = (None, None);
    if let Some(still) = still {
        small_file = Some(files.keep(facility, still.small).await?);
        if let Some(paper) = still.paper {
            paper_file = Some(files.keep(facility, paper).await?);
        }
    }
    let mut tx = ctx.begin().await?;
    let open = hold(&ctx, &mut tx, id).await?;
    if open.pictures.len() >= MOST_OF_STUDY {
        return Ok(told(&Problem::of(format!("Lần làm này đã có {MOST_OF_STUDY} hình. Xóa bớt hình không dùng rồi chụp tiếp."))));
    }
    let new = NewPicture {
        id: picture,
        study: id,
        kind: if is_clip { "clip" } else { "still" },
        file: &file,
        small_file: small_file.as_deref(),
        paper_file: paper_file.as_deref(),
        bytes,
        width: size.and_then(|(width, _)| i32::try_from(width).ok()),
        height: size.and_then(|(_, height)| i32::try_from(height).ok()),
        duration_ms: duration.and_then(|ms| i32::try_from(ms).ok()),
        taken_at: taken_at(&taken.at, ctx.now),
    };
    if !imaging::insert_picture(&mut tx, &new).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("capture", "imaging-picture", picture, Some(open.study.patient()), json!({ "study": id, "file": file, "bytes": bytes }));
    tx.notify("orders");
    tx.commit().await?;
    Ok(kept(picture, false))
}

/// The time the browser says, unless its clock is absurd.
fn taken_at(said: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(said)
        .map(|at| at.with_timezone(&Utc))
        .ok()
        .filter(|at| *at <= now + TimeDelta::minutes(5) && *at > now - TimeDelta::days(30))
        .unwrap_or(now)
}

async fn tokio_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Fault(e.into()))
}

fn kept(picture: Uuid, is_removed: bool) -> Response {
    (StatusCode::CREATED, axum::Json(json!({ "picture": picture, "removed": is_removed }))).into_response()
}

fn told(problem: &Problem) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(json!({ "text": problem.text }))).into_response()
}

/// `GET …/pictures/{picture}`: the still or clip as it was taken. Reading it is audited.
pub async fn whole(ctx: Ctx, Path((id, picture)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let study = imaging::find_study(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let found = shown(imaging::find_picture(tx.conn(), ctx.facility(), id, picture).await?)?;
    tx.audit("read", "imaging-picture", picture, Some(study.patient()), json!({ "study": id }));
    tx.commit().await?;
    let kind = if found.is_still() { "image/jpeg" } else { "video/webm" };
    send(&ctx, &found.file, kind).await
}

/// `GET …/pictures/{picture}/small`: the copy for lists. The page that shows it has audited the reading already.
pub async fn small(ctx: Ctx, Path((id, picture)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = shown(imaging::find_picture(tx.conn(), ctx.facility(), id, picture).await?)?;
    drop(tx);
    let file = found.small_file.as_deref().ok_or(Failure::NotFound)?;
    send(&ctx, file, "image/jpeg").await
}

fn shown(found: Option<(imaging::Picture, bool)>) -> Result<imaging::Picture, Failure> {
    found.filter(|(_, is_removed)| !is_removed).map(|(picture, _)| picture).ok_or(Failure::NotFound)
}

/// A content under its own hash never changes, so this browser may keep it; nobody between may.
async fn send(ctx: &Ctx, file: &str, kind: &'static str) -> Answer {
    let content = ctx.app.files().fetch(ctx.facility(), file).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600, immutable")),
    ];
    Ok((headers, content).into_response())
}

/// `POST …/pictures/{picture}/removed`: thrown away, content and all. Refused once a report is out.
pub async fn remove(ctx: Ctx, Path((id, picture)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open: Open = hold(&ctx, &mut tx, id).await?;
    let (_, is_removed) = imaging::find_picture(tx.conn(), ctx.facility(), id, picture).await?.ok_or(Failure::NotFound)?;
    if open.study.is_final() {
        return Err(Problem::of("Kết quả đã trả nên không xóa hình được nữa. Nếu in nhầm hình, sửa kết quả và bỏ chọn hình đó.").into());
    }
    if !is_removed {
        let contents = imaging::remove_picture(&mut tx, picture).await?;
        tx.audit("remove", "imaging-picture", picture, Some(open.study.patient()), json!({ "study": id }));
        tx.notify("orders");
        tx.commit().await?;
        for content in contents {
            ctx.app.files().forget(ctx.facility(), &content).await?;
        }
    }
    if ctx.htmx {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    web::redirect(format!("/app/imaging/studies/{id}"))
}

