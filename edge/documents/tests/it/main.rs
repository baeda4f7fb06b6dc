//! The papers as people get them: rendered, then read back with other people's tools.

mod forms;
mod oracle;
mod papers;
mod samples;
