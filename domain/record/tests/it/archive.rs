//! The archive: locked in the database itself, numbers without a gap, lending, copies, opening again, destroying.

use crate::ward::{HOSPITAL, Stay, admit, complete, count, discharge, hospital};
use record::archive::sealing::{self, Engine};
use testkit::World;
use uuid::Uuid;

async fn handed_in(world: &World, name: &str) -> Stay {
    let stay = admit(world, name).await;
    discharge(world, &stay, "improved").await;
    complete(world, &stay).await;
    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    let page = van.post(&format!("/app/completion/{}/submission", stay.record), &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    stay
}

async fn archived(world: &World, name: &str) -> Stay {
    let stay = handed_in(world, name).await;
    let mut planner = world.sign_in_as("khth.84001").await;
    let page = planner.post(&format!("/app/completion/{}/acceptance", stay.record), &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    stay
}

async fn field(world: &World, stay: &Stay, sql: &'static str) -> String {
    let mut tx = world.tx(HOSPITAL).await;
    sqlx::query_scalar(sql).bind(stay.record).fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_what_is_archived_or_signed() {
    let world = hospital().await;
    let an = archived(&world, "Nguyễn Văn An").await;
    let document: Uuid = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT document_id FROM record_document WHERE record_id = $1 LIMIT 1").bind(an.record).fetch_one(tx.conn()).await.unwrap()
    };
    let (facility, account) = (testkit::facility(HOSPITAL).0, Uuid::nil());
    let attempts = [
        format!("UPDATE record_document SET title = 'khác' WHERE document_id = '{document}'"),
        format!("UPDATE record_document SET status = 'draft' WHERE document_id = '{document}'"),
        format!("DELETE FROM record_document WHERE document_id = '{document}'"),
        format!("INSERT INTO record_draft (facility_id, document_id, changed_by, changed_by_name, changed_at) VALUES ({facility}, '{document}', '{account}', 'x', now())"),
        format!("UPDATE record_version SET sha256 = repeat('0', 64) WHERE document_id = '{document}'"),
        format!("UPDATE record_version SET data = '{{}}' WHERE document_id = '{document}'"),
        format!("DELETE FROM record_version WHERE document_id = '{document}'"),
        format!("INSERT INTO record_version SELECT facility_id, document_id, 2, form_version, data, sha256, media_type, size_bytes, previous_sha256, 'vì thế', made_by, made_by_name, practitioner_id, made_at FROM record_version WHERE document_id = '{document}'"),
        format!("UPDATE record_signature SET holder = 'khác' WHERE document_id = '{document}'"),
        format!("DELETE FROM record_signature WHERE document_id = '{document}'"),
        format!("INSERT INTO record_signature (facility_id, document_id, version, place, role, method, holder, sha256, signed_by, signed_at) VALUES ({facility}, '{document}', 1, 99, 'giam_doc_2', 'certificate', 'x', repeat('0', 64), '{account}', now())"),
        format!("UPDATE record_record SET status = 'completing' WHERE record_id = '{}'", an.record),
        format!("UPDATE record_record SET archive_no = '26.999999' WHERE record_id = '{}'", an.record),
        format!("UPDATE record_record SET outcome = 'recovered' WHERE record_id = '{}'", an.record),
        format!("DELETE FROM record_record WHERE record_id = '{}'", an.record),
        "TRUNCATE record_signature".to_owned(),
        "TRUNCATE record_version CASCADE".to_owned(),
    ];
    for attempt in attempts {
        let mut tx = world.tx(HOSPITAL).await;
        let by_application = sqlx::raw_sql(sqlx::AssertSqlSafe(attempt.clone())).execute(tx.conn()).await;
        assert!(by_application.is_err(), "the application: {attempt}");
        drop(tx);
        // The owner of the tables, with the tenant set, is bound by the triggers all the same.
        let mut owner = world.database.owner().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN; SET LOCAL yba.facility = '{facility}'"))).execute(&mut owner).await.unwrap();
        let by_owner = sqlx::raw_sql(sqlx::AssertSqlSafe(attempt.clone())).execute(&mut owner).await;
        assert!(by_owner.is_err(), "the owner: {attempt}");
    }
    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    let page = van.get(&format!("/app/completion/{}", an.record)).await;
    assert!(page.contains("Đã lưu trữ"), "{}", page.text);
}

#[tokio::test]
async fn numbers_are_given_without_a_gap_even_at_the_same_moment() {
    let world = hospital().await;
    let stays = [handed_in(&world, "Nguyễn Văn An").await, handed_in(&world, "Kim Sa Oanh").await, handed_in(&world, "Lê Văn Mười").await];
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(world.sign_in_as("khth.84001").await);
    }
    let [mut a, mut b, mut c] = <[_; 3]>::try_from(clients).ok().unwrap();
    let paths: Vec<String> = stays.iter().map(|s| format!("/app/completion/{}/acceptance", s.record)).collect();
    let (x, y, z) = tokio::join!(a.post(&paths[0], &[]), b.post(&paths[1], &[]), c.post(&paths[2], &[]));
    assert_eq!((x.status, y.status, z.status), (303, 303, 303));
    let mut tx = world.tx(HOSPITAL).await;
    let mut numbers: Vec<String> = sqlx::query_scalar("SELECT archive_no FROM record_record WHERE archive_no <> ''").fetch_all(tx.conn()).await.unwrap();
    numbers.sort();
    assert_eq!(numbers, ["26.000001", "26.000002", "26.000003"]);
    drop(tx);
    // Midnight of New Year in Vietnam: the next number is the first of its year.
    world.clock.advance(chrono::TimeDelta::days(40));
    let next = archived(&world, "Trần Thị Lành").await;
    assert_eq!(field(&world, &next, "SELECT archive_no FROM record_record WHERE record_id = $1").await, "27.000001");
}

#[tokio::test]
async fn two_people_open_a_record_again_and_it_keeps_its_number() {
    let world = hospital().await;
    let an = archived(&world, "Nguyễn Văn An").await;
    let path = format!("/app/archive/{}", an.record);
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let mut planner = world.sign_in_as("khth.84001").await;
    let mut director = world.sign_in_as("giamdoc.84001").await;
    assert_eq!(archivist.post(&format!("{path}/reopenings"), &[("id", &Uuid::now_v7().to_string()), ("reason", "ngắn")]).await.status, 422);
    let wish = Uuid::now_v7().to_string();
    let form = [("id", wish.as_str()), ("reason", "Bổ sung kết quả giải phẫu bệnh về sau")];
    assert_eq!(archivist.post(&format!("{path}/reopenings"), &form).await.status, 303);
    assert_eq!(archivist.post(&format!("{path}/reopenings"), &form).await.status, 303, "the second click");
    let decision = format!("{path}/reopenings/{wish}/decision");
    assert_eq!(archivist.post(&decision, &[("decision", "approve")]).await.status, 403, "asks and does not approve");
    assert!(director.get("/app/archive").await.contains("Bổ sung kết quả giải phẫu bệnh"));
    assert_eq!(planner.post(&decision, &[("decision", "approve")]).await.status, 303);
    assert_eq!(planner.post(&decision, &[("decision", "approve")]).await.status, 422, "not twice");
    assert_eq!(field(&world, &an, "SELECT status FROM record_record WHERE record_id = $1").await, "archived");
    assert_eq!(director.post(&decision, &[("decision", "approve")]).await.status, 303);
    assert_eq!(field(&world, &an, "SELECT status FROM record_record WHERE record_id = $1").await, "reopened");
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'RecordReopened'").await, 1);

    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    assert!(van.get("/app/completion").await.contains("Nguyễn Văn An"));
    assert_eq!(van.post(&format!("/app/completion/{}/submission", an.record), &[]).await.status, 303);
    assert_eq!(planner.post(&format!("/app/completion/{}/acceptance", an.record), &[]).await.status, 303);
    assert_eq!(field(&world, &an, "SELECT archive_no FROM record_record WHERE record_id = $1").await, "26.000001");
    assert_eq!(count(&world, "SELECT last FROM record_archive_counter").await, 1, "no number was used up");
    let mut elsewhere = world.sign_in_as("quantri.84101").await;
    assert!(matches!(elsewhere.get(&path).await.status, 403 | 404));
}

#[tokio::test]
async fn lent_to_one_person_at_a_time_and_copied_into_the_book() {
    let world = hospital().await;
    let an = archived(&world, "Nguyễn Văn An").await;
    let path = format!("/app/archive/{}", an.record);
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let loan = Uuid::now_v7().to_string();
    let form = [("id", loan.as_str()), ("borrower", "BS. Nguyễn Thanh Tùng"), ("purpose", "Nghiên cứu"), ("due", "30/11/2026")];
    assert_eq!(archivist.post(&format!("{path}/loans"), &[("id", loan.as_str()), ("due", "30/11/2025")]).await.status, 422);
    assert_eq!(archivist.post(&format!("{path}/loans"), &form).await.status, 303);
    assert_eq!(archivist.post(&format!("{path}/loans"), &form).await.status, 303, "the second click");
    let other = [("id", &*Uuid::now_v7().to_string()), ("borrower", "Ai khác"), ("purpose", "Xem"), ("due", "30/11/2026")].map(|(a, b)| (a, b.to_owned()));
    let other: Vec<(&str, &str)> = other.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let page = archivist.post(&format!("{path}/loans"), &other).await;
    assert!(page.status == 422 && page.contains("đang có người mượn"), "{}", page.text);
    world.clock.advance(chrono::TimeDelta::days(8));
    let mut archivist = world.sign_in_as("luutru.84001").await;
    assert!(archivist.get("/app/archive/loans").await.contains("Quá hẹn"));
    assert_eq!(archivist.post(&format!("{path}/loans/{loan}/return"), &[]).await.status, 303);
    assert!(archivist.get("/app/archive/loans").await.contains("Không có hồ sơ nào đang cho mượn"));
    let mut planner = world.sign_in_as("khth.84001").await;
    assert_eq!(planner.post(&format!("{path}/loans"), &form).await.status, 403);

    let copy = Uuid::now_v7().to_string();
    let page = archivist.get(&path).await;
    let document = page.input("doc").unwrap();
    let form = [("id", copy.as_str()), ("asked_by", "Nguyễn Văn An"), ("capacity", "người bệnh"), ("purpose", "Bảo hiểm nhân thọ"), ("doc", document.as_str())];
    assert_eq!(archivist.post(&format!("{path}/copies"), &form[..3]).await.status, 422);
    assert_eq!(archivist.post(&format!("{path}/copies"), &form).await.status, 303);
    let zip = archivist.get(&format!("{path}/copies/{copy}/zip")).await;
    assert!(zip.status == 200 && zip.bytes.starts_with(b"PK"), "{}", zip.status);
    assert_eq!(count(&world, "SELECT count(*) FROM db_audit WHERE action = 'export'").await, 1);
}

#[tokio::test]
async fn a_sealed_file_outlives_its_certificates() {
    let world = hospital().await;
    let an = archived(&world, "Nguyễn Văn An").await;
    let engine = Engine { signing: world.app.wiring.signing.clone(), files: world.app.files().clone() };
    for _ in 0..2 {
        let mut tx = world.tx(HOSPITAL).await;
        sealing::seal(&mut tx, &engine, an.record).await.unwrap();
        tx.commit().await.unwrap();
    }
    let sealed = count(&world, "SELECT count(*) FROM record_signature WHERE role = 'luu_tru'").await;
    let signed = count(&world, "SELECT count(DISTINCT document_id) FROM record_signature WHERE role <> 'luu_tru'").await;
    assert_eq!(sealed, signed, "each signed paper once");
    let mut planner = world.sign_in_as("khth.84001").await;
    assert!(planner.get(&format!("/app/archive/{}", an.record)).await.contains("Dấu thời gian lưu trữ"));
}

#[tokio::test]
async fn past_its_time_destroyed_by_two_with_minutes() {
    let world = hospital().await;
    let an = archived(&world, "Nguyễn Văn An").await;
    let held = archived(&world, "Kim Sa Oanh").await;
    let mut archivist = world.sign_in_as("luutru.84001").await;
    assert!(archivist.get("/app/archive/destructions").await.contains("Chưa có hồ sơ hết thời hạn"));
    let id = Uuid::now_v7().to_string();
    let record = an.record.to_string();
    let form = [("id", id.as_str()), ("decision", "45/QĐ-BV"), ("council", "Giám đốc, KHTH, Lưu trữ"), ("record", record.as_str())];
    assert_eq!(archivist.post("/app/archive/destructions", &form).await.status, 422, "ten years are not over");
    assert_eq!(archivist.post(&format!("/app/archive/{}/hold", held.record), &[("reason", "Đang có kiện tụng")]).await.status, 303);
    world.clock.advance(chrono::TimeDelta::days(365 * 10 + 50));
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let page = archivist.get("/app/archive/destructions").await;
    assert!(page.contains("Nguyễn Văn An") && !page.contains("Kim Sa Oanh"), "what is held back is not on the list");
    assert_eq!(archivist.post("/app/archive/destructions", &form).await.status, 303);
    assert_eq!(archivist.post("/app/archive/destructions", &form).await.status, 303, "the second click");
    let path = format!("/app/archive/destructions/{id}");
    let mut planner = world.sign_in_as("khth.84001").await;
    let mut director = world.sign_in_as("giamdoc.84001").await;
    assert_eq!(archivist.post(&format!("{path}/decision"), &[("decision", "approve")]).await.status, 403);
    assert_eq!(planner.post(&format!("{path}/decision"), &[("decision", "approve")]).await.status, 303);
    let sha: String = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT v.sha256 FROM record_version v JOIN record_document d USING (facility_id, document_id) WHERE d.record_id = $1 LIMIT 1")
            .bind(an.record)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    };
    let facility = testkit::facility(HOSPITAL);
    assert!(world.app.files().fetch(facility, &sha).await.is_ok(), "one agreement destroys nothing");
    let page = director.post(&format!("{path}/decision"), &[("decision", "approve")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert!(world.app.files().fetch(facility, &sha).await.is_err(), "the file is gone");
    assert_eq!(field(&world, &an, "SELECT status FROM record_record WHERE record_id = $1").await, "destroyed");
    let mut tx = world.tx(HOSPITAL).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM record_version v JOIN record_document d USING (facility_id, document_id) WHERE d.record_id = $1 AND v.data <> '{}'")
        .bind(an.record)
        .fetch_one(tx.conn())
        .await
        .unwrap();
    drop(tx);
    assert_eq!(left, 0, "nor is anything left of what was typed");
    let minutes = director.get(&format!("{path}/pdf")).await;
    assert!(minutes.contains("26.000001") && minutes.contains("45/QĐ-BV"), "the minutes stay");
    assert!(archivist.get(&format!("/app/archive/{}", an.record)).await.contains("Đã hủy"));
}
