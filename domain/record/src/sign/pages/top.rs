//! What stands above a record about its signatures: an alarm, or what waits for the patient.

use crate::sign::order::Orders;
use crate::sign::store::documents;
use crate::sign::{flow, role};
use askama::Template;
use db::{Tx, sql};
use uuid::Uuid;
use web::{Ctx, Failure, PanelFor};

#[derive(Template)]
#[template(path = "sign-top.html")]
struct Top {
    alerts: i64,
    /// Documents that wait for the patient: id and title.
    patient: Vec<(Uuid, String)>,
    may_alert: bool,
}

/// The panel at `record.top`.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let facility = tx.facility().0;
    let found: Option<(Uuid, i64)> = sqlx::query_as(sql!(
        "SELECT r.record_id, (SELECT count(*) FROM record_alert a JOIN record_document d ON d.facility_id = $1 AND d.document_id = a.document_id
                              WHERE a.facility_id = $1 AND a.seen_at IS NULL AND d.record_id = r.record_id)
         FROM record_record r WHERE r.facility_id = $1 AND r.encounter_id = $2"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some((record, alerts)) = found else { return Ok(String::new()) };
    let mut orders = Orders::default();
    let mut patient = Vec::new();
    for paper in documents::list_waiting_of_record(tx, record).await? {
        let order = orders.of(tx, &paper).await?;
        let Some(place) = flow::next(&order, &paper.signed()) else { continue };
        if role::find(place).is_some_and(|r| r.who == role::Who::Patient) {
            if ctx.may("record.witness") {
                patient.push((paper.document_id, paper.title.clone()));
            }
        }
    }
    if alerts == 0 && patient.is_empty() {
        return Ok(String::new());
    }
    Ok(Top { alerts, patient, may_alert: ctx.may("record.alert") }.render()?)
}
