//! Reading by id, many at once: requests of one caller that arrive while a transaction runs are answered by the next one
//! together. Each read is written down before it is answered, and one commit serves them all; without that, every
//! read would wait for a commit of its own.

use crate::kind::Kind;
use crate::row::Row;
use crate::store;
use base::Actor;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{App, Ctx};

/// The rows of one id (a vitals row gives several), or why they could not be read.
type Told = Result<Arc<Vec<Row>>, String>;

/// One request waiting.
struct Asking {
    kind: Kind,
    id: Uuid,
    part: String,
    reply: oneshot::Sender<Told>,
}

/// Whose requests may share a transaction: one account at one facility of one database.
type Whose = (String, i32, Uuid);

static QUEUES: LazyLock<Mutex<HashMap<Whose, Vec<Asking>>>> = LazyLock::new(Mutex::default);

/// The most that one transaction answers.
const MOST: usize = 64;

/// The row with this id and part, as this caller may read it; `None` when there is none. It is audited and committed by
/// the time the caller has it.
pub async fn read(ctx: &Ctx, kind: Kind, id: Uuid, part: &str) -> Result<Option<Row>, anyhow::Error> {
    let options = ctx.app.db.app_options();
    let database = format!("{}/{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default());
    let whose = (database, ctx.facility().0, ctx.actor.account.0);
    let (reply, told) = oneshot::channel();
    let asking = Asking { kind, id, part: part.to_owned(), reply };
    let leads = {
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.get_mut(&whose) {
            Some(queue) => {
                queue.push(asking);
                false
            }
            None => {
                queues.insert(whose.clone(), vec![asking]);
                true
            }
        }
    };
    if leads {
        // On a task of its own: a reader that hangs up must not leave the others waiting.
        tokio::spawn(answer_all(ctx.app.clone(), ctx.actor.clone(), ctx.now, whose));
    }
    match told.await {
        Ok(Ok(rows)) => Ok(rows.iter().find(|row| row.part == part).cloned()),
        Ok(Err(error)) => Err(anyhow::anyhow!(error)),
        Err(_) => Err(anyhow::anyhow!("the reading task ended early")),
    }
}

/// Should the task die, whoever waits is told at once and whoever comes next leads again.
struct Leading {
    whose: Whose,
    is_done: bool,
}

impl Drop for Leading {
    fn drop(&mut self) {
        if !self.is_done {
            QUEUES.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.whose);
        }
    }
}

async fn answer_all(app: App, actor: Actor, now: DateTime<Utc>, whose: Whose) {
    let mut leading = Leading { whose, is_done: false };
    while let Some(batch) = next(&leading.whose) {
        match answer(&app, &actor, now, &batch).await {
            Ok(found) => {
                for asking in batch {
                    let rows = found.get(&(asking.kind, asking.id)).cloned().unwrap_or_default();
                    let _ = asking.reply.send(Ok(rows));
                }
            }
            Err(error) => {
                for asking in batch {
                    let _ = asking.reply.send(Err(error.to_string()));
                }
            }
        }
    }
    leading.is_done = true;
}

/// Who waits now; with nobody waiting the queue is taken away under the same lock, so that nobody joins a queue that
/// nobody serves.
fn next(whose: &Whose) -> Option<Vec<Asking>> {
    let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
    let queue = queues.get_mut(whose)?;
    if queue.is_empty() {
        queues.remove(whose);
        return None;
    }
    let most = queue.len().min(MOST);
    Some(queue.drain(..most).collect())
}

type Found = HashMap<(Kind, Uuid), Arc<Vec<Row>>>;

async fn answer(app: &App, actor: &Actor, now: DateTime<Utc>, batch: &[Asking]) -> Result<Found, sqlx::Error> {
    let now = app.clock.now().max(now);
    let mut tx = app.db.begin(db::Scope::Facility(actor.facility), actor.clone(), now).await?;
    let mut wanted: HashMap<Kind, Vec<Uuid>> = HashMap::new();
    for asking in batch {
        let ids = wanted.entry(asking.kind).or_default();
        if !ids.contains(&asking.id) {
            ids.push(asking.id);
        }
    }
    let mut found: HashMap<(Kind, Uuid), Vec<Row>> = HashMap::new();
    for (kind, ids) in wanted {
        for row in store::by_ids(&mut tx, kind, &ids).await? {
            found.entry((kind, row.id)).or_default().push(row);
        }
    }
    for asking in batch {
        let rows = found.get(&(asking.kind, asking.id)).map(Vec::as_slice).unwrap_or_default();
        if let Some(row) = rows.iter().find(|row| asking.part == row.part) {
            store::audit(&mut tx, "read", asking.kind, std::slice::from_ref(row));
        }
    }
    tx.commit().await?;
    Ok(found.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect())
}
