//! Whatever is sent to whichever form: reading ends, nothing panics, settling twice is settling once, and what was kept
//! has the right types.
#![no_main]

use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use record::form::{catalogue::national, check, input};

fuzz_target!(|data: &[u8]| {
    let Some((pick, rest)) = data.split_first() else { return };
    let Some(form) = national().list().nth(usize::from(*pick) % 104) else { return };
    let ids: Vec<String> = form.fields().flat_map(|field| field.value_ids()).collect();
    let text = String::from_utf8_lossy(rest);
    // A line is `name=text`; a name that is a number is the field at that place, so that the fuzzer finds fields quickly.
    let pairs: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let (head, tail) = name.split_at(name.find('.').unwrap_or(name.len()));
            let name = match head.parse::<usize>() {
                Ok(at) if !ids.is_empty() => format!("{}{tail}", ids[at % ids.len()]),
                _ => name.to_owned(),
            };
            (name, value.to_owned())
        })
        .collect();
    let read = input::read(form, pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let today = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
    let mut values = read.values;
    check::settle(form, &mut values, today);
    let mut again = values.clone();
    check::settle(form, &mut again, today);
    assert_eq!(again, values, "settling twice is settling once");
    for problem in check::draft(form, &values).0 {
        let is_allowed = ["ngoài khoảng", "chỉ có", "Chưa có"].iter().any(|words| problem.text.contains(words));
        assert!(is_allowed, "a value of the wrong type was kept: {problem:?}");
    }
    check::finished(form, &values);
});
