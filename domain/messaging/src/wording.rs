//! The words of messages (`wordings.tsv`): which places each has, and how they are filled. A message can carry only what
//! its places name; nothing clinical is among them.

/// When a message may arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// An answer to what somebody just did.
    Any,
    /// Between seven and twenty-one.
    Day,
}

/// The usual words of one occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub key: &'static str,
    pub hours: Hours,
    pub places: Vec<&'static str>,
    pub words: &'static str,
}

/// All of them, in the order of the list.
pub fn list() -> impl Iterator<Item = Wording> {
    include_str!("../wordings.tsv").lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Wording {
            key: cells.next()?,
            hours: if cells.next()? == "any" { Hours::Any } else { Hours::Day },
            places: cells.next()?.split(',').collect(),
            words: cells.next()?,
        })
    })
}

/// The wording of a key; `None` for an unknown one.
pub fn find(key: &str) -> Option<Wording> {
    list().find(|w| w.key == key)
}

/// The name of an occasion on screen.
pub fn title(key: &str) -> &str {
    match key {
        "account.code" => "Mã xác nhận",
        "appointment.pending" => "Đã nhận yêu cầu",
        "appointment.confirmed" => "Xác nhận lịch",
        "appointment.moved" => "Đổi giờ",
        "appointment.cancelled" => "Cơ sở hủy lịch",
        "appointment.given_up" => "Người đặt hủy lịch",
        "appointment.refused" => "Không nhận lịch",
        "appointment.expired" => "Quá hạn sàng lọc",
        "appointment.reminder" => "Nhắc trước một ngày",
        "appointment.soon" => "Nhắc trước hai giờ",
        "appointment.noshow" => "Không đến",
        "call.missed" => "Gọi nhỡ",
        "visit.video" => "Khám qua video",
        "waitlist.offer" => "Có chỗ trống",
        "rating.ask" => "Hỏi ý kiến",
        "sms.answer" => "Trả lời tin nhắn",
        other => other,
    }
}

/// The text without marks, in letters that every phone and the cheap alphabet have: `Đặng Ý` → `Dang Y`.
pub fn without_marks(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            '–' | '—' => '-',
            '“' | '”' => '"',
            '…' => '.',
            other => other,
        })
        .filter(|c| c.is_ascii() && !c.is_ascii_control())
        .collect()
}

/// Fills the places. Refuses a value that the wording has no place for and a place without a value, naming it.
pub fn fill(words: &str, places: &[&str], values: &[(&'static str, String)]) -> Result<String, String> {
    if let Some((unknown, _)) = values.iter().find(|(name, _)| !places.contains(name)) {
        return Err(format!("no place {unknown}"));
    }
    let mut out = words.to_owned();
    for place in places {
        let named = format!("{{{place}}}");
        if !out.contains(&named) {
            continue;
        }
        let value = values.iter().find(|(name, _)| name == place).map(|(_, v)| without_marks(v)).ok_or_else(|| format!("no value for {place}"))?;
        // A value never brings places of its own.
        out = out.replace(&named, &value.replace(['{', '}'], ""));
    }
    Ok(out)
}

/// What is wrong with a house's own words: an unknown place, marks, too long.
pub fn problem(words: &str, wording: &Wording) -> Option<String> {
    let words = words.trim();
    if words.is_empty() {
        return Some("Chưa có nội dung.".into());
    }
    if let Some(unknown) = words.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).find(|name| !wording.places.contains(name)) {
        return Some(format!("Không có ô {{{unknown}}}. Dùng được: {}.", wording.places.iter().map(|p| format!("{{{p}}}")).collect::<Vec<_>>().join(", ")));
    }
    if without_marks(words) != words {
        return Some("Viết không dấu: chữ có dấu làm mỗi tin chỉ còn 70 ký tự và đắt gấp đôi.".into());
    }
    (words.chars().count() > 400).then(|| "Nội dung tối đa 400 ký tự, hãy rút gọn.".into())
}

/// How many parts a text takes on the wire: 160 letters of the cheap alphabet, 153 each where it takes several
/// (GSM 03.38, 03.40); 70 and 67 with anything else.
pub fn parts(text: &str) -> i32 {
    // Letters of the extended table take two places.
    let units: usize = text.chars().map(|c| if "^{}\\[~]|€".contains(c) { 2 } else { 1 }).sum();
    let (units, one, each) = if text.is_ascii() { (units, 160, 153) } else { (text.encode_utf16().count(), 70, 67) };
    i32::try_from(if units <= one { 1 } else { units.div_ceil(each) }).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wording_is_plain_and_names_its_places() {
        for w in list() {
            assert!(w.words.is_ascii(), "{}", w.key);
            assert_eq!(problem(w.words, &w), None, "{}", w.key);
            assert!(w.places.iter().all(|p| w.words.contains(&format!("{{{p}}}"))), "{}", w.key);
            assert_ne!(title(w.key), w.key);
        }
        assert_eq!(list().map(|w| w.key).collect::<std::collections::BTreeSet<_>>().len(), list().count());
    }

    #[test]
    fn places_are_filled_and_nothing_else_gets_in() {
        let w = find("appointment.reminder").unwrap();
        let values = [("facility", "PK Đa khoa An Tâm".to_owned()), ("when", "08:20 26/11".into()), ("number", "12".into())];
        assert_eq!(fill(w.words, &w.places, &values).unwrap(), "PK Da khoa An Tam: nhac lich 08:20 26/11, STT 12. Tra loi 1 de xac nhan, 2 de huy.");
        assert!(fill(w.words, &w.places, &[("diagnosis", "J00".into())]).is_err());
        assert!(fill(w.words, &w.places, &values[..2]).is_err());
        let sly = [("facility", "{number}".to_owned()), ("when", "x".into()), ("number", "12".into())];
        assert!(fill(w.words, &w.places, &sly).unwrap().starts_with("number: "));
    }

    #[test]
    fn the_cheap_alphabet_holds_more() {
        for (text, n) in [(String::new(), 1), ("a".repeat(160), 1), ("a".repeat(161), 2), ("a".repeat(307), 3), ("[".repeat(81), 2), ("ă".repeat(70), 1), ("ă".repeat(71), 2), ("ă".repeat(135), 3)] {
            assert_eq!(parts(&text), n, "{} letters", text.chars().count());
        }
        assert_eq!(without_marks("Đặng Thị Ý – “Nhi”"), "Dang Thi Y - \"Nhi\"");
    }
}
