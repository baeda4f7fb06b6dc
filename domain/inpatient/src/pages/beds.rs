//! The beds of a ward as the ward declares them.

use super::told;
use crate::bed::{Kind, Typed, check};
use crate::store::bed::{self, Listed, Ward};
use crate::store::people;
use askama::Template;
use base::{BedId, Problems, RoomId};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

#[derive(Template)]
#[template(path = "beds.html")]
struct Page {
    shell: Shell,
    ward: Ward,
    beds: Vec<(Listed, &'static str)>,
    id: Uuid,
    typed: Typed,
    kinds: Vec<(String, String)>,
    services: Vec<(String, String)>,
    problems: Problems,
}

/// `GET /app/wards/{ward}/beds`.
pub async fn list(ctx: Ctx, Path(ward): Path<RoomId>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, ward, Typed { kind: "ordinary".into(), ..Typed::default() }, Problems::none()).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, ward: RoomId, typed: Typed, problems: Problems) -> Result<Page, Failure> {
    let found = bed::get_ward(tx, ward, ctx.today()).await?;
    let beds = bed::list(tx, ward).await?;
    let services = people::bed_services(tx, ctx.today()).await?;
    Ok(Page {
        shell: ctx.shell("Khai báo giường", &[("F8", "Thêm giường")]),
        ward: found,
        beds: beds.into_iter().map(|b| (b.clone(), Kind::from_key(&b.kind).unwrap_or(Kind::Ordinary).name())).collect(),
        id: typed.id.parse().unwrap_or_else(|_| Uuid::now_v7()),
        kinds: Kind::ALL.map(|k| (k.key().to_owned(), k.name().to_owned())).to_vec(),
        services: services.into_iter().map(|s| (s.service_id.to_string(), format!("{} · {}", s.code, s.name))).collect(),
        typed,
        problems,
    })
}

/// `POST /app/wards/{ward}/beds`: a new bed at the end of the ward's order.
pub async fn add(ctx: Ctx, Path(ward): Path<RoomId>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    bed::get_ward(&mut tx, ward, ctx.today()).await?;
    let id = BedId(typed.id.parse().unwrap_or_else(|_| Uuid::now_v7()));
    let written = match check(&typed) {
        Ok(facts) => bed::insert(&mut tx, id, ward, &facts, ctx.today()).await,
        Err(problems) => Err(problems.into()),
    };
    match written {
        Ok(()) => {
            tx.audit("add", "bed", id, None, serde_json::json!({ "ward": ward }));
            tx.notify("wards");
            tx.notify(format!("ward/{ward}"));
            tx.commit().await?;
            web::redirect(format!("/app/wards/{ward}/beds"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, ward, typed, problems).await?)
        }
    }
}

/// `POST /app/beds/{bed}/ended`: the bed is used no more. Refused while somebody lies in it.
pub async fn end(ctx: Ctx, Path(id): Path<BedId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bed = bed::lock(&mut tx, id).await?;
    let ward = RoomId(bed.ward_id);
    match bed::end(&mut tx, &bed, ctx.today()).await {
        Ok(()) => {
            tx.audit("end", "bed", id, None, serde_json::Value::Null);
            tx.notify("wards");
            tx.notify(format!("ward/{ward}"));
            tx.commit().await?;
            web::redirect(format!("/app/wards/{ward}/beds"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            web::refused(page(&ctx, &mut tx, ward, Typed { kind: "ordinary".into(), ..Typed::default() }, problems).await?)
        }
    }
}
