//! The frame around every staff page: who, where, the rail, the keys.

use crate::ctx::Ctx;
use crate::csrf;

/// One place in the rail.
#[derive(Clone, Debug)]
pub struct RailItem {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: &'static str,
    pub active: bool,
    /// Shown in amber when above zero; filled in by live updates.
    pub count: i64,
}

/// One key in the bar at the bottom.
#[derive(Clone, Debug)]
pub struct KeyHint {
    pub key: &'static str,
    pub label: &'static str,
}

/// How many places the rail shows.
const RAIL_PLACES: usize = 7;

/// What `shell.html` needs.
#[derive(Clone, Debug)]
pub struct Shell {
    pub title: String,
    pub facility_name: String,
    pub facility_code: String,
    pub room_name: String,
    pub user_name: String,
    pub user_role: String,
    pub user_initials: String,
    pub csrf: String,
    pub lang: &'static str,
    pub demo: bool,
    pub sandbox: bool,
    pub rail: Vec<RailItem>,
    /// The places beyond the first seven, behind one button.
    pub more: Vec<RailItem>,
    pub keys: Vec<KeyHint>,
    /// Path and query of this page.
    pub path: String,
    /// What the subscription has to say to this person.
    pub notice: Option<std::sync::Arc<str>>,
    /// Whether this person can do something about it.
    pub can_renew: bool,
    /// The account, so that the browser's own journal never mixes two people.
    pub account: String,
}

impl Shell {
    /// Whether this page is one of the places behind the button.
    pub fn more_is_active(&self) -> bool {
        self.more.iter().any(|item| item.active)
    }

    pub(crate) fn new(ctx: &Ctx, title: &str, keys: Vec<KeyHint>) -> Shell {
        let path = ctx.path.split('?').next().unwrap_or("");
        let mut rail: Vec<RailItem> = ctx
            .app
            .rail
            .iter()
            .filter(|e| ctx.may(e.right) && e.feature.is_none_or(|f| ctx.has_feature(f)))
            .map(|e| RailItem { href: e.href, icon: e.icon, label: e.label, active: false, count: 0 })
            .collect();
        // The longest address that the path begins with is where we are.
        let here = rail
            .iter()
            .enumerate()
            .filter(|(_, item)| path == item.href || path.starts_with(&format!("{}/", item.href)))
            .max_by_key(|(_, item)| item.href.len())
            .map(|(i, _)| i);
        if let Some(i) = here {
            rail[i].active = true;
        }
        // Seven places are found at a glance; where there are more, six stay in sight and the rest is one click away.
        let more = if rail.len() > RAIL_PLACES { rail.split_off(RAIL_PLACES - 1) } else { Vec::new() };
        let s = &ctx.signed_in;
        let can_renew = ctx.may("subscription.manage");
        Shell {
            notice: s.standing.notice.clone().filter(|_| can_renew || s.standing.read_only.is_some()),
            can_renew,
            title: title.to_owned(),
            facility_name: s.facility_short_name.to_string(),
            facility_code: s.facility_code.to_string(),
            room_name: s.room.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default(),
            user_name: s.actor.name.to_string(),
            user_role: s.role_label.to_string(),
            user_initials: initials(&s.actor.name),
            csrf: csrf::token(&ctx.app.config.secret, s.session),
            lang: match ctx.lang {
                crate::Lang::Vi => "vi",
                crate::Lang::En => "en",
            },
            demo: ctx.app.config.demo,
            sandbox: ctx.app.config.sandbox,
            rail,
            more,
            keys,
            path: ctx.path.clone(),
            account: s.actor.account.to_string(),
        }
    }
}

/// The first letters of the last two words: "BS. Lê Hoàng Phúc" → "HP".
fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.iter().rev().take(2).rev().filter_map(|w| w.chars().next()).flat_map(char::to_uppercase).collect()
}
