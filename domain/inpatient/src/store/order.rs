//! The treatment sheet: entries, order lines, and the times that nurses carry out.

use crate::order::{DrugName, Line, due_times};
use crate::task::Status;
use base::{EncounterId, PatientId, RoomId, local_date};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// One entry of the sheet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sheet {
    pub sheet_id: Uuid,
    pub at: DateTime<Utc>,
    pub progress: String,
    pub diagnosis: String,
    pub care_level: i32,
    pub diet: String,
    pub advice: String,
    pub by_name: String,
    pub wrong_at: Option<DateTime<Utc>>,
    pub wrong_by_name: String,
    pub wrong_reason: String,
}

/// An entry ready to be kept.
#[derive(Clone, Debug)]
pub struct NewSheet<'a> {
    pub id: Uuid,
    pub progress: &'a str,
    pub diagnosis: &'a str,
    pub care_level: i32,
    pub diet: &'a str,
    pub advice: &'a str,
}

/// Writes an entry; false when this very one stands already.
pub async fn insert_sheet(tx: &mut Tx, encounter: EncounterId, patient: PatientId, ward: RoomId, new: &NewSheet<'_>) -> Result<bool, sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let done = sqlx::query(sql!(
        "INSERT INTO inpatient_sheet (facility_id, sheet_id, encounter_id, patient_id, ward_id, at, progress, diagnosis, care_level, diet, advice, by_account, by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (facility_id, sheet_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(new.id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(ward.0)
    .bind(now)
    .bind(new.progress)
    .bind(new.diagnosis)
    .bind(new.care_level)
    .bind(new.diet)
    .bind(new.advice)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the lines of an entry with all their times, in two statements whatever their number.
pub async fn insert_orders(tx: &mut Tx, encounter: EncounterId, patient: PatientId, sheet: Uuid, lines: &[Line]) -> Result<(), sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let today = local_date(now);
    for (place, line) in lines.iter().enumerate() {
        sqlx::query(sql!(
            "INSERT INTO inpatient_order (facility_id, order_id, sheet_id, encounter_id, patient_id, kind, drug_id, name, dose, route,
                 quantity_milli, unit, note, hours, from_day, days, at, by_account, by_name, place)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
             ON CONFLICT (facility_id, order_id) DO NOTHING"
        ))
        .bind(facility)
        .bind(line.id)
        .bind(sheet)
        .bind(encounter.0)
        .bind(patient.0)
        .bind(line.kind.key())
        .bind(line.drug)
        .bind(&line.name)
        .bind(&line.dose)
        .bind(&line.route)
        .bind(line.quantity_milli)
        .bind(&line.unit)
        .bind(&line.note)
        .bind(&line.hours)
        .bind(today)
        .bind(line.days as i32)
        .bind(now)
        .bind(account)
        .bind(&name)
        .bind(place as i32)
        .execute(tx.conn())
        .await?;
    }
    let times: Vec<(Uuid, DateTime<Utc>)> =
        lines.iter().flat_map(|l| due_times(&l.hours, today, l.days, now).into_iter().map(move |due| (l.id, due))).collect();
    let ids: Vec<Uuid> = times.iter().map(|_| Uuid::now_v7()).collect();
    let (orders, dues): (Vec<Uuid>, Vec<DateTime<Utc>>) = times.into_iter().unzip();
    sqlx::query(sql!(
        "INSERT INTO inpatient_task (facility_id, task_id, order_id, encounter_id, patient_id, due_at)
         SELECT $1, t.id, t.order_id, $2, $3, t.due FROM unnest($4::uuid[], $5::uuid[], $6::timestamptz[]) AS t(id, order_id, due)
         ON CONFLICT (facility_id, order_id, due_at) DO NOTHING"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(&ids)
    .bind(&orders)
    .bind(&dues)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The entries of a stay, newest first.
pub async fn list_sheets(tx: &mut Tx, encounter: EncounterId, most: i64) -> Result<Vec<Sheet>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT sheet_id, at, progress, diagnosis, care_level, diet, advice, by_name, wrong_at, wrong_by_name, wrong_reason
         FROM inpatient_sheet WHERE facility_id = $1 AND encounter_id = $2 ORDER BY at DESC, sheet_id DESC LIMIT $3"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(most)
    .fetch_all(tx.conn())
    .await
}

/// Marks an entry as entered in error. `RowNotFound` when there is none that could be.
pub async fn mark_wrong(tx: &mut Tx, encounter: EncounterId, sheet: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let (facility, now, name) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    sqlx::query_scalar::<_, Uuid>(sql!(
        "UPDATE inpatient_sheet SET wrong_at = $4, wrong_by_name = $5, wrong_reason = $6
         WHERE facility_id = $1 AND encounter_id = $2 AND sheet_id = $3 AND wrong_at IS NULL RETURNING sheet_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(sheet)
    .bind(now)
    .bind(name)
    .bind(reason)
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// An order line as sheets and lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Order {
    pub order_id: Uuid,
    pub sheet_id: Uuid,
    pub kind: String,
    pub drug_id: Option<Uuid>,
    pub name: String,
    pub dose: String,
    pub route: String,
    pub quantity_milli: i64,
    pub unit: String,
    pub note: String,
    pub hours: Vec<i32>,
    pub from_day: NaiveDate,
    pub days: i32,
    pub at: DateTime<Utc>,
    pub by_name: String,
    pub stopped_at: Option<DateTime<Utc>>,
    pub stopped_by_name: String,
    pub stop_reason: String,
    /// Times that are still open.
    pub open: i64,
    pub done: i64,
}

/// The order lines of a stay, oldest first.
pub async fn list_orders(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Order>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT o.order_id, o.sheet_id, o.kind, o.drug_id, o.name, o.dose, o.route, o.quantity_milli, o.unit, o.note, o.hours, o.from_day, o.days,
                o.at, o.by_name, o.stopped_at, o.stopped_by_name, o.stop_reason, coalesce(t.open, 0) AS open, coalesce(t.done, 0) AS done
         FROM inpatient_order o
         LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE x.status IN ('due', 'held')) AS open, count(*) FILTER (WHERE x.status = 'done') AS done
             FROM inpatient_task x WHERE x.facility_id = $1 AND x.order_id = o.order_id) t ON true
         WHERE o.facility_id = $1 AND o.encounter_id = $2 ORDER BY o.at, o.place, o.order_id LIMIT 3000"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}

/// Stops an order: its open times vanish from the nurse's list, what was done stays. False when it had stopped before.
/// `RowNotFound` when the stay has no such order.
pub async fn stop(tx: &mut Tx, encounter: EncounterId, order: Uuid, reason: &str) -> Result<bool, sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    let stopped: Option<DateTime<Utc>> =
        sqlx::query_scalar(sql!("SELECT stopped_at FROM inpatient_order WHERE facility_id = $1 AND encounter_id = $2 AND order_id = $3 FOR UPDATE"))
            .bind(facility)
            .bind(encounter.0)
            .bind(order)
            .fetch_one(tx.conn())
            .await?;
    if stopped.is_some() {
        return Ok(false);
    }
    sqlx::query(sql!(
        "WITH stopped AS (
             UPDATE inpatient_order SET stopped_at = $3, stopped_by_name = $4, stop_reason = $5 WHERE facility_id = $1 AND order_id = $2),
         gone AS (
             UPDATE inpatient_task SET status = 'cancelled', at = $3, by_account = $6, by_name = $4, reason = $5
             WHERE facility_id = $1 AND order_id = $2 AND status IN ('due', 'held') RETURNING task_id)
         INSERT INTO inpatient_task_event (facility_id, event_id, task_id, from_status, to_status, reason, at, by_account, by_name)
         SELECT $1, gen_random_uuid(), task_id, 'due', 'cancelled', $5, $3, $6, $4 FROM gone"
    ))
    .bind(facility)
    .bind(order)
    .bind(now)
    .bind(name)
    .bind(reason)
    .bind(account)
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// A time with its order and patient, as the nurse's lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Task {
    pub task_id: Uuid,
    pub order_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub due_at: DateTime<Utc>,
    pub status: String,
    pub at: Option<DateTime<Utc>>,
    pub by_name: String,
    pub is_scanned: bool,
    pub reason: String,
    pub kind: String,
    pub name: String,
    pub dose: String,
    pub route: String,
    pub note: String,
    pub drug_id: Option<Uuid>,
    pub quantity_milli: i64,
    pub unit: String,
    pub patient_name: String,
    pub bed_code: Option<String>,
    pub wristband: String,
    pub is_allergic: bool,
}

impl Task {
    /// The hour at which it is due, in Vietnam.
    pub fn hour(&self) -> String {
        base::show_time(self.due_at)
    }
    pub fn status(&self) -> Status {
        Status::from_key(&self.status).unwrap_or(Status::Cancelled)
    }
    pub fn kind(&self) -> crate::order::Kind {
        crate::order::Kind::from_key(&self.kind).unwrap_or(crate::order::Kind::Care)
    }
}

macro_rules! tasks {
    ($rest:expr) => {
        concat!(
            "SELECT t.task_id, t.order_id, t.encounter_id, t.patient_id, t.due_at, t.status, t.at, t.by_name, t.is_scanned, t.reason,
                o.kind, o.name, o.dose, o.route, o.note, o.drug_id, o.quantity_milli, o.unit, p.name AS patient_name, b.code AS bed_code, s.wristband,
                EXISTS (SELECT FROM patient_allergy a WHERE a.facility_id = $1 AND a.patient_id = t.patient_id AND a.ended_at IS NULL) AS is_allergic
             FROM inpatient_task t
             JOIN inpatient_order o USING (facility_id, order_id)
             JOIN inpatient_stay s ON s.facility_id = t.facility_id AND s.encounter_id = t.encounter_id
             JOIN patient_patient p ON p.facility_id = t.facility_id AND p.patient_id = t.patient_id
             LEFT JOIN inpatient_bed_stay l ON l.facility_id = t.facility_id AND l.encounter_id = t.encounter_id AND upper_inf(l.period)
             LEFT JOIN inpatient_bed b ON b.facility_id = t.facility_id AND b.bed_id = l.bed_id
             WHERE t.facility_id = $1 AND ",
            $rest
        )
    };
}

/// The times of a stay between two instants (the second exclusive), in order.
pub async fn list_tasks(tx: &mut Tx, encounter: EncounterId, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Task>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(tasks!("t.encounter_id = $2 AND t.due_at >= $3 AND t.due_at < $4 ORDER BY t.due_at, o.place, t.task_id LIMIT 2000")))
        .bind(facility)
        .bind(encounter.0)
        .bind(from)
        .bind(to)
        .fetch_all(tx.conn())
        .await
}

/// The times of everybody in a ward between two instants, by hour, then by bed.
pub async fn list_ward_tasks(tx: &mut Tx, ward: RoomId, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Task>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(tasks!(
        "s.ward_id = $2 AND s.step <> 'closed' AND t.due_at < $4 AND (t.due_at >= $3 OR t.status IN ('due', 'held')) AND t.status <> 'cancelled'
         ORDER BY t.due_at, b.place, b.code, o.place LIMIT 2000"
    )))
    .bind(facility)
    .bind(ward.0)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await
}

/// A time, locked until the end of the transaction. `RowNotFound` when this facility has none of that id.
pub async fn lock_task(tx: &mut Tx, task: Uuid) -> Result<Task, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(tasks!("t.task_id = $2 FOR UPDATE OF t"))).bind(facility).bind(task).fetch_one(tx.conn()).await
}

/// Writes what the rule allowed about a time.
pub async fn set_task(tx: &mut Tx, task: &Task, to: Status, reason: &str, is_scanned: bool) -> Result<(), sqlx::Error> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "WITH changed AS (
             UPDATE inpatient_task SET status = $3, at = $4, by_account = $5, by_name = $6, is_scanned = $7, reason = $8
             WHERE facility_id = $1 AND task_id = $2)
         INSERT INTO inpatient_task_event (facility_id, event_id, task_id, from_status, to_status, reason, at, by_account, by_name)
         VALUES ($1, $9, $2, $10, $3, $8, $4, $5, $6)"
    ))
    .bind(facility)
    .bind(task.task_id)
    .bind(to.key())
    .bind(now)
    .bind(account)
    .bind(name)
    .bind(is_scanned)
    .bind(reason)
    .bind(Uuid::now_v7())
    .bind(&task.status)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A fresh time in place of one that was ticked by mistake, so that it can be done.
pub async fn reopen_task(tx: &mut Tx, task: &Task) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO inpatient_task (facility_id, task_id, order_id, encounter_id, patient_id, due_at)
         VALUES ($1, $2, $3, $4, $5, $6::timestamptz + interval '1 second') ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(task.order_id)
    .bind(task.encounter_id)
    .bind(task.patient_id)
    .bind(task.due_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An ordered medicine that a known allergy of the patient speaks against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Against {
    pub drug: Uuid,
    /// What the patient reacts to, as it is recorded.
    pub allergy: String,
    /// The group that both belong to; empty for the very substance.
    pub group: String,
}

/// Which of these drugs the patient's recorded allergies speak against: the same substance, or one of its group.
pub async fn against(tx: &mut Tx, patient: PatientId, drugs: &[Uuid]) -> Result<Vec<Against>, sqlx::Error> {
    let facility = tx.facility();
    let allergies: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT substance FROM patient_allergy WHERE facility_id = $1 AND patient_id = $2 AND ended_at IS NULL AND kind IN ('drug', 'drug_class') ORDER BY recorded_at"
    ))
    .bind(facility.0)
    .bind(patient.0)
    .fetch_all(tx.conn())
    .await?;
    if allergies.is_empty() || drugs.is_empty() {
        return Ok(Vec::new());
    }
    let day = local_date(tx.now);
    let known = organization::drug::by_ids(tx.conn(), facility, drugs, day).await?;
    let ingredients: Vec<&str> = known.iter().map(|d| d.facts.ingredient.as_str()).collect();
    let named: Vec<&str> = allergies.iter().map(String::as_str).collect();
    let hits = codes::substance::allergy_matches(tx.conn(), &named, &ingredients).await?;
    Ok(hits
        .into_iter()
        .filter_map(|hit| {
            Some(Against {
                drug: known.get(usize::try_from(hit.drug).ok()?)?.id,
                allergy: allergies.get(usize::try_from(hit.allergy).ok()?)?.clone(),
                group: hit.group_name.unwrap_or_default(),
            })
        })
        .collect())
}

/// What the facility's list says of these drugs, on a day.
pub async fn drug_names(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<DrugName>, sqlx::Error> {
    let facility = tx.facility();
    let day = local_date(tx.now);
    let found = organization::drug::by_ids(tx.conn(), facility, ids, day).await?;
    Ok(found
        .into_iter()
        .map(|d| DrugName { id: d.id, name: full_name(&d.facts.name, &d.facts.strength), unit: d.facts.unit, route: d.facts.route })
        .collect())
}

/// Many lists write the strength into the name already: "Amoxicilin 500 mg".
pub fn full_name(name: &str, strength: &str) -> String {
    let first = strength.split(' ').next().unwrap_or("");
    if strength.is_empty() || name.contains(first) { name.to_owned() } else { format!("{name} {strength}") }
}
