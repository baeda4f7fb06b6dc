//! A person's statement of shares, line by line, as `billing` closed it.

use crate::table::{Book, Cell, Figure, Row, Table, number, words};
use base::{Vnd, show_date};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// Whose month it is, and how far it came.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Statement {
    pub month: NaiveDate,
    pub person_id: Uuid,
    pub person_name: String,
    pub total_vnd: i64,
    pub step: String,
    pub closed_name: String,
    pub approved_name: String,
    pub approved_at: Option<DateTime<Utc>>,
}

/// A statement for whoever may see it: everybody's, or only those of `only`. `None` is also another person's.
pub async fn find(tx: &mut Tx, id: Uuid, only: Option<Uuid>) -> Result<Option<Statement>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT month, person_id, person_name, total_vnd, step, closed_name, approved_name, approved_at FROM billing_report_statement
         WHERE facility_id = $1 AND statement_id = $2 AND ($3::uuid IS NULL OR person_id = $3)"
    ))
    .bind(facility)
    .bind(id)
    .bind(only)
    .fetch_optional(tx.conn())
    .await
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct Line {
    role: String,
    day: NaiveDate,
    name: String,
    base_vnd: i64,
    share_vnd: i64,
    percent_bp: Option<i32>,
    fixed_vnd: Option<i64>,
}

impl Line {
    fn rule(&self) -> String {
        match (self.percent_bp, self.fixed_vnd) {
            (Some(bp), _) if bp % 100 == 0 => format!("{} %", bp / 100),
            (Some(bp), _) => format!("{},{} %", bp / 100, format!("{:02}", bp % 100).trim_end_matches('0')),
            (None, fixed) => format!("{} đ/lần", Vnd(fixed.unwrap_or_default())),
        }
    }
    fn role(&self) -> &'static str {
        match self.role.as_str() {
            "doctor" => "Bác sĩ khám",
            "performer" => "Người thực hiện",
            _ => "Người giới thiệu",
        }
    }
}

/// The statement as tables: what earned, and what was taken back. Patients are not named: a share needs no name.
pub async fn book(tx: &mut Tx, id: Uuid, statement: &Statement) -> Result<Book, sqlx::Error> {
    let facility = tx.facility().0;
    let lines: Vec<Line> = sqlx::query_as(sql!(
        "SELECT role, day, name, base_vnd, share_vnd, percent_bp, fixed_vnd FROM billing_report_statement_line
         WHERE facility_id = $1 AND statement_id = $2 ORDER BY day, name, row_id"
    ))
    .bind(facility)
    .bind(id)
    .fetch_all(tx.conn())
    .await?;
    let columns = [words("Ngày", 12), words("Khoản", 36), words("Vai", 18), words("Cách chia", 14), number("Doanh thu tính chia"), number("Thù lao")];
    let table = |title: &str, wanted: fn(&Line) -> bool| {
        let rows = lines.iter().filter(|l| wanted(l)).map(|l| {
            Row::new(vec![
                Cell::Day(l.day),
                Cell::text(&l.name),
                Cell::text(l.role()),
                Cell::text(l.rule()),
                Cell::Money(l.base_vnd),
                Cell::Money(l.share_vnd),
            ])
        });
        Table::new(title, &columns, rows.collect()).summed()
    };
    let tables = vec![table("Được chia", |l| l.base_vnd >= 0), table("Giảm giá, ghi giảm", |l| l.base_vnd < 0)];
    let sum: Vnd = tables.iter().map(|t| t.sum_of("Thù lao")).sum();
    let state = if statement.step == "approved" {
        let at = statement.approved_at.map(|at| show_date(base::local_date(at))).unwrap_or_default();
        format!("Đã duyệt {at} · {}", statement.approved_name)
    } else {
        format!("Chờ duyệt · chốt bởi {}", statement.closed_name)
    };
    Ok(Book {
        title: "Bảng kê thù lao",
        about: format!("{} · tháng {}", statement.person_name, statement.month.format("%m/%Y")),
        figures: vec![
            Figure { label: "Thù lao", value: format!("{} đ", Vnd(statement.total_vnd)), hint: "đã trừ giảm giá và khoản ghi giảm" },
            Figure { label: "Trạng thái", value: state, hint: "" },
        ],
        tables,
        agrees: Some(sum == Vnd(statement.total_vnd)),
        when_empty: "Bảng kê không có khoản nào.",
    })
}
