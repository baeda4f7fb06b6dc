//! Events: what happened, past tense, stored in the outbox with the change itself and delivered after commit,
//! at least once. Payloads are versioned by adding fields, never by changing their meaning.

use crate::id::{EncounterId, OrderId, PatientId, PrescriptionId, RoomId};
use crate::money::Vnd;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything the modules tell each other. The tag is the event's kind in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    PatientRegistered { patient: PatientId },
    PatientsMerged { kept: PatientId, gone: PatientId },
    PatientsUnmerged { kept: PatientId, restored: PatientId },
    /// A visit began. `service` is the examination service chosen at the desk; `day` is the day of service.
    EncounterOpened {
        encounter: EncounterId,
        patient: PatientId,
        room: RoomId,
        service: Option<Uuid>,
        day: NaiveDate,
    },
    EncounterCancelled { encounter: EncounterId },
    TicketCalled { encounter: EncounterId, room: RoomId },
    /// The doctor finished the visit.
    EncounterFinished { encounter: EncounterId, patient: PatientId, at: DateTime<Utc> },
    /// A finished visit got a new version of its note.
    EncounterAmended { encounter: EncounterId, version: i32, at: DateTime<Utc> },
    /// Services were ordered; one event per basket. `day` is the day of service.
    OrdersPlaced { encounter: EncounterId, patient: PatientId, orders: Vec<OrderPlaced>, day: NaiveDate },
    OrderCancelled { encounter: EncounterId, order: OrderId },
    /// A prescription was issued (version 1) or re-issued; `replaces` names the one it takes the place of.
    PrescriptionIssued {
        encounter: EncounterId,
        patient: PatientId,
        prescription: PrescriptionId,
        replaces: Option<PrescriptionId>,
        lines: Vec<DrugIssued>,
        day: NaiveDate,
    },
    PrescriptionCancelled { encounter: EncounterId, prescription: PrescriptionId },
    PaymentReceived { encounter: EncounterId, payment: Uuid, amount: Vnd },
    /// Nothing is owed any more for these orders (they may be carried out where pay-first is on).
    OrdersPaid { encounter: EncounterId, orders: Vec<OrderId> },
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
        }
    }
}
