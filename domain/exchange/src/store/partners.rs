//! Partners and their codes, as the pages of the administrator change them.

use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use uuid::Uuid;
use web::sql;

/// A partner in the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub partner_id: Uuid,
    pub name: String,
    pub door: String,
    pub application: String,
    pub sending_facility: String,
    pub receiving: String,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
    pub takes_contact: bool,
    pub wait_minutes: i32,
    pub codes: i64,
    pub unmapped: i64,
    pub dead: i64,
    pub last_at: Option<DateTime<Utc>>,
}

impl Line {
    pub fn period(&self) -> String {
        let from = base::show_date(self.active_from);
        self.active_to.map_or_else(|| format!("từ {from}"), |to| format!("{from} – {}", base::show_date(to)))
    }
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        self.active_from <= day && self.active_to.is_none_or(|to| day <= to)
    }
    pub fn last(&self) -> String {
        self.last_at.map(super::messages::show).unwrap_or_default()
    }
    pub fn door_title(&self) -> &'static str {
        crate::command::Door::from_key(&self.door).map_or("", |d| d.title())
    }
}

/// All partners of the facility, by name; one of them when `only` is given.
pub async fn list(tx: &mut Tx, only: Option<Uuid>) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT p.partner_id, p.name, p.door, p.application, p.sending_facility, p.receiving, p.active_from, p.active_to, p.takes_contact,
                p.wait_minutes,
                (SELECT count(*) FROM exchange_code c WHERE c.facility_id = $1 AND c.partner_id = p.partner_id AND (c.valid_to IS NULL OR c.valid_to >= $3)) AS codes,
                (SELECT count(*) FROM exchange_unmapped u WHERE u.facility_id = $1 AND u.partner_id = p.partner_id
                 AND NOT EXISTS (SELECT 1 FROM exchange_code c WHERE c.facility_id = $1 AND c.partner_id = u.partner_id AND c.kind = u.kind
                                 AND c.code = u.code AND c.valid_from <= $3 AND (c.valid_to IS NULL OR c.valid_to >= $3))) AS unmapped,
                (SELECT count(*) FROM exchange_message m WHERE m.facility_id = $1 AND m.partner_id = p.partner_id AND m.state = 'dead') AS dead,
                (SELECT max(received_at) FROM exchange_message m WHERE m.facility_id = $1 AND m.partner_id = p.partner_id) AS last_at
         FROM exchange_partner p WHERE p.facility_id = $1 AND ($2::uuid IS NULL OR p.partner_id = $2)
         ORDER BY p.name, p.partner_id"
    ))
    .bind(tx.facility().0)
    .bind(only)
    .bind(base::local_date(tx.now))
    .fetch_all(tx.conn())
    .await
}

/// A partner as the form has it.
#[derive(Clone, Debug)]
pub struct Facts {
    pub name: String,
    pub door: &'static str,
    pub application: String,
    pub sending_facility: String,
    pub receiving: String,
    pub active_from: NaiveDate,
    pub active_to: Option<NaiveDate>,
    pub takes_contact: bool,
    pub wait_minutes: i32,
}

/// Writes a partner, new or changed; how it names itself stays unique at the facility.
pub async fn write(tx: &mut Tx, id: Uuid, facts: &Facts) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO exchange_partner (facility_id, partner_id, name, door, application, sending_facility, receiving, active_from, active_to,
             takes_contact, wait_minutes, changed_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (facility_id, partner_id) DO UPDATE SET name = excluded.name, door = excluded.door, application = excluded.application,
             sending_facility = excluded.sending_facility, receiving = excluded.receiving, active_from = excluded.active_from,
             active_to = excluded.active_to, takes_contact = excluded.takes_contact, wait_minutes = excluded.wait_minutes,
             changed_by = excluded.changed_by, changed_at = excluded.changed_at"
    ))
    .bind(tx.facility().0)
    .bind(id)
    .bind(&facts.name)
    .bind(facts.door)
    .bind(&facts.application)
    .bind(&facts.sending_facility)
    .bind(&facts.receiving)
    .bind(facts.active_from)
    .bind(facts.active_to)
    .bind(facts.takes_contact)
    .bind(facts.wait_minutes)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    stamp(tx).await
}

/// Tells whoever keeps partners in memory that they are old now.
async fn stamp(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "INSERT INTO exchange_stamp (facility_id, stamp) VALUES ($1, 1)
         ON CONFLICT (facility_id) DO UPDATE SET stamp = exchange_stamp.stamp + 1"
    ))
    .bind(tx.facility().0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A translation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Code {
    pub code_id: Uuid,
    pub kind: String,
    pub code: String,
    pub target: String,
    /// The room, person or form behind the target; the target itself where it is a code.
    pub shown: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

impl Code {
    pub fn period(&self) -> String {
        let from = base::show_date(self.valid_from);
        self.valid_to.map_or_else(|| format!("từ {from}"), |to| format!("{from} – {}", base::show_date(to)))
    }
}

/// The translations of a partner, those in force first.
pub async fn list_codes(tx: &mut Tx, partner: Uuid) -> Result<Vec<Code>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT c.code_id, c.kind, c.code, c.target, c.valid_from, c.valid_to,
                coalesce((SELECT r.name FROM organization_room r WHERE r.facility_id = $1 AND c.kind = 'ward' AND r.room_id::text = c.target),
                         (SELECT btrim(s.title || ' ' || s.name) FROM practitioner_practitioner s
                          WHERE s.facility_id = $1 AND c.kind = 'doctor' AND s.practitioner_id::text = c.target),
                         c.target) AS shown
         FROM exchange_code c WHERE c.facility_id = $1 AND c.partner_id = $2
         ORDER BY c.valid_to IS NOT NULL, c.kind, c.code, c.valid_from DESC LIMIT 500"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .fetch_all(tx.conn())
    .await
}

/// Writes a translation from a day on; one of the same code that was in force ends the day before, or is replaced when it
/// began that day. The same form twice changes nothing.
pub async fn write_code(tx: &mut Tx, id: Uuid, partner: Uuid, kind: &str, code: &str, target: &str, from: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query(sql!(
        "UPDATE exchange_code SET valid_to = $6::date - 1, changed_by = $7, changed_at = $8
         WHERE facility_id = $1 AND partner_id = $2 AND kind = $3 AND code = $4 AND code_id <> $5
           AND valid_from < $6 AND (valid_to IS NULL OR valid_to >= $6)"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(kind)
    .bind(code)
    .bind(id)
    .bind(from)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    let same_day = sqlx::query(sql!(
        "UPDATE exchange_code SET target = $6, changed_by = $7, changed_at = $8
         WHERE facility_id = $1 AND partner_id = $2 AND kind = $3 AND code = $4 AND valid_from = $5"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(kind)
    .bind(code)
    .bind(from)
    .bind(target)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .execute(tx.conn())
    .await?;
    if same_day.rows_affected() == 0 {
        sqlx::query(sql!(
            "INSERT INTO exchange_code (facility_id, code_id, partner_id, kind, code, target, valid_from, valid_to, changed_by, changed_at)
             SELECT $1, $2, $3, $4, $5, $6, $7::date,
                    (SELECT min(n.valid_from) - 1 FROM exchange_code n WHERE n.facility_id = $1 AND n.partner_id = $3 AND n.kind = $4
                     AND n.code = $5 AND n.valid_from > $7), $8, $9
             ON CONFLICT (facility_id, code_id) DO NOTHING"
        ))
        .bind(tx.facility().0)
        .bind(id)
        .bind(partner)
        .bind(kind)
        .bind(code)
        .bind(target)
        .bind(from)
        .bind(tx.actor.account.0)
        .bind(tx.now)
        .execute(tx.conn())
        .await?;
    }
    stamp(tx).await
}

/// Ends a translation with today. `RowNotFound` for another facility's or partner's id.
pub async fn end_code(tx: &mut Tx, partner: Uuid, id: Uuid) -> Result<(), sqlx::Error> {
    let today = base::local_date(tx.now);
    let _: Uuid = sqlx::query_scalar(sql!(
        "UPDATE exchange_code SET valid_to = greatest(valid_from, $4), changed_by = $5, changed_at = $6
         WHERE facility_id = $1 AND partner_id = $2 AND code_id = $3 RETURNING code_id"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(id)
    .bind(today)
    .bind(tx.actor.account.0)
    .bind(tx.now)
    .fetch_one(tx.conn())
    .await?;
    stamp(tx).await
}

/// A code that came and has no translation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unmapped {
    pub kind: String,
    pub code: String,
    pub text: String,
    pub times: i32,
    pub last_seen: DateTime<Utc>,
}

impl Unmapped {
    pub fn last(&self) -> String {
        super::messages::show(self.last_seen)
    }
}

/// Codes without a translation today, most frequent first.
pub async fn list_unmapped(tx: &mut Tx, partner: Uuid) -> Result<Vec<Unmapped>, sqlx::Error> {
    sqlx::query_as(sql!(
        "SELECT u.kind, u.code, u.text, u.times, u.last_seen FROM exchange_unmapped u
         WHERE u.facility_id = $1 AND u.partner_id = $2
           AND NOT EXISTS (SELECT 1 FROM exchange_code c WHERE c.facility_id = $1 AND c.partner_id = $2 AND c.kind = u.kind AND c.code = u.code
                           AND c.valid_from <= $3 AND (c.valid_to IS NULL OR c.valid_to >= $3))
         ORDER BY u.times DESC, u.kind, u.code LIMIT 100"
    ))
    .bind(tx.facility().0)
    .bind(partner)
    .bind(base::local_date(tx.now))
    .fetch_all(tx.conn())
    .await
}

/// Something that a code can mean: value and word.
pub type Choice = (String, String);

/// Wards and rooms, and members of staff, as a translation can name them.
pub async fn list_targets(tx: &mut Tx) -> Result<(Vec<Choice>, Vec<Choice>), sqlx::Error> {
    let today = base::local_date(tx.now);
    let rooms = sqlx::query_as(sql!(
        "SELECT room_id::text, code || ' · ' || name FROM organization_room
         WHERE facility_id = $1 AND kind IN ('ward', 'exam', 'procedure') AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2)
         ORDER BY kind = 'ward' DESC, code"
    ))
    .bind(tx.facility().0)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    let staff = sqlx::query_as(sql!(
        "SELECT practitioner_id::text, btrim(title || ' ' || name) FROM practitioner_practitioner
         WHERE facility_id = $1 AND active_from <= $2 AND (active_to IS NULL OR active_to >= $2) ORDER BY name_folded LIMIT 500"
    ))
    .bind(tx.facility().0)
    .bind(today)
    .fetch_all(tx.conn())
    .await?;
    Ok((rooms, staff))
}
