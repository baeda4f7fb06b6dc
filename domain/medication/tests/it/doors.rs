//! Who may come in, and what programs may do.

use crate::world::*;
use serde_json::json;

#[tokio::test]
async fn the_other_clinic_sees_nothing() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "amox 500 s1 c1 7n").await;
    issue(&mut doctor, visit, &[]).await;
    let id = read(&mut doctor, visit).await[0]["id"].as_str().unwrap().to_owned();

    let mut other = world.sign_in_as("bacsi.84102").await;
    for path in [
        format!("/app/encounters/{visit}/prescription"),
        format!("/app/encounters/{visit}/prescription/reading?sentence=amox+s1+5n"),
        format!("/app/encounters/{visit}/prescriptions/{id}/paper"),
        format!("/app/prescriptions/{id}"),
        format!("/api/v1/encounters/{visit}/prescriptions"),
    ] {
        let status = other.get(&path).await.status;
        assert!(status == 404 || (path.starts_with("/app/prescriptions/") && status == 403), "{path}: {status}");
    }
    assert_eq!(say(&mut other, visit, "amox 500 s1 c1 7n").await.status, 404);
    let cancel = format!("/app/encounters/{visit}/prescriptions/{id}/cancelled");
    assert_eq!(other.post(&cancel, &[("reason", "không phải của tôi")]).await.status, 404);
}

#[tokio::test]
async fn the_pharmacist_reads_and_does_not_write() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "amox 500 s1 c1 7n").await;
    issue(&mut doctor, visit, &[]).await;
    let issued = read(&mut doctor, visit).await[0].clone();
    let mut pharmacist = world.sign_in_as("duocsi.84101").await;
    let list = pharmacist.get("/app/prescriptions").await;
    assert!(list.contains(issued["code"].as_str().unwrap()) && list.contains("Nguyễn Văn An"));
    assert!(pharmacist.get("/app/prescriptions?q=zzz").await.contains("Chưa có đơn nào"));
    let one = pharmacist.get(&format!("/app/prescriptions/{}", issued["id"].as_str().unwrap())).await;
    assert!(one.contains("Sáng 1 viên, chiều 1 viên, 7 ngày"));
    assert_eq!(say(&mut pharmacist, visit, "amox 500 s1 c1 7n").await.status, 403);
    assert_eq!(world.sign_in_as("tiepnhan.84101").await.get("/app/prescriptions").await.status, 403);
}

#[tokio::test]
async fn programs_write_and_read() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut his = world.machine().await;
    let path = format!("/api/v1/encounters/{visit}/prescriptions");
    let bad = his.post_json(&path, &json!({ "lines": [{ "sentence": "amox 500 s1 c1" }, { "sentence": "khongco 1v x3 5n" }] })).await;
    assert_eq!(bad.status, 422);
    assert!(bad.text.contains("lines[0].sentence") && bad.text.contains("lines[1].sentence"), "{}", bad.text);
    assert_eq!(read(&mut his, visit).await.len(), 0, "nothing is half written");

    let stranger = json!({ "lines": [{ "sentence": "amox 500 s1 c1 5n", "drug_id": uuid::Uuid::nil() }] });
    assert!(his.post_json(&path, &stranger).await.text.contains("lines[0].drug_id"));

    let body = json!({ "lines": [{ "sentence": "amox 500 s1 c1 5n" }], "advice": "Uống đủ ngày", "issue": true });
    his.set_header("idempotency-key", "rx-1");
    let first = his.post_json(&path, &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json()["status"], "issued");
    let again = his.post_json(&path, &body).await;
    assert_eq!((again.status, again.json()["id"].clone()), (201, first.json()["id"].clone()));
    assert_eq!(events(&world, "84101", "PrescriptionIssued").await.len(), 1);
}

#[tokio::test]
async fn a_cancelled_visit_takes_its_prescription_with_it() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "amox 500 s1 c1 7n").await;
    issue(&mut doctor, visit, &[]).await;
    let mut tx = world.tx("84101").await;
    tx.emit(base::Event::EncounterCancelled { encounter: visit });
    tx.commit().await.expect("told");
    world.drain().await;
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
    assert_eq!(read(&mut doctor, visit).await[0]["status"], "cancelled");
    assert_eq!(events(&world, "84101", "PrescriptionCancelled").await.len(), 1);
}

#[tokio::test]
async fn nothing_touches_the_lines_of_an_issued_prescription() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    say(&mut doctor, visit, "amox 500 s1 c1 7n").await;
    issue(&mut doctor, visit, &[]).await;
    for statement in ["UPDATE medication_line SET quantity_milli = 1000", "DELETE FROM medication_line"] {
        let mut tx = world.tx("84101").await;
        assert!(sqlx::query(statement).execute(tx.conn()).await.is_err(), "{statement}");
    }
}
