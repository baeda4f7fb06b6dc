//! Old and new side by side: what the record holds against what a card just said. Nothing is overwritten by
//! itself; the person at the desk keeps or takes each differing value.

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

/// Compares a record's form with a scanned citizen card. The card is marked where it is the better witness (name,
/// birth, sex, number, issue date, address); what it does not say stays, and so does everything on our side that
/// the card leaves empty.
pub fn with_card(stored: &Typed, card: &CccdQr) -> Vec<Line> {
    let line = |field, label, old: &str, new: String| {
        let differs = old.trim() != new.trim();
        Line { field, label, old: old.to_owned(), take_new: differs && !new.is_empty(), new, differs }
    };
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
    fn only_chosen_lines_are_taken() {
        let lines = with_card(&stored(), &card());
        let form = take(&stored(), &lines, &["cccd_issued_on".into(), "phone".into(), "nonsense".into()]);
        assert_eq!(form, Typed { cccd_issued_on: "11/06/2025".into(), ..stored() });
    }
}
