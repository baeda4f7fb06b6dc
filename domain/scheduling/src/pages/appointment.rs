//! One booking: what it is, what happened to it, and what may be done with it now.

use super::check_in::{CheckIn, CheckInForm};
use super::times::{self, Times};
use crate::store::appointments::{self, Step};
use crate::{Appointment, By, Channel, Status, change, round, specialty};
use askama::Template;
use base::{AppointmentId, Problems, SlotId};
use chrono::NaiveDate;
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Form, Path, Query, Tx};

/// What the small forms of the page send.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    version: i32,
    reason: String,
    slot: Option<SlotId>,
    new: Option<AppointmentId>,
}

/// What the address may ask for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `move` opens the choice of another time.
    act: String,
    day: String,
}

#[derive(Template)]
#[template(path = "scheduling_appointment.html")]
pub(super) struct Page {
    shell: web::Shell,
    a: Appointment,
    steps: Vec<Step>,
    check_in: Option<CheckIn>,
    times: Option<Times>,
    new: AppointmentId,
    reason: String,
    problems: Problems,
    today: NaiveDate,
    specialty: String,
    may_manage: bool,
    may_miss: bool,
}

impl Page {
    fn may_end(&self) -> bool {
        self.may_manage && matches!(self.a.status, Status::Pending | Status::Confirmed)
    }
}

/// Everything the page shows; `form` and `problems` when a try was refused.
pub(super) async fn load(ctx: &Ctx, tx: &mut Tx, id: AppointmentId, asked: &Asked, typed: Typed) -> Result<Page, Failure> {
    let a = appointments::get(tx, id).await?;
    let steps = appointments::list_steps(tx, id).await?;
    let today = ctx.today();
    let may_manage = ctx.may(crate::MANAGE);
    let check_in = match matches!(a.status, Status::Confirmed | Status::NoShow) && a.day == today && ctx.may(crate::ARRIVE) {
        true => Some(CheckIn::load(tx, &a, typed.check_in, today).await?),
        false => None,
    };
    let times = match asked.act == "move" && may_manage && matches!(a.status, Status::Pending | Status::Confirmed) {
        true => {
            let day = if asked.day.is_empty() { a.day.to_string() } else { asked.day.clone() };
            let question = times::Asked { offer: Some(a.offer), day, slot: None };
            Some(Times::load(tx, &question, today, typed.problems.at("slot")).await?)
        }
        false => None,
    };
    tx.audit("read", "appointment", id, a.patient, serde_json::Value::Null);
    Ok(Page {
        shell: ctx.shell("Lịch hẹn", &[("F8", "Việc chính"), ("Esc", "Về danh sách")]),
        specialty: specialty::name(&a.specialty).to_owned(),
        may_miss: may_manage && round::may_miss(&a, ctx.now),
        new: AppointmentId::new(),
        reason: typed.reason,
        problems: typed.problems,
        a,
        steps,
        check_in,
        times,
        today,
        may_manage,
    })
}

/// What was typed before a refusal.
#[derive(Default)]
pub(super) struct Typed {
    pub check_in: Option<CheckInForm>,
    pub reason: String,
    pub problems: Problems,
}

/// `GET /app/appointments/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<AppointmentId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, id, &asked, Typed::default()).await?;
    tx.commit().await?;
    web::html(page)
}

/// `POST …/{id}/confirmation`: screened without the screening desk, by whoever called.
pub async fn confirm(ctx: Ctx, Path(id): Path<AppointmentId>, Form(form): Form<ActForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    appointments::get(&mut tx, id).await?;
    let done = change::confirm(&mut tx, id, form.version).await;
    answer(&ctx, tx, id, "", form, done).await
}

/// `POST …/{id}/cancellation`: the house or the patient gives it up; the reason is asked for.
pub async fn cancel(ctx: Ctx, Path(id): Path<AppointmentId>, Form(form): Form<ActForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    appointments::get(&mut tx, id).await?;
    let done = change::cancel(&mut tx, id, form.version, By::Facility, &form.reason).await;
    answer(&ctx, tx, id, "", form, done).await
}

/// `POST …/{id}/absence`: did not come.
pub async fn miss(ctx: Ctx, Path(id): Path<AppointmentId>, Form(form): Form<ActForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = appointments::get(&mut tx, id).await?;
    let done = match known.status == Status::Confirmed && !round::may_miss(&known, ctx.now) {
        true => Err(base::Problem::of("Chưa tới giờ hẹn. Ghi không đến sau khi giờ hẹn bắt đầu.").into()),
        false => change::miss(&mut tx, id, form.version).await,
    };
    answer(&ctx, tx, id, "", form, done).await
}

/// `POST …/{id}/move`: another time; the new booking stands before the old one goes.
pub async fn reschedule(ctx: Ctx, Path(id): Path<AppointmentId>, Form(form): Form<ActForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = appointments::get(&mut tx, id).await?;
    let done = match (form.slot, form.new) {
        (Some(slot), Some(new)) => change::reschedule(&mut tx, id, form.version, slot, new, known.channel.staff_or(Channel::Desk), By::Facility).await,
        _ => Err(base::Problem::at("slot", "Chưa chọn giờ mới.").into()),
    };
    answer(&ctx, tx, id, "move", form, done).await
}

/// Commits and goes to the booking as it now stands, or shows the page with what was wrong and all that was typed.
async fn answer(ctx: &Ctx, tx: Tx, id: AppointmentId, act: &str, form: ActForm, done: Result<Appointment, Failure>) -> Answer {
    let problems = match done {
        Ok(made) => {
            tx.commit().await?;
            return web::redirect(format!("/app/appointments/{}", made.id));
        }
        Err(Failure::Refused(problems)) => problems,
        Err(Failure::Conflict(text)) => base::Problem::at(if act == "move" { "slot" } else { "" }, text).into(),
        Err(Failure::NotFound) if act == "move" => base::Problem::at("slot", "Giờ này không còn. Chọn giờ khác.").into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let asked = Asked { act: act.to_owned(), day: String::new() };
    let page = load(ctx, &mut tx, id, &asked, Typed { reason: form.reason, problems, check_in: None }).await?;
    tx.commit().await?;
    web::refused(page)
}
