//! Lending and taking back.

use super::list::{Typed, again};
use crate::archive::status::Status;
use crate::archive::store::loans::{self, Loan};
use crate::complete::store as covers;
use askama::Template;
use base::{PatientId, Problems, parse_date_vi, show_date};
use chrono::{Days, NaiveDate};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Template)]
#[template(path = "archive-loans.html")]
struct LoansPage {
    shell: Shell,
    loans: Vec<Loan>,
    may_manage: bool,
    today: NaiveDate,
}

impl LoansPage {
    fn overdue(&self) -> usize {
        self.loans.iter().filter(|l| l.is_overdue(self.today)).count()
    }
    fn is_overdue(&self, loan: &Loan) -> bool {
        loan.is_overdue(self.today)
    }
    fn days_over(&self, loan: &Loan) -> i64 {
        (self.today - loan.due_on).num_days()
    }
    fn date(&self, day: &NaiveDate) -> String {
        show_date(*day)
    }
    fn at(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        show_date(base::local_date(*at))
    }
}

/// `GET /app/archive/loans`: what is out, the overdue first.
pub async fn list(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let loans = loans::list_out(&mut tx).await?;
    tx.audit("read", "record_loan", "", None, json!({ "loans": loans.len() }));
    tx.commit().await?;
    web::html(LoansPage { shell: ctx.shell("Hồ sơ đang cho mượn", &[("Esc", "Về kho")]), loans, may_manage: ctx.may("archive.manage"), today: ctx.today() })
}

/// `POST /app/archive/{record}/loans`
pub async fn lend(ctx: Ctx, Path(record): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::lock(&mut tx, record).await?;
    let mut problems = Problems::none();
    let (borrower, purpose) = (typed.borrower.trim(), typed.purpose.trim());
    problems.add_if(borrower.is_empty() || borrower.chars().count() > 120, "borrower", "Ghi ai mượn (tối đa 120 ký tự).");
    problems.add_if(purpose.is_empty() || purpose.chars().count() > 200, "purpose", "Ghi mượn để làm gì (tối đa 200 ký tự).");
    let due = parse_date_vi(&typed.due);
    let last = ctx.today() + Days::new(90);
    problems.add_if(due.is_none(), "due", "Ngày trả viết dạng 15/03/2026.");
    problems.add_if(due.is_some_and(|d| d < ctx.today() || d > last), "due", "Ngày trả từ hôm nay đến 90 ngày sau.");
    problems.add_if(cover.status() != Status::Archived, "", "Hồ sơ không ở trong kho nên không cho mượn được.");
    let id: Option<Uuid> = typed.id.parse().ok();
    problems.add_if(id.is_none(), "", "Trang đã cũ. Tải lại trang.");
    if let (Some(id), Some(due), true) = (id, due, problems.is_empty()) {
        if loans::insert(&mut tx, id, record, borrower, purpose, due).await? {
            tx.audit("lend", "record", record, Some(PatientId(cover.patient_id)), json!({ "loan": id, "due": due }));
            tx.commit().await?;
            return web::redirect(format!("/app/archive/{record}"));
        }
        problems.add("", "Hồ sơ đang có người mượn. Nhận lại rồi mới cho mượn tiếp.");
    }
    drop(tx);
    again(&ctx, record, "loan", typed, problems).await
}

/// `POST /app/archive/{record}/loans/{loan}/return`
pub async fn take_back(ctx: Ctx, Path((record, loan)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    let cover = covers::get(&mut tx, record).await?;
    if !loans::take_back(&mut tx, record, loan).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("take_back", "record", record, Some(PatientId(cover.patient_id)), json!({ "loan": loan }));
    tx.commit().await?;
    web::redirect(format!("/app/archive/{record}"))
}
