//! After a day off was set: everybody it hits, with another time proposed for each; one press moves them all.

use crate::closing::{self, Affected};
use crate::store::sessions::{self, Closure};
use crate::{By, Channel, change};
use askama::Template;
use base::{AppointmentId, SlotId};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Tx};

/// Decisions, one line each: `<booking>/<version>/<slot>/<new booking>`; a line with `cancel` in the place of the slot ends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decided {
    line: Vec<String>,
}

#[derive(Template)]
#[template(path = "scheduling_closure.html")]
struct ClosurePage {
    shell: web::Shell,
    closure: Closure,
    affected: Vec<(Affected, AppointmentId)>,
    failed: Vec<String>,
    is_over: bool,
}

/// `GET /app/schedule/closures/{id}`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, id, Vec::new()).await?;
    if !page.affected.is_empty() {
        tx.audit("list", "appointment", id, None, serde_json::json!({ "count": page.affected.len() }));
        tx.commit().await?;
    }
    web::html(page)
}

async fn load(ctx: &Ctx, tx: &mut Tx, id: Uuid, failed: Vec<String>) -> Result<ClosurePage, Failure> {
    let closure = sessions::get_closure(tx, id).await?;
    let affected = closing::affected(tx, &closure).await?.into_iter().map(|a| (a, AppointmentId::new())).collect();
    Ok(ClosurePage { shell: ctx.shell("Ngày nghỉ", &[("F8", "Đổi tất cả"), ("Esc", "Về lịch làm việc")]), is_over: closure.ends_at <= ctx.now, closure, affected, failed })
}

/// `POST …/{id}/decisions`: each booking in a commit of its own, so that one that changed meanwhile stops none of the others.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Decided>) -> Answer {
    let mut tx = ctx.begin().await?;
    let closure = sessions::get_closure(&mut tx, id).await?;
    drop(tx);
    let mut failed = Vec::new();
    for line in form.line.iter().take(300) {
        let mut tx = ctx.begin().await?;
        match one(&mut tx, &closure, line).await {
            Ok(()) => {
                tx.commit().await?;
            }
            Err(Failure::Refused(problems)) => failed.extend(problems.0.into_iter().map(|p| p.text.into_owned())),
            Err(Failure::Conflict(text)) => failed.push(text),
            Err(other) => return Err(other),
        }
    }
    if failed.is_empty() {
        return web::redirect(format!("/app/schedule/closures/{id}"));
    }
    let mut tx = ctx.begin().await?;
    web::refused(load(&ctx, &mut tx, id, failed).await?)
}

async fn one(tx: &mut Tx, closure: &Closure, line: &str) -> Result<(), Failure> {
    let unreadable = || Failure::BadRequest("Không đọc được lựa chọn. Tải lại trang.".into());
    let parts: Vec<&str> = line.split('/').collect();
    let [booking, version, to, new] = parts[..] else { return Err(unreadable()) };
    let booking: AppointmentId = booking.parse().map_err(|_| unreadable())?;
    let version = version.parse().map_err(|_| unreadable())?;
    if to == "cancel" {
        change::cancel(tx, booking, version, By::Facility, &closure.reason).await?;
        return Ok(());
    }
    let slot: SlotId = to.parse().map_err(|_| unreadable())?;
    change::reschedule(tx, booking, version, slot, new.parse().map_err(|_| unreadable())?, Channel::Desk, By::Facility).await?;
    Ok(())
}

/// `POST …/{id}/end`: the house is open again.
pub async fn reopen(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    closing::reopen(&mut tx, id).await?;
    tx.commit().await?;
    web::redirect("/app/schedule")
}
