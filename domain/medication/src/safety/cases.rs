//! What must be found and what must not.

use super::*;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
fn day(d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, d).unwrap()
}
fn draft(n: u128, name: &str, ingredient: &str) -> Taken {
    Taken { line: Some(id(n)), name: name.into(), ingredient: ingredient.into(), route: "Uống".into(), days: 7, ..Taken::default() }
}
fn at_home(name: &str, ingredient: &str) -> Taken {
    let home = Some(AtHome { until: day(11), prescribed_on: NaiveDate::from_ymd_opt(2026, 11, 12).unwrap(), code: "84101k7m2p9q-c".into() });
    Taken { name: name.into(), ingredient: ingredient.into(), home, ..Taken::default() }
}
fn met(first: i32, second: i32, severity: &str, verified: bool) -> Interaction {
    Interaction {
        first,
        second,
        severity: severity.into(),
        name_a: "Simvastatin".into(),
        name_b: "Clarithromycin".into(),
        mechanism: "Clarithromycin ức chế CYP3A4".into(),
        consequence: "Tăng nguy cơ tiêu cơ vân cấp".into(),
        management: String::new(),
        source: "QĐ 5948/QĐ-BYT, cặp 180".into(),
        verified,
    }
}
fn adult() -> Case {
    Case { age: Some(Age { years: 41, months: 500, days: 15_000 }), allergies_were_asked: true, ..Case::default() }
}
fn facts(drug: i32, class: &str, pregnancy: &str) -> Facts {
    Facts {
        drug,
        name: "x".into(),
        class: Some(class.into()),
        pregnancy: Some(pregnancy.into()),
        lactation: None,
        tga_category: None,
        fda_category: Some("D".into()),
        lactation_code: None,
        verified: false,
    }
}
fn maximum(drug: i32, adult: f64, per_kg: f64, note: &str) -> MaxDose {
    MaxDose {
        drug,
        name: "Paracetamol".into(),
        route: "oral".into(),
        adult_max_mg_per_day: Some(adult),
        child_max_mg_per_kg_per_day: Some(per_kg),
        note: Some(note.into()),
    }
}

#[test]
fn a_contraindicated_pair_with_a_medicine_at_home_blocks() {
    let case = Case {
        taken: vec![draft(1, "Clarithromycin 500 mg", "Clarithromycin"), at_home("Simvastatin 20 mg", "Simvastatin")],
        interactions: vec![met(0, 1, "contraindicated", true)],
        ..adult()
    };
    let found = check(&case);
    assert_eq!(found.len(), 1);
    assert!(found[0].is_open_block());
    assert!(found[0].fact.starts_with("Người bệnh đang dùng Simvastatin 20 mg đến 11/12/2026 (đơn 12/11/2026)."));
    assert_eq!(
        found[0].fixes,
        [
            Fix::Remove { line: id(1), name: "Clarithromycin 500 mg".into() },
            Fix::StopAtHome { name: "Simvastatin 20 mg".into(), days: 7 },
            Fix::Overrule,
        ]
    );
    let overruled = Case { overruled: vec![(found[0].key.clone(), "đã dặn ngưng".into())], ..case };
    assert!(!check(&overruled)[0].is_open_block());
}

#[test]
fn unverified_knowledge_never_blocks() {
    let case = Case {
        taken: vec![draft(1, "A", "A"), draft(2, "B", "B")],
        interactions: vec![met(0, 1, "danger", false), met(0, 1, "contraindicated", false)],
        facts: vec![facts(0, "Nhóm", "forbidden")],
        max_doses: vec![maximum(0, 1.0, 1.0, "")],
        is_pregnant: true,
        ..adult()
    };
    assert!(check(&case).iter().all(|f| !f.is_open_block()));
}

#[test]
fn two_medicines_both_at_home_are_not_this_prescriptions_matter() {
    let case = Case {
        taken: vec![at_home("Clarithromycin", "Clarithromycin"), at_home("Simvastatin", "Simvastatin")],
        interactions: vec![met(0, 1, "contraindicated", true)],
        ..adult()
    };
    assert!(check(&case).is_empty());
}

#[test]
fn allergy_to_the_substance_or_the_named_class_blocks_and_cross_reaction_warns() {
    let hit = |same| AllergyMatch {
        allergy: 0,
        drug: 0,
        same_substance: same,
        group_name: (!same).then(|| "Penicilin".into()),
        note: None,
        verified: same,
    };
    let case = |is_class, same| Case {
        taken: vec![draft(1, "Amoxicilin 500 mg", "Amoxicilin")],
        allergies: vec![Allergy { substance: "Penicilin".into(), is_class, reaction: "nổi mề đay".into() }],
        allergy_matches: vec![hit(same)],
        ..adult()
    };
    assert!(check(&case(false, true))[0].is_open_block());
    assert!(check(&case(true, false))[0].is_open_block());
    let cross = &check(&case(false, false))[0];
    assert!(cross.severity == Severity::Warns && !cross.is_verified && cross.is_allergy);
}

#[test]
fn the_same_substance_or_class_twice_is_noticed() {
    let case = Case {
        taken: vec![draft(1, "Panadol", "Paracetamol"), draft(2, "Hapacol 650", "Paracetamol (acetaminophen)"), draft(3, "Ibuprofen", "Ibuprofen")],
        ..adult()
    };
    assert_eq!(check(&case).iter().filter(|f| f.claim.starts_with("Trùng")).count(), 1);
    let antibiotics = Case {
        taken: vec![draft(1, "Amoxicilin", "Amoxicilin"), draft(2, "Clarithromycin", "Clarithromycin")],
        facts: vec![facts(0, "Kháng sinh nhóm beta-lactam", "allowed"), facts(1, "Kháng sinh họ macrolid", "allowed")],
        ..adult()
    };
    assert_eq!(check(&antibiotics)[0].claim, "Hai kháng sinh cùng lúc");
}

#[test]
fn daily_maxima_go_by_weight_in_children() {
    let mut drug = draft(1, "Paracetamol 500 mg", "Paracetamol");
    drug.most_mg_per_day = Some(5000.0);
    let mut case = Case { taken: vec![drug], max_doses: vec![maximum(0, 4000.0, 75.0, "")], ..adult() };
    assert_eq!(check(&case)[0].claim, "Liều ngày cao: Paracetamol 500 mg");
    case.taken[0].most_mg_per_day = Some(4000.0);
    assert!(check(&case).is_empty());
    case.age = Some(Age { years: 3, months: 40, days: 1200 });
    case.weight_g = Some(14_000);
    assert!(check(&case)[0].fact.contains("1050 mg/ngày (75 mg/kg × 14 kg)"));
}

#[test]
fn pregnancy_is_told_or_asked() {
    let mut case = Case { taken: vec![draft(1, "Simvastatin", "Simvastatin")], facts: vec![facts(0, "Statin", "forbidden")], is_female: true, ..adult() };
    assert!(check(&case)[0].claim.starts_with("Hỏi thai"));
    case.is_pregnant = true;
    assert_eq!(check(&case)[0].severity, Severity::Warns);
    case.is_pregnant = false;
    case.is_female = false;
    assert!(check(&case).is_empty());
}

#[test]
fn silence_is_not_absence() {
    let case = Case { allergies_were_asked: false, taken: vec![Taken { is_free_text: true, ..draft(1, "Thuốc lạ", "Thuốc lạ") }], ..adult() };
    let claims: Vec<String> = check(&case).into_iter().map(|f| f.claim).collect();
    assert_eq!(claims, ["Chưa khai thác dị ứng", "Chưa kiểm tra đầy đủ: Thuốc lạ"]);
}
