//! The drug and the person: allergies, pregnancy and breast-feeding, and what nobody has asked yet.

use super::{Case, Finding, Fix, Severity, key};
use codes::substance::AllergyMatch;

pub fn allergies(case: &Case) -> Vec<Finding> {
    case.allergy_matches.iter().filter_map(|hit| allergy(case, hit)).collect()
}

fn allergy(case: &Case, hit: &AllergyMatch) -> Option<Finding> {
    let drug = case.drug(hit.drug)?;
    let line = drug.line?;
    let allergy = usize::try_from(hit.allergy).ok().and_then(|n| case.allergies.get(n))?;
    // The record speaks of this substance, or of a class as a class: that is the person's own fact. That another
    // substance of a group may react too is knowledge under review, which only informs.
    let recorded = hit.same_substance || allergy.is_class;
    let reaction = if allergy.reaction.is_empty() { String::new() } else { format!(" ({})", allergy.reaction) };
    let mut fact = format!("Hồ sơ ghi dị ứng {}{reaction}.", allergy.substance);
    if let Some(group) = &hit.group_name {
        fact.push_str(&format!(" {} thuộc nhóm {group}.", drug.name));
    }
    if let Some(note) = hit.note.as_deref().filter(|n| !n.is_empty()) {
        fact.push_str(&format!(" {}.", note.trim_end_matches('.')));
    }
    let mut fixes = vec![Fix::Remove { line, name: drug.name.clone() }];
    if recorded {
        fixes.push(Fix::Overrule);
    }
    Some(Finding {
        key: key("allergy", &[&allergy.substance, &drug.name]),
        severity: if recorded { Severity::Blocks } else { Severity::Warns },
        claim: if recorded { format!("Dị ứng: {}", drug.name) } else { format!("Có thể dị ứng chéo: {}", drug.name) },
        fact,
        source: if recorded { "Hồ sơ người bệnh".into() } else { "Nhóm phản ứng chéo".into() },
        is_verified: recorded,
        is_allergy: true,
        fixes,
        overruled: None,
    })
}

/// Ages between which an unasked pregnancy is thought of.
const MAY_BE_PREGNANT: std::ops::RangeInclusive<i32> = 15..=49;

pub fn pregnancy(case: &Case) -> Vec<Finding> {
    let may_be = case.is_female && !case.is_pregnant && case.age.is_some_and(|a| MAY_BE_PREGNANT.contains(&a.years));
    let mut findings = Vec::new();
    for facts in &case.facts {
        let Some((drug, line)) = case.drug(facts.drug).and_then(|d| Some((d, d.line?))) else { continue };
        let mut add = |kind: &str, severity, claim: String, fact: String| {
            findings.push(Finding {
                key: key(kind, &[&facts.name, &drug.name]),
                severity,
                claim,
                fact,
                source: "Phân loại dùng thuốc khi mang thai, cho con bú".into(),
                is_verified: false,
                is_allergy: false,
                fixes: vec![Fix::Remove { line, name: drug.name.clone() }],
                overruled: None,
            });
        };
        let letters = [("TGA", &facts.tga_category), ("FDA", &facts.fda_category)];
        let letters: Vec<String> = letters.iter().filter_map(|(who, l)| l.as_ref().map(|l| format!("{who} {l}"))).collect();
        let letters = if letters.is_empty() { String::new() } else { format!(" Phân loại {}.", letters.join(", ")) };
        match facts.pregnancy.as_deref() {
            Some("forbidden") if case.is_pregnant => {
                add("pregnancy", Severity::Warns, format!("Không dùng khi mang thai: {}", drug.name), format!("Người bệnh đang mang thai.{letters}"));
            }
            Some("caution") if case.is_pregnant => {
                add("pregnancy", Severity::Informs, format!("Thận trọng khi mang thai: {}", drug.name), format!("Người bệnh đang mang thai.{letters}"));
            }
            Some("forbidden") if may_be => {
                add("pregnancy", Severity::Informs, format!("Hỏi thai trước khi kê {}", drug.name), format!("Thuốc không dùng khi mang thai; hồ sơ chưa ghi có thai hay không.{letters}"));
            }
            _ => {}
        }
        match facts.lactation.as_deref() {
            Some("forbidden") if case.is_breast_feeding => {
                add("lactation", Severity::Warns, format!("Không dùng khi cho con bú: {}", drug.name), "Người bệnh đang cho con bú.".into());
            }
            Some("caution") if case.is_breast_feeding => {
                add("lactation", Severity::Informs, format!("Thận trọng khi cho con bú: {}", drug.name), "Người bệnh đang cho con bú.".into());
            }
            _ => {}
        }
    }
    findings
}

/// What could not be checked is said, never left silent.
pub fn unknowns(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut inform = |key: String, severity, claim: String, fact: &str| {
        findings.push(Finding {
            key,
            severity,
            claim,
            fact: fact.into(),
            source: String::new(),
            is_verified: true,
            is_allergy: false,
            fixes: Vec::new(),
            overruled: None,
        });
    };
    if case.draft().next().is_some() && case.allergies.is_empty() && !case.allergies_were_asked {
        inform("allergy-unasked".into(), Severity::Warns, "Chưa khai thác dị ứng".into(), "Hỏi người bệnh rồi ghi vào hồ sơ, kể cả khi không có.");
    }
    for (_, drug) in case.draft().filter(|(_, d)| d.is_free_text) {
        let fact = "Thuốc ghi tự do, ngoài danh mục của cơ sở: chỉ dò được theo tên đã gõ, không có giá.";
        inform(key("free", &[&drug.name]), Severity::Informs, format!("Chưa kiểm tra đầy đủ: {}", drug.name), fact);
    }
    findings
}
