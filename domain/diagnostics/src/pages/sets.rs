//! Keeping a basket as a set, and taking a set out of use.

use crate::store;
use base::{EncounterId, Problem, Problems};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path};

/// A set to be kept, under the id that the page made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetForm {
    pub id: String,
    pub name: String,
    /// "1" for the whole facility.
    pub shared: String,
    /// ICD-10 codes for which it is offered, separated by commas.
    pub icd: String,
}

/// `POST /app/encounters/{id}/orders/kept`: the services of this visit as a set.
pub async fn keep(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<SetForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let set: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let icd = codes_of(&form.icd);
    let mut problems = Problems::none();
    problems.add_if(name.is_empty(), "name", "Chưa có tên bộ. Đặt tên ngắn, ví dụ “Tiền mổ”, “THA lần đầu”.");
    problems.add_if(name.chars().count() > 100, "name", "Tên bộ dài quá 100 ký tự. Rút gọn lại.");
    let icd = icd.map_err(|problem| problems.0.push(problem)).unwrap_or_default();
    problems.or(())?;
    let owner = if form.shared == "1" && ctx.may("catalog.manage") { None } else { ctx.actor.practitioner };
    if owner.is_none() && !ctx.may("catalog.manage") {
        return Err(Failure::Forbidden("Tài khoản này không gắn với nhân viên nào nên không lưu bộ riêng được.".into()));
    }
    store::insert_set_from_visit(&mut tx, set, id, owner, &name, &icd).await?;
    tx.audit("create", "order-set", set, None, json!({ "shared": owner.is_none() }));
    tx.commit().await?;
    web::redirect(format!("/app/encounters/{id}/orders"))
}

/// `POST /app/orders/sets/{set}/ended`.
pub async fn end(ctx: Ctx, Path(set): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !store::end_set(&mut tx, set, ctx.may("catalog.manage")).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end", "order-set", set, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/orders/sets")
}

/// Codes as people write them: `J00, j06.9 ; K29`. At most ten.
pub(super) fn codes_of(typed: &str) -> Result<Vec<String>, Problem> {
    let codes: Vec<String> = typed
        .split([',', ';', ' '])
        .map(|code| code.trim().to_uppercase())
        .filter(|code| !code.is_empty())
        .collect();
    let fits = |code: &String| {
        code.len() <= 8 && code.starts_with(|c: char| c.is_ascii_uppercase()) && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    };
    match codes.iter().find(|code| !fits(code)) {
        Some(odd) => Err(Problem::at("icd", format!("“{odd}” không giống mã ICD-10. Ghi như J06.9, K29."))),
        None if codes.len() > 10 => Err(Problem::at("icd", "Nhiều nhất 10 mã bệnh cho một bộ.")),
        None => Ok(codes),
    }
}

#[cfg(test)]
mod tests {
    use super::codes_of;

    #[test]
    fn disease_codes_are_read_as_they_are_written() {
        assert_eq!(codes_of("J00, j06.9;K29").unwrap(), ["J00", "J06.9", "K29"]);
        assert_eq!(codes_of(" ").unwrap(), Vec::<String>::new());
        for odd in ["12", "J06.9.1.2.3", "J<script>", "viêm"] {
            assert!(codes_of(odd).is_err(), "{odd}");
        }
    }
}
