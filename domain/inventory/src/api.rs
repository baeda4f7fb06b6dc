//! Stock for programs: levels and movements. Quantities are thousandths of the dispensing unit.

use crate::store::card;
use crate::store::levels;
use crate::store::{items, stores};
use base::StoreId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, IntoResponse, Query};

/// The part of `/api/openapi.json` that describes this module.
#[derive(OpenApi)]
#[openapi(paths(levels, movements), components(schemas(LevelOut, MovementOut, MovementsOut)))]
pub struct ApiDoc;

/// What the counters of the facility can give of one drug.
#[derive(Serialize, ToSchema)]
pub struct LevelOut {
    drug: Uuid,
    free_milli: i64,
    on_hand_milli: i64,
    held_milli: i64,
    unusable_milli: i64,
    next_expiry: Option<chrono::NaiveDate>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LevelsAsked {
    /// Drug ids of the facility, separated by commas; at most 200.
    #[serde(default)]
    drugs: String,
}

fn json(value: impl Serialize) -> Answer {
    Ok(([("content-type", "application/json")], serde_json::to_string(&value).map_err(anyhow::Error::from)?).into_response())
}

/// Levels of these drugs; drugs that are not kept in stock are left out.
#[utoipa::path(get, path = "/api/v1/stock/levels", params(LevelsAsked), tag = "inventory",
    responses((status = 200, description = "Levels", body = [LevelOut])))]
pub async fn levels(ctx: Ctx, Query(asked): Query<LevelsAsked>) -> Answer {
    let drugs: Result<Vec<Uuid>, _> = asked.drugs.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::parse).collect();
    let drugs = drugs.ok().filter(|d| d.len() <= 200).ok_or_else(|| Failure::BadRequest("Tham số drugs gồm tối đa 200 mã UUID, cách nhau bằng dấu phẩy.".into()))?;
    let mut tx = ctx.begin().await?;
    let rows = levels::levels(&mut tx, &drugs, None).await?;
    json(
        rows.into_iter()
            .map(|row| LevelOut {
                drug: row.item_id,
                free_milli: (row.on_hand_milli - row.held_milli).max(0),
                on_hand_milli: row.on_hand_milli,
                held_milli: row.held_milli,
                unusable_milli: row.unusable_milli,
                next_expiry: row.next_expiry,
            })
            .collect::<Vec<_>>(),
    )
}

/// One row of the ledger.
#[derive(Serialize, ToSchema)]
pub struct MovementOut {
    id: Uuid,
    seq: i64,
    at: chrono::DateTime<chrono::Utc>,
    kind: String,
    document: Uuid,
    document_no: String,
    lot: Uuid,
    lot_no: String,
    expires: chrono::NaiveDate,
    quantity_milli: i64,
    balance_milli: i64,
    lot_balance_milli: i64,
    cost_vnd: i64,
}

/// Rows of the ledger, newest first; `next_before` continues with older ones.
#[derive(Serialize, ToSchema)]
pub struct MovementsOut {
    movements: Vec<MovementOut>,
    next_before: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MovementsAsked {
    #[serde(default)]
    store: String,
    #[serde(default)]
    drug: String,
    /// Only rows before this place.
    #[serde(default)]
    before: String,
}

/// The stock card of a drug in a store, fifty rows at a time.
#[utoipa::path(get, path = "/api/v1/stock/movements", params(MovementsAsked), tag = "inventory",
    responses((status = 200, description = "Movements", body = MovementsOut), (status = 404, description = "No such store or drug here")))]
pub async fn movements(ctx: Ctx, Query(asked): Query<MovementsAsked>) -> Answer {
    let (store, drug) = match (asked.store.parse::<StoreId>(), asked.drug.parse::<Uuid>()) {
        (Ok(store), Ok(drug)) => (store, drug),
        _ => return Err(Failure::BadRequest("Tham số store và drug phải là mã UUID.".into())),
    };
    let mut tx = ctx.begin().await?;
    stores::find(&mut tx, store).await?.ok_or(Failure::NotFound)?;
    items::find(&mut tx, drug).await?.ok_or(Failure::NotFound)?;
    let mut rows = card::card(&mut tx, store, drug, asked.before.parse().unwrap_or(i64::MAX)).await?;
    let more = rows.len() > card::SCREEN as usize;
    rows.truncate(card::SCREEN as usize);
    let next_before = more.then(|| rows.last().map(|r| r.seq)).flatten();
    let movements = rows
        .into_iter()
        .map(|r| MovementOut {
            id: r.movement_id,
            seq: r.seq,
            at: r.at,
            kind: r.kind,
            document: r.document_id,
            document_no: r.document_no,
            lot: r.lot_id,
            lot_no: r.lot_no,
            expires: r.expires,
            quantity_milli: r.quantity_milli,
            balance_milli: r.shelf_milli,
            lot_balance_milli: r.lot_milli,
            cost_vnd: r.cost_vnd,
        })
        .collect();
    json(MovementsOut { movements, next_before })
}
