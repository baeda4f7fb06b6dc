//! The doctor's side: asking another house for a record, reading what was shared, and opening one in an emergency.

use super::{facts, moment};
use crate::holder::{self, Opened, State};
use crate::permission::Closed;
use crate::request::Purpose;
use crate::store::asked::{self, About, Inquiry, New};
use crate::store::partners::{self, Neighbour, Partner};
use crate::wire::{self, WireFault};
use askama::Template;
use base::sign::{Kind, Verdict};
use base::{FacilityId, PatientId, Problem, Problems};
use chrono::{DateTime, NaiveDate, Utc};
use http::{HeaderValue, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Query, Shell};

#[derive(Deserialize)]
pub struct Older {
    #[serde(default)]
    before: Option<DateTime<Utc>>,
}

#[derive(Template)]
#[template(path = "sharing_inquiries.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Inquiry>,
    older: Option<DateTime<Utc>>,
}

/// `GET /app/sharing/inquiries`: what we asked, newest first.
pub async fn list(ctx: Ctx, Query(older): Query<Older>) -> Answer {
    let mut tx = ctx.begin().await?;
    let rows = asked::list(&mut tx, older.before.unwrap_or(ctx.now + chrono::TimeDelta::days(1))).await?;
    web::html(ListPage {
        shell: ctx.shell("Xin xem hồ sơ", &[("↑ ↓", "Chọn"), ("Enter", "Mở")]),
        older: (rows.len() == 100).then(|| rows[99].asked_at),
        rows,
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AskForm {
    id: String,
    patient: String,
    holder: String,
    purpose: String,
    note: String,
}

#[derive(Template)]
#[template(path = "sharing_ask.html")]
struct AskPage {
    shell: Shell,
    about: About,
    holders: Vec<(String, String)>,
    purposes: Vec<(&'static str, &'static str)>,
    form: AskForm,
    problems: Problems,
    who: String,
    may_emergency: bool,
    sandbox: bool,
}

impl AskPage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, form: AskForm, problems: Problems) -> Result<AskPage, Failure> {
        let patient = form.patient.parse().map(PatientId).map_err(|_| Failure::NotFound)?;
        let about = asked::about(tx, patient).await?;
        let (neighbours, partners) = (partners::list_neighbours(tx).await?, partners::list_on(tx, ctx.today()).await?);
        let holders = neighbours
            .iter()
            .map(|n| (n.code.clone(), format!("{} · {}", n.code, n.name)))
            .chain(partners.iter().map(|p| (format!("@{}", p.partner_id), format!("{} · {} (máy chủ khác)", p.code, p.name))))
            .collect();
        Ok(AskPage {
            shell: ctx.shell("Xin xem hồ sơ", &[("F8", "Gửi yêu cầu"), ("Esc", "Quay lại")]),
            who: facts(&about.sex, Some(about.birth_date), ctx.today()),
            about,
            holders,
            purposes: Purpose::CHOICES.iter().map(|p| (p.key(), p.name())).collect(),
            form,
            problems,
            may_emergency: ctx.may(crate::EMERGENCY),
            sandbox: ctx.app.config.sandbox,
        })
    }
    fn spine(&self) -> u8 {
        base::PersonId(self.about.person_id).spine()
    }
}

/// `GET /app/sharing/inquiries/new?patient=…`.
pub async fn blank(ctx: Ctx, Query(form): Query<AskForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = AskForm { id: Uuid::now_v7().to_string(), purpose: "follow_up".into(), ..form };
    web::html(AskPage::load(&ctx, &mut tx, form, Problems::none()).await?)
}

/// Where a record may lie.
enum Holder {
    Here(Neighbour),
    Abroad(Partner),
}

async fn find_holder(tx: &mut db::Tx, typed: &str, day: NaiveDate) -> Result<Option<Holder>, Failure> {
    if let Some(id) = typed.strip_prefix('@') {
        let found = partners::list_on(tx, day).await?.into_iter().find(|p| p.partner_id.to_string() == id);
        return Ok(found.map(Holder::Abroad));
    }
    Ok(partners::list_neighbours(tx).await?.into_iter().find(|n| n.code == typed).map(Holder::Here))
}

/// `POST /app/sharing/inquiries`: asks; on this server the other house has it at once, abroad the worker brings it.
pub async fn ask(ctx: Ctx, Form(form): Form<AskForm>) -> Answer {
    put(ctx, form, false).await
}

/// `POST /app/sharing/emergencies`: opens without asking, for four hours, with a reason that the patient and the
/// auditor read. Only for a patient who is here now.
pub async fn ask_in_emergency(ctx: Ctx, Form(form): Form<AskForm>) -> Answer {
    put(ctx, form, true).await
}

async fn put(ctx: Ctx, form: AskForm, emergency: bool) -> Answer {
    let mut tx = ctx.begin().await?;
    let patient = form.patient.parse().map(PatientId).map_err(|_| Failure::NotFound)?;
    let about = asked::about(&mut tx, patient).await?;
    let id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Tải lại trang.".into()))?;
    let mut problems = Problems::none();
    let holder = find_holder(&mut tx, &form.holder, ctx.today()).await?;
    let purpose = holder::purpose_of(emergency, &form.purpose);
    let note = form.note.trim().to_owned();
    problems.add_if(holder.is_none(), "holder", "Chọn cơ sở đang giữ hồ sơ.");
    problems.add_if(purpose.is_none(), "purpose", "Chọn mục đích xem hồ sơ.");
    problems.add_if(note.chars().count() > 500, "note", "Ghi chú dài tối đa 500 chữ.");
    if emergency {
        problems.add_if(note.chars().count() < 10, "note", "Ghi rõ lý do cấp cứu (từ 10 chữ). Người bệnh và người kiểm tra sẽ đọc lý do này.");
        problems.add_if(asked::has_open_visit(&mut tx, patient).await?.is_none(), "", "Người bệnh không có lượt khám hay đợt điều trị nào đang mở ở đây. Tiếp nhận cấp cứu trước rồi mở hồ sơ.");
    }
    let (Some(holder), Some(purpose), true) = (holder, purpose, problems.is_empty()) else {
        return web::refused(AskPage::load(&ctx, &mut tx, form, problems).await?);
    };
    let (code, name, facility, partner) = match &holder {
        Holder::Here(n) => (&n.code, &n.name, Some(n.facility_id), None),
        Holder::Abroad(p) => (&p.code, &p.name, None, Some(p.partner_id)),
    };
    let doctor = ctx.actor.name.to_string();
    let new = New { id, about: &about, holder_code: code, holder_name: name, holder_facility: facility, partner, doctor: &doctor, purpose, note: &note, emergency };
    asked::insert(&mut tx, &new).await?;
    let inquiry = asked::get(&mut tx, id).await?;
    let ask = wire::ask_of(&mut tx, &inquiry).await?;
    tx.commit().await?;
    if let Some(facility) = facility {
        // Whatever happens between the two commits, opening the inquiry asks again under the same id.
        let state = holder::receive(&ctx.app, FacilityId(facility), &ask, ctx.now).await?;
        hear(&ctx, id, Ok(&state)).await?;
    }
    web::redirect(format!("/app/sharing/inquiries/{id}"))
}

async fn hear(ctx: &Ctx, id: Uuid, heard: Result<&State, &WireFault>) -> Result<(), Failure> {
    let mut tx = ctx.begin().await?;
    match heard {
        Ok(state) => asked::set_heard(&mut tx, id, &state.status, "").await?,
        Err(fault) => {
            let before = asked::get(&mut tx, id).await?;
            asked::set_heard(&mut tx, id, &before.status, &fault.to_string()).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Asks the holder how an inquiry stands now; a holder on this server that has not got it yet gets it.
async fn listen(ctx: &Ctx, inquiry: &Inquiry, ask: &crate::store::held::Ask, partner: Option<&Partner>) -> Result<Result<State, WireFault>, Failure> {
    match (inquiry.holder_facility, partner) {
        (Some(facility), _) => holder::receive(&ctx.app, FacilityId(facility), ask, ctx.now).await.map(Ok),
        (None, Some(partner)) if inquiry.status != "sending" => {
            let heard = match wire::connected() {
                Ok(wire) => wire.state(partner, &ask.asker_code, inquiry.inquiry_id).await,
                Err(fault) => Err(fault),
            };
            Ok(heard)
        }
        _ => Ok(Ok(State { status: inquiry.status.clone(), reason: String::new(), valid_until: None, may_download: false, documents: Vec::new() })),
    }
}

#[derive(Template)]
#[template(path = "sharing_inquiry.html")]
struct Page {
    shell: Shell,
    inquiry: Inquiry,
    state: Option<State>,
    fault: String,
    chosen: Option<Shown>,
    closed: Option<Closed>,
    who: String,
}

/// A paper on screen, with what was found about it.
struct Shown {
    granted: crate::permission::Granted,
    verdict: Option<Verdict>,
    bytes: usize,
    may_download: bool,
}

impl Page {
    fn valid_until(&self) -> String {
        self.state.as_ref().and_then(|s| s.valid_until).as_ref().map(moment).unwrap_or_default()
    }
    fn documents(&self) -> &[crate::permission::Granted] {
        self.state.as_ref().map_or(&[], |s| &s.documents)
    }
    fn is_chosen(&self, document: &Uuid) -> bool {
        self.chosen.as_ref().is_some_and(|c| c.granted.document_id == *document)
    }
    fn day(&self, at: &DateTime<Utc>) -> String {
        base::show_date(base::local_date(*at))
    }
    fn short_hash<'a>(&self, sha256: &'a str) -> &'a str {
        sha256.get(..16).unwrap_or(sha256)
    }
}

/// The inquiry with everything needed to talk to its holder.
async fn load(ctx: &Ctx, id: Uuid) -> Result<(Inquiry, crate::store::held::Ask, Option<Partner>), Failure> {
    let mut tx = ctx.begin().await?;
    let inquiry = asked::get(&mut tx, id).await?;
    let ask = wire::ask_of(&mut tx, &inquiry).await?;
    let partner = match inquiry.partner_id {
        Some(partner) => partners::find(&mut tx, partner).await?,
        None => None,
    };
    tx.audit("read", "sharing", id, Some(inquiry.patient()), serde_json::Value::Null);
    tx.commit().await?;
    Ok((inquiry, ask, partner))
}

/// `GET /app/sharing/inquiries/{id}`: how it stands now, by the holder's own word.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    page(&ctx, id, None).await
}

/// `GET …/documents/{document}`: one paper, opened at the holder now, its bytes and signatures judged here.
pub async fn document(ctx: Ctx, Path((id, document)): Path<(Uuid, Uuid)>) -> Answer {
    page(&ctx, id, Some(document)).await
}

async fn page(ctx: &Ctx, id: Uuid, document: Option<Uuid>) -> Answer {
    let (mut inquiry, ask, partner) = load(ctx, id).await?;
    let heard = listen(ctx, &inquiry, &ask, partner.as_ref()).await?;
    hear(ctx, id, heard.as_ref()).await?;
    let (mut chosen, mut closed, mut fault) = (None, None, String::new());
    if let Some(document) = document {
        match open_at(ctx, &inquiry, partner.as_ref(), &ask.asker_code, document).await? {
            Ok(Ok(opened)) => {
                let is_pdf = opened.media_type == "application/pdf";
                let verdict = if is_pdf { Some(ctx.app.signing().verify(&opened.content, Kind::Pdf, ctx.now).await) } else { None };
                chosen = Some(Shown { granted: opened.granted, verdict, bytes: opened.content.len(), may_download: opened.may_download });
            }
            Ok(Err(why)) => closed = Some(why),
            Err(why) => fault = why.to_string(),
        }
    }
    let state = match heard {
        Ok(state) => {
            inquiry.status.clone_from(&state.status);
            Some(state)
        }
        Err(why) => {
            fault = why.to_string();
            None
        }
    };
    let who = facts(&inquiry.sex, Some(inquiry.birth_date), ctx.today());
    let gone = closed.is_some();
    let page = Page { shell: ctx.shell("Hồ sơ xin xem", &[("↑ ↓", "Chọn giấy"), ("Esc", "Quay lại")]), inquiry, state, fault, chosen, closed, who };
    if gone {
        let mut answer = web::refused(page)?;
        *answer.status_mut() = http::StatusCode::FORBIDDEN;
        return Ok(answer);
    }
    web::html(page)
}

async fn open_at(ctx: &Ctx, inquiry: &Inquiry, partner: Option<&Partner>, house: &str, document: Uuid) -> Result<Result<Result<Opened, Closed>, WireFault>, Failure> {
    let who = ctx.actor.name.to_string();
    let opened = match (inquiry.holder_facility, partner) {
        (Some(facility), _) => Ok(holder::open(&ctx.app, FacilityId(facility), inquiry.inquiry_id, house, document, &who, ctx.now).await?),
        (None, Some(partner)) => match wire::connected() {
            Ok(wire) => wire.open(partner, house, inquiry.inquiry_id, document, &who).await,
            Err(fault) => Err(fault),
        },
        (None, None) => return Err(Failure::NotFound),
    };
    // What arrived must be what was agreed to, whatever the way did to it.
    Ok(opened.map(|inner| {
        inner.and_then(|opened| if hex::encode(Sha256::digest(&opened.content)) == opened.granted.sha256 { Ok(opened) } else { Err(Closed::Changed) })
    }))
}

/// `GET …/file`: the bytes, as the holder keeps them.
pub async fn file(ctx: Ctx, Path((id, document)): Path<(Uuid, Uuid)>) -> Answer {
    let (inquiry, ask, partner) = load(&ctx, id).await?;
    match open_at(&ctx, &inquiry, partner.as_ref(), &ask.asker_code, document).await? {
        Ok(Ok(opened)) => {
            let mut answer = web::pdf(opened.content, &opened.granted.title)?;
            let media_type = HeaderValue::from_str(&opened.media_type).map_err(|e| Failure::Fault(e.into()))?;
            answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
            Ok(answer)
        }
        Ok(Err(closed)) => Err(Failure::Forbidden(closed.text().into())),
        Err(fault) => Err(Problem::of(fault.to_string()).into()),
    }
}

/// `POST …/withdrawal`: not needed any more.
pub async fn withdraw(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let (inquiry, ask, partner) = load(&ctx, id).await?;
    match (inquiry.holder_facility, partner) {
        (Some(facility), _) => holder::withdraw(&ctx.app, FacilityId(facility), id, &ask.asker_code, ctx.now).await?,
        (None, Some(partner)) => {
            let told = match wire::connected() {
                Ok(wire) => wire.withdraw(&partner, &ask.asker_code, id).await,
                Err(fault) => Err(fault),
            };
            told.map_err(|fault| Failure::from(Problem::of(fault.to_string())))?;
        }
        (None, None) => return Err(Failure::NotFound),
    }
    let mut tx = ctx.begin().await?;
    tx.audit("withdraw", "sharing", id, Some(inquiry.patient()), serde_json::Value::Null);
    tx.commit().await?;
    web::redirect(format!("/app/sharing/inquiries/{id}"))
}

#[derive(Template)]
#[template(source = r#"{% import "components.html" as c %}<section class="panel-line"><a class="btn btn-s" href="/app/sharing/inquiries/new?patient={{ patient }}">{{ c::icon("world") }} Xin hồ sơ nơi khác</a></section>"#, ext = "html")]
struct Button {
    patient: PatientId,
}

/// The way from a chart to a record elsewhere.
pub async fn panel(_ctx: &Ctx, _tx: &mut db::Tx, about: &PanelFor) -> Result<String, Failure> {
    match about.patient {
        Some(patient) => Ok(Button { patient }.render()?),
        None => Ok(String::new()),
    }
}
