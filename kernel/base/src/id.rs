//! Identifiers: one newtype per thing, so that a patient's id never lands where a visit's belongs.
//! All are UUIDv7 made in code, hence roughly ordered by time; a facility is a small surrogate integer.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh UUIDv7.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A human being, once for the whole country.
    PersonId,
    /// A person as one facility knows them, with that facility's record number.
    PatientId,
    /// A member of staff.
    PractitionerId,
    /// A sign-in account.
    AccountId,
    /// A room or counter of a facility.
    RoomId,
    /// A visit.
    EncounterId,
    /// A queue ticket.
    TicketId,
    /// One version of a clinician's note.
    NoteId,
    /// An ordered service.
    OrderId,
    /// A prescription.
    PrescriptionId,
    /// A charge line.
    ChargeId,
    /// An invoice.
    InvoiceId,
    /// A bill: what one visit, one counter sale or one bought service package owes and paid. A visit's bill has the visit's id.
    BillId,
    /// A store of medicines and supplies: the main store, a counter, a ward cabinet.
    StoreId,
    /// One batch of one item, with its expiry.
    LotId,
    /// Medicines handed over together, with a prescription or without.
    DispenseId,
    /// A sample taken from a patient.
    SpecimenId,
    /// A laboratory, ultrasound or endoscopy report.
    ReportId,
    /// A medical record: the cover that holds all documents of one stay, or of one course of outpatient care.
    RecordId,
    /// One document of a record, through all its versions.
    DocumentId,
    /// A bed of a ward.
    BedId,
    /// A booking, from the first hold of a place to the end of the visit.
    AppointmentId,
    /// A stretch of a day in which a doctor or a room serves booked people.
    SessionId,
    /// A time of a session with its places.
    SlotId,
    /// A visit by video or telephone.
    CallId,
}

impl PersonId {
    /// The hue of the booklet's spine, 0–7: the same on every screen, so that two open charts are told apart. It means
    /// nothing else.
    pub fn spine(self) -> u8 {
        self.0.as_bytes().iter().fold(0u8, |sum, b| sum.wrapping_add(*b)) % 8
    }
}

/// A facility: a surrogate integer, because its official codes change over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FacilityId(pub i32);

impl fmt::Display for FacilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
