//! What the ward hangs on other pages: where somebody lies, and the way from a visit into the house.

use crate::store::stay;
use askama::Template;
use base::local_date;
use web::{Ctx, Failure, PanelFor, Tx};

#[derive(Template)]
#[template(path = "panel_stay.html")]
struct Lying {
    href: String,
    place: String,
    since: String,
    diagnosis: String,
}

/// `patient.visits`: the stay of somebody who lies in the house now.
pub async fn lying(_ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(patient) = about.patient else { return Ok(String::new()) };
    let Some(stay) = stay::open_of_patient(tx, patient).await? else { return Ok(String::new()) };
    Ok(Lying {
        href: format!("/app/stays/{}", stay.encounter_id),
        place: format!("{} · {}", stay.ward_name, stay.bed()),
        since: base::show_date(local_date(stay.admitted_at)),
        diagnosis: stay.shown_diagnosis().to_owned(),
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "panel_admit.html")]
struct ToAdmit {
    href: String,
}

/// `encounter.finish`: a finished visit that sends the patient into the house leads to the admission.
pub async fn to_admit(_ctx: &Ctx, tx: &mut Tx, about: &PanelFor) -> Result<String, Failure> {
    let Some(encounter) = about.encounter else { return Ok(String::new()) };
    let facility = tx.facility().0;
    let waits: bool = sqlx::query_scalar(db::sql!(
        "SELECT EXISTS (SELECT FROM encounter_disposition d WHERE d.facility_id = $1 AND d.encounter_id = $2 AND d.kind = 'admitted'
             AND NOT EXISTS (SELECT FROM encounter_encounter s WHERE s.facility_id = $1 AND s.from_encounter_id = $2))"
    ))
    .bind(facility)
    .bind(encounter.0)
    .fetch_one(tx.conn())
    .await?;
    if !waits {
        return Ok(String::new());
    }
    Ok(ToAdmit { href: format!("/app/admissions/new?from={encounter}") }.render()?)
}
