//! Booking for somebody who stands at the desk, and the next visit that a doctor asked for.

use super::times::{self, Times};
use crate::book::{self, Goal, NewBooking};
use crate::{Booker, Channel, TypedWho, Who};
use askama::Template;
use base::{AppointmentId, EncounterId, PatientId, Problem, Problems, SlotId};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Query, Tx};

/// The form. `patient` and `follows` are set when the house knows for whom and why.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BookingForm {
    id: Option<AppointmentId>,
    offer: Option<Uuid>,
    day: String,
    slot: Option<SlotId>,
    patient: Option<PatientId>,
    follows: Option<EncounterId>,
    reason: String,
    bhyt: String,
    extra: String,
    #[serde(flatten)]
    who: TypedWho,
}

#[derive(Template)]
#[template(path = "scheduling_new.html")]
struct NewPage {
    shell: web::Shell,
    id: AppointmentId,
    known: Option<patient::Summary>,
    form: BookingForm,
    times: Times,
    sexes: Vec<(String, String)>,
    problems: Problems,
}

/// `GET /app/appointments/new`.
pub async fn show(ctx: Ctx, Query(form): Query<BookingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, form, Problems::none()).await?;
    if let Some(known) = &page.known {
        tx.audit("read", "patient", known.patient, Some(known.patient), serde_json::Value::Null);
        tx.commit().await?;
    }
    web::html(page)
}

async fn load(ctx: &Ctx, tx: &mut Tx, mut form: BookingForm, problems: Problems) -> Result<NewPage, Failure> {
    let known = match form.patient {
        Some(id) => Some(patient::get_summary(tx, id).await?),
        None => None,
    };
    if let (Some(known), true) = (&known, problems.is_empty()) {
        form.bhyt = if known.cover_on(ctx.today()).is_some() { "1".into() } else { String::new() };
    }
    let question = times::Asked { offer: form.offer, day: form.day.clone(), slot: form.slot };
    Ok(NewPage {
        shell: ctx.shell("Đặt lịch", &[("F8", "Đặt lịch"), ("Esc", "Về danh sách")]),
        id: form.id.unwrap_or_else(AppointmentId::new),
        times: Times::load(tx, &question, ctx.today(), problems.at("slot")).await?,
        sexes: [patient::Sex::Male, patient::Sex::Female].into_iter().map(|s| (s.key().to_owned(), s.label().to_owned())).collect(),
        known,
        form,
        problems,
    })
}

/// `POST /app/appointments`: books and confirms at once; with a problem the form comes back whole, with the times as they
/// stand now.
pub async fn save(ctx: Ctx, Form(form): Form<BookingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let problems = match take(&ctx, &mut tx, &form).await {
        Ok(id) => {
            tx.commit().await?;
            return web::redirect(format!("/app/appointments/{id}"));
        }
        Err(Failure::Refused(problems)) => problems,
        Err(Failure::Conflict(text)) => Problem::at("slot", text).into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    web::refused(load(&ctx, &mut tx, form, problems).await?)
}

async fn take(ctx: &Ctx, tx: &mut Tx, form: &BookingForm) -> Result<AppointmentId, Failure> {
    let mut problems = Problems::none();
    problems.add_if(form.slot.is_none(), "slot", "Chưa chọn giờ khám.");
    problems.add_if(form.reason.chars().count() > 500, "reason", "Lý do khám tối đa 500 ký tự, hãy rút gọn.");
    let who = match form.patient {
        Some(known) => Some(book::who_of_patient(tx, known).await?),
        None => match Who::read(&form.who, ctx.today()) {
            Ok(who) => Some(who),
            Err(more) => {
                problems.0.extend(more.0);
                None
            }
        },
    };
    let (Some(who), Some(slot), Some(id), true) = (who, form.slot, form.id, problems.is_empty()) else {
        problems.add_if(form.id.is_none() && problems.is_empty(), "", "Biểu mẫu thiếu mã lịch hẹn. Tải lại trang.");
        return Err(problems.into());
    };
    if let Some(visit) = form.follows {
        // A visit of another house, or of another person, is none that this booking can follow.
        let visit = encounter::store::visit::get(tx, visit).await?;
        if Some(visit.patient()) != form.patient {
            return Err(Failure::NotFound);
        }
    }
    let channel = if form.follows.is_some() { Channel::FollowUp } else { Channel::Desk };
    let booker = Booker { name: who.name.clone(), phone: who.phone.clone(), relation: "self".into(), ..Booker::default() };
    let wish = NewBooking {
        reason: form.reason.trim().to_owned(),
        wants_bhyt: form.bhyt == "1",
        is_extra: form.extra == "1",
        follows: form.follows,
        ..NewBooking::new(id, slot, channel, Goal::Confirm, who, booker)
    };
    match book::book(tx, &wish).await {
        Ok(made) => Ok(made.id),
        Err(Failure::NotFound) => Err(Problem::at("slot", "Giờ này không còn. Chọn giờ khác.").into()),
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as c %}<section class="card"><div class="card-head">{{ c::icon("calendar-plus") }} Lịch khám lại</div><div class="card-body row-x">{% if let Some(next) = next %}<span>Đã hẹn <b>{{ next.when() }}</b>, {{ next.offer_name }}</span><a class="btn btn-s push" href="/app/appointments/{{ next.id }}">Xem</a>{% else %}<span>Chưa đặt giờ khám lại.</span><a class="btn btn-s push" href="{{ href }}">{{ c::icon("calendar-plus") }} Đặt giờ</a>{% endif %}</div></section>"#,
    ext = "html"
)]
struct FollowUpPanel {
    next: Option<crate::Appointment>,
    href: String,
}

/// On the last tab of the chart: the time of the next visit, or the way to book one.
pub async fn panel(_ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let (Some(visit), Some(patient)) = (about.encounter, about.patient) else { return Ok(String::new()) };
    let next = crate::store::appointments::following(tx, visit).await?;
    Ok(FollowUpPanel { next, href: format!("/app/appointments/new?patient={patient}&follows={visit}") }.render()?)
}
