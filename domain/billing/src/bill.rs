//! A bill: what one visit, one sale at the counter or one bought service package owes and has paid.

use base::{BillId, EncounterId};

/// What a bill is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Everything that arises from one visit.
    Visit,
    /// Medicines sold at the counter to somebody without a visit here.
    Sale,
    /// A service package that was bought and is used up over several visits.
    Package,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::Visit => "visit",
            Kind::Sale => "sale",
            Kind::Package => "package",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        [Kind::Visit, Kind::Sale, Kind::Package].into_iter().find(|k| k.key() == key)
    }
    /// The word on lists and papers.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Visit => "Lượt khám",
            Kind::Sale => "Bán lẻ",
            Kind::Package => "Gói dịch vụ",
        }
    }
}

/// The bill of a visit: it has the visit's id.
pub fn of_visit(encounter: EncounterId) -> BillId {
    BillId(encounter.0)
}
