//! Searching: what the address asks for, read once at the door. A parameter that a kind does not know is refused where the
//! caller wants it strict, and otherwise left out of the search and of the self link, as FHIR says.

use crate::dialect::{meaning_of, vital_of};
use crate::kind::{Kind, Parameter};
use crate::outcome::{Issue, Refused};
use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use http::StatusCode;
use uuid::Uuid;

/// The most resources on a page.
pub const MOST: usize = 200;
const USUAL: usize = 50;

/// A span of time, from inclusive, to exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

impl Span {
    fn narrow(&mut self, other: Span) {
        self.from = self.from.max(other.from);
        self.to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// What is asked for. `None` asks for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub ids: Option<Vec<Uuid>>,
    pub patients: Option<Vec<Uuid>>,
    pub encounters: Option<Vec<Uuid>>,
    pub codes: Option<Vec<String>>,
    pub categories: Option<Vec<String>>,
    pub statuses: Option<Vec<String>>,
    /// Kind of number and number, `visit|…`.
    pub numbers: Option<Vec<String>>,
    /// Beginnings of the words of a folded name.
    pub words: Option<Vec<String>>,
    pub at: Span,
    pub updated: Span,
    pub after: Option<(DateTime<Utc>, Uuid, String)>,
    pub count: usize,
    /// Of patients: kind (`""` for any) and number.
    pub patient_numbers: Vec<(String, String)>,
    /// Elements whose targets come along: `subject`, `encounter`.
    pub includes: Vec<&'static str>,
    /// `_summary=count`: only how many.
    pub only_count: bool,
    /// What was understood, for the self link.
    pub kept: Vec<(String, String)>,
    /// What was not, for the outcome.
    pub ignored: Vec<String>,
}

/// Reads the parameters of a search.
pub fn read(kind: Kind, pairs: &[(String, String)], is_strict: bool) -> Result<Asked, Refused> {
    let mut asked = Asked { count: USUAL, ..Asked::default() };
    for (name, value) in pairs {
        // "_format" and "_pretty" shape the answer only.
        if matches!(name.as_str(), "_format" | "_pretty" | "_total") {
            continue;
        }
        if value.is_empty() {
            continue;
        }
        if take(&mut asked, kind, name, value)? {
            asked.kept.push((name.clone(), value.clone()));
        } else if is_strict {
            let text = format!("Tham số {name} không dùng được cho {}. Xem /fhir/r4/metadata.", kind.name());
            return Err(Refused::With(StatusCode::BAD_REQUEST, vec![Issue::error("not-supported", text).at(format!("http.{name}"))]));
        } else {
            asked.ignored.push(name.clone());
        }
    }
    Ok(asked)
}

fn take(asked: &mut Asked, kind: Kind, name: &str, value: &str) -> Result<bool, Refused> {
    match name {
        "_id" => asked.ids = Some(and(asked.ids.take(), value.split(',').filter_map(uuid_of).collect())),
        "_lastUpdated" => asked.updated.narrow(span(value)?),
        "_count" => asked.count = value.parse::<usize>().map_err(|_| Refused::invalid("_count phải là số nguyên."))?.clamp(1, MOST),
        "_summary" if value == "count" => asked.only_count = true,
        "_sort" if value == "-_lastUpdated" => {}
        "_after" => asked.after = Some(after(value)?),
        "_include" => match included(kind, value) {
            Some(element) => asked.includes.push(element),
            None => return Ok(false),
        },
        _ => {
            let (bare, modifier) = name.split_once(':').unwrap_or((name, ""));
            let is_subject = bare == "subject" && kind.parameters().contains(&Parameter::Patient);
            let known = kind.parameters().iter().find(|p| p.name(kind) == bare).copied().or(is_subject.then_some(Parameter::Patient));
            let Some(parameter) = known else { return Ok(false) };
            let fits = match parameter {
                Parameter::Patient => modifier.is_empty() || modifier == "Patient",
                Parameter::Name => matches!(modifier, "" | "contains"),
                _ => modifier.is_empty(),
            };
            return Ok(fits && by_parameter(asked, kind, parameter, value)?);
        }
    }
    Ok(true)
}

/// Two conditions on the same thing have to hold together.
fn and<T: PartialEq>(before: Option<Vec<T>>, now: Vec<T>) -> Vec<T> {
    match before {
        Some(before) => before.into_iter().filter(|v| now.contains(v)).collect(),
        None => now,
    }
}

fn by_parameter(asked: &mut Asked, kind: Kind, parameter: Parameter, value: &str) -> Result<bool, Refused> {
    match parameter {
        Parameter::Patient if value.contains("identifier=") => return Ok(false),
        Parameter::Patient => asked.patients = Some(and(asked.patients.take(), references("Patient", value))),
        Parameter::Encounter => asked.encounters = Some(and(asked.encounters.take(), references("Encounter", value))),
        Parameter::Target => asked.ids = Some(and(asked.ids.take(), value.split(',').filter_map(|t| uuid_of(t.rsplit('/').next()?.split('.').next()?)).collect())),
        Parameter::PractitionerParam => asked.ids = Some(and(asked.ids.take(), references("Practitioner", value))),
        Parameter::Identifier if kind == Kind::Patient => asked.patient_numbers.extend(value.split(',').map(patient_number)),
        Parameter::Identifier => asked.numbers = Some(and(asked.numbers.take(), value.split(',').flat_map(|v| number(kind, v)).collect())),
        Parameter::Name => {
            let words: Vec<String> = base::fold(value).split_whitespace().map(str::to_owned).collect();
            asked.words.get_or_insert_default().extend(words);
        }
        Parameter::Gender => asked.statuses = Some(value.split(',').map(str::to_owned).collect()),
        Parameter::Code | Parameter::Type => asked.codes = Some(and(asked.codes.take(), value.split(',').map(code).collect())),
        Parameter::Category | Parameter::Class => asked.categories = Some(value.split(',').map(|v| category(kind, token(v))).collect()),
        Parameter::Status if kind == Kind::Encounter => asked.statuses = Some(value.split(',').map(|v| token(v).replace("in-progress", "in_progress")).collect()),
        Parameter::Status | Parameter::Action => asked.statuses = Some(value.split(',').map(|v| token(v).to_owned()).collect()),
        Parameter::Date | Parameter::Birthdate => asked.at.narrow(if parameter == Parameter::Birthdate { born(value)? } else { span(value)? }),
    }
    Ok(true)
}

/// The code of `system|code`.
fn token(value: &str) -> &str {
    value.rsplit('|').next().unwrap_or(value)
}

/// A code as the sources know it: the vital signs by our own words.
fn code(value: &str) -> String {
    let code = token(value);
    vital_of(code).unwrap_or(code).to_owned()
}

/// The words of categories differ from ours only where FHIR's are codes of a table.
fn category(kind: Kind, code: &str) -> String {
    match (kind, code) {
        (Kind::ServiceRequest, "laboratory" | "108252007") => "lab".to_owned(),
        (Kind::ServiceRequest, "363679005") => "imaging".to_owned(),
        _ => code.to_owned(),
    }
}

fn patient_number(value: &str) -> (String, String) {
    match value.split_once('|') {
        Some((system, number)) => {
            // A system that nobody here knows finds nobody.
            let kind = if system.is_empty() { "" } else { meaning_of(system).unwrap_or("?") };
            (kind.to_owned(), number.to_owned())
        }
        None => (String::new(), value.to_owned()),
    }
}

fn number(kind: Kind, value: &str) -> Vec<String> {
    let usual: &[&str] = match kind {
        Kind::Encounter => &["visit"],
        Kind::ServiceRequest => &["order"],
        Kind::MedicationRequest => &["prescription"],
        Kind::DocumentReference | Kind::Composition => &["document"],
        Kind::Practitioner => &["licence"],
        Kind::Location => &["room"],
        _ => &[],
    };
    match value.split_once('|') {
        Some((system, number)) if !system.is_empty() => meaning_of(system).map(|meaning| format!("{meaning}|{number}")).into_iter().collect(),
        _ => usual.iter().map(|meaning| format!("{meaning}|{}", token(value))).collect(),
    }
}

/// Ids of references: `Patient/id`, a whole address, or the bare id.
fn references(kind: &str, value: &str) -> Vec<Uuid> {
    value
        .split(',')
        .filter_map(|reference| {
            let mut parts = reference.rsplit('/');
            let id = uuid_of(parts.next()?)?;
            parts.next().is_none_or(|named| named == kind).then_some(id)
        })
        .collect()
}

fn uuid_of(text: &str) -> Option<Uuid> {
    // Only the hyphenated form is an id of ours.
    text.split('.').next().filter(|t| t.len() == 36).and_then(|t| t.parse().ok())
}

fn included(kind: Kind, value: &str) -> Option<&'static str> {
    let mut parts = value.split(':');
    let (source, element) = (parts.next()?, parts.next()?);
    if source != kind.name() && source != "*" {
        return None;
    }
    match element {
        "patient" | "subject" if kind.parameters().contains(&Parameter::Patient) => Some("subject"),
        "encounter" if kind.parameters().contains(&Parameter::Encounter) => Some("encounter"),
        _ => None,
    }
}

fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(7 * 3600).expect("a fixed offset")
}

/// The span of a date with its prefix: `2026-11`, `ge2026-11-24`, `lt2026-11-24T08:00:00+07:00`. A day without a zone is a
/// day in Vietnam.
pub fn span(value: &str) -> Result<Span, Refused> {
    ranged(value, |day| vietnam().from_local_datetime(&day.and_hms_opt(0, 0, 0)?).single().map(|t| t.to_utc()))
}

/// The same for days that have no hour: dates of birth lie at midnight UTC.
fn born(value: &str) -> Result<Span, Refused> {
    ranged(value, |day| Some(day.and_hms_opt(0, 0, 0)?.and_utc()))
}

fn ranged(value: &str, begin: impl Fn(NaiveDate) -> Option<DateTime<Utc>>) -> Result<Span, Refused> {
    let unreadable = || Refused::With(StatusCode::BAD_REQUEST, vec![Issue::error("value", format!("Không đọc được ngày “{value}”. Ghi như 2026-11-24 hoặc ge2026-11-24T08:00:00+07:00."))]);
    let (prefix, text) = match value.get(..2) {
        Some(prefix) if prefix.bytes().all(|b| b.is_ascii_lowercase()) => (prefix, &value[2..]),
        _ => ("eq", value),
    };
    let (from, to) = period(text, &begin).ok_or_else(unreadable)?;
    Ok(match prefix {
        "eq" => Span { from: Some(from), to: Some(to) },
        "ge" => Span { from: Some(from), to: None },
        "gt" | "sa" => Span { from: Some(to), to: None },
        "le" => Span { from: None, to: Some(to) },
        "lt" | "eb" => Span { from: None, to: Some(from) },
        // About: a day more on both sides.
        "ap" => Span { from: Some(from - TimeDelta::days(1)), to: Some(to + TimeDelta::days(1)) },
        _ => return Err(unreadable()),
    })
}

fn period(text: &str, begin: &impl Fn(NaiveDate) -> Option<DateTime<Utc>>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    // A "+" that was not encoded arrives as a blank.
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        let from = time.to_utc();
        return Some((from, from + TimeDelta::seconds(1)));
    }
    let (first, next) = match text.len() {
        4 => (day(&format!("{text}-01-01"))?, day(&format!("{text}-01-01"))?.checked_add_months(Months::new(12))?),
        7 => (day(&format!("{text}-01"))?, day(&format!("{text}-01"))?.checked_add_months(Months::new(1))?),
        10 => (day(text)?, day(text)?.checked_add_days(Days::new(1))?),
        _ => return None,
    };
    Some((begin(first)?, begin(next)?))
}

fn after(value: &str) -> Result<(DateTime<Utc>, Uuid, String), Refused> {
    let read = || {
        let mut parts = value.splitn(3, '_');
        let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        Some((at, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
    };
    read().ok_or_else(|| Refused::invalid("_after không đọc được: dùng nguyên liên kết next của trang trước."))
}

/// How the next page is asked for after this row.
pub fn after_text(at: DateTime<Utc>, id: Uuid, part: &str) -> String {
    format!("{}_{id}_{part}", at.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        text.split('&').filter_map(|p| p.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }

    #[test]
    fn dates_with_prefixes_become_spans_of_vietnamese_days() {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(span("2026-11-24").unwrap(), Span { from: Some(utc("2026-11-23T17:00:00Z")), to: Some(utc("2026-11-24T17:00:00Z")) });
        assert_eq!(span("ge2026-11").unwrap(), Span { from: Some(utc("2026-10-31T17:00:00Z")), to: None });
        assert_eq!(span("lt2026").unwrap(), Span { from: None, to: Some(utc("2025-12-31T17:00:00Z")) });
        assert_eq!(span("gt2026-11-24T08:00:00 07:00").unwrap().from, Some(utc("2026-11-24T01:00:01Z")));
        assert_eq!(born("1985-03-15").unwrap().from, Some(utc("1985-03-15T00:00:00Z")));
        for wrong in ["24/11/2026", "xx2026", "2026-13", "", "ge", "9999999999", "-1"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_parameters_are_left_out_or_refused() {
        let asked = read(Kind::Condition, &pairs("patient=Patient/0197a000-0000-7000-8000-000000000001&colour=red&_count=9999"), false).unwrap();
        assert_eq!((asked.count, asked.ignored, asked.kept.len()), (200, vec!["colour".to_owned()], 2));
        assert!(read(Kind::Condition, &pairs("colour=red"), true).is_err());
        assert_eq!(read(Kind::Observation, &pairs("code=http://loinc.org|8867-4"), true).unwrap().codes, Some(vec!["pulse".to_owned()]));
        let twice = read(Kind::Observation, &pairs("date=ge2026-01-01&date=lt2026-02-01"), true).unwrap();
        assert!(twice.at.from.is_some() && twice.at.to.is_some());
    }

    #[test]
    fn the_next_page_is_asked_for_after_the_last_row() {
        let (at, id) = (DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(), Uuid::from_u128(7));
        assert_eq!(after(&after_text(at, id, "bp")).unwrap(), (at, id, "bp".to_owned()));
        assert!(after("x_y").is_err());
    }
}
