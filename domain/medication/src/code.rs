//! The national prescription code: five characters of the facility, seven at random, a hyphen and the form
//! (`84101k7m2p9q-c`), Circular 26/2025/TT-BYT annex I note 1. Random, never counted: nobody guesses a neighbour's.

use base::{Problem, Problems};
use rand::RngExt;

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A fresh code for an ordinary prescription. Refuses a facility without a five-character code. Uniqueness within the
/// facility is the database's to keep.
pub fn mint(facility_code: &str, rng: &mut impl rand::Rng) -> Result<String, Problems> {
    let fits = facility_code.len() == 5 && facility_code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fits {
        let text = "Cơ sở chưa có mã liên thông 5 ký tự còn hiệu lực. Quản trị bổ sung trong Cơ sở rồi phát hành lại.";
        return Err(Problem::of(text).into());
    }
    let random: String = (0..7).map(|_| ALPHABET[rng.random_range(0..36)] as char).collect();
    Ok(format!("{facility_code}{random}-c"))
}

/// Whether a text has the shape of a prescription code of any form.
pub fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 14
        && bytes[..5].iter().all(u8::is_ascii_alphanumeric)
        && bytes[5..12].iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        && bytes[12] == b'-'
        && matches!(bytes[13].to_ascii_uppercase(), b'N' | b'H' | b'C' | b'T')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_have_the_legal_shape_and_do_not_repeat() {
        let mut rng = rand::rng();
        let codes: HashSet<String> = (0..2000).map(|_| mint("84101", &mut rng).unwrap()).collect();
        assert_eq!(codes.len(), 2000);
        assert!(codes.iter().all(|c| is_code(c) && c.starts_with("84101") && c.ends_with("-c")));
    }

    #[test]
    fn a_facility_without_a_code_cannot_issue() {
        for code in ["", "8410", "841011", "84 01", "8410é"] {
            assert!(mint(code, &mut rand::rng()).is_err(), "{code}");
        }
        assert!(!is_code("84101K7M2P9Q-c") && !is_code("84101k7m2p9q_c") && !is_code(""));
    }
}
