use crate::world::World;
use codes::icd10;
use proptest::prelude::*;

#[tokio::test]
async fn doctors_find_the_code_by_what_they_type() {
    let world = World::get().await;
    let mut conn = world.app().await;
    for (typed, first) in [
        ("viem hong cap", "J02.9"),
        ("cap hong viem", "J02.9"),
        ("Viêm họng", "J02.9"),
        ("tha", "I10"),
        ("THA", "I10"),
        ("dtd2", "E11.9"),
        ("ĐTĐ2", "E11.9"),
        ("vpq", "J20.9"),
        ("copd", "J44.9"),
        ("I10", "I10"),
        ("j029", "J02.9"),
        ("J02.9", "J02.9"),
        ("j02", "J02"),
        ("tieu duong", "E11.9"),
        ("tay chan mieng", "B08.4"),
        ("sxh", "A97.0"),
        ("viem gan b man", "B18.19"),
        ("trao nguoc da day", "K21.9"),
        ("dau that lung", "M54.56"),
        ("kham suc khoe", "Z00.0"),
        ("roi loan tien dinh", "H81.9"),
        ("cao huyet ap", "I10"),
        ("viem am dao", "N76.0"),
        ("gout", "M10.99"),
    ] {
        let hits = icd10::search(&mut conn, typed, 20).await.unwrap();
        let codes: Vec<&str> = hits.iter().map(|h| h.code.as_str()).collect();
        assert_eq!(codes.first(), Some(&first), "{typed}: {codes:?}");
    }
}

#[tokio::test]
async fn a_category_lists_its_codes_and_noise_lists_nothing() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let codes: Vec<String> = icd10::search(&mut conn, "j02", 20).await.unwrap().into_iter().map(|h| h.code).collect();
    assert_eq!(codes, ["J02", "J02.0", "J02.8", "J02.9"]);
    for noise in ["", "   ", "!!!", "'", "\0", "xyzzy qwerty"] {
        assert!(icd10::search(&mut conn, noise, 20).await.unwrap().is_empty(), "{noise:?}");
    }
}

#[tokio::test]
async fn flags_tell_what_may_not_be_written() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let years = |n: i64| n * 365 + n / 4;
    let cases = [
        ("B95.0", true, "male", 40, "chẩn đoán chính"),
        ("N40", true, "female", 60, "người bệnh nam"),
        ("O80.0", true, "female", 70, "từ 10 đến 60 tuổi"),
        ("O80.0", true, "male", 30, "người bệnh nữ"),
        ("P59.9", true, "male", 30, "dưới 1 tuổi"),
    ];
    for (code, main, sex, age, said) in cases {
        let icd = icd10::find(&mut conn, code).await.unwrap().unwrap_or_else(|| panic!("{code}"));
        let why = icd.refusals(main, sex, years(age)).join("; ");
        assert!(why.contains(said), "{code}: {why}");
    }
    for (code, sex, age) in [("I10", "male", 60), ("O80.0", "female", 30), ("J02.9", "unknown", 3), ("N40", "male", 70)] {
        let icd = icd10::find(&mut conn, code).await.unwrap().unwrap();
        assert!(icd.refusals(true, sex, years(age)).is_empty(), "{code}");
    }
    let dengue = icd10::find(&mut conn, "a970").await.unwrap().unwrap();
    assert_eq!(dengue.notify_within.as_deref(), Some("48h"));
    assert!(icd10::find(&mut conn, "I10").await.unwrap().unwrap().over_30_days);
    assert!(!icd10::find(&mut conn, "E11.0").await.unwrap().unwrap().over_30_days);
    assert!(icd10::find(&mut conn, "E11.9").await.unwrap().unwrap().over_30_days);
    assert!(icd10::find(&mut conn, "Q99.99.9").await.unwrap().is_none());
}

#[tokio::test]
async fn codes_of_the_old_list_keep_their_name() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let old = icd10::find_old_name(&mut conn, "A90").await.unwrap();
    assert!(old.is_some_and(|name| name.contains("Dengue")));
    assert!(icd10::find(&mut conn, "A90").await.unwrap().is_none());
    assert_eq!(icd10::list_groups(&mut conn).await.unwrap().len(), 233);
}

#[tokio::test]
async fn every_abbreviation_points_at_a_code_of_the_list() {
    let world = World::get().await;
    let mut conn = world.app().await;
    let lost: Vec<String> = sqlx::query_scalar(
        "SELECT abbreviation FROM codes_icd10_abbreviation a WHERE NOT EXISTS (SELECT 1 FROM codes_icd10 i WHERE i.code = a.code)",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn no_text_makes_a_search_fail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::get());
    let conn = std::cell::RefCell::new(runtime.block_on(world.app()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&any::<String>(), |typed| {
            let mut conn = conn.borrow_mut();
            runtime.block_on(async {
                icd10::search(&mut conn, &typed, 20).await.expect("icd10");
                icd10::find(&mut conn, &typed).await.expect("icd10 find");
                codes::drug::search(&mut conn, &typed, 20).await.expect("drug");
                codes::service::search(&mut conn, &typed, None, 20).await.expect("service");
                codes::place::search_communes(&mut conn, &typed, None, 20).await.expect("commune");
                codes::place::search_old_wards(&mut conn, &typed, 20).await.expect("ward");
                codes::place::read_address(&mut conn, &typed).await.expect("address");
                codes::lab::search(&mut conn, &typed, 20).await.expect("lab");
                codes::list::search(&mut conn, codes::list::List::Occupation, &typed, 20).await.expect("list");
                codes::interaction::between(&mut conn, &[&typed, "aspirin"]).await.expect("interaction");
                codes::substance::allergy_matches(&mut conn, &[&typed], &[&typed]).await.expect("allergy");
            });
            Ok(())
        })
        .unwrap();
}
