//! Who did or read what, newest first.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;
use web::{Answer, Ctx, Query, Shell, sql};

#[derive(FromRow)]
struct AuditRow {
    audit_id: Uuid,
    at: DateTime<Utc>,
    actor_name: String,
    via: String,
    action: String,
    entity: String,
    entity_id: String,
    patient_id: Option<Uuid>,
}

impl AuditRow {
    fn when(&self) -> String {
        format!("{} {}", base::show_time(self.at), base::show_date(base::local_date(self.at)))
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    rows: Vec<AuditRow>,
    patient: String,
    who: String,
    more: Option<Uuid>,
}

/// What to look for; `before` continues a list.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Filter {
    patient: String,
    who: String,
    before: String,
}

const PAGE: usize = 100;

/// A page of the audit trail of this facility.
pub async fn list(ctx: Ctx, Query(q): Query<Filter>) -> Answer {
    let mut tx = ctx.begin().await?;
    let patient: Option<Uuid> = q.patient.trim().parse().ok();
    let before: Option<Uuid> = q.before.parse().ok();
    let rows: Vec<AuditRow> = sqlx::query_as(sql!(
        "SELECT audit_id, at, actor_name, via, action, entity, entity_id, patient_id FROM db_audit
         WHERE facility_id = $1 AND ($2::uuid IS NULL OR audit_id < $2) AND ($3::uuid IS NULL OR patient_id = $3)
           AND ($4 = '' OR actor_name ILIKE '%' || $4 || '%')
         ORDER BY audit_id DESC LIMIT $5"
    ))
    .bind(ctx.facility().0)
    .bind(before)
    .bind(patient)
    .bind(q.who.trim().replace(['%', '_', '\\'], ""))
    .bind(PAGE as i64 + 1)
    .fetch_all(tx.conn())
    .await?;
    tx.audit("read", "audit", "", patient.map(Into::into), serde_json::Value::Null);
    tx.commit().await?;
    let more = (rows.len() > PAGE).then(|| rows[PAGE - 1].audit_id);
    let rows = rows.into_iter().take(PAGE).collect();
    web::html(AuditPage { shell: ctx.shell("Nhật ký truy cập", &[]), rows, patient: q.patient, who: q.who, more })
}
