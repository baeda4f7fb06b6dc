//! Live pages: after a commit the topics that changed reach every open page within a second, over server-sent events.
//! PostgreSQL carries the word between servers; a page that lost its connection asks again and gets the present state.

use axum::response::sse::{Event, KeepAlive, Sse};
use base::FacilityId;
use db::Db;
use futures_util::{Stream, StreamExt, stream};
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

/// Hands changed topics to the pages of this server.
#[derive(Clone)]
pub struct Live(broadcast::Sender<(i32, String)>);

impl Default for Live {
    fn default() -> Live {
        Live(broadcast::channel(1024).0)
    }
}

impl Live {
    /// The changes of some topics of a facility. A page that fell behind gets the topic `*`: look at everything again.
    pub fn subscribe(&self, facility: FacilityId, topics: Vec<String>) -> impl Stream<Item = String> + Send + use<> {
        BroadcastStream::new(self.0.subscribe()).filter_map(move |told| {
            let topic = match told {
                Ok((of, topic)) if of == facility.0 && topics.contains(&topic) => Some(topic),
                Ok(_) => None,
                Err(_) => Some("*".to_owned()),
            };
            std::future::ready(topic)
        })
    }

    /// Tells the pages of this server. [`db::Tx::notify`] is the way to tell all servers.
    pub fn tell(&self, facility: FacilityId, topic: &str) {
        let _ = self.0.send((facility.0, topic.to_owned()));
    }

    /// Forwards what PostgreSQL announces, until the future is dropped. A lost connection is taken up again, and
    /// every page is told to look again, because something may have been missed.
    pub async fn forward(&self, db: &Db) -> anyhow::Result<()> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(db.app_options().clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen("yba_live").await?;
        loop {
            match listener.try_recv().await {
                Ok(Some(notice)) => {
                    if let Some((facility, topic)) = notice.payload().split_once(':')
                        && let Ok(facility) = facility.parse()
                    {
                        let _ = self.0.send((facility, topic.to_owned()));
                    }
                }
                Ok(None) => tracing::warn!("the live connection was lost and is taken up again"),
                Err(error) => {
                    tracing::warn!(%error, "the live connection fails");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// A stream of topics as server-sent events: one `hello` at once, then a `change` whose data is the topic.
pub fn sse(topics: impl Stream<Item = String> + Send + 'static) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let hello = stream::once(std::future::ready(Ok(Event::default().event("hello").data("ok").retry(Duration::from_secs(1)))));
    let changes = topics.map(|topic| Ok(Event::default().event("change").data(topic)));
    Sse::new(hello.chain(changes)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
