//! Events: what happened, past tense, stored in the outbox with the change itself and delivered after commit,
//! at least once. Payloads are versioned by adding fields, never by changing their meaning.

use crate::id::{
    BillId, DispenseId, EncounterId, LotId, OrderId, PatientId, PrescriptionId, ReportId, RoomId,
};
use crate::money::Vnd;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything the modules tell each other. The tag is the event's kind in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    PatientRegistered {
        patient: PatientId,
    },
    PatientsMerged {
        kept: PatientId,
        gone: PatientId,
    },
    PatientsUnmerged {
        kept: PatientId,
        restored: PatientId,
    },
    /// A visit began. `service` is the examination service chosen at the desk; `day` is the day of service.
    EncounterOpened {
        encounter: EncounterId,
        patient: PatientId,
        room: RoomId,
        service: Option<Uuid>,
        day: NaiveDate,
    },
    EncounterCancelled {
        encounter: EncounterId,
    },
    TicketCalled {
        encounter: EncounterId,
        room: RoomId,
    },
    /// The doctor finished the visit.
    EncounterFinished {
        encounter: EncounterId,
        patient: PatientId,
        at: DateTime<Utc>,
    },
    /// A finished visit got a new version of its note.
    EncounterAmended {
        encounter: EncounterId,
        version: i32,
        at: DateTime<Utc>,
    },
    /// Services were ordered; one event per basket. `day` is the day of service.
    OrdersPlaced {
        encounter: EncounterId,
        patient: PatientId,
        orders: Vec<OrderPlaced>,
        day: NaiveDate,
    },
    OrderCancelled {
        encounter: EncounterId,
        order: OrderId,
    },
    /// A prescription was issued (version 1) or re-issued; `replaces` names the one it takes the place of.
    PrescriptionIssued {
        encounter: EncounterId,
        patient: PatientId,
        prescription: PrescriptionId,
        replaces: Option<PrescriptionId>,
        lines: Vec<DrugIssued>,
        day: NaiveDate,
    },
    PrescriptionCancelled {
        encounter: EncounterId,
        prescription: PrescriptionId,
    },
    PaymentReceived {
        encounter: EncounterId,
        payment: Uuid,
        amount: Vnd,
    },
    /// Nothing is owed any more for these orders (they may be carried out where pay-first is on).
    OrdersPaid {
        encounter: EncounterId,
        orders: Vec<OrderId>,
    },
    /// The bill with this prescription's medicines on it owes nothing any more; what was held for it stays held.
    PrescriptionPaid {
        encounter: EncounterId,
        prescription: PrescriptionId,
    },
    /// Medicines left a counter for a patient. `bill` is the visit's, or a bill of its own for a sale without a visit.
    DrugsDispensed {
        dispense: DispenseId,
        bill: BillId,
        encounter: Option<EncounterId>,
        patient: Option<PatientId>,
        prescription: Option<PrescriptionId>,
        lines: Vec<DrugDispensed>,
        day: NaiveDate,
    },
    /// Sealed medicines came back from a patient.
    DrugsReturned {
        dispense: DispenseId,
        bill: BillId,
        lines: Vec<DrugReturned>,
        day: NaiveDate,
    },
    /// A lot may not be given to anybody any more, or may again.
    LotBlocked {
        lot: LotId,
        drug: Uuid,
    },
    LotUnblocked {
        lot: LotId,
        drug: Uuid,
    },
    /// A report was released after medical validation; `corrects` when it takes the place of one released before.
    ReportReleased {
        encounter: EncounterId,
        patient: PatientId,
        report: ReportId,
        orders: Vec<OrderId>,
        abnormal: bool,
        critical: bool,
        corrects: Option<ReportId>,
        at: DateTime<Utc>,
    },
    /// The package of the facility, or what it may still do, changed.
    SubscriptionChanged {
        package: String,
        at: DateTime<Utc>,
    },
}

/// One ordered service in [`Event::OrdersPlaced`]. `service` is the facility's own service row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub order: OrderId,
    pub service: Uuid,
    pub quantity: i32,
}

/// One drug in [`Event::PrescriptionIssued`]. `drug` is the facility's drug row, `None` for free text (never charged).
/// Quantity in thousandths of the dispensing unit, so that 2,5 bottles is 2500.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugIssued {
    pub line: Uuid,
    pub drug: Option<Uuid>,
    pub quantity_milli: i64,
}

/// One medicine in [`Event::DrugsDispensed`]. Quantities in thousandths of the dispensing unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugDispensed {
    /// The id of this line of the dispense.
    pub id: Uuid,
    /// The prescription line it fulfils; `None` at a counter sale.
    pub line: Option<Uuid>,
    /// What was given, which may be another brand of the same ingredient than prescribed.
    pub drug: Uuid,
    pub substituted: bool,
    pub quantity_milli: i64,
    /// The patient takes no more of this line: what was prescribed beyond the sum given is not to be charged.
    pub closes_line: bool,
}

/// One medicine in [`Event::DrugsReturned`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugReturned {
    /// The id of this line of the return.
    pub id: Uuid,
    /// The line of the dispense that is given back, in part or whole.
    pub dispensed: Uuid,
    pub line: Option<Uuid>,
    pub drug: Uuid,
    pub quantity_milli: i64,
}

impl Event {
    /// The kind under which the event lies in the outbox, e.g. `"OrdersPlaced"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::PatientRegistered { .. } => "PatientRegistered",
            Event::PatientsMerged { .. } => "PatientsMerged",
            Event::PatientsUnmerged { .. } => "PatientsUnmerged",
            Event::EncounterOpened { .. } => "EncounterOpened",
            Event::EncounterCancelled { .. } => "EncounterCancelled",
            Event::TicketCalled { .. } => "TicketCalled",
            Event::EncounterFinished { .. } => "EncounterFinished",
            Event::EncounterAmended { .. } => "EncounterAmended",
            Event::OrdersPlaced { .. } => "OrdersPlaced",
            Event::OrderCancelled { .. } => "OrderCancelled",
            Event::PrescriptionIssued { .. } => "PrescriptionIssued",
            Event::PrescriptionCancelled { .. } => "PrescriptionCancelled",
            Event::PaymentReceived { .. } => "PaymentReceived",
            Event::OrdersPaid { .. } => "OrdersPaid",
            Event::PrescriptionPaid { .. } => "PrescriptionPaid",
            Event::DrugsDispensed { .. } => "DrugsDispensed",
            Event::DrugsReturned { .. } => "DrugsReturned",
            Event::LotBlocked { .. } => "LotBlocked",
            Event::LotUnblocked { .. } => "LotUnblocked",
            Event::ReportReleased { .. } => "ReportReleased",
            Event::SubscriptionChanged { .. } => "SubscriptionChanged",
        }
    }
}
