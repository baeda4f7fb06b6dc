//! The visit register ("sổ khám bệnh"): every visit of a period in the order of arrival, also the cancelled ones.

use crate::period::Period;
use crate::table::{Book, Cell, Row, Table, words};
use base::{Age, EncounterId, show_date, show_time};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use db::{Tx, sql};
use uuid::Uuid;

/// How many visits stand on one page of the screen.
pub const PAGE: i64 = 100;

/// The longest register that is written as one sheet.
pub const LONGEST_SHEET: i64 = 50_000;

/// One visit as the register tells it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Visit {
    pub encounter_id: Uuid,
    pub day: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub status: String,
    pub ticket: Option<i32>,
    pub record_no: String,
    pub name: String,
    pub birth_date: NaiveDate,
    pub birth_year_only: bool,
    pub sex: String,
    pub phone: String,
    pub address_text: String,
    pub payer: String,
    pub reason: String,
    pub room: String,
    pub doctor: Option<String>,
    pub diagnoses: Option<String>,
    pub disposition: Option<String>,
    pub follow_up_on: Option<NaiveDate>,
}

impl Visit {
    pub fn encounter(&self) -> EncounterId {
        EncounterId(self.encounter_id)
    }

    pub fn day_shown(&self) -> String {
        show_date(self.day)
    }

    pub fn arrived(&self) -> String {
        show_time(self.opened_at)
    }

    pub fn sex_word(&self) -> &'static str {
        match self.sex.as_str() {
            "male" => "Nam",
            "female" => "Nữ",
            _ => "Chưa rõ",
        }
    }

    /// The birth date, or the year alone when the card knows no more.
    pub fn born(&self) -> String {
        if self.birth_year_only { self.birth_date.year().to_string() } else { show_date(self.birth_date) }
    }

    /// Age on the day of the visit, which a later re-run does not change.
    pub fn age(&self) -> Age {
        Age::on(self.birth_date, self.day)
    }

    pub fn payer_word(&self) -> &'static str {
        if self.payer == "insurance" { "BHYT" } else { "Tự trả" }
    }

    pub fn status_word(&self) -> &'static str {
        match self.status.as_str() {
            "planned" => "Đã hẹn",
            "arrived" => "Chờ khám",
            "triaged" => "Đã đo sinh hiệu",
            "in_progress" => "Đang khám",
            "finished" => "Đã khám xong",
            "cancelled" => "Đã hủy",
            _ => "",
        }
    }

    /// Where the person went, with the day to come back.
    pub fn outcome(&self) -> String {
        let went = match self.disposition.as_deref() {
            Some("home") => "Cho về",
            Some("follow_up") => "Hẹn khám lại",
            Some("admitted") => "Nhập viện",
            Some("transferred") => "Chuyển cơ sở khác",
            Some("died") => "Tử vong",
            _ => return String::new(),
        };
        match self.follow_up_on {
            Some(day) => format!("{went} {}", show_date(day)),
            None => went.to_owned(),
        }
    }
}

/// What the reader wants to see; `None` is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub doctor: Option<Uuid>,
    pub room: Option<Uuid>,
    pub status: Option<String>,
}

/// Where the page before ended: the visit after which to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    pub day: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub encounter: Uuid,
}

impl After {
    pub fn of(visit: &Visit) -> After {
        After { day: visit.day, opened_at: visit.opened_at, encounter: visit.encounter_id }
    }

    /// As it stands in the address: `20261124.1795489200000000.0193…`.
    pub fn key(&self) -> String {
        format!("{}.{}.{}", self.day.format("%Y%m%d"), self.opened_at.timestamp_micros(), self.encounter.simple())
    }

    /// Reads it back; nonsense starts from the beginning.
    pub fn read(key: &str) -> Option<After> {
        let mut parts = key.split('.');
        let day = NaiveDate::parse_from_str(parts.next()?, "%Y%m%d").ok()?;
        let opened_at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let encounter = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(After { day, opened_at, encounter })
    }
}

/// At most `limit` visits of the period after `after`, in the order of arrival.
pub async fn list_visits(
    tx: &mut Tx,
    period: Period,
    wanted: &Wanted,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Visit>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT encounter_id, day, opened_at, finished_at, status, ticket, record_no, name, birth_date, birth_year_only,
                sex, phone, address_text, payer, reason, room, doctor, diagnoses, disposition, follow_up_on
         FROM encounter_report_visit
         WHERE facility_id = $1 AND day BETWEEN $2 AND $3
           AND ($4::uuid IS NULL OR practitioner_id = $4) AND ($5::uuid IS NULL OR room_id = $5)
           AND ($6::text IS NULL OR status = $6)
           AND ($7::date IS NULL OR (day, opened_at, encounter_id) > ($7, $8::timestamptz, $9::uuid))
         ORDER BY day, opened_at, encounter_id
         LIMIT $10"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .bind(wanted.doctor)
    .bind(wanted.room)
    .bind(wanted.status.as_deref())
    .bind(after.map(|a| a.day))
    .bind(after.map(|a| a.opened_at))
    .bind(after.map(|a| a.encounter))
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// How many visits of the period there are, and how far they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Tally {
    pub visits: i64,
    pub finished: i64,
    pub open: i64,
    pub cancelled: i64,
    pub insured: i64,
}

impl Tally {
    /// As it stands in the address of the next page, so that turning a page does not count a million visits again.
    pub fn key(&self) -> String {
        format!("{}.{}.{}.{}.{}", self.visits, self.finished, self.open, self.cancelled, self.insured)
    }

    /// Reads it back; nonsense is counted again.
    pub fn read(key: &str) -> Option<Tally> {
        let mut parts = key.split('.').map(|part| part.parse::<i64>().ok().filter(|n| *n >= 0));
        let mut next = || parts.next().flatten();
        Some(Tally { visits: next()?, finished: next()?, open: next()?, cancelled: next()?, insured: next()? })
    }
}

/// Counts the visits of the period that are wanted, exactly.
pub async fn tally(tx: &mut Tx, period: Period, wanted: &Wanted) -> Result<Tally, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT count(*) AS visits, count(*) FILTER (WHERE status = 'finished') AS finished,
                count(*) FILTER (WHERE status NOT IN ('finished', 'cancelled')) AS open,
                count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
                count(*) FILTER (WHERE payer = 'insurance') AS insured
         FROM encounter_report_visit
         WHERE facility_id = $1 AND day BETWEEN $2 AND $3
           AND ($4::uuid IS NULL OR practitioner_id = $4) AND ($5::uuid IS NULL OR room_id = $5)
           AND ($6::text IS NULL OR status = $6)"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .bind(wanted.doctor)
    .bind(wanted.room)
    .bind(wanted.status.as_deref())
    .fetch_one(tx.conn())
    .await
}

/// The licensed staff and the examination rooms of the period, for the filters: `(kind, id, name)`. They come from their own lists, because
/// asking a million visits who saw them costs more than the page.
pub async fn list_choices(tx: &mut Tx, period: Period) -> Result<Vec<(String, Uuid, String)>, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(sql!(
        "SELECT 'doctor' AS kind, practitioner_id AS id, concat_ws(' ', nullif(title, ''), name) AS name FROM practitioner_practitioner
         WHERE facility_id = $1 AND licence_no <> '' AND active_from <= $3 AND (active_to IS NULL OR active_to >= $2)
         UNION ALL
         SELECT 'room', room_id, coalesce(nullif(short_name, ''), name) FROM organization_room
         WHERE facility_id = $1 AND kind IN ('exam', 'imaging', 'procedure') AND active_from <= $3 AND (active_to IS NULL OR active_to >= $2)
         ORDER BY kind, name"
    ))
    .bind(facility)
    .bind(period.from)
    .bind(period.to)
    .fetch_all(tx.conn())
    .await
}

/// The register as a table for paper.
pub fn book(visits: &[Visit], period: Period) -> Book {
    let columns = [
        words("Ngày", 11),
        words("Giờ", 7),
        words("Người bệnh", 24),
        words("Mã", 12),
        words("Tuổi", 9),
        words("Giới", 6),
        words("Địa chỉ", 26),
        words("Chẩn đoán", 36),
        words("Xử trí", 18),
        words("Bác sĩ", 20),
    ];
    let rows = visits.iter().map(|v| {
        Row::new(vec![
            Cell::Day(v.day),
            Cell::text(v.arrived()),
            Cell::text(&v.name),
            Cell::text(&v.record_no),
            Cell::text(v.age().to_string()),
            Cell::text(v.sex_word()),
            Cell::text(&v.address_text),
            Cell::text(v.diagnoses.as_deref().unwrap_or(&v.reason)),
            Cell::text(if v.status == "finished" { v.outcome() } else { v.status_word().to_owned() }),
            Cell::text(v.doctor.as_deref().unwrap_or("")),
        ])
    });
    Book {
        title: "Sổ khám bệnh",
        about: period.shown(),
        figures: Vec::new(),
        tables: vec![Table::new("", &columns, rows.collect())],
        agrees: None,
        when_empty: "Không có lượt khám nào.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_list_reads_back() {
        let after = After {
            day: base::parse_date_vi("24/11/2026").unwrap(),
            opened_at: DateTime::from_timestamp_micros(1_795_489_200_123_456).unwrap(),
            encounter: Uuid::now_v7(),
        };
        assert_eq!(After::read(&after.key()), Some(after));
        for nonsense in ["", ".", "20261124", "20261124.x.y", "99999999.1.2", "20261124.9999999999999999999.0", "a.b.c.d"] {
            assert_eq!(After::read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_counts_travel_with_the_page() {
        let tally = Tally { visits: 205, finished: 200, open: 3, cancelled: 2, insured: 1 };
        assert_eq!(Tally::read(&tally.key()), Some(tally));
        for nonsense in ["", "1.2.3.4", "1.2.3.4.x", "-1.2.3.4.5"] {
            assert_eq!(Tally::read(nonsense), None, "{nonsense}");
        }
    }
}
