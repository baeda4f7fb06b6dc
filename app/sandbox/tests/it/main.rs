//! The stand-in bank against a real server over real sockets: every way to fail ends where it should.

mod clinic;
mod invoices;

use clinic::Clinic;
use sandbox::{Bank, Mode};

#[tokio::test]
async fn every_mode_ends_where_it_should() {
    let clinic = Clinic::open().await;
    let bank = Bank::new(clinic.address.clone(), base::Clock::system());
    for (mode, statuses, receipts, unmatched) in [
        (Mode::Exact, vec![200], 1, 0),
        (Mode::Twice, vec![200, 200], 2, 0),
        (Mode::LostAnswer, vec![0, 200], 3, 0),
        (Mode::WrongAmount, vec![200], 3, 1),
        (Mode::Late, vec![200], 3, 2),
        (Mode::BadSignature, vec![401], 3, 2),
    ] {
        let qr = clinic.show_code("Nguyễn Văn An").await;
        let told = bank.pay(&qr, mode).await.expect("a code of the stand-in bank");
        assert_eq!(told.iter().map(|t| t.status).collect::<Vec<_>>(), statuses, "{mode:?}: {told:?}");
        assert_eq!(clinic.count("SELECT count(*) FROM billing_receipt").await, receipts, "{mode:?}");
        assert_eq!(clinic.count("SELECT count(*) FROM billing_bank_transfer WHERE outcome = 'unmatched'").await, unmatched, "{mode:?}");
    }
}
