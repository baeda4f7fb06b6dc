//! A price list or drug list brought in by a sheet: first everything is checked and shown, then exactly the checked
//! file is applied, whole or not at all. An empty cell leaves what is there.

pub mod drugs;
pub mod services;
pub mod store;
pub mod template;

use crate::price::{self, DatedPrice, Revision};
use crate::sheet::{Row, Sheet, title_key};
use base::{Problems, Vnd};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// A column of the sheet: the form field it fills and the title people see.
#[derive(Debug)]
pub struct Column {
    pub field: &'static str,
    pub title: &'static str,
    /// Other titles that are understood.
    pub also: &'static [&'static str],
    pub required: bool,
    /// What stands in the second row of the template.
    pub example: &'static str,
    pub hint: &'static str,
}

/// One mistake in the sheet: where, and how to repair it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowProblem {
    /// As Excel counts; 0 when it concerns the sheet as a whole.
    pub row: u32,
    /// The title of the column, "" when it concerns the row as a whole.
    pub column: String,
    pub text: String,
}

/// One fact that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub title: &'static str,
    pub before: String,
    pub after: String,
}

/// What one row would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<F> {
    pub row: u32,
    pub code: String,
    pub name: String,
    /// The row of the list that has this code already.
    pub existing: Option<Uuid>,
    pub facts: F,
    pub differences: Vec<Difference>,
    /// The new price and what has to be written for it; `None` when the price stays.
    pub price: Option<PriceChange>,
}

/// A price before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange {
    pub before: Option<Vnd>,
    pub after: Vnd,
    pub revision: Revision,
}

impl<F> Item<F> {
    pub fn is_new(&self) -> bool {
        self.existing.is_none()
    }
}

/// The outcome of checking a sheet. It may be applied only when there is no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<F> {
    pub sheet_name: String,
    pub rows_read: usize,
    pub problems: Vec<RowProblem>,
    /// Rows that would change something.
    pub items: Vec<Item<F>>,
    pub unchanged: usize,
    /// Titles in the sheet that are not understood and are left alone.
    pub ignored_columns: Vec<String>,
}

impl<F: std::fmt::Debug> Plan<F> {
    /// Whether confirming would write something and nothing stands against it.
    pub fn is_applicable(&self) -> bool {
        self.problems.is_empty() && !self.items.is_empty()
    }

    /// A mark of everything the owner was shown: when the list changed meanwhile, the same sheet plans something else.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        hex::encode(Sha256::digest(format!("{:?}", self.items)))
    }
}

/// What the list holds already under a code.
#[derive(Clone, Debug)]
pub struct Current<F> {
    pub id: Uuid,
    pub facts: F,
    pub prices: Vec<DatedPrice>,
    pub is_ended: bool,
}

/// How one kind of list (services, drugs) is read from a row. Two implementations share everything around it.
pub trait List {
    type Facts: Clone;
    const COLUMNS: &'static [Column];
    /// The facts of one row; `fields` are the cells by form field, already filled up from `current` where empty.
    fn facts(&self, fields: &BTreeMap<&'static str, String>) -> Result<Self::Facts, Problems>;
    /// Facts back to form fields, to fill up and to compare.
    fn fields(&self, facts: &Self::Facts) -> BTreeMap<&'static str, String>;
    fn code(facts: &Self::Facts) -> &str;
    fn name(facts: &Self::Facts) -> &str;
}

/// Checks a sheet against what the list holds. Every mistake of every row is told; nothing is written.
///
/// Prices of the sheet hold from `effective_from`, which the price rule refuses when it lies before `today`.
pub fn plan<L: List>(
    list: &L,
    sheet: &Sheet,
    current: &HashMap<String, Current<L::Facts>>,
    effective_from: NaiveDate,
    today: NaiveDate,
) -> Plan<L::Facts> {
    let mut plan = Plan {
        sheet_name: sheet.name.clone(),
        rows_read: sheet.rows.len(),
        problems: Vec::new(),
        items: Vec::new(),
        unchanged: 0,
        ignored_columns: Vec::new(),
    };
    let places = place_columns::<L>(sheet, &mut plan);
    if !plan.problems.is_empty() {
        return plan;
    }
    if sheet.rows.is_empty() {
        plan.problems.push(RowProblem {
            row: sheet.header_row,
            column: String::new(),
            text: "Dưới dòng tiêu đề chưa có dòng nào. Điền mỗi dòng một mục rồi gửi lại.".into(),
        });
        return plan;
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    for row in &sheet.rows {
        match read_row(list, row, &places, current, effective_from, today) {
            Err(problems) => plan.problems.extend(problems),
            Ok(item) => {
                if let Some(first) = seen.insert(item.code.clone(), row.number) {
                    plan.problems.push(RowProblem {
                        row: row.number,
                        column: title_of::<L>("code"),
                        text: format!("Mã {} đã có ở dòng {first}. Xóa một trong hai dòng.", item.code),
                    });
                } else if item.is_new() || item.price.is_some() || !item.differences.is_empty() {
                    plan.items.push(item);
                } else {
                    plan.unchanged += 1;
                }
            }
        }
    }
    plan
}

/// Which column of the sheet fills which field. Adds a problem for each required column that is missing or doubled.
fn place_columns<L: List>(sheet: &Sheet, plan: &mut Plan<L::Facts>) -> BTreeMap<&'static str, u32> {
    let mut places = BTreeMap::new();
    for (number, title) in &sheet.header {
        let key = title_key(title);
        let column = L::COLUMNS
            .iter()
            .find(|c| title_key(c.title) == key || c.also.iter().any(|other| title_key(other) == key));
        match column {
            None => plan.ignored_columns.push(title.clone()),
            Some(column) => {
                if places.insert(column.field, *number).is_some() {
                    plan.problems.push(RowProblem {
                        row: sheet.header_row,
                        column: title.clone(),
                        text: format!("Cột “{}” có hai lần. Xóa bớt một cột.", column.title),
                    });
                }
            }
        }
    }
    for column in L::COLUMNS.iter().filter(|c| c.required && !places.contains_key(c.field)) {
        plan.problems.push(RowProblem {
            row: sheet.header_row,
            column: column.title.into(),
            text: format!("Thiếu cột “{}”. Thêm cột này, hoặc tải tệp mẫu rồi chép dữ liệu sang.", column.title),
        });
    }
    places
}

fn read_row<L: List>(
    list: &L,
    row: &Row,
    places: &BTreeMap<&'static str, u32>,
    current: &HashMap<String, Current<L::Facts>>,
    effective_from: NaiveDate,
    today: NaiveDate,
) -> Result<Item<L::Facts>, Vec<RowProblem>> {
    let cell = |field: &str| places.get(field).and_then(|c| row.cells.get(c)).map_or("", String::as_str);
    let mut problems: Vec<RowProblem> = Vec::new();
    let mut wrong = |field: &str, text: String| {
        problems.push(RowProblem { row: row.number, column: title_of::<L>(field), text });
    };
    for (field, place) in places {
        if let Some(value) = row.cells.get(place).filter(|value| value.starts_with('#') && value.len() > 2) {
            wrong(field, format!("Ô đang báo lỗi Excel “{value}”. Sửa công thức hoặc gõ lại giá trị."));
        }
    }
    let existing = current.get(&crate::written::line(cell("code")).to_uppercase());
    let before = existing.map(|c| list.fields(&c.facts)).unwrap_or_default();
    let mut fields = before.clone();
    for column in L::COLUMNS {
        let typed = cell(column.field);
        if !typed.is_empty() {
            fields.insert(column.field, typed.to_owned());
        }
    }
    if existing.is_some_and(|c| c.is_ended) {
        wrong("code", format!("Mã {} đã ngừng dùng. Mở lại mục này trước, hoặc dùng mã khác.", cell("code")));
    }
    let facts = list.facts(&fields);
    if let Err(refused) = &facts {
        for problem in &refused.0 {
            wrong(&problem.field, problem.text.to_string());
        }
    }
    let price = match (cell("price"), existing) {
        // A known row without a price in the sheet keeps its price.
        ("", Some(_)) => None,
        // Told above already.
        (typed, _) if typed.starts_with('#') => None,
        (typed, _) => match crate::written::price(typed) {
            Err(text) => {
                wrong("price", text);
                None
            }
            Ok(after) => {
                let prices = existing.map(|c| c.prices.as_slice()).unwrap_or_default();
                match price::revise(prices, effective_from, after, today) {
                    Err(refused) => {
                        wrong("price", refused.text.to_string());
                        None
                    }
                    Ok(Revision::Nothing) => None,
                    Ok(revision) => {
                        let before = price::price_on(prices, effective_from);
                        Some(PriceChange { before, after, revision })
                    }
                }
            }
        },
    };
    let facts = match facts {
        Ok(facts) if problems.is_empty() => facts,
        _ => return Err(problems),
    };
    let after = list.fields(&facts);
    let differences = if existing.is_none() {
        Vec::new()
    } else {
        L::COLUMNS
            .iter()
            .filter(|c| before.get(c.field) != after.get(c.field))
            .map(|c| Difference {
                title: c.title,
                before: before.get(c.field).cloned().unwrap_or_default(),
                after: after.get(c.field).cloned().unwrap_or_default(),
            })
            .collect()
    };
    Ok(Item {
        row: row.number,
        code: L::code(&facts).to_owned(),
        name: L::name(&facts).to_owned(),
        existing: existing.map(|c| c.id),
        facts,
        differences,
        price,
    })
}

fn title_of<L: List>(field: &str) -> String {
    L::COLUMNS.iter().find(|c| c.field == field).map_or_else(String::new, |c| c.title.to_owned())
}

/// The titles by which a sheet of this list is recognised.
pub fn titles<L: List>() -> Vec<&'static str> {
    L::COLUMNS.iter().filter(|c| c.required).map(|c| c.title).collect()
}

#[cfg(test)]
mod tests {
    use super::drugs::Drugs;
    use super::services::Services;
    use super::*;
    use crate::room::{self, Room};
    use crate::sheet;
    use base::RoomId;
    use rust_xlsxwriter::Workbook;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rooms() -> Vec<Room> {
        vec![Room {
            id: RoomId::new(),
            code: "SA2".into(),
            name: "Phòng siêu âm 2".into(),
            short_name: "Siêu âm 2".into(),
            kind: room::Kind::Imaging,
            department: String::new(),
            active_from: day("2026-01-01"),
            active_to: None,
        }]
    }

    fn file(rows: &[&[&str]]) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (r, row) in (0u32..).zip(rows) {
            for (c, cell) in (0u16..).zip(*row) {
                sheet.write_string(r, c, *cell).unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    }

    const HEAD: &[&str] = &["Mã dịch vụ *", "Tên dịch vụ", "Loại", "Đơn giá", "Phòng thực hiện"];

    fn check(rows: &[&[&str]], current: &HashMap<String, Current<crate::service::ServiceFacts>>) -> Plan<crate::service::ServiceFacts> {
        let rooms = rooms();
        let sheet = sheet::read(&file(rows), &titles::<Services<'_>>()).unwrap();
        plan(&Services { rooms: &rooms }, &sheet, current, day("2026-12-01"), day("2026-11-24"))
    }

    #[test]
    fn every_mistake_is_told_with_its_row_and_column() {
        let plan = check(
            &[
                HEAD,
                &["DV-1", "Siêu âm ổ bụng", "Hình ảnh", "150.000", "SA2"],
                &["", "Không mã", "Hình ảnh", "1", ""],
                &["DV-2", "", "Hình", "150.5", "Phòng 9"],
                &["dv-1", "Trùng mã", "Khám", "0", ""],
                &["DV-3", "Giá lỗi", "Khám", "#REF!", ""],
            ],
            &HashMap::new(),
        );
        let told: Vec<(u32, &str)> = plan.problems.iter().map(|p| (p.row, p.column.as_str())).collect();
        assert_eq!(
            told,
            [
                (3, "Mã dịch vụ"),
                (4, "Tên dịch vụ"),
                (4, "Loại"),
                (4, "Phòng thực hiện"),
                (4, "Đơn giá"),
                (5, "Mã dịch vụ"),
                (6, "Đơn giá"),
            ],
            "{:#?}",
            plan.problems
        );
        assert!(!plan.is_applicable());
        assert!(plan.problems.iter().any(|p| p.text.contains("đã có ở dòng 2")));
    }

    #[test]
    fn a_known_code_changes_only_what_the_sheet_says() {
        let first = check(&[HEAD, &["DV-1", "Siêu âm ổ bụng", "Hình ảnh", "150000", ""]], &HashMap::new());
        assert!(first.is_applicable());
        let current = HashMap::from([(
            "DV-1".to_owned(),
            Current {
                id: Uuid::nil(),
                facts: first.items[0].facts.clone(),
                prices: vec![DatedPrice { valid_from: day("2026-01-01"), valid_to: None, price: Vnd(150_000) }],
                is_ended: false,
            },
        )]);
        let same = check(&[HEAD, &["DV-1", "", "", "", ""]], &current);
        assert_eq!((same.items.len(), same.unchanged), (0, 1), "{same:#?}");
        let dearer = check(&[HEAD, &["DV-1", "Siêu âm bụng", "", "180000", ""]], &current);
        assert_eq!(dearer.items.len(), 1);
        let item = &dearer.items[0];
        assert_eq!(item.differences[0].title, "Tên dịch vụ");
        assert_eq!(item.price.unwrap().before, Some(Vnd(150_000)));
        assert_eq!(item.price.unwrap().after, Vnd(180_000));
        assert_eq!(store::summary(&dearer), store::Applied { new: 0, changed: 1, prices: 1 });
    }

    #[test]
    fn a_missing_column_is_named() {
        let plan = check(&[&["Mã dịch vụ", "Tên dịch vụ", "Ghi chú"], &["A", "B", "C"]], &HashMap::new());
        assert_eq!(plan.problems.len(), 2);
        assert!(plan.problems[0].text.contains("Thiếu cột “Loại”"));
        assert_eq!(plan.ignored_columns, ["Ghi chú"]);
    }

    #[test]
    fn the_template_passes_its_own_check() {
        let bytes = template::workbook(&Drugs, "Thuốc", &[]).unwrap();
        let sheet = sheet::read(&bytes, &titles::<Drugs>()).unwrap();
        let plan = plan(&Drugs, &sheet, &HashMap::new(), day("2026-11-24"), day("2026-11-24"));
        assert_eq!(plan.problems, []);
        assert_eq!(store::summary(&plan).new, 1);
        // What is downloaded goes in again without a change.
        let facts = plan.items[0].facts.clone();
        let again = template::workbook(&Drugs, "Thuốc", &[(facts.clone(), Some(Vnd(1_200)))]).unwrap();
        let current = HashMap::from([(
            facts.code.clone(),
            Current {
                id: Uuid::nil(),
                facts,
                prices: vec![DatedPrice { valid_from: day("2026-01-01"), valid_to: None, price: Vnd(1_200) }],
                is_ended: false,
            },
        )]);
        let sheet = sheet::read(&again, &titles::<Drugs>()).unwrap();
        let plan = super::plan(&Drugs, &sheet, &current, day("2026-11-24"), day("2026-11-24"));
        assert_eq!((plan.items.len(), plan.unchanged), (0, 1), "{plan:#?}");
    }
}
