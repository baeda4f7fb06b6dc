//! The dose and the person: daily maxima by age and weight, and what the catalogue remarks for the young and the old.

use super::{Case, Finding, Severity, Taken, key};
use codes::substance::MaxDose;

/// Below this age the maximum goes by weight.
const BY_WEIGHT_BELOW_YEARS: i32 = 12;
/// From this age the remarks for old people are shown.
const OLD_FROM_YEARS: i32 = 65;

pub fn daily_maxima(case: &Case) -> Vec<Finding> {
    case.max_doses.iter().filter_map(|max| daily_maximum(case, max)).collect()
}

fn daily_maximum(case: &Case, max: &MaxDose) -> Option<Finding> {
    let drug = case.drug(max.drug).filter(|d| d.line.is_some() && same_route(d, max))?;
    let given = drug.most_mg_per_day?;
    let is_child = case.age.is_some_and(|a| a.years < BY_WEIGHT_BELOW_YEARS);
    let (limit, how) = if is_child {
        let kg = case.weight_g? as f64 / 1000.0;
        let per_kg = max.child_max_mg_per_kg_per_day?;
        (per_kg * kg, format!("{} mg/kg × {} kg", number(per_kg), number(kg)))
    } else {
        (max.adult_max_mg_per_day?, "người lớn".to_owned())
    };
    (given > limit * 1.001).then(|| Finding {
        key: key("max", &[&drug.name]),
        severity: Severity::Warns,
        claim: format!("Liều ngày cao: {}", drug.name),
        fact: format!("Tối đa {} mg/ngày theo đơn; mức tham khảo {} mg/ngày ({how}).", number(given), number(limit)),
        source: "Liều tối đa tham khảo".into(),
        is_verified: false,
        is_allergy: false,
        fixes: Vec::new(),
        overruled: None,
    })
}

/// The remark of the catalogue, for whom age makes it matter.
pub fn age_notes(case: &Case) -> Vec<Finding> {
    let Some(age) = case.age else { return Vec::new() };
    let who = match age.years {
        y if y < 18 => "Trẻ em",
        y if y >= OLD_FROM_YEARS => "Người cao tuổi",
        _ => return Vec::new(),
    };
    let notes = case.max_doses.iter().filter_map(|max| {
        let drug = case.drug(max.drug).filter(|d| d.line.is_some() && same_route(d, max))?;
        let note = max.note.as_deref().filter(|n| !n.trim().is_empty())?;
        Some(Finding {
            key: key("age", &[&drug.name]),
            severity: Severity::Informs,
            claim: format!("{who} ({age}): {}", drug.name),
            fact: format!("{}.", note.trim().trim_end_matches('.')),
            source: "Liều tối đa tham khảo".into(),
            is_verified: false,
            is_allergy: false,
            fixes: Vec::new(),
            overruled: None,
        })
    });
    notes.collect()
}

fn same_route(drug: &Taken, max: &MaxDose) -> bool {
    let route = base::fold(&drug.route);
    match max.route.as_str() {
        "oral" => route.is_empty() || route.contains("uong"),
        "injection" => route.contains("tiem") || route.contains("truyen"),
        _ => false,
    }
}

/// A decimal comma, at most one decimal.
fn number(value: f64) -> String {
    let shown = format!("{value:.1}");
    shown.trim_end_matches(".0").replace('.', ",")
}
