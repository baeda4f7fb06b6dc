//! Where the places to sign came to lie. The press writes them into the keywords of the file itself, so that they
//! travel with the bytes that are signed and cannot disagree with them.

/// A place to sign on a printed page, in points from the lower left corner of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct SpotBox {
    /// The role of the place, as the form names it.
    pub role: String,
    /// From 1.
    pub page: u32,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// The places to sign of a printed form, in printing order; empty for a file that has none.
pub fn spots(pdf: &[u8]) -> Vec<SpotBox> {
    keywords(pdf).map(|words| words.split([',', ' ']).filter_map(read).collect()).unwrap_or_default()
}

/// The keywords from the XMP packet, which PDF/A keeps readable.
fn keywords(pdf: &[u8]) -> Option<String> {
    let (open, close) = (b"<pdf:Keywords>".as_slice(), b"</pdf:Keywords>".as_slice());
    let start = find(pdf, open)? + open.len();
    let length = find(&pdf[start..], close)?;
    String::from_utf8(pdf[start..start + length].to_vec()).ok()
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// `spot:bac_si:3:312.4:96.0:150.0:44.0`.
fn read(word: &str) -> Option<SpotBox> {
    let mut parts = word.trim().strip_prefix("spot:")?.split(':');
    let role = parts.next()?.to_owned();
    let page = parts.next()?.parse().ok()?;
    let mut next = || parts.next()?.parse::<f32>().ok();
    Some(SpotBox { role, page, x: next()?, y: next()?, width: next()?, height: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_read_from_the_file() {
        let pdf = b"%PDF-1.7 ... <pdf:Keywords>spot:giam_doc:1:40.5:60:150:44, spot:truong_khoa:1:320:60:150:44, odd</pdf:Keywords>";
        let found = spots(pdf);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], SpotBox { role: "giam_doc".into(), page: 1, x: 40.5, y: 60.0, width: 150.0, height: 44.0 });
        assert_eq!(found[1].role, "truong_khoa");
        assert!(spots(b"%PDF-1.7").is_empty());
    }
}
