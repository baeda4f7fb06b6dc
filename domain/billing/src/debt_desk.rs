//! Leaving with a debt: a reason, a promised day, and above somebody's limit a second person. The debt is collected later at
//! any desk, in any shift; what is owed stands on the bill itself, so nothing has to be written off twice.

use crate::approval::Matter;
use crate::desk;
use crate::discount_desk::number;
use crate::store::approvals::{Approval, NewApproval};
use crate::store::{approvals, bills, debts};
use base::{BillId, Problems, Vnd};
use chrono::{NaiveDate, TimeDelta};
use db::Tx;
use serde_json::json;
use uuid::Uuid;
use web::Failure;

/// How old a debt is, in the columns that owners look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bracket {
    Week,
    Month,
    Quarter,
    Older,
}

impl Bracket {
    pub const ALL: [Bracket; 4] = [Bracket::Week, Bracket::Month, Bracket::Quarter, Bracket::Older];

    /// By full days since the debt was written.
    pub fn of(days: i64) -> Bracket {
        match days {
            ..=7 => Bracket::Week,
            8..=30 => Bracket::Month,
            31..=90 => Bracket::Quarter,
            _ => Bracket::Older,
        }
    }
    pub fn title(self) -> &'static str {
        match self {
            Bracket::Week => "Đến 7 ngày",
            Bracket::Month => "8–30 ngày",
            Bracket::Quarter => "31–90 ngày",
            Bracket::Older => "Trên 90 ngày",
        }
    }
}

/// Whether a debtor is to be reminded: the promised day is over, or at most two days off.
pub fn is_due_soon(promised_on: NaiveDate, today: NaiveDate) -> bool {
    promised_on <= today + TimeDelta::days(2)
}

/// Checks what was typed about a debt of `due`.
pub fn check(due: Vnd, reason: &str, promised_on: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Problems> {
    let mut problems = Problems::none();
    problems.add_if(due <= Vnd::ZERO, "", "Phiếu này không còn nợ.");
    problems.add_if(reason.trim().is_empty() || reason.chars().count() > 300, "reason", "Nhập lý do cho nợ (tối đa 300 ký tự).");
    match promised_on {
        Some(day) if day >= today && day <= today + TimeDelta::days(366) => problems.or(day),
        _ => {
            problems.add("promised_on", "Ngày hẹn trả từ hôm nay đến một năm sau, ví dụ 30/11/2026.");
            Err(problems)
        }
    }
}

/// Lets somebody leave with what they owe; a later promise takes the place of an earlier one. Gives whether it waits for a
/// second person.
pub async fn note(tx: &mut Tx, bill: BillId, id: Uuid, reason: &str, promised_on: Option<NaiveDate>, phone: &str) -> Result<bool, Failure> {
    let position = bills::lock(tx, bill).await?;
    if let Some(before) = debts::find(tx, id).await? {
        return if before.bill_id == bill.0 { Ok(before.step == "waiting") } else { Err(Failure::Conflict("Mã giấy nợ này thuộc phiếu khác.".into())) };
    }
    let due = position.due();
    let day = check(due, reason, promised_on, base::local_date(tx.now))?;
    let key = if tx.actor.may("cashier.approve") { "debt.manager_vnd" } else { "debt.cashier_vnd" };
    let waits = due.0 > number(tx, key).await?;
    let reason = reason.trim();
    let phone: String = phone.trim().chars().take(20).collect();
    debts::insert(tx, id, bill, due, reason, day, &phone, if waits { "waiting" } else { "granted" }).await?;
    tx.audit("note", "debt", id, None, json!({ "amount_vnd": due.0, "promised_on": day, "waits": waits }));
    if waits {
        let asked = NewApproval { id: Uuid::now_v7(), bill, matter: Matter::Debt, target: id, amount: due, reason: reason.to_owned() };
        approvals::insert(tx, &asked).await?;
        tx.notify("approvals");
    }
    desk::tell_pages(tx, bill);
    Ok(waits)
}

/// Grants a debt that a second person approved.
pub async fn carry_out(tx: &mut Tx, asked: &Approval) -> Result<(), Failure> {
    if !debts::step(tx, asked.target_id, "granted").await? {
        return Err(Failure::Conflict("Giấy nợ này vừa được xử lý.".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    #[test]
    fn debts_grow_old_in_four_columns() {
        for (days, bracket) in [(0, Bracket::Week), (7, Bracket::Week), (8, Bracket::Month), (30, Bracket::Month), (31, Bracket::Quarter), (90, Bracket::Quarter), (91, Bracket::Older)] {
            assert_eq!(Bracket::of(days), bracket, "{days}");
        }
    }

    #[test]
    fn a_promise_needs_a_day_and_a_reason() {
        assert_eq!(check(Vnd(1), "Quên ví", Some(day(24)), day(24)), Ok(day(24)));
        assert_eq!(check(Vnd(1), " ", None, day(24)).unwrap_err().0.len(), 2);
        assert!(check(Vnd(1), "x", Some(day(23)), day(24)).is_err(), "not into the past");
        assert!(check(Vnd::ZERO, "x", Some(day(24)), day(24)).is_err());
    }

    #[test]
    fn reminders_come_two_days_before() {
        assert!(is_due_soon(day(26), day(24)) && is_due_soon(day(20), day(24)) && !is_due_soon(day(27), day(24)));
    }
}
