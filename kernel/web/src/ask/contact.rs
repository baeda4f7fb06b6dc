//! Questions about reaching people and about places in a day: messages, the telephone, and the room that a walk-in takes.

use super::Nothing;
use crate::failure::Failure;
use async_trait::async_trait;
use base::{AppointmentId, EncounterId, PatientId, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;

/// Messages to people. Asked by every module that tells somebody something; answered by `messaging`.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Puts a message on its way inside the asker's transaction. The same `key` sends once, however often it is asked. What
    /// the receiver refused, the hour forbids or the month's cost does not hold is kept or dropped by the rules of
    /// `messaging`, never an error here; refuses an unknown template or an address that is none.
    async fn send(&self, tx: &mut Tx, letter: &Letter<'_>) -> Result<(), Failure>;
}

/// One message to one person.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Names the occasion, e.g. `appointment/<id>/1/confirmed`.
    pub key: String,
    /// The template's key, e.g. `appointment.confirmed`, `account.code`.
    pub template: &'a str,
    /// A phone number `0xxxxxxxxx` or an e-mail address.
    pub to: &'a str,
    /// Values of the template's places, by name. Never clinical.
    pub values: Vec<(&'static str, String)>,
    pub appointment: Option<AppointmentId>,
    /// Not before; `None` means now.
    pub at: Option<DateTime<Utc>>,
    /// Codes and what cannot wait: sent in quiet hours too.
    pub is_urgent: bool,
}

/// The telephone system. Asked by desks that call people; answered by `care_desk`.
#[async_trait]
pub trait Telephone: Send + Sync {
    /// Whether this facility has a telephone system at all.
    async fn is_connected(&self, tx: &mut Tx) -> Result<bool, Failure>;
    /// Rings the extension of the asker and connects it to the number. Refuses a number that is none and an asker
    /// without an extension.
    async fn dial(&self, tx: &mut Tx, dial: &Dial<'_>) -> Result<(), Failure>;
}

/// A call to be made.
#[derive(Clone, Debug)]
pub struct Dial<'a> {
    /// Names the wish, so that a second click dials once.
    pub key: String,
    pub to: &'a str,
    pub appointment: Option<AppointmentId>,
    pub patient: Option<PatientId>,
}

/// Places of the day for people who walk in. Asked by `encounter`, answered by `scheduling`.
#[async_trait]
pub trait Places: Send + Sync {
    /// Takes a place for a walk-in of this room where a session runs, by the same rules as any booking. Does nothing where
    /// no session is kept for the room; refuses when all places of the session are taken and the asker may not add one.
    async fn walk_in(&self, tx: &mut Tx, walk_in: &WalkIn) -> Result<(), Failure>;
}

/// Somebody at the desk.
#[derive(Clone, Debug)]
pub struct WalkIn {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub room: RoomId,
    pub day: NaiveDate,
    pub number: i32,
}

#[async_trait]
impl Messages for Nothing {
    async fn send(&self, _: &mut Tx, _: &Letter<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[async_trait]
impl Telephone for Nothing {
    async fn is_connected(&self, _: &mut Tx) -> Result<bool, Failure> {
        Ok(false)
    }
    async fn dial(&self, _: &mut Tx, _: &Dial<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
}

#[async_trait]
impl Places for Nothing {
    async fn walk_in(&self, _: &mut Tx, _: &WalkIn) -> Result<(), Failure> {
        Ok(())
    }
}
