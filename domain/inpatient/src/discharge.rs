//! The end of a stay: how it may end, what the doctor must have written, and what still stands in the way.

use base::{Problems, Vnd};
use chrono::{DateTime, NaiveDate, Utc};

/// A key with its word, as forms offer it.
pub type Choice = (&'static str, &'static str);

/// Result of treatment, in the order of the discharge part of a record.
pub const OUTCOMES: [Choice; 5] =
    [("recovered", "Khỏi"), ("improved", "Đỡ, giảm"), ("unchanged", "Không thay đổi"), ("worse", "Nặng hơn"), ("died", "Tử vong")];

/// How the patient leaves.
pub const WAYS: [Choice; 5] =
    [("discharged", "Ra viện"), ("asked", "Xin về"), ("left", "Bỏ về"), ("taken_home", "Đưa về"), ("transferred", "Chuyển viện")];

/// The word of a key, or "" for an unknown one.
pub fn word(choices: &[Choice], key: &str) -> &'static str {
    choices.iter().find(|(known, _)| *known == key).map_or("", |(_, word)| *word)
}

/// The last day counts as a bed day: died, got worse, was sent on, or was taken home in a hopeless state.
pub fn is_hard_end(outcome: &str, way: &str) -> bool {
    matches!(outcome, "died" | "worse") || matches!(way, "transferred" | "taken_home")
}

/// One final diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Final {
    pub code: String,
    pub name: String,
}

/// The decision as it was typed and read.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    pub outcome: String,
    pub way: String,
    pub leave_at: Option<DateTime<Utc>>,
    pub diagnoses: Vec<Final>,
    pub course: String,
    pub results: String,
    pub treatment: String,
    pub condition: String,
    pub advice: String,
    pub follow_up_on: Option<NaiveDate>,
    pub destination: String,
    pub death_cause: String,
}

/// Refuses, all at once, what a discharge cannot do without: result and way, a main diagnosis with its code, course,
/// treatment, condition, a time of leaving between admission and tomorrow, the place of a transfer, the cause of a death.
pub fn check(decision: &Decision, admitted: DateTime<Utc>, now: DateTime<Utc>, problems: &mut Problems) {
    problems.add_if(word(&OUTCOMES, &decision.outcome).is_empty(), "outcome", "Chưa chọn kết quả điều trị.");
    problems.add_if(word(&WAYS, &decision.way).is_empty(), "way", "Chưa chọn hình thức ra viện.");
    problems.add_if(decision.diagnoses.is_empty(), "diagnoses", "Chưa có chẩn đoán ra viện kèm mã ICD-10. Mỗi dòng một mã, dòng đầu là bệnh chính.");
    problems.add_if(decision.course.trim().is_empty(), "course", "Chưa ghi quá trình bệnh lý và diễn biến lâm sàng.");
    problems.add_if(decision.treatment.trim().is_empty(), "treatment", "Chưa ghi phương pháp điều trị.");
    problems.add_if(decision.condition.trim().is_empty(), "condition", "Chưa ghi tình trạng người bệnh khi ra viện.");
    problems.add_if(decision.way == "transferred" && decision.destination.trim().is_empty(), "destination", "Chuyển viện thì ghi nơi chuyển đến.");
    problems.add_if(decision.outcome == "died" && decision.death_cause.trim().is_empty(), "death_cause", "Tử vong thì ghi nguyên nhân tử vong.");
    match decision.leave_at {
        None => problems.add("leave_at", "Chưa ghi giờ ra viện."),
        // Typed to the minute, known to the second: who leaves in the minute of arrival is not early.
        Some(at) if at + chrono::TimeDelta::minutes(1) <= admitted => problems.add("leave_at", "Giờ ra viện sớm hơn giờ vào viện. Kiểm tra lại."),
        Some(at) if at > now + chrono::TimeDelta::days(2) => problems.add("leave_at", "Giờ ra viện chỉ ghi trước tối đa 2 ngày."),
        Some(at) => {
            let day = base::local_date(at);
            problems.add_if(decision.follow_up_on.is_some_and(|on| on <= day), "follow_up_on", "Ngày hẹn khám lại phải sau ngày ra viện.");
        }
    }
}

/// One thing that is still open, with the page on which it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub what: String,
    pub href: String,
    pub icon: &'static str,
    /// Keeps the patient here; a paper does not, it has a term after the discharge.
    pub keeps: bool,
}

/// Everything that must be closed before a patient may leave, as the modules know it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Times that are due or held, and orders with times still to come.
    pub open_tasks: i64,
    pub open_orders: Vec<String>,
    /// Medicines asked for and not issued yet, and issued beyond what was given and not returned.
    pub open_requests: i64,
    pub to_return: Vec<String>,
    pub open_consults: i64,
    pub open_operations: Vec<String>,
    pub diagnostics: Vec<String>,
    pub gaps: Vec<String>,
    pub owed: Vnd,
    pub needs_death_review: bool,
}

/// What is still open, in the order in which a ward clears it. Care, medicines and money keep the patient here; papers of the
/// record are told too, but may be completed within their term after the patient left.
pub fn open_things(facts: &Facts, stay: uuid::Uuid, ward: uuid::Uuid) -> Vec<Open> {
    let of = |part: &str| if part.is_empty() { format!("/app/stays/{stay}") } else { format!("/app/stays/{stay}/{part}") };
    let mut open = Vec::new();
    let mut add = |what: String, href: String, icon: &'static str| open.push(Open { what, href, icon, keeps: true });
    if facts.open_tasks > 0 {
        add(format!("{} lần thực hiện y lệnh chưa ghi (làm, từ chối hoặc ngừng y lệnh)", facts.open_tasks), of("tasks"), "list-check");
    }
    for order in &facts.open_orders {
        add(format!("Y lệnh còn hiệu lực: {order}"), of(""), "pill");
    }
    for operation in &facts.open_operations {
        add(format!("Ca mổ chưa xong hồ sơ: {operation}"), of("theatre"), "cut");
    }
    if facts.open_consults > 0 {
        add(format!("{} biên bản hội chẩn chưa kết luận", facts.open_consults), of("consults"), "users-group");
    }
    for order in &facts.diagnostics {
        add(format!("Chỉ định chưa có kết quả: {order}"), of("orders"), "test-pipe");
    }
    if facts.open_requests > 0 {
        add(format!("{} phiếu lĩnh thuốc chưa phát", facts.open_requests), format!("/app/wards/{ward}/supplies"), "package");
    }
    for drug in &facts.to_return {
        add(format!("Thuốc chưa dùng chưa trả khoa Dược: {drug}"), format!("/app/wards/{ward}/supplies"), "arrow-back-up");
    }
    if facts.needs_death_review {
        add("Chưa có biên bản kiểm thảo tử vong".into(), of("discharge#death-review"), "clipboard-text");
    }
    if facts.owed > Vnd::ZERO {
        add(format!("Viện phí còn phải thu {} đ", facts.owed), format!("/app/cashier/{stay}"), "coin");
    }
    for gap in &facts.gaps {
        open.push(Open { what: gap.clone(), href: of("record"), icon: "file-text", keeps: false });
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_open_thing_is_listed_with_its_page() {
        let stay = uuid::Uuid::from_u128(1);
        let ward = uuid::Uuid::from_u128(2);
        assert!(open_things(&Facts { owed: Vnd(-5000), ..Facts::default() }, stay, ward).is_empty(), "a deposit too much does not keep anybody");
        let facts = Facts {
            open_tasks: 2,
            open_orders: vec!["Ceftriaxon 2 g".into()],
            open_requests: 1,
            to_return: vec!["Paracetamol 2 viên".into()],
            open_consults: 1,
            open_operations: vec!["Cắt ruột thừa".into()],
            diagnostics: vec!["CRP".into()],
            gaps: vec!["Phiếu chăm sóc chưa ký".into()],
            owed: Vnd(120_000),
            needs_death_review: true,
        };
        let open = open_things(&facts, stay, ward);
        assert_eq!(open.len(), 10);
        assert_eq!(open.iter().filter(|o| !o.keeps).map(|o| o.what.as_str()).collect::<Vec<_>>(), ["Phiếu chăm sóc chưa ký"]);
        assert!(open.iter().all(|o| o.href.starts_with("/app/") && !o.what.is_empty()));
    }

    #[test]
    fn a_decision_says_everything_that_is_missing_at_once() {
        let now: DateTime<Utc> = "2026-11-24T03:00:00Z".parse().unwrap();
        let mut problems = Problems::none();
        check(&Decision { way: "transferred".into(), outcome: "died".into(), ..Decision::default() }, now, now, &mut problems);
        for field in ["diagnoses", "course", "treatment", "condition", "destination", "death_cause", "leave_at"] {
            assert!(!problems.at(field).is_empty(), "{field}");
        }
        let mut problems = Problems::none();
        check(&Decision { leave_at: Some(now), ..Decision::default() }, now + chrono::TimeDelta::seconds(40), now, &mut problems);
        assert_eq!(problems.at("leave_at"), "", "the same minute");
        let mut problems = Problems::none();
        check(&Decision { leave_at: Some(now), ..Decision::default() }, now + chrono::TimeDelta::seconds(60), now, &mut problems);
        assert_ne!(problems.at("leave_at"), "");
        let fine = Decision {
            outcome: "improved".into(),
            way: "discharged".into(),
            leave_at: Some(now),
            diagnoses: vec![Final { code: "J18.9".into(), name: "Viêm phổi".into() }],
            course: "Sốt, ho, đã giảm".into(),
            treatment: "Kháng sinh".into(),
            condition: "Ổn định".into(),
            ..Decision::default()
        };
        let mut problems = Problems::none();
        check(&fine, now, now, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn keys_are_those_of_the_event() {
        assert!(is_hard_end("died", "discharged") && is_hard_end("improved", "transferred") && !is_hard_end("improved", "asked"));
        assert_eq!(word(&OUTCOMES, "recovered"), "Khỏi");
        assert_eq!(word(&WAYS, "?"), "");
    }
}
