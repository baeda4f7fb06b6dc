//! What happens to a paper: begun, typed, sent, decided by somebody else, taken in, taken back. Pages and the demo world
//! both come through here. The paper's row is locked first, then its number, then the shelves, so that two people at
//! once wait for each other instead of blocking each other.

use crate::document::{self, Kind, State};
use crate::entry::{self, HeadForm, LineForm};
use crate::ledger::{self, Movement, Signer};
use crate::lot::NewLot;
use crate::receipt;
use crate::stocktake;
use crate::store::documents::{self as store, Document, Line, NewDocument};
use crate::store::{items, ledger as book, lots, stores};
use base::{LotId, Problem, Problems, StoreId, Vnd, local_date};
use db::Tx;
use serde_json::json;
use uuid::Uuid;
use web::Failure;

/// Begins a paper in a store. The same id a second time finds the same paper.
pub async fn begin(tx: &mut Tx, id: Uuid, kind: Kind, at: StoreId) -> Result<(), Failure> {
    if store::find(tx, id).await?.is_some() {
        return Ok(());
    }
    let today = local_date(tx.now);
    let open = stores::find(tx, at).await?.filter(|s| s.is_open_on(today));
    if open.is_none() {
        return Err(Problem::at("store", "Chọn kho đang hoạt động.").into());
    }
    let new = NewDocument { id, kind, store: at, reverses: None, reason: String::new(), total_vnd: 0 };
    store::insert(tx, &new).await?;
    tx.audit("begin", "stock-document", id, None, json!({ "kind": kind.key() }));
    Ok(())
}

/// The paper, locked and still open for typing.
async fn open_for_typing(tx: &mut Tx, id: Uuid) -> Result<Document, Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    document::may_edit(doc.state())?;
    Ok(doc)
}

/// Keeps the head as far as it is right; gives what is wrong with it.
pub async fn write_head(tx: &mut Tx, id: Uuid, form: &HeadForm) -> Result<Problems, Failure> {
    let doc = open_for_typing(tx, id).await?;
    let (mut head, mut problems) = form.read(doc.kind(), local_date(tx.now));
    if doc.kind() == Kind::Receipt
        && let Some(supplier) = head.supplier
        && let Some(other) = store::find_same_invoice(tx, id, supplier, &head.invoice_no).await?
    {
        let state = other.state().name(other.kind()).to_lowercase();
        problems.add("invoice_no", format!("Hóa đơn {} của nhà cung cấp này đã có ở {} ({state}). Xem lại số hóa đơn.", head.invoice_no, other.show_number()));
        head.invoice_no = doc.invoice_no.clone();
        if doc.supplier_id != head.supplier {
            head.invoice_no = String::new();
        }
    }
    store::update_head(tx, id, &head).await.map_err(twice)?;
    Ok(problems)
}

/// Two people typed the same invoice, or began to count the same store, at the same moment: the table kept one.
fn twice(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("inventory_document_invoice_once") => Problem::at("invoice_no", "Hóa đơn này của nhà cung cấp vừa được nhập ở phiếu khác.").into(),
        Some("inventory_document_one_count") => Problem::at("store", "Kho này đang có phiếu kiểm kê chưa xong. Mở phiếu đó để đếm tiếp.").into(),
        Some("inventory_document_reversed_once") => Failure::Conflict("Phiếu này vừa có người khác đề nghị ghi đảo.".into()),
        _ => error.into(),
    }
}

/// Writes one line, new or changed.
pub async fn write_line(tx: &mut Tx, id: Uuid, form: &LineForm) -> Result<(), Failure> {
    let doc = open_for_typing(tx, id).await?;
    if !doc.kind().brings_goods() && !doc.kind().takes_goods() {
        return Err(Problem::of("Phiếu này không nhập từng dòng.").into());
    }
    let line = entry::read_line(tx, &doc, form).await?;
    let known = store::list_lines(tx, id).await?;
    if known.len() >= 300 && !known.iter().any(|l| l.line_id == line.id) {
        return Err(Problem::of("Một phiếu có tối đa 300 dòng. Lập phiếu nữa cho phần còn lại.").into());
    }
    store::put_lines(tx, id, &[line]).await?;
    store::add_hand(tx, id).await?;
    Ok(())
}

/// Takes a line out.
pub async fn remove_line(tx: &mut Tx, id: Uuid, line: Uuid) -> Result<(), Failure> {
    open_for_typing(tx, id).await?;
    store::delete_line(tx, id, line).await?;
    store::add_hand(tx, id).await?;
    Ok(())
}

/// Sends a paper to be decided by somebody else. A second click finds it sent.
pub async fn submit(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    if doc.state() == State::Submitted {
        return Ok(());
    }
    document::may_edit(doc.state())?;
    let kind = doc.kind();
    let totals = if kind == Kind::Stocktake {
        stocktake::check_counted(tx, &doc).await?;
        None
    } else {
        let (head, mut problems) = HeadForm::of(&doc).read(kind, local_date(tx.now));
        problems.0.extend(entry::missing(kind, &head).0);
        let lines = store::list_lines(tx, id).await?;
        problems.add_if(lines.is_empty(), "", "Phiếu chưa có dòng nào. Thêm ít nhất một dòng.");
        problems.or(())?;
        Some(settle(tx, &doc, &lines).await?)
    };
    store::move_on(tx, id, State::Submitted, "", totals).await?;
    tx.audit("submit", "stock-document", id, None, json!({ "kind": kind.key() }));
    tx.notify("stock-documents");
    Ok(())
}

/// Reckons what the paper comes to, writes each line's share, gives (total, VAT).
async fn settle(tx: &mut Tx, doc: &Document, lines: &[Line]) -> Result<(i64, i64), Failure> {
    if !doc.kind().brings_goods() {
        return Ok((lines.iter().map(|l| l.cost_vnd).sum(), 0));
    }
    let figures: Vec<_> = lines.iter().map(Line::figures).collect();
    let totals = receipt::reckon(&figures, Vnd(doc.discount_vnd))?;
    let costs: Vec<_> = lines.iter().zip(&totals.costs).map(|(l, c)| (l.line_id, c.0, None)).collect();
    store::settle_lines(tx, doc.document_id, &costs).await?;
    Ok((totals.total.0, totals.vat.0))
}

/// Takes a sent paper back to be changed.
pub async fn take_back(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    match (doc.state(), doc.kind()) {
        (State::Draft, _) => Ok(()),
        (State::Submitted, Kind::Reversal) => discard(tx, id).await,
        (State::Submitted, _) => {
            store::move_on(tx, id, State::Draft, "", None).await?;
            tx.notify("stock-documents");
            Ok(())
        }
        _ => Err(document::may_edit(doc.state()).err().unwrap_or_else(|| Problem::of("Phiếu đang ở trạng thái sửa được.")).into()),
    }
}

/// Throws an unbooked paper away; it stays readable, without a number.
pub async fn discard(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    if doc.state() == State::Discarded {
        return Ok(());
    }
    if doc.state().is_booked() {
        return Err(document::may_edit(doc.state()).err().unwrap_or_else(|| Problem::of("Phiếu đã ghi sổ.")).into());
    }
    store::move_on(tx, id, State::Discarded, "", None).await?;
    tx.audit("discard", "stock-document", id, None, json!({ "kind": doc.kind }));
    tx.notify("stock-documents");
    Ok(())
}

/// Decides about a sent paper. Approval gives it its number and books it, once: whoever comes second is told who was
/// first; a second click of the same person finds it done.
pub async fn decide(tx: &mut Tx, id: Uuid, approve: bool, note: &str) -> Result<(), Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    let me = tx.actor.account.0;
    if doc.state().is_booked() {
        return if approve && doc.decider == Some(me) {
            Ok(())
        } else {
            Err(Failure::Conflict(format!("Phiếu đã được {} duyệt ({}). Mở lại trang để xem.", doc.decider_name, doc.show_number())))
        };
    }
    document::may_decide(doc.state(), &doc.hands, me)?;
    let note: String = note.trim().chars().take(500).collect();
    if !approve {
        if note.is_empty() {
            return Err(Problem::at("note", "Ghi lý do trả lại để người lập sửa.").into());
        }
        // A reversal is asked anew rather than changed.
        let to = if doc.kind() == Kind::Reversal { State::Discarded } else { State::Refused };
        store::move_on(tx, id, to, &note, None).await?;
        tx.audit("refuse", "stock-document", id, None, json!({ "kind": doc.kind }));
        tx.notify("stock-documents");
        return Ok(());
    }
    let year = document::year_of(local_date(tx.now));
    let number = store::next_number(tx, doc.kind(), year).await?;
    let shown = document::show_number(doc.kind(), year, number);
    let second = Some(Signer { account: doc.author, name: doc.author_name.clone() });
    let total = match doc.kind() {
        Kind::Reversal => {
            take_back_movements(tx, &doc, &shown, second).await?;
            None
        }
        Kind::Stocktake => Some(stocktake::book(tx, &doc, &shown, second).await?),
        _ => {
            book_lines(tx, &doc, &shown, second).await?;
            None
        }
    };
    store::approve(tx, id, year, number, &note, total).await?;
    tx.audit("approve", "stock-document", id, None, json!({ "kind": doc.kind, "number": shown, "total_vnd": doc.total_vnd }));
    tx.notify("stock-documents");
    Ok(())
}

async fn book_lines(tx: &mut Tx, doc: &Document, shown: &str, second: Option<Signer>) -> Result<(), Failure> {
    let Some(kind) = doc.kind().movement() else { return Err(Failure::NotFound) };
    let lines = store::list_lines(tx, doc.document_id).await?;
    let today = local_date(tx.now);
    let mut problems = Problems::none();
    for line in &lines {
        // The paper may have waited over night: the day of approval is the day of arrival.
        problems.add_if(doc.kind() == Kind::Receipt && line.expires < today, line.line_id.to_string(), "Hàng đã hết hạn trong lúc chờ duyệt. Trả phiếu lại để bỏ dòng này.");
    }
    problems.or(())?;
    let mut movements = Vec::with_capacity(lines.len());
    let mut settled = Vec::with_capacity(lines.len());
    for line in &lines {
        let lot = match line.lot_id {
            Some(lot) => LotId(lot),
            None => {
                items::keep(tx, line.item_id).await?;
                let new = NewLot {
                    item: line.item_id,
                    lot_no: line.lot_no.clone(),
                    expires: line.expires,
                    cost: Vnd(line.cost_vnd),
                    cost_milli: line.quantity_milli,
                    supplier: doc.supplier_id,
                };
                lots::find_or_insert(tx, &new).await?
            }
        };
        settled.push((line.line_id, line.cost_vnd, Some(lot.0)));
        let sign = if doc.kind().brings_goods() { 1 } else { -1 };
        movements.push(Movement {
            document_no: shown.to_owned(),
            reason: if line.reason.is_empty() { doc.reason.clone() } else { line.reason.clone() },
            second: second.clone(),
            ..Movement::new(kind, doc.store(), line.item_id, lot, sign * line.quantity_milli, doc.document_id, line.line_id)
        });
    }
    store::settle_lines(tx, doc.document_id, &settled).await?;
    ledger::post(tx, &movements).await?;
    Ok(())
}

async fn take_back_movements(tx: &mut Tx, doc: &Document, shown: &str, second: Option<Signer>) -> Result<(), Failure> {
    let original = store::lock(tx, doc.reverses.unwrap_or_default()).await?.ok_or(Failure::NotFound)?;
    document::may_reverse(original.kind(), original.state())?;
    let booked = book::list_of_document(tx, &[original.document_id]).await?;
    let mut ids: Vec<Uuid> = booked.iter().filter(|m| m.reverses.is_none()).map(|m| m.movement_id).collect();
    // What came in last goes out first, so that a transfer is taken back without being short on the way.
    ids.reverse();
    ledger::reverse(tx, &ids, doc.document_id, shown, &doc.reason, second).await?;
    store::mark_reversed(tx, original.document_id, shown).await?;
    Ok(())
}

/// Takes a transfer in at its store, or sends it back to where it came from.
pub async fn arrive(tx: &mut Tx, id: Uuid, taken_in: bool, note: &str) -> Result<(), Failure> {
    let doc = store::lock(tx, id).await?.ok_or(Failure::NotFound)?;
    let to = if taken_in { State::Received } else { State::SentBack };
    if doc.state() == to {
        return Ok(());
    }
    if doc.kind() != Kind::Transfer || doc.state() != State::Approved {
        return Err(Problem::of("Phiếu này không có hàng đang chuyển.").into());
    }
    let note: String = note.trim().chars().take(500).collect();
    if !taken_in && note.is_empty() {
        return Err(Problem::at("note", "Ghi lý do trả hàng về kho gửi.").into());
    }
    let at = if taken_in { StoreId(doc.to_store_id.unwrap_or(doc.store_id)) } else { doc.store() };
    let me = tx.actor.account.0;
    let other = if doc.decider == Some(me) { (doc.author, doc.author_name.clone()) } else { (doc.decider.unwrap_or(doc.author), doc.decider_name.clone()) };
    let second = (other.0 != me).then_some(Signer { account: other.0, name: other.1 });
    let movements: Vec<Movement> = store::list_lines(tx, id)
        .await?
        .iter()
        .filter_map(|l| {
            Some(Movement {
                document_no: doc.show_number(),
                reason: note.clone(),
                second: second.clone(),
                ..Movement::new(ledger::Kind::TransferIn, at, l.item_id, LotId(l.lot_id?), l.quantity_milli, id, l.line_id)
            })
        })
        .collect();
    ledger::post(tx, &movements).await?;
    store::arrive(tx, id, to, &note).await?;
    tx.audit(if taken_in { "receive" } else { "send-back" }, "stock-document", id, None, json!({ "number": doc.show_number() }));
    tx.notify("stock-documents");
    Ok(())
}

/// Asks somebody else to take a booked paper back as a whole; the request is a paper of its own with the id that the
/// page made.
pub async fn ask_reversal(tx: &mut Tx, original: Uuid, id: Uuid, reason: &str) -> Result<(), Failure> {
    let doc = store::lock(tx, original).await?.ok_or(Failure::NotFound)?;
    if store::find(tx, id).await?.is_some() {
        return Ok(());
    }
    document::may_reverse(doc.kind(), doc.state())?;
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(5..=500).contains(&reason.chars().count()) {
        return Err(Problem::at("reason", "Ghi lý do ghi đảo (từ 5 đến 500 ký tự).").into());
    }
    if let Some(known) = store::find_reversal_of(tx, original).await? {
        return Err(Failure::Conflict(format!("Phiếu này đã có đề nghị ghi đảo ({}).", known.show_number())));
    }
    let new = NewDocument { id, kind: Kind::Reversal, store: doc.store(), reverses: Some(original), reason, total_vnd: -doc.total_vnd };
    store::insert(tx, &new).await.map_err(twice)?;
    store::move_on(tx, id, State::Submitted, "", None).await?;
    tx.audit("ask-reversal", "stock-document", id, None, json!({ "of": doc.show_number() }));
    tx.notify("stock-documents");
    Ok(())
}

/// Begins to count a store: freezes what the books say of every lot there.
pub async fn begin_count(tx: &mut Tx, id: Uuid, at: StoreId) -> Result<(), Failure> {
    if store::find(tx, id).await?.is_some() {
        return Ok(());
    }
    let today = local_date(tx.now);
    if stores::find(tx, at).await?.filter(|s| s.is_open_on(today)).is_none() {
        return Err(Problem::at("store", "Chọn kho đang hoạt động.").into());
    }
    let new = NewDocument { id, kind: Kind::Stocktake, store: at, reverses: None, reason: String::new(), total_vnd: 0 };
    store::insert(tx, &new).await.map_err(twice)?;
    crate::store::counts::freeze(tx, id, at).await?;
    tx.audit("begin", "stock-document", id, None, json!({ "kind": "stocktake" }));
    tx.notify("stock-documents");
    Ok(())
}
