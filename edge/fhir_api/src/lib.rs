//! FHIR R4: what is held, read and searched; bundles of other systems taken in whole or not at all.
//!
//! Start reading at [`kind`] (what is served), then [`source`] (where it comes from), [`build`] (how it looks) and
//! [`bundle`] (what is taken in). The words of FHIR lie in `catalogues/fhir_dialect.tsv`, read by [`dialect`].

pub mod access;
pub mod answer;
pub mod build;
pub mod bundle;
pub mod dialect;
pub mod everything;
pub mod gather;
pub mod intake;
pub mod kind;
pub mod metadata;
pub mod outcome;
pub mod read;
pub mod row;
pub mod search;
pub mod seed;
pub mod source;
pub mod store;

use axum::extract::{Path, RawQuery};
use http::HeaderMap;
use kind::Kind;
use web::{Ctx, Route};

const FEATURE: &str = "emr.exchange";

/// Reading one and searching many of a kind.
macro_rules! serve {
    ($routes:ident, $($kind:ident),+) => {$(
        $routes.push(web::get(concat!("/fhir/r4/", stringify!($kind)), |ctx: Ctx, query: RawQuery, headers: HeaderMap| read::search(Kind::$kind, ctx, query, headers)).right("fhir.read").feature(FEATURE));
        $routes.push(web::get(concat!("/fhir/r4/", stringify!($kind), "/{id}"), |ctx: Ctx, Path(id): Path<String>, query: RawQuery, headers: HeaderMap| read::read(Kind::$kind, ctx, id, query, headers)).right("fhir.read").feature(FEATURE));
    )+};
}

/// The table of contents of this slice.
pub fn module() -> web::Module {
    let mut routes: Vec<Route> = vec![
        web::get("/fhir/r4/metadata", metadata::show).public(),
        web::post("/fhir/r4", intake::take).right("fhir.write").feature(FEATURE),
        // Some clients end the address of the base with a slash.
        web::post("/fhir/r4/", intake::take).right("fhir.write").feature(FEATURE),
        web::get("/fhir/r4/Patient/{id}/$everything", |ctx: Ctx, Path(id): Path<String>, query: RawQuery, headers: HeaderMap| everything::everything(Kind::Patient, ctx, id, query, headers)).right("fhir.read").feature(FEATURE),
        web::get("/fhir/r4/Encounter/{id}/$everything", |ctx: Ctx, Path(id): Path<String>, query: RawQuery, headers: HeaderMap| everything::everything(Kind::Encounter, ctx, id, query, headers)).right("fhir.read").feature(FEATURE),
        web::get("/fhir/r4/Composition/{id}/$document", |ctx: Ctx, Path(id): Path<String>, headers: HeaderMap| everything::document(ctx, id, headers)).right("fhir.read").feature(FEATURE),
        web::get("/fhir/r4/Binary/{id}", |ctx: Ctx, Path(id): Path<String>, query: RawQuery, headers: HeaderMap| read::read(Kind::Binary, ctx, id, query, headers)).right("fhir.read").feature(FEATURE),
    ];
    serve!(
        routes, Patient, Encounter, Condition, Observation, DiagnosticReport, ServiceRequest, MedicationRequest, AllergyIntolerance, DocumentReference,
        Composition, Consent, Provenance, AuditEvent, Practitioner, PractitionerRole, Organization, Location
    );
    web::Module { name: "fhir_api", routes, ..web::Module::default() }
}
