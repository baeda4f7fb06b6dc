//! Westgard's multirules for a control run.
//!
//! Westgard JO, Barry PL, Hunt MR, Groth T. A multi-rule Shewhart chart for quality control in clinical chemistry.
//! Clin Chem 1981;27:493–501. Distances are in standard deviations from the target (z).

use rust_decimal::Decimal;

/// A rule of the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// One control beyond 2 SD: a warning that asks to look at the others.
    OneTwoS,
    /// One control beyond 3 SD.
    OneThreeS,
    /// Two consecutive controls beyond 2 SD on the same side, of one level or of two levels in one run.
    TwoTwoS,
    /// In one run one level beyond +2 SD and another beyond −2 SD.
    RFourS,
    /// Four consecutive controls beyond 1 SD on the same side, of one level or of two levels over two runs.
    FourOneS,
    /// Ten consecutive controls on the same side of the mean, of one level or of two levels over five runs.
    TenX,
}

impl Rule {
    pub const ALL: [Rule; 6] =
        [Rule::OneTwoS, Rule::OneThreeS, Rule::TwoTwoS, Rule::RFourS, Rule::FourOneS, Rule::TenX];

    /// As laboratories write it, and as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Rule::OneTwoS => "1-2s",
            Rule::OneThreeS => "1-3s",
            Rule::TwoTwoS => "2-2s",
            Rule::RFourS => "R-4s",
            Rule::FourOneS => "4-1s",
            Rule::TenX => "10x",
        }
    }

    pub fn from_key(key: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.key() == key)
    }

    /// Whether the run is rejected; 1-2s only warns.
    pub fn rejects(self) -> bool {
        self != Rule::OneTwoS
    }

    /// What the pattern points to.
    pub fn meaning(self) -> &'static str {
        match self {
            Rule::OneTwoS => "Cảnh báo: một điểm ngoài ±2SD",
            Rule::OneThreeS => "Sai số ngẫu nhiên: một điểm ngoài ±3SD",
            Rule::TwoTwoS => "Sai số hệ thống: hai điểm liên tiếp cùng phía ngoài 2SD",
            Rule::RFourS => "Sai số ngẫu nhiên: hai mức cách nhau quá 4SD",
            Rule::FourOneS => "Sai số hệ thống: bốn điểm liên tiếp cùng phía ngoài 1SD",
            Rule::TenX => "Sai số hệ thống: mười điểm liên tiếp cùng phía đường trung bình",
        }
    }
}

/// How far a value lies from its target, in standard deviations; `None` when the deviation is not positive.
pub fn z(value: Decimal, mean: Decimal, sd: Decimal) -> Option<Decimal> {
    if sd > Decimal::ZERO { (value - mean).checked_div(sd) } else { None }
}

/// The rules that the newest control breaks. `own`: z of this level, oldest first, the newest last. `others`: the same
/// of the other levels that were run together with it, each ending with that same run. Exactly 2 SD is not beyond 2 SD.
pub fn judge(own: &[Decimal], others: &[&[Decimal]]) -> Vec<Rule> {
    let Some(newest) = own.last().copied() else { return Vec::new() };
    let (one, two, three) = (Decimal::ONE, Decimal::TWO, Decimal::from(3));
    let mut broken = Vec::new();
    if newest.abs() > two {
        broken.push(Rule::OneTwoS);
    }
    if newest.abs() > three {
        broken.push(Rule::OneThreeS);
    }
    // Within this level, or half of them here and half at another level of the same runs.
    let consecutive = |count: usize, beyond: Decimal| {
        is_run(own, count, beyond)
            || others.iter().any(|other| {
                let half = count / 2;
                is_run(own, half, beyond) && is_run(other, half, beyond) && same_side(own, other)
            })
    };
    if consecutive(2, two) {
        broken.push(Rule::TwoTwoS);
    }
    let opposite = |other: &&[Decimal]| {
        other.last().is_some_and(|z| (newest > two && *z < -two) || (newest < -two && *z > two))
    };
    if others.iter().any(opposite) {
        broken.push(Rule::RFourS);
    }
    if consecutive(4, one) {
        broken.push(Rule::FourOneS);
    }
    if consecutive(10, Decimal::ZERO) {
        broken.push(Rule::TenX);
    }
    broken
}

/// Whether the last `count` lie beyond `beyond` on one side.
fn is_run(all: &[Decimal], count: usize, beyond: Decimal) -> bool {
    let Some(last) = all.len().checked_sub(count).map(|from| &all[from..]) else { return false };
    !last.is_empty() && (last.iter().all(|z| *z > beyond) || last.iter().all(|z| *z < -beyond))
}

fn same_side(one: &[Decimal], other: &[Decimal]) -> bool {
    one.last().zip(other.last()).is_some_and(|(a, b)| a.is_sign_negative() == b.is_sign_negative())
}

#[cfg(test)]
mod tests {
    use super::Rule::*;
    use super::*;

    fn line(text: &str) -> Vec<Decimal> {
        text.split_whitespace().map(|z| z.parse().unwrap()).collect()
    }

    #[test]
    fn one_level_follows_the_published_rules() {
        for (own, broken) in [
            ("", vec![]),
            ("0.4 -1.2 1.9", vec![]),
            ("0 2.0", vec![]),
            ("0 2.1", vec![OneTwoS]),
            ("0 -2.1", vec![OneTwoS]),
            ("0 3.0", vec![OneTwoS]),
            ("0 3.1", vec![OneTwoS, OneThreeS]),
            ("0 -3.5", vec![OneTwoS, OneThreeS]),
            ("2.1 2.2", vec![OneTwoS, TwoTwoS]),
            ("-2.1 -2.2", vec![OneTwoS, TwoTwoS]),
            ("2.1 -2.2", vec![OneTwoS]),
            ("2.1 0 2.2", vec![OneTwoS]),
            ("1.1 1.2 1.3 1.4", vec![FourOneS]),
            ("-1.1 -1.2 -1.3 -1.4", vec![FourOneS]),
            ("1.1 1.2 1.0 1.4", vec![]),
            ("1.1 1.2 -1.3 1.4", vec![]),
            ("0.1 0.2 0.3 0.1 0.2 0.3 0.1 0.2 0.3 0.1", vec![TenX]),
            ("-0.1 -0.2 -0.3 -0.1 -0.2 -0.3 -0.1 -0.2 -0.3 -0.1", vec![TenX]),
            ("0.1 0.2 0.3 0.1 0.2 0.3 0.1 0.2 0.3", vec![]),
            ("0.1 0.2 0.3 0.1 0 0.3 0.1 0.2 0.3 0.1", vec![]),
            ("1.1 1.2 1.3 1.4 1.2 1.1 1.5 1.3 2.1 2.2", vec![OneTwoS, TwoTwoS, FourOneS, TenX]),
        ] {
            assert_eq!(judge(&line(own), &[]), broken, "{own}");
        }
    }

    #[test]
    fn two_levels_of_one_run_are_judged_together() {
        for (own, other, broken) in [
            ("2.1", "2.2", vec![OneTwoS, TwoTwoS]),
            ("2.1", "-2.2", vec![OneTwoS, RFourS]),
            ("-2.1", "2.2", vec![OneTwoS, RFourS]),
            ("2.1", "-1.9", vec![OneTwoS]),
            ("1.1 1.2", "1.3 1.4", vec![FourOneS]),
            ("1.1 1.2", "-1.3 -1.4", vec![]),
            ("0.1 0.2 0.1 0.2 0.1", "0.3 0.2 0.1 0.3 0.4", vec![TenX]),
            ("0.1 0.2 0.1 0.2 0.1", "0.3 -0.2 0.1 0.3 0.4", vec![]),
            ("0.5", "2.5", vec![]),
        ] {
            assert_eq!(judge(&line(own), &[&line(other)]), broken, "{own} | {other}");
        }
    }

    #[test]
    fn only_the_warning_rule_does_not_reject() {
        assert_eq!(Rule::ALL.into_iter().filter(|rule| !rule.rejects()).collect::<Vec<_>>(), [OneTwoS]);
        assert_eq!(z(Decimal::from(13), Decimal::TEN, Decimal::TWO), Some(Decimal::new(15, 1)));
        assert_eq!(z(Decimal::ONE, Decimal::ONE, Decimal::ZERO), None);
    }
}
