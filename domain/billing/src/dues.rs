//! The answer to "may this patient leave?": what a visit or stay still owes.

use crate::bill::of_visit;
use crate::store::{bills, debts};
use base::{EncounterId, Vnd};
use db::Tx;
use web::Failure;
use web::ask::Dues;

/// Asked by the ward before a discharge.
pub struct DueDesk;

#[async_trait::async_trait]
impl Dues for DueDesk {
    /// Charged less paid, deposits included, so that more paid than charged is negative. A debt that the cashier wrote
    /// down and that covers what is open counts as settled: the person was allowed to go with it.
    async fn owed(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vnd, Failure> {
        let bill = of_visit(encounter);
        let position = bills::position(tx, bill).await?;
        let owed = position.charged - position.paid;
        if owed > Vnd::ZERO {
            let debt = debts::find_of_bill(tx, bill).await?;
            if debt.is_some_and(|debt| debt.step == "granted" && debt.amount_vnd >= owed.0) {
                return Ok(Vnd::ZERO);
            }
        }
        Ok(owed)
    }
}
