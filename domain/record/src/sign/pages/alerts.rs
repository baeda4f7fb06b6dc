//! Signatures that do not hold: a list for the planning department and whoever runs the machine.

use crate::sign::badge;
use crate::sign::store::checks::{self, Alert};
use crate::sign::store::documents;
use askama::Template;
use base::{Event, Problem, Problems};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

/// Notes an alarm, once until somebody has looked into it.
pub async fn note(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Event::SignatureBroken { document, version, at } = serde_json::from_value(payload)? else { return Ok(()) };
    if checks::insert_alert(tx, document.0, version, at).await? {
        tx.notify("alerts");
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "sign-alerts.html")]
struct AlertsPage {
    shell: Shell,
    alerts: Vec<Alert>,
    problems: Problems,
}

impl AlertsPage {
    async fn load(ctx: &Ctx, tx: &mut Tx) -> Result<AlertsPage, Failure> {
        let shell = ctx.shell("Chữ ký không hợp lệ", &[("Esc", "Về khay ký")]);
        Ok(AlertsPage { shell, alerts: checks::list_alerts(tx).await?, problems: Problems::none() })
    }
    fn open(&self) -> usize {
        self.alerts.iter().filter(|a| a.seen_at.is_none()).count()
    }
    fn at(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        badge::when(*at)
    }
}

/// `GET /app/sign/alerts`
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = AlertsPage::load(&ctx, &mut tx).await?;
    tx.audit("read", "record_alert", "", None, Value::Null);
    tx.commit().await?;
    web::html(page)
}

#[derive(Deserialize)]
pub struct CloseForm {
    #[serde(default)]
    note: String,
}

/// `POST /app/sign/alerts/{document}/{version}`: what was found out.
pub async fn close(ctx: Ctx, Path((document, version)): Path<(Uuid, i32)>, Form(form): Form<CloseForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !documents::exists(&mut tx, document).await? {
        return Err(Failure::NotFound);
    }
    let note = form.note.trim();
    if note.is_empty() || note.chars().count() > 500 {
        let page = AlertsPage::load(&ctx, &mut tx).await?;
        return web::refused(AlertsPage { problems: Problem::of("Ghi đã kiểm tra và xử lý thế nào (tối đa 500 ký tự).").into(), ..page });
    }
    if checks::close_alert(&mut tx, document, version, note).await? {
        tx.audit("close", "record_alert", document, None, json!({ "version": version }));
        tx.commit().await?;
    }
    web::redirect("/app/sign/alerts")
}
