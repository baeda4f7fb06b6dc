//! Waiting times of a period, test by test.

use crate::lab::turnaround::Line;
use base::FacilityId;
use chrono::NaiveDate;
use db::sql;
use sqlx::PgConnection;

/// From collection to first release, by service, over the days of release `from`…`to`. Corrections do not count again.
pub async fn list(conn: &mut PgConnection, facility: FacilityId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Line>, sqlx::Error> {
    let begin = base::dates::start_of_day(from);
    let end = base::dates::start_of_day(to + chrono::Days::new(1));
    sqlx::query_as(sql!(
        "WITH waits AS (
             SELECT o.service_code AS code, max(o.service_name) AS name, v.order_id,
                    extract(epoch FROM max(h.released_at) - min(s.collected_at)) / 60 AS minutes
             FROM diagnostics_lab_report h
             JOIN diagnostics_lab_value v ON v.facility_id = h.facility_id AND v.report_id = h.report_id
             JOIN diagnostics_specimen s ON s.facility_id = v.facility_id AND s.specimen_id = v.specimen_id
             JOIN diagnostics_order o ON o.facility_id = v.facility_id AND o.order_id = v.order_id
             WHERE h.facility_id = $1 AND h.corrects IS NULL AND h.released_at >= $2 AND h.released_at < $3
             GROUP BY o.service_code, v.order_id)
         SELECT code, max(name) AS name, count(*) AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes)::int AS p50_min,
                percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes)::int AS p90_min,
                percentile_cont(0.95) WITHIN GROUP (ORDER BY minutes)::int AS p95_min, max(minutes)::int AS longest_min
         FROM waits GROUP BY code ORDER BY code"
    ))
    .bind(facility.0)
    .bind(begin)
    .bind(end)
    .fetch_all(conn)
    .await
}
