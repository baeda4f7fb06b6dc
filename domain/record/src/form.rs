//! Record forms as data: what is asked, what is refused, who signs, how a facility makes a form its own.
//!
//! Start reading at [`definition`]; the ministry's forms come from [`catalogue`], a facility's from [`store`]. What was
//! typed goes through [`input`] and [`check`]; fields fill themselves from [`source`].

pub mod catalogue;
pub mod check;
pub mod condition;
pub mod definition;
pub mod formula;
pub mod input;
pub mod pages;
pub mod patch;
pub mod setting;
pub mod sound;
pub mod source;
pub mod store;
pub mod words;

use pages::{change, edit, history, list, look, publish, settings};

/// What this part brings to the slice.
pub fn part() -> web::Module {
    let right = "form.manage";
    let feature = "emr.record";
    web::Module {
        routes: vec![
            web::get("/app/forms", list::show).right(right).feature(feature),
            web::get("/app/forms/settings", settings::show).right(right).feature(feature),
            web::post("/app/forms/settings/{key}", settings::decide).right(right).feature(feature),
            web::get("/app/forms/{form}", edit::show).right(right).feature(feature),
            web::get("/app/forms/{form}/print", look::paper).right(right).feature(feature),
            web::get("/app/forms/{form}/history", history::show).right(right).feature(feature),
            web::post("/app/forms/{form}/fields", change::add).right(right).feature(feature),
            web::post("/app/forms/{form}/fields/{field}", change::field).right(right).feature(feature),
            web::post("/app/forms/{form}/fields/{field}/removal", change::remove).right(right).feature(feature),
            web::post("/app/forms/{form}/rules", change::rules).right(right).feature(feature),
            web::post("/app/forms/{form}/publication", publish::publish).right(right).feature(feature),
            web::post("/app/forms/{form}/draft-removal", publish::discard).right(right).feature(feature),
            web::post("/app/forms/{form}/inheritance", publish::inherit).right(right).feature(feature),
            web::post("/app/forms/{form}/versions/{version}/restoration", publish::restore).right(right).feature(feature),
        ],
        rail: vec![web::RailEntry { href: "/app/forms", icon: "clipboard-text", label: "Mẫu hồ sơ", right, feature: Some(feature), order: 95 }],
        migrations: vec![web::Migration {
            name: "2026-11-25-1100-forms",
            sql: include_str!("../migrations/2026-11-25-1100-forms.sql"),
        }],
        ..web::Module::default()
    }
}
