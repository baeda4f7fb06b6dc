//! Reading what an owner uploads: the first sheet of an .xlsx file as rows of text, with the row numbers Excel shows.
//! Nothing in the file is trusted: sizes are looked at before anything is unpacked, and reading stops at the limits.

use calamine::{DataRef, Reader, Xlsx};
use std::collections::BTreeMap;
use std::io::Cursor;

/// Larger files are not price lists.
pub const LARGEST_FILE: usize = 5 * 1024 * 1024;
/// Compressed files that would unpack to more than this are refused unread.
const LARGEST_UNPACKED: u64 = 100 * 1024 * 1024;
/// More rows than any clinic has services; cut the sheet to import more.
pub const MOST_ROWS: usize = 10_000;
const MOST_COLUMNS: u32 = 60;
/// The header stands in one of the first rows, below a title perhaps.
const HEADER_WITHIN: usize = 10;
const LONGEST_CELL: usize = 2_000;

/// A sheet as text: the header row and every row below it that is not empty.
#[derive(Debug, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// The row of the header as Excel counts, from 1.
    pub header_row: u32,
    /// Column number → title.
    pub header: BTreeMap<u32, String>,
    pub rows: Vec<Row>,
}

/// One row of the sheet; `number` as Excel counts it.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub number: u32,
    pub cells: BTreeMap<u32, String>,
}

/// Reads the first visible sheet that has a header with at least two of `known_titles` (compared folded).
/// Refuses, in one Vietnamese sentence, a file that is too large, not an Excel workbook, broken, without such a
/// sheet, or too long.
pub fn read(bytes: &[u8], known_titles: &[&str]) -> Result<Sheet, String> {
    if bytes.is_empty() {
        return Err("Chưa chọn tệp, hoặc tệp rỗng. Chọn tệp Excel (.xlsx) rồi kiểm tra lại.".into());
    }
    if bytes.len() > LARGEST_FILE {
        return Err(format!(
            "Tệp nặng {} MB, tối đa 5 MB. Xóa hình ảnh và các trang tính khác rồi lưu lại.",
            bytes.len().div_ceil(1024 * 1024)
        ));
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err("Đây là tệp Excel đời cũ (.xls) hoặc có mật khẩu. Mở bằng Excel, bỏ mật khẩu, lưu thành .xlsx.".into());
    }
    let not_excel = || "Tệp này không phải Excel (.xlsx). Tải tệp mẫu, điền rồi gửi lại.".to_owned();
    match unpacked_size(bytes) {
        None => return Err(not_excel()),
        Some(size) if size > LARGEST_UNPACKED => {
            return Err("Tệp bung ra quá lớn. Sao chép riêng bảng giá sang một tệp mới rồi gửi lại.".into());
        }
        Some(_) => {}
    }
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| not_excel())?;
    let names = book.sheet_names();
    if names.is_empty() {
        return Err("Tệp không có trang tính nào. Tải tệp mẫu, điền rồi gửi lại.".into());
    }
    let mut closest: Option<String> = None;
    for name in names {
        let Some(rows) = read_rows(&mut book, &name)? else { continue };
        if let Some(sheet) = with_header(name.clone(), rows, known_titles) {
            return Ok(sheet);
        }
        closest.get_or_insert(name);
    }
    match closest {
        Some(name) => Err(format!(
            "Không thấy dòng tiêu đề cột trong trang tính “{name}”. Cần các cột: {}. Tải tệp mẫu để xem.",
            known_titles.join(", ")
        )),
        None => Err("Các trang tính đều trống. Tải tệp mẫu, điền rồi gửi lại.".into()),
    }
}

type Book<'a> = Xlsx<Cursor<&'a [u8]>>;

/// The non-empty rows of one sheet; `None` when it has none (or is a chart).
fn read_rows(book: &mut Book<'_>, name: &str) -> Result<Option<Vec<Row>>, String> {
    // Cells are taken one by one: a single stray cell at the end of the grid must not claim memory for all between.
    let Ok(mut cells) = book.worksheet_cells_reader(name) else { return Ok(None) };
    let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
    loop {
        let cell = match cells.next_cell() {
            Ok(Some(cell)) => cell,
            Ok(None) => break,
            Err(_) => {
                return Err(format!(
                    "Trang tính “{name}” bị hỏng giữa chừng. Mở bằng Excel, lưu lại rồi gửi."
                ));
            }
        };
        let (row, column) = cell.get_position();
        if column >= MOST_COLUMNS {
            continue;
        }
        let text = cell_text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        rows.entry(row).or_default().insert(column, text);
        if rows.len() > MOST_ROWS + HEADER_WITHIN {
            return Err(format!(
                "Trang tính “{name}” dài quá {MOST_ROWS} dòng. Chia thành nhiều tệp nhỏ hơn."
            ));
        }
    }
    let rows: Vec<Row> =
        rows.into_iter().map(|(row, cells)| Row { number: row.saturating_add(1), cells }).collect();
    Ok((!rows.is_empty()).then_some(rows))
}

/// Splits the rows at the header: the first row that carries at least two known titles.
fn with_header(name: String, mut rows: Vec<Row>, known_titles: &[&str]) -> Option<Sheet> {
    let known: Vec<String> = known_titles.iter().map(|t| base::fold(t)).collect();
    let at = rows.iter().take(HEADER_WITHIN).position(|row| {
        row.cells.values().filter(|title| known.contains(&title_key(title))).count() >= 2
    })?;
    let body = rows.split_off(at + 1);
    let header = rows.pop()?;
    Some(Sheet { name, header_row: header.number, header: header.cells, rows: body })
}

/// A column title as it is compared: folded, without the star that marks a required column.
pub fn title_key(title: &str) -> String {
    base::fold(title)
}

/// What a cell says, trimmed, control characters gone. Whole numbers lose Excel's ".0".
fn cell_text(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "1" } else { "0" }.to_owned(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{day:02}/{month:02}/{year}")
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // "#N/A" and its kind: shown as Excel shows it, so that the row check can name it.
        DataRef::Error(error) => error.to_string(),
        _ => String::new(),
    };
    text.chars()
        .map(|c| if c.is_control() || c == '\u{a0}' { ' ' } else { c })
        .take(LONGEST_CELL)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// How large the archive says it is when unpacked, read from its directory at the end of the file;
/// `None` when the bytes are not a zip archive.
fn unpacked_size(bytes: &[u8]) -> Option<u64> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let u16_at = |at: usize| Some(u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let u32_at = |at: usize| Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)));
    let tail = bytes.len().saturating_sub(66_000);
    let end = tail + bytes.get(tail..)?.windows(4).rposition(|w| w == END)?;
    let entries = u16_at(end + 10)?;
    let mut at = usize::try_from(u32_at(end + 16)?).ok()?;
    let mut total = 0;
    for _ in 0..entries {
        if bytes.get(at..at + 4)? != ENTRY {
            return None;
        }
        total += u32_at(at + 24)?;
        at += 46 + usize::try_from(u16_at(at + 28)? + u16_at(at + 30)? + u16_at(at + 32)?).ok()?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_xlsxwriter::{Workbook, XlsxError};

    const TITLES: [&str; 3] = ["Mã dịch vụ", "Tên dịch vụ", "Đơn giá"];

    fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet) -> Result<(), XlsxError>) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        fill(sheet).unwrap();
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn a_sheet_with_a_title_above_its_header_is_read() {
        let bytes = workbook(|s| {
            s.write(0, 0, "BẢNG GIÁ 2026")?;
            s.write(2, 0, "MÃ DỊCH VỤ *")?;
            s.write(2, 1, "Tên  dịch vụ")?;
            s.write(2, 2, "Đơn giá")?;
            s.write(4, 0, 112)?;
            s.write(4, 1, " Siêu âm\nổ bụng ")?;
            s.write(4, 2, 150_000.0)?;
            Ok(())
        });
        let sheet = read(&bytes, &TITLES).unwrap();
        assert_eq!(sheet.header_row, 3);
        assert_eq!(sheet.rows.len(), 1);
        assert_eq!(sheet.rows[0].number, 5);
        assert_eq!(sheet.rows[0].cells.values().collect::<Vec<_>>(), ["112", "Siêu âm ổ bụng", "150000"]);
    }

    #[test]
    fn what_is_not_a_price_list_is_refused_in_plain_words() {
        let wrong_columns = workbook(|s| s.write(0, 0, "Họ tên").map(|_| ()));
        let empty = workbook(|_| Ok(()));
        for (bytes, says) in [
            (Vec::new(), "rỗng"),
            (b"GIF89a not a sheet".to_vec(), "không phải Excel"),
            (vec![b'x'; 10 * 1024 * 1024], "tối đa 5 MB"),
            (vec![0xD0, 0xCF, 0x11, 0xE0, 0, 0], "đời cũ"),
            (wrong_columns, "Cần các cột: Mã dịch vụ"),
            (empty, "trống"),
        ] {
            let refused = read(&bytes, &TITLES).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_stray_cell_at_the_end_of_the_grid_costs_nothing() {
        let bytes = workbook(|s| {
            s.write(0, 0, "Mã dịch vụ")?;
            s.write(0, 1, "Tên dịch vụ")?;
            s.write(1_048_575, 16_383, "x")?;
            Ok(())
        });
        assert_eq!(read(&bytes, &TITLES).unwrap().rows, []);
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(at in 0usize..6000, with in any::<u8>(), cut in 0usize..6000) {
            let mut bytes = workbook(|s| {
                s.write(0, 0, "Mã dịch vụ")?;
                s.write(0, 1, "Tên dịch vụ")?;
                s.write(1, 0, "A1").map(|_| ())
            });
            let length = bytes.len();
            bytes[at % length] = with;
            let _ = read(&bytes, &TITLES);
            bytes.truncate(cut % length);
            let _ = read(&bytes, &TITLES);
        }
    }
}
