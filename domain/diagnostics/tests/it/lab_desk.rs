//! Controls, the catalogue, programs, machines, waiting times and codes that are scanned.

use crate::lab_world::{born, cell, ids, lab_day, ordered, release, rows, technical, to_bench};
use crate::world::{events, service};
use testkit::{Client, World};
use uuid::Uuid;

async fn analyte(world: &World, code: &str) -> String {
    let mut tx = world.tx("84101").await;
    let id: Uuid = sqlx::query_scalar("SELECT analyte_id FROM diagnostics_analyte WHERE code = $1").bind(code).fetch_one(tx.conn()).await.expect("an analyte");
    id.to_string()
}

async fn seeded(world: &World) -> Client {
    let mut head = world.sign_in_as("xetnghiem2.84101").await;
    for _ in 0..2 {
        assert_eq!(head.post("/app/lab/catalogue/seeded", &[]).await.status, 303);
    }
    head
}

/// A control lot of potassium.
async fn control(world: &World, head: &mut Client, level: &str, mean: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let potassium = analyte(world, "K").await;
    let fields = [
        ("id", id.as_str()), ("analyte", &potassium), ("level", level), ("material", "Control N"), ("lot_no", "A1"), ("mean", mean), ("sd", "0,1"),
        ("expires_on", "31/12/2026"),
    ];
    let page = head.post("/app/lab/qc/lots", &fields).await;
    assert_eq!(page.location(), format!("/app/lab/qc/lots/{id}"), "{}", page.text);
    id
}

async fn run(client: &mut Client, values: &[(&str, &str)]) -> testkit::Page {
    let ids: Vec<String> = values.iter().map(|_| Uuid::now_v7().to_string()).collect();
    let mut fields = Vec::new();
    for ((lot, value), id) in values.iter().zip(&ids) {
        fields.extend([("run", id.as_str()), ("lot", *lot), ("value", *value)]);
    }
    client.post("/app/lab/qc/runs", &fields).await
}

#[tokio::test]
async fn a_rejected_control_warns_or_blocks_until_it_passes() {
    let world = lab_day().await;
    let mut head = seeded(&world).await;
    let (low, high) = (control(&world, &mut head, "1", "4,0").await, control(&world, &mut head, "2", "6,0").await);
    let odd = run(&mut head, &[(&low, "bốn"), (&high, "6,0")]).await;
    assert!(odd.status == 422 && odd.contains("“bốn” không phải số"), "{}", odd.text);
    assert_eq!(run(&mut head, &[(&low, "4,25"), (&high, "5,75")]).await.status, 303);
    let page = head.get("/app/lab/qc").await;
    assert!(page.contains("R-4s"), "{}", page.text);
    assert!(head.get(&format!("/app/lab/qc/lots/{low}")).await.contains("<svg class=\"lj\""));
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN13"]).await;
    to_bench(&world, visit, &[("NA", "140"), ("K", "4,1"), ("CL", "100")]).await;
    assert_eq!(head.post("/app/lab/catalogue/settings", &[("qc_rule", "block")]).await.status, 303);
    let held = technical(&world, "SINHHOA", visit).await;
    assert!(held.status == 200 && held.contains("nội kiểm hôm nay không đạt"), "sodium passes, potassium waits: {}", held.text);
    assert_eq!((cell(&world, visit, "K").await["status"].as_str(), cell(&world, visit, "NA").await["status"].as_str()), (Some("typed"), Some("technical")));
    assert_eq!(run(&mut head, &[(&low, "4,02"), (&high, "6,01")]).await.status, 303);
    assert_eq!(technical(&world, "SINHHOA", visit).await.status, 303);
    assert_eq!(release(&world, visit).await.status, 303);
    let mut tx = world.tx("84101").await;
    assert!(sqlx::query("DELETE FROM diagnostics_qc_run").execute(tx.conn()).await.is_err(), "runs are never removed");
}

#[tokio::test]
async fn one_person_looks_twice_only_where_the_laboratory_says_so() {
    let world = lab_day().await;
    let mut head = seeded(&world).await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, visit, &[("GLU", "5,1")]).await;
    let sample = ids(&world, visit).await.remove(0);
    assert_eq!(head.post("/app/lab/bench/SINHHOA/technical", &[("specimen", sample.as_str())]).await.status, 303);
    let refused = head.post("/app/lab/validation", &[("specimen", sample.as_str())]).await;
    assert!(refused.status == 422 && refused.contains("chính bạn đã duyệt kỹ thuật"), "{}", refused.text);
    head.post("/app/lab/catalogue/settings", &[("qc_rule", "warn"), ("one_person", "1")]).await;
    assert_eq!(head.post("/app/lab/validation", &[("specimen", sample.as_str())]).await.status, 303);
}

#[tokio::test]
async fn own_ranges_hold_from_their_day_and_old_results_keep_theirs() {
    let world = lab_day().await;
    let mut head = seeded(&world).await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (before, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, before, &[("GLU", "5,8")]).await;
    assert_eq!(cell(&world, before, "GLU").await["flag"], "H");
    let glucose = analyte(&world, "GLU").await;
    let page = head.get(&format!("/app/lab/catalogue/analytes/{glucose}")).await;
    assert!(page.contains("14749-6") && page.contains("QĐ 320"), "{}", page.text);
    let path = format!("/app/lab/catalogue/analytes/{glucose}/ranges");
    let id = Uuid::now_v7().to_string();
    let crossed = head.post(&path, &[("id", id.as_str()), ("low", "6"), ("high", "3,9")]).await;
    assert!(crossed.status == 422 && crossed.contains("nhỏ hơn giới hạn dưới"), "{}", crossed.text);
    for _ in 0..2 {
        let kept = head.post(&path, &[("id", id.as_str()), ("age_unit", "days"), ("age_from", "30"), ("low", "3,9"), ("high", "6,1"), ("source", "Kit X")]).await;
        assert_eq!(kept.status, 303, "{}", kept.text);
    }
    let (after, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, after, &[("GLU", "5,8")]).await;
    assert_eq!(cell(&world, after, "GLU").await["flag"], "", "the laboratory's own range");
    assert_eq!(cell(&world, before, "GLU").await["high"], "5.6", "what was collected keeps its range");
    // What a service reports, by codes; an unknown one is named.
    let path = format!("/app/lab/catalogue/services/{}/analytes", service("XN02"));
    let unknown = head.post(&path, &[("codes", "GLU XYZ")]).await;
    assert!(unknown.status == 422 && unknown.contains("“XYZ”"), "{}", unknown.text);
    assert_eq!(head.post(&path, &[("codes", "glu, HBA1C")]).await.status, 303);
    let linked = rows(&world, "SELECT to_jsonb(code) FROM diagnostics_analyte a JOIN diagnostics_service_analyte l USING (facility_id, analyte_id) WHERE l.service_id = $1 AND l.valid_to IS NULL ORDER BY l.place", service("XN02")).await;
    assert_eq!(linked, ["GLU", "HBA1C"]);
    let form = [("name", "Glucose"), ("unit", "mmol/L"), ("bench", "SINHHOA"), ("tube", "serum"), ("decimals", "9"), ("place", "1")];
    assert_eq!(head.post(&format!("/app/lab/catalogue/analytes/{glucose}"), &form).await.status, 422);
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    assert_eq!(lab.get("/app/lab/catalogue").await.status, 403, "the head decides");
}

#[tokio::test]
async fn programs_read_released_results_only() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, visit, &[("GLU", "<5,1")]).await;
    let mut machine = world.machine().await;
    let path = format!("/api/v1/encounters/{visit}/lab-results");
    assert_eq!(machine.get(&path).await.json(), serde_json::json!([]), "typed is not released");
    technical(&world, "SINHHOA", visit).await;
    release(&world, visit).await;
    let all = machine.get(&path).await.json();
    let only = &all[0];
    assert_eq!((only["loinc"].as_str(), only["comparator"].as_str(), only["value"].as_str(), only["unit"].as_str()), (Some("14749-6"), Some("<"), Some("5.1"), Some("mmol/L")));
    let report = events(&world, "84101", "ReportReleased").await[0]["report"].as_str().unwrap().to_owned();
    let whole = machine.get(&format!("/api/v1/lab/reports/{report}")).await.json();
    assert_eq!((whole["results"][0]["code"].as_str(), whole["medical_validator"].as_str()), (Some("GLU"), Some("BS. Phan Thanh Liêm")));
    assert_eq!(machine.get(&format!("/api/v1/lab/reports/{}", Uuid::now_v7())).await.status, 404);
    let read = rows(&world, "SELECT to_jsonb(count(*)) FROM db_audit WHERE patient_id = $1 AND entity = 'lab-result' AND via = 'api'", patient.0).await;
    assert_eq!(read, [2], "every read is on record");
}

#[tokio::test]
async fn what_a_machine_sends_is_kept_byte_by_byte_once() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, visit, &[]).await;
    let mut machine = world.machine().await;
    let bytes = b"\x0bMSH|^~\\&|XN-350\r\x00\xff\x1c\r".to_vec();
    let octets = Some("application/octet-stream");
    let post = http::Method::POST;
    let first = machine.send(post.clone(), "/api/v1/lab/messages?source=XN-350", octets, bytes.clone()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = machine.send(post.clone(), "/api/v1/lab/messages?source=XN-350", octets, bytes.clone()).await.json();
    assert_eq!((again["id"].clone(), again["repeated"].as_bool()), (first.json()["id"].clone(), Some(true)));
    let named = machine.send(post.clone(), "/api/v1/lab/messages?source=XN-350&sample_code=2611240001", octets, b"MSH|2".to_vec()).await.json();
    assert_eq!(named["specimen_id"].as_str(), Some(ids(&world, visit).await[0].as_str()));
    for (path, body) in [("/api/v1/lab/messages", b"x".to_vec()), ("/api/v1/lab/messages?source=XN", vec![]), ("/api/v1/lab/messages?source=XN&protocol=fax", b"x".to_vec())] {
        assert_eq!(machine.send(post.clone(), path, octets, body).await.status, 422, "{path}");
    }
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let list = lab.get("/app/lab/machines").await;
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert!(list.contains("XN-350") && list.contains(&id) && list.contains("hl7v2"), "{}", list.text);
    assert_eq!(lab.get(&format!("/app/lab/machines/{id}")).await.bytes, bytes);
    assert_eq!(lab.post(&format!("/app/lab/machines/{id}/settled"), &[]).await.status, 422);
    let wrong = lab.post(&format!("/app/lab/machines/{id}/settled"), &[("sample_code", "2611249999")]).await;
    assert!(wrong.status == 422 && wrong.contains("Không có mẫu mang mã"), "{}", wrong.text);
    assert_eq!(lab.post(&format!("/app/lab/machines/{id}/settled"), &[("sample_code", "2611240001")]).await.status, 303);
    assert!(lab.get("/app/lab/machines").await.contains("Không có bản tin nào chưa khớp"));
    assert_eq!(world.sign_in_as("xetnghiem.84103").await.get(&format!("/app/lab/machines/{id}")).await.status, 404);
}

#[tokio::test]
async fn waiting_times_and_scanned_codes() {
    let world = lab_day().await;
    let patient = born(&world, "Nguyễn Văn An", "male", "1985-03-15").await;
    let (visit, _) = ordered(&world, patient, &["XN02"]).await;
    to_bench(&world, visit, &[("GLU", "5,1")]).await;
    world.clock.advance(chrono::TimeDelta::minutes(45));
    technical(&world, "SINHHOA", visit).await;
    release(&world, visit).await;
    let mut lab = world.sign_in_as("xetnghiem.84101").await;
    let page = lab.get("/app/lab/turnaround").await;
    assert!(page.contains("Định lượng Glucose máu") && page.contains("45 phút"), "{}", page.text);
    assert_eq!(lab.get("/app/lab/turnaround?from=25/11/2026&to=01/11/2026").await.status, 422);
    let sheet = lab.get("/app/lab/turnaround.xlsx").await;
    assert!(sheet.status == 200 && sheet.bytes.starts_with(b"PK"));
    let specimen = ids(&world, visit).await.remove(0);
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let slip = doctor.get(&format!("/api/v1/encounters/{visit}/orders")).await.json()[0]["slip_code"].as_str().unwrap().to_owned();
    // The chart of these tests has no page for scans: the codes are asked directly.
    for (code, goes) in [("2611240001", Some(format!("/app/lab/specimens/{specimen}"))), ("2611249999", None), ("0900000001", None), (slip.as_str(), Some(format!("/app/lab#collect-{visit}"))), ("CD261124ZZZZZZZ", None)] {
        assert_eq!(scanned(&mut lab, code).await, goes, "{code}");
    }
}

/// Where a code leads, as `/app/scan` asks all slices.
async fn scanned(client: &mut Client, code: &str) -> Option<String> {
    let page = client.get(&format!("/app/test-scan?code={code}")).await;
    (page.status == 303).then(|| page.location().to_owned())
}
