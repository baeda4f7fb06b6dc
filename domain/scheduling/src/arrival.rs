//! Check-in: the booking becomes a visit with the number that was kept for it.

use crate::store::appointments;
use crate::{Appointment, Status, change};
use base::{AppointmentId, EncounterId, PatientId, Problem};
use db::Tx;
use encounter::store::reception::{self, Opening};
use patient::demographics::{Demographics, Typed};
use patient::duplicate::Likeness;
use patient::pages::merge::score_all;
use patient::store::find;
use patient::{Birth, Sex};
use web::Failure;

/// Who the person of a booking is in the house's own list.
#[derive(Clone, Debug, PartialEq)]
pub enum Recognised {
    /// Surely this record.
    Known(PatientId),
    /// Surely nobody known, and told enough for a record.
    New(Box<Demographics>),
    /// A person at a counter has to look: too little was told, or somebody is much alike.
    Ask,
}

/// Recognises without anybody looking: by the record or the citizen number of the booking, by one record that is alike
/// and has the same phone. For doors without staff; a counter shows the candidates instead.
pub async fn recognise(tx: &mut Tx, a: &Appointment) -> Result<Recognised, Failure> {
    if let Some(known) = a.patient {
        return Ok(Recognised::Known(known));
    }
    if !a.cccd.is_empty()
        && let Some(known) = find::find_by_number(tx, &a.cccd).await?
    {
        return Ok(Recognised::Known(known));
    }
    let Some(date) = a.birth_date else { return Ok(Recognised::Ask) };
    let found = find::list_alike(tx, &a.name, date, &[&a.cccd, &a.phone], None).await?;
    let alike = score_all(&likeness(a, Birth { date, year_only: a.birth_year_only }), found);
    match alike.iter().filter(|x| x.score.must_ask()).collect::<Vec<_>>()[..] {
        [] => Ok(Demographics::check(&told(a), base::local_date(tx.now)).map_or(Recognised::Ask, |who| Recognised::New(Box::new(who)))),
        [one] if !one.found.phone.is_empty() && [&a.phone, &a.booker_phone].contains(&&one.found.phone) => Ok(Recognised::Known(one.found.patient)),
        _ => Ok(Recognised::Ask),
    }
}

/// The person of a booking as the search for similar records takes them.
pub(crate) fn likeness(a: &Appointment, birth: Birth) -> Likeness<'_> {
    Likeness {
        name: &a.name,
        birth,
        sex: Sex::from_key(&a.sex).unwrap_or(Sex::Unknown),
        cccd: &a.cccd,
        phone: &a.phone,
        bhxh_no: "",
        commune_code: "",
        address: "",
    }
}

/// What the booking told, as the form of a first visit.
pub(crate) fn told(a: &Appointment) -> Typed {
    let birth = a.birth_date.map(|date| Birth { date, year_only: a.birth_year_only }.to_string()).unwrap_or_default();
    // Who books for a child brings it, as far as anybody knows.
    let (contact_name, contact_phone) = if a.relation == "self" { Default::default() } else { (a.booker_name.clone(), a.booker_phone.clone()) };
    Typed {
        name: a.name.clone(),
        birth,
        sex: a.sex.clone(),
        phone: a.phone.clone(),
        cccd: a.cccd.clone(),
        contact_name,
        contact_phone,
        ..Typed::default()
    }
}

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
