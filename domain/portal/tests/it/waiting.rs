//! A full day: who waits is told in order, and has the place alone for a quarter of an hour.

use crate::house::{behind, book, door, khue, times, tomorrow, with, world};
use chrono::TimeDelta;
use scheduling::{Status, change};
use testkit::{Client, World};

/// A browser that proved a phone at the door of a full day, and put itself on the list.
async fn wait(world: &World, number: &str) -> Client {
    let mut phone = world.stranger();
    let page = phone.get(&format!("{}?day={}", door("TMH"), tomorrow())).await;
    assert!(page.contains("Báo tôi khi có chỗ"), "{}", page.text);
    let day = tomorrow().to_string();
    let asked = phone.post(&format!("{}/wait", door("TMH")), &[("id", &page.input("id").unwrap()), ("day", &day)]).await;
    assert!(asked.location().starts_with("/me/enter?house=84101&next=/booking/"), "only a proved phone is told: {}", asked.location());
    let enter = phone.get(asked.location()).await;
    let next = enter.input("next").unwrap();
    let fields = [("phone", number), ("house", "84101"), ("next", next.as_str())];
    assert_eq!(phone.post("/me/code", &fields).await.status, 200);
    let code = world.letters.value(number, "code").unwrap();
    let proved = phone.post("/me/proof", &[("phone", number), ("next", &next), ("code", &code)]).await;
    assert_eq!((proved.status, proved.location()), (303, next.as_str()));
    for _ in 0..2 {
        assert_eq!(phone.post(&format!("{}/wait", door("TMH")), &[("id", &page.input("id").unwrap()), ("day", &day)]).await.status, 303);
    }
    assert!(phone.get(&next).await.contains("Đã ghi"));
    phone
}

fn link(world: &World, number: &str) -> Option<String> {
    world.letters.value(number, "link").map(|link| link.replace("http://127.0.0.1:8080", ""))
}

#[tokio::test]
async fn a_place_given_back_goes_to_the_first_who_waits_and_then_to_the_next() {
    let world = world().await;
    portal::wait::connect(world.app.clone());
    let slots = times(&world, "TMH").await;
    let mut first = world.stranger();
    let mine = book(&world, &mut first, "TMH", slots[3], &khue()).await;
    // Everything else is taken too.
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE scheduling_slot SET taken = capacity WHERE offer_id = $1").bind(crate::house::offer("84101", "TMH")).execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    let mut early = wait(&world, "0900000031").await;
    world.clock.advance(TimeDelta::minutes(1));
    wait(&world, "0900000032").await;

    let a = behind(&world, &mine).await;
    assert_eq!(first.post(&format!("{mine}/cancellation"), &[("version", &a.version.to_string())]).await.status, 303);
    world.drain().await;
    let offered = link(&world, "0900000031").expect("the first is told");
    assert_eq!(link(&world, "0900000032"), None);
    assert!(times(&world, "TMH").await.is_empty(), "nobody else can take the place");
    let form = early.get(&offered).await;
    assert!(form.contains("giữ tới") && form.input("phone").as_deref() == Some("0900000031"), "{}", form.text);
    let held = behind(&world, &offered).await;
    assert_eq!((held.status, held.held_until), (Status::Held, Some(world.clock.now() + portal::wait::KEPT)));

    // The first does not come: the next one is told, and takes it.
    world.clock.advance(TimeDelta::minutes(16));
    scheduling::round::sweep(&world.db, world.clock.now()).await.unwrap();
    world.drain().await;
    let second = link(&world, "0900000032").expect("the next is told");
    let mut late = world.stranger();
    assert!(late.get(&offered).await.contains("Quá hạn"));
    let fields = with(khue(), "phone", "0900000032");
    assert_eq!(late.post(&format!("{second}/details"), &fields).await.status, 200);
    let code = world.letters.value("0900000032", "code").unwrap();
    let mut all: Vec<(&str, &str)> = fields.clone();
    all.push(("code", &code));
    assert_eq!(late.post(&format!("{second}/code"), &all).await.status, 303);
    assert_eq!(behind(&world, &second).await.status, Status::Pending);

    // Nobody waits any more: the place is free for everybody.
    let a = behind(&world, &second).await;
    let mut tx = world.tx("84101").await;
    change::refuse(&mut tx, a.id, a.version, "không cần khám").await.unwrap();
    tx.commit().await.unwrap();
    world.drain().await;
    assert_eq!(times(&world, "TMH").await, [slots[3]]);
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_strange_day_is_no_list_and_a_strange_address_no_way_on() {
    let world = world().await;
    let mut phone = world.stranger();
    for day in ["2020-01-01", "2040-01-01", "", "x"] {
        let asked = phone.post(&format!("{}/wait", door("TMH")), &[("day", day)]).await;
        assert_eq!((asked.status, asked.location()), (303, door("TMH").as_str()), "{day}");
    }
    assert_eq!(phone.post("/me/code", &[("phone", "12"), ("house", "84101")]).await.status, 422);
    assert_eq!(phone.post("/me/code", &[("phone", "0900000040"), ("house", "84101")]).await.status, 200);
    let again = phone.post("/me/code", &[("phone", "0900000040"), ("house", "84101")]).await;
    assert!(again.status == 422 && again.contains("Vừa gửi một mã"), "{}", again.text);
    let code = world.letters.value("0900000040", "code").unwrap();
    let proved = phone.post("/me/proof", &[("phone", "0900000040"), ("code", &code), ("next", "https://evil.example/")]).await;
    assert_eq!(proved.location(), "/me");
    assert_eq!(world.stranger().post("/me/proof", &[("phone", "0900000040"), ("code", &code)]).await.status, 422, "a code opens once");
}
