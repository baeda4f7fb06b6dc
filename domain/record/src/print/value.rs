//! How a kept value reads on paper.

use crate::form::definition::{Field, FieldType};
use base::dates::local_date;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use serde_json::Value;

/// The words of a value; empty when there is none.
pub fn words(field: &Field, value: &Value) -> String {
    match field.kind {
        FieldType::Date | FieldType::Datetime | FieldType::Time => Moment::of(value).map(|moment| moment.words(field.kind)).unwrap_or_else(|| plain(value)),
        FieldType::Choice | FieldType::Multichoice => chosen_words(field, value),
        FieldType::Boolean => if is_on(value) { "Có".into() } else { String::new() },
        FieldType::Decimal | FieldType::Computed => decimal(&plain(value)),
        _ => plain(value),
    }
}

/// Text, number, a named thing or several of them.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "Có".into(),
        Value::Array(items) => items.iter().map(plain).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => named(fields),
        Value::Null | Value::Bool(false) => String::new(),
    }
}

/// A member of staff, a code with its name: whatever of name and code is there.
fn named(fields: &serde_json::Map<String, Value>) -> String {
    let read = |keys: &[&str]| keys.iter().find_map(|key| fields.get(*key)?.as_str()).map(str::trim).filter(|text| !text.is_empty());
    match (read(&["name", "text", "label"]), read(&["code"])) {
        (Some(name), Some(code)) => format!("{name} ({code})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

/// The bare code of a diagnosis, for its squares.
pub fn code(value: &Value) -> String {
    value.get("code").and_then(Value::as_str).map_or_else(|| plain(value), str::to_owned)
}

/// Vietnamese writes a decimal comma.
fn decimal(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(_) => text.replace('.', ","),
        Err(_) => text.to_owned(),
    }
}

pub fn is_on(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => !matches!(text.as_str(), "" | "0" | "false" | "không" | "Không"),
        Value::Number(number) => number.as_f64().is_some_and(|n| n != 0.0),
        _ => false,
    }
}

/// The number that is stored for an option: `"1. Khỏi"` → `"1"`; the whole text where it has none.
pub fn key(option: &str) -> &str {
    match option.split_once('.') {
        Some((number, _)) if !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()) => number,
        _ => option,
    }
}

/// Whether this option is among what was chosen.
pub fn is_chosen(option: &str, value: &Value) -> bool {
    let one = |value: &Value| {
        let kept = plain(value);
        !kept.is_empty() && (kept == key(option) || kept == option)
    };
    match value {
        Value::Array(items) => items.iter().any(one),
        value => one(value),
    }
}

fn chosen_words(field: &Field, value: &Value) -> String {
    let chosen = field.options.iter().filter(|option| is_chosen(option, value));
    let words: Vec<&str> = chosen.map(|option| option.split_once(". ").filter(|(n, _)| n.len() <= 2).map_or(option.as_str(), |(_, text)| text)).collect();
    if words.is_empty() { plain(value) } else { words.join(", ") }
}

/// A day, a time of day, or both, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub day: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
}

impl Moment {
    /// Reads a day (`2026-11-25`), a local time (`2026-11-25T08:30`), an instant with its zone, or a time of day.
    pub fn of(value: &Value) -> Option<Moment> {
        let text = value.as_str()?.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Moment::local(at.with_timezone(&Utc)));
        }
        for shape in ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y"] {
            if let Ok(at) = NaiveDateTime::parse_from_str(text, shape) {
                return Some(Moment { day: Some(at.date()), time: Some(at.time()) });
            }
        }
        for shape in ["%Y-%m-%d", "%d/%m/%Y"] {
            if let Ok(day) = NaiveDate::parse_from_str(text, shape) {
                return Some(Moment { day: Some(day), time: None });
            }
        }
        NaiveTime::parse_from_str(text, "%H:%M").ok().map(|time| Moment { day: None, time: Some(time) })
    }

    fn local(at: DateTime<Utc>) -> Moment {
        let vietnam = at + chrono::TimeDelta::hours(7);
        Moment { day: Some(local_date(at)), time: Some(vietnam.time()) }
    }

    pub fn words(self, kind: FieldType) -> String {
        let day = self.day.map(|day| day.format("%d/%m/%Y").to_string());
        let time = self.time.filter(|_| kind != FieldType::Date).map(|time| time.format("%H:%M").to_string());
        [time, day].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// One part as two (a year as four) figures; empty when it is not known.
    pub fn part(self, part: Part) -> String {
        match part {
            Part::Hour => self.time.map(|time| format!("{:02}", time.hour())),
            Part::Minute => self.time.map(|time| format!("{:02}", time.minute())),
            Part::Day => self.day.map(|day| format!("{:02}", day.day())),
            Part::Month => self.day.map(|day| format!("{:02}", day.month())),
            Part::Year => self.day.map(|day| day.year().to_string()),
        }
        .unwrap_or_default()
    }
}

/// What a gap in a printed date asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Hour,
    Minute,
    Day,
    Month,
    Year,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_read_in_every_shape_that_is_kept() {
        for (kept, shown) in [
            (json!("2026-11-25T01:30:00Z"), "08:30 25/11/2026"),
            (json!("2026-11-25T08:30"), "08:30 25/11/2026"),
            (json!("2026-11-25"), "25/11/2026"),
            (json!("08:30"), "08:30"),
        ] {
            assert_eq!(Moment::of(&kept).unwrap().words(FieldType::Datetime), shown, "{kept}");
        }
        assert_eq!(Moment::of(&json!("hôm qua")), None);
        assert_eq!(Moment::of(&json!(7)), None);
    }

    #[test]
    fn an_option_is_known_by_its_number_or_its_text() {
        assert!(is_chosen("1. Khỏi", &json!("1")));
        assert!(is_chosen("Nam", &json!("Nam")));
        assert!(is_chosen("2. Rượu", &json!(["1", "2"])));
        assert!(!is_chosen("1. Khỏi", &json!("10")));
        assert!(!is_chosen("1. Khỏi", &json!("")));
        assert_eq!(key("26. Khỏi"), "26");
        assert_eq!(key("v.v."), "v.v.");
    }

    #[test]
    fn named_things_read_as_people_say_them() {
        assert_eq!(plain(&json!({"code": "J18.9", "name": "Viêm phổi"})), "Viêm phổi (J18.9)");
        assert_eq!(code(&json!({"code": "J18.9", "name": "Viêm phổi"})), "J18.9");
        assert_eq!(plain(&json!(["A", "", "B"])), "A, B");
    }
}
