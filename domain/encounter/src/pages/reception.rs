//! Taking somebody in: the form of a first visit, old and new side by side after a scan, the number at the end.

use crate::desk::{Arrival, TypedVisit};
use crate::priority;
use crate::store::reception::{self, Opening, ServiceOffer};
use askama::Template;
use base::{EncounterId, PatientId, Problems};
use codes::place::{self, AddressMatch};
use patient::bhyt::{BhytQr, looks_like_bhyt};
use patient::cccd::{self, CccdQr};
use patient::compare::{self, Line};
use patient::demographics::{Demographics, Typed};
use patient::duplicate::Likeness;
use patient::pages::edit::Choices;
use patient::pages::merge::{Alike, score_all};
use patient::pages::record::Front;
use patient::store::find;
use patient::store::register::{self, Source};
use patient::{Birth, Sex, Summary};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Query, Tx};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    patient: String,
    card: String,
    name: String,
}

/// Everything the desk's form sends. `take.…` are the sides chosen for differing values.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ArrivalForm {
    id: String,
    new_patient: String,
    known: String,
    version: String,
    card: String,
    acknowledged: String,
    #[serde(flatten)]
    person: Typed,
    #[serde(flatten)]
    visit: TypedVisit,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[derive(Template)]
#[template(path = "reception_new.html")]
struct ArrivalPage {
    shell: web::Shell,
    id: Uuid,
    new_patient: Uuid,
    who: Option<Front>,
    badges: String,
    /// Card and earlier visits of somebody known: what the desk asks about while the person stands there.
    facts: Vec<String>,
    known: String,
    version: i32,
    card: String,
    /// "CCCD", "thẻ BHYT" or "".
    scanned: &'static str,
    lines: Vec<Line>,
    differing: usize,
    /// What the old address became, in one sentence.
    successor: String,
    hint: String,
    form: Typed,
    visit: TypedVisit,
    problems: Problems,
    choices: Choices,
    room_options: Vec<(String, String)>,
    services: Vec<(String, String)>,
    visit_types: Vec<(String, String)>,
    priorities: Vec<(String, String)>,
    payers: Vec<(String, String)>,
    cover: String,
    alike: Vec<Alike>,
    must_acknowledge: bool,
}

const KEYS: &[(&str, &str)] = &[("F8", "Lưu và cấp số"), ("F7", "Lỗi kế tiếp"), ("F2", "Tìm, quét"), ("Esc", "Quay lại")];

/// The form, empty, filled from a card, or for somebody known.
pub async fn show(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = ArrivalForm {
        id: Uuid::now_v7().to_string(),
        new_patient: Uuid::now_v7().to_string(),
        known: asked.patient,
        card: asked.card,
        person: Typed { name: asked.name.chars().take(100).collect(), ..Typed::default() },
        ..ArrivalForm::default()
    };
    let page = load(&ctx, &mut tx, form, Problems::none(), true).await?;
    if let Ok(patient) = page.known.parse::<PatientId>() {
        tx.audit("read", "patient", patient, Some(patient), serde_json::Value::Null);
        tx.commit().await?;
    }
    web::html(page)
}

async fn load(ctx: &Ctx, tx: &mut Tx, mut form: ArrivalForm, mut problems: Problems, first: bool) -> Result<ArrivalPage, Failure> {
    let day = ctx.today();
    let known = known(tx, &form.known).await?;
    let card = Card::read(&form.card, ctx);
    let (mut lines, mut scanned, mut successor) = (Vec::new(), "", String::new());
    match (&card, &known) {
        (Some(Ok(Card::Citizen(card))), Some(known)) => {
            scanned = "CCCD";
            lines = compare::with_card(&as_shown(known), card);
            (_, successor) = address(tx, &card.address).await?;
        }
        (Some(Ok(Card::Citizen(card))), None) => {
            scanned = "CCCD";
            if first {
                let (place, told) = address(tx, &card.address).await?;
                successor = told;
                form.person = Typed { ..place };
                form.person.name = card.name.clone();
                form.person.birth = card.birth.to_string();
                form.person.sex = card.sex.key().to_owned();
                form.person.cccd = card.number.clone();
                form.person.cccd_issued_on = card.issued_on.map(base::show_date).unwrap_or_default();
            }
        }
        (Some(Ok(Card::Insurance(card))), Some(known)) => {
            scanned = "thẻ BHYT";
            lines = compare::with_insurance_card(&as_shown(known), card);
            if first {
                form.visit.payer = "insurance".into();
            }
        }
        (Some(Ok(Card::Insurance(card))), None) => {
            scanned = "thẻ BHYT";
            if first {
                let (place, told) = address(tx, &card.address).await?;
                successor = told;
                form.person = Typed { ..place };
                form.person.name = card.name.clone();
                form.person.birth = card.birth.to_string();
                form.person.sex = card.sex.key().to_owned();
                form.person.contact_name = card.parent_name.clone();
                form.person.card_no = card.number.to_string();
                form.person.card_from = card.valid_from.map(base::show_date).unwrap_or_default();
                form.person.card_to = card.valid_to.map(base::show_date).unwrap_or_default();
                form.person.card_registered_at = card.registered_at.clone();
                form.visit.payer = "insurance".into();
            }
        }
        (Some(Err(problem)), _) if first => problems.0.push(problem.clone()),
        _ => {}
    }
    let alike = match &known {
        Some(_) => Vec::new(),
        None => alike(tx, &form.person, form.new_patient.parse().ok(), day).await?,
    };
    let hint = match (Birth::parse("", &form.person.birth, day), Sex::from_key(&form.person.sex)) {
        (Ok(birth), Some(sex)) if known.is_none() => {
            cccd::number_hint(&cccd::tidy_number(&form.person.cccd), &birth, sex).unwrap_or_default()
        }
        _ => String::new(),
    };
    let mut facts = Vec::new();
    if let Some(known) = &known {
        facts.push(patient::pages::record::demographics_card(known, day)?);
        facts.extend(ctx.panels("patient.visits", tx, &PanelFor { patient: Some(known.patient), encounter: None }).await?);
    }
    let rooms = reception::list_rooms(tx, day).await?;
    let services = reception::list_services(tx, day).await?;
    let cover = known.as_ref().and_then(|k| k.cover_on(day)).map(|c| format!("{} · {}", c.shown_no(), c.in_short()));
    if first && cover.is_some() {
        form.visit.payer = "insurance".into();
    }
    Ok(ArrivalPage {
        shell: ctx.shell(if known.is_some() { "Tiếp nhận lượt mới" } else { "Tiếp nhận mới" }, KEYS),
        id: form.id.parse().unwrap_or_else(|_| Uuid::now_v7()),
        new_patient: form.new_patient.parse().unwrap_or_else(|_| Uuid::now_v7()),
        who: known.as_ref().map(|k| Front::of(k, day)),
        badges: match &known {
            Some(known) => patient::pages::banner::badges(known, day)?,
            None => String::new(),
        },
        version: known.as_ref().map_or(0, |k| k.version),
        facts,
        known: form.known,
        card: form.card,
        scanned,
        differing: lines.iter().filter(|l| l.differs && !l.new.is_empty()).count(),
        lines,
        successor,
        hint,
        form: form.person,
        visit: form.visit,
        choices: Choices::load(tx).await?,
        room_options: rooms
            .iter()
            .map(|r| (r.room_id.to_string(), r.offer()))
            .collect(),
        services: services.iter().map(|s| (s.service_id.to_string(), service_word(s))).collect(),
        visit_types: codes::list::list(tx.conn(), codes::list::List::VisitType)
            .await?
            .into_iter()
            .map(|e| (e.code, e.name))
            .collect(),
        priorities: priority::rules_on(day)
            .into_iter()
            .filter(|r| r.years.is_none())
            .map(|r| (r.class.key().to_owned(), r.label.to_owned()))
            .collect(),
        payers: vec![("self".into(), "Tự trả".into()), ("insurance".into(), "BHYT".into())],
        cover: cover.unwrap_or_default(),
        must_acknowledge: alike.iter().any(|a| a.score.must_ask()),
        alike,
        problems,
    })
}

fn service_word(service: &ServiceOffer) -> String {
    match service.price_vnd {
        Some(price) => format!("{} · {} đ", service.name, base::Vnd(price)),
        None => format!("{} · chưa có giá", service.name),
    }
}

/// A card as scanned.
enum Card {
    Citizen(CccdQr),
    Insurance(BhytQr),
}

impl Card {
    fn read(code: &str, ctx: &Ctx) -> Option<Result<Card, base::Problem>> {
        match code.trim() {
            "" => None,
            code if looks_like_bhyt(code) => Some(BhytQr::parse(code, ctx.today()).map(Card::Insurance)),
            code => Some(CccdQr::parse(code, ctx.today()).map(Card::Citizen)),
        }
    }
}

/// The record's form with the address whole, as a card prints it.
fn as_shown(known: &Summary) -> Typed {
    Typed { address_line: known.address.clone(), ..known.typed() }
}

async fn known(tx: &mut Tx, id: &str) -> Result<Option<Summary>, Failure> {
    match id.trim() {
        "" => Ok(None),
        id => {
            let id: PatientId = id.parse().map_err(|_| Failure::NotFound)?;
            let found = patient::get_summary(tx, id).await?;
            // Somebody merged away is taken in under the record that was kept.
            match found.merged_into {
                Some(kept) => Ok(Some(patient::get_summary(tx, kept).await?)),
                None => Ok(Some(found)),
            }
        }
    }
}

/// A printed address as form fields, with a sentence when its ward has a successor.
async fn address(tx: &mut Tx, printed: &str) -> Result<(Typed, String), sqlx::Error> {
    Ok(match place::read_address(tx.conn(), printed).await? {
        AddressMatch::Today { street, commune } => (
            Typed {
                address_line: street,
                commune_name: format!("{}, {}", commune.full_name, commune.province),
                commune_code: commune.code,
                ..Typed::default()
            },
            String::new(),
        ),
        AddressMatch::Before { street, successors } => match successors.first() {
            Some(now) => {
                let told = if successors.len() > 1 {
                    format!("{} đã chia cho nhiều nơi, thường là {}. Hỏi người bệnh đang ở đâu; địa chỉ cũ vẫn được giữ.", now.old_name, now.commune)
                } else {
                    format!("{} nay thuộc {} từ 01/07/2025. Địa chỉ cũ vẫn được giữ trong lịch sử.", now.old_name, now.commune)
                };
                let place = Typed {
                    address_line: street,
                    commune_name: format!("{}, {}", now.commune, now.province),
                    commune_code: now.commune_code.clone(),
                    old_ward_code: now.old_ward_code.clone(),
                    ..Typed::default()
                };
                (place, told)
            }
            None => (Typed { address_line: printed.to_owned(), ..Typed::default() }, String::new()),
        },
        AddressMatch::Unknown => (Typed { address_line: printed.to_owned(), ..Typed::default() }, String::new()),
    })
}

async fn alike(tx: &mut Tx, typed: &Typed, except: Option<PatientId>, day: chrono::NaiveDate) -> Result<Vec<Alike>, sqlx::Error> {
    let Ok(birth) = Birth::parse("birth", &typed.birth, day) else { return Ok(Vec::new()) };
    if typed.name.chars().count() > 100 || base::fold(&typed.name).is_empty() {
        return Ok(Vec::new());
    }
    let (number, phone) = (cccd::tidy_number(&typed.cccd), cccd::tidy_number(&typed.phone));
    let card = patient::bhyt::CardNumber::parse("", &typed.card_no).ok();
    let (plain, bhxh) = card.map(|c| (c.plain(), c.bhxh_no)).unwrap_or_default();
    let found = find::list_alike(tx, &typed.name, birth.date, &[&number, &phone, &plain, &bhxh], except).await?;
    let own = Likeness {
        name: &typed.name,
        birth,
        sex: Sex::from_key(&typed.sex).unwrap_or(Sex::Unknown),
        cccd: &number,
        phone: &phone,
        bhxh_no: &bhxh,
        commune_code: &typed.commune_code,
        address: &typed.address_line,
    };
    Ok(score_all(&own, found))
}

/// Saves person and visit in one commit and gives the number; with problems the same form comes back whole.
pub async fn save(ctx: Ctx, Form(form): Form<ArrivalForm>) -> Answer {
    match take_in(&ctx, &form).await {
        Ok(encounter) => web::redirect(format!("/app/reception?visit={encounter}")),
        Err(Failure::Refused(problems)) => {
            let mut tx = ctx.begin().await?;
            let page = load(&ctx, &mut tx, form, problems, false).await?;
            web::refused(page)
        }
        Err(other) => Err(other),
    }
}

async fn take_in(ctx: &Ctx, form: &ArrivalForm) -> Result<EncounterId, Failure> {
    let encounter: EncounterId = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã lượt khám. Tải lại trang.".into()))?;
    let day = ctx.today();
    let mut tx = ctx.begin_for("person-index").await?;
    let rooms = reception::list_rooms(&mut tx, day).await?;
    let services = reception::list_services(&mut tx, day).await?;
    let arrival = Arrival::check(&form.visit, &rooms, &services);
    let known = known(&mut tx, &form.known).await?;
    let (patient, person, name, birth, arrival) = match &known {
        Some(known) => {
            let arrival = arrival?;
            accept_card(ctx, &mut tx, form, known).await?;
            register::mark_seen(&mut tx, known.patient).await?;
            (known.patient, known.person, known.name.clone(), known.birth, arrival)
        }
        None => {
            let id: PatientId = form.new_patient.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã hồ sơ. Tải lại trang.".into()))?;
            let (who, arrival) = both(Demographics::check(&form.person, day), arrival)?;
            if form.acknowledged != "1" && alike(&mut tx, &form.person, Some(id), day).await?.iter().any(|a| a.score.must_ask()) {
                return Err(base::Problem::at("acknowledged", "Có hồ sơ rất giống. Mở hồ sơ đó, hoặc xác nhận đây là người khác rồi lưu lại.").into());
            }
            let source = match Card::read(&form.card, ctx) {
                Some(Ok(Card::Citizen(_))) => Source::Scan,
                Some(Ok(Card::Insurance(_))) => Source::InsuranceScan,
                _ => Source::Typed,
            };
            let made = patient::api::register_new(&mut tx, id, &who, source).await?;
            (made.patient, made.person, who.name, who.birth, arrival)
        }
    };
    // Read after the card of this very form was stored, so that the first insured visit already names it.
    let coverage = match arrival.pays_insurance {
        true => patient::get_summary(&mut tx, patient).await?.cover_on(day).map(|c| c.coverage_id),
        false => None,
    };
    let opening = Opening {
        encounter,
        patient,
        person,
        name,
        room: arrival.room,
        service: arrival.service,
        visit_type: arrival.visit_type.clone(),
        reason: arrival.reason.clone(),
        payer: if arrival.pays_insurance { "insurance" } else { "self" },
        coverage,
        class: arrival.class(birth.date, known.as_ref(), day),
        day,
        source: "walk_in",
        number: None,
    };
    match reception::open(&mut tx, &opening).await {
        Ok(ticket) => {
            ctx.app.places().walk_in(&mut tx, &opening.walk_in(ticket.number)).await?;
            web::draft::forget(&mut tx, "reception-new").await?;
            tx.commit().await?;
            Ok(encounter)
        }
        // The same form arrived before: it ends at the same visit. Another person's form must not.
        Err(Failure::Conflict(_)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let visit = crate::store::visit::get(&mut tx, encounter).await?;
            let holder = patient::get_summary(&mut tx, visit.patient()).await?;
            if base::fold(&holder.name) != base::fold(&opening.name) {
                let text = "Biểu mẫu này đã cấp số cho người khác. Mở Tiếp nhận mới rồi nhập lại người này.";
                return Err(base::Problem::of(text).into());
            }
            web::draft::forget(&mut tx, "reception-new").await?;
            tx.commit().await?;
            Ok(encounter)
        }
        Err(other) => Err(other),
    }
}

/// Both parts of the form, or the problems of both at once.
fn both(who: Result<Demographics, Problems>, arrival: Result<Arrival, Problems>) -> Result<(Demographics, Arrival), Problems> {
    match (who, arrival) {
        (Ok(who), Ok(arrival)) => Ok((who, arrival)),
        (Err(mut first), Err(second)) => {
            first.0.extend(second.0);
            Err(first)
        }
        (Err(problems), _) | (_, Err(problems)) => Err(problems),
    }
}

/// Takes over what was chosen from a scanned card, as a new version of the record.
async fn accept_card(ctx: &Ctx, tx: &mut Tx, form: &ArrivalForm, known: &Summary) -> Result<(), Failure> {
    let Some(card) = Card::read(&form.card, ctx) else { return Ok(()) };
    let taken: Vec<String> = form
        .rest
        .iter()
        .filter(|(_, side)| *side == "new")
        .filter_map(|(name, _)| name.strip_prefix("take.").map(str::to_owned))
        .collect();
    // What the card says nothing about stays as it is.
    let (lines, printed, source, reason) = match card? {
        Card::Citizen(card) => (compare::with_card(&as_shown(known), &card), card.address, Source::Scan, "Quét CCCD"),
        Card::Insurance(card) => (compare::with_insurance_card(&as_shown(known), &card), card.address, Source::InsuranceScan, "Quét thẻ BHYT"),
    };
    let mut chosen = compare::take(&known.typed(), &lines, &taken);
    if taken.iter().any(|t| t == "address_line") {
        let (place, _) = address(tx, &printed).await?;
        chosen.address_line = place.address_line;
        chosen.commune_name = place.commune_name;
        chosen.commune_code = place.commune_code;
        chosen.old_ward_code = place.old_ward_code;
    }
    let who = Demographics::check(&chosen, ctx.today())?;
    let version = form.version.parse().unwrap_or(0);
    let changed = register::update_demographics(tx, known.patient, version, &who, source, reason).await?;
    tx.audit("update", "patient", known.patient, Some(known.patient), serde_json::json!({ "changed": changed, "by": "scan" }));
    Ok(())
}
