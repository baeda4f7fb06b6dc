//! Sale at the counter without a prescription. One box takes everything: a scanned pack, the name of a drug, or the
//! quantity of what was scanned last. Pure.

use crate::desk::derived;
use crate::dispensing::{Owed, Portion};
use crate::dose::Milli;
use crate::line::amount;
use crate::store::{GivenLine, InBasket};
use base::{BillId, LotId, Problem, Problems, Vnd};
use organization::drug::{Controlled, Drug};
use uuid::Uuid;

/// What was typed or scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// So much of the drug that came last.
    Quantity(i64),
    OneMore,
    OneLess,
    /// A barcode, a lot label, a name.
    Text(String),
}

/// The longest number that is a quantity and no code.
const QUANTITY_DIGITS: usize = 4;

/// Reads the box. A short number is a quantity; `+` and `-` count up and down.
pub fn read(text: &str) -> Typed {
    let text = text.trim();
    match text {
        "+" => Typed::OneMore,
        "-" | "−" => Typed::OneLess,
        number if number.len() <= QUANTITY_DIGITS && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            Typed::Quantity(number.parse::<i64>().unwrap_or(0) * 1000)
        }
        other => Typed::Text(other.to_owned()),
    }
}

/// Adds so much of a drug to the basket; the drug comes last, so that a quantity typed next is meant for it.
pub fn add(basket: &mut Vec<InBasket>, drug: Uuid, lot: Option<LotId>, quantity_milli: i64) -> Result<(), Problem> {
    let before = basket.iter().position(|l| l.drug == drug && l.lot == lot).map(|at| basket.remove(at));
    let quantity_milli = before.map_or(0, |l| l.quantity_milli).saturating_add(quantity_milli);
    if quantity_milli > Milli::MOST.0 {
        return Err(Problem::of("Số lượng quá lớn. Kiểm tra lại."));
    }
    basket.push(InBasket { drug, lot, quantity_milli });
    Ok(())
}

/// Sets the quantity of one line; nothing takes it out.
pub fn set(basket: &mut Vec<InBasket>, drug: Uuid, lot: Option<LotId>, quantity_milli: i64) {
    basket.retain_mut(|l| {
        if l.drug == drug && l.lot == lot {
            l.quantity_milli = quantity_milli.min(Milli::MOST.0);
        }
        l.quantity_milli > 0
    });
}

/// Why this drug cannot be sold without a prescription; `None` when it can.
pub fn refusal(drug: &Drug, is_over_counter: bool) -> Option<String> {
    let name = &drug.facts.name;
    if drug.facts.controlled != Controlled::None {
        return Some(format!("{name} là thuốc kiểm soát đặc biệt ({}). Chỉ phát theo đơn.", drug.facts.controlled.name().to_lowercase()));
    }
    if !is_over_counter {
        return Some(format!("{name} là thuốc kê đơn. Mời người mua gặp bác sĩ; nếu là thuốc không kê đơn, dược sĩ đánh dấu ở Thuốc không cần đơn."));
    }
    drug.price.is_none().then(|| format!("{name} chưa có giá bán hôm nay. Quản trị đặt giá rồi bán."))
}

/// A basket with the facts of its drugs on the day of the sale.
pub struct Sale {
    pub bill: BillId,
    pub basket: Vec<InBasket>,
    pub drugs: Vec<Drug>,
    pub over_counter: Vec<Uuid>,
}

impl Sale {
    pub fn drug(&self, id: Uuid) -> Option<&Drug> {
        self.drugs.iter().find(|d| d.id == id)
    }
    /// The price of one line.
    pub fn amount(&self, line: &InBasket) -> Option<Vnd> {
        amount(self.drug(line.drug)?.price, Milli(line.quantity_milli))
    }
    pub fn total(&self) -> Vnd {
        self.basket.iter().filter_map(|l| self.amount(l)).sum()
    }
    /// What leaves the shelf, one portion a drug. Refuses an empty basket and everything that needs a prescription.
    pub fn portions(&self, reason: &str) -> Result<Vec<Portion>, Problems> {
        let mut problems = Problems::none();
        problems.add_if(self.basket.is_empty(), "", "Giỏ chưa có thuốc. Quét vỉ, hộp hoặc gõ tên thuốc.");
        let mut portions: Vec<Portion> = Vec::new();
        for line in &self.basket {
            let Some(drug) = self.drug(line.drug) else {
                problems.add("", "Một thuốc trong giỏ không còn trong danh mục. Bỏ dòng đó rồi bán.");
                continue;
            };
            if let Some(why) = refusal(drug, self.over_counter.contains(&drug.id)) {
                problems.add("", why);
            }
            match portions.iter_mut().find(|p| p.drug == line.drug) {
                Some(portion) => {
                    // Scanned by lot and by hand: which lot is in the hand is no longer known.
                    let all_known = line.lot.is_some() && !portion.lots.is_empty();
                    portion.quantity_milli += line.quantity_milli;
                    if all_known { portion.lots.extend(line.lot.map(|lot| (lot, line.quantity_milli))) } else { portion.lots.clear() }
                }
                None => portions.push(Portion {
                    line: line.drug,
                    drug: line.drug,
                    quantity_milli: line.quantity_milli,
                    is_substituted: false,
                    closes: false,
                    lots: line.lot.map(|lot| (lot, line.quantity_milli)).into_iter().collect(),
                    reason: reason.trim().to_owned(),
                }),
            }
        }
        problems.or(portions)
    }
    /// The drugs as they are named when the shelf falls short.
    pub fn owed(&self) -> Vec<Owed> {
        self.drugs.iter().map(|d| Owed { line: d.id, ..crate::pharmacy::product_of(d) }).collect()
    }
    /// The lines as they are kept.
    pub fn lines(&self, portions: &[Portion]) -> Vec<GivenLine> {
        let line = |(n, portion): (usize, &Portion)| {
            let drug = self.drug(portion.drug)?;
            Some(GivenLine {
                id: derived(self.bill.0, n),
                place: n as i32 + 1,
                line_id: None,
                drug_id: drug.id,
                name: drug.facts.name.clone(),
                unit: drug.facts.unit.clone(),
                instruction: drug.facts.usage_note.clone(),
                quantity_milli: portion.quantity_milli,
                substituted: false,
                closes_line: false,
                price_vnd: drug.price.map(|p| p.0),
            })
        };
        portions.iter().enumerate().filter_map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    #[test]
    fn one_box_takes_codes_names_and_quantities() {
        for (typed, meant) in [
            ("12", Typed::Quantity(12_000)),
            ("0", Typed::Quantity(0)),
            ("+", Typed::OneMore),
            ("-", Typed::OneLess),
            ("8936014589", Typed::Text("8936014589".into())),
            (" para 500 ", Typed::Text("para 500".into())),
            ("", Typed::Text(String::new())),
            ("1,5", Typed::Text("1,5".into())),
        ] {
            assert_eq!(read(typed), meant, "{typed:?}");
        }
    }

    #[test]
    fn each_scan_adds_and_the_last_scanned_comes_last() {
        let mut basket = Vec::new();
        for drug in [A, B, A] {
            add(&mut basket, drug, None, 10_000).unwrap();
        }
        assert_eq!(basket.iter().map(|l| (l.drug, l.quantity_milli)).collect::<Vec<_>>(), [(B, 10_000), (A, 20_000)]);
        set(&mut basket, B, None, 0);
        assert_eq!(basket.len(), 1);
        assert!(add(&mut basket, A, None, i64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_scanned_the_basket_holds_each_line_once(acts in prop::collection::vec((0u128..3, 1i64..50), 0..30)) {
            let mut basket = Vec::new();
            let mut sum = 0;
            for (drug, quantity) in acts {
                add(&mut basket, Uuid::from_u128(drug), None, quantity * 1000).unwrap();
                sum += quantity * 1000;
            }
            prop_assert_eq!(basket.iter().map(|l| l.quantity_milli).sum::<i64>(), sum);
            let mut drugs: Vec<Uuid> = basket.iter().map(|l| l.drug).collect();
            drugs.sort();
            drugs.dedup();
            prop_assert_eq!(drugs.len(), basket.len());
        }
    }
}
