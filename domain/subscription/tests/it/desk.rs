//! The operator's desk: leads, contracts, money without a home, and who may not sit there.

use crate::clinic::{arrive, count, money, on_trial, open};
use subscription::arrival::Taken;
use uuid::Uuid;

#[tokio::test]
async fn a_lead_becomes_a_contract_that_opens_at_once() {
    let world = open().await;
    let mut person = world.stranger();
    assert_eq!(person.get("/sign-up?package=PREMIUM1").await.location(), "/contact?package=PREMIUM1");
    let id = person.get("/contact?package=PREMIUM1").await.input("id").expect("an id");
    let fields = [("id", id.as_str()), ("package", "PREMIUM1"), ("person", "Phan Thị Hoa"), ("clinic", "Đa khoa Hòa Bình"), ("phone", "0912 345 678"), ("message", "Cần nối máy xét nghiệm")];
    assert_eq!(person.post("/contact", &fields[..3]).await.status, 422);
    for _ in 0..2 {
        assert_eq!(person.post("/contact", &fields).await.location(), "/contact?done=1");
    }
    assert_eq!(count(&world, "SELECT count(*) FROM subscription_lead").await, 1);

    let mut owner = on_trial(&world, "0912345678", "84555", "BASIC").await;
    let mut operator = world.sign_in_as("vanhanh.yba").await;
    let desk = operator.get("/app/operator").await;
    assert!(desk.contains("Đa khoa Hòa Bình") && desk.contains("84555") && desk.contains("Cần nối máy"), "{}", desk.text);
    assert_eq!(operator.post(&format!("/app/operator/leads/{id}"), &[("state", "won"), ("note", "HĐ 12/2026")]).await.status, 303);
    assert_eq!(operator.post(&format!("/app/operator/leads/{}", Uuid::now_v7()), &[("state", "won")]).await.status, 404);
    let form = [("package", "PREMIUM2"), ("number", "HĐ 12/2026"), ("from", "24/11/2026"), ("to", "23/11/2027"), ("kind", "contract")];
    assert_eq!(operator.post("/app/operator/customers/84555/contract", &[("from", "hôm nay")]).await.status, 422);
    for _ in 0..2 {
        assert_eq!(operator.post("/app/operator/customers/84555/contract", &form).await.status, 303);
    }
    let page = owner.get("/app/subscription").await;
    assert!(page.contains("PREMIUM 2") && page.contains("Theo hợp đồng") && page.contains("23/11/2027"), "{}", page.text);
    assert_eq!(count(&world, "SELECT count(*) FROM organization_package_period WHERE reason = 'HĐ 12/2026'").await, 1);
    // A customer who leaves keeps reading what is there to take along, and nothing else.
    let left = [("package", "PREMIUM2"), ("number", "Ngừng dùng"), ("from", "24/11/2026"), ("kind", "closed")];
    assert_eq!(operator.post("/app/operator/customers/84555/contract", &left).await.status, 303);
    assert_eq!(owner.get("/app/catalogue/services").await.status, 403);
    assert_eq!(owner.get("/app/subscription/exports").await.status, 200);
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[]).await.status, 403);
}

#[tokio::test]
async fn money_without_a_home_waits_for_a_person() {
    let world = open().await;
    assert_eq!(arrive(&world, &money(&world, "GL9", "khong ro", 123_456)).await.unwrap(), Taken::Unmatched("unknown_reference"));
    let mut operator = world.sign_in_as("vanhanh.yba").await;
    let desk = operator.get("/app/operator").await;
    assert!(desk.contains("123.456 đ") && desk.contains("Không tìm thấy nội dung chuyển khoản"));
    let at = desk.text.find("/app/operator/payments/").expect("a form");
    let path: String = desk.text[at..].chars().take_while(|c| *c != '"').collect();
    assert_eq!(operator.post(&path, &[("note", "")]).await.status, 422);
    assert_eq!(operator.post(&path, &[("note", "Đã trả lại")]).await.status, 303);
    assert_eq!(operator.post(&path, &[("note", "Lần nữa")]).await.status, 404);
    assert!(!operator.get("/app/operator").await.contains("123.456 đ"));
}

#[tokio::test]
async fn the_role_alone_opens_no_desk() {
    let world = open().await;
    let mut owner = world.database.owner().await;
    sqlx::query("UPDATE practitioner_account SET roles = '{admin,operator}' WHERE login = 'quantri.84101'").execute(&mut owner).await.unwrap();
    let mut clinic = world.sign_in_as("quantri.84101").await;
    assert_eq!(clinic.get("/app/operator").await.status, 404);
    assert_eq!(clinic.get("/app/operator/customers/84102").await.status, 404);
    let form = [("package", "PREMIUM2"), ("number", "x"), ("from", "24/11/2026"), ("kind", "contract")];
    assert_eq!(clinic.post("/app/operator/customers/84101/contract", &form).await.status, 404);
    // And the operator has no way to a patient.
    let mut operator = world.sign_in_as("vanhanh.yba").await;
    for path in ["/app/reception", "/app/find?q=an", "/app/staff", "/app/catalogue"] {
        assert_eq!(operator.get(path).await.status, 403, "{path}");
    }
}
