//! The stock of the first day from a sheet: everything is checked and shown, nothing is written until the checked file
//! is confirmed, and then it becomes one paper that a second person approves like any other.

use crate::entry;
use crate::item::{self, Pack};
use crate::receipt;
use crate::store::documents::NewLine;
use crate::store::goods::Goods;
use chrono::NaiveDate;
use organization::import::{Column, RowProblem};
use organization::sheet::{Row, Sheet, title_key};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// More lots than that belong into several sheets.
pub const MOST_ROWS: usize = 2_000;

/// The columns of the sheet.
pub const COLUMNS: &[Column] = &[
    Column { field: "code", title: "Mã thuốc", also: &["Mã"], required: true, example: "T001", hint: "Mã trong danh mục thuốc của cơ sở." },
    Column { field: "name", title: "Tên thuốc", also: &["Tên"], required: false, example: "Amoxicilin 500 mg", hint: "Chỉ để dễ đọc, không ghi vào sổ." },
    Column { field: "lot_no", title: "Số lô", also: &["Lô"], required: true, example: "A1", hint: "Số lô in trên bao bì." },
    Column { field: "expires", title: "Hạn dùng", also: &["HSD", "Hạn sử dụng"], required: true, example: "31/01/2028", hint: "Ngày/tháng/năm, hoặc tháng/năm nếu bao bì chỉ ghi tháng." },
    Column { field: "quantity", title: "Số lượng", also: &["SL", "Tồn"], required: true, example: "200", hint: "Số dương, theo đơn vị ở cột Đơn vị." },
    Column { field: "unit", title: "Đơn vị", also: &["ĐVT", "Đơn vị tính"], required: false, example: "viên", hint: "Để trống là đơn vị cấp phát; hoặc quy cách đã khai báo như vỉ, hộp." },
    Column { field: "price", title: "Giá nhập", also: &["Đơn giá", "Giá nhập có VAT"], required: false, example: "850", hint: "Giá một đơn vị, đã gồm VAT. Để trống là 0." },
];

/// What a sheet would write.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub rows_read: usize,
    pub problems: Vec<RowProblem>,
    pub lines: Vec<PlannedLine>,
    pub ignored_columns: Vec<String>,
}

/// A row of the sheet that can be written.
#[derive(Clone, Debug)]
pub struct PlannedLine {
    pub row: u32,
    pub code: String,
    pub title: String,
    pub is_expired: bool,
    pub line: NewLine,
}

impl Plan {
    pub fn is_applicable(&self) -> bool {
        self.problems.is_empty() && !self.lines.is_empty()
    }
}

/// The drug codes that a sheet names, so that they can be looked up at once.
pub fn codes(sheet: &Sheet) -> Vec<String> {
    let Some(column) = place(sheet, "code") else { return Vec::new() };
    sheet.rows.iter().filter_map(|r| r.cells.get(&column)).map(|c| c.to_uppercase()).collect()
}

fn place(sheet: &Sheet, field: &str) -> Option<u32> {
    let column = COLUMNS.iter().find(|c| c.field == field)?;
    let is_it = |title: &str| {
        let key = title_key(title.trim_end_matches(['*', ' ']));
        title_key(column.title) == key || column.also.iter().any(|o| title_key(o) == key)
    };
    sheet.header.iter().find(|(_, title)| is_it(title)).map(|(number, _)| *number)
}

/// The titles by which the sheet is recognised.
pub fn titles() -> Vec<&'static str> {
    COLUMNS.iter().filter(|c| c.required).map(|c| c.title).collect()
}

/// Checks a sheet against the list of drugs. Every mistake of every row is told.
pub fn plan(sheet: &Sheet, drugs: &[Goods], packs: &[Pack], today: NaiveDate) -> Plan {
    let mut plan = Plan { rows_read: sheet.rows.len(), ..Plan::default() };
    let places: BTreeMap<&'static str, u32> = COLUMNS.iter().filter_map(|c| Some((c.field, place(sheet, c.field)?))).collect();
    plan.ignored_columns = sheet.header.iter().filter(|(n, _)| !places.values().any(|p| p == *n)).map(|(_, title)| title.clone()).collect();
    let whole = |row: u32, column: &str, text: String| RowProblem { row, column: column.to_owned(), text };
    for column in COLUMNS.iter().filter(|c| c.required && !places.contains_key(c.field)) {
        let text = format!("Thiếu cột “{}”. Thêm cột này, hoặc tải tệp mẫu rồi chép dữ liệu sang.", column.title);
        plan.problems.push(whole(sheet.header_row, column.title, text));
    }
    if !plan.problems.is_empty() {
        return plan;
    }
    if sheet.rows.is_empty() {
        plan.problems.push(whole(sheet.header_row, "", "Dưới dòng tiêu đề chưa có dòng nào. Điền mỗi dòng một lô rồi gửi lại.".into()));
    }
    if sheet.rows.len() > MOST_ROWS {
        plan.problems.push(whole(sheet.header_row, "", format!("Tệp có {} dòng, tối đa {MOST_ROWS}. Chia thành nhiều tệp.", sheet.rows.len())));
        return plan;
    }
    let mut seen: HashMap<(String, String, NaiveDate), u32> = HashMap::new();
    for row in &sheet.rows {
        match read_row(row, &places, drugs, packs, today) {
            Err(problems) => plan.problems.extend(problems),
            Ok(line) => {
                let key = (line.code.clone(), line.line.lot_no.clone(), line.line.expires);
                match seen.insert(key, row.number) {
                    Some(first) => plan.problems.push(whole(
                        row.number,
                        "Số lô",
                        format!("Lô {} của {} đã có ở dòng {first}. Cộng số lượng vào một dòng.", line.line.lot_no, line.code),
                    )),
                    None => plan.lines.push(line),
                }
            }
        }
    }
    plan
}

fn read_row(row: &Row, places: &BTreeMap<&'static str, u32>, drugs: &[Goods], packs: &[Pack], today: NaiveDate) -> Result<PlannedLine, Vec<RowProblem>> {
    let cell = |field: &str| places.get(field).and_then(|c| row.cells.get(c)).map_or("", String::as_str);
    let mut problems = Vec::new();
    let title_of = |field: &str| COLUMNS.iter().find(|c| c.field == field).map_or("", |c| c.title).to_owned();
    let mut wrong = |field: &str, text: String| problems.push(RowProblem { row: row.number, column: title_of(field), text });
    let code = cell("code").to_uppercase();
    let drug = drugs.iter().find(|d| d.code.to_uppercase() == code);
    if drug.is_none() {
        wrong("code", if code.is_empty() { "Nhập mã thuốc.".into() } else { format!("Mã {code} không có trong danh mục thuốc đang dùng. Thêm vào danh mục trước.") });
    }
    let item_packs: Vec<Pack> = packs.iter().filter(|p| drug.is_some_and(|d| d.drug_id == p.item_id)).cloned().collect();
    let unit = drug.map_or_else(String::new, |d| d.unit.clone());
    let (unit, factor) = match drug.map(|_| entry::read_unit(cell("unit"), &unit, &item_packs)) {
        Some(Err(p)) => {
            wrong("unit", p.text.into_owned());
            (unit, 1)
        }
        Some(Ok(read)) => read,
        None => (unit, 1),
    };
    // Excel writes decimals with a point when the cell is a number.
    let quantity = decimal_comma(cell("quantity"));
    let quantity_milli = item::read_quantity(&quantity, factor, "quantity").unwrap_or_else(|p| {
        wrong("quantity", p.text.into_owned());
        0
    });
    let lot_no = crate::lot::read_lot_no(cell("lot_no")).unwrap_or_else(|p| {
        wrong("lot_no", p.text.into_owned());
        String::new()
    });
    let expires = entry::read_expiry(cell("expires"), today).unwrap_or_else(|p| {
        wrong("expires", p.text.into_owned());
        today
    });
    let price = decimal_comma(cell("price"));
    let price_cents = if price.is_empty() { Ok(0) } else { receipt::read_price(&price) }.unwrap_or_else(|p| {
        wrong("price", p.text.into_owned());
        0
    });
    let Some(drug) = drug.filter(|_| problems.is_empty()) else { return Err(problems) };
    let figures = receipt::Figures { packs_milli: quantity_milli / factor, price_cents, discount_vnd: 0, vat_percent: 0 };
    Ok(PlannedLine {
        row: row.number,
        code,
        title: drug.name.clone(),
        is_expired: expires < today,
        line: NewLine {
            id: Uuid::now_v7(),
            item: drug.drug_id,
            lot: None,
            lot_no,
            expires,
            unit,
            factor,
            quantity_milli,
            price_cents,
            discount_vnd: 0,
            vat_percent: 0,
            cost_vnd: figures.gross(),
            reason: String::new(),
        },
    })
}

/// `2.5` of a number cell as people write it: `2,5`. A point before three digits is left: it separates thousands.
fn decimal_comma(cell: &str) -> String {
    match cell.split_once('.') {
        Some((whole, part)) if !part.contains('.') && part.len() != 3 && !cell.contains(',') => format!("{whole},{part}"),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(head: &[&str], rows: &[&[&str]]) -> Sheet {
        let cells = |row: &[&str]| (0u32..).zip(row.iter().map(|c| (*c).to_owned())).filter(|(_, c)| !c.is_empty()).collect();
        Sheet {
            name: "Tồn".into(),
            header_row: 1,
            header: cells(head),
            rows: (2u32..).zip(rows).map(|(number, row)| Row { number, cells: cells(row) }).collect(),
        }
    }

    fn amox() -> Goods {
        Goods {
            drug_id: Uuid::from_u128(1),
            code: "T001".into(),
            name: "Amoxicilin 500 mg".into(),
            strength: String::new(),
            unit: "viên".into(),
            controlled_class: "none".into(),
            packs: String::new(),
        }
    }

    const HEAD: &[&str] = &["Mã thuốc *", "Số lô", "HSD", "Số lượng", "Đơn vị", "Giá nhập"];

    fn check(head: &[&str], rows: &[&[&str]]) -> Plan {
        let packs = [Pack { pack_id: Uuid::nil(), item_id: Uuid::from_u128(1), name: "hộp".into(), factor: 100 }];
        plan(&sheet(head, rows), &[amox()], &packs, "2026-11-24".parse().unwrap())
    }

    #[test]
    fn a_right_sheet_becomes_lines() {
        let plan = check(HEAD, &[&["t001", "a1", "31/01/2028", "2", "hộp", "85.000"], &["T001", "B2", "06/2028", "12", "", "812.5"]]);
        assert!(plan.is_applicable(), "{:?}", plan.problems);
        let told: Vec<_> = plan.lines.iter().map(|l| (l.line.lot_no.as_str(), l.line.quantity_milli, l.line.cost_vnd)).collect();
        assert_eq!(told, [("A1", 200_000, 170_000), ("B2", 12_000, 9_750)]);
    }

    #[test]
    fn every_mistake_is_told_with_its_row_and_column() {
        let plan = check(
            HEAD,
            &[
                &["T001", "A1", "31/01/2028", "10", "", ""],
                &["T999", "A1", "31/01/2028", "10", "", ""],
                &["T001", "", "khi nào", "-5", "thùng", "x"],
                &["T001", "a1", "01/2028", "5", "", ""],
                &["T001", "C3", "31/01/2028", "99999999999", "", ""],
            ],
        );
        let told: Vec<(u32, &str)> = plan.problems.iter().map(|p| (p.row, p.column.as_str())).collect();
        assert_eq!(told, [(3, "Mã thuốc"), (4, "Đơn vị"), (4, "Số lượng"), (4, "Số lô"), (4, "Hạn dùng"), (4, "Giá nhập"), (5, "Số lô"), (6, "Số lượng")], "{:#?}", plan.problems);
        assert!(plan.problems[6].text.contains("đã có ở dòng 2"));
        assert!(!plan.is_applicable());
    }

    #[test]
    fn a_missing_column_is_named() {
        let plan = check(&["Mã thuốc", "Số lô", "Ghi chú"], &[&["T001", "A1", ""]]);
        assert_eq!(plan.problems.len(), 2);
        assert!(plan.problems[0].text.contains("Thiếu cột “Hạn dùng”"));
        assert_eq!(plan.ignored_columns, ["Ghi chú"]);
    }
}
