//! A report on screen and on paper: values with ranges, marks and the value before; what was corrected stands struck
//! through beside what holds now.

use super::who;
use crate::lab::range::Flag;
use crate::store::lab::report::{self, Of, Report, Value as Released};
use crate::store::lab::inbox;
use crate::store::{self, OnPaper};
use askama::Template;
use base::{EncounterId, PatientId, ReportId, show_date, show_time};
use serde_json::{Value, json};
use web::{Answer, App, Ctx, Failure, MadePaper, Path, Shell, Tx};

/// A value as tables show it.
pub(crate) struct Line {
    pub name: String,
    pub code: String,
    pub shown: String,
    pub was: String,
    pub unit: String,
    pub range: String,
    pub mark: &'static str,
    pub flag: &'static str,
    pub class: &'static str,
    pub previous: String,
    pub method: String,
    pub is_replaced: bool,
}

/// The values of one ordered service.
pub(crate) struct Group {
    pub service: String,
    pub lines: Vec<Line>,
}

pub(crate) fn class(flag: Flag) -> &'static str {
    if flag.is_critical() {
        "crit"
    } else if flag.is_abnormal() {
        "off"
    } else {
        ""
    }
}

/// Values grouped by the service that asked for them, in their order.
pub(crate) fn groups(values: &[Released]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for value in values {
        let line = Line {
            name: value.name.clone(),
            code: value.code.clone(),
            shown: value.shown.clone(),
            was: value.was.clone(),
            unit: value.unit.clone(),
            range: value.limits.shown(),
            mark: value.flag.mark(),
            flag: value.flag.name(),
            class: class(value.flag),
            previous: match value.previous_at {
                Some(at) if !value.previous_shown.is_empty() => format!("{} ({})", value.previous_shown, show_date(base::local_date(at))),
                _ => String::new(),
            },
            method: value.method.clone(),
            is_replaced: value.is_replaced,
        };
        match groups.last_mut() {
            Some(group) if group.service == value.service_name => group.lines.push(line),
            _ => groups.push(Group { service: value.service_name.clone(), lines: vec![line] }),
        }
    }
    groups
}

#[derive(Template)]
#[template(path = "lab-report.html")]
struct Page {
    shell: Shell,
    report: Report,
    person: OnPaper,
    who: String,
    groups: Vec<Group>,
    released: String,
    technical: String,
    is_waiting: bool,
    codes: String,
}

/// `GET /app/lab/reports/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<ReportId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (report, values, person) = whole(&mut tx, id).await?;
    let is_waiting = inbox::is_waiting(tx.conn(), ctx.facility(), id.0, ctx.actor.account.0).await?;
    tx.audit("read", "lab-report", id, Some(PatientId(report.patient_id)), Value::Null);
    tx.commit().await?;
    web::html(Page {
        shell: ctx.shell("Kết quả xét nghiệm", &[("F8", "Đã xem"), ("F9", "In phiếu")]),
        who: who(&person.sex, person.birth_date, ctx.today()),
        groups: groups(&values),
        released: moment(report.released_at),
        technical: moment(report.technical_at),
        codes: codes(&values),
        is_waiting,
        report,
        person,
    })
}

fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{} {}", show_date(base::local_date(at)), show_time(at))
}

/// The codes of the samples on a report.
fn codes(values: &[Released]) -> String {
    let mut codes: Vec<&str> = values.iter().map(|v| v.specimen_code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

async fn whole(tx: &mut Tx, id: ReportId) -> Result<(Report, Vec<Released>, OnPaper), Failure> {
    let facility = tx.facility();
    let report = report::find_report(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    let values = report::list_values(tx.conn(), facility, Of::Report(id), 500).await?;
    let person = store::get_on_paper(tx.conn(), facility, PatientId(report.patient_id)).await?;
    Ok((report, values, person))
}

/// `GET /app/lab/reports/{id}/paper`: the report as PDF.
pub async fn paper(ctx: Ctx, Path(id): Path<ReportId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let (patient, data) = sheet(&mut tx, id).await?;
    tx.audit("print", "lab-report", id, Some(patient), Value::Null);
    tx.commit().await?;
    let bytes = ctx.app.papers().render("lab-report", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, "ket-qua-xet-nghiem.pdf")
}

/// The facts of the paper under the paper's own names, and whose it is.
async fn sheet(tx: &mut Tx, id: ReportId) -> Result<(PatientId, Value), Failure> {
    let (facility, today) = (tx.facility(), base::local_date(tx.now));
    let (report, values, person) = whole(tx, id).await?;
    let encounter = EncounterId(report.encounter_id);
    let diagnoses = store::list_diagnoses(tx.conn(), facility, encounter).await?;
    let orders = store::list_of_visit(tx.conn(), facility, encounter).await?;
    let ordered = orders.iter().find(|order| report.order_ids.contains(&order.id.0));
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", today).await?;
    let patient = PatientId(report.patient_id);
    Ok((patient, json!({
        "head": ours.paper_head(official.as_deref()),
        "title": if report.corrects.is_some() { "PHIẾU KẾT QUẢ XÉT NGHIỆM (BẢN SỬA)" } else { "PHIẾU KẾT QUẢ XÉT NGHIỆM" },
        "code": codes(&values).split(", ").next().unwrap_or(""),
        "samples": codes(&values),
        "patient": {
            "name": person.name,
            "record_no": person.record_no,
            "sex": person.sex,
            "birth_date": person.birth_date,
            "age": base::Age::on(person.birth_date, today).to_string(),
            "phone": person.phone,
            "address": person.address_text,
        },
        "diagnoses": diagnoses.iter().map(|(code, name)| json!({ "code": code, "name": name })).collect::<Vec<_>>(),
        "doctor": { "name": ordered.map_or("", |o| o.ordered_name.as_str()) },
        "ordered_at": ordered.and_then(|o| o.ordered_at),
        "collected_at": values.iter().map(|v| v.collected_at).min(),
        "groups": groups(&values).iter().map(|group| json!({
            "name": group.service,
            "rows": group.lines.iter().map(|line| json!({
                "name": line.name, "value": line.shown, "mark": line.mark, "flag": line.flag, "bold": !line.mark.is_empty(),
                "unit": line.unit, "range": line.range, "previous": line.previous, "was": line.was, "method": line.method,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "reason": report.reason,
        "replaced": report.corrected_by.is_some(),
        "technical": { "name": report.technical_name },
        "technical_at": report.technical_at,
        "released": { "name": report.released_name },
        "signed_at": report.released_at,
    })))
}

/// The report for the medical record; `None` when it is not one of the laboratory.
pub async fn for_record(app: &App, tx: &mut Tx, id: ReportId) -> Result<Option<MadePaper>, Failure> {
    let data = match sheet(tx, id).await {
        Ok((_, data)) => data,
        Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let groups = data["groups"].as_array().into_iter().flatten();
    let services: Vec<&str> = groups.filter_map(|group| group["name"].as_str()).collect();
    let title = if services.is_empty() { "Phiếu kết quả xét nghiệm".to_owned() } else { services.join(", ") };
    let pdf = app.papers().render("lab-report", data.clone()).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    Ok(Some(MadePaper { title, pdf, data }))
}
