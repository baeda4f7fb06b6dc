//! Publishing a draft, throwing it away, bringing an older version back, going back to the wider scope's form.

use super::edit::{self, Asked};
use super::{Desk, Pairs, address, of_slug, said, scope_of, slug};
use crate::form::patch::Patch;
use crate::form::store::{self, Publication, Scope};
use base::{Problem, Problems, RoomId};
use chrono::NaiveDate;
use web::{Answer, Ctx, Failure, Form, Path};

/// A typed day; empty is today.
fn day(text: &str, today: NaiveDate) -> Result<NaiveDate, Problem> {
    if text.is_empty() {
        return Ok(today);
    }
    base::parse_date_vi(text).ok_or_else(|| Problem::at("valid_from", "Không đọc được ngày. Nhập như 25/11/2026."))
}

/// `POST /app/forms/{form}/publication`. The second click finds no draft and shows the history.
pub async fn publish(ctx: Ctx, Path(form): Path<String>, Form(pairs): Form<Pairs>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let asked = Asked { scope: said(&pairs, "scope").to_owned(), ..Asked::default() };
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, &asked.scope).await?;
    let desk = Desk::load(&ctx, &mut tx, &number, scope).await?;
    if desk.revision == 0 {
        return web::redirect(format!("/app/forms/{}/history", slug(&number)));
    }
    let mut problems = Problems::none();
    if said(&pairs, "revision").parse() != Ok(desk.revision) {
        problems.add("", "Người khác vừa sửa bản nháp này. Xem lại rồi ban hành.");
    }
    let valid_from = day(said(&pairs, "valid_from"), ctx.today());
    let outcome = match valid_from {
        Ok(valid_from) if problems.is_empty() => {
            let what = Publication {
                form: &number,
                scope: &desk.scope,
                changes: &desk.changes,
                note: said(&pairs, "note"),
                valid_from,
                restores: None,
                inherits: desk.changes.is_empty(),
                by: &ctx.actor.name,
            };
            store::publish(&mut tx, &what, ctx.today()).await?
        }
        Ok(_) => Err(problems),
        Err(problem) => Err(problem.into()),
    };
    match outcome {
        Ok(_) => {
            tx.commit().await?;
            web::redirect(format!("/app/forms/{}/history", slug(&number)))
        }
        Err(problems) => {
            drop(tx);
            edit::again(&ctx, &number, &asked, problems, pairs).await
        }
    }
}

/// `POST /app/forms/{form}/draft-removal`
pub async fn discard(ctx: Ctx, Path(form): Path<String>, Form(pairs): Form<Pairs>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, said(&pairs, "scope")).await?;
    store::discard(&mut tx, &number, &scope).await?;
    tx.audit("discard", "record-form-draft", &number, None, serde_json::json!({ "scope": scope.key() }));
    tx.commit().await?;
    web::redirect(address(&number, &scope, "", ""))
}

/// `POST /app/forms/{form}/versions/{version}/restoration`: publishes an older version again, from today on. A version
/// that is already the newest of its scope stays as it is, so that a second click changes nothing.
pub async fn restore(ctx: Ctx, Path((form, version)): Path<(String, i32)>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let mut tx = ctx.begin().await?;
    let history = store::history(&mut tx, &number).await?;
    let Some(old) = history.iter().find(|v| v.version == version) else { return Err(Failure::NotFound) };
    let newest = history.iter().find(|v| v.room_id == old.room_id).map_or(old, |v| v);
    let back = format!("/app/forms/{}/history", slug(&number));
    if newest.version == version || newest.restores == Some(version) {
        return web::redirect(back);
    }
    let scope = old.room_id.map_or(Scope::House, |room| Scope::Ward(RoomId(room)));
    let note = format!("Khôi phục bản {version}: {}", old.note);
    let what = Publication {
        form: &number,
        scope: &scope,
        changes: &old.changes.0,
        note: &note.chars().take(500).collect::<String>(),
        valid_from: ctx.today(),
        restores: Some(version),
        inherits: old.inherits,
        by: &ctx.actor.name,
    };
    store::publish(&mut tx, &what, ctx.today()).await??;
    tx.commit().await?;
    web::redirect(back)
}

/// `POST /app/forms/{form}/inheritance`: from today on the scope has no form of its own.
pub async fn inherit(ctx: Ctx, Path(form): Path<String>, Form(pairs): Form<Pairs>) -> Answer {
    let number = of_slug(&form)?.form.clone();
    let mut tx = ctx.begin().await?;
    let scope = scope_of(&ctx, &mut tx, said(&pairs, "scope")).await?;
    if store::newest_of(&mut tx, &number, &scope).await?.is_some() {
        let note = match scope {
            Scope::Ward(_) => "Khoa dùng lại mẫu của cơ sở",
            _ => "Cơ sở dùng lại mẫu chung",
        };
        let what = Publication {
            form: &number,
            scope: &scope,
            changes: &Patch::default(),
            note,
            valid_from: ctx.today(),
            restores: None,
            inherits: true,
            by: &ctx.actor.name,
        };
        store::publish(&mut tx, &what, ctx.today()).await??;
        tx.commit().await?;
    }
    web::redirect(format!("/app/forms/{}/history", slug(&number)))
}
