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
    /// Until when each line lasts at home, as last counted.
    pub ends_on: Vec<Option<NaiveDate>>,
}

impl Prescription {
    /// What the lines cost together at the prices of the day; free text costs nothing here.
    pub fn total(&self) -> Vnd {
        self.lines.iter().filter_map(|(_, line)| line.amount()).sum()
    }

    /// The draft that [`open_draft`] and [`insert_lines`] just made, without asking for it again.
    pub fn begun(visit: &super::Visit, id: PrescriptionId, details: &Details, lines: Vec<(Uuid, Line)>, today: NaiveDate) -> Prescription {
        Prescription {
            id,
            encounter: visit.encounter,
            patient: visit.patient,
            status: Status::Draft,
            code: String::new(),
            day: visit.day,
            advice: details.advice.clone(),
            follow_up_on: details.follow_up_on,
            weight_g: details.weight_g.or(visit.weight_g).filter(|g| *g > 0),
            escort: if details.escort.is_empty() { visit.guardian.clone() } else { details.escort.clone() },
            version: 1,
            replaces: None,
            replaces_code: String::new(),
            replace_reason: String::new(),
            prescriber: serde_json::json!({}),
            on_paper: serde_json::json!({}),
            issued_at: None,
            valid_until: None,
            end_reason: String::new(),
            issued_by: None,
            practitioner: None,
            no_substitution: details.no_substitution,
            ends_on: lines.iter().map(|(_, line)| Some(line.ends_on(today))).collect(),
            lines,
        }
    }

    /// The same with these details.
    pub fn with(self, details: Details) -> Prescription {
        let Details { advice, follow_up_on, weight_g, escort, no_substitution } = details;
        Prescription { advice, follow_up_on, weight_g, escort, no_substitution, ..self }
    }
}

pub(super) fn prescription(row: &PgRow) -> Result<Prescription, sqlx::Error> {
    let lines = row.try_get::<Json<Vec<LineRow>>, _>("lines")?.0;
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
        ends_on: lines.iter().map(|l| l.ends_on).collect(),
        lines: lines.into_iter().map(LineRow::line).collect(),
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
    ends_on: Option<NaiveDate>,
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

/// The draft of a visit, locked.
pub struct OpenDraft {
    pub id: PrescriptionId,
    pub version: i32,
    /// Made by this very request.
    pub is_new: bool,
    /// The line that was asked about exists already, somewhere in the facility: the request is then already done.
    pub has_line: bool,
    /// The prescription in force, with its code.
    pub standing: Option<(PrescriptionId, String)>,
}

/// The draft of the visit, locked; made now with these details when there is none. Two people who begin at once share
/// one. Tells about `line` on the way, so that a repeated click needs no question of its own.
pub async fn open_draft(tx: &mut Tx, visit: &super::Visit, fresh: PrescriptionId, details: &Details, line: Uuid) -> Result<OpenDraft, sqlx::Error> {
    let (facility, by, now) = (tx.facility().0, tx.actor.account.0, tx.now);
    let row = sqlx::query(sql!(
        "INSERT INTO medication_prescription AS p (facility_id, prescription_id, encounter_id, patient_id, day, weight_g, escort, started_at,
             started_by, advice, follow_up_on, no_substitution)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (facility_id, encounter_id) WHERE status = 'draft' DO UPDATE SET version = p.version
         RETURNING p.prescription_id, p.version, p.xmax = 0 AS is_new,
                   EXISTS (SELECT 1 FROM medication_line l WHERE l.facility_id = $1 AND l.line_id = $13) AS has_line,
                   (SELECT s.prescription_id FROM medication_prescription s
                    WHERE s.facility_id = $1 AND s.encounter_id = $3 AND s.status = 'issued') AS standing,
                   (SELECT s.code FROM medication_prescription s
                    WHERE s.facility_id = $1 AND s.encounter_id = $3 AND s.status = 'issued') AS standing_code"
    ))
    .bind(facility)
    .bind(fresh.0)
    .bind(visit.encounter.0)
    .bind(visit.patient.0)
    .bind(visit.day)
    .bind(details.weight_g.or(visit.weight_g).filter(|g| *g > 0))
    .bind(if details.escort.is_empty() { &visit.guardian } else { &details.escort })
    .bind(now)
    .bind(by)
    .bind(&details.advice)
    .bind(details.follow_up_on)
    .bind(details.no_substitution)
    .bind(line)
    .fetch_one(tx.conn())
    .await?;
    let standing: Option<Uuid> = row.try_get("standing")?;
    let code: Option<String> = row.try_get("standing_code")?;
    Ok(OpenDraft {
        id: PrescriptionId(row.try_get("prescription_id")?),
        version: row.try_get("version")?,
        is_new: row.try_get("is_new")?,
        has_line: row.try_get("has_line")?,
        standing: standing.map(|id| (PrescriptionId(id), code.unwrap_or_default())),
    })
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
