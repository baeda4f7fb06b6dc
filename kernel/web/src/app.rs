//! What all requests share.

use crate::ask::{Dues, Findings, Messages, Places, Records, Stock, Telephone};
use crate::failure::Failure;
use crate::live::Live;
use crate::module::{MadePaper, Panel, PaperOf, RailEntry, RouteMeta, Scan};
use crate::session::Authenticator;
use base::Clock;
use base::ask::{BankQr, Papers};
use base::sign::Signing;
use db::{Db, Files, Migration, Tx};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

/// Settings that pages depend on.
#[derive(Clone, Debug)]
pub struct Config {
    /// The demo world: default sign-ins exist and every page says so.
    pub demo: bool,
    /// Partners are stand-ins; pages that depend on one say so.
    pub sandbox: bool,
    /// Cookies only over HTTPS.
    pub secure_cookies: bool,
    /// How the outside reaches us, without a trailing slash, e.g. `https://yba.example.vn`.
    pub public_url: String,
    pub data_dir: PathBuf,
    /// Signs CSRF proofs and other short-lived tokens; 32 random bytes kept in the data folder.
    pub secret: [u8; 32],
}

/// The answers to the modules' questions, wired together by the server.
pub struct Wiring {
    pub authenticator: Arc<dyn Authenticator>,
    pub papers: Arc<dyn Papers>,
    pub bank_qr: Arc<dyn BankQr>,
    pub stock: Arc<dyn Stock>,
    pub signing: Arc<dyn Signing>,
    pub records: Arc<dyn Records>,
    pub findings: Arc<dyn Findings>,
    pub dues: Arc<dyn Dues>,
    pub messages: Arc<dyn Messages>,
    pub telephone: Arc<dyn Telephone>,
    pub places: Arc<dyn Places>,
    pub files: Files,
}

/// What the server put together, behind [`App`].
pub struct Inner {
    pub db: Db,
    pub clock: Clock,
    pub config: Config,
    pub live: Live,
    pub wiring: Wiring,
    pub panels: Vec<Panel>,
    pub rail: Vec<RailEntry>,
    pub scans: Vec<Scan>,
    pub papers: Vec<PaperOf>,
    pub migrations: Vec<Migration>,
    pub routes: Vec<RouteMeta>,
}

/// The application: cheap to clone, the state of every handler.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// The engine that makes paper.
    pub fn papers(&self) -> &dyn Papers {
        &*self.wiring.papers
    }
    /// The maker of transfer codes.
    pub fn bank_qr(&self) -> &dyn BankQr {
        &*self.wiring.bank_qr
    }
    /// What the pharmacy of a facility has.
    pub fn stock(&self) -> &dyn Stock {
        &*self.wiring.stock
    }
    /// The engine that signs and verifies.
    pub fn signing(&self) -> &dyn Signing {
        &*self.wiring.signing
    }
    /// The medical records of a facility.
    pub fn records(&self) -> &dyn Records {
        &*self.wiring.records
    }
    /// What laboratory and imaging found.
    pub fn findings(&self) -> &dyn Findings {
        &*self.wiring.findings
    }
    /// The way to people's phones and mailboxes.
    pub fn messages(&self) -> &dyn Messages {
        &*self.wiring.messages
    }
    /// The telephone system.
    pub fn telephone(&self) -> &dyn Telephone {
        &*self.wiring.telephone
    }
    /// The places of the day.
    pub fn places(&self) -> &dyn Places {
        &*self.wiring.places
    }
    /// What is still to be paid.
    pub fn dues(&self) -> &dyn Dues {
        &*self.wiring.dues
    }
    /// The paper of this kind about the thing with this id, made by the module that owns it.
    pub async fn paper_of(&self, tx: &mut Tx, kind: &str, id: uuid::Uuid) -> Result<Option<MadePaper>, Failure> {
        match self.papers.iter().find(|paper| paper.kind == kind) {
            Some(paper) => (paper.make)(self, tx, id).await,
            None => Ok(None),
        }
    }
    /// Pictures and other big contents.
    pub fn files(&self) -> &Files {
        &self.wiring.files
    }
}
