//! The way to a house on another server. `edge/record_link` lays it; without it, inquiries abroad wait.

use crate::holder::{Opened, State};
use crate::permission::Closed;
use crate::store::asked::{self, Inquiry};
use crate::store::held::Ask;
use crate::store::partners::{self, Partner};
use async_trait::async_trait;
use db::Tx;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, RwLock};
use uuid::Uuid;

/// The job that brings an inquiry to its holder.
pub const SEND: &str = "sharing.send";

/// Why the other server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireFault {
    #[error("Chưa kết nối được tới máy chủ của cơ sở bạn: {0}")]
    Unreachable(String),
    #[error("Máy chủ của cơ sở bạn không nhận yêu cầu: {0}")]
    Refused(String),
}

/// What can be said over the way.
#[async_trait]
pub trait Wire: Send + Sync {
    async fn ask(&self, partner: &Partner, ask: &Ask) -> Result<State, WireFault>;
    async fn state(&self, partner: &Partner, house: &str, request: Uuid) -> Result<State, WireFault>;
    async fn open(&self, partner: &Partner, house: &str, request: Uuid, document: Uuid, who: &str) -> Result<Result<Opened, Closed>, WireFault>;
    async fn withdraw(&self, partner: &Partner, house: &str, request: Uuid) -> Result<(), WireFault>;
}

static WIRE: RwLock<Option<Arc<dyn Wire>>> = RwLock::new(None);

/// Lays the way; the server does it once at start.
pub fn connect(wire: Arc<dyn Wire>) {
    if let Ok(mut place) = WIRE.write() {
        *place = Some(wire);
    }
}

/// The way, where there is one.
pub fn connected() -> Result<Arc<dyn Wire>, WireFault> {
    WIRE.read().ok().and_then(|place| place.clone()).ok_or_else(|| WireFault::Unreachable("máy chủ này chưa bật kết nối".into()))
}

/// What the holder gets to read of an inquiry of ours.
pub async fn ask_of(tx: &mut Tx, inquiry: &Inquiry) -> Result<Ask, sqlx::Error> {
    let (code, name) = partners::ourselves(tx).await?;
    let local = inquiry.holder_facility.is_some();
    Ok(Ask {
        request: inquiry.inquiry_id,
        asker_code: code,
        asker_name: name,
        asker_facility: local.then_some(tx.facility().0),
        partner: None,
        doctor: inquiry.doctor.clone(),
        whom: inquiry.whom(),
        purpose: crate::holder::purpose_of(inquiry.emergency, &inquiry.purpose).unwrap_or(crate::request::Purpose::Treatment),
        note: inquiry.note.clone(),
        emergency: inquiry.emergency,
    })
}

/// Brings one inquiry abroad. A partner who is away is tried again by the worker with growing pauses; the request's id
/// makes a second arrival harmless.
pub fn send<'a>(tx: &'a mut Tx, payload: Value) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let id: Uuid = serde_json::from_value(payload["inquiry"].clone())?;
        let inquiry = asked::get(tx, id).await?;
        if inquiry.status != "sending" && inquiry.status != "unsent" {
            return Ok(());
        }
        let Some(partner_id) = inquiry.partner_id else { return Ok(()) };
        let Some(partner) = partners::find(tx, partner_id).await? else { return Ok(()) };
        let ask = ask_of(tx, &inquiry).await?;
        match connected() {
            Ok(wire) => match wire.ask(&partner, &ask).await {
                Ok(state) => {
                    asked::set_heard(tx, id, &state.status, "").await?;
                    tx.notify("sharing");
                    Ok(())
                }
                // A clear no is an answer; asking again would not change it.
                Err(WireFault::Refused(why)) => {
                    asked::set_heard(tx, id, "unsent", &why).await?;
                    Ok(())
                }
                Err(fault) => Err(fault.into()),
            },
            Err(fault) => Err(fault.into()),
        }
    })
}
