//! Where a stay stands, from the door of the ward to the door of the house: one table of steps, nothing beside it.

use base::Problem;
use serde::{Deserialize, Serialize};

/// Where the stay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Admitted to a ward, not in a bed yet.
    Waiting,
    InBed,
    /// Another ward was asked to take the patient and has not done so.
    Moving,
    /// The doctor decided that the patient goes; what is still open is being closed.
    Leaving,
    Closed,
}

impl Step {
    pub const ALL: [Step; 5] = [Step::Waiting, Step::InBed, Step::Moving, Step::Leaving, Step::Closed];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Step::Waiting => "waiting",
            Step::InBed => "in_bed",
            Step::Moving => "moving",
            Step::Leaving => "leaving",
            Step::Closed => "closed",
        }
    }
    pub fn from_key(key: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Step::Waiting => "Chờ xếp giường",
            Step::InBed => "Đang điều trị",
            Step::Moving => "Chờ khoa nhận",
            Step::Leaving => "Chờ ra viện",
            Step::Closed => "Đã ra viện",
        }
    }
    /// The sheet may be written.
    pub fn is_open(self) -> bool {
        self != Step::Closed
    }
}

/// What somebody does with a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Lays the patient in a bed of the ward, or in another one.
    Bed,
    /// Asks another ward to take the patient.
    AskMove,
    /// The asked ward takes the patient.
    Receive,
    /// The asking ward or the asked one calls it off.
    CallOff,
    /// The doctor decides that the patient goes.
    PlanLeave,
    /// The patient stays after all.
    StayOn,
    /// The patient leaves.
    Close,
}

impl Act {
    pub const ALL: [Act; 7] = [Act::Bed, Act::AskMove, Act::Receive, Act::CallOff, Act::PlanLeave, Act::StayOn, Act::Close];

    pub fn key(self) -> &'static str {
        match self {
            Act::Bed => "bed",
            Act::AskMove => "ask_move",
            Act::Receive => "receive",
            Act::CallOff => "call_off",
            Act::PlanLeave => "plan_leave",
            Act::StayOn => "stay_on",
            Act::Close => "close",
        }
    }
}

/// The table: from where, by what, to where. Everything that is not in it is refused.
const STEPS: [(Step, Act, Step); 11] = [
    (Step::Waiting, Act::Bed, Step::InBed),
    (Step::Waiting, Act::AskMove, Step::Moving),
    (Step::InBed, Act::Bed, Step::InBed),
    (Step::InBed, Act::AskMove, Step::Moving),
    (Step::InBed, Act::PlanLeave, Step::Leaving),
    (Step::Moving, Act::Receive, Step::Waiting),
    (Step::Moving, Act::CallOff, Step::InBed),
    // A patient without a bed may go home too, e.g. from the corridor of a full house.
    (Step::Waiting, Act::PlanLeave, Step::Leaving),
    (Step::Leaving, Act::PlanLeave, Step::Leaving),
    (Step::Leaving, Act::StayOn, Step::InBed),
    (Step::Leaving, Act::Close, Step::Closed),
];

/// The step after an act. `has_bed`: whether the patient lies in a bed now, for acts that lead back to where they came
/// from. Refuses what the table does not know, in words that say what to do instead.
pub fn after(step: Step, act: Act, has_bed: bool) -> Result<Step, Problem> {
    let found = STEPS.iter().find(|(from, by, _)| *from == step && *by == act).map(|(_, _, to)| *to);
    match found {
        Some(Step::InBed) if act != Act::Bed && !has_bed => Ok(Step::Waiting),
        Some(to) => Ok(to),
        None => Err(Problem::of(refusal(step, act))),
    }
}

fn refusal(step: Step, act: Act) -> String {
    match (step, act) {
        (Step::Closed, _) => "Đợt điều trị đã kết thúc nên không thay đổi được nữa.".into(),
        (Step::Moving, _) => "Người bệnh đang chờ khoa khác nhận. Chờ khoa nhận, hoặc hủy chuyển khoa trước.".into(),
        (Step::Leaving, _) => "Người bệnh đang làm thủ tục ra viện. Bấm “Ở lại điều trị” nếu đổi ý.".into(),
        (_, Act::Close) => "Chưa có quyết định ra viện. Bác sĩ ghi phần Ra viện trước.".into(),
        (now, _) => format!("Người bệnh đang ở bước “{}” nên không làm được việc này. Tải lại trang.", now.name()),
    }
}

/// Where a patient comes from when admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameFrom {
    Desk,
    Visit,
    Emergency,
    His,
}

impl CameFrom {
    pub const ALL: [CameFrom; 4] = [CameFrom::Desk, CameFrom::Visit, CameFrom::Emergency, CameFrom::His];

    pub fn key(self) -> &'static str {
        match self {
            CameFrom::Desk => "desk",
            CameFrom::Visit => "visit",
            CameFrom::Emergency => "emergency",
            CameFrom::His => "his",
        }
    }
    pub fn from_key(key: &str) -> Option<CameFrom> {
        CameFrom::ALL.into_iter().find(|from| from.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            CameFrom::Desk => "Tiếp nhận",
            CameFrom::Visit => "Khoa khám bệnh",
            CameFrom::Emergency => "Cấp cứu",
            CameFrom::His => "Hệ thống khác",
        }
    }
}

/// The code of a wristband: letters that every reader and person can repeat, from the stay's own id.
pub fn wristband_code(encounter: uuid::Uuid) -> String {
    // Crockford's alphabet leaves out I, L, O and U. The low bits of a UUIDv7 are random: fifty of them make a clash
    // among a million stays less likely than one in two thousand, and the table refuses it.
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut rest = encounter.as_u128();
    let mut code = String::from("NT");
    for _ in 0..10 {
        code.push(LETTERS[(rest % 32) as usize] as char);
        rest /= 32;
    }
    code
}

/// Whether a scanned code can be a wristband at all.
pub fn looks_like_wristband(code: &str) -> bool {
    code.len() == 12 && code.starts_with("NT") && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Day of the stay as wards count it: the day of admission is day 1.
pub fn day_number(admitted: chrono::NaiveDate, today: chrono::NaiveDate) -> i64 {
    (today - admitted).num_days().max(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_usual_stay_goes_its_way() {
        let mut step = Step::Waiting;
        for (act, to) in [
            (Act::Bed, Step::InBed),
            (Act::AskMove, Step::Moving),
            (Act::Receive, Step::Waiting),
            (Act::Bed, Step::InBed),
            (Act::PlanLeave, Step::Leaving),
            (Act::StayOn, Step::InBed),
            (Act::PlanLeave, Step::Leaving),
            (Act::Close, Step::Closed),
        ] {
            step = after(step, act, true).unwrap();
            assert_eq!(step, to, "{act:?}");
        }
    }

    #[test]
    fn who_has_no_bed_goes_back_to_waiting_for_one() {
        assert_eq!(after(Step::Moving, Act::CallOff, false).unwrap(), Step::Waiting);
        assert_eq!(after(Step::Moving, Act::CallOff, true).unwrap(), Step::InBed);
    }

    proptest! {
        #[test]
        fn nothing_follows_the_end_and_the_end_follows_only_a_decision(acts in proptest::collection::vec(0usize..7, 0..40)) {
            let (mut step, mut before) = (Step::Waiting, Step::Waiting);
            for n in acts {
                let act = Act::ALL[n];
                match after(step, act, true) {
                    Ok(to) => {
                        prop_assert!(step != Step::Closed);
                        if to == Step::Closed { prop_assert_eq!(step, Step::Leaving); }
                        before = step;
                        step = to;
                    }
                    Err(problem) => prop_assert!(!problem.text.is_empty()),
                }
            }
            prop_assert!(Step::from_key(step.key()) == Some(step) && Step::from_key(before.key()) == Some(before));
        }
    }

    #[test]
    fn wristbands_are_stable_and_readable() {
        let id = uuid::Uuid::now_v7();
        assert_eq!(wristband_code(id), wristband_code(id));
        assert!(looks_like_wristband(&wristband_code(id)));
        for other in ["CD2611240ABCDEF", "NT12", "nt0123456789", ""] {
            assert!(!looks_like_wristband(other), "{other}");
        }
    }
}
