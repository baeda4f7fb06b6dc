//! What a visit or stay found, in a few words each, for summaries, discharge papers and the record; and what is still out.

use crate::store::imaging::list_of_encounter;
use crate::store::lab::report::{Of, list_values};
use base::EncounterId;
use db::{Tx, sql};
use web::Failure;
use web::ask::{Finding, Findings};

/// A stay of some weeks with daily blood brings about two thousand values; more than this no summary can hold.
const MOST: i64 = 3_000;

/// Asked by the ward and by the record.
pub struct FindingDesk;

#[async_trait::async_trait]
impl Findings for FindingDesk {
    /// Released values and conclusions, oldest first; of a corrected result only the newest version.
    async fn of_encounter(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<Finding>, Failure> {
        let facility = tx.facility();
        let values = list_values(tx.conn(), facility, Of::Encounter(encounter), MOST).await?;
        let mut found: Vec<Finding> = values
            .into_iter()
            .map(|value| Finding {
                at: value.collected_at,
                kind: "lab",
                text: format!("{} {}", value.shown, value.unit).trim().to_owned(),
                abnormal: value.flag.is_abnormal(),
                name: value.name,
            })
            .collect();
        let reports = list_of_encounter(tx.conn(), facility, encounter).await?;
        found.extend(reports.into_iter().map(|report| Finding {
            at: report.released_at,
            kind: "imaging",
            name: report.service_name,
            text: report.content.0.conclusion.clone(),
            abnormal: report.is_abnormal,
        }));
        found.sort_by_key(|finding| finding.at);
        Ok(found)
    }

    /// What was sent and is neither done nor cancelled, each with its day.
    async fn open_orders(&self, tx: &mut Tx, encounter: EncounterId) -> Result<Vec<String>, Failure> {
        let facility = tx.facility().0;
        Ok(sqlx::query_scalar(sql!(
            "SELECT service_name || ' (' || to_char(ordered_at AT TIME ZONE INTERVAL '07:00', 'DD/MM HH24:MI') || ')' FROM diagnostics_order
             WHERE facility_id = $1 AND encounter_id = $2 AND status IN ('placed', 'collected') ORDER BY ordered_at, order_id"
        ))
        .bind(facility)
        .bind(encounter.0)
        .fetch_all(tx.conn())
        .await?)
    }
}
