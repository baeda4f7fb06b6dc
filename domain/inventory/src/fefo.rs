//! First expiry, first out: which lots to take, and whether a choice of lots keeps that order.

use base::LotId;
use chrono::NaiveDate;

/// A usable lot and what may be taken of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    pub lot: LotId,
    pub expires: NaiveDate,
    pub quantity_milli: i64,
}

/// Takes up to `want_milli` from the lots, earliest expiry first (of equal expiry the one received first: lot ids grow
/// with time), and leaves the rest in `lots`. Falls short where the lots do.
pub fn allocate(lots: &mut [Free], want_milli: i64) -> Vec<(LotId, i64)> {
    lots.sort_by_key(|l| (l.expires, l.lot));
    let mut want = want_milli.max(0);
    let mut taken = Vec::new();
    for lot in lots {
        let part = want.min(lot.quantity_milli);
        if part > 0 {
            lot.quantity_milli -= part;
            want -= part;
            taken.push((lot.lot, part));
        }
    }
    taken
}

/// The lot that should have been taken before `picked`: one that expires earlier and still has something left after
/// everything was taken. `left` holds the usable lots of the same item and store.
pub fn passed_over(left: &[Free], picked: NaiveDate) -> Option<&Free> {
    left.iter().filter(|l| l.quantity_milli > 0 && l.expires < picked).min_by_key(|l| (l.expires, l.lot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lot(number: u128, expires: &str, quantity_milli: i64) -> Free {
        Free { lot: LotId(uuid::Uuid::from_u128(number)), expires: expires.parse().unwrap(), quantity_milli }
    }

    #[test]
    fn fourteen_capsules_empty_the_earlier_lot_first() {
        let mut lots = [lot(2, "2027-06-30", 100_000), lot(1, "2027-01-31", 10_000)];
        let taken = allocate(&mut lots, 14_000);
        assert_eq!(taken.iter().map(|(l, q)| (l.0.as_u128(), *q)).collect::<Vec<_>>(), [(1, 10_000), (2, 4_000)]);
        assert_eq!(passed_over(&lots, "2027-06-30".parse().unwrap()), None);
    }

    #[test]
    fn a_later_lot_passes_over_an_earlier_one_only_while_something_is_left_there() {
        let early = [lot(1, "2027-01-31", 1)];
        assert_eq!(passed_over(&early, "2027-06-30".parse().unwrap()), Some(&early[0]));
        assert_eq!(passed_over(&early, "2027-01-31".parse().unwrap()), None, "the same expiry is the same turn");
        assert_eq!(passed_over(&[lot(1, "2027-01-31", 0)], "2027-06-30".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_order_holds(quantities in prop::collection::vec((0i64..50, 0u32..6), 0..8), want in 0i64..200) {
            let base: NaiveDate = "2027-01-01".parse().unwrap();
            let mut lots: Vec<Free> = quantities.iter().enumerate()
                .map(|(i, (q, days))| Free { lot: LotId(uuid::Uuid::from_u128(i as u128)), expires: base + chrono::Days::new((*days).into()), quantity_milli: *q })
                .collect();
            let (before, dates) = (lots.iter().map(|l| l.quantity_milli).sum::<i64>(), lots.clone());
            let taken = allocate(&mut lots, want);
            let sum: i64 = taken.iter().map(|(_, q)| q).sum();
            prop_assert_eq!(sum, want.min(before));
            prop_assert_eq!(lots.iter().map(|l| l.quantity_milli).sum::<i64>(), before - sum);
            for (id, _) in &taken {
                let expires = dates.iter().find(|l| l.lot == *id).unwrap().expires;
                prop_assert!(passed_over(&lots, expires).is_none());
            }
        }
    }
}
