//! `$everything` of a patient or an encounter, and `$document` of a Composition.

use crate::access::{allow, house, may};
use crate::answer::{json as answer, negotiated};
use crate::build::{self, House};
use crate::kind::Kind;
use crate::outcome::{Issue, Refused, outcome};
use crate::read::{id_of, pairs};
use crate::row::{Row, at_vietnam};
use crate::store;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::Tx;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use web::Ctx;

/// `GET /fhir/r4/Patient/{id}/$everything`, `GET /fhir/r4/Encounter/{id}/$everything`: what the caller may read of it, in
/// one bundle with the staff and rooms that it names.
pub async fn everything(of: Kind, ctx: Ctx, id: String, query: RawQuery, headers: HeaderMap) -> Response {
    match collect(of, &ctx, &id, &query, &headers).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn collect(of: Kind, ctx: &Ctx, id: &str, query: &RawQuery, headers: &HeaderMap) -> Result<Response, Refused> {
    let pairs = pairs(query);
    negotiated(headers, None)?;
    allow(ctx, of, 'r')?;
    let (id, _) = id_of(id).ok_or_else(Refused::not_found)?;
    let wanted: Option<Vec<String>> = pairs.iter().find(|(name, _)| name == "_type").map(|(_, v)| v.split(',').map(str::to_owned).collect());
    let since = match pairs.iter().find(|(name, _)| name == "_since") {
        Some((_, text)) => crate::search::span(text)?.from,
        None => None,
    };
    let house = house(ctx);
    let mut tx = ctx.begin().await?;
    let (rows, is_cut) = store::everything(&mut tx, of, id).await?;
    if !rows.iter().any(|(kind, row)| *kind == of && row.id == id) {
        return Err(Refused::not_found());
    }
    let rows: Vec<(Kind, Row)> = rows
        .into_iter()
        .filter(|(kind, row)| may(ctx, *kind, 'r') && wanted.as_ref().is_none_or(|w| w.iter().any(|k| k == kind.name())) && since.is_none_or(|s| row.updated >= s))
        .collect();
    let mut resources: Vec<(Kind, Value)> = rows.iter().map(|(kind, row)| (*kind, build::resource(*kind, row, &house))).collect();
    if wanted.is_none() {
        let named = named_in(&mut tx, ctx, &resources, &house).await?;
        resources.extend(named);
    }
    let patient = rows.iter().find_map(|(_, row)| row.patient);
    tx.audit("read", of.name(), id, patient.map(Into::into), json!({ "operation": "everything", "count": rows.len() }));
    tx.commit().await?;
    let mut entries: Vec<Value> = resources.iter().map(|(kind, r)| json!({ "fullUrl": url(&house, *kind, r), "resource": r, "search": { "mode": "match" } })).collect();
    if is_cut {
        let said = Issue { severity: "warning", ..Issue::error("too-costly", "Hồ sơ quá lớn nên chỉ gửi 5.000 mục. Đọc phần còn lại bằng tìm kiếm theo từng loại.") };
        entries.push(json!({ "resource": outcome(&[said]), "search": { "mode": "outcome" } }));
    }
    let total = resources.len();
    let link = format!("{}/{}/{id}/$everything", house.base, of.name());
    let bundle = json!({ "resourceType": "Bundle", "type": "searchset", "total": total, "link": [{ "relation": "self", "url": link }], "entry": entries });
    Ok(answer(StatusCode::OK, &bundle))
}

fn url(house: &House, kind: Kind, resource: &Value) -> String {
    format!("{}/{}/{}", house.base, kind.name(), resource["id"].as_str().unwrap_or(""))
}

/// The staff, rooms and the facility that resources name, as far as the caller may read them.
async fn named_in(tx: &mut Tx, ctx: &Ctx, resources: &[(Kind, Value)], house: &House) -> Result<Vec<(Kind, Value)>, sqlx::Error> {
    let mut named = BTreeSet::new();
    for (_, resource) in resources {
        references(resource, &mut named);
    }
    let mut out = Vec::new();
    for kind in [Kind::Practitioner, Kind::Location] {
        let ids: Vec<Uuid> = named.iter().filter_map(|r| id_of(r.strip_prefix(kind.name())?.strip_prefix('/')?)).map(|(id, _)| id).collect();
        if !ids.is_empty() && may(ctx, kind, 'r') {
            let rows = store::by_ids(tx, kind, &ids).await?;
            out.extend(rows.iter().map(|row| (kind, build::resource(kind, row, house))));
        }
    }
    if may(ctx, Kind::Organization, 'r') {
        let row = store::house(tx).await?;
        out.push((Kind::Organization, build::resource(Kind::Organization, &row, house)));
    }
    Ok(out)
}

/// All references in a resource.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "reference" => {
                        into.insert(text.clone());
                    }
                    _ => references(value, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| references(v, into)),
        _ => {}
    }
}

/// `GET /fhir/r4/Composition/{id}/$document`: the form with all that it names, as a document that stands alone.
pub async fn document(ctx: Ctx, id: String, headers: HeaderMap) -> Response {
    match make_document(&ctx, &id, &headers).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn make_document(ctx: &Ctx, id: &str, headers: &HeaderMap) -> Result<Response, Refused> {
    negotiated(headers, None)?;
    for kind in [Kind::Composition, Kind::Patient, Kind::Binary] {
        allow(ctx, kind, 'r')?;
    }
    let (id, _) = id_of(id).ok_or_else(Refused::not_found)?;
    let house = house(ctx);
    let mut tx = ctx.begin().await?;
    let rows = store::by_ids(&mut tx, Kind::Composition, &[id]).await?;
    let row = rows.into_iter().find(|row| row.facts["kind"] == "form" && row.status == "current").ok_or_else(Refused::not_found)?;
    let mut resources = vec![(Kind::Composition, build::resource(Kind::Composition, &row, &house)), (Kind::DocumentReference, build::resource(Kind::DocumentReference, &row, &house))];
    for (kind, id) in [(Kind::Patient, row.patient), (Kind::Encounter, row.encounter)] {
        let ids: Vec<Uuid> = id.into_iter().collect();
        let found = store::by_ids(&mut tx, kind, &ids).await?;
        resources.extend(found.iter().map(|r| (kind, build::resource(kind, r, &house))));
    }
    let part = row.facts["version"].to_string();
    let papers = store::by_ids(&mut tx, Kind::Binary, &[id]).await?;
    let paper = papers.into_iter().find(|r| r.part == part).ok_or_else(Refused::not_found)?;
    let content = ctx.app.files().fetch(ctx.facility(), paper.text("sha256")).await.map_err(|e| Refused::Kernel(web::Failure::Fault(e.into())))?;
    let mut binary = build::resource(Kind::Binary, &paper, &house);
    binary["data"] = json!(STANDARD.encode(&content));
    resources.push((Kind::Binary, binary));
    let signatures = store::by_ids(&mut tx, Kind::Provenance, &[id]).await?;
    let of_version = signatures.iter().filter(|s| s.part.split('.').next() == Some(part.as_str()));
    resources.extend(of_version.map(|s| (Kind::Provenance, build::resource(Kind::Provenance, s, &house))));
    let named = named_in(&mut tx, ctx, &resources, &house).await?;
    resources.extend(named);
    tx.audit("read", "Composition", id, row.patient.map(Into::into), json!({ "operation": "document" }));
    tx.commit().await?;
    let now = at_vietnam(ctx.now);
    let entries: Vec<Value> = standing_alone(resources, &house);
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "document",
        "identifier": { "system": crate::dialect::uri("cs", "uri"), "value": format!("urn:uuid:{}", Uuid::now_v7()) },
        "timestamp": now,
        "entry": entries,
    });
    Ok(answer(StatusCode::OK, &bundle))
}

/// In a document every reference names an entry by its whole address; what does not travel with it keeps its address too.
fn standing_alone(resources: Vec<(Kind, Value)>, house: &House) -> Vec<Value> {
    let mut known = HashMap::new();
    for (kind, resource) in &resources {
        known.insert(format!("{}/{}", kind.name(), resource["id"].as_str().unwrap_or("")), url(house, *kind, resource));
    }
    resources
        .into_iter()
        .map(|(kind, mut resource)| {
            let url = url(house, kind, &resource);
            whole(&mut resource, &known, house);
            json!({ "fullUrl": url, "resource": resource })
        })
        .collect()
}

fn whole(value: &mut Value, known: &HashMap<String, String>, house: &House) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(text) if key == "reference" => *text = known.get(text.as_str()).cloned().unwrap_or_else(|| format!("{}/{text}", house.base)),
                    _ => whole(value, known, house),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|v| whole(v, known, house)),
        _ => {}
    }
}
