//! The clerk's desk: a code read out, a consent on paper, refusing, revoking, and who may not.

use crate::house::{House, ask_form, paper, patient_of};
use uuid::Uuid;

#[tokio::test]
async fn a_code_read_out_at_the_desk_shares_the_papers() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    let mut clerk = house.propose(id, &[0, 1], "desk").await;
    let address = format!("/app/sharing/requests/{id}");
    let page = clerk.get(&address).await;
    assert!(page.contains("Giấy thuộc nhóm nhạy cảm") && !page.contains("Bệnh án tâm thần") && !page.contains("đang viết"), "{}", page.text);
    let early = clerk.post(&format!("{address}/proof"), &[("code", "123456")]).await;
    assert!(early.status == 422 && early.contains("Chưa có mã"), "{}", early.text);
    assert_eq!(clerk.post(&format!("{address}/code"), &[]).await.status, 303);
    let code = house.code().await;
    assert_eq!(clerk.post(&format!("{address}/proof"), &[("code", &code)]).await.status, 303);
    let twice = clerk.post(&format!("{address}/proof"), &[("code", &code)]).await;
    assert_eq!(twice.status, 422, "a code works once");
    for n in [0, 1] {
        assert_eq!(doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(n))).await.status, 200);
    }
    assert_eq!(clerk.post(&format!("{address}/revocation"), &[]).await.status, 422, "a reason is asked for");
    assert_eq!(clerk.post(&format!("{address}/revocation"), &[("reason", "Người bệnh đổi ý")]).await.status, 303);
    assert_eq!(doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(0))).await.status, 403);
}

#[tokio::test]
async fn specially_protected_and_unfinished_papers_cannot_be_proposed() {
    let house = House::open().await;
    let (_, id) = house.ask().await;
    let mut clerk = house.world.sign_in_as("luutru.84001").await;
    for n in [3, 4] {
        let document = paper(n).to_string();
        let sent = clerk.post(&format!("/app/sharing/requests/{id}/proposal"), &[("documents", &document), ("days", "7")]).await;
        assert_eq!(sent.status, 404, "paper {n}: {}", sent.text);
    }
    let none = clerk.post(&format!("/app/sharing/requests/{id}/proposal"), &[("days", "date"), ("last_day", "01/01/2020")]).await;
    assert!(none.status == 422 && none.contains("Chọn ít nhất một giấy") && none.contains("Ngày cuối đã qua") && none.contains("01/01/2020"), "{}", none.text);
}

#[tokio::test]
async fn the_same_question_twice_is_one_and_another_house_sees_nothing() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    let form = ask_form(id);
    let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(doctor.post("/app/sharing/inquiries", &form).await.status, 303);
    let mut tx = house.world.tx("84001").await;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sharing_request").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(count, 1);
    drop(tx);

    let mut neighbour = house.world.sign_in_as("bacsi.84102").await;
    assert_eq!(neighbour.get(&format!("/app/sharing/inquiries/{id}")).await.status, 404);
    assert_eq!(neighbour.get(&format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(0))).await.status, 404);
    let foreign = patient_of("84101").to_string();
    assert_eq!(neighbour.get(&format!("/app/sharing/inquiries/new?patient={foreign}")).await.status, 404);
    // The hospital's own doctor decides nothing, the clinic's clerk neither.
    let mut ward = house.world.sign_in_as("bacsi.84001").await;
    assert_eq!(ward.get(&format!("/app/sharing/requests/{id}")).await.status, 403);
}

#[tokio::test]
async fn a_refusal_says_why_and_a_withdrawn_request_stays_withdrawn() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    let mut clerk = house.world.sign_in_as("khth.84001").await;
    let address = format!("/app/sharing/requests/{id}");
    assert_eq!(clerk.post(&format!("{address}/refusal"), &[]).await.status, 422);
    assert_eq!(clerk.post(&format!("{address}/refusal"), &[("reason", "Sai người bệnh")]).await.status, 303);
    let told = doctor.get(&format!("/app/sharing/inquiries/{id}")).await;
    assert!(told.contains("Sai người bệnh") && told.contains("Bị từ chối"), "{}", told.text);

    let (mut doctor, second) = house.ask().await;
    assert_eq!(doctor.post(&format!("/app/sharing/inquiries/{second}/withdrawal"), &[]).await.status, 303);
    let late = clerk.post(&format!("/app/sharing/requests/{second}/refusal"), &[("reason", "Muộn")]).await;
    assert_eq!(late.status, 422, "{}", late.text);
}

#[tokio::test]
async fn a_byte_that_changed_is_shown_to_nobody() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    let mut clerk = house.propose(id, &[1], "desk").await;
    clerk.post(&format!("/app/sharing/requests/{id}/code"), &[]).await;
    let code = house.code().await;
    assert_eq!(clerk.post(&format!("/app/sharing/requests/{id}/proof"), &[("code", &code)]).await.status, 303);
    house.cabinet.tamper(1);
    let file = doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(1))).await;
    assert!(file.status == 403 && file.contains("không còn đúng"), "{}", file.text);
}

#[tokio::test]
async fn a_grant_may_only_be_revoked_in_the_database_itself() {
    let house = House::open().await;
    let (_, id) = house.ask().await;
    let mut clerk = house.propose(id, &[1], "desk").await;
    clerk.post(&format!("/app/sharing/requests/{id}/code"), &[]).await;
    let code = house.code().await;
    clerk.post(&format!("/app/sharing/requests/{id}/proof"), &[("code", &code)]).await;
    for sql in [
        "UPDATE sharing_grant SET valid_until = valid_until + interval '1 year'",
        "DELETE FROM sharing_grant",
        "UPDATE sharing_grant_document SET sha256 = repeat('0', 64)",
        "DELETE FROM sharing_disclosure",
    ] {
        let mut tx = house.world.tx("84001").await;
        assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(tx.conn()).await.is_err(), "{sql}");
    }
    let mut tx = house.world.tx("84001").await;
    sqlx::query("UPDATE sharing_grant SET revoked_at = now(), revoked_by = 'x'").execute(tx.conn()).await.unwrap();
    assert!(sqlx::query("UPDATE sharing_grant SET revoked_at = NULL").execute(tx.conn()).await.is_err(), "and never given back");
}

#[tokio::test]
async fn somebody_we_do_not_know_is_found_by_a_clerk() {
    let house = House::open().await;
    let ask = sharing::store::held::Ask {
        request: Uuid::now_v7(),
        asker_code: "79001".into(),
        asker_name: "Bệnh viện miền Đông".into(),
        asker_facility: None,
        partner: None,
        doctor: "BS. Vũ Hải Yến".into(),
        whom: sharing::store::held::Whom { name: "Nguyễn Văn An".into(), birth_date: None, sex: "male".into(), cccd: String::new(), person: None },
        purpose: sharing::request::Purpose::Treatment,
        note: String::new(),
        emergency: true,
    };
    let hospital = testkit::facility("84001");
    let state = sharing::holder::receive(&house.world.app, hospital, &ask, house.world.clock.now()).await.unwrap();
    assert_eq!(state.status, "asked", "an emergency about nobody opens nothing");
    let mut clerk = house.world.sign_in_as("luutru.84001").await;
    let address = format!("/app/sharing/requests/{}", ask.request);
    assert!(clerk.get(&address).await.contains("Chưa biết người bệnh nào"));
    let nobody = Uuid::now_v7().to_string();
    assert_eq!(clerk.post(&format!("{address}/patient"), &[("patient", &nobody)]).await.status, 404);
    let an = patient_of("84001").to_string();
    assert_eq!(clerk.post(&format!("{address}/patient"), &[("patient", &an)]).await.status, 303);
    assert!(clerk.get(&address).await.contains("Giấy ra viện"));
    // Another house may not read the state of this request.
    let other = sharing::holder::state(&house.world.app, hospital, ask.request, "84101", house.world.clock.now()).await;
    assert!(matches!(other, Err(web::Failure::NotFound)));
}
