//! One test binary: the days of this slice, through real pages.

mod controlled;
mod desk;
mod dispense;
mod goods;
mod holds;
mod ledger;
mod opening;
mod paperwork;
mod random;
mod recall;
mod receipt;
mod stocktake;
mod transfer;
