//! The kinds of resources that are served, and what each can be searched by. The capability statement, the routes and the
//! search all read this one table, so that what is advertised is what answers.

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Patient,
    Encounter,
    Condition,
    Observation,
    DiagnosticReport,
    ServiceRequest,
    MedicationRequest,
    AllergyIntolerance,
    DocumentReference,
    Composition,
    Binary,
    Consent,
    Provenance,
    AuditEvent,
    Practitioner,
    PractitionerRole,
    Organization,
    Location,
}

use Kind::*;

impl Kind {
    pub const ALL: [Kind; 18] = [
        Patient, Encounter, Condition, Observation, DiagnosticReport, ServiceRequest, MedicationRequest, AllergyIntolerance, DocumentReference,
        Composition, Binary, Consent, Provenance, AuditEvent, Practitioner, PractitionerRole, Organization, Location,
    ];

    /// What belongs to one patient and is collected by `$everything`, in this order.
    pub const OF_A_PATIENT: [Kind; 11] = [
        Encounter, Condition, Observation, DiagnosticReport, ServiceRequest, MedicationRequest, AllergyIntolerance, DocumentReference, Composition,
        Consent, Provenance,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Patient => "Patient",
            Encounter => "Encounter",
            Condition => "Condition",
            Observation => "Observation",
            DiagnosticReport => "DiagnosticReport",
            ServiceRequest => "ServiceRequest",
            MedicationRequest => "MedicationRequest",
            AllergyIntolerance => "AllergyIntolerance",
            DocumentReference => "DocumentReference",
            Composition => "Composition",
            Binary => "Binary",
            Consent => "Consent",
            Provenance => "Provenance",
            AuditEvent => "AuditEvent",
            Practitioner => "Practitioner",
            PractitionerRole => "PractitionerRole",
            Organization => "Organization",
            Location => "Location",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The right that a member of staff needs beside `fhir.read`: the one of the page that shows the same.
    pub fn right(self) -> &'static str {
        match self {
            Patient => "patient.read",
            Encounter | Condition | Observation | AllergyIntolerance => "chart.read",
            DiagnosticReport | ServiceRequest => "order.read",
            MedicationRequest => "prescription.read",
            DocumentReference | Composition | Binary | Provenance => "record.read",
            Consent => "share.audit",
            AuditEvent => "audit.read",
            Practitioner | PractitionerRole | Organization | Location => "fhir.read",
        }
    }

    /// Whether it tells something about a person, so that reading it is written down.
    pub fn is_about_a_person(self) -> bool {
        !matches!(self, Practitioner | PractitionerRole | Organization | Location)
    }

    pub fn can_be_searched(self) -> bool {
        self != Binary
    }

    /// The search parameters, besides `_id`, `_lastUpdated` and the ones that shape the answer.
    pub fn parameters(self) -> &'static [Parameter] {
        use Parameter::*;
        match self {
            Kind::Patient => &[Identifier, Name, Birthdate, Gender],
            Kind::Encounter => &[Patient, Identifier, Date, Class, Status],
            Kind::Condition => &[Patient, Encounter, Code, Date],
            Kind::Observation => &[Patient, Encounter, Code, Category, Date, Status],
            Kind::DiagnosticReport => &[Patient, Encounter, Code, Category, Date, Status],
            Kind::ServiceRequest => &[Patient, Encounter, Identifier, Code, Category, Date, Status],
            Kind::MedicationRequest => &[Patient, Encounter, Identifier, Date, Status],
            Kind::AllergyIntolerance => &[Patient, Category, Date],
            Kind::DocumentReference => &[Patient, Encounter, Identifier, Type, Date, Status],
            Kind::Composition => &[Patient, Encounter, Identifier, Type, Date, Status],
            Kind::Binary => &[],
            Kind::Consent => &[Patient, Status, Date],
            Kind::Provenance => &[Patient, Target, Date],
            Kind::AuditEvent => &[Patient, Action, Date],
            Kind::Practitioner => &[Identifier, Name],
            Kind::PractitionerRole => &[PractitionerParam],
            Kind::Organization => &[Identifier, Name],
            Kind::Location => &[Identifier, Name],
        }
    }
}

/// A search parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    Patient,
    Encounter,
    Identifier,
    Name,
    Birthdate,
    Gender,
    Code,
    Type,
    Category,
    Class,
    Status,
    Action,
    Date,
    Target,
    PractitionerParam,
}

impl Parameter {
    /// Its name in the address; some kinds call their date otherwise, as R4 does.
    pub fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Parameter::Patient, _) => "patient",
            (Parameter::Encounter, _) => "encounter",
            (Parameter::Identifier, _) => "identifier",
            (Parameter::Name, _) => "name",
            (Parameter::Birthdate, _) => "birthdate",
            (Parameter::Gender, _) => "gender",
            (Parameter::Code, _) => "code",
            (Parameter::Type, _) => "type",
            (Parameter::Category, _) => "category",
            (Parameter::Class, _) => "class",
            (Parameter::Status, _) => "status",
            (Parameter::Action, _) => "action",
            (Parameter::Date, Kind::Condition) => "recorded-date",
            (Parameter::Date, Kind::ServiceRequest) => "authored",
            (Parameter::Date, Kind::MedicationRequest) => "authoredon",
            (Parameter::Date, Kind::Provenance) => "recorded",
            (Parameter::Date, _) => "date",
            (Parameter::Target, _) => "target",
            (Parameter::PractitionerParam, _) => "practitioner",
        }
    }

    /// FHIR's type of the parameter.
    pub fn kind(self) -> &'static str {
        match self {
            Parameter::Patient | Parameter::Encounter | Parameter::Target | Parameter::PractitionerParam => "reference",
            Parameter::Name => "string",
            Parameter::Birthdate | Parameter::Date => "date",
            _ => "token",
        }
    }
}
