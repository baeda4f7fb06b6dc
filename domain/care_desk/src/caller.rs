//! Who is at the other end of a number: people of the house, bookings, earlier contacts, and the last visits of the one
//! who is known. Where and when, never what for: a call desk needs no diagnosis.

use crate::store::contacts::{self, Contact};
use base::{AppointmentId, PatientId};
use db::Tx;
use patient::search::Query;
use patient::store::find::{self, Found};
use scheduling::Appointment;
use uuid::Uuid;
use web::Failure;

/// Everything the caller card shows.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub phone: String,
    /// The call on the list that this is about, so that a booking made from here settles it.
    pub task: Option<Uuid>,
    pub people: Vec<Found>,
    /// Recordings are for whoever keeps the line, not for everybody at a desk.
    pub may_listen: bool,
    pub bookings: Vec<Appointment>,
    pub contacts: Vec<Contact>,
    pub visits: Vec<encounter::store::chart::Earlier>,
}

impl Caller {
    /// Looks a number up; `patient` is the one who is known already, `skip` the booking that the page shows anyway.
    pub async fn load(tx: &mut Tx, phone: &str, patient: Option<PatientId>, skip: Option<AppointmentId>) -> Result<Caller, Failure> {
        if phone.is_empty() {
            return Ok(Caller::default());
        }
        let (now, today) = (tx.now, base::local_date(tx.now));
        let people = find::search(tx, &Query::parse(phone, today), 6).await?;
        let bookings = scheduling::list_of_phone(tx, phone).await?.into_iter().filter(|a| Some(a.id) != skip).take(5).collect();
        let contacts = contacts::list_of_phone(tx, phone).await?;
        let known = patient.or(match &people[..] {
            [only] => Some(only.patient),
            _ => None,
        });
        let visits = match known {
            Some(known) => encounter::store::chart::list_earlier(tx, known, (now, Uuid::max()), 3).await?,
            None => Vec::new(),
        };
        tx.audit("read", "caller", phone, known, serde_json::json!({ "people": people.len() }));
        Ok(Caller { phone: phone.to_owned(), task: None, may_listen: tx.actor.may(crate::MANAGE), people, bookings, contacts, visits })
    }
}
