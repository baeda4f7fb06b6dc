//! The desk's day: how many are where, who waits, and what can be done with one visit.

use crate::pages::scan::code_of;
use crate::priority::{Class, short_label};
use crate::status::Status;
use crate::store::reception::{self, DayLine, RoomLine};
use askama::Template;
use base::{Age, EncounterId, Problem, RoomId, show_time};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Query};

/// A row of the list, ready to print.
struct Row {
    id: Uuid,
    number: String,
    arrived: String,
    name: String,
    facts: String,
    tail: String,
    priority: &'static str,
    priority_icon: &'static str,
    source_icon: &'static str,
    source: &'static str,
    room: String,
    state: (&'static str, &'static str, &'static str),
    waited: String,
    is_late: bool,
    cover: String,
    is_selected: bool,
}

/// One tile of the tally.
struct Tile {
    key: &'static str,
    count: i64,
    label: &'static str,
    is_current: bool,
}

/// The visit opened at the right.
struct Selected {
    id: Uuid,
    number: String,
    name: String,
    room: String,
    room_id: Uuid,
    status: &'static str,
    may_change: bool,
    patient: Uuid,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    shell: web::Shell,
    day: String,
    tiles: Vec<Tile>,
    rows: Vec<Row>,
    rooms: Vec<RoomLine>,
    room: String,
    show: &'static str,
    selected: Option<Selected>,
    /// What needs somebody at once, above the list.
    notices: Vec<String>,
    panels: Vec<String>,
    more: String,
    priorities: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    room: String,
    show: String,
    visit: String,
    after: String,
}

const WAITING: &[&str] = &["arrived", "triaged"];
const ALL: &[&str] = &["planned", "arrived", "triaged", "in_progress", "finished", "cancelled"];

/// `GET /app/reception`.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let day = ctx.today();
    let mut tx = ctx.begin().await?;
    let counts = reception::count_day(&mut tx, day).await?;
    let count = |statuses: &[&str]| counts.iter().filter(|(s, _)| statuses.contains(&s.as_str())).map(|(_, n)| n).sum();
    let (show, statuses): (&'static str, &[&str]) = match asked.show.as_str() {
        "inside" => ("inside", &["in_progress"]),
        "done" => ("done", &["finished"]),
        "cancelled" => ("cancelled", &["cancelled"]),
        "all" => ("all", ALL),
        _ => ("waiting", &["arrived", "triaged", "in_progress"]),
    };
    let rooms = reception::list_rooms(&mut tx, day).await?;
    let room: Option<RoomId> = asked.room.parse().ok();
    let after = asked.after.parse::<DateTime<Utc>>().ok();
    let lines = reception::list_day(&mut tx, day, room, statuses, after).await?;
    let visit: Option<EncounterId> = asked.visit.parse().ok();
    let selected = match visit {
        Some(id) => {
            let line = match lines.iter().find(|l| l.encounter_id == id.0) {
                Some(line) => Some(line.clone()),
                None => reception::list_day(&mut tx, day, None, ALL, None).await?.into_iter().find(|l| l.encounter_id == id.0),
            };
            line.map(|line| select(&line))
        }
        None => None,
    };
    let about = PanelFor { encounter: visit.filter(|_| selected.is_some()), patient: None };
    let notices = ctx.panels("reception.notices", &mut tx, &PanelFor::default()).await?;
    let panels = ctx.panels("reception.today", &mut tx, &about).await?;
    let tile = |key, label, statuses: &[&str]| Tile { key, count: count(statuses), label, is_current: key == show };
    let page = TodayPage {
        shell: ctx.shell("Hôm nay", &[("F2", "Tìm, quét"), ("F5", "Tiếp nhận mới"), ("↑ ↓", "Chọn dòng"), ("Enter", "Mở"), ("F9", "In số")]),
        day: base::show_date_long(day),
        tiles: vec![
            tile("all", "Đã đến", &["arrived", "triaged", "in_progress", "finished"]),
            tile("waiting", "Chờ khám", WAITING),
            tile("inside", "Đang khám", &["in_progress"]),
            tile("done", "Xong", &["finished"]),
            tile("cancelled", "Đã hủy", &["cancelled"]),
        ],
        more: if lines.len() == 200 { lines.last().map(|l| l.opened_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)).unwrap_or_default() } else { String::new() },
        rows: lines.iter().map(|l| row(l, ctx.now, visit)).collect(),
        rooms,
        room: room.map(|r| r.to_string()).unwrap_or_default(),
        show,
        selected,
        notices,
        panels,
        priorities: crate::priority::rules_on(day).iter().map(|r| r.short).collect::<Vec<_>>().join(", "),
    };
    web::html(page)
}

fn select(line: &DayLine) -> Selected {
    Selected {
        id: line.encounter_id,
        number: line.number.map(|n| n.to_string()).unwrap_or_default(),
        name: line.name.clone(),
        room: line.room.clone(),
        room_id: line.room_id,
        status: line.status().label(),
        may_change: matches!(line.status(), Status::Arrived | Status::Triaged | Status::Planned),
        patient: line.patient_id,
    }
}

fn row(line: &DayLine, now: DateTime<Utc>, visit: Option<EncounterId>) -> Row {
    let status = line.status();
    let called = line.ticket_status.as_deref() == Some("called");
    let state = match status {
        Status::Arrived if called => ("info", "speakerphone", "Đã gọi"),
        Status::Arrived if line.ticket_status.as_deref() == Some("skipped") => ("warning", "alert-triangle", "Vắng khi gọi"),
        Status::Arrived => ("waiting", "clock-hour-4", "Chờ khám"),
        Status::Triaged => ("waiting", "activity-heartbeat", "Đã đo, chờ khám"),
        Status::InProgress => ("info", "stethoscope", "Đang khám"),
        Status::Finished => ("done", "circle-check", "Xong"),
        Status::Cancelled => ("neutral", "circle-x", "Đã hủy"),
        Status::Planned => ("neutral", "calendar-time", "Sắp đến"),
    };
    let minutes = (line.started_at.unwrap_or(now) - line.opened_at).num_minutes().max(0);
    let class = line.class();
    Row {
        id: line.encounter_id,
        number: line.number.map_or("—".into(), |n| n.to_string()),
        arrived: show_time(line.opened_at),
        name: line.name.clone(),
        facts: format!(
            "{} {}",
            patient::Sex::from_key(&line.sex).unwrap_or(patient::Sex::Unknown).label(),
            Age::on(line.birth_date, base::local_date(now)).to_string().trim_end_matches(" tuổi")
        ),
        tail: find_tail(&line.cccd),
        priority: if class == Class::None { "" } else { short_label(class, base::local_date(now)) },
        priority_icon: class.icon(),
        source_icon: if line.source == "walk_in" { "walk" } else { "calendar-time" },
        source: match line.source.as_str() {
            "booked" => "Đặt lịch",
            "call_center" => "Tổng đài",
            "app" => "Ứng dụng",
            _ => "Trực tiếp",
        },
        room: line.room.clone(),
        state,
        waited: if status.is_closed() { String::new() } else { format!("{minutes} phút") },
        is_late: !status.is_closed() && status != Status::InProgress && minutes >= 60,
        cover: match (line.payer.as_str(), line.benefit_percent) {
            ("insurance", Some(percent)) => format!("{percent} %"),
            ("insurance", None) => "BHYT".into(),
            _ => String::new(),
        },
        is_selected: visit.is_some_and(|v| v.0 == line.encounter_id),
    }
}

fn find_tail(cccd: &str) -> String {
    patient::store::find::tail(cccd)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Change {
    room: String,
    reason: String,
}

/// Sends a waiting person to another room.
pub async fn move_room(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<Change>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = reception::lock_visit(&mut tx, id).await?;
    let to: RoomId = form.room.parse().map_err(|_| Problem::at("room", "Chưa chọn phòng. Chọn phòng mới cho người bệnh."))?;
    reception::move_room(&mut tx, id, &visit, to).await?;
    tx.commit().await?;
    web::redirect(format!("/app/reception?visit={id}"))
}

/// Calls a visit off, with the reason.
pub async fn cancel(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<Change>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = reception::lock_visit(&mut tx, id).await?;
    let reason: String = form.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Ghi lý do hủy, nhiều nhất 500 chữ. Ví dụ: người bệnh về, hẹn hôm khác.").into());
    }
    if visit.status != Status::Cancelled {
        reception::cancel(&mut tx, id, &visit, &reason).await?;
        tx.commit().await?;
    }
    web::redirect("/app/reception")
}

/// The printed ticket.
pub async fn ticket(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let ticket = reception::ticket_paper(&mut tx, id).await?;
    let head = reception::paper_head(&mut tx).await?;
    let patient = base::PatientId(ticket.patient_id);
    tx.audit("print", "ticket", id, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    let class = Class::from_key(&ticket.priority_class);
    let data = serde_json::json!({
        "head": head,
        "number": ticket.number,
        "room": { "name": ticket.room },
        "priority": if class == Class::None { String::new() } else { format!("Ưu tiên: {}", short_label(class, ticket.day)) },
        "people_before": ticket.before,
        "wait": format!("khoảng {} phút", crate::queue::wait_minutes(ticket.before.max(0) as usize, None)),
        "service": ticket.service.unwrap_or_default(),
        "issued_at": ticket.issued_at,
        "code": code_of(ticket.day, &ticket.room_code, ticket.number),
        "patient": {
            "name": ticket.name,
            "record_no": ticket.record_no,
            "sex": ticket.sex,
            "age": Age::on(ticket.birth_date, ticket.day).to_string(),
        },
    });
    let bytes = ctx.app.papers().render("ticket", data).await.map_err(|e| Failure::Fault(anyhow::anyhow!(e)))?;
    web::pdf(bytes, &format!("so-{}.pdf", ticket.number))
}
