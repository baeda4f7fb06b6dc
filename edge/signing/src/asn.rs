//! The few pieces of DER that signatures are put together from. Reading keeps slices of the original bytes, because
//! what was signed must be hashed exactly as it was written.

use const_oid::ObjectIdentifier;

pub const INTEGER: u8 = 0x02;
pub const OCTETS: u8 = 0x04;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// One element: its tag, what is inside, and the whole of it.
#[derive(Clone, Copy, Debug)]
pub struct Tlv<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The elements inside; `None` when they do not fill the body exactly.
    pub fn children(&self) -> Option<Vec<Tlv<'a>>> {
        let mut rest = self.body;
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (one, after) = read(rest)?;
            all.push(one);
            rest = after;
        }
        Some(all)
    }
}

/// Reads one element with a definite length, and gives what follows it.
pub fn read(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    // Long tags occur in nothing that is read here.
    if tag & 0x1F == 0x1F {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (first as usize, rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked((first & 0x7F) as usize)?;
            (digits.iter().fold(0usize, |sum, d| sum << 8 | *d as usize), rest)
        }
        _ => return None,
    };
    let (body, after) = rest.split_at_checked(length)?;
    Some((Tlv { tag, body, whole: &bytes[..bytes.len() - after.len()] }, after))
}

/// Reads one element and ignores padding behind it, as the reserved place in a PDF has it.
pub fn first(bytes: &[u8]) -> Option<Tlv<'_>> {
    read(bytes).map(|(one, _)| one)
}

/// Writes one element.
pub fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match body.len() {
        short @ 0..=0x7F => out.push(short as u8),
        long => {
            let digits: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend_from_slice(body);
    out
}

/// A SEQUENCE of elements that are written already.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// A SET OF in the order DER wants.
pub fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(SET, &parts.concat())
}

/// `[n]` around an element (explicit), or in the place of its tag (implicit, constructed).
pub fn context(n: u8, body: &[u8]) -> Vec<u8> {
    tlv(0xA0 | n, body)
}

pub fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(0x06, oid.as_bytes())
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(OCTETS, bytes)
}

pub fn small_integer(n: u8) -> Vec<u8> {
    integer(&[n])
}

/// A positive INTEGER from big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let trimmed: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
    let mut body = trimmed;
    if body.first().is_none_or(|b| *b >= 0x80) {
        body.insert(0, 0);
    }
    tlv(INTEGER, &body)
}

pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], bytes].concat())
}

/// An algorithm without parameters, or with NULL where the standard wants it.
pub fn algorithm(id: &ObjectIdentifier, null: bool) -> Vec<u8> {
    let parameters: &[u8] = if null { &[0x05, 0x00] } else { &[] };
    sequence(&[&oid(id), parameters])
}

/// A GeneralizedTime to the second.
pub fn time(at: chrono::DateTime<chrono::Utc>) -> Vec<u8> {
    tlv(0x18, at.format("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for size in [0, 1, 127, 128, 255, 256, 70_000] {
            let written = sequence(&[&octets(&vec![7; size]), &small_integer(3)]);
            let (all, rest) = read(&written).expect("one element");
            assert!(rest.is_empty());
            let inside = all.children().expect("two elements");
            assert_eq!((inside.len(), inside[0].body.len(), inside[1].body), (2, size, &[3][..]));
        }
        assert_eq!(integer(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[]), [2, 1, 0]);
    }

    #[test]
    fn cut_or_lying_bytes_are_nothing() {
        let whole = sequence(&[&octets(&[1; 200])]);
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_none(), "cut at {cut}");
        }
        for lie in [&[0x30, 0x80, 0, 0][..], &[0x30, 0x84, 255, 255, 255, 255], &[0x30, 0x89], &[0x1F, 1, 1]] {
            assert!(read(lie).is_none());
        }
    }
}
