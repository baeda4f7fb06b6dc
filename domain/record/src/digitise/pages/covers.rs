//! Sheets to lay between papers: for which patient, into which record, what kind of paper; and the record of a stay or
//! visit from before, where there is none yet.

use crate::digitise::store::{self, Cover, PatientChoice, RecordChoice};
use crate::digitise::{cover, kind};
use askama::Template;
use base::dates::show_date;
use base::{EncounterId, PatientId, Problems, RecordId, RoomId, local_date};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use encounter::past::{self, Past};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    patient: String,
}

/// What was typed for a record from before.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PastForm {
    id: String,
    patient: String,
    class: String,
    room: String,
    from: String,
    to: String,
    number: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CoverForm {
    id: String,
    record: String,
    kind: String,
    day: String,
}

#[derive(Template)]
#[template(path = "digitise-covers.html")]
struct CoversPage {
    shell: Shell,
    asked: Asked,
    found: Vec<PatientChoice>,
    patient: Option<PatientChoice>,
    records: Vec<RecordChoice>,
    rooms: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    classes: Vec<(String, String)>,
    newest: Vec<Cover>,
    typed: PastForm,
    problems: Problems,
    minted: Uuid,
}

impl CoversPage {
    fn day(&self, at: &DateTime<Utc>) -> String {
        show_date(local_date(*at))
    }
    fn date(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn span(&self, record: &RecordChoice) -> String {
        let end = record.ended_at.map_or_else(|| "nay".to_owned(), |at| show_date(local_date(at)));
        format!("{} – {end}", show_date(local_date(record.opened_at)))
    }
    fn record_kind(&self, kind: &str) -> &'static str {
        match kind {
            "inpatient" => "Nội trú",
            "digitised" => "Hồ sơ giấy cũ",
            _ => "Ngoại trú",
        }
    }
    fn is_locked(&self, record: &RecordChoice) -> bool {
        matches!(record.status.as_str(), "archived" | "submitted")
    }
    /// Each record's form mints its own sheet.
    fn fresh(&self) -> Uuid {
        Uuid::now_v7()
    }
    fn sex(&self, patient: &PatientChoice) -> &'static str {
        match patient.sex.as_str() {
            "male" => "Nam",
            "female" => "Nữ",
            _ => "",
        }
    }
}

/// `GET /app/digitise/covers?q=&patient=`: finds the patient, shows the records, makes sheets.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    page(&ctx, asked, PastForm::default(), Problems::none()).await
}

async fn page(ctx: &Ctx, asked: Asked, typed: PastForm, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = if asked.q.trim().chars().count() >= 2 { store::search_patients(&mut tx, &asked.q).await? } else { Vec::new() };
    let patient = match asked.patient.parse::<Uuid>() {
        Ok(id) => Some(store::find_patient(&mut tx, id).await?.ok_or(Failure::NotFound)?),
        Err(_) if found.len() == 1 => found.first().cloned(),
        Err(_) => None,
    };
    let records = match &patient {
        Some(patient) => store::list_records(&mut tx, patient.patient_id).await?,
        None => Vec::new(),
    };
    let rooms = store::list_rooms(&mut tx).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let newest = store::list_newest_covers(&mut tx, 12).await?;
    if let Some(patient) = &patient {
        tx.audit("read", "records", patient.patient_id, Some(PatientId(patient.patient_id)), json!({ "for": "scan-cover" }));
    }
    tx.commit().await?;
    let refused = !problems.is_empty();
    let page = CoversPage {
        shell: ctx.shell("Tờ ngăn", &[]),
        asked,
        found,
        patient,
        records,
        rooms,
        kinds: kind::all().iter().map(|kind| (kind.key.to_owned(), kind.title.to_owned())).collect(),
        classes: vec![("IMP".into(), "Nội trú".into()), ("AMB".into(), "Ngoại trú".into())],
        newest,
        typed,
        problems,
        minted: Uuid::now_v7(),
    };
    if refused { web::refused(page) } else { web::html(page) }
}

/// `POST /app/digitise/covers` (`id`, `record`, `kind`, `day`): makes a sheet and gives it for printing.
pub async fn make(ctx: Ctx, Form(form): Form<CoverForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let record: Uuid = form.record.parse().map_err(|_| Failure::NotFound)?;
    let record = RecordId(record);
    let held = crate::document::store::record::hold(&mut tx, record).await?;
    held.refuse_locked()?;
    let kind = kind::find(&form.kind).or_else(|| kind::find("khac")).ok_or(Failure::NotFound)?;
    let id: Uuid = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    let day = form.day.parse::<NaiveDate>().ok().filter(|day| *day <= ctx.today());
    store::insert_cover(&mut tx, id, &cover::mint(), record, (kind.key, kind.title), day).await?;
    tx.audit("make", "scan-cover", id, Some(PatientId(held.patient_id)), json!({ "record": record, "kind": kind.key }));
    tx.commit().await?;
    web::redirect(format!("/app/digitise/covers/{id}/sheet.pdf"))
}

/// `GET /app/digitise/covers/{cover}/sheet.pdf`
pub async fn sheet(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = store::find_cover(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let ours = organization::facility::get(tx.conn(), ctx.facility()).await?;
    tx.audit("print", "scan-cover", id, None, json!({ "record": cover.record_id }));
    tx.commit().await?;
    let record = format!("{} từ {}", if cover.record_kind == "inpatient" { "Nội trú" } else { "Hồ sơ" }, show_date(local_date(cover.record_opened_at)));
    let data = json!({
        "head": ours.paper_head(None),
        "code": cover.code,
        "patient": { "name": cover.patient_name, "record_no": cover.patient_record_no, "birth_date": cover.birth_date, "sex": cover.sex },
        "record": record,
        "kind_title": cover.title,
        "paper_date": cover.paper_date,
        "printed_by": cover.made_by_name,
        "made_at": cover.made_at,
    });
    let pdf = ctx.app.papers().render("scan-cover", data).await.map_err(|fault| Failure::Fault(anyhow::anyhow!(fault)))?;
    web::pdf(pdf, &format!("to-ngan-{}.pdf", cover.code))
}

/// `POST /app/digitise/records`: opens the record of a stay or visit from before, known from paper only.
pub async fn open_record(ctx: Ctx, Form(form): Form<PastForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let patient: Uuid = form.patient.parse().map_err(|_| Failure::NotFound)?;
    store::find_patient(&mut tx, patient).await?.ok_or(Failure::NotFound)?;
    let typed = match read_past(&form, ctx.today()) {
        Ok(typed) => typed,
        Err(problems) => {
            drop(tx);
            return page(&ctx, Asked { patient: form.patient.clone(), ..Asked::default() }, form, problems).await;
        }
    };
    let encounter = EncounterId(typed.id);
    let at = |day: NaiveDate, hours: i64| (day.and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(hours - 7)).and_utc();
    let reason = if typed.number.is_empty() { "Hồ sơ giấy cũ".to_owned() } else { format!("Hồ sơ giấy cũ số {}", typed.number) };
    let (from, to) = (at(typed.from, 8), at(typed.to, 16));
    let old = Past { encounter, patient: PatientId(patient), room: RoomId(typed.room), is_stay: form.class == "IMP", reason: &reason, from, to };
    past::write(&mut tx, &old).await?;
    // The encounter's id is minted by the page: its record follows from it, so that a second click opens the same one.
    let record = RecordId(Uuid::now_v7());
    store::insert_past_record(&mut tx, record, encounter, to).await?;
    tx.audit("open", "record", record, Some(PatientId(patient)), json!({ "encounter": encounter, "from": typed.from, "to": typed.to, "paper": true }));
    tx.commit().await?;
    web::redirect(format!("/app/digitise/covers?patient={patient}"))
}

struct TypedPast {
    id: Uuid,
    room: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    number: String,
}

fn read_past(form: &PastForm, today: NaiveDate) -> Result<TypedPast, Problems> {
    let mut problems = Problems::none();
    let day = |text: &str| text.trim().parse::<NaiveDate>().ok().filter(|day| *day <= today && *day > today - TimeDelta::days(36_525));
    let from = day(&form.from);
    let to = day(&form.to).or(if form.to.trim().is_empty() { from } else { None });
    problems.add_if(from.is_none(), "from", "Ghi ngày vào viện (hoặc ngày khám) trên bìa hồ sơ, không sau hôm nay.");
    problems.add_if(from.is_some() && to.is_none(), "to", "Ngày ra viện không đọc được hoặc ở sau hôm nay.");
    problems.add_if(matches!((from, to), (Some(from), Some(to)) if to < from), "to", "Ngày ra viện trước ngày vào viện. Xem lại bìa hồ sơ.");
    let room = form.room.parse::<Uuid>().ok();
    problems.add_if(room.is_none(), "room", "Chọn khoa hoặc phòng hiện nay ứng với nơi ghi trên bìa.");
    let number: String = form.number.trim().chars().take(60).collect();
    match (from, to, room) {
        (Some(from), Some(to), Some(room)) if problems.is_empty() => {
            Ok(TypedPast { id: form.id.parse().unwrap_or_else(|_| Uuid::now_v7()), room, from, to, number })
        }
        _ => Err(problems),
    }
}
