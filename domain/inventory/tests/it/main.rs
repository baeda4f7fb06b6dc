//! One test binary: the days of this slice, through real pages.

mod dispense;
mod goods;
mod ledger;
