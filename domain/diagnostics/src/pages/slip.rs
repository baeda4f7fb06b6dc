//! The order slip on paper: one per room, with the barcode that finds it again.

use crate::order::{Priority, Status};
use crate::store::{self, OnPaper, Order};
use base::{Age, EncounterId, Vnd};
use chrono::NaiveDate;
use serde_json::{Value, json};
use web::{Answer, Ctx, Failure, Path};

/// `GET /app/encounters/{id}/orders/slips/{code}`: the slip as PDF, without what was cancelled.
pub async fn show(ctx: Ctx, Path((id, code)): Path<(EncounterId, String)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let visit = store::find_visit(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    let code: String = code.trim_end_matches(".pdf").chars().take(20).collect();
    let orders = store::list_of_slip(tx.conn(), facility, id, &code).await?;
    if orders.is_empty() {
        return Err(Failure::NotFound);
    }
    let person = store::get_on_paper(tx.conn(), facility, visit.patient).await?;
    let diagnoses = store::list_diagnoses(tx.conn(), facility, id).await?;
    let ours = organization::facility::get(tx.conn(), facility).await?;
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", ctx.today()).await?;
    let mut data = paper(&ours.paper_head(official.as_deref()), &person, &orders, &code, ctx.today());
    data["diagnoses"] = diagnoses
        .iter()
        .enumerate()
        .map(|(at, (code, name))| json!({ "code": code, "name": name, "main": at == 0 }))
        .collect();
    tx.audit("print", "order-slip", &code, Some(visit.patient), Value::Null);
    tx.commit().await?;
    let bytes = ctx.app.papers().render("order-slip", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("phieu-chi-dinh-{code}.pdf"))
}

/// The slip's facts under the names of the paper.
fn paper(head: &Value, person: &OnPaper, orders: &[Order], code: &str, today: NaiveDate) -> Value {
    let first = &orders[0];
    let total: Vnd = orders.iter().filter_map(Order::amount).sum();
    let mut preparation: Vec<&str> =
        orders.iter().map(|o| o.preparation.as_str()).filter(|text| !text.is_empty()).collect();
    preparation.dedup();
    json!({
        "head": head,
        "code": code,
        "kind": first.kind.name(),
        "room": { "name": first.room_name },
        "urgent": first.priority == Priority::Urgent,
        "patient": {
            "name": person.name,
            "record_no": person.record_no,
            "sex": person.sex,
            "birth_date": person.birth_date,
            "age": Age::on(person.birth_date, today).to_string(),
            "phone": person.phone,
            "address": person.address_text,
        },
        "lines": orders.iter().map(|o| json!({
            "code": o.code,
            "name": o.name,
            "quantity": o.quantity,
            "unit": "lần",
            "price_vnd": o.price.map(|p| p.0),
            "amount_vnd": o.amount().map(|p| p.0),
            "note": o.specimen,
        })).collect::<Vec<_>>(),
        "total_vnd": total.0,
        "paid": orders.iter().all(|o| o.is_paid),
        "preparation": preparation.join(". "),
        "note": first.note,
        "ordered_at": first.ordered_at,
        "doctor": { "name": first.ordered_name },
        "cancelled": orders.iter().all(|o| o.status == Status::Cancelled),
    })
}
