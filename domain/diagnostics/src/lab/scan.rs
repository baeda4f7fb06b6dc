//! Codes that a reader gives: the label on a tube, and the slip of a basket.

use super::specimen::looks_like_code;
use crate::store::lab::collect::{Which, list_specimens};
use crate::store::visit_of_slip;
use db::Tx;
use web::{Ctx, Failure};

/// The page of the sample with that code.
pub async fn specimen(tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    if !looks_like_code(code) {
        return Ok(None);
    }
    let facility = tx.facility();
    let found = list_specimens(tx.conn(), facility, Which::Code(code)).await?;
    Ok(found.first().map(|specimen| format!("/app/lab/specimens/{}", specimen.id)))
}

/// The visit of a slip: the tubes where samples are taken, the orders of the visit otherwise, or what waits in the rooms.
pub async fn slip(ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    let code = code.to_ascii_uppercase();
    let fits = code.len() == 15 && code.starts_with("CD") && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fits {
        return Ok(None);
    }
    let facility = tx.facility();
    let Some((encounter, kind)) = visit_of_slip(tx.conn(), facility, &code).await? else { return Ok(None) };
    Ok(Some(if kind == "lab" && ctx.may("lab.collect") && ctx.has_feature("lab.manual") {
        format!("/app/lab#collect-{encounter}")
    } else if ctx.may("chart.read") {
        format!("/app/encounters/{encounter}?tab=3")
    } else if ctx.may("order.perform") {
        "/app/orders?room=all".to_owned()
    } else {
        format!("/app/encounters/{encounter}/orders/slips/{code}")
    }))
}
