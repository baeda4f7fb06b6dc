//! What we ask of other houses, and what they last said.

use crate::request::Purpose;
use crate::store::held::Whom;
use base::{EncounterId, PatientId, PersonId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// An inquiry of ours.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Inquiry {
    pub inquiry_id: Uuid,
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub holder_code: String,
    pub holder_name: String,
    pub holder_facility: Option<i32>,
    pub partner_id: Option<Uuid>,
    pub doctor: String,
    pub purpose: String,
    pub note: String,
    pub emergency: bool,
    pub status: String,
    pub last_error: String,
    pub asked_at: DateTime<Utc>,
    pub heard_at: Option<DateTime<Utc>>,
    pub name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub cccd: String,
}

impl Inquiry {
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    pub fn spine(&self) -> u8 {
        PersonId(self.person_id).spine()
    }
    pub fn purpose_name(&self) -> &'static str {
        Purpose::from_key(&self.purpose).map_or("Khác", Purpose::name)
    }
    /// Whom we mean, as the holder gets to know it: the person's id only within this server.
    pub fn whom(&self) -> Whom {
        Whom {
            name: self.name.clone(),
            birth_date: Some(self.birth_date),
            sex: self.sex.clone(),
            cccd: self.cccd.clone(),
            person: self.holder_facility.map(|_| PersonId(self.person_id)),
        }
    }
    /// The word and look of the state.
    pub fn shown(&self) -> (&'static str, &'static str, &'static str) {
        match self.status.as_str() {
            "sending" => ("draft", "send", "Đang gửi"),
            "asked" => ("waiting", "clock-hour-4", "Chờ cơ sở trả lời"),
            "consenting" => ("info", "device-mobile", "Chờ người bệnh đồng ý"),
            "granted" => ("done", "circle-check", "Được xem"),
            "refused" => ("critical", "shield-x", "Bị từ chối"),
            "withdrawn" => ("neutral", "arrow-back-up", "Đã rút"),
            "revoked" => ("critical", "shield-x", "Đã bị thu hồi"),
            "expired" => ("neutral", "clock-hour-4", "Hết hạn xem"),
            _ => ("warning", "cloud-off", "Chưa gửi được"),
        }
    }
}

macro_rules! inquiries_where {
    ($rest:expr) => {
        concat!(
            "SELECT i.inquiry_id, i.patient_id, i.person_id, i.holder_code, i.holder_name, i.holder_facility, i.partner_id, i.doctor,
                i.purpose, i.note, i.emergency, i.status, i.last_error, i.asked_at, i.heard_at, p.name, p.record_no, p.sex, p.birth_date, p.cccd
             FROM sharing_inquiry i JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = i.patient_id
             WHERE i.facility_id = $1 AND ",
            $rest
        )
    };
}

pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Inquiry, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(inquiries_where!("i.inquiry_id = $2"))).bind(facility).bind(id).fetch_one(tx.conn()).await
}

/// Newest first, at most 100; older ones by `before`.
pub async fn list(tx: &mut Tx, before: DateTime<Utc>) -> Result<Vec<Inquiry>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(inquiries_where!("i.asked_at < $2 ORDER BY i.asked_at DESC, i.inquiry_id DESC LIMIT 100")))
        .bind(facility)
        .bind(before)
        .fetch_all(tx.conn())
        .await
}

/// The facts of somebody about whom we ask.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct About {
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
}

pub async fn about(tx: &mut Tx, patient: PatientId) -> Result<About, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT patient_id, person_id, name, record_no, sex, birth_date FROM patient_patient WHERE facility_id = $1 AND patient_id = $2"
    ))
    .bind(facility)
    .bind(patient.0)
    .fetch_one(tx.conn())
    .await
}

/// Whether this account looks after the patient today: opened, called or treats a visit that is not over. An emergency
/// opens nothing for somebody who only passes by.
pub async fn has_open_visit(tx: &mut Tx, patient: PatientId) -> Result<Option<EncounterId>, sqlx::Error> {
    let facility = tx.facility().0;
    let id: Option<Uuid> = sqlx::query_scalar(sql!(
        "SELECT encounter_id FROM encounter_encounter WHERE facility_id = $1 AND patient_id = $2 AND status IN ('arrived', 'triaged', 'in_progress')
         ORDER BY opened_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(patient.0)
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(EncounterId))
}

/// An inquiry to be written.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub id: Uuid,
    pub about: &'a About,
    pub holder_code: &'a str,
    pub holder_name: &'a str,
    pub holder_facility: Option<i32>,
    pub partner: Option<Uuid>,
    pub doctor: &'a str,
    pub purpose: Purpose,
    pub note: &'a str,
    pub emergency: bool,
}

/// Keeps an inquiry and leaves the job that sends it. Gives false when it exists already.
pub async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    let done = sqlx::query(sql!(
        "INSERT INTO sharing_inquiry (facility_id, inquiry_id, patient_id, person_id, holder_code, holder_name, holder_facility, partner_id,
             doctor, asked_by, purpose, note, emergency, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (facility_id, inquiry_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(new.about.patient_id)
    .bind(new.about.person_id)
    .bind(new.holder_code)
    .bind(new.holder_name)
    .bind(new.holder_facility)
    .bind(new.partner)
    .bind(new.doctor)
    .bind(by)
    .bind(new.purpose.key())
    .bind(new.note)
    .bind(new.emergency)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let patient = PatientId(new.about.patient_id);
    tx.audit("ask", "sharing", new.id, Some(patient), serde_json::json!({ "holder": new.holder_code, "purpose": new.purpose.key(), "emergency": new.emergency }));
    if new.partner.is_some() {
        db::job::enqueue(tx, crate::wire::SEND, &serde_json::json!({ "inquiry": new.id }), now).await?;
    }
    Ok(true)
}

/// What the holder last said, or why it could not be asked.
pub async fn set_heard(tx: &mut Tx, id: Uuid, status: &str, error: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE sharing_inquiry SET status = $3, last_error = $4, heard_at = CASE WHEN $4 = '' THEN $5 ELSE heard_at END
         WHERE facility_id = $1 AND inquiry_id = $2 AND (status, last_error) IS DISTINCT FROM ($3, $4)"
    ))
    .bind(facility)
    .bind(id)
    .bind(status)
    .bind(error.chars().take(300).collect::<String>())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
