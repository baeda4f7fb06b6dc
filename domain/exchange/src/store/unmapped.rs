//! Codes that came and have no meaning here yet.

use crate::command::Coded;
use db::Tx;
use uuid::Uuid;
use web::sql;

/// Counts the code among those that need a translation.
pub async fn note(tx: &mut Tx, partner: Uuid, kind: &str, code: &Coded) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO exchange_unmapped (facility_id, partner_id, kind, code, text, first_seen, last_seen)
         VALUES ($1, $2, $3, left($4, 120), left($5, 200), $6, $6)
         ON CONFLICT (facility_id, partner_id, kind, code) DO UPDATE
         SET times = exchange_unmapped.times + 1, last_seen = excluded.last_seen,
             text = CASE WHEN excluded.text = '' THEN exchange_unmapped.text ELSE excluded.text END"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(kind)
    .bind(&code.code)
    .bind(&code.text)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
