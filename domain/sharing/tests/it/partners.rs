//! Houses on other servers and the group of satellites.

use crate::house::{House, paper};
use uuid::Uuid;

#[tokio::test]
async fn inside_the_group_the_patient_is_asked_without_a_clerk() {
    let house = House::open().await;
    let mut planner = house.world.sign_in_as("khth.84001").await;
    assert_eq!(planner.post("/app/sharing/group", &[("member", "99999")]).await.status, 422);
    assert_eq!(planner.post("/app/sharing/group", &[("member", "84101")]).await.status, 303);
    let (mut doctor, id) = house.ask().await;
    assert!(doctor.get(&format!("/app/sharing/inquiries/{id}")).await.contains("Chờ người bệnh đồng ý"));
    let link = house.link().await;
    let mut phone = house.world.stranger();
    phone.post(&format!("{link}/code"), &[]).await;
    phone.post(&format!("{link}/proof"), &[("code", &house.code().await)]).await;
    let page = phone.get(&link).await;
    assert!(page.contains("Giấy ra viện") && page.contains("Tóm tắt") && !page.contains("Kết quả xét nghiệm"), "{}", page.text);
    let leave = paper(1).to_string();
    assert_eq!(phone.post(&format!("{link}/answer"), &[("answer", "yes"), ("documents", &leave)]).await.status, 303);
    assert_eq!(doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{leave}/file")).await.status, 200);

    assert_eq!(planner.post("/app/sharing/group/end", &[("member", "84101")]).await.status, 303);
    assert_eq!(planner.post("/app/sharing/group/end", &[("member", "84101")]).await.status, 404);
    let (mut doctor, second) = house.ask().await;
    assert!(doctor.get(&format!("/app/sharing/inquiries/{second}")).await.contains("Chờ cơ sở trả lời"));
}

#[tokio::test]
async fn a_partner_without_a_certificate_is_none_and_without_a_way_the_inquiry_waits() {
    let house = House::open().await;
    let mut admin = house.world.sign_in_as("quantri.84101").await;
    let id = Uuid::now_v7().to_string();
    let base = [("id", id.as_str()), ("code", "79001"), ("name", "Bệnh viện miền Đông"), ("address", "https://127.0.0.1:1")];
    let mut wrong = base.to_vec();
    wrong.push(("certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"));
    let refused = admin.post("/app/sharing/partners", &wrong).await;
    assert!(refused.status == 422 && refused.contains("Dán chứng thư") && refused.contains("Bệnh viện miền Đông"), "{}", refused.text);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", "MII".to_owned() + &"A".repeat(397));
    let mut right = base.to_vec();
    right.push(("certificate", &pem));
    assert_eq!(admin.post("/app/sharing/partners", &right).await.status, 303);

    let mut doctor = house.world.sign_in_as("bacsi.84101").await;
    let inquiry = Uuid::now_v7().to_string();
    let (patient, holder) = (crate::house::patient_of("84101").to_string(), format!("@{id}"));
    let form = [("id", inquiry.as_str()), ("patient", &patient), ("holder", &holder), ("purpose", "treatment"), ("note", "")];
    assert_eq!(doctor.post("/app/sharing/inquiries", &form).await.status, 303);
    let page = doctor.get(&format!("/app/sharing/inquiries/{inquiry}")).await;
    assert!(page.contains("Đang gửi"), "{}", page.text);
    let mut neighbour = house.world.sign_in_as("quantri.84102").await;
    assert_eq!(neighbour.post(&format!("/app/sharing/partners/{id}/end"), &[]).await.status, 404);
    assert_eq!(admin.post(&format!("/app/sharing/partners/{id}/end"), &[]).await.status, 303);
}
