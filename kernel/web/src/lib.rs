//! From a request to [`Ctx`] (who, where, which facility, clock, transaction) and back to a page: routes as data,
//! the guard in front of every handler, sessions, CSRF, forms, errors, live pages, shared layout.
//!
//! How to write a slice's pages on it: `README.md` beside this crate.

// Templates name assets as `web::assets::url(…)` in every crate, this one included.
extern crate self as web;

pub mod answer;
pub mod app;
pub mod ask;
pub mod assets;
pub mod csrf;
pub mod ctx;
pub mod draft;
pub mod failure;
pub mod guard;
pub mod i18n;
pub mod idempotency;
pub mod input;
pub mod live;
pub mod module;
pub mod router;
pub mod session;
pub mod shell;

pub use answer::{Answer, html, pdf, redirect, refused, xlsx};
pub use app::{App, Config, Wiring};
pub use axum::extract::{Multipart, Path, State};
pub use axum::response::{IntoResponse, Response};
pub use ctx::{Ctx, Visitor};
pub use db::{Listener, Migration, Scope, Tx, sql};
pub use failure::Failure;
pub use input::{Form, Json, Query};
pub use module::{MadePaper, Module, Panel, PanelFor, PaperFuture, PaperOf, RailEntry, Route, Scan, delete, get, patch, post, put};
pub use session::{Authenticator, Credential, Lang, SignedIn, Standing};
pub use shell::{KeyHint, RailItem, Shell};
