//! The records that a ward or a doctor works on now.

use super::forms;
use super::overview::{kind_word, moment, status_badge};
use super::store::record::{self, Line, Scope, Wanted};
use super::viewer::Viewer;
use askama::Template;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use web::{Answer, Ctx, Query, Shell};

/// Lines at once.
const PAGE: i64 = 60;

/// A record in the list.
pub struct RecordLine {
    pub id: Uuid,
    pub name: String,
    pub facts: String,
    pub record_no: String,
    pub heading: String,
    pub room: String,
    pub doctor: String,
    pub when: String,
    pub status: (&'static str, &'static str, &'static str),
    pub documents: i64,
    pub drafts: i64,
    pub unsigned: i64,
}

#[derive(Template)]
#[template(path = "record-list.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<RecordLine>,
    scope: &'static str,
    room_name: String,
    has_room: bool,
    is_doctor: bool,
    q: String,
    more: String,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    of: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    id: String,
}

/// `GET /app/records?of=room|mine|all&q=&before=&id=`: open records, those of one's ward first.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let viewer = Viewer::of(&mut tx).await?;
    let room = ctx.room().map(|room| room.0);
    let me = ctx.actor.practitioner.map(|p| p.0);
    let gives_care = ["doctor", "nurse", "department_head"].iter().any(|role| ctx.actor.has_role(role));
    let scope = match (asked.of.as_str(), room, me) {
        ("mine", _, Some(me)) => Scope::Mine(me),
        ("all", ..) => Scope::All,
        ("room", Some(room), _) => Scope::Room(room),
        ("", Some(room), _) if gives_care => Scope::Room(room),
        _ => Scope::All,
    };
    let words = base::fold(asked.q.trim()).replace(['%', '_', '\\'], "");
    let at = asked.before.parse().ok().and_then(DateTime::from_timestamp_micros);
    let wanted = Wanted { scope, words: &words, before: at.zip(asked.id.parse().ok()), limit: PAGE };
    let lines = record::list_open(&mut tx, &viewer, &wanted).await?;
    tx.audit("read", "record-list", "open", None, Value::Null);
    tx.commit().await?;
    let of = match scope {
        Scope::Room(_) => "room",
        Scope::Mine(_) => "mine",
        Scope::All => "all",
    };
    let more = match lines.last().filter(|_| lines.len() as i64 == PAGE) {
        Some(last) => format!("/app/records?of={of}&q={words}&before={}&id={}", last.opened_at.timestamp_micros(), last.record_id),
        None => String::new(),
    };
    web::html(ListPage {
        shell: ctx.shell("Bệnh án", &[("F2", "Tìm người bệnh"), ("↑+↓", "Chọn dòng"), ("Enter", "Mở")]),
        lines: lines.into_iter().map(line).collect(),
        scope: of,
        room_name: ctx.signed_in.room.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default(),
        has_room: room.is_some(),
        is_doctor: me.is_some(),
        q: asked.q,
        more,
    })
}

fn line(row: Line) -> RecordLine {
    let title = forms::title(&row.form);
    RecordLine {
        id: row.record_id,
        facts: encounter::pages::banner::facts(&row.sex, row.birth_date, base::local_date(row.opened_at)),
        heading: if title.is_empty() { kind_word(&row.kind).to_owned() } else { title },
        when: moment(row.opened_at),
        status: status_badge(&row.status, row.ended_at),
        name: row.name,
        record_no: row.record_no,
        room: row.room_name,
        doctor: row.doctor_name,
        documents: row.documents,
        drafts: row.drafts,
        unsigned: row.unsigned,
    }
}
