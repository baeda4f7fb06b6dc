//! The pages of shares: a month with its statements, the rules, one's own statements, who had a part in a bill.

use super::minted;
use crate::charge::Group;
use crate::payout::{self, Role, RuleForm};
use crate::store::bills::{self, Line, Payer};
use crate::store::payouts::{self as store, Rule, Statement, Sum};
use askama::Template;
use base::{BillId, Problem, Problems, Vnd, show_date};
use chrono::NaiveDate;
use db::Tx;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell};

#[derive(Template)]
#[template(path = "payouts.html")]
struct MonthPage {
    shell: Shell,
    month: NaiveDate,
    sums: Vec<Sum>,
    statements: HashMap<Uuid, Statement>,
    is_over: bool,
    me: Uuid,
    may_close: bool,
    may_approve: bool,
    problems: Problems,
}

impl MonthPage {
    fn month_text(&self) -> String {
        self.month.format("%m/%Y").to_string()
    }
    fn statement(&self, sum: &Sum) -> Option<&Statement> {
        self.statements.get(&sum.person_id)
    }
    fn may_approve_it(&self, statement: &Statement) -> bool {
        self.may_approve && !statement.is_approved() && statement.closed_by != self.me
    }
    fn total(&self) -> Vnd {
        self.sums.iter().map(|s| Vnd(s.share_vnd)).sum()
    }
    /// Somebody has a share and no statement yet.
    fn is_open(&self) -> bool {
        self.sums.iter().any(|s| !self.statements.contains_key(&s.person_id))
    }
}

#[derive(Deserialize)]
pub struct AskedMonth {
    #[serde(default)]
    month: String,
}

async fn month_page(ctx: &Ctx, tx: &mut Tx, month: NaiveDate, problems: Problems) -> Result<MonthPage, Failure> {
    let statements: HashMap<Uuid, Statement> = store::list_of_month(tx, month).await?.into_iter().map(|s| (s.person_id, s)).collect();
    let mut sums = store::sums(tx, month, None).await?;
    // A closed statement says what it said, whatever the rules say now.
    for sum in &mut sums {
        if let Some(closed) = statements.get(&sum.person_id) {
            sum.share_vnd = closed.total_vnd;
        }
    }
    Ok(MonthPage {
        shell: ctx.shell("Thù lao", &[("F8", "Chốt tháng"), ("↑↓", "Chọn"), ("Enter", "Mở")]),
        month,
        sums,
        statements,
        is_over: payout::may_close(month, ctx.today()).is_ok(),
        me: ctx.actor.account.0,
        may_close: ctx.may("payout.close"),
        may_approve: ctx.may("payout.approve"),
        problems,
    })
}

/// `GET /app/payouts?month=11/2026`.
pub async fn month(ctx: Ctx, Query(asked): Query<AskedMonth>) -> Answer {
    let mut tx = ctx.begin().await?;
    let month = payout::month_of(&asked.month, ctx.today());
    web::html(month_page(&ctx, &mut tx, month, Problems::none()).await?)
}

/// Closes a month that is over. Closed again it changes nothing.
pub async fn close(ctx: Ctx, Form(asked): Form<AskedMonth>) -> Answer {
    let month = payout::month_of(&asked.month, ctx.today());
    let mut tx = ctx.begin().await?;
    if let Err(problem) = payout::may_close(month, ctx.today()) {
        return web::refused(month_page(&ctx, &mut tx, month, problem.into()).await?);
    }
    let made = store::close(&mut tx, month).await?;
    tx.audit("close", "payout", month, None, json!({ "statements": made }));
    tx.commit().await?;
    web::redirect(format!("/app/payouts?month={}", month.format("%m/%Y")))
}

/// Approves one statement; not by whoever closed it.
pub async fn approve(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let statement = store::find_statement(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if statement.closed_by == ctx.actor.account.0 {
        return Err(Problem::of("Người chốt không tự duyệt. Nhờ người khác có quyền duyệt.").into());
    }
    if store::approve(&mut tx, id).await? {
        tx.audit("approve", "payout", id, None, json!({ "total_vnd": statement.total_vnd }));
    }
    tx.commit().await?;
    web::redirect(format!("/app/payouts?month={}", statement.month_shown()))
}

#[derive(Template)]
#[template(path = "payout_rules.html")]
struct RulesPage {
    shell: Shell,
    rules: Vec<Rule>,
    people: Vec<(String, String)>,
    subjects: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    ways: Vec<(String, String)>,
    form: RuleForm,
    id: Uuid,
    today: NaiveDate,
    may_change: bool,
    problems: Problems,
}

impl RulesPage {
    fn day(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn is_ended(&self, rule: &Rule) -> bool {
        rule.valid_to.is_some_and(|last| last < self.today)
    }
}

async fn rules_page(ctx: &Ctx, tx: &mut Tx, form: RuleForm, problems: Problems) -> Result<RulesPage, Failure> {
    let groups = [Group::Exam, Group::Lab, Group::Imaging, Group::Procedure, Group::Other, Group::Drug];
    let mut subjects: Vec<(String, String)> = groups.map(|g| (format!("group:{}", g.key()), format!("Nhóm: {}", g.title()))).into();
    subjects.extend(store::list_services(tx).await?.into_iter().map(|(id, name)| (format!("service:{id}"), name)));
    Ok(RulesPage {
        shell: ctx.shell("Quy tắc chia thù lao", &[("F8", "Lưu quy tắc"), ("Esc", "Về thù lao")]),
        rules: store::list_rules(tx).await?,
        people: store::list_people(tx).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        subjects,
        roles: Role::ALL.map(|r| (r.key().to_owned(), r.title().to_owned())).into(),
        ways: vec![("percent".into(), "Phần trăm".into()), ("fixed".into(), "Số tiền mỗi lần".into())],
        form,
        id: Uuid::now_v7(),
        today: ctx.today(),
        may_change: ctx.may("payout.rule"),
        problems,
    })
}

pub async fn rules(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let form = RuleForm { role: "doctor".into(), how: "percent".into(), from: show_date(ctx.today()), ..RuleForm::default() };
    web::html(rules_page(&ctx, &mut tx, form, Problems::none()).await?)
}

/// Adds a rule. A second one for the same thing on the same day is refused.
pub async fn add_rule(ctx: Ctx, Form(form): Form<RuleForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let open_from = store::open_from(&mut tx).await?;
    let rule = match form.read(ctx.today(), open_from) {
        Ok(rule) => rule,
        Err(problems) => return web::refused(rules_page(&ctx, &mut tx, form, problems).await?),
    };
    let id = minted(&form.id)?;
    match store::insert_rule(&mut tx, id, &rule).await {
        Ok(()) => {}
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("billing_share_rule_once") => {
            let mut tx = ctx.begin().await?;
            let problems = Problem::at("from", "Đã có quy tắc cho đúng người, đúng khoản này trong những ngày đó. Kết thúc quy tắc cũ trước.").into();
            return web::refused(rules_page(&ctx, &mut tx, form, problems).await?);
        }
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => return Err(Failure::NotFound),
        Err(error) => return Err(error.into()),
    }
    tx.audit("add", "share_rule", id, None, json!({ "share": rule.share.shown(), "from": rule.from }));
    tx.commit().await?;
    web::redirect("/app/payouts/rules")
}

/// Ends a rule today.
pub async fn end_rule(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    store::end_rule(&mut tx, id, ctx.today()).await?;
    tx.audit("end", "share_rule", id, None, json!({}));
    tx.commit().await?;
    web::redirect("/app/payouts/rules")
}

#[derive(Deserialize)]
pub struct ReferrerForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
}

pub async fn add_referrer(ctx: Ctx, Form(form): Form<ReferrerForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 {
        let problems = Problem::at("name", "Nhập tên người giới thiệu, tối đa 120 ký tự.").into();
        return web::refused(rules_page(&ctx, &mut tx, RuleForm::default(), problems).await?);
    }
    let id = minted(&form.id)?;
    store::insert_referrer(&mut tx, id, &name, form.phone.trim()).await?;
    tx.audit("add", "referrer", id, None, json!({ "name": name }));
    tx.commit().await?;
    web::redirect("/app/payouts/rules")
}

#[derive(Template)]
#[template(path = "payout_mine.html")]
struct MinePage {
    shell: Shell,
    statements: Vec<Statement>,
    running: Option<Sum>,
    month: String,
}

/// One's own statements, and how this month stands; nobody else's.
pub async fn mine(ctx: Ctx) -> Answer {
    let Some(me) = ctx.actor.practitioner else { return Err(Failure::NotFound) };
    let month = payout::month_of("", ctx.today());
    let mut tx = ctx.begin().await?;
    let running = store::sums(&mut tx, month, Some(me.0)).await?.into_iter().next();
    let statements = store::list_of_person(&mut tx, me.0).await?;
    web::html(MinePage { shell: ctx.shell("Thù lao của tôi", &[("↑↓", "Chọn"), ("Enter", "Mở")]), statements, running, month: month.format("%m/%Y").to_string() })
}

#[derive(Template)]
#[template(path = "payout_people.html")]
struct PeoplePage {
    shell: Shell,
    payer: Payer,
    lines: Vec<Line>,
    people: Vec<(String, String)>,
    referrer: String,
    performers: HashMap<Uuid, String>,
}

impl PeoplePage {
    fn performer(&self, line: &Line) -> &str {
        self.performers.get(&line.charge_id).map_or("", String::as_str)
    }
    fn field_name(&self, line: &Line) -> String {
        format!("performer-{}", line.charge_id)
    }
}

/// Who sent the person of a bill, who carried out its lines.
pub async fn people(ctx: Ctx, Path(bill): Path<BillId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, bill).await?;
    let involved = store::involved(&mut tx, bill).await?;
    let shown = |person: Option<Uuid>| person.map(|p| p.to_string()).unwrap_or_default();
    let lines = bills::list_lines(&mut tx, bill).await?;
    web::html(PeoplePage {
        shell: ctx.shell("Người giới thiệu, người thực hiện", &[("F8", "Lưu"), ("Esc", "Về phiếu tính tiền")]),
        payer,
        lines: lines.into_iter().filter(|l| !l.is_reversed() && !l.is_adjustment()).collect(),
        people: store::list_people(&mut tx).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        referrer: involved.iter().find(|(charge, ..)| charge.is_none()).map(|(_, _, p)| shown(*p)).unwrap_or_default(),
        performers: involved.into_iter().filter_map(|(charge, _, p)| charge.map(|c| (c, shown(p)))).collect(),
    })
}

/// Writes down what changed; the fields are `referrer` and `performer-<charge>`.
pub async fn name_people(ctx: Ctx, Path(bill): Path<BillId>, Form(form): Form<HashMap<String, String>>) -> Answer {
    let mut tx = ctx.begin().await?;
    let payer = bills::get_payer(&mut tx, bill).await?;
    bills::lock(&mut tx, bill).await?;
    let known = store::list_people(&mut tx).await?;
    let before: HashMap<Option<Uuid>, Option<Uuid>> = store::involved(&mut tx, bill).await?.into_iter().map(|(c, _, p)| (c, p)).collect();
    let lines = bills::list_lines(&mut tx, bill).await?;
    let slots = std::iter::once((None, "referrer".to_owned())).chain(lines.iter().map(|l| (Some(l.charge_id), format!("performer-{}", l.charge_id))));
    let mut changed = 0;
    for (charge, field) in slots {
        let Some(typed) = form.get(&field) else { continue };
        let person: Option<Uuid> = typed.parse().ok();
        if person.is_some_and(|p| !known.iter().any(|(id, _)| *id == p)) {
            return Err(Problem::of("Người này không có trong danh sách. Mở lại trang rồi chọn lại.").into());
        }
        if before.get(&charge).copied().flatten() != person {
            store::involve(&mut tx, bill, charge, person).await?;
            changed += 1;
        }
    }
    tx.audit("involve", "bill", bill.0, payer.patient(), json!({ "changed": changed }));
    tx.commit().await?;
    web::redirect(format!("/app/cashier/{}", bill.0))
}
