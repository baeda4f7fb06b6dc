//! The counting sheet: blind while one counts, open once one has counted everything.

use super::vnd;
use crate::document::{self, State};
use crate::stocktake::{self, Outcome};
use crate::store::counts::{self, CountLine};
use crate::store::documents::{self as store, Document, Step};
use crate::store::{goods, lots};
use crate::item::show_quantity;
use askama::Template;
use base::{Problem, Problems, Vnd};
use db::Tx;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

/// What was typed and could not all be kept, by line.
pub(super) type TypedCounts = HashMap<Uuid, (String, String)>;

#[derive(Template)]
#[template(path = "stocktake.html")]
pub(super) struct Page {
    shell: Shell,
    here: &'static str,
    doc: Document,
    lines: Vec<CountLine>,
    steps: Vec<Step>,
    typed: TypedCounts,
    problems: Problems,
    me: Uuid,
    id: Uuid,
    may_write: bool,
    may_decide: bool,
    may_reverse: bool,
    is_mine: bool,
}

impl Page {
    fn is_open(&self) -> bool {
        self.doc.state().is_open() && self.may_write
    }
    /// While I have not counted every line, neither the books nor the other count are shown.
    fn is_blind(&self) -> bool {
        self.is_open() && self.lines.iter().any(|l| l.first_by != Some(self.me) && l.second_by != Some(self.me))
    }
    fn state(&self) -> &'static str {
        self.doc.state().name(self.doc.kind())
    }
    fn step_name(&self, step: &Step) -> &'static str {
        State::from_key(&step.state).map_or("", |s| s.name(self.doc.kind()))
    }
    fn number(&self, what: &str) -> usize {
        let wanted = |o: Outcome| match what {
            "uncounted" => o == Outcome::Uncounted,
            "once" => o == Outcome::Once,
            "disagree" => o == Outcome::Disagree,
            _ => matches!(o, Outcome::Agreed(d) if d != 0),
        };
        self.lines.iter().filter(|l| wanted(l.outcome())).count()
    }
    fn line_problem(&self, line: &CountLine) -> &str {
        self.problems.at(&line.line_id.to_string())
    }
    fn who(&self, name: &Option<String>) -> String {
        name.clone().unwrap_or_default()
    }
    fn difference(&self, line: &CountLine) -> String {
        match line.outcome() {
            Outcome::Agreed(0) => "0".into(),
            Outcome::Agreed(d) if d > 0 => format!("+{}", show_quantity(&d)),
            Outcome::Agreed(d) => show_quantity(&d),
            Outcome::Disagree => "hai số khác nhau".into(),
            _ => String::new(),
        }
    }
    /// What was sold or came in since the sheet was frozen.
    fn moved(&self, line: &CountLine) -> String {
        let moved = line.book_milli - line.frozen_milli;
        match moved.signum() {
            _ if !self.is_open() => String::new(),
            -1 => format!("đã xuất {} {} từ lúc chốt sổ", show_quantity(&-moved), line.unit),
            1 => format!("đã nhập {} {} từ lúc chốt sổ", show_quantity(&moved), line.unit),
            _ => String::new(),
        }
    }
    fn mine(&self, line: &CountLine) -> String {
        if let Some((typed, _)) = self.typed.get(&line.line_id) {
            return typed.clone();
        }
        let count = match (line.first_by, line.second_by) {
            (Some(by), _) if by == self.me => line.first_counted,
            (_, Some(by)) if by == self.me => line.second_counted,
            _ => None,
        };
        count.map(|n| show_quantity(&n)).unwrap_or_default()
    }
    fn reason(&self, line: &CountLine) -> String {
        self.typed.get(&line.line_id).map_or_else(|| line.reason.clone(), |(_, reason)| reason.clone())
    }
    fn value(&self) -> Vnd {
        if self.doc.state().is_booked() {
            return vnd(&self.doc.total_vnd);
        }
        let agreed = self.lines.iter().filter_map(|l| match l.outcome() {
            Outcome::Agreed(d) => Some(l.value(d)),
            _ => None,
        });
        Vnd(agreed.sum())
    }
}

pub(super) async fn page(ctx: &Ctx, tx: &mut Tx, doc: Document, problems: Problems) -> Result<Page, Failure> {
    let me = ctx.actor.account.0;
    let may_write = ctx.may("stock.write");
    let waits = store::find_reversal_of(tx, doc.document_id).await?.is_some();
    Ok(Page {
        shell: ctx.shell("Kiểm kê", &[("F8", "Lưu"), ("F9", "In"), ("Esc", "Về danh sách")]),
        here: "stocktakes",
        lines: counts::list(tx, doc.document_id).await?,
        steps: store::list_steps(tx, doc.document_id).await?,
        typed: HashMap::new(),
        problems,
        me,
        id: Uuid::now_v7(),
        may_write,
        may_decide: ctx.may("stock.approve") && document::may_decide(doc.state(), &doc.hands, me).is_ok(),
        may_reverse: may_write && !waits && document::may_reverse(doc.kind(), doc.state()).is_ok(),
        is_mine: doc.hands.contains(&me),
        doc,
    })
}

pub(super) async fn show(ctx: &Ctx, tx: &mut Tx, doc: Document, problems: Problems, typed: TypedCounts) -> Answer {
    let shown = page(ctx, tx, doc, problems).await?;
    web::html(Page { typed, ..shown })
}

/// The columns of the sheet, row by row in the same order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CountsForm {
    line: Vec<String>,
    counted: Vec<String>,
    reason: Vec<String>,
}

impl CountsForm {
    fn by_line(self) -> TypedCounts {
        let rows = self.line.into_iter().zip(self.counted).zip(self.reason);
        rows.filter_map(|((line, counted), reason)| Some((line.parse().ok()?, (counted, reason)))).collect()
    }
}

/// A stocktake by the id in the address; other papers have no sheet.
async fn sheet(tx: &mut Tx, id: Uuid) -> Result<Document, Failure> {
    store::lock(tx, id).await?.filter(|d| d.kind() == document::Kind::Stocktake).ok_or(Failure::NotFound)
}

/// `POST /app/stock/documents/{id}/counts`: keeps every number that can be read, tells the others.
pub async fn write(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<CountsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = sheet(&mut tx, id).await?;
    let typed = form.by_line();
    match stocktake::write_counts(&mut tx, &doc, &typed).await {
        Ok(problems) => {
            tx.audit("count", "stock-document", id, None, serde_json::json!({ "lines": typed.len() }));
            tx.notify("stock-documents");
            tx.commit().await?;
            if problems.is_empty() {
                return web::redirect(format!("/app/stock/documents/{id}"));
            }
            let mut tx = ctx.begin().await?;
            let mut shown = page(&ctx, &mut tx, doc, problems).await?;
            shown.typed = typed.into_iter().filter(|(line, _)| !shown.problems.at(&line.to_string()).is_empty()).collect();
            web::refused(shown)
        }
        Err(Failure::Refused(problems)) => {
            let mut shown = page(&ctx, &mut tx, doc, problems).await?;
            shown.typed = typed;
            web::refused(shown)
        }
        Err(other) => Err(other),
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FoundForm {
    id: String,
    lot: String,
    goods: String,
}

/// `POST /app/stock/documents/{id}/found`: a lot that lies there although the sheet does not know it.
pub async fn found(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<FoundForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = sheet(&mut tx, id).await?;
    document::may_edit(doc.state())?;
    let lot = match form.lot.parse::<Uuid>() {
        Ok(lot) => Some(lot),
        Err(_) => match crate::lot::read_label(&form.goods) {
            Some(label) => lots::find_by_label(&mut tx, label).await?.map(|l| l.lot_id),
            None => {
                let mut seen = goods::search_lots(&mut tx, doc.store(), &form.goods, true).await?;
                if seen.len() == 1 { seen.pop().map(|l| l.lot_id) } else { None }
            }
        },
    };
    let line = form.id.parse().unwrap_or_else(|_| Uuid::now_v7());
    let is_known = match lot {
        Some(lot) => counts::add_found(&mut tx, &doc, line, lot).await?,
        None => false,
    };
    if !is_known {
        let problem = Problem::of("Chưa nhận ra lô. Chọn trong danh sách hoặc quét nhãn lô; lô chưa từng nhập thì lập phiếu nhập.");
        let shown = page(&ctx, &mut tx, doc, problem.into()).await?;
        return web::refused(shown);
    }
    store::add_hand(&mut tx, id).await?;
    tx.commit().await?;
    web::redirect(format!("/app/stock/documents/{id}"))
}
