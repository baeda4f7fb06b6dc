//! The days of this module, through real pages.
mod forms;
mod print;
mod find;
mod documents;
mod ward;
mod sign;
mod complete;
mod archive;
mod digitise;
