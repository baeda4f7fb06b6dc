//! The short code under a document: ten characters that nobody mixes up (no I, L, O, U), printed as text and as a QR
//! that leads to the public page of verification.

use super::store::checks;
use base::DocumentId;
use db::Tx;

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of a document, made when it has none yet. The same document has the same code in all its versions.
pub async fn of(tx: &mut Tx, document: DocumentId) -> Result<String, sqlx::Error> {
    if let Some(code) = checks::find_code(tx, document.0).await? {
        return Ok(code);
    }
    loop {
        let bytes: [u8; 10] = rand::random();
        let code: String = bytes.iter().map(|b| LETTERS[usize::from(b % 32)] as char).collect();
        if checks::insert_code(tx, document.0, &code).await? {
            return Ok(code);
        }
        // Taken by another document, or somebody gave this one its code a moment ago.
        if let Some(code) = checks::find_code(tx, document.0).await? {
            return Ok(code);
        }
    }
}

/// The page that the QR leads to.
pub fn link(public_url: &str, code: &str) -> String {
    format!("{public_url}/v/{code}")
}

/// A code as somebody typed it: spaces, hyphens and small letters do not matter, I and L are 1, O is 0. `None` when it
/// cannot be one.
pub fn read(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    (code.len() == 10 && code.bytes().all(|b| LETTERS.contains(&b))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for (typed, code) in [
            ("7K3M9P2QXR", Some("7K3M9P2QXR")),
            ("7k3m9-p2qxr", Some("7K3M9P2QXR")),
            (" 7K3M9 P2QXR ", Some("7K3M9P2QXR")),
            ("OK3M9P2QXL", Some("0K3M9P2QX1")),
            ("7K3M9P2QX", None),
            ("7K3M9P2QXU", None),
            ("../../../x", None),
            ("ữữữữữữữữữữ", None),
        ] {
            assert_eq!(read(typed).as_deref(), code, "{typed}");
        }
    }
}
