//! Signing in through a hospital's own OpenID Connect provider, and out of everything at once. Accounts and rights stay
//! ours: the provider only says who somebody is.
//!
//! Start reading at `provider.rs` (the conversation with the provider) and `pages/door.rs` (what the browser sees of it).

pub mod provider;
pub mod seal;
pub mod store;
pub mod pages {
    //! Pages: the door for everybody, the settings for administrators, the provider's own calls.
    pub mod door;
    pub mod logout;
    pub mod settings;
}

/// The table of contents of this slice.
pub fn module() -> web::Module {
    use web::{get, post};
    web::Module {
        name: "identity",
        routes: vec![
            get("/sign-in/sso/{facility_code}", pages::door::begin).public(),
            get("/sign-in/sso/return", pages::door::back).public(),
            get("/sign-in/sso/bye/{token}", pages::logout::bye).public(),
            post("/sign-in/sso/{facility_code}/logout", pages::logout::back_channel).public(),
            get("/app/staff/sso", pages::settings::show).right("staff.manage"),
            post("/app/staff/sso", pages::settings::save).right("staff.manage").fresh(),
        ],
        migrations: vec![web::Migration { name: "2026-11-25-1191-provider", sql: include_str!("../migrations/2026-11-25-1191-provider.sql") }],
        ..web::Module::default()
    }
}
