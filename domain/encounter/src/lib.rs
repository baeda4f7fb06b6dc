//! A visit, from the door to the doctor's last word: check-in, queue ticket, call, vitals, note, diagnosis, finish.
//!
//! Two halves share the table `encounter_encounter` and the rule in [`status`]: arrival and waiting
//! (priority, queue, ticket, reception, board) and care (vitals, note, chart, diagnosis, finish).

pub mod diagnosis;
pub mod disposition;
pub mod finish;
pub mod growth;
pub mod note;
pub mod note_template;
pub mod priority;
pub mod queue;
pub mod quick_text;
pub mod status;
pub mod vitals;
pub mod warning_score;
