//! The owner's pages: what the facility offers, where, at what price, what it prints and what it decided.

pub mod drugs;
pub mod facility;
pub mod imports;
pub mod national;
pub mod package;
pub mod parameters;
pub mod rooms;
pub mod services;

use base::{parse_date_vi, show_date};
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

/// `GET /app/catalogue`: the tab that is used most.
pub async fn home(_: web::Ctx) -> web::Answer {
    web::redirect("/app/catalogue/services")
}

/// How many rows a page of a list shows.
pub const PAGE: i64 = 60;

/// The address of a list: words, filters, where to continue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    pub q: String,
    pub kind: String,
    pub ended: String,
    /// A number of the national catalogue from which a new form is filled.
    pub from: String,
    /// Continue after this name …
    pub after: String,
    /// … and this id.
    pub after_id: String,
}

impl ListQuery {
    pub fn with_ended(&self) -> bool {
        self.ended == "1"
    }

    /// Where the next page begins, if the address says so.
    pub fn continues(&self) -> Option<(String, Uuid)> {
        self.after_id.parse().ok().map(|id| (self.after.clone(), id))
    }

    /// The same filters as a query string that begins with `?`, or "" when there is none.
    pub fn filters(&self) -> String {
        let mut parts = Vec::new();
        for (name, value) in [("q", &self.q), ("kind", &self.kind), ("ended", &self.ended)] {
            if !value.is_empty() {
                parts.push(format!("{name}={}", encoded(value)));
            }
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The words, ready for an address.
    pub fn encoded_q(&self) -> String {
        encoded(&self.q)
    }

    /// The address of the next page after a row.
    pub fn next(&self, path: &str, name_folded: &str, id: Uuid) -> String {
        let filters = self.filters();
        let joint = if filters.is_empty() { "?" } else { "&" };
        format!("{path}{filters}{joint}after={}&after_id={id}", encoded(name_folded))
    }
}

/// Percent-encodes everything that is not a plain letter or digit.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A day from a date field; the field's refusal otherwise.
pub fn day(field: &'static str, typed: &str) -> Result<NaiveDate, base::Problem> {
    parse_date_vi(typed).ok_or_else(|| {
        base::Problem::at(field, "Chưa có ngày hợp lệ. Nhập như 24/11/2026.")
    })
}

/// A row of a price history as it is shown.
#[derive(Clone, Debug)]
pub struct PriceRow {
    pub price: String,
    pub days: String,
    /// "Đang áp dụng", "Sắp áp dụng" or "".
    pub state: &'static str,
}

/// The history, newest first, as it is shown today.
pub fn price_rows(prices: &[crate::price::DatedPrice], today: NaiveDate) -> Vec<PriceRow> {
    prices
        .iter()
        .map(|p| PriceRow {
            price: p.price.digits(),
            days: match p.valid_to {
                Some(last) => format!("{} – {}", show_date(p.valid_from), show_date(last)),
                None => format!("từ {}", show_date(p.valid_from)),
            },
            state: if p.holds_on(today) {
                "Đang áp dụng"
            } else if p.valid_from > today {
                "Sắp áp dụng"
            } else {
                ""
            },
        })
        .collect()
}

/// A price typed with the day from which it holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PriceForm {
    pub price: String,
    pub valid_from: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_survive_the_address() {
        let query = ListQuery { q: "siêu âm & bụng".into(), kind: "imaging".into(), ..Default::default() };
        assert_eq!(query.filters(), "?q=si%C3%AAu%20%C3%A2m%20%26%20b%E1%BB%A5ng&kind=imaging");
        assert!(ListQuery::default().next("/x", "a b", Uuid::nil()).starts_with("/x?after=a%20b&after_id="));
    }
}
