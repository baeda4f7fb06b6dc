//! A hospital's own accounts open our doors, through real pages and a provider that lives in the test.

mod provider;
mod sso;
