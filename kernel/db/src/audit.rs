//! The audit chain: hash(n) = SHA-256(hash(n−1) ‖ row n), one chain per facility, laid by the sealer about a second
//! after the rows were committed. Verification finds a changed, deleted, inserted or reordered row.

use crate::pool::Db;
use base::FacilityId;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What a verification found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// The row at this place of the chain is not the row that was sealed (changed or reordered).
    Changed { facility: i32, seq: i64, audit_id: Uuid },
    /// The chain names a row that is gone.
    Deleted { facility: i32, seq: i64, audit_id: Uuid },
    /// A row stands outside the chain without waiting for it.
    Inserted { facility: i32, audit_id: Uuid },
    /// The chain itself has a hole.
    Gap { facility: i32, after_seq: i64 },
    /// The chain is shorter or different from what an anchor outside the database remembers.
    AnchorMissed { facility: i32, seq: i64 },
}

/// The outcome of a verification.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    pub facilities: usize,
    pub rows: u64,
    pub waiting: u64,
    pub faults: Vec<AuditFault>,
    /// The newest link of each facility: (facility, seq, hash in hex).
    pub heads: Vec<(i32, i64, String)>,
}

const COLUMNS_HELP: &str = "facility|at|account|name|via|action|entity|id|patient|detail";

fn link_hash(previous: &[u8], seq: i64, row: &PgRow) -> Vec<u8> {
    let at: DateTime<Utc> = row.get("at");
    let patient: Option<Uuid> = row.get("patient_id");
    let mut hasher = Sha256::new();
    hasher.update(COLUMNS_HELP.as_bytes());
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    let parts: [String; 11] = [
        row.get::<i32, _>("facility_id").to_string(),
        row.get::<Uuid, _>("audit_id").to_string(),
        at.timestamp_micros().to_string(),
        row.get::<Uuid, _>("account_id").to_string(),
        row.get("actor_name"),
        row.get("via"),
        row.get("action"),
        row.get("entity"),
        row.get("entity_id"),
        patient.map(|p| p.to_string()).unwrap_or_default(),
        row.get("detail"),
    ];
    for part in parts {
        // The length keeps "ab"+"c" apart from "a"+"bc".
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_vec()
}

/// Links up to 5,000 waiting rows of a facility; gives how many. Two sealers at once take turns.
pub async fn seal(db: &Db, facility: FacilityId, now: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let mut tx = db.begin_system(facility, now).await?;
    sqlx::query(crate::sql!("SELECT pg_advisory_xact_lock(7928002, $1)")).bind(facility.0).execute(tx.conn()).await?;
    let head = sqlx::query(crate::sql!(
        "SELECT seq, hash FROM db_audit_link WHERE facility_id = $1 ORDER BY seq DESC LIMIT 1"
    ))
    .bind(facility.0)
    .fetch_optional(tx.conn())
    .await?;
    let (mut seq, mut hash): (i64, Vec<u8>) = head.map_or((0, vec![0; 32]), |row| (row.get(0), row.get(1)));
    let rows = sqlx::query(crate::sql!(
        "WITH waiting AS (
             DELETE FROM db_audit_pending p WHERE facility_id = $1 AND audit_id IN (
                 SELECT audit_id FROM db_audit_pending WHERE facility_id = $1 ORDER BY audit_id LIMIT 5000)
             RETURNING p.audit_id)
         SELECT a.* FROM waiting w JOIN db_audit a ON a.facility_id = $1 AND a.audit_id = w.audit_id ORDER BY a.audit_id"
    ))
    .bind(facility.0)
    .fetch_all(tx.conn())
    .await?;
    let mut seqs = Vec::with_capacity(rows.len());
    let mut ids: Vec<Uuid> = Vec::with_capacity(rows.len());
    let mut hashes = Vec::with_capacity(rows.len());
    for row in &rows {
        seq += 1;
        hash = link_hash(&hash, seq, row);
        seqs.push(seq);
        ids.push(row.get("audit_id"));
        hashes.push(hash.clone());
    }
    sqlx::query(crate::sql!(
        "INSERT INTO db_audit_link (facility_id, seq, audit_id, hash)
         SELECT $1, l.seq, l.id, l.hash FROM unnest($2::bigint[], $3::uuid[], $4::bytea[]) AS l(seq, id, hash)"
    ))
    .bind(facility.0)
    .bind(&seqs)
    .bind(&ids)
    .bind(&hashes)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(rows.len())
}

/// Walks the chain of every facility. `conn` must see all facilities (the owner with row security set per facility).
pub async fn verify(conn: &mut PgConnection, facilities: &[i32]) -> Result<AuditReport, sqlx::Error> {
    let mut report = AuditReport { facilities: facilities.len(), ..AuditReport::default() };
    for &facility in facilities {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SET yba.facility = '{facility}'"))).execute(&mut *conn).await?;
        verify_one(conn, facility, &mut report).await?;
    }
    sqlx::raw_sql("RESET yba.facility").execute(&mut *conn).await?;
    Ok(report)
}

async fn verify_one(conn: &mut PgConnection, facility: i32, report: &mut AuditReport) -> Result<(), sqlx::Error> {
    let (mut seq, mut hash): (i64, Vec<u8>) = (0, vec![0; 32]);
    loop {
        let rows = sqlx::query(crate::sql!(
            "SELECT l.seq, l.hash, l.audit_id AS linked_id, a.*
             FROM db_audit_link l LEFT JOIN db_audit a ON a.facility_id = l.facility_id AND a.audit_id = l.audit_id
             WHERE l.facility_id = $1 AND l.seq > $2 ORDER BY l.seq LIMIT 5000"
        ))
        .bind(facility)
        .bind(seq)
        .fetch_all(&mut *conn)
        .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let at: i64 = row.get("seq");
            let linked: Uuid = row.get("linked_id");
            if at != seq + 1 {
                report.faults.push(AuditFault::Gap { facility, after_seq: seq });
            }
            let kept: Vec<u8> = row.get("hash");
            if row.get::<Option<Uuid>, _>("audit_id").is_none() {
                report.faults.push(AuditFault::Deleted { facility, seq: at, audit_id: linked });
            } else if link_hash(&hash, at, row) != kept {
                report.faults.push(AuditFault::Changed { facility, seq: at, audit_id: linked });
            }
            // Going on from the kept hash names each broken place once instead of everything after the first.
            hash = kept;
            seq = at;
            report.rows += 1;
        }
    }
    let strays: Vec<Uuid> = sqlx::query_scalar(crate::sql!(
        "SELECT a.audit_id FROM db_audit a
         WHERE a.facility_id = $1
           AND NOT EXISTS (SELECT 1 FROM db_audit_link l WHERE l.facility_id = $1 AND l.audit_id = a.audit_id)
           AND NOT EXISTS (SELECT 1 FROM db_audit_pending p WHERE p.facility_id = $1 AND p.audit_id = a.audit_id)
         LIMIT 100"
    ))
    .bind(facility)
    .fetch_all(&mut *conn)
    .await?;
    report.faults.extend(strays.into_iter().map(|audit_id| AuditFault::Inserted { facility, audit_id }));
    let waiting: i64 =
        sqlx::query_scalar(crate::sql!("SELECT count(*) FROM db_audit_pending WHERE facility_id = $1"))
            .bind(facility)
            .fetch_one(&mut *conn)
            .await?;
    report.waiting += waiting as u64;
    if seq > 0 {
        report.heads.push((facility, seq, hex::encode(&hash)));
    }
    Ok(())
}

/// Checks remembered heads (facility, seq, hash) against the chain, so that a chain rewritten as a whole is found too.
pub async fn verify_anchors(
    conn: &mut PgConnection,
    anchors: &[(i32, i64, String)],
    report: &mut AuditReport,
) -> Result<(), sqlx::Error> {
    for (facility, seq, hash) in anchors {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SET yba.facility = '{facility}'"))).execute(&mut *conn).await?;
        let kept: Option<Vec<u8>> =
            sqlx::query_scalar(crate::sql!("SELECT hash FROM db_audit_link WHERE facility_id = $1 AND seq = $2"))
                .bind(facility)
                .bind(seq)
                .fetch_optional(&mut *conn)
                .await?;
        if kept.map(hex::encode).as_deref() != Some(hash.as_str()) {
            report.faults.push(AuditFault::AnchorMissed { facility: *facility, seq: *seq });
        }
    }
    sqlx::raw_sql("RESET yba.facility").execute(&mut *conn).await?;
    Ok(())
}
