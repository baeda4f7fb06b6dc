//! What a signature looks like on paper: name, place in the order, time, and where to ask whether it is genuine.

use crate::print::{SpotBox, spots};
use base::sign::Stamp;
use chrono::{DateTime, Utc};

/// A signature to be shown.
pub struct Shown<'a> {
    /// The place in the signing order, e.g. `truong_khoa`.
    pub role: &'a str,
    /// How many signed before, counted from 1.
    pub place: i32,
    /// With title: "BSCKII. Võ Thị Hồng Nhung".
    pub name: &'a str,
    pub at: DateTime<Utc>,
    /// The short code of the document; may be empty.
    pub code: &'a str,
    /// A drawn signature (PNG).
    pub drawing: Option<Vec<u8>>,
    /// "Ký bởi", "Xác nhận bởi", "Đóng dấu bởi".
    pub how: &'a str,
}

/// The visible signature in the place that the paper keeps for it; where it keeps none, at the bottom of the last page.
pub fn stamp(pdf: &[u8], shown: &Shown<'_>) -> Stamp {
    let spots = spots(pdf);
    let (page, left, bottom, width, height) = match place(&spots, shown.role) {
        Some(spot) => (spot.page, spot.x, spot.y, spot.width, spot.height),
        None => at_the_bottom(last_page(pdf, &spots), shown.place),
    };
    let mut lines = vec![
        format!("{} {}", shown.how, shown.name),
        super::role::label(shown.role),
        format!("{} {}", base::show_time(shown.at), base::show_date(base::local_date(shown.at))),
    ];
    if !shown.code.is_empty() {
        lines.push(format!("Tra cứu: {}", shown.code));
    }
    Stamp { page, left, bottom, width, height, lines, drawing: shown.drawing.clone() }
}

/// The spot of a role. Forms write some places in more than one way, and members of a council share one.
fn place<'a>(spots: &'a [SpotBox], role: &str) -> Option<&'a SpotBox> {
    let exact = spots.iter().find(|spot| spot.role == role);
    exact.or_else(|| {
        let same = |spot: &&SpotBox| match role {
            "bac_si" | "bac_si_dieu_tri" => matches!(spot.role.as_str(), "bac_si" | "bac_si_dieu_tri" | "bac_si_lam_benh_an" | "thay_thuoc"),
            "giam_doc" | "lanh_dao" => matches!(spot.role.as_str(), "giam_doc" | "lanh_dao" | "thu_truong" | "nguoi_co_tham_quyen"),
            _ => false,
        };
        spots.iter().find(same)
    })
}

/// Three beside each other, then the next row above.
fn at_the_bottom(page: u32, place: i32) -> (u32, f32, f32, f32, f32) {
    let nth = (place.max(1) - 1) as f32;
    let (column, row) = (nth % 3.0, (nth / 3.0).floor());
    (page, 42.0 + column * 174.0, 34.0 + row * 50.0, 164.0, 44.0)
}

/// The number of the last page: what the page tree counts, or the last place to sign. 1 where neither can be read.
fn last_page(pdf: &[u8], spots: &[SpotBox]) -> u32 {
    let text = String::from_utf8_lossy(pdf);
    let counted = text.match_indices("/Count").filter_map(|(at, _)| {
        let digits: String = text[at + 6..].trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    counted.chain(spots.iter().map(|spot| spot.page)).max().unwrap_or(1).clamp(1, 2000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(role: &str, place: i32) -> Shown<'_> {
        Shown { role, place, name: "BS. Lê Thị Thu Vân", at: "2026-11-25T02:05:00Z".parse().unwrap(), code: "7K3M9P2QXR", drawing: None, how: "Ký bởi" }
    }

    #[test]
    fn in_its_place_or_at_the_bottom_of_the_last_page() {
        let pdf = b"%PDF-1.7 /Type /Pages /Count 4 <pdf:Keywords>spot:bac_si_lam_benh_an:3:300:90:150:44</pdf:Keywords>";
        let there = stamp(pdf, &shown("bac_si", 1));
        assert_eq!((there.page, there.left), (3, 300.0));
        assert_eq!(there.lines, ["Ký bởi BS. Lê Thị Thu Vân", "Bác sĩ", "09:05 25/11/2026", "Tra cứu: 7K3M9P2QXR"]);
        let bottom = stamp(pdf, &shown("truong_khoa", 5));
        assert_eq!((bottom.page, bottom.left, bottom.bottom), (4, 216.0, 84.0), "second row, second column");
        assert_eq!(stamp(b"no pdf", &shown("con_dau", 1)).page, 1);
    }
}
