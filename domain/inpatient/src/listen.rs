//! What the ward does when something happened elsewhere. Every listener may run twice and ends the same.

use crate::stay::{CameFrom, Step};
use crate::store::stay::{self, NewStay};
use crate::store::bed;
use crate::{cost, store};
use anyhow::{anyhow, bail};
use base::{EncounterId, Event};
use db::Tx;
use serde_json::{Value, json};
use web::Failure;

/// The job that counts the days in bed of one stay, shortly after every midnight.
pub const BED_DAYS: &str = "inpatient.bed_days";

/// A stay began, here or in another hospital system: it gets its sheet, and its bed days are counted from the next
/// midnight on.
pub async fn stay_opened(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::StayOpened { encounter, patient, ward, origin, at, .. } = serde_json::from_value(payload)? else {
        bail!("not a StayOpened");
    };
    let new = NewStay {
        encounter,
        patient,
        ward,
        came_from: if origin == "his" { CameFrom::His } else { CameFrom::Desk },
        reason: "",
        admit_code: "",
        admit_diagnosis: "",
        doctor: None,
        at,
    };
    // A patient whom another system admits while they lie here already is a matter for people: the sheet is left out.
    match store::stay::insert(tx, &new).await {
        Ok(_) => {}
        Err(Failure::Refused(problems)) => {
            tracing::warn!(%encounter, ?problems, "a stay without a sheet");
            return Ok(());
        }
        Err(other) => return Err(fault(other)),
    }
    let first = cost::next_round(tx.now);
    db::job::enqueue(tx, BED_DAYS, &json!({ "encounter": encounter }), first).await?;
    tx.notify("wards");
    tx.notify(format!("ward/{ward}"));
    Ok(())
}

/// Another hospital system moved the patient: the bed here is left and the patient waits for one in the new ward.
pub async fn ward_changed(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::WardChanged { encounter, to, at, .. } = serde_json::from_value(payload)? else {
        bail!("not a WardChanged");
    };
    let Some(mut stay) = known(tx, encounter).await? else { return Ok(()) };
    if stay.ward_id == to.0 || !stay.step().is_open() {
        return Ok(());
    }
    bed::leave(tx, encounter, at).await?;
    let from = stay.ward();
    stay.ward_id = to.0;
    stay.moving_to = None;
    stay::step(tx, &mut stay, Step::Waiting, crate::stay::Act::Receive, "").await?;
    tx.notify(format!("ward/{from}"));
    Ok(())
}

/// The stay ended: the bed is free, and the sheet is closed where another system said so.
pub async fn stay_closed(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::StayClosed { encounter, patient, outcome, way, at } = serde_json::from_value(payload)? else {
        bail!("not a StayClosed");
    };
    let Some(mut stay) = known(tx, encounter).await? else { return Ok(()) };
    if stay.step().is_open() {
        let is_hard = crate::discharge::is_hard_end(&outcome, &way);
        cost::post(tx, encounter, patient, stay.admitted_at, at, Some(is_hard)).await?;
        bed::leave(tx, encounter, at).await?;
        stay.moving_to = None;
        stay::step(tx, &mut stay, Step::Closed, crate::stay::Act::Close, "").await?;
    }
    Ok(())
}

/// The job after midnight: the bed days of yesterday, and the job of the next night while the stay lasts.
pub async fn bed_days(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    #[derive(serde::Deserialize)]
    struct Round {
        encounter: EncounterId,
    }
    let Round { encounter } = serde_json::from_value(payload)?;
    let Some(stay) = known(tx, encounter).await? else { return Ok(()) };
    if stay.step().is_open() {
        let midnight = base::dates::start_of_day(base::local_date(tx.now));
        cost::post(tx, encounter, stay.patient(), stay.admitted_at, midnight, None).await?;
        let again = cost::next_round(tx.now);
        db::job::enqueue(tx, BED_DAYS, &json!({ "encounter": encounter }), again).await?;
    }
    Ok(())
}

/// Two records turned out to be one person: the ward's rows follow.
pub async fn patients_merged(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::PatientsMerged { kept, gone } = serde_json::from_value(payload)? else {
        bail!("not a PatientsMerged");
    };
    let (facility, kept, gone) = (tx.facility().0, kept.0, gone.0);
    for statement in [
        db::sql!("UPDATE inpatient_stay SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_bed_stay SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_order SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_task SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_sheet SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_fluid SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_care SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_consult SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_request_line SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_discharge SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
        db::sql!("UPDATE inpatient_operation SET patient_id = $2 WHERE facility_id = $1 AND patient_id = $3"),
    ] {
        sqlx::query(statement).bind(facility).bind(kept).bind(gone).execute(tx.conn()).await?;
    }
    Ok(())
}

async fn known(tx: &mut Tx, encounter: EncounterId) -> anyhow::Result<Option<stay::Stay>> {
    match stay::lock(tx, encounter).await {
        Ok(stay) => Ok(Some(stay)),
        Err(sqlx::Error::RowNotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn fault(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Fault(error) => error,
        other => anyhow!("{other:?}"),
    }
}

