//! At the bedside: a tablet or phone on which a patient reads, draws their name and types the code from their own phone.

use crate::sign::confirm::{self, Typed};
use crate::sign::order::Orders;
use crate::sign::role;
use crate::sign::store::documents::{self, Paper};
use crate::sign::store::keys;
use askama::Template;
use base::Problems;
use db::Tx;
use serde_json::Value;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell};

#[derive(Template)]
#[template(path = "sign-confirm.html")]
struct ConfirmPage {
    shell: Shell,
    paper: Paper,
    /// The place that is confirmed now; empty when it is not the patient's turn.
    place: String,
    has_seal: bool,
    typed: Typed,
    is_sent: bool,
    is_done: bool,
    sandbox: bool,
    problems: Problems,
}

impl ConfirmPage {
    async fn load(ctx: &Ctx, tx: &mut Tx, document: Uuid) -> Result<ConfirmPage, Failure> {
        let paper = documents::find(tx, document).await?.ok_or(Failure::NotFound)?;
        let order = Orders::default().of(tx, &paper).await?;
        let place = confirm::turn(&order, &paper);
        let is_done = place.is_none() && paper.signatures.iter().any(|s| s.method == "confirmation");
        Ok(ConfirmPage {
            shell: ctx.shell("Người bệnh xác nhận", &[("F8", "Xác nhận"), ("Esc", "Về hồ sơ")]),
            place: place.map(|p| role::label(&p)).unwrap_or_default(),
            has_seal: keys::find_seal(tx).await?.is_some(),
            typed: Typed { id: Uuid::now_v7().to_string(), name: paper.patient_name.clone(), phone: paper.patient_phone.clone(), ..Typed::default() },
            is_sent: false,
            is_done,
            sandbox: ctx.app.config.sandbox,
            paper,
            problems: Problems::none(),
        })
    }
}

/// `GET /app/sign/confirm/{document}`
pub async fn show(ctx: Ctx, Path(document): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = ConfirmPage::load(&ctx, &mut tx, document).await?;
    tx.audit("read", "record_document", document, Some(page.paper.patient()), Value::Null);
    tx.commit().await?;
    web::html(page)
}

/// `POST /app/sign/confirm/{document}/codes`: sends the code to the phone.
pub async fn send(ctx: Ctx, Path(document): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    let paper = documents::find(&mut tx, document).await?.ok_or(Failure::NotFound)?;
    let (is_sent, problems) = match confirm::send_code(&ctx, &mut tx, &paper, &typed).await {
        Ok(()) => {
            tx.commit().await?;
            (true, Problems::none())
        }
        Err(Failure::Refused(problems)) => (false, problems),
        Err(other) => return Err(other),
    };
    let mut tx = ctx.begin().await?;
    let page = ConfirmPage { is_sent, typed, ..ConfirmPage::load(&ctx, &mut tx, document).await? };
    if problems.is_empty() { web::html(page) } else { web::refused(ConfirmPage { problems, ..page }) }
}

/// `POST /app/sign/confirm/{document}`: drawing and code together.
pub async fn confirm(ctx: Ctx, Path(document): Path<Uuid>, Form(typed): Form<Typed>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !documents::exists(&mut tx, document).await? {
        return Err(Failure::NotFound);
    }
    let signer = keys::signer(&mut tx).await?;
    drop(tx);
    if !confirm::may_witness(&signer) {
        return Err(Failure::Forbidden("Người chứng kiến phải là nhân viên của cơ sở.".into()));
    }
    match confirm::confirm(&ctx, document, &typed).await {
        Ok(()) => web::redirect(format!("/app/sign/confirm/{document}")),
        Err(Failure::Refused(problems)) => {
            let mut tx = ctx.begin().await?;
            let page = ConfirmPage::load(&ctx, &mut tx, document).await?;
            web::refused(ConfirmPage { typed: Typed { code: String::new(), ..typed }, is_sent: true, problems, ..page })
        }
        Err(other) => Err(other),
    }
}
