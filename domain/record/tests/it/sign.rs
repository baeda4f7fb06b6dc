//! Signing: the right people in the right order, one PIN, and what happens when somebody is not who they should be.

use crate::ward::{HOSPITAL, admit, chosen, count, finished, flip, hospital, key, seal, sha_of, sign, status, van};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

#[tokio::test]
async fn one_after_the_other_until_the_document_is_signed() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let record = finished(&world, &an, "01/BV1", "bacsi.noi", json!({})).await;
    let (mut van, van_key) = van(&world).await;
    let mut head = world.sign_in_as("truongkhoa.84001").await;
    let head_key = key(&mut head, "Võ Thị Hồng Nhung", "084170000017", &[]).await;
    assert!(van.get("/app/sign").await.contains("Nguyễn Văn An"));
    assert!(!head.get("/app/sign").await.contains("Nguyễn Văn An"), "not her turn yet");

    let seen = chosen(&world, record).await;
    let early = sign(&mut head, &head_key, std::slice::from_ref(&seen)).await;
    assert!(early.contains("Bác sĩ điều trị ký trước"), "{}", early.text);
    let page = sign(&mut van, &van_key, std::slice::from_ref(&seen)).await;
    assert!(page.status == 200 && page.contains("Đã ký xong"), "{}", page.text);
    assert_eq!(status(&world, record).await, "signing");
    let again = sign(&mut van, &van_key, &[seen]).await;
    assert!(again.contains("Giấy vừa có người ký"), "the second click");
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 1);

    let page = sign(&mut head, &head_key, &[chosen(&world, record).await]).await;
    assert!(page.contains("Đã ký xong"), "{}", page.text);
    let mut director = world.sign_in_as("giamdoc.84001").await;
    let director_key = key(&mut director, "Huỳnh Văn Tâm", "084160000008", &[]).await;
    sign(&mut director, &director_key, &[chosen(&world, record).await]).await;
    assert_eq!(status(&world, record).await, "signed");
    assert_eq!(count(&world, "SELECT count(*) FROM db_event WHERE kind = 'DocumentSigned'").await, 1);
    let badge = van.get(&format!("/app/sign/documents/{record}/badge")).await;
    assert!(badge.contains("Chữ ký hợp lệ") && badge.contains("Võ Thị Hồng Nhung"), "{}", badge.text);
    let mut elsewhere = world.sign_in_as("bacsi.84101").await;
    assert_eq!(elsewhere.get(&format!("/app/sign/documents/{record}/badge")).await.status, 404);
}

#[tokio::test]
async fn nobody_registers_or_uses_the_key_of_another() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let record = finished(&world, &an, "01/BV1", "bacsi.noi", json!({})).await;
    let (_, van_key) = van(&world).await;
    let mut tung = world.sign_in_as("bacsi.84001").await;
    for (file, word) in [
        ("Lê Thị Thu Vân|084190000063|3650", "không phải của Nguyễn Thanh Tùng"),
        ("Nguyễn Thanh Tùng|084190000063|3650", "đã gắn với nhân viên khác"),
        ("Nguyễn Thanh Tùng||3650", "không ghi số định danh"),
        ("Nguyễn Thanh Tùng|084180000051|30", "hết hạn ngày"),
        ("rác", "Không tìm thấy khóa ký"),
    ] {
        let id = Uuid::now_v7().to_string();
        let page = tung.upload("/app/sign/keys", &[("id", &id), ("way", "pkcs12"), ("pin", "1234")], ("file", "k.p12", file.as_bytes())).await;
        assert!(page.status == 422 && page.contains(word), "{file}: {}", page.text);
    }
    let page = sign(&mut tung, &van_key, &[chosen(&world, record).await]).await;
    assert_eq!(page.status, 404, "her key is not there for him");
    let tung_key = key(&mut tung, "Nguyễn Thanh Tùng", "084180000051", &[]).await;
    let page = sign(&mut tung, &tung_key, &[chosen(&world, record).await]).await;
    assert!(page.contains("không ai ký thay"), "{}", page.text);
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("way", "pkcs12"), ("pin", "1234"), ("purpose", "seal")];
    assert_eq!(nurse.upload("/app/sign/keys", &form, ("file", "k.p12", "BV|15|3650".as_bytes())).await.status, 403, "the seal is not hers");
    let stored: Vec<u8> = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT sealed FROM record_key LIMIT 1").fetch_one(tx.conn()).await.unwrap()
    };
    assert!(!String::from_utf8_lossy(&stored).contains("pkcs12"), "a key file never lies open");
}

#[tokio::test]
async fn a_wrong_pin_signs_nothing_and_five_let_the_key_rest() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let record = finished(&world, &an, "01/BV1", "bacsi.noi", json!({})).await;
    let (mut van, van_key) = van(&world).await;
    let seen = chosen(&world, record).await;
    for _ in 0..5 {
        let page = van.post("/app/sign", &[("key", &van_key), ("pin", "0000"), ("doc", &seen)]).await;
        assert!(page.status == 422 && page.contains("không đúng"), "{}", page.text);
    }
    let page = sign(&mut van, &van_key, std::slice::from_ref(&seen)).await;
    assert!(page.status == 422 && page.contains("khóa nghỉ đến"), "{}", page.text);
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 0);
    world.clock.advance(chrono::TimeDelta::minutes(16));
    assert!(sign(&mut van, &van_key, &[seen]).await.contains("Đã ký xong"));
    let page = van.post("/app/sign", &[("key", &van_key), ("pin", "1234")]).await;
    assert!(page.status == 422 && page.contains("Chưa chọn giấy nào"));
}

#[tokio::test]
async fn fifty_documents_with_one_pin() {
    let world = hospital().await;
    let mut boxes = Vec::new();
    let an = admit(&world, "Nguyễn Văn An").await;
    for _ in 0..50 {
        let document = finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
        boxes.push(chosen(&world, document).await);
    }
    let (mut van, van_key) = van(&world).await;
    let started = std::time::Instant::now();
    let page = sign(&mut van, &van_key, &boxes).await;
    assert!(page.contains("50/50"), "{}", page.text);
    assert!(started.elapsed().as_secs() < 10, "fifty documents within ten seconds");
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 50);
    boxes.push(boxes[0].clone());
    let page = sign(&mut van, &van_key, &boxes).await;
    assert!(page.status == 422 && page.contains("tối đa 50 giấy"));
}

#[tokio::test]
async fn two_browsers_at_once_leave_one_signature() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let record = finished(&world, &an, "01/BV1", "bacsi.noi", json!({})).await;
    let (mut one, van_key) = van(&world).await;
    let mut other = world.sign_in_as("bacsi.noi.84001").await;
    let seen = [chosen(&world, record).await];
    let (a, b) = tokio::join!(sign(&mut one, &van_key, &seen), sign(&mut other, &van_key, &seen));
    let told = [&a, &b].into_iter().filter(|p| p.contains("Đã ký xong")).count();
    assert_eq!(told, 1, "{}\n{}", a.text, b.text);
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 1);
}

#[tokio::test]
async fn a_changed_byte_turns_the_badge_red_and_reaches_the_planning_department() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let sheet = finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
    let (mut van, van_key) = van(&world).await;
    sign(&mut van, &van_key, &[chosen(&world, sheet).await]).await;
    let path = format!("/app/sign/documents/{sheet}/badge");
    assert!(!van.get(&path).await.contains("không hợp lệ"));
    flip(&world, sheet).await;
    assert!(van.get(&path).await.contains("Chữ ký không hợp lệ"), "at the very next opening, whatever was judged today");
    van.get(&path).await;
    world.drain().await;
    assert_eq!(count(&world, "SELECT count(*) FROM record_alert").await, 1, "one alarm however often it is opened");
    assert_eq!(count(&world, "SELECT count(*) FROM db_audit WHERE action = 'alarm'").await, 2);
    let mut planner = world.sign_in_as("khth.84001").await;
    assert!(planner.get("/app/sign/alerts").await.contains("Nguyễn Văn An"));
    let close = format!("/app/sign/alerts/{sheet}/1");
    assert_eq!(planner.post(&close, &[("note", "")]).await.status, 422);
    assert_eq!(planner.post(&close, &[("note", "Đã khôi phục từ bản sao lưu")]).await.status, 303);
    assert!(planner.get("/app/sign/alerts").await.contains("Đã khôi phục từ bản sao lưu"));
    assert_eq!(van.get("/app/sign/alerts").await.status, 403);
    assert_eq!(world.failed_jobs(HOSPITAL).await, Vec::<String>::new());
}

/// The code that went to the phone.
async fn code_of(world: &World) -> String {
    let mut tx = world.tx(HOSPITAL).await;
    let text: Value = sqlx::query_scalar("SELECT payload FROM db_job WHERE name = 'notify.send' ORDER BY created_at DESC, job_id DESC LIMIT 1")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    let words = text["text"].as_str().unwrap();
    words.split(": ").nth(1).unwrap().chars().take(6).collect()
}

fn drawn() -> String {
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 600]].concat();
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

#[tokio::test]
async fn a_patient_confirms_with_name_code_and_witness() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let consent = finished(&world, &an, "40/BV2", "dieuduong", json!({})).await;
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let path = format!("/app/sign/confirm/{consent}");
    let page = nurse.get(&path).await;
    assert!(page.contains("Cơ sở chưa có con dấu số"), "{}", page.text);
    let id = page.input("id").unwrap();
    let who = [("id", id.as_str()), ("name", "Nguyễn Văn An"), ("phone", "0900000001")];
    assert_eq!(nurse.post(&format!("{path}/codes"), &[("id", &id), ("name", "Trần Thị Lành"), ("phone", "0900000001")]).await.status, 422, "who is she to him?");
    assert_eq!(nurse.post(&format!("{path}/codes"), &[("id", &id), ("name", "Nguyễn Văn An"), ("phone", "12")]).await.status, 422);
    assert_eq!(nurse.post(&format!("{path}/codes"), &who).await.status, 200);
    let code = code_of(&world).await;
    let drawing = drawn();
    let confirm = |code: &str, drawing: &str| vec![("id".to_owned(), id.clone()), ("name".into(), "Nguyễn Văn An".into()), ("phone".into(), "0900000001".into()), ("code".into(), code.to_owned()), ("drawing".into(), drawing.to_owned())];
    async fn post(nurse: &mut testkit::Client, path: &str, form: Vec<(String, String)>) -> testkit::Page {
        let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        nurse.post(path, &form).await
    }
    let page = post(&mut nurse, &path, confirm(&code, &drawing)).await;
    assert!(page.status == 422 && page.contains("chưa đăng ký con dấu số"), "{}", page.text);
    seal(&world).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    assert!(post(&mut nurse, &path, confirm(wrong, &drawing)).await.contains("Mã không đúng"));
    assert!(post(&mut nurse, &path, confirm(&code, "")).await.contains("Chưa có chữ ký"));
    let page = post(&mut nurse, &path, confirm(&code, &drawing)).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(post(&mut nurse, &path, confirm(&code, &drawing)).await.status, 303, "the second click");
    let mut tx = world.tx(HOSPITAL).await;
    let (method, holder, evidence): (String, String, Value) =
        sqlx::query_as("SELECT method, holder, evidence FROM record_signature").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    assert_eq!((method.as_str(), holder.as_str()), ("confirmation", "Nguyễn Văn An"));
    assert!(evidence["witness"].as_str().unwrap().contains("Nguyễn Thị Cẩm Tú") && evidence["phone_tail"] == "001", "{evidence}");
    assert!(!evidence.to_string().contains(&code), "the code itself is not kept");
    assert!(nurse.get(&path).await.contains("Người bệnh đã xác nhận"));
    let badge = nurse.get(&format!("/app/sign/documents/{consent}/badge")).await;
    assert!(badge.contains("xác nhận bằng chữ ký vẽ và mã") && !badge.contains("không hợp lệ"), "{}", badge.text);
    let mut elsewhere = world.sign_in_as("bacsi.84101").await;
    assert_eq!(elsewhere.get(&path).await.status, 404);
}

#[tokio::test]
async fn an_old_code_is_refused() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let consent = finished(&world, &an, "40/BV2", "dieuduong", json!({})).await;
    seal(&world).await;
    let mut nurse = world.sign_in_as("dieuduong.84001").await;
    let path = format!("/app/sign/confirm/{consent}");
    let id = nurse.get(&path).await.input("id").unwrap();
    nurse.post(&format!("{path}/codes"), &[("id", &id), ("name", "Nguyễn Văn An"), ("phone", "0900000001")]).await;
    let code = code_of(&world).await;
    world.clock.advance(chrono::TimeDelta::minutes(6));
    let drawing = drawn();
    let form = [("id", id.as_str()), ("name", "Nguyễn Văn An"), ("phone", "0900000001"), ("code", &code), ("drawing", &drawing)];
    let page = nurse.post(&path, &form).await;
    assert!(page.status == 422 && page.contains("Mã đã hết hạn"), "{}", page.text);
}

#[tokio::test]
async fn anybody_may_ask_whether_a_paper_is_genuine_and_learns_nothing_else() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let sheet = finished(&world, &an, "36/BV2", "bacsi.noi", json!({ "dien_bien": "viêm phổi" })).await;
    let (mut van, van_key) = van(&world).await;
    sign(&mut van, &van_key, &[chosen(&world, sheet).await]).await;
    let code: String = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT code FROM record_public_code").fetch_one(tx.conn()).await.unwrap()
    };
    let mut stranger = world.stranger();
    let page = stranger.get(&format!("/v/{}", code.to_lowercase())).await;
    assert!(page.status == 200 && page.contains("N. V. An") && page.contains("Lê Thị Thu Vân"), "{}", page.text);
    assert!(!page.contains("Nguyễn Văn An") && !page.contains("viêm phổi"));
    assert_eq!(stranger.get("/v/0000000000").await.status, 404);
    assert_eq!(stranger.get("/v/khong-phai-ma").await.status, 404);
    let content = world.app.files().fetch(testkit::facility(HOSPITAL), &sha_of(&world, sheet).await).await.unwrap();
    let page = stranger.upload("/v", &[("code", &code)], ("file", "giay.pdf", &content)).await;
    assert!(page.contains("Chữ ký trong tệp hợp lệ") && page.contains("Trùng từng byte"), "{}", page.text);
    let mut changed = content.clone();
    changed[12] ^= 1;
    let page = stranger.upload("/v", &[("code", &code)], ("file", "giay.pdf", &changed)).await;
    assert!(page.contains("Chữ ký không hợp lệ") && page.contains("Không trùng"), "{}", page.text);
    assert_eq!(stranger.upload("/v", &[], ("file", "anh.jpg", b"\xff\xd8\xff")).await.status, 422);
    flip(&world, sheet).await;
    assert!(stranger.get(&format!("/v/{code}")).await.contains("Chữ ký không hợp lệ"), "the verdict is of this moment");
    let mut limited = 0;
    for _ in 0..40 {
        limited = stranger.get("/v/0000000000").await.status;
    }
    assert_eq!(limited, 429);
}

#[tokio::test]
async fn a_token_on_the_desk_signs_through_its_own_door() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let sheet = finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
    let mut van = world.sign_in_as("bacsi.noi.84001").await;
    let card = |holder: &str| json!({ "chain": [STANDARD.encode(format!("{holder}|084190000063|3650"))], "holder": holder, "holder_id": "084190000063",
        "issuer": "CA thử", "serial": "aa", "not_before": "2026-01-01T00:00:00Z", "not_after": "2030-01-01T00:00:00Z" });
    let document = json!([{ "document": sheet, "sha256": sha_of(&world, sheet).await }]);
    let batch = Uuid::now_v7();
    let stranger = van.post_json("/app/sign/agent/batches", &json!({ "batch": batch, "certificate": card("Võ Thị Hồng Nhung"), "documents": document })).await;
    assert_eq!(stranger.status, 422, "somebody else's token");
    let page = van.post_json("/app/sign/agent/batches", &json!({ "batch": batch, "certificate": card("Lê Thị Thu Vân"), "documents": document })).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let digest = page.json()["digests"][0]["digest"].as_str().unwrap().to_owned();
    let mut head = world.sign_in_as("truongkhoa.84001").await;
    let finish = format!("/app/sign/agent/batches/{batch}");
    assert_eq!(head.post_json(&finish, &json!({ "signatures": [] })).await.status, 404, "not her batch");
    let page = van.post_json(&finish, &json!({ "signatures": [{ "document": sheet, "signature": STANDARD.encode(&digest) }] })).await;
    assert!(page.json()["results"][0]["sha256"].is_string(), "{}", page.text);
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM record_prepared").await, 0);

    let other = finished(&world, &an, "36/BV2", "bacsi.noi", json!({})).await;
    let document = json!([{ "document": other, "sha256": sha_of(&world, other).await }]);
    let batch = Uuid::now_v7();
    van.post_json("/app/sign/agent/batches", &json!({ "batch": batch, "certificate": card("Lê Thị Thu Vân"), "documents": document })).await;
    let page = van.post_json(&format!("/app/sign/agent/batches/{batch}"), &json!({ "signatures": [{ "document": other, "signature": STANDARD.encode("00") }] })).await;
    assert!(page.json()["results"][0]["problem"].is_string(), "what does not verify does not count: {}", page.text);
    assert_eq!(count(&world, "SELECT count(*) FROM record_signature").await, 1);
}

#[tokio::test]
async fn the_seal_is_set_with_the_seal_only() {
    let world = hospital().await;
    let an = admit(&world, "Nguyễn Văn An").await;
    let scan = finished(&world, &an, "36/BV2", "luutru", json!({})).await;
    {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query("UPDATE record_document SET kind = 'scan', form = '' WHERE document_id = $1").bind(scan.0).execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let seal = seal(&world).await;
    let mut director = world.sign_in_as("giamdoc.84001").await;
    let own = key(&mut director, "Huỳnh Văn Tâm", "084160000008", &[]).await;
    let page = sign(&mut director, &own, &[chosen(&world, scan).await]).await;
    assert!(page.contains("chọn khóa con dấu"), "{}", page.text);
    assert!(sign(&mut director, &seal, &[chosen(&world, scan).await]).await.contains("Đã ký xong"));
    assert_eq!(status(&world, scan).await, "signed");
    let holder: String = {
        let mut tx = world.tx(HOSPITAL).await;
        sqlx::query_scalar("SELECT holder FROM record_signature").fetch_one(tx.conn()).await.unwrap()
    };
    assert_eq!(holder, "Bệnh viện Đa khoa tỉnh");
}
