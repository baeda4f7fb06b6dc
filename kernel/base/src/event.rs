//! Events: what happened, past tense, stored in the outbox with the change itself and delivered after commit,
//! at least once. Payloads are versioned by adding fields, never by changing their meaning.

use crate::id::{
    AppointmentId, BillId, CallId, DispenseId, DocumentId, EncounterId, LotId, OrderId, PatientId, PrescriptionId, RecordId, ReportId, RoomId,
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
    /// A stay began. `from` is the visit or stay that led to it; `origin` says who told: `"ward"` or `"his"`.
    StayOpened {
        encounter: EncounterId,
        patient: PatientId,
        ward: RoomId,
        from: Option<EncounterId>,
        origin: String,
        at: DateTime<Utc>,
    },
    WardChanged {
        encounter: EncounterId,
        patient: PatientId,
        from: RoomId,
        to: RoomId,
        at: DateTime<Utc>,
    },
    /// The stay ended. `outcome` is the key of the discharge outcome (`"recovered"`, `"improved"`, `"unchanged"`,
    /// `"worse"`, `"died"`), `way` how the patient left (`"discharged"`, `"asked"`, `"left"`, `"taken_home"`, `"transferred"`).
    StayClosed {
        encounter: EncounterId,
        patient: PatientId,
        outcome: String,
        way: String,
        at: DateTime<Utc>,
    },
    /// Something was done that costs money and was not ordered in a basket: a bed day, an operation, ward supplies.
    /// `id` is the line's own, so that a second delivery charges nothing twice.
    ServicesRendered {
        encounter: EncounterId,
        patient: PatientId,
        lines: Vec<ServiceRendered>,
        day: NaiveDate,
    },
    /// All signatures that the form asks for stand under this version of the document.
    DocumentSigned {
        encounter: EncounterId,
        patient: PatientId,
        record: RecordId,
        document: DocumentId,
        version: i32,
        form: String,
        at: DateTime<Utc>,
    },
    /// The planning department accepted the record: it is locked and has an archive number.
    RecordArchived {
        encounter: EncounterId,
        patient: PatientId,
        record: RecordId,
        archive_no: String,
        at: DateTime<Utc>,
    },
    /// Two people agreed to open an archived record again.
    RecordReopened {
        record: RecordId,
        at: DateTime<Utc>,
    },
    /// A stored content is no longer what was signed.
    SignatureBroken {
        document: DocumentId,
        version: i32,
        at: DateTime<Utc>,
    },
    /// A booking went from one status to another (`""` when it was born), told in the words of `scheduling::Status`;
    /// `channel` is where it came from. Everything else is read from the booking itself.
    AppointmentMoved {
        appointment: AppointmentId,
        version: i32,
        from: String,
        to: String,
        channel: String,
        at: DateTime<Utc>,
    },
    /// A confirmed booking has its number and its code, and where another system keeps the queue, that system's answer: the
    /// patient may be told. Comes once for each time that was confirmed.
    AppointmentReady {
        appointment: AppointmentId,
        version: i32,
        at: DateTime<Utc>,
    },
    /// Somebody wrote to the number of the house.
    MessageArrived {
        message: Uuid,
        /// `"sms"`.
        medium: String,
        /// The sender's phone as it is kept, `0xxxxxxxxx`.
        from: String,
        text: String,
        at: DateTime<Utc>,
    },
    /// A visit by video ended. `seconds` is how long both sides were connected.
    CallEnded {
        call: CallId,
        appointment: Option<AppointmentId>,
        encounter: Option<EncounterId>,
        seconds: i64,
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

/// One thing done in [`Event::ServicesRendered`]. Quantity in thousandths of the unit (half a bed day is 500).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRendered {
    pub id: Uuid,
    pub service: Uuid,
    pub quantity_milli: i64,
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
            Event::StayOpened { .. } => "StayOpened",
            Event::WardChanged { .. } => "WardChanged",
            Event::StayClosed { .. } => "StayClosed",
            Event::ServicesRendered { .. } => "ServicesRendered",
            Event::DocumentSigned { .. } => "DocumentSigned",
            Event::RecordArchived { .. } => "RecordArchived",
            Event::RecordReopened { .. } => "RecordReopened",
            Event::SignatureBroken { .. } => "SignatureBroken",
            Event::AppointmentMoved { .. } => "AppointmentMoved",
            Event::AppointmentReady { .. } => "AppointmentReady",
            Event::MessageArrived { .. } => "MessageArrived",
            Event::CallEnded { .. } => "CallEnded",
        }
    }
}
