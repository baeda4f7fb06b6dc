//! Lowering a bill: by a rule of the house or by somebody's word within their limit, spread over the lines exactly, so that every
//! later share and tax is reckoned from what is really owed.

use base::{Problem, Problems, Vnd};

/// How a discount is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Hundredths of a percent: 1000 is ten percent.
    Percent(i64),
    Fixed(Vnd),
}

impl Basis {
    /// From the two columns of a row.
    pub fn of(basis: &str, value: i64) -> Basis {
        if basis == "percent" { Basis::Percent(value) } else { Basis::Fixed(Vnd(value)) }
    }
    pub fn key(self) -> &'static str {
        match self {
            Basis::Percent(_) => "percent",
            Basis::Fixed(_) => "fixed",
        }
    }
    pub fn value(self) -> i64 {
        match self {
            Basis::Percent(hundredths) => hundredths,
            Basis::Fixed(amount) => amount.0,
        }
    }
    /// What it takes off a sum: half a đồng rounds up, and never more than there is.
    pub fn amount(self, sum: Vnd) -> Vnd {
        match self {
            Basis::Percent(hundredths) => Vnd(i64::try_from((i128::from(sum.0) * i128::from(hundredths) + 5_000) / 10_000).unwrap_or(sum.0)).min(sum),
            Basis::Fixed(amount) => amount.min(sum),
        }
    }
    /// `10%`, `7,5%`, `50.000 đ`.
    pub fn show(self) -> String {
        match self {
            Basis::Percent(hundredths) if hundredths % 100 == 0 => format!("{}%", hundredths / 100),
            Basis::Percent(hundredths) => format!("{},{}%", hundredths / 100, format!("{:02}", hundredths % 100).trim_end_matches('0')),
            Basis::Fixed(amount) => format!("{amount} đ"),
        }
    }
    /// Reads `10%`, `7,5 %` or an amount of money.
    pub fn read(typed: &str) -> Result<Basis, Problem> {
        let wrong = || Problem::at("value", "Nhập phần trăm (ví dụ 10%) hoặc số tiền (ví dụ 50.000).");
        let text = typed.trim();
        if let Some(percent) = text.strip_suffix('%') {
            let percent = percent.trim().replace('.', ",");
            let (whole, part) = percent.split_once(',').unwrap_or((&percent, ""));
            let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
            if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
                return Err(wrong());
            }
            let hundredths = whole.parse::<i64>().map_err(|_| wrong())? * 100 + format!("{part:0<2}").parse::<i64>().map_err(|_| wrong())?;
            return if (1..=10_000).contains(&hundredths) { Ok(Basis::Percent(hundredths)) } else { Err(wrong()) };
        }
        Vnd::parse(text).filter(|a| (1..=999_999_999_999).contains(&a.0)).map(Basis::Fixed).ok_or_else(wrong)
    }
}

/// Spreads an amount over lines in proportion to what they still owe: whole đồng by largest remainder, the earlier line first among
/// equals. The parts add up to the amount and no line goes below nothing. Refuses more than all lines owe together.
pub fn spread(amount: Vnd, nets: &[Vnd]) -> Result<Vec<Vnd>, Problem> {
    let whole: i128 = nets.iter().map(|n| i128::from(n.0.max(0))).sum();
    if amount < Vnd::ZERO || i128::from(amount.0) > whole {
        return Err(Problem::of("Số giảm lớn hơn số còn phải trả của các khoản được giảm."));
    }
    if whole == 0 {
        return Ok(vec![Vnd::ZERO; nets.len()]);
    }
    let exact = |n: &Vnd| i128::from(amount.0) * i128::from(n.0.max(0));
    let mut parts: Vec<i64> = nets.iter().map(|n| i64::try_from(exact(n) / whole).unwrap_or_default()).collect();
    let mut order: Vec<usize> = (0..nets.len()).collect();
    order.sort_by_key(|i| (-(exact(&nets[*i]) % whole), *i));
    let mut rest = amount.0 - parts.iter().sum::<i64>();
    for i in order.into_iter().cycle().take(nets.len() * 2) {
        if rest > 0 && parts[i] < nets[i].0 {
            parts[i] += 1;
            rest -= 1;
        }
    }
    Ok(parts.into_iter().map(Vnd).collect())
}

/// What somebody typed at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    pub basis: Basis,
    pub reason: String,
}

/// Checks a typed discount before anything is looked up.
pub fn check(value: &str, reason: &str) -> Result<Typed, Problems> {
    let mut problems = Problems::none();
    let basis = Basis::read(value).map_err(|p| problems.0.push(p)).ok();
    let reason = reason.trim();
    problems.add_if(reason.is_empty() || reason.chars().count() > 300, "reason", "Nhập lý do giảm (tối đa 300 ký tự).");
    match basis {
        Some(basis) if problems.is_empty() => Ok(Typed { basis, reason: reason.to_owned() }),
        _ => Err(problems),
    }
}

/// Whether all discounts by word on a bill together stay within a limit in whole percent of what the bill comes to.
pub fn within_limit(given_so_far: Vnd, more: Vnd, gross: Vnd, limit_percent: i64) -> bool {
    i128::from(given_so_far.0 + more.0) * 100 <= i128::from(gross.0) * i128::from(limit_percent)
}

/// What a rule asks of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub age_from: Option<i32>,
    pub age_to: Option<i32>,
    pub visits_from: Option<i32>,
}

/// Whether a person of this age (completed years), here this often in the last year, is meant. An unknown age meets no age rule.
pub fn is_meant(wanted: Wanted, age: Option<i32>, visits: i64) -> bool {
    let age_ok = match (wanted.age_from, wanted.age_to) {
        (None, None) => true,
        (from, to) => age.is_some_and(|a| from.is_none_or(|f| a >= f) && to.is_none_or(|t| a <= t)),
    };
    age_ok && wanted.visits_from.is_none_or(|n| visits >= i64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percent_and_money_are_read_as_people_write_them() {
        for (typed, basis, shown) in [
            ("10%", Basis::Percent(1000), "10%"),
            ("7,5 %", Basis::Percent(750), "7,5%"),
            ("33.33%", Basis::Percent(3333), "33,33%"),
            ("50.000", Basis::Fixed(Vnd(50_000)), "50.000 đ"),
        ] {
            assert_eq!(Basis::read(typed).unwrap(), basis, "{typed}");
            assert_eq!(basis.show(), shown);
        }
        for nonsense in ["", "%", "0%", "101%", "-5%", "1e3%", "abc", "0", "-1", "1,234%"] {
            assert!(Basis::read(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn the_odd_dong_goes_to_the_largest_remainder() {
        assert_eq!(spread(Vnd(100), &[Vnd(100), Vnd(100), Vnd(100)]).unwrap(), [Vnd(34), Vnd(33), Vnd(33)]);
        assert_eq!(spread(Vnd(10), &[Vnd(0), Vnd(15), Vnd(5)]).unwrap(), [Vnd(0), Vnd(8), Vnd(2)]);
        assert!(spread(Vnd(21), &[Vnd(15), Vnd(5)]).is_err());
    }

    #[test]
    fn a_limit_counts_everything_given_by_word() {
        assert!(within_limit(Vnd::ZERO, Vnd(10_000), Vnd(100_000), 10));
        assert!(!within_limit(Vnd(1), Vnd(10_000), Vnd(100_000), 10), "twice a little is a lot");
    }

    #[test]
    fn rules_know_whom_they_mean() {
        let child = Wanted { age_to: Some(5), ..Wanted::default() };
        assert!(is_meant(child, Some(5), 0) && !is_meant(child, Some(6), 0) && !is_meant(child, None, 0));
        let elderly = Wanted { age_from: Some(80), ..Wanted::default() };
        assert!(is_meant(elderly, Some(80), 0) && !is_meant(elderly, Some(79), 9));
        let returning = Wanted { visits_from: Some(3), ..Wanted::default() };
        assert!(is_meant(returning, None, 3) && !is_meant(returning, Some(30), 2));
    }

    proptest! {
        #[test]
        fn parts_add_up_and_no_line_goes_below_nothing(nets in prop::collection::vec(0i64..5_000_000, 1..40), percent in 1i64..=10_000) {
            let nets: Vec<Vnd> = nets.into_iter().map(Vnd).collect();
            let whole: Vnd = nets.iter().copied().sum();
            let amount = Basis::Percent(percent).amount(whole);
            let parts = spread(amount, &nets).unwrap();
            prop_assert_eq!(parts.iter().copied().sum::<Vnd>(), amount);
            for (part, net) in parts.iter().zip(&nets) {
                prop_assert!(*part >= Vnd::ZERO && part <= net);
                // Nobody's share is off by a whole đồng or more.
                let error = i128::from(part.0) * i128::from(whole.0.max(1)) - i128::from(amount.0) * i128::from(net.0);
                prop_assert!(error.abs() <= i128::from(whole.0.max(1)));
            }
        }

        #[test]
        fn any_fixed_amount_is_spread_or_refused(nets in prop::collection::vec(0i64..100, 0..10), amount in -5i64..1000) {
            let nets: Vec<Vnd> = nets.into_iter().map(Vnd).collect();
            let whole: Vnd = nets.iter().copied().sum();
            match spread(Vnd(amount), &nets) {
                Ok(parts) => prop_assert_eq!(parts.iter().copied().sum::<Vnd>(), Vnd(amount)),
                Err(_) => prop_assert!(amount < 0 || Vnd(amount) > whole),
            }
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed in "\\PC{0,20}") {
            let _ = Basis::read(&typed);
        }
    }
}
