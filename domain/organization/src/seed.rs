//! The invented facilities of the demo world (`catalogues/demo/`): for demonstrations and tests, never for a real
//! server. Ids follow from facility and code, so that every world is the same.

use crate::search::search_text;
use base::{FacilityId, fold};
use chrono::NaiveDate;
use db::Tx;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::sql;

/// The facilities of the demo world: surrogate id and code.
pub fn facilities() -> Vec<(FacilityId, &'static str)> {
    rows(include_str!("../../../catalogues/demo/facilities.tsv"))
        .map(|r| (FacilityId(r["id"].parse().expect("a number in facilities.tsv")), r["code"]))
        .collect()
}

/// The id of a demo row, e.g. `demo_id("84101", "room", "NOI1")`.
pub fn demo_id(facility: &str, thing: &str, code: &str) -> Uuid {
    let digest = Sha256::digest(format!("{facility}/{thing}/{code}"));
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Rows of a tab-separated text with a head line, by column name.
pub fn rows(text: &'static str) -> impl Iterator<Item = BTreeMap<&'static str, &'static str>> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
    lines.map(move |line| head.iter().copied().zip(line.split('\t')).collect())
}

/// Writes the facility of this transaction with its rooms, services, drugs and prices, all in force since `from`.
/// Running it again changes nothing.
pub async fn write(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    for r in rows(include_str!("../../../catalogues/demo/facilities.tsv")).filter(|r| r["code"] == code) {
        sqlx::query(sql!(
            "INSERT INTO organization_facility (facility_id, code, name, short_name, legal_name, governing_body, address, phone,
                 licence_no, head_name, package, package_from, bank_bin, bank_account, bank_holder, settings)
             VALUES ($1, $2, $3, $4, $3, 'Sở Y tế tỉnh Vĩnh Long', $5, $6, $7, $8, $9, $10, $11, $12, $13,
                     jsonb_build_object('record_prefix', $14::text))
             ON CONFLICT (facility_id) DO NOTHING"
        ))
        .bind(facility)
        .bind(r["code"])
        .bind(r["name"])
        .bind(r["short_name"])
        .bind(r["address"])
        .bind(r["phone"])
        .bind(r["licence_no"])
        .bind(r["head_name"])
        .bind(r["package"])
        .bind(from)
        .bind(r["bank_bin"])
        .bind(r["bank_account"])
        .bind(r["bank_holder"])
        .bind(r["record_prefix"])
        .execute(tx.conn())
        .await?;
        for system in ["kcb", "rx"] {
            sqlx::query(sql!(
                "INSERT INTO organization_facility_code (facility_id, system, code, valid_from) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING"
            ))
            .bind(facility)
            .bind(system)
            .bind(r["code"])
            .bind(from)
            .execute(tx.conn())
            .await?;
        }
    }
    for r in rows(include_str!("../../../catalogues/demo/rooms.tsv")).filter(|r| r["facility"] == code) {
        sqlx::query(sql!(
            "INSERT INTO organization_room (facility_id, room_id, code, name, short_name, kind, active_from)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        ))
        .bind(facility)
        .bind(demo_id(code, "room", r["code"]))
        .bind(r["code"])
        .bind(r["name"])
        .bind(r["short_name"])
        .bind(r["kind"])
        .bind(from)
        .execute(tx.conn())
        .await?;
    }
    write_services(tx, code, from).await?;
    write_drugs(tx, code, from).await
}

async fn write_services(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    let offered = rows(include_str!("../../../catalogues/demo/services.tsv")).filter(|r| r["facilities"].split(' ').any(|f| f == code));
    for r in offered {
        let aliases: Vec<&str> = r["aliases"].split(',').map(str::trim).collect();
        let room: Option<Uuid> = sqlx::query_scalar(sql!("SELECT room_id FROM organization_room WHERE facility_id = $1 AND code = $2"))
            .bind(facility)
            .bind(r["room"])
            .fetch_optional(tx.conn())
            .await?;
        let id = demo_id(code, "service", r["code"]);
        sqlx::query(sql!(
            "WITH service AS (
                 INSERT INTO organization_service (facility_id, service_id, code, name, name_folded, aliases, search_folded, kind,
                     room_id, unit, specimen, preparation, active_from)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING service_id)
             INSERT INTO organization_service_price (facility_id, service_id, valid_from, price_vnd)
             SELECT $1, service_id, $13, $14 FROM service"
        ))
        .bind(facility)
        .bind(id)
        .bind(r["code"])
        .bind(r["name"])
        .bind(fold(r["name"]))
        .bind(r["aliases"])
        .bind(search_text(r["code"], r["name"], &aliases))
        .bind(r["kind"])
        .bind(room)
        .bind(r["unit"])
        .bind(r["specimen"])
        .bind(r["preparation"])
        .bind(from)
        .bind(r["price_vnd"].parse::<i64>().expect("a price in services.tsv"))
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

async fn write_drugs(tx: &mut Tx, code: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    for r in rows(include_str!("../../../catalogues/demo/drugs.tsv")) {
        sqlx::query(sql!(
            "WITH drug AS (
                 INSERT INTO organization_drug (facility_id, drug_id, code, ingredient, ingredient_folded, name, name_folded,
                     search_folded, strength, form, unit, pack_size_milli, pack_unit, route, route_code, national_ingredient_code,
                     controlled_class, active_from)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                 ON CONFLICT DO NOTHING RETURNING drug_id)
             INSERT INTO organization_drug_price (facility_id, drug_id, valid_from, price_vnd)
             SELECT $1, drug_id, $18, $19 FROM drug"
        ))
        .bind(facility)
        .bind(demo_id(code, "drug", r["code"]))
        .bind(r["code"])
        .bind(r["ingredient"])
        .bind(fold(r["ingredient"]))
        .bind(r["name"])
        .bind(fold(r["name"]))
        .bind(search_text(r["code"], r["name"], &[r["ingredient"], r["strength"]]))
        .bind(r["strength"])
        .bind(r["form"])
        .bind(r["unit"])
        .bind(r["pack_size_milli"].parse::<i64>().ok())
        .bind(r["pack_unit"])
        .bind(r["route"])
        .bind(r["route_code"])
        .bind(r["ingredient_code"])
        .bind(r["controlled"])
        .bind(from)
        .bind(r["price_vnd"].parse::<i64>().expect("a price in drugs.tsv"))
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Changes whenever the demo world's texts change.
pub fn fingerprint() -> String {
    let mut hasher = Sha256::new();
    for text in [
        include_str!("../../../catalogues/demo/facilities.tsv"),
        include_str!("../../../catalogues/demo/rooms.tsv"),
        include_str!("../../../catalogues/demo/services.tsv"),
        include_str!("../../../catalogues/demo/drugs.tsv"),
        include_str!("../../../catalogues/demo/staff.tsv"),
    ] {
        hasher.update(text);
    }
    hex::encode(hasher.finalize())
}
