//! The one look that every message begins with: have we had it, whom does its number mean, is its visit here, does
//! anything of the same person wait, are our codes still the newest.

use crate::command::State;
use crate::partner::Partner;
use crate::person::Known;
use base::{DocumentId, EncounterId, PatientId, PersonId};
use db::Tx;
use patient::{Birth, Sex};
use sqlx::Row;
use uuid::Uuid;
use web::sql;

/// What was there before the message.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub earlier: Option<Earlier>,
    pub known: Option<Known>,
    pub visit: Option<Visit>,
    /// Something of this person waits for a clerk, so that this has to wait behind it.
    pub is_blocked: bool,
    /// Something of this person waits that may go on once this is done.
    pub others_wait: bool,
    pub stamp: i64,
}

/// A message with the same number.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub message: Uuid,
    pub body_hash: Vec<u8>,
    pub state: State,
    pub words: String,
    pub words_en: String,
    pub patient: Option<PatientId>,
    pub encounter: Option<EncounterId>,
    pub documents: Vec<DocumentId>,
}

/// The visit that the message speaks of.
#[derive(Clone, Debug)]
pub struct Visit {
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub class: String,
}

/// Takes the place in the line of this person: messages of one person follow each other, whatever connection they use.
pub async fn take_turn(tx: &mut Tx, partner: &Partner, subject_key: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"))
        .bind(format!("exchange/{}/{subject_key}", partner.id))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Looks. `but` is the message itself when it was kept before.
pub async fn look(tx: &mut Tx, partner: &Partner, control_id: &str, subject_key: &str, visit: EncounterId, but: Option<Uuid>) -> Result<Seen, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT m.message_id, m.body_hash, m.state, m.words, m.words_en, m.patient_id AS told_patient, m.encounter_id AS told_encounter,
                m.documents,
                EXISTS (SELECT 1 FROM exchange_message w WHERE w.facility_id = $1 AND w.partner_id = $2 AND w.subject_key = $4
                        AND w.state IN ('clerk', 'behind') AND ($6::uuid IS NULL OR w.message_id < $6)) AS is_blocked,
                EXISTS (SELECT 1 FROM exchange_message w WHERE w.facility_id = $1 AND w.partner_id = $2 AND w.subject_key = $4
                        AND w.state IN ('behind', 'early')) AS others_wait,
                coalesce((SELECT stamp FROM exchange_stamp s WHERE s.facility_id = $1), 0) AS stamp,
                p.patient_id, p.person_id, p.name, p.birth_date, p.birth_year_only, p.sex, p.phone, p.cccd, p.address_line,
                coalesce((SELECT card_no FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = p.patient_id
                          AND c.ended_at IS NULL ORDER BY recorded_at DESC LIMIT 1), '') AS card_no,
                e.encounter_id, e.patient_id AS visit_patient, e.class
         FROM (SELECT 1) AS one
         LEFT JOIN exchange_message m ON m.facility_id = $1 AND m.partner_id = $2 AND m.control_id = $3
         LEFT JOIN exchange_identifier i ON i.facility_id = $1 AND i.partner_id = $2 AND i.value = $4 AND i.ended_at IS NULL
         LEFT JOIN patient_patient own ON own.facility_id = $1 AND own.patient_id = i.patient_id
         LEFT JOIN patient_patient p ON p.facility_id = $1 AND p.patient_id = coalesce(own.merged_into, own.patient_id)
         LEFT JOIN encounter_encounter e ON e.facility_id = $1 AND e.encounter_id = $5"
    ))
    .bind(tx.facility().0)
    .bind(partner.id)
    .bind(control_id)
    .bind(subject_key)
    .bind(visit.0)
    .bind(but)
    .fetch_one(tx.conn())
    .await?;
    let earlier = match row.try_get::<Option<Uuid>, _>("message_id")? {
        Some(message) => Some(Earlier {
            message,
            body_hash: row.try_get("body_hash")?,
            state: State::from_key(row.try_get("state")?).unwrap_or(State::Dead),
            words: row.try_get("words")?,
            words_en: row.try_get("words_en")?,
            patient: row.try_get::<Option<Uuid>, _>("told_patient")?.map(PatientId),
            encounter: row.try_get::<Option<Uuid>, _>("told_encounter")?.map(EncounterId),
            documents: row.try_get::<Vec<Uuid>, _>("documents")?.into_iter().map(DocumentId).collect(),
        }),
        None => None,
    };
    let known = match row.try_get::<Option<Uuid>, _>("patient_id")? {
        Some(_) => Some(known(&row)?),
        None => None,
    };
    let visit = match row.try_get::<Option<Uuid>, _>("encounter_id")? {
        Some(id) => Some(Visit { encounter: EncounterId(id), patient: PatientId(row.try_get("visit_patient")?), class: row.try_get("class")? }),
        None => None,
    };
    Ok(Seen {
        earlier,
        known,
        visit,
        is_blocked: row.try_get("is_blocked")?,
        others_wait: row.try_get("others_wait")?,
        stamp: row.try_get("stamp")?,
    })
}

/// Reads the columns of a known patient.
pub fn known(row: &sqlx::postgres::PgRow) -> Result<Known, sqlx::Error> {
    Ok(Known {
        patient: PatientId(row.try_get("patient_id")?),
        person: PersonId(row.try_get("person_id")?),
        name: row.try_get("name")?,
        birth: Birth { date: row.try_get("birth_date")?, year_only: row.try_get("birth_year_only")? },
        sex: Sex::from_key(row.try_get("sex")?).unwrap_or(Sex::Unknown),
        phone: row.try_get("phone")?,
        cccd: row.try_get("cccd")?,
        address_line: row.try_get("address_line")?,
        card_no: row.try_get("card_no")?,
    })
}
