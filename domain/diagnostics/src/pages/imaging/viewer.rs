//! The page on which stills are looked at closely: zoom, window and level, measuring. The viewer itself is loaded here
//! and nowhere else.

use super::study::{Open, Who, who};
use askama::Template;
use base::show_time;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Path, Shell};

struct Frame {
    picture: Uuid,
    number: usize,
    at: String,
    size: String,
}

#[derive(Template)]
#[template(path = "imaging-viewer.html")]
struct Page {
    shell: Shell,
    who: Who,
    id: Uuid,
    service: String,
    accession: String,
    frames: Vec<Frame>,
}

/// `GET /app/imaging/studies/{id}/viewer`.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    let page = Page {
        shell: ctx.shell("Xem hình", &[("W", "Sáng, tương phản"), ("Z", "Phóng"), ("P", "Dời"), ("M", "Đo"), ("R", "Như lúc đầu")]),
        who: who(&ctx, &mut tx, &open.study).await?,
        id,
        service: open.study.service_name.clone(),
        accession: open.study.accession.clone(),
        frames: open
            .pictures
            .iter()
            .filter(|picture| picture.is_still())
            .enumerate()
            .map(|(at, picture)| Frame {
                picture: picture.picture_id,
                number: at + 1,
                at: show_time(picture.taken_at),
                size: format!("{} × {}", picture.width.unwrap_or(0), picture.height.unwrap_or(0)),
            })
            .collect(),
    };
    tx.audit("read", "imaging-study", id, Some(open.study.patient()), json!({ "viewer": true }));
    tx.commit().await?;
    web::html(page)
}
