//! What came, went and is left in a period, lot by lot, reckoned from the ledger alone: a past period asked again gives
//! the same numbers.

use crate::store::turnover::Row;
use base::show_date;
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatBorder, Workbook, XlsxError};

/// The sums of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub opening_vnd: i64,
    pub in_vnd: i64,
    pub out_vnd: i64,
    pub closing_vnd: i64,
}

/// Adds the values up.
pub fn sums(rows: &[Row]) -> Sums {
    rows.iter().fold(Sums::default(), |s, r| Sums {
        opening_vnd: s.opening_vnd + r.opening_vnd,
        in_vnd: s.in_vnd + r.in_vnd,
        out_vnd: s.out_vnd + r.out_vnd,
        closing_vnd: s.closing_vnd + r.closing_vnd,
    })
}

/// The same as a sheet: real numbers and dates, sums as values.
pub fn workbook(facility: &str, store: &str, from: NaiveDate, to: NaiveDate, rows: &[Row]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let base = Format::new().set_font_name("Arial").set_font_size(10);
    let bold = base.clone().set_bold();
    let head = bold.clone().set_text_wrap().set_background_color("#DFF0F1").set_border_bottom(FormatBorder::Thin);
    let money = base.clone().set_num_format("#,##0");
    let amount = base.clone().set_num_format("#,##0.###");
    let sum = bold.clone().set_num_format("#,##0").set_border_top(FormatBorder::Thin);
    let sheet = book.add_worksheet().set_name("Nhập xuất tồn")?;
    sheet.write_with_format(0, 0, facility, &base)?;
    sheet.write_with_format(1, 0, "BÁO CÁO NHẬP XUẤT TỒN THEO LÔ", &bold.clone().set_font_size(14))?;
    sheet.write_with_format(2, 0, format!("{store} · từ {} đến {}", show_date(from), show_date(to)), &base)?;
    let titles = [
        "Kho", "Mã", "Tên thuốc", "Đơn vị", "Số lô", "Hạn dùng", "Tồn đầu", "Giá trị đầu", "Nhập", "Giá trị nhập", "Xuất", "Giá trị xuất", "Tồn cuối", "Giá trị cuối",
    ];
    for (at, title) in (0u16..).zip(titles) {
        sheet.write_with_format(4, at, title, &head)?;
        sheet.set_column_width(at, if at == 2 { 34.0 } else { 14.0 })?;
    }
    sheet.set_freeze_panes(5, 0)?;
    let mut at = 5;
    for row in rows {
        let expires = show_date(row.expires);
        for (column, text) in (0u16..).zip([&row.store_name, &row.code, &row.name, &row.unit, &row.lot_no, &expires]) {
            sheet.write_string_with_format(at, column, text, &base)?;
        }
        let pairs = [
            (row.opening_milli, row.opening_vnd), (row.in_milli, row.in_vnd), (row.out_milli, row.out_vnd), (row.closing_milli, row.closing_vnd),
        ];
        for (i, (milli, vnd)) in (0u16..).zip(pairs) {
            // Excel keeps doubles: exact for every quantity and amount that the ledger accepts.
            sheet.write_with_format(at, 6 + 2 * i, milli as f64 / 1000.0, &amount)?;
            sheet.write_with_format(at, 7 + 2 * i, vnd as f64, &money)?;
        }
        at += 1;
    }
    let total = sums(rows);
    sheet.write_with_format(at, 2, "Cộng", &sum)?;
    for (i, vnd) in (0u16..).zip([total.opening_vnd, total.in_vnd, total.out_vnd, total.closing_vnd]) {
        sheet.write_with_format(at, 7 + 2 * i, vnd as f64, &sum)?;
    }
    book.save_to_buffer()
}
