//! The ward's papers in the medical record: each sheet is written as the form that the ministry knows, with what stands in
//! our tables, so that the record fills itself while people work.

use crate::store::paper;
use crate::store::stay::Stay;
use base::{DocumentId, local_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde_json::{Value, json};
use web::ask::{FormStart, Records, RecordsOf};
use web::{Ctx, Failure};

/// `2026-11-25T08:40`, the ward's clock, as forms keep it.
pub fn clock(at: DateTime<Utc>) -> String {
    local_time(at).format("%Y-%m-%dT%H:%M").to_string()
}

/// `08:40`.
pub fn hour(at: DateTime<Utc>) -> String {
    local_time(at).format("%H:%M").to_string()
}

/// Writes a form of this stay into its record, or adds to it where it was begun; a finished paper is left as it is.
/// `about` tells papers of one form apart.
pub async fn write(ctx: &Ctx, tx: &mut Tx, stay: &Stay, form: &str, about: &str, data: Value) -> Result<(), Failure> {
    let document = paper::document(tx, stay.encounter(), form, about).await?;
    put(ctx.app.records(), tx, stay, form, document, data).await
}

/// Puts `data` into one document. A house whose library lacks the form goes on without the paper: care never waits for a
/// sheet of paper. A record that is locked refuses.
pub async fn put(records: &dyn Records, tx: &mut Tx, stay: &Stay, form: &str, document: DocumentId, data: Value) -> Result<(), Failure> {
    let start = FormStart { document, encounter: stay.encounter(), form, data };
    match records.write_form(tx, &start).await {
        Err(Failure::NotFound) => {}
        Err(Failure::Refused(problems)) if !problems.at("form").is_empty() => {}
        other => return other,
    }
    tracing::warn!(form, "the library has no such form in force, the sheet stays in the ward's tables only");
    Ok(())
}

/// The sheet of a day that grows with every entry. Once it is signed, what comes later begins the next sheet.
pub struct DaySheet {
    pub document: DocumentId,
    pub number: i64,
    /// Entries up to here stand on an earlier, finished sheet.
    pub since: Option<DateTime<Utc>>,
}

/// The sheet of this form and day that still takes entries.
pub async fn day_sheet(ctx: &Ctx, tx: &mut Tx, stay: &Stay, form: &str, day: NaiveDate) -> Result<DaySheet, Failure> {
    let lines = ctx.app.records().list(tx, RecordsOf::Encounter(stay.encounter())).await?;
    let (mut since, mut number) = (None, 1);
    loop {
        let about = if number == 1 { day.to_string() } else { format!("{day}/{number}") };
        let known = paper::find(tx, stay.encounter(), form, &about).await?;
        let finished = known.and_then(|(document, written)| lines.iter().find(|l| l.document == document && l.status != "draft").map(|_| written));
        match finished {
            Some(written) => (since, number) = (Some(written), number + 1),
            None => return Ok(DaySheet { document: paper::document(tx, stay.encounter(), form, &about).await?, number, since }),
        }
    }
}

/// The head that sheets of the ward share: ward, chamber, bed, diagnosis.
pub fn head(stay: &Stay) -> Value {
    json!({
        "pt_khoa": stay.ward_name,
        "nb_khoa": stay.ward_name,
        "nb_buong": stay.chamber.clone().unwrap_or_default(),
        "nb_giuong": stay.bed_code.clone().unwrap_or_default(),
        "nb_chan_doan": stay.shown_diagnosis(),
    })
}

/// One object with the fields of both; the second wins.
pub fn joined(mut first: Value, second: Value) -> Value {
    if let (Some(into), Value::Object(more)) = (first.as_object_mut(), second) {
        into.extend(more);
    }
    first
}
