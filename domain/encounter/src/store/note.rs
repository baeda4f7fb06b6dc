//! The draft, the versions of the note, and what a finished visit leaves behind.

use super::visit::Visit;
use crate::diagnosis::Diagnosis;
use crate::disposition::Disposition;
use crate::note::{Note, Section};
use crate::status::Status;
use base::EncounterId;
use chrono::{DateTime, Utc};
use db::Tx;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

/// The draft of a visit as stored; version 0 is one that nobody has written yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub version: i32,
    pub template: String,
    pub note: Note,
    pub diagnoses: Vec<Diagnosis>,
    /// The version under amendment and why.
    pub amends: Option<(i32, String)>,
    pub edited_by: Option<Uuid>,
    pub edited_by_name: String,
    pub edited_at: DateTime<Utc>,
}

impl Draft {
    /// What the doctor finds before anybody wrote: the reason given at the desk, and the template for the age.
    pub fn blank(visit: &Visit, now: DateTime<Utc>) -> Draft {
        let mut note = Note::default();
        if !visit.reason.is_empty() {
            note.0.insert("reason".into(), Section { text: visit.reason.clone(), ..Section::default() });
        }
        let template = if visit.age().years < 16 { "paediatrics" } else { "general" };
        Draft {
            version: 0,
            template: template.into(),
            note,
            diagnoses: Vec::new(),
            amends: None,
            edited_by: None,
            edited_by_name: String::new(),
            edited_at: now,
        }
    }
}

/// The visit locked for writing, with its draft. Two writers of one visit wait for each other here and nowhere else.
/// `RowNotFound` when it is not of this facility.
pub async fn open_for_writing(tx: &mut Tx, id: EncounterId) -> Result<(Visit, Draft), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let row = sqlx::query(db::sql!(
        "SELECT e.encounter_id, e.patient_id, e.practitioner_id, e.status, e.day, e.reason, p.sex, p.birth_date,
                d.version, d.template, d.sections, d.diagnoses, d.amends, d.amend_reason, d.edited_by,
                d.edited_by_name, d.edited_at
         FROM encounter_encounter e
         JOIN patient_patient p USING (facility_id, patient_id)
         LEFT JOIN encounter_note_draft d USING (facility_id, encounter_id)
         WHERE e.facility_id = $1 AND e.encounter_id = $2
         FOR UPDATE OF e"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    let visit = Visit::from_row(&row)?;
    let draft = read_draft(&row)?.unwrap_or_else(|| Draft::blank(&visit, now));
    Ok((visit, draft))
}

/// The draft columns of a joined row; `None` when the visit has none.
pub fn read_draft(row: &sqlx::postgres::PgRow) -> Result<Option<Draft>, sqlx::Error> {
    let Some(version) = row.try_get::<Option<i32>, _>("version")? else { return Ok(None) };
    let amends: Option<i32> = row.try_get("amends")?;
    let reason: Option<String> = row.try_get("amend_reason")?;
    Ok(Some(Draft {
        version,
        template: row.try_get("template")?,
        note: row.try_get::<Json<Note>, _>("sections")?.0,
        diagnoses: row.try_get::<Json<Vec<Diagnosis>>, _>("diagnoses")?.0,
        amends: amends.map(|version| (version, reason.unwrap_or_default())),
        edited_by: row.try_get("edited_by")?,
        edited_by_name: row.try_get("edited_by_name")?,
        edited_at: row.try_get("edited_at")?,
    }))
}

/// Writes the draft back, now edited by the actor.
pub async fn save_draft(tx: &mut Tx, id: EncounterId, draft: &Draft) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    sqlx::query(db::sql!(
        "INSERT INTO encounter_note_draft (facility_id, encounter_id, version, template, sections, diagnoses, amends,
             amend_reason, edited_by, edited_by_name, edited_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (facility_id, encounter_id) DO UPDATE SET version = excluded.version, template = excluded.template,
             sections = excluded.sections, diagnoses = excluded.diagnoses, amends = excluded.amends,
             amend_reason = excluded.amend_reason, edited_by = excluded.edited_by,
             edited_by_name = excluded.edited_by_name, edited_at = excluded.edited_at"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(draft.version)
    .bind(&draft.template)
    .bind(Json(&draft.note))
    .bind(Json(&draft.diagnoses))
    .bind(draft.amends.as_ref().map(|(version, _)| *version))
    .bind(draft.amends.as_ref().map(|(_, reason)| reason))
    .bind(account)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Throws a draft away: it has become a version, or an amendment was given up.
pub async fn delete_draft(tx: &mut Tx, id: EncounterId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!("DELETE FROM encounter_note_draft WHERE facility_id = $1 AND encounter_id = $2"))
        .bind(facility)
        .bind(id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A finished version of a note.
#[derive(Clone, Debug, FromRow)]
pub struct Version {
    pub note_id: Uuid,
    pub version: i32,
    pub template: String,
    pub sections: Json<Note>,
    pub diagnoses: Json<Vec<Diagnosis>>,
    pub disposition: Json<Disposition>,
    pub amend_reason: String,
    pub author: Uuid,
    pub author_name: String,
    pub signed_at: DateTime<Utc>,
}

/// All versions of a visit's note, newest first.
pub async fn list_versions(tx: &mut Tx, id: EncounterId) -> Result<Vec<Version>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT note_id, version, template, sections, diagnoses, disposition, amend_reason, author, author_name, signed_at
         FROM encounter_note WHERE facility_id = $1 AND encounter_id = $2 ORDER BY version DESC"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await
}

/// Turns the draft into version `version` for good: the version row, the diagnoses and the disposition as they stand
/// now, and one more use of each code for this doctor.
pub async fn insert_version(
    tx: &mut Tx,
    visit: &Visit,
    draft: &Draft,
    disposition: &Disposition,
    note_id: Uuid,
    version: i32,
) -> Result<(), sqlx::Error> {
    let (facility, account, name, now) = (tx.facility().0, tx.actor.account.0, tx.actor.name.to_string(), tx.now);
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    sqlx::query(db::sql!(
        "INSERT INTO encounter_note (facility_id, note_id, encounter_id, version, template, sections, diagnoses, disposition,
             amend_reason, practitioner_id, author, author_name, signed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    ))
    .bind(facility)
    .bind(note_id)
    .bind(visit.encounter_id)
    .bind(version)
    .bind(&draft.template)
    .bind(Json(&draft.note))
    .bind(Json(&draft.diagnoses))
    .bind(Json(disposition))
    .bind(draft.amends.as_ref().map_or("", |(_, reason)| reason))
    .bind(practitioner)
    .bind(account)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(db::sql!(
        "INSERT INTO encounter_disposition (facility_id, encounter_id, kind, follow_up_on, place, reason, died_at, advice, note_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (facility_id, encounter_id) DO UPDATE SET kind = excluded.kind, follow_up_on = excluded.follow_up_on,
             place = excluded.place, reason = excluded.reason, died_at = excluded.died_at, advice = excluded.advice,
             note_version = excluded.note_version"
    ))
    .bind(facility)
    .bind(visit.encounter_id)
    .bind(disposition.kind.map(crate::disposition::Kind::key))
    .bind(disposition.follow_up())
    .bind(&disposition.place)
    .bind(&disposition.reason)
    .bind(disposition.died_at)
    .bind(&disposition.advice)
    .bind(version)
    .execute(tx.conn())
    .await?;
    super::diagnosis::write_list(tx, visit, &draft.diagnoses).await?;
    if version == 1 {
        super::diagnosis::count_uses(tx, &draft.diagnoses).await?;
    }
    delete_draft(tx, visit.id()).await
}

/// The last finished note of the person before this visit, to be carried forward, with its day.
pub async fn find_previous(tx: &mut Tx, visit: &Visit) -> Result<Option<(Note, chrono::NaiveDate)>, sqlx::Error> {
    let facility = tx.facility().0;
    let row = sqlx::query(db::sql!(
        "SELECT n.sections, e.day
         FROM encounter_encounter e
         JOIN LATERAL (SELECT sections FROM encounter_note n WHERE n.facility_id = e.facility_id AND n.encounter_id = e.encounter_id
                       ORDER BY version DESC LIMIT 1) n ON true
         WHERE e.facility_id = $1 AND e.patient_id = $2 AND e.encounter_id <> $3 AND e.status = $4 AND e.day <= $5
         ORDER BY e.opened_at DESC LIMIT 1"
    ))
    .bind(facility)
    .bind(visit.patient_id)
    .bind(visit.encounter_id)
    .bind(Status::Finished.key())
    .bind(visit.day)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| Ok((row.try_get::<Json<Note>, _>("sections")?.0, row.try_get("day")?))).transpose()
}
