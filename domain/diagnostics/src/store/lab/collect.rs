//! Samples in the database: what waits to be taken, the tubes of a visit, receiving and rejecting.

use super::catalogue::{Analyte, analyte};
use super::{number, text};
use crate::lab::range::{Limits, pick};
use crate::lab::specimen::{self, Status, Tube, Wanted};
use base::{Age, EncounterId, FacilityId, PatientId, SpecimenId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A visit that waits for its samples.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ToCollect {
    pub encounter_id: Uuid,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub ordered_name: String,
    pub ordered_at: DateTime<Utc>,
    pub is_urgent: bool,
    pub order_ids: Vec<Uuid>,
    pub services: Vec<String>,
    pub preparation: String,
    /// Why an earlier sample of these orders was rejected; "" when none was.
    pub rejected: String,
}

/// Visits with laboratory orders whose samples are not taken, urgent first, then as they were asked for. With
/// `pay_first` only orders that are paid or cost nothing.
pub async fn list_to_collect(conn: &mut PgConnection, facility: FacilityId, pay_first: bool, most: i64) -> Result<Vec<ToCollect>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT o.encounter_id, p.name AS patient_name, p.record_no, p.sex, p.birth_date,
                (array_agg(o.ordered_name ORDER BY o.ordered_at))[1] AS ordered_name, min(o.ordered_at) AS ordered_at,
                bool_or(o.priority = 'urgent') AS is_urgent, array_agg(o.order_id ORDER BY o.drafted_at, o.order_id) AS order_ids,
                array_agg(o.service_name ORDER BY o.drafted_at, o.order_id) AS services,
                coalesce(string_agg(DISTINCT nullif(s.preparation, ''), '. '), '') AS preparation,
                coalesce((SELECT max(r.reject_reason) FROM diagnostics_specimen r
                          JOIN diagnostics_result x ON x.facility_id = r.facility_id AND x.specimen_id = r.specimen_id
                          WHERE r.facility_id = $1 AND r.encounter_id = o.encounter_id AND r.status = 'rejected'
                            AND x.order_ids && array_agg(o.order_id)), '') AS rejected
         FROM diagnostics_order o
         JOIN organization_service s ON s.facility_id = o.facility_id AND s.service_id = o.service_id
         JOIN patient_patient p ON p.facility_id = o.facility_id AND p.patient_id = o.patient_id
         WHERE o.facility_id = $1 AND o.kind = 'lab' AND o.status = 'placed' AND (NOT $2 OR o.paid_at IS NOT NULL OR o.price_vnd = 0)
         GROUP BY o.encounter_id, p.name, p.record_no, p.sex, p.birth_date
         ORDER BY bool_or(o.priority = 'urgent') DESC, min(o.ordered_at) LIMIT $3"
    ))
    .bind(facility.0)
    .bind(pay_first)
    .bind(most)
    .fetch_all(conn)
    .await
}

/// The person a sample is taken from, as ranges ask for them.
#[derive(Clone, Debug)]
pub struct Donor {
    pub patient: PatientId,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub is_pregnant: bool,
    pub age_days: i32,
}

/// Whose visit it is; `None` when this facility has no such visit.
pub async fn find_donor(conn: &mut PgConnection, facility: FacilityId, encounter: EncounterId, day: NaiveDate) -> Result<Option<Donor>, sqlx::Error> {
    let row: Option<(Uuid, String, NaiveDate, bool)> = sqlx::query_as(sql!(
        "SELECT p.patient_id, p.sex, p.birth_date,
                EXISTS (SELECT 1 FROM patient_flag f WHERE f.facility_id = $1 AND f.patient_id = p.patient_id AND f.kind = 'pregnant'
                        AND f.ended_at IS NULL AND (f.valid_to IS NULL OR f.valid_to >= $3))
         FROM encounter_encounter e
         JOIN patient_patient p ON p.facility_id = e.facility_id AND p.patient_id = e.patient_id
         WHERE e.facility_id = $1 AND e.encounter_id = $2"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .bind(day)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(patient, sex, birth_date, is_pregnant)| Donor {
        patient: PatientId(patient),
        sex,
        birth_date,
        is_pregnant,
        age_days: i32::try_from(Age::on(birth_date, day).days).unwrap_or(i32::MAX),
    }))
}

/// A laboratory order of a visit before its sample is taken.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Open {
    pub order_id: Uuid,
    pub service_id: Uuid,
    pub service_name: String,
    pub status: String,
    pub is_urgent: bool,
    pub is_paid: bool,
}

/// The laboratory orders of a visit that were sent, held until the transaction ends.
pub async fn orders_to_collect(conn: &mut PgConnection, facility: FacilityId, encounter: EncounterId) -> Result<Vec<Open>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT order_id, service_id, service_name, status, priority = 'urgent' AS is_urgent,
                paid_at IS NOT NULL OR price_vnd = 0 AS is_paid
         FROM diagnostics_order
         WHERE facility_id = $1 AND encounter_id = $2 AND kind = 'lab' AND status IN ('placed', 'collected')
         ORDER BY order_id FOR UPDATE"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await
}

/// What these orders ask for on a day and no tube that still stands was taken for.
pub async fn wanted(tx: &mut Tx, orders: &[Uuid], day: NaiveDate) -> Result<Vec<Wanted<Analyte>>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT o.order_id, a.analyte_id, a.code, a.name, a.loinc, a.unit, a.bench, a.tube, a.kind, a.decimals, a.choices,
                a.least::text, a.most::text, a.formula, a.method, a.delta_percent::text, a.delta_days, a.place
         FROM diagnostics_order o
         JOIN diagnostics_service_analyte l ON l.facility_id = o.facility_id AND l.service_id = o.service_id
              AND l.valid_from <= $3 AND (l.valid_to IS NULL OR l.valid_to >= $3)
         JOIN diagnostics_analyte a ON a.facility_id = l.facility_id AND a.analyte_id = l.analyte_id
         WHERE o.facility_id = $1 AND o.order_id = ANY($2)
           AND NOT EXISTS (SELECT 1 FROM diagnostics_result r WHERE r.facility_id = $1 AND r.encounter_id = o.encounter_id
                           AND r.analyte_id = a.analyte_id AND r.status <> 'cancelled' AND o.order_id = ANY(r.order_ids))
         ORDER BY o.drafted_at, o.order_id, l.place, a.place"
    ))
    .bind(tx.facility().0)
    .bind(orders)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let facts = analyte(row)?;
            Ok(Wanted { order: row.try_get("order_id")?, tube: facts.tube, analyte: facts.id, facts })
        })
        .collect()
}

/// The person's last released value of each analyte.
#[derive(Clone, Debug)]
pub struct Previous {
    pub shown: String,
    pub value: Option<Decimal>,
    pub at: DateTime<Utc>,
}

/// The same for many analytes of one person, before a moment.
pub async fn previous(tx: &mut Tx, patient: PatientId, analytes: &[Uuid], before: DateTime<Utc>) -> Result<HashMap<Uuid, Previous>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT DISTINCT ON (r.analyte_id) r.analyte_id, r.shown, r.value::text, s.collected_at
         FROM diagnostics_result r
         JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id
         WHERE r.facility_id = $1 AND r.patient_id = $2 AND r.analyte_id = ANY($3) AND r.released_at IS NOT NULL
           AND s.collected_at < $4
         ORDER BY r.analyte_id, r.released_at DESC"
    ))
    .bind(tx.facility().0)
    .bind(patient.0)
    .bind(analytes)
    .bind(before)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let previous = Previous { shown: row.try_get("shown")?, value: number(row, "value")?, at: row.try_get("collected_at")? };
            Ok((row.try_get("analyte_id")?, previous))
        })
        .collect()
}

/// One tube on its way into the database.
pub struct NewTube<'a> {
    pub id: SpecimenId,
    pub encounter: EncounterId,
    pub donor: &'a Donor,
    pub tube: Tube,
    pub is_urgent: bool,
    pub replaces: Option<Uuid>,
    pub day: NaiveDate,
    pub analytes: &'a [(Analyte, Vec<Uuid>)],
}

/// The next numbers of a day's samples, `count` of them, the first one given.
pub async fn take_numbers(tx: &mut Tx, day: NaiveDate, count: i32) -> Result<i32, sqlx::Error> {
    let last: i32 = sqlx::query_scalar(sql!(
        "INSERT INTO diagnostics_specimen_number AS n (facility_id, day, last) VALUES ($1, $2, $3)
         ON CONFLICT (facility_id, day) DO UPDATE SET last = n.last + excluded.last RETURNING last"
    ))
    .bind(tx.facility().0)
    .bind(day)
    .bind(count)
    .fetch_one(tx.conn())
    .await?;
    Ok(last - count + 1)
}

/// Writes a tube and an empty cell for each of its analytes, with the range of this person at this age.
pub async fn insert_tube(
    tx: &mut Tx,
    new: &NewTube<'_>,
    number: i32,
    ranges: &HashMap<Uuid, Vec<crate::lab::range::Range>>,
    previous: &HashMap<Uuid, Previous>,
) -> Result<(), sqlx::Error> {
    let name = tx.actor.name.to_string();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_specimen (facility_id, specimen_id, code, encounter_id, patient_id, tube, is_urgent, status,
             collected_by, collected_name, collected_at, replaces)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'collected', $8, $9, $10, $11)"
    ))
    .bind(tx.facility().0)
    .bind(new.id.0)
    .bind(specimen::code(new.day, number))
    .bind(new.encounter.0)
    .bind(new.donor.patient.0)
    .bind(new.tube.key())
    .bind(new.is_urgent)
    .bind(tx.actor.account.0)
    .bind(&name)
    .bind(tx.now)
    .bind(new.replaces)
    .execute(tx.conn())
    .await?;
    let limits: Vec<Limits> = new
        .analytes
        .iter()
        .map(|(analyte, _)| {
            let own = ranges.get(&analyte.id).map_or(&[][..], Vec::as_slice);
            pick(own, &new.donor.sex, new.donor.age_days, new.donor.is_pregnant).map(|r| r.limits.clone()).unwrap_or_default()
        })
        .collect();
    // One statement for all cells; lists of lists travel as JSON.
    let cells: Vec<serde_json::Value> = new
        .analytes
        .iter()
        .zip(&limits)
        .map(|((analyte, orders), limits)| {
            let before = previous.get(&analyte.id);
            serde_json::json!({
                "id": Uuid::now_v7(), "orders": orders, "analyte": analyte.id, "code": analyte.code, "name": analyte.name,
                "loinc": analyte.loinc, "unit": analyte.unit, "bench": analyte.bench, "method": analyte.method,
                "kind": analyte.spec.kind.key(), "decimals": analyte.spec.decimals, "choices": analyte.spec.choices,
                "formula": analyte.formula, "place": analyte.place, "low": text(limits.low), "high": text(limits.high),
                "critical_low": text(limits.critical_low), "critical_high": text(limits.critical_high),
                "normal_text": limits.normal_text, "least": text(analyte.spec.least), "most": text(analyte.spec.most),
                "delta_percent": text(analyte.delta_percent), "delta_days": analyte.delta_days,
                "previous_shown": before.map_or("", |b| b.shown.as_str()), "previous_value": text(before.and_then(|b| b.value)),
                "previous_at": before.map(|b| b.at),
            })
        })
        .collect();
    sqlx::query(sql!(
        "INSERT INTO diagnostics_result (facility_id, result_id, specimen_id, encounter_id, patient_id, order_ids, analyte_id, code,
             name, loinc, unit, bench, method, kind, decimals, choices, formula, place, low, high, critical_low, critical_high,
             normal_text, least, most, delta_percent, delta_days, previous_shown, previous_value, previous_at)
         SELECT $1, c.id, $2, $3, $4, c.orders, c.analyte, c.code, c.name, c.loinc, c.unit, c.bench, c.method, c.kind, c.decimals,
                c.choices, c.formula, c.place, c.low, c.high, c.critical_low, c.critical_high, c.normal_text, c.least, c.most,
                c.delta_percent, c.delta_days, c.previous_shown, c.previous_value, c.previous_at
         FROM jsonb_to_recordset($5) AS c(id uuid, orders uuid[], analyte uuid, code text, name text, loinc text, unit text, bench text,
              method text, kind text, decimals int, choices text[], formula text, place int, low numeric, high numeric,
              critical_low numeric, critical_high numeric, normal_text text, least numeric, most numeric, delta_percent numeric,
              delta_days int, previous_shown text, previous_value numeric, previous_at timestamptz)"
    ))
    .bind(tx.facility().0)
    .bind(new.id.0)
    .bind(new.encounter.0)
    .bind(new.donor.patient.0)
    .bind(serde_json::Value::Array(cells))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The rejected sample of this visit and tube that no other has replaced.
pub async fn rejected_before(tx: &mut Tx, encounter: EncounterId) -> Result<HashMap<String, Uuid>, sqlx::Error> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as(sql!(
        "SELECT s.tube, s.specimen_id FROM diagnostics_specimen s
         WHERE s.facility_id = $1 AND s.encounter_id = $2 AND s.status = 'rejected'
           AND NOT EXISTS (SELECT 1 FROM diagnostics_specimen n WHERE n.facility_id = $1 AND n.encounter_id = $2 AND n.replaces = s.specimen_id)"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

/// Sends these orders back to the list of samples to be taken, or on to the bench.
pub async fn mark_orders(tx: &mut Tx, orders: &[Uuid], is_collected: bool) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_order
         SET status = CASE WHEN $3 THEN 'collected' ELSE 'placed' END,
             collected_at = CASE WHEN $3 THEN $4::timestamptz END, collected_by = CASE WHEN $3 THEN $5::uuid END
         WHERE facility_id = $1 AND order_id = ANY($2) AND status = CASE WHEN $3 THEN 'placed' ELSE 'collected' END"
    ))
    .bind(tx.facility().0)
    .bind(orders)
    .bind(is_collected)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A sample with its person, as lists, labels and its own page show it.
#[derive(Clone, Debug)]
pub struct Specimen {
    pub id: SpecimenId,
    pub code: String,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub tube: Tube,
    pub is_urgent: bool,
    pub status: Status,
    pub collected_name: String,
    pub collected_at: DateTime<Utc>,
    pub received_name: String,
    pub received_at: Option<DateTime<Utc>>,
    pub rejected_name: String,
    pub rejected_at: Option<DateTime<Utc>>,
    pub reject_reason: String,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    /// Codes of the analytes that stand.
    pub analytes: Vec<String>,
    pub has_released: bool,
}

fn specimen(row: &PgRow) -> Result<Specimen, sqlx::Error> {
    Ok(Specimen {
        id: SpecimenId(row.try_get("specimen_id")?),
        code: row.try_get("code")?,
        encounter: EncounterId(row.try_get("encounter_id")?),
        patient: PatientId(row.try_get("patient_id")?),
        tube: Tube::from_key(row.try_get("tube")?).unwrap_or(Tube::Other),
        is_urgent: row.try_get("is_urgent")?,
        status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Collected),
        collected_name: row.try_get("collected_name")?,
        collected_at: row.try_get("collected_at")?,
        received_name: row.try_get("received_name")?,
        received_at: row.try_get("received_at")?,
        rejected_name: row.try_get("rejected_name")?,
        rejected_at: row.try_get("rejected_at")?,
        reject_reason: row.try_get("reject_reason")?,
        patient_name: row.try_get("patient_name")?,
        record_no: row.try_get("record_no")?,
        sex: row.try_get("sex")?,
        birth_date: row.try_get("birth_date")?,
        analytes: row.try_get("analytes")?,
        has_released: row.try_get("has_released")?,
    })
}

/// Which samples are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    Id(SpecimenId),
    Code(&'a str),
    Encounter(EncounterId),
    /// All that wait to be received.
    Collected,
    /// What was rejected since that moment.
    RejectedSince(DateTime<Utc>),
}

/// Samples, oldest first, at most 200.
pub async fn list_specimens(conn: &mut PgConnection, facility: FacilityId, which: Which<'_>) -> Result<Vec<Specimen>, sqlx::Error> {
    let (mut id, mut code, mut encounter, mut status, mut since) = (None, None, None, None, None);
    match which {
        Which::Id(wanted) => id = Some(wanted.0),
        Which::Code(wanted) => code = Some(wanted),
        Which::Encounter(wanted) => encounter = Some(wanted.0),
        Which::Collected => status = Some("collected"),
        Which::RejectedSince(moment) => (status, since) = (Some("rejected"), Some(moment)),
    }
    sqlx::query(sql!(
        "SELECT s.specimen_id, s.code, s.encounter_id, s.patient_id, s.tube, s.is_urgent, s.status, s.collected_name, s.collected_at,
                s.received_name, s.received_at, s.rejected_name, s.rejected_at, s.reject_reason, p.name AS patient_name, p.record_no,
                p.sex, p.birth_date,
                coalesce((SELECT array_agg(r.code ORDER BY r.place) FROM diagnostics_result r
                          WHERE r.facility_id = $1 AND r.specimen_id = s.specimen_id AND (r.status <> 'cancelled' OR s.status = 'rejected')), '{}') AS analytes,
                EXISTS (SELECT 1 FROM diagnostics_result r WHERE r.facility_id = $1 AND r.specimen_id = s.specimen_id
                        AND r.report_id IS NOT NULL) AS has_released
         FROM diagnostics_specimen s
         JOIN patient_patient p ON p.facility_id = s.facility_id AND p.patient_id = s.patient_id
         WHERE s.facility_id = $1 AND ($2::uuid IS NULL OR s.specimen_id = $2) AND ($3::text IS NULL OR s.code = $3)
           AND ($4::uuid IS NULL OR s.encounter_id = $4) AND ($5::text IS NULL OR s.status = $5)
           AND ($6::timestamptz IS NULL OR s.rejected_at >= $6)
         ORDER BY s.is_urgent DESC, s.collected_at, s.code LIMIT 200"
    ))
    .bind(facility.0)
    .bind(id)
    .bind(code)
    .bind(encounter)
    .bind(status)
    .bind(since)
    .fetch_all(conn)
    .await?
    .iter()
    .map(specimen)
    .collect()
}

/// One sample, held until the transaction ends.
pub async fn specimen_to_change(tx: &mut Tx, id: SpecimenId) -> Result<Option<Specimen>, sqlx::Error> {
    let held: Option<Uuid> =
        sqlx::query_scalar(sql!("SELECT specimen_id FROM diagnostics_specimen WHERE facility_id = $1 AND specimen_id = $2 FOR UPDATE"))
            .bind(tx.facility().0)
            .bind(id.0)
            .fetch_optional(tx.conn())
            .await?;
    if held.is_none() {
        return Ok(None);
    }
    let facility = tx.facility();
    Ok(list_specimens(tx.conn(), facility, Which::Id(id)).await?.into_iter().next())
}

/// The sample is in the laboratory.
pub async fn receive(tx: &mut Tx, id: SpecimenId) -> Result<(), sqlx::Error> {
    let name = tx.actor.name.to_string();
    sqlx::query(sql!(
        "UPDATE diagnostics_specimen SET status = 'received', received_by = $3, received_name = $4, received_at = $5
         WHERE facility_id = $1 AND specimen_id = $2 AND status = 'collected'"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sample is unfit: its cells are called off. Gives the orders that need a new one.
pub async fn reject(tx: &mut Tx, id: SpecimenId, reason: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    let name = tx.actor.name.to_string();
    sqlx::query_scalar(sql!(
        "WITH rejected AS (
             UPDATE diagnostics_specimen SET status = 'rejected', rejected_by = $3, rejected_name = $4, rejected_at = $5, reject_reason = $6
             WHERE facility_id = $1 AND specimen_id = $2),
         off AS (
             UPDATE diagnostics_result SET status = 'cancelled', version = version + 1
             WHERE facility_id = $1 AND specimen_id = $2 RETURNING order_ids)
         SELECT DISTINCT unnest(order_ids) FROM off"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .bind(reason)
    .fetch_all(tx.conn())
    .await
}

/// Whether a tube that still stands was taken for an order.
pub async fn has_specimen(conn: &mut PgConnection, facility: FacilityId, encounter: EncounterId, order: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT 1 FROM diagnostics_result WHERE facility_id = $1 AND encounter_id = $2 AND $3 = ANY(order_ids)
                        AND status <> 'cancelled')"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .bind(order)
    .fetch_one(conn)
    .await
}

/// An order was called off: cells that nobody else asked for and that are not released go with it.
pub async fn cancel_order(tx: &mut Tx, encounter: EncounterId, order: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_result
         SET status = CASE WHEN cardinality(order_ids) = 1 THEN 'cancelled' ELSE status END,
             order_ids = CASE WHEN cardinality(order_ids) = 1 THEN order_ids ELSE array_remove(order_ids, $3) END,
             version = version + 1
         WHERE facility_id = $1 AND encounter_id = $2 AND $3 = ANY(order_ids) AND report_id IS NULL AND status <> 'cancelled'"
    ))
    .bind(tx.facility().0)
    .bind(encounter.0)
    .bind(order)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts of a laboratory's day: samples to take (visits), to receive, cells to type, to validate technically and
/// medically (samples), critical values without a call.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub struct Counts {
    pub to_collect: i64,
    pub to_receive: i64,
    pub on_bench: i64,
    pub typed: i64,
    pub technical: i64,
    pub uncalled: i64,
}

/// The same in one query.
pub async fn counts(conn: &mut PgConnection, facility: FacilityId, pay_first: bool) -> Result<Counts, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT (SELECT count(DISTINCT encounter_id) FROM diagnostics_order WHERE facility_id = $1 AND kind = 'lab' AND status = 'placed'
                 AND (NOT $2 OR paid_at IS NOT NULL OR price_vnd = 0)) AS to_collect,
                (SELECT count(*) FROM diagnostics_specimen WHERE facility_id = $1 AND status = 'collected') AS to_receive,
                coalesce(b.on_bench, 0) AS on_bench, coalesce(b.typed, 0) AS typed, coalesce(b.technical, 0) AS technical,
                coalesce(b.uncalled, 0) AS uncalled
         FROM (SELECT count(DISTINCT r.specimen_id) FILTER (WHERE r.status = 'pending') AS on_bench,
                      count(DISTINCT r.specimen_id) FILTER (WHERE r.status = 'typed') AS typed,
                      count(DISTINCT r.specimen_id) FILTER (WHERE r.status = 'technical') AS technical,
                      count(*) FILTER (WHERE r.flag IN ('LL', 'HH') AND NOT EXISTS (
                          SELECT 1 FROM diagnostics_critical_call k
                          WHERE k.facility_id = $1 AND k.result_id = r.result_id AND k.shown = r.shown)) AS uncalled
               FROM diagnostics_result r
               JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id
               WHERE r.facility_id = $1 AND r.status IN ('pending', 'typed', 'technical') AND s.status = 'received') AS b"
    ))
    .bind(facility.0)
    .bind(pay_first)
    .fetch_one(conn)
    .await
}
