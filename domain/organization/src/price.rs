//! Prices with dates. A price holds from one day to another, both included; a new price begins today at the
//! earliest, so that nothing that was already done changes its price afterwards.

use base::{Problem, Vnd, show_date};
use chrono::{Days, NaiveDate};

/// One price and the days on which it holds. `valid_to` is the last day; `None` means until further notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedPrice {
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub price: Vnd,
}

impl DatedPrice {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// The price of that day; `None` when no price holds then.
pub fn price_on(prices: &[DatedPrice], day: NaiveDate) -> Option<Vnd> {
    prices.iter().find(|p| p.holds_on(day)).map(|p| p.price)
}

/// What has to be written so that a new price holds from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// That price already holds from that day; nothing to write.
    Nothing,
    /// A price that was to begin the same day is corrected in place: it has not ruled any finished day.
    Correct { valid_from: NaiveDate, price: Vnd },
    /// The price in force ends the day before (`shorten`, by its first day), then the new one begins.
    Begin { shorten: Option<NaiveDate>, new: DatedPrice },
}

/// The highest price the house believes: above it somebody's finger stayed on the zero key.
pub const HIGHEST_PRICE: Vnd = Vnd(1_000_000_000);

/// Plans a price change. `prices` are all prices of one service or drug, in any order, without overlap.
///
/// A price that was planned for a later day stays: the new one ends the day before it begins.
/// Refuses a first day before `today`, one more than three years ahead, a negative price and one beyond
/// [`HIGHEST_PRICE`].
pub fn revise(
    prices: &[DatedPrice],
    from: NaiveDate,
    price: Vnd,
    today: NaiveDate,
) -> Result<Revision, Problem> {
    if price < Vnd::ZERO {
        return Err(Problem::at("price", "Giá không được âm. Miễn phí thì nhập 0."));
    }
    if price > HIGHEST_PRICE {
        return Err(Problem::at(
            "price",
            format!("Giá {price} đ quá lớn, kiểm tra lại số 0. Tối đa {HIGHEST_PRICE} đ."),
        ));
    }
    if from < today {
        return Err(Problem::at(
            "valid_from",
            format!(
                "Giá mới chỉ áp dụng từ hôm nay ({}) trở đi, để chi phí đã ghi không đổi.",
                show_date(today)
            ),
        ));
    }
    if from > today + Days::new(3 * 366) {
        return Err(Problem::at("valid_from", "Ngày áp dụng xa quá 3 năm. Kiểm tra lại năm."));
    }
    let in_force = prices.iter().find(|p| p.holds_on(from));
    if let Some(current) = in_force {
        if current.price == price {
            return Ok(Revision::Nothing);
        }
        if current.valid_from == from {
            return Ok(Revision::Correct { valid_from: from, price });
        }
    }
    let next = prices.iter().map(|p| p.valid_from).filter(|first| *first > from).min();
    Ok(Revision::Begin {
        shorten: in_force.map(|p| p.valid_from),
        new: DatedPrice { valid_from: from, valid_to: next.and_then(|day| day.pred_opt()), price },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn price(from: &str, to: Option<&str>, vnd: i64) -> DatedPrice {
        DatedPrice { valid_from: day(from), valid_to: to.map(day), price: Vnd(vnd) }
    }
    /// Applies a revision as the store does.
    fn apply(mut prices: Vec<DatedPrice>, revision: Revision) -> Vec<DatedPrice> {
        match revision {
            Revision::Nothing => {}
            Revision::Correct { valid_from, price } => {
                prices.iter_mut().find(|p| p.valid_from == valid_from).unwrap().price = price;
            }
            Revision::Begin { shorten, new } => {
                if let Some(first) = shorten {
                    prices.iter_mut().find(|p| p.valid_from == first).unwrap().valid_to =
                        new.valid_from.pred_opt();
                }
                prices.push(new);
            }
        }
        prices
    }

    #[test]
    fn a_change_today_leaves_yesterday_alone() {
        let before = vec![price("2026-01-01", None, 150_000)];
        let today = day("2026-11-24");
        let revision = revise(&before, today, Vnd(180_000), today).unwrap();
        let after = apply(before, revision);
        assert_eq!(price_on(&after, day("2026-11-23")), Some(Vnd(150_000)));
        assert_eq!(price_on(&after, today), Some(Vnd(180_000)));
    }

    #[test]
    fn a_planned_price_stays_planned() {
        let before =
            vec![price("2026-01-01", Some("2026-12-31"), 100), price("2027-01-01", None, 200)];
        let today = day("2026-11-24");
        let after = apply(before.clone(), revise(&before, today, Vnd(150), today).unwrap());
        assert_eq!(price_on(&after, day("2026-12-31")), Some(Vnd(150)));
        assert_eq!(price_on(&after, day("2027-01-01")), Some(Vnd(200)));
    }

    #[test]
    fn the_same_price_is_no_change_and_the_same_day_is_a_correction() {
        let prices = vec![price("2026-11-24", None, 100)];
        let today = day("2026-11-24");
        assert_eq!(revise(&prices, today, Vnd(100), today), Ok(Revision::Nothing));
        assert_eq!(
            revise(&prices, today, Vnd(120), today),
            Ok(Revision::Correct { valid_from: today, price: Vnd(120) })
        );
    }

    #[test]
    fn yesterday_and_absurd_prices_are_refused() {
        let today = day("2026-11-24");
        for (from, vnd, field) in [
            ("2026-11-23", 100, "valid_from"),
            ("2036-01-01", 100, "valid_from"),
            ("2026-11-24", -1, "price"),
            ("2026-11-24", 2_000_000_000, "price"),
        ] {
            let refused = revise(&[], day(from), Vnd(vnd), today).unwrap_err();
            assert_eq!(refused.field, field, "{from} {vnd}");
        }
    }

    proptest! {
        /// Whatever changes are made, no two prices share a day, the past keeps its price, and the day gets the new one.
        #[test]
        fn prices_never_overlap(changes in prop::collection::vec((0u64..60, 0u64..40, 0i64..500), 1..12)) {
            let mut prices = vec![price("2026-01-01", None, 77)];
            let mut today = day("2026-06-01");
            for (pass, ahead, vnd) in changes {
                today = today + Days::new(pass);
                let from = today + Days::new(ahead);
                let before = prices.clone();
                let revision = revise(&prices, from, Vnd(vnd), today).unwrap();
                prices = apply(prices, revision);
                prop_assert_eq!(price_on(&prices, from), Some(Vnd(vnd)));
                for past in 1..90u64 {
                    let day = today - Days::new(past);
                    prop_assert_eq!(price_on(&prices, day), price_on(&before, day));
                }
                for ahead in 0..200u64 {
                    let day = today + Days::new(ahead);
                    prop_assert!(prices.iter().filter(|p| p.holds_on(day)).count() == 1);
                }
            }
        }
    }
}
