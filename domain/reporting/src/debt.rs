//! Who owes the clinic money, oldest first, with what was promised.

use crate::table::{Book, Cell, Figure, Row, Table, number, words};
use base::Vnd;
use chrono::NaiveDate;
use db::{Tx, sql};
use uuid::Uuid;

#[derive(Clone, Debug, sqlx::FromRow)]
struct Debt {
    bill_id: Uuid,
    day: NaiveDate,
    name: String,
    record_no: String,
    phone: String,
    charged_vnd: i64,
    paid_vnd: i64,
    owed_vnd: i64,
    promised_on: Option<NaiveDate>,
    reason: String,
    granted_by: String,
}

/// How long a debt has stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Month,
    Old,
}

impl Age {
    const ALL: [(Age, &'static str); 3] = [(Age::Old, "Trên 30 ngày"), (Age::Month, "8–30 ngày"), (Age::Fresh, "Trong 7 ngày")];

    fn of(day: NaiveDate, today: NaiveDate) -> Age {
        match (today - day).num_days() {
            ..=7 => Age::Fresh,
            8..=30 => Age::Month,
            _ => Age::Old,
        }
    }
}

/// The list of debts as it stands now. Bills of today are left out: those people are still in the house.
pub async fn book(tx: &mut Tx, today: NaiveDate) -> Result<Book, sqlx::Error> {
    let facility = tx.facility().0;
    let debts: Vec<Debt> = sqlx::query_as(sql!(
        "SELECT bill_id, day, name, record_no, phone, charged_vnd, paid_vnd, owed_vnd, promised_on, reason, granted_by
         FROM billing_report_debt WHERE facility_id = $1 AND day < $2 ORDER BY day, bill_id LIMIT 50000"
    ))
    .bind(facility)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    let overdue: Vnd = debts.iter().filter(|d| d.promised_on.is_some_and(|day| day < today)).map(|d| Vnd(d.owed_vnd)).sum();
    let total: Vnd = debts.iter().map(|d| Vnd(d.owed_vnd)).sum();
    let columns = [
        words("Ngày", 12),
        words("Người bệnh", 26),
        words("Mã", 14),
        words("Điện thoại", 14),
        number("Phải trả"),
        number("Đã trả"),
        number("Còn nợ"),
        words("Hẹn trả", 12),
        words("Lý do, người cho nợ", 36),
    ];
    let tables = Age::ALL.into_iter().map(|(age, title)| {
        let rows = debts.iter().filter(|d| Age::of(d.day, today) == age).map(|d| {
            let why = [d.reason.as_str(), d.granted_by.as_str()].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ");
            let cells = vec![
                Cell::Day(d.day),
                Cell::text(&d.name),
                Cell::text(&d.record_no),
                Cell::text(&d.phone),
                Cell::Money(d.charged_vnd),
                Cell::Money(d.paid_vnd),
                Cell::Money(d.owed_vnd),
                Cell::from(d.promised_on),
                Cell::text(why),
            ];
            Row::leading_to(cells, format!("/app/cashier/{}", d.bill_id))
        });
        Table::new(title, &columns, rows.collect()).summed()
    });
    Ok(Book {
        title: "Công nợ",
        about: format!("Tính đến hết ngày {}", base::show_date(today.pred_opt().unwrap_or(today))),
        figures: vec![
            Figure { label: "Còn nợ", value: format!("{total} đ"), hint: "các lượt trước hôm nay" },
            Figure { label: "Quá ngày hẹn trả", value: format!("{overdue} đ"), hint: "đã hẹn trả mà chưa trả" },
            Figure { label: "Số phiếu còn nợ", value: debts.len().to_string(), hint: "" },
        ],
        tables: tables.collect(),
        agrees: None,
        when_empty: "Không ai còn nợ. Khoản chưa trả của hôm nay nằm ở trang Thu ngân.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debts_grow_older_by_the_calendar() {
        let today = base::parse_date_vi("25/11/2026").unwrap();
        for (day, age) in [("24/11/2026", Age::Fresh), ("18/11/2026", Age::Fresh), ("17/11/2026", Age::Month), ("26/10/2026", Age::Month), ("25/10/2026", Age::Old)] {
            assert_eq!(Age::of(base::parse_date_vi(day).unwrap(), today), age, "{day}");
        }
    }
}
