//! The bill for programs.

use crate::bill::of_visit;
use crate::store::bills;
use base::EncounterId;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, IntoResponse, Path};

/// The part of `/api/openapi.json` that describes this module.
#[derive(OpenApi)]
#[openapi(paths(bill), components(schemas(BillOut, LineOut)))]
pub struct ApiDoc;

/// A visit's bill, in whole đồng.
#[derive(Serialize, ToSchema)]
pub struct BillOut {
    encounter: Uuid,
    charged_vnd: i64,
    paid_vnd: i64,
    due_vnd: i64,
    credit_vnd: i64,
    lines: Vec<LineOut>,
}

/// One charge; `reversed` lines do not count.
#[derive(Serialize, ToSchema)]
pub struct LineOut {
    charge: Uuid,
    source: String,
    source_id: Uuid,
    group: String,
    name: String,
    unit: String,
    quantity_milli: i64,
    unit_price_vnd: i64,
    price_valid_from: Option<chrono::NaiveDate>,
    amount_vnd: i64,
    day: chrono::NaiveDate,
    reversed: bool,
    receipt_no: Option<String>,
    /// The charge that this row lowers: a discount, or what a bought package pays.
    lowers: Option<Uuid>,
}

/// The bill of a visit as it stands.
#[utoipa::path(get, path = "/api/v1/encounters/{encounter}/bill", params(("encounter" = Uuid, Path)), tag = "billing",
    responses((status = 200, description = "The bill", body = BillOut), (status = 404, description = "No such visit here")))]
pub async fn bill(ctx: Ctx, Path(encounter): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, of_visit(encounter)).await?;
    let position = bills::position(&mut tx, of_visit(encounter)).await?;
    let lines = bills::list_lines(&mut tx, of_visit(encounter)).await?;
    tx.audit("read", "bill", encounter, payer.patient(), serde_json::Value::Null);
    tx.commit().await?;
    let dto = BillOut {
        encounter: encounter.0,
        charged_vnd: position.charged.0,
        paid_vnd: position.paid.0,
        due_vnd: position.due().0,
        credit_vnd: position.credit().0,
        lines: lines
            .into_iter()
            .map(|l| LineOut {
                charge: l.charge_id,
                reversed: l.is_reversed(),
                source: l.source,
                source_id: l.source_id,
                group: l.group_key,
                name: l.name,
                unit: l.unit,
                quantity_milli: l.quantity_milli,
                unit_price_vnd: l.unit_price_vnd,
                price_valid_from: l.price_valid_from,
                amount_vnd: l.amount_vnd,
                day: l.day,
                receipt_no: l.receipt_no,
                lowers: l.discount_of,
            })
            .collect(),
    };
    Ok(([("content-type", "application/json")], serde_json::to_string(&dto).map_err(anyhow::Error::from)?).into_response())
}
