//! The list of messages and replies, and what the house decides about them.

use crate::store::{self, Message, ReplyRow, Setting, Status};
use crate::{post, wording};
use askama::Template;
use base::{Problem, Problems, Vnd};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Tx};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    show: String,
    phone: String,
    before: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "messaging_outbox.html")]
struct OutboxPage {
    shell: web::Shell,
    rows: Vec<Message>,
    replies: Vec<ReplyRow>,
    show: String,
    phone: String,
    counts: Vec<(Status, i64)>,
    older: Option<Uuid>,
    used: i64,
    spent: Vnd,
    cap: Option<Vnd>,
    may_manage: bool,
    is_sandbox: bool,
}

impl OutboxPage {
    fn look(&self, message: &Message) -> (&'static str, &'static str) {
        match message.state() {
            Status::Queued => ("waiting", "clock-hour-4"),
            Status::Held => ("warning", "hand-stop"),
            Status::Sent => ("info", "send"),
            Status::Delivered => ("done", "circle-check"),
            Status::Failed => ("critical", "alert-octagon"),
            Status::Dropped => ("neutral", "x"),
        }
    }

    fn time(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        format!("{} {}", base::show_time(*at), &base::show_date(base::local_date(*at))[..5])
    }

    fn title<'a>(&self, message: &'a Message) -> &'a str {
        wording::title(&message.template)
    }

    fn understood(&self, reply: &ReplyRow) -> (&'static str, &'static str, &'static str) {
        match reply.understood.as_str() {
            "confirm" => ("done", "circle-check", "Xác nhận"),
            "cancel" => ("warning", "calendar-x", "Hủy lịch"),
            "stop" => ("neutral", "hand-stop", "Không nhận tin nhắc"),
            "book" => ("info", "calendar-plus", "Đặt lịch"),
            _ => ("neutral", "help-circle", "Chưa hiểu"),
        }
    }
}

/// `GET /app/messages`.
pub async fn list(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let phone = scheduling::read_phone(&asked.phone).unwrap_or_default();
    let show = Status::from_key(&asked.show).map_or("", Status::key).to_owned();
    let mut rows = store::list(&mut tx, &show, &phone, asked.before).await?;
    let older = (rows.len() > 100).then(|| rows[99].message_id);
    rows.truncate(100);
    let counted = store::count_since(&mut tx, base::dates::start_of_day(ctx.today())).await?;
    let setting = store::setting(&mut tx).await?;
    let used = store::parts_of_month(&mut tx, ctx.today()).await?;
    let replies = store::list_replies(&mut tx).await?;
    if !rows.is_empty() || !replies.is_empty() {
        tx.audit("list", "message", ctx.today(), None, serde_json::json!({ "count": rows.len() }));
        tx.commit().await?;
    }
    web::html(OutboxPage {
        shell: ctx.shell("Tin nhắn", &[("F2", "Tìm"), ("↑ ↓", "Chọn")]),
        counts: Status::ALL.into_iter().map(|s| (s, counted.iter().find(|(key, _)| key == s.key()).map_or(0, |(_, n)| *n))).collect(),
        rows,
        replies,
        show,
        phone: asked.phone.chars().take(20).collect(),
        older,
        used,
        spent: Vnd(used * setting.price_vnd),
        cap: setting.cap_vnd.map(Vnd),
        may_manage: ctx.may(crate::MANAGE),
        is_sandbox: ctx.app.config.sandbox,
    })
}

/// `POST /app/messages/{id}/again`.
pub async fn again(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    post::again(&mut tx, id).await?;
    tx.commit().await?;
    web::redirect("/app/messages")
}

/// One occasion with the words in force.
struct Line {
    key: &'static str,
    title: &'static str,
    words: String,
    places: String,
    parts: i32,
    problem: String,
}

/// What the house decided, as typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct SettingForm {
    price: String,
    cap: String,
    day_before: String,
    hours_before: String,
}

#[derive(Template)]
#[template(path = "messaging_settings.html")]
struct SettingsPage {
    shell: web::Shell,
    form: SettingForm,
    lines: Vec<Line>,
    problems: Problems,
}

async fn load(ctx: &Ctx, tx: &mut Tx, form: Option<SettingForm>, problems: Problems, typed: Option<(&str, &str, String)>) -> Result<SettingsPage, Failure> {
    let setting = store::setting(tx).await?;
    let own = store::list_own_words(tx).await?;
    let tick = |on: bool| if on { "1".to_owned() } else { String::new() };
    let lines = wording::list()
        .filter(|w| w.key != "sms.answer")
        .map(|w| {
            let kept = own.iter().find(|(key, _)| key == w.key).map_or(w.words.to_owned(), |(_, words)| words.clone());
            let (words, problem) = match &typed {
                Some((key, words, problem)) if *key == w.key => ((*words).to_owned(), problem.clone()),
                _ => (kept, String::new()),
            };
            Line { key: w.key, title: wording::title(w.key), parts: wording::parts(&words), places: w.places.iter().map(|p| format!("{{{p}}}")).collect::<Vec<_>>().join(" "), words, problem }
        })
        .collect();
    Ok(SettingsPage {
        shell: ctx.shell("Cài đặt tin nhắn", &[("F8", "Lưu"), ("Esc", "Về danh sách")]),
        form: form.unwrap_or(SettingForm {
            price: setting.price_vnd.to_string(),
            cap: setting.cap_vnd.map(|v| v.to_string()).unwrap_or_default(),
            day_before: tick(setting.day_before),
            hours_before: tick(setting.hours_before),
        }),
        lines,
        problems,
    })
}

/// `GET /app/messages/settings`.
pub async fn settings(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(load(&ctx, &mut tx, None, Problems::none(), None).await?)
}

/// `POST /app/messages/settings`.
pub async fn save_settings(ctx: Ctx, Form(form): Form<SettingForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut problems = Problems::none();
    let mut money = |field: &'static str, typed: &str, most: i64| match typed.chars().filter(|c| !matches!(c, '.' | ' ')).collect::<String>().parse::<i64>() {
        Ok(n) if (0..=most).contains(&n) => n,
        _ => {
            problems.add(field, format!("Ghi số đồng từ 0 đến {}.", Vnd(most)));
            0
        }
    };
    let price_vnd = money("price", &form.price, 100_000);
    let cap_vnd = if form.cap.trim().is_empty() { None } else { Some(money("cap", &form.cap, 1_000_000_000)) };
    if !problems.is_empty() {
        return web::refused(load(&ctx, &mut tx, Some(form), problems, None).await?);
    }
    let setting = Setting { price_vnd, cap_vnd, day_before: form.day_before == "1", hours_before: form.hours_before == "1" };
    store::save_setting(&mut tx, &setting).await?;
    tx.audit("save", "message-setting", ctx.facility(), None, serde_json::json!({ "cap_vnd": cap_vnd }));
    tx.commit().await?;
    web::redirect("/app/messages/settings")
}

/// Words as typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WordsForm {
    words: String,
}

/// `POST /app/messages/wordings/{key}`: the house's own words, kept beside the earlier ones.
pub async fn save_words(ctx: Ctx, Path(key): Path<String>, Form(form): Form<WordsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let wording = wording::find(&key).filter(|w| w.key != "sms.answer").ok_or(Failure::NotFound)?;
    if let Some(problem) = wording::problem(&form.words, &wording) {
        let typed = Some((wording.key, form.words.as_str(), problem.clone()));
        return web::refused(load(&ctx, &mut tx, None, Problem::at(wording.key, problem.clone()).into(), typed).await?);
    }
    store::add_words(&mut tx, wording.key, form.words.trim()).await?;
    tx.audit("reword", "message", &key, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/messages/settings")
}
