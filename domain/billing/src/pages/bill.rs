//! The bill as the desk shows it: who, lines block by block, papers, what waits for approval.

use crate::approval::{Matter, Step};
use crate::bill::Kind;
use crate::charge::{self, Group};
use crate::ledger::Position;
use crate::store::approvals::{self, Approval};
use crate::store::bills::{self, Line, Payer};
use crate::store::debts::{self, Debt};
use crate::store::packages::{self, Sale};
use crate::store::receipts::{self, Payment, Receipt};
use base::{Age, BillId, Vnd, show_date, show_time};
use chrono::{DateTime, NaiveDate, Utc};
use db::Tx;
use std::collections::BTreeMap;
use web::{Ctx, Failure};

/// The banner's facts about the person; the desk sees nothing clinical.
pub struct Who {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
}

impl Who {
    pub fn of(payer: &Payer, today: NaiveDate) -> Who {
        let sex = match payer.sex.as_str() {
            "male" => "Nam · ",
            "female" => "Nữ · ",
            _ => "",
        };
        let age = payer.birth_date.map(|born| Age::on(born, today).to_string()).unwrap_or_default();
        let birth = match payer.birth_date {
            Some(born) if payer.birth_year_only => born.format("%Y").to_string(),
            Some(born) => show_date(born),
            None => payer.kind().title().to_owned(),
        };
        let tail: String = payer.cccd.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        Who {
            spine: base::PersonId(payer.person_id.unwrap_or(payer.bill_id)).spine(),
            ticket: payer.ticket.map(|t| t.to_string()).unwrap_or_default(),
            name: payer.name.clone(),
            facts: format!("{sex}{age}"),
            birth,
            record_no: payer.record_no.clone(),
            id_tail: if tail.is_empty() { tail } else { format!("…{tail}") },
            phone: payer.phone.clone(),
            commune: payer.address_text.clone(),
        }
    }
}

/// One bill, ready to be shown.
pub struct Bill {
    pub payer: Payer,
    pub lines: Vec<Line>,
    pub position: Position,
    pub receipts: Vec<Receipt>,
    pub payments: Vec<Payment>,
    pub approvals: Vec<Approval>,
    pub debt: Option<Debt>,
    pub package: Option<Sale>,
    pub may_discount: bool,
    pub may_sell: bool,
    pub may_refund: bool,
    pub may_collect: bool,
    pub draft: String,
    pub now: DateTime<Utc>,
}

impl Bill {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, of: BillId) -> Result<Bill, Failure> {
        let payer = bills::get_payer(tx, of).await?;
        Ok(Bill {
            draft: crate::receipt::draft_code(payer.day, payer.bill_id),
            lines: bills::list_lines(tx, of).await?,
            position: bills::position(tx, of).await?,
            receipts: receipts::list_of_bill(tx, of).await?,
            payments: receipts::payments_of_bill(tx, of).await?,
            approvals: approvals::list_of_bill(tx, of).await?,
            debt: debts::find_of_bill(tx, of).await?,
            package: if payer.kind() == Kind::Package { packages::find(tx, of).await? } else { None },
            may_discount: ctx.may("discount.give") && ctx.has_feature("price.discount"),
            may_sell: ctx.may("package.sell") && ctx.has_feature("price.discount"),
            may_refund: ctx.may("cashier.refund"),
            may_collect: ctx.may("cashier.collect"),
            now: ctx.now,
            payer,
        })
    }
    /// The lines that count, block by block in the order of the bill.
    pub fn groups(&self) -> Vec<(Group, Vec<&Line>)> {
        let mut groups: BTreeMap<Group, Vec<&Line>> = BTreeMap::new();
        for line in self.lines.iter().filter(|l| !l.is_reversed() && !l.is_adjustment()) {
            groups.entry(line.group()).or_default().push(line);
        }
        groups.into_iter().collect()
    }
    /// The living rows that lower a line: discounts, and what a package covers.
    pub fn under(&self, line: &Line) -> Vec<&Line> {
        self.lines.iter().filter(|l| !l.is_reversed() && l.discount_of == Some(line.charge_id)).collect()
    }
    /// Sum of everything that lowers the bill, as a number below zero.
    pub fn lowered(&self) -> Vnd {
        self.lines.iter().filter(|l| !l.is_reversed() && l.is_adjustment()).map(|l| l.amount()).sum()
    }
    /// What the bill comes to before anything is taken off.
    pub fn gross(&self) -> Vnd {
        self.position.charged - self.lowered()
    }
    /// A debt that is, or is to be, let go today.
    pub fn open_debt(&self) -> Option<&Debt> {
        self.debt.as_ref().filter(|_| self.position.due() > Vnd::ZERO)
    }
    pub fn taken_back(&self) -> Vec<&Line> {
        self.lines.iter().filter(|l| l.is_reversed()).collect()
    }
    /// Money in force: void papers and refunds already subtracted.
    pub fn money_in(&self) -> Vec<&Payment> {
        self.payments.iter().filter(|p| p.kind == "payment" && p.amount_vnd > p.returned_vnd).collect()
    }
    pub fn kept(&self, payment: &Payment) -> Vnd {
        Vnd(payment.amount_vnd - payment.returned_vnd)
    }
    pub fn waiting_approvals(&self) -> Vec<&Approval> {
        self.approvals.iter().filter(|a| a.step() == Step::Waiting || (a.step() == Step::Approved && a.matter() == Matter::Refund)).collect()
    }
    pub fn has_unpriced(&self) -> bool {
        self.lines.iter().any(|l| l.is_open() && l.is_unpriced())
    }
    pub fn quantity(&self, line: &Line) -> String {
        charge::show_quantity(line.quantity_milli)
    }
    pub fn print_first(&self) -> Option<&Receipt> {
        self.receipts.iter().find(|r| !r.is_void())
    }
    pub fn clock(&self, at: &DateTime<Utc>) -> String {
        if base::local_date(*at) == base::local_date(self.now) { show_time(*at) } else { format!("{} {}", show_date(base::local_date(*at)), show_time(*at)) }
    }
    pub fn price_day(&self, line: &Line) -> String {
        line.price_valid_from.map(show_date).unwrap_or_default()
    }
    pub fn service_day(&self) -> String {
        show_date(self.payer.day)
    }
}
