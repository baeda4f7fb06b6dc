//! What the laboratory hangs on the person's and the visit's page: the newest values with their trend, and the reports
//! of this visit.

use super::report::class;
use crate::store::lab::report::{self, Of};
use crate::store::{self};
use askama::Template;
use base::{PatientId, show_date, show_time};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::fmt::Write;
use uuid::Uuid;
use web::{Ctx, Failure, PanelFor, Tx};

struct Newest {
    name: String,
    shown: String,
    unit: String,
    mark: &'static str,
    class: &'static str,
    day: String,
    /// A line of the values before, drawn by us; "" with fewer than two.
    spark: String,
}

#[derive(Template)]
#[template(path = "lab-recent.html")]
struct Recent {
    rows: Vec<Newest>,
}

/// How many analytes the summary shows.
const SHOWN: usize = 10;

/// `chart.summary`: the person's newest value of each analyte, what is off first.
pub async fn recent(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let facility = ctx.facility();
    let patient: PatientId = match (about.patient, about.encounter) {
        (Some(patient), _) => patient,
        (None, Some(encounter)) => match store::find_visit(tx.conn(), facility, encounter).await? {
            Some(visit) => visit.patient,
            None => return Ok(String::new()),
        },
        (None, None) => return Ok(String::new()),
    };
    let values = report::list_values(tx.conn(), facility, Of::Patient(patient), 120).await?;
    let mut seen: Vec<Uuid> = Vec::new();
    let mut newest: Vec<&report::Value> = Vec::new();
    for value in values.iter().filter(|value| !value.is_replaced) {
        if !seen.contains(&value.analyte) {
            seen.push(value.analyte);
            newest.push(value);
        }
    }
    if newest.is_empty() {
        return Ok(String::new());
    }
    newest.sort_by_key(|value| (!value.flag.is_critical(), !value.flag.is_abnormal()));
    newest.truncate(SHOWN);
    let analytes: Vec<Uuid> = newest.iter().map(|value| value.analyte).collect();
    let trend = report::trend(tx.conn(), facility, patient, &analytes).await?;
    let rows = newest
        .into_iter()
        .map(|value| Newest {
            name: value.name.clone(),
            shown: value.shown.clone(),
            unit: value.unit.clone(),
            mark: value.flag.mark(),
            class: class(value.flag),
            day: show_date(base::local_date(value.collected_at)),
            spark: {
                let points: Vec<(Decimal, DateTime<Utc>)> =
                    trend.iter().filter(|(analyte, ..)| *analyte == value.analyte).map(|(_, v, at)| (*v, *at)).collect();
                spark(&points, value.limits.low, value.limits.high)
            },
        })
        .collect();
    Ok(Recent { rows }.render()?)
}

/// A small line of values over time with the normal band behind it.
fn spark(points: &[(Decimal, DateTime<Utc>)], low: Option<Decimal>, high: Option<Decimal>) -> String {
    const WIDTH: f64 = 84.0;
    const HEIGHT: f64 = 22.0;
    let values: Vec<f64> = points.iter().filter_map(|(value, _)| value.to_f64()).collect();
    if values.len() < 2 {
        return String::new();
    }
    let limits = [low, high].into_iter().flatten().filter_map(|limit| limit.to_f64());
    let all: Vec<f64> = values.iter().copied().chain(limits).collect();
    let (least, most) = all.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    let span = if most > least { most - least } else { 1.0 };
    let y = |value: f64| 3.0 + (most - value) / span * (HEIGHT - 6.0);
    let x = |i: usize| 3.0 + i as f64 * (WIDTH - 6.0) / (values.len() - 1) as f64;
    let band = |limit: Option<Decimal>, otherwise: f64| limit.and_then(|l| l.to_f64()).unwrap_or(otherwise);
    let (top, bottom) = (y(band(high, most)), y(band(low, least)));
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\"><rect x=\"0\" width=\"{WIDTH}\" y=\"{top:.1}\" height=\"{:.1}\"/>",
        (bottom - top).max(1.0)
    );
    let line: Vec<String> = values.iter().enumerate().map(|(i, v)| format!("{:.1},{:.1}", x(i), y(*v))).collect();
    let last = values.len() - 1;
    let _ = write!(svg, "<polyline points=\"{}\"/><circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"/></svg>", line.join(" "), x(last), y(values[last]));
    svg
}

struct Brief {
    id: Uuid,
    at: String,
    names: String,
    is_correction: bool,
    is_corrected: bool,
    reason: String,
    abnormal: bool,
    critical: bool,
    values: Vec<Short>,
}

struct Short {
    name: String,
    shown: String,
    was: String,
    unit: String,
    mark: &'static str,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "lab-visit.html")]
struct Visit {
    reports: Vec<Brief>,
    tubes: Vec<(String, &'static str, &'static str, String)>,
}

/// `encounter.orders`: where the samples of the visit are, and what came back.
pub async fn visit(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    use crate::lab::specimen::Status;
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let facility = ctx.facility();
    let which = crate::store::lab::collect::Which::Encounter(encounter);
    let tubes = crate::store::lab::collect::list_specimens(tx.conn(), facility, which).await?;
    if tubes.is_empty() {
        return Ok(String::new());
    }
    let reports = report::list_reports(tx.conn(), facility, encounter).await?;
    let values = report::list_values(tx.conn(), facility, Of::Encounter(encounter), 500).await?;
    let reports = reports
        .into_iter()
        .map(|head| {
            let own: Vec<&report::Value> = values.iter().filter(|value| value.report == head.report_id).collect();
            let mut names: Vec<&str> = own.iter().map(|value| value.service_name.as_str()).collect();
            names.dedup();
            Brief {
                id: head.report_id,
                at: format!("{} {}", show_date(base::local_date(head.released_at)), show_time(head.released_at)),
                names: names.join(", "),
                is_correction: head.corrects.is_some(),
                is_corrected: head.corrected_by.is_some(),
                reason: head.reason,
                abnormal: head.abnormal,
                critical: head.critical,
                values: own
                    .into_iter()
                    .filter(|value| !value.is_replaced)
                    .map(|value| Short {
                        name: value.name.clone(),
                        shown: value.shown.clone(),
                        was: value.was.clone(),
                        unit: value.unit.clone(),
                        mark: value.flag.mark(),
                        class: class(value.flag),
                    })
                    .collect(),
            }
        })
        .collect();
    let tubes = tubes
        .into_iter()
        .filter(|tube| tube.status != Status::Reported)
        .map(|tube| {
            let kind = match tube.status {
                Status::Rejected => "critical",
                Status::Received => "info",
                _ => "waiting",
            };
            (format!("{} · {}", tube.code, tube.tube.name()), kind, tube.status.name(), tube.reject_reason)
        })
        .collect();
    Ok(Visit { reports, tubes }.render()?)
}
