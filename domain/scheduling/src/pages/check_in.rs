//! The counter for people who booked: who this is in the house's own list, and the visit at the number that was kept.

use super::appointment::{self, Asked, Typed};
use crate::store::appointments;
use crate::arrival::{self, likeness, told};
use crate::Appointment;
use base::{AppointmentId, EncounterId, PatientId, Problem, Problems};
use chrono::NaiveDate;
use patient::demographics::{self, Demographics};
use patient::pages::merge::{Alike, score_all};
use patient::store::{find, register};
use patient::{Birth, Sex};
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Form, Path, Tx};

/// What the counter sends. `patient` is a record of the house, or `new`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CheckInForm {
    pub version: String,
    pub encounter: Option<EncounterId>,
    pub new_patient: Option<PatientId>,
    pub patient: String,
    #[serde(flatten)]
    pub person: demographics::Typed,
}

/// The part of the page where somebody is taken in.
pub struct CheckIn {
    pub encounter: EncounterId,
    pub new_patient: PatientId,
    pub alike: Vec<Alike>,
    pub chosen: String,
    pub person: demographics::Typed,
    pub sexes: Vec<(String, String)>,
    pub relations: Vec<(String, String)>,
}

impl CheckIn {
    /// People of the house who may be the one who booked, likeliest first; the form filled from the booking.
    pub async fn load(tx: &mut Tx, a: &Appointment, typed: Option<CheckInForm>, today: NaiveDate) -> Result<CheckIn, Failure> {
        let alike = match (a.patient, a.birth_date) {
            (Some(known), _) => {
                let known = patient::get_summary(tx, known).await?;
                let own = likeness(a, known.birth);
                let found = find::list_alike(tx, &known.name, known.birth.date, &[&known.cccd, &known.phone], None).await?;
                score_all(&own, found.into_iter().filter(|f| f.patient == known.patient).collect())
            }
            (None, Some(date)) => {
                let own = likeness(a, Birth { date, year_only: a.birth_year_only });
                let found = find::list_alike(tx, &a.name, date, &[&a.cccd, &a.phone, &a.card_no], None).await?;
                let mut alike = score_all(&own, found);
                alike.truncate(5);
                alike
            }
            (None, None) => Vec::new(),
        };
        let form = typed.unwrap_or_else(|| CheckInForm { patient: first_choice(a, &alike, today), person: told(a), ..CheckInForm::default() });
        Ok(CheckIn {
            encounter: form.encounter.unwrap_or_else(EncounterId::new),
            new_patient: form.new_patient.unwrap_or_else(PatientId::new),
            chosen: form.patient,
            person: form.person,
            alike,
            sexes: [Sex::Male, Sex::Female, Sex::Unknown].into_iter().map(|s| (s.key().to_owned(), s.label().to_owned())).collect(),
            relations: demographics::RELATIONS.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect(),
        })
    }
}

/// Only somebody who surely is the same is chosen beforehand; otherwise the counter looks and chooses.
fn first_choice(a: &Appointment, alike: &[Alike], _today: NaiveDate) -> String {
    match (a.patient, alike) {
        (Some(known), _) => known.to_string(),
        (None, []) => "new".into(),
        (None, [only]) if only.score.must_ask() => only.found.patient.to_string(),
        _ => String::new(),
    }
}

/// `POST /app/appointments/{id}/arrival`: one commit makes the record where it is new, opens the visit and ties both.
pub async fn arrive(ctx: Ctx, Path(id): Path<AppointmentId>, Form(form): Form<CheckInForm>) -> Answer {
    let mut tx = ctx.begin_for("person-index").await?;
    appointments::get(&mut tx, id).await?;
    let problems = match take_in(&ctx, &mut tx, id, &form).await {
        Ok(_) => {
            tx.commit().await?;
            return web::redirect(format!("/app/appointments/{id}"));
        }
        Err(Failure::Refused(problems)) => problems,
        Err(Failure::Conflict(text)) => Problem::of(text).into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let typed = Typed { check_in: Some(form), problems, reason: String::new() };
    let page = appointment::load(&ctx, &mut tx, id, &Asked::default(), typed).await?;
    tx.commit().await?;
    web::refused(page)
}

async fn take_in(ctx: &Ctx, tx: &mut Tx, id: AppointmentId, form: &CheckInForm) -> Result<Appointment, Failure> {
    let (Some(encounter), Some(new)) = (form.encounter, form.new_patient) else {
        return Err(Problem::of("Biểu mẫu thiếu mã lượt khám. Tải lại trang.").into());
    };
    let patient = match form.patient.as_str() {
        "" => return Err(Problem::at("patient", "Chọn hồ sơ của người bệnh, hoặc chọn lập hồ sơ mới.").into()),
        "new" => {
            let who = Demographics::check(&form.person, ctx.today())?;
            refuse_twin(tx, &who, new).await?;
            patient::api::register_new(tx, new, &who, register::Source::Typed).await?.patient
        }
        known => known.parse().map_err(|_| Problem::at("patient", "Hồ sơ này không có ở cơ sở. Chọn lại."))?,
    };
    arrival::check_in(tx, id, form.version.parse().unwrap_or(0), patient, encounter).await
}

/// Somebody with the same citizen number has a record already: a second one would split the history.
async fn refuse_twin(tx: &mut Tx, who: &Demographics, new: PatientId) -> Result<(), Failure> {
    if who.cccd.is_empty() {
        return Ok(());
    }
    match find::find_by_number(tx, &who.cccd).await? {
        Some(other) if other != new => {
            let mut problems = Problems::none();
            problems.add("patient", "Số CCCD này đã có hồ sơ ở cơ sở. Chọn hồ sơ đó thay vì lập hồ sơ mới.");
            Err(problems.into())
        }
        _ => Ok(()),
    }
}
