//! The door of the platform's own bank: nothing is believed before its signature, nothing is added twice, nothing is lost.

use base::Clock;
use http::Method;
use payment::notice::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use serde_json::json;
use testkit::{Client, Page, World, facility};

const KEY: &str = "khoa-cua-ngan-hang-gia-lap-cho-tests";

async fn tell(bank: &mut Client, clock: &Clock, key: &str, body: String) -> Page {
    let seconds = clock.now().timestamp();
    let signature = sign(key.as_bytes(), seconds, body.as_bytes());
    bank.set_header(TIMESTAMP_HEADER, &seconds.to_string());
    bank.set_header(SIGNATURE_HEADER, &signature);
    bank.send(Method::POST, "/api/bank/platform", Some("application/json"), body.into_bytes()).await
}

fn notice(world: &World, amount: i64) -> String {
    json!({ "transaction_id": "GL1", "account_no": subscription::seed::SANDBOX_ACCOUNT, "amount": amount, "content": "khong ro", "paid_at": world.clock.now() }).to_string()
}

#[tokio::test]
async fn the_platforms_bank_is_believed_only_when_it_signs() {
    let world = World::with(server::modules::modules()).await;
    let mut bank = world.stranger();
    // Before the platform is set up there is no key, and an empty one signs nothing.
    assert_eq!(tell(&mut bank, &world.clock, "", notice(&world, 350_000)).await.status, 401);
    subscription::seed::set_platform(&world.db, facility("yba"), KEY, world.clock.now()).await.unwrap();
    assert_eq!(tell(&mut bank, &world.clock, "khoa cua nguoi khac, khong phai khoa that", notice(&world, 350_000)).await.status, 401);
    assert_eq!(tell(&mut bank, &world.clock, KEY, "[]".into()).await.status, 400);
    for result in ["unmatched", "duplicate", "duplicate"] {
        let page = tell(&mut bank, &world.clock, KEY, notice(&world, 350_000)).await;
        assert_eq!((page.status, page.json()["result"].as_str()), (200, Some(result)));
    }
    assert_eq!(tell(&mut bank, &world.clock, KEY, notice(&world, 1)).await.status, 409);
    let mut owner = world.database.owner().await;
    let kept: (i64, i64) = sqlx::query_as("SELECT count(*), sum(amount_vnd)::bigint FROM subscription_payment").fetch_one(&mut owner).await.unwrap();
    assert_eq!(kept, (1, 350_000));
    // What came is kept for ever: neither changed nor deleted, not even by the owner of the tables.
    for statement in ["UPDATE subscription_payment SET amount_vnd = 1", "DELETE FROM subscription_invoice WHERE true"] {
        let outcome = sqlx::query(statement).execute(&mut owner).await;
        assert!(outcome.is_err() || outcome.is_ok_and(|done| done.rows_affected() == 0), "{statement}");
    }
}
