//! Taking somebody into the house: from a visit that ended with "admit", from the emergency room, or from the desk.

use super::{Pairs, field, minted, needed, text, told, wards};
use crate::stay::CameFrom;
use crate::store::stay::{self, NewStay};
use crate::store::{bed, people};
use askama::Template;
use base::{Age, EncounterId, PatientId, PersonId, PractitionerId, Problems, RoomId};
use encounter::diagnosis::Diagnosis;
use encounter::pages::banner::sex_word;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Query, Shell, Tx};

/// Who is to be admitted and from where.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    patient: String,
    from: String,
    ward: String,
}

#[derive(Template)]
#[template(path = "admission.html")]
struct Page {
    shell: Shell,
    id: Uuid,
    who: Option<people::Person>,
    facts: String,
    from: String,
    form: Typed,
    wards: Vec<(String, String)>,
    beds: Vec<(String, String)>,
    doctors: Vec<(String, String)>,
    sources: Vec<(String, String)>,
    payers: Vec<(String, String)>,
    waiting: Vec<wards::Waiting>,
    problems: Problems,
}

/// The form as typed.
#[derive(Clone, Debug, Default)]
struct Typed {
    ward: String,
    bed: String,
    doctor: String,
    source: String,
    reason: String,
    code: String,
    diagnosis: String,
    payer: String,
}

/// `GET /app/admissions/new?from=&patient=&ward=`: the form, filled with what the visit before knows.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (mut form, mut patient) = (Typed { ward: asked.ward.clone(), payer: "self".into(), source: "desk".into(), ..Typed::default() }, asked.patient.parse().ok());
    if let Ok(from) = asked.from.parse::<EncounterId>() {
        let before = people::visit_before(&mut tx, from).await?;
        patient = Some(PatientId(before.patient_id));
        form.reason = before.reason;
        form.code = before.code.unwrap_or_default();
        form.diagnosis = before.diagnosis.unwrap_or_default();
        form.payer = before.payer;
        form.source = if before.room_code == "CC" { "emergency".into() } else { "visit".into() };
    }
    let page = page(&ctx, &mut tx, Uuid::now_v7(), patient, &asked.from, form, Problems::none()).await?;
    if let Some(who) = &page.who {
        tx.audit("read", "patient", who.patient_id, Some(PatientId(who.patient_id)), serde_json::Value::Null);
    }
    tx.commit().await?;
    web::html(page)
}

/// The beds of a ward to choose from, asked again when the ward changes.
#[derive(Template)]
#[template(path = "admission_beds.html")]
struct Beds {
    beds: Vec<(String, String)>,
    chosen: String,
}

/// `GET /app/admissions/beds?ward=`.
pub async fn beds(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let beds = match asked.ward.parse::<RoomId>() {
        Ok(ward) => free(&mut tx, ward).await?,
        Err(_) => Vec::new(),
    };
    web::html(Beds { beds, chosen: String::new() })
}

async fn free(tx: &mut Tx, ward: RoomId) -> Result<Vec<(String, String)>, sqlx::Error> {
    let free = bed::list_free(tx, ward, None).await?;
    Ok(free.into_iter().map(|b| (b.bed_id.to_string(), format!("{} · {}", b.code, b.chamber))).collect())
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: Uuid, patient: Option<PatientId>, from: &str, form: Typed, problems: Problems) -> Result<Page, Failure> {
    let who = match patient {
        Some(patient) => Some(people::get(tx, patient).await?),
        None => None,
    };
    let facts = who.as_ref().map(|w| format!("{} · {} · {}", sex_word(&w.sex), Age::on(w.birth_date, ctx.today()), w.record_no)).unwrap_or_default();
    let wards = bed::list_wards(tx, None, ctx.today()).await?;
    let beds = match form.ward.parse::<RoomId>() {
        Ok(ward) => free(tx, ward).await?,
        Err(_) => Vec::new(),
    };
    let doctors = people::list(tx, ctx.today()).await?;
    let waiting = if who.is_none() { wards::waiting(ctx, tx).await? } else { Vec::new() };
    Ok(Page {
        shell: ctx.shell("Nhập viện", &[("F8", "Nhập viện")]),
        id,
        facts,
        from: from.to_owned(),
        wards: wards.into_iter().map(|w| (w.ward_id.to_string(), format!("{} · {} giường trống", w.name, w.free()))).collect(),
        beds,
        doctors: doctors.into_iter().filter(|d| d.is_doctor).map(|d| (d.practitioner_id.to_string(), format!("{} · {}", d.name, d.position))).collect(),
        sources: CameFrom::ALL.into_iter().filter(|f| *f != CameFrom::His).map(|f| (f.key().into(), f.name().into())).collect(),
        payers: vec![("self".into(), "Tự trả".into()), ("insurance".into(), "BHYT".into())],
        who,
        form,
        waiting,
        problems,
    })
}

/// `POST /app/admissions`: opens the stay and lays the patient in the bed that was chosen. The same form twice opens one
/// stay; a bed that somebody else was faster to take is told beside its field and nothing is opened.
pub async fn admit(ctx: Ctx, Form(pairs): Form<Pairs>) -> Answer {
    let id = EncounterId(minted(&pairs));
    let mut tx = ctx.begin().await?;
    if stay::get(&mut tx, id).await.is_ok() {
        return web::redirect(format!("/app/stays/{id}"));
    }
    let patient = PatientId(field(&pairs, "patient").parse().map_err(|_| Failure::NotFound)?);
    let form = read(&pairs);
    match open(&ctx, &mut tx, id, patient, &form, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = page(&ctx, &mut tx, id.0, Some(patient), field(&pairs, "from"), form, problems).await?;
            web::refused(page)
        }
    }
}

fn read(pairs: &Pairs) -> Typed {
    let of = |name: &str| field(pairs, name).to_owned();
    // A code is typed alone or taken from the list together with its name.
    let typed = of("diagnosis_code");
    let code = typed.split_whitespace().next().unwrap_or("").to_uppercase();
    Typed {
        ward: of("ward"),
        bed: of("bed"),
        doctor: of("doctor"),
        source: of("source"),
        reason: of("reason"),
        code,
        diagnosis: of("diagnosis"),
        payer: of("payer"),
    }
}

async fn open(ctx: &Ctx, tx: &mut Tx, id: EncounterId, patient: PatientId, form: &Typed, pairs: &Pairs) -> Result<(), Failure> {
    let who = people::get(tx, patient).await?;
    let from: Option<EncounterId> = field(pairs, "from").parse().ok();
    let before = match from {
        Some(from) => Some(people::visit_before(tx, from).await?).filter(|b| b.patient_id == patient.0),
        None => None,
    };
    if from.is_some() && before.is_none() {
        return Err(Failure::NotFound);
    }
    let mut problems = Problems::none();
    let reason = needed(pairs, "reason", 500, "Chưa ghi lý do vào viện.", &mut problems);
    let ward: Option<RoomId> = form.ward.parse().ok();
    let wards = bed::list_wards(tx, None, ctx.today()).await?;
    let is_ward = ward.is_some_and(|ward| wards.iter().any(|w| w.ward_id == ward.0));
    problems.add_if(!is_ward, "ward", "Chưa chọn khoa. Chọn khoa sẽ nhận người bệnh.");
    let named = if form.code.is_empty() { None } else { people::code_name(tx, &form.code).await? };
    problems.add_if(!form.code.is_empty() && named.is_none(), "diagnosis_code", format!("Không có mã {} trong danh mục ICD-10. Gõ tên bệnh rồi chọn.", form.code));
    let diagnosis = text(pairs, "diagnosis", 500, &mut problems);
    problems.add_if(diagnosis.is_empty() && named.is_none(), "diagnosis", "Chưa có chẩn đoán vào viện. Chọn mã hoặc ghi bằng lời.");
    let doctors = people::list(tx, ctx.today()).await?;
    let doctor = form.doctor.parse::<Uuid>().ok().and_then(|id| doctors.into_iter().find(|d| d.practitioner_id == id && d.is_doctor));
    problems.add_if(!form.doctor.is_empty() && doctor.is_none(), "doctor", "Bác sĩ này không còn trong danh sách. Chọn lại.");
    let Some(ward) = ward.filter(|_| problems.is_empty()) else { return Err(problems.into()) };
    let diagnosis = if diagnosis.is_empty() { named.clone().unwrap_or_default() } else { diagnosis };
    let payer = if form.payer == "insurance" { "insurance" } else { "self" };
    encounter::stay::open(
        tx,
        &encounter::stay::Opening {
            encounter: id,
            patient,
            person: PersonId(who.person_id),
            ward,
            practitioner: doctor.as_ref().map(|d| PractitionerId(d.practitioner_id)),
            reason: &reason,
            payer,
            coverage: before.as_ref().and_then(|b| b.coverage_id),
            from,
            origin: "ward",
            at: ctx.now,
        },
    )
    .await?;
    let new = NewStay {
        encounter: id,
        patient,
        ward,
        came_from: CameFrom::from_key(&form.source).unwrap_or(CameFrom::Desk),
        reason: &reason,
        admit_code: &form.code,
        admit_diagnosis: &diagnosis,
        doctor: doctor.map(|d| (d.practitioner_id, d.name)),
        at: ctx.now,
    };
    stay::insert(tx, &new).await?;
    if let Some(name) = named {
        let visit = encounter::store::visit::get(tx, id).await?;
        let list = [Diagnosis { code: form.code.clone(), name, remark: String::new() }];
        encounter::store::diagnosis::write_list(tx, &visit, &list).await?;
    }
    let mut stay = stay::lock(tx, id).await?;
    if !form.bed.is_empty() {
        super::map::put(tx, &mut stay, &form.bed).await?;
    }
    stay::tell(tx, &stay);
    Ok(())
}
