//! Medicines: how much was used, what it cost, what it brought, by drug or lot by lot.
//!
//! Cost comes from the stock ledger, money from the ledger of charges; both name the same line, so a lot's share of a line is
//! its share of the quantity.

use crate::period::Period;
use crate::revenue::one_moment;
use crate::table::{Book, Cell, Figure, Row, Table, number, words};
use base::Vnd;
use chrono::NaiveDate;
use db::{Tx, sql};

#[derive(Clone, Debug, sqlx::FromRow)]
struct Used {
    code: String,
    name: String,
    unit: String,
    used_milli: i64,
    sold_milli: i64,
    cost_vnd: i64,
    earned_vnd: i64,
}

/// Use and profit by drug. A drug that is charged but not kept in stock has no cost, and none is invented.
pub async fn by_drug(tx: &mut Tx, period: Period) -> Result<Book, sqlx::Error> {
    one_moment(tx).await?;
    let facility = tx.facility().0;
    let used: Vec<Used> = sqlx::query_as(sql!(
        "WITH used AS (
             SELECT drug_id, sum(quantity_milli)::bigint AS milli, sum(cost_vnd)::bigint AS cost FROM inventory_report_drug_use
             WHERE facility_id = $1 AND day BETWEEN $2 AND $3 GROUP BY drug_id),
         sold AS (
             SELECT drug_id, sum(quantity_milli)::bigint AS milli, sum(amount_vnd)::bigint AS earned FROM billing_report_revenue
             WHERE facility_id = $1 AND day BETWEEN $2 AND $3 AND drug_id IS NOT NULL GROUP BY drug_id)
         SELECT d.code, d.name, d.unit, coalesce(u.milli, 0) AS used_milli, coalesce(s.milli, 0) AS sold_milli,
                coalesce(u.cost, 0) AS cost_vnd, coalesce(s.earned, 0) AS earned_vnd
         FROM used u FULL JOIN sold s ON s.drug_id = u.drug_id
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = coalesce(u.drug_id, s.drug_id)
         ORDER BY coalesce(s.earned, 0) DESC, d.name"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .fetch_all(tx.conn())
    .await?;
    let columns = [
        words("Mã", 12),
        words("Thuốc", 34),
        words("Đơn vị", 10),
        number("Xuất kho"),
        number("Tính tiền"),
        number("Giá vốn"),
        number("Tiền thuốc"),
        number("Lãi gộp"),
    ];
    let rows = used.into_iter().map(|u| {
        Row::new(vec![
            Cell::text(u.code),
            Cell::text(u.name),
            Cell::text(u.unit),
            Cell::Count(u.used_milli),
            Cell::Count(u.sold_milli),
            Cell::Money(u.cost_vnd),
            Cell::Money(u.earned_vnd),
            Cell::Money(u.earned_vnd - u.cost_vnd),
        ])
    });
    let mut table = Table::new("Theo thuốc", &columns, rows.collect()).summed();
    forget_counts(&mut table, &[3, 4]);
    Ok(finished("Thuốc đã dùng và lãi gộp", period, table))
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct LotUsed {
    name: String,
    unit: String,
    lot_no: String,
    expires: NaiveDate,
    used_milli: i64,
    cost_vnd: i64,
    earned_vnd: i64,
}

/// Profit lot by lot. What was issued to a ward or given away has a cost and brings nothing.
pub async fn by_lot(tx: &mut Tx, period: Period) -> Result<Book, sqlx::Error> {
    one_moment(tx).await?;
    let facility = tx.facility().0;
    let used: Vec<LotUsed> = sqlx::query_as(sql!(
        "SELECT d.name, d.unit, max(u.lot_no) AS lot_no, max(u.expires) AS expires, sum(u.quantity_milli)::bigint AS used_milli,
                sum(u.cost_vnd)::bigint AS cost_vnd,
                coalesce(sum(round(b.net_vnd::numeric * u.quantity_milli / b.quantity_milli)), 0)::bigint AS earned_vnd
         FROM inventory_report_lot_use u
         JOIN organization_drug d ON d.facility_id = $1 AND d.drug_id = u.drug_id
         LEFT JOIN LATERAL (SELECT l.net_vnd, l.quantity_milli FROM billing_report_drug_line l
                            WHERE l.facility_id = $1 AND l.line_id = u.line_id LIMIT 1) b ON true
         WHERE u.facility_id = $1 AND u.day BETWEEN $2 AND $3
         GROUP BY d.drug_id, d.name, d.unit, u.lot_id ORDER BY d.name, expires, lot_no"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .fetch_all(tx.conn())
    .await?;
    let columns = [
        words("Thuốc", 34),
        words("Đơn vị", 10),
        words("Số lô", 16),
        words("Hạn dùng", 12),
        number("Đã cấp"),
        number("Giá vốn"),
        number("Tiền thuốc"),
        number("Lãi gộp"),
    ];
    let rows = used.into_iter().map(|u| {
        Row::new(vec![
            Cell::text(u.name),
            Cell::text(u.unit),
            Cell::text(u.lot_no),
            Cell::Day(u.expires),
            Cell::Count(u.used_milli),
            Cell::Money(u.cost_vnd),
            Cell::Money(u.earned_vnd),
            Cell::Money(u.earned_vnd - u.cost_vnd),
        ])
    });
    let mut table = Table::new("Theo lô", &columns, rows.collect()).summed();
    forget_counts(&mut table, &[4]);
    Ok(finished("Lãi gộp từng lô thuốc", period, table))
}

/// Tablets and bottles are not added up.
fn forget_counts(table: &mut Table, columns: &[usize]) {
    if let Some(sum) = &mut table.sum {
        for at in columns {
            sum.cells[*at] = Cell::None;
        }
    }
}

fn finished(title: &'static str, period: Period, table: Table) -> Book {
    let [cost, earned, profit] = ["Giá vốn", "Tiền thuốc", "Lãi gộp"].map(|column| table.sum_of(column));
    let margin = if earned > Vnd::ZERO { format!("{} đ · {} %", profit, i128::from(profit.0) * 100 / i128::from(earned.0)) } else { format!("{profit} đ") };
    Book {
        title,
        about: period.shown(),
        figures: vec![
            Figure { label: "Tiền thuốc", value: format!("{earned} đ"), hint: "đã trừ giảm giá và thuốc trả lại" },
            Figure { label: "Giá vốn", value: format!("{cost} đ"), hint: "theo giá nhập của lô đã xuất" },
            Figure { label: "Lãi gộp", value: margin, hint: "" },
        ],
        tables: vec![table],
        agrees: None,
        when_empty: "Chưa xuất thuốc nào trong khoảng này. Chọn khoảng ngày khác.",
    }
}
