//! What somebody typed and has not saved: kept on the server every second or so, so that a killed browser loses
//! nothing. One draft per account and form; the slice that owns the form deletes it when it saves.

use crate::answer::Answer;
use crate::ctx::Ctx;
use crate::failure::Failure;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::IntoResponse;
use base::Problem;
use db::Tx;
use http::{StatusCode, header};

/// The draft of a form, or "" when there is none.
pub async fn read(ctx: Ctx, Path(form): Path<String>) -> Answer {
    check_name(&form)?;
    let mut tx = ctx.begin().await?;
    let body: Option<String> = sqlx::query_scalar(db::sql!(
        "SELECT body FROM db_draft WHERE facility_id = $1 AND account_id = $2 AND form = $3"
    ))
    .bind(ctx.facility().0)
    .bind(ctx.actor.account.0)
    .bind(&form)
    .fetch_optional(tx.conn())
    .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], body.unwrap_or_default())
        .into_response())
}

/// Keeps a draft: the form's fields as the browser encodes them.
pub async fn keep(ctx: Ctx, Path(form): Path<String>, body: Bytes) -> Answer {
    check_name(&form)?;
    let text = String::from_utf8(body.to_vec())
        .ok()
        .filter(|t| !t.contains('\0'))
        .ok_or_else(|| Failure::BadRequest("Bản nháp không đúng dạng chữ.".into()))?;
    let mut tx = ctx.begin().await?;
    sqlx::query(db::sql!(
        "INSERT INTO db_draft (facility_id, account_id, form, body, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (facility_id, account_id, form) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at"
    ))
    .bind(ctx.facility().0)
    .bind(ctx.actor.account.0)
    .bind(&form)
    .bind(&text)
    .bind(ctx.now)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Throws a draft away.
pub async fn discard(ctx: Ctx, Path(form): Path<String>) -> Answer {
    check_name(&form)?;
    let mut tx = ctx.begin().await?;
    forget(&mut tx, &form).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Deletes the actor's draft of a form inside the transaction that saves it.
pub async fn forget(tx: &mut Tx, form: &str) -> Result<(), sqlx::Error> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    sqlx::query(db::sql!("DELETE FROM db_draft WHERE facility_id = $1 AND account_id = $2 AND form = $3"))
        .bind(facility)
        .bind(account)
        .bind(form)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn check_name(form: &str) -> Result<(), Failure> {
    let fine = form.len() <= 120 && form.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if fine { Ok(()) } else { Err(Problem::at("form", "Tên biểu mẫu không hợp lệ.").into()) }
}
