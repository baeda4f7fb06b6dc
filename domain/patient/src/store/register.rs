//! Writing a new person, and changing what is known of one.

use crate::birth::Birth;
use crate::demographics::Demographics;
use crate::search::{SearchFacts, keys_of};
use base::{PatientId, PersonId, Problem};
use serde_json::Value;
use sqlx::Row;
use uuid::Uuid;
use web::{Failure, Tx, sql};

/// Where the facts came from: a scanned citizen card proves identity; an insurance card and typing do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Scan,
    InsuranceScan,
    Typed,
    Api,
}

impl Source {
    fn key(self) -> &'static str {
        match self {
            Source::Scan | Source::InsuranceScan => "scan",
            Source::Typed => "typed",
            Source::Api => "api",
        }
    }
}

/// What a registration made, or had made already when the same form arrived twice.
#[derive(Clone, Debug)]
pub struct Registered {
    pub patient: PatientId,
    pub person: PersonId,
    pub record_no: String,
    /// False when this id was registered before.
    pub is_new: bool,
}

/// The person behind a citizen number, known to the country or first named now; a fresh person without a number.
/// Two facilities that meet the same card at once get the same person. Needs the purpose `person-index`.
pub async fn person_for(tx: &mut Tx, cccd: &str) -> Result<PersonId, sqlx::Error> {
    let fresh = PersonId::new();
    if cccd.is_empty() {
        return Ok(fresh);
    }
    sqlx::query_scalar(sql!(
        "INSERT INTO patient_person_key (kind, value, person_id) VALUES ('cccd', $1, $2)
         ON CONFLICT (kind, value) DO UPDATE SET value = excluded.value RETURNING person_id"
    ))
    .bind(cccd)
    .bind(fresh.0)
    .fetch_one(tx.conn())
    .await
    .map(PersonId)
}

/// Writes the person, the facility's record and everything that hangs on it in one statement. The same `id` twice
/// makes one record. Refuses a citizen number that another record of the facility already carries.
pub async fn insert_patient(
    tx: &mut Tx,
    id: PatientId,
    person: PersonId,
    who: &Demographics,
    source: Source,
) -> Result<Registered, Failure> {
    let card = who.cover.as_ref().map(|c| c.number.plain());
    let numbers = [who.phone.as_str(), who.cccd.as_str(), card.as_deref().unwrap_or_default(), bhxh_no(who)];
    let keys =
        keys_of(&SearchFacts { name: &who.name, phone: &who.phone, cccd: &who.cccd, numbers: &numbers });
    let cover = who.cover.as_ref();
    let contact = who.contact.as_ref();
    let written = sqlx::query(sql!(
        "WITH person AS (
             INSERT INTO patient_person (person_id, name, birth_date, sex, created_at) VALUES ($3, $6, $8, $10, $5)
             ON CONFLICT (person_id) DO NOTHING),
         patient AS (
             INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded,
                 birth_date, birth_year_only, sex, phone, cccd, cccd_issued_on, identity_verified_at, ethnic_code,
                 occupation, address_line, commune_code, address_text, search_keys, created_at, created_by)
             SELECT $1, $2, $3, n.no,
                 coalesce(nullif(f.settings->>'record_prefix', ''), 'NB') || '-' || lpad(n.no::text, 7, '0'),
                 $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $36 THEN $5 END, $15, $16, $17, $18, $19, $35, $5, $4
             FROM (SELECT patient_next_record($1) AS no) n, organization_facility f WHERE f.facility_id = $1
             ON CONFLICT (facility_id, patient_id) DO NOTHING
             RETURNING patient_id, record_no),
         identifier AS (
             INSERT INTO patient_identifier (facility_id, identifier_id, patient_id, kind, value, issued_on, source, recorded_at, recorded_by)
             SELECT $1, i.id, patient_id, i.kind, i.value, CASE WHEN i.kind = 'cccd' THEN $13::date END, $14, $5, $4
             FROM patient, unnest($20::uuid[], $21::text[], $22::text[]) AS i(id, kind, value)),
         address AS (
             INSERT INTO patient_address (facility_id, address_id, patient_id, line, commune_code, text, old_ward_code, recorded_at, recorded_by)
             SELECT $1, $23, patient_id, $17, $18, $19, $24, $5, $4 FROM patient WHERE $19 <> ''),
         cover AS (
             INSERT INTO patient_coverage (facility_id, coverage_id, patient_id, card_no, valid_from, valid_to, registered_at,
                 benefit_percent, source, recorded_at, recorded_by)
             SELECT $1, $25, patient_id, $26::text, $27, $28, $29, $30, $14, $5, $4 FROM patient WHERE $26::text IS NOT NULL),
         contact AS (
             INSERT INTO patient_contact (facility_id, contact_id, patient_id, relation, name, phone, is_guardian, recorded_at, recorded_by)
             SELECT $1, $31, patient_id, $32::text, $33::text, $34, true, $5, $4 FROM patient WHERE $33::text IS NOT NULL),
         seen AS (
             INSERT INTO patient_seen (facility_id, patient_id, seen_at, name_folded, birth_year)
             SELECT $1, patient_id, $5, $7, extract(year FROM $8::date)::smallint FROM patient),
         keys AS (
             INSERT INTO patient_search (facility_id, key, patient_id, birth_year)
             SELECT $1, k.key, patient_id, extract(year FROM $8::date)::smallint
             FROM patient, unnest($35::text[]) AS k(key))
         SELECT record_no FROM patient"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(person.0)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .bind(&who.name)
    .bind(base::fold(&who.name))
    .bind(who.birth.date)
    .bind(who.birth.year_only)
    .bind(who.sex.key())
    .bind(&who.phone)
    .bind(&who.cccd)
    .bind(who.cccd_issued_on)
    .bind(source.key())
    .bind(&who.ethnic_code)
    .bind(&who.occupation)
    .bind(&who.address_line)
    .bind(&who.commune_code)
    .bind(&who.address_text)
    .bind(identifiers(who).iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(identifiers(who).iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind(identifiers(who).iter().map(|(_, value)| *value).collect::<Vec<_>>())
    .bind(Uuid::now_v7())
    .bind(&who.old_ward_code)
    .bind(Uuid::now_v7())
    .bind(card)
    .bind(cover.and_then(|c| c.valid_from))
    .bind(cover.and_then(|c| c.valid_to))
    .bind(cover.map_or("", |c| c.registered_at.as_str()))
    .bind(cover.and_then(|c| c.number.benefit_percent()))
    .bind(Uuid::now_v7())
    .bind(contact.map(|c| c.relation.as_str()))
    .bind(contact.map(|c| c.name.as_str()))
    .bind(contact.map_or("", |c| c.phone.as_str()))
    .bind(keys)
    .bind(source == Source::Scan)
    .fetch_optional(tx.conn())
    .await
    .map_err(taken_number)?;
    if let Some(row) = written {
        return Ok(Registered { patient: id, person, record_no: row.get(0), is_new: true });
    }
    let row = sqlx::query(sql!(
        "SELECT person_id, record_no FROM patient_patient WHERE facility_id = $1 AND patient_id = $2"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(Registered { patient: id, person: PersonId(row.get(0)), record_no: row.get(1), is_new: false })
}

/// A number that another record carries is a refusal with a way out, not a fault.
fn taken_number(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("patient_identifier_once") => Problem::at(
            "cccd",
            "Cơ sở đã có hồ sơ mang số giấy tờ này. Tìm theo số đó và dùng hồ sơ cũ, hoặc xem lại số.",
        )
        .into(),
        _ => error.into(),
    }
}

fn identifiers(who: &Demographics) -> Vec<(&'static str, &str)> {
    [("cccd", who.cccd.as_str()), ("bhxh", bhxh_no(who))].into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn bhxh_no(who: &Demographics) -> &str {
    who.cover.as_ref().map_or("", |c| c.number.bhxh_no.as_str())
}

/// Changes the demographics of a record that still has version `version`: the earlier state goes into the history
/// whole, the old address and numbers are ended, new ones begin. Gives the names of the changed columns; refuses with
/// a conflict when somebody else was faster.
pub async fn update_demographics(
    tx: &mut Tx,
    id: PatientId,
    version: i32,
    who: &Demographics,
    source: Source,
    reason: &str,
) -> Result<Vec<String>, Failure> {
    let before: Value = sqlx::query_scalar(sql!(
        "SELECT to_jsonb(p) FROM patient_patient p WHERE facility_id = $1 AND patient_id = $2 FOR UPDATE"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    if before["version"] != version {
        return Err(Failure::Conflict("Hồ sơ vừa được sửa ở máy khác. Tải lại trang, xem giá trị mới rồi sửa tiếp.".into()));
    }
    let mut after = before.clone();
    for (column, value) in columns(who) {
        after[column] = value;
    }
    let changed: Vec<String> = columns(who)
        .into_iter()
        .map(|(column, _)| column)
        .filter(|column| *column != "name_folded" && before[*column] != after[*column])
        .map(str::to_owned)
        .collect();
    let is_proof = source == Source::Scan;
    if !changed.is_empty() || (is_proof && before["identity_verified_at"].is_null()) {
        sqlx::query(sql!(
            "WITH history AS (
                 INSERT INTO patient_revision (facility_id, revision_id, patient_id, version, before, changed, at, by_account, reason)
                 VALUES ($1, $3, $2, ($4::jsonb->>'version')::int, $4, $5, $6, $7, $8))
             UPDATE patient_patient p SET
                 name = a.name, name_folded = a.name_folded, birth_date = a.birth_date, birth_year_only = a.birth_year_only,
                 sex = a.sex, phone = a.phone, cccd = a.cccd, cccd_issued_on = a.cccd_issued_on, ethnic_code = a.ethnic_code,
                 occupation = a.occupation, address_line = a.address_line, commune_code = a.commune_code,
                 address_text = a.address_text, version = p.version + 1,
                 identity_verified_at = CASE WHEN $10 THEN $6 ELSE p.identity_verified_at END
             FROM jsonb_populate_record(NULL::patient_patient, $9) a
             WHERE p.facility_id = $1 AND p.patient_id = $2"
        ))
        .bind(tx.facility().0)
        .bind(id.0)
        .bind(Uuid::now_v7())
        .bind(&before)
        .bind(&changed)
        .bind(tx.now)
        .bind(tx.actor.account.0)
        .bind(reason)
        .bind(&after)
        .bind(is_proof)
        .execute(tx.conn())
        .await?;
    }
    update_attached(tx, id, who, source, &changed).await?;
    rebuild_search(tx, id).await?;
    Ok(changed)
}

/// The rows beside the record: address, numbers, card, contact. What changed is ended and begun anew, never overwritten.
async fn update_attached(
    tx: &mut Tx,
    id: PatientId,
    who: &Demographics,
    source: Source,
    changed: &[String],
) -> Result<(), Failure> {
    let (facility, now, by) = (tx.facility().0, tx.now, tx.actor.account.0);
    if changed.iter().any(|c| c.starts_with("address") || c == "commune_code") {
        sqlx::query(sql!(
            "WITH ended AS (UPDATE patient_address SET ended_at = $4 WHERE facility_id = $1 AND patient_id = $2 AND ended_at IS NULL)
             INSERT INTO patient_address (facility_id, address_id, patient_id, line, commune_code, text, old_ward_code, recorded_at, recorded_by)
             SELECT $1, $3, $2, $5, $6, $7, $8, $4, $9 WHERE $7 <> ''"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(Uuid::now_v7())
        .bind(now)
        .bind(&who.address_line)
        .bind(&who.commune_code)
        .bind(&who.address_text)
        .bind(&who.old_ward_code)
        .bind(by)
        .execute(tx.conn())
        .await?;
    }
    if changed.iter().any(|c| c == "cccd" || c == "cccd_issued_on") {
        sqlx::query(sql!(
            "UPDATE patient_identifier SET ended_at = $3, end_reason = 'replaced'
             WHERE facility_id = $1 AND patient_id = $2 AND kind = 'cccd' AND ended_at IS NULL"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
        sqlx::query(sql!(
            "INSERT INTO patient_identifier (facility_id, identifier_id, patient_id, kind, value, issued_on, source, recorded_at, recorded_by)
             SELECT $1, $3, $2, 'cccd', $4, $5, $6, $7, $8 WHERE $4 <> ''"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(Uuid::now_v7())
        .bind(&who.cccd)
        .bind(who.cccd_issued_on)
        .bind(source.key())
        .bind(now)
        .bind(by)
        .execute(tx.conn())
        .await
        .map_err(taken_number)?;
    }
    if let Some(cover) = &who.cover {
        // The same card with another last day was prolonged: the earlier period stays readable as replaced.
        sqlx::query(sql!(
            "UPDATE patient_coverage SET ended_at = $6, end_reason = 'replaced'
             WHERE facility_id = $1 AND patient_id = $2 AND card_no = $3 AND valid_from IS NOT DISTINCT FROM $4
               AND valid_to IS DISTINCT FROM $5 AND ended_at IS NULL"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(cover.number.plain())
        .bind(cover.valid_from)
        .bind(cover.valid_to)
        .bind(now)
        .execute(tx.conn())
        .await?;
        sqlx::query(sql!(
            "INSERT INTO patient_coverage (facility_id, coverage_id, patient_id, card_no, valid_from, valid_to, registered_at,
                 benefit_percent, source, recorded_at, recorded_by)
             SELECT $1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $11
             WHERE NOT EXISTS (SELECT 1 FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = $2
                 AND c.card_no = $4 AND c.ended_at IS NULL AND c.valid_from IS NOT DISTINCT FROM $5
                 AND c.valid_to IS NOT DISTINCT FROM $6)"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(Uuid::now_v7())
        .bind(cover.number.plain())
        .bind(cover.valid_from)
        .bind(cover.valid_to)
        .bind(&cover.registered_at)
        .bind(cover.number.benefit_percent())
        .bind(source.key())
        .bind(now)
        .bind(by)
        .execute(tx.conn())
        .await?;
    }
    if let Some(contact) = &who.contact {
        sqlx::query(sql!(
            "WITH same AS (SELECT 1 FROM patient_contact WHERE facility_id = $1 AND patient_id = $2 AND ended_at IS NULL
                  AND relation = $4 AND name = $5 AND phone = $6),
             ended AS (UPDATE patient_contact SET ended_at = $7 WHERE facility_id = $1 AND patient_id = $2
                  AND ended_at IS NULL AND relation = $4 AND NOT EXISTS (SELECT 1 FROM same))
             INSERT INTO patient_contact (facility_id, contact_id, patient_id, relation, name, phone, is_guardian, recorded_at, recorded_by)
             SELECT $1, $3, $2, $4, $5, $6, true, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM same)"
        ))
        .bind(facility)
        .bind(id.0)
        .bind(Uuid::now_v7())
        .bind(&contact.relation)
        .bind(&contact.name)
        .bind(&contact.phone)
        .bind(now)
        .bind(by)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The demographic columns as the row's JSON has them, so that old and new compare as values.
fn columns(who: &Demographics) -> Vec<(&'static str, Value)> {
    let Birth { date, year_only } = who.birth;
    vec![
        ("name", who.name.as_str().into()),
        ("name_folded", base::fold(&who.name).into()),
        ("birth_date", date.to_string().into()),
        ("birth_year_only", year_only.into()),
        ("sex", who.sex.key().into()),
        ("phone", who.phone.as_str().into()),
        ("cccd", who.cccd.as_str().into()),
        ("cccd_issued_on", who.cccd_issued_on.map(|d| d.to_string()).into()),
        ("ethnic_code", who.ethnic_code.as_str().into()),
        ("occupation", who.occupation.as_str().into()),
        ("address_line", who.address_line.as_str().into()),
        ("commune_code", who.commune_code.as_str().into()),
        ("address_text", who.address_text.as_str().into()),
    ]
}

/// Makes the search keys of a record anew from its rows; a merged record has none, it is found through the kept one.
pub async fn rebuild_search(tx: &mut Tx, id: PatientId) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    let rows = sqlx::query(sql!(
        "SELECT p.name, p.phone, p.cccd, extract(year FROM p.birth_date)::smallint AS birth_year,
                array(SELECT value FROM patient_identifier i WHERE i.facility_id = $1 AND i.patient_id = $2 AND i.ended_at IS NULL
                      UNION SELECT card_no FROM patient_coverage c WHERE c.facility_id = $1 AND c.patient_id = $2 AND c.ended_at IS NULL) AS numbers,
                p.merged_into IS NOT NULL AS is_gone
         FROM patient_patient p
         WHERE p.facility_id = $1 AND (p.patient_id = $2 OR p.merged_into = $2)
         ORDER BY p.patient_id = $2 DESC"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_all(tx.conn())
    .await?;
    let mut keys: Vec<String> = Vec::new();
    for row in rows.iter().filter(|row| !(row.get::<bool, _>("is_gone") && rows.len() == 1)) {
        let (phone, cccd): (String, String) = (row.get("phone"), row.get("cccd"));
        let mut numbers: Vec<String> = row.get("numbers");
        numbers.extend([phone.clone(), cccd.clone()]);
        keys.extend(keys_of(&SearchFacts {
            name: row.get("name"),
            phone: &phone,
            cccd: &cccd,
            numbers: &numbers.iter().map(String::as_str).collect::<Vec<_>>(),
        }));
    }
    let Some(own) = rows.first() else { return Ok(()) };
    if own.get::<bool, _>("is_gone") {
        keys.clear();
    }
    keys.sort();
    keys.dedup();
    sqlx::query(sql!(
        "DELETE FROM patient_search s USING patient_patient p
         WHERE p.facility_id = $1 AND p.patient_id = $2
           AND s.facility_id = $1 AND s.key = ANY(p.search_keys) AND s.patient_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "WITH kept AS (UPDATE patient_patient SET search_keys = $3 WHERE facility_id = $1 AND patient_id = $2),
         name AS (UPDATE patient_seen SET name_folded = $5, birth_year = $4 WHERE facility_id = $1 AND patient_id = $2)
         INSERT INTO patient_search (facility_id, key, patient_id, birth_year)
         SELECT $1::int, k, $2::uuid, $4::smallint FROM unnest($3::text[]) k"
    ))
    .bind(facility)
    .bind(id.0)
    .bind(keys)
    .bind(own.get::<i16, _>("birth_year"))
    .bind(base::fold(own.get("name")))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the person was here now; the search ranks by it.
pub async fn mark_seen(tx: &mut Tx, id: PatientId) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO patient_seen (facility_id, patient_id, seen_at, name_folded, birth_year)
         SELECT facility_id, patient_id, $3, name_folded, extract(year FROM birth_date)::smallint
         FROM patient_patient WHERE facility_id = $1 AND patient_id = $2
         ON CONFLICT (facility_id, patient_id) DO UPDATE SET seen_at = excluded.seen_at"
    ))
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
