//! Analytes that are calculated from others, each with the paper it comes from and the limits within which it holds.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// A formula the house knows.
#[derive(Debug)]
pub struct Formula {
    /// As it is stored with the analyte.
    pub key: &'static str,
    pub name: &'static str,
    pub source: &'static str,
    /// Codes of the analytes it needs.
    pub inputs: &'static [&'static str],
    /// The youngest age in years for which it was made.
    pub least_age_years: i32,
}

pub const FORMULAS: [Formula; 2] = [
    Formula {
        key: "ldl_friedewald",
        name: "LDL theo Friedewald",
        source: "Friedewald WT và cs., Clin Chem 1972;18:499–502; TG ≤ 4,5 mmol/L",
        inputs: &["CHOL", "HDL", "TG"],
        least_age_years: 0,
    },
    Formula {
        key: "egfr_ckd_epi_2021",
        name: "eGFR theo CKD-EPI 2021 (creatinin)",
        source: "Inker LA và cs., N Engl J Med 2021;385:1737–1749; từ 18 tuổi",
        inputs: &["CREA"],
        least_age_years: 18,
    },
];

/// The formula of that key.
pub fn find(key: &str) -> Option<&'static Formula> {
    FORMULAS.iter().find(|formula| formula.key == key)
}

/// What a formula gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calculated {
    Value(Decimal),
    /// Something it needs is not there yet.
    Waiting,
    /// It does not hold here, and why.
    Invalid(&'static str),
}

/// Friedewald fails above this triglyceride (400 mg/dl).
const HIGHEST_TRIGLYCERIDE: Decimal = Decimal::from_parts(45, 0, 0, false, 1);

/// Calculates. `input` gives the value of a code where one was entered as a plain number, in the unit of the catalogue
/// (mmol/L for lipids, µmol/L for creatinine).
pub fn calculate(
    key: &str,
    sex: &str,
    age_years: i32,
    input: impl Fn(&str) -> Option<Decimal>,
) -> Calculated {
    let Some(formula) = find(key) else { return Calculated::Waiting };
    if formula.inputs.iter().any(|code| input(code).is_none()) {
        return Calculated::Waiting;
    }
    let value = |code: &str| input(code).unwrap_or_default();
    match key {
        "ldl_friedewald" => {
            if value("TG") > HIGHEST_TRIGLYCERIDE {
                return Calculated::Invalid("Không tính (TG > 4,5)");
            }
            let ldl = value("CHOL") - value("HDL") - value("TG") / Decimal::new(22, 1);
            if ldl <= Decimal::ZERO { Calculated::Invalid("Không tính (LDL ≤ 0)") } else { Calculated::Value(ldl) }
        }
        _ => match egfr(value("CREA"), sex, age_years) {
            Some(egfr) => Calculated::Value(egfr),
            None => Calculated::Invalid("Không tính (cần tuổi, giới)"),
        },
    }
}

/// ml/min/1,73 m² from creatinine in µmol/L. `None` under 18 and where the sex is unknown.
fn egfr(creatinine_umol_l: Decimal, sex: &str, age_years: i32) -> Option<Decimal> {
    let (kappa, alpha, factor) = match sex {
        "female" => (0.7, -0.241, 1.012),
        "male" => (0.9, -0.302, 1.0),
        _ => return None,
    };
    if age_years < 18 {
        return None;
    }
    let mg_dl = creatinine_umol_l.to_f64()? / 88.4;
    let ratio: f64 = mg_dl / kappa;
    let value = 142.0 * ratio.min(1.0).powf(alpha) * ratio.max(1.0).powf(-1.2) * 0.9938f64.powi(age_years) * factor;
    Decimal::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn friedewald_holds_only_below_its_triglyceride() {
        let with = |tg: Option<&'static str>| {
            move |code: &str| match code {
                "CHOL" => Some(dec("5.2")),
                "HDL" => Some(dec("1.2")),
                "TG" => tg.map(dec),
                _ => None,
            }
        };
        let ldl = calculate("ldl_friedewald", "male", 40, with(Some("2.2")));
        assert_eq!(ldl, Calculated::Value(dec("3.0")), "5,2 − 1,2 − 2,2/2,2");
        assert!(matches!(calculate("ldl_friedewald", "male", 40, with(Some("4.5"))), Calculated::Value(_)));
        assert!(matches!(calculate("ldl_friedewald", "male", 40, with(Some("4.6"))), Calculated::Invalid(_)));
        assert_eq!(calculate("ldl_friedewald", "male", 40, with(None)), Calculated::Waiting);
    }

    #[test]
    fn egfr_follows_the_equation_of_2021() {
        // Worked by hand from the published equation; creatinine in µmol/L.
        for (sex, age, creatinine, rounded) in
            [("male", 50, "88.4", 92), ("female", 50, "88.4", 69), ("male", 70, "150", 43), ("female", 30, "53", 124)]
        {
            let Calculated::Value(value) = calculate("egfr_ckd_epi_2021", sex, age, |_| Some(dec(creatinine))) else {
                panic!("{sex} {age}")
            };
            assert_eq!(value.round().to_i64(), Some(rounded), "{sex} {age} {creatinine}");
        }
        for (sex, age) in [("male", 17), ("unknown", 40)] {
            assert!(matches!(calculate("egfr_ckd_epi_2021", sex, age, |_| Some(dec("80"))), Calculated::Invalid(_)));
        }
    }
}
