//! Who may send us messages, and what their codes mean here.

use super::Tabs;
use crate::command::Door;
use crate::store::partners::{self as store, Choice, Code, Facts, Line, Unmapped};
use askama::Template;
use base::{Problem, Problems};
use chrono::NaiveDate;
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

/// The kinds of codes, with what they are translated into.
pub const KINDS: [(&str, &str, &str); 6] = [
    ("ward", "Khoa, phòng", "Chọn khoa, phòng của cơ sở"),
    ("doctor", "Bác sĩ", "Chọn người của cơ sở"),
    ("document", "Loại tài liệu", "Số mẫu, ví dụ 36/BV2"),
    ("result", "Chỉ số kết quả", "Mã LOINC, ví dụ 2345-7"),
    ("class", "Loại lượt", "IMP nội trú, AMB ngoại trú, EMER cấp cứu"),
    ("disposition", "Ra viện", "Chọn kết quả điều trị và cách ra viện"),
];

/// Outcomes of a stay, by their keys in `base::Event::StayClosed`.
pub const OUTCOMES: [(&str, &str); 5] =
    [("recovered", "Khỏi"), ("improved", "Đỡ, giảm"), ("unchanged", "Không thay đổi"), ("worse", "Nặng hơn"), ("died", "Tử vong")];

/// How a patient left, by the keys of the same event.
pub const WAYS: [(&str, &str); 5] =
    [("discharged", "Ra viện"), ("asked", "Xin về"), ("left", "Bỏ về"), ("taken_home", "Đưa về"), ("transferred", "Chuyển tuyến")];

fn word(list: &[(&'static str, &'static str)], key: &str) -> &'static str {
    list.iter().find(|(k, _)| *k == key).map_or("", |(_, word)| word)
}

fn kind_title(key: &str) -> &'static str {
    KINDS.iter().find(|(k, _, _)| *k == key).map_or("", |(_, title, _)| title)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartnerForm {
    id: String,
    name: String,
    door: String,
    application: String,
    sending_facility: String,
    receiving: String,
    active_from: String,
    active_to: String,
    takes_contact: String,
    wait_minutes: String,
}

impl PartnerForm {
    fn blank(ctx: &Ctx) -> PartnerForm {
        PartnerForm {
            door: "hl7".into(),
            active_from: base::show_date(ctx.today()),
            takes_contact: "1".into(),
            wait_minutes: "60".into(),
            ..PartnerForm::default()
        }
    }

    fn of(line: &Line) -> PartnerForm {
        PartnerForm {
            id: line.partner_id.to_string(),
            name: line.name.clone(),
            door: line.door.clone(),
            application: line.application.clone(),
            sending_facility: line.sending_facility.clone(),
            receiving: line.receiving.clone(),
            active_from: base::show_date(line.active_from),
            active_to: line.active_to.map(base::show_date).unwrap_or_default(),
            takes_contact: if line.takes_contact { "1".into() } else { String::new() },
            wait_minutes: line.wait_minutes.to_string(),
        }
    }

    /// Checks the form: all problems at once.
    fn read(&self) -> Result<Facts, Problems> {
        let mut problems = Problems::none();
        let mut text = |field: &'static str, typed: &str, must: &'static str| {
            let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
            problems.add_if(text.is_empty() && !must.is_empty(), field, must);
            problems.add_if(text.chars().count() > 120, field, "Dài quá 120 ký tự. Rút gọn lại.");
            text
        };
        let name = text("name", &self.name, "Chưa có tên. Ghi tên để nhận ra, ví dụ HIS Bệnh viện tỉnh.");
        let application = text("application", &self.application, "Chưa có tên hệ thống gửi. Ghi đúng như trong MSH-3, hoặc mã ứng dụng của cổng FHIR.");
        let sending_facility = text("sending_facility", &self.sending_facility, "");
        let receiving = text("receiving", &self.receiving, "");
        let door = Door::from_key(&self.door);
        problems.add_if(door.is_none(), "door", "Chưa chọn cổng. Chọn HL7 v2 hoặc FHIR.");
        let from = base::parse_date_vi(&self.active_from);
        problems.add_if(from.is_none(), "active_from", "Ngày bắt đầu chưa đúng. Ghi như 01/12/2026.");
        let to = base::parse_date_vi(&self.active_to);
        problems.add_if(to.is_none() && !self.active_to.trim().is_empty(), "active_to", "Ngày kết thúc chưa đúng. Ghi như 31/12/2027, hoặc để trống.");
        problems.add_if(matches!((from, to), (Some(f), Some(t)) if t < f), "active_to", "Ngày kết thúc trước ngày bắt đầu. Xem lại hai ngày.");
        let wait = self.wait_minutes.trim().parse::<i32>().ok().filter(|m| (1..=10_080).contains(m));
        problems.add_if(wait.is_none(), "wait_minutes", "Thời gian chờ là số phút từ 1 đến 10080.");
        let (Some(door), Some(active_from), Some(wait_minutes)) = (door, from, wait) else { return Err(problems) };
        problems.or(Facts {
            name,
            door: door.key(),
            application,
            sending_facility,
            receiving,
            active_from,
            active_to: to,
            takes_contact: !self.takes_contact.is_empty(),
            wait_minutes,
        })
    }
}

#[derive(Template)]
#[template(path = "exchange_partners.html")]
struct ListPage {
    shell: Shell,
    tabs: Tabs,
    rows: Vec<Line>,
    form: PartnerForm,
    id: Uuid,
    today: NaiveDate,
    problems: Problems,
}

async fn list_page(ctx: &Ctx, tx: &mut Tx, form: PartnerForm, problems: Problems) -> Result<ListPage, Failure> {
    Ok(ListPage {
        shell: ctx.shell("Đơn vị gửi", &[("↑↓", "Chọn"), ("Enter", "Mở"), ("F8", "Thêm đơn vị gửi")]),
        tabs: Tabs::load(ctx, tx, "partners").await?,
        rows: store::list(tx, None).await?,
        id: form.id.parse().unwrap_or_else(|_| Uuid::now_v7()),
        form,
        today: ctx.today(),
        problems,
    })
}

/// All partners.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(list_page(&ctx, &mut tx, PartnerForm::blank(&ctx), Problems::none()).await?)
}

fn taken(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("exchange_partner_once") => {
            Problem::at("application", "Đã có đơn vị gửi xưng tên như vậy. Mở đơn vị đó, hoặc ghi tên khác.").into()
        }
        _ => error.into(),
    }
}

/// Declares a partner. The same form twice declares it once.
pub async fn create(ctx: Ctx, Form(form): Form<PartnerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    let written = match form.read() {
        Ok(facts) => store::write(&mut tx, id, &facts).await.map_err(taken),
        Err(problems) => Err(problems.into()),
    };
    match written {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            return web::refused(list_page(&ctx, &mut tx, form, problems).await?);
        }
        Err(other) => return Err(other),
    }
    tx.audit("declare", "exchange_partner", id, None, json!({ "application": form.application }));
    tx.commit().await?;
    web::redirect(format!("/app/exchange/partners/{id}"))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    id: String,
    kind: String,
    code: String,
    room: String,
    person: String,
    target: String,
    outcome: String,
    way: String,
    from: String,
}

#[derive(Template)]
#[template(path = "exchange_partner.html")]
struct OnePage {
    shell: Shell,
    partner: Line,
    form: PartnerForm,
    codes: Vec<Code>,
    unmapped: Vec<Unmapped>,
    rooms: Vec<Choice>,
    people: Vec<Choice>,
    code: CodeForm,
    code_id: Uuid,
    today: NaiveDate,
    problems: Problems,
}

impl OnePage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        KINDS.iter().map(|(key, title, _)| (*key, *title)).collect()
    }
    fn kind(&self, key: &str) -> &'static str {
        kind_title(key)
    }
    /// What a code means, in words.
    fn meaning(&self, code: &Code) -> String {
        match (code.kind.as_str(), code.target.split_once(' ')) {
            ("disposition", Some((outcome, way))) => format!("{} · {}", word(&OUTCOMES, outcome), word(&WAYS, way)),
            _ => code.shown.clone(),
        }
    }
    fn is_over(&self, code: &Code) -> bool {
        code.valid_to.is_some_and(|to| to < self.today)
    }
}

async fn one_page(ctx: &Ctx, tx: &mut Tx, id: Uuid, form: Option<PartnerForm>, code: CodeForm, problems: Problems) -> Result<OnePage, Failure> {
    let partner = store::list(tx, Some(id)).await?.into_iter().next().ok_or(Failure::NotFound)?;
    let (rooms, people) = store::list_targets(tx).await?;
    Ok(OnePage {
        shell: ctx.shell(&partner.name, &[("F8", "Lưu mã"), ("Esc", "Về danh sách")]),
        form: form.unwrap_or_else(|| PartnerForm::of(&partner)),
        codes: store::list_codes(tx, id).await?,
        unmapped: store::list_unmapped(tx, id).await?,
        partner,
        rooms,
        people,
        code,
        code_id: Uuid::now_v7(),
        today: ctx.today(),
        problems,
    })
}

/// What the page is opened with: a code to translate, from the list of codes without a meaning.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    code: String,
}

/// One partner with its codes.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>, web::Query(asked): web::Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let code = CodeForm { kind: asked.kind, code: asked.code, from: base::show_date(ctx.today()), ..CodeForm::default() };
    web::html(one_page(&ctx, &mut tx, id, None, code, Problems::none()).await?)
}

/// Changes a partner, or ends it by its last day.
pub async fn change(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<PartnerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    if store::list(&mut tx, Some(id)).await?.is_empty() {
        return Err(Failure::NotFound);
    }
    let written = match form.read() {
        Ok(facts) => store::write(&mut tx, id, &facts).await.map_err(taken),
        Err(problems) => Err(problems.into()),
    };
    match written {
        Ok(()) => {}
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let code = CodeForm { from: base::show_date(ctx.today()), ..CodeForm::default() };
            return web::refused(one_page(&ctx, &mut tx, id, Some(form), code, problems).await?);
        }
        Err(other) => return Err(other),
    }
    tx.audit("change", "exchange_partner", id, None, json!({ "application": form.application }));
    tx.commit().await?;
    web::redirect(format!("/app/exchange/partners/{id}"))
}

/// Checks a translation and gives what the code means.
fn meaning(form: &CodeForm, rooms: &[Choice], people: &[Choice]) -> Result<(String, String, NaiveDate), Problems> {
    let mut problems = Problems::none();
    let code = form.code.trim().to_owned();
    problems.add_if(kind_title(&form.kind).is_empty(), "kind", "Chưa chọn loại mã.");
    problems.add_if(code.is_empty() || code.chars().count() > 120, "code", "Chưa có mã của bên gửi. Ghi đúng từng ký tự như bên gửi dùng.");
    let offered = |list: &[Choice], value: &str| list.iter().any(|(id, _)| id == value).then(|| value.to_owned());
    let typed = form.target.split_whitespace().collect::<Vec<_>>().join(" ");
    let (field, target) = match form.kind.as_str() {
        "ward" => ("room", offered(rooms, &form.room)),
        "doctor" => ("person", offered(people, &form.person)),
        "class" => ("target", matches!(typed.as_str(), "IMP" | "AMB" | "EMER").then_some(typed)),
        "disposition" => {
            let known = !word(&OUTCOMES, &form.outcome).is_empty() && !word(&WAYS, &form.way).is_empty();
            ("outcome", known.then(|| format!("{} {}", form.outcome, form.way)))
        }
        _ => ("target", (!typed.is_empty() && typed.chars().count() <= 120).then_some(typed)),
    };
    let hint = KINDS.iter().find(|(k, _, _)| *k == form.kind).map_or("", |(_, _, hint)| hint);
    problems.add_if(target.is_none(), field, format!("Chưa rõ mã này nghĩa là gì ở đây. {hint}."));
    let from = base::parse_date_vi(&form.from);
    problems.add_if(from.is_none(), "from", "Ngày bắt đầu chưa đúng. Ghi như 01/12/2026.");
    match (target, from) {
        (Some(target), Some(from)) => problems.or((code, target, from)),
        _ => Err(problems),
    }
}

/// Says what a code of the partner means from a day on.
pub async fn write_code(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CodeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    if store::list(&mut tx, Some(id)).await?.is_empty() {
        return Err(Failure::NotFound);
    }
    let (rooms, people) = store::list_targets(&mut tx).await?;
    let (code, target, from) = match meaning(&form, &rooms, &people) {
        Ok(read) => read,
        Err(problems) => return web::refused(one_page(&ctx, &mut tx, id, None, form, problems).await?),
    };
    let row = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    store::write_code(&mut tx, row, id, &form.kind, &code, &target, from).await?;
    tx.audit("translate", "exchange_partner", id, None, json!({ "kind": form.kind, "code": code }));
    tx.commit().await?;
    web::redirect(format!("/app/exchange/partners/{id}"))
}

/// Ends a translation with today.
pub async fn end_code(ctx: Ctx, Path((id, code)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::end_code(&mut tx, id, code).await?;
    tx.audit("end_translation", "exchange_partner", id, None, json!({ "code": code }));
    tx.commit().await?;
    web::redirect(format!("/app/exchange/partners/{id}"))
}
