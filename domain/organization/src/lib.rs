//! The facility itself: what it is called and prints, its rooms, the services and drugs it offers with dated prices,
//! the package it bought, and what it decided for itself. Owners keep all of this on their pages or by a sheet.

pub mod drug;
pub mod facility;
pub mod import;
pub mod parameter;
pub mod price;
pub mod room;
pub mod search;
pub mod service;
pub mod sheet;
pub mod written;
