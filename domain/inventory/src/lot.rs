//! A batch of goods: its number and expiry as printed on the box, what it cost, and whether it may be given.

use base::{LotId, Problem, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A batch as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLot {
    pub item: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    /// What was paid, VAT included, for `cost_milli` thousandths of the dispensing unit.
    pub cost: Vnd,
    pub cost_milli: i64,
    pub supplier: Option<Uuid>,
}

/// A batch on the books.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Lot {
    pub lot_id: Uuid,
    pub item_id: Uuid,
    pub lot_no: String,
    pub expires: NaiveDate,
    pub cost_vnd: i64,
    pub cost_milli: i64,
    pub label_no: i64,
    pub blocked: bool,
}

impl Lot {
    pub fn id(&self) -> LotId {
        LotId(self.lot_id)
    }
    /// Whether it may be given on `day`: not blocked, and `day` is not after its expiry. A lot that expires today
    /// may still be given today.
    pub fn is_usable(&self, day: NaiveDate) -> bool {
        !self.blocked && self.expires >= day
    }
    /// What our label on it says when scanned.
    pub fn label(&self) -> String {
        show_label(self.label_no)
    }
}

/// A batch number without stray blanks, in capitals as printed; refuses an empty or overlong one.
pub fn read_lot_no(typed: &str) -> Result<String, Problem> {
    let lot_no = typed.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    match lot_no.chars().count() {
        0 => Err(Problem::at("lot_no", "Nhập số lô in trên bao bì.")),
        1..=40 => Ok(lot_no),
        _ => Err(Problem::at("lot_no", "Số lô dài quá 40 ký tự. Chỉ nhập số lô in trên bao bì.")),
    }
}

/// The code on our own lot label: `LO` and the number, at least six digits.
pub fn show_label(number: i64) -> String {
    format!("LO{number:06}")
}

/// The number of a label of ours, if the code looks like one.
pub fn read_label(code: &str) -> Option<i64> {
    let digits = code.trim().strip_prefix("LO").or_else(|| code.trim().strip_prefix("lo"))?;
    (digits.len() >= 6 && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// One block or release in the history of a lot.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Block {
    pub block_id: Uuid,
    pub blocked: bool,
    pub cause: String,
    pub reason: String,
    pub paper: String,
    pub at: DateTime<Utc>,
    pub by_name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_from_other_codes() {
        assert_eq!(read_label("LO000042"), Some(42));
        assert_eq!(read_label(&show_label(12_345_678)), Some(12_345_678));
        for other in ["LO42", "8934567890123", "LO00004x", "LOT00042", "", "LO"] {
            assert_eq!(read_label(other), None, "{other}");
        }
    }

    #[test]
    fn batch_numbers_are_tidied() {
        assert_eq!(read_lot_no("  a12  b "), Ok("A12 B".to_owned()));
        assert!(read_lot_no(" ").is_err() && read_lot_no(&"X".repeat(41)).is_err());
    }
}
