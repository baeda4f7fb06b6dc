//! From a draft to a published version.

use super::{in_force, national};
use crate::form::definition::Form;
use crate::form::patch::{self, Patch};
use base::{Problems, RoomId, show_date};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::json;
use sqlx::types::Json;
use std::sync::Arc;

/// Whose form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All facilities of a province (two digits) that take their forms from it.
    Province(String),
    House,
    Ward(RoomId),
}

impl Scope {
    /// As kept beside a draft.
    pub fn key(&self) -> String {
        match self {
            Scope::Province(_) => "province".to_owned(),
            Scope::House => "house".to_owned(),
            Scope::Ward(room) => room.to_string(),
        }
    }

    fn room(&self) -> Option<RoomId> {
        match self {
            Scope::Ward(room) => Some(*room),
            _ => None,
        }
    }
}

/// What somebody is changing.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Draft {
    pub base_version: i32,
    pub changes: Json<Patch>,
    pub revision: i32,
    pub changed_by_name: String,
    pub changed_at: DateTime<Utc>,
}

/// The draft of a form and scope.
pub async fn draft(tx: &mut Tx, form: &str, scope: &Scope) -> Result<Option<Draft>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT base_version, changes, revision, changed_by_name, changed_at FROM record_form_draft
         WHERE facility_id = $1 AND form = $2 AND scope = $3"
    ))
    .bind(facility)
    .bind(form)
    .bind(scope.key())
    .fetch_optional(tx.conn())
    .await
}

/// Keeps a draft when nobody saved since `seen` (0: there was none). `false`: somebody did, nothing was kept.
pub async fn save_draft(tx: &mut Tx, form: &str, scope: &Scope, base: i32, changes: &Patch, seen: i32, by: &str) -> Result<bool, sqlx::Error> {
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    let kept = sqlx::query(sql!(
        "INSERT INTO record_form_draft AS d (facility_id, form, scope, base_version, changes, revision, changed_by, changed_by_name, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6 + 1, $7, $8, $9)
         ON CONFLICT (facility_id, form, scope) DO UPDATE SET
             base_version = excluded.base_version, changes = excluded.changes, revision = d.revision + 1,
             changed_by = excluded.changed_by, changed_by_name = excluded.changed_by_name, changed_at = excluded.changed_at
         WHERE d.revision = $6"
    ))
    .bind(facility)
    .bind(form)
    .bind(scope.key())
    .bind(base)
    .bind(Json(changes))
    .bind(seen)
    .bind(account)
    .bind(by)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Throws a draft away.
pub async fn discard(tx: &mut Tx, form: &str, scope: &Scope) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("DELETE FROM record_form_draft WHERE facility_id = $1 AND form = $2 AND scope = $3"))
        .bind(facility)
        .bind(form)
        .bind(scope.key())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The form that a scope builds on: the wider scope's on that day. `None` when the ministry has no such form in force.
pub async fn base_of(tx: &mut Tx, form: &str, scope: &Scope, day: NaiveDate) -> Result<Option<Arc<Form>>, sqlx::Error> {
    match scope {
        Scope::Province(_) => Ok(national().in_force(form, day)),
        Scope::House => {
            let Some(ministry) = national().in_force(form, day) else { return Ok(None) };
            let province: Option<Json<Form>> = sqlx::query_scalar(sql!(
                "WITH home AS (
                     SELECT value #>> '{}' AS code FROM record_setting
                     WHERE facility_id = $1 AND key = 'form.province' AND valid_from <= $3 ORDER BY valid_from DESC, decided DESC LIMIT 1)
                 SELECT CASE WHEN p.inherits THEN NULL ELSE p.definition END
                 FROM record_form_province p JOIN home ON home.code = p.province_code
                 WHERE p.form = $2 AND p.valid_from <= $3 ORDER BY p.valid_from DESC, p.version DESC LIMIT 1"
            ))
            .bind(tx.facility().0)
            .bind(form)
            .bind(day)
            .fetch_optional(tx.conn())
            .await?
            .flatten();
            Ok(Some(province.map_or(ministry, |Json(form)| Arc::new(form))))
        }
        Scope::Ward(_) => in_force(tx, form, None, day).await,
    }
}

/// What the scope published last: its differences and its number. Nothing when it has no form of its own.
pub async fn newest_of(tx: &mut Tx, form: &str, scope: &Scope) -> Result<Option<(Patch, i32)>, sqlx::Error> {
    let row: Option<(Json<Patch>, i32, bool)> = match scope {
        Scope::Province(code) => {
            sqlx::query_as(sql!(
                "SELECT changes, version, inherits FROM record_form_province WHERE province_code = $1 AND form = $2
                 ORDER BY version DESC LIMIT 1"
            ))
            .bind(code)
            .bind(form)
            .fetch_optional(tx.conn())
            .await?
        }
        _ => {
            sqlx::query_as(sql!(
                "SELECT changes, version, inherits FROM record_form_version
                 WHERE facility_id = $1 AND form = $2 AND room_id IS NOT DISTINCT FROM $3::uuid ORDER BY version DESC LIMIT 1"
            ))
            .bind(tx.facility().0)
            .bind(form)
            .bind(scope.room().map(|room| room.0))
            .fetch_optional(tx.conn())
            .await?
        }
    };
    Ok(row.filter(|(_, _, inherits)| !inherits).map(|(Json(patch), version, _)| (patch, version)))
}

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    pub form: &'a str,
    pub scope: &'a Scope,
    pub changes: &'a Patch,
    /// Why: shown in the history.
    pub note: &'a str,
    pub valid_from: NaiveDate,
    /// The older version that comes back.
    pub restores: Option<i32>,
    /// From that day on the scope has no form of its own any more.
    pub inherits: bool,
    pub by: &'a str,
}

/// Publishes and gives the number of the new version. Refuses what takes something of the ministry's away, a day that is
/// past, an empty note, and a form that does not agree with itself.
pub async fn publish(tx: &mut Tx, what: &Publication<'_>, today: NaiveDate) -> Result<Result<i32, Problems>, sqlx::Error> {
    let mut problems = Problems::none();
    problems.add_if(what.note.trim().is_empty(), "note", "Ghi lý do sửa để người sau hiểu.");
    problems.add_if(what.note.chars().count() > 500, "note", "Lý do dài quá 500 ký tự. Rút gọn lại.");
    if what.valid_from < today {
        let text = format!("Chỉ áp dụng từ hôm nay ({}) trở đi; phiếu đã mở giữ mẫu cũ.", show_date(today));
        problems.add("valid_from", text);
    }
    if what.valid_from > today + chrono::Duration::days(730) {
        problems.add("valid_from", "Ngày áp dụng xa quá hai năm. Kiểm tra lại năm.");
    }
    let Some(base) = base_of(tx, what.form, what.scope, what.valid_from).await? else {
        problems.add("valid_from", "Mẫu này của Bộ không còn hiệu lực vào ngày đó.");
        return Ok(Err(problems));
    };
    let applied = if what.inherits { Ok((*base).clone()) } else { patch::apply(&base, what.changes) };
    let mut form = match applied {
        Ok(form) if problems.is_empty() => form,
        Ok(_) => return Ok(Err(problems)),
        Err(more) => {
            problems.0.extend(more.0);
            return Ok(Err(problems));
        }
    };
    // One publication of a form at a time: numbers have no gaps and nobody overtakes.
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(hashtextextended('record-form:' || $1, 0))"))
        .bind(match what.scope {
            Scope::Province(code) => format!("{code}:{}", what.form),
            _ => format!("{}:{}", tx.facility().0, what.form),
        })
        .execute(tx.conn())
        .await?;
    form.version = next_number(tx, what).await?;
    insert(tx, what, &form, base.version).await?;
    discard(tx, what.form, what.scope).await?;
    let detail = json!({ "version": form.version, "scope": what.scope.key(), "from": what.valid_from, "restores": what.restores });
    tx.audit("publish", "record-form", what.form, None, detail);
    tx.notify("record-forms");
    Ok(Ok(form.version))
}

async fn next_number(tx: &mut Tx, what: &Publication<'_>) -> Result<i32, sqlx::Error> {
    match what.scope {
        Scope::Province(code) => {
            sqlx::query_scalar(sql!(
                "SELECT coalesce(max(version), 500) + 1 FROM record_form_province WHERE province_code = $1 AND form = $2"
            ))
            .bind(code)
            .bind(what.form)
            .fetch_one(tx.conn())
            .await
        }
        _ => {
            sqlx::query_scalar(sql!(
                "SELECT coalesce(max(version), 1000) + 1 FROM record_form_version WHERE facility_id = $1 AND form = $2"
            ))
            .bind(tx.facility().0)
            .bind(what.form)
            .fetch_one(tx.conn())
            .await
        }
    }
}

async fn insert(tx: &mut Tx, what: &Publication<'_>, form: &Form, base: i32) -> Result<(), sqlx::Error> {
    let definition = super::compact(serde_json::to_value(form).map_err(|fault| sqlx::Error::Encode(Box::new(fault)))?);
    let (facility, account, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    let query = match what.scope {
        Scope::Province(code) => {
            tx.purpose("form-province").await?;
            sqlx::query(sql!(
                "INSERT INTO record_form_province (province_code, form, version, inherits, base_version, changes, definition, note,
                                                   restores, valid_from, published_by, published_by_name, published_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
            ))
            .bind(code.clone())
            .bind(what.form)
            .bind(form.version)
        }
        _ => sqlx::query(sql!(
            "INSERT INTO record_form_version (facility_id, form, version, inherits, base_version, changes, definition, note,
                                              restores, valid_from, published_by, published_by_name, published_at, room_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        ))
        .bind(facility)
        .bind(what.form)
        .bind(form.version),
    };
    let query = query
        .bind(what.inherits)
        .bind(base)
        .bind(Json(what.changes))
        .bind(definition)
        .bind(what.note.trim())
        .bind(what.restores)
        .bind(what.valid_from)
        .bind(account)
        .bind(what.by)
        .bind(now);
    let query = match what.scope {
        Scope::Province(_) => query,
        scope => query.bind(scope.room().map(|room| room.0)),
    };
    query.execute(tx.conn()).await?;
    Ok(())
}
