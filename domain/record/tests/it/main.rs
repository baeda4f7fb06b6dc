//! The days of this module, through real pages.
mod print;
mod find;
