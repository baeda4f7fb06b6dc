//! Reading a transaction bundle of another system: about one patient, every reference resolved inside the bundle, every
//! complaint with its place. The order of the entries says nothing; what happens first is done first.

mod clinical;
mod papers;
mod subject;

use crate::dialect::meaning_of;
use crate::outcome::Issue;
use exchange::command::{Coded, Command, Content};
use serde_json::Value;
use std::collections::HashMap;

/// The kinds that are taken in; what else a bundle holds serves only to be pointed at.
pub const TAKEN: [&str; 7] = ["Patient", "Encounter", "Condition", "Observation", "DiagnosticReport", "DocumentReference", "Composition"];
const POINTED_AT: [&str; 5] = ["Practitioner", "PractitionerRole", "Organization", "Location", "Binary"];

/// How deep FHIR may nest; real resources need a dozen levels.
const DEEPEST: usize = 40;
const MOST_ENTRIES: usize = 500;

/// A bundle that was understood.
#[derive(Debug)]
pub struct Read {
    /// The sender's number of the bundle; empty where it has none.
    pub number: String,
    pub sent_at: Option<chrono::DateTime<chrono::Utc>>,
    pub content: Content,
    /// What of it is not kept, for the answer.
    pub notes: Vec<Issue>,
    /// Kind and number or code of each entry, in the order of the bundle, to find what became of it.
    pub entries: Vec<Entry>,
}

/// What one entry was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: String,
    /// The number of a report or paper, the code of a diagnosis, report number and code of a value.
    pub key: String,
    pub method: String,
}

/// One entry while the bundle is read.
pub struct Item<'a> {
    pub index: usize,
    pub full_url: &'a str,
    pub kind: &'a str,
    pub resource: &'a Value,
}

impl Item<'_> {
    /// Where something of this entry stands.
    pub fn at(&self, path: &str) -> String {
        let dot = if path.is_empty() { "" } else { "." };
        format!("Bundle.entry[{}].resource{dot}{path}", self.index)
    }
    /// The entry's own number: its first identifier, else its address in the bundle, else its id.
    pub fn number(&self) -> String {
        let first = &self.resource["identifier"];
        let first = if first.is_array() { &first[0]["value"] } else { &first["value"] };
        let master = &self.resource["masterIdentifier"]["value"];
        [master, first, &self.resource["id"]].into_iter().find_map(Value::as_str).unwrap_or(self.full_url).to_owned()
    }
}

/// All entries, and what each address means.
pub struct Pile<'a> {
    pub items: Vec<Item<'a>>,
    by_url: HashMap<String, usize>,
}

impl<'a> Pile<'a> {
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &Item<'a>> {
        self.items.iter().filter(move |item| item.kind == kind)
    }
    /// The entry that a reference means, if it is in the bundle.
    pub fn target(&self, reference: &Value) -> Option<&Item<'a>> {
        let text = reference["reference"].as_str()?;
        self.by_url.get(text).map(|n| &self.items[*n])
    }
}

/// Reads a bundle, or says everything that is wrong with it at once.
pub fn read(bundle: &Value) -> Result<Read, Vec<Issue>> {
    let wrong = |code, text: &str, at: &str| vec![Issue::error(code, text).at(at)];
    if depth(bundle) > DEEPEST {
        return Err(wrong("too-costly", "Nội dung lồng quá sâu (tối đa 40 tầng).", "Bundle"));
    }
    if bundle["resourceType"] != "Bundle" {
        return Err(wrong("structure", "Địa chỉ này chỉ nhận tài nguyên Bundle.", "resourceType"));
    }
    if bundle["type"] != "transaction" {
        return Err(wrong("not-supported", "Bundle.type phải là transaction.", "Bundle.type"));
    }
    let Some(entries) = bundle["entry"].as_array().filter(|e| !e.is_empty()) else {
        return Err(wrong("required", "Bundle không có mục nào.", "Bundle.entry"));
    };
    if entries.len() > MOST_ENTRIES {
        return Err(wrong("too-costly", "Một Bundle chứa tối đa 500 mục. Chia nhỏ rồi gửi lại.", "Bundle.entry"));
    }
    let mut issues = Vec::new();
    let pile = pile(entries, &mut issues);
    check_references(&pile, &mut issues);
    let mut notes = Vec::new();
    let content = subject::read(&pile, &mut issues).map(|subject| {
        let visit = clinical::visit(&pile);
        let mut commands = vec![Command::Person];
        commands.extend(clinical::read(&pile, &visit, &mut issues, &mut notes));
        commands.extend(papers::read(&pile, &visit, &mut issues));
        commands.sort_by_cached_key(rank);
        Content { subject, commands }
    });
    let has_error = issues.iter().any(|i| i.severity == "error");
    let (Some(content), false) = (content, has_error) else { return Err(issues) };
    let entries = pile.items.iter().map(|item| entry(&pile, item, entries)).collect();
    let identifier = &bundle["identifier"];
    let number = match (identifier["system"].as_str().unwrap_or(""), identifier["value"].as_str().unwrap_or("")) {
        (_, "") => String::new(),
        ("", value) => value.to_owned(),
        (system, value) => format!("{system}|{value}"),
    };
    Ok(Read { number, sent_at: time(&bundle["timestamp"]), content, notes, entries })
}

/// Admission first, then diagnoses, results and papers, the end last; among equals by their own numbers.
fn rank(command: &Command) -> (u8, String) {
    match command {
        Command::Person => (0, String::new()),
        Command::Admit(_) => (1, String::new()),
        Command::Transfer(t) => (2, t.at.map(|at| at.to_rfc3339()).unwrap_or_default()),
        Command::Diagnosis(d) => (3, format!("{}{}", u8::from(!d.is_main), d.code.code)),
        Command::Report(r) => (4, r.number.clone()),
        Command::Document(d) => (5, d.number.clone()),
        Command::Undo(_) => (6, String::new()),
        Command::Discharge(_) => (7, String::new()),
    }
}

fn pile<'a>(entries: &'a [Value], issues: &mut Vec<Issue>) -> Pile<'a> {
    let mut items = Vec::with_capacity(entries.len());
    let mut by_url = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let resource = &entry["resource"];
        let kind = resource["resourceType"].as_str().unwrap_or("");
        let full_url = entry["fullUrl"].as_str().unwrap_or("");
        let item = Item { index, full_url, kind, resource };
        if !resource.is_object() || kind.is_empty() {
            issues.push(Issue::error("structure", "Mục không có tài nguyên.").at(format!("Bundle.entry[{index}].resource")));
        } else if !TAKEN.contains(&kind) && !POINTED_AT.contains(&kind) {
            let text = format!("Chưa nhận tài nguyên {kind}. Nhận: {}.", TAKEN.join(", "));
            issues.push(Issue::error("not-supported", text).at(item.at("")));
        }
        let method = entry["request"]["method"].as_str().unwrap_or("");
        if !matches!(method, "POST" | "PUT") {
            issues.push(Issue::error("not-supported", "request.method phải là POST hoặc PUT.").at(format!("Bundle.entry[{index}].request.method")));
        }
        let mut names = Vec::new();
        if !full_url.is_empty() {
            names.push(full_url.to_owned());
        }
        if let Some(id) = resource["id"].as_str().filter(|_| !full_url.starts_with("urn:")) {
            names.push(format!("{kind}/{id}"));
        }
        // "Patient?identifier=…" names the entry that is created under that condition.
        if let Some(condition) = entry["request"]["ifNoneExist"].as_str() {
            names.push(format!("{kind}?{condition}"));
        }
        for name in names {
            if by_url.insert(name.clone(), items.len()).is_some_and(|other| other != items.len()) {
                issues.push(Issue::error("duplicate", format!("Hai mục cùng địa chỉ {name}.")).at(format!("Bundle.entry[{index}].fullUrl")));
            }
        }
        items.push(item);
    }
    Pile { items, by_url }
}

/// Every reference into the bundle leads somewhere, and those to patient and encounter lead to one.
fn check_references(pile: &Pile<'_>, issues: &mut Vec<Issue>) {
    for item in &pile.items {
        let mut found = Vec::new();
        walk(item.resource, &item.at(""), &mut found);
        for (path, text) in found {
            let target = pile.by_url.get(text).map(|n| pile.items[*n].kind);
            let wanted = match path.rsplit('.').nth(1).unwrap_or("") {
                "subject" | "patient" => Some("Patient"),
                "encounter" | "encounter[0]" => Some("Encounter"),
                _ => None,
            };
            let is_inside = text.starts_with("urn:") || TAKEN.iter().any(|k| text.starts_with(&format!("{k}/")));
            match target {
                None if is_inside => issues.push(Issue::error("not-found", format!("Tham chiếu {text} không có trong Bundle.")).at(path)),
                Some(kind) if wanted.is_some_and(|w| w != kind) => {
                    issues.push(Issue::error("value", format!("Tham chiếu {text} trỏ tới {kind}, cần {}.", wanted.unwrap_or(""))).at(path));
                }
                _ => {}
            }
        }
    }
}

fn walk<'a>(value: &'a Value, at: &str, into: &mut Vec<(String, &'a str)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    // "#…" points into the resource itself.
                    Value::String(text) if key == "reference" && !text.starts_with('#') => into.push((format!("{at}.reference"), text)),
                    _ => walk(value, &format!("{at}.{key}"), into),
                }
            }
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(n, v)| walk(v, &format!("{at}[{n}]"), into)),
        _ => {}
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn entry(pile: &Pile<'_>, item: &Item<'_>, entries: &[Value]) -> Entry {
    let key = match item.kind {
        "Condition" => coded(&item.resource["code"], "icd10").code,
        // A value lies under the number of the report that holds it.
        "Observation" => {
            let holds = |r: &&Item<'_>| r.resource["result"].as_array().is_some_and(|all| all.iter().any(|v| pile.target(v).is_some_and(|t| t.index == item.index)));
            let number = pile.of("DiagnosticReport").find(holds).map_or_else(|| item.number(), Item::number);
            let own = if clinical::has_value(item.resource) { &item.resource["code"] } else { &item.resource["component"][0]["code"] };
            let code = coded(own, "loinc");
            format!("{number}/{}", if code.code.is_empty() { code.text } else { code.code })
        }
        _ => item.number(),
    };
    let method = entries[item.index]["request"]["method"].as_str().unwrap_or("").to_owned();
    Entry { kind: item.kind.to_owned(), key, method }
}

/// A time with its zone, or nothing; a day is midnight in Vietnam.
pub fn time(value: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    let text = value.as_str()?;
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    crate::search::span(text).ok()?.from
}

/// The coding of a concept: the one of the wanted system (a key of the dialect table), else the first.
pub fn coded(concept: &Value, system: &str) -> Coded {
    let all = concept["coding"].as_array().map_or(&[][..], Vec::as_slice);
    let wanted = crate::dialect::rows("cs", system);
    let best = all.iter().find(|c| wanted.iter().any(|w| c["system"] == w.uri)).or(all.first());
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let words = [text(&concept["text"]), best.map(|c| text(&c["display"])).unwrap_or_default()].into_iter().find(|t| !t.is_empty()).unwrap_or_default();
    match best {
        Some(coding) => Coded { code: text(&coding["code"]), text: words, system: text(&coding["system"]) },
        None => Coded { code: String::new(), text: words, system: String::new() },
    }
}

/// The number of this kind among identifiers.
pub fn number_of(identifiers: &Value, kind: &str) -> Option<String> {
    let all = identifiers.as_array().map_or(&[][..], Vec::as_slice);
    all.iter().find(|i| i["system"].as_str().and_then(meaning_of) == Some(kind)).and_then(|i| i["value"].as_str()).map(str::to_owned)
}
