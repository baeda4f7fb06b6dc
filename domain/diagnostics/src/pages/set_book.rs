//! The book of order sets: a clinician's own and the facility's, looked through and changed outside any visit.

use super::sets::codes_of;
use crate::basket::{self, ORDERED};
use crate::store::{self, SetHead, SetService};
use askama::Template;
use base::{Problem, Problems};
use organization::service;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

#[derive(Template)]
#[template(path = "set_book.html")]
struct Page {
    shell: Shell,
    sets: Vec<SetHead>,
    fresh: Uuid,
    may_share: bool,
}

/// `GET /app/orders/sets`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let sets = store::list_set_book(tx.conn(), ctx.facility(), ctx.actor.practitioner).await?;
    web::html(Page { shell: ctx.shell("Bộ chỉ định", &[("F5", "Bộ mới")]), sets, fresh: Uuid::now_v7(), may_share: ctx.may("catalog.manage") })
}

/// A set as typed: what it is called, when it is offered, and its services.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetForm {
    pub name: String,
    pub icd: String,
    /// "1" for the whole facility; only when the set is made.
    pub shared: String,
    pub service: Vec<String>,
    /// How many times each; empty or 0 takes the service out.
    pub quantity: Vec<String>,
    /// One more service, by id.
    pub add: String,
}

#[derive(Template)]
#[template(path = "set_page.html")]
struct SetPage {
    shell: Shell,
    set: Uuid,
    form: SetForm,
    lines: Vec<Line>,
    is_new: bool,
    is_shared: bool,
    may_change: bool,
    may_share: bool,
    problems: Problems,
}

struct Line {
    service: Uuid,
    code: String,
    name: String,
    quantity: String,
    is_over: bool,
}

/// `GET /app/orders/sets/{set}`; with `?new=1` an empty page under that id.
pub async fn show(ctx: Ctx, Path(set): Path<Uuid>, Query(new): Query<New>) -> Answer {
    let mut tx = ctx.begin().await?;
    let head = store::find_set(tx.conn(), ctx.facility(), ctx.actor.practitioner, set).await?;
    match head {
        Some(head) => {
            let form = SetForm { name: head.name.clone(), icd: head.icd_codes.join(", "), ..SetForm::default() };
            let lines = lines(store::list_set_services(tx.conn(), ctx.facility(), set).await?);
            web::html(page(&ctx, set, Some(&head), form, lines, Problems::none()))
        }
        None if new.new == "1" => web::html(page(&ctx, set, None, SetForm::default(), Vec::new(), Problems::none())),
        None => Err(Failure::NotFound),
    }
}

/// Whether the page is for a set that is not there yet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    new: String,
}

fn lines(services: Vec<SetService>) -> Vec<Line> {
    services
        .into_iter()
        .map(|s| Line { service: s.service_id, code: s.code, name: s.name, quantity: s.quantity.to_string(), is_over: s.is_over })
        .collect()
}

fn page(ctx: &Ctx, set: Uuid, head: Option<&SetHead>, form: SetForm, lines: Vec<Line>, problems: Problems) -> SetPage {
    let is_shared = head.is_some_and(|head| !head.is_own);
    SetPage {
        shell: ctx.shell("Bộ chỉ định", &[("F8", "Lưu")]),
        set,
        form,
        lines,
        is_new: head.is_none(),
        is_shared,
        may_change: !is_shared || ctx.may("catalog.manage"),
        may_share: ctx.may("catalog.manage"),
        problems,
    }
}

/// `POST /app/orders/sets/{set}`: changes a set.
pub async fn save(ctx: Ctx, Path(set): Path<Uuid>, Form(form): Form<SetForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let head = store::find_set(tx.conn(), ctx.facility(), ctx.actor.practitioner, set).await?.ok_or(Failure::NotFound)?;
    if !head.is_own && !ctx.may("catalog.manage") {
        return Err(Failure::Forbidden("Bộ chung của cơ sở do người quản trị danh mục sửa. Có thể lưu một bộ riêng.".into()));
    }
    write(ctx, tx, set, Some(head), form).await
}

/// A set that is made now, under the id that the page made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    pub id: String,
    pub name: String,
    pub icd: String,
    pub shared: String,
    pub service: Vec<String>,
    pub quantity: Vec<String>,
    pub add: String,
}

/// `POST /app/orders/sets`: makes a set. A second click finds it made.
pub async fn create(ctx: Ctx, Form(form): Form<NewForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let set: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    let head = store::find_set(tx.conn(), ctx.facility(), ctx.actor.practitioner, set).await?;
    if head.is_some() {
        return web::redirect(format!("/app/orders/sets/{set}"));
    }
    let form = SetForm { name: form.name, icd: form.icd, shared: form.shared, service: form.service, quantity: form.quantity, add: form.add };
    write(ctx, tx, set, None, form).await
}

/// The most services of one set.
const MOST: usize = 40;

async fn write(ctx: Ctx, mut tx: Tx, set: Uuid, head: Option<SetHead>, form: SetForm) -> Answer {
    let mut problems = Problems::none();
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    problems.add_if(name.is_empty(), "name", "Chưa có tên bộ. Đặt tên ngắn, ví dụ “Tiền mổ”, “THA lần đầu”.");
    problems.add_if(name.chars().count() > 100, "name", "Tên bộ dài quá 100 ký tự. Rút gọn lại.");
    let icd = codes_of(&form.icd).map_err(|problem| problems.0.push(problem)).unwrap_or_default();
    let mut wanted: Vec<(Uuid, i32)> = Vec::new();
    let added = (!form.add.trim().is_empty()).then(|| (form.add.clone(), "1".to_owned()));
    let typed = form.service.iter().cloned().zip(form.quantity.iter().cloned()).chain(added);
    for (service, quantity) in typed.filter(|(_, quantity)| !matches!(quantity.trim(), "" | "0")) {
        let Ok(service) = service.trim().parse::<Uuid>() else {
            problems.add("add", "Chưa chọn dịch vụ trong danh sách. Gõ vài chữ rồi chọn.");
            continue;
        };
        match basket::quantity(&quantity) {
            Ok(quantity) if !wanted.iter().any(|(known, _)| *known == service) => wanted.push((service, quantity)),
            Ok(_) => {}
            Err(problem) => problems.0.push(Problem::at(format!("quantity-{service}"), problem.text)),
        }
    }
    let ids: Vec<Uuid> = wanted.iter().map(|(id, _)| *id).collect();
    let known = service::by_ids(tx.conn(), ctx.facility(), &ids, ctx.today()).await?;
    if ids.iter().any(|id| !known.iter().any(|service| service.id == *id && ORDERED.contains(&service.facts.kind))) {
        return Err(Failure::NotFound);
    }
    problems.add_if(wanted.is_empty(), "add", "Bộ chưa có dịch vụ nào. Gõ vài chữ để tìm rồi thêm.");
    problems.add_if(wanted.len() > MOST, "add", format!("Nhiều nhất {MOST} dịch vụ cho một bộ."));
    let owner = match &head {
        Some(head) if head.is_own => ctx.actor.practitioner,
        Some(_) => None,
        None if form.shared == "1" && ctx.may("catalog.manage") => None,
        None => ctx.actor.practitioner,
    };
    if head.is_none() && owner.is_none() && !(form.shared == "1" && ctx.may("catalog.manage")) {
        return Err(Failure::Forbidden("Tài khoản này không gắn với nhân viên nào nên không lưu bộ riêng được.".into()));
    }
    if !problems.is_empty() {
        let lines = wanted
            .iter()
            .filter_map(|(id, quantity)| {
                let service = known.iter().find(|service| service.id == *id)?;
                let (code, name) = (service.facts.code.clone(), service.facts.name.clone());
                Some(Line { service: *id, code, name, quantity: quantity.to_string(), is_over: false })
            })
            .collect();
        return web::refused(page(&ctx, set, head.as_ref(), form, lines, problems));
    }
    store::write_set(&mut tx, set, owner, &name, &icd, &wanted).await?;
    let action = if head.is_some() { "update" } else { "create" };
    tx.audit(action, "order-set", set, None, json!({ "shared": owner.is_none(), "services": wanted.len() }));
    tx.commit().await?;
    web::redirect(format!("/app/orders/sets/{set}"))
}

/// What was typed into the search.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    q: String,
}

struct Choice {
    id: Uuid,
    code: String,
    name: String,
}

#[derive(Template)]
#[template(path = "set_suggestions.html")]
struct Suggestions {
    options: Vec<Choice>,
}

/// `GET /app/orders/services?q=`: services that a set can hold.
pub async fn suggest(ctx: Ctx, Query(find): Query<Find>) -> Answer {
    let mut tx = ctx.begin().await?;
    let found = service::search(tx.conn(), ctx.facility(), &find.q, &ORDERED, ctx.today(), 10).await?;
    let options = found.into_iter().map(|s| Choice { id: s.id, code: s.facts.code, name: s.facts.name }).collect();
    web::html(Suggestions { options })
}
