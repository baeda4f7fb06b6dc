//! From a word in the search to a booking that waits for its call, and everything that goes wrong on the way.

use crate::house::{AN, behind, book, door, khue, times, tomorrow, touch, with, world};
use chrono::TimeDelta;
use scheduling::{By, Status, change};
use testkit::demo_id;

#[tokio::test]
async fn an_finds_a_time_for_khue_without_accents_and_books_it_with_his_phone() {
    let world = world().await;
    let mut phone = world.stranger();
    let found = phone.get("/booking?q=tai+mui+hong").await;
    assert!(found.status == 200 && found.contains("Khám Tai mũi họng") && !found.contains("Khám Nhi<"), "{}", found.text);
    let video = phone.get("/booking?mode=video&bhyt=1").await;
    assert!(!video.contains("Tư vấn Nội qua video"), "video visits are not paid by BHYT here");
    let slots = times(&world, "NHI").await;
    let page = phone.get(&format!("{}?day={}", door("NHI"), tomorrow())).await;
    assert!(page.contains("còn 2") && page.text.len() < 60_000, "{}", page.text.len());

    let link = book(&world, &mut phone, "NHI", slots[0], &khue()).await;
    let booked = phone.get(&link).await;
    assert!(booked.contains("Nguyễn Minh Khuê") && booked.contains("Gọi xác nhận") && booked.contains("Mã đặt lịch"), "{}", booked.text);
    let a = behind(&world, &link).await;
    assert_eq!((a.status, a.booker_name.as_str(), a.reach(), a.wants_bhyt), (Status::Pending, "Nguyễn Văn An", AN, true));

    // Confirmed by phone: number and square code on the page.
    let mut tx = world.tx("84101").await;
    change::confirm(&mut tx, a.id, a.version).await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    let confirmed = phone.get(&link).await;
    assert!(confirmed.contains("<svg") && confirmed.contains(&scheduling::code::shown(&a.code)), "{}", confirmed.text);
    let mine = phone.get("/me").await;
    assert!(mine.contains("Khám Nhi") && mine.contains("Nguyễn Minh Khuê"), "{}", mine.text);
    assert!(!world.stranger().get("/me").await.contains("Khám Nhi"), "another browser sees nothing");
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());

    // The second booking of the same phone needs no code.
    let mother = with(with(with(khue(), "name", "Trần Thị Lành"), "birth", "1958"), "relation", "parent");
    let held = touch(&mut phone, "NOI", times(&world, "NOI").await[3]).await.location().to_owned();
    assert_eq!(phone.post(&format!("{held}/details"), &mother).await.status, 303);
    assert_eq!(behind(&world, &held).await.status, Status::Pending);
    phone.post("/me/sign-out", &[]).await;
    assert!(!phone.get("/me").await.contains("Khám Nhi"));
}

#[tokio::test]
async fn a_second_touch_holds_the_same_place_and_the_last_place_goes_to_one_browser() {
    let world = world().await;
    let (mut first, mut second) = (world.stranger(), world.stranger());
    let before = times(&world, "TMH").await.len();
    let slot = times(&world, "TMH").await[0].to_string();
    let address = format!("{}/hold", door("TMH"));
    let id = uuid::Uuid::now_v7().to_string();
    let mine = [("id", id.as_str()), ("slot", slot.as_str()), ("day", "2026-11-25")];
    let (other_id, day) = (uuid::Uuid::now_v7().to_string(), "2026-11-25");
    let theirs = [("id", other_id.as_str()), ("slot", slot.as_str()), ("day", day)];
    let (a, b) = tokio::join!(first.post(&address, &mine), second.post(&address, &theirs));
    let mut answers = [a.status, b.status];
    answers.sort();
    assert_eq!(answers, [303, 409], "{} {}", a.text, b.text);
    let a_lost = a.status == 409;
    let late = if a_lost { a } else { b };
    assert!(late.contains("vừa có người đặt") && late.contains("cz-time gone") && late.contains("<button class=\"cz-time\""), "other times are offered: {}", late.text);
    let (winner, fields) = if a_lost { (&mut second, theirs) } else { (&mut first, mine) };
    let again = winner.post(&address, &fields).await;
    assert_eq!((again.status, times(&world, "TMH").await.len()), (303, before - 1), "the same touch again takes no second place");
    // A time of another house, none at all, and an id that is none.
    let foreign = demo_id("84102", "offer", "GD").to_string();
    for fields in [vec![("id", other_id.as_str()), ("slot", foreign.as_str())], vec![("id", other_id.as_str())]] {
        assert_eq!(second.post(&address, &fields).await.status, 422);
    }
    assert_eq!(second.get(&format!("/booking/84101/{foreign}")).await.status, 404, "an offer of another house");
    assert_eq!(second.get(&format!("/booking/99999/{foreign}")).await.status, 404, "no such house");
}

#[tokio::test]
async fn five_wrong_guesses_end_a_code_and_nobody_learns_whose_phone_it_is() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut known = world.stranger();
    book(&world, &mut known, "NHI", slots[0], &khue()).await;
    world.clock.advance(TimeDelta::minutes(2));
    // A known and an unknown phone are answered alike.
    let mut texts = Vec::new();
    for number in ["0900000001", "0900000077"] {
        let mut phone = world.stranger();
        let held = touch(&mut phone, "NHI", slots[1]).await.location().to_owned();
        let asked = phone.post(&format!("{held}/details"), &with(khue(), "phone", number)).await;
        assert_eq!(asked.status, 200);
        let told = asked.text.split("<p>Mã 6 số").nth(1).unwrap().split("</p>").next().unwrap().to_owned();
        texts.push(told.replace(&number[6..], ""));
        change_to_cancelled(&world, &held).await;
    }
    assert_eq!(texts[0], texts[1]);

    let mut phone = world.stranger();
    let held = touch(&mut phone, "NHI", slots[2]).await.location().to_owned();
    phone.post(&format!("{held}/details"), &with(khue(), "phone", "0900000055")).await;
    let code = world.letters.value("0900000055", "code").unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in [4, 3, 2, 1, 0] {
        let refused = phone.post(&format!("{held}/code"), &with(with(khue(), "phone", "0900000055"), "code", wrong)).await;
        assert!(refused.status == 422 && refused.contains(&format!("còn {left} lần")), "{}", refused.text);
    }
    let mut right = with(khue(), "phone", "0900000055");
    right.push(("code", Box::leak(code.into_boxed_str())));
    let spent = phone.post(&format!("{held}/code"), &right).await;
    assert!(spent.status == 422 && spent.contains("không còn dùng được") && spent.contains("sốt 3 ngày"), "nothing typed is lost: {}", spent.text);
    assert_eq!(behind(&world, &held).await.status, Status::Held);
}

async fn change_to_cancelled(world: &testkit::World, link: &str) {
    let a = behind(world, link).await;
    let mut tx = world.tx("84101").await;
    change::cancel(&mut tx, a.id, a.version, By::System, "").await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn bad_answers_stand_beside_their_fields_and_danger_leads_to_115() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    let held = touch(&mut phone, "NHI", slots[0]).await.location().to_owned();
    for (field, value, word) in [
        ("phone", "12345", "không phải số điện thoại"),
        ("phone", "", "Chưa có số điện thoại"),
        ("birth", "31/02/2020", ""),
        ("birth", "01/01/2031", ""),
        ("name", "A1<script>alert", "chỉ gồm chữ"),
        ("danger", "", "Trả lời câu này"),
        ("relation", "boss", ""),
        ("cccd", "123", ""),
    ] {
        let refused = phone.post(&format!("{held}/details"), &with(khue(), field, value)).await;
        assert!(refused.status == 422 && refused.contains(word) && refused.contains("sốt 3 ngày"), "{field}={value}: {} {}", refused.status, refused.text);
        assert!(!refused.contains("<script>alert"), "{field}");
    }
    assert_eq!(phone.post(&format!("{held}/details"), &with(khue(), "name", "An\u{0}")).await.status, 400, "letters nobody sees");
    let danger = phone.post(&format!("{held}/details"), &with(khue(), "danger", "yes")).await;
    assert!(danger.status == 200 && danger.contains("tel:115"), "{}", danger.text);
    assert_eq!(behind(&world, &held).await.status, Status::Cancelled, "the place is free for somebody else");
    assert_eq!(times(&world, "NHI").await.len(), slots.len());
    for forged in ["/b/x", "/b/m1.00.00.00", &held[..held.len() - 2]] {
        assert_eq!(phone.get(forged).await.status, 404, "{forged}");
    }
}

#[tokio::test]
async fn who_types_longer_than_the_place_is_kept_loses_no_word() {
    let world = world().await;
    let slots = times(&world, "TMH").await;
    let (mut slow, mut quick) = (world.stranger(), world.stranger());
    let held = touch(&mut slow, "TMH", slots[0]).await.location().to_owned();
    world.clock.advance(TimeDelta::minutes(11));
    // Nobody came: the same time is simply held again.
    let again = slow.post(&format!("{held}/details"), &khue()).await;
    assert!(again.status == 200 && again.contains("sốt 3 ngày") && again.contains("giữ tới"), "{} {}", again.status, again.text);
    world.clock.advance(TimeDelta::minutes(11));
    // Somebody came: other times are offered with all that was typed.
    assert_eq!(touch(&mut quick, "TMH", slots[0]).await.status, 303);
    let others = slow.post(&format!("{held}/details"), &khue()).await;
    assert!(others.status == 409 && others.contains("sốt 3 ngày") && others.contains("name=\"slot\""), "{} {}", others.status, others.text);
    let slot = others.input("slot").unwrap();
    let mut fields: Vec<(&str, &str)> = khue();
    fields.push(("slot", &slot));
    let form = slow.post(&format!("{held}/details"), &fields).await;
    assert!(form.status == 200 && form.contains("sốt 3 ngày"), "{}", form.text);
    assert!(slow.get(&held).await.contains("Quá hạn"));
}

#[tokio::test]
async fn the_pages_can_be_kept_on_a_phone() {
    let world = world().await;
    let mut phone = world.stranger();
    let page = phone.get("/booking").await;
    assert!(page.contains("/booking.webmanifest") && page.contains("/booking-app.js"));
    assert_eq!(phone.get("/booking.webmanifest").await.json()["start_url"], "/me");
    let worker = phone.get("/booking-sw.js").await;
    assert_eq!((worker.status, worker.headers["service-worker-allowed"].to_str().unwrap()), (200, "/"));
    assert!(worker.contains("/me/sign-out") && phone.get("/booking-app.js").await.contains("serviceWorker"));
    // A commune finds the houses there, and words that fit nothing find nothing.
    let house = portal::store::houses(&world.db).await.unwrap().into_iter().find(|h| h.code == "84101").unwrap();
    let words = base::fold(&house.address).split(',').next().unwrap().trim().replace(' ', "+");
    assert!(!words.is_empty() && phone.get(&format!("/booking?q={words}")).await.contains("Khám Nhi"), "{}", house.address);
    assert!(phone.get("/booking?q=khong+co+noi+nay").await.contains("Chưa thấy giờ trống nào"));
}

#[tokio::test]
async fn times_that_are_over_and_ids_that_are_used_book_nothing() {
    let world = world().await;
    let slots = times(&world, "NHI").await;
    let mut phone = world.stranger();
    let address = format!("{}/hold", door("NHI"));
    let (id, first, second) = (uuid::Uuid::now_v7().to_string(), slots[0].to_string(), slots[1].to_string());
    assert_eq!(phone.post(&address, &[("id", &id), ("slot", &first)]).await.status, 303);
    let other_wish = phone.post(&address, &[("id", &id), ("slot", &second)]).await;
    assert!(other_wish.status == 422 && other_wish.contains("đã được dùng cho một lịch khác"), "{}", other_wish.text);
    assert_eq!(times(&world, "NHI").await.len(), slots.len(), "two places each: one hold leaves the time open");
    // A page that lay open until the time was over.
    world.clock.advance(TimeDelta::days(2));
    let over = phone.post(&address, &[("id", &uuid::Uuid::now_v7().to_string()), ("slot", &second), ("day", "2026-11-25")]).await;
    assert!(over.status == 422 && over.contains("đã qua"), "{}", over.text);
    for day in ["1999-01-01", "9999-12-31", "%2B262142-12-31", "abc", "2026-13-45"] {
        assert_eq!(phone.get(&format!("{}?day={day}", door("NHI"))).await.status, 200, "{day}");
    }
}
