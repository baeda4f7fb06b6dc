//! What is sold: features, prices, allowances and terms, read from the catalogues (`features.tsv`, `packages.tsv`,
//! `package_terms.tsv`). Prices and terms have days; an answer is always for one day.

use super::{Standing, State};
use crate::seed::rows;
use base::Vnd;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// One feature of the packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    pub feature: &'static str,
    pub name: &'static str,
    /// In every package and in every state, because the law asks for it.
    pub required_by_law: bool,
    packages: BTreeSet<&'static str>,
}

impl Feature {
    /// Whether a package contains it; an unknown package contains only what the law requires.
    pub fn is_in(&self, package: &str) -> bool {
        self.required_by_law || self.packages.contains(package)
    }
}

/// The keys of the packages, the smallest first: each contains the one before it.
pub const PACKAGES: [&str; 4] = ["BASIC", "STANDARD", "PREMIUM1", "PREMIUM2"];

/// All features in the order in which they are sold.
pub static FEATURES: LazyLock<Vec<Feature>> = LazyLock::new(|| {
    rows(include_str!("../../../../catalogues/features.tsv"))
        .map(|row| Feature {
            feature: row["feature"],
            name: row["name_vi"],
            required_by_law: row.get("required_by_law") == Some(&"1"),
            packages: PACKAGES.into_iter().filter(|package| row.get(package) == Some(&"1")).collect(),
        })
        .collect()
});

type Keys = Arc<BTreeSet<String>>;

static BY_PACKAGE: LazyLock<BTreeMap<&'static str, Keys>> = LazyLock::new(|| {
    let of = |package: &str| FEATURES.iter().filter(|f| f.is_in(package)).map(|f| f.feature.to_owned()).collect::<BTreeSet<_>>();
    PACKAGES.into_iter().chain([""]).map(|package| (package, Arc::new(of(package)))).collect()
});

/// The features of a package; an unknown package has those that the law demands.
pub fn features_of(package: &str) -> Keys {
    BY_PACKAGE.get(package).cloned().unwrap_or_else(duties)
}

/// What the law demands of everybody: it belongs to every package and to every state.
pub fn duties() -> Keys {
    BY_PACKAGE[""].clone()
}

/// The features a clinic has as it stands. One whose subscription ran out keeps seeing what it had.
pub fn features_on(standing: &Standing) -> Keys {
    if standing.state == State::Closed { duties() } else { features_of(&standing.package) }
}

/// A package as it is sold on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub key: &'static str,
    pub name: &'static str,
    pub for_whom: &'static str,
    /// For a month, without VAT; `None` is by contract.
    pub price: Option<Vnd>,
    /// How many accounts may be used in a month; `None` is any number.
    pub users: Option<i64>,
    pub sms_per_month: i64,
    pub storage_mb: i64,
}

fn holds(row: &BTreeMap<&str, &str>, day: NaiveDate) -> bool {
    let from = row["valid_from"].parse::<NaiveDate>().is_ok_and(|from| from <= day);
    from && row.get("valid_to").and_then(|to| to.parse::<NaiveDate>().ok()).is_none_or(|to| day <= to)
}

/// Everything that is sold on a day, the smallest package first.
pub fn offers_on(day: NaiveDate) -> Vec<Offer> {
    rows(include_str!("../../../../catalogues/packages.tsv"))
        .filter(|row| holds(row, day))
        .map(|row| Offer {
            key: row["package"],
            name: row["name_vi"],
            for_whom: row["for_whom_vi"],
            price: row["price_vnd"].parse().ok().map(Vnd),
            users: row["users"].parse().ok(),
            sms_per_month: row["sms_per_month"].parse().unwrap_or(0),
            storage_mb: row["storage_mb"].parse().unwrap_or(0),
        })
        .collect()
}

/// One package as it is sold on a day.
pub fn offer_on(package: &str, day: NaiveDate) -> Option<Offer> {
    offers_on(day).into_iter().find(|offer| offer.key == package)
}

/// The name people see: `PREMIUM 1`.
pub fn name_of(package: &str) -> &'static str {
    match package {
        "BASIC" => "BASIC",
        "STANDARD" => "STANDARD",
        "PREMIUM1" => "PREMIUM 1",
        "PREMIUM2" => "PREMIUM 2",
        _ => "",
    }
}

/// The names of what a package has beyond a smaller one ("" is beyond nothing), without what is in all of them.
pub fn adds(package: &str, smaller: &str) -> Vec<&'static str> {
    FEATURES.iter().filter(|f| !f.required_by_law && f.is_in(package) && !f.is_in(smaller)).map(|f| f.name).collect()
}

/// Whether `to` contains more than `from`.
pub fn is_bigger(from: &str, to: &str) -> bool {
    let place = |key: &str| PACKAGES.iter().position(|p| *p == key);
    place(to) > place(from)
}

/// A term of the packages on a day, e.g. `grace_days`. Zero when no such term was in force.
pub fn term(key: &str, day: NaiveDate) -> i64 {
    rows(include_str!("../../../../catalogues/package_terms.tsv"))
        .find(|row| row["key"] == key && holds(row, day))
        .and_then(|row| row["value"].parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_contains_the_smaller_one() {
        let [basic, standard, one, two] = PACKAGES.map(features_of);
        assert!(basic.contains("exam") && !basic.contains("stock"));
        assert!(standard.is_superset(&basic) && one.is_superset(&standard) && two.is_superset(&one));
        assert!(standard.contains("stock") && !standard.contains("price.discount") && two.contains("price.discount"));
        assert_eq!(features_of("GOLD"), duties());
        assert!(is_bigger("BASIC", "STANDARD") && !is_bigger("STANDARD", "BASIC") && !is_bigger("BASIC", "BASIC"));
    }

    #[test]
    fn duties_of_the_law_belong_to_every_package() {
        for duty in ["rx.national", "emr.sign", "emr.archive", "phr.share"] {
            assert!(features_of("BASIC").contains(duty) && duties().contains(duty), "{duty}");
        }
        assert!(!duties().contains("exam"));
    }

    #[test]
    fn prices_and_terms_have_days() {
        let day = "2026-11-24".parse().unwrap();
        let prices: Vec<Option<i64>> = offers_on(day).iter().map(|o| o.price.map(|p| p.0)).collect();
        assert_eq!(prices, [Some(350_000), Some(650_000), None, None]);
        assert_eq!((term("trial_days", day), term("grace_days", day), term("nothing", day)), (14, 7, 0));
        assert!(offers_on("2025-12-31".parse().unwrap()).is_empty());
    }
}
