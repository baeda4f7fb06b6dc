//! Cases of the counter: parts, brands, lots, returns.

use super::*;
use proptest::prelude::*;

const LINE: Uuid = Uuid::from_u128(1);
const AMOX: Uuid = Uuid::from_u128(11);
const OTHER: Uuid = Uuid::from_u128(12);

fn owed(given: i64) -> Owed {
    Owed {
        line: LINE,
        drug: Some(AMOX),
        name: "Amoxicilin 500 mg".into(),
        ingredient: "Amoxicilin".into(),
        strength: "500 mg".into(),
        form: "viên nang cứng".into(),
        unit: "viên".into(),
        prescribed_milli: 14_000,
        given_milli: given * 1000,
        is_closed: false,
    }
}

fn typed(quantity: &str) -> TypedPortion {
    TypedPortion { line: LINE.to_string(), drug: AMOX.to_string(), quantity: quantity.into(), ..TypedPortion::default() }
}

fn products() -> HashMap<Uuid, Owed> {
    let brand = Owed { drug: Some(OTHER), ingredient: "Amoxicillin (dưới dạng trihydrat)".into(), strength: "500mg".into(), ..owed(0) };
    HashMap::from([(OTHER, brand)])
}

fn lot(n: u128, day: u32, quantity: i64) -> Pick {
    Pick {
        line: Uuid::nil(),
        drug: AMOX,
        lot: LotId(Uuid::from_u128(n)),
        lot_no: format!("L{n}"),
        expires: NaiveDate::from_ymd_opt(2027, 1, day).unwrap(),
        quantity_milli: quantity * 1000,
        reason: String::new(),
    }
}

#[test]
fn never_more_than_is_open() {
    for (given, quantity, is_allowed) in [(0, "14", true), (0, "15", false), (10, "4", true), (10, "5", false), (0, "-1", false), (0, "1,5", false), (0, "99999999999999999999", false)] {
        let read = read(&[typed(quantity)], &[owed(given)], &HashMap::new(), false);
        assert_eq!(read.is_ok(), is_allowed, "{given} {quantity}: {read:?}");
    }
    let closed = Owed { is_closed: true, ..owed(10) };
    assert!(read(&[typed("1")], &[closed], &HashMap::new(), false).is_err());
}

#[test]
fn giving_nothing_must_be_meant() {
    assert!(read(&[typed("")], &[owed(0)], &HashMap::new(), false).is_err());
    let closing = TypedPortion { closes: true, ..typed("") };
    let portions = read(&[closing], &[owed(10)], &HashMap::new(), false).unwrap();
    assert!(portions[0].closes && portions[0].quantity_milli == 0);
}

#[test]
fn another_brand_needs_the_same_product_consent_and_the_doctor() {
    let other = TypedPortion { drug: OTHER.to_string(), has_consent: true, ..typed("14") };
    assert!(read(std::slice::from_ref(&other), &[owed(0)], &products(), false).unwrap()[0].is_substituted);
    assert!(read(std::slice::from_ref(&other), &[owed(0)], &products(), true).is_err());
    let unasked = TypedPortion { has_consent: false, ..other.clone() };
    assert!(read(&[unasked], &[owed(0)], &products(), false).is_err());
    let weaker = HashMap::from([(OTHER, Owed { strength: "250 mg".into(), ..products()[&OTHER].clone() })]);
    assert!(read(&[other], &[owed(0)], &weaker, false).is_err());
}

#[test]
fn lots_by_hand_sum_up_and_a_later_one_needs_a_reason() {
    let available = [lot(1, 5, 10), lot(2, 20, 100)];
    let by_hand = |first: &str, second: &str, reason: &str| {
        let lots = vec![(available[0].lot.to_string(), first.to_owned()), (available[1].lot.to_string(), second.to_owned())];
        let typed = TypedPortion { lots, reason: reason.into(), ..typed("14") };
        read(&[typed], &[owed(0)], &HashMap::new(), false).and_then(|portions| pick(&portions[0], &available))
    };
    assert_eq!(by_hand("10", "4", "").unwrap().len(), 2);
    assert!(by_hand("10", "3", "").is_err());
    assert!(by_hand("", "14", "").is_err());
    assert_eq!(by_hand("", "14", "hộp đầu bị móp").unwrap()[0].reason, "hộp đầu bị móp");
    assert!(by_hand("14", "", "").is_err(), "more than the lot has");
}

#[test]
fn what_comes_back_decides_the_state() {
    for (status, left, to) in [
        (Status::Completed, 10_000, Some(Status::PartlyReturned)),
        (Status::Completed, 0, Some(Status::Returned)),
        (Status::PartlyReturned, 4_000, Some(Status::PartlyReturned)),
        (Status::PartlyReturned, 0, Some(Status::Returned)),
        (Status::Declined, 0, None),
        (Status::Returned, 0, None),
    ] {
        assert_eq!(after_return(status, left).ok(), to, "{status:?} {left}");
    }
}

#[test]
fn how_far_it_is_supplied() {
    let free = Owed { drug: None, ..owed(0) };
    assert_eq!(Supply::of(&[owed(0), free.clone()]), Supply::Waiting);
    assert_eq!(Supply::of(&[owed(10)]), Supply::Partial);
    assert_eq!(Supply::of(&[owed(14), free]), Supply::Done);
    assert_eq!(Supply::of(&[Owed { is_closed: true, ..owed(10) }]), Supply::Done);
}

proptest! {
    #[test]
    fn whatever_is_typed_nothing_beyond_the_open_rest_passes(given in 0i64..=14, text in "[0-9,./ -]{0,12}") {
        if let Ok(portions) = read(&[typed(&text)], &[owed(given)], &HashMap::new(), false) {
            prop_assert!(portions.iter().all(|p| p.quantity_milli > 0 && p.quantity_milli <= (14 - given) * 1000));
        }
    }
}
