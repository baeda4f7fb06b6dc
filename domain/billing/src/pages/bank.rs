//! How the clinic's bank tells us about money: the address and the key, made and replaced by the owner.

use crate::store::bank::{self, OwnAccount};
use askama::Template;
use base::{show_date, show_time};
use chrono::{DateTime, Utc};
use rand::Rng;
use web::{Answer, Ctx, Shell};

#[derive(Template)]
#[template(path = "bank.html")]
struct Page {
    shell: Shell,
    own: OwnAccount,
    address: String,
    made_at: Option<DateTime<Utc>>,
    /// Shown only in the answer that made it.
    fresh_secret: String,
}

impl Page {
    fn made(&self) -> String {
        self.made_at.map(|at| format!("{} {}", show_time(at), show_date(base::local_date(at)))).unwrap_or_default()
    }
}

/// The connection as it is; the key is never shown again.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, String::new()).await?)
}

async fn page(ctx: &Ctx, tx: &mut db::Tx, fresh_secret: String) -> Result<Page, web::Failure> {
    let channel = bank::own_channel(tx).await?;
    Ok(Page {
        shell: ctx.shell("Kết nối ngân hàng", &[]),
        own: bank::own_account(tx).await?,
        address: format!("{}/api/bank/webhook/{}", ctx.app.config.public_url, ctx.signed_in.facility_code),
        made_at: channel.map(|(_, _, at)| at),
        fresh_secret,
    })
}

/// Makes a new key; the old one stops working at once.
pub async fn renew(ctx: Ctx) -> Answer {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let secret = hex::encode(bytes);
    let mut tx = ctx.begin().await?;
    bank::set_channel(&mut tx, &secret).await?;
    tx.audit("renew", "bank_channel", ctx.facility(), None, serde_json::Value::Null);
    let page = page(&ctx, &mut tx, secret).await?;
    tx.commit().await?;
    web::html(page)
}
