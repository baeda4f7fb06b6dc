//! The same reports as Excel sheets: the clinic and the period on top, real numbers and dates below, totals that were
//! added in the database and stand as values, so that a cut or sorted sheet still says what the ledger said.

use crate::register::Visit;
use crate::revenue::{Breakdown, Report};
use crate::table::{Book, Cell, Row, Table};
use base::Vnd;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// What stands above every table.
#[derive(Clone, Debug)]
pub struct Heading {
    pub facility: String,
    pub title: String,
    pub period: String,
    /// When and by whom, below the period.
    pub made_at: DateTime<Utc>,
    pub made_by: String,
}

/// Row of the column headings; the rows above are the heading of the sheet.
const HEAD: u32 = 4;

struct Styles {
    title: Format,
    quiet: Format,
    head: Format,
    money: Format,
    day: Format,
    wrap: Format,
    sum: Format,
    sum_money: Format,
}

impl Styles {
    fn new() -> Styles {
        let base = Format::new().set_font_name("Arial").set_font_size(10).set_align(FormatAlign::Top);
        Styles {
            title: base.clone().set_bold().set_font_size(14),
            quiet: base.clone().set_font_color("#47565E"),
            head: base
                .clone()
                .set_bold()
                .set_text_wrap()
                .set_background_color("#DFF0F1")
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::VerticalCenter),
            money: base.clone().set_num_format("#,##0"),
            day: base.clone().set_num_format("dd/mm/yyyy").set_align(FormatAlign::Left),
            wrap: base.clone().set_text_wrap(),
            sum: base.clone().set_bold().set_border_top(FormatBorder::Thin),
            sum_money: base.set_bold().set_border_top(FormatBorder::Thin).set_num_format("#,##0"),
        }
    }
}

/// Revenue or takings as a workbook.
pub fn revenue(heading: &Heading, report: &Report) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut book = workbook(heading)?;
    let sheet = book.add_worksheet().set_name(report.by.name())?;
    head(sheet, &styles, heading)?;
    let with_group = report.by == Breakdown::Service;
    let mut titles = vec![report.by.subject()];
    if with_group {
        titles.push("Nhóm");
    }
    titles.extend(report.by.columns());
    columns(sheet, &styles, &titles, &[34.0, 20.0, 14.0, 18.0, 18.0, 18.0])?;
    let mut row = HEAD + 1;
    for line in report.lines.iter().chain([&report.sum]) {
        let is_sum = row == HEAD + 1 + report.lines.len() as u32;
        let (text, number) = if is_sum { (&styles.sum, &styles.sum_money) } else { (&styles.wrap, &styles.money) };
        sheet.write_with_format(row, 0, report.label(line), text)?;
        let mut column = 1;
        if with_group {
            sheet.write_with_format(row, 1, line.group(), text)?;
            column = 2;
        }
        sheet.write_with_format(row, column, line.count_milli as f64 / 1000.0, if line.count_milli % 1000 == 0 { number } else { text })?;
        for (i, amount) in [line.plus(), line.minus(), line.net()].into_iter().enumerate() {
            sheet.write_with_format(row, column + 1 + i as u16, cell(amount), number)?;
        }
        row += 1;
    }
    let words = if report.agrees() { "Khớp sổ cái từng đồng." } else { "KHÔNG KHỚP SỔ CÁI: báo người quản trị." };
    sheet.write_with_format(row + 1, 0, words, &styles.quiet)?;
    finish(sheet, report.lines.len() as u32, titles.len() as u16)?;
    book.save_to_buffer()
}

/// The visit register as a workbook.
pub fn register(heading: &Heading, visits: &[Visit]) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut book = workbook(heading)?;
    let sheet = book.add_worksheet().set_name("Sổ khám bệnh")?;
    head(sheet, &styles, heading)?;
    let titles = [
        "TT", "Ngày", "Giờ đến", "Số", "Mã người bệnh", "Họ và tên", "Ngày sinh", "Tuổi", "Giới", "Điện thoại", "Địa chỉ",
        "Đối tượng", "Lý do khám", "Chẩn đoán", "Xử trí", "Phòng", "Bác sĩ", "Trạng thái",
    ];
    let widths =
        [6.0, 12.0, 9.0, 6.0, 15.0, 26.0, 12.0, 9.0, 7.0, 14.0, 40.0, 10.0, 28.0, 48.0, 24.0, 14.0, 24.0, 16.0];
    columns(sheet, &styles, &titles, &widths)?;
    for (i, visit) in visits.iter().enumerate() {
        let row = HEAD + 1 + i as u32;
        sheet.write_with_format(row, 0, i as u32 + 1, &styles.wrap)?;
        sheet.write_with_format(row, 1, &date(visit.day)?, &styles.day)?;
        sheet.write_with_format(row, 2, visit.arrived(), &styles.wrap)?;
        if let Some(number) = visit.ticket {
            sheet.write_with_format(row, 3, number, &styles.wrap)?;
        }
        let age = visit.age().to_string();
        let (born, outcome) = (visit.born(), visit.outcome());
        // Typed text is written as text: a value that begins with "=" stays a value.
        let texts: [&str; 14] = [
            &visit.record_no, &visit.name, &born, &age, visit.sex_word(), &visit.phone, &visit.address_text,
            visit.payer_word(), &visit.reason, visit.diagnoses.as_deref().unwrap_or(""), &outcome, &visit.room,
            visit.doctor.as_deref().unwrap_or(""), visit.status_word(),
        ];
        for (j, text) in texts.into_iter().enumerate() {
            sheet.write_string_with_format(row, 4 + j as u16, text, &styles.wrap)?;
        }
    }
    finish(sheet, visits.len() as u32, titles.len() as u16)?;
    book.save_to_buffer()
}

/// A book of tables: each table a worksheet of its own. Numbers are numbers, days are days, typed text is text.
pub fn book(heading: &Heading, book: &Book) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut workbook = workbook(heading)?;
    for table in book.tables.iter().filter(|table| !table.rows.is_empty() || book.is_empty()) {
        let name = if table.title.is_empty() { &heading.title } else { &table.title };
        let sheet = workbook.add_worksheet().set_name(name.chars().take(31).collect::<String>())?;
        head(sheet, &styles, heading)?;
        let titles: Vec<&str> = table.columns.iter().map(|column| column.title).collect();
        let widths: Vec<f64> = table.columns.iter().map(|column| f64::from(column.width)).collect();
        columns(sheet, &styles, &titles, &widths)?;
        write_rows(sheet, &styles, table)?;
        let last = HEAD + 2 + table.rows.len() as u32 + u32::from(table.sum.is_some());
        if let Some(words) = book.verdict() {
            sheet.write_with_format(last, 0, words, &styles.quiet)?;
        }
        finish(sheet, table.rows.len() as u32, titles.len() as u16)?;
    }
    workbook.save_to_buffer()
}

fn write_rows(sheet: &mut Worksheet, styles: &Styles, table: &Table) -> Result<(), XlsxError> {
    let plain = table.rows.iter().map(|row| (row, false));
    for (i, (row, is_sum)) in plain.chain(table.sum.iter().map(|row| (row, true))).enumerate() {
        write_row(sheet, styles, HEAD + 1 + i as u32, row, is_sum)?;
    }
    Ok(())
}

fn write_row(sheet: &mut Worksheet, styles: &Styles, at: u32, row: &Row, is_sum: bool) -> Result<(), XlsxError> {
    let (text, number) = if is_sum { (&styles.sum, &styles.sum_money) } else { (&styles.wrap, &styles.money) };
    for (column, value) in row.cells.iter().enumerate() {
        let column = column as u16;
        match value {
            Cell::Text(words) => sheet.write_string_with_format(at, column, words, text)?,
            Cell::Money(amount) => sheet.write_with_format(at, column, cell(Vnd(*amount)), number)?,
            Cell::Count(milli) => {
                sheet.write_with_format(at, column, *milli as f64 / 1000.0, if milli % 1000 == 0 { number } else { text })?
            }
            Cell::Day(day) => sheet.write_with_format(at, column, &date(*day)?, &styles.day)?,
            Cell::None => sheet.write_blank(at, column, text)?,
        };
    }
    Ok(())
}

fn workbook(heading: &Heading) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let made = heading.made_at;
    let properties = DocProperties::new()
        .set_title(&heading.title)
        .set_author(&heading.facility)
        .set_creation_datetime(&date(made.date_naive())?);
    book.set_properties(&properties);
    Ok(book)
}

fn head(sheet: &mut Worksheet, styles: &Styles, heading: &Heading) -> Result<(), XlsxError> {
    let made = format!("Lập lúc {} {} · {}", base::show_time(heading.made_at), base::show_date(base::local_date(heading.made_at)), heading.made_by);
    sheet.write_with_format(0, 0, &heading.facility, &styles.quiet)?;
    sheet.write_with_format(1, 0, &heading.title, &styles.title)?;
    sheet.write_with_format(2, 0, &heading.period, &styles.quiet)?;
    sheet.write_with_format(3, 0, &made, &styles.quiet)?;
    Ok(())
}

fn columns(sheet: &mut Worksheet, styles: &Styles, titles: &[&str], widths: &[f64]) -> Result<(), XlsxError> {
    for (i, title) in titles.iter().enumerate() {
        sheet.write_with_format(HEAD, i as u16, *title, &styles.head)?;
        sheet.set_column_width(i as u16, widths.get(i).copied().unwrap_or(16.0))?;
    }
    Ok(())
}

/// Headings stay in sight, on the screen and on every printed page.
fn finish(sheet: &mut Worksheet, rows: u32, titles: u16) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(HEAD + 1, 0)?;
    sheet.autofilter(HEAD, 0, HEAD + rows.max(1), titles - 1)?;
    sheet.set_repeat_rows(HEAD, HEAD)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

/// Excel keeps numbers as 53-bit floats, which is exact for every amount below nine million billion đồng.
fn cell(amount: Vnd) -> f64 {
    amount.0 as f64
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(day.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8)
}
