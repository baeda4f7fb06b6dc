//! The registration code: short enough to read out, long enough not to be guessed.

use rand::RngExt;
use sha2::{Digest, Sha256};

/// Crockford's letters: nothing that looks like something else.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh code: eight random letters (40 bits) and one that checks them. Look-ups are limited by whoever asks for a phone
/// number beside it.
pub fn fresh() -> String {
    let mut random = rand::rng();
    let body: String = (0..8).map(|_| LETTERS[random.random_range(0..32)] as char).collect();
    let check = check_letter(&body);
    format!("{body}{check}")
}

fn check_letter(body: &str) -> char {
    LETTERS[(Sha256::digest(body.as_bytes())[0] % 32) as usize] as char
}

/// The code in what somebody typed or scanned: any case, spaces and hyphens left out, O read as 0, I and L as 1. `None` when
/// it is no code; a slip in one letter is found.
pub fn read(typed: &str) -> Option<String> {
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .take(10)
        .collect();
    let is_code = plain.len() == 9 && plain.bytes().all(|b| LETTERS.contains(&b));
    (is_code && plain.ends_with(check_letter(&plain[..8]))).then_some(plain)
}

/// As it is shown: `K7M2-P4QX-9`.
pub fn shown(code: &str) -> String {
    match (code.get(..4), code.get(4..8), code.get(8..)) {
        (Some(a), Some(b), Some(c)) => format!("{a}-{b}-{c}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_written_down() {
        for _ in 0..200 {
            let code = fresh();
            assert_eq!(read(&code), Some(code.clone()));
            assert_eq!(read(&shown(&code).to_lowercase()), Some(code.clone()));
            assert_eq!(read(&format!(" {} {} {} ", &code[..4], &code[4..8], &code[8..])), Some(code.clone()));
            assert_eq!(read(&code.replace('0', "o").replace('1', "l")), Some(code));
        }
        for bad in ["", "K7M2P4QX", "84101", "ĐÂY LÀ MÃ", "K7M2-P4QX-9-EXTRA"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
