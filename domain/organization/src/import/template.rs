//! The template an owner fills, and the same sheet filled with what the list holds today: what is downloaded can be
//! changed and uploaded again.

use super::{Column, List};
use base::Vnd;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};

/// The workbook of a list: a title row, one row per given item (or one example row when there are none), and a sheet
/// that explains every column.
pub fn workbook<L: List>(
    list: &L,
    sheet_name: &str,
    items: &[(L::Facts, Option<Vnd>)],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new()
        .set_bold()
        .set_background_color("DFF0F1")
        .set_border_bottom(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let money = Format::new().set_num_format("#,##0");
    let sheet = book.add_worksheet().set_name(sheet_name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0u16..).zip(L::COLUMNS) {
        sheet.write_with_format(0, at, marked_title(column), &head)?;
        sheet.set_column_width(at, column_width(column))?;
    }
    for (row, (facts, price)) in (1u32..).zip(items) {
        let fields = list.fields(facts);
        for (at, column) in (0u16..).zip(L::COLUMNS) {
            match (column.field, price) {
                ("price", Some(price)) => {
                    // Excel keeps numbers as doubles, exact for every price the house accepts.
                    sheet.write_with_format(row, at, price.0 as f64, &money)?;
                }
                (field, _) => {
                    if let Some(text) = fields.get(field).filter(|text| !text.is_empty()) {
                        sheet.write_string(row, at, text)?;
                    }
                }
            }
        }
    }
    if items.is_empty() {
        for (at, column) in (0u16..).zip(L::COLUMNS) {
            match column.example.parse::<u32>() {
                Ok(number) if column.field == "price" => sheet.write_with_format(1, at, number, &money)?,
                _ => sheet.write_string(1, at, column.example)?,
            };
        }
    }
    let guide = book.add_worksheet().set_name("Hướng dẫn")?;
    guide.set_column_width(0, 22)?.set_column_width(1, 12)?.set_column_width(2, 90)?;
    for (at, title) in (0u16..).zip(["Tên cột", "Bắt buộc", "Cách điền"]) {
        guide.write_with_format(0, at, title, &head)?;
    }
    for (row, column) in (1u32..).zip(L::COLUMNS) {
        guide.write_string(row, 0, column.title)?;
        guide.write_string(row, 1, if column.required { "có" } else { "" })?;
        guide.write_string(row, 2, column.hint)?;
    }
    book.save_to_buffer()
}

fn marked_title(column: &Column) -> String {
    if column.required { format!("{} *", column.title) } else { column.title.to_owned() }
}

fn column_width(column: &Column) -> f64 {
    match column.field {
        "name" => 42.0,
        "ingredient" => 32.0,
        "preparation" | "aliases" | "usage_note" => 26.0,
        _ => 16.0,
    }
}
