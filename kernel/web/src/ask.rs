//! Questions that a module asks another one in the middle of its own transaction, so that both keep or both forget.
//! Wired together in `app/server`. Quantities are thousandths of the dispensing unit (1 tablet = 1000).

mod contact;

pub use contact::{Dial, Letter, Messages, Places, Telephone, WalkIn};

use crate::failure::Failure;
use async_trait::async_trait;
use base::{DispenseId, DocumentId, EncounterId, LotId, PatientId, PersonId, PrescriptionId, RecordId, StoreId};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use serde_json::Value;
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

/// The medical record of a stay or visit. Asked by `inpatient`, `sharing`, `exchange`; answered by `record`.
#[async_trait]
pub trait Records: Send + Sync {
    /// The record of a stay or visit; opened when there is none yet.
    async fn of_encounter(&self, tx: &mut Tx, encounter: EncounterId) -> Result<RecordId, Failure>;
    /// Starts a form in the record of an encounter, filled with what is known and with `data` (field id → value) above
    /// it, or adds `data` to the draft where this very document exists. Refuses an unknown form and a locked record.
    async fn write_form(&self, tx: &mut Tx, form: &FormStart<'_>) -> Result<(), Failure>;
    /// Files a document made elsewhere as it came, byte for byte. The same id twice files it once. Refuses a locked
    /// record and contents that are not what they claim to be.
    async fn file(&self, tx: &mut Tx, incoming: &Incoming<'_>) -> Result<(), Failure>;
    /// The documents of one record, or of all records of a patient, in the order of the record; without the ones
    /// whose sensitivity the reader may not see.
    async fn list(&self, tx: &mut Tx, of: RecordsOf) -> Result<Vec<DocumentLine>, Failure>;
    /// The newest signed version (or the newest of all, where the form asks for no signature) as it is kept.
    async fn content(&self, tx: &mut Tx, document: DocumentId) -> Result<Option<DocumentContent>, Failure>;
    /// What still stands in the way of ending a stay, in words for the ward.
    async fn gaps(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<String>, Failure>;
}

/// A form to be filled in the course of care.
#[derive(Clone, Debug)]
pub struct FormStart<'a> {
    pub document: DocumentId,
    pub encounter: EncounterId,
    /// The form's number, e.g. `01/BV1`, or its key where it has none, e.g. `giay_ra_vien`.
    pub form: &'a str,
    /// Field id → value.
    pub data: Value,
}

/// A document that was made elsewhere.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    pub document: DocumentId,
    pub encounter: EncounterId,
    /// The form it is, where the sender's word could be mapped; otherwise it is filed under "other papers".
    pub form: Option<&'a str>,
    pub title: &'a str,
    /// `application/pdf`, `text/plain`, `image/jpeg`, `application/fhir+json`, `application/xml`.
    pub media_type: &'a str,
    pub content: Vec<u8>,
    /// Who sent it and under which number, e.g. `HIS-84001 / MDM 20261125-17`.
    pub source: &'a str,
    pub author: &'a str,
    pub made_at: DateTime<Utc>,
    pub sensitivity: Sensitivity,
}

/// What may be seen by whom without being asked for: Law 91/2025, and the special protection of VN Core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    #[default]
    Ordinary,
    /// Mental health.
    Mental,
    /// Reproductive and sexual health.
    Reproductive,
    /// HIV.
    Hiv,
}

impl Sensitivity {
    pub const ALL: [Sensitivity; 4] = [Sensitivity::Ordinary, Sensitivity::Mental, Sensitivity::Reproductive, Sensitivity::Hiv];

    pub fn key(self) -> &'static str {
        match self {
            Sensitivity::Ordinary => "ordinary",
            Sensitivity::Mental => "mental",
            Sensitivity::Reproductive => "reproductive",
            Sensitivity::Hiv => "hiv",
        }
    }
    pub fn from_key(key: &str) -> Option<Sensitivity> {
        Sensitivity::ALL.into_iter().find(|s| s.key() == key)
    }
    /// Never leaves the house unless it was chosen by hand.
    pub fn is_special(self) -> bool {
        self != Sensitivity::Ordinary
    }
}

/// Whose documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordsOf {
    Encounter(EncounterId),
    Patient(PatientId),
    /// Of this human being, at this facility.
    Person(PersonId),
}

/// A document in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLine {
    pub document: DocumentId,
    pub record: RecordId,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub form: String,
    pub title: String,
    pub version: i32,
    /// `"draft"`, `"done"`, `"signing"`, `"signed"`, `"replaced"`, `"entered_in_error"`.
    pub status: String,
    pub sensitivity: Sensitivity,
    pub author: String,
    pub at: DateTime<Utc>,
    /// SHA-256 of the kept content, hexadecimal; empty while it is a draft.
    pub sha256: String,
}

/// A document as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentContent {
    pub line: DocumentLine,
    pub media_type: String,
    pub content: Vec<u8>,
    /// The fields of the form; `Null` for a document that came from elsewhere.
    pub data: Value,
}

/// Results and treatment of a visit or stay in a few words each, for summaries and forms. Asked by `record` and
/// `inpatient`, answered by `diagnostics`.
#[async_trait]
pub trait Findings: Send + Sync {
    /// What was found, oldest first; only what is released.
    async fn of_encounter(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Finding>, Failure>;
    /// Orders that are neither done nor cancelled.
    async fn open_orders(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<String>, Failure>;
}

/// One result, as a summary names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub at: DateTime<Utc>,
    /// `"lab"` or `"imaging"`.
    pub kind: &'static str,
    pub name: String,
    /// Value with unit, or the conclusion.
    pub text: String,
    pub abnormal: bool,
}

/// Whether money is still open. Asked by `inpatient`, answered by `billing`.
#[async_trait]
pub trait Dues: Send + Sync {
    /// What the visit or stay still owes in đồng; deposits count as paid, so the figure may be negative.
    async fn owed(&self, tx: &mut Tx, encounter: EncounterId) -> Result<base::Vnd, Failure>;
}

/// A house without records, results and bills.
pub struct Nothing;

#[async_trait]
impl Records for Nothing {
    async fn of_encounter(&self, _: &mut Tx, _: EncounterId) -> Result<RecordId, Failure> {
        Err(Failure::NotFound)
    }
    async fn write_form(&self, _: &mut Tx, _: &FormStart<'_>) -> Result<(), Failure> {
        Ok(())
    }
    async fn file(&self, _: &mut Tx, _: &Incoming<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn list(&self, _: &mut Tx, _: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        Ok(Vec::new())
    }
    async fn content(&self, _: &mut Tx, _: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        Ok(None)
    }
    async fn gaps(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Findings for Nothing {
    async fn of_encounter(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<Finding>, Failure> {
        Ok(Vec::new())
    }
    async fn open_orders(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Dues for Nothing {
    async fn owed(&self, _: &mut Tx, _: EncounterId) -> Result<base::Vnd, Failure> {
        Ok(base::Vnd(0))
    }
}
