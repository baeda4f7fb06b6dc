//! The warnings of the stores on one page, the most urgent first.

use super::{Badge, expiry_badge, quantity};
use crate::alert::{self, Alerts};
use crate::store::card::{self, ItemAlert, LotAlert};
use askama::Template;
use chrono::{Days, NaiveDate};
use web::{Answer, Ctx, Shell};

#[derive(Template)]
#[template(path = "stock_alerts.html")]
struct Page {
    shell: Shell,
    here: &'static str,
    alerts: Alerts,
    today: NaiveDate,
    near_days: i64,
}

impl Page {
    fn badge(&self, lot: &LotAlert) -> Badge {
        expiry_badge(lot.expires, lot.blocked, self.today, self.near_days).unwrap_or(Badge { kind: "neutral", icon: "", word: String::new() })
    }
    fn missing(&self, item: &ItemAlert) -> String {
        quantity(&item.missing_milli())
    }
    /// The lists of lots with their headings and what to do about them.
    fn lot_lists(&self) -> [(&'static str, &'static str, &Vec<LotAlert>); 3] {
        [
            ("Lô đang khóa còn trên kệ", "Gom về kho, trả nhà cung cấp hoặc hủy.", &self.alerts.blocked),
            ("Lô hết hạn còn trên kệ", "Đưa khỏi kệ và lập phiếu hủy.", &self.alerts.expired),
            ("Lô sắp hết hạn", "Dùng trước, hoặc trả nhà cung cấp khi còn kịp.", &self.alerts.near),
        ]
    }
}

/// `GET /app/stock/alerts`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let (today, near_days) = (ctx.today(), alert::near_days(&mut tx).await?);
    let limit = today.checked_add_days(Days::new(near_days.unsigned_abs())).unwrap_or(today);
    let lots = card::lot_alerts(&mut tx, limit).await?;
    let items = card::item_alerts(&mut tx).await?;
    let alerts = Alerts::sort(lots, items, today);
    web::html(Page { shell: ctx.shell("Cảnh báo kho", &[("F2", "Tìm / quét")]), here: "alerts", alerts, today, near_days })
}
