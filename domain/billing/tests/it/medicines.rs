//! The counter hands over what it has: the bill follows, in whatever order the news arrives.

use crate::day::{Visit, ask, clinic, open_shift, pay_cash, walk_in};
use base::event::{DrugDispensed, DrugIssued, DrugReturned};
use base::{BillId, DispenseId, Event, PrescriptionId};
use testkit::{World, demo_id};
use uuid::Uuid;

fn issued(world: &World, visit: &Visit, prescription: PrescriptionId, line: Uuid, quantity_milli: i64) -> Event {
    let drug = Some(demo_id("84101", "drug", "T001"));
    Event::PrescriptionIssued {
        encounter: visit.encounter,
        patient: visit.patient,
        prescription,
        replaces: None,
        lines: vec![DrugIssued { line, drug, quantity_milli }],
        day: world.clock.today(),
    }
}

struct Handed {
    id: Uuid,
    line: Option<Uuid>,
    code: &'static str,
    milli: i64,
    substituted: bool,
    closes: bool,
}

fn dispensed(world: &World, visit: &Visit, prescription: PrescriptionId, handed: &Handed) -> Event {
    Event::DrugsDispensed {
        dispense: DispenseId::new(),
        bill: visit.bill(),
        encounter: Some(visit.encounter),
        patient: Some(visit.patient),
        prescription: Some(prescription),
        lines: vec![DrugDispensed {
            id: handed.id,
            line: handed.line,
            drug: demo_id("84101", "drug", handed.code),
            substituted: handed.substituted,
            quantity_milli: handed.milli,
            closes_line: handed.closes,
        }],
        day: world.clock.today(),
    }
}

fn returned(world: &World, bill: BillId, of: &Handed, milli: i64, id: Uuid) -> Event {
    Event::DrugsReturned {
        dispense: DispenseId::new(),
        bill,
        lines: vec![DrugReturned { id, dispensed: of.id, line: of.line, drug: demo_id("84101", "drug", of.code), quantity_milli: milli }],
        day: world.clock.today(),
    }
}

/// 36.500 for the examination on every visit here.
const EXAM: i64 = 36_500;

#[tokio::test]
async fn the_same_facts_in_any_order_make_the_same_bill() {
    let world = clinic().await;
    // Issued 14, given 10 and closed, 2 brought back: 8 × 850 in the end, each event told twice.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
        let (prescription, line) = (PrescriptionId::new(), Uuid::now_v7());
        let ten = Handed { id: Uuid::now_v7(), line: Some(line), code: "T001", milli: 10_000, substituted: false, closes: true };
        let back = Uuid::now_v7();
        for _ in 0..2 {
            for step in order {
                let event = match step {
                    0 => issued(&world, &an, prescription, line, 14_000),
                    1 => dispensed(&world, &an, prescription, &ten),
                    _ => returned(&world, an.bill(), &ten, 2_000, back),
                };
                an.tell(&world, event).await;
            }
        }
        assert_eq!(an.account(&world).await, (EXAM + 8 * 850, 0), "{order:?}");
    }
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_part_still_to_come_is_charged_and_another_brand_at_its_own_price() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let (prescription, line) = (PrescriptionId::new(), Uuid::now_v7());
    an.tell(&world, issued(&world, &an, prescription, line, 14_000)).await;
    let four = Handed { id: Uuid::now_v7(), line: Some(line), code: "T001", milli: 4_000, substituted: false, closes: false };
    an.tell(&world, dispensed(&world, &an, prescription, &four)).await;
    assert_eq!(an.account(&world).await.0, EXAM + 14 * 850, "the rest may still be fetched");
    let brand = Handed { id: Uuid::now_v7(), line: Some(line), code: "T002", milli: 6_000, substituted: true, closes: true };
    an.tell(&world, dispensed(&world, &an, prescription, &brand)).await;
    assert_eq!(an.account(&world).await.0, EXAM + 4 * 850 + 6 * 6_800);
    // A withdrawn prescription does not make what was handed over free.
    an.tell(&world, Event::PrescriptionCancelled { encounter: an.encounter, prescription }).await;
    an.tell(&world, Event::EncounterCancelled { encounter: an.encounter }).await;
    assert_eq!(an.account(&world).await.0, 4 * 850 + 6 * 6_800);
}

#[tokio::test]
async fn what_comes_back_after_payment_is_due_for_refund() {
    let world = clinic().await;
    let an = walk_in(&world, "84101", "Nguyễn Văn An", "NOI1", "KNOI").await;
    let (prescription, line) = (PrescriptionId::new(), Uuid::now_v7());
    an.tell(&world, issued(&world, &an, prescription, line, 14_000)).await;
    let mut thoa = world.sign_in_as("thungan.84101").await;
    open_shift(&mut thoa, "0").await;
    pay_cash(&mut thoa, &an, "").await;
    world.drain().await;
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM db_event WHERE kind = 'PrescriptionPaid'").await, 1);
    let all = Handed { id: Uuid::now_v7(), line: Some(line), code: "T001", milli: 14_000, substituted: false, closes: true };
    an.tell(&world, dispensed(&world, &an, prescription, &all)).await;
    an.tell(&world, returned(&world, an.bill(), &all, 4_000, Uuid::now_v7())).await;
    assert_eq!(an.account(&world).await, (EXAM + 10 * 850, EXAM + 14 * 850));
    let page = thoa.get(&an.path()).await;
    assert!(page.contains("Dư của người bệnh") && page.contains("3.400 đ"), "{}", page.text);
    let page = thoa.get(&format!("{}/requests", an.path())).await;
    assert!(page.contains("hoàn được 3.400 đ"), "{}", page.text);
}

#[tokio::test]
async fn a_sale_at_the_counter_has_a_bill_of_its_own() {
    let world = clinic().await;
    let bill = BillId::new();
    let sold = Uuid::now_v7();
    let sale = Event::DrugsDispensed {
        dispense: DispenseId::new(),
        bill,
        encounter: None,
        patient: None,
        prescription: None,
        lines: vec![DrugDispensed {
            id: sold,
            line: None,
            drug: demo_id("84101", "drug", "T002"),
            substituted: false,
            quantity_milli: 10_000,
            closes_line: false,
        }],
        day: world.clock.today(),
    };
    for _ in 0..2 {
        let mut tx = world.tx("84101").await;
        tx.emit(sale.clone());
        tx.commit().await.unwrap();
        world.drain().await;
    }
    let mut thoa = world.sign_in_as("thungan.84101").await;
    open_shift(&mut thoa, "0").await;
    let path = format!("/app/cashier/{bill}");
    let page = thoa.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.contains("Khách lẻ") && page.contains("68.000") && page.contains("Bán lẻ"), "{}", page.text);
    assert_eq!(thoa.post(&format!("{path}/buyer"), &[("name", "Chị Hoa, chợ Long Châu"), ("phone", "")]).await.status, 303);
    let id = Uuid::now_v7().to_string();
    let form = [("id", id.as_str()), ("way", "cash"), ("due", "68000"), ("cash", "68000"), ("cash_given", "100.000")];
    assert_eq!(thoa.post(&format!("{path}/receipts"), &form).await.status, 303);
    let paper = thoa.get(&format!("/app/cashier/receipts/{id}/pdf")).await;
    assert!(paper.contains("Chị Hoa, chợ Long Châu") && paper.contains("PHIẾU THU"), "{}", paper.text);
    assert_eq!(ask(&world, "84101", "SELECT count(*) FROM db_event WHERE kind = 'PaymentReceived'").await, 0, "no visit, nobody to tell");
    assert_eq!(ask(&world, "84101", "SELECT sum(earned_vnd)::bigint FROM billing_report_daily_revenue WHERE kind = 'sale'").await, 68_000);
    let mut sen = world.sign_in_as("thungan.84102").await;
    assert_eq!(sen.get(&path).await.status, 404);
    assert_eq!(sen.post(&format!("{path}/buyer"), &[("name", "x")]).await.status, 404);
}
