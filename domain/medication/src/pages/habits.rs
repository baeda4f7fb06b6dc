//! What saves typing: the last prescription again, favourites by number, samples.

use crate::desk::{self, derived};
use crate::dose::aloud::read_aloud;
use crate::entry;
use crate::pages::block::{Say, answer, visit};
use crate::pages::entry::stale;
use crate::repeat::{self, Again, Outcome};
use crate::store::{self, Sample, SampleLine, Visit};
use base::{EncounterId, PrescriptionId, Problem, Problems, show_date};
use organization::drug::{self, Drug};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Tx};

/// The id that the page made for a batch of lines; a name where a sample is kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BatchForm {
    pub id: String,
    pub drug: String,
    pub dose: String,
    pub name: String,
    pub icd: String,
}

/// `POST /app/encounters/{id}/prescription/repeated`: the person's last prescription, read anew.
pub async fn repeat_last(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<BatchForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let minted: Uuid = form.id.parse().map_err(|_| stale())?;
    let Some(last) = store::last_issued(tx.conn(), ctx.facility(), visit.patient, id).await? else {
        let problems = Problem::of("Người bệnh chưa có đơn thuốc nào ở các lượt khám trước.").into();
        return answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await;
    };
    let draft = desk::open_draft(&mut tx, &visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    let ids: Vec<Uuid> = last.lines.iter().filter_map(|(_, l)| l.drug.id).collect();
    let drugs = drug::by_ids(tx.conn(), ctx.facility(), &ids, visit.day).await?;
    let again = repeat::again(&last.lines, &drugs, |d| is_active(d, &visit), &known.lines);
    save_all(&mut tx, draft, minted, &again).await?;
    let again_from = format!("Lấy lại đơn {} ngày {}", last.code, show_date(last.day));
    answer(&ctx, tx, &visit, Say { again, again_from, ..Say::default() }).await
}

fn is_active(drug: &Drug, visit: &Visit) -> bool {
    drug.active_from <= visit.day && drug.active_to.is_none_or(|to| to >= visit.day)
}

async fn save_all(tx: &mut Tx, draft: PrescriptionId, minted: Uuid, again: &[Again]) -> Result<(), sqlx::Error> {
    let lines: Vec<_> = again.iter().enumerate().filter_map(|(n, a)| Some((derived(minted, n), a.line.as_ref()?))).collect();
    store::insert_lines(tx, draft, &lines).await
}

/// `POST /app/encounters/{id}/prescription/favourites`: a favourite with its usual dose.
pub async fn add_favourite(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<BatchForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let minted: Uuid = form.id.parse().map_err(|_| stale())?;
    let drug: Uuid = form.drug.parse().map_err(|_| stale())?;
    let lines = vec![SampleLine { drug: Some(drug), name: String::new(), dose: form.dose }];
    let (again, _) = add_sample_lines(&ctx, &mut tx, &visit, minted, &lines).await?;
    let mut problems = Problems::none();
    if let Some(Again { outcome: Outcome::Refused(why), name, .. }) = again.first() {
        problems.add("sentence", format!("{name}: {why}"));
    }
    if matches!(again.first(), Some(Again { outcome: Outcome::Gone, .. })) {
        return Err(Failure::NotFound);
    }
    answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
}

/// `POST /app/encounters/{id}/prescription/samples/{sample}`: all lines of a sample, each read anew.
pub async fn add_sample(ctx: Ctx, Path((id, sample)): Path<(EncounterId, Uuid)>, Form(form): Form<BatchForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let minted: Uuid = form.id.parse().map_err(|_| stale())?;
    let own = ctx.actor.practitioner.map(|p| p.0);
    let samples = store::samples(tx.conn(), ctx.facility(), own, "").await?;
    let sample = samples.into_iter().find(|s| s.sample_id == sample).ok_or(Failure::NotFound)?;
    let (again, draft) = add_sample_lines(&ctx, &mut tx, &visit, minted, &sample.lines.0).await?;
    if !sample.advice.is_empty() {
        store::append_advice(&mut tx, draft, &sample.advice).await?;
    }
    let again_from = format!("Đơn mẫu “{}”", sample.name);
    answer(&ctx, tx, &visit, Say { again, again_from, ..Say::default() }).await
}

async fn add_sample_lines(
    ctx: &Ctx,
    tx: &mut Tx,
    visit: &Visit,
    minted: Uuid,
    lines: &[SampleLine],
) -> Result<(Vec<Again>, PrescriptionId), Failure> {
    let draft = desk::open_draft(tx, visit).await?;
    let known = store::find(tx.conn(), ctx.facility(), draft).await?.ok_or(Failure::NotFound)?;
    let ids: Vec<Uuid> = lines.iter().filter_map(|l| l.drug).collect();
    let drugs = drug::by_ids(tx.conn(), ctx.facility(), &ids, visit.day).await?;
    let again: Vec<Again> = lines
        .iter()
        .map(|line| {
            let drug = line.drug.and_then(|id| drugs.iter().find(|d| d.id == id && is_active(d, visit)));
            let Some(drug) = drug else {
                return Again { name: line.name.clone(), outcome: Outcome::Gone, line: None };
            };
            let name = drug.facts.name.clone();
            if known.lines.iter().any(|(_, l)| l.drug.id == Some(drug.id)) {
                return Again { name, outcome: Outcome::AlreadyThere, line: None };
            }
            match entry::line_of_known(drug, &line.dose) {
                Ok(line) => Again { name, outcome: Outcome::Same, line: Some(line) },
                Err(problems) => {
                    let why = problems.0.first().map_or(String::new(), |p| p.text.to_string());
                    Again { name, outcome: Outcome::Refused(why), line: None }
                }
            }
        })
        .collect();
    save_all(tx, draft, minted, &again).await?;
    Ok((again, draft))
}

/// `POST /app/encounters/{id}/prescription/samples`: keeps the lines of this visit as an own sample.
pub async fn keep_sample(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<BatchForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let sample_id: Uuid = form.id.parse().map_err(|_| stale())?;
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = store::list_of_visit(tx.conn(), ctx.facility(), id).await?;
    let lines: Vec<SampleLine> = all.first().map_or_else(Vec::new, |p| {
        let known = p.lines.iter().filter(|(_, l)| l.drug.id.is_some());
        known.map(|(_, l)| SampleLine { drug: l.drug.id, name: l.drug.short_name(), dose: read_aloud(&l.dose) }).collect()
    });
    let mut problems = Problems::none();
    problems.add_if(name.is_empty() || name.chars().count() > 100, "name", "Đặt tên đơn mẫu, tối đa 100 ký tự, ví dụ “Viêm họng người lớn”.");
    problems.add_if(lines.is_empty(), "name", "Đơn chưa có thuốc trong danh mục để lưu thành mẫu.");
    if problems.is_empty() {
        let sample = Sample {
            sample_id,
            practitioner_id: ctx.actor.practitioner.map(|p| p.0),
            name,
            icd: form.icd.trim().to_uppercase().chars().take(10).collect(),
            lines: Json(lines),
            advice: all.first().map_or(String::new(), |p| p.advice.clone()),
        };
        store::insert_sample(&mut tx, &sample, ctx.now).await?;
    }
    answer(&ctx, tx, &visit, Say { problems, ..Say::default() }).await
}

/// `POST /app/encounters/{id}/prescription/samples/{sample}/ended`: an own sample is no longer offered.
pub async fn end_sample(ctx: Ctx, Path((id, sample)): Path<(EncounterId, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = visit(&ctx, &mut tx, id).await?;
    let own = ctx.actor.practitioner.map(|p| p.0);
    if !store::end_sample(&mut tx, own, sample, ctx.now).await? {
        return Err(Failure::NotFound);
    }
    answer(&ctx, tx, &visit, Say::default()).await
}
