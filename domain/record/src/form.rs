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
pub mod patch;
pub mod setting;
pub mod sound;
pub mod source;
pub mod store;

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module {
        migrations: vec![web::Migration {
            name: "2026-11-25-1100-forms",
            sql: include_str!("../migrations/2026-11-25-1100-forms.sql"),
        }],
        ..web::Module::default()
    }
}
