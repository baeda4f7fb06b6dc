//! Answers the kernel's question: who does this cookie or token belong to? One query a request; what hardly changes
//! (the facility's name, what it bought) is remembered for half a minute, for the calendar day it was read on, and only
//! as long as the facility's stamp stands: a package bought a moment ago counts with the next click.

use crate::{role, scope, sign_in};
use base::{AccountId, Actor, FacilityId, PractitionerId, RoomId, Via};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::Db;
use organization::package;
use sqlx::Row;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;
use web::{Credential, SignedIn, Standing, sql};

#[derive(Clone)]
struct Facility {
    code: Arc<str>,
    name: Arc<str>,
    short_name: Arc<str>,
    features: Arc<BTreeSet<String>>,
    standing: Standing,
    day: NaiveDate,
    stamp: i64,
    read_at: Instant,
}

/// The authenticator of staff and machines.
pub struct Accounts {
    db: Db,
    facilities: Mutex<HashMap<i32, Facility>>,
}

const REMEMBER: Duration = Duration::from_secs(30);

impl Accounts {
    pub fn new(db: Db) -> Accounts {
        Accounts { db, facilities: Mutex::default() }
    }

    async fn facility(&self, id: FacilityId, stamp: i64, now: DateTime<Utc>) -> anyhow::Result<Facility> {
        let day = base::local_date(now);
        if let Some(known) = self.facilities.lock().expect("no panic inside").get(&id.0)
            && known.stamp == stamp
            && known.day == day
            && known.read_at.elapsed() < REMEMBER
        {
            return Ok(known.clone());
        }
        let mut tx = self.db.begin_system(id, now).await?;
        let row = sqlx::query(sql!("SELECT code, name, short_name FROM organization_facility WHERE facility_id = $1"))
            .bind(id.0)
            .fetch_one(tx.conn())
            .await?;
        let bought = package::standing_on(&package::periods(tx.conn(), id).await?, day);
        let facility = Facility {
            code: row.get::<String, _>(0).into(),
            name: row.get::<String, _>(1).into(),
            short_name: row.get::<String, _>(2).into(),
            features: package::features_on(&bought),
            standing: Standing {
                read_only: (!bought.may_write()).then(package::duties),
                notice: bought.notice(day).map(Into::into),
            },
            day,
            stamp,
            read_at: Instant::now(),
        };
        self.facilities.lock().expect("no panic inside").insert(id.0, facility.clone());
        Ok(facility)
    }

    /// Moves the idle end of a session; at most once a minute, and never in the way of the request.
    fn seen(&self, session: Uuid, now: DateTime<Utc>) {
        let db = self.db.clone();
        tokio::spawn(async move {
            let moved = async {
                let nobody = Actor::system(FacilityId(0));
                let mut tx = db.begin(db::Scope::Purpose("sign-in"), nobody, now).await?;
                sqlx::query(sql!("UPDATE practitioner_session SET last_seen_at = $2 WHERE session_id = $1"))
                    .bind(session)
                    .bind(now)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            };
            if let Err(error) = moved.await {
                tracing::warn!(%error, "a session's last use could not be noted");
            }
        });
    }
}

#[async_trait::async_trait]
impl web::Authenticator for Accounts {
    async fn who(&self, credential: Credential<'_>, now: DateTime<Utc>) -> anyhow::Result<Option<SignedIn>> {
        let (token, by_bearer) = match credential {
            Credential::Cookie(token) => (token, false),
            Credential::Bearer(token) => (token, true),
        };
        if token.len() != 64 {
            return Ok(None);
        }
        let row = sqlx::query(sql!("SELECT * FROM practitioner_signed_in($1, $2)"))
            .bind(sign_in::token_hash(token))
            .bind(now)
            .fetch_optional(self.db.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let machine = row.get::<&str, _>("kind") == "machine";
        // A machine's token is no cookie, and a person's cookie is no token.
        if machine != by_bearer {
            return Ok(None);
        }
        let facility = FacilityId(row.get("facility_id"));
        let session: Uuid = row.get("session_id");
        let known = self.facility(facility, row.get("stamp"), now).await?;
        if now - row.get::<DateTime<Utc>, _>("last_seen_at") > TimeDelta::seconds(60) {
            self.seen(session, now);
        }
        let roles: Vec<String> = row.get("roles");
        let label = roles.first().and_then(|r| role::find(r)).map_or("", |r| r.label);
        let room: Option<Uuid> = row.get("room_id");
        let scopes: Vec<String> = row.get("scopes");
        let rights = role::rights_of(&roles);
        let rights = if scopes.is_empty() { rights } else { Arc::new(scope::narrowed(&rights, &scopes)) };
        let actor = Actor {
            account: AccountId(row.get("account_id")),
            facility,
            practitioner: row.get::<Option<Uuid>, _>("practitioner_id").map(PractitionerId),
            name: row.get::<String, _>("display_name").into(),
            rights,
            roles: roles.into(),
            via: if machine { Via::Api } else { Via::Web },
        };
        Ok(Some(SignedIn {
            actor,
            session,
            facility_code: known.code,
            facility_name: known.name,
            facility_short_name: known.short_name,
            role_label: label.into(),
            room: room.map(|id| (RoomId(id), Arc::from(row.get::<String, _>("room_name")))),
            features: known.features,
            standing: known.standing,
            proved_at: row.get("proved_at"),
        }))
    }
}
