//! Diagnoses of a visit: ICD-10 codes of the list in force on the day, one of them the main one.
//!
//! The list is annexed to Circular 06/2026/TT-BYT; its flags say which codes may not stand as main diagnosis, which
//! have finer codes below them, and which belong to one sex. Each refusal names the reason, so that the doctor
//! picks the right code at once instead of guessing.

use base::{Age, Problem, Problems};
use serde::{Deserialize, Serialize};

/// Most outpatient visits have one to three; insurance files hold the main code and twelve others.
pub const MAX_DIAGNOSES: usize = 13;

/// One diagnosis of a visit. The first of the list is the main one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub code: String,
    /// The name in the list on the day it was chosen.
    pub name: String,
    /// The doctor's own words, printed after the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl Diagnosis {
    /// `J02.9 Viêm họng cấp tính, không xác định (bên phải)`.
    pub fn shown(&self) -> String {
        match self.remark.as_str() {
            "" => format!("{} {}", self.code, self.name),
            remark => format!("{} {} ({remark})", self.code, self.name),
        }
    }
}

/// What the catalogue says of a code, as far as the rules need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeFacts {
    pub code: String,
    pub name: String,
    /// The list it belongs to is in force on the day of the visit.
    pub is_in_force: bool,
    pub not_main: bool,
    pub discouraged_main: bool,
    pub has_more_specific: bool,
    pub death_only: bool,
    /// `male` or `female` when the code belongs to one sex.
    pub sex: Option<String>,
    /// False when the list says "mostly" of that sex.
    pub is_sex_strict: bool,
    pub age: Option<AgeLimit>,
}

impl CodeFacts {
    /// The catalogue's row, and whether its list is in force on the day of the visit.
    pub fn of(row: &codes::icd10::Icd10, is_in_force: bool) -> CodeFacts {
        let is_limited = row.age_min_days.is_some() || row.age_max_days.is_some();
        CodeFacts {
            code: row.code.clone(),
            name: row.name.clone(),
            is_in_force,
            not_main: row.not_main,
            discouraged_main: row.discouraged_main,
            has_more_specific: row.has_more_specific,
            death_only: row.death_only,
            sex: row.sex.clone(),
            is_sex_strict: row.sex_strict,
            age: is_limited.then(|| AgeLimit {
                min_days: row.age_min_days.map(i64::from),
                max_days: row.age_max_days.map(i64::from),
                reason: row.age_reason.clone().unwrap_or_else(|| format!("{} không hợp với tuổi", row.code)),
            }),
        }
    }
}

/// The ages a code may be used at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeLimit {
    pub min_days: Option<i64>,
    pub max_days: Option<i64>,
    pub reason: String,
}

/// Where the code is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Main,
    Other,
}

/// Whom the code is given to.
#[derive(Clone, Copy, Debug)]
pub struct Whom<'a> {
    /// `male`, `female` or `unknown`.
    pub sex: &'a str,
    pub age: Age,
    /// The visit ends with the death of the person.
    pub died: bool,
}

/// Why a code may not stand there, or `None`. The text names the code and what to do instead.
pub fn refusal(facts: &CodeFacts, place: Place, whom: Whom<'_>) -> Option<Problem> {
    let code = &facts.code;
    let other_sex = match whom.sex {
        "male" => "female",
        "female" => "male",
        _ => "",
    };
    let text = if !facts.is_in_force {
        format!("{code} không còn trong danh mục ICD-10 đang áp dụng. Chọn mã của danh mục mới.")
    } else if facts.has_more_specific {
        format!("{code} là mã nhóm, còn mã chi tiết hơn. Chọn mã 4 hoặc 5 ký tự bên dưới.")
    } else if place == Place::Main && facts.not_main {
        format!("{code} không được dùng làm bệnh chính (TT 06/2026). Ghi ở bệnh kèm theo, chọn bệnh chính khác.")
    } else if facts.death_only && !whom.died {
        format!("{code} chỉ dùng khi người bệnh tử vong. Chọn mã khác hoặc sửa hướng xử trí.")
    } else if facts.is_sex_strict && !other_sex.is_empty() && facts.sex.as_deref() == Some(other_sex) {
        let belongs = if other_sex == "female" { "nữ" } else { "nam" };
        format!("{code} chỉ dùng cho {belongs}. Chọn mã khác hoặc kiểm tra giới tính trên hồ sơ.")
    } else if let Some(limit) = facts.age.as_ref().filter(|limit| !limit.fits(whom.age)) {
        format!("{}. Chọn mã khác hoặc kiểm tra ngày sinh trên hồ sơ.", limit.reason.trim_end_matches('.'))
    } else {
        return None;
    };
    Some(Problem::at("diagnosis", text))
}

/// What is allowed but worth a second look; shown, never blocking.
pub fn caution(facts: &CodeFacts, place: Place, whom: Whom<'_>) -> Option<String> {
    let code = &facts.code;
    if place == Place::Main && facts.discouraged_main {
        return Some(format!("{code} không nên dùng làm bệnh chính nếu đã có chẩn đoán rõ hơn."));
    }
    match (facts.sex.as_deref(), whom.sex) {
        (Some("female"), "male") => Some(format!("{code} thường chỉ gặp ở nữ.")),
        (Some("male"), "female") => Some(format!("{code} thường chỉ gặp ở nam.")),
        _ => None,
    }
}

impl AgeLimit {
    fn fits(&self, age: Age) -> bool {
        self.min_days.is_none_or(|least| age.days >= least) && self.max_days.is_none_or(|most| age.days <= most)
    }
}

/// Puts a code into the list: at the front as main diagnosis (the former main one moves behind it), or at the end.
/// Refuses what [`refusal`] refuses, a code that is already there, and a list that is full.
pub fn add(list: &mut Vec<Diagnosis>, facts: &CodeFacts, place: Place, whom: Whom<'_>) -> Result<(), Problems> {
    if let Some(problem) = refusal(facts, place, whom) {
        return Err(problem.into());
    }
    if let Some(at) = list.iter().position(|d| d.code == facts.code) {
        if place == Place::Main && at > 0 {
            let chosen = list.remove(at);
            list.insert(0, chosen);
            return Ok(());
        }
        let where_ = if at == 0 { "bệnh chính" } else { "bệnh kèm theo" };
        return Err(Problem::at("diagnosis", format!("{} đã có ở {where_}.", facts.code)).into());
    }
    if list.len() >= MAX_DIAGNOSES {
        let text = format!("Đã đủ {MAX_DIAGNOSES} mã. Bỏ bớt một mã trước khi thêm.");
        return Err(Problem::at("diagnosis", text).into());
    }
    let diagnosis = Diagnosis { code: facts.code.clone(), name: facts.name.clone(), remark: String::new() };
    match place {
        Place::Main => list.insert(0, diagnosis),
        Place::Other => list.push(diagnosis),
    }
    Ok(())
}

/// Checks a whole list against the catalogue of the day, the first entry as main diagnosis; used when a visit is
/// finished, because the list, the person's record or the disposition may have changed since the code was chosen.
pub fn check_all<'a>(
    list: &[Diagnosis],
    facts_of: impl Fn(&str) -> Option<&'a CodeFacts>,
    whom: Whom<'_>,
    problems: &mut Problems,
) {
    for (i, diagnosis) in list.iter().enumerate() {
        let place = if i == 0 { Place::Main } else { Place::Other };
        match facts_of(&diagnosis.code) {
            Some(facts) => problems.0.extend(refusal(facts, place, whom)),
            None => problems.add("diagnosis", format!("Không có mã {} trong danh mục ICD-10.", diagnosis.code)),
        }
        if list[..i].iter().any(|d| d.code == diagnosis.code) {
            problems.add("diagnosis", format!("{} ghi hai lần. Bỏ bớt một dòng.", diagnosis.code));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(code: &str) -> CodeFacts {
        CodeFacts { code: code.into(), name: format!("Bệnh {code}"), is_in_force: true, ..CodeFacts::default() }
    }
    fn whom(sex: &'static str, years: i32) -> Whom<'static> {
        Whom { sex, age: Age { years, months: years * 12, days: i64::from(years) * 365 }, died: false }
    }

    #[test]
    fn each_misfit_is_refused_with_its_own_reason() {
        let perinatal =
            AgeLimit { min_days: None, max_days: Some(365), reason: "P chỉ dùng cho trẻ dưới 1 tuổi".into() };
        let cases = [
            (CodeFacts { is_in_force: false, ..facts("A90") }, Place::Main, whom("male", 41), "không còn"),
            (CodeFacts { has_more_specific: true, ..facts("J02") }, Place::Other, whom("male", 41), "chi tiết hơn"),
            (CodeFacts { not_main: true, ..facts("B95.0") }, Place::Main, whom("male", 41), "bệnh chính"),
            (CodeFacts { death_only: true, ..facts("R96.0") }, Place::Main, whom("male", 41), "tử vong"),
            (
                CodeFacts { sex: Some("female".into()), is_sex_strict: true, ..facts("O80.0") },
                Place::Main,
                whom("male", 41),
                "chỉ dùng cho nữ",
            ),
            (
                CodeFacts { sex: Some("male".into()), is_sex_strict: true, ..facts("N40") },
                Place::Main,
                whom("female", 41),
                "chỉ dùng cho nam",
            ),
            (CodeFacts { age: Some(perinatal), ..facts("P22.0") }, Place::Main, whom("male", 41), "dưới 1 tuổi"),
        ];
        for (facts, place, whom, reason) in cases {
            let problem = refusal(&facts, place, whom).unwrap_or_else(|| panic!("{} passes", facts.code));
            assert!(problem.text.contains(reason), "{}", problem.text);
        }
    }

    #[test]
    fn what_fits_is_not_refused() {
        let b95 = CodeFacts { not_main: true, ..facts("B95.0") };
        assert_eq!(refusal(&b95, Place::Other, whom("male", 41)), None);
        let o80 = CodeFacts { sex: Some("female".into()), is_sex_strict: true, ..facts("O80.0") };
        assert_eq!(refusal(&o80, Place::Main, whom("female", 27)), None);
        assert_eq!(refusal(&o80, Place::Main, whom("unknown", 27)), None, "an unknown sex is no misfit");
        let mostly = CodeFacts { sex: Some("female".into()), ..facts("N60.1") };
        assert_eq!(refusal(&mostly, Place::Main, whom("male", 41)), None);
        assert!(caution(&mostly, Place::Main, whom("male", 41)).is_some());
        let dead = Whom { died: true, ..whom("male", 41) };
        assert_eq!(refusal(&CodeFacts { death_only: true, ..facts("R96.0") }, Place::Main, dead), None);
    }

    #[test]
    fn the_list_keeps_one_main_and_no_code_twice() {
        let mut list = Vec::new();
        let who = whom("male", 41);
        add(&mut list, &facts("J02.9"), Place::Main, who).unwrap();
        add(&mut list, &facts("I10"), Place::Other, who).unwrap();
        assert!(add(&mut list, &facts("I10"), Place::Other, who).is_err());
        assert!(add(&mut list, &facts("J02.9"), Place::Main, who).is_err());
        add(&mut list, &facts("I10"), Place::Main, who).unwrap();
        let codes: Vec<&str> = list.iter().map(|d| d.code.as_str()).collect();
        assert_eq!(codes, ["I10", "J02.9"]);
        for i in 0..20 {
            let _ = add(&mut list, &facts(&format!("K{i:02}.9")), Place::Other, who);
        }
        assert_eq!(list.len(), MAX_DIAGNOSES);
    }

    #[test]
    fn a_whole_list_is_judged_at_once() {
        let list: Vec<Diagnosis> = ["B95.0", "Z99.9", "B95.0"]
            .map(|code| Diagnosis { code: code.into(), name: String::new(), remark: String::new() })
            .into();
        let b95 = CodeFacts { not_main: true, ..facts("B95.0") };
        let mut problems = Problems::none();
        check_all(&list, |code| (code == "B95.0").then_some(&b95), whom("male", 41), &mut problems);
        assert_eq!(problems.0.len(), 3, "not main, unknown, twice: {problems:?}");
    }
}
