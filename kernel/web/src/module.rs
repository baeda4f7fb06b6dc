//! What a slice brings: its table of contents as data.

use crate::app::App;
use crate::ctx::Ctx;
use crate::failure::Failure;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use base::{EncounterId, PatientId};
use db::{Listener, Migration, Tx};
use http::Method;
use std::future::Future;
use std::pin::Pin;

/// The table of contents of one slice.
#[derive(Default)]
pub struct Module {
    pub name: &'static str,
    pub routes: Vec<Route>,
    pub panels: Vec<Panel>,
    pub listeners: Vec<Listener>,
    pub migrations: Vec<Migration>,
    pub rail: Vec<RailEntry>,
    pub scans: Vec<Scan>,
    pub papers: Vec<PaperOf>,
}

/// Who may use a route. There is no default: a route that does not say fails at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Unset,
    /// Anybody, without signing in.
    Public,
    /// Any signed-in member of staff.
    SignedIn,
    /// Whoever holds this right.
    Right(&'static str),
}

/// What the guard, the rights table and the isolation test know about a route.
#[derive(Clone, Debug)]
pub struct RouteMeta {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// The feature key of the package that must have been bought.
    pub feature: Option<&'static str>,
    /// Needs a password typed within the last ten minutes.
    pub fresh: bool,
    /// Open for writing even when the subscription has run out.
    pub stays_open: bool,
    /// The largest body in bytes.
    pub body_limit: usize,
    pub module: &'static str,
}

/// One route: its facts and its handler.
pub struct Route {
    pub meta: RouteMeta,
    pub handler: MethodRouter<App>,
}

/// Forms and JSON bodies end here; uploads ask for more with [`Route::upload`].
pub const BODY_LIMIT: usize = 1024 * 1024;

impl Route {
    fn new(method: Method, path: &'static str, handler: MethodRouter<App>) -> Route {
        let meta = RouteMeta {
            method,
            path,
            access: Access::Unset,
            feature: None,
            fresh: false,
            stays_open: false,
            body_limit: BODY_LIMIT,
            module: "",
        };
        Route { meta, handler }
    }
    /// Only for who holds `right`.
    pub fn right(mut self, right: &'static str) -> Route {
        self.meta.access = Access::Right(right);
        self
    }
    /// For anybody who is signed in.
    pub fn signed_in(mut self) -> Route {
        self.meta.access = Access::SignedIn;
        self
    }
    /// For everybody, signed in or not; the handler takes [`crate::Visitor`].
    pub fn public(mut self) -> Route {
        self.meta.access = Access::Public;
        self
    }
    /// Only where the facility's package has `feature`; otherwise 403 `FEATURE_NOT_IN_PACKAGE`.
    pub fn feature(mut self, feature: &'static str) -> Route {
        self.meta.feature = Some(feature);
        self
    }
    /// Asks for the password again when it was last typed more than ten minutes ago.
    pub fn fresh(mut self) -> Route {
        self.meta.fresh = true;
        self
    }
    /// Stays open when the subscription has run out: for one's own account, and for what belongs to being a customer.
    pub fn stays_open(mut self) -> Route {
        self.meta.stays_open = true;
        self
    }
    /// Accepts a body of up to `bytes`.
    pub fn upload(mut self, bytes: usize) -> Route {
        self.meta.body_limit = bytes;
        self
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => {$(
        /// A route for this method. Say who may use it with `.right(…)`, `.signed_in()` or `.public()`.
        pub fn $name<H, T>(path: &'static str, handler: H) -> Route
        where
            H: Handler<T, App>,
            T: 'static,
        {
            Route::new(Method::$method, path, axum::routing::$name(handler))
        }
    )+};
}
methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

/// Whose page a panel is asked to hang on.
#[derive(Clone, Debug, Default)]
pub struct PanelFor {
    pub encounter: Option<EncounterId>,
    pub patient: Option<PatientId>,
}

/// HTML that a module hangs at a named place of another module's page.
#[derive(Clone)]
pub struct Panel {
    /// `"chart.summary"`, `"encounter.orders"`, …: listed in `docs/architecture.md`.
    pub place: &'static str,
    /// Smaller comes first.
    pub order: i32,
    pub right: Option<&'static str>,
    pub feature: Option<&'static str>,
    pub render: for<'a> fn(&'a Ctx, &'a mut Tx, &'a PanelFor) -> PanelFuture<'a>,
}

/// The HTML of a panel, ready to be placed.
pub type PanelFuture<'a> = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send + 'a>>;

/// One kind of code that can be scanned anywhere: a slip, a tube, a lot. `/app/scan` asks each in turn.
#[derive(Clone)]
pub struct Scan {
    /// What it recognises, for people who read the list, e.g. `"sample label"`.
    pub name: &'static str,
    pub right: &'static str,
    pub feature: Option<&'static str>,
    /// Gives the page that the code leads to, or `None` when the code is of another kind or names nothing here. The
    /// look of the code decides first, so that foreign codes cost no query.
    pub find: for<'a> fn(&'a Ctx, &'a mut Tx, &'a str) -> ScanFuture<'a>,
}

/// The address that a scanned code leads to.
pub type ScanFuture<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, Failure>> + Send + 'a>>;

/// Paper that another module may put into a medical record: a laboratory report, a prescription, an examination sheet.
#[derive(Clone)]
pub struct PaperOf {
    /// What it is, e.g. `"report"`, `"prescription"`, `"exam-sheet"`: the word that the record keeps.
    pub kind: &'static str,
    /// Makes the PDF of the thing with this id, or gives `None` when this facility has none.
    pub make: for<'a> fn(&'a App, &'a mut Tx, uuid::Uuid) -> PaperFuture<'a>,
}

/// A paper with its title, or `None`.
pub type PaperFuture<'a> = Pin<Box<dyn Future<Output = Result<Option<MadePaper>, Failure>> + Send + 'a>>;

/// A paper that was made for the record.
#[derive(Clone, Debug, PartialEq)]
pub struct MadePaper {
    pub title: String,
    pub pdf: Vec<u8>,
    /// The same as data, for exchange.
    pub data: serde_json::Value,
}

/// A place in the rail on the left, shown to those who hold the right in a facility that bought the feature.
#[derive(Clone, Debug)]
pub struct RailEntry {
    pub href: &'static str,
    /// The icon's name in the sprite.
    pub icon: &'static str,
    pub label: &'static str,
    pub right: &'static str,
    pub feature: Option<&'static str>,
    pub order: i32,
}
