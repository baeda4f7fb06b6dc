//! What saves typing, and what survives it.

use crate::world::*;
use testkit::demo_id;
use uuid::Uuid;

#[tokio::test]
async fn unclear_sentences_are_kept_and_asked_back() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    doctor.set_header("hx-request", "true");
    for (sentence, says) in [
        ("amox 500 s1 c1", "Chưa có số ngày"),
        ("amox 500 s1g 5n", "gam hay gói"),
        ("khongco 500 s1 5n", "ngoài danh mục"),
        ("amox 500 s1/2 5n", "Viên nang không chia nhỏ"),
        ("", "Chưa có tên thuốc"),
    ] {
        let page = say(&mut doctor, visit, sentence).await;
        assert_eq!(page.status, 422, "{sentence}");
        assert!(page.contains(says), "{sentence}: {}", page.text);
        assert_eq!(page.input("sentence").as_deref(), Some(sentence));
    }
    doctor.remove_header("hx-request");
    let lines = |all: Vec<serde_json::Value>| all.iter().map(|p| p["lines"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(lines(read(&mut doctor, visit).await), 0);
    // Typed freely it is taken, marked as unchecked.
    let path = format!("/app/encounters/{visit}/prescription/lines");
    let free = [("id", &*Uuid::now_v7().to_string()), ("sentence", "Thuốc ho gia truyền 1 gói x3 5n"), ("free", "1")];
    assert_eq!(doctor.post(&path, &free).await.status, 303);
    let draft = read(&mut doctor, visit).await[0].clone();
    assert_eq!(draft["lines"][0]["drug_id"], serde_json::Value::Null);
    assert!(draft["findings"].to_string().contains("Chưa kiểm tra đầy đủ"));
}

#[tokio::test]
async fn the_plain_form_says_the_same() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{visit}/prescription/lines");
    let id = Uuid::now_v7().to_string();
    let fields = [("id", id.as_str()), ("name", "amox 500"), ("morning", "1"), ("evening", "1"), ("unit", "viên"), ("meal", "sau ăn"), ("days", "5")];
    assert_eq!(doctor.post(&path, &fields).await.status, 303);
    assert_eq!(read(&mut doctor, visit).await[0]["lines"][0]["instruction"], "Sáng 1 viên, tối 1 viên, sau ăn, 5 ngày");
}

#[tokio::test]
async fn the_last_prescription_again_shows_what_changed() {
    let world = clinic().await;
    let an = an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let first = visit(&world, "84101", an, &["I10"]).await;
    for sentence in ["amlodipin s1 30n", "losartan s1 30n", "aspirin 81 s1 30n"] {
        say(&mut doctor, first, sentence).await;
    }
    issue(&mut doctor, first, &[]).await;
    world.clock.advance(chrono::TimeDelta::days(30));
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE organization_drug SET active_to = $1 WHERE drug_id = $2")
        .bind(world.clock.today() - chrono::TimeDelta::days(1))
        .bind(demo_id("84101", "drug", "T040"))
        .execute(tx.conn())
        .await
        .expect("ended");
    tx.commit().await.expect("kept");
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let second = visit(&world, "84101", an, &["I10"]).await;
    say(&mut doctor, second, "losartan s1 30n").await;
    doctor.set_header("hx-request", "true");
    let id = Uuid::now_v7().to_string();
    let page = doctor.post(&format!("/app/encounters/{second}/prescription/repeated"), &[("id", &id)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.contains("như cũ") && page.contains("không còn trong danh mục") && page.contains("đã có trong đơn"), "{}", page.text);
    doctor.remove_header("hx-request");
    assert_eq!(read(&mut doctor, second).await[0]["lines"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn favourites_are_learned_and_samples_are_kept() {
    let world = clinic().await;
    let an = an(&world).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let first = visit(&world, "84101", an, &["J02.9"]).await;
    say(&mut doctor, first, "amox 500 s1 c1 7n sa").await;
    let sample = Uuid::now_v7().to_string();
    let keep = format!("/app/encounters/{first}/prescription/samples");
    assert_eq!(doctor.post(&keep, &[("id", &sample), ("name", "Viêm họng người lớn"), ("icd", "J02")]).await.status, 303);
    assert_eq!(issue(&mut doctor, first, &[]).await.status, 303);

    let an_wife = person(&world, "84101", "Lê Thị Hoa", "1988-02-01").await;
    let second = visit(&world, "84101", an_wife, &["J02.9"]).await;
    let page = doctor.get(&format!("/app/encounters/{second}")).await;
    assert!(page.contains("Hay kê") && page.contains("Viêm họng người lớn"), "{}", page.text);
    let id = Uuid::now_v7().to_string();
    let apply = format!("/app/encounters/{second}/prescription/samples/{sample}");
    for _ in 0..2 {
        assert_eq!(doctor.post(&apply, &[("id", &id)]).await.status, 303);
    }
    let lines = read(&mut doctor, second).await[0]["lines"].clone();
    assert_eq!(lines.as_array().unwrap().len(), 1);
    assert_eq!(lines[0]["quantity_milli"], 14_000);

    // A baby is not offered an adult's dose.
    let khue = person(&world, "84101", "Nguyễn Minh Khuê", "2026-01-10").await;
    let baby = visit(&world, "84101", khue, &["J02.9"]).await;
    assert!(!doctor.get(&format!("/app/encounters/{baby}")).await.contains("Hay kê"));

    let mut other = world.sign_in_as("bacsi.lan.84101").await;
    assert_eq!(other.post(&apply, &[("id", &id)]).await.status, 404, "somebody else's sample");
    assert_eq!(other.post(&format!("{apply}/ended"), &[]).await.status, 404);
    assert_eq!(doctor.post(&format!("{apply}/ended"), &[]).await.status, 303);
    assert!(!doctor.get(&format!("/app/encounters/{second}")).await.contains("Thôi dùng mẫu này"));
}

#[tokio::test]
async fn details_are_kept_while_they_are_typed_and_the_slower_one_is_told() {
    let world = clinic().await;
    let an = an(&world).await;
    let visit = visit(&world, "84101", an, &["J02.9"]).await;
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let path = format!("/app/encounters/{visit}/prescription/details");
    let first = doctor.put(&path, &[("version", "1"), ("advice", "Uống nhiều nước")]).await;
    assert_eq!((first.status, first.json()["version"].as_i64()), (200, Some(2)), "{}", first.text);
    let slower = doctor.put(&path, &[("version", "1"), ("advice", "Nghỉ ngơi")]).await;
    assert_eq!(slower.status, 409);
    assert_eq!(slower.json()["fields"]["advice"], "Uống nhiều nước");
    assert_eq!(doctor.put(&path, &[("version", "2"), ("follow_up", "31/02/2026")]).await.status, 422);
}
