//! The platform of the demo world. Never called on a real server, where the operator's command sets it.

use crate::platform::{self, Platform};
use base::FacilityId;
use db::Db;

/// The account of the stand-in bank that receives the customers' money.
pub const SANDBOX_ACCOUNT: &str = "0990000000099";

/// Makes the facility `yba` of the demo world the platform, with an account at the stand-in bank.
pub async fn set_platform(db: &Db, facility: FacilityId, bank_secret: &str, now: chrono::DateTime<chrono::Utc>) -> Result<(), sqlx::Error> {
    let mut tx = platform::begin(db, now).await?;
    let demo = Platform {
        facility_id: facility.0,
        name: "Công ty Cổ phần Nền tảng Y tế Yba (giả lập)".into(),
        address: "1 Hùng Vương, phường Long Châu, tỉnh Vĩnh Long".into(),
        tax_code: "1500000000".into(),
        phone: "1900 0000".into(),
        bank_bin: "999999".into(),
        bank_account: SANDBOX_ACCOUNT.into(),
        bank_holder: "CONG TY YBA".into(),
        bank_secret: bank_secret.into(),
    };
    platform::set(&mut tx, &demo).await?;
    tx.commit().await
}
