//! Bed days that were posted, once each.

use crate::bed_day::BedDay;
use base::EncounterId;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

/// A bed day that is new: its line, its service, its part of the day.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Posted {
    pub line_id: Uuid,
    pub day: NaiveDate,
    pub service_id: Uuid,
    pub quantity_milli: i64,
}

/// Writes the bed days that have a service and do not stand yet, and gives the new ones. A bed without a service is not
/// charged. A second call gives nothing.
pub async fn post(tx: &mut Tx, encounter: EncounterId, days: &[BedDay]) -> Result<Vec<Posted>, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let ids: Vec<Uuid> = days.iter().map(|_| Uuid::now_v7()).collect();
    let on: Vec<NaiveDate> = days.iter().map(|d| d.day).collect();
    let beds: Vec<Uuid> = days.iter().map(|d| d.bed).collect();
    let milli: Vec<i64> = days.iter().map(|d| d.milli).collect();
    sqlx::query_as(sql!(
        "INSERT INTO inpatient_bed_day (facility_id, line_id, encounter_id, day, bed_id, service_id, quantity_milli, posted_at)
         SELECT $1, d.id, $2, d.day, d.bed, b.service_id, d.milli, $7
         FROM unnest($3::uuid[], $4::date[], $5::uuid[], $6::bigint[]) AS d(id, day, bed, milli)
         JOIN inpatient_bed b ON b.facility_id = $1 AND b.bed_id = d.bed AND b.service_id IS NOT NULL
         -- What was posted for a day stands: a later move within that day does not charge it again.
         WHERE NOT EXISTS (SELECT FROM inpatient_bed_day x WHERE x.facility_id = $1 AND x.encounter_id = $2 AND x.day = d.day)
         ON CONFLICT (facility_id, encounter_id, day, bed_id) DO NOTHING
         RETURNING line_id, day, service_id, quantity_milli"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(&ids)
    .bind(&on)
    .bind(&beds)
    .bind(&milli)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// A bed day as the cost sheet shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub day: NaiveDate,
    pub ward_short: String,
    pub code: String,
    pub service_name: String,
    pub quantity_milli: i64,
    pub price_vnd: Option<i64>,
}

/// The bed days of a stay with the price of their day.
pub async fn list(tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT d.day, r.short_name AS ward_short, b.code, s.name AS service_name, d.quantity_milli, p.price_vnd
         FROM inpatient_bed_day d
         JOIN inpatient_bed b USING (facility_id, bed_id)
         JOIN organization_room r ON r.facility_id = d.facility_id AND r.room_id = b.ward_id
         JOIN organization_service s ON s.facility_id = d.facility_id AND s.service_id = d.service_id
         LEFT JOIN organization_service_price p ON p.facility_id = d.facility_id AND p.service_id = d.service_id
              AND p.valid_from <= d.day AND (p.valid_to IS NULL OR p.valid_to >= d.day)
         WHERE d.facility_id = $1 AND d.encounter_id = $2 ORDER BY d.day, b.code"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_all(tx.conn())
    .await
}
