//! One person's record at this facility: who they are, cards, allergies, alerts, old addresses, what changed.

use crate::pages::banner;
use crate::safety::{ALLERGY_KINDS, FLAG_KINDS, SEVERITIES, TypedAllergy};
use crate::store::merge as merge_store;
use crate::store::record::{self, OldAddress, Revision, Summary};
use askama::Template;
use base::{PatientId, Problems};
use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;
use web::{Answer, Ctx, PanelFor, Path, Tx};

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    shell: web::Shell,
    p: Summary,
    who: Front,
    id: PatientId,
    card: String,
    badges: String,
    addresses: Vec<OldAddress>,
    revisions: Vec<Revision>,
    absorbed: Vec<(Uuid, String, String)>,
    undo: Option<Uuid>,
    kept: Option<Summary>,
    allergy_kinds: Vec<(String, String)>,
    severities: Vec<(String, String)>,
    flag_kinds: Vec<(String, String)>,
    typed: TypedAllergy,
    problems: Problems,
    visits: Vec<String>,
    may_update: bool,
    may_allergy: bool,
    may_merge: bool,
    may_open: bool,
    fresh_id: Uuid,
}

/// What the banner component prints; every field is ready text.
pub struct Front {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
}

impl Front {
    pub fn of(p: &Summary, day: NaiveDate) -> Front {
        Front {
            spine: p.person.spine(),
            ticket: String::new(),
            name: p.name.clone(),
            facts: p.facts(day),
            birth: p.birth.to_string(),
            record_no: p.record_no.clone(),
            id_tail: p.id_tail(),
            phone: p.phone.clone(),
            commune: p.commune_name().split(',').next().unwrap_or_default().to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "demographics.html")]
struct DemographicsCard<'a> {
    p: &'a Summary,
    age: String,
}

/// Who somebody is, in one card: name, numbers, address, insurance cards, family.
pub fn demographics_card(p: &Summary, day: NaiveDate) -> Result<String, askama::Error> {
    DemographicsCard { p, age: p.birth.age_on(day).to_string() }.render()
}

/// The record's page; reading it is written down.
pub async fn show(ctx: Ctx, Path(patient): Path<PatientId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, patient, Problems::none(), TypedAllergy::default()).await?;
    tx.audit("read", "patient", patient, Some(patient), Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// The same page with what was refused beside its field.
pub(crate) async fn refused(
    ctx: &Ctx,
    mut tx: Tx,
    patient: PatientId,
    problems: Problems,
    typed: Option<TypedAllergy>,
) -> Answer {
    let page = load(ctx, &mut tx, patient, problems, typed.unwrap_or_default()).await?;
    web::refused(page)
}

async fn load(
    ctx: &Ctx,
    tx: &mut Tx,
    patient: PatientId,
    problems: Problems,
    typed: TypedAllergy,
) -> Result<RecordPage, web::Failure> {
    let p = record::get_summary(tx, patient).await?;
    let about = PanelFor { patient: Some(patient), encounter: None };
    let kept = match p.merged_into {
        Some(kept) => Some(record::get_summary(tx, kept).await?),
        None => None,
    };
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect();
    Ok(RecordPage {
        shell: ctx.shell(&p.name, &[("F2", "Tìm, quét"), ("F5", "Tiếp nhận lượt mới"), ("E", "Sửa hồ sơ"), ("G", "Gộp hồ sơ")]),
        who: Front::of(&p, ctx.today()),
        id: patient,
        card: demographics_card(&p, ctx.today())?,
        badges: banner::badges(&p, ctx.today())?,
        addresses: record::list_addresses(tx, patient).await?,
        revisions: record::list_revisions(tx, patient).await?,
        absorbed: merge_store::list_absorbed(tx, patient).await?,
        undo: merge_store::find_merge_of(tx, patient).await?,
        kept,
        allergy_kinds: pairs(&ALLERGY_KINDS),
        severities: pairs(&SEVERITIES),
        flag_kinds: FLAG_KINDS.iter().map(|(k, w, _)| ((*k).to_owned(), (*w).to_owned())).collect(),
        typed,
        problems,
        visits: ctx.panels("patient.visits", tx, &about).await?,
        may_update: ctx.may("patient.update"),
        may_allergy: ctx.may("allergy.write"),
        may_merge: ctx.may("patient.merge"),
        may_open: ctx.may("encounter.open") && p.merged_into.is_none(),
        fresh_id: Uuid::now_v7(),
        p,
    })
}
