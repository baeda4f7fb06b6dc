//! Paying for a clinic on its way in, waiting for the bank's word, and the door into the new clinic.

use super::sign_up::{Frame, frame, under_way};
use crate::arrival;
use crate::invoice::Invoice;
use crate::platform::{self, Platform};
use crate::store::invoices;
use crate::store::sign_ups::SignUp;
use askama::Template;
use base::ask::TransferRequest;
use base::{AccountId, Actor, FacilityId};
use db::Scope;
use http::HeaderMap;
use web::{Answer, App, Failure, Visitor};

/// A transfer code ready to be shown.
#[derive(Clone, Debug)]
pub struct Code {
    pub payload: String,
    pub svg: String,
    pub holder: String,
    pub account: String,
}

/// The code of an invoice; `None` where the platform receives no money yet.
pub fn code_of(app: &App, platform: Option<&Platform>, invoice: &Invoice) -> Option<Code> {
    let own = platform.filter(|p| p.takes_money())?;
    let request = TransferRequest {
        bank_bin: own.bank_bin.clone(),
        account_no: own.bank_account.clone(),
        amount_vnd: invoice.amount.0,
        reference: invoice.reference.clone(),
    };
    let payload = app.bank_qr().payload(&request).ok()?;
    let svg = app.bank_qr().svg(&payload).ok()?;
    Some(Code { payload, svg, holder: own.bank_holder.clone(), account: own.bank_account.clone() })
}

#[derive(Template)]
#[template(path = "sign_up_pay.html")]
struct PayPage {
    lang: &'static str,
    f: Frame,
    invoice: Invoice,
    package_name: &'static str,
    code: Option<Code>,
    until: String,
    is_late: bool,
}

/// `GET /sign-up/pay`: the code; the page asks every two seconds whether the money is here.
pub async fn show(visitor: Visitor, headers: HeaderMap) -> Answer {
    let (mut tx, found) = under_way(&visitor, &headers).await?;
    let Some(s) = found else { return web::redirect("/sign-up") };
    if s.facility_id.is_some() {
        return web::redirect("/sign-up/done");
    }
    if !s.stuck.is_empty() {
        return web::redirect("/sign-up/clinic");
    }
    let Some(invoice) = invoices::find_of_sign_up(&mut tx, s.sign_up_id).await? else { return web::redirect("/sign-up/owner") };
    let own = platform::find(&mut tx).await?;
    web::html(PayPage {
        lang: super::front::lang(&visitor), f: frame(&visitor, 4),
        package_name: organization::package::name_of(&invoice.package),
        code: code_of(&visitor.app, own.as_ref(), &invoice),
        until: format!("{} {}", base::show_time(invoice.pay_before), base::show_date(base::local_date(invoice.pay_before))),
        is_late: visitor.now > invoice.pay_before,
        invoice,
    })
}

/// `GET /sign-up/pay/state`: nothing while the money is awaited, the way onward when it is here.
pub async fn state(visitor: Visitor, headers: HeaderMap) -> Answer {
    use web::IntoResponse;
    let (_, found) = under_way(&visitor, &headers).await?;
    let onward = match found {
        Some(s) if s.facility_id.is_some() => Some("/sign-up/done"),
        Some(s) if !s.stuck.is_empty() => Some("/sign-up/clinic"),
        _ => None,
    };
    Ok(match onward {
        Some(to) => (http::StatusCode::OK, [("hx-redirect", to)]).into_response(),
        None => http::StatusCode::NO_CONTENT.into_response(),
    })
}

/// Opens a clinic whose money came before its code was free.
pub(crate) async fn open_waiting(visitor: &Visitor, s: &SignUp, invoice: &Invoice) -> Answer {
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    let months = u32::try_from(invoice.months).unwrap_or(1);
    if let Some(why) = arrival::open_paid(&mut tx, s.sign_up_id, months).await? {
        return Err(base::Problem::of(why).into());
    }
    tx.commit().await?;
    web::redirect("/sign-up/done")
}

/// `GET /sign-up/done`: signs the owner in, once and only within a day of the opening; later the door is the sign-in.
pub async fn done(visitor: Visitor, headers: HeaderMap) -> Answer {
    let (tx, found) = under_way(&visitor, &headers).await?;
    drop(tx);
    let Some((s, facility, account)) = found.and_then(|s| Some((s.clone(), s.facility_id?, s.account_id?))) else {
        return web::redirect("/sign-up");
    };
    if visitor.ctx.as_ref().is_some_and(|ctx| ctx.facility().0 == facility) {
        return web::redirect("/app/first-steps");
    }
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    if !crate::store::sign_ups::use_door(&mut tx, s.sign_up_id).await? {
        return web::redirect(format!("/sign-in?login={}", s.login));
    }
    tx.commit().await?;
    let facility = FacilityId(facility);
    let scope = Scope::FacilityFor(facility, "sign-in");
    let mut tx = visitor.app.db.begin(scope, Actor::system(facility), visitor.now).await?;
    let account = practitioner::store::get_account(tx.conn(), facility, AccountId(account)).await.map_err(Failure::from)?;
    drop(tx);
    practitioner::pages::sign_in::let_in(&visitor, &account, "/app/first-steps").await
}
