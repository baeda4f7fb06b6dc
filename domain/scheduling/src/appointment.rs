//! A booking as it is read.

use crate::{Channel, Status};
use base::{AppointmentId, EncounterId, FacilityId, PatientId, PractitionerId, RoomId, SessionId, SlotId};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

/// A booking with the words that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Appointment {
    pub id: AppointmentId,
    pub facility: FacilityId,
    pub version: i32,
    pub status: Status,
    pub channel: Channel,
    pub offer: Uuid,
    pub offer_name: String,
    pub specialty: String,
    /// `in_person` or `video`.
    pub mode: String,
    pub preparation: String,
    pub cutoff_minutes: i32,
    pub service: Option<Uuid>,
    pub session: SessionId,
    pub slot: SlotId,
    pub practitioner: Option<PractitionerId>,
    pub doctor: String,
    pub room: RoomId,
    pub room_name: String,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub is_extra: bool,
    pub group: Option<Uuid>,
    pub follows: Option<EncounterId>,
    pub moved_from: Option<AppointmentId>,
    pub moved_to: Option<AppointmentId>,
    pub account: Option<Uuid>,
    pub partner: Option<Uuid>,
    pub booker_name: String,
    pub booker_phone: String,
    pub relation: String,
    pub patient: Option<PatientId>,
    pub name: String,
    pub birth_date: Option<NaiveDate>,
    pub birth_year_only: bool,
    pub sex: String,
    pub phone: String,
    pub cccd: String,
    pub card_no: String,
    pub wants_bhyt: bool,
    pub reason: String,
    pub answers: Value,
    pub has_red_flag: bool,
    pub note: String,
    pub priority_class: String,
    pub held_until: Option<DateTime<Utc>>,
    pub queue_no: Option<i32>,
    pub code: String,
    /// `none`, `waiting`, `accepted` or `refused` by the other system that keeps the queue.
    pub his_state: String,
    pub his_answer: Value,
    pub due_vnd: i64,
    pub paid_at: Option<DateTime<Utc>>,
    pub encounter: Option<EncounterId>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub ended_by: String,
    pub end_reason: String,
    pub request_hash: String,
    pub made_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

impl Appointment {
    /// `08:20 thứ hai, 23/11/2026`.
    pub fn when(&self) -> String {
        format!("{} {}", base::dates::show_time(self.starts_at), base::dates::show_date_long(self.day).replacen('T', "t", 1).replacen('C', "c", 1))
    }

    /// Until when the patient may still change or cancel it.
    pub fn cutoff(&self) -> DateTime<Utc> {
        self.starts_at - chrono::TimeDelta::minutes(self.cutoff_minutes.into())
    }

    /// The phone that messages go to: the one who booked, otherwise the patient's own.
    pub fn reach(&self) -> &str {
        if self.booker_phone.is_empty() { &self.phone } else { &self.booker_phone }
    }

    /// Whether the place is still kept at `now`; a hold that ran out is over, swept or not.
    pub fn is_kept(&self, now: DateTime<Utc>) -> bool {
        match self.status {
            Status::Held | Status::Pending => self.held_until.is_none_or(|until| until > now),
            other => other.is_live(),
        }
    }
}

impl<'r> FromRow<'r, PgRow> for Appointment {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let word = |column: &str| -> Result<String, sqlx::Error> { row.try_get(column) };
        let id = |column: &str| -> Result<Option<Uuid>, sqlx::Error> { row.try_get(column) };
        let unknown = |column: &str, word: &str| sqlx::Error::Decode(format!("{column} is {word:?}").into());
        let (status, channel) = (word("status")?, word("channel")?);
        Ok(Appointment {
            id: AppointmentId(row.try_get("appointment_id")?),
            facility: FacilityId(row.try_get("facility_id")?),
            version: row.try_get("version")?,
            status: Status::from_key(&status).ok_or_else(|| unknown("status", &status))?,
            channel: Channel::from_key(&channel).ok_or_else(|| unknown("channel", &channel))?,
            offer: row.try_get("offer_id")?,
            offer_name: row.try_get("offer_name")?,
            specialty: row.try_get("specialty")?,
            mode: row.try_get("mode")?,
            preparation: row.try_get("preparation")?,
            cutoff_minutes: row.try_get("cutoff_minutes")?,
            service: id("service_id")?,
            session: SessionId(row.try_get("session_id")?),
            slot: SlotId(row.try_get("slot_id")?),
            practitioner: id("practitioner_id")?.map(PractitionerId),
            doctor: row.try_get("doctor")?,
            room: RoomId(row.try_get("room_id")?),
            room_name: row.try_get("room_name")?,
            day: row.try_get("day")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            is_extra: row.try_get("is_extra")?,
            group: id("group_id")?,
            follows: id("follows")?.map(EncounterId),
            moved_from: id("moved_from")?.map(AppointmentId),
            moved_to: id("moved_to")?.map(AppointmentId),
            account: id("account_id")?,
            partner: id("partner_id")?,
            booker_name: word("booker_name")?,
            booker_phone: word("booker_phone")?,
            relation: word("relation")?,
            patient: id("patient_id")?.map(PatientId),
            name: word("name")?,
            birth_date: row.try_get("birth_date")?,
            birth_year_only: row.try_get("birth_year_only")?,
            sex: word("sex")?,
            phone: word("phone")?,
            cccd: word("cccd")?,
            card_no: word("card_no")?,
            wants_bhyt: row.try_get("wants_bhyt")?,
            reason: word("reason")?,
            answers: row.try_get("answers")?,
            has_red_flag: row.try_get("has_red_flag")?,
            note: word("note")?,
            priority_class: word("priority_class")?,
            held_until: row.try_get("held_until")?,
            queue_no: row.try_get("queue_no")?,
            code: word("code")?,
            his_state: word("his_state")?,
            his_answer: row.try_get("his_answer")?,
            due_vnd: row.try_get("due_vnd")?,
            paid_at: row.try_get("paid_at")?,
            encounter: id("encounter_id")?.map(EncounterId),
            arrived_at: row.try_get("arrived_at")?,
            ended_by: word("ended_by")?,
            end_reason: word("end_reason")?,
            request_hash: word("request_hash")?,
            made_at: row.try_get("made_at")?,
            changed_at: row.try_get("changed_at")?,
        })
    }
}
