//! The clinics of one owner: seeing them side by side and going from one to the other.

use crate::platform;
use crate::store::customers::{self, Branch};
use askama::Template;
use base::{AccountId, Actor, FacilityId};
use db::Scope;
use organization::package::{self, Standing};
use web::{Answer, Ctx, Failure, Path, Shell, Visitor};

struct Row {
    branch: Branch,
    standing: Standing,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "branches.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
}

impl Page {
    fn package(&self, row: &Row) -> &'static str {
        package::name_of(&row.standing.package)
    }
    fn until(&self, row: &Row) -> String {
        row.standing.last_day.map_or_else(|| "không thời hạn".into(), base::show_date)
    }
}

/// `GET /app/subscription/branches`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let mut rows = Vec::new();
    for branch in customers::branches(&mut tx, ctx.actor.account.0).await? {
        let periods = package::periods(tx.conn(), FacilityId(branch.facility_id)).await?;
        rows.push(Row { standing: package::standing_on(&periods, ctx.today()), is_here: branch.facility_id == ctx.facility().0, branch });
    }
    web::html(Page { shell: ctx.shell("Các cơ sở", &[]), rows })
}

/// `POST /app/subscription/branches/{code}`: the owner goes on in another of the own clinics; the session here ends.
pub async fn go(ctx: Ctx, visitor: Visitor, Path(code): Path<String>) -> Answer {
    let mut tx = ctx.begin_for(platform::PURPOSE).await?;
    let branches = customers::branches(&mut tx, ctx.actor.account.0).await?;
    let there = branches.into_iter().find(|b| b.code == code && b.facility_id != ctx.facility().0).ok_or(Failure::NotFound)?;
    tx.audit("switch", "facility", there.facility_id, None, serde_json::Value::Null);
    tx.commit().await?;
    let facility = FacilityId(there.facility_id);
    let mut tx = ctx.app.db.begin(Scope::FacilityFor(facility, "sign-in"), Actor::system(facility), ctx.now).await?;
    let account = practitioner::store::get_account(tx.conn(), facility, AccountId(there.owner_account)).await?;
    drop(tx);
    practitioner::pages::sign_in::let_in(&visitor, &account, "/app").await
}
