//! SMART system scopes of a program's token: which kinds of FHIR resources it may read, search, create, change, delete.
//! A scope narrows what the account may do and never widens it.

use std::collections::BTreeSet;

/// The right that reading and searching need.
pub const READ: &str = "fhir.read";
/// The right that creating, changing and deleting need.
pub const WRITE: &str = "fhir.write";

/// The scopes that are granted of those asked for, in the spelling of SMART 2 (`system/Patient.rs`). `None` when one of
/// them cannot be read, or when nothing of them is left for this account.
pub fn granted(asked: &str, rights: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for scope in asked.split_ascii_whitespace() {
        let (kind, letters) = parse(scope)?;
        let left: String = letters.chars().filter(|l| rights.contains(if "rs".contains(*l) { READ } else { WRITE })).collect();
        let granted = format!("system/{kind}.{left}");
        if !left.is_empty() && !out.contains(&granted) {
            out.push(granted);
        }
    }
    (!out.is_empty() && out.len() <= 100).then_some(out)
}

/// The resource kind (or `*`) and the letters of a scope; the words of SMART 1 are read too.
fn parse(scope: &str) -> Option<(&str, &str)> {
    let (kind, may) = scope.strip_prefix("system/")?.split_once('.')?;
    let is_kind = kind == "*" || (kind.len() <= 40 && kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphabetic()));
    let letters = match may {
        "read" => "rs",
        "write" => "cud",
        "*" => "cruds",
        // SMART 2: some of these letters, in this order.
        _ if !may.is_empty() && is_in_order(may, "cruds") => may,
        _ => return None,
    };
    is_kind.then_some((kind, letters))
}

fn is_in_order(some: &str, all: &str) -> bool {
    let mut rest = all.chars();
    some.chars().all(|letter| rest.any(|l| l == letter))
}

/// What the account may do under its scopes: no more than they say.
pub fn narrowed(rights: &BTreeSet<String>, scopes: &[String]) -> BTreeSet<String> {
    let says = |letters: &[char]| scopes.iter().any(|s| s.rsplit('.').next().is_some_and(|may| may.contains(letters)));
    let mut out: BTreeSet<String> = scopes.iter().cloned().collect();
    for (right, letters) in [(READ, &['r', 's'][..]), (WRITE, &['c', 'u', 'd'][..])] {
        if rights.contains(right) && says(letters) {
            out.insert(right.to_owned());
        }
    }
    out
}

/// Whether a set of rights allows `letter` on resources of this kind: a token without scopes by the account alone.
pub fn allows(rights: &BTreeSet<String>, kind: &str, letter: char) -> bool {
    let mut scopes = rights.iter().filter_map(|r| r.strip_prefix("system/")).peekable();
    if scopes.peek().is_none() {
        return rights.contains(if "rs".contains(letter) { READ } else { WRITE });
    }
    scopes.filter_map(|s| s.split_once('.')).any(|(of, may)| (of == "*" || of == kind) && may.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|r| (*r).to_owned()).collect()
    }

    #[test]
    fn scopes_are_read_and_cut_to_the_account() {
        let both = rights(&[READ, WRITE]);
        assert_eq!(granted("system/Patient.rs system/*.read", &both).unwrap(), ["system/Patient.rs", "system/*.rs"]);
        assert_eq!(granted("system/Bundle.write", &both).unwrap(), ["system/Bundle.cud"]);
        assert_eq!(granted("system/*.*", &rights(&[READ])).unwrap(), ["system/*.rs"]);
        for wrong in ["", "patient/Patient.rs", "system/Patient", "system/Patient.", "system/Patient.sr", "system/patient.rs", "system/Patient.x", "openid"] {
            assert_eq!(granted(wrong, &both), None, "{wrong}");
        }
        assert_eq!(granted("system/*.cud", &rights(&[READ])), None);
    }

    #[test]
    fn a_scope_narrows_and_never_widens() {
        let account = rights(&[READ, WRITE, "patient.read"]);
        let narrow = narrowed(&account, &["system/Patient.rs".into()]);
        assert!(allows(&narrow, "Patient", 'r') && !allows(&narrow, "Observation", 'r') && !allows(&narrow, "Patient", 'c'));
        assert!(narrow.contains(READ) && !narrow.contains(WRITE) && !narrow.contains("patient.read"));
        assert!(allows(&account, "Observation", 's') && allows(&account, "Bundle", 'c'));
        assert!(!allows(&rights(&["patient.read"]), "Patient", 'r'));
    }
}
