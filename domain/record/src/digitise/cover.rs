//! The sheets that part a pile of paper: a code that says into which record the pages behind it go.

use image::{DynamicImage, imageops::FilterType};
use rand::Rng;

/// Letters that nobody mistakes for another when they are read aloud or typed.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh code. Twelve signs of thirty-two: nobody guesses another facility's sheet.
pub fn mint() -> String {
    let mut bytes = [0u8; 12];
    rand::rng().fill_bytes(&mut bytes);
    let signs: String = bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
    format!("YBS-{signs}")
}

/// The code in what a square or a person says; `None` for anything else.
pub fn parse(said: &str) -> Option<String> {
    let code = said.trim().to_uppercase();
    let signs = code.strip_prefix("YBS-")?;
    (signs.len() == 12 && signs.bytes().all(|sign| SIGNS.contains(&sign))).then_some(code)
}

/// The code of the sheet that this page is, if it is one.
pub fn on(page: &DynamicImage) -> Option<String> {
    // A large code is read faster, and often better, from a smaller picture.
    for side in [1000, 1700] {
        let grey = if page.width().max(page.height()) > side { page.resize(side, side, FilterType::Triangle) } else { page.clone() }.to_luma8();
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey.get_pixel(x as u32, y as u32).0[0]);
        let found = prepared.detect_grids().into_iter().filter_map(|grid| grid.decode().ok()).find_map(|(_, said)| parse(&said));
        if found.is_some() {
            return found;
        }
        if page.width().max(page.height()) <= side {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_in_whatever_case_and_nothing_else_is() {
        let code = mint();
        assert_eq!(parse(&format!(" {} ", code.to_lowercase())), Some(code.clone()));
        assert_ne!(mint(), code);
        for odd in ["", "YBS-", "YBS-123", "YBS-12345678901I", "https://example.vn", "YBS-1234567890123"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_ordinary_page_is_no_sheet() {
        assert_eq!(on(&DynamicImage::new_luma8(600, 800)), None);
    }
}
