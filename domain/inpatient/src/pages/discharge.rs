//! Leaving the house: the doctor decides, everything that is open is closed, then the patient goes.

use super::frame::Frame;
use super::{Pairs, field, needed, read_moment, text, told};
use crate::discharge::{self as rule, Decision, Final, OUTCOMES, Open, WAYS};
use crate::stay::{Act, Step, after};
use crate::store::leaving::{self, Discharge, Review};
use crate::store::stay::{self, Stay};
use crate::store::{bed, order, people};
use crate::{cost, paper};
use askama::Template;
use base::{EncounterId, Problem, Problems, local_date};
use encounter::diagnosis::Diagnosis;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

#[derive(Template)]
#[template(path = "discharge.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    outcomes: Vec<(String, String)>,
    ways: Vec<(String, String)>,
    typed: Typed,
    plan: Option<Discharge>,
    open: Vec<Open>,
    is_reviewed: bool,
    staff: Vec<(String, String)>,
    problems: Problems,
    may_close: bool,
}

impl Page {
    fn keeping(&self) -> usize {
        self.open.iter().filter(|o| o.keeps).count()
    }
}

/// The form as typed, or as the decision stands.
#[derive(Clone, Debug, Default)]
struct Typed {
    outcome: String,
    way: String,
    leave_at: String,
    diagnoses: String,
    course: String,
    results: String,
    treatment: String,
    condition: String,
    advice: String,
    follow_up_on: String,
    destination: String,
    death_cause: String,
}

/// `GET /app/stays/{encounter}/discharge`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, None, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, typed: Option<Typed>, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "discharge").await?;
    let plan = leaving::find(tx, id).await?;
    let (open, is_reviewed) = if frame.stay.step().is_open() { open_things(ctx, tx, &frame.stay, plan.as_ref()).await? } else { (Vec::new(), true) };
    let typed = match typed {
        Some(typed) => typed,
        None => match &plan {
            Some(plan) => of_plan(plan),
            None => proposed(ctx, tx, &frame.stay).await?,
        },
    };
    let staff = people::list(tx, ctx.today()).await?;
    Ok(Page {
        shell: ctx.shell("Ra viện", &[("F8", "Lưu, cho ra viện"), ("B", "Sơ đồ giường")]),
        outcomes: OUTCOMES.map(|(k, w)| (k.to_owned(), w.to_owned())).to_vec(),
        ways: WAYS.map(|(k, w)| (k.to_owned(), w.to_owned())).to_vec(),
        may_close: frame.stay.step() == Step::Leaving && ctx.may("ward.discharge"),
        staff: staff.into_iter().map(|s| (s.practitioner_id.to_string(), s.name)).collect(),
        typed,
        plan,
        open,
        is_reviewed,
        frame,
        problems,
    })
}

fn of_plan(plan: &Discharge) -> Typed {
    Typed {
        outcome: plan.outcome.clone(),
        way: plan.way.clone(),
        leave_at: paper::clock(plan.leave_at),
        diagnoses: plan.diagnoses.0.iter().map(|d| format!("{} {}", d.code, d.name)).collect::<Vec<_>>().join("\n"),
        course: plan.course.clone(),
        results: plan.results.clone(),
        treatment: plan.treatment.clone(),
        condition: plan.condition.clone(),
        advice: plan.advice.clone(),
        follow_up_on: plan.follow_up_on.map(base::show_date).unwrap_or_default(),
        destination: plan.destination.clone(),
        death_cause: plan.death_cause.clone(),
    }
}

/// What the sheets of the stay already say, so that the doctor corrects instead of copying.
async fn proposed(ctx: &Ctx, tx: &mut Tx, stay: &Stay) -> Result<Typed, Failure> {
    let sheets = order::list_sheets(tx, stay.encounter(), 200).await?;
    let orders = order::list_orders(tx, stay.encounter()).await?;
    let found = ctx.app.findings().of_encounter(tx, stay.encounter()).await?;
    let course: Vec<String> = sheets.iter().rev().filter(|s| s.wrong_at.is_none()).map(|s| format!("{}: {}", base::local_time(s.at).format("%d/%m"), s.progress)).collect();
    let mut given: Vec<String> = orders.iter().filter(|o| o.drug_id.is_some() && o.done > 0).map(|o| o.name.clone()).collect();
    given.sort();
    given.dedup();
    // Abnormal values and every conclusion; normal values fill no page.
    let results: Vec<String> = found.iter().filter(|f| f.abnormal || f.kind == "imaging").map(|f| format!("{} {}: {}", base::local_time(f.at).format("%d/%m"), f.name, f.text)).collect();
    let code = &stay.admit_code;
    Ok(Typed {
        outcome: "improved".into(),
        way: "discharged".into(),
        leave_at: paper::clock(ctx.now),
        diagnoses: if code.is_empty() { String::new() } else { format!("{code} {}", people::code_name(tx, code).await?.unwrap_or_default()) },
        course: course.join("\n"),
        results: results.join("\n"),
        treatment: given.join(", "),
        condition: sheets.iter().find(|s| s.wrong_at.is_none()).map(|s| s.progress.clone()).unwrap_or_default(),
        ..Typed::default()
    })
}

/// Everything that is still open, asked of the ward's own tables and of the other modules.
async fn open_things(ctx: &Ctx, tx: &mut Tx, stay: &Stay, plan: Option<&Discharge>) -> Result<(Vec<Open>, bool), Failure> {
    let id = stay.encounter();
    let (mut facts, is_reviewed) = leaving::facts(tx, id).await?;
    facts.diagnostics = ctx.app.findings().open_orders(tx, id).await?;
    facts.gaps = ctx.app.records().gaps(tx, id).await?;
    facts.owed = ctx.app.dues().owed(tx, id).await?;
    facts.needs_death_review = plan.is_some_and(|p| p.outcome == "died") && !is_reviewed;
    Ok((rule::open_things(&facts, stay.encounter_id, stay.ward_id), is_reviewed))
}

fn read(pairs: &Pairs) -> Typed {
    let of = |name: &str| field(pairs, name).replace("\r\n", "\n");
    Typed {
        outcome: of("outcome"),
        way: of("way"),
        leave_at: of("leave_at"),
        diagnoses: of("diagnoses"),
        course: of("course"),
        results: of("results"),
        treatment: of("treatment"),
        condition: of("condition"),
        advice: of("advice"),
        follow_up_on: of("follow_up_on"),
        destination: of("destination"),
        death_cause: of("death_cause"),
    }
}

/// `POST /app/stays/{encounter}/discharge`: the doctor's decision. Bed days up to the end are posted, so that the cashier
/// sees the whole; the patient has not left yet. May be corrected until then.
pub async fn plan(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    let typed = read(&pairs);
    match decide(&ctx, &mut tx, &mut stay, &typed, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/discharge"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = page(&ctx, &mut tx, id, Some(typed), problems).await?;
            web::refused(page)
        }
    }
}

async fn decide(ctx: &Ctx, tx: &mut Tx, stay: &mut Stay, typed: &Typed, pairs: &Pairs) -> Result<(), Failure> {
    let next = after(stay.step(), Act::PlanLeave, stay.bed_id.is_some())?;
    let mut problems = Problems::none();
    for (name, most) in [("course", 8000), ("results", 8000), ("treatment", 4000), ("condition", 2000), ("advice", 4000), ("destination", 300), ("death_cause", 500)] {
        text(pairs, name, most, &mut problems);
    }
    let mut diagnoses: Vec<Final> = Vec::new();
    for line in typed.diagnoses.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let code = line.split_whitespace().next().unwrap_or("").trim_end_matches([',', ':', ';']).to_uppercase();
        match people::code_name(tx, &code).await? {
            Some(name) if !diagnoses.iter().any(|d| d.code == code) => diagnoses.push(Final { code, name }),
            Some(_) => {}
            None => problems.add("diagnoses", format!("Dòng “{line}” không bắt đầu bằng mã có trong danh mục ICD-10.")),
        }
    }
    problems.add_if(diagnoses.len() > 13, "diagnoses", "Tối đa 13 chẩn đoán.");
    let follow_up_on = base::parse_date_vi(&typed.follow_up_on);
    problems.add_if(!typed.follow_up_on.is_empty() && follow_up_on.is_none(), "follow_up_on", "Ngày hẹn ghi ngày/tháng/năm.");
    let decision = Decision {
        outcome: typed.outcome.clone(),
        way: typed.way.clone(),
        leave_at: read_moment(&typed.leave_at),
        diagnoses,
        course: typed.course.clone(),
        results: typed.results.clone(),
        treatment: typed.treatment.clone(),
        condition: typed.condition.clone(),
        advice: typed.advice.clone(),
        follow_up_on,
        destination: typed.destination.clone(),
        death_cause: typed.death_cause.clone(),
    };
    rule::check(&decision, stay.admitted_at, ctx.now, &mut problems);
    let Some(leave_at) = decision.leave_at.filter(|_| problems.is_empty()) else { return Err(problems.into()) };
    let leave_at = leave_at.max(stay.admitted_at);
    leaving::plan(tx, stay.encounter(), stay.patient(), &decision).await?;
    stay::set_leave_on(tx, stay.encounter(), Some(local_date(leave_at))).await?;
    if next != stay.step() {
        stay::step(tx, stay, next, Act::PlanLeave, rule::word(&OUTCOMES, &decision.outcome)).await?;
    }
    let is_hard = rule::is_hard_end(&decision.outcome, &decision.way);
    cost::post(tx, stay.encounter(), stay.patient(), stay.admitted_at, leave_at, Some(is_hard)).await?;
    let visit = encounter::store::visit::get(tx, stay.encounter()).await?;
    let list: Vec<Diagnosis> = decision.diagnoses.iter().map(|d| Diagnosis { code: d.code.clone(), name: d.name.clone(), remark: String::new() }).collect();
    encounter::store::diagnosis::write_list(tx, &visit, &list).await?;
    tx.audit("plan_discharge", "stay", stay.encounter_id, Some(stay.patient()), json!({ "outcome": decision.outcome, "way": decision.way }));
    stay::tell(tx, stay);
    Ok(())
}

/// `POST /app/stays/{encounter}/stay-on`: the patient stays after all.
pub async fn stay_on(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    if stay.step() != Step::Leaving {
        return web::redirect(format!("/app/stays/{id}"));
    }
    let next = after(stay.step(), Act::StayOn, stay.bed_id.is_some())?;
    stay::step(&mut tx, &mut stay, next, Act::StayOn, "").await?;
    stay::set_leave_on(&mut tx, id, None).await?;
    tx.audit("stay_on", "stay", id, Some(stay.patient()), Value::Null);
    tx.commit().await?;
    web::redirect(format!("/app/stays/{id}"))
}

/// `POST /app/stays/{encounter}/discharged`: the patient goes. Refused while anything is open, with every reason; the
/// second click finds the stay closed. Discharge paper and the closing parts of the record are written in the same commit.
pub async fn close(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    if stay.step() == Step::Closed {
        return web::redirect(format!("/app/stays/{id}/discharge"));
    }
    let next = after(stay.step(), Act::Close, stay.bed_id.is_some())?;
    let plan = leaving::find(&mut tx, id).await?.ok_or_else(|| Problem::of("Chưa có quyết định ra viện. Bác sĩ ghi phần Ra viện trước."))?;
    let (open, _) = open_things(&ctx, &mut tx, &stay, Some(&plan)).await?;
    let keeping = open.iter().filter(|o| o.keeps).count();
    if keeping > 0 {
        let problem = Problem::of(format!("Còn {keeping} việc chưa xong nên chưa cho ra viện được. Danh sách ở cột bên phải."));
        drop(tx);
        let mut tx = ctx.begin().await?;
        let page = page(&ctx, &mut tx, id, None, problem.into()).await?;
        return web::refused(page);
    }
    write_papers(&ctx, &mut tx, &stay, &plan).await?;
    let mut spine = encounter::stay::lock(&mut tx, id).await?;
    // The hour that the doctor wrote, unless it lies ahead: nobody leaves before leaving.
    let at = plan.leave_at.min(ctx.now).max(stay.admitted_at);
    encounter::stay::close(&mut tx, &mut spine, &plan.outcome, &plan.way, at).await?;
    leaving::close(&mut tx, id).await?;
    bed::leave(&mut tx, id, ctx.now).await?;
    bed::release(&mut tx, id).await?;
    stay.moving_to = None;
    stay::step(&mut tx, &mut stay, next, Act::Close, rule::word(&WAYS, &plan.way)).await?;
    tx.commit().await?;
    web::redirect(format!("/app/stays/{id}/discharge"))
}

/// The discharge paper, the closing parts of the record's head, the transfer paper, the notice of death.
async fn write_papers(ctx: &Ctx, tx: &mut Tx, stay: &Stay, plan: &Discharge) -> Result<(), Failure> {
    let codes: Vec<&str> = plan.diagnoses.0.iter().map(|d| d.code.as_str()).collect();
    let named: Vec<String> = plan.diagnoses.0.iter().map(|d| format!("{} ({})", d.name, d.code)).collect();
    let main = plan.diagnoses.0.first().map(|d| d.name.clone()).unwrap_or_default();
    let others: Vec<String> = plan.diagnoses.0.iter().skip(1).map(|d| d.name.clone()).collect();
    if plan.outcome == "died" {
        let data = json!({
            "da_tu_vong_vao_luc": paper::clock(plan.leave_at),
            "nguyen_nhan_tu_vong": plan.death_cause,
            "ma_icd": codes.first(),
            "bao_tu_ngay_cap": ctx.today().to_string(),
        });
        paper::write(ctx, tx, stay, "giay_bao_tu", "", data).await?;
    } else {
        let note = [plan.advice.clone(), plan.follow_up_on.map(|on| format!("Hẹn khám lại ngày {}", base::show_date(on))).unwrap_or_default()];
        let data = json!({
            "vao_vien_luc": paper::clock(stay.admitted_at),
            "ra_vien_luc": paper::clock(plan.leave_at),
            "chan_doan": named.join("; "),
            "phuong_phap_dieu_tri": plan.treatment,
            "ghi_chu": note.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join("\n"),
            "ngay_cap": ctx.today().to_string(),
        });
        paper::write(ctx, tx, stay, "giay_ra_vien", "", data).await?;
    }
    // The head of the record is chosen by the record itself: whichever bệnh án it has takes these fields.
    let number = |choices: &[rule::Choice], key: &str| choices.iter().position(|(known, _)| *known == key).map(|n| (n + 1).to_string());
    let head = json!({
        "vao_vien_luc": paper::clock(stay.admitted_at),
        "ra_vien_luc": paper::clock(plan.leave_at),
        "hinh_thuc_ra_vien": number(&WAYS[..4], &plan.way),
        "chuyen_den": plan.destination,
        "cd_vao_khoa": stay.admit_diagnosis,
        "cd_vao_khoa_ma": stay.admit_code,
        "cd_ra_vien_chinh": main,
        "cd_ra_vien_chinh_ma": codes.first(),
        "cd_ra_vien_kem": others.join("; "),
        "cd_ra_vien_kem_ma": codes.get(1..).map(|c| c.join(", ")).unwrap_or_default(),
        "ket_qua_dieu_tri": number(&OUTCOMES, &plan.outcome),
        "nguyen_nhan_tu_vong": plan.death_cause,
        "tk_qua_trinh": plan.course,
        "tk_can_lam_sang": plan.results,
        "tk_phuong_phap": plan.treatment,
        "tk_tinh_trang": plan.condition,
        "tk_huong_tiep": plan.advice,
    });
    write_head(ctx, tx, stay, head).await
}

/// Adds to the bệnh án that heads this record, where one was begun; otherwise begins the general one.
async fn write_head(ctx: &Ctx, tx: &mut Tx, stay: &Stay, data: Value) -> Result<(), Failure> {
    let lines = ctx.app.records().list(tx, web::ask::RecordsOf::Encounter(stay.encounter())).await?;
    match lines.iter().find(|l| l.form.ends_with("/BV1")) {
        // Only a draft takes more; a finished head is amended by its doctor, with a reason.
        Some(line) if line.status == "draft" => {
            let start = web::ask::FormStart { document: line.document, encounter: stay.encounter(), form: &line.form, data };
            match ctx.app.records().write_form(tx, &start).await {
                Err(Failure::NotFound) => Ok(()),
                other => other,
            }
        }
        Some(_) => Ok(()),
        None => paper::write(ctx, tx, stay, "01/BV1", "", data).await,
    }
}

/// `POST /app/stays/{encounter}/death-review`: the minutes of the review, once.
pub async fn review(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    match keep_review(&ctx, &mut tx, &stay, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/discharge"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = page(&ctx, &mut tx, id, None, problems).await?;
            web::refused(page)
        }
    }
}

async fn keep_review(ctx: &Ctx, tx: &mut Tx, stay: &Stay, pairs: &Pairs) -> Result<(), Failure> {
    let plan = leaving::find(tx, stay.encounter()).await?;
    if !plan.as_ref().is_some_and(|p| p.outcome == "died") {
        return Err(Problem::of("Biên bản kiểm thảo chỉ lập khi kết quả điều trị là tử vong.").into());
    }
    let mut problems = Problems::none();
    let diagnosis = needed(pairs, "review_diagnosis", 4000, "Chưa ghi nhận xét thăm khám, chẩn đoán.", &mut problems);
    let treatment = needed(pairs, "review_treatment", 4000, "Chưa ghi nhận xét điều trị.", &mut problems);
    let care = needed(pairs, "review_care", 4000, "Chưa ghi nhận xét chăm sóc.", &mut problems);
    let conclusion = needed(pairs, "review_conclusion", 4000, "Chưa ghi kết luận của chủ tọa.", &mut problems);
    let place = text(pairs, "review_place", 200, &mut problems);
    let reception = text(pairs, "review_reception", 4000, &mut problems);
    let staff = people::list(tx, ctx.today()).await?;
    let known = |name: &str| field(pairs, name).parse::<Uuid>().ok().and_then(|id| staff.iter().find(|s| s.practitioner_id == id));
    let (chair, clerk) = (known("chair"), known("clerk"));
    problems.add_if(chair.is_none(), "chair", "Chưa chọn chủ tọa.");
    problems.add_if(clerk.is_none(), "clerk", "Chưa chọn thư ký.");
    let (Some(chair), Some(clerk)) = (chair, clerk) else { return Err(problems.into()) };
    problems.or(())?;
    let members: Vec<Value> = pairs
        .iter()
        .filter(|(n, _)| n == "member")
        .filter_map(|(_, id)| id.parse::<Uuid>().ok())
        .chain([chair.practitioner_id, clerk.practitioner_id])
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter_map(|id| staff.iter().find(|s| s.practitioner_id == id))
        .map(|s| json!({ "ho_ten": s.name, "chuc_danh": s.position, "chuc_vu": s.position }))
        .collect();
    let review = Review {
        held_at: ctx.now,
        place: &place,
        chair: chair.practitioner_id,
        clerk: clerk.practitioner_id,
        members: Value::Array(members.clone()),
        reception: &reception,
        diagnosis: &diagnosis,
        treatment: &treatment,
        care: &care,
        conclusion: &conclusion,
    };
    if !leaving::insert_review(tx, stay.encounter(), &review).await? {
        return Ok(());
    }
    let plan_json = plan.map(|p| json!({
        "tu_vong_luc": paper::clock(p.leave_at),
        "nguyen_nhan_tu_vong": p.death_cause,
        "ma_icd": p.diagnoses.0.first().map(|d| d.code.clone()),
        "chan_doan": p.diagnoses.0.iter().map(|d| format!("{} ({})", d.name, d.code)).collect::<Vec<_>>().join("; "),
        "tom_tat_dien_bien_benh_qua_trinh_dieu": p.course,
    }));
    let data = json!({
        "hom_nay": paper::clock(ctx.now),
        "chung_toi_gom": members,
        "hop_tai": if place.is_empty() { stay.ward_name.clone() } else { place.clone() },
        "chu_toa": chair.name,
        "thu_ky": clerk.name,
        "vao_vien_luc": paper::clock(stay.admitted_at),
        "tai_khoa": stay.ward_name,
        "tinh_trang_luc_vao_vien": format!("{}. {}", stay.reason, stay.admit_diagnosis),
        "tiep_don_nguoi_benh": reception,
        "tham_kham_va_chan_doan_benh_nguyen_nhan": diagnosis,
        "dieu_tri": treatment,
        "cham_soc": care,
        "ket_luan": conclusion,
    });
    paper::write(ctx, tx, stay, "47/BV2", "", paper::joined(data, plan_json.unwrap_or(Value::Null))).await?;
    tx.audit("review", "death", stay.encounter_id, Some(stay.patient()), Value::Null);
    Ok(())
}

