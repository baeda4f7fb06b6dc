//! Selling a package, its end in time, and its end before time.

use crate::bill::Kind;
use crate::ledger::Position;
use crate::package::{self, Item, Offer, RefundBy};
use crate::store::approvals::{Approval, NewApproval};
use crate::store::packages::{Sale, SaleItem};
use crate::store::{approvals, bills, charges, offers, packages, receipts};
use crate::{approval::Matter, desk};
use base::{BillId, PatientId, Problem, Problems, Vnd};
use chrono::{Days, NaiveDate};
use db::Tx;
use serde_json::{Value, json};
use uuid::Uuid;
use web::Failure;

/// Name of the job that closes a package when its time is over.
pub const EXPIRE: &str = "billing.expire_package";

/// Writes a package or its next version, valid from a day that is not past.
pub async fn write(tx: &mut Tx, id: Uuid, offer: &Offer, from: NaiveDate) -> Result<(), Failure> {
    offer.check()?;
    if from < base::local_date(tx.now) {
        return Err(Problem::at("valid_from", "Giá và nội dung gói chỉ đổi từ hôm nay trở đi.").into());
    }
    if !offers::write(tx, id, offer, from).await? {
        return Err(Problem::at("valid_from", "Mã gói đã dùng cho gói khác, hoặc đã có bản áp dụng từ ngày này trở đi. Đổi mã hoặc chọn ngày sau.").into());
    }
    tx.audit("write", "package", id, None, json!({ "price_vnd": offer.price.0, "from": from }));
    Ok(())
}

/// Sells a package to a person: a bill of its own with the price on it, and the content frozen as it is today. The bill's id comes
/// with the form, so a second click finds the first one's sale.
pub async fn sell(tx: &mut Tx, bill: BillId, patient: PatientId, package: Uuid) -> Result<(), Failure> {
    let day = base::local_date(tx.now);
    let (_, _) = offers::find_patient(tx, patient).await?.ok_or(Failure::NotFound)?;
    if let Some(sold) = packages::find(tx, bill).await? {
        if sold.patient_id == patient.0 && sold.package_id == package {
            return Ok(());
        }
        return Err(Failure::Conflict("Mã phiếu này đã dùng cho gói khác. Mở lại trang bán gói.".into()));
    }
    let offer = offers::find_on(tx, package, day).await?.ok_or_else(|| Problem::at("package", "Gói này hôm nay không bán. Chọn gói khác."))?;
    let valid_to = day.checked_add_days(Days::new(u64::try_from(offer.validity_days).unwrap_or(1))).unwrap_or(day);
    bills::open(tx, bill, Kind::Package, Some(patient), day).await?;
    bills::lock(tx, bill).await?;
    if packages::find(tx, bill).await?.is_some() {
        return Ok(());
    }
    offers::insert_sale(tx, bill, patient, &offer, day, valid_to).await?;
    charges::charge_package(tx, bill, &offer.name, Vnd(offer.price_vnd), offer.valid_from, 1).await.map_err(Failure::Fault)?;
    let over = base::dates::start_of_day(valid_to.succ_opt().unwrap_or(valid_to));
    db::job::enqueue(tx, EXPIRE, &json!({ "bill": bill }), over).await?;
    tx.audit("sell", "package", bill, Some(patient), json!({ "package": package, "price_vnd": offer.price_vnd }));
    desk::tell_pages(tx, bill);
    Ok(())
}

/// Closes a package whose time is over: what was not used is earned on that day. One that still owes money waits for a person.
pub async fn expire(tx: &mut Tx, payload: Value) -> anyhow::Result<()> {
    let bill: BillId = serde_json::from_value(payload["bill"].clone())?;
    let Some(sale) = packages::find(tx, bill).await? else { return Ok(()) };
    let position = bills::lock(tx, bill).await?;
    if sale.valid_to >= base::local_date(tx.now) || sale.end_kind.is_some() {
        return Ok(());
    }
    if position.due() > Vnd::ZERO {
        let again = tx.now + chrono::TimeDelta::days(7);
        db::job::enqueue(tx, EXPIRE, &json!({ "bill": bill }), again).await?;
        return Ok(());
    }
    let rest = position.charged - packages::booked(tx, bill).await?;
    if packages::close(tx, bill, "expired", &sale.name, rest, "Hết hạn dùng").await? {
        tx.audit("expire", "package", bill, Some(PatientId(sale.patient_id)), json!({ "earned_vnd": rest.0 }));
        desk::tell_pages(tx, bill);
    }
    Ok(())
}

/// What an end today would give back and what it would keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub kept: Vnd,
    pub refund: Vnd,
}

/// Measures an end today, by the facility's decision that holds today.
pub async fn ending(tx: &mut Tx, position: Position, held: &[SaleItem]) -> Result<Ending, Failure> {
    let by = refund_by(tx).await?;
    let items: Vec<Item> = held.iter().map(SaleItem::item).collect();
    let used = match by {
        RefundBy::List => package::used_at_list(&items),
        RefundBy::Share => package::earned(position.charged, &items),
    };
    let refund = package::refund(position.charged, position.paid, &items, by);
    Ok(Ending { kept: used.min(position.charged), refund })
}

async fn refund_by(tx: &mut Tx) -> Result<RefundBy, Failure> {
    let (facility, day) = (tx.facility(), base::local_date(tx.now));
    let Some(known) = organization::parameter::known("package.refund_by_list") else { return Ok(RefundBy::List) };
    let by_list = organization::parameter::number_on(tx.conn(), facility, known, day).await?;
    Ok(if by_list == 1 { RefundBy::List } else { RefundBy::Share })
}

/// Asks to end a package before its time; a second person decides, and what is given back goes through the refund desk.
pub async fn ask_end(tx: &mut Tx, bill: BillId, id: Uuid, reason: &str) -> Result<(), Failure> {
    let sale = packages::find(tx, bill).await?.ok_or(Failure::NotFound)?;
    let position = bills::lock(tx, bill).await?;
    let mut problems = Problems::none();
    problems.add_if(sale.end_kind.is_some(), "", "Gói này đã kết thúc. Xem lại lịch sử gói.");
    problems.add_if(reason.trim().is_empty() || reason.chars().count() > 300, "reason", "Nhập lý do kết thúc gói (tối đa 300 ký tự).");
    problems.or(())?;
    let held = packages::items(tx, bill).await?;
    let ending = ending(tx, position, &held).await?;
    let new = NewApproval { id, bill, matter: Matter::PackageEnd, target: bill.0, amount: ending.refund, reason: reason.trim().to_owned() };
    approvals::insert(tx, &new).await?;
    tx.audit("ask", "approval", id, Some(PatientId(sale.patient_id)), json!({ "matter": "package_end", "refund_vnd": ending.refund.0 }));
    tx.notify("approvals");
    desk::tell_pages(tx, bill);
    Ok(())
}

/// Ends a package as approved: the price is taken back and what was used is charged in its place; the books earn exactly that;
/// money above it becomes an approved refund from the payments it came with. The measure is taken anew under the lock.
pub async fn carry_out_end(tx: &mut Tx, asked: &Approval) -> Result<(), Failure> {
    let bill = asked.bill();
    let sale: Sale = packages::find(tx, bill).await?.ok_or(Failure::NotFound)?;
    if sale.end_kind.is_some() {
        return Err(Problem::of("Gói này đã kết thúc trước khi duyệt.").into());
    }
    let position = bills::lock(tx, bill).await?;
    let held = packages::items(tx, bill).await?;
    let ending = ending(tx, position, &held).await?;
    let lines = bills::list_lines(tx, bill).await?;
    let Some(line) = lines.iter().find(|l| l.source == "package" && !l.is_reversed()) else {
        return Err(Problem::of("Gói này không còn khoản thu nào. Không cần kết thúc.").into());
    };
    charges::reverse(tx, line.charge_id, &asked.reason, Some(asked.approval_id)).await?;
    if ending.kept > Vnd::ZERO {
        let name = format!("{} (phần đã dùng)", sale.name);
        let from = line.price_valid_from.unwrap_or(sale.sold_on);
        charges::charge_package(tx, bill, &name, ending.kept, from, line.revision + 1).await.map_err(Failure::Fault)?;
    }
    let earned = ending.kept - packages::booked(tx, bill).await?;
    packages::close(tx, bill, "ended", &sale.name, earned, &asked.reason).await?;
    promise_refunds(tx, asked, ending.refund).await?;
    tx.audit("end", "package", bill, Some(PatientId(sale.patient_id)), json!({ "kept_vnd": ending.kept.0, "refund_vnd": ending.refund.0 }));
    Ok(())
}

/// The end was approved by a second person already; what it gives back needs no further decision, only a hand that pays out.
async fn promise_refunds(tx: &mut Tx, asked: &Approval, refund: Vnd) -> Result<(), Failure> {
    let mut rest = refund;
    for payment in receipts::payments_of_bill(tx, asked.bill()).await?.iter().rev().filter(|p| p.kind == "payment") {
        let part = Vnd(payment.amount_vnd - payment.returned_vnd - payment.promised_vnd).min(rest);
        if part > Vnd::ZERO {
            approvals::insert_granted(tx, asked, payment.payment_id, part).await?;
            rest = rest - part;
        }
    }
    Ok(())
}
