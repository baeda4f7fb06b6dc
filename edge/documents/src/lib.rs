//! Paper: the tickets, order slips, prescriptions, receipts and slips that leave the clinic in somebody's hand.
//!
//! A module that owns the facts builds a JSON value and asks `base::ask::Papers` for a paper by name; here a Typst
//! template turns it into a PDF/A-2b. Which fields each paper reads is told in this folder's README. Typst is heavy,
//! so that nothing else in the house depends on it, and the engine wakes only when the first paper is wanted.

mod barcode;
mod data;
mod engine;

use async_trait::async_trait;
use base::ask::Papers;
use engine::Engine;
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

pub use engine::TEMPLATES;

/// How many papers are set at the same time. Setting is pure computation: more would only take the cores away from
/// the people who are working on screen.
const AT_ONCE: usize = 1;

/// The clinic's printing press: one per server, cheap to make, shared by every request.
pub struct Press {
    engine: Arc<OnceLock<Engine>>,
    turns: Arc<Semaphore>,
}

impl Press {
    /// A press at rest: no font is read before the first paper.
    pub fn new() -> Press {
        Press { engine: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Default for Press {
    fn default() -> Press {
        Press::new()
    }
}

#[async_trait]
impl Papers for Press {
    /// Waits for its turn, then sets the paper on a thread where blocking is allowed.
    async fn render(&self, template: &str, data: Value) -> Result<Vec<u8>, String> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|closed| closed.to_string())?;
        let (engine, template) = (self.engine.clone(), template.to_owned());
        tokio::task::spawn_blocking(move || {
            // Held until the paper is done, also when the person who asked has gone away.
            let _turn = turn;
            engine.get_or_init(Engine::new).print(&template, data)
        })
        .await
        .map_err(|fault| format!("the press stopped while setting a paper: {fault}"))?
    }
}
