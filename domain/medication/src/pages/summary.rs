//! What prescribing hangs on other parts of the page: the checks and the sum in the right column, medicines at home on
//! the left.

use crate::desk;
use crate::pages::block::visit;
use crate::prescription::Status;
use crate::safety::{Finding, Severity};
use crate::store::{self, Prescription, Visit};
use askama::Template;
use base::{EncounterId, Vnd, show_date};
use std::sync::Arc;
use web::{Ctx, Failure, PanelFor, Tx};

/// One row of the check list.
pub struct CheckRow {
    pub kind: &'static str,
    pub icon: &'static str,
    pub claim: String,
    pub fact: String,
    pub source: String,
    pub is_verified: bool,
    pub overruled: String,
}

/// The list of checks in the right column.
#[derive(Template)]
#[template(path = "prescription_checks.html")]
pub struct Checks {
    pub count: usize,
    pub open_blocks: usize,
    pub rows: Vec<CheckRow>,
}

impl Checks {
    pub fn of(findings: &[Finding], lines: usize) -> Checks {
        let rows = findings
            .iter()
            .map(|f| {
                let (kind, icon) = match f.severity {
                    _ if f.overruled.is_some() => ("done", "circle-check"),
                    Severity::Blocks => ("critical", "alert-octagon"),
                    Severity::Warns => ("warning", "alert-triangle"),
                    Severity::Informs => ("info", "info-circle"),
                };
                CheckRow {
                    kind,
                    icon,
                    claim: f.claim.clone(),
                    // A blocking matter is told in full beside the sentence; here it only counts.
                    fact: if f.is_open_block() { "Chưa phát hành được đơn.".into() } else { f.fact.clone() },
                    source: f.source.clone(),
                    is_verified: f.is_verified,
                    overruled: f.overruled.clone().unwrap_or_default(),
                }
            })
            .collect();
        Checks { count: lines, open_blocks: desk::open_blocks(findings), rows }
    }

    /// The same for the pharmacist, who sees every fact, and what the doctor overruled as grave as it was.
    pub fn at_counter(findings: &[Finding], lines: usize) -> Checks {
        let rows = findings.iter().map(|f| {
            let (kind, icon) = match f.severity {
                Severity::Blocks if f.is_allergy => ("allergy", "hand-stop"),
                Severity::Blocks => ("critical", "alert-octagon"),
                Severity::Warns => ("warning", "alert-triangle"),
                Severity::Informs => ("info", "info-circle"),
            };
            CheckRow {
                kind,
                icon,
                claim: f.claim.clone(),
                fact: f.fact.clone(),
                source: f.source.clone(),
                is_verified: f.is_verified,
                overruled: f.overruled.clone().unwrap_or_default(),
            }
        });
        Checks { count: lines, open_blocks: desk::open_blocks(findings), rows: rows.collect() }
    }
}

/// The sum of the drugs at the bottom of the right column.
#[derive(Template)]
#[template(path = "prescription_totals.html")]
pub struct Totals {
    pub total: Option<Vnd>,
    pub count: usize,
    pub open_blocks: usize,
    pub is_draft: bool,
}

/// One look at the visit for all panels of a page: the visit, its prescriptions, the findings about the draft.
pub struct Look {
    pub visit: Visit,
    pub all: Vec<Prescription>,
    pub findings: Vec<Finding>,
}

impl Look {
    pub async fn fresh(ctx: &Ctx, tx: &mut Tx, visit: Visit) -> Result<Look, Failure> {
        let all = store::list_of_visit(tx.conn(), ctx.facility(), visit.encounter).await?;
        let draft = all.iter().find(|p| p.status == Status::Draft);
        let findings = desk::findings(ctx, tx, &visit, draft, None).await?;
        Ok(Look { visit, all, findings })
    }

    /// The look of this request, taken once.
    pub async fn shared(ctx: &Ctx, tx: &mut Tx, encounter: EncounterId) -> Result<Arc<Look>, Failure> {
        let name = format!("medication/{encounter}");
        if let Some(look) = ctx.shared(&name) {
            return Ok(look);
        }
        let visit = visit(ctx, tx, encounter).await?;
        let look = Look::fresh(ctx, tx, visit).await?;
        Ok(ctx.share(name, look))
    }

    fn draft(&self) -> Option<&Prescription> {
        self.all.iter().find(|p| p.status == Status::Draft)
    }
}

/// The panel `encounter.checks`.
pub async fn checks(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let look = Look::shared(ctx, tx, encounter).await?;
    Ok(Checks::of(&look.findings, look.draft().map_or(0, |d| d.lines.len())).render()?)
}

/// The panel `encounter.totals`.
pub async fn totals(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let look = Look::shared(ctx, tx, encounter).await?;
    let shown = look.draft().or(look.all.iter().find(|p| p.status == Status::Issued));
    let totals = Totals {
        total: shown.map(|p| p.total()),
        count: shown.map_or(0, |p| p.lines.len()),
        open_blocks: 0,
        is_draft: shown.is_some_and(|p| p.status == Status::Draft),
    };
    Ok(totals.render()?)
}

/// A medicine that should still be at home.
struct AtHomeRow {
    name: String,
    until: String,
    on: String,
}

#[derive(Template)]
#[template(path = "medicines_at_home.html")]
struct AtHome {
    rows: Vec<AtHomeRow>,
}

/// The panel `chart.summary`: medicines still at home.
pub async fn at_home(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let (Some(patient), encounter) = (about.patient, about.encounter) else { return Ok(String::new()) };
    let but = encounter.unwrap_or(EncounterId(uuid::Uuid::nil()));
    let medicines = store::home_medicines(tx.conn(), ctx.facility(), patient, but, ctx.today()).await?;
    let rows: Vec<AtHomeRow> = medicines
        .into_iter()
        .map(|m| {
            let drug = crate::line::DrugOnLine { ingredient: m.ingredient, brand: m.brand, strength: m.strength, ..Default::default() };
            AtHomeRow { name: drug.short_name(), until: show_date(m.home.until), on: show_date(m.home.prescribed_on) }
        })
        .collect();
    if rows.is_empty() { Ok(String::new()) } else { Ok(AtHome { rows }.render()?) }
}
