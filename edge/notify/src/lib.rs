//! Short messages and e-mail: the provider that carries them to a phone or a mailbox. Modules leave a message as a job;
//! here it is handed over, with patience when the provider is away, and given up when it can never arrive.

mod provider;
mod switchboard;

pub use provider::{NotSent, Provider};
pub use switchboard::Exchange;

use db::{Listener, Tx};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::RwLock;
use subscription::message::{JOB, Message};

static PROVIDER: RwLock<Option<Provider>> = RwLock::new(None);

/// Says where messages go from now on; the server does it once at start.
pub fn connect(provider: Provider) {
    if let Ok(mut place) = PROVIDER.write() {
        *place = Some(provider);
    }
}

/// The table of contents: the job, and in a demonstration the way to the stand-in phone.
pub fn module() -> web::Module {
    web::Module {
        name: "notify",
        routes: vec![web::get("/sandbox/messages", to_stand_in).public()],
        listeners: vec![Listener { event: "", name: JOB, run: carry }],
        ..web::Module::default()
    }
}

fn carry<'a>(_: &'a mut Tx, payload: Value) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let message: Message = serde_json::from_value(payload)?;
        let provider = PROVIDER.read().ok().and_then(|place| place.clone());
        let Some(provider) = provider else { anyhow::bail!("no provider of messages is connected") };
        match provider.send(&message).await {
            Ok(number) => {
                tracing::info!(%number, kind = message.kind, "a message left");
                Ok(())
            }
            // A number that does not exist will not exist tomorrow either.
            Err(NotSent::Never(why)) => {
                tracing::warn!(why, kind = message.kind, "a message can never arrive");
                Ok(())
            }
            Err(NotSent::Later(why)) => anyhow::bail!("the provider of messages: {why}"),
        }
    })
}

/// From the page that asks for a code to the stand-in phone; nothing there on a real server.
async fn to_stand_in(visitor: web::Visitor) -> web::Answer {
    if !visitor.app.config.sandbox {
        return Err(web::Failure::NotFound);
    }
    let address = std::env::var("YBA_SANDBOX_URL").unwrap_or_else(|_| "http://127.0.0.1:8090".into());
    web::redirect(format!("{address}/messages"))
}
