//! An operation from the plan to the note, with the safety list of the World Health Organization between: nothing is cut
//! before the pause, nobody leaves the theatre uncounted. The questions stand in `checklist.tsv`.

use base::{Problem, Problems};
use organization::seed::rows;
use std::collections::BTreeMap;

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Planned,
    /// The patient, or who may speak for them, agreed.
    Consented,
    /// Checked before anaesthesia.
    SignedIn,
    /// Paused and begun.
    Cutting,
    /// Counted and closed.
    Closed,
    /// The surgeon's note is written.
    Noted,
    Cancelled,
}

impl Status {
    pub const ALL: [Status; 7] =
        [Status::Planned, Status::Consented, Status::SignedIn, Status::Cutting, Status::Closed, Status::Noted, Status::Cancelled];

    pub fn key(self) -> &'static str {
        match self {
            Status::Planned => "planned",
            Status::Consented => "consented",
            Status::SignedIn => "signed_in",
            Status::Cutting => "cutting",
            Status::Closed => "closed",
            Status::Noted => "noted",
            Status::Cancelled => "cancelled",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Status::Planned => "Chờ cam kết",
            Status::Consented => "Đã cam kết",
            Status::SignedIn => "Trước gây mê đã kiểm",
            Status::Cutting => "Đang mổ",
            Status::Closed => "Mổ xong, chờ tường trình",
            Status::Noted => "Đã có phiếu phẫu thuật",
            Status::Cancelled => "Đã hủy",
        }
    }
}

/// What is done with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Consent,
    SignIn,
    /// The pause before the first cut.
    TimeOut,
    SignOut,
    Note,
    Cancel,
}

impl Act {
    pub const ALL: [Act; 6] = [Act::Consent, Act::SignIn, Act::TimeOut, Act::SignOut, Act::Note, Act::Cancel];

    pub fn from_key(key: &str) -> Option<Act> {
        match key {
            "sign_in" => Some(Act::SignIn),
            "time_out" => Some(Act::TimeOut),
            "sign_out" => Some(Act::SignOut),
            _ => None,
        }
    }
}

/// The table of steps; everything else is refused.
const STEPS: [(Status, Act, Status); 8] = [
    (Status::Planned, Act::Consent, Status::Consented),
    (Status::Consented, Act::SignIn, Status::SignedIn),
    (Status::SignedIn, Act::TimeOut, Status::Cutting),
    (Status::Cutting, Act::SignOut, Status::Closed),
    (Status::Closed, Act::Note, Status::Noted),
    (Status::Planned, Act::Cancel, Status::Cancelled),
    (Status::Consented, Act::Cancel, Status::Cancelled),
    (Status::SignedIn, Act::Cancel, Status::Cancelled),
];

/// The status after an act. Refuses what the table does not know, in words that say what comes first.
pub fn after(status: Status, act: Act) -> Result<Status, Problem> {
    let found = STEPS.iter().find(|(from, by, _)| *from == status && *by == act).map(|(.., to)| *to);
    found.ok_or_else(|| {
        Problem::of(match (status, act) {
            (Status::Planned, Act::SignIn | Act::TimeOut) => "Chưa có cam kết của người bệnh hoặc người nhà. Lập cam kết trước.".to_owned(),
            (Status::Consented, Act::TimeOut) => "Chưa kiểm trước gây mê (Sign in). Làm bảng kiểm trước.".to_owned(),
            (Status::Cutting, Act::Cancel) => "Ca mổ đã rạch da nên không hủy được. Kết thúc rồi ghi tường trình.".to_owned(),
            (Status::Cancelled, _) => "Ca mổ này đã hủy.".to_owned(),
            (now, _) => format!("Ca mổ đang ở bước “{}” nên không làm được thao tác này. Tải lại trang.", now.name()),
        })
    })
}

/// A question of the safety list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub key: &'static str,
    pub label: &'static str,
    pub options: Vec<&'static str>,
    /// Answers with which one may go on; all, when empty.
    wanted: Vec<&'static str>,
}

/// The questions of a phase: `"sign_in"`, `"time_out"` or `"sign_out"`.
pub fn questions(phase: &str) -> Vec<Question> {
    rows(include_str!("checklist.tsv"))
        .filter(|r| r["phase"] == phase)
        .map(|r| Question {
            key: r["key"],
            label: r["label"],
            options: r["options"].split('|').collect(),
            wanted: r.get("wanted").unwrap_or(&"").split('|').filter(|w| !w.is_empty()).collect(),
        })
        .collect()
}

/// Reads the answers of a phase. Refuses an unanswered question and an answer with which nobody may go on.
pub fn check<'a>(phase: &str, answer: impl Fn(&str) -> &'a str) -> Result<BTreeMap<String, String>, Problems> {
    let (mut problems, mut answers) = (Problems::none(), BTreeMap::new());
    for question in questions(phase) {
        let given = answer(question.key);
        if !question.options.contains(&given) {
            problems.add(question.key, format!("Chưa trả lời: {}.", question.label));
        } else if !question.wanted.is_empty() && !question.wanted.contains(&given) {
            problems.add(question.key, format!("“{}”: chưa đạt nên chưa được làm bước tiếp. Xử trí xong rồi kiểm lại.", question.label));
        } else {
            answers.insert(question.key.to_owned(), given.to_owned());
        }
    }
    problems.or(answers)
}

/// Class of an operation, urgency and role, as forms name them.
pub const CLASSES: [(&str, &str); 4] = [("special", "Đặc biệt"), ("1", "Loại I"), ("2", "Loại II"), ("3", "Loại III")];
pub const URGENCIES: [(&str, &str); 3] = [("emergency", "Cấp cứu"), ("urgent", "Bán cấp"), ("planned", "Chương trình/Phiên")];
pub const ROLES: [(&str, &str); 5] =
    [("surgeon", "Phẫu thuật viên"), ("assistant", "Phụ mổ"), ("anaesthetist", "Bác sĩ gây mê"), ("anaesthesia_nurse", "Phụ mê"), ("scrub_nurse", "Dụng cụ viên")];

/// The word of a key.
pub fn word(list: &[(&'static str, &'static str)], key: &str) -> &'static str {
    list.iter().find(|(k, _)| *k == key).map_or("", |(_, w)| *w)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_cut_before_consent_check_and_pause() {
        let mut status = Status::Planned;
        for (act, to) in [(Act::Consent, Status::Consented), (Act::SignIn, Status::SignedIn), (Act::TimeOut, Status::Cutting), (Act::SignOut, Status::Closed), (Act::Note, Status::Noted)] {
            status = after(status, act).unwrap();
            assert_eq!(status, to);
        }
        for act in [Act::SignIn, Act::TimeOut, Act::SignOut, Act::Note] {
            assert!(after(Status::Planned, act).is_err(), "{act:?}");
        }
        assert!(after(Status::Cutting, Act::Cancel).is_err());
    }

    proptest! {
        #[test]
        fn cutting_is_reached_only_through_all_steps(acts in proptest::collection::vec(0usize..6, 0..30)) {
            let (mut status, mut done) = (Status::Planned, Vec::new());
            for n in acts {
                if let Ok(to) = after(status, Act::ALL[n]) {
                    done.push(Act::ALL[n]);
                    status = to;
                }
            }
            if matches!(status, Status::Cutting | Status::Closed | Status::Noted) {
                prop_assert_eq!(&done[..3], &[Act::Consent, Act::SignIn, Act::TimeOut]);
            }
            prop_assert_eq!(Status::from_key(status.key()), Some(status));
        }
    }

    #[test]
    fn an_uncounted_swab_keeps_the_patient_in_theatre() {
        let all = |key: &str| match key {
            "dem_du_kim_gac_dung_cu" => "Không",
            _ => "Có",
        };
        let problems = check("sign_out", all).unwrap_err();
        assert!(!problems.at("dem_du_kim_gac_dung_cu").is_empty());
        assert_eq!(check("sign_out", |_| "Có").unwrap().len(), questions("sign_out").len());
        assert_eq!(check("sign_in", |_| "").unwrap_err().0.len(), questions("sign_in").len());
    }
}
