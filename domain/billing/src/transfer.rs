//! Bank transfers: the words by which one is recognised, and what happens to money that arrives.
//! Money is never lost: what cannot be matched lies on the unmatched desk with its reason.

use base::Vnd;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

/// How long a code may be paid. After that the cashier has usually taken another way, so a person looks.
pub const GOOD_FOR: TimeDelta = TimeDelta::minutes(15);

/// The words of the `number`-th code of a day: `YBA 261122 0047`.
pub fn reference(day: NaiveDate, number: i32) -> String {
    format!("YBA {:02}{:02}{:02} {number:04}", day.year().rem_euclid(100), day.month(), day.day())
}

/// Finds our reference among the words a bank passes on. Banks drop spaces, change case and add words of their own
/// (`MBVCB.771.YBA2611220047.CT tu 0123…`), so only letters and digits count. Takes the first that looks like one.
pub fn find_reference(content: &str) -> Option<String> {
    let plain: Vec<u8> = content.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect();
    let found = plain.windows(13).find(|w| w.starts_with(b"YBA") && w[3..].iter().all(u8::is_ascii_digit))?;
    let digits = std::str::from_utf8(&found[3..]).ok()?;
    Some(format!("YBA {} {}", &digits[..6], &digits[6..]))
}

/// A code that was shown, as it stands when money arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub amount: Vnd,
    pub expires_at: DateTime<Utc>,
    /// A transfer already answered this code.
    pub answered: bool,
    /// What the visit owes now.
    pub due: Vnd,
}

/// What becomes of arrived money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exactly what is owed: a receipt closes the bill.
    Settle,
    /// The amount of the code, but the bill has grown since: kept as a deposit of the visit.
    Deposit,
    Unmatched(Reason),
}

/// Why money lies on the unmatched desk.
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
            "already_paid" => "Phiếu đã thu đủ hoặc đã giảm",
            "other_account" => "Vào tài khoản khác",
            _ => "Chờ xem",
        }
    }
}

/// Decides about money of `amount` booked at `paid_at`. The bank's booking time counts, not the time of the message:
/// a notice that was lost and told again an hour later still settles the bill it was meant for.
pub fn decide(expected: Option<&Expected>, amount: Vnd, paid_at: DateTime<Utc>, to_our_account: bool) -> Outcome {
    let Some(expected) = expected else {
        return Outcome::Unmatched(Reason::UnknownReference);
    };
    match () {
        _ if !to_our_account => Outcome::Unmatched(Reason::OtherAccount),
        _ if expected.answered || expected.due == Vnd::ZERO => Outcome::Unmatched(Reason::AlreadyPaid),
        _ if amount != expected.amount => Outcome::Unmatched(Reason::WrongAmount),
        _ if paid_at > expected.expires_at => Outcome::Unmatched(Reason::Late),
        _ if amount == expected.due => Outcome::Settle,
        _ if amount < expected.due => Outcome::Deposit,
        _ => Outcome::Unmatched(Reason::AlreadyPaid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-11-22T02:30:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    fn shown(amount: i64, due: i64) -> Expected {
        Expected { amount: Vnd(amount), expires_at: at(15), answered: false, due: Vnd(due) }
    }

    #[test]
    fn references_survive_what_banks_do_to_them() {
        let ours = reference(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), 47);
        assert_eq!(ours, "YBA 261122 0047");
        for content in ["YBA 261122 0047", "MBVCB.771.yba2611220047.CT tu 0123", "NGUYEN VAN AN chuyen YBA-261122-0047", "Y B A 2611 2200 47"] {
            assert_eq!(find_reference(content).as_deref(), Some("YBA 261122 0047"), "{content}");
        }
        for content in ["", "chuyen tien kham benh", "YBA 26112 0047", "YBA26112X0047"] {
            assert_eq!(find_reference(content), None, "{content}");
        }
    }

    #[test]
    fn arrived_money_finds_its_place() {
        let answered = Expected { answered: true, ..shown(65_540, 0) };
        for (why, expected, amount, minute, ours, outcome) in [
            ("exact", Some(shown(65_540, 65_540)), 65_540, 2, true, Outcome::Settle),
            ("bill grew", Some(shown(65_540, 115_240)), 65_540, 2, true, Outcome::Deposit),
            ("too little", Some(shown(65_540, 65_540)), 65_000, 2, true, Outcome::Unmatched(Reason::WrongAmount)),
            ("too much", Some(shown(65_540, 65_540)), 66_000, 2, true, Outcome::Unmatched(Reason::WrongAmount)),
            ("after the end", Some(shown(65_540, 65_540)), 65_540, 16, true, Outcome::Unmatched(Reason::Late)),
            ("at the last second", Some(shown(65_540, 65_540)), 65_540, 15, true, Outcome::Settle),
            ("paid in cash before", Some(shown(65_540, 0)), 65_540, 2, true, Outcome::Unmatched(Reason::AlreadyPaid)),
            ("answered before", Some(answered), 65_540, 2, true, Outcome::Unmatched(Reason::AlreadyPaid)),
            ("bill shrank", Some(shown(65_540, 40_000)), 65_540, 2, true, Outcome::Unmatched(Reason::AlreadyPaid)),
            ("nobody's", None, 65_540, 2, true, Outcome::Unmatched(Reason::UnknownReference)),
            ("elsewhere", Some(shown(65_540, 65_540)), 65_540, 2, false, Outcome::Unmatched(Reason::OtherAccount)),
        ] {
            assert_eq!(decide(expected.as_ref(), Vnd(amount), at(minute), ours), outcome, "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_reference_is_found_in_any_company(day in 0u32..40_000, number in 0i32..10_000, before in "[a-z .]{0,20}", after in "[ .a-z]{0,20}") {
            let day = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + TimeDelta::days(i64::from(day % 36_500));
            let ours = reference(day, number);
            let found = find_reference(&format!("{before}{ours}{after}"));
            prop_assert_eq!(found, Some(ours));
        }

        #[test]
        fn no_words_make_it_panic(content in "\\PC{0,200}") {
            let _ = find_reference(&content);
        }

        #[test]
        fn money_settles_only_what_is_owed(amount in 1i64..1000, code in 1i64..1000, due in 0i64..1000, minute in 0i64..30) {
            if decide(Some(&shown(code, due)), Vnd(amount), at(minute), true) == Outcome::Settle {
                prop_assert!(amount == code && amount == due && minute <= 15);
            }
        }
    }
}
