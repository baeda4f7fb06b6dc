//! The ward's papers in the medical record: each sheet is written as the form that the ministry knows, with what stands in
//! our tables, so that the record fills itself while people work.

use crate::store::paper;
use crate::store::stay::Stay;
use base::local_time;
use chrono::{DateTime, Utc};
use db::Tx;
use serde_json::{Value, json};
use web::ask::FormStart;
use web::{Ctx, Failure};

/// `2026-11-25T08:40`, the ward's clock, as forms keep it.
pub fn clock(at: DateTime<Utc>) -> String {
    local_time(at).format("%Y-%m-%dT%H:%M").to_string()
}

/// `08:40`.
pub fn hour(at: DateTime<Utc>) -> String {
    local_time(at).format("%H:%M").to_string()
}

/// Writes a form of this stay into its record, or adds to it where it was begun. `about` tells papers of one form apart.
/// A house whose library lacks the form goes on without the paper: care never waits for a sheet of paper.
pub async fn write(ctx: &Ctx, tx: &mut Tx, stay: &Stay, form: &str, about: &str, data: Value) -> Result<(), Failure> {
    let document = paper::document(tx, stay.encounter(), form, about).await?;
    let start = FormStart { document, encounter: stay.encounter(), form, data };
    match ctx.app.records().write_form(tx, &start).await {
        Err(Failure::NotFound) => {
            tracing::warn!(form, "the record has no such form, the sheet stays in the ward's tables only");
            Ok(())
        }
        other => other,
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
