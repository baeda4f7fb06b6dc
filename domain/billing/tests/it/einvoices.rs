//! Electronic invoices from the desk's side: one per receipt, the rest at the end of the day, corrected and never changed.

use crate::day::{ask, clinic, open_shift, pay_cash, walk_in};
use billing::einvoice::{Issued, Status};
use billing::store::einvoices::{self as store, Einvoice};
use chrono::TimeDelta;
use testkit::{Client, World};
use uuid::Uuid;

async fn look(world: &World, id: &str) -> Einvoice {
    let mut tx = world.tx("84101").await;
    store::find(&mut tx, id.parse().unwrap()).await.unwrap().unwrap()
}

/// The courier comes back with this number.
async fn number(world: &World, id: &str, number: i64) {
    let mut tx = world.tx("84101").await;
    let issued = Issued { serial: "C26MGL".into(), number, lookup_code: "GL1".into(), authority_code: "M1".into() };
    assert!(store::mark_issued(&mut tx, id.parse().unwrap(), &issued, "sandbox").await.unwrap());
    tx.commit().await.unwrap();
}

/// Drafts the invoice of a receipt; gives the invoice's id.
async fn draft(cashier: &mut Client, receipt: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let page = cashier.post(&format!("/app/cashier/receipts/{receipt}/einvoices"), &[("id", &id)]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_invoice_tells_the_receipt_with_the_tax_of_each_group() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.prescribe(&world, &[("T001", 14_000)], None).await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "200.000").await;
    let receipt = pay_cash(&mut cashier, &an, "").await;
    let id = draft(&mut cashier, &receipt).await;
    // Asked for again, also under another minted id, it is the same invoice.
    assert_eq!(draft(&mut cashier, &receipt).await, id);
    let invoice = look(&world, &id).await;
    // 36.500 examination, not subject to VAT; 11.900 medicine with 5 % inside: 567.
    assert_eq!((invoice.total_vnd, invoice.vat_vnd, invoice.status()), (48_400, 567, Status::Draft));
    let page = cashier.get(&format!("/app/cashier/einvoices/{id}")).await;
    for expected in ["Không chịu thuế", "5 %", "48.400", "567", "Nguyễn Văn An", "cổng giả lập"] {
        assert!(page.contains(expected), "{expected} in {}", page.text);
    }
    // What is wrong with the buyer stands beside the field, and what was typed stays.
    let wrong = cashier.post(&format!("/app/cashier/einvoices/{id}/sending"), &[("name", ""), ("tax_code", "12")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.contains("Mã số thuế có 10 số") && wrong.contains("value=\"12\""), "{}", wrong.text);
    let sent = cashier.post(&format!("/app/cashier/einvoices/{id}/sending"), &[("name", "Nguyễn Văn An"), ("company", "Công ty TNHH Hưng Phát"), ("tax_code", "1500123456"), ("address", "Long Châu")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert_eq!(look(&world, &id).await.status(), Status::Sending);
    // Handed over it is not given up any more.
    assert_eq!(cashier.post(&format!("/app/cashier/einvoices/{id}/dropping"), &[]).await.status, 422);
}

#[tokio::test]
async fn what_was_taken_back_is_adjusted_and_the_first_way_is_kept() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    an.order(&world, &["XN01"]).await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let mut owner = world.sign_in_as("quantri.84101").await;
    open_shift(&mut cashier, "200.000").await;
    let receipt = pay_cash(&mut cashier, &an, "").await;
    let id = draft(&mut cashier, &receipt).await;
    cashier.post(&format!("/app/cashier/einvoices/{id}/sending"), &[("name", "Nguyễn Văn An")]).await;
    number(&world, &id, 1).await;
    let corrections = format!("/app/cashier/einvoices/{id}/corrections");
    // Nothing changed, no reason: both are told.
    let new = Uuid::now_v7().to_string();
    let refused = cashier.post(&corrections, &[("id", &new), ("kind", "adjust"), ("name", "Nguyễn Văn An"), ("address", "")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.contains("Nhập lý do"), "{}", refused.text);
    // The blood test is taken back by two people.
    let mut tx = world.tx("84101").await;
    let charge: Uuid = sqlx::query_scalar("SELECT charge_id FROM billing_charge WHERE source = 'order'").fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let approval = Uuid::now_v7().to_string();
    cashier.post(&format!("{}/requests", an.path()), &[("id", &approval), ("matter", "charge_void"), ("target", &charge.to_string()), ("reason", "Không làm được")]).await;
    assert_eq!(owner.post(&format!("/app/cashier/approvals/{approval}/decision"), &[("decision", "approve")]).await.status, 303);
    let form = [("id", new.as_str()), ("kind", "adjust"), ("name", "Nguyễn Văn An"), ("reason", "Người bệnh không làm xét nghiệm")];
    let page = cashier.post(&corrections, &form).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(cashier.post(&corrections, &form).await.location(), page.location(), "the second click");
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_einvoice WHERE kind = 'adjust'").await, 1);
    assert_eq!(look(&world, &new).await.total_vnd, -49_700);
    // One correction at a time, and after an adjustment no replacement.
    let other = Uuid::now_v7().to_string();
    let replace = [("id", other.as_str()), ("kind", "replace"), ("name", "Nguyễn Văn An"), ("reason", "Thay thế")];
    assert!(cashier.post(&corrections, &replace).await.contains("chưa gửi xong"));
    number(&world, &new, 2).await;
    assert!(cashier.post(&corrections, &replace).await.contains("lần sau cũng điều chỉnh"));
    // The ledger and the two invoices say the same: nothing is left to adjust.
    let again = [("id", other.as_str()), ("kind", "adjust"), ("name", "Nguyễn Văn An"), ("reason", "Nữa")];
    let invoice = look(&world, &id).await;
    let again: Vec<(&str, &str)> = again.into_iter().chain([("address", invoice.buyer.address.as_str())]).collect();
    assert!(cashier.post(&corrections, &again).await.contains("không có gì để điều chỉnh"));
    // An issued invoice is a document for the database too.
    let mut tx = world.tx("84101").await;
    assert!(sqlx::query("UPDATE billing_einvoice SET total_vnd = 0 WHERE einvoice_id = $1").bind(invoice.einvoice_id).execute(tx.conn()).await.is_err());
}

#[tokio::test]
async fn the_end_of_the_day_gathers_who_asked_for_none() {
    let world = clinic().await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "200.000").await;
    let mut receipts = Vec::new();
    for name in ["Nguyễn Văn An", "Trần Thị Diễm", "Lê Thị Út"] {
        let visit = walk_in(&world, "84101", name, "NOI1", "KNOI").await;
        receipts.push(pay_cash(&mut cashier, &visit, "").await);
    }
    draft(&mut cashier, &receipts[0]).await;
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("day", "24/11/2026")];
    assert_eq!(cashier.post("/app/cashier/einvoices/days", &form).await.status, 303);
    assert_eq!(cashier.post("/app/cashier/einvoices/days", &form).await.status, 303, "the second click");
    let invoice = look(&world, &id).await;
    assert_eq!((invoice.total_vnd, invoice.status(), invoice.buyer.name.as_str()), (73_000, Status::Sending, billing::einvoice::NO_BUYER));
    // Nobody is left, tomorrow is not here yet, and another day has nothing.
    for day in ["24/11/2026", "25/11/2026", "31/11/2026", "23/11/2026"] {
        let id = Uuid::now_v7().to_string();
        let page = cashier.post("/app/cashier/einvoices/days", &[("id", &id), ("day", day)]).await;
        assert_eq!(page.status, 422, "{day}");
    }
    // A receipt that stands on the day's invoice leads there.
    assert_eq!(draft(&mut cashier, &receipts[1]).await, id);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM billing_einvoice").await, 2);
    // Who pays after midnight stands on the new day's invoice.
    world.clock.advance(TimeDelta::hours(17));
    let mut cashier = world.sign_in_as("thungan.84101").await;
    let late = walk_in(&world, "84101", "Võ Thanh Liêm", "NOI1", "KNOI").await;
    pay_cash(&mut cashier, &late, "").await;
    for (day, status) in [("24/11/2026", 422), ("25/11/2026", 303)] {
        let id = Uuid::now_v7().to_string();
        assert_eq!(cashier.post("/app/cashier/einvoices/days", &[("id", &id), ("day", day)]).await.status, status, "{day}");
    }
}

#[tokio::test]
async fn another_clinic_and_people_without_the_right_get_nothing() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let mut cashier = world.sign_in_as("thungan.84101").await;
    open_shift(&mut cashier, "200.000").await;
    let receipt = pay_cash(&mut cashier, &an, "").await;
    let id = draft(&mut cashier, &receipt).await;
    let mut other = world.sign_in_as("quantri.84102").await;
    for path in [format!("/app/cashier/einvoices/{id}"), format!("/app/cashier/einvoices/{id}/state")] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
    for path in [
        format!("/app/cashier/einvoices/{id}/sending"),
        format!("/app/cashier/einvoices/{id}/corrections"),
        format!("/app/cashier/einvoices/{id}/dropping"),
        format!("/app/cashier/receipts/{receipt}/einvoices"),
    ] {
        assert_eq!(other.post(&path, &[("name", "x")]).await.status, 404, "{path}");
    }
    let mut nurse = world.sign_in_as("dieuduong.84101").await;
    assert_eq!(nurse.get("/app/cashier/einvoices").await.status, 403);
    // A draft that nobody sent is given up, and the receipt is free again.
    assert_eq!(cashier.post(&format!("/app/cashier/einvoices/{id}/dropping"), &[]).await.status, 303);
    assert_eq!(look(&world, &id).await.status(), Status::Dropped);
    assert_ne!(draft(&mut cashier, &receipt).await, id);
}
