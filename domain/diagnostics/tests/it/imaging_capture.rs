//! The room's list, and pictures on their way in: real ones kept once, others refused, none lost, none seen elsewhere.

use crate::imaging_world::{Room, begin, clip, frame, ordered, put, still};
use crate::world::{clinic, person};
use base::Event;
use testkit::demo_id;
use uuid::Uuid;

#[tokio::test]
async fn the_list_shows_who_waits_in_the_room_and_one_study_begins_however_often_it_is_pressed() {
    let world = clinic().await;
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let (_, order) = ordered(&world, patient, "SA01").await;
    let mut sono = world.sign_in_as("sieuam.84101").await;
    let room = demo_id("84101", "room", "SA");
    let list = sono.get(&format!("/app/imaging?room={room}")).await;
    for shown in ["Nguyễn Thị An", "Siêu âm ổ bụng", "BS. Lê Hoàng Phúc", "Đau thượng vị sau ăn", "nhịn ăn 6 giờ", "data-since"] {
        assert!(list.contains(shown), "{shown}: {}", list.text);
    }
    assert!(!sono.get(&format!("/app/imaging?room={}", demo_id("84101", "room", "TT"))).await.contains("Nguyễn Thị An"), "another room");
    assert_eq!(sono.get(&format!("/app/imaging?room={}", Uuid::now_v7())).await.status, 404);
    let study = begin(&mut sono, order).await;
    assert_eq!(begin(&mut sono, order).await, study);
    let page = sono.get(&format!("/app/imaging/studies/{study}")).await;
    assert!(page.contains("KẾT QUẢ SIÊU ÂM Ổ BỤNG") && page.contains("261124-0001"), "{}", page.text);
    // The slip and the accession number lead to it.
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    assert!(doctor.get("/app/imaging?room=all").await.contains("Đang làm"));
    // The nurse looks, she does not begin.
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get("/app/imaging?room=all").await.status, 200);
    assert_eq!(nurse.post(&format!("/app/imaging/orders/{order}/study"), &[]).await.status, 403);
}

#[tokio::test]
async fn where_payment_comes_first_the_room_waits_for_it() {
    let world = clinic().await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    assert_eq!(owner.post("/app/catalogue/facility/settings", &[("pay_first", "1")]).await.status, 303);
    let patient = person(&world, "84101", "Nguyễn Thị An").await;
    let (visit, order) = ordered(&world, patient, "SA01").await;
    let mut sono = world.sign_in_as("sieuam.84101").await;
    assert!(!sono.get("/app/imaging?room=all").await.contains("Nguyễn Thị An"));
    let early = sono.post(&format!("/app/imaging/orders/{order}/study"), &[]).await;
    assert!(early.status == 422 && early.contains("chưa thanh toán"), "{}", early.text);
    let mut tx = world.tx("84101").await;
    tx.emit(Event::OrdersPaid { encounter: visit, orders: vec![base::OrderId(order)] });
    tx.commit().await.expect("paid");
    world.drain().await;
    assert!(sono.get("/app/imaging?room=all").await.contains("Nguyễn Thị An"));
    begin(&mut sono, order).await;
}

#[tokio::test]
async fn four_frames_are_four_contents_and_a_repeated_one_is_kept_once() {
    let mut room = Room::open().await;
    let mut hashes = std::collections::HashSet::new();
    for seed in 0..4 {
        let picture = room.shoot(seed).await;
        let path = room.path(&format!("/pictures/{picture}"));
        // The line was lost before the answer: the browser sends it again.
        assert_eq!(put(&mut room.sono, &path, "image/jpeg", still(seed)).await.status, 201);
        let whole = room.sono.get(&path).await;
        assert_eq!((whole.status, whole.bytes.clone()), (200, still(seed)));
        let small = room.sono.get(&format!("{path}/small")).await;
        assert!(small.status == 200 && small.bytes.len() < whole.bytes.len());
        hashes.insert(whole.bytes);
    }
    assert_eq!(hashes.len(), 4);
    let mut tx = room.world.tx("84101").await;
    let (rows, files): (i64, i64) = sqlx::query_as("SELECT count(*), count(DISTINCT file) FROM diagnostics_picture").fetch_one(tx.conn()).await.unwrap();
    assert_eq!((rows, files), (4, 4));
}

#[tokio::test]
async fn what_is_no_picture_is_refused_in_words() {
    let mut room = Room::open().await;
    let mut huge = still(1);
    let at = huge.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    huge[at + 5..at + 9].copy_from_slice(&[0x27, 0x10, 0x4e, 0x20]);
    let mut cut = still(2);
    cut.truncate(cut.len() / 2);
    for (kind, content, said) in [
        ("image/jpeg", b"<svg onload=alert(1)>".to_vec(), "không phải ảnh JPEG"),
        ("image/jpeg", huge, "200 triệu điểm"),
        ("image/jpeg", frame(8, 8, 0), "quá nhỏ"),
        ("image/jpeg", vec![0xff; 20 * 1024 * 1024 + 2], "20 MB"),
        ("video/webm", still(3), "không phải đoạn phim WebM"),
        ("video/webm", clip(&[0, 10_000, 40_000]), "nhiều nhất 15 giây"),
    ] {
        let path = room.path(&format!("/pictures/{}", Uuid::now_v7()));
        let page = put(&mut room.sono, &path, kind, content).await;
        assert_eq!(page.status, 422, "{said}: {}", page.text);
        assert!(page.json()["text"].as_str().unwrap().contains(said), "{}", page.text);
        assert_eq!(room.sono.get(&path).await.status, 404);
    }
    let path = room.path(&format!("/pictures/{}", Uuid::now_v7()));
    assert_eq!(put(&mut room.sono, &path, "video/webm", clip(&[0, 9_990])).await.status, 201);
    let clip = room.sono.get(&path).await;
    assert_eq!(clip.headers["content-type"], "video/webm");
    assert!(room.sono.get(&room.path("")).await.contains("10 giây"));
}

#[tokio::test]
async fn another_clinic_sees_and_touches_nothing() {
    let mut room = Room::open().await;
    let picture = room.shoot(1).await;
    let mut stranger = room.world.sign_in_as("bacsi.84103").await;
    for path in ["", "/draft", "/viewer", "/report.pdf", "/preview.pdf", "/versions/1"] {
        assert_eq!(stranger.get(&room.path(path)).await.status, 404, "{path}");
    }
    for path in [format!("/pictures/{picture}"), format!("/pictures/{picture}/small")] {
        assert_eq!(stranger.get(&room.path(&path)).await.status, 404, "{path}");
    }
    for path in [format!("/pictures/{picture}/removed"), "/released".into(), "/template".into(), "/correction".into(), "/phrases".into()] {
        assert_eq!(stranger.post(&room.path(&path), &[]).await.status, 404, "{path}");
    }
    assert_eq!(put(&mut stranger, &room.path(&format!("/pictures/{}", Uuid::now_v7())), "image/jpeg", still(2)).await.status, 404);
    // A package without pictures has no such pages at all.
    let mut small_clinic = room.world.sign_in_as("bacsi.84102").await;
    let page = small_clinic.get("/app/imaging").await;
    assert!(page.status == 403 && page.contains("gói dịch vụ"), "{}", page.text);
}

#[tokio::test]
async fn a_picture_is_thrown_away_whole_before_the_report_and_never_after() {
    let mut room = Room::open().await;
    let (gone, kept) = (room.shoot(1).await, room.shoot(2).await);
    let path = room.path(&format!("/pictures/{gone}"));
    for _ in 0..2 {
        assert_eq!(room.sono.post(&format!("{path}/removed"), &[]).await.status, 303);
    }
    assert_eq!(room.sono.get(&path).await.status, 404);
    // A late repetition does not bring it back.
    let late = put(&mut room.sono, &path, "image/jpeg", still(1)).await;
    assert_eq!((late.status, late.json()["removed"].as_bool()), (201, Some(true)));
    assert_eq!(room.sono.get(&path).await.status, 404);

    let id = kept.to_string();
    assert_eq!(room.release(&[("pictures", &id)]).await.status, 303);
    let path = room.path(&format!("/pictures/{kept}"));
    let refused = room.sono.post(&format!("{path}/removed"), &[]).await;
    assert!(refused.status == 422 && refused.contains("không xóa hình được nữa"), "{}", refused.text);
    assert_eq!(room.sono.get(&path).await.status, 200);
}

#[tokio::test]
async fn the_same_frame_twice_survives_throwing_one_away() {
    let mut room = Room::open().await;
    let (gone, kept) = (room.shoot(7).await, room.shoot(7).await);
    let path = room.path(&format!("/pictures/{gone}/removed"));
    assert_eq!(room.sono.post(&path, &[]).await.status, 303);
    assert_eq!(room.sono.get(&room.path(&format!("/pictures/{kept}"))).await.bytes, still(7));
}
