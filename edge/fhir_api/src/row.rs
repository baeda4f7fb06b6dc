//! One row as the sources give it, and the small things that every builder needs: references, times, names.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// A row of a source.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Uuid,
    pub part: String,
    pub patient: Option<Uuid>,
    pub encounter: Option<Uuid>,
    pub updated: DateTime<Utc>,
    pub codes: Vec<String>,
    /// In FHIR's words, for the kinds whose sources say it.
    pub status: String,
    /// What the builder needs, as the source collected it.
    pub facts: Value,
}

impl Row {
    /// The FHIR id.
    pub fn fhir_id(&self) -> String {
        if self.part.is_empty() { self.id.to_string() } else { format!("{}.{}", self.id, self.part) }
    }
    /// A text, "" where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.facts[key].as_str().unwrap_or("")
    }
    pub fn list(&self, key: &str) -> &[Value] {
        self.facts[key].as_array().map_or(&[], Vec::as_slice)
    }
    /// A time at +07:00, or null.
    pub fn time(&self, key: &str) -> Value {
        show(&self.facts[key])
    }
    pub fn subject(&self) -> Value {
        self.patient.map_or(Value::Null, |id| reference("Patient", &id.to_string()))
    }
    pub fn visit(&self) -> Value {
        self.encounter.map_or(Value::Null, |id| reference("Encounter", &id.to_string()))
    }
    /// The doctor of the row, with the name that stood there.
    pub fn doctor(&self) -> Value {
        named("Practitioner", &self.facts["doctor"], self.text("doctor_name"))
    }
}

/// A reference by kind and id.
pub fn reference(kind: &str, id: &str) -> Value {
    json!({ "reference": format!("{kind}/{id}") })
}

/// A reference with a name; null without an id and a name.
pub fn named(kind: &str, id: &Value, name: &str) -> Value {
    match id.as_str() {
        Some(id) => json!({ "reference": format!("{kind}/{id}"), "display": name }),
        None => json!({ "display": name }),
    }
}

/// A time of the database at +07:00, as every FHIR time of ours is written.
pub fn show(value: &Value) -> Value {
    match value.as_str().map(DateTime::parse_from_rfc3339) {
        Some(Ok(time)) => json!(at_vietnam(time.to_utc())),
        _ => Value::Null,
    }
}

pub fn at_vietnam(time: DateTime<Utc>) -> String {
    let vietnam = FixedOffset::east_opt(7 * 3600).expect("a fixed offset");
    time.with_timezone(&vietnam).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// A Vietnamese name: all of it as text, the first syllable as family name, the rest in order.
pub fn name(text: &str) -> Value {
    let mut syllables = text.split_whitespace();
    let family = syllables.next().unwrap_or("");
    let given: Vec<&str> = syllables.collect();
    json!({ "use": "official", "text": text, "family": family, "given": given })
}
