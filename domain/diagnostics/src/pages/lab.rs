//! Pages of the laboratory: the desk where samples are taken and received, the bench, the second look, reports, the
//! clinician's inbox, controls, the catalogue, waiting times and the machines' door.

pub mod bench;
pub mod catalogue;
pub mod chart;
pub mod desk;
pub mod door;
pub mod inbox;
pub mod label;
pub mod quality;
pub mod report;
pub mod review;
pub mod specimen;
pub mod turnaround;

use crate::store::lab::bench::Cell;
use crate::store::lab::collect::{Counts, counts};
use base::{Age, show_date};
use chrono::NaiveDate;
use web::{Ctx, Failure, Tx};

/// The keys of the laboratory's pages.
pub(crate) const KEYS: &[(&str, &str)] = &[("Enter", "Xuống cột"), ("F5", "Nhận mẫu"), ("F8", "Duyệt")];

/// A step of the laboratory's day, as the tabs show it.
pub(crate) struct Step {
    pub href: &'static str,
    pub name: &'static str,
    pub count: i64,
    pub is_here: bool,
}

/// The tabs with their counts.
pub(crate) async fn steps(ctx: &Ctx, tx: &mut Tx, here: &str) -> Result<(Vec<Step>, Counts), Failure> {
    let pay_first = organization::facility::get(tx.conn(), ctx.facility()).await?.settings.pay_first;
    let counts = counts(tx.conn(), ctx.facility(), pay_first).await?;
    let step = |href, name, count| Step { href, name, count, is_here: href == here };
    let mut steps = Vec::new();
    if ctx.may("lab.collect") {
        steps.push(step("/app/lab", "Chờ lấy mẫu", counts.to_collect));
        steps.push(step("/app/lab/reception", "Chờ nhận mẫu", counts.to_receive));
    }
    if ctx.may("lab.technical") {
        steps.push(step("/app/lab/bench", "Bàn xét nghiệm", counts.on_bench + counts.typed));
    }
    if ctx.may("lab.medical") {
        steps.push(step("/app/lab/validation", "Chờ duyệt trả", counts.technical));
    }
    Ok((steps, counts))
}

/// "Nam 41 tuổi".
pub(crate) fn who(sex: &str, birth_date: NaiveDate, today: NaiveDate) -> String {
    let age = Age::on(birth_date, today);
    match sex {
        "male" => format!("Nam {age}"),
        "female" => format!("Nữ {age}"),
        _ => age.to_string(),
    }
}

/// One cell as templates show it.
pub(crate) struct CellView {
    pub cell: Cell,
    /// Colour of the cell: "", "off", "crit".
    pub class: &'static str,
    pub range: String,
    pub previous: String,
    pub may_type: bool,
    /// The column the keyboard goes down.
    pub column: String,
}

impl CellView {
    pub(crate) fn new(cell: Cell, may_type: bool) -> CellView {
        use crate::lab::validation::Status;
        CellView {
            class: class_of(&cell),
            range: cell.limits.shown(),
            previous: match cell.previous_at {
                Some(at) if !cell.previous_shown.is_empty() => {
                    format!("{} · {}", cell.previous_shown, show_date(base::local_date(at)))
                }
                _ => String::new(),
            },
            may_type: may_type && matches!(cell.status, Status::Pending | Status::Typed | Status::Technical) && cell.correct_reason.is_empty(),
            column: cell.code.clone(),
            cell,
        }
    }
}

/// The colour that goes with a flag.
pub(crate) fn class_of(cell: &Cell) -> &'static str {
    if cell.flag.is_critical() {
        "crit"
    } else if cell.flag.is_abnormal() {
        "off"
    } else {
        ""
    }
}
