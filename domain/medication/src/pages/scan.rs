//! A prescription's own code, scanned anywhere.

use crate::{code, store};
use web::{Ctx, Failure, Tx};

/// The page that the code leads to: the counter for who hands over, the prescription for who reads.
pub async fn prescription(ctx: &Ctx, tx: &mut Tx, scanned: &str) -> Result<Option<String>, Failure> {
    if !code::is_code(&scanned.trim().to_lowercase()) {
        return Ok(None);
    }
    let found = store::find_by_code(tx.conn(), ctx.facility(), scanned).await?;
    let hands_over = ctx.may("dispense.write") && ctx.has_feature("stock");
    Ok(found.map(|id| if hands_over { format!("/app/pharmacy/prescriptions/{id}") } else { format!("/app/prescriptions/{id}") }))
}
