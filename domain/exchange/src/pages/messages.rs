//! Messages as they came and what became of them; dead letters are tried again or discarded here.

use super::Tabs;
use crate::command::State;
use crate::inbox;
use crate::partner;
use crate::store::messages::{self as store, Filter, Kept};
use crate::store::partners::{self, Line};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

const PAGE: i64 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    partner: String,
    q: String,
    before: String,
}

#[derive(Template)]
#[template(path = "exchange_messages.html")]
struct ListPage {
    shell: Shell,
    tabs: Tabs,
    rows: Vec<Kept>,
    partners: Vec<Line>,
    asked: Asked,
    more: Option<Uuid>,
}

impl ListPage {
    fn states(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![("", "Mọi trạng thái"), ("open", "Chưa xong")];
        all.extend(State::ALL.iter().map(|s| (s.key(), s.label())));
        all
    }
    fn is_filtered(&self) -> bool {
        !self.asked.state.is_empty() || !self.asked.partner.is_empty() || !self.asked.q.is_empty()
    }
}

/// The newest messages.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let filter = Filter {
        state: asked.state.clone(),
        partner: asked.partner.parse().ok(),
        q: asked.q.trim().chars().take(100).collect(),
        before: asked.before.parse().ok(),
    };
    let mut rows = store::list(&mut tx, &filter, PAGE + 1).await?;
    let more = (rows.len() as i64 > PAGE).then(|| rows[PAGE as usize - 1].message);
    rows.truncate(PAGE as usize);
    let partners = partners::list(&mut tx, None).await?;
    let tabs = Tabs::load(&ctx, &mut tx, "messages").await?;
    let shell = ctx.shell("Thông điệp từ hệ thống khác", &[("↑↓", "Chọn"), ("Enter", "Mở")]);
    tx.audit("read", "messages", "list", None, serde_json::json!({ "rows": rows.len() }));
    tx.commit().await?;
    web::html(ListPage { shell, tabs, rows, partners, asked, more })
}

#[derive(Template)]
#[template(path = "exchange_message.html")]
struct OnePage {
    shell: Shell,
    tabs: Tabs,
    kept: Kept,
    /// The message line by line, as it came; empty where the bytes are no text.
    lines: Vec<String>,
    is_cut: bool,
    problems: Problems,
    reason: String,
}

/// So much of a message is shown; the rest is kept and counted.
const SHOWN: usize = 64 * 1024;

async fn page(ctx: &Ctx, id: Uuid, problems: Problems, reason: String) -> Result<OnePage, Failure> {
    let mut tx = ctx.begin().await?;
    let kept = store::get(&mut tx, id).await?;
    let raw = store::raw(&mut tx, id).await?;
    let tabs = Tabs::load(ctx, &mut tx, "messages").await?;
    tx.audit("read", "message", id, kept.patient, serde_json::json!({ "raw": true }));
    tx.commit().await?;
    let text = String::from_utf8_lossy(&raw[..raw.len().min(SHOWN)]);
    let lines = text.split(['\r', '\n']).filter(|l| !l.is_empty()).take(400).map(shortened).collect();
    let mut keys = vec![("Esc", "Về danh sách")];
    if kept.state == State::Clerk {
        keys.insert(0, ("F8", "Xác định người bệnh"));
    } else if tabs.may_manage && kept.may_retry() {
        keys.insert(0, ("F8", "Ghi lại"));
    }
    let shell = ctx.shell(&format!("Thông điệp {}", kept.control_id), &keys);
    Ok(OnePage { shell, tabs, is_cut: raw.len() > SHOWN, kept, lines, problems, reason })
}

/// A segment on one line; the inside of a paper is only counted.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 600;
    let long = line.chars().count();
    if long <= LONGEST { line.to_owned() } else { format!("{}… (còn {} ký tự)", line.chars().take(LONGEST).collect::<String>(), long - LONGEST) }
}

/// One message with its bytes. Looking at them is noted.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    web::html(page(&ctx, id, Problems::none(), String::new()).await?)
}

/// Applies a dead letter once more.
pub async fn retry(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin_for("person-index").await?;
    store::get(&mut tx, id).await?;
    match inbox::decide(&ctx.app, tx, id, None).await {
        Ok(_) => web::redirect(format!("/app/exchange/messages/{id}")),
        Err(Failure::Refused(problems)) => web::refused(page(&ctx, id, problems, String::new()).await?),
        Err(other) => Err(other),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DiscardForm {
    reason: String,
}

/// Decides that a message is not to be applied, with a reason; what waited behind it goes on.
pub async fn discard(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DiscardForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let kept = store::lock(&mut tx, id).await?;
    if form.reason.trim().chars().count() < 5 {
        drop(tx);
        let problems = base::Problem::at("reason", "Ghi lý do bỏ thông điệp, ít nhất vài chữ.").into();
        return web::refused(page(&ctx, id, problems, form.reason).await?);
    }
    if store::discard(&mut tx, id, form.reason.trim()).await? {
        tx.audit("discard", "message", id, kept.patient, serde_json::Value::Null);
        tx.notify("exchange");
    }
    let known = if kept.partner == inbox::STRANGER { None } else { Some(partner::get(&mut tx, &ctx.app.db, kept.partner).await?) };
    tx.commit().await?;
    if let Some(partner) = known {
        inbox::advance(&ctx.app, &partner, &kept.subject_key, ctx.now).await?;
    }
    web::redirect(format!("/app/exchange/messages/{id}"))
}
