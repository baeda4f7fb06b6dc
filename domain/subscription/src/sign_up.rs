//! A clinic comes in: code, clinic, account, then trial or money, and it is live. The last step makes everything in one
//! transaction or nothing at all; done twice, it finds what the first made.

use crate::clinic::ClinicForm;
use crate::contact::{self, Contact};
use crate::message::{self, Message};
use crate::platform::PURPOSE;
use crate::proration;
use crate::start;
use crate::store::{customers, sign_ups};
use base::{Actor, FacilityId, Problem, local_date};
use chrono::TimeDelta;
use db::Tx;
use organization::facility::{self, NewFacility};
use organization::package::{self, Kind, term};
use practitioner::store::NewAccount;
use uuid::Uuid;
use web::Failure;

/// Sends a fresh code. Refuses with the seconds to wait when too many were sent; the same for a contact that is a
/// customer already and for one nobody knows, so that nothing can be learnt here.
pub async fn send_code(tx: &mut Tx, secret: &[u8; 32], sign_up: Uuid, contact: &Contact, remote: &str) -> Result<(), Failure> {
    // Two requests at once count one after the other.
    crate::store::invoices::lock_words(tx, contact.text()).await?;
    let (to_contact, from_address, last) = sign_ups::recent_codes(tx, contact.text(), remote).await?;
    if let Some(last) = last
        && tx.now < last + contact::PAUSE
    {
        return Err(Failure::TooMany { retry_after_s: (last + contact::PAUSE - tx.now).num_seconds().max(1) as u64 });
    }
    if to_contact >= contact::PER_CONTACT || from_address >= contact::PER_ADDRESS {
        return Err(Failure::TooMany { retry_after_s: 3600 });
    }
    let code = contact::new_code();
    sign_ups::insert_code(tx, sign_up, contact.text(), remote, &contact::code_hash(secret, sign_up, &code)).await?;
    let message = Message {
        id: Uuid::now_v7(),
        kind: if contact.kind() == "phone" { "sms".into() } else { "email".into() },
        to: contact.text().to_owned(),
        subject: "Mã xác nhận đăng ký Yba".into(),
        // Without marks it fits into one part and reads on every phone.
        text: format!("Yba: ma xac nhan dang ky la {code}, dung trong 10 phut. Khong dua ma nay cho ai."),
    };
    message::send_for_platform(tx, &message).await?;
    Ok(())
}

/// How the use begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Trial,
    /// So many months, the free ones among them.
    Paid { months: u32 },
}

/// Makes the clinic of a sign-up live, once: facility, official code, starter lists, the owner's account, the customer
/// and what was bought. Gives the facility. Refuses (and has written nothing) when the facility code or the login has
/// been taken meanwhile. The transaction must hold the purpose `subscription`.
pub async fn activate(tx: &mut Tx, id: Uuid, begin: Begin) -> Result<FacilityId, Failure> {
    let sign_up = sign_ups::lock(tx, id).await?;
    if let Some(facility) = sign_up.facility_id {
        return Ok(FacilityId(facility));
    }
    let clinic: &ClinicForm = &sign_up.clinic;
    if sign_up.verified_at.is_none() || sign_up.password_hash.is_empty() || clinic.facility_code.is_empty() {
        return Err(Problem::of("Chưa đủ thông tin để mở phòng khám. Hãy đi lại từng bước.").into());
    }
    let today = local_date(tx.now);
    let new = NewFacility { code: &clinic.facility_code, name: &clinic.name, package: None };
    let Some(facility) = facility::open(tx.conn(), &new, today).await? else {
        return Err(Problem::at("facility_code", taken(&clinic.facility_code)).into());
    };
    tx.actor = Actor::system(facility);
    let facts = facility::check(&clinic.card())?;
    facility::update(tx, &facts).await?;
    for system in ["kcb", "rx"] {
        facility::insert_code(tx, system, &clinic.facility_code, today).await?;
    }
    start::fill(tx, &sign_up.package, today).await?;
    tx.purpose("sign-in").await?;
    let account = NewAccount {
        login: &sign_up.login,
        name: &sign_up.owner_name,
        title: "",
        phone: if sign_up.contact_kind == "phone" { &sign_up.contact } else { "" },
        password_hash: &sign_up.password_hash,
        // The owner tries the desk and the counter at once; who treats needs a licence and comes in through the staff list.
        roles: &["admin", "receptionist", "cashier"],
    };
    let Some(account) = practitioner::store::insert_account(tx, &account).await? else {
        return Err(Problem::at("login", format!("Tên đăng nhập {} đã có người dùng. Chọn tên khác.", sign_up.login)).into());
    };
    tx.purpose(PURPOSE).await?;
    let (kind, last, reason) = match begin {
        Begin::Trial => (Kind::Trial, today + TimeDelta::days(term("trial_days", today) - 1), "Dùng thử"),
        Begin::Paid { months } => (Kind::Paid, proration::last_day(today, months), "Đăng ký"),
    };
    package::append(tx, &sign_up.package, kind, today, Some(last), reason).await?;
    customers::join(tx, facility, account.0, &sign_up.owner_name, &sign_up.contact).await?;
    sign_ups::activated(tx, id, facility.0, account.0).await?;
    tx.audit("open", "facility", facility, None, serde_json::json!({ "package": sign_up.package }));
    tx.notify("sign-up");
    Ok(facility)
}

/// The sentence for a code that is in use.
pub fn taken(code: &str) -> String {
    format!("Mã cơ sở {code} đã có phòng khám trên Yba. Kiểm tra lại mã; nếu đúng là cơ sở của mình, gọi tổng đài để được hỗ trợ.")
}
