//! The telephone system: signed words in any order, calls that ring, wishes to dial.

use crate::house::{due, world};
use async_trait::async_trait;
use care_desk::NotTaken;
use care_desk::hook::sign;
use care_desk::task::Kind;
use http::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testkit::{Client, Page, World};

/// A house with a line: its key, and the receptionist at apparatus 101.
async fn connected(world: &World, pbx_url: &str) -> String {
    let mut vinh = world.sign_in_as("quantri.84101").await;
    let early = vinh.post("/app/care-desk/settings", &[("pbx_url", "https://tongdai.vn/goi")]).await;
    assert!(early.status == 422 && early.contains("Tạo khóa trước"), "{}", early.text);
    let page = vinh.post("/app/care-desk/settings/key", &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let key = page.text.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let field = extension_field(&page.text, "Huỳnh Ngọc Hân").unwrap();
    let kept = vinh.post("/app/care-desk/settings", &[("pbx_url", pbx_url), (&field, "101")]).await;
    assert_eq!(kept.status, 303, "{}", kept.text);
    assert!(!vinh.get("/app/care-desk/settings").await.contains(&key), "the key is shown once");
    key
}

/// The field of one person's apparatus: the input that follows the name.
fn extension_field(page: &str, name: &str) -> Option<String> {
    let after = page.split(name).nth(1)?;
    Some(format!("ext.{}", after.split("name=\"ext.").nth(1)?.split('"').next()?))
}

fn word(event: &str, call: &str, direction: &str, minute: u32, duration: u32) -> Value {
    let (from, to) = if direction == "in" { ("+84900000007", "02703820000") } else { ("02703820000", "0900000007") };
    json!({ "event": event, "call_id": call, "direction": direction, "from": from, "to": to, "agent_ext": "101", "at": format!("2026-11-24T01:{minute:02}:00Z"), "duration": duration })
}

async fn tell(system: &mut Client, key: &str, word: &Value) -> Page {
    let body = word.to_string().into_bytes();
    let signature = sign(key, &body);
    system.set_header("x-signature", &signature);
    system.send(Method::POST, "/hook/telephone/84101", Some("application/json"), body).await
}

async fn count(world: &World, table: &str) -> i64 {
    let mut tx = world.tx("84101").await;
    let all: Vec<(String, i64)> = sqlx::query_as("SELECT 'care_desk_contact', count(*) FROM care_desk_contact UNION ALL SELECT 'care_desk_call', count(*) FROM care_desk_call")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    all.into_iter().find(|(name, _)| name == table).unwrap().1
}

#[tokio::test]
async fn only_the_house_own_telephone_system_is_believed() {
    let world = world().await;
    let key = connected(&world, "").await;
    let mut system = world.stranger();
    let ringing = word("call.ringing", "c1", "in", 1, 0);
    assert_eq!(tell(&mut system, "khoa gia mao", &ringing).await.status, 401);
    system.remove_header("x-signature");
    assert_eq!(system.send(Method::POST, "/hook/telephone/84101", Some("application/json"), ringing.to_string().into_bytes()).await.status, 401);
    let signature = sign(&key, ringing.to_string().as_bytes());
    system.set_header("x-signature", &signature);
    let other = word("call.ringing", "c2", "in", 1, 0).to_string().into_bytes();
    assert_eq!(system.send(Method::POST, "/hook/telephone/84101", Some("application/json"), other).await.status, 401, "the signature of another body");
    assert_eq!(system.send(Method::POST, "/hook/telephone/84102", Some("application/json"), ringing.to_string().into_bytes()).await.status, 401, "the key of another house");
    assert_eq!(count(&world, "care_desk_call").await, 0);
    assert_eq!(tell(&mut system, &key, &json!({ "event": "call.exploded" })).await.status, 422);
    let huge = system.send(Method::POST, "/hook/telephone/84101", Some("application/json"), vec![b'x'; 20 * 1024]).await;
    assert_eq!(huge.status, 413);
}

#[tokio::test]
async fn a_call_rings_on_the_right_desk_and_words_in_any_order_are_one_call() {
    let world = world().await;
    let key = connected(&world, "").await;
    let (mut system, mut han, mut vinh) = (world.stranger(), world.sign_in_as("tiepnhan.84101").await, world.sign_in_as("quantri.84101").await);
    assert_eq!(tell(&mut system, &key, &word("call.ringing", "c1", "in", 1, 0)).await.status, 200);
    let strip = han.get("/app/care-desk/line").await;
    assert!(strip.contains("Đang đổ chuông") && strip.contains("0900 000 007") && strip.contains("caller_phone=0900000007"), "{}", strip.text);
    assert!(!vinh.get("/app/care-desk/line").await.contains("0900 000 007"), "it rings at one desk");
    for told in [word("call.ended", "c1", "in", 4, 95), word("call.answered", "c1", "in", 2, 0), word("call.ended", "c1", "in", 4, 95), word("call.ringing", "c1", "in", 1, 0)] {
        assert_eq!(tell(&mut system, &key, &told).await.status, 200);
    }
    assert_eq!((count(&world, "care_desk_call").await, count(&world, "care_desk_contact").await), (1, 1));
    assert!(!han.get("/app/care-desk/line").await.contains("0900 000 007"), "it is over");
    let caller = han.get("/app/care-desk/new?caller_phone=0900000007").await;
    assert!(caller.contains("Gọi đến") && caller.contains("1:35"), "{}", caller.text);
    for (event, url) in [("call.recorded", "https://tongdai.vn/c1.mp3"), ("call.recorded", "https://tongdai.vn/khac.mp3")] {
        let mut told = word(event, "c1", "in", 5, 0);
        told["recording_url"] = json!(url);
        assert_eq!(tell(&mut system, &key, &told).await.status, 200);
    }
    let listens = vinh.get("/app/care-desk/new?caller_phone=0900000007").await;
    assert!(listens.contains("https://tongdai.vn/c1.mp3") && !listens.contains("khac.mp3"), "{}", listens.text);
    assert!(!han.get("/app/care-desk/new?caller_phone=0900000007").await.contains("Nghe lại"));
}

#[tokio::test]
async fn a_missed_call_is_called_back_once_and_who_did_not_answer_is_told() {
    let world = world().await;
    let key = connected(&world, "").await;
    let mut system = world.stranger();
    for call in ["c1", "c2"] {
        tell(&mut system, &key, &word("call.missed", call, "in", 1, 0)).await;
    }
    let list = due(&world).await;
    assert_eq!(list.iter().map(|t| (t.kind(), t.phone.as_str())).collect::<Vec<_>>(), [(Kind::MissedCall, "0900000007")]);
    assert_eq!(world.letters.all(), [], "who rang us knows it");
    tell(&mut system, &key, &word("call.answered", "c3", "out", 5, 0)).await;
    assert_eq!(due(&world).await, [], "reached in another way");
    tell(&mut system, &key, &word("call.missed", "c4", "out", 6, 0)).await;
    let sent = world.letters.all();
    assert_eq!(sent.iter().map(|l| (l.template.as_str(), l.to.as_str())).collect::<Vec<_>>(), [("call.missed", "0900000007")]);
}

/// A telephone system that is away as often as it was told to.
#[derive(Default)]
struct Exchange {
    away: Mutex<u32>,
    taken: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl care_desk::Carrier for Exchange {
    async fn post(&self, _: &str, body: &str, signature: &str) -> Result<(), NotTaken> {
        let mut away = self.away.lock().unwrap();
        if *away > 0 {
            *away -= 1;
            return Err(NotTaken::Later("Tổng đài không trả lời.".into()));
        }
        self.taken.lock().unwrap().push((body.to_owned(), signature.to_owned()));
        Ok(())
    }
}

#[tokio::test]
async fn a_click_dials_once_tries_again_and_says_when_it_cannot() {
    let world = world().await;
    let mut han = world.sign_in_as("tiepnhan.84101").await;
    let none = han.post("/app/care-desk/calls", &[("key", "k0"), ("to", "0900000001")]).await;
    assert!(none.contains("chưa nối tổng đài"), "{}", none.text);
    let key = connected(&world, "https://tongdai.vn/goi").await;
    let mut vinh = world.sign_in_as("quantri.84101").await;
    let no_apparatus = vinh.post("/app/care-desk/calls", &[("key", "k1"), ("to", "0900000001")]).await;
    assert!(no_apparatus.contains("chưa có số máy nhánh"), "{}", no_apparatus.text);
    let exchange = Arc::new(Exchange::default());
    care_desk::connect(exchange.clone());
    *exchange.away.lock().unwrap() = 1;
    for _ in 0..2 {
        let page = han.post("/app/care-desk/calls", &[("key", "k2"), ("to", "0900 000 001")]).await;
        assert!(page.contains("Đang nối máy"), "{}", page.text);
    }
    world.drain().await;
    assert!(han.get("/app/care-desk/line").await.contains("đang thử lại"));
    world.clock.advance(chrono::TimeDelta::seconds(6));
    world.drain().await;
    let taken = exchange.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1, sign(&key, taken[0].0.as_bytes()));
    assert_eq!(serde_json::from_str::<Value>(&taken[0].0).unwrap(), json!({ "id": "k2", "agent_ext": "101", "to": "0900000001" }));
    han.post("/app/care-desk/calls", &[("key", "k2"), ("to", "0900 000 001")]).await;
    world.drain().await;
    assert_eq!(exchange.taken.lock().unwrap().len(), 2, "a later click on the same page dials again");
    *exchange.away.lock().unwrap() = 9;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    han.post("/app/care-desk/calls", &[("key", "k3"), ("to", "0900000001")]).await;
    for _ in 0..3 {
        world.drain().await;
        world.clock.advance(chrono::TimeDelta::seconds(6));
    }
    let failed = han.get("/app/care-desk/line").await;
    assert!(failed.contains("Không gọi được") && failed.contains("Tổng đài không trả lời."), "{}", failed.text);
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}
