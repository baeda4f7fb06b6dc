//! Writing the lines of a draft; once it is issued, a trigger closes them.

use crate::dose::Dose;
use crate::line::Line;
use base::{FacilityId, PrescriptionId};
use chrono::NaiveDate;
use db::{Tx, sql};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// Whether a line with this id exists anywhere in the facility: a repeated request is then already done.
pub async fn line_exists(conn: &mut PgConnection, facility: FacilityId, line: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM medication_line WHERE facility_id = $1 AND line_id = $2)"))
        .bind(facility.0)
        .bind(line)
        .fetch_one(conn)
        .await
}

/// A line as `jsonb_to_recordset` takes it.
#[derive(serde::Serialize)]
struct LineOut<'a> {
    line_id: Uuid,
    nth: usize,
    drug_id: Option<Uuid>,
    ingredient: &'a str,
    brand: &'a str,
    strength: &'a str,
    form: &'a str,
    route: &'a str,
    controlled_class: &'a str,
    is_supplement: bool,
    unit: &'a str,
    pack_size_milli: Option<i64>,
    pack_unit: &'a str,
    sentence: &'a str,
    dose: &'a Dose,
    instruction: &'a str,
    quantity_milli: i64,
    arithmetic: &'a str,
    price_vnd: Option<i64>,
    ends_on: NaiveDate,
}

impl<'a> LineOut<'a> {
    fn of(nth: usize, line_id: Uuid, line: &'a Line, today: NaiveDate) -> LineOut<'a> {
        let drug = &line.drug;
        LineOut {
            line_id,
            nth,
            drug_id: drug.id,
            ingredient: &drug.ingredient,
            brand: &drug.brand,
            strength: &drug.strength,
            form: &drug.form,
            route: &drug.route,
            controlled_class: if drug.controlled.is_empty() { "none" } else { &drug.controlled },
            is_supplement: drug.is_supplement,
            unit: &drug.packaging.unit,
            pack_size_milli: drug.packaging.pack.as_ref().map(|(size, _)| size.0),
            pack_unit: drug.packaging.pack.as_ref().map_or("", |(_, unit)| unit),
            sentence: &line.sentence,
            dose: &line.dose,
            instruction: &line.instruction,
            quantity_milli: line.quantity.amount.0,
            arithmetic: &line.quantity.arithmetic,
            price_vnd: drug.price.map(|p| p.0),
            ends_on: line.ends_on(today),
        }
    }
}

/// Adds lines at the end, in one statement; a repeated request changes nothing more.
pub async fn insert_lines(tx: &mut Tx, prescription: PrescriptionId, lines: &[(Uuid, &Line)]) -> Result<(), sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    let rows: Vec<LineOut> = lines.iter().enumerate().map(|(nth, (id, line))| LineOut::of(nth, *id, line, today)).collect();
    sqlx::query(sql!(
        "INSERT INTO medication_line (facility_id, line_id, prescription_id, place, drug_id, ingredient, brand, strength, form, route,
             controlled_class, is_supplement, unit, pack_size_milli, pack_unit, sentence, dose, instruction, quantity_milli, arithmetic,
             price_vnd, ends_on)
         SELECT $1, n.line_id, $2, last.place + 1 + n.nth, n.drug_id, n.ingredient, n.brand, n.strength, n.form, n.route,
             n.controlled_class, n.is_supplement, n.unit, n.pack_size_milli, n.pack_unit, n.sentence, n.dose, n.instruction,
             n.quantity_milli, n.arithmetic, n.price_vnd, n.ends_on
         FROM jsonb_to_recordset($3) AS n(line_id uuid, nth int, drug_id uuid, ingredient text, brand text, strength text, form text,
             route text, controlled_class text, is_supplement boolean, unit text, pack_size_milli bigint, pack_unit text, sentence text,
             dose jsonb, instruction text, quantity_milli bigint, arithmetic text, price_vnd bigint, ends_on date),
             (SELECT coalesce(max(place), 0) AS place FROM medication_line WHERE facility_id = $1 AND prescription_id = $2) AS last
         ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(Json(rows))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a line of a draft again in its place.
pub async fn update_line(tx: &mut Tx, prescription: PrescriptionId, id: Uuid, line: &Line) -> Result<(), sqlx::Error> {
    let (facility, today) = (tx.facility().0, base::local_date(tx.now));
    sqlx::query(sql!(
        "UPDATE medication_line l SET drug_id = n.drug_id, ingredient = n.ingredient, brand = n.brand, strength = n.strength, form = n.form,
             route = n.route, controlled_class = n.controlled_class, is_supplement = n.is_supplement, unit = n.unit,
             pack_size_milli = n.pack_size_milli, pack_unit = n.pack_unit, sentence = n.sentence, dose = n.dose,
             instruction = n.instruction, quantity_milli = n.quantity_milli, arithmetic = n.arithmetic, price_vnd = n.price_vnd,
             ends_on = n.ends_on
         FROM jsonb_to_recordset($3) AS n(line_id uuid, drug_id uuid, ingredient text, brand text, strength text, form text,
             route text, controlled_class text, is_supplement boolean, unit text, pack_size_milli bigint, pack_unit text, sentence text,
             dose jsonb, instruction text, quantity_milli bigint, arithmetic text, price_vnd bigint, ends_on date)
         WHERE l.facility_id = $1 AND l.line_id = n.line_id AND l.prescription_id = $2"
    ))
    .bind(facility)
    .bind(prescription.0)
    .bind(Json([LineOut::of(0, id, line, today)]))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a line out of a draft. A second time changes nothing.
pub async fn remove_line(tx: &mut Tx, prescription: PrescriptionId, line: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(sql!("DELETE FROM medication_line WHERE facility_id = $1 AND prescription_id = $2 AND line_id = $3"))
        .bind(tx.facility().0)
        .bind(prescription.0)
        .bind(line)
        .execute(tx.conn())
        .await?;
    Ok(())
}
