//! The acknowledgement: what became of a message, in words for the program (MSA), the administrator (ERR-7, English) and
//! the person at the other screen (ERR-8, Vietnamese).

use crate::charset::plain;
use crate::message::{Head, Segment};
use chrono::{DateTime, Utc};

/// What is answered.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// `AA` (kept), `AE` (repair and send anew) or `AR` (not taken here).
    pub code: &'static str,
    /// Table 0357, e.g. `101`; "" where there is nothing to complain about.
    pub error: &'static str,
    /// `PID^1^3`, or "".
    pub place: String,
    pub words: String,
    pub words_en: String,
    /// The number of this answer.
    pub id: String,
}

fn error_text(code: &str) -> &'static str {
    match code {
        "100" => "Segment sequence error",
        "101" => "Required field missing",
        "102" => "Data type error",
        "103" => "Table value not found",
        "200" => "Unsupported message type",
        "201" => "Unsupported event code",
        "202" => "Unsupported processing id",
        "203" => "Unsupported version id",
        "204" => "Unknown key identifier",
        "205" => "Duplicate key identifier",
        _ => "Application internal error",
    }
}

/// The answer to a message as far as its head could be read, in its version; in its character set when that is UTF-8,
/// otherwise without marks.
pub fn write(head: &Head, answer: &Answer, now: DateTime<Utc>) -> Vec<u8> {
    let declared = head.charset.to_ascii_uppercase();
    let is_utf8 = declared.is_empty() || declared.contains("UTF-8") || declared.contains("UTF8");
    let stamp = base::dates::local_time(now).format("%Y%m%d%H%M%S%z").to_string();
    let version = if head.version.starts_with("2.") { head.version.as_str() } else { "2.5" };
    let kind: &[&str] = if head.trigger.is_empty() { &["ACK"] } else { &["ACK", &head.trigger, "ACK"] };
    let us = if head.receiving_application.is_empty() { "YBA" } else { &head.receiving_application };
    let mut lines = vec![
        Segment::new("MSH")
            .set(3, us)
            .set(4, &head.receiving_facility)
            .set(5, &head.application)
            .set(6, &head.facility)
            .set(7, &stamp)
            .with(9, &[kind])
            .set(10, &answer.id)
            .set(11, "P")
            .set(12, version)
            .set(18, if is_utf8 { "UNICODE UTF-8" } else { "ASCII" }),
        Segment::new("MSA").set(1, answer.code).set(2, &head.control_id).set(3, &answer.words_en),
    ];
    if !answer.error.is_empty() {
        let place: Vec<&str> = answer.place.split('^').collect();
        lines.push(
            Segment::new("ERR")
                .with(2, &[&place])
                .with(3, &[&[answer.error, error_text(answer.error), "HL70357"]])
                .set(4, "E")
                .set(7, &answer.words_en)
                .set(8, &answer.words),
        );
    } else if !answer.words.is_empty() {
        lines.push(Segment::new("NTE").set(1, "1").set(3, &answer.words));
    }
    let text: String = lines.iter().map(|l| format!("{l}\r")).collect();
    if is_utf8 { text.into_bytes() } else { plain(&text).into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::parse;

    #[test]
    fn an_answer_can_be_read_by_whoever_asked() {
        let head = Head { application: "HIS|1".into(), control_id: "7".into(), trigger: "A01".into(), version: "2.3".into(), ..Head::default() };
        let answer = Answer {
            code: "AE",
            error: "101",
            place: "PID^1^3".into(),
            words: "Thiếu mã người bệnh (PID-3) & tên.".into(),
            words_en: "Required: PID-3".into(),
            id: "x1".into(),
        };
        let now = "2026-11-24T01:00:00Z".parse().unwrap();
        let message = parse(std::str::from_utf8(&write(&head, &answer, now)).unwrap()).unwrap();
        assert_eq!(message.get("MSA", 1, 1), "AE");
        assert_eq!(message.get("MSA", 2, 1), "7");
        assert_eq!(message.get("MSH", 5, 1), "HIS|1");
        assert_eq!(message.get("ERR", 3, 1), "101");
        assert_eq!(message.get("ERR", 8, 1), answer.words);
        let old = write(&Head { charset: "8859/1".into(), ..head }, &answer, now);
        assert!(old.is_ascii() && String::from_utf8(old).unwrap().contains("Thieu ma nguoi benh"));
    }
}
