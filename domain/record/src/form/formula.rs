//! What a form works out by itself: `bmi(can_nang, chieu_cao)`, `sum(dich_vao.so_luong)`. The list is closed, so that a
//! form can be checked before it is published and never does anything but arithmetic.

use super::condition::Place;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

/// A calculation, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// Age in years; under six in months, under one month in days. On the second date, or today.
    Age { birth: String, at: Option<String> },
    /// Kilogram by metre squared, one decimal; height in cm.
    Bmi { weight: String, height: String },
    /// Days in hospital, the day of admission and the day of discharge both counted.
    DaysOfTreatment { from: String, to: String },
    /// The sum of fields (numbers, or the numbers of chosen answers) and of table columns. Nothing given, nothing shown.
    Sum(Vec<Term>),
    Difference { of: String, less: String },
    /// Whole weeks from one date to another.
    WeeksBetween { from: String, to: String },
    PlusDays { date: String, days: i64 },
    /// An amount in words.
    InWords { amount: String },
    /// A number that goes with a chosen answer.
    Lookup { choice: String, table: Vec<(String, f64)> },
}

/// A summand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    Field(String),
    Column { table: String, column: String },
}

impl Formula {
    /// Reads the text of a form. `Err` says in Vietnamese what is wrong with it.
    pub fn parse(text: &str) -> Result<Formula, String> {
        let wrong = || format!("Không đọc được công thức “{text}”.");
        let (name, rest) = text.split_once('(').ok_or_else(wrong)?;
        let inside = rest.strip_suffix(')').ok_or_else(wrong)?;
        let terms: Vec<&str> = inside.split(',').map(str::trim).collect();
        let id = |term: &str| match Place::parse(term) {
            Some(Place { field, cell: None }) => Ok(field),
            _ => Err(wrong()),
        };
        match (name.trim(), terms.as_slice()) {
            ("age", [birth]) => Ok(Formula::Age { birth: id(birth)?, at: None }),
            ("age", [birth, at]) => Ok(Formula::Age { birth: id(birth)?, at: Some(id(at)?) }),
            ("bmi", [weight, height]) => Ok(Formula::Bmi { weight: id(weight)?, height: id(height)? }),
            ("days_of_treatment", [from, to]) => Ok(Formula::DaysOfTreatment { from: id(from)?, to: id(to)? }),
            ("difference", [of, less]) => Ok(Formula::Difference { of: id(of)?, less: id(less)? }),
            ("weeks_between", [from, to]) => Ok(Formula::WeeksBetween { from: id(from)?, to: id(to)? }),
            ("plus_days", [date, days]) => {
                let days = days.parse().ok().filter(|days: &i64| days.abs() <= 36_500).ok_or_else(wrong)?;
                Ok(Formula::PlusDays { date: id(date)?, days })
            }
            ("in_words", [amount]) => Ok(Formula::InWords { amount: id(amount)? }),
            ("sum", terms) => terms.iter().map(|term| Term::parse(term).ok_or_else(wrong)).collect::<Result<_, _>>().map(Formula::Sum),
            ("lookup", [choice, rows @ ..]) if !rows.is_empty() => {
                let row = |row: &&str| -> Option<(String, f64)> {
                    let (answer, number) = row.rsplit_once(':')?;
                    Some((answer.trim().to_owned(), number.trim().parse().ok()?))
                };
                let table: Option<Vec<_>> = rows.iter().map(row).collect();
                Ok(Formula::Lookup { choice: id(choice)?, table: table.ok_or_else(wrong)? })
            }
            _ => Err(wrong()),
        }
    }

    /// The fields it reads, with the column where it reads a table.
    pub fn fields(&self) -> Vec<(&str, Option<&str>)> {
        match self {
            Formula::Age { birth, at } => std::iter::once((birth.as_str(), None)).chain(at.iter().map(|at| (at.as_str(), None))).collect(),
            Formula::Bmi { weight: a, height: b }
            | Formula::DaysOfTreatment { from: a, to: b }
            | Formula::Difference { of: a, less: b }
            | Formula::WeeksBetween { from: a, to: b } => vec![(a, None), (b, None)],
            Formula::PlusDays { date: id, .. } | Formula::InWords { amount: id } | Formula::Lookup { choice: id, .. } => vec![(id, None)],
            Formula::Sum(terms) => terms
                .iter()
                .map(|term| match term {
                    Term::Field(id) => (id.as_str(), None),
                    Term::Column { table, column } => (table.as_str(), Some(column.as_str())),
                })
                .collect(),
        }
    }

    /// The answer, or `None` while something it needs is missing or makes no sense.
    pub fn work_out(&self, values: &Map<String, Value>, today: NaiveDate) -> Option<Value> {
        match self {
            Formula::Age { birth, at } => {
                let on = match at.as_ref().and_then(|at| values.get(at)) {
                    Some(at) => date(at)?,
                    None => today,
                };
                let birth = date(values.get(birth)?)?;
                if birth > on {
                    return None;
                }
                let age = base::Age::on(birth, on);
                Some(if age.months < 72 { age.to_string() } else { age.years.to_string() }.into())
            }
            Formula::Bmi { weight, height } => {
                let (kg, m) = (number(values.get(weight)?)?, number(values.get(height)?)? / 100.0);
                (kg > 0.0 && m > 0.1).then(|| tidy((kg / (m * m) * 10.0).round() / 10.0))
            }
            Formula::DaysOfTreatment { from, to } => {
                let (from, to) = (date(values.get(from)?)?, date(values.get(to)?)?);
                (from <= to).then(|| ((to - from).num_days() + 1).into())
            }
            Formula::WeeksBetween { from, to } => {
                let (from, to) = (date(values.get(from)?)?, date(values.get(to)?)?);
                (from <= to).then(|| ((to - from).num_days() / 7).into())
            }
            Formula::PlusDays { date: start, days } => {
                let end = date(values.get(start)?)?.checked_add_signed(chrono::Duration::days(*days))?;
                Some(end.to_string().into())
            }
            Formula::Difference { of, less } => Some(tidy(number(values.get(of)?)? - number(values.get(less)?)?)),
            Formula::InWords { amount } => {
                let amount = number(values.get(amount)?)?;
                (amount.fract() == 0.0 && amount.abs() < 1e15).then(|| base::Vnd(amount as i64).in_words().into())
            }
            Formula::Lookup { choice, table } => {
                let chosen = values.get(choice)?.as_str()?;
                table.iter().find(|(answer, _)| answer == chosen).map(|(_, number)| tidy(*number))
            }
            Formula::Sum(terms) => {
                let mut numbers = terms.iter().flat_map(|term| term.numbers(values)).peekable();
                numbers.peek()?;
                // Rounded to six places: 0.1 + 0.2 is 0.3 on paper.
                Some(tidy((numbers.sum::<f64>() * 1e6).round() / 1e6))
            }
        }
    }
}

impl Term {
    fn parse(text: &str) -> Option<Term> {
        match text.split_once('.') {
            None => Place::parse(text).map(|place| Term::Field(place.field)),
            Some((table, column)) => {
                let (table, column) = (Place::parse(table)?.field, Place::parse(column)?.field);
                Some(Term::Column { table, column })
            }
        }
    }

    fn numbers(&self, values: &Map<String, Value>) -> Vec<f64> {
        match self {
            Term::Field(id) => values.get(id).and_then(number).into_iter().collect(),
            Term::Column { table, column } => {
                let rows = values.get(table).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                rows.iter().filter_map(|row| row.get(column).and_then(number)).collect()
            }
        }
    }
}

/// A number as kept, or the number of a chosen answer.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

fn date(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?;
    match text.len() {
        10 => text.parse().ok(),
        _ => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok().map(|at| at.date()),
    }
}

/// Whole numbers stay whole: 3, not 3.0.
fn tidy(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn work_out(text: &str, values: Value) -> Option<Value> {
        let Value::Object(values) = values else { panic!("values are an object") };
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
        Formula::parse(text).expect("a formula").work_out(&values, today)
    }

    #[test]
    fn a_form_works_out_what_people_used_to_count_on_their_fingers() {
        for (text, values, expected) in [
            ("age(sinh)", json!({ "sinh": "1980-05-01" }), json!("46")),
            ("age(sinh)", json!({ "sinh": "2025-08-01" }), json!("15 tháng")),
            ("age(sinh, vao)", json!({ "sinh": "2026-11-20", "vao": "2026-11-25T00:05" }), json!("5 ngày")),
            ("bmi(kg, cm)", json!({ "kg": 60, "cm": 165 }), json!(22)),
            ("bmi(kg, cm)", json!({ "kg": 61.5, "cm": 165 }), json!(22.6)),
            ("days_of_treatment(a, b)", json!({ "a": "2026-11-20T23:50", "b": "2026-11-21T00:10" }), json!(2)),
            ("days_of_treatment(a, b)", json!({ "a": "2026-11-20T08:00", "b": "2026-11-20T17:00" }), json!(1)),
            ("sum(a, b, c)", json!({ "a": "2", "b": 1, "c": "0" }), json!(3)),
            ("sum(dich.ml)", json!({ "dich": [{ "ml": 500 }, {}, { "ml": 250.5 }] }), json!(750.5)),
            ("difference(vao, ra)", json!({ "vao": 1500, "ra": 1720 }), json!(-220)),
            ("weeks_between(kcc, kham)", json!({ "kcc": "2026-03-01", "kham": "2026-11-25T09:00" }), json!(38)),
            ("plus_days(kcc, 280)", json!({ "kcc": "2026-03-01" }), json!("2026-12-06")),
            ("lookup(loai, Loại 1: 0, Loại 2: 10)", json!({ "loai": "Loại 2" }), json!(10)),
        ] {
            assert_eq!(work_out(text, values.clone()), Some(expected), "{text} over {values}");
        }
        assert!(work_out("in_words(tien)", json!({ "tien": 1_250_000 })).is_some());
    }

    #[test]
    fn nothing_is_shown_while_something_is_missing_or_senseless() {
        for (text, values) in [
            ("age(sinh)", json!({})),
            ("age(sinh)", json!({ "sinh": "2027-01-01" })),
            ("bmi(kg, cm)", json!({ "kg": 60 })),
            ("bmi(kg, cm)", json!({ "kg": 60, "cm": 0 })),
            ("days_of_treatment(a, b)", json!({ "a": "2026-11-21", "b": "2026-11-20" })),
            ("sum(a, b)", json!({})),
            ("plus_days(kcc, 280)", json!({ "kcc": "hôm qua" })),
            ("lookup(loai, Loại 1: 0)", json!({ "loai": "Loại 9" })),
        ] {
            assert_eq!(work_out(text, values.clone()), None, "{text} over {values}");
        }
    }

    #[test]
    fn an_unknown_calculation_is_refused() {
        for text in ["", "bmi", "bmi(a)", "exec(a)", "sum()", "sum(a; b)", "plus_days(a, ∞)", "lookup(a)", "age(a, b, c)"] {
            assert!(Formula::parse(text).is_err(), "{text:?}");
        }
    }
}
