//! Tag, length, value: the grammar of EMVCo codes. Two digits of tag, two digits of length, then the value.
//! NAPAS counts the length in bytes; everything we write is ASCII, so bytes and characters are the same there.

/// Appends one field. The value must be 1–99 bytes; callers check their own limits first.
pub fn put(out: &mut String, tag: &str, value: &str) {
    debug_assert!(tag.len() == 2 && (1..=99).contains(&value.len()), "EMVCo field {tag} of {} bytes", value.len());
    out.push_str(tag);
    out.push_str(&format!("{:02}", value.len()));
    out.push_str(value);
}

/// All fields of `text` in order; `None` when a tag or length is not two digits, a value is cut short, or a length
/// falls inside a letter.
pub fn read(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut fields = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let tag = digits(rest.get(0..2)?)?;
        let length: usize = digits(rest.get(2..4)?)?.parse().ok()?;
        let value = rest.get(4..4 + length)?;
        fields.push((tag, value));
        rest = &rest[4 + length..];
    }
    Some(fields)
}

/// The value under `tag`; a tag that appears twice is not to be trusted, so it counts as absent.
pub fn only<'a>(fields: &[(&str, &'a str)], tag: &str) -> Option<&'a str> {
    let mut found = fields.iter().filter(|(t, _)| *t == tag);
    let value = found.next()?.1;
    found.next().is_none().then_some(value)
}

fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_put_is_read_back(values in prop::collection::vec("[ -~]{1,99}", 0..8)) {
            let mut text = String::new();
            for (i, value) in values.iter().enumerate() {
                put(&mut text, &format!("{i:02}"), value);
            }
            let fields = read(&text).expect("what we wrote");
            let read_back: Vec<&str> = fields.iter().map(|(_, v)| *v).collect();
            prop_assert_eq!(read_back, values);
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = read(&text);
        }
    }

    #[test]
    fn doubled_tags_are_not_trusted() {
        let fields = read("540310054032005802VN").expect("three whole fields");
        assert_eq!(only(&fields, "54"), None);
        assert_eq!(only(&fields, "58"), Some("VN"));
    }
}
