//! The forms that documents point at: the very version they were begun with, or the one in force today.

use super::store::row::Row;
use crate::form::catalogue::national;
use crate::form::definition::Form;
use chrono::NaiveDate;
use db::Tx;
use std::collections::HashMap;
use std::sync::Arc;
use web::Failure;

/// This very version of a form; `None` for a document that is no form of ours.
pub async fn version(_tx: &mut Tx, form: &str, version: i32) -> Result<Option<Arc<Form>>, Failure> {
    Ok(national().version(form, version).or_else(|| national().newest(form)))
}

/// The version of a form that is filled today.
pub async fn in_force(_tx: &mut Tx, form: &str, day: NaiveDate) -> Result<Option<Arc<Form>>, Failure> {
    Ok(national().in_force(form, day))
}

/// All forms that may be begun today.
pub async fn list(_tx: &mut Tx, day: NaiveDate) -> Result<Vec<Arc<Form>>, Failure> {
    Ok(national().list().filter_map(|form| national().in_force(&form.form, day)).collect())
}

/// How many signatures each form among these documents asks for.
pub async fn signatures_wanted(tx: &mut Tx, rows: &[Row]) -> Result<HashMap<(String, i32), usize>, Failure> {
    let mut wanted = HashMap::new();
    for row in rows.iter().filter(|row| !row.form.is_empty()) {
        let key = (row.form.clone(), row.form_version);
        if !wanted.contains_key(&key) {
            let count = version(tx, &row.form, row.form_version).await?.map_or(0, |form| form.sign_flow.len());
            wanted.insert(key, count);
        }
    }
    Ok(wanted)
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
