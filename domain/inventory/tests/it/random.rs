//! Sixteen people at work in two stores at once, none of them careful: whatever they do, the books hold.

use crate::goods::{CLINIC, assert_books_hold, day, drug, lot_of, open_store, world};
use base::{DispenseId, LotId, StoreId};
use db::Tx;
use inventory::StockDesk;
use inventory::ledger::{Kind, Movement, post, reverse};
use inventory::recall::{Decision, decide};
use inventory::store::{ledger as book, lots};
use std::sync::Arc;
use testkit::World;
use uuid::Uuid;
use web::Failure;
use web::ask::{Pick, PutBack, Stock, Take, Want};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }
    fn milli(&mut self) -> i64 {
        500 * (1 + self.below(40) as i64)
    }
}

/// The pharmacy: two stores, three drugs, lots of which one expires today and one is long gone.
struct Place {
    stores: [StoreId; 2],
    lots: Vec<(Uuid, LotId)>,
}

/// What one pair of hands did and may want to undo.
#[derive(Default)]
struct Memory {
    given: Vec<(DispenseId, StoreId, Vec<Pick>)>,
    papers: Vec<Uuid>,
}

async fn act(tx: &mut Tx, place: &Place, dice: &mut Dice, memory: &mut Memory) -> Result<(), Failure> {
    let (store, (item, lot)) = (dice.of(&place.stores), dice.of(&place.lots));
    let paper = Uuid::now_v7();
    let one = |kind, store, milli| Movement::new(kind, store, item, lot, milli, paper, Uuid::from_u128(1));
    match dice.below(12) {
        0..=2 => {
            post(tx, &[one(Kind::Receipt, store, dice.milli() * 2)]).await?;
            memory.papers.push(paper);
        }
        3 => {
            let milli = dice.milli();
            let (from, to) = if store == place.stores[0] { (0, 1) } else { (1, 0) };
            post(tx, &[one(Kind::TransferOut, place.stores[from], -milli), one(Kind::TransferIn, place.stores[to], milli)]).await?;
            memory.papers.push(paper);
        }
        4..=6 => {
            let wants: Vec<Want> =
                (0..2).map(|_| Want { line: Uuid::now_v7(), drug: dice.of(&place.lots).0, quantity_milli: dice.milli() }).collect();
            let picks = StockDesk.propose(tx, store, None, &wants).await?;
            let dispense = DispenseId(paper);
            StockDesk.take(tx, &Take { dispense, store, holder: None, patient: None, picks: &picks }).await?;
            memory.given.push((dispense, store, picks));
        }
        7 => {
            // Straight at a lot, against the order of expiry, and mostly too much.
            let pick = Pick {
                line: Uuid::now_v7(),
                drug: item,
                lot,
                lot_no: "?".into(),
                expires: day("2027-01-31"),
                quantity_milli: dice.milli() * 3,
                reason: if dice.below(2) == 0 { "Hộp đã mở".into() } else { String::new() },
            };
            StockDesk.take(tx, &Take { dispense: DispenseId(paper), store, holder: None, patient: None, picks: &[pick] }).await?;
        }
        8 => {
            let Some((dispense, store, picks)) = memory.given.pop() else { return Ok(()) };
            let back: Vec<Pick> = picks.iter().map(|p| Pick { quantity_milli: (p.quantity_milli / 2).max(1), ..p.clone() }).collect();
            StockDesk.put_back(tx, &PutBack { id: paper, dispense, store, picks: &back, reason: "Còn nguyên" }).await?;
        }
        9 => {
            let kind = dice.of(&[Kind::Disposal, Kind::SupplierReturn, Kind::Issue]);
            post(tx, &[one(kind, store, -dice.milli())]).await?;
            memory.papers.push(paper);
        }
        10 => {
            let difference = dice.milli() * if dice.below(2) == 0 { 1 } else { -1 };
            post(tx, &[one(Kind::Stocktake, store, difference)]).await?;
        }
        _ if dice.below(2) == 0 => {
            let Some(known) = lots::find(tx, lot).await? else { return Ok(()) };
            let decision = Decision::read(!known.blocked, "quality", "Nghi ngờ chất lượng", "")?;
            decide(tx, &known, &decision).await?;
        }
        _ => {
            let Some(wrong) = memory.papers.pop() else { return Ok(()) };
            let booked: Vec<Uuid> = book::list_of_document(tx, &[wrong]).await?.iter().map(|m| m.movement_id).collect();
            reverse(tx, &booked, paper, "PD", "Ghi nhầm", None).await?;
        }
    }
    Ok(())
}

async fn work(world: Arc<World>, place: Arc<Place>, seed: u64) -> (u32, u32) {
    let (mut dice, mut memory) = (Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), Memory::default());
    let (mut done, mut refused) = (0, 0);
    for _ in 0..30 {
        let mut tx = world.tx(CLINIC).await;
        match act(&mut tx, &place, &mut dice, &mut memory).await {
            Ok(()) => {
                tx.commit().await.expect("a commit");
                done += 1;
            }
            Err(Failure::Refused(_) | Failure::Conflict(_) | Failure::NotFound) => refused += 1,
            Err(other) => panic!("a fault, where only refusals are allowed: {other:?}"),
        }
    }
    (done, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_careless_pairs_of_hands_leave_the_books_in_order() {
    let world = Arc::new(world().await);
    let mut tx = world.tx(CLINIC).await;
    let stores = [open_store(&mut tx, "KC", "main").await, open_store(&mut tx, "QT", "counter").await];
    let mut all = Vec::new();
    for code in ["T001", "T002", "T003"] {
        for (lot_no, expires) in [("A1", "2027-01-31"), ("B2", "2027-06-30"), ("H0", "2026-11-24"), ("X9", "2026-11-01")] {
            let lot = lot_of(&mut tx, drug(code), lot_no, expires).await;
            post(&mut tx, &[Movement::new(Kind::Opening, stores[1], drug(code), lot, 40_000, Uuid::now_v7(), Uuid::now_v7())]).await.unwrap();
            all.push((drug(code), lot));
        }
    }
    tx.commit().await.unwrap();
    let place = Arc::new(Place { stores, lots: all });
    let mut hands = tokio::task::JoinSet::new();
    for seed in 1..=16 {
        hands.spawn(work(world.clone(), place.clone(), seed));
    }
    let counts = hands.join_all().await;
    let (done, refused) = counts.iter().fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
    assert!(done > 150 && refused > 20, "the test must both do and refuse: {done} done, {refused} refused");
    assert_books_hold(&world).await;
}
