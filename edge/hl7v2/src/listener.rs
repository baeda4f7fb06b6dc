//! The MLLP listener: many connections, each with its messages in order; an answer leaves after the commit.

use crate::door;
use crate::mllp::{Deframer, MAX_GARBAGE, framed};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use web::App;

/// So many senders may be connected at once.
const CONNECTIONS: usize = 512;
/// So long a sender may take between two bytes of one message.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long a connection may say nothing between messages.
const IDLE: Duration = Duration::from_secs(3600);

/// Serves until `stop` resolves. Connections that are in the middle of a message get three more seconds.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = tokio::task::JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
        };
        let (socket, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a sender could not connect");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without this a small answer waits for the acknowledgement of the one before.
        let _ = socket.set_nodelay(true);
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(%remote, "too many senders are connected");
            continue;
        };
        let app = app.clone();
        open.spawn(async move {
            if let Err(error) = converse(socket, &app, &remote.ip().to_string()).await {
                tracing::debug!(%error, %remote, "a sender went away");
            }
            drop(place);
        });
    }
    let _ = tokio::time::timeout(Duration::from_secs(3), async { while open.join_next().await.is_some() {} }).await;
}

async fn converse(mut socket: TcpStream, app: &App, remote: &str) -> std::io::Result<()> {
    let mut stream = Deframer::default();
    let mut buffer = vec![0u8; 64 * 1024];
    loop {
        let patience = if stream.is_inside() { PATIENCE } else { IDLE };
        let read = match tokio::time::timeout(patience, socket.read(&mut buffer)).await {
            Ok(read) => read?,
            Err(_) => 0,
        };
        if read == 0 {
            if let Some(rest) = stream.finish() {
                door::answer(app, rest, remote).await;
            }
            return Ok(());
        }
        for piece in stream.feed(&buffer[..read]) {
            if let Some(answer) = door::answer(app, piece, remote).await {
                socket.write_all(&framed(&answer)).await?;
            }
        }
        if stream.garbage > MAX_GARBAGE {
            tracing::warn!(remote, "this sender does not speak MLLP");
            return Ok(());
        }
    }
}
