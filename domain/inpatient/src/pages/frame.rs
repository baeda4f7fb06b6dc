//! What all pages of one stay share: the banner, the bed, the tabs.

use crate::store::stay::{self, Stay};
use base::{EncounterId, local_date, show_date};
use encounter::pages::banner::Banner;
use encounter::store::chart;
use encounter::store::visit::Visit;
use web::{Ctx, Failure, PanelFor, Tx};

/// The sheets of a stay: key, words, icon, key on the keyboard.
const TABS: [(&str, &str, &str); 10] = [
    ("sheet", "Tờ điều trị", "clipboard-text"),
    ("tasks", "Thực hiện y lệnh", "list-check"),
    ("vitals", "Sinh hiệu", "activity-heartbeat"),
    ("fluids", "Dịch vào, ra", "droplet"),
    ("care", "Chăm sóc", "heart-handshake"),
    ("orders", "Cận lâm sàng", "test-pipe"),
    ("consults", "Hội chẩn", "users-group"),
    ("theatre", "Phẫu thuật", "cut"),
    ("costs", "Chi phí", "coin"),
    ("discharge", "Ra viện", "door-exit"),
];

/// A tab as the page draws it.
pub struct Tab {
    pub href: String,
    pub word: &'static str,
    pub icon: &'static str,
    pub key: String,
    pub is_here: bool,
}

/// The frame of a stay's page.
pub struct Frame {
    pub stay: Stay,
    pub visit: Visit,
    pub who: Banner,
    pub tabs: Vec<Tab>,
    pub day: i64,
    pub admitted: String,
    /// Links that other modules hang here, e.g. the record of the stay.
    pub links: Vec<String>,
    /// The medical record of the stay may be opened.
    pub may_read_record: bool,
    pub may_write: bool,
    pub may_nurse: bool,
}

impl Frame {
    /// Everything the frame shows. `RowNotFound` when this facility has no such stay. The read is audited; the caller commits.
    pub async fn load(ctx: &Ctx, tx: &mut Tx, id: EncounterId, here: &'static str) -> Result<Frame, Failure> {
        let stay = stay::get(tx, id).await?;
        Frame::of(ctx, tx, stay, here).await
    }

    /// The same for a stay that was read already.
    pub async fn of(ctx: &Ctx, tx: &mut Tx, stay: Stay, here: &'static str) -> Result<Frame, Failure> {
        let (visit, front, _) = chart::get(tx, stay.encounter()).await?;
        let who = Banner::load(ctx, tx, &visit, &front).await?;
        let about = PanelFor { encounter: Some(stay.encounter()), patient: Some(stay.patient()) };
        let links = ctx.panels("stay.links", tx, &about).await?;
        tx.audit("read", "stay", stay.encounter_id, Some(stay.patient()), serde_json::json!({ "sheet": here }));
        let is_open = stay.step().is_open();
        let shown = |key: &str| match key {
            "orders" => ctx.may("order.read") && ctx.has_feature("cls.order"),
            "costs" => ctx.may("ward.read"),
            _ => true,
        };
        let tabs = TABS
            .iter()
            .filter(|(key, ..)| shown(key))
            .enumerate()
            .map(|(n, (key, word, icon))| Tab {
                href: if *key == "sheet" { format!("/app/stays/{}", stay.encounter_id) } else { format!("/app/stays/{}/{key}", stay.encounter_id) },
                word,
                icon,
                key: format!("Alt+{}", (n + 1) % 10),
                is_here: *key == here,
            })
            .collect();
        Ok(Frame {
            day: crate::stay::day_number(local_date(stay.admitted_at), ctx.today()),
            admitted: format!("{} {}", base::show_time(stay.admitted_at), show_date(local_date(stay.admitted_at))),
            may_read_record: ctx.may("record.read") && ctx.has_feature("emr.record"),
            may_write: is_open && ctx.may("ward.write"),
            may_nurse: is_open && ctx.may("ward.nurse"),
            stay,
            visit,
            who,
            tabs,
            links,
        })
    }
}
