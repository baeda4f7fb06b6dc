//! From our rows to FHIR resources: one small builder per kind, by hand. What we do not know is left out, never invented.

mod care;
mod document;
mod people;
mod result;

use crate::dialect::{plain, rows};
use crate::kind::Kind;
use crate::row::{Row, at_vietnam};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The facility that speaks.
#[derive(Clone, Debug)]
pub struct House {
    /// Its official code, which is the id of its `Organization`.
    pub code: String,
    pub name: String,
    /// Where our FHIR addresses begin, e.g. `https://yba.example.vn/fhir/r4`.
    pub base: String,
}

impl House {
    pub fn reference(&self) -> Value {
        json!({ "reference": format!("Organization/{}", self.code), "display": self.name })
    }
}

/// The resource of a row, with id, version and time. The version follows from the content: the same content is the same
/// version, whoever asks.
pub fn resource(kind: Kind, row: &Row, house: &House) -> Value {
    let built = match kind {
        Kind::Patient => people::patient(row, house),
        Kind::Practitioner => people::practitioner(row),
        Kind::PractitionerRole => people::role(row, house),
        Kind::Organization => people::organization(row),
        Kind::Location => people::location(row, house),
        Kind::Encounter => care::encounter(row, house),
        Kind::Condition => care::condition(row),
        Kind::AllergyIntolerance => care::allergy(row),
        Kind::MedicationRequest => care::medication(row, house),
        Kind::ServiceRequest => care::request(row),
        Kind::Observation => result::observation(row),
        Kind::DiagnosticReport => result::report(row, house),
        Kind::DocumentReference => document::reference(row, house),
        Kind::Composition => document::composition(row, house),
        Kind::Binary => document::binary(row),
        Kind::Consent => document::consent(row, house),
        Kind::Provenance => document::provenance(row, house),
        Kind::AuditEvent => people::audit(row, house),
    };
    let mut built = plain(built);
    let version = hex::encode(&Sha256::digest(built.to_string())[..8]);
    let profile = claims_profile(kind, &built).then(|| rows("profile", kind.name()).first().map(|r| r.uri)).flatten();
    let meta = json!({ "versionId": version, "lastUpdated": at_vietnam(row.updated), "profile": profile.map(|p| [p]) });
    built["resourceType"] = json!(kind.name());
    if built.get("id").is_none() {
        built["id"] = json!(row.fhir_id());
    }
    built["meta"] = plain(meta);
    built
}

/// Whether a resource keeps what the ministry's profile demands beyond FHIR itself: the claim is never an aspiration.
fn claims_profile(kind: Kind, built: &Value) -> bool {
    match kind {
        Kind::Patient => !built["name"].is_null() && !built["birthDate"].is_null(),
        // The profile demands a main diagnosis, so only a finished visit that has one claims it.
        Kind::Encounter => built["status"] == "finished" && built["diagnosis"].as_array().is_some_and(|d| main_diagnoses(d) == 1),
        Kind::Condition => !built["code"]["coding"].is_null() && !built["encounter"].is_null(),
        Kind::DiagnosticReport => !built["effectiveDateTime"].is_null() && !built["subject"].is_null(),
        Kind::MedicationRequest => built["requester"]["reference"].is_string(),
        Kind::AllergyIntolerance | Kind::Organization | Kind::Location | Kind::Practitioner | Kind::PractitionerRole => true,
        _ => false,
    }
}

fn main_diagnoses(diagnoses: &[Value]) -> usize {
    let main = crate::dialect::code("diagnosis.main");
    diagnoses.iter().filter(|d| d["use"]["coding"][0]["code"] == main).count()
}
