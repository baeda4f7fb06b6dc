//! Stills and clips of a study.

use base::FacilityId;
use chrono::{DateTime, Utc};
use db::{Tx, sql};
use sqlx::PgConnection;
use uuid::Uuid;

/// One still or clip.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Picture {
    pub picture_id: Uuid,
    pub kind: String,
    pub file: String,
    pub small_file: Option<String>,
    pub paper_file: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub duration_ms: Option<i32>,
    pub taken_at: DateTime<Utc>,
}

impl Picture {
    pub fn is_still(&self) -> bool {
        self.kind == "still"
    }
}

/// The pictures of a study that are still there, in the order in which they were taken.
pub async fn list_pictures(conn: &mut PgConnection, facility: FacilityId, study: Uuid) -> Result<Vec<Picture>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT picture_id, kind, file, small_file, paper_file, width, height, duration_ms, taken_at FROM diagnostics_picture
         WHERE facility_id = $1 AND study_id = $2 AND removed_at IS NULL ORDER BY taken_at, picture_id"
    ))
    .bind(facility.0)
    .bind(study)
    .fetch_all(conn)
    .await
}

/// One picture of a study; also one that was removed (`true` beside it).
pub async fn find_picture(
    conn: &mut PgConnection,
    facility: FacilityId,
    study: Uuid,
    picture: Uuid,
) -> Result<Option<(Picture, bool)>, sqlx::Error> {
    use sqlx::{FromRow, Row};
    let row = sqlx::query(sql!(
        "SELECT picture_id, kind, file, small_file, paper_file, width, height, duration_ms, taken_at, removed_at IS NOT NULL AS is_removed
         FROM diagnostics_picture WHERE facility_id = $1 AND study_id = $2 AND picture_id = $3"
    ))
    .bind(facility.0)
    .bind(study)
    .bind(picture)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((Picture::from_row(&row)?, row.try_get("is_removed")?))).transpose()
}

/// A picture on its way in; its content is kept already.
#[derive(Clone, Debug)]
pub struct NewPicture<'a> {
    pub id: Uuid,
    pub study: Uuid,
    pub kind: &'static str,
    pub file: &'a str,
    pub small_file: Option<&'a str>,
    pub paper_file: Option<&'a str>,
    pub bytes: i32,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub duration_ms: Option<i32>,
    pub taken_at: DateTime<Utc>,
}

/// Writes a picture; the same one sent again changes nothing. False when the id belongs to something else already.
pub async fn insert_picture(tx: &mut Tx, new: &NewPicture<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql!(
        "INSERT INTO diagnostics_picture AS p (facility_id, picture_id, study_id, kind, file, small_file, paper_file, bytes, width,
             height, duration_ms, taken_at, taken_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (facility_id, picture_id) DO UPDATE SET kind = p.kind
         WHERE p.study_id = excluded.study_id AND p.file = excluded.file"
    ))
    .bind(tx.facility().0)
    .bind(new.id)
    .bind(new.study)
    .bind(new.kind)
    .bind(new.file)
    .bind(new.small_file)
    .bind(new.paper_file)
    .bind(new.bytes)
    .bind(new.width)
    .bind(new.height)
    .bind(new.duration_ms)
    .bind(new.taken_at)
    .bind(tx.actor.account.0)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks a picture as thrown away; gives those of its contents that no other picture names any more.
pub async fn remove_picture(tx: &mut Tx, picture: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let gone: Option<(String, Option<String>, Option<String>)> = sqlx::query_as(sql!(
        "UPDATE diagnostics_picture SET removed_at = $3, removed_by = $4
         WHERE facility_id = $1 AND picture_id = $2 AND removed_at IS NULL RETURNING file, small_file, paper_file"
    ))
    .bind(tx.facility().0)
    .bind(picture)
    .bind(tx.now)
    .bind(tx.actor.account.0)
    .fetch_optional(tx.conn())
    .await?;
    let Some((file, small, paper)) = gone else { return Ok(Vec::new()) };
    let is_shared: bool = sqlx::query_scalar(sql!(
        "SELECT EXISTS (SELECT 1 FROM diagnostics_picture WHERE facility_id = $1 AND file = $2 AND removed_at IS NULL)"
    ))
    .bind(tx.facility().0)
    .bind(&file)
    .fetch_one(tx.conn())
    .await?;
    Ok(if is_shared { Vec::new() } else { [Some(file), small, paper].into_iter().flatten().collect() })
}
