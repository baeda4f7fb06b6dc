//! The patient's phone: link, code, yes to fewer papers, who has looked, and taking it back.

use crate::house::{House, paper};
use chrono::TimeDelta;

#[tokio::test]
async fn an_agrees_to_one_of_two_papers_and_takes_it_back() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    let waiting = doctor.get(&format!("/app/sharing/inquiries/{id}")).await;
    assert!(waiting.contains("Chờ cơ sở trả lời"), "{}", waiting.text);
    house.propose(id, &[0, 1], "link").await;

    let link = house.link().await;
    let mut phone = house.world.stranger();
    let door = phone.get(&link).await;
    assert!(door.contains("PK Đa khoa An Tâm") || door.contains("Phòng khám Đa khoa An Tâm"), "{}", door.text);
    assert!(!door.contains("Giấy ra viện") && !door.contains("Nguyễn Văn An"), "nothing of the record before the code: {}", door.text);
    assert_eq!(phone.post(&format!("{link}/answer"), &[("answer", "yes")]).await.status, 403, "no answer without the code");

    assert_eq!(phone.post(&format!("{link}/code"), &[]).await.status, 303);
    let again = phone.post(&format!("{link}/code"), &[]).await;
    assert!(again.status == 422 && again.contains("Vừa gửi một mã"), "{}", again.text);
    let code = house.code().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = phone.post(&format!("{link}/proof"), &[("code", wrong)]).await;
    assert!(refused.status == 422 && refused.contains("còn 4 lần nhập"), "{}", refused.text);
    assert_eq!(phone.post(&format!("{link}/proof"), &[("code", &code)]).await.status, 303);
    let open = phone.get(&link).await;
    assert!(open.contains("Giấy ra viện") && open.contains("Tóm tắt hồ sơ bệnh án") && open.contains("Chưa ai"), "{}", open.text);
    // The same link on another phone still asks for a code.
    assert!(!house.world.stranger().get(&link).await.contains("Giấy ra viện"));

    let nothing = phone.post(&format!("{link}/answer"), &[("answer", "yes")]).await;
    assert_eq!(nothing.status, 422, "yes to nothing is no yes");
    let (leave, other) = (paper(1).to_string(), paper(2).to_string());
    // A paper that was never proposed is not smuggled in.
    let yes = [("answer", "yes"), ("documents", leave.as_str()), ("documents", other.as_str())];
    assert_eq!(phone.post(&format!("{link}/answer"), &yes).await.status, 303);
    assert_eq!(phone.post(&format!("{link}/answer"), &yes).await.status, 303, "the second click");

    let list = doctor.get(&format!("/app/sharing/inquiries/{id}")).await;
    assert!(list.contains("Giấy ra viện") && !list.contains("Tóm tắt hồ sơ") && !list.contains("Kết quả xét nghiệm"), "{}", list.text);
    let shown = doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{leave}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let file = doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{leave}/file")).await;
    assert_eq!(file.bytes, "%PDF-1.7 Giấy ra viện".as_bytes(), "byte for byte");
    for n in [0, 2, 3] {
        let closed = doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{}/file", paper(n))).await;
        assert_eq!(closed.status, 403, "paper {n}");
    }

    let seen = phone.get(&link).await;
    assert!(seen.contains("Lê Hoàng Phúc"), "An reads who looked: {}", seen.text);
    assert_eq!(seen.text.matches("Lê Hoàng Phúc").count(), 2, "once as the asker, once in the list although page and file were opened");
    assert!(house.messages().await.iter().any(|text| text.contains("vừa xem một giấy")));

    assert_eq!(phone.post(&format!("{link}/revocation"), &[]).await.status, 303);
    let closed = doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{leave}")).await;
    assert!(closed.status == 403 && closed.contains("thu hồi"), "{}", closed.text);
    assert_eq!(doctor.get(&format!("/app/sharing/inquiries/{id}/documents/{leave}/file")).await.status, 403);
    assert!(doctor.get(&format!("/app/sharing/inquiries/{id}")).await.contains("Đã bị thu hồi"));
    for text in house.messages().await {
        assert!(!text.contains("viêm") && !text.contains("Giấy ra viện"), "a message says nothing of illness: {text}");
    }
}

#[tokio::test]
async fn the_last_minute_is_open_and_the_next_is_closed() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    house.propose(id, &[1], "link").await;
    let link = house.link().await;
    let mut phone = house.world.stranger();
    phone.post(&format!("{link}/code"), &[]).await;
    phone.post(&format!("{link}/proof"), &[("code", &house.code().await)]).await;
    let leave = paper(1).to_string();
    assert_eq!(phone.post(&format!("{link}/answer"), &[("answer", "yes"), ("documents", &leave)]).await.status, 303);
    let file = format!("/app/sharing/inquiries/{id}/documents/{leave}/file");
    assert_eq!(doctor.get(&file).await.status, 200);
    house.world.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    let mut doctor = house.world.sign_in_as("bacsi.84101").await;
    assert_eq!(doctor.get(&file).await.status, 200);
    house.world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(doctor.get(&file).await.status, 403);
    assert!(doctor.get(&format!("/app/sharing/inquiries/{id}")).await.contains("Hết hạn xem"));
}

#[tokio::test]
async fn no_is_no_and_an_old_link_is_nothing() {
    let house = House::open().await;
    let (mut doctor, id) = house.ask().await;
    house.propose(id, &[1], "link").await;
    let link = house.link().await;
    let mut phone = house.world.stranger();
    phone.post(&format!("{link}/code"), &[]).await;
    phone.post(&format!("{link}/proof"), &[("code", &house.code().await)]).await;
    assert_eq!(phone.post(&format!("{link}/answer"), &[("answer", "no")]).await.status, 303);
    assert!(phone.get(&link).await.contains("Bạn đã không đồng ý"));
    assert!(doctor.get(&format!("/app/sharing/inquiries/{id}")).await.contains("Bị từ chối"));
    for forged in ["/consent/zz", "/consent/000000000000000000000000000000000000000000000000"] {
        assert_eq!(phone.get(forged).await.status, 404);
    }
    let (_, second) = house.ask().await;
    house.propose(second, &[1], "link").await;
    let link = house.link().await;
    house.world.clock.advance(TimeDelta::days(8));
    assert_eq!(house.world.stranger().get(&link).await.status, 404);
}

#[tokio::test]
async fn a_code_cannot_be_guessed() {
    let house = House::open().await;
    let (_, id) = house.ask().await;
    house.propose(id, &[1], "link").await;
    let link = house.link().await;
    let mut phone = house.world.stranger();
    phone.post(&format!("{link}/code"), &[]).await;
    let code = house.code().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(phone.post(&format!("{link}/proof"), &[("code", wrong)]).await.status, 422);
    }
    let spent = phone.post(&format!("{link}/proof"), &[("code", &code)]).await;
    assert!(spent.status == 422 && spent.contains("không còn dùng được"), "{}", spent.text);
}
