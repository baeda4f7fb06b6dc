//! Correcting a record by hand. The earlier state stays in the history.

use crate::demographics::{Demographics, RELATIONS, Typed};
use crate::pages::record::Front;
use crate::store::record;
use crate::store::register::{self, Source};
use askama::Template;
use base::{PatientId, Problems};
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Form, Path};

/// The lists a person form offers.
pub struct Choices {
    pub sexes: Vec<(String, String)>,
    pub relations: Vec<(String, String)>,
    pub ethnics: Vec<(String, String)>,
}

impl Choices {
    /// Sexes, relations and ethnic groups (from the catalogue).
    pub async fn load(tx: &mut web::Tx) -> Result<Choices, sqlx::Error> {
        let pairs = |list: &[(&str, &str)]| list.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect();
        Ok(Choices {
            sexes: pairs(&[("male", "Nam"), ("female", "Nữ"), ("unknown", "Chưa rõ")]),
            relations: pairs(&RELATIONS),
            ethnics: codes::list::list(tx.conn(), codes::list::List::EthnicGroup).await?.into_iter().map(|e| (e.code, e.name)).collect(),
        })
    }
}

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    shell: web::Shell,
    who: Front,
    patient: PatientId,
    version: String,
    reason: String,
    form: Typed,
    problems: Problems,
    choices: Choices,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EditForm {
    #[serde(flatten)]
    person: Typed,
    version: String,
    reason: String,
}

const KEYS: &[(&str, &str)] = &[("F8", "Lưu"), ("F7", "Lỗi kế tiếp"), ("Esc", "Quay lại")];

/// The form with what is stored.
pub async fn show(ctx: Ctx, Path(patient): Path<PatientId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stored = record::get_summary(&mut tx, patient).await?;
    let choices = Choices::load(&mut tx).await?;
    tx.audit("read", "patient", patient, Some(patient), serde_json::Value::Null);
    tx.commit().await?;
    web::html(EditPage {
        shell: ctx.shell("Sửa hồ sơ", KEYS),
        who: Front::of(&stored, ctx.today()),
        patient,
        version: stored.version.to_string(),
        reason: String::new(),
        form: stored.typed(),
        problems: Problems::none(),
        choices,
    })
}

/// Saves, or shows the form again with every problem and everything typed.
pub async fn save(ctx: Ctx, Path(patient): Path<PatientId>, Form(form): Form<EditForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let problems = match Demographics::check(&form.person, ctx.today()) {
        Ok(who) => {
            let version = form.version.parse().unwrap_or(0);
            let reason: String = form.reason.chars().take(200).collect();
            match register::update_demographics(&mut tx, patient, version, &who, Source::Typed, &reason).await {
                Ok(changed) => {
                    tx.audit("update", "patient", patient, Some(patient), serde_json::json!({ "changed": changed }));
                    tx.notify(format!("patient/{patient}"));
                    tx.commit().await?;
                    return web::redirect(format!("/app/patients/{patient}"));
                }
                Err(Failure::Refused(problems)) => problems,
                Err(other) => return Err(other),
            }
        }
        Err(problems) => problems,
    };
    drop(tx);
    let mut tx = ctx.begin().await?;
    let stored = record::get_summary(&mut tx, patient).await?;
    let choices = Choices::load(&mut tx).await?;
    web::refused(EditPage {
        shell: ctx.shell("Sửa hồ sơ", KEYS),
        who: Front::of(&stored, ctx.today()),
        patient,
        version: form.version,
        reason: form.reason,
        form: form.person,
        problems,
        choices,
    })
}
