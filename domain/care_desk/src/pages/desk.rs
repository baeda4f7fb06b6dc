//! The desk: who is to be called, most urgent first, and the one call that this person has in hand.

use crate::caller::Caller;
use crate::decide::{self, Ended, Typed};
use crate::question::{About, Answers, Question, ask};
use crate::store::tasks::{self, Task};
use crate::switchboard::own_topic;
use crate::task::{Act, Kind};
use askama::Template;
use base::{AppointmentId, Problem, Problems};
use chrono::{DateTime, NaiveDate, Utc};
use scheduling::pages::times::{self, Times};
use scheduling::{Appointment, Status};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Tx};

const KEYS: &[(&str, &str)] = &[("F8", "Nhận việc kế"), ("F3", "Đặt hộ"), ("F4", "Gọi"), ("Ctrl+Enter", "Xác nhận, gọi người kế")];

/// The list at the left; renews itself.
#[derive(Template)]
#[template(path = "care_desk_queue.html")]
struct Queue {
    rows: Vec<Task>,
    at: Option<Uuid>,
    me: Uuid,
    now: DateTime<Utc>,
}

impl Queue {
    async fn load(ctx: &Ctx, tx: &mut Tx, at: Option<Uuid>) -> Result<Queue, Failure> {
        Ok(Queue { rows: tasks::list_due(tx).await?, at, me: ctx.actor.account.0, now: ctx.now })
    }

    fn is_at(&self, task: &Task) -> bool {
        self.at == Some(task.task_id)
    }

    /// Who has it, as the line says it.
    fn holder(&self, task: &Task) -> String {
        match task.is_live() && task.claimed_until.is_some_and(|until| until > self.now) {
            true if task.is_mine(self.me) => "bạn đang giữ".into(),
            true => task.claimed_name.clone(),
            false => String::new(),
        }
    }
}

/// Signs of danger as they stand, and the one way out when there is one.
#[derive(Template)]
#[template(path = "care_desk_danger.html")]
pub struct Danger {
    pub red: Vec<Question>,
    pub left: usize,
    pub house_phone: String,
}

/// The ways to end a call.
#[derive(Template)]
#[template(path = "care_desk_conclusions.html")]
struct Conclusions {
    is_red: bool,
    is_screening: bool,
    wants: String,
    typed: Typed,
    problems: Problems,
    form: &'static str,
}

/// One question with what was answered.
pub struct Asked {
    pub q: Question,
    pub answer: String,
    pub problem: String,
}

/// Questions of a section with the answers as typed, or as kept.
pub fn asked(about: &About, fields: &BTreeMap<String, String>, kept: &Answers, problems: &Problems) -> Vec<Asked> {
    let answer = |q: &Question| fields.get(&format!("q.{}", q.key)).or_else(|| kept.given.get(q.key)).cloned().unwrap_or_default();
    ask(about).into_iter().map(|q| Asked { answer: answer(&q), problem: problems.at(&format!("q.{}", q.key)).to_owned(), q }).collect()
}

/// The call that is open in the middle.
struct Open {
    task: Task,
    a: Option<Appointment>,
    asked: Vec<Asked>,
    typed: Typed,
    card: Caller,
    danger: Danger,
    conclusions: Conclusions,
    times: Option<Times>,
    new: AppointmentId,
    script: String,
    groups: Vec<(String, String)>,
    happened: String,
    is_mine: bool,
    has_line: bool,
    dial_key: Uuid,
}

#[derive(Template)]
#[template(path = "care_desk.html")]
struct Page {
    shell: web::Shell,
    queue: Queue,
    open: Option<Open>,
    problems: Problems,
    topic: String,
    today: NaiveDate,
    now: DateTime<Utc>,
    may_manage: bool,
}

/// `GET /app/care-desk`: the call in hand, or the list alone.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let mine = tasks::find_mine(&mut tx).await?.map(|t| t.task_id);
    let page = load(&ctx, &mut tx, mine, Typed::default(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// `GET /app/care-desk/tasks/{id}`.
pub async fn open(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = load(&ctx, &mut tx, Some(id), Typed::default(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct At {
    at: Option<Uuid>,
}

/// `GET /app/care-desk/queue`: the list alone.
pub async fn queue(ctx: Ctx, Query(at): Query<At>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Queue::load(&ctx, &mut tx, at.at).await?)
}

async fn load(ctx: &Ctx, tx: &mut Tx, at: Option<Uuid>, typed: Typed, problems: Problems) -> Result<Page, Failure> {
    let open = match at {
        Some(id) => Some(load_open(ctx, tx, id, typed, &problems).await?),
        None => None,
    };
    Ok(Page {
        shell: ctx.shell("Tổng đài", KEYS),
        queue: Queue::load(ctx, tx, at).await?,
        open,
        problems,
        topic: own_topic(ctx.actor.account.0),
        today: ctx.today(),
        now: ctx.now,
        may_manage: ctx.may(crate::MANAGE),
    })
}

async fn load_open(ctx: &Ctx, tx: &mut Tx, id: Uuid, mut typed: Typed, problems: &Problems) -> Result<Open, Failure> {
    let task = tasks::get(tx, id).await?;
    let a = match task.appointment() {
        Some(id) => Some(scheduling::get(tx, id).await?),
        None => None,
    };
    let is_screening = task.kind() == Kind::Screening;
    let about = a.as_ref().map(|a| About::of(a, ctx.today())).unwrap_or_default();
    let kept = a.as_ref().map(|a| Answers::of_kept(&a.answers, &about)).unwrap_or_default();
    let now_red = Answers::read(&typed.more, &about).ok().filter(|read| !read.given.is_empty()).unwrap_or_else(|| kept.clone());
    if let Some(a) = &a {
        typed.version = a.version.to_string();
        if typed.note.is_empty() && problems.is_empty() {
            typed.note.clone_from(&a.note);
        }
        if typed.priority.is_empty() {
            typed.priority.clone_from(&a.priority_class);
        }
    }
    let house = encounter::store::reception::facility_name(tx).await?;
    let mut card = Caller::load(tx, &task.phone, a.as_ref().and_then(|a| a.patient), task.appointment()).await?;
    card.task = Some(task.task_id);
    let is_mine = task.is_mine(ctx.actor.account.0);
    let times = match &a {
        Some(a) if is_screening && is_mine && a.status == Status::Pending => {
            let day = if typed.day.is_empty() { a.day.to_string() } else { typed.day.clone() };
            let question = times::Asked { offer: typed.offer.or(Some(a.offer)), day, slot: typed.slot };
            Some(Times::load(tx, &question, ctx.today(), problems.at("slot")).await?)
        }
        _ => None,
    };
    let happened = match &a {
        Some(a) if is_screening && a.status != Status::Pending => last_step(tx, a).await?,
        _ => String::new(),
    };
    let wants = a.as_ref().map(|a| base::show_time(a.starts_at)).unwrap_or_default();
    Ok(Open {
        danger: Danger { left: now_red.unasked.len(), red: now_red.red.clone(), house_phone: house_phone(tx).await? },
        asked: if is_screening { asked(&about, &typed.more, &kept, problems) } else { Vec::new() },
        conclusions: Conclusions { is_red: now_red.is_red(), is_screening, wants, typed: typed.clone(), problems: problems.clone(), form: "screening" },
        script: script(&task, a.as_ref(), &house),
        groups: encounter::priority::rules_on(ctx.today()).into_iter().map(|r| (r.class.key().to_owned(), r.short.to_owned())).collect(),
        has_line: web::ask::Telephone::is_connected(&crate::Switchboard, tx).await?,
        dial_key: Uuid::now_v7(),
        new: typed.new.unwrap_or_else(AppointmentId::new),
        task,
        a,
        typed,
        card,
        times,
        happened,
        is_mine,
    })
}

/// What happened to a booking last, in a sentence.
async fn last_step(tx: &mut Tx, a: &Appointment) -> Result<String, Failure> {
    let steps = scheduling::store::appointments::list_steps(tx, a.id).await?;
    Ok(steps.last().map_or(String::new(), |step| {
        let why = if step.why().is_empty() { String::new() } else { format!(": {}", step.why()) };
        format!("{} lúc {}{why}", step.shown(), base::show_time(step.at))
    }))
}

/// The number that people in need are told, as the house prints it on its papers.
pub async fn house_phone(tx: &mut Tx) -> Result<String, Failure> {
    Ok(encounter::store::reception::paper_head(tx).await?["phone"].as_str().unwrap_or("").to_owned())
}

/// What to say first.
fn script(task: &Task, a: Option<&Appointment>, house: &str) -> String {
    match (task.kind(), a) {
        (Kind::Screening, Some(a)) => {
            let whom = if a.relation == "self" || a.booker_name.is_empty() { a.name.clone() } else { a.booker_name.clone() };
            format!("Dạ em chào {whom}, em gọi từ {house} về lịch {} lúc {} của {}. Cho em hỏi người khám bị gì, từ khi nào ạ?", a.offer_name, a.when(), a.name)
        }
        (Kind::NoShow, Some(a)) => format!("Dạ em gọi từ {house}. Hôm {} {} có hẹn {} mà chưa tới được. Anh chị có muốn hẹn lại ngày khác không ạ?", base::show_date(a.day), a.name, a.offer_name),
        (Kind::FollowUp, _) => format!("Dạ em gọi từ {house}. {} tới ngày bác sĩ hẹn khám lại. Em đặt giờ giúp anh chị nhé?", task.name),
        _ => format!("Dạ em gọi từ {house}. Số này vừa gọi tới mà chúng em chưa kịp nghe máy. Em giúp gì được ạ?"),
    }
}

/// `POST /app/care-desk/next`: the most urgent call that nobody has.
pub async fn next(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let taken = tasks::claim_next(&mut tx).await?;
    tx.commit().await?;
    match taken {
        Some(id) => web::redirect(format!("/app/care-desk/tasks/{id}")),
        None => web::redirect("/app/care-desk"),
    }
}

/// `POST …/{id}/claim`: this one.
pub async fn claim(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    match tasks::claim(&mut tx, id).await {
        Ok(_) => {
            tx.commit().await?;
            web::redirect(format!("/app/care-desk/tasks/{id}"))
        }
        Err(Failure::Refused(problems)) => again(&ctx, tx, id, Typed::default(), problems).await,
        Err(other) => Err(other),
    }
}

/// `POST …/{id}/release`: back to the list.
pub async fn release(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    match tasks::release(&mut tx, id).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect("/app/care-desk")
        }
        Err(Failure::Refused(problems)) => again(&ctx, tx, id, Typed::default(), problems).await,
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "care_desk_renewal.html")]
struct Renewal {
    id: Uuid,
    problem: String,
}

/// `POST …/{id}/renewal`: the open page keeps the call for ten minutes more.
pub async fn renew(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = tasks::get(&mut tx, id).await?;
    // A page left open must not take a call back that its reader gave up or lost.
    let problem = match known.is_mine(ctx.actor.account.0) {
        true => match tasks::claim(&mut tx, id).await {
            Ok(_) => String::new(),
            Err(Failure::Refused(problems)) => problems.at("").to_owned(),
            Err(other) => return Err(other),
        },
        false => known.held().after(Act::Finish, ctx.actor.account.0, ctx.now).err().map(|p| p.text.into_owned()).unwrap_or_default(),
    };
    if problem.is_empty() {
        tx.commit().await?;
    }
    web::html(Renewal { id, problem })
}

#[derive(Template)]
#[template(path = "care_desk_check.html")]
struct Check {
    danger: Danger,
    conclusions: Conclusions,
}

/// `POST …/{id}/check`: what the answers so far mean, while they are being given. Writes nothing.
pub async fn check(ctx: Ctx, Path(id): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let task = tasks::get(&mut tx, id).await?;
    let Some(appointment) = task.appointment() else { return Err(Failure::NotFound) };
    let a = scheduling::get(&mut tx, appointment).await?;
    let (answers, problems) = match Answers::read(&typed.more, &About::of(&a, ctx.today())) {
        Ok(answers) => (answers, Problems::none()),
        Err(problems) => (Answers::default(), problems),
    };
    let danger = Danger { left: answers.unasked.len(), red: answers.red.clone(), house_phone: house_phone(&mut tx).await? };
    let conclusions = Conclusions { is_red: answers.is_red(), is_screening: true, wants: base::show_time(a.starts_at), typed, problems, form: "screening" };
    web::html(Check { danger, conclusions })
}

/// `POST …/{id}/outcome`: the end of a call.
pub async fn conclude(ctx: Ctx, Path(id): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    tasks::get(&mut tx, id).await?;
    let problems: Problems = match decide::conclude(&ctx, &mut tx, id, &typed).await {
        Ok(Ended::Done) => {
            let next = match typed.outcome.ends_with("_next") {
                true => tasks::claim_next(&mut tx).await?,
                false => None,
            };
            tx.commit().await?;
            return match next {
                Some(next) => web::redirect(format!("/app/care-desk/tasks/{next}")),
                None => web::redirect("/app/care-desk"),
            };
        }
        Ok(Ended::Danger) => {
            tx.commit().await?;
            Problem::at("danger", "Có dấu hiệu nguy hiểm: không xếp lịch khám thường. Hướng dẫn gọi 115 rồi bấm “Đã hướng dẫn cấp cứu”.").into()
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            problems
        }
        Err(Failure::Conflict(text)) => {
            drop(tx);
            Problem::at(if text == scheduling::book::TAKEN { "slot" } else { "" }, text).into()
        }
        Err(Failure::NotFound) if typed.slot.is_some() => {
            drop(tx);
            Problem::at("slot", "Giờ này không còn. Chọn giờ khác.").into()
        }
        Err(other) => return Err(other),
    };
    let tx = ctx.begin().await?;
    again(&ctx, tx, id, typed, problems).await
}

/// The page once more, with what was wrong and all that was typed.
async fn again(ctx: &Ctx, tx: Tx, id: Uuid, typed: Typed, problems: Problems) -> Answer {
    drop(tx);
    let mut tx = ctx.begin().await?;
    let page = load(ctx, &mut tx, Some(id), typed, problems).await?;
    tx.commit().await?;
    web::refused(page)
}
