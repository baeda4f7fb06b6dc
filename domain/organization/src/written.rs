//! What an owner writes into a form or a cell of a sheet, read the same way in both places.

use base::{Problems, Vnd};

/// One line of text: control characters and runs of spaces become one space, ends trimmed.
pub fn line(typed: &str) -> String {
    typed
        .chars()
        .map(|c| if c.is_control() || c == '\u{a0}' { ' ' } else { c })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A required line of at most `longest` characters; adds the refusal and returns the text as far as it goes.
pub fn required(problems: &mut Problems, field: &'static str, called: &str, typed: &str, longest: usize) -> String {
    let text = line(typed);
    problems.add_if(text.is_empty(), field, format!("Chưa có {called}. Nhập {called}."));
    too_long(problems, field, called, &text, longest);
    text
}

/// An optional line of at most `longest` characters.
pub fn optional(problems: &mut Problems, field: &'static str, called: &str, typed: &str, longest: usize) -> String {
    let text = line(typed);
    too_long(problems, field, called, &text, longest);
    text
}

fn too_long(problems: &mut Problems, field: &'static str, called: &str, text: &str, longest: usize) {
    let length = text.chars().count();
    problems.add_if(
        length > longest,
        field,
        format!("{} dài {length} ký tự, tối đa {longest}. Rút gọn lại.", capital(called)),
    );
}

/// A code of the owner's own list: capitals, digits and `. - _ /`, at most 30.
pub fn code(problems: &mut Problems, field: &'static str, called: &str, typed: &str) -> String {
    let code = required(problems, field, called, typed, 30).to_uppercase();
    if let Some(odd) = code.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_' | '/')) {
        problems.add(
            field,
            format!("{} có ký tự “{odd}”. Chỉ dùng chữ không dấu, số và . - _ /", capital(called)),
        );
    }
    code
}

/// A price in whole đồng. Dots or commas may only stand before groups of three digits, so that `150.5` is refused
/// rather than read as 1505.
pub fn price(typed: &str) -> Result<Vnd, String> {
    let text = line(typed);
    let body = text.trim_end_matches(['đ', 'Đ']).trim_end();
    if body.is_empty() {
        return Err("Chưa có giá. Nhập số đồng, miễn phí thì nhập 0.".into());
    }
    if body.starts_with(['-', '−']) {
        return Err(format!("Giá “{text}” bị âm. Nhập số từ 0 trở lên."));
    }
    let mut groups = body.split(['.', ',', ' ']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let grouped = !first.is_empty()
        && digits_only(first)
        && (rest.is_empty() || first.len() <= 3)
        && rest.iter().all(|group| group.len() == 3 && digits_only(group));
    if !grouped {
        return Err(format!("Không đọc được giá “{text}”. Nhập số đồng nguyên, ví dụ 150.000."));
    }
    Vnd::parse(body).ok_or_else(|| format!("Giá “{text}” quá lớn. Kiểm tra lại số 0."))
}

/// How much one pack holds, e.g. `60 ml` → (60000, "ml") in thousandths; `None` when left empty.
pub fn pack(typed: &str) -> Result<Option<(i64, String)>, String> {
    let text = line(typed);
    if text.is_empty() {
        return Ok(None);
    }
    let unreadable =
        || format!("Không đọc được quy cách “{text}”. Nhập lượng trong một đơn vị, ví dụ 60 ml hoặc 200 liều.");
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).ok_or_else(unreadable)?;
    let (amount, unit) = (&text[..split], text[split..].trim());
    let (whole, thousandths) = amount.split_once([',', '.']).unwrap_or((amount, ""));
    let digits = |s: &str, most: usize| s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole, 6) || !digits(thousandths, 3) || unit.is_empty() || unit.chars().count() > 20 {
        return Err(unreadable());
    }
    let milli = format!("{whole}{thousandths:0<3}").parse::<i64>().map_err(|_| unreadable())?;
    if milli == 0 {
        return Err("Quy cách phải lớn hơn 0, ví dụ 60 ml.".into());
    }
    Ok(Some((milli, unit.to_owned())))
}

/// `60000, "ml"` → `60 ml`; thousandths with a decimal comma.
pub fn show_pack(milli: i64, unit: &str) -> String {
    let (whole, rest) = (milli / 1000, milli % 1000);
    if rest == 0 {
        format!("{whole} {unit}")
    } else {
        format!("{whole},{} {unit}", format!("{rest:03}").trim_end_matches('0'))
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_are_whole_dong() {
        for (typed, vnd) in [("150000", 150_000), ("150.000", 150_000), ("1,150,000 đ", 1_150_000), ("0", 0), ("58 600", 58_600)] {
            assert_eq!(price(typed), Ok(Vnd(vnd)), "{typed}");
        }
        for typed in ["", "150.5", "1.50.000", "-5", "1e6", "miễn phí", "12345678901234567890", "150,00", ".000"] {
            assert!(price(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn packs_are_an_amount_and_a_unit() {
        for (typed, milli, unit) in [("60 ml", 60_000, "ml"), ("60ml", 60_000, "ml"), ("2,5 ml", 2_500, "ml"), ("200 liều", 200_000, "liều")] {
            assert_eq!(pack(typed), Ok(Some((milli, unit.into()))), "{typed}");
        }
        assert_eq!(pack(" "), Ok(None));
        for typed in ["ml", "60", "0 ml", "1.2345 ml", "9999999 ml", ",5 ml"] {
            assert!(pack(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn codes_are_plain() {
        let mut problems = Problems::none();
        assert_eq!(code(&mut problems, "code", "mã", " dv-0112 "), "DV-0112");
        assert!(problems.is_empty());
        for odd in ["", "DV 01", "mã1", "A'; DROP", &"X".repeat(31)] {
            let mut problems = Problems::none();
            code(&mut problems, "code", "mã", odd);
            assert!(!problems.is_empty(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn a_pack_shown_reads_back(milli in 1i64..999_999_999) {
            prop_assert_eq!(pack(&show_pack(milli, "ml")), Ok(Some((milli, "ml".into()))));
        }

        #[test]
        fn anything_may_be_typed(typed in "\\PC{0,80}") {
            let _ = price(&typed);
            let _ = pack(&typed);
            let mut problems = Problems::none();
            let code = code(&mut problems, "code", "mã", &typed);
            prop_assert!(!problems.is_empty() || (1..=30).contains(&code.len()));
        }
    }
}
