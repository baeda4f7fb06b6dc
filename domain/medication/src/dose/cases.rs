//! Sentences as prescribers type them, and what must be understood: the table is the specification.

use super::sentence::{Missing, Reading, read, read_dose};
use super::*;
use crate::dose::aloud::read_aloud;

/// Typed, the words of the drug, the reading back.
const UNDERSTOOD: &[(&str, &str, &str)] = &[
    // Parts of the day.
    ("amox 500 s1 c1 5n", "amox 500", "Sáng 1, chiều 1, 5 ngày"),
    ("Amox 500 S1 C1 5N", "Amox 500", "Sáng 1, chiều 1, 5 ngày"),
    ("clari 500 s1 c1 7n sa", "clari 500", "Sáng 1, chiều 1, sau ăn, 7 ngày"),
    ("clari 500 sa s1 c1 7n", "clari 500", "Sáng 1, chiều 1, sau ăn, 7 ngày"),
    ("amox 500 s1 tr1 c1 t1 5n", "amox 500", "Sáng 1, trưa 1, chiều 1, tối 1, 5 ngày"),
    ("amox 500 s1c1 5n", "amox 500", "Sáng 1, chiều 1, 5 ngày"),
    ("amox 500 s 1 c 1 5 n", "amox 500", "Sáng 1, chiều 1, 5 ngày"),
    ("amoxicilin 500mg sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày", "amoxicilin 500mg", "Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày"),
    ("amoxicilin 500mg sang 1 vien toi 1 vien 7 ngay", "amoxicilin 500mg", "Sáng 1 viên, tối 1 viên, 7 ngày"),
    ("pred 5 s2 x 5n", "pred 5", "Sáng 2, 5 ngày"),
    ("amlor 5 s1/2 30n", "amlor 5", "Sáng 1/2, 30 ngày"),
    ("amlor 5 s0,5 30n", "amlor 5", "Sáng 1/2, 30 ngày"),
    ("amlor 5 s½ 30n", "amlor 5", "Sáng 1/2, 30 ngày"),
    ("amlor 5 sáng nửa viên 30n", "amlor 5", "Sáng 1/2 viên, 30 ngày"),
    ("metf 850 s1 c1/2 1 thang", "metf 850", "Sáng 1, chiều 1/2, 30 ngày"),
    ("metf 850 1v s c 2 tuan", "metf 850", "Sáng 1 viên, chiều 1 viên, 14 ngày"),
    ("atorva 20 1 viên tối 30n", "atorva 20", "Tối 1 viên, 30 ngày"),
    ("siro ho mỗi lần 5 ml sáng tối 5n", "siro ho", "Sáng 5 ml, tối 5 ml, 5 ngày"),
    ("acc 200 s1 goi t1 goi 5n", "acc 200", "Sáng 1 gói, tối 1 gói, 5 ngày"),
    ("acc 200 s1 t1 goi 5n", "acc 200", "Sáng 1 gói, tối 1 gói, 5 ngày"),
    ("vitamin c 500 s1 c1 10n", "vitamin c 500", "Sáng 1, chiều 1, 10 ngày"),
    ("vitamin b6 s1 10n", "vitamin b6", "Sáng 1, 10 ngày"),
    ("vitamin b1 1v x2 10n", "vitamin b1", "Ngày 2 lần, mỗi lần 1 viên, 10 ngày"),
    ("mixtard s10 c8 dv 30n tiem duoi da", "mixtard", "Tiêm dưới da, sáng 10 đơn vị, chiều 8 đơn vị, 30 ngày"),
    ("augmentin 1g s1 c1 7n", "augmentin 1g", "Sáng 1, chiều 1, 7 ngày"),
    ("ngày 2 lần, sáng 1 tối 1", "ngày", ""),
    // Times a day.
    ("hapacol 150 1 goi x3 3n", "hapacol 150", "Ngày 3 lần, mỗi lần 1 gói, 3 ngày"),
    ("hapacol 150 1 gói x 3 lần/ngày x 3 ngày", "hapacol 150", "Ngày 3 lần, mỗi lần 1 gói, 3 ngày"),
    ("augmentin 250mg/5ml 5ml x3 7n", "augmentin 250mg/5ml", "Ngày 3 lần, mỗi lần 5 ml, 7 ngày"),
    ("prospan ngày 3 lần, mỗi lần 2,5 ml, 5 ngày", "prospan", "Ngày 3 lần, mỗi lần 2,5 ml, 5 ngày"),
    ("prospan ngày uống 2 lần lần 5ml 5n", "prospan", "Ngày 2 lần, mỗi lần 5 ml, 5 ngày"),
    ("prospan 5ml 2 lan 1 ngay, 5 ngay", "prospan", "Ngày 2 lần, mỗi lần 5 ml, 5 ngày"),
    ("omep 20 1v/ngay tr an 30p 14n", "omep 20", "Ngày 1 lần, mỗi lần 1 viên, trước ăn 30 phút, 14 ngày"),
    ("omep 20 1v/ngay truoc an 30 phut 14n", "omep 20", "Ngày 1 lần, mỗi lần 1 viên, trước ăn 30 phút, 14 ngày"),
    ("omep 20 1v x1 lúc đói 14n", "omep 20", "Ngày 1 lần, mỗi lần 1 viên, lúc đói, 14 ngày"),
    ("men tieu hoa 2 x 3 trong bua an 5n", "men tieu hoa", "Ngày 3 lần, mỗi lần 2, trong bữa ăn, 5 ngày"),
    ("tobrex 3 giot x 4 7n", "tobrex", "Ngày 4 lần, mỗi lần 3 giọt, 7 ngày"),
    ("tobrex 2 giọt x4 mp 7n", "tobrex", "Nhỏ mắt phải, ngày 4 lần, mỗi lần 2 giọt, 7 ngày"),
    ("tobrex 1 giot x4 hai mat 7n", "tobrex", "Nhỏ hai mắt, ngày 4 lần, mỗi lần 1 giọt, 7 ngày"),
    ("seretide 2 nhat x2 30n", "seretide", "Ngày 2 lần, mỗi lần 2 nhát, 30 ngày"),
    ("seretide 2 nhát s t 30n súc miệng", "seretide", "Súc miệng, sáng 2 nhát, tối 2 nhát, 30 ngày"),
    ("ventolin 5mg 1 ong x 3 lan khi dung 3n", "ventolin 5mg", "Khí dung, ngày 3 lần, mỗi lần 1 ống, 3 ngày"),
    ("alaxan 1v ngày 2 lần 3 ngày sau khi ăn", "alaxan", "Ngày 2 lần, mỗi lần 1 viên, sau ăn, 3 ngày"),
    ("seduxen 5 1v truoc ngu 10n", "seduxen 5", "Ngày 1 lần, mỗi lần 1 viên, trước khi ngủ, 10 ngày"),
    ("seduxen 5 t1 truoc khi ngu 10n", "seduxen 5", "Tối 1, trước khi ngủ, 10 ngày"),
    // Around the clock.
    ("para 500 1v moi 8h 3n", "para 500", "Mỗi 8 giờ 1 viên, 3 ngày"),
    ("para 500 1v/8h 3n", "para 500", "Mỗi 8 giờ 1 viên, 3 ngày"),
    ("acyclovir 800 1v cach 4h 7n", "acyclovir 800", "Mỗi 4 giờ 1 viên, 7 ngày"),
    ("acyclovir 800 1 viên q6h 7n", "acyclovir 800", "Mỗi 6 giờ 1 viên, 7 ngày"),
    // As needed.
    ("para 500 1v khi sot cach 6h toi da 4v/ngay 3n", "para 500", "1 viên khi sốt, cách nhau ít nhất 6 giờ, không quá 4 viên/ngày, 3 ngày"),
    ("para 500 1v khi sốt >38,5 cách 6h tối đa 4v 3n", "para 500", "1 viên khi sốt từ 38,5 °C, cách nhau ít nhất 6 giờ, không quá 4 viên/ngày, 3 ngày"),
    ("para 500 1 viên khi sốt từ 38,5 °C, cách nhau ít nhất 6 giờ, không quá 4 viên/ngày sl 10", "para 500", "1 viên khi sốt từ 38,5 °C, cách nhau ít nhất 6 giờ, không quá 4 viên/ngày, số lượng 10"),
    ("para 500 1v khi sot 3n", "para 500", "1 viên khi sốt, 3 ngày"),
    ("ibu 400 1v x3 khi dau sa 3n", "ibu 400", "1 viên khi đau, không quá 3 viên/ngày, sau ăn, 3 ngày"),
    ("ventolin 2 nhat khi kho tho sl 1", "ventolin", "2 nhát khi khó thở, số lượng 1"),
    ("nitrostad 1v ngam duoi luoi khi dau nguc #10", "nitrostad", "Ngậm dưới lưỡi, 1 viên khi đau ngực, số lượng 10"),
    ("smecta 1 gói khi tiêu lỏng tối đa 3 gói/ngày 3n", "smecta", "1 gói khi tiêu lỏng, không quá 3 gói/ngày, 3 ngày"),
    // Weeks and odd days.
    ("mtx 2,5 4v/tuan 4tuan", "mtx 2,5", "Mỗi tuần 1 lần, mỗi lần 4 viên, 28 ngày"),
    ("mtx 2,5 4 viên tuần 1 lần 4 tuần", "mtx 2,5", "Mỗi tuần 1 lần, mỗi lần 4 viên, 28 ngày"),
    ("folic 5 1v thu 2 thu 5 4 tuan", "folic 5", "Thứ hai, thứ năm, mỗi lần 1 viên, 28 ngày"),
    ("folic 5 1v chu nhat 4 tuan", "folic 5", "Chủ nhật, mỗi lần 1 viên, 28 ngày"),
    ("vitamin d 1 ong cach ngay 20n", "vitamin d", "Cách ngày, mỗi lần 1 ống, 20 ngày"),
    ("fluconazol 150 1v liều duy nhất", "fluconazol 150", "1 viên, liều duy nhất"),
    ("zentel 400 1 vien 1 lan duy nhat sau an", "zentel 400", "1 viên, liều duy nhất, sau ăn"),
    // Tapered.
    ("medrol 16 s2x3n s1x3n", "medrol 16", "Sáng 2 trong 3 ngày, rồi sáng 1 trong 3 ngày"),
    ("medrol 16 s2 3n, s1 3n, s1/2 3n sa", "medrol 16", "Sáng 2 trong 3 ngày, rồi sáng 1 trong 3 ngày, rồi sáng 1/2 trong 3 ngày, sau ăn"),
    ("pred 5 sáng 4 viên trong 5 ngày rồi sáng 2 viên trong 5 ngày", "pred 5", "Sáng 4 viên trong 5 ngày, rồi sáng 2 viên trong 5 ngày"),
    // Creams and washes; remarks.
    ("gentrisone s t boi 7n sl 1", "gentrisone s t", ""),
    ("gentrisone x2 boi 7n sl 1", "gentrisone", "Bôi, ngày 2 lần, 7 ngày, số lượng 1"),
    ("gentrisone 2 lan/ngay boi 7n sl1", "gentrisone", "Bôi, ngày 2 lần, 7 ngày, số lượng 1"),
    ("nuoc suc mieng x3 suc mieng 5n sl 1", "nuoc suc mieng", "Súc miệng, ngày 3 lần, 5 ngày, số lượng 1"),
    ("oresol 1 goi x 3 3n \"pha 200 ml nước\"", "oresol", "Ngày 3 lần, mỗi lần 1 gói, 3 ngày, “pha 200 ml nước”"),
];

#[test]
fn sentences_are_read_and_read_back() {
    for (typed, drug, aloud) in UNDERSTOOD.iter().filter(|(_, _, aloud)| !aloud.is_empty()) {
        let reading = read(typed);
        assert!(reading.is_clear(), "{typed}: {:?} {:?}", reading.unclear, reading.missing);
        assert_eq!(reading.drug, *drug, "{typed}");
        assert_eq!(read_aloud(&reading.dose), *aloud, "{typed}");
    }
    assert!(UNDERSTOOD.len() >= 60);
}

/// Typed, the part that is underlined.
const UNCLEAR: &[(&str, &str)] = &[
    ("amox 500 s1 c1 5n blah", "blah"),
    ("acc 200 s1g t1g 5n", "g"),
    ("para 500 1-2v khi dau 3n", "1-2"),
    ("amox 500 s1 s2 5n", "s2"),
    ("amox 500 1v x3 x2 5n", "x2"),
    ("amox 500 3v/ngay 5n", "3v/ngay"),
    ("amox 500 s1 c1 999n", "999n"),
    ("amox 500 s0 c1 5n", "s0"),
    ("hapacol 250 gói x3 3n", "250 gói"),
    ("amox 500 1v x50 5n", "x50"),
    ("amox 500 s1v c1 goi 5n", "c1 goi"),
    ("amox 500 s1 c1 5n sa tr an", "tr an"),
    ("amox 500 s1 tối 5n", "tối"),
    ("amox 500 1v x2 sáng trưa tối 5n", "x2"),
    ("mtx 4v tuần 9 lần 4 tuần", "tuần 9 lần"),
    ("amox 500 s1 c1 5n 3", "3"),
    ("amox 500 s1 c1 5n (sáng)", "("),
    ("para 1v cách 100h 3n", "cách 100h"),
];

#[test]
fn unclear_parts_are_underlined_where_they_stand() {
    for (typed, part) in UNCLEAR {
        let reading = read(typed);
        let parts: Vec<&str> = reading.unclear.iter().map(|u| &typed[u.start..u.end]).collect();
        assert!(parts.contains(part), "{typed}: {parts:?} {reading:?}");
        assert!(reading.unclear.iter().all(|u| !u.why.is_empty()));
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    for (typed, missing) in [
        ("amox 500", vec![Missing::Amount, Missing::Frequency, Missing::Days]),
        ("amox 500 5n", vec![Missing::Amount, Missing::Frequency]),
        ("amox 500 s1 c1", vec![Missing::Days]),
        ("amox 500 1v 5n", vec![Missing::Frequency]),
        ("amox 500 x3 5n", vec![Missing::Amount]),
        ("medrol 16 s2x3n s1", vec![Missing::Days]),
        ("", vec![Missing::Drug, Missing::Amount, Missing::Frequency, Missing::Days]),
    ] {
        assert_eq!(read(typed).missing, missing, "{typed}");
    }
}

#[test]
fn a_cream_needs_no_amount() {
    let mut reading = read("gentrisone x2 7n sl 1");
    assert_eq!(reading.missing, [Missing::Amount]);
    reading.settle_spread();
    assert!(reading.is_clear());
    assert_eq!(read_aloud(&reading.dose), "Ngày 2 lần, 7 ngày, số lượng 1");
}

#[test]
fn days_and_the_daily_most_are_counted() {
    let dose = |typed: &str| read_dose(typed).dose;
    assert_eq!(dose("s2x3n s1x3n").total_days(), Some(6));
    assert_eq!(dose("s2x3n s1x3n").most_in_a_day(), Some(Milli::whole(2)));
    assert_eq!(dose("1v moi 8h 3n").most_in_a_day(), Some(Milli::whole(3)));
    assert_eq!(dose("1v khi sot cach 6h 3n").most_in_a_day(), Some(Milli::whole(4)));
    assert_eq!(dose("1v khi sot cach 4h toi da 3v 3n").most_in_a_day(), Some(Milli::whole(3)));
    assert_eq!(dose("1v khi sot 3n").most_in_a_day(), None);
    assert_eq!(dose("1v lieu duy nhat").total_days(), Some(1));
}

#[test]
fn a_very_long_paste_is_refused_whole() {
    let Reading { unclear, .. } = read(&"s1 ".repeat(1_000_000));
    assert_eq!(unclear.len(), 1);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn amount() -> impl Strategy<Value = Milli> {
        prop_oneof![
            (1i64..=20).prop_map(Milli::whole),
            prop::sample::select(vec![Milli(250), Milli(333), Milli(500), Milli(666), Milli(750), Milli(1500), Milli(2500)]),
        ]
    }

    fn unit() -> impl Strategy<Value = Unit> {
        prop::sample::select(vec![
            Unit::Tablet, Unit::Sachet, Unit::Ampoule, Unit::Vial, Unit::Bottle, Unit::Tube, Unit::Millilitre, Unit::Drop,
            Unit::Puff, Unit::InternationalUnit, Unit::Gram, Unit::Spoon, Unit::Patch,
        ])
    }

    fn rhythm() -> impl Strategy<Value = Rhythm> {
        prop_oneof![
            (prop::option::of(amount()), prop::option::of(amount()), prop::option::of(amount()), amount()).prop_map(
                |(a, b, c, d)| Rhythm::Slots([a.unwrap_or_default(), b.unwrap_or_default(), c.unwrap_or_default(), d])
            ),
            (amount(), 1u8..=12).prop_map(|(each, per_day)| Rhythm::Times { each, per_day }),
            (amount(), 1u8..=72).prop_map(|(each, hours)| Rhythm::Every { each, hours }),
            (amount(), 1u8..=7).prop_map(|(each, times)| Rhythm::Weekly { each, times }),
            (amount(), prop::collection::btree_set(2u8..=8, 1..4))
                .prop_map(|(each, days)| Rhythm::Weekdays { each, days: days.into_iter().collect() }),
            amount().prop_map(|each| Rhythm::EveryOtherDay { each }),
        ]
    }

    fn meal() -> impl Strategy<Value = Option<Meal>> {
        prop::option::of(prop_oneof![
            prop::option::of(1u8..=90).prop_map(|minutes| Meal::Before { minutes }),
            prop::option::of(1u8..=90).prop_map(|minutes| Meal::After { minutes }),
            Just(Meal::With),
            Just(Meal::EmptyStomach),
        ])
    }

    fn way() -> impl Strategy<Value = Option<Way>> {
        prop::option::of(prop::sample::select(vec![
            Way::Swallow, Way::UnderTongue, Way::Suck, Way::Chew, Way::Rectal, Way::Vaginal, Way::Eye(Side::Unsaid),
            Way::Eye(Side::Right), Way::Eye(Side::Left), Way::Eye(Side::Both), Way::Nose(Side::Both), Way::Ear(Side::Left),
            Way::NoseSpray, Way::ThroatSpray, Way::Inhale, Way::Nebulise, Way::UnderSkin, Way::IntoMuscle, Way::IntoVein,
        ]))
    }

    fn trigger() -> impl Strategy<Value = Trigger> {
        prop_oneof![
            prop::option::of((37_000i64..=41_000).prop_map(|t| Milli(t / 100 * 100)))
                .prop_map(|from_celsius| Trigger { cause: Cause::Fever, from_celsius }),
            prop::sample::select(vec![
                Cause::Needed, Cause::Pain, Cause::Headache, Cause::BellyAche, Cause::ChestPain, Cause::Cough,
                Cause::Breathless, Cause::Vomiting, Cause::Itch, Cause::Sleepless, Cause::LooseStool, Cause::Dizzy,
            ])
            .prop_map(|cause| Trigger { cause, from_celsius: None }),
        ]
    }

    fn ordinary() -> impl Strategy<Value = Dose> {
        (
            prop::collection::vec((rhythm(), 1u16..=90), 1..4),
            unit(), meal(), way(), any::<bool>(), prop::option::of((1i64..=99).prop_map(Milli::whole)),
            prop::option::of("[a-zăâđêôơưáàảạềộ0-9]{1,8}( [a-zếữỳ]{1,8}){0,3}"),
        )
            .prop_map(|(phases, unit, meal, way, at_bedtime, quantity, remark)| Dose {
                phases: phases
                    .into_iter()
                    .map(|(rhythm, days)| Phase { rhythm, days: Some(days), unit: Some(unit) })
                    .collect(),
                meal, way, at_bedtime, quantity, remark,
                ..Dose::default()
            })
    }

    fn as_needed() -> impl Strategy<Value = Dose> {
        (amount(), unit(), trigger(), prop::option::of(1u16..=24), prop::option::of(amount()), 1u16..=30, meal(), way()).prop_map(
            |(each, unit, trigger, gap_hours, most_per_day, days, meal, way)| Dose {
                phases: vec![Phase { rhythm: Rhythm::Needed { each }, days: Some(days), unit: Some(unit) }],
                when_needed: Some(trigger), gap_hours, most_per_day, meal, way,
                ..Dose::default()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}") {
            let reading = read(&text);
            for part in &reading.unclear {
                prop_assert!(text.is_char_boundary(part.start) && text.is_char_boundary(part.end) && part.start <= part.end);
            }
        }

        #[test]
        fn no_dose_like_text_makes_the_reader_panic(
            text in "((amox|para|s|tr|c|t|x|khi sot|cach|toi da|/|-|>|ngay|tuan|lan|v|ml|n|sl|sa|rồi|thứ|[0-9]{1,7}|1/2|0,5|°|\"|[,.]) ?){0,14}"
        ) {
            let reading = read(&text);
            let _ = read_aloud(&reading.dose);
            let _ = (reading.dose.total_days(), reading.dose.most_in_a_day());
            for phase in &reading.dose.phases {
                prop_assert!(phase.rhythm.amounts().iter().all(|a| a.0 >= 0));
            }
        }

        #[test]
        fn what_is_read_back_is_understood_as_the_same_dose(dose in ordinary()) {
            let aloud = read_aloud(&dose);
            let again = read_dose(&aloud);
            prop_assert!(again.is_clear(), "{}: {:?}", aloud, again);
            prop_assert_eq!(&again.dose, &dose, "{}", aloud);
        }

        #[test]
        fn the_same_holds_for_doses_as_needed(dose in as_needed()) {
            let aloud = read_aloud(&dose);
            let again = read_dose(&aloud);
            prop_assert!(again.is_clear(), "{}: {:?}", aloud, again);
            prop_assert_eq!(&again.dose, &dose, "{}", aloud);
        }
    }
}
