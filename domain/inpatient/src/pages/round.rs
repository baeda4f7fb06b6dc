//! The round of the ward: everything that is due for everybody, by the hour, from one screen.

use super::tasks::{Hour, by_hour};
use crate::store::bed::{self, Ward};
use crate::store::{order, stay};
use askama::Template;
use base::RoomId;
use chrono::TimeDelta;
use serde::Deserialize;
use web::{Answer, Ctx, Path, Query, Shell};

/// The wristband that was read, if any: only that patient's times stay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    code: String,
}

#[derive(Template)]
#[template(path = "round.html")]
struct Page {
    shell: Shell,
    ward: Ward,
    hours: Vec<Hour>,
    open: usize,
    late: usize,
    code: String,
    back: String,
    problem: String,
}

/// `GET /app/wards/{ward}/round?code=`: what is open from before, and the next eight hours.
pub async fn show(ctx: Ctx, Path(id): Path<RoomId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let ward = bed::get_ward(&mut tx, id, ctx.today()).await?;
    let mut tasks = order::list_ward_tasks(&mut tx, id, ctx.now - TimeDelta::hours(2), ctx.now + TimeDelta::hours(8)).await?;
    let mut problem = String::new();
    let mut code = asked.code.trim().to_uppercase();
    if !code.is_empty() {
        match stay::of_wristband(&mut tx, &code).await? {
            Some(encounter) => tasks.retain(|t| t.encounter_id == encounter.0),
            None => {
                problem = "Không có vòng tay này trong khoa. Quét lại.".into();
                code = String::new();
            }
        }
    }
    let open = tasks.iter().filter(|t| t.status().is_open()).count();
    let late = tasks.iter().filter(|t| t.status() == crate::task::Status::Due && t.due_at + TimeDelta::minutes(30) < ctx.now).count();
    tx.audit("read", "ward-round", id, None, serde_json::json!({ "times": tasks.len() }));
    let page = Page {
        shell: ctx.shell("Đi buồng", &[("Esc", "Sơ đồ giường")]),
        back: if code.is_empty() { format!("/app/wards/{id}/round") } else { format!("/app/wards/{id}/round?code={code}") },
        hours: by_hour(&ctx, tasks),
        ward,
        open,
        late,
        code,
        problem,
    };
    tx.commit().await?;
    web::html(page)
}
