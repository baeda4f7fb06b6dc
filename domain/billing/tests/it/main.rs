mod charges;
mod counter;
mod day;
mod ledger;
mod money_back;
mod shift;
mod transfer;
