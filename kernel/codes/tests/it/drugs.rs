use crate::world::World;
use codes::{drug, interaction, lab, service, substance};

#[tokio::test]
async fn drugs_are_found_by_ingredient_brand_and_code() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for (typed, substance) in [("amox", "amoxicilin"), ("para 500", "paracetamol"), ("augmentin", "acidclavulanic"), ("hapacol", "paracetamol")] {
        let hits = drug::search(&mut conn, typed, 10).await.unwrap();
        assert!(!hits.is_empty(), "{typed}");
        assert!(hits[0].substances.iter().any(|s| s == substance), "{typed}: {:?}", hits[0]);
    }
    let first = drug::search(&mut conn, "amlodipin 5mg", 5).await.unwrap();
    assert_eq!(first[0].source, "formulary");
    let code = &first[0].code;
    assert_eq!(drug::find(&mut conn, code).await.unwrap().as_ref(), Some(&first[0]));
    assert_eq!(drug::search(&mut conn, code, 5).await.unwrap()[0].code, *code);
}

#[tokio::test]
async fn contraindicated_pairs_of_the_legal_list_are_found_under_any_name() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for (a, b) in [
        ("Simvastatin", "Clarithromycin 500mg"),
        ("Clarithromycin", "Simvastatin"),
        ("Aspirin", "Ketorolac"),
        ("Acetylsalicylic acid", "Ketorolac tromethamin"),
        ("Glyceryl trinitrat (Nitroglycerin)", "Sildenafil (dưới dạng sildenafil citrat)"),
        ("Perindopril arginin 5 mg", "Aliskiren"),
        ("Domperidon (dưới dạng domperidon maleat)", "Levofloxacin"),
        ("Metformin hydroclorid", "Iohexol"),
        ("Linezolid", "Tramadol hydrochloride + Paracetamol"),
    ] {
        let found = interaction::between(&mut conn, &[a, b]).await.unwrap();
        assert!(
            found.iter().any(|i| i.severity == "contraindicated" && i.verified && (i.first, i.second) == (0, 1)),
            "{a} × {b}: {found:?}"
        );
        assert!(found[0].source.contains("5948"));
    }
}

#[tokio::test]
async fn harmless_and_single_drugs_meet_nothing() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for drugs in [
        vec!["Paracetamol", "Amoxicilin"],
        vec!["Valsartan", "Amlodipin"],
        vec!["Amlodipin + Valsartan", "Metformin"],
        vec!["Sacubitril/valsartan"],
        vec!["Natri clorid", "Ceftriaxon"],
        vec![],
    ] {
        assert_eq!(interaction::between(&mut conn, &drugs).await.unwrap(), [], "{drugs:?}");
    }
}

#[tokio::test]
async fn the_general_list_only_informs_and_the_legal_list_wins() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let general = interaction::between(&mut conn, &["Warfarin", "Aspirin", "Paracetamol"]).await.unwrap();
    assert!(general.iter().all(|i| !i.verified), "{general:?}");
    assert_eq!(general[0].severity, "danger");
    assert_eq!((general[0].first, general[0].second), (0, 1));
    // Both lists hold colchicine with clarithromycin: one row, the legal one.
    let both = interaction::between(&mut conn, &["Colchicin", "Clarithromycin"]).await.unwrap();
    assert_eq!(both.len(), 1);
    assert!(both[0].verified);
}

#[tokio::test]
async fn every_pair_of_the_legal_list_is_found_by_its_own_names() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let text = codes::CatalogueFiles::Embedded.text("qd5948_pairs.tsv").unwrap();
    let mut checked = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        // A nutrient solution has no substance of its own to compare.
        if cells[3].is_empty() || cells[4].is_empty() {
            continue;
        }
        let found = interaction::between(&mut conn, &[cells[1], cells[2]]).await.unwrap();
        assert!(found.iter().any(|i| i.severity == "contraindicated"), "{} × {}", cells[1], cells[2]);
        checked += 1;
    }
    assert!(checked > 625, "{checked}");
}

#[tokio::test]
async fn allergies_speak_against_the_substance_and_its_group() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let found = substance::allergy_matches(
        &mut conn,
        &["Penicilin", "Aspirin", "Ciprofloxacin"],
        &["Amoxicilin + acid clavulanic", "Acetylsalicylic acid", "Levofloxacin", "Paracetamol", "Ibuprofen"],
    )
    .await
    .unwrap();
    let pairs: Vec<(i32, i32, bool)> = found.iter().map(|m| (m.allergy, m.drug, m.same_substance)).collect();
    assert_eq!(pairs, [(0, 0, false), (1, 1, true), (1, 4, false), (2, 2, false)]);
    assert_eq!(found[0].group_name.as_deref(), Some("Penicilin"));
    assert!(found.iter().all(|m| m.verified == m.same_substance));
}

#[tokio::test]
async fn facts_about_substances_are_marked_unverified() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let facts = substance::facts(&mut conn, &["Paracetamol 500mg", "Isotretinoin", "Aspirin"]).await.unwrap();
    assert!(facts.iter().all(|f| !f.verified));
    assert!(facts.iter().any(|f| f.drug == 1 && f.pregnancy.as_deref() == Some("forbidden")), "{facts:?}");
    let doses = substance::max_doses(&mut conn, &["Paracetamol (acetaminophen)"]).await.unwrap();
    assert_eq!(doses[0].adult_max_mg_per_day, Some(4000.0));
}

#[tokio::test]
async fn services_and_tests_are_found_by_words() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let hits = service::search(&mut conn, "sieu am o bung", None, 10).await.unwrap();
    assert!(hits[0].name.starts_with("Siêu âm ổ bụng"), "{hits:?}");
    assert_eq!(hits[0].kind, "imaging");
    let exams = service::search(&mut conn, "kham", Some("exam"), 20).await.unwrap();
    assert!(exams.iter().any(|s| s.name == "Khám Nội tổng hợp" && s.example_price_vnd == Some(45_000)));
    assert_eq!(lab::search(&mut conn, "wbc", 5).await.unwrap()[0].loinc, "6690-2");
    let ranges = lab::list_ranges(&mut conn, &["WBC", "HGB"], "female").await.unwrap();
    assert_eq!(ranges.len(), 2);
    assert_eq!(ranges[0].low, Some(120.0));
}
