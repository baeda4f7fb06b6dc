//! What another system tells us, whatever language it speaks: one delivery is about one person and says what happened to
//! them, in order. HL7 v2 and FHIR both end here.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::ask::Sensitivity;

/// One message as it came through a door, read but not applied.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The row of the partner who sent it, from [`crate::partner::Partners`].
    pub partner: Uuid,
    pub door: Door,
    /// What kind of message, e.g. `"ADT^A01"`, `"Bundle/transaction"`; shown to people.
    pub kind: String,
    /// The sender's own number of this message (MSH-10, `Idempotency-Key` or `Bundle.identifier`): the same number with
    /// the same body is the same message.
    pub control_id: String,
    /// The bytes as they came.
    pub raw: Vec<u8>,
    /// When the sender made it, as far as it says.
    pub sent_at: Option<DateTime<Utc>>,
    pub content: Content,
}

/// The language of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    Hl7,
    Fhir,
}

impl Door {
    pub fn key(self) -> &'static str {
        match self {
            Door::Hl7 => "hl7",
            Door::Fhir => "fhir",
        }
    }
    pub fn from_key(key: &str) -> Option<Door> {
        [Door::Hl7, Door::Fhir].into_iter().find(|d| d.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Door::Hl7 => "HL7 v2",
            Door::Fhir => "FHIR",
        }
    }
}

/// What a message says: about whom, and what happened. Kept while the message waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub subject: Subject,
    /// In the order in which they are to be done.
    pub commands: Vec<Command>,
}

/// The person as the sender knows them. Everything may be empty; what is needed depends on whether we know the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The record number at the sender (PID-3 of type MR or PI, `Patient.identifier`): the person's name in every later
    /// message of this partner.
    pub record_no: String,
    pub cccd: String,
    /// Health-insurance card, any of its three forms.
    pub card_no: String,
    pub name: String,
    /// `1985-03-15`, or `1985` where only the year is known.
    pub birth: String,
    /// `"male"`, `"female"`, `"unknown"` or empty.
    pub sex: String,
    pub phone: String,
    pub address: String,
    pub commune_code: String,
    pub ethnic_code: String,
    pub contact_name: String,
    /// A key of `patient::demographics::RELATIONS`.
    pub contact_relation: String,
    pub contact_phone: String,
}

/// One thing that happened. Codes are the sender's; they are translated when the command is applied, so that a message
/// can be tried again after its code got a translation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// The demographics of [`Content::subject`] are news (ADT^A04, A08; a FHIR `Patient`).
    Person,
    /// A stay or a visit began.
    Admit(Admit),
    /// The stay goes on in another ward.
    Transfer(Transfer),
    /// The stay or visit ended.
    Discharge(Discharge),
    /// The admission was a mistake (A11), or the discharge was (A13): a person has to look.
    Undo(Undo),
    /// A paper of the record.
    Document(Document),
    /// A laboratory or imaging report, or a single observation.
    Report(Report),
    /// A diagnosis of the visit.
    Diagnosis(Diagnosis),
}

/// A stay or a visit began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Admit {
    /// The sender's number of the visit (PV1-19, `Encounter.identifier`).
    pub visit: String,
    /// The sender's code of the class (PV1-2): `I`, `O`, `E`, or FHIR's `IMP`, `AMB`, `EMER`.
    pub class: String,
    pub ward: Coded,
    pub doctor: Coded,
    pub reason: String,
    pub at: Option<DateTime<Utc>>,
}

/// A move to another ward.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfer {
    pub visit: String,
    pub ward: Coded,
    pub at: Option<DateTime<Utc>>,
}

/// The end of a stay or visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Discharge {
    pub visit: String,
    /// How the patient left and in what state (PV1-36, `Encounter.hospitalization.dischargeDisposition`).
    pub disposition: Coded,
    pub at: Option<DateTime<Utc>>,
}

/// What is taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Undo {
    pub visit: String,
    /// `"admission"` or `"discharge"`.
    pub what: String,
}

/// A paper of the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    pub visit: String,
    /// The sender's number of the paper (TXA-12, `DocumentReference.masterIdentifier`); with the content it makes the id.
    pub number: String,
    /// The sender's document type.
    pub kind: Coded,
    pub title: String,
    /// `application/pdf`, `text/plain`, `image/jpeg`, `application/fhir+json`, `application/xml`.
    pub media_type: String,
    #[serde(with = "as_base64")]
    pub content: Vec<u8>,
    pub author: String,
    pub at: Option<DateTime<Utc>>,
    pub sensitivity: Sensitivity,
}

/// A report with its values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub visit: String,
    /// The number of the order at the performer (OBR-3), or of the report.
    pub number: String,
    /// What was asked for (OBR-4, `DiagnosticReport.code`).
    pub service: Coded,
    /// `"lab"` or `"imaging"`.
    pub kind: String,
    pub values: Vec<Value>,
    /// The conclusion in words.
    pub conclusion: String,
    pub author: String,
    pub at: Option<DateTime<Utc>>,
}

/// One value of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Value {
    pub code: Coded,
    /// Tells repeated values of one code apart (OBX-4).
    pub sub: String,
    /// As it was sent, decimals with a point.
    pub value: String,
    pub unit: String,
    pub range: String,
    /// `H`, `L`, `HH`, `LL`, `A`, `N` or empty.
    pub flag: String,
    /// `F` final, `C` corrected, `P` preliminary.
    pub status: String,
    pub at: Option<DateTime<Utc>>,
}

/// A diagnosis of a visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnosis {
    pub visit: String,
    /// ICD-10.
    pub code: Coded,
    pub is_main: bool,
    pub at: Option<DateTime<Utc>>,
}

/// A code of the sender with its word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coded {
    pub code: String,
    pub text: String,
    /// The code system as the sender names it, e.g. `LN` or `http://loinc.org`.
    pub system: String,
}

impl Coded {
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Coded {
        Coded { code: code.into(), text: text.into(), system: String::new() }
    }
    pub fn is_loinc(&self) -> bool {
        matches!(self.system.as_str(), "LN" | "http://loinc.org")
    }
}

impl Command {
    /// The visit that the command is about; empty for news about a person.
    pub fn visit(&self) -> &str {
        match self {
            Command::Person => "",
            Command::Admit(c) => &c.visit,
            Command::Transfer(c) => &c.visit,
            Command::Discharge(c) => &c.visit,
            Command::Undo(c) => &c.visit,
            Command::Document(c) => &c.visit,
            Command::Report(c) => &c.visit,
            Command::Diagnosis(c) => &c.visit,
        }
    }
}

/// What became of a delivery. By the time the caller has it, it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The row of the message.
    pub message: Uuid,
    pub state: State,
    /// The same message had come before; nothing was changed now.
    pub is_repeat: bool,
    /// Why it waits or was refused, in Vietnamese; a hint for who sent it.
    pub words: String,
    /// The same in English, short, for the acknowledgement.
    pub words_en: String,
    /// The patient, once known.
    pub patient: Option<base::PatientId>,
    /// The visit, once there is one.
    pub encounter: Option<base::EncounterId>,
    /// The papers and reports that were filed, in the order of the commands.
    pub documents: Vec<base::DocumentId>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Done.
    Applied,
    /// A clerk must say who the person is.
    Clerk,
    /// An earlier message of the same person waits for a clerk.
    Behind,
    /// What it builds on has not come yet, e.g. a discharge before its admission.
    Early,
    /// Could not be applied; somebody has to repair it and try again.
    Dead,
    /// Somebody decided that it is not to be applied.
    Discarded,
}

impl State {
    pub const ALL: [State; 6] = [State::Applied, State::Clerk, State::Behind, State::Early, State::Dead, State::Discarded];

    pub fn key(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Clerk => "clerk",
            State::Behind => "behind",
            State::Early => "early",
            State::Dead => "dead",
            State::Discarded => "discarded",
        }
    }
    pub fn from_key(key: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.key() == key)
    }
    pub fn label(self) -> &'static str {
        match self {
            State::Applied => "Đã ghi vào bệnh án",
            State::Clerk => "Chờ xác định người bệnh",
            State::Behind => "Chờ thông điệp trước",
            State::Early => "Đến sớm, chờ thông điệp nhập viện",
            State::Dead => "Chưa ghi được",
            State::Discarded => "Đã bỏ",
        }
    }
    /// Kind and icon of its badge.
    pub fn look(self) -> (&'static str, &'static str) {
        match self {
            State::Applied => ("done", "circle-check"),
            State::Clerk => ("warning", "user-search"),
            State::Behind | State::Early => ("waiting", "clock-hour-4"),
            State::Dead => ("critical", "alert-octagon"),
            State::Discarded => ("neutral", "trash"),
        }
    }
    /// Kept safely: the sender need not send it again.
    pub fn is_taken(self) -> bool {
        matches!(self, State::Applied | State::Clerk | State::Behind | State::Early)
    }
}

/// Bytes inside JSON.
mod as_base64 {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// A birth as the sender wrote it, in the way the register reads it: `1985-03-15` and `19850315` become `15/03/1985`.
pub fn birth_as_typed(birth: &str) -> String {
    let digits: String = birth.chars().filter(|c| c.is_ascii_digit()).take(8).collect();
    match (digits.len(), NaiveDate::parse_from_str(&digits, "%Y%m%d")) {
        (8, Ok(day)) => base::show_date(day),
        (6, _) => digits[..4].to_owned(),
        _ => birth.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_as_systems_write_them() {
        for (sent, typed) in [("1985-03-15", "15/03/1985"), ("19850315", "15/03/1985"), ("1985", "1985"), ("198503", "1985"), ("x", "x")] {
            assert_eq!(birth_as_typed(sent), typed);
        }
    }

    #[test]
    fn a_paper_waits_without_losing_a_byte() {
        let paper = Command::Document(Document { content: vec![0, 255, 37, 80], ..Document::default() });
        let kept = serde_json::to_vec(&paper).unwrap();
        assert_eq!(serde_json::from_slice::<Command>(&kept).unwrap(), paper);
    }
}
