//! The report of waiting times, on screen and as a sheet.

use crate::lab::turnaround::{self, Line, show_minutes};
use crate::store::lab::turnaround as store;
use askama::Template;
use base::{Problems, show_date};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use serde_json::json;
use web::{Answer, Ctx, Failure, Query, Shell};

/// The period as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Period {
    from: String,
    to: String,
}

struct Row {
    line: Line,
    p50: String,
    p90: String,
    p95: String,
    longest: String,
}

#[derive(Template)]
#[template(path = "lab-turnaround.html")]
struct Page {
    shell: Shell,
    from: String,
    to: String,
    rows: Vec<Row>,
    problems: Problems,
}

/// `GET /app/lab/turnaround?from=&to=`.
pub async fn show(ctx: Ctx, Query(period): Query<Period>) -> Answer {
    let mut tx = ctx.begin().await?;
    let shell = ctx.shell("Thời gian trả kết quả", &[]);
    match turnaround::period(&period.from, &period.to, ctx.today()) {
        Ok((from, to)) => {
            let rows = store::list(tx.conn(), ctx.facility(), from, to).await?;
            web::html(Page {
                shell,
                from: show_date(from),
                to: show_date(to),
                rows: rows
                    .into_iter()
                    .map(|line| Row {
                        p50: show_minutes(line.p50_min),
                        p90: show_minutes(line.p90_min),
                        p95: show_minutes(line.p95_min),
                        longest: show_minutes(line.longest_min),
                        line,
                    })
                    .collect(),
                problems: Problems::none(),
            })
        }
        Err(problem) => web::refused(Page { shell, from: period.from, to: period.to, rows: Vec::new(), problems: problem.into() }),
    }
}

/// `GET /app/lab/turnaround.xlsx`: the same with plain minutes.
pub async fn sheet(ctx: Ctx, Query(period): Query<Period>) -> Answer {
    let (from, to) = turnaround::period(&period.from, &period.to, ctx.today())?;
    let mut tx = ctx.begin().await?;
    let rows = store::list(tx.conn(), ctx.facility(), from, to).await?;
    let ours = organization::facility::get(tx.conn(), ctx.facility()).await?;
    tx.audit("export", "lab-turnaround", ctx.facility(), None, json!({ "from": from, "to": to }));
    tx.commit().await?;
    let title = format!("Thời gian trả kết quả xét nghiệm, {}–{}", show_date(from), show_date(to));
    let bytes = workbook(&ours.facts.name, &title, &rows).map_err(|e| Failure::Fault(e.into()))?;
    web::xlsx(bytes, "thoi-gian-tra-ket-qua.xlsx")
}

fn workbook(facility: &str, title: &str, rows: &[Line]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Thời gian trả kết quả")?;
    let base = Format::new().set_font_name("Arial").set_font_size(10);
    let (bold, head) = (base.clone().set_bold().set_font_size(14), base.clone().set_bold().set_text_wrap());
    sheet.write_string_with_format(0, 0, facility, &base)?;
    sheet.write_string_with_format(1, 0, title, &bold)?;
    sheet.write_string_with_format(2, 0, "Từ lúc lấy mẫu đến lúc trả lần đầu, tính bằng phút", &base)?;
    for (column, name) in (0u16..).zip(["Mã", "Xét nghiệm", "Số chỉ định", "50 %", "90 %", "95 %", "Lâu nhất"]) {
        sheet.write_string_with_format(4, column, name, &head)?;
    }
    sheet.set_column_width(1, 48)?;
    for (row, line) in (5u32..).zip(rows) {
        sheet.write_string_with_format(row, 0, &line.code, &base)?;
        sheet.write_string_with_format(row, 1, &line.name, &base)?;
        sheet.write_number_with_format(row, 2, line.count as f64, &base)?;
        for (column, minutes) in (3u16..).zip([line.p50_min, line.p90_min, line.p95_min, line.longest_min]) {
            sheet.write_number_with_format(row, column, f64::from(minutes), &base)?;
        }
    }
    book.save_to_buffer()
}
