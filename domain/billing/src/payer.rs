//! Price lists by payer: insurers, companies and the own staff with prices of their own, from one day to another.
//!
//! A charge takes the price of its bill's payer on the day of service, and the self-payer's price where the payer has none. When
//! another payer is chosen, lines that no receipt names are taken back and charged again at the new price; nothing is ever
//! changed in place, and paid lines stay as they were paid.

use base::{Problems, Vnd};
use chrono::NaiveDate;
use organization::sheet::{Sheet, title_key};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What kind of payer.
pub const KINDS: [(&str, &str); 4] =
    [("insurer", "Bảo hiểm tư nhân"), ("company", "Công ty, hợp đồng khám"), ("staff", "Nhân viên và người nhà"), ("other", "Đối tượng khác")];

/// A payer as typed.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct PayerForm {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub contract_no: String,
    pub tax_code: String,
    pub address: String,
}

impl PayerForm {
    /// The same in good order, or everything that is wrong with it.
    pub fn read(&self) -> Result<PayerForm, Problems> {
        let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let form = PayerForm {
            code: clean(&self.code).to_uppercase(),
            name: clean(&self.name),
            contract_no: clean(&self.contract_no),
            tax_code: clean(&self.tax_code),
            address: clean(&self.address),
            ..self.clone()
        };
        let mut problems = Problems::none();
        problems.add_if(form.code.is_empty() || form.code.chars().count() > 20, "code", "Nhập mã đối tượng, tối đa 20 ký tự, ví dụ BV-XANH.");
        problems.add_if(form.name.is_empty() || form.name.chars().count() > 200, "name", "Nhập tên đối tượng, tối đa 200 ký tự.");
        problems.add_if(!KINDS.iter().any(|(key, _)| *key == form.kind), "kind", "Chọn loại đối tượng.");
        problems.add_if([&form.contract_no, &form.tax_code, &form.address].iter().any(|t| t.chars().count() > 300), "address", "Tối đa 300 ký tự. Rút ngắn lại.");
        problems.or(form)
    }
}

/// An item that can have a price: a service or a drug.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Item {
    pub item_id: Uuid,
    pub code: String,
    pub name: String,
    /// What self-payers pay on the day that was asked about.
    pub self_vnd: Option<i64>,
    /// What this payer pays.
    pub price_vnd: Option<i64>,
}

/// One price that a sheet would set.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    pub item: Uuid,
    pub code: String,
    pub name: String,
    pub before: Option<i64>,
    pub after: i64,
}

/// One mistake in a sheet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowProblem {
    /// As Excel counts.
    pub row: u32,
    pub text: String,
}

/// What a sheet would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub problems: Vec<RowProblem>,
    pub unchanged: usize,
}

/// The titles that a sheet must have.
pub const TITLES: [&str; 2] = ["Mã", "Giá"];

/// Reads a sheet with the columns "Mã" and "Giá" against the list of items; nothing is written. An empty price leaves the item alone; an
/// unknown code, a price that is no amount, and a code that stands twice are told with their row.
pub fn plan(sheet: &Sheet, items: &[Item]) -> Plan {
    let column = |title: &str| sheet.header.iter().find(|(_, t)| title_key(t) == title_key(title)).map(|(at, _)| *at);
    let mut plan = Plan::default();
    let (Some(code_at), Some(price_at)) = (column(TITLES[0]), column(TITLES[1])) else {
        plan.problems.push(RowProblem { row: sheet.header_row, text: "Thiếu cột Mã hoặc cột Giá. Thêm cột rồi gửi lại.".into() });
        return plan;
    };
    let known: HashMap<String, &Item> = items.iter().map(|item| (item.code.to_uppercase(), item)).collect();
    let mut seen = HashSet::new();
    for row in &sheet.rows {
        let cell = |at: u32| row.cells.get(&at).map_or("", |text| text.trim());
        let (code, typed) = (cell(code_at).to_uppercase(), cell(price_at));
        let mut wrong = |text: String| plan.problems.push(RowProblem { row: row.number, text });
        if code.is_empty() && typed.is_empty() {
            continue;
        }
        let Some(item) = known.get(&code) else {
            wrong(format!("Mã {code} không có trong danh mục dịch vụ và thuốc. Sửa mã hoặc bỏ dòng này."));
            continue;
        };
        if !seen.insert(item.item_id) {
            wrong(format!("Mã {code} đã có ở dòng trên. Giữ lại một dòng."));
            continue;
        }
        if typed.is_empty() {
            continue;
        }
        match Vnd::parse(typed).filter(|price| (0..=1_000_000_000).contains(&price.0)) {
            None => wrong(format!("Giá “{typed}” không phải số đồng. Nhập số, ví dụ 150.000.")),
            Some(price) if item.price_vnd == Some(price.0) => plan.unchanged += 1,
            Some(price) => plan.changes.push(Change {
                item: item.item_id,
                code: item.code.clone(),
                name: item.name.clone(),
                before: item.price_vnd.or(item.self_vnd),
                after: price.0,
            }),
        }
    }
    plan
}

/// The day from which prices hold. Refuses a day that has passed: what was charged was charged.
pub fn read_start(typed: &str, today: NaiveDate) -> Result<NaiveDate, Problems> {
    let mut problems = Problems::none();
    let day = if typed.trim().is_empty() { Some(today) } else { base::parse_date_vi(typed) };
    problems.add_if(day.is_none(), "from", "Ngày này không có. Gõ ngày/tháng/năm, ví dụ 01/12/2026.");
    problems.add_if(day.is_some_and(|d| d < today), "from", "Giá mới áp dụng từ hôm nay trở đi, không đổi giá của ngày đã qua.");
    problems.or(day.unwrap_or(today))
}

/// Hangs this part into the module.
pub(crate) fn join(module: &mut web::Module) {
    use crate::pages::payers as pages;
    const CATALOGUE: &str = "catalog.admin";
    module.routes.extend([
        web::get("/app/payers", pages::list).right("payer.manage").feature(CATALOGUE),
        web::post("/app/payers", pages::add).right("payer.manage").feature(CATALOGUE),
        web::get("/app/payers/{id}", pages::show).right("payer.manage").feature(CATALOGUE),
        web::post("/app/payers/{id}/prices", pages::set_price).right("payer.manage").feature(CATALOGUE),
        web::post("/app/payers/{id}/end", pages::end).right("payer.manage").feature(CATALOGUE),
        web::post("/app/payers/{id}/imports", pages::upload).right("payer.manage").feature(CATALOGUE).upload(organization::sheet::LARGEST_FILE + 64 * 1024),
        web::get("/app/payers/imports/{id}", pages::show_import).right("payer.manage").feature(CATALOGUE),
        web::post("/app/payers/imports/{id}/application", pages::apply_import).right("payer.manage").feature(CATALOGUE),
        web::get("/app/cashier/{bill}/payer", pages::of_bill).right("billing.read"),
        web::post("/app/cashier/{bill}/payer", pages::choose).right("cashier.collect"),
    ]);
    module.migrations.push(web::Migration { name: "2026-11-25-0073-payer", sql: include_str!("../migrations/2026-11-25-0073-payer.sql") });
    module.rail.push(web::RailEntry { href: "/app/payers", icon: "building", label: "Giá theo đối tượng", right: "payer.manage", feature: Some(CATALOGUE), order: 84 });
}

#[cfg(test)]
mod tests {
    use super::*;
    use organization::sheet::Row;
    use std::collections::BTreeMap;

    fn sheet(rows: &[(&str, &str)]) -> Sheet {
        Sheet {
            name: "Giá".into(),
            header_row: 1,
            header: BTreeMap::from([(0, "MÃ".into()), (1, "Tên".into()), (2, "giá".into())]),
            rows: rows
                .iter()
                .enumerate()
                .map(|(i, (code, price))| Row { number: i as u32 + 2, cells: BTreeMap::from([(0, (*code).to_owned()), (2, (*price).to_owned())]) })
                .collect(),
        }
    }

    #[test]
    fn every_mistake_of_a_sheet_is_told_and_nothing_else() {
        let item = |n: u128, code: &str, price_vnd| Item { item_id: Uuid::from_u128(n), code: code.into(), name: code.into(), self_vnd: Some(150_000), price_vnd };
        let items = [item(1, "KNOI", None), item(2, "XN01", Some(40_000)), item(3, "XN14", Some(90_000))];
        let plan = plan(&sheet(&[("knoi", "120.000"), ("XN01", "40000"), ("XN14", ""), ("LẠ", "1"), ("KNOI", "1"), ("", "")]), &items);
        assert_eq!(plan.changes, [Change { item: Uuid::from_u128(1), code: "KNOI".into(), name: "KNOI".into(), before: Some(150_000), after: 120_000 }]);
        assert_eq!(plan.problems.iter().map(|p| p.row).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(plan.unchanged, 1);
        let no_amount = super::plan(&sheet(&[("XN14", "-5"), ("KNOI", "miễn phí")]), &items);
        assert_eq!(no_amount.problems.len(), 2, "{:?}", no_amount.problems);
        let no_price_column = Sheet { header: BTreeMap::from([(0, "Mã".into())]), ..sheet(&[]) };
        assert_eq!(super::plan(&no_price_column, &items).problems.len(), 1);
    }

    #[test]
    fn prices_begin_today_or_later() {
        let day = |text: &str| base::parse_date_vi(text).unwrap();
        let today = day("24/11/2026");
        assert_eq!(read_start("", today), Ok(today));
        assert_eq!(read_start("01/12/2026", today), Ok(day("01/12/2026")));
        assert!(read_start("23/11/2026", today).is_err() && read_start("31/11/2026", today).is_err());
    }
}
