//! One prescription at the counter: lines, lots, checks, one key to hand over.

use super::queue::{HandedRow, Line};
use crate::dispensing::{self, Owed, TypedPortion};
use crate::dose::Milli;
use crate::pages::entry::stale;
use crate::pages::shelf::{NEAR_EXPIRY_DAYS, StockNote, stock_note};
use crate::pages::summary::Checks;
use crate::pharmacy::{self, HandOver};
use crate::safety::Severity;
use crate::store::{self, ToSupply, Visit};
use askama::Template;
use base::{Age, DispenseId, PrescriptionId, Problems, show_date};
use serde::Deserialize;
use uuid::Uuid;
use web::ask::{Counter, Level, Pick};
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("F3", "Người kế"), ("F4", "Chọn lô"), ("F8", "Phát"), ("Esc", "Về hàng chờ")];
/// The front of the booklet, as the shared banner wants it.
pub struct Who {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
}

impl Who {
    pub fn of(visit: &Visit) -> Who {
        let sex = match visit.sex.as_str() {
            "male" => "Nam · ",
            "female" => "Nữ · ",
            _ => "",
        };
        let digits: Vec<char> = visit.cccd.chars().collect();
        Who {
            spine: base::PersonId(visit.person).spine(),
            ticket: String::new(),
            name: visit.name.clone(),
            facts: format!("{sex}{}", Age::on(visit.birth_date, visit.day)),
            birth: if visit.birth_year_only { visit.birth_date.format("%Y").to_string() } else { show_date(visit.birth_date) },
            record_no: visit.record_no.clone(),
            id_tail: if digits.len() == 12 { format!("…{}", digits[8..].iter().collect::<String>()) } else { String::new() },
            phone: visit.phone.clone(),
            commune: visit.address.clone(),
        }
    }
}

/// A lot of a line's drug.
pub struct LotView {
    pub lot: String,
    pub lot_no: String,
    pub expires: String,
    pub is_near: bool,
    pub free: String,
    /// What the order of expiry takes from it; "" for nothing.
    pub proposed: String,
    pub typed: String,
}

/// Another brand that may be given.
pub struct Other {
    pub drug: Uuid,
    pub name: String,
    pub free: String,
}

/// A line as the counter shows it.
pub struct LineView {
    pub number: usize,
    pub owed: Owed,
    pub about: String,
    pub instruction: String,
    pub prescribed: String,
    pub given: String,
    pub quantity: String,
    pub lots: Vec<LotView>,
    pub others: Vec<Other>,
    pub stock: Option<StockNote>,
    /// What was typed, after a refusal.
    pub drug: Uuid,
    pub has_consent: bool,
    pub closes: bool,
    pub reason: String,
    pub problem: String,
}

impl LineView {
    pub fn is_open(&self) -> bool {
        self.owed.drug.is_some() && self.owed.open_milli() > 0
    }
    pub fn opens_lots(&self) -> bool {
        !self.reason.is_empty() || self.lots.iter().any(|l| !l.typed.is_empty()) || (!self.problem.is_empty() && self.lots.len() > 1)
    }
}

/// What a label will say.
pub struct LabelView {
    pub name: String,
    pub instruction: String,
    pub quantity: String,
}

#[derive(Template)]
#[template(path = "pharmacy_fill.html")]
struct Page {
    shell: Shell,
    who: Who,
    id: PrescriptionId,
    fresh: DispenseId,
    version: i32,
    code: String,
    prescriber: String,
    diagnoses: String,
    advice: String,
    valid_until: String,
    is_paid: bool,
    is_free: bool,
    no_substitution: bool,
    allergy: (&'static str, &'static str, String),
    counters: Vec<Counter>,
    store: String,
    lines: Vec<LineView>,
    labels: Vec<LabelView>,
    checks: Checks,
    /// A contraindication or allergy: the pharmacist's own reason is needed.
    needs_reason: bool,
    warning_reason: String,
    hindrances: Problems,
    problems: Problems,
    earlier: Vec<HandedRow>,
    queue: Line,
    is_open: bool,
}

/// What the counter sends. Lines stand beside each other, lots in a list of their own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GiveForm {
    pub id: String,
    pub version: String,
    pub store: String,
    pub line: Vec<String>,
    pub drug: Vec<String>,
    pub quantity: Vec<String>,
    pub reason: Vec<String>,
    pub consent: Vec<String>,
    pub closed: Vec<String>,
    pub lot_line: Vec<String>,
    pub lot: Vec<String>,
    pub lot_quantity: Vec<String>,
    pub warning_reason: String,
}

impl GiveForm {
    fn portions(&self) -> Vec<TypedPortion> {
        let at = |list: &[String], n: usize| list.get(n).cloned().unwrap_or_default();
        self.line
            .iter()
            .enumerate()
            .map(|(n, line)| TypedPortion {
                line: line.clone(),
                drug: at(&self.drug, n),
                quantity: at(&self.quantity, n),
                has_consent: self.consent.contains(line),
                closes: self.closed.contains(line),
                lots: (0..self.lot.len()).filter(|m| self.lot_line.get(*m) == Some(line)).map(|m| (at(&self.lot, m), at(&self.lot_quantity, m))).collect(),
                reason: at(&self.reason, n),
            })
            .collect()
    }
}

/// `GET /app/pharmacy/prescriptions/{prescription}`.
pub async fn show(ctx: Ctx, Path(id): Path<PrescriptionId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let to = store::find_to_supply(tx.conn(), ctx.facility(), id, false).await?.ok_or(Failure::NotFound)?;
    let patient = to.prescription.patient;
    let page = page(&ctx, &mut tx, to, None, Problems::none()).await?;
    tx.audit("read", "prescription", id, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// `POST /app/pharmacy/prescriptions/{prescription}/dispenses`: hands over.
pub async fn give(ctx: Ctx, Path(id): Path<PrescriptionId>, Form(form): Form<GiveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let to = store::find_to_supply(tx.conn(), ctx.facility(), id, true).await?.ok_or(Failure::NotFound)?;
    let dispense: DispenseId = form.id.parse().map_err(|_| stale())?;
    let given = HandOver {
        id: dispense,
        version: form.version.parse().unwrap_or(-1),
        store: form.store.parse().ok(),
        portions: form.portions(),
        warning_reason: form.warning_reason.clone(),
    };
    let problems = match pharmacy::hand_over(&ctx, &mut tx, &to, &given).await {
        Ok(Ok(())) => {
            tx.commit().await?;
            return web::redirect(format!("/app/pharmacy/dispenses/{dispense}?print=1"));
        }
        Ok(Err(problems)) | Err(Failure::Refused(problems)) => problems,
        Err(other) => return Err(other),
    };
    // What the refused attempt may have written is thrown away; the page shows the truth as it is now.
    drop(tx);
    let mut tx = ctx.begin().await?;
    let to = store::find_to_supply(tx.conn(), ctx.facility(), id, false).await?.ok_or(Failure::NotFound)?;
    web::refused(page(&ctx, &mut tx, to, Some(&form), problems).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, to: ToSupply, typed: Option<&GiveForm>, problems: Problems) -> Result<Page, Failure> {
    let facility = ctx.facility();
    let id = to.prescription.id;
    let visit = store::find_visit(tx.conn(), facility, to.prescription.encounter).await?.ok_or(Failure::NotFound)?;
    let hindrances = pharmacy::hindrances(ctx, tx, &to).await?;
    let findings = crate::desk::findings(ctx, tx, &visit, Some(&to.prescription), None).await?;
    let counters = ctx.app.stock().counters(tx).await?;
    let store = typed.and_then(|t| t.store.parse().ok()).or(counters.first().map(|c| c.store));
    let is_open = hindrances.is_empty() && to.owed.iter().any(|o| o.drug.is_some() && o.open_milli() > 0);
    let prescribed: Vec<Uuid> = to.owed.iter().filter(|o| o.open_milli() > 0).filter_map(|o| o.drug).collect();
    let others = if to.prescription.no_substitution { Vec::new() } else { store::list_alternatives(tx.conn(), facility, &prescribed, ctx.today()).await? };
    let mut asked = prescribed.clone();
    asked.extend(others.iter().filter_map(|(_, o)| o.drug));
    let levels = ctx.app.stock().levels(tx, &asked, Some(id)).await?;
    let lots = match store {
        Some(store) => pharmacy::all_lots(ctx, tx, store, Some(id), &prescribed).await?,
        None => Vec::new(),
    };
    let mut rest = lots.clone();
    let portions = typed.map(GiveForm::portions).unwrap_or_default();
    let lines: Vec<LineView> = to
        .owed
        .iter()
        .zip(&to.prescription.lines)
        .enumerate()
        .map(|(n, (owed, (_, line)))| {
            let given = portions.iter().find(|p| p.line == owed.line.to_string());
            line_view(n + 1, owed, line, &lots, &mut rest, &levels, &others, given, &problems, ctx.today())
        })
        .collect();
    let labels = lines
        .iter()
        .filter(|l| l.is_open())
        .map(|l| LabelView { name: l.owed.name.clone(), instruction: l.instruction.clone(), quantity: format!("{} {}", l.quantity, l.owed.unit) })
        .collect();
    let earlier = store::list_handed(tx.conn(), facility, Some(id), None).await?;
    let p = &to.prescription;
    Ok(Page {
        shell: ctx.shell("Phát thuốc", KEYS),
        who: Who::of(&visit),
        id,
        fresh: typed.and_then(|t| t.id.parse().ok()).unwrap_or_else(DispenseId::new),
        version: to.version,
        code: p.code.clone(),
        prescriber: [p.prescriber["title"].as_str(), p.prescriber["name"].as_str()].into_iter().flatten().collect::<Vec<_>>().join(" "),
        diagnoses: visit.diagnoses.iter().map(|d| format!("{} {}", d.code, d.name)).collect::<Vec<_>>().join(" · "),
        advice: p.advice.clone(),
        valid_until: p.valid_until.map_or(String::new(), show_date),
        is_paid: to.paid_at.is_some(),
        is_free: p.total().0 == 0,
        no_substitution: p.no_substitution,
        allergy: allergy(&visit),
        counters,
        store: store.map_or(String::new(), |s| s.to_string()),
        labels,
        needs_reason: is_open && findings.iter().any(|f| f.severity == Severity::Blocks),
        checks: Checks::at_counter(&findings, lines.len()),
        warning_reason: typed.map_or(String::new(), |t| t.warning_reason.clone()),
        lines,
        hindrances,
        problems,
        earlier: earlier.into_iter().map(HandedRow::of).collect(),
        queue: Line::load(ctx, tx, Some(id)).await?,
        is_open,
    })
}

fn allergy(visit: &Visit) -> (&'static str, &'static str, String) {
    let names: Vec<&str> = visit.allergies.iter().map(|a| a.substance.as_str()).collect();
    match (names.is_empty(), visit.allergy_state.as_str()) {
        (false, _) => ("allergy solid", "hand-stop", format!("DỊ ỨNG: {}", names.join(", "))),
        (true, "not_asked") => ("warning", "alert-triangle", "Chưa khai thác dị ứng".to_owned()),
        _ => ("neutral", "circle-check", "Chưa ghi nhận dị ứng thuốc".to_owned()),
    }
}

#[expect(clippy::too_many_arguments, reason = "one line meets the shelf, the brands, and what was typed")]
fn line_view(
    number: usize,
    owed: &Owed,
    line: &crate::line::Line,
    lots: &[Pick],
    rest: &mut [Pick],
    levels: &[Level],
    others: &[(Uuid, Owed)],
    typed: Option<&TypedPortion>,
    problems: &Problems,
    today: chrono::NaiveDate,
) -> LineView {
    let open = owed.open_milli();
    let free: i64 = rest.iter().filter(|p| Some(p.drug) == owed.drug).map(|p| p.quantity_milli).sum();
    let suggested = Milli(open.min(free));
    let mut wanted = suggested.0;
    let drug = owed.drug.unwrap_or(Uuid::nil());
    let shown: Vec<LotView> = lots
        .iter()
        .filter(|p| p.drug == drug && open > 0)
        .map(|lot| {
            // Two lines of one drug share its lots: what the first takes is not there for the second.
            let left = rest.iter_mut().find(|r| r.lot == lot.lot && r.drug == lot.drug);
            let takes = left.map_or(0, |left| {
                let takes = wanted.min(left.quantity_milli);
                left.quantity_milli -= takes;
                takes
            });
            wanted -= takes;
            let id = lot.lot.to_string();
            LotView {
                typed: typed.and_then(|t| t.lots.iter().find(|(l, _)| *l == id)).map_or(String::new(), |(_, q)| q.clone()),
                lot: id,
                lot_no: lot.lot_no.clone(),
                expires: show_date(lot.expires),
                is_near: (lot.expires - today).num_days() < NEAR_EXPIRY_DAYS,
                free: Milli(lot.quantity_milli).to_string(),
                proposed: if takes > 0 { Milli(takes).to_string() } else { String::new() },
            }
        })
        .collect();
    let level_of = |id: Uuid| levels.iter().find(|l| l.drug == id);
    LineView {
        number,
        about: [line.drug.form.to_lowercase(), line.drug.route.to_lowercase()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
        instruction: line.instruction.clone(),
        prescribed: format!("{} {}", Milli(owed.prescribed_milli), owed.unit),
        given: Milli(owed.given_milli).to_string(),
        quantity: typed.map_or_else(|| suggested.to_string(), |t| t.quantity.clone()),
        lots: shown,
        others: others
            .iter()
            .filter(|(of, other)| *of == drug && dispensing::is_same_product(dispensing::product(owed), dispensing::product(other)))
            .filter_map(|(_, other)| {
                let level = level_of(other.drug?).filter(|l| l.free_milli > 0)?;
                Some(Other { drug: other.drug?, name: other.name.clone(), free: format!("{} {}", Milli(level.free_milli), other.unit) })
            })
            .collect(),
        stock: owed.drug.filter(|_| open > 0).and_then(level_of).map(|l| stock_note(l, open, &owed.unit, today)),
        drug: typed.and_then(|t| t.drug.parse().ok()).unwrap_or(drug),
        has_consent: typed.is_some_and(|t| t.has_consent),
        closes: typed.is_some_and(|t| t.closes),
        reason: typed.map_or(String::new(), |t| t.reason.clone()),
        problem: problems.at(&format!("quantity-{}", owed.line)).to_owned(),
        owed: owed.clone(),
    }
}
