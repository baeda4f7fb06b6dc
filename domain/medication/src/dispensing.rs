//! Handing medicines over (FHIR MedicationDispense): how far a prescription is supplied, what may be given of a line,
//! when another brand may take its place, and what may come back. Pure; the pharmacist's desk is [`crate::pharmacy`].

use crate::dose::Milli;
use base::{LotId, Problem, Problems};
use chrono::NaiveDate;
use std::collections::HashMap;
use uuid::Uuid;
use web::ask::Pick;

/// How far a prescription is supplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    Waiting,
    /// Something was given or closed, something is still owed.
    Partial,
    Done,
}

impl Supply {
    pub fn key(self) -> &'static str {
        match self {
            Supply::Waiting => "waiting",
            Supply::Partial => "partial",
            Supply::Done => "done",
        }
    }
    pub fn from_key(key: &str) -> Supply {
        match key {
            "partial" => Supply::Partial,
            "done" => Supply::Done,
            _ => Supply::Waiting,
        }
    }
    /// From the lines that the facility's own list knows; words outside the list are bought elsewhere and wait for nobody.
    pub fn of(lines: &[Owed]) -> Supply {
        let known = || lines.iter().filter(|l| l.drug.is_some());
        if known().all(|l| l.open_milli() == 0) {
            Supply::Done
        } else if known().any(|l| l.given_milli > 0 || l.is_closed) {
            Supply::Partial
        } else {
            Supply::Waiting
        }
    }
}

/// The states of one handing over. It is never undone: goods come back by a return of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Completed,
    /// Nothing was given: the person takes none of it.
    Declined,
    PartlyReturned,
    Returned,
}

impl Status {
    pub const ALL: [Status; 4] = [Status::Completed, Status::Declined, Status::PartlyReturned, Status::Returned];
    pub fn key(self) -> &'static str {
        match self {
            Status::Completed => "completed",
            Status::Declined => "declined",
            Status::PartlyReturned => "partly_returned",
            Status::Returned => "returned",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }
    /// The word on the badge.
    pub fn name(self) -> &'static str {
        match self {
            Status::Completed => "Đã phát",
            Status::Declined => "Không lấy thuốc",
            Status::PartlyReturned => "Đã trả lại một phần",
            Status::Returned => "Đã trả lại hết",
        }
    }
}

/// The state after goods came back; `left_milli` is what the person keeps.
pub fn after_return(status: Status, left_milli: i64) -> Result<Status, Problem> {
    match status {
        Status::Completed | Status::PartlyReturned if left_milli > 0 => Ok(Status::PartlyReturned),
        Status::Completed | Status::PartlyReturned => Ok(Status::Returned),
        Status::Declined => Err(Problem::of("Lần này chưa phát thuốc nào, không có gì để trả lại.")),
        Status::Returned => Err(Problem::of("Thuốc của lần phát này đã trả lại hết.")),
    }
}

/// A line of the prescription as the counter sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    pub line: Uuid,
    /// `None`: written as words, outside the facility's list.
    pub drug: Option<Uuid>,
    pub name: String,
    pub ingredient: String,
    pub strength: String,
    pub form: String,
    pub unit: String,
    pub prescribed_milli: i64,
    pub given_milli: i64,
    pub is_closed: bool,
}

impl Owed {
    /// What may still be given.
    pub fn open_milli(&self) -> i64 {
        if self.is_closed { 0 } else { (self.prescribed_milli - self.given_milli).max(0) }
    }
}

/// Facts that let two drugs of the list be compared.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    pub ingredient: &'a str,
    pub strength: &'a str,
    pub form: &'a str,
    pub unit: &'a str,
}

/// Whether one may take the other's place at the counter: the same substances, strength, dosage form and unit
/// (Law on Pharmacy 105/2016/QH13 art. 82; the person agrees).
pub fn is_same_product(a: Product, b: Product) -> bool {
    let keys = |text: &str| {
        let mut keys = codes::substance::keys(text);
        keys.sort();
        keys
    };
    let bare = |text: &str| base::fold(text).split_whitespace().collect::<String>();
    let substances = keys(a.ingredient);
    !substances.is_empty()
        && substances == keys(b.ingredient)
        && bare(a.strength) == bare(b.strength)
        && bare(a.form) == bare(b.form)
        && bare(a.unit) == bare(b.unit)
}

/// What the pharmacist wants to give for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub line: Uuid,
    pub drug: Uuid,
    pub quantity_milli: i64,
    pub is_substituted: bool,
    pub closes: bool,
    /// Lots chosen by hand; empty: the first to expire.
    pub lots: Vec<(LotId, i64)>,
    pub reason: String,
}

/// The same as typed on the page.
#[derive(Clone, Debug, Default)]
pub struct TypedPortion {
    pub line: String,
    pub drug: String,
    pub quantity: String,
    pub has_consent: bool,
    pub closes: bool,
    pub lots: Vec<(String, String)>,
    pub reason: String,
}

/// Reads what was typed for all lines. Refuses more than is open, a brand that is not the same product, a substitution
/// that the doctor forbade or the person did not agree to, lots that do not sum up, and an empty handing over.
/// `products` are the drugs that may take a line's place, by id.
pub fn read(typed: &[TypedPortion], owed: &[Owed], products: &HashMap<Uuid, Owed>, is_substitution_forbidden: bool) -> Result<Vec<Portion>, Problems> {
    let mut problems = Problems::none();
    let mut portions = Vec::new();
    for t in typed {
        let Some(line) = t.line.parse::<Uuid>().ok().and_then(|id| owed.iter().find(|o| o.line == id)) else {
            problems.add("", "Trang đã cũ: đơn thuốc đã đổi. Tải lại trang rồi phát.");
            continue;
        };
        let Some(prescribed) = line.drug else { continue };
        let at = format!("quantity-{}", line.line);
        let quantity = match t.quantity.trim() {
            "" => 0,
            typed => match Milli::parse(typed) {
                Some(quantity) => quantity.0,
                None => {
                    problems.add(at, format!("“{typed}” không phải số lượng. Ghi số {}, ví dụ 14.", line.unit));
                    continue;
                }
            },
        };
        let open = line.open_milli();
        if quantity > open {
            problems.add(at, format!("{}: đơn còn {} {}. Ghi từ 0 đến {}.", line.name, Milli(open), line.unit, Milli(open)));
            continue;
        }
        if quantity % 1000 != 0 && line.prescribed_milli % 1000 == 0 {
            problems.add(at, format!("{}: phát nguyên {}, không chia lẻ.", line.name, line.unit));
            continue;
        }
        if quantity == 0 && !(t.closes && open > 0) {
            continue;
        }
        let drug = t.drug.parse::<Uuid>().unwrap_or(prescribed);
        let is_substituted = drug != prescribed;
        if is_substituted && quantity > 0 {
            if is_substitution_forbidden {
                problems.add(at.clone(), format!("{}: bác sĩ ghi không thay thuốc. Phát đúng tên đã kê hoặc hỏi lại bác sĩ.", line.name));
            }
            let same = products.get(&drug).is_some_and(|p| is_same_product(product(line), product(p)));
            problems.add_if(!same, at.clone(), format!("{}: thuốc thay phải cùng hoạt chất, hàm lượng và dạng dùng.", line.name));
            problems.add_if(!t.has_consent, at.clone(), format!("{}: hỏi người bệnh và đánh dấu đã đồng ý đổi thuốc.", line.name));
        }
        let lots = lots(t, quantity, line, &mut problems);
        if t.reason.chars().count() > 500 {
            problems.add(at, "Lý do đổi lô dài quá 500 ký tự. Rút ngắn lại.");
        }
        let reason = t.reason.trim().to_owned();
        portions.push(Portion { line: line.line, drug, quantity_milli: quantity, is_substituted, closes: t.closes, lots, reason });
    }
    problems.add_if(problems.is_empty() && portions.is_empty(), "", "Chưa có thuốc nào để phát. Ghi số lượng, hoặc đánh dấu người bệnh không lấy thêm.");
    problems.or(portions)
}

/// The facts of a line or product that are compared.
pub fn product(owed: &Owed) -> Product<'_> {
    Product { ingredient: &owed.ingredient, strength: &owed.strength, form: &owed.form, unit: &owed.unit }
}

fn lots(typed: &TypedPortion, quantity: i64, line: &Owed, problems: &mut Problems) -> Vec<(LotId, i64)> {
    let mut lots: Vec<(LotId, i64)> = Vec::new();
    for (lot, amount) in typed.lots.iter().filter(|(_, amount)| !amount.trim().is_empty()) {
        match (lot.parse::<LotId>().ok(), Milli::parse(amount)) {
            (Some(lot), Some(amount)) if amount.0 > 0 => lots.push((lot, amount.0)),
            (Some(_), Some(_)) => {}
            _ => problems.add(format!("quantity-{}", line.line), format!("{}: số lấy ở lô “{amount}” không đúng.", line.name)),
        }
    }
    let sum: i64 = lots.iter().map(|(_, amount)| amount).sum();
    if !lots.is_empty() && sum != quantity {
        let text = format!("{}: các lô cộng lại {} {}, cần phát {}. Sửa số ở từng lô hoặc để trống để lấy theo hạn dùng.", line.name, Milli(sum), line.unit, Milli(quantity));
        problems.add(format!("quantity-{}", line.line), text);
    }
    lots
}

/// Turns lots chosen by hand into picks, with the facts of `available` (first expiry first). Refuses a lot that is not
/// among them, more than it has, and a later expiry without a reason while an earlier one is left.
pub fn pick(portion: &Portion, available: &[Pick]) -> Result<Vec<Pick>, Problems> {
    let mut problems = Problems::none();
    let at = format!("quantity-{}", portion.line);
    let mut picks = Vec::new();
    for (lot, quantity) in &portion.lots {
        let Some(known) = available.iter().find(|a| a.lot == *lot && a.drug == portion.drug) else {
            problems.add(at.clone(), "Lô đã chọn không còn phát được. Tải lại trang để xem các lô còn dùng.");
            continue;
        };
        if *quantity > known.quantity_milli {
            problems.add(at.clone(), format!("Lô {} chỉ còn {}. Lấy thêm ở lô khác.", known.lot_no, Milli(known.quantity_milli)));
        }
        picks.push(Pick { line: portion.line, quantity_milli: *quantity, reason: portion.reason.clone(), ..known.clone() });
    }
    let last = picks.iter().map(|p| p.expires).max();
    let skips = last.is_some_and(|last| skips_earlier(&picks, available, portion.drug, last));
    problems.add_if(skips && portion.reason.chars().count() < 5, at, "Còn lô hết hạn sớm hơn. Lấy lô đó trước, hoặc ghi lý do đổi lô.");
    if !skips {
        picks.iter_mut().for_each(|p| p.reason.clear());
    }
    problems.or(picks)
}

fn skips_earlier(picks: &[Pick], available: &[Pick], drug: Uuid, last: NaiveDate) -> bool {
    available.iter().filter(|a| a.drug == drug && a.expires < last).any(|a| {
        let taken: i64 = picks.iter().filter(|p| p.lot == a.lot).map(|p| p.quantity_milli).sum();
        taken < a.quantity_milli
    })
}

#[cfg(test)]
mod cases;
