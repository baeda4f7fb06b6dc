//! The banks a transfer code can name, from the dated list `catalogues/banks_vn.tsv` (NAPAS members).

use std::sync::LazyLock;

/// One bank and its 6-digit NAPAS number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    pub bin: &'static str,
    pub code: &'static str,
    pub short_name: &'static str,
    pub name: &'static str,
    /// The stand-in bank of demo and tests: no banking app can send real money there.
    pub is_sandbox: bool,
}

static BANKS: LazyLock<Vec<Bank>> = LazyLock::new(|| {
    include_str!("../../../catalogues/banks_vn.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let (bin, code) = (columns.next()?, columns.next()?);
            let (short_name, name) = (columns.next()?, columns.next()?);
            let (_from, to, kind) = (columns.next()?, columns.next()?, columns.next()?);
            // A bank that left the network keeps its row, end-dated, so that old papers still name it.
            to.is_empty().then_some(Bank { bin, code, short_name, name, is_sandbox: kind == "sandbox" })
        })
        .collect()
});

/// Every bank that can be named today, in order of its number; the stand-in bank is last.
pub fn all() -> &'static [Bank] {
    &BANKS
}

/// The bank with that 6-digit number.
pub fn by_bin(bin: &str) -> Option<&'static Bank> {
    BANKS.iter().find(|bank| bank.bin == bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_bank_with_its_own_number() {
        assert!(all().len() >= 40, "{} banks", all().len());
        let mut bins: Vec<_> = all().iter().map(|b| b.bin).collect();
        bins.sort_unstable();
        bins.dedup();
        assert_eq!(bins.len(), all().len(), "a number stands twice");
        for bank in all() {
            assert!(bank.bin.len() == 6 && bank.bin.bytes().all(|b| b.is_ascii_digit()), "{bank:?}");
            assert!(!bank.short_name.is_empty() && !bank.name.is_empty(), "{bank:?}");
        }
        assert_eq!(by_bin("970436").map(|b| b.short_name), Some("Vietcombank"));
        assert_eq!(by_bin("999999").map(|b| b.is_sandbox), Some(true));
    }
}
