//! The doctor's last word on a visit: what must stand in the draft before it becomes a version that never changes,
//! and how a finished visit is amended (a new version with a reason; the old one still opens).

use crate::diagnosis::{self, CodeFacts, Diagnosis, Whom};
use crate::disposition::Disposition;
use crate::note::Note;
use crate::status::Status;
use base::{Problem, Problems};
use chrono::{DateTime, NaiveDate, Utc};

/// The shortest reason that says anything.
const MIN_REASON_CHARS: usize = 5;
const MAX_REASON_CHARS: usize = 500;

/// Everything that becomes a version of the note.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    pub note: &'a Note,
    pub diagnoses: &'a [Diagnosis],
    pub disposition: &'a Disposition,
}

/// What the rule needs to know besides the draft.
pub struct Circumstances<'a> {
    pub status: Status,
    pub day: NaiveDate,
    pub now: DateTime<Utc>,
    pub whom: Whom<'a>,
}

/// Whether the visit may be finished. Refuses, naming everything at once: a visit that is not in the doctor's room,
/// no reason for the visit, a missing or unfit main diagnosis, an unfit other diagnosis, an incomplete disposition.
pub fn check<'a>(
    draft: &Draft<'_>,
    at: &Circumstances<'_>,
    facts_of: impl Fn(&str) -> Option<&'a CodeFacts>,
) -> Result<(), Problems> {
    let mut problems = Problems::none();
    if let Err(problem) = at.status.step(Status::Finished) {
        problems.0.push(problem);
    }
    content(draft, at, facts_of, &mut problems);
    problems.or(())
}

/// Whether a finished visit may get another version: the same content rules, and a reason that says something.
pub fn check_amendment<'a>(
    draft: &Draft<'_>,
    at: &Circumstances<'_>,
    reason: &str,
    facts_of: impl Fn(&str) -> Option<&'a CodeFacts>,
) -> Result<(), Problems> {
    let mut problems = Problems::none();
    if at.status != Status::Finished {
        problems.0.push(Problem::of("Lượt khám chưa kết thúc, cứ sửa trực tiếp rồi bấm Kết thúc."));
    }
    problems.0.extend(check_reason(reason).err());
    content(draft, at, facts_of, &mut problems);
    problems.or(())
}

/// A reason for amending a finished note is between 5 and 500 characters.
pub fn check_reason(reason: &str) -> Result<(), Problem> {
    match reason.trim().chars().count() {
        0 => Err(Problem::at("amend_reason", "Ghi lý do sửa hồ sơ đã kết thúc.")),
        1..MIN_REASON_CHARS => Err(Problem::at("amend_reason", "Lý do quá ngắn. Ghi rõ sửa gì, vì sao.")),
        MIN_REASON_CHARS..=MAX_REASON_CHARS => Ok(()),
        _ => Err(Problem::at("amend_reason", "Lý do tối đa 500 ký tự, hãy rút gọn.")),
    }
}

fn content<'a>(
    draft: &Draft<'_>,
    at: &Circumstances<'_>,
    facts_of: impl Fn(&str) -> Option<&'a CodeFacts>,
    problems: &mut Problems,
) {
    problems.add_if(draft.note.text("reason").trim().is_empty(), "section.reason", "Chưa ghi lý do khám.");
    problems.add_if(
        draft.diagnoses.is_empty(),
        "diagnosis",
        "Chưa có chẩn đoán chính. Gõ tên bệnh, mã hoặc viết tắt để chọn.",
    );
    let whom = Whom { died: draft.disposition.died(), ..at.whom };
    diagnosis::check_all(draft.diagnoses, facts_of, whom, problems);
    draft.disposition.check(at.day, at.now, problems);
}

/// What does not stop the doctor but should be seen before finishing.
pub fn reminders(note: &Note) -> Vec<String> {
    let mut reminders = Vec::new();
    let untouched = note.untouched();
    if !untouched.is_empty() {
        reminders.push(format!("Còn phần chép lần trước chưa xem lại: {}.", untouched.join(", ")));
    }
    reminders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disposition::Kind;
    use crate::note::Edit;
    use base::Age;

    fn at(status: Status) -> Circumstances<'static> {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        Circumstances {
            status,
            day,
            now: base::dates::start_of_day(day) + chrono::TimeDelta::hours(10),
            whom: Whom { sex: "male", age: Age { years: 41, months: 500, days: 15_000 }, died: false },
        }
    }
    fn j029() -> CodeFacts {
        CodeFacts { code: "J02.9".into(), is_in_force: true, ..CodeFacts::default() }
    }
    fn complete() -> (Note, Vec<Diagnosis>, Disposition) {
        let mut note = Note::default();
        note.save(vec![Edit { section: "reason".into(), text: "Sốt, đau họng".into() }], 0, 1);
        let diagnosis = Diagnosis { code: "J02.9".into(), name: "Viêm họng cấp".into(), remark: String::new() };
        (note, vec![diagnosis], Disposition { kind: Some(Kind::Home), ..Disposition::default() })
    }

    #[test]
    fn an_empty_draft_hears_everything_at_once() {
        let draft = Draft { note: &Note::default(), diagnoses: &[], disposition: &Disposition::default() };
        let problems = check(&draft, &at(Status::InProgress), |_| None).unwrap_err();
        let fields: Vec<&str> = problems.0.iter().map(|p| p.field.as_ref()).collect();
        assert_eq!(fields, ["section.reason", "diagnosis", "go.kind"]);
    }

    #[test]
    fn a_complete_draft_finishes_once() {
        let (note, diagnoses, disposition) = complete();
        let draft = Draft { note: &note, diagnoses: &diagnoses, disposition: &disposition };
        let facts = j029();
        assert!(check(&draft, &at(Status::InProgress), |_| Some(&facts)).is_ok());
        for status in [Status::Arrived, Status::Finished, Status::Cancelled] {
            assert!(check(&draft, &at(status), |_| Some(&facts)).is_err(), "{status:?}");
        }
    }

    #[test]
    fn amending_needs_a_finished_visit_and_a_reason() {
        let (note, diagnoses, disposition) = complete();
        let draft = Draft { note: &note, diagnoses: &diagnoses, disposition: &disposition };
        let facts = j029();
        let amend = |status, reason: &str| check_amendment(&draft, &at(status), reason, |_| Some(&facts));
        assert!(amend(Status::Finished, "Ghi nhầm bên tai trái").is_ok());
        assert!(amend(Status::InProgress, "Ghi nhầm bên tai trái").is_err());
        for reason in ["", "  ", "sửa", &"x".repeat(501)] {
            assert!(amend(Status::Finished, reason).is_err(), "{reason}");
        }
    }

    #[test]
    fn a_death_code_waits_for_the_disposition() {
        let (note, _, mut disposition) = complete();
        let diagnoses =
            [Diagnosis { code: "R96.0".into(), name: "Chết đột ngột".into(), remark: String::new() }];
        let facts = CodeFacts { code: "R96.0".into(), is_in_force: true, death_only: true, ..CodeFacts::default() };
        let home = Draft { note: &note, diagnoses: &diagnoses, disposition: &disposition };
        assert!(check(&home, &at(Status::InProgress), |_| Some(&facts)).is_err());
        disposition = Disposition {
            kind: Some(Kind::Died),
            died_at: Some(at(Status::InProgress).now),
            reason: "Ngừng tuần hoàn trước khi đến".into(),
            ..Disposition::default()
        };
        let died = Draft { note: &note, diagnoses: &diagnoses, disposition: &disposition };
        assert!(check(&died, &at(Status::InProgress), |_| Some(&facts)).is_ok());
    }
}
