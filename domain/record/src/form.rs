//! Record forms as data: what is asked, what is refused, who signs, how a facility makes a form its own.

pub mod catalogue;
pub mod check;
pub mod condition;
pub mod definition;
pub mod formula;
pub mod input;
pub mod sound;
pub mod source;

/// What this part brings to the slice.
pub fn part() -> web::Module {
    web::Module::default()
}
