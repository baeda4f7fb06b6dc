//! Money over a period, grouped one way at a time, and the ledger's own totals to lay beside it.
//!
//! Two different sums are never mixed: what was *earned* (charges, on the day of service, less what was taken back) and
//! what was *taken* (money that changed hands, less what was given back).

use crate::period::Period;
use crate::table::{Book, Cell, Row, Table, number, show_count, words};
use base::Vnd;
use db::{Tx, sql};

/// How a report groups money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakdown {
    Day,
    Doctor,
    Service,
    Cashier,
    Method,
}

impl Breakdown {
    pub const ALL: [Breakdown; 5] =
        [Breakdown::Day, Breakdown::Doctor, Breakdown::Service, Breakdown::Cashier, Breakdown::Method];

    /// The word in the address; anything unknown is by day.
    pub fn read(key: &str) -> Breakdown {
        Breakdown::ALL.into_iter().find(|b| b.key() == key).unwrap_or(Breakdown::Day)
    }

    pub fn key(self) -> &'static str {
        match self {
            Breakdown::Day => "day",
            Breakdown::Doctor => "doctor",
            Breakdown::Service => "service",
            Breakdown::Cashier => "cashier",
            Breakdown::Method => "method",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Breakdown::Day => "Theo ngày",
            Breakdown::Doctor => "Theo bác sĩ",
            Breakdown::Service => "Theo dịch vụ",
            Breakdown::Cashier => "Theo thu ngân",
            Breakdown::Method => "Theo hình thức",
        }
    }

    /// Heading of the first column.
    pub fn subject(self) -> &'static str {
        match self {
            Breakdown::Day => "Ngày",
            Breakdown::Doctor => "Bác sĩ",
            Breakdown::Service => "Dịch vụ, thuốc",
            Breakdown::Cashier => "Thu ngân",
            Breakdown::Method => "Hình thức",
        }
    }

    /// Whether it tells what was taken (papers, received, given back) rather than earned (visits, charged, taken back).
    pub fn is_taken(self) -> bool {
        matches!(self, Breakdown::Cashier | Breakdown::Method)
    }

    /// The headings of the columns after the first.
    pub fn columns(self) -> [&'static str; 4] {
        if self.is_taken() {
            ["Số phiếu", "Đã thu", "Đã hoàn", "Thực thu"]
        } else if self == Breakdown::Service {
            ["Số lượng", "Phát sinh", "Ghi giảm", "Doanh thu"]
        } else {
            ["Lượt khám", "Phát sinh", "Ghi giảm", "Doanh thu"]
        }
    }
}

/// One line of a report. `count_milli` is a thousandth of what is counted: visits, papers or quantity.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Line {
    pub label: String,
    /// What kind of thing the label is: the group of a service; empty otherwise.
    pub kind: String,
    pub count_milli: i64,
    pub plus_vnd: i64,
    /// Zero or less.
    pub minus_vnd: i64,
}

impl Line {
    pub fn net(&self) -> Vnd {
        Vnd(self.plus_vnd + self.minus_vnd)
    }
    pub fn plus(&self) -> Vnd {
        Vnd(self.plus_vnd)
    }
    pub fn minus(&self) -> Vnd {
        Vnd(self.minus_vnd)
    }

    /// `14`, or `1,5` for part of a bottle.
    pub fn count(&self) -> String {
        show_count(self.count_milli)
    }

    /// The group of a service, in words.
    pub fn group(&self) -> &str {
        group_name(&self.kind)
    }
}

/// The way money was paid, in the words of the desk.
pub fn method_name(method: &str) -> &str {
    match method {
        "cash" => "Tiền mặt",
        "transfer" => "Chuyển khoản",
        "card" => "Thẻ",
        other => other,
    }
}

/// The group of a service or drug.
pub fn group_name(group: &str) -> &str {
    match group {
        "exam" => "Khám bệnh",
        "lab" => "Xét nghiệm",
        "imaging" => "Chẩn đoán hình ảnh",
        "procedure" => "Thủ thuật",
        "drug" => "Thuốc",
        "package" => "Gói dịch vụ",
        "other" => "Khác",
        none => none,
    }
}

/// What the ledger says about the period, and whether both its sides balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Ledger {
    pub earned_vnd: i64,
    pub taken_vnd: i64,
    pub debit_vnd: i64,
    pub credit_vnd: i64,
    pub visits: i64,
}

impl Ledger {
    pub fn earned(&self) -> Vnd {
        Vnd(self.earned_vnd)
    }
    pub fn taken(&self) -> Vnd {
        Vnd(self.taken_vnd)
    }
}

/// A report: its lines, their sum, and the ledger's word on it.
#[derive(Clone, Debug)]
pub struct Report {
    pub by: Breakdown,
    pub period: Period,
    pub lines: Vec<Line>,
    pub sum: Line,
    pub ledger: Ledger,
}

impl Report {
    /// Adds up the lines. Visits are not added: one visit stands in the lines of several services.
    pub fn new(by: Breakdown, period: Period, lines: Vec<Line>, ledger: Ledger) -> Report {
        let add = |pick: fn(&Line) -> i64| lines.iter().map(pick).sum();
        let count_milli = if by.is_taken() || by == Breakdown::Service {
            add(|line| line.count_milli)
        } else {
            ledger.visits * 1000
        };
        let (plus_vnd, minus_vnd) = (add(|line| line.plus_vnd), add(|line| line.minus_vnd));
        let sum = Line { label: "Cộng".into(), kind: String::new(), count_milli, plus_vnd, minus_vnd };
        Report { by, period, lines, sum, ledger }
    }

    /// What a line is about, as people read it.
    pub fn label<'a>(&self, line: &'a Line) -> &'a str {
        match self.by {
            Breakdown::Method => method_name(&line.label),
            Breakdown::Doctor if line.label.is_empty() => "Chưa có bác sĩ",
            _ => &line.label,
        }
    }

    /// The same as a table for paper.
    pub fn book(&self) -> Book {
        let [count, plus, minus, net] = self.by.columns();
        let by_service = self.by == Breakdown::Service;
        let mut columns = vec![words(self.by.subject(), 34)];
        if by_service {
            columns.push(words("Nhóm", 18));
        }
        columns.extend([number(count), number(plus), number(minus), number(net)]);
        let row = |line: &Line| {
            let mut cells = vec![Cell::text(self.label(line))];
            if by_service {
                cells.push(Cell::text(line.group()));
            }
            cells.extend([Cell::Count(line.count_milli), Cell::Money(line.plus_vnd), Cell::Money(line.minus_vnd), Cell::Money(line.net().0)]);
            Row::new(cells)
        };
        let mut table = Table::new(self.by.name(), &columns, self.lines.iter().map(row).collect());
        table.sum = (!table.rows.is_empty()).then(|| {
            let mut sum = row(&self.sum);
            sum.cells[0] = Cell::text("Cộng");
            sum
        });
        Book {
            title: if self.by.is_taken() { "Thực thu" } else { "Doanh thu" },
            about: self.period.shown(),
            figures: Vec::new(),
            tables: vec![table],
            agrees: Some(self.agrees()),
            when_empty: "Chưa có số liệu trong khoảng này.",
        }
    }

    /// Whether the sum of the lines is the ledger's total to the đồng, and the ledger's sides are equal.
    pub fn agrees(&self) -> bool {
        let total = if self.by.is_taken() { self.ledger.taken() } else { self.ledger.earned() };
        self.sum.net() == total && self.ledger.debit_vnd == self.ledger.credit_vnd
    }
}

/// The report of one period. Two queries in one transaction that reads one moment, so that a payment that arrives
/// between them cannot make a true report look false.
pub async fn report(tx: &mut Tx, by: Breakdown, period: Period) -> Result<Report, sqlx::Error> {
    one_moment(tx).await?;
    let text = match by {
        Breakdown::Day => sql!(
            "SELECT to_char(day, 'DD/MM/YYYY') AS label, '' AS kind, count(DISTINCT encounter_id) * 1000 AS count_milli,
                    coalesce(sum(amount_vnd) FILTER (WHERE NOT is_reversal), 0)::bigint AS plus_vnd,
                    coalesce(sum(amount_vnd) FILTER (WHERE is_reversal), 0)::bigint AS minus_vnd
             FROM billing_report_revenue WHERE facility_id = $1 AND day BETWEEN $2 AND $3
             GROUP BY day ORDER BY day"
        ),
        Breakdown::Doctor => sql!(
            "SELECT coalesce(max(concat_ws(' ', nullif(d.title, ''), d.name)), '') AS label, '' AS kind,
                    count(DISTINCT r.encounter_id) * 1000 AS count_milli,
                    coalesce(sum(r.amount_vnd) FILTER (WHERE NOT r.is_reversal), 0)::bigint AS plus_vnd,
                    coalesce(sum(r.amount_vnd) FILTER (WHERE r.is_reversal), 0)::bigint AS minus_vnd
             FROM billing_report_revenue r
             LEFT JOIN practitioner_practitioner d ON d.facility_id = r.facility_id AND d.practitioner_id = r.practitioner_id
             WHERE r.facility_id = $1 AND r.day BETWEEN $2 AND $3
             GROUP BY r.practitioner_id ORDER BY sum(r.amount_vnd) DESC, label"
        ),
        Breakdown::Service => sql!(
            "SELECT max(name) AS label, group_key AS kind, sum(quantity_milli)::bigint AS count_milli,
                    coalesce(sum(amount_vnd) FILTER (WHERE NOT is_reversal), 0)::bigint AS plus_vnd,
                    coalesce(sum(amount_vnd) FILTER (WHERE is_reversal), 0)::bigint AS minus_vnd
             FROM billing_report_revenue WHERE facility_id = $1 AND day BETWEEN $2 AND $3
             GROUP BY group_key, coalesce(service_id::text, drug_id::text, name)
             ORDER BY array_position(ARRAY['exam', 'lab', 'imaging', 'procedure', 'other', 'drug', 'package'], group_key),
                      sum(amount_vnd) DESC, label"
        ),
        Breakdown::Cashier => sql!(
            "SELECT max(cashier_name) AS label, '' AS kind, count(DISTINCT receipt_id) * 1000 AS count_milli,
                    coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd > 0), 0)::bigint AS plus_vnd,
                    coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd < 0), 0)::bigint AS minus_vnd
             FROM billing_report_payment WHERE facility_id = $1 AND day BETWEEN $2 AND $3
             GROUP BY cashier_account ORDER BY sum(amount_vnd) DESC, label"
        ),
        Breakdown::Method => sql!(
            "SELECT method AS label, '' AS kind, count(DISTINCT receipt_id) * 1000 AS count_milli,
                    coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd > 0), 0)::bigint AS plus_vnd,
                    coalesce(sum(amount_vnd) FILTER (WHERE amount_vnd < 0), 0)::bigint AS minus_vnd
             FROM billing_report_payment WHERE facility_id = $1 AND day BETWEEN $2 AND $3
             GROUP BY method ORDER BY array_position(ARRAY['cash', 'transfer', 'card'], method)"
        ),
    };
    let facility = tx.facility().0;
    let lines = sqlx::query_as(text).bind(facility).bind(period.from).bind(period.to).fetch_all(tx.conn()).await?;
    Ok(Report::new(by, period, lines, ledger(tx, period).await?))
}

/// The ledger's totals: revenue is the credit side of the account "revenue", takings are the debit side of the accounts
/// of money.
pub async fn ledger(tx: &mut Tx, period: Period) -> Result<Ledger, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT coalesce(sum(credit_vnd - debit_vnd) FILTER (WHERE account = 'revenue'), 0)::bigint AS earned_vnd,
                coalesce(sum(debit_vnd - credit_vnd) FILTER (WHERE account IN ('cash', 'transfer', 'card')), 0)::bigint AS taken_vnd,
                coalesce(sum(debit_vnd), 0)::bigint AS debit_vnd, coalesce(sum(credit_vnd), 0)::bigint AS credit_vnd,
                count(DISTINCT encounter_id) FILTER (WHERE account = 'revenue') AS visits
         FROM billing_report_ledger WHERE facility_id = $1 AND day BETWEEN $2 AND $3"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .fetch_one(tx.conn())
    .await
}

/// From here on this transaction reads the database as it was at its first question.
pub async fn one_moment(tx: &mut Tx) -> Result<(), sqlx::Error> {
    // Not in the registry of SQL texts: a statement about the transaction itself cannot be prepared.
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count_milli: i64, plus_vnd: i64, minus_vnd: i64) -> Line {
        Line { label: String::new(), kind: String::new(), count_milli, plus_vnd, minus_vnd }
    }

    #[test]
    fn a_report_that_does_not_add_up_says_so() {
        let period = Period::day(base::parse_date_vi("24/11/2026").unwrap());
        let ledger = Ledger { earned_vnd: 700, taken_vnd: 0, debit_vnd: 1300, credit_vnd: 1300, visits: 2 };
        let lines = vec![line(1000, 500, 0), line(1000, 500, -300)];
        let report = Report::new(Breakdown::Doctor, period, lines.clone(), ledger);
        assert!(report.agrees());
        assert_eq!((report.sum.net(), report.sum.count_milli), (Vnd(700), 2000));
        assert!(!Report::new(Breakdown::Doctor, period, lines[..1].to_vec(), ledger).agrees());
        let unbalanced = Ledger { debit_vnd: 1299, ..ledger };
        assert!(!Report::new(Breakdown::Doctor, period, lines, unbalanced).agrees());
    }
}
