//! One test binary: the days of this slice, through real pages.

mod desk;
mod dispense;
mod goods;
mod holds;
mod ledger;
mod random;
mod recall;
