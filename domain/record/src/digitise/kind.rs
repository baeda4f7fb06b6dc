//! What kinds of old paper there are, and by which words on the page a kind is recognised: `kinds.tsv` beside this file.

use std::sync::LazyLock;

/// One kind of paper.
#[derive(Debug)]
pub struct Kind {
    pub key: &'static str,
    pub title: &'static str,
    words: Vec<&'static str>,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let lines = include_str!("kinds.tsv").lines().skip(1).filter(|line| !line.is_empty());
    let read = |line: &'static str| {
        let mut parts = line.split('\t');
        let (key, title, words) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        Some(Kind { key, title, words: words.split('|').filter(|word| !word.is_empty()).collect() })
    };
    lines.filter_map(read).collect()
});

/// All kinds, as they are offered.
pub fn all() -> &'static [Kind] {
    &KINDS
}

pub fn find(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key == key)
}

/// The kind that the words of a page name: whichever stands nearest to its head, the more particular one first. `None`
/// when nothing is recognised, or only deep in the text.
pub fn guess(text: &str) -> Option<&'static Kind> {
    let folded: String = base::fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let head: String = folded.chars().take(900).collect();
    let place = |kind: &Kind| kind.words.iter().filter_map(|word| head.find(word)).min();
    KINDS.iter().filter_map(|kind| Some((place(kind)?, kind))).min_by_key(|(at, _)| *at).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_its_heading() {
        for (text, key) in [
            ("SỞ Y TẾ VĨNH LONG\nBỆNH ÁN NỘI KHOA\nSố lưu trữ: 1442", Some("benh_an_noi")),
            ("BỆNH VIỆN ĐA KHOA\nGIẤY RA VIỆN\nHọ tên người bệnh", Some("giay_ra_vien")),
            ("PHIẾU XÉT NGHIỆM\nSINH HÓA MÁU", Some("xet_nghiem")),
            ("PHIẾU CHIẾU, CHỤP X-QUANG", Some("chan_doan_hinh_anh")),
            ("thư gửi gia đình", None),
            ("", None),
        ] {
            assert_eq!(guess(text).map(|kind| kind.key), key, "{text}");
        }
    }
}
