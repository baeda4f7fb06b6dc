//! The forms that documents point at: the very version they were begun with, or the one in force today in their ward.

use super::store::row::Row;
use crate::form::catalogue::national;
use crate::form::definition::Form;
use crate::form::store;
use base::RoomId;
use chrono::NaiveDate;
use db::Tx;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use web::Failure;

/// This very version of a form; `None` for a document that is no form of ours.
pub async fn version(tx: &mut Tx, form: &str, version: i32) -> Result<Option<Arc<Form>>, Failure> {
    if form.is_empty() {
        return Ok(None);
    }
    Ok(store::of_version(tx, form, version).await?)
}

/// The version of a form that is filled on this day in this room.
pub async fn in_force(tx: &mut Tx, form: &str, room: Option<Uuid>, day: NaiveDate) -> Result<Option<Arc<Form>>, Failure> {
    Ok(store::in_force(tx, form, room.map(RoomId), day).await?)
}

/// All forms that may be begun on this day in this room.
pub async fn list(tx: &mut Tx, room: Option<Uuid>, day: NaiveDate) -> Result<Vec<Arc<Form>>, Failure> {
    Ok(store::list_in_force(tx, room.map(RoomId), day).await?)
}

/// The forms of these documents, each in the version it was begun with. At most one query.
pub async fn all_of(tx: &mut Tx, rows: &[Row]) -> Result<HashMap<(String, i32), Arc<Form>>, Failure> {
    let mut wanted: Vec<(&str, i32)> = rows.iter().filter(|r| !r.form.is_empty()).map(|r| (r.form.as_str(), r.form_version)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(store::of_versions(tx, &wanted).await?)
}

/// How many signatures each form among these documents asks for.
pub async fn signatures_wanted(tx: &mut Tx, rows: &[Row]) -> Result<HashMap<(String, i32), usize>, Failure> {
    Ok(all_of(tx, rows).await?.into_iter().map(|(key, form)| (key, form.sign_flow.len())).collect())
}

/// The title of a form in sentence case, "" for none: `BỆNH ÁN NỘI KHOA` → `Bệnh án nội khoa`.
pub fn title(form: &str) -> String {
    national().newest(form).map(|form| readable(&form.title)).unwrap_or_default()
}

/// Capitals are for paper.
pub fn readable(title: &str) -> String {
    let is_shouted = title.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    if !is_shouted {
        return title.to_owned();
    }
    let mut chars = title.chars();
    let first: String = chars.next().into_iter().collect();
    first + &chars.as_str().to_lowercase()
}
