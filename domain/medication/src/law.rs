//! What Circular 26/2025/TT-BYT asks of an outpatient prescription. The figures come from the dated catalogue of
//! parameters; here stands only how they are applied.

use base::{Age, Problems};
use chrono::{Days, NaiveDate};
use std::collections::HashMap;

/// The figures in force on one day; a missing one means that the catalogue of that day was not loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Most days of an ordinary prescription, art. 6(8)a.
    pub days_ordinary: Option<i64>,
    /// Most days for a disease of annex VII, art. 6(8)b.
    pub days_listed: Option<i64>,
    /// Days in which it may be bought or collected, art. 12(9)b.
    pub valid_days: Option<i64>,
    /// Under so many months: months, weight and who brought the child, art. 6(4).
    pub child_months: Option<i64>,
    /// Quantities below carry a leading zero, art. 6(7).
    pub leading_zero_below: Option<i64>,
}

/// The keys of the figures in the catalogue.
pub const KEYS: [&str; 5] = [
    "rx_days_max_ordinary",
    "rx_days_max_chronic",
    "rx_validity_ordinary",
    "rx_child_age_rule",
    "rx_quantity_leading_zero_below",
];

impl Figures {
    /// From key and value as the catalogue has them.
    pub fn from_values(values: &HashMap<String, String>) -> Figures {
        let whole = |key: &str| values.get(key).and_then(|v| v.parse().ok());
        Figures {
            days_ordinary: whole(KEYS[0]),
            days_listed: whole(KEYS[1]),
            valid_days: whole(KEYS[2]),
            child_months: whole(KEYS[3]),
            leading_zero_below: whole(KEYS[4]),
        }
    }

    /// The last day on which the prescription may be collected.
    pub fn valid_until(&self, issued: NaiveDate) -> Option<NaiveDate> {
        issued.checked_add_days(Days::new(u64::try_from(self.valid_days?).ok()?))
    }

    pub fn is_young_child(&self, age: Age) -> bool {
        self.child_months.is_some_and(|months| i64::from(age.months) < months)
    }
}

/// One line as the law sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFacts {
    pub name: String,
    pub days: Option<u16>,
    /// "narcotic", "psychotropic", "precursor": forms of their own (art. 7 and 9).
    pub controlled: String,
    /// Registered as food or cosmetic, not as a drug.
    pub is_supplement: bool,
    pub quantity_milli: i64,
}

/// The prescription as the law sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub lines: Vec<LineFacts>,
    pub has_diagnosis: bool,
    /// One of the diagnoses stands in annex VII.
    pub has_listed_disease: bool,
    pub age: Option<Age>,
    pub weight_g: Option<i64>,
    pub escort: String,
    pub follow_up_on: Option<NaiveDate>,
}

/// Everything that keeps this prescription from being issued today, all at once.
pub fn check(sheet: &Sheet, figures: &Figures, today: NaiveDate) -> Problems {
    let mut problems = Problems::none();
    problems.add_if(sheet.lines.is_empty(), "sentence", "Đơn chưa có thuốc. Gõ tên thuốc và liều rồi Enter.");
    problems.add_if(!sheet.has_diagnosis, "", "Chưa có chẩn đoán. Ghi chẩn đoán ở mục 2 rồi phát hành đơn.");
    let most = if sheet.has_listed_disease { figures.days_listed } else { figures.days_ordinary };
    match most {
        None => problems.add("", "Chưa nạp quy định kê đơn của ngày hôm nay. Báo quản trị nạp danh mục."),
        Some(most) => days(sheet, most, figures, &mut problems),
    }
    for line in &sheet.lines {
        if matches!(line.controlled.as_str(), "narcotic" | "psychotropic" | "precursor") {
            let text = format!("{} phải kê trên mẫu đơn riêng (N hoặc H), không kê chung đơn thường. Bỏ khỏi đơn này.", line.name);
            problems.add("", text);
        }
        problems.add_if(line.is_supplement, "", format!("{} không phải thuốc. Đơn thuốc không kê thực phẩm chức năng, mỹ phẩm.", line.name));
        problems.add_if(line.quantity_milli <= 0, "", format!("{} chưa có số lượng. Sửa lại liều.", line.name));
    }
    if sheet.age.is_some_and(|age| figures.is_young_child(age)) {
        problems.add_if(sheet.weight_g.is_none(), "weight", "Trẻ dưới 72 tháng: ghi cân nặng.");
        problems.add_if(sheet.escort.trim().is_empty(), "escort", "Trẻ dưới 72 tháng: ghi họ tên người đưa trẻ đến khám.");
    }
    problems.add_if(
        sheet.follow_up_on.is_some_and(|day| day < today),
        "follow_up",
        "Ngày hẹn khám lại đã qua. Chọn từ hôm nay trở đi.",
    );
    problems
}

fn days(sheet: &Sheet, most: i64, figures: &Figures, problems: &mut Problems) {
    for line in &sheet.lines {
        let Some(days) = line.days.map(i64::from).filter(|d| *d > most) else { continue };
        let text = match figures.days_listed.filter(|listed| !sheet.has_listed_disease && days <= *listed) {
            Some(listed) => format!(
                "{}: {days} ngày, vượt {most} ngày. Chỉ bệnh trong phụ lục VII Thông tư 26/2025 được kê đến {listed} ngày; chẩn đoán hiện tại không có.",
                line.name
            ),
            None => format!("{}: {days} ngày, vượt mức tối đa {most} ngày. Giảm số ngày.", line.name),
        };
        problems.add("", text);
    }
}

/// Words by which a facility's list shows that something is food or cosmetic rather than a drug
/// (Law 15/2023/QH15 art. 63(2) keeps those off prescriptions).
pub fn is_supplement(form: &str, registration_no: &str) -> bool {
    let form = base::fold(form);
    ["thuc pham chuc nang", "thuc pham bao ve suc khoe", "thuc pham bo sung", "my pham"].iter().any(|w| form.contains(w))
        || registration_no.to_uppercase().contains("ĐKSP")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }
    fn figures() -> Figures {
        Figures { days_ordinary: Some(30), days_listed: Some(90), valid_days: Some(5), child_months: Some(72), leading_zero_below: Some(10) }
    }
    fn line(days: u16) -> LineFacts {
        LineFacts { name: "Amlodipin 5 mg".into(), days: Some(days), controlled: "none".into(), is_supplement: false, quantity_milli: 1000 }
    }
    fn sheet(days: u16, listed: bool) -> Sheet {
        Sheet {
            lines: vec![line(days)],
            has_diagnosis: true,
            has_listed_disease: listed,
            age: Some(Age { years: 41, months: 500, days: 15_000 }),
            ..Sheet::default()
        }
    }
    fn texts(sheet: &Sheet) -> Vec<String> {
        check(sheet, &figures(), today()).0.into_iter().map(|p| p.text.into_owned()).collect()
    }

    #[test]
    fn thirty_days_for_all_ninety_for_the_listed() {
        for (days, listed, allowed) in [(30, false, true), (31, false, false), (90, true, true), (91, true, false), (90, false, false)] {
            assert_eq!(texts(&sheet(days, listed)).is_empty(), allowed, "{days} {listed}");
        }
        assert!(texts(&sheet(60, false))[0].contains("phụ lục VII"));
        assert!(!texts(&sheet(120, false))[0].contains("phụ lục VII"));
    }

    #[test]
    fn a_small_child_needs_weight_and_escort() {
        let mut child = sheet(5, false);
        child.age = Some(Age { years: 5, months: 71, days: 2_170 });
        assert_eq!(texts(&child).len(), 2);
        child.weight_g = Some(18_000);
        child.escort = "Trần Thị Lành".into();
        assert!(texts(&child).is_empty());
        child.age = Some(Age { years: 6, months: 72, days: 2_200 });
        child.weight_g = None;
        assert!(texts(&child).is_empty());
    }

    #[test]
    fn what_is_missing_is_said_all_at_once() {
        let mut bad = Sheet { follow_up_on: today().pred_opt(), ..Sheet::default() };
        assert_eq!(texts(&bad).len(), 3);
        bad.lines = vec![LineFacts { controlled: "narcotic".into(), is_supplement: true, quantity_milli: 0, ..line(5) }];
        assert_eq!(texts(&bad).len(), 5);
        assert_eq!(check(&sheet(5, false), &Figures::default(), today()).0.len(), 1);
    }

    #[test]
    fn it_may_be_collected_for_five_days() {
        assert_eq!(figures().valid_until(today()), NaiveDate::from_ymd_opt(2026, 11, 29));
        assert!(is_supplement("Thực phẩm bảo vệ sức khỏe", "") && !is_supplement("Viên nén", "VD-1"));
    }
}
