//! Booking for somebody on the phone: who calls, what for, when, the questions; confirmed at once.

use super::desk::{self, Asked, Danger};
use crate::caller::Caller;
use crate::decide::all_asked;
use crate::question::{About, Answers};
use crate::store::contacts::{self, NewContact};
use crate::store::tasks;
use crate::task::{Act, Kind, Outcome};
use askama::Template;
use base::{AppointmentId, PatientId, Problem, Problems, SlotId};
use scheduling::pages::times::{self, Times};
use scheduling::store::openings::{self, Opening};
use scheduling::{Booker, Channel, Goal, NewBooking, TypedWho, Who, book};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Tx};

/// The form. `patient` is set when the house knows for whom.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BookingForm {
    pub id: Option<AppointmentId>,
    /// The call on the list that this booking comes from.
    pub task: Option<Uuid>,
    pub caller_phone: String,
    pub booker_name: String,
    pub relation: String,
    pub patient: Option<PatientId>,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub cccd: String,
    pub card_no: String,
    pub offer: Option<Uuid>,
    pub day: String,
    pub slot: Option<SlotId>,
    pub reason: String,
    pub bhyt: String,
    pub note: String,
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

#[derive(Template)]
#[template(path = "care_desk_new.html")]
struct NewPage {
    shell: web::Shell,
    id: AppointmentId,
    form: BookingForm,
    known: Option<patient::Summary>,
    card: Caller,
    times: Times,
    others: Vec<Opening>,
    asked: Vec<Asked>,
    danger: Danger,
    sexes: Vec<(String, String)>,
    relations: Vec<(&'static str, &'static str)>,
    problems: Problems,
}

/// The parts of the page that follow what is typed.
#[derive(Template)]
#[template(path = "care_desk_again.html")]
struct Again {
    known: Option<patient::Summary>,
    card: Caller,
    asked: Vec<Asked>,
    danger: Danger,
    problems: Problems,
}

/// `GET /app/care-desk/new`.
pub async fn show(ctx: Ctx, Query(form): Query<BookingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, form, Problems::none(), false).await?;
    tx.commit().await?;
    web::html(page)
}

/// `POST /app/care-desk/new`: the caller and the questions for what was typed so far, because who is asked what depends on age and
/// specialty. Keeps nothing; a post, so that no name stands in an address.
pub async fn again(ctx: Ctx, Form(form): Form<BookingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let NewPage { known, card, asked, danger, problems, .. } = load(&ctx, &mut tx, form, Problems::none(), false).await?;
    tx.commit().await?;
    web::html(Again { known, card, asked, danger, problems })
}

/// Whom the questions are about, as far as the form says it.
async fn about(ctx: &Ctx, tx: &mut Tx, form: &BookingForm, known: Option<&patient::Summary>) -> Result<About, Failure> {
    let specialty = match form.offer {
        Some(offer) => openings::get_offer(tx, offer).await?.specialty,
        None => String::new(),
    };
    let typed = patient::Birth::parse("birth", &form.birth, ctx.today()).ok();
    let born = known.map(|k| k.birth).or(typed);
    let sex = known.map_or_else(|| form.sex.clone(), |k| k.sex.key().to_owned());
    Ok(About { specialty, age_days: born.map(|b| (ctx.today() - b.date).num_days()), sex })
}

async fn load(ctx: &Ctx, tx: &mut Tx, mut form: BookingForm, problems: Problems, is_full: bool) -> Result<NewPage, Failure> {
    let known = match form.patient {
        Some(id) => Some(patient::get_summary(tx, id).await?),
        None => None,
    };
    if let (Some(known), true) = (&known, problems.is_empty()) {
        form.bhyt = if known.cover_on(ctx.today()).is_some() { "1".into() } else { String::new() };
        if form.caller_phone.is_empty() {
            form.caller_phone.clone_from(&known.phone);
        }
    }
    if form.relation.is_empty() {
        form.relation = "self".into();
    }
    let phone = scheduling::read_phone(&form.caller_phone).unwrap_or_default();
    let question = times::Asked { offer: form.offer, day: form.day.clone(), slot: form.slot };
    let times = Times::load(tx, &question, ctx.today(), problems.at("slot")).await?;
    let others = match (is_full, times.offer) {
        (true, Some(offer)) => openings::list_free(tx, offer, ctx.now, Channel::Call.key(), 8).await?,
        _ => Vec::new(),
    };
    form.offer = times.offer;
    let about = about(ctx, tx, &form, known.as_ref()).await?;
    let judged = Answers::read(&form.more, &about).unwrap_or_default();
    Ok(NewPage {
        shell: ctx.shell("Đặt hộ", &[("F8", "Đặt lịch"), ("Esc", "Về danh sách")]),
        id: form.id.unwrap_or_else(AppointmentId::new),
        card: Caller { task: form.task, ..Caller::load(tx, &phone, form.patient, None).await? },
        danger: Danger { left: judged.unasked.len(), red: judged.red.clone(), house_phone: desk::house_phone(tx).await? },
        asked: desk::asked(&about, &form.more, &judged, &problems),
        sexes: [patient::Sex::Male, patient::Sex::Female].into_iter().map(|s| (s.key().to_owned(), s.label().to_owned())).collect(),
        relations: vec![("self", "Bản thân"), ("child", "Con"), ("parent", "Cha mẹ"), ("spouse", "Vợ chồng"), ("other", "Người khác")],
        known,
        form,
        times,
        others,
        problems,
    })
}

/// `POST /app/care-desk/bookings`: books and confirms; with a problem the form comes back whole, and when the time was
/// just taken, with other free times beside it.
pub async fn save(ctx: Ctx, Form(form): Form<BookingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (problems, is_full) = match take(&ctx, &mut tx, &form).await {
        Ok(id) => {
            tx.commit().await?;
            return web::redirect(format!("/app/appointments/{id}"));
        }
        Err(Failure::Refused(problems)) => (problems, false),
        Err(Failure::Conflict(text)) => (Problem::at("slot", text).into(), true),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, form, problems, is_full).await?;
    tx.commit().await?;
    web::refused(page)
}

async fn take(ctx: &Ctx, tx: &mut Tx, form: &BookingForm) -> Result<AppointmentId, Failure> {
    let mut problems = Problems::none();
    let phone = scheduling::read_phone(&form.caller_phone);
    problems.add_if(phone.is_none(), "caller_phone", scheduling::who::phone_problem(&form.caller_phone));
    problems.add_if(form.slot.is_none(), "slot", "Chưa chọn giờ khám.");
    problems.add_if(form.reason.chars().count() > 500, "reason", "Lý do khám tối đa 500 ký tự, hãy rút gọn.");
    problems.add_if(form.note.chars().count() > 1000, "note", "Ghi chú tối đa 1000 ký tự, hãy rút gọn.");
    problems.add_if(form.booker_name.chars().count() > 100, "booker_name", "Tên người gọi dài quá 100 ký tự. Xem lại.");
    let known = match form.patient {
        Some(id) => Some(patient::get_summary(tx, id).await?),
        None => None,
    };
    let who = match form.patient {
        Some(known) => Some(book::who_of_patient(tx, known).await?),
        None => {
            let typed = TypedWho {
                name: form.name.clone(),
                birth: form.birth.clone(),
                sex: form.sex.clone(),
                phone: form.caller_phone.clone(),
                cccd: form.cccd.clone(),
                card_no: form.card_no.clone(),
            };
            match Who::read(&typed, ctx.today()) {
                Ok(who) => Some(who),
                Err(more) => {
                    problems.0.extend(more.0.into_iter().filter(|p| p.field != "phone"));
                    None
                }
            }
        }
    };
    let about = about(ctx, tx, form, known.as_ref()).await?;
    let answers = match Answers::read(&form.more, &about) {
        Ok(answers) => answers,
        Err(more) => {
            problems.0.extend(more.0);
            Answers::default()
        }
    };
    if answers.is_red() {
        problems.add("danger", "Có dấu hiệu nguy hiểm: không đặt lịch khám thường. Hướng dẫn gọi 115 ngay.");
    } else if let Err(more) = all_asked(&answers) {
        problems.0.extend(more.0);
    }
    let (Some(mut who), Some(phone), Some(slot), Some(id), true) = (who, phone, form.slot, form.id, problems.is_empty()) else {
        problems.add_if(form.id.is_none() && problems.is_empty(), "", "Biểu mẫu thiếu mã lịch hẹn. Tải lại trang.");
        return Err(problems.into());
    };
    if who.phone.is_empty() {
        who.phone.clone_from(&phone);
    }
    let booker_name = if form.booker_name.trim().is_empty() { who.name.clone() } else { base::names::tidy_name(&form.booker_name) };
    let booker = Booker { name: booker_name, phone: phone.clone(), relation: form.relation.clone(), ..Booker::default() };
    let wish = NewBooking {
        reason: form.reason.trim().to_owned(),
        wants_bhyt: form.bhyt == "1",
        answers: answers.to_keep(&serde_json::Value::Null),
        note: form.note.trim().to_owned(),
        ..NewBooking::new(id, slot, Channel::Call, Goal::Confirm, who, booker)
    };
    let made = scheduling::book(tx, &wish).await?;
    if let Some(task) = form.task {
        let task = tasks::lock(tx, task).await?;
        // A call about a booking still to be screened has its own end; whatever else led here is settled by the booking.
        if task.kind() != Kind::Screening && task.held().after(Act::Finish, ctx.actor.account.0, ctx.now).is_ok() {
            tasks::finish(tx, &task, Outcome::Booked).await?;
        }
    }
    // The same form sent twice books once, and was one contact.
    if made.version == 1 && made.made_at == ctx.now {
        let contact = NewContact { task: form.task, appointment: Some(made.id), phone: &phone, is_incoming: form.task.is_none(), outcome: Outcome::Booked.key(), note: form.note.trim(), ..NewContact::default() };
        contacts::write(tx, &contact).await?;
    }
    Ok(made.id)
}
