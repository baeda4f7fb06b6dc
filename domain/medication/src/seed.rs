//! The demo world's pharmacist has decided already which drugs go over the counter; for demonstrations and tests only.

use crate::store;
use chrono::NaiveDate;
use db::Tx;
use organization::seed::demo_id;

/// Drugs of `catalogues/demo/drugs.tsv` that the demo pharmacist sells without a prescription. A real pharmacist reads
/// the list of the Ministry that is in force.
const OVER_COUNTER: [&str; 15] =
    ["T010", "T011", "T016", "T017", "T018", "T019", "T020", "T021", "T029", "T031", "T032", "T046", "T049", "T053", "T056"];

/// Writes the decisions for a demo facility. Running it again changes nothing.
pub async fn write(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    for drug in OVER_COUNTER {
        store::set_over_counter(tx, demo_id(code, "drug", drug), true, from).await?;
    }
    Ok(())
}
