//! What the laboratory measures, its ranges and limits, which service reports which analyte, and how it works.

use super::{number, text};
use crate::lab::panel::{self, Template};
use crate::lab::range::{Limits, Range};
use crate::lab::result::{Kind, Spec};
use crate::lab::specimen::Tube;
use crate::lab::validation::{QcRule, Settings};
use base::FacilityId;
use chrono::NaiveDate;
use db::{Tx, sql};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// An analyte of the facility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analyte {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub loinc: String,
    pub unit: String,
    pub bench: String,
    pub tube: Tube,
    pub spec: Spec,
    pub formula: String,
    pub method: String,
    pub delta_percent: Option<Decimal>,
    pub delta_days: Option<i32>,
    pub place: i32,
}

pub(super) fn analyte(row: &PgRow) -> Result<Analyte, sqlx::Error> {
    Ok(Analyte {
        id: row.try_get("analyte_id")?,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        loinc: row.try_get("loinc")?,
        unit: row.try_get("unit")?,
        bench: row.try_get("bench")?,
        tube: Tube::from_key(row.try_get("tube")?).unwrap_or(Tube::Other),
        spec: Spec {
            kind: Kind::from_key(row.try_get("kind")?).unwrap_or(Kind::Text),
            decimals: u32::try_from(row.try_get::<i32, _>("decimals")?).unwrap_or(0),
            choices: row.try_get("choices")?,
            least: number(row, "least")?,
            most: number(row, "most")?,
        },
        formula: row.try_get("formula")?,
        method: row.try_get("method")?,
        delta_percent: number(row, "delta_percent")?,
        delta_days: row.try_get("delta_days")?,
        place: row.try_get("place")?,
    })
}

/// All analytes in use, bench by bench.
pub async fn list_analytes(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Analyte>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT analyte_id, code, name, loinc, unit, bench, tube, kind, decimals, choices, least::text, most::text, formula,
                method, delta_percent::text, delta_days, place
         FROM diagnostics_analyte WHERE facility_id = $1 AND active_to IS NULL ORDER BY bench, place, name"
    ))
    .bind(facility.0)
    .fetch_all(conn)
    .await?
    .iter()
    .map(analyte)
    .collect()
}

/// One analyte; `None` when this facility has no such.
pub async fn find_analyte(conn: &mut PgConnection, facility: FacilityId, id: Uuid) -> Result<Option<Analyte>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT analyte_id, code, name, loinc, unit, bench, tube, kind, decimals, choices, least::text, most::text, formula,
                method, delta_percent::text, delta_days, place
         FROM diagnostics_analyte WHERE facility_id = $1 AND analyte_id = $2"
    ))
    .bind(facility.0)
    .bind(id)
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(analyte)
    .transpose()
}

/// A range with its id and dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedRange {
    pub id: Uuid,
    pub analyte: Uuid,
    pub range: Range,
    pub source: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

fn dated_range(row: &PgRow) -> Result<DatedRange, sqlx::Error> {
    Ok(DatedRange {
        id: row.try_get("range_id")?,
        analyte: row.try_get("analyte_id")?,
        range: Range {
            sex: row.try_get("sex")?,
            is_pregnant: row.try_get("is_pregnant")?,
            age_from_days: row.try_get("age_from_days")?,
            age_to_days: row.try_get("age_to_days")?,
            limits: Limits {
                low: number(row, "low")?,
                high: number(row, "high")?,
                critical_low: number(row, "critical_low")?,
                critical_high: number(row, "critical_high")?,
                normal_text: row.try_get("normal_text")?,
            },
        },
        source: row.try_get("source")?,
        valid_from: row.try_get("valid_from")?,
        valid_to: row.try_get("valid_to")?,
    })
}

/// The ranges of these analytes that hold on a day.
pub async fn ranges_on(
    conn: &mut PgConnection,
    facility: FacilityId,
    analytes: &[Uuid],
    day: NaiveDate,
) -> Result<HashMap<Uuid, Vec<Range>>, sqlx::Error> {
    let rows = sqlx::query(sql!(
        "SELECT range_id, analyte_id, sex, is_pregnant, age_from_days, age_to_days, low::text, high::text, critical_low::text,
                critical_high::text, normal_text, source, valid_from, valid_to
         FROM diagnostics_analyte_range
         WHERE facility_id = $1 AND analyte_id = ANY($2) AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"
    ))
    .bind(facility.0)
    .bind(analytes)
    .bind(day)
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<Uuid, Vec<Range>> = HashMap::new();
    for row in &rows {
        let dated = dated_range(row)?;
        all.entry(dated.analyte).or_default().push(dated.range);
    }
    Ok(all)
}

/// All ranges of an analyte, those in force first.
pub async fn list_ranges(conn: &mut PgConnection, facility: FacilityId, analyte: Uuid) -> Result<Vec<DatedRange>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT range_id, analyte_id, sex, is_pregnant, age_from_days, age_to_days, low::text, high::text, critical_low::text,
                critical_high::text, normal_text, source, valid_from, valid_to
         FROM diagnostics_analyte_range WHERE facility_id = $1 AND analyte_id = $2
         ORDER BY valid_to IS NOT NULL, is_pregnant, age_from_days, sex, valid_from DESC LIMIT 200"
    ))
    .bind(facility.0)
    .bind(analyte)
    .fetch_all(conn)
    .await?
    .iter()
    .map(dated_range)
    .collect()
}

/// Adds a range from a day on, under an id that the page made; the range for the same people that held until then
/// ends the day before. A second time changes nothing.
pub async fn insert_range(tx: &mut Tx, id: Uuid, analyte: Uuid, range: &Range, source: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "WITH known AS (SELECT 1 FROM diagnostics_analyte_range WHERE facility_id = $1 AND range_id = $2),
         ended AS (
             UPDATE diagnostics_analyte_range SET valid_to = greatest($14::date - 1, valid_from - 1)
             WHERE facility_id = $1 AND analyte_id = $3 AND sex = $4 AND is_pregnant = $5 AND age_from_days = $6
               AND age_to_days IS NOT DISTINCT FROM $7 AND valid_to IS NULL AND range_id <> $2
               AND NOT EXISTS (SELECT 1 FROM known))
         INSERT INTO diagnostics_analyte_range (facility_id, range_id, analyte_id, sex, is_pregnant, age_from_days, age_to_days,
             low, high, critical_low, critical_high, normal_text, source, valid_from, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::numeric, $9::numeric, $10::numeric, $11::numeric, $12, $13, $14, $15, $16)
         ON CONFLICT (facility_id, range_id) DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(analyte)
    .bind(&range.sex)
    .bind(range.is_pregnant)
    .bind(range.age_from_days)
    .bind(range.age_to_days)
    .bind(text(range.limits.low))
    .bind(text(range.limits.high))
    .bind(text(range.limits.critical_low))
    .bind(text(range.limits.critical_high))
    .bind(&range.limits.normal_text)
    .bind(source)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a range yesterday; false when the analyte has no such range in force.
pub async fn end_range(tx: &mut Tx, analyte: Uuid, range: Uuid, today: NaiveDate) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "UPDATE diagnostics_analyte_range SET valid_to = $4::date - 1
         WHERE facility_id = $1 AND analyte_id = $2 AND range_id = $3 AND (valid_to IS NULL OR valid_to >= $4)"
    ))
    .bind(tx.facility().0)
    .bind(analyte)
    .bind(range)
    .bind(today)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Changes how an analyte is shown and judged from now on; results that exist keep what they were collected with.
pub async fn update_analyte(tx: &mut Tx, analyte: &Analyte) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE diagnostics_analyte
         SET name = $3, unit = $4, bench = $5, tube = $6, decimals = $7, formula = $8, method = $9, least = $10::numeric,
             most = $11::numeric, delta_percent = $12::numeric, delta_days = $13, place = $14, choices = $15,
             changed_by = $16, changed_at = $17
         WHERE facility_id = $1 AND analyte_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(analyte.id)
    .bind(&analyte.name)
    .bind(&analyte.unit)
    .bind(&analyte.bench)
    .bind(analyte.tube.key())
    .bind(i32::try_from(analyte.spec.decimals).unwrap_or(0))
    .bind(&analyte.formula)
    .bind(&analyte.method)
    .bind(text(analyte.spec.least))
    .bind(text(analyte.spec.most))
    .bind(text(analyte.delta_percent))
    .bind(analyte.delta_days)
    .bind(analyte.place)
    .bind(&analyte.spec.choices)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A laboratory service and the codes it reports today.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ServiceLine {
    pub service_id: Uuid,
    pub code: String,
    pub name: String,
    pub analytes: Vec<String>,
}

/// The laboratory services of the facility's list with what they report on a day.
pub async fn list_services(conn: &mut PgConnection, facility: FacilityId, day: NaiveDate) -> Result<Vec<ServiceLine>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT s.service_id, s.code, s.name,
                coalesce(array_agg(a.code ORDER BY l.place, a.place) FILTER (WHERE a.code IS NOT NULL), '{}') AS analytes
         FROM organization_service s
         LEFT JOIN diagnostics_service_analyte l ON l.facility_id = s.facility_id AND l.service_id = s.service_id
              AND l.valid_from <= $2 AND (l.valid_to IS NULL OR l.valid_to >= $2)
         LEFT JOIN diagnostics_analyte a ON a.facility_id = l.facility_id AND a.analyte_id = l.analyte_id
         WHERE s.facility_id = $1 AND s.kind = 'lab' AND (s.active_to IS NULL OR s.active_to >= $2)
         GROUP BY s.facility_id, s.service_id, s.code, s.name ORDER BY s.code"
    ))
    .bind(facility.0)
    .bind(day)
    .fetch_all(conn)
    .await
}

/// Sets what a service reports from a day on: what is no longer named ends, what is new begins.
pub async fn set_links(tx: &mut Tx, service: Uuid, analytes: &[Uuid], from: NaiveDate) -> Result<(), sqlx::Error> {
    let places: Vec<i32> = (1..).take(analytes.len()).collect();
    sqlx::query(sql!(
        "UPDATE diagnostics_service_analyte SET valid_to = greatest($4::date - 1, valid_from - 1)
         WHERE facility_id = $1 AND service_id = $2 AND (valid_to IS NULL OR valid_to >= $4) AND NOT (analyte_id = ANY($3))"
    ))
    .bind(tx.facility().0)
    .bind(service)
    .bind(analytes)
    .bind(from)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO diagnostics_service_analyte (facility_id, service_id, analyte_id, place, valid_from, created_by, created_at)
         SELECT $1, $2, n.analyte, n.place, $5, $6, $7 FROM unnest($3::uuid[], $4::int[]) AS n(analyte, place)
         WHERE NOT EXISTS (SELECT 1 FROM diagnostics_service_analyte l
                           WHERE l.facility_id = $1 AND l.service_id = $2 AND l.analyte_id = n.analyte
                             AND (l.valid_to IS NULL OR l.valid_to >= $5))
         ON CONFLICT (facility_id, service_id, analyte_id, valid_from) DO UPDATE SET valid_to = NULL, place = excluded.place"
    ))
    .bind(tx.facility().0)
    .bind(service)
    .bind(analytes)
    .bind(places)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives every one of these laboratory services that never reported anything its analytes from the catalogue, by its
/// name; a service that the catalogue does not know reports one free text. Services with links are left alone.
pub async fn link_from_catalogue(tx: &mut Tx, services: &[Uuid], from: NaiveDate) -> Result<u64, sqlx::Error> {
    let unlinked: Vec<(Uuid, String, String)> = sqlx::query_as(sql!(
        "SELECT s.service_id, s.code, s.name FROM organization_service s
         WHERE s.facility_id = $1 AND s.service_id = ANY($2) AND s.kind = 'lab'
           AND NOT EXISTS (SELECT 1 FROM diagnostics_service_analyte l WHERE l.facility_id = $1 AND l.service_id = s.service_id)"
    ))
    .bind(tx.facility().0)
    .bind(services)
    .fetch_all(tx.conn())
    .await?;
    if unlinked.is_empty() {
        return Ok(0);
    }
    let mut wanted: Vec<(Uuid, Vec<Template>)> = Vec::with_capacity(unlinked.len());
    for (service, code, name) in unlinked {
        let known: Vec<Template> = panel::analytes_of(&name).into_iter().cloned().collect();
        wanted.push((service, if known.is_empty() { vec![panel::plain(&code, &name)] } else { known }));
    }
    let mut templates: Vec<&Template> = wanted.iter().flat_map(|(_, all)| all).collect();
    templates.sort_by(|a, b| a.code.cmp(&b.code));
    templates.dedup_by(|a, b| a.code == b.code);
    let ids = insert_templates(tx, &templates, from).await?;
    let (mut link_services, mut analytes, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (service, all) in &wanted {
        for (place, template) in all.iter().enumerate() {
            if let Some(id) = ids.get(&template.code) {
                link_services.push(*service);
                analytes.push(*id);
                places.push(i32::try_from(place).unwrap_or(0) + 1);
            }
        }
    }
    let done = sqlx::query(sql!(
        "INSERT INTO diagnostics_service_analyte (facility_id, service_id, analyte_id, place, valid_from, created_by, created_at)
         SELECT $1, n.service, n.analyte, n.place, $5, $6, $7 FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS n(service, analyte, place)
         ON CONFLICT DO NOTHING"
    ))
    .bind(tx.facility().0)
    .bind(link_services)
    .bind(analytes)
    .bind(places)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The same for every laboratory service of the facility: the first settings of a new laboratory, in force since `from`.
pub async fn seed(tx: &mut Tx, from: NaiveDate) -> Result<u64, sqlx::Error> {
    let services: Vec<Uuid> =
        sqlx::query_scalar(sql!("SELECT service_id FROM organization_service WHERE facility_id = $1 AND kind = 'lab'"))
            .bind(tx.facility().0)
            .fetch_all(tx.conn())
            .await?;
    link_from_catalogue(tx, &services, from).await
}

/// Adds analytes that the facility does not have yet, with their ranges. Gives the ids of all of them by code.
pub async fn insert_templates(tx: &mut Tx, templates: &[&Template], from: NaiveDate) -> Result<HashMap<String, Uuid>, sqlx::Error> {
    let codes: Vec<&str> = templates.iter().map(|t| t.code.as_str()).collect();
    for template in templates {
        let id = Uuid::now_v7();
        let done = sqlx::query(sql!(
            "INSERT INTO diagnostics_analyte (facility_id, analyte_id, code, name, loinc, ucum, unit, bench, tube, kind, decimals,
                 choices, formula, least, most, delta_percent, delta_days, place, changed_by, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::numeric, $15::numeric, $16::numeric, $17, $18, $19, $20)
             ON CONFLICT (facility_id, code) DO NOTHING"
        ))
        .bind(tx.facility().0)
        .bind(id)
        .bind(&template.code)
        .bind(&template.name)
        .bind(&template.loinc)
        .bind(&template.ucum)
        .bind(&template.unit)
        .bind(&template.bench)
        .bind(template.tube.key())
        .bind(template.kind.key())
        .bind(template.decimals)
        .bind(&template.choices)
        .bind(&template.formula)
        .bind(text(template.least))
        .bind(text(template.most))
        .bind(text(template.delta_percent.filter(|_| template.delta_days.is_some())))
        .bind(template.delta_days)
        .bind(template.place)
        .bind(tx.actor.account.0)
        .bind(tx.now)
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 0 {
            continue;
        }
        for range in &template.ranges {
            let source = if range.age_to_days.is_some() { "Bảng trẻ em khởi tạo" } else { "QĐ 320/QĐ-BYT (2014), khởi tạo" };
            insert_range(tx, Uuid::now_v7(), id, range, source, from).await?;
        }
    }
    let rows: Vec<(String, Uuid)> =
        sqlx::query_as(sql!("SELECT code, analyte_id FROM diagnostics_analyte WHERE facility_id = $1 AND code = ANY($2)"))
            .bind(tx.facility().0)
            .bind(&codes)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().collect())
}

/// How this laboratory works; the strict defaults where it decided nothing.
pub async fn settings(conn: &mut PgConnection, facility: FacilityId) -> Result<Settings, sqlx::Error> {
    let row: Option<(bool, String)> =
        sqlx::query_as(sql!("SELECT is_one_person, qc_rule FROM diagnostics_lab_setting WHERE facility_id = $1"))
            .bind(facility.0)
            .fetch_optional(conn)
            .await?;
    Ok(row.map_or_else(Settings::default, |(is_one_person, rule)| Settings {
        is_one_person,
        qc_rule: QcRule::from_key(&rule).unwrap_or_default(),
    }))
}

/// Decides how it works from now on.
pub async fn set_settings(tx: &mut Tx, settings: Settings) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO diagnostics_lab_setting (facility_id, is_one_person, qc_rule, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (facility_id) DO UPDATE
         SET is_one_person = excluded.is_one_person, qc_rule = excluded.qc_rule, changed_by = excluded.changed_by,
             changed_at = excluded.changed_at"
    ))
    .bind(tx.facility().0)
    .bind(settings.is_one_person)
    .bind(settings.qc_rule.key())
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
