//! A morning at the pharmacist's counter.

use crate::shelf::{block, clinic, left, lot};
use crate::world::*;
use base::{EncounterId, Event, PatientId, PrescriptionId};
use testkit::{Client, Page, World};
use uuid::Uuid;

/// Doctor Phúc prescribes amoxicilin and paracetamol to Nguyễn Văn An.
pub async fn prescribed(world: &World, sentences: &[&str]) -> (PatientId, EncounterId, String) {
    let an = an(world).await;
    let visit = visit(world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    for sentence in sentences {
        assert_eq!(say(&mut doctor, visit, sentence).await.status, 303);
    }
    let page = issue(&mut doctor, visit, &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    (an, visit, read(&mut doctor, visit).await[0]["id"].as_str().expect("an id").to_owned())
}

/// What the counter's page says now: version and lines.
pub async fn counter(client: &mut Client, id: &str) -> (Page, String) {
    let page = client.get(&format!("/app/pharmacy/prescriptions/{id}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let version = page.input("version").expect("a version");
    (page, version)
}

/// The ids of the prescription's lines.
pub async fn lines(world: &World, id: &str) -> Vec<String> {
    let mut tx = world.tx("84101").await;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT line_id FROM medication_line WHERE prescription_id = $1 ORDER BY place")
        .bind(id.parse::<Uuid>().expect("an id"))
        .fetch_all(tx.conn())
        .await
        .expect("lines");
    ids.into_iter().map(|id| id.to_string()).collect()
}

pub async fn hand(client: &mut Client, id: &str, dispense: Uuid, version: &str, fields: &[(&str, &str)]) -> Page {
    let dispense = dispense.to_string();
    let mut all = vec![("id", dispense.as_str()), ("version", version)];
    all.extend_from_slice(fields);
    client.post(&format!("/app/pharmacy/prescriptions/{id}/dispenses"), &all).await
}

#[tokio::test]
async fn fourteen_capsules_from_two_lots_in_the_order_of_expiry() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 10).await;
    let b2 = lot(&world, "84101", "T001", "B2", "2027-06-30", 100).await;
    let (_, visit, id) = prescribed(&world, &["amox 500 s1 c1 7n sa"]).await;
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let queue = pharmacist.get("/app/pharmacy").await;
    assert!(queue.contains("Nguyễn Văn An") && queue.contains("Chưa thanh toán"), "{}", queue.text);
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(page.contains("A1") && page.contains("B2") && page.contains("31/01/2027"));

    let line = &lines(&world, &id).await[0];
    let dispense = Uuid::now_v7();
    for _ in 0..2 {
        let done = hand(&mut pharmacist, &id, dispense, &version, &[("line", line), ("quantity", "14")]).await;
        assert_eq!(done.location(), format!("/app/pharmacy/dispenses/{dispense}?print=1"), "{}", done.text);
    }
    assert_eq!((left(&world, a1).await, left(&world, b2).await), (0, 96));
    let told = events(&world, "84101", "DrugsDispensed").await;
    assert_eq!(told.len(), 1, "the second click is the first");
    assert_eq!((told[0]["bill"].as_str(), told[0]["lines"][0]["quantity_milli"].as_i64()), (Some(visit.to_string().as_str()), Some(14_000)));
    assert_eq!(told[0]["lines"][0]["closes_line"], true, "nothing is open any more");

    let given = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}")).await;
    assert!(given.contains("A1") && given.contains("B2") && given.contains("Đã phát"));
    let labels = pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}/labels")).await;
    assert!(labels.contains("drug-labels") && labels.contains("Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày") && labels.contains("A1"), "{}", labels.text);
    assert!(pharmacist.get(&format!("/app/pharmacy/dispenses/{dispense}/instructions")).await.contains("Nguyễn Văn An"));
    assert!(!pharmacist.get("/app/pharmacy").await.contains("Nguyễn Văn An"));
    assert!(pharmacist.get("/app/pharmacy?show=handed").await.contains("Amoxicilin"));
}

#[tokio::test]
async fn half_today_the_rest_later_or_never() {
    let world = clinic().await;
    lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (.., id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (_, version) = counter(&mut pharmacist, &id).await;
    for wrong in ["15", "-3", "2,5", "abc", "99999999999999999999"] {
        let refused = hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", wrong)]).await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
    assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "10")]).await.status, 303);
    assert!(pharmacist.get("/app/pharmacy?show=partial").await.contains("Nguyễn Văn An"));
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(page.contains("Đã phát"));
    let refused = hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "5")]).await;
    assert!(refused.status == 422 && refused.contains("đơn còn 4 viên"), "{}", refused.text);

    assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "0"), ("closed", &line)]).await.status, 303);
    let told = events(&world, "84101", "DrugsDispensed").await;
    assert_eq!((told[1]["lines"][0]["quantity_milli"].as_i64(), told[1]["lines"][0]["closes_line"].as_bool()), (Some(0), Some(true)));
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(page.contains("Không lấy thêm") && page.contains("Đơn này đã phát xong"));
    assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &[("line", &line), ("quantity", "1")]).await.status, 422);
}

#[tokio::test]
async fn a_later_lot_needs_a_reason_and_a_blocked_one_is_no_lot() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 10).await;
    let b2 = lot(&world, "84101", "T001", "B2", "2027-06-30", 100).await;
    let c3 = lot(&world, "84101", "T001", "C3", "2026-11-23", 50).await;
    let (.., id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(!page.contains("C3"), "an expired lot is never offered");
    let lot_id = b2.to_string();
    let by_hand = |lot: &str, reason: &str| {
        [("line", line.clone()), ("quantity", "14".into()), ("reason", reason.into()), ("lot_line", line.clone()), ("lot", lot.into()), ("lot_quantity", "14".to_owned())]
    };
    for (lot, reason, status) in [(lot_id.clone(), "", 422), (c3.to_string(), "hết hàng khác", 422), (lot_id, "hộp A1 bị móp", 303)] {
        let fields = by_hand(&lot, reason);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &fields).await.status, status, "{lot} {reason}");
    }
    assert_eq!((left(&world, a1).await, left(&world, b2).await, left(&world, c3).await), (10, 86, 50));
}

#[tokio::test]
async fn another_brand_with_consent_unless_the_doctor_said_no() {
    let world = clinic().await;
    let brand = Uuid::now_v7();
    let mut tx = world.tx("84101").await;
    sqlx::query(
        "INSERT INTO organization_drug (facility_id, drug_id, code, ingredient, ingredient_folded, name, name_folded, search_folded, strength, form, unit, active_from)
         SELECT facility_id, $1, 'T901', 'Amoxicillin', 'amoxicillin', 'Moxacin 500', 'moxacin 500', 'moxacin 500 amoxicillin', '500mg', form, unit, '2026-01-01'
         FROM organization_drug WHERE code = 'T001'",
    )
    .bind(brand)
    .execute(tx.conn())
    .await
    .expect("a brand");
    let facility = tx.facility().0;
    sqlx::query("INSERT INTO shelf_lot (facility_id, lot_id, drug_id, lot_no, expires, milli) VALUES ($1, $2, $3, 'M1', '2027-05-31', 40000)")
        .bind(facility)
        .bind(Uuid::now_v7())
        .bind(brand)
        .execute(tx.conn())
        .await
        .expect("a lot");
    tx.commit().await.expect("kept");

    let (_, visit, id) = prescribed(&world, &["T001 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(page.contains("Moxacin 500 (còn 40 viên)"), "{}", page.text);
    let brand = brand.to_string();
    let other = testkit::demo_id("84101", "drug", "T010").to_string();
    for (drug, consent, status) in [(&brand, "", 422), (&other, line.as_str(), 422), (&brand, line.as_str(), 303)] {
        let fields = [("line", line.as_str()), ("drug", drug), ("quantity", "14"), ("consent", consent)];
        let page = hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &fields).await;
        assert_eq!(page.status, status, "{drug} {consent}: {}", page.text);
    }
    let told = &events(&world, "84101", "DrugsDispensed").await[0]["lines"][0];
    assert_eq!((told["substituted"].as_bool(), told["drug"].as_str()), (Some(true), Some(brand.as_str())));

    // What the person holds keeps its prescription.
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let cancel = format!("/app/encounters/{visit}/prescriptions/{id}/cancelled");
    assert!(doctor.post(&cancel, &[("reason", "đổi ý không dùng")]).await.contains("Nhà thuốc đã phát"));

    let an = person(&world, "84101", "Lê Thị Út", "1970-01-01").await;
    let strict = crate::world::visit(&world, "84101", an, &["J02.9"]).await;
    say(&mut doctor, strict, "T001 s1 c1 7n").await;
    assert_eq!(issue(&mut doctor, strict, &[("no_substitution", "1")]).await.status, 303);
    let id = read(&mut doctor, strict).await[0]["id"].as_str().unwrap().to_owned();
    let line = lines(&world, &id).await.remove(0);
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(!page.contains("Moxacin") && page.contains("không thay thuốc"));
    let fields = [("line", line.as_str()), ("drug", brand.as_str()), ("quantity", "14"), ("consent", line.as_str())];
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &fields).await.contains("không thay thuốc"));
}

#[tokio::test]
async fn an_allergy_told_since_needs_the_pharmacists_own_reason() {
    let world = clinic().await;
    lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (an, _, id) = prescribed(&world, &["T001 s1 c1 7n"]).await;
    allergy(&world, an, "Amoxicilin", "drug").await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (page, version) = counter(&mut pharmacist, &id).await;
    assert!(page.contains("Dị ứng: Amoxicilin 500 mg") && page.contains("Vì sao vẫn phát"), "{}", page.text);
    let give = [("line", line.as_str()), ("quantity", "14")];
    assert_eq!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &give).await.status, 422);
    let with_reason = [give[0], give[1], ("warning_reason", "đã gọi BS Phúc, người bệnh dùng nhiều lần không sao")];
    let done = hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &with_reason).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(pharmacist.get(done.location()).await.contains("đã gọi BS Phúc"));
}

#[tokio::test]
async fn two_pharmacists_at_once_give_it_once() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (.., id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut one = world.sign_in_as("duocsi.84101").await;
    let mut other = world.sign_in_as("duocsi2.84101").await;
    let (_, version) = counter(&mut one, &id).await;
    let give = [("line", line.as_str()), ("quantity", "10")];
    let (first, second) = tokio::join!(
        hand(&mut one, &id, Uuid::now_v7(), &version, &give),
        hand(&mut other, &id, Uuid::now_v7(), &version, &give)
    );
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [303, 422]);
    assert!([first, second].iter().any(|p| p.contains("vừa được phát ở quầy khác")));
    assert_eq!(left(&world, a1).await, 90);
    // Even a program that passes by every page cannot give more than was prescribed.
    let mut tx = world.tx("84101").await;
    assert!(sqlx::query("UPDATE medication_fulfilment SET given_milli = given_milli + 5000").execute(tx.conn()).await.is_err());
}

#[tokio::test]
async fn not_enough_blocked_unpaid_cancelled_or_too_late() {
    let world = clinic().await;
    let a1 = lot(&world, "84101", "T001", "A1", "2027-01-31", 5).await;
    let (_, visit, id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (_, version) = counter(&mut pharmacist, &id).await;
    let give = [("line", line.as_str()), ("quantity", "14")];
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &give).await.contains("quầy chỉ còn 5 viên"));
    block(&world, a1).await;
    let part = [("line", line.as_str()), ("quantity", "5")];
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &part).await.contains("quầy chỉ còn 0 viên"));
    assert!(counter(&mut pharmacist, &id).await.0.contains("chỉ còn lô bị khóa hoặc quá hạn"));
    lot(&world, "84101", "T001", "B2", "2027-06-30", 100).await;

    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &give).await.contains("chưa thanh toán"));
    let mut tx = world.tx("84101").await;
    tx.emit(Event::PrescriptionPaid { encounter: visit, prescription: id.parse::<PrescriptionId>().unwrap() });
    tx.commit().await.expect("paid");
    world.drain().await;
    assert!(pharmacist.get("/app/pharmacy").await.contains("Đã thanh toán"));

    // A night passes: the evening's prescription is still in the queue at one in the morning.
    world.clock.advance(chrono::TimeDelta::hours(15) + chrono::TimeDelta::minutes(50));
    let an = person(&world, "84101", "Trần Văn Khuya", "1980-01-01").await;
    let late = crate::world::visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, late, "amox 500 s1 c1 5n").await;
    assert_eq!(issue(&mut doctor, late, &[]).await.status, 303);
    let night = read(&mut doctor, late).await[0]["id"].as_str().unwrap().to_owned();
    world.clock.advance(chrono::TimeDelta::hours(1));
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    assert!(pharmacist.get("/app/pharmacy").await.contains("Trần Văn Khuya"));
    let night_line = lines(&world, &night).await.remove(0);
    let (_, night_version) = counter(&mut pharmacist, &night).await;
    let mut tx = world.tx("84101").await;
    tx.emit(Event::PrescriptionPaid { encounter: late, prescription: night.parse::<PrescriptionId>().unwrap() });
    tx.commit().await.expect("paid");
    world.drain().await;
    let given = hand(&mut pharmacist, &night, Uuid::now_v7(), &night_version, &[("line", &night_line), ("quantity", "10")]).await;
    assert_eq!(given.status, 303, "{}", given.text);
    assert_eq!(events(&world, "84101", "DrugsDispensed").await[0]["day"], "2026-11-25", "the day on which it is handed over");

    world.clock.advance(chrono::TimeDelta::days(5));
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &give).await.contains("lĩnh được đến 29/11/2026"));
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let cancel = format!("/app/encounters/{visit}/prescriptions/{id}/cancelled");
    assert_eq!(doctor.post(&cancel, &[("reason", "người bệnh không dùng nữa")]).await.status, 303);
    assert!(hand(&mut pharmacist, &id, Uuid::now_v7(), &version, &give).await.contains("Đơn này đã hủy"));
}

#[tokio::test]
async fn who_prescribes_does_not_hand_over_unless_alone() {
    let world = clinic().await;
    lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (.., id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut owner = world.database.owner().await;
    sqlx::query("UPDATE practitioner_account SET roles = roles || '{pharmacist}' WHERE login = 'bacsi.84101'").execute(&mut owner).await.expect("both roles");
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let (page, version) = counter(&mut doctor, &id).await;
    assert!(page.contains("không tự phát thuốc"), "{}", page.text);
    let give = [("line", line.as_str()), ("quantity", "14")];
    assert_eq!(hand(&mut doctor, &id, Uuid::now_v7(), &version, &give).await.status, 422);
    let mut tx = world.tx("84101").await;
    let known = organization::parameter::known("pharmacy.one_doctor").expect("known");
    organization::parameter::set(&mut tx, known, "", 1, world.clock.today()).await.expect("set");
    tx.commit().await.expect("kept");
    assert_eq!(hand(&mut doctor, &id, Uuid::now_v7(), &version, &give).await.status, 303);
}

#[tokio::test]
async fn the_other_clinic_the_wrong_person_and_the_scanned_code() {
    let world = clinic().await;
    lot(&world, "84101", "T001", "A1", "2027-01-31", 100).await;
    let (_, visit, id) = prescribed(&world, &["amox 500 s1 c1 7n"]).await;
    let line = lines(&world, &id).await.remove(0);
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let (_, version) = counter(&mut pharmacist, &id).await;
    let dispense = Uuid::now_v7();
    let give = [("line", line.as_str()), ("quantity", "14")];

    let mut other = world.sign_in_as("duocsi.84103").await;
    assert_eq!(other.get(&format!("/app/pharmacy/prescriptions/{id}")).await.status, 404);
    assert_eq!(hand(&mut other, &id, dispense, &version, &give).await.status, 404);
    assert!(!other.get("/app/pharmacy").await.contains("Nguyễn Văn An"));
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    assert_eq!(hand(&mut nurse, &id, dispense, &version, &give).await.status, 403);
    let mut basic = world.sign_in_as("bacsi.84102").await;
    assert_eq!(basic.get("/app/pharmacy").await.status, 403, "the package has no stock");

    assert_eq!(hand(&mut pharmacist, &id, dispense, &version, &give).await.status, 303);
    for path in ["", "/labels", "/instructions"] {
        assert_eq!(other.get(&format!("/app/pharmacy/dispenses/{dispense}{path}")).await.status, 404);
    }
    assert_eq!(other.post(&format!("/app/pharmacy/dispenses/{dispense}/returns"), &[]).await.status, 404);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let code = read(&mut doctor, visit).await[0]["code"].as_str().unwrap().to_owned();
    let found = pharmacist.get(&format!("/app/pharmacy?q={}", code.to_uppercase())).await;
    assert_eq!(found.location(), format!("/app/pharmacy/prescriptions/{id}"));
    assert!(pharmacist.get(&format!("/app/pharmacy?q={}", &code[..9])).await.contains(&code));
}
