//! PostgreSQL: the private cluster or a given URL, the tenant transaction, migrations of all modules, the event
//! outbox with its jobs, and the audit chain.
//!
//! Start reading at [`Tx`]: it is what every request holds.

pub mod audit;
pub mod backup;
pub mod cluster;
pub mod files;
pub mod job;
pub mod migrate;
pub mod pool;
pub mod sql;
pub mod tx;

pub use audit::{AuditFault, AuditReport};
pub use files::Files;
pub use job::{JobContext, Listener, Worker};
pub use migrate::Migration;
pub use pool::{Db, DbOptions};
pub use sql::{SQL_TEXTS, SqlText};
pub use sqlx::{PgConnection, Row};
pub use tx::{Scope, Tx};

#[doc(hidden)]
pub use linkme;

/// The tables of this crate: outbox, jobs, audit, idempotency answers, drafts.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "2026-11-24-0900-roles-and-row-security",
        sql: include_str!("../migrations/2026-11-24-0900-roles-and-row-security.sql"),
    },
    Migration {
        name: "2026-11-24-0910-outbox-and-jobs",
        sql: include_str!("../migrations/2026-11-24-0910-outbox-and-jobs.sql"),
    },
    Migration {
        name: "2026-11-24-0920-audit-chain",
        sql: include_str!("../migrations/2026-11-24-0920-audit-chain.sql"),
    },
    Migration {
        name: "2026-11-25-0081-work-is-planned-once",
        sql: include_str!("../migrations/2026-11-25-0081-work-is-planned-once.sql"),
    },
];
