//! Fluids in and out of a day, with the sums of its shifts.

use super::frame::Frame;
use super::{Pairs, field, minted, read_moment, text, told};
use crate::fluid::{self as rule, KINDS, Sum};
use crate::paper;
use crate::store::fluid::{self, Fluid};
use crate::store::stay;
use askama::Template;
use base::{EncounterId, Problem, Problems, show_date_long, show_time};
use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

struct Line {
    row: Fluid,
    hour: String,
    word: &'static str,
}

struct Block {
    shift: String,
    lines: Vec<Line>,
    sum: Sum,
}

#[derive(Template)]
#[template(path = "fluids.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    title: String,
    before: String,
    after: String,
    blocks: Vec<Block>,
    total: Sum,
    id: Uuid,
    kinds_in: Vec<(String, String)>,
    kinds_out: Vec<(String, String)>,
    kind: String,
    volume: String,
    at: String,
    note: String,
    problems: Problems,
}

/// The day whose balance is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    day: String,
}

/// `GET /app/stays/{encounter}/fluids?day=`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &asked.day, &Pairs::new(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, day: &str, pairs: &Pairs, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "fluids").await?;
    let shifts = rule::shifts();
    let day = day.parse::<NaiveDate>().unwrap_or_else(|_| rule::shift_of(ctx.now, &shifts).0);
    let (from, to) = rule::span(day, &shifts);
    let rows = fluid::list(tx, id, from, to).await?;
    let entries: Vec<_> = rows.iter().map(|r| (r.at, r.is_out, r.volume_ml)).collect();
    let sums = rule::sums(day, &entries, &shifts);
    let total = sums.iter().fold(Sum::default(), |all, s| Sum { into: all.into + s.into, out: all.out + s.out });
    let mut blocks: Vec<Block> = shifts.iter().zip(sums).map(|(s, sum)| Block { shift: s.shown(), lines: Vec::new(), sum }).collect();
    for row in rows {
        let (_, n) = rule::shift_of(row.at, &shifts);
        if let Some(block) = blocks.get_mut(n) {
            block.lines.push(Line { hour: show_time(row.at), word: rule::kind(&row.kind).map_or("Khác", |(word, _)| word), row });
        }
    }
    let of = |out: bool| KINDS.iter().filter(|(.., o)| *o == out).map(|(k, w, _)| ((*k).to_owned(), (*w).to_owned())).collect();
    Ok(Page {
        shell: ctx.shell("Dịch vào, ra", &[("F8", "Ghi"), ("B", "Sơ đồ giường")]),
        title: show_date_long(day),
        before: (day - TimeDelta::days(1)).to_string(),
        after: (day + TimeDelta::days(1)).to_string(),
        blocks,
        total,
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(pairs) },
        kinds_in: of(false),
        kinds_out: of(true),
        kind: field(pairs, "kind").to_owned(),
        volume: field(pairs, "volume").to_owned(),
        at: if pairs.is_empty() { paper::clock(ctx.now) } else { field(pairs, "at").to_owned() },
        note: field(pairs, "note").to_owned(),
        frame,
        problems,
    })
}

/// `POST /app/stays/{encounter}/fluids`: one entry; the second click keeps nothing new.
pub async fn record(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    match keep(&ctx, &mut tx, &stay, &pairs).await {
        Ok(day) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/fluids?day={day}"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, id, "", &pairs, problems).await?)
        }
    }
}

async fn keep(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, pairs: &Pairs) -> Result<NaiveDate, Failure> {
    stay.must_be_open()?;
    let mut problems = Problems::none();
    let kind = rule::kind(field(pairs, "kind"));
    problems.add_if(kind.is_none(), "kind", "Chưa chọn loại dịch.");
    let volume: i32 = field(pairs, "volume").replace(['.', ','], "").parse().unwrap_or(0);
    problems.add_if(!(1..=10_000).contains(&volume), "volume", "Thể tích từ 1 đến 10.000 ml.");
    let at = if field(pairs, "at").is_empty() { Some(ctx.now) } else { read_moment(field(pairs, "at")) };
    match at {
        None => problems.add("at", "Giờ không đọc được. Ghi ngày và giờ."),
        Some(at) if at > ctx.now + TimeDelta::minutes(5) => problems.add("at", "Giờ này chưa tới. Ghi khi đã vào hoặc ra."),
        Some(at) if at < stay.admitted_at - TimeDelta::minutes(1) => problems.add("at", "Giờ này trước lúc vào viện."),
        Some(_) => {}
    }
    let note = text(pairs, "note", 300, &mut problems);
    let (Some((_, is_out)), Some(at)) = (kind, at) else { return Err(problems.into()) };
    problems.or(())?;
    if fluid::insert(tx, minted(pairs), stay.encounter(), stay.patient(), at, field(pairs, "kind"), is_out, volume, &note).await? {
        tx.audit("record", "fluid", stay.encounter_id, Some(stay.patient()), serde_json::Value::Null);
        stay::tell(tx, stay);
    }
    Ok(rule::shift_of(at, &rule::shifts()).0)
}

/// `POST /app/stays/{encounter}/fluids/{fluid}/wrong` (`reason`): the entry was a mistake.
pub async fn mark_wrong(ctx: Ctx, Path((id, fluid_id)): Path<(EncounterId, Uuid)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let reason = field(&pairs, "reason");
    let reason = if reason.is_empty() { "Ghi nhầm" } else { reason };
    if reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Lý do tối đa 500 ký tự.").into());
    }
    fluid::mark_wrong(&mut tx, id, fluid_id, reason).await?;
    tx.audit("wrong", "fluid", fluid_id, Some(stay.patient()), serde_json::Value::Null);
    stay::tell(&mut tx, &stay);
    tx.commit().await?;
    web::redirect(format!("/app/stays/{id}/fluids"))
}
