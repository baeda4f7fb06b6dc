//! The context of a request: who asks, at which facility, when, and the door to the database.

use crate::app::App;
use crate::failure::Failure;
use crate::module::PanelFor;
use crate::session::{Lang, SignedIn};
use crate::shell::{KeyHint, Shell};
use axum::extract::FromRequestParts;
use base::{Actor, Clock, FacilityId, RoomId};
use chrono::{DateTime, NaiveDate, Utc};
use db::{Scope, Tx};
use http::request::Parts;
use std::any::Any;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// The context of a signed-in request. Cheap to clone.
#[derive(Clone)]
pub struct Ctx(pub(crate) Arc<Inside>);

/// What is inside; reached through [`Ctx`] itself.
pub struct Inside {
    pub app: App,
    pub actor: Actor,
    pub signed_in: SignedIn,
    pub clock: Clock,
    /// One time for the whole request.
    pub now: DateTime<Utc>,
    pub lang: Lang,
    /// Path and query of this request.
    pub path: String,
    pub idempotency_key: Option<String>,
    /// Whether htmx asks for a piece of a page.
    pub htmx: bool,
    /// What panels of this request share, by name.
    pub(crate) shared: Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>,
}

impl Deref for Ctx {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Ctx {
    /// A transaction that sees the rows of the actor's facility.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        self.app.db.begin(Scope::Facility(self.actor.facility), self.actor.clone(), self.now).await
    }

    /// The same, with a purpose for one cross-facility table as well.
    pub async fn begin_for(&self, purpose: &'static str) -> Result<Tx, sqlx::Error> {
        self.app.db.begin(Scope::FacilityFor(self.actor.facility, purpose), self.actor.clone(), self.now).await
    }

    pub fn facility(&self) -> FacilityId {
        self.actor.facility
    }

    /// Today in Vietnam.
    pub fn today(&self) -> NaiveDate {
        base::local_date(self.now)
    }

    pub fn may(&self, right: &str) -> bool {
        self.actor.may(right)
    }

    pub fn has_feature(&self, feature: &str) -> bool {
        self.signed_in.features.contains(feature)
    }

    /// The room or counter this person works in, if one was chosen.
    pub fn room(&self) -> Option<RoomId> {
        self.signed_in.room.as_ref().map(|(id, _)| *id)
    }

    /// The id for the thing an API call creates: derived from the `Idempotency-Key` when there is one, so that the
    /// same call made twice creates the same thing; fresh otherwise.
    pub fn minted_id(&self) -> Uuid {
        match &self.idempotency_key {
            Some(key) => {
                use sha2::{Digest, Sha256};
                let digest = Sha256::digest(format!("{}:{key}", self.actor.account).as_bytes());
                let mut bytes = [0u8; 16];
                bytes.copy_from_slice(&digest[..16]);
                uuid::Builder::from_custom_bytes(bytes).into_uuid()
            }
            None => Uuid::now_v7(),
        }
    }

    /// The frame around a page: title, who and where, rail, keys of this screen (at most seven).
    pub fn shell(&self, title: &str, keys: &[(&'static str, &'static str)]) -> Shell {
        Shell::new(self, title, keys.iter().map(|(key, label)| KeyHint { key, label }).collect())
    }

    /// Keeps something for the rest of this request, so that several panels of one module need only one look. Reads
    /// only: whoever writes afterwards looks again.
    pub fn share<T: Any + Send + Sync>(&self, name: impl Into<String>, thing: T) -> Arc<T> {
        let thing = Arc::new(thing);
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), thing.clone());
        thing
    }

    /// What was shared under this name in this request.
    pub fn shared<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        let kept = self.shared.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        kept.and_then(|thing| thing.downcast().ok())
    }

    /// The HTML that modules hang at `place`, in order, for those who may see it.
    pub async fn panels(&self, place: &str, tx: &mut Tx, about: &PanelFor) -> Result<Vec<String>, Failure> {
        let mut out = Vec::new();
        for panel in self.app.panels.iter().filter(|p| p.place == place) {
            let allowed = panel.right.is_none_or(|r| self.may(r)) && panel.feature.is_none_or(|f| self.has_feature(f));
            if allowed {
                out.push((panel.render)(self, tx, about).await?);
            }
        }
        Ok(out)
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Ctx, Failure> {
        // The guard put it there; a public route that asks for one finds nobody.
        parts.extensions.get::<Ctx>().cloned().ok_or(Failure::SignInNeeded)
    }
}

/// The context of a public request.
#[derive(Clone)]
pub struct Visitor {
    pub app: App,
    pub now: DateTime<Utc>,
    pub lang: Lang,
    pub path: String,
    /// Who is signed in on this browser, if anybody.
    pub ctx: Option<Ctx>,
    /// The address that the request came from, as the listener saw it.
    pub remote: String,
    pub user_agent: String,
}

impl Visitor {
    /// A transaction that sees only the cross-facility table of this purpose.
    pub async fn begin_for(&self, purpose: &'static str) -> Result<Tx, sqlx::Error> {
        let nobody = Actor::system(FacilityId(0));
        self.app.db.begin(Scope::Purpose(purpose), nobody, self.now).await
    }

    /// A transaction of the system for one facility, for public pages of that facility and for machines that
    /// proved themselves in another way (a signed webhook).
    pub async fn begin_at(&self, facility: FacilityId) -> Result<Tx, sqlx::Error> {
        self.app.db.begin_system(facility, self.now).await
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Failure> {
        let remote = parts
            .extensions
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
            .map_or_else(|| "local".to_owned(), |info| info.0.ip().to_string());
        let user_agent = parts.headers.get(http::header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
        Ok(Visitor {
            app: app.clone(),
            now: app.clock.now(),
            lang: crate::guard::lang_of(&parts.headers),
            path: parts.uri.path_and_query().map(|p| p.to_string()).unwrap_or_default(),
            ctx: parts.extensions.get::<Ctx>().cloned(),
            remote,
            user_agent: user_agent.chars().take(300).collect(),
        })
    }
}
