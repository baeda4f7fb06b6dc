//! Records: the cover rows.

use crate::document::viewer::Viewer;
use crate::document::ward;
use base::{EncounterId, PatientId, Problem, RecordId};
use chrono::{DateTime, Utc};
use db::Tx;
use sqlx::FromRow;
use uuid::Uuid;
use web::Failure;

/// The cover of a record, as pages show it.
#[derive(Clone, Debug, FromRow)]
pub struct Cover {
    pub record_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub form: String,
    pub kind: String,
    pub room_id: Option<Uuid>,
    pub room_name: String,
    pub practitioner_id: Option<Uuid>,
    pub doctor_name: String,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: String,
    pub status: String,
    pub archive_no: String,
    pub sensitivity: String,
}

impl Cover {
    pub fn record(&self) -> RecordId {
        RecordId(self.record_id)
    }
    pub fn encounter(&self) -> EncounterId {
        EncounterId(self.encounter_id)
    }
    pub fn patient(&self) -> PatientId {
        PatientId(self.patient_id)
    }
    /// Why nothing can be written into it any more, in words; `None` while it is open for writing.
    pub fn refusal(&self) -> Option<Problem> {
        locked(&self.status, &self.archive_no)
    }
}

/// Why a record of this status takes nothing any more.
pub fn locked(status: &str, archive_no: &str) -> Option<Problem> {
    let text = match status {
        "archived" => format!("Hồ sơ đã lưu trữ (số {archive_no}) nên không ghi thêm được. Muốn sửa phải đề nghị mở lại hồ sơ."),
        "submitted" => "Hồ sơ đã nộp và đang chờ phòng Kế hoạch tổng hợp duyệt. Muốn sửa, đề nghị phòng trả lại hồ sơ.".to_owned(),
        "destroyed" => "Hồ sơ đã hủy theo biên bản, chỉ còn tên trong sổ.".to_owned(),
        _ => return None,
    };
    Some(Problem::of(text))
}

/// The cover for one who may see it. `NotFound` for a foreign record, and for a special one when the viewer is neither
/// of its care team nor of those who keep all records in order.
pub async fn get(tx: &mut Tx, viewer: &Viewer, id: RecordId) -> Result<Cover, Failure> {
    let facility = tx.facility().0;
    let cover: Cover = sqlx::query_as(db::sql!(
        "SELECT r.record_id, r.encounter_id, r.patient_id, r.person_id, r.form, r.kind, r.room_id, coalesce(o.name, '') AS room_name,
                r.practitioner_id, coalesce(nullif(concat_ws(' ', nullif(w.title, ''), w.name), ''), '') AS doctor_name, r.opened_at,
                r.ended_at, r.outcome, r.status, r.archive_no, r.sensitivity
         FROM record_record r
         LEFT JOIN organization_room o USING (facility_id, room_id)
         LEFT JOIN practitioner_practitioner w USING (facility_id, practitioner_id)
         WHERE r.facility_id = $1 AND r.record_id = $2"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await?;
    let keeps = ["planner", "archivist"].iter().any(|role| tx.actor.has_role(role));
    let cares = cover.practitioner_id.is_some() && cover.practitioner_id == viewer.practitioner
        || cover.room_id.is_some_and(|room| viewer.wards.contains(&room))
        || viewer.account.is_nil();
    if cover.sensitivity != "ordinary" && !keeps && !cares {
        return Err(Failure::NotFound);
    }
    Ok(cover)
}

/// A record locked for a change, in the order record → document that all writers keep.
#[derive(Clone, Debug, FromRow)]
pub struct Locked {
    pub record_id: Uuid,
    pub encounter_id: Uuid,
    pub patient_id: Uuid,
    pub person_id: Uuid,
    pub form: String,
    pub room_id: Option<Uuid>,
    pub practitioner_id: Option<Uuid>,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub status: String,
    pub archive_no: String,
    pub sensitivity: String,
}

impl Locked {
    /// Refuses a record that takes nothing any more.
    pub fn refuse_locked(&self) -> Result<(), Failure> {
        locked(&self.status, &self.archive_no).map_or(Ok(()), |problem| Err(problem.into()))
    }
}

/// Locks the record for as long as the transaction lasts against being archived meanwhile; other writers may go on.
pub async fn hold(tx: &mut Tx, id: RecordId) -> Result<Locked, sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query_as(db::sql!(
        "SELECT record_id, encounter_id, patient_id, person_id, form, room_id, practitioner_id, opened_at, ended_at, status, archive_no,
                sensitivity
         FROM record_record WHERE facility_id = $1 AND record_id = $2 FOR SHARE"
    ))
    .bind(facility)
    .bind(id.0)
    .fetch_one(tx.conn())
    .await
}

/// The record of a visit or stay; opened from what the encounter says when there is none. Two at once open one.
/// `NotFound` when the facility has no such encounter.
pub async fn of_encounter(tx: &mut Tx, encounter: EncounterId) -> Result<RecordId, Failure> {
    let facility = tx.facility().0;
    if let Some(id) = find_of_encounter(tx, encounter).await? {
        return Ok(id);
    }
    let opened: Option<(String, Option<Uuid>)> = sqlx::query_as(db::sql!(
        "INSERT INTO record_record (facility_id, record_id, encounter_id, patient_id, person_id, kind, room_id, practitioner_id, opened_at)
         SELECT facility_id, $3, encounter_id, patient_id, person_id, CASE class WHEN 'IMP' THEN 'inpatient' ELSE 'outpatient' END,
                room_id, practitioner_id, opened_at
         FROM encounter_encounter WHERE facility_id = $1 AND encounter_id = $2
         ON CONFLICT DO NOTHING RETURNING kind, room_id"
    ))
    .bind(facility)
    .bind(encounter.0)
    .bind(Uuid::now_v7())
    .fetch_optional(tx.conn())
    .await?;
    let id = find_of_encounter(tx, encounter).await?.ok_or(Failure::NotFound)?;
    if let Some((kind, room)) = opened {
        if let Some(ward) = room.filter(|_| kind == "inpatient") {
            let form = ward::form_of(tx, ward).await?;
            set_form(tx, id, &form).await?;
        }
        tx.audit("open", "record", id, None, serde_json::json!({ "encounter": encounter }));
        tx.notify("records");
    }
    Ok(id)
}

/// The bệnh án that heads the record from now on.
pub async fn set_form(tx: &mut Tx, record: RecordId, form: &str) -> Result<(), sqlx::Error> {
    let facility = tx.facility().0;
    sqlx::query(db::sql!("UPDATE record_record SET form = $3, version = version + 1 WHERE facility_id = $1 AND record_id = $2 AND form <> $3"))
        .bind(facility)
        .bind(record.0)
        .bind(form)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The record of a visit or stay, if it has one.
pub async fn find_of_encounter(tx: &mut Tx, encounter: EncounterId) -> Result<Option<RecordId>, sqlx::Error> {
    let facility = tx.facility().0;
    let id: Option<Uuid> =
        sqlx::query_scalar(db::sql!("SELECT record_id FROM record_record WHERE facility_id = $1 AND encounter_id = $2"))
            .bind(facility)
            .bind(encounter.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(id.map(RecordId))
}

/// A record in the list of open ones.
#[derive(Clone, Debug, FromRow)]
pub struct Line {
    pub record_id: Uuid,
    pub name: String,
    pub sex: String,
    pub birth_date: chrono::NaiveDate,
    pub record_no: String,
    pub form: String,
    pub kind: String,
    pub room_name: String,
    pub doctor_name: String,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub status: String,
    pub documents: i64,
    pub drafts: i64,
    pub unsigned: i64,
}

/// Which records the list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one ward or room.
    Room(Uuid),
    /// Those that this doctor answers for.
    Mine(Uuid),
    /// All of the house.
    All,
}

/// What a list asks for: folded name or record number, and where the page before ended.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub scope: Scope,
    pub words: &'a str,
    pub before: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

/// Records whose stay or visit still lasts, or that are not handed in yet, newest first.
pub async fn list_open(tx: &mut Tx, viewer: &Viewer, wanted: &Wanted<'_>) -> Result<Vec<Line>, sqlx::Error> {
    let facility = tx.facility().0;
    let (room, mine) = match wanted.scope {
        Scope::Room(room) => (Some(room), None),
        Scope::Mine(me) => (None, Some(me)),
        Scope::All => (None, None),
    };
    let (before, last) = wanted.before.unwrap_or((far(), Uuid::max()));
    let keeps = ["planner", "archivist"].iter().any(|role| tx.actor.has_role(role));
    sqlx::query_as(db::sql!(
        "SELECT r.record_id, p.name, p.sex, p.birth_date, p.record_no, r.form, r.kind,
                coalesce(nullif(o.short_name, ''), o.name, '') AS room_name,
                coalesce(nullif(concat_ws(' ', nullif(w.title, ''), w.name), ''), '') AS doctor_name,
                r.opened_at, r.ended_at, r.status, d.documents, d.drafts, d.unsigned
         FROM (SELECT * FROM record_record r
               WHERE r.facility_id = $1 AND (r.ended_at IS NULL OR r.status IN ('completing', 'returned', 'reopened')) AND r.outcome <> 'cancelled'
                 AND ($2::uuid IS NULL OR r.room_id = $2) AND ($3::uuid IS NULL OR r.practitioner_id = $3)
                 AND (r.opened_at, r.record_id) < ($4::timestamptz, $5::uuid)
                 AND ($6 = '' OR EXISTS (SELECT 1 FROM patient_patient n WHERE n.facility_id = r.facility_id AND n.patient_id = r.patient_id
                                          AND (n.name_folded LIKE '%' || $6 || '%' OR lower(n.record_no) LIKE $6 || '%')))
                 AND ($7 OR record_may_see(r.sensitivity, NULL, NULL, r.practitioner_id, r.room_id, $8, $9, $10::uuid[]))
               ORDER BY r.opened_at DESC, r.record_id DESC LIMIT $11) r
         JOIN patient_patient p USING (facility_id, patient_id)
         LEFT JOIN organization_room o ON o.facility_id = r.facility_id AND o.room_id = r.room_id
         LEFT JOIN practitioner_practitioner w ON w.facility_id = r.facility_id AND w.practitioner_id = r.practitioner_id
         CROSS JOIN LATERAL (
             SELECT count(*) AS documents, count(*) FILTER (WHERE d.status = 'draft') AS drafts,
                    count(*) FILTER (WHERE d.status = 'signing' OR d.status = 'done' AND d.kind = 'form') AS unsigned
             FROM record_document d
             WHERE d.facility_id = r.facility_id AND d.record_id = r.record_id AND d.status <> 'entered_in_error'
               AND record_may_see(d.sensitivity, d.author_account, d.practitioner_id, r.practitioner_id, r.room_id, $8, $9, $10::uuid[])) d
         ORDER BY r.opened_at DESC, r.record_id DESC"
    ))
    .bind(facility)
    .bind(room)
    .bind(mine)
    .bind(before)
    .bind(last)
    .bind(wanted.words)
    .bind(keeps)
    .bind(viewer.account)
    .bind(viewer.practitioner)
    .bind(&viewer.wards)
    .bind(wanted.limit)
    .fetch_all(tx.conn())
    .await
}

/// Later than any record: PostgreSQL does not know chrono's last moment.
fn far() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}
