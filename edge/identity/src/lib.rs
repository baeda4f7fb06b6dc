//! Signing in through a hospital's own OpenID Connect provider.

/// The table of contents of this slice.
pub fn module() -> web::Module {
    web::Module { name: "identity", ..web::Module::default() }
}
