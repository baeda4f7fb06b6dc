//! A cash shift: the drawer opens with a float, is counted note by note before the expected sum is shown (a blind
//! count), and closes with the difference written down and the money handed over.

use base::{Problems, Vnd};

/// The notes and coins in use, largest first.
pub const DENOMINATIONS: [i64; 11] =
    [500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200];

/// Pieces per denomination, in the order of [`DENOMINATIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub [i64; 11]);

impl Count {
    pub fn total(&self) -> Vnd {
        DENOMINATIONS.iter().zip(self.0).map(|(face, pieces)| Vnd(face * pieces)).sum()
    }

    /// Reads typed pieces in the order of [`DENOMINATIONS`]; an empty box is none. Refuses what is not a whole
    /// number from 0 to 100,000.
    pub fn read<'a>(typed: impl IntoIterator<Item = &'a str>) -> Result<Count, Problems> {
        let mut count = Count::default();
        let mut problems = Problems::none();
        for ((slot, face), text) in count.0.iter_mut().zip(DENOMINATIONS).zip(typed) {
            let text = text.trim();
            match if text.is_empty() { Ok(0) } else { text.parse::<i64>() } {
                Ok(pieces) if (0..=100_000).contains(&pieces) => *slot = pieces,
                _ => problems.add(format!("n{face}"), format!("Số tờ {} đ phải từ 0 đến 100.000.", Vnd(face))),
            }
        }
        problems.or(count)
    }
}

/// What the closing person wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    pub counted: Vnd,
    /// Float and all cash in and out, as the ledger knows it at the moment of closing.
    pub expected: Vnd,
    /// The expected sum when the drawer was counted; another sum means that cash moved since.
    pub expected_at_count: Vnd,
    pub reason: String,
    /// Handed to the safe or the next cashier; the rest stays in the drawer.
    pub handed_over: Vnd,
    pub handed_to: String,
}

impl Closing {
    /// Positive: too much in the drawer; negative: something is missing.
    pub fn difference(&self) -> Vnd {
        self.counted - self.expected
    }

    /// Refuses an unexplained difference, a handover of more than there is, a handover to nobody, and a count that
    /// is older than the last cash movement.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::none();
        problems.add_if(
            self.expected != self.expected_at_count,
            "",
            "Có khoản thu hoặc chi tiền mặt sau khi đếm. Đếm lại rồi kết ca.",
        );
        problems.add_if(
            self.difference() != Vnd::ZERO && self.reason.trim().is_empty(),
            "reason",
            format!("Lệch {} đ. Ghi lý do lệch.", self.difference()),
        );
        problems.add_if(
            self.handed_over < Vnd::ZERO || self.handed_over > self.counted,
            "handed_over",
            format!("Số bàn giao phải từ 0 đến {} đ (số đã đếm).", self.counted),
        );
        problems.add_if(
            self.handed_over > Vnd::ZERO && self.handed_to.trim().is_empty(),
            "handed_to",
            "Ghi tên người nhận tiền.",
        );
        problems.or(())
    }
}

/// Checks the float typed when a shift opens: 0 … 1,000,000,000 đ.
pub fn check_float(float: Option<Vnd>) -> Result<Vnd, Problems> {
    match float {
        Some(amount) if (0..=1_000_000_000).contains(&amount.0) => Ok(amount),
        _ => Err(base::Problem::at("float", "Nhập tiền đầu ca từ 0 đến 1.000.000.000 đ.").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_drawer_is_counted_note_by_note() {
        let count = Count::read(["8", "1", "", "0", "", "1", "1", "", "", "", ""]).unwrap();
        assert_eq!(count.total(), Vnd(4_215_000));
        let problems = Count::read(["-1", "1,5", "nhiều", "100001", "", "", "", "", "", "", ""]).unwrap_err();
        assert_eq!(problems.0.len(), 4);
        assert!(!problems.at("n500000").is_empty());
    }

    #[test]
    fn a_difference_needs_a_reason() {
        let mut closing = Closing {
            counted: Vnd(4_200_000), expected: Vnd(4_215_000), expected_at_count: Vnd(4_215_000),
            handed_over: Vnd(4_000_000), handed_to: "Chủ phòng khám".into(), ..Default::default()
        };
        assert_eq!(closing.difference(), Vnd(-15_000));
        assert_eq!(closing.check().unwrap_err().at("reason"), "Lệch −15.000 đ. Ghi lý do lệch.");
        closing.reason = "Thối nhầm".into();
        assert_eq!(closing.check(), Ok(()));
        closing.handed_over = Vnd(4_200_001);
        assert!(closing.check().is_err());
    }

    #[test]
    fn cash_after_the_count_means_counting_again() {
        let closing = Closing { counted: Vnd(10), expected: Vnd(10), expected_at_count: Vnd(5), ..Default::default() };
        assert!(closing.check().unwrap_err().at("").contains("Đếm lại"));
    }

    proptest! {
        #[test]
        fn any_typed_pieces_are_read_or_refused(typed in prop::collection::vec("\\PC{0,12}", 11)) {
            let _ = Count::read(typed.iter().map(String::as_str));
        }
    }
}
