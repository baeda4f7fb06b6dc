//! What the visit costs so far, at the foot of the doctor's right column.

use crate::bill::of_visit;
use crate::store::bills;
use askama::Template;
use base::Vnd;
use db::Tx;
use web::{Ctx, Failure, PanelFor};

#[derive(Template)]
#[template(path = "totals.html")]
struct Totals {
    encounter: base::EncounterId,
    exam: Vnd,
    services: Vnd,
    drugs: Vnd,
    total: Vnd,
    paid: Vnd,
    due: Vnd,
    unpriced: usize,
}

/// The panel `encounter.totals`; empty on pages without a visit.
pub async fn panel(_ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let bill = of_visit(encounter);
    let position = bills::position(tx, bill).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let living = || lines.iter().filter(|l| !l.is_reversed());
    let sum = |of: &str| -> Vnd { living().filter(|l| l.source == of).map(|l| l.net()).sum() };
    Ok(Totals {
        encounter,
        exam: sum("exam"),
        services: sum("order"),
        drugs: sum("drug") + sum("dispense"),
        total: position.charged,
        paid: position.paid,
        due: position.due(),
        unpriced: living().filter(|l| l.is_unpriced()).count(),
    }
    .render()?)
}

/// The same as a piece, for live changes.
pub async fn piece(ctx: Ctx, web::Path(encounter): web::Path<base::EncounterId>) -> web::Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, of_visit(encounter)).await?;
    let html = panel(&ctx, &mut tx, &PanelFor { encounter: Some(encounter), patient: payer.patient() }).await?;
    Ok(web::IntoResponse::into_response(([("content-type", "text/html; charset=utf-8")], html)))
}
