//! What a package brings: the entitlement table `catalogues/features.tsv` as the guard asks for it. Features that the
//! law demands of everybody belong to every package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

static PACKAGES: LazyLock<BTreeMap<&'static str, Arc<BTreeSet<String>>>> = LazyLock::new(|| {
    let mut lines = include_str!("../../../catalogues/features.tsv").lines().filter(|l| !l.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
    let mut packages: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        for (column, cell) in head.iter().zip(&cells) {
            if column.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) && *cell == "1" {
                packages.entry(column).or_default().insert(cells[0].to_owned());
            }
        }
    }
    packages.into_iter().map(|(name, features)| (name, Arc::new(features))).collect()
});

/// The features of a package; an unknown package has none.
pub fn features_of(package: &str) -> Arc<BTreeSet<String>> {
    PACKAGES.get(package).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::features_of;

    #[test]
    fn each_package_contains_the_smaller_one() {
        let [basic, standard, one, two] = ["BASIC", "STANDARD", "PREMIUM1", "PREMIUM2"].map(features_of);
        assert!(basic.contains("exam") && !basic.contains("stock"));
        assert!(standard.is_superset(&basic) && one.is_superset(&standard) && two.is_superset(&one));
        assert!(standard.contains("stock") && !standard.contains("price.discount") && two.contains("price.discount"));
        assert!(features_of("GOLD").is_empty());
    }

    #[test]
    fn duties_of_the_law_belong_to_every_package() {
        for duty in ["rx.national", "emr.sign", "emr.archive", "phr.share"] {
            assert!(features_of("BASIC").contains(duty), "{duty}");
        }
    }
}
