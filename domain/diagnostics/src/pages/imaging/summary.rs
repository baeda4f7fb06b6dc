//! What imaging adds to a person's page: released reports, newest first, with small pictures.

use super::study::{EarlierView, earlier_view};
use crate::store::{self, imaging};
use askama::Template;
use web::{Ctx, Failure, PanelFor, Tx};

#[derive(Template)]
#[template(path = "imaging-summary.html")]
struct Summary {
    reports: Vec<EarlierView>,
}

/// `chart.summary`: the last reports. Nothing when there never was one. The page that shows it audits the reading.
pub async fn reports(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let patient = match (about.patient, about.encounter) {
        (Some(patient), _) => Some(patient),
        (None, Some(encounter)) => store::find_visit(tx.conn(), ctx.facility(), encounter).await?.map(|visit| visit.patient),
        (None, None) => None,
    };
    let Some(patient) = patient else { return Ok(String::new()) };
    let reports: Vec<EarlierView> =
        imaging::list_earlier(tx.conn(), ctx.facility(), patient, 4).await?.into_iter().map(earlier_view).collect();
    if reports.is_empty() { Ok(String::new()) } else { Ok(Summary { reports }.render()?) }
}
