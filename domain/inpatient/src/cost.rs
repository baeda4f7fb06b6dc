//! What a stay costs by lying: bed days posted once each, day by day while it lasts and to the end when it is planned.

use crate::bed_day::{self, Lying};
use crate::store::stay::Place;
use crate::store::{cost, stay};
use base::event::ServiceRendered;
use base::{EncounterId, Event, PatientId};
use chrono::{DateTime, TimeDelta, Utc};
use db::Tx;
use std::collections::BTreeMap;

/// The times in beds as the rule wants them, open ends cut at `until`.
pub fn lying(places: &[Place], until: DateTime<Utc>) -> Vec<Lying> {
    places.iter().map(|p| Lying { bed: p.bed_id, ward: p.ward_id, from: p.from_at, to: p.to_at.unwrap_or(until).min(until) }).filter(|l| l.from < l.to).collect()
}

/// Posts what the days up to `until` cost and tells the cashier, one event a day because each day has its price. `ends`:
/// how the stay ends, when it does; while it lasts only whole past days are posted, and none within the first 24 hours,
/// because a short stay may turn out to have no bed day.
pub async fn post(tx: &mut Tx, encounter: EncounterId, patient: PatientId, admitted: DateTime<Utc>, until: DateTime<Utc>, ends: Option<bool>) -> Result<usize, sqlx::Error> {
    let rule = bed_day::rule_on(base::local_date(admitted));
    if ends.is_none() && (until - admitted) < TimeDelta::minutes(rule.one_day_minutes) {
        return Ok(0);
    }
    let places = lying(&stay::list_places(tx, encounter).await?, until);
    let days = bed_day::count(&places, admitted, until, ends.unwrap_or(false), &rule);
    let posted = cost::post(tx, encounter, &days).await?;
    let mut by_day: BTreeMap<_, Vec<ServiceRendered>> = BTreeMap::new();
    for line in &posted {
        by_day.entry(line.day).or_default().push(ServiceRendered { id: line.line_id, service: line.service_id, quantity_milli: line.quantity_milli });
    }
    for (day, lines) in by_day {
        tx.emit(Event::ServicesRendered { encounter, patient, lines, day });
    }
    Ok(posted.len())
}

/// Five minutes after the next midnight in Vietnam.
pub fn next_round(now: DateTime<Utc>) -> DateTime<Utc> {
    base::dates::start_of_day(base::local_date(now) + chrono::Days::new(1)) + TimeDelta::minutes(5)
}
