//! What the doctor sees of the pharmacy while prescribing.

use crate::shelf::{block, clinic, lot};
use crate::world::*;
use uuid::Uuid;

#[tokio::test]
async fn the_prescription_says_what_the_pharmacy_has() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-06-30", 96).await;
    lot(&world, "84101", "T010", "P1", "2026-12-20", 100).await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "T001 s1 c1 7n").await;
    say(&mut doctor, visit, "para 500 s1 c1 3n").await;
    say(&mut doctor, visit, "cefixim 200 s1 c1 5n").await;
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(page.contains("Còn 96 viên") && page.contains("có lô sắp hết hạn 20/12/2026"), "{}", page.text);
    block(&world, a1).await;
    assert!(doctor.get(&format!("/app/encounters/{visit}")).await.contains("chỉ còn lô bị khóa hoặc quá hạn"));
    let live = doctor.get(&format!("/app/encounters/{visit}/prescription/reading?sentence=T001+s1+c1+7n")).await;
    assert!(live.contains("chỉ còn lô bị khóa hoặc quá hạn"), "a recall is seen in the search too: {}", live.text);
}

#[tokio::test]
async fn one_key_switches_to_the_brand_that_is_there() {
    let world = clinic().await;
    lot(&world, "84101", "T001", "A1", "2027-06-30", 3).await;
    let brand = Uuid::now_v7();
    let mut tx = world.tx("84101").await;
    let facility = tx.facility().0;
    sqlx::query(
        "INSERT INTO organization_drug (facility_id, drug_id, code, ingredient, ingredient_folded, name, name_folded, search_folded, strength, form, unit, active_from)
         SELECT facility_id, $1, 'T901', ingredient, ingredient_folded, 'Moxacin 500', 'moxacin 500', 'moxacin 500 amoxicilin', strength, form, unit, '2026-01-01'
         FROM organization_drug WHERE code = 'T001'",
    )
    .bind(brand)
    .execute(tx.conn())
    .await
    .expect("a brand");
    sqlx::query("INSERT INTO shelf_lot (facility_id, lot_id, drug_id, lot_no, expires, milli) VALUES ($1, $2, $3, 'M1', '2027-05-31', 40000)")
        .bind(facility)
        .bind(Uuid::now_v7())
        .bind(brand)
        .execute(tx.conn())
        .await
        .expect("a lot");
    tx.commit().await.expect("kept");
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let line = Uuid::now_v7();
    say_as(&mut doctor, visit, line, "T001 s1 c1 7n").await;
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(page.contains("Chỉ còn 3 viên") && page.contains("Moxacin 500") && page.contains("F10"), "{}", page.text);
    let path = format!("/app/encounters/{visit}/prescription/lines/{line}/drug");
    let wrong = testkit::demo_id("84101", "drug", "T010").to_string();
    assert_eq!(doctor.post(&path, &[("drug", &wrong)]).await.status, 422);
    assert_eq!(doctor.post(&path, &[("drug", &brand.to_string())]).await.status, 303);
    let draft = read(&mut doctor, visit).await[0].clone();
    assert_eq!((draft["lines"][0]["drug_id"].as_str(), draft["lines"][0]["quantity_milli"].as_i64()), (Some(brand.to_string().as_str()), Some(14_000)));
}

#[tokio::test]
async fn without_a_stock_nothing_is_said() {
    let world = crate::world::clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "T001 s1 c1 7n").await;
    let page = doctor.get(&format!("/app/encounters/{visit}")).await;
    assert!(page.contains("Amoxicilin") && !page.contains("Còn ") && !page.contains("Hết"), "{}", page.text);
}

/// The check stood in the code and could never fire: nobody read the state of the mother.
#[tokio::test]
async fn a_nursing_mother_is_warned_of() {
    let world = clinic().await;
    let mother = person(&world, "84101", "Lê Thị Bích Trâm", "1996-05-02").await;
    let mut tx = world.tx("84101").await;
    let facility = tx.facility().0;
    sqlx::query("UPDATE patient_patient SET sex = 'female' WHERE patient_id = $1").bind(mother.0).execute(tx.conn()).await.expect("a woman");
    sqlx::query("INSERT INTO patient_flag (facility_id, flag_id, patient_id, kind, text, recorded_at, recorded_by) VALUES ($1, $2, $3, 'other', 'Đang cho con bú 4 tháng', $4, $3)")
        .bind(facility)
        .bind(Uuid::now_v7())
        .bind(mother.0)
        .bind(world.clock.now())
        .execute(tx.conn())
        .await
        .expect("an alert");
    let name: String = sqlx::query_scalar("SELECT d.code FROM organization_drug d JOIN codes_substance s ON s.lactation = 'forbidden' AND lower(s.name) = lower(d.ingredient) WHERE d.facility_id = $1 AND d.controlled_class = 'none' ORDER BY d.code LIMIT 1")
        .bind(facility)
        .fetch_one(tx.conn())
        .await
        .expect("a drug that nursing mothers do not take");
    tx.commit().await.expect("kept");
    let visit = visit(&world, "84101", mother, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert_eq!(say(&mut doctor, visit, &format!("{name} s1 3n")).await.status, 303);
    let draft = read(&mut doctor, visit).await[0].clone();
    assert!(draft["findings"].as_array().unwrap().iter().any(|f| f["claim"].as_str().unwrap().contains("cho con bú")), "{draft}");
}
