//! What nobody may overlook: allergies and alerts, as they are entered and as the banner shows them.

use base::{Problem, Problems};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How bad the reaction was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Unknown,
    Mild,
    Moderate,
    Severe,
}

/// Severities with their words, as the form offers them.
pub const SEVERITIES: [(&str, &str); 4] = [
    ("severe", "Nặng, phản vệ"),
    ("moderate", "Vừa"),
    ("mild", "Nhẹ"),
    ("unknown", "Chưa rõ mức độ"),
];

impl Severity {
    pub fn key(self) -> &'static str {
        match self {
            Severity::Unknown => "unknown",
            Severity::Mild => "mild",
            Severity::Moderate => "moderate",
            Severity::Severe => "severe",
        }
    }
    pub fn from_key(key: &str) -> Option<Severity> {
        [Severity::Unknown, Severity::Mild, Severity::Moderate, Severity::Severe].into_iter().find(|s| s.key() == key)
    }
}

/// What somebody may react to.
pub const ALLERGY_KINDS: [(&str, &str); 4] =
    [("drug", "Một thuốc"), ("drug_class", "Cả nhóm thuốc"), ("food", "Thức ăn"), ("other", "Khác")];

/// Alerts and priority marks with their words and first level.
pub const FLAG_KINDS: [(&str, &str, &str); 8] = [
    ("pregnant", "Phụ nữ có thai", "info"),
    ("disability_severe", "Khuyết tật nặng", "info"),
    ("disability_very_severe", "Khuyết tật đặc biệt nặng", "info"),
    ("merit", "Người có công với cách mạng", "info"),
    ("fall_risk", "Nguy cơ té ngã", "warning"),
    ("infection", "Cần cách ly lây nhiễm", "critical"),
    ("communication", "Cần hỗ trợ giao tiếp", "info"),
    ("other", "Lưu ý khác", "warning"),
];

/// The word of an alert; "" for an unknown kind.
pub fn flag_label(kind: &str) -> &'static str {
    FLAG_KINDS.iter().find(|(k, _, _)| *k == kind).map_or("", |(_, label, _)| label)
}

/// The word of a severity; "" for an unknown key.
pub fn severity_label(key: &str) -> &'static str {
    SEVERITIES.iter().find(|(k, _)| *k == key).map_or("", |(_, label)| label)
}

/// The allergy form as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TypedAllergy {
    pub id: String,
    pub substance: String,
    pub kind: String,
    pub ingredient_code: String,
    pub class_code: String,
    pub reaction: String,
    pub severity: String,
    pub certainty: String,
    pub back: String,
}

/// A checked allergy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllergyEntry {
    pub substance: String,
    pub kind: &'static str,
    pub ingredient_code: Option<String>,
    pub class_code: Option<String>,
    pub reaction: String,
    pub severity: Severity,
    pub certainty: &'static str,
}

impl AllergyEntry {
    /// Checks what was typed. A substance is asked for, and a severity, because the prescriber needs it.
    pub fn check(typed: &TypedAllergy) -> Result<AllergyEntry, Problems> {
        let mut problems = Problems::none();
        let substance = one_line(&mut problems, "substance", "Tên chất gây dị ứng", &typed.substance, 200);
        if base::fold(&substance).is_empty() && problems.at("substance").is_empty() {
            problems.add("substance", "Chưa ghi chất gây dị ứng. Gõ tên thuốc, nhóm thuốc hoặc thức ăn.");
        }
        let reaction = one_line(&mut problems, "reaction", "Biểu hiện", &typed.reaction, 300);
        let severity = Severity::from_key(&typed.severity);
        problems.add_if(severity.is_none(), "severity", "Chưa chọn mức độ. Không rõ thì chọn “Chưa rõ mức độ”.");
        let kind = ALLERGY_KINDS.iter().find(|(k, _)| *k == typed.kind).map_or("drug", |(k, _)| k);
        let code = |text: &str| Some(text.trim().to_owned()).filter(|c| !c.is_empty() && c.len() <= 60 && c.is_ascii());
        let Some(severity) = severity else { return Err(problems) };
        problems.or(AllergyEntry {
            substance,
            kind,
            ingredient_code: code(&typed.ingredient_code),
            class_code: code(&typed.class_code),
            reaction,
            severity,
            certainty: if typed.certainty == "confirmed" { "confirmed" } else { "reported" },
        })
    }
}

/// The alert form as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TypedFlag {
    pub id: String,
    pub kind: String,
    pub text: String,
    pub valid_to: String,
}

/// A checked alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagEntry {
    pub kind: &'static str,
    pub text: String,
    pub level: &'static str,
    pub valid_to: Option<NaiveDate>,
}

impl FlagEntry {
    /// Checks what was typed; "Lưu ý khác" needs its words, a pregnancy needs an end, or it would never go away.
    pub fn check(typed: &TypedFlag, today: NaiveDate) -> Result<FlagEntry, Problems> {
        let mut problems = Problems::none();
        let text = one_line(&mut problems, "text", "Nội dung lưu ý", &typed.text, 200);
        let Some((kind, _, level)) = FLAG_KINDS.iter().find(|(k, _, _)| *k == typed.kind) else {
            return Err(Problem::at("kind", "Chưa chọn loại lưu ý. Chọn một loại trong danh sách.").into());
        };
        problems.add_if(*kind == "other" && text.is_empty(), "text", "Chưa ghi nội dung lưu ý. Ghi ngắn gọn điều cần biết.");
        let until = match typed.valid_to.trim() {
            "" => None,
            day => {
                let until = base::parse_date_vi(day);
                problems.add_if(until.is_none(), "valid_to", "Ngày hết hiệu lực không có trong lịch. Ghi như 31/12/2026.");
                problems.add_if(until.is_some_and(|d| d < today), "valid_to", "Ngày hết hiệu lực đã qua. Ghi ngày sau hôm nay.");
                until
            }
        };
        problems.add_if(
            *kind == "pregnant" && until.is_none() && problems.at("valid_to").is_empty(),
            "valid_to",
            "Ghi ngày dự sinh để dấu này tự hết hiệu lực.",
        );
        problems.or(FlagEntry { kind, text, level, valid_to: until })
    }
}

fn one_line(problems: &mut Problems, field: &'static str, label: &str, typed: &str, longest: usize) -> String {
    let length = typed.chars().count();
    if length > longest + 50 {
        problems.add(field, format!("{label} dài {length} chữ, nhiều nhất {longest}. Rút gọn lại."));
        return String::new();
    }
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    problems.add_if(text.chars().any(char::is_control), field, format!("{label} có ký tự ẩn. Xóa ô này và gõ lại."));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allergy_needs_substance_and_severity() {
        let typed = TypedAllergy { substance: " Amoxicilin ".into(), severity: "severe".into(), ..Default::default() };
        let entry = AllergyEntry::check(&typed).unwrap();
        assert_eq!((entry.substance.as_str(), entry.kind, entry.certainty), ("Amoxicilin", "drug", "reported"));
        let empty = AllergyEntry::check(&TypedAllergy::default()).unwrap_err();
        assert!(!empty.at("substance").is_empty() && !empty.at("severity").is_empty());
        let long = TypedAllergy { substance: "a".repeat(9_000), severity: "mild".into(), ..Default::default() };
        assert!(AllergyEntry::check(&long).unwrap_err().at("substance").contains("Rút gọn"));
    }

    #[test]
    fn a_pregnancy_ends_by_itself() {
        let today = "2026-11-24".parse().unwrap();
        let typed = TypedFlag { kind: "pregnant".into(), ..Default::default() };
        assert!(FlagEntry::check(&typed, today).unwrap_err().at("valid_to").contains("dự sinh"));
        let dated = TypedFlag { valid_to: "01/05/2027".into(), ..typed };
        assert_eq!(FlagEntry::check(&dated, today).unwrap().kind, "pregnant");
    }
}
