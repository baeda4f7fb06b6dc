//! Operations of a stay: plan, consent, safety list, note.

use super::frame::Frame;
use super::{Pairs, field, minted, needed, read_moment, text, told};
use crate::paper;
use crate::store::operation::{self, Hand, NewOperation, Note, Operation};
use crate::store::people;
use crate::store::stay::{self, Stay};
use crate::theatre::{self as rule, Act, CLASSES, Question, ROLES, Status, URGENCIES, word};
use askama::Template;
use base::event::ServiceRendered;
use base::{EncounterId, Event, Problem, Problems};
use chrono::Datelike;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

/// A phase of the safety list as the page asks it, or as it was answered.
struct Phase {
    key: &'static str,
    title: &'static str,
    questions: Vec<Question>,
    /// `09:41 BS. …` when it was done.
    done: String,
    is_next: bool,
}

struct Entry {
    row: Operation,
    planned: String,
    class: &'static str,
    urgency: &'static str,
    team: Vec<(&'static str, String)>,
    phases: Vec<Phase>,
    status: Status,
    consent: String,
    /// Title and address of the papers that were written for it.
    papers: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "theatre.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    entries: Vec<Entry>,
    classes: Vec<(String, String)>,
    urgencies: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    staff: Vec<(String, String)>,
    services: Vec<(String, String)>,
    id: Uuid,
    pairs: Pairs,
    at: String,
    before: String,
    problems: Problems,
    may: bool,
    may_plan: bool,
}

impl Page {
    fn typed(&self, name: &str) -> &str {
        field(&self.pairs, name)
    }
    fn role(&self, key: &str) -> &str {
        self.pairs.iter().find(|(n, _)| n == &format!("team.{key}")).map_or("", |(_, v)| v)
    }
}

/// `GET /app/stays/{encounter}/theatre`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, Pairs::new(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, pairs: Pairs, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "theatre").await?;
    let rows = operation::list(tx, id).await?;
    let papers = if frame.may_read_record { crate::store::paper::list(tx, id).await? } else { Vec::new() };
    let staff = people::list(tx, ctx.today()).await?;
    let services = people::operation_services(tx, ctx.today()).await?;
    let owned = |list: &[(&'static str, &'static str)]| list.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect();
    Ok(Page {
        shell: ctx.shell("Phẫu thuật", &[("F8", "Bước kế tiếp"), ("B", "Sơ đồ giường")]),
        entries: rows.into_iter().map(|row| entry(row, &papers)).collect(),
        classes: owned(&CLASSES),
        urgencies: owned(&URGENCIES),
        roles: owned(&ROLES),
        staff: staff.into_iter().map(|s| (s.practitioner_id.to_string(), format!("{} · {}", s.name, s.position))).collect(),
        services: services.into_iter().map(|s| (s.service_id.to_string(), format!("{} · {}", s.code, s.name))).collect(),
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(&pairs) },
        at: if pairs.is_empty() { paper::clock(ctx.now) } else { field(&pairs, "planned_at").to_owned() },
        before: if pairs.is_empty() { frame.stay.shown_diagnosis().to_owned() } else { field(&pairs, "before_text").to_owned() },
        may: frame.stay.step().is_open() && ctx.may("theatre.write"),
        may_plan: frame.may_write && ctx.may("theatre.write"),
        frame,
        pairs,
        problems,
    })
}

/// The papers of an operation, in the order in which they come.
const PAPERS: [(&str, &str); 3] = [("01/BV2", "Giấy cam kết"), ("bang_kiem_an_toan_phau_thuat", "Bảng kiểm"), ("06/BV2", "Phiếu phẫu thuật")];

fn entry(row: Operation, papers: &[crate::store::paper::Paper]) -> Entry {
    let about = row.operation_id.to_string();
    let of = |form: &str| papers.iter().find(|p| p.form == form && p.about == about).map(|p| format!("/app/documents/{}", p.document_id));
    let status = row.status();
    let phases = [("sign_in", "Trước gây mê (Sign in)", Status::Consented), ("time_out", "Trước rạch da (Time out)", Status::SignedIn), ("sign_out", "Trước rời phòng mổ (Sign out)", Status::Cutting)]
        .into_iter()
        .map(|(key, title, before)| Phase {
            questions: rule::questions(key),
            done: row.checklist.0.get(key).and_then(|p| p.get("by")).and_then(Value::as_str).unwrap_or("").to_owned(),
            is_next: status == before,
            key,
            title,
        })
        .collect();
    Entry {
        planned: super::show_moment(row.planned_at),
        class: word(&CLASSES, &row.class),
        urgency: word(&URGENCIES, &row.urgency),
        team: ROLES.iter().map(|(key, word)| (*word, row.who(key))).filter(|(_, who)| !who.is_empty()).collect(),
        consent: row.consent.0.get("by").and_then(Value::as_str).unwrap_or("").to_owned(),
        papers: PAPERS.iter().filter_map(|(form, title)| Some((*title, of(form)?))).collect(),
        phases,
        status,
        row,
    }
}

/// What goes on after one act on the page of operations.
async fn answered(ctx: &Ctx, tx: Tx, id: EncounterId, pairs: Pairs, done: Result<(), Failure>) -> Answer {
    match done {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/theatre"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(ctx, &mut tx, id, pairs, problems).await?)
        }
    }
}

/// `POST /app/stays/{encounter}/operations`: plans an operation; the second click plans one.
pub async fn plan(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let done = keep_plan(&ctx, &mut tx, &stay, &pairs).await;
    answered(&ctx, tx, id, pairs, done).await
}

async fn keep_plan(ctx: &Ctx, tx: &mut Tx, stay: &Stay, pairs: &Pairs) -> Result<(), Failure> {
    stay.must_be_open()?;
    let mut problems = Problems::none();
    let services = people::operation_services(tx, ctx.today()).await?;
    let service = field(pairs, "service").parse::<Uuid>().ok().and_then(|id| services.iter().find(|s| s.service_id == id));
    problems.add_if(service.is_none() && !field(pairs, "service").is_empty(), "service", "Dịch vụ này không có trong bảng giá. Chọn lại.");
    let name = text(pairs, "name", 500, &mut problems);
    let name = if name.is_empty() { service.map(|s| s.name.clone()).unwrap_or_default() } else { name };
    problems.add_if(name.is_empty(), "name", "Chưa chọn phẫu thuật. Chọn trong bảng giá hoặc ghi tên.");
    let before_text = needed(pairs, "before_text", 500, "Chưa ghi chẩn đoán trước mổ.", &mut problems);
    let anaesthesia = needed(pairs, "anaesthesia", 200, "Chưa ghi phương pháp vô cảm.", &mut problems);
    let before_code = field(pairs, "before_code").split_whitespace().next().unwrap_or("").to_uppercase();
    let is_unknown = !before_code.is_empty() && people::code_name(tx, &before_code).await?.is_none();
    problems.add_if(is_unknown, "before_code", format!("Không có mã {before_code} trong danh mục ICD-10."));
    problems.add_if(word(&CLASSES, field(pairs, "class")).is_empty(), "class", "Chưa chọn loại phẫu thuật.");
    problems.add_if(word(&URGENCIES, field(pairs, "urgency")).is_empty(), "urgency", "Chưa chọn mổ cấp cứu hay mổ phiên.");
    let planned_at = read_moment(field(pairs, "planned_at"));
    problems.add_if(planned_at.is_none(), "planned_at", "Chưa ghi giờ mổ dự kiến.");
    let staff = people::list(tx, ctx.today()).await?;
    let team: Vec<Hand> = ROLES
        .iter()
        .flat_map(|(role, _)| pairs.iter().filter(move |(n, _)| *n == format!("team.{role}")).map(move |(_, v)| (*role, v)))
        .filter_map(|(role, v)| staff.iter().find(|s| s.practitioner_id.to_string() == *v).map(|s| Hand { role: role.into(), id: s.practitioner_id, name: s.name.clone() }))
        .collect();
    problems.add_if(!team.iter().any(|h| h.role == "surgeon"), "team.surgeon", "Chưa chọn phẫu thuật viên.");
    let Some(planned_at) = planned_at.filter(|_| problems.is_empty()) else { return Err(problems.into()) };
    let new = NewOperation {
        id: minted(pairs),
        service: service.map(|s| s.service_id),
        name: &name,
        class: field(pairs, "class"),
        urgency: field(pairs, "urgency"),
        planned_at,
        before_code: &before_code,
        before_text: &before_text,
        anaesthesia: &anaesthesia,
        team: &team,
    };
    if operation::insert(tx, stay.encounter(), stay.patient(), &new).await? {
        tx.audit("plan", "operation", new.id, Some(stay.patient()), Value::Null);
        stay::tell(tx, stay);
    }
    Ok(())
}

/// `POST /app/stays/{encounter}/operations/{operation}/consent`: who agreed, after hearing what; the consent form 01/BV2
/// is written into the record, where the patient or relative, the witness and the doctor sign it.
pub async fn consent(ctx: Ctx, Path((id, op)): Path<(EncounterId, Uuid)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let held = operation::lock(&mut tx, id, op).await?;
    let done = keep_consent(&ctx, &mut tx, &stay, &held, &pairs).await;
    answered(&ctx, tx, id, Pairs::new(), done).await
}

async fn keep_consent(ctx: &Ctx, tx: &mut Tx, stay: &Stay, held: &Operation, pairs: &Pairs) -> Result<(), Failure> {
    if held.status() == Status::Consented {
        return Ok(());
    }
    let next = rule::after(held.status(), Act::Consent)?;
    let mut problems = Problems::none();
    let by = needed(pairs, "by", 200, "Ghi họ tên người cam kết (người bệnh hoặc người nhà).", &mut problems);
    let relation = text(pairs, "relation", 100, &mut problems);
    let witness = needed(pairs, "witness", 200, "Ghi họ tên người làm chứng.", &mut problems);
    let risks = needed(pairs, "risks", 2000, "Ghi các nguy cơ đã giải thích.", &mut problems);
    let expected = text(pairs, "expected", 2000, &mut problems);
    problems.add_if(field(pairs, "agreed") != "1", "agreed", "Người bệnh chưa đồng ý thì chưa mổ được. Nếu từ chối, hủy ca mổ và ghi lý do.");
    problems.or(())?;
    let consent = json!({ "by": by, "relation": relation, "witness": witness, "risks": risks, "expected": expected, "at": ctx.now });
    operation::step(tx, held.operation_id, next, Some(&consent), None, "").await?;
    let is_self = relation.is_empty();
    let surgeon = held.who("surgeon");
    let data = json!({
        "loai": word(&URGENCIES, &held.urgency),
        "bs_ten": surgeon,
        "bs_khoa": stay.ward_name,
        "bs_chuc_danh": "Phẫu thuật viên",
        "bs2_ten": held.who("anaesthetist"),
        "nguoi_benh_pt": stay.name,
        "chan_doan": held.before_text,
        "da_tu_van_ve": ["Chẩn đoán", "Lý do phẫu thuật/thủ thuật", "Rủi ro, nguy cơ nếu không thực hiện phẫu thuật/thủ thuật", "Kết quả sau phẫu thuật/thủ thuật (Dự kiến)"],
        "ket_qua_sau_phau_thuat_thu_thuat": expected,
        "phuong_phap_phau_thuat_thu_thuat_du_kien": if held.name.contains("nội soi") { "Phẫu thuật nội soi" } else { "Phẫu thuật mở" },
        "phuong_phap_gay_me_khac": held.anaesthesia,
        "cac_phuong_phap_dieu_tri_khac_ngoai_phau": "Không",
        "nguy_co_rui_ro_khac": risks,
        "nb_ho_ten": stay.name,
        "nb_nam_sinh": stay.birth_date.year(),
        "tn_ho_ten": if is_self { None } else { Some(by.clone()) },
        "tn_quan_he": if is_self { None } else { Some(relation) },
        "nguy_co_thuong_gap_da_duoc_nghe_giai": risks,
        "quyet_dinh": "1",
        "ngay_ky": paper::clock(ctx.now),
    });
    paper::write(ctx, tx, stay, "01/BV2", &held.operation_id.to_string(), data).await?;
    tx.audit("consent", "operation", held.operation_id, Some(stay.patient()), Value::Null);
    stay::tell(tx, stay);
    Ok(())
}

/// `POST /app/stays/{encounter}/operations/{operation}/phases/{phase}`: the safety list of one phase; a "no" that matters
/// stops the operation here.
pub async fn phase(ctx: Ctx, Path((id, op, phase)): Path<(EncounterId, Uuid, String)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let held = operation::lock(&mut tx, id, op).await?;
    let done = keep_phase(&ctx, &mut tx, &stay, &held, &phase, &pairs).await;
    answered(&ctx, tx, id, Pairs::new(), done).await
}

async fn keep_phase(ctx: &Ctx, tx: &mut Tx, stay: &Stay, held: &Operation, phase: &str, pairs: &Pairs) -> Result<(), Failure> {
    let act = Act::from_key(phase).ok_or(Failure::NotFound)?;
    if held.checklist.0.get(phase).is_some() {
        return Ok(());
    }
    let next = rule::after(held.status(), act)?;
    let answers = rule::check(phase, |key| field(pairs, key)).map_err(|problems| {
        // One sentence for the whole list: the page shows it above the questions.
        let all: Vec<String> = problems.0.iter().map(|p| p.text.to_string()).collect();
        Problem::of(all.join(" "))
    })?;
    let by = format!("{} · {}", base::show_time(ctx.now), ctx.actor.name);
    let done = json!({ phase: { "by": by, "at": ctx.now, "answers": answers } });
    operation::step(tx, held.operation_id, next, None, Some(&done), "").await?;
    let mut data = serde_json::Map::new();
    for known in ["sign_in", "time_out", "sign_out"] {
        if let Some(Value::Object(given)) = held.checklist.0.get(known).and_then(|p| p.get("answers")) {
            data.extend(given.clone());
        }
    }
    data.extend(answers.into_iter().map(|(k, v)| (k, Value::from(v))));
    paper::write(ctx, tx, stay, "bang_kiem_an_toan_phau_thuat", &held.operation_id.to_string(), Value::Object(data)).await?;
    tx.audit("check", "operation", held.operation_id, Some(stay.patient()), json!({ "phase": phase }));
    stay::tell(tx, stay);
    Ok(())
}

/// `POST /app/stays/{encounter}/operations/{operation}/note`: what was done; form 06/BV2 is written and the operation
/// goes on the bill.
pub async fn note(ctx: Ctx, Path((id, op)): Path<(EncounterId, Uuid)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let held = operation::lock(&mut tx, id, op).await?;
    let done = keep_note(&ctx, &mut tx, &stay, &held, &pairs).await;
    answered(&ctx, tx, id, Pairs::new(), done).await
}

async fn keep_note(ctx: &Ctx, tx: &mut Tx, stay: &Stay, held: &Operation, pairs: &Pairs) -> Result<(), Failure> {
    if held.status() == Status::Noted {
        return Ok(());
    }
    rule::after(held.status(), Act::Note)?;
    let mut problems = Problems::none();
    let description = needed(pairs, "description", 8000, "Chưa ghi trình tự phẫu thuật.", &mut problems);
    let after_text = needed(pairs, "after_text", 500, "Chưa ghi chẩn đoán sau mổ.", &mut problems);
    let drain = text(pairs, "drain", 500, &mut problems);
    let specimen = text(pairs, "specimen", 500, &mut problems);
    let after_code = field(pairs, "after_code").split_whitespace().next().unwrap_or("").to_uppercase();
    let is_unknown = !after_code.is_empty() && people::code_name(tx, &after_code).await?.is_none();
    problems.add_if(is_unknown, "after_code", format!("Không có mã {after_code} trong danh mục ICD-10."));
    let blood_ml: Option<i32> = match field(pairs, "blood_ml") {
        "" => None,
        typed => {
            let read = typed.parse().ok().filter(|ml| (0..=20_000).contains(ml));
            problems.add_if(read.is_none(), "blood_ml", "Máu mất là số ml từ 0 đến 20.000.");
            read
        }
    };
    problems.or(())?;
    let note = Note { after_code: &after_code, after_text: &after_text, description: &description, drain: &drain, blood_ml, specimen: &specimen };
    operation::note(tx, held.operation_id, &note).await?;
    let data = json!({
        "nb_khoa": stay.ward_name,
        "nb_buong": stay.chamber,
        "nb_giuong": stay.bed_code,
        "vao_vien_luc": paper::clock(stay.admitted_at),
        "phau_thuat_thu_thuat_luc": paper::clock(held.cut_at.unwrap_or(ctx.now)),
        "chan_doan_truoc_phau_thuat_thu_thuat": held.before_text,
        "ma_icd_truoc": held.before_code,
        "sau_phau_thuat_thu_thuat": after_text,
        "ma_icd_sau": after_code,
        "phuong_phap_phau_thuat_thu_thuat": held.name,
        "loai_phau_thuat_thu_thuat": word(&CLASSES, &held.class),
        "phuong_phap_vo_cam": held.anaesthesia,
        "bac_sy_phau_thuat_thu_thuat": held.who("surgeon"),
        "bac_sy_gay_me_hoi_suc": held.who("anaesthetist"),
        "dan_luu": drain,
        "khac": blood_ml.map(|ml| format!("Máu mất {ml} ml")),
        "trinh_tu": description,
        "ngay_ky": ctx.today().to_string(),
    });
    paper::write(ctx, tx, stay, "06/BV2", &held.operation_id.to_string(), data).await?;
    if let Some(service) = held.service_id {
        // The operation's own id is the line's: however often this runs, it is charged once.
        let lines = vec![ServiceRendered { id: held.operation_id, service, quantity_milli: 1000 }];
        let day = base::local_date(held.cut_at.unwrap_or(ctx.now));
        tx.emit(Event::ServicesRendered { encounter: stay.encounter(), patient: stay.patient(), lines, day });
    }
    tx.audit("note", "operation", held.operation_id, Some(stay.patient()), Value::Null);
    stay::tell(tx, stay);
    Ok(())
}

/// `POST /app/stays/{encounter}/operations/{operation}/cancelled` (`reason`).
pub async fn cancel(ctx: Ctx, Path((id, op)): Path<(EncounterId, Uuid)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let held = operation::lock(&mut tx, id, op).await?;
    let done = async {
        if held.status() == Status::Cancelled {
            return Ok(());
        }
        let next = rule::after(held.status(), Act::Cancel)?;
        let mut problems = Problems::none();
        let reason = needed(&pairs, "reason", 500, "Chưa ghi lý do hủy ca mổ.", &mut problems);
        problems.or(()).map_err(|p| Problem::of(p.0.into_iter().next().map_or_else(|| "Chưa ghi lý do hủy ca mổ.".into(), |p| p.text)))?;
        operation::step(&mut tx, op, next, None, None, &reason).await?;
        tx.audit("cancel", "operation", op, Some(stay.patient()), Value::Null);
        stay::tell(&mut tx, &stay);
        Ok(())
    }
    .await;
    answered(&ctx, tx, id, Pairs::new(), done).await
}
