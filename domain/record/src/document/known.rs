//! What the house knows already, under the names of `form::source`: person, card, stay, vital signs, diagnoses,
//! allergies, results. A form that is begun is filled with it, and nobody types a birth date twice.

use crate::form::definition::Form;
use base::{Age, EncounterId, RecordId, show_date};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use db::Tx;
use serde_json::{Map, Value, json};
use sqlx::Row;
use uuid::Uuid;
use web::{App, Failure};

/// All answers for one record, by key. `app` is asked for results only where the form wants them; a listener has none.
pub async fn answers(app: Option<&App>, tx: &mut Tx, record: RecordId, form: &Form) -> Result<Map<String, Value>, Failure> {
    let mut all = spine(tx, record, form).await?;
    let wants = form.fields().any(|field| field.source.as_deref() == Some("findings.summary"));
    let encounter = all.remove("encounter").and_then(|id| id.as_str()?.parse::<EncounterId>().ok());
    if let (Some(app), Some(encounter), true) = (app, encounter, wants) {
        let found = app.findings().of_encounter(tx, encounter).await?;
        let lines: Vec<String> = found.iter().map(|f| format!("{}: {}", f.name, f.text)).collect();
        all.insert("findings.summary".into(), json!(lines.join("\n")));
    }
    Ok(all)
}

/// The answers that lie in the tables of the spine, in one question.
async fn spine(tx: &mut Tx, record: RecordId, form: &Form) -> Result<Map<String, Value>, Failure> {
    let (facility, now, author) = (tx.facility().0, tx.now, tx.actor.name.to_string());
    let row = sqlx::query(db::sql!(
        "SELECT f.name AS facility_name, f.governing_body, r.archive_no, r.outcome, r.ended_at, r.encounter_id,
                e.class, e.opened_at, e.finished_at, e.day, e.reason, e.payer, e.from_encounter_id, o.name AS room_name,
                p.name, p.record_no, p.birth_date, p.birth_year_only, p.sex, p.phone, p.cccd, p.ethnic_code, p.nationality, p.occupation,
                p.address_line, p.address_text, p.commune_code, p.allergy_state, c.full_name AS commune, c.province_code,
                v.full_name AS province, x.name AS ethnic_name, k.name AS country_name,
                before.opened_at AS before_at, before.reason AS before_reason, bo.kind AS before_room_kind,
                (SELECT string_agg(a.substance || CASE WHEN a.reaction = '' THEN '' ELSE ' (' || a.reaction || ')' END, ', ' ORDER BY a.severity <> 'severe', a.recorded_at)
                 FROM patient_allergy a WHERE a.facility_id = p.facility_id AND a.patient_id = p.patient_id AND a.ended_at IS NULL) AS allergies,
                (SELECT jsonb_build_object('no', g.card_no, 'from', g.valid_from, 'to', g.valid_to, 'at', g.registered_at)
                 FROM patient_coverage g WHERE g.facility_id = p.facility_id AND g.patient_id = p.patient_id AND g.ended_at IS NULL
                 ORDER BY g.coverage_id = e.coverage_id DESC NULLS LAST, g.valid_to DESC NULLS LAST LIMIT 1) AS card,
                (SELECT jsonb_agg(jsonb_build_object('relation', n.relation, 'name', n.name, 'phone', n.phone) ORDER BY n.is_guardian DESC, n.recorded_at)
                 FROM patient_contact n WHERE n.facility_id = p.facility_id AND n.patient_id = p.patient_id AND n.ended_at IS NULL) AS contacts,
                (SELECT to_jsonb(t) FROM encounter_vitals t WHERE t.facility_id = e.facility_id AND t.patient_id = e.patient_id AND t.ended_at IS NULL
                   AND t.measured_at BETWEEN e.opened_at - interval '1 day' AND $3 ORDER BY t.measured_at DESC LIMIT 1) AS vitals,
                (SELECT jsonb_agg(jsonb_build_array(g.code, g.name, g.remark) ORDER BY g.place) FROM encounter_diagnosis g
                 WHERE g.facility_id = e.facility_id AND g.encounter_id = e.encounter_id AND g.ended_at IS NULL) AS diagnoses,
                (SELECT jsonb_agg(jsonb_build_array(g.code, g.name, g.remark) ORDER BY g.place) FROM encounter_diagnosis g
                 WHERE g.facility_id = e.facility_id AND g.encounter_id = e.from_encounter_id AND g.ended_at IS NULL) AS before_diagnoses,
                (SELECT jsonb_agg(jsonb_build_array(w.name, s.at) ORDER BY s.step) FROM encounter_status s
                 JOIN organization_room w ON w.facility_id = s.facility_id AND w.room_id = s.room_id
                 WHERE s.facility_id = e.facility_id AND s.encounter_id = e.encounter_id AND s.to_status = 'in_progress') AS wards
         FROM record_record r
         JOIN encounter_encounter e USING (facility_id, encounter_id)
         JOIN patient_patient p ON p.facility_id = r.facility_id AND p.patient_id = r.patient_id
         JOIN organization_facility f ON f.facility_id = r.facility_id
         LEFT JOIN organization_room o ON o.facility_id = r.facility_id AND o.room_id = r.room_id
         LEFT JOIN encounter_encounter before ON before.facility_id = e.facility_id AND before.encounter_id = e.from_encounter_id
         LEFT JOIN organization_room bo ON bo.facility_id = before.facility_id AND bo.room_id = before.room_id
         LEFT JOIN codes_commune c ON c.code = p.commune_code
         LEFT JOIN codes_province v ON v.code = c.province_code
         LEFT JOIN LATERAL (SELECT l.name FROM codes_list l WHERE l.list = 'ethnic_group' AND l.code = p.ethnic_code LIMIT 1) x ON true
         LEFT JOIN LATERAL (SELECT l.name FROM codes_list l WHERE l.list = 'country' AND l.code = p.nationality LIMIT 1) k ON true
         WHERE r.facility_id = $1 AND r.record_id = $2"
    ))
    .bind(facility)
    .bind(record.0)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    let text = |column: &str| row.try_get::<Option<String>, _>(column).map(Option::unwrap_or_default);
    let value = |column: &str| row.try_get::<Option<Value>, _>(column).map(Option::unwrap_or_default);
    let day: NaiveDate = row.try_get("day")?;
    let birth: NaiveDate = row.try_get("birth_date")?;
    let opened: DateTime<Utc> = row.try_get("opened_at")?;
    let ended: Option<DateTime<Utc>> = row.try_get("ended_at")?;
    let encounter: Uuid = row.try_get("encounter_id")?;
    let is_stay = text("class")? == "IMP";
    let (outcome, payer, sex) = (text("outcome")?, text("payer")?, text("sex")?);

    let mut all = Answers(Map::new());
    all.put("encounter", json!(encounter));
    all.text("facility.name", text("facility_name")?);
    all.text("facility.health_department", text("governing_body")?);
    all.text("form.number", form.form.clone());
    all.at("form.today", Some(now));
    all.text("staff.author", author);
    all.text("record.archive_no", text("archive_no")?);

    all.text("patient.name", text("name")?.to_uppercase());
    all.text("patient.code", text("record_no")?);
    if !row.try_get::<bool, _>("birth_year_only")? {
        all.put("patient.birth_date", json!(birth));
    }
    all.text("patient.birth_year", birth.format("%Y").to_string());
    all.text("patient.age", age(birth, day));
    all.text("patient.sex", match sex.as_str() { "male" => "Nam", "female" => "Nữ", _ => "" }.to_owned());
    all.text("patient.occupation", text("occupation")?);
    all.text("patient.ethnicity", text("ethnic_name")?);
    all.text("patient.ethnicity_code", text("ethnic_code")?);
    let country = text("nationality")?;
    if country != "VN" && !country.is_empty() {
        all.text("patient.foreign_nationality", text("country_name")?);
        all.text("patient.nationality_code", country.clone());
    }
    all.text("patient.nationality", if country == "VN" { "Việt Nam".into() } else { text("country_name")? });
    all.text("patient.street", text("address_line")?);
    all.text("patient.commune", text("commune")?);
    all.text("patient.commune_code", text("commune_code")?);
    all.text("patient.province", text("province")?);
    all.text("patient.province_code", text("province_code")?);
    all.text("patient.address", text("address_text")?);
    all.text("patient.phone", text("phone")?);
    all.text("patient.identity_no", text("cccd")?);
    let contacts = value("contacts")?;
    let contact = |relation: &str| contacts.as_array().into_iter().flatten().find(|c| relation.is_empty() || c["relation"] == relation).cloned();
    if let Some(first) = contact("") {
        all.text("patient.contact", string(&first["name"]));
        all.text("patient.contact_phone", string(&first["phone"]));
    }
    all.text("patient.father", contact("father").map(|c| string(&c["name"])).unwrap_or_default());
    all.text("patient.mother", contact("mother").map(|c| string(&c["name"])).unwrap_or_default());
    all.text("patient.payer", if payer == "insurance" { "BHYT".into() } else { "Thu phí".into() });
    let allergies = text("allergies")?;
    let none_known = allergies.is_empty() && text("allergy_state")? == "none_known";
    all.text("patient.allergies", if none_known { "Chưa ghi nhận".into() } else { allergies });

    let card = value("card")?;
    if payer == "insurance" && card.is_object() {
        all.text("coverage.card_no", string(&card["no"]));
        all.put("coverage.valid_from", card["from"].clone());
        all.put("coverage.valid_to", card["to"].clone());
        all.text("coverage.registered_code", string(&card["at"]));
    }

    all.text("stay.ward", text("room_name")?);
    let before_reason = text("before_reason")?;
    let reason = text("reason")?;
    all.text("stay.reason", if reason.is_empty() { before_reason } else { reason });
    let before_at: Option<DateTime<Utc>> = row.try_get("before_at")?;
    all.at("stay.arrived_at", before_at.or(Some(opened)));
    all.at("stay.admitted_at", Some(opened));
    if is_stay {
        all.text("stay.entry", if before_at.is_some() { "KKB".into() } else { "Khoa điều trị".into() });
        wards(&mut all, &value("wards")?, opened, ended.unwrap_or(now));
    }
    if let Some(ended) = ended {
        all.at("stay.discharged_at", Some(ended));
        all.put("stay.days", json!(nights(opened, ended)));
        let words = [("recovered", "Khỏi"), ("improved", "Đỡ"), ("unchanged", "Không thay đổi"), ("worse", "Nặng hơn"), ("died", "Tử vong")];
        let word = words.iter().find(|(key, _)| *key == outcome).map_or("", |(_, word)| word);
        all.text("stay.outcome", word.to_owned());
        if outcome == "died" {
            all.at("stay.died_at", Some(ended));
        }
    }

    let (now_list, before_list) = (value("diagnoses")?, value("before_diagnoses")?);
    diagnoses(&mut all, "diagnosis.current", "diagnosis.secondary", &now_list);
    diagnoses(&mut all, "diagnosis.admission", "", if before_list.is_array() { &before_list } else { &now_list });
    if is_stay {
        diagnoses(&mut all, "diagnosis.ward", "diagnosis.ward_secondary", if now_list.is_array() { &now_list } else { &before_list });
    }
    if ended.is_some() {
        diagnoses(&mut all, "diagnosis.discharge", "diagnosis.discharge_secondary", &now_list);
    }
    vitals(&mut all, &value("vitals")?);
    Ok(all.0)
}

struct Answers(Map<String, Value>);

impl Answers {
    fn put(&mut self, key: &str, value: Value) {
        if !value.is_null() {
            self.0.insert(key.to_owned(), value);
        }
    }
    fn text(&mut self, key: &str, text: String) {
        if !text.trim().is_empty() {
            self.0.insert(key.to_owned(), Value::String(text));
        }
    }
    fn at(&mut self, key: &str, at: Option<DateTime<Utc>>) {
        if let Some(at) = at {
            self.text(key, base::local_time(at).to_rfc3339_opts(SecondsFormat::Secs, false));
        }
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Years, or months under six years, as the ministry's forms write ages.
fn age(birth: NaiveDate, on: NaiveDate) -> String {
    let age = Age::on(birth, on);
    if age.years >= 6 { age.years.to_string() } else { age.to_string() }
}

/// Days of treatment: the day of leaving minus the day of coming, at least one (Circular 22/2023 counts bed days so).
fn nights(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (base::local_date(to) - base::local_date(from)).num_days().max(1)
}

fn wards(all: &mut Answers, wards: &Value, opened: DateTime<Utc>, until: DateTime<Utc>) {
    let stops: Vec<(String, DateTime<Utc>)> = wards
        .as_array()
        .into_iter()
        .flatten()
        .map(|stop| (string(&stop[0]), stop[1].as_str().and_then(|at| at.parse().ok()).unwrap_or(opened)))
        .collect();
    let end = |i: usize| stops.get(i + 1).map_or(until, |(_, at)| *at);
    if let Some((name, at)) = stops.first() {
        all.text("stay.first_ward", name.clone());
        all.at("stay.first_ward_at", Some(*at));
        all.put("stay.first_ward_days", json!(nights(*at, end(0))));
    }
    let moved: Vec<Value> = (1..stops.len())
        .map(|i| json!([stops[i].0, base::local_time(stops[i].1).to_rfc3339_opts(SecondsFormat::Secs, false), nights(stops[i].1, end(i))]))
        .collect();
    if !moved.is_empty() {
        all.put("stay.transfers", Value::Array(moved));
    }
}

/// A list of `[code, name, remark]`, the main one first.
fn diagnoses(all: &mut Answers, main: &str, others: &str, list: &Value) {
    let said = |d: &Value| match d[2].as_str() {
        Some(remark) if !remark.is_empty() => format!("{} ({remark})", string(&d[1])),
        _ => string(&d[1]),
    };
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let Some((first, rest)) = list.split_first() else { return };
    all.text(main, said(first));
    all.text(&format!("{main}_code"), string(&first[0]));
    if !others.is_empty() {
        all.text(others, rest.iter().map(said).collect::<Vec<_>>().join("; "));
        all.text(&format!("{others}_codes"), rest.iter().map(|d| string(&d[0])).collect::<Vec<_>>().join(", "));
    }
}

/// The vital signs nearest to the moment, out of their whole-number columns.
fn vitals(all: &mut Answers, row: &Value) {
    for (key, column, divisor) in [
        ("vitals.pulse", "pulse_bpm", 1.0),
        ("vitals.temperature", "temperature_tenths", 10.0),
        ("vitals.systolic", "systolic_mmhg", 1.0),
        ("vitals.diastolic", "diastolic_mmhg", 1.0),
        ("vitals.respiration", "breaths_per_min", 1.0),
        ("vitals.weight", "weight_g", 1000.0),
        ("vitals.height", "height_mm", 10.0),
        ("vitals.spo2", "spo2_percent", 1.0),
    ] {
        if let Some(whole) = row[column].as_i64() {
            all.put(key, if divisor == 1.0 { json!(whole) } else { json!(whole as f64 / divisor) });
        }
    }
    if let (Some(high), Some(low)) = (row["systolic_mmhg"].as_i64(), row["diastolic_mmhg"].as_i64()) {
        all.text("vitals.blood_pressure", format!("{high}/{low}"));
    }
}

/// The day a copy came from, as the mark beside the field says it.
pub fn copied_from(at: DateTime<Utc>) -> String {
    format!("chép từ lần {}, chưa xem lại", show_date(base::local_date(at)))
}
