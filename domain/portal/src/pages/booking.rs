//! Three steps: a time is held, the form is filled, the phone proved. Nothing typed is lost on the way, and a place that was
//! taken meanwhile is answered with others.

use super::times::TimesPage;
use super::{House, find_house, house, lang, me, ours, tail, with_visit};
use crate::family::{self, Profile};
use crate::{proof, store};
use askama::Template;
use base::{AppointmentId, Problem, Problems, SlotId};
use chrono::{NaiveDate, TimeDelta};
use http::HeaderMap;
use scheduling::pass::{self, Purpose};
use scheduling::store::openings;
use scheduling::{Appointment, Booker, Channel, Goal, NewBooking, Opening, Status, TypedWho, Who, change};
use serde::Deserialize;
use sha2::Digest;
use uuid::Uuid;
use web::{Answer, Failure, Form, IntoResponse, Path, Tx, Visitor};

/// A chosen time.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    pub id: Option<AppointmentId>,
    pub slot: Option<SlotId>,
    pub day: String,
    pub version: i32,
}

/// `POST /booking/{code}/{offer}/hold`: keeps the place while the form is filled.
pub async fn hold(visitor: Visitor, headers: HeaderMap, Path((code, offer)): Path<(String, Uuid)>, Form(form): Form<Chosen>) -> Answer {
    ours(&headers)?;
    let facility = find_house(&visitor, &code).await?;
    let mut tx = visitor.begin_at(facility).await?;
    openings::get_offer(&mut tx, offer).await?;
    let (problem, is_taken) = match (form.slot, form.id) {
        (Some(slot), Some(id)) => match keep(&visitor, &mut tx, slot, id).await {
            Ok(held) => {
                tx.commit().await?;
                return web::redirect(format!("/b/{}", mint(&visitor, &held)));
            }
            Err(Failure::Refused(problems)) => (problems.0.first().map(|p| p.text.to_string()).unwrap_or_default(), false),
            Err(Failure::Conflict(text)) => (text, true),
            Err(Failure::NotFound) => ("Giờ này không còn. Chọn giờ khác.".into(), false),
            Err(other) => return Err(other),
        },
        _ => ("Chưa chọn giờ khám.".into(), false),
    };
    drop(tx);
    let mut tx = visitor.begin_at(facility).await?;
    let here = format!("/booking/{code}/{offer}");
    let page = TimesPage::load(&visitor, &mut tx, offer, &form.day, here.clone(), format!("{here}/hold"), &problem).await?;
    if is_taken { conflict(page) } else { web::refused(page) }
}

/// A page that says what was taken meanwhile, with what is left (409).
fn conflict(page: impl Template) -> Answer {
    let mut answer = web::html(page)?;
    *answer.status_mut() = http::StatusCode::CONFLICT;
    Ok(answer)
}

fn mint(visitor: &Visitor, a: &Appointment) -> String {
    pass::mint(&visitor.app.config.secret, Purpose::Manage, a.facility, a.id, a.ends_at + TimeDelta::days(7))
}

/// The same hold again after it ran out, for a form that took long: the time that was held, or another one that was chosen
/// since. Its id follows from both, so that a second click finds the first.
async fn keep_again(visitor: &Visitor, tx: &mut Tx, old: &Appointment, slot: SlotId) -> Result<Appointment, Failure> {
    let seed = sha2::Sha256::digest(format!("{}/{slot}/{}", old.id, visitor.now.timestamp() / 300).as_bytes());
    let id = AppointmentId(uuid::Builder::from_random_bytes(seed[..16].try_into().map_err(anyhow::Error::from)?).into_uuid());
    let held = keep(visitor, tx, slot, id).await?;
    if held.status == Status::Held && held.is_kept(visitor.now) { Ok(held) } else { Err(Failure::Conflict(scheduling::book::TAKEN.into())) }
}

/// A form whose hold ran out: the place is kept again, or other times are offered with everything typed still there.
async fn late(visitor: &Visitor, mut tx: Tx, a: Appointment, text: &str, form: Details, known: Option<String>) -> Answer {
    let is_hold = matches!(a.status, Status::Held | Status::Expired) && a.code.is_empty();
    if !is_hold {
        return web::redirect(format!("/b/{text}"));
    }
    let slot = form.slot.parse().map(SlotId).unwrap_or(a.slot);
    let kept = keep_again(visitor, &mut tx, &a, slot).await;
    match kept {
        Ok(held) => {
            let house = house(&mut tx).await?;
            tx.commit().await?;
            let notice = Problem::of("Giờ giữ chỗ vừa hết nên chúng tôi giữ lại cho bạn. Xem lại rồi bấm Tiếp tục.");
            let pass = mint(visitor, &held);
            web::html(FormPage { problems: notice.into(), ..FormPage::new(visitor, house, held, &pass, form, "form", known) })
        }
        Err(Failure::Refused(_) | Failure::Conflict(_) | Failure::NotFound) => {
            drop(tx);
            let mut tx = visitor.begin_at(a.facility).await?;
            let offer = openings::get_offer(&mut tx, a.offer).await?;
            let after = visitor.now + TimeDelta::minutes(offer.notice_minutes.into());
            let others = openings::list_free(&mut tx, a.offer, after, Channel::Web.key(), 12).await?;
            let house = house(&mut tx).await?;
            conflict(FormPage { others, ..FormPage::new(visitor, house, a, text, form, "times", known) })
        }
        Err(other) => Err(other),
    }
}

async fn keep(visitor: &Visitor, tx: &mut Tx, slot: SlotId, id: AppointmentId) -> Result<Appointment, Failure> {
    // Nobody keeps half a morning for himself.
    if store::count_try(tx, &format!("hold {}", visitor.remote), TimeDelta::minutes(10)).await? > 30 {
        return Err(Failure::TooMany { retry_after_s: 600 });
    }
    let booker = Booker { relation: "self".into(), ..Booker::default() };
    scheduling::book(tx, &NewBooking::new(id, slot, Channel::Web, Goal::Hold, Who::nobody(""), booker)).await
}

/// Who the visit is for, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Details {
    version: String,
    relation: String,
    booker: String,
    #[serde(flatten)]
    who: TypedWho,
    bhyt: String,
    reason: String,
    /// `yes` or `no` to the signs of danger.
    danger: String,
    code: String,
    again: String,
    /// Another time, chosen after the first one was lost.
    slot: String,
    /// `1`: remember this person for the next time.
    save: String,
}

#[derive(Template)]
#[template(path = "portal_form.html")]
pub(super) struct FormPage {
    pub lang: &'static str,
    pub house: House,
    pub a: Appointment,
    pub pass: String,
    pub form: Details,
    pub problems: Problems,
    pub sexes: Vec<(String, String)>,
    pub relations: Vec<(String, String)>,
    /// `form`, `code`, `times` or `danger`.
    pub step: &'static str,
    /// Other times, where the held one was lost.
    pub others: Vec<Opening>,
    /// People whom this phone booked for before.
    pub family: Vec<Profile>,
    pub sandbox: bool,
}

impl FormPage {
    pub fn new(visitor: &Visitor, house: House, a: Appointment, pass: &str, form: Details, step: &'static str, me: Option<String>) -> FormPage {
        let pairs = |list: &[(&str, &str)]| list.iter().map(|(k, w)| ((*k).to_owned(), (*w).to_owned())).collect();
        let form = if form.who.phone.is_empty() { Details { who: TypedWho { phone: me.clone().unwrap_or_default(), ..form.who.clone() }, ..form } } else { form };
        FormPage {
            lang: lang(visitor),
            house,
            a,
            pass: pass.to_owned(),
            form,
            problems: Problems::none(),
            sexes: pairs(&[("female", "Nữ"), ("male", "Nam")]),
            relations: pairs(&[("self", "Tôi"), ("child", "Con"), ("parent", "Cha mẹ"), ("spouse", "Vợ chồng"), ("other", "Khác")]),
            step,
            others: Vec::new(),
            family: Vec::new(),
            sandbox: visitor.app.config.sandbox,
        }
    }

    /// The form with the people of a phone to choose from; the chosen one, otherwise the owner, is filled in.
    pub fn with_family(self, family: Vec<Profile>, chosen: Option<Uuid>) -> FormPage {
        let owner = family.iter().find(|p| p.relation == "self").map(|p| p.name.clone()).unwrap_or_default();
        let who = family.iter().find(|p| Some(p.profile_id) == chosen).or_else(|| family.iter().find(|p| p.relation == "self"));
        let form = match who {
            Some(p) => Details { relation: p.relation.clone(), booker: owner, who: p.typed(&self.form.who.phone), bhyt: if p.card_no.is_empty() { String::new() } else { "1".into() }, ..self.form },
            None => self.form,
        };
        FormPage { form, family, ..self }
    }

    fn held(&self) -> String {
        self.a.held_until.map(base::show_time).unwrap_or_default()
    }

    fn tail(&self) -> String {
        tail(&self.form.who.phone)
    }

    fn relation(&self) -> &str {
        if self.form.relation.is_empty() { "self" } else { &self.form.relation }
    }
}

/// What was typed, read: for whom, by whom.
fn read(form: &Details, today: NaiveDate) -> Result<(Who, Booker), Problems> {
    let relation = if form.relation.is_empty() { "self" } else { form.relation.as_str() };
    let mut problems = match Who::read(&form.who, today) {
        Ok(_) => Problems::none(),
        Err(problems) => problems,
    };
    problems.add_if(form.who.phone.trim().is_empty() && problems.at("phone").is_empty(), "phone", scheduling::who::phone_problem(""));
    problems.add_if(form.danger.is_empty(), "danger", "Trả lời câu này để chúng tôi hướng dẫn đúng chỗ.");
    problems.add_if(form.reason.chars().count() > 500, "reason", "Lý do khám tối đa 500 ký tự, hãy rút gọn.");
    problems.add_if(relation != "self" && form.booker.trim().is_empty(), "booker", "Ghi tên người đặt hộ.");
    problems.add_if(form.booker.chars().count() > 100, "booker", "Tên dài quá 100 ký tự. Xem lại.");
    if !problems.is_empty() {
        return Err(problems);
    }
    let who = Who::read(&form.who, today)?;
    let name = if relation == "self" { who.name.clone() } else { base::names::tidy_name(&form.booker) };
    let booker = Booker { name, phone: who.phone.clone(), relation: relation.into(), ..Booker::default() };
    booker.check()?;
    Ok((who, booker))
}

/// The held booking behind a pass, in its own house.
async fn held(visitor: &Visitor, text: &str) -> Result<(Tx, Appointment), Failure> {
    let pass = pass::check(&visitor.app.config.secret, Purpose::Manage, text, visitor.now).ok_or(Failure::NotFound)?;
    let mut tx = visitor.begin_at(pass.facility).await?;
    let a = scheduling::get(&mut tx, pass.appointment).await?;
    Ok((tx, a))
}

/// `POST /b/{pass}/details`: the form is complete; a phone that is not proved yet gets its code.
pub async fn details(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Form(form): Form<Details>) -> Answer {
    ours(&headers)?;
    let known = me(&visitor, &headers).await?;
    let (mut tx, a) = held(&visitor, &text).await?;
    if a.status != Status::Held || !a.is_kept(visitor.now) {
        return late(&visitor, tx, a, &text, form, known).await;
    }
    let house = house(&mut tx).await?;
    if form.danger == "yes" {
        // A place is of no use to somebody in danger, and of use to somebody else.
        change::cancel(&mut tx, a.id, a.version, scheduling::By::System, "Dấu hiệu nguy hiểm: hướng dẫn cấp cứu").await?;
        tx.commit().await?;
        return web::html(FormPage::new(&visitor, house, a, &text, form, "danger", known));
    }
    let (who, booker) = match read(&form, base::local_date(visitor.now)) {
        Ok(read) => read,
        Err(problems) => return web::refused(FormPage { problems, ..FormPage::new(&visitor, house, a, &text, form, "form", known) }),
    };
    if known.as_deref() == Some(who.phone.as_str()) {
        return finish(&visitor, tx, &a, &text, &form, &who, &booker, false).await;
    }
    match send_code(&visitor, &mut tx, &who.phone, Some(a.id)).await {
        Ok(()) => {
            tx.commit().await?;
            web::html(FormPage::new(&visitor, house, a, &text, form, "code", known))
        }
        // The second click within the minute: the first code is on its way and stays good.
        Err(problem) if !problem.field.is_empty() && problem.field == "code" => web::refused(FormPage { problems: problem.into(), ..FormPage::new(&visitor, house, a, &text, form, "code", known) }),
        Err(problem) => web::refused(FormPage { problems: problem.into(), ..FormPage::new(&visitor, house, a, &text, form, "form", known) }),
    }
}

/// Sends six digits, within the limits of a phone and of the browser's address. Says the same whoever the phone belongs to.
pub(super) async fn send_code(visitor: &Visitor, tx: &mut Tx, phone: &str, appointment: Option<AppointmentId>) -> Result<(), Problem> {
    let fault = |_: sqlx::Error| Problem::at("phone", "Chưa gửi được mã. Thử lại sau ít phút.");
    let now = visitor.now;
    let kept = store::lock_code(tx, phone).await.map_err(fault)?;
    let mut today = 1;
    if let Some(kept) = kept {
        if now < kept.sent_at + proof::PAUSE {
            let left = (kept.sent_at + proof::PAUSE - now).num_seconds().max(1);
            return Err(Problem::at("code", format!("Vừa gửi một mã tới số này. Gửi lại được sau {left} giây.")));
        }
        if base::local_date(kept.sent_at) == base::local_date(now) {
            if kept.sent_today >= proof::CODES_A_DAY {
                return Err(Problem::at("phone", "Số này đã nhận đủ 5 mã hôm nay. Gọi tổng đài của cơ sở để đặt."));
            }
            today = kept.sent_today + 1;
        }
    }
    if store::count_try(tx, &format!("code {}", visitor.remote), TimeDelta::hours(1)).await.map_err(fault)? > 30 {
        return Err(Problem::at("phone", "Có quá nhiều mã gửi từ mạng này. Thử lại sau một giờ, hoặc gọi tổng đài."));
    }
    let code = proof::new_code();
    store::put_code(tx, phone, &proof::seal(&visitor.app.config.secret, phone, &code), today).await.map_err(fault)?;
    let letter = web::ask::Letter { key: format!("portal/code/{phone}/{}", now.timestamp_micros()), template: "account.code", to: phone, values: vec![("code", code)], appointment, at: None, is_urgent: true };
    visitor.app.messages().send(tx, &letter).await.map_err(|_| Problem::at("phone", "Chưa gửi được mã. Thử lại sau ít phút."))
}

/// `POST /b/{pass}/code`: the six digits, or another code please.
pub async fn prove(visitor: Visitor, headers: HeaderMap, Path(text): Path<String>, Form(form): Form<Details>) -> Answer {
    ours(&headers)?;
    let (mut tx, a) = held(&visitor, &text).await?;
    if a.status != Status::Held || !a.is_kept(visitor.now) {
        return late(&visitor, tx, a, &text, form, None).await;
    }
    let house = house(&mut tx).await?;
    let (who, booker) = match read(&form, base::local_date(visitor.now)) {
        Ok(read) => read,
        Err(problems) => return web::refused(FormPage { problems, ..FormPage::new(&visitor, house, a, &text, form, "form", None) }),
    };
    if form.again == "1" {
        let sent = send_code(&visitor, &mut tx, &who.phone, Some(a.id)).await;
        let page = FormPage::new(&visitor, house, a, &text, form, "code", None);
        return match sent {
            Ok(()) => {
                tx.commit().await?;
                web::html(page)
            }
            Err(problem) => web::refused(FormPage { problems: Problem::at("code", problem.text).into(), ..page }),
        };
    }
    let kept = store::lock_code(&mut tx, &who.phone).await?;
    // The second click waited for the first one's code and finds the booking made.
    if scheduling::get(&mut tx, a.id).await?.status != Status::Held {
        return web::redirect(format!("/b/{text}"));
    }
    match proof::judge(kept.as_ref(), &visitor.app.config.secret, &who.phone, &form.code, visitor.now) {
        Ok(()) => {
            store::spend_code(&mut tx, &who.phone).await?;
            finish(&visitor, tx, &a, &text, &form, &who, &booker, true).await
        }
        Err((problem, counts)) => {
            if counts {
                store::count_guess(&mut tx, &who.phone).await?;
                tx.commit().await?;
            }
            web::refused(FormPage { problems: problem.into(), ..FormPage::new(&visitor, house, a, &text, form, "code", None) })
        }
    }
}

/// Keeps the person of a booking for the next one; a list that is full stays as it is.
async fn remember(tx: &mut Tx, form: &Details, who: &Who, booker: &Booker, visitor: &Visitor) -> Result<(), Failure> {
    let typed = Profile { profile_id: Uuid::now_v7(), relation: booker.relation.clone(), name: who.name.clone(), birth: form.who.birth.clone(), sex: form.who.sex.clone(), cccd: who.cccd.clone(), card_no: who.card_no.clone() };
    if let Ok(profile) = typed.read(&who.phone, base::local_date(visitor.now)) {
        let _is_full = family::put(tx, &who.phone, &profile).await?;
    }
    Ok(())
}

/// Asks for the held place and goes to its page; a phone that was proved just now is remembered.
#[allow(clippy::too_many_arguments)]
async fn finish(visitor: &Visitor, mut tx: Tx, a: &Appointment, text: &str, form: &Details, who: &Who, booker: &Booker, is_proved: bool) -> Answer {
    let answers = serde_json::json!({ "version": "web-1", "danger": "no" });
    let done = change::submit(&mut tx, a.id, a.version, who, booker, form.reason.trim(), form.bhyt == "1", &answers, false).await;
    let problem = match done {
        Ok(_) => {
            let visit = Uuid::new_v4();
            if form.save == "1" {
                remember(&mut tx, form, who, booker, visitor).await?;
            }
            if is_proved {
                store::begin_visit(&mut tx, visit, &who.phone, &visitor.user_agent).await?;
            }
            tx.commit().await?;
            let to = web::redirect(format!("/b/{text}"))?.into_response();
            return if is_proved { with_visit(visitor, to, Some(visit)) } else { Ok(to) };
        }
        Err(Failure::Refused(problems)) => problems,
        Err(Failure::Conflict(text)) => Problem::of(text).into(),
        Err(other) => return Err(other),
    };
    drop(tx);
    let mut tx = visitor.begin_at(a.facility).await?;
    let stands = scheduling::get(&mut tx, a.id).await?;
    if matches!(stands.status, Status::Pending | Status::Confirmed) {
        // The second click of the same form.
        return web::redirect(format!("/b/{text}"));
    }
    let house = house(&mut tx).await?;
    web::refused(FormPage { problems: problem, ..FormPage::new(visitor, house, a.clone(), text, form.clone(), "form", None) })
}
