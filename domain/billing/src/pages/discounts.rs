//! Giving and taking back discounts on one bill, and the rules of the house.

use super::minted;
use crate::charge::Group;
use crate::discount::{Basis, Wanted};
use crate::discount_desk::{self, Scope};
use crate::ledger::Position;
use crate::store::bills::{self, Line, Payer};
use crate::store::discounts::{self, Discount, NewRule, Rule};
use crate::store::offers;
use askama::Template;
use base::{BillId, Problems, Vnd, show_date};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct GiveForm {
    #[serde(default)]
    pub id: String,
    /// A rule of the house; empty for a discount by word.
    #[serde(default)]
    pub rule: String,
    /// `bill`, `group:lab`, `line:{id}`.
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub value: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub proof: String,
}

impl GiveForm {
    fn scope(&self) -> Option<Scope> {
        match self.scope.split_once(':') {
            None if self.scope.is_empty() || self.scope == "bill" => Some(Scope::Bill),
            Some(("group", group)) => Some(Scope::Group(group.to_owned())),
            Some(("line", id)) => id.parse().ok().map(Scope::Line),
            _ => None,
        }
    }
}

#[derive(Template)]
#[template(path = "discounts.html")]
struct Page {
    shell: Shell,
    payer: Payer,
    position: Position,
    lines: Vec<Line>,
    rules: Vec<Rule>,
    given: Vec<Discount>,
    limit: i64,
    id: Uuid,
    form: GiveForm,
    problems: Problems,
}

impl Page {
    async fn load(ctx: &Ctx, tx: &mut db::Tx, of: BillId) -> Result<Page, Failure> {
        let payer = bills::get_payer(tx, of).await?;
        Ok(Page {
            shell: ctx.shell("Giảm giá", &[("F8", "Giảm"), ("Esc", "Về phiếu")]),
            position: bills::position(tx, of).await?,
            lines: bills::list_lines(tx, of).await?,
            rules: discount_desk::rules_for(tx, &payer).await?,
            given: discounts::list_of_bill(tx, of).await?,
            limit: discount_desk::limit_percent(tx).await?,
            id: Uuid::now_v7(),
            form: GiveForm::default(),
            problems: Problems::none(),
            payer,
        })
    }
    /// What may still be lowered, as (value, word) of the choice.
    fn scopes(&self) -> Vec<(String, String)> {
        let open: Vec<&Line> =
            self.lines.iter().filter(|l| l.is_open() && !l.is_adjustment() && !l.is_unpriced() && l.net() > Vnd::ZERO).collect();
        let whole: Vnd = open.iter().map(|l| l.net()).sum();
        let mut scopes = vec![("bill".to_owned(), format!("Cả phiếu · {whole} đ"))];
        let mut groups: Vec<Group> = open.iter().map(|l| l.group()).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups.iter().filter(|_| groups.len() > 1) {
            let sum: Vnd = open.iter().filter(|l| l.group() == *group).map(|l| l.net()).sum();
            scopes.push((format!("group:{}", group.key()), format!("{} · {sum} đ", group.title())));
        }
        scopes.extend(open.iter().filter(|_| open.len() > 1).map(|l| (format!("line:{}", l.charge_id), format!("{} · {} đ", l.name, l.net()))));
        scopes
    }
    fn is_given(&self, rule: &Rule) -> bool {
        self.given.iter().any(|d| d.rule_id == Some(rule.rule_id) && (d.is_applied() || d.is_waiting()))
    }
    fn word(&self, d: &Discount) -> &'static str {
        match d.step.as_str() {
            "waiting" => "Chờ duyệt",
            "refused" => "Không duyệt",
            "taken_back" => "Đã bỏ",
            _ => "Đã giảm",
        }
    }
}

/// What may be given on this bill, and what was.
pub async fn show(ctx: Ctx, Path(of): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(Page::load(&ctx, &mut tx, of).await?)
}

/// Gives a discount; over the limit it goes to the approval desk.
pub async fn give(ctx: Ctx, Path(of): Path<BillId>, Form(form): Form<GiveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    let id = minted(&form.id)?;
    let outcome = match (form.rule.trim(), form.scope()) {
        ("", Some(scope)) => discount_desk::give_by_word(&mut tx, of, id, scope, &form.value, &form.reason).await,
        ("", None) => Err(base::Problem::at("scope", "Chọn phần được giảm.").into()),
        (rule, _) => match rule.parse() {
            Ok(rule) => discount_desk::give_by_rule(&mut tx, of, id, rule, &form.proof).await,
            Err(_) => Err(base::Problem::of("Chọn một chính sách giảm.").into()),
        },
    };
    match outcome {
        Ok(discount_desk::Given::Applied) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}"))
        }
        Ok(discount_desk::Given::Waiting) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}/discounts"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let page = Page::load(&ctx, &mut tx, of).await?;
            web::refused(Page { form, problems, ..page })
        }
        Err(other) => Err(other),
    }
}

#[derive(Deserialize)]
pub struct RemoveForm {
    #[serde(default)]
    reason: String,
}

/// Takes a discount back.
pub async fn remove(ctx: Ctx, Path((of, id)): Path<(BillId, Uuid)>, Form(form): Form<RemoveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    bills::get_payer(&mut tx, of).await?;
    match discount_desk::take_back(&mut tx, of, id, &form.reason).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/cashier/{of}/discounts"))
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            let mut tx = ctx.begin().await?;
            let text = problems.0.iter().map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" ");
            let page = Page::load(&ctx, &mut tx, of).await?;
            web::refused(Page { problems: base::Problem::of(text).into(), ..page })
        }
        Err(other) => Err(other),
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct RuleForm {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub value: String,
    /// `bill`, `group:lab` or `service:{id}`.
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub age_from: String,
    #[serde(default)]
    pub age_to: String,
    #[serde(default)]
    pub visits_from: String,
    #[serde(default)]
    pub needs_proof: String,
    #[serde(default)]
    pub for_managers: String,
    #[serde(default)]
    pub valid_from: String,
    #[serde(default)]
    pub valid_to: String,
}

#[derive(Template)]
#[template(path = "discount_rules.html")]
struct RulesPage {
    shell: Shell,
    rules: Vec<Rule>,
    scopes: Vec<(String, String)>,
    id: Uuid,
    today: chrono::NaiveDate,
    form: RuleForm,
    problems: Problems,
}

impl RulesPage {
    async fn load(ctx: &Ctx, tx: &mut db::Tx) -> Result<RulesPage, Failure> {
        let groups = [Group::Exam, Group::Lab, Group::Imaging, Group::Procedure, Group::Other, Group::Drug, Group::Package];
        let mut scopes = vec![("bill".to_owned(), "Cả phiếu".to_owned())];
        scopes.extend(groups.iter().map(|g| (format!("group:{}", g.key()), g.title().to_owned())));
        scopes.extend(offers::list_services(tx).await?.into_iter().map(|(id, _, name)| (format!("service:{id}"), name)));
        Ok(RulesPage {
            shell: ctx.shell("Chính sách giảm giá", &[("F8", "Lưu")]),
            rules: discounts::list_rules(tx).await?,
            scopes,
            id: Uuid::now_v7(),
            today: ctx.today(),
            form: RuleForm { valid_from: show_date(ctx.today()), ..RuleForm::default() },
            problems: Problems::none(),
        })
    }
    fn is_over(&self, rule: &Rule) -> bool {
        rule.valid_to.is_some_and(|last| last < self.today)
    }
    fn days(&self, rule: &Rule) -> String {
        match rule.valid_to {
            Some(last) => format!("{} – {}", show_date(rule.valid_from), show_date(last)),
            None => show_date(rule.valid_from),
        }
    }
    fn whom(&self, rule: &Rule) -> String {
        let mut words = Vec::new();
        match (rule.age_from, rule.age_to) {
            (Some(from), Some(to)) => words.push(format!("{from}–{to} tuổi")),
            (Some(from), None) => words.push(format!("từ {from} tuổi")),
            (None, Some(to)) => words.push(format!("đến {to} tuổi")),
            (None, None) => {}
        }
        words.extend(rule.visits_from.map(|n| format!("đã khám từ {n} lần trong một năm")));
        if rule.needs_proof {
            words.push("có thẻ, giấy tờ".into());
        }
        if rule.for_managers {
            words.push("chỉ người duyệt áp dụng".into());
        }
        if words.is_empty() { "mọi người".into() } else { words.join(", ") }
    }
}

fn whole(typed: &str, field: &'static str, problems: &mut Problems) -> Option<i32> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let number = typed.parse::<i32>().ok().filter(|n| (0..=150).contains(n));
    problems.add_if(number.is_none(), field, "Nhập số nguyên từ 0 đến 150.");
    number
}

fn read(form: &RuleForm, id: Uuid, today: chrono::NaiveDate) -> Result<NewRule, Problems> {
    let mut problems = Problems::none();
    let name = form.name.trim();
    problems.add_if(name.is_empty() || name.chars().count() > 100, "name", "Nhập tên chính sách (tối đa 100 ký tự).");
    let basis = Basis::read(&form.value).map_err(|p| problems.0.push(p)).unwrap_or(Basis::Percent(1));
    let wanted = Wanted {
        age_from: whole(&form.age_from, "age_from", &mut problems),
        age_to: whole(&form.age_to, "age_to", &mut problems),
        visits_from: whole(&form.visits_from, "visits_from", &mut problems).filter(|n| *n > 0),
    };
    problems.add_if(wanted.age_from.zip(wanted.age_to).is_some_and(|(a, b)| a > b), "age_to", "Tuổi đến phải từ tuổi bắt đầu trở lên.");
    let from = base::parse_date_vi(&form.valid_from).filter(|d| *d >= today);
    problems.add_if(from.is_none(), "valid_from", "Ngày bắt đầu từ hôm nay trở đi, ví dụ 01/12/2026.");
    let to = base::parse_date_vi(&form.valid_to);
    problems.add_if(!form.valid_to.trim().is_empty() && to.is_none_or(|t| from.is_some_and(|f| t < f)), "valid_to", "Ngày kết thúc không trước ngày bắt đầu.");
    let (scope, group, service) = match form.scope.split_once(':') {
        Some(("group", group)) => ("group", Some(Group::of_service(group).key().to_owned()), None),
        Some(("service", id)) => ("service", None, id.parse().ok()),
        _ => ("bill", None, None),
    };
    problems.add_if(scope == "service" && service.is_none(), "scope", "Chọn dịch vụ được giảm.");
    problems.or(NewRule {
        id,
        name: name.to_owned(),
        basis,
        scope: scope.to_owned(),
        group,
        service,
        wanted,
        needs_proof: !form.needs_proof.is_empty(),
        for_managers: !form.for_managers.is_empty(),
        from: from.unwrap_or(today),
        to,
    })
}

/// The rules of the house.
pub async fn rules(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(RulesPage::load(&ctx, &mut tx).await?)
}

/// Writes a rule.
pub async fn write_rule(ctx: Ctx, Form(form): Form<RuleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let id = minted(&form.id)?;
    match read(&form, id, ctx.today()) {
        Ok(new) => {
            discounts::insert_rule(&mut tx, &new).await?;
            tx.audit("write", "discount_rule", id, None, serde_json::json!({ "value": new.basis.value(), "basis": new.basis.key() }));
            tx.commit().await?;
            web::redirect("/app/discounts")
        }
        Err(problems) => {
            let page = RulesPage::load(&ctx, &mut tx).await?;
            web::refused(RulesPage { form, problems, ..page })
        }
    }
}

/// Ends a rule with today.
pub async fn end_rule(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    discounts::find_rule(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    discounts::end_rule(&mut tx, id, ctx.today()).await?;
    tx.audit("end", "discount_rule", id, None, serde_json::Value::Null);
    tx.commit().await?;
    web::redirect("/app/discounts")
}

