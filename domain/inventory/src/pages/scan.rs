//! What a code leads to: a label of ours to its lot; a maker's barcode to the item, or to the lot when it names the
//! batch.

use crate::store::{items, lots};
use crate::{gs1, lot};
use db::Tx;
use web::{Ctx, Failure};

/// Our own lot label. Other codes cost no query: they do not look like one.
pub async fn lot_label(_ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    let Some(number) = lot::read_label(code) else { return Ok(None) };
    let found = lots::find_by_label(tx, number).await?;
    Ok(found.map(|l| format!("/app/stock/lots/{}", l.lot_id)))
}

/// A maker's barcode that this pharmacy has learned.
pub async fn maker_code(_ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<String>, Failure> {
    // Bare numbers are tried only with a right check digit, so that ticket and phone numbers cost nothing.
    let is_bare_number = code.trim().bytes().all(|b| b.is_ascii_digit());
    if is_bare_number && gs1::gtin(code.trim()).is_none() {
        return Ok(None);
    }
    let Some(read) = gs1::read(code) else { return Ok(None) };
    let Some((item, _)) = items::find_by_barcode(tx, &read.article).await? else { return Ok(None) };
    let lot = match &read.lot_no {
        Some(lot_no) => lots::find_by_number(tx, item, lot_no, read.expires).await?,
        None => None,
    };
    Ok(Some(match lot {
        Some(lot) => format!("/app/stock/lots/{lot}"),
        None => format!("/app/stock/items/{item}"),
    }))
}
