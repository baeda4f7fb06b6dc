//! A charge: what one document (visit, ordered service, prescription line) costs at the price of its day.
//! A charge is never changed; a mistake is taken back by a second row with the opposite amount.

use base::{Problem, Vnd};
use chrono::NaiveDate;
use uuid::Uuid;

/// The document a charge comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The examination chosen at the desk; the id is the visit's.
    Exam,
    /// An ordered service; the id is the order's.
    Order,
    /// A line of a prescription; the id is the line's.
    Drug,
    /// A medicine handed over that no prescription line stands for; the id is the dispense line's.
    Dispense,
    /// A service package that was bought; the id is the bill's.
    Package,
    /// Something done without an order in a basket, e.g. a bed day; the id is the line's own.
    Rendered,
}

impl Source {
    pub fn key(self) -> &'static str {
        match self {
            Source::Exam => "exam",
            Source::Order => "order",
            Source::Drug => "drug",
            Source::Dispense => "dispense",
            Source::Package => "package",
            Source::Rendered => "rendered",
        }
    }
}

/// The block of the bill under which a line stands, in the order of the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Exam,
    Lab,
    Imaging,
    Procedure,
    Other,
    Drug,
    Package,
}

impl Group {
    /// From the kind of a service row; a kind we do not know is "other", never lost.
    pub fn of_service(kind: &str) -> Group {
        match kind {
            "exam" => Group::Exam,
            "lab" => Group::Lab,
            "imaging" => Group::Imaging,
            "procedure" => Group::Procedure,
            "drug" => Group::Drug,
            "package" => Group::Package,
            _ => Group::Other,
        }
    }
    pub fn key(self) -> &'static str {
        match self {
            Group::Exam => "exam",
            Group::Lab => "lab",
            Group::Imaging => "imaging",
            Group::Procedure => "procedure",
            Group::Other => "other",
            Group::Drug => "drug",
            Group::Package => "package",
        }
    }
    /// The heading people read.
    pub fn title(self) -> &'static str {
        match self {
            Group::Exam => "Khám bệnh",
            Group::Lab => "Xét nghiệm",
            Group::Imaging => "Chẩn đoán hình ảnh, thăm dò",
            Group::Procedure => "Thủ thuật",
            Group::Other => "Dịch vụ khác",
            Group::Drug => "Thuốc",
            Group::Package => "Gói dịch vụ",
        }
    }
}

/// The price that was in force on a day, with the row that proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub amount: Vnd,
    /// First day of the price row; with the service or drug it names the row.
    pub valid_from: NaiveDate,
}

/// Unit price × quantity in thousandths, in whole đồng, half a đồng rounds up. Only a drug by the part bottle can
/// give a half; services count in whole pieces, so nothing is rounded there. Refuses a quantity that is not
/// positive, a negative price, and amounts past 999,999,999,999 đ, because such a bill is a slip of the keyboard.
pub fn amount(unit_price: Vnd, quantity_milli: i64) -> Result<Vnd, Problem> {
    if quantity_milli <= 0 {
        return Err(Problem::at("quantity", "Số lượng phải lớn hơn 0."));
    }
    if unit_price < Vnd::ZERO {
        return Err(Problem::at("price", "Đơn giá không được âm. Sửa giá trong danh mục."));
    }
    let exact = i128::from(unit_price.0) * i128::from(quantity_milli);
    let rounded = (exact + 500) / 1000;
    match i64::try_from(rounded) {
        Ok(amount) if amount <= 999_999_999_999 => Ok(Vnd(amount)),
        _ => Err(Problem::at("quantity", "Thành tiền vượt 999.999.999.999 đ. Kiểm tra số lượng và đơn giá.")),
    }
}

/// A quantity in thousandths as bills write it: `2500` → `2,5`, `14000` → `14`.
pub fn show_quantity(quantity_milli: i64) -> String {
    let (whole, part) = (quantity_milli / 1000, (quantity_milli % 1000).abs());
    if part == 0 {
        return base::Vnd(whole).digits();
    }
    format!("{},{}", base::Vnd(whole).digits(), format!("{part:03}").trim_end_matches('0'))
}

/// What may happen to a charge whose document went away (order cancelled, prescription replaced, visit cancelled).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// No receipt names it yet: taken back at once.
    Reverse,
    /// A receipt names it: money was given, so a second person decides.
    AskApproval,
    /// Already taken back or already waiting for a decision.
    Nothing,
}

/// Decides how a charge is withdrawn. `on_receipt`: a receipt in force names it.
pub fn withdraw(reversed: bool, on_receipt: bool, approval_waiting: bool) -> Withdrawal {
    match (reversed, on_receipt, approval_waiting) {
        (true, _, _) | (_, _, true) => Withdrawal::Nothing,
        (_, true, _) => Withdrawal::AskApproval,
        (_, false, _) => Withdrawal::Reverse,
    }
}

/// One charge as the listeners make it, before it has a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCharge {
    pub source: Source,
    pub source_id: Uuid,
    pub service: Option<Uuid>,
    pub drug: Option<Uuid>,
    pub quantity_milli: i64,
    pub day: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn part_bottles_round_half_up() {
        for (price, quantity_milli, expected) in [
            (850, 14_000, 11_900),
            (310, 10_000, 3_100),
            (45_001, 500, 22_501),
            (45_000, 2_500, 112_500),
            (333, 1, 0),
            (500, 1, 1),
            (0, 1000, 0),
        ] {
            assert_eq!(amount(Vnd(price), quantity_milli), Ok(Vnd(expected)), "{price} × {quantity_milli}");
        }
        assert!(amount(Vnd(1), 0).is_err());
        assert!(amount(Vnd(-1), 1000).is_err());
        assert!(amount(Vnd(i64::MAX), i64::MAX).is_err());
    }

    #[test]
    fn quantities_read_as_written() {
        for (milli, shown) in [(14_000, "14"), (2_500, "2,5"), (1, "0,001"), (1_240_000, "1.240"), (250, "0,25")] {
            assert_eq!(show_quantity(milli), shown);
        }
    }

    #[test]
    fn paid_lines_wait_for_a_second_person() {
        assert_eq!(withdraw(false, false, false), Withdrawal::Reverse);
        assert_eq!(withdraw(false, true, false), Withdrawal::AskApproval);
        assert_eq!(withdraw(false, true, true), Withdrawal::Nothing);
        assert_eq!(withdraw(true, false, false), Withdrawal::Nothing);
    }

    proptest! {
        #[test]
        fn whole_pieces_are_never_rounded(price in 0i64..100_000_000, pieces in 1i64..1000) {
            prop_assert_eq!(amount(Vnd(price), pieces * 1000), Ok(Vnd(price * pieces)));
        }

        #[test]
        fn rounding_is_at_most_half_a_dong(price in 0i64..100_000_000, milli in 1i64..1_000_000) {
            let amount = amount(Vnd(price), milli).unwrap().0;
            let error = i128::from(amount) * 1000 - i128::from(price) * i128::from(milli);
            prop_assert!((-499..=500).contains(&error), "{}", error);
        }
    }
}
