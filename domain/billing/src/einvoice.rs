//! Electronic invoices: what is told to the tax authority about money that was received.
//!
//! A clinic may give receipts during the day and one invoice at its end for all payers who asked for none (Decree
//! 254/2026/NĐ-CP, art. 9(4)m); whoever asks gets an invoice of their own. An invoice that has its number is never changed
//! and never cancelled: it is *adjusted* by the difference or *replaced* as a whole. The way that was chosen first is kept.
//!
//! This module keeps the record and decides; sending is the work of `edge/einvoice`, which claims what is due, asks the
//! provider under the invoice's own id, and writes back what came of it. The same id never gives two numbers.

use base::{Problem, Problems, Vnd};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// After so many attempts without an answer a person looks at it.
pub const MOST_ATTEMPTS: i32 = 12;

/// What an invoice is to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Original,
    /// Tells the difference to the invoice that it is about.
    Adjust,
    /// Takes the place of the invoice that it is about.
    Replace,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::Original => "original",
            Kind::Adjust => "adjust",
            Kind::Replace => "replace",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        [Kind::Original, Kind::Adjust, Kind::Replace].into_iter().find(|k| k.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Kind::Original => "Hóa đơn",
            Kind::Adjust => "Hóa đơn điều chỉnh",
            Kind::Replace => "Hóa đơn thay thế",
        }
    }
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The buyer may still be corrected.
    Draft,
    /// Handed over; the courier tries until there is an answer.
    Sending,
    /// Has its number.
    Issued,
    /// Refused, or nobody answered for a long time: a person decides.
    Failed,
    /// A draft or a refused one that was given up before it had a number.
    Dropped,
}

impl Status {
    pub const ALL: [Status; 5] = [Status::Draft, Status::Sending, Status::Failed, Status::Issued, Status::Dropped];

    pub fn key(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Sending => "sending",
            Status::Issued => "issued",
            Status::Failed => "failed",
            Status::Dropped => "dropped",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Status::Draft => "Nháp",
            Status::Sending => "Đang gửi",
            Status::Issued => "Đã cấp số",
            Status::Failed => "Chưa gửi được",
            Status::Dropped => "Đã bỏ",
        }
    }
}

/// How an item is taxed on a day: a row of `billing_vat_rule`.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Vat {
    pub treatment: String,
    pub rate_permille: i32,
}

/// The VAT inside an amount that was paid with VAT, in whole đồng, half rounds away from zero. 105.000 đ at 5 % hold 5.000 đ;
/// an adjustment that takes off gives the same with the other sign.
pub fn vat_inside(amount: Vnd, rate_permille: i32) -> Vnd {
    let (amount, rate) = (i128::from(amount.0), i128::from(rate_permille.max(0)));
    let (twice, whole) = (2 * amount * rate, 1000 + rate);
    let rounded = (twice + whole * twice.signum()) / (2 * whole);
    Vnd(i64::try_from(rounded).unwrap_or_default())
}

/// Who gets the invoice. A private person needs no more than a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
pub struct Buyer {
    #[serde(default)]
    #[sqlx(rename = "buyer_name")]
    pub name: String,
    #[serde(default)]
    #[sqlx(rename = "buyer_company")]
    pub company: String,
    #[serde(default)]
    #[sqlx(rename = "buyer_tax_code")]
    pub tax_code: String,
    #[serde(default)]
    #[sqlx(rename = "buyer_address")]
    pub address: String,
    #[serde(default)]
    #[sqlx(rename = "buyer_email")]
    pub email: String,
}

/// Who buys when a day's payers asked for no invoice.
pub const NO_BUYER: &str = "Người mua không lấy hóa đơn";

impl Buyer {
    /// Checks what was typed and tells everything that is wrong at once. A tax code needs the company and its address;
    /// it is 10 digits (with `-` and 3 more for a branch) or the 12 digits of a personal number.
    pub fn read(self) -> Result<Buyer, Problems> {
        let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let buyer = Buyer {
            name: clean(&self.name),
            company: clean(&self.company),
            tax_code: self.tax_code.chars().filter(|c| !c.is_whitespace()).collect(),
            address: clean(&self.address),
            email: self.email.trim().to_owned(),
        };
        let mut problems = Problems::none();
        problems.add_if(buyer.name.is_empty() && buyer.company.is_empty(), "name", "Nhập tên người mua hoặc tên đơn vị.");
        problems.add_if(!buyer.tax_code.is_empty() && !is_tax_code(&buyer.tax_code), "tax_code", "Mã số thuế có 10 số, 10 số-3 số, hoặc 12 số định danh.");
        problems.add_if(!buyer.tax_code.is_empty() && buyer.company.is_empty() && buyer.tax_code.len() != 12, "company", "Có mã số thuế thì nhập tên đơn vị.");
        problems.add_if(!buyer.company.is_empty() && buyer.address.is_empty(), "address", "Hóa đơn cho đơn vị phải có địa chỉ.");
        problems.add_if(!buyer.email.is_empty() && !is_email(&buyer.email), "email", "Địa chỉ thư điện tử chưa đúng, ví dụ ketoan@congty.vn.");
        for (field, text, most) in [("name", &buyer.name, 200), ("company", &buyer.company, 300), ("address", &buyer.address, 400), ("email", &buyer.email, 100)] {
            problems.add_if(text.chars().count() > most, field, format!("Tối đa {most} ký tự. Rút ngắn lại."));
        }
        problems.or(buyer)
    }
}

fn is_tax_code(code: &str) -> bool {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    digits(code, 10) || digits(code, 12) || code.split_once('-').is_some_and(|(own, branch)| digits(own, 10) && digits(branch, 3))
}

fn is_email(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    plain && text.split_once('@').is_some_and(|(who, place)| !who.is_empty() && place.split('.').all(|p| !p.is_empty()) && place.contains('.') && !place.contains('@'))
}

/// What may be done about an issued invoice, from what was done about it before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub is_issued: bool,
    /// It is itself an adjustment of another one.
    pub is_adjustment: bool,
    pub adjusted: bool,
    pub replaced: bool,
    /// A correction that has no number yet.
    pub correction_open: bool,
}

/// Whether an invoice may be corrected this way. What was adjusted once is adjusted again, never replaced; what was replaced is
/// corrected through its replacement.
pub fn may_correct(kind: Kind, history: History) -> Result<(), Problem> {
    if !history.is_issued {
        return Err(Problem::of("Hóa đơn chưa có số nên chưa cần điều chỉnh. Sửa ngay trên bản nháp."));
    }
    if history.correction_open {
        return Err(Problem::of("Hóa đơn này đang có một hóa đơn điều chỉnh hoặc thay thế chưa gửi xong. Gửi xong hoặc bỏ bản đó trước."));
    }
    if history.replaced {
        return Err(Problem::of("Hóa đơn này đã bị thay thế. Mở hóa đơn thay thế để làm tiếp."));
    }
    match kind {
        Kind::Original => Err(Problem::of("Chọn điều chỉnh hoặc thay thế.")),
        _ if history.is_adjustment => Err(Problem::of("Đây là hóa đơn điều chỉnh. Mở hóa đơn gốc để điều chỉnh tiếp.")),
        Kind::Replace if history.adjusted => Err(Problem::of("Hóa đơn đã điều chỉnh thì lần sau cũng điều chỉnh, không thay thế.")),
        Kind::Adjust | Kind::Replace => Ok(()),
    }
}

/// When the courier tries again: 5 s, 10 s, 20 s … at most an hour apart.
pub fn next_try(now: DateTime<Utc>, attempts: i32) -> DateTime<Utc> {
    let seconds = 5i64.saturating_mul(1i64 << attempts.clamp(1, 20).saturating_sub(1));
    now + TimeDelta::seconds(seconds.min(3600))
}

/// What a provider gives back for an invoice: the number, the code for looking it up, the code of the tax authority.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Issued {
    pub serial: String,
    pub number: i64,
    pub lookup_code: String,
    pub authority_code: String,
}

/// One line as it is told to the authority. Amounts hold their VAT.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Line {
    pub place: i32,
    pub charge_id: Option<Uuid>,
    pub group_key: String,
    pub name: String,
    pub unit: String,
    pub quantity_milli: i64,
    pub amount_vnd: i64,
    pub treatment: String,
    pub rate_permille: i32,
    pub vat_vnd: i64,
}

impl Line {
    pub fn amount(&self) -> Vnd {
        Vnd(self.amount_vnd)
    }
    pub fn vat(&self) -> Vnd {
        Vnd(self.vat_vnd)
    }
    /// Without VAT.
    pub fn net(&self) -> Vnd {
        Vnd(self.amount_vnd - self.vat_vnd)
    }
    pub fn quantity(&self) -> String {
        crate::charge::show_quantity(self.quantity_milli)
    }
    /// `KCT`, `5 %`, as people read it.
    pub fn treatment_shown(&self) -> String {
        if self.treatment == "KCT" { "Không chịu thuế".into() } else { self.treatment.replace('%', " %") }
    }
}

/// The difference between what the ledger says now and what invoices told so far, by charge: the lines of an adjustment.
pub fn difference(now: &[Line], told: &[Line]) -> Vec<Line> {
    let sum_of = |lines: &[Line], key: &Line| lines.iter().filter(|l| same(l, key)).map(|l| (l.amount_vnd, l.quantity_milli)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let mut seen: Vec<&Line> = Vec::new();
    let mut lines = Vec::new();
    for line in told.iter().chain(now) {
        if seen.iter().any(|s| same(s, line)) {
            continue;
        }
        seen.push(line);
        let ((new, new_milli), (old, old_milli)) = (sum_of(now, line), sum_of(told, line));
        if new == old {
            continue;
        }
        lines.push(Line {
            place: lines.len() as i32 + 1,
            quantity_milli: new_milli - old_milli,
            amount_vnd: new - old,
            vat_vnd: vat_inside(Vnd(new - old), line.rate_permille).0,
            ..line.clone()
        });
    }
    lines
}

fn same(a: &Line, b: &Line) -> bool {
    match (a.charge_id, b.charge_id) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.group_key == b.group_key && a.name == b.name && a.treatment == b.treatment,
        _ => false,
    }
}

/// Hangs this part into the module.
pub(crate) fn join(module: &mut web::Module) {
    use crate::pages::einvoices as pages;
    module.routes.extend([
        web::get("/app/cashier/einvoices", pages::list).right("billing.read"),
        web::post("/app/cashier/einvoices/days", pages::make_day).right("einvoice.issue"),
        web::get("/app/cashier/einvoices/{id}", pages::show).right("billing.read"),
        web::get("/app/cashier/einvoices/{id}/state", pages::state_piece).right("billing.read"),
        web::post("/app/cashier/einvoices/{id}/sending", pages::send).right("einvoice.issue"),
        web::post("/app/cashier/einvoices/{id}/corrections", pages::correct).right("einvoice.issue"),
        web::post("/app/cashier/einvoices/{id}/dropping", pages::drop_draft).right("einvoice.issue"),
        web::post("/app/cashier/receipts/{id}/einvoices", pages::make).right("einvoice.issue"),
    ]);
    module.migrations.extend([
        web::Migration { name: "2026-11-25-0070-book-views", sql: include_str!("../migrations/2026-11-25-0070-book-views.sql") },
        web::Migration { name: "2026-11-25-0071-einvoice", sql: include_str!("../migrations/2026-11-25-0071-einvoice.sql") },
        web::Migration { name: "2026-11-25-0074-todo-view", sql: include_str!("../migrations/2026-11-25-0074-todo-view.sql") },
    ]);
    module.rail.push(web::RailEntry {
        href: "/app/cashier/einvoices",
        icon: "file-invoice",
        label: "Hóa đơn điện tử",
        right: "einvoice.issue",
        feature: None,
        order: 54,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vat_lies_inside_what_was_paid() {
        for (amount, permille, vat) in [(105_000, 50, 5_000), (3_101, 50, 148), (36_500, 0, 0), (110_000, 100, 10_000), (-105_000, 50, -5_000), (21, 50, 1), (10, 50, 0), (0, 50, 0)] {
            assert_eq!(vat_inside(Vnd(amount), permille), Vnd(vat), "{amount} at {permille} ‰");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_off_mirrors_what_was_told(amount in 0i64..100_000_000_000, rate in prop::sample::select(vec![0, 50, 80, 100])) {
            prop_assert_eq!(vat_inside(Vnd(-amount), rate), Vnd(-vat_inside(Vnd(amount), rate).0));
            prop_assert!(vat_inside(Vnd(amount), rate) <= Vnd(amount));
        }
    }

    fn line(charge: u128, amount_vnd: i64, rate_permille: i32) -> Line {
        Line {
            place: 1,
            charge_id: Some(Uuid::from_u128(charge)),
            group_key: "drug".into(),
            name: "Amoxicilin 500 mg".into(),
            unit: "viên".into(),
            quantity_milli: 1000,
            amount_vnd,
            treatment: "5%".into(),
            rate_permille,
            vat_vnd: vat_inside(Vnd(amount_vnd), rate_permille).0,
        }
    }

    #[test]
    fn an_adjustment_tells_only_what_changed() {
        let told = [line(1, 105_000, 50), line(2, 21_000, 50)];
        let now = [line(1, 105_000, 50)];
        let lines = difference(&now, &told);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].charge_id, lines[0].amount_vnd, lines[0].vat_vnd, lines[0].quantity_milli), (told[1].charge_id, -21_000, -1_000, -1000));
        assert!(difference(&told, &told).is_empty());
        // Told 105.000, adjusted by −21.000 before, and the ledger says 84.000: nothing is left to tell.
        assert!(difference(&[line(1, 84_000, 50)], &[line(1, 105_000, 50), line(1, -21_000, 50)]).is_empty());
    }

    #[test]
    fn the_first_way_of_correcting_is_kept() {
        let issued = History { is_issued: true, ..History::default() };
        assert!(may_correct(Kind::Adjust, issued).is_ok() && may_correct(Kind::Replace, issued).is_ok());
        assert!(may_correct(Kind::Replace, History { adjusted: true, ..issued }).is_err());
        assert!(may_correct(Kind::Adjust, History { adjusted: true, ..issued }).is_ok());
        assert!(may_correct(Kind::Adjust, History { replaced: true, ..issued }).is_err());
        assert!(may_correct(Kind::Replace, History { correction_open: true, ..issued }).is_err());
        assert!(may_correct(Kind::Replace, History::default()).is_err());
        assert!(may_correct(Kind::Original, issued).is_err());
        assert!(may_correct(Kind::Adjust, History { is_adjustment: true, ..issued }).is_err());
    }

    #[test]
    fn everything_wrong_about_a_buyer_is_told_at_once() {
        let read = |name: &str, company: &str, tax: &str, address: &str, email: &str| {
            Buyer { name: name.into(), company: company.into(), tax_code: tax.into(), address: address.into(), email: email.into() }.read()
        };
        assert!(read("Nguyễn Văn An", "", "", "", "").is_ok());
        assert!(read("Nguyễn Văn An", "", "084085000123", "", "").is_ok());
        assert!(read("", "Công ty TNHH Hưng Phát", "1500 123456-001", "Xã Long Hồ", "ketoan@hungphat.vn").is_ok());
        let problems = read("", "", "15001", "", "ketoan@").unwrap_err();
        for field in ["name", "tax_code", "company", "email"] {
            assert_ne!(problems.at(field), "", "{field}");
        }
        assert_ne!(read("", "Công ty TNHH Hưng Phát", "1500123456", "", "").unwrap_err().at("address"), "");
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        let now = DateTime::from_timestamp(1_795_489_200, 0).unwrap();
        let pause = |attempts| (next_try(now, attempts) - now).num_seconds();
        assert_eq!([pause(1), pause(2), pause(3), pause(10), pause(12), pause(i32::MAX)], [5, 10, 20, 2560, 3600, 3600]);
    }
}
