//! Check-in: the booking becomes a visit with the number that was kept for it.

use crate::store::appointments;
use crate::{Appointment, Status, change};
use base::{AppointmentId, EncounterId, PatientId, Problem};
use db::Tx;
use encounter::store::reception::{self, Opening};
use web::Failure;

/// Opens the visit of a booking at its own number and ties both together. `encounter` is minted by the page, so that a
/// second click opens nothing twice. Refuses a booking that is not confirmed, of another day, or without a known patient.
pub async fn check_in(tx: &mut Tx, id: AppointmentId, version: i32, patient: PatientId, encounter: EncounterId) -> Result<Appointment, Failure> {
    let known = appointments::lock(tx, id).await?;
    if known.status == Status::Arrived {
        // Two counters at once, or a second click: it is the same visit.
        return Ok(known);
    }
    let today = base::local_date(tx.now);
    if known.day != today {
        let text = format!("Lịch này vào ngày {}. Đổi lịch sang hôm nay nếu còn chỗ, hoặc tiếp nhận không hẹn.", base::show_date(known.day));
        return Err(Problem::of(text).into());
    }
    let person = patient::get_summary(tx, patient).await?;
    let opening = Opening {
        encounter,
        patient: person.patient,
        person: person.person,
        name: person.name.clone(),
        room: known.room,
        service: known.service,
        visit_type: if known.mode == "video" { "14".into() } else { "01".into() },
        reason: known.reason.clone(),
        payer: if known.wants_bhyt { "insurance" } else { "self" },
        coverage: person.cover_on(today).filter(|_| known.wants_bhyt).map(|c| c.coverage_id),
        class: encounter::priority::Class::from_key(&known.priority_class),
        day: today,
        source: known.channel.source(),
        number: known.queue_no,
    };
    reception::open(tx, &opening).await?;
    let now = tx.now;
    change::arrive(tx, id, version, patient, encounter, now).await
}
