//! The fourth part of a visit's page: sentence, lines, advice, issuing. Every act answers with the whole block, so
//! that what is shown is what is kept; the checks of the right column travel with it.

use crate::desk;
use crate::line::Line;
use crate::pages::entry::ReadingBlock;
use crate::pages::shelf::{Shelf, StockNote, Switch};
use crate::pages::summary::{Checks, Look, Totals};
use crate::prescription::{OVERRIDE_REASONS, Status};
use crate::repeat::Again;
use crate::safety::{Finding, Fix, Severity};
use crate::store::{self, Favourite, Prescription, Sample, Visit};
use askama::Template;
use base::{EncounterId, Problems, Vnd, show_date};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, PanelFor, Path, Tx};

/// A line as it is shown.
pub struct LineView {
    pub id: Uuid,
    pub number: usize,
    pub name: String,
    pub form: String,
    pub instruction: String,
    /// The dose as it can be typed again.
    pub dose: String,
    pub quantity: String,
    pub arithmetic: String,
    pub amount: Option<Vnd>,
    pub is_free_text: bool,
    /// What the pharmacy can give, and a brand that it has instead.
    pub stock: Option<StockNote>,
    pub switch: Option<Switch>,
}

/// A favourite behind its number key.
pub struct FavouriteView {
    pub number: usize,
    pub drug: Uuid,
    pub name: String,
    pub dose: String,
}

/// A finding with the ids its buttons need.
pub struct FindingView {
    pub finding: Finding,
    pub kind: &'static str,
    pub fixes: Vec<FixView>,
}

pub struct FixView {
    pub number: usize,
    pub kind: &'static str,
    pub label: String,
    pub line: Uuid,
    pub days: u16,
    pub name: String,
}

/// An issued, replaced or cancelled prescription.
pub struct IssuedView {
    pub prescription: Prescription,
    pub lines: Vec<LineView>,
    pub look: (&'static str, &'static str),
    pub issued_at: String,
    pub valid_until: String,
    pub follow_up: String,
}

/// What was typed and could not be taken, kept in the fields.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub sentence: String,
    pub advice: Option<String>,
    pub follow_up: Option<String>,
    pub weight: Option<String>,
    pub escort: Option<String>,
}

/// What a block says beside its state.
#[derive(Default)]
pub struct Say {
    pub problems: Problems,
    pub typed: Typed,
    pub reading: Option<ReadingBlock>,
    pub again: Vec<Again>,
    pub again_from: String,
}

/// The block `encounter.prescription`.
#[derive(Template)]
#[template(path = "prescription.html")]
pub struct Block {
    pub encounter: EncounterId,
    pub csrf: String,
    pub is_open: bool,
    pub may_write: bool,
    pub may_override: bool,
    pub diagnoses: String,
    pub main_icd: String,
    /// The id of the next line, of the next batch of lines.
    pub next: Uuid,
    pub fresh: Uuid,
    pub draft: Option<Prescription>,
    pub lines: Vec<LineView>,
    pub total: Vnd,
    pub issued: Vec<IssuedView>,
    /// The prescription in force, when there is one and no draft replaces it yet.
    pub in_force: bool,
    pub blocking: Vec<FindingView>,
    pub open_blocks: usize,
    pub reasons: [(&'static str, &'static str); 6],
    pub favourites: Vec<FavouriteView>,
    pub samples: Vec<Sample>,
    pub own: Option<Uuid>,
    pub advice: String,
    pub follow_up: String,
    pub weight: String,
    pub escort: String,
    pub no_substitution: bool,
    pub has_stock: bool,
    pub version: i32,
    pub is_child: bool,
    pub say: Say,
    /// The blocks of the right column, swapped beside this one after an act.
    pub checks: Option<Checks>,
    pub totals: Option<Totals>,
}

/// The block as a panel of the visit's page.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let look = Look::shared(ctx, tx, encounter).await?;
    Ok(block_of(ctx, tx, &look, Say::default(), false).await?.render()?)
}

/// `GET /app/encounters/{id}/prescription`: the block alone.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    if !ctx.htmx {
        return web::redirect(chart(id));
    }
    web::html(block(&ctx, &mut tx, &visit, Say::default(), true).await?)
}

/// The visit, or not found.
pub(crate) async fn visit(ctx: &Ctx, tx: &mut Tx, id: EncounterId) -> Result<Visit, Failure> {
    store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)
}

/// Where the block stands on the page of the visit.
pub(crate) fn chart(id: EncounterId) -> String {
    format!("/app/encounters/{id}?tab=4")
}

/// Commits and answers with the block; refused acts answer 422 with everything that was typed.
pub(crate) async fn answer(ctx: &Ctx, mut tx: Tx, visit: &Visit, say: Say) -> Answer {
    let is_refused = !say.problems.is_empty();
    if !ctx.htmx {
        if is_refused {
            return Err(say.problems.into());
        }
        tx.notify(format!("encounter/{}", visit.encounter));
        tx.commit().await?;
        return web::redirect(chart(visit.encounter));
    }
    let block = block(ctx, &mut tx, visit, say, true).await?;
    if is_refused {
        return web::refused(block);
    }
    tx.notify(format!("encounter/{}", visit.encounter));
    tx.commit().await?;
    web::html(block)
}

/// Everything the block shows.
pub(crate) async fn block(ctx: &Ctx, tx: &mut Tx, visit: &Visit, say: Say, with_column: bool) -> Result<Block, Failure> {
    let look = Look::fresh(ctx, tx, visit.clone()).await?;
    block_of(ctx, tx, &look, say, with_column).await
}

async fn block_of(ctx: &Ctx, tx: &mut Tx, look: &Look, say: Say, with_column: bool) -> Result<Block, Failure> {
    let facility = ctx.facility();
    let Look { visit, all, findings } = look;
    let mut all = all.clone();
    let draft = all.iter().position(|p| p.status == Status::Draft).map(|n| all.remove(n));
    let main_icd = visit.diagnoses.first().map_or(String::new(), |d| d.code.clone());
    let own = ctx.actor.practitioner.map(|p| p.0);
    let may_write = ctx.may("prescription.write");
    let in_force = draft.is_none() && all.iter().any(|p| p.status == Status::Issued);
    // Nothing is typed beside a prescription in force: what helps typing is not asked for.
    let helps = may_write && !in_force;
    let favourites = match own.filter(|_| helps) {
        Some(who) => store::favourites(tx.conn(), facility, who, &visit.habit_key()).await?,
        None => Vec::new(),
    };
    let samples = if helps { store::samples(tx.conn(), facility, own, &main_icd).await? } else { Vec::new() };
    let open_blocks = desk::open_blocks(findings);
    let total = draft.as_ref().map_or(Vnd::ZERO, Prescription::total);
    let blocking: Vec<FindingView> =
        findings.iter().filter(|f| f.is_open_block()).cloned().map(finding_view).collect();
    let shelf = match &draft {
        Some(d) => Shelf::of_lines(ctx, tx, &d.lines, Some(d.id)).await?,
        None => Shelf::default(),
    };
    let lines: Vec<LineView> = draft.as_ref().map_or_else(Vec::new, |d| line_views(&d.lines, &shelf));
    let issued: Vec<IssuedView> = all.into_iter().map(issued_view).collect();
    let details = draft.as_ref();
    let typed = say.typed.clone();
    let weight = details.and_then(|d| d.weight_g).or(visit.weight_g);
    let standing = issued.iter().find(|p| p.prescription.status == Status::Issued).map(|p| (p.prescription.total(), p.lines.len()));
    let shown = if lines.is_empty() { standing } else { Some((total, lines.len())) };
    Ok(Block {
        encounter: visit.encounter,
        csrf: ctx.shell("", &[]).csrf,
        is_open: visit.is_open,
        may_write,
        may_override: ctx.may("prescription.override"),
        diagnoses: visit.diagnoses.iter().map(|d| format!("{} {}", d.code, d.name)).collect::<Vec<_>>().join(" · "),
        next: Uuid::now_v7(),
        fresh: Uuid::now_v7(),
        total,
        in_force,
        blocking,
        open_blocks,
        reasons: OVERRIDE_REASONS,
        favourites: favourites.into_iter().enumerate().map(favourite_view).collect(),
        samples,
        own,
        advice: typed.advice.unwrap_or_else(|| details.map_or(String::new(), |d| d.advice.clone())),
        follow_up: typed.follow_up.unwrap_or_else(|| details.and_then(|d| d.follow_up_on).map_or(String::new(), show_date)),
        weight: typed.weight.unwrap_or_else(|| weight.map_or(String::new(), desk::kilograms)),
        escort: typed.escort.unwrap_or_else(|| details.map_or(visit.guardian.clone(), |d| d.escort.clone())),
        has_stock: ctx.has_feature("stock"),
        no_substitution: details.is_some_and(|d| d.no_substitution),
        version: details.map_or(1, |d| d.version),
        is_child: visit.is_small_child(),
        checks: with_column.then(|| Checks::of(findings, lines.len())),
        totals: with_column.then(|| Totals { total: shown.map(|s| s.0), count: shown.map_or(0, |s| s.1), open_blocks, is_draft: !lines.is_empty() }),
        main_icd,
        lines,
        issued,
        draft,
        say,
    })
}

pub(crate) fn line_views(lines: &[(Uuid, Line)], shelf: &Shelf) -> Vec<LineView> {
    lines.iter().enumerate().map(|(n, (id, line))| line_view(n + 1, *id, line, shelf)).collect()
}

fn line_view(number: usize, id: Uuid, line: &Line, shelf: &Shelf) -> LineView {
    let drug = &line.drug;
    let name = drug.prescribed_name();
    let name = if drug.strength.is_empty() || name.contains(&drug.strength) { name } else { format!("{name} {}", drug.strength) };
    LineView {
        id,
        number,
        name,
        form: drug.form.to_lowercase(),
        instruction: line.instruction.clone(),
        dose: crate::dose::aloud::read_aloud(&line.dose),
        quantity: format!("{} {}", line.quantity.amount, drug.packaging.unit),
        arithmetic: line.quantity.arithmetic.clone(),
        amount: line.amount(),
        is_free_text: drug.id.is_none(),
        stock: shelf.note(line),
        switch: shelf.switch(line),
    }
}

fn favourite_view((n, favourite): (usize, Favourite)) -> FavouriteView {
    let drug = crate::line::DrugOnLine {
        ingredient: favourite.ingredient,
        brand: favourite.brand,
        strength: favourite.strength,
        ..Default::default()
    };
    FavouriteView { number: n + 1, drug: favourite.drug_id, name: drug.short_name(), dose: favourite.dose }
}

fn issued_view(prescription: Prescription) -> IssuedView {
    let look = match prescription.status {
        Status::Issued => ("done", "circle-check"),
        Status::Replaced => ("neutral", "history"),
        Status::Cancelled => ("neutral", "x"),
        Status::Draft => ("draft", "pencil"),
    };
    IssuedView {
        lines: line_views(&prescription.lines, &Shelf::default()),
        look,
        issued_at: prescription.issued_at.map_or(String::new(), |at| format!("{} {}", show_date(base::local_date(at)), base::show_time(at))),
        valid_until: prescription.valid_until.map_or(String::new(), show_date),
        follow_up: prescription.follow_up_on.map_or(String::new(), show_date),
        prescription,
    }
}

pub(crate) fn finding_view(finding: Finding) -> FindingView {
    let kind = match finding.severity {
        Severity::Blocks if finding.is_allergy => "allergy",
        Severity::Blocks => "critical",
        Severity::Warns => "warning",
        Severity::Informs => "info",
    };
    let fixes = finding.fixes.iter().enumerate().map(|(n, fix)| fix_view(n + 1, fix)).collect();
    FindingView { finding, kind, fixes }
}

fn fix_view(number: usize, fix: &Fix) -> FixView {
    let blank = |kind, label: String| FixView { number, kind, label, line: Uuid::nil(), days: 0, name: String::new() };
    match fix {
        Fix::Remove { line, name } => FixView { line: *line, ..blank("remove", format!("Bỏ {name}")) },
        Fix::StopAtHome { name, days } => {
            FixView { days: *days, name: name.clone(), ..blank("stop", format!("Ngưng {name} {days} ngày")) }
        }
        Fix::Overrule => blank("overrule", "Vẫn dùng, ghi lý do".into()),
    }
}
