//! The English switch. Pages are written in Vietnamese; when somebody chose English, the finished page passes through
//! a dictionary (`i18n/en.tsv`): text nodes and the attributes people read are looked up whole, numbers kept in place.
//! What the dictionary lacks stays Vietnamese. Data about people is never in the dictionary, so it is never touched.

use std::collections::HashMap;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    include_str!("../i18n/en.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(vi, en)| (vi.trim().to_owned(), en.trim().to_owned()))
        .collect()
});

const READ_ALOUD: [&str; 5] = ["placeholder=\"", "title=\"", "aria-label=\"", "alt=\"", "data-label=\""];

/// The page in English.
pub fn to_english(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut keep = false;
    while let Some(open) = rest.find('<') {
        if keep {
            out.push_str(&rest[..open]);
        } else {
            out.push_str(&phrase(&rest[..open]));
        }
        rest = &rest[open..];
        let close = rest.find('>').map_or(rest.len(), |i| i + 1);
        let tag = &rest[..close];
        out.push_str(&attributes(tag));
        keep = tag.contains("data-no-translate");
        rest = &rest[close..];
        for raw in ["script", "style", "textarea"] {
            if tag[1..].starts_with(raw) && !tag.ends_with("/>") {
                let end = rest.find(&format!("</{raw}")).unwrap_or(rest.len());
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    out.push_str(&phrase(rest));
    out.replacen("<html lang=\"vi\"", "<html lang=\"en\"", 1)
}

fn attributes(tag: &str) -> String {
    let mut out = String::with_capacity(tag.len());
    let mut rest = tag;
    'tag: loop {
        let next = READ_ALOUD.iter().filter_map(|a| rest.find(a).map(|i| i + a.len())).min();
        let Some(start) = next else { break 'tag };
        let Some(length) = rest[start..].find('"') else { break 'tag };
        out.push_str(&rest[..start]);
        out.push_str(&phrase(&rest[start..start + length]));
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

/// One text with its outer white space kept; numbers are looked up as `{}` and put back in their order.
fn phrase(text: &str) -> String {
    let core = text.trim();
    if core.is_empty() {
        return text.to_owned();
    }
    let mut pattern = String::with_capacity(core.len());
    let mut numbers: Vec<&str> = Vec::new();
    let mut rest = core;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        pattern.push_str(&rest[..start]);
        let tail = &rest[start..];
        let mut end = tail.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/'))).unwrap_or(tail.len());
        while !tail.as_bytes()[end - 1].is_ascii_digit() {
            end -= 1;
        }
        numbers.push(&tail[..end]);
        pattern.push_str("{}");
        rest = &tail[end..];
    }
    pattern.push_str(rest);
    let squeezed = pattern.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(english) = DICTIONARY.get(&squeezed) else {
        return text.to_owned();
    };
    let mut filled = english.clone();
    for number in numbers {
        filled = filled.replacen("{}", number, 1);
    }
    text.replacen(core, &filled, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_and_data_stays() {
        let page = "<html lang=\"vi\"><p title=\"Đăng nhập\"> Đăng nhập </p><b>Nguyễn Văn Đăng</b><script>Đăng nhập</script>";
        let english = to_english(page);
        assert!(english.contains("<html lang=\"en\"><p title=\"Sign in\"> Sign in </p>"), "{english}");
        assert!(english.contains("<b>Nguyễn Văn Đăng</b><script>Đăng nhập</script>"));
    }

    #[test]
    fn every_entry_has_both_sides_once() {
        let mut seen = std::collections::HashSet::new();
        for line in include_str!("../i18n/en.tsv").lines().filter(|l| !l.is_empty()) {
            let (vi, en) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
            assert!(!vi.trim().is_empty() && !en.trim().is_empty(), "half an entry: {line:?}");
            assert_eq!(vi.matches("{}").count(), en.matches("{}").count(), "numbers differ: {line:?}");
            assert!(seen.insert(vi), "twice: {vi}");
        }
    }
}
