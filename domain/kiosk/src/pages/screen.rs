//! The pages of the screen in the hall. Large, few words, one question at a time; back to the beginning by itself.

use crate::store::{self, Kiosk};
use crate::take::{self, Outcome, Scanned};
use askama::Template;
use base::{EncounterId, RoomId};
use encounter::store::reception;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, Path, Tx, Visitor};

/// What every page of the screen shows.
struct Frame {
    token: String,
    facility: String,
    day: String,
    time: String,
}

/// A page of the screen. `step` names it: `home`, `card`, `code`, `phone`, `rooms`, `number`, `counter`, `help`.
#[derive(Template)]
#[template(path = "kiosk.html")]
struct ScreenPage {
    lang: &'static str,
    frame: Frame,
    step: &'static str,
    id: Uuid,
    problem: String,
    rooms: Vec<reception::RoomLine>,
    card: String,
    phone: String,
    year: String,
    /// The number, the room, how many are before, how long that takes.
    number: i32,
    room: String,
    before: i64,
    wait: i64,
}

impl ScreenPage {
    async fn new(visitor: &Visitor, tx: &mut Tx, token: &str, step: &'static str) -> Result<ScreenPage, Failure> {
        let day = base::local_date(visitor.now);
        let frame = Frame {
            token: token.to_owned(),
            facility: reception::facility_name(tx).await?,
            day: base::dates::show_date_long(day),
            time: base::dates::show_time(visitor.now),
        };
        let rooms = match step {
            "home" | "rooms" => reception::list_rooms(tx, day).await?,
            _ => Vec::new(),
        };
        Ok(ScreenPage {
            lang: "vi",
            frame,
            step,
            id: Uuid::now_v7(),
            problem: String::new(),
            rooms,
            card: String::new(),
            phone: String::new(),
            year: String::new(),
            number: 0,
            room: String::new(),
            before: 0,
            wait: 0,
        })
    }

    fn waiting(&self) -> String {
        let waiting: Vec<String> = self.rooms.iter().filter(|r| r.waiting > 0).map(|r| format!("{} {}", r.short_name, r.waiting)).collect();
        if waiting.is_empty() { "chưa có ai".into() } else { waiting.join(" · ") }
    }
}

/// The screen behind a secret, and a transaction of its house.
async fn open(visitor: &Visitor, token: &str) -> Result<(Kiosk, Tx), Failure> {
    let mut tx = visitor.begin_for("kiosk").await?;
    let kiosk = store::find(&mut tx, token).await?.ok_or(Failure::NotFound)?;
    drop(tx);
    let tx = visitor.begin_at(kiosk.facility()).await?;
    Ok((kiosk, tx))
}

async fn plain(visitor: Visitor, token: String, step: &'static str) -> Answer {
    let (_, mut tx) = open(&visitor, &token).await?;
    web::html(ScreenPage::new(&visitor, &mut tx, &token, step).await?)
}

/// `GET /kiosk/{token}`.
pub async fn home(visitor: Visitor, Path(token): Path<String>) -> Answer {
    plain(visitor, token, "home").await
}

/// `GET /kiosk/{token}/card`.
pub async fn card(visitor: Visitor, Path(token): Path<String>) -> Answer {
    plain(visitor, token, "card").await
}

/// `GET /kiosk/{token}/code`.
pub async fn code(visitor: Visitor, Path(token): Path<String>) -> Answer {
    plain(visitor, token, "code").await
}

/// `GET /kiosk/{token}/phone`.
pub async fn phone(visitor: Visitor, Path(token): Path<String>) -> Answer {
    plain(visitor, token, "phone").await
}

/// What the screen sends. `id` is minted by the page, so that a second touch opens nothing twice.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Touched {
    id: Option<Uuid>,
    code: String,
    from: String,
    phone: String,
    year: String,
    card: String,
    room: Option<RoomId>,
}

const CLOSED: &str = "Máy này tạm ngừng nhận mã vì có quá nhiều lần sai. Mời tới quầy.";

/// `POST /kiosk/{token}/scan`: a registration code or a citizen card.
pub async fn scan(visitor: Visitor, Path(token): Path<String>, Form(form): Form<Touched>) -> Answer {
    let (kiosk, mut tx) = open(&visitor, &token).await?;
    let step = if form.from == "card" { "card" } else { "code" };
    if !store::is_open(&kiosk, visitor.now) {
        return refuse(&visitor, &mut tx, &token, step, CLOSED, &form).await;
    }
    let encounter = EncounterId(form.id.unwrap_or_else(Uuid::now_v7));
    let scanned = match take::read(&form.code, base::local_date(visitor.now)) {
        Ok(scanned) => scanned,
        Err(problem) => return refuse(&visitor, &mut tx, &token, step, &problem.text, &form).await,
    };
    tx.purpose("person-index").await?;
    let outcome = match &scanned {
        Scanned::Code(code) => take::by_code(&mut tx, code, encounter).await,
        Scanned::Card(card) => take::by_card(&mut tx, card, encounter).await,
    };
    answer(&visitor, &kiosk, tx, &token, step, outcome, &form).await
}

/// `POST /kiosk/{token}/phone`: a phone number with the year of birth.
pub async fn by_phone(visitor: Visitor, Path(token): Path<String>, Form(form): Form<Touched>) -> Answer {
    let (kiosk, mut tx) = open(&visitor, &token).await?;
    if !store::is_open(&kiosk, visitor.now) {
        return refuse(&visitor, &mut tx, &token, "phone", CLOSED, &form).await;
    }
    let Some(phone) = scheduling::read_phone(&form.phone) else {
        return refuse(&visitor, &mut tx, &token, "phone", "Số điện thoại có 10 chữ số, bắt đầu bằng 0. Bấm lại.", &form).await;
    };
    let Some(year) = form.year.trim().parse().ok().filter(|y| (1900..=2200).contains(y)) else {
        return refuse(&visitor, &mut tx, &token, "phone", "Bấm đủ 4 chữ số của năm sinh người khám.", &form).await;
    };
    tx.purpose("person-index").await?;
    let encounter = EncounterId(form.id.unwrap_or_else(Uuid::now_v7));
    let outcome = take::by_phone(&mut tx, &phone, year, encounter).await;
    answer(&visitor, &kiosk, tx, &token, "phone", outcome, &form).await
}

/// `POST /kiosk/{token}/number`: a number of a chosen room for the holder of the card just scanned.
pub async fn number(visitor: Visitor, Path(token): Path<String>, Form(form): Form<Touched>) -> Answer {
    let (kiosk, mut tx) = open(&visitor, &token).await?;
    let card = match take::read(&form.card, base::local_date(visitor.now)) {
        Ok(Scanned::Card(card)) => card,
        _ => return refuse(&visitor, &mut tx, &token, "card", "Đặt lại thẻ căn cước.", &form).await,
    };
    let room = form.room.ok_or(Failure::NotFound)?;
    tx.purpose("person-index").await?;
    let encounter = EncounterId(form.id.unwrap_or_else(Uuid::now_v7));
    let outcome = take::number(&mut tx, &visitor.app, &card, room, encounter).await;
    answer(&visitor, &kiosk, tx, &token, "card", outcome, &form).await
}

/// `POST /kiosk/{token}/help`: calls somebody.
pub async fn help(visitor: Visitor, Path(token): Path<String>, Form(form): Form<Touched>) -> Answer {
    let (kiosk, mut tx) = open(&visitor, &token).await?;
    store::note(&mut tx, form.id.unwrap_or_else(Uuid::now_v7), kiosk.kiosk_id, "help", None).await?;
    tx.audit("call", "kiosk", kiosk.kiosk_id, None, serde_json::Value::Null);
    tx.notify("queue");
    let page = ScreenPage::new(&visitor, &mut tx, &token, "help").await?;
    tx.commit().await?;
    web::html(page)
}

/// Shows what came of it; what was done is written down in the same commit.
async fn answer(visitor: &Visitor, kiosk: &Kiosk, mut tx: Tx, token: &str, step: &'static str, outcome: Result<Outcome, Failure>, form: &Touched) -> Answer {
    let page = match outcome {
        Ok(Outcome::Number { encounter }) => {
            let paper = reception::ticket_paper(&mut tx, encounter).await?;
            store::note(&mut tx, Uuid::now_v7(), kiosk.kiosk_id, if step == "card" && form.room.is_some() { "number" } else { "check_in" }, Some(encounter)).await?;
            tx.notify("queue");
            ScreenPage {
                number: paper.number,
                room: paper.room.clone(),
                before: paper.before.max(0),
                wait: encounter::queue::wait_minutes(usize::try_from(paper.before.max(0)).unwrap_or(0), None),
                ..ScreenPage::new(visitor, &mut tx, token, "number").await?
            }
        }
        Ok(Outcome::ChooseRoom) => ScreenPage { card: form.code.clone(), ..ScreenPage::new(visitor, &mut tx, token, "rooms").await? },
        Ok(Outcome::ToCounter(why)) => {
            store::note(&mut tx, Uuid::now_v7(), kiosk.kiosk_id, "to_counter", None).await?;
            ScreenPage { problem: why.to_owned(), ..ScreenPage::new(visitor, &mut tx, token, "counter").await? }
        }
        Ok(Outcome::Nothing) => {
            store::count_wrong(&mut tx, kiosk.kiosk_id).await?;
            let page = refused(visitor, &mut tx, token, step, "Không có lịch hẹn nào hôm nay khớp với thông tin này. Xem lại, hoặc tới quầy.", form).await?;
            tx.commit().await?;
            return web::refused(page);
        }
        // Another door was quicker, or the line has this person already: nothing was written, a person has to look.
        Err(Failure::Refused(problems)) => {
            let text = problems.0.first().map(|p| p.text.to_string()).unwrap_or_default();
            drop(tx);
            let (_, mut tx) = open(visitor, token).await?;
            return web::refused(ScreenPage { problem: text, ..ScreenPage::new(visitor, &mut tx, token, "counter").await? });
        }
        Err(Failure::Conflict(_)) => {
            drop(tx);
            let (_, mut tx) = open(visitor, token).await?;
            return web::refused(ScreenPage { problem: "Lịch hẹn vừa được đổi ở nơi khác.".into(), ..ScreenPage::new(visitor, &mut tx, token, "counter").await? });
        }
        Err(other) => return Err(other),
    };
    tx.commit().await?;
    web::html(page)
}

async fn refused(visitor: &Visitor, tx: &mut Tx, token: &str, step: &'static str, text: &str, form: &Touched) -> Result<ScreenPage, Failure> {
    Ok(ScreenPage { problem: text.to_owned(), phone: form.phone.clone(), year: form.year.clone(), ..ScreenPage::new(visitor, tx, token, step).await? })
}

async fn refuse(visitor: &Visitor, tx: &mut Tx, token: &str, step: &'static str, text: &str, form: &Touched) -> Answer {
    web::refused(refused(visitor, tx, token, step, text, form).await?)
}
