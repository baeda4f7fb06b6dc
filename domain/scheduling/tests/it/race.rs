//! Many at once: the last place, the channel's share, a repeated wish, two who decide, two who swap, a hold that ran out, and
//! somebody who would be in two places.

use crate::booking::{first_time, khue, tomorrow, world};
use base::{AppointmentId, SlotId};
use chrono::TimeDelta;
use scheduling::{Booker, By, Channel, Goal, NewBooking, Status, Who, change};
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use testkit::{World, demo_id};
use web::Failure;

/// A different grown-up for every number.
fn somebody(n: usize) -> (Who, Booker) {
    let (who, booker) = khue();
    let phone = format!("09{n:08}");
    (Who { name: format!("Người thứ {n}"), cccd: format!("0840850{n:05}"), phone: phone.clone(), ..who }, Booker { phone, relation: "self".into(), ..booker })
}

async fn book(world: &World, facility: &str, wish: &NewBooking) -> Result<scheduling::Appointment, Failure> {
    let mut tx = world.tx(facility).await;
    let made = scheduling::book(&mut tx, wish).await?;
    tx.commit().await?;
    Ok(made)
}

async fn at_once(world: &Arc<World>, wishes: Vec<NewBooking>) -> Vec<Result<scheduling::Appointment, Failure>> {
    let mut tasks = tokio::task::JoinSet::new();
    for wish in wishes {
        let world = world.clone();
        tasks.spawn(async move { book(&world, "84101", &wish).await });
    }
    tasks.join_all().await
}

async fn count(world: &World, sql: &str) -> i64 {
    let mut tx = world.tx("84101").await;
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(tx.conn()).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_want_the_last_place_and_one_gets_it() {
    let world = Arc::new(world().await);
    let slot = first_time(&world, "TMH").await;
    let wishes = (0..100).map(|n| {
        let (who, booker) = somebody(n);
        NewBooking::new(AppointmentId::new(), slot, Channel::ALL[n % 6], Goal::Ask, who, booker)
    });
    let answers = at_once(&world, wishes.collect()).await;
    let won = answers.iter().filter(|a| a.is_ok()).count();
    let told = answers.iter().filter(|a| matches!(a, Err(Failure::Conflict(text)) if text == scheduling::book::TAKEN)).count();
    assert_eq!((won, told), (1, 99), "{:?}", answers.iter().filter_map(|a| a.as_ref().err()).next());
    assert_eq!(count(&world, &format!("SELECT taken::bigint FROM scheduling_slot WHERE slot_id = '{slot}'")).await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM scheduling_appointment").await, 1, "who lost left nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_morning_is_sold_to_its_last_place_and_no_channel_gets_more_than_its_share() {
    let world = Arc::new(world().await);
    // Twenty places, of which the web may have eight; no screening, so every one gets a number at once.
    let slot = first_time(&world, "SA").await;
    let wishes = (0..60).map(|n| {
        let (who, booker) = somebody(n);
        let channel = if n % 2 == 0 { Channel::Web } else { Channel::App };
        NewBooking::new(AppointmentId::new(), slot, channel, Goal::Ask, who, booker)
    });
    let answers = at_once(&world, wishes.collect()).await;
    let won: Vec<_> = answers.iter().filter_map(|a| a.as_ref().ok()).collect();
    let of_web = won.iter().filter(|a| a.channel == Channel::Web).count();
    assert_eq!((won.len(), of_web <= 8), (20, true), "{of_web} by web");
    let mut numbers: Vec<i32> = won.iter().filter_map(|a| a.queue_no).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>(), "who lost gave the number back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_wish_forty_times_is_one_booking_and_another_wish_under_its_name_is_refused() {
    let world = Arc::new(world().await);
    let slot = first_time(&world, "NOI").await;
    let (who, booker) = somebody(1);
    let wish = NewBooking::new(AppointmentId::new(), slot, Channel::Partner, Goal::Ask, who, booker);
    let answers = at_once(&world, vec![wish.clone(); 40]).await;
    let codes: std::collections::BTreeSet<String> = answers.into_iter().map(|a| a.expect("the same answer").code).collect();
    assert_eq!(codes.len(), 1);
    let other = NewBooking { reason: "ho".into(), ..wish };
    assert!(matches!(book(&world, "84101", &other).await, Err(Failure::Refused(_))));
    assert_eq!(count(&world, "SELECT count(*) FROM scheduling_appointment").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_agents_confirm_while_the_patient_cancels_and_it_ends_one_way() {
    let world = Arc::new(world().await);
    for round in 0..20 {
        let slot = first_time(&world, "NHI").await;
        let (who, booker) = somebody(round);
        let wish = NewBooking::new(AppointmentId::new(), slot, Channel::App, Goal::Ask, who, booker);
        let made = book(&world, "84101", &wish).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for who in 0..3 {
            let world = world.clone();
            tasks.spawn(async move {
                let mut tx = world.tx("84101").await;
                let moved = match who {
                    2 => change::cancel(&mut tx, made.id, made.version, By::Patient, "bận").await,
                    _ => change::confirm(&mut tx, made.id, made.version).await,
                };
                match moved {
                    Ok(_) => tx.commit().await.map(|_| true).unwrap(),
                    Err(Failure::Conflict(_)) => false,
                    Err(other) => panic!("{other:?}"),
                }
            });
        }
        let ends = tasks.join_all().await;
        assert_eq!(ends.iter().filter(|won| **won).count(), 1);
        let mut tx = world.tx("84101").await;
        let end = scheduling::get(&mut tx, made.id).await.unwrap();
        assert!(matches!(end.status, Status::Confirmed | Status::Cancelled), "{:?}", end.status);
        assert_eq!(end.queue_no.is_some(), end.status == Status::Confirmed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_change_to_each_others_times_neither_wait_for_ever_nor_lose_a_place() {
    let world = Arc::new(world().await);
    let mut tx = world.tx("84101").await;
    let day = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NOI"), tomorrow(), "app").await.unwrap();
    drop(tx);
    let (a, b) = (day[0].slot, day[1].slot);
    let mut held = Vec::new();
    for (n, slot) in [(1, a), (2, b)] {
        let (who, booker) = somebody(n);
        held.push(book(&world, "84101", &NewBooking::new(AppointmentId::new(), slot, Channel::App, Goal::Ask, who, booker)).await.unwrap());
    }
    for round in 0..15 {
        let mut tasks = tokio::task::JoinSet::new();
        for made in held.drain(..) {
            let (world, to) = (world.clone(), if made.slot == a { b } else { a });
            tasks.spawn(async move {
                let mut tx = world.tx("84101").await;
                let new = change::reschedule(&mut tx, made.id, made.version, to, AppointmentId::new(), Channel::App, By::Patient).await.unwrap();
                tx.commit().await.unwrap();
                new
            });
        }
        held = tasks.join_all().await;
        assert_eq!(count(&world, "SELECT sum(taken)::bigint FROM scheduling_slot").await, 2, "round {round}");
        assert_eq!(count(&world, "SELECT count(*) FROM scheduling_appointment WHERE status = 'moved'").await, 2 * (round + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_ran_out_has_one_heir() {
    let world = Arc::new(world().await);
    let slot = first_time(&world, "TMH").await;
    let hold = |n: usize| {
        let (who, booker) = somebody(n);
        NewBooking::new(AppointmentId::new(), slot, Channel::Web, Goal::Hold, who, booker)
    };
    let first = book(&world, "84101", &hold(0)).await.unwrap();
    assert!(matches!(book(&world, "84101", &hold(1)).await, Err(Failure::Conflict(_))), "ten minutes belong to the first");
    world.clock.advance(TimeDelta::minutes(10));
    let answers = at_once(&world, (2..42).map(hold).collect()).await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
    // Whoever was first comes too late now, swept or not.
    let mut tx = world.tx("84101").await;
    let (who, booker) = somebody(0);
    let late = change::submit(&mut tx, first.id, first.version, &who, &booker, "", false, &serde_json::json!({}), false).await;
    assert!(matches!(late, Err(Failure::Refused(_) | Failure::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn nobody_is_in_two_places_and_no_statement_sells_too_much() {
    let world = world().await;
    let mut tx = world.tx("84102").await;
    scheduling::seed::write_days(&mut tx, "84102", tomorrow(), 2).await.unwrap();
    let elsewhere = scheduling::store::openings::list_day(&mut tx, demo_id("84102", "offer", "GD"), tomorrow(), "app").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.tx("84101").await;
    let here = scheduling::store::openings::list_day(&mut tx, demo_id("84101", "offer", "NOI"), tomorrow(), "app").await.unwrap();
    drop(tx);
    let other = elsewhere.iter().find(|o| o.starts_at < here[0].ends_at && o.ends_at > here[0].starts_at).expect("a time that overlaps");
    let (who, booker) = somebody(7);
    let wish = |slot: SlotId| NewBooking::new(AppointmentId::new(), slot, Channel::App, Goal::Ask, who.clone(), booker.clone());
    let first = book(&world, "84101", &wish(here[0].slot)).await.unwrap();
    let second = book(&world, "84102", &wish(other.slot)).await;
    assert!(matches!(&second, Err(Failure::Conflict(text)) if text.contains("trùng giờ")), "{second:?}");
    // Once the first is given up, the second is free to book.
    let mut tx = world.tx("84101").await;
    change::cancel(&mut tx, first.id, first.version, By::Patient, "đổi nơi khám").await.unwrap();
    tx.commit().await.unwrap();
    book(&world, "84102", &wish(other.slot)).await.unwrap();

    // Behind the back of all code: the counters and the doctor's day are kept by the database.
    let mut owner = world.database.owner().await;
    for (sql, constraint) in [
        ("UPDATE scheduling_slot SET taken = capacity + 1", "scheduling_slot_places"),
        (
            "INSERT INTO scheduling_session (facility_id, session_id, offer_id, practitioner_id, room_id, day, starts_at, ends_at, made_at)
             SELECT facility_id, gen_random_uuid(), offer_id, practitioner_id, room_id, day, starts_at, ends_at, made_at FROM scheduling_session
             WHERE practitioner_id IS NOT NULL LIMIT 1",
            "scheduling_session_practitioner_once",
        ),
        ("UPDATE scheduling_appointment SET slot_id = (SELECT slot_id FROM scheduling_slot s WHERE s.facility_id = scheduling_appointment.facility_id AND s.slot_id <> scheduling_appointment.slot_id LIMIT 1)", "scheduling_appointment_keeps_place"),
    ] {
        let refused = sqlx::query(AssertSqlSafe(sql)).execute(&mut owner).await.expect_err(sql);
        assert_eq!(refused.as_database_error().and_then(|e| e.constraint()), Some(constraint), "{refused}");
    }
}
