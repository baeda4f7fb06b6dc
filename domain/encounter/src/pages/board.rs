//! The board in the waiting hall: public, masked names, now and next. It knows only a room's id.

use crate::priority;
use crate::queue::{call_sentence, wait_minutes};
use crate::store::line::{self, BoardRoom};
use crate::store::reception;
use askama::Template;
use base::{FacilityId, RoomId};
use serde::Deserialize;
use web::{Answer, IntoResponse, Path, Query, Visitor};

struct Wall {
    name: String,
    by: String,
    number: String,
    masked: String,
    is_called: bool,
    /// Changes with every call, so that the page knows a new one from an old one.
    call_id: String,
    sentence: String,
    next: Vec<i32>,
    wait: i64,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    lang: &'static str,
    facility: String,
    day: String,
    time: String,
    events: String,
    rooms: Vec<Wall>,
    priorities: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `all` shows every examination room of the facility on one wall.
    view: String,
}

/// `GET /board/{room}`.
pub async fn show(visitor: Visitor, Path(room): Path<RoomId>, Query(asked): Query<Asked>) -> Answer {
    let facility = facility(&visitor, room).await?;
    let day = base::local_date(visitor.now);
    let mut tx = visitor.begin_at(facility).await?;
    let one = if asked.view == "all" { None } else { Some(room) };
    let rooms = line::list_board(&mut tx, one, day).await?;
    let name = reception::facility_name(&mut tx).await?;
    web::html(BoardPage {
        lang: "vi",
        facility: name,
        day: base::show_date_long(day),
        time: base::show_time(visitor.now),
        events: format!("/board/{room}/events"),
        rooms: rooms.iter().map(wall).collect(),
        priorities: priority::rules_on(day).iter().map(|r| r.short).collect::<Vec<_>>().join(", "),
    })
}

/// `GET /board/{room}/events`: says when the line changed; a wall that lost its link takes it up again by itself.
pub async fn events(visitor: Visitor, Path(room): Path<RoomId>) -> Answer {
    let facility = facility(&visitor, room).await?;
    Ok(web::live::sse(visitor.app.live.subscribe(facility, vec!["queue".into()])).into_response())
}

async fn facility(visitor: &Visitor, room: RoomId) -> Result<FacilityId, web::Failure> {
    let mut tx = visitor.begin_for("board").await?;
    Ok(line::facility_of_room(&mut tx, room).await?)
}

fn wall(room: &BoardRoom) -> Wall {
    let now = room.now.as_ref();
    let is_called = now.is_some_and(|t| t.status == "called");
    Wall {
        name: room.name.clone(),
        by: room.practitioner.clone(),
        number: now.map(|t| t.number.to_string()).unwrap_or_default(),
        masked: now.map(|t| t.masked_name.clone()).unwrap_or_default(),
        is_called,
        call_id: now.filter(|_| is_called).map(|t| format!("{}-{}", t.ticket_id, t.call_count)).unwrap_or_default(),
        sentence: now.map(|t| call_sentence(t.number, &t.masked_name, &room.name)).unwrap_or_default(),
        next: room.next.clone(),
        wait: wait_minutes(room.waiting, room.mean_minutes),
    }
}
