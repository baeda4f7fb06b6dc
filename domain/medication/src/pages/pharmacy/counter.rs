//! Which drugs may go over the counter without a prescription: the pharmacist decides, from today on.

use crate::store;
use askama::Template;
use organization::drug::{self, Controlled, Filter};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

const KEYS: &[(&str, &str)] = &[("F2", "Tìm / quét"), ("Esc", "Về hàng chờ")];

pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub about: String,
    pub is_allowed: bool,
    pub is_controlled: bool,
}

#[derive(Template)]
#[template(path = "pharmacy_counter.html")]
struct Page {
    shell: Shell,
    typed: String,
    rows: Vec<Row>,
    more: Option<(String, Uuid)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CounterQuery {
    pub q: String,
    pub after: String,
    pub after_id: String,
}

const A_PAGE: i64 = 100;

/// `GET /app/pharmacy/over-counter`.
pub async fn show(ctx: Ctx, Query(query): Query<CounterQuery>) -> Answer {
    let mut tx = ctx.begin().await?;
    let after = query.after_id.parse::<Uuid>().ok().map(|id| (query.after.clone(), id));
    let filter = Filter { typed: query.q.clone(), with_ended: false, after };
    let drugs = drug::list(tx.conn(), ctx.facility(), &filter, ctx.today(), A_PAGE).await?;
    let ids: Vec<Uuid> = drugs.iter().map(|d| d.id).collect();
    let allowed = store::list_over_counter(tx.conn(), ctx.facility(), &ids, ctx.today()).await?;
    let more = drugs.last().filter(|_| drugs.len() as i64 == A_PAGE).map(|d| (base::fold(&d.facts.name), d.id));
    let rows = drugs
        .into_iter()
        .map(|d| Row {
            id: d.id,
            about: [d.facts.ingredient.as_str(), d.facts.strength.as_str(), d.facts.form.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
            is_allowed: allowed.contains(&d.id),
            is_controlled: d.facts.controlled != Controlled::None,
            name: d.facts.name,
        })
        .collect();
    web::html(Page { shell: ctx.shell("Thuốc không cần đơn", KEYS), typed: query.q, rows, more })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    /// "1": may be sold without a prescription.
    pub allowed: String,
    /// What was looked for, so that the page comes back as it was.
    pub q: String,
}

/// `POST /app/pharmacy/over-counter/{drug}`: decides from today on. A controlled drug always needs a prescription.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecideForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = drug::find(tx.conn(), ctx.facility(), id, ctx.today()).await?.ok_or(Failure::NotFound)?;
    let allowed = form.allowed == "1";
    if allowed && known.facts.controlled != Controlled::None {
        let text = format!("{} là thuốc kiểm soát đặc biệt, luôn cần đơn.", known.facts.name);
        return Err(base::Problem::of(text).into());
    }
    store::set_over_counter(&mut tx, id, allowed, ctx.today()).await?;
    tx.audit("decide", "over-counter", id, None, json!({ "allowed": allowed }));
    tx.commit().await?;
    let typed: String = form.q.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    web::redirect(format!("/app/pharmacy/over-counter?q={typed}"))
}
