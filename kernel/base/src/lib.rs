//! What everybody shares: identifiers, dates and ages, money, Vietnamese names and text folding,
//! refusals, the actor, the clock, events, and the questions modules may ask each other.
//! No input or output happens here.

pub mod actor;
pub mod ask;
pub mod clock;
pub mod dates;
pub mod event;
pub mod fold;
pub mod id;
pub mod money;
pub mod names;
pub mod problem;
pub mod sign;

pub use actor::{Actor, Via};
pub use clock::Clock;
pub use dates::{Age, local_date, local_time, parse_date_vi, show_date, show_date_long, show_time};
pub use event::Event;
pub use fold::fold;
pub use id::{
    AccountId, AppointmentId, BedId, BillId, CallId, ChargeId, DispenseId, DocumentId, EncounterId, FacilityId, InvoiceId, LotId, NoteId, OrderId,
    PatientId, PersonId, PractitionerId, PrescriptionId, RecordId, ReportId, RoomId, SessionId, SlotId, SpecimenId, StoreId, TicketId,
};
pub use money::Vnd;
pub use names::{masked_name, tidy_name};
pub use problem::{Problem, Problems};
