//! The booklet's front, the same on every page about a person: who, how old, what must not be overlooked.

use crate::store::chart::Front;
use crate::store::visit::Visit;
use base::{Age, show_date};
use chrono::NaiveDate;
use web::{Ctx, Failure, PanelFor, Tx};

/// The field names are those of the shared banner part.
pub struct Banner {
    pub spine: u8,
    pub ticket: String,
    pub name: String,
    pub facts: String,
    pub birth: String,
    pub record_no: String,
    pub id_tail: String,
    pub phone: String,
    pub commune: String,
    /// Colour classes, icon and word: only where no module hangs the badges of the person at `chart.banner`.
    pub badges: Vec<(&'static str, &'static str, String)>,
    /// The badges that modules hang there, allergy first.
    pub panels: Vec<String>,
}

impl Banner {
    /// The banner with what modules hang on it. Allergies are never silent: without such a module they are shown from
    /// the visit itself.
    pub async fn load(ctx: &Ctx, tx: &mut Tx, visit: &Visit, front: &Front) -> Result<Banner, Failure> {
        let about = PanelFor { encounter: Some(visit.id()), patient: Some(visit.patient()) };
        let panels = ctx.panels("chart.banner", tx, &about).await?;
        let mut banner = Banner::new(visit, front);
        if !panels.is_empty() {
            banner.badges.clear();
            banner.panels = panels;
        }
        Ok(banner)
    }

    fn new(visit: &Visit, front: &Front) -> Banner {
        let mut badges = vec![allergy(front)];
        for flag in &front.flags.0 {
            let kind = match flag.level.as_str() {
                "critical" => "critical",
                "info" => "info",
                _ => "warning",
            };
            badges.push((kind, flag_icon(&flag.kind), flag_word(&flag.kind, &flag.text)));
        }
        if front.payer == "insurance" {
            badges.push(("done", "shield-check", "BHYT".to_string()));
        }
        let birth =
            if front.birth_year_only { visit.birth_date.format("%Y").to_string() } else { show_date(visit.birth_date) };
        let digits: Vec<char> = front.cccd.chars().collect();
        Banner {
            spine: base::PersonId(front.person_id).spine(),
            ticket: front.number.map(|n| n.to_string()).unwrap_or_default(),
            name: front.name.clone(),
            facts: facts(&visit.sex, visit.birth_date, visit.day),
            birth,
            record_no: front.record_no.clone(),
            id_tail: if digits.len() == 12 {
                format!("…{}", digits[8..].iter().collect::<String>())
            } else {
                String::new()
            },
            phone: front.phone.clone(),
            commune: front.commune.clone().unwrap_or_default(),
            badges,
            panels: Vec::new(),
        }
    }
}

/// `Nam · 41 tuổi`.
pub fn facts(sex: &str, birth: NaiveDate, on: NaiveDate) -> String {
    let age = Age::on(birth, on);
    match sex_word(sex) {
        "" => age.to_string(),
        sex => format!("{sex} · {age}"),
    }
}

pub fn sex_word(sex: &str) -> &'static str {
    match sex {
        "male" => "Nam",
        "female" => "Nữ",
        _ => "",
    }
}

/// Absence is never silence: "not asked" is a warning of its own.
fn allergy(front: &Front) -> (&'static str, &'static str, String) {
    if !front.allergies.0.is_empty() {
        return ("allergy solid", "hand-stop", format!("DỊ ỨNG: {}", front.allergies.0.join(", ")));
    }
    match front.allergy_state.as_str() {
        "none_known" => ("neutral", "circle-check", "Chưa ghi nhận dị ứng".to_string()),
        _ => ("warning", "alert-triangle", "Chưa khai thác dị ứng".to_string()),
    }
}

fn flag_icon(kind: &str) -> &'static str {
    match kind {
        "pregnant" => "heart-handshake",
        "disability_severe" | "disability_very_severe" => "wheelchair",
        "merit" => "star",
        "fall_risk" => "fall",
        "infection" => "virus",
        "communication" => "message",
        _ => "alert-triangle",
    }
}

fn flag_word(kind: &str, text: &str) -> String {
    let word = match kind {
        "pregnant" => "Mang thai",
        "disability_severe" => "Khuyết tật nặng",
        "disability_very_severe" => "Khuyết tật đặc biệt nặng",
        "merit" => "Người có công",
        "fall_risk" => "Nguy cơ ngã",
        "infection" => "Nguy cơ lây nhiễm",
        "communication" => "Cần hỗ trợ giao tiếp",
        _ => "",
    };
    match (word, text) {
        (word, "") => word.to_string(),
        ("", text) => text.to_string(),
        (word, text) => format!("{word}: {text}"),
    }
}
