//! The column where money changes hands: what is owed, the ways to pay, the code on the screen, the receipt at the end.

use super::CollectForm;
use super::bill::Bill;
use crate::store::bank::{self, Code, OwnAccount};
use crate::store::receipts::Receipt;
use crate::store::shifts;
use base::ask::TransferRequest;
use base::{BillId, Problem, Problems, Vnd};
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;
use web::{Ctx, Failure};

/// Which way to pay the column shows, and the receipt that was just issued.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AskedPay {
    #[serde(default)]
    pub way: String,
    #[serde(default)]
    pub done: String,
}

/// The code on the screen and how its transfer stands.
pub struct Shown {
    pub code: Code,
    pub svg: String,
    pub payload: String,
    pub holder: String,
    pub minutes_left: i64,
    pub is_over: bool,
}

/// The column where money changes hands.
pub struct Pay {
    pub way: String,
    pub form: CollectForm,
    pub problems: Problems,
    pub due: Vnd,
    pub credit: Vnd,
    pub id: Uuid,
    pub shift_open: bool,
    pub account_set: bool,
    pub shown: Option<Shown>,
    pub done: Option<Receipt>,
    pub change: Vnd,
    pub sandbox: bool,
    pub open_lines: usize,
}

impl Pay {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, bill: &Bill, asked: &AskedPay) -> Result<Pay, Failure> {
        let own = bank::own_account(tx).await?;
        let due = bill.position.due();
        let mut way = asked.way.clone();
        if !["cash", "transfer", "card", "mixed", "deposit"].contains(&way.as_str()) {
            way = "cash".into();
        }
        let done = asked.done.parse::<Uuid>().ok().and_then(|id| bill.receipts.iter().find(|r| r.receipt_id == id).cloned());
        let change = done
            .as_ref()
            .map(|r| bill.payments.iter().filter(|p| p.receipt_id == r.receipt_id && p.given_vnd > p.amount_vnd).map(|p| Vnd(p.given_vnd - p.amount_vnd)).sum())
            .unwrap_or_default();
        let shown = match way.as_str() {
            "transfer" | "mixed" => last_shown(ctx, tx, bill.payer.bill(), &own).await?,
            _ => None,
        };
        // A code answered on this screen turns the column into the receipt by itself.
        let done = done.or_else(|| {
            let answered = shown.as_ref().filter(|s| matches!(s.code.answer.as_str(), "settled"))?;
            bill.receipts.iter().find(|r| r.kind == "receipt" && !r.is_void() && r.issued_at >= answered.code.shown_at).cloned()
        });
        Ok(Pay {
            way,
            form: CollectForm { due: due.0.to_string(), ..CollectForm::default() },
            problems: Problems::none(),
            due,
            credit: bill.position.credit(),
            id: Uuid::now_v7(),
            shift_open: shifts::find_mine(tx).await?.is_some(),
            account_set: own.is_set(),
            shown,
            done,
            change,
            sandbox: ctx.app.config.sandbox,
            open_lines: if bill.lines.iter().filter(|l| l.is_open()).map(|l| l.amount()).sum::<Vnd>() < Vnd::ZERO { 0 } else { bill.lines.iter().filter(|l| l.is_open() && !l.is_adjustment()).count() },
        })
    }
    pub fn is_way(&self, way: &str) -> bool {
        self.way == way
    }
    pub fn can_confirm(&self) -> bool {
        self.shift_open && (self.due > Vnd::ZERO || self.open_lines > 0)
    }
    /// A code that still waits for exactly what is owed (or for the part that was asked for).
    pub fn awaited(&self) -> Option<&Shown> {
        self.shown.as_ref().filter(|_| self.done.is_none() && (self.is_way("transfer") || self.is_way("mixed"))).filter(|s| s.code.answer.is_empty() && !s.is_over && s.code.amount_vnd <= self.due.0)
    }
    /// What came instead of the expected money.
    pub fn stray(&self) -> Option<String> {
        self.shown.as_ref().filter(|s| s.code.answer == "unmatched").map(|s| crate::transfer::Reason::title(&s.code.answer_reason).to_owned())
    }
    /// Amounts people usually hand over for what is due: exact, then the next round notes.
    pub fn usual_notes(&self) -> Vec<Vnd> {
        let due = self.due.0;
        let mut sums: Vec<i64> = [1_000, 10_000, 50_000, 100_000, 200_000, 500_000].iter().map(|note| (due + note - 1) / note * note).filter(|s| *s > 0).collect();
        sums.dedup();
        sums.into_iter().take(5).map(Vnd).collect()
    }
}

async fn last_shown(ctx: &Ctx, tx: &mut Tx, of: BillId, own: &OwnAccount) -> Result<Option<Shown>, Failure> {
    let Some(code) = bank::find_last_code(tx, of).await? else { return Ok(None) };
    let request = TransferRequest {
        bank_bin: code.bank_bin.clone(),
        account_no: code.account_no.clone(),
        amount_vnd: code.amount_vnd,
        reference: code.reference.clone(),
    };
    let payload = ctx.app.bank_qr().payload(&request).map_err(Problem::of)?;
    let svg = ctx.app.bank_qr().svg(&payload).map_err(Problem::of)?;
    let left = code.expires_at - ctx.now;
    Ok(Some(Shown {
        svg,
        payload,
        holder: own.bank_holder.clone(),
        minutes_left: (left.num_seconds() + 59) / 60,
        is_over: left.num_seconds() <= 0,
        code,
    }))
}
