//! Money that the bank reports: recognised by its words and exact amount it closes the bill by itself; everything else
//! is kept for a person, with the reason.

use crate::collection::Part;
use crate::desk;
use crate::ledger::Method;
use crate::receipt::Kind;
use crate::store::bank::{self, Arrival};
use crate::store::receipts::NewPayment;
use crate::store::{bills, receipts, shifts};
use crate::transfer::{self, Expected, Outcome, Reason};
use base::{BillId, Problem, Vnd};
use db::Tx;
use uuid::Uuid;
use web::Failure;

/// What became of a reported movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    Settled,
    Deposit,
    Unmatched(&'static str),
    /// Told before, with the same amount: nothing was added.
    Again,
}

impl Taken {
    /// The word in the answer to the bank.
    pub fn key(&self) -> &'static str {
        match self {
            Taken::Settled => "settled",
            Taken::Deposit => "deposit",
            Taken::Unmatched(_) => "unmatched",
            Taken::Again => "duplicate",
        }
    }
}

/// Takes a reported movement, once. Refuses (conflict) the number of an earlier movement with another amount.
pub async fn take(tx: &mut Tx, arrival: &Arrival) -> Result<Taken, Failure> {
    if let Some(before) = bank::find_transfer_by_bank_id(tx, &arrival.bank_tx_id).await? {
        return same_or_conflict(before.amount_vnd, arrival);
    }
    let code = match transfer::find_reference(&arrival.content) {
        Some(reference) => bank::find_code_by_reference(tx, &reference).await?,
        None => None,
    };
    let bill = code.as_ref().map(|c| BillId(c.bill_id));
    let position = match bill {
        Some(bill) => bills::lock(tx, bill).await?,
        None => Default::default(),
    };
    // Asked again under the lock: another message may have answered the code meanwhile.
    let code = match &code {
        Some(code) => bank::find_code_by_reference(tx, &code.reference).await?,
        None => None,
    };
    let counted_by_hand = receipts::bank_ref_used(tx, &arrival.bank_tx_id).await?;
    let expected = code.as_ref().map(|c| Expected {
        amount: Vnd(c.amount_vnd),
        expires_at: c.expires_at,
        answered: matches!(c.answer.as_str(), "settled" | "deposit") || counted_by_hand,
        due: position.due(),
    });
    let ours = code.as_ref().is_none_or(|c| same_account(&c.account_no, &arrival.account_no));
    let mut outcome = transfer::decide(expected.as_ref(), arrival.amount, arrival.paid_at, ours);
    if counted_by_hand {
        outcome = Outcome::Unmatched(Reason::AlreadyPaid);
    }
    let lines = match bill {
        Some(bill) => bills::list_lines(tx, bill).await?,
        None => Vec::new(),
    };
    if outcome == Outcome::Settle && lines.iter().any(|l| l.is_open() && l.is_unpriced()) {
        // A line without a price would slip onto the receipt for nothing; a person closes this bill.
        outcome = Outcome::Deposit;
    }
    let Some(transfer_id) = bank::insert_transfer(tx, arrival, code.as_ref().map(|c| c.code_id), outcome).await? else {
        let before = bank::find_transfer_by_bank_id(tx, &arrival.bank_tx_id).await?;
        return same_or_conflict(before.map_or(arrival.amount.0, |b| b.amount_vnd), arrival);
    };
    tx.audit("receive", "bank_transfer", transfer_id, None, serde_json::json!({ "amount_vnd": arrival.amount.0 }));
    let (Some(bill), Some(code)) = (bill, code) else {
        tx.notify("unmatched");
        return Ok(Taken::Unmatched(Reason::UnknownReference.key()));
    };
    let (kind, taken) = match outcome {
        Outcome::Settle => (Kind::Receipt, Taken::Settled),
        Outcome::Deposit => (Kind::Deposit, Taken::Deposit),
        Outcome::Unmatched(reason) => {
            tx.notify("unmatched");
            desk::tell_pages(tx, bill);
            return Ok(Taken::Unmatched(reason.key()));
        }
    };
    // The money belongs to the shift that showed the code, while that shift is open.
    let shift = match code.shift_id {
        Some(shift) if shifts::hold(tx, shift).await? => Some(shift),
        _ => None,
    };
    let payment = by_transfer(arrival, transfer_id, shift);
    desk::issue(tx, bill, transfer_id, kind, &lines, vec![payment]).await?;
    Ok(taken)
}

fn same_or_conflict(amount_before: i64, arrival: &Arrival) -> Result<Taken, Failure> {
    if amount_before == arrival.amount.0 {
        return Ok(Taken::Again);
    }
    Err(Failure::Conflict("Số giao dịch này đã được báo trước đó với số tiền khác.".into()))
}

/// Banks mask or pad account numbers in their messages; the last digits must still agree.
fn same_account(ours: &str, told: &str) -> bool {
    let tail = |text: &str| -> String {
        let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        plain[plain.len().saturating_sub(4)..].iter().collect()
    };
    !told.is_empty() && tail(ours) == tail(told)
}

fn by_transfer(arrival: &Arrival, transfer_id: Uuid, shift: Option<Uuid>) -> NewPayment {
    let part = Part { method: Method::Transfer, amount: arrival.amount, proof: arrival.bank_tx_id.clone(), given: Vnd::ZERO };
    NewPayment { transfer: Some(transfer_id), ..NewPayment::received(part, shift) }
}

/// Places unmatched money: to a visit as a deposit, or only a note (sent back by the bank, counted by hand before).
pub async fn resolve(tx: &mut Tx, transfer_id: Uuid, how: &str, bill: Option<BillId>, note: &str) -> Result<(), Failure> {
    let found = bank::find_transfer(tx, transfer_id).await?.filter(|t| t.outcome == "unmatched").ok_or(Failure::NotFound)?;
    if found.how.is_some() {
        return Err(Problem::of("Khoản này đã được xử lý. Mở lại bàn đối soát để xem.").into());
    }
    let note = note.trim();
    let bill = match (how, bill) {
        ("deposit", Some(bill)) => Some(bill),
        ("deposit", None) => return Err(Problem::at("bill", "Chọn phiếu để ghi tiền vào.").into()),
        ("returned" | "noted", _) if note.is_empty() => {
            return Err(Problem::at("note", "Ghi rõ đã trả lại hoặc đã đối chiếu thế nào.").into());
        }
        ("returned" | "noted", _) => None,
        _ => return Err(Problem::at("how", "Chọn cách xử lý khoản tiền này.").into()),
    };
    if let Some(bill) = bill {
        bills::lock(tx, bill).await?;
    }
    if !bank::insert_resolution(tx, transfer_id, how, bill, note).await? {
        return Err(Failure::Conflict("Khoản này vừa được người khác xử lý.".into()));
    }
    if let Some(bill) = bill {
        let arrival = Arrival {
            bank_tx_id: found.bank_tx_id.clone(),
            account_no: found.account_no.clone(),
            amount: Vnd(found.amount_vnd),
            content: found.content.clone(),
            paid_at: found.paid_at,
        };
        if receipts::bank_ref_used(tx, &arrival.bank_tx_id).await? {
            return Err(Problem::of("Số giao dịch này đã có trên một phiếu thu. Chọn “Chỉ ghi chú”.").into());
        }
        let lines = bills::list_lines(tx, bill).await?;
        desk::issue(tx, bill, transfer_id, Kind::Deposit, &lines, vec![by_transfer(&arrival, transfer_id, None)]).await?;
    }
    tx.audit("resolve", "bank_transfer", transfer_id, None, serde_json::json!({ "how": how, "amount_vnd": found.amount_vnd }));
    tx.notify("unmatched");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::same_account;

    #[test]
    fn masked_account_numbers_still_agree() {
        assert!(same_account("0011001234567", "xxxxxx4567"));
        assert!(same_account("0011001234567", "0011 0012 34567"));
        assert!(!same_account("0011001234567", "0011001234568"));
        assert!(!same_account("0011001234567", ""));
    }
}
