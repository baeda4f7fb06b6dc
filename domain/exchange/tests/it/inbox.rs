//! A bundle of another system: person, visit, diagnosis, value, in one transaction.

use exchange::command::{Admit, Coded, Command, Content, Delivery, Diagnosis, Door, Receipt, State, Subject};
use exchange::{inbox, partner};
use testkit::World;
use uuid::Uuid;

async fn house() -> World {
    let world = World::with_catalogues(vec![patient::module(), encounter::module(), exchange::module()]).await;
    let mut tx = world.tx("84001").await;
    exchange::seed::write(&mut tx, "84001", "2026-01-01".parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    world
}

fn bundle(partner: Uuid, number: &str, class: &str) -> Delivery {
    let visit = "AMB-1".to_owned();
    let content = Content {
        subject: Subject { record_no: "F1".into(), name: "Lê Thị Bưởi".into(), birth: "1990-02-03".into(), sex: "female".into(), phone: "không có".into(), ..Subject::default() },
        commands: vec![
            Command::Person,
            Command::Admit(Admit { visit: visit.clone(), class: class.into(), ward: Coded::new("NOI1", ""), ..Admit::default() }),
            Command::Diagnosis(Diagnosis { visit, code: Coded::new("J06.9", "Viêm hô hấp trên"), is_main: true, at: None }),
        ],
    };
    Delivery { partner, door: Door::Hl7, kind: "Bundle".into(), control_id: number.into(), raw: format!("{number}{class}").into_bytes(), sent_at: None, content }
}

async fn take(world: &World, number: &str, class: &str) -> Receipt {
    let partner = partner::find(&world.app, Door::Hl7, exchange::seed::SANDBOX_APPLICATION, "84001", "84001").await.unwrap().unwrap();
    inbox::take(&world.app, &partner, bundle(partner.id, number, class), world.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_visit_of_another_system_has_no_ticket_and_no_charge_and_lies_here_once() {
    let world = house().await;
    let first = take(&world, "1", "AMB").await;
    assert_eq!((first.state, first.is_repeat), (State::Applied, false));
    assert!(first.words.contains("Số điện thoại"), "what was left out is told: {}", first.words);
    let again = take(&world, "1", "AMB").await;
    assert_eq!((again.state, again.is_repeat, again.patient, again.encounter), (State::Applied, true, first.patient, first.encounter));
    let anew = take(&world, "2", "AMB").await;
    assert_eq!((anew.state, anew.patient, anew.encounter), (State::Applied, first.patient, first.encounter));
    let mut tx = world.tx("84001").await;
    let (visits, tickets, diagnoses): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM encounter_encounter), (SELECT count(*) FROM encounter_ticket), (SELECT count(*) FROM exchange_diagnosis)",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    assert_eq!((visits, tickets, diagnoses), (1, 0, 1));
}

#[tokio::test]
async fn a_refusal_leaves_nothing_but_the_message() {
    let world = house().await;
    let dead = take(&world, "1", "LẠ").await;
    assert_eq!(dead.state, State::Dead);
    assert!(dead.words.contains("“LẠ”"), "{}", dead.words);
    let mut tx = world.tx("84001").await;
    let left: i64 = sqlx::query_scalar("SELECT (SELECT count(*) FROM patient_patient) + (SELECT count(*) FROM encounter_encounter)").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(left, 0);
    drop(tx);
    // The admin throws it away with a reason; without one he is asked.
    let mut admin = world.sign_in_as("quantri.84001").await;
    let path = format!("/app/exchange/messages/{}/discarding", dead.message);
    assert_eq!(admin.post(&path, &[("reason", "")]).await.status, 422);
    assert_eq!(admin.post(&path, &[("reason", "Bên gửi thử nhầm")]).await.status, 303);
    assert_eq!(admin.post(&path, &[("reason", "Bên gửi thử nhầm")]).await.status, 303);
    assert_eq!(take(&world, "1", "LẠ").await.state, State::Discarded);
    assert_eq!(admin.get("/app/exchange/messages?q=F1").await.status, 200);
}
