//! The world of these tests: a platform with a bank account, and somebody who opens a clinic.

use base::Vnd;
use chrono::TimeDelta;
use subscription::arrival::{self, Taken};
use subscription::platform;
use subscription::store::invoices::Arrival;
use testkit::{Client, Page, World, facility};
use web::Failure;

pub const PASSWORD: &str = "mưa rơi trên phố cũ";

/// The known world with all catalogues, where the platform receives money.
pub async fn open() -> World {
    let world = World::with_catalogues(vec![patient::module(), encounter::module(), subscription::module()]).await;
    subscription::seed::set_platform(&world.db, facility("yba"), "khoa-cua-ngan-hang-gia-lap-cho-tests", world.clock.now()).await.expect("a platform");
    world
}

/// The six digits of the newest message.
pub async fn last_code(world: &World) -> String {
    let mut owner = world.database.owner().await;
    let text: String = sqlx::query_scalar("SELECT payload->>'text' FROM db_job WHERE name = 'notify.send' ORDER BY job_id DESC LIMIT 1")
        .fetch_one(&mut owner)
        .await
        .expect("a message on its way");
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take(6).collect();
    assert_eq!(digits.len(), 6, "{text}");
    digits
}

/// A browser that proved its phone.
pub async fn proved(world: &World, phone: &str) -> Client {
    let mut person = world.stranger();
    assert_eq!(person.post("/sign-up", &[("contact", phone), ("package", "BASIC")]).await.location(), "/sign-up/code");
    let code = last_code(world).await;
    assert_eq!(person.post("/sign-up/code", &[("code", &code)]).await.location(), "/sign-up/clinic");
    person
}

/// The facts of a clinic with this code, and its licence.
pub async fn tell(person: &mut Client, code: &str) -> Page {
    let fields = [
        ("name", "Phòng khám Gia đình Bình Minh"),
        ("legal_name", ""),
        ("licence_no", "000555/VL-GPHĐ"),
        ("facility_code", code),
        ("tax_code", "1501234567"),
        ("commune_code", "29602"),
        ("commune_name", "Long Hồ"),
        ("address_line", "12 Trần Phú"),
        ("phone", "0270 000 0555"),
        ("head_name", "trần thị bình"),
    ];
    person.upload("/sign-up/clinic", &fields, ("licence", "giay-phep.pdf", b"%PDF-1.7 giay phep")).await
}

/// The account and how it begins.
pub async fn choose(person: &mut Client, package: &str, way: &str) -> Page {
    let fields = [
        ("owner_name", "Trần Thị Bình"),
        ("login", "quantri"),
        ("password", PASSWORD),
        ("repeated", PASSWORD),
        ("package", package),
        ("way", way),
        ("agreed", "on"),
    ];
    person.post("/sign-up/owner", &fields).await
}

/// An owner inside a clinic on trial.
pub async fn on_trial(world: &World, phone: &str, code: &str, package: &str) -> Client {
    let mut person = proved(world, phone).await;
    assert_eq!(tell(&mut person, code).await.location(), "/sign-up/owner");
    let page = choose(&mut person, package, "trial").await;
    assert_eq!(page.location(), "/sign-up/done", "{}", page.text);
    assert_eq!(person.get("/sign-up/done").await.location(), "/app/first-steps");
    person
}

/// The owner of that clinic, at the door again.
pub async fn back(world: &World, code: &str) -> Client {
    let mut person = world.stranger();
    let page = person.post("/sign-in", &[("login", &format!("quantri.{code}")), ("password", PASSWORD)]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    person
}

/// What the bank would tell about a transfer for these words.
pub fn money(world: &World, number: &str, words: &str, amount: i64) -> Arrival {
    Arrival {
        bank_tx_id: number.into(),
        account_no: subscription::seed::SANDBOX_ACCOUNT.into(),
        amount: Vnd(amount),
        content: format!("GLBANK.{words}.CT TU KHACH"),
        paid_at: world.clock.now(),
    }
}

/// The bank tells.
pub async fn arrive(world: &World, arrival: &Arrival) -> Result<Taken, Failure> {
    let mut tx = platform::begin(&world.db, world.clock.now()).await?;
    let taken = arrival::take(&mut tx, arrival).await?;
    tx.commit().await?;
    Ok(taken)
}

/// The newest invoice: its words and its amount.
pub async fn newest_invoice(world: &World) -> (String, i64) {
    let mut owner = world.database.owner().await;
    sqlx::query_as("SELECT reference, amount_vnd FROM subscription_invoice ORDER BY number DESC LIMIT 1").fetch_one(&mut owner).await.expect("an invoice")
}

pub async fn count(world: &World, sql: &'static str) -> i64 {
    let mut owner = world.database.owner().await;
    sqlx::query_scalar(sql).fetch_one(&mut owner).await.expect("a number")
}

/// So many days later, the same hour.
pub fn days_later(world: &World, days: i64) {
    world.clock.advance(TimeDelta::days(days));
}
