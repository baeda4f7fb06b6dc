//! One paper: its head, its grid made for the keyboard, and what may be done with it now.

use super::stocktake;
use crate::document::{self, Kind, State};
use crate::entry::{HeadForm, LineForm};
use crate::item::show_quantity;
use crate::paperwork;
use crate::receipt::{self, Totals};
use crate::store::documents::{self as store, Document, Line, Step};
use crate::store::{goods, stores, suppliers};
use askama::Template;
use base::{Problems, Vnd, show_date};
use db::Tx;
use organization::room;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, IntoResponse, Path, Query, Shell};

#[derive(Template)]
#[template(path = "document.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    doc: Document,
    lines: Vec<Line>,
    totals: Totals,
    steps: Vec<Step>,
    head: HeadForm,
    entry: LineForm,
    is_editing: bool,
    suppliers: Vec<(String, String)>,
    stores: Vec<(String, String)>,
    rooms: Vec<(String, String)>,
    reversal: Option<Document>,
    original: Option<Document>,
    problems: Problems,
    id: Uuid,
    may_write: bool,
    may_decide: bool,
    is_mine: bool,
}

/// The lines and the row in which the next one is typed: given back alone after every line.
#[derive(Template)]
#[template(path = "document_grid.html")]
struct Grid<'a> {
    page: &'a Page,
}

impl Page {
    fn as_grid(&self) -> Grid<'_> {
        Grid { page: self }
    }
    fn grid(&self) -> String {
        self.as_grid().render().unwrap_or_default()
    }
    fn kind(&self) -> Kind {
        self.doc.kind()
    }
    fn is(&self, kind: &str) -> bool {
        self.doc.kind == kind
    }
    fn is_open(&self) -> bool {
        self.doc.state().is_open() && self.may_write
    }
    fn state(&self) -> &'static str {
        self.doc.state().name(self.doc.kind())
    }
    fn step_name(&self, step: &Step) -> &'static str {
        State::from_key(&step.state).map_or("", |s| s.name(self.doc.kind()))
    }
    fn packs(&self, line: &Line) -> String {
        format!("{} {}", show_quantity(&line.packs_milli()), line.unit)
    }
    /// The same in dispensing units, where it was typed in packs.
    fn in_units(&self, line: &Line) -> String {
        if line.factor > 1 { format!("{} {}", show_quantity(&line.quantity_milli), line.item_unit) } else { String::new() }
    }
    fn price(&self, line: &Line) -> String {
        receipt::show_price(line.price_cents)
    }
    fn net(&self, line: &Line) -> Vnd {
        Vnd(line.figures().net())
    }
    fn line_problem(&self, line: &Line) -> &str {
        self.problems.at(&line.line_id.to_string())
    }
    /// Refusals about movements of another paper, which have no row here.
    fn elsewhere(&self) -> Vec<&str> {
        let about_no_row = |field: &str| field.parse::<Uuid>().is_ok_and(|id| !self.lines.iter().any(|l| l.line_id == id));
        self.problems.0.iter().filter(|p| about_no_row(&p.field)).map(|p| p.text.as_ref()).collect()
    }
    fn may_reverse(&self) -> bool {
        self.may_write && self.reversal.is_none() && document::may_reverse(self.doc.kind(), self.doc.state()).is_ok()
    }
    fn is_on_the_way(&self) -> bool {
        self.doc.kind() == Kind::Transfer && self.doc.state() == State::Approved
    }
}

/// What a page begins with when it is not what is written.
#[derive(Default)]
struct Typed {
    head: Option<HeadForm>,
    entry: Option<LineForm>,
    problems: Problems,
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: Uuid, typed: Typed) -> Result<Page, Failure> {
    let doc = store::find(tx, id).await?.ok_or(Failure::NotFound)?;
    let lines = store::list_lines(tx, id).await?;
    let figures: Vec<_> = lines.iter().map(Line::figures).collect();
    let totals = if doc.kind().brings_goods() {
        receipt::reckon(&figures, Vnd(doc.discount_vnd)).unwrap_or_default()
    } else {
        Totals { total: Vnd(lines.iter().map(|l| l.cost_vnd).sum()), ..Totals::default() }
    };
    let open = doc.state().is_open();
    let today = ctx.today();
    let (mut supplier_list, mut store_list, mut room_list) = (Vec::new(), Vec::new(), Vec::new());
    if open {
        match doc.kind() {
            Kind::Receipt | Kind::SupplierReturn => {
                supplier_list = suppliers::list(tx).await?.into_iter().filter(|s| s.ended_on.is_none()).map(|s| (s.supplier_id.to_string(), s.name)).collect();
            }
            Kind::Transfer => {
                let others = stores::list(tx).await?;
                store_list = others.into_iter().filter(|s| s.is_open_on(today) && s.store_id != doc.store_id).map(|s| (s.store_id.to_string(), s.name)).collect();
            }
            Kind::Issue => {
                room_list = room::list(tx.conn(), ctx.facility(), today, None).await?.into_iter().map(|r| (r.id.to_string(), r.name)).collect();
            }
            _ => {}
        }
    }
    let original = match doc.reverses {
        Some(of) => store::find(tx, of).await?,
        None => None,
    };
    let me = ctx.actor.account.0;
    Ok(Page {
        shell: ctx.shell(&doc.show_number(), &[("F8", "Xong"), ("F9", "In"), ("Esc", "Về danh sách")]),
        here: "documents",
        totals,
        steps: store::list_steps(tx, id).await?,
        head: typed.head.unwrap_or_else(|| HeadForm::of(&doc)),
        is_editing: typed.entry.is_some(),
        entry: typed.entry.unwrap_or_else(|| LineForm { id: Uuid::now_v7().to_string(), vat: "5".into(), ..LineForm::default() }),
        suppliers: supplier_list,
        stores: store_list,
        rooms: room_list,
        reversal: store::find_reversal_of(tx, id).await?,
        original,
        problems: typed.problems,
        id: Uuid::now_v7(),
        may_write: ctx.may("stock.write"),
        may_decide: ctx.may("stock.approve") && document::may_decide(doc.state(), &doc.hands, me).is_ok(),
        is_mine: doc.hands.contains(&me),
        doc,
        lines,
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    line: String,
}

/// `GET /app/stock/documents/{id}`; `?line=` brings a line back into the grid.
pub async fn show(ctx: Ctx, Path(id): Path<Uuid>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if doc.kind() == Kind::Stocktake {
        return stocktake::show(&ctx, &mut tx, doc, Problems::none(), Default::default()).await;
    }
    let lines = store::list_lines(&mut tx, id).await?;
    let entry = lines.iter().find(|l| l.line_id.to_string() == asked.line).filter(|_| doc.state().is_open()).map(|l| LineForm::of(l, doc.kind()));
    web::html(page(&ctx, &mut tx, id, Typed { entry, ..Typed::default() }).await?)
}

/// Commits what was done and goes back to the paper; a refusal shows the paper with the reasons, nothing written.
async fn answer(ctx: &Ctx, tx: Tx, id: Uuid, done: Result<(), Failure>, typed: Typed) -> Answer {
    match done {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stock/documents/{id}"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let doc = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
            if doc.kind() == Kind::Stocktake {
                return web::refused(stocktake::page(ctx, &mut tx, doc, problems).await?);
            }
            web::refused(page(ctx, &mut tx, id, Typed { problems, ..typed }).await?)
        }
        Err(other) => Err(other),
    }
}

/// Only a paper that exists here is worth reading a form for.
async fn known(tx: &mut Tx, id: Uuid) -> Result<Document, Failure> {
    store::find(tx, id).await?.ok_or(Failure::NotFound)
}

#[derive(Template)]
#[template(path = "document_head_said.html")]
struct HeadSaid {
    problems: Problems,
}

/// `POST /app/stock/documents/{id}/head`: keeps what was typed so far, says what is wrong.
pub async fn head(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<HeadForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    match paperwork::write_head(&mut tx, id, &form).await {
        Ok(problems) => {
            tx.commit().await?;
            if problems.is_empty() { web::html(HeadSaid { problems }) } else { web::refused(HeadSaid { problems }) }
        }
        Err(Failure::Refused(problems)) => web::refused(HeadSaid { problems }),
        Err(other) => Err(other),
    }
}

/// `POST /app/stock/documents/{id}/lines`: writes a line and gives the grid back, ready for the next one.
pub async fn put_line(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<LineForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let done = paperwork::write_line(&mut tx, id, &form).await;
    if !ctx.htmx {
        return answer(&ctx, tx, id, done, Typed { entry: Some(form), ..Typed::default() }).await;
    }
    match done {
        Ok(()) => {
            let shown = page(&ctx, &mut tx, id, Typed::default()).await?;
            tx.commit().await?;
            web::html(shown.as_grid())
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, id, Typed { entry: Some(form), problems, head: None }).await?.as_grid())
        }
        Err(other) => Err(other),
    }
}

/// `POST /app/stock/documents/{id}/lines/{line}/removal`.
pub async fn remove_line(ctx: Ctx, Path((id, line)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let done = paperwork::remove_line(&mut tx, id, line).await;
    if ctx.htmx && done.is_ok() {
        let shown = page(&ctx, &mut tx, id, Typed::default()).await?;
        tx.commit().await?;
        return web::html(shown.as_grid());
    }
    answer(&ctx, tx, id, done, Typed::default()).await
}

/// `POST /app/stock/documents/{id}/submission`: the head as it stands, then off to the second person.
pub async fn submit(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<HeadForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = known(&mut tx, id).await?;
    let done = async {
        if doc.state().is_open() {
            paperwork::write_head(&mut tx, id, &form).await?.or(())?;
        }
        paperwork::submit(&mut tx, id).await
    }
    .await;
    answer(&ctx, tx, id, done, Typed { head: Some(form), ..Typed::default() }).await
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecisionForm {
    decision: String,
    note: String,
}

/// `POST /app/stock/documents/{id}/decision`: approve or refuse.
pub async fn decide(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecisionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let done = paperwork::decide(&mut tx, id, form.decision == "approve", &form.note).await;
    answer(&ctx, tx, id, done, Typed::default()).await
}

/// `POST /app/stock/documents/{id}/withdrawal`: back to draft, or away.
pub async fn withdraw(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecisionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let done = if form.decision == "discard" { paperwork::discard(&mut tx, id).await } else { paperwork::take_back(&mut tx, id).await };
    answer(&ctx, tx, id, done, Typed::default()).await
}

/// `POST /app/stock/documents/{id}/arrival`: a transfer is taken in or goes back.
pub async fn arrive(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<DecisionForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let done = paperwork::arrive(&mut tx, id, form.decision != "send_back", &form.note).await;
    answer(&ctx, tx, id, done, Typed::default()).await
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReversalForm {
    id: String,
    reason: String,
}

/// `POST /app/stock/documents/{id}/reversal`: asks somebody else to take it back.
pub async fn reverse(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<ReversalForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    known(&mut tx, id).await?;
    let new: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Biểu mẫu thiếu mã. Mở lại trang rồi thử lại.".into()))?;
    match paperwork::ask_reversal(&mut tx, id, new, &form.reason).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stock/documents/{new}"))
        }
        refused => answer(&ctx, tx, id, refused, Typed::default()).await,
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Question {
    q: String,
}

/// `GET /app/stock/documents/{id}/goods`: drugs for what arrives, lots on the shelf for what leaves.
pub async fn goods(ctx: Ctx, Path(id): Path<Uuid>, Query(question): Query<Question>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = known(&mut tx, id).await?;
    let today = ctx.today();
    let options: Vec<Value> = if doc.kind().brings_goods() {
        goods::search_drugs(&mut tx, &question.q)
            .await?
            .into_iter()
            .map(|d| {
                let title = crate::item::with_strength(&d.name, &d.strength);
                let packs = if d.packs.is_empty() { d.unit.clone() } else { format!("{} · {}", d.unit, d.packs) };
                json!({ "value": d.drug_id, "label": title, "code": d.code, "side": packs })
            })
            .collect()
    } else {
        let all = doc.kind() == Kind::Stocktake;
        goods::search_lots(&mut tx, doc.store(), &question.q, all)
            .await?
            .into_iter()
            .map(|l| {
                let unusable = doc.kind().is_for_use() && (l.blocked || l.expires < today);
                let why = if l.blocked { " · đang khóa" } else if l.expires < today { " · hết hạn" } else { "" };
                let text = format!("{} · lô {} · HD {}{why}", l.title(), l.lot_no, show_date(l.expires));
                json!({ "value": l.lot_id, "label": text, "side": format!("còn {} {}", show_quantity(&l.quantity_milli), l.unit), "disabled": unusable })
            })
            .collect()
    };
    Ok(([("content-type", "application/json"), ("cache-control", "no-store")], json!(options).to_string()).into_response())
}
