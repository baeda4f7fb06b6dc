//! How calls end.

use crate::house::{FINE, ask, booking, conclude, due, free_times, khue, next, tomorrow, world};
use chrono::TimeDelta;
use scheduling::Status;

#[tokio::test]
async fn a_sign_of_danger_leads_to_emergency_advice_and_nowhere_else() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let mut red = FINE.to_vec();
    red[1] = ("q.seizure", "yes");
    let check = han.post(&format!("{address}/check"), &red).await;
    assert!(check.status == 200 && check.contains("Gọi 115 ngay") && check.contains("không nhét gì vào miệng") && !check.contains("value=\"confirmed\""), "{}", check.text);
    for outcome in ["confirmed", "confirmed_next", "moved", "advised", "call_back"] {
        let refused = conclude(&mut han, &address, outcome, &red).await;
        assert!(refused.status == 422 && refused.contains("Gọi 115 ngay") && refused.contains("không xếp lịch khám thường"), "{outcome}: {}", refused.text);
    }
    let now = booking(&world, asked.id).await;
    assert!(now.has_red_flag && now.status == Status::Pending, "the answer is kept though nothing else happened");
    assert_eq!(conclude(&mut han, &address, "emergency", &red).await.status, 303);
    let now = booking(&world, asked.id).await;
    assert!(now.status == Status::Refused && now.end_reason.contains("đã hướng dẫn đi cấp cứu: Co giật"), "{}", now.end_reason);
}

#[tokio::test]
async fn fever_of_a_baby_under_three_months_is_a_sign_of_danger() {
    let world = world().await;
    let asked = ask(&world, "Trần Gia Bảo", "10/10/2026").await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let refused = conclude(&mut han, &address, "confirmed", FINE).await;
    assert!(refused.status == 422 && refused.contains("Bé dưới 3 tháng bị sốt"), "{}", refused.text);
    assert_eq!(booking(&world, asked.id).await.status, Status::Pending);
}

#[tokio::test]
async fn nobody_answers_four_times_and_the_place_is_given_back() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    for (n, pause) in [(1, 15), (2, 60), (3, 180)] {
        let address = next(&mut han).await;
        assert!(address.contains("/tasks/"), "call {n}");
        assert_eq!(conclude(&mut han, &address, "no_answer", &[]).await.status, 303);
        world.clock.advance(TimeDelta::minutes(pause - 1));
        han = world.sign_in_as("tiepnhan.84101").await;
        assert_eq!(next(&mut han).await, "/app/care-desk", "too early after call {n}");
        world.clock.advance(TimeDelta::minutes(1));
        // A morning is longer than a session that nobody used.
        han = world.sign_in_as("tiepnhan.84101").await;
    }
    assert_eq!(booking(&world, asked.id).await.status, Status::Pending);
    let address = next(&mut han).await;
    assert_eq!(conclude(&mut han, &address, "no_answer", &[]).await.status, 303);
    let now = booking(&world, asked.id).await;
    assert_eq!((now.status, now.end_reason.as_str()), (Status::Refused, "Đã gọi 4 lần, không liên lạc được"));
    assert_eq!(due(&world).await, []);
}

#[tokio::test]
async fn another_time_is_taken_on_the_phone() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let none = conclude(&mut han, &address, "moved", FINE).await;
    assert!(none.status == 422 && none.contains("Chưa chọn giờ mới"), "{}", none.text);
    let slot = free_times(&world).await.pop().unwrap().to_string();
    let mut fields = FINE.to_vec();
    fields.push(("slot", &slot));
    assert_eq!(conclude(&mut han, &address, "moved", &fields).await.status, 303);
    let old = booking(&world, asked.id).await;
    assert_eq!(old.status, Status::Moved);
    let new = booking(&world, old.moved_to.unwrap()).await;
    assert_eq!((new.status, new.slot.to_string(), new.answers["days"].as_str()), (Status::Confirmed, slot.clone(), Some("3")));
    world.drain().await;
    assert_eq!(due(&world).await, []);
}

#[tokio::test]
async fn somebody_asks_to_be_called_at_a_time_but_not_after_the_place_is_lost() {
    let world = world().await;
    khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let late = conclude(&mut han, &address, "call_back", &[("call_time", "20:00"), ("call_day", "26/11/2026"), ("note", "bận họp")]).await;
    assert!(late.status == 422 && late.contains("chỉ giữ tới") && late.contains("bận họp"), "{}", late.text);
    assert_eq!(conclude(&mut han, &address, "call_back", &[("call_time", "10:30")]).await.status, 303);
    assert_eq!(next(&mut han).await, "/app/care-desk");
    assert!(han.get("/app/care-desk").await.contains("gọi lúc 10:30"));
    world.clock.advance(TimeDelta::minutes(150));
    han = world.sign_in_as("tiepnhan.84101").await;
    assert_eq!(next(&mut han).await, address);
}

#[tokio::test]
async fn who_did_not_come_is_called_the_next_morning() {
    let world = world().await;
    let asked = khue(&world).await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    assert_eq!(conclude(&mut han, &address, "confirmed", FINE).await.status, 303);
    world.clock.advance(TimeDelta::hours(35));
    scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap();
    assert_eq!(booking(&world, asked.id).await.status, Status::NoShow);
    world.drain().await;
    han = world.sign_in_as("tiepnhan.84101").await;
    assert_eq!(next(&mut han).await, "/app/care-desk", "not the same evening");
    world.clock.advance(TimeDelta::hours(14));
    han = world.sign_in_as("tiepnhan.84101").await;
    let address = next(&mut han).await;
    let page = han.get(&address).await;
    assert!(page.contains("Lỡ hẹn") && page.contains(&base::show_date(tomorrow())), "{}", page.text);
    assert_eq!(conclude(&mut han, &address, "confirmed", &[]).await.status, 422);
    assert_eq!(conclude(&mut han, &address, "talked", &[("note", "hẹn tuần sau")]).await.status, 303);
    assert_eq!(due(&world).await, []);
}
