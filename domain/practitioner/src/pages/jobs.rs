//! Background work that failed again and again: seen, understood, tried once more.

use askama::Template;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path, Shell, sql};

#[derive(FromRow)]
struct JobRow {
    job_id: Uuid,
    name: String,
    attempts: i32,
    last_error: Option<String>,
    dead_at: Option<DateTime<Utc>>,
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl JobRow {
    fn created(&self) -> String {
        format!("{} {}", base::show_time(self.created_at), base::show_date(base::local_date(self.created_at)))
    }
    fn next(&self) -> String {
        base::show_time(self.run_at)
    }
    fn error(&self) -> &str {
        self.last_error.as_deref().unwrap_or("")
    }
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    shell: Shell,
    dead: Vec<JobRow>,
    waiting: Vec<JobRow>,
}

/// The dead letters, and what is waiting or being tried again.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows: Vec<JobRow> = sqlx::query_as(sql!(
        "SELECT job_id, name, attempts, last_error, dead_at, run_at, created_at FROM db_job
         WHERE facility_id = $1 ORDER BY dead_at DESC NULLS LAST, run_at LIMIT 200"
    ))
    .bind(ctx.facility().0)
    .fetch_all(tx.conn())
    .await?;
    let (dead, waiting) = rows.into_iter().partition(|j| j.dead_at.is_some());
    web::html(JobsPage { shell: ctx.shell("Việc nền", &[]), dead, waiting })
}

/// Tries a dead job again from the beginning.
pub async fn retry(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let done = sqlx::query(sql!(
        "UPDATE db_job SET dead_at = NULL, attempts = 0, run_at = $3, lease_until = NULL
         WHERE facility_id = $1 AND job_id = $2 AND dead_at IS NOT NULL"
    ))
    .bind(ctx.facility().0)
    .bind(id)
    .bind(ctx.now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    tx.audit("retry", "job", id, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/jobs")
}
