//! What becomes of what was scanned or typed at the screen.

use base::{EncounterId, PatientId, Problem, RoomId};
use chrono::NaiveDate;
use db::Tx;
use encounter::priority;
use encounter::store::reception::{self, Opening};
use patient::cccd::{CccdQr, looks_like_cccd};
use patient::demographics::{Demographics, Typed};
use patient::store::{find, register};
use scheduling::arrival::{self, Recognised};
use scheduling::store::appointments;
use scheduling::{Appointment, Status, code};
use web::Failure;

/// What a scanned text is.
#[derive(Clone, Debug, PartialEq)]
pub enum Scanned {
    /// A registration code, as it is kept.
    Code(String),
    Card(Box<CccdQr>),
}

/// Reads a scanned text; refuses everything else with a sentence for the person at the screen.
pub fn read(text: &str, today: NaiveDate) -> Result<Scanned, Problem> {
    let text = text.trim();
    let unknown = || Problem::at("scan", "Không đọc được mã này. Thử lại, hoặc chạm “Tôi cần giúp đỡ”.");
    if text.is_empty() || text.len() > 1000 {
        return Err(unknown());
    }
    // The picture on a phone may hold the address of the booking; its code stands at the end.
    if let Some(code) = code::read(text.rsplit(['/', '=']).next().unwrap_or(text)) {
        return Ok(Scanned::Code(code));
    }
    if looks_like_cccd(text) {
        return CccdQr::parse(text, today).map(|card| Scanned::Card(Box::new(card))).map_err(|_| unknown());
    }
    Err(unknown())
}

/// What the screen shows in the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Taken in: a number in front of a room.
    Number { encounter: EncounterId },
    /// A card of somebody without a booking: choose a room.
    ChooseRoom,
    /// A person has to look; why.
    ToCounter(&'static str),
    /// Nothing is known of this code or number.
    Nothing,
}

/// Checks in the booking behind a registration code of this house.
pub async fn by_code(tx: &mut Tx, code: &str, encounter: EncounterId) -> Result<Outcome, Failure> {
    let here = tx.facility();
    let found = appointments::find_code(tx, code).await?.filter(|(facility, _)| *facility == here);
    match found {
        Some((_, id)) => {
            let a = appointments::lock(tx, id).await?;
            check_in(tx, a, encounter).await
        }
        None => Ok(Outcome::Nothing),
    }
}

/// Checks in today's booking of a citizen number or of a phone with a birth year; a card without a booking may choose a room.
pub async fn by_card(tx: &mut Tx, card: &CccdQr, encounter: EncounterId) -> Result<Outcome, Failure> {
    let today = base::local_date(tx.now);
    let known = find::find_by_number(tx, &card.number).await?;
    let of_day = appointments::list_today(tx, &card.number, known, "").await?;
    match next(&of_day, today) {
        Some(a) => check_in(tx, a.clone(), encounter).await,
        None => Ok(Outcome::ChooseRoom),
    }
}

/// Checks in today's booking of a phone number for somebody born in `year`. Two bookings that fit need a person to look.
pub async fn by_phone(tx: &mut Tx, phone: &str, year: i32, encounter: EncounterId) -> Result<Outcome, Failure> {
    let today = base::local_date(tx.now);
    let of_day = appointments::list_today(tx, "", None, phone).await?;
    let born = |a: &Appointment| a.birth_date.is_some_and(|d| chrono::Datelike::year(&d) == year);
    let fitting: Vec<Appointment> = of_day.into_iter().filter(|a| born(a) && a.day == today).collect();
    match fitting.iter().filter(|a| a.status == Status::Confirmed).count() {
        0 | 1 => match next(&fitting, today) {
            Some(a) => check_in(tx, a.clone(), encounter).await,
            None => Ok(Outcome::Nothing),
        },
        _ => Ok(Outcome::ToCounter("Số điện thoại này có nhiều lịch hẹn hôm nay.")),
    }
}

/// The booking to be taken in: the soonest that is awaited, otherwise the one that was taken in already.
fn next(of_day: &[Appointment], today: NaiveDate) -> Option<&Appointment> {
    let of = |status: Status| of_day.iter().find(|a| a.day == today && a.status == status);
    of(Status::Confirmed).or_else(|| of(Status::NoShow)).or_else(|| of(Status::Arrived))
}

async fn check_in(tx: &mut Tx, a: Appointment, encounter: EncounterId) -> Result<Outcome, Failure> {
    let today = base::local_date(tx.now);
    match a.status {
        Status::Arrived => return Ok(a.encounter.map_or(Outcome::ToCounter("Lịch hẹn đã được tiếp nhận."), |encounter| Outcome::Number { encounter })),
        Status::Pending | Status::Held => return Ok(Outcome::ToCounter("Lịch hẹn chưa được xác nhận.")),
        Status::Confirmed | Status::NoShow if a.day == today => {}
        Status::Confirmed => return Ok(Outcome::ToCounter("Lịch hẹn này vào ngày khác.")),
        _ => return Ok(Outcome::ToCounter("Lịch hẹn này không còn hiệu lực.")),
    }
    let patient = match arrival::recognise(tx, &a).await? {
        Recognised::Known(known) => known,
        Recognised::New(who) => patient::api::register_new(tx, PatientId::new(), &who, register::Source::Typed).await?.patient,
        Recognised::Ask => return Ok(Outcome::ToCounter("Cần xem giấy tờ để lập hồ sơ.")),
    };
    arrival::check_in(tx, a.id, a.version, patient, encounter).await?;
    Ok(Outcome::Number { encounter })
}

/// Gives somebody with a citizen card a number of a room. A card seen for the first time makes the record, with the
/// address as printed. Refuses a room of another house, and a second number in the same line.
pub async fn number(tx: &mut Tx, app: &web::App, card: &CccdQr, room: RoomId, encounter: EncounterId) -> Result<Outcome, Failure> {
    let today = base::local_date(tx.now);
    if !reception::list_rooms(tx, today).await?.iter().any(|r| r.room_id == room.0) {
        return Err(Failure::NotFound);
    }
    let patient = match find::find_by_number(tx, &card.number).await? {
        Some(known) => known,
        None => {
            let typed = Typed {
                name: card.name.clone(),
                birth: card.birth.to_string(),
                sex: card.sex.key().into(),
                cccd: card.number.clone(),
                cccd_issued_on: card.issued_on.map(base::show_date).unwrap_or_default(),
                address_line: card.address.clone(),
                ..Typed::default()
            };
            match Demographics::check(&typed, today) {
                Ok(who) => patient::api::register_new(tx, PatientId::new(), &who, register::Source::Scan).await?.patient,
                Err(_) => return Ok(Outcome::ToCounter("Cần người lớn đi cùng để lập hồ sơ.")),
            }
        }
    };
    let person = patient::get_summary(tx, patient).await?;
    let coverage = person.cover_on(today).map(|c| c.coverage_id);
    let opening = Opening {
        encounter,
        patient: person.patient,
        person: person.person,
        name: person.name.clone(),
        room,
        service: None,
        visit_type: "01".into(),
        reason: String::new(),
        payer: if coverage.is_some() { "insurance" } else { "self" },
        coverage,
        class: priority::class_on(today, &priority::Facts { birth_date: Some(person.birth.date), ..priority::Facts::default() }),
        day: today,
        source: "walk_in",
        number: None,
    };
    let ticket = reception::open(tx, &opening).await?;
    app.places().walk_in(tx, &opening.walk_in(ticket.number)).await?;
    Ok(Outcome::Number { encounter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_cards_are_told_apart_and_nonsense_is_refused() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let code = code::fresh();
        assert_eq!(read(&code::shown(&code).to_lowercase(), today), Ok(Scanned::Code(code.clone())));
        assert_eq!(read(&format!("https://yba.vn/b?code={code}"), today), Ok(Scanned::Code(code)));
        let card = "084185012345||Trần Thị Bông|05091985|Nữ|Ấp 3, Phường Long Châu, Vĩnh Long|01012022";
        assert!(matches!(read(card, today), Ok(Scanned::Card(card)) if card.number == "084185012345"));
        for bad in ["", "xin chào", "K7M2P4QX8", "084|x", &"9".repeat(2000)] {
            assert!(read(bad, today).is_err(), "{bad}");
        }
    }
}
