//! The visit as care needs it: whose it is, where it stands, and its steps.

use crate::diagnosis::Whom;
use crate::status::Status;
use base::{Age, EncounterId, PatientId, Problem};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use sqlx::FromRow;
use uuid::Uuid;
use web::Failure;

/// A visit with the person's age and sex, which every rule of care asks for.
#[derive(Clone, Debug, FromRow)]
pub struct Visit {
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub practitioner_id: Option<Uuid>,
    pub status: String,
    pub day: NaiveDate,
    pub reason: String,
    pub sex: String,
    pub birth_date: NaiveDate,
}

impl Visit {
    pub fn id(&self) -> EncounterId {
        EncounterId(self.encounter_id)
    }
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Cancelled)
    }
    /// Age on the day of service, not today: a note amended a year later judges the person as they were.
    pub fn age(&self) -> Age {
        Age::on(self.birth_date, self.day)
    }
    pub fn whom(&self) -> Whom<'_> {
        Whom { sex: &self.sex, age: self.age(), died: false }
    }
}

/// The visit, for reading. `RowNotFound` when it is not of this facility.
pub async fn get(tx: &mut Tx, id: EncounterId) -> Result<Visit, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT e.encounter_id, e.patient_id, e.practitioner_id, e.status, e.day, e.reason, p.sex, p.birth_date
         FROM encounter_encounter e JOIN patient_patient p USING (facility_id, patient_id)
         WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// Moves the visit one step and writes the step down. Refuses a step that the life of a visit does not know.
/// The row must have been locked by the caller.
pub async fn step(tx: &mut Tx, visit: &mut Visit, to: Status, at: DateTime<Utc>) -> Result<(), Failure> {
    visit.status().step(to)?;
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    let practitioner = if to == Status::InProgress { tx.actor.practitioner.map(|p| p.0) } else { None };
    sqlx::query(db::sql!(
        "WITH moved AS (
             UPDATE encounter_encounter SET
                 status = $3,
                 practitioner_id = coalesce(practitioner_id, $4),
                 started_at = CASE WHEN $3 = 'in_progress' THEN coalesce(started_at, $5) ELSE started_at END,
                 finished_at = CASE WHEN $3 = 'finished' THEN $5 ELSE finished_at END,
                 version = version + 1
             WHERE facility_id = $1 AND encounter_id = $2
             RETURNING room_id),
         queue AS (
             UPDATE encounter_ticket SET
                 status = CASE WHEN $3 = 'finished' THEN 'done' ELSE 'serving' END,
                 closed_at = CASE WHEN $3 = 'finished' THEN $5 ELSE closed_at END
             WHERE facility_id = $1 AND encounter_id = $2 AND $3 IN ('in_progress', 'finished')
               AND status IN ('waiting', 'called', 'serving', 'skipped'))
         INSERT INTO encounter_status (facility_id, encounter_id, step, from_status, to_status, room_id, at, by_account)
         SELECT $1, $2, (SELECT coalesce(max(step), 0) + 1 FROM encounter_status WHERE facility_id = $1 AND encounter_id = $2),
                $6, $3, room_id, $5, $7
         FROM moved"
    ))
    .bind(facility)
    .bind(visit.encounter_id)
    .bind(to.key())
    .bind(practitioner)
    .bind(at)
    .bind(visit.status.clone())
    .bind(account)
    .execute(tx.conn())
    .await?;
    visit.status = to.key().to_string();
    tx.notify("queue");
    Ok(())
}

/// The refusal for writing into a visit that takes nothing any more (or not yet).
pub fn refuse_writing(status: Status) -> Option<Problem> {
    match status {
        Status::Arrived | Status::Triaged | Status::InProgress => None,
        Status::Planned => Some(Problem::of("Người bệnh chưa đến. Tiếp nhận trước rồi ghi.")),
        Status::Finished => Some(Problem::of("Lượt khám đã kết thúc. Muốn sửa, bấm Sửa hồ sơ và ghi lý do.")),
        Status::Cancelled => Some(Problem::of("Lượt khám đã hủy nên không ghi thêm được.")),
    }
}
