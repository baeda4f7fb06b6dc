//! Giving a discount at the desk: by a rule whose conditions the person meets, or by word within a limit; above the limit a second
//! person decides. Taken back by rows of their own while nobody paid by it.

use crate::approval::Matter;
use crate::charge::Group;
use crate::desk;
use crate::discount::{self, Basis};
use crate::store::approvals::{Approval, NewApproval};
use crate::store::bills::{Line, Payer};
use crate::store::charges::Lowered;
use crate::store::discounts::{NewDiscount, Rule};
use crate::store::{approvals, bills, charges, discounts, packages};
use base::{Age, BillId, Problem, Vnd};
use db::Tx;
use serde_json::json;
use uuid::Uuid;
use web::Failure;

/// What a discount is to lower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Bill,
    Group(String),
    Service(Uuid),
    Line(Uuid),
}

impl Scope {
    fn of(scope: &str, group: Option<&str>, target: Option<Uuid>) -> Scope {
        match (scope, group, target) {
            ("group", Some(group), _) => Scope::Group(group.to_owned()),
            ("service", _, Some(id)) => Scope::Service(id),
            ("line", _, Some(id)) => Scope::Line(id),
            _ => Scope::Bill,
        }
    }
    fn key(&self) -> &'static str {
        match self {
            Scope::Bill => "bill",
            Scope::Group(_) => "group",
            Scope::Service(_) => "service",
            Scope::Line(_) => "line",
        }
    }
    /// Only what nobody has paid yet can be lowered here; what was paid is corrected by refund.
    fn holds(&self, line: &Line) -> bool {
        let meant = match self {
            Scope::Bill => true,
            Scope::Group(group) => line.group() == Group::of_service(group),
            Scope::Service(id) => line.service_id == Some(*id) || line.drug_id == Some(*id),
            Scope::Line(id) => line.charge_id == *id,
        };
        meant && line.is_open() && !line.is_adjustment() && !line.is_unpriced() && line.net() > Vnd::ZERO
    }
}

/// How a discount came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Applied,
    /// Over the limit: on the approval desk.
    Waiting,
}

/// The rules whose conditions a payer meets today.
pub async fn rules_for(tx: &mut Tx, payer: &Payer) -> Result<Vec<Rule>, Failure> {
    let today = base::local_date(tx.now);
    let may_manage = tx.actor.may("cashier.approve");
    let rules = discounts::rules_on(tx, today).await?;
    let visits = match payer.patient_id {
        Some(patient) if rules.iter().any(|r| r.visits_from.is_some()) => discounts::visits_before(tx, patient, payer.day).await?,
        _ => 0,
    };
    let age = payer.birth_date.map(|born| Age::on(born, today).years);
    Ok(rules.into_iter().filter(|r| (may_manage || !r.for_managers) && discount::is_meant(r.wanted(), age, visits)).collect())
}

/// Gives the discount of a rule, once per bill.
pub async fn give_by_rule(tx: &mut Tx, bill: BillId, id: Uuid, rule: Uuid, proof: &str) -> Result<Given, Failure> {
    let payer = bills::get_payer(tx, bill).await?;
    let rule = rules_for(tx, &payer).await?.into_iter().find(|r| r.rule_id == rule).ok_or_else(|| {
        Problem::of("Chính sách giảm này không còn áp dụng cho người bệnh hoặc cho vai trò của bạn. Tải lại trang.")
    })?;
    let proof: String = proof.trim().chars().take(300).collect();
    if rule.needs_proof && proof.is_empty() {
        return Err(Problem::at("reason", format!("“{}” cần ghi số thẻ hoặc giấy tờ đã xem.", rule.name)).into());
    }
    let scope = Scope::of(&rule.scope, rule.group_key.as_deref(), rule.service_id);
    let new = Wish { id, rule: Some(rule.rule_id), name: rule.name.clone(), basis: rule.basis(), scope, reason: proof };
    give(tx, bill, new).await
}

/// Gives a discount by word.
pub async fn give_by_word(tx: &mut Tx, bill: BillId, id: Uuid, scope: Scope, value: &str, reason: &str) -> Result<Given, Failure> {
    let typed = discount::check(value, reason)?;
    let name = format!("Giảm {}", typed.basis.show());
    give(tx, bill, Wish { id, rule: None, name, basis: typed.basis, scope, reason: typed.reason }).await
}

/// A discount before anything is looked up.
struct Wish {
    id: Uuid,
    rule: Option<Uuid>,
    name: String,
    basis: Basis,
    scope: Scope,
    reason: String,
}

async fn give(tx: &mut Tx, bill: BillId, wish: Wish) -> Result<Given, Failure> {
    let position = bills::lock(tx, bill).await?;
    // The second click of a double click.
    if let Some(before) = discounts::find(tx, wish.id).await? {
        if before.bill_id != bill.0 {
            return Err(Failure::Conflict("Mã giảm giá này thuộc phiếu khác. Tải lại trang.".into()));
        }
        return Ok(if before.is_waiting() { Given::Waiting } else { Given::Applied });
    }
    let earlier = discounts::list_of_bill(tx, bill).await?;
    if wish.rule.is_some() && earlier.iter().any(|d| d.rule_id == wish.rule && (d.is_applied() || d.is_waiting())) {
        return Err(Problem::of("Chính sách này đã áp dụng cho phiếu. Bỏ lần trước rồi áp dụng lại nếu có khoản mới.").into());
    }
    if !packages::uses(tx, bill).await?.is_empty() {
        return Err(Problem::of("Gói này đã dùng hoặc đã kết thúc nên không giảm giá nữa.").into());
    }
    let lines = bills::list_lines(tx, bill).await?;
    let nets: Vec<Vnd> = lines.iter().filter(|l| wish.scope.holds(l)).map(|l| l.net()).collect();
    let base: Vnd = nets.iter().copied().sum();
    // Money paid ahead stays: what is lowered may not fall below it by accident; the credit is then the patient's to have back.
    let amount = wish.basis.amount(base);
    if amount == Vnd::ZERO {
        return Err(Problem::of("Không có khoản chưa thu nào để giảm theo cách này.").into());
    }
    if let Basis::Fixed(wanted) = wish.basis
        && wanted > base
        && wish.rule.is_none()
    {
        return Err(Problem::at("value", format!("Các khoản được giảm chỉ còn {base} đ.")).into());
    }
    let gross: Vnd = lines.iter().filter(|l| !l.is_reversed() && !l.is_adjustment()).map(|l| l.amount()).sum();
    let by_word: Vnd = earlier.iter().filter(|d| d.rule_id.is_none() && (d.is_applied() || d.is_waiting())).map(|d| d.amount()).sum();
    let waits = wish.rule.is_none() && !discount::within_limit(by_word, amount, gross, limit_percent(tx).await?);
    let (group, target) = match &wish.scope {
        Scope::Group(group) => (Some(group.clone()), None),
        Scope::Service(id) | Scope::Line(id) => (None, Some(*id)),
        Scope::Bill => (None, None),
    };
    let new = NewDiscount {
        id: wish.id,
        bill,
        rule: wish.rule,
        name: wish.name.clone(),
        basis: wish.basis,
        scope: wish.scope.key(),
        group,
        target,
        amount,
        reason: wish.reason.clone(),
        waits,
    };
    discounts::insert(tx, &new).await?;
    tx.audit("give", "discount", wish.id, None, json!({ "amount_vnd": amount.0, "waits": waits, "rule": wish.rule }));
    if waits {
        let reason = format!("{}: {}", wish.name, wish.reason);
        let asked = NewApproval { id: Uuid::now_v7(), bill, matter: Matter::Discount, target: wish.id, amount, reason };
        approvals::insert(tx, &asked).await?;
        tx.notify("approvals");
    } else {
        apply(tx, bill, wish.id, &wish.name, amount, &wish.scope, &lines).await?;
        tell_released(tx, bill, position.paid).await?;
    }
    desk::tell_pages(tx, bill);
    Ok(if waits { Given::Waiting } else { Given::Applied })
}

/// Spreads an amount over the lines of its scope, a row under each.
async fn apply(tx: &mut Tx, bill: BillId, id: Uuid, name: &str, amount: Vnd, scope: &Scope, lines: &[Line]) -> Result<(), Failure> {
    let meant: Vec<&Line> = lines.iter().filter(|l| scope.holds(l)).collect();
    let nets: Vec<Vnd> = meant.iter().map(|l| l.net()).collect();
    let parts = discount::spread(amount, &nets)?;
    for (line, by) in meant.iter().zip(parts).filter(|(_, by)| *by > Vnd::ZERO) {
        charges::lower(tx, &Lowered { charge: line.charge_id, by, source: "discount", name, discount: Some(id) }).await?;
    }
    desk::tell_pages(tx, bill);
    Ok(())
}

/// A lower bill may be covered by money that lies there already.
async fn tell_released(tx: &mut Tx, bill: BillId, paid: Vnd) -> Result<(), Failure> {
    let lines = bills::list_lines(tx, bill).await?;
    desk::tell_covered(tx, bill, desk::newly_covered(&lines, desk::NOTHING_YET, paid));
    Ok(())
}

/// The actor's limit for discounts by word, in whole percent of the bill; a dated decision of the facility for each role.
pub async fn limit_percent(tx: &mut Tx) -> Result<i64, Failure> {
    let key = if tx.actor.may("cashier.approve") { "discount.manager_percent" } else { "discount.cashier_percent" };
    number(tx, key).await
}

/// A whole number that the facility decided, as it holds today.
pub async fn number(tx: &mut Tx, key: &str) -> Result<i64, Failure> {
    let (facility, day) = (tx.facility(), base::local_date(tx.now));
    let Some(known) = organization::parameter::known(key) else { return Ok(0) };
    Ok(organization::parameter::number_on(tx.conn(), facility, known, day).await?)
}

/// Applies an approved discount: at most what was approved, at most what is still open.
pub async fn carry_out(tx: &mut Tx, asked: &Approval, paid: Vnd) -> Result<(), Failure> {
    let bill = asked.bill();
    let wanted = discounts::find(tx, asked.target_id).await?.ok_or(Failure::NotFound)?;
    let lines = bills::list_lines(tx, bill).await?;
    let scope = Scope::of(&wanted.scope, wanted.group_key.as_deref(), wanted.target_id);
    let open: Vnd = lines.iter().filter(|l| scope.holds(l)).map(|l| l.net()).sum();
    if open < wanted.amount() {
        return Err(Problem::of(format!("Các khoản được giảm chỉ còn {open} đ chưa thu. Không duyệt và đề nghị lại theo phiếu hiện tại.")).into());
    }
    if !discounts::step(tx, wanted.discount_id, "waiting", "applied", "").await? {
        return Err(Failure::Conflict("Đề nghị giảm này vừa được xử lý.".into()));
    }
    apply(tx, bill, wanted.discount_id, &wanted.name, wanted.amount(), &scope, &lines).await?;
    tell_released(tx, bill, paid).await
}

/// Takes a discount back. What a receipt names was paid by it: that receipt is voided first.
pub async fn take_back(tx: &mut Tx, bill: BillId, id: Uuid, reason: &str) -> Result<(), Failure> {
    bills::lock(tx, bill).await?;
    let found = discounts::find(tx, id).await?.filter(|d| d.bill_id == bill.0).ok_or(Failure::NotFound)?;
    if !found.is_applied() {
        return Ok(());
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 300 {
        return Err(Problem::at("reason", "Nhập lý do bỏ giảm (tối đa 300 ký tự).").into());
    }
    if !packages::uses(tx, bill).await?.is_empty() {
        return Err(Problem::of("Gói này đã dùng hoặc đã kết thúc nên không bỏ giảm giá được nữa.").into());
    }
    let lines = bills::list_lines(tx, bill).await?;
    if lines.iter().any(|l| l.discount_id == Some(id) && !l.is_reversed() && l.receipt_id.is_some()) {
        return Err(Problem::of("Khoản giảm đã nằm trên phiếu thu. Hủy phiếu thu đó trước.").into());
    }
    discounts::reverse_rows(tx, id, reason).await?;
    discounts::step(tx, id, "applied", "taken_back", reason).await?;
    tx.audit("take_back", "discount", id, None, json!({ "amount_vnd": found.amount_vnd }));
    desk::tell_pages(tx, bill);
    Ok(())
}
