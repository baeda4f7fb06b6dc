//! What is kept in stock, and in which packs it comes: quantities are thousandths of the dispensing unit (1 viên =
//! 1000), packs are whole numbers of that unit (1 hộp = 10 vỉ = 100 viên), so that no conversion ever rounds.

use base::Problem;
use chrono::NaiveDate;
use uuid::Uuid;

/// Nobody keeps more than a billion tablets; typed numbers beyond it are slips of the finger.
pub const MOST_MILLI: i64 = 1_000_000_000_000;

/// A drug that is kept in stock, with what its drug row says about it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Item {
    /// The drug's id.
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    pub ingredient: String,
    pub strength: String,
    /// The dispensing unit: viên, chai, ống.
    pub unit: String,
    /// `none`, `narcotic`, `psychotropic`, `precursor`, `toxic`.
    pub controlled_class: String,
    pub min_milli: Option<i64>,
    pub max_milli: Option<i64>,
    pub kept_from: NaiveDate,
    pub kept_to: Option<NaiveDate>,
}

impl Item {
    /// Whether every movement needs two people (narcotic, psychotropic, precursor and toxic drugs).
    pub fn is_controlled(&self) -> bool {
        self.controlled_class != "none"
    }
}

/// A drug's name with its strength, unless the name tells it already: "Amoxicilin 500 mg" stays as it is.
pub fn with_strength(name: &str, strength: &str) -> String {
    let first = strength.split_whitespace().next().unwrap_or_default();
    if first.is_empty() || name.split_whitespace().any(|word| word == first) { name.to_owned() } else { format!("{name} {strength}") }
}

/// A pack of an item: `factor` dispensing units.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Pack {
    pub pack_id: Uuid,
    pub item_id: Uuid,
    pub name: String,
    pub factor: i64,
}

/// Packs as a person describes them, largest last: `[("vỉ", 10), ("hộp", 10)]` is "1 vỉ = 10 viên, 1 hộp = 10 vỉ".
/// Gives each name with its number of dispensing units (vỉ 10, hộp 100); refuses a pack of fewer than two, a name
/// twice, and what no warehouse holds.
pub fn chain(unit: &str, steps: &[(String, i64)]) -> Result<Vec<(String, i64)>, Problem> {
    let mut out: Vec<(String, i64)> = Vec::with_capacity(steps.len());
    for (name, holds) in steps {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 30 {
            return Err(Problem::at("packs", "Mỗi quy cách cần một tên đơn vị, ví dụ vỉ, hộp, thùng."));
        }
        if name == unit || out.iter().any(|(known, _)| known == name) {
            return Err(Problem::at("packs", format!("Đơn vị “{name}” ghi hai lần. Mỗi đơn vị chỉ ghi một lần.")));
        }
        let below = out.last().map_or(1, |(_, factor)| *factor);
        let factor = (*holds >= 2).then(|| below.checked_mul(*holds)).flatten().filter(|f| *f <= 1_000_000);
        let Some(factor) = factor else {
            return Err(Problem::at("packs", format!("1 {name} phải chứa từ 2 đơn vị nhỏ hơn, tổng cộng không quá 1.000.000 {unit}.")));
        };
        out.push((name.to_owned(), factor));
    }
    Ok(out)
}

/// Reads a typed quantity of packs of `factor` dispensing units into thousandths. Packs are counted whole; the
/// dispensing unit itself (factor 1) may have up to three decimals (half a tablet). Refuses zero, negative and
/// impossible numbers.
pub fn read_quantity(typed: &str, factor: i64, field: &str) -> Result<i64, Problem> {
    let refuse = |text: &str| Err(Problem::at(field.to_owned(), text.to_owned()));
    let typed = typed.trim().replace(' ', "");
    let (whole, part) = match typed.split_once(',') {
        Some((whole, part)) => (whole.replace('.', ""), part),
        None => (typed.replace('.', ""), ""),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if typed.starts_with('-') {
        return refuse("Số lượng phải lớn hơn 0.");
    }
    if !digits(&whole) || !(part.is_empty() || digits(part)) {
        return refuse("Nhập số lượng bằng chữ số, ví dụ 20 hoặc 2,5.");
    }
    if part.len() > 3 || (factor > 1 && part.bytes().any(|b| b != b'0')) {
        return refuse(if factor > 1 { "Đơn vị này phải là số nguyên. Số lẻ thì nhập theo đơn vị cấp phát." } else { "Số lượng lẻ ghi tối đa ba chữ số sau dấu phẩy." });
    }
    let thousandths = format!("{part:0<3}").parse::<i64>().unwrap_or(0);
    let milli = whole
        .parse::<i64>()
        .ok()
        .and_then(|w| w.checked_mul(1000)?.checked_add(thousandths)?.checked_mul(factor))
        .filter(|m| *m <= MOST_MILLI);
    match milli {
        Some(0) => refuse("Số lượng phải lớn hơn 0."),
        Some(milli) => Ok(milli),
        None => refuse("Số lượng quá lớn. Kiểm tra lại số và đơn vị."),
    }
}

/// `1.234,5` for 1234500 thousandths; a minus sign for what went out.
pub fn show_quantity(milli: &i64) -> String {
    let magnitude = milli.unsigned_abs();
    let (whole, part) = (magnitude / 1000, magnitude % 1000);
    let digits = whole.to_string();
    let mut out = String::with_capacity(digits.len() + 6);
    if *milli < 0 {
        out.push('−');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('.');
        }
        out.push(c);
    }
    if part > 0 {
        out.push(',');
        out.push_str(format!("{part:03}").trim_end_matches('0'));
    }
    out
}

/// The same in packs, largest first: `1 hộp 2 vỉ 3 viên`.
pub fn show_in_packs(milli: i64, unit: &str, packs: &[Pack]) -> String {
    let mut sorted: Vec<&Pack> = packs.iter().collect();
    sorted.sort_by_key(|p| std::cmp::Reverse(p.factor));
    let mut rest = milli;
    let mut parts = Vec::new();
    for pack in sorted {
        let count = rest / (pack.factor * 1000);
        if count > 0 {
            parts.push(format!("{} {}", show_quantity(&(count * 1000)), pack.name));
            rest -= count * pack.factor * 1000;
        }
    }
    if rest > 0 || parts.is_empty() {
        parts.push(format!("{} {unit}", show_quantity(&rest)));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_boxes_of_ten_blisters_of_ten_are_exactly_two_hundred_tablets() {
        let packs = chain("viên", &[("vỉ".into(), 10), ("hộp".into(), 10)]).unwrap();
        assert_eq!(packs, vec![("vỉ".to_owned(), 10), ("hộp".to_owned(), 100)]);
        assert_eq!(read_quantity("2", packs[1].1, "q"), Ok(200_000));
    }

    #[test]
    fn quantities_are_read_as_people_type_them() {
        for (typed, factor, milli) in [("20", 1, 20_000), (" 1.200 ", 1, 1_200_000), ("2,5", 1, 2_500), ("0,125", 1, 125), ("3,0", 10, 30_000)] {
            assert_eq!(read_quantity(typed, factor, "q"), Ok(milli), "{typed}");
        }
    }

    #[test]
    fn impossible_quantities_are_refused() {
        for (typed, factor) in [("", 1), ("0", 1), ("-3", 1), ("abc", 1), ("1,2345", 1), ("0,5", 10), ("1e9", 1), ("99999999999999999999", 1), ("9999999999", 100), ("1,", 1_000_000_000)] {
            let read = read_quantity(typed, factor, "q");
            assert!(read.is_err() || (typed == "1," && read == Ok(MOST_MILLI)), "{typed} {read:?}");
        }
    }

    #[test]
    fn impossible_packs_are_refused() {
        for steps in [vec![("viên", 10)], vec![("vỉ", 1)], vec![("vỉ", 10), ("vỉ", 10)], vec![("", 10)], vec![("thùng", 2_000_000)], vec![("a", i64::MAX), ("b", 2)]] {
            let steps: Vec<(String, i64)> = steps.into_iter().map(|(n, f)| (n.to_owned(), f)).collect();
            assert!(chain("viên", &steps).is_err(), "{steps:?}");
        }
    }

    #[test]
    fn a_strength_is_told_once() {
        for (name, strength, shown) in [
            ("Amoxicilin 500 mg", "500 mg", "Amoxicilin 500 mg"),
            ("Amoxicilin 250 gói", "250 mg", "Amoxicilin 250 gói"),
            ("Augmentin 625", "500 mg + 125 mg", "Augmentin 625 500 mg + 125 mg"),
            ("Zinnat", "500 mg", "Zinnat 500 mg"),
            ("Nước muối", "", "Nước muối"),
        ] {
            assert_eq!(with_strength(name, strength), shown);
        }
    }

    #[test]
    fn quantities_are_shown_as_people_read_them() {
        let packs: Vec<Pack> = [("vỉ", 10), ("hộp", 100)]
            .map(|(name, factor)| Pack { pack_id: Uuid::nil(), item_id: Uuid::nil(), name: name.into(), factor })
            .to_vec();
        assert_eq!(show_quantity(&1_234_500), "1.234,5");
        assert_eq!(show_quantity(&-10_000), "−10");
        assert_eq!(show_in_packs(123_000, "viên", &packs), "1 hộp 2 vỉ 3 viên");
        assert_eq!(show_in_packs(0, "viên", &packs), "0 viên");
    }
}
