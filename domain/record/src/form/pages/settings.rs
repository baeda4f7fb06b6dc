//! The parameters of the record: what holds today, what was decided before, what will hold.

use crate::document::overview::moment;
use crate::form::setting::number::Places;
use crate::form::setting::{self, Decision, KNOWN, Kind, Known, Pattern};
use askama::Template;
use base::{Problems, show_date};
use chrono::Datelike;
use serde::Deserialize;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Decided {
    #[serde(default)]
    pub value: String,
    #[serde(default)]
    pub valid_from: String,
    #[serde(default)]
    pub note: String,
}

struct Past {
    value: String,
    from: String,
    by: String,
    at: String,
    note: String,
    is_coming: bool,
}

struct Row {
    key: &'static str,
    title: &'static str,
    hint: &'static str,
    unit: &'static str,
    value: String,
    /// A number as it will be written, for a pattern.
    sample: String,
    is_default: bool,
    past: Vec<Past>,
    typed: Decided,
    problems: Problems,
}

struct Group {
    title: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "form-settings.html")]
struct Page {
    shell: Shell,
    groups: Vec<Group>,
    today: String,
}

/// `GET /app/forms/settings`
pub async fn show(ctx: Ctx) -> Answer {
    web::html(page(&ctx, None).await?)
}

/// `POST /app/forms/settings/{key}`
pub async fn decide(ctx: Ctx, Path(key): Path<String>, Form(typed): Form<Decided>) -> Answer {
    let known = setting::known(&key).ok_or(Failure::NotFound)?;
    let from = match typed.valid_from.trim() {
        "" => Ok(ctx.today()),
        text => base::parse_date_vi(text).ok_or_else(|| base::Problem::at("valid_from", "Không đọc được ngày. Nhập như 25/11/2026.")),
    };
    let checked = from.and_then(|from| Ok((setting::check(known, &typed.value, from, ctx.today())?, from)));
    match checked {
        Ok((value, from)) => {
            let mut tx = ctx.begin().await?;
            let note: String = typed.note.trim().chars().take(300).collect();
            setting::decide(&mut tx, known, &value, from, &note, &ctx.actor.name).await?;
            tx.commit().await?;
            web::redirect(format!("/app/forms/settings#{key}"))
        }
        Err(problem) => web::refused(page(&ctx, Some((known.key, typed, problem.into()))).await?),
    }
}

async fn page(ctx: &Ctx, refused: Option<(&'static str, Decided, Problems)>) -> Result<Page, Failure> {
    let today = ctx.today();
    let mut tx = ctx.begin().await?;
    let holds = setting::all_on(&mut tx, today).await?;
    let history = setting::history(&mut tx).await?;
    let facility = tx.facility();
    let official = organization::facility::code_on(tx.conn(), facility, "kcb", today).await?.unwrap_or_default();
    let province = holds.get("form.province").cloned().unwrap_or_default();
    let mut groups: Vec<Group> = Vec::new();
    for known in KNOWN {
        let value = holds.get(known.key).cloned().unwrap_or_else(|| known.default.to_owned());
        let places = Places { number: 417, year: today.year(), ward: "KNOI", province: &province, facility: &official };
        let (typed, problems) = match &refused {
            Some((key, typed, problems)) if *key == known.key => (typed.clone(), problems.clone()),
            _ => (Decided { value: value.clone(), ..Decided::default() }, Problems::none()),
        };
        let row = Row {
            key: known.key,
            title: known.title,
            hint: known.hint,
            unit: unit(known),
            sample: if known.kind == Kind::Pattern { Pattern::parse(&value).map(|p| p.write(&places)).unwrap_or_default() } else { String::new() },
            is_default: !holds.contains_key(known.key),
            past: history.iter().filter(|d| d.key == known.key).map(|d| past(d, today)).collect(),
            value,
            typed,
            problems,
        };
        match groups.last_mut().filter(|group| group.title == known.group) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title: known.group, rows: vec![row] }),
        }
    }
    Ok(Page { shell: ctx.shell("Tham số hồ sơ", &[("Esc", "Danh sách mẫu")]), groups, today: show_date(today) })
}

fn unit(known: &Known) -> &'static str {
    match known.kind {
        Kind::Number { unit, .. } => unit,
        _ => "",
    }
}

fn past(decision: &Decision, today: chrono::NaiveDate) -> Past {
    Past {
        value: decision.value.as_str().filter(|v| !v.is_empty()).unwrap_or("để trống").to_owned(),
        from: show_date(decision.valid_from),
        by: decision.set_by_name.clone(),
        at: moment(decision.set_at),
        note: decision.note.clone(),
        is_coming: decision.valid_from > today,
    }
}
