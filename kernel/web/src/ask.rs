//! Questions that a module asks another one in the middle of its own transaction, so that both keep or both forget.
//! Wired together in `app/server`. Quantities are thousandths of the dispensing unit (1 tablet = 1000).

use crate::failure::Failure;
use async_trait::async_trait;
use base::{DispenseId, LotId, PatientId, PrescriptionId, StoreId};
use chrono::NaiveDate;
use db::Tx;
use uuid::Uuid;

/// What the pharmacy has and gives. Asked by `medication`, answered by `inventory`.
#[async_trait]
pub trait Stock: Send + Sync {
    /// The stores from which patients are served, the usual one first. Empty where no stock is kept.
    async fn counters(&self, tx: &mut Tx) -> Result<Vec<Counter>, Failure>;
    /// What all counters together can give of each of these drugs; a drug that is not kept in stock is left out.
    /// What is held for `holder` counts as free.
    async fn levels(&self, tx: &mut Tx, drugs: &[Uuid], holder: Option<PrescriptionId>) -> Result<Vec<Level>, Failure>;
    /// Lots to take, first expiry first, never more than is free of other people's holds. Falls short of the wants
    /// where stock does; changes nothing.
    async fn propose(&self, tx: &mut Tx, store: StoreId, holder: Option<PrescriptionId>, wants: &[Want]) -> Result<Vec<Pick>, Failure>;
    /// Takes all picks out of the store or refuses as a whole: not enough, expired, blocked, or a later expiry than
    /// need be without a reason. What was held for `holder` is used up. The same dispense twice changes nothing.
    async fn take(&self, tx: &mut Tx, take: &Take<'_>) -> Result<(), Failure>;
    /// Puts sealed goods back into the lots they came from. Refuses more than that dispense took.
    async fn put_back(&self, tx: &mut Tx, back: &PutBack<'_>) -> Result<(), Failure>;
    /// The pack that a scanned code names: a lot label of ours, or the maker's barcode.
    async fn pack(&self, tx: &mut Tx, code: &str) -> Result<Option<Pack>, Failure>;
}

/// A store that serves patients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    pub store: StoreId,
    pub name: String,
}

/// What can be given of one drug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub drug: Uuid,
    /// In usable lots, less what is held for others.
    pub free_milli: i64,
    /// In usable lots.
    pub on_hand_milli: i64,
    /// In lots that are expired or blocked.
    pub unusable_milli: i64,
    /// The earliest expiry among usable lots.
    pub next_expiry: Option<NaiveDate>,
}

/// So much of a drug for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    pub line: Uuid,
    pub drug: Uuid,
    pub quantity_milli: i64,
}

/// So much of one lot for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    pub line: Uuid,
    pub drug: Uuid,
    pub lot: LotId,
    /// The maker's batch number.
    pub lot_no: String,
    pub expires: NaiveDate,
    pub quantity_milli: i64,
    /// Why this lot although another expires earlier; empty where the order is kept.
    pub reason: String,
}

/// What leaves a store for a patient.
#[derive(Clone, Debug)]
pub struct Take<'a> {
    pub dispense: DispenseId,
    pub store: StoreId,
    pub holder: Option<PrescriptionId>,
    pub patient: Option<PatientId>,
    pub picks: &'a [Pick],
}

/// What a patient brings back, sealed.
#[derive(Clone, Debug)]
pub struct PutBack<'a> {
    /// The id of the return, so that a second click changes nothing.
    pub id: Uuid,
    pub dispense: DispenseId,
    pub store: StoreId,
    pub picks: &'a [Pick],
    pub reason: &'a str,
}

/// A pack known by its barcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    pub drug: Uuid,
    /// Known when the code is a lot label of ours or carries the batch.
    pub lot: Option<LotId>,
    /// What is in the pack.
    pub quantity_milli: i64,
}

/// A house without a pharmacy: nothing is kept in stock, nothing can be taken.
pub struct NoStock;

#[async_trait]
impl Stock for NoStock {
    async fn counters(&self, _tx: &mut Tx) -> Result<Vec<Counter>, Failure> {
        Ok(Vec::new())
    }
    async fn levels(&self, _tx: &mut Tx, _drugs: &[Uuid], _holder: Option<PrescriptionId>) -> Result<Vec<Level>, Failure> {
        Ok(Vec::new())
    }
    async fn propose(&self, _: &mut Tx, _: StoreId, _: Option<PrescriptionId>, _: &[Want]) -> Result<Vec<Pick>, Failure> {
        Ok(Vec::new())
    }
    async fn take(&self, _tx: &mut Tx, _take: &Take<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn put_back(&self, _tx: &mut Tx, _back: &PutBack<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn pack(&self, _tx: &mut Tx, _code: &str) -> Result<Option<Pack>, Failure> {
        Ok(None)
    }
}
