//! The papers of a bundle: documents with their bytes, and compositions as they came.

use super::{Item, Pile, coded, time};
use crate::dialect::sensitivity_of;
use crate::outcome::Issue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use exchange::command::{Command, Document};
use serde_json::Value;
use web::ask::Sensitivity;

/// Each paper as a command.
pub fn read(pile: &Pile<'_>, visit: &str, issues: &mut Vec<Issue>) -> Vec<Command> {
    let mut out = Vec::new();
    for item in pile.of("DocumentReference") {
        let contents = item.resource["content"].as_array().map_or(&[][..], Vec::as_slice);
        if contents.is_empty() {
            issues.push(Issue::error("required", "Tài liệu không có nội dung.").at(item.at("content")));
        }
        for (n, content) in contents.iter().enumerate() {
            attachment(pile, item, visit, &content["attachment"], &format!("content[{n}].attachment"), issues, &mut out);
        }
    }
    for item in pile.of("DiagnosticReport") {
        for (n, form) in item.resource["presentedForm"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate() {
            attachment(pile, item, visit, form, &format!("presentedForm[{n}]"), issues, &mut out);
        }
    }
    for item in pile.of("Composition") {
        let mut paper = paper(item, visit, issues);
        paper.media_type = "application/fhir+json".into();
        paper.content = item.resource.to_string().into_bytes();
        out.push(Command::Document(paper));
    }
    out
}

fn attachment(pile: &Pile<'_>, item: &Item<'_>, visit: &str, attachment: &Value, path: &str, issues: &mut Vec<Issue>, out: &mut Vec<Command>) {
    let mut paper = paper(item, visit, issues);
    let by_url = attachment["url"].as_str().map(|url| serde_json::json!({ "reference": url }));
    let binary = by_url.as_ref().and_then(|r| pile.target(r)).filter(|b| b.kind == "Binary").map(|b| b.resource);
    let data = attachment["data"].as_str().or_else(|| binary.and_then(|b| b["data"].as_str()));
    let Some(data) = data else {
        issues.push(Issue::error("required", "Tài liệu phải mang theo nội dung: attachment.data, hoặc url trỏ tới Binary trong Bundle.").at(item.at(path)));
        return;
    };
    let compact: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match STANDARD.decode(compact) {
        Ok(content) => paper.content = content,
        Err(_) => {
            issues.push(Issue::error("value", "Nội dung không phải base64.").at(item.at(&format!("{path}.data"))));
            return;
        }
    }
    let kind = attachment["contentType"].as_str().or_else(|| binary.and_then(|b| b["contentType"].as_str())).unwrap_or("");
    paper.media_type = kind.split(';').next().unwrap_or("").trim().to_owned();
    if paper.media_type.is_empty() {
        issues.push(Issue::error("required", "Tài liệu phải ghi contentType.").at(item.at(&format!("{path}.contentType"))));
    }
    if paper.title.is_empty() {
        paper.title = attachment["title"].as_str().unwrap_or("").to_owned();
    }
    out.push(Command::Document(paper));
}

fn paper(item: &Item<'_>, visit: &str, issues: &mut Vec<Issue>) -> Document {
    let r = item.resource;
    let kind = if item.kind == "DiagnosticReport" { coded(&r["code"], "service") } else { coded(&r["type"], "form") };
    let title = [&r["title"], &r["description"], &r["type"]["text"], &r["content"][0]["attachment"]["title"]].into_iter().find_map(Value::as_str);
    let author = [&r["author"][0]["display"], &r["performer"][0]["display"]].into_iter().find_map(Value::as_str);
    Document {
        visit: visit.to_owned(),
        number: item.number(),
        kind,
        title: title.unwrap_or("").to_owned(),
        author: author.unwrap_or("").to_owned(),
        at: time(&r["date"]).or_else(|| time(&r["issued"])),
        sensitivity: sensitivity(item, issues),
        ..Document::default()
    }
}

/// The most careful of the labels; a label that is not understood is refused, because guessing would let it out.
fn sensitivity(item: &Item<'_>, issues: &mut Vec<Issue>) -> Sensitivity {
    let labels = item.resource["meta"]["security"].as_array().into_iter().flatten();
    let own = item.resource["securityLabel"].as_array().into_iter().flatten().filter_map(|l| l["coding"].as_array()).flatten();
    let mut most = Sensitivity::Ordinary;
    for label in labels.chain(own) {
        let code = label["code"].as_str().unwrap_or("");
        match sensitivity_of(code).and_then(Sensitivity::from_key) {
            Some(said) => most = most.max(said),
            // How confidential in general: normal and below need no care of their own.
            None if matches!(code, "N" | "M" | "L" | "U" | "R" | "") => {}
            None => issues.push(Issue::error("code-invalid", format!("Nhãn bảo mật {code} chưa hiểu được.")).at(item.at("meta.security"))),
        }
    }
    most
}
