//! Stays: the ward's own sheet, its steps and its way through the beds.

use crate::stay::{Act, CameFrom, Step, wristband_code};
use base::{EncounterId, PatientId, Problem, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;
use web::Failure;

/// A stay as pages and rules see it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stay {
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub ward_id: Uuid,
    pub ward_name: String,
    pub ward_short: String,
    pub step: String,
    pub came_from: String,
    pub reason: String,
    pub admit_code: String,
    pub admit_diagnosis: String,
    pub diagnosis: String,
    pub doctor_id: Option<Uuid>,
    pub doctor_name: String,
    pub care_level: Option<i32>,
    pub diet: String,
    pub wristband: String,
    pub moving_to: Option<Uuid>,
    pub moving_name: Option<String>,
    pub moving_reason: String,
    pub leave_on: Option<NaiveDate>,
    pub admitted_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub bed_id: Option<Uuid>,
    pub bed_code: Option<String>,
    pub chamber: Option<String>,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub record_no: String,
    pub payer: String,
}

impl Stay {
    pub fn encounter(&self) -> EncounterId {
        EncounterId(self.encounter_id)
    }
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    pub fn ward(&self) -> RoomId {
        RoomId(self.ward_id)
    }
    pub fn step(&self) -> Step {
        Step::from_key(&self.step).unwrap_or(Step::Closed)
    }
    /// `A-05`, or `chưa có giường`.
    pub fn bed(&self) -> &str {
        self.bed_code.as_deref().unwrap_or("chưa có giường")
    }
    /// The expected day of leaving, "" when none is.
    pub fn leaves(&self) -> String {
        self.leave_on.map(base::show_date).unwrap_or_default()
    }
    /// The latest diagnosis of the ward, else the one at admission.
    pub fn shown_diagnosis(&self) -> &str {
        if self.diagnosis.is_empty() { &self.admit_diagnosis } else { &self.diagnosis }
    }
    pub fn came_from(&self) -> CameFrom {
        CameFrom::from_key(&self.came_from).unwrap_or(CameFrom::Desk)
    }
    /// Refuses to write into a stay that has ended.
    pub fn must_be_open(&self) -> Result<(), Problem> {
        if self.step().is_open() { Ok(()) } else { Err(Problem::of("Đợt điều trị đã kết thúc nên không ghi thêm được.")) }
    }
}

/// The columns of [`Stay`], then the rest of the statement.
macro_rules! stays {
    ($rest:expr) => {
        concat!(
            "SELECT s.encounter_id, s.patient_id, s.ward_id, w.name AS ward_name, w.short_name AS ward_short, s.step, s.came_from, s.reason,
                s.admit_code, s.admit_diagnosis, s.diagnosis, s.doctor_id, s.doctor_name, s.care_level, s.diet, s.wristband, s.moving_to,
                m.name AS moving_name, s.moving_reason, s.leave_on, s.admitted_at, s.closed_at, b.bed_id, b.code AS bed_code, b.chamber,
                p.name, p.sex, p.birth_date, p.record_no, e.payer
             FROM inpatient_stay s
             JOIN encounter_encounter e USING (facility_id, encounter_id)
             JOIN patient_patient p ON p.facility_id = s.facility_id AND p.patient_id = s.patient_id
             JOIN organization_room w ON w.facility_id = s.facility_id AND w.room_id = s.ward_id
             LEFT JOIN organization_room m ON m.facility_id = s.facility_id AND m.room_id = s.moving_to
             LEFT JOIN inpatient_bed_stay l ON l.facility_id = s.facility_id AND l.encounter_id = s.encounter_id AND upper_inf(l.period)
             LEFT JOIN inpatient_bed b ON b.facility_id = s.facility_id AND b.bed_id = l.bed_id
             WHERE s.facility_id = $1 AND ",
            $rest
        )
    };
}

/// One stay, for reading. `RowNotFound` when this facility has none of that id.
pub async fn get(tx: &mut Tx, id: EncounterId) -> Result<Stay, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(stays!("s.encounter_id = $2"))).bind(facility).bind(id.0).fetch_one(tx.conn()).await
}

/// One stay, locked until the end of the transaction.
pub async fn lock(tx: &mut Tx, id: EncounterId) -> Result<Stay, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(stays!("s.encounter_id = $2 FOR UPDATE OF s"))).bind(facility).bind(id.0).fetch_one(tx.conn()).await
}

/// The stay of a wristband.
pub async fn of_wristband(tx: &mut Tx, code: &str) -> Result<Option<EncounterId>, sqlx::Error> {
    let facility = tx.facility().0;
    let id: Option<Uuid> = sqlx::query_scalar(sql!("SELECT encounter_id FROM inpatient_stay WHERE facility_id = $1 AND wristband = $2"))
        .bind(facility)
        .bind(code)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(EncounterId))
}

/// Which stays of a ward are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Everybody of the ward.
    Lying,
    /// Admitted to the ward and in no bed.
    Waiting,
    /// Other wards ask this one to take them.
    Coming,
}

/// Stays of a ward, those admitted first first.
pub async fn list(tx: &mut Tx, ward: RoomId, which: Which) -> Result<Vec<Stay>, sqlx::Error> {
    let facility = tx.facility().0;
    let which = match which {
        Which::Lying => "lying",
        Which::Waiting => "waiting",
        Which::Coming => "coming",
    };
    sqlx::query_as(sql!(stays!(
        "CASE $3 WHEN 'coming' THEN s.moving_to = $2 WHEN 'waiting' THEN s.ward_id = $2 AND s.step = 'waiting' ELSE s.ward_id = $2 AND s.step <> 'closed' END
         ORDER BY b.place NULLS FIRST, b.code, s.admitted_at LIMIT 400"
    )))
    .bind(facility)
    .bind(ward.0)
    .bind(which)
    .fetch_all(tx.conn())
    .await
}

/// The open stay of a patient, if there is one.
pub async fn open_of_patient(tx: &mut Tx, patient: PatientId) -> Result<Option<Stay>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(stays!("s.patient_id = $2 AND s.step <> 'closed'"))).bind(facility).bind(patient.0).fetch_optional(tx.conn()).await
}

/// What is known of a stay when it begins.
#[derive(Clone, Debug)]
pub struct NewStay<'a> {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub ward: RoomId,
    pub came_from: CameFrom,
    pub reason: &'a str,
    pub admit_code: &'a str,
    pub admit_diagnosis: &'a str,
    pub doctor: Option<(Uuid, String)>,
    pub at: DateTime<Utc>,
}

/// Writes the ward's sheet of a stay; false when it stands already. Refuses a patient who lies in the house already.
pub async fn insert(tx: &mut Tx, new: &NewStay<'_>) -> Result<bool, Failure> {
    let (facility, account) = (tx.facility().0, tx.actor.account.0);
    let (doctor_id, doctor_name) = new.doctor.clone().map_or((None, String::new()), |(id, name)| (Some(id), name));
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_stay (facility_id, encounter_id, patient_id, ward_id, came_from, reason, admit_code, admit_diagnosis,
             doctor_id, doctor_name, wristband, admitted_at, admitted_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (facility_id, encounter_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.encounter.0)
    .bind(new.patient.0)
    .bind(new.ward.0)
    .bind(new.came_from.key())
    .bind(new.reason)
    .bind(new.admit_code)
    .bind(new.admit_diagnosis)
    .bind(doctor_id)
    .bind(doctor_name)
    .bind(wristband_code(new.encounter.0))
    .bind(new.at)
    .bind(account)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("inpatient_stay_once") => {
            Failure::from(Problem::at("patient", "Người bệnh đang điều trị nội trú rồi. Mở đợt điều trị hiện tại, không nhập viện lần nữa."))
        }
        _ => error.into(),
    })?;
    if done.rows_affected() > 0 {
        note(tx, new.encounter, "admit", new.ward, new.reason).await?;
    }
    Ok(done.rows_affected() > 0)
}

/// Writes down what happened to a stay.
pub async fn note(tx: &mut Tx, encounter: EncounterId, act: &str, ward: RoomId, text: &str) -> Result<(), sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "INSERT INTO inpatient_stay_event (facility_id, encounter_id, event_id, act, ward_id, note, at, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, left($6, 500), $7, $8, $9)"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(Uuid::now_v7())
    .bind(act)
    .bind(ward.0)
    .bind(text)
    .bind(now)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a step that the rule allowed, with the ward of the stay after it, and notes the act.
pub async fn step(tx: &mut Tx, stay: &mut Stay, to: Step, act: Act, text: &str) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(sql!(
        "UPDATE inpatient_stay SET step = $3, ward_id = $4, version = version + 1,
             moving_to = CASE WHEN $3 = 'moving' THEN $5::uuid END,
             moving_reason = CASE WHEN $3 = 'moving' THEN $6 ELSE '' END,
             closed_at = CASE WHEN $3 = 'closed' THEN $7::timestamptz END
         WHERE facility_id = $1 AND encounter_id = $2"
    ))
    .bind(facility)
    .bind(stay.encounter_id)
    .bind(to.key())
    .bind(stay.ward_id)
    .bind(stay.moving_to)
    .bind(text)
    .bind(now)
    .execute(tx.conn())
    .await?;
    stay.step = to.key().into();
    note(tx, stay.encounter(), act.key(), stay.ward(), text).await?;
    tell(tx, stay);
    Ok(())
}

/// Every open map and sheet of this stay looks again.
pub fn tell(tx: &mut Tx, stay: &Stay) {
    tx.notify("wards");
    tx.notify(format!("ward/{}", stay.ward_id));
    tx.notify(format!("stay/{}", stay.encounter_id));
}

/// Who treats the patient.
pub async fn set_doctor(tx: &mut Tx, encounter: EncounterId, doctor: Uuid, name: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_stay SET doctor_id = $3, doctor_name = $4, version = version + 1 WHERE facility_id = $1 AND encounter_id = $2"))
        .bind(facility)
        .bind(encounter.0)
        .bind(doctor)
        .bind(name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The day on which the patient is expected to go; `None` takes it away.
pub async fn set_leave_on(tx: &mut Tx, encounter: EncounterId, on: Option<NaiveDate>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_stay SET leave_on = $3, version = version + 1 WHERE facility_id = $1 AND encounter_id = $2"))
        .bind(facility)
        .bind(encounter.0)
        .bind(on)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a treatment sheet says of the whole stay: diagnosis of the day, care level, diet.
pub async fn set_course(tx: &mut Tx, encounter: EncounterId, diagnosis: &str, care_level: i32, diet: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "UPDATE inpatient_stay SET diagnosis = CASE WHEN $3 = '' THEN diagnosis ELSE $3 END, care_level = $4, diet = $5, version = version + 1
         WHERE facility_id = $1 AND encounter_id = $2"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(diagnosis)
    .bind(care_level)
    .bind(diet)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A bed on the way through the house.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Place {
    pub bed_stay_id: Uuid,
    pub bed_id: Uuid,
    pub ward_id: Uuid,
    pub ward_short: String,
    pub code: String,
    pub service_id: Option<Uuid>,
    pub from_at: DateTime<Utc>,
    pub to_at: Option<DateTime<Utc>>,
}

impl Place {
    pub fn began(&self) -> String {
        crate::pages::show_moment(self.from_at)
    }
    /// The end, or "nay" while the patient lies there.
    pub fn ended(&self) -> String {
        self.to_at.map_or_else(|| "nay".to_owned(), crate::pages::show_moment)
    }
}

/// Where the patient lay, in order.
pub async fn list_places(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Place>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT l.bed_stay_id, l.bed_id, l.ward_id, r.short_name AS ward_short, b.code, b.service_id, lower(l.period) AS from_at, upper(l.period) AS to_at
         FROM inpatient_bed_stay l
         JOIN inpatient_bed b USING (facility_id, bed_id)
         JOIN organization_room r ON r.facility_id = l.facility_id AND r.room_id = l.ward_id
         WHERE l.facility_id = $1 AND l.encounter_id = $2 ORDER BY lower(l.period)"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

/// Somebody whose visit ended with "admit": the desk of the ward takes them in from here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ToAdmit {
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub name: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub record_no: String,
    pub room_name: String,
    pub place: String,
    pub reason: String,
    pub code: Option<String>,
    pub diagnosis: Option<String>,
    pub at: DateTime<Utc>,
}

/// Visits of the last three days that sent the patient into the house and to which no stay belongs yet.
pub async fn list_to_admit(tx: &mut Tx, today: NaiveDate) -> Result<Vec<ToAdmit>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT e.encounter_id, e.patient_id, p.name, p.sex, p.birth_date, p.record_no, r.short_name AS room_name, d.place,
                coalesce(nullif(d.reason, ''), e.reason) AS reason, x.code, x.name AS diagnosis, coalesce(e.finished_at, e.opened_at) AS at
         FROM encounter_disposition d
         JOIN encounter_encounter e USING (facility_id, encounter_id)
         JOIN patient_patient p USING (facility_id, patient_id)
         JOIN organization_room r USING (facility_id, room_id)
         LEFT JOIN encounter_diagnosis x ON x.facility_id = e.facility_id AND x.encounter_id = e.encounter_id AND x.place = 0 AND x.ended_at IS NULL
         WHERE d.facility_id = $1 AND d.kind = 'admitted' AND e.day BETWEEN $2::date - 3 AND $2::date
           AND NOT EXISTS (SELECT FROM encounter_encounter s WHERE s.facility_id = $1 AND s.from_encounter_id = e.encounter_id)
         ORDER BY e.finished_at LIMIT 100"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}
