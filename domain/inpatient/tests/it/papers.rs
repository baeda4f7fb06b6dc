//! The ward with its neighbours at work: the pharmacy's lots and the record that fills itself.

use crate::clinic::{admit, bed, count, decision, entry, send, times, ward, write};
use base::EncounterId;
use std::sync::Arc;
use testkit::{World, demo_id};
use uuid::Uuid;

/// The hospital with a pharmacy that has goods and with records.
async fn whole_house() -> World {
    let modules = vec![
        patient::module(), encounter::module(), diagnostics::module(), billing::module(), medication::module(), inventory::module(), record::module(), inpatient::module(),
    ];
    let world = World::wired(modules, |wiring| {
        wiring.findings = Arc::new(diagnostics::FindingDesk);
        wiring.dues = Arc::new(billing::DueDesk);
        wiring.stock = Arc::new(inventory::StockDesk);
        wiring.records = Arc::new(record::RecordDesk::new(wiring.files.clone()));
    })
    .await;
    let mut tx = world.tx("84001").await;
    inventory::seed::write(&mut tx, "84001", "2026-01-01".parse().expect("a day")).await.expect("shelves");
    tx.commit().await.expect("kept");
    world
}

#[tokio::test]
async fn doses_are_issued_given_and_the_rest_goes_back_off_the_bill() {
    let world = whole_house().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Lý Thị Sa", "KNOI", Some(a1)).await;
    let drug = demo_id("84001", "drug", "T003");
    let mut form = entry(Uuid::now_v7(), &[("drug", "", "1 viên", "8h, 20h")]);
    form.push(("line.0.drug".into(), drug.to_string()));
    assert_eq!(write(&mut doctor, stay, &form).await.status, 303);
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let supplies = format!("/app/wards/{}/supplies", ward("KNOI"));
    assert_eq!(nurse.post(&supplies, &[("id", &Uuid::now_v7().to_string())]).await.status, 303);
    let request: Uuid = {
        let mut tx = world.tx("84001").await;
        sqlx::query_scalar("SELECT request_id FROM inpatient_request").fetch_one(tx.conn()).await.expect("a request")
    };
    let mut pharmacist = world.sign_in_as("duocsi.84001").await;
    let waiting = pharmacist.get("/app/ward-requests").await;
    assert!(waiting.contains("Zinnat 500") && waiting.contains("Lý Thị Sa"), "{}", waiting.text);
    for _ in 0..2 {
        let page = pharmacist.post(&format!("/app/ward-requests/{request}/issued"), &[]).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    let charged = "SELECT coalesce(sum(amount_vnd), 0)::bigint FROM billing_charge WHERE bill_id = $1";
    assert_eq!(count(&world, charged, stay).await, 2 * 8_900);
    // One dose is given, the order is stopped: one tablet is left over and keeps the patient.
    let task = times(&world, stay).await[0].0;
    let page = nurse.post(&format!("/app/tasks/{task}"), &[("act", "done"), ("reason", "vòng tay rách, gọi tên đối chiếu")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let order: Uuid = {
        let mut tx = world.tx("84001").await;
        sqlx::query_scalar("SELECT order_id FROM inpatient_order").fetch_one(tx.conn()).await.expect("an order")
    };
    assert_eq!(doctor.post(&format!("/app/stays/{stay}/orders/{order}/stopped"), &[]).await.status, 303);
    let held = doctor.get(&format!("/app/stays/{stay}/discharge")).await;
    assert!(held.contains("Thuốc chưa dùng chưa trả") && held.contains("Zinnat 500 1 viên"), "{}", held.text);
    let back = Uuid::now_v7().to_string();
    for _ in 0..2 {
        let page = nurse.post(&format!("/app/stays/{stay}/returned"), &[("id", &back), ("drug", &drug.to_string())]).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    assert_eq!(count(&world, charged, stay).await, 8_900, "only what was taken is owed");
    assert_eq!(count(&world, "SELECT sum(returned_milli)::bigint FROM inpatient_request_line WHERE encounter_id = $1", stay).await, 1000);
}

async fn forms(world: &World, stay: EncounterId) -> Vec<String> {
    let mut tx = world.tx("84001").await;
    sqlx::query_scalar("SELECT form FROM record_document WHERE encounter_id = $1 AND form <> '' ORDER BY form").bind(stay.0).fetch_all(tx.conn()).await.expect("papers")
}

#[tokio::test]
async fn the_record_fills_itself_while_the_ward_works() {
    let world = whole_house().await;
    let a1 = bed(&world, "KNOI", "A-01").await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Nguyễn Văn An", "KNOI", Some(a1)).await;
    for _ in 0..2 {
        let page = write(&mut doctor, stay, &entry(Uuid::now_v7(), &[])).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let care = [("problem", "Sốt do nhiễm khuẩn"), ("action", "Lau mát, theo dõi")];
    assert_eq!(nurse.post(&format!("/app/stays/{stay}/care"), &care).await.status, 303);
    let measured = [("pulse", "88"), ("systolic", "120"), ("diastolic", "70"), ("temperature", "37,5")];
    assert_eq!(nurse.post(&format!("/app/stays/{stay}/vitals"), &measured).await.status, 303);
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    let there = forms(&world, stay).await;
    for form in ["36/BV2", "38/BV2", "theo_doi_chuc_nang_song"] {
        assert_eq!(there.iter().filter(|f| *f == form).count(), 1, "{form} in {there:?}");
    }
    // Both entries of the day stand on the one sheet.
    let rows = count(
        &world,
        "SELECT ((char_length(f.data::text) - char_length(replace(f.data::text, 'ran ẩm đáy phổi phải', ''))) / char_length('ran ẩm đáy phổi phải'))::bigint
         FROM record_draft f JOIN record_document d USING (facility_id, document_id) WHERE d.encounter_id = $1 AND d.form = '36/BV2'",
        stay,
    )
    .await;
    assert_eq!(rows, 2);
    // The record is one click away, and the closing papers come with the discharge.
    let record = doctor.get(&format!("/app/stays/{stay}/record")).await;
    assert!(record.status == 303 && record.location().starts_with("/app/records/"), "{} {}", record.status, record.text);
    assert_eq!(send(&mut doctor, &format!("/app/stays/{stay}/discharge"), &decision("2026-11-24T08:00")).await.status, 303);
    let page = doctor.get(&format!("/app/stays/{stay}/discharge")).await;
    assert!(page.contains(&format!("/app/stays/{stay}/record")) || page.contains("Không còn gì treo"), "{}", page.text);
}

#[tokio::test]
async fn what_comes_after_the_signature_begins_the_next_sheet() {
    let world = whole_house().await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, _) = admit(&world, &mut doctor, "Kim Sa Oanh", "KNOI", None).await;
    assert_eq!(write(&mut doctor, stay, &entry(Uuid::now_v7(), &[])).await.status, 303);
    // The doctor finishes and signs the sheet of the morning.
    let mut tx = world.tx("84001").await;
    sqlx::query("UPDATE record_document SET status = 'signed', version = 1 WHERE encounter_id = $1 AND form = '36/BV2'").bind(stay.0).execute(tx.conn()).await.expect("signed");
    tx.commit().await.expect("kept");
    world.clock.advance(chrono::TimeDelta::minutes(30));
    assert_eq!(write(&mut doctor, stay, &entry(Uuid::now_v7(), &[])).await.status, 303);
    assert_eq!(forms(&world, stay).await.iter().filter(|f| *f == "36/BV2").count(), 2);
    let rows = count(
        &world,
        "SELECT ((char_length(f.data::text) - char_length(replace(f.data::text, 'ran ẩm đáy phổi phải', ''))) / char_length('ran ẩm đáy phổi phải'))::bigint
         FROM record_draft f JOIN record_document d USING (facility_id, document_id) WHERE d.encounter_id = $1 AND d.form = '36/BV2' AND d.status = 'draft'",
        stay,
    )
    .await;
    assert_eq!(rows, 1, "the second sheet does not repeat what was signed");
}

#[tokio::test]
async fn the_demo_wards_are_filled_once() {
    let world = whole_house().await;
    let records = record::RecordDesk::new(world.app.wiring.files.clone());
    for _ in 0..2 {
        inpatient::seed::write(&world.db, testkit::facility("84001"), "84001", &records, world.clock.now()).await.expect("wards");
    }
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let house = nurse.get("/app/wards").await;
    assert!(house.contains("25/60 giường"), "{}", house.text);
    let map = nurse.get(&format!("/app/wards/{}", ward("KNOI"))).await;
    assert!(map.contains("16/24 giường") && map.contains("Lê Văn Mười") && map.contains("NEWS2"), "{}", map.text);
    let round = nurse.get(&format!("/app/wards/{}/round", ward("KNOI"))).await;
    assert!(round.contains("Đã làm"), "{}", round.text);
}

#[tokio::test]
async fn an_allergy_stops_the_order_until_somebody_says_why() {
    let world = whole_house().await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let (stay, patient) = admit(&world, &mut doctor, "Sơn Minh Đạt", "KNOI", None).await;
    let mut tx = world.tx("84001").await;
    sqlx::query(
        "INSERT INTO patient_allergy (facility_id, allergy_id, patient_id, substance, substance_folded, severity, recorded_at, recorded_by)
         VALUES ($1, gen_random_uuid(), $2, 'Cefuroxim', 'cefuroxim', 'severe', now(), gen_random_uuid())",
    )
    .bind(tx.facility().0)
    .bind(patient.0)
    .execute(tx.conn())
    .await
    .expect("an allergy");
    tx.commit().await.expect("kept");
    let mut form = entry(Uuid::now_v7(), &[("drug", "", "1 viên", "8h, 20h")]);
    form.push(("line.0.drug".into(), demo_id("84001", "drug", "T003").to_string()));
    let page = write(&mut doctor, stay, &form).await;
    assert!(page.status == 422 && page.contains("dị ứng Cefuroxim"), "{}", page.text);
    assert!(times(&world, stay).await.is_empty(), "nothing reaches the nurse");
    // Cefixim is another substance of the same cross-reacting group.
    let mut kin = entry(Uuid::now_v7(), &[("drug", "", "1 viên", "8h")]);
    kin.push(("line.0.drug".into(), demo_id("84001", "drug", "T004").to_string()));
    let page = write(&mut doctor, stay, &kin).await;
    assert!(page.status == 422 && page.contains("cùng nhóm"), "{}", page.text);
    form.push(("line.0.note".into(), "Đã test da âm tính 25/11, theo dõi sát".into()));
    assert_eq!(write(&mut doctor, stay, &form).await.status, 303);
    assert_eq!(times(&world, stay).await.len(), 2);
}
