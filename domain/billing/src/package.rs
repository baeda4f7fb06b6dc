//! A bought service package: its price is owed at once, earned piece by piece as it is used, and what is left is earned at
//! its end or given back. Every split is exact: uses and the end together make the price, to the đồng.

use base::{Problems, Vnd};

/// One service in a package: how much of it, what was used, and its list price on the day the package was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub quantity: i64,
    pub used: i64,
    pub list: Vnd,
}

impl Item {
    pub fn left(&self) -> i64 {
        (self.quantity - self.used).max(0)
    }
}

/// What `used` pieces weigh at list price. Where nothing in the package has a list price, every piece weighs the same.
fn weight(items: &[Item], of: impl Fn(&Item) -> i64) -> i128 {
    let free = items.iter().all(|i| i.list == Vnd::ZERO);
    items.iter().map(|i| i128::from(of(i)) * if free { 1 } else { i128::from(i.list.0) }).sum()
}

/// How much of `price` is earned once the items are used as they say, rounded half up; all of it when all is used.
pub fn earned(price: Vnd, items: &[Item]) -> Vnd {
    let (used, whole) = (weight(items, |i| i.used.min(i.quantity)), weight(items, |i| i.quantity));
    if items.iter().all(|i| i.left() == 0) || whole == 0 {
        return if items.iter().any(|i| i.used > 0) { price } else { Vnd::ZERO };
    }
    let exact = (i128::from(price.0) * used * 2 + whole) / (whole * 2);
    Vnd(i64::try_from(exact).unwrap_or(price.0)).min(price)
}

/// What was used at list price, which is what somebody without a package would have paid.
pub fn used_at_list(items: &[Item]) -> Vnd {
    items.iter().map(|i| i.list * i.used).sum()
}

/// How a facility measures what was used when a package ends early; a dated decision of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundBy {
    /// Paid less what was used at list price: the package's advantage is lost.
    List,
    /// Paid less the used share of the package's own price.
    Share,
}

/// What is given back when the rest is not wanted: never below zero, never more than was paid.
pub fn refund(price: Vnd, paid: Vnd, items: &[Item], by: RefundBy) -> Vnd {
    let kept = match by {
        RefundBy::List => used_at_list(items),
        RefundBy::Share => earned(price, items),
    };
    (paid.min(price) - kept).max(Vnd::ZERO)
}

/// What an owner typed about a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub code: String,
    pub name: String,
    pub price: Vnd,
    pub validity_days: i64,
    /// Pieces per service.
    pub items: Vec<(uuid::Uuid, i64)>,
}

impl Offer {
    /// Refuses a package without name, price, time or content.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::none();
        let long = |text: &str, most: usize| text.chars().count() > most;
        problems.add_if(self.code.is_empty() || long(&self.code, 20), "code", "Nhập mã gói (tối đa 20 ký tự).");
        problems.add_if(self.name.is_empty() || long(&self.name, 150), "name", "Nhập tên gói (tối đa 150 ký tự).");
        problems.add_if(!(1..=999_999_999_999).contains(&self.price.0), "price", "Nhập giá gói lớn hơn 0 đ.");
        problems.add_if(!(1..=3660).contains(&self.validity_days), "validity_days", "Thời hạn dùng từ 1 đến 3.660 ngày.");
        problems.add_if(self.items.is_empty(), "items", "Chọn ít nhất một dịch vụ và số lần.");
        problems.add_if(self.items.iter().any(|(_, n)| !(1..=1000).contains(n)), "items", "Số lần của mỗi dịch vụ từ 1 đến 1.000.");
        let mut ids: Vec<_> = self.items.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        problems.add_if(ids.len() != self.items.len(), "items", "Mỗi dịch vụ chỉ ghi một dòng trong gói.");
        problems.or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(quantity: i64, used: i64, list: i64) -> Item {
        Item { quantity, used, list: Vnd(list) }
    }

    #[test]
    fn ten_sessions_for_a_million_earn_a_tenth_each() {
        assert_eq!(earned(Vnd(1_000_000), &[item(10, 3, 120_000)]), Vnd(300_000));
        assert_eq!(earned(Vnd(1_000_001), &[item(3, 1, 50_000)]), Vnd(333_334));
        assert_eq!(earned(Vnd(1_000_001), &[item(3, 3, 50_000)]), Vnd(1_000_001));
        assert_eq!(earned(Vnd(900), &[item(3, 1, 0), item(6, 0, 0)]), Vnd(100), "free services weigh the same");
    }

    #[test]
    fn the_unused_is_given_back_at_list_price() {
        let used_four = [item(10, 4, 120_000)];
        assert_eq!(refund(Vnd(1_000_000), Vnd(1_000_000), &used_four, RefundBy::List), Vnd(520_000));
        assert_eq!(refund(Vnd(1_000_000), Vnd(1_000_000), &used_four, RefundBy::Share), Vnd(600_000));
        assert_eq!(refund(Vnd(1_000_000), Vnd(1_000_000), &[item(10, 9, 120_000)], RefundBy::List), Vnd::ZERO, "never negative");
        assert_eq!(refund(Vnd(1_000_000), Vnd(400_000), &used_four, RefundBy::List), Vnd::ZERO, "only what was paid");
    }

    #[test]
    fn an_offer_says_everything_that_is_missing() {
        assert_eq!(Offer::default().check().unwrap_err().0.len(), 5);
    }

    proptest! {
        #[test]
        fn uses_and_the_rest_make_the_price(
            price in 1i64..100_000_000,
            items in prop::collection::vec((1i64..20, 0i64..2_000_000), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
        ) {
            let mut items: Vec<Item> = items.into_iter().map(|(quantity, list)| item(quantity, 0, list)).collect();
            let (mut booked, mut last) = (Vnd::ZERO, Vnd::ZERO);
            for pick in order {
                let at = pick.index(items.len());
                if items[at].left() == 0 {
                    // A use that is taken back leaves the sums exact as well.
                    items[at].used -= 1;
                } else {
                    items[at].used += 1;
                }
                let now = earned(Vnd(price), &items);
                prop_assert!(now >= Vnd::ZERO && now <= Vnd(price));
                booked += now - last;
                last = now;
            }
            let breakage = Vnd(price) - booked;
            prop_assert!(breakage >= Vnd::ZERO);
            if items.iter().all(|i| i.left() == 0) {
                prop_assert_eq!(breakage, Vnd::ZERO);
            }
            for by in [RefundBy::List, RefundBy::Share] {
                let back = refund(Vnd(price), Vnd(price), &items, by);
                prop_assert!(back >= Vnd::ZERO && back <= Vnd(price));
            }
        }
    }
}
