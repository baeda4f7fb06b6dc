//! The patient's account for one visit: charges on one side, money on the other, the difference is owed.
//! Every movement is written twice, once per side, so that the sum of all debits equals the sum of all credits.

use base::Vnd;

/// Where one side of a movement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What the patient owes for the visit.
    Patient,
    Revenue,
    Cash,
    Bank,
    Card,
}

/// How money changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Cash,
    Transfer,
    Card,
}

impl Method {
    pub fn key(self) -> &'static str {
        match self {
            Method::Cash => "cash",
            Method::Transfer => "transfer",
            Method::Card => "card",
        }
    }
    pub fn from_key(key: &str) -> Option<Method> {
        [Method::Cash, Method::Transfer, Method::Card].into_iter().find(|m| m.key() == key)
    }
    /// The word on receipts and screens.
    pub fn title(self) -> &'static str {
        match self {
            Method::Cash => "Tiền mặt",
            Method::Transfer => "Chuyển khoản",
            Method::Card => "Thẻ",
        }
    }
    fn account(self) -> Account {
        match self {
            Method::Cash => Account::Cash,
            Method::Transfer => Account::Bank,
            Method::Card => Account::Card,
        }
    }
}

/// One side of a movement; exactly one of the two amounts is above zero, or both are zero for a free service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    pub account: Account,
    pub debit: Vnd,
    pub credit: Vnd,
}

/// A charge of `amount` (negative when it is taken back): the patient owes it, the clinic earned it.
pub fn of_charge(amount: Vnd) -> [Posting; 2] {
    pair(Account::Patient, Account::Revenue, amount)
}

/// Money of `amount` received (negative when it is given back): it lies in the drawer, the patient owes less.
pub fn of_payment(method: Method, amount: Vnd) -> [Posting; 2] {
    pair(method.account(), Account::Patient, amount)
}

fn pair(debit: Account, credit: Account, amount: Vnd) -> [Posting; 2] {
    let (debit, credit) = if amount < Vnd::ZERO { (credit, debit) } else { (debit, credit) };
    let size = Vnd(amount.0.abs());
    [
        Posting { account: debit, debit: size, credit: Vnd::ZERO },
        Posting { account: credit, debit: Vnd::ZERO, credit: size },
    ]
}

/// How a visit's account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Sum of all charges, reversals included.
    pub charged: Vnd,
    /// Sum of all money, refunds and reversals included.
    pub paid: Vnd,
}

impl Position {
    /// Still to collect; never negative.
    pub fn due(self) -> Vnd {
        (self.charged - self.paid).max(Vnd::ZERO)
    }
    /// Paid beyond what is charged, hence the patient's to have back; never negative.
    pub fn credit(self) -> Vnd {
        (self.paid - self.charged).max(Vnd::ZERO)
    }
}

/// Which charges the money covers so far, oldest first, whole lines only: money is not spread thinly over lines,
/// so an order is either free to be carried out or not. Lines taken back must not be among `charges`.
pub fn covered<Id: Copy>(charges: &[(Id, Vnd)], paid: Vnd) -> Vec<Id> {
    let mut rest = paid;
    let mut ids = Vec::new();
    for (id, amount) in charges {
        if *amount > rest {
            break;
        }
        rest = rest - *amount;
        ids.push(*id);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Move {
        Charge(i64),
        TakeBack(usize),
        Pay(Method, i64),
        GiveBack(usize),
    }

    fn any_move() -> impl Strategy<Value = Move> {
        let method = prop_oneof![Just(Method::Cash), Just(Method::Transfer), Just(Method::Card)];
        prop_oneof![
            (0i64..5_000_000).prop_map(Move::Charge),
            any::<usize>().prop_map(Move::TakeBack),
            (method, 1i64..5_000_000).prop_map(|(m, a)| Move::Pay(m, a)),
            any::<usize>().prop_map(Move::GiveBack),
        ]
    }

    proptest! {
        #[test]
        fn debits_equal_credits_and_the_balance_is_the_sum(moves in prop::collection::vec(any_move(), 0..60)) {
            let mut postings = Vec::new();
            let mut position = Position::default();
            let (mut charges, mut payments) = (Vec::new(), Vec::new());
            for step in moves {
                match step {
                    Move::Charge(a) => {
                        charges.push(Vnd(a));
                        position.charged += Vnd(a);
                        postings.extend(of_charge(Vnd(a)));
                    }
                    Move::TakeBack(i) if !charges.is_empty() => {
                        let amount = charges.swap_remove(i % charges.len());
                        position.charged += -amount;
                        postings.extend(of_charge(-amount));
                    }
                    Move::Pay(m, a) => {
                        payments.push((m, Vnd(a)));
                        position.paid += Vnd(a);
                        postings.extend(of_payment(m, Vnd(a)));
                    }
                    Move::GiveBack(i) if !payments.is_empty() => {
                        let (m, amount) = payments.swap_remove(i % payments.len());
                        position.paid += -amount;
                        postings.extend(of_payment(m, -amount));
                    }
                    _ => {}
                }
            }
            let debits: Vnd = postings.iter().map(|p| p.debit).sum();
            let credits: Vnd = postings.iter().map(|p| p.credit).sum();
            prop_assert_eq!(debits, credits);
            let mut balance: BTreeMap<Account, i64> = BTreeMap::new();
            for p in &postings {
                *balance.entry(p.account).or_default() += p.debit.0 - p.credit.0;
            }
            let of = |account| Vnd(balance.get(&account).copied().unwrap_or_default());
            prop_assert_eq!(of(Account::Patient), position.charged - position.paid);
            prop_assert_eq!(-of(Account::Revenue), charges.iter().copied().sum());
            prop_assert_eq!(of(Account::Cash) + of(Account::Bank) + of(Account::Card), position.paid);
            prop_assert_eq!(position.due() - position.credit(), position.charged - position.paid);
        }

        #[test]
        fn covered_lines_never_cost_more_than_was_paid(amounts in prop::collection::vec(0i64..1_000_000, 0..20), paid in 0i64..5_000_000) {
            let charges: Vec<(usize, Vnd)> = amounts.iter().map(|a| Vnd(*a)).enumerate().collect();
            let ids = covered(&charges, Vnd(paid));
            let cost: Vnd = ids.iter().map(|i| charges[*i].1).sum();
            prop_assert!(cost.0 <= paid);
            prop_assert!(ids.iter().copied().eq(0..ids.len()), "oldest first, without gaps");
        }
    }

    #[test]
    fn a_deposit_releases_the_oldest_orders_first() {
        let charges = [("khám", Vnd(36_500)), ("máu", Vnd(49_700)), ("nội soi", Vnd(476_500))];
        assert_eq!(covered(&charges, Vnd(200_000)), ["khám", "máu"]);
        assert_eq!(covered(&charges, Vnd(562_700)), ["khám", "máu", "nội soi"]);
        assert_eq!(covered(&charges, Vnd::ZERO), [] as [&str; 0]);
    }
}
