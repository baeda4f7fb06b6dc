//! Visits, diagnoses and results of a bundle.

use super::{Item, Pile, coded, number_of, time};
use crate::dialect::code;
use crate::outcome::Issue;
use exchange::command::{Admit, Coded, Command, Diagnosis, Discharge, Report, Transfer, Value as Measured};
use serde_json::Value;

/// The sender's number of the visit that the bundle is about; "" where it names none.
pub fn visit(pile: &Pile<'_>) -> String {
    if let Some(item) = pile.of("Encounter").next() {
        return number_of(&item.resource["identifier"], "visit").unwrap_or_else(|| item.number());
    }
    // "Encounter?identifier=system|number" speaks of a visit that was told before.
    pile.items.iter().find_map(|item| item.resource["encounter"]["reference"].as_str()?.strip_prefix("Encounter?identifier=").map(|v| v.rsplit('|').next().unwrap_or(v).to_owned())).unwrap_or_default()
}

/// What happened, as commands.
pub fn read(pile: &Pile<'_>, visit: &str, issues: &mut Vec<Issue>, notes: &mut Vec<Issue>) -> Vec<Command> {
    let mut out = Vec::new();
    let mut encounters = pile.of("Encounter");
    if let Some(item) = encounters.next() {
        stay(pile, item, visit, issues, &mut out);
        if let Some(second) = encounters.next() {
            issues.push(Issue::error("business-rule", "Một Bundle chỉ về một lượt khám hoặc đợt điều trị.").at(second.at("")));
        }
    }
    for item in pile.of("Condition") {
        let diagnosis = coded(&item.resource["code"], "icd10");
        if diagnosis.code.is_empty() {
            issues.push(Issue::error("required", "Chẩn đoán phải có mã ICD-10.").at(item.at("code.coding")));
            continue;
        }
        let at = time(&item.resource["recordedDate"]).or_else(|| time(&item.resource["onsetDateTime"]));
        out.push(Command::Diagnosis(Diagnosis { visit: visit.to_owned(), code: diagnosis, is_main: is_main(pile, item), at }));
    }
    reports(pile, visit, issues, notes, &mut out);
    out
}

fn stay(pile: &Pile<'_>, item: &Item<'_>, visit: &str, issues: &mut Vec<Issue>, out: &mut Vec<Command>) {
    let encounter = item.resource;
    let class = encounter["class"]["code"].as_str().unwrap_or("").to_owned();
    if class.is_empty() {
        issues.push(Issue::error("required", "Lượt phải có class (AMB, IMP hoặc EMER).").at(item.at("class.code")));
    }
    let (start, end) = (&encounter["period"]["start"], &encounter["period"]["end"]);
    for (path, value) in [("period.start", start), ("period.end", end)] {
        if !value.is_null() && time(value).is_none() {
            issues.push(Issue::error("value", "Thời điểm không đọc được; ghi như 2026-11-24T08:00:00+07:00.").at(item.at(path)));
        }
    }
    let locations = encounter["location"].as_array().map_or(&[][..], Vec::as_slice);
    let ward = locations.first().map(|l| place(pile, &l["location"])).unwrap_or_default();
    if ward.code.is_empty() {
        issues.push(Issue::error("required", "Lượt phải có khoa, phòng: location[0].location với identifier, hoặc trỏ tới Location trong Bundle.").at(item.at("location")));
    }
    let reason = encounter["reasonCode"][0]["text"].as_str().or(encounter["reasonCode"][0]["coding"][0]["display"].as_str()).unwrap_or("");
    out.push(Command::Admit(Admit {
        visit: visit.to_owned(),
        class,
        ward,
        doctor: place(pile, &encounter["participant"][0]["individual"]),
        reason: reason.to_owned(),
        at: time(start),
    }));
    for location in locations.iter().skip(1) {
        out.push(Command::Transfer(Transfer { visit: visit.to_owned(), ward: place(pile, &location["location"]), at: time(&location["period"]["start"]) }));
    }
    if encounter["status"] == "finished" {
        let disposition = coded(&encounter["hospitalization"]["dischargeDisposition"], "");
        out.push(Command::Discharge(Discharge { visit: visit.to_owned(), disposition, at: time(end) }));
    }
}

/// The sender's code of a room or a member of staff: an identifier in the reference, or of the entry that it points at.
fn place(pile: &Pile<'_>, reference: &Value) -> Coded {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let named = text(&reference["display"]);
    if let Some(code) = reference["identifier"]["value"].as_str() {
        return Coded::new(code, named);
    }
    if let Some(item) = pile.target(reference) {
        let name = &item.resource["name"];
        let name = if name.is_string() { text(name) } else { text(&name[0]["text"]) };
        return Coded::new(item.number(), name);
    }
    // "Location/K-NOI": the sender's id is its code.
    let code = reference["reference"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or("");
    Coded::new(code, named)
}

/// The main diagnosis: the visit says so, or there is only one.
fn is_main(pile: &Pile<'_>, item: &Item<'_>) -> bool {
    let uses = pile.of("Encounter").flat_map(|e| e.resource["diagnosis"].as_array().map_or(&[][..], Vec::as_slice));
    for diagnosis in uses {
        if pile.target(&diagnosis["condition"]).is_some_and(|c| c.index == item.index) {
            let role = diagnosis["use"]["coding"][0]["code"].as_str().unwrap_or("");
            return role == code("diagnosis.main") || (role != code("diagnosis.other") && diagnosis["rank"] == 1);
        }
    }
    pile.of("Condition").count() == 1
}

/// Reports with the values they point at; a value that no report holds is a report of its own.
fn reports(pile: &Pile<'_>, visit: &str, issues: &mut Vec<Issue>, notes: &mut Vec<Issue>, out: &mut Vec<Command>) {
    let mut held = vec![false; pile.items.len()];
    for item in pile.of("DiagnosticReport") {
        let report = item.resource;
        let mut values = Vec::new();
        for reference in report["result"].as_array().map_or(&[][..], Vec::as_slice) {
            if let Some(target) = pile.target(reference).filter(|t| t.kind == "Observation") {
                held[target.index] = true;
                values.extend(measured(target, issues));
            }
        }
        values.sort_by(|a, b| (&a.code.code, &a.sub).cmp(&(&b.code.code, &b.sub)));
        out.push(Command::Report(Report {
            visit: visit.to_owned(),
            number: item.number(),
            service: coded(&report["code"], "service"),
            kind: if is_imaging(report) { "imaging" } else { "lab" }.to_owned(),
            values,
            conclusion: report["conclusion"].as_str().unwrap_or("").to_owned(),
            author: author(&report["performer"][0]),
            at: time(&report["effectiveDateTime"]).or_else(|| time(&report["issued"])),
        }));
    }
    for item in pile.of("Observation").filter(|item| !held[item.index]) {
        let values = measured(item, issues);
        if values.is_empty() {
            notes.push(Issue::information("Quan sát không có giá trị nên không ghi.").at(item.at("value")));
            continue;
        }
        out.push(Command::Report(Report {
            visit: visit.to_owned(),
            number: item.number(),
            service: coded(&item.resource["code"], "loinc"),
            kind: "lab".to_owned(),
            at: values[0].at,
            author: author(&item.resource["performer"][0]),
            values,
            conclusion: String::new(),
        }));
    }
}

fn is_imaging(report: &Value) -> bool {
    let categories = report["category"].as_array().map_or(&[][..], Vec::as_slice);
    categories.iter().any(|c| c["coding"][0]["code"] == code("report.imaging"))
}

fn author(reference: &Value) -> String {
    reference["display"].as_str().unwrap_or("").to_owned()
}

/// The values of an observation: its own, or those of its components.
fn measured(item: &Item<'_>, issues: &mut Vec<Issue>) -> Vec<Measured> {
    let o = item.resource;
    let whole = coded(&o["code"], "loinc");
    if whole.code.is_empty() && whole.text.is_empty() {
        issues.push(Issue::error("required", "Quan sát phải có mã.").at(item.at("code")));
        return Vec::new();
    }
    let at = time(&o["effectiveDateTime"]).or_else(|| time(&o["issued"]));
    let status = match o["status"].as_str().unwrap_or("") {
        "preliminary" | "registered" => "P",
        "corrected" | "amended" => "C",
        _ => "F",
    };
    let mut out = Vec::new();
    let components = o["component"].as_array().map_or(&[][..], Vec::as_slice);
    for (n, part) in std::iter::once(o).chain(components).enumerate() {
        let Some((value, unit)) = said(part) else { continue };
        let mut code = coded(&part["code"], "loinc");
        if code.code.is_empty() {
            code.code = code.text.clone();
        }
        let flag = part["interpretation"][0]["coding"][0]["code"].as_str().unwrap_or("").to_owned();
        let sub = if n == 0 { String::new() } else { n.to_string() };
        out.push(Measured { code, sub, value, unit, range: range(&part["referenceRange"][0]), flag, status: status.to_owned(), at });
    }
    out
}

/// Whether an observation carries a value itself, not only in its components.
pub fn has_value(observation: &Value) -> bool {
    said(observation).is_some()
}

fn said(part: &Value) -> Option<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "có" } else { "không" }.to_owned()),
        _ => None,
    };
    let quantity = &part["valueQuantity"];
    if let Some(value) = text(&quantity["value"]) {
        let comparator = quantity["comparator"].as_str().unwrap_or("");
        let unit = quantity["unit"].as_str().or(quantity["code"].as_str()).unwrap_or("");
        return Some((format!("{comparator}{value}"), unit.to_owned()));
    }
    let concept = &part["valueCodeableConcept"];
    let plain = [&part["valueString"], &part["valueInteger"], &part["valueBoolean"], &part["valueDateTime"], &concept["text"], &concept["coding"][0]["display"], &concept["coding"][0]["code"]];
    plain.into_iter().find_map(text).map(|value| (value, String::new()))
}

fn range(range: &Value) -> String {
    if let Some(text) = range["text"].as_str() {
        return text.to_owned();
    }
    match (&range["low"]["value"], &range["high"]["value"]) {
        (Value::Null, Value::Null) => String::new(),
        (low, Value::Null) => format!(">= {low}"),
        (Value::Null, high) => format!("<= {high}"),
        (low, high) => format!("{low} - {high}"),
    }
}
