//! Jobs: what happens later. Listeners turn events into jobs in the same transaction; the worker claims them
//! facility by facility under a lease, runs each inside a savepoint, tries again with growing pauses, and puts what
//! keeps failing on the dead-letter list, where a person sees it.

use crate::pool::Db;
use crate::tx::Tx;
use base::{Clock, FacilityId};
use chrono::TimeDelta;
use serde_json::Value;
use sqlx::Row;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// After this many failures a job waits for a person.
pub const MAX_ATTEMPTS: i32 = 8;
const LEASE: TimeDelta = TimeDelta::seconds(60);
const BATCH: i64 = 50;

/// What a job's work is given besides its transaction: whatever the app wired in (e.g. an HTTP client).
pub type JobContext = Arc<dyn std::any::Any + Send + Sync>;

type Running<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>>;

/// Work to do about an event. It may be delivered twice, so it must be safe to repeat.
#[derive(Clone)]
pub struct Listener {
    /// The event's kind, e.g. `"OrdersPlaced"`.
    pub event: &'static str,
    /// A name of its own, e.g. `"billing.charge_orders"`.
    pub name: &'static str,
    pub run: for<'a> fn(&'a mut Tx, Value) -> Running<'a>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Listener({} → {})", self.event, self.name)
    }
}

/// Puts a job on the list by hand, for work that no event gives rise to.
pub async fn enqueue(tx: &mut Tx, name: &'static str, payload: &Value, run_at: chrono::DateTime<chrono::Utc>) -> Result<(), sqlx::Error> {
    let (facility, now) = (tx.facility().0, tx.now);
    sqlx::query(crate::sql!(
        "INSERT INTO db_job (facility_id, job_id, name, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
    ))
    .bind(facility)
    .bind(Uuid::now_v7())
    .bind(name)
    .bind(payload)
    .bind(run_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Runs jobs and lays the audit chain until it is told to stop.
pub struct Worker {
    db: Db,
    clock: Clock,
    listeners: HashMap<&'static str, Listener>,
}

struct Claimed {
    id: Uuid,
    name: String,
    payload: Value,
    attempts: i32,
}

impl Worker {
    pub fn new(db: Db, clock: Clock, listeners: &[Listener]) -> Worker {
        Worker { db, clock, listeners: listeners.iter().map(|l| (l.name, l.clone())).collect() }
    }

    /// Works until `stop` resolves. A database that is away is waited for.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let busy = match self.round().await {
                Ok(done) => done > 0,
                Err(error) => {
                    tracing::warn!(%error, "the worker could not reach the database");
                    false
                }
            };
            let pause = if busy { Duration::from_millis(5) } else { Duration::from_millis(400) };
            tokio::select! {
                () = &mut stop => return,
                () = self.db.work_arrived() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One round over all facilities with work: gives the number of jobs run and audit rows sealed.
    pub async fn round(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        let due: Vec<i32> = sqlx::query_scalar(crate::sql!("SELECT db_facilities_with_work($1)"))
            .bind(self.clock.now())
            .fetch_all(self.db.pool())
            .await?;
        for facility in due {
            done += self.work_for(FacilityId(facility)).await?;
        }
        let unsealed: Vec<i32> =
            sqlx::query_scalar(crate::sql!("SELECT db_facilities_to_seal()")).fetch_all(self.db.pool()).await?;
        for facility in unsealed {
            done += crate::audit::seal(&self.db, FacilityId(facility), self.clock.now()).await?;
        }
        Ok(done)
    }

    /// Runs rounds until nothing is left to do now; for tests and for the end of a bulk load.
    pub async fn drain(&self) -> anyhow::Result<()> {
        while self.round().await? > 0 {}
        Ok(())
    }

    async fn work_for(&self, facility: FacilityId) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let mut claim = self.db.begin_system(facility, now).await?;
        let jobs: Vec<Claimed> = sqlx::query(crate::sql!(
            "UPDATE db_job SET lease_until = $3, attempts = attempts + 1, run_at = $3
             WHERE facility_id = $1 AND job_id IN (
                 SELECT job_id FROM db_job WHERE facility_id = $1 AND dead_at IS NULL AND run_at <= $2
                 ORDER BY run_at, job_id LIMIT $4 FOR UPDATE SKIP LOCKED)
             RETURNING job_id, name, payload, attempts"
        ))
        .bind(facility.0)
        .bind(now)
        .bind(now + LEASE)
        .bind(BATCH)
        .fetch_all(claim.conn())
        .await?
        .into_iter()
        .map(|row| Claimed { id: row.get(0), name: row.get(1), payload: row.get(2), attempts: row.get(3) })
        .collect();
        claim.commit().await?;
        if jobs.is_empty() {
            return Ok(0);
        }
        let mut jobs = jobs;
        // Ids are made in order of time: an order's charge comes before its cancellation.
        jobs.sort_by_key(|job| job.id);
        let mut tx = self.db.begin_system(facility, now).await?;
        let mut done: Vec<Uuid> = Vec::new();
        for job in &jobs {
            tx.savepoint().await?;
            match self.run_one(&mut tx, job).await {
                Ok(()) => done.push(job.id),
                Err(error) => {
                    tx.undo().await?;
                    self.note_failure(&mut tx, job, &format!("{error:#}")).await?;
                }
            }
        }
        sqlx::query(crate::sql!("DELETE FROM db_job WHERE facility_id = $1 AND job_id = ANY($2)"))
            .bind(facility.0)
            .bind(&done)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(jobs.len())
    }

    async fn run_one(&self, tx: &mut Tx, job: &Claimed) -> anyhow::Result<()> {
        let Some(listener) = self.listeners.get(job.name.as_str()) else {
            anyhow::bail!("no module of this binary knows the job {}", job.name);
        };
        (listener.run)(tx, job.payload.clone()).await?;
        tx.release().await?;
        Ok(())
    }

    async fn note_failure(&self, tx: &mut Tx, job: &Claimed, error: &str) -> Result<(), sqlx::Error> {
        let (facility, now) = (tx.facility().0, tx.now);
        let dead = job.attempts >= MAX_ATTEMPTS;
        tracing::warn!(job = job.name, attempts = job.attempts, dead, error, "a job failed");
        let pause = TimeDelta::seconds(2i64.pow(job.attempts.clamp(1, 12) as u32));
        sqlx::query(crate::sql!(
            "UPDATE db_job SET run_at = $3, lease_until = NULL, last_error = $4, dead_at = $5
             WHERE facility_id = $1 AND job_id = $2"
        ))
        .bind(facility)
        .bind(job.id)
        .bind(now + pause)
        .bind(error.chars().take(2000).collect::<String>())
        .bind(dead.then_some(now))
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}
