//! A telephone line for the demo world: the stand-in switchboard, and an apparatus for everybody at a desk.

use crate::store::line;
use db::Tx;
use uuid::Uuid;

/// What the stand-in switchboard signs with; worthless anywhere else.
pub const KEY: &str = "khoa cua tong dai dien thoai gia lap";

/// Connects the facility `code` of this transaction to the stand-in at `sandbox_url`. Running it again, or where a line is
/// kept already, changes nothing.
pub async fn write(tx: &mut Tx, code: &str, sandbox_url: &str) -> Result<(), sqlx::Error> {
    if line::find(tx).await?.is_some() {
        return Ok(());
    }
    line::keep(tx, &format!("{}/telephone/dial/{code}", sandbox_url.trim_end_matches('/')), Some(KEY)).await?;
    let staff = practitioner::store::list_staff(tx).await?;
    let desks = staff.into_iter().filter(|s| s.roles.iter().flatten().any(|r| ["receptionist", "call_center", "admin"].contains(&r.as_str())));
    let extensions: Vec<(Uuid, String)> = desks.filter_map(|s| s.account_id).zip(101..).map(|(account, n)| (account, n.to_string())).collect();
    line::set_extensions(tx, &extensions).await
}
