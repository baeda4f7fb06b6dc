//! Two drugs together: contraindicated and other interactions, and the same substance or class twice.

use super::{Case, Finding, Fix, Severity, Taken, key};
use base::{fold, show_date};
use codes::interaction::Interaction;

pub fn interactions(case: &Case) -> Vec<Finding> {
    case.interactions.iter().filter_map(|met| interaction(case, met)).collect()
}

fn interaction(case: &Case, met: &Interaction) -> Option<Finding> {
    let (first, second) = (case.drug(met.first)?, case.drug(met.second)?);
    if first.line.is_none() && second.line.is_none() {
        return None;
    }
    let is_legal = met.verified && met.severity == "contraindicated";
    let severity = match met.severity.as_str() {
        _ if is_legal => Severity::Blocks,
        "contraindicated" | "danger" if met.verified => Severity::Warns,
        "danger" => Severity::Warns,
        _ => Severity::Informs,
    };
    let word = if is_legal { "Chống chỉ định phối hợp" } else { "Tương tác" };
    let mut fact = home_fact(first).or_else(|| home_fact(second)).unwrap_or_default();
    for text in [&met.mechanism, &met.consequence] {
        push_sentence(&mut fact, text);
    }
    Some(Finding {
        key: key(if is_legal { "contraindicated" } else { "interaction" }, &[&first.name, &second.name]),
        severity,
        claim: format!("{word}: {} + {}", first.name, second.name),
        fact,
        source: met.source.clone(),
        is_verified: met.verified,
        is_allergy: false,
        fixes: fixes(first, second, is_legal),
        overruled: None,
    })
}

/// "Người bệnh đang dùng Simvastatin 20 mg đến 11/12/2026 (đơn 12/11/2026)."
fn home_fact(drug: &Taken) -> Option<String> {
    let home = drug.home.as_ref()?;
    let (until, on) = (show_date(home.until), show_date(home.prescribed_on));
    Some(format!("Người bệnh đang dùng {} đến {until} (đơn {on}).", drug.name))
}

fn push_sentence(text: &mut String, sentence: &str) {
    let sentence = sentence.trim().trim_end_matches('.');
    if sentence.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
    text.push('.');
}

/// The drug added last goes first; a medicine at home may be paused; the third way is a reason.
fn fixes(first: &Taken, second: &Taken, may_overrule: bool) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = [second, first]
        .into_iter()
        .filter_map(|drug| Some(Fix::Remove { line: drug.line?, name: drug.name.clone() }))
        .collect();
    if let (Some(home), Some(new)) = (
        [first, second].into_iter().find(|d| d.home.is_some()),
        [first, second].into_iter().find(|d| d.line.is_some()),
    ) {
        fixes.push(Fix::StopAtHome { name: home.name.clone(), days: new.days.max(1) });
    }
    if may_overrule {
        fixes.push(Fix::Overrule);
    }
    fixes.truncate(3);
    fixes
}

/// The same substance twice, also with what is at home; then the same class.
pub fn duplicates(case: &Case) -> Vec<Finding> {
    let keys: Vec<Vec<String>> = case.taken.iter().map(|t| codes::substance::keys(&t.ingredient)).collect();
    let mut findings = Vec::new();
    for (a, first) in case.taken.iter().enumerate() {
        for (b, second) in case.taken.iter().enumerate().skip(a + 1) {
            if first.line.is_none() && second.line.is_none() {
                continue;
            }
            if keys[a].iter().any(|k| keys[b].contains(k)) {
                findings.push(same_substance(first, second));
            } else if let Some(class) = shared_class(case, a, b) {
                findings.push(same_class(first, second, &class));
            }
        }
    }
    findings
}

fn same_substance(first: &Taken, second: &Taken) -> Finding {
    let fact = home_fact(first).or_else(|| home_fact(second));
    Finding {
        key: key("duplicate", &[&first.name, &second.name]),
        severity: Severity::Warns,
        claim: format!("Trùng hoạt chất: {} và {}", first.name, second.name),
        fact: fact.unwrap_or_else(|| "Cùng một hoạt chất được kê hai lần trong đơn này.".into()),
        source: "Danh mục thuốc của cơ sở".into(),
        is_verified: true,
        is_allergy: false,
        fixes: fixes(first, second, false),
        overruled: None,
    }
}

fn same_class(first: &Taken, second: &Taken, class: &str) -> Finding {
    let mut fact = home_fact(first).or_else(|| home_fact(second)).unwrap_or_default();
    push_sentence(&mut fact, &format!("Cả hai thuộc: {class}"));
    Finding {
        key: key("class", &[&first.name, &second.name]),
        severity: Severity::Warns,
        claim: if class == ANTIBIOTIC { "Hai kháng sinh cùng lúc".into() } else { "Hai thuốc cùng nhóm".into() },
        fact: format!("{} và {}. {fact}", first.name, second.name),
        source: "Phân nhóm thuốc".into(),
        is_verified: false,
        is_allergy: false,
        fixes: fixes(first, second, false),
        overruled: None,
    }
}

const ANTIBIOTIC: &str = "kháng sinh";

/// The class that two different drugs share: the very same words in the catalogue, or both antibiotics.
fn shared_class(case: &Case, a: usize, b: usize) -> Option<String> {
    let of = |n: usize| {
        let classes = case.facts.iter().filter(move |f| f.drug as usize == n).filter_map(|f| f.class.as_deref());
        classes.map(|c| (c.to_owned(), fold(c))).collect::<Vec<_>>()
    };
    let (first, second) = (of(a), of(b));
    if let Some((class, _)) = first.iter().find(|(_, x)| second.iter().any(|(_, y)| x == y)) {
        return Some(class.clone());
    }
    let antibiotic = |classes: &[(String, String)]| classes.iter().any(|(_, c)| c.contains("khang sinh"));
    (antibiotic(&first) && antibiotic(&second)).then(|| ANTIBIOTIC.to_owned())
}
