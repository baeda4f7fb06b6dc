//! The book of a day: what was earned and what changed hands, by cashier, way of paying, group and doctor, and how the
//! drawers were counted.
//!
//! A row belongs to the day on which it was written, and rows are never written into a day that has passed, so a past day
//! gives the same book for ever. (The revenue report asks by day of service instead.)

use crate::revenue::{group_name, method_name, one_moment};
use crate::table::{Book, Cell, Figure, Row, Table, number, words};
use base::{Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};

/// A line by one key: how many, more, less.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Line {
    dimension: String,
    label: String,
    count: i64,
    plus_vnd: i64,
    minus_vnd: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct Shift {
    shift_no: String,
    cashier_name: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    expected_vnd: Option<i64>,
    counted_vnd: Option<i64>,
    difference_vnd: Option<i64>,
    reason: String,
    handed_to: String,
}

/// The book of one day. Three questions about one moment; the ledger's own totals are the fourth.
pub async fn book(tx: &mut Tx, day: NaiveDate, today: NaiveDate) -> Result<Book, sqlx::Error> {
    one_moment(tx).await?;
    let facility = tx.facility().0;
    let taken: Vec<Line> = sqlx::query_as(sql!(
        "SELECT CASE WHEN grouping(cashier_account) = 0 THEN 'cashier' ELSE 'method' END AS dimension,
                CASE WHEN grouping(cashier_account) = 0 THEN max(cashier_name) ELSE method END AS label, count(DISTINCT receipt_id) AS count,
                coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd > 0), 0)::bigint AS plus_vnd,
                coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd < 0), 0)::bigint AS minus_vnd
         FROM billing_report_payment WHERE facility_id = $1 AND day = $2
         GROUP BY GROUPING SETS ((cashier_account), (method))
         ORDER BY dimension, array_position(ARRAY['cash', 'transfer', 'card'], method), sum(amount_vnd) DESC, label"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    let earned: Vec<Line> = sqlx::query_as(sql!(
        "SELECT CASE WHEN grouping(r.group_key) = 0 THEN 'group' ELSE 'doctor' END AS dimension,
                CASE WHEN grouping(r.group_key) = 0 THEN r.group_key
                     ELSE coalesce(max(concat_ws(' ', nullif(d.title, ''), d.name)), '') END AS label,
                count(DISTINCT r.bill_id) AS count,
                coalesce(sum(r.amount_vnd) FILTER (WHERE r.amount_vnd > 0), 0)::bigint AS plus_vnd,
                coalesce(sum(r.amount_vnd) FILTER (WHERE r.amount_vnd < 0), 0)::bigint AS minus_vnd
         FROM billing_report_revenue r
         LEFT JOIN practitioner_practitioner d ON d.facility_id = r.facility_id AND d.practitioner_id = r.practitioner_id
         WHERE r.facility_id = $1 AND r.posted_day = $2
         GROUP BY GROUPING SETS ((r.group_key), (r.practitioner_id))
         ORDER BY dimension, array_position(ARRAY['exam', 'lab', 'imaging', 'procedure', 'other', 'drug', 'package'], r.group_key),
                  sum(r.amount_vnd) DESC, label"
    ))
    .bind(facility)
    .bind(day)
    .fetch_all(tx.conn())
    .await?;
    let shifts: Vec<Shift> = sqlx::query_as(sql!(
        "SELECT shift_no, cashier_name, opened_at, closed_at, expected_vnd, counted_vnd, difference_vnd, reason, handed_to
         FROM billing_report_shift
         WHERE facility_id = $1 AND (closed_day = $2 OR ($3 AND closed_day IS NULL)) ORDER BY opened_at"
    ))
    .bind(facility)
    .bind(day)
    .bind(day == today)
    .fetch_all(tx.conn())
    .await?;
    let (ledger_earned, ledger_taken, balance): (i64, i64, i64) = sqlx::query_as(sql!(
        "SELECT coalesce(-sum(debit_vnd) FILTER (WHERE account = 'revenue'), 0)::bigint,
                coalesce(sum(debit_vnd) FILTER (WHERE account IN ('cash', 'transfer', 'card')), 0)::bigint, coalesce(sum(debit_vnd), 0)::bigint
         FROM billing_report_book WHERE facility_id = $1 AND day = $2"
    ))
    .bind(facility)
    .bind(day)
    .fetch_one(tx.conn())
    .await?;
    let by_cashier = money_table("Theo thu ngân", "Thu ngân", "Số phiếu", ["Đã thu", "Đã hoàn", "Thực thu"], &taken, "cashier");
    let by_method = money_table("Theo hình thức", "Hình thức", "Số phiếu", ["Đã thu", "Đã hoàn", "Thực thu"], &taken, "method");
    let by_group = money_table("Theo nhóm dịch vụ", "Nhóm", "Lượt", ["Phát sinh", "Giảm, ghi giảm", "Doanh thu"], &earned, "group");
    let by_doctor = money_table("Theo bác sĩ", "Bác sĩ", "Lượt", ["Phát sinh", "Giảm, ghi giảm", "Doanh thu"], &earned, "doctor");
    let sums = [by_cashier.sum_of("Thực thu"), by_method.sum_of("Thực thu"), by_group.sum_of("Doanh thu"), by_doctor.sum_of("Doanh thu")];
    let agrees = sums == [Vnd(ledger_taken), Vnd(ledger_taken), Vnd(ledger_earned), Vnd(ledger_earned)] && balance == 0;
    Ok(Book {
        title: "Doanh thu hằng ngày",
        about: show_date(day),
        figures: vec![
            Figure { label: "Doanh thu trong ngày", value: format!("{} đ", Vnd(ledger_earned)), hint: "các khoản ghi sổ trong ngày, đã trừ giảm giá và ghi giảm" },
            Figure { label: "Thực thu", value: format!("{} đ", Vnd(ledger_taken)), hint: "tiền vào quỹ trong ngày, đã trừ phần hoàn" },
            Figure { label: "Chênh lệch ca", value: format!("{} đ", shifts.iter().filter_map(|s| s.difference_vnd).map(Vnd).sum::<Vnd>()), hint: "thực đếm so với sổ, các ca đã kết" },
        ],
        tables: vec![by_cashier, by_method, by_group, by_doctor, shift_table(shifts)],
        agrees: Some(agrees),
        when_empty: "Ngày này chưa ghi khoản nào. Chọn ngày khác.",
    })
}

fn money_table(title: &str, subject: &'static str, counted: &'static str, columns: [&'static str; 3], lines: &[Line], dimension: &str) -> Table {
    let rows = lines.iter().filter(|line| line.dimension == dimension).map(|line| {
        let label = match dimension {
            "method" => method_name(&line.label),
            "group" => group_name(&line.label),
            "doctor" if line.label.is_empty() => "Không qua bác sĩ",
            _ => &line.label,
        };
        Row::new(vec![
            Cell::text(label),
            Cell::Count(line.count * 1000),
            Cell::Money(line.plus_vnd),
            Cell::Money(line.minus_vnd),
            Cell::Money(line.plus_vnd + line.minus_vnd),
        ])
    });
    let [plus, minus, net] = columns;
    let mut table = Table::new(title, &[words(subject, 30), number(counted), number(plus), number(minus), number(net)], rows.collect()).summed();
    // One visit stands in several groups and one paper can hold two ways of paying: adding those counts up would lie.
    if let Some(sum) = table.sum.as_mut().filter(|_| dimension != "cashier") {
        sum.cells[1] = Cell::None;
    }
    table
}

fn shift_table(shifts: Vec<Shift>) -> Table {
    let money = |amount: Option<i64>| amount.map_or(Cell::None, Cell::Money);
    let rows = shifts.into_iter().map(|s| {
        Row::new(vec![
            Cell::text(s.shift_no),
            Cell::text(s.cashier_name),
            Cell::text(format!("{} {}", show_time(s.opened_at), show_date(base::local_date(s.opened_at)))),
            Cell::text(s.closed_at.map_or("đang mở".into(), show_time)),
            money(s.expected_vnd),
            money(s.counted_vnd),
            money(s.difference_vnd),
            Cell::text(s.reason),
            Cell::text(s.handed_to),
        ])
    });
    let columns = [
        words("Ca", 14),
        words("Thu ngân", 24),
        words("Mở lúc", 18),
        words("Kết lúc", 10),
        number("Sổ sách"),
        number("Thực đếm"),
        number("Chênh lệch"),
        words("Giải trình", 30),
        words("Bàn giao cho", 22),
    ];
    Table::new("Ca thu", &columns, rows.collect()).summed()
}
