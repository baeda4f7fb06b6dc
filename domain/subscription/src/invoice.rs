//! What a customer is asked to pay, by which words the transfer is recognised, and what becomes of money that comes.

use base::Vnd;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an invoice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A clinic on its way in.
    First,
    Renewal,
    Upgrade,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::First => "first",
            Kind::Renewal => "renewal",
            Kind::Upgrade => "upgrade",
        }
    }
    pub fn from_key(key: &str) -> Kind {
        match key {
            "first" => Kind::First,
            "upgrade" => Kind::Upgrade,
            _ => Kind::Renewal,
        }
    }
}

/// One line as printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub quantity: String,
    pub price_vnd: i64,
    pub amount_vnd: i64,
}

/// Who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    pub name: String,
    pub tax_code: String,
    pub address: String,
}

/// An invoice of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    pub id: Uuid,
    pub number: String,
    pub reference: String,
    pub kind: Kind,
    pub sign_up: Option<Uuid>,
    pub facility: Option<i32>,
    pub package: String,
    /// Months given, the free ones among them; 0 for an upgrade.
    pub months: i32,
    pub amount: Vnd,
    pub lines: Vec<Line>,
    pub buyer: Buyer,
    pub created_at: DateTime<Utc>,
    pub pay_before: DateTime<Utc>,
    /// When it was paid, if it was.
    pub paid_at: Option<DateTime<Utc>>,
}

/// The words of a transfer to the platform: `YBP 261124 0047`. A prefix of its own, so that it never reads as a clinic's.
pub fn reference(day: NaiveDate, number: i64) -> String {
    format!("YBP {:02}{:02}{:02} {:04}", day.year().rem_euclid(100), day.month(), day.day(), number.rem_euclid(10_000))
}

/// Finds such words in what a bank passes on, whatever it put around or between them.
pub fn find_reference(content: &str) -> Option<String> {
    let plain: Vec<u8> = content.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect();
    let found = plain.windows(13).find(|w| w.starts_with(b"YBP") && w[3..].iter().all(u8::is_ascii_digit))?;
    let digits = std::str::from_utf8(&found[3..]).ok()?;
    Some(format!("YBP {} {}", &digits[..6], &digits[6..]))
}

/// Until when an invoice may be paid: an upgrade is priced by the day and ends with it; others have the days of the terms.
pub fn pay_before(kind: Kind, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = base::local_date(now);
    let days = if kind == Kind::Upgrade { 1 } else { organization::package::term("invoice_days", today).max(1) + 1 };
    base::dates::start_of_day(today + TimeDelta::days(days)) - TimeDelta::seconds(1)
}

/// Why money stays on the operator's desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    UnknownReference,
    WrongAmount,
    Late,
    AlreadyPaid,
    OtherAccount,
}

impl Reason {
    pub fn key(self) -> &'static str {
        match self {
            Reason::UnknownReference => "unknown_reference",
            Reason::WrongAmount => "wrong_amount",
            Reason::Late => "late",
            Reason::AlreadyPaid => "already_paid",
            Reason::OtherAccount => "other_account",
        }
    }
    pub fn title(key: &str) -> &'static str {
        match key {
            "unknown_reference" => "Không tìm thấy nội dung chuyển khoản",
            "wrong_amount" => "Sai số tiền",
            "late" => "Chuyển sau khi mã hết hạn",
            "already_paid" => "Hóa đơn đã thu đủ",
            _ => "Vào tài khoản khác",
        }
    }
}

/// Judges money booked at `paid_at`. The bank's booking time counts: a notice told late still pays what it was meant for.
pub fn decide(invoice: Option<&Invoice>, amount: Vnd, paid_at: DateTime<Utc>, to_our_account: bool) -> Result<(), Reason> {
    let invoice = invoice.ok_or(Reason::UnknownReference)?;
    match () {
        _ if !to_our_account => Err(Reason::OtherAccount),
        _ if invoice.paid_at.is_some() => Err(Reason::AlreadyPaid),
        _ if amount != invoice.amount => Err(Reason::WrongAmount),
        _ if paid_at > invoice.pay_before => Err(Reason::Late),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn words_of_the_platform_are_found_and_never_a_clinics() {
        let ours = reference("2026-11-24".parse().unwrap(), 10_047);
        assert_eq!(ours, "YBP 261124 0047");
        for content in ["YBP 261124 0047", "MBVCB.771.ybp2611240047.CT tu 0123", "GLBANK.YBP 261124 0047.CT TU KHACH THU"] {
            assert_eq!(find_reference(content).as_deref(), Some("YBP 261124 0047"), "{content}");
        }
        for content in ["YBA 261124 0047", "", "YBP 26112 0047"] {
            assert_eq!(find_reference(content), None, "{content}");
        }
    }

    #[test]
    fn money_pays_only_what_was_asked_and_in_time() {
        let now = at("2026-11-24T01:00:00Z");
        let invoice = Invoice {
            id: Uuid::nil(), number: String::new(), reference: String::new(), kind: Kind::Renewal, sign_up: None, facility: Some(2),
            package: "BASIC".into(), months: 1, amount: Vnd(350_000), lines: vec![], buyer: Buyer::default(), created_at: now,
            pay_before: pay_before(Kind::Renewal, now), paid_at: None,
        };
        let paid = Invoice { paid_at: Some(now), ..invoice.clone() };
        for (why, invoice, amount, when, ours, outcome) in [
            ("exact", Some(&invoice), 350_000, "2026-11-24T02:00:00Z", true, Ok(())),
            ("too little", Some(&invoice), 349_000, "2026-11-24T02:00:00Z", true, Err(Reason::WrongAmount)),
            ("last second", Some(&invoice), 350_000, "2026-11-27T16:59:59Z", true, Ok(())),
            ("a second later", Some(&invoice), 350_000, "2026-11-27T17:00:00Z", true, Err(Reason::Late)),
            ("twice", Some(&paid), 350_000, "2026-11-24T02:00:00Z", true, Err(Reason::AlreadyPaid)),
            ("elsewhere", Some(&invoice), 350_000, "2026-11-24T02:00:00Z", false, Err(Reason::OtherAccount)),
            ("nobody's", None, 350_000, "2026-11-24T02:00:00Z", true, Err(Reason::UnknownReference)),
        ] {
            assert_eq!(decide(invoice, Vnd(amount), at(when), ours), outcome, "{why}");
        }
        assert_eq!(pay_before(Kind::Upgrade, now), at("2026-11-24T16:59:59Z"));
    }

    proptest! {
        #[test]
        fn no_words_make_it_panic(content in "\\PC{0,200}") {
            let _ = find_reference(&content);
        }
    }
}
