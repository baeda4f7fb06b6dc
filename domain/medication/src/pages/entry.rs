//! Typing a line: the live reading back under the sentence, adding, changing, taking out.

use crate::desk;
use crate::dispensing;
use crate::entry::{EntryForm, PlainForm, Understood, understand};
use crate::line::Line;
use crate::pages::block::{FindingView, Say, Typed, answer, finding_view, visit};
use crate::pages::shelf::{Shelf, StockNote};
use crate::safety::Severity;
use crate::store::{self, Favourite};
use askama::Template;
use base::{EncounterId, Problem, Problems, Vnd};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Tx};

/// A drug that the sentence may mean.
pub struct Offer {
    pub id: Uuid,
    pub name: String,
    pub about: String,
    pub price: Option<Vnd>,
    pub is_chosen: bool,
    pub stock: Option<StockNote>,
}

/// A piece of the sentence, underlined or not.
pub struct Piece {
    pub text: String,
    pub is_unclear: bool,
}

/// What stands under the sentence while it is typed.
#[derive(Template)]
#[template(path = "prescription_reading.html")]
pub struct ReadingBlock {
    pub drug: String,
    pub pieces: Vec<Piece>,
    pub whys: Vec<String>,
    pub line: Option<LineRead>,
    pub offers: Vec<Offer>,
    pub chosen: Option<Uuid>,
    pub may_be_free: bool,
    pub findings: Vec<FindingView>,
}

/// The line as it would be.
pub struct LineRead {
    pub name: String,
    pub form: String,
    pub instruction: String,
    pub quantity: String,
    pub arithmetic: String,
    pub amount: Option<Vnd>,
    pub stock: Option<StockNote>,
}

/// What the page asks while somebody types.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReadingQuery {
    pub sentence: String,
    pub drug: String,
}

/// `GET /app/encounters/{id}/prescription/reading`: reads the sentence back and checks the drug it names.
pub async fn reading(ctx: Ctx, Path(id): Path<EncounterId>, Query(query): Query<ReadingQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let favourites = own_favourites(&ctx, &mut tx, &visit).await?;
    let understood = understand(tx.conn(), ctx.facility(), visit.day, &query.sentence, &query.drug, &favourites).await?;
    let line = understood.line(false);
    let mut findings = Vec::new();
    if let Ok(line) = &line {
        let all = store::list_of_visit(tx.conn(), ctx.facility(), id).await?;
        let draft = all.iter().find(|p| p.status == crate::prescription::Status::Draft);
        let found = desk::findings(&ctx, &mut tx, &visit, draft, Some(line)).await?;
        findings = found.into_iter().filter(|f| f.severity != Severity::Informs && concerns_typed(f)).collect();
    }
    let offered: Vec<Uuid> = understood.offered.iter().map(|d| d.id).collect();
    let shelf = Shelf::of_drugs(&ctx, &mut tx, &offered, None).await?;
    let mut shown = reading_block(&understood, line, &shelf);
    shown.findings = findings.into_iter().map(finding_view).collect();
    web::html(shown)
}

/// The line that is only typed has no id yet.
fn concerns_typed(finding: &crate::safety::Finding) -> bool {
    finding.fixes.iter().any(|fix| matches!(fix, crate::safety::Fix::Remove { line, .. } if line.is_nil()))
}

async fn own_favourites(ctx: &Ctx, tx: &mut Tx, visit: &store::Visit) -> Result<Vec<Favourite>, sqlx::Error> {
    match ctx.actor.practitioner {
        Some(who) => store::favourites(tx.conn(), ctx.facility(), who.0, &visit.habit_key()).await,
        None => Ok(Vec::new()),
    }
}

fn reading_block(understood: &Understood, line: Result<Line, Problems>, shelf: &Shelf) -> ReadingBlock {
    let reading = &understood.reading;
    let mut whys: Vec<String> = Vec::new();
    let line = match line {
        Ok(line) => Some(line),
        Err(problems) => {
            whys = problems.0.into_iter().map(|p| p.text.into_owned()).collect();
            None
        }
    };
    // While a drug must still be chosen, what is wrong with the dose is said as well.
    if line.is_none() && understood.chosen.is_none() {
        whys.extend(reading.unclear.iter().map(|u| u.why.clone()));
    }
    whys.dedup();
    let chosen = understood.chosen.map(|n| understood.offered[n].id);
    ReadingBlock {
        drug: reading.drug.clone(),
        pieces: pieces(&understood.sentence, &reading.unclear),
        whys,
        line: line.as_ref().map(|l| LineRead { stock: shelf.note(l), ..line_read(l) }),
        offers: understood
            .offered
            .iter()
            .map(|d| Offer {
                id: d.id,
                name: with_strength(&d.facts.name, &d.facts.strength),
                about: [d.facts.ingredient.as_str(), d.facts.form.as_str()].join(" · "),
                price: d.price,
                is_chosen: chosen == Some(d.id),
                stock: shelf.note_of(d.id, &d.facts.unit),
            })
            .collect(),
        chosen,
        may_be_free: understood.offered.is_empty() && !reading.drug.is_empty(),
        findings: Vec::new(),
    }
}

/// "Paracetamol 500" says its strength already; "Ibuprofen" does not.
fn with_strength(name: &str, strength: &str) -> String {
    let number: String = strength.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let said = strength.is_empty() || (!number.is_empty() && name.split(' ').any(|word| word == number));
    if said { name.to_owned() } else { format!("{name} {strength}") }
}

fn line_read(line: &Line) -> LineRead {
    LineRead {
        name: line.drug.short_name(),
        form: [line.drug.form.to_lowercase(), line.drug.route.to_lowercase()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
        instruction: line.instruction.clone(),
        quantity: format!("{} {}", line.quantity.amount, line.drug.packaging.unit),
        arithmetic: line.quantity.arithmetic.clone(),
        amount: line.amount(),
        stock: None,
    }
}

/// Cuts the sentence at the unclear parts; none when everything is clear.
fn pieces(sentence: &str, unclear: &[crate::dose::sentence::Unclear]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for part in unclear.iter().filter(|u| u.end > u.start) {
        if part.start < at {
            continue;
        }
        pieces.push(Piece { text: sentence[at..part.start].to_owned(), is_unclear: false });
        pieces.push(Piece { text: sentence[part.start..part.end].to_owned(), is_unclear: true });
        at = part.end;
    }
    if !pieces.is_empty() {
        pieces.push(Piece { text: sentence[at..].to_owned(), is_unclear: false });
    }
    pieces
}

/// The entry as a form sends it: flat names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineForm {
    pub id: String,
    pub sentence: String,
    pub drug: String,
    pub free: String,
    pub name: String,
    pub morning: String,
    pub noon: String,
    pub afternoon: String,
    pub evening: String,
    pub unit: String,
    pub meal: String,
    pub days: String,
    pub quantity: String,
    pub remark: String,
}

impl LineForm {
    fn entry(self) -> EntryForm {
        let plain = PlainForm {
            name: self.name,
            morning: self.morning,
            noon: self.noon,
            afternoon: self.afternoon,
            evening: self.evening,
            unit: self.unit,
            meal: self.meal,
            days: self.days,
            quantity: self.quantity,
            remark: self.remark,
        };
        let sentence = if self.sentence.trim().is_empty() { plain.as_sentence() } else { self.sentence };
        EntryForm { id: self.id, sentence, drug: self.drug, free: self.free, plain }
    }
}

/// `POST /app/encounters/{id}/prescription/lines`: adds the sentence as a line, saved at once.
pub async fn add(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<LineForm>) -> Answer {
    let form = form.entry();
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let line_id: Uuid = form.id.parse().map_err(|_| stale())?;
    let draft = desk::begin(&mut tx, &visit, &store::Details::default(), line_id).await?;
    if draft.has_line {
        return answer(&ctx, tx, &visit, Say::default()).await;
    }
    let favourites = own_favourites(&ctx, &mut tx, &visit).await?;
    let understood = understand(tx.conn(), ctx.facility(), visit.day, &form.sentence, &form.drug, &favourites).await?;
    match understood.line(form.free == "1") {
        Ok(line) => {
            store::insert_lines(&mut tx, draft.id, &[(line_id, &line)]).await?;
            answer(&ctx, tx, &visit, Say::default()).await
        }
        Err(problems) => {
            let reading = Some(reading_block(&understood, Err(problems.clone()), &Shelf::default()));
            let typed = Typed { sentence: form.sentence, ..Typed::default() };
            answer(&ctx, tx, &visit, Say { problems, typed, reading, ..Say::default() }).await
        }
    }
}

/// `POST /app/encounters/{id}/prescription/lines/{line}/sentence`: writes a line again in its place.
pub async fn change(ctx: Ctx, Path((id, line)): Path<(EncounterId, Uuid)>, Form(form): Form<LineForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let draft = desk::open_draft(&mut tx, &visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    let (_, old) = known.lines.iter().find(|(l, _)| *l == line).ok_or(Failure::NotFound)?;
    let chosen = old.drug.id.map(|d| d.to_string()).unwrap_or_default();
    let understood = understand(tx.conn(), ctx.facility(), visit.day, &form.sentence, &chosen, &[]).await?;
    // A dose alone keeps the drug of the line.
    let dose_only = crate::dose::sentence::read_dose(&form.sentence);
    let written = if dose_only.is_clear() {
        let sentence = format!("{} {}", old.drug.brand, form.sentence.trim());
        crate::line::write(dose_only, &sentence, old.drug.clone())
    } else {
        understood.line(old.drug.id.is_none() && understood.offered.is_empty())
    };
    match written {
        Ok(new) => {
            store::update_line(&mut tx, draft, line, &new).await?;
            answer(&ctx, tx, &visit, Say::default()).await
        }
        Err(problems) => {
            let text = problems.0.first().map_or(String::new(), |p| p.text.to_string());
            let problems = Problem::of(format!("{}: {text}", old.drug.short_name())).into();
            answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
        }
    }
}

/// `POST /app/encounters/{id}/prescription/lines/{line}/removed`. A second time changes nothing.
pub async fn remove(ctx: Ctx, Path((id, line)): Path<(EncounterId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let draft = desk::open_draft(&mut tx, &visit).await?;
    store::remove_line(&mut tx, draft, line).await?;
    answer(&ctx, tx, &visit, Say::default()).await
}

/// The brand that takes a line's place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SwitchForm {
    pub drug: String,
}

/// `POST /app/encounters/{id}/prescription/lines/{line}/drug`: the same dose of another brand that the pharmacy has.
/// Refuses what is not the same product.
pub async fn switch(ctx: Ctx, Path((id, line)): Path<(EncounterId, Uuid)>, Form(form): Form<SwitchForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let draft = desk::open_draft(&mut tx, &visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    let (_, old) = known.lines.iter().find(|(l, _)| *l == line).ok_or(Failure::NotFound)?;
    let chosen: Uuid = form.drug.parse().map_err(|_| stale())?;
    let drug = organization::drug::find(tx.conn(), ctx.facility(), chosen, visit.day).await?.ok_or(Failure::NotFound)?;
    let d = &old.drug;
    let before = dispensing::Product { ingredient: &d.ingredient, strength: &d.strength, form: &d.form, unit: &d.packaging.unit };
    let other = crate::pharmacy::product_of(&drug);
    let mut problems = Problems::none();
    problems.add_if(!dispensing::is_same_product(before, dispensing::product(&other)), "", format!("{} khác hoạt chất, hàm lượng hay dạng dùng. Kê lại bằng một câu liều.", other.name));
    if problems.is_empty() {
        match crate::entry::line_of_known(&drug, &crate::dose::aloud::read_aloud(&old.dose)) {
            Ok(new) => store::update_line(&mut tx, draft, line, &new).await?,
            Err(refused) => problems = refused,
        }
    }
    answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
}

pub(crate) fn stale() -> Failure {
    Problem::of("Trang đã cũ. Tải lại trang rồi làm lại; phần đã lưu vẫn còn.").into()
}

