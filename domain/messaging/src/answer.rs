//! Acting on what people wrote back, and answering them by the same way.

use crate::listen::when;
use crate::post::post;
use crate::reply::{self, Reply, Wish};
use crate::store;
use base::{AppointmentId, Event, Problem};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use db::Tx;
use scheduling::store::openings;
use scheduling::{Booker, By, Channel, Goal, NewBooking, Opening, Status, TypedWho, Who, change, specialty};
use serde_json::Value;
use uuid::Uuid;
use web::Failure;
use web::ask::Letter;

/// A message arrived: understood, acted on, answered, once.
pub async fn arrived(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::MessageArrived { message, from, text, .. } = serde_json::from_value(payload)? else { return Ok(()) };
    let today = base::local_date(tx.now);
    let (understood, booking, answer) = match reply::read(&text, today) {
        Reply::Confirm => confirm(tx, &from).await?,
        Reply::Cancel => cancel(tx, &from).await?,
        Reply::Stop => {
            store::refuse(tx, &from).await?;
            ("stop", None, Some("Da ngung tin nhac lich. Ma xac nhan va tra loi van duoc gui.".to_owned()))
        }
        Reply::Book(wish) => {
            let (booking, answer) = book(tx, &from, &wish, message).await?;
            ("book", booking, answer)
        }
        Reply::Unclear(what) => ("", None, Some(format!("Tin thieu {what}. {}", reply::HOW))),
        Reply::Nothing => ("", None, Some(format!("Chua hieu tin nay. Tra loi 1 de xac nhan lich, 2 de huy. {}", reply::HOW))),
    };
    store::note_reply(tx, message, understood, booking).await?;
    if let Some(text) = answer {
        let letter = Letter { key: format!("reply/{message}"), template: "sms.answer", to: &from, values: vec![("text", text)], appointment: booking.map(AppointmentId), at: None, is_urgent: true };
        post(tx, &letter, None).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    }
    Ok(())
}

type Done = (&'static str, Option<Uuid>, Option<String>);

/// The living booking that the phone was told of last.
async fn booking_of(tx: &mut Tx, phone: &str) -> anyhow::Result<Option<scheduling::Appointment>> {
    let Some(id) = store::last_booking(tx, phone).await? else { return Ok(None) };
    let a = scheduling::lock(tx, AppointmentId(id)).await?;
    Ok(matches!(a.status, Status::Pending | Status::Confirmed).then_some(a))
}

async fn confirm(tx: &mut Tx, phone: &str) -> anyhow::Result<Done> {
    Ok(match booking_of(tx, phone).await? {
        Some(a) => ("confirm", Some(a.id.0), Some(format!("Cam on, hen gap luc {}.", when(&a)))),
        None => ("confirm", None, Some("Khong thay lich hen nao sap toi cua so nay.".into())),
    })
}

async fn cancel(tx: &mut Tx, phone: &str) -> anyhow::Result<Done> {
    let Some(a) = booking_of(tx, phone).await? else { return Ok(("cancel", None, Some("Khong thay lich hen nao sap toi cua so nay.".into()))) };
    if tx.now > a.cutoff() {
        let here = tx.facility();
        let house = organization::facility::get(tx.conn(), here).await?;
        return Ok(("cancel", Some(a.id.0), Some(format!("Lich {} da qua gio huy qua tin nhan. Goi {} de duoc giup.", when(&a), house.facts.phone))));
    }
    change::cancel(tx, a.id, a.version, By::Patient, "Hủy qua tin nhắn").await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
    // The change itself tells the booker; a second message would only cost.
    Ok(("cancel", Some(a.id.0), None))
}

/// Books what was written, or answers with the times nearest to it. Gives the booking and the answer; a booking that was
/// made tells of itself.
async fn book(tx: &mut Tx, phone: &str, wish: &Wish, message: Uuid) -> anyhow::Result<(Option<Uuid>, Option<String>)> {
    let today = base::local_date(tx.now);
    let typed = TypedWho { name: wish.name.clone(), birth: wish.birth.clone(), phone: phone.to_owned(), ..TypedWho::default() };
    let who = match Who::read(&typed, today) {
        Ok(who) => who,
        Err(_) => return Ok((None, Some(format!("Chua doc duoc ho ten hoac ngay sinh. {}", reply::HOW)))),
    };
    let offers = openings::list_offers(tx, today).await?;
    let meant = specialty::find(&wish.what).map(|s| s.key);
    let offer = offers.iter().find(|o| base::fold(&o.name).ends_with(&wish.what)).or_else(|| offers.iter().find(|o| o.mode == "in_person" && Some(o.specialty.as_str()) == meant));
    let Some(offer) = offer else { return Ok((None, Some(format!("Co so chua nhan dat lich {}. {}", wish.what, reply::HOW)))) };
    let from = base::dates::start_of_day(wish.day.max(today)).max(tx.now);
    let free = openings::list_free(tx, offer.offer_id, from, Channel::Sms.key(), 60).await?;
    let Some(time) = choose(&free, wish.day, wish.time) else { return Ok((None, Some(others(&free)))) };
    let booker = Booker { name: who.name.clone(), phone: phone.to_owned(), relation: "self".into(), ..Booker::default() };
    // The id follows from the message: however often it is heard, it books once.
    let booking = NewBooking::new(AppointmentId(message), time.slot, Channel::Sms, Goal::Ask, who, booker);
    match scheduling::book(tx, &booking).await {
        Ok(made) => Ok((Some(made.id.0), None)),
        Err(Failure::Refused(problems)) => Ok((None, Some(refusal(&problems.0)))),
        // Somebody was quicker: the whole act comes back and finds the next free time.
        Err(other) => Err(anyhow::anyhow!("{other:?}")),
    }
}

fn refusal(problems: &[Problem]) -> String {
    problems.first().map(|p| p.text.to_string()).unwrap_or_default()
}

/// The time that was asked for; without a time of day the first one of that day; `None` when it is not free.
fn choose(free: &[Opening], day: NaiveDate, time: Option<NaiveTime>) -> Option<Opening> {
    let local = |at: DateTime<Utc>| base::dates::local_time(at).time();
    free.iter().find(|o| o.day == day && time.is_none_or(|t| local(o.starts_at) == t)).cloned()
}

/// Three free times to choose from.
fn others(free: &[Opening]) -> String {
    match free {
        [] => "Khong con cho trong thoi gian toi. Goi tong dai de duoc giup.".into(),
        some => {
            let times: Vec<String> = some.iter().take(3).map(|o| format!("{} {}", base::dates::show_time(o.starts_at), &base::show_date(o.day)[..5])).collect();
            format!("Gio nay khong con cho. Con trong: {}. Nhan lai voi gio khac.", times.join(", "))
        }
    }
}
