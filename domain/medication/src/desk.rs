//! The prescriber's desk: what pages and programs do alike with a draft — gather and check it, add lines, issue it,
//! replace it, cancel it. Decisions lie in the rules; here they meet the rows.

use crate::dose::Milli;
use crate::law::{self, LineFacts, Sheet};
use crate::line::{Line, mg_per_unit};
use crate::prescription::{Step, after};
use crate::safety::{self, Allergy, Case, Finding, Severity, Taken};
use crate::store::{self, Details, HomeMedicine, OpenDraft, Prescription, Visit};
use crate::{code, prescription};
use base::event::DrugIssued;
use base::{Age, Event, PrescriptionId, Problem, Problems};
use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Ctx, Failure, Tx};

/// All findings about a draft, with what the person still has at home. Nothing is looked up for an empty draft.
pub async fn findings(ctx: &Ctx, tx: &mut Tx, visit: &Visit, draft: Option<&Prescription>, typed: Option<&Line>) -> Result<Vec<Finding>, sqlx::Error> {
    let lines = draft.map_or(&[][..], |d| &d.lines);
    if lines.is_empty() && typed.is_none() {
        return Ok(Vec::new());
    }
    let facility = ctx.facility();
    let home = store::home_medicines(tx.conn(), facility, visit.patient, visit.encounter, visit.day).await?;
    let mut taken: Vec<Taken> = lines.iter().map(|(id, line)| taken(*id, line)).collect();
    taken.extend(typed.map(|line| self::taken(Uuid::nil(), line)));
    taken.extend(home.into_iter().map(taken_at_home));
    let ingredients: Vec<&str> = taken.iter().map(|t| t.ingredient.as_str()).collect();
    let allergies: Vec<Allergy> = visit
        .allergies
        .iter()
        .map(|a| Allergy { substance: a.substance.clone(), is_class: a.kind == "drug_class", reaction: a.reaction.clone() })
        .collect();
    // The class chosen from the catalogue decides; free words are read as well as they can be.
    let named: Vec<&str> =
        visit.allergies.iter().map(|a| a.class_name.as_deref().unwrap_or_else(|| safety::class_word(&a.substance))).collect();
    let known = safety::known::ask(tx.conn(), visit.catalogues, &ingredients, &named).await?;
    let mut findings = safety::check(&Case {
        taken,
        allergies,
        allergies_were_asked: visit.allergy_state != "not_asked",
        age: Some(Age::on(visit.birth_date, visit.day)),
        is_female: visit.sex == "female",
        is_pregnant: visit.is_pregnant,
        is_breast_feeding: visit.is_breast_feeding,
        weight_g: draft.and_then(|d| d.weight_g).or(visit.weight_g).map(i64::from),
        interactions: known.interactions,
        allergy_matches: known.allergy_matches,
        facts: known.facts,
        max_doses: known.max_doses,
        overruled: Vec::new(),
    });
    // Reasons are looked for only where something was found.
    if let Some(draft) = draft.filter(|_| !findings.is_empty()) {
        safety::overrule(&mut findings, &store::overrides(tx.conn(), facility, draft.id).await?);
    }
    Ok(findings)
}

fn taken(id: Uuid, line: &Line) -> Taken {
    let unit = line.dose.phases.first().and_then(|p| p.unit);
    let per_unit = unit.and_then(|unit| mg_per_unit(&line.drug.strength, unit));
    let most = line.dose.most_in_a_day().zip(per_unit);
    Taken {
        line: Some(id),
        name: line.drug.short_name(),
        ingredient: line.drug.ingredient_text().to_owned(),
        route: line.drug.route.clone(),
        is_free_text: line.drug.id.is_none(),
        most_mg_per_day: most.map(|(units, mg)| (units.0 as f64 / 1000.0) * (mg.0 as f64 / 1000.0)),
        days: line.dose.total_days().unwrap_or(1),
        home: None,
    }
}

fn taken_at_home(medicine: HomeMedicine) -> Taken {
    let drug = crate::line::DrugOnLine {
        ingredient: medicine.ingredient,
        brand: medicine.brand,
        strength: medicine.strength,
        ..Default::default()
    };
    Taken {
        line: None,
        name: drug.short_name(),
        ingredient: drug.ingredient_text().to_owned(),
        route: medicine.route,
        home: Some(medicine.home),
        ..Taken::default()
    }
}

/// The draft of a visit that may be worked on, or the refusal.
pub async fn open_draft(tx: &mut Tx, visit: &Visit) -> Result<PrescriptionId, Failure> {
    Ok(begin(tx, visit, &Details::default(), Uuid::nil()).await?.id)
}

/// The same with details for a draft that begins now, and with word about a line that may be there already.
pub async fn begin(tx: &mut Tx, visit: &Visit, details: &Details, line: Uuid) -> Result<OpenDraft, Failure> {
    if !visit.is_open {
        return Err(Problem::of("Lượt khám đã hủy, không kê đơn được nữa.").into());
    }
    Ok(store::open_draft(tx, visit, PrescriptionId::new(), details, line).await?)
}

/// Issues a draft as it stands: rules, code, paper facts, events and audit in one transaction. Gives the prescription
/// as issued, or nothing when it was issued already. `standing` is the prescription in force of this visit. Refuses
/// what [`law::check`] refuses, and every contraindication or allergy without a recorded reason.
pub async fn issue(ctx: &Ctx, tx: &mut Tx, visit: &Visit, draft: &Prescription, standing: Option<&(PrescriptionId, String)>) -> Result<Result<Option<Prescription>, Problems>, Failure> {
    let facility = ctx.facility();
    if draft.status == prescription::Status::Issued {
        return Ok(Ok(None));
    }
    if let Err(problem) = after(draft.status, Step::Issue) {
        return Ok(Err(problem.into()));
    }
    let today = ctx.today();
    let figures = safety::known::figures(tx.conn(), visit.catalogues, today).await?;
    let mut problems = law::check(&sheet(visit, draft), &figures, today);
    if let Some((_, code)) = standing.filter(|(id, _)| draft.replaces != Some(*id)) {
        problems.add("", format!("Lượt khám này đã có đơn {code}. Mỗi lượt khám một đơn: lập đơn thay thế."));
    }
    let findings = findings(ctx, tx, visit, Some(draft), None).await?;
    for finding in findings.iter().filter(|f| f.is_open_block()) {
        problems.add("", format!("{}. Bỏ thuốc hoặc ghi lý do vẫn dùng.", finding.claim));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", today).await?;
    let code = match code::mint(official.as_deref().unwrap_or_default(), &mut rand::rng()) {
        Ok(code) => code,
        Err(problems) => return Ok(Err(problems)),
    };
    if let Some((old, _)) = standing {
        if let Some(problem) = handed_over(tx, *old).await? {
            return Ok(Err(problem.into()));
        }
        store::end(tx, *old, prescription::Status::Replaced, &draft.replace_reason, ctx.now, ctx.actor.account.0).await?;
    }
    let prescriber = match ctx.actor.practitioner {
        Some(who) => store::prescriber(tx.conn(), facility, who.0).await?,
        None => None,
    };
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let issue = store::Issue {
        code: &code,
        practitioner: ctx.actor.practitioner.map(|p| p.0),
        prescriber: prescriber.unwrap_or_else(|| json!({ "name": &*ctx.actor.name })),
        on_paper: on_paper(visit, draft, ours.paper_head(official.as_deref()), today),
        valid_until: figures.valid_until(today),
        at: ctx.now,
        by: ctx.actor.account.0,
    };
    if !store::issue(tx, draft, &issue).await? {
        return Ok(Ok(None));
    }
    let issued = Prescription {
        status: prescription::Status::Issued,
        issued_at: Some(ctx.now),
        valid_until: issue.valid_until,
        code: code.clone(),
        ..draft.clone()
    };
    learn(ctx, tx, visit, draft).await?;
    tx.audit("issue", "prescription", draft.id, Some(visit.patient), json!({ "code": code, "lines": draft.lines.len(), "replaces": draft.replaces }));
    tx.emit(Event::PrescriptionIssued {
        encounter: visit.encounter,
        patient: visit.patient,
        prescription: draft.id,
        replaces: draft.replaces,
        lines: draft
            .lines
            .iter()
            .map(|(line, l)| DrugIssued { line: *line, drug: l.drug.id, quantity_milli: l.quantity.amount.0 })
            .collect(),
        day: visit.day,
    });
    tx.notify("prescriptions");
    Ok(Ok(Some(issued)))
}

/// The prescription in force among those of a visit.
pub fn standing(all: &[Prescription]) -> Option<(PrescriptionId, String)> {
    all.iter().find(|p| p.status == prescription::Status::Issued).map(|p| (p.id, p.code.clone()))
}

fn sheet(visit: &Visit, draft: &Prescription) -> Sheet {
    Sheet {
        lines: draft
            .lines
            .iter()
            .map(|(_, line)| LineFacts {
                name: line.drug.short_name(),
                days: line.dose.total_days(),
                controlled: line.drug.controlled.clone(),
                is_supplement: line.drug.is_supplement,
                quantity_milli: line.quantity.amount.0,
            })
            .collect(),
        has_diagnosis: !visit.diagnoses.is_empty(),
        has_listed_disease: visit.diagnoses.iter().any(|d| d.over_30_days),
        age: Some(Age::on(visit.birth_date, visit.day)),
        weight_g: draft.weight_g.or(visit.weight_g).map(i64::from),
        escort: draft.escort.clone(),
        follow_up_on: draft.follow_up_on,
    }
}

async fn learn(ctx: &Ctx, tx: &mut Tx, visit: &Visit, draft: &Prescription) -> Result<(), sqlx::Error> {
    let Some(who) = ctx.actor.practitioner else { return Ok(()) };
    let known: Vec<(Uuid, String)> = draft
        .lines
        .iter()
        .filter_map(|(_, l)| Some((l.drug.id?, crate::dose::aloud::read_aloud(&l.dose))))
        .filter(|(_, dose)| dose.len() <= 400)
        .collect();
    let (drugs, doses): (Vec<Uuid>, Vec<String>) = known.into_iter().unzip();
    store::learn(tx, who.0, &visit.habit_key(), &drugs, &doses, ctx.now).await
}

/// What the paper says of person and diagnoses, kept as it stood.
fn on_paper(visit: &Visit, draft: &Prescription, head: Value, today: NaiveDate) -> Value {
    let age = Age::on(visit.birth_date, today);
    let weight = draft.weight_g.or(visit.weight_g).map(kilograms).unwrap_or_default();
    json!({
        "head": head,
        "patient": {
            "name": visit.name,
            "record_no": visit.record_no,
            "sex": visit.sex,
            "birth_date": if visit.birth_year_only { json!(visit.birth_date.format("%Y").to_string()) } else { json!(visit.birth_date) },
            "age": age.to_string(),
            "personal_id": visit.cccd,
            "insurance_no": visit.insurance_no,
            "address": visit.address,
            "phone": visit.phone,
            "weight_kg": weight,
            "escort": draft.escort,
        },
        "diagnoses": visit.diagnoses.iter().enumerate()
            .map(|(n, d)| json!({ "code": d.code, "name": d.name, "main": n == 0 })).collect::<Vec<_>>(),
    })
}

/// `8,5` for 8500 g.
pub fn kilograms(grams: i32) -> String {
    let shown = Milli(i64::from(grams));
    if shown.0 < 1000 { format!("0,{:03}", grams).trim_end_matches('0').to_owned() } else { shown.to_string() }
}

/// Begins a prescription that replaces the issued one: a draft with the same lines and details. Pressed twice it is
/// the same draft. Refuses without a reason, and where nothing is issued.
pub async fn begin_replacing(ctx: &Ctx, tx: &mut Tx, visit: &Visit, old: &Prescription, reason: &str) -> Result<Result<(), Problems>, Failure> {
    if let Err(problem) = after(old.status, Step::Replace { reason }) {
        return Ok(Err(problem.into()));
    }
    if let Some(problem) = handed_over(tx, old.id).await? {
        return Ok(Err(problem.into()));
    }
    let draft = open_draft(tx, visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    if known.replaces == Some(old.id) {
        return Ok(Ok(()));
    }
    store::mark_replacing(tx, draft, old, reason).await?;
    if known.lines.is_empty() {
        let again: Vec<(Uuid, &Line)> = old.lines.iter().enumerate().map(|(n, (_, line))| (derived(draft.0, n), line)).collect();
        store::insert_lines(tx, draft, &again).await?;
    }
    tx.audit("begin-replacing", "prescription", old.id, Some(visit.patient), json!({ "draft": draft, "reason": reason.trim() }));
    Ok(Ok(()))
}

/// Medicines that the person holds keep their prescription: it is neither replaced nor cancelled before they came back.
async fn handed_over(tx: &mut Tx, issued: PrescriptionId) -> Result<Option<Problem>, Failure> {
    let is_held = store::given_of(tx, issued).await? > 0;
    let text = "Nhà thuốc đã phát thuốc theo đơn này. Nhờ nhà thuốc nhận lại thuốc, hoặc đánh dấu người bệnh không lấy thêm phần còn lại.";
    Ok(is_held.then(|| Problem::of(text)))
}

/// Cancels a draft or an issued prescription. A second time changes nothing.
pub async fn cancel(ctx: &Ctx, tx: &mut Tx, visit: &Visit, known: &Prescription, reason: &str) -> Result<Result<(), Problems>, Failure> {
    if known.status == prescription::Status::Cancelled {
        return Ok(Ok(()));
    }
    let to = match after(known.status, Step::Cancel { reason }) {
        Ok(to) => to,
        Err(problem) => return Ok(Err(problem.into())),
    };
    if let Some(problem) = handed_over(tx, known.id).await? {
        return Ok(Err(problem.into()));
    }
    store::end(tx, known.id, to, reason, ctx.now, ctx.actor.account.0).await?;
    tx.audit("cancel", "prescription", known.id, Some(visit.patient), json!({ "was": known.status.key(), "reason": reason.trim() }));
    if known.status == prescription::Status::Issued {
        tx.emit(Event::PrescriptionCancelled { encounter: visit.encounter, prescription: known.id });
        tx.notify("prescriptions");
    }
    Ok(Ok(()))
}

/// The n-th id that follows from one minted by the page, so that a repeated request makes the same lines.
pub fn derived(minted: Uuid, n: usize) -> Uuid {
    Uuid::from_u128(minted.as_u128().wrapping_add(n as u128 + 1))
}

/// Reads what was typed beside the lines. Refuses an unreadable date or weight, each at its field.
pub fn details(advice: &str, follow_up: &str, weight: &str, escort: &str) -> Result<Details, Problems> {
    let mut problems = Problems::none();
    let advice = advice.trim();
    problems.add_if(advice.chars().count() > 2000, "advice", "Lời dặn dài quá 2.000 ký tự. Rút ngắn lại.");
    let follow_up_on = match follow_up.trim() {
        "" => None,
        typed => {
            let day = base::parse_date_vi(typed);
            problems.add_if(day.is_none(), "follow_up", "Ngày chưa đúng. Ghi ngày/tháng/năm, ví dụ 29/11/2026.");
            day
        }
    };
    let weight_g = match weight.trim() {
        "" => None,
        typed => {
            let grams = Milli::parse(typed.trim_end_matches("kg").trim()).map(|m| m.0).filter(|g| (200..=400_000).contains(g));
            problems.add_if(grams.is_none(), "weight", "Cân nặng từ 0,2 đến 400 kg, ví dụ 8,5.");
            grams.map(|g| g as i32)
        }
    };
    let escort = escort.split_whitespace().collect::<Vec<_>>().join(" ");
    problems.add_if(escort.chars().count() > 100, "escort", "Họ tên dài quá 100 ký tự.");
    problems.or(Details { advice: advice.to_owned(), follow_up_on, weight_g, escort, no_substitution: false })
}

/// The gravest open state of the checks, for badges.
pub fn open_blocks(findings: &[Finding]) -> usize {
    findings.iter().filter(|f| f.severity == Severity::Blocks && f.overruled.is_none()).count()
}
