//! Setting screens up, and answering who calls for help.

use crate::store::{self, Call, Kiosk};
use askama::Template;
use base::Problems;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, PanelFor, Path, Tx};

#[derive(Template)]
#[template(path = "kiosk_devices.html")]
struct DevicesPage {
    shell: web::Shell,
    kiosks: Vec<Kiosk>,
    id: Uuid,
    typed: String,
    /// The address of a screen that was just set up: shown this once.
    address: String,
    problems: Problems,
}

/// The form of a new screen.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewKiosk {
    id: Option<Uuid>,
    name: String,
}

async fn load(ctx: &Ctx, tx: &mut Tx, typed: String, address: String, problems: Problems) -> Result<DevicesPage, Failure> {
    Ok(DevicesPage { shell: ctx.shell("Kiosk", &[("F8", "Thêm kiosk")]), kiosks: store::list(tx).await?, id: Uuid::now_v7(), typed, address, problems })
}

/// `GET /app/kiosks`.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(load(&ctx, &mut tx, String::new(), String::new(), Problems::none()).await?)
}

/// `POST /app/kiosks`: sets a screen up and shows its address once.
pub async fn add(ctx: Ctx, Form(form): Form<NewKiosk>) -> Answer {
    let mut tx = ctx.begin().await?;
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut problems = Problems::none();
    problems.add_if(name.is_empty(), "name", "Đặt tên để biết máy nào: ví dụ Sảnh tầng 1.");
    problems.add_if(name.chars().count() > 60, "name", "Tên tối đa 60 ký tự, hãy rút gọn.");
    if !problems.is_empty() {
        return web::refused(load(&ctx, &mut tx, form.name, String::new(), problems).await?);
    }
    let token = hex::encode(rand::random::<[u8; 24]>());
    let id = form.id.unwrap_or_else(Uuid::now_v7);
    let is_new = store::insert(&mut tx, id, &name, &token).await?;
    tx.audit("add", "kiosk", id, None, serde_json::json!({ "name": name }));
    let address = if is_new { format!("{}/kiosk/{token}", ctx.app.config.public_url) } else { String::new() };
    let page = load(&ctx, &mut tx, String::new(), address, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

/// `POST /app/kiosks/{id}/end`.
pub async fn end(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !store::end(&mut tx, id).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end", "kiosk", id, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/kiosks")
}

/// `POST /app/kiosks/help/{id}/answer`: says who goes.
pub async fn answer(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !store::answer_call(&mut tx, id).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("answer", "kiosk", id, None, serde_json::Value::Null);
    tx.notify("queue");
    tx.commit().await?;
    web::redirect("/app/reception")
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as c %}{% for call in calls %}{% call c::check_card("warning", "Có người cần giúp ở kiosk", call.name) %}<form method="post" action="/app/kiosks/help/{{ call.use_id }}/answer" data-once><input type="hidden" name="csrf" value="{{ csrf }}"><button class="btn btn-s">{{ c::icon("walk") }} Tôi tới ngay</button></form>{% endcall %}{% endfor %}"#,
    ext = "html"
)]
struct CallsPanel {
    calls: Vec<Call>,
    csrf: String,
}

/// On the desk's page of the day: who waits for help in the hall.
pub async fn panel(ctx: &Ctx, tx: &mut Tx, _about: &PanelFor) -> Result<String, Failure> {
    let calls = store::list_calls(tx).await?;
    if calls.is_empty() {
        return Ok(String::new());
    }
    Ok(CallsPanel { calls, csrf: ctx.shell("", &[]).csrf.clone() }.render()?)
}
