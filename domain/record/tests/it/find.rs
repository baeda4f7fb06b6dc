//! Finding: without marks, by content, by number; never what one may not see, not even a count.

use chrono::{DateTime, Utc};
use testkit::World;
use uuid::Uuid;

struct Paper<'a> {
    n: u128,
    patient: u128,
    name: &'a str,
    title: &'a str,
    form: &'a str,
    text: &'a str,
    sensitivity: &'a str,
    doctor: &'a str,
    at: &'a str,
    status: &'a str,
}

const PLAIN: Paper<'static> = Paper {
    n: 1,
    patient: 0xa4,
    name: "Nguyễn Văn An",
    title: "Bệnh án nội khoa",
    form: "01/BV1",
    text: "Chẩn đoán sơ bộ: viêm phổi cộng đồng thùy dưới phải (J18.9), CURB-65 = 0",
    sensitivity: "ordinary",
    doctor: "bacsi.noi",
    at: "2026-11-23T11:10:00Z",
    status: "signed",
};

async fn hospital() -> World {
    World::with(vec![patient::module(), encounter::module(), record::module()]).await
}

/// Files a finished paper as the database sees it.
async fn file(world: &World, facility: &str, p: &Paper<'_>) {
    let f = testkit::facility(facility).0;
    let (patient, encounter, document) = (Uuid::from_u128(p.patient), Uuid::from_u128(0x1000 + p.n), Uuid::from_u128(0x2000 + p.n));
    let at: DateTime<Utc> = p.at.parse().unwrap();
    let room = testkit::demo_id(facility, "room", if facility == "84001" { "KNOI" } else { "NOI1" });
    let doctor = testkit::demo_id(facility, "staff", p.doctor);
    let mut tx = world.tx(facility).await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $2, $3, 'BV-26-10' || $3, $4, $4, '1985-03-15', 'male', $5, $2) ON CONFLICT DO NOTHING",
    )
    .bind(f)
    .bind(patient)
    .bind(i64::try_from(p.patient).unwrap())
    .bind(p.name)
    .bind(at)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO encounter_encounter (facility_id, encounter_id, patient_id, person_id, room_id, practitioner_id, status, class, day, opened_at, opened_by)
         VALUES ($1, $2, $3, $3, $4, $5, 'finished', 'IMP', $6, $7, $3)",
    )
    .bind(f)
    .bind(encounter)
    .bind(patient)
    .bind(room)
    .bind(doctor)
    .bind(base::local_date(at))
    .bind(at)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO record_record (facility_id, record_id, encounter_id, patient_id, person_id, kind, room_id, practitioner_id, opened_at)
         VALUES ($1, $2, $2, $3, $3, 'inpatient', $4, $5, $6)",
    )
    .bind(f)
    .bind(encounter)
    .bind(patient)
    .bind(room)
    .bind(doctor)
    .bind(at)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO record_document (facility_id, document_id, record_id, encounter_id, patient_id, person_id, form, title, kind, sensitivity, status, version,
             room_id, practitioner_id, author_account, author_name, made_at, changed_at)
         VALUES ($1, $2, $3, $3, $4, $4, $5, $6, 'form', $7, $8, 1, $9, $10, $11, 'BS. Người Viết', $12, $12)",
    )
    .bind(f)
    .bind(document)
    .bind(encounter)
    .bind(patient)
    .bind(p.form)
    .bind(p.title)
    .bind(p.sensitivity)
    .bind(p.status)
    .bind(room)
    .bind(doctor)
    .bind(testkit::demo_id(facility, "account", p.doctor))
    .bind(at)
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO record_version (facility_id, document_id, version, form_version, data, sha256, media_type, size_bytes, made_by, made_by_name, made_at)
         VALUES ($1, $2, 1, 1, jsonb_build_object('qua_trinh_benh_ly', $3::text, 'tuoi', 41, 'bang', jsonb_build_array(jsonb_build_object('o', 'dị ứng hải sản'))),
                 repeat('a', 64), 'application/pdf', 10, $2, 'BS. Người Viết', $4)",
    )
    .bind(f)
    .bind(document)
    .bind(p.text)
    .bind(at)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_archivist_finds_without_marks_by_content_code_and_place() {
    let world = hospital().await;
    file(&world, "84001", &PLAIN).await;
    file(&world, "84001", &Paper { n: 2, patient: 0xa5, name: "Nguyễn Văn Ân", title: "Giấy ra viện", form: "giay_ra_vien", text: "viêm phổi do virus", at: "2021-07-02T03:00:00Z", ..PLAIN }).await;
    file(&world, "84001", &Paper { n: 3, patient: 0xa6, name: "Trần Thị Lành", text: "tăng huyết áp I10", ..PLAIN }).await;
    file(&world, "84101", &Paper { n: 4, doctor: "bacsi", ..PLAIN }).await;
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let blank = archivist.get("/app/find-records").await;
    assert!(blank.contains("Tìm trong mọi hồ sơ"), "{}", blank.text);
    for (query, hits) in [
        ("q=nguyen+van+an+viem+phoi", 2),
        ("q=Nguy%E1%BB%85n+V%C4%83n+An+vi%C3%AAm+ph%E1%BB%95i", 2),
        ("q=phoi+viem+cong+dong", 1),
        ("q=di+ung+hai+san", 3),
        ("q=viem+pho", 2),
        ("q=BV-26-10165", 1),
        ("q=&icd=J18", 1),
        ("q=&icd=i10", 1),
        ("q=&kind=ra_vien", 1),
        ("q=&from=01%2F2021&to=12%2F2021", 1),
        ("q=qua+trinh", 0),
        ("q=khongcogi", 0),
        ("q=%3A*+%26+%21", 3),
    ] {
        let page = archivist.get(&format!("/app/find-records?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.text);
        assert_eq!(page.text.matches("data-href=\"/app/documents/").count(), hits, "{query}: {}", page.text);
    }
    let page = archivist.get("/app/find-records?q=viem+phoi").await;
    assert!(page.contains("<mark>viêm</mark>") || page.contains("<mark>viêm phổi</mark>") || page.contains("<mark>viêm</mark> <mark>phổi</mark>"), "{}", page.text);
    let newest = page.text.find("Bệnh án nội khoa").unwrap();
    assert!(newest < page.text.rfind("Giấy ra viện").unwrap(), "the newest first");
    let glance = archivist.get(&format!("/app/find-records/{}/glance", Uuid::from_u128(0x2001))).await;
    assert!(glance.contains("BV-26-10164") && glance.contains("chưa cấp"), "{}", glance.text);
    assert_eq!(archivist.get(&format!("/app/find-records/{}/glance", Uuid::from_u128(0x2004))).await.status, 404, "the clinic's paper");
    let sheet = archivist.get("/app/find-records.xlsx?q=viem+phoi").await;
    assert_eq!((sheet.status, &sheet.bytes[..2]), (200, b"PK".as_slice()));
}

#[tokio::test]
async fn special_papers_and_other_doctors_patients_are_not_even_counted() {
    let world = hospital().await;
    file(&world, "84001", &PLAIN).await;
    file(&world, "84001", &Paper { n: 5, title: "Bệnh án tâm thần", form: "07/BV1", text: "viêm phổi, trầm cảm", sensitivity: "mental", ..PLAIN }).await;
    let count = |text: &str| text.matches("data-href=\"/app/documents/").count();
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let page = archivist.get("/app/find-records?q=viem+phoi").await;
    assert!(count(&page.text) == 1 && page.contains("<b>1 kết quả</b>") && !page.contains("tâm thần"), "{}", page.text);
    assert_eq!(archivist.get(&format!("/app/find-records/{}/glance", Uuid::from_u128(0x2005))).await.status, 404);
    let mut treating = world.sign_in_as("bacsi.noi.84001").await;
    assert_eq!(count(&treating.get("/app/find-records?q=viem+phoi").await.text), 2, "the doctor who wrote it");
    let mut other = world.sign_in_as("bacsi.hstc.84001").await;
    assert_eq!(count(&other.get("/app/find-records?q=viem+phoi").await.text), 0, "a doctor who treats somebody else");
    assert_eq!(other.get("/app/find-records.xlsx?q=viem+phoi").await.status, 403);
    assert_eq!(world.sign_in_as("thungan.84001").await.get("/app/find-records?q=an").await.status, 403);
}

#[tokio::test]
async fn pages_follow_each_other_and_a_filter_is_kept_for_its_owner() {
    let world = hospital().await;
    for n in 0..35u128 {
        let at = format!("2026-11-{:02}T03:00:00Z", 1 + n % 20);
        file(&world, "84001", &Paper { n: 100 + n, at: &at, ..PLAIN }).await;
    }
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let first = archivist.get("/app/find-records?q=viem+phoi").await;
    let links = |text: &str| -> Vec<String> { text.split("data-href=\"/app/documents/").skip(1).map(|part| part[..36].to_owned()).collect() };
    let next = first.text.split("Kết quả tiếp").next().unwrap().rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = archivist.get(&next).await;
    let mut all = links(&first.text);
    all.extend(links(&second.text));
    assert_eq!(all.len(), 35, "{next}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 35, "nobody twice, nobody missing");

    let id = Uuid::now_v7().to_string();
    let kept = archivist.post("/app/find-records/filters", &[("id", &id), ("name", "Viêm phổi"), ("query", "q=viem+phoi&state=unsigned")]).await;
    assert_eq!(kept.status, 303, "{}", kept.text);
    assert!(archivist.get("/app/find-records").await.contains("state=unsigned"));
    let mut planner = world.sign_in_as("khth.84001").await;
    assert!(!planner.get("/app/find-records").await.contains("state=unsigned"));
    assert_eq!(planner.post(&format!("/app/find-records/filters/{id}/end"), &[]).await.status, 404);
    assert_eq!(archivist.post(&format!("/app/find-records/filters/{id}/end"), &[]).await.status, 303);
}
