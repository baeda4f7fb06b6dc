//! Whatever happens at the desk, the two sides of the book agree and every sum can be traced.

use crate::day::{ask, clinic, walk_in};
use base::event::{DrugDispensed, DrugReturned};
use base::{AccountId, Actor, DispenseId, Event, PrescriptionId, Vnd};
use billing::approval::Matter;
use billing::collection::Collection;
use billing::desk;
use billing::discount_desk::{self, Scope};
use billing::store::{bills, receipts, shifts};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use testkit::World;
use uuid::Uuid;

#[derive(Clone, Debug)]
enum Act {
    Order(&'static str),
    Drug(i64),
    Deposit(i64),
    Collect,
    AskVoid(usize),
    AskReceiptVoid(usize),
    AskRefund(usize, i64),
    DecideAll(bool),
    PayOutAll,
    Discount(u32, bool),
    TakeDiscountsBack,
    /// Gives a part of the last prescription line, perhaps the last of it, perhaps in another brand.
    Dispense(i64, bool, bool),
    Return(usize, i64),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => prop_oneof![Just("XN01"), Just("XN02"), Just("XN03")].prop_map(Act::Order),
        1 => (1i64..30_000).prop_map(Act::Drug),
        2 => (1i64..200_000).prop_map(Act::Deposit),
        2 => Just(Act::Collect),
        2 => any::<usize>().prop_map(Act::AskVoid),
        2 => any::<usize>().prop_map(Act::AskReceiptVoid),
        2 => (any::<usize>(), 1i64..300_000).prop_map(|(i, a)| Act::AskRefund(i, a)),
        2 => any::<bool>().prop_map(Act::DecideAll),
        1 => Just(Act::PayOutAll),
        2 => (1u32..10_001, any::<bool>()).prop_map(|(part, by_owner)| Act::Discount(part, by_owner)),
        1 => Just(Act::TakeDiscountsBack),
        2 => (1i64..20_000, any::<bool>(), any::<bool>()).prop_map(|(milli, other, last)| Act::Dispense(milli, other, last)),
        1 => (any::<usize>(), 1i64..20_000).prop_map(|(i, milli)| Act::Return(i, milli)),
    ]
}

/// The world's books as somebody acts on them: each act in its own transaction, refusals leave nothing.
async fn act(world: &World, visit: &crate::day::Visit, act: &Act, cashier: &Actor, owner: &Actor) {
    let at = |actor: &Actor| {
        let (actor, now) = (actor.clone(), world.clock.now());
        async move { world.db.begin(web::Scope::Facility(actor.facility), actor, now).await.unwrap() }
    };
    let encounter = visit.bill();
    match act {
        Act::Order(code) => {
            visit.order(world, &[*code]).await;
        }
        Act::Drug(milli) => {
            visit.prescribe(world, &[("T001", *milli)], None).await;
        }
        Act::Deposit(amount) => {
            let mut tx = at(cashier).await;
            let typed = Collection { cash: Vnd(*amount), ..Collection::default() };
            desk::take_deposit(&mut tx, encounter, Uuid::now_v7(), &typed).await.unwrap();
            tx.commit().await.unwrap();
        }
        Act::Collect => {
            let mut tx = at(cashier).await;
            let due = bills::position(&mut tx, encounter).await.unwrap().due();
            let typed = Collection { shown_due: due, card: due, card_slip: "1".into(), ..Collection::default() };
            if desk::collect(&mut tx, encounter, Uuid::now_v7(), &typed).await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
        Act::AskVoid(i) => {
            let mut tx = at(cashier).await;
            let lines = bills::list_lines(&mut tx, encounter).await.unwrap();
            let line = &lines[i % lines.len()];
            if desk::ask(&mut tx, encounter, Uuid::now_v7(), Matter::ChargeVoid, line.charge_id, None, "thử").await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
        Act::AskReceiptVoid(i) => {
            let mut tx = at(cashier).await;
            let papers = receipts::list_of_bill(&mut tx, encounter).await.unwrap();
            if papers.is_empty() {
                return;
            }
            let target = papers[i % papers.len()].receipt_id;
            if desk::ask(&mut tx, encounter, Uuid::now_v7(), Matter::ReceiptVoid, target, None, "thử").await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
        Act::AskRefund(i, amount) => {
            let mut tx = at(cashier).await;
            let payments = receipts::payments_of_bill(&mut tx, encounter).await.unwrap();
            if payments.is_empty() {
                return;
            }
            let target = payments[i % payments.len()].payment_id;
            if desk::ask(&mut tx, encounter, Uuid::now_v7(), Matter::Refund, target, Some(Vnd(*amount)), "thử").await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
        Act::DecideAll(approve) => {
            let mut tx = at(owner).await;
            let open = billing::store::approvals::list_open(&mut tx).await.unwrap();
            drop(tx);
            for request in open {
                let mut tx = at(owner).await;
                if desk::decide(&mut tx, request.approval_id, *approve, "thử").await.is_ok() {
                    tx.commit().await.unwrap();
                }
            }
        }
        Act::Discount(part, by_owner) => {
            let mut tx = at(if *by_owner { owner } else { cashier }).await;
            let value = format!("{},{:02}%", part / 100, part % 100);
            if discount_desk::give_by_word(&mut tx, encounter, Uuid::now_v7(), Scope::Bill, &value, "thử").await.is_ok() {
                tx.commit().await.unwrap();
            }
        }
        Act::TakeDiscountsBack => {
            let mut tx = at(cashier).await;
            for given in billing::store::discounts::list_of_bill(&mut tx, encounter).await.unwrap() {
                // A refusal (it stands on a receipt) leaves the rest to be tried.
                drop(discount_desk::take_back(&mut tx, encounter, given.discount_id, "thử").await);
            }
            tx.commit().await.unwrap();
        }
        Act::Dispense(milli, other, last) => {
            let mut tx = at(cashier).await;
            let lines = bills::list_lines(&mut tx, encounter).await.unwrap();
            drop(tx);
            let Some(line) = lines.iter().rev().find(|l| l.source == "drug") else { return };
            let given = DrugDispensed {
                id: Uuid::now_v7(),
                line: Some(line.source_id),
                drug: testkit::demo_id("84101", "drug", if *other { "T002" } else { "T001" }),
                substituted: *other,
                quantity_milli: *milli,
                closes_line: *last,
            };
            let event = Event::DrugsDispensed {
                dispense: DispenseId::new(),
                bill: encounter,
                encounter: Some(visit.encounter),
                patient: Some(visit.patient),
                prescription: line.source_paper.map(PrescriptionId),
                lines: vec![given],
                day: world.clock.today(),
            };
            visit.tell(world, event).await;
        }
        Act::Return(i, milli) => {
            let mut tx = at(cashier).await;
            let given = billing::store::dispensed::list_of_bill(&mut tx, encounter).await.unwrap();
            drop(tx);
            if given.is_empty() {
                return;
            }
            let of = &given[i % given.len()];
            let back = DrugReturned {
                id: Uuid::now_v7(),
                dispensed: of.dispensed_id,
                line: of.line_id,
                drug: of.drug_id,
                quantity_milli: *milli,
            };
            visit.tell(world, Event::DrugsReturned { dispense: DispenseId::new(), bill: encounter, lines: vec![back], day: world.clock.today() }).await;
        }
        Act::PayOutAll => {
            let mut tx = at(cashier).await;
            let open = billing::store::approvals::list_open(&mut tx).await.unwrap();
            drop(tx);
            for request in open {
                let mut tx = at(cashier).await;
                if desk::pay_out(&mut tx, request.approval_id, "").await.is_ok() {
                    tx.commit().await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn any_day_at_the_desk_balances() {
    let world = clinic().await;
    let person = |n: u128, name: &str| Actor {
        account: AccountId(Uuid::from_u128(n)),
        name: name.into(),
        ..Actor::system(testkit::facility("84101"))
    };
    let (cashier, owner) = (person(7, "Võ Thị Kim Thoa"), person(8, "Lâm Thế Vinh"));
    let mut tx = world.db.begin(web::Scope::Facility(cashier.facility), cashier.clone(), world.clock.now()).await.unwrap();
    shifts::open(&mut tx, Uuid::now_v7(), Vnd(5_000_000), "Quầy thu 1").await.unwrap();
    tx.commit().await.unwrap();
    let mut runner = TestRunner::deterministic();
    let mut visits = Vec::new();
    for round in 0..10 {
        let visit = walk_in(&world, "84101", &format!("Người bệnh {round}"), "NOI1", "KNOI").await;
        let acts = prop::collection::vec(any_act(), 24).new_tree(&mut runner).unwrap().current();
        for step in &acts {
            act(&world, &visit, step, &cashier, &owner).await;
            let off = ask(
                &world,
                "84101",
                "SELECT count(*) FROM billing_account a WHERE
                    a.charged_vnd <> (SELECT coalesce(sum(amount_vnd), 0) FROM billing_charge c WHERE c.bill_id = a.bill_id)
                 OR a.paid_vnd <> (SELECT coalesce(sum(amount_vnd), 0) FROM billing_payment p WHERE p.bill_id = a.bill_id)
                 OR a.charged_vnd < 0 OR a.paid_vnd < 0",
            )
            .await;
            assert_eq!(off, 0, "after {step:?} of {acts:?}");
            let below = ask(
                &world,
                "84101",
                "SELECT count(*) FROM (SELECT coalesce(discount_of, CASE WHEN reverses IS NULL THEN charge_id ELSE reverses END) AS line
                 FROM billing_charge GROUP BY 1 HAVING sum(amount_vnd) < 0) x",
            )
            .await;
            assert_eq!(below, 0, "a line went below nothing after {step:?} of {acts:?}");
            // A line that a receipt in force names is paid for: money is owed only for open lines.
            let mut tx = world.tx("84101").await;
            let position = bills::position(&mut tx, visit.bill()).await.unwrap();
            let open: Vnd = bills::list_lines(&mut tx, visit.bill()).await.unwrap().iter().filter(|l| l.is_open()).map(|l| l.amount()).sum();
            assert!(position.due() <= open.max(Vnd::ZERO), "owes {} with {open} open after {step:?} of {acts:?}", position.due());
        }
        visits.push(visit);
    }
    for (what, sql) in [
        ("debits equal credits", "SELECT (sum(debit_vnd) - sum(credit_vnd))::bigint FROM billing_report_ledger"),
        (
            "per visit too",
            "SELECT count(*) FROM (SELECT encounter_id FROM billing_report_ledger GROUP BY 1 HAVING sum(debit_vnd) <> sum(credit_vnd)) x",
        ),
        (
            "revenue of the report is the ledger's",
            "SELECT ((SELECT sum(amount_vnd) FROM billing_report_revenue)
                  - (SELECT sum(credit_vnd - debit_vnd) FROM billing_report_ledger WHERE account = 'revenue'))::bigint",
        ),
        (
            "takings of the report are the ledger's",
            "SELECT ((SELECT sum(amount_vnd) FROM billing_report_payment)
                  - (SELECT sum(debit_vnd - credit_vnd) FROM billing_report_ledger WHERE account IN ('cash', 'card', 'transfer')))::bigint",
        ),
        (
            "no payment gave back more than it brought",
            "SELECT count(*) FROM billing_payment p WHERE p.kind = 'payment' AND p.amount_vnd +
                (SELECT coalesce(sum(b.amount_vnd), 0) FROM billing_payment b WHERE b.original_id = p.payment_id) < 0",
        ),
        (
            "numbers leave no gap",
            "SELECT count(*) FROM (SELECT series FROM billing_receipt GROUP BY series, year HAVING max(number) <> count(*) OR min(number) <> 1) x",
        ),
    ] {
        assert_eq!(ask(&world, "84101", sql).await, 0, "{what}");
    }
    assert_eq!(world.failed_jobs("84101").await, Vec::<String>::new());
}
