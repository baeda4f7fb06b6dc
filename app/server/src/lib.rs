//! Puts Yba together: modules, configuration, the running server, the demo world, operations.
//!
//! Start reading at `modules.rs` (what there is) and `serve.rs` (how it runs).

pub mod api_docs;
pub mod archive;
pub mod config;
pub mod demo;
pub mod generate;
pub mod modules;
pub mod operate;
pub mod serve;
pub mod verify;
