//! The inbox: a message is kept and applied in one transaction and acknowledged after it; what cannot be applied is kept
//! with the reason in a second one. Nothing is half-filed, nothing that arrived is lost.

use crate::apply::{self, Chosen, Done, Outcome, Work};
use crate::command::{Coded, Delivery, Door, Receipt, State};
use crate::partner::{self, Partner};
use crate::store::look::{self, Earlier};
use crate::store::messages::{self, New, Settled};
use crate::store::unmapped;
use base::{Problem, Problems};
use chrono::{DateTime, TimeDelta, Utc};
use db::Tx;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;
use web::{App, Failure};

/// The job that ends the waiting of an early message.
pub const GIVE_UP: &str = "exchange.give_up";

/// The sender of what nobody here declared.
pub const STRANGER: Uuid = Uuid::nil();

/// Takes a message: keeps it, applies it or says why it waits, and commits before it answers. Fails only when the
/// database is away; then nothing was kept and the sender has to send again.
pub async fn take(app: &App, partner: &Arc<Partner>, delivery: Delivery, now: DateTime<Utc>) -> Result<Receipt, Failure> {
    let mut tx = partner.begin(&app.db, now).await?;
    match take_in(&mut tx, app, partner, &delivery).await {
        Ok((receipt, go_on)) => {
            tx.commit().await?;
            if go_on {
                advance(app, partner, &messages::line_of(&delivery), now).await?;
            }
            Ok(receipt)
        }
        Err(failure) => {
            drop(tx);
            keep_refused(app, partner, &delivery, said(failure), now).await
        }
    }
}

/// The same inside the transaction of the caller, who commits; the flag says that [`advance`] has to be called afterwards.
/// A refusal is an error: roll back, then [`keep_refused`].
pub async fn take_in(tx: &mut Tx, app: &App, partner: &Arc<Partner>, delivery: &Delivery) -> Result<(Receipt, bool), Failure> {
    let key = messages::line_of(delivery);
    let hash = Sha256::digest(&delivery.raw).to_vec();
    let visit = apply::visit_id(partner, apply::visit_of(&delivery.content));
    look::take_turn(tx, partner, &key).await?;
    let seen = look::look(tx, partner, &delivery.control_id, &key, visit, None).await?;
    // Somebody changed partners or codes since they were read.
    let newest;
    let partner = if seen.stamp == partner.stamp {
        partner
    } else {
        newest = partner::get(tx, &app.db, partner.id).await?;
        &newest
    };
    if !partner.is_active_on(base::local_date(tx.now)) {
        return Err(Problem::of(format!("Đơn vị gửi {} không còn hiệu lực nên thông điệp không được ghi.", partner.name)).into());
    }
    if let Some(earlier) = seen.earlier {
        if earlier.body_hash != hash {
            return Err(Problem::at("control_id", format!("Số thông điệp {} đã dùng cho một nội dung khác. Gửi lại với số mới.", delivery.control_id)).into());
        }
        if earlier.state != State::Dead {
            return Ok((repeated(earlier), false));
        }
        let receipt = again(tx, app, partner, earlier.message, None).await?;
        return Ok((Receipt { is_repeat: true, ..receipt }, seen.others_wait));
    }
    let message = Uuid::now_v7();
    let mut new = New::of(delivery, message, &key, &hash);
    let work = Work {
        app,
        partner,
        message,
        control_id: &delivery.control_id,
        kind: &delivery.kind,
        sent_at: delivery.sent_at.unwrap_or(tx.now).min(tx.now),
    };
    let outcome = if seen.is_blocked { behind() } else { apply::perform(tx, &work, &delivery.content, &seen, None).await? };
    let words;
    match outcome {
        Outcome::Done(done) => {
            words = done.notes.join(" ");
            new.done = done;
        }
        Outcome::Wait { state, words: why, words_en } => {
            (new.state, new.words_en, words) = (state, words_en, why);
            new.content = Some(serde_json::to_vec(&delivery.content).map_err(anyhow::Error::from)?);
            new.wait_until = wait_until(partner, state, tx.now);
        }
    }
    new.words = &words;
    messages::insert(tx, &new).await?;
    tx.audit("receive", "message", message, new.done.patient, json!({ "kind": delivery.kind, "partner": partner.id, "state": new.state }));
    if let Some(at) = new.wait_until {
        db::job::enqueue(tx, GIVE_UP, &json!({ "message": message }), at).await?;
    }
    if new.state != State::Applied {
        tx.notify("exchange");
    }
    let receipt = Receipt {
        message,
        state: new.state,
        is_repeat: false,
        words: words.clone(),
        words_en: new.words_en.to_owned(),
        patient: new.done.patient,
        encounter: new.done.encounter,
        documents: new.done.documents.clone(),
    };
    let go_on = receipt.state == State::Applied && seen.others_wait;
    Ok((receipt, go_on))
}

fn behind() -> Outcome {
    Outcome::Wait {
        state: State::Behind,
        words: "Một thông điệp trước của người bệnh này còn chờ xác định người. Thông điệp này tự ghi sau đó.".into(),
        words_en: "Accepted; waits for an earlier message of the same patient",
    }
}

fn wait_until(partner: &Partner, state: State, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (state == State::Early).then(|| now + TimeDelta::minutes(partner.wait_minutes.into()))
}

fn repeated(earlier: Earlier) -> Receipt {
    Receipt {
        message: earlier.message,
        state: earlier.state,
        is_repeat: true,
        words: earlier.words,
        words_en: earlier.words_en,
        patient: earlier.patient,
        encounter: earlier.encounter,
        documents: earlier.documents,
    }
}

/// What a failure says to people; a fault is logged once and worded as ours.
fn said(failure: Failure) -> Problems {
    match failure {
        Failure::Refused(problems) => problems,
        Failure::Conflict(text) | Failure::Forbidden(text) | Failure::BadRequest(text) => Problem::of(text).into(),
        Failure::NotFound => Problem::of("Hồ sơ hoặc lượt điều trị mà thông điệp nhắc tới không còn ở cơ sở này.").into(),
        other => {
            tracing::error!(failure = ?other, "a message could not be applied");
            Problem::of("Hệ thống trục trặc khi ghi thông điệp. Nội dung đã được giữ; bấm Ghi lại, nếu vẫn lỗi thì báo quản trị.").into()
        }
    }
}

fn joined(problems: &Problems) -> String {
    problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ")
}

/// Keeps a message that could be read but not applied: a dead letter that can be tried again.
pub async fn keep_refused(app: &App, partner: &Partner, delivery: &Delivery, problems: Problems, now: DateTime<Utc>) -> Result<Receipt, Failure> {
    let hash = Sha256::digest(&delivery.raw).to_vec();
    let key = messages::line_of(delivery);
    let mut tx = partner.begin(&app.db, now).await?;
    let words = joined(&problems);
    for problem in &problems.0 {
        if let Some((kind, code)) = problem.field.strip_prefix("unmapped:").and_then(|rest| rest.split_once(':')) {
            unmapped::note(&mut tx, partner.id, kind, &Coded::new(code, "")).await?;
        }
    }
    // A number that was used before cannot be used again: the second body lies beside it under a name of its own.
    let is_taken_number = problems.0.iter().any(|p| p.field == "control_id");
    let beside = format!("{}#{}", delivery.control_id.chars().take(180).collect::<String>(), hex::encode(&hash[..6]));
    let message = Uuid::now_v7();
    let mut new = New::of(delivery, message, &key, &hash);
    (new.state, new.words, new.words_en) = (State::Dead, &words, "Not applied; see ERR");
    if is_taken_number {
        new.control_id = &beside;
    } else {
        new.content = Some(serde_json::to_vec(&delivery.content).map_err(anyhow::Error::from)?);
    }
    let receipt = dead(&mut tx, new).await?;
    tx.commit().await?;
    Ok(receipt)
}

/// What arrived and is no message: the bytes with what is wrong with them. `partner` is `None` for a sender that is not
/// declared at this facility.
pub struct Unreadable<'a> {
    pub door: Door,
    /// As far as it could be read; "" gets a number made from the bytes.
    pub control_id: &'a str,
    pub kind: &'a str,
    pub raw: &'a [u8],
    pub words: &'a str,
    pub words_en: &'a str,
}

/// Keeps what is no message as a dead letter of the facility. The same bytes again change nothing.
pub async fn refuse(app: &App, facility: base::FacilityId, partner: Option<&Partner>, bad: &Unreadable<'_>, now: DateTime<Utc>) -> Result<Receipt, Failure> {
    let hash = Sha256::digest(bad.raw).to_vec();
    let number = match bad.control_id {
        "" => format!("?{}", hex::encode(&hash[..8])),
        given => format!("{}#{}", messages::clean(given, 180), hex::encode(&hash[..6])),
    };
    let mut tx = match partner {
        Some(partner) => partner.begin(&app.db, now).await?,
        None => app.db.begin_system(facility, now).await?,
    };
    let new = New {
        message: Uuid::now_v7(),
        partner: partner.map_or(STRANGER, |p| p.id),
        door: bad.door,
        kind: bad.kind,
        control_id: &number,
        body_hash: &hash,
        raw: bad.raw,
        subject_key: "",
        subject_name: "",
        visit: "",
        state: State::Dead,
        words: bad.words,
        words_en: bad.words_en,
        content: None,
        done: Done::default(),
        sent_at: None,
        wait_until: None,
    };
    let receipt = dead(&mut tx, new).await?;
    tx.commit().await?;
    Ok(receipt)
}

async fn dead(tx: &mut Tx, new: New<'_>) -> Result<Receipt, Failure> {
    let is_new = messages::insert(tx, &new).await?;
    if is_new {
        tx.audit("receive", "message", new.message, None, json!({ "kind": new.kind, "partner": new.partner, "state": State::Dead }));
        tx.notify("exchange");
    }
    Ok(Receipt {
        message: new.message,
        state: State::Dead,
        is_repeat: !is_new,
        words: new.words.to_owned(),
        words_en: new.words_en.to_owned(),
        patient: None,
        encounter: None,
        documents: Vec::new(),
    })
}

/// Keeps what neither names a sender nor a facility of ours, for whoever runs the server.
pub async fn keep_stray(app: &App, door: Door, remote: &str, said: &str, raw: &[u8], now: DateTime<Utc>) -> Result<(), Failure> {
    let nobody = base::Actor::system(base::FacilityId(0));
    let mut tx = app.db.begin(db::Scope::Purpose("exchange-door"), nobody, now).await?;
    sqlx::query(web::sql!("INSERT INTO exchange_stray (stray_id, received_at, door, remote, said, raw) VALUES ($1, $2, $3, $4, $5, $6)"))
        .bind(Uuid::now_v7())
        .bind(now)
        .bind(door.key())
        .bind(messages::clean(remote, 100))
        .bind(messages::clean(said, 500))
        .bind(&raw[..raw.len().min(64 * 1024)])
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Applies a kept message once more, in the transaction of the caller. Refuses one that could never be read; gives the
/// standing receipt of one that is settled.
pub async fn again(tx: &mut Tx, app: &App, partner: &Arc<Partner>, id: Uuid, chosen: Option<Chosen>) -> Result<Receipt, Failure> {
    let kept = messages::lock(tx, id).await?;
    let receipt = |state, words: String, words_en: &str, done: &Done| Receipt {
        message: id,
        state,
        is_repeat: false,
        words,
        words_en: words_en.to_owned(),
        patient: done.patient.or(kept.patient),
        encounter: done.encounter.or(kept.encounter),
        documents: done.documents.clone(),
    };
    if matches!(kept.state, State::Applied | State::Discarded) {
        return Ok(receipt(kept.state, kept.words.clone(), &kept.words_en, &Done::default()));
    }
    let Some(content) = &kept.content else {
        return Err(Problem::of("Thông điệp này không đọc được nên không ghi lại được. Yêu cầu bên gửi sửa và gửi với số mới.").into());
    };
    let visit = apply::visit_id(partner, apply::visit_of(content));
    let seen = look::look(tx, partner, &kept.control_id, &kept.subject_key, visit, Some(id)).await?;
    let work = Work {
        app,
        partner,
        message: id,
        control_id: &kept.control_id,
        kind: &kept.kind,
        sent_at: kept.sent_at.unwrap_or(kept.received_at).min(tx.now),
    };
    let outcome = if seen.is_blocked && chosen.is_none() { behind() } else { apply::perform(tx, &work, content, &seen, chosen).await? };
    let (state, words, words_en, done) = match outcome {
        Outcome::Done(done) => (State::Applied, done.notes.join(" "), "", done),
        Outcome::Wait { state, words, words_en } => (state, words, words_en, Done::default()),
    };
    let until = wait_until(partner, state, tx.now);
    messages::settle(tx, id, &Settled { state, words: &words, words_en, done: &done, wait_until: until }).await?;
    if let Some(at) = until {
        db::job::enqueue(tx, GIVE_UP, &json!({ "message": id }), at).await?;
    }
    tx.audit("apply", "message", id, done.patient, json!({ "state": state }));
    tx.notify("exchange");
    Ok(receipt(state, words, words_en, &done))
}

/// Applies what waited of one person, in order, each in a transaction of its own, until the next doubt.
pub async fn advance(app: &App, partner: &Arc<Partner>, subject_key: &str, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut tx = partner.begin(&app.db, now).await?;
    let waiting = messages::list_waiting(&mut tx, partner.id, subject_key).await?;
    drop(tx);
    for id in waiting {
        let mut tx = partner.begin(&app.db, now).await?;
        look::take_turn(&mut tx, partner, subject_key).await?;
        match again(&mut tx, app, partner, id, None).await {
            Ok(_) => tx.commit().await?,
            Err(failure) => {
                drop(tx);
                bury(app, partner, id, said(failure), now).await?;
            }
        }
    }
    Ok(())
}

/// Writes why a kept message could not be applied.
pub async fn bury(app: &App, partner: &Partner, id: Uuid, problems: Problems, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut tx = partner.begin(&app.db, now).await?;
    for problem in &problems.0 {
        if let Some((kind, code)) = problem.field.strip_prefix("unmapped:").and_then(|rest| rest.split_once(':')) {
            unmapped::note(&mut tx, partner.id, kind, &Coded::new(code, "")).await?;
        }
    }
    let words = joined(&problems);
    let settled = Settled { state: State::Dead, words: &words, words_en: "Not applied", done: &Done::default(), wait_until: None };
    messages::settle(&mut tx, id, &settled).await?;
    tx.notify("exchange");
    tx.commit().await?;
    Ok(())
}

/// A person's decision about a kept message: apply it (again), naming the patient where that was the doubt, then whatever
/// waited behind it. The actor of the page acts; a refusal is kept with the message and told.
pub async fn decide(app: &App, mut tx: Tx, id: Uuid, chosen: Option<Chosen>) -> Result<Receipt, Failure> {
    let now = tx.now;
    let kept = messages::get(&mut tx, id).await?;
    let partner = match partner::get(&mut tx, &app.db, kept.partner).await {
        Ok(partner) => partner,
        Err(sqlx::Error::RowNotFound) => return Err(Problem::of("Bên gửi chưa được khai báo. Khai báo đơn vị gửi rồi yêu cầu gửi lại.").into()),
        Err(other) => return Err(other.into()),
    };
    look::take_turn(&mut tx, &partner, &kept.subject_key).await?;
    let receipt = match again(&mut tx, app, &partner, id, chosen).await {
        Ok(receipt) => receipt,
        Err(failure) => {
            drop(tx);
            let problems = said(failure);
            bury(app, &partner, id, problems.clone(), now).await?;
            advance(app, &partner, &kept.subject_key, now).await?;
            return Err(problems.into());
        }
    };
    tx.commit().await?;
    advance(app, &partner, &kept.subject_key, now).await?;
    Ok(receipt)
}

/// Ends the waiting of an early message.
pub async fn give_up(tx: &mut Tx, payload: serde_json::Value) -> anyhow::Result<()> {
    let id: Uuid = serde_json::from_value(payload["message"].clone())?;
    if messages::give_up(tx, id).await? {
        tx.audit("give_up", "message", id, None, serde_json::Value::Null);
        tx.notify("exchange");
    }
    Ok(())
}
