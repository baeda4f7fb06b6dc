//! `Idempotency-Key`: the same creating API call made twice gives the same answer once; another body under the same
//! key is refused.

use crate::ctx::Ctx;
use crate::failure::Failure;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::Problem;
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};
use sqlx::Row;

/// The key of a request; refuses one that is empty, longer than 200 characters or not plain ASCII.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) if (1..=200).contains(&text.len()) => Ok(Some(text.to_owned())),
        _ => Err(Failure::BadRequest("Idempotency-Key phải có 1–200 ký tự ASCII.".into())),
    }
}

pub(crate) async fn run_once(ctx: &Ctx, request: Request, next: Next) -> Response {
    match attempt(ctx, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn attempt(ctx: &Ctx, request: Request, next: Next) -> Result<Response, Failure> {
    let key = ctx.idempotency_key.clone().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, crate::module::BODY_LIMIT).await.map_err(|_| Failure::TooLarge)?;
    let mut hasher = Sha256::new();
    hasher.update(parts.method.as_str());
    hasher.update(parts.uri.path());
    hasher.update(&bytes);
    let hash = hasher.finalize().to_vec();

    let mut tx = ctx.begin().await?;
    let fresh = sqlx::query(db::sql!(
        "INSERT INTO db_idempotent_answer (facility_id, account_id, idempotency_key, request_hash, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (facility_id, account_id, idempotency_key) DO NOTHING"
    ))
    .bind(ctx.facility().0)
    .bind(ctx.actor.account.0)
    .bind(&key)
    .bind(&hash)
    .bind(ctx.now)
    .execute(tx.conn())
    .await?
    .rows_affected()
        == 1;
    if !fresh {
        let row = sqlx::query(db::sql!(
            "SELECT request_hash, status, content_type, body, created_at FROM db_idempotent_answer
             WHERE facility_id = $1 AND account_id = $2 AND idempotency_key = $3"
        ))
        .bind(ctx.facility().0)
        .bind(ctx.actor.account.0)
        .bind(&key)
        .fetch_one(tx.conn())
        .await?;
        if row.get::<Vec<u8>, _>("request_hash") != hash {
            return Err(Problem::at("Idempotency-Key", "Khóa này đã dùng cho một nội dung khác. Hãy dùng khóa mới.").into());
        }
        if let Some(status) = row.get::<Option<i32>, _>("status") {
            let kind: Option<String> = row.get("content_type");
            let body: Option<Vec<u8>> = row.get("body");
            let status = StatusCode::from_u16(status as u16).unwrap_or(StatusCode::OK);
            let kind = kind.unwrap_or_else(|| "application/json".into());
            return Ok((status, [(header::CONTENT_TYPE, kind)], body.unwrap_or_default()).into_response());
        }
        // The first attempt died before it could answer: after a minute the call runs again. What it creates takes
        // its id from the key, so it lands on the same thing.
        let since: chrono::DateTime<chrono::Utc> = row.get("created_at");
        if ctx.now - since < chrono::TimeDelta::seconds(60) {
            return Err(Failure::Conflict("Yêu cầu cùng khóa đang được xử lý. Hãy gửi lại sau ít giây.".into()));
        }
    }
    tx.commit().await?;

    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    if response.status().is_server_error() || response.extensions().get::<crate::failure::Told>().is_some() {
        forget(ctx, &key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 16 * crate::module::BODY_LIMIT)
        .await
        .map_err(|e| Failure::Fault(anyhow::anyhow!("the answer could not be read back: {e}")))?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut tx = ctx.begin().await?;
    sqlx::query(db::sql!(
        "UPDATE db_idempotent_answer SET status = $4, content_type = $5, body = $6
         WHERE facility_id = $1 AND account_id = $2 AND idempotency_key = $3"
    ))
    .bind(ctx.facility().0)
    .bind(ctx.actor.account.0)
    .bind(&key)
    .bind(i32::from(parts.status.as_u16()))
    .bind(kind)
    .bind(bytes.as_ref())
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// A refused or failed call may be repaired and sent again under the same key.
async fn forget(ctx: &Ctx, key: &str) -> Result<(), Failure> {
    let mut tx = ctx.begin().await?;
    sqlx::query(db::sql!(
        "DELETE FROM db_idempotent_answer WHERE facility_id = $1 AND account_id = $2 AND idempotency_key = $3"
    ))
    .bind(ctx.facility().0)
    .bind(ctx.actor.account.0)
    .bind(key)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(())
}
