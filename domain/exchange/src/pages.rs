//! Pages of the exchange: the desk of doubtful people, the messages, the partners with their codes.

pub mod desk;
pub mod messages;
pub mod partners;

use crate::store::messages as store;
use db::Tx;
use web::Ctx;

/// The three places of the exchange, for the head of each page: address, word, how many wait there.
pub struct Tabs {
    pub here: &'static str,
    pub doubtful: i64,
    pub dead: i64,
    pub may_read: bool,
    pub may_match: bool,
    pub may_manage: bool,
}

impl Tabs {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, here: &'static str) -> Result<Tabs, sqlx::Error> {
        let counts = store::count_open(tx).await?;
        let of = |state: &str| counts.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n);
        Ok(Tabs {
            here,
            doubtful: of("clerk"),
            dead: of("dead"),
            may_read: ctx.may("exchange.read"),
            may_match: ctx.may("exchange.match"),
            may_manage: ctx.may("exchange.manage"),
        })
    }
}
