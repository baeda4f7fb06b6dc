//! The administrator's pages: partners, codes with dates, and who may see them.

use testkit::{World, demo_id};

#[tokio::test]
async fn codes_have_days_and_old_ones_end() {
    let world = World::with(vec![patient::module(), encounter::module(), exchange::module()]).await;
    let mut admin = world.sign_in_as("quantri.84001").await;
    assert!(admin.get("/app/exchange/partners").await.contains("Chưa khai báo đơn vị gửi nào"));
    assert!(admin.get("/app/exchange/messages").await.contains("Chưa nhận thông điệp nào"));
    let wrong = [("name", ""), ("door", "fax"), ("application", ""), ("active_from", "45/13/2026"), ("wait_minutes", "x")];
    let page = admin.post("/app/exchange/partners", &wrong).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Chưa có tên hệ thống gửi") && page.contains("Ngày bắt đầu chưa đúng"));
    let right = [("name", "HIS cũ"), ("door", "hl7"), ("application", "OLD"), ("active_from", "01/01/2026"), ("wait_minutes", "30")];
    let here = admin.post("/app/exchange/partners", &right).await.location().to_owned();
    assert_eq!(admin.post("/app/exchange/partners", &right).await.status, 422, "two partners of one name");
    let room = demo_id("84001", "room", "KNOI").to_string();
    let surgery = demo_id("84001", "room", "KNGOAI").to_string();
    let code = |room: &str, from: &str| vec![("kind".to_owned(), "ward".to_owned()), ("code".into(), "A1".into()), ("room".into(), room.to_owned()), ("from".into(), from.to_owned())];
    for (room, from) in [(&room, "01/11/2026"), (&surgery, "20/11/2026"), (&room, "20/11/2026")] {
        let form = code(room, from);
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(admin.post(&format!("{here}/codes"), &form).await.status, 303);
    }
    let mut tx = world.tx("84001").await;
    let rows: Vec<(String, Option<chrono::NaiveDate>)> =
        sqlx::query_as("SELECT target, valid_to FROM exchange_code ORDER BY valid_from").fetch_all(tx.conn()).await.unwrap();
    assert_eq!(rows, [(room.clone(), Some("2026-11-19".parse().unwrap())), (room, None)], "the later of one day counts");
    drop(tx);
    let page = admin.post(&format!("{here}/codes"), &[("kind", "disposition"), ("code", "X"), ("outcome", "good"), ("from", "01/11/2026")]).await;
    assert_eq!(page.status, 422);
    assert!(page.contains("Chưa rõ mã này nghĩa là gì"));
    let form = [("kind", "disposition"), ("code", "X"), ("outcome", "improved"), ("way", "asked"), ("from", "01/11/2026")];
    assert_eq!(admin.post(&format!("{here}/codes"), &form).await.status, 303);
    assert!(admin.get(&here).await.contains("Đỡ, giảm · Xin về"));
    // Another hospital's administrator finds nothing, a nurse has no business here.
    assert_eq!(world.sign_in_as("quantri.84101").await.get(&here).await.status, 404);
    assert_eq!(world.sign_in_as("dieuduong.84001").await.get("/app/exchange/partners").await.status, 403);
}
