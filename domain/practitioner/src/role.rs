//! Roles and the rights they carry, as data: `roles.tsv` and `rights.tsv` beside this file's crate. A right reads
//! `<thing>.<verb>`; the committed table of route × role (`docs/rights.tsv`) is compared with the code by a test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// One role.
#[derive(Clone, Debug)]
pub struct Role {
    pub key: &'static str,
    pub label: &'static str,
    /// Where this role's day begins.
    pub home: &'static str,
}

/// All roles in the order of the file.
pub static ROLES: LazyLock<Vec<Role>> = LazyLock::new(|| {
    rows(include_str!("../roles.tsv"))
        .skip(1)
        .filter_map(|cells| match cells[..] {
            [key, label, home] => Some(Role { key, label, home }),
            _ => None,
        })
        .collect()
});

static RIGHTS: LazyLock<BTreeMap<&'static str, BTreeSet<&'static str>>> = LazyLock::new(|| {
    let mut map: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for cells in rows(include_str!("../rights.tsv")) {
        if let [role, right] = cells[..] {
            map.entry(role).or_default().insert(right);
        }
    }
    map
});

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).map(|l| l.split('\t').map(str::trim).collect())
}

/// The role with this key.
pub fn find(key: &str) -> Option<&'static Role> {
    ROLES.iter().find(|r| r.key == key)
}

/// The rights of all these roles together.
pub fn rights_of<S: AsRef<str>>(roles: &[S]) -> Arc<BTreeSet<String>> {
    let all = roles.iter().filter_map(|r| RIGHTS.get(r.as_ref())).flatten().map(|r| (*r).to_owned());
    Arc::new(all.collect())
}

/// Every right that some role carries.
pub fn all_rights() -> BTreeSet<&'static str> {
    RIGHTS.values().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_belongs_to_a_known_role() {
        for role in RIGHTS.keys() {
            assert!(find(role).is_some(), "rights.tsv names the unknown role {role}");
        }
        for right in all_rights() {
            assert!(right.split('.').count() >= 2, "{right} does not read <thing>.<verb>");
        }
    }

    #[test]
    fn two_roles_add_up() {
        let both = rights_of(&["admin", "nurse"]);
        assert!(both.is_superset(&rights_of(&["admin"])));
        assert!(rights_of(&["nobody"]).is_empty());
    }
}
