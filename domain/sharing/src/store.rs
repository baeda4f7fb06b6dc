//! All SQL of the module: what others ask of us (`held`), what the patient says (`consents`), what we ask of others
//! (`asked`), and with whom we speak (`partners`).

pub mod asked;
pub mod consents;
pub mod held;
pub mod partners;
