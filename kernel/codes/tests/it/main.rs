//! The real catalogues in a throwaway PostgreSQL: what a receptionist, a doctor and a pharmacist would look up.

mod drugs;
mod icd10;
mod loading;
mod places;
mod world;
