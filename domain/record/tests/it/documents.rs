//! Documents of a stay at the hospital 84001: begun, written by two people, finished, amended, protected, locked.

use base::{DocumentId, EncounterId, Event, PatientId, PersonId, RecordId, ReportId, RoomId};
use chrono::{DateTime, TimeDelta, Utc};
use encounter::stay;
use record::RecordDesk;
use record::form::patch::{FieldChange, Patch};
use record::form::store::{Publication, Scope, publish};
use serde_json::json;
use std::sync::Arc;
use testkit::{Client, Page, World, demo_id};
use uuid::Uuid;
use web::ask::{FormStart, Incoming, RecordsOf, Sensitivity};
use web::{Failure, MadePaper, Migration, Module, PaperOf};

/// Stands for laboratory and imaging: their titles, and their paper with the report's id on it.
fn reports() -> Module {
    Module {
        name: "reports",
        migrations: vec![Migration {
            name: "2026-11-25-1129-report-titles",
            sql: "CREATE TABLE diagnostics_report_title (facility_id int, report_id uuid, title text);
                  GRANT SELECT, INSERT ON diagnostics_report_title TO yba_app;",
        }],
        papers: vec![PaperOf {
            kind: "report",
            make: |_, _, id| {
                Box::pin(async move {
                    let pdf = format!("%PDF-report {id}").into_bytes();
                    Ok(Some(MadePaper { title: "Công thức máu".into(), pdf, data: json!({ "report": id }) }))
                })
            },
        }],
        ..Module::default()
    }
}

async fn hospital() -> World {
    let modules = vec![patient::module(), encounter::module(), reports(), record::module()];
    World::wired(modules, |wiring| wiring.records = Arc::new(RecordDesk::new(wiring.files.clone()))).await
}

async fn person(world: &World, facility: &str, name: &str) -> PatientId {
    let id = PatientId::new();
    let mut tx = world.tx(facility).await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $2, patient_next_record($1), 'BV-' || substr($2::text, 25), $3, $4, '1985-03-15', 'male', $5, $2)",
    )
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(name)
    .bind(base::fold(name))
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// A stay in a ward under a doctor, as the ward opens it, and its record.
async fn admitted(world: &World, facility: &str, ward: &str, doctor: Option<&str>, at: DateTime<Utc>) -> (EncounterId, RecordId) {
    let patient = person(world, facility, "Nguyễn Văn An").await;
    let encounter = EncounterId::new();
    let mut tx = world.tx(facility).await;
    let opening = stay::Opening {
        encounter,
        patient,
        person: PersonId(patient.0),
        ward: RoomId(demo_id(facility, "room", ward)),
        practitioner: doctor.map(|login| base::PractitionerId(demo_id(facility, "staff", login))),
        reason: "Sốt, ho đàm",
        payer: "self",
        coverage: None,
        from: None,
        origin: "ward",
        at,
    };
    stay::open(&mut tx, &opening).await.expect("admitted");
    tx.commit().await.expect("kept");
    world.drain().await;
    let mut tx = world.tx(facility).await;
    let record: Uuid = sqlx::query_scalar("SELECT record_id FROM record_record WHERE encounter_id = $1")
        .bind(encounter.0)
        .fetch_one(tx.conn())
        .await
        .expect("the record arose");
    (encounter, RecordId(record))
}

async fn stay_of_an(world: &World) -> (EncounterId, RecordId) {
    admitted(world, "84001", "KNOI", Some("bacsi.noi"), world.clock.now()).await
}

/// Begins a form as the chooser does.
async fn begin(client: &mut Client, record: RecordId, form: &str) -> DocumentId {
    let id = DocumentId::new();
    let page = client.post(&format!("/app/records/{record}/documents"), &[("id", &id.to_string()), ("form", form)]).await;
    assert_eq!((page.status, page.location()), (303, format!("/app/documents/{id}").as_str()), "{}", page.text);
    id
}

const CONSULTATION: [(&str, &str); 5] = [
    ("kinh_gui", "Khoa Tim mạch"),
    ("yeu_cau_kham", "Đánh giá tim trước mổ"),
    ("ngay_gio_yeu_cau", "08:10 24/11/2026"),
    ("ket_qua_kham_va_huong_dan_dieu_tri", "Tim đều, không âm thổi"),
    ("ngay_gio_kham", "09:00 24/11/2026"),
];

async fn save(client: &mut Client, id: DocumentId, version: i64, fields: &[(&str, &str)]) -> Page {
    let version = version.to_string();
    let mut all = fields.to_vec();
    all.push(("version", &version));
    client.put(&format!("/app/documents/{id}"), &all).await
}

async fn finish(client: &mut Client, id: DocumentId, fields: &[(&str, &str)]) -> Page {
    let mut all = fields.to_vec();
    all.push(("version", "9999"));
    client.post(&format!("/app/documents/{id}/finished"), &all).await
}

async fn chain(world: &World, id: DocumentId) -> Vec<(i32, String, String, String)> {
    let mut tx = world.tx("84001").await;
    sqlx::query_as("SELECT version, sha256, previous_sha256, reason FROM record_version WHERE document_id = $1 ORDER BY version")
        .bind(id.0)
        .fetch_all(tx.conn())
        .await
        .expect("versions")
}

#[tokio::test]
async fn a_form_is_begun_filled_finished_and_amended() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;

    let list = doctor.get("/app/records").await;
    assert!(list.contains("Nguyễn Văn An") && list.contains("Bệnh án nội khoa"), "the ward's bệnh án heads the record");
    let offered = doctor.get(&format!("/app/records/{record}/forms?q=")).await;
    assert!(offered.contains("Hồ sơ này cần") && offered.contains("01/BV1"));
    let found = doctor.get(&format!("/app/records/{record}/forms?q=kham+chuyen+khoa")).await;
    assert!(found.contains("Phiếu khám chuyên khoa"), "found without marks");

    let id = begin(&mut doctor, record, "04/BV2").await;
    let again = doctor.post(&format!("/app/records/{record}/documents"), &[("id", &id.to_string()), ("form", "04/BV2")]).await;
    assert_eq!(again.location(), format!("/app/documents/{id}"), "the second click opens the same paper");
    let page = doctor.get(&format!("/app/documents/{id}")).await;
    assert_eq!(page.input("nb_ho_ten").as_deref(), Some("NGUYỄN VĂN AN"), "nobody types a name twice");
    assert!(page.contains("Khoa Nội tổng hợp"));

    let refused = finish(&mut doctor, id, &[("kinh_gui", "Khoa Tim mạch"), ("ngay_gio_kham", "mai")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Yêu cầu khám") && refused.contains("Không đọc được ngày giờ"), "every problem at once");
    assert_eq!(refused.input("kinh_gui").as_deref(), Some("Khoa Tim mạch"), "what was typed stays");

    let done = finish(&mut doctor, id, &CONSULTATION).await;
    assert_eq!((done.status, done.location()), (303, format!("/app/records/{record}?document={id}").as_str()), "{}", done.text);
    assert_eq!(finish(&mut doctor, id, &CONSULTATION).await.status, 303, "the second click lands on the same page");
    assert_eq!(chain(&world, id).await.len(), 1);
    let first = doctor.get(&format!("/app/documents/{id}/file?version=1")).await;
    assert!(first.contains("%PDF-plain record-form") && first.contains("Tim đều"));
    assert!(doctor.get(&format!("/app/records/{record}")).await.contains("Chờ ký"));

    let no_reason = doctor.post(&format!("/app/documents/{id}/amendment"), &[("reason", " ")]).await;
    assert_eq!(no_reason.status, 422);
    doctor.post(&format!("/app/documents/{id}/amendment"), &[("reason", "Ghi thiếu kết quả siêu âm")]).await;
    let draft = doctor.get(&format!("/app/documents/{id}")).await;
    assert_eq!(draft.input("ngay_gio_kham").as_deref(), Some("09:00 24/11/2026"), "the draft starts from what stands");
    finish(&mut doctor, id, &[("ket_qua_kham_va_huong_dan_dieu_tri", "Tim đều, EF 62 %")]).await;
    let chain = chain(&world, id).await;
    assert_eq!(chain[1].2, chain[0].1, "the second version names the first one's file");
    assert_eq!(chain[1].3, "Ghi thiếu kết quả siêu âm");
    assert_eq!(doctor.get(&format!("/app/documents/{id}/file?version=1")).await.text, first.text, "the first opens as it was");
    assert!(doctor.get(&format!("/app/documents/{id}/file")).await.contains("EF 62 %"));
    let overview = doctor.get(&format!("/app/records/{record}?document={id}&version=1")).await;
    assert!(overview.contains("Đang xem bản 1") && overview.contains("Sửa thành bản 2"));
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
}

#[tokio::test]
async fn two_people_in_one_form_lose_nothing() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let (mut doctor, mut nurse) = (world.sign_in_as("bacsi.noi.84001").await, world.sign_in_as("dieuduong.84001").await);
    let id = begin(&mut doctor, record, "04/BV2").await;
    let seen = doctor.get(&format!("/app/documents/{id}")).await.input("version").unwrap().parse::<i64>().unwrap();

    let saved = save(&mut doctor, id, seen, &[("yeu_cau_kham", "Đánh giá tim")]).await;
    assert_eq!((saved.status, saved.json()["version"].as_i64()), (200, Some(seen + 1)));
    assert_eq!(save(&mut doctor, id, seen, &[("yeu_cau_kham", "Đánh giá tim")]).await.json()["version"], seen + 1, "the same words change nothing");
    let other = save(&mut nurse, id, seen, &[("kinh_gui", "Khoa Tim mạch")]).await;
    assert_eq!(other.status, 200, "another field is no conflict");

    let both = save(&mut nurse, id, seen, &[("yeu_cau_kham", "Hỏi thuốc chống đông"), ("nb_buong", "305")]).await;
    assert_eq!(both.status, 409);
    let told = both.json();
    assert_eq!((&told["conflicts"][0]["yours"], &told["conflicts"][0]["theirs"]), (&json!("Hỏi thuốc chống đông"), &json!("Đánh giá tim")));
    assert!(told["conflicts"][0]["by"].as_str().unwrap().contains("Lê Thị Thu Vân"), "told who");
    assert_eq!(told["fields"]["nb_buong"], "305", "what nobody else touched is saved");
    let page = doctor.get(&format!("/app/documents/{id}")).await;
    assert!(page.contains("Đánh giá tim") && page.contains("305"));
    assert!(page.contains("Nguyễn Thị Cẩm Tú vừa ghi"), "the first is told that somebody else writes");
    let junk = save(&mut nurse, id, 9999, &[("no_such_field", "x"), ("nb_ho_ten.0.x", "x")]).await;
    assert_eq!(junk.status, 200, "what the form does not have is left aside");
    let long = "a".repeat(20_001);
    assert_eq!(save(&mut nurse, id, 9999, &[("yeu_cau_kham", &long)]).await.status, 422);
}

#[tokio::test]
async fn another_hospital_finds_nothing_at_these_addresses() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "04/BV2").await;
    let mut stranger = world.sign_in_as("bacsi.84101").await;
    for path in ["", "/file", "/preview.pdf", "/others"] {
        assert_eq!(stranger.get(&format!("/app/documents/{id}{path}")).await.status, 404, "{path}");
    }
    for act in ["finished", "copied", "reviewed", "amendment", "draft-discarded", "entered-in-error", "sensitivity"] {
        assert_eq!(stranger.post(&format!("/app/documents/{id}/{act}"), &[]).await.status, 404, "{act}");
    }
    assert_eq!(save(&mut stranger, id, 1, &[("kinh_gui", "x")]).await.status, 404);
    assert_eq!(stranger.get(&format!("/app/records/{record}")).await.status, 404);
    assert_eq!(stranger.get(&format!("/app/records/{record}/forms")).await.status, 404);
    assert_eq!(stranger.post(&format!("/app/records/{record}/documents"), &[("form", "04/BV2")]).await.status, 404);
    assert!(!stranger.get("/app/records?of=all").await.contains("Nguyễn Văn An"));
    let mut cashier = world.sign_in_as("thungan.84001").await;
    assert_eq!(cashier.get(&format!("/app/records/{record}")).await.status, 403, "no right, no look");
}

#[tokio::test]
async fn a_protected_paper_is_not_there_for_others() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = DocumentId::new();
    let fields = [("id", id.to_string()), ("form", "04/BV2".to_owned()), ("sensitivity", "hiv".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    doctor.post(&format!("/app/records/{record}/documents"), &fields).await;
    begin(&mut doctor, record, "43/BV2").await;
    let own = doctor.get(&format!("/app/records/{record}")).await;
    assert!(own.contains("Phiếu khám chuyên khoa") && own.contains("count-pill push\">2<"), "its doctor sees both");

    for login in ["dieuduong.84001", "bacsi.hstc.84001", "khth.84001", "giamdoc.84001"] {
        let mut other = world.sign_in_as(login).await;
        let page = other.get(&format!("/app/records/{record}")).await;
        assert!(!page.contains("Phiếu khám chuyên khoa") && page.contains("count-pill push\">1<"), "{login} sees one, and no trace of the other");
        assert_eq!(other.get(&format!("/app/documents/{id}/file")).await.status, 404, "{login}");
        assert_eq!(other.get(&format!("/app/records/{record}?document={id}")).await.status, 404, "{login}");
    }
    // A nurse who works in this ward belongs to those who care for him.
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    nurse.post("/app/room", &[("room", &demo_id("84001", "room", "KNOI").to_string())]).await;
    assert!(nurse.get(&format!("/app/records/{record}")).await.contains("Phiếu khám chuyên khoa"));

    let taken_off = nurse.post(&format!("/app/documents/{id}/sensitivity"), &[("sensitivity", "ordinary")]).await;
    assert_eq!(taken_off.status, 403, "only author and doctor take a protection off");
    assert_eq!(doctor.post(&format!("/app/documents/{id}/sensitivity"), &[("sensitivity", "ordinary")]).await.status, 303);
    let mut planner = world.sign_in_as("khth.84001").await;
    assert!(planner.get(&format!("/app/records/{record}")).await.contains("Phiếu khám chuyên khoa"));

    let mut tx = world.tx("84001").await;
    let all = world.app.records().list(&mut tx, RecordsOf::Encounter(encounter)).await.unwrap();
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_locked_record_refuses_with_its_reason() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "04/BV2").await;
    finish(&mut doctor, id, &CONSULTATION).await;
    let mut tx = world.tx("84001").await;
    for step in ["completing", "submitted"] {
        sqlx::query("UPDATE record_record SET status = $2 WHERE record_id = $1").bind(record.0).bind(step).execute(tx.conn()).await.unwrap();
    }
    tx.commit().await.unwrap();

    let page = doctor.get(&format!("/app/records/{record}")).await;
    assert!(page.contains("đang chờ phòng Kế hoạch tổng hợp duyệt") && !page.contains("id=\"begin\""));
    let new = doctor.post(&format!("/app/records/{record}/documents"), &[("form", "43/BV2")]).await;
    assert_eq!(new.status, 422, "{}", new.text);
    for act in ["amendment", "entered-in-error"] {
        let page = doctor.post(&format!("/app/documents/{id}/{act}"), &[("reason", "Ghi nhầm người bệnh")]).await;
        assert!(page.status == 422 && page.contains("đề nghị phòng trả lại"), "{act}: {}", page.text);
    }
    let mut tx = world.tx("84001").await;
    let late = letter(DocumentId::new(), encounter, "text/plain", "Kết quả gửi muộn");
    assert!(matches!(world.app.records().file(&mut tx, &late).await, Err(Failure::Refused(_))));
    let write = FormStart { document: DocumentId::new(), encounter, form: "04/BV2", data: json!({}) };
    assert!(matches!(world.app.records().write_form(&mut tx, &write).await, Err(Failure::Refused(_))));
}

fn letter(document: DocumentId, encounter: EncounterId, media_type: &'static str, content: &str) -> Incoming<'static> {
    Incoming {
        document,
        encounter,
        form: None,
        title: "Thư chuyển viện",
        media_type,
        content: content.as_bytes().to_vec(),
        source: "HIS-84001 / MDM 17",
        author: "BS. Trần Văn Bảy",
        made_at: "2026-11-23T02:00:00Z".parse().unwrap(),
        sensitivity: Sensitivity::Ordinary,
    }
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_filed_once_byte_for_byte() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let id = DocumentId::new();
    for _ in 0..2 {
        let mut tx = world.tx("84001").await;
        world.app.records().file(&mut tx, &letter(id, encounter, "text/plain", "Kính gửi khoa Nội")).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = world.tx("84001").await;
    let kept = world.app.records().content(&mut tx, id).await.unwrap().expect("filed");
    assert_eq!((kept.content.as_slice(), kept.line.version, kept.line.status.as_str()), ("Kính gửi khoa Nội".as_bytes(), 1, "done"));
    let liar = letter(DocumentId::new(), encounter, "application/pdf", "<script>");
    assert!(matches!(world.app.records().file(&mut tx, &liar).await, Err(Failure::Refused(_))));
    let nowhere = letter(DocumentId::new(), EncounterId::new(), "text/plain", "x");
    assert!(matches!(world.app.records().file(&mut tx, &nowhere).await, Err(Failure::NotFound)));
    drop(tx);

    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let page = doctor.get(&format!("/app/records/{record}")).await;
    assert!(page.contains("Thư chuyển viện") && page.contains("HIS-84001 / MDM 17"));
    let amend = doctor.post(&format!("/app/documents/{id}/amendment"), &[("reason", "Sửa thư của người khác")]).await;
    assert_eq!(amend.status, 422, "what others wrote is not rewritten here");
}

#[tokio::test]
async fn a_ward_writes_a_form_and_adds_to_it() {
    let world = hospital().await;
    let (encounter, _) = stay_of_an(&world).await;
    let id = DocumentId::new();
    for (field, value) in [("yeu_cau_kham", "Khám tim"), ("kinh_gui", "Khoa Tim mạch"), ("kinh_gui", "Khoa Tim mạch")] {
        let mut tx = world.tx("84001").await;
        let start = FormStart { document: id, encounter, form: "04/BV2", data: json!({ field: value }) };
        world.app.records().write_form(&mut tx, &start).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = world.tx("84001").await;
    let unknown = FormStart { document: DocumentId::new(), encounter, form: "99/BV9", data: json!({}) };
    assert!(matches!(world.app.records().write_form(&mut tx, &unknown).await, Err(Failure::Refused(_))));
    assert!(world.app.records().content(&mut tx, id).await.unwrap().is_none(), "a draft is nothing to send");
    let gaps = world.app.records().gaps(&mut tx, encounter).await.unwrap();
    assert!(gaps.iter().any(|gap| gap.contains("Phiếu khám chuyên khoa")), "{gaps:?}");
    drop(tx);
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let page = doctor.get(&format!("/app/documents/{id}")).await;
    assert!(page.contains("Khám tim"));
    assert_eq!(page.input("kinh_gui").as_deref(), Some("Khoa Tim mạch"));
}

#[tokio::test]
async fn a_report_is_filed_once_and_its_correction_is_a_version() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let (first, corrected) = (ReportId::new(), ReportId::new());
    let released = |report, corrects| Event::ReportReleased {
        encounter,
        patient: PatientId::new(),
        report,
        orders: Vec::new(),
        abnormal: false,
        critical: false,
        corrects,
        at: "2026-11-24T02:00:00Z".parse().unwrap(),
    };
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    for event in [released(first, None), released(first, None)] {
        let mut tx = world.tx("84001").await;
        tx.emit(event);
        tx.commit().await.unwrap();
        world.drain().await;
    }
    let page = doctor.get(&format!("/app/records/{record}")).await;
    assert!(page.contains("Phiếu kết quả") && page.contains("count-pill push\">1<"), "once");
    let mut tx = world.tx("84001").await;
    let id: Uuid = sqlx::query_scalar("SELECT document_id FROM record_document WHERE origin = 'report'").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let file = doctor.get(&format!("/app/documents/{id}/file")).await;
    assert!(file.contains(&first.to_string()), "drawn when it is opened");
    for _ in 0..2 {
        let mut tx = world.tx("84001").await;
        tx.emit(released(corrected, Some(first)));
        tx.commit().await.unwrap();
        world.drain().await;
    }
    assert!(doctor.get(&format!("/app/documents/{id}/file")).await.contains(&corrected.to_string()));
    assert!(doctor.get(&format!("/app/documents/{id}/file?version=1")).await.contains(&first.to_string()), "the old one stays");
    let chain = chain(&world, DocumentId(id)).await;
    assert_eq!(chain.len(), 2);
    assert!(chain[1].2 == chain[0].1 && !chain[1].3.is_empty());
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stay_moves_ends_and_its_record_follows() {
    let world = hospital().await;
    // 00:30 of the 25th in Vietnam, still the 24th in Greenwich.
    world.clock.advance("2026-11-24T17:30:00Z".parse::<DateTime<Utc>>().unwrap() - world.clock.now());
    let (encounter, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "01/BV1").await;
    let page = doctor.get(&format!("/app/documents/{id}")).await;
    assert_eq!(page.input("vao_vien_luc").as_deref(), Some("00:30 25/11/2026"), "the day of the house, not of Greenwich");
    assert!(page.contains("I. HÀNH CHÍNH"));

    let mut tx = world.tx("84001").await;
    let mut stay = stay::lock(&mut tx, encounter).await.unwrap();
    let at = world.clock.now() + TimeDelta::hours(4);
    stay::move_ward(&mut tx, &mut stay, RoomId(demo_id("84001", "room", "HSTC")), at).await.unwrap();
    stay::close(&mut tx, &mut stay, "improved", "discharged", at + TimeDelta::days(2)).await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    let mut tx = world.tx("84001").await;
    let (status, outcome, room, ended): (String, String, Uuid, Option<DateTime<Utc>>) =
        sqlx::query_as("SELECT status, outcome, room_id, ended_at FROM record_record WHERE record_id = $1")
            .bind(record.0)
            .fetch_one(tx.conn())
            .await
            .unwrap();
    assert_eq!((status.as_str(), outcome.as_str(), room), ("completing", "improved", demo_id("84001", "room", "HSTC")));
    assert_eq!(ended, Some(at + TimeDelta::days(2)));
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_old_paper_opens_with_its_old_form() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let old = begin(&mut doctor, record, "04/BV2").await;
    let change = FieldChange { hint: Some("ghi rõ buồng và giường".into()), ..FieldChange::default() };
    let changes = Patch { fields: [("kinh_gui".to_owned(), change)].into(), ..Patch::default() };
    let mut tx = world.tx("84001").await;
    let what = Publication {
        form: "04/BV2",
        scope: &Scope::House,
        changes: &changes,
        note: "Thêm lời nhắc",
        valid_from: world.clock.today(),
        restores: None,
        inherits: false,
        by: "Quản trị",
    };
    publish(&mut tx, &what, world.clock.today()).await.unwrap().expect("published");
    tx.commit().await.unwrap();
    let new = begin(&mut doctor, record, "04/BV2").await;
    assert!(doctor.get(&format!("/app/documents/{new}")).await.contains("ghi rõ buồng và giường"));
    assert!(!doctor.get(&format!("/app/documents/{old}")).await.contains("ghi rõ buồng và giường"));
}

#[tokio::test]
async fn last_times_words_are_taken_over_only_when_somebody_read_them() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let before = begin(&mut doctor, record, "04/BV2").await;
    finish(&mut doctor, before, &CONSULTATION).await;
    let now = begin(&mut doctor, record, "04/BV2").await;
    let page = doctor.get(&format!("/app/documents/{now}")).await;
    assert!(page.contains("lần 24/11/2026") && page.contains("Khoa Tim mạch"), "beside the field");
    assert_eq!(page.input("kinh_gui").as_deref(), Some(""), "never in it by itself");
    assert_eq!(doctor.post(&format!("/app/documents/{now}/copied"), &[]).await.status, 303);
    let refused = finish(&mut doctor, now, &[]).await;
    assert!(refused.status == 422 && refused.contains("chưa ai xem lại"), "{}", refused.status);
    for (field, _) in CONSULTATION {
        doctor.post(&format!("/app/documents/{now}/reviewed"), &[("field", field)]).await;
    }
    assert_eq!(finish(&mut doctor, now, &[]).await.status, 303);
    let mut tx = world.tx("84001").await;
    let lines = world.app.records().list(&mut tx, RecordsOf::Encounter(encounter)).await.unwrap();
    assert!(lines.iter().all(|line| line.version == 1 && line.sha256.len() == 64));
}

#[tokio::test]
async fn a_changed_file_turns_red_and_raises_the_alarm() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "04/BV2").await;
    finish(&mut doctor, id, &CONSULTATION).await;
    let sha256 = chain(&world, id).await[0].1.clone();
    let path = world.database.files_folder().join(testkit::facility("84001").0.to_string()).join(&sha256[..2]).join(&sha256);
    let mut content = std::fs::read(&path).unwrap();
    content[20] ^= 1;
    std::fs::write(&path, content).unwrap();
    for _ in 0..2 {
        assert_eq!(doctor.get(&format!("/app/documents/{id}/file")).await.status, 422, "what was changed is not shown");
    }
    assert!(doctor.get(&format!("/app/records/{record}")).await.contains("Tệp không còn nguyên vẹn"));
    world.drain().await;
    let mut tx = world.tx("84001").await;
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM record_alert").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(told, 1, "one alarm, however often it is looked at");
}

/// Whatever is done to a paper in whatever order, its versions are a chain without a gap and every one still opens.
#[tokio::test]
async fn the_chain_holds_under_any_order_of_acts() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "04/BV2").await;
    let mut files: Vec<String> = Vec::new();
    // A fixed, unruly order: the next act from a linear congruence.
    let mut state = 2_026_u32;
    for step in 0..40 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let text = format!("Lần ghi {step}");
        match state >> 29 {
            0 | 1 => drop(doctor.post(&format!("/app/documents/{id}/amendment"), &[("reason", "Bổ sung kết quả")]).await),
            2 => drop(doctor.post(&format!("/app/documents/{id}/draft-discarded"), &[]).await),
            3 | 4 => drop(save(&mut doctor, id, 9999, &[("yeu_cau_kham", &text)]).await),
            _ => {
                let mut fields = CONSULTATION.to_vec();
                fields[1].1 = &text;
                finish(&mut doctor, id, &fields).await;
            }
        }
        let chain = chain(&world, id).await;
        assert!(chain.len() == files.len() || chain.len() == files.len() + 1, "at most one version an act");
        for (at, (version, _, previous, reason)) in chain.iter().enumerate() {
            assert_eq!(*version, at as i32 + 1);
            assert_eq!(*previous, if at == 0 { String::new() } else { chain[at - 1].1.clone() });
            assert_eq!(reason.is_empty(), at == 0);
        }
        if chain.len() > files.len() {
            files.push(doctor.get(&format!("/app/documents/{id}/file?version={}", chain.len())).await.text);
        }
    }
    assert!(files.len() > 3, "the order of acts made {} versions", files.len());
    for (at, text) in files.iter().enumerate() {
        assert_eq!(&doctor.get(&format!("/app/documents/{id}/file?version={}", at + 1)).await.text, text);
    }
}

#[tokio::test]
async fn a_whole_record_goes_along_in_its_eleven_groups() {
    let world = hospital().await;
    let (_, record) = stay_of_an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    let id = begin(&mut doctor, record, "04/BV2").await;
    finish(&mut doctor, id, &CONSULTATION).await;
    let protected = DocumentId::new().to_string();
    doctor
        .post(&format!("/app/records/{record}/documents"), &[("id", &protected), ("form", "04/BV2"), ("sensitivity", "mental")])
        .await;
    let mut secret = CONSULTATION.to_vec();
    secret[3].1 = "Trầm cảm nặng";
    assert_eq!(finish(&mut doctor, DocumentId(protected.parse().unwrap()), &secret).await.status, 303);

    assert_eq!(doctor.get(&format!("/app/records/{record}/export.json")).await.status, 403, "taking a record along has its own right");
    let mut planner = world.sign_in_as("khth.84001").await;
    let mut head = world.sign_in_as("truongkhoa.84001").await;
    let whole = planner.get(&format!("/app/records/{record}/export.json")).await.json();
    let groups = &whole["HoSoBenhAn"];
    assert_eq!(groups["ThongTinBenhNhan"][0]["HoTen"], "Nguyễn Văn An");
    assert_eq!(groups["ThongTinDieuTri"][0]["SoMau"], "04/BV2");
    for group in ["YLenhThuocVatTu", "PhieuChiDinh", "KetQuaXetNghiem", "PhieuPhauThuat"] {
        assert!(groups[group].is_array(), "{group}");
    }
    let xml = head.get(&format!("/app/records/{record}/export.xml")).await;
    assert!(xml.contains("<HoTen>Nguyễn Văn An</HoTen>") && xml.contains("Tim đều, không âm thổi"));
    assert!(!xml.contains("Trầm cảm"), "what is protected stays");
}

#[tokio::test]
async fn what_comes_after_the_archive_waits_for_the_reopening() {
    let world = hospital().await;
    let (encounter, record) = stay_of_an(&world).await;
    let mut tx = world.tx("84001").await;
    for step in ["completing", "submitted", "archived"] {
        sqlx::query("UPDATE record_record SET status = $2, ended_at = coalesce(ended_at, $3), archive_no = CASE $2 WHEN 'archived' THEN '26.000001' ELSE '' END WHERE record_id = $1")
            .bind(record.0)
            .bind(step)
            .bind(world.clock.now())
            .execute(tx.conn())
            .await
            .unwrap();
    }
    let report = ReportId::new();
    tx.emit(Event::ReportReleased {
        encounter,
        patient: PatientId::new(),
        report,
        orders: Vec::new(),
        abnormal: false,
        critical: false,
        corrects: None,
        at: world.clock.now(),
    });
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(world.failed_jobs("84001").await, Vec::<String>::new(), "late is no fault");
    let mut doctor = world.sign_in_as("bacsi.noi.84001").await;
    assert!(!doctor.get(&format!("/app/records/{record}")).await.contains("Phiếu kết quả"));

    let mut tx = world.tx("84001").await;
    sqlx::query("UPDATE record_record SET status = 'reopened' WHERE record_id = $1").bind(record.0).execute(tx.conn()).await.unwrap();
    tx.emit(Event::RecordReopened { record, at: world.clock.now() });
    tx.commit().await.unwrap();
    world.drain().await;
    assert!(doctor.get(&format!("/app/records/{record}")).await.contains("Phiếu kết quả"));
}
