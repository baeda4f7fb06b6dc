//! The departments of the house with their free beds, and who is to be admitted.

use crate::store::bed::{self, Ward};
use crate::store::stay::{self, ToAdmit};
use askama::Template;
use base::{Age, show_time};
use web::{Answer, Ctx, Shell};

pub(super) struct Waiting {
    pub row: ToAdmit,
    pub facts: String,
    pub at: String,
}

#[derive(Template)]
#[template(path = "wards.html")]
struct Page {
    shell: Shell,
    wards: Vec<Ward>,
    beds: i64,
    taken: i64,
    patients: i64,
    to_admit: Vec<Waiting>,
    may_admit: bool,
}

/// `GET /app/wards`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let wards = bed::list_wards(&mut tx, None, ctx.today()).await?;
    let to_admit = waiting(&ctx, &mut tx).await?;
    web::html(Page {
        shell: ctx.shell("Khoa điều trị", &[("F5", "Nhập viện"), ("Enter", "Mở khoa")]),
        beds: wards.iter().map(|w| w.beds).sum(),
        taken: wards.iter().map(|w| w.taken).sum(),
        patients: wards.iter().map(|w| w.patients).sum(),
        wards,
        to_admit,
        may_admit: ctx.may("ward.admit"),
    })
}

pub(super) async fn waiting(ctx: &Ctx, tx: &mut db::Tx) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = stay::list_to_admit(tx, ctx.today()).await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            facts: format!("{} {}", encounter::pages::banner::sex_word(&row.sex), Age::on(row.birth_date, ctx.today())),
            at: show_time(row.at),
            row,
        })
        .collect())
}
