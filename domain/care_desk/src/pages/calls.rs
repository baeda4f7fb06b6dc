//! The telephone beside the desk: a click dials, and what rings on the own apparatus shows who it is.

use crate::store::line::{self, Call, Wish};
use crate::{Switchboard, caller::Caller};
use askama::Template;
use base::AppointmentId;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use web::ask::{Dial, Telephone};
use web::{Answer, Ctx, Failure, Form};

/// The strip over the desk.
#[derive(Template)]
#[template(path = "care_desk_line.html")]
struct Line {
    call: Option<Call>,
    wish: Option<Wish>,
    names: String,
    problem: String,
    topic: String,
    now: DateTime<Utc>,
}

async fn strip(ctx: &Ctx, problem: String) -> Answer {
    let mut tx = ctx.begin().await?;
    let call = line::own_call(&mut tx).await?;
    let wish = line::own_wish(&mut tx).await?.filter(|w| call.is_none() && w.state != "taken" || w.state == "failed");
    let names = match &call {
        Some(call) if !call.phone.is_empty() => {
            let caller = Caller::load(&mut tx, &call.phone, None, None).await?;
            let booked = caller.bookings.iter().map(|a| a.booker_name.as_str()).find(|name| !name.is_empty());
            let known = caller.people.iter().map(|p| p.name.as_str()).take(3).collect::<Vec<_>>().join(", ");
            if known.is_empty() { booked.unwrap_or("").to_owned() } else { known }
        }
        _ => String::new(),
    };
    tx.commit().await?;
    web::html(Line { call, wish, names, problem, topic: crate::switchboard::own_topic(ctx.actor.account.0), now: ctx.now })
}

/// `GET /app/care-desk/line`.
pub async fn show(ctx: Ctx) -> Answer {
    strip(&ctx, String::new()).await
}

/// A click on a number.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DialForm {
    key: String,
    to: String,
    appointment: Option<AppointmentId>,
}

/// `POST /app/care-desk/calls`: rings the own apparatus and connects it. Answers with the strip.
pub async fn dial(ctx: Ctx, Form(form): Form<DialForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let key = line::key_for(&mut tx, &if form.key.is_empty() { ctx.minted_id().to_string() } else { form.key }).await?;
    let wish = Dial { key, to: &form.to, appointment: form.appointment, patient: None };
    let problem = match Switchboard.dial(&mut tx, &wish).await {
        Ok(()) => {
            tx.commit().await?;
            String::new()
        }
        Err(Failure::Refused(problems)) => problems.0.first().map(|p| p.text.to_string()).unwrap_or_default(),
        Err(other) => return Err(other),
    };
    strip(&ctx, problem).await
}
