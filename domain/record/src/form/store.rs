//! Versions of forms: the ministry's in the binary, a province's and a facility's in tables.
//!
//! | numbers | whose |
//! | --- | --- |
//! | 1–500 | the ministry's |
//! | 501–1000 | a province's, for facilities that take their forms from it |
//! | from 1001 | a facility's, for the house or for one ward; one sequence for each form |
//!
//! The narrowest scope that has a version in force wins: ward, house, province, country. In one scope the version with
//! the latest first day wins, and of two with the same first day the later one.

mod publish;

pub use publish::{Draft, Publication, Scope, base_of, discard, draft, newest_of, publish, save_draft};

use super::catalogue::national;
use super::definition::{Form, Happening};
use super::patch::Patch;
use base::RoomId;
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use serde_json::Value;
use sqlx::types::Json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The form as it is filled on a day in a ward (`None`: in the house); `None` when no such form is in force.
pub async fn in_force(tx: &mut Tx, form: &str, room: Option<RoomId>, day: NaiveDate) -> Result<Option<Arc<Form>>, sqlx::Error> {
    // What the ministry has ended nobody goes on using.
    let Some(ministry) = national().in_force(form, day) else { return Ok(None) };
    let own = own_in_force(tx, Some(form), room, day).await?.remove(form);
    Ok(Some(own.unwrap_or(ministry)))
}

/// All forms that may be begun on a day in a ward, in the official order. One query.
pub async fn list_in_force(tx: &mut Tx, room: Option<RoomId>, day: NaiveDate) -> Result<Vec<Arc<Form>>, sqlx::Error> {
    let mut own = own_in_force(tx, None, room, day).await?;
    let ministry = national().list().filter_map(|form| national().in_force(&form.form, day));
    Ok(ministry.map(|form| own.remove(&form.form).unwrap_or(form)).collect())
}

/// The forms that a happening asks for in a ward on a day.
pub async fn required_for(tx: &mut Tx, room: Option<RoomId>, happening: Happening, day: NaiveDate) -> Result<Vec<Arc<Form>>, sqlx::Error> {
    let mut forms = list_in_force(tx, room, day).await?;
    forms.retain(|form| form.closing.required_for.contains(&happening));
    Ok(forms)
}

/// This very version, in force or not: an old document opens with it for ever.
pub async fn of_version(tx: &mut Tx, form: &str, version: i32) -> Result<Option<Arc<Form>>, sqlx::Error> {
    Ok(of_versions(tx, &[(form, version)]).await?.remove(&(form.to_owned(), version)))
}

/// Several versions at once, for a list of documents. At most one query; what is not found is left out.
pub async fn of_versions(tx: &mut Tx, wanted: &[(&str, i32)]) -> Result<HashMap<(String, i32), Arc<Form>>, sqlx::Error> {
    let mut found = HashMap::new();
    let (mut forms, mut versions) = (Vec::new(), Vec::new());
    for (form, version) in wanted {
        match national().version(form, *version) {
            Some(ministry) => {
                found.insert(((*form).to_owned(), *version), ministry);
            }
            None if *version > 500 => {
                forms.push(*form);
                versions.push(*version);
            }
            None => {}
        }
    }
    if forms.is_empty() {
        return Ok(found);
    }
    let facility = tx.facility().0;
    let rows: Vec<(String, i32, Json<Form>)> = sqlx::query_as(sql!(
        "WITH wanted AS (SELECT DISTINCT form, version FROM unnest($2::text[], $3::int[]) AS w (form, version))
         SELECT v.form, v.version, v.definition FROM record_form_version v JOIN wanted USING (form, version) WHERE v.facility_id = $1
         UNION ALL
         SELECT p.form, p.version, p.definition FROM record_form_province p JOIN wanted USING (form, version)
         WHERE p.province_code IN (SELECT value #>> '{}' FROM record_setting WHERE facility_id = $1 AND key = 'form.province')"
    ))
    .bind(facility)
    .bind(&forms)
    .bind(&versions)
    .fetch_all(tx.conn())
    .await?;
    for (form, version, Json(definition)) in rows {
        found.entry((form, version)).or_insert_with(|| Arc::new(definition));
    }
    Ok(found)
}

/// What province, house and ward have of their own, by form; forms that are the ministry's are left out.
async fn own_in_force(
    tx: &mut Tx,
    form: Option<&str>,
    room: Option<RoomId>,
    day: NaiveDate,
) -> Result<HashMap<String, Arc<Form>>, sqlx::Error> {
    let facility = tx.facility().0;
    let rows: Vec<(String, Json<Form>)> = sqlx::query_as(sql!(
        "WITH own AS (
             SELECT DISTINCT ON (form, room_id) form, CASE WHEN room_id IS NULL THEN 1 ELSE 2 END AS width, inherits, definition
             FROM record_form_version
             WHERE facility_id = $1 AND ($2::text IS NULL OR form = $2) AND (room_id IS NULL OR room_id = $3) AND valid_from <= $4
             ORDER BY form, room_id, valid_from DESC, version DESC),
         home AS (
             SELECT value #>> '{}' AS code FROM record_setting
             WHERE facility_id = $1 AND key = 'form.province' AND valid_from <= $4 ORDER BY valid_from DESC, decided DESC LIMIT 1),
         province AS (
             SELECT DISTINCT ON (p.form) p.form, 0 AS width, p.inherits, p.definition
             FROM record_form_province p JOIN home ON home.code = p.province_code
             WHERE ($2::text IS NULL OR p.form = $2) AND p.valid_from <= $4
             ORDER BY p.form, p.valid_from DESC, p.version DESC)
         SELECT DISTINCT ON (form) form, definition
         FROM (SELECT * FROM own UNION ALL SELECT * FROM province) AS found WHERE NOT inherits
         ORDER BY form, width DESC"
    ))
    .bind(facility)
    .bind(form)
    .bind(room.map(|room| room.0))
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(form, Json(definition))| (form, Arc::new(definition))).collect())
}

/// A published version in a history.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Published {
    pub form: String,
    pub version: i32,
    pub room_id: Option<Uuid>,
    pub room_name: Option<String>,
    pub inherits: bool,
    pub base_version: i32,
    pub changes: Json<Patch>,
    pub note: String,
    pub restores: Option<i32>,
    pub valid_from: NaiveDate,
    pub published_by_name: String,
    pub published_at: DateTime<Utc>,
}

/// Everything that the facility published of a form, newest first.
pub async fn history(tx: &mut Tx, form: &str) -> Result<Vec<Published>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT v.form, v.version, v.room_id, r.name AS room_name, v.inherits, v.base_version, v.changes, v.note, v.restores,
                v.valid_from, v.published_by_name, v.published_at
         FROM record_form_version v
         LEFT JOIN organization_room r ON r.facility_id = v.facility_id AND r.room_id = v.room_id
         WHERE v.facility_id = $1 AND v.form = $2 ORDER BY v.version DESC LIMIT 200"
    ))
    .bind(facility)
    .bind(form)
    .fetch_all(tx.conn())
    .await
}

/// Where a facility has made forms its own: form, ward ("" for the house), version, since when, and whether a draft waits.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Changed {
    pub form: String,
    pub place: String,
    pub version: i32,
    pub valid_from: NaiveDate,
}

/// The newest version of every form and scope that was made its own, for the list.
pub async fn list_changed(tx: &mut Tx) -> Result<Vec<Changed>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT form, place, version, valid_from FROM (
             SELECT DISTINCT ON (v.form, v.room_id) v.form, coalesce(r.short_name, '') AS place, v.version, v.valid_from, v.inherits
             FROM record_form_version v
             LEFT JOIN organization_room r ON r.facility_id = v.facility_id AND r.room_id = v.room_id
             WHERE v.facility_id = $1 ORDER BY v.form, v.room_id, v.version DESC) AS newest
         WHERE NOT inherits ORDER BY form, place"
    ))
    .bind(facility)
    .fetch_all(tx.conn())
    .await
}

/// The forms with a draft that waits to be published.
pub async fn list_drafts(tx: &mut Tx) -> Result<Vec<(String, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!("SELECT form, scope FROM record_form_draft WHERE facility_id = $1 ORDER BY form"))
        .bind(facility)
        .fetch_all(tx.conn())
        .await
}

/// JSON without what says nothing, so that a definition is as short as it can be: nulls, empty texts and lists, `false`.
fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(key, value)| (key, compact(value))).filter(|(key, value)| key == "title" || !says_nothing(value)).collect(),
        ),
        Value::Array(many) => Value::Array(many.into_iter().map(compact).collect()),
        other => other,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(many) => many.is_empty(),
        _ => false,
    }
}
