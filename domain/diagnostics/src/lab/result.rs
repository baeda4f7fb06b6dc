//! A result as somebody types it: a number with comma or point, "<" and ">" at the limits of a method, a word from a
//! list, or "-" for what was not done.

use base::{Problem, fold};
use rust_decimal::{Decimal, RoundingStrategy};

/// What kind of answer an analyte has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    /// A word of a closed list.
    Choice,
    Text,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Number, Kind::Choice, Kind::Text];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Choice => "choice",
            Kind::Text => "text",
        }
    }

    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Number => "Số",
            Kind::Choice => "Chọn trong danh sách",
            Kind::Text => "Chữ",
        }
    }
}

/// What can be typed into one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub kind: Kind,
    /// Digits after the comma, 0 to 4.
    pub decimals: u32,
    pub choices: Vec<String>,
    /// Beyond these it is a slip of the finger.
    pub least: Option<Decimal>,
    pub most: Option<Decimal>,
}

/// Whether the true value is the number, below it or above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparator {
    #[default]
    Equal,
    Below,
    Above,
}

impl Comparator {
    /// As it is stored and printed.
    pub fn sign(self) -> &'static str {
        match self {
            Comparator::Equal => "",
            Comparator::Below => "<",
            Comparator::Above => ">",
        }
    }

    pub fn from_sign(sign: &str) -> Comparator {
        match sign {
            "<" => Comparator::Below,
            ">" => Comparator::Above,
            _ => Comparator::Equal,
        }
    }
}

/// A value as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    pub comparator: Comparator,
    /// `None` for words.
    pub value: Option<Decimal>,
    /// As it is shown and printed: `14,2`, `< 0,5`, `Âm tính`.
    pub shown: String,
}

/// What stands in the cell of an analyte that was not done.
pub const NOT_DONE: &str = "Không làm";

impl Entered {
    pub fn is_not_done(&self) -> bool {
        self.value.is_none() && self.shown == NOT_DONE
    }

    /// A number with its comparator, shown with so many decimals.
    pub fn number(comparator: Comparator, value: Decimal, decimals: u32) -> Entered {
        let sign = comparator.sign();
        let gap = if sign.is_empty() { "" } else { " " };
        Entered { comparator, value: Some(value), shown: format!("{sign}{gap}{}", show(value, decimals)) }
    }

    pub fn words(shown: impl Into<String>) -> Entered {
        Entered { shown: shown.into(), ..Entered::default() }
    }
}

/// A number with a decimal comma and so many decimals: `14,2`.
pub fn show(value: Decimal, decimals: u32) -> String {
    let rounded = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.*}", decimals as usize).replace('.', ",")
}

/// A limit or range as it is shown: no zeros behind the comma that nobody wrote.
pub fn show_limit(value: Decimal) -> String {
    value.normalize().to_string().replace('.', ",")
}

/// Reads a number as people write it. `None` when it is none, or has both comma and point.
pub fn decimal(typed: &str) -> Option<Decimal> {
    let text = typed.trim();
    if text.is_empty() || text.len() > 16 || (text.contains(',') && text.contains('.')) {
        return None;
    }
    let plain = text.replace(',', ".");
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let fits = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && !digits.ends_with('.');
    if fits { plain.parse().ok() } else { None }
}

/// Reads what was typed into a cell; `None` when it was emptied. Refuses what is no number, lies beyond what is
/// possible, is no word of the list, or is too long.
pub fn read(typed: &str, spec: &Spec) -> Result<Option<Entered>, Problem> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Ok(None);
    }
    if text == "-" || fold(&text) == fold(NOT_DONE) {
        return Ok(Some(Entered::words(NOT_DONE)));
    }
    match spec.kind {
        Kind::Number => number(&text, spec).map(Some),
        Kind::Choice => choice(&text, &spec.choices).map(Some),
        Kind::Text if text.chars().count() > 1000 => Err(Problem::at("value", "Kết quả dài quá 1.000 ký tự. Rút gọn lại.")),
        Kind::Text => Ok(Some(Entered::words(text))),
    }
}

fn number(text: &str, spec: &Spec) -> Result<Entered, Problem> {
    let (comparator, rest) = match text.chars().next() {
        Some('<' | '≤') => (Comparator::Below, text.trim_start_matches(['<', '≤', '='])),
        Some('>' | '≥') => (Comparator::Above, text.trim_start_matches(['>', '≥', '='])),
        _ => (Comparator::Equal, text),
    };
    let value = decimal(rest).ok_or_else(|| {
        Problem::at("value", format!("“{text}” không phải số. Nhập như 14,2 hoặc 14.2, có thể thêm < hoặc > phía trước; gõ - nếu không làm."))
    })?;
    // Rounded first: what is kept is what is shown.
    let value = value.round_dp_with_strategy(spec.decimals, RoundingStrategy::MidpointAwayFromZero);
    let is_possible = spec.least.is_none_or(|least| value >= least) && spec.most.is_none_or(|most| value <= most);
    if !is_possible {
        let limits = match (spec.least, spec.most) {
            (Some(least), Some(most)) => format!("từ {} đến {}", show_limit(least), show_limit(most)),
            (Some(least), None) => format!("từ {} trở lên", show_limit(least)),
            (_, Some(most)) => format!("đến {}", show_limit(most)),
            (None, None) => String::new(),
        };
        return Err(Problem::at("value", format!("{} không thể có thật (chỉ nhận {limits}). Kiểm tra dấu phẩy và đơn vị.", show_limit(value))));
    }
    Ok(Entered::number(comparator, value, spec.decimals))
}

/// A word of the list: whole, or by its number in the list, or by a beginning that only one word has ("d" → Dương tính).
fn choice(text: &str, choices: &[String]) -> Result<Entered, Problem> {
    if let Some(exact) = choices.iter().find(|choice| choice.as_str() == text) {
        return Ok(Entered::words(exact));
    }
    let wanted = fold(text);
    let fitting: Vec<&String> =
        if wanted.is_empty() { Vec::new() } else { choices.iter().filter(|choice| fold(choice).starts_with(&wanted)).collect() };
    if let [only] = fitting.as_slice() {
        return Ok(Entered::words(only.as_str()));
    }
    Err(Problem::at("value", format!("“{text}” không có trong danh sách. Chọn: {}.", choices.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn numbers() -> Spec {
        Spec { kind: Kind::Number, decimals: 1, choices: vec![], least: Some(dec("0.8")), most: Some(dec("14")) }
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (typed, shown) in [
            ("4,2", "4,2"),
            ("4.2", "4,2"),
            (" 4 ", "4,0"),
            ("4,25", "4,3"),
            ("<1", "< 1,0"),
            ("< 1,5", "< 1,5"),
            (">=12", "> 12,0"),
            ("-", NOT_DONE),
            ("khong lam", NOT_DONE),
        ] {
            assert_eq!(read(typed, &numbers()).unwrap().unwrap().shown, shown, "{typed}");
        }
        assert_eq!(read("  ", &numbers()), Ok(None), "an emptied cell");
    }

    #[test]
    fn slips_of_the_finger_are_refused() {
        for (typed, says) in [
            ("42", "không thể có thật"),
            ("0,1", "không thể có thật"),
            ("-4", "không thể có thật"),
            ("4,2,1", "không phải số"),
            ("1.234,5", "không phải số"),
            ("4,", "không phải số"),
            ("bốn", "không phải số"),
            ("1e3", "không phải số"),
            ("<", "không phải số"),
            ("99999999999999999999999", "không phải số"),
        ] {
            let refused = read(typed, &numbers()).unwrap_err();
            assert!(refused.text.contains(says), "{typed}: {}", refused.text);
        }
    }

    #[test]
    fn words_come_from_the_list() {
        let spec = Spec {
            kind: Kind::Choice,
            choices: ["Âm tính", "Vết", "1+", "2+"].map(String::from).to_vec(),
            decimals: 0,
            least: None,
            most: None,
        };
        for (typed, shown) in [("am", "Âm tính"), ("Âm tính", "Âm tính"), ("v", "Vết"), ("2+", "2+"), ("1", "1+")] {
            assert_eq!(read(typed, &spec).unwrap().unwrap().shown, shown, "{typed}");
        }
        for odd in ["Dương tính", "5+", "?"] {
            assert!(read(odd, &spec).unwrap_err().text.contains("Âm tính, Vết"), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_itself(whole in -9999i64..9999, decimals in 0u32..5) {
            let spec = Spec { kind: Kind::Number, decimals, choices: vec![], least: None, most: None };
            let value = Decimal::new(whole, decimals);
            let shown = show(value, decimals);
            prop_assert_eq!(read(&shown, &spec).unwrap().unwrap().value, Some(value));
        }

        #[test]
        fn no_text_breaks_the_reader(typed in "\\PC{0,40}") {
            let _ = read(&typed, &numbers());
        }
    }
}
