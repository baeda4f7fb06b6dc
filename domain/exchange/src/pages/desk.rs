//! The clerk's desk: people whom a message names and whom nobody could place by rule, and facts that a sender knows
//! otherwise than we do.

use super::Tabs;
use crate::apply::Chosen;
use crate::command::Command;
use crate::inbox;
use crate::person::{self, Candidate, Match};
use crate::store::messages::{self as store, Difference, Kept};
use crate::store::people;
use askama::Template;
use base::{PatientId, Problem, Problems};
use patient::store::find::Found;
use patient::store::register::{Source, update_demographics};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Template)]
#[template(path = "exchange_desk.html")]
struct ListPage {
    shell: Shell,
    tabs: Tabs,
    doubtful: Vec<(Kept, i64)>,
    differences: Vec<Difference>,
}

/// What waits for a clerk.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = ListPage {
        shell: ctx.shell("Liên thông HIS", &[("↑↓", "Chọn"), ("Enter", "Mở")]),
        doubtful: store::list_doubtful(&mut tx).await?,
        differences: store::list_differences(&mut tx).await?,
        tabs: Tabs::load(&ctx, &mut tx, "desk").await?,
    };
    tx.audit("read", "messages", "desk", None, serde_json::json!({ "rows": page.doubtful.len() + page.differences.len() }));
    tx.commit().await?;
    web::html(page)
}

/// One fact on both sides.
struct Row {
    label: &'static str,
    theirs: String,
    /// One value for each candidate, and whether it agrees.
    ours: Vec<(String, bool)>,
}

#[derive(Template)]
#[template(path = "exchange_match.html")]
struct MatchPage {
    shell: Shell,
    kept: Kept,
    candidates: Vec<Candidate>,
    rows: Vec<Row>,
    says: Vec<String>,
    /// Why a new record cannot be made from what the sender told; empty when it can.
    no_new: String,
    problems: Problems,
}

async fn match_page(ctx: &Ctx, id: Uuid, problems: Problems) -> Result<MatchPage, Failure> {
    let mut tx = ctx.begin().await?;
    let kept = store::get(&mut tx, id).await?;
    let content = kept.content.clone().unwrap_or_default();
    let subject = &content.subject;
    let told = person::read(subject, ctx.today());
    let mut candidates = Vec::new();
    if let Ok(told) = &told
        && let Match::Doubtful(found) = person::search(&mut tx, &told.who).await?
    {
        candidates = found;
    }
    if let Ok(told) = &told
        && candidates.is_empty()
    {
        // The number means somebody here already: that person is the one to compare with.
        let own = people::find_meant(&mut tx, kept.partner, &kept.subject_key).await?;
        candidates.extend(own.map(|found| person::compared(&told.who, found)));
    }
    let (birth, card, no_new) = match &told {
        Ok(told) => (told.who.birth.to_string(), told.who.cover.as_ref().map(|c| c.number.bhxh_no.clone()).unwrap_or_default(), String::new()),
        Err(problems) => (subject.birth.clone(), subject.card_no.clone(), problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ")),
    };
    let name = told.as_ref().map_or(subject.name.clone(), |t| t.who.name.clone());
    let sex = told.as_ref().map_or(String::new(), |t| t.who.sex.label().to_owned());
    let row = |label, theirs: String, of: fn(&Found) -> String| {
        let ours = candidates.iter().map(|c| of(&c.found)).map(|value| (value.clone(), value == theirs)).collect();
        Row { label, theirs, ours }
    };
    let rows = vec![
        row("Họ và tên", name, |f| f.name.clone()),
        row("Ngày sinh", birth, |f| f.birth.to_string()),
        row("Giới tính", sex, |f| f.sex.label().to_owned()),
        row("Số CCCD", subject.cccd.clone(), |f| f.cccd.clone()),
        row("Số BHXH", card, |f| f.bhxh_no.clone()),
        row("Điện thoại", subject.phone.clone(), |f| f.phone.clone()),
        row("Địa chỉ", subject.address.clone(), |f| f.address.clone()),
        row("Mã hồ sơ", kept.subject_key.clone(), |f| f.record_no.clone()),
    ];
    let says = content.commands.iter().map(in_words).collect();
    let shell = ctx.shell("Xác định người bệnh", &[("1…6", "Chọn hồ sơ"), ("F9", "Lập hồ sơ mới"), ("Esc", "Về bàn")]);
    for candidate in &candidates {
        tx.audit("read", "patient", candidate.found.patient, Some(candidate.found.patient), serde_json::Value::Null);
    }
    tx.audit("read", "message", id, None, serde_json::Value::Null);
    tx.commit().await?;
    Ok(MatchPage { shell, kept, candidates, rows, says, no_new, problems })
}

/// What will be done once the person is known.
fn in_words(command: &Command) -> String {
    match command {
        Command::Person => "Cập nhật hành chính".into(),
        Command::Admit(c) => format!("Vào viện lượt {} tại {}", c.visit, c.ward.code),
        Command::Transfer(c) => format!("Chuyển khoa lượt {} đến {}", c.visit, c.ward.code),
        Command::Discharge(c) => format!("Ra viện lượt {}", c.visit),
        Command::Undo(c) => format!("Hủy bước của lượt {}", c.visit),
        Command::Document(c) => format!("Tài liệu: {}", if c.title.is_empty() { &c.kind.text } else { &c.title }),
        Command::Report(c) => format!("Kết quả: {} ({} chỉ số)", c.service.text, c.values.len()),
        Command::Diagnosis(c) => format!("Chẩn đoán: {} {}", c.code.code, c.code.text),
    }
}

/// A doubtful person beside those who look alike.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let page = match_page(&ctx, id, Problems::none()).await?;
    if page.kept.state != crate::command::State::Clerk {
        return web::redirect(if ctx.may("exchange.read") { format!("/app/exchange/messages/{id}") } else { "/app/exchange/desk".into() });
    }
    web::html(page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    /// A patient's id, or `"new"`.
    who: String,
}

/// The clerk says who it is; the message is applied and what waited behind it follows. The second click changes nothing.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecideForm>) -> Answer {
    let mut tx = ctx.begin_for("person-index").await?;
    store::get(&mut tx, id).await?;
    let chosen = match form.who.as_str() {
        "new" => Chosen::New,
        other => match other.parse::<PatientId>() {
            Ok(patient) => {
                people::get_known(&mut tx, patient).await?;
                Chosen::Patient(patient)
            }
            Err(_) => {
                drop(tx);
                return web::refused(match_page(&ctx, id, Problem::of("Chưa chọn hồ sơ. Bấm số của hồ sơ đúng, hoặc lập hồ sơ mới.").into()).await?);
            }
        },
    };
    match inbox::decide(&ctx.app, tx, id, Some(chosen)).await {
        Ok(_) => web::redirect("/app/exchange/desk"),
        Err(Failure::Refused(problems)) => web::refused(match_page(&ctx, id, problems).await?),
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "exchange_difference.html")]
struct DifferencePage {
    shell: Shell,
    difference: Difference,
    problems: Problems,
}

/// What a sender knows otherwise, side by side.
pub async fn difference(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let difference = store::get_difference(&mut tx, id).await?;
    tx.audit("read", "patient", difference.patient, Some(difference.patient), serde_json::Value::Null);
    tx.commit().await?;
    let shell = ctx.shell("So thông tin hành chính", &[("F8", "Lưu lựa chọn"), ("Esc", "Về bàn")]);
    web::html(DifferencePage { shell, difference, problems: Problems::none() })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SettleForm {
    #[serde(flatten)]
    chosen: std::collections::BTreeMap<String, String>,
}

/// Keeps or takes each differing fact. Whoever decided first has decided.
pub async fn settle(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<SettleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let difference = store::get_difference(&mut tx, id).await?;
    let taken: Vec<&str> =
        difference.lines.iter().map(|l| l.field.as_str()).filter(|field| form.chosen.get(*field).is_some_and(|v| v == "theirs")).collect();
    if store::decide_difference(&mut tx, id, &taken).await? && !taken.is_empty() {
        let summary = patient::get_summary(&mut tx, difference.patient).await?;
        let mut typed = person::take(&summary.typed(), &difference.lines, &taken);
        let who = match person::checked(&mut typed, ctx.today()) {
            Ok(told) => told.who,
            Err(problems) => {
                drop(tx);
                let shell = ctx.shell("So thông tin hành chính", &[("F8", "Lưu lựa chọn"), ("Esc", "Về bàn")]);
                return web::refused(DifferencePage { shell, difference, problems });
            }
        };
        let changed = update_demographics(&mut tx, difference.patient, summary.version, &who, Source::Api, &difference.partner_name).await?;
        tx.audit("update", "patient", difference.patient, Some(difference.patient), serde_json::json!({ "fields": changed, "message": id }));
    }
    tx.notify("exchange");
    tx.commit().await?;
    web::redirect("/app/exchange/desk")
}
