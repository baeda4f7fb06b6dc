//! What people see of signing: the tray, their keys, the bedside, the desk door, alerts, and the public page.

pub mod agent;
pub mod alerts;
pub mod confirm;
pub mod keys;
pub mod top;
pub mod tray;
pub mod verify;
