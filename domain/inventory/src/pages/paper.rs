//! Papers on paper: what `edge/documents` needs to print a receipt, an issue, a count or the minutes of a disposal.

use crate::document::Kind;
use crate::item::show_quantity;
use crate::receipt;
use crate::store::counts;
use crate::store::documents::{self as store, Document};
use crate::stocktake::Outcome;
use base::local_date;
use db::Tx;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path};

/// The heading of the facility's papers.
pub(super) async fn head_of(ctx: &Ctx, tx: &mut Tx) -> Result<Value, Failure> {
    let facility = organization::facility::get(tx.conn(), ctx.facility()).await?;
    let code = facility.code.clone();
    Ok(facility.paper_head(Some(&code)))
}

/// `GET /app/stock/documents/{id}/pdf`.
pub async fn print(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let doc = store::find(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let mut data = common(&ctx, &mut tx, &doc).await?;
    let lines = match doc.kind() {
        Kind::Stocktake => count_lines(&mut tx, &doc).await?,
        // The paper that takes another back lists what that one said.
        Kind::Reversal => document_lines(&mut tx, doc.reverses.unwrap_or(id)).await?,
        _ => document_lines(&mut tx, id).await?,
    };
    data["lines"] = lines.into();
    if let Some(of) = doc.reverses {
        data["refers_to"] = store::find(&mut tx, of).await?.map(|d| d.show_number()).into();
    }
    tx.audit("print", "stock-document", id, None, json!({ "kind": doc.kind }));
    let bytes = ctx.app.papers().render(doc.kind().paper(), data).await.map_err(|e| anyhow::anyhow!("the paper cannot be drawn: {e}"))?;
    tx.commit().await?;
    web::pdf(bytes, &format!("{}.pdf", doc.show_number().replace('/', "-")))
}

async fn common(ctx: &Ctx, tx: &mut Tx, doc: &Document) -> Result<Value, Failure> {
    let booked = doc.state().is_booked();
    Ok(json!({
        "head": head_of(ctx, tx).await?,
        "title": doc.kind().name().to_uppercase(),
        "number": doc.number().unwrap_or_default(),
        "draft": !booked,
        "cancelled": doc.state == "reversed",
        "day_date": doc.decided_at.map_or(doc.day, local_date),
        "store": doc.store_name,
        "to": doc.to_store_name.clone().or_else(|| doc.room_name.clone()),
        "supplier": doc.supplier_name,
        "invoice_no": doc.invoice_no,
        "invoice_date": doc.invoice_date,
        "reason": doc.reason,
        "note": doc.note,
        "committee": doc.committee.lines().collect::<Vec<_>>(),
        "discount_vnd": (doc.discount_vnd > 0).then_some(doc.discount_vnd),
        "vat_vnd": doc.kind().brings_goods().then_some(doc.vat_vnd),
        "total_vnd": doc.total_vnd.abs(),
        "author": doc.author_name,
        "decider": doc.decider_name,
        "receiver": doc.arrived_name,
        "frozen_at": doc.written_at,
        "decided_at": doc.decided_at,
        "printed": { "by": &*ctx.actor.name, "printed_at": ctx.now },
    }))
}

async fn document_lines(tx: &mut Tx, id: Uuid) -> Result<Vec<Value>, Failure> {
    let lines = store::list_lines(tx, id).await?;
    Ok(lines
        .iter()
        .map(|l| {
            json!({
                "code": l.code, "name": l.title(), "lot_no": l.lot_no, "expires_date": l.expires, "unit": l.unit,
                "quantity": show_quantity(&l.packs_milli()), "price": receipt::show_price(l.price_cents), "vat": format!("{}%", l.vat_percent),
                "amount_vnd": l.figures().net(), "value_vnd": l.cost_vnd, "note": l.reason,
            })
        })
        .collect())
}

async fn count_lines(tx: &mut Tx, doc: &Document) -> Result<Vec<Value>, Failure> {
    let lines = counts::list(tx, doc.document_id).await?;
    let booked = doc.state().is_booked();
    Ok(lines
        .iter()
        .map(|l| {
            let difference = match l.outcome() {
                Outcome::Agreed(d) => Some(d),
                _ => None,
            };
            // A sheet to count by is blind: the books are printed only once the count is decided.
            let (book, counted, over) = match (booked, difference) {
                (true, Some(d)) => {
                    let book = l.second_book.unwrap_or(l.frozen_milli);
                    (show_quantity(&book), show_quantity(&(book + d)), if d == 0 { String::new() } else { show_quantity(&d) })
                }
                _ => Default::default(),
            };
            json!({
                "code": l.code, "name": l.title(), "unit": l.unit, "lot_no": l.lot_no, "expires_date": l.expires,
                "book": book, "counted": counted, "difference": over,
                "value_vnd": difference.filter(|d| booked && *d != 0).map(|d| l.value(d)), "note": l.reason,
            })
        })
        .collect())
}
