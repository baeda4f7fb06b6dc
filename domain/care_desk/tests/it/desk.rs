//! Who has which call.

use crate::house::{FINE, booking, conclude, due, khue, next, world};
use base::{AccountId, Actor};
use care_desk::store::tasks::{self, NewTask};
use care_desk::task::{CLAIM, Kind};
use chrono::TimeDelta;
use scheduling::{By, Status};
use std::collections::BTreeSet;
use uuid::Uuid;

#[tokio::test]
async fn a_booking_is_called_screened_confirmed_and_leaves_the_list() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let list = han.get("/app/care-desk").await;
    assert!(list.status == 200 && list.contains("Nguyễn Minh Khuê") && list.contains("Sàng lọc"), "{}", list.text);
    let address = next(&mut han).await;
    let page = han.get(&address).await;
    for shown in ["Nguyễn Văn An", "sốt 3 ngày", "Bỏ bú, nôn tất cả mọi thứ", "Lời thoại gợi ý", "Xác nhận lịch", "tel:0900000001"] {
        assert!(page.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.contains("Đau ngực"), "a baby is not asked what adults are");
    let early = conclude(&mut han, &address, "confirmed", &[("q.breath", "no"), ("note", "còn chơi")]).await;
    assert!(early.status == 422 && early.contains("Chưa hỏi hết dấu hiệu nguy hiểm") && early.contains("còn chơi"), "{}", early.text);
    let mut fields = FINE.to_vec();
    fields.push(("note", "Ho ít, còn chơi."));
    let done = conclude(&mut han, &address, "confirmed", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let now = booking(&world, asked.id).await;
    assert_eq!((now.status, now.note.as_str(), now.queue_no), (Status::Confirmed, "Ho ít, còn chơi.", Some(1)));
    assert_eq!((now.answers["fever"].as_str(), now.answers["_version"].as_str(), now.has_red_flag), (Some("yes"), Some("1"), false));
    world.drain().await;
    assert_eq!(due(&world).await, []);
    let twice = conclude(&mut han, &address, "confirmed", FINE).await;
    assert!(twice.status == 422 && twice.contains("đã có kết luận"), "{}", twice.text);
    let figures = han.get("/app/care-desk/figures").await;
    assert!(figures.status == 200 && figures.contains("Ứng dụng") && figures.contains("100 %"), "{}", figures.text);
}

#[tokio::test]
async fn two_who_press_next_at_once_never_get_the_same_call() {
    let world = world().await;
    let mut tx = world.tx("84101").await;
    let now = tx.now;
    for n in 0..20 {
        tasks::add(&mut tx, &NewTask::to(&format!("09000001{n:02}"), "", Kind::MissedCall, now, now + TimeDelta::minutes(n))).await.unwrap();
    }
    let facility = tx.facility();
    tx.commit().await.unwrap();
    let taken = (0..20).map(|n| {
        let (db, clock) = (world.db.clone(), world.clock.clone());
        tokio::spawn(async move {
            let actor = Actor { account: AccountId(Uuid::from_u128(n)), ..Actor::system(facility) };
            let mut tx = db.begin(web::Scope::Facility(facility), actor, clock.now()).await.unwrap();
            let got = tasks::claim_next(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            got
        })
    });
    let mut all = BTreeSet::new();
    for one in taken.collect::<Vec<_>>() {
        if let Some(id) = one.await.unwrap() {
            assert!(all.insert(id), "one call, two people");
        }
    }
    let mut tx = world.tx("84101").await;
    let left = tasks::list_due(&mut tx).await.unwrap().iter().filter(|t| t.claimed_by.is_none()).count();
    assert_eq!(all.len() + left, 20);

    let (mut han, mut vinh) = (world.sign_in_as("tiepnhan.84101").await, world.sign_in_as("quantri.84101").await);
    world.clock.advance(CLAIM);
    for round in 0..20 {
        let (one, other) = tokio::join!(han.post("/app/care-desk/next", &[]), vinh.post("/app/care-desk/next", &[]));
        assert_ne!(one.location(), other.location(), "round {round}");
    }
}

#[tokio::test]
async fn a_call_that_somebody_let_lie_is_free_after_ten_minutes() {
    let world = world().await;
    khue(&world).await;
    let (mut han, mut vinh) = (world.sign_in_as("tiepnhan.84101").await, world.sign_in_as("quantri.84101").await);
    let address = next(&mut han).await;
    let refused = vinh.post(&format!("{address}/claim"), &[]).await;
    assert!(refused.status == 422 && refused.contains("Người khác đang gọi số này"), "{}", refused.text);
    assert_eq!(vinh.post("/app/care-desk/next", &[]).await.location(), "/app/care-desk", "nothing else is due");
    // The open page renews it.
    world.clock.advance(TimeDelta::minutes(8));
    assert!(han.post(&format!("{address}/renewal"), &[]).await.contains("renewal"));
    world.clock.advance(TimeDelta::minutes(8));
    assert_eq!(vinh.post(&format!("{address}/claim"), &[]).await.status, 422);
    world.clock.advance(TimeDelta::minutes(3));
    assert_eq!(next(&mut vinh).await, address);
    let lost = han.post(&format!("{address}/renewal"), &[]).await;
    assert!(lost.contains("Người khác đang gọi số này"), "{}", lost.text);
    let late = conclude(&mut han, &address, "confirmed", FINE).await;
    assert_eq!(late.status, 422, "{}", late.text);
    assert_eq!(vinh.post(&format!("{address}/release"), &[]).await.status, 303);
    assert_eq!(next(&mut han).await, address);
}

#[tokio::test]
async fn the_patient_cancels_while_the_desk_confirms() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let page = han.get(&address).await;
    let version = page.input("version").unwrap();
    let mut tx = world.tx("84101").await;
    scheduling::change::cancel(&mut tx, asked.id, asked.version, By::Patient, "bé hết sốt").await.unwrap();
    tx.commit().await.unwrap();
    let mut fields = vec![("version", version.as_str()), ("outcome", "confirmed"), ("note", "đã hỏi kỹ")];
    fields.extend_from_slice(FINE);
    let refused = han.post(&format!("{address}/outcome"), &fields).await;
    assert!(refused.status == 422 && refused.contains("đã hỏi kỹ") && refused.contains("bé hết sốt") && refused.contains("Đã hủy"), "{}", refused.text);
    assert_eq!(booking(&world, asked.id).await.status, Status::Cancelled);
    world.drain().await;
    assert_eq!(due(&world).await, [], "who cancelled is not called");
}

#[tokio::test]
async fn another_house_sees_nothing_and_who_has_no_right_neither() {
    let world = world().await;
    khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let mut hoa_sen = world.sign_in_as("tiepnhan.84102").await;
    assert_eq!(hoa_sen.get(&address).await.status, 404);
    for act in ["claim", "release", "renewal", "check", "outcome"] {
        assert_eq!(hoa_sen.post(&format!("{address}/{act}"), &[]).await.status, 404, "{act}");
    }
    assert!(!hoa_sen.get("/app/care-desk").await.contains("Khuê"));
    let mut cashier = world.sign_in_as("thungan.84101").await;
    assert_eq!(cashier.get(&address).await.status, 403);
    assert_eq!(han.get("/app/care-desk/settings").await.status, 403);
}
