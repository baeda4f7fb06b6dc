//! Taking money at the counter: cash with change, a card slip, a transfer, or several at once.
//! A receipt always takes the whole amount due; a part of it is a deposit.

use crate::ledger::Method;
use base::{Problems, Vnd};

/// What the cashier typed. Amounts not used are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collection {
    /// The amount due as it stood on the screen when the cashier confirmed.
    pub shown_due: Vnd,
    pub cash: Vnd,
    /// What the patient handed over in notes; zero means "exactly".
    pub cash_given: Vnd,
    pub card: Vnd,
    /// Number of the card terminal's slip.
    pub card_slip: String,
    /// A transfer seen by eye on the bank's own app, where no automatic notice is set up.
    pub transfer: Vnd,
    pub bank_ref: String,
}

/// One payment row to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub method: Method,
    pub amount: Vnd,
    /// Slip number or bank number; empty for cash.
    pub proof: String,
    /// Notes handed over, for cash only.
    pub given: Vnd,
}

impl Collection {
    /// Notes to hand back.
    pub fn change(&self) -> Vnd {
        if self.cash_given == Vnd::ZERO { Vnd::ZERO } else { self.cash_given - self.cash }
    }

    /// The payments to write for a visit on which `due` is owed now, or everything that is wrong. The screen's figure
    /// must still be the true one: a line added meanwhile must be seen by the cashier before money changes hands.
    pub fn settle(&self, due: Vnd) -> Result<Vec<Part>, Problems> {
        let mut problems = self.problems_of_parts();
        if self.shown_due != due {
            problems.add("", format!("Số phải thu vừa đổi từ {} đ thành {due} đ. Xem lại các khoản rồi xác nhận.", self.shown_due));
        } else {
            let total = self.cash + self.card + self.transfer;
            if total < due {
                problems.add("", format!("Còn thiếu {} đ. Thu đủ {due} đ hoặc ghi là tạm ứng.", due - total));
            }
            if total > due {
                problems.add("", format!("Thừa {} đ so với số phải thu. Tiền thối ghi ở ô “Khách đưa”.", total - due));
            }
        }
        problems.or(self.parts())
    }

    /// The payments to write for a deposit: any amount above zero.
    pub fn deposit(&self) -> Result<Vec<Part>, Problems> {
        let mut problems = self.problems_of_parts();
        problems.add_if(
            problems.is_empty() && self.cash + self.card + self.transfer == Vnd::ZERO,
            "cash",
            "Nhập số tiền tạm ứng lớn hơn 0.",
        );
        problems.or(self.parts())
    }

    fn problems_of_parts(&self) -> Problems {
        let mut problems = Problems::none();
        for (field, amount) in [("cash", self.cash), ("card", self.card), ("transfer", self.transfer)] {
            problems.add_if(amount < Vnd::ZERO, field, "Số tiền không được âm. Trả lại tiền thì dùng “Hoàn tiền”.");
            problems.add_if(amount.0 > 999_999_999_999, field, "Số tiền vượt 999.999.999.999 đ. Kiểm tra lại.");
        }
        problems.add_if(
            self.cash_given != Vnd::ZERO && self.cash_given < self.cash,
            "cash_given",
            format!("Khách đưa còn thiếu {} đ.", self.cash - self.cash_given),
        );
        problems.add_if(
            self.cash_given.0 > self.cash.0.saturating_add(10_000_000),
            "cash_given",
            "Tiền thối trên 10.000.000 đ. Kiểm tra lại số khách đưa.",
        );
        let proof_ok = |text: &str| (1..=40).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
        problems.add_if(
            self.card > Vnd::ZERO && !proof_ok(&self.card_slip),
            "card_slip",
            "Nhập số hóa đơn trên giấy in của máy thẻ (tối đa 40 ký tự).",
        );
        problems.add_if(
            self.transfer > Vnd::ZERO && !proof_ok(&self.bank_ref),
            "bank_ref",
            "Nhập số giao dịch ngân hàng đã báo có (tối đa 40 ký tự).",
        );
        problems
    }

    fn parts(&self) -> Vec<Part> {
        [
            (Method::Cash, self.cash, "", self.cash_given.max(self.cash)),
            (Method::Card, self.card, self.card_slip.trim(), Vnd::ZERO),
            (Method::Transfer, self.transfer, self.bank_ref.trim(), Vnd::ZERO),
        ]
        .into_iter()
        .filter(|(_, amount, ..)| *amount > Vnd::ZERO)
        .map(|(method, amount, proof, given)| Part { method, amount, proof: proof.to_owned(), given })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cash(amount: i64, given: i64) -> Collection {
        Collection { shown_due: Vnd(amount), cash: Vnd(amount), cash_given: Vnd(given), ..Default::default() }
    }

    #[test]
    fn change_is_what_was_given_less_what_was_owed() {
        assert_eq!(cash(65_540, 100_000).change(), Vnd(34_460));
        assert_eq!(cash(65_540, 0).change(), Vnd::ZERO);
        assert_eq!(cash(65_540, 100_000).settle(Vnd(65_540)).unwrap().len(), 1);
        assert_eq!(cash(65_540, 60_000).settle(Vnd(65_540)).unwrap_err().at("cash_given"), "Khách đưa còn thiếu 5.540 đ.");
    }

    #[test]
    fn a_bill_that_grew_meanwhile_is_shown_first() {
        let problems = cash(65_540, 0).settle(Vnd(115_240)).unwrap_err();
        assert!(problems.at("").contains("65.540 đ thành 115.240 đ"), "{problems:?}");
    }

    #[test]
    fn cards_and_transfers_need_their_number() {
        let mixed = Collection {
            shown_due: Vnd(300_000),
            cash: Vnd(100_000),
            card: Vnd(150_000),
            transfer: Vnd(50_000),
            ..Default::default()
        };
        let problems = mixed.settle(Vnd(300_000)).unwrap_err();
        assert!(!problems.at("card_slip").is_empty() && !problems.at("bank_ref").is_empty());
        let whole = Collection { card_slip: "004512".into(), bank_ref: "FT26326".into(), ..mixed };
        assert_eq!(whole.settle(Vnd(300_000)).unwrap().len(), 3);
    }

    #[test]
    fn a_bill_covered_by_deposits_closes_without_money() {
        assert_eq!(Collection::default().settle(Vnd::ZERO), Ok(vec![]));
        assert!(Collection::default().deposit().is_err());
    }

    proptest! {
        #[test]
        fn accepted_parts_add_up_to_the_due_amount(
            due in 0i64..10_000_000, cash in -10i64..10_000_000, card in -10i64..10_000_000, transfer in -10i64..10_000_000,
        ) {
            let typed = Collection {
                shown_due: Vnd(due), cash: Vnd(cash), card: Vnd(card), transfer: Vnd(transfer),
                card_slip: "1".into(), bank_ref: "2".into(), ..Default::default()
            };
            if let Ok(parts) = typed.settle(Vnd(due)) {
                prop_assert_eq!(parts.iter().map(|p| p.amount).sum::<Vnd>(), Vnd(due));
                prop_assert!(parts.iter().all(|p| p.amount > Vnd::ZERO));
            }
        }
    }
}
