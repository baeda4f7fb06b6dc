//! `GET /fhir/r4/{kind}` and `GET /fhir/r4/{kind}/{id}`.

use crate::access::{allow, house, may};
use crate::answer::{is_strict, json as answer, negotiated, versioned};
use crate::build::{self, House};
use crate::kind::Kind;
use crate::outcome::{Issue, Refused, outcome};
use crate::row::Row;
use crate::search::{self, Asked, after_text};
use crate::{gather, store};
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::Tx;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;
use web::Ctx;

/// Name and value pairs of an address; a `+` is a blank.
pub fn pairs(query: &RawQuery) -> Vec<(String, String)> {
    query.0.as_deref().unwrap_or("").split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let number = std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
                bytes.push(number.unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

fn format_of(pairs: &[(String, String)]) -> Option<&str> {
    pairs.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.as_str())
}

/// The parts of an id of ours: a UUID, and for some kinds a part behind a dot.
pub fn id_of(text: &str) -> Option<(Uuid, &str)> {
    let (id, part) = text.split_once('.').unwrap_or((text, ""));
    if id.len() != 36 {
        return None;
    }
    Some((id.parse().ok()?, part))
}

/// One resource.
pub async fn read(kind: Kind, ctx: Ctx, id: String, query: RawQuery, headers: HeaderMap) -> Response {
    match read_inner(kind, &ctx, &id, &query, &headers).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn read_inner(kind: Kind, ctx: &Ctx, id: &str, query: &RawQuery, headers: &HeaderMap) -> Result<Response, Refused> {
    let pairs = pairs(query);
    if kind != Kind::Binary {
        negotiated(headers, format_of(&pairs))?;
    }
    allow(ctx, kind, 'r')?;
    if kind == Kind::Organization {
        return organization(ctx, id, headers).await;
    }
    let (id, part) = id_of(id).ok_or_else(Refused::not_found)?;
    let row = gather::read(ctx, kind, id, part).await.map_err(|e| Refused::Kernel(e.into()))?.ok_or_else(Refused::not_found)?;
    match kind {
        Kind::Composition if row.facts["kind"] != "form" => Err(Refused::not_found()),
        Kind::Binary => bytes(ctx, &row, headers).await,
        _ => Ok(versioned(&build::resource(kind, &row, &house(ctx)), headers)),
    }
}

async fn organization(ctx: &Ctx, id: &str, headers: &HeaderMap) -> Result<Response, Refused> {
    let house = house(ctx);
    if id != house.code {
        return Err(Refused::not_found());
    }
    let mut tx = ctx.begin().await?;
    let row = store::house(&mut tx).await?;
    tx.commit().await?;
    Ok(versioned(&build::resource(Kind::Organization, &row, &house), headers))
}

/// The bytes of a document: as they are kept, or wrapped in a Binary where the reader asks for FHIR.
async fn bytes(ctx: &Ctx, row: &Row, headers: &HeaderMap) -> Result<Response, Refused> {
    let content = ctx.app.files().fetch(ctx.facility(), row.text("sha256")).await.map_err(|e| Refused::Kernel(web::Failure::Fault(e.into())))?;
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    if accept.contains("json") {
        let mut binary = build::resource(Kind::Binary, row, &house(ctx));
        binary["data"] = json!(STANDARD.encode(&content));
        return Ok(versioned(&binary, headers));
    }
    let media = HeaderValue::from_str(row.text("media")).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let tag = HeaderValue::from_str(&format!("\"{}\"", row.text("sha256"))).unwrap_or(HeaderValue::from_static("\"\""));
    let security = HeaderValue::from_str(&format!("DocumentReference/{}", row.text("document"))).unwrap_or(HeaderValue::from_static(""));
    let mut response = content.into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, media);
    set.insert(header::ETAG, tag);
    set.insert("x-security-context", security);
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A search of one kind.
pub async fn search(kind: Kind, ctx: Ctx, query: RawQuery, headers: HeaderMap) -> Response {
    match search_inner(kind, &ctx, &query, &headers).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn search_inner(kind: Kind, ctx: &Ctx, query: &RawQuery, headers: &HeaderMap) -> Result<Response, Refused> {
    let pairs = pairs(query);
    negotiated(headers, format_of(&pairs))?;
    allow(ctx, kind, 's')?;
    let mut asked = search::read(kind, &pairs, is_strict(headers))?;
    let house = house(ctx);
    let mut tx = ctx.begin().await?;
    let (rows, last) = if kind == Kind::Organization {
        (self_found(&mut tx, &asked, &house).await?, None)
    } else {
        widen(&mut tx, kind, &mut asked).await?;
        store::search(&mut tx, kind, &asked).await?
    };
    let rows: Vec<Row> = rows.into_iter().filter(|row| kind != Kind::Composition || row.facts["kind"] == "form").collect();
    let along = include(&mut tx, ctx, &asked, &rows).await?;
    store::audit_found(&mut tx, "search", kind, &rows);
    tx.commit().await?;
    Ok(answer(StatusCode::OK, &bundle(kind, &asked, &rows, last.as_ref(), &along, &house)))
}

/// The facility finds only itself.
async fn self_found(tx: &mut Tx, asked: &Asked, house: &House) -> Result<Vec<Row>, sqlx::Error> {
    let by_number = asked.numbers.as_ref().is_none_or(|all| all.iter().any(|n| n.split('|').nth(1) == Some(house.code.as_str())));
    let folded = format!(" {}", base::fold(&house.name));
    let by_name = asked.words.as_ref().is_none_or(|words| words.iter().all(|w| folded.contains(&format!(" {w}"))));
    if by_number && by_name && asked.ids.is_none() { Ok(vec![store::house(tx).await?]) } else { Ok(Vec::new()) }
}

/// Numbers of patients become patients, and a patient becomes all records that are one person's now.
async fn widen(tx: &mut Tx, kind: Kind, asked: &mut Asked) -> Result<(), sqlx::Error> {
    if !asked.patient_numbers.is_empty() {
        let (kinds, values): (Vec<String>, Vec<String>) = asked.patient_numbers.iter().cloned().unzip();
        let found = store::patients_with(tx, &kinds, &values).await?;
        asked.ids = Some(match asked.ids.take() {
            Some(ids) => ids.into_iter().filter(|id| found.contains(id)).collect(),
            None => found,
        });
    }
    if let Some(patients) = &asked.patients
        && kind != Kind::Patient
    {
        asked.patients = Some(store::merged_with(tx, patients).await?);
    }
    Ok(())
}

/// The targets of `_include`, as far as the caller may read them.
async fn include(tx: &mut Tx, ctx: &Ctx, asked: &Asked, rows: &[Row]) -> Result<Vec<(Kind, Row)>, sqlx::Error> {
    let mut out = Vec::new();
    for (element, kind) in [("subject", Kind::Patient), ("encounter", Kind::Encounter)] {
        if !asked.includes.contains(&element) || !may(ctx, kind, 'r') {
            continue;
        }
        let mut ids: Vec<Uuid> = rows.iter().filter_map(|r| if kind == Kind::Patient { r.patient } else { r.encounter }).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        let found = store::by_ids(tx, kind, &ids).await?;
        store::audit(tx, "read", kind, &found);
        out.extend(found.into_iter().map(|row| (kind, row)));
    }
    Ok(out)
}

fn bundle(kind: Kind, asked: &Asked, rows: &[Row], last: Option<&Row>, along: &[(Kind, Row)], house: &House) -> Value {
    let address = |extra: Option<String>| {
        let is_other = extra.is_some();
        let kept = asked.kept.iter().filter(|(name, _)| !is_other || name != "_after").map(|(k, v)| format!("{}={}", encoded(k), encoded(v)));
        let all: Vec<String> = kept.chain(extra).collect();
        let mark = if all.is_empty() { "" } else { "?" };
        format!("{}/{}{mark}{}", house.base, kind.name(), all.join("&"))
    };
    let mut links = vec![json!({ "relation": "self", "url": address(None) })];
    if let Some(last) = last {
        links.push(json!({ "relation": "next", "url": address(Some(format!("_after={}", after_text(last.updated, last.id, &last.part)))) }));
    }
    let entry = |kind: Kind, row: &Row, mode: &str| {
        let resource = build::resource(kind, row, house);
        let url = format!("{}/{}/{}", house.base, kind.name(), resource["id"].as_str().unwrap_or(""));
        json!({ "fullUrl": url, "resource": resource, "search": { "mode": mode } })
    };
    let mut entries: Vec<Value> = Vec::new();
    if !asked.only_count {
        entries.extend(rows.iter().map(|row| entry(kind, row, "match")));
        entries.extend(along.iter().map(|(kind, row)| entry(*kind, row, "include")));
    }
    if !asked.ignored.is_empty() {
        let text = format!("Tham số không dùng: {}.", asked.ignored.join(", "));
        entries.push(json!({ "resource": outcome(&[Issue::information(text)]), "search": { "mode": "outcome" } }));
    }
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "link": links });
    // How many there are in all is told where it is known without counting.
    if last.is_none() && asked.after.is_none() {
        bundle["total"] = json!(rows.len());
    }
    if !entries.is_empty() {
        bundle["entry"] = json!(entries);
    }
    bundle
}

/// A text as it stands in an address.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.~/:,".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
