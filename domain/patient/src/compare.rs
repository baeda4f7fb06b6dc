//! Old and new side by side: what the record holds against what a card just said. Nothing is overwritten by
//! itself; the person at the desk keeps or takes each differing value.

use crate::bhyt::BhytQr;
use crate::cccd::CccdQr;
use crate::demographics::Typed;
use serde::Serialize;

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Name of the form field, e.g. "address_line".
    pub field: &'static str,
    pub label: &'static str,
    pub old: String,
    pub new: String,
    pub differs: bool,
    /// Which side is marked at first.
    pub take_new: bool,
}

impl Line {
    /// What stands in the record, in words.
    pub fn old_words(&self) -> &str {
        self.words(&self.old)
    }

    /// What the card says, in words.
    pub fn new_words(&self) -> &str {
        self.words(&self.new)
    }

    fn words<'a>(&self, value: &'a str) -> &'a str {
        match (self.field, value) {
            ("sex", key) => crate::Sex::from_key(key).unwrap_or(crate::Sex::Unknown).label(),
            (_, "") => "(trống)",
            (_, value) => value,
        }
    }
}

/// Compares a record's form with a scanned citizen card. The card is marked where it is the better witness (name,
/// birth, sex, number, issue date, address); what it does not say stays, and so does everything on our side that
/// the card leaves empty.
pub fn with_card(stored: &Typed, card: &CccdQr) -> Vec<Line> {
    vec![
        line("name", "Họ và tên", &stored.name, card.name.clone()),
        line("birth", "Ngày sinh", &stored.birth, card.birth.to_string()),
        line("sex", "Giới tính", &stored.sex, card.sex.key().to_owned()),
        line("cccd", "Số CCCD", &stored.cccd, card.number.clone()),
        line("address_line", "Địa chỉ", &stored.address_line, card.address.clone()),
        line(
            "cccd_issued_on",
            "Ngày cấp",
            &stored.cccd_issued_on,
            card.issued_on.map(base::show_date).unwrap_or_default(),
        ),
        line("phone", "Điện thoại", &stored.phone, String::new()),
    ]
}

/// Compares a record's form with a scanned insurance card. The card is the better witness of its own number, period and
/// place of registration; name, birth, sex and address are marked for a look only, because a citizen card proves them
/// better and insurance cards carry old addresses.
pub fn with_insurance_card(stored: &Typed, card: &BhytQr) -> Vec<Line> {
    let day = |day: Option<chrono::NaiveDate>| day.map(base::show_date).unwrap_or_default();
    let look = |field, label, old: &str, new: String| Line { take_new: false, ..line(field, label, old, new) };
    vec![
        line("card_no", "Số thẻ BHYT", &stored.card_no, card.number.to_string()),
        line("card_from", "Thẻ có giá trị từ", &stored.card_from, day(card.valid_from)),
        line("card_to", "Thẻ có giá trị đến", &stored.card_to, day(card.valid_to)),
        line("card_registered_at", "Nơi đăng ký ban đầu", &stored.card_registered_at, card.registered_at.clone()),
        look("name", "Họ và tên", &stored.name, card.name.clone()),
        look("birth", "Ngày sinh", &stored.birth, card.birth.to_string()),
        look("sex", "Giới tính", &stored.sex, card.sex.key().to_owned()),
        look("address_line", "Địa chỉ", &stored.address_line, card.address.clone()),
    ]
}

fn line(field: &'static str, label: &'static str, old: &str, new: String) -> Line {
    let differs = old.trim() != new.trim();
    Line { field, label, old: old.to_owned(), take_new: differs && !new.is_empty(), new, differs }
}

/// The form with the chosen lines taken over; unknown fields are left alone.
pub fn take(stored: &Typed, lines: &[Line], taken: &[String]) -> Typed {
    let mut form = stored.clone();
    for line in lines.iter().filter(|l| l.differs && !l.new.is_empty() && taken.iter().any(|t| t == l.field)) {
        let slot = match line.field {
            "name" => &mut form.name,
            "birth" => &mut form.birth,
            "sex" => &mut form.sex,
            "cccd" => &mut form.cccd,
            "address_line" => &mut form.address_line,
            "cccd_issued_on" => &mut form.cccd_issued_on,
            "card_no" => &mut form.card_no,
            "card_from" => &mut form.card_from,
            "card_to" => &mut form.card_to,
            "card_registered_at" => &mut form.card_registered_at,
            _ => continue,
        };
        slot.clone_from(&line.new);
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Typed {
        Typed {
            name: "Nguyễn Văn An".into(),
            birth: "15/03/1985".into(),
            sex: "male".into(),
            cccd: "084085012345".into(),
            phone: "0900000001".into(),
            address_line: "Ấp Phú Hòa".into(),
            cccd_issued_on: "20/04/2021".into(),
            ..Typed::default()
        }
    }

    fn card() -> CccdQr {
        let text = "084085012345||Nguyễn Văn An|15031985|Nam|Ấp Phú Hòa, xã Long Hồ|11062025";
        CccdQr::parse(text, "2026-11-24".parse().unwrap()).unwrap()
    }

    #[test]
    fn what_the_card_says_is_marked_and_the_phone_stays() {
        let lines = with_card(&stored(), &card());
        let marked: Vec<&str> = lines.iter().filter(|l| l.take_new).map(|l| l.field).collect();
        assert_eq!(marked, ["address_line", "cccd_issued_on"]);
        let phone = lines.iter().find(|l| l.field == "phone").unwrap();
        assert!(phone.differs && !phone.take_new);
    }

    #[test]
    fn an_insurance_card_is_believed_about_itself_and_only_looked_at_for_the_rest() {
        let name: String = "Nguyễn Văn Anh".bytes().map(|b| format!("{b:02x}")).collect();
        let text = format!("GD4848412345678|{name}|15/03/1985|1|-|84 - 101|01/01/2027|31/12/2027|-|-|-|4|-|-|-$");
        let card = BhytQr::parse(&text, "2026-11-24".parse().unwrap()).unwrap();
        let before = Typed { card_no: "GD 4 84 84123 45678".into(), card_to: "31/12/2026".into(), ..stored() };
        let lines = with_insurance_card(&before, &card);
        let marked: Vec<&str> = lines.iter().filter(|l| l.take_new).map(|l| l.field).collect();
        assert_eq!(marked, ["card_from", "card_to", "card_registered_at"]);
        let name = lines.iter().find(|l| l.field == "name").unwrap();
        assert!(name.differs && !name.take_new);
        let form = take(&before, &lines, &["card_from".into(), "card_to".into()]);
        assert_eq!((form.card_from.as_str(), form.card_to.as_str()), ("01/01/2027", "31/12/2027"));
        assert_eq!(form.name, "Nguyễn Văn An");
    }

    #[test]
    fn only_chosen_lines_are_taken() {
        let lines = with_card(&stored(), &card());
        let form = take(&stored(), &lines, &["cccd_issued_on".into(), "phone".into(), "nonsense".into()]);
        assert_eq!(form, Typed { cccd_issued_on: "11/06/2025".into(), ..stored() });
    }
}
