//! A doctor's own ready sentences: kept from what stands in a section, ended when no longer wanted.

use super::study::{Open, refuse_closed};
use crate::store::imaging;
use base::Problems;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    id: String,
    section: String,
    label: String,
    body: String,
}

/// `POST /app/imaging/studies/{id}/phrases`: keeps a sentence for the template in use, under the id the page minted.
pub async fn keep(ctx: Ctx, Path(id): Path<Uuid>, Form(new): Form<New>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open = Open::load(&mut tx, id).await?;
    refuse_closed(&open)?;
    let template = open.template();
    let (label, body) = (new.label.trim(), new.body.trim());
    let mut problems = Problems::none();
    problems.add_if(label.is_empty() || label.chars().count() > 40, "label", "Đặt tên ngắn cho câu mẫu, 1 đến 40 ký tự, ví dụ “Sỏi nhỏ”.");
    problems.add_if(body.is_empty() || body.chars().count() > 2_000, "body", "Gõ câu vào phần mô tả trước, rồi lưu thành câu mẫu (nhiều nhất 2.000 ký tự).");
    problems.add_if(!template.sections.iter().any(|section| section.key == new.section), "section", "Chọn phần mà câu mẫu thuộc về.");
    problems.or(())?;
    let minted = new.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    imaging::insert_phrase(&mut tx, minted, &template.key, &new.section, label, body).await?;
    tx.audit("keep", "imaging-phrase", minted, None, json!({ "template": template.key, "section": new.section }));
    tx.commit().await?;
    web::redirect(format!("/app/imaging/studies/{id}"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    study: String,
}

/// `POST /app/imaging/phrases/{phrase}/ended`: one's own sentence is not offered any more.
pub async fn end(ctx: Ctx, Path(phrase): Path<Uuid>, Form(back): Form<Back>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !imaging::end_phrase(&mut tx, phrase).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end", "imaging-phrase", phrase, None, json!({}));
    tx.commit().await?;
    match back.study.parse::<Uuid>() {
        Ok(study) => web::redirect(format!("/app/imaging/studies/{study}")),
        Err(_) => web::redirect("/app/imaging"),
    }
}
