//! The badges that hang on every page about a person: allergy first, then alerts, then cover. Silence is never absence.

use crate::store::record::{self, Summary};
use askama::Template;
use chrono::NaiveDate;
use web::{Ctx, Failure, PanelFor, Tx};

#[derive(Template)]
#[template(path = "banner_badges.html")]
struct Badges<'a> {
    patient: String,
    allergy_state: &'a str,
    allergies: String,
    flags: Vec<(&'a str, &'a str)>,
    /// "80 % · đến 31/12/2026" of the card that covers the day, or "".
    cover: String,
    has_card: bool,
}

/// The badges of one person as HTML.
pub fn badges(p: &Summary, day: NaiveDate) -> Result<String, Failure> {
    let badges = Badges {
        patient: p.patient.to_string(),
        allergy_state: &p.allergy_state,
        allergies: p.allergies.iter().map(|a| a.substance.as_str()).collect::<Vec<_>>().join(", "),
        flags: p
            .flags
            .iter()
            .filter(|f| f.valid_to.is_none_or(|to| to >= day))
            .map(|f| (f.level.as_str(), f.label()))
            .collect(),
        cover: p.cover_on(day).map(|card| card.in_short()).unwrap_or_default(),
        has_card: !p.coverages.is_empty(),
    };
    Ok(badges.render()?)
}

/// Hangs the badges at `chart.banner`.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(patient) = about.patient else { return Ok(String::new()) };
    let summary = record::get_summary(tx, patient).await?;
    badges(&summary, ctx.today())
}
