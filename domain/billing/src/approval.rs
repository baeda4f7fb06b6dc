//! The second pair of eyes: taking back a charge, voiding a receipt, giving money back.
//! Whoever asks never decides, and whoever decides never pays out.

use base::{AccountId, Problems, Vnd};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matter {
    /// A charge that a receipt names, or that should never have arisen.
    ChargeVoid,
    ReceiptVoid,
    Refund,
    /// A discount above somebody's limit.
    Discount,
    /// A service package is ended before its time.
    PackageEnd,
    /// Leaving with a debt above somebody's limit.
    Debt,
}

impl Matter {
    pub fn key(self) -> &'static str {
        match self {
            Matter::ChargeVoid => "charge_void",
            Matter::ReceiptVoid => "receipt_void",
            Matter::Refund => "refund",
            Matter::Discount => "discount",
            Matter::PackageEnd => "package_end",
            Matter::Debt => "debt",
        }
    }
    pub fn from_key(key: &str) -> Option<Matter> {
        [Matter::ChargeVoid, Matter::ReceiptVoid, Matter::Refund, Matter::Discount, Matter::PackageEnd, Matter::Debt].into_iter().find(|m| m.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Matter::ChargeVoid => "Hủy khoản thu",
            Matter::ReceiptVoid => "Hủy phiếu",
            Matter::Refund => "Hoàn tiền",
            Matter::Discount => "Giảm giá vượt mức",
            Matter::PackageEnd => "Kết thúc gói",
            Matter::Debt => "Cho nợ vượt mức",
        }
    }
}

/// How far a request has come. A refund goes one step further than the others: somebody hands out the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Waiting,
    Refused,
    Approved,
    /// The refund was handed out.
    PaidOut,
}

/// A request as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub matter: Matter,
    pub step: Step,
    /// Nil for the system itself, when an order that was paid for is cancelled.
    pub requested_by: AccountId,
    pub decided_by: Option<AccountId>,
}

/// May `who` decide about this? Refuses the person who asked, and a request that was decided before.
pub fn may_decide(request: &Request, who: AccountId) -> Result<(), Problems> {
    let mut problems = Problems::none();
    problems.add_if(request.step != Step::Waiting, "", "Đề nghị này đã được quyết định. Mở lại bàn duyệt để xem.");
    problems.add_if(
        request.requested_by == who,
        "",
        "Người đề nghị không tự duyệt. Nhờ người khác có quyền duyệt thu ngân.",
    );
    problems.or(())
}

/// May `who` hand out the money of this refund? Refuses the person who approved it, an undecided request, and a second time.
pub fn may_pay_out(request: &Request, who: AccountId) -> Result<(), Problems> {
    let mut problems = Problems::none();
    problems.add_if(request.matter != Matter::Refund, "", "Chỉ đề nghị hoàn tiền mới có bước chi tiền.");
    match request.step {
        Step::Approved => {}
        Step::Waiting => problems.add("", "Đề nghị hoàn tiền chưa được duyệt."),
        Step::Refused => problems.add("", "Đề nghị hoàn tiền đã bị từ chối."),
        Step::PaidOut => problems.add("", "Đã chi tiền cho đề nghị này. Mở phiếu hoàn để in lại."),
    }
    problems.add_if(
        request.decided_by == Some(who),
        "",
        "Người duyệt không tự chi tiền hoàn. Thu ngân khác chi khoản này.",
    );
    problems.or(())
}

/// What bounds a refund: the payment it comes from and the visit's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundFacts {
    /// The payment that money is given back from.
    pub original: Vnd,
    /// Already given back, or promised by a request still open, from that payment.
    pub taken_from_original: Vnd,
    /// What the visit has paid beyond its charges.
    pub credit: Vnd,
    /// Promised by open requests on the same visit.
    pub promised: Vnd,
}

impl RefundFacts {
    /// The most that may be asked for now.
    pub fn at_most(self) -> Vnd {
        (self.original - self.taken_from_original).min(self.credit - self.promised).max(Vnd::ZERO)
    }
}

/// Refuses a refund of nothing, of more than the named payment still holds, or of money that is owed for services.
pub fn may_ask_refund(amount: Vnd, facts: RefundFacts) -> Result<(), Problems> {
    let mut problems = Problems::none();
    let left = facts.original - facts.taken_from_original;
    let free = facts.credit - facts.promised;
    problems.add_if(amount <= Vnd::ZERO, "amount", "Nhập số tiền hoàn lớn hơn 0.");
    problems.add_if(amount > left, "amount", format!("Phiếu gốc chỉ còn {left} đ có thể hoàn."));
    problems.add_if(
        amount > free && amount <= left,
        "amount",
        format!("Người bệnh chỉ dư {} đ. Muốn hoàn thêm, hủy khoản thu trước.", free.max(Vnd::ZERO)),
    );
    problems.or(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn person(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    fn refund(step: Step) -> Request {
        Request { matter: Matter::Refund, step, requested_by: person(1), decided_by: Some(person(2)) }
    }

    #[test]
    fn three_hands_for_one_refund() {
        assert!(may_decide(&refund(Step::Waiting), person(1)).is_err());
        assert!(may_decide(&refund(Step::Waiting), person(2)).is_ok());
        assert!(may_decide(&refund(Step::Approved), person(2)).is_err());
        assert!(may_pay_out(&refund(Step::Approved), person(1)).is_ok());
        assert!(may_pay_out(&refund(Step::Approved), person(2)).is_err());
        assert!(may_pay_out(&refund(Step::PaidOut), person(1)).is_err());
        assert!(may_pay_out(&refund(Step::Waiting), person(3)).is_err());
    }

    #[test]
    fn money_is_given_back_only_where_it_was_taken() {
        let facts = |original, taken, credit, promised| RefundFacts {
            original: Vnd(original), taken_from_original: Vnd(taken), credit: Vnd(credit), promised: Vnd(promised),
        };
        assert!(may_ask_refund(Vnd(48_000), facts(100_000, 0, 48_000, 0)).is_ok());
        assert!(may_ask_refund(Vnd(48_001), facts(100_000, 0, 48_000, 0)).unwrap_err().at("amount").contains("dư 48.000"));
        assert!(may_ask_refund(Vnd(48_000), facts(100_000, 60_000, 48_000, 0)).unwrap_err().at("amount").contains("còn 40.000"));
        assert!(may_ask_refund(Vnd(48_000), facts(100_000, 0, 48_000, 1)).is_err());
        assert!(may_ask_refund(Vnd(0), facts(100_000, 0, 48_000, 0)).is_err());
    }

    proptest! {
        #[test]
        fn all_granted_refunds_together_never_pass_what_was_paid(asks in prop::collection::vec(1i64..50_000, 1..20), paid in 0i64..200_000, charged in 0i64..200_000) {
            let (mut taken, mut open) = (0, 0);
            for ask in asks {
                let facts = RefundFacts {
                    original: Vnd(paid), taken_from_original: Vnd(taken), credit: Vnd((paid - charged).max(0)), promised: Vnd(open),
                };
                let fits = ask <= facts.at_most().0;
                prop_assert_eq!(may_ask_refund(Vnd(ask), facts).is_ok(), fits);
                if fits {
                    taken += ask;
                    open += ask;
                }
            }
            prop_assert!(taken <= (paid - charged).max(0));
        }
    }
}
