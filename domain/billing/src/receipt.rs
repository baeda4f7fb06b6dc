//! A receipt: a numbered paper about money that changed hands. It is a draft while the cashier works, issued once
//! with a number that leaves no gap, and perhaps void later; the number is never used again and the paper stays.

use base::{Problem, Problems};
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

/// What the paper is about; each has its own run of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Closes the bill: everything owed at that moment.
    Receipt,
    /// Money ahead of the bill.
    Deposit,
    /// Money given back.
    Refund,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::Receipt => "receipt",
            Kind::Deposit => "deposit",
            Kind::Refund => "refund",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        [Kind::Receipt, Kind::Deposit, Kind::Refund].into_iter().find(|k| k.key() == key)
    }
    /// The title printed on the paper.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Receipt => "PHIẾU THU",
            Kind::Deposit => "PHIẾU TẠM ỨNG",
            Kind::Refund => "PHIẾU HOÀN TIỀN",
        }
    }
    /// The same inside a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Receipt => "Phiếu thu",
            Kind::Deposit => "Tạm ứng",
            Kind::Refund => "Hoàn tiền",
        }
    }
    /// Letters before the number: phiếu thu, tạm ứng, hoàn tiền.
    pub fn series(self) -> &'static str {
        match self {
            Kind::Receipt => "PT",
            Kind::Deposit => "TU",
            Kind::Refund => "HT",
        }
    }
}

/// `PT26-000123`: series, year, number in that year.
pub fn show_number(series: &str, year: i32, number: i64) -> String {
    format!("{series}{:02}-{number:06}", year.rem_euclid(100))
}

/// The year of the run that a paper issued on `day` takes its number from.
pub fn year_of(day: NaiveDate) -> i32 {
    day.year()
}

/// Where a paper stands in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Issued { number: i64 },
    Void { number: i64, reason: String },
}

impl State {
    /// Gives a draft its number. Refuses a second number for the same paper.
    pub fn issue(self, next_number: i64) -> Result<State, Problem> {
        match self {
            State::Draft => Ok(State::Issued { number: next_number }),
            State::Issued { .. } => Err(Problem::of("Phiếu đã có số. Mở phiếu để in lại.")),
            State::Void { .. } => Err(Problem::of("Phiếu đã hủy. Lập phiếu mới.")),
        }
    }

    /// Takes an issued paper out of force; it keeps its number.
    pub fn void(self, reason: &str) -> Result<State, Problem> {
        match self {
            State::Issued { number } if !reason.trim().is_empty() => {
                Ok(State::Void { number, reason: reason.trim().to_owned() })
            }
            State::Issued { .. } => Err(Problem::at("reason", "Nhập lý do hủy phiếu.")),
            State::Draft => Err(Problem::of("Phiếu chưa thu tiền nên không cần hủy.")),
            State::Void { .. } => Err(Problem::of("Phiếu đã hủy trước đó.")),
        }
    }
}

/// What must be known before a receipt may be voided, i.e. treated as never collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoidFacts {
    pub is_void: bool,
    /// The shift that took the cash has been counted and closed.
    pub shift_closed: bool,
    /// Part of the money came through the bank: it cannot be un-received.
    pub by_transfer: bool,
    /// Part of the money has already been given back.
    pub refunded: bool,
    pub is_refund: bool,
    /// A later receipt in force was paid with this deposit.
    pub used_later: bool,
}

/// Refuses the void of a receipt whose money cannot simply go back into the patient's hand; a refund is the way then.
pub fn may_void(facts: &VoidFacts) -> Result<(), Problems> {
    let mut problems = Problems::none();
    problems.add_if(facts.is_void, "", "Phiếu đã hủy trước đó.");
    problems.add_if(facts.is_refund, "", "Phiếu hoàn tiền không hủy được. Thu lại bằng phiếu tạm ứng.");
    problems.add_if(facts.used_later, "", "Tạm ứng này đã trừ vào phiếu thu sau. Hủy phiếu thu đó trước.");
    problems.add_if(facts.shift_closed, "", "Ca thu của phiếu này đã kết. Dùng “Hoàn tiền” thay cho hủy phiếu.");
    problems.add_if(facts.by_transfer, "", "Phiếu có tiền chuyển khoản đã vào tài khoản. Dùng “Hoàn tiền” thay cho hủy phiếu.");
    problems.add_if(facts.refunded, "", "Tiền của phiếu này đã hoàn một phần. Dùng “Hoàn tiền” cho phần còn lại.");
    problems.or(())
}

/// The visit's working number on screens before any receipt: its first letters are enough at a counter.
pub fn draft_code(day: NaiveDate, bill: Uuid) -> String {
    let tail = bill.simple().to_string();
    let tail = tail.get(28..).unwrap_or_default();
    format!("{:02}{:02}{:02}-{}", day.year().rem_euclid(100), day.month(), day.day(), tail.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_is_numbered_once_and_stays() {
        let issued = State::Draft.issue(124).unwrap();
        assert_eq!(issued, State::Issued { number: 124 });
        assert!(issued.clone().issue(125).is_err());
        assert!(issued.clone().void("  ").is_err());
        let void = issued.void("Thu nhầm người").unwrap();
        assert_eq!(void, State::Void { number: 124, reason: "Thu nhầm người".into() });
        assert!(void.clone().void("lần nữa").is_err() && void.issue(126).is_err());
        assert!(State::Draft.void("chưa thu").is_err());
    }

    #[test]
    fn numbers_read_as_printed() {
        assert_eq!(show_number("PT", 2026, 123), "PT26-000123");
        assert_eq!(show_number("TU", 2105, 1_234_567), "TU05-1234567");
    }

    #[test]
    fn every_reason_against_a_void_is_told_at_once() {
        assert_eq!(may_void(&VoidFacts::default()), Ok(()));
        let facts = VoidFacts { shift_closed: true, by_transfer: true, ..Default::default() };
        assert_eq!(may_void(&facts).unwrap_err().0.len(), 2);
    }
}
