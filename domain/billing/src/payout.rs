//! Shares of doctors, performers and referrers in what was earned, and the monthly statement of each.
//!
//! Shares are computed from the rows of the ledger: a charge, the discount that lowers it, the row that takes it back, the use of a
//! package. Each gives its share with its own sign, so that a statement is net of discounts and of what was taken back, and a
//! taking back in a later month appears in the later month's statement. A month can be closed when it is over; whoever closes it does
//! not approve it; a person sees no other person's statement.

use base::{Problem, Problems, Vnd};
use chrono::{Datelike, Months, NaiveDate};
use uuid::Uuid;

/// Which part somebody had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The doctor of the visit.
    Doctor,
    /// Whoever carried out the line.
    Performer,
    /// Whoever sent the person here.
    Referrer,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Doctor, Role::Performer, Role::Referrer];

    pub fn key(self) -> &'static str {
        match self {
            Role::Doctor => "doctor",
            Role::Performer => "performer",
            Role::Referrer => "referrer",
        }
    }
    pub fn from_key(key: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Role::Doctor => "Bác sĩ khám",
            Role::Performer => "Người thực hiện",
            Role::Referrer => "Người giới thiệu",
        }
    }
}

/// How much of a line is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Hundredths of a percent.
    Percent(i32),
    /// Đồng per piece.
    Fixed(Vnd),
}

impl Share {
    /// Reads `40`, `12,5` (percent) or an amount. Refuses more than 100 %, more than two decimals, and nothing.
    pub fn read(how: &str, typed: &str) -> Result<Share, Problem> {
        if how == "fixed" {
            let amount = Vnd::parse(typed).filter(|a| a.0 > 0 && a.0 <= 1_000_000_000);
            return amount.map(Share::Fixed).ok_or_else(|| Problem::at("share", "Nhập số tiền cho mỗi lần, ví dụ 20.000."));
        }
        let wrong = || Problem::at("share", "Nhập phần trăm từ 0,01 đến 100, ví dụ 40 hoặc 12,5.");
        let text = typed.trim().trim_end_matches('%').trim();
        let (whole, part) = text.split_once([',', '.']).unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
            return Err(wrong());
        }
        let number: i32 = format!("{whole}{part:0<2}").parse().map_err(|_| wrong())?;
        if (1..=10_000).contains(&number) { Ok(Share::Percent(number)) } else { Err(wrong()) }
    }

    /// `40 %`, `12,5 %`, `20.000 đ/lần`.
    pub fn shown(self) -> String {
        match self {
            Share::Percent(bp) if bp % 100 == 0 => format!("{} %", bp / 100),
            Share::Percent(bp) => format!("{},{} %", bp / 100, format!("{:02}", bp % 100).trim_end_matches('0')),
            Share::Fixed(amount) => format!("{amount} đ/lần"),
        }
    }

    /// The share of one row of the ledger, in whole đồng, half away from zero, so that what takes a row back takes its share back to the
    /// đồng. The database computes the same in `close`; this is the rule that it is tested against.
    pub fn of(self, amount: Vnd, quantity_milli: i64) -> Vnd {
        let (exact, unit) = match self {
            Share::Percent(bp) => (i128::from(amount.0) * i128::from(bp), 10_000),
            Share::Fixed(each) => (i128::from(each.0) * i128::from(quantity_milli), 1000),
        };
        Vnd(i64::try_from((2 * exact + unit * exact.signum()) / (2 * unit)).unwrap_or_default())
    }
}

/// The first day of the month that was asked for (`2026-11`, `11/2026`), or of the month of `today`.
pub fn month_of(typed: &str, today: NaiveDate) -> NaiveDate {
    let first = |text: &str| base::parse_date_vi(text);
    let typed = typed.trim();
    let found = first(&format!("01/{typed}")).or_else(|| first(&format!("{typed}-01"))).unwrap_or(today);
    found.with_day(1).unwrap_or(found)
}

/// The last day of a month.
pub fn last_day(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(month)
}

/// Whether a month can be closed: when its last day has passed, so that nothing can be written into it any more.
pub fn may_close(month: NaiveDate, today: NaiveDate) -> Result<(), Problem> {
    if today > last_day(month) {
        return Ok(());
    }
    let ends = base::show_date(last_day(month));
    Err(Problem::of(format!("Tháng này đến hết ngày {ends} mới chốt được. Số đang xem là tạm tính.")))
}

/// A rule as typed.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct RuleForm {
    pub id: String,
    pub role: String,
    pub person: String,
    /// `group:lab`, `service:<id>`, or nothing for everything.
    pub what: String,
    pub how: String,
    pub share: String,
    pub from: String,
    pub to: String,
}

/// A rule ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    pub role: Role,
    pub person: Option<Uuid>,
    pub group: Option<String>,
    pub service: Option<Uuid>,
    pub share: Share,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

impl RuleForm {
    /// Reads it and tells everything that is wrong. A rule may not begin within a month that is closed (`open_from` is the first open day).
    pub fn read(&self, today: NaiveDate, open_from: NaiveDate) -> Result<NewRule, Problems> {
        let mut problems = Problems::none();
        let role = Role::from_key(&self.role);
        problems.add_if(role.is_none(), "role", "Chọn ai được chia.");
        let share = Share::read(&self.how, &self.share);
        if let Err(problem) = &share {
            problems.add(problem.field.clone(), problem.text.clone());
        }
        let from = if self.from.trim().is_empty() { Some(today) } else { base::parse_date_vi(&self.from) };
        problems.add_if(from.is_none(), "from", "Ngày này không có. Gõ ngày/tháng/năm.");
        problems.add_if(from.is_some_and(|day| day < open_from), "from", format!("Tháng đã chốt không đổi được. Chọn từ {} trở đi.", base::show_date(open_from)));
        let to = if self.to.trim().is_empty() { Ok(None) } else { base::parse_date_vi(&self.to).map(Some).ok_or(()) };
        problems.add_if(to.is_err() || to.is_ok_and(|to| to < from && to.is_some()), "to", "Ngày cuối phải từ ngày đầu trở đi, hoặc để trống.");
        let (group, service) = match self.what.split_once(':') {
            Some(("group", key)) => (Some(key.to_owned()), None),
            Some(("service", id)) => (None, id.parse().ok()),
            _ => (None, None),
        };
        problems.add_if(!self.what.is_empty() && group.is_none() && service.is_none(), "what", "Chọn nhóm hoặc dịch vụ trong danh sách.");
        let person = self.person.parse().ok();
        problems.add_if(!self.person.is_empty() && person.is_none(), "person", "Chọn người trong danh sách.");
        match (role, share, from) {
            (Some(role), Ok(share), Some(from)) if problems.is_empty() => {
                Ok(NewRule { role, person, group, service, share, from, to: to.unwrap_or(None) })
            }
            _ => Err(problems),
        }
    }
}

/// Hangs this part into the module.
pub(crate) fn join(module: &mut web::Module) {
    use crate::pages::payouts as pages;
    module.routes.extend([
        web::get("/app/payouts", pages::month).right("payout.read"),
        web::post("/app/payouts/closing", pages::close).right("payout.close"),
        web::post("/app/payouts/{id}/approval", pages::approve).right("payout.approve"),
        web::get("/app/payouts/rules", pages::rules).right("payout.read"),
        web::post("/app/payouts/rules", pages::add_rule).right("payout.rule"),
        web::post("/app/payouts/rules/{id}/end", pages::end_rule).right("payout.rule"),
        web::post("/app/payouts/referrers", pages::add_referrer).right("payout.rule"),
        web::get("/app/payouts/mine", pages::mine).right("payout.own"),
        web::get("/app/cashier/{bill}/people", pages::people).right("billing.read"),
        web::post("/app/cashier/{bill}/people", pages::name_people).right("cashier.collect"),
    ]);
    module.migrations.push(web::Migration { name: "2026-11-25-0072-payout", sql: include_str!("../migrations/2026-11-25-0072-payout.sql") });
    module.migrations.push(web::Migration { name: "2026-11-25-0075-list-indexes", sql: include_str!("../migrations/2026-11-25-0075-list-indexes.sql") });
    module.rail.extend([
        web::RailEntry { href: "/app/payouts", icon: "percentage", label: "Thù lao", right: "payout.read", feature: None, order: 56 },
        web::RailEntry { href: "/app/payouts/mine", icon: "percentage", label: "Thù lao của tôi", right: "payout.own", feature: None, order: 90 },
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_typed_as_people_write_them() {
        for (how, typed, shown) in [("percent", "40", "40 %"), ("percent", "12,5 %", "12,5 %"), ("percent", "0.05", "0,05 %"), ("percent", "100", "100 %"), ("fixed", "20.000", "20.000 đ/lần")] {
            assert_eq!(Share::read(how, typed).unwrap().shown(), shown, "{typed}");
        }
        for (how, typed) in [("percent", "0"), ("percent", "100,01"), ("percent", "-5"), ("percent", "1,234"), ("percent", "x"), ("percent", ""), ("fixed", "0"), ("fixed", "x")] {
            assert!(Share::read(how, typed).is_err(), "{how} {typed}");
        }
    }

    #[test]
    fn a_share_follows_the_row() {
        for (share, amount, milli, expected) in [
            (Share::Percent(4000), 150_000, 1000, 60_000),
            (Share::Percent(1250), 3_101, 1000, 388),
            (Share::Percent(4000), -150_000, -1000, -60_000),
            (Share::Fixed(Vnd(20_000)), 150_000, 2000, 40_000),
            // A discount row has no piece: it lowers a percentage, not a fixed amount.
            (Share::Fixed(Vnd(20_000)), -15_000, 0, 0),
        ] {
            assert_eq!(share.of(Vnd(amount), milli), Vnd(expected), "{share:?} of {amount}");
        }
    }

    proptest! {
        #[test]
        fn taking_back_takes_the_whole_share_back(amount in 0i64..1_000_000_000_000, bp in 1i32..=10_000) {
            let share = Share::Percent(bp);
            prop_assert_eq!(share.of(Vnd(amount), 1000).0 + share.of(Vnd(-amount), -1000).0, 0);
            prop_assert!(share.of(Vnd(amount), 1000) <= Vnd(amount));
        }
    }

    #[test]
    fn a_month_closes_when_it_is_over() {
        let day = |text: &str| base::parse_date_vi(text).unwrap();
        let november = month_of("11/2026", day("05/12/2026"));
        assert_eq!((november, last_day(november)), (day("01/11/2026"), day("30/11/2026")));
        assert_eq!(month_of("2026-11", day("05/12/2026")), november);
        assert_eq!(month_of("nonsense", day("30/11/2026")), november);
        assert!(may_close(november, day("30/11/2026")).is_err() && may_close(november, day("01/12/2026")).is_ok());
        assert_eq!(last_day(day("01/02/2028")), day("29/02/2028"));
    }

    #[test]
    fn rules_say_what_is_wrong_with_them() {
        let day = |text: &str| base::parse_date_vi(text).unwrap();
        let form = RuleForm { role: "doctor".into(), what: "group:lab".into(), how: "percent".into(), share: "10".into(), from: "01/12/2026".into(), ..RuleForm::default() };
        let rule = form.read(day("24/11/2026"), day("01/11/2026")).unwrap();
        assert_eq!((rule.group.as_deref(), rule.service, rule.share), (Some("lab"), None, Share::Percent(1000)));
        let wrong = RuleForm { role: "x".into(), share: "120".into(), from: "01/10/2026".into(), to: "30/09/2026".into(), what: "x".into(), ..form };
        let problems = wrong.read(day("24/11/2026"), day("01/11/2026")).unwrap_err();
        for field in ["role", "share", "from", "to", "what"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
    }
}
