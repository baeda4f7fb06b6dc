//! The nurse's sheets of a stay, by level of care.

use super::frame::Frame;
use super::{Pairs, field, minted, needed, text, told};
use crate::care::{self as rule, Item};
use crate::paper;
use crate::store::care::{self, Care, NewCare};
use crate::store::{fluid, stay};
use askama::Template;
use base::{EncounterId, Problems, local_date};
use encounter::vitals::Measure;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

struct Entry {
    row: Care,
    at: String,
    findings: Vec<(&'static str, String)>,
}

struct Asked {
    item: Item,
    chosen: String,
}

#[derive(Template)]
#[template(path = "care.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    level: i32,
    asked: Vec<Asked>,
    entries: Vec<Entry>,
    id: Uuid,
    problem: String,
    goal: String,
    action: String,
    handover: String,
    problems: Problems,
}

/// `GET /app/stays/{encounter}/care`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &Pairs::new(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, pairs: &Pairs, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "care").await?;
    let level = frame.stay.care_level.unwrap_or(3);
    let rows = care::list(tx, id).await?;
    let entries = rows
        .into_iter()
        .map(|row| Entry {
            at: super::show_moment(row.at),
            findings: rule::items(row.level).into_iter().filter_map(|i| row.findings.0.get(i.key).map(|word| (i.label, word.clone()))).collect(),
            row,
        })
        .collect();
    Ok(Page {
        shell: ctx.shell("Chăm sóc", &[("F8", "Lưu phiếu chăm sóc"), ("B", "Sơ đồ giường")]),
        asked: rule::items(level).into_iter().map(|item| Asked { chosen: field(pairs, &format!("item.{}", item.key)).to_owned(), item }).collect(),
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(pairs) },
        problem: field(pairs, "problem").to_owned(),
        goal: field(pairs, "goal").to_owned(),
        action: field(pairs, "action").to_owned(),
        handover: field(pairs, "handover").to_owned(),
        level,
        entries,
        frame,
        problems,
    })
}

/// `POST /app/stays/{encounter}/care`: one sheet on the level that the doctor ordered; the second click keeps nothing new.
pub async fn record(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    match keep(&ctx, &mut tx, &stay, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/care"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, id, &pairs, problems).await?)
        }
    }
}

async fn keep(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, pairs: &Pairs) -> Result<(), Failure> {
    stay.must_be_open()?;
    let level = stay.care_level.unwrap_or(3);
    let mut problems = Problems::none();
    let problem = needed(pairs, "problem", 2000, "Chưa ghi chẩn đoán điều dưỡng (vấn đề cần chăm sóc).", &mut problems);
    let action = needed(pairs, "action", 4000, "Chưa ghi việc chăm sóc đã làm.", &mut problems);
    let goal = text(pairs, "goal", 2000, &mut problems);
    let handover = text(pairs, "handover", 2000, &mut problems);
    let findings: BTreeMap<String, String> = rule::items(level)
        .into_iter()
        .filter_map(|item| {
            let typed = field(pairs, &format!("item.{}", item.key)).to_owned();
            (!typed.is_empty() && typed.chars().count() <= 200).then(|| (item.key.to_owned(), typed))
        })
        .collect();
    problems.or(())?;
    let new = NewCare { id: minted(pairs), level, findings: &findings, problem: &problem, goal: &goal, action: &action, handover: &handover };
    if !care::insert(tx, stay.encounter(), stay.patient(), &new).await? {
        return Ok(());
    }
    tx.audit("record", "care-sheet", new.id, Some(stay.patient()), json!({ "level": level }));
    stay::tell(tx, stay);
    write_paper(ctx, tx, stay, level).await
}

/// The sheet of the day as form 37/BV2 or 38/BV2, growing with each entry.
async fn write_paper(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, level: i32) -> Result<(), Failure> {
    let day = ctx.today();
    let paper = paper::day_sheet(ctx, tx, stay, rule::form(level), day).await?;
    let is_here = |c: &Care| local_date(c.at) == day && rule::form(c.level) == rule::form(level) && paper.since.is_none_or(|since| c.at > since);
    let today: Vec<Care> = care::list(tx, stay.encounter()).await?.into_iter().rev().filter(is_here).collect();
    let Some(last) = today.last() else { return Ok(()) };
    let measured = super::vitals::of_stay(tx, stay).await?;
    let latest = measured.last();
    let vital = |m: Measure| latest.and_then(|r| r.vitals().get(m));
    let degrees = vital(Measure::Temperature).map(|t| f64::from(t) / 10.0);
    let pressure = latest.map(|r| r.vitals().blood_pressure()).filter(|p| !p.is_empty());
    let seen = |c: &Care| -> Map<String, Value> {
        rule::items(c.level).into_iter().filter_map(|i| Some((i.form_field(level)?.to_owned(), Value::from(c.findings.0.get(i.key)?.clone())))).collect()
    };
    let data = if level == 1 {
        let (from, to) = crate::fluid::span(day, &crate::fluid::shifts());
        let fluids = fluid::list(tx, stay.encounter(), from, to).await?;
        let side = |out: bool| -> Vec<Value> {
            fluids.iter().filter(|f| f.is_out == out).map(|f| json!({ "gio": paper::hour(f.at), "loai": crate::fluid::kind(&f.kind).map_or("Khác", |(w, _)| w), "so_luong": f.volume_ml })).collect()
        };
        let grid: Vec<Value> = today
            .iter()
            .map(|c| {
                let mut row = seen(c);
                row.insert("gio".into(), paper::hour(c.at).into());
                if c.care_id == last.care_id {
                    for (key, value) in [("mach", json!(vital(Measure::Pulse))), ("nhiet_do", json!(degrees)), ("huyet_ap", json!(pressure)), ("nhip_tho", json!(vital(Measure::Breaths))), ("spo2", json!(vital(Measure::Spo2)))] {
                        row.insert(key.into(), value);
                    }
                }
                Value::Object(row)
            })
            .collect();
        json!({
            "ngay": day.to_string(),
            "phan_cap_cham_soc": "Cấp 1",
            "luoi_nhan_dinh": grid,
            "dich_vao": side(false),
            "dich_ra": side(true),
            "chan_doan_dieu_duong": last.problem,
            "muc_tieu": last.goal,
            "bang_can_thiep": today.iter().map(|c| json!({ "gio": paper::hour(c.at), "can_thiep_y_lenh_thuc_hien": c.action, "dieu_duong": c.by_name })).collect::<Vec<_>>(),
            "ghi_chu_ban_giao": last.handover,
        })
    } else {
        let rows: Vec<Value> = today.iter().map(|c| json!({ "ngay_gio": paper::clock(c.at), "theo_doi_dien_bien": c.problem, "thuc_hien_y_lenh_cham_soc": c.action, "ky_ten": c.by_name })).collect();
        let base = json!({
            "phan_cap_cham_soc": format!("Cấp {}", last.level),
            "ngay_gio_nhan_dinh": paper::clock(last.at),
            "mach": vital(Measure::Pulse),
            "huyet_ap": pressure,
            "nhiet_do": degrees,
            "spo2": vital(Measure::Spo2),
            "ho_hap": vital(Measure::Breaths),
            "dau": vital(Measure::Pain),
            "chan_doan_dieu_duong": last.problem,
            "bang_cham_soc": rows,
            "ban_giao": last.handover,
        });
        paper::joined(base, Value::Object(seen(last)))
    };
    let data = paper::joined(json!({ "to_so": paper.number }), data);
    paper::put(ctx.app.records(), tx, stay, rule::form(level), paper.document, paper::joined(paper::head(stay), data)).await
}
