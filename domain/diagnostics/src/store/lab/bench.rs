//! The bench: the cells of received samples, typing into one of them, and the technician's look.

use super::{number, text};
use crate::lab::range::{Flag, Limits};
use crate::lab::result::{Comparator, Entered, Kind, Spec};
use crate::lab::specimen::Tube;
use crate::lab::validation::Status;
use base::{AccountId, EncounterId, FacilityId, PatientId, SpecimenId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// One cell with all that judges it.
#[derive(Clone, Debug)]
pub struct Cell {
    pub id: Uuid,
    pub specimen: SpecimenId,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub orders: Vec<Uuid>,
    pub analyte: Uuid,
    pub code: String,
    pub name: String,
    pub unit: String,
    pub bench: String,
    pub formula: String,
    pub place: i32,
    pub spec: Spec,
    pub limits: Limits,
    pub delta_percent: Option<Decimal>,
    pub delta_days: Option<i32>,
    pub previous_shown: String,
    pub previous_value: Option<Decimal>,
    pub previous_at: Option<DateTime<Utc>>,
    pub status: Status,
    pub entered: Entered,
    pub flag: Flag,
    pub is_delta: bool,
    pub is_calculated: bool,
    pub version: i32,
    pub typed_name: String,
    pub technical_by: Option<AccountId>,
    pub technical_name: String,
    pub report: Option<Uuid>,
    pub correct_reason: String,
    /// Whether a call about this very value is on record.
    pub is_called: bool,
}

impl Cell {
    /// The value as people say it: "Kali 6,8 mmol/L".
    pub fn in_words(&self) -> String {
        format!("{} {} {}", self.name, self.entered.shown, self.unit).trim_end().to_owned()
    }
}

/// A sample of the bench with its cells.
#[derive(Clone, Debug)]
pub struct Sample {
    pub specimen: SpecimenId,
    pub code: String,
    pub tube: Tube,
    pub collected_at: DateTime<Utc>,
    pub is_urgent: bool,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub patient_name: String,
    pub record_no: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub room_name: String,
    pub ordered_name: String,
    pub cells: Vec<Cell>,
}

fn cell(row: &PgRow) -> Result<Cell, sqlx::Error> {
    Ok(Cell {
        id: row.try_get("result_id")?,
        specimen: SpecimenId(row.try_get("specimen_id")?),
        encounter: EncounterId(row.try_get("encounter_id")?),
        patient: PatientId(row.try_get("patient_id")?),
        orders: row.try_get("order_ids")?,
        analyte: row.try_get("analyte_id")?,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        unit: row.try_get("unit")?,
        bench: row.try_get("bench")?,
        formula: row.try_get("formula")?,
        place: row.try_get("place")?,
        spec: Spec {
            kind: Kind::from_key(row.try_get("kind")?).unwrap_or(Kind::Text),
            decimals: u32::try_from(row.try_get::<i32, _>("decimals")?).unwrap_or(0),
            choices: row.try_get("choices")?,
            least: number(row, "least")?,
            most: number(row, "most")?,
        },
        limits: Limits {
            low: number(row, "low")?,
            high: number(row, "high")?,
            critical_low: number(row, "critical_low")?,
            critical_high: number(row, "critical_high")?,
            normal_text: row.try_get("normal_text")?,
        },
        delta_percent: number(row, "delta_percent")?,
        delta_days: row.try_get("delta_days")?,
        previous_shown: row.try_get("previous_shown")?,
        previous_value: number(row, "previous_value")?,
        previous_at: row.try_get("previous_at")?,
        status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Cancelled),
        entered: Entered {
            comparator: Comparator::from_sign(row.try_get("comparator")?),
            value: number(row, "value")?,
            shown: row.try_get("shown")?,
        },
        flag: Flag::from_key(row.try_get("flag")?),
        is_delta: row.try_get("is_delta")?,
        is_calculated: row.try_get("is_calculated")?,
        version: row.try_get("version")?,
        typed_name: row.try_get("typed_name")?,
        technical_by: row.try_get::<Option<Uuid>, _>("technical_by")?.map(AccountId),
        technical_name: row.try_get("technical_name")?,
        report: row.try_get("report_id")?,
        correct_reason: row.try_get("correct_reason")?,
        is_called: row.try_get("is_called")?,
    })
}

/// Which samples a page works on.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// Received samples with something to do on a bench; `None` = all benches.
    Bench(Option<&'a str>),
    /// Samples with something for the second look.
    Medical,
    /// One sample whole, whatever its state.
    One(SpecimenId),
}

/// The samples of a page with their cells, urgent first, then as they were taken. One query.
pub async fn list_samples(conn: &mut PgConnection, facility: FacilityId, work: Work<'_>, most: i64) -> Result<Vec<Sample>, sqlx::Error> {
    let (bench, statuses, one): (Option<&str>, Vec<&str>, Option<Uuid>) = match work {
        Work::Bench(bench) => (bench, vec!["pending", "typed", "technical"], None),
        Work::Medical => (None, vec!["technical"], None),
        Work::One(id) => (None, vec![], Some(id.0)),
    };
    let rows = sqlx::query(sql!(
        "WITH chosen AS (
             SELECT s.specimen_id FROM diagnostics_specimen s
             WHERE s.facility_id = $1
               AND CASE WHEN $4::uuid IS NOT NULL THEN s.specimen_id = $4
                   ELSE s.status IN ('received', 'reported') AND EXISTS (
                       SELECT 1 FROM diagnostics_result r WHERE r.facility_id = $1 AND r.specimen_id = s.specimen_id
                       AND r.status = ANY($3) AND r.status IN ('pending', 'typed', 'technical') AND ($2::text IS NULL OR r.bench = $2)) END
             ORDER BY s.is_urgent DESC, s.collected_at, s.code LIMIT $5)
         SELECT r.result_id, r.specimen_id, r.encounter_id, r.patient_id, r.order_ids, r.analyte_id, r.code, r.name, r.unit, r.bench,
                r.formula, r.place, r.kind, r.decimals, r.choices, r.least::text, r.most::text, r.low::text, r.high::text,
                r.critical_low::text, r.critical_high::text, r.normal_text, r.delta_percent::text, r.delta_days, r.previous_shown,
                r.previous_value::text, r.previous_at, r.status, r.comparator, r.value::text, r.shown, r.flag, r.is_delta,
                r.is_calculated, r.version, r.typed_name, r.technical_by, r.technical_name, r.report_id, r.correct_reason,
                r.flag IN ('LL', 'HH') AND EXISTS (SELECT 1 FROM diagnostics_critical_call k
                    WHERE k.facility_id = $1 AND k.result_id = r.result_id AND k.shown = r.shown) AS is_called,
                s.code AS specimen_code, s.tube, s.collected_at, s.is_urgent, p.name AS patient_name, p.record_no, p.sex, p.birth_date,
                coalesce(m.short_name, '') AS room_name,
                coalesce((SELECT o.ordered_name FROM diagnostics_order o WHERE o.facility_id = $1 AND o.order_id = r.order_ids[1]), '') AS ordered_name
         FROM chosen c
         JOIN diagnostics_specimen s ON s.facility_id = $1 AND s.specimen_id = c.specimen_id
         JOIN diagnostics_result r ON r.facility_id = $1 AND r.specimen_id = s.specimen_id
         JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = s.patient_id
         JOIN encounter_encounter e ON e.facility_id = $1 AND e.encounter_id = s.encounter_id
         LEFT JOIN organization_room m ON m.facility_id = $1 AND m.room_id = e.room_id
         WHERE ($2::text IS NULL OR r.bench = $2) AND (r.status <> 'cancelled' OR $4::uuid IS NOT NULL)
         ORDER BY s.is_urgent DESC, s.collected_at, s.code, r.place, r.name"
    ))
    .bind(facility.0)
    .bind(bench)
    .bind(statuses)
    .bind(one)
    .bind(most)
    .fetch_all(conn)
    .await?;
    let mut samples: Vec<Sample> = Vec::new();
    for row in &rows {
        let cell = cell(row)?;
        match samples.last_mut() {
            Some(last) if last.specimen == cell.specimen => last.cells.push(cell),
            _ => samples.push(Sample {
                specimen: cell.specimen,
                code: row.try_get("specimen_code")?,
                tube: Tube::from_key(row.try_get("tube")?).unwrap_or(Tube::Other),
                collected_at: row.try_get("collected_at")?,
                is_urgent: row.try_get("is_urgent")?,
                encounter: cell.encounter,
                patient: cell.patient,
                patient_name: row.try_get("patient_name")?,
                record_no: row.try_get("record_no")?,
                sex: row.try_get("sex")?,
                birth_date: row.try_get("birth_date")?,
                room_name: row.try_get("room_name")?,
                ordered_name: row.try_get("ordered_name")?,
                cells: vec![cell],
            }),
        }
    }
    Ok(samples)
}

/// The sample to which a cell belongs, all its cells held until the transaction ends; `None` when there is no such cell.
pub async fn sample_to_type(tx: &mut Tx, result: Uuid) -> Result<Option<(Sample, bool)>, sqlx::Error> {
    let held: Vec<(Uuid, String)> = sqlx::query_as(sql!(
        "SELECT s.specimen_id, s.status FROM diagnostics_result r
         JOIN diagnostics_result c ON c.facility_id = r.facility_id AND c.result_id = $2 AND c.specimen_id = r.specimen_id
         JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id
         WHERE r.facility_id = $1 ORDER BY r.result_id FOR UPDATE OF r"
    ))
    .bind(tx.facility().0)
    .bind(result)
    .fetch_all(tx.conn())
    .await?;
    let Some((specimen, status)) = held.into_iter().next() else { return Ok(None) };
    let facility = tx.facility();
    let found = list_samples(tx.conn(), facility, Work::One(SpecimenId(specimen)), 1).await?;
    Ok(found.into_iter().next().map(|sample| (sample, status == "received" || status == "reported")))
}

/// What a cell becomes.
#[derive(Clone, Debug)]
pub struct Change {
    pub result: Uuid,
    /// `None` = emptied.
    pub entered: Option<Entered>,
    pub flag: Flag,
    pub is_delta: bool,
    pub is_calculated: bool,
}

/// Writes what was typed and what follows from it; each cell counts one version on.
pub async fn write_cells(tx: &mut Tx, changes: &[Change]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = changes.iter().map(|c| c.result).collect();
    let empty = Entered::default();
    let entered: Vec<&Entered> = changes.iter().map(|c| c.entered.as_ref().unwrap_or(&empty)).collect();
    let comparators: Vec<&str> = entered.iter().map(|e| e.comparator.sign()).collect();
    let values: Vec<Option<String>> = entered.iter().map(|e| text(e.value)).collect();
    let shown: Vec<&str> = entered.iter().map(|e| e.shown.as_str()).collect();
    let flags: Vec<&str> = changes.iter().map(|c| c.flag.key()).collect();
    let deltas: Vec<bool> = changes.iter().map(|c| c.is_delta).collect();
    let calculated: Vec<bool> = changes.iter().map(|c| c.is_calculated).collect();
    let name = tx.actor.name.to_string();
    sqlx::query(sql!(
        "UPDATE diagnostics_result r
         SET status = CASE WHEN n.shown = '' THEN 'pending' ELSE 'typed' END, comparator = n.comparator, value = n.value::numeric,
             shown = n.shown, flag = n.flag, is_delta = n.is_delta, is_calculated = n.is_calculated, version = r.version + 1,
             typed_by = $9, typed_name = $10, typed_at = $11, technical_by = NULL, technical_name = '', technical_at = NULL
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bool[])
              AS n(id, comparator, value, shown, flag, is_delta, is_calculated)
         WHERE r.facility_id = $1 AND r.result_id = n.id AND r.status IN ('pending', 'typed', 'technical')"
    ))
    .bind(tx.facility().0)
    .bind(ids)
    .bind(comparators)
    .bind(values)
    .bind(shown)
    .bind(flags)
    .bind(deltas)
    .bind(calculated)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The technician's look at these cells: only those that are typed change, and are given back.
pub async fn technical(tx: &mut Tx, results: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    let name = tx.actor.name.to_string();
    sqlx::query_scalar(sql!(
        "UPDATE diagnostics_result SET status = 'technical', technical_by = $3, technical_name = $4, technical_at = $5, version = version + 1
         WHERE facility_id = $1 AND result_id = ANY($2) AND status = 'typed' RETURNING result_id"
    ))
    .bind(tx.facility().0)
    .bind(results)
    .bind(tx.actor.account.0)
    .bind(name)
    .bind(tx.now)
    .fetch_all(tx.conn())
    .await
}

/// How much each bench has to do: cells without result, cells to validate.
pub async fn bench_counts(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<(String, i64, i64)>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT r.bench, count(DISTINCT r.specimen_id) FILTER (WHERE r.status = 'pending'),
                count(DISTINCT r.specimen_id) FILTER (WHERE r.status = 'typed')
         FROM diagnostics_result r
         JOIN diagnostics_specimen s ON s.facility_id = r.facility_id AND s.specimen_id = r.specimen_id AND s.status IN ('received', 'reported')
         WHERE r.facility_id = $1 AND r.status IN ('pending', 'typed', 'technical') GROUP BY r.bench"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await
}
