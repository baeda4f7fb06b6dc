//! A bed of a ward: what it is, and whether somebody may be laid in it.

use base::{Problem, Problems};

/// What kind of bed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Intensive,
    /// A bed "on request", paid by the patient.
    Requested,
    Stretcher,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Ordinary, Kind::Intensive, Kind::Requested, Kind::Stretcher];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Ordinary => "ordinary",
            Kind::Intensive => "intensive",
            Kind::Requested => "requested",
            Kind::Stretcher => "stretcher",
        }
    }
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ordinary => "Giường thường",
            Kind::Intensive => "Giường hồi sức",
            Kind::Requested => "Giường theo yêu cầu",
            Kind::Stretcher => "Băng ca",
        }
    }
}

/// How a bed stands right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Free,
    Taken,
    /// Kept for somebody who is on the way.
    Held,
    Cleaning,
}

impl State {
    /// The word on the map.
    pub fn name(self) -> &'static str {
        match self {
            State::Free => "Trống",
            State::Taken => "Có người bệnh",
            State::Held => "Giữ chỗ",
            State::Cleaning => "Đang vệ sinh",
        }
    }
}

/// The state from the facts of the row; somebody lying in it outweighs everything else, a hold that ran out is none.
pub fn state(is_taken: bool, is_held: bool, is_cleaning: bool) -> State {
    match (is_taken, is_held, is_cleaning) {
        (true, _, _) => State::Taken,
        (_, true, _) => State::Held,
        (_, _, true) => State::Cleaning,
        _ => State::Free,
    }
}

/// Refuses to lay somebody in a bed that is being cleaned, kept for another, or taken and not shared. `held_for_me`: the
/// hold is this patient's own.
pub fn may_lie(state: State, is_shared: bool, held_for_me: bool, code: &str) -> Result<(), Problem> {
    match state {
        State::Free => Ok(()),
        State::Held if held_for_me => Ok(()),
        State::Taken if is_shared => Ok(()),
        State::Taken => Err(Problem::at("bed", format!("Giường {code} đã có người bệnh. Chọn giường khác."))),
        State::Held => Err(Problem::at("bed", format!("Giường {code} đang giữ cho người bệnh khác. Chọn giường khác."))),
        State::Cleaning => Err(Problem::at("bed", format!("Giường {code} đang vệ sinh. Bấm “Đã sạch” ở sơ đồ giường rồi xếp."))),
    }
}

/// What the ward types about a bed.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Typed {
    pub id: String,
    pub chamber: String,
    pub code: String,
    pub kind: String,
    pub shared: String,
    pub service: String,
}

/// A bed as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub chamber: String,
    pub code: String,
    pub kind: Kind,
    pub is_shared: bool,
    pub service: Option<uuid::Uuid>,
}

/// Reads the form. Refuses an empty chamber or code, an unknown kind and a service id that is none.
pub fn check(typed: &Typed) -> Result<Facts, Problems> {
    let mut problems = Problems::none();
    let (chamber, code) = (typed.chamber.trim(), typed.code.trim().to_uppercase());
    problems.add_if(chamber.is_empty(), "chamber", "Chưa ghi buồng. Ví dụ: Buồng A1 · Nam.");
    problems.add_if(chamber.chars().count() > 60, "chamber", "Tên buồng tối đa 60 ký tự.");
    problems.add_if(code.is_empty(), "code", "Chưa ghi số giường. Ví dụ: A-05.");
    problems.add_if(code.chars().count() > 20, "code", "Số giường tối đa 20 ký tự.");
    let kind = Kind::from_key(&typed.kind);
    problems.add_if(kind.is_none(), "kind", "Chưa chọn loại giường.");
    let service = match typed.service.trim() {
        "" => None,
        id => {
            let id = id.parse().ok();
            problems.add_if(id.is_none(), "service", "Dịch vụ ngày giường không đọc được. Tải lại trang và chọn lại.");
            id
        }
    };
    let Some(kind) = kind else { return Err(problems) };
    problems.or(Facts { chamber: chamber.into(), code, kind, is_shared: typed.shared == "1", service })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bed_that_is_ready_takes_somebody() {
        for (state, shared, mine, goes) in [
            (State::Free, false, false, true),
            (State::Taken, false, false, false),
            (State::Taken, true, false, true),
            (State::Held, false, false, false),
            (State::Held, false, true, true),
            (State::Cleaning, false, false, false),
            (State::Cleaning, true, true, false),
        ] {
            assert_eq!(may_lie(state, shared, mine, "A-05").is_ok(), goes, "{state:?} {shared} {mine}");
        }
        assert_eq!(state(true, true, true), State::Taken);
        assert_eq!(state(false, true, true), State::Held);
    }

    #[test]
    fn a_bed_needs_its_chamber_and_code() {
        assert!(check(&Typed { chamber: "Buồng A1".into(), code: "a-05".into(), kind: "ordinary".into(), ..Typed::default() }).is_ok_and(|f| f.code == "A-05"));
        let problems = check(&Typed::default()).unwrap_err();
        assert!(["chamber", "code", "kind"].into_iter().all(|field| !problems.at(field).is_empty()));
    }
}
