//! The acts of the cashier's desk. Each locks the visit's account first, so that two counters, a double click and the
//! bank's message stand in one line; then the rule decides, then rows are added.

use crate::approval::{self, Matter, RefundFacts, Step};
use crate::charge::{self, Group, Source, Withdrawal};
use crate::collection::{Collection, Part};
use crate::ledger::{self, Method};
use crate::receipt::{self, Kind};
use crate::store::approvals::{Approval, NewApproval};
use crate::store::bills::Line;
use crate::store::receipts::{NewPayment, NewReceipt, Receipt};
use crate::store::shifts::Shift;
use crate::store::{approvals, bills, charges, debts, discounts, receipts, shifts};
use crate::{debt_desk, discount_desk, package_desk};
use base::{BillId, EncounterId, Event, OrderId, PrescriptionId, Problem, Vnd};
use db::Tx;
use std::collections::HashSet;
use uuid::Uuid;
use web::Failure;

/// Less than any sum of money: even a free line is not covered by it.
pub const NOTHING_YET: Vnd = Vnd(-1);

const NO_SHIFT: &str = "Chưa mở ca thu. Mở ca và nhập tiền đầu ca trước khi thu.";

/// The actor's shift, held open until the transaction ends, or the refusal that sends them to open one.
pub async fn my_shift(tx: &mut Tx) -> Result<Shift, Failure> {
    shifts::hold_mine(tx).await?.ok_or_else(|| Problem::of(NO_SHIFT).into())
}

/// Collects everything that is owed: one receipt with one or more payments. The receipt's id comes with the form, so
/// the second click of a double click finds the first one's receipt and adds nothing.
pub async fn collect(tx: &mut Tx, bill: BillId, receipt_id: Uuid, typed: &Collection) -> Result<Uuid, Failure> {
    let position = bills::lock(tx, bill).await?;
    if already_issued(tx, bill, receipt_id).await? {
        return Ok(receipt_id);
    }
    let shift = my_shift(tx).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let open: Vec<&Line> = lines.iter().filter(|l| l.is_open()).collect();
    refuse_unpriced(&open)?;
    let parts = typed.settle(position.due())?;
    // A discount given after its lines were paid stands open alone: its money goes back by refund.
    let nothing_new = open.iter().map(|l| l.amount()).sum::<Vnd>() < Vnd::ZERO || open.iter().all(|l| l.is_adjustment());
    if nothing_new && parts.is_empty() {
        return Err(Problem::of("Không còn khoản nào phải thu trên phiếu này.").into());
    }
    let payments = received(tx, parts, Some(shift.shift_id)).await?;
    issue(tx, bill, receipt_id, Kind::Receipt, &lines, payments).await?;
    Ok(receipt_id)
}

/// Takes money ahead of the bill.
pub async fn take_deposit(tx: &mut Tx, bill: BillId, receipt_id: Uuid, typed: &Collection) -> Result<Uuid, Failure> {
    bills::lock(tx, bill).await?;
    if already_issued(tx, bill, receipt_id).await? {
        return Ok(receipt_id);
    }
    let shift = my_shift(tx).await?;
    let parts = typed.deposit()?;
    let lines = bills::list_lines(tx, bill).await?;
    let payments = received(tx, parts, Some(shift.shift_id)).await?;
    issue(tx, bill, receipt_id, Kind::Deposit, &lines, payments).await?;
    Ok(receipt_id)
}

async fn already_issued(tx: &mut Tx, bill: BillId, receipt_id: Uuid) -> Result<bool, Failure> {
    match receipts::find(tx, receipt_id).await? {
        Some(receipt) if receipt.bill_id == bill.0 => Ok(true),
        Some(_) => Err(Failure::Conflict("Mã phiếu này thuộc phiếu tính tiền khác. Mở lại trang thu ngân.".into())),
        None => Ok(false),
    }
}

fn refuse_unpriced(open: &[&Line]) -> Result<(), Problem> {
    match open.iter().find(|l| l.is_unpriced()) {
        Some(line) => Err(Problem::of(format!(
            "“{}” chưa có giá ngày {}. Nhờ người quản trị nhập giá rồi bấm “Lấy giá”.",
            line.name,
            base::show_date(line.day)
        ))),
        None => Ok(()),
    }
}

/// Payments of typed parts. A bank number that was used before is refused: that money is in the book already.
async fn received(tx: &mut Tx, parts: Vec<Part>, shift: Option<Uuid>) -> Result<Vec<NewPayment>, Failure> {
    for part in parts.iter().filter(|p| p.method == Method::Transfer) {
        if receipts::bank_ref_used(tx, &part.proof).await? {
            return Err(Problem::at("bank_ref", format!("Số giao dịch {} đã được ghi trước đó. Kiểm tra lại với ngân hàng.", part.proof)).into());
        }
    }
    Ok(parts.into_iter().map(|part| NewPayment::received(part, shift)).collect())
}

/// Writes a paper with its money, and tells the others. The account must be locked; `lines` are the visit's lines as
/// they stood then. A receipt names every line that no earlier receipt in force names.
pub async fn issue(
    tx: &mut Tx,
    bill: BillId,
    receipt_id: Uuid,
    kind: Kind,
    lines: &[Line],
    payments: Vec<NewPayment>,
) -> Result<(), Failure> {
    let before = bills::position(tx, bill).await?;
    let is_visit = bills::kind_of(tx, bill).await? == Some(crate::bill::Kind::Visit);
    let amount: Vnd = payments.iter().map(|p| p.part.amount).sum();
    let named: Vec<&Line> =
        if kind == Kind::Receipt { lines.iter().filter(|l| l.is_open()).collect() } else { Vec::new() };
    let total = if kind == Kind::Receipt { named.iter().map(|l| l.amount()).sum() } else { amount };
    let new = NewReceipt {
        id: receipt_id,
        bill,
        kind,
        total,
        deposit: total - amount,
        amount,
        reason: String::new(),
        shift: payments.first().and_then(|p| p.shift),
    };
    receipts::insert(tx, &new).await?;
    if !named.is_empty() {
        let ids: Vec<Uuid> = named.iter().map(|l| l.charge_id).collect();
        receipts::insert_lines(tx, receipt_id, &ids).await?;
    }
    for payment in &payments {
        let id = receipts::insert_payment(tx, bill, receipt_id, payment).await?;
        // Others follow the money of visits; a visit's bill has the visit's id.
        if is_visit {
            tx.emit(Event::PaymentReceived { encounter: EncounterId(bill.0), payment: id, amount: payment.part.amount });
        }
    }
    tell_covered(tx, bill, newly_covered(lines, before.paid, before.paid + amount));
    tx.audit("issue", "receipt", receipt_id, None, serde_json::json!({ "kind": kind.key(), "amount_vnd": amount.0 }));
    tell_pages(tx, bill);
    Ok(())
}

/// What money covers now and did not before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    pub orders: Vec<OrderId>,
    /// Prescriptions of which every charged medicine is covered.
    pub prescriptions: Vec<PrescriptionId>,
}

/// Compares what two sums of money cover. Lines taken back or without a price count for nothing.
pub fn newly_covered(lines: &[Line], before: Vnd, after: Vnd) -> Covered {
    let living: Vec<(usize, Vnd)> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| !l.is_reversed() && !l.is_unpriced() && !l.is_adjustment())
        .map(|(i, l)| (i, l.net()))
        .collect();
    let known: HashSet<usize> = ledger::covered(&living, before).into_iter().collect();
    let now: HashSet<usize> = ledger::covered(&living, after).into_iter().collect();
    let orders = living
        .iter()
        .filter(|(i, _)| now.contains(i) && !known.contains(i) && lines[*i].source() == Source::Order)
        .map(|(i, _)| OrderId(lines[*i].source_id))
        .collect();
    let mut papers: Vec<Uuid> = living.iter().filter(|(i, _)| lines[*i].group() == Group::Drug).filter_map(|(i, _)| lines[*i].source_paper).collect();
    papers.sort_unstable();
    papers.dedup();
    let whole = |paper: &Uuid, money: &HashSet<usize>| {
        living.iter().filter(|(i, _)| lines[*i].source_paper == Some(*paper)).all(|(i, _)| money.contains(i))
    };
    let prescriptions = papers.into_iter().filter(|p| whole(p, &now) && !whole(p, &known)).map(PrescriptionId).collect();
    Covered { orders, prescriptions }
}

/// Lets orders and medicines go that nothing is owed for any more. Only a visit's bill has them on it.
pub fn tell_covered(tx: &mut Tx, bill: BillId, covered: Covered) {
    let encounter = EncounterId(bill.0);
    if !covered.orders.is_empty() {
        tx.emit(Event::OrdersPaid { encounter, orders: covered.orders });
    }
    for prescription in covered.prescriptions {
        tx.emit(Event::PrescriptionPaid { encounter, prescription });
    }
}

/// Tells the open pages that the money of a visit moved.
pub fn tell_pages(tx: &mut Tx, bill: BillId) {
    tx.notify("cashier");
    tx.notify(format!("bill/{bill}"));
}

/// Withdraws charges whose document went away: at once while nobody paid, through the approval desk when a receipt
/// names them. Safe to repeat.
pub async fn withdraw(tx: &mut Tx, bill: BillId, reason: &str, which: impl Fn(&Line) -> bool) -> Result<(), Failure> {
    bills::lock(tx, bill).await?;
    let lines = bills::list_lines(tx, bill).await?;
    for line in lines.iter().filter(|l| !l.is_adjustment() && which(l)) {
        match charge::withdraw(line.is_reversed(), line.receipt_id.is_some(), line.void_asked) {
            Withdrawal::Nothing => {}
            Withdrawal::Reverse => {
                charges::reverse(tx, line.charge_id, reason, None).await?;
            }
            Withdrawal::AskApproval => {
                let new = NewApproval {
                    id: Uuid::now_v7(),
                    bill,
                    matter: Matter::ChargeVoid,
                    target: line.charge_id,
                    amount: line.net(),
                    reason: reason.to_owned(),
                };
                approvals::insert(tx, &new).await?;
                tx.notify("approvals");
            }
        }
    }
    tell_pages(tx, bill);
    Ok(())
}

/// Leaves a drug out that the patient does not buy here. Only while no receipt names it: then nobody paid and nothing
/// was handed over, so one person's word and a reason on the row are enough.
pub async fn decline_drug(tx: &mut Tx, bill: BillId, charge: Uuid) -> Result<(), Failure> {
    bills::lock(tx, bill).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let line = lines.iter().find(|l| l.charge_id == charge && !l.is_adjustment()).ok_or(Failure::NotFound)?;
    if line.is_reversed() {
        return Ok(());
    }
    if line.source != "drug" || !line.is_open() {
        return Err(Problem::of("Khoản này đã thu hoặc không phải thuốc. Gửi đề nghị hủy để người khác duyệt.").into());
    }
    charges::reverse(tx, charge, "Người bệnh không lấy thuốc", None).await?;
    tx.audit("decline", "charge", charge, None, serde_json::json!({ "amount_vnd": line.amount_vnd }));
    tell_pages(tx, bill);
    Ok(())
}

/// Takes the price of the day of service for a line that had none.
pub async fn price_again(tx: &mut Tx, bill: BillId, charge: Uuid) -> Result<(), Failure> {
    let position = bills::lock(tx, bill).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let line = lines.iter().find(|l| l.charge_id == charge && !l.is_adjustment()).ok_or(Failure::NotFound)?;
    if line.is_reversed() || !line.is_unpriced() {
        return Ok(());
    }
    let service = line.service_id.ok_or(Failure::NotFound)?;
    let priced = charges::services_on(tx, &[service], line.day).await?.remove(&service).ok_or(Failure::NotFound)?;
    if priced.price.is_none() {
        let day = base::show_date(line.day);
        return Err(Problem::of(format!("Danh mục vẫn chưa có giá của “{}” cho ngày {day}.", line.name)).into());
    }
    charges::reverse(tx, charge, "Lấy giá theo danh mục", None).await?;
    charges::charge_again(tx, bill, line, &priced).await?;
    let after = bills::list_lines(tx, bill).await?;
    tell_covered(tx, bill, newly_covered(&after, NOTHING_YET, position.paid));
    tell_pages(tx, bill);
    Ok(())
}

/// Asks a second person to void a charge or a receipt, or to give money back.
pub async fn ask(tx: &mut Tx, bill: BillId, id: Uuid, matter: Matter, target: Uuid, amount: Option<Vnd>, reason: &str) -> Result<(), Failure> {
    let position = bills::lock(tx, bill).await?;
    let reason = reason.trim();
    let amount = match matter {
        Matter::ChargeVoid => {
            let lines = bills::list_lines(tx, bill).await?;
            let line = lines.iter().find(|l| l.charge_id == target && !l.is_adjustment()).ok_or(Failure::NotFound)?;
            if line.is_reversed() {
                return Err(Problem::of("Khoản này đã hủy trước đó.").into());
            }
            if line.source == "package" {
                return Err(Problem::of("Gói dịch vụ không hủy từng khoản. Dùng “Kết thúc gói” trên trang của gói.").into());
            }
            line.net()
        }
        Matter::ReceiptVoid => {
            let receipt = receipt_of(tx, bill, target).await?;
            receipt::may_void(&receipt.void_facts())?;
            Vnd(receipt.amount_vnd)
        }
        Matter::Refund => {
            let (of, payment) = receipts::find_payment(tx, target).await?.ok_or(Failure::NotFound)?;
            if of != bill.0 || payment.kind != "payment" {
                return Err(Failure::NotFound);
            }
            // The same request sent twice promises its money once.
            if approvals::find(tx, id).await?.is_some() {
                return Ok(());
            }
            let facts = RefundFacts {
                original: Vnd(payment.amount_vnd),
                taken_from_original: Vnd(payment.returned_vnd + payment.promised_vnd),
                credit: position.credit(),
                promised: approvals::promised(tx, bill).await?,
            };
            let amount = amount.ok_or_else(|| Problem::at("amount", "Nhập số tiền hoàn bằng chữ số, ví dụ 48.000."))?;
            approval::may_ask_refund(amount, facts)?;
            amount
        }
        // These are asked for where they arise, with what they need.
        Matter::Discount | Matter::PackageEnd | Matter::Debt => return Err(Failure::NotFound),
    };
    if reason.is_empty() || reason.chars().count() > 300 {
        return Err(Problem::at("reason", "Nhập lý do (tối đa 300 ký tự).").into());
    }
    approvals::insert(tx, &NewApproval { id, bill, matter, target, amount, reason: reason.to_owned() }).await?;
    tx.audit("ask", "approval", id, None, serde_json::json!({ "matter": matter.key(), "amount_vnd": amount.0 }));
    tx.notify("approvals");
    tell_pages(tx, bill);
    Ok(())
}

async fn receipt_of(tx: &mut Tx, bill: BillId, id: Uuid) -> Result<Receipt, Failure> {
    receipts::find(tx, id).await?.filter(|r| r.bill_id == bill.0).ok_or(Failure::NotFound)
}

/// Decides a request; an approved void takes effect at once, an approved refund waits for whoever hands out the money.
pub async fn decide(tx: &mut Tx, id: Uuid, approve: bool, note: &str) -> Result<(), Failure> {
    let asked = approvals::find(tx, id).await?.ok_or(Failure::NotFound)?;
    let position = bills::lock(tx, asked.bill()).await?;
    let asked = approvals::find(tx, id).await?.ok_or(Failure::NotFound)?;
    approval::may_decide(&asked.request(), tx.actor.account)?;
    if !approve && note.trim().is_empty() {
        return Err(Problem::at("note", "Ghi lý do không duyệt.").into());
    }
    if approve {
        carry_out(tx, &asked, position.paid).await?;
    }
    if !approve {
        match asked.matter() {
            Matter::Discount => drop(discounts::step(tx, asked.target_id, "waiting", "refused", note.trim()).await?),
            Matter::Debt => drop(debts::step(tx, asked.target_id, "refused").await?),
            _ => {}
        }
    }
    let step = if approve { Step::Approved } else { Step::Refused };
    if !approvals::decide(tx, id, step, note.trim()).await? {
        return Err(Failure::Conflict("Đề nghị này vừa được người khác quyết định.".into()));
    }
    tx.audit("decide", "approval", id, None, serde_json::json!({ "approved": approve, "amount_vnd": asked.amount_vnd }));
    tx.notify("approvals");
    tell_pages(tx, asked.bill());
    Ok(())
}

async fn carry_out(tx: &mut Tx, asked: &Approval, paid: Vnd) -> Result<(), Failure> {
    let bill = asked.bill();
    match asked.matter() {
        Matter::ChargeVoid => {
            charges::reverse(tx, asked.target_id, &asked.reason, Some(asked.approval_id)).await?;
            let lines = bills::list_lines(tx, bill).await?;
            tell_covered(tx, bill, newly_covered(&lines, NOTHING_YET, paid));
        }
        Matter::ReceiptVoid => void_receipt(tx, bill, asked).await?,
        // Money moves only when it is handed out.
        Matter::Refund => {}
        Matter::Discount => discount_desk::carry_out(tx, asked, paid).await?,
        Matter::PackageEnd => package_desk::carry_out_end(tx, asked).await?,
        Matter::Debt => debt_desk::carry_out(tx, asked).await?,
    }
    Ok(())
}

/// A voided receipt was never collected: every payment on it is taken back in the shift that took it.
async fn void_receipt(tx: &mut Tx, bill: BillId, asked: &Approval) -> Result<(), Failure> {
    let receipt = receipt_of(tx, bill, asked.target_id).await?;
    if let Some(shift) = receipt.shift_id {
        shifts::hold(tx, shift).await?;
    }
    let receipt = receipt_of(tx, bill, receipt.receipt_id).await?;
    receipt::may_void(&receipt.void_facts())?;
    receipts::insert_void(tx, receipt.receipt_id, asked.approval_id, &asked.reason).await?;
    for payment in receipts::payments_of_receipt(tx, receipt.receipt_id).await? {
        let back = NewPayment {
            part: Part {
                method: Method::from_key(&payment.method).unwrap_or(Method::Cash),
                amount: -Vnd(payment.amount_vnd),
                proof: payment.proof.clone(),
                given: Vnd::ZERO,
            },
            kind: "reversal",
            original: Some(payment.payment_id),
            transfer: None,
            shift: payment.shift_id,
        };
        receipts::insert_payment(tx, bill, receipt.receipt_id, &back).await?;
    }
    tx.audit("void", "receipt", receipt.receipt_id, None, serde_json::json!({ "amount_vnd": receipt.amount_vnd }));
    Ok(())
}

/// Hands out an approved refund and issues its paper. By transfer when the bank's number is given, else in cash out of
/// the actor's drawer.
pub async fn pay_out(tx: &mut Tx, id: Uuid, bank_ref: &str) -> Result<Uuid, Failure> {
    let asked = approvals::find(tx, id).await?.ok_or(Failure::NotFound)?;
    let bill = asked.bill();
    bills::lock(tx, bill).await?;
    let asked = approvals::find(tx, id).await?.ok_or(Failure::NotFound)?;
    if asked.step() == Step::PaidOut && receipts::find(tx, id).await?.is_some() {
        return Ok(id);
    }
    approval::may_pay_out(&asked.request(), tx.actor.account)?;
    let shift = my_shift(tx).await?;
    let bank_ref = bank_ref.trim();
    let method = if bank_ref.is_empty() { Method::Cash } else { Method::Transfer };
    let amount = Vnd(asked.amount_vnd);
    if method == Method::Cash && shift.expected() < amount {
        return Err(Problem::of(format!("Ngăn tiền chỉ còn {} đ theo sổ. Bổ sung tiền hoặc hoàn bằng chuyển khoản.", shift.expected())).into());
    }
    // The refund's paper carries the request's id: one request, one paper.
    let paper = NewReceipt {
        id,
        bill,
        kind: Kind::Refund,
        total: amount,
        deposit: Vnd::ZERO,
        amount,
        reason: asked.reason.clone(),
        shift: Some(shift.shift_id),
    };
    receipts::insert(tx, &paper).await?;
    let payment = NewPayment {
        part: Part { method, amount: -amount, proof: bank_ref.to_owned(), given: Vnd::ZERO },
        kind: "refund",
        original: Some(asked.target_id),
        transfer: None,
        shift: Some(shift.shift_id),
    };
    receipts::insert_payment(tx, bill, id, &payment).await?;
    if !approvals::mark_paid_out(tx, id).await? {
        return Err(Failure::Conflict("Đề nghị này vừa được chi.".into()));
    }
    tx.audit("refund", "receipt", id, None, serde_json::json!({ "amount_vnd": amount.0, "method": method.key() }));
    tx.notify("approvals");
    tell_pages(tx, bill);
    Ok(id)
}
