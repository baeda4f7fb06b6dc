//! What people see of the money: the desk, the papers, shifts, the approval desk, the unmatched desk.

pub mod approvals;
pub mod bank;
mod bill;
pub mod cashier;
pub mod debts;
pub mod discounts;
pub mod packages;
pub mod einvoices;
mod pay;
pub mod payers;
pub mod payouts;
pub mod receipts;
pub mod shifts;
pub mod totals;
pub mod unmatched;

use crate::collection::Collection;
use base::{Problems, Vnd};
use serde::Deserialize;

/// An amount as typed: empty is zero, anything that is not money is refused beside its field.
fn money(typed: &str, field: &'static str, problems: &mut Problems) -> Vnd {
    if typed.trim().is_empty() {
        return Vnd::ZERO;
    }
    Vnd::parse(typed).unwrap_or_else(|| {
        problems.add(field, "Nhập số tiền bằng chữ số, ví dụ 265.540.");
        Vnd::ZERO
    })
}

/// What the pay column sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CollectForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub way: String,
    #[serde(default)]
    pub due: String,
    #[serde(default)]
    pub cash: String,
    #[serde(default)]
    pub cash_given: String,
    #[serde(default)]
    pub card: String,
    #[serde(default)]
    pub card_slip: String,
    #[serde(default)]
    pub transfer: String,
    #[serde(default)]
    pub bank_ref: String,
}

impl CollectForm {
    /// The typed amounts, or what cannot be read as money.
    fn read(&self) -> Result<Collection, Problems> {
        let mut problems = Problems::none();
        let collection = Collection {
            shown_due: money(&self.due, "", &mut problems),
            cash: money(&self.cash, "cash", &mut problems),
            cash_given: money(&self.cash_given, "cash_given", &mut problems),
            card: money(&self.card, "card", &mut problems),
            card_slip: self.card_slip.clone(),
            transfer: money(&self.transfer, "transfer", &mut problems),
            bank_ref: self.bank_ref.clone(),
        };
        problems.or(collection)
    }
}

/// An id a page minted; a form without one is not ours.
fn minted(typed: &str) -> Result<uuid::Uuid, web::Failure> {
    typed.parse().map_err(|_| web::Failure::BadRequest("Biểu mẫu thiếu mã. Mở lại trang rồi thử lại.".into()))
}

/// An amount of a row, for templates.
fn vnd(amount: &i64) -> Vnd {
    Vnd(*amount)
}

/// `09:41`, for templates.
fn time(at: &chrono::DateTime<chrono::Utc>) -> String {
    base::show_time(*at)
}

/// `Chủ nhật, 22/11/2026`, for templates.
fn day_long(day: &chrono::NaiveDate) -> String {
    base::show_date_long(*day)
}

/// `22/11/2026`, for templates.
fn day(day: &chrono::NaiveDate) -> String {
    base::show_date(*day)
}
