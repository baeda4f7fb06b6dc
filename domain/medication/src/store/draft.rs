//! The draft of a visit and its lines: saved the moment they are added.

use crate::dose::{Dose, Milli};
use crate::line::{DrugOnLine, Line};
use crate::prescription::Status;
use crate::quantity::{Packaging, Quantity};
use base::{EncounterId, FacilityId, PatientId, PrescriptionId, Vnd};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Tx, sql};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A prescription with its lines.
#[derive(Clone, Debug)]
pub struct Prescription {
    pub id: PrescriptionId,
    pub encounter: EncounterId,
    pub patient: PatientId,
    pub status: Status,
    pub code: String,
    pub day: NaiveDate,
    pub advice: String,
    pub follow_up_on: Option<NaiveDate>,
    pub weight_g: Option<i32>,
    pub escort: String,
    pub version: i32,
    pub replaces: Option<PrescriptionId>,
    pub replaces_code: String,
    pub replace_reason: String,
    pub prescriber: serde_json::Value,
    pub on_paper: serde_json::Value,
    pub issued_at: Option<DateTime<Utc>>,
    pub valid_until: Option<NaiveDate>,
    pub end_reason: String,
    /// Who issued it: the account, and the member of staff behind it.
    pub issued_by: Option<Uuid>,
    pub practitioner: Option<Uuid>,
    /// The doctor wants this brand and no other.
    pub no_substitution: bool,
    pub lines: Vec<(Uuid, Line)>,
}

impl Prescription {
    /// What the lines cost together at the prices of the day; free text costs nothing here.
    pub fn total(&self) -> Vnd {
        self.lines.iter().filter_map(|(_, line)| line.amount()).sum()
    }
}

pub(super) fn prescription(row: &PgRow) -> Result<Prescription, sqlx::Error> {
    Ok(Prescription {
        id: PrescriptionId(row.try_get("prescription_id")?),
        encounter: EncounterId(row.try_get("encounter_id")?),
        patient: PatientId(row.try_get("patient_id")?),
        status: Status::from_key(row.try_get("status")?).unwrap_or(Status::Draft),
        code: row.try_get::<Option<String>, _>("code")?.unwrap_or_default(),
        day: row.try_get("day")?,
        advice: row.try_get("advice")?,
        follow_up_on: row.try_get("follow_up_on")?,
        weight_g: row.try_get("weight_g")?,
        escort: row.try_get("escort")?,
        version: row.try_get("version")?,
        replaces: row.try_get::<Option<Uuid>, _>("replaces")?.map(PrescriptionId),
        replaces_code: row.try_get::<Option<String>, _>("replaces_code")?.unwrap_or_default(),
        replace_reason: row.try_get("replace_reason")?,
        prescriber: row.try_get("prescriber")?,
        on_paper: row.try_get("on_paper")?,
        issued_at: row.try_get("issued_at")?,
        valid_until: row.try_get("valid_until")?,
        end_reason: row.try_get("end_reason")?,
        issued_by: row.try_get("issued_by")?,
        practitioner: row.try_get("practitioner_id")?,
        no_substitution: row.try_get("no_substitution")?,
        lines: row.try_get::<Json<Vec<LineRow>>, _>("lines")?.0.into_iter().map(LineRow::line).collect(),
    })
}

/// A line as `to_jsonb` gives it.
#[derive(serde::Deserialize)]
struct LineRow {
    line_id: Uuid,
    drug_id: Option<Uuid>,
    ingredient: String,
    brand: String,
    strength: String,
    form: String,
    route: String,
    controlled_class: String,
    is_supplement: bool,
    unit: String,
    pack_size_milli: Option<i64>,
    pack_unit: String,
    sentence: String,
    dose: Dose,
    instruction: String,
    quantity_milli: i64,
    arithmetic: String,
    price_vnd: Option<i64>,
}

impl LineRow {
    fn line(self) -> (Uuid, Line) {
        let by_hand = self.dose.quantity.is_some();
        let iu_per_ml = crate::quantity::iu_per_ml(&self.strength);
        let pack = self.pack_size_milli.map(|size| (Milli(size), self.pack_unit));
        let drug = DrugOnLine {
            id: self.drug_id,
            ingredient: self.ingredient,
            brand: self.brand,
            strength: self.strength,
            packaging: Packaging { form: self.form.clone(), unit: self.unit, pack, iu_per_ml },
            form: self.form,
            route: self.route,
            controlled: self.controlled_class,
            is_supplement: self.is_supplement,
            price: self.price_vnd.map(Vnd),
        };
        let quantity = Quantity { amount: Milli(self.quantity_milli), arithmetic: self.arithmetic, by_hand };
        (self.line_id, Line { drug, sentence: self.sentence, dose: self.dose, instruction: self.instruction, quantity })
    }
}

/// All prescriptions of a visit with their lines: the draft first, then the newest.
pub async fn list_of_visit(
    conn: &mut PgConnection,
    facility: FacilityId,
    encounter: EncounterId,
) -> Result<Vec<Prescription>, sqlx::Error> {
    sqlx::query(sql!(
        "SELECT p.*, o.code AS replaces_code,
                coalesce((SELECT jsonb_agg(to_jsonb(l) ORDER BY l.place, l.line_id) FROM medication_line l
                          WHERE l.facility_id = $1 AND l.prescription_id = p.prescription_id), '[]') AS lines
         FROM medication_prescription p
         LEFT JOIN medication_prescription o ON o.facility_id = p.facility_id AND o.prescription_id = p.replaces
         WHERE p.facility_id = $1 AND p.encounter_id = $2 AND NOT (p.status = 'cancelled' AND p.code IS NULL)
         ORDER BY p.status = 'draft' DESC, p.status = 'issued' DESC, p.issued_at DESC"
    ))
    .bind(facility.0)
    .bind(encounter.0)
    .fetch_all(conn)
    .await?
    .iter()
    .map(prescription)
    .collect()
}

/// One prescription; `None` when the facility has none with this id.
pub async fn find(
    conn: &mut PgConnection,
    facility: FacilityId,
    id: PrescriptionId,
) -> Result<Option<Prescription>, sqlx::Error> {
    let row = sqlx::query(sql!(
        "SELECT p.*, o.code AS replaces_code,
                coalesce((SELECT jsonb_agg(to_jsonb(l) ORDER BY l.place, l.line_id) FROM medication_line l
                          WHERE l.facility_id = $1 AND l.prescription_id = p.prescription_id), '[]') AS lines
         FROM medication_prescription p
         LEFT JOIN medication_prescription o ON o.facility_id = p.facility_id AND o.prescription_id = p.replaces
         WHERE p.facility_id = $1 AND p.prescription_id = $2"
    ))
    .bind(facility.0)
    .bind(id.0)
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(prescription).transpose()
}

/// The draft of the visit, locked; made now when there is none. Two people who begin at once share one.
pub async fn open_draft(tx: &mut Tx, visit: &super::Visit, fresh: PrescriptionId, by: Uuid, now: DateTime<Utc>) -> Result<PrescriptionId, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(sql!(
        "INSERT INTO medication_prescription (facility_id, prescription_id, encounter_id, patient_id, day, weight_g, escort, started_at, started_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
    ))
    .bind(facility)
    .bind(fresh.0)
    .bind(visit.encounter.0)
    .bind(visit.patient.0)
    .bind(visit.day)
    .bind(visit.weight_g.filter(|g| *g > 0))
    .bind(&visit.guardian)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    let id: Uuid = sqlx::query_scalar(sql!(
        "SELECT prescription_id FROM medication_prescription
         WHERE facility_id = $1 AND encounter_id = $2 AND status = 'draft' FOR UPDATE"
    ))
    .bind(facility)
    .bind(visit.encounter.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(PrescriptionId(id))
}

/// Whether a line with this id exists anywhere in the facility: a repeated request is then already done.
pub async fn line_exists(conn: &mut PgConnection, facility: FacilityId, line: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql!("SELECT EXISTS (SELECT 1 FROM medication_line WHERE facility_id = $1 AND line_id = $2)"))
        .bind(facility.0)
        .bind(line)
        .fetch_one(conn)
        .await
}

/// Adds a line at the end, or rewrites it in its place; a repeated request changes nothing more.
pub async fn save_line(tx: &mut Tx, prescription: PrescriptionId, id: Uuid, line: &Line, is_new: bool) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    let drug = &line.drug;
    sqlx::query(if is_new {
        sql!(
            "INSERT INTO medication_line (facility_id, line_id, prescription_id, place, drug_id, ingredient, brand, strength, form, route,
                 controlled_class, is_supplement, unit, pack_size_milli, pack_unit, sentence, dose, instruction, quantity_milli, arithmetic, price_vnd)
             SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
             FROM medication_line WHERE facility_id = $1 AND prescription_id = $3
             ON CONFLICT DO NOTHING"
        )
    } else {
        sql!(
            "UPDATE medication_line SET drug_id = $4, ingredient = $5, brand = $6, strength = $7, form = $8, route = $9,
                 controlled_class = $10, is_supplement = $11, unit = $12, pack_size_milli = $13, pack_unit = $14, sentence = $15,
                 dose = $16, instruction = $17, quantity_milli = $18, arithmetic = $19, price_vnd = $20
             WHERE facility_id = $1 AND line_id = $2 AND prescription_id = $3"
        )
    })
    .bind(facility)
    .bind(id)
    .bind(prescription.0)
    .bind(drug.id)
    .bind(&drug.ingredient)
    .bind(&drug.brand)
    .bind(&drug.strength)
    .bind(&drug.form)
    .bind(&drug.route)
    .bind(if drug.controlled.is_empty() { "none" } else { &drug.controlled })
    .bind(drug.is_supplement)
    .bind(&drug.packaging.unit)
    .bind(drug.packaging.pack.as_ref().map(|(size, _)| size.0))
    .bind(drug.packaging.pack.as_ref().map_or("", |(_, unit)| unit))
    .bind(&line.sentence)
    .bind(Json(&line.dose))
    .bind(&line.instruction)
    .bind(line.quantity.amount.0)
    .bind(&line.quantity.arithmetic)
    .bind(drug.price.map(|p| p.0))
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

/// What stands beside the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    pub advice: String,
    pub follow_up_on: Option<NaiveDate>,
    pub weight_g: Option<i32>,
    pub escort: String,
    /// No other brand may take a line's place.
    pub no_substitution: bool,
}

/// Saves the details when `read` is still their version; gives the new version, or `None` when somebody was faster.
pub async fn save_details(tx: &mut Tx, id: PrescriptionId, read: i32, details: &Details) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(sql!(
        "UPDATE medication_prescription SET advice = $4, follow_up_on = $5, weight_g = $6, escort = $7, no_substitution = $8, version = version + 1
         WHERE facility_id = $1 AND prescription_id = $2 AND version = $3 AND status = 'draft' RETURNING version"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(read)
    .bind(&details.advice)
    .bind(details.follow_up_on)
    .bind(details.weight_g)
    .bind(&details.escort)
    .bind(details.no_substitution)
    .fetch_optional(tx.conn())
    .await
}

/// Puts a sentence behind the advice of a draft, once.
pub async fn append_advice(tx: &mut Tx, id: PrescriptionId, sentence: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE medication_prescription SET advice = left(btrim(advice || ' ' || $3), 2000), version = version + 1
         WHERE facility_id = $1 AND prescription_id = $2 AND status = 'draft' AND position($3 IN advice) = 0"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(sentence)
    .execute(tx.conn())
    .await?;
    Ok(())
}
