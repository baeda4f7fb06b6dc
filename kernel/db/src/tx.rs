//! The tenant transaction: row security is set to one facility, and audit rows, events and live notices gathered
//! on the way are written together in one statement just before the commit.

use crate::pool::Db;
use base::{Actor, Event, FacilityId, PatientId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// What a transaction may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The rows of one facility.
    Facility(FacilityId),
    /// The rows of one facility, and the cross-facility table that serves this purpose (e.g. `"person-index"`).
    FacilityFor(FacilityId, &'static str),
    /// Only the cross-facility table that serves this purpose (e.g. `"sign-in"`).
    Purpose(&'static str),
}

struct AuditRow {
    action: &'static str,
    entity: &'static str,
    entity_id: String,
    patient: Option<Uuid>,
    detail: String,
}

/// A transaction in progress. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    db: Db,
    pub actor: Actor,
    pub now: DateTime<Utc>,
    audits: Vec<AuditRow>,
    events: Vec<Event>,
    topics: Vec<String>,
}

impl Tx {
    pub(crate) async fn begin(db: &Db, scope: Scope, actor: Actor, now: DateTime<Utc>) -> Result<Tx, sqlx::Error> {
        // Literals, not bind parameters: SET LOCAL takes none, and a distributed database forwards only these.
        let start = match scope {
            Scope::Facility(f) => format!("BEGIN; SET LOCAL yba.facility = '{}'", f.0),
            Scope::FacilityFor(f, p) => {
                format!("BEGIN; SET LOCAL yba.facility = '{}'; SET LOCAL yba.purpose = '{}'", f.0, literal(p))
            }
            Scope::Purpose(p) => format!("BEGIN; SET LOCAL yba.purpose = '{}'", literal(p)),
        };
        let inner = db.pool().begin_with(AssertSqlSafe(start)).await?;
        Ok(Tx { inner, db: db.clone(), actor, now, audits: Vec::new(), events: Vec::new(), topics: Vec::new() })
    }

    /// The connection, for `sqlx::query(sql!(…)).fetch_one(tx.conn())`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    pub fn facility(&self) -> FacilityId {
        self.actor.facility
    }

    /// Adds a purpose to a transaction that began without one.
    pub async fn purpose(&mut self, purpose: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL yba.purpose = '{}'", literal(purpose))))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Tells the other modules, after commit. Written to the outbox with the change itself.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// One audit row. `action` is a verb (`"read"`, `"register"`), `entity` the thing (`"patient"`), `patient` whose
    /// data it is. Never put clinical text into `detail`, only ids, counts and field names.
    pub fn audit(
        &mut self,
        action: &'static str,
        entity: &'static str,
        entity_id: impl ToString,
        patient: Option<PatientId>,
        detail: Value,
    ) {
        self.audits.push(AuditRow {
            action,
            entity,
            entity_id: entity_id.to_string(),
            patient: patient.map(|p| p.0),
            detail: if detail.is_null() { String::new() } else { detail.to_string() },
        });
    }

    /// Tells live pages of this facility that `topic` changed, after commit.
    pub fn notify(&mut self, topic: impl Into<String>) {
        let topic = topic.into();
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
    }

    /// Writes what was gathered and commits: at most two round trips.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let jobs = self.write_gathered().await?;
        self.inner.commit().await?;
        if jobs > 0 {
            self.db.wake_worker();
        }
        Ok(())
    }

    async fn write_gathered(&mut self) -> Result<usize, sqlx::Error> {
        let facility = self.actor.facility.0;
        for topic in std::mem::take(&mut self.topics) {
            sqlx::query(crate::sql!("SELECT pg_notify('yba_live', $1)"))
                .bind(format!("{facility}:{topic}"))
                .execute(&mut *self.inner)
                .await?;
        }
        let events = std::mem::take(&mut self.events);
        let mut jobs: Vec<(String, Value)> = Vec::new();
        if !events.is_empty() {
            let mut kinds = Vec::with_capacity(events.len());
            let mut payloads = Vec::with_capacity(events.len());
            for event in &events {
                let payload = serde_json::to_value(event).expect("events are plain data");
                for name in self.db.listeners_of(event.kind()) {
                    jobs.push((name.to_owned(), payload.clone()));
                }
                kinds.push(event.kind());
                payloads.push(payload);
            }
            let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
            let job_ids: Vec<Uuid> = jobs.iter().map(|_| Uuid::now_v7()).collect();
            let (names, job_payloads): (Vec<String>, Vec<Value>) = jobs.iter().cloned().unzip();
            sqlx::query(crate::sql!(
                "WITH told AS (
                     INSERT INTO db_event (facility_id, event_id, at, kind, payload)
                     SELECT $1, e.id, $2, e.kind, e.payload FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS e(id, kind, payload))
                 INSERT INTO db_job (facility_id, job_id, name, payload, run_at, created_at)
                 SELECT $1, j.id, j.name, j.payload, $2, $2 FROM unnest($6::uuid[], $7::text[], $8::jsonb[]) AS j(id, name, payload)"
            ))
            .bind(facility)
            .bind(self.now)
            .bind(&ids)
            .bind(&kinds)
            .bind(&payloads)
            .bind(&job_ids)
            .bind(&names)
            .bind(&job_payloads)
            .execute(&mut *self.inner)
            .await?;
        }
        let audits = std::mem::take(&mut self.audits);
        if !audits.is_empty() {
            let via = match self.actor.via {
                base::Via::Web => "web",
                base::Via::Api => "api",
                base::Via::System => "system",
            };
            let ids: Vec<Uuid> = audits.iter().map(|_| Uuid::now_v7()).collect();
            let actions: Vec<&str> = audits.iter().map(|a| a.action).collect();
            let entities: Vec<&str> = audits.iter().map(|a| a.entity).collect();
            let entity_ids: Vec<&str> = audits.iter().map(|a| a.entity_id.as_str()).collect();
            let patients: Vec<Option<Uuid>> = audits.iter().map(|a| a.patient).collect();
            let details: Vec<&str> = audits.iter().map(|a| a.detail.as_str()).collect();
            sqlx::query(crate::sql!(
                "WITH written AS (
                     INSERT INTO db_audit (facility_id, audit_id, at, account_id, actor_name, via, action, entity, entity_id, patient_id, detail)
                     SELECT $1, a.id, $2, $3, $4, $5, a.action, a.entity, a.entity_id, a.patient, a.detail
                     FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::text[])
                          AS a(id, action, entity, entity_id, patient, detail))
                 INSERT INTO db_audit_pending (facility_id, audit_id) SELECT $1, id FROM unnest($6::uuid[]) AS id"
            ))
            .bind(facility)
            .bind(self.now)
            .bind(self.actor.account.0)
            .bind(&*self.actor.name)
            .bind(via)
            .bind(&ids)
            .bind(&actions)
            .bind(&entities)
            .bind(&entity_ids)
            .bind(&patients)
            .bind(&details)
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(jobs.len())
    }

    /// Runs `work` so that its failure undoes only its own changes. Used by the worker, job by job.
    pub(crate) async fn savepoint(&mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("SAVEPOINT job").execute(&mut *self.inner).await?;
        Ok(())
    }

    pub(crate) async fn release(&mut self) -> Result<usize, sqlx::Error> {
        let jobs = self.write_gathered().await?;
        sqlx::raw_sql("RELEASE SAVEPOINT job").execute(&mut *self.inner).await?;
        Ok(jobs)
    }

    pub(crate) async fn undo(&mut self) -> Result<(), sqlx::Error> {
        self.audits.clear();
        self.events.clear();
        self.topics.clear();
        sqlx::raw_sql("ROLLBACK TO SAVEPOINT job").execute(&mut *self.inner).await?;
        Ok(())
    }
}

/// Purposes are words of our own source; this keeps it true.
fn literal(purpose: &str) -> &str {
    assert!(purpose.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "a purpose is a lower-case word");
    purpose
}
