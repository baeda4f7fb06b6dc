//! The pharmacy's answers to the other modules: what there is, which lots to take, take them, put them back.

use crate::fefo::{self, Free};
use crate::item::show_quantity;
use crate::ledger::{self, Kind, Movement};
use crate::store::levels::Giving;
use crate::store::{holds, items, ledger as book, levels, lots};
use crate::{gs1, lot};
use async_trait::async_trait;
use base::{LotId, PatientId, PrescriptionId, Problem, Problems, StoreId, local_date, show_date};
use chrono::NaiveDate;
use db::Tx;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use web::Failure;
use web::ask::{Counter, Level, Pack, Pick, PutBack, Stock, Take, Want};

/// The desk that answers.
pub struct StockDesk;

#[async_trait]
impl Stock for StockDesk {
    async fn counters(&self, tx: &mut Tx) -> Result<Vec<Counter>, Failure> {
        Ok(levels::counters(tx).await?.into_iter().map(|(store, name)| Counter { store: StoreId(store), name }).collect())
    }

    async fn levels(&self, tx: &mut Tx, drugs: &[Uuid], holder: Option<PrescriptionId>) -> Result<Vec<Level>, Failure> {
        let rows = levels::levels(tx, drugs, holder).await?;
        let level = |row: levels::LevelRow| Level {
            drug: row.item_id,
            free_milli: (row.on_hand_milli - row.held_milli).max(0),
            on_hand_milli: row.on_hand_milli,
            unusable_milli: row.unusable_milli,
            next_expiry: row.next_expiry,
        };
        Ok(rows.into_iter().map(level).collect())
    }

    async fn propose(&self, tx: &mut Tx, store: StoreId, holder: Option<PrescriptionId>, wants: &[Want]) -> Result<Vec<Pick>, Failure> {
        let items: Vec<Uuid> = wants.iter().map(|w| w.drug).collect::<BTreeSet<_>>().into_iter().collect();
        let rows = levels::giving(tx, store, &items, &[], holder, None).await?;
        Ok(proposal(&rows, wants, local_date(tx.now)))
    }

    async fn take(&self, tx: &mut Tx, take: &Take<'_>) -> Result<(), Failure> {
        let movements: Vec<Movement> = take
            .picks
            .iter()
            .map(|p| Movement {
                patient: take.patient,
                reason: p.reason.clone(),
                ..Movement::new(Kind::Dispense, take.store, p.drug, p.lot, p.quantity_milli.checked_neg().unwrap_or(0), take.dispense.0, p.line)
            })
            .collect();
        ledger::check_shape(&movements).map_err(for_the_counter)?;
        book::lock(tx, &movements).await?;
        let items: Vec<Uuid> = movements.iter().map(|m| m.item).collect::<BTreeSet<_>>().into_iter().collect();
        let named: Vec<Uuid> = movements.iter().map(|m| m.lot.0).collect();
        let rows = levels::giving(tx, take.store, &items, &named, take.holder, Some(take.dispense.0)).await?;
        if rows.iter().any(|r| r.posted) && ledger::posted_before(tx, &movements).await?.is_some() {
            return Ok(());
        }
        let shelves: Vec<_> = rows.iter().map(|r| r.shelf.clone()).collect();
        ledger::judge(&movements, &shelves, local_date(tx.now), tx.actor.account.0).map_err(for_the_counter)?;
        judge_order(take.picks, &rows, local_date(tx.now)).map_err(for_the_counter)?;
        book::insert(tx, &movements).await?;
        if let Some(holder) = take.holder {
            let lines: Vec<Uuid> = movements.iter().map(|m| m.line).collect();
            let given: Vec<Uuid> = movements.iter().map(|m| m.item).collect();
            let quantities: Vec<i64> = movements.iter().map(|m| -m.quantity_milli).collect();
            holds::use_up(tx, holder, &lines, &given, &quantities).await?;
        }
        tx.notify("stock");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, back: &PutBack<'_>) -> Result<(), Failure> {
        let booked = book::list_of_document(tx, &[back.dispense.0]).await?;
        let given: Vec<_> = booked.iter().filter(|m| m.kind == Kind::Dispense.key()).collect();
        let patient = given.first().ok_or(Failure::NotFound)?.patient_id.map(PatientId);
        let movements: Vec<Movement> = back
            .picks
            .iter()
            .map(|p| Movement {
                returns_of: Some(back.dispense.0),
                patient,
                reason: back.reason.to_owned(),
                ..Movement::new(Kind::Return, back.store, p.drug, p.lot, p.quantity_milli, back.id, p.line)
            })
            .collect();
        ledger::check_shape(&movements).map_err(for_the_counter)?;
        // The dispense's own shelves too: two returns of it, even to different stores, then wait for each other.
        let mut places: BTreeSet<(Uuid, Uuid)> = given.iter().map(|m| (m.store_id, m.item_id)).collect();
        places.extend(movements.iter().map(|m| (m.store.0, m.item)));
        let (stores, shelf_items): (Vec<Uuid>, Vec<Uuid>) = places.into_iter().unzip();
        book::open_shelves(tx, &stores, &shelf_items).await?;
        book::lock_shelves(tx, &stores, &shelf_items).await?;
        if ledger::posted_before(tx, &movements).await?.is_some() {
            return Ok(());
        }
        let mut open: HashMap<Uuid, i64> = HashMap::new();
        for m in &given {
            *open.entry(m.lot_id).or_default() -= m.quantity_milli;
        }
        for (lot, quantity) in book::returned(tx, back.dispense).await? {
            *open.entry(lot).or_default() -= quantity;
        }
        let mut problems = Problems::none();
        for (m, pick) in movements.iter().zip(back.picks) {
            let left = open.entry(m.lot.0).or_default();
            if m.quantity_milli > *left {
                let text = format!("Lô {}: chỉ còn {} đã cấp mà chưa trả lại. Giảm số lượng trả.", pick.lot_no, show_quantity(left));
                problems.add(m.line.to_string(), text);
            }
            *left -= m.quantity_milli;
        }
        problems.or(()).map_err(for_the_counter)?;
        let shelves = book::look(tx, &movements).await?;
        ledger::judge(&movements, &shelves, local_date(tx.now), tx.actor.account.0).map_err(for_the_counter)?;
        book::insert(tx, &movements).await?;
        tx.notify("stock");
        Ok(())
    }

    async fn pack(&self, tx: &mut Tx, code: &str) -> Result<Option<Pack>, Failure> {
        if let Some(number) = lot::read_label(code) {
            let found = lots::find_by_label(tx, number).await?;
            return Ok(found.map(|l| Pack { drug: l.item_id, lot: Some(l.id()), quantity_milli: 1000 }));
        }
        let Some(read) = gs1::read(code) else { return Ok(None) };
        let Some((item, factor)) = items::find_by_barcode(tx, &read.article).await? else { return Ok(None) };
        let lot = match &read.lot_no {
            Some(lot_no) => lots::find_by_number(tx, item, lot_no, read.expires).await?,
            None => None,
        };
        Ok(Some(Pack { drug: item, lot: lot.map(LotId), quantity_milli: factor * 1000 }))
    }
}

/// The counter shows refusals above its lines: it has fields of its own, which this module does not know.
fn for_the_counter(problems: Problems) -> Problems {
    let mut texts: Vec<_> = problems.0.into_iter().map(|p| p.text).collect();
    texts.dedup();
    Problem::of(texts.join(" ")).into()
}

/// First expiry first for each want, in the order of the wants; what must stay for others is left at the end of the
/// queue, so that it is the latest lots that stay.
fn proposal(rows: &[Giving], wants: &[Want], today: NaiveDate) -> Vec<Pick> {
    let mut lots: HashMap<Uuid, (Vec<Free>, i64)> = HashMap::new();
    for row in rows.iter().filter(|r| r.shelf.is_usable(today) && !r.shelf.store_closed) {
        let entry = lots.entry(row.shelf.item_id).or_insert_with(|| (Vec::new(), -row.must_stay_milli));
        entry.0.push(Free { lot: LotId(row.shelf.lot_id), expires: row.shelf.expires, quantity_milli: row.shelf.quantity_milli });
        entry.1 += row.shelf.quantity_milli;
    }
    let mut picks = Vec::new();
    for want in wants {
        let Some((free, allowed)) = lots.get_mut(&want.drug) else { continue };
        for (lot, quantity_milli) in fefo::allocate(free, want.quantity_milli.min(*allowed)) {
            *allowed -= quantity_milli;
            let shelf = rows.iter().map(|r| &r.shelf).find(|s| s.lot_id == lot.0).expect("a lot of the shelf");
            picks.push(Pick {
                line: want.line,
                drug: want.drug,
                lot,
                lot_no: shelf.lot_no.clone(),
                expires: shelf.expires,
                quantity_milli,
                reason: String::new(),
            });
        }
    }
    picks
}

/// Refuses a later expiry than need be without a reason, and what is kept aside for others.
fn judge_order(picks: &[Pick], rows: &[Giving], today: NaiveDate) -> Result<(), Problems> {
    let mut problems = Problems::none();
    let usable = |item: Uuid| rows.iter().filter(move |r| r.shelf.item_id == item && r.shelf.is_usable(today));
    let items: BTreeSet<Uuid> = picks.iter().map(|p| p.drug).collect();
    for item in items {
        let mine = || picks.iter().filter(|p| p.drug == item);
        let left: Vec<Free> = usable(item)
            .map(|r| {
                let taken: i64 = mine().filter(|p| p.lot.0 == r.shelf.lot_id).map(|p| p.quantity_milli).sum();
                Free { lot: LotId(r.shelf.lot_id), expires: r.shelf.expires, quantity_milli: r.shelf.quantity_milli - taken }
            })
            .collect();
        for pick in mine().filter(|p| p.reason.trim().is_empty()) {
            let Some(row) = usable(item).find(|r| r.shelf.lot_id == pick.lot.0) else { continue };
            if let Some(earlier) = fefo::passed_over(&left, row.shelf.expires) {
                let first = usable(item).find(|r| r.shelf.lot_id == earlier.lot.0).map_or("", |r| r.shelf.lot_no.as_str());
                problems.add(
                    pick.line.to_string(),
                    format!(
                        "Lô {first} hết hạn sớm hơn ({}) còn {}. Lấy lô đó trước, hoặc ghi lý do đổi lô sang {}.",
                        show_date(earlier.expires),
                        show_quantity(&earlier.quantity_milli),
                        row.shelf.lot_no
                    ),
                );
            }
        }
        let (remains, asked): (i64, i64) = (left.iter().map(|l| l.quantity_milli).sum(), mine().map(|p| p.quantity_milli).sum());
        if let (Some(row), Some(pick)) = (usable(item).next(), mine().next())
            && remains < row.must_stay_milli
        {
            let text = format!(
                "{} không đủ: còn {} {}, trong đó {} đang giữ cho đơn khác. Giảm số lượng hoặc chờ đơn kia hết hạn giữ.",
                row.shelf.name,
                show_quantity(&(remains + asked)),
                row.shelf.unit,
                show_quantity(&row.must_stay_milli)
            );
            problems.add(pick.line.to_string(), text);
        }
    }
    problems.or(())
}
