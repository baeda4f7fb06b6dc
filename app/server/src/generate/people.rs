//! The crowd written into the person index and the facility's records, exactly as a registration would.

use super::Progress;
use super::person::{Crowd, Person};
use super::sheet::Sheet;
use anyhow::Result;
use base::{FacilityId, fold};
use chrono::{Datelike, Days, NaiveDate};
use patient::search::{SearchFacts, keys_of};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

/// People per message to the database: few enough that progress moves.
const BATCH: u64 = 5_000;
/// People per transaction: their search keys are sorted together, and an interrupted run leaves only whole groups.
const GROUP: u64 = 250_000;

/// What must be known of the facility before people can be written into it.
pub struct Place {
    pub facility: FacilityId,
    pub record_prefix: String,
    /// The first record number that is free.
    pub first_record: u64,
    /// Who is said to have registered them.
    pub clerk: Uuid,
    /// The role may copy straight into tables.
    pub straight: bool,
}

impl Place {
    pub async fn read(conn: &mut PgConnection, facility: FacilityId) -> Result<Place> {
        let row = sqlx::query(db::sql!(
            "SELECT coalesce(nullif(f.settings->>'record_prefix', ''), 'NB') AS prefix,
                    coalesce((SELECT max(record_seq) FROM patient_patient p WHERE p.facility_id = f.facility_id), 0) + 1
                        AS first_record,
                    (SELECT account_id FROM practitioner_account a WHERE a.facility_id = f.facility_id
                     ORDER BY 'receptionist' = ANY(a.roles) DESC, a.login LIMIT 1) AS clerk,
                    NOT row_security_active('patient_patient') AS straight
             FROM organization_facility f WHERE f.facility_id = $1"
        ))
        .bind(facility.0)
        .fetch_one(conn)
        .await?;
        Ok(Place {
            facility,
            record_prefix: row.get("prefix"),
            first_record: row.get::<i64, _>("first_record").max(1) as u64,
            clerk: row.get::<Option<Uuid>, _>("clerk").unwrap_or(Uuid::nil()),
            straight: row.get("straight"),
        })
    }
}

/// Writes everybody, group by group, and moves the facility's record counter behind them.
pub async fn write(conn: &mut PgConnection, crowd: &Crowd, place: &Place, progress: Progress<'_>) -> Result<()> {
    sqlx::raw_sql("SET work_mem = '128MB'").execute(&mut *conn).await?;
    let mut sheets = Sheets::new();
    for group in (0..crowd.count).step_by(GROUP as usize) {
        let mut tx = conn.begin().await?;
        let group_end = (group + GROUP).min(crowd.count);
        for start in (group..group_end).step_by(BATCH as usize) {
            progress("people", start, crowd.count);
            for index in start..(start + BATCH).min(group_end) {
                sheets.add(&crowd.person(index), place, index);
            }
            sheets.send(&mut tx, place.straight).await?;
        }
        sheets.search.merge(&mut tx, Some("key, patient_id")).await?;
        tx.commit().await?;
    }
    progress("people", crowd.count, crowd.count);
    let counter = format!(
        "DO $$ BEGIN IF to_regclass('patient_record_{0}') IS NOT NULL THEN
             PERFORM setval('patient_record_{0}', greatest({1}, (SELECT last_value FROM patient_record_{0})));
         END IF; END $$; ANALYZE patient_person, patient_patient, patient_search, patient_seen",
        place.facility.0,
        place.first_record + crowd.count
    );
    sqlx::raw_sql(AssertSqlSafe(counter)).execute(conn).await?;
    Ok(())
}

struct Sheets {
    person: Sheet,
    person_key: Sheet,
    patient: Sheet,
    identifier: Sheet,
    address: Sheet,
    coverage: Sheet,
    contact: Sheet,
    allergy: Sheet,
    seen: Sheet,
    search: Sheet,
}

impl Sheets {
    fn new() -> Sheets {
        Sheets {
            person: Sheet::new("patient_person", "person_id, name, birth_date, sex, created_at"),
            person_key: Sheet::new("patient_person_key", "kind, value, person_id"),
            patient: Sheet::new(
                "patient_patient",
                "facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, phone, \
                 cccd, cccd_issued_on, ethnic_code, occupation, address_line, commune_code, address_text, \
                 allergy_state, allergy_asked_at, search_keys, created_at, created_by",
            ),
            identifier: Sheet::new(
                "patient_identifier",
                "facility_id, identifier_id, patient_id, kind, value, source, recorded_at, recorded_by",
            ),
            address: Sheet::new(
                "patient_address",
                "facility_id, address_id, patient_id, line, commune_code, text, recorded_at, recorded_by",
            ),
            coverage: Sheet::new(
                "patient_coverage",
                "facility_id, coverage_id, patient_id, card_no, valid_from, valid_to, registered_at, benefit_percent, \
                 source, recorded_at, recorded_by",
            ),
            contact: Sheet::new(
                "patient_contact",
                "facility_id, contact_id, patient_id, relation, name, phone, is_guardian, recorded_at, recorded_by",
            ),
            allergy: Sheet::new(
                "patient_allergy",
                "facility_id, allergy_id, patient_id, substance, substance_folded, kind, class_code, reaction, severity, \
                 recorded_at, recorded_by",
            ),
            seen: Sheet::new("patient_seen", "facility_id, patient_id, seen_at, name_folded, birth_year"),
            search: Sheet::new("patient_search", "facility_id, key, patient_id, birth_year"),
        }
    }

    fn add(&mut self, who: &Person, place: &Place, index: u64) {
        let facility = place.facility.0;
        let at = who.registered_at;
        let day = at.date_naive();
        let folded = fold(&who.name);
        let record_no = format!("{}-{:07}", place.record_prefix, who.record_seq);
        // Ids of the rows that hang on a person: its own chance, so that the person stays what it is.
        let mut ids = super::chance::Chance::of(who.record_seq, u64::MAX - index);
        let at_ms = at.timestamp_millis();

        self.person.id(who.person_id).text(&who.name).day(who.birth).text(who.sex()).at(at).end_row();
        if !who.cccd.is_empty() {
            self.person_key.text("cccd").text(&who.cccd).id(who.person_id).end_row();
        }
        let row = &mut self.patient;
        row.number(facility).id(who.patient_id).id(who.person_id).number(who.record_seq as i64).text(&record_no);
        row.text(&who.name).text(&folded).day(who.birth).text(who.sex()).text(&who.phone).text(&who.cccd);
        if who.cccd.is_empty() {
            row.null();
        } else {
            row.day(issued_on(who.birth, day));
        }
        row.text(who.ethnic_code).text(who.occupation).text(&who.address.line).text(&who.address.commune_code);
        row.text(&who.address.text);
        match (&who.allergy, index % 4) {
            (Some(_), _) => row.text("recorded").at(at),
            (None, 0) => row.text("not_asked").null(),
            (None, _) => row.text("none_known").at(at),
        };
        let insurance_no = who.card_no.get(5..).unwrap_or_default();
        let keys = keys_of(&SearchFacts {
            name: &who.name,
            phone: &who.phone,
            cccd: &who.cccd,
            numbers: &[&who.phone, &who.cccd, &who.card_no.to_lowercase(), insurance_no],
        });
        // Keys hold letters, digits, spaces, "#" and "*": nothing that an array would need escaped.
        row.text(&format!("{{\"{}\"}}", keys.join("\",\""))).at(at).id(place.clerk).end_row();

        for (kind, value) in [("cccd", who.cccd.as_str()), ("bhxh", insurance_no)] {
            if !value.is_empty() {
                self.identifier.number(facility).id(ids.id(at_ms)).id(who.patient_id).text(kind).text(value);
                self.identifier.text("import").at(at).id(place.clerk).end_row();
            }
        }
        self.address.number(facility).id(ids.id(at_ms)).id(who.patient_id).text(&who.address.line);
        self.address.text(&who.address.commune_code).text(&who.address.text).at(at).id(place.clerk).end_row();
        if !who.card_no.is_empty() {
            let row = &mut self.coverage;
            row.number(facility).id(ids.id(at_ms)).id(who.patient_id).text(&who.card_no);
            row.day(NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day));
            row.day(NaiveDate::from_ymd_opt(2026.max(day.year()), 12, 31).unwrap_or(day)).text("84101");
            row.number(match who.card_no.as_bytes()[2] {
                b'3' => 95,
                b'4' => 80,
                _ => 100,
            });
            row.text("import").at(at).id(place.clerk).end_row();
        }
        if let Some(guardian) = &who.guardian {
            let relation = if who.record_seq.is_multiple_of(4) { "father" } else { "mother" };
            self.contact.number(facility).id(ids.id(at_ms)).id(who.patient_id).text(relation).text(guardian);
            self.contact.text(&who.phone).flag(true).at(at).id(place.clerk).end_row();
        }
        if let Some(allergy) = &who.allergy {
            let row = &mut self.allergy;
            row.number(facility).id(ids.id(at_ms)).id(who.patient_id).text(allergy.substance);
            row.text(&fold(allergy.substance)).text(allergy.kind);
            if allergy.class_code.is_empty() {
                row.null();
            } else {
                row.text(allergy.class_code);
            }
            row.text(allergy.reaction).text(allergy.severity).at(at).id(place.clerk).end_row();
        }
        self.seen.number(facility).id(who.patient_id).at(at).text(&folded).number(who.birth.year()).end_row();
        for key in keys {
            self.search.number(facility).text(&key).id(who.patient_id).number(who.birth.year()).end_row();
        }
    }

    async fn send(&mut self, conn: &mut PgConnection, straight: bool) -> Result<()> {
        for sheet in [
            &mut self.person, &mut self.person_key, &mut self.patient, &mut self.identifier, &mut self.address,
            &mut self.coverage, &mut self.contact, &mut self.allergy, &mut self.seen,
        ] {
            sheet.send(conn, straight).await?;
        }
        self.search.stage(conn).await
    }
}

/// A card is issued at 14 or when the chip cards came, whichever was later, and never after the first visit.
fn issued_on(birth: NaiveDate, registered: NaiveDate) -> NaiveDate {
    let chips = NaiveDate::from_ymd_opt(2021, 4, 20).unwrap_or(registered);
    let fourteen = birth.checked_add_days(Days::new(14 * 365 + 30)).unwrap_or(chips);
    chips.max(fourteen).min(registered)
}
