//! A clinic's own quick texts.

use crate::quick_text::{self, QuickText};
use db::Tx;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Shipped,
    Clinic,
    Own,
}

/// The texts that work at this doctor's desk: the shipped ones, the clinic's over them, the doctor's own over both.
pub async fn list(tx: &mut Tx) -> Result<Vec<(QuickText, Origin)>, sqlx::Error> {
    let facility = tx.facility().0;
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    let own: Vec<(String, String, String, bool)> = sqlx::query_as(db::sql!(
        "SELECT shortcut, title, text, practitioner_id IS NOT NULL FROM encounter_quick_text
         WHERE facility_id = $1 AND ended_at IS NULL AND (practitioner_id IS NULL OR practitioner_id = $2)
         ORDER BY practitioner_id NULLS FIRST LIMIT 500"
    ))
    .bind(facility)
    .bind(practitioner)
    .fetch_all(tx.conn())
    .await?;
    let mut texts: BTreeMap<String, (QuickText, Origin)> =
        quick_text::shipped().iter().map(|q| (q.shortcut.clone(), (q.clone(), Origin::Shipped))).collect();
    for (shortcut, title, text, is_own) in own {
        let origin = if is_own { Origin::Own } else { Origin::Clinic };
        texts.insert(shortcut.clone(), (QuickText { shortcut, title, text }, origin));
    }
    Ok(texts.into_values().collect())
}

/// Keeps a text as the doctor's own; an earlier one of the same shortcut is ended.
pub async fn keep(tx: &mut Tx, id: Uuid, text: &QuickText) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    sqlx::query(db::sql!(
        "UPDATE encounter_quick_text SET ended_at = $4
         WHERE facility_id = $1 AND practitioner_id IS NOT DISTINCT FROM $2 AND shortcut = $3 AND ended_at IS NULL
           AND quick_text_id <> $5"
    ))
    .bind(facility)
    .bind(practitioner)
    .bind(&text.shortcut)
    .bind(now)
    .bind(id)
    .execute(tx.conn())
    .await?;
    sqlx::query(db::sql!(
        "INSERT INTO encounter_quick_text (facility_id, quick_text_id, practitioner_id, shortcut, title, text, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (facility_id, quick_text_id) DO NOTHING"
    ))
    .bind(facility)
    .bind(id)
    .bind(practitioner)
    .bind(&text.shortcut)
    .bind(&text.title)
    .bind(&text.text)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the doctor's own text of a shortcut; false when there was none.
pub async fn end(tx: &mut Tx, shortcut: &str) -> Result<bool, sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    let practitioner = tx.actor.practitioner.map(|p| p.0);
    let ended = sqlx::query(db::sql!(
        "UPDATE encounter_quick_text SET ended_at = $4
         WHERE facility_id = $1 AND practitioner_id = $2 AND shortcut = $3 AND ended_at IS NULL"
    ))
    .bind(facility)
    .bind(practitioner)
    .bind(shortcut)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() > 0)
}
