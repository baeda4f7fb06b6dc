//! How much is dispensed for a dose: counted in thousandths, rounded up once at the end, and shown with its
//! arithmetic, so that the doctor sees where 14 tablets come from.

use crate::dose::{Dose, Milli, Phase, Rhythm, Side, Unit, Way, times_in_a_day};
use crate::form::{self, CountsAs};
use base::{Problem, Problems};

/// Drops in a millilitre of a watery solution (pharmacopoeial dropper).
const DROPS_PER_ML: i64 = 20;
/// A coffee spoon as syrups are measured.
const ML_PER_SPOON: i64 = 5;
/// Nobody prescribes more than this of anything.
const MOST: Milli = Milli::whole(10_000);

/// What the arithmetic needs to know of a drug, as the facility's list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packaging {
    /// "viên nén bao phim"
    pub form: String,
    /// The dispensing unit: "viên", "chai".
    pub unit: String,
    /// What one dispensing unit holds, e.g. 60 of "ml", 120 of "liều".
    pub pack: Option<(Milli, String)>,
    /// International units in a millilitre, for insulin and the like.
    pub iu_per_ml: Option<i64>,
}

/// So many dispensing units, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    pub amount: Milli,
    /// "2 × 1 × 7 = 14 viên"
    pub arithmetic: String,
    /// The doctor wrote the number; the arithmetic then tells what would have been counted.
    pub by_hand: bool,
}

/// Gives every phase its unit where none was typed: what a dose of this form counts.
pub fn settle_units(dose: &mut Dose, packaging: &Packaging) {
    let unit = natural_unit(packaging);
    for phase in &mut dose.phases {
        phase.unit = phase.unit.or(unit);
    }
}

/// What is counted when nobody said: tablets for a tablet, ml for a bottle of syrup, the container otherwise.
fn natural_unit(packaging: &Packaging) -> Option<Unit> {
    let dispensed = form::unit_of_word(&packaging.unit);
    match form::rule(&packaging.form).map(|r| r.counts_as) {
        Some(CountsAs::Liquid) if matches!(dispensed, Some(Unit::Ampoule | Unit::Sachet | Unit::Tablet)) => dispensed,
        Some(CountsAs::Liquid) => Some(Unit::Millilitre),
        Some(CountsAs::Drop) if !matches!(dispensed, Some(Unit::Ampoule)) => Some(Unit::Drop),
        Some(CountsAs::Puff) => Some(Unit::Puff),
        Some(CountsAs::InternationalUnit) => Some(Unit::InternationalUnit),
        Some(CountsAs::Spread) => Some(Unit::Application),
        Some(CountsAs::Tablet) => Some(Unit::Tablet),
        Some(CountsAs::Patch) => Some(Unit::Patch),
        _ => dispensed,
    }
}

/// The quantity to dispense. Refuses (beside the field `sentence`) amounts that the form cannot be divided into,
/// units that do not belong to it, contents that the drug list does not know, and sums beyond reason.
pub fn count(dose: &Dose, packaging: &Packaging) -> Result<Quantity, Problems> {
    let mut dose = dose.clone();
    settle_units(&mut dose, packaging);
    divides(&dose, packaging)?;
    let counted = counted(&dose, packaging);
    let Some(written) = dose.quantity else {
        return counted.and_then(|q| if q.amount > MOST { Err(refuse(too_much())) } else { Ok(q) });
    };
    if written > MOST {
        return Err(refuse(too_much()));
    }
    let arithmetic = match counted {
        Ok(q) if q.amount == written => q.arithmetic,
        Ok(q) => format!("bác sĩ ghi; tính được {}", q.arithmetic),
        Err(_) => "bác sĩ ghi".to_owned(),
    };
    Ok(Quantity { amount: written, arithmetic, by_hand: true })
}

fn refuse(text: impl Into<std::borrow::Cow<'static, str>>) -> Problems {
    Problem::at("sentence", text).into()
}

fn too_much() -> &'static str {
    "Tổng số lượng quá lớn. Kiểm tra lại liều và số ngày."
}

fn divides(dose: &Dose, packaging: &Packaging) -> Result<(), Problems> {
    let Some(rule) = form::rule(&packaging.form) else { return Ok(()) };
    for phase in &dose.phases {
        let divisible = matches!(phase.unit, Some(Unit::Tablet | Unit::Puff | Unit::Patch));
        for amount in phase.rhythm.amounts().into_iter().filter(|_| divisible) {
            rule.allows(amount).map_err(refuse)?;
        }
    }
    Ok(())
}

/// A sum and how it came about: "2 × 1 × 7".
struct Sum {
    amount: Milli,
    shown: String,
}

fn counted(dose: &Dose, packaging: &Packaging) -> Result<Quantity, Problems> {
    let unit = dose.phases.first().and_then(|p| p.unit);
    if unit == Some(Unit::Application) {
        let arithmetic = format!("1 {}; cần nhiều hơn: ghi “sl 2”", packaging.unit);
        return Ok(Quantity { amount: Milli::whole(1), arithmetic, by_hand: false });
    }
    let mut total = Sum { amount: Milli::ZERO, shown: String::new() };
    for phase in &dose.phases {
        let part = sum(phase, dose).ok_or_else(|| refuse(unknown_sum(phase)))?;
        total.amount = total.amount.plus(part.amount).filter(|a| *a <= Milli::MOST).ok_or_else(|| refuse(too_much()))?;
        let plus = if total.shown.is_empty() { "" } else { " + " };
        total.shown = format!("{}{plus}{}", total.shown, part.shown);
    }
    if matches!(dose.way, Some(Way::Eye(Side::Both) | Way::Nose(Side::Both) | Way::Ear(Side::Both))) {
        total.amount = total.amount.times(2).ok_or_else(|| refuse(too_much()))?;
        total.shown = if dose.phases.len() > 1 { format!("2 bên × ({})", total.shown) } else { format!("2 bên × {}", total.shown) };
    }
    in_packs(total, unit, packaging)
}

fn unknown_sum(phase: &Phase) -> &'static str {
    match phase.rhythm {
        Rhythm::Needed { .. } => "Chưa tính được số lượng. Ghi “tối đa 4v/ngày”, “cách 6h” hoặc số lượng “sl 10”.",
        _ => too_much(),
    }
}

/// Dose units over the days of one phase; `None` when it cannot be told.
fn sum(phase: &Phase, dose: &Dose) -> Option<Sum> {
    let days = i64::from(phase.days.unwrap_or(1));
    let product = |factors: &[i64], each: Milli| {
        let amount = factors.iter().try_fold(each, |a, f| a.times(*f))?;
        let mut shown: Vec<String> = factors[..factors.len() - 1].iter().filter(|f| **f != 1).map(i64::to_string).collect();
        shown.push(each.to_string());
        shown.push(factors[factors.len() - 1].to_string());
        Some(Sum { amount, shown: shown.join(" × ") })
    };
    match &phase.rhythm {
        Rhythm::Slots(slots) => {
            let taken: Vec<Milli> = slots.iter().copied().filter(|a| !a.is_zero()).collect();
            let first = *taken.first()?;
            if taken.iter().all(|a| *a == first) {
                return product(&[taken.len() as i64, days], first);
            }
            let a_day = taken.iter().try_fold(Milli::ZERO, |sum, a| sum.plus(*a))?;
            let shown: Vec<String> = taken.iter().map(Milli::to_string).collect();
            Some(Sum { amount: a_day.times(days)?, shown: format!("({}) × {days}", shown.join(" + ")) })
        }
        Rhythm::Times { each, per_day } => product(&[i64::from(*per_day), days], *each),
        Rhythm::Every { each, hours } => {
            let hours = i64::from(*hours).max(1);
            if 24 % hours == 0 {
                product(&[24 / hours, days], *each)
            } else {
                product(&[(days * 24 + hours - 1) / hours], *each)
            }
        }
        Rhythm::Needed { each } => match (phase.days, dose.most_per_day, dose.gap_hours) {
            (Some(_), Some(most), _) => product(&[days], most),
            (Some(_), None, Some(gap)) => product(&[times_in_a_day(gap), days], *each),
            _ => None,
        },
        Rhythm::Weekly { each, times } => product(&[i64::from(*times), (days + 6) / 7], *each),
        Rhythm::Weekdays { each, days: named } => product(&[named.len() as i64, (days + 6) / 7], *each),
        Rhythm::EveryOtherDay { each } => product(&[(days + 1) / 2], *each),
        Rhythm::Once { each } => Some(Sum { amount: *each, shown: each.to_string() }),
    }
}

/// From dose units to dispensing units.
fn in_packs(total: Sum, unit: Option<Unit>, packaging: &Packaging) -> Result<Quantity, Problems> {
    let Sum { amount, shown } = total;
    let dispensed = form::unit_of_word(&packaging.unit);
    let word = &packaging.unit;
    if unit.is_none() || unit == dispensed || (unit == Some(Unit::Sachet) && word.eq_ignore_ascii_case("túi")) {
        let up = amount.rounded_up();
        let exact = if shown == amount.to_string() { shown } else { format!("{shown} = {amount}") };
        let arithmetic = if up == amount { format!("{exact} {word}") } else { format!("{exact} → {up} {word}") };
        return Ok(Quantity { amount: up, arithmetic, by_hand: false });
    }
    let unit = unit.expect("checked above");
    let Some((size, holds)) = packaging.pack.as_ref().filter(|(size, _)| size.0 > 0) else {
        return Err(refuse(if dispensed.is_some_and(is_counted_alone) { wrong_unit(word, unit) } else { unknown_pack(word) }));
    };
    let (content, spoken) = content(amount, unit, holds, packaging.iu_per_ml).ok_or_else(|| refuse(wrong_unit(word, unit)))?;
    let packs = content.packs_of(*size).filter(|p| *p <= 10_000).ok_or_else(|| refuse(too_much()))?;
    let dose_word = crate::dose::aloud::unit_word(unit);
    let arithmetic = format!("{shown} = {amount} {dose_word}{spoken} → {packs} {word} {size} {holds}");
    Ok(Quantity { amount: Milli::whole(packs), arithmetic, by_hand: false })
}

/// "100 IU/ml" → 100, "300UI/3ml" → 100; `None` for other strengths.
pub fn iu_per_ml(strength: &str) -> Option<i64> {
    let text = strength.to_lowercase().replace(' ', "");
    let (units, volume) = text.split_once('/')?;
    let units = ["iu", "ui", "u", "đơnvị"].iter().find_map(|word| units.strip_suffix(word))?;
    let ml = volume.strip_suffix("ml")?;
    let ml: i64 = if ml.is_empty() { 1 } else { ml.parse().ok()? };
    let units: i64 = units.parse().ok()?;
    (ml > 0 && units % ml == 0).then_some(units / ml)
}

fn is_counted_alone(unit: Unit) -> bool {
    matches!(unit, Unit::Tablet | Unit::Patch | Unit::Sachet)
}

fn wrong_unit(word: &str, typed: Unit) -> String {
    format!("Thuốc này tính theo {word}, không theo {}.", crate::dose::aloud::unit_word(typed))
}

fn unknown_pack(word: &str) -> String {
    format!("Danh mục chưa ghi một {word} chứa bao nhiêu. Ghi số lượng, ví dụ “sl 1”.")
}

/// The amount in the unit in which the pack is measured, and how that was said; `None` when the two do not meet.
fn content(amount: Milli, unit: Unit, holds: &str, iu_per_ml: Option<i64>) -> Option<(Milli, String)> {
    let held = form::unit_of_word(holds)?;
    match (unit, held) {
        (a, b) if a == b => Some((amount, String::new())),
        (Unit::Drop, Unit::Millilitre) => {
            let ml = Milli((amount.0 + DROPS_PER_ML - 1) / DROPS_PER_ML);
            Some((ml, format!(" ≈ {ml} ml")))
        }
        (Unit::InternationalUnit, Unit::Millilitre) => {
            let per_ml = iu_per_ml.filter(|n| *n > 0)?;
            let ml = Milli((amount.0 + per_ml - 1) / per_ml);
            Some((ml, format!(" = {ml} ml")))
        }
        (Unit::Spoon, Unit::Millilitre) => amount.times(ML_PER_SPOON).map(|ml| (ml, format!(" = {ml} ml"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dose::sentence::read_dose;
    use proptest::prelude::*;

    fn pack(form: &str, unit: &str, size: i64, holds: &str) -> Packaging {
        let pack = (size > 0).then(|| (Milli(size), holds.to_owned()));
        Packaging { form: form.into(), unit: unit.into(), pack, iu_per_ml: Some(100) }
    }
    fn tablet() -> Packaging {
        pack("Viên nén bao phim", "viên", 0, "")
    }

    #[test]
    fn quantities_with_their_arithmetic() {
        let syrup = pack("Siro", "chai", 100_000, "ml");
        let eye = pack("Dung dịch nhỏ mắt", "lọ", 5_000, "ml");
        let inhaler = pack("Hỗn dịch nén dưới áp suất dùng để hít", "bình", 120_000, "liều");
        let sachet = pack("Thuốc bột uống", "gói", 0, "");
        let ampoule = pack("Dung dịch uống", "ống", 10_000, "ml");
        let pen = pack("Bút tiêm", "bút", 300_000, "đơn vị");
        let pen_by_ml = pack("bút tiêm", "bút", 3_000, "ml");
        let cream = pack("Kem bôi da", "tuýp", 15_000, "g");
        for (dose, packaging, amount, arithmetic) in [
            ("s1 c1 7n", tablet(), 14, "2 × 1 × 7 = 14 viên"),
            ("s1 c1/2 7n", tablet(), 11, "(1 + 1/2) × 7 = 10,5 → 11 viên"),
            ("s1/2 30n", tablet(), 15, "1/2 × 30 = 15 viên"),
            ("s1/2 5n", tablet(), 3, "1/2 × 5 = 2,5 → 3 viên"),
            ("s2x3n s1x3n s1/2x3n", tablet(), 11, "2 × 3 + 1 × 3 + 1/2 × 3 = 10,5 → 11 viên"),
            ("1v x3 5n", tablet(), 15, "3 × 1 × 5 = 15 viên"),
            ("1v moi 8h 3n", tablet(), 9, "3 × 1 × 3 = 9 viên"),
            ("1v moi 5h 3n", tablet(), 15, "1 × 15 = 15 viên"),
            ("1v khi sot cach 6h toi da 4v/ngay 3n", tablet(), 12, "4 × 3 = 12 viên"),
            ("1v khi sot cach 6h 3n", tablet(), 12, "4 × 1 × 3 = 12 viên"),
            ("1v khi sot cach 6h toi da 4v/ngay 3n sl 10", tablet(), 10, "bác sĩ ghi; tính được 4 × 3 = 12 viên"),
            ("1v khi sot sl 10", tablet(), 10, "bác sĩ ghi"),
            ("4v/tuan 4tuan", tablet(), 16, "4 × 4 = 16 viên"),
            ("1v thu 2 thu 5 4tuan", tablet(), 8, "2 × 1 × 4 = 8 viên"),
            ("1v cach ngay 15n", tablet(), 8, "1 × 8 = 8 viên"),
            ("1v lieu duy nhat", tablet(), 1, "1 viên"),
            ("5ml x3 5n", syrup.clone(), 1, "3 × 5 × 5 = 75 ml → 1 chai 100 ml"),
            ("5ml x3 10n", syrup.clone(), 2, "3 × 5 × 10 = 150 ml → 2 chai 100 ml"),
            ("1 muong x3 5n", syrup, 1, "3 × 1 × 5 = 15 muỗng = 75 ml → 1 chai 100 ml"),
            ("3 giot x4 7n", eye.clone(), 1, "4 × 3 × 7 = 84 giọt ≈ 4,2 ml → 1 lọ 5 ml"),
            ("3 giot x4 hai mat 7n", eye, 2, "2 bên × 4 × 3 × 7 = 168 giọt ≈ 8,4 ml → 2 lọ 5 ml"),
            ("2 nhat x2 30n", inhaler.clone(), 1, "2 × 2 × 30 = 120 nhát → 1 bình 120 liều"),
            ("2 nhat x3 30n", inhaler, 2, "3 × 2 × 30 = 180 nhát → 2 bình 120 liều"),
            ("1 goi x3 3n", sachet.clone(), 9, "3 × 1 × 3 = 9 gói"),
            ("1/3 goi x3 5n", sachet.clone(), 5, "3 × 1/3 × 5 = 4,995 → 5 gói"),
            ("2/3 goi x3 1n", sachet, 2, "3 × 2/3 × 1 = 1,998 → 2 gói"),
            ("s1 t1 10n", ampoule.clone(), 20, "2 × 1 × 10 = 20 ống"),
            ("5ml x2 5n", ampoule, 5, "2 × 5 × 5 = 50 ml → 5 ống 10 ml"),
            ("s10 c8 30n", pen, 2, "(10 + 8) × 30 = 540 đơn vị → 2 bút 300 đơn vị"),
            ("s10 c8 30n", pen_by_ml, 2, "(10 + 8) × 30 = 540 đơn vị = 5,4 ml → 2 bút 3 ml"),
            ("boi x2 7n", cream, 1, "1 tuýp; cần nhiều hơn: ghi “sl 2”"),
        ] {
            let reading = read_dose(dose);
            let quantity = count(&reading.dose, &packaging).unwrap_or_else(|p| panic!("{dose}: {p:?}"));
            assert_eq!((quantity.amount, quantity.arithmetic.as_str()), (Milli::whole(amount), arithmetic), "{dose}");
        }
    }

    #[test]
    fn insulin_strengths_are_read() {
        assert_eq!(iu_per_ml("100 IU/ml"), Some(100));
        assert_eq!(iu_per_ml("300UI/3ml"), Some(100));
        assert_eq!(iu_per_ml("500mg"), None);
    }

    #[test]
    fn what_cannot_be_counted_is_refused_with_the_repair() {
        let capsule = pack("Viên nang cứng", "viên", 0, "");
        let bottle = pack("Siro", "chai", 0, "");
        for (dose, packaging, says) in [
            ("s1/2 5n", capsule, "Viên nang"),
            ("s1/3 5n", tablet(), "1/2 hoặc 1/4"),
            ("5ml x3 5n", tablet(), "không theo ml"),
            ("5ml x3 5n", bottle, "sl 1"),
            ("1v khi sot 3n", tablet(), "tối đa"),
            ("s20 tr20 c20 t20 365n", tablet(), "quá lớn"),
            ("s1 5n sl 99999", tablet(), "quá lớn"),
        ] {
            let problems = count(&read_dose(dose).dose, &packaging).unwrap_err();
            assert!(problems.at("sentence").contains(says), "{dose}: {problems:?}");
        }
    }

    proptest! {
        #[test]
        fn a_quantity_is_a_whole_number_that_covers_the_dose(
            a in 0i64..=80, b in 1i64..=80, days in 1u16..=90, split in prop::bool::ANY,
        ) {
            let quarter = |q: i64| if split { Milli(q * 250) } else { Milli::whole(q / 4) };
            let rhythm = Rhythm::Slots([quarter(a), Milli::ZERO, Milli::whole(b / 40 + 1), quarter(b)]);
            let needed = rhythm.amounts().iter().map(|m| m.0).sum::<i64>() * i64::from(days);
            let dose = Dose { phases: vec![Phase { rhythm, days: Some(days), unit: None }], ..Dose::default() };
            let quantity = count(&dose, &tablet()).unwrap();
            prop_assert!(quantity.amount.is_whole());
            prop_assert!(quantity.amount.0 >= needed && quantity.amount.0 < needed + 1000);
        }

        #[test]
        fn no_sentence_makes_a_negative_quantity(
            text in "((s|c|t|x|khi sot|cach|toi da|/|ngay|v|ml|giot|nhat|goi|n|sl|[0-9]{1,5}|1/2|0,5|hai mat) ?){1,10}",
            size in 0i64..200_000,
        ) {
            for packaging in [tablet(), pack("Siro", "chai", size, "ml"), pack("Dung dịch nhỏ mắt", "lọ", size, "ml")] {
                if let Ok(quantity) = count(&read_dose(&text).dose, &packaging) {
                    prop_assert!(quantity.amount.0 >= 0);
                }
            }
        }
    }
}
