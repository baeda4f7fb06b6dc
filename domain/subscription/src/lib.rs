//! Clinics as customers: sign-up, packages bought, paying for them, expiry and renewal, leads and contracts.

/// The table of contents.
pub fn module() -> web::Module {
    web::Module { name: "subscription", ..web::Module::default() }
}
