//! Staff, their accounts, roles and rights, and how they sign in and out.
//!
//! Start reading at `sign_in.rs` (throttling and sessions) and `role.rs` (who may do what).

pub mod authenticator;
pub mod package;
pub mod pages;
pub mod password;
pub mod role;
pub mod scope;
pub mod second_factor;
pub mod seed;
pub mod sign_in;
pub mod staff;
pub mod store;

pub use authenticator::Accounts;

/// The table of contents of this slice.
pub fn module() -> web::Module {
    use web::{get, post};
    web::Module {
        name: "practitioner",
        routes: vec![
            get("/sign-in", pages::sign_in::show).public(),
            post("/sign-in", pages::sign_in::submit).public(),
            post("/sign-out", pages::sign_in::sign_out).signed_in().stays_open(),
            post("/oauth/token", pages::token::issue).public(),
            get("/app", pages::home::go).signed_in(),
            get("/app/room", pages::home::rooms).signed_in(),
            post("/app/room", pages::home::choose_room).signed_in().stays_open(),
            get("/app/prove", pages::prove::show).signed_in(),
            post("/app/prove", pages::prove::submit).signed_in().stays_open(),
            get("/account", pages::account::show).signed_in(),
            post("/account/password", pages::account::change_password).signed_in().stays_open(),
            post("/account/second-factor", pages::account::second_factor).signed_in().stays_open(),
            get("/account/devices", pages::account::devices).signed_in(),
            post("/account/devices/{session}/end", pages::account::end_session).signed_in().stays_open(),
            post("/account/devices/end-others", pages::account::end_others).signed_in().stays_open(),
            get("/account/switch", pages::account::switch).signed_in(),
            get("/app/staff", pages::staff::list).right("staff.manage"),
            post("/app/staff", pages::staff::create).right("staff.manage").fresh(),
            get("/app/staff/new", pages::staff::new).right("staff.manage"),
            get("/app/staff/{id}", pages::staff::edit).right("staff.manage"),
            post("/app/staff/{id}", pages::staff::update).right("staff.manage").fresh(),
            get("/app/jobs", pages::jobs::list).right("jobs.manage"),
            post("/app/jobs/{id}/retry", pages::jobs::retry).right("jobs.manage"),
            get("/app/audit", pages::audit::list).right("audit.read"),
        ],
        migrations: vec![
            web::Migration {
                name: "2026-11-24-2030-staff-and-accounts",
                sql: include_str!("../migrations/2026-11-24-2030-staff-and-accounts.sql"),
            },
            web::Migration {
                name: "2026-11-25-0051-who-with-stamp",
                sql: include_str!("../migrations/2026-11-25-0051-who-with-stamp.sql"),
            },
            web::Migration {
                name: "2026-11-25-0082-one-look-at-the-door",
                sql: include_str!("../migrations/2026-11-25-0082-one-look-at-the-door.sql"),
            },
            web::Migration {
                name: "2026-11-25-1190-other-doors",
                sql: include_str!("../migrations/2026-11-25-1190-other-doors.sql"),
            },
            web::Migration {
                name: "2026-11-25-1320-token-scopes",
                sql: include_str!("../migrations/2026-11-25-1320-token-scopes.sql"),
            },
        ],
        rail: vec![
            web::RailEntry { href: "/app/staff", icon: "users", label: "Nhân sự", right: "staff.manage", feature: None, order: 80 },
            web::RailEntry { href: "/app/jobs", icon: "history", label: "Việc nền", right: "jobs.manage", feature: None, order: 95 },
        ],
        ..web::Module::default()
    }
}
