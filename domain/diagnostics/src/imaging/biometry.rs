//! Age and weight of a fetus from what was measured, by published formulas. Lengths come in as millimetres, as the
//! machine shows them; ages go out as whole days, because "22 tuần 3 ngày" is how everybody speaks.
//!
//! Body measurements are not money: floating point is right here, and the result is rounded once, at the end.

use chrono::{Days, NaiveDate};

/// A pregnancy lasts 280 days from the first day of the last period (Naegele); the due date counts from there.
const TERM_DAYS: i64 = 280;

/// A gestational age in whole days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GestationalAge {
    pub days: i64,
}

impl GestationalAge {
    fn from_weeks(weeks: f64) -> GestationalAge {
        GestationalAge { days: (weeks * 7.0).round() as i64 }
    }

    pub fn weeks(self) -> f64 {
        self.days as f64 / 7.0
    }

    /// The day of birth to expect, when this was the age on `day`.
    pub fn due(self, day: NaiveDate) -> Option<NaiveDate> {
        let left = TERM_DAYS - self.days;
        if left >= 0 { day.checked_add_days(Days::new(left as u64)) } else { day.checked_sub_days(Days::new(left.unsigned_abs())) }
    }
}

impl std::fmt::Display for GestationalAge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.days % 7 {
            0 => write!(f, "{} tuần", self.days / 7),
            days => write!(f, "{} tuần {} ngày", self.days / 7, days),
        }
    }
}

/// Age from the crown–rump length, 5 to 84 mm: days = 8,052 × √(1,037 × CRL) + 23,73.
///
/// Robinson HP, Fleming JE. A critical evaluation of sonar "crown-rump length" measurements. Br J Obstet Gynaecol
/// 1975;82:702–10; recommended by the British Medical Ultrasound Society (Loughna P et al., Ultrasound 2009;17:161–7)
/// and by ISUOG (2013). Nothing outside the range: beyond 84 mm the head is measured instead.
pub fn age_from_crl(crl_mm: f64) -> Option<GestationalAge> {
    (5.0..=84.0).contains(&crl_mm).then(|| GestationalAge { days: (8.052 * (1.037 * crl_mm).sqrt() + 23.73).round() as i64 })
}

/// What is measured from the fourteenth week on, each in millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fetus {
    pub bpd_mm: Option<f64>,
    pub hc_mm: Option<f64>,
    pub ac_mm: Option<f64>,
    pub fl_mm: Option<f64>,
}

/// Hadlock FP, Deter RL, Harrist RB, Park SK. Estimating fetal age: computer-assisted analysis of multiple fetal growth
/// parameters. Radiology 1984;152:497–501, table 3: one measurement in centimetres gives weeks.
pub mod hadlock_1984 {
    use super::GestationalAge;

    /// Fitted for 12 to 42 weeks; what lies outside is a slip of the hand or another formula's business.
    fn within(weeks: f64) -> Option<GestationalAge> {
        (11.5..=43.0).contains(&weeks).then(|| GestationalAge::from_weeks(weeks))
    }

    pub fn bpd(mm: f64) -> Option<GestationalAge> {
        let cm = mm / 10.0;
        within(9.54 + 1.482 * cm + 0.1676 * cm.powi(2))
    }
    pub fn hc(mm: f64) -> Option<GestationalAge> {
        let cm = mm / 10.0;
        within(8.96 + 0.540 * cm + 0.0003 * cm.powi(3))
    }
    pub fn ac(mm: f64) -> Option<GestationalAge> {
        let cm = mm / 10.0;
        within(8.14 + 0.753 * cm + 0.0036 * cm.powi(2))
    }
    pub fn fl(mm: f64) -> Option<GestationalAge> {
        let cm = mm / 10.0;
        within(10.35 + 2.460 * cm + 0.170 * cm.powi(2))
    }

    /// All four together: 10,85 + 0,060·HC·FL + 0,670·BPD + 0,168·AC, the combination with the smallest error there.
    pub fn all(bpd_mm: f64, hc_mm: f64, ac_mm: f64, fl_mm: f64) -> Option<GestationalAge> {
        let (bpd, hc, ac, fl) = (bpd_mm / 10.0, hc_mm / 10.0, ac_mm / 10.0, fl_mm / 10.0);
        within(10.85 + 0.060 * hc * fl + 0.6700 * bpd + 0.1680 * ac)
    }
}

impl Fetus {
    /// The age that all measurements together say: the four-measurement formula where all four are there, else the mean
    /// of the single formulas. `None` without any usable measurement.
    pub fn age(&self) -> Option<GestationalAge> {
        if let (Some(bpd), Some(hc), Some(ac), Some(fl)) = (self.bpd_mm, self.hc_mm, self.ac_mm, self.fl_mm) {
            return hadlock_1984::all(bpd, hc, ac, fl);
        }
        let single: Vec<i64> = [
            self.bpd_mm.and_then(hadlock_1984::bpd),
            self.hc_mm.and_then(hadlock_1984::hc),
            self.ac_mm.and_then(hadlock_1984::ac),
            self.fl_mm.and_then(hadlock_1984::fl),
        ]
        .into_iter()
        .flatten()
        .map(|age| age.days)
        .collect();
        let count = single.len() as f64;
        (!single.is_empty()).then(|| GestationalAge { days: (single.iter().sum::<i64>() as f64 / count).round() as i64 })
    }

    /// The weight in grams, with the best formula for what was measured; needs abdomen and femur.
    ///
    /// Hadlock FP, Harrist RB, Sharman RS, Deter RL, Park SK. Estimation of fetal weight with the use of head, body, and
    /// femur measurements. Am J Obstet Gynecol 1985;151:333–7. Centimetres in, log10 of grams out; the error is about
    /// 7.5 % (one standard deviation).
    pub fn weight_g(&self) -> Option<i64> {
        let (ac, fl) = (self.ac_mm? / 10.0, self.fl_mm? / 10.0);
        let log10 = match (self.bpd_mm.map(|mm| mm / 10.0), self.hc_mm.map(|mm| mm / 10.0)) {
            (Some(bpd), Some(hc)) => 1.3596 - 0.00386 * ac * fl + 0.0064 * hc + 0.00061 * bpd * ac + 0.0424 * ac + 0.174 * fl,
            (None, Some(hc)) => 1.326 - 0.00326 * ac * fl + 0.0107 * hc + 0.0438 * ac + 0.158 * fl,
            (Some(bpd), None) => 1.335 - 0.0034 * ac * fl + 0.0316 * bpd + 0.0457 * ac + 0.1623 * fl,
            (None, None) => 1.304 + 0.05281 * ac + 0.1938 * fl - 0.004 * ac * fl,
        };
        let grams = 10f64.powf(log10);
        (50.0..=7_000.0).contains(&grams).then_some(grams.round() as i64)
    }
}

/// The median weight in grams at an age of 10 to 42 weeks.
///
/// Hadlock FP, Harrist RB, Martinez-Poyer J. In utero analysis of fetal growth: a sonographic weight standard. Radiology
/// 1991;181:129–33: ln W = 0,578 + 0,332·w − 0,00354·w².
pub fn median_weight_g(age: GestationalAge) -> Option<f64> {
    let weeks = age.weeks();
    (10.0..=42.0).contains(&weeks).then(|| (0.578 + 0.332 * weeks - 0.00354 * weeks.powi(2)).exp())
}

/// Where a weight stands among fetuses of that age, in whole percentiles from 1 to 99; the spread is 12.7 % of the
/// median (same paper). The printed chart of that paper and its formula differ by a little at the edges.
pub fn weight_percentile(weight_g: i64, age: GestationalAge) -> Option<u8> {
    let z = (weight_g as f64 / median_weight_g(age)? - 1.0) / 0.127;
    Some((normal_share(z) * 100.0).round().clamp(1.0, 99.0) as u8)
}

/// The share of a normal distribution below `z`: Abramowitz and Stegun 26.2.17, error below 7.5e-8.
fn normal_share(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let tail = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
        * t
        * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    if z >= 0.0 { 1.0 - tail } else { tail }
}

/// The Teichholz ejection fraction in percent, from the left ventricle's diameters at the end of diastole and systole.
///
/// Teichholz LE, Kreulen T, Herman MV, Gorlin R. Am J Cardiol 1976;37:7–11: V = 7·D³ / (2,4 + D), D in centimetres.
/// Nothing when systole is not smaller than diastole.
pub fn teichholz_ef_pct(diastole_mm: f64, systole_mm: f64) -> Option<i64> {
    let volume = |mm: f64| {
        let cm = mm / 10.0;
        7.0 * cm.powi(3) / (2.4 + cm)
    };
    (systole_mm > 0.0 && systole_mm < diastole_mm)
        .then(|| ((volume(diastole_mm) - volume(systole_mm)) / volume(diastole_mm) * 100.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(weeks: i64, days: i64) -> i64 {
        weeks * 7 + days
    }

    #[track_caller]
    fn near(found: Option<GestationalAge>, published: i64, what: &str) {
        let found = found.expect("an age").days;
        assert!((found - published).abs() <= 1, "{what}: {found} days, published {published}");
    }

    /// The look-up table of the British Medical Ultrasound Society (Loughna 2009), as the English screening programme
    /// prints it: 45.0 mm is 11+2 and 84.0 mm is 14+1.
    #[test]
    fn crown_rump_lengths_give_the_published_ages() {
        for (mm, weeks, rest) in [(10.0, 7, 1), (20.0, 8, 5), (30.0, 9, 6), (45.0, 11, 2), (60.0, 12, 3), (70.0, 13, 1), (84.0, 14, 1)] {
            near(age_from_crl(mm), days(weeks, rest), &format!("CRL {mm}"));
        }
        assert_eq!(age_from_crl(85.0), None, "beyond the formula's range");
        assert_eq!(age_from_crl(4.9), None);
        assert_eq!(age_from_crl(f64::NAN), None);
    }

    /// Weeks as the equations of Hadlock 1984 give them, worked out by hand to a tenth of a week.
    #[test]
    fn later_measurements_give_the_published_ages() {
        let table: [(fn(f64) -> Option<GestationalAge>, f64, f64); 12] = [
            (hadlock_1984::bpd, 30.0, 15.5),
            (hadlock_1984::bpd, 50.0, 21.1),
            (hadlock_1984::bpd, 75.0, 30.1),
            (hadlock_1984::bpd, 93.0, 37.8),
            (hadlock_1984::hc, 175.0, 20.0),
            (hadlock_1984::hc, 280.0, 30.7),
            (hadlock_1984::ac, 150.0, 20.2),
            (hadlock_1984::ac, 264.0, 30.5),
            (hadlock_1984::ac, 350.0, 38.9),
            (hadlock_1984::fl, 33.0, 20.3),
            (hadlock_1984::fl, 58.0, 30.3),
            (hadlock_1984::fl, 75.0, 38.4),
        ];
        for (formula, mm, weeks) in table {
            near(formula(mm), (weeks * 7.0f64).round() as i64, &format!("{mm} mm"));
        }
        assert_eq!(hadlock_1984::bpd(5.0), None, "younger than the formula knows");
    }

    #[test]
    fn four_measurements_weigh_more_than_one() {
        let whole = Fetus { bpd_mm: Some(76.0), hc_mm: Some(280.0), ac_mm: Some(264.0), fl_mm: Some(58.0) };
        // 10.85 + 0.06·28·5.8 + 0.67·7.6 + 0.168·26.4 = 30.1 weeks.
        near(whole.age(), 211, "all four");
        assert_eq!(Fetus::default().age(), None);
        let one = Fetus { fl_mm: Some(58.0), ..Fetus::default() };
        assert_eq!(one.age(), hadlock_1984::fl(58.0));
    }

    /// The medians printed in Hadlock 1991.
    #[test]
    fn medians_are_those_of_the_weight_standard() {
        for (weeks, grams) in [(20, 331.0), (24, 670.0), (28, 1210.0), (30, 1559.0), (34, 2377.0), (38, 3236.0), (40, 3619.0)] {
            let found = median_weight_g(GestationalAge { days: weeks * 7 }).unwrap();
            assert!((found - grams).abs() <= grams * 0.003, "{weeks} weeks: {found}, printed {grams}");
        }
        let age = GestationalAge { days: 210 };
        assert_eq!(weight_percentile(1559, age), Some(50));
        assert!(weight_percentile(1305, age).unwrap() <= 10);
        assert_eq!(weight_percentile(9_000, age), Some(99));
    }

    #[test]
    fn weights_follow_from_what_was_measured() {
        let whole = Fetus { bpd_mm: Some(76.0), hc_mm: Some(280.0), ac_mm: Some(264.0), fl_mm: Some(58.0) };
        let weight = whole.weight_g().unwrap();
        assert!((1_450..1_600).contains(&weight), "{weight}");
        // Leaving a measurement out changes the formula, hardly the weight.
        for part in [Fetus { bpd_mm: None, ..whole }, Fetus { hc_mm: None, ..whole }, Fetus { bpd_mm: None, hc_mm: None, ..whole }] {
            let less = part.weight_g().unwrap();
            assert!((less - weight).abs() < 120, "{less} against {weight}");
        }
        assert_eq!(Fetus { ac_mm: None, ..whole }.weight_g(), None);
    }

    #[test]
    fn due_dates_count_from_the_day_of_the_study() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(GestationalAge { days: 280 }.due(day), Some(day));
        assert_eq!(GestationalAge { days: 210 }.due(day), NaiveDate::from_ymd_opt(2027, 2, 2));
        assert_eq!(GestationalAge { days: 157 }.to_string(), "22 tuần 3 ngày");
        assert_eq!(GestationalAge { days: 154 }.to_string(), "22 tuần");
    }

    #[test]
    fn ejection_fractions_come_from_two_diameters() {
        assert_eq!(teichholz_ef_pct(50.0, 32.0), Some(65));
        assert_eq!(teichholz_ef_pct(32.0, 50.0), None);
    }
}
