//! What the stay costs so far: bed days, what is owed, and what comes next.

use super::frame::Frame;
use crate::bed_day;
use crate::store::cost::{self, Line};
use crate::store::stay;
use askama::Template;
use base::{EncounterId, Vnd, show_date};
use web::{Answer, Ctx, PanelFor, Path, Shell};

struct Row {
    line: Line,
    day: String,
    quantity: String,
    price: Vnd,
    amount: Vnd,
}

#[derive(Template)]
#[template(path = "costs.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row>,
    total: Vnd,
    owed: Vnd,
    credit: Vnd,
    /// Bed days until now, posted or not, in thousandths.
    so_far: String,
    totals: Vec<String>,
    may_bill: bool,
}

/// `GET /app/stays/{encounter}/costs`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let frame = Frame::load(&ctx, &mut tx, id, "costs").await?;
    let rows: Vec<Row> = cost::list(&mut tx, id)
        .await?
        .into_iter()
        .map(|line| {
            let price = Vnd(line.price_vnd.unwrap_or(0));
            Row { day: show_date(line.day), quantity: crate::order::show_quantity(line.quantity_milli), amount: Vnd((price.0 * line.quantity_milli + 500) / 1000), price, line }
        })
        .collect();
    let places = stay::list_places(&mut tx, id).await?;
    let until = frame.stay.closed_at.unwrap_or(ctx.now);
    let lying = crate::cost::lying(&places, until);
    let days = bed_day::count(&lying, frame.stay.admitted_at, until, false, &bed_day::rule_on(base::local_date(frame.stay.admitted_at)));
    let owed = ctx.app.dues().owed(&mut tx, id).await?;
    let about = PanelFor { encounter: Some(id), patient: Some(frame.stay.patient()) };
    let totals = ctx.panels("encounter.totals", &mut tx, &about).await?;
    tx.commit().await?;
    web::html(Page {
        shell: ctx.shell("Chi phí", &[("B", "Sơ đồ giường")]),
        total: Vnd(rows.iter().map(|r| r.amount.0).sum()),
        owed: Vnd(owed.0.max(0)),
        credit: Vnd((-owed.0).max(0)),
        so_far: crate::order::show_quantity(days.iter().map(|d| d.milli).sum()),
        may_bill: ctx.may("billing.read"),
        frame,
        rows,
        totals,
    })
}
