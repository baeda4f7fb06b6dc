//! What the demo world and tests need from the money side. Never called on a real server.

use crate::store::bank;
use db::Tx;

/// The key with which the stand-in bank signs. Known to everybody, which is why only demo facilities get it.
pub const SANDBOX_SECRET: &str = "ngan-hang-gia-lap-khong-dung-cho-tien-that";

/// Connects the facility of this transaction to the stand-in bank. Running it again changes nothing.
pub async fn connect_sandbox_bank(tx: &mut Tx) -> Result<(), sqlx::Error> {
    if bank::own_channel(tx).await?.is_none() {
        bank::set_channel(tx, SANDBOX_SECRET).await?;
    }
    Ok(())
}
