//! The telephone system of the house, behind one neutral contract: wishes to dial go out as signed posts, what happens
//! comes in at [`crate::hook`]. Which make of system it is, is nobody's business here.

use crate::hook;
use crate::store::line;
use async_trait::async_trait;
use base::Problem;
use chrono::TimeDelta;
use db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use web::Failure;
use web::ask::{Dial, Telephone};

/// The job that hands one wish over.
pub const DIAL: &str = "care_desk.dial";
/// After so many failures the person is told to dial by hand; a call that comes minutes late is no help.
const TRIES: i32 = 3;

/// The way to telephone systems; the server connects one that posts over HTTP.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Posts `body` with its signature; the same body twice rings once.
    async fn post(&self, url: &str, body: &str, signature: &str) -> Result<(), NotTaken>;
}

/// Why a wish was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Trying again may help.
    Later(String),
    /// It never will.
    Never(String),
}

static CARRIER: RwLock<Option<Arc<dyn Carrier>>> = RwLock::new(None);

/// Connects the slice to the world; the last call counts.
pub fn connect(carrier: Arc<dyn Carrier>) {
    if let Ok(mut place) = CARRIER.write() {
        *place = Some(carrier);
    }
}

/// Answers the modules' question for the telephone.
pub struct Switchboard;

#[async_trait]
impl Telephone for Switchboard {
    async fn is_connected(&self, tx: &mut Tx) -> Result<bool, Failure> {
        Ok(line::find(tx).await?.is_some_and(|l| !l.pbx_url.is_empty()))
    }

    async fn dial(&self, tx: &mut Tx, dial: &Dial<'_>) -> Result<(), Failure> {
        let Some(phone) = scheduling::read_phone(dial.to) else {
            return Err(Problem::at("phone", scheduling::who::phone_problem(dial.to)).into());
        };
        if !self.is_connected(tx).await? {
            return Err(Problem::of("Cơ sở chưa nối tổng đài. Gọi bằng máy của bạn, hoặc nhờ quản trị khai báo tổng đài.").into());
        }
        let Some(extension) = line::own_extension(tx).await? else {
            return Err(Problem::of("Bạn chưa có số máy nhánh. Nhờ quản trị khai báo trong Cài đặt tổng đài.").into());
        };
        let key: String = dial.key.chars().take(100).collect();
        if line::wish(tx, &key, &extension, &phone, dial.appointment.map(|a| a.0), dial.patient.map(|p| p.0)).await? {
            tx.audit("dial", "care_desk_dial", &key, dial.patient, Value::Null);
            let now = tx.now;
            db::job::enqueue(tx, DIAL, &json!(Due { key }), now).await?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Due {
    key: String,
}

/// Hands a wish over; a failure is tried again in a few seconds and then shown to the one who asked.
pub async fn hand_over(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let Due { key } = serde_json::from_value(payload)?;
    let Some(wish) = line::lock_wish(tx, &key).await? else { return Ok(()) };
    let carrier = CARRIER.read().ok().and_then(|place| place.clone());
    let taken = match (line::find(tx).await?, carrier) {
        (Some(known), Some(carrier)) if !known.pbx_url.is_empty() => {
            let body = json!({ "id": wish.dial_key, "agent_ext": wish.extension, "to": wish.phone }).to_string();
            carrier.post(&known.pbx_url, &body, &hook::sign(&known.secret, body.as_bytes())).await
        }
        _ => Err(NotTaken::Never("Cơ sở chưa nối tổng đài.".into())),
    };
    let tries = wish.tries + 1;
    match taken {
        Ok(()) => line::note_wish(tx, &key, "taken", tries, "").await?,
        Err(NotTaken::Later(why)) if tries < TRIES => {
            line::note_wish(tx, &key, "waiting", tries, &cut(&why)).await?;
            let at = tx.now + TimeDelta::seconds(5);
            db::job::enqueue(tx, DIAL, &json!(Due { key: key.clone() }), at).await?;
        }
        Err(NotTaken::Later(why) | NotTaken::Never(why)) => line::note_wish(tx, &key, "failed", tries, &cut(&why)).await?,
    }
    tx.notify(own_topic(wish.account_id));
    Ok(())
}

fn cut(why: &str) -> String {
    why.chars().take(300).collect()
}

/// The topic of one person's apparatus.
pub fn own_topic(account: uuid::Uuid) -> String {
    format!("care-desk-{account}")
}
