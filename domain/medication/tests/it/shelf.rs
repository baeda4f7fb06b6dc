//! A small pharmacy of one counter for the tests of dispensing: lots in one table, the rules of the question kept.

use async_trait::async_trait;
use base::{LotId, PrescriptionId, Problem, StoreId};
use chrono::NaiveDate;
use sqlx::Row;
use std::sync::Arc;
use testkit::World;
use uuid::Uuid;
use web::ask::{Counter, Level, Pack, Pick, PutBack, Stock, Take, Want};
use web::{Failure, Migration, Module, Tx};

/// The one counter.
pub const COUNTER: StoreId = StoreId(Uuid::from_u128(0x77));

pub fn module() -> Module {
    Module {
        name: "shelf",
        migrations: vec![Migration {
            name: "2026-11-25-0099-shelf",
            sql: "CREATE TABLE shelf_lot (
                      facility_id int NOT NULL, lot_id uuid NOT NULL, drug_id uuid NOT NULL, lot_no text NOT NULL, expires date NOT NULL,
                      barcode text NOT NULL DEFAULT '', pack_milli bigint NOT NULL DEFAULT 1000,
                      milli bigint NOT NULL CHECK (milli >= 0), is_blocked boolean NOT NULL DEFAULT false, PRIMARY KEY (facility_id, lot_id));
                  SELECT db_tenant_table('shelf_lot');
                  CREATE TABLE shelf_taken (
                      facility_id int NOT NULL, dispense_id uuid NOT NULL, lot_id uuid NOT NULL, milli bigint NOT NULL,
                      PRIMARY KEY (facility_id, dispense_id, lot_id));
                  SELECT db_tenant_table('shelf_taken');",
        }],
        ..Module::default()
    }
}

/// Answers from the table.
pub struct Shelf;

struct Lot {
    pick: Pick,
    is_usable: bool,
    pack: i64,
    code: String,
}

async fn lots(tx: &mut Tx, drugs: &[Uuid]) -> Result<Vec<Lot>, Failure> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    let rows = sqlx::query("SELECT * FROM shelf_lot WHERE facility_id = $1 AND ($2::uuid[] = '{}' OR drug_id = ANY ($2)) ORDER BY expires, lot_no FOR UPDATE")
        .bind(facility)
        .bind(drugs)
        .fetch_all(tx.conn())
        .await?;
    rows.iter()
        .map(|row| {
            let expires: NaiveDate = row.try_get("expires")?;
            let is_blocked: bool = row.try_get("is_blocked")?;
            let pick = Pick {
                line: Uuid::nil(),
                drug: row.try_get("drug_id")?,
                lot: LotId(row.try_get("lot_id")?),
                lot_no: row.try_get("lot_no")?,
                expires,
                quantity_milli: row.try_get("milli")?,
                reason: String::new(),
            };
            Ok(Lot { pick, is_usable: expires >= today && !is_blocked, pack: row.try_get("pack_milli")?, code: row.try_get("barcode")? })
        })
        .collect()
}

#[async_trait]
impl Stock for Shelf {
    async fn counters(&self, _: &mut Tx) -> Result<Vec<Counter>, Failure> {
        Ok(vec![Counter { store: COUNTER, name: "Quầy thuốc".into() }])
    }
    async fn levels(&self, tx: &mut Tx, drugs: &[Uuid], _: Option<PrescriptionId>) -> Result<Vec<Level>, Failure> {
        let all = lots(tx, drugs).await?;
        let mut levels: Vec<Level> = Vec::new();
        for lot in all {
            let at = levels.iter().position(|l| l.drug == lot.pick.drug).unwrap_or_else(|| {
                levels.push(Level { drug: lot.pick.drug, free_milli: 0, on_hand_milli: 0, unusable_milli: 0, next_expiry: None });
                levels.len() - 1
            });
            if lot.is_usable {
                levels[at].free_milli += lot.pick.quantity_milli;
                levels[at].on_hand_milli += lot.pick.quantity_milli;
                levels[at].next_expiry = levels[at].next_expiry.or(Some(lot.pick.expires));
            } else {
                levels[at].unusable_milli += lot.pick.quantity_milli;
            }
        }
        Ok(levels)
    }
    async fn propose(&self, tx: &mut Tx, _: StoreId, _: Option<PrescriptionId>, wants: &[Want]) -> Result<Vec<Pick>, Failure> {
        let drugs: Vec<Uuid> = wants.iter().map(|w| w.drug).collect();
        let mut all = lots(tx, &drugs).await?;
        let mut picks = Vec::new();
        for want in wants {
            let mut wanted = want.quantity_milli;
            for lot in all.iter_mut().filter(|l| l.is_usable && l.pick.drug == want.drug) {
                let taken = wanted.min(lot.pick.quantity_milli);
                if taken > 0 {
                    picks.push(Pick { line: want.line, quantity_milli: taken, ..lot.pick.clone() });
                    lot.pick.quantity_milli -= taken;
                    wanted -= taken;
                }
            }
        }
        Ok(picks)
    }
    async fn take(&self, tx: &mut Tx, take: &Take<'_>) -> Result<(), Failure> {
        let facility = tx.facility().0;
        let drugs: Vec<Uuid> = take.picks.iter().map(|p| p.drug).collect();
        let all = lots(tx, &drugs).await?;
        for pick in take.picks {
            let lot = all.iter().find(|l| l.pick.lot == pick.lot).filter(|l| l.is_usable);
            let lot = lot.ok_or_else(|| Problem::of(format!("Lô {} không dùng được.", pick.lot_no)))?;
            if lot.pick.quantity_milli < pick.quantity_milli {
                return Err(Problem::of(format!("Lô {} không đủ.", pick.lot_no)).into());
            }
            sqlx::query("UPDATE shelf_lot SET milli = milli - $3 WHERE facility_id = $1 AND lot_id = $2")
                .bind(facility)
                .bind(pick.lot.0)
                .bind(pick.quantity_milli)
                .execute(tx.conn())
                .await?;
            sqlx::query(
                "INSERT INTO shelf_taken VALUES ($1, $2, $3, $4) ON CONFLICT (facility_id, dispense_id, lot_id) DO UPDATE SET milli = shelf_taken.milli + $4",
            )
            .bind(facility)
            .bind(take.dispense.0)
            .bind(pick.lot.0)
            .bind(pick.quantity_milli)
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }
    async fn put_back(&self, tx: &mut Tx, back: &PutBack<'_>) -> Result<(), Failure> {
        let facility = tx.facility().0;
        for pick in back.picks {
            let done = sqlx::query("UPDATE shelf_taken SET milli = milli - $4 WHERE facility_id = $1 AND dispense_id = $2 AND lot_id = $3 AND milli >= $4")
                .bind(facility)
                .bind(back.dispense.0)
                .bind(pick.lot.0)
                .bind(pick.quantity_milli)
                .execute(tx.conn())
                .await?;
            if done.rows_affected() == 0 {
                return Err(Problem::of("Trả nhiều hơn đã phát.").into());
            }
            sqlx::query("UPDATE shelf_lot SET milli = milli + $3 WHERE facility_id = $1 AND lot_id = $2")
                .bind(facility)
                .bind(pick.lot.0)
                .bind(pick.quantity_milli)
                .execute(tx.conn())
                .await?;
        }
        Ok(())
    }
    async fn pack(&self, tx: &mut Tx, code: &str) -> Result<Option<Pack>, Failure> {
        let found = lots(tx, &[]).await?.into_iter().find(|l| l.code == code || l.pick.lot.to_string() == code);
        Ok(found.map(|l| Pack { drug: l.pick.drug, lot: (l.code != code).then_some(l.pick.lot), quantity_milli: l.pack }))
    }
}

/// The clinic with a pharmacy.
pub async fn clinic() -> World {
    World::with_stock(vec![crate::world::chart(), medication::module(), module()], Arc::new(Shelf)).await
}

/// So many units of a drug in a lot.
pub async fn lot(world: &World, facility: &str, drug: &str, no: &str, expires: &str, units: i64) -> LotId {
    let id = LotId::new();
    let mut tx = world.tx(facility).await;
    let code = tx.facility().0;
    sqlx::query("INSERT INTO shelf_lot (facility_id, lot_id, drug_id, lot_no, expires, milli, barcode, pack_milli) VALUES ($1, $2, $3, $4, $5::date, $6, $7, 10000)")
        .bind(code)
        .bind(id.0)
        .bind(testkit::demo_id(facility, "drug", drug))
        .bind(no)
        .bind(expires)
        .bind(units * 1000)
        .bind(format!("893{drug}0001"))
        .execute(tx.conn())
        .await
        .expect("a lot");
    tx.commit().await.expect("kept");
    id
}

/// What lies in a lot, in units.
pub async fn left(world: &World, lot: LotId) -> i64 {
    let mut tx = world.tx("84101").await;
    let milli: i64 = sqlx::query_scalar("SELECT milli FROM shelf_lot WHERE lot_id = $1").bind(lot.0).fetch_one(tx.conn()).await.expect("the lot");
    milli / 1000
}

/// A recall: the lot may not be given any more.
pub async fn block(world: &World, lot: LotId) {
    let mut tx = world.tx("84101").await;
    sqlx::query("UPDATE shelf_lot SET is_blocked = true WHERE lot_id = $1").bind(lot.0).execute(tx.conn()).await.expect("blocked");
    tx.commit().await.expect("kept");
}
