//! What the clinic's own pharmacy can give, shown while somebody prescribes: per drug, and another brand of the same
//! product when the shelf falls short. Says nothing where no stock is kept.

use crate::dispensing::{self, Owed};
use crate::dose::Milli;
use crate::line::Line;
use crate::store;
use base::{PrescriptionId, show_date};
use chrono::NaiveDate;
use uuid::Uuid;
use web::ask::Level;
use web::{Ctx, Failure, Tx};

/// A lot that expires within so many days is shown as near its end.
pub const NEAR_EXPIRY_DAYS: i64 = 90;

/// Colour, icon and words about what the pharmacy can give.
pub struct StockNote {
    pub kind: &'static str,
    pub icon: &'static str,
    pub text: String,
    /// Less than what is wanted.
    pub is_short: bool,
}

/// What is said of a drug's stock beside a wanted quantity: "Còn 96 viên", "Hết", "Chỉ còn lô sắp hết hạn".
pub fn stock_note(level: &Level, wanted_milli: i64, unit: &str, today: NaiveDate) -> StockNote {
    let near = level.next_expiry.filter(|d| (*d - today).num_days() < NEAR_EXPIRY_DAYS);
    let free = format!("{} {unit}", Milli(level.free_milli.max(0)));
    let (kind, icon, text) = match level.free_milli {
        f if f <= 0 && level.on_hand_milli > 0 => ("critical", "alert-octagon", "Hết: phần còn lại đã giữ cho đơn khác".to_owned()),
        f if f <= 0 && level.unusable_milli > 0 => ("critical", "alert-octagon", "Hết: chỉ còn lô bị khóa hoặc quá hạn".to_owned()),
        f if f <= 0 => ("critical", "alert-octagon", "Hết".to_owned()),
        f if f < wanted_milli => ("warning", "alert-triangle", format!("Chỉ còn {free}")),
        _ => match near {
            Some(day) => ("warning", "alert-triangle", format!("Còn {free}, có lô sắp hết hạn {}", show_date(day))),
            None => ("done", "circle-check", format!("Còn {free}")),
        },
    };
    StockNote { kind, icon, text, is_short: level.free_milli < wanted_milli }
}

/// Another brand that is there.
#[derive(Clone)]
pub struct Switch {
    pub drug: Uuid,
    pub name: String,
    pub free: String,
}

/// What is known of the drugs of a draft.
#[derive(Default)]
pub struct Shelf {
    levels: Vec<Level>,
    others: Vec<(Uuid, Owed)>,
    today: NaiveDate,
}

impl Shelf {
    /// Asks for these drugs alone.
    pub async fn of_drugs(ctx: &Ctx, tx: &mut Tx, drugs: &[Uuid], holder: Option<PrescriptionId>) -> Result<Shelf, Failure> {
        if !ctx.has_feature("stock") || drugs.is_empty() {
            return Ok(Shelf::default());
        }
        let levels = ctx.app.stock().levels(tx, drugs, holder).await?;
        Ok(Shelf { levels, others: Vec::new(), today: ctx.today() })
    }

    /// Asks for the drugs of these lines, and for other brands of those that are short.
    pub async fn of_lines(ctx: &Ctx, tx: &mut Tx, lines: &[(Uuid, Line)], holder: Option<PrescriptionId>) -> Result<Shelf, Failure> {
        let drugs: Vec<Uuid> = lines.iter().filter_map(|(_, l)| l.drug.id).collect();
        let mut shelf = Shelf::of_drugs(ctx, tx, &drugs, holder).await?;
        let short: Vec<Uuid> = lines.iter().filter(|(_, l)| shelf.note(l).is_some_and(|n| n.is_short)).filter_map(|(_, l)| l.drug.id).collect();
        if short.is_empty() {
            return Ok(shelf);
        }
        shelf.others = store::list_alternatives(tx.conn(), ctx.facility(), &short, ctx.today()).await?;
        let ids: Vec<Uuid> = shelf.others.iter().filter_map(|(_, o)| o.drug).collect();
        if !ids.is_empty() {
            shelf.levels.extend(ctx.app.stock().levels(tx, &ids, holder).await?);
        }
        Ok(shelf)
    }

    /// What is said beside a line; nothing for drugs that are not kept in stock.
    pub fn note(&self, line: &Line) -> Option<StockNote> {
        let level = self.level(line.drug.id?)?;
        Some(stock_note(level, line.quantity.amount.0, &line.drug.packaging.unit, self.today))
    }

    /// What is said beside a drug that may be chosen.
    pub fn note_of(&self, drug: Uuid, unit: &str) -> Option<StockNote> {
        self.level(drug).map(|level| stock_note(level, 0, unit, self.today))
    }

    /// The brand that has enough, for a line whose own has not.
    pub fn switch(&self, line: &Line) -> Option<Switch> {
        let own = line.drug.id?;
        self.note(line).filter(|n| n.is_short)?;
        let d = &line.drug;
        let wanted = dispensing::Product { ingredient: &d.ingredient, strength: &d.strength, form: &d.form, unit: &d.packaging.unit };
        self.others.iter().filter(|(of, o)| *of == own && dispensing::is_same_product(wanted, dispensing::product(o))).find_map(|(_, other)| {
            let level = self.level(other.drug?).filter(|l| l.free_milli >= line.quantity.amount.0)?;
            Some(Switch { drug: other.drug?, name: other.name.clone(), free: format!("{} {}", Milli(level.free_milli), other.unit) })
        })
    }

    fn level(&self, drug: Uuid) -> Option<&Level> {
        self.levels.iter().find(|l| l.drug == drug)
    }
}
