//! Reading one record: the summary that every page about a person shows, and the whole record for its own page.

use crate::birth::{Birth, Sex};
use crate::demographics::Typed;
use crate::store::find::tail;
use base::{PatientId, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::Row;
use uuid::Uuid;
use web::{Tx, sql};

/// A living allergy.
#[derive(Clone, Debug, Deserialize)]
pub struct Allergy {
    pub allergy_id: Uuid,
    pub substance: String,
    pub kind: String,
    pub ingredient_code: Option<String>,
    pub class_code: Option<String>,
    pub reaction: String,
    pub severity: String,
    pub certainty: String,
    pub recorded_at: DateTime<Utc>,
}

impl Allergy {
    pub fn recorded_on(&self) -> String {
        base::show_date(base::local_date(self.recorded_at))
    }
    pub fn severity_label(&self) -> &'static str {
        crate::safety::severity_label(&self.severity)
    }
}

/// A living alert.
#[derive(Clone, Debug, Deserialize)]
pub struct Flag {
    pub flag_id: Uuid,
    pub kind: String,
    pub text: String,
    pub level: String,
    pub valid_to: Option<NaiveDate>,
}

impl Flag {
    /// `đến 01/05/2027`, or "" without an end.
    pub fn until(&self) -> String {
        self.valid_to.map(|to| format!("đến {}", base::show_date(to))).unwrap_or_default()
    }

    /// The words of the badge.
    pub fn label(&self) -> &str {
        if self.text.is_empty() { crate::safety::flag_label(&self.kind) } else { &self.text }
    }
}

/// An insurance card that was not ended.
#[derive(Clone, Debug, Deserialize)]
pub struct Coverage {
    pub coverage_id: Uuid,
    pub card_no: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub registered_at: String,
    pub benefit_percent: Option<i16>,
    pub source: String,
}

impl Coverage {
    /// Whether the printed period covers a day; open ends count as covering.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// `80 % · đến 31/12/2026`.
    pub fn in_short(&self) -> String {
        let percent = self.benefit_percent.map(|p| format!("{p} %"));
        let until = self.valid_to.map(|to| format!("đến {}", base::show_date(to)));
        let parts: Vec<String> = [percent, until].into_iter().flatten().collect();
        if parts.is_empty() { "chưa rõ mức hưởng".to_owned() } else { parts.join(" · ") }
    }

    /// `GD 4 86 00123 45678`.
    pub fn shown_no(&self) -> String {
        crate::bhyt::CardNumber::parse("", &self.card_no).map_or_else(|_| self.card_no.clone(), |n| n.to_string())
    }

    /// `01/01/2026 – 31/12/2026`.
    pub fn shown_period(&self) -> String {
        let day = |d: Option<NaiveDate>| d.map_or_else(|| "…".to_owned(), base::show_date);
        format!("{} – {}", day(self.valid_from), day(self.valid_to))
    }
}

/// What every page about a person needs.
#[derive(Clone, Debug)]
pub struct Summary {
    pub patient: PatientId,
    pub person: PersonId,
    pub record_no: String,
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    pub phone: String,
    pub cccd: String,
    pub cccd_issued_on: Option<NaiveDate>,
    pub identity_verified: bool,
    pub ethnic_code: String,
    pub occupation: String,
    pub address_line: String,
    pub commune_code: String,
    pub address: String,
    /// `not_asked`, `none_known`, `recorded`.
    pub allergy_state: String,
    pub allergy_asked_at: Option<DateTime<Utc>>,
    pub merged_into: Option<PatientId>,
    pub version: i32,
    pub allergies: Vec<Allergy>,
    pub flags: Vec<Flag>,
    pub coverages: Vec<Coverage>,
    pub contacts: Vec<Contact>,
}

/// A living contact.
#[derive(Clone, Debug, Deserialize)]
pub struct Contact {
    pub relation: String,
    pub name: String,
    pub phone: String,
}

impl Contact {
    pub fn relation_label(&self) -> &'static str {
        crate::demographics::relation_label(&self.relation)
    }
}

impl Summary {
    pub fn id_tail(&self) -> String {
        tail(&self.cccd)
    }
    /// `Nam · 41 tuổi`.
    pub fn facts(&self, day: NaiveDate) -> String {
        format!("{} · {}", self.sex.label(), self.birth.age_on(day))
    }
    /// The card whose period covers the day, the newest first.
    pub fn cover_on(&self, day: NaiveDate) -> Option<&Coverage> {
        self.coverages.iter().find(|c| c.is_valid_on(day))
    }
    /// Whether a living, unexpired mark of this kind stands in the record.
    pub fn has_flag(&self, kind: &str, day: NaiveDate) -> bool {
        self.flags.iter().any(|f| f.kind == kind && f.valid_to.is_none_or(|to| to >= day))
    }

    /// The record as the form types it, for editing and for comparing with a card.
    pub fn typed(&self) -> Typed {
        let card = self.coverages.first();
        let contact = self.contacts.first();
        let day = |d: Option<NaiveDate>| d.map(base::show_date).unwrap_or_default();
        Typed {
            name: self.name.clone(),
            birth: self.birth.to_string(),
            sex: self.sex.key().to_owned(),
            phone: self.phone.clone(),
            cccd: self.cccd.clone(),
            cccd_issued_on: day(self.cccd_issued_on),
            ethnic_code: self.ethnic_code.clone(),
            occupation: self.occupation.clone(),
            address_line: self.address_line.clone(),
            commune_code: self.commune_code.clone(),
            commune_name: self.commune_name().to_owned(),
            old_ward_code: String::new(),
            card_no: card.map(Coverage::shown_no).unwrap_or_default(),
            card_from: day(card.and_then(|c| c.valid_from)),
            card_to: day(card.and_then(|c| c.valid_to)),
            card_registered_at: card.map(|c| c.registered_at.clone()).unwrap_or_default(),
            contact_name: contact.map(|c| c.name.clone()).unwrap_or_default(),
            contact_relation: contact.map(|c| c.relation.clone()).unwrap_or_default(),
            contact_phone: contact.map(|c| c.phone.clone()).unwrap_or_default(),
        }
    }

    /// The commune part of the shown address.
    pub fn commune_name(&self) -> &str {
        let rest = self.address.strip_prefix(&self.address_line).unwrap_or(&self.address);
        if self.commune_code.is_empty() { "" } else { rest.trim_start_matches(", ") }
    }
}

/// The summary of one record in one query; `RowNotFound` for another facility's id.
pub async fn get_summary(tx: &mut Tx, id: PatientId) -> Result<Summary, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT p.*,
             (SELECT coalesce(jsonb_agg(a ORDER BY a.severity = 'severe' DESC, a.recorded_at), '[]') FROM patient_allergy a
              WHERE a.facility_id = $1 AND a.patient_id = $2 AND a.ended_at IS NULL) AS allergies,
             (SELECT coalesce(jsonb_agg(f ORDER BY f.recorded_at), '[]') FROM patient_flag f
              WHERE f.facility_id = $1 AND f.patient_id = $2 AND f.ended_at IS NULL) AS flags,
             (SELECT coalesce(jsonb_agg(c ORDER BY c.valid_to DESC NULLS FIRST, c.recorded_at DESC), '[]') FROM patient_coverage c
              WHERE c.facility_id = $1 AND c.patient_id = $2 AND c.ended_at IS NULL) AS coverages,
             (SELECT coalesce(jsonb_agg(c ORDER BY c.recorded_at DESC), '[]') FROM patient_contact c
              WHERE c.facility_id = $1 AND c.patient_id = $2 AND c.ended_at IS NULL) AS contacts
         FROM patient_patient p WHERE p.facility_id = $1 AND p.patient_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(Summary {
        patient: id,
        person: PersonId(row.get("person_id")),
        record_no: row.get("record_no"),
        name: row.get("name"),
        birth: Birth { date: row.get("birth_date"), year_only: row.get("birth_year_only") },
        sex: Sex::from_key(row.get("sex")).unwrap_or(Sex::Unknown),
        phone: row.get("phone"),
        cccd: row.get("cccd"),
        cccd_issued_on: row.get("cccd_issued_on"),
        identity_verified: row.get::<Option<DateTime<Utc>>, _>("identity_verified_at").is_some(),
        ethnic_code: row.get("ethnic_code"),
        occupation: row.get("occupation"),
        address_line: row.get("address_line"),
        commune_code: row.get("commune_code"),
        address: row.get("address_text"),
        allergy_state: row.get("allergy_state"),
        allergy_asked_at: row.get("allergy_asked_at"),
        merged_into: row.get::<Option<Uuid>, _>("merged_into").map(PatientId),
        version: row.get("version"),
        allergies: row.get::<sqlx::types::Json<Vec<Allergy>>, _>("allergies").0,
        flags: row.get::<sqlx::types::Json<Vec<Flag>>, _>("flags").0,
        coverages: row.get::<sqlx::types::Json<Vec<Coverage>>, _>("coverages").0,
        contacts: row.get::<sqlx::types::Json<Vec<Contact>>, _>("contacts").0,
    })
}

/// An earlier address.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OldAddress {
    pub text: String,
    pub recorded_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// The old ward that the card named, when the address was entered with its successor.
    pub old_ward: Option<String>,
}

impl OldAddress {
    /// `từ 20/04/2021 đến 11/06/2025`.
    pub fn period(&self) -> String {
        let day = |at: DateTime<Utc>| base::show_date(base::local_date(at));
        match self.ended_at {
            Some(end) => format!("từ {} đến {}", day(self.recorded_at), day(end)),
            None => format!("từ {}", day(self.recorded_at)),
        }
    }
}

/// Every address the record had, newest first.
pub async fn list_addresses(tx: &mut Tx, id: PatientId) -> Result<Vec<OldAddress>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT a.text, a.recorded_at, a.ended_at,
                (SELECT concat_ws(', ', w.old_ward, w.old_district, w.old_province) FROM codes_old_ward w
                 WHERE a.old_ward_code <> '' AND w.old_ward_code = a.old_ward_code LIMIT 1) AS old_ward
         FROM patient_address a WHERE a.facility_id = $1 AND a.patient_id = $2 ORDER BY a.recorded_at DESC LIMIT 50"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}

/// One change of the demographics.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Revision {
    pub version: i32,
    pub changed: Vec<String>,
    pub at: DateTime<Utc>,
    pub before: serde_json::Value,
    pub reason: String,
}

impl Revision {
    /// `24/11/2026 09:41`.
    pub fn when(&self) -> String {
        format!("{} {}", base::show_date(base::local_date(self.at)), base::show_time(self.at))
    }

    /// What changed with the value it had before: `Điện thoại: 0900000001`.
    pub fn shown(&self) -> Vec<String> {
        self.changed
            .iter()
            .map(|column| {
                let old = match &self.before[column.as_str()] {
                    serde_json::Value::String(text) if !text.is_empty() => match text.parse::<NaiveDate>() {
                        Ok(day) => base::show_date(day),
                        Err(_) => match Sex::from_key(text) {
                            Some(sex) => sex.label().to_owned(),
                            None => text.clone(),
                        },
                    },
                    _ => "để trống".to_owned(),
                };
                format!("{}: {old}", column_label(column))
            })
            .collect()
    }
}

fn column_label(column: &str) -> &'static str {
    match column {
        "name" => "Họ và tên",
        "birth_date" | "birth_year_only" => "Ngày sinh",
        "sex" => "Giới tính",
        "phone" => "Điện thoại",
        "cccd" => "Số CCCD",
        "cccd_issued_on" => "Ngày cấp",
        "ethnic_code" => "Dân tộc",
        "occupation" => "Nghề nghiệp",
        "address_line" | "address_text" => "Địa chỉ",
        "commune_code" => "Mã xã/phường",
        _ => "Khác",
    }
}

/// The history of the demographics, newest first.
pub async fn list_revisions(tx: &mut Tx, id: PatientId) -> Result<Vec<Revision>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT version, changed, at, before, reason FROM patient_revision
         WHERE facility_id = $1 AND patient_id = $2 ORDER BY at DESC LIMIT 50"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}
