//! What our messages mean: HL7's segments on one side, the house's commands on the other. The only place where HL7's field
//! numbers stand.

use crate::message::{Field, Message, Segment};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use exchange::command::{Admit, Coded, Command, Content, Diagnosis, Discharge, Document, Report, Subject, Transfer, Undo, Value};
use web::ask::Sensitivity;

/// Why a message cannot be taken, with HL7's own code (table 0357) and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `AE` (repair the content) or `AR` (we do not take such messages).
    pub answer: &'static str,
    pub code: &'static str,
    /// `PID^1^3`, or "".
    pub place: String,
    pub words: String,
    pub words_en: String,
}

impl Refusal {
    fn missing(place: &str, what: &str, what_en: &str) -> Refusal {
        Refusal {
            answer: "AE",
            code: "101",
            place: place.to_owned(),
            words: format!("Thiếu {what}. Bổ sung ở bên gửi rồi gửi lại với số mới."),
            words_en: format!("Required: {what_en}"),
        }
    }
    fn wrong(place: &str, words: String, words_en: String) -> Refusal {
        Refusal { answer: "AE", code: "102", place: place.to_owned(), words, words_en }
    }
}

/// The kinds that are taken, e.g. `ADT^A01`.
pub const KINDS: [&str; 12] = [
    "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A08", "ADT^A11", "ADT^A13", "ADT^A28", "ADT^A31", "ORU^R01", "MDM^T02", "MDM^T08",
];

/// Reads what a message says, with when it was made.
pub fn read(message: &Message) -> Result<(Content, Option<DateTime<Utc>>), Refusal> {
    let kind = format!("{}^{}", message.get("MSH", 9, 1), message.get("MSH", 9, 2));
    if !KINDS.contains(&kind.as_str()) {
        return Err(Refusal {
            answer: "AR",
            code: "201",
            place: "MSH^1^9".into(),
            words: format!("Loại thông điệp {kind} không được nhận. Nhận {}.", KINDS.join(", ")),
            words_en: format!("Message type {kind} is not accepted here"),
        });
    }
    let version = message.get("MSH", 12, 1);
    if !version.is_empty() && !version.starts_with("2.") {
        return Err(Refusal {
            answer: "AR",
            code: "203",
            place: "MSH^1^12".into(),
            words: format!("Phiên bản {version} không được nhận. Gửi HL7 2.3 đến 2.9."),
            words_en: format!("Version {version} is not accepted; send 2.x"),
        });
    }
    let processing = message.get("MSH", 11, 1);
    if matches!(processing.as_str(), "D" | "T") {
        return Err(Refusal {
            answer: "AR",
            code: "202",
            place: "MSH^1^11".into(),
            words: "Thông điệp thử (MSH-11 khác P) không được ghi vào bệnh án thật.".into(),
            words_en: "Only processing id P is accepted".into(),
        });
    }
    let sent_at = time(&message.get("MSH", 7, 1));
    let subject = subject(message)?;
    let visit = visit(message);
    let needs_visit = || Refusal::missing("PV1^1^19", "số lượt điều trị (PV1-19)", "visit number in PV1-19");
    let must_visit = || if visit.is_empty() { Err(needs_visit()) } else { Ok(visit.clone()) };
    let happened = |own: String| time(&own).or_else(|| time(&message.get("EVN", 6, 1))).or_else(|| time(&message.get("EVN", 2, 1))).or(sent_at);
    let mut commands = Vec::new();
    match kind.as_str() {
        "ADT^A01" | "ADT^A04" => {
            commands.push(Command::Person);
            // An outpatient that is only registered need not have a visit yet.
            if kind == "ADT^A01" || (!visit.is_empty() && !message.get("PV1", 3, 1).is_empty()) {
                commands.push(Command::Admit(Admit {
                    visit: must_visit()?,
                    class: class(message, &kind),
                    ward: point_of_care(message)?,
                    doctor: doctor(message),
                    reason: reason(message),
                    at: happened(message.get("PV1", 44, 1)),
                }));
                commands.extend(diagnoses(message, &visit));
            }
        }
        "ADT^A02" => commands.push(Command::Transfer(Transfer { visit: must_visit()?, ward: point_of_care(message)?, at: happened(String::new()) })),
        "ADT^A03" => {
            let disposition = Coded::new(message.get("PV1", 36, 1), message.get("PV1", 36, 2));
            commands.extend(diagnoses(message, &visit));
            commands.push(Command::Discharge(Discharge { visit: must_visit()?, disposition, at: happened(message.get("PV1", 45, 1)) }));
        }
        "ADT^A11" | "ADT^A13" => {
            let what = if kind == "ADT^A11" { "admission" } else { "discharge" };
            commands.push(Command::Undo(Undo { visit: must_visit()?, what: what.into() }));
        }
        "ADT^A08" | "ADT^A28" | "ADT^A31" => commands.push(Command::Person),
        "ORU^R01" => commands.extend(reports(message, &visit)?),
        _ => commands.push(Command::Document(document(message, &visit)?)),
    }
    Ok((Content { subject, commands }, sent_at))
}

/// A time as HL7 writes it, Vietnamese where no zone stands behind it: `20261124`, `202611240815`, `20261124081500.123+0700`.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    let (stamp, zone) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let digits = stamp.split('.').next().unwrap_or("");
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let local = match digits.len() {
        8 => NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?.and_hms_opt(0, 0, 0)?,
        10 => NaiveDateTime::parse_from_str(&format!("{digits}0000"), "%Y%m%d%H%M%S").ok()?,
        12 => NaiveDateTime::parse_from_str(&format!("{digits}00"), "%Y%m%d%H%M%S").ok()?,
        14 => NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?,
        _ => return None,
    };
    let offset = match zone {
        Some(zone) => {
            let minutes: i32 = zone.get(1..3)?.parse::<i32>().ok()? * 60 + zone.get(3..5)?.parse::<i32>().ok()?;
            FixedOffset::east_opt(if zone.starts_with('-') { -minutes * 60 } else { minutes * 60 })?
        }
        None => base::dates::vietnam(),
    };
    Some(offset.from_local_datetime(&local).single()?.with_timezone(&Utc))
}

fn subject(message: &Message) -> Result<Subject, Refusal> {
    let Some(pid) = message.first("PID") else {
        return Err(Refusal::missing("PID", "đoạn PID về người bệnh", "segment PID"));
    };
    let mut subject = Subject {
        name: full_name(pid.repetitions(5).next()),
        birth: pid.get(7, 1),
        sex: match pid.get(8, 1).as_str() {
            "M" => "male",
            "F" => "female",
            "" => "",
            _ => "unknown",
        }
        .into(),
        address: address(pid),
        ethnic_code: pid.get(22, 1),
        ..Subject::default()
    };
    let phone = pid.repetitions(13).next();
    subject.phone = phone.map(|p| [p.component(1), p.component(12)].into_iter().find(|n| !n.is_empty()).unwrap_or_default()).unwrap_or_default();
    for id in pid.repetitions(3) {
        let value = id.component(1);
        let slot = match id.component(5).to_uppercase().as_str() {
            "NI" | "NNVNM" | "CCCD" | "NNVN" => &mut subject.cccd,
            "SS" | "SB" | "HC" | "NIIP" | "BHYT" => &mut subject.card_no,
            "MR" | "PI" | "PT" | "PN" | "" => &mut subject.record_no,
            _ => continue,
        };
        if slot.is_empty() {
            *slot = value;
        }
    }
    if subject.record_no.is_empty() {
        subject.record_no = pid.get(2, 1);
    }
    if subject.card_no.is_empty() {
        subject.card_no = message.get("IN1", 36, 1);
    }
    if let Some(nk1) = message.first("NK1") {
        subject.contact_name = full_name(nk1.repetitions(2).next());
        subject.contact_phone = nk1.get(5, 1);
        subject.contact_relation = match nk1.get(3, 1).as_str() {
            "MTH" => "mother",
            "FTH" => "father",
            "SPO" => "spouse",
            "CHD" => "child",
            "SIB" | "BRO" | "SIS" => "sibling",
            "GRP" => "grandparent",
            "GRD" => "guardian",
            _ => "other",
        }
        .into();
    }
    if subject.record_no.is_empty() && subject.cccd.is_empty() && subject.card_no.is_empty() && subject.name.is_empty() {
        return Err(Refusal::missing("PID^1^3", "mã người bệnh (PID-3)", "patient identifier in PID-3"));
    }
    Ok(subject)
}

/// A name in the order in which Vietnamese say it: family, middle, given.
fn full_name(name: Option<Field<'_>>) -> String {
    let Some(name) = name else { return String::new() };
    let parts = [name.component(1), name.component(3), name.component(2)];
    parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

fn address(pid: &Segment) -> String {
    let Some(address) = pid.repetitions(11).next() else { return String::new() };
    let parts = [1, 2, 9, 3, 4].map(|n| address.component(n));
    parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ").chars().take(200).collect()
}

fn visit(message: &Message) -> String {
    let own = message.get("PV1", 19, 1);
    if own.is_empty() { message.get("PID", 18, 1) } else { own }
}

fn class(message: &Message, kind: &str) -> String {
    let told = message.get("PV1", 2, 1);
    if !told.is_empty() {
        return told;
    }
    if kind == "ADT^A04" { "O".into() } else { "I".into() }
}

fn point_of_care(message: &Message) -> Result<Coded, Refusal> {
    let code = message.get("PV1", 3, 1);
    if code.is_empty() {
        return Err(Refusal::missing("PV1^1^3", "khoa, phòng (PV1-3)", "assigned location in PV1-3"));
    }
    Ok(Coded::new(code, message.get("PV1", 3, 9)))
}

fn doctor(message: &Message) -> Coded {
    let Some(pv1) = message.first("PV1") else { return Coded::default() };
    for field in [7, 17, 9] {
        if let Some(doctor) = pv1.repetitions(field).next().filter(|d| !d.is_empty()) {
            return Coded::new(doctor.component(1), person(&doctor));
        }
    }
    Coded::default()
}

/// The name of a member of staff in an XCN field.
fn person(field: &Field<'_>) -> String {
    let parts = [field.component(6), field.component(2), field.component(4), field.component(3)];
    parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

fn reason(message: &Message) -> String {
    let told = [message.get("PV2", 3, 2), message.get("PV2", 3, 1), message.get("DG1", 4, 1), message.get("DG1", 3, 2)];
    told.into_iter().find(|t| !t.is_empty()).unwrap_or_default()
}

fn diagnoses(message: &Message, visit: &str) -> Vec<Command> {
    message
        .all("DG1")
        .enumerate()
        .filter(|(_, dg1)| !dg1.get(3, 1).is_empty())
        .map(|(n, dg1)| {
            let text = [dg1.get(3, 2), dg1.get(4, 1)].into_iter().find(|t| !t.is_empty()).unwrap_or_default();
            let rank = dg1.get(15, 1);
            let code = Coded { code: dg1.get(3, 1), text, system: dg1.get(3, 3) };
            Command::Diagnosis(Diagnosis { visit: visit.to_owned(), code, is_main: rank == "1" || (rank.is_empty() && n == 0), at: time(&dg1.get(5, 1)) })
        })
        .collect()
}

/// Reports: one for each OBR with the OBX behind it; a paper inside an OBX is filed as a paper.
fn reports(message: &Message, visit: &str) -> Result<Vec<Command>, Refusal> {
    let mut commands: Vec<Command> = Vec::new();
    let mut report: Option<Report> = None;
    let mut count = 0;
    for segment in &message.segments {
        match segment.name.as_str() {
            "OBR" => {
                commands.extend(report.take().map(Command::Report));
                count += 1;
                let numbers = [segment.get(3, 1), segment.get(2, 1)];
                let number = numbers.into_iter().find(|n| !n.is_empty()).unwrap_or_else(|| format!("{}-{count}", message.get("MSH", 10, 1)));
                report = Some(Report {
                    visit: visit.to_owned(),
                    number,
                    service: Coded { code: segment.get(4, 1), text: segment.get(4, 2), system: segment.get(4, 3) },
                    kind: match segment.get(24, 1).as_str() {
                        "RAD" | "US" | "CT" | "MR" | "XRC" | "NMR" | "EN" => "imaging",
                        _ => "lab",
                    }
                    .into(),
                    author: segment.repetitions(32).next().map(|f| [person(&f), f.component(1).replace('&', " ")].into_iter().find(|n| !n.is_empty()).unwrap_or_default()).unwrap_or_default(),
                    at: time(&segment.get(22, 1)).or_else(|| time(&segment.get(7, 1))),
                    ..Report::default()
                });
            }
            "OBX" => {
                let at = format!("OBX^{}^5", segment.get(1, 1));
                let Some(open) = &mut report else {
                    return Err(Refusal::missing("OBR", "đoạn OBR trước OBX", "segment OBR before OBX"));
                };
                if matches!(segment.get(2, 1).as_str(), "ED" | "RP") {
                    let (media_type, content) = encapsulated(segment, &at)?;
                    let title = segment.get(3, 2);
                    commands.push(Command::Document(Document {
                        visit: visit.to_owned(),
                        number: format!("{}/{}", open.number, segment.get(1, 1)),
                        kind: Coded::new(segment.get(3, 1), title.clone()),
                        title: if title.is_empty() { open.service.text.clone() } else { title },
                        media_type,
                        content,
                        author: open.author.clone(),
                        at: open.at,
                        sensitivity: Sensitivity::Ordinary,
                    }));
                } else {
                    open.values.push(value(segment));
                }
            }
            "NTE" => {
                if let Some(open) = &mut report {
                    let note = segment.repetitions(3).map(|f| f.text()).collect::<Vec<_>>().join("\n");
                    if !note.is_empty() {
                        if !open.conclusion.is_empty() {
                            open.conclusion.push('\n');
                        }
                        open.conclusion.push_str(&note);
                    }
                }
            }
            _ => {}
        }
    }
    commands.extend(report.map(Command::Report));
    // A report that only carried papers has no page of its own.
    commands.retain(|c| !matches!(c, Command::Report(r) if r.values.is_empty() && r.conclusion.is_empty()));
    if commands.is_empty() {
        return Err(Refusal::missing("OBX", "kết quả (đoạn OBR, OBX)", "segments OBR and OBX"));
    }
    Ok(commands)
}

fn value(obx: &Segment) -> Value {
    let kind = obx.get(2, 1);
    let text = match kind.as_str() {
        "CE" | "CWE" | "CF" | "CNE" => obx.repetitions(5).map(|f| [f.component(2), f.component(1)].into_iter().find(|t| !t.is_empty()).unwrap_or_default()).collect::<Vec<_>>().join("\n"),
        "SN" => obx.repetitions(5).map(|f| (1..=4).map(|n| f.component(n)).collect::<String>()).collect::<Vec<_>>().join("\n"),
        _ => obx.repetitions(5).map(|f| f.text()).collect::<Vec<_>>().join("\n"),
    };
    Value {
        code: Coded { code: obx.get(3, 1), text: obx.get(3, 2), system: obx.get(3, 3) },
        sub: obx.get(4, 1),
        value: text,
        unit: obx.get(6, 1),
        range: obx.get(7, 1),
        flag: obx.get(8, 1),
        status: obx.get(11, 1),
        at: time(&obx.get(14, 1)),
    }
}

fn document(message: &Message, visit: &str) -> Result<Document, Refusal> {
    let Some(txa) = message.first("TXA") else {
        return Err(Refusal::missing("TXA", "đoạn TXA về tài liệu", "segment TXA"));
    };
    let mut text = String::new();
    let mut paper: Option<(String, Vec<u8>)> = None;
    let mut title = txa.get(25, 1);
    for obx in message.all("OBX") {
        let at = format!("OBX^{}^5", obx.get(1, 1));
        if title.is_empty() {
            title = obx.get(3, 2);
        }
        if matches!(obx.get(2, 1).as_str(), "ED" | "RP") {
            if paper.is_some() {
                return Err(Refusal::wrong(&at, "Một MDM chỉ mang một tệp. Gửi mỗi tệp một thông điệp.".into(), "Only one encapsulated document per message".into()));
            }
            paper = Some(encapsulated(obx, &at)?);
        } else {
            for part in obx.repetitions(5) {
                text.push_str(&part.text());
                text.push('\n');
            }
        }
    }
    let (media_type, content) = match paper {
        Some(paper) => paper,
        None if !text.trim().is_empty() => ("text/plain".to_owned(), text.into_bytes()),
        None => return Err(Refusal::missing("OBX^1^5", "nội dung tài liệu (OBX-5)", "document content in OBX-5")),
    };
    let author = txa.repetitions(9).next().or_else(|| txa.repetitions(5).next());
    Ok(Document {
        visit: visit.to_owned(),
        number: txa.get(12, 1),
        kind: Coded::new(txa.get(2, 1), txa.get(2, 2)),
        title,
        media_type,
        content,
        author: author.map(|a| person(&a)).unwrap_or_default(),
        at: time(&txa.get(4, 1)).or_else(|| time(&txa.get(6, 1))),
        sensitivity: match txa.get(18, 1).as_str() {
            "HIV" => Sensitivity::Hiv,
            "PSY" => Sensitivity::Mental,
            "SEX" | "SDV" => Sensitivity::Reproductive,
            _ => Sensitivity::Ordinary,
        },
    })
}

/// A file inside an OBX: its media type and bytes. Refuses what is not base64, and a PDF that is none.
fn encapsulated(obx: &Segment, at: &str) -> Result<(String, Vec<u8>), Refusal> {
    let field = obx.repetitions(5).next().filter(|f| !f.is_empty()).ok_or_else(|| Refusal::missing(at, "nội dung tệp (OBX-5)", "encapsulated data in OBX-5"))?;
    if obx.get(2, 1) == "RP" {
        return Err(Refusal::wrong(at, "Tệp ở ngoài (RP) không được nhận. Gửi nội dung tệp bằng kiểu ED, base64.".into(), "Reference pointers are not accepted; send ED".into()));
    }
    let kind = format!("{} {}", field.component(2), field.component(3)).to_lowercase();
    let data = field.raw_component(5);
    let content = match field.component(4).to_lowercase().as_str() {
        "base64" | "" => {
            let clean: Vec<u8> = data.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
            let clean = String::from_utf8_lossy(&clean).replace("\\.br\\", "").replace("\\X0D\\", "").replace("\\X0A\\", "");
            STANDARD.decode(clean.as_bytes()).map_err(|_| {
                Refusal::wrong(at, "Nội dung tệp không phải base64 đầy đủ, có thể bị cắt giữa chừng.".into(), "Data is not valid base64".into())
            })?
        }
        "a" | "ascii" => field.component(5).into_bytes(),
        other => {
            return Err(Refusal::wrong(at, format!("Cách mã hóa “{other}” không được nhận. Dùng Base64."), "Encoding must be Base64".into()));
        }
    };
    let media = [("pdf", "application/pdf"), ("jpeg", "image/jpeg"), ("jpg", "image/jpeg"), ("json", "application/fhir+json"), ("xml", "application/xml")];
    let media = media.iter().find(|(word, _)| kind.contains(word)).map_or("text/plain", |(_, media)| media);
    if media == "application/pdf" && !content.starts_with(b"%PDF") {
        return Err(Refusal::wrong(at, "Tệp khai là PDF nhưng nội dung không phải PDF.".into(), "Data is not a PDF".into()));
    }
    Ok((media.to_owned(), content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::parse;

    fn message(kind: &str, more: &str) -> Message {
        let text = format!(
            "MSH|^~\\&|HIS|84001|YBA|84001|20261124080000||{kind}|17|P|2.5||||||UNICODE UTF-8\rEVN||20261124075500\rPID|1||BN1^^^HIS^MR~084085012345^^^CCCD^NI||NGUYỄN^AN^VĂN||19850315|M|||12 Trần Phú^^Long Châu^Vĩnh Long||0900000001\r{more}"
        );
        parse(&text).unwrap()
    }

    #[test]
    fn an_admission_says_who_where_and_why() {
        let (content, _) = read(&message("ADT^A01", "PV1|1|I|K-NOI^101^02||||BS1^Lê^Vân^Thu||||||||||||L0001|||||||||||||||||||||||||20261124073000\rPV2|||^Ho sốt\rDG1|1||J18.9^Viêm phổi^I10\r")).unwrap();
        assert_eq!(content.subject.name, "NGUYỄN VĂN AN");
        assert_eq!(content.subject.record_no, "BN1");
        assert_eq!(content.subject.cccd, "084085012345");
        let Command::Admit(admit) = &content.commands[1] else { panic!() };
        assert_eq!((admit.visit.as_str(), admit.ward.code.as_str(), admit.class.as_str()), ("L0001", "K-NOI", "I"));
        assert_eq!(admit.doctor, Coded::new("BS1", "Lê Thu Vân"));
        assert_eq!(admit.reason, "Ho sốt");
        assert_eq!(admit.at.unwrap().to_rfc3339(), "2026-11-24T00:30:00+00:00");
        assert!(matches!(&content.commands[2], Command::Diagnosis(d) if d.is_main && d.code.code == "J18.9"));
    }

    #[test]
    fn what_is_missing_is_named_with_its_place() {
        for (kind, more, place) in [
            ("ADT^A01", "PV1|1|I|K-NOI\r", "PV1^1^19"),
            ("ADT^A01", "PV1|1|I|||||||||||||||||L1\r", "PV1^1^3"),
            ("ADT^A03", "", "PV1^1^19"),
            ("ORU^R01", "PV1|1|I|||||||||||||||||L1\r", "OBX"),
            ("ORU^R01", "OBX|1|NM|GLU||5\r", "OBR"),
            ("MDM^T02", "", "TXA"),
            ("MDM^T02", "TXA|1|TDT\r", "OBX^1^5"),
            ("MDM^T02", "TXA|1|TDT\rOBX|1|ED|X||^application^pdf^Base64^AAAA===\r", "OBX^1^5"),
            ("MDM^T02", "TXA|1|TDT\rOBX|1|ED|X||^application^pdf^Base64^QUJD\r", "OBX^1^5"),
        ] {
            let refused = read(&message(kind, more)).unwrap_err();
            assert_eq!((refused.place.as_str(), refused.answer), (place, "AE"), "{kind} {more}");
            assert!(refused.words_en.is_ascii());
        }
        assert_eq!(read(&message("SIU^S12", "")).unwrap_err().code, "201");
        assert_eq!(read(&parse("MSH|^~\\&|HIS|84001|||||ADT^A08|1|P|2.5\r").unwrap()).unwrap_err().place, "PID");
        assert_eq!(read(&parse("MSH|^~\\&|HIS|84001|||||ADT^A08|1|T|2.5\r").unwrap()).unwrap_err().code, "202");
        assert_eq!(read(&parse("MSH|^~\\&|HIS|84001|||||ADT^A08|1|P|3.0\r").unwrap()).unwrap_err().code, "203");
    }

    #[test]
    fn results_and_papers() {
        let oru = "PV1|1|I|||||||||||||||||L1\rOBR|1||XN77|SH^Sinh hóa máu|||20261124070000||||||||||||||||||F||||||||||BS9&Châu&Trí\rOBX|1|NM|GLU^Glucose^L||5.6|mmol/L|3.9-6.4|N|||F|||20261124071500\rOBX|2|CWE|HBS^HBsAg^L||NEG^Âm tính||||||F\rOBX|3|SN|CRP^CRP^L||<^5|mg/L|||||F\rNTE|1||Bình thường\rOBR|2||XQ1|XQ^X quang ngực\rOBX|1|ED|PDF^Phiếu X quang||^application^pdf^Base64^JVBERi0xLjc=\r";
        let (content, _) = read(&message("ORU^R01", oru)).unwrap();
        let Command::Report(report) = &content.commands[0] else { panic!() };
        assert_eq!(report.values.iter().map(|v| v.value.as_str()).collect::<Vec<_>>(), ["5.6", "Âm tính", "<5"]);
        assert_eq!((report.number.as_str(), report.conclusion.as_str()), ("XN77", "Bình thường"));
        let Command::Document(paper) = &content.commands[1] else { panic!("{:?}", content.commands[1]) };
        assert_eq!((paper.number.as_str(), paper.content.as_slice()), ("XQ1/1", &b"%PDF-1.7"[..]));
        let (content, _) = read(&message("MDM^T02", "PV1|1|I|||||||||||||||||L1\rTXA|1|TDT^Tờ điều trị||20261124080000|||||BS1^Lê^Vân|||TL55\rOBX|1|TX|||Dòng một\\.br\\Dòng hai\rOBX|2|TX|||Dòng ba\r")).unwrap();
        let Command::Document(paper) = &content.commands[0] else { panic!() };
        assert_eq!(String::from_utf8(paper.content.clone()).unwrap(), "Dòng một\nDòng hai\nDòng ba\n");
        assert_eq!((paper.number.as_str(), paper.author.as_str()), ("TL55", "Lê Vân"));
    }

    #[test]
    fn times_are_vietnamese_unless_they_say_otherwise() {
        for (text, utc) in [
            ("20261124", Some("2026-11-23T17:00:00+00:00")),
            ("202611240815", Some("2026-11-24T01:15:00+00:00")),
            ("20261124081500.5+0000", Some("2026-11-24T08:15:00+00:00")),
            ("20261124081500-0100", Some("2026-11-24T09:15:00+00:00")),
            ("20261332", None),
            ("hôm qua", None),
            ("", None),
            ("20261124+07", None),
        ] {
            assert_eq!(time(text).map(|t| t.to_rfc3339()).as_deref(), utc, "{text}");
        }
    }
}
