//! What the head of the laboratory types: how an analyte is shown and judged, and its ranges.

use super::formula;
use super::panel::bench_name;
use super::range::{self, Limits, Range};
use super::result::decimal;
use super::specimen::Tube;
use crate::store::lab::catalogue::Analyte;
use base::{Problems, parse_date_vi};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

/// An analyte as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnalyteForm {
    pub name: String,
    pub unit: String,
    pub bench: String,
    pub tube: String,
    pub decimals: String,
    pub choices: String,
    pub formula: String,
    pub method: String,
    pub least: String,
    pub most: String,
    pub delta_percent: String,
    pub delta_days: String,
    pub place: String,
}

fn line(typed: &str) -> String {
    typed.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn optional(problems: &mut Problems, field: &'static str, typed: &str) -> Option<Decimal> {
    let text = line(typed);
    let read = decimal(&text);
    problems.add_if(!text.is_empty() && read.is_none(), field, format!("“{text}” không phải số. Nhập như 4,5 hoặc để trống."));
    read
}

/// Reads the form over the analyte as it is; its code and kind never change. Refuses unknown words, limits that cross,
/// and half a delta rule.
pub fn check_analyte(form: &AnalyteForm, known: &Analyte) -> Result<Analyte, Problems> {
    let mut problems = Problems::none();
    let p = &mut problems;
    let name = line(&form.name);
    p.add_if(name.is_empty() || name.chars().count() > 200, "name", "Ghi tên chỉ số, tối đa 200 ký tự.");
    let (unit, method) = (line(&form.unit), line(&form.method));
    p.add_if(unit.chars().count() > 30, "unit", "Đơn vị dài quá 30 ký tự.");
    p.add_if(method.chars().count() > 120, "method", "Phương pháp dài quá 120 ký tự.");
    p.add_if(bench_name(&form.bench).is_none(), "bench", "Chọn một bàn trong danh sách.");
    let tube = Tube::from_key(&form.tube);
    p.add_if(tube.is_none(), "tube", "Chọn một loại ống trong danh sách.");
    let decimals = form.decimals.trim().parse::<u32>().ok().filter(|d| *d <= 4);
    p.add_if(decimals.is_none(), "decimals", "Số lẻ sau dấu phẩy từ 0 đến 4.");
    let choices: Vec<String> = form.choices.split(['|', ';', '\n']).map(line).filter(|c| !c.is_empty()).collect();
    p.add_if(choices.iter().any(|c| c.chars().count() > 60) || choices.len() > 20, "choices", "Nhiều nhất 20 lựa chọn, mỗi lựa chọn tối đa 60 ký tự.");
    let is_choice = known.spec.kind == super::result::Kind::Choice;
    p.add_if(is_choice && choices.len() < 2, "choices", "Cần ít nhất hai lựa chọn, cách nhau bằng dấu |.");
    p.add_if(!form.formula.is_empty() && formula::find(&form.formula).is_none(), "formula", "Chọn một công thức trong danh sách.");
    let (least, most) = (optional(p, "least", &form.least), optional(p, "most", &form.most));
    p.add_if(least.zip(most).is_some_and(|(a, b)| a > b), "most", "Giới hạn lớn nhất nhỏ hơn giới hạn nhỏ nhất. Đổi lại hai số.");
    let percent = optional(p, "delta_percent", &form.delta_percent);
    p.add_if(percent.is_some_and(|v| v <= Decimal::ZERO), "delta_percent", "Mức lệch phải lớn hơn 0 %.");
    let days_text = line(&form.delta_days);
    let days = days_text.parse::<i32>().ok().filter(|d| (1..=3650).contains(d));
    p.add_if(!days_text.is_empty() && days.is_none(), "delta_days", "Số ngày từ 1 đến 3650.");
    p.add_if(percent.is_some() != days.is_some(), "delta_days", "Ghi cả mức lệch (%) và số ngày, hoặc để trống cả hai.");
    let place = form.place.trim().parse::<i32>().ok().filter(|n| (0..=9999).contains(n));
    p.add_if(place.is_none(), "place", "Thứ tự là số từ 0 đến 9999.");
    let mut changed = known.clone();
    changed.name = name;
    changed.unit = unit;
    changed.method = method;
    changed.bench = form.bench.clone();
    changed.tube = tube.unwrap_or(known.tube);
    changed.formula = form.formula.clone();
    changed.spec.decimals = decimals.unwrap_or(known.spec.decimals);
    changed.spec.choices = choices;
    (changed.spec.least, changed.spec.most) = (least, most);
    (changed.delta_percent, changed.delta_days) = (percent, days);
    changed.place = place.unwrap_or(known.place);
    problems.or(changed)
}

/// A range as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RangeForm {
    /// The id that the page made.
    pub id: String,
    pub sex: String,
    /// "1" for pregnant women.
    pub pregnant: String,
    pub age_from: String,
    pub age_to: String,
    /// `days`, `months` or `years`: the unit of both ages.
    pub age_unit: String,
    pub low: String,
    pub high: String,
    pub critical_low: String,
    pub critical_high: String,
    pub normal_text: String,
    pub source: String,
    pub valid_from: String,
}

/// Reads the form. Refuses ages that cross, limits that cross, a range that says nothing, and a day that is past:
/// results that exist keep what they were collected with.
pub fn check_range(form: &RangeForm, today: NaiveDate) -> Result<(Range, String, NaiveDate), Problems> {
    let mut problems = Problems::none();
    let p = &mut problems;
    p.add_if(!matches!(form.sex.as_str(), "" | "male" | "female"), "sex", "Chọn Nam, Nữ hoặc Cả hai.");
    let is_pregnant = form.pregnant == "1";
    p.add_if(is_pregnant && form.sex == "male", "sex", "Khoảng cho thai phụ không dùng cho nam.");
    // 365.25 days a year, rounded as birthdays fall.
    let in_days = |number: i32| match form.age_unit.as_str() {
        "months" => number.checked_mul(487).map(|n| n / 16),
        "years" => number.checked_mul(1461).map(|n| n / 4),
        _ => Some(number),
    };
    let age = |p: &mut Problems, field: &'static str, typed: &str| {
        let text = line(typed);
        let read = text.parse::<i32>().ok().filter(|n| (0..=60_000).contains(n)).and_then(in_days).filter(|n| *n <= 60_000);
        p.add_if(!text.is_empty() && read.is_none(), field, format!("“{text}” không phải tuổi. Nhập số nguyên từ 0."));
        read
    };
    let (from, to) = (age(p, "age_from", &form.age_from), age(p, "age_to", &form.age_to));
    p.add_if(to.is_some_and(|to| to <= from.unwrap_or(0)), "age_to", "Tuổi kết thúc phải lớn hơn tuổi bắt đầu, hoặc để trống.");
    let normal_text = line(&form.normal_text);
    p.add_if(normal_text.chars().count() > 60, "normal_text", "Giá trị bình thường dài quá 60 ký tự.");
    let source = line(&form.source);
    p.add_if(source.chars().count() > 200, "source", "Nguồn dài quá 200 ký tự.");
    let limits = Limits {
        low: optional(p, "low", &form.low),
        high: optional(p, "high", &form.high),
        critical_low: optional(p, "critical_low", &form.critical_low),
        critical_high: optional(p, "critical_high", &form.critical_high),
        normal_text,
    };
    range::check(&limits, p);
    p.add_if(limits == Limits::default(), "low", "Khoảng này chưa có giới hạn nào. Ghi ít nhất một số.");
    let valid_from = match form.valid_from.trim() {
        "" => Some(today),
        typed => parse_date_vi(typed),
    };
    p.add_if(valid_from.is_none_or(|day| day < today), "valid_from", "Áp dụng từ hôm nay trở đi, ghi như 24/11/2026; kết quả cũ giữ khoảng cũ.");
    let range = Range {
        sex: if is_pregnant { "female".into() } else { form.sex.clone() },
        is_pregnant,
        age_from_days: from.unwrap_or(0),
        age_to_days: to,
        limits,
    };
    problems.or((range, source, valid_from.unwrap_or(today)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_kept_in_days() {
        let today = "2026-11-24".parse().unwrap();
        let form = |from: &str, to: &str, unit: &str| RangeForm {
            age_from: from.into(),
            age_to: to.into(),
            age_unit: unit.into(),
            low: "4,1".into(),
            high: "5,3".into(),
            ..RangeForm::default()
        };
        for (from, to, unit, days) in [("0", "30", "days", (0, Some(30))), ("1", "12", "months", (30, Some(365))), ("12", "", "years", (4383, None))] {
            let (range, ..) = check_range(&form(from, to, unit), today).unwrap();
            assert_eq!((range.age_from_days, range.age_to_days), days, "{from} {to} {unit}");
        }
        for (odd, field) in [
            (form("5", "5", "days"), "age_to"),
            (form("-1", "", "days"), "age_from"),
            (form("99999999999", "", "years"), "age_from"),
            (RangeForm { low: "".into(), high: "".into(), ..form("", "", "") }, "low"),
            (RangeForm { low: "6".into(), ..form("", "", "") }, "high"),
            (RangeForm { valid_from: "23/11/2026".into(), ..form("", "", "") }, "valid_from"),
            (RangeForm { pregnant: "1".into(), sex: "male".into(), ..form("", "", "") }, "sex"),
        ] {
            assert!(!check_range(&odd, today).unwrap_err().at(field).is_empty(), "{field}");
        }
    }
}
