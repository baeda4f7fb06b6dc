//! A visit, from the door to the doctor's last word: check-in, queue ticket, call, vitals, note, diagnosis, finish.
//!
//! Two halves share the table `encounter_encounter` and the rule in [`status`]: arrival and waiting
//! (priority, queue, ticket, reception, board) and care (vitals, note, chart, diagnosis, finish).

pub mod api;
pub mod arrival;
pub mod arrival_api;
pub mod care;
pub mod desk;
pub mod diagnosis;
pub mod disposition;
pub mod finish;
pub mod growth;
pub mod meaning;
pub mod merged;
pub mod note;
pub mod note_template;
pub mod outside;
pub mod pages;
pub mod past;
pub mod priority;
pub mod queue;
pub mod quick_text;
pub mod status;
pub mod stay;
pub mod store;
pub mod vital_range;
pub mod vitals;
pub mod warning_score;

/// The table of contents of this slice.
pub fn module() -> web::Module {
    let mut migrations = arrival::migrations();
    migrations.extend(care::migrations());
    // The view of reports stands on both halves.
    migrations.push(web::Migration {
        name: "2026-11-24-2150-report-view",
        sql: include_str!("../migrations/2026-11-24-2150-report-view.sql"),
    });
    migrations.push(web::Migration {
        name: "2026-11-25-0070-follow-up-view",
        sql: include_str!("../migrations/2026-11-25-0070-follow-up-view.sql"),
    });
    migrations.push(web::Migration { name: "2026-11-25-1001-stay", sql: include_str!("../migrations/2026-11-25-1001-stay.sql") });
    web::Module {
        name: "encounter",
        routes: arrival::routes().into_iter().chain(care::routes()).collect(),
        migrations,
        panels: arrival::panels(),
        listeners: arrival::listeners(),
        // The examination on one sheet, for the medical record.
        papers: vec![web::PaperOf {
            kind: "exam-sheet",
            make: |app, tx, id| Box::pin(pages::finish::for_record(app, tx, base::EncounterId(id))),
        }],
        rail: arrival::rail().into_iter().chain(care::rail()).collect(),
        ..web::Module::default()
    }
}
