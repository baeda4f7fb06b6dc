//! Electronic invoices against the stand-in over a real socket: whatever goes wrong, an invoice gets one number or none.

use billing::einvoice::{Buyer, Kind, Status};
use billing::store::einvoices::{self as store, Einvoice, New};
use chrono::TimeDelta;
use einvoice::{Courier, Http};
use sandbox::{InvoiceMode, InvoiceProvider};
use std::sync::Arc;
use std::time::Duration;
use testkit::World;
use uuid::Uuid;

/// A world, the stand-in on a socket, and the courier between them. The courier loses patience after two
/// seconds, which a busy machine never needs for an honest answer; the slow provider takes five.
struct Desk {
    world: World,
    provider: InvoiceProvider,
    courier: Courier,
}

impl Desk {
    async fn open() -> Desk {
        let world = World::with(vec![crate::clinic::spine(), billing::module()]).await;
        let provider = InvoiceProvider::new(world.clock.clone(), Duration::from_secs(5));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/einvoice", listener.local_addr().unwrap());
        let router = sandbox::invoice_router(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = Http::new(address, Duration::from_secs(2)).unwrap();
        let courier = Courier::new(world.db.clone(), world.clock.clone(), Arc::new(http));
        Desk { world, provider, courier }
    }

    /// An invoice over 105.000 đ of medicine, handed to the courier.
    async fn hand_over(&self) -> Uuid {
        let mut tx = self.world.tx("84101").await;
        let id = Uuid::now_v7();
        let line = billing::einvoice::Line {
            place: 1,
            charge_id: None,
            group_key: "drug".into(),
            name: "Amoxicilin 500 mg".into(),
            unit: "viên".into(),
            quantity_milli: 14_000,
            amount_vnd: 105_000,
            treatment: "5%".into(),
            rate_permille: 50,
            vat_vnd: 5_000,
        };
        let buyer = Buyer { name: "Nguyễn Văn An".into(), ..Buyer::default() };
        let day = self.world.clock.today();
        let new = New { id, kind: Kind::Original, about: None, basis: "day", bill: None, day, buyer: &buyer, reason: "", lines: &[line], send: true };
        assert!(store::insert(&mut tx, &new).await.unwrap());
        assert!(!store::insert(&mut tx, &new).await.unwrap(), "the second click writes nothing");
        tx.commit().await.unwrap();
        id
    }

    async fn look(&self, id: Uuid) -> Einvoice {
        let mut tx = self.world.tx("84101").await;
        store::find(&mut tx, id).await.unwrap().unwrap()
    }

    /// Rounds with an hour between them.
    async fn rounds(&self, times: usize) {
        for _ in 0..times {
            self.courier.round().await.unwrap();
            self.world.clock.advance(TimeDelta::hours(1));
        }
    }
}

#[tokio::test]
async fn every_way_to_fail_ends_with_one_number() {
    let desk = Desk::open().await;
    for (already, mode) in [InvoiceMode::Exact, InvoiceMode::Slow, InvoiceMode::Error, InvoiceMode::LostAnswer, InvoiceMode::Duplicate, InvoiceMode::Down].into_iter().enumerate() {
        desk.provider.behave(mode, 1);
        let id = desk.hand_over().await;
        desk.courier.round().await.unwrap();
        let after_one = desk.look(id).await;
        let at_once = matches!(mode, InvoiceMode::Exact | InvoiceMode::Duplicate);
        assert_eq!(after_one.status() == Status::Issued, at_once, "{mode:?}: {after_one:?}");
        if !at_once {
            assert!(after_one.last_error.starts_with("Chưa rõ"), "{mode:?}: {}", after_one.last_error);
            assert_eq!((after_one.status(), after_one.number), (Status::Sending, None));
            // Before the pause is over nobody asks again.
            let asked = desk.provider.counts().1;
            desk.courier.round().await.unwrap();
            assert_eq!(desk.provider.counts().1, asked, "{mode:?}");
        }
        desk.world.clock.advance(TimeDelta::hours(1));
        desk.rounds(3).await;
        let done = desk.look(id).await;
        assert_eq!((done.status(), done.number), (Status::Issued, Some(already as i64 + 1)), "{mode:?}: {done:?}");
        assert_eq!(done.show_number(), format!("C26MGL-{:07}", already + 1));
        assert_eq!(desk.provider.counts().0, already + 1, "{mode:?}: the provider gave more numbers than there are invoices");
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_not_sent_again() {
    let desk = Desk::open().await;
    desk.provider.behave(InvoiceMode::LostAnswer, 1);
    let id = desk.hand_over().await;
    desk.rounds(2).await;
    assert_eq!(desk.look(id).await.status(), Status::Issued);
    assert_eq!(desk.provider.counts(), (1, 1), "one number, asked for once");
}

#[tokio::test]
async fn a_refusal_waits_for_a_person_and_goes_out_when_repaired() {
    let desk = Desk::open().await;
    desk.provider.behave(InvoiceMode::Refused, 1);
    let id = desk.hand_over().await;
    desk.rounds(5).await;
    let refused = desk.look(id).await;
    assert_eq!((refused.status(), refused.attempts), (Status::Failed, 1));
    assert!(refused.last_error.contains("Mã số thuế"), "{}", refused.last_error);
    let mut cashier = desk.world.sign_in_as("thungan.84101").await;
    let page = cashier.get(&format!("/app/cashier/einvoices/{id}")).await;
    assert!(page.contains("Gửi lại") && page.contains("cổng giả lập"), "{}", page.text);
    let sent = cashier.post(&format!("/app/cashier/einvoices/{id}/sending"), &[("name", "Nguyễn Văn An")]).await;
    assert_eq!(sent.status, 303);
    // The second click.
    assert_eq!(cashier.post(&format!("/app/cashier/einvoices/{id}/sending"), &[("name", "Nguyễn Văn An")]).await.status, 303);
    // A question that got lost on the way is asked again an hour later; the number stays one.
    desk.rounds(3).await;
    let issued = desk.look(id).await;
    assert_eq!(issued.status(), Status::Issued, "{issued:?}");
    assert_eq!(desk.provider.counts().0, 1);
}

#[tokio::test]
async fn after_twelve_silent_attempts_a_person_looks() {
    let desk = Desk::open().await;
    desk.provider.behave(InvoiceMode::Down, 1000);
    let id = desk.hand_over().await;
    desk.rounds(20).await;
    let given_up = desk.look(id).await;
    assert_eq!((given_up.status(), given_up.attempts), (Status::Failed, 12));
    let mut cashier = desk.world.sign_in_as("thungan.84101").await;
    assert!(cashier.get("/app/cashier/einvoices?status=failed").await.contains("Chưa gửi được"));
}

#[tokio::test]
async fn two_couriers_take_an_invoice_once() {
    let desk = Desk::open().await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(desk.hand_over().await);
    }
    let (one, two) = tokio::join!(desk.courier.round(), desk.courier.round());
    assert_eq!(one.unwrap() + two.unwrap(), 12);
    assert_eq!(desk.provider.counts(), (12, 12));
    let mut numbers = Vec::new();
    for id in ids {
        numbers.push(desk.look(id).await.number.unwrap());
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=12));
}

#[tokio::test]
async fn a_courier_that_died_on_the_way_is_followed_by_another() {
    let desk = Desk::open().await;
    let id = desk.hand_over().await;
    // Claimed, and then the power went.
    let mut tx = desk.world.tx("84101").await;
    assert_eq!(store::claim(&mut tx).await.unwrap().unwrap().einvoice_id, id);
    tx.commit().await.unwrap();
    assert_eq!(desk.courier.round().await.unwrap(), 0, "the lease holds");
    desk.world.clock.advance(TimeDelta::minutes(3));
    assert_eq!(desk.courier.round().await.unwrap(), 1);
    assert_eq!(desk.look(id).await.status(), Status::Issued);
}
