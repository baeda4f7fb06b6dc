//! The books of narcotic, psychotropic, precursor and toxic medicines (thuốc phải kiểm soát đặc biệt; Luật Dược
//! 105/2016/QH13, Thông tư 20/2017/TT-BYT). Every movement is answered for by two people: the one who books it and
//! another who proves with an own password that the goods and the book agree.

use base::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use uuid::Uuid;
use web::Failure;

use crate::store::controlled::Unsigned;
use db::Tx;
use practitioner::store::Account;
use practitioner::{password, role, sign_in};

/// The right that the second person needs.
pub const SIGN: &str = "narcotic.sign";

/// What the second person typed.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct SignForm {
    pub login: String,
    pub password: String,
}

/// What may stand between an account and a signature, apart from its password.
pub fn may_sign(signer: Uuid, rights: &Arc<std::collections::BTreeSet<String>>, has_second_factor: bool, here: Uuid, row: &Unsigned) -> Result<(), Problem> {
    if signer == row.by_account {
        return Err(Problem::at("login", "Người đã cấp phát không tự ký lần hai. Nhờ dược sĩ khác ký."));
    }
    if !rights.contains(SIGN) {
        return Err(Problem::at("login", "Tài khoản này không có quyền ký sổ thuốc kiểm soát đặc biệt."));
    }
    // The code of a second factor is asked at sign-in only; an own session has passed it.
    if has_second_factor && signer != here {
        return Err(Problem::at("login", "Tài khoản này dùng xác thực hai lớp: đăng nhập máy của mình rồi ký."));
    }
    Ok(())
}

/// Who the typed login and password prove to be. Wrong ones are counted, and too many wait.
async fn prove(tx: &mut Tx, form: &SignForm, now: DateTime<Utc>) -> Result<Result<Account, Problem>, Failure> {
    let login = form.login.trim().to_lowercase();
    let bucket = format!("countersign:{login}");
    if let Some(seconds) = sign_in::must_wait(practitioner::store::blocked_until(tx.conn(), &bucket).await?, now) {
        return Ok(Err(Problem::at("password", format!("Sai quá nhiều lần. Thử lại sau {seconds} giây."))));
    }
    let here = tx.facility().0;
    let account = practitioner::store::find_account(tx.conn(), &login).await?.filter(|a| a.facility_id == here && a.kind != "machine");
    let fits = password::matches(&form.password, account.as_ref().map(|a| a.password_hash.as_str())).await?;
    match account {
        Some(account) if fits => {
            practitioner::store::clear_bucket(tx.conn(), &bucket).await?;
            Ok(Ok(account))
        }
        _ => {
            let failures = practitioner::store::count_failure(tx.conn(), &bucket, now).await?;
            let pause: Option<TimeDelta> = sign_in::pause_after(failures);
            if let Some(pause) = pause {
                practitioner::store::block_bucket(tx.conn(), &bucket, now + pause).await?;
            }
            Ok(Err(Problem::at("password", "Tài khoản hoặc mật khẩu không đúng.")))
        }
    }
}

/// Puts the second signature under a movement. The transaction must be one for signing in; it is to be committed even
/// on a refusal, so that wrong passwords are counted. A second click of the same person finds it signed.
pub async fn sign(tx: &mut Tx, row: &Unsigned, form: &SignForm) -> Result<Result<(), Problem>, Failure> {
    let (now, here) = (tx.now, tx.actor.account.0);
    let account = match prove(tx, form, now).await? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    if let Err(problem) = may_sign(account.account_id, &role::rights_of(&account.roles), account.totp_secret.is_some(), here, row) {
        return Ok(Err(problem));
    }
    let signed_by = crate::store::controlled::insert_signature(tx, row.movement_id, account.account_id, &account.display_name).await?;
    if signed_by != account.account_id {
        return Ok(Err(Problem::of("Dòng này đã có người khác ký. Mở lại sổ để xem.")));
    }
    tx.audit("countersign", "stock-movement", row.movement_id, None, serde_json::json!({ "signer": account.account_id }));
    tx.notify("stock");
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_signature_is_never_by_the_first_person() {
        let (giver, other, here) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(1));
        let row = Unsigned { movement_id: Uuid::nil(), item_id: Uuid::nil(), by_account: giver };
        let pharmacist = role::rights_of(&["pharmacist"]);
        let nobody = role::rights_of(&["receptionist"]);
        assert!(may_sign(other, &pharmacist, false, here, &row).is_ok());
        assert!(may_sign(giver, &pharmacist, false, here, &row).is_err());
        assert!(may_sign(other, &nobody, false, here, &row).is_err());
        assert!(may_sign(other, &pharmacist, true, here, &row).is_err());
        assert!(may_sign(other, &pharmacist, true, other, &row).is_ok());
    }
}
