//! Beds: the map of a ward, free beds, and who is laid where.

use crate::bed::{self, Facts, State};
use base::{BedId, EncounterId, PatientId, Problem, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;
use web::Failure;

/// A bed of the map with whoever lies in it; a shared bed with two people comes twice.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OnMap {
    pub bed_id: Uuid,
    pub chamber: String,
    pub code: String,
    pub kind: String,
    pub is_shared: bool,
    pub cleaning_since: Option<DateTime<Utc>>,
    pub held_for: Option<Uuid>,
    pub held_until: Option<DateTime<Utc>>,
    pub held_name: Option<String>,
    pub encounter_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub step: Option<String>,
    pub name: Option<String>,
    pub sex: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub diagnosis: Option<String>,
    pub care_level: Option<i32>,
    pub admitted_at: Option<DateTime<Utc>>,
    pub leave_on: Option<NaiveDate>,
    pub is_allergic: bool,
    pub is_falling: bool,
    pub is_infectious: bool,
    pub is_infusing: bool,
    pub has_oxygen: bool,
    pub score_name: Option<String>,
    pub score_total: Option<i32>,
    pub is_alarm: bool,
    pub overdue: i64,
}

impl OnMap {
    /// How the bed stands at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        let is_held = self.held_until.is_some_and(|until| until > now);
        bed::state(self.encounter_id.is_some(), is_held, self.cleaning_since.is_some())
    }
}

/// The beds of a ward in the order of the ward, with what a nurse must see from afar.
pub async fn list_map(tx: &mut Tx, ward: RoomId) -> Result<Vec<OnMap>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(sql!(
        "SELECT b.bed_id, b.chamber, b.code, b.kind, b.is_shared, b.cleaning_since, b.held_for, b.held_until,
                (SELECT hp.name FROM inpatient_stay hs JOIN patient_patient hp USING (facility_id, patient_id)
                 WHERE hs.facility_id = $1 AND hs.encounter_id = b.held_for) AS held_name,
                s.encounter_id, s.patient_id, s.step, p.name, p.sex, p.birth_date,
                nullif(coalesce(nullif(s.diagnosis, ''), s.admit_diagnosis), '') AS diagnosis, s.care_level, s.admitted_at, s.leave_on,
                EXISTS (SELECT FROM patient_allergy a WHERE a.facility_id = $1 AND a.patient_id = s.patient_id AND a.ended_at IS NULL) AS is_allergic,
                EXISTS (SELECT FROM patient_flag f WHERE f.facility_id = $1 AND f.patient_id = s.patient_id AND f.kind = 'fall_risk' AND f.ended_at IS NULL) AS is_falling,
                EXISTS (SELECT FROM patient_flag f WHERE f.facility_id = $1 AND f.patient_id = s.patient_id AND f.kind = 'infection' AND f.ended_at IS NULL) AS is_infectious,
                EXISTS (SELECT FROM inpatient_task t JOIN inpatient_order o USING (facility_id, order_id)
                        WHERE t.facility_id = $1 AND t.encounter_id = s.encounter_id AND o.kind = 'infusion' AND t.status = 'done'
                          AND t.at > $3::timestamptz - interval '4 hours') AS is_infusing,
                coalesce(v.oxygen_tenths_l_min > 0, false) AS has_oxygen, v.score_name, v.score_total, coalesce(v.is_alarm, false) AS is_alarm,
                (SELECT count(*) FROM inpatient_task t WHERE t.facility_id = $1 AND t.encounter_id = s.encounter_id AND t.status = 'due'
                    AND t.due_at < $3::timestamptz - interval '30 minutes') AS overdue
         FROM inpatient_bed b
         LEFT JOIN inpatient_bed_stay l ON l.facility_id = b.facility_id AND l.bed_id = b.bed_id AND upper_inf(l.period)
         LEFT JOIN inpatient_stay s ON s.facility_id = b.facility_id AND s.encounter_id = l.encounter_id
         LEFT JOIN patient_patient p ON p.facility_id = b.facility_id AND p.patient_id = s.patient_id
         LEFT JOIN LATERAL (SELECT x.oxygen_tenths_l_min, x.score_name, x.score_total, x.is_alarm FROM encounter_vitals x
             WHERE x.facility_id = b.facility_id AND x.encounter_id = s.encounter_id AND x.ended_at IS NULL
             ORDER BY x.measured_at DESC LIMIT 1) v ON true
         WHERE b.facility_id = $1 AND b.ward_id = $2 AND b.active_to IS NULL
         ORDER BY b.place, b.code, s.admitted_at LIMIT 400"
    ))
    .bind(facility)
    .bind(ward.0)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// A ward with its figures.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Ward {
    pub ward_id: Uuid,
    pub name: String,
    pub short_name: String,
    pub beds: i64,
    /// Beds with somebody in them.
    pub taken: i64,
    pub held: i64,
    pub cleaning: i64,
    /// Admitted to the ward and not in a bed.
    pub waiting: i64,
    /// Other wards ask this one to take somebody.
    pub coming: i64,
    pub leaving: i64,
    pub patients: i64,
}

impl Ward {
    pub fn free(&self) -> i64 {
        (self.beds - self.taken - self.held - self.cleaning).max(0)
    }
    /// Occupied beds in per cent of all, rounded.
    pub fn occupancy(&self) -> i64 {
        if self.beds == 0 { 0 } else { (self.taken * 200 + self.beds) / (self.beds * 2) }
    }
}

/// The wards of the house with their figures, or one of them.
pub async fn list_wards(tx: &mut Tx, only: Option<RoomId>, today: NaiveDate) -> Result<Vec<Ward>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(sql!(
        "SELECT r.room_id AS ward_id, r.name, r.short_name, coalesce(b.beds, 0) AS beds, coalesce(b.taken, 0) AS taken, coalesce(b.held, 0) AS held,
                coalesce(b.cleaning, 0) AS cleaning, coalesce(s.waiting, 0) AS waiting, coalesce(s.leaving, 0) AS leaving,
                coalesce(s.patients, 0) AS patients,
                (SELECT count(*) FROM inpatient_stay c WHERE c.facility_id = $1 AND c.moving_to = r.room_id) AS coming
         FROM organization_room r
         LEFT JOIN LATERAL (
             SELECT count(*) AS beds, count(*) FILTER (WHERE t.is_taken) AS taken,
                    count(*) FILTER (WHERE NOT t.is_taken AND x.held_until > $3) AS held,
                    count(*) FILTER (WHERE NOT t.is_taken AND x.cleaning_since IS NOT NULL AND coalesce(x.held_until <= $3, true)) AS cleaning
             FROM inpatient_bed x
             CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM inpatient_bed_stay l WHERE l.facility_id = $1 AND l.bed_id = x.bed_id AND upper_inf(l.period)) AS is_taken) t
             WHERE x.facility_id = $1 AND x.ward_id = r.room_id AND x.active_to IS NULL) b ON true
         LEFT JOIN LATERAL (
             SELECT count(*) AS patients, count(*) FILTER (WHERE y.step = 'waiting') AS waiting,
                    count(*) FILTER (WHERE y.step = 'leaving' OR y.leave_on <= $4) AS leaving
             FROM inpatient_stay y WHERE y.facility_id = $1 AND y.ward_id = r.room_id AND y.step <> 'closed') s ON true
         WHERE r.facility_id = $1 AND r.kind = 'ward' AND ($2::uuid IS NULL OR r.room_id = $2)
           AND r.active_from <= $4 AND (r.active_to IS NULL OR r.active_to >= $4)
         ORDER BY r.name"
    ))
    .bind(facility)
    .bind(only.map(|w| w.0))
    .bind(now)
    .bind(today)
    .fetch_all(tx.conn())
    .await
}

/// One ward; `RowNotFound` when it is none of this facility.
pub async fn get_ward(tx: &mut Tx, ward: RoomId, today: NaiveDate) -> Result<Ward, sqlx::Error> {
    list_wards(tx, Some(ward), today).await?.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

/// A bed that could be chosen.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FreeBed {
    pub bed_id: Uuid,
    pub chamber: String,
    pub code: String,
}

/// The beds of a ward in which somebody may be laid now.
pub async fn list_free(tx: &mut Tx, ward: RoomId, mine: Option<EncounterId>) -> Result<Vec<FreeBed>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query_as(sql!(
        "SELECT b.bed_id, b.chamber, b.code FROM inpatient_bed b
         WHERE b.facility_id = $1 AND b.ward_id = $2 AND b.active_to IS NULL AND b.cleaning_since IS NULL
           AND (b.held_until IS NULL OR b.held_until <= $3 OR b.held_for = $4)
           AND (b.is_shared OR NOT EXISTS (SELECT FROM inpatient_bed_stay l WHERE l.facility_id = $1 AND l.bed_id = b.bed_id AND upper_inf(l.period)))
         ORDER BY b.place, b.code"
    ))
    .bind(facility)
    .bind(ward.0)
    .bind(now)
    .bind(mine.map(|e| e.0))
    .fetch_all(tx.conn())
    .await
}

/// A bed as it is locked for a change.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Bed {
    pub bed_id: Uuid,
    pub ward_id: Uuid,
    pub chamber: String,
    pub code: String,
    pub is_shared: bool,
    pub service_id: Option<Uuid>,
    pub cleaning_since: Option<DateTime<Utc>>,
    pub held_for: Option<Uuid>,
    pub held_until: Option<DateTime<Utc>>,
    pub is_taken: bool,
}

/// A bed, locked until the end of the transaction. `RowNotFound` when this facility has no such bed in use.
pub async fn lock(tx: &mut Tx, bed: BedId) -> Result<Bed, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT b.bed_id, b.ward_id, b.chamber, b.code, b.is_shared, b.service_id, b.cleaning_since, b.held_for, b.held_until,
                EXISTS (SELECT FROM inpatient_bed_stay l WHERE l.facility_id = $1 AND l.bed_id = b.bed_id AND upper_inf(l.period)) AS is_taken
         FROM inpatient_bed b WHERE b.facility_id = $1 AND b.bed_id = $2 AND b.active_to IS NULL FOR UPDATE OF b"
    ))
    .bind(facility)
    .bind(bed.0)
    .fetch_one(tx.conn())
    .await
}

/// Ends where the patient lies now; the bed must be cleaned before the next. Gives the bed that was left.
pub async fn leave(tx: &mut Tx, encounter: EncounterId, at: DateTime<Utc>) -> Result<Option<Uuid>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_scalar(sql!(
        "WITH left_bed AS (
             UPDATE inpatient_bed_stay SET period = tstzrange(lower(period), greatest($3, lower(period) + interval '1 second'))
             WHERE facility_id = $1 AND encounter_id = $2 AND upper_inf(period) RETURNING bed_id)
         UPDATE inpatient_bed b SET cleaning_since = $3 FROM left_bed l WHERE b.facility_id = $1 AND b.bed_id = l.bed_id RETURNING b.bed_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(at)
    .fetch_optional(tx.conn())
    .await
}

/// Lays the patient in a bed from now on. What the exclusion constraints of the database refuse is told in words.
pub async fn lie(tx: &mut Tx, id: Uuid, bed: &Bed, encounter: EncounterId, patient: PatientId) -> Result<(), Failure> {
    let (facility, now, account, name) = (tx.facility().0, tx.now, tx.actor.account.0, tx.actor.name.to_string());
    sqlx::query(sql!(
        "WITH freed AS (
             UPDATE inpatient_bed SET held_for = NULL, held_until = NULL WHERE facility_id = $1 AND (bed_id = $3 OR held_for = $5))
         INSERT INTO inpatient_bed_stay (facility_id, bed_stay_id, bed_id, ward_id, encounter_id, patient_id, period, is_shared, by_account, by_name)
         -- Who leaves one bed and is laid in another within the same second lies there from the end of the first on.
         VALUES ($1, $2, $3, $4, $5, $6, tstzrange(greatest($7, (SELECT max(upper(period)) FROM inpatient_bed_stay
             WHERE facility_id = $1 AND (patient_id = $6 OR bed_id = $3) AND upper(period) < $7::timestamptz + interval '1 minute')), NULL), $8, $9, $10)"
    ))
    .bind(facility)
    .bind(id)
    .bind(bed.bed_id)
    .bind(bed.ward_id)
    .bind(encounter.0)
    .bind(patient.0)
    .bind(now)
    .bind(bed.is_shared)
    .bind(account)
    .bind(name)
    .execute(tx.conn())
    .await
    .map_err(|error| refusal(error, &bed.code))?;
    Ok(())
}

/// What the constraints say, in words; anything else stays a fault.
fn refusal(error: sqlx::Error, code: &str) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("inpatient_bed_stay_one_patient") => {
            Problem::at("bed", format!("Giường {code} vừa có người khác xếp vào. Chọn giường khác.")).into()
        }
        Some("inpatient_bed_stay_one_bed") => {
            Problem::at("bed", "Người bệnh này đang nằm ở giường khác. Tải lại trang để thấy giường hiện tại.").into()
        }
        _ => error.into(),
    }
}

/// Keeps a bed for a patient who is on the way, until then. An earlier hold of the same patient ends.
pub async fn hold(tx: &mut Tx, bed: BedId, encounter: EncounterId, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_bed SET held_for = NULL, held_until = NULL WHERE facility_id = $1 AND held_for = $2"))
        .bind(facility)
        .bind(encounter.0)
        .execute(tx.conn())
        .await?;
    sqlx::query(sql!("UPDATE inpatient_bed SET held_for = $3, held_until = $4 WHERE facility_id = $1 AND bed_id = $2"))
        .bind(facility)
        .bind(bed.0)
        .bind(encounter.0)
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives back whatever is kept for a patient.
pub async fn release(tx: &mut Tx, encounter: EncounterId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_bed SET held_for = NULL, held_until = NULL WHERE facility_id = $1 AND held_for = $2"))
        .bind(facility)
        .bind(encounter.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The bed is clean. A second time changes nothing.
pub async fn mark_clean(tx: &mut Tx, bed: BedId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_bed SET cleaning_since = NULL WHERE facility_id = $1 AND bed_id = $2"))
        .bind(facility)
        .bind(bed.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A bed as the ward's list of beds shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub bed_id: Uuid,
    pub chamber: String,
    pub code: String,
    pub kind: String,
    pub is_shared: bool,
    pub service_id: Option<Uuid>,
    pub service_name: Option<String>,
    pub is_taken: bool,
}

/// All beds of a ward that are in use.
pub async fn list(tx: &mut Tx, ward: RoomId) -> Result<Vec<Listed>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT b.bed_id, b.chamber, b.code, b.kind, b.is_shared, b.service_id, s.name AS service_name,
                EXISTS (SELECT FROM inpatient_bed_stay l WHERE l.facility_id = $1 AND l.bed_id = b.bed_id AND upper_inf(l.period)) AS is_taken
         FROM inpatient_bed b LEFT JOIN organization_service s USING (facility_id, service_id)
         WHERE b.facility_id = $1 AND b.ward_id = $2 AND b.active_to IS NULL ORDER BY b.place, b.code LIMIT 400"
    ))
    .bind(facility)
    .bind(ward.0)
    .fetch_all(tx.conn())
    .await
}

/// Writes a bed at the end of the ward's order; the same id twice writes once. Refuses a code that the ward has.
pub async fn insert(tx: &mut Tx, id: BedId, ward: RoomId, facts: &Facts, from: NaiveDate) -> Result<(), Failure> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO inpatient_bed (facility_id, bed_id, ward_id, chamber, code, kind, is_shared, service_id, place, active_from)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8,
                (SELECT coalesce(max(place), 0) + 1 FROM inpatient_bed WHERE facility_id = $1 AND ward_id = $3), $9
         ON CONFLICT (facility_id, bed_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(ward.0)
    .bind(&facts.chamber)
    .bind(&facts.code)
    .bind(facts.kind.key())
    .bind(facts.is_shared)
    .bind(facts.service)
    .bind(from)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("inpatient_bed_code") => Failure::from(Problem::at("code", format!("Khoa đã có giường {}. Ghi số khác.", facts.code))),
        Some("inpatient_bed_service_fk") => Problem::at("service", "Dịch vụ này không có trong bảng giá. Chọn lại.").into(),
        _ => error.into(),
    })?;
    Ok(())
}

/// Takes a bed out of use from today. Refuses one that somebody lies in.
pub async fn end(tx: &mut Tx, bed: &Bed, today: NaiveDate) -> Result<(), Failure> {
    if bed.is_taken {
        return Err(Problem::of(format!("Giường {} đang có người bệnh nên chưa ngừng được. Chuyển người bệnh trước.", bed.code)).into());
    }
    let facility = tx.facility().0;
    sqlx::query(sql!("UPDATE inpatient_bed SET active_to = greatest($3, active_from) WHERE facility_id = $1 AND bed_id = $2"))
        .bind(facility)
        .bind(bed.bed_id)
        .bind(today)
        .execute(tx.conn())
        .await?;
    Ok(())
}
